//! The transport function: fragments of the application layer, cut into segments that fit a frame (IEEE 1815-2012
//! clause 8).

use super::link::Header;

/// Fragments of one side that are put together at a time: one for each pair of stations, and few stations share a
/// connection.
const PAIRS_MAX: usize = 8;

/// The longest fragment that is put together. The standard asks every device for no more than 2048 bytes (clause
/// 4.1.2); some negotiate more.
const FRAGMENT_BYTES_MAX: usize = 16 << 10;

/// What one side is sending, by pair of stations.
#[derive(Default)]
pub struct Assembly {
    pairs: Vec<Pair>,
}

struct Pair {
    source: u16,
    destination: u16,
    /// The number of the last segment.
    sequence: u8,
    bytes: Vec<u8>,
}

impl Assembly {
    /// Adds a frame's user data; gives the fragment that is whole with it.
    pub fn add(&mut self, header: &Header, data: &[u8]) -> Option<Vec<u8>> {
        let (transport, segment) = data.split_first()?;
        let (last, first, sequence) = (transport & 0x80 != 0, transport & 0x40 != 0, transport & 0x3f);
        let same = |pair: &Pair| (pair.source, pair.destination) == (header.source, header.destination);
        let place = self.pairs.iter().position(same);
        if first {
            place.map(|place| self.pairs.remove(place));
            if last {
                return Some(segment.to_vec());
            }
            if self.pairs.len() >= PAIRS_MAX {
                self.pairs.remove(0);
            }
            let (source, destination) = (header.source, header.destination);
            self.pairs.push(Pair { source, destination, sequence, bytes: segment.to_vec() });
            return None;
        }
        let place = place?;
        let pair = self.pairs.get_mut(place)?;
        if sequence == pair.sequence {
            // A segment that came twice.
            return None;
        }
        if sequence != (pair.sequence + 1) & 0x3f || pair.bytes.len() + segment.len() > FRAGMENT_BYTES_MAX {
            self.pairs.remove(place);
            return None;
        }
        pair.sequence = sequence;
        pair.bytes.extend_from_slice(segment);
        last.then(|| self.pairs.remove(place).bytes)
    }

    /// Forgets what is half there.
    pub fn clear(&mut self) {
        self.pairs.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FROM_10: Header = Header { control: 0x44, destination: 1, source: 10, data: 0 };
    const FROM_11: Header = Header { control: 0x44, destination: 1, source: 11, data: 0 };

    #[test]
    fn segments_become_a_fragment_in_their_order() {
        let mut assembly = Assembly::default();
        assert_eq!(assembly.add(&FROM_10, &[0xc5, 1, 2]), Some(vec![1, 2]));
        assert_eq!(assembly.add(&FROM_10, &[0x7f, 1]), None);
        assert_eq!(assembly.add(&FROM_11, &[0x41, 9]), None);
        assert_eq!(assembly.add(&FROM_10, &[0x00, 2]), None);
        assert_eq!(assembly.add(&FROM_10, &[0x00, 2]), None);
        assert_eq!(assembly.add(&FROM_10, &[0x81, 3]), Some(vec![1, 2, 3]));
        assert_eq!(assembly.add(&FROM_11, &[0x82, 8]), Some(vec![9, 8]));
    }

    #[test]
    fn a_hole_spoils_a_fragment() {
        let mut assembly = Assembly::default();
        assert_eq!(assembly.add(&FROM_10, &[0x40, 1]), None);
        assert_eq!(assembly.add(&FROM_10, &[0x82, 3]), None);
        assert_eq!(assembly.add(&FROM_10, &[0x83, 3]), None);
        assert_eq!(assembly.add(&FROM_10, &[]), None);
    }
}
