//! Bytes to HART-IP messages, and to the frames and commands in them.

use super::message::{
    AuditHead, AuditLog, Command, Delimiter, Direct, Id, Kind, Message, Session, TokenPassing,
};
use crate::cursor::Cursor;

/// Bytes of the header.
pub const HEADER_BYTES: usize = 8;

/// How far some bytes may be trusted to be a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fit {
    No,
    /// A header and a body that do not contradict each other.
    Plain,
    /// A body whose structure would hardly come about by chance.
    Distinct,
}

/// What stands at the beginning of some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found<'a> {
    /// A message, and how many bytes it takes.
    Message(Message<'a>, usize),
    /// The beginning of a message.
    More,
    /// No header.
    Nothing,
}

/// Reads one message with its header.
pub fn parse_message(bytes: &[u8]) -> Found<'_> {
    let known = |place: usize, fits: fn(u8) -> bool| bytes.get(place).is_none_or(|byte| fits(*byte));
    if !known(0, |version| matches!(version, 1 | 2)) || !known(1, |kind| matches!(kind & 0x0f, 0..=3 | 15)) {
        return Found::Nothing;
    }
    let mut cursor = Cursor::new(bytes);
    let Some([version, kind, id, status]) = cursor.array() else { return Found::More };
    let (Some(sequence), Some(length)) = (cursor.u16(), cursor.u16()) else { return Found::More };
    let Some(count) = usize::from(length).checked_sub(HEADER_BYTES) else { return Found::Nothing };
    let Some(body) = cursor.take(count) else { return Found::More };
    let (reserved, kind) = (kind >> 4, Kind(kind & 0x0f));
    let message = Message { version, reserved, kind, id: Id(id), status, sequence, length, body };
    Found::Message(message, usize::from(length))
}

/// Whether a message is what it seems to be.
pub fn fit(message: &Message<'_>) -> Fit {
    let Message { version: 1 | 2, reserved: 0, kind, id, status: 0..=64, body, .. } = message else {
        return Fit::No;
    };
    if *kind == Kind::REQUEST && message.status != 0 {
        return Fit::No;
    }
    match *id {
        Id::SESSION_INITIATE => match body {
            [0 | 1, _, _, _, _] if matches!(*kind, Kind::REQUEST | Kind::RESPONSE) => Fit::Distinct,
            _ => Fit::No,
        },
        Id::SESSION_CLOSE | Id::KEEP_ALIVE if body.is_empty() && *kind != Kind::PUBLISH => Fit::Plain,
        Id::TOKEN_PASSING => match parse_token_passing(body) {
            Some(frame) if frame.is_sound && matches!(frame.delimiter.frame(), 1 | 2 | 6) => Fit::Distinct,
            _ => Fit::No,
        },
        Id::DIRECT => {
            let response = *kind != Kind::REQUEST;
            match parse_direct(body) {
                Some(direct) if is_whole(direct.commands, response) => Fit::Plain,
                _ => Fit::No,
            }
        }
        Id::READ_AUDIT_LOG => match *kind {
            Kind::REQUEST if body.len() == 2 => Fit::Plain,
            Kind::RESPONSE if parse_audit_log(body, true).is_some_and(|log| log.head.is_some()) => Fit::Plain,
            _ => Fit::No,
        },
        _ => Fit::No,
    }
}

/// Whether commands fill a direct PDU exactly.
fn is_whole(commands: &[u8], response: bool) -> bool {
    let mut cursor = Cursor::new(commands);
    while !cursor.is_empty() {
        if next_command(&mut cursor, response).is_none() {
            return false;
        }
    }
    !commands.is_empty()
}

/// Reads a frame of the token-passing data link layer. Bytes behind it are left alone.
pub fn parse_token_passing(body: &[u8]) -> Option<TokenPassing<'_>> {
    let mut cursor = Cursor::new(body);
    let delimiter = Delimiter(cursor.u8()?);
    let address = cursor.take(if delimiter.is_unique() { 5 } else { 1 })?;
    cursor.take(usize::from(delimiter.expansion()))?;
    let (command, count) = (cursor.u8()?, cursor.u8()?);
    let mut data = Cursor::new(cursor.take(usize::from(count))?);
    let before = body.len() - cursor.len();
    let check = cursor.u8()?;
    let is_sound = body.iter().take(before).fold(0, |sum, byte| sum ^ byte) == check;
    let status = if delimiter.is_from_device() { Some((data.u8()?, data.u8()?)) } else { None };
    Some(TokenPassing { delimiter, address, command, count, status, data: data.rest(), check, is_sound })
}

/// Reads the head of a direct PDU.
pub fn parse_direct(body: &[u8]) -> Option<Direct<'_>> {
    let mut cursor = Cursor::new(body);
    let (device_status, extended_status) = (cursor.u8()?, cursor.u8()?);
    Some(Direct { device_status, extended_status, commands: cursor.rest() })
}

/// The commands of a direct PDU, as far as they are whole.
pub fn commands(bytes: &[u8], response: bool) -> impl Iterator<Item = Command<'_>> {
    let mut cursor = Cursor::new(bytes);
    std::iter::from_fn(move || next_command(&mut cursor, response))
}

fn next_command<'a>(cursor: &mut Cursor<'a>, response: bool) -> Option<Command<'a>> {
    let (number, count) = (cursor.u16()?, cursor.u8()?);
    let mut data = Cursor::new(cursor.take(usize::from(count))?);
    let code = if response { Some(data.u8()?) } else { None };
    Some(Command { number, count, code, data: data.rest() })
}

/// Reads what was asked of an audit log, or what it holds.
pub fn parse_audit_log(body: &[u8], response: bool) -> Option<AuditLog<'_>> {
    let mut cursor = Cursor::new(body);
    let (start, count) = (cursor.u8()?, cursor.u8()?);
    let head = if response { parse_audit_head(&mut cursor) } else { None };
    Some(AuditLog { start, count, head, records: cursor.rest() })
}

fn parse_audit_head(cursor: &mut Cursor<'_>) -> Option<AuditHead> {
    Some(AuditHead {
        power_up: cursor.unsigned(8)?,
        last_security_change: cursor.unsigned(8)?,
        server_status: cursor.u16()?,
        record_size: cursor.u16()?,
    })
}

/// The sessions of an audit log.
pub fn sessions<'a>(log: &AuditLog<'a>) -> impl Iterator<Item = Session> + use<'a> {
    let size = log.head.map_or(0, |head| usize::from(head.record_size)).max(1);
    let (records, count) = (log.records, usize::from(log.count));
    records.chunks_exact(size).take(count).map_while(parse_session)
}

fn parse_session(record: &[u8]) -> Option<Session> {
    let mut cursor = Cursor::new(record);
    Some(Session {
        client_v4: cursor.array()?,
        client_v6: cursor.array()?,
        client_port: cursor.u16()?,
        server_port: cursor.u16()?,
        connected: cursor.unsigned(8)?,
        disconnected: cursor.unsigned(8)?,
        summary: cursor.u16()?,
        first_configuration: cursor.u16()?,
        last_configuration: cursor.u16()?,
        published: cursor.u32()?,
        requests: cursor.u32()?,
        responses: cursor.u32()?,
    })
}
