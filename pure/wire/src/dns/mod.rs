//! DNS over UDP and TCP (RFC 1034, RFC 1035 and what they grew into) and multicast DNS (RFC 6762, RFC 6763).
//!
//! Read: every question with its reply; zone transfers (RFC 5936, RFC 1995), updates (RFC 2136), notifications
//! (RFC 1996); the services and hosts that announce themselves by multicast. Names for addresses become identities.
//!
//! Not read: DNS over TLS, HTTPS or QUIC, which cannot be; DNSCrypt; the names of NetBIOS (RFC 1002), whose messages
//! only look alike; what DNS Stateful Operations (RFC 8490) say inside. Signatures are shown and not verified.
//!
//! The messages are parsed here and not by a resolver's library: a resolver rightly refuses a reply of which one
//! record is malformed, while a listener must keep the records that can be read; and DNS is the most frequent protocol
//! of an office, so that an allocation for each label would be felt.
//!
//! One [`city::Request`] is one question with its reply. Its target is the name asked for, in lower case, since names
//! are compared without case (RFC 4343) and some resolvers mix it at random; its kind is the type asked for. Details:
//!
//! | key | value |
//! |---|---|
//! | `asked` | when the question was seen, in seconds since 1970; absent if only the reply was seen |
//! | `id`, `opcode`, `query` | transaction identifier; operation; the name as it was written |
//! | `qtype`, `qtype-name`, `qclass`, `qclass-name` | number and registered name |
//! | `rcode`, `rcode-name` | of the reply |
//! | `flags`, `question-flags` | the second word of the reply and of the question, hexadecimal |
//! | `aa`, `tc`, `rd`, `ra`, `z` | flags of the reply (of the question, if unanswered); `z` is the number in three bits |
//! | `answer-name`, `answer-type`, `answer-ttl`, `answer` | repeated together, once for each answer |
//! | `authority-…`, `additional-…` | the same for the other sections; EDNS's OPT is left out |
//! | `question-count`, `answer-count`, `authority-count`, `additional-count` | as announced |
//! | `part`, `parts` | which of the message's questions it is, from 1, if there are several |
//! | `damage` | where the message became unreadable |

mod conversation;
mod message;
mod multicast;
mod parse;
mod rdata;

use crate::dialogue::Reader;
use crate::recognise::{Opening, Recognition, Sureness};
use city::Protocol;
use message::{Header, Message};

/// Reads DNS.
pub(crate) const READER: Reader =
    Reader { protocol: Protocol::Dns, recognise, open: || Box::new(conversation::Conversation::new(false)) };

/// Reads multicast DNS.
pub(crate) const MULTICAST_READER: Reader = Reader {
    protocol: Protocol::Mdns,
    recognise: recognise_multicast,
    open: || Box::new(conversation::Conversation::new(true)),
};

/// The port of DNS.
const PORT: u16 = 53;
/// The port of multicast DNS (RFC 6762 clause 3).
const MULTICAST_PORT: u16 = 5353;
/// The port of Link-Local Multicast Name Resolution (RFC 4795), which has the format of DNS.
const LINK_LOCAL_PORT: u16 = 5355;
/// The port of NetBIOS names (RFC 1002).
const NETBIOS_PORT: u16 = 137;

fn recognise(opening: &Opening<'_>) -> Recognition {
    if is_multicast(opening) || opening.on_port(NETBIOS_PORT) {
        return Recognition::No;
    }
    let usual = opening.on_port(PORT) || opening.on_port(LINK_LOCAL_PORT);
    let bytes = opening.first_bytes();
    if opening.is_udp() {
        return recognise_message(bytes, usual);
    }
    let Some((length, message)) = bytes.split_first_chunk::<2>() else { return Recognition::More };
    let length = usize::from(u16::from_be_bytes(*length));
    if length < Header::LENGTH {
        return Recognition::No;
    }
    match message.get(..length) {
        Some(message) => recognise_message(message, usual),
        None if message.len() < Header::LENGTH => Recognition::More,
        // The header is here; only if it is possible does waiting make sense.
        None => match parse::parse_header(message) {
            Some(header) if possible(header) && (usual || header.counts.iter().all(|count| *count < 256)) => {
                Recognition::More
            }
            _ => Recognition::No,
        },
    }
}

fn recognise_multicast(opening: &Opening<'_>) -> Recognition {
    if opening.is_udp() && is_multicast(opening) {
        recognise_message(opening.first_bytes(), true)
    } else {
        Recognition::No
    }
}

/// RFC 6762 clauses 5, 5.5 and 6.7: to the group, straight to a responder, or back to wherever the question came from.
fn is_multicast(opening: &Opening<'_>) -> bool {
    opening.is_udp() && opening.on_port(MULTICAST_PORT)
}

fn recognise_message(bytes: &[u8], usual: bool) -> Recognition {
    let Some(message) = parse::parse_message(bytes) else { return Recognition::No };
    if is_sound(&message) {
        Recognition::Yes(Sureness::ByStructure)
    } else if usual && is_readable(&message) {
        Recognition::Yes(Sureness::ByPort)
    } else {
        Recognition::No
    }
}

/// Whether a header can be one: a registered operation.
fn possible(header: Header) -> bool {
    header.opcode().name().is_some() && header.counts.iter().any(|count| *count > 0)
}

/// Whether enough of a message could be read to say something about it.
fn is_readable(message: &Message) -> bool {
    let header = message.header;
    let questions_read = message.questions.len() == usize::from(header.counts[0]);
    header.opcode().name().is_some()
        && (!message.questions.is_empty() && (questions_read || message.questions.len() > 1)
            || !message.answers.is_empty()
            || header.is_response() && header.counts == [0; 4] && message.surplus == 0)
}

/// Whether a message fits its standard throughout, so that it is hardly anything else.
fn is_sound(message: &Message) -> bool {
    let header = message.header;
    message.damage.is_none()
        && message.surplus == 0
        && header.opcode().name().is_some()
        && header.reserved() & 4 == 0
        && (!message.questions.is_empty() || header.is_response() && !message.answers.is_empty())
        && (header.is_response() || header.rcode().0 == 0)
        && message
            .questions
            .iter()
            .all(|q| q.class.without_multicast_bit().name().is_some() && q.kind.name().is_some())
        && message.answers.iter().all(|r| r.class.without_multicast_bit().name().is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rehearse;
    use city::Transport;

    const QUERY: &[u8] =
        b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x05pumps\x07example\x00\x00\x01\x00\x01";

    #[test]
    fn a_question_is_recognised_on_any_port() {
        for port in [53, 5300, 40_000] {
            assert_eq!(
                rehearse::recognise(&READER, Transport::Udp, port, QUERY, &[]),
                Recognition::Yes(Sureness::ByStructure)
            );
        }
        let mut prefixed = vec![0, QUERY.len() as u8];
        prefixed.extend(QUERY);
        for cut in 0..prefixed.len() {
            assert_eq!(
                rehearse::recognise(&READER, Transport::Tcp, 53, &prefixed[..cut], &[]),
                Recognition::More,
                "{cut}"
            );
        }
        assert_eq!(
            rehearse::recognise(&READER, Transport::Tcp, 40_000, &prefixed, &[]),
            Recognition::Yes(Sureness::ByStructure)
        );
    }

    #[test]
    fn what_only_resembles_is_left_alone() {
        for bytes in
            [&b""[..], b"GET / HTTP/1.1\r\n\r\n", &[0; 48], &[0x16, 3, 1, 0, 50, 1, 0, 0, 46, 3, 3, 0, 0]]
        {
            for port in [53, 40_000] {
                assert_eq!(rehearse::recognise(&READER, Transport::Udp, port, bytes, &[]), Recognition::No);
            }
        }
        assert_eq!(rehearse::recognise(&READER, Transport::Udp, 137, QUERY, &[]), Recognition::No);
    }
}
