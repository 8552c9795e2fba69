//! MQTT for Sensor Networks 1.2 (IBM, 2013; Eclipse) over UDP.
//!
//! Read: searching for a gateway, CONNECT with CONNACK, REGISTER and REGACK for the names that topics' numbers stand
//! for, PUBLISH in every quality with its acknowledgements, SUBSCRIBE and UNSUBSCRIBE, updates of the last will; all of
//! it also in a forwarder's encapsulation. The protocol has no login, which shows as a weakness once a gateway has let
//! somebody in.
//!
//! Not read: version 2.0, MQTT-SN inside DTLS. Keep-alives, sleeping and the handshake for the last will ask for nothing
//! of the process and are not told. A topic whose number was given before the capture began is told by its number.
//!
//! The target is the client identifier or the topic: by name, `(topic 17)` by a number whose name was not seen, or
//! `(predefined 17)` by one that was agreed beforehand.

mod conversation;
mod message;
#[cfg(test)]
mod tests;

use crate::dialogue::Reader;
use crate::recognise::{Opening, Recognition, Sureness};
use city::Protocol;
use message::Message;

/// Reads MQTT-SN.
pub(crate) const READER: Reader = Reader { protocol: Protocol::MqttSn, recognise, open: conversation::open };

/// Where gateways usually listen; IANA lists none.
const PORTS: [u16; 2] = [1883, 1884];

/// Recognises a CONNECT by its structure, anything else by length and port.
fn recognise(opening: &Opening<'_>) -> Recognition {
    if !opening.is_udp() {
        return Recognition::No;
    }
    let printable = |name: &[u8]| name.iter().all(|byte| (0x21..0x7f).contains(byte));
    match message::parse_message(opening.first_bytes()) {
        Some(Message::Connect { client, .. }) if (1..=23).contains(&client.len()) && printable(client) => {
            Recognition::Yes(Sureness::ByStructure)
        }
        Some(_) if PORTS.into_iter().any(|port| opening.on_port(port)) => Recognition::Yes(Sureness::ByPort),
        _ => Recognition::No,
    }
}
