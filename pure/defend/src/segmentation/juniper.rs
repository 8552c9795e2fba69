//! A policy as firewall filters for Junos, in `set` lines.
//!
//! For every place one filter of `inet` and one of `inet6`, for what comes in there. Zones are prefix lists. The first
//! term that fits decides, and what is loaded takes effect at once with `commit`.

use super::{
    Policy,
    cisco::title,
    lists::{
        self, Carried, End, Icmp, List, Settings, Side, Title, Verdict,
        names::{Names, V6, interface, remark},
        preface::preface,
    },
};
use city::{NumberRange, Transport};
use ipnet::IpNet;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    net::IpAddr,
};

/// The prefix list of contained devices, without its family.
const CONTAINED: &str = "CONTAINED";

/// The longest name of a filter, a term or a prefix list, in bytes.
const NAME_MAX: usize = 64;

/// One of the two families of filters.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Family {
    word: &'static str,
    v6: bool,
    /// The match that says what an IP packet carries.
    protocol: &'static str,
    icmp: &'static str,
    /// Stands in the list of contained devices, so that it is never empty; no router forwards it.
    nobody: &'static str,
}

const FAMILIES: [Family; 2] = [
    Family { word: "inet", v6: false, protocol: "protocol", icmp: "icmp", nobody: "127.0.0.1/32" },
    Family { word: "inet6", v6: true, protocol: "next-header", icmp: "icmp6", nobody: "::1/128" },
];

/// Writes the filters.
#[must_use]
pub fn compile(policy: &Policy<'_>, settings: Settings) -> String {
    let lists = lists::lists(policy, settings);
    let names = Named::new(&lists);
    let mut out = String::new();
    let city = remark(&policy.plan.settings().name, 100);
    let _ = writeln!(
        out,
        "# The conduits of {city} for Junos, written by Bastide. A change belongs into the plan."
    );
    out.push_str(
        "# In configuration mode: `load set FILE`, `show | compare`, `commit confirmed 5` (which reverts by itself\n\
         # after five minutes), and `commit` when all is well.\n#\n",
    );
    for line in preface(policy, &lists, &names.filters, settings.observe) {
        let _ = writeln!(out, "{}", format!("# {line}").trim_end());
    }
    write_prefixes(&mut out, policy, &names);
    for family in FAMILIES {
        for (list, filter) in lists.iter().zip(&names.filters) {
            Filter { out: &mut out, policy, names: &names, family, filter, terms: Names::new(NAME_MAX) }
                .write(list);
        }
    }
    write_interfaces(&mut out, &lists, &names);
    out
}

/// The names of filters and prefix lists.
struct Named<'p> {
    filters: Vec<String>,
    prefixes: BTreeMap<End<'p>, String>,
}

impl<'p> Named<'p> {
    fn new(lists: &[List<'p>]) -> Named<'p> {
        let mut taken = Names::new(NAME_MAX);
        let filters = lists.iter().map(|list| {
            let zones: Vec<&str> = list.zones.iter().map(|zone| zone.id.as_str()).collect();
            taken.take_both(&format!("FROM-{}", zones.join("-AND-")))
        });
        let filters = filters.collect();
        let mut taken = Names::new(NAME_MAX);
        taken.take_both(CONTAINED);
        let entries = lists.iter().flat_map(|list| &list.sections).flat_map(|section| &section.entries);
        let ends: BTreeSet<End<'p>> = entries.flat_map(|entry| [entry.source, entry.destination]).collect();
        let prefixes = ends.into_iter().filter_map(|end| {
            let wanted = match end {
                End::Anywhere => return None,
                End::Contained => return Some((end, CONTAINED.to_owned())),
                End::City => "CITY".to_owned(),
                End::Zone(zone) => format!("ZONE-{zone}"),
                End::Assets(conduit, Side::From, _) => format!("FROM-{conduit}"),
                End::Assets(conduit, Side::To, _) => format!("TO-{conduit}"),
            };
            Some((end, taken.take_both(&wanted)))
        });
        let prefixes = prefixes.collect();
        Named { filters, prefixes }
    }
}

/// A name within its family.
fn of_family(name: &str, v6: bool) -> String {
    format!("{name}{}", if v6 { V6 } else { "" })
}

fn write_prefixes(out: &mut String, policy: &Policy<'_>, names: &Named<'_>) {
    out.push_str("#\n# Contained devices. Those that are contained already stay so.\n");
    for family in FAMILIES {
        let name = of_family(CONTAINED, family.v6);
        let _ = writeln!(out, "set policy-options prefix-list {name} {}", family.nobody);
    }
    out.push_str("#\n# The networks of the zones, and the assets of conduits that are narrowed.\n");
    for (end, name) in &names.prefixes {
        for family in FAMILIES.iter().filter(|_| *end != End::Contained) {
            let networks = lists::networks(policy, *end, family.v6).unwrap_or_default();
            if !networks.is_empty() {
                let name = of_family(name, family.v6);
                let _ = writeln!(out, "delete policy-options prefix-list {name}");
                for network in networks.iter().map(IpNet::trunc) {
                    let _ = writeln!(out, "set policy-options prefix-list {name} {network}");
                }
            }
        }
    }
}

/// A filter as it is written.
struct Filter<'a, 'p> {
    out: &'a mut String,
    policy: &'a Policy<'p>,
    names: &'a Named<'a>,
    family: Family,
    filter: &'a str,
    terms: Names,
}

impl Filter<'_, '_> {
    fn write(&mut self, list: &List<'_>) {
        let Family { word, v6, .. } = self.family;
        let filter = of_family(self.filter, v6);
        let title = remark(&list.title(), 160);
        let _ = writeln!(self.out, "#\n# {title}\ndelete firewall family {word} filter {filter}");
        for section in &list.sections {
            if section.title == Title::Link {
                self.write_link();
            }
            for entry in &section.entries {
                let Some(mut from) = self.ends(entry.source, entry.destination) else { continue };
                from.extend(self.carried(&entry.carried));
                self.remark(section.title);
                self.term(&name(section.title), &from, entry.verdict);
            }
        }
    }

    /// A remark above the terms of a conduit, which shows what the plan allows.
    fn remark(&mut self, section: Title<'_>) {
        if matches!(section, Title::Conduit(_)) {
            let text = format!("# {}\n", remark(&title(section), 160));
            let above = self.out.lines().rev().map(str::to_owned).find(|line| line.starts_with('#'));
            if above.as_deref() != Some(text.trim_end()) {
                self.out.push_str(&text);
            }
        }
    }

    /// The matches of both ends; nothing if one has no address in this family.
    fn ends(&self, source: End<'_>, destination: End<'_>) -> Option<Vec<String>> {
        let mut from = Vec::new();
        for (side, end) in [("source", source), ("destination", destination)] {
            let networks = lists::networks(self.policy, end, self.family.v6);
            match networks.as_deref() {
                None => {}
                Some([]) if end != End::Contained => return None,
                Some(_) => {
                    let name = self.names.prefixes.get(&end)?;
                    from.push(format!("{side}-prefix-list {}", of_family(name, self.family.v6)));
                }
            }
        }
        Some(from)
    }

    fn carried(&self, carried: &Carried) -> Vec<String> {
        let Family { protocol, icmp, v6, .. } = self.family;
        match carried {
            Carried::Everything => Vec::new(),
            Carried::Ports { transport, numbers, answers } => {
                let field = if *answers { "source-port" } else { "destination-port" };
                let mut from = vec![format!("{protocol} {transport}")];
                from.push(format!(
                    "{field} {}",
                    listed(numbers.iter().map(|numbers| ports(*numbers)).collect())
                ));
                if *answers && *transport == Transport::Tcp {
                    from.push("tcp-established".to_owned());
                }
                from
            }
            Carried::Icmp(messages) => {
                let types: &[&str] = match (messages, v6) {
                    (Icmp::All, _) => &[],
                    (Icmp::Answers, _) => &["echo-reply"],
                    (Icmp::Errors, false) => &["unreachable", "time-exceeded"],
                    (Icmp::Errors, true) => &["destination-unreachable", "packet-too-big", "time-exceeded"],
                };
                let mut from = vec![format!("{protocol} {icmp}")];
                if !types.is_empty() {
                    let types = types.iter().map(|&message| message.to_owned()).collect();
                    from.push(format!("icmp-type {}", listed(types)));
                }
                from
            }
            Carried::Protocol(number) => vec![format!("{protocol} {number}")],
        }
    }

    fn write_link(&mut self) {
        let terms: &[&[&str]] = if self.family.v6 {
            &[
                &[
                    "next-header icmp6",
                    "icmp-type [ neighbor-solicit neighbor-advertisement router-solicit router-advertisement ]",
                ],
                &["source-address fe80::/10", "destination-address fe80::/10"],
                &["destination-address ff02::/16"],
            ]
        } else {
            &[
                &[
                    "source-address 0.0.0.0/32",
                    "destination-address 255.255.255.255/32",
                    "protocol udp",
                    "source-port 68",
                    "destination-port 67",
                ],
                &["destination-address 224.0.0.0/24"],
            ]
        };
        for from in terms {
            let from: Vec<String> = from.iter().map(|&line| line.to_owned()).collect();
            self.term("LINK", &from, Verdict::Permit);
        }
    }

    fn term(&mut self, wanted: &str, from: &[String], verdict: Verdict) {
        let Family { word, v6, .. } = self.family;
        let term = self.terms.take(wanted);
        let begin = format!("set firewall family {word} filter {} term {term}", of_family(self.filter, v6));
        for line in from {
            let _ = writeln!(self.out, "{begin} from {line}");
        }
        if verdict != Verdict::Permit {
            let _ = writeln!(self.out, "{begin} then log\n{begin} then syslog");
        }
        let end = if verdict == Verdict::Deny { "discard" } else { "accept" };
        let _ = writeln!(self.out, "{begin} then {end}");
    }
}

/// What a term is called.
fn name(title: Title<'_>) -> String {
    match title {
        Title::Contained => "CONTAINED".to_owned(),
        Title::Link => "LINK".to_owned(),
        Title::Within(zone) => format!("WITHIN-{}", zone.id),
        Title::Conduit(conduit) => conduit.id.to_string(),
        Title::Answers(conduit) => format!("ANSWERS-{}", conduit.id),
        Title::Errors => "ERRORS".to_owned(),
        Title::City(zone) => format!("REST-OF-CITY-{}", zone.id),
        Title::Spoofed => "SPOOFED".to_owned(),
        Title::Refused => "REFUSED".to_owned(),
    }
}

fn ports(numbers: NumberRange) -> String {
    match numbers.first == numbers.last {
        true => numbers.first.to_string(),
        false => format!("{}-{}", numbers.first, numbers.last),
    }
}

/// One value, or several in brackets.
fn listed(values: Vec<String>) -> String {
    match values.as_slice() {
        [one] => one.clone(),
        more => format!("[ {} ]", more.join(" ")),
    }
}

fn write_interfaces(out: &mut String, lists: &[List<'_>], names: &Named<'_>) {
    out.push_str("#\n");
    for (list, filter) in lists.iter().zip(&names.filters) {
        for interface in list.interfaces.iter().filter_map(|name| interface(name)) {
            let (device, unit) = match interface.rsplit_once('.') {
                Some((device, unit)) if unit.parse::<u16>().is_ok() => (device, unit),
                _ => (interface, "0"),
            };
            for Family { word, v6, .. } in FAMILIES {
                let filter = of_family(filter, v6);
                let _ =
                    writeln!(out, "set interfaces {device} unit {unit} family {word} filter input {filter}");
            }
        }
    }
}

/// The lines that contain an address, or that release it.
pub(super) fn contain(address: IpAddr, release: bool) -> String {
    let (v6, length) = if address.is_ipv6() { (true, 128) } else { (false, 32) };
    let verb = if release { "delete" } else { "set" };
    let name = of_family(CONTAINED, v6);
    format!("configure\n{verb} policy-options prefix-list {name} {address}/{length}\ncommit and-quit\n")
}
