//! Bytes to frames, descriptions and telegrams.

use super::message::{Description, Frame, Service};
use super::telegram::{Code, Management, Telegram};
use crate::cursor::Cursor;

/// What the beginning of some bytes holds.
pub enum Found<'a> {
    /// A frame, and how many bytes it has.
    Frame(Frame<'a>, usize),
    More,
    Nothing,
}

/// Reads the first frame: a header of six bytes, version 1.0, and the length of all.
pub fn parse_frame(bytes: &[u8]) -> Found<'_> {
    let header: &[u8] = &[6, 0x10];
    if !bytes.starts_with(header.get(..bytes.len().min(2)).unwrap_or_default()) {
        return Found::Nothing;
    }
    let mut cursor = Cursor::new(bytes);
    let (Some(_), Some(service), Some(length)) = (cursor.u16(), cursor.u16(), cursor.u16()) else {
        return Found::More;
    };
    let length = usize::from(length);
    match bytes.get(6..length) {
        Some(body) => Found::Frame(Frame { service: Service(service), body }, length),
        None if length < 6 => Found::Nothing,
        None => Found::More,
    }
}

/// Skips an endpoint: its length, the transport, address and port.
fn skip_endpoint(cursor: &mut Cursor<'_>) -> Option<()> {
    let length = usize::from(cursor.u8()?);
    cursor.take(length.checked_sub(1)?).map(|_| ())
}

/// The blocks of a description or of a search's answer.
pub fn parse_description(service: Service, body: &[u8]) -> Option<Description<'_>> {
    let mut cursor = Cursor::new(body);
    if service != Service::DESCRIPTION_RESPONSE {
        skip_endpoint(&mut cursor)?;
    }
    let mut description = None;
    let mut families: &[u8] = &[];
    while let Some(length) = cursor.u8() {
        let block = cursor.take(usize::from(length).checked_sub(1)?)?;
        match block.split_first() {
            Some((1, block)) => description = parse_device(block),
            Some((2, block)) => families = block,
            _ => {}
        }
    }
    Some(Description { families, ..description? })
}

fn parse_device(block: &[u8]) -> Option<Description<'_>> {
    let mut cursor = Cursor::new(block);
    let _medium = cursor.u8()?;
    let programming = cursor.u8()? & 1 != 0;
    let address = cursor.u16()?;
    let _project = cursor.u16()?;
    let serial = cursor.array::<6>()?;
    let _multicast_and_mac = cursor.take(10)?;
    let name = cursor.take(30)?;
    let end = name.iter().position(|byte| *byte == 0).unwrap_or(name.len());
    Some(Description { programming, address, serial, name: name.get(..end)?, families: &[] })
}

/// What kind of connection is asked for.
pub fn parse_connect(body: &[u8]) -> Option<u8> {
    let mut cursor = Cursor::new(body);
    skip_endpoint(&mut cursor)?;
    skip_endpoint(&mut cursor)?;
    let _length = cursor.u8()?;
    cursor.u8()
}

/// The header of a connection's frame, and what follows: channel, sequence, status or nothing.
pub fn parse_connection(body: &[u8]) -> Option<(u8, u8, u8, &[u8])> {
    let mut cursor = Cursor::new(body);
    let length = cursor.u8()?;
    let (channel, sequence, status) = (cursor.u8()?, cursor.u8()?, cursor.u8()?);
    (length == 4).then_some((channel, sequence, status, cursor.rest()))
}

/// A telegram of the common external message interface that carries data.
pub fn parse_telegram(bytes: &[u8]) -> Option<Telegram<'_>> {
    let mut cursor = Cursor::new(bytes);
    let code = Code(cursor.u8()?);
    if !code.is_data() {
        return None;
    }
    let additional = cursor.u8()?;
    cursor.take(usize::from(additional))?;
    let (control, more) = (cursor.u8()?, cursor.u8()?);
    let (source, destination) = (cursor.u16()?, cursor.u16()?);
    let length = usize::from(cursor.u8()?);
    let data = cursor.take(length + 1).filter(|_| cursor.is_empty())?;
    Some(Telegram {
        code,
        failed: code == Code::DATA_CONFIRMATION && control & 1 != 0,
        source,
        destination,
        to_group: more & 0x80 != 0,
        data,
    })
}

/// A message of local device management.
pub fn parse_management(bytes: &[u8]) -> Option<Management<'_>> {
    let mut cursor = Cursor::new(bytes);
    let code = Code(cursor.u8()?);
    if matches!(code, Code::RESET_REQUEST | Code::RESET_INDICATION) {
        return Some(Management { code, object: 0, property: 0, elements: 0, data: &[] });
    }
    if !code.is_management() {
        return None;
    }
    let object = cursor.u16()?;
    let _instance = cursor.u8()?;
    let property = cursor.u8()?;
    // Functions have no elements, but data straight on.
    let elements = if code.is_function() { 1 } else { (cursor.u16()? >> 12) as u8 };
    Some(Management { code, object, property, elements, data: cursor.rest() })
}
