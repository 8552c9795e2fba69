//! Modbus messages as targets, values and named details.

use super::message::{
    FilePiece, FunctionCode, Message, Request, Response, bits, file_pieces, object_name, objects, registers,
};
use crate::show::{VALUE_BYTES_MAX, cut, hexadecimal, listed, listed_numbers, readable};
use city::{Details, Target, Text};
use compact_str::{ToCompactString, format_compact};

/// The longest detail: 2000 coils with commas between them.
const DETAIL_BYTES_MAX: usize = 4_096;

/// What a request is about.
pub fn target(message: &Message<'_>, request: Option<&Request<'_>>) -> Target {
    let kind = message.function.asked().kind();
    let base =
        Target { unit: Some(u32::from(message.unit)), kind: Text::const_new(kind), ..Target::default() };
    let span = |first: u16, quantity: u16| {
        let first = u64::from(first);
        Some((first, first + u64::from(quantity.max(1)) - 1))
    };
    match request {
        Some(Request::Read { first, quantity } | Request::WriteMultiple { first, quantity, .. }) => {
            Target { numbers: span(*first, *quantity), ..base }
        }
        Some(
            Request::WriteSingle { address, .. }
            | Request::MaskWrite { address, .. }
            | Request::ReadFifo { address },
        ) => Target { numbers: span(*address, 1), ..base },
        // What is written matters more than what is read along with it.
        Some(Request::ReadWrite { write: (first, quantity), .. }) => {
            Target { numbers: span(*first, *quantity), ..base }
        }
        Some(Request::ReadFile { groups }) => files(base, file_pieces(groups, false)),
        Some(Request::WriteFile { groups }) => files(base, file_pieces(groups, true)),
        Some(Request::Diagnostics { sub, .. }) => Target { name: sub.text(), ..base },
        Some(Request::Encapsulated { mei, .. }) => Target { name: mei.text(), ..base },
        Some(Request::Identify { .. }) => Target { name: "device-identification".into(), ..base },
        Some(Request::Bare | Request::Other { .. }) | None => base,
    }
}

/// One piece gives its records as numbers and its file as the name; several give their files.
fn files(base: Target, pieces: impl Iterator<Item = FilePiece>) -> Target {
    let mut pieces = pieces.peekable();
    let Some(first) = pieces.next() else { return base };
    let name = format_compact!("file-{}", first.file);
    if pieces.peek().is_none() {
        let record = u64::from(first.record);
        let last = record + u64::from(first.length.max(1)) - 1;
        return Target { numbers: Some((record, last)), name, ..base };
    }
    let rest = pieces.map(|piece| format_compact!("file-{}", piece.file));
    Target { name: listed(std::iter::once(name).chain(rest), VALUE_BYTES_MAX), ..base }
}

/// The value that a request sends.
pub fn sent(function: FunctionCode, request: &Request<'_>) -> Option<Text> {
    match request {
        Request::WriteSingle { value, .. } => Some(single(function, *value)),
        Request::WriteMultiple { values, quantity, .. } => {
            Some(several(function, values, usize::from(*quantity), VALUE_BYTES_MAX))
        }
        Request::ReadWrite { registers: sent, .. } => Some(listed_numbers(registers(sent), VALUE_BYTES_MAX)),
        Request::MaskWrite { and, or, .. } => Some(format_compact!("and {and:#06x} or {or:#06x}")),
        Request::WriteFile { groups } => Some(hexadecimal(groups, VALUE_BYTES_MAX)),
        Request::Diagnostics { data, .. } => Some(hexadecimal(data, VALUE_BYTES_MAX)),
        Request::Encapsulated { data, .. } | Request::Other { data } if !data.is_empty() => {
            Some(hexadecimal(data, VALUE_BYTES_MAX))
        }
        _ => None,
    }
}

/// The value that a reply returns; `quantity` is how many were asked for, if that is known.
pub fn returned(message: &Message<'_>, response: &Response<'_>, quantity: Option<u16>) -> Option<Text> {
    let limit = VALUE_BYTES_MAX;
    match response {
        Response::Bits { bits: sent } => {
            let count = quantity.map_or(sent.len() * 8, usize::from);
            Some(listed_numbers(bits(sent).take(count), limit))
        }
        Response::Registers { registers: sent } | Response::Fifo { registers: sent } => {
            Some(listed_numbers(registers(sent), limit))
        }
        Response::WroteSingle { value, .. } => Some(single(message.function, *value)),
        Response::ExceptionStatus { outputs } => Some(outputs.to_compact_string()),
        Response::Diagnostics { data, .. } => Some(hexadecimal(data, limit)),
        Response::EventCounter { events, .. } | Response::EventLog { events, .. } => {
            Some(events.to_compact_string())
        }
        Response::ServerId { data } => Some(server_name(data).unwrap_or_else(|| hexadecimal(data, limit))),
        Response::Identification { objects: sent, .. } => {
            let parts = objects(sent)
                .map(|(number, value)| format_compact!("{}={}", object_name(number), readable(value, limit)));
            Some(listed(parts, limit))
        }
        Response::ReadFile { groups } => Some(hexadecimal(groups, limit)),
        Response::Encapsulated { data, .. } | Response::Other { data } if !data.is_empty() => {
            Some(hexadecimal(data, limit))
        }
        _ => None,
    }
}

/// The text in a server's answer to "report server id", where there is one of three letters or more. The form of the
/// answer is the maker's own (clause 6.11).
pub fn server_name(data: &[u8]) -> Option<Text> {
    let longest =
        data.split(|byte| !byte.is_ascii_graphic() && *byte != b' ').max_by_key(|piece| piece.len())?;
    let name = readable(longest, VALUE_BYTES_MAX);
    let name = name.trim();
    (name.len() >= 3 && name.bytes().any(|b| b.is_ascii_alphabetic())).then(|| name.into())
}

/// A coil is on or off (clause 6.5); everything else is a number.
fn single(function: FunctionCode, value: u16) -> Text {
    match (function, value) {
        (FunctionCode::WRITE_SINGLE_COIL, 0xff00) => "1".into(),
        _ => value.to_compact_string(),
    }
}

fn several(function: FunctionCode, values: &[u8], quantity: usize, limit: usize) -> Text {
    if function == FunctionCode::WRITE_MULTIPLE_COILS {
        listed_numbers(bits(values).take(quantity), limit)
    } else {
        listed_numbers(registers(values), limit)
    }
}

/// Collects details; a name is always one of a fixed set.
pub struct Fields<'a>(pub &'a mut Details);

impl Fields<'_> {
    fn put(&mut self, name: &'static str, value: impl Into<Text>) {
        self.0.push((Text::const_new(name), value.into()));
    }

    /// A number, as a detail.
    pub fn number(&mut self, name: &'static str, value: impl ToCompactString) {
        self.put(name, value.to_compact_string());
    }

    /// The fields of a request's header and data.
    pub fn request(&mut self, message: &Message<'_>, request: &Request<'_>) {
        self.number("transaction", message.transaction);
        self.number("protocol-id", message.protocol);
        self.number("unit", message.unit);
        self.number("function-code", message.function.0);
        self.number("request-length", message.length);
        let function = message.function;
        if !function.asked().has_values() {
            self.bytes("request-bytes", message.data);
        }
        match request {
            Request::Bare => {}
            Request::Diagnostics { sub, data } => {
                self.number("request-subfunction-code", sub.0);
                self.put("request-subfunction", sub.text());
                self.bytes("request-data", data);
            }
            Request::Encapsulated { mei, data } => {
                self.number("mei-code", mei.0);
                self.put("mei-type", mei.text());
                self.bytes("request-data", data);
            }
            Request::Identify { category, object } => {
                self.number("mei-code", 14);
                self.put("mei-type", "read-device-identification");
                self.number("identification-code", *category);
                self.number("object-id", *object);
            }
            Request::MaskWrite { address, and, or } => {
                self.number("address", *address);
                self.number("and-mask", *and);
                self.number("or-mask", *or);
            }
            Request::Other { data } => self.bytes("request-data", data),
            Request::Read { first, quantity } => {
                self.number("address", *first);
                self.number("quantity", *quantity);
            }
            Request::ReadFifo { address } => self.number("address", *address),
            Request::ReadFile { groups } => self.pieces(groups, false),
            Request::WriteFile { groups } => {
                self.pieces(groups, true);
                self.bytes("request-data", groups);
            }
            Request::ReadWrite { read, write, registers: sent } => {
                self.number("write-address", write.0);
                self.number("write-quantity", write.1);
                self.put("write-registers", listed_numbers(registers(sent), DETAIL_BYTES_MAX));
                self.number("read-address", read.0);
                self.number("read-quantity", read.1);
            }
            Request::WriteMultiple { first, quantity, values } => {
                self.number("address", *first);
                self.number("quantity", *quantity);
                let values = several(function, values, usize::from(*quantity), DETAIL_BYTES_MAX);
                self.put("request-values", values);
            }
            Request::WriteSingle { address, value } => {
                self.number("address", *address);
                self.number("quantity", 1);
                self.put("request-values", single(function, *value));
            }
        }
    }

    /// The fields of a reply; `request` tells whether the header's were given already.
    pub fn response(
        &mut self,
        message: &Message<'_>,
        response: &Response<'_>,
        quantity: Option<u16>,
        asked: bool,
    ) {
        if !asked {
            self.number("transaction", message.transaction);
            self.number("protocol-id", message.protocol);
            self.number("unit", message.unit);
        }
        self.number("response-function-code", message.function.0);
        self.number("response-length", message.length);
        if !message.function.asked().has_values() {
            self.bytes("response-bytes", message.data);
        }
        match response {
            Response::Bits { bits: sent } => {
                let count = quantity.map_or(sent.len() * 8, usize::from);
                self.put("response-values", listed_numbers(bits(sent).take(count), DETAIL_BYTES_MAX));
                self.put("response-padding", listed_numbers(bits(sent).skip(count), DETAIL_BYTES_MAX));
            }
            Response::Diagnostics { sub, data } => {
                self.number("response-subfunction-code", sub.0);
                self.put("response-subfunction", sub.text());
                self.bytes("response-data", data);
            }
            Response::Encapsulated { mei, data } => {
                self.number("response-mei-code", mei.0);
                self.bytes("response-data", data);
            }
            Response::EventCounter { status, events } => {
                self.number("status", *status);
                self.number("event-count", *events);
            }
            Response::EventLog { status, events, messages, log } => {
                self.number("status", *status);
                self.number("event-count", *events);
                self.number("message-count", *messages);
                self.bytes("response-data", log);
            }
            Response::Exception { code } => {
                self.number("exception-code", code.0);
                self.put("exception", code.text());
            }
            Response::ExceptionStatus { outputs } => self.number("response-values", *outputs),
            Response::Fifo { registers: sent } => {
                self.number("fifo-count", sent.len() / 2);
                self.put("response-values", listed_numbers(registers(sent), DETAIL_BYTES_MAX));
            }
            Response::Identification { category, conformity, more, next, count, objects: sent } => {
                self.number("response-mei-code", 14);
                self.number("response-identification-code", *category);
                self.number("conformity-level", *conformity);
                self.number("more-follows", *more);
                self.number("next-object-id", *next);
                self.number("object-count", *count);
                for (number, value) in objects(sent) {
                    self.0.push((object_name(number), readable(value, DETAIL_BYTES_MAX)));
                }
            }
            Response::MaskWrite { address, and, or } => {
                self.number("response-address", *address);
                self.number("response-and-mask", *and);
                self.number("response-or-mask", *or);
            }
            Response::Other { data } | Response::ServerId { data } => self.bytes("response-data", data),
            Response::ReadFile { groups } => self.bytes("response-data", groups),
            Response::WriteFile { groups } => self.bytes("response-data", groups),
            Response::Registers { registers: sent } => {
                self.put("response-values", listed_numbers(registers(sent), DETAIL_BYTES_MAX));
            }
            Response::WroteMultiple { first, quantity } => {
                self.number("response-address", *first);
                self.number("response-quantity", *quantity);
            }
            Response::WroteSingle { address, value } => {
                self.number("response-address", *address);
                self.put("response-values", single(message.function, *value));
            }
        }
    }

    fn bytes(&mut self, name: &'static str, bytes: &[u8]) {
        self.put(name, hexadecimal(bytes, DETAIL_BYTES_MAX));
    }

    fn pieces(&mut self, groups: &[u8], with_data: bool) {
        for piece in file_pieces(groups, with_data) {
            self.number("reference-type", piece.reference);
            self.number("file-number", piece.file);
            self.number("record-number", piece.record);
            self.number("record-length", piece.length);
        }
    }

    /// Text of unknown length from the network, as a detail.
    pub fn remark(&mut self, name: &'static str, value: &str) {
        self.put(name, cut(value, DETAIL_BYTES_MAX));
    }
}
