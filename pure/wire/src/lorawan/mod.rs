//! LoRaWAN between gateways and their network server: LoRaWAN Link Layer Specification 1.0.4 and 1.1, carried by the
//! Semtech packet forwarder's protocol (GWMP, versions 1 and 2, `PROTOCOL.TXT` of the packet forwarder) over UDP.
//!
//! Read: PUSH_DATA with each radio packet and the gateway's status, PULL_DATA, PULL_RESP with its radio packet, TX_ACK
//! and the acknowledgements; inside, join requests, join accepts, rejoin requests and data frames with address,
//! control, counter and port, and the MAC commands of version 1.0 that a downlink's options carry readable. Neither
//! gateway nor server proves who it is in this protocol, so that any downlink that a gateway sends shows a weakness: the
//! frame's own code is checked by the end device alone.
//!
//! Not read: what is encrypted, which is every payload, the join accept and the options of version 1.1; the frame's
//! code is not checked, for want of keys. Basics Station (WebSocket) and the MQTT forwarders are other protocols. Of the
//! upper sixteen bits of a counter nothing is sent.
//!
//! One [`city::Request`] is one radio packet, one status, or the first PULL_DATA of a gateway: those after it only keep
//! the way open. The target of a frame is `end-device` with its DevEUI (16 digits) or its address (8 digits), and the
//! port where the frame has one: `end-device 26011bda port 10`. A status is about the `gateway`. The value names counter
//! or nonce and says where it went back or was used before; the counter of a frame that is sent again, with the same
//! code, is legitimate (`sent again`). A downlink on ports 201 and 203 is `program`, on 200 and 202 `configure`: the
//! default ports of the LoRa Alliance's packages TS004, TS006, TS005 and TS003.

mod conversation;
mod frame;
mod message;
mod parse;
#[cfg(test)]
mod tests;

use crate::dialogue::Reader;
use crate::json;
use crate::recognise::{Opening, Recognition, Sureness};
use city::Protocol;
use message::{Body, Identifier};

/// Reads LoRaWAN.
pub(crate) const READER: Reader = Reader { protocol: Protocol::Lorawan, recognise, open: conversation::open };

/// The port that the packet forwarder is shipped with.
const PORT: u16 = 1700;

/// Recognises the header, whose length says what must follow, and the names that its JSON begins with.
fn recognise(opening: &Opening<'_>) -> Recognition {
    if !opening.is_udp() {
        return Recognition::No;
    }
    let Some(message) = parse::parse_message(opening.first_bytes()) else { return Recognition::No };
    let at_port = opening.on_port(PORT);
    let names: &[&str] = match message.identifier {
        Identifier::PUSH_DATA => &["rxpk", "stat"],
        Identifier::PULL_RESP => &["txpk"],
        Identifier::TX_ACK => &["txpk_ack"],
        _ => &[],
    };
    match message.body {
        Body::Json(value) if names.iter().any(|name| value.member(name).is_some()) => {
            Recognition::Yes(Sureness::BySignature)
        }
        Body::Json(value @ json::Value::Object(_)) if at_port && value.members().next().is_some() => {
            Recognition::Yes(Sureness::ByPort)
        }
        Body::Json(_) => Recognition::No,
        // Gateways make their EUI of a MAC address, with ff fe or ff ff in the middle (IEEE guidelines for EUI-64).
        Body::Nothing => match message.gateway {
            Some([_, _, _, 0xff, 0xfe | 0xff, ..]) => Recognition::Yes(Sureness::ByStructure),
            _ if at_port => Recognition::Yes(Sureness::ByPort),
            _ => Recognition::No,
        },
    }
}
