//! EtherNet/IP with the messages of CIP.
#![no_main]

use fuzz::{Carrier, dialogue};

libfuzzer_sys::fuzz_target!(|data: &[u8]| dialogue(Carrier::Tcp, 44818, data));
