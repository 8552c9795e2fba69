//! The built-in types that name things: OPC 10000-6 clause 5.2.2.

use super::binary::{Binary, Chars};
use crate::show::{VALUE_BYTES_MAX, readable};
use city::Text;
use compact_str::format_compact;
use std::fmt::Write;

/// The name of a node (5.2.2.9).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NodeId<'a> {
    /// The byte that says how it is encoded, with the flags of an expanded one.
    pub encoding: u8,
    /// The number of the namespace on this server; 0 is that of the standard.
    pub namespace: u16,
    pub identifier: Identifier<'a>,
}

/// What names a node within its namespace.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Identifier<'a> {
    Numeric(u32),
    String(Chars<'a>),
    Guid([u8; 16]),
    Opaque(Chars<'a>),
}

impl<'a> NodeId<'a> {
    /// How the identifier is encoded, without the flags.
    pub fn form(self) -> u8 {
        self.encoding & 0x3f
    }

    /// The number of a node of the standard's own namespace.
    pub fn standard(self) -> Option<u32> {
        match self.identifier {
            Identifier::Numeric(number) if self.namespace == 0 => Some(number),
            _ => None,
        }
    }

    /// Whether it names nothing.
    pub fn is_null(self) -> bool {
        self.namespace == 0 && self.is_open()
    }

    /// Whether it leaves open what it names, except perhaps the namespace.
    pub fn is_open(self) -> bool {
        match self.identifier {
            Identifier::Numeric(number) => number == 0,
            Identifier::Guid(guid) => guid == [0; 16],
            Identifier::String(chars) | Identifier::Opaque(chars) => chars.is_none_or(<[u8]>::is_empty),
        }
    }

    /// As the standard writes it (5.3.1.10): `i=85`, `ns=1;s=pump`.
    pub fn text(self) -> Text {
        let mut text = Text::default();
        // Writing to a string cannot fail.
        if self.namespace != 0 {
            let _ = write!(text, "ns={};", self.namespace);
        }
        let _ = match self.identifier {
            Identifier::Numeric(number) => write!(text, "i={number}"),
            Identifier::String(chars) => write!(text, "s={}", shown(chars)),
            Identifier::Guid(guid) => write!(text, "g={}", guid_text(guid)),
            Identifier::Opaque(chars) => write!(text, "b={}", base64(chars.unwrap_or_default())),
        };
        text
    }
}

/// A name of a node that may be on another server (5.2.2.10).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ExpandedNodeId<'a> {
    pub node: NodeId<'a>,
    pub uri: Chars<'a>,
    pub server: Option<u32>,
}

/// A name within a namespace (5.2.2.13).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct QualifiedName<'a> {
    pub namespace: u16,
    pub name: Chars<'a>,
}

/// Text in a language (5.2.2.14).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LocalizedText<'a> {
    pub mask: u8,
    pub locale: Chars<'a>,
    pub text: Chars<'a>,
}

/// A structure with the name of its type before it (5.2.2.15).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ExtensionObject<'a> {
    pub type_id: NodeId<'a>,
    /// 0 without a body, 1 binary, 2 XML.
    pub encoding: u8,
    pub body: &'a [u8],
}

/// Reads the name of a node.
pub fn parse_node_id<'a>(from: &mut Binary<'a>) -> Option<NodeId<'a>> {
    let encoding = from.u8()?;
    let (namespace, identifier) = match encoding & 0x3f {
        0 => (0, Identifier::Numeric(u32::from(from.u8()?))),
        1 => (u16::from(from.u8()?), Identifier::Numeric(u32::from(from.u16()?))),
        2 => (from.u16()?, Identifier::Numeric(from.u32()?)),
        3 => (from.u16()?, Identifier::String(from.chars()?)),
        4 => (from.u16()?, Identifier::Guid(from.array()?)),
        5 => (from.u16()?, Identifier::Opaque(from.chars()?)),
        _ => return None,
    };
    Some(NodeId { encoding, namespace, identifier })
}

/// Reads the name of a node that may be on another server.
pub fn parse_expanded<'a>(from: &mut Binary<'a>) -> Option<ExpandedNodeId<'a>> {
    let node = parse_node_id(from)?;
    let uri = if node.encoding & 0x80 != 0 { from.chars()? } else { None };
    let server = if node.encoding & 0x40 != 0 { Some(from.u32()?) } else { None };
    Some(ExpandedNodeId { node, uri, server })
}

/// Reads a name within a namespace.
pub fn parse_qualified<'a>(from: &mut Binary<'a>) -> Option<QualifiedName<'a>> {
    Some(QualifiedName { namespace: from.u16()?, name: from.chars()? })
}

/// Reads text in a language.
pub fn parse_localized<'a>(from: &mut Binary<'a>) -> Option<LocalizedText<'a>> {
    let mask = from.u8()?;
    let locale = if mask & 1 != 0 { from.chars()? } else { None };
    let text = if mask & 2 != 0 { from.chars()? } else { None };
    Some(LocalizedText { mask, locale, text })
}

/// Reads a structure with the name of its type.
pub fn parse_object<'a>(from: &mut Binary<'a>) -> Option<ExtensionObject<'a>> {
    let (type_id, encoding) = (parse_node_id(from)?, from.u8()?);
    let body = match encoding {
        0 => &[],
        1 | 2 => from.chars()?.unwrap_or_default(),
        _ => return None,
    };
    Some(ExtensionObject { type_id, encoding, body })
}

/// Text for people, of bounded length.
pub fn shown(chars: Chars<'_>) -> Text {
    readable(chars.unwrap_or_default(), VALUE_BYTES_MAX)
}

/// A GUID as people write it: its first three parts are little-endian numbers.
pub fn guid_text(guid: [u8; 16]) -> Text {
    let [a, b, c, d, e, f, g, h, tail @ ..] = guid;
    let mut text = format_compact!(
        "{:08x}-{:04x}-{:04x}-",
        u32::from_le_bytes([a, b, c, d]),
        u16::from_le_bytes([e, f]),
        u16::from_le_bytes([g, h])
    );
    for (place, byte) in tail.iter().enumerate() {
        let _ = write!(text, "{}{byte:02x}", if place == 2 { "-" } else { "" });
    }
    text
}

/// Bytes in base 64 (RFC 4648 clause 4), of bounded length.
fn base64(bytes: &[u8]) -> Text {
    const SIGNS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = Text::default();
    let kept = bytes.get(..VALUE_BYTES_MAX / 4 * 3).unwrap_or(bytes);
    for piece in kept.chunks(3) {
        let bits = (0..3).fold(0, |bits, place| bits << 8 | piece.get(place).map_or(0, |b| u32::from(*b)));
        for place in 0..4 {
            let sign = SIGNS.get((bits >> (18 - 6 * place) & 63) as usize).copied().unwrap_or(b'=');
            text.push(if place <= piece.len() { char::from(sign) } else { '=' });
        }
    }
    if kept.len() < bytes.len() {
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rehearse::hex;

    #[test]
    fn nodes_are_written_as_the_standard_does() {
        // The last two are the examples of 5.2.2.9, figures 7 and 8.
        for (bytes, text) in [
            ("00 55", "i=85"),
            ("01 01 35d2", "ns=1;i=53813"),
            ("02 0200 ec030000", "ns=2;i=1004"),
            ("04 0100 39121615 46f3 6d34 fecf fcbfbacb4c14", "ns=1;g=15161239-f346-346d-fecf-fcbfbacb4c14"),
            ("05 0400 02000000 4d61", "ns=4;b=TWE="),
            ("03 0100 06000000 486f74e6b0b4", "ns=1;s=Hot水"),
            ("01 05 0104", "ns=5;i=1025"),
        ] {
            let bytes = hex(bytes);
            let mut from = Binary::new(&bytes);
            assert_eq!(parse_node_id(&mut from).unwrap().text(), text);
            assert!(from.rest().is_empty());
        }
        assert_eq!(parse_node_id(&mut Binary::new(&[6, 0, 0])), None);
    }
}
