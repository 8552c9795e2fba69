//! Modbus/TCP: Modbus Application Protocol Specification V1.1b3, carried as the Modbus Messaging on TCP/IP
//! Implementation Guide V1.0b says.
//!
//! Read: every public function with its data, diagnostics by sub-function, device identification, exceptions. Over UDP
//! as well, which some devices speak. Codes that only makers know (UMAS among them) are told by number, name and raw
//! data. Modbus carries no proof of who asks, so that any change that a device accepts shows a weakness.
//!
//! Not read: Modbus ASCII frames carried over TCP; for RTU frames see `modbus-rtu`. Modbus/TCP Security (port 802) is
//! TLS to the wire, and told as such: inside nothing is seen.
//!
//! One [`city::Request`] is one request with its reply; what was seen of only one of the two is told as well. The
//! target is the unit with the coils or registers by their protocol addresses, from 0. Details:
//!
//! | key | value |
//! |---|---|
//! | `transaction`, `protocol-id`, `unit` | the header's fields |
//! | `function-code`, `request-length` | of the request: code and length field |
//! | `response-function-code`, `response-length` | of the reply; an exception has 128 added |
//! | `request-seen` | `false` where the reply's request was not |
//! | `address`, `quantity`, `request-values` | first address, how many, and the values sent, with commas between |
//! | `response-values`, `response-padding` | the values returned; the bits that fill up the last byte |
//! | `response-address`, `response-quantity` | what the reply repeats |
//! | `and-mask`, `or-mask`, `response-and-mask`, `response-or-mask` | of function 22 |
//! | `read-address`, `read-quantity`, `write-address`, `write-quantity`, `write-registers` | of function 23 |
//! | `request-subfunction`, `request-subfunction-code`, and for `response-` | of diagnostics |
//! | `request-data`, `response-data` | data of the device's own meaning, in hexadecimal |
//! | `reference-type`, `file-number`, `record-number`, `record-length` | of file records, repeated for each piece |
//! | `fifo-count`, `status`, `event-count`, `message-count` | of functions 24, 11 and 12 |
//! | `mei-code`, `mei-type`, `identification-code`, `object-id`, and for `response-` | of function 43 |
//! | `conformity-level`, `more-follows`, `next-object-id`, `object-count` | of a device identification |
//! | `vendor-name`, `product-code`, … `object-128` | the objects of a device identification |
//! | `request-bytes`, `response-bytes` | all that follows the code, of functions without coils or registers, in hexadecimal |
//! | `exchange` | which exchange of the conversation it is, from 1 |
//! | `exception`, `exception-code` | why it was refused |

mod conversation;
mod fields;
mod message;
mod parse;
#[cfg(test)]
mod tests;

pub(crate) use conversation::Conversation;
pub(crate) use message::{FunctionCode, Message};
pub(crate) use parse::{fits_request, fits_response};

use crate::dialogue::{Reader, Side};
use crate::recognise::{Opening, Recognition, Sureness};
use city::Protocol;
use parse::{Found, HEADER_BYTES, LENGTH_MAX};

/// Reads Modbus/TCP.
pub(crate) const READER: Reader = Reader { protocol: Protocol::Modbus, recognise, open: conversation::open };

/// The port that IANA lists.
pub(super) const PORT: u16 = 502;

/// Recognises Modbus by its header and by data that fit their function exactly.
fn recognise(opening: &Opening<'_>) -> Recognition {
    let at_port = opening.on_port(PORT);
    let client = conversation::client_side(opening.source_port, opening.destination_port);
    let (from_client, from_server) = match client {
        Side::Source => (opening.from_source, opening.from_destination),
        Side::Destination => (opening.from_destination, opening.from_source),
    };
    let bytes = if from_client.is_empty() { from_server } else { from_client };
    match parse::parse_message(bytes) {
        Found::Foreign(_) | Found::Nothing => Recognition::No,
        Found::More if opening.is_udp() => Recognition::No,
        Found::More if bytes.len() < HEADER_BYTES + 1 => Recognition::More,
        Found::More => match bytes {
            [_, _, 0, 0, 0, 2..=254, _, function, ..]
                if at_port || matches!(function, 15 | 16 | 20..=23 | 43) =>
            {
                Recognition::More
            }
            _ => Recognition::No,
        },
        Found::Message(_, used) if opening.is_udp() && used != bytes.len() => Recognition::No,
        Found::Message(message, _) => {
            let fits = message.length <= LENGTH_MAX
                && if from_client.is_empty() {
                    fits_response(&message)
                } else {
                    // Where the capture began in the middle, the first to be heard may be the server.
                    fits_request(&message) || (at_port && fits_response(&message))
                };
            if fits && from_client.is_empty() && !at_port {
                // A reply alone is short and plain; the client will speak.
                Recognition::More
            } else if fits {
                Recognition::Yes(Sureness::ByStructure)
            } else if at_port {
                Recognition::Yes(Sureness::ByPort)
            } else {
                Recognition::No
            }
        }
    }
}
