//! Conversations as they go on the wire, and as they should not.

use super::READER;
use crate::dialogue::Side::{self, Destination, Source};
use crate::recognise::{Recognition, Sureness};
use crate::rehearse::{
    Rehearsal, datagrams, detail, hex, identities, lines, recognise, requests, stream, stream_in_pieces,
    weaknesses,
};
use city::{Protocol, Transport, WeaknessKind};
use proptest::prelude::*;

/// A message to or from unit 17.
fn message(transaction: u16, pdu: &str) -> Vec<u8> {
    let pdu = hex(pdu);
    let mut bytes = transaction.to_be_bytes().to_vec();
    bytes.extend([0, 0, 0, pdu.len() as u8 + 1, 17]);
    bytes.extend(pdu);
    bytes
}

/// What is told of exchanges: each a request and its reply.
fn told(exchanges: &[(&str, &str)]) -> Vec<city::Observed> {
    let mut said = Vec::new();
    for (number, (request, reply)) in exchanges.iter().enumerate() {
        said.push((Source, message(number as u16, request)));
        said.push((Destination, message(number as u16, reply)));
    }
    let said: Vec<(Side, &[u8])> = said.iter().map(|(side, bytes)| (*side, bytes.as_slice())).collect();
    stream(&READER, 502, &said)
}

#[test]
fn each_function_is_told_with_its_target_and_value() {
    // The examples of clause 6 of the specification.
    let facts = told(&[
        ("01 0013 0013", "01 03 cd6b05"),
        ("02 00c4 0016", "02 03 acdb35"),
        ("03 006b 0003", "03 06 022b00000064"),
        ("05 00ac ff00", "05 00ac ff00"),
        ("06 0001 0003", "06 0001 0003"),
        ("07", "07 6d"),
        ("0f 0013 000a 02 cd01", "0f 0013 000a"),
        ("10 0001 0002 04 000a0102", "10 0001 0002"),
        ("14 07 06 0004 0001 0002", "14 06 05 06 0dfe0020"),
        ("15 0d 06 0004 0007 0003 06af04be100d", "15 0d 06 0004 0007 0003 06af04be100d"),
        ("16 0004 00f2 0025", "16 0004 00f2 0025"),
        ("17 0003 0006 000e 0003 06 00ff00ff00ff", "17 0c 00fe0acd0001000300 0d00ff"),
        ("18 04de", "18 0006 0002 01b81284"),
        ("2b 0d 0102", "2b 0d 03"),
        ("5a 0002", "5a fe"),
    ]);
    assert_eq!(
        lines(&facts),
        [
            "> read read-coils [17/coil 19..37] 1,0,1,1,0,0,1,1,1,1,0,1,0,1,1,0,1,0,1 done",
            "> read read-discrete-inputs [17/discrete-input 196..217] \
             0,0,1,1,0,1,0,1,1,1,0,1,1,0,1,1,1,0,1,0,1,1 done",
            "> read read-holding-registers [17/holding-register 107..109] 555,0,100 done",
            "> operate write-single-coil [17/coil 172] 1 done",
            "> write write-single-register [17/holding-register 1] 3 done",
            "> read read-exception-status [17/] 109 done",
            "> operate write-multiple-coils [17/coil 19..28] 1,0,1,1,0,0,1,1,1,0 done",
            "> write write-multiple-registers [17/holding-register 1..2] 10,258 done",
            "> transfer read-file-record [17/file-record 1..2 file-4] 05060dfe0020 done",
            "> transfer write-file-record [17/file-record 7..9 file-4] 0600040007000306af04be100d done",
            "> write mask-write-register [17/holding-register 4] and 0x00f2 or 0x0025 done",
            "> write read-write-multiple-registers [17/holding-register 14..16] 255,255,255 done",
            "> read read-fifo-queue [17/fifo-queue 1246] 440,4740 done",
            "> configure canopen-general-reference [17/canopen-general-reference] 0102 done",
            "> program umas [17/] 0002 done",
        ]
    );
}

#[test]
fn diagnostics_have_the_verb_of_what_they_do() {
    let facts = told(&[
        ("08 0000 a537", "08 0000 a537"),
        ("08 0001 0000", "08 0001 0000"),
        ("08 0002 0000", "08 0002 0001"),
        ("08 0003 2300", "08 0003 2300"),
        ("08 0004 0000", "08 0004 0000"),
        ("08 000a 0000", "08 000a 0000"),
        ("08 000b 0000", "08 000b 0003"),
    ]);
    let verbs: Vec<&str> = requests(&facts).iter().map(|request| request.verb.as_str()).collect();
    assert_eq!(verbs, ["discover", "restart", "read", "configure", "operate", "configure", "read"]);
}

#[test]
fn a_device_that_obeys_without_proof_shows_it_once() {
    let facts = told(&[
        ("05 0001 ff00", "85 02"),
        ("03 0001 0001", "03 02 0001"),
        ("06 0001 0001", "06 0001 0001"),
        ("05 0001 ff00", "05 0001 ff00"),
    ]);
    let weaknesses = weaknesses(&facts);
    assert_eq!(weaknesses.len(), 1);
    assert_eq!((weaknesses[0].kind, weaknesses[0].port), (WeaknessKind::UnauthenticatedControl, 502));
    assert_eq!(weaknesses[0].address.to_string(), "192.0.2.20");
    assert_eq!(weaknesses[0].detail, "write-single-register obeyed; Modbus cannot prove who asks");
    assert_eq!(lines(&facts)[0], "> operate write-single-coil [17/coil 1] 1 refused illegal-data-address");
}

#[test]
fn what_a_server_says_of_itself_is_identity() {
    let facts = told(&[
        ("2b 0e 01 00", "2b 0e 01 81 00 00 03 00 07 41434d4520 4c74 01 04 50313037 02 04 56322e31"),
        ("11", "11 0c ff 00 50756d7020 4d6b2033 00"),
    ]);
    assert_eq!(
        identities(&facts),
        [
            "192.0.2.20 vendor ACME Lt (vendor-name)",
            "192.0.2.20 model P107 (product-code)",
            "192.0.2.20 firmware V2.1 (major-minor-revision)",
            "192.0.2.20 product Pump Mk 3 (report-server-id)",
        ]
    );
}

#[test]
fn replies_find_their_requests_and_the_lonely_are_told() {
    let (first, second) = (message(1, "03 0000 0001"), message(2, "03 0010 0001"));
    let (answer, stray) = (message(2, "03 02 0007"), message(9, "06 0004 0005"));
    let facts = stream(
        &READER,
        502,
        &[(Source, &first), (Source, &second), (Destination, &answer), (Destination, &stray)],
    );
    assert_eq!(
        lines(&facts),
        [
            "> read read-holding-registers [17/holding-register 16] 7 done",
            "> write write-single-register [17/holding-register 4] 5 done",
            "> read read-holding-registers [17/holding-register 0] - missing",
        ]
    );
    let requests = requests(&facts);
    assert_eq!(detail(requests[1], "request-seen"), Some("false"));
    assert_eq!(
        (detail(requests[0], "transaction"), detail(requests[0], "response-values")),
        (Some("2"), Some("7"))
    );
}

#[test]
fn a_reply_is_awaited_for_a_while() {
    let mut rehearsal = Rehearsal::new(&READER, Transport::Tcp, 502);
    rehearsal.say(Source, &message(1, "03 0000 0001"));
    rehearsal.wait(61_000);
    rehearsal.say(Destination, &message(1, "03 02 0001"));
    let facts = rehearsal.end();
    let outcomes: Vec<&str> = requests(&facts).iter().map(|request| request.reply.as_str()).collect();
    assert_eq!(outcomes, ["missing", "done"]);
}

#[test]
fn the_next_message_is_found_after_a_hole_and_after_noise() {
    let mut rehearsal = Rehearsal::new(&READER, Transport::Tcp, 502);
    rehearsal.say(Source, &message(1, "03 0000 0001"));
    rehearsal.say(Source, &message(2, "03 0000 0001")[..5]);
    rehearsal.gap(Source, 7);
    rehearsal.say(Source, &message(3, "06 0000 0001"));
    rehearsal.say(Source, &hex("ffffffffffffff"));
    rehearsal.say(Source, &message(4, "05 0000 ff00"));
    let functions: Vec<String> =
        requests(&rehearsal.end()).iter().map(|request| request.function.to_string()).collect();
    assert_eq!(functions, ["read-holding-registers", "write-single-register", "write-single-coil"]);
}

#[test]
fn it_is_recognised_by_its_structure_on_any_port() {
    let sure = |sureness| Recognition::Yes(sureness);
    let read = message(1, "03 0000 0001");
    let odd = message(1, "64 0000 0001");
    for (port, bytes, expected) in [
        (502, &read[..], sure(Sureness::ByStructure)),
        (20_000, &read, sure(Sureness::ByStructure)),
        (502, &odd, sure(Sureness::ByPort)),
        (20_000, &odd, Recognition::No),
        (502, &read[..5], Recognition::More),
        (20_000, &hex("474554202f20485454502f312e310d0a"), Recognition::No),
        (20_000, &message(1, "03 0000 0000"), Recognition::No),
    ] {
        assert_eq!(recognise(&READER, Transport::Tcp, port, bytes, &[]), expected, "{port} {bytes:02x?}");
    }
    assert_eq!(recognise(&READER, Transport::Udp, 502, &read[..11], &[]), Recognition::No);
    assert_eq!(recognise(&READER, Transport::Udp, 502, &read, &[]), sure(Sureness::ByStructure));
    let facts = datagrams(&READER, 502, &[(Source, &read), (Destination, &message(1, "03 02 0001"))]);
    assert_eq!(lines(&facts), ["> read read-holding-registers [17/holding-register 0] 1 done"]);
}

/// Some exchanges with something of everything.
fn conversation() -> Vec<(Side, Vec<u8>)> {
    vec![
        (Source, message(1, "01 0013 0013")),
        (Destination, message(1, "01 03 cd6b05")),
        (Source, message(2, "17 0003 0006 000e 0003 06 00ff00ff00ff")),
        (Source, message(3, "15 0d 06 0004 0007 0003 06af04be100d")),
        (Destination, message(3, "15 0d 06 0004 0007 0003 06af04be100d")),
        (Source, message(4, "2b 0e 01 00")),
        (Destination, message(4, "2b 0e 01 81 00 00 02 00 02 4142 01 02 4344")),
        (Source, message(5, "08 0004 0000")),
        (Destination, message(5, "88 01")),
        (Source, message(6, "18 04de")),
        (Destination, message(6, "18 0006 0002 01b81284")),
    ]
}

proptest! {
    #[test]
    fn any_split_tells_the_same(size in 1_usize..40) {
        let said = conversation();
        let said: Vec<(Side, &[u8])> = said.iter().map(|(side, bytes)| (*side, bytes.as_slice())).collect();
        prop_assert_eq!(stream_in_pieces(&READER, 502, &said, size), stream(&READER, 502, &said));
    }

    #[test]
    fn nothing_that_arrives_makes_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..600), server: bool) {
        let mut rehearsal = Rehearsal::new(&READER, Transport::Tcp, 502);
        let side = if server { Destination } else { Source };
        rehearsal.datagram(side, &bytes);
        rehearsal.say(side, &bytes);
        rehearsal.gap(side, 3);
        rehearsal.say(side, &bytes);
        let _ = recognise(&READER, Transport::Tcp, 502, &bytes, &[]);
        rehearsal.end();
    }

    #[test]
    fn no_change_of_a_message_makes_it_panic(changes in prop::collection::vec((0_usize..11, 0_usize..20, any::<u8>()), 1..12)) {
        let mut said = conversation();
        for (message, place, value) in changes {
            let bytes = &mut said[message].1;
            let place = place % bytes.len();
            bytes[place] = value;
        }
        let said: Vec<(Side, &[u8])> = said.iter().map(|(side, bytes)| (*side, bytes.as_slice())).collect();
        for request in requests(&stream(&READER, 502, &said)) {
            prop_assert!(Protocol::Modbus.verbs().contains(request.verb));
            prop_assert!(request.value.as_ref().is_none_or(|value| value.len() <= 132));
        }
    }
}
