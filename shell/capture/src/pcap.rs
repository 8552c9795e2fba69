//! The pcap format: a file header, then packets one after another (draft-ietf-opsawg-pcap).

use jiff::Timestamp;
use wire::LinkType;

/// How the numbers of a file are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Endian {
    Big,
    Little,
}

impl Endian {
    #[inline]
    pub(crate) fn u16(self, bytes: [u8; 2]) -> u16 {
        match self {
            Endian::Big => u16::from_be_bytes(bytes),
            Endian::Little => u16::from_le_bytes(bytes),
        }
    }

    #[inline]
    pub(crate) fn u32(self, bytes: [u8; 4]) -> u32 {
        match self {
            Endian::Big => u32::from_be_bytes(bytes),
            Endian::Little => u32::from_le_bytes(bytes),
        }
    }
}

/// What a file header says of the packets behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) endian: Endian,
    /// Nanoseconds in one unit of the fraction of a second.
    pub(crate) nanoseconds: u32,
    /// Bytes before the first packet.
    pub(crate) header_bytes: usize,
    /// Bytes of a packet's own header.
    pub(crate) record_header_bytes: usize,
    pub(crate) version: (u16, u16),
    pub(crate) link: LinkType,
}

/// A packet's own header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) seconds: u32,
    /// In units of the file's resolution.
    pub(crate) fraction: u32,
    pub(crate) captured: u32,
    pub(crate) length: u32,
}

/// Bytes of the file header common to all variants.
pub(crate) const HEADER_BYTES: usize = 24;

/// Reads a file header. `None` if it is not one.
pub(crate) fn parse_header(bytes: &[u8; HEADER_BYTES]) -> Option<Header> {
    let [m0, m1, m2, m3, v0, v1, v2, v3, .., l0, l1, l2, l3] = *bytes;
    let magic = [m0, m1, m2, m3];
    let (endian, number) = [Endian::Big, Endian::Little]
        .into_iter()
        .map(|endian| (endian, endian.u32(magic)))
        .find(|(_, number)| (number >> 16) == 0xa1b2 || (number >> 16) == 0x1c00)?;
    // The variants: standard, nanoseconds, Kuznetsov's patch with eight more bytes a packet, and two of Ixia's
    // with four more bytes in the file header.
    let (nanoseconds, header_bytes, record_header_bytes) = match number {
        0xa1b2_c3d4 => (1_000, 24, 16),
        0xa1b2_3c4d => (1, 24, 16),
        0xa1b2_cd34 => (1_000, 24, 24),
        0x1c00_01ac => (1, 28, 16),
        0x1c00_01ab => (1_000, 28, 16),
        _ => return None,
    };
    // The upper half of the last field holds flags about frame check sequences.
    let link = LinkType((endian.u32([l0, l1, l2, l3]) & 0xffff) as u16);
    let version = (endian.u16([v0, v1]), endian.u16([v2, v3]));
    Some(Header { endian, nanoseconds, header_bytes, record_header_bytes, version, link })
}

impl Header {
    /// Whether the version is one that was ever written.
    pub(crate) fn is_readable(&self) -> bool {
        let (major, minor) = self.version;
        major == 2 && minor <= 4
    }

    /// Reads a packet's own header.
    #[inline]
    pub(crate) fn parse_record(&self, bytes: &[u8; 16]) -> Record {
        let [s0, s1, s2, s3, f0, f1, f2, f3, c0, c1, c2, c3, l0, l1, l2, l3] = *bytes;
        let field = |bytes| self.endian.u32(bytes);
        let mut captured = field([c0, c1, c2, c3]);
        let mut length = field([l0, l1, l2, l3]);
        // Before 2.3 the two lengths stood the other way round; in 2.3 itself both orders were written.
        let (_, minor) = self.version;
        if minor < 3 || (minor == 3 && captured > length) {
            std::mem::swap(&mut captured, &mut length);
        }
        Record { seconds: field([s0, s1, s2, s3]), fraction: field([f0, f1, f2, f3]), captured, length }
    }

    /// When a packet was captured. A fraction of more than a second, which some tools write, counts as it stands.
    #[inline]
    pub(crate) fn time(&self, record: &Record) -> Option<Timestamp> {
        let nanoseconds = u64::from(record.fraction) * u64::from(self.nanoseconds);
        let seconds = i64::from(record.seconds) + (nanoseconds / 1_000_000_000) as i64;
        Timestamp::new(seconds, (nanoseconds % 1_000_000_000) as i32).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(magic: u32, minor: u16, endian: Endian) -> Option<Header> {
        let mut bytes: [u8; HEADER_BYTES] = [0; HEADER_BYTES];
        bytes[..4].copy_from_slice(&magic.to_be_bytes());
        bytes[4..6].copy_from_slice(&2_u16.to_be_bytes());
        bytes[6..8].copy_from_slice(&minor.to_be_bytes());
        bytes[20..].copy_from_slice(&0x0400_0071_u32.to_be_bytes());
        if endian == Endian::Little {
            for field in [0..4, 4..6, 6..8, 20..24] {
                bytes[field].reverse();
            }
        }
        parse_header(&bytes)
    }

    #[test]
    fn every_variant_is_told_by_its_first_bytes() {
        for endian in [Endian::Big, Endian::Little] {
            for (magic, nanoseconds, file, record) in [
                (0xa1b2_c3d4, 1_000, 24, 16),
                (0xa1b2_3c4d, 1, 24, 16),
                (0xa1b2_cd34, 1_000, 24, 24),
                (0x1c00_01ac, 1, 28, 16),
            ] {
                let header = header(magic, 4, endian).unwrap();
                assert_eq!(header.endian, endian);
                assert_eq!(
                    (header.nanoseconds, header.header_bytes, header.record_header_bytes),
                    (nanoseconds, file, record)
                );
                assert_eq!(header.link, LinkType(113));
                assert!(header.is_readable());
            }
            assert_eq!(header(0xa1b2_0000, 4, endian), None);
        }
    }

    #[test]
    fn old_versions_give_the_lengths_the_other_way_round() {
        let mut bytes = [0; 16];
        bytes[8..12].copy_from_slice(&900_u32.to_le_bytes());
        bytes[12..16].copy_from_slice(&60_u32.to_le_bytes());
        for (minor, captured, length) in [(2, 60, 900), (3, 60, 900), (4, 900, 60)] {
            let record = header(0xa1b2_c3d4, minor, Endian::Little).unwrap().parse_record(&bytes);
            assert_eq!((record.captured, record.length), (captured, length), "version 2.{minor}");
        }
    }

    #[test]
    fn a_fraction_beyond_a_second_carries_over() {
        let record = Record { seconds: 10, fraction: 2_500_000, captured: 0, length: 0 };
        let time = header(0xa1b2_c3d4, 4, Endian::Little).unwrap().time(&record).unwrap();
        assert_eq!(time, Timestamp::new(12, 500_000_000).unwrap());
    }
}
