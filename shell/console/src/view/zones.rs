//! Zones and what runs between them: declared against observed.

use crate::view::{ConduitView, NOWHERE, Named};
use ::city::{Allowance, Conduit, Protocol, Verb, ZoneId};
use cycle::{Cell, City, Ends};
use plan::Plan;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// The conduit matrix.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct MatrixView {
    /// The zones, in the order of the plan.
    pub zones: Vec<ZoneView>,
    /// Whether anything was seen to or from places in no zone.
    pub has_nowhere: bool,
    /// Every pair of zones between which something is declared or was seen.
    pub pairs: Vec<PairView>,
}

/// A zone.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ZoneView {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its networks.
    pub networks: Vec<String>,
    /// The security level aimed at, SL-T (IEC 62443-3-3).
    pub security_level: u8,
    /// Whether it stands for places that are not the city's.
    pub outside: bool,
    /// How many assets the plan puts there.
    pub assets: usize,
    /// How many devices were seen there.
    pub devices: usize,
    /// How many of those the plan does not know.
    pub undeclared: usize,
}

/// How what was seen compares with what is declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PairState {
    /// Declared and seen, and nothing outside.
    Used,
    /// Declared and not seen.
    Unused,
    /// Declared and seen, and something outside as well.
    Mixed,
    /// Seen, and no conduit allows it.
    Outside,
    /// Seen, not declared, and not held against anyone: within one zone, or not yet settled.
    Observed,
}

impl PairState {
    /// The word in records.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            PairState::Used => "used",
            PairState::Unused => "unused",
            PairState::Mixed => "mixed",
            PairState::Outside => "outside",
            PairState::Observed => "observed",
        }
    }

    /// What it means, in a few words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            PairState::Used => "as declared",
            PairState::Unused => "declared, not seen",
            PairState::Mixed => "partly outside",
            PairState::Outside => "outside",
            PairState::Observed => "seen, not declared",
        }
    }
}

/// What runs from one zone to another.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct PairView {
    /// The zone that begins; none for places in no zone.
    pub from: Option<Named>,
    /// The zone that is spoken to.
    pub to: Option<Named>,
    /// How what was seen compares with what is declared.
    pub state: PairState,
    /// Conversations that a conduit allows.
    pub allowed: u64,
    /// Conversations that none allows.
    pub outside: u64,
    /// Bytes of payload, both ways.
    pub bytes: u64,
    /// The conduits declared.
    pub conduits: Vec<ConduitView>,
    /// The verbs seen, by protocol.
    pub verbs: Vec<ProtocolVerbsView>,
}

/// The verbs seen in one protocol.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ProtocolVerbsView {
    /// The protocol, if it was recognised.
    pub protocol: Option<&'static str>,
    /// The protocol's name for people.
    #[serde(skip)]
    pub title: &'static str,
    /// Its verbs.
    pub verbs: Vec<VerbView>,
}

/// A verb that was seen.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct VerbView {
    /// The verb.
    pub verb: &'static str,
    /// Whether some conduit allows it between these zones, of any target.
    pub declared: bool,
}

impl PairView {
    /// Its address below `/zones`.
    #[must_use]
    pub fn path(&self) -> String {
        format!("{}/{}", end_id(&self.from), end_id(&self.to))
    }

    /// The name of the end that begins.
    #[must_use]
    pub fn from_name(&self) -> &str {
        end_name(&self.from)
    }

    /// The name of the end that is spoken to.
    #[must_use]
    pub fn to_name(&self) -> &str {
        end_name(&self.to)
    }
}

fn end_id(end: &Option<Named>) -> &str {
    end.as_ref().map_or(NOWHERE, |zone| &zone.id)
}

fn end_name(end: &Option<Named>) -> &str {
    end.as_ref().map_or("No zone", |zone| &zone.name)
}

/// The conduit matrix: every pair of zones between which something is declared or was seen, in the order of the plan.
#[must_use]
pub fn matrix(city: &City) -> MatrixView {
    let Some(plan) = city.plan() else {
        return MatrixView { zones: Vec::new(), has_nowhere: false, pairs: Vec::new() };
    };
    let cells: BTreeMap<&Ends, &Cell> = city.matrix().collect();
    let declared: BTreeSet<Ends> =
        plan.conduits().map(|conduit| (Some(conduit.from.clone()), Some(conduit.to.clone()))).collect();
    let order: BTreeMap<&ZoneId, usize> = plan.zones().enumerate().map(|(i, zone)| (&zone.id, i)).collect();
    let place =
        |end: &Option<ZoneId>| end.as_ref().and_then(|id| order.get(id).copied()).unwrap_or(usize::MAX);
    let mut ends: Vec<&Ends> = cells.keys().copied().chain(declared.iter()).collect();
    ends.sort_by_key(|(from, to)| (place(from), place(to)));
    ends.dedup();
    let pairs: Vec<PairView> =
        ends.into_iter().map(|ends| pair_view(plan, ends, cells.get(ends).copied())).collect();
    MatrixView {
        zones: zones(city, plan),
        has_nowhere: pairs.iter().any(|pair| pair.from.is_none() || pair.to.is_none()),
        pairs,
    }
}

fn zones(city: &City, plan: &Plan) -> Vec<ZoneView> {
    let mut assets: BTreeMap<&ZoneId, usize> = BTreeMap::new();
    for asset in plan.assets() {
        *assets.entry(&asset.zone).or_default() += 1;
    }
    let mut devices: BTreeMap<&ZoneId, (usize, usize)> = BTreeMap::new();
    for device in city.devices() {
        if let Some(zone) = &device.zone {
            let (seen, strange) = devices.entry(zone).or_default();
            *seen += 1;
            *strange += usize::from(device.asset.is_none());
        }
    }
    plan.zones()
        .map(|zone| {
            let (seen, strange) = devices.get(&zone.id).copied().unwrap_or_default();
            ZoneView {
                id: zone.id.to_string(),
                name: zone.name.to_string(),
                networks: zone.networks.iter().map(ToString::to_string).collect(),
                security_level: zone.security_level,
                outside: zone.outside,
                assets: assets.get(&zone.id).copied().unwrap_or(0),
                devices: seen,
                undeclared: if zone.outside { 0 } else { strange },
            }
        })
        .collect()
}

/// What runs between two zones, by their ids; `-` stands for places in no zone. None if there are no such zones.
#[must_use]
pub fn pair(city: &City, from: &str, to: &str) -> Option<PairView> {
    let plan = city.plan()?;
    let end = |text: &str| match text {
        NOWHERE => Some(None),
        id => plan.zone(&id.parse().ok()?).map(|zone| Some(zone.id.clone())),
    };
    let ends = (end(from)?, end(to)?);
    let cell = city.matrix().find(|(known, _)| **known == ends).map(|(_, cell)| cell);
    Some(pair_view(plan, &ends, cell))
}

fn pair_view(plan: &Plan, ends: &Ends, cell: Option<&Cell>) -> PairView {
    let named =
        |end: &Option<ZoneId>| end.as_ref().map(|id| Named::new(id, plan.zone(id).map(|zone| &zone.name)));
    let conduits: Vec<&Conduit> = match ends {
        (Some(from), Some(to)) => plan.conduits_between(from, to).collect(),
        _ => Vec::new(),
    };
    let (allowed, outside) = cell.map_or((0, 0), |cell| (cell.allowed, cell.outside));
    let state = match (conduits.is_empty(), allowed, outside) {
        (_, 0, 1..) => PairState::Outside,
        (_, _, 1..) => PairState::Mixed,
        (false, 0, 0) => PairState::Unused,
        (false, _, 0) => PairState::Used,
        (true, _, 0) => PairState::Observed,
    };
    let seen = cell.into_iter().flat_map(|cell| &cell.verbs);
    PairView {
        from: named(&ends.0),
        to: named(&ends.1),
        state,
        allowed,
        outside,
        bytes: cell.map_or(0, |cell| cell.bytes),
        verbs: seen
            .map(|(protocol, verbs)| ProtocolVerbsView {
                protocol: protocol.map(Protocol::as_str),
                title: protocol.map_or("Not recognised", Protocol::title),
                verbs: verbs
                    .iter()
                    .map(|verb| VerbView {
                        verb: verb.as_str(),
                        declared: protocol.is_some_and(|protocol| allows(&conduits, protocol, verb)),
                    })
                    .collect(),
            })
            .collect(),
        conduits: conduits.into_iter().map(|conduit| ConduitView::new(plan, conduit)).collect(),
    }
}

fn allows(conduits: &[&Conduit], protocol: Protocol, verb: Verb) -> bool {
    conduits.iter().flat_map(|conduit| &conduit.allow).any(|allowance| match allowance {
        Allowance::Requests { protocol: allowed, verbs, .. } => *allowed == protocol && verbs.contains(verb),
        _ => false,
    })
}
