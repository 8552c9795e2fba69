//! Advertisements as they come, and as they should not.

use super::parse::parse_message;
use crate::rehearse::{facts_of_frames, hex, identities, weaknesses};
use city::{Observed, Request};
use jiff::SignedDuration;

/// A frame with an advertisement over IPv4 to all routers, without checksums.
fn frame(said: &str) -> Vec<u8> {
    let said = hex(said);
    let length = said.len() as u16 + 20;
    let mut bytes = hex(&format!(
        "01005e000012 00005e000107 0800 4500 {length:04x} 0000 0000 ff70 0000 c000020a e0000012"
    ));
    bytes.extend(said);
    bytes
}

fn lines(facts: &[Observed]) -> Vec<String> {
    let line = |fact: &Observed| match fact {
        Observed::Request(request) => {
            let Request { verb, function, target, value, .. } = request.as_ref();
            Some(format!("{verb} {function} [{target}] {}", value.as_deref().unwrap_or("-")))
        }
        _ => None,
    };
    facts.iter().filter_map(line).collect()
}

const V3: &str = "31 07 64 02 0064 0000 c0000201 c0000202";
const V3_GIVES_UP: &str = "31 07 00 02 0064 0000 c0000201 c0000202";
/// With the password `sesame`.
const V2: &str = "21 07 c8 01 01 01 0000 c0000201 736573616d650000";

#[test]
fn what_changes_of_a_virtual_router_is_told() {
    let (one, last) = (frame(V3), frame(V3_GIVES_UP));
    let facts = facts_of_frames(&[&one, &one, &one, &last], SignedDuration::from_secs(1));
    assert_eq!(
        lines(&facts),
        [
            "publish advertise [router 7 192.0.2.1] priority 100, 192.0.2.2",
            "configure resign [router 7 192.0.2.1] priority 0, 192.0.2.2",
        ]
    );
    assert_eq!(identities(&facts), ["192.0.2.10 role router (VRRP)"]);
    assert!(weaknesses(&facts).is_empty());
}

#[test]
fn a_readable_password_is_a_weakness_and_not_told() {
    let one = frame(V2);
    let facts = facts_of_frames(&[&one, &one], SignedDuration::from_secs(1));
    assert_eq!(weaknesses(&facts).len(), 1);
    let shown = format!("{facts:?}");
    assert!(!shown.contains("sesame") && !shown.contains("736573"));
}

#[test]
fn what_contradicts_itself_is_none() {
    let bytes = hex(V3);
    for length in 0..bytes.len() {
        assert_eq!(parse_message(&bytes[..length], false), None, "{length}");
    }
    assert!(parse_message(&bytes, false).is_some());
    for odd in [
        "31 00 64 02 0064 0000 c0000201 c0000202",
        "31 07 64 00 0064 0000",
        "21 07 64 02 0064 0000 c0000201 c0000202",
        "41 07 64 01 0064 0000 c0000201",
    ] {
        assert_eq!(parse_message(&hex(odd), false), None, "{odd}");
    }
}
