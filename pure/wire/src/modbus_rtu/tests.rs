//! Conversations as device servers pass them on, and as they should not.

use super::READER;
use crate::checksum::crc16;
use crate::dialogue::Side::{self, Destination, Source};
use crate::recognise::{Recognition, Sureness};
use crate::rehearse::{
    Rehearsal, datagrams, detail, hex, lines, recognise, requests, stream, stream_in_pieces,
};
use city::{Protocol, Transport};

const PORT: u16 = 4_001;

/// A frame to or from unit 17.
fn frame(pdu: &str) -> Vec<u8> {
    let mut frame = vec![17];
    frame.extend(hex(pdu));
    let check = crc16(0xffff, &frame);
    frame.extend(check.to_le_bytes());
    frame
}

fn said(pdus: &[(Side, &str)]) -> Vec<(Side, Vec<u8>)> {
    pdus.iter().map(|(side, pdu)| (*side, frame(pdu))).collect()
}

fn borrowed(said: &[(Side, Vec<u8>)]) -> Vec<(Side, &[u8])> {
    said.iter().map(|(side, bytes)| (*side, bytes.as_slice())).collect()
}

#[test]
fn it_is_told_as_modbus_is_however_it_is_cut() {
    let said = said(&[
        (Source, "03 006b 0003"),
        (Destination, "03 06 022b00000064"),
        (Source, "10 0001 0002 04 000a0102"),
        (Destination, "10 0001 0002"),
        (Source, "17 0003 0006 000e 0003 06 00ff00ff00ff"),
        (Destination, "17 0c 00fe0acd0001000300 0d00ff"),
        (Source, "2b 0e 01 00"),
        (Destination, "2b 0e 01 01 00 00 02 00 04 41636d65 01 02 5031"),
        (Source, "05 00ac ff00"),
        (Destination, "85 02"),
        (Source, "5a 0002"),
        (Destination, "5a fe"),
    ]);
    let expected = [
        "> read read-holding-registers [17/holding-register 107..109] 555,0,100 done",
        "> write write-multiple-registers [17/holding-register 1..2] 10,258 done",
        "> write read-write-multiple-registers [17/holding-register 14..16] 255,255,255 done",
        "> discover read-device-identification [17/device-identification] vendor-name=Acme,product-code=P1 done",
        "> operate write-single-coil [17/coil 172] 1 refused illegal-data-address",
        "> program umas [17/] 0002 done",
    ];
    let facts = stream(&READER, PORT, &borrowed(&said));
    assert_eq!(lines(&facts), expected);
    assert_eq!(requests(&facts)[0].flow.protocol, Some(Protocol::ModbusRtu));
    assert_eq!(detail(requests(&facts)[1], "transaction"), Some("2"));
    for size in 1..9 {
        // Of functions that only makers know nothing but the segment says where a frame ends.
        let known = &said[..10];
        assert_eq!(lines(&stream_in_pieces(&READER, PORT, &borrowed(known), size)), expected[..5], "{size}");
    }
    assert_eq!(lines(&datagrams(&READER, PORT, &borrowed(&said))), expected);
}

#[test]
fn a_reply_belongs_to_the_last_request_or_to_none() {
    let said = said(&[(Source, "03 0000 0001"), (Source, "03 0100 0001"), (Destination, "03 02 0007")]);
    assert_eq!(
        lines(&stream(&READER, PORT, &borrowed(&said))),
        [
            "> read read-holding-registers [17/holding-register 256] 7 done",
            "> read read-holding-registers [17/holding-register 0] - missing"
        ]
    );
}

#[test]
fn a_device_that_calls_its_master_is_the_server() {
    let said = said(&[(Destination, "04 0000 0002"), (Source, "04 04 00010002")]);
    assert_eq!(
        lines(&stream(&READER, PORT, &borrowed(&said))),
        ["< read read-input-registers [17/input-register 0..1] 1,2 done"]
    );
}

#[test]
fn disturbed_frames_and_holes_are_passed_over() {
    let mut rehearsal = Rehearsal::new(&READER, Transport::Tcp, PORT);
    let (request, reply) = (frame("03 0000 0001"), frame("03 02 0007"));
    let mut wrong = request.clone();
    wrong[3] ^= 0x10;
    rehearsal.say(Source, &[wrong.as_slice(), &request].concat());
    rehearsal.say(Destination, &reply);
    rehearsal.gap(Source, 5);
    rehearsal.say(Source, &[&[1, 2, 3], request.as_slice()].concat());
    rehearsal.say(Destination, &reply);
    assert!(!rehearsal.lost);
    let read = "> read read-holding-registers [17/holding-register 0] 7 done";
    assert_eq!(lines(&rehearsal.end()), [read, read]);
}

#[test]
fn what_roc_plus_says_too_is_told_apart_by_the_reply() {
    // 1792 coils of unit 17, or opcode 7 without data to unit 17 of group 1.
    let either = frame("01 0302 0700");
    let told = |port, reply: &[u8]| recognise(&READER, Transport::Tcp, port, &either, reply);
    assert_eq!(told(4_000, &[]), Recognition::No);
    assert_eq!(told(PORT, &[]), Recognition::More);
    assert_eq!(told(PORT, &frame("81 02")), Recognition::Yes(Sureness::ByStructure));
    assert_eq!(told(PORT, &hex("0305 1101 07 01 00 aabb ccdd")), Recognition::No);
}

#[test]
fn only_a_right_check_word_is_recognised() {
    let told = |bytes: &[u8]| recognise(&READER, Transport::Tcp, PORT, bytes, &[]);
    let request = frame("03 006b 0003");
    let yes = Recognition::Yes(Sureness::ByStructure);
    assert_eq!(told(&request), yes);
    assert_eq!(told(&[request.as_slice(), &request].concat()), yes);
    assert_eq!(told(&request[..5]), Recognition::More);
    assert_eq!(told(&[request.as_slice(), b"no frame at all"].concat()), Recognition::No);
    let mut wrong = request.clone();
    wrong[7] ^= 1;
    assert_eq!(told(&wrong), Recognition::No);
    // A right check word, but a quantity that nothing has.
    assert_eq!(told(&frame("03 006b 0000")), Recognition::No);
    assert_eq!(told(&hex("0001 0000 0006 11 03 006b 0003")), Recognition::No);
    assert_eq!(recognise(&READER, Transport::Tcp, PORT, &[], &frame("03 02 0007")), yes);
    assert_eq!(recognise(&READER, Transport::Udp, PORT, &request, &[]), yes);
}
