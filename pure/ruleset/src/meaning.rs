//! What a ruleset means: the fate of every packet at once.
//!
//! ```text
//! sets, maps ─► diagrams of their elements ─┐
//! rules ────────────────────────────────────┴─► a diagram for each chain, once ─► base chains by hook and priority
//! ```
//!
//! A chain's diagram says of every packet what the chain makes of it: accepted, dropped, or left to whoever jumped there.
//! Where a rule jumps, the diagram of that chain takes the place of the leaf.

use crate::chain::{ACCEPT, Chains, HIT};
use crate::unseen::unseen;
use crate::{
    Base, Chain, Diagram, Family, Field, Hook, Leaf, Place, Range, Ruleset, Space, Table, TooLarge, Verdict,
};
use city::Text;

/// What becomes of a packet in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fate {
    /// It passes.
    Accept,
    /// It is gone.
    Drop,
    /// It is gone, and its sender is told.
    Reject,
    /// A programme decides, which Bastide does not know.
    Queue,
}

impl Fate {
    /// Every fate, by its leaf.
    pub const ALL: [Fate; 4] = [Fate::Accept, Fate::Drop, Fate::Reject, Fate::Queue];

    /// Its leaf in a [`Meaning`].
    #[must_use]
    pub const fn leaf(self) -> Leaf {
        self as Leaf
    }

    /// The fate with that leaf.
    #[must_use]
    pub fn of(leaf: Leaf) -> Option<Fate> {
        Fate::ALL.get(leaf as usize).copied()
    }
}

/// The way of a packet through the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Way {
    /// It is routed: the families `ip`, `ip6` and `inet` see it.
    Routed,
    /// A bridge passes it on: the family `bridge` sees it.
    Bridged,
}

/// Where the machine's filters see what passes through it, in order.
pub const FORWARDED: [Hook; 5] =
    [Hook::Ingress, Hook::Prerouting, Hook::Forward, Hook::Postrouting, Hook::Egress];

/// What a ruleset means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meaning {
    /// The [`Fate`] of every packet, as its leaf.
    pub fates: Diagram,
    /// What of the ruleset this does not say.
    pub notes: Vec<Note>,
    /// What [`Field::Unknown`] stands for, by its number: first [`Ruleset::unknowns`], then whether packets have put
    /// themselves into sets.
    pub unknowns: Vec<Text>,
}

/// Something in a ruleset that its meaning does not say.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Note {
    /// Where it stands.
    pub place: Place,
    /// What it is.
    pub text: String,
}

/// Why a ruleset has no meaning.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unclear {
    /// A chain that is not there.
    #[error("line {}: there is no chain `{name}` in table `{table}`", .place.line)]
    NoChain {
        /// The chain.
        name: Text,
        /// The table in which it was looked for.
        table: Text,
        /// Where it is named.
        place: Place,
    },
    /// A set or map that is not there.
    #[error("line {}: there is no set or map `{name}` in table `{table}`", .place.line)]
    NoSet {
        /// The set.
        name: Text,
        /// The table in which it was looked for.
        table: Text,
        /// Where it is named.
        place: Place,
    },
    /// A chain that comes back to itself, or more chains one behind the other than the kernel takes.
    #[error("line {}: chain `{name}` is reached through more than {} jumps, or jumps to itself", .place.line, crate::chain::JUMPS_MAX)]
    TooDeep {
        /// The chain.
        name: Text,
        /// Where it is declared.
        place: Place,
    },
    /// An element with another number of parts than its key.
    #[error("line {}: an element has {found} parts where the key has {wanted}", .place.line)]
    OtherKey {
        /// The parts of the key.
        wanted: usize,
        /// Those of the element.
        found: usize,
        /// Where the element stands.
        place: Place,
    },
    /// There is too much to tell apart.
    #[error(transparent)]
    TooLarge(#[from] TooLarge),
}

impl Ruleset {
    /// What becomes of every packet that meets these hooks in this order: it passes if every base chain there accepts it,
    /// and otherwise has the fate that the first other one gives it. Base chains at one hook come by priority; of equal
    /// ones the kernel asks the younger first.
    ///
    /// Chains of type `nat` only choose addresses and are noted; the meaning speaks of the addresses before them.
    ///
    /// # Errors
    ///
    /// The ruleset names what it does not have, jumps in circles, or is too large for the space.
    pub fn meaning(&self, space: &mut Space, way: Way, hooks: &[Hook]) -> Result<Meaning, Unclear> {
        let mut chains = Chains::new(self, space);
        let mut fates = Diagram::leaf(ACCEPT);
        for hook in hooks {
            let mut bases: Vec<(&Base, &Chain, usize, &Table)> = Vec::new();
            for (table_at, table) in self.tables.iter().enumerate().filter(|(_, table)| !table.dormant) {
                for chain in &table.chains {
                    if let Some(base) = &chain.base
                        && base.hook == *hook
                        && seen_by(table.family, way, *hook)
                    {
                        if base.kind == "nat" {
                            chains.notes.push(not_followed(chain));
                        } else {
                            bases.push((base, chain, table_at, table));
                        }
                    }
                }
            }
            bases.reverse();
            bases.sort_by_key(|(base, ..)| base.priority);
            for (base, chain, table_at, table) in bases {
                let policy = if base.policy == Verdict::Drop { Fate::Drop } else { Fate::Accept };
                let mut decided = chains.base(table_at, chain, policy)?;
                let space = &mut *chains.space;
                for (field, value) in unseen(base, way) {
                    decided = space.fix(decided, field, value)?;
                }
                let sees = scope(space, table.family, base)?;
                let decided = space.replace(sees, HIT, decided)?;
                fates = space.replace(fates, ACCEPT, decided)?;
            }
        }
        let Chains { mut notes, known, .. } = chains;
        let unknowns = self.unknowns.iter().cloned().chain(known.dynamic.words).collect();
        notes.sort_unstable();
        notes.dedup();
        Ok(Meaning { fates, notes, unknowns })
    }
}

fn not_followed(chain: &Chain) -> Note {
    let text = format!(
        "chain `{}` of type nat is not followed; the meaning speaks of the addresses before it",
        chain.name
    );
    Note { place: chain.place, text }
}

/// Whether tables of a family see packets on their way.
fn seen_by(family: Family, way: Way, hook: Hook) -> bool {
    match (hook, family) {
        // At an interface it is not yet, or no longer, known which way a packet takes.
        (Hook::Ingress, Family::Netdev | Family::Inet) | (Hook::Egress, Family::Netdev) => true,
        (Hook::Ingress | Hook::Egress, _) => false,
        (_, Family::Ip | Family::Ip6 | Family::Inet) => way == Way::Routed,
        (_, Family::Bridge) => way == Way::Bridged,
        (_, Family::Arp | Family::Netdev) => false,
    }
}

/// The packets that a base chain judges come to [`HIT`], others to [`ACCEPT`].
fn scope(space: &mut Space, family: Family, base: &Base) -> Result<Diagram, TooLarge> {
    let (ip, ip6) = ([Range::one(0x0800)], [Range::one(0x86dd)]);
    let families: &[&[Range]] = match family {
        Family::Ip => &[&ip],
        Family::Ip6 => &[&ip6],
        Family::Inet => &[&ip, &ip6],
        Family::Arp | Family::Bridge | Family::Netdev => &[&[]],
    };
    let families: Vec<(&[Range], Leaf)> = families.iter().map(|range| (*range, HIT)).collect();
    let sees = space.boxes(&[Field::Ethertype], &families, ACCEPT)?;
    let interface = match base.hook {
        Hook::Ingress => Field::InterfaceIn,
        Hook::Egress => Field::InterfaceOut,
        _ => return Ok(sees),
    };
    let devices: Vec<[Range; 1]> = base.devices.iter().map(|at| [Range::one(u128::from(*at))]).collect();
    let devices: Vec<(&[Range], Leaf)> = devices.iter().map(|range| (range.as_slice(), HIT)).collect();
    let at_them = space.boxes(&[interface], &devices, ACCEPT)?;
    space.replace(sees, HIT, at_them)
}
