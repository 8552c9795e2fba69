//! IKE, by which IPsec's tunnels are agreed on: RFC 7296 (version 2); RFC 2407, RFC 2408 and RFC 2409 (version 1, which
//! RFC 9395 has retired). Also with the marker that tells it from ESP (RFC 3948) on port 4500.
//!
//! Read: which version and exchange; what is offered and what is chosen (encryption, integrity, PRF, group and, in
//! version 1, how the ends prove who they are); why an association is refused; who asks, where that is said in the
//! open; vendor identifiers, as identity where they name a maker or are text. Weak algorithms and groups, aggressive
//! mode with a pre-shared key, and version 1 are weaknesses.
//!
//! Not read: what is encrypted, and with it whether the ends believed each other; the reply of an exchange that is
//! encrypted says only that there was one. Exchanges that agree on nothing (deletions, signs of life) are told only
//! where one refuses. ESP on the same ports is passed over; IKE over TCP (RFC 9329) is not recognised.
//!
//! One [`city::Request`] is one exchange. The target is who asks, in aggressive mode; the value what was chosen:
//! `aes-cbc-256,prf-hmac-sha2-256,hmac-sha2-256-128,modp-2048`. Details:
//!
//! | key | value |
//! |---|---|
//! | `version` | `2.0` |
//! | `initiator-spi`, `responder-spi` | by which the two ends know the association |
//! | `message-id` | which exchange of the association it is |
//! | `offered` | each suite that was offered, as the value has it |

mod conversation;
mod events;
mod message;
mod names;
mod parse;
#[cfg(test)]
mod tests;
mod vendors;

use crate::dialogue::Reader;
use crate::recognise::{Opening, Recognition, Sureness};
use city::Protocol;

/// Reads IKE.
pub(crate) const READER: Reader = Reader { protocol: Protocol::Ike, recognise, open: conversation::open };

/// The port that ESP uses as well (RFC 3948).
const PORT_ESP: u16 = 4500;

/// Recognises IKE by a header whose numbers fit the version and whose length is the datagram's, and by payloads that
/// fill it.
fn recognise(opening: &Opening<'_>) -> Recognition {
    if opening.is_udp() && conversation::is_message(opening.first_bytes()) {
        Recognition::Yes(Sureness::ByStructure)
    } else {
        Recognition::No
    }
}
