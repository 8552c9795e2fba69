//! Frames as they go on the link, and as they should not.

use super::parse::parse_lldp;
use crate::rehearse::{facts_of_frames, hex, weaknesses};
use city::{Observed, Request};
use jiff::SignedDuration;
use proptest::prelude::*;

const HEAD: &str = "0180c200000e 00005e005320 88cc";

/// Chassis by MAC address, port by interface name, 120 seconds.
const MANDATORY: &str = "0207 04 00005e005321  0406 05 706f727431  0602 0078";

/// Name, description, capabilities (bridge and router; bridge), management address and interface.
const BASIC: &str =
    "0a06 70756d702d37  0c08 41636d6520312e30  0e04 0014 0004  100c 05 01 c0000220 02 00000003 00";

/// LLDP-MED's inventory; the address of a usage description; a VLAN's name; power; an unknown organisation's part.
const ADDED: &str = "fe08 0012bb05 42203120  fe07 0012bb06 312e31  fe07 0012bb07 322e32  fe06 0012bb08 5339  \
    fe08 0012bb09 41636d65  fe08 0012bb0a 502d3230  fe07 0012bb0b 415431  fe19 00005e01 68747470733a2f2f6d75642e6578616d706c652f70 \
    fe0a 0080c203 0064 03 706c63  fe0c 00120f02 07 01 04 52 0082 0082  fe05 0026e101 01";

fn frame(body: &str) -> Vec<u8> {
    let mut bytes = hex(&format!("{HEAD} {body}"));
    bytes.resize(bytes.len().max(60), 0);
    bytes
}

fn told(frames: &[Vec<u8>], apart: SignedDuration) -> Vec<Observed> {
    let frames: Vec<&[u8]> = frames.iter().map(Vec::as_slice).collect();
    facts_of_frames(&frames, apart)
}

fn lines(facts: &[Observed]) -> Vec<String> {
    facts
        .iter()
        .filter_map(|fact| match fact {
            Observed::Request(request) => {
                let Request { verb, function, target, value, .. } = request.as_ref();
                Some(format!("{verb} {function} [{target}] {}", value.as_deref().unwrap_or("-")))
            }
            Observed::Identity(it) => {
                Some(format!("{} {} {} ({})", it.address, it.about.as_str(), it.value, it.witness.field))
            }
            Observed::Binding(it) => Some(format!("{} is {}", it.address, it.mac)),
            _ => None,
        })
        .collect()
}

const MINUTE: SignedDuration = SignedDuration::from_mins(1);

#[test]
fn a_device_says_who_it_is() {
    let all = frame(&format!("{MANDATORY} {BASIC} {ADDED} 0000"));
    let facts = told(&[all.clone(), all], MINUTE);
    assert_eq!(
        lines(&facts),
        [
            "publish announce [port port1] pump-7",
            "192.0.2.32 name pump-7 (system-name)",
            "192.0.2.32 product Acme 1.0 (system-description)",
            "192.0.2.32 firmware 1.1 (firmware)",
            "192.0.2.32 firmware 2.2 (software)",
            "192.0.2.32 serial S9 (serial)",
            "192.0.2.32 vendor Acme (maker)",
            "192.0.2.32 model P-20 (model)",
            "192.0.2.32 name AT1 (asset)",
            "192.0.2.32 role bridge (capabilities)",
            "192.0.2.32 is 00:00:5e:00:53:20",
            "192.0.2.32 is 00:00:5e:00:53:21",
        ]
    );
    assert!(weaknesses(&facts).is_empty());
    let details = facts.iter().find_map(|fact| match fact {
        Observed::Request(request) => Some(&request.details),
        _ => None,
    });
    let details = details.unwrap();
    for (key, value) in [
        ("chassis", "00:00:5e:00:53:21"),
        ("ttl", "120"),
        ("capabilities", "bridge,router"),
        ("management-interface", "3"),
        ("hardware", "B 1 "),
        ("mud-url", "https://mud.example/p"),
        ("vlan", "100 plc"),
        ("power", "source on, class 3, 13.0 W asked, 13.0 W given"),
        ("part", "802.3 power"),
        ("part", "00-26-e1 1"),
    ] {
        assert!(details.contains(&(key.into(), value.into())), "{key} {value}: {details:?}");
    }
    // Repeats are counted in the conversation.
    let packets = facts.iter().find_map(|fact| match fact {
        Observed::Conversation(it) => Some((it.flow.protocol, it.packets_out)),
        _ => None,
    });
    assert_eq!(packets, Some((Some(city::Protocol::Lldp), 2)));
    assert!(!facts.iter().any(|fact| matches!(fact, Observed::Unread(_))));
}

#[test]
fn what_changes_is_told_and_who_leaves() {
    let named = |name: &str| frame(&format!("{MANDATORY} {name} 0000"));
    let leave = frame("0207 04 00005e005321  0406 05 706f727431  0602 0000  0000");
    let facts = told(&[named("0a01 61"), named("0a01 62"), leave], MINUTE);
    assert_eq!(
        lines(&facts),
        [
            "publish announce [port port1] a",
            "00:00:5e:00:53:20 name a (system-name)",
            "publish announce [port port1] b",
            "00:00:5e:00:53:20 name b (system-name)",
            "publish withdraw [port port1] -",
        ]
    );
    let same = vec![named("0a01 61"); 3];
    assert_eq!(lines(&told(&same, MINUTE * 40)).len(), 4, "once within an hour");
}

#[test]
fn a_station_of_profinet_names_itself_by_its_chassis() {
    let facts = told(&[frame("0207 07 70756d702d37  0409 07 706f72742d303031  0602 0014  0000")], MINUTE);
    assert_eq!(
        lines(&facts),
        ["publish announce [port port-001] -", "00:00:5e:00:53:20 name pump-7 (chassis)"]
    );
}

#[test]
fn what_lacks_a_mandatory_part_is_unread() {
    for body in [
        "",
        "0207 04 00005e005321  0602 0078",
        "0406 05 706f727431 0207 04 00005e005321 0602 0078",
        "fe05 0026e101 01",
    ] {
        let facts = told(&[frame(&format!("{body} 0000"))], MINUTE);
        assert_eq!(lines(&facts), [""; 0], "{body}");
        assert!(facts.iter().any(|fact| matches!(fact, Observed::Unread(_))), "{body}");
    }
}

#[test]
fn an_address_that_is_nobodys_binds_nothing() {
    for address in ["00000005", "ffffffff", "7f000001", "e0000001"] {
        let facts =
            told(&[frame(&format!("{MANDATORY} 0a01 61 100c 05 01 {address} 02 00000003 00 0000"))], MINUTE);
        assert_eq!(lines(&facts).len(), 2, "{address}: {:?}", lines(&facts));
    }
}

proptest! {
    #[test]
    fn whatever_is_cut_off_is_told_as_far_as_it_goes(cut in 0_usize..200) {
        let all = frame(&format!("{MANDATORY} {BASIC} {ADDED} 0000"));
        let bytes = &all[14..];
        let bytes = &bytes[..cut.min(bytes.len())];
        if let Some(message) = parse_lldp(bytes) {
            prop_assert_eq!(message.seconds, 120);
            prop_assert!(bytes.len() >= 21);
        }
    }
}
