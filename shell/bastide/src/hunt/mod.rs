//! `bastide hunt …`: what the city remembers, searched for signs of something.

mod ask;
mod asked;
mod evidence;
mod found;
mod offered;
mod say;
mod when;

pub(crate) use offered::hunt_for;

use crate::{
    arguments::State,
    failure::{Verdict, warn},
    intel::AnswerFormat,
    past,
};
use adapt::{
    hunt::{self, Hunt, Place, Sought, Spread},
    stix::{
        Pattern,
        pattern::{Note, TEXT_MAX},
    },
};
use anyhow::{Context, bail};
use city::Address;
use clap::{Args, Subcommand};
use defend::conduit;
use jiff::Timestamp;
use plan::{Plan, SourceFile};
use std::{
    io::{self, Read},
    num::NonZeroUsize,
};
use store::{History, Kind, Reader};
use when::When;

pub(crate) use asked::{Hunter, run_of_library};

#[derive(Args, Debug)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "A query is a STIX pattern; docs/hunting.md lists what of STIX history answers. Beside a running process its files \
                  are read, and nothing is locked.\nExit codes: 0 searched, and nothing was found; 1 something was found; 2 could not \
                  search, or not for all of it.\nExamples:\n  bastide hunt list\n  bastide hunt run s7-stop modbus-two-masters --since \
                  30d\n  bastide hunt run --all --since 2026-01-01 --format json\n  bastide hunt \"[ipv4-addr:value IN ('203.0.113.9', \
                  '203.0.113.10')]\"\n  bastide hunt \"[x-bastide-request:verb = 'program' AND x-bastide-request:src_ref.value ISSUBSET \
                  '192.0.2.0/24']\""
)]
pub(crate) struct Hunting {
    #[command(subcommand)]
    command: Option<HuntCommand>,
    /// What to look for; `-` reads it from standard input
    #[arg(value_name = "QUERY", required = true)]
    query: Option<String>,
    #[command(flatten)]
    of: Of,
}

#[derive(Debug, Subcommand)]
pub(crate) enum HuntCommand {
    /// List the hunts that come with Bastide, by technique of ATT&CK for ICS
    List {
        /// How to print the answer; JSON has the patterns, why each matters, and what to do with a hit
        #[arg(long, value_enum, default_value_t = AnswerFormat::Table)]
        format: AnswerFormat,
    },
    /// Run hunts of the library
    #[command(
        after_help = "Exit codes: 0 searched, and nothing was found; 1 something was found; 2 could not search, or not for all of it.\n\
                      Example: bastide hunt run s7-stop cip-stop --since 90d"
    )]
    Run {
        /// Their names, as `bastide hunt list` has them
        #[arg(value_name = "NAME", required_unless_present = "all")]
        names: Vec<String>,
        /// All of them; those that need a plan are left out where none is adopted, and named
        #[arg(long, conflicts_with = "names")]
        all: bool,
        #[command(flatten)]
        of: Of,
    },
}

/// Where and when to look, and how to answer.
#[derive(Args, Debug)]
pub(crate) struct Of {
    #[command(flatten)]
    state: State,
    /// From when on: a time (2026-03-01T08:00:00Z), a day (2026-03-01, UTC), or how long ago (90d, 12h). All there is if
    /// left out. A conversation counts when it began
    #[arg(long, value_name = "TIME")]
    since: Option<When>,
    /// Until when
    #[arg(long, value_name = "TIME")]
    until: Option<When>,
    /// How many hits are shown at most: the latest. Rows of the same two ends, port and function are one hit
    #[arg(long, value_name = "NUMBER", default_value_t = 100)]
    limit: usize,
    /// How many cores read; all if left out
    #[arg(long, value_name = "NUMBER")]
    threads: Option<NonZeroUsize>,
    /// How to print the answer
    #[arg(long, value_enum, default_value_t = AnswerFormat::Table)]
    format: AnswerFormat,
}

/// A hunt to be made.
struct Task {
    /// The name in the library; none for a query.
    saved: Option<Hunt>,
    pattern: Pattern,
    spread: Option<Spread>,
}

/// Where is looked.
struct Ground {
    history: History,
    plan: Option<Plan>,
    files: Option<Vec<SourceFile>>,
    from: Option<Timestamp>,
    until: Option<Timestamp>,
    cores: NonZeroUsize,
}

/// Carries out a command.
pub(crate) fn run(hunting: &Hunting) -> anyhow::Result<Verdict> {
    match (&hunting.command, &hunting.query) {
        (Some(HuntCommand::List { format }), _) => {
            say::list(&hunt::built_in()?, *format)?;
            Ok(Verdict::Good)
        }
        (Some(HuntCommand::Run { names, all, of }), _) => {
            let mut library = hunt::built_in()?;
            if let Some(name) = names.iter().find(|name| !library.iter().any(|hunt| hunt.name == **name)) {
                bail!("there is no hunt `{name}`; `bastide hunt list` lists them");
            }
            library.retain(|hunt| *all || names.contains(&hunt.name));
            let task = |hunt: Hunt| {
                let pattern = Pattern::parse(&hunt.pattern)?;
                anyhow::Ok(Task { pattern, spread: hunt.spread, saved: Some(hunt) })
            };
            make(library.into_iter().map(task).collect::<anyhow::Result<_>>()?, of, *all)
        }
        (None, Some(query)) => {
            let text = if query == "-" { from_standard_input()? } else { query.clone() };
            let pattern = Pattern::parse(&text).map_err(|error| anyhow::anyhow!("not a pattern: {error}"))?;
            make(vec![Task { saved: None, pattern, spread: None }], &hunting.of, false)
        }
        (None, None) => bail!("nothing to look for; give a pattern, or see `bastide hunt list`"),
    }
}

fn from_standard_input() -> anyhow::Result<String> {
    let mut text = String::new();
    // One byte more than is read as a pattern: then it is refused, rather than cut.
    let input = io::stdin().lock().take(TEXT_MAX as u64 + 1).read_to_string(&mut text);
    input.context("cannot read the pattern from standard input")?;
    Ok(text.trim_end().to_owned())
}

/// Makes hunts, tells the city of each, and answers. Of many, one that the city cannot answer without a plan is left out.
fn make(tasks: Vec<Task>, of: &Of, leave_out: bool) -> anyhow::Result<Verdict> {
    let (ground, kind) = open(of)?;
    let now = Timestamp::now();
    let (mut any, mut part) = (false, false);
    let mut answers = Vec::new();
    let mut seen = Vec::new();
    for task in &tasks {
        let name = task.saved.as_ref().map_or("the query", |hunt| hunt.name.as_str());
        task.pattern.notes().iter().for_each(warn_of);
        let sought = Sought::new(&task.pattern, ground.plan.is_some());
        if leave_out && !sought.unsupported.is_empty() {
            warn(format_args!("`{name}` is left out: {}", sought.unsupported.join("; ")));
            continue;
        }
        answerable(name, &sought)?;
        let found =
            found::search(&ground, task, &sought).with_context(|| format!("{name} could not be answered"))?;
        for why in sought.unsupported.iter().chain(&found.looked.damaged) {
            warn(format_args!("not looked for or at: {why}"));
        }
        any |= found.rows > 0;
        part |= !sought.unsupported.is_empty() || !found.looked.damaged.is_empty();
        let hunted = evidence::of(&ground, task, &found, evidence::hunter(), now)?;
        answers.push(say::answer(task, &sought, &found, &hunted, of.limit));
        seen.push(city::Observation {
            time: now,
            sensor: "bastide".into(),
            fact: city::Observed::Hunted(Box::new(hunted)),
        });
    }
    say::answers(&answers, of.format)?;
    match kind {
        Kind::Live => drop(crate::recovery::tell::tell(&of.state, ground.files.as_deref(), &seen)),
        _ => warn("this is no live city's state: the hunt was not entered in its records"),
    }
    if !any && part {
        bail!("nothing was found, but not everything could be searched: what could not stands above");
    }
    Ok(if any { Verdict::Bad } else { Verdict::Good })
}

/// Whether history tells anything of what is sought.
fn answerable(name: &str, sought: &Sought) -> anyhow::Result<()> {
    if sought.asks.is_empty() && sought.unsupported.is_empty() {
        bail!("history cannot answer {name}: no row of it tells all that is asked of one object");
    }
    if sought.asks.is_empty() {
        bail!("history cannot answer {name}: {}", sought.unsupported.join("; "));
    }
    Ok(())
}

fn warn_of(note: &Note) {
    // Paths are judged by what history keeps, and named there.
    if !matches!(note, Note::UnknownPath { .. }) {
        warn(crate::table::printable(&note.to_string()));
    }
}

/// Opens the state directory for reading, beside a running process if there is one, with the adopted plan.
fn open(of: &Of) -> anyhow::Result<(Ground, Kind)> {
    let now = Timestamp::now();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let (reader, files) = runtime.context("no runtime could be made")?.block_on(async {
        let reader = Reader::open(&of.state.directory()).await?;
        let files = past::plans(&reader.log).await?.last().map(past::files_of);
        anyhow::Ok((reader, files))
    })?;
    let plan = files.as_deref().and_then(|files| plan::check(files).plan);
    if files.is_some() && plan.is_none() {
        warn("this release finds errors in the adopted plan: nothing is known of zones");
    }
    let cores = of.threads.or_else(|| std::thread::available_parallelism().ok()).unwrap_or(NonZeroUsize::MIN);
    let from = of.since.map(|when| when.before(now)).transpose()?;
    let until = of.until.map(|when| when.before(now)).transpose()?;
    let ground = Ground { history: reader.history.clone(), plan, files, from, until, cores };
    Ok((ground, reader.kind()))
}

/// Where an address belongs, by the plan.
fn place(plan: &Plan, address: Address) -> Place {
    let zone = conduit::zone_of(plan, address);
    let services =
        plan.asset_at(address).map(|asset| asset.services.iter().map(ToString::to_string).collect());
    Place {
        zone: zone.map(|zone| zone.id.to_string()),
        outside: !conduit::is_inside(zone),
        services: services.unwrap_or_default(),
    }
}
