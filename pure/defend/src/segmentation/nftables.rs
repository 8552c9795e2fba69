//! A policy as one nftables ruleset.
//!
//! The number of rules a packet meets does not grow with the city: one look-up finds the zone it comes from, a second the
//! zone it goes to, and behind these stand the few rules of the conduits between the two.
//!
//! ```text
//! forward ─► quarantine ─► replies accepted ─► spoofed? ─► from/ZONE ─► path/ZONE/ZONE ─► accept, or refused
//! ```

use super::{Openings, Passage, Policy};
use city::{NumberRange, Ports, Text, Zone, ZoneId};
use ipnet::IpNet;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::{self, Display, Write},
};

/// The table that is Bastide's, of the families `inet` and `bridge`. It declares no other.
pub const TABLE: &str = "bastide";

/// How a policy is to be carried out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Whether what is not allowed is counted and logged, and passes all the same.
    pub observe: bool,
    /// Whether a bridge is to enforce it too, inside a switch.
    pub bridge: Option<Bridge>,
}

/// How a bridge knows an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bridge {
    /// By its own connection tracking (`nf_conntrack_bridge`).
    Tracked,
    /// By the ports exchanged, where the kernel tracks no connections in bridges: whoever holds an allowed port may
    /// also begin from it.
    Stateless,
}

/// An IP family and its words.
#[derive(Clone, Copy)]
struct Family {
    /// `ip` or `ip6`.
    word: &'static str,
    /// What its sets are called behind their name.
    digit: u8,
    kind: &'static str,
    v6: bool,
}

const FAMILIES: [Family; 2] = [
    Family { word: "ip", digit: 4, kind: "ipv4_addr", v6: false },
    Family { word: "ip6", digit: 6, kind: "ipv6_addr", v6: true },
];

impl Family {
    fn has(self, network: &IpNet) -> bool {
        matches!(network, IpNet::V6(_)) == self.v6
    }

    fn of<'a>(self, networks: impl IntoIterator<Item = &'a IpNet>) -> Vec<String> {
        networks.into_iter().filter(|network| self.has(network)).map(written).collect()
    }
}

/// Writes the ruleset.
#[must_use]
pub fn compile(policy: &Policy<'_>, settings: Settings) -> String {
    let mut out = String::new();
    let city = &policy.plan.settings().name;
    let _ = writeln!(out, "# The conduits of {city}, written by Bastide. A change belongs into the plan.");
    if settings.observe {
        let _ = writeln!(out, "# Observing only: what no conduit allows is counted and logged, and passes.");
    }
    write_table(&mut out, policy, settings, None);
    if let Some(bridge) = settings.bridge {
        write_table(&mut out, policy, settings, Some(bridge));
    }
    out
}

fn write_table(out: &mut String, policy: &Policy<'_>, settings: Settings, bridge: Option<Bridge>) {
    let plan = policy.plan;
    let networks: Vec<&IpNet> = plan.zones().flat_map(|zone| &zone.networks).collect();
    let families: Vec<Family> =
        FAMILIES.into_iter().filter(|family| networks.iter().any(|network| family.has(network))).collect();
    let _ = writeln!(out, "table {} {TABLE} {{", if bridge.is_some() { "bridge" } else { "inet" });
    for family in FAMILIES {
        let Family { digit, kind, .. } = family;
        let _ = writeln!(out, "\tset quarantine{digit} {{\n\t\ttype {kind}\n\t}}\n");
    }
    for family in &families {
        write_sets(out, policy, *family, bridge.is_none());
    }
    let (mut sets, mut chains) = (Sets::default(), String::new());
    let mut pairs: BTreeSet<(&ZoneId, &ZoneId)> = policy.paths.keys().copied().collect();
    if bridge == Some(Bridge::Stateless) {
        // Answers go ways of their own.
        pairs.extend(policy.paths.keys().map(|(from, to)| (*to, *from)));
    }
    let mut ways: BTreeMap<&ZoneId, Vec<&ZoneId>> = BTreeMap::new();
    for (from, to) in &pairs {
        ways.entry(from).or_default().push(to);
    }
    for zone in plan.zones() {
        write_from(
            &mut chains,
            &mut sets,
            policy,
            &families,
            ways.get(&zone.id).map_or(&[], Vec::as_slice),
            zone,
        );
    }
    for (from, to) in &pairs {
        if let (Some(from), Some(to)) = (plan.zone(from), plan.zone(to)) {
            write_path(&mut chains, &mut sets, policy, from, to, bridge);
        }
    }
    out.push_str(&sets.text);
    write_forward(out, policy, &families, bridge);
    out.push_str(&chains);
    let refused = if settings.observe { "accept" } else { "drop" };
    write_end(out, "contained", "A quarantined device", "drop");
    write_end(out, "spoofed", "An address that belongs elsewhere", refused);
    write_end(out, "refused", "No conduit allows it", refused);
    out.push_str("}\n");
}

/// Sets that rules name. Sets without names would be shorter to read, but for each of them the kernel looks for a free
/// name among all others: a thousand zones would take it most of a minute.
#[derive(Default)]
struct Sets {
    text: String,
    known: BTreeSet<String>,
}

impl Sets {
    /// Declares a set or map, if it is not there yet, and gives its name as rules write it.
    fn name(&mut self, what: &str, name: &str, kind: &str, elements: &[String]) -> String {
        if self.known.insert(name.to_owned()) {
            // Ranges end with a number, names of protocols do not.
            let ends = |element: &String| element.ends_with(|c: char| c.is_ascii_digit());
            let ranges = elements.iter().any(|element| element.contains(['/', '-']) && ends(element));
            let flags = if ranges || what == "map" { "interval" } else { "" };
            write_elements(&mut self.text, &format!("{what} {name}"), kind, flags, elements);
        }
        format!("@{name}")
    }

    /// A set of ports, named by what is in it.
    fn ports(&mut self, ports: &[Ports]) -> String {
        let mut name = String::from("ports");
        for Ports { transport, numbers } in ports {
            let _ = write!(name, "/{transport}-{}", range(*numbers));
        }
        // The kernel takes longer names, and nobody reads them.
        if name.len() > 100 {
            // FNV-1a, 64 bits.
            let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
            });
            name = format!("ports/{}-more/{hash:016x}", ports.len());
        }
        let element = |ports: &Ports| format!("{} . {}", ports.transport, range(ports.numbers));
        let elements: Vec<String> = ports.iter().map(element).collect();
        self.name("set", &name, "inet_proto . inet_service", &elements)
    }
}

/// Numbers as nftables writes them.
fn range(numbers: NumberRange) -> String {
    match numbers.first == numbers.last {
        true => numbers.first.to_string(),
        false => format!("{}-{}", numbers.first, numbers.last),
    }
}

/// The zones' networks, and the zone that each belongs to.
fn write_sets(out: &mut String, policy: &Policy<'_>, family: Family, routed: bool) {
    let plan = policy.plan;
    let Family { digit, kind, .. } = family;
    let city = family.of(plan.zones().flat_map(|zone| &zone.networks));
    write_elements(out, &format!("set city{digit}"), kind, "interval", &city);
    let from: Vec<String> = plan
        .zones()
        .flat_map(|zone| {
            family.of(&zone.networks).into_iter().map(|network| format!("{network} : goto from/{}", zone.id))
        })
        .collect();
    write_elements(out, &format!("map from{digit}"), &format!("{kind} : verdict"), "interval", &from);
    let placed: Vec<&Zone> = plan.zones().filter(|zone| !zone.interfaces.is_empty()).collect();
    let places: Vec<String> = placed
        .iter()
        .flat_map(|zone| {
            let networks = family.of(&zone.networks);
            zone.interfaces.iter().flat_map(move |interface| {
                networks.clone().into_iter().map(move |network| format!("{} . {network}", quoted(interface)))
            })
        })
        .collect();
    if routed && !places.is_empty() {
        let networks = family.of(placed.iter().flat_map(|zone| &zone.networks));
        write_elements(out, &format!("set placed{digit}"), kind, "interval", &networks);
        write_elements(out, &format!("set places{digit}"), &format!("ifname . {kind}"), "interval", &places);
    }
}

fn write_elements(out: &mut String, what: &str, kind: &str, flags: &str, elements: &[String]) {
    let _ = writeln!(out, "\t{what} {{\n\t\ttype {kind}");
    if !flags.is_empty() {
        let _ = writeln!(out, "\t\tflags {flags}");
    }
    if let Some((last, rest)) = elements.split_last() {
        out.push_str("\t\telements = {\n");
        for element in rest {
            let _ = writeln!(out, "\t\t\t{element},");
        }
        let _ = writeln!(out, "\t\t\t{last}\n\t\t}}");
    }
    out.push_str("\t}\n\n");
}

fn write_forward(out: &mut String, policy: &Policy<'_>, families: &[Family], bridge: Option<Bridge>) {
    let plan = policy.plan;
    let mut rules = Vec::new();
    if bridge.is_some() {
        // What stays on the link is not for a conduit to decide.
        rules.push("meta protocol != { ip, ip6 } accept".to_owned());
        rules.push("meta protocol ip6 icmpv6 type { nd-router-solicit, nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert } accept".to_owned());
    }
    for Family { word, digit, .. } in FAMILIES {
        rules.push(format!("{word} saddr @quarantine{digit} goto contained"));
        rules.push(format!("{word} daddr @quarantine{digit} goto contained"));
    }
    if bridge.is_some() {
        rules.push("ip daddr { 224.0.0.0/4, 255.255.255.255 } accept".to_owned());
        rules.push("ip6 daddr ff00::/8 accept".to_owned());
    }
    if bridge != Some(Bridge::Stateless) {
        rules.push(
            "ct state vmap { invalid : goto refused, established : accept, related : accept }".to_owned(),
        );
    }
    if bridge.is_none() {
        write_spoofing(&mut rules, policy, families);
    }
    for Family { word, digit, .. } in families {
        rules.push(format!("{word} saddr vmap @from{digit}"));
    }
    rules.push(match plan.everywhere_else() {
        Some(zone) => format!("goto from/{}", zone.id),
        None => "goto refused".to_owned(),
    });
    let _ = writeln!(out, "\tchain forward {{\n\t\ttype filter hook forward priority filter; policy drop;");
    for rule in rules {
        let _ = writeln!(out, "\t\t{rule}");
    }
    out.push_str("\t}\n\n");
}

/// An address comes only from where its zone lies.
fn write_spoofing(rules: &mut Vec<String>, policy: &Policy<'_>, families: &[Family]) {
    let plan = policy.plan;
    let placed: Vec<&Zone> = plan.zones().filter(|zone| !zone.interfaces.is_empty()).collect();
    // Where every zone has said where it lies, an interface brings its own addresses only.
    let fenced = fenced_interfaces(policy);
    for Family { word, digit, v6, .. } in families {
        let any = placed.iter().flat_map(|zone| &zone.networks).any(|net| matches!(net, IpNet::V6(_)) == *v6);
        if !any {
            continue;
        }
        rules.push(format!(
            "{word} saddr @placed{digit} iifname . {word} saddr != @places{digit} goto spoofed"
        ));
        if !fenced.is_empty() {
            let names: Vec<String> = fenced.iter().map(|name| quoted(name)).collect();
            rules.push(format!(
                "iifname {{ {} }} iifname . {word} saddr != @places{digit} goto spoofed",
                names.join(", ")
            ));
        }
    }
}

/// The interfaces behind which nothing lies but zones with networks of their own; empty where some such zone has not
/// said where it lies, for it may be behind any.
pub(super) fn fenced_interfaces<'p>(policy: &Policy<'p>) -> BTreeSet<&'p Text> {
    let zones = || policy.plan.zones();
    if zones().any(|zone| !zone.networks.is_empty() && zone.interfaces.is_empty()) {
        return BTreeSet::new();
    }
    let open: BTreeSet<&Text> =
        zones().filter(|zone| zone.networks.is_empty()).flat_map(|zone| &zone.interfaces).collect();
    zones().flat_map(|zone| &zone.interfaces).filter(|interface| !open.contains(interface)).collect()
}

/// Where a packet from a zone may go.
fn write_from(
    out: &mut String,
    sets: &mut Sets,
    policy: &Policy<'_>,
    families: &[Family],
    ways: &[&ZoneId],
    from: &Zone,
) {
    let plan = policy.plan;
    let _ = writeln!(out, "\tchain from/{} {{\n\t\tcomment \"{}\"", from.id, remark(&from.name));
    let mut targets: Vec<(&Zone, String)> =
        ways.iter().filter_map(|to| Some((plan.zone(to)?, format!("goto path/{}/{to}", from.id)))).collect();
    if policy.is_open_within(from) {
        targets.push((from, "accept".to_owned()));
    }
    for family in families {
        let Family { word, digit, kind, .. } = family;
        let elements: Vec<String> = targets
            .iter()
            .flat_map(|(to, target)| {
                family.of(&to.networks).into_iter().map(move |network| format!("{network} : {target}"))
            })
            .collect();
        if !elements.is_empty() {
            let name = format!("to{digit}/{}", from.id);
            let map = sets.name("map", &name, &format!("{kind} : verdict"), &elements);
            let _ = writeln!(out, "\t\t{word} daddr vmap {map}");
        }
        let _ = writeln!(out, "\t\t{word} daddr @city{digit} goto refused");
    }
    let elsewhere = plan.everywhere_else().filter(|_| !from.outside);
    let elsewhere = elsewhere.and_then(|zone| targets.iter().find(|(to, _)| to.id == zone.id));
    let _ = writeln!(out, "\t\t{}\n\t}}\n", elsewhere.map_or("goto refused", |(_, target)| target));
}

/// What may run from one zone to another.
fn write_path(
    out: &mut String,
    sets: &mut Sets,
    policy: &Policy<'_>,
    from: &Zone,
    to: &Zone,
    bridge: Option<Bridge>,
) {
    let title = format!("{} to {}", from.name, to.name);
    let _ = writeln!(out, "\tchain path/{}/{} {{\n\t\tcomment \"{}\"", from.id, to.id, remark(&title));
    for passage in policy.path(&from.id, &to.id) {
        write_passage(out, sets, passage, Direction::Forth);
    }
    if bridge == Some(Bridge::Stateless) {
        for passage in policy.path(&to.id, &from.id) {
            write_passage(out, sets, passage, Direction::Back);
        }
    }
    out.push_str("\t\tgoto refused\n\t}\n\n");
}

/// Which way packets of a conduit run.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Forth,
    /// Answers, told by their source port.
    Back,
}

fn write_passage(out: &mut String, sets: &mut Sets, passage: &Passage<'_>, direction: Direction) {
    let comment: String = {
        let allowed: Vec<String> = passage.conduit.allow.iter().map(ToString::to_string).collect();
        remark(&format!("{}: {}", passage.conduit.id, allowed.join("; ")))
    };
    let ends: Vec<String> = if passage.sources.is_none() && passage.destinations.is_none() {
        vec![String::new()]
    } else {
        FAMILIES.iter().filter_map(|family| ends(sets, passage, *family, direction)).collect()
    };
    for end in ends {
        for matched in matches(sets, &passage.openings, direction) {
            let _ = writeln!(out, "\t\t{end}{matched} accept comment \"{comment}\"");
        }
    }
}

/// The addresses of both ends, in one family; nothing if an end has none in it.
fn ends(sets: &mut Sets, passage: &Passage<'_>, family: Family, direction: Direction) -> Option<String> {
    let (begins, answers) = match direction {
        Direction::Forth => ("saddr", "daddr"),
        Direction::Back => ("daddr", "saddr"),
    };
    let mut text = String::new();
    let ends = [(begins, "sources", &passage.sources), (answers, "destinations", &passage.destinations)];
    for (field, which, networks) in ends {
        let Some(networks) = networks else { continue };
        let of = family.of(networks);
        match of.as_slice() {
            [] => return None,
            [one] => {
                let _ = write!(text, "{} {field} {one} ", family.word);
            }
            more => {
                let name = format!("{which}{}/{}", family.digit, passage.conduit.id);
                let set = sets.name("set", &name, family.kind, more);
                let _ = write!(text, "{} {field} {set} ", family.word);
            }
        }
    }
    Some(text)
}

/// What may run, as matches of nftables.
fn matches(sets: &mut Sets, openings: &Openings, direction: Direction) -> Vec<String> {
    let mut matches = Vec::new();
    let field = if direction == Direction::Forth { "dport" } else { "sport" };
    match openings.ports.as_slice() {
        [] => {}
        [one] => matches.push(format!("{} {field} {}", one.transport, range(one.numbers))),
        more => matches.push(format!("meta l4proto . th {field} {}", sets.ports(more))),
    }
    if openings.icmp {
        let set =
            sets.name("set", "protocols/icmp", "inet_proto", &["icmp".to_owned(), "ipv6-icmp".to_owned()]);
        matches.push(format!("meta l4proto {set}"));
    }
    match openings.protocols.as_slice() {
        [] => {}
        [one] => matches.push(format!("meta l4proto {one}")),
        more => {
            let numbers: Vec<String> = more.iter().map(ToString::to_string).collect();
            let set = sets.name("set", &format!("protocols/{}", numbers.join("/")), "inet_proto", &numbers);
            matches.push(format!("meta l4proto {set}"));
        }
    }
    matches
}

/// Where packets end: told of ten times a second at most, and counted.
fn write_end(out: &mut String, name: &str, comment: &str, verdict: &str) {
    let _ = writeln!(
        out,
        "\tchain {name} {{\n\t\tcomment \"{comment}\"\n\t\tlimit rate 10/second burst 20 packets log prefix \"bastide {name}: \"\n\t\tcounter {verdict}\n\t}}\n"
    );
}

fn written(network: &IpNet) -> String {
    if network.prefix_len() == network.max_prefix_len() {
        network.addr().to_string()
    } else {
        network.to_string()
    }
}

/// A text as nftables may hold it in quotes.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace(['"', '\n'], ""))
}

/// A text as a comment of nftables: at most 127 bytes, without quotes.
fn remark(text: &(impl Display + ?Sized)) -> String {
    let mut short = String::new();
    for c in fmt::format(format_args!("{text}")).chars().filter(|c| *c != '"' && !c.is_control()) {
        if short.len() + c.len_utf8() > 124 {
            short.push('…');
            break;
        }
        short.push(c);
    }
    short
}
