//! Packets as people read them.

use crate::{Field, Packet, Ruleset, State, text};
use city::Mac;
use std::{
    fmt,
    net::{Ipv4Addr, Ipv6Addr},
};

/// A packet to be displayed in one line: `tcp 192.0.2.5:any → 198.51.100.9:502, new, in at "eth1"`.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'r> {
    ruleset: &'r Ruleset,
    packet: &'r Packet,
}

impl Ruleset {
    /// A packet with interfaces and conditions by their names. What it has no value for is any.
    #[must_use]
    pub fn show<'r>(&'r self, packet: &'r Packet) -> Shown<'r> {
        Shown { ruleset: self, packet }
    }

    /// The number of an interface: its own where rules name it, else that of the longest name with `*` that it begins
    /// as, else 0.
    #[must_use]
    pub fn interface(&self, name: &str) -> u16 {
        let numbered = || self.interfaces.iter().zip(1..);
        let begins = |(known, number): (&'_ city::Text, u16)| {
            known
                .strip_suffix('*')
                .filter(|prefix| name.starts_with(prefix))
                .map(|prefix| (prefix.len(), number))
        };
        numbered()
            .find(|(known, _)| *known == name)
            .map(|(_, number)| number)
            .or_else(|| numbered().filter_map(begins).max().map(|(_, number)| number))
            .unwrap_or(0)
    }
}

impl Shown<'_> {
    fn value(&self, field: Field) -> Option<u128> {
        self.packet.0.get(&field).copied()
    }

    /// An address with its port, where there are ports.
    fn end(&self, f: &mut fmt::Formatter<'_>, address: Field, port: Option<Field>) -> fmt::Result {
        let value = self.value(address);
        let v6 = self.value(Field::Ethertype) == Some(0x86dd);
        match (value, port) {
            (None, _) => f.write_str("any")?,
            (Some(value), None) if v6 => write!(f, "{}", Ipv6Addr::from_bits(value))?,
            (Some(value), Some(_)) if v6 => write!(f, "[{}]", Ipv6Addr::from_bits(value))?,
            (Some(value), port) => match (u32::try_from(value), port) {
                (Ok(value), _) => write!(f, "{}", Ipv4Addr::from_bits(value))?,
                (Err(_), None) => write!(f, "{}", Ipv6Addr::from_bits(value))?,
                (Err(_), Some(_)) => write!(f, "[{}]", Ipv6Addr::from_bits(value))?,
            },
        }
        match port.map(|port| self.value(port)) {
            None => Ok(()),
            Some(None) => f.write_str(":any"),
            Some(Some(port)) => write!(f, ":{port}"),
        }
    }

    /// What the packet is: its protocol, and the type of ICMP.
    fn kind(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ethertype = self.value(Field::Ethertype);
        match (self.value(Field::Protocol), ethertype) {
            (Some(1), _) | (Some(58), _) => {
                let v6 = self.value(Field::Protocol) == Some(58);
                f.write_str(if v6 { "icmpv6" } else { "icmp" })?;
                if let Some(kind) = self.value(Field::SourcePort) {
                    match text::icmp_type_name(v6, kind) {
                        Some(name) => write!(f, " {name}")?,
                        None => write!(f, " type {kind}")?,
                    }
                }
                match self.value(Field::DestinationPort) {
                    Some(code) if code != 0 => write!(f, " code {code}"),
                    _ => Ok(()),
                }
            }
            (Some(number), _) if number != 0 => {
                match text::PROTOCOLS.iter().find(|(_, known)| u128::from(*known) == number) {
                    Some((name, _)) => f.write_str(name),
                    None => write!(f, "protocol {number}"),
                }
            }
            (_, Some(0x0800)) => f.write_str("IPv4"),
            (_, Some(0x86dd)) => f.write_str("IPv6"),
            (_, Some(0x0806)) => f.write_str("ARP"),
            (_, Some(other)) => write!(f, "EtherType 0x{other:04x}"),
            (_, None) => f.write_str("any"),
        }
    }
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind(f)?;
        let has_ports = matches!(self.value(Field::Protocol), Some(6 | 17 | 33 | 132 | 136));
        let is_ip = matches!(self.value(Field::Ethertype), None | Some(0x0800 | 0x86dd));
        if is_ip {
            f.write_str(" ")?;
            self.end(f, Field::Source, has_ports.then_some(Field::SourcePort))?;
            f.write_str(" → ")?;
            self.end(f, Field::Destination, has_ports.then_some(Field::DestinationPort))?;
        }
        if let Some(flags) = self.value(Field::TcpFlags).filter(|_| self.value(Field::Protocol) == Some(6)) {
            const FLAGS: [&str; 8] = ["fin", "syn", "rst", "psh", "ack", "urg", "ecn", "cwr"];
            let set = FLAGS.iter().enumerate().filter(|(bit, _)| flags >> bit & 1 == 1);
            let set: Vec<&str> = set.map(|(_, name)| *name).collect();
            write!(f, ", flags {}", if set.is_empty() { "none".to_owned() } else { set.join(",") })?;
        }
        if let Some(state) = self.value(Field::State) {
            match State::ALL.into_iter().find(|known| known.number() == state) {
                Some(known) => write!(f, ", {}", known.as_str())?,
                None => write!(f, ", state {state}")?,
            }
        }
        for (field, words) in [(Field::SourceMac, "from"), (Field::DestinationMac, "to")] {
            if let Some(value) = self.value(field) {
                let [_, _, _, _, _, _, _, _, _, _, mac @ ..] = value.to_be_bytes();
                write!(f, ", {words} {}", Mac(mac))?;
            }
        }
        match self.value(Field::Vlan) {
            Some(0) => f.write_str(", without VLAN")?,
            Some(vlan) => write!(f, ", VLAN {vlan}")?,
            None => {}
        }
        for (field, words) in [(Field::InterfaceIn, "in at"), (Field::InterfaceOut, "out at")] {
            match self.value(field) {
                Some(0) => write!(f, ", {words} an interface that no rule names")?,
                Some(number) => {
                    match usize::try_from(number - 1).ok().and_then(|at| self.ruleset.interfaces.get(at)) {
                        Some(name) => write!(f, ", {words} \"{name}\"")?,
                        None => write!(f, ", {words} interface {number}")?,
                    }
                }
                None => {}
            }
        }
        for (field, value) in &self.packet.0 {
            let Field::Unknown(number) = field else { continue };
            let words = self
                .ruleset
                .unknowns
                .get(usize::from(*number))
                .map_or("something else", |words| words.as_str());
            write!(f, ", {} `{words}`", if *value == 0 { "not" } else { "with" })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_read_in_one_line() {
        let ruleset =
            Ruleset::parse("table inet t { chain c { iifname { eth1, \"eth*\" } meta mark 5 drop; } }")
                .unwrap();
        let packet = Packet::default()
            .with(Field::Ethertype, 0x0800)
            .with(Field::Protocol, 6)
            .with(Field::Source, 0xc000_0205)
            .with(Field::Destination, 0xc633_6409)
            .with(Field::DestinationPort, 502)
            .with(Field::State, State::New.number())
            .with(Field::InterfaceIn, ruleset.interface("eth1").into());
        assert_eq!(
            ruleset.show(&packet).to_string(),
            "tcp 192.0.2.5:any → 198.51.100.9:502, new, in at \"eth1\""
        );
        let packet = Packet::default()
            .with(Field::Ethertype, 0x86dd)
            .with(Field::Protocol, 58)
            .with(Field::SourcePort, 135)
            .with(Field::Source, 0x2001_0db8 << 96)
            .with(Field::InterfaceIn, ruleset.interface("eth7").into())
            .with(Field::Vlan, 5)
            .with(Field::Unknown(0), 1);
        assert_eq!(
            ruleset.show(&packet).to_string(),
            "icmpv6 nd-neighbor-solicit 2001:db8:: → any, VLAN 5, in at \"eth*\", with `meta mark 5`"
        );
        let packet =
            Packet::default().with(Field::Ethertype, 0x0806).with(Field::SourceMac, 0x0200_5e00_5301);
        assert_eq!(ruleset.show(&packet).to_string(), "ARP, from 02:00:5e:00:53:01");
    }

    #[test]
    fn an_interface_is_the_longest_name_that_it_begins_as() {
        let ruleset =
            Ruleset::parse("table inet t { chain c { iifname { \"e*\", \"eth*\", eth1 } drop; } }").unwrap();
        assert_eq!(["eth1", "eth2", "ens3", "lo"].map(|name| ruleset.interface(name)), [3, 2, 1, 0]);
    }
}
