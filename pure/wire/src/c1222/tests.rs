//! Conversations as they go on the wire, and as they should not.

use super::READER;
use crate::ber::identifier;
use crate::dialogue::Side::{self, Destination, Source};
use crate::recognise::{Recognition, Sureness};
use crate::rehearse::{
    Rehearsal, datagrams, hex, identities, lines, recognise, stream, stream_in_pieces, weaknesses,
};
use city::{Observed, Transport, WeaknessKind};
use proptest::prelude::*;

fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![tag];
    match content.len() {
        short @ 0..=127 => bytes.push(short as u8),
        long => bytes.extend([0x82, (long >> 8) as u8, long as u8]),
    }
    bytes.extend(content);
    bytes
}

/// A message to node .123.4 with an envelope, in answer to an invocation or not.
fn message(called: Option<u8>, calling: u8, control: u8, body: &[u8]) -> Vec<u8> {
    let mut envelope = vec![control];
    envelope.extend(body);
    let mut elements = hex("a2 04 80027b04");
    if let Some(called) = called {
        elements.extend([0xa4, 3, 2, 1, called]);
    }
    elements.extend(hex("a6 05 80037bc175"));
    elements.extend([0xa8, 3, 2, 1, calling]);
    elements.extend(element(0xbe, &element(0x28, &element(0x81, &envelope))));
    element(0x60, &elements)
}

/// Services with their lengths before them.
fn services(list: &[&str]) -> Vec<u8> {
    list.iter()
        .flat_map(|text| {
            let bytes = hex(text);
            [vec![bytes.len() as u8], bytes].concat()
        })
        .collect()
}

fn ask(number: u8, list: &[&str]) -> (Side, Vec<u8>) {
    (Source, message(None, number, 0x80, &services(list)))
}

fn answer(number: u8, list: &[&str]) -> (Side, Vec<u8>) {
    (Destination, message(Some(number), number, 0x80, &services(list)))
}

fn told(said: &[(Side, Vec<u8>)]) -> Vec<Observed> {
    let said: Vec<(Side, &[u8])> = said.iter().map(|(side, bytes)| (*side, bytes.as_slice())).collect();
    stream(&READER, 1153, &said)
}

/// A session: a logon, two tables read at once, a write that is refused, and a load that is switched.
fn day() -> Vec<(Side, Vec<u8>)> {
    vec![
        ask(1, &["50 0002 4d65746572204f702020 0384"]),
        answer(1, &["00 0384"]),
        ask(2, &["30 0001", "3f 0817 000004 0002"]),
        answer(2, &["00 0003 414243 3a", "00 0002 beef 53"]),
        ask(3, &["40 0034 0002 0102 fd"]),
        answer(3, &["03"]),
        ask(4, &["40 0007 0004 1500 0132 b8"]),
        answer(4, &["00"]),
    ]
}

#[test]
fn each_service_is_told_with_its_table_and_outcome() {
    let facts = told(&day());
    assert_eq!(
        lines(&facts),
        [
            "> authenticate logon [user 2 Meter Op] - done",
            "> read full-read [standard-table 1] 414243 done",
            "> read partial-read-offset [manufacturer-table 23] beef done",
            "> write full-write [standard-table 52] 0102 refused insufficient-security-clearance",
            "> operate direct-load-control [standard-table 7] 15000132 done",
        ]
    );
    let found = weaknesses(&facts);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].detail, "direct-load-control obeyed; nothing proved who asked");
}

#[test]
fn a_stream_in_any_pieces_tells_the_same() {
    let day = day();
    let said: Vec<(Side, &[u8])> = day.iter().map(|(side, bytes)| (*side, bytes.as_slice())).collect();
    let whole = lines(&stream(&READER, 1153, &said));
    for size in [1, 2, 3, 5, 7, 11] {
        assert_eq!(lines(&stream_in_pieces(&READER, 1153, &said, size)), whole, "in pieces of {size}");
    }
    assert_eq!(lines(&datagrams(&READER, 1153, &said)), whole);
}

#[test]
fn passwords_tickets_and_secret_tables_are_never_told() {
    let password: String = "71".repeat(20);
    let facts = told(&[
        ask(1, &[&format!("51 {password} 0002")]),
        answer(1, &["00"]),
        ask(2, &["53 04 71717171"]),
        answer(2, &["00 04 71717171"]),
        ask(3, &["30 002a"]),
        answer(3, &["00 0004 71717171 3c"]),
        ask(4, &["40 002d 0004 71717171 3c"]),
        answer(4, &["00"]),
    ]);
    let all = format!("{facts:?}");
    assert!(!all.contains("7171") && !all.contains("qq"), "{all}");
    let kinds: Vec<WeaknessKind> = weaknesses(&facts).iter().map(|weakness| weakness.kind).collect();
    assert_eq!(kinds, [WeaknessKind::CleartextCredentials]);
    assert_eq!(
        lines(&facts),
        [
            "> authenticate security [node .123.4] - done",
            "> authenticate authenticate [node .123.4] - done",
            "> read full-read [standard-table 42] (hidden) done",
            "> write full-write [standard-table 45] (hidden) done",
        ]
    );
}

#[test]
fn a_node_tells_its_class_and_its_identity() {
    let facts = told(&[
        ask(1, &["20", "25 06 03 2b0601", "26 80 02 7b05"]),
        answer(1, &["00 03 01 00 06 80 02 7b07 07 06 01 4d2d313233 00", "00 02 0a0b", "00 80 02 7b05"]),
    ]);
    assert_eq!(
        identities(&facts),
        ["192.0.2.20 model .123.7 (device-class)", "192.0.2.20 serial M-123 (device-identity)"]
    );
    assert_eq!(
        lines(&facts),
        [
            "> discover identification [node .123.4] - done",
            "> discover resolve [node 1.3.6.1] - done",
            "> discover trace [node .123.5] - done",
        ]
    );
}

#[test]
fn what_is_sealed_is_told_as_sealed() {
    let facts = told(&[
        (Source, message(None, 3, 0x88, &hex("aabbccddee 01020304"))),
        (Destination, message(Some(3), 3, 0x88, &hex("aabbcc 01020304"))),
        (Source, message(None, 4, 0x82, &services(&["52"]))),
    ]);
    assert_eq!(
        lines(&facts),
        ["> transfer sealed [node .123.4] - done", "> authenticate logoff [node .123.4] - not-expected",]
    );
}

#[test]
fn titles_are_dotted_numbers() {
    assert_eq!(
        identifier(&hex("2b060104018285638e7f85f1c24e00"), false),
        "1.3.6.1.4.1.33507.1919.12345678.0"
    );
    assert_eq!(identifier(&hex("7bc175"), true), ".123.8437");
}

#[test]
fn after_a_hole_the_next_message_is_found() {
    let mut rehearsal = Rehearsal::new(&READER, Transport::Tcp, 1153);
    rehearsal.say(Source, &ask(1, &["30 0001"]).1);
    rehearsal.gap(Source, 30);
    let mut rest = hex("60 02 8001 20");
    rest.extend(ask(2, &["30 0002"]).1);
    rehearsal.say(Source, &rest);
    assert_eq!(
        lines(&rehearsal.end()),
        ["> read full-read [standard-table 1] - missing", "> read full-read [standard-table 2] - missing",]
    );
}

#[test]
fn it_is_recognised_by_its_structure() {
    let read = ask(1, &["30 0001"]).1;
    let known = |bytes: &[u8], transport| recognise(&READER, transport, 1153, bytes, &[]);
    let sure = Recognition::Yes(Sureness::ByStructure);
    assert_eq!(known(&read, Transport::Tcp), sure);
    assert_eq!(known(&read, Transport::Udp), sure);
    assert_eq!(known(&read[..9], Transport::Tcp), Recognition::More);
    assert_eq!(known(&read[..9], Transport::Udp), Recognition::No);
    // An association of DLMS begins alike and has another kind of user information.
    let dlms = hex("60 1d a109060760857405080101 be10 040e 01000000065f1f040000181dffff");
    assert_eq!(known(&dlms, Transport::Tcp), Recognition::No);
}

proptest! {
    #[test]
    fn nothing_that_arrives_does_harm(
        pieces in prop::collection::vec(
            (any::<bool>(), 0_u8..3, any::<u8>(), prop::collection::vec(any::<u8>(), 0..60)),
            0..12,
        ),
    ) {
        let mut rehearsal = Rehearsal::new(&READER, Transport::Tcp, 1153);
        for (back, form, control, data) in pieces {
            let side = if back { Destination } else { Source };
            let bytes = match form {
                0 => data,
                1 => element(0x60, &data),
                _ => message(back.then_some(control), control, control & 0x1f, &data),
            };
            rehearsal.say(side, &bytes);
        }
        rehearsal.end();
    }
}
