//! Datagrams as they go on the wire, and as they should not.

use super::READER;
use super::parse::parse_message;
use crate::dialogue::Side::{Destination, Source};
use crate::recognise::{Recognition, Sureness};
use crate::rehearse::{self, Talk, datagrams, lines, recognise, weaknesses};
use crate::{Frame, LinkType, Wire};
use city::{Observed, Protocol, Transport};

const READ: &[u8] = b"\0\x01gate.bin\0octet\0blksize\x001432\0";
const WRITE: &[u8] = b"\0\x02gate.cfg\0NetASCII\0";

#[test]
fn requests_are_told_with_what_is_answered_at_the_same_port() {
    let facts = datagrams(
        &READER,
        69,
        &[
            (Source, READ),
            (Source, READ),
            (Destination, b"\0\x05\0\x01\0"),
            (Source, WRITE),
            (Destination, b"\0\x04\0\0"),
        ],
    );
    assert_eq!(
        lines(&facts),
        [
            "> transfer read-request [gate.bin] octet refused file not found",
            "> transfer write-request [gate.cfg] netascii done",
        ]
    );
    assert_eq!(weaknesses(&facts)[0].detail, "wrote gate.cfg");
}

#[test]
fn a_server_answers_from_a_port_of_its_own() {
    let asked = Talk::between(rehearse::SOURCE, "192.0.2.20:69").datagram(Source, WRITE);
    let mut answered = Talk::between("192.0.2.20:50000", rehearse::SOURCE);
    answered.wait(10);
    let answered = answered
        .datagram(Source, b"\0\x04\0\0")
        .datagram(Destination, b"\0\x03\0\x01data")
        .datagram(Source, b"\0\x05\0\x03\0");
    let mut wire = Wire::new(rehearse::config());
    let mut out = Vec::new();
    for (time, bytes) in asked.frames.iter().chain(&answered.frames) {
        let length = bytes.len() as u32;
        wire.see(&Frame { time: *time, link: LinkType(1), bytes, length }, &mut out);
    }
    wire.finish(&mut out);
    let facts: Vec<_> = out.into_iter().map(|observation| observation.fact).collect();
    let ends = facts.iter().filter_map(|fact| match fact {
        Observed::Conversation(it) => Some((it.flow.destination_port, it.flow.protocol)),
        _ => None,
    });
    let tftp = Some(Protocol::Tftp);
    assert_eq!(ends.collect::<Vec<_>>(), [(69, tftp), (49_152, tftp)]);
    assert!(lines(&facts).iter().any(|line| line.ends_with("error [] - refused disk full")), "{facts:?}");
    let [weakness] = weaknesses(&facts)[..] else { panic!("{facts:?}") };
    assert_eq!((weakness.address.to_string().as_str(), weakness.port), ("192.0.2.20", 50_000));
}

#[test]
fn only_a_request_is_a_signature() {
    let known = |port, bytes: &[u8]| recognise(&READER, Transport::Udp, port, bytes, &[]);
    assert_eq!(known(69, READ), Recognition::Yes(Sureness::BySignature));
    assert_eq!(known(6_969, WRITE), Recognition::Yes(Sureness::ByStructure));
    for wrong in [
        &b"\0\x01gate\0octet"[..],
        b"\0\x01gate\0binary\0",
        b"\0\x01\0octet\0",
        b"\0\x01g\x01te\0octet\0",
        b"\0\x01gate\0octet\0blksize\0",
        b"\0\x03\0\x01data",
        b"\0\x01",
        b"",
    ] {
        assert_eq!(known(69, wrong), Recognition::No, "{wrong:?}");
    }
    for wrong in [&b"\0\x07"[..], b"\0\x04\0", b"\0\x04\0\0\0", b"\0\x06a"] {
        assert_eq!(parse_message(wrong), None);
    }
}

#[test]
fn each_request_is_an_event() {
    let facts = datagrams(&READER, 69, &[(Source, READ), (Source, READ), (Source, WRITE)]);
    assert_eq!(
        rehearse::events(&facts, "eve_tftp"),
        [
            "packet=read file=gate.bin mode=octet",
            "packet=read file=gate.bin mode=octet",
            "packet=write file=gate.cfg mode=netascii",
        ]
    );
}
