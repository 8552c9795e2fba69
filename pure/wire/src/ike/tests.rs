//! Exchanges, message by message.

use super::READER;
use crate::dialogue::Side::{self, Destination, Source};
use crate::recognise::{Recognition, Sureness};
use crate::rehearse::{self, Rehearsal, detail, hex, identities, lines, requests, weaknesses};
use city::{Observed, Transport, WeaknessKind};
use proptest::prelude::*;

/// A message: the other end's index is known from the first answer on.
fn message(
    version: u8,
    exchange: u8,
    flags: u8,
    id: u32,
    answered: bool,
    payloads: &[(u8, &str)],
) -> Vec<u8> {
    let bodies: Vec<Vec<u8>> = payloads.iter().map(|(_, body)| hex(body)).collect();
    let mut bytes = hex("1111222233334444");
    bytes.extend(if answered { hex("5555666677778888") } else { vec![0; 8] });
    let kind = |at: usize| payloads.get(at).map_or(0, |(kind, _)| *kind);
    bytes.extend([kind(0), version << 4, exchange, flags]);
    bytes.extend(id.to_be_bytes());
    let length = 28 + bodies.iter().map(|body| body.len() + 4).sum::<usize>();
    bytes.extend((length as u32).to_be_bytes());
    for (at, body) in bodies.iter().enumerate() {
        bytes.extend([kind(at + 1), 0]);
        bytes.extend((body.len() as u16 + 4).to_be_bytes());
        bytes.extend(body);
    }
    bytes
}

fn told(said: &[(Side, Vec<u8>)]) -> Vec<Observed> {
    let said: Vec<(Side, &[u8])> = said.iter().map(|(side, bytes)| (*side, bytes.as_slice())).collect();
    rehearse::datagrams(&READER, 500, &said)
}

/// One proposal with AES-CBC-256, HMAC-SHA2-256, its PRF, and a group.
fn strong(group: &str) -> String {
    format!(
        "0000 002c 01 01 00 04 0300000c 0100000c 800e0100 03000008 02000005 03000008 0300000c 00000008 0400 {group}"
    )
}

/// A proposal of version 1 with one transform: the attributes.
fn v1(attributes: &str) -> String {
    let length = attributes.split_whitespace().collect::<String>().len() / 2;
    format!(
        "00000001 00000001 000000{:02x} 01 01 00 01 000000{:02x} 01 01 0000 {attributes}",
        length + 16,
        length + 8
    )
}

#[test]
fn version_2_is_told_with_what_was_chosen() {
    let (modp, curve) = (strong("000e"), strong("001f"));
    let strongswan = "882fe56d6fd20dbc2251613b2ebe5beb";
    let facts = told(&[
        (Source, message(2, 34, 8, 0, false, &[(33, &modp), (34, "000e0000 aabb"), (40, "0102")])),
        // Another group is wanted, and the same is asked again.
        (Destination, message(2, 34, 0x20, 0, false, &[(41, "0000 0011 001f")])),
        (Source, message(2, 34, 8, 0, false, &[(33, &curve), (34, "001f0000 aabb"), (40, "0102")])),
        (
            Destination,
            message(
                2,
                34,
                0x20,
                0,
                true,
                &[(33, &curve), (34, "001f0000 ccdd"), (40, "03"), (43, strongswan)],
            ),
        ),
        (Source, message(2, 35, 8, 1, true, &[(46, "0102030405060708")])),
        (Destination, message(2, 35, 0x20, 1, true, &[(46, "0102030405060708")])),
        (Destination, message(2, 37, 0, 0, true, &[(46, "0102030405060708")])),
        (Source, message(2, 37, 0x28, 0, true, &[(46, "0102030405060708")])),
        (Destination, message(2, 36, 0, 1, true, &[(46, "0102030405060708")])),
    ]);
    assert_eq!(
        lines(&facts),
        [
            "> authenticate ike-sa-init [] aes-cbc-256,prf-hmac-sha2-256,hmac-sha2-256-128,curve25519 done",
            "> authenticate ike-auth [] - done",
            "< authenticate create-child-sa [] - missing"
        ]
    );
    let first = requests(&facts)[0];
    assert_eq!(detail(first, "initiator-spi"), Some("1111222233334444"));
    assert_eq!(detail(first, "responder-spi"), Some("5555666677778888"));
    assert_eq!(detail(first, "offered"), Some("aes-cbc-256,prf-hmac-sha2-256,hmac-sha2-256-128,modp-2048"));
    assert!(weaknesses(&facts).is_empty());
    assert_eq!(
        identities(&facts),
        ["192.0.2.20 product strongSwan (vendor ID)", "192.0.2.20 role VPN gateway (security association)"]
    );
}

#[test]
fn weak_groups_and_refusals_are_told() {
    let weak = strong("0002");
    let facts = told(&[
        (Source, message(2, 34, 8, 0, false, &[(33, &weak), (34, "00020000 aabb"), (40, "0102")])),
        (Destination, message(2, 34, 0x20, 0, false, &[(41, "0000 000e")])),
    ]);
    assert_eq!(lines(&facts), ["> authenticate ike-sa-init [] - refused no-proposal-chosen"]);
    let weaknesses = weaknesses(&facts);
    assert_eq!(weaknesses[0].kind, WeaknessKind::WeakCipher);
    assert_eq!(weaknesses[0].detail, "begins the exchange of keys with modp-1024");
    assert_eq!(weaknesses[0].address.to_string(), "192.0.2.10");
}

#[test]
fn main_mode_is_told_once() {
    let suite = v1("8001 0007 800e 0080 8002 0002 8004 000e 8003 0003 800b 0001 000c 0004 00007080");
    let facts = told(&[
        (Source, message(1, 2, 0, 0, false, &[(1, &suite), (13, "afcad71368a1f1c96b8696fc77570100")])),
        (Destination, message(1, 2, 0, 0, true, &[(1, &suite)])),
        (Source, message(1, 2, 0, 0, true, &[(4, "aabb"), (10, "01")])),
        (Destination, message(1, 2, 0, 0, true, &[(4, "ccdd"), (10, "02")])),
        (Source, message(1, 2, 1, 0, true, &[(5, "00112233")])),
        (Destination, message(1, 2, 1, 0, true, &[(5, "00112233")])),
        (Source, message(1, 32, 1, 0x1234, true, &[(8, "00112233")])),
        (Destination, message(1, 32, 1, 0x1234, true, &[(8, "00112233")])),
        (Source, message(1, 32, 1, 0x1234, true, &[(8, "00112233")])),
    ]);
    assert_eq!(
        lines(&facts),
        [
            "> authenticate main-mode [] aes-cbc-128,sha1,modp-2048,rsa-signatures done",
            "> authenticate quick-mode [] - done"
        ]
    );
    let details: Vec<_> = weaknesses(&facts).iter().map(|weakness| weakness.detail.as_str()).collect();
    assert_eq!(details, ["IKEv1, which RFC 9395 has retired"]);
}

#[test]
fn aggressive_mode_with_a_shared_key_can_be_guessed() {
    let suite = v1("8001 0005 8002 0001 8004 0002 8003 0001");
    let facts = told(&[
        (
            Source,
            message(1, 4, 0, 0, false, &[(1, &suite), (4, "aabb"), (10, "01"), (5, "0b 11 0000 70756d7073")]),
        ),
        (
            Destination,
            message(
                1,
                4,
                0,
                0,
                true,
                &[(1, &suite), (4, "cc"), (10, "02"), (5, "02000000 67772e6578616d706c65"), (8, "99")],
            ),
        ),
        (Source, message(1, 4, 1, 0, true, &[(8, "00112233")])),
    ]);
    assert_eq!(
        lines(&facts),
        ["> authenticate aggressive-mode [pumps] 3des-cbc,md5,modp-1024,pre-shared-key done"]
    );
    assert_eq!(
        weaknesses(&facts)[0].detail,
        "3des-cbc, md5, modp-1024, aggressive mode with a pre-shared key, which can be guessed from what was seen, \
         IKEv1, which RFC 9395 has retired"
    );
    assert!(identities(&facts).contains(&"192.0.2.20 name gw.example (identification)".to_owned()));
}

#[test]
fn version_1_refuses_in_an_exchange_of_its_own() {
    let suite = v1("8001 0001 8002 0001 8004 0001 8003 0001");
    let facts = told(&[
        (Source, message(1, 2, 0, 0, false, &[(1, &suite)])),
        (Destination, message(1, 5, 0, 0x99, true, &[(11, "00000001 01 00 000e")])),
    ]);
    assert_eq!(lines(&facts), ["> authenticate main-mode [] - refused no-proposal-chosen"]);
}

#[test]
fn the_marker_is_passed_over_and_so_is_esp() {
    let curve = strong("001f");
    let init = message(2, 34, 8, 0, false, &[(33, &curve)]);
    let mut rehearsal = Rehearsal::new(&READER, Transport::Udp, 4500);
    assert!(rehearsal.datagram(Source, &[&[0; 4], init.as_slice()].concat()));
    assert!(rehearsal.datagram(Source, &[0xff]));
    assert!(rehearsal.datagram(Destination, &hex("c0ffee00 00000001 000102030405060708090a0b")));
    assert!(!rehearsal.datagram(Destination, &hex("00000000 00000001 000102030405060708090a0b")));
    assert_eq!(lines(&rehearsal.end()), ["> authenticate ike-sa-init [] - missing"]);
}

#[test]
fn only_what_fits_throughout_is_recognised() {
    let curve = strong("001f");
    let init = message(2, 34, 8, 0, false, &[(33, &curve), (40, "0102")]);
    let told = |bytes: &[u8]| rehearse::recognise(&READER, Transport::Udp, 9_999, bytes, &[]);
    let yes = Recognition::Yes(Sureness::ByStructure);
    assert_eq!(told(&init), yes);
    assert_eq!(told(&[&[0; 4], init.as_slice()].concat()), yes);
    assert_eq!(told(&init[..init.len() - 1]), Recognition::No);
    assert_eq!(told(&[init.as_slice(), &[0]].concat()), Recognition::No);
    // Another version, an exchange of the other one, a payload that ends beyond the message.
    for (at, value) in [(17, 0x30), (18, 2), (31, 0xff)] {
        let mut wrong = init.clone();
        wrong[at] = value;
        assert_eq!(told(&wrong), Recognition::No, "{at}");
    }
    assert_eq!(rehearse::recognise(&READER, Transport::Tcp, 500, &init, &[]), Recognition::No);
}

proptest! {
    #[test]
    fn nothing_that_arrives_panics(at in 0_usize..120, value: u8, cut in 0_usize..140) {
        let suite = v1("8001 0005 8002 0001 8004 0002 8003 0001 000c 0004 00007080");
        let mut bytes = message(1, 4, 0, 0, false, &[(1, &suite), (4, "aabb"), (13, "01"), (5, "0200")]);
        if let Some(byte) = bytes.get_mut(at) {
            *byte = value;
        }
        bytes.truncate(cut.max(1));
        let mut rehearsal = Rehearsal::new(&READER, Transport::Udp, 500);
        rehearsal.datagram(Source, &bytes);
        rehearsal.datagram(Destination, &bytes);
        rehearsal.end();
    }
}
