//! `bastide demo`: an invented town's real traffic, by the same path as a live city's.

use crate::{
    arguments::Demo,
    engine::Engine,
    failure::{Verdict, say, warn},
    live,
    play::Player,
    serving::Serving,
};
use anyhow::{Context, bail};
use jiff::Timestamp;
use plan::SourceFile;
use std::{
    path::{Path, PathBuf},
    thread,
};
use store::{Kind, Limits};

mod averbourne;
mod recovery;
mod warning;

/// Runs the demo until it is told to stop.
pub(crate) fn run(command: &Demo) -> anyhow::Result<Verdict> {
    let state = command.state.clone().unwrap_or_else(|| crate::state::default_directory().join("demo"));
    clear(&state)?;
    let runtime = live::runtime()?;
    let here = recovery::Here::new(&state)?;
    let here = here.plan(averbourne::PLAN).map(|plan| (here, plan));
    let plan = match &here {
        Some((_, plan)) => plan.clone(),
        None => averbourne::PLAN.iter().map(|(path, text)| SourceFile::new(*path, *text)).collect(),
    };
    let files = Some(plan.clone());
    let opened = Engine::open(&state, Kind::Demo, Limits::default(), files, runtime.handle().clone())?;
    let messages = live::channel();
    let now = Timestamp::now();
    let mut player = Player::new("mirror", messages.0.clone())?;
    thread::Builder::new().name("player".into()).spawn(move || {
        if let Err(error) = play(&mut player, now) {
            warn(format_args!("the demo's traffic stopped: {error:#}"));
        }
    })?;
    let serving = Serving {
        listen: command.listen.listen.clone(),
        names: command.listen.name.clone(),
        tls: command.listen.tls(),
        folder: None,
        plan,
        source: "recorded traffic of an invented town, shown as if it happened now".into(),
        enforcer: None,
        // There is nobody to exchange with; what would be shared can be looked at all the same.
        exchange: Some(None),
    };
    live::run(opened.engine, &runtime, serving, messages, |address, link| {
        say(format_args!("Averbourne, an invented town, is running at {address}"));
        if let Some(link) = link {
            say(format_args!("Sign in once with {link}"));
        }
        say(format_args!(
            "A quiet day has passed; {} incidents follow. Stop with Ctrl-C.",
            averbourne::INCIDENTS.len()
        ));
        // Only now, so that nobody waits for it.
        warning::begin(state);
        match here {
            Some((here, plan)) => here.begin(plan),
            None => warn("the demo makes no backups: its state directory's path is not UTF-8"),
        }
    })
}

/// Plays the quiet day so that it ends now, then what happens in the order in which it happened, then quiet days.
fn play(player: &mut Player, now: Timestamp) -> anyhow::Result<()> {
    let (first, lasts) = averbourne::DAY.span()?;
    let began = now.checked_sub(lasts)?;
    let shift = began.duration_since(first);
    let mut next = began;
    for recording in std::iter::once(&averbourne::DAY).chain(&averbourne::INCIDENTS) {
        let (first, lasts) = recording.span()?;
        let start = first.checked_add(shift)?;
        if !player.play(recording, start)? {
            return Ok(());
        }
        next = start.checked_add(lasts)?;
    }
    while player.play(&averbourne::DAY, next)? {
        next = next.checked_add(lasts)?;
    }
    Ok(())
}

/// Removes the state of an earlier demo, and of nothing else.
fn clear(state: &Path) -> anyhow::Result<()> {
    let kind: PathBuf = state.join("kind");
    if !state.exists() {
        return Ok(());
    }
    match std::fs::read_to_string(&kind) {
        Ok(kind) if kind.trim() == Kind::Demo.as_str() => {
            std::fs::remove_dir_all(state).with_context(|| format!("cannot clear `{}`", state.display()))
        }
        _ if is_empty(state) => Ok(()),
        _ => bail!(
            "`{}` is not an earlier demo's state directory; choose another with `--state`",
            state.display()
        ),
    }
}

fn is_empty(directory: &Path) -> bool {
    std::fs::read_dir(directory).is_ok_and(|mut entries| entries.next().is_none())
}
