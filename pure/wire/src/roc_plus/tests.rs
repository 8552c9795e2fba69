//! Conversations as they go on the wire, and as they should not.

use super::READER;
use crate::checksum::crc16;
use crate::dialogue::Side::{self, Destination, Source};
use crate::recognise::{Recognition, Sureness};
use crate::rehearse::{
    Rehearsal, datagrams, hex, identities, lines, recognise, stream, stream_in_pieces, weaknesses,
};
use city::{Observed, Transport, WeaknessKind};
use proptest::prelude::*;

/// A message to unit 5 of group 2, with its length and check.
fn message(opcode: u8, data: &[u8]) -> Vec<u8> {
    let mut bytes = vec![5, 2, 3, 1, opcode, data.len() as u8];
    bytes.extend(data);
    let check = crc16(0xffff, &bytes);
    bytes.extend(check.to_le_bytes());
    bytes
}

fn told(said: &[(Side, Vec<u8>)]) -> Vec<Observed> {
    let said: Vec<(Side, &[u8])> = said.iter().map(|(side, bytes)| (*side, bytes.as_slice())).collect();
    stream(&READER, 4000, &said)
}

/// A poll with a login, a read, a write, and a file.
fn day() -> Vec<(Side, Vec<u8>)> {
    let path = |command: &[u8], path: &str, name: &str| {
        let mut data = command.to_vec();
        data.extend(path.bytes().chain([0; 100]).take(100));
        data.extend(name.bytes().chain([0; 25]).take(25));
        data
    };
    vec![
        (Source, message(17, b"OPA\x39\x30\x05")),
        (Destination, message(17, &[])),
        (Source, message(7, &[])),
        (Destination, message(7, &hex("1e2d0c0f03e80706"))),
        (Source, message(180, &[2, 103, 0, 3, 103, 1, 3])),
        (Destination, message(180, &hex("02 670003 0000c842 670103 00000000"))),
        (Source, message(181, &hex("01 690002 01"))),
        (Destination, message(181, &[])),
        (Source, message(166, &hex("3d 00 01 04 0000803f"))),
        (Destination, message(255, &[20, 6])),
        (Source, message(203, &path(&[5], "/flash/data/", "limits.txt"))),
        (Destination, message(203, &[5])),
    ]
}

#[test]
fn each_function_is_told_with_its_target_and_outcome() {
    assert_eq!(
        lines(&told(&day())),
        [
            "> authenticate login [5/operator OPA] level 5 done",
            "> read read-clock [5/] 2024-03-15T12:45:30 done",
            "> read read-parameters [5/parameter 103,0,3 103,1,3] 6700030000c84267010300000000 done",
            "> write write-parameters [5/parameter 105,0,2] 01 done",
            "> write write-point-parameters [5/parameter 61,0,4] 0000803f refused Security Error",
            "> program file-delete [5/file /flash/data/limits.txt] - done",
        ]
    );
}

#[test]
fn a_stream_in_any_pieces_tells_the_same() {
    let day = day();
    let said: Vec<(Side, &[u8])> = day.iter().map(|(side, bytes)| (*side, bytes.as_slice())).collect();
    let whole = lines(&stream(&READER, 4000, &said));
    for size in 1..9 {
        assert_eq!(lines(&stream_in_pieces(&READER, 4000, &said, size)), whole, "in pieces of {size}");
    }
    assert_eq!(lines(&datagrams(&READER, 4000, &said)), whole);
}

#[test]
fn a_login_shows_that_it_is_readable_and_never_its_password() {
    let mut login = vec![b' '; 71];
    login[..6].copy_from_slice(b"ALDERS");
    login[30..37].copy_from_slice(b"qzqzqzq");
    login[70] = 4;
    let key = b"KEYKEYKEYKEY1";
    let facts = told(&[
        (Source, message(17, &login)),
        (Destination, message(17, &[])),
        (Source, message(17, key)),
        (Destination, message(17, &[b'K'; 24])),
        (Source, message(17, b"LOI\xe8\x03\x05")),
        // A login of a length that nobody knows, one that is passed on, and the points that hold passwords.
        (Source, message(17, b"ALDERSqzqzqzq")),
        (Source, message(17, b"ALDERSqzqzqzqzqzqz")),
        (Source, message(24, b"\x01\x01\x05\x02\0\0\0\0\0\0\x11\x06OPAqz\x05")),
        (Source, message(166, b"\x5c\x00\x01\x01qzqzqz")),
        (Source, message(181, b"\x02\x69\x00\x02\x01\x5c\x00\x01qzqzqz")),
        (Destination, message(167, b"\x5c\x00\x01\x01qzqzqz")),
        (Destination, message(180, b"\x01\x5c\x00\x01qzqzqz")),
    ]);
    let kinds: Vec<WeaknessKind> = weaknesses(&facts).iter().map(|weakness| weakness.kind).collect();
    assert_eq!(kinds, [WeaknessKind::CleartextCredentials, WeaknessKind::DefaultCredentials]);
    let all = format!("{facts:?}");
    for secret in ["qz", "717a", "717A", "KEYKEY", "4B45594B", "4B4B4B4B", "KKKK"] {
        assert!(!all.contains(secret), "{secret} in {all}");
    }
    assert!(all.contains("operator ALDERS"));
}

#[test]
fn a_change_without_a_login_is_a_weakness_once() {
    let facts = told(&[
        (Source, message(8, &hex("1e2d0c0f03e807"))),
        (Destination, message(8, &[])),
        (Source, message(181, &hex("01 690002 01"))),
        (Destination, message(181, &[])),
    ]);
    let found = weaknesses(&facts);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].detail, "set-clock obeyed; nobody had logged in");
}

#[test]
fn a_device_tells_its_kind_and_its_exceptions() {
    let mut configuration = vec![0; 19 + 196];
    (configuration[0], configuration[18]) = (1, 6);
    let facts = told(&[
        (Source, message(6, &[])),
        (Destination, message(6, &configuration)),
        (Destination, message(224, &[0, 7])),
        (Source, message(225, &[0, 7])),
        (Destination, message(225, &[])),
    ]);
    assert_eq!(identities(&facts), ["192.0.2.20 model ROC800 (809/827) (type-of-roc)"]);
    assert_eq!(
        lines(&facts),
        [
            "> discover system-configuration [5/] - done",
            "< publish report-by-exception [5/] - not-expected",
            "> publish acknowledge-report-by-exception [5/] - done",
        ]
    );
}

#[test]
fn after_a_hole_the_next_message_is_found() {
    let mut rehearsal = Rehearsal::new(&READER, Transport::Tcp, 4000);
    rehearsal.say(Source, &message(7, &[]));
    rehearsal.gap(Source, 40);
    let mut rest = hex("0f03e80706aabb");
    rest.extend(message(119, &[10, 0, 0]));
    rehearsal.say(Source, &rest);
    assert_eq!(
        lines(&rehearsal.end()),
        ["> read read-clock [5/] - missing", "> read read-events [5/] - missing"]
    );
}

#[test]
fn it_is_recognised_by_its_check_and_length() {
    let sure = Recognition::Yes(Sureness::ByStructure);
    let read = message(167, &[61, 0, 1, 4]);
    assert_eq!(recognise(&READER, Transport::Tcp, 4000, &read, &[]), sure);
    assert_eq!(recognise(&READER, Transport::Udp, 40_001, &read, &[]), sure);
    assert_eq!(recognise(&READER, Transport::Tcp, 4000, &read[..7], &[]), Recognition::More);
    let mut wrong = read;
    wrong[6] ^= 1;
    assert_eq!(recognise(&READER, Transport::Udp, 4000, &wrong, &[]), Recognition::No);
    // A Modbus RTU frame that writes 0x0600 to register 1 of unit 1 has the same check and a length that fits.
    let twin = hex("01 06 0001 0600");
    let twin = [&twin[..], &crc16(0xffff, &twin).to_le_bytes()].concat();
    assert_eq!(recognise(&READER, Transport::Udp, 502, &twin, &[]), Recognition::No);
}

proptest! {
    #[test]
    fn nothing_that_arrives_does_harm(
        pieces in prop::collection::vec((any::<bool>(), any::<u8>(), prop::collection::vec(any::<u8>(), 0..140)), 0..12),
        sound in any::<bool>(),
    ) {
        let mut rehearsal = Rehearsal::new(&READER, Transport::Tcp, 4000);
        for (back, opcode, data) in pieces {
            let bytes = if sound { message(opcode, &data) } else { data };
            rehearsal.say(if back { Destination } else { Source }, &bytes);
        }
        rehearsal.end();
    }

    #[test]
    fn every_opcode_stands_any_data(
        code in prop::sample::select(vec![6_u8, 7, 8, 10, 11, 17, 24, 50, 100, 105, 108, 118, 119, 135, 136, 137, 138, 139, 166, 167, 180, 181, 203, 205, 206, 224, 225, 255]),
        data in prop::collection::vec(any::<u8>(), 0..255),
        back in any::<bool>(),
    ) {
        let mut rehearsal = Rehearsal::new(&READER, Transport::Udp, 4000);
        let side = if back { Destination } else { Source };
        prop_assert!(rehearsal.datagram(side, &message(code, &data)));
        rehearsal.end();
    }
}
