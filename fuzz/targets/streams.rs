//! TCP segments in any order, with holes, repeats and contradictions.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::streams(data));
