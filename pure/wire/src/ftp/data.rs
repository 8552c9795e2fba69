//! Data connections: nothing in them is read.

use crate::dialogue::{Dialogue, Out, Progress, Side};

/// What is left of a stream that says no more.
const REST: u64 = u64::MAX >> 1;

/// A data connection.
pub(super) struct Data;

impl Dialogue for Data {
    fn stream(&mut self, _side: Side, _bytes: &[u8], _out: &mut Out<'_>) -> Progress {
        Progress::Skip(REST)
    }

    fn end(&mut self, _out: &mut Out<'_>) {}
}
