//! `enip`: each request with its reply, and the CIP in them. As with Suricata a reply belongs to the first request that
//! has none.

use super::event::{Event, Object, Value, number};
use city::{Details, Flow, Message, Text};
use jiff::Timestamp;
use std::collections::{HashMap, VecDeque};

/// Requests of one conversation that wait for their replies.
const PENDING_MAX: usize = 64;

/// Requests that wait for their replies, by conversation.
#[derive(Debug, Default)]
pub(super) struct Pairs(HashMap<Flow, VecDeque<(Timestamp, Object)>>);

impl Pairs {
    /// The events that a message completes.
    pub(super) fn events(&mut self, message: &Message, time: Timestamp) -> Vec<Event> {
        let pending = self.0.entry(message.flow).or_default();
        let said = whole(&message.fields);
        if message.back {
            let request = pending.pop_front().map(|(_, request)| request);
            return vec![event(message.flow, None, request, Some(said))];
        }
        pending.push_back((time, said));
        let oldest = (pending.len() > PENDING_MAX).then(|| pending.pop_front()).flatten();
        oldest
            .map(|(time, request)| event(message.flow, Some(time), Some(request), None))
            .into_iter()
            .collect()
    }

    /// The events of what was not answered before a conversation's end.
    pub(super) fn close(&mut self, flow: &Flow) -> Vec<Event> {
        let left = self.0.remove(flow).into_iter().flatten();
        left.map(|(time, request)| event(*flow, Some(time), Some(request), None)).collect()
    }
}

fn event(flow: Flow, time: Option<Timestamp>, request: Option<Object>, response: Option<Object>) -> Event {
    let mut body = Object::default();
    body.maybe("request", request);
    body.maybe("response", response);
    let mut fields = Object::default();
    fields.put("enip", body);
    Event { kind: "enip", time, flow, fields }
}

/// All that a message says.
fn whole(fields: &Details) -> Object {
    let mut whole = Object::default();
    whole.put("command", command(number(fields, "command").unwrap_or(0)));
    whole.put("status", status(number(fields, "status").unwrap_or(0)));
    let mut object = Object::default();
    for name in ["protocol_version", "options", "capabilities"] {
        object.number(name, fields, name);
    }
    object.text("service_name", fields, "service_name");
    object.text("revision", fields, "revision");
    for name in ["vendor_id", "device_type", "product_code", "serial", "state"] {
        object.number(name, fields, name);
    }
    object.number("status", fields, "device_status");
    object.text("product_name", fields, "product_name");
    if !object.is_empty() {
        let name = match number(fields, "command") {
            Some(0x04) => "list_services",
            Some(0x63) => "identity",
            _ => "register_session",
        };
        whole.put(name, object);
    }
    let mut messages = cip(fields).into_iter();
    if let Some(mut first) = messages.next() {
        let parts: Vec<_> = messages.map(Value::Object).collect();
        if !parts.is_empty() {
            first.put("multiple", parts);
        }
        whole.put("cip", first);
    }
    whole
}

/// The CIP messages, of which those within the first come behind it.
fn cip(fields: &Details) -> Vec<Object> {
    let mut messages: Vec<(Object, Vec<Value>)> = Vec::new();
    for (name, value) in fields {
        if name == "cip" {
            messages.push((Object::default(), Vec::new()));
            continue;
        }
        let Some((message, path)) = messages.last_mut() else { continue };
        match name.as_str() {
            "service" => message.put("service", value.clone()),
            "class_name" => message.put("class_name", value.clone()),
            "cip_status" => message.put("status", value.clone()),
            "extended_status" => message.maybe("status_extended", value.parse::<u64>().ok()),
            "segment" => path.extend(segment(value).map(Value::Object)),
            _ => {}
        }
    }
    let whole = |(mut message, path): (Object, Vec<Value>)| {
        if !path.is_empty() {
            message.put("path", path);
        }
        message
    };
    messages.into_iter().map(whole).collect()
}

fn segment(text: &str) -> Option<Object> {
    let (kind, value) = text.split_once(' ')?;
    let mut segment = Object::default();
    segment.put("segment_type", kind);
    match value.parse::<u64>() {
        Ok(number) if kind != "symbol" => segment.put("value", number),
        _ => segment.put("value", value),
    }
    Some(segment)
}

fn command(code: u64) -> Text {
    let name = match code {
        0x00 => "nop",
        0x04 => "list_services",
        0x63 => "list_identity",
        0x64 => "list_interfaces",
        0x65 => "register_session",
        0x66 => "unregister_session",
        0x6f => "send_rr_data",
        0x70 => "send_unit_data",
        0x72 => "indicate_status",
        0x73 => "cancel",
        _ => return format!("unknown-{code}").into(),
    };
    Text::const_new(name)
}

fn status(code: u64) -> Text {
    let name = match code {
        0x00 => "success",
        0x01 => "invalid_cmd",
        0x02 => "no_resources",
        0x03 => "invalid_data",
        0x64 => "invalid_session",
        0x65 => "invalid_length",
        0x69 => "unsupported_prot_rev",
        0x6a => "encap_header_error",
        _ => return format!("unknown-{code}").into(),
    };
    Text::const_new(name)
}
