//! From messages to observations.

use super::message::{Message, facility, severity};
use super::parse::{Frame, MESSAGE_MAX, parse_frame, parse_message};
use crate::dialogue::{Asked, Dialogue, Out, Progress, Side};
use crate::show::{VALUE_BYTES_MAX, escaped, readable};
use city::{Details, Reply, Target, Text, Trait, Verb};

/// How far a name in a message is believed: a relay hands on what others said (RFC 5424 clause 6.2.4).
const NAME_CONFIDENCE: u8 = 40;

/// A sender and a collector.
#[derive(Debug, Default)]
pub(super) struct Conversation {
    /// Whether the sender has named itself.
    named: bool,
    /// Whether a line's end is sought, after a part was not seen.
    searching: bool,
}

impl Conversation {
    fn message(&mut self, side: Side, message: &Message<'_>, out: &mut Out<'_>) {
        let (facility, severity) = (facility(message.priority), severity(message.priority));
        if let Some(host) = message.host().filter(|_| !self.named) {
            self.named = true;
            out.identity(side, Trait::Name, &readable(host, VALUE_BYTES_MAX), "host name", NAME_CONFIDENCE);
        }
        out.request(
            side,
            Asked {
                verb: Verb::Publish,
                function: Text::const_new("message"),
                target: Target::named(facility),
                value: Some(Text::const_new(severity)),
                reply: Reply::NotExpected,
                details: Details::new(),
            },
        );
        out.message(side, "syslog", |fields| {
            fields.put("facility", facility);
            fields.put("severity", severity);
            fields.put("message", escaped(message.text, MESSAGE_MAX));
        });
    }
}

impl Dialogue for Conversation {
    fn datagram(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) -> bool {
        let message = parse_message(bytes);
        if let Some(message) = &message {
            self.message(side, message, out);
        }
        message.is_some()
    }

    fn stream(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) -> Progress {
        let mut used = 0;
        while let Some(rest) = bytes.get(used..).filter(|rest| !rest.is_empty()) {
            if self.searching {
                let Some(end) = rest.iter().position(|byte| *byte == b'\n') else {
                    return Progress::Used(bytes.len());
                };
                self.searching = false;
                used += end + 1;
                continue;
            }
            match parse_frame(rest) {
                Frame::Whole(bytes, length) => {
                    if let Some(message) = parse_message(bytes) {
                        self.message(side, &message, out);
                    }
                    used += length;
                }
                Frame::Part(_) => break,
                Frame::Wrong => self.searching = true,
            }
        }
        Progress::Used(used)
    }

    fn gap(&mut self, _side: Side, _missing: u64, _out: &mut Out<'_>) {
        self.searching = true;
    }

    fn end(&mut self, _out: &mut Out<'_>) {}
}
