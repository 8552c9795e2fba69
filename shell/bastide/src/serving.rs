//! The console and the socket beside the loop.

use crate::{
    engine::{Engine, Message, Refusal},
    failure::say,
    hunt::Hunter,
    peers::{self, Ground, Hosting, Sharing, Turns},
    plan::read_folder,
    socket,
};
use anyhow::Context;
use console::{Ask, Config, Console, PlanText, Shared, Tls, Watching};
use jiff::{SignedDuration, Timestamp};
use plan::SourceFile;
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{Arc, mpsc::SyncSender},
    time::Duration,
};
use store::{Intelligence, Link};
use tokio::{
    runtime::Runtime,
    sync::{mpsc, oneshot, watch},
};

/// How often the plan's folder is looked at for changes.
const FOLDER_EVERY: Duration = Duration::from_secs(5);

/// How long a one-time link works.
const LINK_LIFE: SignedDuration = SignedDuration::from_hours(24);

/// How many acts of people may wait for the loop.
const ASKS_MAX: usize = 16;

/// What is to be served, and where.
pub(crate) struct Serving {
    pub(crate) listen: Vec<SocketAddr>,
    pub(crate) names: Vec<String>,
    pub(crate) tls: Option<Tls>,
    /// The folder of the plan, if there is one to look at.
    pub(crate) folder: Option<PathBuf>,
    /// The plan's text, to begin with.
    pub(crate) plan: Vec<SourceFile>,
    /// What is being watched, in a few words.
    pub(crate) source: String,
    /// The socket of the process that holds the firewall, if one is connected.
    pub(crate) enforcer: Option<PathBuf>,
    /// Whether intelligence is exchanged with peers, and where they read from us, if they may.
    pub(crate) exchange: Option<Option<Hosting>>,
}

/// A console that is being served.
pub(crate) struct Served {
    pub(crate) addresses: Vec<SocketAddr>,
    /// Where it is told what is watched for of what others know.
    pub(crate) watching: watch::Sender<Arc<Watching>>,
    stop: oneshot::Sender<()>,
    task: tokio::task::JoinHandle<()>,
}

impl Serving {
    /// Begins to serve the engine's city.
    pub(crate) fn begin(
        self,
        engine: &Engine,
        runtime: &Runtime,
        messages: SyncSender<Message>,
    ) -> anyhow::Result<Served> {
        let config = Config {
            listen: self.listen,
            tls: self.tls,
            names: self.names,
            socket: Some(engine.store().directory().join(socket::NAME)),
            city_name: "The city".into(),
            time_zone: zone(),
            source: self.source,
            // The enforcer is reached over a Unix socket, so that its firewall is this machine's.
            enforced_by: self.enforcer.as_ref().map(|_| "this machine’s firewall".to_owned()),
        };
        let (plan_text, plan) = watch::channel(Arc::new(PlanText::default()));
        let (asks, mut asked) = mpsc::channel(ASKS_MAX);
        let (watching, watched) = watch::channel(Arc::default());
        let intelligence = runtime.block_on(Intelligence::open(engine.store().directory()))?;
        let shared = Shared {
            city: engine.city(),
            people: engine.store().people.clone(),
            log: engine.store().log.clone(),
            history: engine.store().history.clone(),
            packets: engine.store().packets.clone(),
            runs: store::Runs::of(engine.store().directory()),
            intelligence: intelligence.clone(),
            watching: watched,
            directory: engine.store().directory().to_path_buf(),
            changes: engine.changes(),
            plan,
            asks,
        };
        let _in_runtime = runtime.enter();
        let console: Console = runtime.block_on(console::open(config, shared))?;
        let addresses = console.addresses();
        let (stop, stopped) = oneshot::channel::<()>();
        let task = runtime.spawn(console.run(async move {
            let _ = stopped.await;
        }));
        let exchanged =
            self.exchange.map(|hosting| exchange(hosting, intelligence, engine, runtime, &messages));
        let sharing = exchanged.transpose()?;
        let folder = self.folder.clone();
        let hunter = Hunter {
            city: engine.city(),
            history: engine.store().history.clone(),
            messages: messages.clone(),
        };
        runtime.spawn(async move {
            while let Some(ask) = asked.recv().await {
                carry(ask, folder.as_deref(), sharing.as_ref(), &hunter);
            }
        });
        runtime.spawn(watch_folder(self.folder, self.plan, plan_text));
        Ok(Served { addresses, watching, stop, task })
    }
}

impl Served {
    /// Lets open answers finish, and stops.
    pub(crate) fn end(self, runtime: &Runtime) {
        let _ = self.stop.send(());
        let _ = runtime.block_on(async { tokio::time::timeout(Duration::from_secs(5), self.task).await });
    }
}

/// Begins to exchange intelligence with the peers that the plan names.
fn exchange(
    hosting: Option<Hosting>,
    store: Intelligence,
    engine: &Engine,
    runtime: &Runtime,
    messages: &SyncSender<Message>,
) -> anyhow::Result<Sharing> {
    let ground = Ground {
        directory: engine.store().directory().to_path_buf(),
        city: engine.city(),
        store: store.clone(),
        history: engine.store().history.clone(),
        runtime: runtime.handle().clone(),
        messages: messages.clone(),
        turns: Turns::default(),
    };
    if let Some(url) = peers::begin(ground, hosting)? {
        say(format_args!("Peers read what is shared at {url}"));
    }
    let key = engine.store().exchange_key()?;
    Ok(Sharing::new(engine.city(), engine.store().log.clone(), store, key))
}

/// Does what was asked about sharing, beside the loop: nothing of the city changes by it.
async fn carry_sharing(ask: Ask, sharing: &Sharing) {
    let words = |cause: anyhow::Error| format!("{cause:#}");
    match ask {
        Ask::Share { by, incident, said, answer } => {
            let outcome = sharing.share(&by, incident, &said).await;
            let _ = answer.send(outcome.map(Box::new).map_err(words));
        }
        Ask::Shared { answer } => {
            let _ = answer.send(sharing.shared().await.map_err(words));
        }
        Ask::Withdraw { by, id, reason, answer } => {
            let _ = answer.send(sharing.withdraw(&by, &id, &reason).await.map_err(words));
        }
        Ask::SetAside { by, said, answer } => {
            let _ = answer.send(sharing.set_aside(&by, &said).await.map_err(words));
        }
        _ => {}
    }
}

/// Hands an act on to the loop.
fn carry(ask: Ask, folder: Option<&Path>, sharing: Option<&Sharing>, hunter: &Hunter) {
    const NOTHING: &str = "this process exchanges nothing with others";
    let messages = &hunter.messages;
    match ask {
        Ask::Hunt { by, asked, answer } => {
            let hunter = hunter.clone();
            // A hunt through a year takes a while, and nobody else waits for it.
            tokio::task::spawn_blocking(move || {
                let found = hunter.hunt(&by, &asked).map(Box::new);
                let _ = answer.send(found.map_err(|error| format!("{error:#}")));
            });
        }
        ask @ (Ask::Share { .. } | Ask::Shared { .. } | Ask::Withdraw { .. } | Ask::SetAside { .. })
            if sharing.is_some() =>
        {
            if let Some(sharing) = sharing.cloned() {
                tokio::spawn(async move { carry_sharing(ask, &sharing).await });
            }
        }
        Ask::Share { answer, .. } => {
            let _ = answer.send(Err(NOTHING.to_owned()));
        }
        Ask::Shared { answer } => {
            let _ = answer.send(Err(NOTHING.to_owned()));
        }
        Ask::Withdraw { answer, .. } => {
            let _ = answer.send(Err(NOTHING.to_owned()));
        }
        Ask::SetAside { answer, .. } => {
            let _ = answer.send(Err(NOTHING.to_owned()));
        }
        Ask::AdoptPlan { by, answer } => {
            let Some(folder) = folder else {
                let _ = answer.send(Err("this city was started without a folder of plans".into()));
                return;
            };
            let files = match read_folder(folder) {
                Ok(files) => files,
                Err(error) => {
                    let _ = answer.send(Err(error.to_string()));
                    return;
                }
            };
            let answer = Box::new(move |outcome: anyhow::Result<String>| {
                // Nobody may be waiting any more.
                let _ = answer.send(outcome.map_err(|error| error.to_string()));
            });
            // The loop is gone only when everything ends.
            let _ = messages.send(Message::Adopt(files, by, answer));
        }
        Ask::Decide { by, decision, answer } => {
            let answer = Box::new(move |outcome: Result<Box<city::Response>, String>| {
                let _ = answer.send(outcome);
            });
            let _ = messages.send(Message::Decide(decision, by, answer));
        }
        Ask::Handle { by, incident, act, answer } => {
            let answer = Box::new(move |outcome: Result<u64, String>| {
                let _ = answer.send(outcome);
            });
            let _ = messages.send(Message::Handle(incident, act, by, answer));
        }
        Ask::Told { observation, answer } => {
            let answer = Box::new(move |noted: Result<(), String>| {
                let _ = answer.send(noted);
            });
            let _ = messages.send(Message::Told(observation, answer));
        }
        Ask::Refuse { by, device, habit, reason, answer } => {
            let answer = Box::new(move |outcome: Result<(), String>| {
                let _ = answer.send(outcome);
            });
            let refusal = Refusal { by, device, habit, reason };
            let _ = messages.send(Message::Refuse(Box::new(refusal), answer));
        }
    }
}

/// Reads the plan's folder again and again, so that the console shows the text as it is.
async fn watch_folder(folder: Option<PathBuf>, first: Vec<SourceFile>, text: watch::Sender<Arc<PlanText>>) {
    let mut files = first;
    loop {
        if let Some(folder) = folder.clone()
            && let Ok(Ok(read)) = tokio::task::spawn_blocking(move || read_folder(&folder)).await
        {
            files = read;
        }
        text.send_replace(Arc::new(PlanText::of(&files)));
        tokio::select! {
            () = tokio::time::sleep(FOLDER_EVERY) => {}
            () = text.closed() => return,
        }
    }
}

/// A link by which the first person signs in; none if there are people already.
pub(crate) fn first_link(engine: &Engine, runtime: &Runtime) -> anyhow::Result<Option<String>> {
    runtime.block_on(async {
        let people = &engine.store().people;
        if !people.all().await?.is_empty() {
            return Ok(None);
        }
        let link = Link { purpose: console::FIRST_SIGN_IN.to_owned(), person: None };
        let expires = Timestamp::now().checked_add(LINK_LIFE).context("the clock is at the end of time")?;
        let secret = people.create_link(&link, expires).await?;
        Ok(Some(secret.reveal().to_owned()))
    })
}

/// The machine's IANA time zone.
pub(crate) fn zone() -> String {
    jiff::tz::TimeZone::system().iana_name().unwrap_or("UTC").to_owned()
}
