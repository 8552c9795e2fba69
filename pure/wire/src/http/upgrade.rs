//! A client that asks to speak another protocol from now on (RFC 9110 clause 7.8), and a server that agrees.

use super::credentials::mask;
use super::message::Headers;
use crate::dialogue::{Dialogue, Out, Side};
use crate::show::{VALUE_BYTES_MAX, readable};
use crate::{http2, websocket};
use city::Text;

/// The longest text of a header, in bytes.
const HEADER_MAX: usize = 2_048;

/// The most items of a header that is a list.
const ITEMS_MAX: usize = 32;

/// What a client asked for.
#[derive(Debug)]
pub(super) enum Upgrade {
    /// HTTP/2 without TLS (RFC 7540 clause 3.2).
    Http2,
    /// WebSocket (RFC 6455 clause 4.1).
    Websocket(Box<websocket::Opening>),
}

impl Upgrade {
    /// What the head of a request asks for, if it is something that is read.
    pub(super) fn asked(target: &[u8], headers: Headers<'_>) -> Option<Upgrade> {
        let wanted = headers.first("upgrade")?;
        let text = |name: &str| headers.first(name).map(|value| readable(value, HEADER_MAX));
        let is = |name: &[u8]| {
            wanted.split(|byte| *byte == b',').any(|item| item.trim_ascii().eq_ignore_ascii_case(name))
        };
        if is(b"h2c") {
            return Some(Upgrade::Http2);
        }
        is(b"websocket").then(|| {
            Upgrade::Websocket(Box::new(websocket::Opening {
                host: text("host"),
                uri: mask(target, HEADER_MAX).0,
                user_agent: text("user-agent"),
                client_protocols: without_tokens(items(headers, "sec-websocket-protocol").collect()),
                client_extensions: items(headers, "sec-websocket-extensions").collect(),
                is_authorized: headers.first("authorization").is_some(),
                ..websocket::Opening::default()
            }))
        })
    }

    /// What is spoken once the server has agreed.
    pub(super) fn begin(self, client: Side, reply: Headers<'_>, out: &mut Out<'_>) -> Box<dyn Dialogue> {
        match self {
            Upgrade::Http2 => Box::new(http2::Conversation::upgraded(client, out)),
            Upgrade::Websocket(mut opening) => {
                opening.subprotocol = without_tokens(items(reply, "sec-websocket-protocol").collect()).pop();
                opening.server_extensions = items(reply, "sec-websocket-extensions").collect();
                Box::new(websocket::Conversation::new(*opening, client, out))
            }
        }
    }
}

/// The items of all headers of a name.
fn items<'a>(headers: Headers<'a>, name: &'static str) -> impl Iterator<Item = Text> {
    let values = headers.iter().filter(move |(found, _)| found.eq_ignore_ascii_case(name.as_bytes()));
    let items = values.flat_map(|(_, value)| value.split(|byte| *byte == b','));
    items
        .map(|item| readable(item.trim_ascii(), VALUE_BYTES_MAX))
        .filter(|item| !item.is_empty())
        .take(ITEMS_MAX)
}

/// Subprotocols as they may be shown. Clients in browsers, which cannot send an `Authorization`, send their token in
/// the guise of a protocol instead: behind a point, or as one long word.
fn without_tokens(names: Vec<Text>) -> Vec<Text> {
    const WORDS: [&str; 6] = ["auth", "bearer", "jwt", "key", "session", "token"];
    const LONG: usize = 48;
    let is_token = |name: &Text| {
        let lower = name.to_ascii_lowercase();
        WORDS.iter().any(|word| lower.contains(word))
            || name.split(['.', '/', ':']).any(|part| part.len() > LONG)
    };
    if names.iter().any(is_token) { vec![Text::const_new("(hidden)")] } else { names }
}
