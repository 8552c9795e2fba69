//! A firewall's rules: nftables' text to a [`Ruleset`], and what a ruleset means, exactly.
//!
//! ```text
//! text ─► Ruleset ─┬─► trace: one packet's way through it, rule by rule
//!                  └─► meaning: every packet's fate at once, as a Diagram
//! ```
//!
//! [`Field`] names what of a packet is looked at, and a [`Packet`] has a value for each. A [`Ruleset`] is read from what
//! `nft list ruleset` prints, with `-j` too, and from files that `nft -f` takes. What is not understood
//! is kept as a condition of its own that may or may not hold, and is named; it is never taken for true or false.
//!
//! ```
//! use ruleset::{FORWARDED, Fate, Field, Range, Ruleset, Space, Way};
//!
//! let ruleset = Ruleset::parse(
//!     "table ip city { chain forward { type filter hook forward priority 0; policy drop;
//!         ip saddr 192.0.2.0/24 tcp dport 80-81 accept
//!     } }",
//! )
//! .unwrap();
//! // What the rules mean, and what was meant: port 80 and no other.
//! let mut space = Space::new(1_000_000);
//! let meaning = ruleset.meaning(&mut space, Way::Routed, &FORWARDED)?;
//! let street = Range { first: 0xc000_0200, last: 0xc000_02ff };
//! let fields = [Field::Ethertype, Field::Source, Field::Protocol, Field::DestinationPort];
//! let web = [Range::one(0x0800), street, Range::one(6), Range::one(80)];
//! let wanted = space.boxes(&fields, &[(&web, Fate::Accept.leaf())], Fate::Drop.leaf())?;
//! // The packets that exist and for which they differ.
//! let sensible = space.sensible(Way::Routed, ruleset.interfaces.len())?;
//! let differs = space.apply(meaning.fates, wanted, |is, should| u32::from(is != should))?;
//! let differs = space.only(sensible, differs, 0)?;
//! // IPv6 is one: no table looks at it, and so it passes.
//! let differs = space.fix(differs, Field::Ethertype, 0x0800)?;
//! let packet = space.witness(differs, |leaf| leaf == 1).unwrap().packet();
//! assert_eq!(packet.get(Field::DestinationPort), 81);
//! # Ok::<(), ruleset::Unclear>(())
//! ```

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
