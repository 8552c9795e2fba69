//! Names asked for and registered (RFC 1002 clause 4.2).

use super::READER;
use crate::dialogue::Side::{Destination, Source};
use crate::recognise::{Recognition, Sureness};
use crate::rehearse::{self, hex};
use city::Transport;

fn encoded(name: &str, suffix: u8) -> Vec<u8> {
    let bytes = format!("{name:15}").into_bytes().into_iter().chain([suffix]);
    let letters: Vec<u8> = bytes.flat_map(|byte| [b'A' + (byte >> 4), b'A' + (byte & 15)]).collect();
    [&[32], letters.as_slice(), &[0]].concat()
}

fn query() -> Vec<u8> {
    [hex("0001 0110 0001 0000 0000 0000"), encoded("GATE-PC", 0x20), hex("0020 0001")].concat()
}

#[test]
fn a_name_is_asked_for_and_registered() {
    let answer = hex("0001 8500 0000 0001 0000 0000");
    let record = hex("0020 0001 000493e0 0006 6000 c0000214");
    let answer = [answer, encoded("GATE-PC", 0x20), record].concat();
    let register = hex("0002 2910 0001 0000 0000 0001");
    let record = hex("0020 0001 c00c 0020 0001 000493e0 0006 0000 c000020a");
    let register = [register, encoded("DESK", 0), record].concat();
    let facts =
        rehearse::datagrams(&READER, 137, &[(Source, &query()), (Destination, &answer), (Source, &register)]);
    assert_eq!(
        rehearse::lines(&facts),
        [
            "> discover query [GATE-PC<20>] 192.0.2.20 done",
            "> publish register [DESK<00>] 192.0.2.10 not-expected"
        ]
    );
    assert_eq!(
        rehearse::identities(&facts),
        ["192.0.2.20 name GATE-PC (NetBIOS name)", "192.0.2.10 name DESK (NetBIOS name)"]
    );
}

#[test]
fn a_node_tells_its_names() {
    let ask = [hex("0003 0000 0001 0000 0000 0000"), encoded("*", 0), hex("0021 0001")].concat();
    let names = [&b"GATE-PC        \x00\x04\x00"[..], b"LAMPS          \x00\x84\x00"].concat();
    let data = [vec![2], names, vec![0; 46]].concat();
    let head = hex("0003 8400 0000 0001 0000 0000");
    let record = [hex("0021 0001 00000000"), (data.len() as u16).to_be_bytes().to_vec(), data].concat();
    let told = [head, encoded("*", 0), record].concat();
    let facts = rehearse::datagrams(&READER, 137, &[(Source, &ask), (Destination, &told)]);
    assert_eq!(rehearse::lines(&facts), ["> discover node-status [*<00>] - done"]);
    assert_eq!(rehearse::identities(&facts), ["192.0.2.20 name GATE-PC (NetBIOS name)"]);
    for length in 0..told.len() {
        // Whatever is cut, nothing but what is whole is told.
        rehearse::Rehearsal::new(&READER, Transport::Udp, 137).datagram(Destination, &told[..length]);
    }
}

#[test]
fn it_is_recognised_by_its_names() {
    let known = |bytes: &[u8]| rehearse::recognise(&READER, Transport::Udp, 137, bytes, &[]);
    assert_eq!(known(&query()), Recognition::Yes(Sureness::BySignature));
    assert_eq!(known(&hex("0001 0110 0001 0000 0000 0000 04 6c616d70 00 0001 0001")), Recognition::No);
}
