//! Names for numbers, as rules write them.

mod services;

pub(super) use services::service;

/// IP protocols by their IANA numbers, with the names and aliases in use.
pub(crate) const PROTOCOLS: &[(&str, u8)] = &[
    ("hopopt", 0),
    ("ip", 0),
    ("icmp", 1),
    ("igmp", 2),
    ("ggp", 3),
    ("ipencap", 4),
    ("ipv4", 4),
    ("st", 5),
    ("tcp", 6),
    ("cbt", 7),
    ("egp", 8),
    ("igp", 9),
    ("pup", 12),
    ("udp", 17),
    ("hmp", 20),
    ("xns-idp", 22),
    ("rdp", 27),
    ("iso-tp4", 29),
    ("dccp", 33),
    ("xtp", 36),
    ("ddp", 37),
    ("idpr-cmtp", 38),
    ("ipv6", 41),
    ("ipv6-route", 43),
    ("ipv6-frag", 44),
    ("idrp", 45),
    ("rsvp", 46),
    ("gre", 47),
    ("esp", 50),
    ("ipv6-crypt", 50),
    ("ah", 51),
    ("ipv6-auth", 51),
    ("skip", 57),
    ("ipv6-icmp", 58),
    ("icmpv6", 58),
    ("icmp6", 58),
    ("ipv6-nonxt", 59),
    ("ipv6-opts", 60),
    ("rspf", 73),
    ("cphb", 73),
    ("vmtp", 81),
    ("eigrp", 88),
    ("ospf", 89),
    ("ospfigp", 89),
    ("ax.25", 93),
    ("ipip", 94),
    ("etherip", 97),
    ("encap", 98),
    ("pim", 103),
    ("comp", 108),
    ("ipcomp", 108),
    ("vrrp", 112),
    ("l2tp", 115),
    ("isis", 124),
    ("sctp", 132),
    ("fc", 133),
    ("mobility-header", 135),
    ("udplite", 136),
    ("mpls-in-ip", 137),
    ("manet", 138),
    ("hip", 139),
    ("shim6", 140),
    ("wesp", 141),
    ("rohc", 142),
    ("ethernet", 143),
];

/// EtherTypes (RFC 9542 and the registry of the IEEE).
const ETHER_TYPES: &[(&str, u16)] = &[
    ("ip", 0x0800),
    ("ipv4", 0x0800),
    ("arp", 0x0806),
    ("rarp", 0x8035),
    ("vlan", 0x8100),
    ("8021q", 0x8100),
    ("ip6", 0x86dd),
    ("ipv6", 0x86dd),
    ("8021ad", 0x88a8),
];

/// Types of ICMP.
const ICMP_TYPES: &[(&str, u8)] = &[
    ("echo-reply", 0),
    ("destination-unreachable", 3),
    ("source-quench", 4),
    ("redirect", 5),
    ("echo-request", 8),
    ("router-advertisement", 9),
    ("router-solicitation", 10),
    ("time-exceeded", 11),
    ("parameter-problem", 12),
    ("timestamp-request", 13),
    ("timestamp-reply", 14),
    ("info-request", 15),
    ("info-reply", 16),
    ("address-mask-request", 17),
    ("address-mask-reply", 18),
];

/// Types of ICMPv6.
const ICMPV6_TYPES: &[(&str, u8)] = &[
    ("destination-unreachable", 1),
    ("packet-too-big", 2),
    ("time-exceeded", 3),
    ("parameter-problem", 4),
    ("echo-request", 128),
    ("echo-reply", 129),
    ("mld-listener-query", 130),
    ("mld-listener-report", 131),
    ("mld-listener-done", 132),
    ("mld-listener-reduction", 132),
    ("nd-router-solicit", 133),
    ("nd-router-advert", 134),
    ("nd-neighbor-solicit", 135),
    ("nd-neighbor-advert", 136),
    ("nd-redirect", 137),
    ("router-renumbering", 138),
    ("ind-neighbor-solicit", 141),
    ("ind-neighbor-advert", 142),
    ("mld2-listener-report", 143),
];

/// Codes of ICMP, of its type "destination unreachable".
const ICMP_CODES: &[(&str, u8)] = &[
    ("net-unreachable", 0),
    ("host-unreachable", 1),
    ("prot-unreachable", 2),
    ("port-unreachable", 3),
    ("frag-needed", 4),
    ("net-prohibited", 9),
    ("host-prohibited", 10),
    ("admin-prohibited", 13),
];

/// Codes of ICMPv6, of its type "destination unreachable".
const ICMPV6_CODES: &[(&str, u8)] = &[
    ("no-route", 0),
    ("admin-prohibited", 1),
    ("addr-unreachable", 3),
    ("port-unreachable", 4),
    ("policy-fail", 5),
    ("reject-route", 6),
];

/// Flags of TCP (RFC 9293, section 3.1).
const TCP_FLAGS: &[(&str, u8)] = &[
    ("fin", 0x01),
    ("syn", 0x02),
    ("rst", 0x04),
    ("psh", 0x08),
    ("ack", 0x10),
    ("urg", 0x20),
    ("ecn", 0x40),
    ("cwr", 0x80),
];

/// States of a connection, by the bits that the kernel has for them.
const STATES: &[(&str, u8)] =
    &[("invalid", 1), ("established", 2), ("related", 4), ("new", 8), ("untracked", 64)];

fn of<N: Copy + Into<u128>>(table: &[(&str, N)], word: &str) -> Option<u128> {
    table.iter().find(|(name, _)| *name == word).map(|(_, number)| (*number).into())
}

pub(super) fn protocol(word: &str) -> Option<u128> {
    // Names in /etc/protocols are case sensitive, but have aliases in capitals.
    of(PROTOCOLS, word).or_else(|| of(PROTOCOLS, &word.to_ascii_lowercase()))
}

pub(super) fn ether_type(word: &str) -> Option<u128> {
    of(ETHER_TYPES, word)
}

pub(super) fn icmp_type(word: &str) -> Option<u128> {
    of(ICMP_TYPES, word)
}

pub(super) fn icmpv6_type(word: &str) -> Option<u128> {
    of(ICMPV6_TYPES, word)
}

pub(super) fn icmp_code(word: &str) -> Option<u128> {
    of(ICMP_CODES, word)
}

pub(super) fn icmpv6_code(word: &str) -> Option<u128> {
    of(ICMPV6_CODES, word)
}

pub(super) fn tcp_flag(word: &str) -> Option<u128> {
    of(TCP_FLAGS, word)
}

/// A state's bit.
pub(super) fn state(word: &str) -> Option<u128> {
    of(STATES, word)
}

/// The name of a type of ICMP, or of ICMPv6.
pub(crate) fn icmp_type_name(v6: bool, number: u128) -> Option<&'static str> {
    let table = if v6 { ICMPV6_TYPES } else { ICMP_TYPES };
    table.iter().find(|(_, known)| u128::from(*known) == number).map(|(name, _)| *name)
}
