//! HTTP/1.x over TCP (RFC 9110, RFC 9112), and HTTP/0.9 as far as it is still met.
//!
//! Read: every request with its reply, pipelined ones too; how long bodies are, however they are delimited; what
//! server and client call themselves; logins that cross the network readable; what both ends say of themselves in
//! tokens of NTLM (see [`crate::ntlm`]); TLS behind `CONNECT`; WebSocket and HTTP/2 behind `Upgrade`.
//!
//! Not read: HTTP/2 and HTTP/3; what is inside bodies, but for short forms in which a login is looked for and the names
//! of files in them; other protocols behind `Upgrade`. Of compressed bodies only the length and the beginning are
//! looked at.
//!
//! The heads are taken apart here: a parser for servers rightly refuses a request with a malformed line, a space in
//! its target or a version of its own making, while a listener must still say that it was sent.
//!
//! The value of a credential never leaves this folder: neither of a header, nor of a form, nor of an address, in
//! which it is shown as `***`; see [`credentials`].
//!
//! One [`city::Request`] is one request with its reply: the function is the method, the target the path with its
//! query, the value the status. Details:
//!
//! | key | value |
//! |---|---|
//! | `asked` | when the request's head was complete, in seconds since 1970 |
//! | `depth` | which request of the conversation it is, from 1 |
//! | `method`, `host`, `uri`, `version` | of the request; the version is `1.1` |
//! | `referrer`, `user-agent`, `origin` | headers of the request |
//! | `auth`, `user` | scheme and user name with which the client names itself |
//! | `proxied` | headers by which proxies tell of others, `VIA -> 1.1 cache`; repeated |
//! | `request-length`, `response-length` | bytes of the bodies, as many as were seen |
//! | `request-missed`, `response-missed` | bytes of the bodies that were not seen, if any |
//! | `request-missed-within`, `response-missed-within` | those of them that lie before bytes that were seen |
//! | `request-truncated` | `true` if the reply came before the request was whole; for events alone |
//! | `content-range` | that of the reply; for events alone |
//! | `request-part` | length and name of a file in a form with parts, of forms up to 8 kB; for events alone |
//! | `request-content-type`, `response-content-type` | as declared |
//! | `response-encoding` | how the reply's body is compressed |
//! | `response-unpacked-length`, `response-unpacked-mime` | the same without compression, of bodies up to 64 kB |
//! | `request-mime`, `response-mime` | as the first bytes show |
//! | `request-filename`, `response-filename` | of `Content-Disposition`; of a request in several parts, of each |
//! | `status`, `reason`, `response-version` | of the reply |
//! | `info-status`, `info-reason` | of an interim reply (1xx) |
//! | `server`, `powered-by`, `location` | headers of the reply |
//! | `request-header`, `response-header` | names of the headers in capitals, repeated |
//! | `truncated` | `true` if the end of the reply was not seen |

mod body;
mod conversation;
pub(crate) mod credentials;
mod exchange;
mod files;
mod inflate;
mod log_on;
mod message;
mod oddity;
mod parse;
mod parts;
mod upgrade;

use crate::dialogue::Reader;
use crate::recognise::{Opening, Recognition, Sureness};
use city::Protocol;
pub(crate) use credentials::{Login, is_default, mask, parse_authorization};
pub(crate) use message::Headers;
use message::Method;

/// Reads HTTP.
pub(crate) const READER: Reader =
    Reader { protocol: Protocol::Http, recognise, open: || Box::new(conversation::Conversation::new()) };

/// The longest first line that is waited for.
const LINE_MAX: usize = 8 << 10;

fn recognise(opening: &Opening<'_>) -> Recognition {
    if !opening.is_tcp() {
        return Recognition::No;
    }
    let bytes = opening.first_bytes().trim_ascii_start();
    if let Some(line) = bytes.split(|byte| *byte == b'\n').next().filter(|line| line.len() < bytes.len()) {
        return recognise_line(line, opening);
    }
    // No whole line yet: it may become one if it begins like one.
    let word = bytes.split(|byte| *byte == b' ').next().unwrap_or_default();
    let whole_word = word.len() < bytes.len();
    let possible = if whole_word {
        Method::is_usual(word) || word.starts_with(b"HTTP/")
    } else {
        Method::may_begin(word) || b"HTTP/1.1".starts_with(word) || word.starts_with(b"HTTP/")
    };
    if possible && bytes.len() <= LINE_MAX { Recognition::More } else { Recognition::No }
}

fn recognise_line(line: &[u8], opening: &Opening<'_>) -> Recognition {
    if parse::parse_status_line(line).is_some() {
        return Recognition::Yes(Sureness::BySignature);
    }
    let Some(request) = parse::parse_request_line(line) else { return Recognition::No };
    match request.version {
        // The beginning of HTTP/2, which is made to look like this.
        Some(b"2.0") if request.method == b"PRI" => Recognition::No,
        Some(_) => Recognition::Yes(Sureness::BySignature),
        // HTTP/0.9 has nothing to know it by but the method.
        None if Method::is_usual(request.method) && request.target.starts_with(b"/") => {
            let usual = [80, 8000, 8080].iter().any(|port| opening.on_port(*port));
            if usual { Recognition::Yes(Sureness::ByPort) } else { Recognition::No }
        }
        None => Recognition::No,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rehearse;
    use city::Transport;

    #[test]
    fn a_request_or_a_reply_is_a_signature_on_any_port() {
        for port in [80, 40_000] {
            let request = b"GET /a b HTTP/1.1\r\nHost: x\r\n\r\n";
            let known = |bytes: &[u8]| rehearse::recognise(&READER, Transport::Tcp, port, bytes, &[]);
            assert_eq!(known(request), Recognition::Yes(Sureness::BySignature));
            assert_eq!(known(b"PURGE * HTTP/1.0\n"), Recognition::Yes(Sureness::BySignature));
            for cut in 0..18 {
                assert_eq!(known(&request[..cut]), Recognition::More, "{cut}");
            }
            let reply = rehearse::recognise(&READER, Transport::Tcp, port, &[], b"HTTP/1.1 200 OK\r\n");
            assert_eq!(reply, Recognition::Yes(Sureness::BySignature));
            for other in
                [&b"INVITE sip:a SIP/2.0\r\n"[..], b"\x16\x03\x01\x00", b"EHLO pump\r\n", b"SSH-2.0-x\r\n"]
            {
                assert_eq!(known(other), Recognition::No, "{other:?}");
            }
        }
    }
}
