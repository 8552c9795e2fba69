//! `bastide intel import`: what others know, from files into what this city keeps; and what it keeps.

use super::AnswerFormat;
use crate::{
    arguments::State,
    failure::{Verdict, warn},
    recovery::tell,
    table::{Table, printable},
};
use adapt::{
    intel::{
        read::{Form, Read, Teller, read},
        watch::{Gathered, Ground, Origin, Watchlist},
    },
    stix::Object,
};
use anyhow::{Context, bail};
use city::{Doubt, DoubtKind, Observation, Observed, Received, Text, Tlp};
use clap::{Args, ValueEnum};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::{
    io::{self, BufWriter, Read as _, Write},
    path::{Path, PathBuf},
};
use store::{
    Intelligence,
    intelligence::{Added, Audience, Filing, Unmarked},
};
use tokio::runtime::Runtime;

/// The most objects of a list.
const LIST_MAX: usize = 1_000;

/// How far the word of a file is believed.
const TRUST: u8 = 80;

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
    /// Files of MISP's warning lists, or lists a line each, of what is no sign of an attack; only for what is shown
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

/// What is kept.
#[derive(Args, Debug)]
pub(crate) struct List {
    /// Only objects of this type, such as `indicator`
    #[arg(long = "type", value_name = "TYPE", default_value = "indicator")]
    object_type: String,
    #[command(flatten)]
    state: State,
    /// How to print the answer
    #[arg(long, value_enum, default_value_t = AnswerFormat::Table)]
    format: AnswerFormat,
}

/// One object that is kept.
#[derive(Args, Debug)]
pub(crate) struct Show {
    /// Its STIX id
    id: String,
    #[command(flatten)]
    state: State,
}

fn runtime() -> anyhow::Result<Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().context("no runtime could be made")
}

/// What came of one file.
struct Outcome {
    source: String,
    read: Read,
    new: u64,
    known: u64,
    refused: Vec<(String, String)>,
    gathered: Gathered,
}

/// Takes files in. Exit code 1 if something in them was passed over or refused.
pub(crate) fn import(command: &Import) -> anyhow::Result<Verdict> {
    let state = command.state.directory();
    let runtime = runtime()?;
    let now = Timestamp::now();
    let plan = crate::state::read(&state).ok().and_then(|city| city.plan().cloned());
    let mut ground = Ground::of(plan.as_deref());
    for path in &command.allow {
        let text =
            String::from_utf8(bytes_of(path)?).with_context(|| format!("{} is not text", path.display()))?;
        allow(&mut ground, &text);
    }
    let mut outcomes = Vec::new();
    for path in &command.files {
        let name = path.file_name().map_or_else(|| "standard input".into(), |name| name.to_string_lossy());
        let source = command.source.clone().unwrap_or_else(|| name.into_owned());
        let teller = Teller { source: &source, tlp: command.tlp.map(Tlp::from), now };
        let read = read(&bytes_of(path)?, command.form.map(Form::from), teller)
            .with_context(|| format!("{} cannot be read", path.display()))?;
        let (mut list, mut gathered) = (Watchlist::default(), Gathered::default());
        for object in read.objects.iter().filter_map(Object::of) {
            let origin = Origin { source: &source, trust: TRUST, tlp: Tlp::Amber };
            list.add(object, origin, &ground, now, &mut gathered);
        }
        outcomes.push(Outcome { source, read, new: 0, known: 0, refused: Vec::new(), gathered });
    }
    if !command.dry_run {
        // Any other folder would be nobody's state directory afterwards.
        if !state.join("kind").is_file() {
            bail!("there is no state directory at `{}`; `bastide run` makes one", state.display());
        }
        let store = runtime.block_on(Intelligence::open(&state))?;
        for outcome in &mut outcomes {
            keep(&runtime, &store, outcome, now)?;
        }
        runtime.block_on(store.close());
        let told: Vec<Observation> = outcomes.iter().map(|outcome| told(outcome, now)).collect();
        tell::tell(&command.state, None, &told);
    }
    let mut out = BufWriter::new(io::stdout().lock());
    match command.format {
        AnswerFormat::Json => {
            let rows: Vec<Value> = outcomes.iter().map(|outcome| row(outcome, command.dry_run)).collect();
            serde_json::to_writer_pretty(&mut out, &rows)?;
            writeln!(out)?;
        }
        AnswerFormat::Table => {
            outcomes.iter().try_for_each(|outcome| show(&mut out, outcome, command.dry_run))?
        }
    }
    out.flush()?;
    let whole = outcomes.iter().all(|outcome| outcome.read.skipped_in_all == 0 && outcome.refused.is_empty());
    Ok(if whole { Verdict::Good } else { Verdict::Bad })
}

/// Takes in a text that comes with the program, as if from a file of that source.
pub(crate) fn take_in(state: &State, source: &str, tlp: Tlp, text: &[u8]) -> anyhow::Result<()> {
    let (runtime, now, directory) = (runtime()?, Timestamp::now(), state.directory());
    let ground =
        Ground::of(crate::state::read(&directory).ok().and_then(|city| city.plan().cloned()).as_deref());
    let read = read(text, None, Teller { source, tlp: Some(tlp), now })?;
    let (mut list, mut gathered) = (Watchlist::default(), Gathered::default());
    for object in read.objects.iter().filter_map(Object::of) {
        list.add(object, Origin { source, trust: TRUST, tlp }, &ground, now, &mut gathered);
    }
    let mut outcome =
        Outcome { source: source.to_owned(), read, new: 0, known: 0, refused: Vec::new(), gathered };
    let store = runtime.block_on(Intelligence::open(&directory))?;
    keep(&runtime, &store, &mut outcome, now)?;
    runtime.block_on(store.close());
    tell::tell(state, None, &[told(&outcome, now)]);
    Ok(())
}

fn bytes_of(path: &Path) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if path == Path::new("-") {
        io::stdin().lock().read_to_end(&mut bytes).context("standard input cannot be read")?;
    } else {
        bytes = std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
    }
    Ok(bytes)
}

/// A warning list of MISP (JSON with a `list`), or a value a line.
fn allow(ground: &mut Ground, text: &str) {
    match serde_json::from_str::<Value>(text) {
        Ok(value) => {
            let list = value.get("list").and_then(Value::as_array).into_iter().flatten();
            ground.allow(list.filter_map(Value::as_str));
        }
        Err(_) => ground.allow(text.lines().filter(|line| !line.starts_with('#'))),
    }
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
    let Outcome { source, read, new, known, refused, gathered } = outcome;
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
    for doubt in gathered.doubts.values() {
        let example = printable(&doubt.example);
        writeln!(out, "  Not acted on, {} ({}): {example}", doubt.kind.as_str(), doubt.count)?;
    }
    for (place, why) in read.skipped.iter().chain(refused).take(10) {
        writeln!(out, "  Passed over, {}: {}", printable(place), printable(why))?;
    }
    let more = (read.skipped_in_all + refused.len() as u64).saturating_sub(10);
    if more > 0 {
        writeln!(out, "  and {more} more")?;
    }
    Ok(())
}

fn row(outcome: &Outcome, dry_run: bool) -> Value {
    let Outcome { source, read, new, known, refused, gathered } = outcome;
    let each = |list: &[(String, String)]| -> Vec<Value> {
        list.iter().map(|(place, why)| json!({ "at": place, "why": why })).collect()
    };
    let doubts = gathered.doubts.values();
    json!({
        "source": source,
        "dry_run": dry_run,
        "objects": read.objects.len(),
        "new": new,
        "known": known,
        "watched": gathered.watched,
        "hunted_only": gathered.hunted_only,
        "over": gathered.over,
        "doubts": doubts
            .map(|doubt| json!({ "kind": doubt.kind.as_str(), "count": doubt.count, "example": doubt.example }))
            .collect::<Vec<_>>(),
        "skipped": each(&read.skipped),
        "skipped_in_all": read.skipped_in_all,
        "refused": each(refused),
    })
}

/// Lists what is kept.
pub(crate) fn list(command: &List) -> anyhow::Result<Verdict> {
    let runtime = runtime()?;
    let kept = runtime.block_on(async {
        let store = Intelligence::open_read_only(&command.state.directory()).await?;
        store.since(&command.object_type, None, LIST_MAX).await
    })?;
    let mut out = BufWriter::new(io::stdout().lock());
    let value = |body: &str| serde_json::from_str::<Value>(body).unwrap_or_default();
    match command.format {
        AnswerFormat::Json => {
            let rows: Vec<Value> = kept
                .iter()
                .map(|kept| {
                    json!({ "id": kept.id, "source": kept.source, "tlp": kept.tlp.as_str(), "added": kept.added,
                            "revoked": kept.revoked, "object": value(&kept.body) })
                })
                .collect();
            serde_json::to_writer_pretty(&mut out, &rows)?;
            writeln!(out)?;
        }
        AnswerFormat::Table => {
            let mut table = Table::new(&["id", "source", "tlp", "what"]);
            for kept in &kept {
                let value = value(&kept.body);
                let said = ["pattern", "name"].into_iter().find_map(|name| value.get(name)?.as_str());
                table.row([
                    kept.id.clone(),
                    printable(&kept.source),
                    kept.tlp.as_str().to_owned(),
                    printable(said.unwrap_or_default()),
                ]);
            }
            table.write(&mut out)?;
        }
    }
    out.flush()?;
    if kept.len() == LIST_MAX {
        warn(format_args!("the first {LIST_MAX} are shown"));
    }
    Ok(Verdict::Good)
}

/// Shows one object, in every reading of its newest version. Exit code 1 if it is not known.
pub(crate) fn show_one(command: &Show) -> anyhow::Result<Verdict> {
    let runtime = runtime()?;
    let kept = runtime.block_on(async {
        Intelligence::open_read_only(&command.state.directory()).await?.object(&command.id).await
    })?;
    let mut out = BufWriter::new(io::stdout().lock());
    for kept in &kept {
        let object: Value = serde_json::from_str(&kept.body)?;
        let row =
            json!({ "source": kept.source, "tlp": kept.tlp.as_str(), "added": kept.added, "object": object });
        serde_json::to_writer_pretty(&mut out, &row)?;
        writeln!(out)?;
    }
    out.flush()?;
    Ok(if kept.is_empty() { Verdict::Bad } else { Verdict::Good })
}
