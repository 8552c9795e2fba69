//! Conversations as they go on the wire, and as they should not.

use super::READER;
use crate::dialogue::Side::{self, Destination, Source};
use crate::recognise::{Recognition, Sureness};
use crate::rehearse::{
    Rehearsal, datagrams, hex, identities, lines, recognise, requests, stream, stream_in_pieces, weaknesses,
};
use city::{Observed, Transport, WeaknessKind};
use proptest::prelude::*;

fn frame(service: u16, body: &str) -> Vec<u8> {
    let body = hex(body);
    let length = body.len() as u16 + 6;
    [&[6, 0x10][..], &service.to_be_bytes(), &length.to_be_bytes(), &body].concat()
}

/// A frame of a tunnel: channel 1.
fn tunnel(sequence: u8, telegram: &str) -> Vec<u8> {
    frame(0x0420, &format!("0401{sequence:02x}00 {telegram}"))
}

fn ack(sequence: u8, status: u8) -> Vec<u8> {
    frame(0x0421, &format!("0401{sequence:02x}{status:02x}"))
}

fn told(said: &[(Side, Vec<u8>)]) -> Vec<Observed> {
    let said: Vec<(Side, &[u8])> = said.iter().map(|(side, bytes)| (*side, bytes.as_slice())).collect();
    datagrams(&READER, 3671, &said)
}

const HPAI: &str = "08 01 c000020a ef14";

fn description() -> String {
    let name = "50756d7065202d 204e6f7264";
    let name = format!("{}{}", name.replace(' ', ""), "00".repeat(30 - 12));
    format!("36 01 02 00 1101 0000 00c501020304 e000170c 00005e005320 {name} 0a 02 02 02 03 01 04 01 05 01")
}

fn group_talk() -> Vec<(Side, Vec<u8>)> {
    vec![
        (Source, frame(0x0205, &format!("{HPAI} {HPAI} 04 04 02 00"))),
        (Destination, frame(0x0206, &format!("01 00 {HPAI} 04 04 1102"))),
        // 1/2/3 := 1, then a reading of 1/2/4, then a temperature from the bus.
        (Source, tunnel(0, "11 00 bc e0 0000 0a03 01 00 81")),
        (Destination, ack(0, 0)),
        (Destination, tunnel(0, "2e 00 bc e0 1102 0a03 01 00 81")),
        (Source, ack(0, 0)),
        (Source, tunnel(1, "11 00 bc e0 0000 0a04 01 00 00")),
        (Source, tunnel(1, "11 00 bc e0 0000 0a04 01 00 00")),
        (Destination, ack(1, 0)),
        (Destination, tunnel(1, "2e 00 bc e0 1102 0a04 01 00 00")),
        (Destination, tunnel(2, "29 00 bc e0 1105 0a04 03 00 40 0c1a")),
        (Destination, tunnel(3, "29 00 bc e0 1106 0b01 03 00 80 0c33")),
        (Source, tunnel(2, "11 00 bc e0 0000 0a05 01 00 80")),
        (Destination, tunnel(4, "2e 00 bd e0 1102 0a05 01 00 80")),
        (Source, tunnel(3, "11 00 bc e0 0000 0a06 01 00 80")),
        (Destination, ack(3, 0x29)),
    ]
}

const GROUP_LINES: [&str; 6] = [
    "> authenticate connect [tunnel] - done",
    "> write group-value-write [group 1/2/3] 1 done",
    "> read group-value-read [group 1/2/4] 0x0c1a done",
    "< publish group-value-write [group 1/3/1] 0x0c33 not-expected",
    "> write group-value-write [group 1/2/5] 0 refused not-confirmed",
    "> write group-value-write [group 1/2/6] 0 refused tunnelling-layer",
];

#[test]
fn group_values_are_confirmed_and_answered() {
    let facts = told(&group_talk());
    assert_eq!(lines(&facts), GROUP_LINES);
    let weaknesses = weaknesses(&facts);
    assert_eq!(weaknesses.len(), 1);
    assert_eq!(weaknesses[0].kind, WeaknessKind::UnauthenticatedControl);
    assert_eq!(weaknesses[0].address.to_string(), "192.0.2.20");
}

#[test]
fn a_stream_tells_the_same_however_it_is_cut() {
    let said = group_talk();
    let said: Vec<(Side, &[u8])> = said.iter().map(|(side, bytes)| (*side, bytes.as_slice())).collect();
    assert_eq!(lines(&stream(&READER, 3671, &said)), GROUP_LINES);
    for size in 1..9 {
        assert_eq!(lines(&stream_in_pieces(&READER, 3671, &said, size)), GROUP_LINES, "pieces of {size}");
    }
    let mut rehearsal = Rehearsal::new(&READER, Transport::Tcp, 3671);
    rehearsal.gap(Source, 10);
    let rest = [&hex("00 06 10 06 bc e0")[..], &frame(0x0203, HPAI)].concat();
    rehearsal.say(Source, &rest);
    assert_eq!(lines(&rehearsal.end()), ["> discover description [] - missing"]);
}

#[test]
fn devices_are_told_with_what_they_say_of_themselves() {
    let facts = told(&[
        (Source, frame(0x0201, HPAI)),
        (Source, frame(0x0203, HPAI)),
        (Destination, frame(0x0204, &description())),
        (Destination, frame(0x0202, &format!("{HPAI} {}", description()))),
        (Source, frame(0x0310, "04 02 00 00 fc 0000 01 0c 1001")),
        (Destination, frame(0x0310, "04 02 00 00 fb 0000 01 0c 1001 0083")),
        (Source, frame(0x0310, "04 02 01 00 f6 000b 01 5c 1001 00112233445566778899aabbccddeeff")),
        (Destination, frame(0x0310, "04 02 01 00 f5 000b 01 5c 0001 03")),
        (Source, frame(0x0310, "04 02 02 00 f1")),
    ]);
    assert_eq!(
        lines(&facts),
        [
            "> discover search [] - not-expected",
            "> discover description [] - done",
            "> read m-prop-read [property 0/12] 0x0083 done",
            "> configure m-prop-write [property 11/92] (hidden) refused error-3",
            "> restart m-reset [] - missing",
        ]
    );
    assert_eq!(
        identities(&facts),
        [
            "192.0.2.20 name Pumpe - Nord (friendly-name)",
            "192.0.2.20 name 1.1.1 (individual-address)",
            "192.0.2.20 serial 00c501020304 (device-information)",
            "192.0.2.20 role KNX IP router (service-families)",
            "192.0.2.20 vendor Weinzierl Engineering (serial number)",
            "192.0.2.20 vendor MDT technologies (property 0/12 manufacturer-id)",
        ]
    );
}

#[test]
fn what_a_tool_does_to_a_device_is_told_by_name() {
    let route = |telegram: &str| (Source, frame(0x0530, telegram));
    let facts = told(&[
        route("29 00 bc 60 1101 1105 0f 42 8c 4000 000102030405060708090a0b"),
        route("29 00 bc 60 1101 1105 05 47 d7 03 0b 10 01"),
        route("29 00 bc 60 1101 1105 01 43 80"),
        route("29 00 bc 60 1101 1105 06 43 d1 00 0badcafe"),
        route("29 00 bc 60 1101 1105 00 80"),
        route("29 00 b0 e0 1101 0000 03 00 c0 1107"),
        route("29 00 bc e0 1101 0a03 0a 03 f1 00 010203040506 0708"),
        (Destination, frame(0x0532, "06 00 0064 0000")),
    ]);
    assert_eq!(
        lines(&facts),
        [
            "> program memory-write [device 1.1.5 memory 0x4000..0x400b] 0x000102030405060708090a0b not-expected",
            "> configure property-value-write [device 1.1.5 property 3/11] - not-expected",
            "> restart restart [device 1.1.5] - not-expected",
            "> authenticate authorize-request [device 1.1.5] - not-expected",
            "> configure individual-address-write [device everywhere] 1.1.7 not-expected",
            "> transfer data-secure [group 1/2/3] - not-expected",
        ]
    );
    assert_eq!(weaknesses(&facts)[0].kind, WeaknessKind::CleartextCredentials);
}

#[test]
fn secured_sessions_are_seen_as_such() {
    let key = "11".repeat(32);
    let wrapper = frame(0x0950, &format!("0001 000000000001 00c501020304 0000 {}", "aa".repeat(30)));
    let facts = told(&[
        (Source, frame(0x0951, &format!("{HPAI} {key}"))),
        (Destination, frame(0x0952, &format!("0001 {key} {}", "22".repeat(16)))),
        (Source, wrapper.clone()),
        (Source, wrapper.clone()),
        (Destination, wrapper),
    ]);
    assert_eq!(
        lines(&facts),
        [
            "> authenticate session-request [] - done",
            "> transfer secure-wrapper [] - not-expected",
            "< transfer secure-wrapper [] - not-expected",
        ]
    );
    assert!(weaknesses(&facts).is_empty());
}

#[test]
fn it_is_known_by_its_header() {
    let udp = |bytes: &[u8]| recognise(&READER, Transport::Udp, 40_000, bytes, &[]);
    let search = frame(0x0201, HPAI);
    assert_eq!(udp(&search), Recognition::Yes(Sureness::ByStructure));
    assert_eq!(udp(&search[..9]), Recognition::No);
    assert_eq!(udp(&frame(0x0999, HPAI)), Recognition::No);
    let tcp = |bytes: &[u8]| recognise(&READER, Transport::Tcp, 40_000, bytes, &[]);
    assert_eq!(tcp(&search[..3]), Recognition::More);
    assert_eq!(tcp(&hex("06 11 02")), Recognition::No);
    assert_eq!(tcp(&hex("06 10 0201 0003")), Recognition::No);
}

proptest! {
    #[test]
    fn nothing_that_arrives_makes_it_panic(
        bodies in proptest::collection::vec((0_usize..9, proptest::collection::vec(any::<u8>(), 0..40)), 0..12),
    ) {
        let services = [0x0202, 0x0204, 0x0205, 0x0310, 0x0311, 0x0420, 0x0421, 0x0530, 0x0950];
        let mut rehearsal = Rehearsal::new(&READER, Transport::Udp, 3671);
        let mut torn = Rehearsal::new(&READER, Transport::Tcp, 3671);
        for (service, body) in &bodies {
            let length = body.len() as u16 + 6;
            let bytes =
                [&[6, 0x10][..], &u16::to_be_bytes(services[*service]), &length.to_be_bytes(), body].concat();
            rehearsal.datagram(Source, &bytes);
            rehearsal.datagram(Destination, &bytes);
            torn.say(Source, body);
            torn.gap(Source, 1);
        }
        torn.end();
        for request in requests(&rehearsal.end()) {
            prop_assert!(city::Protocol::KnxnetIp.verbs().contains(request.verb));
        }
    }
}
