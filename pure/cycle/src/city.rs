//! What is known of the city now, and how an event changes it.

use crate::{
    Talk, Talkers,
    activity::{Activity, Minute},
    ledger::Ledger,
    matrix::{Cell, Ends, Matrix},
    others::{Heard, Hunt, Offer, Others, Seen},
    responses::Responses,
    standing,
    talk::Book,
};
use ::city::{
    Address, AssetId, BackupMade, Decision, Device, Difference, Drill, Evidence, Finding, Firewall, Incident,
    IncidentAct, Loss, LossKind, Observation, Observed, Presence, Protocol, Response, Status, Text,
    Transport, Unread,
};
use adapt::{incident::Incidents, intel::reputation::Reputation};
use anticipate::{Concern, Inventory, Watch};
use defend::{Baseline, Breach, Guard, Habit};
use jiff::{SignedDuration, Timestamp};
use plan::Plan;
use recover::Record;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::Arc};

/// How often evidence of a firewall that does not change is sealed.
const EVIDENCE_EVERY: SignedDuration = SignedDuration::from_hours(12);

/// The most distinct sources of unread bytes that are told apart.
const UNREAD_MAX: usize = 1_024;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// A fact was seen.
    Observed(Observation),
    /// Another plan was adopted: whoever carries events out gives it to [`City::adopt`] at this place. The plan is named
    /// by its digest, as it is sealed in the log.
    Adopted {
        /// When.
        time: Timestamp,
        /// The digest of the plan's files.
        plan: Text,
    },
    /// Time has passed, and nothing else need have happened.
    Tick(Timestamp),
    /// A person decided about a response.
    Decided {
        /// When.
        time: Timestamp,
        /// Who, by name.
        by: Text,
        /// What.
        decision: Decision,
    },
    /// The firewall was looked at and is not as it was.
    Firewall {
        /// When.
        time: Timestamp,
        /// What it has now.
        firewall: Box<Firewall>,
    },
    /// What came of a response that was ordered, or was to be undone.
    Answered {
        /// When.
        time: Timestamp,
        /// The response's number.
        response: u64,
        /// Why it could not be done, if it could not.
        failure: Option<Text>,
    },
    /// A person refused a habit of a device.
    Refused {
        /// When.
        time: Timestamp,
        /// Who, by name.
        by: Text,
        /// The device.
        device: Address,
        /// What shall count as never learned.
        habit: Habit,
    },
    /// A person did something about an incident.
    Handled {
        /// When.
        time: Timestamp,
        /// Who, by name.
        by: Text,
        /// The incident's number.
        incident: u64,
        /// What.
        act: IncidentAct,
    },
}

impl Event {
    /// When it happened.
    #[must_use]
    pub fn time(&self) -> Timestamp {
        match self {
            Event::Observed(observation) => observation.time,
            Event::Adopted { time, .. }
            | Event::Tick(time)
            | Event::Decided { time, .. }
            | Event::Firewall { time, .. }
            | Event::Answered { time, .. }
            | Event::Refused { time, .. }
            | Event::Handled { time, .. } => *time,
        }
    }
}

/// Something to do, decided.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Effect {
    /// A finding was made for the first time: seal it, then show it, and keep the packets around it.
    Found(Box<Finding>),
    /// A finding became graver than it was when last sealed: seal it again.
    Worsened(Box<Finding>),
    /// A response was proposed or has come further: seal it. If it is ordered or to be undone, do it, and tell what came
    /// of it as [`Event::Answered`].
    Responded(Box<Response>),
    /// Something was measured that supports an outcome of a framework: seal it.
    Measured(Box<Evidence>),
    /// A backup was made, or could not be: seal it, so that what there was to restore from can be shown later.
    BackedUp(Box<BackupMade>),
    /// A service was drilled: seal it.
    Drilled(Box<Drill>),
    /// An incident began or came further, or findings that matter joined it: seal it.
    Incident(Box<Incident>),
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
    /// Not part of the state: it is given again when a checkpoint is opened.
    #[serde(skip)]
    pub(crate) plan: Option<Arc<Plan>>,
    pub(crate) adopted: Option<Text>,
    began: Option<Timestamp>,
    now: Timestamp,
    pub(crate) counts: Counts,
    pub(crate) inventory: Inventory,
    watch: Watch,
    guard: Guard,
    pub(crate) ledger: Ledger,
    pub(crate) responses: Responses,
    pub(crate) incidents: Incidents,
    /// When evidence of reading each source of intelligence was sealed last.
    pub(crate) read_last: BTreeMap<Text, Timestamp>,
    /// What those who tell of attacks have shown that they are worth.
    pub(crate) reputation: Reputation,
    pub(crate) others: Others,
    /// The plan, by its digest, that lessons were held against last.
    pub(crate) learned: Option<Text>,
    firewall: Option<Firewall>,
    /// When evidence of the firewall was sealed last.
    firewall_told: Option<Timestamp>,
    pub(crate) record: Record,
    matrix: Matrix,
    book: Book,
    activity: Activity,
    losses: BTreeMap<LossKind, Loss>,
    unread: BTreeMap<(Transport, u16, Option<Protocol>), Unread>,
    /// Room for what one event brings, kept so that it is not asked for again for each.
    #[serde(skip)]
    scratch: Scratch,
}

#[derive(Clone, Debug, Default)]
struct Scratch {
    concerns: Vec<Concern>,
    breaches: Vec<Breach>,
    heard: Vec<Address>,
}

impl City {
    /// A city of which nothing is known yet. Without a plan there are the inventory, weaknesses and who talks to whom.
    #[must_use]
    pub fn new(plan: Option<Arc<Plan>>) -> City {
        City { plan, ..City::default() }
    }

    /// Folds one event into the state, but for the incidents: [`City::handle`] does both.
    pub(crate) fn fold(&mut self, event: &Event, effects: &mut Vec<Effect>) {
        let time = event.time();
        // Time never runs backwards: a late record keeps its own time, and the city keeps its.
        if let Event::Adopted { plan, .. } = event {
            // The time of an act is not the time of the traffic, which alone says when watching began.
            self.adopted = Some(plan.clone());
            return;
        }
        if self.respond(event, effects) {
            return;
        }
        if let Event::Observed(observation) = event
            && observation.fact.is_of_recovery()
        {
            self.recover(observation, effects);
            return;
        }
        if let Event::Observed(observation) = event
            && observation.fact.is_of_intelligence()
        {
            self.hear_of(observation, effects);
            return;
        }
        self.now = self.now.max(time);
        if self.began.is_none() {
            self.began = Some(time);
            if let Some(plan) = &self.plan {
                self.watch.adopt(plan, time);
            }
        }
        let mut scratch = std::mem::take(&mut self.scratch);
        let plan = self.plan.clone();
        if let Event::Observed(observation) = event {
            self.observe(observation, plan.as_deref(), &mut scratch);
        }
        if let Some(plan) = plan.as_deref() {
            for address in scratch.heard.drain(..) {
                let declared = self.inventory.device(address).and_then(|device| device.asset.as_ref());
                if let Some(asset) = declared.and_then(|id| plan.asset(id)) {
                    self.watch.hear(asset, time);
                }
            }
            self.watch.look(plan, self.now, &mut scratch.concerns);
        }
        if let Event::Observed(observation) = event
            && let Observed::Conversation(conversation) = &observation.fact
            && conversation.packets_in > 0
        {
            let ends = [conversation.flow.source, conversation.flow.destination];
            self.responses.hear(ends, conversation.start, time, effects);
        }
        let inventory = &self.inventory;
        let name = |address| name_of(plan.as_deref(), inventory, address);
        let before = effects.len();
        let concerns = scratch.concerns.iter().map(|concern| concern as &dyn Difference);
        let breaches = scratch.breaches.iter().map(|breach| breach as &dyn Difference);
        for difference in concerns.chain(breaches) {
            self.ledger.note(difference, time, plan.as_deref(), &name, effects);
        }
        for at in before..effects.len() {
            if let Some(Effect::Found(finding) | Effect::Worsened(finding)) = effects.get(at) {
                let finding = finding.clone();
                self.responses.see(&finding, time, plan.as_deref(), &name, effects);
            }
        }
        if let Event::Observed(observation) = event {
            self.heed_others(observation, effects);
        }
        scratch.concerns.clear();
        scratch.breaches.clear();
        scratch.heard.clear();
        self.scratch = scratch;
        // A new finding is about what happens now. One that became graver may be about snapshots made since it began.
        if effects.iter().skip(before).any(|effect| matches!(effect, Effect::Worsened(_))) {
            self.heed();
        }
        // What is overdue, only the time says, and not the traffic: a replay has no time of its own.
        if let Event::Tick(_) = event {
            self.look_at_recovery(time, effects);
        }
    }

    /// Handles what people decide about responses, habits and incidents, and what came of it. Such acts have the time of people, which is not
    /// that of the traffic. Returns whether the event was one.
    fn respond(&mut self, event: &Event, effects: &mut Vec<Effect>) -> bool {
        match event {
            Event::Decided { time, by, decision } => {
                let (plan, inventory) = (self.plan.as_deref(), &self.inventory);
                let name = |address| name_of(plan, inventory, address);
                self.responses.decide(decision, by, *time, plan, &name, effects);
                self.heed();
                true
            }
            Event::Firewall { time, firewall } => {
                let plan = self.plan.clone();
                let (plan, inventory) = (plan.as_deref(), &self.inventory);
                let name = |address| name_of(plan, inventory, address);
                for fault in defend::firewall::faults(self.firewall.as_ref(), firewall) {
                    self.ledger.note(&fault, *time, plan, &name, effects);
                }
                if firewall.unreachable.is_none() {
                    self.responses.reconcile(&firewall.contained, *time, plan, &name, effects);
                }
                self.tell_of_firewall(firewall, *time, effects);
                self.firewall = Some((**firewall).clone());
                true
            }
            Event::Answered { time, response, failure } => {
                self.responses.answered(*response, failure.as_ref(), *time, effects);
                self.heed();
                true
            }
            Event::Refused { time, by, device, habit } => {
                self.guard.refuse(*device, *habit, *time, by);
                true
            }
            Event::Handled { time, by, incident, act } => {
                self.see_to(*incident, act, by, *time, effects);
                true
            }
            _ => false,
        }
    }

    /// Evidence of the firewall, when it changed, and again before the last is too old to be believed.
    fn tell_of_firewall(&mut self, firewall: &Firewall, time: Timestamp, effects: &mut Vec<Effect>) {
        let held = |firewall: &Firewall| (firewall.mode, firewall.confirmed.clone(), firewall.unequal.len());
        let same = self.firewall.as_ref().is_some_and(|before| held(before) == held(firewall));
        let fresh = self.firewall_told.is_some_and(|told| time.duration_since(told) < EVIDENCE_EVERY);
        if firewall.unreachable.is_some() || firewall.pending || same && fresh {
            return;
        }
        self.firewall_told = Some(time);
        let measured = defend::firewall::evidence(firewall, time).into_iter().map(Box::new);
        effects.extend(measured.map(Effect::Measured));
    }

    fn observe(&mut self, observation: &Observation, plan: Option<&Plan>, scratch: &mut Scratch) {
        self.counts.observations += 1;
        self.book.see(observation);
        self.inventory.see(observation, plan, &mut scratch.concerns, &mut scratch.heard);
        let judgement = self.guard.see(observation, plan, &mut scratch.breaches);
        match &observation.fact {
            Observed::Opened(flow) => {
                self.counts.conversations += 1;
                if let Some(minute) = self.activity.minute(self.now) {
                    minute.conversations += 1;
                }
                if let Some(plan) = plan {
                    self.matrix.opened(plan, flow, judgement);
                }
            }
            Observed::Recognised(flow) => {
                if let Some(plan) = plan {
                    self.matrix.settled(plan, flow, judgement);
                }
            }
            Observed::Conversation(conversation) if conversation.ended => {
                if let Some(plan) = plan {
                    self.matrix.ended(plan, conversation);
                    if judgement.is_some() {
                        self.matrix.settled(plan, &conversation.flow, judgement);
                    }
                }
            }
            Observed::Request(request) => {
                self.counts.requests += 1;
                if let Some(minute) = self.activity.minute(self.now) {
                    minute.requests += 1;
                }
                if let Some(plan) = plan {
                    self.matrix.requested(plan, request);
                }
            }
            Observed::Loss(loss) => {
                let kept = self.losses.entry(loss.kind).or_insert_with(|| Loss { count: 0, ..loss.clone() });
                kept.count += loss.count;
                kept.detail = loss.detail.clone();
            }
            Observed::Unread(unread) => {
                let key = (unread.transport, unread.port, unread.protocol);
                if let Some(known) = self.unread.get_mut(&key) {
                    known.count += unread.count;
                } else if self.unread.len() < UNREAD_MAX {
                    self.unread.insert(key, unread.clone());
                }
            }
            Observed::Binding(_)
            | Observed::Conversation(_)
            | Observed::Backup(_)
            | Observed::Drill(_)
            | Observed::Repository(_)
            | Observed::Pack(_)
            | Observed::Alert(_)
            | Observed::Sighting(_)
            | Observed::Received(_)
            | Observed::Hunted(_)
            | Observed::Offered(_)
            | Observed::Withdrawn(_)
            | Observed::Flood(_)
            | Observed::Identity(_)
            | Observed::Message(_)
            | Observed::Weakness(_) => {}
        }
    }

    /// The plan that the city is compared with.
    #[must_use]
    pub fn plan(&self) -> Option<&Arc<Plan>> {
        self.plan.as_ref()
    }

    /// Compares with another plan from now on. Findings made before stay as they were made.
    pub fn adopt(&mut self, plan: Option<Arc<Plan>>) {
        self.inventory.adopt(plan.as_deref());
        if let (Some(plan), Some(_)) = (&plan, self.began) {
            self.watch.adopt(plan, self.now);
        }
        self.plan = plan;
        self.heed();
    }

    /// The digest of the plan adopted last, as the events name it.
    #[must_use]
    pub fn adopted(&self) -> Option<&str> {
        self.adopted.as_deref()
    }

    /// What backups, drills and looks at repositories have shown.
    #[must_use]
    pub fn recovery(&self) -> &Record {
        &self.record
    }

    /// The time of the first event, if there was one.
    #[must_use]
    pub fn began(&self) -> Option<Timestamp> {
        self.began
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

    /// What people call the device at an address: the plan's name for it, or else its own, or else the address.
    #[must_use]
    pub fn name(&self, address: Address) -> Text {
        name_of(self.plan.as_deref(), &self.inventory, address)
    }

    /// Every device seen, by address.
    pub fn devices(&self) -> impl ExactSizeIterator<Item = &Device> {
        self.inventory.devices()
    }

    /// One device.
    #[must_use]
    pub fn device(&self, address: Address) -> Option<&Device> {
        self.inventory.device(address)
    }

    /// Whether a declared asset was heard, and when last.
    #[must_use]
    pub fn presence(&self, asset: &AssetId) -> (Presence, Option<Timestamp>) {
        (self.watch.presence(asset), self.watch.last_heard(asset))
    }

    /// Every finding, in the order of first sight.
    pub fn findings(&self) -> impl ExactSizeIterator<Item = &Finding> {
        self.ledger.findings().iter()
    }

    /// One finding by its number.
    #[must_use]
    pub fn finding(&self, number: u64) -> Option<&Finding> {
        let index = usize::try_from(number.checked_sub(1)?).ok()?;
        self.ledger.findings().get(index)
    }

    /// The finding that a difference was made, if it was made: of many alike, the one that counts them together.
    #[must_use]
    pub fn finding_of(&self, difference: &dyn Difference) -> Option<&Finding> {
        self.ledger.of(difference)
    }

    /// What was seen of what others told to look for: of each indicator at each device the latest. No more than 2,000.
    pub fn seen(&self) -> impl ExactSizeIterator<Item = &Seen> {
        self.others.seen()
    }

    /// What was seen of one indicator, by its STIX id.
    pub fn seen_of(&self, indicator: &str) -> impl Iterator<Item = &Seen> {
        self.others.seen_of(indicator)
    }

    /// Who told what they know, by the name of the source, and what came of it.
    pub fn heard(&self) -> impl ExactSizeIterator<Item = (&Text, &Heard)> {
        self.others.heard()
    }

    /// The hunts that were made, each as it was made last.
    pub fn hunts(&self) -> impl ExactSizeIterator<Item = &Hunt> {
        self.others.hunts()
    }

    /// One hunt as it was made last, by its name, or else its pattern.
    #[must_use]
    pub fn hunt(&self, name: &str) -> Option<&Hunt> {
        self.others.hunt(name)
    }

    /// The defences that others offered, each in the version that was rehearsed last.
    pub fn offers(&self) -> impl ExactSizeIterator<Item = &Offer> {
        self.others.offers()
    }

    /// The firewall as it was looked at last, if there is one.
    #[must_use]
    pub fn firewall(&self) -> Option<&Firewall> {
        self.firewall.as_ref()
    }

    /// Every response that is kept, in the order in which they were thought of.
    pub fn responses(&self) -> impl ExactSizeIterator<Item = &Response> {
        self.responses.all().iter()
    }

    /// The response that a decision is about.
    #[must_use]
    pub fn response_about(&self, decision: &Decision) -> Option<&Response> {
        let mut latest_first = self.responses.all().iter().rev();
        match decision {
            Decision::Contain { target, .. } | Decision::Release { target, .. } => {
                latest_first.find(|response| response.target == *target)
            }
            Decision::Agree { response } | Decision::Dismiss { response, .. } => {
                latest_first.find(|known| known.number == *response)
            }
        }
    }

    /// Whether a person's decision about a response can be carried out.
    ///
    /// # Errors
    ///
    /// Why not, in plain words.
    pub fn may(&self, decision: &Decision, by: &str) -> Result<(), &'static str> {
        self.responses.may(decision, by)
    }

    /// What was learned of a device, if anything was. Without a plan nothing is learned.
    #[must_use]
    pub fn baseline(&self, device: Address) -> Option<Baseline> {
        self.guard.baseline(device, self.plan.as_deref()?, self.now)
    }

    /// Whether a person can refuse a habit of a device.
    ///
    /// # Errors
    ///
    /// Why not, in plain words.
    pub fn may_refuse(&self, device: Address, habit: Habit) -> Result<(), &'static str> {
        self.guard.may_refuse(device, habit)
    }

    /// How each public service stands, in the order of the plan.
    #[must_use]
    pub fn services(&self) -> Vec<Status> {
        let Some(plan) = &self.plan else { return Vec::new() };
        standing::services(plan, &self.watch, self.ledger.findings(), self.now)
    }

    /// The conduit matrix: what ran between zones. Empty without a plan.
    pub fn matrix(&self) -> impl ExactSizeIterator<Item = (&Ends, &Cell)> {
        self.matrix.cells()
    }

    /// Who talks to whom.
    pub fn talks(&self) -> impl ExactSizeIterator<Item = (&Talkers, &Talk)> {
        self.book.pairs()
    }

    /// How much was said in each minute of the last day in which anything was said, oldest first.
    pub fn activity(&self) -> impl ExactSizeIterator<Item = &Minute> {
        self.activity.minutes()
    }

    /// What was not seen or could not be kept, by kind.
    pub fn losses(&self) -> impl ExactSizeIterator<Item = &Loss> {
        self.losses.values()
    }

    /// What no reader understood.
    pub fn unread(&self) -> impl ExactSizeIterator<Item = &Unread> {
        self.unread.values()
    }

    /// How much could not be kept because a table of the city was full: devices, and pairs of talkers.
    #[must_use]
    pub fn turned_away(&self) -> (u64, u64) {
        (self.inventory.turned_away(), self.book.turned_away())
    }
}

pub(crate) fn name_of(plan: Option<&Plan>, inventory: &Inventory, address: Address) -> Text {
    let declared = || {
        let by_address = plan?.asset_at(address);
        let by_device = || plan?.asset(inventory.device(address)?.asset.as_ref()?);
        by_address.or_else(by_device).map(|asset| asset.name.clone())
    };
    let said = || inventory.name(address).map(|name| Text::from(format!("{name} ({address})")));
    declared().or_else(said).unwrap_or_else(|| Text::from(address.to_string()))
}
