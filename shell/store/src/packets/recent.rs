//! The latest frames, in memory.

use jiff::{SignedDuration, Timestamp};
use std::collections::VecDeque;
use wire::{Frame, LinkType};

/// How many bytes of frames stand together. Blocks are put in and dropped whole, so that a frame costs a copy of its
/// bytes and no allocation.
const BLOCK_BYTES: usize = 256 << 10;

/// The latest frames, bounded by age and bytes.
#[derive(Debug)]
pub struct Recent {
    age: SignedDuration,
    bytes_max: usize,
    bytes: usize,
    blocks: VecDeque<Block>,
}

#[derive(Debug, Default)]
struct Block {
    bytes: Vec<u8>,
    frames: Vec<Entry>,
    /// The latest time in it.
    latest: Timestamp,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    time: Timestamp,
    link: LinkType,
    length: u32,
    start: usize,
    end: usize,
}

impl Recent {
    /// Holds frames for `age`, and at most `bytes` of them (rounded up to the size of a block, 256 KiB).
    #[must_use]
    pub fn new(age: SignedDuration, bytes: usize) -> Recent {
        Recent { age, bytes_max: bytes.max(BLOCK_BYTES), bytes: 0, blocks: VecDeque::new() }
    }

    /// Takes a frame and forgets what is too old or too much.
    pub fn push(&mut self, frame: &Frame<'_>) {
        let room =
            self.blocks.back().is_some_and(|block| block.bytes.len() + frame.bytes.len() <= BLOCK_BYTES);
        if !room {
            self.forget(frame.time, frame.bytes.len().max(BLOCK_BYTES));
            let bytes = Vec::with_capacity(frame.bytes.len().max(BLOCK_BYTES));
            self.bytes += bytes.capacity();
            self.blocks.push_back(Block { bytes, frames: Vec::new(), latest: frame.time });
        }
        let Some(block) = self.blocks.back_mut() else { return };
        let start = block.bytes.len();
        block.bytes.extend_from_slice(frame.bytes);
        block.latest = block.latest.max(frame.time);
        let end = block.bytes.len();
        block.frames.push(Entry { time: frame.time, link: frame.link, length: frame.length, start, end });
    }

    /// Makes room for one more block.
    fn forget(&mut self, now: Timestamp, needed: usize) {
        let oldest = now.checked_sub(self.age).unwrap_or(Timestamp::MIN);
        while let Some(block) = self.blocks.front() {
            if block.latest >= oldest && self.bytes + needed <= self.bytes_max {
                break;
            }
            self.bytes -= block.bytes.capacity();
            self.blocks.pop_front();
        }
    }

    /// The frames captured from one time to another, both included, in the order in which they came.
    pub fn between(&self, from: Timestamp, until: Timestamp) -> impl Iterator<Item = Frame<'_>> {
        self.blocks.iter().filter(move |block| block.latest >= from).flat_map(move |block| {
            block.frames.iter().filter(move |frame| from <= frame.time && frame.time <= until).filter_map(
                |frame| {
                    let bytes = block.bytes.get(frame.start..frame.end)?;
                    Some(Frame { time: frame.time, link: frame.link, bytes, length: frame.length })
                },
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn frames_come_back_as_they_were_until_they_are_too_old_or_too_many() {
        let mut recent = Recent::new(SignedDuration::from_secs(60), 2 * BLOCK_BYTES);
        let bytes = vec![9; 1_500];
        let push = |recent: &mut Recent, second: i64| {
            recent.push(&Frame { time: at(second), link: LinkType(1), bytes: &bytes, length: 1_600 });
        };
        (0..100).for_each(|second| push(&mut recent, second));
        let found: Vec<_> = recent.between(at(10), at(12)).collect();
        assert_eq!(found.len(), 3);
        assert_eq!((found[0].time, found[0].bytes, found[0].length), (at(10), &bytes[..], 1_600));
        // By bytes: however many come, no more than two blocks are held.
        (100..2_000).for_each(|_| push(&mut recent, 100));
        assert!(recent.bytes <= 2 * BLOCK_BYTES);
        assert!(recent.between(at(0), at(100)).count() <= 2 * BLOCK_BYTES / 1_500);
        // By age: the next block drives out what is older than a minute.
        (0..400).for_each(|_| push(&mut recent, 500));
        assert_eq!(recent.between(at(0), at(439)).count(), 0);
        // A frame larger than a block has one of its own.
        let huge = vec![1; BLOCK_BYTES * 2];
        recent.push(&Frame { time: at(501), link: LinkType(1), bytes: &huge, length: 0 });
        assert_eq!(recent.between(at(501), at(501)).next().unwrap().bytes.len(), huge.len());
    }
}
