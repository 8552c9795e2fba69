//! Conversations as they go on the wire, and as they should not.

use super::READER;
use crate::dialogue::Side::{self, Destination, Source};
use crate::recognise::{Recognition, Sureness};
use crate::rehearse::{Rehearsal, datagrams, hex, identities, lines, recognise, requests, weaknesses};
use city::{Observed, Transport, WeaknessKind};
use proptest::prelude::*;

fn message(kind: u8, head: &str, rest: &[u8]) -> Vec<u8> {
    let head = hex(head);
    [&[(head.len() + rest.len() + 2) as u8, kind], &head[..], rest].concat()
}

fn told(said: &[(Side, Vec<u8>)]) -> Vec<Observed> {
    let said: Vec<(Side, &[u8])> = said.iter().map(|(side, bytes)| (*side, bytes.as_slice())).collect();
    datagrams(&READER, 1884, &said)
}

#[test]
fn topics_are_told_by_the_names_that_their_numbers_stand_for() {
    let facts = told(&[
        (Source, message(0x01, "01", &[])),
        (Source, message(0x04, "04 01 003c", b"lamp-17")),
        (Destination, message(0x05, "00", &[])),
        (Source, message(0x0a, "0000 0001", b"lamp/17/state")),
        (Destination, message(0x0b, "0005 0001 00", &[])),
        (Source, message(0x0c, "20 0005 0002", b"on")),
        (Source, message(0x0c, "a0 0005 0002", b"on")),
        (Destination, message(0x0d, "0005 0002 00", &[])),
        (Source, message(0x12, "20 0003", b"lamp/17/set")),
        (Destination, message(0x13, "20 0006 0003 00", &[])),
        (Destination, message(0x0c, "00 0006 0000", &[0, 1, 0xff])),
        (Source, message(0x0c, "62 6c6d 0000", b"17")),
        (Source, message(0x0c, "40 0009 0004", b"x")),
        (Destination, message(0x0f, "0004", &[])),
        (Source, message(0x10, "0004", &[])),
        (Destination, message(0x0e, "0004", &[])),
        (Source, message(0x12, "01 0005 0011", &[])),
        (Destination, message(0x13, "00 0000 0005 02", &[])),
        (Source, message(0x14, "00 0006", b"lamp/17/set")),
        // A forwarder's frame around a message.
        (Source, [hex("05 fe 01 0a0b"), message(0x0c, "00 0005 0000", b"off")].concat()),
    ]);
    assert_eq!(
        lines(&facts),
        [
            "> discover search-gateway [] - not-expected",
            "> authenticate connect [lamp-17] - done",
            "> publish publish [lamp/17/state] on done",
            "> subscribe subscribe [lamp/17/set] - done",
            "< publish publish [lamp/17/set] 0x0001ff not-expected",
            "> publish publish [lm] 17 not-expected",
            "> publish publish [(topic 9)] x done",
            "> subscribe subscribe [(predefined 17)] - refused invalid-topic-id",
            "> publish publish [lamp/17/state] off not-expected",
            "> subscribe unsubscribe [lamp/17/set] - missing",
        ]
    );
    assert_eq!(weaknesses(&facts)[0].kind, WeaknessKind::AnonymousLogin);
    assert_eq!(
        identities(&facts),
        ["192.0.2.10 name lamp-17 (client-id)", "192.0.2.20 role MQTT-SN gateway (CONNACK)"]
    );
}

#[test]
fn it_is_known_by_its_connect() {
    let udp = |port, bytes: &[u8]| recognise(&READER, Transport::Udp, port, bytes, &[]);
    let connect = message(0x04, "04 01 003c", b"lamp-17");
    assert_eq!(udp(40_000, &connect), Recognition::Yes(Sureness::ByStructure));
    assert_eq!(udp(40_000, &connect[..10]), Recognition::No);
    assert_eq!(udp(40_000, &message(0x04, "04 02 003c", b"lamp-17")), Recognition::No);
    assert_eq!(udp(40_000, &message(0x0c, "00 0005 0000", b"off")), Recognition::No);
    assert_eq!(udp(1884, &message(0x0c, "00 0005 0000", b"off")), Recognition::Yes(Sureness::ByPort));
    assert_eq!(udp(1884, &message(0x0d, "0005 0002 00 00", &[])), Recognition::No);
    assert_eq!(udp(1884, &hex("01 0007 0c 00 0005")), Recognition::No);
}

proptest! {
    #[test]
    fn nothing_that_arrives_makes_it_panic(
        datagrams in proptest::collection::vec((any::<u8>(), proptest::collection::vec(any::<u8>(), 0..32)), 0..12),
    ) {
        let mut rehearsal = Rehearsal::new(&READER, Transport::Udp, 1884);
        for (kind, bytes) in &datagrams {
            rehearsal.datagram(Source, bytes);
            rehearsal.datagram(Destination, &message(kind % 0x1e, "", bytes));
        }
        for request in requests(&rehearsal.end()) {
            prop_assert!(city::Protocol::MqttSn.verbs().contains(request.verb));
        }
    }
}
