//! DHCP for IPv4 (RFC 2131, RFC 2132).
//!
//! Read: every message with its options, also those that overflow into the fields of file and server name (RFC 2132
//! clause 9.3) or are split over several (RFC 3396); which address belongs to which MAC address, what the client says
//! of itself, which system it runs if it asks for a list of options that one system is known for, who acts as a server.
//!
//! Not read: DHCP for IPv6, which is a protocol of its own; plain BOOTP without the magic cookie (RFC 951); authentication (RFC 3118).
//!
//! The options are read here: a length, a code and bytes, of which a listener must survive any that is malformed,
//! while the libraries for clients and servers refuse the whole message.
//!
//! A reply usually goes to another address than the one its request came from, since the client has none yet, and is
//! then part of another conversation. So each message is told for itself: what a client sends as a request whose
//! reply is not awaited, what a server sends as the outcome of what the client asked. The transaction identifier in
//! the details joins them. The function is the message's name: `discover`, `offer`, `request`, `ack`, …; the target
//! is the address that is asked for or given. Details:
//!
//! | key | value |
//! |---|---|
//! | `id` | transaction identifier, hexadecimal |
//! | `message-type` | the number of the message (option 53) |
//! | `client-mac`, `client-identifier` | hardware address; option 61 in hexadecimal |
//! | `client-address`, `assigned-address`, `next-server-address`, `relay-address` | ciaddr, yiaddr, siaddr, giaddr, if not 0.0.0.0 |
//! | `requested-address`, `server-address` | options 50 and 54 |
//! | `seconds`, `hops`, `broadcast` | of the fixed part |
//! | `lease-time`, `renewal-time`, `rebinding-time` | seconds (options 51, 58, 59) |
//! | `host-name`, `client-fqdn`, `domain` | options 12, 81, 15 |
//! | `vendor-class`, `user-class` | options 60 and 77 |
//! | `parameter-list` | numbers of the options asked for, in order (option 55): a fingerprint of the client |
//! | `subnet-mask`, `router`, `name-server`, `time-server`, `ntp-server`, `tftp-server` | options 1, 3, 6, 4, 42, 150; repeated |
//! | `message` | option 56: why a server refused, or a client declined |
//! | `relay-circuit`, `relay-remote`, `relay-subscriber` | sub-options 1, 2 and 6 of option 82: text, or hexadecimal behind `0x` |
//! | `mud-url`, `redirect` | option 161: where the device's needs are described; option 143, repeated: where to turn first |
//! | `boot-file`, `server-name`, `max-message-size` | names and option 57 |
//! | `sender`, `receiver` | the addresses that it was sent from and to |
//! | `option` | the number of each option present, in order; repeated |

mod conversation;
mod message;
mod parse;
mod systems;

use crate::dialogue::Reader;
use crate::recognise::{Opening, Recognition, Sureness};
use city::Protocol;

/// Reads DHCP.
pub(crate) const READER: Reader =
    Reader { protocol: Protocol::Dhcp, recognise, open: || Box::new(conversation::Conversation) };

fn recognise(opening: &Opening<'_>) -> Recognition {
    // The magic cookie stands at its place behind 236 bytes, and the fixed part fits: nothing else looks so.
    if opening.is_udp() && parse::parse_message(opening.first_bytes()).is_some() {
        Recognition::Yes(Sureness::BySignature)
    } else {
        Recognition::No
    }
}
