//! What every request can reach.

use crate::{
    config::{Config, Shared, Watching},
    door::{Hashing, Patience},
    hunting::Hunting,
    refusal::Refusal,
    rehearsal::Rehearsals,
    time::Clock,
    view::{Past, PlanText, Window},
};
use cycle::City;
use jiff::{Timestamp, tz::TimeZone};
use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLockReadGuard},
    time::Duration,
};
use store::{History, Intelligence, Packets, PeerReading, People, Question, Runs, SealedLog};
use tokio::{
    sync::{Semaphore, mpsc, watch},
    task::spawn_blocking,
    time::timeout,
};

/// The most pages that may be kept up to date at a time, over all readers.
const STREAMS_MAX: usize = 128;

/// The most questions to history that are answered at a time: each reads files, and the loop needs the disk too.
const QUESTIONS_MAX: usize = 2;

/// How long a question waits for its turn.
const TURN_WITHIN: Duration = Duration::from_secs(10);

/// What every request can reach. A cheap handle.
#[derive(Clone)]
pub(crate) struct State(Arc<Inner>);

struct Inner {
    config: Config,
    shared: Shared,
    patience: Patience,
    hashing: Hashing,
    streams: Arc<Semaphore>,
    questions: Arc<Semaphore>,
    rehearsals: Rehearsals,
    hunting: Hunting,
    /// Grows with every tick that comes through the console, and with every hunt that begins or ends.
    ticks: watch::Sender<u64>,
}

impl State {
    pub fn new(config: Config, shared: Shared) -> State {
        State(Arc::new(Inner {
            config,
            shared,
            patience: Patience::default(),
            hashing: Hashing::default(),
            streams: Arc::new(Semaphore::new(STREAMS_MAX)),
            questions: Arc::new(Semaphore::new(QUESTIONS_MAX)),
            rehearsals: Rehearsals::new(),
            hunting: Hunting::default(),
            ticks: watch::Sender::new(0),
        }))
    }

    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// The city, for reading. Not to be held over an `await`.
    pub fn city(&self) -> RwLockReadGuard<'_, City> {
        // A writer that panicked leaves the city as it was before its last event at worst: still worth showing.
        self.0.shared.city.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn people(&self) -> &People {
        &self.0.shared.people
    }

    pub fn log(&self) -> &SealedLog {
        &self.0.shared.log
    }

    /// Asks history. The question's limit is what the answer holds at most.
    pub async fn past(&self, mut question: Question) -> Result<Past, Refusal> {
        const BUSY: Refusal =
            Refusal::Unavailable("History is being asked much at the moment. Try again soon.");
        let turn = timeout(TURN_WITHIN, self.0.questions.clone().acquire_owned()).await;
        let turn = turn.map_err(|_| BUSY)?.map_err(|_| BUSY)?;
        let limit = question.limit;
        // One more, to know whether it is the last.
        question.limit = limit.saturating_add(1);
        let history = self.0.shared.history.clone();
        let answer = spawn_blocking(move || {
            // Held until the answer is there, even if nobody waits for it any more.
            let _turn = turn;
            history.ask(&question)
        });
        match answer.await {
            Ok(Ok(answer)) => Ok(Past::cut(answer, limit)),
            Ok(Err(cause)) => {
                tracing::error!(%cause, "history could not be read");
                Err(Refusal::Internal)
            }
            Err(cause) => {
                tracing::error!(%cause, "history could not be asked");
                Err(Refusal::Internal)
            }
        }
    }

    pub fn intelligence(&self) -> &Intelligence {
        &self.0.shared.intelligence
    }

    /// What is watched for of what others told.
    pub fn watching(&self) -> Arc<Watching> {
        self.0.shared.watching.borrow().clone()
    }

    /// How each peer of the plan was read last, by its id.
    pub async fn readings(&self) -> Result<BTreeMap<String, PeerReading>, Refusal> {
        let peers: Vec<_> = self
            .city()
            .plan()
            .into_iter()
            .flat_map(|plan| plan.peers().map(|peer| peer.id.clone()))
            .collect();
        if peers.is_empty() {
            return Ok(BTreeMap::new());
        }
        let directory = self.0.shared.directory.clone();
        let read = move || {
            let one = |id: ::city::PeerId| (id.to_string(), PeerReading::of(&directory, &id));
            peers.into_iter().map(one).collect()
        };
        spawn_blocking(read).await.map_err(|cause| {
            tracing::error!(%cause, "how peers were read could not be read");
            Refusal::Internal
        })
    }

    pub fn history(&self) -> &History {
        &self.0.shared.history
    }

    pub fn rehearsals(&self) -> &Rehearsals {
        &self.0.rehearsals
    }

    pub fn hunting(&self) -> &Hunting {
        &self.0.hunting
    }

    pub fn runs(&self) -> &Runs {
        &self.0.shared.runs
    }

    /// Tells open pages that somebody ticked something off, or that a hunt began or ended.
    pub fn ticked(&self) {
        self.0.ticks.send_modify(|ticks| *ticks += 1);
    }

    pub fn ticks(&self) -> watch::Receiver<u64> {
        self.0.ticks.subscribe()
    }

    pub fn packets(&self) -> &Packets {
        &self.0.shared.packets
    }

    pub fn asks(&self) -> &mpsc::Sender<crate::config::Ask> {
        &self.0.shared.asks
    }

    pub fn changes(&self) -> watch::Receiver<u64> {
        self.0.shared.changes.clone()
    }

    pub fn plan_text(&self) -> Arc<PlanText> {
        self.0.shared.plan.borrow().clone()
    }

    pub fn patience(&self) -> &Patience {
        &self.0.patience
    }

    pub fn hashing(&self) -> &Hashing {
        &self.0.hashing
    }

    pub fn streams(&self) -> Arc<Semaphore> {
        self.0.streams.clone()
    }

    /// The city's name, and its clock at the time of its latest event: a replay of an old capture is shown in its own
    /// time.
    pub fn name_and_clock(&self) -> (String, Clock) {
        let city = self.city();
        let settings = city.plan().map(|plan| plan.settings());
        let name =
            settings.map_or_else(|| self.0.config.city_name.clone(), |settings| settings.name.to_string());
        let zone = settings.map_or(self.0.config.time_zone.as_str(), |settings| settings.time_zone.as_str());
        let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
        let now = if city.began().is_some() { city.now() } else { Timestamp::now() };
        (name, Clock::new(zone, now))
    }
}

/// The part of a list that a page number stands for.
pub(crate) fn window(page: Option<usize>, limit: usize) -> Window {
    let page = page.unwrap_or(1).clamp(1, 100_000);
    Window { offset: (page - 1) * limit, limit }
}
