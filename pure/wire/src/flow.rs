//! One conversation between two ends, as the table keeps it.

use crate::Config;
use crate::dialogue::Side;
use crate::history::History;
use crate::icmp;
use crate::show::hexadecimal;
use crate::table::Patience;
use crate::talk::Talk;
use crate::tcp;
use city::{
    Address, ConnectionState, Conversation, Details, Flow, Mac, Observation, Observed, Protocol, Text,
    Transport,
};
use compact_str::ToCompactString;
use jiff::Timestamp;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Something for each end of a conversation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ends<T> {
    pub(crate) source: T,
    pub(crate) destination: T,
}

impl<T> Ends<T> {
    pub(crate) fn of(&self, side: Side) -> &T {
        match side {
            Side::Source => &self.source,
            Side::Destination => &self.destination,
        }
    }

    pub(crate) fn of_mut(&mut self, side: Side) -> &mut T {
        match side {
            Side::Source => &mut self.source,
            Side::Destination => &mut self.destination,
        }
    }
}

/// What sort of addresses and transport a key holds. Kept small: a key is hashed for every packet.
const KIND_IPV6: u32 = 1 << 24;
const KIND_MAC: u32 = 1 << 25;
const KIND_ICMP: u32 = 1 << 26;

/// The two ends of a conversation and its transport, the same from both directions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    low: u128,
    high: u128,
    low_port: u16,
    high_port: u16,
    kind: u32,
}

impl Key {
    /// The key, and whether the first end given is the higher of the two.
    pub(crate) fn new(
        transport: Transport,
        from: Address,
        from_port: u16,
        to: Address,
        to_port: u16,
    ) -> (Key, bool) {
        let mut kind = match transport {
            Transport::Ethernet(number) => u32::from(number),
            Transport::Icmp => KIND_ICMP,
            Transport::Ip(number) => u32::from(number),
            Transport::Sctp => 132,
            Transport::Tcp => 6,
            Transport::Udp => 17,
        };
        let mut number = |address| match address {
            Address::Ip(IpAddr::V4(ip)) => u128::from(ip.to_bits()),
            Address::Ip(IpAddr::V6(ip)) => {
                kind |= KIND_IPV6;
                ip.to_bits()
            }
            Address::Mac(Mac([a, b, c, d, e, f])) => {
                kind |= KIND_MAC;
                u128::from(u64::from_be_bytes([0, 0, a, b, c, d, e, f]))
            }
        };
        let (from, to) = (number(from), number(to));
        if (from, from_port) <= (to, to_port) {
            (Key { low: from, high: to, low_port: from_port, high_port: to_port, kind }, false)
        } else {
            (Key { low: to, high: from, low_port: to_port, high_port: from_port, kind }, true)
        }
    }

    /// What carries it.
    pub(crate) fn transport(self) -> Transport {
        let number = self.kind & 0xffff;
        match number {
            _ if self.kind & KIND_MAC != 0 => Transport::Ethernet(number as u16),
            _ if self.kind & KIND_ICMP != 0 => Transport::Icmp,
            6 => Transport::Tcp,
            17 => Transport::Udp,
            132 => Transport::Sctp,
            other => Transport::Ip(other as u8),
        }
    }

    fn address(self, number: u128) -> Address {
        if self.kind & KIND_MAC != 0 {
            let [.., a, b, c, d, e, f] = number.to_be_bytes();
            Address::Mac(Mac([a, b, c, d, e, f]))
        } else if self.kind & KIND_IPV6 != 0 {
            Address::Ip(IpAddr::V6(Ipv6Addr::from_bits(number)))
        } else {
            Address::Ip(IpAddr::V4(Ipv4Addr::from_bits(number as u32)))
        }
    }

    /// The flow whose source is the lower or the higher end.
    pub(crate) fn flow(self, source_is_high: bool, protocol: Option<Protocol>) -> Flow {
        let (low, high) = ((self.low, self.low_port), (self.high, self.high_port));
        let (source, destination) = if source_is_high { (high, low) } else { (low, high) };
        Flow {
            source: self.address(source.0),
            source_port: source.1,
            destination: self.address(destination.0),
            destination_port: destination.1,
            transport: self.transport(),
            protocol,
        }
    }

    /// The number to find it by.
    pub(crate) fn hash(&self, seed: u64) -> u64 {
        use std::hash::{BuildHasher, Hasher};
        let mut hasher = foldhash::fast::FixedState::with_seed(seed).build_hasher();
        hasher.write_u128(self.low);
        hasher.write_u128(self.high);
        let ports = u64::from(self.low_port) << 48 | u64::from(self.high_port) << 32;
        hasher.write_u64(ports | u64::from(self.kind));
        hasher.finish()
    }
}

/// What one end sent.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sent {
    pub(crate) packets: u64,
    /// Payload above the transport header; TCP counts by sequence numbers instead.
    pub(crate) bytes: u64,
    pub(crate) ip_bytes: u64,
    /// With the frame around it; within a tunnel as much as `ip_bytes`.
    pub(crate) frame_bytes: u64,
}

/// What ended a conversation for the reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EndedBy {
    /// The table was full.
    FullTable,
    /// No frame follows.
    Input,
    /// Nothing was said for too long.
    Silence,
    /// Another began between the same ends.
    Successor,
}

impl EndedBy {
    fn as_str(self) -> &'static str {
        match self {
            EndedBy::FullTable => "full-table",
            EndedBy::Input => "input",
            EndedBy::Silence => "silence",
            EndedBy::Successor => "successor",
        }
    }
}

/// At which frame a conversation began, and as the how manyth of those that began there (a tunnel's frame begins
/// several).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Begun {
    pub(crate) frame: u64,
    pub(crate) nth: u32,
}

/// A conversation that goes on.
#[derive(Debug)]
pub(crate) struct Live {
    pub(crate) key: Key,
    /// Whether the source is the higher end of the key.
    pub(crate) source_is_high: bool,
    pub(crate) begun: Begun,
    pub(crate) start: Timestamp,
    pub(crate) last: Timestamp,
    /// How many interim reports are due by the time it was last told of.
    pub(crate) interims: u32,
    /// About how many bytes its dialogue remembers.
    pub(crate) remembered: u32,
    /// Packets with payload since it is no longer listened to.
    pub(crate) unread: u32,
    pub(crate) vlan: Option<u16>,
    pub(crate) macs: Ends<Option<Mac>>,
    pub(crate) sent: Ends<Sent>,
    pub(crate) tcp: tcp::Connection,
    pub(crate) history: History,
    /// When both ends had closed, for a stream.
    pub(crate) closed: Option<Timestamp>,
    /// Whether it is counted among those that came to nothing.
    pub(crate) is_counted: bool,
    /// Whether it was found to be a tunnel.
    pub(crate) is_tunnel: bool,
    pub(crate) protocol: Option<Protocol>,
    pub(crate) talk: Talk,
}

impl Live {
    /// Which end sends from the lower or the higher end of the key.
    pub(crate) fn side(&self, from_high: bool) -> Side {
        if from_high == self.source_is_high { Side::Source } else { Side::Destination }
    }

    pub(crate) fn flow(&self) -> Flow {
        self.key.flow(self.source_is_high, self.protocol)
    }

    /// How it went so far.
    pub(crate) fn state(&self) -> ConnectionState {
        match self.key.transport() {
            Transport::Tcp => self.tcp.state(),
            Transport::Udp => match (self.sent.source.packets > 0, self.sent.destination.packets > 0) {
                (true, true) => ConnectionState::Sf,
                (true, false) => ConnectionState::S0,
                (false, true) => ConnectionState::Shr,
                (false, false) => ConnectionState::Oth,
            },
            _ => ConnectionState::Oth,
        }
    }

    /// Whether somebody began it and it came to nothing: nobody answered, or whoever began did not go on.
    pub(crate) fn came_to_nothing(&self) -> bool {
        match self.key.transport() {
            Transport::Tcp => self.tcp.came_to_nothing(),
            Transport::Icmp => {
                self.sent.destination.packets == 0 && icmp::is_echo_request(self.flow().source_port)
            }
            Transport::Sctp | Transport::Udp => {
                // Something sent to everyone need not be answered by anyone.
                self.sent.destination.packets == 0 && self.flow().destination.is_station()
            }
            Transport::Ethernet(_) | Transport::Ip(_) => false,
        }
    }

    /// How long it may be silent.
    pub(crate) fn patience(&self) -> Patience {
        match self.key.transport() {
            Transport::Ethernet(_) => Patience::Link,
            Transport::Tcp if self.tcp.is_over() => Patience::Closed,
            Transport::Tcp if self.tcp.is_attempt() => Patience::Attempt,
            Transport::Tcp if self.tcp.came_to_nothing() => Patience::HalfOpen,
            Transport::Tcp => Patience::Stream,
            _ if self.sent.destination.packets == 0 => Patience::Unanswered,
            _ => Patience::Datagram,
        }
    }

    /// What is told of it, now or at its end.
    pub(crate) fn tell(
        &self,
        time: Timestamp,
        config: &Config,
        ended: Option<EndedBy>,
        out: &mut Vec<Observation>,
    ) {
        let (bytes_out, bytes_in) = if self.key.transport() == Transport::Tcp {
            (self.tcp.size(Side::Source), self.tcp.size(Side::Destination))
        } else {
            (self.sent.source.bytes, self.sent.destination.bytes)
        };
        let conversation = Conversation {
            flow: self.flow(),
            source_mac: self.macs.source,
            destination_mac: self.macs.destination,
            vlan: self.vlan,
            start: self.start,
            duration: self.closed.unwrap_or(self.last).duration_since(self.start),
            packets_out: self.sent.source.packets,
            packets_in: self.sent.destination.packets,
            bytes_out,
            bytes_in,
            ip_bytes_out: self.sent.source.ip_bytes,
            ip_bytes_in: self.sent.destination.ip_bytes,
            missed_bytes: self.tcp.missed(),
            state: self.state(),
            history: self.history.letters(),
            ended: ended.is_some(),
            details: ended
                .filter(|_| !config.events.is_empty())
                .map(|by| self.details(by))
                .unwrap_or_default(),
        };
        let fact = Observed::Conversation(Box::new(conversation));
        out.push(Observation { time, sensor: config.sensor.clone(), fact });
    }

    /// What only Suricata's events say:
    ///
    /// | key | value |
    /// |---|---|
    /// | `frame-bytes-out`, `frame-bytes-in` | bytes with the frames around them; inside a tunnel, with the IP header |
    /// | `tcp-flags-out`, `tcp-flags-in` | every flag that was set in some segment, hexadecimal |
    /// | `tcp-state` | how far the connection came, as one who stands between the two ends sees it |
    /// | `ended-by` | `silence`, `successor` (another one between the same ends), `full-table`, or the end of the `input` |
    fn details(&self, by: EndedBy) -> Details {
        let mut details = Details::with_capacity(6);
        let mut put = |key: &'static str, value: Text| details.push((Text::const_new(key), value));
        put("frame-bytes-out", self.sent.source.frame_bytes.to_compact_string());
        put("frame-bytes-in", self.sent.destination.frame_bytes.to_compact_string());
        if self.key.transport() == Transport::Tcp {
            put("tcp-flags-out", hexadecimal(&[self.tcp.flags(Side::Source)], 2));
            put("tcp-flags-in", hexadecimal(&[self.tcp.flags(Side::Destination)], 2));
            put("tcp-state", Text::const_new(self.tcp.progress()));
        }
        put("ended-by", Text::const_new(by.as_str()));
        details
    }
}
