//! The pcapng format: sections of blocks (draft-ietf-opsawg-pcapng).

use crate::{damage::DamageKind, pcap::Endian};
use jiff::Timestamp;
use wire::LinkType;

/// The type of a section header block; a palindrome, so it reads the same in either byte order.
pub(crate) const SECTION_HEADER: u32 = 0x0a0d_0d0a;
/// Describes an interface.
pub(crate) const INTERFACE_DESCRIPTION: u32 = 1;
/// A packet, in the way that was given up.
pub(crate) const PACKET: u32 = 2;
/// A packet with no time, of the first interface.
pub(crate) const SIMPLE_PACKET: u32 = 3;
/// Counts of an interface.
pub(crate) const INTERFACE_STATISTICS: u32 = 5;
/// A packet.
pub(crate) const ENHANCED_PACKET: u32 = 6;

/// More interfaces than any machine has; a file that describes more is made to fill memory.
const INTERFACES_MAX: usize = 65_536;

/// A section: its byte order and the interfaces described so far.
#[derive(Clone, Debug)]
pub(crate) struct Section {
    pub(crate) endian: Endian,
    interfaces: Vec<Interface>,
}

#[derive(Clone, Copy, Debug)]
struct Interface {
    link: LinkType,
    snap_length: u32,
    resolution: Resolution,
    offset_seconds: i64,
    dropped: u64,
}

/// What one unit of time is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Resolution {
    Microseconds,
    Nanoseconds,
    /// So many units to the second.
    Other(u128),
}

impl Resolution {
    /// Reads `if_tsresol`: a negative power of ten, or of two if the highest bit is set.
    fn parse(byte: u8) -> Resolution {
        let exponent = u32::from(byte & 0x7f);
        match (byte & 0x80 == 0, exponent) {
            (true, 6) => Resolution::Microseconds,
            (true, 9) => Resolution::Nanoseconds,
            // Finer than anything 64 bits can count from 1970 on: every time is then the first instant.
            (true, _) => Resolution::Other(10_u128.checked_pow(exponent).unwrap_or(u128::MAX)),
            (false, _) => Resolution::Other(1 << exponent),
        }
    }

    /// Whole seconds and the nanoseconds left over.
    #[inline]
    fn split(self, units: u64) -> (u64, u32) {
        match self {
            Resolution::Microseconds => (units / 1_000_000, (units % 1_000_000) as u32 * 1_000),
            Resolution::Nanoseconds => (units / 1_000_000_000, (units % 1_000_000_000) as u32),
            Resolution::Other(per_second) => {
                let units = u128::from(units);
                let rest = units % per_second;
                // The rest fits 64 bits, so the product fits 128.
                ((units / per_second) as u64, (rest * 1_000_000_000 / per_second) as u32)
            }
        }
    }
}

/// A packet within the body of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Packet {
    /// `None` for a simple packet, which has none.
    pub(crate) time: Option<Timestamp>,
    pub(crate) link: LinkType,
    /// Where its bytes begin in the body.
    pub(crate) begin: usize,
    pub(crate) captured: u32,
    pub(crate) length: u32,
}

/// The byte order of a section, from the magic number in its header.
pub(crate) fn parse_byte_order(magic: [u8; 4]) -> Option<Endian> {
    match magic {
        [0x1a, 0x2b, 0x3c, 0x4d] => Some(Endian::Big),
        [0x4d, 0x3c, 0x2b, 0x1a] => Some(Endian::Little),
        _ => None,
    }
}

impl Section {
    pub(crate) fn new(endian: Endian) -> Section {
        Section { endian, interfaces: Vec::new() }
    }

    /// Packets that the interfaces of this section said they dropped.
    pub(crate) fn dropped(&self) -> u64 {
        self.interfaces.iter().fold(0, |sum, interface| sum.saturating_add(interface.dropped))
    }

    fn u16_at(&self, body: &[u8], at: usize) -> Option<u16> {
        body.get(at..)?.first_chunk().map(|bytes| self.endian.u16(*bytes))
    }

    fn u32_at(&self, body: &[u8], at: usize) -> Option<u32> {
        body.get(at..)?.first_chunk().map(|bytes| self.endian.u32(*bytes))
    }

    fn u64_of(&self, bytes: [u8; 8]) -> u64 {
        match self.endian {
            Endian::Big => u64::from_be_bytes(bytes),
            Endian::Little => u64::from_le_bytes(bytes),
        }
    }

    /// The options behind a block's fixed fields, up to the first that is not whole.
    fn options<'b>(&self, mut rest: &'b [u8]) -> impl Iterator<Item = (u16, &'b [u8])> {
        std::iter::from_fn(move || {
            let code = self.u16_at(rest, 0)?;
            let length = usize::from(self.u16_at(rest, 2)?);
            let value = rest.get(4..4 + length)?;
            rest = rest.get(4 + length.next_multiple_of(4)..).unwrap_or_default();
            (code != 0).then_some((code, value))
        })
    }

    /// Learns an interface from the body of its description.
    pub(crate) fn add_interface(&mut self, body: &[u8]) -> Result<(), DamageKind> {
        let short = DamageKind::BlockLength { kind: INTERFACE_DESCRIPTION, length: body.len() as u32 + 12 };
        let link = LinkType(self.u16_at(body, 0).ok_or(short.clone())?);
        let snap_length = self.u32_at(body, 4).ok_or(short)?;
        let mut interface = Interface {
            link,
            snap_length,
            resolution: Resolution::Microseconds,
            offset_seconds: 0,
            dropped: 0,
        };
        for (code, value) in self.options(body.get(8..).unwrap_or_default()) {
            match (code, value) {
                (9, [byte, ..]) => interface.resolution = Resolution::parse(*byte),
                (14, value) => {
                    if let Some(bytes) = value.first_chunk() {
                        interface.offset_seconds = self.u64_of(*bytes).cast_signed();
                    }
                }
                _ => {}
            }
        }
        if self.interfaces.len() >= INTERFACES_MAX {
            return Err(DamageKind::UnknownInterface(INTERFACES_MAX as u32));
        }
        self.interfaces.push(interface);
        Ok(())
    }

    /// Learns how many packets an interface dropped, from the body of its statistics. Later counts replace earlier.
    pub(crate) fn add_statistics(&mut self, body: &[u8]) {
        let dropped = self
            .options(body.get(12..).unwrap_or_default())
            // Dropped by the interface, dropped by the operating system.
            .filter(|(code, _)| matches!(code, 5 | 7))
            .filter_map(|(_, value)| value.first_chunk().map(|bytes| self.u64_of(*bytes)))
            .fold(0, u64::saturating_add);
        let index = self.u32_at(body, 0).unwrap_or(u32::MAX) as usize;
        if let Some(interface) = self.interfaces.get_mut(index) {
            interface.dropped = dropped;
        }
    }

    /// Finds the packet in the body of a block.
    #[inline]
    pub(crate) fn parse_packet(&self, kind: u32, body: &[u8]) -> Result<Packet, DamageKind> {
        let damaged = || DamageKind::BlockLength { kind, length: body.len() as u32 + 12 };
        if kind == SIMPLE_PACKET {
            let interface = self.interfaces.first().ok_or(DamageKind::UnknownInterface(0))?;
            let length = self.u32_at(body, 0).ok_or_else(damaged)?;
            let limit = if interface.snap_length == 0 { u32::MAX } else { interface.snap_length };
            let captured = length.min(limit);
            let packet = Packet { time: None, link: interface.link, begin: 4, captured, length };
            return packet.within(body).ok_or_else(damaged);
        }
        let fields = body.first_chunk::<20>().ok_or_else(damaged)?;
        let [i0, i1, i2, i3, h0, h1, h2, h3, t0, t1, t2, t3, c0, c1, c2, c3, l0, l1, l2, l3] = *fields;
        let endian = self.endian;
        // The old packet block kept a count of drops in the second half of the field.
        let index =
            if kind == PACKET { u32::from(endian.u16([i0, i1])) } else { endian.u32([i0, i1, i2, i3]) };
        let interface = self.interfaces.get(index as usize).ok_or(DamageKind::UnknownInterface(index))?;
        let units = u64::from(endian.u32([h0, h1, h2, h3])) << 32 | u64::from(endian.u32([t0, t1, t2, t3]));
        let (seconds, nanoseconds) = interface.resolution.split(units);
        let time = i64::try_from(seconds)
            .ok()
            .and_then(|seconds| seconds.checked_add(interface.offset_seconds))
            .and_then(|seconds| Timestamp::new(seconds, nanoseconds as i32).ok())
            .ok_or(DamageKind::ImpossibleTime)?;
        let captured = endian.u32([c0, c1, c2, c3]);
        let length = endian.u32([l0, l1, l2, l3]);
        let packet = Packet { time: Some(time), link: interface.link, begin: 20, captured, length };
        packet.within(body).ok_or_else(damaged)
    }
}

impl Packet {
    /// The packet, if all of it lies within the body.
    fn within(self, body: &[u8]) -> Option<Packet> {
        let end = self.begin.checked_add(self.captured as usize)?;
        (end <= body.len()).then_some(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resolution_is_a_power_of_ten_or_of_two() {
        for (byte, units, expected) in [
            (6, 1_500_000, (1, 500_000_000)),
            (9, 1_500_000_000, (1, 500_000_000)),
            (0, 7, (7, 0)),
            (3, 1_500, (1, 500_000_000)),
            (12, 1_500_000_000_000, (1, 500_000_000)),
            (0x80 | 10, 1_536, (1, 500_000_000)),
            (0x80 | 127, u64::MAX, (0, 0)),
            (127, u64::MAX, (0, 0)),
        ] {
            assert_eq!(Resolution::parse(byte).split(units), expected, "{byte:#x}");
        }
    }
}
