//! `bastide share`: telling other cities of an incident, through the process that watches the city, which seals it.

use crate::{
    arguments::{Format, Look, State},
    failure::Verdict,
    offers::{self, Try},
    socket,
    table::{Table, printable},
};
use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use std::{
    io::{self, BufRead, BufWriter, IsTerminal, Write},
    path::Path,
};

/// What to tell others.
#[derive(Args, Debug)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "What would leave is shown as it would leave: every object, what of the city's was replaced, and who may read it. \
                  If anything of the city's is left in it, nothing is filed.\nExit codes: 0 done; 1 not filed; 2 could not.\n\
                  Examples:\n  bastide share 3 --tlp green --dry-run\n  bastide share 3 --tlp green --yes\n  bastide share list\n  \
                  bastide share withdraw course-of-action--2e4b1c1e-0c55-4e0c-9a2b-6f6d7a8b9c01 --reason \"It was a mistake\"\n  \
                  bastide share key"
)]
pub(crate) struct Sharing {
    #[command(subcommand)]
    act: Option<ShareCommand>,
    #[command(flatten)]
    tell: Tell,
}

#[derive(Debug, Subcommand)]
enum ShareCommand {
    /// List what others can read
    List(Look),
    /// List the defences that other cities told
    Offers(Look),
    /// Say what another city's defence would be here, tried on the plan and on what was recorded
    Try(Try),
    /// Take something back: others are told that it no longer holds
    Withdraw {
        /// Its id, as `bastide share list` shows it
        id: String,
        /// Why, for those who read it; nothing of the city's may stand in it
        #[arg(long, value_name = "TEXT", default_value = "")]
        reason: String,
        #[command(flatten)]
        state: State,
    },
    /// Print the public key with which this city's defences are checked, for others' plans
    Key {
        #[command(flatten)]
        state: State,
    },
}

#[derive(Args, Debug)]
struct Tell {
    /// The incident's number, as `bastide incidents` lists it
    #[arg(value_name = "INCIDENT")]
    incident: Option<u64>,
    /// How far it may be passed on (TLP 2.0); what is red stays
    #[arg(long, value_name = "MARKING", value_parser = ["clear", "green", "amber", "amber-strict", "red"])]
    tlp: Option<String>,
    /// Only show what would leave
    #[arg(long)]
    dry_run: bool,
    /// File it without asking
    #[arg(long, conflicts_with = "dry_run")]
    yes: bool,
    #[command(flatten)]
    look: Look,
}

/// Runs the command.
pub(crate) fn run(command: &Sharing) -> anyhow::Result<Verdict> {
    match &command.act {
        Some(ShareCommand::List(look)) => list(look),
        Some(ShareCommand::Offers(look)) => offers::list(look),
        Some(ShareCommand::Try(command)) => offers::run(command),
        Some(ShareCommand::Withdraw { id, reason, state }) => {
            let safe = |c: char| c.is_ascii_alphanumeric() || c == '-';
            if !id.chars().all(safe) {
                bail!("`{id}` is no id of STIX; `bastide share list` shows them");
            }
            let path = format!("/api/v1/shares/{id}/withdraw");
            let answer = ask(&state.directory(), &path, Some(&json!({ "reason": reason })))?;
            let mut out = io::stdout().lock();
            show_leaks(&mut out, &answer)?;
            let withdrawn = answer.pointer("/withdrawn").and_then(Value::as_bool).unwrap_or(false);
            if !withdrawn {
                writeln!(out, "Nothing was taken back. Say why in other words.")?;
            }
            Ok(if withdrawn { Verdict::Good } else { Verdict::Bad })
        }
        Some(ShareCommand::Key { state }) => {
            let answer = ask(&state.directory(), "/api/v1/shares", None)?;
            writeln!(io::stdout(), "{}", word(&answer, "/key"))?;
            Ok(Verdict::Good)
        }
        None => share(&command.tell),
    }
}

/// Asks the running process.
fn ask(state: &Path, path: &str, body: Option<&Value>) -> anyhow::Result<Value> {
    let answer = match body {
        Some(body) => socket::post(state, path, body)?,
        None => socket::get(state, path)?,
    };
    answer.with_context(|| {
        format!("no process watches the city of `{}`; start one with `bastide run`", state.display())
    })
}

fn share(tell: &Tell) -> anyhow::Result<Verdict> {
    let state = tell.look.state.directory();
    let (Some(incident), Some(tlp)) = (tell.incident, &tell.tlp) else {
        bail!("say which incident is told of, and how far: `bastide share 3 --tlp green`")
    };
    if tlp == "red" {
        writeln!(io::stdout(), "What is marked TLP:RED stays here. Nothing was filed.")?;
        return Ok(Verdict::Bad);
    }
    let path = format!("/api/v1/incidents/{incident}/share");
    let shown = ask(&state, &path, Some(&json!({ "tlp": tlp, "dry_run": true })))?;
    let mut out = BufWriter::new(io::stdout().lock());
    let is_json = tell.look.format == Format::Json;
    if !is_json {
        show(&mut out, &shown)?;
        out.flush()?;
    }
    let leaks = shown.pointer("/leaks").and_then(Value::as_array).is_some_and(|leaks| !leaks.is_empty());
    let agreed = !leaks && !tell.dry_run && (tell.yes || !is_json && agrees(&mut out)?);
    let answer = match shown.pointer("/draft").and_then(Value::as_str).filter(|_| agreed) {
        Some(draft) => ask(&state, &path, Some(&json!({ "tlp": tlp, "draft": draft })))?,
        None => shown,
    };
    let filed = answer.pointer("/filed").and_then(Value::as_bool).unwrap_or(false);
    if is_json {
        serde_json::to_writer_pretty(&mut out, &answer)?;
        writeln!(out)?;
    } else if filed {
        writeln!(out, "Filed. `bastide share list` shows it, and `bastide share withdraw` takes it back.")?;
    } else {
        writeln!(out, "Nothing was filed.")?;
    }
    out.flush()?;
    Ok(if filed || tell.dry_run && !leaks { Verdict::Good } else { Verdict::Bad })
}

/// Asks whether it shall leave.
fn agrees(out: &mut impl Write) -> anyhow::Result<bool> {
    if !io::stdin().is_terminal() {
        writeln!(out, "Give --yes to file it.")?;
        return Ok(false);
    }
    write!(out, "File this, so that they can read it? [y/N] ")?;
    out.flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

/// What would leave, for people.
fn show(out: &mut impl Write, shown: &Value) -> anyhow::Result<()> {
    let each = |pointer| shown.pointer(pointer).and_then(Value::as_array).into_iter().flatten();
    for object in each("/objects") {
        writeln!(out, "{}", serde_json::to_string_pretty(object)?)?;
    }
    writeln!(out)?;
    for replaced in each("/replaced") {
        let (what, with) = (word(replaced, "/what"), word(replaced, "/with"));
        writeln!(out, "Replaced: {} by {}", printable(what), printable(with))?;
    }
    show_leaks(out, shown)?;
    let peers: Vec<String> = each("/shown_to").map(|peer| printable(word(peer, "/name"))).collect();
    let peers = if peers.is_empty() { "nobody".to_owned() } else { peers.join(", ") };
    let marking = word(shown, "/tlp").replace('-', "+").to_uppercase();
    writeln!(out, "TLP:{marking}, which the plan lets these read: {peers}.")?;
    Ok(())
}

/// What of the city's would leave.
fn show_leaks(out: &mut impl Write, answer: &Value) -> anyhow::Result<()> {
    for leak in answer.pointer("/leaks").and_then(Value::as_array).into_iter().flatten() {
        let (kind, what, at) = (word(leak, "/kind"), word(leak, "/what"), word(leak, "/at"));
        writeln!(out, "Would leak: the {kind} {} at {}", printable(what), printable(at))?;
    }
    Ok(())
}

fn list(look: &Look) -> anyhow::Result<Verdict> {
    let answer = ask(&look.state.directory(), "/api/v1/shares", None)?;
    let shares = answer.pointer("/shares").cloned().unwrap_or_default();
    let mut out = BufWriter::new(io::stdout().lock());
    if look.format == Format::Json {
        serde_json::to_writer_pretty(&mut out, &shares)?;
        writeln!(out)?;
    } else {
        let mut table = Table::new(&["id", "tlp", "made", "revoked", "name"]);
        for one in shares.as_array().into_iter().flatten() {
            let revoked = one.pointer("/revoked").and_then(Value::as_bool).unwrap_or(false);
            let revoked = if revoked { "yes" } else { "no" };
            let [id, tlp, modified, name] =
                ["/id", "/tlp", "/modified", "/name"].map(|pointer| word(one, pointer).to_owned());
            table.row([id, tlp, modified, revoked.to_owned(), name]);
        }
        table.write(&mut out)?;
    }
    out.flush()?;
    Ok(Verdict::Good)
}

fn word<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}
