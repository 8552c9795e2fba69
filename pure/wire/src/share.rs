//! Which of several readers reads a frame, so that each conversation is read by one of them from first to last.

use crate::Frame;
use crate::frame::{Carries, parse_frame};
use crate::packet::{ip_number, parse_ip};
use std::net::IpAddr;

/// So many groups of pairs of addresses are told apart; each belongs to one reader from its first frame on.
const GROUPS: usize = 4_096;

/// What reading a frame costs beside its bytes, in bytes.
const FRAME: u64 = 128;

/// Deals frames out to readers.
///
/// By the two outermost IP addresses, whichever speaks: fragments, which have no ports, stay with their conversation,
/// and what a tunnel carries with the tunnel. A conversation that takes two tunnels is told of as two if their readers
/// differ. What is not IP, and ICMP, in which neighbours tell of what belongs to no conversation, goes to the first
/// reader. Addresses that are new go to the reader who was given the least so far, so that all have as much to do.
#[derive(Debug)]
pub struct Shares {
    /// What each reader was given.
    given: Vec<u64>,
    groups: Vec<Option<usize>>,
}

impl Shares {
    /// For so many readers.
    #[must_use]
    pub fn new(readers: usize) -> Shares {
        Shares { given: vec![0; readers], groups: vec![None; GROUPS] }
    }

    /// The number of the reader that reads this frame.
    pub fn share(&mut self, frame: &Frame<'_>) -> usize {
        let reader = self.reader(frame);
        if let Some(given) = self.given.get_mut(reader) {
            *given += frame.bytes.len() as u64 + FRAME;
        }
        reader
    }

    fn reader(&mut self, frame: &Frame<'_>) -> usize {
        if self.given.len() < 2 {
            return 0;
        }
        let Some(group) = group(frame).and_then(|group| self.groups.get_mut(group)) else { return 0 };
        *group.get_or_insert_with(|| {
            let least = self.given.iter().enumerate().min_by_key(|(_, given)| **given);
            least.map_or(0, |(reader, _)| reader)
        })
    }
}

/// The group of the addresses of a frame; none for what goes to the first reader.
fn group(frame: &Frame<'_>) -> Option<usize> {
    let Carries::Ip(bytes) = parse_frame(frame.link, frame.bytes)?.carries else { return None };
    let packet = parse_ip(bytes)?;
    if matches!(packet.protocol, ip_number::ICMP | ip_number::ICMPV6) {
        return None;
    }
    let (one, other) = (number(packet.source), number(packet.destination));
    // The same from both ends; multiplied (Fibonacci hashing), so that neighbouring addresses part.
    let mixed = (one ^ other).wrapping_add(one.wrapping_mul(other)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    Some(((u128::from(mixed) * GROUPS as u128) >> 64) as usize)
}

fn number(address: IpAddr) -> u64 {
    match address {
        IpAddr::V4(ip) => u64::from(ip.to_bits()),
        IpAddr::V6(ip) => {
            let bits = ip.to_bits();
            (bits >> 64) as u64 ^ (bits as u64).rotate_left(32)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LinkType;
    use jiff::Timestamp;

    fn frame(source: u8, destination: u8) -> Vec<u8> {
        let mut bytes = vec![0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0];
        bytes.extend([192, 0, 2, source, 192, 0, 2, destination]);
        bytes.extend([0; 8]);
        bytes
    }

    fn shared(shares: &mut Shares, bytes: &[u8]) -> usize {
        let length = bytes.len() as u32;
        shares.share(&Frame { time: Timestamp::UNIX_EPOCH, link: LinkType(101), bytes, length })
    }

    #[test]
    fn both_directions_go_to_the_same_reader_and_pairs_are_spread() {
        let (mut shares, mut counts) = (Shares::new(4), [0; 4]);
        for source in 1..=100 {
            for destination in 101..=200 {
                let reader = shared(&mut shares, &frame(source, destination));
                assert_eq!(reader, shared(&mut shares, &frame(destination, source)));
                counts[reader] += 1;
            }
        }
        assert!(counts.iter().all(|count| (2_000..3_000).contains(count)), "{counts:?}");
    }

    #[test]
    fn new_addresses_go_to_whoever_has_the_least_to_do() {
        let mut shares = Shares::new(2);
        let busy = shared(&mut shares, &frame(1, 2));
        for _ in 0..100 {
            assert_eq!(shared(&mut shares, &frame(2, 1)), busy);
        }
        for destination in 10..60 {
            assert_ne!(shared(&mut shares, &frame(3, destination)), busy);
        }
    }

    #[test]
    fn what_is_not_ip_goes_to_the_first() {
        let mut shares = Shares::new(4);
        assert_eq!(shared(&mut shares, &[]), 0);
        assert_eq!(shared(&mut shares, &[0x60; 12]), 0);
        let mut icmp = frame(1, 2);
        icmp[9] = 1;
        assert_eq!(shared(&mut shares, &icmp), 0);
    }
}
