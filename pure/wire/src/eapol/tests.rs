//! Frames as they go on the link, and as they should not.

use super::Ports;
use super::parse::{parse_eap, parse_frame};
use crate::link::Seen;
use crate::rehearse::{START, config, facts_of_frames, hex, weaknesses};
use city::{Mac, Observed, Reply, Request};
use jiff::SignedDuration;
use proptest::prelude::*;

const DEVICE: &str = "00005e005310";
const SWITCH: &str = "00005e005320";
const ALL: &str = "0180c2000003";

fn frame(to: &str, from: &str, kind: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = hex(&format!("{to}{from}888e 02 {kind:02x} {:04x}", body.len()));
    bytes.extend(body);
    bytes.resize(bytes.len().max(60), 0);
    bytes
}

fn eap(to: &str, from: &str, code: u8, identifier: u8, rest: &[u8]) -> Vec<u8> {
    let mut body = vec![code, identifier, 0, rest.len() as u8 + 4];
    body.extend(rest);
    frame(to, from, 0, &body)
}

fn told(frames: &[Vec<u8>]) -> Vec<Observed> {
    let frames: Vec<&[u8]> = frames.iter().map(Vec::as_slice).collect();
    facts_of_frames(&frames, SignedDuration::from_secs(1))
}

fn lines(facts: &[Observed]) -> Vec<String> {
    facts
        .iter()
        .filter_map(|fact| match fact {
            Observed::Request(request) => {
                let Request { flow, verb, function, target, reply, .. } = request.as_ref();
                let why = if let Reply::Refused(why) = reply { why.as_str() } else { "" };
                let ends = format!("{}>{}", flow.source, flow.destination);
                let ends = ends.replace("00:00:5e:00:53:", "").replace("01:80:c2:00:00:03", "all");
                Some(
                    format!("{ends} {verb} {function} [{target}] {} {why}", reply.as_str()).trim_end().into(),
                )
            }
            Observed::Identity(it) => Some(format!("{} {}", it.about.as_str(), it.value)),
            _ => None,
        })
        .collect()
}

/// A login with a method, to groups, as it goes on a cable.
fn login(name: &str, method: u8, answer: &[u8], outcome: u8) -> Vec<Vec<u8>> {
    vec![
        frame(ALL, DEVICE, 1, &[]),
        eap(ALL, SWITCH, 1, 1, &[1]),
        eap(ALL, DEVICE, 2, 1, &[&[1], name.as_bytes()].concat()),
        eap(ALL, SWITCH, 1, 2, &[&[method][..], &[7; 17]].concat()),
        eap(ALL, DEVICE, 2, 2, &[&[method], answer].concat()),
        eap(ALL, SWITCH, outcome, 2, &[]),
    ]
}

#[test]
fn who_is_let_in_is_told_with_the_method() {
    let facts = told(&login("anonymous", 13, &[0], 3));
    assert_eq!(
        lines(&facts),
        [
            "10>all authenticate start [] not-expected",
            "role authenticator",
            "10>20 authenticate eap-tls [anonymous] done",
        ]
    );
    assert!(weaknesses(&facts).is_empty());
    let facts = told(&login("host/pump-7.example", 25, &[0], 4));
    assert_eq!(
        lines(&facts)[2..],
        ["name pump-7.example", "10>20 authenticate eap-peap [host/pump-7.example] refused failure"]
    );
}

#[test]
fn a_password_that_shows_or_can_be_guessed_is_a_weakness() {
    let secret = b"open sesame";
    for (method, words) in [
        (4, "password of user name ann: eap-md5 outside a tunnel lets whoever listens guess it at leisure"),
        (6, "password of user name ann: eap-gtc sends it readable"),
        (17, "password of user name ann: eap-leap outside a tunnel lets whoever listens guess it at leisure"),
    ] {
        let facts = told(&login("ann", method, secret, 3));
        let [weakness] = &weaknesses(&facts)[..] else { panic!("{facts:?}") };
        assert_eq!(weakness.detail, words);
        assert_eq!(weakness.address.to_string(), "00:00:5e:00:53:20");
        assert!(!format!("{facts:?}").contains("open sesame"));
    }
}

#[test]
fn a_refused_method_and_a_login_without_an_end_are_told() {
    let frames = [
        eap(DEVICE, SWITCH, 1, 1, &[1]),
        eap(SWITCH, DEVICE, 2, 1, b"\x01ann"),
        eap(DEVICE, SWITCH, 1, 2, &[4, 1, 7]),
        eap(SWITCH, DEVICE, 2, 2, &[3, 25]),
        eap(DEVICE, SWITCH, 1, 3, &[25, 32]),
        eap(SWITCH, DEVICE, 2, 3, &[25, 0]),
    ];
    let facts = told(&frames);
    assert_eq!(lines(&facts), ["role authenticator", "10>20 authenticate eap-peap [ann] missing"]);
    let Some(Observed::Request(request)) = facts.iter().find(|fact| matches!(fact, Observed::Request(_)))
    else {
        panic!("{facts:?}")
    };
    let detail = |key: &str, value: &str| request.details.contains(&(key.into(), value.into()));
    assert!(detail("offered", "eap-md5") && detail("offered", "eap-peap") && detail("refused", "eap-md5"));
    assert!(weaknesses(&facts).is_empty(), "only asked for, never answered");
}

#[test]
fn what_is_told_by_name_is_told_once() {
    let frames = [
        frame(ALL, DEVICE, 5, &[1; 30]),
        frame(ALL, DEVICE, 5, &[2; 30]),
        frame(DEVICE, SWITCH, 3, &[2; 95]),
        frame(ALL, DEVICE, 2, &[]),
    ];
    assert_eq!(
        lines(&told(&frames)),
        [
            "10>all authenticate key-agreement [] not-expected",
            "20>10 authenticate key-rsn [] not-expected",
            "10>all authenticate logoff [] not-expected",
        ]
    );
}

#[test]
fn what_contradicts_itself_is_unread() {
    let frames = [
        hex("0180c2000003 00005e005310 888e 9b 00 0000"),
        frame(ALL, DEVICE, 77, &[]),
        frame(ALL, DEVICE, 0, &[]),
        frame(ALL, DEVICE, 0, &[2, 1, 0, 200, 1]),
        frame(ALL, DEVICE, 0, &[9, 1, 0, 4]),
        hex("0180c2000003 00005e005310 888e 02 00 0040 0201 0040 01 61"),
    ];
    assert_eq!(lines(&told(&frames)), [""; 0]);
}

#[test]
fn a_flood_of_logins_is_bounded() {
    let mut ports = Ports::default();
    let (config, mut out) = (config(), Vec::new());
    for number in 0..30_000_u32 {
        let [_, _, a, b] = number.to_be_bytes();
        let (one, other) = (Mac([2, 0, 0, 0, a, b]), Mac([2, 0, 0, 1, a, b]));
        let mut read = |source, destination, frame: &[u8]| {
            let number = super::ETHER_TYPE;
            let seen = Seen { config: &config, time: START, source, destination, vlan: None, number };
            ports.read(frame, &seen, &mut out).unwrap();
        };
        read(other, one, &hex("0200 0005 0101 0005 01"));
        read(one, other, &hex("0200 0006 0201 0006 01 61"));
        read(one, other, &hex("0200 0006 0202 0006 04 61"));
    }
    assert!(ports.remembered() <= 2 * (1_024 + crate::news::REMEMBERED));
}

proptest! {
    #[test]
    fn whatever_arrives_is_read_within_bounds(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        if let Some(frame) = parse_frame(&bytes) {
            prop_assert!(frame.body.len() + 4 <= bytes.len());
            if let Some(eap) = parse_eap(frame.body) {
                prop_assert!(eap.data.len() + 4 <= frame.body.len());
            }
        }
    }
}
