//! Conversations as they go on the wire, and as they should not.

use super::READER;
use crate::dialogue::Side::{self, Destination, Source};
use crate::recognise::{Recognition, Sureness};
use crate::rehearse::{
    Rehearsal, datagrams, detail, hex, identities, lines, recognise, requests, weaknesses,
};
use city::{Observed, Protocol, Transport};
use proptest::prelude::*;

const PORT: u16 = 47_808;

/// A message of the virtual link layer.
fn bvlc(function: u8, body: &str) -> Vec<u8> {
    let body = hex(body);
    let mut bytes = vec![0x81, function];
    bytes.extend((body.len() as u16 + 4).to_be_bytes());
    bytes.extend(body);
    bytes
}

/// An application PDU without a router, sent to one station.
fn apdu(apdu: &str) -> Vec<u8> {
    bvlc(0x0a, &format!("0104 {apdu}"))
}

fn told(said: &[(Side, Vec<u8>)]) -> Vec<Observed> {
    let said: Vec<(Side, &[u8])> = said.iter().map(|(side, bytes)| (*side, bytes.as_slice())).collect();
    datagrams(&READER, PORT, &said)
}

/// What is told of one request and its reply.
fn exchange(request: &str, reply: &str) -> Vec<String> {
    lines(&told(&[(Source, apdu(request)), (Destination, apdu(reply))]))
}

#[test]
fn the_examples_of_annex_f_are_told() {
    for (request, reply, expected) in [
        // F.1.1 AcknowledgeAlarm
        (
            "0002 07 00 0901 1c00000002 2903 3e 1910 3f 4c 00 4d445c 5e 2e a45c061506 b40d032909 2f 5f",
            "2007 00",
            vec!["> operate acknowledge-alarm [analog-input 2] - done"],
        ),
        // F.1.2 ConfirmedCOVNotification
        (
            "0002 0f 01 0912 1c02000004 2c0000000a 3900 4e 0955 2e 4442820000 2f 096f 2e 820400 2f 4f",
            "200f 01",
            vec![
                "> publish confirmed-cov-notification [analog-input 10] present-value=65,status-flags=FFFF done",
            ],
        ),
        // F.1.10 SubscribeCOV
        (
            "0002 0f 05 0912 1c0000000a 2901 3900",
            "200f 05",
            vec!["> subscribe subscribe-cov [analog-input 10] - done"],
        ),
        // F.2.1 AtomicReadFile
        (
            "0002 00 06 c402800001 0e 3100 211b 0f",
            "3000 06 10 0e 3100 651b 4368696c6c65723031204f6e2d54696d653d342e3320486f757273 0f",
            vec!["> transfer atomic-read-file [file 1] 27 bytes done"],
        ),
        // F.3.1 AddListElement
        (
            "0002 01 08 0c02c00003 1935 3e 0903 1e 0955 0967 1f 3f",
            "2001 08",
            vec!["> configure add-list-element [group 3 list-of-group-members] 3,85,103 done"],
        ),
        // F.3.3 CreateObject
        (
            "0004 56 0a 0e 090a 0f",
            "3056 0a c40280000d",
            vec!["> configure create-object [file 13] file 13 done"],
        ),
        // F.3.4 DeleteObject
        (
            "0004 57 0b c402c00006",
            "5057 0b 9101 9117",
            vec!["> configure delete-object [group 6] - refused object-deletion-not-permitted"],
        ),
        // F.3.5 ReadProperty
        (
            "0000 01 0c 0c00000005 1955",
            "3001 0c 0c00000005 1955 3e 444290999a 3f",
            vec!["> read read-property [analog-input 5 present-value] 72.3 done"],
        ),
        // F.3.7 ReadPropertyMultiple
        (
            "0004 f1 0e 0c00000010 1e 0955 0967 1f",
            "30f1 0e 0c00000010 1e 2955 4e 4442909999 4f 2967 4e 9100 4f 1f",
            vec![
                "> read read-property-multiple [analog-input 16 present-value] 72.299995 done",
                "> read read-property-multiple [analog-input 16 reliability] no-fault-detected done",
            ],
        ),
        // F.3.9 WriteProperty
        (
            "0004 59 0f 0c00800001 1955 3e 4443340000 3f",
            "2059 0f",
            vec!["> write write-property [analog-value 1 present-value] 180 done"],
        ),
        // F.3.10 WritePropertyMultiple
        (
            "0004 01 10 0c00800005 1e 0955 2e 4442860000 2f 1f 0c00800006 1e 0955 2e 4442860000 2f 1f",
            "2001 10",
            vec![
                "> write write-property-multiple [analog-value 5 present-value] 67 done",
                "> write write-property-multiple [analog-value 6 present-value] 67 done",
            ],
        ),
        // F.4.1 DeviceCommunicationControl, F.4.4 ReinitializeDevice, with their passwords
        (
            "0004 05 11 0905 1901 2d 08 00 23656762646621",
            "2005 11",
            vec!["> configure device-communication-control [device] disable done"],
        ),
        (
            "0004 02 14 0901 1d 09 00 4162436445664768",
            "2002 14",
            vec!["> restart reinitialize-device [device] warmstart done"],
        ),
        // F.3.8 ReadRange
        (
            "0202 01 1a 0c05000001 1983 7e a462031704 b413000000 3104 7f",
            "3001 1a 0c05000001 1983 3a05c0 4902 5e 4441a00000 4441a80000 5f",
            vec!["> read read-range [trend-log 1 log-buffer] 20,21 done"],
        ),
    ] {
        assert_eq!(exchange(request, reply), expected, "{request}");
    }
}

#[test]
fn unconfirmed_services_are_told() {
    for (pdu, expected) in [
        ("1008", "> discover who-is [device] - not-expected"),
        ("1008 0903 1903", "> discover who-is [device 3] - not-expected"),
        ("1000 c402000003 2201e0 9103 2163", "> discover i-am [device 3] vendor-99 not-expected"),
        ("1007 3d07004f4154656d70", "> discover who-has [OATemp] - not-expected"),
        (
            "1001 c402000008 c400000003 7507004f4154656d70",
            "> discover i-have [analog-input 3] OATemp not-expected",
        ),
        (
            "1006 a45c0b1102 b4162d1e46",
            "> configure time-synchronization [] 1992-11-17 22:45:30.70 not-expected",
        ),
        (
            "1004 0919 1908 2e 4442904ccd 1609 2f",
            "> transfer unconfirmed-private-transfer [CSI Control Systems International service 8] - not-expected",
        ),
        (
            "1005 0c02000005 2900 3d12 00 504d20726571756972656420666f722050",
            "> publish unconfirmed-text-message [] PM required for P not-expected",
        ),
        ("100a 0917 1908 2e 0a010c 4444000000 2f", "> write write-group [group 23] 268=512 not-expected"),
        ("100d 2163 7503005031 7504005a3939", "> discover who-am-i [] P1 Z99 not-expected"),
        ("10c8 01", "> configure unconfirmed-service-200 [] - not-expected"),
    ] {
        assert_eq!(lines(&told(&[(Source, apdu(pdu))])), [expected], "{pdu}");
    }
}

#[test]
fn a_password_is_told_of_and_not_told() {
    let facts = told(&[
        (Source, apdu("0004 02 14 0901 1d 09 00 6d6f6e7469636865")),
        (Destination, apdu("5002 14 9104 911a")),
    ]);
    assert_eq!(lines(&facts), ["> restart reinitialize-device [device] warmstart refused password-failure"]);
    assert_eq!(detail(requests(&facts)[0], "has-password"), Some("true"));
    let weaknesses = weaknesses(&facts);
    assert_eq!((weaknesses.len(), weaknesses[0].kind.as_str()), (1, "cleartext-credentials"));
    let everything = format!("{facts:?}");
    assert!(!everything.contains("montiche") && !everything.contains("6d6f6e74"), "{everything}");
}

#[test]
fn states_of_reinitialize_device_are_not_all_restarts() {
    for (state, verb) in [(0, "restart"), (1, "restart"), (2, "transfer"), (4, "program"), (7, "configure")] {
        let line = &exchange(&format!("0004 02 14 090{state}"), "2002 14")[0];
        assert!(line.starts_with(&format!("> {verb} reinitialize-device")), "{line}");
    }
}

#[test]
fn what_devices_say_of_themselves_is_identity_where_the_address_is_theirs() {
    let device = "0c02000003";
    let facts = told(&[
        (Source, bvlc(0x0b, "0100 1000 c402000003 2201e0 9103 2105")),
        (Destination, apdu(&format!("3001 0c {device} 1946 3e 7505 00 50372d41 3f"))),
        (
            Destination,
            apdu(&format!("3002 0e {device} 1e 2979 4e 7505 00 41434d45 4f 292c 4e 7504 00 322e31 4f 1f")),
        ),
    ]);
    assert_eq!(
        identities(&facts),
        [
            "192.0.2.10 name device 3 (I-Am device identifier)",
            "192.0.2.10 vendor Johnson Controls (I-Am vendor identifier)",
            "192.0.2.20 model P7-A (model-name)",
            "192.0.2.20 vendor ACME (vendor-name)",
            "192.0.2.20 firmware 2.1 (firmware-revision)",
        ]
    );
    // Forwarded by a BBMD: the address in the message is the device's.
    let facts = told(&[(Source, bvlc(0x04, "cb007107 bac0 0100 1000 c402000003 2201e0 9103 2105"))]);
    assert_eq!(identities(&facts)[0], "203.0.113.7 name device 3 (I-Am device identifier)");
    assert_eq!(detail(requests(&facts)[0], "original-address"), Some("203.0.113.7"));
    // From behind a router: the address is the router's.
    let facts = told(&[(Source, bvlc(0x0b, "0108 0005 01 0c 1000 c402000003 2201e0 9103 2105"))]);
    assert_eq!(identities(&facts), ["192.0.2.10 role router (SNET)"]);
    assert_eq!(detail(requests(&facts)[0], "source-network"), Some("5:0c"));
}

#[test]
fn segments_make_one_reply_and_their_acknowledgements_are_told_with_it() {
    let head = "0c02000003 194c 3e";
    let facts = told(&[
        (Source, apdu("0275 07 0c 0c02000003 194c")),
        (Destination, apdu(&format!("3c07 00 04 0c {head} c400000001 c400"))),
        (Source, apdu("4007 00 04")),
        (Destination, apdu("3807 01 04 0c 000002 c402000003 3f")),
        (Source, apdu("4007 01 04")),
    ]);
    assert_eq!(
        lines(&facts),
        ["> read read-property [device 3 object-list] analog-input 1,analog-input 2,device 3 done"]
    );
    let told_requests = requests(&facts);
    assert_eq!(detail(told_requests[0], "reply-segments"), Some("2"));
    let acknowledged = told_requests[0].details.iter().filter(|(name, _)| name == "segment-ack");
    assert_eq!(
        acknowledged.map(|(_, text)| text.as_str()).collect::<Vec<_>>(),
        ["client 0 window 4 positive", "client 1 window 4 positive"]
    );
    // Without the last acknowledgement the reply is told at the end; without a segment, that it is incomplete.
    let facts = told(&[
        (Source, apdu("0275 07 0c 0c02000003 194c")),
        (Destination, apdu("3807 01 04 0c 000002 c402000003 3f")),
    ]);
    assert_eq!(lines(&facts), ["> read read-property [device 3 object-list] - done"]);
    assert_eq!(detail(requests(&facts)[0], "reply-incomplete"), Some("true"));
}

#[test]
fn several_properties_asked_as_one_are_told_as_they_are_answered() {
    let lines = exchange(
        "0004 f1 0e 0c02000003 1e 0908 1f 0c00000001 1e 0955 1f 0c00000002 1e 0955 1f",
        "30f1 0e 0c02000003 1e 294d 4e 7503 00 4131 4f 2970 4e 9100 4f 1f 0c00000001 1e 2955 5e 9101 911f 5f 1f",
    );
    assert_eq!(
        lines,
        [
            "> read read-property-multiple [device 3 object-name] A1 done",
            "> read read-property-multiple [device 3 system-status] operational done",
            "> read read-property-multiple [analog-input 1 present-value] - refused unknown-object",
            "> read read-property-multiple [analog-input 2 present-value] - missing",
        ]
    );
}

#[test]
fn replies_find_the_requests_of_their_own_device() {
    let to = |address: &str, invoke: &str| {
        bvlc(0x0a, &format!("0124 0005 01 {address} ff 0004 {invoke} 0c 0c00000001 1955"))
    };
    let from = |address: &str, invoke: &str, value: &str| {
        bvlc(0x0a, &format!("0108 0005 01 {address} 30{invoke} 0c 0c00000001 1955 3e 21{value} 3f"))
    };
    let facts = told(&[
        (Source, to("0a", "01")),
        (Source, to("0b", "01")),
        (Destination, from("0b", "01", "0b")),
        (Destination, from("0a", "01", "0a")),
        (Destination, apdu("6009 09")),
        (Destination, apdu("7109 04")),
        (Source, apdu("0004 05 0f 0c00800001 1955 3e 2101 3f")),
    ]);
    assert_eq!(
        lines(&facts),
        [
            "> read read-property [analog-input 1 present-value] 11 done",
            "> read read-property [analog-input 1 present-value] 10 done",
            "> discover unknown-service [] - refused unrecognized-service",
            "> discover unknown-service [] - refused segmentation-not-supported",
            "> write write-property [analog-value 1 present-value] 1 missing",
        ]
    );
    assert_eq!(detail(requests(&facts)[0], "destination-network"), Some("5:0b"));
}

#[test]
fn the_virtual_link_and_routers_are_told() {
    let facts = told(&[
        (Source, bvlc(0x05, "003c")),
        (Destination, bvlc(0x00, "0000")),
        (Source, bvlc(0x02, "")),
        (Destination, bvlc(0x03, "c0000201 bac0 ffffffff c0000202 bac0 ffffffff")),
        (Source, bvlc(0x08, "c0000209 bac0")),
        (Destination, bvlc(0x00, "0050")),
        (Source, bvlc(0x01, "c0000201 bac0 ffffffff")),
        (Source, bvlc(0x0b, "0180 00 0005")),
        (Destination, bvlc(0x0b, "0180 01 0005 0006")),
    ]);
    assert_eq!(
        lines(&facts),
        [
            "> configure register-foreign-device [] 60 s done",
            "> read read-broadcast-distribution-table [] 192.0.2.1:47808,192.0.2.2:47808 done",
            "> configure delete-foreign-device-table-entry [] 192.0.2.9:47808 refused \
             delete-foreign-device-table-entry-nak",
            "> discover who-is-router-to-network [network 5] - not-expected",
            "< discover i-am-router-to-network [network 5,6] - not-expected",
            "> configure write-broadcast-distribution-table [] 192.0.2.1:47808 missing",
        ]
    );
    assert_eq!(weaknesses(&facts).len(), 1);
    assert_eq!(identities(&facts), ["192.0.2.20 role router (I-Am-Router-To-Network)"]);
}

#[test]
fn a_flood_of_parts_is_told_to_the_last() {
    let writes = "1e 0955 2e 00 2f 1f 0c00800005 ".repeat(1_000);
    let mut rehearsal = Rehearsal::new(&READER, Transport::Udp, PORT);
    for invoke in 0..20 {
        let write = format!("0004 {invoke:02x} 10 0c00800005 {writes} 1e 0955 2e 00 2f 1f");
        assert!(rehearsal.datagram(Source, &apdu(&write)));
    }
    // Together they outweigh what may be kept; what makes room is told as unanswered.
    assert_eq!(requests(&rehearsal.end()).len(), 20 * 1_001);
}

#[test]
fn it_is_recognised_by_its_layers_on_any_port() {
    let structure = Recognition::Yes(Sureness::ByStructure);
    for (port, bytes, expected) in [
        (PORT, bvlc(0x0b, "0100 1008"), structure),
        (40_000, bvlc(0x0b, "0100 1008"), structure),
        (PORT, bvlc(0x05, "003c"), structure),
        (PORT, bvlc(0x05, "00"), Recognition::No),
        (PORT, bvlc(0x0b, "0240 1008"), Recognition::No),
        (PORT, hex("0001 0000 0006 01 03 0000 0001"), Recognition::No),
    ] {
        assert_eq!(recognise(&READER, Transport::Udp, port, &bytes, &[]), expected, "{bytes:02x?}");
        assert_eq!(recognise(&READER, Transport::Tcp, port, &bytes, &[]), Recognition::No);
    }
}

/// Messages with something of everything.
fn conversation() -> Vec<(Side, Vec<u8>)> {
    vec![
        (
            Source,
            apdu("0002 0f 01 0912 1c02000004 2c0000000a 3900 4e 0955 2e 4442820000 2f 096f 2e 820400 2f 4f"),
        ),
        (Destination, apdu("200f 01")),
        (Source, apdu("0004 f1 0e 0c00000010 1e 0955 0967 1f")),
        (Destination, apdu("30f1 0e 0c00000010 1e 2955 4e 4442909999 4f 2967 4e 9100 4f 1f")),
        (Source, apdu("0275 07 0c 0c02000003 194c")),
        (Destination, apdu("3c07 00 04 0c 0c02000003 194c 3e c400000001 c400")),
        (Destination, apdu("3807 01 04 0c 000002 c402000003 3f")),
        (Source, apdu("0202 01 1a 0c05000001 1983 7e a462031704 b413000000 3104 7f")),
        (Destination, apdu("5001 1a 9101 911f")),
        (Source, bvlc(0x04, "cb007107 bac0 0108 0005 01 0c 1000 c402000003 2201e0 9103 2105")),
        (Source, apdu("1020 0e 0901 1f")),
    ]
}

proptest! {
    #[test]
    fn nothing_that_arrives_makes_it_panic(kind in 0_u8..8, bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let mut rehearsal = Rehearsal::new(&READER, Transport::Udp, PORT);
        rehearsal.datagram(Source, &bytes);
        // Reaching the services needs the layers above them to be sound.
        let mut sound = vec![0x81, 0x0a];
        sound.extend((bytes.len() as u16 + 7).to_be_bytes());
        sound.extend([1, 0, kind << 4]);
        sound.extend(&bytes);
        let _ = recognise(&READER, Transport::Udp, PORT, &sound, &[]);
        rehearsal.datagram(Source, &sound);
        rehearsal.datagram(Destination, &sound);
        rehearsal.end();
    }

    #[test]
    fn every_service_bears_any_data(service in 0_u8..40, reply: bool, bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut body = if reply { vec![0x30, 1, service] } else { vec![0, 5, 1, service] };
        body.extend(&bytes);
        let mut rehearsal = Rehearsal::new(&READER, Transport::Udp, PORT);
        for apdu in [body, [&[0x10, service][..], &bytes].concat()] {
            let mut sound = vec![0x81, 0x0a];
            sound.extend((apdu.len() as u16 + 6).to_be_bytes());
            sound.extend([1, 0]);
            sound.extend(apdu);
            prop_assert!(rehearsal.datagram(Source, &sound));
        }
        for request in requests(&rehearsal.end()) {
            prop_assert!(Protocol::Bacnet.verbs().contains(request.verb));
            prop_assert!(request.value.as_ref().is_none_or(|value| value.len() <= 132));
        }
    }

    #[test]
    fn no_change_of_a_message_makes_it_panic(changes in prop::collection::vec((0_usize..11, 0_usize..60, any::<u8>()), 1..12)) {
        let mut said = conversation();
        for (message, place, value) in changes {
            let bytes = &mut said[message].1;
            let place = place % bytes.len();
            bytes[place] = value;
        }
        let mut rehearsal = Rehearsal::new(&READER, Transport::Udp, PORT);
        for (side, bytes) in said {
            rehearsal.datagram(side, &bytes);
        }
        rehearsal.end();
    }
}
