//! What of a packet a rule asks for.

use super::{Parsed, Parser};
use crate::{
    Family, Field,
    text::{
        lexer::{Sort, Token},
        value::Kind,
    },
};

pub(super) const IPV4: u128 = 0x0800;
pub(super) const IPV6: u128 = 0x86dd;
const ARP: u128 = 0x0806;

/// The protocols with ports where [`Field::SourcePort`] has them: TCP, UDP, DCCP, SCTP, UDP-Lite.
pub(super) const WITH_PORTS: [u128; 5] = [6, 17, 33, 132, 136];

/// Something that holds wherever a part of a key has a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Implied {
    /// The EtherType, behind tags.
    Ether(u128),
    /// IPv4 or IPv6.
    Ip,
    Protocol(u128),
    /// A protocol with ports.
    Ports,
    /// There is a tag.
    Tagged,
}

/// A part of a key.
#[derive(Clone, Debug)]
pub(super) enum Part {
    /// A field.
    Known { field: Field, kind: Kind, implied: Vec<Implied> },
    /// The EtherType that stands in the frame, which is that of a tag where there is one.
    FrameType,
    /// Nothing that a ruleset's fields have.
    Unknown(Opaque),
}

/// What is known of a part that is not understood.
#[derive(Clone, Debug, Default)]
pub(super) struct Opaque {
    pub(super) implied: Vec<Implied>,
    /// The answer to the same question need not be the same.
    pub(super) fleeting: bool,
    /// Every packet has an answer, so that `!=` is the contrary of `==`.
    pub(super) total: bool,
    /// It is a condition by itself, with nothing compared.
    pub(super) alone: bool,
}

/// What `meta` knows without that word before it.
const BARE: [&str; 28] = [
    "cgroup",
    "cpu",
    "day",
    "hour",
    "ibrhwaddr",
    "ibrname",
    "ibrpvid",
    "ibrvproto",
    "iif",
    "iifgroup",
    "iifkind",
    "iifname",
    "iiftype",
    "mark",
    "nftrace",
    "obrname",
    "oif",
    "oifgroup",
    "oifkind",
    "oifname",
    "oiftype",
    "pkttype",
    "random",
    "rtclassid",
    "secpath",
    "skgid",
    "skuid",
    "time",
];

/// Other words that keys begin with.
const FIRST: [&str; 33] = [
    "ah", "arp", "comp", "ct", "dccp", "dst", "esp", "ether", "exthdr", "fib", "frag", "gre", "hbh", "icmp",
    "icmpv6", "igmp", "ip", "ip6", "ipsec", "jhash", "meta", "mh", "numgen", "osf", "rt", "sctp", "socket",
    "srh", "symhash", "tcp", "th", "udp", "udplite",
];

/// Fields of headers that every such header has.
const TOTAL: [&str; 12] = [
    "dscp",
    "ecn",
    "flowlabel",
    "hdrlength",
    "hoplimit",
    "id",
    "length",
    "mark",
    "pkttype",
    "priority",
    "ttl",
    "version",
];

/// Whether a key begins here.
pub(super) fn begins(token: &Token<'_>, behind: Option<&Token<'_>>) -> bool {
    match token.sort {
        Sort::Word => FIRST.contains(&token.text) || BARE.contains(&token.text) || token.text == "vlan",
        // Raw bits of a header.
        Sort::Mark => {
            token.text == "@" && behind.is_some_and(|base| matches!(base.text, "ih" | "ll" | "nh" | "th"))
        }
        Sort::Quoted | Sort::Separator => false,
    }
}

impl Parser<'_> {
    /// Whether a key begins at the next token.
    pub(super) fn at_key(&self) -> bool {
        self.peek().is_some_and(|token| begins(&token, self.peek_at(1).as_ref()))
    }

    /// Reads parts joined with dots.
    pub(super) fn key(&mut self, family: Family) -> Parsed<Vec<Part>> {
        let mut parts = Vec::new();
        loop {
            parts.push(self.key_part(family)?);
            if !self.take_mark(".") {
                return Ok(parts);
            }
        }
    }

    fn key_part(&mut self, family: Family) -> Parsed<Part> {
        if !self.at_key() {
            return Err(self
                .expected("something of a packet, such as `ip saddr` or `tcp dport`")
                .help("see `nft describe` for what there is"));
        }
        let frames = matches!(family, Family::Bridge | Family::Netdev);
        let Some(first) = self.next() else { return Err(self.expected("a key")) };
        if first.text == "ether" && frames && self.take_word("type") {
            return Ok(Part::FrameType);
        }
        if let Some(implied) = implied_by_header(first.text, frames) {
            return self.field(first.text, implied);
        }
        match first.text {
            "ct" => self.conntrack(),
            "meta" => {
                let key = self.name("what of the packet")?;
                Ok(self.meta(key.text, frames, family))
            }
            "fib" => {
                while self
                    .next_if(|token| matches!(token.text, "saddr" | "daddr" | "mark" | "iif" | "oif"))
                    .is_some()
                    && self.take_mark(".")
                {}
                self.unknown_words(1)
            }
            "rt" => {
                if self.at_word("ip") || self.at_word("ip6") {
                    self.at += 1;
                }
                self.unknown_words(1)
            }
            "socket" => {
                if self.take_word("cgroupv2") {
                    return self.unknown_words(2);
                }
                self.unknown_words(1)
            }
            "osf" => {
                if self.take_word("ttl") {
                    self.at += 1;
                }
                self.unknown_words(1)
            }
            "ipsec" => {
                self.name("`in` or `out`")?;
                if self.take_word("spnum") {
                    self.name("a number")?;
                }
                if self.at_word("ip") || self.at_word("ip6") {
                    self.at += 1;
                }
                self.unknown_words(1)
            }
            "numgen" => {
                self.name("`inc` or `random`")?;
                self.modulus()?;
                Ok(Part::Unknown(Opaque { fleeting: true, ..Opaque::default() }))
            }
            "symhash" => {
                self.modulus()?;
                Ok(Part::Unknown(Opaque::default()))
            }
            "jhash" => {
                let implied = self.deeper(|parser| parser.key(family))?;
                let implied = implied.iter().flat_map(implied_by).copied().collect();
                self.modulus()?;
                Ok(Part::Unknown(Opaque { implied, ..Opaque::default() }))
            }
            "exthdr" | "dst" | "frag" | "hbh" | "mh" | "srh" => self.unknown_words(1),
            "@" => {
                // `@th,16,16`
                let base = self.name("a header")?;
                self.expect_mark(",")?;
                let offset = self.name("a number")?;
                self.expect_mark(",")?;
                let length = self.name("a number")?;
                let field = match (base.text, offset.text, length.text) {
                    ("th", "0", "16") => Field::SourcePort,
                    ("th", "16", "16") => Field::DestinationPort,
                    _ => return Ok(Part::Unknown(Opaque::default())),
                };
                let implied = implied_by_header("th", frames).unwrap_or_default();
                Ok(Part::Known { field, kind: Kind::Port, implied })
            }
            bare => Ok(self.meta(bare, frames, family)),
        }
    }

    /// The field of a header.
    fn field(&mut self, header: &str, implied: Vec<Implied>) -> Parsed<Part> {
        let name = self.name("a field of the header")?;
        let (field, kind) = match (header, name.text) {
            ("ip", "saddr") => (Field::Source, Kind::Ipv4),
            ("ip", "daddr") => (Field::Destination, Kind::Ipv4),
            ("ip", "protocol") | ("ip6", "nexthdr") => (Field::Protocol, Kind::Protocol),
            ("ip6", "saddr") => (Field::Source, Kind::Ipv6),
            ("ip6", "daddr") => (Field::Destination, Kind::Ipv6),
            ("tcp", "flags") => (Field::TcpFlags, Kind::TcpFlags),
            ("tcp" | "udp" | "dccp" | "sctp" | "udplite" | "th", "sport") => (Field::SourcePort, Kind::Port),
            ("tcp" | "udp" | "dccp" | "sctp" | "udplite" | "th", "dport") => {
                (Field::DestinationPort, Kind::Port)
            }
            ("icmp", "type") => (Field::SourcePort, Kind::IcmpType),
            ("icmp", "code") => (Field::DestinationPort, Kind::IcmpCode),
            ("icmpv6", "type") => (Field::SourcePort, Kind::Icmpv6Type),
            ("icmpv6", "code") => (Field::DestinationPort, Kind::Icmpv6Code),
            ("ether", "saddr") => (Field::SourceMac, Kind::Mac),
            ("ether", "daddr") => (Field::DestinationMac, Kind::Mac),
            ("ether", "type") | ("vlan", "type") => (Field::Ethertype, Kind::EtherType),
            ("vlan", "id") => (Field::Vlan, Kind::Vlan),
            ("ip" | "tcp", "option") | ("sctp", "chunk") => {
                self.name("an option")?;
                // A field of it, unless its being there is asked.
                self.next_if(|token| token.sort == Sort::Word && OPTION_FIELDS.contains(&token.text));
                return Ok(Part::Unknown(Opaque { implied, ..Opaque::default() }));
            }
            ("arp", "saddr" | "daddr") => {
                self.name("`ip` or `ether`")?;
                return Ok(Part::Unknown(Opaque { implied, total: true, ..Opaque::default() }));
            }
            (_, other) => {
                let total = TOTAL.contains(&other);
                return Ok(Part::Unknown(Opaque { implied, total, ..Opaque::default() }));
            }
        };
        Ok(Part::Known { field, kind, implied })
    }

    fn meta(&mut self, key: &str, frames: bool, family: Family) -> Part {
        let (field, kind, implied) = match key {
            "iif" | "iifname" => (Field::InterfaceIn, Kind::Interface, Vec::new()),
            "oif" | "oifname" => (Field::InterfaceOut, Kind::Interface, Vec::new()),
            "l4proto" => {
                (Field::Protocol, Kind::Protocol, if frames { vec![Implied::Ip] } else { Vec::new() })
            }
            "protocol" => (Field::Ethertype, Kind::EtherType, Vec::new()),
            // The hook's family, which in bridges is neither.
            "nfproto" if matches!(family, Family::Inet | Family::Ip | Family::Ip6) => {
                (Field::Ethertype, Kind::HookFamily, Vec::new())
            }
            _ => {
                let (fleeting, total) = (key == "random", TOTAL.contains(&key));
                return Part::Unknown(Opaque { fleeting, total, ..Opaque::default() });
            }
        };
        Part::Known { field, kind, implied }
    }

    fn conntrack(&mut self) -> Parsed<Part> {
        let directed = self.next_if(|token| matches!(token.text, "original" | "reply")).is_some();
        if directed && (self.at_word("ip") || self.at_word("ip6")) {
            self.at += 1;
        }
        let key = self.name("what of the connection")?;
        match key.text {
            "state" if !directed => {
                Ok(Part::Known { field: Field::State, kind: Kind::State, implied: Vec::new() })
            }
            "count" => {
                self.take_word("over");
                self.name("a number")?;
                Ok(Part::Unknown(Opaque { fleeting: true, alone: true, ..Opaque::default() }))
            }
            _ => Ok(Part::Unknown(Opaque::default())),
        }
    }

    /// Something that is not understood and ends with so many words.
    fn unknown_words(&mut self, count: usize) -> Parsed<Part> {
        for _ in 0..count {
            self.name("what is asked for")?;
        }
        Ok(Part::Unknown(Opaque::default()))
    }

    /// `mod 2 seed 0xabcd offset 1`
    fn modulus(&mut self) -> Parsed<()> {
        while self.next_if(|token| matches!(token.text, "mod" | "seed" | "offset")).is_some() {
            self.name("a number")?;
        }
        Ok(())
    }
}

/// Fields of options of IPv4 and TCP, and of chunks of SCTP.
const OPTION_FIELDS: [&str; 26] = [
    "a-rwnd",
    "addr",
    "count",
    "cum-tsn-ack",
    "flags",
    "init-tag",
    "initial-tsn",
    "kind",
    "left",
    "length",
    "lowest-tsn",
    "new-cum-tsn",
    "num-dup-tsns",
    "num-gap-ack-blocks",
    "num-inbound-streams",
    "num-outbound-streams",
    "ppid",
    "ptr",
    "right",
    "seqno",
    "size",
    "ssn",
    "stream",
    "tsecr",
    "tsn",
    "tsval",
];

/// What holds of every packet that has a header; `None` for what is no header.
fn implied_by_header(header: &str, frames: bool) -> Option<Vec<Implied>> {
    let over_ip = |implied| if frames { vec![Implied::Ip, implied] } else { vec![implied] };
    let over = |ethertype, protocol| vec![Implied::Ether(ethertype), Implied::Protocol(protocol)];
    Some(match header {
        "ah" => over_ip(Implied::Protocol(51)),
        "arp" => vec![Implied::Ether(ARP)],
        "comp" => over_ip(Implied::Protocol(108)),
        "dccp" => over_ip(Implied::Protocol(33)),
        "esp" => over_ip(Implied::Protocol(50)),
        "ether" => Vec::new(),
        "gre" => over_ip(Implied::Protocol(47)),
        "icmp" => over(IPV4, 1),
        "icmpv6" => over(IPV6, 58),
        "igmp" => over(IPV4, 2),
        "ip" => vec![Implied::Ether(IPV4)],
        "ip6" => vec![Implied::Ether(IPV6)],
        "sctp" => over_ip(Implied::Protocol(132)),
        "tcp" => over_ip(Implied::Protocol(6)),
        "th" => over_ip(Implied::Ports),
        "udp" => over_ip(Implied::Protocol(17)),
        "udplite" => over_ip(Implied::Protocol(136)),
        "vlan" => vec![Implied::Tagged],
        _ => return None,
    })
}

/// What holds wherever a part has a value.
pub(super) fn implied_by(part: &Part) -> &[Implied] {
    match part {
        Part::Known { implied, .. } | Part::Unknown(Opaque { implied, .. }) => implied,
        Part::FrameType => &[],
    }
}
