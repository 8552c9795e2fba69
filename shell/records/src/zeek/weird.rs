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

#[cfg(test)]
mod tests {
    use super::super::row::Row;
    use super::*;
    use city::{Address, Flow, Transport};

    #[test]
    fn each_odd_thing_has_one_row_for_a_conversation() {
        let flow = Flow {
            source: Address::Ip([192, 0, 2, 1].into()),
            source_port: 50_000,
            destination: Address::Ip([192, 0, 2, 2].into()),
            destination_port: 80,
            transport: Transport::Tcp,
            protocol: None,
        };
        let mut row = Row::new(flow, "weird");
        row.put("name", "double_%_in_URI");
        let mut weird = Weird::default();
        let told = weird.row(&row.message, "C1").unwrap();
        assert!(told.fields.iter().any(|(column, value)| column == "peer" && value == "zeek"));
        assert!(weird.row(&row.message, "C1").is_none() && weird.row(&row.message, "C2").is_some());
    }
}
