//! DLMS/COSEM in its wrapper.
#![no_main]

use fuzz::{Carrier, dialogue};

libfuzzer_sys::fuzz_target!(|data: &[u8]| dialogue(Carrier::Tcp, 4059, data));
