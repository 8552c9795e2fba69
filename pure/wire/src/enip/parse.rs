//! Bytes to EtherNet/IP messages.

use super::message::{Command, HEADER_BYTES, Header, Item, Message, status_name};
use crate::cip::Identity;
use crate::cursor::Cursor;
use std::net::Ipv4Addr;

/// Items in a message at most. The standard needs four.
const ITEMS_MAX: u16 = 16;

/// What stands at the beginning of some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found<'a> {
    /// A message.
    Message(Message<'a>),
    /// The beginning of one.
    More,
    /// None.
    Nothing,
}

fn word(cursor: &mut Cursor<'_>) -> Option<u16> {
    cursor.array().map(u16::from_le_bytes)
}

fn double_word(cursor: &mut Cursor<'_>) -> Option<u32> {
    cursor.array().map(u32::from_le_bytes)
}

/// Reads a header, of a command that the standard has.
pub fn parse_header(bytes: &[u8]) -> Option<Header> {
    let mut cursor = Cursor::new(bytes);
    let header = Header {
        command: Command(word(&mut cursor)?),
        length: word(&mut cursor)?,
        session: double_word(&mut cursor)?,
        status: double_word(&mut cursor)?,
        context: cursor.array().map(u64::from_be_bytes)?,
        options: double_word(&mut cursor)?,
    };
    header.command.name().map(|_| header)
}

/// Reads one message.
pub fn parse_message(bytes: &[u8]) -> Found<'_> {
    let Some(header) = parse_header(bytes) else {
        let known = |[low, high]: [u8; 2]| Command(u16::from_le_bytes([low, high])).name().is_some();
        let begins = bytes.first_chunk::<2>().is_none_or(|head| known(*head));
        return if bytes.len() < HEADER_BYTES && begins { Found::More } else { Found::Nothing };
    };
    let end = HEADER_BYTES + usize::from(header.length);
    match bytes.get(HEADER_BYTES..end) {
        Some(data) => Found::Message(Message { header, data }),
        None => Found::More,
    }
}

/// Whether a header, with as much of its data as is there, is nothing else by chance.
pub fn is_plausible(header: &Header, data: &[u8]) -> bool {
    if header.options != 0 || status_name(header.status).is_none() {
        return false;
    }
    let whole = data.len() >= usize::from(header.length);
    let length = header.length;
    match header.command {
        Command::NOP => false,
        command if command.is_list() => {
            if length == 0 {
                header.session == 0
            } else {
                length >= 6 && header.status == 0 && (!whole || parse_items(data).is_some())
            }
        }
        // The version of the protocol is 1; options there are none.
        Command::REGISTER_SESSION => length == 4 && (!whole || data.starts_with(&[1, 0, 0, 0])),
        Command::UNREGISTER_SESSION => length == 0 && header.session != 0 && header.status == 0,
        Command::SEND_RR_DATA | Command::SEND_UNIT_DATA => {
            if length == 0 {
                return header.status != 0;
            }
            header.session != 0
                && length >= 16
                && data.iter().zip([0; 4]).all(|(byte, zero)| *byte == zero)
                && (!whole || parse_carried(data).is_some())
        }
        _ => false,
    }
}

/// The items of what is sent with interface 0, CIP: behind the interface and the time-out (clause 2-4.7).
pub fn parse_carried(data: &[u8]) -> Option<impl Iterator<Item = Item<'_>> + Clone> {
    let mut cursor = Cursor::new(data);
    let (interface, _time_out) = (double_word(&mut cursor)?, word(&mut cursor)?);
    if interface != 0 {
        return None;
    }
    parse_items(cursor.rest())
}

/// Reads the items of the common packet format, which must fill the bytes (clause 2-6).
pub fn parse_items(bytes: &[u8]) -> Option<impl Iterator<Item = Item<'_>> + Clone> {
    let mut cursor = Cursor::new(bytes);
    let count = word(&mut cursor).filter(|count| *count <= ITEMS_MAX)?;
    let items = cursor;
    for _ in 0..count {
        parse_item(&mut cursor)?;
    }
    let mut items = cursor.is_empty().then_some(items)?;
    Some(std::iter::from_fn(move || parse_item(&mut items)))
}

fn parse_item<'a>(cursor: &mut Cursor<'a>) -> Option<Item<'a>> {
    let kind = word(cursor)?;
    let length = usize::from(word(cursor)?);
    Some(Item { kind, data: cursor.take(length)? })
}

/// One identity in a list (clause 2-4.3): the encapsulation's version, the device's socket, its identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listed<'a> {
    pub version: u16,
    pub address: Ipv4Addr,
    pub port: u16,
    pub identity: Identity<'a>,
}

/// Reads an identity item.
pub fn parse_listed(data: &[u8]) -> Option<Listed<'_>> {
    let mut cursor = Cursor::new(data);
    let version = word(&mut cursor)?;
    // A socket address, its fields in network order.
    let (_family, port, address) = (cursor.u16()?, cursor.u16()?, cursor.array::<4>()?);
    cursor.take(8)?;
    Some(Listed { version, address: address.into(), port, identity: Identity::of_all(cursor.rest()) })
}
