//! What is true of the firewall that enforces the plan.

use crate::Text;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// What the firewall has, as it was looked at last.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Firewall {
    /// What its rules do.
    pub mode: FirewallMode,
    /// Why it could not be looked at; what else is said here is then from before.
    pub unreachable: Option<Text>,
    /// Whether a change is live that nobody has confirmed; without that it is reverted.
    pub pending: bool,
    /// The lines by which the live rules differ from those that were applied: `-` is missing, `+` was added. At most
    /// [`Firewall::LINES_MAX`].
    pub drift: Vec<Text>,
    /// Where the live rules differ from the plan.
    pub unequal: Vec<Unequal>,
    /// Why the live rules could not be compared with the plan, if they could not.
    pub uncompared: Option<Text>,
    /// The addresses that are cut off.
    pub contained: Vec<IpAddr>,
}

/// What a firewall's rules do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FirewallMode {
    /// It has no rules of Bastide's.
    #[default]
    Open,
    /// It counts and logs what no conduit allows, and lets it pass.
    Observing,
    /// It refuses what no conduit allows.
    Enforcing,
}

/// A difference between the live rules and the plan, with a packet that shows it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Unequal {
    /// Whether something passes that the plan refuses; else something is refused that the plan allows.
    pub passes: bool,
    /// From which zone to which, by their names.
    pub path: Text,
    /// The packet.
    pub packet: Text,
    /// The rule that decided.
    pub rule: Text,
    /// The conduits between the two zones, with their places in the plan.
    pub conduits: Vec<Text>,
}

impl Firewall {
    /// The most lines of drift, and the most differences from the plan, that are told.
    pub const LINES_MAX: usize = 40;
}
