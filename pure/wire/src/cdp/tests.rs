//! Frames as they go on the link, and as they should not.

use crate::rehearse::{facts_of_frames, hex};
use city::{Observed, Request};
use jiff::SignedDuration;

/// To all, from a switch; 802.2 with SNAP.
fn frame(body: &str) -> Vec<u8> {
    let behind = hex(&format!("aaaa03 00000c 2000 {body}"));
    let mut bytes = hex("01000ccccccc 00005e005320");
    bytes.extend((behind.len() as u16).to_be_bytes());
    bytes.extend(behind);
    bytes
}

fn part(kind: u16, value: &[u8]) -> String {
    let hexadecimal: String = value.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{kind:04x}{:04x}{hexadecimal}", value.len() + 4)
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

fn announcement() -> String {
    let addresses =
        hex("00000002 01 01 cc 0004 c0000220 02 08 aaaa0300000086dd 0010 20010db8000000000000000000000007");
    let software = b"Cisco IOS Software, X20 Software (X20-IP-M), Version 12.2(25)SE, RELEASE SOFTWARE\nCompiled some day";
    [
        "02b40000".to_owned(),
        part(1, b"switch-7"),
        part(5, software),
        part(6, b"cisco X20-24"),
        part(2, &addresses),
        part(3, b"GigabitEthernet0/5"),
        part(4, &[0, 0, 0, 0x28]),
        part(9, b"town"),
        part(0x0a, &[0, 1]),
        part(0x0b, &[1]),
        part(0x0e, &[1, 0, 20]),
        part(0x10, &[0x18, 0x9c]),
        part(0x1f, &[7]),
    ]
    .concat()
}

#[test]
fn a_switch_says_who_it_is() {
    let bytes = frame(&announcement());
    let facts = facts_of_frames(&[&bytes, &bytes], SignedDuration::from_mins(1));
    assert_eq!(
        lines(&facts),
        [
            "publish announce [port GigabitEthernet0/5] switch-7",
            "192.0.2.32 name switch-7 (device)",
            "192.0.2.32 vendor Cisco (platform)",
            "192.0.2.32 model cisco X20-24 (platform)",
            "192.0.2.32 firmware 12.2(25)SE (software)",
            "192.0.2.32 product Cisco IOS Software, X20 Software (X20-IP-M), Version 12.2(25)SE, RELEASE SOFTWARE (software)",
            "192.0.2.32 role switch,IGMP filter (capabilities)",
            "192.0.2.32 is 00:00:5e:00:53:20",
            "2001:db8::7 is 00:00:5e:00:53:20",
        ]
    );
    let Some(Observed::Request(request)) = facts.iter().find(|fact| matches!(fact, Observed::Request(_)))
    else {
        panic!("{facts:?}")
    };
    for (key, value) in [
        ("ttl", "180"),
        ("native-vlan", "1"),
        ("voice-vlan", "20"),
        ("duplex", "full"),
        ("vtp-domain", "town"),
        ("power", "6300"),
        ("part", "31"),
    ] {
        assert!(request.details.contains(&(key.into(), value.into())), "{key}: {:?}", request.details);
    }
}

#[test]
fn what_names_no_device_is_unread() {
    let nameless = format!("02b40000{}", part(6, b"cisco X20-24"));
    let wrong_version = announcement().replacen("02b4", "07b4", 1);
    let empty_name = format!("02b40000{}", part(1, b""));
    let short = "02b40000 0001 0002 6161".to_owned();
    for body in [nameless, wrong_version, empty_name, short, String::new()] {
        let bytes = frame(&body);
        let facts = facts_of_frames(&[&bytes], SignedDuration::from_mins(1));
        assert_eq!(lines(&facts), [""; 0], "{body}");
    }
}

#[test]
fn whatever_is_cut_off_is_told_as_far_as_it_goes() {
    let bytes = frame(&announcement());
    for length in 0..bytes.len() {
        let facts = facts_of_frames(&[&bytes[..length]], SignedDuration::from_mins(1));
        let told = lines(&facts);
        assert!(
            told.is_empty() || told.iter().any(|line| line.ends_with("name switch-7 (device)")),
            "{told:?}"
        );
    }
}
