//! Conversations as they go on the wire, and as they should not.

use super::{READER, link};
use crate::dialogue::Side::{self, Destination, Source};
use crate::recognise::{Recognition, Sureness};
use crate::rehearse::{
    Rehearsal, datagrams, hex, identities, lines, recognise, requests, stream, stream_in_pieces, weaknesses,
};
use city::{Observed, Protocol, Transport, WeaknessKind};
use proptest::prelude::*;

/// A frame between master 1 and outstation 10 with one segment.
fn frame(side: Side, transport: u8, segment: &[u8]) -> Vec<u8> {
    let (control, to, from) = if side == Source { (0xc4, 10, 1) } else { (0x44, 1, 10) };
    let mut data = vec![transport];
    data.extend_from_slice(segment);
    let mut bytes = vec![0x05, 0x64, data.len() as u8 + 5, control, to, 0, from, 0];
    bytes.extend(link::checksum(&bytes).to_le_bytes());
    for block in data.chunks(16) {
        bytes.extend_from_slice(block);
        bytes.extend(link::checksum(block).to_le_bytes());
    }
    bytes
}

/// What one side says: fragments, each in one frame.
fn say(side: Side, fragment: &str) -> (Side, Vec<u8>) {
    (side, frame(side, 0xc0, &hex(fragment)))
}

fn told(said: &[(Side, Vec<u8>)]) -> Vec<Observed> {
    let said: Vec<(Side, &[u8])> = said.iter().map(|(side, bytes)| (*side, bytes.as_slice())).collect();
    stream(&READER, 20_000, &said)
}

/// The rows of a log, the columns of each with commas between them.
fn rows(facts: &[Observed], log: &str) -> Vec<String> {
    let row = |fact: &Observed| match fact {
        Observed::Message(message) if message.log == log => {
            let columns: Vec<String> =
                message.fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
            Some(columns.join(" "))
        }
        _ => None,
    };
    facts.iter().filter_map(row).collect()
}

/// A control relay output block in a header with one index of one byte.
fn crob(function: &str, index: &str, code: &str, status: &str) -> String {
    format!("{function} 0c 01 17 01 {index} {code} 01 f4010000 00000000 {status}")
}

#[test]
fn each_request_is_told_with_its_target_value_and_outcome() {
    let facts = told(&[
        // Classes, a range, every object, the clock, a file that is not there.
        say(Source, "c0 01 3c0206 3c0306 3c0406 3c0106"),
        say(Destination, "c0 81 0000 010100 00 03 05 1e0300 02 02 10000000"),
        say(Source, "c1 01 1e0400 00 01"),
        say(Destination, "c1 81 0000 1e0400 00 01 1000 f0ff"),
        say(Source, "c2 01 140006"),
        say(Destination, "c2 81 0002"),
        say(Source, "c3 02 320107 01 00dc20749701"),
        say(Destination, "c3 81 0000"),
        say(Source, "c4 0d"),
        say(Destination, "c4 81 0000 340207 01 e803"),
        say(
            Source,
            "c5 19 46035b 01 1e00 1a00 0400 000000000000 b601 00000000 00000000 0100 0004 0700 2f6c6f67",
        ),
        say(Destination, "c5 81 0000 46045b 01 0d00 00000000 00000000 0004 0700 03"),
        say(Source, "c6 16 3c0206 010000 00 03"),
        say(Destination, "c6 81 0000"),
        say(Source, "c7 63"),
        say(Destination, "c7 81 0001"),
        say(Source, "c8 08 140006"),
    ]);
    assert_eq!(
        lines(&facts),
        [
            "> read read [10/class 0..3] binary-input 0..3=1,0,1,0,analog-input 2=16 done",
            "> read read [10/analog-input 0..1] 16,-16 done",
            "> read read [10/counter] - refused object-unknown",
            "> configure write [10/time] 2025-06-15T15:06:40Z done",
            "> restart cold-restart [10/] time-delay=1000 done",
            "> transfer open-file [10/file /log] read refused file-not-found",
            "> configure assign-class [10/binary-input 0..3] class 1 done",
            "> configure function-99 [10/] - refused no-function-code-support",
            "> write immediate-freeze-no-ack [10/counter] - not-expected",
        ]
    );
}

#[test]
fn a_control_is_told_point_by_point_with_what_came_of_each() {
    let two = "0c 01 17 02 03 41 01 f4010000 00000000 00 04 81 01 f4010000 00000000 04";
    let facts = told(&[
        say(Source, &crob("c0 03", "03", "41", "00")),
        say(Destination, &crob("c0 81 0000", "03", "41", "00")),
        say(Source, &crob("c1 04", "03", "41", "00")),
        say(Destination, &crob("c1 81 0000", "03", "41", "07")),
        say(Source, &format!("c2 05 {two}")),
        say(Destination, &format!("c2 81 0000 {two}")),
        say(Source, "c3 05 29 02 28 0100 0002 e803 00"),
        say(Destination, "c3 81 0000 29 02 28 0100 0002 e803 00"),
        say(Source, &crob("c4 06", "05", "03", "00")),
    ]);
    assert_eq!(
        lines(&facts),
        [
            "> operate select [10/binary-output 3] close pulse-on, 1 time, 500 ms on, 0 ms off done",
            "> operate operate [10/binary-output 3] close pulse-on, 1 time, 500 ms on, 0 ms off refused local",
            "> operate direct-operate [10/binary-output 3] close pulse-on, 1 time, 500 ms on, 0 ms off done",
            "> operate direct-operate [10/binary-output 4] trip pulse-on, 1 time, 500 ms on, 0 ms off refused \
             not-supported",
            "> operate direct-operate [10/analog-output 512] 1000 done",
            "> operate direct-operate-no-ack [10/binary-output 5] latch-on, 1 time, 500 ms on, 0 ms off \
             not-expected",
        ]
    );
    let weaknesses = weaknesses(&facts);
    assert_eq!(weaknesses.len(), 1);
    assert_eq!((weaknesses[0].kind, weaknesses[0].port), (WeaknessKind::UnauthenticatedControl, 20_000));
    assert_eq!(weaknesses[0].detail, "direct-operate obeyed; nothing proved who asked");
    assert_eq!(
        rows(&facts, "dnp3_control")[3],
        "block_type=Control Relay Output Block function_code=RESPONSE index_number=3 trip_control_code=Close \
         operation_type=Pulse On clear_bit=F execute_count=1 on_time=500 off_time=0 status_code=Local"
    );
    assert_eq!(rows(&facts, "dnp3")[0], "fc_request=SELECT fc_reply=RESPONSE iin=0");
    assert_eq!(rows(&facts, "dnp3_objects").len(), 1);
}

#[test]
fn an_outstation_publishes_and_the_master_confirms() {
    let facts = told(&[
        say(Destination, "f3 82 9000"),
        say(Source, "d3 00"),
        say(Destination, "f4 82 0000 020128 0100 0700 81"),
        say(Destination, "d5 82 0000 020128 0100 0700 01"),
    ]);
    assert_eq!(
        lines(&facts),
        [
            "< publish unsolicited-response [10/] - done",
            "< publish unsolicited-response [10/binary-input-event 7] 0 not-expected",
            "< publish unsolicited-response [10/binary-input-event 7] 1 missing",
        ]
    );
    assert_eq!(rows(&facts, "dnp3")[0], "fc_reply=UNSOLICITED_RESPONSE iin=36864");
    assert_eq!(rows(&facts, "dnp3")[1], "fc_request=CONFIRM fc_reply=UNSOLICITED_RESPONSE iin=0");
}

#[test]
fn what_a_device_says_of_itself_is_identity() {
    let facts = told(&[
        say(Source, "c0 01 00fe06"),
        say(
            Destination,
            "c0 81 0000 00fc00 00 00 01 05 41434d4520 00f200 00 00 01 03 322e31 00f800 00 00 01 02 3137",
        ),
    ]);
    assert_eq!(
        identities(&facts),
        [
            "192.0.2.20 role outstation (response)",
            "192.0.2.20 vendor ACME (manufacturer-name)",
            "192.0.2.20 firmware 2.1 (software-version)",
            "192.0.2.20 serial 17 (serial-number)",
        ]
    );
    assert_eq!(requests(&facts)[0].verb.as_str(), "discover");
}

#[test]
fn a_challenged_control_is_no_weakness() {
    let facts = told(&[
        say(Source, &crob("c1 05", "03", "41", "00")),
        say(Destination, "c1 83 0000 78015b 01 0e00 0000000001000401 61626364656667"),
        say(Source, "c1 20 78025b 01 0800 0000000001006162"),
        say(Destination, &crob("c1 81 0000", "03", "41", "00")),
        // The same, with the proof in the request.
        say(Source, &format!("{} 780907", crob("c2 05 780307 01 010000000100", "03", "41", "00"))),
        say(Destination, &crob("c2 81 0000", "03", "41", "00")),
    ]);
    assert_eq!(
        lines(&facts),
        [
            "> authenticate authenticate-request [10/authentication reply] - not-expected",
            "> operate direct-operate [10/binary-output 3] close pulse-on, 1 time, 500 ms on, 0 ms off done",
            "> operate direct-operate [10/binary-output 3] close pulse-on, 1 time, 500 ms on, 0 ms off done",
        ]
    );
    assert!(weaknesses(&facts).is_empty());
}

#[test]
fn a_password_for_files_shows_a_weakness_and_never_itself() {
    let login = "46025b 01 1100 0c00 0200 0e00 0300 00000000 6f70 783179";
    let facts = told(&[say(Source, &format!("c0 1d {login}")), say(Source, "c1 01 700106")]);
    let weaknesses = weaknesses(&facts);
    assert_eq!(weaknesses.len(), 1);
    assert_eq!(weaknesses[0].kind, WeaknessKind::CleartextCredentials);
    assert_eq!(weaknesses[0].detail, "user name op, for files");
    assert_eq!(lines(&facts)[0], "> authenticate authenticate-file [10/file user op] - missing");
    assert!(!format!("{facts:?}").contains("x1y"));
}

#[test]
fn segments_and_fragments_are_put_together() {
    let objects: Vec<u8> = (0..100).map(|number| number & 1).collect();
    let mut fragment = hex("c0 81 0000 010200 00 63");
    fragment.extend(objects);
    let mut said = vec![say(Source, "c0 01 010006")];
    for (number, segment) in fragment.chunks(30).enumerate() {
        let transport =
            number as u8 | if number == 0 { 0x40 } else { 0 } | if number == 3 { 0x80 } else { 0 };
        said.push((Destination, frame(Destination, transport, segment)));
    }
    let facts = told(&said);
    assert_eq!(requests(&facts)[0].reply.as_str(), "done");
    assert_eq!(
        rows(&facts, "dnp3_objects")[1],
        "function_code=RESPONSE object_type=Binary Input With Status object_count=100 range_low=0 range_high=99"
    );
    // Without one of its frames, the response says nothing.
    said.remove(2);
    assert_eq!(requests(&told(&said))[0].reply.as_str(), "missing");
}

#[test]
fn the_next_frame_is_found_after_a_hole_and_after_noise() {
    let mut rehearsal = Rehearsal::new(&READER, Transport::Tcp, 20_000);
    rehearsal.say(Source, &say(Source, "c0 01 3c0206").1);
    rehearsal.say(Source, &say(Source, "c1 01 3c0306").1[..12]);
    rehearsal.gap(Source, 6);
    rehearsal.say(Source, &say(Source, "c2 0d").1);
    rehearsal.say(Source, &hex("ffff0564ffffffffffffffffffffffff"));
    rehearsal.say(Source, &say(Source, "c3 0e").1);
    let mut broken = say(Source, "c4 12").1;
    let last = broken.len() - 1;
    broken[last] ^= 1;
    rehearsal.say(Source, &broken);
    rehearsal.say(Source, &say(Source, "c5 13").1);
    let facts = rehearsal.end();
    let functions: Vec<&str> = requests(&facts).iter().map(|request| request.function.as_str()).collect();
    assert_eq!(functions, ["read", "cold-restart", "warm-restart", "save-configuration"]);
}

#[test]
fn it_is_recognised_by_its_first_frame_on_any_port() {
    let yes = Recognition::Yes(Sureness::BySignature);
    let (_, read) = say(Source, "c0 01 3c0206");
    for (port, bytes, expected) in [
        (20_000, &read[..], yes),
        (4_711, &read, yes),
        (4_711, &read[..10], yes),
        (4_711, &read[..4], Recognition::More),
        (4_711, &read[1..], Recognition::No),
        (4_711, &hex("0564 05c0 0a00 0100 ffff"), Recognition::No),
    ] {
        assert_eq!(recognise(&READER, Transport::Tcp, port, bytes, &[]), expected, "{port} {bytes:02x?}");
    }
    let middle = [&read[4..], &read].concat();
    let by_port = Recognition::Yes(Sureness::ByPort);
    assert_eq!(recognise(&READER, Transport::Tcp, 20_000, &middle, &[]), by_port);
    assert_eq!(recognise(&READER, Transport::Udp, 4_711, &read, &[]), yes);
    assert_eq!(recognise(&READER, Transport::Udp, 4_711, &read[..12], &[]), Recognition::No);
    let (_, answer) = say(Destination, "c0 81 0000");
    let facts = datagrams(&READER, 20_000, &[(Source, &read), (Destination, &answer)]);
    assert_eq!(lines(&facts), ["> read read [10/class 1] - done"]);
}

/// Some exchanges with something of everything.
fn conversation() -> Vec<(Side, Vec<u8>)> {
    vec![
        say(Source, "c0 01 3c0206 3c0306 3c0406 3c0106"),
        say(
            Destination,
            "c0 81 0000 010100 00 03 05 1e0300 02 02 10000000 160517 01 04 01 05000000 0102030405 06",
        ),
        say(Source, &crob("c1 05", "03", "41", "00")),
        say(Destination, &crob("c1 81 0000", "03", "41", "00")),
        say(
            Source,
            "c5 19 46035b 01 1e00 1a00 0400 000000000000 b601 00000000 00000000 0100 0004 0700 2f6c6f67",
        ),
        say(Destination, "c5 81 0000 46045b 01 0d00 00000000 00000000 0004 0700 03"),
        say(Destination, "f4 82 0000 020128 0100 0700 81"),
        say(Source, "d4 00"),
        say(Source, "c6 01 00fe06"),
        say(Destination, "c6 81 0000 00fc00 00 00 01 05 41434d4520 6e0300 01 01 414243"),
    ]
}

proptest! {
    #[test]
    fn any_split_tells_the_same(size in 1_usize..40) {
        let said = conversation();
        let said: Vec<(Side, &[u8])> = said.iter().map(|(side, bytes)| (*side, bytes.as_slice())).collect();
        prop_assert_eq!(stream_in_pieces(&READER, 20_000, &said, size), stream(&READER, 20_000, &said));
    }

    #[test]
    fn nothing_that_arrives_makes_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..600), back: bool) {
        let side = if back { Destination } else { Source };
        let mut rehearsal = Rehearsal::new(&READER, Transport::Tcp, 20_000);
        rehearsal.datagram(side, &bytes);
        rehearsal.say(side, &bytes);
        rehearsal.gap(side, 3);
        rehearsal.say(side, &bytes);
        let _ = recognise(&READER, Transport::Tcp, 20_000, &bytes, &[]);
        rehearsal.end();
    }

    #[test]
    fn no_fragment_makes_it_panic(bytes in prop::collection::vec(any::<u8>(), 2..240), back: bool) {
        let side = if back { Destination } else { Source };
        // As it is, and as the reply to an operation.
        let facts = told(&[
            say(Source, &crob("c1 05", "03", "41", "00")),
            (side, frame(side, 0xc0, &bytes)),
            (Destination, frame(Destination, 0xc0, &[&[0xc1, 0x81, 0, 0], &bytes[..]].concat())),
        ]);
        for request in requests(&facts) {
            prop_assert!(Protocol::Dnp3.verbs().contains(request.verb));
            prop_assert!(request.value.as_ref().is_none_or(|value| value.len() <= 132));
        }
    }
}
