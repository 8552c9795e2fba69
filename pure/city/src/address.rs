//! Who speaks to whom: link-layer and network addresses, and the flow between two of them.

use crate::Protocol;
use serde::{Deserialize, Serialize};
use std::{fmt, net::IpAddr, str::FromStr};

/// An IEEE 802 MAC address.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Mac(pub [u8; 6]);

impl Mac {
    /// Whether the address names a group of stations (broadcast included): IEEE 802 clause 8.2, I/G bit.
    #[must_use]
    pub fn is_group(self) -> bool {
        let [first, ..] = self.0;
        first & 1 == 1
    }

    /// Whether the address was chosen locally rather than assigned to a maker: the U/L bit.
    #[must_use]
    pub fn is_local(self) -> bool {
        let [first, ..] = self.0;
        first & 2 == 2
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        f.pad(&format!("{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}"))
    }
}

impl fmt::Debug for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Why a text is not a MAC address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a MAC address is six pairs of hexadecimal digits, such as `00:1b:19:00:00:0a`")]
pub struct ParseMacError;

impl FromStr for Mac {
    type Err = ParseMacError;

    /// Reads six pairs of hexadecimal digits with `:` or `-` between them.
    fn from_str(text: &str) -> Result<Self, ParseMacError> {
        let mut octets = [0; 6];
        let mut parts = text.split([':', '-']);
        for octet in &mut octets {
            let part = parts.next().filter(|p| p.len() == 2).ok_or(ParseMacError)?;
            *octet = u8::from_str_radix(part, 16).map_err(|_| ParseMacError)?;
        }
        if parts.next().is_some() { Err(ParseMacError) } else { Ok(Mac(octets)) }
    }
}

/// Where a station can be reached: by IP, or only on its link.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Address {
    /// An IP address.
    Ip(IpAddr),
    /// A station that was seen to speak, but never with an IP address.
    Mac(Mac),
}

impl Address {
    /// The IP address, if there is one.
    #[must_use]
    pub fn ip(self) -> Option<IpAddr> {
        match self {
            Address::Ip(ip) => Some(ip),
            Address::Mac(_) => None,
        }
    }

    /// Whether the address names one station: not broadcast, multicast or unspecified.
    #[must_use]
    pub fn is_station(self) -> bool {
        match self {
            Address::Ip(IpAddr::V4(ip)) => !ip.is_broadcast() && !ip.is_multicast() && !ip.is_unspecified(),
            Address::Ip(IpAddr::V6(ip)) => !ip.is_multicast() && !ip.is_unspecified(),
            Address::Mac(mac) => !mac.is_group() && mac != Mac([0; 6]),
        }
    }
}

impl From<IpAddr> for Address {
    fn from(ip: IpAddr) -> Self {
        Address::Ip(ip)
    }
}

impl From<Mac> for Address {
    fn from(mac: Mac) -> Self {
        Address::Mac(mac)
    }
}

impl FromStr for Address {
    type Err = ParseMacError;
    fn from_str(text: &str) -> Result<Self, ParseMacError> {
        text.parse::<IpAddr>().map(Address::Ip).or_else(|_| text.parse().map(Address::Mac))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Ip(ip) => ip.fmt(f),
            Address::Mac(mac) => mac.fmt(f),
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What carries a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Transport {
    /// Directly on the link, named by EtherType; for 802.2 frames without one, by their service access point, below 256.
    Ethernet(u16),
    /// ICMP or ICMPv6. The ports of the flow are then its type and code.
    Icmp,
    /// Another IP protocol, by its IANA number.
    Ip(u8),
    /// SCTP.
    Sctp,
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Transport::Ethernet(kind) => f.pad(&format!("ethernet-{kind:04x}")),
            Transport::Icmp => f.pad("icmp"),
            Transport::Ip(number) => f.pad(&format!("ip-{number}")),
            Transport::Sctp => f.pad("sctp"),
            Transport::Tcp => f.pad("tcp"),
            Transport::Udp => f.pad("udp"),
        }
    }
}

/// Two ends and what runs between them. The source is the end that began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Flow {
    /// The end that began the conversation.
    pub source: Address,
    /// Its port, or 0 where the transport has none.
    pub source_port: u16,
    /// The end that was spoken to.
    pub destination: Address,
    /// Its port, or 0 where the transport has none.
    pub destination_port: u16,
    /// What carries it.
    pub transport: Transport,
    /// The application protocol, once recognised.
    pub protocol: Option<Protocol>,
}

impl Flow {
    /// The same flow with its ends exchanged.
    #[must_use]
    pub fn reversed(self) -> Flow {
        Flow {
            source: self.destination,
            source_port: self.destination_port,
            destination: self.source,
            destination_port: self.source_port,
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mac_address_round_trips() {
        let mac: Mac = "02-00-5E-00-53-0a".parse().unwrap();
        assert_eq!(mac.to_string(), "02:00:5e:00:53:0a");
        assert!(mac.is_local() && !mac.is_group());
        for bad in ["", "02:00:5e:00:53", "02:00:5e:00:53:0a:0b", "2:0:5e:0:53:a", "02:00:5e:00:53:0g"] {
            assert_eq!(bad.parse::<Mac>(), Err(ParseMacError), "{bad}");
        }
    }

    #[test]
    fn groups_are_not_stations() {
        for (text, station) in [
            ("192.0.2.1", true),
            ("255.255.255.255", false),
            ("224.0.0.251", false),
            ("0.0.0.0", false),
            ("2001:db8::1", true),
            ("ff02::1", false),
            ("00:00:5e:00:53:01", true),
            ("ff:ff:ff:ff:ff:ff", false),
        ] {
            assert_eq!(text.parse::<Address>().unwrap().is_station(), station, "{text}");
        }
    }
}
