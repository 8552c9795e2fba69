//! DHCP for IPv6 (RFC 8415).
//!
//! Read: every message with its options, also within what relays pass on; which addresses and prefixes are asked for and
//! given, what the client says of itself, who acts as a server and as a relay. An address that is given is bound to the
//! client's MAC address where a relay tells it (RFC 6939), or where the client's own address holds it (RFC 4291 appendix
//! A); the identifiers of clients often hold one too, but of any of their interfaces, and are not taken for it (RFC 8415
//! clause 11).
//!
//! Not read: authentication (clause 20), whose keys and proofs are not looked at; DHCP for IPv4 within (RFC 7341); leases
//! told in bulk (RFC 5460).
//!
//! As with DHCP for IPv4, a reply is part of another conversation than its request, which goes to a group. So each
//! message is told for itself; the transaction identifier joins them. The function is the message's name: `solicit`,
//! `advertise`, `request`, `reply`, …; the target is the address or prefix that is asked for or given. Details:
//!
//! | key | value |
//! |---|---|
//! | `id`, `message-type` | transaction identifier, hexadecimal; number of the message |
//! | `client-identifier`, `server-identifier` | hexadecimal, as they are |
//! | `client-kind`, `server-kind` | what the identifiers are made of: `link-layer-time`, `enterprise`, `link-layer`, `uuid` |
//! | `client-mac`, `server-mac`, `client-enterprise`, `server-enterprise` | MAC addresses in them; numbers of enterprises with what they gave |
//! | `association` | kind, number, times of renewal and rebinding of a group of addresses; repeated |
//! | `address`, `prefix` | with preferred and valid lifetime; repeated |
//! | `status` | number and words of an outcome; repeated |
//! | `options-asked` | numbers of the options asked for: a fingerprint of the client |
//! | `elapsed`, `preference`, `rapid-commit` | hundredths of a second; 0 to 255; present |
//! | `client-fqdn` | name with its domain |
//! | `user-class`, `vendor-class`, `vendor-options` | text, or hexadecimal behind `0x`; behind the enterprise's number for the two latter |
//! | `name-server`, `domain`, `time-server`, `sip-server` | addresses and names; repeated |
//! | `boot-file`, `boot-parameter`, `redirect`, `mud-url`, `tunnel-end` | addresses of what to load, and where to turn |
//! | `time-zone` | in either form |
//! | `relay`, `relay-link`, `relay-peer`, `relay-interface`, `relay-remote`, `relay-subscriber`, `link-layer` | of each relay, the outermost first; repeated |
//! | `option` | the number of each option present, in order; repeated |

mod conversation;
mod details;
mod message;
mod parse;
#[cfg(test)]
mod tests;

use crate::dialogue::Reader;
use crate::recognise::{Opening, Recognition, Sureness};
use city::Protocol;

/// Reads DHCP for IPv6.
pub(crate) const READER: Reader = Reader {
    protocol: Protocol::Dhcpv6,
    recognise,
    open: || Box::new(conversation::Conversation::default()),
};

/// Clients listen on the first, servers and relays on the second (RFC 8415 clause 7.2).
const PORTS: [u16; 2] = [546, 547];

fn recognise(opening: &Opening<'_>) -> Recognition {
    if !opening.is_udp() {
        return Recognition::No;
    }
    let Some(message) = parse::parse_message(opening.first_bytes()) else { return Recognition::No };
    let at_port = PORTS.iter().any(|port| opening.on_port(*port));
    if message.is_whole && message.names_someone() {
        Recognition::Yes(Sureness::ByStructure)
    } else if at_port {
        Recognition::Yes(Sureness::ByPort)
    } else {
        Recognition::No
    }
}
