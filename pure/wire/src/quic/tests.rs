//! The examples of the standards, and what comes out of order.

use super::READER;
use super::keys::InitialKeys;
use super::message::Version;
use super::parse::{Frame, parse_frames, parse_long};
use crate::dialogue::Side;
use crate::recognise::{Recognition, Sureness};
use crate::rehearse::{self, Rehearsal, hex};
use crate::tls::parse::tests::{client_hello, server_hello};
use city::{Observed, Transport};
use proptest::prelude::*;

const CLIENT: Side = Side::Source;
const SERVER: Side = Side::Destination;

/// The identifier that the client chooses for the server, and that the server chooses for itself.
const CHOSEN: &[u8] = &[0x83, 0x94, 0xc8, 0xf0, 0x3e, 0x51, 0x57, 0x08];
const SERVERS: &[u8] = &[0xf0, 0x67, 0xa5];

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let [_, a, b, c] = (body.len() as u32).to_be_bytes();
    [&[kind, a, b, c][..], body].concat()
}

/// A CRYPTO frame.
fn crypto(at: usize, piece: &[u8]) -> Vec<u8> {
    let number = |number: usize| (0x4000 | number as u16).to_be_bytes();
    [&[6][..], &number(at), &number(piece.len()), piece].concat()
}

/// An Initial packet, filled up.
fn initial(version: Version, side: Side, destination: &[u8], number: u32, frames: &[u8]) -> Vec<u8> {
    let keys = InitialKeys::new(version.protection().unwrap(), destination).unwrap();
    let first = if version == Version::TWO { 0xd0 } else { 0xc0 };
    let (to, from, keys) = match side {
        Side::Source => (destination, &[][..], keys.client),
        Side::Destination => (&[][..], SERVERS, keys.server),
    };
    let mut payload = frames.to_vec();
    payload.resize(payload.len().max(1_180), 0);
    let mut header = vec![first];
    header.extend(version.0.to_be_bytes());
    for id in [to, from] {
        header.push(id.len() as u8);
        header.extend(id);
    }
    header.push(0);
    header.extend((0x4000 | (4 + payload.len() as u16 + 16)).to_be_bytes());
    keys.seal(&header, number, &payload)
}

fn columns(facts: &[Observed]) -> Vec<String> {
    let message = |fact: &Observed| match fact {
        Observed::Message(message) if message.log == "quic" => {
            Some(message.fields.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>())
        }
        _ => None,
    };
    facts.iter().filter_map(message).flatten().collect()
}

#[test]
fn hellos_in_pieces_and_out_of_order_are_read() {
    let client = message(1, &client_hello(&[0x0304]));
    let server = message(2, &server_hello(0x0304, 0x1301));
    for (version, name) in [(Version::ONE, "1"), (Version::TWO, "quicv2"), (Version(0xff00_001d), "draft-29")]
    {
        let said = [
            (CLIENT, initial(version, CLIENT, CHOSEN, 0, &crypto(40, &client[40..]))),
            (
                CLIENT,
                initial(
                    version,
                    CLIENT,
                    CHOSEN,
                    1,
                    &[crypto(9, &client[9..60]), crypto(0, &client[..9])].concat(),
                ),
            ),
            (
                SERVER,
                initial(version, SERVER, CHOSEN, 0, &[&[2, 1, 0, 0, 1][..], &crypto(0, &server)].concat()),
            ),
            (SERVER, vec![0x55, 1, 2, 3]),
            (CLIENT, vec![0x55, 0xf0, 0x67, 0xa5, 1]),
            (CLIENT, vec![0x55, 0xf0, 0x67, 0xa5, 2]),
            (CLIENT, vec![0x55, 0xf0, 0x67, 0xa5, 3]),
        ];
        let first = &said[0].1;
        assert_eq!(
            rehearse::recognise(&READER, Transport::Udp, 9_000, first, &[]),
            Recognition::Yes(Sureness::ByStructure)
        );
        let said: Vec<_> = said.iter().map(|(side, bytes)| (*side, bytes.as_slice())).collect();
        let facts = rehearse::datagrams(&READER, 9_000, &said);
        assert_eq!(
            rehearse::lines(&facts),
            ["> authenticate handshake [pump.example] TLS 1.3 TLS_AES_128_GCM_SHA256 done"]
        );
        let request = rehearse::requests(&facts)[0];
        assert!(rehearse::detail(request, "ja4").unwrap().starts_with("q13d"), "{request:?}");
        assert_eq!(
            columns(&facts),
            [
                &format!("version={name}"),
                "client_initial_dcid=8394c8f03e515708",
                "client_scid=",
                "server_scid=f067a5",
                "server_name=pump.example",
                "client_protocol=h2",
                "history=IISisoOO",
            ]
        );
        let events = rehearse::events(&facts, "eve_quic");
        let [client, server] = &events[..] else { panic!("{events:?}") };
        assert!(client.starts_with(&format!("version={:x} server-name=pump.example ja3-hash=", version.0)));
        assert!(client.contains(" extension=0 value=pump.example "), "{client}");
        assert!(server.ends_with(" extension=43 value=Tls13 extension=51"), "{server}");
    }
}

#[test]
fn a_client_that_is_sent_back_begins_again_with_new_keys() {
    let hello = message(1, &client_hello(&[0x0304]));
    let retry = [&[0xf0, 0, 0, 0, 1, 0, 3][..], SERVERS, b"token", &[7; 16]].concat();
    let facts = rehearse::datagrams(
        &READER,
        443,
        &[
            (CLIENT, &initial(Version::ONE, CLIENT, CHOSEN, 0, &crypto(0, &hello))),
            (SERVER, &retry),
            (CLIENT, &initial(Version::ONE, CLIENT, SERVERS, 1, &crypto(0, &hello))),
            // Refused: the alert `no_application_protocol` (RFC 9001 clause 4.8).
            (SERVER, &initial(Version::ONE, SERVER, SERVERS, 0, &[0x1c, 0x41, 0x78, 6, 0])),
        ],
    );
    assert_eq!(
        rehearse::lines(&facts),
        ["> authenticate handshake [pump.example] - refused no_application_protocol"]
    );
    assert!(columns(&facts).contains(&"history=ISrISic".to_owned()), "{:?}", columns(&facts));
    assert!(columns(&facts).contains(&"client_initial_dcid=8394c8f03e515708".to_owned()));
}

#[test]
fn a_packet_that_was_altered_says_nothing() {
    let hello = message(1, &client_hello(&[0x0304]));
    let mut packet = initial(Version::ONE, CLIENT, CHOSEN, 0, &crypto(0, &hello));
    packet[600] ^= 1;
    let mut rehearsal = Rehearsal::new(&READER, Transport::Udp, 443);
    assert!(rehearsal.datagram(CLIENT, &packet));
    assert!(!rehearsal.datagram(SERVER, &[0xc0, 0, 0]));
    let facts = rehearsal.end();
    assert!(rehearse::lines(&facts).is_empty());
}

#[test]
fn other_datagrams_are_not_taken_for_it() {
    for other in [
        &b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x04pump\x07example\x00\x00\x01\x00\x01"[..],
        &[0xc3, 0, 0, 0, 1, 30],
        &[0x80, 0x00, 0x00, 0x00, 0x01, 0, 0, 0, 0],
        &[0xff; 1_300],
    ] {
        assert_eq!(rehearse::recognise(&READER, Transport::Udp, 5_000, other, &[]), Recognition::No);
    }
}

proptest! {
    #[test]
    fn nothing_that_arrives_makes_it_panic(
        datagrams in prop::collection::vec((any::<bool>(), prop::collection::vec(any::<u8>(), 1..90), any::<bool>()), 0..6),
    ) {
        let mut rehearsal = Rehearsal::new(&READER, Transport::Udp, 443);
        for (is_client, bytes, is_sealed) in datagrams {
            let side = if is_client { CLIENT } else { SERVER };
            let bytes = if is_sealed { initial(Version::ONE, side, CHOSEN, 0, &bytes) } else { bytes };
            rehearsal.datagram(side, &bytes);
        }
        rehearsal.end();
    }
}

/// The client's Initial packet of RFC 9001 appendix A.2 is long; the server's of A.3 is short.
#[test]
fn the_server_s_packet_of_the_standard_opens() {
    let sealed = hex(
        "cf000000010008f067a5502a4262b5004075c0d95a482cd0991cd25b0aac406a5816b6394100f37a1c69797554780bb3
         8cc5a99f5ede4cf73c3ec2493a1839b3dbcba3f6ea46c5b7684df3548e7ddeb9c3bf9c73cc3f3bded74b562bfb19fb84
         022f8ef4cdd93795d77d06edbb7aaf2f58891850abbdca3d20398c276456cbc42158407dd074ee",
    );
    let mut rest = sealed.as_slice();
    let packet = parse_long(&mut rest).unwrap();
    assert!(rest.is_empty());
    let keys = InitialKeys::new(Version::ONE.protection().unwrap(), &hex("8394c8f03e515708")).unwrap();
    let opened = keys.server.open(&packet).unwrap();
    let frames: Vec<_> = parse_frames(&opened).collect();
    let [Frame::Crypto(0, hello)] = frames[..] else { panic!("{frames:?}") };
    assert_eq!(hello.len(), 90);
    assert!(keys.client.open(&packet).is_none());
}

#[test]
fn the_server_s_packet_of_version_2_opens() {
    // RFC 9369 appendix A.3.
    let sealed = hex(
        "dc6b3343cf0008f067a5502a4262b5004075d92faaf16f05d8a4398c47089698baeea26b91eb761d9b89237bbf872630
         17915358230035f7fd3945d88965cf17f9af6e16886c61bfc703106fbaf3cb4cfa52382dd16a393e42757507698075b2
         c984c707f0a0812d8cd5a6881eaf21ceda98f4bd23f6fe1a3e2c43edd9ce7ca84bed8521e2e140",
    );
    let mut rest = sealed.as_slice();
    let packet = parse_long(&mut rest).unwrap();
    let keys = InitialKeys::new(Version::TWO.protection().unwrap(), &hex("8394c8f03e515708")).unwrap();
    assert!(keys.server.open(&packet).is_some());
}
