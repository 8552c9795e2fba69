//! Devices that tell their neighbours on the link of themselves again and again: what LLDP, CDP and UDLD have in common.
//!
//! A fact is told when it is new or another, and once within a while. The device is called by the address at which it
//! says that it can be managed, or by the MAC address that it sends from.

use crate::dialogue::{Asked, Side};
use crate::link::Seen;
use crate::news::News;
use city::{Address, Details, Mac, Observation, Protocol, Reply, Target, Text, Trait, Verb};
use compact_str::{ToCompactString, format_compact};
use jiff::SignedDuration;
use std::net::IpAddr;

/// For how long the same of a device is not told again.
const AGAIN_AFTER: SignedDuration = SignedDuration::from_hours(1);

/// What a device says of itself.
pub(crate) struct Announcement {
    pub(crate) protocol: Protocol,
    /// The word for it: `announce`, or that what was announced holds no longer.
    pub(crate) function: &'static str,
    /// The port of the device that it is sent from.
    pub(crate) port: Text,
    /// What the device is called.
    pub(crate) name: Option<Text>,
    /// What it is, what says so, and how far that is to be believed.
    pub(crate) facts: Vec<(Trait, Text, &'static str, u8)>,
    /// Where it can be managed.
    pub(crate) addresses: Vec<IpAddr>,
    /// The MAC address of its chassis.
    pub(crate) chassis: Option<Mac>,
}

/// What was told of those who announce themselves.
#[derive(Debug)]
pub(crate) struct Announcers {
    news: News<(Protocol, Mac, Text)>,
}

impl Default for Announcers {
    fn default() -> Self {
        Announcers { news: News::new(AGAIN_AFTER) }
    }
}

impl Announcers {
    /// Tells of what is new in an announcement.
    pub(crate) fn see(
        &mut self,
        said: Announcement,
        details: impl FnOnce() -> Details,
        seen: &Seen<'_>,
        observations: &mut Vec<Observation>,
    ) {
        let Announcement { protocol, function, port, name, facts, addresses, chassis } = said;
        let (source, now) = (seen.source, seen.time);
        let mut out = seen.out(protocol, observations);
        let mut is_news = |what: Text, value: &str| self.news.is_news((protocol, source, what), value, now);
        let summary = format_compact!("{function} {port} {}", name.as_deref().unwrap_or_default());
        if is_news(Text::default(), &summary) {
            let details = if out.wants_details() { details() } else { Details::new() };
            let asked = Asked {
                verb: Verb::Publish,
                function: Text::const_new(function),
                target: Target { kind: Text::const_new("port"), name: port, ..Target::default() },
                value: name,
                reply: Reply::NotExpected,
                details,
            };
            out.request(Side::Source, asked);
        }
        let mut addresses: Vec<IpAddr> = addresses.into_iter().filter(is_one_devices).collect();
        // By the address that people write down, where there are several.
        addresses.sort_by_key(IpAddr::is_ipv6);
        addresses.dedup();
        let device = addresses.first().map_or(Address::Mac(source), |ip| Address::Ip(*ip));
        for (about, value, field, confidence) in facts {
            // One field can say two things; and a device without an address for a while is another subject.
            let what = format_compact!("{} {field} {device}", about.as_str());
            if is_news(what, &value) {
                out.identity_of(device, about, &value, field, confidence);
            }
        }
        let chassis = chassis.filter(|mac| *mac != source && Address::Mac(*mac).is_station());
        for address in addresses {
            for mac in [Some(source), chassis].into_iter().flatten() {
                if Address::Mac(mac).is_station()
                    && is_news(format_compact!("{address} {mac}"), &mac.to_compact_string())
                {
                    out.binding(address, mac);
                }
            }
        }
    }
}

/// Whether an address can be one device's own: not a group's, and not of this network or this machine (RFC 1122 clause
/// 3.2.1.3), which those say who have none.
fn is_one_devices(ip: &IpAddr) -> bool {
    let is_nobodys = matches!(ip, IpAddr::V4(ip) if ip.octets().starts_with(&[0]));
    Address::Ip(*ip).is_station() && !ip.is_loopback() && !is_nobodys
}
