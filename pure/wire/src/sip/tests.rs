//! Calls and registrations.

use super::READER;
use crate::dialogue::Side::{self, Destination, Source};
use crate::recognise::{Recognition, Sureness};
use crate::rehearse;
use city::{Transport, WeaknessKind};

fn message(first: &str, method: &str, more: &str) -> Vec<u8> {
    format!(
        "{first}\r\nVia: SIP/2.0/UDP 192.0.2.10;branch=z9hG4bK1\r\nFrom: \"Gate\" <sip:gate@lamp.example>;tag=1\r\n\
         To: <sip:desk@lamp.example>\r\nCall-ID: 1@192.0.2.10\r\nCSeq: 1 {method}\r\n{more}\r\n"
    )
    .into_bytes()
}

fn call() -> Vec<(Side, Vec<u8>)> {
    let body = "v=0\r\n";
    let invite = message("INVITE sip:desk@lamp.example SIP/2.0", "INVITE", "Content-Length: 5\r\n");
    vec![
        (Source, message("REGISTER sip:lamp.example SIP/2.0", "REGISTER", "User-Agent: Intercom 7\r\n")),
        (Destination, message("SIP/2.0 401 Unauthorized", "REGISTER", "")),
        (Source, [invite, body.into()].concat()),
        (Destination, message("SIP/2.0 180 Ringing", "INVITE", "")),
        (Destination, message("SIP/2.0 200 OK", "INVITE", "Server: Exchange 2\r\n")),
        (Source, message("ACK sip:desk@lamp.example SIP/2.0", "ACK", "")),
        (Source, message("INFO sip:desk@lamp.example SIP/2.0", "INFO", "")),
    ]
}

const LINES: [&str; 3] = [
    "> authenticate REGISTER [sip:desk@lamp.example] sip:gate@lamp.example refused 401 Unauthorized",
    "> operate INVITE [sip:desk@lamp.example] sip:gate@lamp.example done",
    "> operate INFO [sip:desk@lamp.example] sip:gate@lamp.example missing",
];

#[test]
fn a_call_is_told_with_its_final_reply() {
    let call = call();
    let said: Vec<_> = call.iter().map(|(side, bytes)| (*side, bytes.as_slice())).collect();
    let facts = rehearse::datagrams(&READER, 5060, &said);
    assert_eq!(rehearse::lines(&facts), LINES);
    assert_eq!(
        rehearse::identities(&facts),
        ["192.0.2.10 product Intercom 7 (User-Agent)", "192.0.2.20 product Exchange 2 (Server)"]
    );
    for size in [1, 2, 7, 64, 4096] {
        assert_eq!(rehearse::lines(&rehearse::stream_in_pieces(&READER, 5060, &said, size)), LINES, "{size}");
    }
}

#[test]
fn after_a_gap_the_next_message_is_found() {
    let mut rehearsal = rehearse::Rehearsal::new(&READER, Transport::Tcp, 5060);
    let call = call();
    rehearsal.say(Source, &call[0].1);
    rehearsal.gap(Source, 100);
    rehearsal.say(Source, b": half a header\r\n\r\n");
    rehearsal.say(Source, &call[2].1);
    let lines = rehearse::lines(&rehearsal.end());
    assert_eq!(lines.len(), 2);
    assert!(lines[1].starts_with("> operate INVITE"));
}

#[test]
fn a_readable_login_is_a_weakness_without_its_password() {
    let in_address = message("INVITE sip:desk:geheim@lamp.example SIP/2.0", "INVITE", "");
    // gate:geheim
    let basic =
        message("REGISTER sip:lamp.example SIP/2.0", "REGISTER", "Authorization: Basic Z2F0ZTpnZWhlaW0=\r\n");
    let digest = "Authorization: Digest username=\"gate\", response=\"0123456789abcdef\"\r\n";
    let digest = message("REGISTER sip:lamp.example SIP/2.0", "REGISTER", digest);
    let facts =
        rehearse::datagrams(&READER, 5060, &[(Source, &in_address), (Source, &basic), (Source, &digest)]);
    let kinds: Vec<_> = rehearse::weaknesses(&facts).iter().map(|weakness| weakness.kind).collect();
    assert_eq!(kinds, [WeaknessKind::CleartextCredentials; 2]);
    let told = format!("{facts:?}");
    assert!(
        !told.contains("geheim") && !told.contains("Z2F0") && !told.contains("0123456789abcdef"),
        "{told}"
    );
}

#[test]
fn it_is_recognised_by_its_version() {
    let known = |transport, bytes: &[u8]| rehearse::recognise(&READER, transport, 40_000, bytes, &[]);
    let request = b"OPTIONS sip:lamp.example SIP/2.0\r\n\r\n";
    assert_eq!(known(Transport::Udp, request), Recognition::Yes(Sureness::BySignature));
    assert_eq!(
        known(Transport::Udp, b"\0\0\0\0REGISTER sip:a SIP/2.0\r\n"),
        Recognition::Yes(Sureness::BySignature)
    );
    assert_eq!(known(Transport::Tcp, request), Recognition::Yes(Sureness::BySignature));
    assert_eq!(known(Transport::Tcp, &request[..20]), Recognition::More);
    for other in [&b"OPTIONS / HTTP/1.1\r\n\r\n"[..], b"OPTIONS rtsp://a RTSP/1.0\r\n\r\n", b"hello\r\n"] {
        assert_eq!(known(Transport::Tcp, other), Recognition::No);
        assert_eq!(known(Transport::Udp, other), Recognition::No);
    }
}

#[test]
fn each_message_is_an_event_with_what_it_describes() {
    let call = call();
    let said: Vec<_> = call.iter().map(|(side, bytes)| (*side, bytes.as_slice())).collect();
    let session = message(
        "INVITE sip:gate:geheim@lamp.example SIP/2.0",
        "INVITE",
        "Content-Type: application/sdp\r\nContent-Length: 18\r\n",
    );
    let session = [&session[..], b"v=0\r\nk=clear:abc\r\n"].concat();
    let said = [&said[..2], &[(Source, &session[..])], &said[3..4]].concat();
    let expected = [
        "method=REGISTER uri=sip:lamp.example version=SIP/2.0 request-line=REGISTER sip:lamp.example SIP/2.0",
        "version=SIP/2.0 code=401 reason=Unauthorized response-line=SIP/2.0 401 Unauthorized",
        "method=INVITE uri=sip:gate:***@lamp.example version=SIP/2.0 \
         request-line=INVITE sip:gate:***@lamp.example SIP/2.0 sdp=v=0 sdp=k=(hidden)",
        "version=SIP/2.0 code=180 reason=Ringing response-line=SIP/2.0 180 Ringing",
    ];
    assert_eq!(rehearse::events(&rehearse::datagrams(&READER, 5060, &said), "eve_sip"), expected);
    for size in [1, 3, 64, 4096] {
        let facts = rehearse::stream_in_pieces(&READER, 5060, &said, size);
        assert_eq!(rehearse::events(&facts, "eve_sip"), expected, "{size}");
    }
}
