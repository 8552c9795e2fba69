//! A message with all that its head says, for Suricata's events: `cip` begins a message, of which those within another
//! come behind it.

use super::message::{Message, Service};
use super::names;
use super::parse::{parse_message, parse_packed};
use super::path::segments;
use crate::cursor::Cursor;
use crate::dialogue::Fields;
use compact_str::format_compact;

/// Messages within one that are told.
const PACKED_MAX: usize = 256;

/// Puts a message and those within it.
pub(crate) fn put(fields: &mut Fields, bytes: &[u8]) {
    let Some(message) = put_one(fields, "whole", bytes) else { return };
    let data = match &message {
        Message::Request(request) if request.service == Service::MULTIPLE_SERVICE_PACKET => request.data,
        Message::Response(response) if response.service == Service::MULTIPLE_SERVICE_PACKET => response.data,
        _ => return,
    };
    for packed in parse_packed(data).take(PACKED_MAX) {
        put_one(fields, "part", packed);
    }
}

fn put_one<'a>(fields: &mut Fields, place: &'static str, bytes: &'a [u8]) -> Option<Message<'a>> {
    let message = parse_message(bytes)?;
    fields.put("cip", place);
    match &message {
        Message::Request(request) => {
            fields.put("service", service(request.service, request.path.class));
            let mut cursor = Cursor::new(bytes);
            let path =
                cursor.u8().and_then(|_| cursor.u8()).and_then(|words| cursor.take(usize::from(words) * 2));
            for (kind, value) in segments(path.unwrap_or_default()) {
                fields.put("segment", format_compact!("{kind} {value}"));
            }
            if let Some(class) = request.path.class.and_then(names::class) {
                fields.put("class_name", class);
            }
        }
        Message::Response(response) => {
            fields.put("service", service(response.service, None));
            let status = response.status.0;
            match names::status(status) {
                Some(name) => fields.put("cip_status", name),
                None => fields.show("cip_status", format_args!("unknown-{status}")),
            }
            if let Some(extended) = response.extended {
                fields.show("extended_status", extended);
            }
        }
    }
    Some(message)
}

fn service(service: Service, class: Option<u32>) -> city::Text {
    let unknown = || format_compact!("unknown-{}", service.0);
    names::service(service.0, class).map_or_else(unknown, city::Text::const_new)
}
