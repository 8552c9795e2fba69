//! CoAP, and LwM2M on top of it.
#![no_main]

use fuzz::{Carrier, dialogue};

libfuzzer_sys::fuzz_target!(|data: &[u8]| dialogue(Carrier::Udp, 5683, data));
