//! The handshake of one side, put together from the pieces in CRYPTO frames, which may come in any order.

use std::collections::BTreeMap;

/// How far ahead of what is whole a piece may lie, and how much is held: hellos are a few kilobytes.
const HELD_MAX: usize = 64 << 10;

/// The most pieces that are held.
const PIECES_MAX: usize = 256;

/// One side's handshake.
#[derive(Debug, Default)]
pub struct Assembly {
    /// How much has been handed on.
    done: u64,
    held: BTreeMap<u64, Vec<u8>>,
    size: usize,
}

impl Assembly {
    /// How many bytes are held.
    pub fn holds(&self) -> usize {
        self.size
    }

    /// Takes a piece; hands on what is now whole behind what was handed on before.
    pub fn take(&mut self, at: u64, piece: &[u8]) -> Vec<u8> {
        let is_ahead = at.saturating_sub(self.done) > HELD_MAX as u64;
        let is_full = self.size + piece.len() > HELD_MAX || self.held.len() >= PIECES_MAX;
        if is_ahead || is_full && at > self.done {
            return Vec::new();
        }
        let known = self.held.get(&at).map_or(0, Vec::len);
        if known < piece.len() {
            self.size += piece.len() - known;
            self.held.insert(at, piece.to_vec());
        }
        let mut whole = Vec::new();
        while let Some(entry) = self.held.first_entry().filter(|entry| *entry.key() <= self.done) {
            let (at, piece) = entry.remove_entry();
            self.size = self.size.saturating_sub(piece.len());
            let known = usize::try_from(self.done - at).unwrap_or(usize::MAX);
            let new = piece.get(known..).unwrap_or_default();
            whole.extend_from_slice(new);
            self.done += new.len() as u64;
        }
        whole
    }

    /// Forgets everything: the client begins again.
    pub fn clear(&mut self) {
        *self = Assembly::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_in_any_order_make_the_whole() {
        let mut assembly = Assembly::default();
        assert!(assembly.take(5, b"fghij").is_empty());
        assert!(assembly.take(3, b"def").is_empty());
        assert_eq!(assembly.take(0, b"abcd"), b"abcdefghij");
        assert!(assembly.take(0, b"abcd").is_empty());
        assert_eq!(assembly.take(8, b"ijkl"), b"kl");
    }

    #[test]
    fn what_is_held_is_bounded() {
        let mut assembly = Assembly::default();
        for at in 1..10_000_u64 {
            assembly.take(at * 100, &[7; 90]);
            assert!(assembly.size <= HELD_MAX && assembly.held.len() <= PIECES_MAX);
        }
        assert!(assembly.take(u64::MAX, b"x").is_empty());
    }
}
