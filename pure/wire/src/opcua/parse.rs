//! Bytes to chunks, and chunks to their headers.

use super::binary::Binary;
use super::message::{
    Chunk, Handshake, Kind, Limits, Policy, RequestHeader, ResponseHeader, Secured, Sequence,
};
use super::names::{self, SERVICE_FAULT, Service};
use super::node_id::{NodeId, parse_node_id, parse_object};
use super::status::Status;
use super::variant::parse_diagnostic;

/// Bytes of the header of every chunk.
pub const HEADER_BYTES: usize = 8;

/// The longest chunk that is taken for one. Buffers are of 64 KiB nearly everywhere; the standard sets no bound.
const SIZE_MAX: u32 = 16 << 20;

/// The longest URL that a handshake may hold (7.1.2.3).
const URL_BYTES_MAX: usize = 4_096;

/// The longest URI of a security policy (6.7.2.3).
const POLICY_BYTES_MAX: usize = 255;

/// What stands at the beginning of some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found<'a> {
    Chunk(Chunk<'a>),
    /// The beginning of a chunk; how long it is, if that is known.
    More(Option<u32>),
    /// No chunk.
    Nothing,
}

fn kind(letters: &[u8]) -> Option<Kind> {
    Some(match letters {
        b"ACK" => Kind::Acknowledge,
        b"CLO" => Kind::Close,
        b"ERR" => Kind::Error,
        b"HEL" => Kind::Hello,
        b"MSG" => Kind::Message,
        b"OPN" => Kind::Open,
        b"RHE" => Kind::ReverseHello,
        _ => return None,
    })
}

/// Reads one chunk.
pub fn parse_chunk(bytes: &[u8]) -> Found<'_> {
    let mut from = Binary::new(bytes);
    let Some([a, b, c, end]) = from.array() else {
        const STARTS: [&[u8]; 7] = [b"ACKF", b"CLOF", b"ERRF", b"HELF", b"MSG", b"OPNF", b"RHEF"];
        let begins = STARTS.iter().any(|start| start.starts_with(bytes));
        return if begins { Found::More(None) } else { Found::Nothing };
    };
    let Some(kind) = kind(&[a, b, c]) else { return Found::Nothing };
    // Only messages come in several chunks (6.7.2.2).
    if end != b'F' && !(kind == Kind::Message && matches!(end, b'C' | b'A')) {
        return Found::Nothing;
    }
    let Some(size) = from.u32() else { return Found::More(None) };
    let least = match kind {
        Kind::Acknowledge => 28,
        Kind::Hello => 32,
        Kind::Close | Kind::Error | Kind::Message | Kind::ReverseHello => 16,
        Kind::Open => 24,
    };
    if !(least..=SIZE_MAX).contains(&size) {
        return Found::Nothing;
    }
    match from.take(size as usize - HEADER_BYTES) {
        Some(body) => Found::Chunk(Chunk { kind, end, size, body }),
        None => Found::More(Some(size)),
    }
}

/// Reads what the ends agree on before anything else; `None` for chunks of a secure channel and for what does not fit.
pub fn parse_handshake<'a>(chunk: &Chunk<'a>) -> Option<Handshake<'a>> {
    let mut from = Binary::new(chunk.body);
    let read = match chunk.kind {
        Kind::Hello => Handshake::Hello { limits: limits(&mut from)?, url: from.chars()? },
        Kind::Acknowledge => Handshake::Acknowledge { limits: limits(&mut from)? },
        Kind::Error => Handshake::Error { error: Status(from.u32()?), reason: from.chars()? },
        Kind::ReverseHello => Handshake::ReverseHello { server: from.chars()?, url: from.chars()? },
        Kind::Close | Kind::Message | Kind::Open => return None,
    };
    let is_short = |url: super::binary::Chars<'_>| url.is_none_or(|url| url.len() <= URL_BYTES_MAX);
    let fits = match read {
        Handshake::Hello { url, .. } => is_short(url),
        Handshake::Error { error, reason } => error.is_bad() && is_short(reason),
        Handshake::ReverseHello { server, url } => is_short(server) && is_short(url),
        Handshake::Acknowledge { .. } => true,
    };
    (fits && from.rest().is_empty()).then_some(read)
}

fn limits(from: &mut Binary<'_>) -> Option<Limits> {
    Some(Limits {
        version: from.u32()?,
        receive: from.u32()?,
        send: from.u32()?,
        message: from.u32()?,
        chunks: from.u32()?,
    })
}

/// Reads the headers of a chunk of a secure channel.
pub fn parse_secured<'a>(chunk: &Chunk<'a>) -> Option<Secured<'a>> {
    let mut from = Binary::new(chunk.body);
    let channel = from.u32()?;
    let policy = if chunk.kind == Kind::Open {
        let policy = Policy { uri: from.chars()?, sender: from.chars()?, receiver: from.chars()? };
        if policy.uri.is_some_and(|uri| uri.len() > POLICY_BYTES_MAX || !uri.is_ascii()) {
            return None;
        }
        Some(policy)
    } else {
        // The number of the key in use.
        from.u32()?;
        None
    };
    Some(Secured { channel, policy, rest: from.rest() })
}

/// Reads the numbers of a chunk.
pub fn parse_sequence(rest: &[u8]) -> Option<(Sequence, &[u8])> {
    let mut from = Binary::new(rest);
    let sequence = Sequence { number: from.u32()?, request: from.u32()? };
    Some((sequence, from.rest()))
}

/// What a message is of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Named<'a> {
    /// The identifier by which it says so.
    pub id: NodeId<'a>,
    /// None for a fault, which may answer anything.
    pub service: Option<&'static Service>,
    pub is_request: bool,
    /// Its header and parameters.
    pub rest: &'a [u8],
}

/// Reads what a message is of. `None` if it is of nothing that the standard knows, which is what encrypted bytes look
/// like.
pub fn parse_name(body: &[u8]) -> Option<Named<'_>> {
    let mut from = Binary::new(body);
    let id = parse_node_id(&mut from)?;
    let number = id.standard().filter(|_| id.encoding <= 2)?;
    let (service, is_request) = match names::message(number) {
        Some((service, is_request)) => (Some(service), is_request),
        None if number == SERVICE_FAULT => (None, false),
        None => return None,
    };
    Some(Named { id, service, is_request, rest: from.rest() })
}

/// Reads the header of a request.
pub fn parse_request_header<'a>(from: &mut Binary<'a>) -> Option<RequestHeader<'a>> {
    Some(RequestHeader {
        session: parse_node_id(from)?,
        time: from.i64()?,
        handle: from.u32()?,
        diagnostics: from.u32()?,
        audit: from.chars()?,
        timeout: from.u32()?,
        more: parse_object(from)?,
    })
}

/// Reads the header of a reply.
pub fn parse_response_header<'a>(from: &mut Binary<'a>) -> Option<ResponseHeader<'a>> {
    Some(ResponseHeader {
        time: from.i64()?,
        handle: from.u32()?,
        result: Status(from.u32()?),
        diagnostic: parse_diagnostic(from)?,
        strings: from.list(|item| item.chars())?,
        more: parse_object(from)?,
    })
}
