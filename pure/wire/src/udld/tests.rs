//! Frames as they go on the link, and as they should not.

use super::parse::parse_udld;
use crate::rehearse::{facts_of_frames, hex, identities};
use city::Observed;
use jiff::SignedDuration;

/// A probe of a switch that hears another.
const PROBE: &str = "21 00 0000 0001 000a 534e30303031 0002 000a 4769302f3130 \
    0003 0016 00000001 0006 534e30303032 0004 4769302f 0004 0005 07 0006 000c 7377697463682d37 0007 0008 00000001";

fn frame(body: &str) -> Vec<u8> {
    let behind = hex(&format!("aaaa03 00000c 0111 {body}"));
    let mut bytes = hex("01000ccccccc 00005e005320");
    bytes.extend((behind.len() as u16).to_be_bytes());
    bytes.extend(behind);
    bytes
}

#[test]
fn a_switch_tells_its_serial_number() {
    let (probe, flush) = (frame(PROBE), frame(&PROBE.replacen("21", "23", 1)));
    let facts = facts_of_frames(&[&probe, &probe, &flush], SignedDuration::from_secs(15));
    assert_eq!(
        identities(&facts),
        ["00:00:5e:00:53:20 serial SN0001 (device)", "00:00:5e:00:53:20 name switch-7 (name)"]
    );
    let told: Vec<_> = facts
        .iter()
        .filter_map(|fact| match fact {
            Observed::Request(it) => Some((it.function.as_str(), it.target.to_string(), it.details.clone())),
            _ => None,
        })
        .collect();
    let [(first, port, details), (last, ..)] = &told[..] else { panic!("{told:?}") };
    assert_eq!((*first, port.as_str(), *last), ("announce", "port Gi0/10", "withdraw"));
    assert!(details.contains(&("heard".into(), "SN0002 Gi0/".into())), "{details:?}");
}

#[test]
fn what_names_nobody_is_none() {
    let bytes = hex(PROBE);
    for length in 0..24 {
        assert_eq!(parse_udld(&bytes[..length]), None, "{length}");
    }
    for length in 24..bytes.len() {
        assert!(parse_udld(&bytes[..length]).is_some(), "{length}");
    }
    assert_eq!(parse_udld(&hex("41 00 0000 0001 000a 534e30303031 0002 000a 4769302f3130")), None);
}
