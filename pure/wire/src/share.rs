//! Which of several readers reads a frame, so that each conversation is read by one of them from first to last.

use crate::Frame;
use crate::frame::{Carries, parse_frame};
use crate::packet::{ip_number, parse_ip};
use std::net::IpAddr;

/// The number, below `readers`, of the reader that reads this frame.
///
/// By the two outermost IP addresses, whichever speaks: fragments, which have no ports, stay with their conversation,
/// and what a tunnel carries with the tunnel. A conversation that takes two tunnels is told of as two if their readers
/// differ. What is not IP, and ICMP, in which neighbours tell of what belongs to no conversation, goes to the first
/// reader.
#[must_use]
pub fn share(frame: &Frame<'_>, readers: usize) -> usize {
    if readers < 2 {
        return 0;
    }
    let opened = parse_frame(frame.link, frame.bytes).map(|opened| opened.carries);
    let Some(Carries::Ip(bytes)) = opened else { return 0 };
    let Some(packet) = parse_ip(bytes) else { return 0 };
    if matches!(packet.protocol, ip_number::ICMP | ip_number::ICMPV6) {
        return 0;
    }
    let (one, other) = (number(packet.source), number(packet.destination));
    // The same from both ends; multiplied (Fibonacci hashing), so that neighbouring addresses part.
    let mixed = (one ^ other).wrapping_add(one.wrapping_mul(other)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    ((u128::from(mixed) * readers as u128) >> 64) as usize
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

    fn shared(bytes: &[u8], readers: usize) -> usize {
        let length = bytes.len() as u32;
        share(&Frame { time: Timestamp::UNIX_EPOCH, link: LinkType(101), bytes, length }, readers)
    }

    #[test]
    fn both_directions_go_to_the_same_reader_and_pairs_are_spread() {
        let mut counts = [0; 4];
        for source in 1..=100 {
            for destination in 101..=200 {
                let reader = shared(&frame(source, destination), 4);
                assert_eq!(reader, shared(&frame(destination, source), 4));
                counts[reader] += 1;
            }
        }
        assert!(counts.iter().all(|count| (2_000..3_000).contains(count)), "{counts:?}");
    }

    #[test]
    fn what_is_not_ip_goes_to_the_first() {
        assert_eq!(shared(&[], 4), 0);
        assert_eq!(shared(&[0x60; 12], 4), 0);
        let mut icmp = frame(1, 2);
        icmp[9] = 1;
        assert_eq!(shared(&icmp, 4), 0);
    }
}
