//! TCP payload put in order, one direction at a time.
//!
//! What comes in order goes straight on, uncopied. What comes early is held, within bounds, until the gap before it
//! closes, or until it is known that it never will: the other end acknowledged bytes that were not captured, or a bound
//! was reached. Where segments overlap, what came first wins.

use std::collections::BTreeMap;

/// Bytes held for one direction, so that one stream cannot use up what is there for all.
const HELD_MAX: usize = 1 << 20;
/// What holding a piece costs beside its bytes, so that many small ones count for what they are.
const PIECE: usize = 64;

/// What comes out, in order.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Arrival<'a> {
    /// The next bytes.
    Bytes(&'a [u8]),
    /// So many bytes were never seen.
    Gap(u64),
}

/// One direction. Positions count from the SYN: the first byte stands at 1.
#[derive(Debug)]
pub(crate) struct Order {
    next: u64,
    /// What came early, by position; parts never overlap and never touch `next`.
    held: BTreeMap<u64, Vec<u8>>,
    held_bytes: usize,
}

impl Default for Order {
    fn default() -> Self {
        Order { next: 1, held: BTreeMap::new(), held_bytes: 0 }
    }
}

/// What all streams hold together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    pub(crate) used: usize,
    pub(crate) limit: usize,
}

impl Order {
    /// Whether something is held.
    pub(crate) fn holds(&self) -> bool {
        !self.held.is_empty()
    }

    /// Takes a segment's payload; puts out what is now in order. Returns how many bytes had to be given up.
    pub(crate) fn see(
        &mut self,
        position: u64,
        bytes: &[u8],
        room: &mut Room,
        put: &mut impl FnMut(Arrival<'_>),
    ) -> u64 {
        let end = position + bytes.len() as u64;
        let from = |next: u64| bytes.get((next - position) as usize..).unwrap_or_default();
        let mut given_up = 0;
        loop {
            while position <= self.next && self.next < end {
                let rest = from(self.next);
                let until = match self.held.first_key_value() {
                    Some((start, _)) if *start < end => (*start - self.next) as usize,
                    _ => rest.len(),
                };
                if until > 0 {
                    put(Arrival::Bytes(rest.get(..until).unwrap_or(rest)));
                    self.next += until as u64;
                }
                self.release(room, put);
            }
            if self.next >= end {
                return given_up;
            }
            // Early. Is there room for it?
            let cost = bytes.len() + PIECE;
            let fits = self.held_bytes + cost <= HELD_MAX && room.used + cost <= room.limit;
            if fits {
                self.hold(position, bytes, room);
                return given_up;
            }
            // No: the gap before the first of what came early will not be waited for any longer.
            let first = self.held.first_key_value().map_or(position, |(start, _)| (*start).min(position));
            given_up += first - self.next;
            self.pass(first, room, put);
        }
    }

    /// The other end has everything up to here: a gap before that will not close.
    pub(crate) fn acknowledged(&mut self, position: u64, room: &mut Room, put: &mut impl FnMut(Arrival<'_>)) {
        while let Some((start, _)) = self.held.first_key_value()
            && self.next < position
        {
            let until = (*start).min(position);
            self.pass(until, room, put);
        }
    }

    /// Nothing more will come: puts out all that is held, with its gaps.
    pub(crate) fn finish(&mut self, room: &mut Room, put: &mut impl FnMut(Arrival<'_>)) {
        self.acknowledged(u64::MAX, room, put);
    }

    /// Forgets all that is held.
    pub(crate) fn forget(&mut self, room: &mut Room) {
        room.used = room.used.saturating_sub(self.held_bytes);
        self.held_bytes = 0;
        self.held.clear();
    }

    /// Gives up the bytes up to a position.
    fn pass(&mut self, position: u64, room: &mut Room, put: &mut impl FnMut(Arrival<'_>)) {
        if position > self.next {
            put(Arrival::Gap(position - self.next));
            self.next = position;
        }
        self.release(room, put);
    }

    /// Puts out what is held and has come into order.
    fn release(&mut self, room: &mut Room, put: &mut impl FnMut(Arrival<'_>)) {
        while let Some(entry) = self.held.first_entry()
            && *entry.key() == self.next
        {
            let part = entry.remove();
            put(Arrival::Bytes(&part));
            self.next += part.len() as u64;
            self.held_bytes -= part.len() + PIECE;
            room.used = room.used.saturating_sub(part.len() + PIECE);
        }
    }

    /// Holds the parts of an early segment that are not held yet.
    fn hold(&mut self, position: u64, bytes: &[u8], room: &mut Room) {
        let end = position + bytes.len() as u64;
        let mut from = position;
        while from < end {
            if let Some((start, part)) = self.held.range(..=from).next_back() {
                let covered = start + part.len() as u64;
                if covered > from {
                    from = covered;
                    continue;
                }
            }
            let until = self.held.range(from..).next().map_or(end, |(start, _)| (*start).min(end));
            let Some(piece) = bytes.get((from - position) as usize..(until - position) as usize) else {
                break;
            };
            self.held.insert(from, piece.to_vec());
            self.held_bytes += piece.len() + PIECE;
            room.used += piece.len() + PIECE;
            from = until;
        }
    }
}
