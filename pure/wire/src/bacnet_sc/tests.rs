//! Connections without TLS, from the opening on.

use crate::dialogue::Side::{self, Destination, Source};
use crate::http;
use crate::rehearse::{self, detail, hex, identities, lines, requests, weaknesses};
use crate::websocket::tests::{frame, opening};
use city::{Observed, Protocol, WeaknessKind};

const MASK: Option<[u8; 4]> = Some([0x37, 0xfa, 0x21, 0x3d]);

/// What is told of a node's connection, with the binary messages that are said in it.
fn told(subprotocol: &str, said: &[(Side, &str)]) -> Vec<Observed> {
    let [request, reply] = opening("/hub", subprotocol, "");
    let mut all = vec![(Source, request), (Destination, reply)];
    for (side, bytes) in said {
        all.push((*side, frame(0x82, MASK.filter(|_| *side == Source), &hex(bytes))));
    }
    let all: Vec<_> = all.iter().map(|(side, bytes)| (*side, bytes.as_slice())).collect();
    let whole = rehearse::stream(&http::READER, 80, &all);
    let pieces = rehearse::stream_in_pieces(&http::READER, 80, &all, 7);
    assert_eq!(lines(&whole), lines(&pieces));
    whole
}

const CONNECT: &str = "06 00 0001 020000000001 000102030405060708090a0b0c0d0e0f 05dc 05b4";
const ACCEPT: &str = "07 00 0001 0200000000fe f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff 05dc 05b4";

#[test]
fn a_node_joins_and_writes_to_a_station_behind_the_hub() {
    // WriteProperty of analog-value 1's present value, for the station 02:…:02; and the hub's own words about it.
    let facts = told(
        "hub.bsc.bacnet.org",
        &[
            (Source, CONNECT),
            (Destination, ACCEPT),
            (Source, "0a 00 0002"),
            (Destination, "0b 00 0002"),
            (Source, "01 04 0003 020000000002 0104 0005 59 0f 0c00800001 1955 3e 4442c80000 3f"),
            (Destination, "01 08 0099 020000000002 0100 2059 0f"),
        ],
    );
    let protocols: Vec<_> = facts
        .iter()
        .filter_map(|fact| if let Observed::Recognised(flow) = fact { flow.protocol } else { None })
        .collect();
    assert_eq!(protocols, [Protocol::Websocket, Protocol::BacnetSc]);
    assert_eq!(
        lines(&facts)[2..],
        [
            "> authenticate connect-request [] 02:00:00:00:00:01 done",
            "> write write-property [analog-value 1 present-value] 100 done"
        ]
    );
    let write = requests(&facts)[3];
    assert_eq!(detail(write, "virtual-destination"), Some("02:00:00:00:00:02"));
    assert_eq!(detail(write, "bvlc-function"), Some("encapsulated-npdu"));
    let kinds: Vec<_> = weaknesses(&facts).iter().map(|weakness| weakness.kind).collect();
    assert_eq!(kinds, [WeaknessKind::AnonymousLogin, WeaknessKind::UnauthenticatedControl]);
    assert_eq!(
        identities(&facts)[1..],
        [
            "192.0.2.10 role BACnet/SC node (WebSocket subprotocol)",
            "192.0.2.20 role BACnet/SC hub (WebSocket subprotocol)",
            "192.0.2.10 name 00010203-0405-0607-0809-0a0b0c0d0e0f (Connect-Request)",
            "192.0.2.20 name f0f1f2f3-f4f5-f6f7-f8f9-fafbfcfdfeff (Connect-Accept)"
        ]
    );
}

#[test]
fn stations_behind_a_hub_are_not_mixed_up() {
    // Two stations ask the node with the same invoke id; it answers the second first.
    let read = "0104 0005 07 0c 0c00000001 1955";
    let facts = told(
        "hub.bsc.bacnet.org",
        &[
            (Destination, &format!("01 08 0001 020000000002 {read}")),
            (Destination, &format!("01 08 0001 020000000003 {read}")),
            (Source, "01 04 0002 020000000003 0100 3007 0c 0c00000001 1955 3e 4441a00000 3f"),
            (Source, "01 04 0002 020000000002 0100 50 07 0c 9101 911f"),
            // I-Am of a station behind the hub: not the hub's own name.
            (Destination, "01 0c 0005 020000000003 ffffffffffff 0100 1000 c402000007 2205c4 9100 21ff"),
        ],
    );
    let read = "< read read-property [analog-input 1 present-value]";
    assert_eq!(
        lines(&facts)[2..],
        [
            format!("{read} 20 done"),
            format!("{read} - refused unknown-object"),
            "< discover i-am [device 7] vendor-255 not-expected".to_owned()
        ]
    );
    assert_eq!(detail(requests(&facts)[2], "virtual-source"), Some("02:00:00:00:00:03"));
    assert_eq!(identities(&facts).len(), 3);
}

#[test]
fn refusals_and_addresses_are_told() {
    let facts = told(
        "dc.bsc.bacnet.org",
        &[
            (Source, CONNECT),
            (Destination, "00 00 0001 06 01 00 0007 0099 74616b656e"),
            (Source, "02 00 0002"),
            (Destination, "03 00 0002 7773733a2f2f6578616d706c65"),
            (Destination, "04 00 0003 01 01 05dc 05b4"),
            (Source, "08 00 0004"),
        ],
    );
    let told = lines(&facts);
    assert!(told[2].starts_with("> authenticate connect-request [] 02:00:00:00:00:01 refused "), "{told:?}");
    assert_eq!(
        told[3..],
        [
            "> discover address-resolution [] wss://example done",
            "< publish advertisement [] connected to primary hub not-expected",
            "> authenticate disconnect-request [] - missing"
        ]
    );
    assert!(weaknesses(&facts).is_empty());
}

#[test]
fn what_is_no_message_is_passed_over() {
    let facts =
        told("hub.bsc.bacnet.org", &[(Source, "ff"), (Destination, "01 ff 0001"), (Source, "01 00 0001 02")]);
    assert_eq!(lines(&facts).len(), 2);
}
