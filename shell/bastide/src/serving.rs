//! The console and the socket beside the loop.

use crate::{
    engine::{Engine, Message},
    failure::warn,
    past,
    plan::read_folder,
    socket,
};
use anyhow::Context;
use console::{
    Ask, Config, Console, Shared, Tls,
    view::{AdoptedView, DiagnosticView, PlanText, SourceView},
};
use jiff::{SignedDuration, Timestamp};
use plan::{Diagnostic, SourceFile};
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{Arc, mpsc::SyncSender},
    time::Duration,
};
use store::{Link, Record, SealedLog};
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
}

/// A console that is being served.
pub(crate) struct Served {
    pub(crate) addresses: Vec<SocketAddr>,
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
        };
        let (plan_text, plan) = watch::channel(Arc::new(PlanText::default()));
        let (asks, mut asked) = mpsc::channel(ASKS_MAX);
        let shared = Shared {
            city: engine.city(),
            people: engine.store().people.clone(),
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
        let folder = self.folder.clone();
        runtime.spawn(async move {
            while let Some(ask) = asked.recv().await {
                carry(ask, folder.as_deref(), &messages);
            }
        });
        let log = engine.store().log.clone();
        runtime.spawn(watch_folder(self.folder, self.plan, log, plan_text));
        Ok(Served { addresses, stop, task })
    }
}

impl Served {
    /// Lets open answers finish, and stops.
    pub(crate) fn end(self, runtime: &Runtime) {
        let _ = self.stop.send(());
        let _ = runtime.block_on(async { tokio::time::timeout(Duration::from_secs(5), self.task).await });
    }
}

/// Hands an act on to the loop.
fn carry(ask: Ask, folder: Option<&Path>, messages: &SyncSender<Message>) {
    match ask {
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
    }
}

/// Reads the plan's folder again and again, so that the console shows the text as it is.
async fn watch_folder(
    folder: Option<PathBuf>,
    first: Vec<SourceFile>,
    log: SealedLog,
    text: watch::Sender<Arc<PlanText>>,
) {
    let mut files = first;
    loop {
        if let Some(folder) = folder.clone()
            && let Ok(Ok(read)) = tokio::task::spawn_blocking(move || read_folder(&folder)).await
        {
            files = read;
        }
        match adopted(&log).await {
            Ok(adopted) => drop(text.send_replace(Arc::new(plan_text(&files, adopted)))),
            Err(error) => warn(format_args!("the adopted plan cannot be read: {error:#}")),
        }
        tokio::select! {
            () = tokio::time::sleep(FOLDER_EVERY) => {}
            () = text.closed() => return,
        }
    }
}

/// The plan adopted last.
async fn adopted(log: &SealedLog) -> anyhow::Result<Option<AdoptedView>> {
    let latest = log.latest(Some("plan"), 1).await?;
    let Some(sealed) = latest.first() else { return Ok(None) };
    let Some(Record::Plan(plan)) = sealed.record() else { return Ok(None) };
    let time = sealed.time.parse().context("a sealed record has no time")?;
    Ok(Some(AdoptedView { version: plan.digest, parent: plan.parent, by: plan.adopted_by, time }))
}

/// The text of a plan with what is wrong in it, beside the version adopted.
fn plan_text(files: &[SourceFile], adopted: Option<AdoptedView>) -> PlanText {
    let digest = past::record_of(files, None, "").digest;
    PlanText {
        changed: !files.is_empty() && adopted.as_ref().is_some_and(|adopted| adopted.version != digest),
        sources: files
            .iter()
            .map(|file| SourceView { path: file.path().to_owned(), text: file.text().to_owned() })
            .collect(),
        diagnostics: plan::check(files).diagnostics.iter().map(diagnostic).collect(),
        adopted,
    }
}

fn diagnostic(diagnostic: &Diagnostic) -> DiagnosticView {
    let place = diagnostic.place.as_ref();
    DiagnosticView {
        severity: diagnostic.severity.to_string(),
        code: diagnostic.code.as_str().to_owned(),
        message: diagnostic.message.clone(),
        help: diagnostic.help.clone(),
        file: place.map(|place| place.file.clone()),
        line: place.map(|place| place.line),
        column: place.map(|place| place.column),
        length: place.map(|place| place.underline.len()),
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
