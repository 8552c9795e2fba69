use super::READER;
use crate::dialogue::Side::{Destination, Source};
use crate::recognise::{Recognition, Sureness};
use crate::rehearse::{self, identities, lines};
use city::Transport;

/// A packet with a made-up authenticator.
fn packet(code: u8, identifier: u8, attributes: &[(u8, &[u8])]) -> Vec<u8> {
    let attributes: Vec<u8> = attributes
        .iter()
        .flat_map(|(kind, value)| [&[*kind, value.len() as u8 + 2], *value].concat())
        .collect();
    let length = (attributes.len() as u16 + 20).to_be_bytes();
    [&[code, identifier], &length[..], &[0x5e; 16], &attributes].concat()
}

fn ask() -> Vec<u8> {
    packet(
        1,
        7,
        &[
            (1, b"operator"),
            (2, &[0x5e; 16]),
            (4, &[192, 0, 2, 1]),
            (31, b"02-00-5E-00-53-01"),
            (32, b"switch-3"),
        ],
    )
}

#[test]
fn who_is_let_in_is_told_with_what_the_server_said() {
    let refused = packet(3, 7, &[(18, b"no")]);
    let facts =
        rehearse::datagrams(&READER, 1812, &[(Source, &ask()), (Source, &ask()), (Destination, &refused)]);
    assert_eq!(lines(&facts), ["> authenticate access-request [operator] - refused access-reject"]);
    let text = format!("{facts:?}");
    for told in [r#"("mac", "02:00:5e:00:53:01")"#, r#"("reply_msg", "no")"#, r#"("result", "failed")"#] {
        assert!(text.contains(told), "{told} in {text}");
    }
    assert!(!text.contains("5e5e"));
    assert!(identities(&facts)[0].ends_with("name switch-3 (NAS-Identifier)"));
}

#[test]
fn accounting_and_disconnects_are_told() {
    let start = packet(4, 1, &[(1, b"operator"), (40, &[0, 0, 0, 1])]);
    let facts = rehearse::datagrams(
        &READER,
        1813,
        &[
            (Source, &start),
            (Destination, &packet(5, 1, &[])),
            (Destination, &packet(40, 9, &[(1, b"operator")])),
        ],
    );
    assert_eq!(
        lines(&facts),
        [
            "> publish accounting-request [operator] start done",
            "< configure disconnect-request [operator] - missing"
        ]
    );
}

#[test]
fn it_is_recognised_by_attributes_that_fit() {
    let told = |port, bytes: &[u8]| rehearse::recognise(&READER, Transport::Udp, port, bytes, &[]);
    assert_eq!(told(9_999, &ask()), Recognition::Yes(Sureness::ByStructure));
    assert_eq!(told(1812, &packet(11, 1, &[])), Recognition::Yes(Sureness::ByStructure));
    assert_eq!(told(9_999, &packet(2, 1, &[])), Recognition::No);
    let mut odd = ask();
    odd[21] = 200;
    assert_eq!(told(1812, &odd), Recognition::No);
    for cut in 0..ask().len() {
        assert_eq!(told(1812, &ask()[..cut]), Recognition::No, "{cut}");
    }
}
