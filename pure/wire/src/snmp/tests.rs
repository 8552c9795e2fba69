//! Dialogues of managers and agents.

use super::READER;
use crate::dialogue::Side::{Destination, Source};
use crate::recognise::{Recognition, Sureness};
use crate::rehearse::{self, hex};
use city::{Observed, Transport, WeaknessKind};

fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let head = if length < 128 {
        vec![tag, length as u8]
    } else {
        vec![tag, 0x82, (length >> 8) as u8, length as u8]
    };
    [head, content.to_vec()].concat()
}

fn oid(text: &str) -> Vec<u8> {
    let arcs: Vec<u32> = text.split('.').map(|arc| arc.parse().unwrap()).collect();
    let mut content = vec![(arcs[0] * 40 + arcs[1]) as u8];
    for arc in &arcs[2..] {
        let digits = (0..5).rev().map(|place| (arc >> (7 * place) & 0x7f) as u8);
        let digits: Vec<u8> = digits.skip_while(|digit| *digit == 0).collect();
        let digits = if digits.is_empty() { vec![0] } else { digits };
        let (last, first) = digits.split_last().unwrap();
        content.extend(first.iter().map(|digit| digit | 0x80));
        content.push(*last);
    }
    element(6, &content)
}

fn binding(name: &str, value: &[u8]) -> Vec<u8> {
    element(0x30, &[oid(name), value.to_vec()].concat())
}

fn pdu(tag: u8, id: u8, error: u8, bindings: &[Vec<u8>]) -> Vec<u8> {
    let list = element(0x30, &bindings.concat());
    element(tag, &[vec![2, 1, id, 2, 1, error, 2, 1, 0], list].concat())
}

fn v2c(community: &str, unit: &[u8]) -> Vec<u8> {
    element(0x30, &[vec![2, 1, 1], element(4, community.as_bytes()), unit.to_vec()].concat())
}

const NULL: &[u8] = &[5, 0];
const FORCE: &str = "1.3.6.1.4.1.13267.3.2.4.2.1.5.1.5.49.49.48.49.49";

fn kinds(facts: &[Observed]) -> Vec<WeaknessKind> {
    rehearse::weaknesses(facts).iter().map(|weakness| weakness.kind).collect()
}

#[test]
fn forcing_a_stage_is_operating_a_signal_of_a_site() {
    let force = [binding(FORCE, &[4, 1, 0x02]), binding("1.3.6.1.4.1.13267.3.2.4.1.0", &[2, 1, 3])];
    let set = v2c("kestrel", &pdu(0xa3, 7, 0, &force));
    let done = v2c("kestrel", &pdu(0xa2, 7, 0, &force));
    let facts = rehearse::datagrams(&READER, 161, &[(Source, &set), (Destination, &done)]);
    assert_eq!(
        rehearse::lines(&facts),
        [
            "> operate set [utcControlFn 11011] F2 done",
            "> operate set [utcType2OperationMode] 3 (utc control) done"
        ]
    );
    assert_eq!(kinds(&facts), [WeaknessKind::CleartextCredentials]);
    assert!(!format!("{facts:?}").contains("kestrel"));
}

#[test]
fn a_signal_controller_is_watched_and_held() {
    let status = "1.3.6.1.4.1.1206.4.2.1.1.4.1.4.1";
    let hold = "1.3.6.1.4.1.1206.4.2.1.1.5.1.4.2";
    let get = v2c("public", &pdu(0xa0, 1, 0, &[binding(status, NULL)]));
    let got = v2c("public", &pdu(0xa2, 1, 0, &[binding(status, &[2, 1, 34])]));
    let set = v2c("public", &pdu(0xa3, 2, 0, &[binding(hold, &[2, 1, 1])]));
    let refused = v2c("public", &pdu(0xa2, 2, 17, &[binding(hold, &[2, 1, 1])]));
    let pattern = binding("1.3.6.1.4.1.1206.4.2.1.4.14.0", &[2, 2, 0, 254]);
    let free = v2c("public", &pdu(0xa3, 3, 0, std::slice::from_ref(&pattern)));
    let freed = v2c("public", &pdu(0xa2, 3, 0, &[pattern]));
    let said = [(Source, &get[..]), (Destination, &got), (Source, &set), (Destination, &refused)];
    let facts =
        rehearse::datagrams(&READER, 161, &[&said[..], &[(Source, &free), (Destination, &freed)]].concat());
    assert_eq!(
        rehearse::lines(&facts),
        [
            "> read get [phaseStatusGroupGreens 1] 34 (2,6) done",
            "> operate set [phaseControlGroupHold 2] 1 (9) refused not-writable",
            "> operate set [systemPatternControl] 254 (free) done",
        ]
    );
    // The community is known before anything is set by it; then it is also a password that crossed readable.
    let expected = [
        WeaknessKind::DefaultCredentials,
        WeaknessKind::CleartextCredentials,
        WeaknessKind::UnauthenticatedControl,
    ];
    assert_eq!(kinds(&facts), expected);
    assert_eq!(rehearse::identities(&facts), ["192.0.2.20 role signal controller (objects)"]);
}

#[test]
fn a_device_says_what_it_is() {
    let names = ["1.3.6.1.2.1.1.1.0", "1.3.6.1.2.1.1.2.0", "1.3.6.1.2.1.1.5.0"];
    let get = v2c("kestrel", &pdu(0xa0, 9, 0, &names.map(|name| binding(name, NULL))));
    let values = [element(4, b"Lamp controller 4"), oid("1.3.6.1.4.1.8691.7.1"), element(4, b"lamp-4")];
    let bindings: Vec<_> = names.iter().zip(&values).map(|(name, value)| binding(name, value)).collect();
    let got = v2c("kestrel", &pdu(0xa2, 9, 0, &bindings));
    let facts = rehearse::datagrams(&READER, 161, &[(Source, &get), (Destination, &got)]);
    assert_eq!(
        rehearse::identities(&facts),
        [
            "192.0.2.20 product Lamp controller 4 (sysDescr)",
            "192.0.2.20 vendor Moxa (sysObjectID)",
            "192.0.2.20 name lamp-4 (sysName)"
        ]
    );
    assert!(rehearse::lines(&facts)[0].starts_with("> discover get [sysDescr] Lamp controller 4 done"));
}

#[test]
fn what_may_be_a_password_is_not_told() {
    let secret = element(4, b"Zwetschge");
    let names = [
        "1.3.6.1.4.1.1206.4.2.6.5.1.0",
        "1.3.6.1.6.3.18.1.1.1.2.9.90.119.101.116.115.99.104.103.101",
        "1.3.6.1.4.1.99999.1.2.0",
        "1.3.6.1.6.3.18.1.4.0",
    ];
    let set = v2c("Zwetschge", &pdu(0xa3, 1, 0, &names.map(|name| binding(name, &secret))));
    let trap = v2c("Zwetschge", &pdu(0xa7, 1, 0, &names.map(|name| binding(name, &secret))));
    let facts = rehearse::datagrams(&READER, 161, &[(Source, &set), (Source, &trap)]);
    let told = format!("{facts:?}");
    assert!(!told.contains("Zwetschge") && !told.contains("90.119"), "{told}");
    assert!(
        rehearse::lines(&facts).contains(&"> configure set [communityNameAdmin] (hidden) missing".into())
    );
}

#[test]
fn version_3_names_its_user_and_hides_the_rest() {
    // Discovery, its report, an encrypted request and its response.
    let ask =
        hex("303e020103 3011020101 020300ffe3 040104 020103 0410300e0400 020100 020100 0400 0400 0400 \
                   3014 0400 0400 a00e 020101 020100 020100 3003 0500 00");
    assert!(super::parse::parse_message(&ask).is_none(), "a broken list of bindings is not taken");
    let header =
        |flags: u8| element(0x30, &[vec![2, 1, 1, 2, 3, 0, 0xff, 0xe3, 4, 1, flags, 2, 1, 3]].concat());
    let parameters = |engine: &[u8], user: &[u8]| {
        let fields =
            [element(4, engine), vec![2, 1, 0, 2, 1, 0], element(4, user), vec![4, 0, 4, 0]].concat();
        element(4, &element(0x30, &fields))
    };
    let engine = hex("800021f3 0412345678");
    let message = |flags: u8, engine: &[u8], user: &[u8], data: Vec<u8>| {
        element(0x30, &[vec![2, 1, 3], header(flags), parameters(engine, user), data].concat())
    };
    let scoped = |unit: Vec<u8>| element(0x30, &[vec![4, 0, 4, 0], unit].concat());
    let discovery = message(4, &[], &[], scoped(pdu(0xa0, 1, 0, &[])));
    let count = binding("1.3.6.1.6.3.15.1.1.4.0", &[0x41, 1, 1]);
    let report = message(0, &engine, &[], scoped(pdu(0xa8, 1, 0, &[count])));
    let request = message(7, &engine, b"operator", element(4, &[9; 24]));
    let response = message(3, &engine, b"operator", element(4, &[8; 24]));
    let said =
        [(Source, &discovery[..]), (Destination, &report), (Source, &request), (Destination, &response)];
    let facts = rehearse::datagrams(&READER, 161, &said);
    assert_eq!(
        rehearse::lines(&facts),
        ["> discover engine-discovery [] - done", "> authenticate encrypted [operator] - done"]
    );
    assert_eq!(rehearse::identities(&facts), ["192.0.2.20 vendor Moxa (snmpEngineID)"]);
    assert!(kinds(&facts).is_empty());
}

#[test]
fn traps_are_published_by_the_device() {
    // Version 1: linkDown of an interface (RFC 1157 clause 4.1.6.3).
    let fields = [oid("1.3.6.1.4.1.8691"), hex("4004c0000214 020102 020100 43012a 3000")].concat();
    let old = element(0x30, &[vec![2, 1, 0], element(4, b"kestrel"), element(0xa4, &fields)].concat());
    let kind = binding("1.3.6.1.6.3.1.1.4.1.0", &oid("1.3.6.1.6.3.1.1.5.1"));
    let new = v2c("kestrel", &pdu(0xa7, 1, 0, &[binding("1.3.6.1.2.1.1.3.0", &[0x43, 1, 9]), kind]));
    let facts = rehearse::datagrams(&READER, 162, &[(Source, &old), (Source, &new)]);
    assert_eq!(
        rehearse::lines(&facts),
        ["> publish trap [linkDown] - not-expected", "> publish trap [coldStart] - not-expected"]
    );
}

#[test]
fn a_stream_tells_the_same_in_any_pieces() {
    let set = v2c("kestrel", &pdu(0xa3, 7, 0, &[binding(FORCE, &[4, 1, 0x02])]));
    let done = v2c("kestrel", &pdu(0xa2, 7, 0, &[binding(FORCE, &[4, 1, 0x02])]));
    let said = [(Source, &set[..]), (Destination, &done[..])];
    let whole = rehearse::lines(&rehearse::stream(&READER, 161, &said));
    assert_eq!(whole.len(), 1);
    for size in 1..set.len() {
        assert_eq!(rehearse::lines(&rehearse::stream_in_pieces(&READER, 161, &said, size)), whole);
    }
}

#[test]
fn it_is_recognised_whole_on_any_port_and_nothing_else_is() {
    let get = v2c("kestrel", &pdu(0xa0, 1, 0, &[binding("1.3.6.1.2.1.1.1.0", NULL)]));
    for port in [161, 40_000] {
        let known = |transport, bytes: &[u8]| rehearse::recognise(&READER, transport, port, bytes, &[]);
        assert_eq!(known(Transport::Udp, &get), Recognition::Yes(Sureness::ByStructure));
        for cut in 1..get.len() {
            assert_eq!(known(Transport::Udp, &get[..cut]), Recognition::No);
            assert_eq!(known(Transport::Tcp, &get[..cut]), Recognition::More, "{cut}");
        }
        // A bind of LDAP begins alike.
        let bind = hex("300c 020101 6007 020103 0400 8000");
        assert_eq!(known(Transport::Udp, &bind), Recognition::No);
        assert_eq!(known(Transport::Tcp, &bind), Recognition::No);
    }
}

#[test]
fn each_message_is_an_event_without_its_community() {
    let get = v2c("kestrel", &pdu(0xa0, 1, 0, &[binding("1.3.6.1.2.1.1.1.0", NULL)]));
    let trap = [
        &oid("1.3.6.1.4.1.13267")[..],
        &element(0x40, &[192, 0, 2, 7]),
        &[2, 1, 2, 2, 1, 0],
        &element(0x43, &[9]),
        &element(0x30, &binding("1.3.6.1.2.1.2.2.1.1.3", &[2, 1, 3])),
    ]
    .concat();
    let trap = element(0x30, &[&[2, 1, 0][..], &element(4, b"kestrel"), &element(0xa4, &trap)].concat());
    let facts = rehearse::datagrams(&READER, 161, &[(Source, &get), (Source, &trap)]);
    assert_eq!(
        rehearse::events(&facts, "eve_snmp"),
        [
            "version=2 community=(hidden) unit=get object=1.3.6.1.2.1.1.1.0",
            "version=1 community=(hidden) unit=trap-1 generic-trap=2 enterprise=1.3.6.1.4.1.13267 agent=192.0.2.7 \
             object=1.3.6.1.2.1.2.2.1.1.3",
        ]
    );
}

#[test]
fn what_comes_before_does_not_hide_questions_of_names() {
    let get = v2c("kestrel", &pdu(0xa0, 1, 0, &[binding("1.3.6.1.2.1.1.1.0", NULL)]));
    let question = hex("0007 0100 0001 0000 0000 0000 04 6c616d70 07 6578616d706c65 00 0001 0001");
    let talk = rehearse::Talk::between(rehearse::SOURCE, "192.0.2.20:53")
        .datagram(Source, &get)
        .datagram(Source, &question);
    let mut wire = crate::Wire::new(rehearse::config());
    let mut out = Vec::new();
    for (time, bytes) in &talk.frames {
        let length = bytes.len() as u32;
        wire.see(&crate::Frame { time: *time, link: crate::LinkType(1), bytes, length }, &mut out);
    }
    wire.finish(&mut out);
    let facts: Vec<_> = out.into_iter().map(|observation| observation.fact).collect();
    let protocols = rehearse::requests(&facts).into_iter().map(|request| request.flow.protocol);
    let (snmp, dns) = (Some(city::Protocol::Snmp), Some(city::Protocol::Dns));
    assert_eq!(protocols.collect::<Vec<_>>(), [snmp, dns]);
    let whole = facts.iter().find_map(|fact| match fact {
        Observed::Conversation(it) => Some(it.flow.protocol),
        _ => None,
    });
    assert_eq!(whole, Some(dns));
}
