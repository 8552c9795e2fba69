//! Conversations as they go on the wire, and as they should not.

use super::{PLUS_READER, READER};
use crate::dialogue::Side::{self, Destination, Source};
use crate::recognise::{Recognition, Sureness};
use crate::rehearse::{
    Rehearsal, hex, identities, lines, recognise, requests, stream, stream_in_pieces, weaknesses,
};
use city::{Message, Observed, Transport, WeaknessKind};

/// A TPKT packet that carries a data PDU.
fn data(text: &str) -> Vec<u8> {
    packet("02f080", text)
}

fn packet(header: &str, text: &str) -> Vec<u8> {
    let (header, body) = (hex(header), hex(text));
    let length = (4 + header.len() + body.len()) as u16;
    [&[3, 0][..], &length.to_be_bytes(), &header, &body].concat()
}

/// A job, or a reply, with its lengths filled in.
fn s7(rosctr: u8, reference: u8, error: &str, parameters: &str, body: &str) -> Vec<u8> {
    let (parameter_bytes, data_bytes) = (hex(parameters).len(), hex(body).len());
    data(&format!(
        "32{rosctr:02x}0000{reference:02x}00{parameter_bytes:04x}{data_bytes:04x}{error}{parameters}{body}"
    ))
}

fn job(reference: u8, parameters: &str, body: &str) -> (Side, Vec<u8>) {
    (Source, s7(1, reference, "", parameters, body))
}

fn ack(reference: u8, parameters: &str, body: &str) -> (Side, Vec<u8>) {
    (Destination, s7(3, reference, "0000", parameters, body))
}

fn user(side: Side, reference: u8, parameters: &str, body: &str) -> (Side, Vec<u8>) {
    (side, s7(7, reference, "", parameters, body))
}

const CONNECT: &str = "0300001611e00000000100c0010ac1020100c2020102";
const CONFIRM: &str = "0300001611d00001000200c0010ac1020100c2020102";

fn said_to(said: &[(Side, Vec<u8>)]) -> Vec<(Side, &[u8])> {
    said.iter().map(|(side, bytes)| (*side, bytes.as_slice())).collect()
}

fn told(said: &[(Side, Vec<u8>)]) -> Vec<Observed> {
    stream(&READER, 102, &said_to(said))
}

/// The rows of one log, the columns that are wanted with commas between.
fn rows(facts: &[Observed], log: &str, wanted: &[&str]) -> Vec<String> {
    let messages = facts.iter().filter_map(|fact| match fact {
        Observed::Message(message) if message.log == log => Some(message),
        _ => None,
    });
    let value = |message: &Message, name: &str| {
        let found = message.fields.iter().find(|(column, _)| column == name);
        found.map_or("-".to_owned(), |(_, value)| value.to_string())
    };
    messages
        .map(|message| wanted.iter().map(|name| value(message, name)).collect::<Vec<_>>().join(","))
        .collect()
}

/// Setup, a read of two items of which one is not there, a write, a stop.
fn morning() -> Vec<(Side, Vec<u8>)> {
    vec![
        (Source, hex(CONNECT)),
        (Destination, hex(CONFIRM)),
        job(0, "f0 00 0001 0001 01e0", ""),
        ack(0, "f0 00 0001 0001 00f0", ""),
        job(1, "04 02 120a10010001000184000000 120a10080001000584000020", ""),
        ack(1, "04 02", "ff 03 0001 01 00 0a 00 0000"),
        job(2, "05 01 120a10040001000082000010", "00 04 0010 0102"),
        ack(2, "05 01", "ff"),
        job(3, "05 01 120a10020004000084000000", "00 04 0020 01020304"),
        ack(3, "05 01", "05"),
        job(4, "29 0000000000 09 505f50524f4752414d", ""),
        ack(4, "29", ""),
    ]
}

#[test]
fn variables_are_told_item_by_item() {
    assert_eq!(
        lines(&told(&morning())),
        [
            "> discover connect [rack 0 slot 2] - done",
            "> discover setup-communication [rack 0 slot 2] 240 bytes done",
            "> read read-var [DB1.DBX0.0] 1 done",
            "> read read-var [DB5.DBD4] - refused object-does-not-exist",
            "> operate write-var [QW2] 258 done",
            "> write write-var [DB0.DBX0.0 BYTE 4] 01020304 refused invalid-address",
            "> restart plc-stop [] - done",
        ]
    );
}

#[test]
fn a_stream_cut_anywhere_tells_the_same() {
    let said = morning();
    let whole = told(&said);
    for size in [1, 2, 3, 5, 7, 11, 30] {
        assert_eq!(lines(&stream_in_pieces(&READER, 102, &said_to(&said), size)), lines(&whole), "{size}");
    }
}

#[test]
fn a_controller_that_obeys_without_proof_shows_it_once() {
    let facts = told(&morning());
    let weaknesses = weaknesses(&facts);
    assert_eq!(weaknesses.len(), 1);
    assert_eq!(weaknesses[0].kind, WeaknessKind::UnauthenticatedControl);
    assert_eq!(weaknesses[0].address.to_string(), "192.0.2.20");
    assert_eq!(weaknesses[0].detail, "write-var obeyed; S7comm cannot prove who asks");
}

#[test]
fn a_password_is_a_credential_and_never_told() {
    let facts = told(&[
        user(Source, 1, "000112 04 11 45 01 00", "ff 09 0008 24350f57641c0e1b"),
        user(Destination, 1, "000112 08 12 85 01 01 00 00 0000", "ff 00 0000"),
        job(2, "05 01 120a10040001000083000010", "00 04 0010 0102"),
        ack(2, "05 01", "ff"),
    ]);
    assert_eq!(lines(&facts), ["> authenticate password [] - done", "> write write-var [MW2] 258 done"]);
    let kinds: Vec<WeaknessKind> = weaknesses(&facts).iter().map(|weakness| weakness.kind).collect();
    assert_eq!(kinds, [WeaknessKind::CleartextCredentials]);
    assert!(!format!("{facts:?}").contains("24350f"));
    let refused = told(&[
        user(Source, 1, "000112 04 11 45 01 00", "ff 09 0008 24350f57641c0e1b"),
        user(Destination, 1, "000112 08 12 85 01 01 00 00 d602", "0a 00 0000"),
    ]);
    assert_eq!(lines(&refused), ["> authenticate password [] - refused wrong-password"]);
}

/// A record of a list: its number, and text in 32 bytes.
fn record(number: u8, text: &str) -> String {
    let padded: String =
        text.bytes().chain(std::iter::repeat(0)).take(32).map(|b| format!("{b:02x}")).collect();
    format!("00{number:02x}{padded}")
}

#[test]
fn a_list_in_two_parts_says_who_the_controller_is() {
    let first = format!("001c0000 0022 0003 {}", record(1, "Pumpwerk 3"));
    let second = format!("{}{}", record(2, "CPU 315-2 PN/DP"), record(5, "S C-INVENTED"));
    let part = |text: &str| format!("ff 09 {:04x} {text}", hex(text).len());
    let facts = told(&[
        user(Source, 1, "000112 04 11 44 01 00", "ff 09 0004 001c0000"),
        user(Destination, 1, "000112 08 12 84 01 01 01 01 0000", &part(&first)),
        user(Source, 2, "000112 08 12 44 01 01 01 00 0000", "0a 00 0000"),
        user(Destination, 2, "000112 08 12 84 01 02 01 00 0000", &part(&second)),
    ]);
    assert_eq!(lines(&facts), ["> discover read-szl [szl 0x001c index 0x0000] - done"]);
    assert_eq!(
        identities(&facts),
        [
            "192.0.2.20 name Pumpwerk 3 (name of the automation system)",
            "192.0.2.20 name CPU 315-2 PN/DP (name of the module)",
            "192.0.2.20 serial S C-INVENTED (serial number of the module)",
        ]
    );
    let columns = ["automation_system_name", "module_name", "plant_name", "module_serial"];
    assert_eq!(rows(&facts, "s7comm_known_devices", &columns), ["Pumpwerk 3,CPU 315-2 PN/DP,-,S C-INVENTED"]);
    let columns = ["method", "szl_id", "szl_id_name", "szl_index", "return_code_name"];
    assert_eq!(
        rows(&facts, "s7comm_read_szl", &columns),
        [
            "Request,0x001c,Component Identification,0x0000,Success",
            "Response,0x001c,Component Identification,0x0000,Success",
        ]
    );
}

#[test]
fn a_module_gives_its_order_number_and_firmware() {
    let order = "36455337203331352d32454831342d304142302000c000040001";
    let boot = "202020202020202020202020202020202020202000c056030206";
    let list = format!("00110000 001c 0002 0001{order} 0007{boot}");
    let facts = told(&[
        user(Source, 1, "000112 04 11 44 01 00", "ff 09 0004 00110000"),
        user(
            Destination,
            1,
            "000112 08 12 84 01 01 00 00 0000",
            &format!("ff 09 {:04x} {list}", hex(&list).len()),
        ),
    ]);
    assert_eq!(
        identities(&facts),
        [
            "192.0.2.20 model 6ES7 315-2EH14-0AB0 (module order number)",
            "192.0.2.20 firmware V3.2.6 (basic firmware)",
        ]
    );
}

#[test]
fn blocks_are_moved_by_name() {
    let name = "09 5f30413030303031 50";
    let block = "30413030303031 50";
    let facts = told(&[
        job(1, &format!("1a 00 0100 00000000 {name} 0d 31303030313936303030303630"), ""),
        ack(1, "1a", ""),
        (Destination, s7(1, 2, "", &format!("1b 00 0000 00000000 {name}"), "")),
        (Source, s7(3, 2, "0000", "1b 00", "0004 00fb 01020304")),
        (Destination, s7(1, 3, "", &format!("1c 00 0000 00000000 {name}"), "")),
        (Source, s7(3, 3, "0000", "1c", "")),
        job(4, &format!("28 000000000000fd 000a 0100 {block} 05 5f494e5345"), ""),
        ack(4, "28", ""),
        job(5, &format!("1d 00 0000 00000000 {name}"), ""),
        (Destination, s7(2, 5, "d241", "", "")),
        job(6, "28 000000000000fd 0000 09 505f50524f4752414d", ""),
        ack(6, "28", ""),
    ]);
    assert_eq!(
        lines(&facts),
        [
            "> program request-download [DB1] 196 bytes done",
            "< transfer download-block [DB1] - done",
            "< transfer download-ended [DB1] - done",
            "> program insert-block [DB1] - done",
            "> transfer start-upload [DB1] - refused protection-level",
            "> restart program-start [] - done",
        ]
    );
    let columns = ["rosctr", "function_name", "session_id", "blocklength", "filename", "block_type"];
    assert_eq!(
        rows(&facts, "s7comm_upload_download", &columns),
        [
            "Job-Request,Request Download,0,196,_0A00001P,DB",
            "ACK-Data,Request Download,-,-,-,-",
            "Job-Request,Download Block,0,-,_0A00001P,DB",
            "ACK-Data,Download Block,-,4,-,-",
            "Job-Request,Download Ended,0,-,_0A00001P,DB",
            "ACK-Data,Download Ended,-,-,-,-",
            "Job-Request,Start Upload,0,-,_0A00001P,DB",
        ]
    );
}

#[test]
fn user_data_say_what_they_do() {
    let facts = told(&[
        user(Source, 1, "000112 04 11 47 02 00", "ff 09 000a 00 20 26 05 04 12 30 00 000 1"),
        user(Destination, 1, "000112 08 12 87 02 01 00 00 0000", "0a 00 0000"),
        user(Source, 2, "000112 04 11 43 02 00", "ff 09 0002 3041"),
        user(Destination, 2, "000112 08 12 83 02 01 00 00 d20e", "0a 00 0000"),
        user(Source, 3, "000112 04 11 42 01 00", "ff 09 0010 00 01 01 0a 120a10020001000083000008"),
        user(Destination, 0, "000112 04 12 02 01 00 00 00 0000", "ff 09 0002 0001"),
        user(Source, 4, "000112 04 11 41 0c 00", "ff 09 0002 0001"),
    ]);
    assert_eq!(
        lines(&facts),
        [
            "> configure set-clock [clock] 2026-05-04 12:30:00 done",
            "> discover list-blocks-of-type [DB] - refused error-0xd20e",
            "< publish cyclic-transfer [] - not-expected",
            "> subscribe cyclic-transfer [MB1] - missing",
            "> restart memory-reset [] - missing",
        ]
    );
}

#[test]
fn messages_have_the_names_of_the_field() {
    let facts = told(&[
        job(7, "04 01 120a10010001000184000000", ""),
        ack(7, "04 01", "ff 03 0001 01"),
        user(Source, 1, "000112 04 11 44 01 00", "ff 09 0004 00110000"),
        user(Destination, 1, "000112 08 12 84 01 01 00 00 d401", "0a 00 0000"),
    ]);
    let columns =
        ["rosctr_name", "pdu_reference", "function_name", "subfunction_name", "error_class", "error_code"];
    assert_eq!(
        rows(&facts, "s7comm", &columns),
        [
            "Job-Request,7,Read Variable,-,-,-",
            "ACK-Data,7,Read Variable,-,No error,0x00",
            "User-Data,1,Request: CPU Functions,Read SZL,-,-",
            "User-Data,1,Response: CPU Functions,Read SZL,Unknown-0xd4,0x01",
        ]
    );
    assert_eq!(rows(&facts, "cotp", &["pdu_code", "pdu_name"])[0], "0x0f,DT Data");
}

/// A message of S7comm-plus in one frame.
fn plus(side: Side, version: u8, body: &str) -> (Side, Vec<u8>) {
    let bytes = hex(body).len();
    (side, data(&format!("72{version:02x}{bytes:04x}{body}72{version:02x}0000")))
}

#[test]
fn s7comm_plus_says_who_subscribes_reads_and_writes() {
    let said = [
        plus(
            Source,
            1,
            "31 0000 04ca 0000 0001 00000120 36 0000011d 00 04 00 00000000 a1 000000d3 821f 0000",
        ),
        plus(
            Destination,
            1,
            "32 0000 04ca 0000 0001 36 00 02 8794 20 8794 21 00 15 1c 313b36455337203231342d31424734302d30584230203b56342e31 00",
        ),
        plus(
            Source,
            1,
            "31 0000 0542 0000 0002 000003a0 34 00000000 01 05 88dbd6a75e 88d0b88005 02 9376 71 00",
        ),
        plus(Destination, 1, "32 0000 0542 0000 0002 34 00 00 00000000"),
        plus(Source, 1, "31 0000 04f2 0000 0003 000003a0 74 70000e51 01 881d 00070000"),
        plus(Destination, 1, "33 70000e51 0400 0000"),
        plus(Source, 1, "31 0000 04bb 0000 0004 000003a0 34 00000003 00"),
        plus(Destination, 1, "32 0000 04bb 0000 0004 34 81ffffffffffffffff 00"),
    ];
    let facts = stream(&PLUS_READER, 102, &said_to(&said));
    assert_eq!(
        lines(&facts),
        [
            "> authenticate create-object [] - done",
            "> write set-multi-variables [DB5.lid-113] - done",
            "> subscribe set-variable [object 0x70000e51 attribute 1053] - not-expected",
            "< publish notification [object 0x70000e51] - not-expected",
            "> discover explore [object 0x00000003] - refused error-1",
        ]
    );
    assert_eq!(
        identities(&facts),
        [
            "192.0.2.20 model 6ES7 214-1BG40-0XB0 (session version)",
            "192.0.2.20 firmware V4.1 (session version)",
        ]
    );
    assert_eq!(weaknesses(&facts)[0].detail, "set-multi-variables obeyed; version 1 has no integrity check");
    let columns = ["version", "opcode", "opcode_name", "function_code", "function_name"];
    assert_eq!(rows(&facts, "s7comm_plus", &columns)[5], "1,0x33,Notification,-,-");
}

#[test]
fn parts_are_put_together_in_transport_and_frame() {
    let second = "72010010 0003a0 34 00000000 01 05 00 50 02 01 07 0072010000";
    let said = [
        (Source, packet("02f000", "7201000a310000054200")),
        (Source, packet("02f080", "00000200")),
        (Source, data(second)),
    ];
    let facts = stream(&PLUS_READER, 102, &said_to(&said));
    assert_eq!(lines(&facts), ["> write set-multi-variables [I.lid-7] - missing"]);
}

#[test]
fn the_three_protocols_on_this_transport_are_told_apart() {
    let plain = |bytes: &[u8]| recognise(&READER, Transport::Tcp, 102, bytes, &[]);
    let yes = Recognition::Yes(Sureness::ByStructure);
    assert_eq!(plain(&hex(CONNECT)), yes);
    assert_eq!(recognise(&READER, Transport::Tcp, 4102, &hex(CONNECT), &[]), Recognition::More);
    let (_, read) = job(1, "04 01 120a10010001000184000000", "");
    let opened = [hex(CONNECT), read.clone()].concat();
    assert_eq!(recognise(&READER, Transport::Tcp, 4102, &opened, &hex(CONFIRM)), yes);
    assert_eq!(recognise(&READER, Transport::Tcp, 4102, &read, &[]), yes);
    let (_, frame) = plus(Source, 1, "31 0000 04bb 0000 0004 000003a0 34 00000003 00");
    assert_eq!(plain(&frame), Recognition::No);
    assert_eq!(recognise(&PLUS_READER, Transport::Tcp, 102, &frame, &[]), yes);
    let root = packet("1ee00000000100c0010ac1020600c20f53494d415449432d524f4f542d4553", "");
    assert_eq!(recognise(&PLUS_READER, Transport::Tcp, 102, &root, &[]), yes);
    // RDP asks for a security protocol, with or without a cookie; MMS opens a session.
    let rdp = hex("03000013 0e e0 0000 0000 00 01 00 0800 03000000");
    let cookie = hex("0300001c 17 e0 0000 0000 00 436f6f6b69653a206d7374733d61610d0a");
    let mms = [hex("0300001611e00000000100c0010dc1020001c2020001"), data("0d 04 0506 1301")].concat();
    for other in [rdp, cookie, mms, b"GET / HTTP/1.1\r\n".to_vec()] {
        assert_eq!(plain(&other), Recognition::No, "{other:02x?}");
        assert_eq!(recognise(&PLUS_READER, Transport::Tcp, 102, &other, &[]), Recognition::No);
    }
}

#[test]
fn behind_a_gap_the_next_packet_is_found() {
    let mut rehearsal = Rehearsal::new(&READER, Transport::Tcp, 102);
    let (_, first) = job(1, "04 01 120a10010001000184000000", "");
    let (_, second) = job(2, "04 01 120a10010001000184000008", "");
    rehearsal.say(Source, &first[..12]);
    rehearsal.gap(Source, 9);
    rehearsal.say(Source, &[&[0x84, 0, 0][..], &second].concat());
    let facts = rehearsal.end();
    assert_eq!(lines(&facts), ["> read read-var [DB1.DBX1.0] - missing"]);
}

#[test]
fn what_never_is_answered_takes_bounded_room() {
    let items = "120a10010001000184000000".repeat(20);
    let said: Vec<(Side, Vec<u8>)> =
        (0..200).map(|reference| job(reference, &format!("04 14 {items}"), "")).collect();
    let facts = told(&said);
    assert_eq!(requests(&facts).len(), 4000);
}

#[test]
fn other_bytes_are_given_up() {
    let mut rehearsal = Rehearsal::new(&READER, Transport::Tcp, 102);
    for _ in 0..40 {
        rehearsal.say(Source, b"GET / HTTP/1.1\r\n\r\n");
        rehearsal.say(Source, &job(1, "04 01 120a", "").1);
    }
    assert!(rehearsal.lost || rehearsal.end().len() < 200);
}
