//! Bytes to the parts of a connection.

use super::message::{Certificate, Choice, Client, Core, Request, Server};
use crate::ber;
use crate::cursor::Cursor;
use crate::show::{cut, escaped};
use crate::tls;
use city::Text;

/// Certificates of a chain that are read.
const CHAIN_MAX: u32 = 8;

/// Channels that a client may ask for (clause 2.2.1.3.4).
const CHANNELS_MAX: u32 = 31;

/// Reads what stands in a connection request; none if it is of another user of the transport.
pub fn parse_request(variable: &[u8]) -> Option<Request<'_>> {
    const COOKIE: &[u8] = b"Cookie: ";
    const NAME: &[u8] = b"mstshash=";
    let mut cookie: &[u8] = &[];
    let mut rest = variable;
    // A routing token or a cookie, which a line's end ends.
    if rest.starts_with(COOKIE) || rest.starts_with(b"mst") || rest.starts_with(b"tsv:") {
        let end = rest.windows(2).position(|pair| pair == b"\r\n")?;
        let line = rest.get(..end)?;
        let value = line.strip_prefix(COOKIE).unwrap_or(line);
        cookie = value.strip_prefix(NAME).unwrap_or_default();
        rest = rest.get(end + 2..)?;
    }
    // A negotiation of eight bytes, behind which correlation may follow.
    match rest {
        [] => Some(Request { cookie, flags: None }),
        [1, flags, 8, 0, _, _, _, _, ..] => Some(Request { cookie, flags: Some(*flags) }),
        _ => None,
    }
}

/// What a server that chose a security can do (clause 2.2.1.2.1).
pub fn parse_choice_flags(variable: &[u8]) -> u8 {
    match variable {
        [2, flags, 8, 0, ..] => *flags,
        _ => 0,
    }
}

/// Reads what stands in a connection confirmation.
pub fn parse_choice(variable: &[u8]) -> Choice {
    match variable {
        [2, _, 8, 0, a, b, c, d, ..] => Choice::Security(u32::from_le_bytes([*a, *b, *c, *d])),
        [3, _, 8, 0, a, b, c, d, ..] => Choice::Refused(u32::from_le_bytes([*a, *b, *c, *d])),
        _ => Choice::None,
    }
}

/// The content of an MCS message (T.125 clause 7): its tag has two bytes.
fn mcs(data: &[u8], tag: u8) -> Option<Cursor<'_>> {
    let rest = data.strip_prefix(&[0x7f, tag])?;
    let mut cursor = Cursor::new(rest);
    match ber::length(&mut cursor) {
        ber::Length::Of(length) => cursor.take(length).map(Cursor::new),
        _ => None,
    }
}

/// Finds the blocks behind a key in a GCC message (T.124 clause 8.7): `Duca` of a client, `McDn` of a server.
fn blocks<'a>(gcc: &'a [u8], key: &[u8; 4]) -> Option<Cursor<'a>> {
    // The key stands near the front, behind a few short fields.
    let place = gcc.get(..gcc.len().min(64))?.windows(4).position(|window| window == key)?;
    let mut cursor = Cursor::new(gcc.get(place + 4..)?);
    // A length in one byte or two.
    if cursor.u8()? & 0x80 != 0 {
        cursor.u8()?;
    }
    Some(cursor)
}

/// Takes one block: its type and its content.
fn block<'a>(cursor: &mut Cursor<'a>) -> Option<(u16, &'a [u8])> {
    let (kind, length) = (u16_le(cursor)?, u16_le(cursor)?);
    Some((kind, cursor.take(usize::from(length).checked_sub(4)?)?))
}

fn u16_le(cursor: &mut Cursor<'_>) -> Option<u16> {
    cursor.array().map(u16::from_le_bytes)
}

fn u32_le(cursor: &mut Cursor<'_>) -> Option<u32> {
    cursor.array().map(u32::from_le_bytes)
}

/// Reads a client's settings (clause 2.2.1.3).
pub fn parse_client(data: &[u8]) -> Option<Client> {
    let mut cursor = mcs(data, 0x65)?;
    // Two selectors, a flag, and three sets of parameters.
    for tag in [4, 4, 1, ber::SEQUENCE, ber::SEQUENCE, ber::SEQUENCE] {
        ber::take_tag(&mut cursor, tag)?;
    }
    let mut blocks = blocks(ber::take_tag(&mut cursor, 4)?, b"Duca")?;
    let mut client = Client::default();
    while let Some((kind, content)) = block(&mut blocks) {
        match kind {
            0xc001 => client.core = core(content),
            0xc003 => client.channels = channels(content),
            _ => {}
        }
    }
    Some(client)
}

/// Clause 2.2.1.3.2.
fn core(content: &[u8]) -> Option<Core> {
    let mut cursor = Cursor::new(content);
    let version = u32_le(&mut cursor)?;
    let (width, height) = (u16_le(&mut cursor)?, u16_le(&mut cursor)?);
    let first_depth = u16_le(&mut cursor);
    cursor.take(2)?;
    let (layout, build) = (u32_le(&mut cursor)?, u32_le(&mut cursor)?);
    let name = wide(cursor.take(32)?);
    let keyboard = [u32_le(&mut cursor)?, u32_le(&mut cursor)?, u32_le(&mut cursor)?];
    let input_method = wide(cursor.take(64)?);
    let depth_codes = [first_depth, None, None];
    let mut core = Core {
        width,
        height,
        layout,
        build,
        name,
        version,
        keyboard,
        input_method,
        depth_codes,
        ..Core::default()
    };
    // What follows came with later versions, piece by piece.
    let mut later = || {
        core.depth_codes = [first_depth, Some(u16_le(&mut cursor)?), None];
        core.product_id = Some(u16_le(&mut cursor)?);
        core.serial = Some(u32_le(&mut cursor)?);
        core.depth = Some(u16_le(&mut cursor)?);
        let [first, second, _] = core.depth_codes;
        core.depth_codes = [first, second, core.depth];
        cursor.take(2)?;
        core.capabilities = Some(u16_le(&mut cursor)?);
        core.wants_32 = core.capabilities.is_some_and(|bits| bits & 2 != 0);
        core.product = Some(wide(cursor.take(64)?));
        core.connection = Some(cursor.u8()?);
        let (_padding, _selected) = (cursor.u8()?, u32_le(&mut cursor)?);
        core.physical = Some([u32_le(&mut cursor)?, u32_le(&mut cursor)?]);
        core.orientation = Some(u16_le(&mut cursor)?);
        core.scales = Some([u32_le(&mut cursor)?, u32_le(&mut cursor)?]);
        Some(())
    };
    later();
    Some(core)
}

/// Text in UTF-16 up to the first NUL.
fn wide(bytes: &[u8]) -> Text {
    let end = bytes.chunks_exact(2).position(|unit| unit == [0, 0]).map_or(bytes.len(), |units| units * 2);
    crate::ntlm::utf16(bytes.get(..end).unwrap_or_default(), 128)
}

/// Clause 2.2.1.3.4.
fn channels(content: &[u8]) -> Vec<Text> {
    let mut cursor = Cursor::new(content);
    let count = u32_le(&mut cursor).unwrap_or(0).min(CHANNELS_MAX);
    let mut channels = Vec::new();
    for _ in 0..count {
        let (Some(name), Some(_)) = (cursor.take(8), cursor.take(4)) else { break };
        let end = name.iter().position(|byte| *byte == 0).unwrap_or(name.len());
        channels.push(cut(&escaped(name.get(..end).unwrap_or_default(), 32), 40));
    }
    channels
}

/// Reads a server's settings (clause 2.2.1.4).
pub fn parse_server(data: &[u8]) -> Option<Server> {
    let mut cursor = mcs(data, 0x66)?;
    for tag in [10, 2, ber::SEQUENCE] {
        ber::take_tag(&mut cursor, tag)?;
    }
    let gcc = ber::take_tag(&mut cursor, 4)?;
    let mut server = Server { result: conference(gcc), ..Server::default() };
    let Some(mut blocks) = blocks(gcc, b"McDn") else { return Some(server) };
    while let Some((kind, content)) = block(&mut blocks) {
        if kind == 0x0c02 {
            let mut cursor = Cursor::new(content);
            server.encryption = u32_le(&mut cursor).zip(u32_le(&mut cursor));
            if let Some((certificate, chain)) = certificate(cursor) {
                (server.certificate, server.chain) = (Some(certificate), chain);
            }
        }
    }
    Some(server)
}

/// What became of the conference: behind the key of T.124 and a length come a choice, a node, a tag and the result.
fn conference(gcc: &[u8]) -> Option<u8> {
    let mut cursor = Cursor::new(gcc);
    cursor.take(7)?;
    if cursor.u8()? & 0x80 != 0 {
        cursor.u8()?;
    }
    cursor.take(3)?;
    let tag_bytes = cursor.u8()?;
    cursor.take(usize::from(tag_bytes))?;
    cursor.u8()
}

/// A certificate: its head (clause 2.2.1.4.3.1), and the chain of X.509 behind it (clause 2.2.1.4.3.1.2), the owner's
/// last; the random number before it is passed over.
fn certificate(mut cursor: Cursor<'_>) -> Option<(Certificate, Vec<tls::certificate::Certificate>)> {
    let (random, length) = (u32_le(&mut cursor)?, u32_le(&mut cursor)?);
    cursor.take(usize::try_from(random).ok()?)?;
    let mut cursor = Cursor::new(cursor.take(usize::try_from(length).ok()?)?);
    let version = u32_le(&mut cursor)?;
    let kind = version & 0x7fff_ffff;
    let count = if kind == 2 { u32_le(&mut cursor)?.min(64) } else { 1 };
    let mut chain = Vec::new();
    if kind == 2 {
        for _ in 0..count.min(CHAIN_MAX) {
            let Some(bytes) = u32_le(&mut cursor)
                .and_then(|length| usize::try_from(length).ok())
                .and_then(|length| cursor.take(length))
            else {
                break;
            };
            chain.extend(tls::certificate::parse_certificate(bytes));
        }
    }
    Some((Certificate { version: kind, is_permanent: version & 0x8000_0000 == 0, count }, chain))
}
