//! Puts segmented messages together (clause 5.2).

use super::message::Segment;
use city::Text;
use std::collections::VecDeque;

/// Messages being put together at a time, in each conversation.
const ASSEMBLIES_MAX: usize = 4;

/// The longest message put together, in bytes.
const BYTES_MAX: usize = 64 << 10;

/// Whose segments they are: who sends them, from where beyond a router, in which exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    pub from_source: bool,
    pub beyond: Text,
    pub invoke: u8,
}

/// A message that was put together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whole {
    pub data: Vec<u8>,
    pub segments: u32,
    /// Whether a segment was never seen, or the message was too long to hold.
    pub incomplete: bool,
}

/// The messages that are being put together.
#[derive(Default)]
pub struct Assemblies(VecDeque<(Sender, Whole)>);

impl Assemblies {
    /// How many bytes are held.
    pub fn holds(&self) -> usize {
        self.0.iter().map(|(_, whole)| whole.data.capacity()).sum()
    }

    /// Takes a segment. The whole message is returned with its last.
    pub fn add(&mut self, sender: Sender, segment: Segment, data: &[u8]) -> Option<Whole> {
        let place = self.0.iter().position(|(known, _)| *known == sender);
        let mut whole = match place.and_then(|place| self.0.remove(place)) {
            Some((_, whole)) if segment.sequence != 0 || whole.segments > 255 => whole,
            _ => Whole { data: Vec::new(), segments: 0, incomplete: segment.sequence != 0 },
        };
        // Sequence numbers count modulo 256. One that was seen before was sent again.
        let expected = whole.segments.to_le_bytes()[0];
        let ahead = segment.sequence.wrapping_sub(expected);
        if ahead < 128 {
            whole.incomplete |= ahead != 0 || whole.data.len() + data.len() > BYTES_MAX;
            whole.segments += u32::from(ahead) + 1;
            if !whole.incomplete {
                whole.data.extend_from_slice(data);
            }
        }
        if !segment.more_follows {
            return Some(whole);
        }
        if self.0.len() >= ASSEMBLIES_MAX {
            self.0.pop_front();
        }
        self.0.push_back((sender, whole));
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sender() -> Sender {
        Sender { from_source: true, beyond: Text::default(), invoke: 1 }
    }

    fn segment(sequence: u8, more_follows: bool) -> Segment {
        Segment { more_follows, sequence, window: 4 }
    }

    #[test]
    fn segments_are_joined_once_each_even_past_the_end_of_their_numbers() {
        let mut assemblies = Assemblies::default();
        for number in 0..300_u32 {
            let sequence = (number % 256) as u8;
            assert_eq!(assemblies.add(sender(), segment(sequence, true), &[1]), None);
            assert_eq!(assemblies.add(sender(), segment(sequence, true), &[1]), None, "sent again");
        }
        let whole = assemblies.add(sender(), segment(44, false), &[2]).unwrap();
        assert_eq!((whole.data.len(), whole.segments, whole.incomplete), (301, 301, false));
    }

    #[test]
    fn a_lost_segment_shows() {
        let mut assemblies = Assemblies::default();
        assert_eq!(assemblies.add(sender(), segment(0, true), &[1]), None);
        let whole = assemblies.add(sender(), segment(2, false), &[3]).unwrap();
        assert!(whole.incomplete);
        assert!(assemblies.add(sender(), segment(7, false), &[3]).unwrap().incomplete);
    }

    #[test]
    fn nothing_grows_without_bound() {
        let mut assemblies = Assemblies::default();
        for invoke in 0..=255 {
            assemblies.add(Sender { invoke, ..sender() }, segment(0, true), &[0; 1_400]);
        }
        assert_eq!(assemblies.0.len(), ASSEMBLIES_MAX);
        for sequence in 0..=200 {
            assemblies.add(sender(), segment(sequence, true), &[0; 1_400]);
        }
        assert!(assemblies.0.iter().all(|(_, whole)| whole.data.len() <= BYTES_MAX));
    }
}
