//! Conversations as they go on the wire, and as they should not.

use super::READER;
use crate::dialogue::Side::{self, Destination, Source};
use crate::recognise::{Recognition, Sureness};
use crate::rehearse::{
    Rehearsal, hex, identities, lines, recognise, requests, stream, stream_in_pieces, weaknesses,
};
use city::{Observed, Transport, WeaknessKind};
use proptest::prelude::*;

/// From client 2 to logical device 1, or back.
fn wrapped(side: Side, content: &str) -> Vec<u8> {
    let content = hex(content);
    let ends = if side == Source { [0, 2, 0, 1] } else { [0, 1, 0, 2] };
    [&[0, 1][..], &ends, &(content.len() as u16).to_be_bytes(), &content].concat()
}

fn told(said: &[(Side, &str)]) -> Vec<Observed> {
    let said: Vec<(Side, Vec<u8>)> = said.iter().map(|(side, text)| (*side, wrapped(*side, text))).collect();
    let said: Vec<(Side, &[u8])> = said.iter().map(|(side, bytes)| (*side, bytes.as_slice())).collect();
    stream(&READER, 4059, &said)
}

/// With the password `12345678`, as in the examples of the standard's annex.
const AARQ_LOW: &str = "6036 a109060760857405080101 8a020780 8b0760857405080201 ac0a80083132333435363738 \
                        be10040e01000000065f1f0400007e1f04b0";
const AARQ_NONE: &str = "601d a109060760857405080101 be10040e01000000065f1f0400007e1f04b0";
const AARE: &str =
    "6129 a109060760857405080101 a203020100 a305a103020100 be10040e0800065f1f0400007c1f04000007";

#[test]
fn a_password_is_seen_and_not_told() {
    let facts = told(&[
        (Source, AARQ_LOW),
        (Destination, AARE),
        (Source, "c001c1 0001 00002a0000ff 02 00"),
        (Destination, "c401c1 00 09 10 4c4f5230303030303030303030303137"),
        (Source, "c001c2 0003 0100010800ff 02 00"),
        (Destination, "c401c2 00 06 0001e240"),
        (Source, "c001c3 000f 0000280000ff 07 00"),
        (Destination, "c401c3 00 09 03 616263"),
        (Source, "c301c4 0046 000060030aff 01 01 0f 00"),
        (Destination, "c701c4 00 00"),
        (Source, "c101c5 0008 0000010000ff 02 00 09 0c 07e90619030a0000ff800000"),
        (Destination, "c501c5 03"),
        (Source, "6203 800100"),
        (Destination, "6303 800100"),
    ]);
    assert_eq!(
        lines(&facts),
        [
            "> authenticate associate [1/] client 2, low-level-security done",
            "> read get [1/data 0.0.42.0.0.255/2 logical-device-name] LOR0000000000017 done",
            "> read get [1/register 1.0.1.8.0.255/2 active-energy-import] 123456 done",
            "> read get [1/association-ln 0.0.40.0.0.255/7 current-association] - done",
            "> operate action-remote-disconnect [1/disconnect-control 0.0.96.3.10.255/1 disconnect-control] 0 done",
            "> configure set [1/clock 0.0.1.0.0.255/2 clock] 0x07e90619030a0000ff800000 refused read-write-denied",
            "> authenticate release [1/] - done",
        ]
    );
    let weaknesses = weaknesses(&facts);
    assert_eq!(weaknesses.len(), 1);
    assert_eq!(weaknesses[0].kind, WeaknessKind::CleartextCredentials);
    assert_eq!(weaknesses[0].detail, "password of client 2");
    assert_eq!(
        identities(&facts),
        ["192.0.2.20 role DLMS/COSEM meter (AARE)", "192.0.2.20 name LOR0000000000017 (logical-device-name)"]
    );
}

#[test]
fn without_proof_a_change_is_a_weakness() {
    let facts = told(&[
        (Source, AARQ_NONE),
        (Destination, AARE),
        (Source, "c003c1 02 0003 0100010800ff 02 00 0003 0100020800ff 02 00"),
        (Destination, "c403c1 02 00 06 00000001 00 06 00000002"),
        (Source, "c304c2 00 00000001 04 01"),
        (Source, "c301c3 0012 00002c0000ff 04 01 0f 00"),
        (Destination, "c701c3 00 00"),
        (Source, "c001c4 0007 0100630100ff 02 00"),
        (Destination, "c402c4 00 00000001 00 04 01020304"),
        (Source, "c002c4 00000001"),
        (Destination, "c402c4 01 00000002 00 04 01020304"),
        (Source, "c001c5 0003 0100010800ff 02 00"),
        (Destination, "d8 01 02"),
        (Source, "cb 12 21 00000001 aabbccddeeff00112233"),
        (Destination, "db 08 4c4f520000000011 12 30 00000001 aabbccddeeff"),
    ]);
    assert_eq!(
        lines(&facts),
        [
            "> authenticate associate [1/] client 2, no-security done",
            "> read get [1/register 1.0.1.8.0.255/2 active-energy-import] - done",
            "> read get [1/register 1.0.2.8.0.255/2 active-energy-export] - done",
            "> program action-image-activate [1/image-transfer 0.0.44.0.0.255/4 image-transfer] 0 done",
            "> read get [1/profile-generic 1.0.99.1.0.255/2 load-profile-1] in blocks done",
            "> read get [1/register 1.0.1.8.0.255/2 active-energy-import] - refused service-not-supported",
            "> transfer ciphered [1/] - not-expected",
            "< transfer ciphered [2/] - not-expected",
        ]
    );
    let kinds: Vec<_> = weaknesses(&facts).iter().map(|weakness| weakness.kind).collect();
    assert_eq!(kinds, [WeaknessKind::AnonymousLogin, WeaknessKind::UnauthenticatedControl]);
    assert_eq!(
        identities(&facts)[1..],
        ["192.0.2.20 serial 4c4f520000000011 (system-title)", "192.0.2.20 vendor LOR (system-title)"]
    );
}

#[test]
fn a_stream_tells_the_same_however_it_is_cut() {
    let said = [
        (Source, wrapped(Source, AARQ_LOW)),
        (Destination, wrapped(Destination, AARE)),
        (Source, wrapped(Source, "c001c2 0003 0100010800ff 02 00")),
        (Destination, wrapped(Destination, "c401c2 00 06 0001e240")),
    ];
    let said: Vec<(Side, &[u8])> = said.iter().map(|(side, bytes)| (*side, bytes.as_slice())).collect();
    let whole = lines(&stream(&READER, 4059, &said));
    assert_eq!(whole.len(), 2);
    for size in 1..9 {
        assert_eq!(lines(&stream_in_pieces(&READER, 4059, &said, size)), whole, "pieces of {size}");
    }
    let mut rehearsal = Rehearsal::new(&READER, Transport::Tcp, 4059);
    rehearsal.gap(Source, 20);
    rehearsal.say(Source, &[&hex("00 01 02 03 00 01 00 00 00")[..], said[2].1].concat());
    rehearsal.say(Destination, said[3].1);
    assert_eq!(lines(&rehearsal.end()), whole[1..]);
}

#[test]
fn it_is_known_by_its_association_on_any_port() {
    let tcp = |port, bytes: &[u8]| recognise(&READER, Transport::Tcp, port, bytes, &[]);
    let association = wrapped(Source, AARQ_NONE);
    assert_eq!(tcp(40_000, &association), Recognition::Yes(Sureness::BySignature));
    assert_eq!(tcp(40_000, &association[..7]), Recognition::More);
    let get = wrapped(Source, "c001c2 0003 0100010800ff 02 00");
    assert_eq!(tcp(40_000, &get), Recognition::No);
    assert_eq!(tcp(4059, &get), Recognition::Yes(Sureness::ByStructure));
    assert_eq!(tcp(4059, &hex("0002 0001")), Recognition::No);
    // A Modbus request whose transaction is number 1.
    assert_eq!(tcp(502, &hex("0001 0000 0006 01 03 0000 0001")), Recognition::More);
    assert_eq!(recognise(&READER, Transport::Udp, 4059, &get[..9], &[]), Recognition::No);
}

proptest! {
    #[test]
    fn nothing_that_arrives_makes_it_panic(
        contents in proptest::collection::vec((0_usize..9, proptest::collection::vec(any::<u8>(), 0..48)), 0..12),
    ) {
        let tags = [0x60, 0x61, 0xc0, 0xc1, 0xc3, 0xc4, 0xc5, 0xc7, 0xdb];
        let mut rehearsal = Rehearsal::new(&READER, Transport::Udp, 4059);
        let mut torn = Rehearsal::new(&READER, Transport::Tcp, 4059);
        for (tag, bytes) in &contents {
            let content = [&[tags[*tag]], bytes.as_slice()].concat();
            let length = (content.len() as u16).to_be_bytes();
            rehearsal.datagram(Source, &[&[0, 1, 0, 2, 0, 1][..], &length, &content].concat());
            rehearsal.datagram(Destination, &[&[0, 1, 0, 1, 0, 2][..], &length, &content].concat());
            torn.say(Source, bytes);
            torn.gap(Source, 1);
        }
        torn.end();
        for request in requests(&rehearsal.end()) {
            prop_assert!(city::Protocol::Dlms.verbs().contains(request.verb));
        }
    }
}
