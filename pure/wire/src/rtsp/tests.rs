//! Cameras and those who watch.

use super::READER;
use crate::dialogue::Side::{self, Destination, Source};
use crate::recognise::{Recognition, Sureness};
use crate::rehearse;
use city::{Transport, WeaknessKind};

fn request(method: &str, number: u8, more: &str) -> Vec<u8> {
    format!("{method} rtsp://192.0.2.20/live RTSP/1.0\r\nCSeq: {number}\r\n{more}\r\n").into_bytes()
}

fn reply(status: &str, number: u8, more: &str) -> Vec<u8> {
    format!("RTSP/1.0 {status}\r\nCSeq: {number}\r\n{more}\r\n").into_bytes()
}

fn watching() -> Vec<(Side, Vec<u8>)> {
    vec![
        (Source, request("DESCRIBE", 1, "User-Agent: Recorder 3\r\n")),
        (
            Destination,
            [reply("200 OK", 1, "Server: Camera 5\r\nContent-Length: 5\r\n"), b"v=0\r\n".to_vec()].concat(),
        ),
        (Source, request("SETUP", 2, "Transport: RTP/AVP/TCP;interleaved=0-1\r\n")),
        (Destination, reply("200 OK", 2, "Session: 4711\r\n")),
        (Source, request("PLAY", 3, "Session: 4711\r\n")),
        (Destination, [reply("200 OK", 3, ""), b"$\x00\x00\x06RTSP/1".to_vec()].concat()),
        (Source, request("SET_PARAMETER", 4, "")),
        (Destination, reply("451 Parameter Not Understood", 4, "")),
    ]
}

const LINES: [&str; 4] = [
    "> discover DESCRIBE [rtsp://192.0.2.20/live] - done",
    "> subscribe SETUP [rtsp://192.0.2.20/live] RTP/AVP/TCP;interleaved=0-1 done",
    "> subscribe PLAY [rtsp://192.0.2.20/live] - done",
    "> write SET_PARAMETER [rtsp://192.0.2.20/live] - refused 451 Parameter Not Understood",
];

#[test]
fn pictures_are_asked_for_and_given_to_anybody() {
    let said = watching();
    let said: Vec<_> = said.iter().map(|(side, bytes)| (*side, bytes.as_slice())).collect();
    for size in [1, 3, 50, 4096] {
        let facts = rehearse::stream_in_pieces(&READER, 554, &said, size);
        assert_eq!(rehearse::lines(&facts), LINES);
        assert_eq!(
            rehearse::identities(&facts),
            [
                "192.0.2.10 product Recorder 3 (User-Agent)",
                "192.0.2.20 product Camera 5 (Server)",
                "192.0.2.20 role video source (DESCRIBE)"
            ]
        );
        let kinds: Vec<_> = rehearse::weaknesses(&facts).iter().map(|weakness| weakness.kind).collect();
        assert_eq!(kinds, [WeaknessKind::AnonymousLogin]);
        assert!(!format!("{facts:?}").contains("4711"));
    }
}

#[test]
fn a_readable_login_is_told_without_its_password() {
    // admin:admin
    let basic = request("PLAY", 1, "Authorization: Basic YWRtaW46YWRtaW4=\r\n");
    let digest = request("PLAY", 2, "Authorization: Digest username=\"admin\", response=\"0123\"\r\n");
    let (first, second) = (reply("200 OK", 1, ""), reply("200 OK", 2, ""));
    let said = [(Source, &basic[..]), (Destination, &first), (Source, &digest), (Destination, &second)];
    let facts = rehearse::stream(&READER, 554, &said);
    let kinds: Vec<_> = rehearse::weaknesses(&facts).iter().map(|weakness| weakness.kind).collect();
    assert_eq!(kinds, [WeaknessKind::DefaultCredentials, WeaknessKind::CleartextCredentials]);
}

#[test]
fn after_a_gap_the_next_message_is_found() {
    let mut rehearsal = rehearse::Rehearsal::new(&READER, Transport::Tcp, 554);
    let said = watching();
    rehearsal.say(Source, &said[0].1);
    rehearsal.say(Destination, &said[1].1);
    rehearsal.gap(Destination, 1400);
    rehearsal.say(Destination, b"$\x00half a picture\n");
    rehearsal.say(Source, &said[2].1);
    rehearsal.say(Destination, &said[3].1);
    assert_eq!(rehearse::lines(&rehearsal.end()), LINES[..2]);
}

#[test]
fn it_is_recognised_by_its_version() {
    let known = |bytes: &[u8]| rehearse::recognise(&READER, Transport::Tcp, 40_000, bytes, &[]);
    assert_eq!(known(&request("OPTIONS", 1, "")), Recognition::Yes(Sureness::BySignature));
    assert_eq!(known(b"OPTIONS rtsp://192"), Recognition::More);
    for other in [&b"GET / HTTP/1.1\r\n\r\n"[..], b"OPTIONS sip:a SIP/2.0\r\n\r\n", b"$\x00\x00\x10abc"] {
        assert_eq!(known(other), Recognition::No);
    }
}
