//! What IPv6 routers say of themselves and of their link (RFC 4861 section 4.2).

use crate::Config;
use crate::cursor::Cursor;
use crate::dialogue::{Asked, Out, Side};
use crate::news::News;
use crate::packet::{Packet, ip_number};
use crate::show::{VALUE_BYTES_MAX, listed};
use city::{Address, Details, Flow, Observation, Protocol, Reply, Target, Text, Trait, Transport, Verb};
use compact_str::{ToCompactString, format_compact};
use jiff::{SignedDuration, Timestamp};
use std::net::{IpAddr, Ipv6Addr};

/// For how long the same of a router is not told again.
const AGAIN_AFTER: SignedDuration = SignedDuration::from_hours(1);
/// Options read of one advertisement.
const OPTIONS_MAX: usize = 64;

/// An advertisement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Advertisement {
    /// For how long it is a gateway to elsewhere, in seconds; 0 if it is none.
    pub(crate) seconds: u16,
    /// Whether addresses, and whether other settings, are to be had by DHCP.
    pub(crate) leases: bool,
    pub(crate) settings: bool,
    pub(crate) prefixes: Vec<(Ipv6Addr, u8)>,
    pub(crate) name_servers: Vec<Ipv6Addr>,
}

/// Opens an advertisement. `None` if it is none: its sender's address is its own on the link, and no option is empty
/// (section 6.1.2).
pub(crate) fn parse_advertisement(bytes: &[u8], source: Ipv6Addr) -> Option<Advertisement> {
    let mut cursor = Cursor::new(bytes);
    let (kind, code, _checksum) = (cursor.u8()?, cursor.u8()?, cursor.u16()?);
    if (kind, code) != (134, 0) || !source.is_unicast_link_local() {
        return None;
    }
    let (_hops, flags, seconds) = (cursor.u8()?, cursor.u8()?, cursor.u16()?);
    let _times = (cursor.u32()?, cursor.u32()?);
    let mut said = Advertisement {
        seconds,
        leases: flags & 0x80 != 0,
        settings: flags & 0x40 != 0,
        ..Advertisement::default()
    };
    for _ in 0..OPTIONS_MAX {
        if cursor.is_empty() {
            break;
        }
        let (option, eights) = (cursor.u8()?, usize::from(cursor.u8()?));
        let mut value = Cursor::new(cursor.take((eights * 8).checked_sub(2)?)?);
        match option {
            // A prefix (section 4.6.2).
            3 => {
                let length = value.u8().filter(|length| *length <= 128)?;
                value.take(13)?;
                said.prefixes.push((Ipv6Addr::from(value.array::<16>()?), length));
            }
            // Name servers (RFC 8106 section 5.1).
            25 => {
                value.take(6)?;
                let (servers, _) = value.rest().as_chunks::<16>();
                said.name_servers.extend(servers.iter().map(|octets| Ipv6Addr::from(*octets)));
            }
            _ => {}
        }
    }
    Some(said)
}

/// What was told of routers.
#[derive(Debug)]
pub(crate) struct Routers {
    news: News<(IpAddr, &'static str)>,
}

impl Default for Routers {
    fn default() -> Self {
        Routers { news: News::new(AGAIN_AFTER) }
    }
}

impl Routers {
    /// Tells of what is new in an advertisement, if the packet is one.
    pub(crate) fn see(
        &mut self,
        packet: &Packet<'_>,
        time: Timestamp,
        config: &Config,
        observations: &mut Vec<Observation>,
    ) {
        let IpAddr::V6(source) = packet.source else { return };
        if packet.protocol != ip_number::ICMPV6 || packet.payload.first() != Some(&134) {
            return;
        }
        let Some(said) = parse_advertisement(packet.payload, source) else { return };
        let flow = Flow {
            source: Address::Ip(packet.source),
            source_port: 134,
            destination: Address::Ip(packet.destination),
            destination_port: 133,
            transport: Transport::Icmp,
            protocol: Some(Protocol::Icmp),
        };
        let mut out = Out { config, observations, expected: None, unanswered: None, time, flow };
        if said.seconds > 0 && self.news.is_news((packet.source, "role"), "", time) {
            out.identity(Side::Source, Trait::Role, "IPv6 router", "router advertisement", 80);
        }
        let request = asked(&said);
        let summary = format_compact!("{} {}", request.target, request.value.as_deref().unwrap_or_default());
        if self.news.is_news((packet.source, "said"), &summary, time) {
            out.request(Side::Source, request);
        }
    }
}

fn asked(said: &Advertisement) -> Asked {
    let prefix = |(address, length): &(Ipv6Addr, u8)| format_compact!("{address}/{length}");
    let target = said.prefixes.first().map_or_else(Target::default, |first| Target {
        kind: Text::const_new("prefix"),
        name: prefix(first),
        ..Target::default()
    });
    let mut details = Details::new();
    let mut put = |key: &'static str, value: Text| details.push((Text::const_new(key), value));
    put("lifetime", said.seconds.to_compact_string());
    said.prefixes.iter().for_each(|it| put("prefix", prefix(it)));
    said.name_servers.iter().for_each(|server| put("name-server", server.to_compact_string()));
    let words = [
        (said.seconds > 0, "gateway"),
        (said.leases, "addresses by DHCP"),
        (said.settings && !said.leases, "settings by DHCP"),
        (!said.name_servers.is_empty(), "name servers"),
    ];
    let mut value = listed(words.into_iter().filter(|(is, _)| *is).map(|(_, word)| word), VALUE_BYTES_MAX);
    if !said.name_servers.is_empty() {
        value.push(' ');
        value.push_str(&listed(&said.name_servers, VALUE_BYTES_MAX));
    }
    Asked {
        verb: Verb::Publish,
        function: Text::const_new("router-advertisement"),
        target,
        value: Some(value).filter(|value| !value.is_empty()),
        reply: Reply::NotExpected,
        details,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rehearse::{facts_of_frames, hex};
    use city::Observed;

    const PREFIX: &str = "03 04 40 c0 00015180 00003840 00000000 20010db8000000000000000000000000";
    const SERVERS: &str = "19 03 0000 00000e10 20010db8000000000000000000000053";

    /// A frame from a router to all nodes, with its checksum.
    fn frame(source: &str, said: &str) -> Vec<u8> {
        let mut said = hex(said);
        let source: Ipv6Addr = source.parse().unwrap();
        let all: Ipv6Addr = "ff02::1".parse().unwrap();
        let summed =
            [&source.octets()[..], &all.octets(), &[0, 0, 0, said.len() as u8, 0, 0, 0, 58], &said].concat();
        let sum: u32 = summed.chunks(2).map(|pair| u32::from(pair[0]) << 8 | u32::from(pair[1])).sum();
        let sum = !((sum >> 16) + (sum & 0xffff)) as u16;
        said[2..4].copy_from_slice(&sum.to_be_bytes());
        let mut bytes = hex("333300000001 00005e005301 86dd 60000000");
        bytes.extend((said.len() as u16).to_be_bytes());
        bytes.extend([58, 255]);
        bytes.extend(source.octets());
        bytes.extend(all.octets());
        bytes.extend(said);
        bytes
    }

    fn lines(frames: &[Vec<u8>]) -> Vec<String> {
        let frames: Vec<&[u8]> = frames.iter().map(Vec::as_slice).collect();
        let facts = facts_of_frames(&frames, SignedDuration::from_secs(10));
        let line = |fact: &Observed| match fact {
            Observed::Request(it) => Some(format!(
                "{} {} [{}] {}",
                it.verb,
                it.function,
                it.target,
                it.value.as_deref().unwrap_or("-")
            )),
            Observed::Identity(it) => Some(format!("{} {} {}", it.address, it.about.as_str(), it.value)),
            _ => None,
        };
        facts.iter().filter_map(line).collect()
    }

    #[test]
    fn a_router_is_told_once_and_what_changes() {
        let usual = frame("fe80::1", &format!("86 00 0000 40 80 0708 00000000 00000000 {PREFIX}"));
        let other = frame("fe80::1", &format!("86 00 0000 40 80 0708 00000000 00000000 {PREFIX} {SERVERS}"));
        let no_gateway = frame("fe80::2", &format!("86 00 0000 40 00 0000 00000000 00000000 {PREFIX}"));
        assert_eq!(
            lines(&[usual.clone(), usual, other, no_gateway]),
            [
                "fe80::1 role IPv6 router",
                "publish router-advertisement [prefix 2001:db8::/64] gateway,addresses by DHCP",
                "publish router-advertisement [prefix 2001:db8::/64] gateway,addresses by DHCP,name servers 2001:db8::53",
                "publish router-advertisement [prefix 2001:db8::/64] -",
            ]
        );
    }

    #[test]
    fn what_is_not_from_the_link_or_contradicts_itself_is_none() {
        for (source, said) in [
            ("2001:db8::1", "86 00 0000 40 00 0708 00000000 00000000".to_owned()),
            ("fe80::1", "86 00 0000 40 00 0708 00000000".to_owned()),
            ("fe80::1", "86 00 0000 40 00 0708 00000000 00000000 0300".to_owned()),
            ("fe80::1", "86 00 0000 40 00 0708 00000000 00000000 0304 40c0".to_owned()),
            ("fe80::1", format!("86 01 0000 40 00 0708 00000000 00000000 {PREFIX}")),
        ] {
            assert_eq!(lines(&[frame(source, &said)]), [""; 0], "{said}");
        }
    }
}
