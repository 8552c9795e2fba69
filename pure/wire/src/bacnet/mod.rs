//! BACnet/IP: ANSI/ASHRAE 135-2020, annex J (virtual link layer), clause 6 (network layer), clauses 5, 20 and 21
//! (application layer), clauses 13 to 17 (services).
//!
//! Read: every function of the virtual link layer, forwarded messages and routed addresses, messages between routers,
//! every application PDU with segments put together, every service by name and nearly all by their data. A service that
//! is about many properties becomes one request for each. What devices say of themselves (I-Am, the properties of the
//! device object) becomes identity, unless it comes from behind a router, where the address is not theirs.
//! Passwords of device control are never kept.
//!
//! Not read: BACnet over other links (Ethernet, MS/TP; for Secure Connect see `bacnet-sc`), BACnet/IPv6, the contents
//! of secured messages, and the data of Authenticate, RequestKey, AuditLogQuery and ReadPropertyConditional, which are
//! kept raw.
//!
//! One [`city::Request`] is one part of a request (one property, one object) with its part of the reply. Details:
//!
//! | key | value |
//! |---|---|
//! | `bvlc-function`, `original-address`, `original-port` | of the virtual link; the address if it was forwarded |
//! | `destination-network`, `source-network`, `hop-count`, `network-priority` | `5:0c` is station 0c of network 5 |
//! | `pdu-type`, `invoke-id`, `service-choice` | `confirmed-request`, `unconfirmed-request`, `network-message` |
//! | `max-segments`, `max-apdu-accepted`, `segmented-response-accepted` | what the client can take |
//! | `segments`, `incomplete`, `reply-segments`, `reply-incomplete` | of messages in several PDUs |
//! | `segment-ack` | repeated: `client 1 window 4 positive` |
//! | `part`, `parts` | which of the message's parts this is, from 1, if there are several |
//! | `request-seen` | `false` where the reply's request was not |
//! | `reply-bvlc-function`, `reply-pdu-type`, `reply-source-network`, … | the same of the reply |
//! | `error-class`, `error-code`, `reject-reason`, `abort-reason`, `abort-from-server` | why it was refused |
//! | `object-type`, `object-instance`, `property`, `array-index`, `priority` | what it is about |
//! | `value`, `value-type`, `value-number` | repeated together for each primitive value; the number of a named one |
//! | `device-type`, `device-instance`, `object-name`, `low-limit`, `high-limit` | of Who-Is, I-Am, Who-Has, I-Have |
//! | `vendor-id`, `vendor`, `model-name`, `serial-number`, `max-apdu-length`, `segmentation-supported` | of I-Am and its kin |
//! | `state`, `time-duration`, `has-password` | of DeviceCommunicationControl and ReinitializeDevice |
//! | `process-id`, `lifetime`, `confirmed-notifications`, `time-remaining`, `cov-increment` | of subscriptions |
//! | `event-type`, `notify-type`, `from-state`, `to-state`, `message-text`, … | of events and text messages |
//! | `file-access-method`, `file-start`, `file-count`, `data-length`, `end-of-file`, `reply-file-start`, … | of files |
//! | `range`, `range-start`, `range-count`, `item-count`, `first-sequence-number`, `result-flags` | of ReadRange |
//! | `service-number`, `parameters`, `result-data`, `request-data`, `reply-data` | raw data, in hexadecimal |
//! | `bvlc-data`, `result`, `network-data` | of messages between BBMDs, foreign devices and routers |

mod announce;
mod assembly;
mod conversation;
mod envelope;
mod link;
mod merge;
mod message;
mod names;
mod parse;
mod part;
mod properties;
mod reply;
mod request;
#[cfg(test)]
mod tests;
mod units;
mod value;
mod vendors;

pub(crate) use conversation::Conversation;
pub(crate) use envelope::Stations;

use crate::dialogue::Reader;
use crate::recognise::{Opening, Recognition, Sureness};
use city::{Protocol, Text};
use message::BvlcFunction;

/// Reads BACnet/IP.
pub(crate) const READER: Reader = Reader { protocol: Protocol::Bacnet, recognise, open: conversation::open };

/// The name of an error's code, as links other than BACnet/IP refuse with it as well.
pub(crate) fn error_text(class: u16, code: u16) -> Text {
    reply::Refusal { class: u32::from(class), code: u32::from(code) }.code_text()
}

/// Recognises BACnet by a datagram whose layers all fit.
fn recognise(opening: &Opening<'_>) -> Recognition {
    if !opening.is_udp() {
        return Recognition::No;
    }
    let bytes = opening.first_bytes();
    let Some(bvlc) = parse::parse_bvlc(bytes) else { return Recognition::No };
    let fits = match bvlc.function {
        BvlcFunction::ORIGINAL_UNICAST
        | BvlcFunction::ORIGINAL_BROADCAST
        | BvlcFunction::DISTRIBUTE_BROADCAST => parse::parse_npdu(bvlc.body).is_some(),
        BvlcFunction::FORWARDED_NPDU => {
            parse::parse_forwarded(bvlc.body).is_some_and(|(_, _, npdu)| parse::parse_npdu(npdu).is_some())
        }
        // J.2.1 to J.2.9 give each the length of its body.
        BvlcFunction::RESULT | BvlcFunction::REGISTER_FOREIGN_DEVICE => bvlc.body.len() == 2,
        BvlcFunction::READ_BDT | BvlcFunction::READ_FDT => bvlc.body.is_empty(),
        BvlcFunction::WRITE_BDT | BvlcFunction::READ_BDT_ACK | BvlcFunction::READ_FDT_ACK => {
            bvlc.body.len() % 10 == 0
        }
        BvlcFunction::DELETE_FDT_ENTRY => bvlc.body.len() == 6,
        _ => false,
    };
    if fits { Recognition::Yes(Sureness::ByStructure) } else { Recognition::No }
}
