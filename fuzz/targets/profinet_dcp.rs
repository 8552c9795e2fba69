//! PROFINET DCP.
#![no_main]

use fuzz::linked;

libfuzzer_sys::fuzz_target!(|data: &[u8]| linked(0x8892, data));
