//! The latest raw packets, so that a finding can show what it was made from.

use city::Address;
use jiff::{SignedDuration, Timestamp};
use std::collections::VecDeque;
use wire::{Frame, LinkType};

/// Frames kept one after another in one piece of memory.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    bytes: Vec<u8>,
    places: Vec<Place>,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    time: Timestamp,
    link: LinkType,
    length: u32,
    start: usize,
    end: usize,
}

impl Frames {
    /// Copies a frame in.
    pub(crate) fn push(&mut self, frame: &Frame<'_>) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(frame.bytes);
        let Frame { time, link, length, .. } = *frame;
        self.places.push(Place { time, link, length, start, end: self.bytes.len() });
    }

    /// The frame put in last.
    pub(crate) fn last(&self) -> Option<Frame<'_>> {
        self.places.last().and_then(|place| self.at(place))
    }

    /// The frames, in the order in which they came.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Frame<'_>> {
        self.places.iter().filter_map(|place| self.at(place))
    }

    fn at(&self, place: &Place) -> Option<Frame<'_>> {
        let Place { time, link, length, start, end } = *place;
        Some(Frame { time, link, length, bytes: self.bytes.get(start..end)? })
    }

    /// Bytes of memory in use.
    pub(crate) fn size(&self) -> usize {
        self.bytes.len() + self.places.len() * size_of::<Place>()
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }
}

/// The latest frames, up to a number of bytes; the oldest give way.
#[derive(Debug)]
pub(crate) struct Ring {
    pieces: VecDeque<Frames>,
    size: usize,
    size_max: usize,
}

impl Ring {
    /// An empty ring that holds so many bytes.
    pub(crate) fn new(size_max: usize) -> Ring {
        Ring { pieces: VecDeque::new(), size: 0, size_max }
    }

    /// Takes frames in; what is then too much goes, oldest first.
    pub(crate) fn push(&mut self, frames: Frames) {
        if frames.is_empty() {
            return;
        }
        self.size += frames.size();
        self.pieces.push_back(frames);
        while self.size > self.size_max
            && let Some(oldest) = self.pieces.pop_front()
        {
            self.size -= oldest.size();
        }
    }

    /// The frames that each of the questions asks for, found in one pass.
    pub(crate) fn find(&self, wanted: &[Wanted]) -> Vec<Frames> {
        let mut found: Vec<Frames> = wanted.iter().map(|_| Frames::default()).collect();
        let Some(earliest) = wanted.iter().map(|wanted| wanted.after).min() else { return found };
        for frame in self.pieces.iter().flat_map(Frames::iter).filter(|frame| frame.time > earliest) {
            let ends = wire::addresses(&frame);
            for (wanted, frames) in wanted.iter().zip(&mut found) {
                if frame.time > wanted.after && wanted.fits(&ends) {
                    frames.push(&frame);
                }
            }
        }
        found
    }
}

/// Which frames are wanted: of one address, or between two, captured after a time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    pub(crate) one: Address,
    pub(crate) other: Option<Address>,
    pub(crate) after: Timestamp,
}

impl Wanted {
    fn fits(&self, ends: &[Option<Address>]) -> bool {
        ends.contains(&Some(self.one)) && self.other.is_none_or(|other| ends.contains(&Some(other)))
    }
}

/// How far back from a finding packets are kept for it, and how far on.
pub(crate) const LOOK_BACK: SignedDuration = SignedDuration::from_secs(60);
pub(crate) const LOOK_ON: SignedDuration = SignedDuration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(times: std::ops::Range<i64>) -> Frames {
        let mut frames = Frames::default();
        for second in times {
            let time = Timestamp::from_second(second).unwrap();
            frames.push(&Frame { time, link: LinkType(1), bytes: &[0; 100], length: 100 });
        }
        frames
    }

    #[test]
    fn the_oldest_frames_give_way() {
        let mut ring = Ring::new(4_000);
        (0..100).for_each(|i| ring.push(frames(i * 10..i * 10 + 10)));
        assert!(ring.size <= 4_000);
        let times: Vec<i64> =
            ring.pieces.iter().flat_map(Frames::iter).map(|frame| frame.time.as_second()).collect();
        assert_eq!(times.last(), Some(&999));
        assert!(times.is_sorted() && times.len() >= 10);
    }

    #[test]
    fn only_the_frames_between_the_addresses_and_after_the_time_are_found() {
        let mac = |last| Address::Mac(city::Mac([0, 0, 0x5e, 0, 0x53, last]));
        let mut frames = Frames::default();
        for (second, from, to) in [(1, 1, 2), (2, 2, 1), (3, 1, 3), (4, 2, 1)] {
            let bytes = [0, 0, 0x5e, 0, 0x53, to, 0, 0, 0x5e, 0, 0x53, from, 0x88, 0xcc, 0, 0];
            let time = Timestamp::from_second(second).unwrap();
            frames.push(&Frame { time, link: LinkType(1), bytes: &bytes, length: 16 });
        }
        let mut ring = Ring::new(1 << 20);
        ring.push(frames);
        let wanted = |one, other, after| Wanted { one, other, after: Timestamp::from_second(after).unwrap() };
        let found =
            ring.find(&[wanted(mac(1), Some(mac(2)), 1), wanted(mac(1), None, 0), wanted(mac(9), None, 0)]);
        let times = |frames: &Frames| frames.iter().map(|frame| frame.time.as_second()).collect::<Vec<_>>();
        assert_eq!(found.iter().map(times).collect::<Vec<_>>(), [vec![2, 4], vec![1, 2, 3, 4], vec![]]);
    }
}
