//! Datagrams and streams to messages.

use super::parse::{self, Framed};
use super::session::Session;
use crate::dialogue::{Dialogue, Out, Progress, Side};
use crate::flow::Ends;

/// Opens a reader.
pub(super) fn open() -> Box<dyn Dialogue> {
    Box::new(Conversation::default())
}

/// One client and one key distribution centre.
#[derive(Default)]
struct Conversation {
    session: Session,
    /// Whether the beginning of a message must be found, for source and destination.
    searching: Ends<bool>,
}

impl Dialogue for Conversation {
    fn datagram(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) -> bool {
        match parse::parse_message(bytes) {
            Some(message) => {
                self.session.message(side, message, out);
                true
            }
            None => false,
        }
    }

    fn stream(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) -> Progress {
        let mut used = 0;
        loop {
            let rest = bytes.get(used..).unwrap_or_default();
            match parse::parse_framed(rest) {
                Framed::Whole(body, length) => {
                    if let Some(message) = parse::parse_message(body) {
                        self.session.message(side, message, out);
                    }
                    *self.searching.of_mut(side) = false;
                    used += length;
                }
                Framed::More => return Progress::Used(used),
                // After a hole, the next segment that begins with a message is waited for.
                Framed::Nothing if *self.searching.of(side) => {
                    return Progress::Used(bytes.len());
                }
                Framed::Nothing => return Progress::Lost,
            }
        }
    }

    fn gap(&mut self, side: Side, _missing: u64, _out: &mut Out<'_>) {
        *self.searching.of_mut(side) = true;
    }

    fn end(&mut self, out: &mut Out<'_>) {
        self.session.end(out);
    }
}
