//! MQTT 5.0 and 3.1.1 (OASIS) and 3.1, over TCP.
//!
//! Read: every control packet with its properties; CONNECT with CONNACK as `authenticate`, PUBLISH with its
//! acknowledgements as `publish`, SUBSCRIBE and UNSUBSCRIBE as `subscribe`, one request for each topic filter. Topic
//! aliases are resolved. A password is compared with what makers ship and then forgotten.
//!
//! Sparkplug B (Eclipse, 3.0.0) on topics that begin with `spBv1.0`: the value of such a message is its metrics, by
//! name, value and type; an alias is resolved where the birth that gave it was seen. Each metric of a command (NCMD,
//! DCMD) is a request of its own beside the `publish`: `operate`, or `restart` for `Node Control/Reboot` and
//! `Node Control/Rebirth`, of the `node` or `device` and the metric. Births tell who the node is, and a STATE who the host.
//!
//! Not read: MQTT inside TLS or WebSocket; MQTT-SN is another protocol. Of Sparkplug: data sets, templates, arrays and
//! files, of which only the type is told; compressed payloads. PINGREQ, PINGRESP and DISCONNECT ask for nothing;
//! they are told as messages, to records only.
//!
//! One [`city::Request`] is one login, one message or one topic filter; its target is the client identifier or the
//! topic. Text is cut at 4096 bytes. Details:
//!
//! | key | of | value |
//! |---|---|---|
//! | `protocol-name`, `protocol-version` | connect | `MQTT` or `MQIsdp`; `3.1`, `3.1.1`, `5.0` |
//! | `client-id`, `user-name`, `clean-start`, `keep-alive` | connect | as sent; seconds |
//! | `has-user-name`, `has-password`, `has-will` | connect | `true` or `false` |
//! | `will-topic`, `will-payload`, `will-qos`, `will-retain` | connect | the last will |
//! | `session-present`, `return-code`, `reason` | connect | of the CONNACK |
//! | `from-client`, `duplicate`, `qos`, `retain`, `payload`, `payload-length` | publish | `payload` with `\xNN` for bytes that are no signs |
//! | `puback`, `pubrec`, `pubrel`, `pubcomp`, each with `-code` | publish | the steps that were seen, by reason |
//! | `packet-id` | publish, subscribe | the number that acknowledgements repeat |
//! | `protocol-version` | publish, subscribe | `3.1`, `3.1.1`, `5.0`, where known; with a packet's first filter |
//! | `part`, `parts` | subscribe | which of the packet's filters this is, from 1 |
//! | `qos`, `no-local`, `retain-as-published`, `retain-handling` | subscribe | the options asked for |
//! | `granted-qos`, `reason-code` | subscribe | as acknowledged |
//! | `property-…`, `will-property-…`, `reply-property-…` | all | properties of 5.0 by name, with a packet's first filter; a user property is `name=value` |
//! | `request-seen` | all | `false` where only the answer was seen |

mod conversation;
mod fields;
mod message;
mod parse;
mod sparkplug;
#[cfg(test)]
mod tests;

use crate::dialogue::{Reader, Side};
use crate::recognise::{Opening, Recognition, Sureness};
use city::Protocol;

/// Reads MQTT.
pub(crate) const READER: Reader = Reader { protocol: Protocol::Mqtt, recognise, open: conversation::open };

/// The port that IANA lists for MQTT without TLS.
const PORT: u16 = 1883;

/// Recognises a client by its CONNECT, and a conversation begun earlier by its first packet and the port.
fn recognise(opening: &Opening<'_>) -> Recognition {
    if !opening.is_tcp() {
        return Recognition::No;
    }
    let sides = [opening.from_source, opening.from_destination].map(recognise_connect);
    if sides.contains(&Recognition::Yes(Sureness::BySignature)) {
        return Recognition::Yes(Sureness::BySignature);
    }
    if opening.on_port(PORT) {
        let first = opening.first_bytes();
        let begins = recognise_connect(first);
        return if begins == Recognition::More { begins } else { recognise_middle(first) };
    }
    if opening.first == Side::Source && !opening.from_source.is_empty() {
        let [from_source, _] = sides;
        return from_source;
    }
    Recognition::No
}

/// A CONNECT holds the protocol's name at a place of its own (3.1.2.1).
fn recognise_connect(bytes: &[u8]) -> Recognition {
    let Some((first, _)) = bytes.split_first() else { return Recognition::More };
    if *first != 0x10 {
        return Recognition::No;
    }
    match parse::parse_header(bytes) {
        Err(parse::BadLength) => Recognition::No,
        Ok(None) => Recognition::More,
        Ok(Some(header)) => {
            let after = bytes.get(header.header_bytes..).unwrap_or_default();
            let names: [&[u8]; 2] = [b"\x00\x04MQTT", b"\x00\x06MQIsdp"];
            if names.iter().any(|name| after.starts_with(name)) {
                Recognition::Yes(Sureness::BySignature)
            } else if names.iter().any(|name| name.starts_with(after)) {
                Recognition::More
            } else {
                Recognition::No
            }
        }
    }
}

/// Any other packet is too plain to convince without the port.
fn recognise_middle(bytes: &[u8]) -> Recognition {
    match parse::parse_header(bytes) {
        Err(parse::BadLength) => Recognition::No,
        Ok(None) => Recognition::More,
        Ok(Some(header)) if !header.is_sound() => Recognition::No,
        Ok(Some(header)) => match bytes.get(header.header_bytes..header.total()) {
            None if header.total() > parse::PACKET_BYTES_MAX => Recognition::No,
            None => Recognition::More,
            Some(body) if parse::parse_packet(header, body, None).is_some() => {
                Recognition::Yes(Sureness::ByPort)
            }
            Some(body) if parse::parse_packet(header, body, Some(message::Version::V5)).is_some() => {
                Recognition::Yes(Sureness::ByPort)
            }
            Some(_) => Recognition::No,
        },
    }
}
