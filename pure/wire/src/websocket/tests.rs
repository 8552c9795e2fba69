//! Dialogues: HTTP's opening, and frames behind it.

use crate::dialogue::Side;
use crate::{http, rehearse};
use city::{Observed, Protocol, Transport};

const CLIENT: Side = Side::Source;
const SERVER: Side = Side::Destination;

/// RFC 6455 clause 1.2, with a subprotocol.
pub(crate) fn opening(path: &str, subprotocol: &str, more: &str) -> [Vec<u8>; 2] {
    [
        format!(
            "GET {path} HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: {subprotocol}, other\r\n\
             Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\
             Sec-WebSocket-Version: 13\r\n{more}\r\n"
        )
        .into_bytes(),
        format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: {subprotocol}\r\n\r\n"
        )
        .into_bytes(),
    ]
}

/// A frame: its first byte, and its payload, masked or not.
pub(crate) fn frame(first: u8, mask: Option<[u8; 4]>, payload: &[u8]) -> Vec<u8> {
    let bit = if mask.is_some() { 0x80 } else { 0 };
    let mut frame = vec![first];
    match payload.len() {
        length @ 0..=125 => frame.push(bit | length as u8),
        length => {
            frame.push(bit | 126);
            frame.extend((length as u16).to_be_bytes());
        }
    }
    frame.extend(mask.iter().flatten());
    let key = mask.unwrap_or_default();
    frame.extend(payload.iter().enumerate().map(|(at, byte)| byte ^ key[at % 4]));
    frame
}

const MASK: Option<[u8; 4]> = Some([0x37, 0xfa, 0x21, 0x3d]);

fn protocols(facts: &[Observed]) -> Vec<Protocol> {
    let recognised = |fact: &Observed| match fact {
        Observed::Recognised(flow) => flow.protocol,
        _ => None,
    };
    facts.iter().filter_map(recognised).collect()
}

fn columns(facts: &[Observed]) -> Vec<String> {
    let message = |fact: &Observed| match fact {
        Observed::Message(message) => {
            Some(message.fields.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>())
        }
        _ => None,
    };
    facts.iter().filter_map(message).flatten().collect()
}

#[test]
fn an_opening_is_told_as_the_field_has_it() {
    let [request, reply] = opening("/chat?password=hunter2", "chat", "User-Agent: panel/2\r\n");
    let facts = rehearse::stream(&http::READER, 80, &[(CLIENT, &request), (SERVER, &reply)]);
    assert_eq!(
        columns(&facts),
        [
            "host=server.example.com",
            "uri=/chat?password=***",
            "user_agent=panel/2",
            "subprotocol=chat",
            "client_protocols=chat",
            "client_protocols=other",
            "client_extensions=permessage-deflate; client_max_window_bits"
        ]
    );
    assert_eq!(protocols(&facts), [Protocol::Websocket]);
    assert_eq!(rehearse::lines(&facts)[1], "> subscribe open [/chat?password=***] chat done");
    assert!(!format!("{facts:?}").contains("hunter2"));
}

#[test]
fn a_token_in_the_guise_of_a_protocol_is_hidden() {
    let [request, reply] = opening("/", "v1, authorization.bearer.aHVudGVyMg", "");
    let facts = rehearse::stream(&http::READER, 80, &[(CLIENT, &request), (SERVER, &reply)]);
    assert!(!format!("{facts:?}").contains("aHVudGVyMg"), "{facts:?}");
    assert!(columns(&facts).contains(&"client_protocols=(hidden)".to_owned()));
}

#[test]
fn messages_are_put_together_wherever_they_are_cut() {
    let call = br#"[2,"19223201","Reset",{"type":"Hard"}]"#;
    let [request, reply] = opening("/ocpp/LAMP-1", "unheard-of", "");
    let said = [
        (CLIENT, request),
        (SERVER, reply),
        // A ping between two fragments of a message (RFC 6455 clause 5.4).
        (
            SERVER,
            [frame(0x01, None, &call[..9]), frame(0x89, None, b"?"), frame(0x80, None, &call[9..])].concat(),
        ),
        (CLIENT, frame(0x81, MASK, br#"[3,"19223201",{"status":"Accepted"}]"#)),
        (CLIENT, frame(0x88, MASK, &[3, 0xe8])),
    ];
    let said: Vec<_> = said.iter().map(|(side, bytes)| (*side, bytes.as_slice())).collect();
    let whole = rehearse::stream(&http::READER, 80, &said);
    assert_eq!(protocols(&whole), [Protocol::Websocket, Protocol::Ocpp]);
    assert_eq!(rehearse::lines(&whole)[2], "< restart reset [LAMP-1] Hard done");
    for size in 1..70 {
        let pieces = rehearse::stream_in_pieces(&http::READER, 80, &said, size);
        assert_eq!(rehearse::lines(&pieces), rehearse::lines(&whole), "{size}");
    }
}

#[test]
fn compressed_messages_and_gaps_within_a_payload_are_passed_over() {
    let [request, reply] = opening("/LAMP-1", "ocpp1.6", "");
    let mut rehearsal = rehearse::Rehearsal::new(&http::READER, Transport::Tcp, 80);
    rehearsal.say(CLIENT, &request);
    rehearsal.say(SERVER, &reply);
    rehearsal.say(SERVER, &frame(0xc1, None, &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]));
    rehearsal.say(SERVER, &[0x81, 0x7e, 0x10, 0x00, b'[']);
    rehearsal.gap(SERVER, 0x0fff);
    rehearsal.say(SERVER, &frame(0x81, None, br#"[2,"1","ClearCache",{}]"#));
    rehearsal.gap(CLIENT, 10);
    rehearsal.say(CLIENT, &frame(0x81, MASK, br#"[3,"1",{"status":"Accepted"}]"#));
    assert!(!rehearsal.lost);
    let facts = rehearsal.end();
    assert_eq!(rehearse::lines(&facts)[2..], ["< configure clear-cache [LAMP-1] - missing"]);
}

#[test]
fn what_a_tunnel_carries_is_read() {
    let [request, reply] = opening("/v1/events", "v1", "");
    let said = [
        (CLIENT, request),
        (SERVER, reply),
        (CLIENT, frame(0x82, MASK, b"SSH-2.0-Client_1\r\n")),
        (SERVER, frame(0x82, None, b"SSH-2.0-Server_2\r\n")),
    ];
    let said: Vec<_> = said.iter().map(|(side, bytes)| (*side, bytes.as_slice())).collect();
    let facts = rehearse::stream(&http::READER, 80, &said);
    let banners = facts.iter().filter_map(|fact| match fact {
        Observed::Identity(identity) if identity.witness.protocol == Protocol::Ssh => Some(&identity.value),
        _ => None,
    });
    assert!(banners.into_iter().any(|banner| banner == "Server_2"), "{facts:?}");
}
