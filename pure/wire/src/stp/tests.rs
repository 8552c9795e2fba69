//! Frames as they go on the link, and as they should not.

use super::Bridges;
use super::message::Unit;
use super::parse::parse_unit;
use crate::link::Seen;
use crate::rehearse::{START, config, facts_of_frames, hex};
use city::{Mac, Observed, Request};
use jiff::SignedDuration;

/// To the bridges' group, from a bridge's port.
fn frame(unit: &str) -> Vec<u8> {
    let behind = hex(&format!("424203 {unit}"));
    let mut bytes = hex("0180c2000000 00005e005320");
    bytes.extend((behind.len() as u16).to_be_bytes());
    bytes.extend(behind);
    bytes.resize(bytes.len().max(60), 0);
    bytes
}

const ROOT: &str = "8001 00005e005301";
const SELF: &str = "8001 00005e005302";

/// Flags, root, cost, bridge; port 0x800c and the usual times.
fn tree(head: &str, flags: u8, root: &str, cost: u32, bridge: &str) -> String {
    format!("0000 {head} {flags:02x} {root} {cost:08x} {bridge} 800c 0000 1400 0200 0f00 00")
}

fn lines(frames: &[String]) -> Vec<String> {
    let frames: Vec<Vec<u8>> = frames.iter().map(|unit| frame(unit)).collect();
    let frames: Vec<&[u8]> = frames.iter().map(Vec::as_slice).collect();
    facts_of_frames(&frames, SignedDuration::from_secs(2)).iter().filter_map(line).collect()
}

fn line(fact: &Observed) -> Option<String> {
    match fact {
        Observed::Request(request) => {
            let Request { verb, function, target, value, .. } = request.as_ref();
            let target = target.to_string().replace("00:00:5e:00:53:", "");
            let value = value.as_deref().unwrap_or("-").replace("00:00:5e:00:53:", "");
            Some(format!("{verb} {function} [{target}] {value}"))
        }
        Observed::Identity(it) => Some(format!("{} {}", it.about.as_str(), it.value)),
        _ => None,
    }
}

#[test]
fn a_bridge_is_told_once_and_then_what_changes() {
    let quiet = tree("0202", 0x3c, ROOT, 4, SELF);
    let hellos = vec![quiet; 200];
    assert_eq!(
        lines(&hellos),
        ["role bridge", "publish rapid-tree [bridge 8001.02] root 8001.01, cost 4, port 800c, designated"]
    );
    let other = "7000 00005e005366";
    let units = [
        tree("0000", 0, ROOT, 4, SELF),
        tree("0000", 1, ROOT, 4, SELF),
        tree("0000", 1, ROOT, 4, SELF),
        tree("0000", 0, other, 8, SELF),
        tree("0000", 0, SELF, 0, SELF),
    ];
    assert_eq!(
        lines(&units),
        [
            "role bridge",
            "publish spanning-tree [bridge 8001.02] root 8001.01, cost 4, port 800c",
            "configure topology-change [bridge 8001.02] -",
            "configure root-change [bridge 8001.02] 8001.01 to 7000.66",
            "publish spanning-tree [bridge 8001.02] root 7000.66, cost 8, port 800c",
            "role root bridge",
            "configure root-change [bridge 8001.02] 7000.66 to 8001.02",
            "publish spanning-tree [bridge 8001.02] root 8001.02, cost 0, port 800c",
        ]
    );
}

#[test]
fn a_root_from_where_nobody_spoke_is_another() {
    let other = "7000 00005e005366";
    let mut frames = vec![frame(&tree("0000", 0, ROOT, 4, SELF)); 15];
    let mut newcomer = frame(&tree("0000", 0, other, 0, other));
    newcomer[11] = 0x66;
    frames.push(newcomer.clone());
    let told = |frames: &[Vec<u8>]| {
        let frames: Vec<&[u8]> = frames.iter().map(Vec::as_slice).collect();
        let facts = facts_of_frames(&frames, SignedDuration::from_secs(2));
        facts.iter().filter_map(line).filter(|line| line.contains("root-change")).collect::<Vec<_>>()
    };
    assert_eq!(told(&frames), ["configure root-change [bridge 7000.66] 8001.01 to 7000.66"]);
    // Two trees that were there from the beginning.
    assert_eq!(told(&[frames[0].clone(), newcomer]), [""; 0]);
}

#[test]
fn a_notification_is_told_once_until_it_is_heard() {
    let notify = "0000 00 80".to_owned();
    assert_eq!(lines(&vec![notify; 20]), ["configure topology-change-notification [] -"]);
}

#[test]
fn regions_of_multiple_trees_are_read() {
    let region = "town".bytes().map(|byte| format!("{byte:02x}")).collect::<String>() + &"00".repeat(28);
    let digest = "ab".repeat(16);
    let unit = format!(
        "{} 0050 00 {region} 0007 {digest} 00030d40 8000 00005e005302 14 7c 6001 00005e005303 00000000 808014",
        tree("0302", 0x3c, ROOT, 200_000, "8000 00005e005304")
    );
    let bytes = frame(&unit);
    let facts = facts_of_frames(&[&bytes], SignedDuration::from_secs(2));
    let told: Vec<_> = facts.iter().filter_map(line).collect();
    assert_eq!(
        told,
        [
            "role bridge",
            "publish multiple-trees [bridge 8000.02] root 8001.01, cost 200000, port 800c, designated"
        ]
    );
    let Some(Observed::Request(request)) = facts.iter().find(|fact| matches!(fact, Observed::Request(_)))
    else {
        panic!("{facts:?}")
    };
    for (key, value) in [
        ("region", "town"),
        ("revision", "7"),
        ("digest", digest.as_str()),
        ("regional-root", "8000.00:00:5e:00:53:04"),
        ("hops", "20"),
        ("delay", "15.00"),
        ("tree", "1 root 6001.00:00:5e:00:53:03, cost 0, designated, learning,forwarding,agreement"),
    ] {
        assert!(request.details.contains(&(key.into(), value.into())), "{key}: {:?}", request.details);
    }
}

#[test]
fn ciscos_tree_of_a_vlan_is_read() {
    let behind = hex(&format!("aaaa03 00000c 010b {} 0000 0002 0014", tree("0202", 0x3c, ROOT, 4, SELF)));
    let mut bytes = hex("01000ccccccd 00005e005320");
    bytes.extend((behind.len() as u16).to_be_bytes());
    bytes.extend(behind);
    let facts = facts_of_frames(&[&bytes], SignedDuration::from_secs(2));
    let vlan = facts.iter().find_map(|fact| match fact {
        Observed::Request(request) => request.details.iter().find(|(key, _)| key == "vlan").cloned(),
        _ => None,
    });
    assert_eq!(vlan, Some(("vlan".into(), "20".into())));
}

#[test]
fn what_is_cut_off_says_nothing() {
    let unit = hex(&tree("0000", 0, ROOT, 4, SELF));
    for length in 0..35 {
        assert_eq!(parse_unit(&unit[..length], false), None, "{length}");
    }
    assert!(matches!(parse_unit(&unit[..35], false), Some(Unit::Tree(_))));
    for odd in ["0001 00 00", "0000 02 07", "0000 02 02 00"] {
        assert_eq!(parse_unit(&hex(odd), false), None, "{odd}");
    }
}

#[test]
fn a_flood_of_bridges_is_bounded() {
    let mut bridges = Bridges::default();
    let (config, mut out) = (config(), Vec::new());
    let (hello, notify) = (hex(&tree("0000", 0, ROOT, 4, SELF)), hex("0000 00 80"));
    for number in 0..30_000_u32 {
        let [_, _, a, b] = number.to_be_bytes();
        let (source, destination) = (Mac([2, 0, 0, 0, a, b]), Mac([1, 0x80, 0xc2, 0, 0, 0]));
        let seen = Seen {
            config: &config,
            time: START,
            source,
            destination,
            vlan: None,
            number: super::ACCESS_POINT,
        };
        for unit in [&hello, &notify] {
            bridges.read(unit, &seen, &mut out).unwrap();
        }
    }
    assert!(bridges.remembered() <= crate::news::REMEMBERED + 2 * 8_192 + 32);
}
