//! What an HSRP message is (RFC 2281 clause 5).

use std::net::IpAddr;

/// What a message is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kind(pub(crate) u8);

impl Kind {
    pub(crate) const HELLO: Kind = Kind(0);

    pub(crate) fn name(self) -> Option<&'static str> {
        ["hello", "coup", "resign", "advertise"].get(usize::from(self.0)).copied()
    }
}

/// How routers prove that they belong to the group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Proof {
    /// Not at all.
    None,
    /// By a word that everybody can read.
    Word {
        /// Whether it is the word that the maker ships.
        is_makers: bool,
    },
    /// By a keyed digest.
    Digest,
}

/// How a router stands in its group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) state: &'static str,
    pub(crate) priority: u32,
    pub(crate) group: u16,
    /// The address that the group stands for; unspecified if the router does not know it yet.
    pub(crate) address: IpAddr,
    pub(crate) proof: Proof,
}

/// A message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) version: u8,
    pub(crate) kind: Kind,
    /// Nothing in advertisements.
    pub(crate) standing: Option<Standing>,
}
