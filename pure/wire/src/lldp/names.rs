//! Names of what announcements hold.

use super::message::{Part, kind, organisation};
use city::Text;
use compact_str::format_compact;

/// What devices do (clause 8.5.8.1), from the lowest bit.
const CAPABILITIES: [&str; 11] = [
    "other",
    "repeater",
    "bridge",
    "access point",
    "router",
    "telephone",
    "cable modem",
    "station",
    "customer VLAN bridge",
    "service VLAN bridge",
    "two-port relay",
];

/// The names of the capabilities whose bits are set.
pub(crate) fn capabilities(bits: u16) -> impl Iterator<Item = &'static str> {
    let named = CAPABILITIES.into_iter().enumerate();
    named.filter(move |(bit, _)| bits >> bit & 1 == 1).map(|(_, name)| name)
}

/// The name of a part: `system name`, `802.3 power`, or numbers where it has none.
pub(crate) fn part(part: &Part<'_>) -> Text {
    const BASIC: [&str; 9] = [
        "end",
        "chassis",
        "port",
        "time to live",
        "port description",
        "system name",
        "system description",
        "capabilities",
        "management address",
    ];
    if let Some(name) = BASIC.get(usize::from(part.kind)) {
        return Text::const_new(name);
    }
    let Some((whose, number, _)) = part.organised() else {
        let what = if part.kind == kind::ORGANISATION { "organisation" } else { "reserved" };
        return format_compact!("{what} {}", part.kind);
    };
    let (family, names): (&str, &[&str]) = match whose {
        organisation::BRIDGING => ("802.1", &BRIDGING),
        organisation::ETHERNET => ("802.3", &ETHERNET),
        organisation::MED => ("MED", &MED),
        organisation::PROFINET => ("PROFINET", &PROFINET),
        organisation::IANA => ("IANA", &["MUD URL"]),
        [a, b, c] => return format_compact!("{a:02x}-{b:02x}-{c:02x} {number}"),
    };
    match usize::from(number).checked_sub(1).and_then(|at| names.get(at)) {
        Some(name) => format_compact!("{family} {name}"),
        None => format_compact!("{family} {number}"),
    }
}

/// IEEE 802.1Q annex D, table D-1.
const BRIDGING: [&str; 16] = [
    "port VLAN",
    "port and protocol VLAN",
    "VLAN name",
    "protocol identity",
    "VLAN usage digest",
    "management VLAN",
    "link aggregation",
    "congestion notification",
    "ETS configuration",
    "ETS recommendation",
    "priority flow control",
    "application priority",
    "edge virtual bridging",
    "CDCP",
    "port extension",
    "application VLAN",
];

/// IEEE 802.3 table 79-1.
const ETHERNET: [&str; 8] = [
    "medium",
    "power",
    "link aggregation",
    "maximum frame size",
    "energy efficiency",
    "fast wake",
    "additional capabilities",
    "power measurements",
];

/// ANSI/TIA-1057 table 10.
const MED: [&str; 11] = [
    "capabilities",
    "network policy",
    "location",
    "extended power",
    "hardware revision",
    "firmware revision",
    "software revision",
    "serial number",
    "manufacturer",
    "model",
    "asset",
];

/// IEC 61158-6-10, LLDP extensions.
const PROFINET: [&str; 8] = [
    "delays",
    "port status",
    "alias",
    "ring port status",
    "chassis MAC",
    "clock status",
    "medium extension",
    "ring interconnection status",
];

/// Applications of a network policy (ANSI/TIA-1057 table 12).
pub(crate) fn application(number: u8) -> Text {
    const NAMES: [&str; 8] = [
        "voice",
        "voice signalling",
        "guest voice",
        "guest voice signalling",
        "softphone voice",
        "video conferencing",
        "streaming video",
        "video signalling",
    ];
    let name = usize::from(number).checked_sub(1).and_then(|at| NAMES.get(at));
    name.map_or_else(|| format_compact!("application {number}"), |name| Text::const_new(name))
}
