//! `bastide run`: a city watched live.

use crate::{
    alerts,
    arguments::Run,
    engine::{Batch, Engine, Message},
    failure::{Verdict, say, warn},
    live,
    plan::read_folder,
    reading::{INTERIM, cores, seed},
    serving::Serving,
};
use anyhow::{Context, bail};
use capture::{Become, Crew, Live, LiveError};
use city::{Loss, LossKind, Observation, Observed, Text};
use jiff::Timestamp;
use std::{
    collections::{BTreeMap, VecDeque},
    fmt::Display,
    io,
    num::NonZeroUsize,
    os::unix::fs::chown,
    path::Path,
    sync::mpsc::SyncSender,
    thread,
    time::{Duration, Instant},
};
use store::Kind;
use wire::{Config, Limits};

/// How long what was seen may wait before it is handed on.
const HAND_ON_EVERY: Duration = Duration::from_millis(200);

/// How many observations are handed on at a time, at the most.
const HAND_ON_MOST: usize = 4_096;

/// How many bytes of raw packets are handed on at a time, at the most: with the messages that may wait for the loop, this
/// bounds the memory that a burst takes. What is more waits in the kernel's ring, and is counted if it drops there.
const HAND_ON_BYTES: usize = 1 << 20;

/// How often the readers are told the time and drops are asked for.
const COUNT_EVERY: Duration = Duration::from_secs(1);

/// Watches until told to stop.
pub(crate) fn run(command: &Run) -> anyhow::Result<Verdict> {
    let files = command.city.as_deref().map(read_folder).transpose()?;
    if let Some(files) = &files
        && plan::check(files).plan.is_none()
    {
        bail!("the plan has errors; `bastide plan check` shows them");
    }
    // Sockets first, then no more rights than needed, and only then threads and anything that reads what came in.
    let ears = Live::open(&command.interface, capture::Settings::default())?;
    let state = command.state.directory();
    give_up_rights(&state, &command.user)?;
    let runtime = live::runtime()?;
    let mut opened =
        Engine::open(&state, Kind::Live, command.keep.limits(), files.clone(), runtime.handle().clone())?;
    opened.warnings.iter().for_each(warn);
    if opened.differs {
        warn(
            "the plan in the folder is not the plan adopted; adopt it in the console or with `bastide plan adopt`",
        );
    }
    let messages = live::channel();
    let (sender, interfaces) = (messages.0.clone(), command.interface.clone());
    opened.engine.tell_others(&state)?;
    alerts::follow(&command.alerts, &state, opened.engine.city(), messages.0.clone())?;
    let readers = command.threads.unwrap_or_else(cores);
    thread::Builder::new().name("ears".into()).spawn(move || {
        if let Err(error) = listen(ears, &interfaces, readers, &sender) {
            // A city that nobody watches must not look watched. The loop may have ended by itself.
            let _ = sender.send(Message::Failed(error.context("listening has stopped")));
        }
    })?;
    let serving = Serving {
        listen: command.listen.listen.clone(),
        names: command.listen.name.clone(),
        tls: command.listen.tls(),
        folder: command.city.clone(),
        plan: files.unwrap_or_default(),
        source: command.interface.join(", "),
        enforcer: command.enforcer.clone(),
        exchange: Some(command.exchange.hosting(&command.listen)),
    };
    live::run(opened.engine, &runtime, serving, messages, |address, link| {
        say(format_args!("Watching {}; the console is at {address}", command.interface.join(", ")));
        if let Some(link) = link {
            say(format_args!("Sign in once with {link}"));
        }
    })
}

/// Becomes the user, if started as root, who from then on owns the state directory; gives up all capabilities.
fn give_up_rights(state: &Path, user: &str) -> anyhow::Result<()> {
    if !rustix::process::geteuid().is_root() {
        return Ok(capture::drop_privileges(&Become::Same)?);
    }
    let (uid, gid) = capture::user_numbers(user)?;
    std::fs::create_dir_all(state).with_context(|| format!("cannot make `{}`", state.display()))?;
    own(state, uid, gid).with_context(|| format!("cannot give `{}` to {user}", state.display()))?;
    capture::drop_privileges(&Become::User(user.to_owned()))?;
    std::fs::read_dir(state).with_context(|| {
        format!(
            "`{}` is not within reach of {user}; let {user} into the folders above it, or choose another with --state",
            state.display()
        )
    })?;
    Ok(())
}

/// Gives a folder and all in it to a user. Links are given, not followed.
fn own(path: &Path, uid: u32, gid: u32) -> io::Result<()> {
    let metadata = std::fs::symlink_metadata(path)?;
    if metadata.is_symlink() {
        return std::os::unix::fs::lchown(path, Some(uid), Some(gid));
    }
    chown(path, Some(uid), Some(gid))?;
    if metadata.is_dir() {
        for entry in std::fs::read_dir(path)? {
            own(&entry?.path(), uid, gid)?;
        }
    }
    Ok(())
}

/// Listens until nobody wants to know any more. This thread takes frames from the kernel and deals them out; what the
/// readers of a moment observed is handed on in the order of the frames.
fn listen(
    mut ears: Live,
    interfaces: &[String],
    readers: NonZeroUsize,
    messages: &SyncSender<Message>,
) -> anyhow::Result<()> {
    let seed = seed()?;
    let sensors: Vec<Config> = interfaces.iter().map(|name| config(name, seed)).collect();
    let mut crew = Crew::new(&sensors, readers.get(), || {
        |observation, kept: &mut VecDeque<Observation>| kept.push_back(observation)
    })?;
    let mut dropped: BTreeMap<String, u64> = BTreeMap::new();
    let mut batch = Batch::default();
    let (mut handed_on, mut counted) = (Instant::now(), Instant::now());
    let mut removed = 0;
    loop {
        // Which interface it is is only known once the frame is lent, so the frame is taken in first.
        match ears.next(HAND_ON_EVERY) {
            Ok(Some(frame)) => {
                batch.frames.push(&frame);
                let Batch { frames, observations, .. } = &mut batch;
                if let (Some(sensor), Some(frame)) = (ears.place(), frames.last()) {
                    crew.see(sensor, &frame, &mut into(observations))?;
                }
            }
            Ok(None) => {}
            Err(error) => {
                warn(&error);
                let now = Timestamp::now();
                // How much passed unheard cannot be known.
                match &error {
                    LiveError::Down(name) => crew.tell(lost(name, 0, &error, now)),
                    LiveError::Removed(name) => {
                        crew.tell(lost(name, 0, &error, now));
                        removed += 1;
                    }
                    _ => return Err(error.into()),
                }
            }
        }
        if counted.elapsed() >= COUNT_EVERY {
            counted = Instant::now();
            let now = Timestamp::now();
            crew.tick(now);
            for counters in ears.counters()? {
                let before = dropped.insert(counters.interface.clone(), counters.dropped).unwrap_or_default();
                if let count @ 1.. = counters.dropped.saturating_sub(before) {
                    let name = &counters.interface;
                    let detail = format!(
                        "{name} brought more than could be read; listen to fewer interfaces, or use a faster machine"
                    );
                    crew.tell(lost(name, count, detail, now));
                }
            }
        }
        let due = handed_on.elapsed() >= HAND_ON_EVERY;
        if due {
            crew.flush(&mut into(&mut batch.observations))?;
        }
        let full = batch.observations.len() >= HAND_ON_MOST || batch.frames.size() >= HAND_ON_BYTES;
        if full || due {
            handed_on = Instant::now();
            batch.time = Some(Timestamp::now());
            if messages.send(Message::Seen(std::mem::take(&mut batch))).is_err() {
                return Ok(());
            }
            if removed >= interfaces.len() {
                bail!("no interface is left to listen to");
            }
        }
    }
}

/// Takes what readers observed into a batch.
fn into(batch: &mut Vec<Observation>) -> impl FnMut(&mut VecDeque<Observation>, usize) -> io::Result<()> {
    |observed, count| {
        batch.extend(observed.drain(..count.min(observed.len())));
        Ok(())
    }
}

fn config(interface: &str, seed: u64) -> Config {
    Config {
        sensor: Text::from(interface),
        logs: false,
        events: &[],
        signs: true,
        seed,
        limits: Limits::default(),
        only_whole: false,
        interim: Some(INTERIM),
    }
}

fn lost(interface: &str, count: u64, detail: impl Display, time: Timestamp) -> Observation {
    let detail = Text::from(detail.to_string());
    let fact = Observed::Loss(Loss { kind: LossKind::Dropped, count, detail });
    Observation { time, sensor: Text::from(interface), fact }
}
