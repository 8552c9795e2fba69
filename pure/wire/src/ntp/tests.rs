//! Questions for the time, and control.

use super::READER;
use crate::dialogue::Side::{Destination, Source};
use crate::recognise::{Recognition, Sureness};
use crate::rehearse::{self, hex};
use city::{Observed, Transport};

/// A client's question sent at a time.
fn question(at: &str) -> Vec<u8> {
    hex(&format!("230006ec 00000000 00000000 00000000 {z} {z} {z} {at}", z = "0000000000000000"))
}

/// The answer to it, of a stratum with a reference.
fn answer(at: &str, stratum: u8, reference: &str) -> Vec<u8> {
    let stamp = "e8f0000000000000";
    hex(&format!("24{stratum:02x}06ec 00000100 00000200 {reference} {stamp} {at} {stamp} {stamp}"))
}

const AT: &str = "e8f0000180000000";

#[test]
fn the_time_is_asked_for_and_told() {
    let facts = rehearse::datagrams(
        &READER,
        123,
        &[
            (Source, &question(AT)),
            (Destination, &answer(AT, 2, "c0000201")),
            (Source, &question("e8f0000280000000")),
            (Destination, &answer("e8f0000280000000", 0, "52415445")),
            (Source, &question("e8f0000380000000")),
        ],
    );
    assert_eq!(
        rehearse::lines(&facts),
        [
            "> read time [] stratum 2 192.0.2.1 done",
            "> read time [] - refused RATE",
            "> read time [] - missing"
        ]
    );
    assert_eq!(rehearse::identities(&facts), ["192.0.2.20 role time server (mode)"]);
    let row = facts.iter().find_map(|fact| match fact {
        Observed::Message(message) if message.back => Some(message),
        _ => None,
    });
    let field = |name: &str| row.unwrap().fields.iter().find(|(n, _)| n == name).unwrap().1.clone();
    assert_eq!(field("poll"), "64.000000");
    assert_eq!(field("org_time"), "1699053953.500000");
}

#[test]
fn a_server_is_controlled() {
    // Read variables and write variables (RFC 9327 clause 3), and monitor-list of mode 7.
    let text = "version=\"ntpd 4.2.8p15\", system=\"Linux\"";
    let data: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    let read = hex("1602 0001 0000 0000 0000 0000");
    let told = hex(&format!("1682 0001 0615 0000 0000 {:04x} {data}", text.len()));
    let write = hex("1603 0002 0000 0007 0000 0000");
    let refused = hex("16c3 0002 0100 0007 0000 0000");
    let list = hex("1700032a 00000000");
    let facts = rehearse::datagrams(
        &READER,
        123,
        &[
            (Source, &read),
            (Destination, &told),
            (Source, &write),
            (Destination, &refused),
            (Source, &list),
            (Destination, &hex("9700032a 00000000")),
        ],
    );
    assert_eq!(
        rehearse::lines(&facts),
        [
            "> read read-variables [] - done",
            "> configure write-variables [association 7] - refused authentication-failure",
            "> read monitor-list-1 [] - done",
        ]
    );
    assert_eq!(
        rehearse::identities(&facts),
        ["192.0.2.20 product ntpd 4.2.8p15 (version)", "192.0.2.20 firmware Linux (system)"]
    );
}

#[test]
fn it_is_recognised_by_fields_that_can_be() {
    let known = |port, bytes: &[u8]| rehearse::recognise(&READER, Transport::Udp, port, bytes, &[]);
    assert_eq!(known(40_000, &question(AT)), Recognition::Yes(Sureness::ByStructure));
    assert_eq!(known(123, &hex("1602 0001 0000 0000 0000 0000")), Recognition::Yes(Sureness::ByPort));
    for other in [&[0x23; 48][..], &[0; 48], &question(AT)[..47], b"", &hex("1602 0001 0000 0000 0000 0000")]
    {
        assert_eq!(known(40_000, other), Recognition::No);
    }
}

#[test]
fn a_message_that_ends_early_is_not_taken() {
    let mut rehearsal = rehearse::Rehearsal::new(&READER, Transport::Udp, 123);
    let whole = answer(AT, 1, "47505300");
    for length in 0..whole.len() {
        assert!(!rehearsal.datagram(Destination, &whole[..length]));
    }
    assert!(rehearsal.datagram(Destination, &whole));
}
