//! Firewall filters of Junos as the vendor's documentation reads them: the first term whose every kind of match fits
//! decides, values of one kind are alternatives, and what no term fits is discarded. What the reader does not know is a
//! mistake of the writer.

use crate::{
    Decides, Place,
    packet::{Carried, Packet},
};
use ipnet::IpNet;
use std::{collections::BTreeMap, net::IpAddr};

#[derive(Debug, Default)]
pub struct Config {
    prefixes: BTreeMap<String, Vec<IpNet>>,
    /// Filters by family and name; their terms in the order in which they were first named.
    filters: BTreeMap<(String, String), Vec<(String, Term)>>,
    attached: BTreeMap<(String, String), String>,
}

#[derive(Debug, Default)]
struct Term {
    /// Values by the kind of match.
    from: BTreeMap<String, Vec<String>>,
    then: Vec<String>,
}

impl Config {
    pub fn read(text: &str) -> Config {
        let mut config = Config::default();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let words: Vec<&str> = line.split_whitespace().collect();
            match words.as_slice() {
                [] | ["configure"] | ["commit", "and-quit"] => {}
                ["set", "policy-options", "prefix-list", name, prefix] => {
                    assert!(name.len() <= 64, "{name}");
                    config.prefixes.entry((*name).to_owned()).or_default().push(prefix.parse().unwrap());
                }
                ["delete", "policy-options", "prefix-list", name] => {
                    config.prefixes.remove(*name);
                }
                ["delete", "policy-options", "prefix-list", name, prefix] => {
                    let prefix: IpNet = prefix.parse().unwrap();
                    config.prefixes.get_mut(*name).unwrap().retain(|known| *known != prefix);
                }
                ["delete", "firewall", "family", family, "filter", name] => {
                    config.filters.remove(&((*family).to_owned(), (*name).to_owned()));
                }
                ["set", "firewall", "family", family, "filter", filter, "term", term, rest @ ..] => {
                    assert!(filter.len() <= 64 && term.len() <= 64, "{line}");
                    config.term(family, filter, term).read(rest, line);
                }
                ["set", "interfaces", device, "unit", unit, "family", family, "filter", "input", filter] => {
                    let interface =
                        if *unit == "0" { (*device).to_owned() } else { format!("{device}.{unit}") };
                    config.attached.insert(((*family).to_owned(), interface), (*filter).to_owned());
                }
                _ => panic!("{line}"),
            }
        }
        config
    }

    fn term(&mut self, family: &str, filter: &str, term: &str) -> &mut Term {
        let terms = self.filters.entry((family.to_owned(), filter.to_owned())).or_default();
        let place = terms.iter().position(|(name, _)| name == term).unwrap_or_else(|| {
            terms.push((term.to_owned(), Term::default()));
            terms.len() - 1
        });
        &mut terms[place].1
    }

    fn fits(&self, kind: &str, value: &str, packet: &Packet) -> bool {
        let listed = |address: IpAddr| {
            let networks = &self.prefixes[value];
            assert!(!networks.is_empty(), "{value}");
            networks.iter().any(|network| network.contains(&address))
        };
        let network = |address: IpAddr| value.parse::<IpNet>().unwrap().contains(&address);
        let range = |port: Option<u16>| {
            let (first, last) = value.split_once('-').unwrap_or((value, value));
            let (first, last): (u16, u16) = (first.parse().unwrap(), last.parse().unwrap());
            port.is_some_and(|port| first <= port && port <= last)
        };
        let v6 = packet.is_v6();
        match kind {
            "source-prefix-list" => listed(packet.source),
            "destination-prefix-list" => listed(packet.destination),
            "source-address" => network(packet.source),
            "destination-address" => network(packet.destination),
            "protocol" if !v6 => number(value) == packet.protocol(),
            "next-header" if v6 => number(value) == packet.protocol(),
            "source-port" => range(packet.ports().map(|(source, _)| source)),
            "destination-port" => range(packet.ports().map(|(_, destination)| destination)),
            "tcp-established" => matches!(packet.carried, Carried::Tcp { answers: true, .. }),
            "icmp-type" => packet.icmp() == Some(icmp(value, v6)),
            _ => panic!("{kind} {value}"),
        }
    }
}

impl Term {
    fn read(&mut self, words: &[&str], line: &str) {
        match words {
            ["from", "tcp-established"] => {
                self.from.insert("tcp-established".to_owned(), vec![String::new()]);
            }
            ["from", kind, "[", values @ .., "]"] | ["from", kind, values @ ..] if !values.is_empty() => {
                let values = values.iter().map(|&value| value.to_owned());
                self.from.entry((*kind).to_owned()).or_default().extend(values);
            }
            ["then", then] => self.then.push((*then).to_owned()),
            _ => panic!("{line}"),
        }
    }
}

fn number(name: &str) -> u8 {
    match name {
        "tcp" => 6,
        "udp" => 17,
        "icmp" => 1,
        "icmp6" => 58,
        number => number.parse().unwrap(),
    }
}

fn icmp(name: &str, v6: bool) -> u8 {
    match (name, v6) {
        ("echo-reply", false) => 0,
        ("unreachable", false) => 3,
        ("time-exceeded", false) => 11,
        ("destination-unreachable", true) => 1,
        ("packet-too-big", true) => 2,
        ("time-exceeded", true) => 3,
        ("echo-reply", true) => 129,
        ("router-solicit", true) => 133,
        ("router-advertisement", true) => 134,
        ("neighbor-solicit", true) => 135,
        ("neighbor-advertisement", true) => 136,
        _ => panic!("{name}"),
    }
}

impl Decides for Config {
    fn permits(&self, place: &Place, packet: &Packet) -> bool {
        let (family, ending) = if packet.is_v6() { ("inet6", "-V6") } else { ("inet", "") };
        let name = match place {
            Place::Interface(name) => self.attached[&(family.to_owned(), name.clone())].clone(),
            Place::Zone(zone) => format!("FROM-{}{ending}", zone.to_uppercase()),
        };
        let terms = &self.filters[&(family.to_owned(), name)];
        let fits = |term: &Term| {
            term.from.iter().all(|(kind, values)| values.iter().any(|value| self.fits(kind, value, packet)))
        };
        let decided = terms.iter().find(|(_, term)| fits(term));
        decided.is_some_and(|(name, term)| {
            let ends: Vec<_> =
                term.then.iter().filter(|then| matches!(then.as_str(), "accept" | "discard")).collect();
            assert_eq!(ends.len(), 1, "{name}");
            ends[0] == "accept"
        })
    }
}
