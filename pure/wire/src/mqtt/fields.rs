//! MQTT packets as values and named details, and the logins that makers ship.

use super::message::{Connect, Properties, PropertyId, Publish, Value};
use crate::show::{VALUE_BYTES_MAX, escaped, hexadecimal, readable};
use city::{Details, Text};
use compact_str::{ToCompactString, format_compact};

/// The longest detail.
const DETAIL_BYTES_MAX: usize = 4_096;

/// Properties told of one packet.
const PROPERTIES_MAX: usize = 64;

/// Names and passwords that brokers and devices are shipped with, as their makers document them.
const SHIPPED_LOGINS: &[(&[u8], &[u8])] = &[
    (b"admin", b""),
    (b"admin", b"admin"),
    (b"admin", b"hivemq"),
    (b"admin", b"password"),
    (b"admin", b"public"),
    (b"artemis", b"artemis"),
    (b"emonpi", b"emonpimqtt2016"),
    (b"guest", b"guest"),
    (b"mosquitto", b"mosquitto"),
    (b"mqtt", b"mqtt"),
    (b"pi", b"raspberry"),
    (b"root", b"root"),
    (b"system", b"manager"),
    (b"test", b"test"),
    (b"user", b"password"),
    (b"user", b"user"),
];

/// Whether a login is one that a maker ships.
pub fn is_shipped_login(user_name: &[u8], password: &[u8]) -> bool {
    SHIPPED_LOGINS.contains(&(user_name, password))
}

/// A payload as text if it is text, otherwise in hexadecimal with `0x` before it.
pub fn payload(bytes: &[u8], limit: usize) -> Text {
    // The end may lie within a character, where only the beginning of a long payload was held.
    let is_text = match std::str::from_utf8(bytes) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none() && error.valid_up_to() + 4 > bytes.len() && bytes.len() > 4,
    };
    let plain = |byte: &u8| *byte >= 0x20 || matches!(byte, b'\t' | b'\r' | b'\n');
    if is_text && bytes.iter().all(plain) {
        readable(bytes, limit)
    } else {
        format_compact!("0x{}", hexadecimal(bytes, limit.saturating_sub(2)))
    }
}

/// Text as the network gave it, short enough for a record.
pub fn short(bytes: &[u8]) -> Text {
    readable(bytes, DETAIL_BYTES_MAX)
}

/// Collects details.
pub struct Fields<'a>(pub &'a mut Details);

impl Fields<'_> {
    pub fn put(&mut self, name: &'static str, value: impl Into<Text>) {
        self.0.push((Text::const_new(name), value.into()));
    }

    pub fn show(&mut self, name: &'static str, value: impl ToCompactString) {
        self.put(name, value.to_compact_string());
    }

    pub fn connect(&mut self, connect: &Connect<'_>) {
        self.put("protocol-name", short(connect.protocol_name));
        self.put("protocol-version", connect.version.text());
        self.put("client-id", short(connect.client_id));
        self.show("clean-start", connect.clean_start);
        self.show("keep-alive", connect.keep_alive_seconds);
        self.show("has-user-name", connect.user_name.is_some());
        self.show("has-password", connect.password.is_some());
        self.show("has-will", connect.will.is_some());
        if let Some(name) = connect.user_name {
            self.put("user-name", short(name));
        }
        self.properties("property", connect.properties);
        if let Some(will) = connect.will {
            self.put("will-topic", short(will.topic));
            self.put("will-payload", escaped(will.payload, DETAIL_BYTES_MAX));
            self.show("will-qos", will.qos);
            self.show("will-retain", will.retain);
            self.properties("will-property", will.properties);
        }
    }

    pub fn publish(&mut self, publish: &Publish<'_>, from_client: bool) {
        self.show("from-client", from_client);
        self.show("duplicate", publish.duplicate);
        self.show("qos", publish.qos);
        self.show("retain", publish.retain);
        if let Some(id) = publish.id {
            self.show("packet-id", id);
        }
        self.put("payload", escaped(publish.payload, DETAIL_BYTES_MAX));
        self.show("payload-length", publish.payload_bytes);
        self.properties("property", publish.properties);
    }

    /// Properties, named `{prefix}-{name}`. Authentication data are a credential: only their length is told.
    pub fn properties(&mut self, prefix: &str, properties: Properties<'_>) {
        for (id, value) in properties.iter().take(PROPERTIES_MAX) {
            let shown = match value {
                _ if id == PropertyId::AUTHENTICATION_DATA => match value {
                    Value::Binary(bytes) => format_compact!("{} bytes", bytes.len()),
                    _ => continue,
                },
                Value::Binary(bytes) => payload(bytes, VALUE_BYTES_MAX),
                Value::Number(number) => number.to_compact_string(),
                Value::Pair(key, value) => {
                    format_compact!("{}={}", readable(key, VALUE_BYTES_MAX), readable(value, VALUE_BYTES_MAX))
                }
                Value::Text(text) => readable(text, VALUE_BYTES_MAX),
            };
            self.0.push((format_compact!("{prefix}-{}", id.name()), shown));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payloads_are_text_where_they_are_text() {
        assert_eq!(payload("18,5 °C\n".as_bytes(), 100), "18,5 °C ");
        assert_eq!(payload(&[1, 2, 0xff], 100), "0x0102ff");
        assert_eq!(payload(&[0x31; 200], 4), "1111…");
    }
}
