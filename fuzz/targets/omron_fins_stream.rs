//! Omron FINS over TCP.
#![no_main]

use fuzz::{Carrier, dialogue};

libfuzzer_sys::fuzz_target!(|data: &[u8]| dialogue(Carrier::Tcp, 9600, data));
