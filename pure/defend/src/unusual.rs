//! What a device does against its habit, in words.

use crate::{
    Habit, Rate, Week,
    breach::{said, spoken},
};
use city::{Address, Description, FindingKey, Flow, Rule, Severity, Target, Text, Verb};

/// Something that a device never did while its behaviour was learned, or that a person refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unusual {
    /// It talks with a station with which it never talked.
    Peer {
        /// The device.
        device: Address,
        /// The other.
        peer: Address,
        /// What ran between them.
        flow: Flow,
    },
    /// It is changed at a time of the week at which it never was.
    Hour {
        /// The request's flow.
        flow: Flow,
        /// The verb.
        verb: Verb,
        /// What was asked, in the protocol's words.
        function: Text,
        /// What it was about.
        target: Target,
        /// The hour of the week.
        hour: u8,
    },
    /// Something happens far more often than it ever did.
    Rate {
        /// What was being done when it became too much.
        flow: Flow,
        /// What is counted.
        rate: Rate,
        /// How often it happened within ten minutes, at least.
        count: u32,
        /// The most that was learned.
        learned: u32,
    },
    /// It does again what a person refused.
    Refused {
        /// The device.
        device: Address,
        /// The other end.
        peer: Address,
        /// What ran between them.
        flow: Flow,
        /// What was refused.
        habit: Habit,
        /// By whom.
        by: Text,
    },
}

impl Unusual {
    pub(crate) fn key(&self) -> FindingKey {
        let key = |subject, distinction| FindingKey { rule: Rule::UnusualActivity, subject, distinction };
        match self {
            Unusual::Peer { device, peer, .. } => key(*device, said(format_args!("{}", Habit::Peer(*peer)))),
            Unusual::Hour { flow, hour, .. } => {
                key(flow.destination, said(format_args!("{}", Habit::Changed(*hour))))
            }
            Unusual::Rate { flow, rate, .. } => {
                key(flow.destination, said(format_args!("{}", Habit::Rate(*rate))))
            }
            Unusual::Refused { device, habit, .. } => key(*device, said(format_args!("refused: {habit}"))),
        }
    }

    pub(crate) fn describe(&self, name: &dyn Fn(Address) -> Text) -> Description {
        let changes = match self {
            Unusual::Peer { .. } => false,
            Unusual::Hour { .. } => true,
            Unusual::Rate { rate, .. } => *rate == Rate::Changing,
            Unusual::Refused { habit, .. } => match habit {
                Habit::Asked(_, _, verb) => verb.changes(),
                Habit::Changed(_) | Habit::Rate(Rate::Changing) => true,
                _ => false,
            },
        };
        // Habit alone proves little, so that nothing here is grave; what a person refused weighs more.
        let (severity, peer) = match self {
            Unusual::Peer { peer, .. } => (Severity::Low, *peer),
            Unusual::Hour { flow, .. } => (Severity::Medium, flow.source),
            Unusual::Rate { flow, .. } => {
                (if changes { Severity::Medium } else { Severity::Low }, flow.source)
            }
            Unusual::Refused { peer, .. } => (if changes { Severity::High } else { Severity::Medium }, *peer),
        };
        let remedy = match self {
            Unusual::Refused { .. } => {
                "A person decided that this shall not be. Find out why it happens still, and narrow the conduit so that \
                 it cannot."
            }
            _ => {
                "Ask who is responsible for the device whether this is planned work. If it is, it will not be told of \
                 again; if not, refuse it on the device's page and look for what else was done."
            }
        };
        Description {
            title: self.title(name),
            severity,
            reason: self.reason(name),
            remedy: remedy.into(),
            peer: Some(peer),
            techniques: if changes { &["T0855", "T0836"] } else { &["T0886", "T0888"] },
            outcomes: &["caf:C1.f", "csf:DE.AE-02", "csf:DE.CM-01"],
        }
    }

    fn title(&self, name: &dyn Fn(Address) -> Text) -> Text {
        match self {
            Unusual::Peer { device, peer, .. } => {
                said(format_args!("{} talks with {}, for the first time", name(*device), name(*peer)))
            }
            Unusual::Hour { flow, verb, .. } => said(format_args!(
                "{} was asked to {verb} by {} at an unusual time",
                name(flow.destination),
                name(flow.source)
            )),
            Unusual::Rate { flow, rate, .. } => said(format_args!(
                "{} sees far more {} than it ever did",
                name(flow.destination),
                rate.title()
            )),
            Unusual::Refused { device, habit, .. } => match habit {
                Habit::Asked(peer, protocol, verb) => said(format_args!(
                    "{} was asked to {verb} over {} by {}, which was refused",
                    name(*device),
                    protocol.title(),
                    name(*peer)
                )),
                Habit::Calls(place) => {
                    said(format_args!("{} calls {}, which was refused", name(*device), name(*place)))
                }
                Habit::Changed(hour) => said(format_args!(
                    "{} was changed after {} UTC, which was refused",
                    name(*device),
                    Week::name_of(*hour)
                )),
                Habit::Peer(peer) => {
                    said(format_args!("{} talks with {}, which was refused", name(*device), name(*peer)))
                }
                Habit::Rate(rate) => {
                    said(format_args!("{} sees as many {} as were refused", name(*device), rate.title()))
                }
            },
        }
    }

    fn reason(&self, name: &dyn Fn(Address) -> Text) -> Text {
        match self {
            Unusual::Peer { flow, .. } => said(format_args!(
                "{}, port {}, begun by {}: the conduit allows it, but the two were never seen to talk while behaviour was \
                 learned.",
                spoken(flow),
                flow.destination_port,
                name(flow.source)
            )),
            Unusual::Hour { flow, function, target, hour, .. } => said(format_args!(
                "{} {function} {target} in the hour from {} UTC: while behaviour was learned the device was heard at this \
                 time, and was changed at others only.",
                spoken(flow),
                Week::name_of(*hour)
            )),
            Unusual::Rate { flow, rate, count, learned } => said(format_args!(
                "{count} {} within ten minutes, where {learned} were the most while behaviour was learned; it became too \
                 much with {} from {}.",
                rate.title(),
                spoken(flow),
                name(flow.source)
            )),
            Unusual::Refused { flow, by, .. } => said(format_args!(
                "{} from {} to {}: {by} refused this habit, so that it counts as never learned.",
                spoken(flow),
                name(flow.source),
                name(flow.destination)
            )),
        }
    }
}
