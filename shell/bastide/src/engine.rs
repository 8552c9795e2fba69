//! The one loop that carries out effects: observations in, events journalled, decisions sealed, changes told.

use crate::{
    live::MESSAGES_MAX,
    past::{self, Past},
    ring::{Frames, LOOK_BACK, LOOK_ON, Ring, Wanted},
    telling::Telling,
};
use adapt::intel::watch::{Held, Recent, Watchlist};
use anyhow::bail;
use city::{
    Address, Decision, Doubt, DoubtKind, Finding, Firewall, IncidentAct, Loss, LossKind, Observation,
    Observed, Received, Response, ResponseState, Sighting, Text,
};
use cycle::{City, Effect, Event};
use defend::Habit;
use jiff::Timestamp;
use std::{
    path::Path,
    sync::{
        Arc, OnceLock, PoisonError, RwLock,
        mpsc::{Receiver, RecvTimeoutError},
    },
    time::{Duration, Instant},
};
use store::{
    ActRecord, BackupRecord, DrillRecord, EvidenceRecord, FindingRecord, IncidentRecord, Journal, Kind,
    Limits, Record, ResponseRecord, StartRecord, Store,
};
use tokio::{runtime::Handle, sync::watch};

/// Bytes of raw packets kept in memory for findings to come.
const RING_BYTES: usize = 32 << 20;

/// The most findings for which packets still to come are kept at a time.
const FOLLOWING_MAX: usize = 256;

/// How often the journal is put on the disk, and time is told to the city.
const BEAT: Duration = Duration::from_secs(1);

/// How often a checkpoint is written while something happens.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(300);

/// How long what already waits may keep a process that was told to stop. Service managers kill after a while.
const STOP_PATIENCE: Duration = Duration::from_secs(2);

/// Told what came of an adoption: the plan's digest, or why not.
pub(crate) type Answer = Box<dyn FnOnce(anyhow::Result<String>) + Send>;

/// Told the response as a decision left it, or why it could not be carried.
pub(crate) type Decided = Box<dyn FnOnce(Result<Box<Response>, String>) + Send>;

/// Told the number of the incident to look at now, or why an act could not be done.
pub(crate) type Handled = Box<dyn FnOnce(Result<u64, String>) + Send>;

/// Told whether a habit was refused, or why it cannot be.
pub(crate) type Refused = Box<dyn FnOnce(Result<(), String>) + Send>;

/// Told whether an act of recovery was taken note of, once what it means is sealed, or why it was not.
pub(crate) type Noted = Box<dyn FnOnce(Result<(), String>) + Send>;

/// Carries responses out, each on its own time; what came of one comes back as [`Message::Answered`].
pub(crate) type Containing = Box<dyn FnMut(&Response) + Send>;

/// What reaches the loop.
pub(crate) enum Message {
    /// What a sensor saw.
    Seen(Batch),
    /// A person adopted a plan: its files, and who. The answer is the plan's digest.
    Adopt(Vec<plan::SourceFile>, String, Answer),
    /// A person decided about a response.
    Decide(Decision, String, Decided),
    /// A person did something about an incident, by its number.
    Handle(u64, IncidentAct, String, Handled),
    /// A person refused something that was learned.
    Refuse(Box<Refusal>, Refused),
    /// What came of a response, by its number: why it could not be done, if it could not.
    Answered(u64, Option<Text>),
    /// What others told to look for, from now on; it is changed where it stands.
    Watch(Arc<RwLock<Watchlist>>),
    /// The firewall is not as it was.
    Firewall(Box<Firewall>),
    /// What another tool raised. The answer is that it is journalled.
    Heard(Vec<Observation>, Noted),
    /// What came of a backup, a drill, a look at a repository, or that a pack was issued.
    Told(Box<Observation>, Noted),
    /// A sensor can no longer do its work: stop in good order, and say why.
    Failed(anyhow::Error),
    /// Stop in good order.
    Stop,
}

/// A habit that a person refuses.
pub(crate) struct Refusal {
    pub(crate) by: String,
    pub(crate) device: Address,
    pub(crate) habit: Habit,
    pub(crate) reason: Text,
}

/// What a sensor saw in a moment.
#[derive(Default)]
pub(crate) struct Batch {
    pub(crate) frames: Frames,
    pub(crate) observations: Vec<Observation>,
    /// The sensor's time at the end of the moment; none where time is that of the packets and of nothing else.
    pub(crate) time: Option<Timestamp>,
}

/// The city, its store, and what is needed to carry out effects.
pub(crate) struct Engine {
    city: Arc<RwLock<City>>,
    store: Store,
    runtime: Handle,
    /// The latest time that a sensor told.
    time: Option<Timestamp>,
    ring: Ring,
    /// Findings whose packets are still coming: for each, until when, and what is wanted.
    following: Vec<(u64, Timestamp, Wanted)>,
    effects: Vec<Effect>,
    changes: watch::Sender<u64>,
    beat: Instant,
    checkpointed: Instant,
    /// Told of each finding once it is sealed.
    found: Box<dyn FnMut(&Finding) + Send>,
    /// Told of each response that is to be done or undone, once that is sealed.
    containing: Containing,
    /// What others told to look for.
    watchlist: Option<Arc<RwLock<Watchlist>>>,
    /// What was seen of it before.
    held: Held,
    recent: Recent,
    /// Room for what one observation shows of it, kept so that it is not asked for again for each.
    sightings: Vec<Sighting>,
    /// Tells those whom the plan names, if this is a city that tells.
    telling: Option<Telling>,
}

/// What the start of an engine found.
pub(crate) struct Opened {
    pub(crate) engine: Engine,
    /// What a kill cost, and what else was found wrong: to be shown.
    pub(crate) warnings: Vec<String>,
    /// The plan in force is not the plan given.
    pub(crate) differs: bool,
}

impl Engine {
    /// Opens the state directory and rebuilds the city from it. A plan given at the first start is adopted; later ones
    /// must be adopted by a person.
    pub(crate) fn open(
        state: &Path,
        kind: Kind,
        limits: Limits,
        files: Option<Vec<plan::SourceFile>>,
        runtime: Handle,
    ) -> anyhow::Result<Opened> {
        let (store, start) = runtime.block_on(Store::open(state, kind, "bastide", limits))?;
        let mut warnings = start.passed_over.clone();
        let loss = if start.new { None } else { start.journal.loss() };
        warnings.extend(loss.iter().map(|loss| loss.detail.to_string()));
        let plans = runtime.block_on(past::plans(&store.log))?;
        let sealed = start.checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.sealed);
        let events = Journal::read(store.journal.directory(), start.position())?;
        let Past { city, mut effects, damage } = past::rebuild(start.checkpoint, events, &plans)?;
        warnings.extend(damage);
        // What was decided and sealed before the stop is not sealed again.
        let known = runtime.block_on(past::decisions_sealed_after(&store.log, sealed))?;
        effects.drain(..known.min(effects.len()));
        let mut engine = Engine {
            city: Arc::new(RwLock::new(city)),
            store,
            runtime,
            time: None,
            ring: Ring::new(RING_BYTES),
            following: Vec::new(),
            effects,
            changes: watch::Sender::new(0),
            beat: Instant::now(),
            checkpointed: Instant::now(),
            found: Box::new(|_| ()),
            containing: Box::new(|_| ()),
            watchlist: None,
            held: Held::default(),
            recent: Recent::default(),
            sightings: Vec::new(),
            telling: None,
        };
        let version = env!("CARGO_PKG_VERSION").to_owned();
        let lost = loss.as_ref().map(|loss| loss.detail.to_string());
        engine.seal(vec![Record::Start(StartRecord { version, lost })])?;
        engine.carry_out(engine.now())?;
        // A city that saw no traffic yet has no time at which anything could have been lost; the start says it.
        let began = engine.city.read().unwrap_or_else(PoisonError::into_inner).began();
        if let (Some(loss), Some(_)) = (loss, began) {
            let fact = Observed::Loss(loss);
            let time = engine.now();
            let observations = vec![Observation { time, sensor: Text::const_new("bastide"), fact }];
            engine.take(Batch { observations, ..Batch::default() })?;
        }
        let mut differs = false;
        if let Some(files) = files {
            match plans.last() {
                None => drop(engine.adopt(&files, "command line")?),
                Some(adopted) => differs = adopted.digest != past::record_of(&files, None, "").digest,
            }
        }
        Ok(Opened { engine, warnings, differs })
    }

    /// The city, for reading.
    pub(crate) fn city(&self) -> Arc<RwLock<City>> {
        Arc::clone(&self.city)
    }

    /// The store, for its readers.
    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    /// Told of each change of the city.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Tells of each finding once it is sealed.
    pub(crate) fn tell_found(&mut self, found: impl FnMut(&Finding) + Send + 'static) {
        self.found = Box::new(found);
    }

    /// Tells those whom the plan names from now on.
    pub(crate) fn tell_others(&mut self, state: &Path) -> anyhow::Result<()> {
        let plan = self.city.read().unwrap_or_else(PoisonError::into_inner).plan().cloned();
        self.telling = Some(Telling::begin(state, plan.as_deref())?);
        Ok(())
    }

    /// Carries responses out from now on, those first that a stop interrupted.
    pub(crate) fn contain_with(&mut self, mut containing: Containing) {
        let city = self.city.read().unwrap_or_else(PoisonError::into_inner);
        city.responses().filter(|response| is_due(response)).for_each(&mut containing);
        drop(city);
        self.containing = containing;
    }

    /// Handles messages until told to stop or nobody is left to send. What waits before the message that says so is
    /// handled too, unless that takes too long since the moment of being told.
    pub(crate) fn run(
        &mut self,
        messages: &Receiver<Message>,
        told_to_stop: &OnceLock<Instant>,
    ) -> anyhow::Result<()> {
        loop {
            match messages.recv_timeout(BEAT) {
                Ok(Message::Seen(batch)) => self.take(batch)?,
                Ok(Message::Adopt(files, person, answer)) => answer(self.adopt(&files, &person)),
                Ok(Message::Decide(decision, person, answer)) => answer(self.decide(decision, &person)?),
                Ok(Message::Handle(incident, act, person, answer)) => {
                    answer(self.see_to(incident, act, &person)?);
                }
                Ok(Message::Refuse(refusal, answer)) => answer(self.refuse(&refusal)?),
                Ok(Message::Watch(list)) => self.watch(list),
                Ok(Message::Answered(response, failure)) => self.answered(response, failure)?,
                Ok(Message::Firewall(firewall)) => {
                    self.happen(&Event::Firewall { time: Timestamp::now(), firewall })?;
                }
                Ok(Message::Heard(observations, noted)) => {
                    self.take(Batch { observations, ..Batch::default() })?;
                    self.store.journal.sync()?;
                    noted(Ok(()));
                }
                Ok(Message::Told(observation, noted)) => noted(self.tell(*observation)?),
                Ok(Message::Failed(error)) => return Err(error),
                Ok(Message::Stop) | Err(RecvTimeoutError::Disconnected) => return Ok(()),
                Err(RecvTimeoutError::Timeout) => {}
            }
            if told_to_stop.get().is_some_and(|told| told.elapsed() >= STOP_PATIENCE) {
                return self.leave(messages);
            }
            self.beat()?;
        }
    }

    /// Stops although something waits, and records how much.
    fn leave(&mut self, messages: &Receiver<Message>) -> anyhow::Result<()> {
        let waiting = messages.try_iter().take(MESSAGES_MAX).map(|message| match message {
            Message::Seen(batch) => batch.observations.len() as u64,
            Message::Adopt(..)
            | Message::Decide(..)
            | Message::Handle(..)
            | Message::Refuse(..)
            | Message::Answered(..)
            | Message::Firewall(_)
            | Message::Watch(_)
            // It is read again after the next start.
            | Message::Heard(..)
            | Message::Told(..)
            | Message::Failed(_)
            | Message::Stop => 0,
        });
        let count: u64 = waiting.sum();
        if count == 0 {
            return Ok(());
        }
        let detail = format!("Bastide was told to stop while {count} observations waited to be looked at");
        crate::failure::warn(&detail);
        let fact = Observed::Loss(Loss { kind: LossKind::Interrupted, count, detail: detail.into() });
        let observations = vec![Observation { time: self.now(), sensor: Text::const_new("bastide"), fact }];
        self.take(Batch { observations, ..Batch::default() })
    }

    /// Journals what was seen, lets the city judge it, and seals and shows what it decides.
    pub(crate) fn take(&mut self, batch: Batch) -> anyhow::Result<()> {
        let Batch { frames, observations, time } = batch;
        self.ring.push(frames);
        self.time = self.time.max(time);
        let city = Arc::clone(&self.city);
        // Readers see a finding only once it is sealed, so they wait while it is.
        let mut city = city.write().unwrap_or_else(PoisonError::into_inner);
        let mut sightings = std::mem::take(&mut self.sightings);
        let watchlist = self.watchlist.clone();
        let watchlist = watchlist.as_ref().map(|list| list.read().unwrap_or_else(PoisonError::into_inner));
        for mut observation in observations {
            if let Some(list) = &watchlist {
                list.see(&observation, &mut self.held, &mut sightings);
            }
            if let Observed::Request(request) = &mut observation.fact {
                // They were for the watchlist alone; nothing that is kept grows by them.
                request.details.clear();
            }
            let (time, sensor) = (observation.time, observation.sensor.clone());
            let event = Event::Observed(observation);
            self.store.journal.append(&event)?;
            city.handle(&event, &mut self.effects);
            // A fact of its own behind what was seen: a replay need not know what was watched for.
            for sighting in sightings.drain(..).filter(|sighting| self.recent.is_new(sighting, time)) {
                let fact = Observed::Sighting(Box::new(sighting));
                let event = Event::Observed(Observation { time, sensor: sensor.clone(), fact });
                self.store.journal.append(&event)?;
                city.handle(&event, &mut self.effects);
            }
        }
        drop(watchlist);
        self.sightings = sightings;
        self.carry_out(city.now())
    }

    /// Holds what is seen against a list from now on.
    pub(crate) fn watch(&mut self, list: Arc<RwLock<Watchlist>>) {
        self.watchlist = Some(list);
    }

    /// Tells whose patterns could not be asked in the time that there is.
    fn tell_passed_over(&mut self) -> anyhow::Result<()> {
        for (source, over) in self.held.passed_over() {
            let doubt = Doubt { kind: DoubtKind::TooHard, count: over.count, example: over.example };
            let fact = Observed::Received(Box::new(Received {
                source,
                new: 0,
                known: 0,
                watched: 0,
                withdrawn: 0,
                doubts: vec![doubt],
            }));
            self.happen(&Event::Observed(Observation {
                time: Timestamp::now(),
                sensor: Text::const_new("bastide"),
                fact,
            }))?;
        }
        Ok(())
    }

    /// Does what is due every second, if a second has passed.
    pub(crate) fn beat(&mut self) -> anyhow::Result<()> {
        if self.beat.elapsed() < BEAT { Ok(()) } else { self.tick() }
    }

    /// Puts the journal on the disk and tells the city the time, if a sensor has one to tell.
    fn tick(&mut self) -> anyhow::Result<()> {
        self.beat = Instant::now();
        if let Some(time) = self.time {
            let city = Arc::clone(&self.city);
            let mut city = city.write().unwrap_or_else(PoisonError::into_inner);
            if city.began().is_some() && city.now() < time {
                let event = Event::Tick(time);
                self.store.journal.append(&event)?;
                city.handle(&event, &mut self.effects);
                self.carry_out(city.now())?;
            }
        }
        self.store.journal.sync()?;
        for loss in self.telling.as_mut().map(Telling::losses).unwrap_or_default() {
            let (time, sensor) = (self.now(), Text::const_new("bastide"));
            let observations = vec![Observation { time, sensor, fact: Observed::Loss(loss) }];
            self.take(Batch { observations, ..Batch::default() })?;
        }
        self.changes.send_modify(|change| *change += 1);
        if self.checkpointed.elapsed() >= CHECKPOINT_EVERY {
            self.tell_passed_over()?;
            self.checkpoint()?;
        }
        Ok(())
    }

    /// Puts down the state, so that the next start need not go through the whole journal.
    fn checkpoint(&mut self) -> anyhow::Result<()> {
        self.checkpointed = Instant::now();
        let now = {
            let city = self.city.read().unwrap_or_else(PoisonError::into_inner);
            self.store.checkpoint(&city)?;
            city.now()
        };
        self.store.compact()?;
        self.store.tend(now)?;
        Ok(())
    }

    /// Keeps the packets around findings made now, and those that came since around findings made before.
    fn keep_packets(&mut self, effects: &[Effect], now: Timestamp) -> anyhow::Result<()> {
        let mut due: Vec<(u64, Wanted)> = Vec::new();
        self.following.retain(|(number, until, wanted)| {
            let over = *until <= now;
            if over {
                due.push((*number, *wanted));
            }
            !over
        });
        for effect in effects {
            let Effect::Found(finding) = effect else { continue };
            if !finding.key.subject.is_station() {
                continue;
            }
            let after = finding.first.checked_sub(LOOK_BACK).unwrap_or(Timestamp::MIN);
            let other = finding.peer.filter(|peer| peer.is_station());
            let wanted = Wanted { one: finding.key.subject, other, after };
            due.push((finding.number, wanted));
            if self.following.len() < FOLLOWING_MAX {
                let until = now.checked_add(LOOK_ON).unwrap_or(Timestamp::MAX);
                self.following.push((finding.number, until, Wanted { after: now, ..wanted }));
            }
        }
        if due.is_empty() {
            return Ok(());
        }
        let wanted: Vec<Wanted> = due.iter().map(|(_, wanted)| *wanted).collect();
        for ((number, _), frames) in due.iter().zip(self.ring.find(&wanted)) {
            if !frames.is_empty() {
                self.store.packets.keep(*number, now, frames.iter())?;
            }
        }
        Ok(())
    }

    /// Seals what was decided; only then are packets kept for it and people told.
    fn carry_out(&mut self, now: Timestamp) -> anyhow::Result<()> {
        if self.effects.is_empty() {
            return self.keep_packets(&[], now);
        }
        // What a sealed finding rests on must outlast a kill as well.
        self.store.journal.sync()?;
        let effects = std::mem::take(&mut self.effects);
        let sealed = self.seal(effects.iter().map(record).collect())?;
        self.tell_of(&effects, sealed);
        self.keep_packets(&effects, now)?;
        for effect in &effects {
            match effect {
                Effect::Found(finding) => (self.found)(finding),
                Effect::Responded(response) if is_due(response) => (self.containing)(response),
                Effect::Worsened(_)
                | Effect::Responded(_)
                | Effect::Measured(_)
                | Effect::BackedUp(_)
                | Effect::Drilled(_)
                | Effect::Incident(_) => {}
            }
        }
        self.effects = effects;
        self.effects.clear();
        Ok(())
    }

    /// Seals records. Returns the place of the first.
    fn seal(&self, records: Vec<Record>) -> anyhow::Result<u64> {
        Ok(self.runtime.block_on(self.store.log.seal(Timestamp::now(), records))?.first)
    }

    /// Has those told whom the plan names, of effects that were sealed from a place on.
    fn tell_of(&mut self, effects: &[Effect], sealed: u64) {
        let Some(telling) = &mut self.telling else { return };
        for (place, effect) in (sealed..).zip(effects) {
            match effect {
                Effect::Found(finding) => telling.finding(finding, false, place),
                Effect::Worsened(finding) => telling.finding(finding, true, place),
                Effect::Responded(response) => telling.response(response, place),
                Effect::Incident(incident) => telling.incident(incident, place),
                Effect::Measured(_) | Effect::BackedUp(_) | Effect::Drilled(_) => {}
            }
        }
    }

    /// Adopts a plan: checks it, seals it, and compares with it from now on. Returns its digest.
    fn adopt(&mut self, files: &[plan::SourceFile], person: &str) -> anyhow::Result<String> {
        let Some(plan) = plan::check(files).plan else {
            bail!("the plan has errors; `bastide plan check` shows them")
        };
        let parent = self.runtime.block_on(past::plans(&self.store.log))?.pop().map(|plan| plan.digest);
        let adopted = past::record_of(files, parent, person);
        let digest = adopted.digest.clone();
        let act = ActRecord {
            person: Some(person.to_owned()),
            act: store::Act::PlanAdopted,
            subject: Some(digest.clone()),
            from: None,
            detail: None,
        };
        self.seal(vec![Record::Plan(adopted), Record::Act(act)])?;
        let event = Event::Adopted { time: self.now(), plan: Text::from(&digest) };
        self.store.journal.append(&event)?;
        self.store.journal.sync()?;
        let mut city = self.city.write().unwrap_or_else(PoisonError::into_inner);
        city.handle(&event, &mut self.effects);
        let plan = Arc::new(plan);
        city.adopt(Some(Arc::clone(&plan)));
        drop(city);
        if let Some(telling) = &mut self.telling {
            telling.adopt(Some(&plan))?;
        }
        Ok(digest)
    }

    /// Carries a person's decision about a response: the answer is the response as it then stands, or why not.
    fn decide(&mut self, decision: Decision, person: &str) -> anyhow::Result<Result<Box<Response>, String>> {
        let may = self.city.read().unwrap_or_else(PoisonError::into_inner).may(&decision, person);
        if let Err(why) = may {
            return Ok(Err(why.to_owned()));
        }
        self.happen(&Event::Decided {
            time: Timestamp::now(),
            by: person.into(),
            decision: decision.clone(),
        })?;
        let city = self.city.read().unwrap_or_else(PoisonError::into_inner);
        let response = city.response_about(&decision).cloned().map(Box::new);
        Ok(response.ok_or_else(|| "there is no such response".to_owned()))
    }

    /// Does what a person decided about an incident: the answer is the number of the one to look at now, or why not.
    fn see_to(
        &mut self,
        incident: u64,
        act: IncidentAct,
        person: &str,
    ) -> anyhow::Result<Result<u64, String>> {
        let time = Timestamp::now();
        let may = self.city.read().unwrap_or_else(PoisonError::into_inner).may_see_to(incident, &act, time);
        if let Err(why) = may {
            return Ok(Err(why.to_owned()));
        }
        let merged = match act {
            IncidentAct::Merge { into } => Some(into),
            _ => None,
        };
        let splits = matches!(act, IncidentAct::Split { .. });
        self.happen(&Event::Handled { time, by: person.into(), incident, act })?;
        let latest = || {
            let city = self.city.read().unwrap_or_else(PoisonError::into_inner);
            city.incidents().next_back().map(|latest| latest.number)
        };
        Ok(Ok(merged.or_else(|| if splits { latest() } else { None }).unwrap_or(incident)))
    }

    /// Refuses a habit for a person: seals it, and counts the habit as never learned. The answer is why not, if not.
    fn refuse(&mut self, refusal: &Refusal) -> anyhow::Result<Result<(), String>> {
        let Refusal { by, device, habit, reason } = refusal;
        let may = self.city.read().unwrap_or_else(PoisonError::into_inner).may_refuse(*device, *habit);
        if let Err(why) = may {
            return Ok(Err(why.to_owned()));
        }
        let act = ActRecord {
            person: Some(by.clone()),
            act: store::Act::HabitRefused,
            subject: Some(device.to_string()),
            from: None,
            detail: Some(format!("{habit}, for: {reason}")),
        };
        self.seal(vec![Record::Act(act)])?;
        let (time, by) = (Timestamp::now(), Text::from(by));
        self.happen(&Event::Refused { time, by, device: *device, habit: *habit })?;
        Ok(Ok(()))
    }

    /// Takes note of what came of a response.
    fn answered(&mut self, response: u64, failure: Option<Text>) -> anyhow::Result<()> {
        self.happen(&Event::Answered { time: Timestamp::now(), response, failure })
    }

    /// Takes note of an act of recovery: journals it, lets the city judge it, and seals it with what it leads to. For the
    /// loop of a running process, and for a command that opened the engine because no process runs. The answer is why
    /// not, if not.
    pub(crate) fn tell(&mut self, observation: Observation) -> anyhow::Result<Result<(), String>> {
        if !observation.fact.is_of_recovery() && !observation.fact.is_of_intelligence() {
            return Ok(Err(
                "only what came of backups, drills, repositories, packs, intelligence and hunts can be \
                           told"
                    .to_owned(),
            ));
        }
        self.happen(&Event::Observed(observation))?;
        Ok(Ok(()))
    }

    /// Journals something that people or machines did, lets the city judge it, and carries out what it decides.
    fn happen(&mut self, event: &Event) -> anyhow::Result<()> {
        self.store.journal.append(event)?;
        self.store.journal.sync()?;
        let city = Arc::clone(&self.city);
        let mut city = city.write().unwrap_or_else(PoisonError::into_inner);
        city.handle(event, &mut self.effects);
        self.carry_out(city.now())?;
        self.changes.send_modify(|change| *change += 1);
        Ok(())
    }

    /// The city's time.
    fn now(&self) -> Timestamp {
        self.city.read().unwrap_or_else(PoisonError::into_inner).now()
    }

    /// Puts everything down and stops in good order.
    pub(crate) fn close(mut self) -> anyhow::Result<()> {
        self.carry_out(self.now())?;
        self.checkpoint()?;
        self.runtime.block_on(self.store.close())?;
        Ok(())
    }
}

fn record(effect: &Effect) -> Record {
    match effect {
        Effect::Found(finding) => Record::Finding(Box::new(FindingRecord::new(finding, false))),
        Effect::Worsened(finding) => Record::Finding(Box::new(FindingRecord::new(finding, true))),
        Effect::BackedUp(made) => Record::Backup(Box::new(BackupRecord::from(&**made))),
        Effect::Drilled(drill) => Record::Drill(Box::new(DrillRecord::from(&**drill))),
        Effect::Incident(incident) => Record::Incident(Box::new(IncidentRecord::from(&**incident))),
        Effect::Measured(evidence) => Record::Evidence(EvidenceRecord::from(&**evidence)),
        Effect::Responded(response) => Record::Response(Box::new(ResponseRecord::from(&**response))),
    }
}

/// Whether a response waits to be done or undone.
fn is_due(response: &Response) -> bool {
    matches!(response.state, ResponseState::Ordered | ResponseState::Releasing)
}

#[cfg(test)]
mod tests;
