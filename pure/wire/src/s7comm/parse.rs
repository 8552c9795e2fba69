//! From what the transport carries to S7 messages.

use super::message::{Function, MAGIC, Message, Rosctr};
use crate::cursor::Cursor;

/// Opens a message. `None` if it is none, or does not hold what its lengths say.
pub(super) fn parse_message(bytes: &[u8]) -> Option<Message<'_>> {
    let mut cursor = Cursor::new(bytes);
    let (MAGIC, rosctr) = (cursor.u8()?, Rosctr(cursor.u8()?)) else { return None };
    // Who asks chooses the reference and alone reads it; the field reads the first byte as the lower.
    let (_redundancy, reference) = (cursor.u16()?, u16::from_le_bytes(cursor.array()?));
    let (parameter_bytes, data_bytes) = (usize::from(cursor.u16()?), usize::from(cursor.u16()?));
    let error = match rosctr.has_error() {
        true => Some((cursor.u8()?, cursor.u8()?)),
        false => None,
    };
    let parameters = cursor.take(parameter_bytes)?;
    let data = cursor.take(data_bytes)?;
    Some(Message { rosctr, reference, error, parameters, data })
}

/// Whether it is a message throughout, with nothing behind it, of a kind that is known.
pub(super) fn is_message(bytes: &[u8]) -> bool {
    let fits = |message: Message<'_>| {
        let error = if message.rosctr.has_error() { 2 } else { 0 };
        let known = match message.rosctr {
            Rosctr::JOB | Rosctr::ACK_DATA => message.function().is_some_and(|function| {
                matches!(function.0, 0 | 1 | 4 | 5 | 0x1a..=0x1f | 0x28 | 0x29 | 0xf0)
            }),
            Rosctr::ACK | Rosctr::SERVER_CONTROL => true,
            Rosctr::USER_DATA => message.parameters.starts_with(&[0, 1, 0x12]),
            _ => false,
        };
        known && 10 + error + message.parameters.len() + message.data.len() == bytes.len()
    };
    parse_message(bytes).is_some_and(fits)
}

/// What the parameters of a job or reply about blocks say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Transfer<'a> {
    pub(super) status: Option<u8>,
    /// The session in which the block is moved.
    pub(super) session: Option<u32>,
    /// The block's name.
    pub(super) name: Option<super::block::BlockName<'a>>,
    /// How long the block is, or the part of it that is carried.
    pub(super) length: Option<u32>,
}

/// Reads the parameters of functions 0x1a to 0x1f, and the length of the data.
pub(super) fn parse_transfer<'a>(message: &Message<'a>) -> Transfer<'a> {
    let mut cursor = Cursor::new(message.parameters);
    let function = cursor.u8().map(Function);
    let mut transfer = Transfer { status: cursor.u8(), ..Transfer::default() };
    let _error = cursor.u16();
    transfer.session = cursor.u32();
    let asks = message.rosctr == Rosctr::JOB;
    match function {
        Some(Function::UPLOAD | Function::END_UPLOAD) if asks => {}
        // The length in digits: seven of them.
        Some(Function::START_UPLOAD) if !asks => {
            let digits = cursor.u8().and_then(|length| cursor.take(usize::from(length)));
            transfer.length = digits.and_then(super::block::length);
        }
        _ if asks => {
            transfer.name = super::block::BlockName::take(&mut cursor);
            // Of a download: a sign, then the length of what is loaded and of what is code, six digits each.
            let digits = cursor.u8().and_then(|length| cursor.take(usize::from(length)));
            transfer.length = digits.and_then(|digits| digits.get(1..7)).and_then(super::block::length);
        }
        _ => {}
    }
    if !asks && matches!(function, Some(Function::UPLOAD | Function::DOWNLOAD_BLOCK)) {
        transfer.length = Cursor::new(message.data).u16().map(u32::from);
    }
    transfer
}

/// The name and the argument of a service of the programme (0x28), or of a stop (0x29).
pub(super) fn parse_service<'a>(message: &Message<'a>) -> Option<(&'a [u8], &'a [u8])> {
    let mut cursor = Cursor::new(message.parameters);
    let argument: &[u8] = match Function(cursor.u8()?) {
        Function::PLC_CONTROL => {
            cursor.take(7)?;
            let length = cursor.u16()?;
            cursor.take(usize::from(length))?
        }
        _ => {
            cursor.take(5)?;
            &[]
        }
    };
    let length = cursor.u8()?;
    Some((cursor.take(usize::from(length))?, argument))
}
