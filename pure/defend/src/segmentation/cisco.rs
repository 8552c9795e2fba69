//! A policy as access lists for Cisco IOS and IOS XE.
//!
//! For every place one extended list, and one for IPv6, to be applied to what comes in there. Zones are object groups;
//! lists of IPv6 know none, so there stand the networks themselves. First match decides.

use super::{
    Policy,
    lists::{
        self, Carried, End, Icmp, List, Section, Settings, Side, Title, Verdict,
        names::{Names, V6, interface, remark},
        preface::preface,
    },
};
use city::{NumberRange, Transport};
use ipnet::{IpNet, Ipv4Net};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

/// The object group of contained devices.
pub(super) const CONTAINED: &str = "CONTAINED";

/// The longest name, in bytes; some releases take more.
const NAME_MAX: usize = 31;

/// The longest remark, in bytes.
const REMARK_MAX: usize = 100;

/// The list of IPv6 for places from which no IPv6 may come.
const NO_V6: &str = "NO-IPV6";

/// The number of the first line in a list of IPv6: those below are for containing.
const FIRST_LINE: usize = 1_000_000;

/// Writes the lists.
#[must_use]
pub fn compile(policy: &Policy<'_>, settings: Settings) -> String {
    let lists = lists::lists(policy, settings);
    let names = Named::new(&lists);
    let mut out = String::new();
    let city = remark(&policy.plan.settings().name, REMARK_MAX);
    let _ = writeln!(out, "! The conduits of {city} for Cisco IOS and IOS XE, written by Bastide.");
    out.push_str("! A change belongs into the plan.\n!\n");
    for line in preface(policy, &lists, &names.lists, settings.observe) {
        let _ = writeln!(out, "{}", format!("! {line}").trim_end());
    }
    write_clearing(&mut out, policy, &lists, &names);
    write_groups(&mut out, policy, &names);
    for (list, name) in lists.iter().zip(&names.lists) {
        let _ = writeln!(out, "!\n! {}\nip access-list extended {name}", remark(&list.title(), REMARK_MAX));
        for section in &list.sections {
            write_section(&mut out, policy, &names, section);
        }
    }
    let mut any_silent = false;
    for (list, name) in lists.iter().zip(&names.lists_v6) {
        if lists::speaks(policy, list, true) {
            let _ = writeln!(out, "!\n! {}\nipv6 access-list {name}", remark(&list.title(), REMARK_MAX));
            Numbered { out: &mut out, line: FIRST_LINE }.write_list(policy, list);
        } else {
            any_silent = true;
        }
    }
    if any_silent {
        let _ = writeln!(out, "!\nipv6 access-list {NO_V6}");
        Numbered { out: &mut out, line: FIRST_LINE }.write_silence(settings);
    }
    write_interfaces(&mut out, policy, &lists, &names);
    out
}

/// The names of lists and groups.
struct Named<'p> {
    lists: Vec<String>,
    lists_v6: Vec<String>,
    groups: BTreeMap<End<'p>, String>,
}

impl<'p> Named<'p> {
    fn new(lists: &[List<'p>]) -> Named<'p> {
        let mut taken = Names::new(NAME_MAX);
        taken.take(NO_V6);
        // Lists of both families share their names.
        let of_lists: Vec<String> = lists
            .iter()
            .map(|list| {
                let zones: Vec<&str> = list.zones.iter().map(|zone| zone.id.as_str()).collect();
                taken.take_both(&format!("FROM-{}", zones.join("-AND-")))
            })
            .collect();
        let of_lists_v6 = of_lists.iter().map(|name| format!("{name}{V6}")).collect();
        let mut taken = Names::new(NAME_MAX);
        taken.take(CONTAINED);
        let mut groups = BTreeMap::new();
        let entries = lists.iter().flat_map(|list| &list.sections).flat_map(|section| &section.entries);
        let ends: BTreeSet<End<'p>> = entries.flat_map(|entry| [entry.source, entry.destination]).collect();
        for end in ends {
            let wanted = match end {
                End::Anywhere | End::Contained => continue,
                End::City => "CITY".to_owned(),
                End::Zone(zone) => format!("ZONE-{zone}"),
                End::Assets(conduit, Side::From, _) => format!("FROM-{conduit}"),
                End::Assets(conduit, Side::To, _) => format!("TO-{conduit}"),
            };
            groups.insert(end, taken.take(&wanted));
        }
        Named { lists: of_lists, lists_v6: of_lists_v6, groups }
    }

    /// The groups that are written: those of one address stand in the lists as that.
    fn groups(&self, policy: &Policy<'_>) -> Vec<(&str, Vec<IpNet>)> {
        let groups = self.groups.iter().filter_map(|(end, name)| {
            let networks = lists::networks(policy, *end, false)?;
            let needed = if matches!(end, End::Assets(..)) { 2 } else { 1 };
            (networks.len() >= needed).then_some((name.as_str(), networks))
        });
        groups.collect()
    }

    /// An end as a list of IPv4 says it; nothing if it has no address there.
    fn end(&self, policy: &Policy<'_>, end: End<'_>) -> Option<String> {
        if end == End::Contained {
            return Some(format!("object-group {CONTAINED}"));
        }
        let Some(networks) = lists::networks(policy, end, false) else { return Some("any".to_owned()) };
        match (networks.as_slice(), end) {
            ([], _) => None,
            ([one], End::Assets(..)) => Some(wildcard(one)),
            _ => self.groups.get(&end).map(|name| format!("object-group {name}")),
        }
    }
}

/// A network with the mask in which ones mean "any" (the wildcard mask of access lists).
fn wildcard(network: &IpNet) -> String {
    match network {
        IpNet::V4(network) if network.prefix_len() == 32 => format!("host {}", network.addr()),
        IpNet::V4(network) => {
            format!("{} {}", network.network(), Ipv4Addr::from(!u32::from(network.netmask())))
        }
        IpNet::V6(network) if network.prefix_len() == 128 => format!("host {}", network.addr()),
        IpNet::V6(network) => network.trunc().to_string(),
    }
}

fn write_clearing(out: &mut String, policy: &Policy<'_>, lists: &[List<'_>], names: &Named<'_>) {
    out.push_str(
        "!\n! Clears an earlier version. An interface whose list is gone lets everything pass until it is there again:\n\
         ! read this in from a file (`copy FILE running-config`), not by hand. Contained devices stay in their group;\n\
         ! those of IPv6 have lines in the lists, and are to be contained again.\n!\n",
    );
    for name in &names.lists {
        let _ = writeln!(out, "no ip access-list extended {name}");
    }
    let mut any_silent = false;
    for (list, name) in lists.iter().zip(&names.lists_v6) {
        if lists::speaks(policy, list, true) {
            let _ = writeln!(out, "no ipv6 access-list {name}");
        } else {
            any_silent = true;
        }
    }
    if any_silent {
        let _ = writeln!(out, "no ipv6 access-list {NO_V6}");
    }
    for (name, _) in names.groups(policy) {
        let _ = writeln!(out, "no object-group network {name}");
    }
}

fn write_groups(out: &mut String, policy: &Policy<'_>, names: &Named<'_>) {
    let _ = writeln!(
        out,
        "!\n! Contained devices. A group in use may not be empty: no router forwards what has this address.\n\
         object-group network {CONTAINED}\n host 127.0.0.1"
    );
    for (name, networks) in names.groups(policy) {
        let _ = writeln!(out, "!\nobject-group network {name}");
        for network in networks.iter().filter_map(as_v4) {
            // Groups have the mask of a network, not the wildcard of a list.
            let _ = match network.prefix_len() {
                32 => writeln!(out, " host {}", network.addr()),
                _ => writeln!(out, " {} {}", network.network(), network.netmask()),
            };
        }
    }
}

fn as_v4(network: &IpNet) -> Option<&Ipv4Net> {
    match network {
        IpNet::V4(network) => Some(network),
        IpNet::V6(_) => None,
    }
}

fn write_section(out: &mut String, policy: &Policy<'_>, names: &Named<'_>, section: &Section<'_>) {
    let mut lines = Vec::new();
    if section.title == Title::Link {
        lines.push("permit udp host 0.0.0.0 eq bootpc host 255.255.255.255 eq bootps".to_owned());
        lines.push("permit ip any 224.0.0.0 0.0.0.255".to_owned());
    }
    for entry in &section.entries {
        let ends = (names.end(policy, entry.source), names.end(policy, entry.destination));
        let (Some(source), Some(destination)) = ends else { continue };
        lines.extend(entry_lines(entry.verdict, &entry.carried, &source, &destination, false));
    }
    if !lines.is_empty() {
        let _ = writeln!(out, " remark {}", remark(&title(section.title), REMARK_MAX));
        lines.iter().for_each(|line| {
            let _ = writeln!(out, " {line}");
        });
    }
}

/// What a section is for, in words.
pub(super) fn title(title: Title<'_>) -> String {
    match title {
        Title::Contained => "Contained devices speak to nobody, and nobody to them".to_owned(),
        Title::Link => "What stays on the link is not for a conduit to decide".to_owned(),
        Title::Within(zone) => format!("Within {}", zone.id),
        Title::Conduit(conduit) => {
            let allowed: Vec<String> = conduit.allow.iter().map(ToString::to_string).collect();
            format!("{}: {}", conduit.id, allowed.join("; "))
        }
        Title::Answers(conduit) => format!("{}: answers", conduit.id),
        Title::Errors => "What tells of packets that did not arrive".to_owned(),
        Title::City(zone) => format!("{}: to the rest of the city nothing else", zone.id),
        Title::Spoofed => "The city's own addresses do not come from elsewhere".to_owned(),
        Title::Refused => "No conduit allows it".to_owned(),
    }
}

/// The lines of one entry: one for each range of ports, or message of ICMP.
fn entry_lines(
    verdict: Verdict,
    carried: &Carried,
    source: &str,
    destination: &str,
    v6: bool,
) -> Vec<String> {
    let (action, log) = match verdict {
        Verdict::Permit => ("permit", ""),
        Verdict::Note => ("permit", " log"),
        Verdict::Deny => ("deny", " log"),
    };
    let line = |protocol: &str, from: &str, to: &str, ending: &str| {
        format!("{action} {protocol} {source}{from} {destination}{to}{ending}{log}")
    };
    match carried {
        Carried::Everything => vec![line(if v6 { "ipv6" } else { "ip" }, "", "", "")],
        Carried::Ports { transport, numbers, answers } => {
            let protocol = transport.to_string();
            let lines = numbers.iter().map(|numbers| {
                let ports = ports(*numbers);
                match answers {
                    false => line(&protocol, "", &ports, ""),
                    true if *transport == Transport::Tcp => line(&protocol, &ports, "", " established"),
                    true => line(&protocol, &ports, "", ""),
                }
            });
            lines.collect()
        }
        Carried::Icmp(messages) => {
            let types: &[&str] = match (messages, v6) {
                (Icmp::All, _) => &[""],
                (Icmp::Answers, _) => &[" echo-reply"],
                (Icmp::Errors, false) => &[" unreachable", " time-exceeded"],
                (Icmp::Errors, true) => &[" unreachable", " packet-too-big", " time-exceeded"],
            };
            types.iter().map(|message| line("icmp", "", "", message)).collect()
        }
        Carried::Protocol(number) => vec![line(&number.to_string(), "", "", "")],
    }
}

fn ports(numbers: NumberRange) -> String {
    match numbers.first == numbers.last {
        true => format!(" eq {}", numbers.first),
        false => format!(" range {} {}", numbers.first, numbers.last),
    }
}

/// A list of IPv6, whose lines have numbers, so that others can be put before them.
struct Numbered<'o> {
    out: &'o mut String,
    line: usize,
}

impl Numbered<'_> {
    fn push(&mut self, text: &str) {
        let _ = writeln!(self.out, " sequence {} {text}", self.line);
        self.line += 10;
    }

    fn push_link(&mut self) {
        for message in ["nd-ns", "nd-na", "router-solicitation", "router-advertisement"] {
            self.push(&format!("permit icmp any any {message}"));
        }
        self.push("permit ipv6 FE80::/10 FE80::/10");
        self.push("permit ipv6 any FF02::/16");
    }

    fn write_list(&mut self, policy: &Policy<'_>, list: &List<'_>) {
        for section in &list.sections {
            let mut lines = Vec::new();
            for entry in &section.entries {
                // Contained devices get lines of their own, before the first.
                if [entry.source, entry.destination].contains(&End::Contained) {
                    continue;
                }
                let written = |end| match lists::networks(policy, end, true) {
                    None => vec!["any".to_owned()],
                    Some(networks) => networks.iter().map(wildcard).collect(),
                };
                for source in written(entry.source) {
                    for destination in written(entry.destination) {
                        lines.extend(entry_lines(entry.verdict, &entry.carried, &source, &destination, true));
                    }
                }
            }
            if !lines.is_empty() || section.title == Title::Link {
                self.push(&format!("remark {}", remark(&title(section.title), REMARK_MAX)));
            }
            if section.title == Title::Link {
                self.push_link();
            }
            lines.iter().for_each(|line| self.push(line));
        }
    }

    fn write_silence(&mut self, settings: Settings) {
        self.push(&format!("remark {}", title(Title::Link)));
        self.push_link();
        self.push("remark The plan has no network of IPv6 here");
        self.push(if settings.observe { "permit ipv6 any any log" } else { "deny ipv6 any any log" });
    }
}

fn write_interfaces(out: &mut String, policy: &Policy<'_>, lists: &[List<'_>], names: &Named<'_>) {
    for ((list, name), name_v6) in lists.iter().zip(&names.lists).zip(&names.lists_v6) {
        for interface in list.interfaces.iter().filter_map(|name| interface(name)) {
            let name_v6 = if lists::speaks(policy, list, true) { name_v6 } else { NO_V6 };
            let _ = writeln!(
                out,
                "!\ninterface {interface}\n ip access-group {name} in\n ipv6 traffic-filter {name_v6} in"
            );
        }
    }
}

/// The lines that contain an address, or that release it.
pub(super) fn contain(policy: &Policy<'_>, address: IpAddr, release: bool) -> String {
    let no = if release { "no " } else { "" };
    let mut out = String::from("configure terminal\n");
    match address {
        IpAddr::V4(address) => {
            let _ = writeln!(out, "object-group network {CONTAINED}\n {no}host {address}\nexit");
        }
        IpAddr::V6(address) => {
            let lists = lists::lists(policy, Settings::default());
            let names = Named::new(&lists);
            let line = line_of(address);
            let speaking =
                lists.iter().zip(&names.lists_v6).filter(|(list, _)| lists::speaks(policy, list, true));
            for (_, name) in speaking {
                let _ = writeln!(out, "ipv6 access-list {name}");
                if release {
                    let _ = writeln!(out, " no sequence {line}\n no sequence {}", line + 1);
                } else {
                    let _ = writeln!(out, " sequence {line} deny ipv6 host {address} any log");
                    let _ = writeln!(out, " sequence {} deny ipv6 any host {address} log", line + 1);
                }
                out.push_str("exit\n");
            }
        }
    }
    out.push_str("end\nwrite memory\n");
    out
}

/// The number of the first of the two lines that contain an address: always the same for one address (FNV-1a).
fn line_of(address: Ipv6Addr) -> usize {
    let hash = address
        .octets()
        .iter()
        .fold(0x811c_9dc5_u32, |hash, octet| (hash ^ u32::from(*octet)).wrapping_mul(0x0100_0193));
    let places = FIRST_LINE / 2 - 2;
    1 + 2 * (usize::try_from(hash).unwrap_or(0) % places)
}
