//! What became of envelopes, for those who sent them.

use crate::taxii::Status;
use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

/// How many are remembered.
const STATUSES_MAX: usize = 10_000;

/// The statuses of the latest envelopes. They are not kept over a restart: what they tell was told in the answer.
#[derive(Default)]
pub(super) struct Statuses {
    latest: Mutex<VecDeque<(String, Status)>>,
}

impl Statuses {
    pub(super) fn put(&self, of: &str, status: Status) {
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        if latest.len() >= STATUSES_MAX {
            latest.pop_front();
        }
        latest.push_back((of.to_owned(), status));
    }

    /// A status, for the one who sent the envelope.
    pub(super) fn find(&self, of: &str, id: &str) -> Option<Status> {
        let latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        latest
            .iter()
            .rev()
            .find(|(whose, status)| whose == of && status.id == id)
            .map(|(_, status)| status.clone())
    }
}
