//! A capture file of any kind: packed or not, whole or not.
#![no_main]

use capture::CaptureFile;
use std::io::Cursor;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let source = Cursor::new(data.to_vec());
    if let Ok(mut file) = CaptureFile::read("fuzz".into(), source, None) {
        let mut told = 0;
        loop {
            match file.next() {
                Ok(Some(frame)) => assert!(frame.bytes.len() <= frame.length as usize),
                Ok(None) => break,
                Err(damage) => {
                    told += 1;
                    assert!(!damage.to_string().is_empty());
                }
            }
        }
        assert!(told <= 1, "damage is told once");
    }
});
