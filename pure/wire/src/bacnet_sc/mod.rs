//! BACnet Secure Connect: ANSI/ASHRAE 135-2020 annex AB, in WebSocket.
//!
//! What can be seen: the standard wants TLS 1.3 with a certificate at either end around it (AB.7.4), and inside that
//! nothing is seen, neither the WebSocket nor its subprotocol. Such a conversation is told as TLS, with the name and
//! the protocols that its hello names, the port and, in TLS 1.2, the certificates. Here is read what goes without TLS:
//! behind a proxy that ends TLS, and where somebody has switched TLS off to look for a fault and forgot.
//!
//! Read: which end is a hub and which a node, by the WebSocket's subprotocol (`hub.bsc.bacnet.org` for a hub,
//! `dc.bsc.bacnet.org` for a direct connection); who joins, by virtual address and device UUID; every message of the
//! virtual link with its answer or refusal; the BACnet in it, read as BACnet/IP's is. A station beyond a hub has no
//! address of its own here: what it says of itself becomes no identity, and its virtual address stands in the details.
//!
//! Not read: header options (AB.2.3), which are passed over; what is inside proprietary messages; heartbeats.
//!
//! One [`city::Request`] is one part of a request with its part of the reply, with the details of `bacnet`, and beside
//! them:
//!
//! | key | value |
//! |---|---|
//! | `bvlc-function` | `encapsulated-npdu` |
//! | `virtual-source`, `virtual-destination` | stations beyond the hub; absent for the end that speaks itself |
//! | `message-id`, `max-bvlc-length`, `max-npdu-length` | of messages of the virtual link |

mod conversation;
mod message;
mod parse;
#[cfg(test)]
mod tests;

pub(crate) use conversation::Conversation;

/// The subprotocol of a direct connection (AB.7.1).
const DIRECT: &str = "dc.bsc.bacnet.org";

/// Whether a subprotocol of WebSocket is BACnet/SC (AB.7.1).
pub(crate) fn is_subprotocol(name: &str) -> bool {
    matches!(name, "hub.bsc.bacnet.org" | DIRECT)
}
