//! `bastide intel withdraw`: what others know, no longer acted on, or acted on again.

use crate::{arguments::State, failure::Verdict, live, socket};
use anyhow::{Context, bail};
use clap::Args;
use console::view::{SetAsideSaid, SetAsideView};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::io::{self, Write};
use store::{
    Act, ActRecord, Intelligence, Kind, Limits, Record, SealedLog, Store,
    intelligence::{SetAside, Which},
};

/// Under which name what is done at this machine is sealed, as by the console's socket.
const LOCAL: &str = "local";

/// What is not to be acted on.
#[derive(Args, Debug)]
pub(crate) struct Withdraw {
    /// The name of a source, as `bastide intel sources` shows it, or the STIX id of an object
    #[arg(value_name = "SOURCE|ID")]
    what: String,
    /// Why; sealed with the decision
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Act on it again
    #[arg(long)]
    undo: bool,
    #[command(flatten)]
    state: State,
}

/// Runs the command. Exit code 1 if it was so already.
pub(super) fn run(command: &Withdraw) -> anyhow::Result<Verdict> {
    let Withdraw { what, reason, undo, state } = command;
    let directory = state.directory();
    let body = json!({ "what": what, "reason": reason, "undo": undo });
    let (object, changed) = match socket::post(&directory, "/api/v1/intelligence/withdraw", &body)? {
        Some(answer) => {
            let kind = answer.pointer("/kind").and_then(Value::as_str) == Some("object");
            (kind, answer.pointer("/changed").and_then(Value::as_bool).unwrap_or(false))
        }
        None => {
            super::expect_state(&directory)?;
            let runtime = live::runtime()?;
            let said = SetAsideSaid { what: what.clone(), reason: reason.clone(), undo: *undo };
            let done = runtime.block_on(async {
                let (store, _) = Store::open(&directory, Kind::Live, LOCAL, Limits::default()).await?;
                let kept = Intelligence::open(&directory).await?;
                let done = set_aside(&kept, &store.log, LOCAL, &said).await;
                kept.close().await;
                store.close().await?;
                done
            })?;
            (done.kind == "object", done.changed)
        }
    };
    let of = if object { "That object" } else { "What that source tells" };
    let now = if *undo { "acted on" } else { "not acted on" };
    let mut out = io::stdout().lock();
    match (changed, *undo) {
        (false, _) => writeln!(out, "{of} was {now} already. Nothing was changed.")?,
        (true, true) => writeln!(out, "{of} is acted on again.")?,
        (true, false) => writeln!(
            out,
            "{of} is no longer acted on. It is kept, and `--undo` acts on it again; to tell it anew does not."
        )?,
    }
    Ok(if changed { Verdict::Good } else { Verdict::Bad })
}

/// Sets a source or an object aside, or acts on it again: sealed first, with who and why.
pub(crate) async fn set_aside(
    kept: &Intelligence,
    log: &SealedLog,
    by: &str,
    said: &SetAsideSaid,
) -> anyhow::Result<SetAsideView> {
    let reason: String =
        said.reason.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).take(500).collect();
    if reason.is_empty() {
        bail!("say why: it is sealed with the decision");
    }
    let what = said.what.as_str();
    let mut found = None;
    for which in [Which::Object(what), Which::Source(what)] {
        if let Some(aside) = kept.is_set_aside(which).await? {
            found = Some((which, aside));
            break;
        }
    }
    let (which, aside) = found.with_context(|| {
        format!(
            "nothing is kept of a source `{what}`, and no object with that id; `bastide intel sources` and `bastide intel \
             list` show what is"
        )
    })?;
    let changed = aside.is_some() == said.undo;
    if changed {
        let now = Timestamp::now();
        let act = if said.undo { Act::IntelligenceRestored } else { Act::IntelligenceWithdrawn };
        let (person, detail) = (Some(by.to_owned()), Some(reason.clone()));
        let record = ActRecord { person, act, subject: Some(what.to_owned()), from: None, detail };
        log.seal(now, vec![Record::Act(record)]).await?;
        let why = SetAside { at: now, by: by.to_owned(), reason };
        if !kept.set_aside(which, (!said.undo).then_some(&why)).await? {
            bail!("it was sealed and could not be done: more is set aside than may be");
        }
    }
    let kind = if matches!(which, Which::Object(_)) { "object" } else { "source" };
    Ok(SetAsideView { what: what.to_owned(), kind: kind.to_owned(), acted_on: said.undo, changed })
}
