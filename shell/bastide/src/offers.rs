//! `bastide share offers` and `bastide share try`: defences that other cities told, and what each would be here.
//!
//! Nothing is changed: a person takes what it prints, or lets it be.

use crate::{
    arguments::{Format, Look, State},
    failure::Verdict,
    hunt::hunt_for,
    intel::expect_state,
    past,
    peers::{Narrowed, found_bad, narrow_plan, rehearse},
    plan::read_folder,
    state,
    table::{Table, printable},
};
use adapt::{
    defence::{Defence, Does, Refusal, indicator, open, procedure_files},
    stix::Document,
};
use anyhow::{Context, bail};
use city::{Peer, Rehearsed};
use clap::{Args, ValueEnum};
use integrity::Verifier;
use jiff::Timestamp;
use plan::{Plan, SourceFile, unified};
use serde_json::{Value, json};
use std::{
    io::{self, BufWriter, Write},
    path::PathBuf,
};
use store::{Intelligence, Reader, intelligence::Kept};
use tokio::runtime::Runtime;

/// The most defences that are listed.
const LISTED_MAX: usize = 1_000;

/// What another city's defence would be here.
#[derive(Args, Debug)]
#[command(
    after_help = "Exit codes: 0 there is something to propose; 1 there is nothing, or it is not believed; 2 could not.\nNothing is \
                  changed. Examples:\n  bastide share try course-of-action--2e4b1c1e-0c55-4e0c-9a2b-6f6d7a8b9c01 --city \
                  /etc/bastide/city\n  bastide share try course-of-action--2e4b… --city . --format patch | git apply\n  bastide share try \
                  course-of-action--2e4b… --city . --format stix > sign.json"
)]
pub(crate) struct Try {
    /// Its id, as `bastide share offers` lists it
    id: String,
    /// The folder of the plan
    #[arg(long, value_name = "DIR")]
    city: PathBuf,
    #[command(flatten)]
    state: State,
    /// How to print the answer
    #[arg(long, value_enum, default_value_t = TryFormat::Table)]
    format: TryFormat,
}

/// How what a defence would be is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum TryFormat {
    /// For people
    Table,
    /// One JSON object with stable field names
    Json,
    /// The change of the plan alone, as a patch
    Patch,
    /// A detection as an indicator, for `bastide intel import`
    Stix,
}

/// What a defence would be here.
#[derive(Default)]
struct Proposed {
    rehearsed: Rehearsed,
    /// In plain words, a line each.
    says: Vec<String>,
    patch: String,
    stix: Option<Value>,
    /// Whether there is anything to propose.
    is_anything: bool,
}

/// What of a state directory is read.
struct Ground {
    directory: PathBuf,
    runtime: Runtime,
    store: Intelligence,
}

impl Ground {
    fn open(directory: PathBuf) -> anyhow::Result<Ground> {
        expect_state(&directory)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.context("no runtime could be made")?;
        let store = runtime.block_on(Intelligence::open_read_only(&directory))?;
        Ok(Ground { directory, runtime, store })
    }

    fn reader(&self) -> anyhow::Result<Reader> {
        Ok(self.runtime.block_on(Reader::open(&self.directory))?)
    }
}

/// Runs `bastide share offers`.
pub(crate) fn list(look: &Look) -> anyhow::Result<Verdict> {
    let ground = Ground::open(look.state.directory())?;
    let reader = ground.reader()?;
    let plans = ground.runtime.block_on(past::plans(&reader.log))?;
    let plan = plans.last().and_then(|record| plan::check(&past::files_of(record)).plan);
    let kept = ground.runtime.block_on(ground.store.since("course-of-action", None, LISTED_MAX))?;
    let mut rows = Vec::new();
    for one in kept.iter().filter(|one| one.source != "here") {
        let opened = plan.as_ref().map(|plan| opened(one, plan));
        let (author, kind, state) = match &opened {
            _ if one.revoked => ("", "", "taken back".to_owned()),
            None => ("", "", "no plan is adopted".to_owned()),
            Some(Ok((author, defence))) => {
                (author.id.as_str(), defence.does.kind().as_str(), format!("good until {:.0}", defence.until))
            }
            // For people alone; not of ours.
            Some(Err(Refusal::Plain)) => continue,
            Some(Err(refusal)) => ("", "", refusal.to_string()),
        };
        rows.push(json!({
            "id": one.id, "author": author, "from": one.source, "kind": kind, "state": state, "title": title(one),
        }));
    }
    let mut out = BufWriter::new(io::stdout().lock());
    if look.format == Format::Json {
        serde_json::to_writer_pretty(&mut out, &rows)?;
        writeln!(out)?;
    } else {
        let mut table = Table::new(&["id", "author", "kind", "state", "title"]);
        for row in &rows {
            let cell = |name: &str| row.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
            table.row(["id", "author", "kind", "state", "title"].map(cell));
        }
        table.write(&mut out)?;
    }
    out.flush()?;
    Ok(Verdict::Good)
}

fn title(kept: &Kept) -> String {
    let document = Document::read(kept.body.as_bytes()).ok();
    let name = document.as_ref().and_then(|document| document.objects().next()?.name().map(printable));
    name.unwrap_or_default()
}

/// A defence, and whose it is by the plan; or why it is not believed.
fn opened<'p>(kept: &Kept, plan: &'p Plan) -> Result<(&'p Peer, Defence), Refusal> {
    let read = Document::read(kept.body.as_bytes());
    let document = read.map_err(|cause| Refusal::Malformed(cause.to_string()))?;
    let object = document.objects().next().ok_or(Refusal::Plain)?;
    let mut refusal = Refusal::Stranger;
    for author in plan.peers() {
        let Some(Ok(key)) = author.key.as_ref().map(|key| key.parse::<Verifier>()) else { continue };
        match open(object, &key, None, Timestamp::now()) {
            Ok(defence) => return Ok((author, defence)),
            Err(Refusal::Forged(_)) => {}
            Err(other) => refusal = other,
        }
    }
    Err(refusal)
}

/// Runs `bastide share try`.
pub(crate) fn run(command: &Try) -> anyhow::Result<Verdict> {
    let ground = Ground::open(command.state.directory())?;
    let files = read_folder(&command.city)?;
    let plan = plan::check(&files).plan.with_context(|| {
        format!("the plan in {0} has errors; `bastide plan check {0}` shows them", command.city.display())
    })?;
    let kept = ground.runtime.block_on(ground.store.object(&command.id))?;
    if kept.is_empty() {
        bail!("no defence `{}` was told; `bastide share offers` lists those that were", command.id);
    }
    let mut out = BufWriter::new(io::stdout().lock());
    let mut refusal = Refusal::Stranger;
    let mut found = None;
    for one in &kept {
        match opened(one, &plan) {
            _ if one.revoked => {
                writeln!(out, "It was taken back.")?;
                out.flush()?;
                return Ok(Verdict::Bad);
            }
            Ok(opened) => found = Some(opened),
            Err(other) => refusal = other,
        }
    }
    let Some((author, defence)) = found else {
        writeln!(out, "It is not believed: {refusal}.")?;
        out.flush()?;
        return Ok(Verdict::Bad);
    };
    let proposed = propose(&ground, (&plan, &files), author, &defence)?;
    match command.format {
        TryFormat::Patch => out.write_all(proposed.patch.as_bytes())?,
        TryFormat::Stix => {
            let bundle = proposed.stix.as_ref().context("it is no detection, and so no indicator")?;
            serde_json::to_writer_pretty(&mut out, bundle)?;
            writeln!(out)?;
        }
        TryFormat::Json => {
            let answer = json!({
                "id": defence.id, "author": author.id, "kind": defence.does.kind().as_str(), "title": defence.title,
                "reason": defence.reason, "until": defence.until, "rehearsed": proposed.rehearsed,
                "says": proposed.says, "patch": proposed.patch, "stix": proposed.stix,
            });
            serde_json::to_writer_pretty(&mut out, &answer)?;
            writeln!(out)?;
        }
        TryFormat::Table => {
            writeln!(out, "{} ({}): {}", printable(&defence.title), author.name, printable(&defence.reason))?;
            for line in &proposed.says {
                writeln!(out, "{line}")?;
            }
            if !proposed.patch.is_empty() {
                writeln!(out, "\n{}", proposed.patch)?;
            }
        }
    }
    out.flush()?;
    Ok(if proposed.is_anything { Verdict::Good } else { Verdict::Bad })
}

/// Tries a defence, and says what it would be here.
fn propose(
    ground: &Ground,
    (plan, files): (&Plan, &[SourceFile]),
    author: &Peer,
    defence: &Defence,
) -> anyhow::Result<Proposed> {
    match &defence.does {
        Does::Block { addresses } => {
            let rehearsed = rehearse(&ground.reader()?.history, plan, addresses)?;
            let mut says = vec![format!(
                "Rehearsed on {} conversations, it would have caught {} and cut {} that the plan allows. To block them:",
                rehearsed.conversations, rehearsed.caught, rehearsed.cut
            )];
            says.extend(addresses.iter().map(|address| format!("  bastide contain {address}")));
            Ok(Proposed { rehearsed, says, is_anything: true, ..Proposed::default() })
        }
        Does::Narrow { protocol, verbs, from } => narrow(ground, (plan, files), (*protocol, verbs, *from)),
        Does::Detect { pattern } => {
            let by = format!("bastide, for {}", author.id);
            let hunt = hunt_for(ground.reader()?, plan, (&defence.title, &by), pattern)?;
            let (searched, found) = (hunt.hunted.searched, hunt.hunted.found);
            let mut says = vec![format!(
                "Hunted through {searched} records, it matched {found} times. Each is shown by:"
            )];
            says.push(format!("  bastide hunt \"{}\"", printable(pattern)));
            says.extend(hunt.left_out.iter().map(|why| format!("Not looked for or at: {}", printable(why))));
            says.push("`--format stix` prints the indicator that watches for it from now on, for `bastide intel import`.".to_owned());
            let rehearsed = Rehearsed { conversations: searched, caught: found, ..Rehearsed::default() };
            let objects: Vec<Value> = indicator(defence, false).into_iter().collect();
            let uuid = defence.id.trim_start_matches("course-of-action--");
            let stix = Some(json!({ "type": "bundle", "id": format!("bundle--{uuid}"), "objects": objects }));
            Ok(Proposed { rehearsed, says, stix, is_anything: true, ..Proposed::default() })
        }
        Does::Procedure { .. } => procedure((plan, files), author, defence),
    }
}

fn narrow(
    ground: &Ground,
    (plan, files): (&Plan, &[SourceFile]),
    takes: (city::Protocol, &[city::Verb], adapt::defence::End),
) -> anyhow::Result<Proposed> {
    let bad = found_bad(&state::read(&ground.directory)?);
    let Narrowed { narrowings, patch, rehearsed } =
        narrow_plan(&ground.reader()?.history, (plan, files), &bad, takes)?;
    if narrowings.is_empty() {
        let says =
            vec!["No conduit of the plan allows any of it, so that there is nothing to take out.".to_owned()];
        return Ok(Proposed { says, ..Proposed::default() });
    }
    let mut says = vec![format!(
        "Rehearsed on {} conversations and requests, it would have caught {} that were found bad here, and cut {} others.",
        rehearsed.conversations, rehearsed.caught, rehearsed.cut
    )];
    if !rehearsed.services.is_empty() {
        let services: Vec<&str> = rehearsed.services.iter().map(|id| id.as_str()).collect();
        says.push(format!("These services would notice: {}.", services.join(", ")));
    }
    says.push("The plan would no longer allow:".to_owned());
    says.extend(narrowings.iter().map(|narrowing| format!("  {narrowing}")));
    Ok(Proposed { rehearsed, says, patch, is_anything: true, stix: None })
}

fn procedure(
    (plan, files): (&Plan, &[SourceFile]),
    author: &Peer,
    defence: &Defence,
) -> anyhow::Result<Proposed> {
    let added = procedure_files(defence, author.id.as_str(), plan).context("it is no procedure")?;
    let patch: String = added.iter().map(|file| unified(file.path(), "", file.text())).collect();
    let mut says = vec![
        "It is for people to read through, and to adopt with the plan once it is right here.".to_owned(),
    ];
    let all: Vec<SourceFile> = files.iter().chain(&added).cloned().collect();
    let checked = plan::check(&all);
    if checked.plan.is_none() {
        says.push("The plan with it has errors, which are to be mended first:".to_owned());
        let errors = checked.diagnostics.iter().filter(|one| one.severity == plan::Severity::Error);
        says.extend(errors.take(8).map(|one| format!("  {}", printable(&one.message))));
    }
    Ok(Proposed { says, patch, is_anything: true, ..Proposed::default() })
}
