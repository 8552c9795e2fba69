//! Google's QUIC before it was a standard, versions Q039 to Q046: the client's hello, which is not encrypted. Written
//! from Google's "QUIC Wire Layout Specification" and "QUIC Crypto".

use crate::cursor::Cursor;
use crate::show::escaped;
use city::Text;

/// The most tags that are read of a hello; Chrome's have some twenty-five.
const TAGS_MAX: usize = 128;

/// The longest text told.
const TEXT_MAX: usize = 1_024;

/// A client's hello.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hello {
    /// The version's number: 46 of `Q046`.
    pub version: u32,
    /// The names of its fields in their order, without their filling.
    pub tags: Vec<String>,
    /// The server that is meant.
    pub server_name: Option<Text>,
    /// The software.
    pub user_agent: Option<Text>,
}

/// The number of a version, if it is one that is read.
fn version(name: &[u8]) -> Option<u32> {
    let [b'Q', b'0', ten @ b'3'..=b'4', one @ b'0'..=b'9'] = *name else { return None };
    Some(u32::from(ten - b'0') * 10 + u32::from(one - b'0')).filter(|number| (39..=46).contains(number))
}

/// Whether a datagram is of one of these versions: it names it.
pub fn is_of(datagram: &[u8]) -> bool {
    head(&mut Cursor::new(datagram)).is_some()
}

/// Takes the head of a packet that names its version; gives the version.
fn head(cursor: &mut Cursor<'_>) -> Option<u32> {
    let first = cursor.u8()?;
    if first & 0x80 != 0 {
        let version = version(cursor.take(4)?)?;
        // How long the two identifiers are, each less three, or 0 for none.
        let lengths = cursor.u8()?;
        for length in [lengths >> 4, lengths & 0xf] {
            cursor.take(if length == 0 { 0 } else { usize::from(length) + 3 })?;
        }
        // Q044 has four bytes of number, later ones say how many.
        cursor.take(if version == 44 { 4 } else { usize::from(first & 3) + 1 })?;
        return Some(version);
    }
    // The public header: it has a version, no reset, and an identifier of eight bytes or none.
    if first & 0x43 != 1 {
        return None;
    }
    if first & 8 != 0 {
        cursor.take(8)?;
    }
    let version = version(cursor.take(4)?).filter(|version| *version < 44)?;
    cursor.take([1, 2, 4, 6].get(usize::from(first >> 4 & 3)).copied()?)?;
    Some(version)
}

/// Reads the hello in a datagram.
pub fn parse_hello(datagram: &[u8]) -> Option<Hello> {
    let mut cursor = Cursor::new(datagram);
    let version = head(&mut cursor)?;
    // What packets are protected with before there are keys: a checksum.
    cursor.take(12)?;
    // A hello's frame is the first, and is of a stream.
    let kind = cursor.u8().filter(|kind| kind & 0x80 != 0)?;
    let stream = parse_stream(kind, &mut cursor)?;
    let mut message = Cursor::new(stream);
    if message.take(4)? != b"CHLO" {
        return None;
    }
    let mut small = || Some(u16::from_le_bytes(message.array()?));
    let count = usize::from(small()?);
    let _padding = small()?;
    let mut ends = Vec::new();
    for _ in 0..count.min(TAGS_MAX) {
        let tag: [u8; 4] = message.array()?;
        ends.push((tag, u32::from_le_bytes(message.array()?)));
    }
    let values = message.rest();
    let mut hello = Hello { version, tags: Vec::new(), server_name: None, user_agent: None };
    let mut start = 0_usize;
    for (tag, end) in ends {
        let end = usize::try_from(end).ok()?;
        // The end of the last may be in another packet.
        let value = values.get(start..end).map(|value| escaped(value, TEXT_MAX));
        start = end;
        match &tag {
            b"SNI\0" => hello.server_name = value,
            b"UAID" => hello.user_agent = value,
            _ => {}
        }
        let name = tag.iter().filter(|byte| byte.is_ascii_graphic()).map(|byte| char::from(*byte));
        hello.tags.push(name.collect());
    }
    Some(hello)
}

/// The content of a frame of a stream, of which the type is `1fdooossS`.
fn parse_stream<'a>(kind: u8, cursor: &mut Cursor<'a>) -> Option<&'a [u8]> {
    cursor.take(usize::from(kind & 3) + 1)?;
    // No bytes of offset, or two to eight.
    let offset = usize::from(kind >> 2 & 7);
    cursor.take(if offset == 0 { 0 } else { offset + 1 })?;
    if kind & 0x20 == 0 {
        return Some(cursor.rest());
    }
    let length = usize::from(cursor.u16()?);
    cursor.take(length.min(cursor.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rehearse::hex;

    /// A hello with two fields, in a packet of Q046.
    fn packet() -> Vec<u8> {
        [
            &hex("c3 51303436 50 0102030405060708 00000001 000000000000000000000000 a0 01 0025")[..],
            b"CHLO",
            &hex("0200 0000 534e4900 0a000000 55414944 0d000000"),
            b"lamp.local",
            b"Pum",
        ]
        .concat()
    }

    #[test]
    fn a_hello_has_names_in_their_order() {
        let hello = parse_hello(&packet()).unwrap();
        assert_eq!((hello.version, hello.tags.join("-")), (46, "SNI-UAID".into()));
        assert_eq!(hello.server_name.unwrap(), "lamp.local");
        assert_eq!(hello.user_agent.unwrap(), "Pum");
        for cut in 0..packet().len() {
            parse_hello(&packet()[..cut]);
        }
        let old = [&hex("09 0102030405060708 51303433 01")[..], &packet()[18..]].concat();
        assert_eq!(parse_hello(&old).unwrap().version, 43);
        assert!(is_of(&old) && !is_of(&old[1..]));
    }
}
