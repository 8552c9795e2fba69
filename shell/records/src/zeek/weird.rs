//! Zeek's weird.log: what is odd. Each thing once for a conversation.

use super::log::{Head, Log};
use city::{Message, Text};
use std::collections::HashSet;

pub(super) const LOGS: &[Log] = &[Log {
    path: "weird",
    head: Head::Ends,
    columns: &[
        ("name", "string"),
        ("addl", "string"),
        ("notice", "bool"),
        ("peer", "string"),
        ("source", "string"),
    ],
}];

/// Odd things known at a time.
const KNOWN_MAX: usize = 50_000;

/// What was written: conversation and name.
#[derive(Debug, Default)]
pub(super) struct Weird(HashSet<(String, Text)>);

impl Weird {
    /// The row of something odd in a conversation of this name, unless it has one.
    pub(super) fn row(&mut self, message: &Message, uid: &str) -> Option<Message> {
        let (_, name) = message.fields.iter().find(|(column, _)| column == "name")?;
        if self.0.len() >= KNOWN_MAX {
            self.0.clear();
        }
        let mut row = message.clone();
        row.fields.push((Text::const_new("notice"), Text::const_new("F")));
        row.fields.push((Text::const_new("peer"), Text::const_new("zeek")));
        self.0.insert((uid.to_owned(), name.clone())).then_some(row)
    }
}
