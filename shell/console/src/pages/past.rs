//! The part of a page that shows history, and the way from it to what is older.

use crate::pages::push_encoded;
use jiff::Timestamp;
use serde::Deserialize;

/// Which part of the past a page is asked to show.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub(crate) struct Older {
    /// Only what was before this time; the latest if left out.
    pub before: Option<Timestamp>,
}

/// Some of the past, on a page.
pub(crate) struct PastPart<T> {
    /// None if it could not be read.
    pub list: Option<T>,
    /// Whether it is the latest.
    pub is_latest: bool,
    /// Where the next older part stands.
    pub older: Option<String>,
}

impl<T> PastPart<T> {
    /// A part of the page at `place`.
    pub fn new(
        list: Option<T>,
        asked: &Older,
        place: &str,
        end: impl Fn(&T) -> Option<Timestamp>,
    ) -> PastPart<T> {
        let older = list.as_ref().and_then(end).map(|time| {
            let mut address = format!("{place}?before=");
            push_encoded(&mut address, &time.to_string());
            address
        });
        PastPart { list, is_latest: asked.before.is_none(), older }
    }
}
