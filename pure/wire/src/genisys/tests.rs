//! Conversations as they go on the wire, and as they should not.

use super::READER;
use crate::checksum::crc16;
use crate::dialogue::Side::{self, Destination, Source};
use crate::recognise::{Recognition, Sureness};
use crate::rehearse::{
    Rehearsal, datagrams, hex, identities, lines, recognise, requests, stream, stream_in_pieces, weaknesses,
};
use city::{Observed, Protocol, Transport, WeaknessKind};
use proptest::prelude::*;

/// A message with its check word, escapes and end.
fn message(text: &str) -> Vec<u8> {
    let mut plain = hex(text);
    let check = crc16(0xffff, &plain);
    plain.extend(check.to_le_bytes());
    let mut bytes = vec![plain[0]];
    for byte in &plain[1..] {
        match byte {
            0xf0..=0xff => bytes.extend([0xf0, byte & 0x0f]),
            byte => bytes.push(*byte),
        }
    }
    bytes.push(0xf6);
    bytes
}

fn told(said: &[(Side, Vec<u8>)]) -> Vec<Observed> {
    let said: Vec<(Side, &[u8])> = said.iter().map(|(side, bytes)| (*side, bytes.as_slice())).collect();
    stream(&READER, 10_001, &said)
}

/// Everything that can be said.
fn conversation() -> Vec<(Side, Vec<u8>)> {
    vec![
        (Source, message("fb 01")),
        (Destination, hex("f1 01 f6")),
        (Source, message("fb 01")),
        (Destination, message("f2 01 02f6 1004")),
        (Source, message("fa 01")),
        (Destination, hex("f1 01 f6")),
        (Source, message("fd 01")),
        (Destination, message("f2 01 0005 0104 0200")),
        (Source, message("fc 01 0305")),
        (Destination, message("f3 01 0305")),
        (Source, message("fe 01")),
        (Destination, hex("f1 01 f6")),
        (Source, message("fc 01 0306")),
        (Destination, message("f3 01 0307")),
        (Source, message("fc 01 e007")),
        (Destination, message("f3 01 e007")),
        (Source, message("f9 00 0201")),
        (Source, hex("fb 02 f6")),
    ]
}

#[test]
fn each_message_of_the_office_is_told_with_its_answer() {
    let facts = told(&conversation());
    assert_eq!(
        lines(&facts),
        [
            "> read poll [1/] - done",
            "> read poll [1/indication 2..16] 2=246,16=4 done",
            "> read acknowledge-and-poll [1/] - done",
            "> read recall [1/indication 0..2] 0=5,1=4,2=0 done",
            "> operate control-data [1/control 3] 3=5 done",
            "> operate execute-controls [1/] - done",
            "> operate control-data [1/control 3] 3=6 refused checkback-differs",
            "> configure control-data [1/configuration 224] 224=7 done",
            "> operate common-control [0/control 2] 2=1 not-expected",
            "> read poll [2/] - missing",
        ]
    );
    let weaknesses = weaknesses(&facts);
    assert_eq!(weaknesses.len(), 1);
    assert_eq!((weaknesses[0].kind, weaknesses[0].port), (WeaknessKind::UnauthenticatedControl, 10_001));
    assert_eq!(weaknesses[0].detail, "control-data obeyed; Genisys cannot prove who asks");
    assert_eq!(identities(&facts), ["192.0.2.20 role railway field unit (header)"]);
}

#[test]
fn a_check_word_may_come_without_escapes() {
    // The check word is 0xf009; its second byte stands before the end as it is.
    let facts = told(&[
        (Source, hex("fb 01 83 40 f6")),
        (Destination, hex("f2 01 08 06 0a 04 0c 04 0f 04 09 f0 f6")),
    ]);
    assert_eq!(lines(&facts), ["> read poll [1/indication 8..15] 8=6,10=4,12=4,15=4 done"]);
}

#[test]
fn the_next_message_is_found_after_a_hole_and_after_noise() {
    let mut rehearsal = Rehearsal::new(&READER, Transport::Tcp, 10_001);
    rehearsal.say(Source, &message("fb 01"));
    rehearsal.say(Source, &message("fd 01")[..2]);
    rehearsal.gap(Source, 3);
    rehearsal.say(Source, &message("fa 01"));
    rehearsal.say(Source, &hex("00000000f6"));
    rehearsal.say(Source, &message("fe 01"));
    let functions: Vec<String> =
        requests(&rehearsal.end()).iter().map(|request| request.function.to_string()).collect();
    assert_eq!(functions, ["poll", "acknowledge-and-poll", "execute-controls"]);
}

#[test]
fn it_is_recognised_by_its_check_word_on_any_port() {
    let sure = |sureness| Recognition::Yes(sureness);
    let poll = message("fb 01");
    let mut spoilt = poll.clone();
    spoilt[2] ^= 1;
    for (port, bytes, expected) in [
        (10_001, &poll[..], sure(Sureness::ByStructure)),
        (10_002, &poll, sure(Sureness::ByStructure)),
        (10_001, &spoilt, Recognition::No),
        (10_001, &hex("f101f6"), sure(Sureness::ByPort)),
        (10_002, &hex("f101f6"), Recognition::No),
        (10_002, &poll[..3], Recognition::More),
        (10_001, &hex("474554202f20485454502f312e310d0a"), Recognition::No),
    ] {
        assert_eq!(recognise(&READER, Transport::Tcp, port, bytes, &[]), expected, "{port} {bytes:02x?}");
    }
    assert_eq!(recognise(&READER, Transport::Udp, 10_001, &poll[..3], &[]), Recognition::No);
    let facts = datagrams(&READER, 10_001, &[(Source, &poll), (Destination, &hex("f101f6"))]);
    assert_eq!(lines(&facts), ["> read poll [1/] - done"]);
}

proptest! {
    #[test]
    fn any_split_tells_the_same(size in 1_usize..20) {
        let said = conversation();
        let said: Vec<(Side, &[u8])> = said.iter().map(|(side, bytes)| (*side, bytes.as_slice())).collect();
        prop_assert_eq!(stream_in_pieces(&READER, 10_001, &said, size), stream(&READER, 10_001, &said));
    }

    #[test]
    fn nothing_that_arrives_makes_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..600), server: bool) {
        let mut rehearsal = Rehearsal::new(&READER, Transport::Tcp, 10_001);
        let side = if server { Destination } else { Source };
        rehearsal.datagram(side, &bytes);
        rehearsal.say(side, &bytes);
        rehearsal.gap(side, 3);
        rehearsal.say(side, &bytes);
        let _ = recognise(&READER, Transport::Tcp, 10_001, &bytes, &[]);
        rehearsal.end();
    }

    #[test]
    fn no_change_of_a_message_makes_it_panic(changes in prop::collection::vec((0_usize..18, 0_usize..20, any::<u8>()), 1..12)) {
        let mut said = conversation();
        for (message, place, value) in changes {
            let bytes = &mut said[message].1;
            let place = place % bytes.len();
            bytes[place] = value;
        }
        for request in requests(&told(&said)) {
            prop_assert!(Protocol::Genisys.verbs().contains(request.verb));
        }
    }
}
