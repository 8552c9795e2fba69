//! What happened in a conversation, a letter each, as Zeek's `history` has it: capital letters are the source's.
//!
//! | letter | what | how often |
//! |---|---|---|
//! | `^` | its beginning was not seen; the ends were told apart by their ports | once |
//! | `S`, `H` | SYN, SYN-ACK | once for each sequence number |
//! | `A`, `D` | nothing but an acknowledgement, payload | once |
//! | `F`, `R` | FIN, RST | once for each sequence number |
//! | `I`, `Q` | FIN with RST, SYN with FIN or RST | once |
//! | `T`, `W`, `G` | payload sent again, a window of zero, payload that no packet showed | the 1st, 10th, 100th, … time |
//! | `C` | a wrong checksum, where such packets are left out | the same |

use crate::dialogue::Side;
use crate::flow::Ends;
use crate::tcp::{Flags, Segment};
use city::Text;

/// The longest history; only numbers made up by someone fill it.
const LETTERS_MAX: usize = 128;

/// The letters so far, and what is needed to go on.
#[derive(Clone, Debug, Default)]
pub(crate) struct History {
    letters: Text,
    ends: Ends<End>,
}

/// What one end has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct End {
    /// A bit for each kind of letter that stands once or once for each number.
    seen: u8,
    syn: u32,
    fin: u32,
    reset: u32,
    repeats: u32,
    zero_windows: u32,
    gaps: u32,
    wrong: u32,
}

const SYN: u8 = 1;
const FIN: u8 = 2;
const RESET: u8 = 4;
const DATA: u8 = 8;
const ACKNOWLEDGEMENT: u8 = 16;
const FIN_AND_RESET: u8 = 32;
const SYN_AND_MORE: u8 = 64;

impl History {
    /// The letters, in the order in which they became true.
    pub(crate) fn letters(&self) -> Text {
        self.letters.clone()
    }

    /// The ends were told apart by their ports.
    pub(crate) fn turned(&mut self) {
        self.letters.push('^');
    }

    /// A packet whose checksum is wrong.
    pub(crate) fn wrong(&mut self, side: Side) {
        let count = &mut self.ends.of_mut(side).wrong;
        *count = count.saturating_add(1);
        let count = *count;
        self.counted(side, count, 'C');
    }

    /// A datagram.
    pub(crate) fn datagram(&mut self, side: Side) {
        self.once(side, DATA, 'D');
    }

    /// A segment's flags and whether it carries anything. `repeats` says that what it carries was sent before.
    pub(crate) fn segment(&mut self, segment: &Segment<'_>, side: Side, repeats: bool) {
        let Segment { flags, sequence, length, .. } = *segment;
        if flags.syn() && (flags.fin() || flags.rst()) {
            self.once(side, SYN_AND_MORE, 'Q');
        } else if flags.fin() && flags.rst() {
            self.once(side, FIN_AND_RESET, 'I');
        } else if flags.syn() {
            let letter = if flags.ack() { 'H' } else { 'S' };
            self.numbered(side, SYN, letter, sequence);
        } else if flags.rst() {
            self.numbered(side, RESET, 'R', sequence);
        }
        if length > 0 {
            self.once(side, DATA, 'D');
        } else if flags.0 & (Flags::SYN | Flags::FIN | Flags::RST) == 0 && flags.ack() {
            self.once(side, ACKNOWLEDGEMENT, 'A');
        }
        if flags.fin() && !flags.syn() && !flags.rst() {
            self.numbered(side, FIN, 'F', sequence.wrapping_add(length));
        }
        if repeats {
            let count = &mut self.ends.of_mut(side).repeats;
            *count = count.saturating_add(1);
            let count = *count;
            self.counted(side, count, 'T');
        }
        if segment.window == 0 && !flags.rst() {
            let count = &mut self.ends.of_mut(side).zero_windows;
            *count = count.saturating_add(1);
            let count = *count;
            self.counted(side, count, 'W');
        }
    }

    /// Payload of one side turned out to be missing.
    pub(crate) fn gap(&mut self, side: Side) {
        let count = &mut self.ends.of_mut(side).gaps;
        *count = count.saturating_add(1);
        let count = *count;
        self.counted(side, count, 'G');
    }

    fn push(&mut self, side: Side, letter: char) {
        if self.letters.len() < LETTERS_MAX {
            let letter = if side == Side::Source { letter } else { letter.to_ascii_lowercase() };
            self.letters.push(letter);
        }
    }

    fn once(&mut self, side: Side, kind: u8, letter: char) {
        let end = self.ends.of_mut(side);
        if end.seen & kind == 0 {
            end.seen |= kind;
            self.push(side, letter);
        }
    }

    /// Once for each number: the same flag with another is another attempt.
    fn numbered(&mut self, side: Side, kind: u8, letter: char, number: u32) {
        let end = self.ends.of_mut(side);
        let last = match kind {
            SYN => &mut end.syn,
            FIN => &mut end.fin,
            _ => &mut end.reset,
        };
        if end.seen & kind == 0 || *last != number {
            *last = number;
            end.seen |= kind;
            self.push(side, letter);
        }
    }

    fn counted(&mut self, side: Side, count: u32, letter: char) {
        if count > 0 && 10_u32.pow(count.ilog10()) == count {
            self.push(side, letter);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(flags: u8, sequence: u32, length: u32) -> Segment<'static> {
        Segment {
            source_port: 50_000,
            destination_port: 502,
            sequence,
            acknowledgement: 1,
            flags: Flags(flags),
            window: 1_000,
            payload: &[],
            length,
        }
    }

    #[test]
    fn each_letter_stands_once_and_what_is_counted_by_powers_of_ten() {
        let mut history = History::default();
        history.segment(&segment(0x02, 7, 0), Side::Source, false);
        history.segment(&segment(0x02, 7, 0), Side::Source, false);
        history.segment(&segment(0x12, 9, 0), Side::Destination, false);
        history.segment(&segment(0x10, 8, 0), Side::Source, false);
        for _ in 0..12 {
            history.segment(&segment(0x18, 8, 4), Side::Source, true);
        }
        history.gap(Side::Destination);
        history.segment(&segment(0x11, 12, 0), Side::Source, false);
        history.segment(&segment(0x11, 10, 0), Side::Destination, false);
        history.segment(&segment(0x11, 10, 0), Side::Destination, false);
        assert_eq!(history.letters(), "ShADTTgFf");
    }

    #[test]
    fn another_number_is_another_attempt() {
        let mut history = History::default();
        history.turned();
        history.segment(&segment(0x02, 7, 0), Side::Source, false);
        history.segment(&segment(0x02, 8, 0), Side::Source, false);
        history.segment(&segment(0x14, 8, 0), Side::Destination, false);
        history.segment(&segment(0x05, 8, 0), Side::Source, false);
        assert_eq!(history.letters(), "^SSrI");
    }
}
