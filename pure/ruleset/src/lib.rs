//! A firewall's rules: nftables' text to a [`Ruleset`], and what a ruleset means, exactly.
//!
//! ```text
//! text ─► Ruleset ─┬─► trace: one packet's way through it, rule by rule
//!                  └─► meaning: every packet's fate at once, as a Diagram
//! ```
//!
//! [`Field`] names what of a packet is looked at, and a [`Packet`] has a value for each. A [`Ruleset`] is read from what
//! `nft list ruleset` prints and from files that `nft -f` takes. What is not understood is kept as a condition of its own
//! that may or may not hold, and is named; it is never taken for true or false.

mod field;
mod tree;

pub use field::{Field, Packet, Range, State};
pub use tree::{
    Base, Chain, Condition, Element, Family, Hook, Key, Place, Rule, Ruleset, Set, Statement, Table, Values,
    Verdict,
};
