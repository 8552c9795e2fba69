//! What is known of the city now, and how an event changes it.

use ::city::{Address, Device, Finding, Flow, Loss, Observation, Protocol, Status, Unread, VerbSet, ZoneId};
use jiff::Timestamp;
use plan::Plan;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::Arc};

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// A fact was seen.
    Observed(Observation),
    /// Time has passed and nothing else need have happened.
    Tick(Timestamp),
}

/// Something to do, decided.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Effect {
    /// A finding was made for the first time: seal it, then show it, and keep the packets around it.
    Found(Box<Finding>),
    /// A finding became graver than it was when last sealed: seal it again.
    Worsened(Box<Finding>),
}

/// One cell of the conduit matrix: what runs from one zone to another. `None` stands for places in no zone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    /// Conversations that a conduit allows.
    pub allowed: u64,
    /// Conversations that no conduit allows, or that held a verb none allows.
    pub outside: u64,
    /// Bytes of payload, both ways.
    pub bytes: u64,
    /// The verbs seen, by protocol.
    pub verbs: BTreeMap<Option<Protocol>, VerbSet>,
    /// The latest conversations, newest last, at most 32.
    pub latest: Vec<(Timestamp, Flow)>,
}

/// How much was seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Observations handled.
    pub observations: u64,
    /// Conversations begun.
    pub conversations: u64,
    /// Requests made.
    pub requests: u64,
}

/// The state of the city: the fold of all events since the first.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct City {
    #[serde(skip)]
    plan: Option<Arc<Plan>>,
    now: Timestamp,
    counts: Counts,
    devices: BTreeMap<Address, Device>,
    findings: Vec<Finding>,
    cells: BTreeMap<(Option<ZoneId>, Option<ZoneId>), Cell>,
    losses: Vec<Loss>,
    unread: Vec<Unread>,
}

impl City {
    /// A city of which nothing is known yet. Without a plan there is inventory, weaknesses and who talks to whom.
    #[must_use]
    pub fn new(plan: Option<Arc<Plan>>) -> City {
        City { plan, ..City::default() }
    }

    /// Folds one event into the state and appends what is to be done about it.
    pub fn handle(&mut self, event: &Event, _effects: &mut Vec<Effect>) {
        match event {
            Event::Observed(observation) => self.now = self.now.max(observation.time),
            Event::Tick(time) => self.now = self.now.max(*time),
        }
    }

    /// The plan that the city is compared with.
    #[must_use]
    pub fn plan(&self) -> Option<&Arc<Plan>> {
        self.plan.as_ref()
    }

    /// Compares with another plan from now on.
    pub fn adopt(&mut self, plan: Option<Arc<Plan>>) {
        self.plan = plan;
    }

    /// The time of the latest event.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// How much was seen.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Every device seen, by address.
    pub fn devices(&self) -> impl ExactSizeIterator<Item = &Device> {
        self.devices.values()
    }

    /// One device.
    #[must_use]
    pub fn device(&self, address: Address) -> Option<&Device> {
        self.devices.get(&address)
    }

    /// Every finding, in the order of first sight.
    pub fn findings(&self) -> impl ExactSizeIterator<Item = &Finding> {
        self.findings.iter()
    }

    /// One finding by its number.
    #[must_use]
    pub fn finding(&self, number: u64) -> Option<&Finding> {
        let index = usize::try_from(number.checked_sub(1)?).ok()?;
        self.findings.get(index)
    }

    /// How each public service stands, in the order of the plan.
    #[must_use]
    pub fn services(&self) -> Vec<Status> {
        Vec::new()
    }

    /// The conduit matrix: what ran between zones.
    pub fn matrix(&self) -> impl ExactSizeIterator<Item = (&(Option<ZoneId>, Option<ZoneId>), &Cell)> {
        self.cells.iter()
    }

    /// What was not seen or could not be kept, by kind.
    pub fn losses(&self) -> impl ExactSizeIterator<Item = &Loss> {
        self.losses.iter()
    }

    /// What no reader understood.
    pub fn unread(&self) -> impl ExactSizeIterator<Item = &Unread> {
        self.unread.iter()
    }
}
