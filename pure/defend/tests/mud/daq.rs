//! The ACLs that the project DAQ compiles of its MUD files: direction, protocol, ports and other end are the same.

use super::others::{folder, read, skipped};
use defend::mud::{Mud, Peer, parse};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Deserialize)]
struct File {
    acls: BTreeMap<String, Vec<Entry>>,
}

#[derive(Deserialize)]
struct Entry {
    rule: Rule,
}

/// The parts of a Faucet ACL's rule; a part that is not here would be an error.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    description: Option<String>,
    dl_type: Option<String>,
    dl_src: Option<String>,
    dl_dst: Option<String>,
    nw_proto: Option<u8>,
    nw_src: Option<String>,
    nw_dst: Option<String>,
    tcp_src: Option<u16>,
    tcp_dst: Option<u16>,
    udp_src: Option<u16>,
    udp_dst: Option<u16>,
    actions: Option<BTreeMap<String, u8>>,
}

/// Direction (`true` from the device), protocol, source port, destination port, other end.
type Passing = (bool, u8, Option<u16>, Option<u16>, String);

fn ours(mud: &Mud) -> BTreeSet<Passing> {
    let rules = mud.rules.iter().filter(|rule| rule.accept && !rule.v6);
    rules
        .map(|rule| {
            let port = |ranges: &Option<Vec<city::NumberRange>>| {
                let [one] = ranges.as_deref()? else { panic!("{rule:?}") };
                assert_eq!(one.first, one.last);
                Some(u16::try_from(one.first).unwrap())
            };
            let [peer] = rule.peers.as_slice() else { panic!("{rule:?}") };
            let peer = match peer {
                Peer::Controller(class) => format!("@ctrl:{class}"),
                Peer::Name(name) => format!("@dns:{name}"),
                other => panic!("{other:?}"),
            };
            (rule.from_device, rule.protocol.unwrap(), port(&rule.source), port(&rule.destination), peer)
        })
        .collect()
}

fn theirs(rules: &[Entry], from_device: bool, of: &str) -> BTreeSet<Passing> {
    rules
        .iter()
        .filter(|entry| {
            entry.rule.description.as_deref().is_some_and(|d| d.contains(&format!("type {of} rule")))
        })
        .map(|Entry { rule }| {
            assert_eq!(rule.dl_type.as_deref(), Some("0x0800"));
            assert_eq!(rule.actions.as_ref().and_then(|actions| actions.get("allow")), Some(&1));
            let (own, peer) =
                if from_device { (&rule.dl_src, &rule.nw_dst) } else { (&rule.dl_dst, &rule.nw_src) };
            assert!(own.is_some());
            let (source, destination) = (rule.tcp_src.or(rule.udp_src), rule.tcp_dst.or(rule.udp_dst));
            (from_device, rule.nw_proto.unwrap(), source, destination, peer.clone().unwrap_or_default())
        })
        .collect()
}

const TYPES: [&str; 6] = ["bacnet", "bacnet_frdev", "bacnet_todev", "controller", "default", "lightbulb"];

#[test]
fn templates_let_the_same_pass() {
    let Some(folder) = folder() else { return skipped(TYPES.len(), "mud templates") };
    for of in TYPES {
        let mud = parse(&read(&folder.join(format!("daq/mud_files/{of}.json")))).unwrap();
        let template = read(&folder.join(format!("daq/mudacl/setup/acl_templates/template_{of}_acl.yaml")));
        let template: File = serde_saphyr::from_str(&template).unwrap();
        let mut expected = theirs(&template.acls[&format!("@from:template_{of}_acl")], true, of);
        expected.extend(theirs(&template.acls[&format!("@to:template_{of}_acl")], false, of));
        assert_eq!(ours(&mud), expected, "{of}");
        assert_eq!(expected.is_empty(), of == "default");
    }
}

/// The same at the ports of a switch, where DAQ has put addresses in the place of names.
#[test]
fn ports_let_the_same_pass() {
    let Some(folder) = folder() else { return skipped(2, "mud ports") };
    let acl = |file: &str, name: &str| {
        let text = read(&folder.join(format!("daq/mudacl/setup/port_acls/{file}.yaml")));
        serde_saphyr::from_str::<File>(&text).unwrap().acls.remove(name).unwrap()
    };
    let upstream = acl("dp_sec_upstream", "dp_sec_upstream");
    for (of, port) in [("lightbulb", "dp_sec_port_1_acl"), ("bacnet", "dp_sec_port_2_acl")] {
        let mut expected = theirs(&acl(port, port), true, of);
        expected.extend(theirs(&upstream, false, of));
        let mud = parse(&read(&folder.join(format!("daq/mud_files/{of}.json")))).unwrap();
        let without_ends = |passing: BTreeSet<Passing>| -> BTreeSet<_> {
            passing
                .into_iter()
                .map(|(from_device, protocol, source, to, _)| (from_device, protocol, source, to))
                .collect()
        };
        assert_eq!(without_ends(ours(&mud)), without_ends(expected), "{of}");
    }
}
