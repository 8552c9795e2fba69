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

mod boxes;
mod chain;
mod diagram;
mod dynamic;
mod fewer;
mod field;
mod meaning;
mod select;
mod sensible;
mod show;
mod text;
mod trace;
mod tree;
mod unseen;
mod values;
mod witness;

pub use diagram::{Diagram, Leaf, Space, TooLarge};
pub use field::{Field, Packet, Range, State};
pub use meaning::{FORWARDED, Fate, Meaning, Note, Unclear, Way};
pub use show::Shown;
pub use text::ParseError;
pub use trace::{Did, Step, Trace};
pub use tree::{
    Base, Chain, Condition, Element, Family, Hook, Key, Place, Rule, Ruleset, Set, Statement, Table, Values,
    Verdict,
};
pub use witness::Region;
