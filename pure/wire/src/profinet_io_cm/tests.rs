//! Conversations as they go on the wire, and as they should not.

use super::READER;
use crate::dialogue::Side::{self, Destination, Source};
use crate::recognise::{Recognition, Sureness};
use crate::rehearse::{datagrams, hex, identities, lines, recognise, requests, weaknesses};
use city::{Message, Observed, Transport, WeaknessKind};

const DEVICE: &str = "dea000016c9711d1827100a02442df7d";
const CONTROLLER: &str = "dea000026c9711d1827100a02442df7d";

/// What differs between packets.
struct Rpc<'a> {
    kind: u8,
    flags: u8,
    interface: &'a str,
    sequence: u32,
    operation: u16,
    fragment: u16,
    little: bool,
}

const REQUEST: Rpc<'_> =
    Rpc { kind: 0, flags: 0x20, interface: DEVICE, sequence: 0, operation: 0, fragment: 0, little: false };
const RESPONSE: Rpc<'_> = Rpc { kind: 2, flags: 0x28, little: true, ..REQUEST };

impl Rpc<'_> {
    fn u16(&self, number: u16) -> Vec<u8> {
        if self.little { number.to_le_bytes().to_vec() } else { number.to_be_bytes().to_vec() }
    }

    fn u32(&self, number: u32) -> Vec<u8> {
        if self.little { number.to_le_bytes().to_vec() } else { number.to_be_bytes().to_vec() }
    }

    /// An identifier with its three numbers in order.
    fn uuid(&self, text: &str) -> Vec<u8> {
        let mut bytes = hex(text);
        if self.little {
            bytes[..4].reverse();
            bytes[4..6].reverse();
            bytes[6..8].reverse();
        }
        bytes
    }

    fn packet(&self, body: &[u8]) -> Vec<u8> {
        let mut bytes = vec![4, self.kind, self.flags, 0, if self.little { 0x10 } else { 0 }, 0, 0, 0];
        bytes.extend(self.uuid("dea000006c9711d182710001010e002a"));
        bytes.extend(self.uuid(self.interface));
        bytes.extend(self.uuid("13142f9000001000a994d2106890ca5a"));
        for number in [0, 1, self.sequence] {
            bytes.extend(self.u32(number));
        }
        for number in [self.operation, 0xffff, 0xffff, body.len() as u16, self.fragment] {
            bytes.extend(self.u16(number));
        }
        bytes.extend([0, 0]);
        bytes.extend(body);
        bytes
    }

    /// With a status or a bound, and the blocks.
    fn call(&self, first: u32, blocks: &str) -> Vec<u8> {
        self.packet(&self.arguments(first, &hex(blocks)))
    }

    fn arguments(&self, first: u32, blocks: &[u8]) -> Vec<u8> {
        let length = blocks.len() as u32;
        let numbers = [first, length, 4096, 0, length];
        let head: Vec<u8> = numbers.iter().flat_map(|number| self.u32(*number)).collect();
        [head, blocks.to_vec()].concat()
    }
}

/// A block with its length and version.
fn block(kind: u16, body: &str) -> String {
    format!("{kind:04x}{:04x}0100{}", hex(body).len() + 2, body.replace(' ', ""))
}

/// The header of a record: slot 1, subslot 1.
fn record(kind: u16, index: u16, bytes: u32, rest: &str) -> String {
    let relation = "7c74224e166c4a58bf6b6c25a75870f0";
    block(kind, &format!("0001 {relation} 00000000 0001 0001 0000 {index:04x} {bytes:08x} {rest}"))
}

const FILLING: &str = "000000000000000000000000000000000000000000000000";

fn connect() -> String {
    let name = "706c632d77657374";
    block(
        0x0101,
        &format!(
            "0001 7c74224e166c4a58bf6b6c25a75870f0 0001 00005e005310 dea000006c9711d182710001010e002a 00000011 0258 8892 0008 {name}"
        ),
    ) + &block(0x0102, "0001 0001 8892")
}

fn told(said: &[(Side, Vec<u8>)]) -> Vec<Observed> {
    let said: Vec<(Side, &[u8])> = said.iter().map(|(side, bytes)| (*side, bytes.as_slice())).collect();
    datagrams(&READER, 34964, &said)
}

#[test]
fn a_device_is_connected_to_set_up_and_let_go() {
    let control = |kind: u16, command: &str| {
        block(kind, &format!("0000 7c74224e166c4a58bf6b6c25a75870f0 0001 0000 {command} 0000"))
    };
    let rpc = |sequence, operation| Rpc { sequence, operation, ..REQUEST };
    let answer = |sequence, operation| Rpc { sequence, operation, ..RESPONSE };
    let facts = told(&[
        (Source, rpc(0, 0).call(4096, &connect())),
        (Destination, answer(0, 0).call(0, &block(0x8101, "0001"))),
        (Source, rpc(1, 3).call(4096, &(record(0x0008, 0x8071, 4, FILLING) + "01020304"))),
        (
            Destination,
            answer(1, 3).call(0, &record(0x8008, 0x8071, 0, &format!("00000000 00000000 {FILLING}"))),
        ),
        (Source, rpc(2, 4).call(4096, &control(0x0110, "0001"))),
        (Destination, answer(2, 4).call(0, &control(0x8110, "0008"))),
        (Source, rpc(3, 1).call(4096, &control(0x0114, "0004"))),
        (Destination, answer(3, 1).call(0, &control(0x8114, "0008"))),
    ]);
    assert_eq!(
        lines(&facts),
        [
            "> authenticate connect [vendor 0x002a device 0x010e] ARBlockReq,IOCRBlockReq done",
            "> configure write [slot 1 subslot 1 pd-interface-adjust] - done",
            "> configure parameters-end [vendor 0x002a device 0x010e] - done",
            "> authenticate release [vendor 0x002a device 0x010e] - done",
        ]
    );
    assert_eq!(
        identities(&facts),
        [
            "192.0.2.10 name plc-west (initiator station name)",
            "192.0.2.10 role IO controller (connect)",
            "192.0.2.10 vendor Siemens (initiator object)",
            "192.0.2.20 role IO device (interface)",
            "192.0.2.20 vendor Siemens (object)",
            "192.0.2.20 product PROFINET device 0x010e (object)",
        ]
    );
    let weaknesses = weaknesses(&facts);
    assert_eq!(weaknesses.len(), 1);
    assert_eq!(weaknesses[0].kind, WeaknessKind::UnauthenticatedControl);
    assert_eq!(weaknesses[0].detail, "write obeyed; PROFINET cannot prove who asks");
}

#[test]
fn records_written_together_have_each_its_outcome() {
    let write = Rpc { operation: 3, ..REQUEST };
    let one = |index| record(0x0008, index, 3, FILLING) + "01020300";
    let request = record(0x0008, 0xe040, 136, FILLING) + &one(0x0001) + &one(0x0002);
    let outcome = |index, status: &str| record(0x8008, index, 3, &format!("00000000 {status} {FILLING}"));
    let reply = outcome(0xe040, "00000000") + &outcome(1, "00000000") + &outcome(2, "df80b600");
    let facts = told(&[
        (Source, write.call(4096, &request)),
        (Destination, Rpc { operation: 3, ..RESPONSE }.call(0, &reply)),
    ]);
    assert_eq!(
        lines(&facts),
        [
            "> configure write [slot 1 subslot 1 index 0x0001] - done",
            "> configure write [slot 1 subslot 1 index 0x0002] - refused access-denied",
        ]
    );
}

#[test]
fn identification_data_say_what_the_device_is() {
    let order = "36455337203135352d3641553030202020202020"; // Twenty characters.
    let data = format!("002a {order} 494e56454e5445442d31202020202020 0001 56040100");
    let block = block(0x0020, &data);
    let length = hex(&block).len() as u32;
    let reply = record(0x8009, 0xaff0, length, &format!("00000000 {FILLING}")) + &block;
    let facts = told(&[
        (Source, Rpc { operation: 5, ..REQUEST }.call(4096, &record(0x0009, 0xaff0, 4096, FILLING))),
        (Destination, Rpc { operation: 5, ..RESPONSE }.call(0, &reply)),
    ]);
    assert_eq!(lines(&facts), ["> discover read-implicit [slot 1 subslot 1 I&M0] - done"]);
    assert_eq!(
        identities(&facts)[3..],
        [
            "192.0.2.20 vendor Siemens (I&M0 vendor)",
            "192.0.2.20 model 6ES7 155-6AU00 (I&M0 order)",
            "192.0.2.20 serial INVENTED-1 (I&M0 serial number)",
            "192.0.2.20 firmware V4.1.0 (I&M0 software revision)",
        ]
    );
}

#[test]
fn fragments_are_put_together() {
    let write = Rpc { operation: 3, ..REQUEST };
    let data: String = "ab".repeat(100);
    let whole = write.arguments(4096, &hex(&(record(0x0008, 0x0007, 100, FILLING) + &data)));
    let part = |flags, fragment, body: &[u8]| Rpc { operation: 3, flags, fragment, ..REQUEST }.packet(body);
    let acknowledge = Rpc { kind: 9, operation: 3, ..RESPONSE };
    let facts = told(&[
        (Source, part(0x24, 0, &whole[..90])),
        (Destination, acknowledge.packet(&hex("0100 0100 b8050000 b8050000 0000 0100 0f000000"))),
        (Source, part(0x24, 0, &whole[..90])),
        (Source, part(0x26, 1, &whole[90..])),
        (Destination, Rpc { operation: 3, ..RESPONSE }.call(0xdf80_b000, "")),
    ]);
    assert_eq!(lines(&facts), ["> configure write [slot 1 subslot 1 index 0x0007] - refused invalid-index"]);
    let row = facts.iter().find_map(|fact| match fact {
        Observed::Message(message) if message.back => Some(message.clone()),
        _ => None,
    });
    let Message { log, fields, .. } = *row.unwrap();
    assert_eq!(log, "profinet_io_cm");
    let value =
        |name: &str| fields.iter().find(|(column, _)| column == name).map(|(_, value)| value.as_str());
    assert_eq!(value("packet_type"), Some("Fragment Acknowledge"));
    assert_eq!(value("vers_fack"), Some("Default version"));
    assert_eq!((value("max_tsdu"), value("array_of_sel_ack")), (Some("1464"), Some("15")));
    assert_eq!(value("interface_uuid"), Some("0100A0DE-976C-D111-8271-00A02442DF7D"));
}

#[test]
fn a_reply_in_a_conversation_of_its_own_tells_what_it_answers() {
    let reply = record(0x8008, 0x8071, 4, &format!("00000000 00000000 {FILLING}"));
    let facts = told(&[(Source, Rpc { operation: 3, ..RESPONSE }.call(0, &reply))]);
    assert_eq!(lines(&facts), ["< configure write [slot 1 subslot 1 pd-interface-adjust] - done"]);
    let asked = told(&[(Source, REQUEST.call(4096, &connect()))]);
    assert_eq!(
        lines(&asked),
        ["> authenticate connect [vendor 0x002a device 0x010e] ARBlockReq,IOCRBlockReq not-expected"]
    );
}

#[test]
fn a_fault_and_a_ready_device_are_told() {
    let ready = block(0x0112, "0000 7c74224e166c4a58bf6b6c25a75870f0 0001 0000 0002 0000");
    let rpc = Rpc { operation: 4, interface: CONTROLLER, ..REQUEST };
    let fault = Rpc { kind: 3, operation: 4, interface: CONTROLLER, ..RESPONSE };
    let facts = told(&[(Source, rpc.call(4096, &ready)), (Destination, fault.packet(&hex("0300011c")))]);
    assert_eq!(
        lines(&facts),
        ["> publish application-ready [vendor 0x002a device 0x010e] - refused fault-0x1c010003"]
    );
}

#[test]
fn the_endpoint_mapper_says_what_the_device_is() {
    let lookup = Rpc { interface: "e1af83085d1f11c991a408002b14a0fa", operation: 2, ..REQUEST };
    let answer = Rpc { interface: "e1af83085d1f11c991a408002b14a0fa", operation: 2, ..RESPONSE };
    let text = format!("{:<25} {:<20} {:>5} {}", "IM 155-6", "6ES7 155-6AU00-0BN0", 2, "V  4  1  0");
    let body = [&[0; 40][..], &[64, 0, 0, 0], &[0; 4], &[64, 0, 0, 0], text.as_bytes(), &[0; 16]].concat();
    let request = lookup.packet(&[0; 76]);
    assert_eq!(recognise(&READER, Transport::Udp, 34964, &request, &[]), Recognition::Yes(Sureness::ByPort));
    let facts = told(&[(Source, request), (Destination, answer.packet(&body))]);
    assert_eq!(lines(&facts), ["> discover endpoint-lookup [] - done"]);
    assert_eq!(
        identities(&facts),
        [
            "192.0.2.20 product IM 155-6 (annotation type)",
            "192.0.2.20 model 6ES7 155-6AU00-0BN0 (annotation order number)",
            "192.0.2.20 firmware V4.1.0 (annotation software revision)",
        ]
    );
}

#[test]
fn what_is_no_packet_is_refused() {
    let whole = REQUEST.call(4096, &connect());
    let udp = |bytes: &[u8]| recognise(&READER, Transport::Udp, 49152, bytes, &[]);
    assert_eq!(udp(&whole), Recognition::Yes(Sureness::BySignature));
    for length in 0..whole.len() {
        assert_eq!(udp(&whole[..length]), Recognition::No);
    }
    let other = Rpc { interface: "e1af83085d1f11c991a408002b14a0fa", ..REQUEST };
    assert_eq!(udp(&other.packet(&[])), Recognition::No);
    assert_eq!(recognise(&READER, Transport::Tcp, 34964, &whole, &[]), Recognition::No);
}

#[test]
fn what_never_is_answered_takes_bounded_room() {
    let said: Vec<(Side, Vec<u8>)> =
        (0..300).map(|sequence| (Source, Rpc { sequence, ..REQUEST }.call(4096, &connect()))).collect();
    assert_eq!(requests(&told(&said)).len(), 300);
}
