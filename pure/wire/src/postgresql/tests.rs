//! Sessions, message by message.

use super::READER;
use crate::dialogue::Side::{self, Destination, Source};
use crate::recognise::{Recognition, Sureness};
use crate::rehearse::{
    Rehearsal, detail, identities, lines, recognise, requests, stream, stream_in_pieces, weaknesses,
};
use city::{Observed, Transport, WeaknessKind};
use proptest::prelude::*;

const PORT: u16 = 5432;

/// What has no letter: its code and its body.
fn opening(code: u32, body: &[u8]) -> Vec<u8> {
    [&(body.len() as u32 + 8).to_be_bytes()[..], &code.to_be_bytes(), body].concat()
}

fn startup() -> Vec<u8> {
    opening(0x0003_0000, b"user\0ada\0database\0city\0application_name\0psql\0\0")
}

fn message(letter: u8, body: &[u8]) -> Vec<u8> {
    [&[letter][..], &(body.len() as u32 + 4).to_be_bytes(), body].concat()
}

fn authentication(code: u32, more: &[u8]) -> Vec<u8> {
    message(b'R', &[&code.to_be_bytes()[..], more].concat())
}

/// The end of a login: accepted, with the version and a key for cancellations.
fn accepted() -> Vec<u8> {
    [
        authentication(0, &[]),
        message(b'S', b"server_version\x0015.14 (Debian 15.14-0+deb12u1)\0"),
        message(b'K', &[0, 0, 1, 0, 9, 9, 9, 9]),
        message(b'Z', b"I"),
    ]
    .concat()
}

fn row(value: &[u8]) -> Vec<u8> {
    message(b'D', &[&[0, 2][..], &(value.len() as u32).to_be_bytes(), value, &[0xff; 4]].concat())
}

fn told(said: &[(Side, Vec<u8>)]) -> Vec<Observed> {
    let said: Vec<(Side, &[u8])> = said.iter().map(|(side, bytes)| (*side, bytes.as_slice())).collect();
    let whole = stream(&READER, PORT, &said);
    for size in [1, 2, 3, 5, 8, 13] {
        assert_eq!(lines(&stream_in_pieces(&READER, PORT, &said, size)), lines(&whole), "{size}");
    }
    whole
}

/// The fields of Suricata's events, one event a line.
fn events(facts: &[Observed]) -> Vec<String> {
    let line = |fact: &Observed| match fact {
        Observed::Message(message) if message.log == "eve_pgsql" => Some(
            message
                .fields
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect::<Vec<_>>()
                .join(" "),
        ),
        _ => None,
    };
    facts.iter().filter_map(line).collect()
}

#[test]
fn a_session_is_told_with_its_statements() {
    let facts = told(&[
        (Source, opening(80_877_103, &[])),
        (Destination, b"N".to_vec()),
        (Source, startup()),
        (Destination, authentication(5, &[1, 2, 3, 4])),
        (Source, message(b'p', b"md5aabbccddeeff\0")),
        (Destination, accepted()),
        (Source, message(b'Q', b"SELECT name FROM pumps; SELECT 1\0")),
        (
            Destination,
            [
                message(b'T', b"\0\x02name\0\0\0\0\0\0\0"),
                row(b"north"),
                row(b"south"),
                message(b'C', b"SELECT 2\0"),
                message(b'C', b"SELECT 1\0"),
                message(b'Z', b"I"),
            ]
            .concat(),
        ),
        (Source, message(b'Q', b"UPDATE pumps SET level = 3\0")),
        (
            Destination,
            [
                message(b'E', b"SERROR\0VERROR\0C42501\0Mpermission denied for table pumps\0\0"),
                message(b'Z', b"I"),
            ]
            .concat(),
        ),
        (Source, message(b'X', &[])),
    ]);
    assert_eq!(
        lines(&facts),
        [
            "> authenticate log-in [database city] ada done",
            "> read select [table pumps] SELECT 2 done",
            "> write update [table pumps] - refused 42501 permission denied for table pumps"
        ]
    );
    assert_eq!(detail(requests(&facts)[0], "method"), Some("md5"));
    let select = requests(&facts)[1];
    assert_eq!((detail(select, "rows"), detail(select, "bytes")), (Some("2"), Some("10")));
    assert_eq!(detail(select, "user"), Some("ada"));
    let kinds: Vec<_> = weaknesses(&facts).iter().map(|weakness| weakness.detail.as_str()).collect();
    assert_eq!(
        kinds,
        [
            "MD5 of the password of user ada, which can be guessed",
            "database city without TLS: queries and rows can be read"
        ]
    );
    assert!(
        identities(&facts)
            .contains(&"192.0.2.20 firmware 15.14 (Debian 15.14-0+deb12u1) (server_version)".into())
    );
    assert_eq!(
        events(&facts),
        [
            "tx_id=1 request.message=SSL Request response.ssl_accepted=F",
            "tx_id=2 request.protocol_version=3.0 request.user=ada request.parameter=database=city \
             request.parameter=application_name=psql response.authentication_md5_password=\\x01\\x02\\x03\\x04",
            "tx_id=3 request.password_redacted=T response.message=authentication_ok \
             response.parameter=server_version=15.14 (Debian 15.14-0+deb12u1) response.process_id=256 \
             response.secret_key=(hidden)",
            "tx_id=4 request.simple_query=SELECT name FROM pumps; SELECT 1 response.command_completed=SELECT 2 \
             response.command_completed=SELECT 1 response.field_count=2 response.data_rows=2 response.data_size=10",
            "tx_id=5 request.simple_query=UPDATE pumps SET level = 3 severity_localizable=ERROR \
             severity_non_localizable=ERROR code=42501 message=permission denied for table pumps",
            "tx_id=6 request.message=terminate"
        ]
    );
    assert!(!format!("{facts:?}").contains("aabbcc"));
}

#[test]
fn proofs_are_weighed_and_never_told() {
    for (code, method, kind) in [
        (3, "password", Some(WeaknessKind::CleartextCredentials)),
        (10, "scram-sha-256", None),
        (5, "md5", Some(WeaknessKind::WeakCipher)),
    ] {
        let proof: &[u8] = if code == 10 { b"SCRAM-SHA-256\0\0\0\0\x07hunter2" } else { b"hunter2\0" };
        let facts = told(&[
            (Source, startup()),
            (Destination, authentication(code, b"abcd")),
            (Source, message(b'p', proof)),
            (
                Destination,
                message(b'E', b"SFATAL\0C28P01\0Mpassword authentication failed for user \"ada\"\0\0"),
            ),
        ]);
        assert_eq!(
            lines(&facts),
            [
                "> authenticate log-in [database city] ada refused 28P01 password authentication failed for user \"ada\""
            ]
        );
        assert_eq!(detail(requests(&facts)[0], "method"), Some(method));
        assert_eq!(weaknesses(&facts).first().map(|weakness| weakness.kind), kind, "{method}");
        assert!(!format!("{facts:?}").contains("hunter2"));
    }
    let facts = told(&[(Source, startup()), (Destination, accepted())]);
    assert_eq!(weaknesses(&facts)[0].kind, WeaknessKind::AnonymousLogin);
    assert_eq!(detail(requests(&facts)[0], "method"), Some("trust"));
}

#[test]
fn prepared_statements_are_told_when_they_are_carried_out() {
    let insert = [
        message(b'P', b"s1\0INSERT INTO pumps VALUES ($1)\0\0\0"),
        message(b'B', b"\0s1\0\0\0\0\x01\0\0\0\x07hunter2\0\0"),
        message(b'D', b"P\0"),
        message(b'E', b"\0\0\0\0\0"),
        message(b'S', &[]),
    ];
    let done = [message(b'1', &[]), message(b'2', &[]), message(b'n', &[]), message(b'C', b"INSERT 0 1\0")];
    let facts = told(&[
        (Source, startup()),
        (Destination, accepted()),
        (Source, insert.concat()),
        (Destination, [done.concat(), message(b'Z', b"I")].concat()),
        // Again, without preparing it; then one that cannot be prepared.
        (Source, insert[1..].concat()),
        (Destination, [done[1..].concat(), message(b'Z', b"I")].concat()),
        (Source, [message(b'P', b"\0DELETE FROM nothing\0\0\0"), insert[1..].concat()].concat()),
        (Destination, [message(b'E', b"SERROR\0C42P01\0Mno such table\0\0"), message(b'Z', b"I")].concat()),
        (Source, message(b'Q', b"COMMIT\0")),
    ]);
    assert_eq!(
        lines(&facts)[1..],
        [
            "> write insert [table pumps] INSERT 0 1 done",
            "> write insert [table pumps] INSERT 0 1 done",
            "> write delete [table nothing] - refused 42P01 no such table",
            "> read commit [] - missing"
        ]
    );
    assert!(!format!("{facts:?}").contains("hunter2"));
}

#[test]
fn what_follows_an_accepted_request_for_tls_is_tls() {
    let facts = told(&[
        (Source, opening(80_877_103, &[])),
        (Destination, b"S".to_vec()),
        (Source, vec![22, 3, 1, 0, 4, 1, 0, 0, 0]),
    ]);
    assert_eq!(events(&facts), ["tx_id=1 request.message=SSL Request response.ssl_accepted=T"]);
    assert!(weaknesses(&facts).is_empty());
}

#[test]
fn copies_are_counted_and_cancellations_hide_their_key() {
    let facts = told(&[
        (Source, startup()),
        (Destination, accepted()),
        (Source, message(b'Q', b"COPY pumps FROM STDIN\0")),
        (Destination, message(b'G', &[0, 0, 3, 0, 0, 0, 0, 0, 0])),
        (Source, [message(b'd', &[b'x'; 300]), message(b'd', b"last"), message(b'c', &[])].concat()),
        (Destination, [message(b'C', b"COPY 2\0"), message(b'Z', b"I")].concat()),
    ]);
    assert_eq!(lines(&facts)[1], "> transfer copy [table pumps] COPY 2 done");
    assert_eq!(
        events(&facts)[1],
        "tx_id=2 request.simple_query=COPY pumps FROM STDIN response.copy_in=3 response.command_completed=COPY 2 \
         request.copy_count=2 request.copy_size=304"
    );
    let facts = told(&[(Source, opening(80_877_102, &[0, 0, 1, 0, 9, 8, 7, 6]))]);
    assert_eq!(lines(&facts), ["> restart cancel [] - not-expected"]);
}

#[test]
fn a_hole_is_passed_over() {
    let mut rehearsal = Rehearsal::new(&READER, Transport::Tcp, PORT);
    rehearsal.say(Source, &startup());
    rehearsal.say(Destination, &accepted());
    rehearsal.say(Source, &message(b'Q', b"SELECT 1\0"));
    rehearsal.gap(Destination, 40);
    rehearsal.say(Destination, &[b"rest of it".as_slice(), &message(b'Z', b"I")].concat());
    rehearsal.say(Source, &message(b'Q', b"SELECT 2\0"));
    rehearsal.say(Destination, &[message(b'C', b"SELECT 1\0"), message(b'Z', b"I")].concat());
    assert!(!rehearsal.lost);
    assert_eq!(
        lines(&rehearsal.end())[1..],
        ["> read select [] - missing", "> read select [] SELECT 1 done"]
    );
}

#[test]
fn openings_are_signatures() {
    let told = |port, bytes: &[u8]| recognise(&READER, Transport::Tcp, port, bytes, &[]);
    let yes = Recognition::Yes(Sureness::BySignature);
    assert_eq!(told(9_999, &startup()), yes);
    assert_eq!(told(9_999, &opening(80_877_103, &[])), yes);
    assert_eq!(told(9_999, &startup()[..20]), Recognition::More);
    assert_eq!(told(PORT, &startup()[..4]), Recognition::More);
    assert_eq!(told(9_999, &opening(0x0003_0000, b"name\0ada\0\0")), Recognition::No);
    assert_eq!(told(PORT, &message(b'Q', b"SELECT 1\0")), Recognition::Yes(Sureness::ByPort));
    assert_eq!(told(9_999, &message(b'Q', b"SELECT 1\0")), Recognition::No);
    assert_eq!(told(PORT, b"GET / HTTP/1.1\r\n"), Recognition::No);
}

proptest! {
    #[test]
    fn nothing_that_arrives_panics(at in 0_usize..200, value: u8, cut in 0_usize..220) {
        let mut bytes = [startup(), message(b'p', b"x\0"), message(b'P', b"s\0SELECT 'a\0\0\0"),
            message(b'B', b"\0s\0"), message(b'E', b"\0"), message(b'Q', b"set password $x$a$\0")].concat();
        let mut back = [authentication(10, b"SCRAM-SHA-256\0\0"), accepted(), row(b"x"), message(b'E', b"SE\0")].concat();
        for bytes in [&mut bytes, &mut back] {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = value;
            }
            bytes.truncate(cut.max(1));
        }
        let mut rehearsal = Rehearsal::new(&READER, Transport::Tcp, PORT);
        rehearsal.say(Source, &bytes);
        rehearsal.say(Destination, &back);
        let facts = rehearsal.end();
        prop_assert!(weaknesses(&facts).len() < 8);
    }
}
