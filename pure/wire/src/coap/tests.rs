//! Conversations as they go on the wire, and as they should not.

use super::READER;
use crate::dialogue::Side::{self, Destination, Source};
use crate::recognise::{Recognition, Sureness};
use crate::rehearse::{
    Rehearsal, datagrams, hex, identities, lines, recognise, requests, stream, stream_in_pieces, weaknesses,
};
use city::{Observed, Transport, WeaknessKind};
use proptest::prelude::*;

const CON: u8 = 0x40;
const NON: u8 = 0x50;
const ACK: u8 = 0x60;

/// Options in the order of their numbers, and a payload.
fn tail(options: &[(u16, &[u8])], payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut last = 0;
    let nibble =
        |number: u16| if number < 13 { (number as u8, vec![]) } else { (13, vec![(number - 13) as u8]) };
    for (number, value) in options {
        let (delta, length) = (nibble(number - last), nibble(value.len() as u16));
        bytes.push(delta.0 << 4 | length.0);
        bytes.extend([delta.1, length.1].concat());
        bytes.extend(*value);
        last = *number;
    }
    if !payload.is_empty() {
        bytes.push(0xff);
        bytes.extend(payload);
    }
    bytes
}

/// A datagram with a token of one byte.
fn message(kind: u8, code: u8, id: u16, token: u8, options: &[(u16, &[u8])], payload: &[u8]) -> Vec<u8> {
    [&[kind | 1, code], &id.to_be_bytes()[..], &[token], &tail(options, payload)].concat()
}

fn path(path: &str) -> Vec<(u16, &[u8])> {
    path.split('/').map(|part| (11, part.as_bytes())).collect()
}

fn told(said: &[(Side, Vec<u8>)]) -> Vec<Observed> {
    let said: Vec<(Side, &[u8])> = said.iter().map(|(side, bytes)| (*side, bytes.as_slice())).collect();
    datagrams(&READER, 5683, &said)
}

#[test]
fn requests_meet_their_responses() {
    let facts = told(&[
        // RFC 7252 appendix A, figures 16 and 20: piggybacked, and separate.
        (Source, hex("40 01 7d34 bb 74656d7065726174757265")),
        (Destination, hex("60 45 7d34 ff 32322e332043")),
        (Source, hex("41 01 7d35 20 bb 74656d7065726174757265")),
        (Destination, hex("60 00 7d35")),
        (Destination, hex("41 45 5350 20 ff 32322e332043")),
        (Source, hex("60 00 5350")),
        (Source, message(CON, 3, 1, 2, &path("lamp/7"), b"on")),
        (Source, message(CON, 3, 1, 2, &path("lamp/7"), b"on")),
        (Destination, message(ACK, 0x44, 1, 2, &[], &[])),
        (Source, message(CON, 2, 2, 3, &path("lamp/password"), b"geheim")),
        (Destination, message(ACK, 0x81, 2, 3, &[], &[])),
        (Source, message(CON, 1, 3, 4, &path(".well-known/core"), &[])),
        (Destination, message(ACK, 0x45, 3, 4, &[(12, &[40])], b"</lamp/7>")),
        (Source, message(CON, 4, 4, 5, &path("lamp/7"), &[])),
        (Destination, hex("70 00 0004")),
        (Source, message(NON, 2, 5, 6, &[(9, &[9, 1])], b"????")),
        (Source, message(CON, 1, 6, 7, &[(35, b"coap://anna:geheim@lamp/7?k=v")], &[])),
    ]);
    assert_eq!(
        lines(&facts),
        [
            "> read get [/temperature] 22.3 C done",
            "> read get [/temperature] 22.3 C done",
            "> write put [/lamp/7] on done",
            "> operate post [/lamp/password] (hidden) refused unauthorized",
            "> discover get [/.well-known/core] </lamp/7> done",
            "> write delete [/lamp/7] - refused reset",
            "> transfer oscore [(protected)] - missing",
            "> read get [coap://lamp/7] - missing",
        ]
    );
    let weaknesses = weaknesses(&facts);
    assert_eq!(weaknesses.len(), 1);
    assert_eq!(weaknesses[0].detail, "put obeyed; plain CoAP cannot prove who asks");
}

#[test]
fn notifications_come_back_and_blocks_are_told_once() {
    let observe = [&[(6, &[][..])][..], &path("level")].concat();
    let facts = told(&[
        (Source, message(CON, 1, 1, 1, &observe, &[])),
        (Destination, message(ACK, 0x45, 1, 1, &[(6, &[5])], b"17")),
        (Destination, message(NON, 0x45, 100, 1, &[(6, &[6])], b"18")),
        (Destination, message(CON, 0x45, 101, 1, &[(6, &[7])], b"19")),
        (Source, hex("60 00 0065")),
        (Source, message(CON, 3, 2, 2, &[path("fw").as_slice(), &[(27, &[0x08])]].concat(), &[1; 16])),
        (Destination, message(ACK, 0x5f, 2, 2, &[(27, &[0x08])], &[])),
        (Source, message(CON, 3, 3, 3, &[path("fw").as_slice(), &[(27, &[0x10])]].concat(), &[1; 4])),
        (Destination, message(ACK, 0x44, 3, 3, &[(27, &[0x10])], &[])),
        (Source, message(CON, 1, 4, 4, &path("log"), &[])),
        (Destination, message(ACK, 0x45, 4, 4, &[(23, &[0x08])], b"sixteen letters.")),
        (Source, message(CON, 1, 5, 5, &[path("log").as_slice(), &[(23, &[0x10])]].concat(), &[])),
        (Destination, message(ACK, 0x45, 5, 5, &[(23, &[0x10])], b"and more")),
    ]);
    assert_eq!(
        lines(&facts),
        [
            "> subscribe observe [/level] 17 done",
            "< publish notify [/level] 18 not-expected",
            "< publish notify [/level] 19 done",
            "> write put [/fw] 20 bytes done",
            "> read get [/log] sixteen letters.… done",
        ]
    );
}

#[test]
fn lwm2m_is_told_by_name() {
    let register =
        [path("rd").as_slice(), &[(15, b"ep=lamp-17"), (15, b"lt=300"), (15, b"lwm2m=1.1")]].concat();
    let tlv: &[(u16, &[u8])] = &[(12, &[0x2d, 0x16])];
    let with_tlv = |text| [path(text).as_slice(), tlv].concat();
    // Core 1.0.2, clause 6.4.3.1: a device object in TLV.
    let device = hex(
        "c8 00 14 4f70656e204d6f62696c6520416c6c69616e6365 c8 01 16 4c69676874776569676874204d324d20436c69656e74 \
         c8 02 09 333435303030313233 c3 03 312e30 86 06 41 00 01 41 01 05 c1 09 64",
    );
    let security = hex("c8 00 0e 636f6170733a2f2f6c616d702f31 c1 02 00 c6 05 676568656d21");
    let facts = told(&[
        (Source, message(CON, 2, 1, 1, &register, b"</3/0>")),
        (Destination, message(ACK, 0x41, 1, 1, &[(8, b"rd"), (8, b"5a3f")], &[])),
        (Destination, message(CON, 1, 9, 9, &path("3/0"), &[])),
        (Source, message(ACK, 0x45, 9, 9, tlv, &device)),
        (Destination, message(CON, 3, 10, 10, &path("3311/0/5850"), b"1")),
        (Source, message(ACK, 0x44, 10, 10, &[], &[])),
        (Destination, message(CON, 2, 11, 11, &path("3/0/4"), &[])),
        (Source, message(ACK, 0x44, 11, 11, &[], &[])),
        (Destination, message(CON, 3, 12, 12, &path("5/0/1"), b"coap://files/fw")),
        (Source, message(ACK, 0x80, 12, 12, &[], &[])),
        (Destination, message(CON, 3, 13, 13, &with_tlv("0/1"), &security)),
        (Source, message(ACK, 0x44, 13, 13, &[], &[])),
        (
            Destination,
            message(CON, 3, 14, 14, &[path("3303/0/5700").as_slice(), &[(15, b"pmin=10")]].concat(), &[]),
        ),
        (Source, message(ACK, 0x44, 14, 14, &[], &[])),
        (Destination, message(CON, 1, 15, 15, &path("3303/0"), &[])),
        (
            Source,
            message(
                ACK,
                0x45,
                15,
                15,
                &[(12, &[110])],
                br#"[{"bn":"/3303/0/","n":"5700","v":21.5},{"n":"5701","vs":"Cel"}]"#,
            ),
        ),
        (Source, message(CON, 4, 2, 2, &path("rd/5a3f"), &[])),
    ]);
    assert_eq!(
        lines(&facts),
        [
            "> authenticate register [endpoint lamp-17] - done",
            "< read read [3/0 device] 3/0/0 manufacturer Open Mobile Alliance,3/0/1 model-number Lightweight M2M Client,\
             3/0/2 serial-number 345000123… done",
            "< operate write [3311/0/5850 on-off] 1 done",
            "< restart execute [3/0/4 reboot] - done",
            "< program write [5/0/1 package-uri] coap://files/fw refused bad-request",
            "< configure write [0/1 security] (hidden) done",
            "< configure write-attributes [3303/0/5700 sensor-value] - done",
            "< read read [3303/0 temperature] 3303/0/5700 sensor-value 21.5,3303/0/5701 units Cel done",
            "> authenticate deregister [endpoint 5a3f] - missing",
        ]
    );
    assert_eq!(
        identities(&facts),
        [
            "192.0.2.10 name lamp-17 (endpoint name)",
            "192.0.2.10 role LwM2M client (registration)",
            "192.0.2.20 role LwM2M server (registration)",
            "192.0.2.10 vendor Open Mobile Alliance (3/0/0 manufacturer)",
            "192.0.2.10 model Lightweight M2M Client (3/0/1 model-number)",
            "192.0.2.10 serial 345000123 (3/0/2 serial-number)",
            "192.0.2.10 firmware 1.0 (3/0/3 firmware-version)",
        ]
    );
    let kinds: Vec<_> = weaknesses(&facts).iter().map(|weakness| weakness.kind).collect();
    assert_eq!(kinds, [WeaknessKind::UnauthenticatedControl, WeaknessKind::CleartextCredentials]);
}

/// The same over TCP.
fn segment(code: u8, token: u8, options: &[(u16, &[u8])], payload: &[u8]) -> Vec<u8> {
    let tail = tail(options, payload);
    let length = tail.len() as u8;
    let head = if length < 13 { vec![length << 4 | 1] } else { vec![0xd1, length - 13] };
    [head, vec![code, token], tail].concat()
}

#[test]
fn a_stream_tells_the_same_however_it_is_cut() {
    let csm = hex("40 e1 22 1000 20");
    let put = segment(3, 1, &path("lamp/7"), b"a value of more than thirteen bytes");
    let said: Vec<(Side, Vec<u8>)> = vec![
        (Source, csm.clone()),
        (Destination, csm),
        (Source, put),
        (Destination, segment(0x44, 1, &[], &[])),
        (Source, segment(1, 2, &path("lamp/8"), &[])),
        (Destination, segment(0x84, 2, &[], &[])),
    ];
    let said: Vec<(Side, &[u8])> = said.iter().map(|(side, bytes)| (*side, bytes.as_slice())).collect();
    let whole = lines(&stream(&READER, 5683, &said));
    assert_eq!(
        whole,
        [
            "> write put [/lamp/7] a value of more than thirteen bytes done",
            "> read get [/lamp/8] - refused not-found",
        ]
    );
    for size in 1..9 {
        assert_eq!(lines(&stream_in_pieces(&READER, 5683, &said, size)), whole, "pieces of {size}");
    }
}

#[test]
fn after_a_gap_the_next_message_is_found() {
    let mut rehearsal = Rehearsal::new(&READER, Transport::Tcp, 5683);
    rehearsal.say(Source, &hex("40 e1 22 1000 20"));
    rehearsal.gap(Source, 100);
    let lost = [&b"the rest of a payload"[..], &segment(1, 2, &path("lamp/8"), &[])].concat();
    rehearsal.say(Source, &lost);
    rehearsal.say(Destination, &segment(0x45, 2, &[], b"off"));
    assert_eq!(lines(&rehearsal.end()), ["> read get [/lamp/8] off done"]);
}

#[test]
fn it_is_known_by_its_structure_on_any_port() {
    let udp = |port, bytes: &[u8]| recognise(&READER, Transport::Udp, port, bytes, &[]);
    let get = message(CON, 1, 3, 4, &path("lamp/7"), &[]);
    assert_eq!(udp(40_000, &get), Recognition::Yes(Sureness::ByStructure));
    assert_eq!(udp(40_000, &message(ACK, 0x45, 3, 4, &[], b"on")), Recognition::No);
    assert_eq!(udp(5683, &message(ACK, 0x45, 3, 4, &[], b"on")), Recognition::Yes(Sureness::ByPort));
    // A DNS query whose number begins like a CoAP request, and an unknown option that must be understood.
    assert_eq!(udp(40_000, &hex("4001 0100 0001 0000 0000 0000 03777777 00 0001 0001")), Recognition::No);
    assert_eq!(udp(5683, &message(CON, 1, 3, 4, &[(11, b"a"), (65, b"x")], &[])), Recognition::No);
    let tcp = |port, bytes: &[u8]| recognise(&READER, Transport::Tcp, port, bytes, &[]);
    assert_eq!(tcp(40_000, &hex("40 e1 22 1000 20")), Recognition::Yes(Sureness::ByStructure));
    assert_eq!(tcp(40_000, &hex("00 e1")), Recognition::No);
    assert_eq!(tcp(5683, &hex("00 e1")), Recognition::Yes(Sureness::ByPort));
}

proptest! {
    #[test]
    fn nothing_that_arrives_makes_it_panic(
        datagrams in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..64), 0..8),
        object in 0_u16..4_000,
    ) {
        let mut rehearsal = Rehearsal::new(&READER, Transport::Udp, 5683);
        let mut torn = Rehearsal::new(&READER, Transport::Tcp, 5683);
        for (id, bytes) in (0..).zip(&datagrams) {
            rehearsal.datagram(Source, bytes);
            let object = object.to_string();
            for format in [[0x2d, 0x16], [0x2d, 0x17], [0, 110]] {
                let options = [(11, object.as_bytes()), (11, b"0"), (12, &format[..])];
                rehearsal.datagram(Source, &message(CON, 3, id, 1, &options, bytes));
                rehearsal.datagram(Destination, &message(ACK, 0x45, id, 1, &options[2..], bytes));
            }
            torn.say(Source, bytes);
            torn.gap(Source, 1);
        }
        torn.end();
        for request in requests(&rehearsal.end()) {
            prop_assert!(city::Protocol::Coap.verbs().contains(request.verb));
        }
    }
}
