//! What a bridge protocol data unit is (IEEE 802.1Q clause 14).

use crate::show::listed;
use city::{Mac, Text};
use std::fmt;

/// A bridge: its priority with the number of the tree, and its address (clause 14.2.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Bridge {
    pub(crate) priority: u16,
    pub(crate) mac: Mac,
}

impl fmt::Display for Bridge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04x}.{}", self.priority, self.mac)
    }
}

/// What a port says of itself (clause 14.2.5, flags).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Flags(pub(crate) u8);

impl Flags {
    /// The topology changes.
    pub(crate) const CHANGE: u8 = 1;
    /// A notification of that was heard.
    pub(crate) const ACKNOWLEDGED: u8 = 0x80;

    pub(crate) fn changes(self) -> bool {
        self.0 & Flags::CHANGE != 0
    }

    /// The port's role.
    pub(crate) fn role(self) -> &'static str {
        match self.0 >> 2 & 3 {
            1 => "alternate",
            2 => "root",
            3 => "designated",
            _ => "unknown",
        }
    }

    /// The names of those that are set, but for the role.
    pub(crate) fn text(self) -> Text {
        const NAMES: [(u8, &str); 6] = [
            (Flags::CHANGE, "topology change"),
            (0x02, "proposal"),
            (0x10, "learning"),
            (0x20, "forwarding"),
            (0x40, "agreement"),
            (Flags::ACKNOWLEDGED, "topology change acknowledged"),
        ];
        listed(NAMES.into_iter().filter(|(bit, _)| self.0 & bit != 0).map(|(_, name)| name), 128)
    }
}

/// What kind of tree is spoken of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// STP.
    Plain,
    /// RSTP.
    Rapid,
    /// MSTP, or a later one that holds the same.
    Multiple,
}

impl Kind {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Kind::Plain => "spanning-tree",
            Kind::Rapid => "rapid-tree",
            Kind::Multiple => "multiple-trees",
        }
    }
}

/// A unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unit<'a> {
    /// A bridge has noticed that the topology changes.
    Notification,
    /// How the tree stands.
    Tree(Box<Tree<'a>>),
}

/// How the tree stands, seen from one port of one bridge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tree<'a> {
    pub(crate) kind: Kind,
    pub(crate) flags: Flags,
    pub(crate) root: Bridge,
    /// The cost of the way to the root; with multiple trees, from region to region.
    pub(crate) cost: u32,
    /// The bridge that speaks.
    pub(crate) bridge: Bridge,
    pub(crate) port: u16,
    /// Age of the message, its longest age, time between hellos, delay before forwarding: in 1/256 of a second.
    pub(crate) times: [u16; 4],
    /// The VLAN whose tree it is, with PVST+.
    pub(crate) vlan: Option<u16>,
    pub(crate) region: Option<Region<'a>>,
}

/// A region of multiple trees (clause 14.4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Region<'a> {
    pub(crate) name: &'a [u8],
    pub(crate) revision: u16,
    /// Of which VLAN belongs to which tree.
    pub(crate) digest: &'a [u8],
    pub(crate) root: Bridge,
    pub(crate) cost: u32,
    pub(crate) hops: u8,
    pub(crate) trees: Vec<Instance>,
}

/// One of multiple trees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Instance {
    pub(crate) flags: Flags,
    pub(crate) root: Bridge,
    pub(crate) cost: u32,
}

impl Instance {
    /// Its number, which is in the priority of its root (clause 13.24.3).
    pub(crate) fn number(&self) -> u16 {
        self.root.priority & 0xfff
    }
}
