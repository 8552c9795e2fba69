//! Conversations as they go on the wire, and as they should not.

use super::READER;
use crate::dialogue::Side::{self, Destination, Source};
use crate::recognise::{Recognition, Sureness};
use crate::rehearse::{
    Rehearsal, hex, identities, lines, recognise, requests, stream, stream_in_pieces, weaknesses,
};
use city::{Observed, Protocol, Transport, WeaknessKind};
use proptest::prelude::*;

/// An APDU of the I format with this ASDU.
fn apdu(asdu: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x68, asdu.len() as u8 + 4, 0, 0, 0, 0];
    bytes.extend_from_slice(asdu);
    bytes
}

/// What one side says: an ASDU, or with `=` before it an APDU.
fn say(side: Side, text: &str) -> (Side, Vec<u8>) {
    match text.strip_prefix('=') {
        Some(whole) => (side, hex(whole)),
        None => (side, apdu(&hex(text))),
    }
}

fn told(said: &[(Side, Vec<u8>)]) -> Vec<Observed> {
    let said: Vec<(Side, &[u8])> = said.iter().map(|(side, bytes)| (*side, bytes.as_slice())).collect();
    stream(&READER, 2_404, &said)
}

#[test]
fn a_connection_is_started_and_a_station_interrogated() {
    let facts = told(&[
        say(Source, "=68 04 07 00 00 00"),
        say(Destination, "=68 04 0b 00 00 00"),
        say(Source, "64 01 06 00 9001 000000 14"),
        say(Destination, "64 01 07 00 9001 000000 14"),
        say(Destination, "01 83 14 00 9001 e90300 00 01 80"),
        say(Destination, "0d 01 14 00 9001 881300 00004841 00"),
        say(Source, "=68 04 01 00 04 00"),
        say(Destination, "64 01 0a 00 9001 000000 14"),
        say(Source, "65 01 06 00 9001 000000 45"),
        say(Destination, "65 01 47 00 9001 000000 45"),
        say(Source, "=68 04 43 00 00 00"),
        say(Destination, "=68 04 83 00 00 00"),
        say(Source, "=68 04 13 00 00 00"),
    ]);
    assert_eq!(
        lines(&facts),
        [
            "> subscribe start-data-transfer [] - done",
            "> read interrogation [400/interrogation station] single-point 1001..1003=0,1,0,\
             measured-value 5000=12.5 done",
            "> write counter-interrogation [400/counters station] freeze refused negative-confirmation",
            "> subscribe stop-data-transfer [] - missing",
        ]
    );
    assert_eq!(identities(&facts), ["192.0.2.20 role controlled station (data transfer)"]);
    assert!(weaknesses(&facts).is_empty());
}

#[test]
fn commands_are_told_with_selection_value_and_outcome() {
    let both = |asdu: &str| {
        let confirmed = asdu.replacen(" 06 ", " 07 ", 1);
        [say(Source, asdu), say(Destination, &confirmed)]
    };
    let mut said = Vec::new();
    for asdu in [
        "2d 01 06 00 0100 641700 81",
        "2d 01 06 00 0100 641700 01",
        "2e 01 06 00 0100 651700 02",
        "2f 01 06 00 0100 661700 01",
        "30 01 06 00 0100 671700 0040 00",
        "32 01 06 00 0100 681700 0000c03f 80",
        "3a 01 06 00 0100 641700 00 10270c0a1d0519",
        "67 01 06 00 0100 000000 10270c0a1d0519",
        "69 01 06 00 0100 000000 01",
        "6e 01 06 00 0100 671700 0020 01",
        "68 01 06 00 0100 000000 aa55",
    ] {
        said.extend(both(asdu));
    }
    said.push(say(Source, "2d 01 08 00 0100 641700 81"));
    said.push(say(Destination, "2d 01 09 00 0100 641700 81"));
    said.push(say(Source, "2d 01 06 00 0100 e71700 01"));
    said.push(say(Destination, "2d 01 6f 00 0100 e71700 01"));
    let facts = told(&said);
    assert_eq!(
        lines(&facts),
        [
            "> operate single-command-select [1/single-point 5988] on done",
            "> operate single-command [1/single-point 5988] on done",
            "> operate double-command [1/double-point 5989] on done",
            "> operate step-command [1/step-position 5990] lower done",
            "> operate set-point [1/set-point 5991] 0.5 done",
            "> operate set-point-select [1/set-point 5992] 1.5 done",
            "> operate single-command [1/single-point 5988] off done",
            "> configure clock-synchronization [1/clock] 2025-05-29T10:12:10.000 done",
            "> restart reset-process [1/] general reset done",
            "> configure parameter-of-measured-value [1/measured-value 5991] 0.25 done",
            "> discover test-command [1/] - done",
            "> operate single-command-deactivate [1/single-point 5988] on done",
            "> operate single-command [1/single-point 6119] on refused unknown-object-address",
        ]
    );
    let weaknesses = weaknesses(&facts);
    assert_eq!(weaknesses.len(), 1);
    assert_eq!((weaknesses[0].kind, weaknesses[0].port), (WeaknessKind::UnauthenticatedControl, 2_404));
    assert_eq!(weaknesses[0].detail, "single-command obeyed; nothing proved who asked");
}

#[test]
fn a_station_publishes_and_is_read() {
    let facts = told(&[
        say(Destination, "46 01 04 00 0a00 000000 00"),
        say(Destination, "0b 02 03 00 0c00 103000 be09 00 113000 f6ff 00"),
        say(Source, "66 01 05 00 0c00 103000"),
        say(Destination, "0b 01 05 00 0c00 103000 bf09 00"),
        say(Destination, "05 01 03 00 0c00 203000 fe 00"),
        say(Destination, "0f 01 03 00 0c00 213000 e8030000 00"),
        say(Destination, "7e 01 05 00 0c00 010000 0100 000400 00 10270c0a1d0519"),
        say(Destination, "c8 01 03 00 0c00 010000 99"),
        say(Source, "c8 01 06 00 0c00 010000 99"),
    ]);
    assert_eq!(
        lines(&facts),
        [
            "< publish end-of-initialization [10/] 0 not-expected",
            "< publish measured-value [12/measured-value 12304..12305] 2494,-10 not-expected",
            "> read read [12/information-object 12304] 2495 done",
            "< publish step-position [12/step-position 12320] -2 not-expected",
            "< publish integrated-total [12/integrated-total 12321] 1000 not-expected",
            "< transfer directory [12/file 1] - not-expected",
            "> configure type-200 [12/] - missing",
        ]
    );
    let rows = facts.iter().filter(|fact| matches!(fact, Observed::Message(row) if row.log == "iec104"));
    assert_eq!(rows.count(), 9);
}

#[test]
fn where_authentication_is_spoken_a_control_is_no_weakness() {
    let facts = told(&[
        say(Source, "2d 01 06 00 0100 641700 01"),
        say(Destination, "51 01 0e 00 0100 000000 0000000001000401616263"),
        say(Source, "52 01 0e 00 0100 000000 000000000100616263"),
        say(Destination, "2d 01 07 00 0100 641700 01"),
    ]);
    assert_eq!(
        lines(&facts),
        [
            "< authenticate authentication [1/authentication challenge] - not-expected",
            "> authenticate authentication [1/authentication reply] - not-expected",
            "> operate single-command [1/single-point 5988] on done",
        ]
    );
    assert!(weaknesses(&facts).is_empty());
    assert!(!format!("{facts:?}").contains("raw_data"));
}

#[test]
fn the_next_apdu_is_found_after_a_hole_and_after_noise() {
    let mut rehearsal = Rehearsal::new(&READER, Transport::Tcp, 2_404);
    rehearsal.say(Source, &say(Source, "2d 01 06 00 0100 641700 01").1);
    rehearsal.say(Source, &say(Source, "2d 01 06 00 0100 641700 00").1[..9]);
    rehearsal.gap(Source, 7);
    rehearsal.say(Source, &say(Source, "2e 01 06 00 0100 641700 01").1);
    rehearsal.say(Source, &hex("ffff6803ffff6804ffff"));
    let two = [say(Source, "2f 01 06 00 0100 641700 01").1, say(Source, "69 01 06 00 0100 000000 01").1];
    rehearsal.say(Source, &two.concat());
    let facts = rehearsal.end();
    let functions: Vec<&str> = requests(&facts).iter().map(|request| request.function.as_str()).collect();
    assert_eq!(functions, ["single-command", "double-command", "step-command", "reset-process"]);
}

#[test]
fn a_confirmation_is_awaited_for_a_while() {
    let mut rehearsal = Rehearsal::new(&READER, Transport::Tcp, 2_404);
    rehearsal.say(Source, &say(Source, "2d 01 06 00 0100 641700 01").1);
    rehearsal.wait(61_000);
    rehearsal.say(Destination, &say(Destination, "2d 01 07 00 0100 641700 01").1);
    assert_eq!(lines(&rehearsal.end()), ["> operate single-command [1/single-point 5988] on missing"]);
}

#[test]
fn it_is_recognised_by_its_structure_on_any_port() {
    let sure = Recognition::Yes(Sureness::ByStructure);
    let start = hex("68 04 07 00 00 00");
    let (_, command) = say(Source, "2d 01 06 00 0100 641700 01");
    let (_, odd) = say(Source, "2d 01 06 00 0100 641700 01 99");
    for (port, bytes, expected) in [
        (2_404, &start[..], sure),
        (4_711, &start, sure),
        (4_711, &command, sure),
        (4_711, &[&start[..], &command].concat(), sure),
        (4_711, &command[..8], Recognition::More),
        (4_711, &odd, Recognition::No),
        (2_404, &odd, Recognition::Yes(Sureness::ByPort)),
        (2_404, &hex("68 04 07 00 00 01"), Recognition::No),
        (4_711, &hex("68 06 06 68 53 01"), Recognition::No),
        (4_711, b"hello, world", Recognition::No),
        (2_404, &hex("16 03 01 00 00"), Recognition::No),
    ] {
        assert_eq!(recognise(&READER, Transport::Tcp, port, bytes, &[]), expected, "{port} {bytes:02x?}");
    }
    assert_eq!(recognise(&READER, Transport::Udp, 2_404, &start, &[]), Recognition::No);
}

/// Some exchanges with something of everything.
fn conversation() -> Vec<(Side, Vec<u8>)> {
    vec![
        say(Source, "=68 04 07 00 00 00"),
        say(Destination, "=68 04 0b 00 00 00"),
        say(Source, "64 01 06 00 9001 000000 14"),
        say(Destination, "64 01 07 00 9001 000000 14"),
        say(Destination, "01 83 14 00 9001 e90300 00 01 80"),
        say(Destination, "24 01 03 00 9001 5a1600 17d99640 00 c5cb1e0d050c17"),
        say(Destination, "64 01 0a 00 9001 000000 14"),
        say(Source, "2d 01 06 00 0100 641700 01"),
        say(Destination, "2d 01 07 00 0100 641700 01"),
        say(Destination, "7d 01 0d 00 0c00 010000 0100 01 03 414243"),
        say(Source, "66 01 05 00 0c00 103000"),
    ]
}

proptest! {
    #[test]
    fn any_split_tells_the_same(size in 1_usize..40) {
        let said = conversation();
        let said: Vec<(Side, &[u8])> = said.iter().map(|(side, bytes)| (*side, bytes.as_slice())).collect();
        prop_assert_eq!(stream_in_pieces(&READER, 2_404, &said, size), stream(&READER, 2_404, &said));
    }

    #[test]
    fn nothing_that_arrives_makes_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..600), back: bool) {
        let side = if back { Destination } else { Source };
        let mut rehearsal = Rehearsal::new(&READER, Transport::Tcp, 2_404);
        rehearsal.say(side, &bytes);
        rehearsal.gap(side, 3);
        rehearsal.say(side, &bytes);
        let _ = recognise(&READER, Transport::Tcp, 2_404, &bytes, &[]);
        rehearsal.end();
    }

    #[test]
    fn no_asdu_makes_it_panic(asdus in prop::collection::vec((any::<bool>(), prop::collection::vec(any::<u8>(), 6..60)), 1..6)) {
        let side = |back| if back { Destination } else { Source };
        let said: Vec<(Side, Vec<u8>)> = asdus.iter().map(|(back, asdu)| (side(*back), apdu(asdu))).collect();
        for request in requests(&told(&said)) {
            prop_assert!(Protocol::Iec104.verbs().contains(request.verb));
            prop_assert!(request.value.as_ref().is_none_or(|value| value.len() <= 132));
        }
    }
}
