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
    fn size(&self) -> usize {
        self.bytes.len() + self.places.len() * size_of::<Place>()
    }

    fn is_empty(&self) -> bool {
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

    /// The frames between two addresses, or of one address, not older than `since`.
    pub(crate) fn around(&self, one: Address, other: Option<Address>, since: Timestamp) -> Frames {
        let mut found = Frames::default();
        for frame in self.pieces.iter().flat_map(Frames::iter).filter(|frame| frame.time >= since) {
            if involves(&frame, one) && other.is_none_or(|other| involves(&frame, other)) {
                found.push(&frame);
            }
        }
        found
    }
}

/// Whether a frame is from or to an address, on its link or by IP.
fn involves(frame: &Frame<'_>, address: Address) -> bool {
    wire::addresses(frame).contains(&Some(address))
}

/// How far back from a finding packets are kept for it.
pub(crate) const LOOK_BACK: SignedDuration = SignedDuration::from_secs(60);

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
}
