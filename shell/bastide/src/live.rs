//! What the city's live process and its demo have in common: sensors, the loop, the console, and a good end.

use crate::{
    engine::{Engine, Message},
    failure::{Verdict, warn},
    firewall,
    intel::watching,
    serving::{Serving, first_link},
    unenforced,
};
use anyhow::Context;
use std::{
    sync::{
        Arc, OnceLock,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    time::Instant,
};
use tokio::{
    runtime::Runtime,
    signal::unix::{Signal, SignalKind, signal},
};
use tracing_subscriber::filter::LevelFilter;

/// How many messages may wait for the loop before sensors wait for it.
pub(crate) const MESSAGES_MAX: usize = 64;

/// A channel to the loop.
pub(crate) fn channel() -> (SyncSender<Message>, Receiver<Message>) {
    sync_channel(MESSAGES_MAX)
}

/// Shows what the console and the database have to complain of, on standard error.
fn show_complaints() {
    let stderr = tracing_subscriber::fmt().with_writer(std::io::stderr).with_max_level(LevelFilter::WARN);
    // Only the first of a process's sets counts; there is no second.
    let _ = stderr.try_init();
}

/// A runtime for the console and the database.
pub(crate) fn runtime() -> anyhow::Result<Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("no runtime could be made")
}

/// Serves the console and runs the loop until a signal says to stop.
pub(crate) fn run(
    mut engine: Engine,
    runtime: &Runtime,
    serving: Serving,
    messages: (SyncSender<Message>, Receiver<Message>),
    greet: impl FnOnce(&str, Option<&str>),
) -> anyhow::Result<Verdict> {
    show_complaints();
    let (sender, receiver) = messages;
    let scheme = if serving.tls.is_some() { "https" } else { "http" };
    let containing = match serving.enforcer.clone() {
        Some(socket) => firewall::begin(socket, engine.city(), sender.clone())?,
        None => unenforced::containing(&sender).context("no thread could be made")?,
    };
    engine.contain_with(containing);
    let served = serving.begin(&engine, runtime, sender.clone())?;
    let (store, handle) = (engine.store(), runtime.handle().clone());
    let (history, shown) = (store.history.clone(), served.watching.clone());
    watching::begin(store.directory(), engine.city(), history, handle, sender.clone(), shown)
        .context("no thread could be made")?;
    let address =
        served.addresses.first().map(|address| format!("{scheme}://{address}/")).unwrap_or_default();
    let link = first_link(&engine, runtime)?.map(|secret| format!("{address}welcome/{secret}"));
    // Heard from before anybody is told that the process is there.
    let signals = listen_for_signals(runtime);
    greet(&address, link.as_deref());
    let told_to_stop = Arc::new(OnceLock::new());
    let told = Arc::clone(&told_to_stop);
    runtime.spawn(async move {
        until_told_to_stop(signals).await;
        told.get_or_init(Instant::now);
        // The loop may have ended by itself.
        let _ = tokio::task::spawn_blocking(move || sender.send(Message::Stop)).await;
    });
    let outcome = engine.run(&receiver, &told_to_stop);
    // Sensors that still send are let go.
    drop(receiver);
    served.end(runtime);
    engine.close()?;
    outcome.map(|()| Verdict::Good)
}

/// The signals by which people and service managers end a process; none where they cannot be heard.
fn listen_for_signals(runtime: &Runtime) -> Option<[Signal; 2]> {
    let _inside = runtime.enter();
    let signals = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
    let (Ok(interrupt), Ok(terminate)) = signals else {
        warn("signals cannot be heard; stop this process with SIGKILL");
        return None;
    };
    Some([interrupt, terminate])
}

async fn until_told_to_stop(signals: Option<[Signal; 2]>) {
    let Some([mut interrupt, mut terminate]) = signals else { return std::future::pending().await };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}
