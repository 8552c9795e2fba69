//! CIP's cyclic data.
#![no_main]

use fuzz::{Carrier, dialogue};

libfuzzer_sys::fuzz_target!(|data: &[u8]| dialogue(Carrier::Udp, 2222, data));
