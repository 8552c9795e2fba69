//! From messages to observations.

use super::parse::{Message, parse_message};
use crate::dialogue::{Asked, Dialogue, Out, Side};
use crate::show::{VALUE_BYTES_MAX, escaped, readable};
use city::{Details, Protocol, Reply, Target, Text, Verb, WeaknessKind};

/// The longest name of a file in an event, in bytes.
const FILE_BYTES_MAX: usize = 1_024;

/// What the codes of errors mean (RFC 1350 appendix, RFC 2347).
fn error(code: u16) -> &'static str {
    const WORDS: [&str; 9] = [
        "not defined",
        "file not found",
        "access violation",
        "disk full",
        "illegal operation",
        "unknown transfer id",
        "file already exists",
        "no such user",
        "option refused",
    ];
    WORDS.get(usize::from(code)).copied().unwrap_or("unknown code")
}

/// What was asked.
#[derive(Debug)]
struct Pending {
    writes: bool,
    file: Text,
    mode: &'static str,
}

/// A client and a server; or the server's own port and the client.
#[derive(Debug, Default)]
pub(super) struct Conversation {
    pending: Option<Pending>,
    /// Whether a request was seen here.
    asked: bool,
    /// Whether the first answer was seen.
    answered: bool,
}

impl Conversation {
    fn tell(&mut self, reply: Reply, out: &mut Out<'_>) {
        let Some(Pending { writes, file, mode }) = self.pending.take() else { return };
        let accepted = reply == Reply::Done;
        if writes && accepted {
            out.weakness(Side::Destination, WeaknessKind::UnauthenticatedControl, format!("wrote {file}"));
        }
        out.request(
            Side::Source,
            Asked {
                verb: Verb::Transfer,
                function: Text::const_new(if writes { "write-request" } else { "read-request" }),
                target: Target::named(file),
                value: Some(Text::const_new(mode)),
                reply,
                details: Details::new(),
            },
        );
    }

    /// An answer at the port that was asked, or from the server's own.
    fn answer(&mut self, side: Side, message: Message<'_>, out: &mut Out<'_>) {
        let first = !std::mem::replace(&mut self.answered, true);
        if self.asked {
            if side == Side::Destination {
                self.tell(refusal(message).unwrap_or(Reply::Done), out);
            }
            return;
        }
        // The server begins: it acknowledges that it will be written to, or refuses.
        match (message, refusal(message)) {
            (Message::Acknowledgement(0), _) if first && side == Side::Source => {
                let words = "a file was written that anybody could write";
                out.weakness(Side::Source, WeaknessKind::UnauthenticatedControl, words);
            }
            (_, Some(reply)) if side == Side::Source => {
                out.request(
                    Side::Destination,
                    Asked {
                        verb: Verb::Transfer,
                        function: Text::const_new("error"),
                        target: Target::default(),
                        value: None,
                        reply,
                        details: Details::new(),
                    },
                );
            }
            _ => {}
        }
    }
}

/// Why something was refused.
fn refusal(message: Message<'_>) -> Option<Reply> {
    let Message::Error { code, words } = message else { return None };
    let words = readable(words, VALUE_BYTES_MAX);
    let words = if words.is_empty() { Text::const_new(error(code)) } else { words };
    Some(Reply::Refused(words))
}

impl Dialogue for Conversation {
    fn datagram(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) -> bool {
        let Some(message) = parse_message(bytes) else { return false };
        match message {
            Message::Request { writes, file, mode } => {
                if side != Side::Source {
                    return false;
                }
                out.event(side, "eve_tftp", |fields| {
                    fields.put("packet", if writes { "write" } else { "read" });
                    fields.put("file", escaped(file, FILE_BYTES_MAX));
                    fields.put("mode", mode);
                });
                let file = readable(file, 2 * VALUE_BYTES_MAX);
                // A client that hears nothing asks again.
                let again = self
                    .pending
                    .as_ref()
                    .is_some_and(|pending| (pending.writes, &pending.file) == (writes, &file));
                if !again {
                    self.tell(Reply::NotExpected, out);
                }
                self.pending = Some(Pending { writes, file, mode });
                self.asked = true;
                out.expect(out.address(side), out.port(side), Protocol::Tftp);
            }
            message => self.answer(side, message, out),
        }
        true
    }

    fn end(&mut self, out: &mut Out<'_>) {
        // The answer went elsewhere.
        self.tell(Reply::NotExpected, out);
    }
}
