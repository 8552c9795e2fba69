//! Rules about packets to flows: who begins to whom.
//!
//! A rule that says who begins is about a beginning where the packet comes from whoever begins, else about an answer.
//! One that does not say so is about a beginning where it names the port that packets go to, or none; where it names only
//! the port that they come from, it can only be about answers.

use super::{Mud, Peer, Rule};
use city::{NumberRange, Ports, Transport};
use std::collections::{BTreeMap, BTreeSet};

/// A flow that may begin.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Flow {
    pub device_begins: bool,
    /// Who is at the other end; `None` is anyone.
    pub peer: Option<Peer>,
    pub what: What,
}

/// What carries a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum What {
    Everything,
    Ports(Ports),
    Icmp,
    /// Another IP protocol.
    Packets(u8),
}

const ALL: NumberRange = NumberRange { first: 0, last: 65_535 };

/// The flows that may begin, each with whether its answers are listed too, and what the rules say beyond them.
pub(super) fn flows(mud: &Mud, notes: &mut Vec<String>) -> BTreeMap<Flow, bool> {
    let mut begun: BTreeMap<Flow, bool> = BTreeMap::new();
    let mut answered: BTreeMap<Flow, BTreeSet<&str>> = BTreeMap::new();
    for rule in &mud.rules {
        let name = &rule.name;
        if !rule.accept {
            notes.push(format!(
                "`{name}` refuses packets; a plan refuses what no conduit allows, so see that no other entry lets them pass"
            ));
            continue;
        }
        let peer = match rule.peers.as_slice() {
            [] => None,
            [one] => Some(one.clone()),
            more => {
                let more: Vec<String> = more.iter().map(ToString::to_string).collect();
                notes.push(format!(
                    "`{name}` is left out: it wants the other end to be several things at once ({}), which no conduit can say",
                    more.join("; ")
                ));
                continue;
            }
        };
        if !rule.beyond.is_empty() {
            let beyond = rule.beyond.join(", ");
            notes.push(format!("`{name}` looks at {beyond} too; a conduit does not, and is wider"));
        }
        let flow = |device_begins, what| Flow { device_begins, peer: peer.clone(), what };
        for (device_begins, what) in beginnings(rule) {
            begun.entry(flow(device_begins, what)).or_insert(false);
        }
        for (device_begins, what) in answers(rule) {
            answered.entry(flow(device_begins, what)).or_default().insert(name);
        }
        if begins(rule) && rule.source.is_some() && rule.destination.is_some() {
            notes.push(format!(
                "`{name}` names the port that packets come from; a conduit does not, and is wider"
            ));
        }
    }
    for (flow, rules) in answered {
        match begun.get_mut(&flow) {
            Some(answers) => *answers = true,
            // What comes from an allowed port may look like an answer, and be a beginning that another entry allows.
            None if rules
                .iter()
                .all(|name| mud.rules.iter().any(|rule| rule.name == **name && begins(rule))) => {}
            None => {
                let rules: Vec<String> = rules.iter().map(|name| format!("`{name}`")).collect();
                notes.push(format!(
                    "{} left out: what it answers may not begin by any other entry",
                    if rules.len() == 1 {
                        format!("{} is", rules.concat())
                    } else {
                        format!("{} are", rules.join(", "))
                    }
                ));
            }
        }
    }
    begun
}

/// Whether a rule is about the beginning of flows.
fn begins(rule: &Rule) -> bool {
    match rule.device_begins {
        Some(device_begins) => device_begins == rule.from_device,
        None => rule.destination.is_some() || rule.source.is_none(),
    }
}

fn beginnings(rule: &Rule) -> Vec<(bool, What)> {
    if !begins(rule) {
        return Vec::new();
    }
    carried(rule, rule.destination.as_deref()).into_iter().map(|what| (rule.from_device, what)).collect()
}

/// The flows whose answers a rule lets pass.
fn answers(rule: &Rule) -> Vec<(bool, What)> {
    if rule.device_begins.is_some() && begins(rule) {
        return Vec::new();
    }
    carried(rule, rule.source.as_deref()).into_iter().map(|what| (!rule.from_device, what)).collect()
}

fn carried(rule: &Rule, ports: Option<&[NumberRange]>) -> Vec<What> {
    let transport = match rule.protocol {
        None => return vec![What::Everything],
        Some(6) => Transport::Tcp,
        Some(17) => Transport::Udp,
        Some(132) => Transport::Sctp,
        Some(1 | 58) => return vec![What::Icmp],
        Some(number) => return vec![What::Packets(number)],
    };
    let ports = ports.unwrap_or(&[ALL]);
    ports.iter().map(|numbers| What::Ports(Ports { transport, numbers: *numbers })).collect()
}
