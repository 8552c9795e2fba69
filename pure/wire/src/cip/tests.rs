//! Cyclic data, and explicit messages as EtherNet/IP carries them.

use super::READER;
use crate::dialogue::Side::{self, Destination, Source};
use crate::enip;
use crate::recognise::{Recognition, Sureness};
use crate::rehearse::{datagrams, hex, identities, lines, recognise, stream, weaknesses};
use city::{Observed, Transport};

/// A message in a session, unconnected.
fn unconnected(context: u8, message: &str) -> Vec<u8> {
    let message = hex(message);
    let length = message.len() as u16;
    let mut bytes = vec![0x6f, 0];
    bytes.extend((length + 16).to_le_bytes());
    bytes.extend(hex("01000000 00000000 00000000000000"));
    bytes.push(context);
    bytes.extend(hex("00000000 00000000 0a00 0200 0000 0000 b200"));
    bytes.extend(length.to_le_bytes());
    bytes.extend(message);
    bytes
}

/// A message over a connection.
fn connected(connection: u32, sequence: u16, message: &str) -> Vec<u8> {
    let message = hex(message);
    let length = message.len() as u16 + 2;
    let mut bytes = vec![0x70, 0];
    bytes.extend((length + 20).to_le_bytes());
    bytes.extend(hex("01000000 00000000 0000000000000000 00000000 00000000 0000 0200 a100 0400"));
    bytes.extend(connection.to_le_bytes());
    bytes.extend(hex("b100"));
    bytes.extend(length.to_le_bytes());
    bytes.extend(sequence.to_le_bytes());
    bytes.extend(message);
    bytes
}

fn heard(said: &[(Side, Vec<u8>)]) -> Vec<Observed> {
    let said: Vec<(Side, &[u8])> = said.iter().map(|(side, bytes)| (*side, bytes.as_slice())).collect();
    stream(&enip::READER, 44818, &said)
}

/// What is told of unconnected exchanges.
fn told(exchanges: &[(&str, &str)]) -> Vec<Observed> {
    let mut said = Vec::new();
    for (number, (request, reply)) in exchanges.iter().enumerate() {
        said.push((Source, unconnected(number as u8, request)));
        said.push((Destination, unconnected(number as u8, reply)));
    }
    heard(&said)
}

#[test]
fn services_have_the_verb_of_what_they_do() {
    let facts = told(&[
        // A tag is read, written in part, and masked.
        ("4c 04 9105 4c65 7665 6c00 0100", "cc 00 00 00 c400 d2040000"),
        ("4d 05 9105 4c65 7665 6c00 2803 c400 0100 05000000", "cd 00 00 00"),
        ("4e 04 9105 4c65 7665 6c00 0100 01 fe", "ce 00 00 00"),
        // An output assembly, an output point, a drive, the network settings.
        ("10 03 2004 2464 3003 0100", "90 00 00 00"),
        ("10 03 2009 2401 3003 01", "90 00 00 00"),
        ("10 03 20f5 2401 3006 0400 50756d70", "90 00 0f 00"),
        // Reset, start, and a program that is created.
        ("05 02 2001 2401 00", "85 00 00 00"),
        ("06 02 208e 2401", "86 00 10 00"),
        ("08 02 2068 2400 0100", "88 00 00 00"),
        ("4b 02 2037 24c8 01", "cb 00 08 00"),
        ("63 02 20b0 2401 1234", "e3 00 00 00"),
    ]);
    assert_eq!(
        lines(&facts),
        [
            "> read read-tag [tag Level] 1234 done",
            "> write write-tag [tag Level[3]] 5 done",
            "> write read-modify-write-tag [tag Level] or 01 and fe done",
            "> write set-attribute-single [assembly 100 data] 0100 done",
            "> operate set-attribute-single [discrete-output-point 1 value] 01 done",
            "> configure set-attribute-single [tcp-ip-interface 1 host-name] 040050756d70 refused privilege-violation",
            "> restart reset [identity 1] type 0 done",
            "> restart start [class-0x8e 1] - refused device-state-conflict",
            "> program create [program 0] - done",
            "> transfer initiate-upload [file 200] - refused service-not-supported",
            "> configure service-0x63 [class-0xb0 1] - done",
        ]
    );
    let weaknesses = weaknesses(&facts);
    assert_eq!(weaknesses.len(), 1);
    assert_eq!(weaknesses[0].detail, "write-tag obeyed; nothing proved who asked");
}

#[test]
fn each_message_in_a_packet_is_told_with_its_own_reply() {
    let facts = told(&[
        (
            "0a 02 2002 2401 0200 0600 0e00 0e 03 2001 2401 3006 0e 03 2001 2401 3007",
            "8a 00 1e 00 0200 0600 0e00 8e 00 00 00 78563412 8e 00 08 00",
        ),
        ("0a 02 2002 2401 0100 0400 0e 03 2001 2401 3007", "8a 00 08 00"),
    ]);
    assert_eq!(
        lines(&facts),
        [
            "> discover get-attribute-single [identity 1 serial-number] 78563412 done",
            "> discover get-attribute-single [identity 1 product-name] - refused service-not-supported",
            "> discover get-attribute-single [identity 1 product-name] - refused service-not-supported",
        ]
    );
}

#[test]
fn a_routed_message_is_about_the_module_in_the_slot() {
    let identity = "0100 0e00 3600 1401 6031 78563412 07 5075 6d70 2050 37";
    let facts = told(&[
        ("52 02 2006 2401 0a0e 0600 01 02 2001 2401 01 00 0103", &format!("81 00 00 00 {identity}")),
        ("52 02 2006 2401 0a0e 0600 01 02 2001 2401 01 00 0109", "d2 00 01 01 1103"),
        ("01 02 2001 2401", &format!("81 00 00 00 {identity}")),
    ]);
    assert_eq!(
        lines(&facts),
        [
            "> discover get-attributes-all [3/identity 1] Pump P7 20.1 done",
            "> discover get-attributes-all [9/identity 1] - refused port-not-available",
            "> discover get-attributes-all [identity 1] Pump P7 20.1 done",
        ]
    );
    assert_eq!(
        identities(&facts),
        [
            "192.0.2.20 vendor Rockwell Automation/Allen-Bradley (vendor-id)",
            "192.0.2.20 role Programmable Logic Controller (device-type)",
            "192.0.2.20 model Pump P7 (product-name)",
            "192.0.2.20 product 1/14/54 (vendor-id/device-type/product-code)",
            "192.0.2.20 firmware 20.1 (revision)",
            "192.0.2.20 serial 0x12345678 (serial-number)",
        ]
    );
}

/// A request for a connection with serial number `serial`, to connection points of assemblies.
fn open(serial: &str, to_target: &str, transport: &str) -> String {
    format!(
        "54 02 2006 2401 0a0e 00000000 01000200 {serial} 0100 78563412 00000000 10270000 {to_target} 10270000 0648 \
         {transport} 04 2004 2466 2c64 2c65"
    )
}

/// That it was opened.
fn opened(to_target: &str, to_originator: &str, serial: &str) -> String {
    format!("d4 00 00 00 {to_target} {to_originator} {serial} 0100 78563412 10270000 10270000 00 00")
}

#[test]
fn connections_are_told_by_what_they_are_opened_for() {
    let close = |serial: &str| format!("4e 02 2006 2401 0a0e {serial} 0100 78563412 02 00 2004 2466");
    let facts = told(&[
        (&open("0100", "0648", "01"), &opened("01000000", "02000000", "0100")),
        (&open("0200", "0248", "01"), &opened("03000000", "04000000", "0200")),
        (&open("0300", "f443", "a3"), "d4 00 01 01 0001"),
        (&close("0100"), "ce 00 00 00 0100 0100 78563412 00 00"),
        (&close("0900"), "ce 00 01 01 0701"),
    ]);
    assert_eq!(
        lines(&facts),
        [
            "> operate forward-open [assembly 100..101 class-1] - done",
            "> subscribe forward-open [assembly 100..101 class-1] - done",
            "> discover forward-open [assembly 100..101] - refused connection-in-use-or-duplicate-forward-open",
            "> operate forward-close [connection-manager 1] - done",
            "> configure forward-close [connection-manager 1] - refused target-connection-not-found",
        ]
    );
}

#[test]
fn replies_over_several_connections_are_not_mixed_up() {
    let mut said = Vec::new();
    for (serial, to_target, to_originator) in
        [("0100", "01000000", "02000000"), ("0200", "03000000", "04000000")]
    {
        said.push((Source, unconnected(1, &open(serial, "f443", "a3"))));
        said.push((Destination, unconnected(1, &opened(to_target, to_originator, serial))));
    }
    said.push((Source, connected(1, 7, "4c 02 9101 4100 0100")));
    said.push((Source, connected(3, 7, "4c 02 9101 4200 0100")));
    said.push((Destination, connected(4, 7, "cc 00 00 00 c100 01")));
    said.push((Destination, connected(2, 7, "cc 00 05 00")));
    assert_eq!(
        lines(&heard(&said))[2..],
        ["> read read-tag [tag B] 1 done", "> read read-tag [tag A] - refused path-destination-unknown"]
    );
}

#[test]
fn older_controllers_are_asked_through_pccc() {
    let facts = told(&[
        (
            "4b 02 2067 2401 07 0100 78563412 0f 00 0100 aa 02 07 89 03 00 0500",
            "cb 00 00 00 07 0100 78563412 4f 00 0100",
        ),
        ("4b 02 2067 2401 07 0100 78563412 0f 00 0200 80 01", "cb 00 00 00 07 0100 78563412 4f 10 0200"),
    ]);
    assert_eq!(
        lines(&facts),
        [
            "> write protected-typed-logical-write-3 [data-file 3 N7] 02078903000500 done",
            "> restart change-mode [] - refused pccc-status-0x10",
        ]
    );
}

#[test]
fn a_reply_alone_is_told_and_what_is_unanswered_too() {
    let said = vec![
        (Destination, unconnected(9, "8e 00 00 00 0102")),
        (Source, unconnected(1, "0e 03 2001 2401 3007")),
    ];
    assert_eq!(
        lines(&heard(&said)),
        [
            "> read get-attribute-single [] - done",
            "> discover get-attribute-single [identity 1 product-name] - missing",
        ]
    );
}

#[test]
fn keys_and_passwords_are_not_told() {
    let facts = told(&[
        ("10 03 2061 2401 3003 73656372657421", "90 00 00 00"),
        ("0e 03 205e 2401 3003", "8e 00 00 00 73656372657421"),
    ]);
    assert!(!format!("{facts:?}").contains("736563"));
}

#[test]
fn cyclic_data_is_told_once_for_each_connection() {
    let packet = |connection: u8, data: &str| {
        let data = hex(data);
        let mut bytes = hex("0200 0280 0800");
        bytes.extend([connection, 0, 0, 0, 1, 0, 0, 0, 0xb1, 0, data.len() as u8, 0]);
        bytes.extend(data);
        bytes
    };
    let (first, second, back) = (packet(1, "0100 ff00"), packet(1, "0200 0000"), packet(2, ""));
    let facts = datagrams(&READER, 2222, &[(Source, &first), (Source, &second), (Destination, &back)]);
    assert_eq!(
        lines(&facts),
        [
            "> publish cyclic-data [connection 0x00000001] 0100ff00 not-expected",
            "< publish cyclic-data [connection 0x00000002]  not-expected",
        ]
    );
    let rows = facts.iter().filter(|fact| matches!(fact, Observed::Message(_))).count();
    assert_eq!(rows, 3);
    let sure = Recognition::Yes(Sureness::BySignature);
    assert_eq!(recognise(&READER, Transport::Udp, 40_000, &first, &[]), sure);
    assert_eq!(recognise(&READER, Transport::Udp, 2222, &first[..20], &[]), Recognition::No);
    assert_eq!(recognise(&READER, Transport::Tcp, 2222, &first, &[]), Recognition::No);
}
