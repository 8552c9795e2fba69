//! Conversations as they go on the wire, and as they should not.

use super::READER;
use crate::dialogue::Side::{self, Destination, Source};
use crate::recognise::{Recognition, Sureness};
use crate::rehearse::{
    Rehearsal, datagrams, hex, identities, lines, recognise, requests, stream, stream_in_pieces, weaknesses,
};
use city::{Observed, Protocol, Transport, WeaknessKind};
use proptest::prelude::*;

/// A command to node 20, from node 10.
fn command(service: u8, rest: &str) -> Vec<u8> {
    let mut bytes = hex("80 00 02 00 14 00 00 0a 00");
    bytes.push(service);
    bytes.extend(hex(rest));
    bytes
}

/// A response from node 20, to node 10.
fn response(service: u8, rest: &str) -> Vec<u8> {
    let mut bytes = hex("c0 00 02 00 0a 00 00 14 00");
    bytes.push(service);
    bytes.extend(hex(rest));
    bytes
}

fn heard(said: &[(Side, Vec<u8>)]) -> Vec<(Side, &[u8])> {
    said.iter().map(|(side, bytes)| (*side, bytes.as_slice())).collect()
}

/// What is told of exchanges: each a command and its response.
fn told(exchanges: &[(&str, &str)]) -> Vec<Observed> {
    let mut said = Vec::new();
    for (number, (asked, answered)) in exchanges.iter().enumerate() {
        said.push((Source, command(number as u8, asked)));
        said.push((Destination, response(number as u8, answered)));
    }
    datagrams(&READER, 9600, &heard(&said))
}

/// A message as TCP carries it.
fn enveloped(kind: u32, message: &[u8]) -> Vec<u8> {
    let mut bytes = b"FINS".to_vec();
    bytes.extend((message.len() as u32 + 8).to_be_bytes());
    bytes.extend(kind.to_be_bytes());
    bytes.extend([0; 4]);
    bytes.extend(message);
    bytes
}

#[test]
fn memory_is_told_by_area_words_and_bits() {
    let facts = told(&[
        ("0101 82 0064 00 0003", "0101 0000 0001 0002 ffff"),
        ("0101 b1 0010 00 0001", "0101 1103"),
        ("0102 82 0064 00 0002 000a 000b", "0102 0000"),
        ("0102 30 0001 03 0001 01", "0102 0000"),
        ("0102 b0 0001 00 0001 00ff", "0102 0040"),
        ("0103 82 0000 00 000a 0000", "0103 2604"),
        ("0104 82 0064 00 30 0001 03", "0104 0000 82 0007 30 01"),
        ("0105 82 0064 00 b1 0010 00 0002", "0105 0000"),
        ("2301 0001 0001 30 0001 03", "2301 0000"),
    ]);
    assert_eq!(
        lines(&facts),
        [
            "> read memory-area-read [20/dm 100..102] 1,2,65535 done",
            "> read memory-area-read [20/work 16] - refused first-address-in-inaccessible-area",
            "> write memory-area-write [20/dm 100..101] 10,11 done",
            "> operate memory-area-write [20/cio 1 bit-3] 1 done",
            "> operate memory-area-write [20/cio 1] 255 done",
            "> write memory-area-fill [20/dm 0..9] 0 refused the-specified-area-is-protected",
            "> read multiple-memory-area-read [20/dm 100 cio 1] 7,1 done",
            "> write memory-area-transfer [20/work 16..17] from dm 100 done",
            "> operate forced-set-reset [20/cio 1 bit-3] forced on done",
        ]
    );
    let weaknesses = weaknesses(&facts);
    assert_eq!(weaknesses.len(), 1);
    assert_eq!(weaknesses[0].kind, WeaknessKind::UnauthenticatedControl);
    assert_eq!(weaknesses[0].detail, "memory-area-write obeyed; FINS cannot prove who asks");
}

#[test]
fn programs_files_and_clocks_have_the_verb_of_what_they_do() {
    let facts = told(&[
        ("0401 0000 04", "0401 0000"),
        ("0402", "0402 0000"),
        ("0306 0000 00000000 0100", "0306 0000 0000 00000000 0100 4c44"),
        ("0307 0000 00000000 0002 4c44", "0307 0000 0000 00000000 0002"),
        ("0701", "0701 0000 26 01 20 01 02 03 02"),
        ("0702 26 01 20 01 02 03", "0702 0000"),
        ("0920 4001", "0920 0000"),
        ("0601", "0601 0000 01 04 0000 0000 0000 0000 20202020202020202020202020202020"),
        ("2203 0000 0001 50524f47202020202e4f424a 00000000 0002 abcd", "2203 0000"),
        ("220c 0001 0000 00000000 00000100 0000 50524f47202020202e4f424a", "220c 2106"),
        ("0999", "0999 0401"),
    ]);
    assert_eq!(
        lines(&facts),
        [
            "> restart run [20/program 0] run done",
            "> restart stop [20/] - done",
            "> transfer program-area-read [20/program 0] - done",
            "> program program-area-write [20/program 0] - done",
            "> read clock-read [20/] 2026-01-20 01:02:03 done",
            "> configure clock-write [20/] 2026-01-20 01:02:03 done",
            "> configure message-clear [20/] - done",
            "> read controller-status-read [20/] run run done",
            "> transfer single-file-write [20/disk 0 PROG    .OBJ] - done",
            "> program program-area-file-transfer [20/program 0] PROG    .OBJ refused non-existent-file",
            "> configure command-0x0999 [20/] - refused an-undefined-command-has-been-used",
        ]
    );
}

#[test]
fn a_password_is_told_of_and_never_told() {
    let facts = told(&[("0305 0000 00 00000000 ffffffff 50415353", "0305 2602")]);
    let kinds: Vec<WeaknessKind> = weaknesses(&facts).iter().map(|weakness| weakness.kind).collect();
    assert_eq!(kinds, [WeaknessKind::CleartextCredentials]);
    let text = format!("{facts:?}");
    assert!(text.contains("(hidden)") && !text.contains("PASS") && !text.contains("50415353"));
    // Cut short, it is no less a secret.
    let cut = [(Source, command(1, "0304 0000 00 00000000 ffffffff 5041"))];
    let text = format!("{:?}", datagrams(&READER, 9600, &heard(&cut)));
    assert!(!text.contains("PA\"") && !text.contains("5041"));
}

/// What a controller says of itself: a model, a version, and the sizes of its areas.
const CONTROLLER: &str = "0501 0000 434a324d2d435055333120202020202020202020 30322e303130322e30302020202020202020202020 \
     00000000000000000000000000000000000000000000000000000000000000000000000000000000 0014 17 8000 0f 00 0000 00 0000";

#[test]
fn a_controller_says_who_it_is() {
    let facts = told(&[("0501 00", CONTROLLER)]);
    assert_eq!(lines(&facts), ["> discover controller-data-read [20/] CJ2M-CPU31 02.0102.00 done"]);
    assert_eq!(
        identities(&facts),
        [
            "192.0.2.20 vendor Omron (controller-data-read)",
            "192.0.2.20 model CJ2M-CPU31 (controller-model)",
            "192.0.2.20 firmware 02.0102.00 (controller-version)",
            "192.0.2.20 role controller (controller-data-read)",
        ]
    );
}

#[test]
fn one_behind_a_gateway_is_not_the_one_at_the_address() {
    let mut behind = response(1, CONTROLLER);
    behind[6] = 2;
    let facts = datagrams(&READER, 9600, &[(Destination, &behind)]);
    assert_eq!(lines(&facts), ["> discover controller-data-read [532/] CJ2M-CPU31 02.0102.00 done"]);
    assert!(identities(&facts).is_empty());
}

#[test]
fn responses_find_their_commands_and_the_lonely_are_told() {
    let mut unanswerable = command(3, "0402");
    unanswerable[0] = 0x81;
    let said = [
        (Source, command(1, "0101 82 0000 00 0001")),
        (Source, command(2, "0101 82 0001 00 0001")),
        (Source, unanswerable),
        (Destination, response(2, "0101 0000 0005")),
        (Destination, response(9, "0102 0000")),
    ];
    assert_eq!(
        lines(&datagrams(&READER, 9600, &heard(&said))),
        [
            "> restart stop [20/] - not-expected",
            "> read memory-area-read [20/dm 1] 5 done",
            "> write memory-area-write [20/] - done",
            "> read memory-area-read [20/dm 0] - missing",
        ]
    );
}

/// A conversation over TCP: nodes are agreed on, then words are read.
fn conversation() -> Vec<(Side, Vec<u8>)> {
    vec![
        (Source, enveloped(0, &hex("00000000"))),
        (Destination, enveloped(1, &hex("0000000a 00000014"))),
        (Source, enveloped(2, &command(1, "0101 82 0064 00 0003"))),
        (Destination, enveloped(2, &response(1, "0101 0000 0001 0002 0003"))),
        (Source, enveloped(2, &command(2, "2102 0001 0001"))),
        (Destination, enveloped(2, &response(2, "2102 0000 0005 0001 0001 80e1 0000 01 02 03 04 26 06"))),
        (Source, enveloped(2, &command(3, "2201 0000 0000 0001"))),
        (Source, enveloped(2, &command(4, "0304 0000 00 00000000 ffffffff 50415353"))),
        (Source, enveloped(6, &[])),
    ]
}

#[test]
fn messages_over_tcp_are_taken_out_of_their_envelopes() {
    let said = conversation();
    let facts = stream(&READER, 9600, &heard(&said));
    assert_eq!(
        lines(&facts),
        [
            "> read memory-area-read [20/dm 100..102] 1,2,3 done",
            "> read error-log-read [20/] - done",
            "> read file-name-read [20/] - missing",
            "> configure program-area-protect [20/program 0] - missing",
        ]
    );
    let nodes = facts.iter().find_map(|fact| match fact {
        Observed::Message(message) => message
            .fields
            .iter()
            .find(|(name, _)| name == "server_node_address")
            .map(|(_, node)| node.as_str()),
        _ => None,
    });
    assert_eq!(nodes, Some("0x14"));
}

#[test]
fn the_next_message_is_found_after_a_hole_and_after_noise() {
    let said = conversation();
    let mut rehearsal = Rehearsal::new(&READER, Transport::Tcp, 9600);
    rehearsal.say(Source, &said[2].1[..20]);
    rehearsal.gap(Source, 30);
    rehearsal.say(Source, &hex("0064 00 0003"));
    rehearsal.say(Source, &said[4].1);
    rehearsal.say(Source, &[0x46; 40]);
    rehearsal.say(Source, &said[6].1);
    let functions: Vec<String> =
        requests(&rehearsal.end()).iter().map(|request| request.function.to_string()).collect();
    assert_eq!(functions, ["error-log-read", "file-name-read"]);
}

#[test]
fn it_is_recognised_by_its_structure_on_any_port() {
    let sure = Recognition::Yes(Sureness::ByStructure);
    let read = command(1, "0101 82 0064 00 0003");
    let long = command(1, "0101 82 0064 00 0003 00");
    for (transport, port, bytes, expected) in [
        (Transport::Udp, 9600, &read[..], sure),
        (Transport::Udp, 20_000, &read, sure),
        (Transport::Udp, 20_000, &response(1, "0102 0000"), sure),
        (Transport::Udp, 20_000, &response(1, "0102 5000"), Recognition::No),
        (Transport::Udp, 20_000, &long, Recognition::No),
        (Transport::Udp, 9600, &long, Recognition::Yes(Sureness::ByPort)),
        (Transport::Udp, 9600, &read[..11], Recognition::No),
        (Transport::Tcp, 20_000, &enveloped(2, &read), Recognition::Yes(Sureness::BySignature)),
        (Transport::Tcp, 20_000, b"FIN", Recognition::More),
        (Transport::Tcp, 9600, b"FINISHED", Recognition::No),
        (Transport::Tcp, 9600, &enveloped(9, &read), Recognition::No),
    ] {
        assert_eq!(recognise(&READER, transport, port, bytes, &[]), expected, "{port} {bytes:02x?}");
    }
}

/// Every command, with something behind it.
fn anything() -> impl Strategy<Value = (u16, bool, Vec<u8>)> {
    let known = [
        0x0101, 0x0102, 0x0103, 0x0104, 0x0105, 0x0201, 0x0202, 0x0203, 0x0220, 0x0221, 0x0304, 0x0306,
        0x0307, 0x0308, 0x0401, 0x0501, 0x0502, 0x0601, 0x0602, 0x0603, 0x0620, 0x0701, 0x0702, 0x0801,
        0x0920, 0x0c01, 0x2101, 0x2102, 0x2201, 0x2202, 0x2203, 0x2205, 0x2206, 0x2207, 0x2208, 0x2209,
        0x220a, 0x220b, 0x220c, 0x220f, 0x2210, 0x2211, 0x2301, 0x230a, 0x2601, 0x2603,
    ];
    (prop::sample::select(known.to_vec()), any::<bool>(), prop::collection::vec(any::<u8>(), 0..200))
}

proptest! {
    #[test]
    fn any_split_tells_the_same(size in 1_usize..60) {
        let said = conversation();
        let said = heard(&said);
        prop_assert_eq!(stream_in_pieces(&READER, 9600, &said, size), stream(&READER, 9600, &said));
    }

    #[test]
    fn nothing_that_arrives_makes_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..600), server: bool) {
        let mut rehearsal = Rehearsal::new(&READER, Transport::Tcp, 9600);
        let side = if server { Destination } else { Source };
        rehearsal.datagram(side, &bytes);
        rehearsal.say(side, &bytes);
        rehearsal.gap(side, 3);
        rehearsal.say(side, &bytes);
        let _ = recognise(&READER, Transport::Udp, 9600, &bytes, &[]);
        rehearsal.end();
    }

    #[test]
    fn no_data_of_any_command_makes_it_panic(messages in prop::collection::vec(anything(), 1..8)) {
        let mut rehearsal = Rehearsal::new(&READER, Transport::Udp, 9600);
        for (code, answers, data) in messages {
            let (mut bytes, side) =
                if answers { (response(1, "0000"), Destination) } else { (command(1, ""), Source) };
            bytes.truncate(10);
            bytes.extend(code.to_be_bytes());
            bytes.extend(data);
            rehearsal.datagram(side, &bytes);
        }
        for request in requests(&rehearsal.end()) {
            prop_assert!(Protocol::OmronFins.verbs().contains(request.verb));
            prop_assert!(request.value.as_ref().is_none_or(|value| value.len() <= 160));
        }
    }
}
