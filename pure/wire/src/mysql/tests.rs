//! Sessions, packet by packet.

use super::READER;
use crate::dialogue::Side::{self, Destination, Source};
use crate::recognise::{Recognition, Sureness};
use crate::rehearse::{self, Rehearsal, detail, hex, identities, lines, requests, stream, weaknesses};
use city::{Observed, Transport, WeaknessKind};
use proptest::prelude::*;

const PORT: u16 = 3306;

fn packet(sequence: u8, payload: &[u8]) -> Vec<u8> {
    let [a, b, c, _] = (payload.len() as u32).to_le_bytes();
    [&[a, b, c, sequence][..], payload].concat()
}

/// A greeting whose server can do everything that is asked of it, with marks at the ends of results or without.
fn greeting(capabilities: u32) -> Vec<u8> {
    let [a, b, c, d] = capabilities.to_le_bytes();
    packet(
        0,
        &[
            &[10][..],
            b"5.5.5-10.11.6-MariaDB\0",
            &[1, 0, 0, 0],
            b"saltsalt\0",
            &[a, b, 0x2d, 2, 0, c, d, 21],
            &[0; 10],
            b"saltsaltsalt\0",
            b"mysql_native_password\0",
        ]
        .concat(),
    )
}

const CAPABILITIES: u32 = 0x001a_8a08;
const WITHOUT_END_MARKS: u32 = CAPABILITIES | 0x100_0000;

fn login(capabilities: u32, proof: &[u8], plugin: &str) -> Vec<u8> {
    let attributes = b"\x0c_client_name\x0alibmariadb\x0f_client_version\x063.3.7x";
    packet(
        1,
        &[
            &(capabilities & !0x800).to_le_bytes()[..],
            &[0, 0, 0, 1, 45],
            &[0; 23],
            b"ada\0",
            &[proof.len() as u8],
            proof,
            b"city\0",
            plugin.as_bytes(),
            &[0, attributes.len() as u8],
            attributes,
        ]
        .concat(),
    )
}

const OK: &[u8] = &[0, 0, 0, 2, 0, 0, 0];

fn command(code: u8, body: &[u8]) -> (Side, Vec<u8>) {
    (Source, packet(0, &[&[code][..], body].concat()))
}

fn told(said: &[(Side, Vec<u8>)]) -> Vec<Observed> {
    let said: Vec<(Side, &[u8])> = said.iter().map(|(side, bytes)| (*side, bytes.as_slice())).collect();
    let whole = stream(&READER, PORT, &said);
    for size in [1, 3, 7] {
        assert_eq!(lines(&rehearse::stream_in_pieces(&READER, PORT, &said, size)), lines(&whole), "{size}");
    }
    whole
}

#[test]
fn a_session_is_told_with_its_statements() {
    for capabilities in [CAPABILITIES, WITHOUT_END_MARKS] {
        let has_marks = capabilities == CAPABILITIES;
        let mark = |sequence| if has_marks { packet(sequence, &hex("fe 0000 0200")) } else { Vec::new() };
        let end = if has_marks { hex("fe 0000 0200") } else { hex("fe 00 00 0200 0000") };
        let facts = told(&[
            (Destination, greeting(capabilities)),
            (Source, login(capabilities, b"01234567890123456789", "mysql_native_password")),
            (Destination, packet(2, OK)),
            command(3, b"SELECT name, level FROM pumps"),
            (
                Destination,
                [
                    packet(1, &[2]),
                    packet(2, b"\x03def..name"),
                    packet(3, b"\x03def..level"),
                    mark(4),
                    packet(5, b"\x05north\x011"),
                    packet(6, b"\x05south\xfb"),
                    packet(7, &end),
                ]
                .concat(),
            ),
            command(3, b"UPDATE pumps SET level = 1"),
            (Destination, packet(1, &hex("00 02 00 0200 0000"))),
            command(3, b"DROP TABLE pumps"),
            (Destination, packet(1, b"\xff\x76\x04#42000DROP denied")),
            command(14, &[]),
            (Destination, packet(1, OK)),
            command(1, &[]),
        ]);
        assert_eq!(
            lines(&facts),
            [
                "> authenticate log-in [database city] ada done",
                "> read select [table pumps] 2 rows done",
                "> write update [table pumps] 2 changed done",
                "> configure drop [table pumps] - refused 1142 DROP denied",
                "> read ping [] - done"
            ]
        );
        assert_eq!(detail(requests(&facts)[0], "method"), Some("mysql_native_password"));
        let kinds: Vec<_> = weaknesses(&facts).iter().map(|weakness| weakness.detail.as_str()).collect();
        assert_eq!(
            kinds,
            [
                "mysql_native_password of user ada, which can be guessed",
                "a database without TLS: queries and rows can be read"
            ]
        );
        assert_eq!(
            identities(&facts),
            [
                "192.0.2.20 product MariaDB (greeting)",
                "192.0.2.20 firmware 10.11.6-MariaDB (greeting)",
                "192.0.2.20 role database (greeting)",
                "192.0.2.10 product libmariadb 3.3.7x (connection attributes)"
            ]
        );
        assert!(!format!("{facts:?}").contains("0123456"));
    }
}

#[test]
fn prepared_statements_and_several_results_are_told() {
    let facts = told(&[
        (Destination, greeting(CAPABILITIES)),
        (Source, login(CAPABILITIES, b"", "mysql_native_password")),
        (Destination, packet(2, OK)),
        command(22, b"INSERT INTO pumps VALUES (?)"),
        (
            Destination,
            [
                packet(1, &hex("00 07000000 0000 0100 00 0000")),
                packet(2, b"\x03def..?"),
                packet(3, &hex("fe 0000 0200")),
            ]
            .concat(),
        ),
        command(23, b"\x07\0\0\0\0\x01\0\0\0\0hunter2"),
        (Destination, packet(1, &hex("00 01 00 0200 0000"))),
        command(25, b"\x07\0\0\0"),
        command(23, b"\x07\0\0\0"),
        (Destination, packet(1, b"\xff\xdb\x04#HY000unknown statement")),
        // A procedure with two results, the first of one row.
        command(3, b"CALL levels()"),
        (
            Destination,
            [
                packet(1, &[1]),
                packet(2, b"\x03def..a"),
                packet(3, &hex("fe 0000 0a00")),
                packet(4, b"\x011"),
                packet(5, &hex("fe 0000 0a00")),
                packet(6, OK),
            ]
            .concat(),
        ),
    ]);
    assert_eq!(
        lines(&facts)[1..],
        [
            "> write insert [table pumps] 1 changed done",
            "> read execute [] - refused 1243 unknown statement",
            "> configure call [] 1 rows done"
        ]
    );
    assert_eq!(weaknesses(&facts)[0].kind, WeaknessKind::AnonymousLogin);
    assert!(!format!("{facts:?}").contains("hunter2"));
}

#[test]
fn another_proof_may_be_wanted_and_refused() {
    let facts = told(&[
        (Destination, greeting(CAPABILITIES)),
        (Source, login(CAPABILITIES, b"01234567890123456789", "mysql_native_password")),
        (Destination, packet(2, b"\xfemysql_clear_password\0")),
        (Source, packet(3, b"hunter2\0")),
        (Destination, packet(4, b"\xff\x15\x04#28000Access denied for user 'ada'")),
    ]);
    assert_eq!(
        lines(&facts),
        ["> authenticate log-in [database city] ada refused 1045 Access denied for user 'ada'"]
    );
    assert_eq!(weaknesses(&facts)[0].kind, WeaknessKind::CleartextCredentials);
    assert!(!format!("{facts:?}").contains("hunter2"));
}

#[test]
fn what_follows_a_wish_for_tls_is_tls() {
    let wish = [&(CAPABILITIES | 0x800).to_le_bytes()[..], &[0, 0, 0, 1, 45], &[0; 23]].concat();
    let facts = told(&[
        (Destination, greeting(CAPABILITIES)),
        (Source, packet(1, &wish)),
        (Source, vec![22, 3, 1, 0, 4, 1, 0, 0, 0]),
    ]);
    assert!(weaknesses(&facts).is_empty());
    assert!(lines(&facts).iter().all(|line| !line.contains("log-in")), "{facts:?}");
}

#[test]
fn only_a_greeting_is_recognised() {
    let told = |port, bytes: &[u8]| rehearse::recognise(&READER, Transport::Tcp, port, &[], bytes);
    let greeting = greeting(CAPABILITIES);
    assert_eq!(told(9_999, &greeting), Recognition::Yes(Sureness::ByStructure));
    assert_eq!(told(9_999, &greeting[..20]), Recognition::More);
    assert_eq!(told(PORT, &greeting[..2]), Recognition::More);
    assert_eq!(told(PORT, &packet(0, b"\xff\x6a\x04Host is blocked")), Recognition::Yes(Sureness::ByPort));
    assert_eq!(told(9_999, &packet(0, b"\xff\x6a\x04Host is blocked")), Recognition::No);
    assert_eq!(told(PORT, b"SSH-2.0-x\r\n"), Recognition::No);
    assert_eq!(told(PORT, &packet(0, &[10; 40])), Recognition::No);
}

proptest! {
    #[test]
    fn nothing_that_arrives_panics(at in 0_usize..160, value: u8, cut in 0_usize..200) {
        let mut client = [login(CAPABILITIES, b"x", "p"), packet(0, b"\x03SELECT 1"), packet(0, b"\x16SELECT ?")].concat();
        let mut server = [packet(2, OK), packet(1, &[1]), packet(2, b"x"), packet(3, &hex("fe00000200"))].concat();
        for bytes in [&mut client, &mut server] {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = value;
            }
            bytes.truncate(cut.max(1));
        }
        let mut rehearsal = Rehearsal::new(&READER, Transport::Tcp, PORT);
        rehearsal.say(Destination, &greeting(CAPABILITIES));
        rehearsal.say(Source, &client);
        rehearsal.say(Destination, &server);
        rehearsal.end();
    }
}
