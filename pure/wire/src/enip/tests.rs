//! Conversations as they go on the wire, and as they should not.

use super::READER;
use crate::dialogue::Side::{self, Destination, Source};
use crate::recognise::{Recognition, Sureness};
use crate::rehearse::{
    Rehearsal, datagrams, hex, identities, lines, recognise, requests, stream, stream_in_pieces,
};
use city::{Observed, Protocol, Transport};
use proptest::prelude::*;

/// A list of identities is asked for.
const LIST: &str = "6300 0000 00000000 00000000 0000000000000001 00000000";

/// A message in session 1.
fn message(command: u16, status: u32, data: &str) -> Vec<u8> {
    let data = hex(data);
    let mut bytes = command.to_le_bytes().to_vec();
    bytes.extend((data.len() as u16).to_le_bytes());
    bytes.extend(1_u32.to_le_bytes());
    bytes.extend(status.to_le_bytes());
    bytes.extend(hex("0000000000000001 00000000"));
    bytes.extend(data);
    bytes
}

/// The reply to a list of identities: a pump controller at 192.0.2.20.
fn listed() -> Vec<u8> {
    message(
        0x63,
        0,
        "0100 0c00 2800 0100 0002 af12 c0000214 0000000000000000 2f00 0e00 3600 0103 6000 78563412 06 50756d702037 03",
    )
}

#[test]
fn a_device_that_is_found_says_who_it_is() {
    let facts = datagrams(&READER, 44818, &[(Source, &hex(LIST)), (Destination, &listed())]);
    assert_eq!(lines(&facts), ["> discover list-identity [] Pump 7 1.3 operational done"]);
    assert_eq!(
        identities(&facts),
        [
            "192.0.2.20 vendor Omron Corporation (vendor-id)",
            "192.0.2.20 role Programmable Logic Controller (device-type)",
            "192.0.2.20 model Pump 7 (product-name)",
            "192.0.2.20 product 47/14/54 (vendor-id/device-type/product-code)",
            "192.0.2.20 firmware 1.3 (revision)",
            "192.0.2.20 serial 0x12345678 (serial-number)",
        ]
    );
    let row = facts.iter().find_map(|fact| match fact {
        Observed::Message(message) if message.log == "cip_identity" => Some(message),
        _ => None,
    });
    let fields: Vec<&str> = row.unwrap().fields.iter().map(|(_, value)| value.as_str()).collect();
    assert_eq!(
        fields,
        [
            "1",
            "192.0.2.20",
            "44818",
            "47",
            "Omron Corporation",
            "14",
            "Programmable Logic Controller",
            "54",
            "1.3",
            "0x0060",
            "0x12345678",
            "Pump 7",
            "0x0003",
        ]
    );
}

/// A session with something of everything.
fn conversation() -> Vec<(Side, Vec<u8>)> {
    vec![
        (Source, hex("6500 0400 00000000 00000000 0000000000000001 00000000 0100 0000")),
        (Destination, message(0x65, 0, "0100 0000")),
        (Source, hex("0400 0000 00000000 00000000 0000000000000001 00000000")),
        (Destination, message(0x04, 0, "0100 0001 1400 0100 2001 436f6d6d756e69636174696f6e730000")),
        (Source, message(0x6f, 0, "00000000 0a00 0200 0000 0000 b200 0800 0e03 2001 2401 3007")),
        (Destination, message(0x6f, 0, "00000000 0000 0200 0000 0000 b200 0b00 8e00 0000 06 50756d702037")),
        (
            Source,
            message(0x70, 0, "00000000 0000 0200 a100 0400 01000000 b100 0a00 0500 0103 2004 2401 3003"),
        ),
        (Destination, message(0x6f, 3, "")),
        (Source, message(0x66, 0, "")),
    ]
}

fn heard(said: &[(Side, Vec<u8>)]) -> Vec<(Side, &[u8])> {
    said.iter().map(|(side, bytes)| (*side, bytes.as_slice())).collect()
}

#[test]
fn a_session_is_told_from_its_registration_on() {
    let said = conversation();
    let facts = stream(&READER, 44818, &heard(&said));
    assert_eq!(
        lines(&facts),
        [
            "> discover register-session [] - done",
            "> discover list-services [] Communications done",
            "> discover get-attribute-single [identity 1 product-name] Pump 7 done",
            "> read get-attributes-all [assembly 1 data] - missing",
        ]
    );
    let statuses: Vec<&str> = facts
        .iter()
        .filter_map(|fact| match fact {
            Observed::Message(message) if message.log == "enip" => {
                message.fields.iter().find(|(name, _)| name == "enip_status").map(|(_, value)| value.as_str())
            }
            _ => None,
        })
        .collect();
    assert_eq!(statuses.len(), 9);
    assert_eq!(statuses[7], "Incorrect Data");
}

#[test]
fn the_next_message_is_found_after_a_hole_and_after_noise() {
    let said = conversation();
    let mut rehearsal = Rehearsal::new(&READER, Transport::Tcp, 44818);
    rehearsal.say(Source, &said[0].1[..20]);
    rehearsal.gap(Source, 30);
    rehearsal.say(Source, &said[4].1[30..]);
    rehearsal.say(Source, &said[4].1);
    rehearsal.say(Source, &[0xff; 40]);
    rehearsal.say(Source, &said[6].1);
    let functions: Vec<String> =
        requests(&rehearsal.end()).iter().map(|request| request.function.to_string()).collect();
    assert_eq!(functions, ["get-attribute-single", "get-attributes-all"]);
}

#[test]
fn it_is_recognised_by_its_structure_on_any_port() {
    let sure = Recognition::Yes(Sureness::ByStructure);
    let said = conversation();
    let (register, send) = (&said[0].1, &said[4].1);
    let mut options = register.clone();
    options[20] = 1;
    for (transport, port, bytes, expected) in [
        (Transport::Tcp, 44818, &register[..], sure),
        (Transport::Tcp, 20_000, register, sure),
        (Transport::Tcp, 20_000, send, sure),
        (Transport::Tcp, 20_000, &send[..40], Recognition::More),
        (Transport::Tcp, 20_000, &send[..10], Recognition::More),
        (Transport::Udp, 20_000, &send[..40], Recognition::No),
        (Transport::Udp, 20_000, &hex(LIST), sure),
        (Transport::Udp, 20_000, &listed(), sure),
        (Transport::Tcp, 44818, &options, Recognition::No),
        (Transport::Tcp, 44818, &message(0, 0, ""), Recognition::Yes(Sureness::ByPort)),
        (Transport::Tcp, 20_000, &message(0, 0, ""), Recognition::No),
        (Transport::Tcp, 44818, &hex("474554202f20485454502f312e310d0a"), Recognition::No),
    ] {
        assert_eq!(recognise(&READER, transport, port, bytes, &[]), expected, "{port} {bytes:02x?}");
    }
}

proptest! {
    #[test]
    fn any_split_tells_the_same(size in 1_usize..60) {
        let said = conversation();
        let said = heard(&said);
        prop_assert_eq!(stream_in_pieces(&READER, 44818, &said, size), stream(&READER, 44818, &said));
    }

    #[test]
    fn nothing_that_arrives_makes_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..600), server: bool) {
        let mut rehearsal = Rehearsal::new(&READER, Transport::Tcp, 44818);
        let side = if server { Destination } else { Source };
        rehearsal.datagram(side, &bytes);
        rehearsal.say(side, &bytes);
        rehearsal.gap(side, 3);
        rehearsal.say(side, &bytes);
        let _ = recognise(&READER, Transport::Tcp, 44818, &bytes, &[]);
        rehearsal.end();
    }

    #[test]
    fn no_change_of_a_message_makes_it_panic(changes in prop::collection::vec((0_usize..9, 0_usize..80, any::<u8>()), 1..12)) {
        let mut said = conversation();
        for (message, place, value) in changes {
            let bytes = &mut said[message].1;
            let place = place % bytes.len();
            bytes[place] = value;
        }
        for request in requests(&stream(&READER, 44818, &heard(&said))) {
            prop_assert!(Protocol::Enip.verbs().contains(request.verb));
            prop_assert!(request.value.as_ref().is_none_or(|value| value.len() <= 160));
        }
    }
}
