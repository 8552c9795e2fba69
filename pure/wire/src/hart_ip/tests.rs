//! Conversations as they go on the wire, and as they should not.

use super::READER;
use crate::dialogue::Side::{self, Destination, Source};
use crate::recognise::{Recognition, Sureness};
use crate::rehearse::{
    Rehearsal, datagrams, hex, identities, lines, recognise, requests, stream, stream_in_pieces, weaknesses,
};
use city::{Observed, Protocol, Transport, WeaknessKind};
use proptest::prelude::*;

/// A message of a type and an id.
fn message(kind: u8, id: u8, sequence: u16, body: &str) -> Vec<u8> {
    let body = hex(body);
    let mut bytes = vec![1, kind, id, 0];
    bytes.extend(sequence.to_be_bytes());
    bytes.extend((body.len() as u16 + 8).to_be_bytes());
    bytes.extend(body);
    bytes
}

/// A token-passing frame with its check byte, in a message.
fn frame(kind: u8, sequence: u16, frame: &str) -> Vec<u8> {
    let check = hex(frame).iter().fold(0, |sum, byte| sum ^ byte);
    message(kind, 3, sequence, &format!("{frame}{check:02x}"))
}

fn told(said: &[(Side, Vec<u8>)]) -> Vec<Observed> {
    let said: Vec<(Side, &[u8])> = said.iter().map(|(side, bytes)| (*side, bytes.as_slice())).collect();
    stream(&READER, 5094, &said)
}

/// What is told of direct PDUs: each a request and its reply.
fn told_direct(exchanges: &[(&str, &str)]) -> Vec<Observed> {
    let mut said = Vec::new();
    for (number, (request, reply)) in exchanges.iter().enumerate() {
        said.push((Source, message(0, 4, number as u16, &format!("0000{request}"))));
        said.push((Destination, message(1, 4, number as u16, &format!("0000{reply}"))));
    }
    told(&said)
}

const IDENTITY: &str = "0000 17 00 fe 0026 05 07 02 32 4e 00 123456 05 03 000a 01 0026 0026 41";

#[test]
fn each_command_is_told_with_its_target_and_value() {
    let facts = told_direct(&[
        ("0000 00", IDENTITY),
        ("0001 00", "0001 06 00 4b 463c429e"),
        ("0016 03 414243", "0016 04 00 414243"),
        ("0023 09 4b 46bb8000 00000000", "0023 0a 00 4b 46bb8000 00000000"),
        ("0028 04 41200000", "0028 05 00 41200000"),
        ("002a 00", "002a 01 07"),
        ("0035 02 01 4b", "0035 03 00 01 4b"),
        ("004f 08 02 01 39 42480000 c0", "004f 09 00 02 01 39 42480000 c0"),
        ("0042 06 01 39 42480000", "0042 07 00 01 39 42480000"),
        ("0067 09 00 00001f40 00001f40", "0067 0a 00 00 00001f40 00001f40"),
        ("008c 01 05", "008c 01 40"),
        ("008d 00", "008d 03 00 0102"),
    ]);
    assert_eq!(
        lines(&facts),
        [
            "> discover read-unique-identifier [] 254,unknown-0x26,5,7,2,50,9,SPECIAL,1193046,5,3,10,0,ROSEMOUNT,\
             ROSEMOUNT,HART IP PROCESS AUTOMATION DEVICE done",
            "> read read-primary-variable [] KGH KILOGRAMS PER HOUR,12048.654297 done",
            "> configure write-long-tag [] 414243 done",
            "> configure write-primary-variable-range-values [] KGH KILOGRAMS PER HOUR,24000.0,0.0 done",
            "> operate enter-exit-fixed-current-mode [] 10.0 done",
            "> restart perform-device-reset [] - refused in-write-protect-mode",
            "> configure write-device-variable-units [device-variable 1] 1,KGH KILOGRAMS PER HOUR done",
            "> operate write-device-variable [device-variable 2] 2,Fixed Value,PERCENT,50.0,Good,Not Limited,0 done",
            "> operate enter-exit-fixed-analog-channel-mode [analog-channel 1] 1,PERCENT,50.0 done",
            "> configure write-burst-period [burst-message 0] 0000001f4000001f40 done",
            "> write command-140 [] 05 refused command-not-implemented",
            "> read command-141 [] 0102 done",
        ]
    );
}

#[test]
fn sessions_frames_and_bursts_are_told() {
    let facts = told(&[
        (Source, message(0, 0, 1, "01 00015f90")),
        (Destination, message(1, 0, 1, "01 00015f90")),
        (Source, message(0, 2, 2, "")),
        (Destination, message(1, 2, 2, "")),
        (Source, frame(0, 3, "02 80 00 00")),
        (Destination, frame(1, 3, "06 80 00 04 0000 fe26")),
        (Source, frame(0, 4, "82 a6 06 123456 06 02 05 01")),
        (Destination, frame(1, 4, "86 a6 06 123456 06 04 00 00 05 01")),
        (Source, frame(0, 5, "82 a6 06 123456 1f 02 0215")),
        (Destination, frame(1, 5, "86 a6 06 123456 1f 02 84 00")),
        (Destination, frame(2, 6, "81 26 06 123456 01 07 00 10 39 41200000")),
        (Source, message(0, 5, 7, "00 ff")),
        (Source, message(0, 1, 8, "")),
    ]);
    assert_eq!(
        lines(&facts),
        [
            "> authenticate session-initiate [] - done",
            "> discover read-unique-identifier [0/] 254 done",
            "> configure write-polling-address [2606123456] 5,Enabled done",
            "> read command-533 [2606123456] - refused communication-error",
            "< publish read-primary-variable [2606123456] PERCENT,10.0 not-expected",
            "> read read-audit-log [audit-record 0..254] - missing",
        ]
    );
    let weaknesses = weaknesses(&facts);
    assert_eq!(weaknesses.len(), 1);
    assert_eq!((weaknesses[0].kind, weaknesses[0].port), (WeaknessKind::UnauthenticatedControl, 5094));
    assert_eq!(
        weaknesses[0].detail,
        "write-polling-address obeyed; HART-IP without TLS cannot prove who asks"
    );
}

#[test]
fn several_commands_in_one_message_each_find_their_reply() {
    let facts = told_direct(&[("0001 00 0002 00", "0002 09 00 41200000 42480000 0001 06 00 39 41200000")]);
    assert_eq!(
        lines(&facts),
        ["> read read-loop-current [] 10.0,50.0 done", "> read read-primary-variable [] PERCENT,10.0 done"]
    );
}

#[test]
fn what_a_device_says_of_itself_is_identity() {
    let tag = format!("0014 21 00 {}", hex_of(b"boiler 7", 32));
    let facts =
        told_direct(&[("0000 00", IDENTITY), ("0014 00", &tag), ("000d 00", "000d 07 00 001509585409")]);
    assert_eq!(
        identities(&facts),
        [
            "192.0.2.20 vendor Rosemount (manufacturer-identification-code)",
            "192.0.2.20 model device type 0x0026 (expanded-device-type)",
            "192.0.2.20 firmware 50 (software-revision-level)",
            "192.0.2.20 serial 1193046 (device-id)",
            "192.0.2.20 name boiler 7 (long-tag)",
            "192.0.2.20 name @ATIVEPI (tag)",
        ]
    );
}

fn hex_of(text: &[u8], length: usize) -> String {
    let filled = text.iter().copied().chain(std::iter::repeat(0)).take(length);
    filled.map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn a_refused_session_says_why() {
    let mut refused = message(1, 0, 1, "01 00015f90");
    refused[3] = 15;
    let facts = told(&[(Source, message(0, 0, 1, "01 00015f90")), (Destination, refused)]);
    assert_eq!(lines(&facts), ["> authenticate session-initiate [] - refused all-sessions-in-use"]);
}

#[test]
fn the_next_message_is_found_after_a_hole_and_after_noise() {
    let mut rehearsal = Rehearsal::new(&READER, Transport::Tcp, 5094);
    rehearsal.say(Source, &frame(0, 1, "02 80 01 00"));
    rehearsal.say(Source, &frame(0, 2, "02 80 02 00")[..5]);
    rehearsal.gap(Source, 7);
    rehearsal.say(Source, &frame(0, 3, "02 80 0c 00"));
    rehearsal.say(Source, &hex("ffffffffffffffff"));
    rehearsal.say(Source, &frame(0, 4, "02 80 0d 00"));
    let functions: Vec<String> =
        requests(&rehearsal.end()).iter().map(|request| request.function.to_string()).collect();
    assert_eq!(functions, ["read-primary-variable", "read-message", "read-tag"]);
}

#[test]
fn what_awaits_a_reply_is_bounded() {
    let said: Vec<(Side, Vec<u8>)> =
        (0..200).map(|sequence| (Source, frame(0, sequence, "02 80 01 00"))).collect();
    let facts = told(&said);
    assert_eq!(requests(&facts).len(), 200);
    assert!(lines(&facts).iter().all(|line| line.ends_with("missing")));
}

#[test]
fn it_is_recognised_by_its_structure_on_any_port() {
    let sure = |sureness| Recognition::Yes(sureness);
    let initiate = message(0, 0, 1, "01 000927c0");
    let alive = message(0, 2, 1, "");
    let read = frame(0, 1, "02 80 01 00");
    let mut spoilt = read.clone();
    *spoilt.last_mut().unwrap() ^= 1;
    for (port, bytes, expected) in [
        (5094, &initiate[..], sure(Sureness::ByStructure)),
        (20_000, &initiate, sure(Sureness::ByStructure)),
        (20_000, &read, sure(Sureness::ByStructure)),
        (5094, &spoilt, Recognition::No),
        (5094, &alive, sure(Sureness::ByPort)),
        (20_000, &alive, Recognition::No),
        (20_000, &initiate[..6], Recognition::More),
        (5094, &hex("474554202f20485454502f312e310d0a"), Recognition::No),
    ] {
        assert_eq!(recognise(&READER, Transport::Tcp, port, bytes, &[]), expected, "{port} {bytes:02x?}");
    }
    assert_eq!(recognise(&READER, Transport::Udp, 5094, &initiate[..11], &[]), Recognition::No);
    assert_eq!(recognise(&READER, Transport::Udp, 5094, &initiate, &[]), sure(Sureness::ByStructure));
    let reply = frame(1, 1, "06 80 01 07 0000 39 41200000");
    let facts = datagrams(&READER, 5094, &[(Source, &read), (Destination, &reply)]);
    assert_eq!(lines(&facts), ["> read read-primary-variable [0/] PERCENT,10.0 done"]);
}

/// Some exchanges with something of everything.
fn conversation() -> Vec<(Side, Vec<u8>)> {
    let record = format!("00 01 {} 0001 003a {}", "00".repeat(16), "01".repeat(58));
    vec![
        (Source, message(0, 0, 1, "01 00015f90")),
        (Destination, message(1, 0, 1, "01 00015f90")),
        (Source, message(0, 4, 2, "0000 0000 00 0009 01 00")),
        (Destination, message(1, 4, 2, &format!("0000 {IDENTITY} 0009 0e 00 01 0000394120000000 00000001"))),
        (Source, frame(0, 3, "82 a6 06 123456 12 15 001509585409 000000000000000000ff7b 080a01")),
        (Destination, frame(1, 3, "86 a6 06 123456 12 02 00 00")),
        (Source, message(0, 5, 4, "00 ff")),
        (Destination, message(1, 5, 4, &record)),
        (Destination, frame(2, 5, "81 26 06 123456 01 07 00 10 39 41200000")),
        (Source, message(0, 1, 6, "")),
    ]
}

proptest! {
    #[test]
    fn any_split_tells_the_same(size in 1_usize..40) {
        let said = conversation();
        let said: Vec<(Side, &[u8])> = said.iter().map(|(side, bytes)| (*side, bytes.as_slice())).collect();
        prop_assert_eq!(stream_in_pieces(&READER, 5094, &said, size), stream(&READER, 5094, &said));
    }

    #[test]
    fn nothing_that_arrives_makes_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..600), server: bool) {
        let mut rehearsal = Rehearsal::new(&READER, Transport::Tcp, 5094);
        let side = if server { Destination } else { Source };
        rehearsal.datagram(side, &bytes);
        rehearsal.say(side, &bytes);
        rehearsal.gap(side, 3);
        rehearsal.say(side, &bytes);
        let _ = recognise(&READER, Transport::Tcp, 5094, &bytes, &[]);
        rehearsal.end();
    }

    #[test]
    fn no_change_of_a_message_makes_it_panic(changes in prop::collection::vec((0_usize..10, 0_usize..60, any::<u8>()), 1..12)) {
        let mut said = conversation();
        for (message, place, value) in changes {
            let bytes = &mut said[message].1;
            let place = place % bytes.len();
            bytes[place] = value;
        }
        for request in requests(&told(&said)) {
            prop_assert!(Protocol::HartIp.verbs().contains(request.verb));
            prop_assert!(request.value.as_ref().is_none_or(|value| value.len() <= 132));
        }
    }
}
