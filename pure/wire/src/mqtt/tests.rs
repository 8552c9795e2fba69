//! Conversations as they go on the wire, and as they should not.

use super::READER;
use super::parse::PACKET_BYTES_MAX;
use crate::dialogue::Side::{self, Destination, Source};
use crate::recognise::{Recognition, Sureness};
use crate::rehearse::{
    Rehearsal, detail, hex, identities, lines, recognise, requests, stream, stream_in_pieces, weaknesses,
};
use city::{Observed, Protocol, Transport};
use proptest::prelude::*;

fn string(text: &str) -> Vec<u8> {
    [&(text.len() as u16).to_be_bytes()[..], text.as_bytes()].concat()
}

/// A packet with its length; bodies here are short or of three length bytes.
fn packet(first: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    let mut length = body.len();
    loop {
        let more = if length > 127 { 0x80 } else { 0 };
        bytes.push((length & 0x7f) as u8 | more);
        length >>= 7;
        if more == 0 {
            break;
        }
    }
    bytes.extend(body);
    bytes
}

/// A CONNECT of a version, perhaps with user name and password.
fn connect(version: u8, login: Option<(&str, &str)>) -> Vec<u8> {
    let flags = if login.is_some() { 0xc2 } else { 0x02 };
    let mut body = string(if version == 3 { "MQIsdp" } else { "MQTT" });
    body.extend([version, flags, 0, 60]);
    if version == 5 {
        body.extend(hex("03 21 0014"));
    }
    body.extend(string("pump-7"));
    if let Some((name, password)) = login {
        body.extend(string(name));
        body.extend(string(password));
    }
    packet(0x10, &body)
}

fn publish(flags: u8, topic: &str, id: Option<u16>, rest: &[u8]) -> Vec<u8> {
    let mut body = string(topic);
    body.extend(id.iter().flat_map(|id| id.to_be_bytes()));
    body.extend(rest);
    packet(0x30 | flags, &body)
}

fn told(said: &[(Side, Vec<u8>)]) -> Vec<Observed> {
    let said: Vec<(Side, &[u8])> = said.iter().map(|(side, bytes)| (*side, bytes.as_slice())).collect();
    stream(&READER, 1883, &said)
}

const ACCEPTED: &str = "2002 0000";
const ACCEPTED_5: &str = "2006 0000 03 22 000a";

#[test]
fn a_session_of_each_version_is_told() {
    for version in [3, 4, 5] {
        let v5 = version == 5;
        let properties = if v5 { "00" } else { "" };
        let subscribe = hex(&format!("0001 {properties} 0003 612f62 01 0001 23 00"));
        let unsubscribe = hex(&format!("0002 {properties} 0003 612f62"));
        let facts = told(&[
            (Source, connect(version, Some(("operator", "k9-Xq7")))),
            (Destination, hex(if v5 { ACCEPTED_5 } else { ACCEPTED })),
            (Source, packet(0x82, &subscribe)),
            (Destination, packet(0x90, &hex(&format!("0001 {properties} 01 80")))),
            (Source, publish(1, "a/b", None, &hex(&format!("{properties} 32312e35")))),
            (Destination, publish(4, "a/b", Some(9), &hex(&format!("{properties} 6f6e")))),
            (Source, hex("5002 0009")),
            (Destination, hex("6202 0009")),
            (Source, hex("7002 0009")),
            (Source, packet(0xa2, &unsubscribe)),
            (Destination, packet(0xb0, &hex(if v5 { "0002 00 11" } else { "0002" }))),
            (Source, hex("c000")),
            (Destination, hex("d000")),
            (Source, hex("e000")),
        ]);
        let expected = [
            "> authenticate connect [pump-7] - done",
            "> subscribe subscribe [a/b] - done",
            "> subscribe subscribe [#] - refused unspecified-error",
            "> publish publish [a/b] 21.5 not-expected",
            "< publish publish [a/b] on done",
            "> subscribe unsubscribe [a/b] - done",
        ];
        assert_eq!(lines(&facts), expected, "version {version}");
        let requests = requests(&facts);
        assert_eq!(detail(requests[0], "user-name"), Some("operator"));
        assert_eq!(detail(requests[3], "retain"), Some("true"));
        let steps = ["pubrec", "pubrel", "pubcomp"].map(|step| detail(requests[4], step));
        assert_eq!(steps, [Some("success"); 3]);
        assert_eq!(
            identities(&facts),
            ["192.0.2.10 name pump-7 (client-id)", "192.0.2.20 role broker (CONNACK)"]
        );
        let weaknesses = weaknesses(&facts);
        assert_eq!(weaknesses.len(), 1);
        assert_eq!(
            (weaknesses[0].kind.as_str(), weaknesses[0].detail.as_str()),
            ("cleartext-credentials", "user name operator")
        );
        assert!(!format!("{facts:?}").contains("k9-Xq7"), "the password is kept");
    }
}

#[test]
fn logins_without_a_name_or_as_shipped_show_when_they_are_accepted() {
    for (login, answer, expected) in [
        (None, ACCEPTED, &["anonymous-login"][..]),
        (None, "2002 0005", &[]),
        (Some(("admin", "admin")), ACCEPTED, &["cleartext-credentials", "default-credentials"]),
        (Some(("admin", "admin")), "2002 0004", &["cleartext-credentials"]),
        (Some(("admin", "an uncommon one")), ACCEPTED, &["cleartext-credentials"]),
    ] {
        let facts = told(&[(Source, connect(4, login)), (Destination, hex(answer))]);
        let kinds: Vec<&str> = weaknesses(&facts).iter().map(|weakness| weakness.kind.as_str()).collect();
        assert_eq!(kinds, expected, "{login:?} {answer}");
    }
    let facts = told(&[(Source, connect(4, None)), (Destination, hex("2002 0005"))]);
    assert_eq!(lines(&facts), ["> authenticate connect [pump-7] - refused not-authorized"]);
}

#[test]
fn an_alias_stands_for_its_topic_on_its_own_side_only() {
    let alias = |topic: &str| publish(0, topic, None, &hex("03 23 0005 31"));
    let facts = told(&[
        (Source, connect(5, None)),
        (Destination, hex(ACCEPTED_5)),
        (Source, alias("a/b")),
        (Source, alias("")),
        (Destination, alias("")),
    ]);
    let topics: Vec<&str> =
        requests(&facts).iter().skip(1).map(|request| request.target.name.as_str()).collect();
    assert_eq!(topics, ["a/b", "a/b", "(alias 5)"]);
}

#[test]
fn a_long_message_is_read_from_its_beginning_and_skipped() {
    let long = publish(0, "a/b", None, &vec![b'x'; PACKET_BYTES_MAX * 3]);
    let after = publish(0, "c", None, b"1");
    let facts = told(&[(Source, connect(4, None)), (Source, [long, after].concat())]);
    let requests = requests(&facts);
    assert_eq!(detail(requests[0], "payload-length"), Some("196608"));
    assert_eq!(requests[0].value.as_ref().map(|value| value.len()), Some(128 + "…".len()));
    assert_eq!(lines(&facts)[1], "> publish publish [c] 1 not-expected");
}

#[test]
fn what_was_begun_before_is_told_as_far_as_it_was_seen() {
    let facts = told(&[
        (Source, hex("8206 0001 0001 61 00")),
        (Destination, hex("4002 0007")),
        (Destination, hex("9003 0009 00")),
    ]);
    assert_eq!(
        lines(&facts),
        [
            "> publish publish [] - done",
            "> subscribe subscribe [] - done",
            "> subscribe subscribe [a] - missing",
        ]
    );
    assert_eq!(detail(requests(&facts)[0], "request-seen"), Some("false"));
}

#[test]
fn a_broken_packet_does_not_end_the_reading_but_many_do() {
    let broken = hex("36 05 0001 61 0001");
    let mut rehearsal = Rehearsal::new(&READER, Transport::Tcp, 1883);
    rehearsal.say(Source, &connect(4, None));
    rehearsal.say(Source, &broken);
    rehearsal.say(Source, &publish(0, "a", None, b"1"));
    assert!(!rehearsal.lost);
    for _ in 0..10 {
        rehearsal.say(Source, &broken);
    }
    assert!(rehearsal.lost);
    assert_eq!(lines(&rehearsal.end())[0], "> publish publish [a] 1 not-expected");
}

#[test]
fn packets_are_found_again_after_a_hole() {
    let mut rehearsal = Rehearsal::new(&READER, Transport::Tcp, 1883);
    rehearsal.say(Source, &connect(4, None));
    rehearsal.gap(Source, 100);
    rehearsal.say(Source, &[&b"the rest of a message"[..], &publish(0, "a/b", None, b"1")].concat());
    assert_eq!(lines(&rehearsal.end())[0], "> publish publish [a/b] 1 not-expected");
}

#[test]
fn a_connect_is_recognised_on_any_port_and_the_rest_on_its_own() {
    let publish = publish(0, "a/b", None, b"1");
    let signature = Recognition::Yes(Sureness::BySignature);
    for (port, bytes, expected) in [
        (1883, &connect(5, None)[..], signature),
        (8000, &connect(3, None), signature),
        (8000, &connect(4, None)[..4], Recognition::More),
        (1883, &publish, Recognition::Yes(Sureness::ByPort)),
        (8000, &publish, Recognition::No),
        (1883, b"GET / HTTP/1.1\r\n\r\n", Recognition::No),
        (8000, &hex("160301"), Recognition::No),
    ] {
        assert_eq!(recognise(&READER, Transport::Tcp, port, bytes, &[]), expected, "{port} {bytes:02x?}");
    }
}

/// A session with something of everything.
fn conversation() -> Vec<(Side, Vec<u8>)> {
    vec![
        (Source, connect(5, Some(("operator", "k9-Xq7")))),
        (Destination, hex(ACCEPTED_5)),
        (Source, packet(0x82, &hex("0001 02 0b07 0003 612f62 01 0001 23 00"))),
        (Destination, packet(0x90, &hex("0001 00 01 80"))),
        (Source, publish(2, "a/b", Some(3), &hex("0a 23 0005 26 0001 61 0001 62 31"))),
        (Destination, hex("4004 0003 10 00")),
        (Destination, publish(4, "", Some(9), &hex("00 6f6e"))),
        (Source, hex("5002 0009")),
        (Destination, hex("6202 0009")),
        (Source, hex("7002 0009")),
        (Source, hex("f002 18 00")),
    ]
}

proptest! {
    #[test]
    fn any_split_tells_the_same(size in 1_usize..40) {
        let said = conversation();
        let said: Vec<(Side, &[u8])> = said.iter().map(|(side, bytes)| (*side, bytes.as_slice())).collect();
        prop_assert_eq!(stream_in_pieces(&READER, 1883, &said, size), stream(&READER, 1883, &said));
    }

    #[test]
    fn nothing_that_arrives_makes_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..600), version in 3_u8..7) {
        let mut rehearsal = Rehearsal::new(&READER, Transport::Tcp, 1883);
        rehearsal.say(Source, &connect(version, None));
        rehearsal.say(Source, &bytes);
        rehearsal.gap(Destination, 3);
        rehearsal.say(Destination, &bytes);
        let _ = recognise(&READER, Transport::Tcp, 1883, &bytes, &bytes);
        rehearsal.end();
    }

    #[test]
    fn no_change_of_a_packet_makes_it_panic(changes in prop::collection::vec((0_usize..11, 0_usize..40, any::<u8>()), 1..12)) {
        let mut said = conversation();
        for (packet, place, value) in changes {
            let bytes = &mut said[packet].1;
            let place = place % bytes.len();
            bytes[place] = value;
        }
        for request in requests(&told(&said)) {
            prop_assert!(Protocol::Mqtt.verbs().contains(request.verb));
            prop_assert!(request.value.as_ref().is_none_or(|value| value.len() <= 132));
        }
    }
}
