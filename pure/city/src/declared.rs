//! What the plan declares. Only `plan` makes these from text; everything else reads them.

use crate::{
    AssetId, ConduitId, ContactId, CrewId, FeedId, Flow, Mac, Protocol, ResponseId, Rule, ServiceId,
    Severity, SiteId, SupplierId, Target, Text, Transport, VerbSet, ZoneId,
};
use ipnet::IpNet;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use std::{fmt, net::IpAddr};

/// What is said once of the whole city.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// The city's name.
    pub name: Text,
    /// Its IANA time zone, for what people see.
    pub time_zone: Text,
    /// For how long after its first sight a device's behaviour is learned rather than judged.
    pub learning: SignedDuration,
    /// After how long without a sign a declared device counts as silent, unless the asset says otherwise.
    pub silence: SignedDuration,
}

/// How much it hurts when a service fails. Ordered: the worst is the greatest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Impact {
    /// A nuisance.
    Low,
    /// Costs money or trust.
    Medium,
    /// Many people are affected.
    High,
    /// Lives may depend on it.
    Critical,
}

/// What a service must be able to come back to, and by when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecoveryTarget {
    /// Recovery time objective: by when it should run again.
    pub rto: SignedDuration,
    /// Recovery point objective: how much recent data may be lost.
    pub rpo: SignedDuration,
    /// Maximum tolerable period of disruption (ISO 22301): after which the harm is not acceptable.
    pub mtpd: SignedDuration,
}

/// An essential public function.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// Its id.
    pub id: ServiceId,
    /// Its name for people.
    pub name: Text,
    /// Who answers for it.
    pub owner: Option<ContactId>,
    /// How much it hurts when it fails.
    pub impact: Impact,
    /// The services it cannot run without.
    pub needs: Vec<ServiceId>,
    /// What it must be able to come back to; always present for a critical service.
    pub recovery: Option<RecoveryTarget>,
    /// What it does without its network, in plain words: "junctions fall back to fixed time".
    pub fallback: Option<Text>,
    /// Whether it must run: no response cuts it off unless a second person agrees.
    pub must_run: bool,
}

/// A group of assets with common security needs (IEC 62443-3-2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Zone {
    /// Its id.
    pub id: ZoneId,
    /// Its name for people.
    pub name: Text,
    /// The networks it spans. No two zones overlap.
    pub networks: Vec<IpNet>,
    /// The security level that is aimed at, SL-T, 0 to 4 (IEC 62443-3-3).
    pub security_level: u8,
    /// Whether it stands for places that are not the city's, such as the internet. Such a zone may be without networks.
    pub outside: bool,
    /// The interfaces of the enforcing firewall behind which it lies; empty if that is not said.
    pub interfaces: Vec<Text>,
    /// Where its equipment stands, unless an asset says otherwise.
    pub site: Option<SiteId>,
}

/// An allowed path from one zone to another (IEC 62443-3-2). Replies are part of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conduit {
    /// Its id.
    pub id: ConduitId,
    /// The zone that begins.
    pub from: ZoneId,
    /// The zone that is spoken to. May be the same zone.
    pub to: ZoneId,
    /// Those of the first zone that may begin; empty allows all of it.
    pub from_assets: Vec<AssetId>,
    /// Those of the second zone that may be spoken to; empty allows all of it.
    pub to_assets: Vec<AssetId>,
    /// What is allowed.
    pub allow: Vec<Allowance>,
    /// Why it exists, in plain words.
    pub reason: Text,
}

/// What shall be done by itself when something is found. Everything else waits for a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StandingResponse {
    /// Its id.
    pub id: ResponseId,
    /// The rules whose findings it answers.
    pub rules: Vec<Rule>,
    /// The zones that something was done to; empty answers for all.
    pub zones: Vec<ZoneId>,
    /// The least severity that it answers.
    pub severity: Severity,
    /// Why it is right to act without asking, in plain words.
    pub reason: Text,
}

/// One thing that a conduit allows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Allowance {
    /// Requests of a protocol, by verb and perhaps by target and port: `bacnet: write analog-output 40..60 present-value`,
    /// `http: read on tcp/8088`.
    Requests {
        /// The protocol.
        protocol: Protocol,
        /// The verbs allowed.
        verbs: VerbSet,
        /// The targets allowed; `None` allows all.
        target: Option<TargetPattern>,
        /// The ports on which they are allowed. `None` allows all that the wire recognises, and is for a firewall the
        /// protocol's usual ports ([`Protocol::usual_ports`]).
        on: Option<Ports>,
    },
    /// Whatever runs to a port, for protocols that Bastide does not read: `tcp/4059`, `udp/5000..5010`.
    Ports(Ports),
    /// Whatever an IP protocol other than TCP, UDP, SCTP and ICMP carries, by its IANA number: `ip/47` for GRE.
    Packets {
        /// The number.
        number: u8,
    },
}

impl fmt::Display for Allowance {
    /// As the plan writes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Allowance::Requests { protocol, verbs, target, on } => {
                write!(f, "{protocol}: ")?;
                if *verbs == VerbSet::ALL {
                    f.write_str("any")?;
                } else {
                    for (i, verb) in verbs.iter().enumerate() {
                        write!(f, "{}{verb}", if i == 0 { "" } else { ", " })?;
                    }
                }
                if let Some(target) = target {
                    write!(f, " {target}")?;
                }
                match on {
                    Some(ports) => write!(f, " on {ports}"),
                    None => Ok(()),
                }
            }
            Allowance::Ports(ports) => ports.fmt(f),
            Allowance::Packets { number } => write!(f, "ip/{number}"),
        }
    }
}

/// Ports of a transport: `tcp/4059`, `udp/5000..5010`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Ports {
    /// TCP, UDP or SCTP.
    pub transport: Transport,
    /// The first and last port.
    pub numbers: NumberRange,
}

impl Ports {
    /// One port.
    #[must_use]
    pub fn one(transport: Transport, port: u16) -> Ports {
        Ports { transport, numbers: NumberRange { first: port.into(), last: port.into() } }
    }

    /// Whether a flow runs to one of the ports.
    #[must_use]
    pub fn carry(self, flow: &Flow) -> bool {
        flow.transport == self.transport && self.numbers.contains(flow.destination_port.into())
    }
}

impl fmt::Display for Ports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.transport, self.numbers)
    }
}

/// A range of numbers, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct NumberRange {
    /// The first.
    pub first: u64,
    /// The last, not below the first.
    pub last: u64,
}

impl NumberRange {
    /// Whether the number lies within.
    #[must_use]
    pub fn contains(self, number: u64) -> bool {
        self.first <= number && number <= self.last
    }
}

impl fmt::Display for NumberRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first == self.last {
            write!(f, "{}", self.first)
        } else {
            write!(f, "{}..{}", self.first, self.last)
        }
    }
}

/// Which targets are allowed. Each part left out allows all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetPattern {
    /// The device behind the address.
    pub unit: Option<u32>,
    /// The kind of thing.
    pub kind: Option<Text>,
    /// The numbers; a request must lie wholly within.
    pub numbers: Option<NumberRange>,
    /// The name; `*` stands for any text.
    pub name: Option<Text>,
}

impl TargetPattern {
    /// Whether every part of the target is allowed.
    #[must_use]
    pub fn admits(&self, target: &Target) -> bool {
        let unit = self.unit.is_none_or(|unit| target.unit == Some(unit));
        let kind = self.kind.as_ref().is_none_or(|kind| *kind == target.kind);
        let numbers = self.numbers.is_none_or(|range| {
            target.numbers.is_some_and(|(first, last)| range.first <= first && last <= range.last)
        });
        let name = self.name.as_ref().is_none_or(|pattern| glob(pattern.as_bytes(), target.name.as_bytes()));
        unit && kind && numbers && name
    }
}

impl fmt::Display for TargetPattern {
    /// As the plan writes it: `unit 3 holding-register 40..60 name`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        if let Some(unit) = self.unit {
            write!(f, "unit {unit}")?;
            separator = " ";
        }
        if let Some(kind) = &self.kind {
            write!(f, "{separator}{kind}")?;
            separator = " ";
        }
        if let Some(numbers) = self.numbers {
            write!(f, "{separator}{numbers}")?;
            separator = " ";
        }
        if let Some(name) = &self.name {
            write!(f, "{separator}{name}")?;
        }
        Ok(())
    }
}

/// Whether the text fits the pattern, in which `*` stands for any run of bytes. Linear in time for one star and
/// at worst the product of the two lengths.
fn glob(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (pattern, text);
    // Where to try again: the pattern after the last star, and the text it last matched from.
    let mut retry: Option<(&[u8], &[u8])> = None;
    loop {
        match (p, t) {
            ([b'*', rest @ ..], _) => {
                retry = Some((rest, t));
                p = rest;
            }
            ([], []) => return true,
            ([a, p_rest @ ..], [b, t_rest @ ..]) if a == b => (p, t) = (p_rest, t_rest),
            _ => match retry {
                Some((after_star, [_, t_rest @ ..])) => {
                    retry = Some((after_star, t_rest));
                    (p, t) = (after_star, t_rest);
                }
                _ => return false,
            },
        }
    }
}

/// A device or system that the city has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asset {
    /// Its id.
    pub id: AssetId,
    /// Its name for people.
    pub name: Text,
    /// The zone it stands in.
    pub zone: ZoneId,
    /// Its IP addresses, each inside the zone's networks.
    pub addresses: Vec<IpAddr>,
    /// Its MAC addresses.
    pub macs: Vec<Mac>,
    /// The services it supports.
    pub services: Vec<ServiceId>,
    /// Who makes or runs it.
    pub supplier: Option<SupplierId>,
    /// What it is: maker's product and model.
    pub product: Option<Text>,
    /// The firmware it should run.
    pub firmware: Option<Text>,
    /// What it does: `controller`, `server`, `workstation`.
    pub role: Option<Text>,
    /// After how long without a sign it counts as silent, if not the city's default.
    pub silence: Option<SignedDuration>,
    /// Where it stands, if not where its zone does.
    pub site: Option<SiteId>,
    /// How long it takes to have another in its place, ready for what is restored to it.
    pub replace: Option<SignedDuration>,
    /// Who puts it back.
    pub crew: Option<CrewId>,
}

/// Who makes, supplies or runs something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Supplier {
    /// Its id.
    pub id: SupplierId,
    /// Its name.
    pub name: Text,
    /// Whom to call there.
    pub contact: Option<ContactId>,
}

/// A stream of readings to the digital twin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Feed {
    /// Its id.
    pub id: FeedId,
    /// Its name for people.
    pub name: Text,
    /// The asset it comes from.
    pub asset: AssetId,
    /// The topic or path under which it is published.
    pub topic: Text,
    /// The unit of its readings (UCUM), such as `m` or `Cel`.
    pub unit: Text,
    /// The least value that is physically possible.
    pub minimum: Option<f64>,
    /// The greatest value that is physically possible.
    pub maximum: Option<f64>,
}

/// Someone to tell, or to ask.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// The id.
    pub id: ContactId,
    /// The name of the person, team or organisation.
    pub name: Text,
    /// What they answer for.
    pub role: Text,
    /// Telephone number.
    pub telephone: Option<Text>,
    /// Mail address.
    pub mail: Option<Text>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Verb;

    #[test]
    fn a_pattern_admits_only_what_lies_within() {
        let pattern = TargetPattern {
            kind: Some("analog-output".into()),
            numbers: Some(NumberRange { first: 40, last: 60 }),
            name: Some("present-*".into()),
            ..TargetPattern::default()
        };
        let target = |first, last, name: &str| Target {
            name: name.into(),
            ..Target::numbered("analog-output", first, last)
        };
        assert!(pattern.admits(&target(40, 60, "present-value")));
        assert!(!pattern.admits(&target(39, 60, "present-value")));
        assert!(!pattern.admits(&target(40, 61, "present-value")));
        assert!(!pattern.admits(&target(40, 60, "units")));
        assert!(!pattern.admits(&Target::named("present-value")));
        assert!(TargetPattern::default().admits(&Target::default()));
    }

    #[test]
    fn an_allowance_reads_as_the_plan_writes_it() {
        let target = TargetPattern {
            unit: Some(3),
            kind: Some("holding-register".into()),
            numbers: Some(NumberRange { first: 40, last: 60 }),
            name: Some("x*".into()),
        };
        let write = VerbSet::of(&[Verb::Write, Verb::Operate]);
        for (allowance, text) in [
            (
                Allowance::Requests {
                    protocol: Protocol::Modbus,
                    verbs: write,
                    target: Some(target),
                    on: None,
                },
                "modbus: operate, write unit 3 holding-register 40..60 x*",
            ),
            (
                Allowance::Requests { protocol: Protocol::Dns, verbs: VerbSet::ALL, target: None, on: None },
                "dns: any",
            ),
            (Allowance::Ports(Ports::one(Transport::Tcp, 22)), "tcp/22"),
            (Allowance::Packets { number: 47 }, "ip/47"),
        ] {
            assert_eq!(allowance.to_string(), text);
        }
    }

    #[test]
    fn a_star_stands_for_any_text() {
        for (pattern, text, fits) in [
            ("*", "", true),
            ("a*c", "abbc", true),
            ("a*c", "abcb", false),
            ("*b*", "abc", true),
            ("city/*/level", "city/pump/7/level", true),
            ("city/*/level", "city/pump/7/speed", false),
            ("", "a", false),
        ] {
            assert_eq!(glob(pattern.as_bytes(), text.as_bytes()), fits, "{pattern} {text}");
        }
    }
}
