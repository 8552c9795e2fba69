//! What the guard has to say.

use crate::unusual::Unusual;
use city::{
    Address, Description, Difference, FindingKey, Flood, Flow, Mac, Rule, Severity, Target, Text, Transport,
    Verb,
};
use jiff::Timestamp;
use std::net::Ipv4Addr;

/// A difference between the traffic that should be and the traffic that is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Breach {
    /// Two devices claim one address.
    AddressConflict {
        /// The address.
        address: Address,
        /// The MAC address declared, or the one that claimed it before.
        rightful: Mac,
        /// The MAC address that claims it now.
        claimant: Mac,
        /// Whether the plan declares the rightful one.
        declared: bool,
    },
    /// More addresses outside the city than are told apart try to reach a device that no conduit lets them reach.
    Crowd {
        /// The device.
        destination: Address,
        /// How many of them are told of one by one.
        told: usize,
        /// The security level aimed at in its zone.
        security_level: u8,
    },
    /// A controller was asked for a verb by a peer that never asked for it while learning.
    FirstSeenVerb {
        /// The request's flow.
        flow: Flow,
        /// The verb.
        verb: Verb,
        /// What was asked, in the protocol's words.
        function: Text,
        /// What it was about.
        target: Target,
    },
    /// A device, or many, were asked for more conversations than they can have.
    Flood(Flood),
    /// A device spoke to a place outside the city for the first time after learning.
    NewDestination {
        /// The flow.
        flow: Flow,
    },
    /// Traffic that no conduit allows.
    OutsideConduit {
        /// The flow.
        flow: Flow,
        /// The zone it comes from, by name.
        from: Text,
        /// The zone it goes to, by name.
        to: Text,
        /// The security level aimed at in the zone it goes to; 0 outside the city.
        security_level: u8,
        /// Whether the destination was heard to answer.
        answered: bool,
    },
    /// One source tried many doors.
    Scan {
        /// Who.
        source: Address,
        /// Distinct addresses tried.
        addresses: usize,
        /// Distinct ports tried.
        ports: usize,
        /// Since when.
        began: Timestamp,
    },
    /// A device does what it never did while learning, or what a person refused.
    Unusual(Unusual),
    /// A request with a verb or target that the conduit does not allow.
    VerbNotAllowed {
        /// The request's flow.
        flow: Flow,
        /// The verb.
        verb: Verb,
        /// What was asked, in the protocol's words.
        function: Text,
        /// What it was about.
        target: Target,
        /// Whether it was carried out.
        done: bool,
        /// Whether the two zones have a conduit for the protocol at all.
        in_conduit: bool,
    },
}

impl Difference for Breach {
    fn key(&self) -> FindingKey {
        let key = |rule, subject, distinction| FindingKey { rule, subject, distinction };
        match self {
            Breach::AddressConflict { address, claimant, .. } => {
                key(Rule::AddressConflict, *address, said(format_args!("{claimant}")))
            }
            Breach::Crowd { destination, .. } => {
                key(Rule::OutsideConduit, *destination, Text::const_new("from many addresses"))
            }
            Breach::FirstSeenVerb { flow, verb, .. } => key(
                Rule::FirstSeenVerb,
                flow.destination,
                said(format_args!("{} {} {verb}", flow.source, spoken(flow))),
            ),
            Breach::Flood(flood) => key(
                Rule::Flood,
                flood.destination.unwrap_or(Address::Ip(Ipv4Addr::UNSPECIFIED.into())),
                said(format_args!("{}", flood.transport)),
            ),
            Breach::NewDestination { flow } => {
                key(Rule::NewDestination, flow.source, said(format_args!("{}", flow.destination)))
            }
            // One finding for each source and zone it reaches into; what it speaks there are its reasons.
            Breach::OutsideConduit { flow, to, .. } => key(Rule::OutsideConduit, flow.source, to.clone()),
            Breach::Scan { source, .. } => key(Rule::Scan, *source, Text::default()),
            Breach::Unusual(unusual) => unusual.key(),
            Breach::VerbNotAllowed { flow, verb, .. } => key(
                Rule::VerbNotAllowed,
                flow.source,
                said(format_args!("{} {} {verb}", flow.destination, spoken(flow))),
            ),
        }
    }

    fn describe(&self, name: &dyn Fn(Address) -> Text) -> Description {
        match self {
            Breach::AddressConflict { address, rightful, claimant, declared } => Description {
                title: said(format_args!("Another device answers for {}", name(*address))),
                severity: Severity::High,
                reason: said(format_args!(
                    "{claimant} claims {address}, which {} {rightful}.",
                    if *declared { "the plan gives to" } else { "was claimed within the hour by" }
                )),
                remedy: "Find the switch port of the second device and unplug it. Until then, trust nothing that this \
                         address reports: it may be somebody in between."
                    .into(),
                peer: None,
                techniques: &["T0830", "T0849", "T0856"],
                outcomes: &["caf:B2.b", "caf:C1.f", "csf:PR.AA-03", "csf:DE.CM-01"],
            },
            Breach::Crowd { destination, told, security_level } => Description {
                title: said(format_args!(
                    "Many addresses outside the city try to reach {}, which no conduit allows",
                    name(*destination)
                )),
                severity: if *security_level >= 2 { Severity::Medium } else { Severity::Low },
                reason: said(format_args!(
                    "{told} of them are told of one by one. The others are told of here together, for as long as they \
                     are not answered."
                )),
                remedy: "Close the way from the outside to this device. If the number of addresses is that of a flood, \
                         most are forged, and to look for whoever has them leads nowhere."
                    .into(),
                peer: None,
                techniques: &["T0886", "T0885"],
                outcomes: &["caf:B4.a", "caf:B5.b", "csf:PR.IR-01", "csf:DE.CM-01"],
            },
            Breach::FirstSeenVerb { flow, verb, function, target } => Description {
                title: said(format_args!(
                    "{} was asked to {verb} by {}, for the first time",
                    name(flow.destination),
                    name(flow.source)
                )),
                severity: if verb.changes() { Severity::High } else { Severity::Low },
                reason: said(format_args!(
                    "{} {function} {target}: never seen from this station while behaviour was learned.",
                    spoken(flow)
                )),
                remedy: "Ask who is responsible for the station whether this is planned work. If it is, it will not be \
                         told of again; if not, treat it as an intrusion."
                    .into(),
                peer: Some(flow.source),
                techniques: if verb.changes() { &["T0855", "T0836"] } else { &["T0888", "T0861"] },
                outcomes: &["caf:C1.f", "csf:DE.AE-02", "csf:DE.CM-01"],
            },
            Breach::Flood(flood) => describe_flood(flood, name),
            Breach::NewDestination { flow } => Description {
                title: said(format_args!(
                    "{} calls {} outside the city, for the first time",
                    name(flow.source),
                    name(flow.destination)
                )),
                severity: Severity::Medium,
                reason: said(format_args!(
                    "{}, port {}: no such call was seen while behaviour was learned.",
                    spoken(flow),
                    flow.destination_port
                )),
                remedy: "Ask the supplier whether the device should call there. If so, declare the conduit; if not, stop \
                         it and look for what else it did."
                    .into(),
                peer: Some(flow.destination),
                techniques: &["T0884", "T0885"],
                outcomes: &["caf:C1.f", "csf:DE.CM-01", "csf:ID.AM-03"],
            },
            Breach::OutsideConduit { flow, from, to, security_level, answered } => Description {
                title: said(format_args!(
                    "{} {} {to}, which no conduit from {from} allows",
                    name(flow.source),
                    if *answered { "speaks to" } else { "tries to reach" }
                )),
                severity: match (answered, security_level) {
                    (true, 2..) => Severity::High,
                    (true, _) | (false, 2..) => Severity::Medium,
                    (false, _) => Severity::Low,
                },
                reason: said(format_args!(
                    "{} to {}{}.",
                    spoken(flow),
                    name(flow.destination),
                    match flow.transport {
                        Transport::Tcp | Transport::Udp | Transport::Sctp => {
                            said(format_args!(", {} port {}", flow.transport, flow.destination_port))
                        }
                        _ => Text::default(),
                    }
                )),
                remedy: "If the traffic is needed, declare a conduit for it, as narrow as it can be; if not, block it and \
                         find out what sent it."
                    .into(),
                peer: Some(flow.destination),
                techniques: &["T0886", "T0885"],
                outcomes: &["caf:B4.a", "caf:B5.b", "csf:PR.IR-01", "csf:DE.CM-01", "csf:ID.AM-03"],
            },
            Breach::Scan { source, addresses, ports, began } => Description {
                title: said(format_args!("{} is trying doors", name(*source))),
                severity: Severity::High,
                reason: said(format_args!(
                    "Since {began:.0} it tried {} on {} in vain.",
                    counted(*ports, "port"),
                    counted(*addresses, "address")
                )),
                remedy: "If a known scanner is at work, declare it as an asset and stop it on networks with controllers, \
                         which it can upset; if not, take the source off the network."
                    .into(),
                peer: None,
                techniques: &["T0846", "T0840"],
                outcomes: &["caf:C1.c", "caf:C1.f", "csf:DE.CM-01", "csf:DE.AE-02"],
            },
            Breach::Unusual(unusual) => unusual.describe(name),
            Breach::VerbNotAllowed { flow, verb, function, target, done, in_conduit } => Description {
                title: said(format_args!(
                    "{} {} {} to {verb}, which the plan does not allow",
                    name(flow.source),
                    if *done { "got" } else { "asked" },
                    name(flow.destination)
                )),
                severity: match (verb.changes(), done) {
                    (true, true) => Severity::Critical,
                    (true, false) => Severity::High,
                    (false, _) => Severity::Medium,
                },
                reason: said(format_args!(
                    "{} {function} {target}, {}; {}.",
                    spoken(flow),
                    if *done { "carried out" } else { "not seen to be carried out" },
                    if *in_conduit {
                        "the conduit between their zones does not allow it"
                    } else {
                        "there is no conduit for it between their zones"
                    }
                )),
                remedy: "Find out who sat at the source. Put back what was changed, then either narrow who can reach the \
                         device or, if this is part of the work, declare the verb in the conduit."
                    .into(),
                peer: Some(flow.destination),
                techniques: match verb {
                    Verb::Operate | Verb::Write => &["T0855", "T0836", "T0831"],
                    Verb::Configure => &["T0836", "T0858"],
                    Verb::Program => &["T0843", "T0889"],
                    Verb::Restart => &["T0816"],
                    Verb::Transfer => &["T0845", "T0893"],
                    _ => &["T0888", "T0861"],
                },
                outcomes: &["caf:B2.a", "caf:B4.a", "csf:PR.AA-05", "csf:PR.IR-01", "csf:DE.CM-01"],
            },
        }
    }
}

/// What is asked for in a flood, how often, where and by whom.
fn describe_flood(flood: &Flood, name: &dyn Fn(Address) -> Text) -> Description {
    let Flood { destination, transport, port, attempts, sources, destinations, duration, .. } = flood;
    let who = match destination {
        Some(address) => said(format_args!("{} is", name(*address))),
        None => Text::const_new("Many devices are"),
    };
    let at = match (port, destination) {
        (Some(port), Some(_)) => said(format_args!(" to port {port}")),
        (None, Some(_)) => Text::default(),
        (Some(port), None) => said(format_args!(" to port {port} of about {destinations} addresses")),
        (None, None) => said(format_args!(" to about {destinations} addresses")),
    };
    let forged = if *sources >= 1_000 && *sources > *attempts / 2 {
        " Nearly each has an address of its own, as if it were forged."
    } else {
        ""
    };
    let from = match sources {
        1 => Text::const_new("one address"),
        _ => said(format_args!("about {sources} addresses")),
    };
    Description {
        title: match transport {
            Transport::Tcp => said(format_args!("{who} flooded with connection attempts")),
            _ => said(format_args!("{who} flooded with {transport} that nobody answers")),
        },
        severity: Severity::High,
        reason: said(format_args!(
            "Within {} s, {attempts} conversations over {transport}{at} were begun and came to nothing, from {from}.{forged}",
            duration.as_secs().max(1),
        )),
        remedy: "See whether the device still serves. Find where the flood comes in: take a source of the city's own off \
                 the network, and let the firewall or the provider at the line to the outside limit new conversations to \
                 the device. If the device is switched off, or answers by a way that is not captured, put that right \
                 instead."
            .into(),
        peer: None,
        techniques: &["T0814"],
        outcomes: &["caf:C1.c", "caf:C1.f", "csf:DE.CM-01", "csf:DE.AE-02", "csf:PR.IR-04"],
    }
}

/// What is spoken, for people: the protocol, or the transport if it was not recognised.
pub(crate) fn spoken(flow: &Flow) -> Text {
    match flow.protocol {
        Some(protocol) => Text::const_new(protocol.title()),
        None => said(format_args!("{}", flow.transport)),
    }
}

fn counted(number: usize, noun: &str) -> Text {
    let plural = match (number, noun.ends_with('s')) {
        (1, _) => "",
        (_, true) => "es",
        (_, false) => "s",
    };
    said(format_args!("{number} {noun}{plural}"))
}

/// Formats into a [`Text`], without an allocation where it is short.
pub(crate) fn said(arguments: std::fmt::Arguments<'_>) -> Text {
    use std::fmt::Write;
    let mut text = Text::default();
    // Writing to a text cannot fail.
    let _ = text.write_fmt(arguments);
    text
}
