//! The watchlist of a running city: made of what is kept, and changed as that changes.

use crate::{
    engine::{Batch, Message},
    failure::warn,
    reading::cores,
};
use adapt::{
    intel::{
        reputation::{FILE_TRUST, to_begin_with},
        watch::{Gathered, Ground, Held, Origin, Recent, Watchlist},
    },
    stix::Object,
};
use city::{Doubt, Observation, Observed, Received, Sighting, Text};
use cycle::City;
use jiff::Timestamp;
use plan::Plan;
use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock, mpsc::SyncSender},
    thread,
    time::{Duration, Instant, SystemTime},
};
use store::{
    Addresses, Condition, History, Intelligence, Question, Table, Texts,
    intelligence::{Aside, Decided, Kept},
};
use tokio::{runtime::Handle, sync::watch};

/// How often it is looked whether there is something new.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How often what is over is taken out, and what becomes valid is taken in.
const PASS_EVERY: Duration = Duration::from_secs(60);

/// How many times as long as a change took the store is left alone, and how long at most.
const REST: u32 = 9;
const REST_MAX: Duration = Duration::from_secs(10);

/// How many indicators are read at a time, and how many are put in while the loop waits.
const PAGE: usize = 10_000;
const CHANGES: usize = 200;

/// Of how many indicators of one source it costs less to make the whole list anew than to look at each.
const REMADE_FROM: usize = 50_000;

/// The most addresses that are looked for in the past at a time; what is more, a hunt can look for.
const BACK_MAX: usize = 100_000;

/// The most sightings of the past that are told of one change.
const SIGHTINGS_MAX: usize = 1_000;

/// What a watchlist is made of.
struct Watching {
    directory: PathBuf,
    city: Arc<RwLock<City>>,
    history: History,
    runtime: Handle,
    messages: SyncSender<Message>,
    list: Arc<RwLock<Watchlist>>,
    /// Where it is shown what is watched for.
    shown: watch::Sender<Arc<console::Watching>>,
    /// The plan that it was made by.
    plan: Option<Text>,
    ground: Ground,
    /// Up to where the store was read.
    read: Option<Timestamp>,
    /// What people had decided then, and what of it is set aside.
    decided: Decided,
    aside: Aside,
    /// What came of each source's indicators.
    gathered: BTreeMap<String, Gathered>,
    /// How far each source was believed when it was looked at last.
    trusts: BTreeMap<Text, u8>,
    /// What was told of each source, so that it is told once.
    doubted: BTreeMap<String, Vec<Doubt>>,
}

/// Begins to keep the loop's watchlist up to date, on a thread of its own.
pub(crate) fn begin(
    directory: &Path,
    city: Arc<RwLock<City>>,
    history: History,
    runtime: Handle,
    messages: SyncSender<Message>,
    shown: watch::Sender<Arc<console::Watching>>,
) -> std::io::Result<()> {
    let watching = Watching {
        directory: directory.to_path_buf(),
        city,
        history,
        runtime,
        messages,
        list: Arc::default(),
        shown,
        plan: None,
        ground: Ground::default(),
        read: None,
        decided: Decided::default(),
        aside: Aside::default(),
        gathered: BTreeMap::new(),
        trusts: BTreeMap::new(),
        doubted: BTreeMap::new(),
    };
    thread::Builder::new().name("watchlist".into()).spawn(move || watching.run())?;
    Ok(())
}

impl Watching {
    fn run(mut self) {
        let (mut stamp, mut passed, mut is_made) = (None, Instant::now(), false);
        if self.messages.send(Message::Watch(Arc::clone(&self.list))).is_err() {
            return;
        }
        loop {
            let (written, plan) = (self.written(), self.adopted());
            let began = Instant::now();
            let done = if written.is_none() {
                Ok(None)
            } else if !is_made || plan != self.plan {
                self.make(plan).map(Some)
            } else if written != stamp {
                self.catch_up().map(Some)
            } else if passed.elapsed() >= PASS_EVERY {
                passed = Instant::now();
                self.pass().map(Some)
            } else {
                Ok(None)
            };
            let told = match done {
                Ok(None) => Ok(()),
                Ok(Some(new)) => {
                    (stamp, is_made) = (written, true);
                    let (list, sources) = (Arc::clone(&self.list), self.gathered.clone());
                    self.shown.send_replace(Arc::new(console::Watching { list, sources }));
                    self.look_back(&new).and_then(|()| self.tell_doubts())
                }
                Err(error) => {
                    warn(format_args!("what others know cannot be read: {error:#}"));
                    stamp = written;
                    Ok(())
                }
            };
            if told.is_err() {
                return;
            }
            if is_made {
                self.believe();
            }
            thread::sleep(LOOK_EVERY.max((began.elapsed() * REST).min(REST_MAX)));
        }
    }

    /// When the store was written last; none if there is none.
    fn written(&self) -> Option<SystemTime> {
        let written = |name: &str| std::fs::metadata(self.directory.join(name)).ok()?.modified().ok();
        ["intelligence.db", "intelligence.db-wal"].into_iter().filter_map(written).max()
    }

    fn adopted(&self) -> Option<Text> {
        self.city().adopted().map(Text::from)
    }

    fn city(&self) -> std::sync::RwLockReadGuard<'_, City> {
        self.city.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn list(&self) -> std::sync::RwLockReadGuard<'_, Watchlist> {
        self.list.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes the list, because there is none yet or another plan says what is the city's own and who is believed. Says
    /// which addresses are new in it.
    fn make(&mut self, adopted: Option<Text>) -> anyhow::Result<Vec<IpAddr>> {
        let plan = self.city().plan().cloned();
        let trust = |source: &str| self.trust(source);
        let made = load(&self.directory, plan.as_deref(), &trust, Timestamp::now());
        let Made { list, ground, read, decided, aside, gathered } = self.runtime.block_on(made)?;
        let new = {
            let before = self.list();
            list.addresses().filter(|address| !before.holds(*address)).take(BACK_MAX).collect()
        };
        let before = std::mem::replace(&mut *self.list.write().unwrap_or_else(PoisonError::into_inner), list);
        // To let go of a million takes a while, and the loop need not wait for it.
        drop(before);
        (self.plan, self.ground, self.read) = (adopted, ground, read);
        (self.decided, self.aside, self.gathered) = (decided, aside, gathered);
        Ok(new)
    }

    /// Takes over what was added to the store since, and what people decided about it.
    fn catch_up(&mut self) -> anyhow::Result<Vec<IpAddr>> {
        let mut new = BTreeSet::new();
        let runtime = self.runtime.clone();
        let kept = runtime.block_on(Intelligence::open_read_only(&self.directory))?;
        let decided = runtime.block_on(kept.decided())?;
        if decided != self.decided {
            let aside = runtime.block_on(kept.aside())?;
            let ids = runtime.block_on(concerned(&kept, &self.aside, &aside))?;
            // That other values are no signs bears on all.
            let Some(ids) = ids.filter(|_| decided.allows_as(&self.decided)) else {
                runtime.block_on(kept.close());
                return self.make(self.plan.clone());
            };
            let readings = runtime.block_on(readings(&kept, ids))?;
            self.set(readings, &mut new);
            (self.decided, self.aside) = (decided, aside);
        }
        loop {
            let page = runtime.block_on(kept.since("indicator", self.read, PAGE))?;
            let Some(last) = page.last().map(|last| last.added) else { break };
            let mut ids = BTreeMap::<String, Vec<Kept>>::new();
            for object in page {
                ids.entry(object.id.clone()).or_default().push(object);
            }
            for (id, readings) in &mut ids {
                // Of what is known already there may be other readings, which stay.
                if self.list().knows(id) {
                    *readings = runtime.block_on(kept.acted_on("indicator", id))?;
                }
            }
            self.set(ids, &mut new);
            self.read = Some(last);
        }
        runtime.block_on(kept.close());
        Ok(new.into_iter().take(BACK_MAX).collect())
    }

    /// Takes out what is over, and in what became valid.
    fn pass(&mut self) -> anyhow::Result<Vec<IpAddr>> {
        let due = self.list.write().unwrap_or_else(PoisonError::into_inner).pass(Timestamp::now());
        let mut new = BTreeSet::new();
        if !due.is_empty() {
            let runtime = self.runtime.clone();
            let kept = runtime.block_on(Intelligence::open_read_only(&self.directory))?;
            let readings = runtime.block_on(readings(&kept, due))?;
            self.set(readings, &mut new);
            runtime.block_on(kept.close());
        }
        Ok(new.into_iter().collect())
    }

    /// Puts what is known now of indicators in the place of what was known, a few at a time, for the loop waits meanwhile.
    fn set(&mut self, ids: BTreeMap<String, Vec<Kept>>, new: &mut BTreeSet<IpAddr>) {
        let now = Timestamp::now();
        let ids: Vec<(String, Vec<Kept>)> = ids.into_iter().collect();
        for some in ids.chunks(CHANGES) {
            let trusts: BTreeMap<&str, u8> = some
                .iter()
                .flat_map(|(_, readings)| readings)
                .map(|kept| (kept.source.as_str(), self.trust(&kept.source)))
                .collect();
            let mut list = self.list.write().unwrap_or_else(PoisonError::into_inner);
            for (id, readings) in some {
                list.set(id, std::iter::empty(), &self.ground, now, &mut Gathered::default());
                for kept in readings {
                    let Ok(value) = serde_json::from_str(&kept.body) else { continue };
                    let Some(object) = Object::of(&value) else { continue };
                    let trust = trusts.get(kept.source.as_str()).copied().unwrap_or(FILE_TRUST);
                    let origin = Origin { source: &kept.source, trust, tlp: kept.tlp };
                    let gathered = self.gathered.entry(kept.source.clone()).or_default();
                    list.add(object, origin, &self.ground, now, gathered);
                }
                new.extend(list.addresses_of(id));
            }
        }
    }

    /// How far a source is believed: as the plan says, and by what it has shown.
    fn trust(&self, source: &str) -> u8 {
        let city = self.city();
        city.believed(source, to_begin_with(city.plan().map(|plan| &**plan), source)).trust
    }

    /// Believes each source as far as it is to be believed now.
    fn believe(&mut self) {
        let sources: Vec<Text> = self.list().by_source().map(|(source, _)| source.clone()).collect();
        for source in sources {
            let trust = self.trust(&source);
            if self.trusts.get(&source) != Some(&trust) {
                self.list.write().unwrap_or_else(PoisonError::into_inner).trust(&source, trust);
                self.trusts.insert(source, trust);
            }
        }
    }

    /// Tells what of each source is not acted on, if it is other than what was told. Fails if the loop is gone.
    fn tell_doubts(&mut self) -> Result<(), ()> {
        let watched: BTreeMap<Text, u64> =
            self.list().by_source().map(|(source, count)| (source.clone(), count)).collect();
        for (source, gathered) in &self.gathered {
            let doubts = gathered.told();
            if self.doubted.get(source).map_or(doubts.is_empty(), |told| *told == doubts) {
                continue;
            }
            self.doubted.insert(source.clone(), doubts.clone());
            let fact = Observed::Received(Box::new(Received {
                source: source.as_str().into(),
                new: 0,
                known: 0,
                watched: watched.get(source.as_str()).copied().unwrap_or(0),
                withdrawn: gathered.over,
                doubts,
            }));
            let observation =
                Observation { time: Timestamp::now(), sensor: Text::const_new("bastide"), fact };
            let noted = Box::new(|noted: Result<(), String>| {
                if let Err(why) = noted {
                    warn(format_args!("what is doubted of others’ intelligence was not noted: {why}"));
                }
            });
            self.messages.send(Message::Told(Box::new(observation), noted)).map_err(|_| ())?;
        }
        Ok(())
    }

    /// Tells what the past shows of new addresses. Fails if the loop is gone.
    fn look_back(&self, new: &[IpAddr]) -> Result<(), ()> {
        if new.is_empty() {
            return Ok(());
        }
        let observations = match self.seen_before(new) {
            Ok(observations) => observations,
            Err(error) => {
                warn(format_args!("the past could not be searched for what others told: {error}"));
                return Ok(());
            }
        };
        if observations.is_empty() {
            return Ok(());
        }
        self.messages.send(Message::Seen(Batch { observations, ..Batch::default() })).map_err(|_| ())
    }

    fn seen_before(&self, new: &[IpAddr]) -> Result<Vec<Observation>, store::HistoryError> {
        let texts = Texts::Addresses(Arc::new(Addresses::new(new.iter().copied().map(Into::into), [])));
        let table = Table::Conversations;
        let condition = Condition::either_end(table, &texts);
        let question = Question { condition, ..Question::new(table, SIGHTINGS_MAX) };
        let (found, _) = self.history.search(&question, cores(), Vec::new, |rows: &mut Vec<_>, row| {
            if rows.len() >= SIGHTINGS_MAX {
                return ControlFlow::Break(());
            }
            rows.push(row);
            ControlFlow::Continue(())
        })?;
        let mut rows: Vec<Observation> = found.into_iter().flatten().collect();
        // Which core found it first is chance; what is told is not.
        rows.sort_by_key(|row| row.time);
        let (mut held, mut recent) = (Held::default(), Recent::default());
        let (mut sightings, mut told) = (Vec::new(), Vec::new());
        let list = self.list();
        for row in rows {
            list.see(&row, &mut held, &mut sightings);
            for sighting in sightings.drain(..).filter(|sighting| recent.is_new(sighting, row.time)) {
                let fact = Observed::Sighting(Box::new(Sighting { looking_back: true, ..sighting }));
                told.push(Observation { time: row.time, sensor: row.sensor.clone(), fact });
            }
        }
        Ok(told)
    }
}

/// A watchlist that was made of what is kept.
struct Made {
    list: Watchlist,
    /// By what it was judged.
    ground: Ground,
    /// Up to where the store was read.
    read: Option<Timestamp>,
    /// What people had decided then, and what of it is set aside.
    decided: Decided,
    aside: Aside,
    /// What came of each source.
    gathered: BTreeMap<String, Gathered>,
}

/// The watchlist of what a state directory keeps, and what came of each source; each believed as the plan says.
pub(crate) async fn made(
    directory: &Path,
    plan: Option<&Plan>,
    now: Timestamp,
) -> anyhow::Result<(Watchlist, BTreeMap<String, Gathered>)> {
    let trust = |source: &str| to_begin_with(plan, source);
    let made = load(directory, plan, &trust, now).await?;
    Ok((made.list, made.gathered))
}

async fn load(
    directory: &Path,
    plan: Option<&Plan>,
    trust: &dyn Fn(&str) -> u8,
    now: Timestamp,
) -> anyhow::Result<Made> {
    let kept = Intelligence::open_read_only(directory).await?;
    let mut ground = Ground::of(plan);
    for (source, value) in kept.allowed().await? {
        ground.allow_of(&source, [value.as_str()]);
    }
    let mut made = Made {
        list: Watchlist::default(),
        ground,
        read: None,
        decided: kept.decided().await?,
        aside: kept.aside().await?,
        gathered: BTreeMap::new(),
    };
    made.list.stand_on(&made.ground);
    made.list.reserve(usize::try_from(kept.count().await?).unwrap_or(0));
    let mut trusts = BTreeMap::<String, u8>::new();
    loop {
        let page = kept.since("indicator", made.read, PAGE).await?;
        let Some(last) = page.last() else { break };
        made.read = Some(last.added);
        for object in &page {
            let Ok(value) = serde_json::from_str(&object.body) else { continue };
            let Some(read) = Object::of(&value) else { continue };
            let trust = match trusts.get(&object.source) {
                Some(trust) => *trust,
                None => {
                    let trust = trust(&object.source);
                    trusts.insert(object.source.clone(), trust);
                    trust
                }
            };
            let origin = Origin { source: &object.source, trust, tlp: object.tlp };
            if !made.gathered.contains_key(&object.source) {
                made.gathered.insert(object.source.clone(), Gathered::default());
            }
            if let Some(gathered) = made.gathered.get_mut(&object.source) {
                made.list.add(read, origin, &made.ground, now, gathered);
            }
        }
    }
    kept.close().await;
    Ok(made)
}

/// The indicators of which something may be acted on that was not, or the other way round; none if they are too many to look
/// at each.
async fn concerned(
    kept: &Intelligence,
    before: &Aside,
    now: &Aside,
) -> Result<Option<BTreeSet<String>>, store::IntelligenceError> {
    let mut ids: BTreeSet<String> = before.objects.symmetric_difference(&now.objects).cloned().collect();
    for source in before.sources.symmetric_difference(&now.sources) {
        let mut after = None;
        loop {
            let page = kept.by_source(source, after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.added);
            ids.extend(page.into_iter().filter(|kept| kept.object_type == "indicator").map(|kept| kept.id));
            if ids.len() >= REMADE_FROM {
                return Ok(None);
            }
        }
    }
    Ok(Some(ids))
}

/// What is acted on of each of these indicators.
async fn readings(
    kept: &Intelligence,
    ids: impl IntoIterator<Item = String>,
) -> Result<BTreeMap<String, Vec<Kept>>, store::IntelligenceError> {
    let mut all = BTreeMap::new();
    for id in ids {
        let readings = kept.acted_on("indicator", &id).await?;
        all.insert(id, readings);
    }
    Ok(all)
}

#[cfg(test)]
mod tests;
