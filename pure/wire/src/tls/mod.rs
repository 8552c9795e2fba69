//! TLS 1.0 to 1.3 and SSL 2 and 3 over TCP (RFC 8446, RFC 5246, RFC 6101), DTLS 1.0 and 1.2 over UDP (RFC 6347), and
//! the certificates in it (RFC 5280).
//!
//! Read: hellos of both sides, also in the form of SSL 2; the version and the cipher chosen; names, protocols and
//! curves; certificates, which are readable up to TLS 1.2 only; alerts; whether the handshake was completed. Versions
//! before 1.2 are a weakness of the server, and so are ciphers that can be broken, encrypt nothing or prove nothing.
//!
//! Not read: anything encrypted, which is skipped without a look; the records of DTLS 1.3
//! (RFC 9147) behind its hellos; TLS that begins inside another protocol.
//! Signatures and chains of certificates are not verified: a listener does not know whom the client trusts.
//!
//! Hellos are taken apart here, since `tls-parser` refuses those whose version or extensions it does not know; the
//! registered names of ciphers are its own. Certificates are read by `x509-parser`.
//!
//! One [`city::Request`] is one handshake: the verb `authenticate`, the function `handshake`, the target the server's
//! name that the client asked for, the value the version and the cipher chosen. It is refused with the name of the
//! fatal alert. Details:
//!
//! | key | value |
//! |---|---|
//! | `asked` | when the client's hello was seen, in seconds since 1970 |
//! | `version`, `version-code` | chosen: `TLS 1.2`, `0303` |
//! | `client-version`, `version-offered` | of the hello; of its list of versions, repeated |
//! | `cipher`, `cipher-code` | chosen: the IANA name, or `unknown` |
//! | `curve` | the group of the key exchange, by its IANA name |
//! | `server-name` | server name indication, as it was sent |
//! | `alpn-offered`, `alpn` | protocols offered, repeated, and chosen |
//! | `ciphers-offered`, `extensions-offered`, `groups-offered`, `signatures-offered` | codes in the order of the client's hello, decimal, with commas |
//! | `extensions` | codes in the order of the server's hello |
//! | `resumed`, `established` | `true` or `false` |
//! | `alert` | the last alert that could be read |
//! | `history` | the messages in order, a letter each, upper case for the client's: the letters of Zeek's `ssl_history` |
//! | `ja3`, `ja3s`, `ja4` | fingerprints of the hellos; of JA3 the text before it is hashed |
//! | `certificate-…` | what [`certificate`] says of each certificate, beginning with `certificate-from` |

pub(crate) mod certificate;
mod conversation;
mod datagrams;
mod fingerprint;
mod message;
pub(crate) mod parse;

pub(crate) use conversation::Conversation;
pub(crate) use datagrams::{DATAGRAM_READER, is_stun};
pub(crate) use fingerprint::{Carrier, ja3, ja3s, ja4_over_quic, md5 as fingerprint_md5};
pub(crate) use message::{ClientHello, ServerHello, alert_name};

use crate::dialogue::Reader;
use crate::recognise::{Opening, Recognition, Sureness};
use city::Protocol;
use parse::{RecordKind, parse_record_header, parse_ssl2_hello};

/// Reads TLS.
pub(crate) const READER: Reader =
    Reader { protocol: Protocol::Tls, recognise, open: || Box::new(Conversation::new()) };

/// The port of HTTP over TLS, the most usual one.
const PORT: u16 = 443;

fn recognise(opening: &Opening<'_>) -> Recognition {
    if !opening.is_tcp() {
        return Recognition::No;
    }
    let bytes = opening.first_bytes();
    let Some(header) = parse_record_header(bytes) else {
        return match bytes {
            _ if parse_ssl2_hello(bytes).is_some() => Recognition::Yes(Sureness::ByStructure),
            [] | [20..=24] | [20..=24, 3] | [20..=24, 3, 0..=4] | [20..=24, 3, 0..=4, _] => Recognition::More,
            // An SSL 2 hello: length, type 1, a version.
            [0x80..=0x8f, length, 1, 0, 2, ..] | [0x80..=0x8f, length, 1, 3, 0..=3, ..]
                if bytes.len() < usize::from(*length) + 2 =>
            {
                Recognition::More
            }
            [0x80..=0x8f] | [0x80..=0x8f, _] | [0x80..=0x8f, _, 1] | [0x80..=0x8f, _, 1, 0 | 3] => {
                Recognition::More
            }
            _ => Recognition::No,
        };
    };
    let behind = bytes.get(5..).unwrap_or_default();
    match header.kind {
        RecordKind::HANDSHAKE => match behind {
            // A hello of a client or a server, whose length is not beyond what one may be.
            [1 | 2, 0, _, _, 3 | 0x7e | 0x7f, ..] => Recognition::Yes(Sureness::BySignature),
            [] | [1 | 2] | [1 | 2, 0] | [1 | 2, 0, _] | [1 | 2, 0, _, _] => Recognition::More,
            // Another message, seen from the middle.
            [0 | 4 | 11..=16 | 20..=24, 0, ..] if opening.on_port(PORT) => Recognition::Yes(Sureness::ByPort),
            _ => Recognition::No,
        },
        RecordKind::ALERT if header.length == 2 => match behind {
            [1 | 2, _, ..] => Recognition::Yes(Sureness::ByStructure),
            [] | [1 | 2] => Recognition::More,
            _ => Recognition::No,
        },
        // From the middle: two records behind one another.
        _ => match bytes.get(5 + usize::from(header.length)..) {
            Some(next) if parse_record_header(next).is_some() => Recognition::Yes(Sureness::ByStructure),
            _ if opening.on_port(PORT) => Recognition::Yes(Sureness::ByPort),
            Some(next) if next.len() >= 5 => Recognition::No,
            _ => Recognition::More,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rehearse;
    use city::Transport;

    #[test]
    fn a_hello_is_a_signature_on_any_port() {
        let hello = [22, 3, 1, 0, 50, 1, 0, 0, 46, 3, 3, 0];
        for port in [443, 8883, 40_000] {
            assert_eq!(
                rehearse::recognise(&READER, Transport::Tcp, port, &hello, &[]),
                Recognition::Yes(Sureness::BySignature)
            );
            for cut in 0..10 {
                assert_eq!(
                    rehearse::recognise(&READER, Transport::Tcp, port, &hello[..cut], &[]),
                    if cut < 10 { Recognition::More } else { Recognition::No },
                    "{cut}"
                );
            }
        }
        for other in
            [&b"GET / HTTP/1.1\r\n"[..], b"\x16\x03\x01\xff\xff\x01\x00", b"\x00\x01\x00\x00\x00\x06\x01\x03"]
        {
            assert_eq!(rehearse::recognise(&READER, Transport::Tcp, 443, other, &[]), Recognition::No);
        }
    }
}
