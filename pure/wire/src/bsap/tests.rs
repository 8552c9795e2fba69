//! Conversations as they go on the wire, and as they should not.

use super::READER;
use crate::dialogue::Side::{self, Destination, Source};
use crate::recognise::{Recognition, Sureness};
use crate::rehearse::{Rehearsal, datagrams, hex, lines, recognise, stream, stream_in_pieces, weaknesses};
use city::{Observed, Transport};
use proptest::prelude::*;

/// A packet over IP with messages, each with its number.
fn packet(kind: u16, messages: &[(u32, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = vec![14, 0];
    bytes.extend((messages.len() as u16).to_le_bytes());
    bytes.extend(kind.to_le_bytes());
    bytes.extend([1, 0, 0, 0, 2, 0, 0, 0]);
    for (sequence, data) in messages {
        bytes.extend((data.len() as u16 + 9).to_le_bytes());
        bytes.extend([0, 0, 12]);
        bytes.extend(sequence.to_le_bytes());
        bytes.extend(data);
    }
    bytes
}

/// A serial frame, with DLE doubled and a check that nobody looks at.
fn frame(message: &str) -> Vec<u8> {
    let mut bytes = vec![0x10, 0x02];
    for byte in hex(message) {
        bytes.push(byte);
        if byte == 0x10 {
            bytes.push(byte);
        }
    }
    bytes.extend([0x10, 0x03, 0xaa, 0xbb]);
    bytes
}

fn told(said: &[(Side, Vec<u8>)]) -> Vec<Observed> {
    let said: Vec<(Side, &[u8])> = said.iter().map(|(side, bytes)| (*side, bytes.as_slice())).collect();
    datagrams(&READER, 1234, &said)
}

#[test]
fn signals_are_read_and_written_over_ip() {
    let mut by_name = hex("a000 04 03 d001 0f 02");
    by_name.extend(b"@GV.Open\0@GV.Level\0");
    let facts = told(&[
        (Source, packet(6, &[(7, by_name)])),
        (Destination, packet(5, &[(7, hex("00 02 00 01 1100 2477 02 0000a042 0500 2477"))])),
        (Source, packet(0, &[])),
        (Source, packet(6, &[(8, hex("a000 80 2477 0f 01 1100 0a"))])),
        (Destination, packet(5, &[(8, hex("00 00"))])),
        (Source, packet(6, &[(9, hex("a000 80 2477 0f 01 0500 0b 0000c841"))])),
        (Destination, packet(5, &[(9, hex("84 01 05"))])),
        (Source, packet(6, &[(10, hex("a000 00 03 d001 2477 0f 02 1100 0500"))])),
    ]);
    assert_eq!(
        lines(&facts),
        [
            "> read read-signal-by-name [@GV.Open,@GV.Level] on,80 done",
            "> write write-signal-by-address [address 17] off done",
            "> write write-signal-by-address [address 5] 25 refused error-0x84",
            "> read read-signal-by-address [address 17,5] - missing",
        ]
    );
    assert_eq!(weaknesses(&facts).len(), 1);
}

#[test]
fn several_replies_come_in_one_packet() {
    let ask = |sequence| (Source, packet(6, &[(sequence, hex("a000 00 03 d001 2477 0f 01 1100"))]));
    let answer = |value: &str| hex(&format!("00 01 00 {value} 1100 2477"));
    let facts = told(&[ask(1), ask(2), (Destination, packet(5, &[(1, answer("00")), (2, answer("01"))]))]);
    assert_eq!(
        lines(&facts),
        [
            "> read read-signal-by-address [address 17] off done",
            "> read read-signal-by-address [address 17] on done",
        ]
    );
}

/// A poll, a local read, a global write, and a message to another function.
fn serial_day() -> Vec<(Side, Vec<u8>)> {
    vec![
        (Source, frame("05 01 85 00")),
        (Destination, frame("05 01 87 00")),
        (Source, frame("05 02 a0 3412 03 00 00 03 d001 2477 0f 01 1000")),
        (Destination, frame("05 02 03 3412 a0 00 00 01 02 0000a042 1000 2477")),
        (Source, frame("85 03 0203 0100 01 a0 3512 03 00 84 0f 01 405600 09")),
        (Destination, frame("85 03 0100 0203 01 03 3512 a0 00 00 00")),
        (Source, frame("05 04 a1 3612 03 00 0100 07e8")),
        (Destination, frame("05 04 03 3612 a1 00 00")),
    ]
}

#[test]
fn serial_frames_are_read_in_any_pieces() {
    let day = serial_day();
    let said: Vec<(Side, &[u8])> = day.iter().map(|(side, bytes)| (*side, bytes.as_slice())).collect();
    let expected = [
        "> read read-signal-by-address [5/address 16] 80 done",
        "> write write-signal-by-name [770/@V] on done",
        "> transfer rdb-extension [5/] 4 bytes done",
    ];
    assert_eq!(lines(&stream(&READER, 1234, &said)), expected);
    for size in 1..9 {
        assert_eq!(lines(&stream_in_pieces(&READER, 1234, &said, size)), expected, "in pieces of {size}");
    }
    assert_eq!(lines(&datagrams(&READER, 1234, &said)), expected);
}

#[test]
fn after_a_hole_the_next_frame_is_found() {
    let mut rehearsal = Rehearsal::new(&READER, Transport::Tcp, 1234);
    rehearsal.gap(Source, 9);
    let mut rest = hex("0f 01 1000 1003 aabb");
    rest.extend(frame("05 02 a0 3412 03 00 00 03 d001 2477 0f 01 1000"));
    rehearsal.say(Source, &rest);
    assert_eq!(lines(&rehearsal.end()), ["> read read-signal-by-address [5/address 16] - missing"]);
}

#[test]
fn it_is_recognised_by_its_structure() {
    let read = packet(6, &[(1, hex("a000 00 03 d001 2477 0f 01 1100"))]);
    let known = |bytes: &[u8], transport, port| recognise(&READER, transport, port, bytes, &[]);
    assert_eq!(known(&read, Transport::Udp, 1234), Recognition::Yes(Sureness::BySignature));
    assert_eq!(known(&read, Transport::Udp, 999), Recognition::Yes(Sureness::ByStructure));
    assert_eq!(known(&read[..30], Transport::Udp, 1234), Recognition::No);
    let poll = frame("05 01 85 00");
    assert_eq!(known(&poll, Transport::Udp, 1234), Recognition::Yes(Sureness::ByPort));
    assert_eq!(known(&poll, Transport::Udp, 999), Recognition::No);
    assert_eq!(known(&poll[..3], Transport::Tcp, 1234), Recognition::More);
    let read = frame("05 02 a0 3412 03 00 00 03 d001 2477 0f 01 1000");
    assert_eq!(known(&read, Transport::Tcp, 999), Recognition::Yes(Sureness::ByStructure));
}

proptest! {
    #[test]
    fn nothing_that_arrives_does_harm(
        pieces in prop::collection::vec((any::<bool>(), 0_u8..3, prop::collection::vec(any::<u8>(), 0..60)), 0..12),
    ) {
        let mut packets = Rehearsal::new(&READER, Transport::Udp, 1234);
        let mut frames = Rehearsal::new(&READER, Transport::Tcp, 1234);
        for (back, form, data) in pieces {
            let side = if back { Destination } else { Source };
            let mut base = vec![0xa0, 0];
            base.extend(&data);
            match form {
                0 => {
                    packets.datagram(side, &data);
                    frames.say(side, &data);
                }
                1 => {
                    packets.datagram(side, &packet(if back { 5 } else { 6 }, &[(1, base)]));
                }
                _ => {
                    let text: String = data.iter().map(|byte| format!("{byte:02x}")).collect();
                    let from = if back { "03 0100 a0" } else { "a0 0100 03" };
                    frames.say(side, &frame(&format!("05 02 {from} 00 {text}")));
                }
            }
        }
        packets.end();
        frames.end();
    }
}
