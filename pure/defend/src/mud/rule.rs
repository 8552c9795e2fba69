//! An entry of an access list: what it looks at.

use super::cursor::{Cursor, MudError};
use city::NumberRange;
use ipnet::IpNet;
use std::{fmt, net::IpAddr};

/// An entry of an access list, in the direction in which the policy uses it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its list and its name, for people.
    pub name: String,
    /// Whether it is about packets from the device; else about packets to it.
    pub from_device: bool,
    /// Whether it lets packets pass; else it drops or rejects them.
    pub accept: bool,
    /// Whether it is about IPv6.
    pub v6: bool,
    /// Who is at the other end; several mean that each must hold.
    pub peers: Vec<Peer>,
    /// The IP protocol, by its IANA number.
    pub protocol: Option<u8>,
    /// The ports that packets may come from.
    pub source: Option<Vec<NumberRange>>,
    /// The ports that packets may go to.
    pub destination: Option<Vec<NumberRange>>,
    /// Who begins, where the file says (`direction-initiated`): `true` for the device.
    pub device_begins: Option<bool>,
    /// What else it looks at, which no conduit can.
    pub beyond: Vec<String>,
}

/// Who is at the other end.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Peer {
    /// A controller by its class: a URI, or a word.
    Controller(String),
    /// The network that is local.
    LocalNetworks,
    /// Devices of a maker, by the host part of their MUD URLs.
    Manufacturer(String),
    /// Devices of a model, by their MUD URL.
    Model(String),
    /// The device's own controller.
    MyController,
    /// Whoever a name of the DNS stands for.
    Name(String),
    /// A network.
    Network(IpNet),
    /// Devices of the same maker.
    SameManufacturer,
}

impl Peer {
    /// The word by which an operator can say who is meant.
    #[must_use]
    pub fn word(&self) -> String {
        match self {
            Peer::Controller(text) | Peer::Manufacturer(text) | Peer::Model(text) | Peer::Name(text) => {
                text.clone()
            }
            Peer::LocalNetworks => "local-networks".to_owned(),
            Peer::MyController => "my-controller".to_owned(),
            Peer::Network(network) => network.to_string(),
            Peer::SameManufacturer => "same-manufacturer".to_owned(),
        }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Peer::Controller(class) => write!(f, "controllers of the class {class}"),
            Peer::LocalNetworks => f.write_str("local networks"),
            Peer::Manufacturer(host) => write!(f, "devices made by {host}"),
            Peer::Model(model) => write!(f, "devices of the model {model}"),
            Peer::MyController => f.write_str("its controller"),
            Peer::Name(name) => f.write_str(name),
            Peer::Network(network) => network.fmt(f),
            Peer::SameManufacturer => f.write_str("devices of the same maker"),
        }
    }
}

impl Rule {
    pub(super) fn read_match(&mut self, key: &str, value: &Cursor<'_>) -> Result<(), MudError> {
        match key {
            "ietf-mud:mud" | "mud" => self.read_mud(value),
            "ipv4" | "ipv6" => {
                if (key == "ipv6") != self.v6 {
                    let remedy = "put it into a list of its own type";
                    return Err(value.error(format!("`{key}` stands in a list of the other family"), remedy));
                }
                self.read_ip(value)
            }
            "tcp" => self.read_ports(value, 6),
            "udp" => self.read_ports(value, 17),
            "icmp" => {
                self.carried_by(value, if self.v6 { 58 } else { 1 })?;
                self.beyond.extend(value.entries()?.iter().map(|(key, _)| format!("icmp {key}")));
                Ok(())
            }
            other => {
                self.beyond.push(other.to_owned());
                Ok(())
            }
        }
    }

    fn read_mud(&mut self, mud: &Cursor<'_>) -> Result<(), MudError> {
        for (key, value) in mud.entries()? {
            let empty = |peer: Peer| value.empty_leaf().map(|()| peer);
            let peer = match key {
                "controller" => Peer::Controller(value.text()?),
                "manufacturer" => Peer::Manufacturer(value.text()?),
                "model" => Peer::Model(value.text()?),
                "my-controller" => empty(Peer::MyController)?,
                "local-networks" => empty(Peer::LocalNetworks)?,
                "same-manufacturer" => empty(Peer::SameManufacturer)?,
                "direction-initiated" => {
                    self.device_begins = Some(direction(&value)?);
                    continue;
                }
                other => {
                    self.beyond.push(other.to_owned());
                    continue;
                }
            };
            self.peers.push(peer);
        }
        Ok(())
    }

    fn read_ip(&mut self, ip: &Cursor<'_>) -> Result<(), MudError> {
        // The peer is where packets from the device go, and where packets to it come from.
        let (peer, own) = if self.from_device { ("dst", "src") } else { ("src", "dst") };
        for (key, value) in ip.entries()? {
            let plain = key.rsplit_once(':').map_or(key, |(_, plain)| plain);
            match plain {
                "protocol" => {
                    let number = value.number(255)?;
                    self.carried_by(&value, u8::try_from(number).unwrap_or_default())?;
                }
                "src-dnsname" | "dst-dnsname" if plain.starts_with(peer) => {
                    self.peers.push(Peer::Name(value.text()?));
                }
                "source-ipv4-network"
                | "source-ipv6-network"
                | "destination-ipv4-network"
                | "destination-ipv6-network" => {
                    let network = network(&value, plain.contains("ipv6"))?;
                    let side = if plain.starts_with("source") { "src" } else { "dst" };
                    if side == peer {
                        self.peers.push(Peer::Network(network));
                    } else {
                        self.beyond.push(format!("the device's own address {network}"));
                    }
                }
                "src-dnsname" | "dst-dnsname" if plain.starts_with(own) => {
                    self.beyond.push(format!("the device's own name {}", value.text()?));
                }
                other => self.beyond.push(other.to_owned()),
            }
        }
        Ok(())
    }

    fn read_ports(&mut self, l4: &Cursor<'_>, protocol: u8) -> Result<(), MudError> {
        self.carried_by(l4, protocol)?;
        for (key, value) in l4.entries()? {
            match key.rsplit_once(':').map_or(key, |(_, plain)| plain) {
                "source-port" => self.source = Some(ports(&value)?),
                "destination-port" => self.destination = Some(ports(&value)?),
                "direction-initiated" => self.device_begins = Some(direction(&value)?),
                other => self.beyond.push(other.to_owned()),
            }
        }
        Ok(())
    }

    fn carried_by(&mut self, at: &Cursor<'_>, protocol: u8) -> Result<(), MudError> {
        match self.protocol {
            Some(known) if known != protocol => {
                let problem = format!("the protocol is {protocol} here and {known} elsewhere in the entry");
                Err(at.error(problem, "an entry is about one protocol"))
            }
            _ => {
                self.protocol = Some(protocol);
                Ok(())
            }
        }
    }
}

fn direction(value: &Cursor<'_>) -> Result<bool, MudError> {
    match value.text()?.as_str() {
        "from-device" => Ok(true),
        "to-device" => Ok(false),
        other => {
            let problem = format!("`{other}` is no direction");
            Err(value.error(problem, "write `from-device` or `to-device`"))
        }
    }
}

fn network(value: &Cursor<'_>, v6: bool) -> Result<IpNet, MudError> {
    let text = value.text()?;
    let network = text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
    match network.filter(|network| matches!(network, IpNet::V6(_)) == v6) {
        Some(network) => Ok(network.trunc()),
        None => {
            let example = if v6 { "2001:db8::/32" } else { "192.0.2.0/24" };
            Err(value.error(format!("`{text}` is no such network"), format!("write it as `{example}`")))
        }
    }
}

/// The ports of RFC 8519's `port-range-or-operator`.
fn ports(at: &Cursor<'_>) -> Result<Vec<NumberRange>, MudError> {
    let most = u64::from(u16::MAX);
    let range = |first, last| NumberRange { first, last };
    if let Some(lower) = at.at("lower-port")? {
        let first = lower.number(most)?;
        let last = match at.at("upper-port")? {
            Some(upper) => upper.number(most)?,
            None => first,
        };
        if first > last {
            return Err(
                at.error("the range ends before it begins", "change `lower-port` and `upper-port` round")
            );
        }
        return Ok(vec![range(first, last)]);
    }
    let port = at.need("port")?.number(most)?;
    let Some(operator) = at.at("operator")? else { return Ok(vec![range(port, port)]) };
    Ok(match operator.text()?.as_str() {
        "eq" => vec![range(port, port)],
        "lte" => vec![range(0, port)],
        "gte" => vec![range(port, most)],
        "neq" => {
            let below = port.checked_sub(1).map(|last| range(0, last));
            let above = (port < most).then(|| range(port + 1, most));
            below.into_iter().chain(above).collect()
        }
        other => {
            return Err(operator.error(format!("`{other}` is no operator"), "write eq, neq, lte or gte"));
        }
    })
}
