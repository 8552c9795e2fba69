//! `mqtt`: each exchange, with all its packets. A password is never written, only that there was one.

use super::event::{Event, Object, Value, all, detail, is_true, number};
use city::{Details, Message, Reply, Request, Text};

/// The longest text that is written whole, as Suricata is set up by default.
const TEXT_BYTES_MAX: usize = 1_024;

/// The events of a request, or of all requests of one packet.
pub(super) fn events(requests: &[Request]) -> Option<Event> {
    let first = requests.first()?;
    let body = match first.function.as_str() {
        "connect" => connect(first),
        "publish" => publish(first),
        "subscribe" | "unsubscribe" => subscribe(requests, first),
        "auth" => auth(first),
        _ => return None,
    };
    let mut event = Event::of("mqtt", first, body);
    event.flow = first.conversation();
    Some(event)
}

/// The event of a packet that asks for nothing.
pub(super) fn notice(message: &Message) -> Event {
    let mut packet = header(0, &message.fields);
    packet.number("reason_code", &message.fields, "reason-code");
    let named = all(&message.fields, "property").filter_map(|property| property.split_once('='));
    let named = named.map(|(name, value)| (name.into(), value.into())).collect();
    put_unless_empty(&mut packet, properties(&named, ""));
    let name = detail(&message.fields, "packet").unwrap_or_default();
    let mut body = Object::default();
    body.put(name, packet);
    let mut fields = Object::default();
    fields.put("mqtt", body);
    Event { kind: "mqtt", time: None, flow: message.flow, fields }
}

/// A packet's beginning. Only PUBLISH can choose all of it.
fn header(qos: u64, details: &Details) -> Object {
    let mut packet = Object::default();
    packet.put("qos", number(details, "qos").filter(|_| qos == PUBLISHED).unwrap_or(qos & 3));
    packet.put("retain", qos == PUBLISHED && is_true(details, "retain"));
    packet.put("dup", qos == PUBLISHED && is_true(details, "duplicate"));
    packet
}

/// Instead of a quality of service: as the details have it.
const PUBLISHED: u64 = 4;

fn connect(request: &Request) -> Object {
    let details = &request.details;
    let mut body = Object::default();
    if detail(details, "request-seen") != Some("false") {
        let mut packet = header(0, details);
        packet.text("protocol_string", details, "protocol-name");
        packet.put("protocol_version", version(details).unwrap_or(4));
        packet.put("client_id", shortened(detail(details, "client-id").unwrap_or_default(), None));
        let mut flags = Object::default();
        flags.truth("username", details, "has-user-name");
        flags.truth("password", details, "has-password");
        flags.truth("will_retain", details, "will-retain");
        flags.truth("will", details, "has-will");
        flags.truth("clean_session", details, "clean-start");
        packet.put("flags", flags);
        packet.text("username", details, "user-name");
        if is_true(details, "has-password") {
            packet.put("password", "(hidden)");
        }
        if is_true(details, "has-will") {
            let mut will = Object::default();
            will.text("topic", details, "will-topic");
            will.maybe("message", detail(details, "will-payload").map(|payload| message(payload, None)));
            put_unless_empty(&mut will, properties(details, "will-property-"));
            packet.put("will", will);
        }
        put_unless_empty(&mut packet, properties(details, "property-"));
        body.put("connect", packet);
    }
    if request.reply != Reply::Missing {
        let mut packet = header(0, details);
        packet.truth("session_present", details, "session-present");
        packet.number("return_code", details, "return-code");
        put_unless_empty(&mut packet, properties(details, "reply-property-"));
        body.put("connack", packet);
    }
    body
}

fn publish(request: &Request) -> Object {
    let details = &request.details;
    let is_5 = version(details) == Some(5);
    let mut body = Object::default();
    if detail(details, "request-seen") == Some("false") {
        // Of an acknowledgement alone it is not known which of the two kinds it was.
        return body;
    }
    let mut packet = header(PUBLISHED, details);
    packet.put("topic", shortened(&request.target.name, None));
    packet.number("message_id", details, "packet-id");
    let length = number(details, "payload-length").and_then(|length| usize::try_from(length).ok());
    packet.put("message", message(detail(details, "payload").unwrap_or_default(), length));
    put_unless_empty(&mut packet, properties(details, "property-"));
    body.put("publish", packet);
    for (name, key, qos) in [
        ("puback", "puback-code", 0),
        ("pubrec", "pubrec-code", 0),
        ("pubrel", "pubrel-code", 1),
        ("pubcomp", "pubcomp-code", 0),
    ] {
        if let Some(code) = number(details, key) {
            let mut packet = header(qos, details);
            packet.number("message_id", details, "packet-id");
            packet.maybe("reason_code", is_5.then_some(code));
            if matches!(name, "puback" | "pubcomp") {
                put_unless_empty(&mut packet, properties(details, "reply-property-"));
            }
            body.put(name, packet);
        }
    }
    body
}

fn subscribe(requests: &[Request], first: &Request) -> Object {
    let details = &first.details;
    let subscribes = first.function == "subscribe";
    let (asked, answered) = if subscribes { ("subscribe", "suback") } else { ("unsubscribe", "unsuback") };
    let mut body = Object::default();
    if detail(details, "request-seen") != Some("false") {
        let mut packet = header(1, details);
        packet.number("message_id", details, "packet-id");
        let topics = requests.iter().map(|request| {
            let topic = shortened(&request.target.name, None);
            if subscribes {
                let mut pair = Object::default();
                pair.put("topic", topic);
                pair.number("qos", &request.details, "qos");
                Value::Object(pair)
            } else {
                Value::Text(topic)
            }
        });
        packet.put("topics", topics.collect::<Vec<_>>());
        put_unless_empty(&mut packet, properties(details, "property-"));
        body.put(asked, packet);
    }
    if first.reply != Reply::Missing {
        let mut packet = header(0, details);
        packet.number("message_id", details, "packet-id");
        let codes: Vec<_> = requests
            .iter()
            .flat_map(|request| detail(&request.details, "reason-code").unwrap_or_default().split(','))
            .filter_map(|code| code.parse().ok().map(Value::Number))
            .collect();
        if subscribes {
            packet.put("qos_granted", codes);
        } else if version(details) == Some(5) {
            packet.put("reason_codes", codes);
        }
        put_unless_empty(&mut packet, properties(details, "reply-property-"));
        body.put(answered, packet);
    }
    body
}

fn auth(request: &Request) -> Object {
    let mut packet = header(0, &request.details);
    packet.number("reason_code", &request.details, "reason-code");
    put_unless_empty(&mut packet, properties(&request.details, "property-"));
    let mut body = Object::default();
    body.put("auth", packet);
    body
}

/// The number of a protocol's version, as it is sent.
fn version(details: &Details) -> Option<u64> {
    match detail(details, "protocol-version")? {
        "3.1" => Some(3),
        "3.1.1" => Some(4),
        _ => Some(5),
    }
}

fn properties(details: &Details, prefix: &str) -> Object {
    let mut object = Object::default();
    for (name, value) in details {
        match name.strip_prefix(prefix) {
            Some("user-property") => match value.split_once('=') {
                Some((name, value)) => object.put(name, value),
                None => object.put(value, ""),
            },
            Some(name) => put_property(&mut object, name, value),
            None => {}
        }
    }
    object
}

fn put_property(object: &mut Object, name: &str, value: &str) {
    const TEXTS: &[&str] = &[
        "assigned-client-identifier",
        "authentication-method",
        "content-type",
        "correlation-data",
        "reason-string",
        "response-information",
        "response-topic",
        "server-reference",
    ];
    let field = name.replace('-', "_");
    match value.parse::<u64>() {
        // What proves who asks is only told by its length.
        _ if name == "authentication-data" => object.put(field, "(hidden)"),
        Ok(number) if !TEXTS.contains(&name) => object.put(field, number),
        _ => object.put(field, value),
    }
}

fn put_unless_empty(packet: &mut Object, properties: Object) {
    if !properties.is_empty() {
        packet.put("properties", properties);
    }
}

/// A payload, which the details have as text or in hexadecimal, cut as Suricata cuts it; with its length, where
/// perhaps not all of it was kept.
fn message(payload: &str, length: Option<usize>) -> Text {
    // Text may begin like that too; then it is as long as what was sent.
    let is_text = length == Some(payload.len());
    match payload.strip_prefix("0x").filter(|_| !is_text) {
        Some(digits) => shortened(&super::event::text_of(&super::event::bytes(digits)), length),
        None => shortened(payload, length),
    }
}

/// Text of at most [`TEXT_BYTES_MAX`] bytes; of what is longer the beginning, and how much is missing.
fn shortened(text: &str, length: Option<usize>) -> Text {
    let whole = length.unwrap_or(text.len());
    if whole <= TEXT_BYTES_MAX {
        return text.into();
    }
    let end = (0..=TEXT_BYTES_MAX).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    let kept = text.get(..end).unwrap_or_default();
    format!("{kept}[truncated {} additional bytes]", whole.saturating_sub(end)).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_long_is_cut_and_says_by_how_much() {
        assert_eq!(shortened("short", None), "short");
        let long = "ä".repeat(600);
        let cut = shortened(&long, None);
        assert!(cut.starts_with(&"ä".repeat(512)) && cut.ends_with("ä[truncated 176 additional bytes]"));
        assert_eq!(message("0x41ff", Some(2)), "A\\xff");
        assert_eq!(message("0x41ff", Some(6)), "0x41ff");
    }
}
