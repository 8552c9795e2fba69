//! A capture, read to its end.

use capture::{CaptureFile, Damage};
use std::path::Path;

/// What came of a capture.
#[derive(Debug)]
pub struct Reading {
    /// How many packets there were.
    pub packets: u64,
    /// Where reading ended early, if it did.
    pub damage: Option<Damage>,
}

/// Reads a capture to its end.
pub fn read(path: &Path) -> Reading {
    let mut file = CaptureFile::open(path).unwrap_or_else(|cause| panic!("{cause}"));
    let mut damage = None;
    loop {
        match file.next() {
            Ok(Some(_)) => {}
            Ok(None) => break,
            Err(found) => damage = Some(found),
        }
    }
    Reading { packets: file.packets(), damage }
}
