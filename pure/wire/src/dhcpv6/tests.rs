//! Messages as they come, and as they should not.

use super::READER;
use super::message::{Code, Identifier};
use super::parse::{parse_message, parse_names};
use crate::dialogue::Side::{Destination, Source};
use crate::recognise::{Recognition, Sureness};
use crate::rehearse::{self, datagrams_between, hex};
use city::{Observed, Reply, Request, Transport};
use proptest::prelude::*;

const CLIENT: &str = "[fe80::200:5eff:fe00:5310]:546";
const OTHER_CLIENT: &str = "[fe80::1234]:546";
const SERVER: &str = "[fe80::1]:547";

fn option(code: u16, value: &str) -> String {
    let bytes = hex(value);
    let value: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{code:04x}{:04x}{value}", bytes.len())
}

fn text(words: &str) -> String {
    words.bytes().map(|byte| format!("{byte:02x}")).collect()
}

/// The client's identifier, by link layer and time.
fn me() -> String {
    option(1, "0001 0001 00000001 00005e005310")
}

fn lease(address: &str) -> String {
    let address = option(5, &format!("{address} 00001194 00001c20"));
    option(3, &format!("00000007 00000e10 00001518 {address}"))
}

const GIVEN: &str = "20010db8000000000000000000000099";

fn request() -> Vec<u8> {
    let name = option(39, &format!("00 06{} 07{}", text("pump-7"), text("example")));
    let class = option(16, &format!("0000 7571 0004{}", text("acme")));
    let asked = option(6, "0017 0018");
    hex(&format!("03 abcdef {} {} {asked} {} {name} {class}", me(), option(8, "0000"), lease(GIVEN)))
}

fn reply() -> Vec<u8> {
    let server = option(2, "0003 0001 00005e005301");
    let names = option(23, "20010db8000000000000000000000053");
    hex(&format!("07 abcdef {} {server} {} {names}", me(), lease(GIVEN)))
}

fn lines(facts: &[Observed]) -> Vec<String> {
    facts
        .iter()
        .filter_map(|fact| match fact {
            Observed::Request(request) => {
                let Request { verb, function, target, value, reply, .. } = request.as_ref();
                let why = if let Reply::Refused(why) = reply { why.as_str() } else { "" };
                let value = value.as_deref().unwrap_or("-");
                Some(
                    format!("{verb} {function} [{target}] {value} {} {why}", reply.as_str())
                        .trim_end()
                        .into(),
                )
            }
            Observed::Identity(it) => Some(format!("{} {} {}", it.address, it.about.as_str(), it.value)),
            Observed::Binding(it) => Some(format!("{} is {}", it.address, it.mac)),
            _ => None,
        })
        .collect()
}

#[test]
fn a_lease_is_told_with_who_has_it() {
    let facts = datagrams_between(CLIENT, SERVER, &[(Source, &request()), (Destination, &reply())]);
    assert_eq!(
        lines(&facts),
        [
            "fe80::200:5eff:fe00:5310 name pump-7.example",
            "fe80::200:5eff:fe00:5310 product acme",
            "configure request [address 2001:db8::99] pump-7.example not-expected",
            "fe80::1 role DHCPv6 server",
            "2001:db8::99 is 00:00:5e:00:53:10",
            "configure reply [address 2001:db8::99] - done",
        ]
    );
    let details: Vec<_> = rehearse::requests(&facts).iter().map(|request| &request.details).collect();
    for (which, key, value) in [
        (0, "id", "abcdef"),
        (0, "client-kind", "link-layer-time"),
        (0, "client-mac", "00:00:5e:00:53:10"),
        (0, "options-asked", "23,24"),
        (0, "client-fqdn", "pump-7.example"),
        (0, "vendor-class", "30065 acme"),
        (1, "server-mac", "00:00:5e:00:53:01"),
        (1, "association", "addresses 7, renew 3600, rebind 5400"),
        (1, "address", "2001:db8::99, preferred 4500, valid 7200"),
        (1, "name-server", "2001:db8::53"),
    ] {
        assert!(details[which].contains(&(key.into(), value.into())), "{key}: {:?}", details[which]);
    }
}

#[test]
fn an_identifier_is_not_taken_for_the_address_of_this_interface() {
    let facts = datagrams_between(OTHER_CLIENT, SERVER, &[(Destination, &reply())]);
    assert!(!facts.iter().any(|fact| matches!(fact, Observed::Binding(_))));
}

#[test]
fn a_relay_tells_the_address_and_is_told() {
    let inside = |message: &[u8]| message.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let peer = "fe80000000000000 0000000000001234";
    let around = |kind: &str, message: &[u8]| {
        let options =
            [option(79, "0001 00005e005310"), option(18, &text("port-7")), option(9, &inside(message))];
        hex(&format!("{kind} 00 20010db8000000000000000000000001 {peer} {}", options.concat()))
    };
    let (forward, back) = (around("0c", &request()), around("0d", &reply()));
    let relay = "[2001:db8::1]:547";
    let server = "[2001:db8::547]:547";
    let facts = datagrams_between(relay, server, &[(Source, &forward), (Destination, &back)]);
    assert_eq!(
        lines(&facts),
        [
            "2001:db8::1 role DHCPv6 relay",
            "fe80::1234 name pump-7.example",
            "fe80::1234 product acme",
            "configure request [address 2001:db8::99] pump-7.example not-expected",
            "2001:db8::547 role DHCPv6 server",
            "2001:db8::99 is 00:00:5e:00:53:10",
            "configure reply [address 2001:db8::99] - done",
        ]
    );
    let details = &rehearse::requests(&facts)[0].details;
    for (key, value) in
        [("relay-peer", "fe80::1234"), ("relay-interface", "port-7"), ("link-layer", "00:00:5e:00:53:10")]
    {
        assert!(details.contains(&(key.into(), value.into())), "{key}: {details:?}");
    }
}

#[test]
fn a_refusal_is_one() {
    let status = option(13, &format!("0002 {}", text("full")));
    let none = option(3, &format!("00000007 00000000 00000000 {status}"));
    let refused = hex(&format!("07 abcdef {} {none}", me()));
    let facts = datagrams_between(CLIENT, SERVER, &[(Destination, &refused)]);
    assert_eq!(lines(&facts)[1..], ["discover reply [] - refused no-addresses"]);
    let prefix = option(26, "00000e10 00001c20 38 20010db8010000000000000000000000");
    let asks =
        hex(&format!("05 abcdef {} {}", me(), option(25, &format!("00000001 00000000 00000000 {prefix}"))));
    let facts = datagrams_between(CLIENT, SERVER, &[(Source, &asks)]);
    assert_eq!(lines(&facts), ["configure renew [prefix 2001:db8:100::/56] - not-expected"]);
}

#[test]
fn it_is_recognised_by_its_structure_and_not_by_chance() {
    let recognise = |bytes: &[u8], port| rehearse::recognise(&READER, Transport::Udp, port, bytes, &[]);
    assert_eq!(recognise(&request(), 9_999), Recognition::Yes(Sureness::ByStructure));
    assert_eq!(recognise(&request()[..30], 547), Recognition::Yes(Sureness::ByPort));
    assert_eq!(recognise(&request()[..30], 9_999), Recognition::No);
    assert_eq!(recognise(b"GET / HTTP/1.1\r\n", 547), Recognition::No);
    assert_eq!(recognise(&[1, 2, 3, 4], 9_999), Recognition::No);
}

#[test]
fn identifiers_and_names_are_read_as_far_as_they_go() {
    assert_eq!(Identifier::of(&hex("0004 000102030405060708090a0b0c0d0e0f")).map(|it| it.kind), Some("uuid"));
    assert_eq!(Identifier::of(&hex("0002 00007571 41")).map(|it| it.kind), Some("enterprise"));
    assert_eq!(Identifier::of(&hex("0005 00")), None);
    let names: Vec<_> =
        parse_names(b"\x03sip\x07example\x00\x01b\x00\x40").into_iter().map(|it| it.len()).collect();
    assert_eq!(names, [2, 1]);
}

proptest! {
    #[test]
    fn whatever_arrives_is_read_within_bounds(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Some(message) = parse_message(&bytes) {
            prop_assert!(message.option(Code::CLIENT).is_none_or(|value| value.len() <= bytes.len()));
        }
    }

    #[test]
    fn what_is_cut_off_is_told_as_far_as_it_goes(cut in 4_usize..60) {
        let whole = request();
        let message = parse_message(&whole[..cut.min(whole.len())]).unwrap();
        prop_assert_eq!(message.id, 0x00ab_cdef);
        prop_assert!(message.options.len() <= 6);
    }
}
