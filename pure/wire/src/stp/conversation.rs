//! From units to observations.

use super::message::{Bridge, Flags, Kind, Tree, Unit};
use super::parse::parse_unit;
use crate::dialogue::{Asked, Out, Side};
use crate::link::Seen;
use crate::news::News;
use crate::show::{VALUE_BYTES_MAX, hexadecimal, readable};
use city::{Details, Mac, Observation, Protocol, Reply, Target, Text, Trait, Verb};
use compact_str::{ToCompactString, format_compact};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

/// For how long the same of a bridge is not told again.
const AGAIN_AFTER: SignedDuration = SignedDuration::from_hours(1);
/// A notification is repeated until it is acknowledged; after a silence of that length it is another one.
const NOTIFICATIONS_APART: SignedDuration = SignedDuration::from_secs(30);
/// Who speaks so long after the first was heard is not one of those that were there before (IEEE 802.1D table 17-1,
/// bridge max age).
const SETTLED: SignedDuration = SignedDuration::from_secs(20);
/// Roots remembered of each VLAN.
const ROOTS_MAX: usize = 32;
/// Ports of bridges, each with its tree, that are remembered.
const REMEMBERED: usize = 8_192;

/// The port of a bridge, and the VLAN whose tree it speaks of.
type Place = (Mac, Option<u16>);

/// What bridges said last.
#[derive(Debug)]
pub(crate) struct Bridges {
    news: News<(Place, &'static str)>,
    last: BTreeMap<Place, Last>,
    /// The roots of each VLAN's trees, the latest last, and when the first was heard.
    roots: BTreeMap<Option<u16>, (Timestamp, Vec<Bridge>)>,
    /// When each was last heard to notify of a change.
    notified: BTreeMap<Place, Timestamp>,
}

#[derive(Clone, Copy, Debug)]
struct Last {
    root: Bridge,
    changes: bool,
}

impl Default for Bridges {
    fn default() -> Self {
        Bridges {
            news: News::new(AGAIN_AFTER),
            last: BTreeMap::new(),
            roots: BTreeMap::new(),
            notified: BTreeMap::new(),
        }
    }
}

impl Bridges {
    /// Reads a unit. `None` if it is none.
    pub(crate) fn read(
        &mut self,
        bytes: &[u8],
        seen: &Seen<'_>,
        observations: &mut Vec<Observation>,
    ) -> Option<()> {
        let is_ciscos = seen.number != super::ACCESS_POINT;
        let unit = parse_unit(bytes, is_ciscos)?;
        let mut out = seen.out(Protocol::Stp, observations);
        match unit {
            Unit::Notification => self.notification((seen.source, seen.vlan), seen.time, &mut out),
            Unit::Tree(tree) => {
                let vlan = tree.vlan.or(seen.vlan);
                self.tree((seen.source, vlan), &tree, &mut out);
            }
        }
        Some(())
    }

    fn notification(&mut self, place: Place, now: Timestamp, out: &mut Out<'_>) {
        if self.notified.len() >= REMEMBERED {
            self.notified.clear();
        }
        let before = self.notified.insert(place, now);
        if before.is_none_or(|before| now.duration_since(before) > NOTIFICATIONS_APART) {
            let notify = asked(Verb::Configure, "topology-change-notification", Target::default(), None);
            out.request(Side::Source, notify);
        }
    }

    fn tree(&mut self, place: Place, tree: &Tree<'_>, out: &mut Out<'_>) {
        let is_root = tree.root.mac == tree.bridge.mac;
        let role = if is_root { "root bridge" } else { "bridge" };
        if self.news.is_news((place, "role"), role, out.time) {
            out.identity(Side::Source, Trait::Role, role, "bridge protocol", 70);
        }
        let changes = tree.flags.changes()
            || tree
                .region
                .as_ref()
                .is_some_and(|region| region.trees.iter().any(|tree| tree.flags.changes()));
        if self.last.len() >= REMEMBERED {
            self.last.clear();
        }
        let last = self.last.insert(place, Last { root: tree.root, changes });
        let target = || Target {
            kind: Text::const_new("bridge"),
            name: tree.bridge.to_compact_string(),
            ..Target::default()
        };
        let other = self.other_root(place.1, tree.root, last, out.time);
        if let Some(before) = other {
            let value = format_compact!("{before} to {}", tree.root);
            out.request(Side::Source, asked(Verb::Configure, "root-change", target(), Some(value)));
        }
        if changes && !last.is_some_and(|last| last.changes) {
            out.request(Side::Source, asked(Verb::Configure, "topology-change", target(), None));
        }
        let role = match tree.kind {
            Kind::Plain => Text::default(),
            _ => format_compact!(", {}", tree.flags.role()),
        };
        let value = format_compact!("root {}, cost {}, port {:04x}{role}", tree.root, tree.cost, tree.port);
        let stands = format_compact!(
            "{} {} {value} {:02x}",
            tree.kind.as_str(),
            tree.bridge,
            tree.flags.0 & !(Flags::CHANGE | Flags::ACKNOWLEDGED)
        );
        if self.news.is_news((place, "tree"), &stands, out.time) {
            let mut publish = asked(Verb::Publish, tree.kind.as_str(), target(), Some(value));
            if out.wants_details() {
                publish.details = details(tree, place.1);
            }
            out.request(Side::Source, publish);
        }
    }

    /// The root before, if there is now another: of the same port; or, where a port speaks that was not heard before,
    /// one that nobody named until now.
    fn other_root(
        &mut self,
        vlan: Option<u16>,
        root: Bridge,
        last: Option<Last>,
        now: Timestamp,
    ) -> Option<Bridge> {
        let (since, roots) = self.roots.entry(vlan).or_insert_with(|| (now, Vec::new()));
        let before = roots.last().copied();
        let is_known = roots.contains(&root);
        let is_settled = now.duration_since(*since) > SETTLED;
        roots.retain(|known| *known != root);
        if roots.len() >= ROOTS_MAX {
            roots.remove(0);
        }
        roots.push(root);
        match last {
            Some(last) => Some(last.root).filter(|before| *before != root),
            None => before.filter(|_| !is_known && is_settled),
        }
    }
}

#[cfg(test)]
impl Bridges {
    /// How much is remembered.
    pub(crate) fn remembered(&self) -> usize {
        let roots = self.roots.values().map(|(_, roots)| roots.len()).sum::<usize>();
        self.news.remembered() + self.last.len() + self.notified.len() + roots
    }
}

fn asked(verb: Verb, function: &'static str, target: Target, value: Option<Text>) -> Asked {
    let function = Text::const_new(function);
    Asked { verb, function, target, value, reply: Reply::NotExpected, details: Details::new() }
}

fn details(tree: &Tree<'_>, vlan: Option<u16>) -> Details {
    let mut details = Details::new();
    let mut put = |key: &'static str, value: Text| details.push((Text::const_new(key), value));
    put("root", tree.root.to_compact_string());
    put("cost", tree.cost.to_compact_string());
    put("bridge", tree.bridge.to_compact_string());
    put("port", format_compact!("{:04x}", tree.port));
    if tree.kind != Kind::Plain {
        put("role", tree.flags.role().into());
    }
    put("flags", tree.flags.text());
    for (key, time) in ["message-age", "age-max", "hello", "delay"].into_iter().zip(tree.times) {
        put(key, format_compact!("{:.2}", f64::from(time) / 256.0));
    }
    if let Some(vlan) = vlan {
        put("vlan", vlan.to_compact_string());
    }
    if let Some(region) = &tree.region {
        put("region", readable(region.name, VALUE_BYTES_MAX));
        put("revision", region.revision.to_compact_string());
        put("digest", hexadecimal(region.digest, VALUE_BYTES_MAX));
        put("internal-cost", region.cost.to_compact_string());
        put("regional-root", region.root.to_compact_string());
        put("hops", region.hops.to_compact_string());
        for tree in &region.trees {
            let (number, root, cost) = (tree.number(), tree.root, tree.cost);
            let (role, flags) = (tree.flags.role(), tree.flags.text());
            put("tree", format_compact!("{number} root {root}, cost {cost}, {role}, {flags}"));
        }
    }
    details
}
