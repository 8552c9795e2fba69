//! Conversations as they go on the wire, and as they should not.

use super::READER;
use super::frame::{self, Frame};
use crate::dialogue::Side::{self, Destination, Source};
use crate::recognise::{Recognition, Sureness};
use crate::rehearse::{Rehearsal, datagrams, hex, identities, lines, recognise, weaknesses};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use city::{Observed, Transport, WeaknessKind};
use proptest::prelude::*;

const EUI: &str = "00005efffe005301";

fn of_gateway(version: u8, token: u16, identifier: u8, json: &str) -> Vec<u8> {
    [&[version], &token.to_be_bytes()[..], &[identifier], &hex(EUI), json.as_bytes()].concat()
}

fn of_server(version: u8, token: u16, identifier: u8, json: &str) -> Vec<u8> {
    [&[version], &token.to_be_bytes()[..], &[identifier], json.as_bytes()].concat()
}

fn received(frames: &[&str]) -> String {
    let packet = |frame: &&str| {
        let data = STANDARD.encode(hex(frame));
        format!(
            r#"{{"tmst":3512348611,"freq":868.1,"stat":1,"modu":"LORA","datr":"SF7BW125","data":"{data}"}}"#
        )
    };
    format!(r#"{{"rxpk":[{}]}}"#, frames.iter().map(packet).collect::<Vec<_>>().join(","))
}

fn sent(frame: &str) -> String {
    format!(r#"{{"txpk":{{"imme":false,"freq":869.525,"data":"{}"}}}}"#, STANDARD.encode(hex(frame)))
}

fn told(said: &[(Side, Vec<u8>)]) -> Vec<Observed> {
    let said: Vec<(Side, &[u8])> = said.iter().map(|(side, bytes)| (*side, bytes.as_slice())).collect();
    datagrams(&READER, 1700, &said)
}

const JOIN: &str = "00 0807060504030201 1817161514131211 2a00 deadbeef";

#[test]
fn uplinks_are_told_with_device_counter_and_port() {
    let data = "40 da1b0126 80 0500 0a 0102030405 11223344";
    let facts = told(&[
        (Source, of_gateway(2, 1, 0, &received(&[JOIN, data]))),
        (Destination, of_server(2, 1, 1, "")),
        (
            Source,
            of_gateway(
                2,
                2,
                0,
                r#"{"stat":{"lati":46.24,"long":3.2523,"alti":145,"rxnb":2,"pfrm":"Concentrator 8"}}"#,
            ),
        ),
        (Source, of_gateway(2, 3, 0, &received(&["80 da1b0126 a0 0600 01020304"]))),
        (Destination, of_server(2, 3, 1, "")),
    ]);
    assert_eq!(
        lines(&facts),
        [
            "> authenticate join-request [end-device 1112131415161718] join-eui 0102030405060708, nonce 42 done",
            "> publish unconfirmed-data-up [end-device 26011bda port 10] counter 5, 5 bytes done",
            "> publish confirmed-data-up [end-device 26011bda] counter 6, acknowledges, 0 bytes done",
            "> publish gateway-status [gateway 00005efffe005301] lati 46.24, long 3.2523, alti 145, rxnb 2 missing",
        ]
    );
    assert_eq!(
        identities(&facts),
        [
            "192.0.2.10 name 00005efffe005301 (gateway-eui)",
            "192.0.2.10 role LoRaWAN gateway (gateway-eui)",
            "192.0.2.20 role LoRaWAN network server (acknowledgement)",
            "192.0.2.10 model Concentrator 8 (stat pfrm)",
        ]
    );
    assert!(weaknesses(&facts).is_empty());
}

#[test]
fn counters_that_repeat_or_go_back_are_named() {
    let frame = |counter: &str, code: &str| format!("40 da1b0126 80 {counter} 0a 01 {code}");
    let frames = [
        frame("ffff", "00000001"),
        frame("0000", "00000002"),
        frame("0900", "00000003"),
        frame("0900", "00000003"),
        frame("0900", "00000004"),
        frame("0300", "00000005"),
    ];
    let frames: Vec<&str> = frames.iter().map(String::as_str).chain([JOIN, JOIN]).collect();
    let facts =
        told(&[(Source, of_gateway(1, 7, 0, &received(&frames))), (Destination, of_server(1, 7, 1, ""))]);
    let values: Vec<String> =
        lines(&facts).iter().map(|line| line.split("] ").last().unwrap().into()).collect();
    assert_eq!(
        values,
        [
            "counter 65535, 1 bytes done",
            "counter 0, 1 bytes done",
            "counter 9, 1 bytes done",
            "counter 9 sent again, 1 bytes done",
            "counter 9 repeated with other content, 1 bytes done",
            "counter 3 back from 9, 1 bytes done",
            "join-eui 0102030405060708, nonce 42 done",
            "join-eui 0102030405060708, nonce 42 used before done",
        ]
    );
}

#[test]
fn downlinks_are_changes_that_nobody_proves() {
    let facts = told(&[
        (Source, of_gateway(2, 1, 2, "")),
        (Destination, of_server(2, 1, 4, "")),
        (Source, of_gateway(2, 2, 2, "")),
        (Destination, of_server(2, 5, 3, &sent("60 da1b0126 00 0100 0a 01 11223344"))),
        (Source, of_gateway(2, 5, 5, r#"{"txpk_ack":{"error":"TOO_LATE"}}"#)),
        (Destination, of_server(2, 6, 3, &sent("60 da1b0126 05 0200 03 51ff0001 11223344"))),
        (Source, of_gateway(2, 6, 5, r#"{"txpk_ack":{"error":"NONE"}}"#)),
        (Destination, of_server(2, 7, 3, &sent("a0 da1b0126 20 0300 c9 0102 11223344"))),
        (Source, of_gateway(2, 7, 5, "")),
        (Destination, of_server(2, 8, 3, &sent("20 000102030405060708090a0b 00010203"))),
        (Destination, of_server(2, 9, 3, &sent("60 da1b0126 20 0400 11223344"))),
        (Destination, of_server(1, 0, 3, &sent("60 da1b0126 00 0500 00 aa 11223344"))),
    ]);
    assert_eq!(
        lines(&facts),
        [
            "> subscribe pull-data [gateway 00005efffe005301] - done",
            "< write unconfirmed-data-down [end-device 26011bda port 10] counter 1, 1 bytes refused too-late",
            "< configure unconfirmed-data-down [end-device 26011bda] counter 2, 0 bytes, link-adr-req done",
            "< program confirmed-data-down [end-device 26011bda port 201] counter 3, acknowledges, 2 bytes done",
            "< configure unconfirmed-data-down [end-device 26011bda port 0] counter 5, 1 bytes not-expected",
            "< authenticate join-accept [end-device] - missing",
            "< publish unconfirmed-data-down [end-device 26011bda] counter 4, acknowledges, 0 bytes missing",
        ]
    );
    let weaknesses = weaknesses(&facts);
    assert_eq!(weaknesses.len(), 1);
    assert_eq!(weaknesses[0].kind, WeaknessKind::UnauthenticatedControl);
    assert_eq!(weaknesses[0].address.to_string(), "192.0.2.10");
}

#[test]
fn frames_that_break_the_format_are_none() {
    assert_eq!(
        frame::parse_frame(&hex("c0 00 130000 1817161514131211 0100 01020304")),
        Some(Frame::Rejoin { kind: 0, device_eui: 0x1112_1314_1516_1718, count: 1 })
    );
    for bad in [
        "",
        "40",
        "00 0807060504030201 deadbeef",
        // Options longer than the frame.
        "40 da1b0126 8f 0500 0102 01020304",
        // Commands in the options and at port 0.
        "40 da1b0126 81 0500 02 00 aa 01020304",
        // Another major version.
        "41 da1b0126 80 0500 01020304",
        "c0 05 130000 1817161514131211 0100 01020304",
    ] {
        assert_eq!(frame::parse_frame(&hex(bad)), None, "{bad}");
    }
}

#[test]
fn it_is_known_by_its_structure_on_any_port() {
    let yes = |sureness| Recognition::Yes(sureness);
    let udp = |port, bytes: &[u8]| recognise(&READER, Transport::Udp, port, bytes, &[]);
    let push = of_gateway(2, 1, 0, &received(&[JOIN]));
    assert_eq!(udp(40_000, &push), yes(Sureness::BySignature));
    assert_eq!(udp(40_000, &of_server(2, 5, 3, &sent(JOIN))), yes(Sureness::BySignature));
    assert_eq!(udp(40_000, &of_gateway(2, 1, 2, "")), yes(Sureness::ByStructure));
    assert_eq!(udp(40_000, &of_server(2, 1, 4, "")), Recognition::No);
    assert_eq!(udp(1700, &of_server(2, 1, 4, "")), yes(Sureness::ByPort));
    assert_eq!(udp(1700, &of_gateway(3, 1, 2, "")), Recognition::No);
    assert_eq!(udp(1700, &push[..push.len() - 1]), Recognition::No);
    assert_eq!(udp(1700, &of_gateway(2, 1, 0, r#"{"x":1}"#)), yes(Sureness::ByPort));
    assert_eq!(udp(40_000, &of_gateway(2, 1, 0, r#"{"x":1}"#)), Recognition::No);
    assert_eq!(recognise(&READER, Transport::Tcp, 1700, &push, &[]), Recognition::No);
}

#[test]
fn unanswered_messages_are_bounded() {
    let mut rehearsal = Rehearsal::new(&READER, Transport::Udp, 1700);
    for token in 0..1_000 {
        rehearsal.datagram(Source, &of_gateway(2, token, 0, &received(&[JOIN; 40])));
    }
    assert_eq!(lines(&rehearsal.end()).len(), 40_000);
}

proptest! {
    #[test]
    fn nothing_that_arrives_makes_it_panic(
        datagrams in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..64), 0..8),
        frame in proptest::collection::vec(any::<u8>(), 0..64),
    ) {
        let mut rehearsal = Rehearsal::new(&READER, Transport::Udp, 1700);
        for bytes in &datagrams {
            rehearsal.datagram(Source, bytes);
            rehearsal.datagram(Destination, &[&[2, 0, 0, 3], bytes.as_slice()].concat());
        }
        let data = STANDARD.encode(&frame);
        let json = format!(r#"{{"rxpk":[{{"data":"{data}"}}],"txpk":{{"data":"{data}"}}}}"#);
        rehearsal.datagram(Source, &of_gateway(2, 1, 0, &json));
        rehearsal.datagram(Destination, &of_server(2, 1, 3, &json));
        rehearsal.datagram(Source, &of_gateway(2, 1, 5, ""));
        for request in crate::rehearse::requests(&rehearsal.end()) {
            prop_assert!(city::Protocol::Lorawan.verbs().contains(request.verb));
        }
    }
}
