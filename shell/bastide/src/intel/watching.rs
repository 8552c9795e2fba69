//! The watchlist of a running city: made of what is kept, and made anew when more comes or another plan is adopted.

use crate::{
    engine::{Batch, Message},
    failure::warn,
    reading::cores,
};
use adapt::{
    intel::watch::{FILE_TRUST, Gathered, Ground, Origin, Recent, Watchlist},
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
use store::{Addresses, Condition, History, Intelligence, Question, Table, Texts};
use tokio::{runtime::Handle, sync::watch};

/// How often it is looked whether there is something new.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How many times as long as making the list took it is left alone.
const REST: u32 = 9;

/// How many indicators are read at a time.
const PAGE: usize = 10_000;

/// How far those are believed who are no peers of the plan: somebody here took their word in.
const TRUST: u8 = FILE_TRUST;

/// The most addresses that are looked for in the past at a time; what is more, a hunt can look for.
const BACK_MAX: usize = 100_000;

/// The most sightings of the past that are told of one list.
const SIGHTINGS_MAX: usize = 1_000;

/// What a watchlist is made of.
struct Watching {
    directory: PathBuf,
    city: Arc<RwLock<City>>,
    history: History,
    runtime: Handle,
    messages: SyncSender<Message>,
    /// Where it is shown what is watched for.
    shown: watch::Sender<Arc<console::Watching>>,
    /// What was watched for before.
    known: BTreeSet<IpAddr>,
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
    let directory = directory.to_path_buf();
    let watching = Watching {
        directory,
        city,
        history,
        runtime,
        messages,
        shown,
        known: BTreeSet::new(),
        doubted: BTreeMap::new(),
    };
    thread::Builder::new().name("watchlist".into()).spawn(move || watching.run())?;
    Ok(())
}

impl Watching {
    fn run(mut self) {
        let (mut made_of, mut rest) = (None, LOOK_EVERY);
        loop {
            let now = self.stamp();
            if now.0.is_some() && made_of.as_ref() != Some(&now) {
                let began = Instant::now();
                match self.make() {
                    Ok((list, gathered)) => {
                        let list = Arc::new(list);
                        let sources = gathered.clone();
                        self.shown
                            .send_replace(Arc::new(console::Watching { list: Arc::clone(&list), sources }));
                        if self.hand_on(list).is_err() || self.tell_doubts(&gathered).is_err() {
                            return;
                        }
                    }
                    Err(error) => warn(format_args!("what others know cannot be read: {error:#}")),
                }
                made_of = Some(now);
                rest = LOOK_EVERY.max(began.elapsed() * REST);
            }
            thread::sleep(rest);
            rest = LOOK_EVERY;
        }
    }

    /// What says that there may be something new: when the files were written last, and which plan is in force.
    fn stamp(&self) -> (Option<SystemTime>, Option<String>) {
        let written = |name: &str| std::fs::metadata(self.directory.join(name)).ok()?.modified().ok();
        let files = ["intelligence.db", "intelligence.db-wal"].into_iter().filter_map(written).max();
        let city = self.city.read().unwrap_or_else(PoisonError::into_inner);
        (files, city.adopted().map(str::to_owned))
    }

    fn make(&self) -> anyhow::Result<(Watchlist, BTreeMap<String, Gathered>)> {
        let plan = self.city.read().unwrap_or_else(PoisonError::into_inner).plan().cloned();
        self.runtime.block_on(made(&self.directory, plan.as_deref(), Timestamp::now()))
    }

    /// Tells what of each source is not acted on, if it is other than what was told. Fails if the loop is gone.
    fn tell_doubts(&mut self, gathered: &BTreeMap<String, Gathered>) -> Result<(), ()> {
        for (source, gathered) in gathered {
            let doubts = gathered.told();
            if self.doubted.get(source).map_or(doubts.is_empty(), |told| *told == doubts) {
                continue;
            }
            self.doubted.insert(source.clone(), doubts.clone());
            let fact = Observed::Received(Box::new(Received {
                source: source.as_str().into(),
                new: 0,
                known: 0,
                watched: gathered.watched,
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

    /// Gives the list to the loop, and tells what of it the past shows. Fails if the loop is gone.
    fn hand_on(&mut self, list: Arc<Watchlist>) -> Result<(), ()> {
        self.messages.send(Message::Watch(Arc::clone(&list))).map_err(|_| ())?;
        let new: Vec<IpAddr> =
            list.addresses().filter(|address| !self.known.contains(address)).take(BACK_MAX).collect();
        self.known = list.addresses().collect();
        if new.is_empty() {
            return Ok(());
        }
        let observations = match self.look_back(&list, new) {
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

    fn look_back(&self, list: &Watchlist, new: Vec<IpAddr>) -> Result<Vec<Observation>, store::HistoryError> {
        let texts = Texts::Addresses(Arc::new(Addresses::new(new.into_iter().map(Into::into), [])));
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
        let (mut recent, mut sightings, mut told) = (Recent::default(), Vec::new(), Vec::new());
        for row in rows {
            list.see(&row, &mut sightings);
            for sighting in sightings.drain(..).filter(|sighting| recent.is_new(sighting, row.time)) {
                let fact = Observed::Sighting(Box::new(Sighting { looking_back: true, ..sighting }));
                told.push(Observation { time: row.time, sensor: row.sensor.clone(), fact });
            }
        }
        Ok(told)
    }
}

/// The watchlist of what a state directory keeps, and what came of each source.
async fn made(
    directory: &Path,
    plan: Option<&Plan>,
    now: Timestamp,
) -> anyhow::Result<(Watchlist, BTreeMap<String, Gathered>)> {
    let kept = Intelligence::open_read_only(directory).await?;
    let (mut list, mut gathered) = (Watchlist::default(), BTreeMap::<String, Gathered>::new());
    let ground = Ground::of(plan);
    let mut after = None;
    loop {
        let page = kept.since("indicator", after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.added);
        for object in &page {
            let Ok(value) = serde_json::from_str(&object.body) else { continue };
            let Some(read) = Object::of(&value) else { continue };
            let peer = plan.and_then(|plan| plan.peer(&object.source.parse().ok()?));
            let trust = peer.map_or(TRUST, |peer| peer.trust);
            let origin = Origin { source: &object.source, trust, tlp: object.tlp };
            let gathered = gathered.entry(object.source.clone()).or_default();
            list.add(read, origin, &ground, now, gathered);
        }
    }
    kept.close().await;
    Ok((list, gathered))
}
