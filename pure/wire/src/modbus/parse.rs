//! Bytes to Modbus messages.

use super::message::{Diagnostic, ExceptionCode, FunctionCode, MeiType, Message, Request, Response};
use crate::cursor::Cursor;

/// Bytes of the header before the function code.
pub const HEADER_BYTES: usize = 7;

/// The longest length field that the specification allows: a unit and a PDU of 253 bytes (clause 4.1).
pub const LENGTH_MAX: u16 = 254;

/// The longest length field that is still read once the protocol is known: UMAS negotiates PDUs beyond the
/// specification's.
const LENGTH_TOLERATED: u16 = 2_048;

/// What stands at the beginning of some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found<'a> {
    /// A message, and how many bytes it takes.
    Message(Message<'a>, usize),
    /// A message in the same frame, but not of protocol 0, and how many bytes it takes.
    Foreign(usize),
    /// The beginning of a message.
    More,
    /// No Modbus header.
    Nothing,
}

/// Reads one message with its header.
pub fn parse_message(bytes: &[u8]) -> Found<'_> {
    let mut cursor = Cursor::new(bytes);
    let (Some(transaction), Some(protocol), Some(length)) = (cursor.u16(), cursor.u16(), cursor.u16()) else {
        return Found::More;
    };
    let tolerated = if protocol == 0 { LENGTH_TOLERATED } else { LENGTH_MAX };
    if !(2..=tolerated).contains(&length) {
        return Found::Nothing;
    }
    let Some(body) = cursor.take(usize::from(length)) else {
        return if protocol == 0 { Found::More } else { Found::Nothing };
    };
    if protocol != 0 {
        return Found::Foreign(6 + usize::from(length));
    }
    let [unit, function, data @ ..] = body else {
        return Found::Nothing;
    };
    let function = FunctionCode(*function);
    let message = Message { transaction, protocol, length, unit: *unit, function, data };
    Found::Message(message, 6 + usize::from(length))
}

/// Reads what a client asks. Data that do not fit the function are kept as [`Request::Other`].
pub fn parse_request<'a>(message: &Message<'a>) -> Request<'a> {
    request(message.function, message.data).unwrap_or(Request::Other { data: message.data })
}

fn request(function: FunctionCode, data: &[u8]) -> Option<Request<'_>> {
    let mut cursor = Cursor::new(data);
    let request = match function {
        FunctionCode::READ_COILS
        | FunctionCode::READ_DISCRETE_INPUTS
        | FunctionCode::READ_HOLDING_REGISTERS
        | FunctionCode::READ_INPUT_REGISTERS => {
            Request::Read { first: cursor.u16()?, quantity: cursor.u16()? }
        }
        FunctionCode::WRITE_SINGLE_COIL | FunctionCode::WRITE_SINGLE_REGISTER => {
            Request::WriteSingle { address: cursor.u16()?, value: cursor.u16()? }
        }
        FunctionCode::READ_EXCEPTION_STATUS
        | FunctionCode::GET_COMM_EVENT_COUNTER
        | FunctionCode::GET_COMM_EVENT_LOG
        | FunctionCode::REPORT_SERVER_ID => Request::Bare,
        FunctionCode::DIAGNOSTICS => {
            Request::Diagnostics { sub: Diagnostic(cursor.u16()?), data: cursor.take_rest() }
        }
        FunctionCode::WRITE_MULTIPLE_COILS | FunctionCode::WRITE_MULTIPLE_REGISTERS => {
            let (first, quantity) = (cursor.u16()?, cursor.u16()?);
            let count = usize::from(cursor.u8()?);
            Request::WriteMultiple { first, quantity, values: cursor.take(count)? }
        }
        FunctionCode::READ_FILE_RECORD | FunctionCode::WRITE_FILE_RECORD => {
            let count = usize::from(cursor.u8()?);
            let groups = cursor.take(count)?;
            if function == FunctionCode::READ_FILE_RECORD {
                Request::ReadFile { groups }
            } else {
                Request::WriteFile { groups }
            }
        }
        FunctionCode::MASK_WRITE_REGISTER => {
            Request::MaskWrite { address: cursor.u16()?, and: cursor.u16()?, or: cursor.u16()? }
        }
        FunctionCode::READ_WRITE_MULTIPLE_REGISTERS => {
            let read = (cursor.u16()?, cursor.u16()?);
            let write = (cursor.u16()?, cursor.u16()?);
            let count = usize::from(cursor.u8()?);
            Request::ReadWrite { read, write, registers: cursor.take(count)? }
        }
        FunctionCode::READ_FIFO_QUEUE => Request::ReadFifo { address: cursor.u16()? },
        FunctionCode::ENCAPSULATED_INTERFACE_TRANSPORT => match MeiType(cursor.u8()?) {
            MeiType::READ_DEVICE_IDENTIFICATION if cursor.len() == 2 => {
                Request::Identify { category: cursor.u8()?, object: cursor.u8()? }
            }
            mei => Request::Encapsulated { mei, data: cursor.take_rest() },
        },
        _ => return None,
    };
    cursor.is_empty().then_some(request)
}

/// Reads what a server answers. Data that do not fit the function are kept as [`Response::Other`].
pub fn parse_response<'a>(message: &Message<'a>) -> Response<'a> {
    response(message.function, message.data).unwrap_or(Response::Other { data: message.data })
}

fn response(function: FunctionCode, data: &[u8]) -> Option<Response<'_>> {
    let mut cursor = Cursor::new(data);
    if function.is_exception() {
        // Some devices send a byte more than the one of clause 7.
        return Some(Response::Exception { code: ExceptionCode(cursor.u8()?) });
    }
    let response = match function {
        FunctionCode::READ_COILS | FunctionCode::READ_DISCRETE_INPUTS => {
            Response::Bits { bits: counted(&mut cursor)? }
        }
        FunctionCode::READ_HOLDING_REGISTERS
        | FunctionCode::READ_INPUT_REGISTERS
        | FunctionCode::READ_WRITE_MULTIPLE_REGISTERS => {
            Response::Registers { registers: counted(&mut cursor).filter(|r| r.len() % 2 == 0)? }
        }
        FunctionCode::WRITE_SINGLE_COIL | FunctionCode::WRITE_SINGLE_REGISTER => {
            Response::WroteSingle { address: cursor.u16()?, value: cursor.u16()? }
        }
        FunctionCode::READ_EXCEPTION_STATUS => Response::ExceptionStatus { outputs: cursor.u8()? },
        FunctionCode::DIAGNOSTICS => {
            Response::Diagnostics { sub: Diagnostic(cursor.u16()?), data: cursor.take_rest() }
        }
        FunctionCode::GET_COMM_EVENT_COUNTER => {
            Response::EventCounter { status: cursor.u16()?, events: cursor.u16()? }
        }
        FunctionCode::GET_COMM_EVENT_LOG => {
            let body = counted(&mut cursor)?;
            let mut inner = Cursor::new(body);
            let (status, events, messages) = (inner.u16()?, inner.u16()?, inner.u16()?);
            Response::EventLog { status, events, messages, log: inner.rest() }
        }
        FunctionCode::WRITE_MULTIPLE_COILS | FunctionCode::WRITE_MULTIPLE_REGISTERS => {
            Response::WroteMultiple { first: cursor.u16()?, quantity: cursor.u16()? }
        }
        FunctionCode::REPORT_SERVER_ID => Response::ServerId { data: counted(&mut cursor)? },
        FunctionCode::READ_FILE_RECORD => Response::ReadFile { groups: counted(&mut cursor)? },
        FunctionCode::WRITE_FILE_RECORD => Response::WriteFile { groups: counted(&mut cursor)? },
        FunctionCode::MASK_WRITE_REGISTER => {
            Response::MaskWrite { address: cursor.u16()?, and: cursor.u16()?, or: cursor.u16()? }
        }
        FunctionCode::READ_FIFO_QUEUE => {
            let bytes = usize::from(cursor.u16()?);
            let count = usize::from(cursor.u16()?);
            if bytes != count * 2 + 2 {
                return None;
            }
            Response::Fifo { registers: cursor.take(count * 2)? }
        }
        FunctionCode::ENCAPSULATED_INTERFACE_TRANSPORT => match MeiType(cursor.u8()?) {
            mei @ MeiType::READ_DEVICE_IDENTIFICATION => {
                let fallback = Response::Encapsulated { mei, data: cursor.rest() };
                identification(cursor.take_rest()).unwrap_or(fallback)
            }
            mei => Response::Encapsulated { mei, data: cursor.take_rest() },
        },
        _ => return None,
    };
    cursor.is_empty().then_some(response)
}

/// As many bytes as the first one says.
fn counted<'a>(cursor: &mut Cursor<'a>) -> Option<&'a [u8]> {
    let count = usize::from(cursor.u8()?);
    cursor.take(count)
}

fn identification(data: &[u8]) -> Option<Response<'_>> {
    let mut cursor = Cursor::new(data);
    let (category, conformity) = (cursor.u8()?, cursor.u8()?);
    let (more, next, count) = (cursor.u8()? != 0, cursor.u8()?, cursor.u8()?);
    Some(Response::Identification { category, conformity, more, next, count, objects: cursor.rest() })
}

/// Whether the data are exactly what the specification asks of a request, quantities included. Only public functions
/// can fit.
pub fn fits_request(message: &Message<'_>) -> bool {
    let values = |quantity: u16, values: &[u8], most: u16, wide: bool| {
        let bytes = if wide { usize::from(quantity) * 2 } else { usize::from(quantity).div_ceil(8) };
        (1..=most).contains(&quantity) && values.len() == bytes
    };
    match request(message.function, message.data) {
        Some(Request::Read { first, quantity }) => {
            let most = if message.function.0 <= 2 { 2_000 } else { 125 };
            (1..=most).contains(&quantity) && first.checked_add(quantity - 1).is_some()
        }
        Some(Request::WriteSingle { value, .. }) => {
            message.function != FunctionCode::WRITE_SINGLE_COIL || matches!(value, 0 | 0xff00)
        }
        Some(Request::WriteMultiple { quantity, values: sent, .. }) => {
            let wide = message.function == FunctionCode::WRITE_MULTIPLE_REGISTERS;
            values(quantity, sent, if wide { 123 } else { 1_968 }, wide)
        }
        Some(Request::ReadWrite { read, write, registers }) => {
            (1..=125).contains(&read.1) && values(write.1, registers, 121, true)
        }
        Some(Request::Diagnostics { sub, data }) => sub.0 <= 21 && data.len() % 2 == 0,
        Some(Request::ReadFile { groups }) => !groups.is_empty() && groups.len() % 7 == 0,
        Some(Request::WriteFile { groups }) => groups.len() >= 9,
        Some(Request::Identify { category, .. }) => (1..=4).contains(&category),
        Some(Request::Encapsulated { mei, .. }) => mei == MeiType::CAN_OPEN,
        Some(Request::Other { .. }) | None => false,
        Some(Request::Bare | Request::MaskWrite { .. } | Request::ReadFifo { .. }) => true,
    }
}

/// Whether the data are what the specification asks of a reply.
pub fn fits_response(message: &Message<'_>) -> bool {
    match response(message.function, message.data) {
        Some(Response::Exception { code }) => {
            message.data.len() == 1
                && matches!(code.0, 1..=8 | 10 | 11)
                && message.function.asked().is_public()
        }
        Some(Response::Bits { bits }) => !bits.is_empty(),
        Some(Response::Registers { registers }) => !registers.is_empty(),
        Some(Response::WroteSingle { value, .. }) => {
            message.function != FunctionCode::WRITE_SINGLE_COIL || matches!(value, 0 | 0xff00)
        }
        Some(Response::Diagnostics { sub, data }) => sub.0 <= 21 && data.len() % 2 == 0,
        Some(Response::Encapsulated { mei, .. }) => mei == MeiType::CAN_OPEN,
        Some(Response::Other { .. }) | None => false,
        Some(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rehearse::hex;

    fn message(bytes: &[u8]) -> Message<'_> {
        match parse_message(bytes) {
            Found::Message(message, used) if used == bytes.len() => message,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_examples_of_the_specification_are_read() {
        // Clause 6, the example of each function, with a header before it.
        for (pdu, expected) in [
            ("01 0013 0013", Request::Read { first: 19, quantity: 19 }),
            ("05 00ac ff00", Request::WriteSingle { address: 172, value: 0xff00 }),
            ("08 0000 a537", Request::Diagnostics { sub: Diagnostic(0), data: &[0xa5, 0x37] }),
            ("0b", Request::Bare),
            ("0f 0013 000a 02 cd01", Request::WriteMultiple { first: 19, quantity: 10, values: &[0xcd, 1] }),
            ("16 0004 00f2 0025", Request::MaskWrite { address: 4, and: 0xf2, or: 0x25 }),
            (
                "17 0003 0006 000e 0003 06 00ff 00ff 00ff",
                Request::ReadWrite { read: (3, 6), write: (14, 3), registers: &[0, 255, 0, 255, 0, 255] },
            ),
            ("18 04de", Request::ReadFifo { address: 1246 }),
            ("2b 0e 01 00", Request::Identify { category: 1, object: 0 }),
        ] {
            let pdu = hex(pdu);
            let mut bytes = vec![0, 1, 0, 0, 0, pdu.len() as u8 + 1, 17];
            bytes.extend(&pdu);
            let message = message(&bytes);
            assert_eq!((message.transaction, message.unit), (1, 17));
            assert_eq!(parse_request(&message), expected);
            assert!(fits_request(&message), "{pdu:02x?}");
        }
    }

    #[test]
    fn the_replies_of_the_specification_are_read() {
        for (pdu, expected) in [
            ("01 03 cd6b05", Response::Bits { bits: &[0xcd, 0x6b, 5] }),
            ("03 06 022b 0000 0064", Response::Registers { registers: &[2, 0x2b, 0, 0, 0, 100] }),
            ("07 6d", Response::ExceptionStatus { outputs: 0x6d }),
            ("0b ffff 0108", Response::EventCounter { status: 0xffff, events: 264 }),
            (
                "0c 08 0000 0108 0121 2000",
                Response::EventLog { status: 0, events: 264, messages: 289, log: &[0x20, 0] },
            ),
            ("18 0006 0002 01b8 1284", Response::Fifo { registers: &[1, 0xb8, 0x12, 0x84] }),
            ("81 02", Response::Exception { code: ExceptionCode(2) }),
        ] {
            let pdu = hex(pdu);
            let mut bytes = vec![0, 1, 0, 0, 0, pdu.len() as u8 + 1, 17];
            bytes.extend(&pdu);
            let message = message(&bytes);
            assert_eq!(parse_response(&message), expected);
            assert!(fits_response(&message), "{pdu:02x?}");
        }
    }

    #[test]
    fn what_does_not_fit_is_kept_as_it_is() {
        let bytes = hex("0001 0000 0003 11 01 00");
        assert_eq!(parse_request(&message(&bytes)), Request::Other { data: &[0] });
        let unknown = hex("0001 0000 0004 11 47 0102");
        assert_eq!(parse_request(&message(&unknown)), Request::Other { data: &[1, 2] });
        assert_eq!(parse_message(&hex("0001 0001 0006 01 03 0000 0001")), Found::Foreign(12));
        assert_eq!(parse_message(&hex("0001 0000 0001 01")), Found::Nothing);
        assert_eq!(parse_message(&hex("0001 0000 0006 01 03 0000")), Found::More);
    }
}
