//! Where messages begin in a stream, and how the next is found behind what was not seen or is none.

use crate::dialogue::{Progress, Side};
use crate::flow::Ends;

/// How many runs of bytes that are no message a conversation may hold before it is given up.
const STRIKES_MAX: u32 = 16;

/// Whether each side's stream is read where messages begin.
#[derive(Debug, Default)]
pub(crate) struct Footing {
    /// Sides of which the beginning of a message must be found.
    lost: Ends<bool>,
    strikes: u32,
}

/// How far some bytes of a stream were read.
#[derive(Debug)]
pub(crate) struct Walk<'a> {
    bytes: &'a [u8],
    used: usize,
}

impl<'a> Walk<'a> {
    pub(crate) fn of(bytes: &'a [u8]) -> Walk<'a> {
        Walk { bytes, used: 0 }
    }

    /// A message of so many bytes was read, or is passed over.
    pub(crate) fn step(&mut self, length: usize) {
        self.used += length;
    }

    /// What is not used yet.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.used..).unwrap_or_default()
    }

    /// Passes over bytes that only fill.
    pub(crate) fn pass(&mut self, fillers: &[u8]) {
        self.used += self.rest().iter().take_while(|byte| fillers.contains(byte)).count();
    }

    /// What is not used needs more behind it.
    pub(crate) fn rests(&self) -> Progress {
        Progress::Used(self.used)
    }

    /// How far the whole was read, if what is not used was given to another reader.
    pub(crate) fn handed_on(&self, progress: Progress) -> Progress {
        match progress {
            Progress::Used(used) => Progress::Used(self.used + used),
            Progress::Skip(count) => self.skips(count),
            Progress::Lost => Progress::Lost,
        }
    }

    /// So many bytes from here on are of no interest.
    pub(crate) fn skips(&self, length: u64) -> Progress {
        Progress::Skip((self.used as u64).saturating_add(length))
    }
}

impl Footing {
    /// The bytes at which a message should begin; nothing where there are none. `find` says, of bytes that begin
    /// anywhere, how many lie before the next message, and whether there is one.
    pub(crate) fn next<'a>(
        &mut self,
        side: Side,
        walk: &mut Walk<'a>,
        find: impl Fn(&[u8]) -> (usize, bool),
    ) -> Option<&'a [u8]> {
        let lost = self.lost.of_mut(side);
        if *lost && !walk.rest().is_empty() {
            let (skipped, found) = find(walk.rest());
            walk.step(skipped);
            *lost = !found;
        }
        Some(walk.rest()).filter(|rest| !*lost && !rest.is_empty())
    }

    /// What stands where a message should is none: the next must be found. `false` if that happened too often.
    pub(crate) fn slip(&mut self, side: Side) -> bool {
        self.lose(side);
        self.strike()
    }

    /// Something is not as it should be, though it is known where it ends. `false` if that happened too often.
    pub(crate) fn strike(&mut self) -> bool {
        self.strikes += 1;
        self.strikes <= STRIKES_MAX
    }

    /// Part of a side's stream was not seen.
    pub(crate) fn lose(&mut self, side: Side) {
        *self.lost.of_mut(side) = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Messages here are an `m` and a digit.
    fn find(bytes: &[u8]) -> (usize, bool) {
        match bytes.iter().position(|byte| *byte == b'm') {
            Some(place) => (place, true),
            None => (bytes.len(), false),
        }
    }

    fn read(footing: &mut Footing, bytes: &[u8]) -> (String, Progress) {
        let mut heard = String::new();
        let mut walk = Walk::of(bytes);
        while let Some(rest) = footing.next(Side::Source, &mut walk, find) {
            match rest {
                [b'm', digit, ..] => {
                    heard.push(char::from(*digit));
                    walk.step(2);
                }
                [b'm'] => break,
                _ if !footing.slip(Side::Source) => return (heard, Progress::Lost),
                _ => {}
            }
        }
        (heard, walk.rests())
    }

    #[test]
    fn messages_are_found_again() {
        let mut footing = Footing::default();
        assert_eq!(read(&mut footing, b"m1m2m"), ("12".into(), Progress::Used(4)));
        assert_eq!(read(&mut footing, b"??m3"), ("3".into(), Progress::Used(4)));
        footing.lose(Side::Source);
        assert_eq!(read(&mut footing, b"9"), (String::new(), Progress::Used(1)));
        assert_eq!(read(&mut footing, b"9m4"), ("4".into(), Progress::Used(3)));
    }

    #[test]
    fn what_never_has_messages_is_given_up() {
        let mut footing = Footing::default();
        let bytes = b"?m1".repeat(STRIKES_MAX as usize + 1);
        assert_eq!(read(&mut footing, &bytes).1, Progress::Lost);
    }
}
