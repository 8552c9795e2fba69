//! IEC 60870-5-104.
#![no_main]

use fuzz::{Carrier, dialogue};

libfuzzer_sys::fuzz_target!(|data: &[u8]| dialogue(Carrier::Tcp, 2_404, data));
