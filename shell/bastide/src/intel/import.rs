//! `bastide intel import`: what others know, from files into what this city keeps.

use super::{AnswerFormat, expect_state, plan_of, runtime};
use crate::{
    arguments::State,
    failure::{Verdict, warn},
    recovery::tell,
    table::printable,
};
use adapt::{
    intel::{
        read::{FILE_MAX, Form, Read, Teller, read},
        reputation::FILE_TRUST,
        watch::{Gathered, Ground, Origin, Watchlist},
    },
    stix::Object,
};
use anyhow::{Context, anyhow, bail};
use city::{Doubt, DoubtKind, Observation, Observed, Received, Text, Tlp};
use clap::{Args, ValueEnum};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::{
    fs::File,
    io::{self, BufWriter, Read as _, Write},
    path::{Path, PathBuf},
};
use store::{
    Intelligence,
    intelligence::{Added, Audience, Filing, SetAside, Unmarked, Which},
};
use tokio::runtime::Runtime;

/// The most things that are listed because they are not acted on.
const NOT_ACTED_ON_MAX: usize = 1_000;

/// How many lines of a kind are printed.
const LINES_MAX: usize = 10;

/// Files to take in.
#[derive(Args, Debug)]
pub(crate) struct Import {
    /// The files; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Who tells it; the file's name if left out
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// How far it may be passed on, where the file does not say; amber if left out
    #[arg(long, value_enum)]
    tlp: Option<Marking>,
    /// What the files are; by what they look like if left out
    #[arg(long, value_enum)]
    form: Option<FormGiven>,
    /// Files of MISP's warning lists, or lists a line each, of what is no sign of an attack, whenever the source names it:
    /// kept for the source, in the place of those given before
    #[arg(long, value_name = "FILE")]
    allow: Vec<PathBuf>,
    /// Show what would be taken in, and take in nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    state: State,
    /// How to print the answer
    #[arg(long, value_enum, default_value_t = AnswerFormat::Table)]
    format: AnswerFormat,
}

/// The markings of the Traffic Light Protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Marking {
    Clear,
    Green,
    Amber,
    AmberStrict,
    Red,
}

impl From<Marking> for Tlp {
    fn from(marking: Marking) -> Tlp {
        match marking {
            Marking::Clear => Tlp::Clear,
            Marking::Green => Tlp::Green,
            Marking::Amber => Tlp::Amber,
            Marking::AmberStrict => Tlp::AmberStrict,
            Marking::Red => Tlp::Red,
        }
    }
}

/// What a file can be said to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FormGiven {
    /// STIX 2.1
    Stix,
    /// Events of MISP in JSON
    Misp,
    /// CISA's Known Exploited Vulnerabilities
    Kev,
    /// A value a line
    List,
    /// A table
    Csv,
}

impl From<FormGiven> for Form {
    fn from(form: FormGiven) -> Form {
        match form {
            FormGiven::Stix => Form::Stix,
            FormGiven::Misp => Form::Misp,
            FormGiven::Kev => Form::Kev,
            FormGiven::List => Form::List,
            FormGiven::Csv => Form::Csv,
        }
    }
}

/// What came of one file.
struct Outcome {
    source: String,
    read: Read,
    new: u64,
    known: u64,
    refused: Vec<(String, String)>,
    gathered: Gathered,
    /// What is not acted on: which value in which object, and why. The first thousand.
    not_acted_on: Vec<Doubt>,
    /// That nothing of the source is acted on, if it is so.
    withdrawn: Option<SetAside>,
}

/// Takes files in. One that cannot be read keeps none of the others out. Exit code 1 if something in them was passed over or
/// refused.
pub(super) fn import(command: &Import) -> anyhow::Result<Verdict> {
    let state = command.state.directory();
    if !command.dry_run {
        expect_state(&state)?;
    }
    let runtime = runtime()?;
    let now = Timestamp::now();
    let ground = Ground::of(plan_of(&runtime, &state).ok().flatten().as_ref());
    let mut given = Vec::new();
    for path in &command.allow {
        given.extend(allowed_of(path)?);
    }
    let store = if command.dry_run { None } else { Some(runtime.block_on(Intelligence::open(&state))?) };
    let before = runtime.block_on(allowed_before(&state));
    let (mut outcomes, mut failed) = (Vec::new(), Vec::new());
    for path in &command.files {
        let source = source_of(command, path);
        let mut ground = ground.clone();
        if command.allow.is_empty() {
            let of_source = before.iter().filter(|(of, _)| *of == source);
            ground.allow_of(&source, of_source.map(|(_, value)| value.as_str()));
        } else {
            ground.allow_of(&source, given.iter().map(String::as_str));
        }
        let outcome = read_file(command, path, source, &ground, now).and_then(|mut outcome| {
            if let Some(store) = &store {
                keep(&runtime, store, &mut outcome, now)?;
                if !command.allow.is_empty() {
                    runtime.block_on(store.put_allowed(&outcome.source, &given, now))?;
                }
            }
            Ok(outcome)
        });
        match outcome {
            Ok(outcome) => outcomes.push(outcome),
            Err(cause) => failed.push((path, cause)),
        }
    }
    if let Some(store) = store {
        runtime.block_on(store.close());
        let told: Vec<Observation> = outcomes.iter().map(|outcome| told(outcome, now)).collect();
        tell::tell(&command.state, None, &told);
    }
    let mut out = BufWriter::new(io::stdout().lock());
    match command.format {
        AnswerFormat::Json => {
            let rows = outcomes.iter().map(|outcome| row(outcome, command.dry_run));
            let faults = failed.iter().map(
                |(path, cause)| json!({ "source": source_of(command, path), "error": format!("{cause:#}") }),
            );
            serde_json::to_writer_pretty(&mut out, &rows.chain(faults).collect::<Vec<Value>>())?;
            writeln!(out)?;
        }
        AnswerFormat::Table => {
            outcomes.iter().try_for_each(|outcome| show(&mut out, outcome, command.dry_run))?
        }
    }
    out.flush()?;
    if let [(_, cause)] = &failed[..]
        && outcomes.is_empty()
    {
        return Err(anyhow!("{cause:#}"));
    }
    if !failed.is_empty() {
        failed.iter().for_each(|(_, cause)| warn(format_args!("{cause:#}")));
        return Err(anyhow!("{} of {} files could not be taken in", failed.len(), command.files.len()));
    }
    let whole = outcomes.iter().all(|outcome| outcome.read.skipped_in_all == 0 && outcome.refused.is_empty());
    Ok(if whole { Verdict::Good } else { Verdict::Bad })
}

fn source_of(command: &Import, path: &Path) -> String {
    let name = || path.file_name().map_or_else(|| "standard input".into(), |name| name.to_string_lossy());
    command.source.clone().unwrap_or_else(|| name().into_owned())
}

/// Reads a file, and sees what of it would be acted on.
fn read_file(
    command: &Import,
    path: &Path,
    source: String,
    ground: &Ground,
    now: Timestamp,
) -> anyhow::Result<Outcome> {
    let teller = Teller { source: &source, tlp: command.tlp.map(Tlp::from), now };
    let read = read(&bytes_of(path)?, command.form.map(Form::from), teller)
        .with_context(|| format!("{} cannot be read", path.display()))?;
    Ok(judge(source, Tlp::Amber, read, ground, now))
}

/// Sees what of it would be acted on.
fn judge(source: String, tlp: Tlp, read: Read, ground: &Ground, now: Timestamp) -> Outcome {
    let (mut list, mut gathered, mut not_acted_on) = (Watchlist::default(), Gathered::default(), Vec::new());
    let origin = Origin { source: &source, trust: FILE_TRUST, tlp };
    let doubted = |gathered: &Gathered| gathered.doubts.values().map(|doubt| doubt.count).sum::<u64>();
    for object in read.objects.iter().filter_map(Object::of) {
        let before = doubted(&gathered);
        list.add(object, origin, ground, now, &mut gathered);
        if doubted(&gathered) > before && not_acted_on.len() < NOT_ACTED_ON_MAX {
            // Alone once more: of all of them only the first of each kind is told.
            let mut alone = Gathered::default();
            Watchlist::default().add(object, origin, ground, now, &mut alone);
            not_acted_on.extend(alone.told());
        }
    }
    Outcome { source, read, new: 0, known: 0, refused: Vec::new(), gathered, not_acted_on, withdrawn: None }
}

/// Takes in a text that comes with the program, as if from a file of that source.
pub(crate) fn take_in(state: &State, source: &str, tlp: Tlp, text: &[u8]) -> anyhow::Result<()> {
    let (runtime, now, directory) = (runtime()?, Timestamp::now(), state.directory());
    let ground =
        Ground::of(crate::state::read(&directory).ok().and_then(|city| city.plan().cloned()).as_deref());
    let read = read(text, None, Teller { source, tlp: Some(tlp), now })?;
    let mut outcome = judge(source.to_owned(), tlp, read, &ground, now);
    let store = runtime.block_on(Intelligence::open(&directory))?;
    keep(&runtime, &store, &mut outcome, now)?;
    runtime.block_on(store.close());
    tell::tell(state, None, &[told(&outcome, now)]);
    Ok(())
}

/// What a file holds, and no more than is read of one.
fn bytes_of(path: &Path) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let most = FILE_MAX as u64 + 1;
    if path == Path::new("-") {
        io::stdin().lock().take(most).read_to_end(&mut bytes).context("standard input cannot be read")?;
    } else {
        File::open(path)
            .and_then(|file| file.take(most).read_to_end(&mut bytes))
            .with_context(|| format!("{} cannot be read", path.display()))?;
    }
    Ok(bytes)
}

/// The values of a warning list of MISP (JSON with a `list`), or of a file with one a line.
fn allowed_of(path: &Path) -> anyhow::Result<Vec<String>> {
    let text =
        String::from_utf8(bytes_of(path)?).with_context(|| format!("{} is not text", path.display()))?;
    let Ok(value) = serde_json::from_str::<Value>(&text) else {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        return Ok(lines.map(str::to_owned).collect());
    };
    if let Some(kind @ ("regex" | "substring")) = value.get("type").and_then(Value::as_str) {
        let name = path.display();
        bail!("{name} is a list of the type `{kind}`; those of addresses, networks and names are honoured");
    }
    let list = value.get("list").and_then(Value::as_array).into_iter().flatten();
    Ok(list.filter_map(Value::as_str).map(str::to_owned).collect())
}

/// What was said before to be no sign, with whose; nothing where nothing was ever kept.
async fn allowed_before(state: &Path) -> Vec<(String, String)> {
    let Ok(store) = Intelligence::open_read_only(state).await else { return Vec::new() };
    let allowed = store.allowed().await.unwrap_or_default();
    store.close().await;
    allowed
}

fn keep(
    runtime: &Runtime,
    store: &Intelligence,
    outcome: &mut Outcome,
    now: Timestamp,
) -> anyhow::Result<()> {
    let filing = Filing {
        source: outcome.source.clone(),
        collections: Vec::new(),
        audience: Audience::Everybody,
        unmarked: Unmarked::default(),
    };
    let objects: Vec<&Value> = outcome.read.objects.iter().collect();
    for (object, added) in objects.iter().zip(runtime.block_on(store.add(&objects, &filing, now))?) {
        match added {
            Added::New { .. } => outcome.new += 1,
            Added::Known => outcome.known += 1,
            Added::Refused(why) => {
                let id = object.get("id").and_then(Value::as_str).unwrap_or("an object");
                outcome.refused.push((id.to_owned(), why.to_string()));
            }
        }
    }
    let form = outcome.read.form.map(Form::as_str).unwrap_or_default();
    runtime.block_on(store.note_taken(&outcome.source, form, now))?;
    outcome.withdrawn = runtime.block_on(store.is_set_aside(Which::Source(&outcome.source)))?.flatten();
    Ok(())
}

fn told(outcome: &Outcome, now: Timestamp) -> Observation {
    let mut doubts = outcome.gathered.told();
    let skipped = outcome.read.skipped.first().or(outcome.refused.first());
    if let Some((place, why)) = skipped
        && !doubts.iter().any(|doubt| doubt.kind == DoubtKind::Malformed)
    {
        let count = outcome.read.skipped_in_all + outcome.refused.len() as u64;
        doubts.push(Doubt { kind: DoubtKind::Malformed, count, example: format!("{place}: {why}").into() });
    }
    let fact = Observed::Received(Box::new(Received {
        source: Text::from(&outcome.source),
        new: outcome.new,
        known: outcome.known,
        watched: outcome.gathered.watched,
        withdrawn: outcome.gathered.over,
        doubts,
    }));
    Observation { time: now, sensor: Text::const_new("import"), fact }
}

fn show(out: &mut impl Write, outcome: &Outcome, dry_run: bool) -> io::Result<()> {
    let Outcome { source, read, new, known, refused, gathered, not_acted_on, withdrawn } = outcome;
    if dry_run {
        writeln!(out, "{}: {} objects. Nothing was taken in.", printable(source), read.objects.len())?;
    } else {
        writeln!(out, "{}: {new} objects are new, {known} were known.", printable(source))?;
    }
    writeln!(
        out,
        "  {} indicators are watched for, {} can only be hunted with, {} are over.",
        gathered.watched, gathered.hunted_only, gathered.over
    )?;
    for (reason, told) in &gathered.not_watched {
        let example = printable(&told.example);
        writeln!(out, "  Only hunted with, {} ({}): {example}", reason.as_str(), told.count)?;
    }
    if let Some(SetAside { at, by, reason }) = withdrawn {
        let (by, reason) = (printable(by), printable(reason));
        writeln!(out, "  Withdrawn by {by} at {at:.0} ({reason}): nothing of it is acted on.")?;
    }
    for doubt in gathered.doubts.values() {
        writeln!(out, "  Not acted on, {} ({}):", doubt.kind.as_str(), doubt.count)?;
        let of_kind = || not_acted_on.iter().filter(|one| one.kind == doubt.kind);
        for one in of_kind().take(LINES_MAX) {
            writeln!(out, "    {}", printable(&one.example))?;
        }
        let more = of_kind().count().saturating_sub(LINES_MAX);
        if more > 0 {
            writeln!(out, "    and {more} more; `--format json` has them")?;
        }
    }
    for (place, why) in read.skipped.iter().chain(refused).take(LINES_MAX) {
        writeln!(out, "  Passed over, {}: {}", printable(place), printable(why))?;
    }
    let more = (read.skipped_in_all + refused.len() as u64).saturating_sub(LINES_MAX as u64);
    if more > 0 {
        writeln!(out, "  and {more} more")?;
    }
    Ok(())
}

fn row(outcome: &Outcome, dry_run: bool) -> Value {
    let Outcome { source, read, new, known, refused, gathered, not_acted_on, withdrawn } = outcome;
    let each = |list: &[(String, String)]| -> Vec<Value> {
        list.iter().map(|(place, why)| json!({ "at": place, "why": why })).collect()
    };
    let doubts = gathered.doubts.values();
    json!({
        "source": source,
        "form": read.form.map(Form::as_str),
        "dry_run": dry_run,
        "objects": read.objects.len(),
        "new": new,
        "known": known,
        "watched": gathered.watched,
        "watched_in_part": gathered.in_part,
        "hunted_only": gathered.hunted_only,
        "not_watched": gathered.not_watched
            .iter()
            .map(|(reason, told)| json!({ "reason": reason.as_str(), "count": told.count, "example": told.example }))
            .collect::<Vec<_>>(),
        "over": gathered.over,
        "doubts": doubts
            .map(|doubt| json!({ "kind": doubt.kind.as_str(), "count": doubt.count, "example": doubt.example }))
            .collect::<Vec<_>>(),
        "not_acted_on": not_acted_on
            .iter()
            .map(|doubt| json!({ "kind": doubt.kind.as_str(), "what": doubt.example }))
            .collect::<Vec<_>>(),
        "withdrawn": super::row_of(withdrawn.as_ref()),
        "skipped": each(&read.skipped),
        "skipped_in_all": read.skipped_in_all,
        "refused": each(refused),
    })
}
