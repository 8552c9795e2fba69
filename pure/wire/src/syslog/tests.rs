//! Messages as they go on the wire, and as they should not.

use super::READER;
use super::parse::parse_message;
use crate::dialogue::Side::Source;
use crate::recognise::{Recognition, Sureness};
use crate::rehearse::{Rehearsal, datagrams, identities, lines, recognise, stream, stream_in_pieces};
use city::{Observed, Transport};

// RFC 5424 clause 6.5, example 1, and RFC 3164 clause 5.4, example 1.
const NEW: &[u8] =
    b"<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - 'su root' failed on /dev/pts/8";
const OLD: &[u8] = b"<34>Oct 11 22:14:15 mymachine su: 'su root' failed for lonvick on /dev/pts/8";

fn rows(facts: &[Observed]) -> Vec<String> {
    facts
        .iter()
        .filter_map(|fact| match fact {
            Observed::Message(row) => Some(row.fields.iter().map(|(_, value)| format!("{value}|")).collect()),
            _ => None,
        })
        .collect()
}

#[test]
fn messages_are_told_over_udp() {
    let facts = datagrams(&READER, 514, &[(Source, NEW), (Source, b"<165>x\0")]);
    assert_eq!(
        lines(&facts),
        ["> publish message [AUTH] CRIT not-expected", "> publish message [LOCAL4] NOTICE not-expected"]
    );
    assert_eq!(rows(&facts)[1], "LOCAL4|NOTICE|x\\x00|");
    assert_eq!(identities(&facts), ["192.0.2.10 name mymachine.example.com (host name)"]);
    let mut rehearsal = Rehearsal::new(&READER, Transport::Udp, 514);
    for wrong in [&b"<192>x"[..], b"<+1>x", b"<>x", b"<1", b"x", b"<1234>x"] {
        assert!(!rehearsal.datagram(Source, wrong));
    }
}

#[test]
fn messages_are_told_over_tcp_however_they_are_framed() {
    let mixed = [b"76 ", OLD, OLD, b"\n", b"5 <13>x<14>y\0<15>z\r\n"].concat();
    let facts = stream(&READER, 514, &[(Source, &mixed)]);
    let told = rows(&facts);
    assert_eq!(told.len(), 5);
    assert_eq!(told[0], told[1]);
    assert_eq!(told[2..], ["USER|NOTICE|x|", "USER|INFO|y|", "USER|DEBUG|z|"]);
    for size in 1..mixed.len() {
        assert_eq!(rows(&stream_in_pieces(&READER, 514, &[(Source, &mixed)], size)), told, "{size}");
    }
    let mut rehearsal = Rehearsal::new(&READER, Transport::Tcp, 514);
    rehearsal.say(Source, b"<13>a");
    rehearsal.gap(Source, 10);
    rehearsal.say(Source, b"b\n<13>c\n??\n<13>d\n");
    assert_eq!(rows(&rehearsal.end()), ["USER|NOTICE|c|", "USER|NOTICE|d|"]);
}

#[test]
fn a_date_convinces_anywhere_and_a_priority_with_the_port() {
    let structure = Recognition::Yes(Sureness::ByStructure);
    let known = |transport, port, bytes: &[u8]| recognise(&READER, transport, port, bytes, &[]);
    assert_eq!(known(Transport::Udp, 9_999, NEW), structure);
    assert_eq!(known(Transport::Udp, 514, b"<13>x"), Recognition::Yes(Sureness::ByPort));
    assert_eq!(known(Transport::Udp, 9_999, b"<13>x"), Recognition::No);
    assert_eq!(known(Transport::Tcp, 9_999, &[OLD, b"\n"].concat()), structure);
    assert_eq!(known(Transport::Tcp, 9_999, OLD), Recognition::More);
    assert_eq!(known(Transport::Tcp, 9_999, b"<html>\n"), Recognition::No);
    assert_eq!(known(Transport::Tcp, 9_999, b"<html>"), Recognition::No);
    assert_eq!(known(Transport::Tcp, 514, b"220 x"), Recognition::No);
    assert_eq!(recognise(&READER, Transport::Tcp, 514, &[], OLD), Recognition::No);
    assert_eq!(parse_message(OLD).and_then(|message| message.host()), Some(&b"mymachine"[..]));
    assert_eq!(parse_message(b"<13>Oct 11 22:14:15 su: x").and_then(|message| message.host()), None);
}
