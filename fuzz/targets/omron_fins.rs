//! Omron FINS over UDP.
#![no_main]

use fuzz::{Carrier, dialogue};

libfuzzer_sys::fuzz_target!(|data: &[u8]| dialogue(Carrier::Udp, 9600, data));
