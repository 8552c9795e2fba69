//! Access lists of Cisco IOS as the vendor's documentation reads them: first match decides, wildcard masks, and what
//! nothing matches is refused. What the reader does not know is a mistake of the writer.

use crate::{
    Decides, Place,
    packet::{Carried, Packet},
};
use ipnet::IpNet;
use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr},
    str::SplitWhitespace,
};

type Tokens<'a> = std::iter::Peekable<SplitWhitespace<'a>>;

#[derive(Debug, Default)]
pub struct Config {
    groups: BTreeMap<String, Vec<IpNet>>,
    /// Lists by family and name, their lines by number.
    lists: BTreeMap<(bool, String), BTreeMap<u64, Line>>,
    /// What is attached to an interface, for IPv4 and IPv6.
    attached: BTreeMap<(bool, String), String>,
}

#[derive(Debug)]
struct Line {
    permits: bool,
    /// `None` stands for every protocol.
    protocol: Option<u8>,
    source: End,
    source_ports: Option<(u16, u16)>,
    destination: End,
    destination_ports: Option<(u16, u16)>,
    established: bool,
    icmp: Option<u8>,
}

#[derive(Debug)]
enum End {
    Any,
    Group(String),
    /// An address, and the bits that do not matter.
    Masked(u32, u32),
    Network(IpNet),
}

/// What the lines that follow belong to.
enum Within {
    Nothing,
    Group(String),
    List(bool, String),
    Interface(String),
}

impl Config {
    pub fn read(text: &str) -> Config {
        let mut config = Config::default();
        let mut within = Within::Nothing;
        for line in text.lines() {
            assert!(line.is_ascii(), "{line}");
            let words: Vec<&str> = line.split_whitespace().collect();
            match words.as_slice() {
                [] | ["!", ..] | ["configure", "terminal"] | ["write", "memory"] => {}
                ["exit" | "end"] => within = Within::Nothing,
                ["no", "ip", "access-list", "extended", name] => {
                    config.lists.remove(&(false, (*name).to_owned()));
                }
                ["no", "ipv6", "access-list", name] => {
                    config.lists.remove(&(true, (*name).to_owned()));
                }
                ["no", "object-group", "network", name] => {
                    config.groups.remove(*name);
                }
                ["object-group", "network", name] => {
                    assert!(
                        name.len() <= 31 && name.starts_with(|c: char| c.is_ascii_alphabetic()),
                        "{name}"
                    );
                    config.groups.entry((*name).to_owned()).or_default();
                    within = Within::Group((*name).to_owned());
                }
                ["ip", "access-list", "extended", name] => {
                    assert!(name.len() <= 31, "{name}");
                    config.lists.entry((false, (*name).to_owned())).or_default();
                    within = Within::List(false, (*name).to_owned());
                }
                ["ipv6", "access-list", name] => {
                    assert!(name.len() <= 31, "{name}");
                    config.lists.entry((true, (*name).to_owned())).or_default();
                    within = Within::List(true, (*name).to_owned());
                }
                ["interface", name] => within = Within::Interface((*name).to_owned()),
                words => config.read_within(&within, words, line),
            }
        }
        // Lists of both families share their names.
        assert!(
            !config.lists.keys().any(|(v6, name)| *v6 && config.lists.contains_key(&(false, name.clone())))
        );
        // A group that stands in a list may not be empty.
        for line in config.lists.values().flat_map(BTreeMap::values) {
            for end in [&line.source, &line.destination] {
                if let End::Group(name) = end {
                    assert!(!config.groups[name].is_empty(), "{name}");
                }
            }
        }
        config
    }

    fn read_within(&mut self, within: &Within, words: &[&str], line: &str) {
        match (within, words) {
            (Within::Group(name), words) => {
                let (no, words) = match words {
                    ["no", rest @ ..] => (true, rest),
                    words => (false, words),
                };
                let network: IpNet = match words {
                    ["host", address] => IpNet::from(address.parse::<IpAddr>().unwrap()),
                    [network, mask] => format!("{network}/{mask}").parse().unwrap_or_else(|_| {
                        let mask: Ipv4Addr = mask.parse().unwrap();
                        IpNet::with_netmask(network.parse().unwrap(), mask.into()).unwrap()
                    }),
                    _ => panic!("{line}"),
                };
                let group = self.groups.get_mut(name).unwrap();
                if no { group.retain(|known| *known != network) } else { group.push(network) }
            }
            (Within::List(..), ["remark", ..]) => assert!(line.len() <= 108, "{line}"),
            (Within::List(v6, name), words) => {
                let list = self.lists.get_mut(&(*v6, name.clone())).unwrap();
                let (number, words) = match words {
                    ["no", "sequence", number] => {
                        assert!(list.remove(&number.parse().unwrap()).is_some(), "{line}");
                        return;
                    }
                    ["sequence", number, rest @ ..] => (number.parse().unwrap(), rest),
                    words => (list.last_key_value().map_or(10, |(last, _)| last + 10), words),
                };
                if words.first() == Some(&"remark") {
                    return;
                }
                let before = list.insert(number, Line::read(&words.join(" "), *v6));
                assert!(before.is_none(), "{line}");
            }
            (Within::Interface(name), ["ip", "access-group", list, "in"]) => {
                self.attached.insert((false, name.clone()), (*list).to_owned());
            }
            (Within::Interface(name), ["ipv6", "traffic-filter", list, "in"]) => {
                self.attached.insert((true, name.clone()), (*list).to_owned());
            }
            _ => panic!("{line}"),
        }
    }

    fn within(&self, end: &End, address: IpAddr) -> bool {
        match end {
            End::Any => true,
            End::Group(name) => self.groups[name].iter().any(|network| network.contains(&address)),
            End::Masked(network, wildcard) => {
                let IpAddr::V4(address) = address else { return false };
                (u32::from(address) ^ network) & !wildcard == 0
            }
            End::Network(network) => network.contains(&address),
        }
    }

    fn matches(&self, line: &Line, packet: &Packet) -> bool {
        let port = |ports: Option<(u16, u16)>, port: Option<u16>| {
            ports.is_none_or(|(first, last)| port.is_some_and(|port| first <= port && port <= last))
        };
        line.protocol.is_none_or(|protocol| protocol == packet.protocol())
            && self.within(&line.source, packet.source)
            && self.within(&line.destination, packet.destination)
            && port(line.source_ports, packet.ports().map(|(source, _)| source))
            && port(line.destination_ports, packet.ports().map(|(_, destination)| destination))
            && line.icmp.is_none_or(|kind| packet.icmp() == Some(kind))
            && (!line.established || matches!(packet.carried, Carried::Tcp { answers: true, .. }))
    }
}

impl Decides for Config {
    fn permits(&self, place: &Place, packet: &Packet) -> bool {
        let v6 = packet.is_v6();
        let name = match place {
            Place::Interface(name) => self.attached[&(v6, name.clone())].clone(),
            Place::Zone(zone) => {
                let name = format!("FROM-{}{}", zone.to_uppercase(), if v6 { "-V6" } else { "" });
                let is_there = self.lists.contains_key(&(v6, name.clone()));
                if v6 && !is_there { "NO-IPV6".to_owned() } else { name }
            }
        };
        let list = &self.lists[&(v6, name)];
        list.values().find(|line| self.matches(line, packet)).is_some_and(|line| line.permits)
    }
}

impl Line {
    fn read(text: &str, v6: bool) -> Line {
        let mut words = text.split_whitespace().peekable();
        let permits = match words.next() {
            Some("permit") => true,
            Some("deny") => false,
            _ => panic!("{text}"),
        };
        let protocol = match words.next().unwrap() {
            "ip" if !v6 => None,
            "ipv6" if v6 => None,
            "tcp" => Some(6),
            "udp" => Some(17),
            "icmp" if v6 => Some(58),
            "icmp" => Some(1),
            number => Some(number.parse().unwrap()),
        };
        let source = end(&mut words, v6);
        let source_ports = ports(&mut words);
        let destination = end(&mut words, v6);
        let destination_ports = ports(&mut words);
        let mut line = Line {
            permits,
            protocol,
            source,
            source_ports,
            destination,
            destination_ports,
            established: false,
            icmp: None,
        };
        for word in words {
            match (word, v6) {
                ("log", _) => {}
                ("established", _) => line.established = true,
                ("echo-reply", false) => line.icmp = Some(0),
                ("unreachable", false) => line.icmp = Some(3),
                ("time-exceeded", false) => line.icmp = Some(11),
                ("echo-reply", true) => line.icmp = Some(129),
                ("unreachable", true) => line.icmp = Some(1),
                ("packet-too-big", true) => line.icmp = Some(2),
                ("time-exceeded", true) => line.icmp = Some(3),
                ("nd-ns", true) => line.icmp = Some(135),
                ("nd-na", true) => line.icmp = Some(136),
                ("router-solicitation", true) => line.icmp = Some(133),
                ("router-advertisement", true) => line.icmp = Some(134),
                _ => panic!("{text}"),
            }
        }
        assert!(!line.established || protocol == Some(6), "{text}");
        assert!(line.icmp.is_none() || matches!(protocol, Some(1 | 58)), "{text}");
        assert!(
            line.source_ports.or(line.destination_ports).is_none() || matches!(protocol, Some(6 | 17)),
            "{text}"
        );
        line
    }
}

fn end(words: &mut Tokens<'_>, v6: bool) -> End {
    match words.next().unwrap() {
        "any" => End::Any,
        "host" => End::Network(IpNet::from(words.next().unwrap().parse::<IpAddr>().unwrap())),
        "object-group" if !v6 => End::Group(words.next().unwrap().to_owned()),
        network if v6 => End::Network(network.parse().unwrap()),
        address => {
            let number = |text: &str| u32::from(text.parse::<Ipv4Addr>().unwrap());
            End::Masked(number(address), number(words.next().unwrap()))
        }
    }
}

fn ports(words: &mut Tokens<'_>) -> Option<(u16, u16)> {
    let number = |words: &mut Tokens<'_>| match words.next().unwrap() {
        "bootpc" => 68,
        "bootps" => 67,
        number => number.parse().unwrap(),
    };
    match words.peek() {
        Some(&"eq") => {
            words.next();
            let port = number(words);
            Some((port, port))
        }
        Some(&"range") => {
            words.next();
            Some((number(words), number(words)))
        }
        _ => None,
    }
}
