//! Paths: which object, attribute, tag or module is meant (volume 1 appendix C-1, padded form).

use crate::cursor::Cursor;
use crate::show::{VALUE_BYTES_MAX, escaped};
use city::Text;
use std::fmt::Write;

/// One segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Segment<'a> {
    /// Out of a port, to a link address behind it.
    Port {
        link: &'a [u8],
    },
    Logical {
        kind: u8,
        value: u32,
    },
    /// The device that is expected there.
    Key,
    /// A name.
    Symbol(&'a [u8]),
    /// Data for the object, such as its configuration.
    Data(&'a [u8]),
    /// Timing, which no target needs.
    Network,
}

/// The kinds of logical segment that matter here (C-1.4.2).
const CLASS: u8 = 0;
const INSTANCE: u8 = 1;
const MEMBER: u8 = 2;
const CONNECTION_POINT: u8 = 3;
const ATTRIBUTE: u8 = 4;

/// What a path leads to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Path {
    pub class: Option<u32>,
    pub instance: Option<u32>,
    pub attribute: Option<u32>,
    /// A tag, with its members and the numbers of its elements: `Program:Main.Level[3]`.
    pub symbol: Text,
    /// How many bytes of configuration it brings along.
    pub configuration: usize,
    /// The first and the last connection point, of a path that opens a connection.
    pub points: Option<(u32, u32)>,
    /// How many links are crossed.
    pub hops: u32,
    /// The link address of the last hop, where it is a number: a slot.
    pub slot: Option<u32>,
    /// Whether the whole path was understood.
    pub whole: bool,
}

/// Reads a path. What comes after a segment that cannot be read is left alone.
pub fn parse_path(bytes: &[u8]) -> Path {
    let mut path = Path::default();
    let mut cursor = Cursor::new(bytes);
    while !cursor.is_empty() {
        let Some(segment) = parse_segment(&mut cursor) else { return path };
        path.add(segment);
    }
    path.whole = true;
    path
}

fn parse_segment<'a>(cursor: &mut Cursor<'a>) -> Option<Segment<'a>> {
    let head = cursor.u8()?;
    Some(match head >> 5 {
        0 => {
            let length = if head & 0x10 == 0 { 1 } else { usize::from(cursor.u8()?) };
            // Port 15 means that the port's number follows.
            if head & 0x0f == 0x0f {
                cursor.take(2)?;
            }
            let link = cursor.take(length)?;
            if head & 0x10 != 0 && length % 2 == 1 {
                cursor.take(1)?;
            }
            Segment::Port { link }
        }
        1 => logical(head, cursor)?,
        2 => {
            match head {
                0x50..=0x5f => {
                    let words = usize::from(cursor.u8()?);
                    cursor.take(words * 2)?;
                }
                _ => {
                    cursor.take(1)?;
                }
            }
            Segment::Network
        }
        // The old form of a name: its length stands in the head (C-1.4.4).
        3 if head & 0x1f != 0 => padded(usize::from(head & 0x1f), 1, cursor)?,
        4 if head == 0x91 => {
            let length = usize::from(cursor.u8()?);
            padded(length, 0, cursor)?
        }
        4 if head == 0x80 => {
            let words = usize::from(cursor.u8()?);
            Segment::Data(cursor.take(words * 2)?)
        }
        _ => return None,
    })
}

/// A name, with the byte that makes the segment even.
fn padded<'a>(length: usize, odd: usize, cursor: &mut Cursor<'a>) -> Option<Segment<'a>> {
    let name = cursor.take(length)?;
    if (length + odd) % 2 == 1 {
        cursor.take(1)?;
    }
    Some(Segment::Symbol(name))
}

fn logical<'a>(head: u8, cursor: &mut Cursor<'a>) -> Option<Segment<'a>> {
    let (kind, format) = (head >> 2 & 7, head & 3);
    if kind == 5 {
        // An electronic key: its format, and the eight bytes of format 4 (C-1.4.2.3).
        let format = cursor.u8()?;
        cursor.take(if format == 5 { 12 } else { 8 })?;
        return Some(Segment::Key);
    }
    let value = match format {
        0 => u32::from(cursor.u8()?),
        1 => {
            cursor.take(1)?;
            u32::from(u16::from_le_bytes(cursor.array()?))
        }
        2 => {
            cursor.take(1)?;
            u32::from_le_bytes(cursor.array()?)
        }
        _ => return None,
    };
    Some(Segment::Logical { kind, value })
}

impl Path {
    fn add(&mut self, segment: Segment<'_>) {
        match segment {
            Segment::Port { link } => {
                self.hops = self.hops.saturating_add(1);
                self.slot = match link {
                    [slot] => Some(u32::from(*slot)),
                    _ => None,
                };
            }
            Segment::Logical { kind, value } => self.add_logical(kind, value),
            Segment::Symbol(name) => {
                if !self.symbol.is_empty() {
                    self.symbol.push('.');
                }
                if self.symbol.len() < VALUE_BYTES_MAX {
                    self.symbol.push_str(&escaped(name, VALUE_BYTES_MAX));
                }
            }
            Segment::Data(data) => self.configuration += data.len(),
            Segment::Key | Segment::Network => {}
        }
    }

    fn add_logical(&mut self, kind: u8, value: u32) {
        match kind {
            // A path that opens a connection may name several objects; the first is what it is about.
            CLASS => {
                self.class.get_or_insert(value);
            }
            INSTANCE => {
                self.instance.get_or_insert(value);
            }
            ATTRIBUTE => {
                self.attribute.get_or_insert(value);
            }
            MEMBER if self.symbol.len() < VALUE_BYTES_MAX => {
                // Writing to a string cannot fail.
                let _ = write!(self.symbol, "[{value}]");
            }
            CONNECTION_POINT => {
                let first = self.points.map_or(value, |(first, _)| first);
                self.points = Some((first, value));
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rehearse::hex;

    fn path(bytes: &str) -> Path {
        let path = parse_path(&hex(bytes));
        assert!(path.whole, "{bytes}");
        path
    }

    #[test]
    fn objects_are_found_whatever_the_width_of_their_numbers() {
        let identity = path("2001 2401 3007");
        assert_eq!((identity.class, identity.instance, identity.attribute), (Some(1), Some(1), Some(7)));
        let wide = path("2100 6b00 2500 2024");
        assert_eq!((wide.class, wide.instance), (Some(0x6b), Some(0x2420)));
        assert_eq!(path("2600 0000 0001").instance, Some(0x0100_0000));
    }

    #[test]
    fn tags_are_written_as_their_programs_write_them() {
        assert_eq!(path("9105 5461 6e6b 3100").symbol, "Tank1");
        assert_eq!(
            path("910c 5072 6f67 7261 6d3a 4d61 696e 9105 4c65 7665 6c00 2803").symbol,
            "Program:Main.Level[3]"
        );
        assert_eq!(path("6354 616e").symbol, "Tan");
    }

    #[test]
    fn a_route_ends_in_a_slot() {
        assert_eq!((path("0102").hops, path("0102").slot), (1, Some(2)));
        // Out of port 2 to an address that is text, then over a backplane to slot 0.
        let far = path("120b 3139 322e 302e 322e 3230 3000 0100");
        assert_eq!((far.hops, far.slot), (2, Some(0)));
    }

    #[test]
    fn a_path_that_opens_a_connection_keeps_its_points_and_its_configuration() {
        let opened = path("3404 0000 0000 0000 0000 2004 2466 2c64 2c65 8002 0102 0304");
        assert_eq!((opened.class, opened.instance, opened.points), (Some(4), Some(0x66), Some((0x64, 0x65))));
        assert_eq!(opened.configuration, 4);
    }

    #[test]
    fn what_cannot_be_read_ends_the_path() {
        for bytes in ["20", "21", "ff", "9105 5461", "0f01", "3404 00"] {
            assert!(!parse_path(&hex(bytes)).whole, "{bytes}");
        }
    }
}
