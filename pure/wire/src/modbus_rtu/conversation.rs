//! From frames to Modbus.

use super::message::{FRAME_MAX, Found};
use super::parse::parse_frame;
use crate::dialogue::{Dialogue, Out, Progress, Side};
use crate::flow::Ends;
use crate::modbus::{self, Message, fits_request, fits_response};

/// How many runs of bytes that are no frame a conversation may hold before it is given up.
const STRIKES_MAX: u32 = 16;

/// Opens a reader.
pub(super) fn open() -> Box<dyn Dialogue> {
    Box::new(Conversation::default())
}

/// A client and a device server with the units on its serial line.
#[derive(Default)]
struct Conversation {
    inside: modbus::Conversation,
    /// The number of the request that was sent last. The line carries one at a time (clause 2.4.1), so that a reply
    /// belongs to that one or to none.
    requests: u16,
    /// Whether the beginning of a frame must be found.
    searching: Ends<bool>,
    strikes: u32,
}

impl Conversation {
    fn frame(&mut self, side: Side, message: Message<'_>, out: &mut Out<'_>) {
        if side == self.inside.client(side, &message, out) {
            self.requests = self.requests.wrapping_add(1);
        }
        self.inside.message(side, &Message { transaction: self.requests, ..message }, out);
    }
}

/// Finds the next frame: how many bytes lie before it, or may be left behind if there is none.
fn find_frame(bytes: &[u8]) -> (usize, bool) {
    let begins = |offset: &usize| {
        let rest = bytes.get(*offset..).unwrap_or_default();
        matches!(parse_frame(rest), Found::Frame(message, _) if fits_request(&message) || fits_response(&message))
    };
    let last = bytes.len().saturating_sub(FRAME_MAX - 1);
    (0..bytes.len()).find(begins).map_or((last, false), |offset| (offset, true))
}

impl Dialogue for Conversation {
    fn datagram(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) -> bool {
        match parse_frame(bytes) {
            Found::Frame(message, used) if used == bytes.len() => {
                self.frame(side, message, out);
                true
            }
            _ => false,
        }
    }

    fn stream(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) -> Progress {
        let mut used = 0;
        loop {
            let rest = bytes.get(used..).unwrap_or_default();
            if rest.is_empty() {
                return Progress::Used(used);
            }
            if *self.searching.of(side) {
                let (skipped, found) = find_frame(rest);
                used += skipped;
                *self.searching.of_mut(side) = !found;
                if !found {
                    return Progress::Used(used);
                }
                continue;
            }
            match parse_frame(rest) {
                Found::Frame(message, length) => {
                    self.frame(side, message, out);
                    used += length;
                }
                Found::More => return Progress::Used(used),
                Found::Nothing if self.strikes >= STRIKES_MAX => return Progress::Lost,
                Found::Nothing => {
                    self.strikes += 1;
                    *self.searching.of_mut(side) = true;
                }
            }
        }
    }

    fn gap(&mut self, side: Side, _missing: u64, _out: &mut Out<'_>) {
        *self.searching.of_mut(side) = true;
    }

    fn end(&mut self, out: &mut Out<'_>) {
        self.inside.end(out);
    }
}
