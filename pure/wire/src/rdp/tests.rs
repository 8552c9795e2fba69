use super::READER;
use super::message::Certificate;
use super::parse::{parse_client, parse_server};
use crate::dialogue::Side::{self, Destination, Source};
use crate::recognise::{Recognition, Sureness};
use crate::rehearse::{self, hex, identities, lines};
use crate::s7comm;
use city::{Transport, WeaknessKind};

/// A connection request with a cookie and a negotiation (MS-RDPBCGR clause 2.2.1.1).
fn request() -> Vec<u8> {
    let variable = [b"Cookie: mstshash=operator\r\n", &hex("0100 0800 03000000")[..]].concat();
    let length = variable.len() as u8 + 6;
    [&[3, 0, 0, length + 5, length, 0xe0, 0, 0, 0, 0, 0], &variable[..]].concat()
}

fn confirm(negotiation: &str) -> Vec<u8> {
    let variable = hex(negotiation);
    let length = variable.len() as u8 + 6;
    [&[3, 0, 0, length + 5, length, 0xd0, 0, 0, 0x12, 0x34, 0], &variable[..]].concat()
}

fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    [&[tag, 0x82, (content.len() >> 8) as u8, content.len() as u8], content].concat()
}

fn packet(data: &[u8]) -> Vec<u8> {
    let length = data.len() + 7;
    [&[3, 0, (length >> 8) as u8, length as u8, 2, 0xf0, 0x80], data].concat()
}

/// A client's settings (clause 2.2.1.3).
fn client() -> Vec<u8> {
    let wide = |text: &str, bytes: usize| {
        let mut wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        wide.resize(bytes, 0);
        wide
    };
    let core = [
        hex("01c0 d200 04000800 0005 d002 01ca 03aa 07040000 280a0000"),
        wide("PANEL-1", 32),
        vec![0; 76],
        hex("01ca 0100 00000000 1800 0700 0100"),
        wide("made-up", 64),
    ]
    .concat();
    let net = [hex("03c0 1400 01000000"), b"rdpdr\0\0\0".to_vec(), hex("00000080")].concat();
    let blocks = [core, net].concat();
    let gcc =
        [hex("0005 00147c0001 8100 0008 0010 0001 c000"), b"Duca".to_vec(), hex("8100"), blocks].concat();
    let parameters = element(0x30, &[]);
    let body = [hex("040101 040101 0101ff"), parameters.repeat(3), element(4, &gcc)].concat();
    [&[0x7f][..], &element(0x65, &body)].concat()
}

/// A server's settings with a certificate of the maker's form (clause 2.2.1.4).
fn server() -> Vec<u8> {
    let security = hex("020c 1c00 02000000 03000000 04000000 04000000 aabbccdd 01000000");
    let gcc =
        [hex("0005 00147c0001 2a 14 760a 01 01 00 01 c000"), b"McDn".to_vec(), hex("1c"), security].concat();
    let body = [hex("0a0100 020100"), element(0x30, &[]), element(4, &gcc)].concat();
    [&[0x7f][..], &element(0x66, &body)].concat()
}

#[test]
fn a_connection_without_tls_is_told_with_its_settings() {
    let (client, server) = (packet(&client()), packet(&server()));
    let (request, confirm) = (request(), confirm("0200 0800 00000000"));
    let said: &[(Side, &[u8])] =
        &[(Source, &request), (Destination, &confirm), (Source, &client), (Destination, &server)];
    let facts = rehearse::stream(&READER, 3389, said);
    assert_eq!(lines(&facts), ["> authenticate connect [operator] RDP done"]);
    let [weakness] = rehearse::weaknesses(&facts)[..] else { panic!("{facts:?}") };
    assert_eq!((weakness.kind, weakness.port), (WeaknessKind::ObsoleteProtocol, 3389));
    assert_eq!(weakness.detail, "RDP's own security layer, 128bit");
    let text = format!("{facts:?}");
    for told in [
        r#"("result", "Success")"#,
        r#"("client_channels", "rdpdr")"#,
        r#"("keyboard_layout", "German - Germany")"#,
        r#"("client_build", "RDP 5.1")"#,
        r#"("desktop_width", "1280")"#,
        r#"("requested_color_depth", "24bit")"#,
        r#"("client_dig_product_id", "made-up")"#,
        r#"("cert_type", "RSA")"#,
        r#"("encryption_level", "High")"#,
    ] {
        assert!(text.contains(told), "{told} in {text}");
    }
    assert!(identities(&facts).iter().any(|line| line.ends_with("name PANEL-1 (RDP client name)")));
    for size in [1, 7, 100] {
        assert_eq!(rehearse::stream_in_pieces(&READER, 3389, said, size).len(), facts.len(), "{size}");
    }
}

#[test]
fn what_follows_a_choice_of_tls_is_tls() {
    let (request, confirm) = (request(), confirm("0200 0800 02000000"));
    let said: &[(Side, &[u8])] =
        &[(Source, &request), (Destination, &confirm), (Source, &hex("15 0301 0002 0228"))];
    let facts = rehearse::stream(&READER, 3389, said);
    assert_eq!(lines(&facts)[0], "> authenticate connect [operator] HYBRID done");
    assert!(rehearse::weaknesses(&facts).is_empty());
}

#[test]
fn a_refusal_says_why() {
    let (request, confirm) = (request(), confirm("0300 0800 05000000"));
    let facts = rehearse::stream(&READER, 3389, &[(Source, &request), (Destination, &confirm)]);
    assert_eq!(lines(&facts), ["> authenticate connect [operator] - refused HYBRID_REQUIRED_BY_SERVER"]);
}

#[test]
fn settings_that_are_cut_short_are_no_settings() {
    let (client, server) = (client(), server());
    for cut in 0..client.len() {
        parse_client(&client[..cut]);
    }
    for cut in 0..server.len() {
        parse_server(&server[..cut]);
    }
    let found = parse_server(&server).and_then(|server| server.certificate);
    assert_eq!(found, Some(Certificate { version: 1, is_permanent: true, count: 1 }));
}

#[test]
fn other_users_of_the_transport_are_told_apart() {
    let s7 = hex("03000016 11 e0 0000 0001 00 c0 01 0a c1 02 0100 c2 02 0102");
    let told = |reader, port, bytes: &[u8]| rehearse::recognise(reader, Transport::Tcp, port, bytes, &[]);
    assert_eq!(told(&READER, 9_999, &request()), Recognition::Yes(Sureness::ByStructure));
    assert_eq!(told(&READER, 3389, &hex("0300000b 06 e0 0000 0000 00")), Recognition::Yes(Sureness::ByPort));
    assert_eq!(told(&READER, 3389, &s7), Recognition::No);
    assert_eq!(told(&s7comm::READER, 102, &request()), Recognition::No);
}

#[test]
fn each_step_is_an_event() {
    let (client, server) = (packet(&client()), packet(&server()));
    let (request, confirm) = (request(), confirm("0200 0800 00000000"));
    let said: &[(Side, &[u8])] =
        &[(Source, &request), (Destination, &confirm), (Source, &client), (Destination, &server)];
    assert_eq!(
        rehearse::events(&rehearse::stream(&READER, 3389, said), "eve_rdp"),
        [
            "step=initial_request cookie=operator flags=0",
            "step=initial_response flags=0 security=0",
            "step=connect_request channel=rdpdr version=524292 width=1280 height=720 depth=51713 depth=51713 \
             depth=24 layout=1031 build=2600 name=PANEL-1 keyboard-type=0 keyboard-subtype=0 function-keys=0 \
             input-method= product-id=1 capabilities=1 serial=0 product=made-up",
            "step=connect_response",
        ]
    );
}
