//! `bastide lesson` and `notice`: what an incident teaches, tried on what was recorded, and what others are told of it.

use crate::{
    arguments::State,
    failure::{Verdict, warn},
    plan::read_folder,
    reading::cores,
    socket, state,
    table::Table,
};
use adapt::lesson::{Asked, Proposal, propose};
use anyhow::{Context, bail};
use city::{Address, Incident, Narrowing, Observation, Observed};
use clap::{Args, Subcommand, ValueEnum};
use defend::rehearsal::{Answer, End, Line};
use jiff::SignedDuration;
use plan::{Plan, SourceFile, narrow, unified};
use serde_json::json;
use std::{
    collections::BTreeSet,
    io::{self, BufWriter, Write},
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::Arc,
};
use store::{Addresses, Condition, Question, Reader, Texts};

/// How long before its beginning and after its last an incident's traffic is looked at.
const AROUND: SignedDuration = SignedDuration::from_hours(1);

/// The most lines of a rehearsal that are shown.
const LINES_MAX: usize = 12;

/// What can be learned from an incident.
#[derive(Debug, Subcommand)]
pub(crate) enum LessonCommand {
    /// Propose what the plan shall no longer allow, from the incident's own traffic, and rehearse it
    #[command(
        after_help = "Exit code 0 if there is something to propose, 1 if there is nothing. No file is changed."
    )]
    Propose {
        /// The incident's number
        number: u64,
        /// The folder of the plan
        #[arg(long, value_name = "DIR")]
        city: PathBuf,
        #[command(flatten)]
        state: State,
        /// How to print the answer
        #[arg(long, value_enum, default_value_t = LessonFormat::Table)]
        format: LessonFormat,
    },
    /// Write down what was learned; it is done once the plan in force holds it
    Note {
        /// The incident's number
        number: u64,
        /// What made it possible
        #[arg(long, value_name = "TEXT")]
        cause: String,
        /// What else contributed; may be given several times
        #[arg(long, value_name = "TEXT")]
        factor: Vec<String>,
        /// What the plan shall no longer allow, such as `internet to pumps: modbus write`; may be given several times
        #[arg(long, value_name = "CHANGE")]
        change: Vec<Narrowing>,
        #[command(flatten)]
        state: State,
    },
}

/// How a proposal is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LessonFormat {
    /// For people
    Table,
    /// One JSON object with stable field names
    Json,
    /// The change of the plan alone, as a patch
    Patch,
}

/// A notice of an incident, drafted from what is on record.
#[derive(Args, Debug)]
pub(crate) struct Notice {
    /// The incident's number
    number: u64,
    /// Which notice
    #[arg(long, value_enum, default_value_t = NoticeKind::First)]
    kind: NoticeKind,
    #[command(flatten)]
    state: State,
    /// How to print it
    #[arg(long, value_enum, default_value_t = NoticeFormat::Markdown)]
    format: NoticeFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum NoticeKind {
    /// Due within 24 hours of becoming aware
    First,
    /// Due within 72 hours
    Full,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum NoticeFormat {
    /// Markdown
    Markdown,
    /// A page that asks for nothing from elsewhere
    Html,
    /// One JSON object with stable field names
    Json,
}

/// Runs `bastide lesson`.
pub(crate) fn run(command: &LessonCommand) -> anyhow::Result<Verdict> {
    match command {
        LessonCommand::Propose { number, city, state, format } => {
            propose_lesson(*number, city, &state.directory(), *format)
        }
        LessonCommand::Note { number, cause, factor, change, state } => {
            let changes: Vec<String> = change.iter().map(ToString::to_string).collect();
            let said = json!({ "act": "learn", "text": cause, "factors": factor, "changes": changes });
            let state = state.directory();
            let path = format!("/api/v1/incidents/{number}");
            if socket::post(&state, &path, &said)?.is_none() {
                bail!("no process watches the city of `{}`; start one with `bastide run`", state.display());
            }
            writeln!(io::stdout().lock(), "Written down. It is done once the plan in force holds it.")?;
            Ok(Verdict::Good)
        }
    }
}

/// Runs `bastide notice`.
pub(crate) fn notice(command: &Notice) -> anyhow::Result<Verdict> {
    let kind = if command.kind == NoticeKind::First { "first" } else { "full" };
    let notice = state::notice(&command.state.directory(), command.number, kind)?;
    let mut out = BufWriter::new(io::stdout().lock());
    let text = |pointer| notice.pointer(pointer).and_then(serde_json::Value::as_str).unwrap_or_default();
    match command.format {
        NoticeFormat::Markdown => out.write_all(text("/markdown").as_bytes())?,
        NoticeFormat::Html => out.write_all(text("/html").as_bytes())?,
        NoticeFormat::Json => {
            serde_json::to_writer_pretty(&mut out, &notice)?;
            writeln!(out)?;
        }
    }
    out.flush()?;
    Ok(Verdict::Good)
}

/// What was proposed, and what came of trying it.
struct Tried {
    proposal: Proposal,
    /// How much of the incident's traffic the new plan would allow still.
    allowed_still: usize,
    patch: String,
    answer: Answer,
}

fn propose_lesson(number: u64, folder: &Path, state: &Path, format: LessonFormat) -> anyhow::Result<Verdict> {
    let city = state::read(state)?;
    let incident = city
        .incident(number)
        .cloned()
        .with_context(|| format!("there is no incident {number} in this city, or it is no longer kept"))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let reader = runtime.block_on(Reader::open(state))?;
    let asked = traffic(&reader, &incident)?;
    let files = read_folder(folder)?;
    let old = checked(&files, folder)?;
    let proposal = propose(&old, asked.iter().copied());
    let changed = narrow(&files, &proposal.narrow);
    let new = checked(&changed, folder)?;
    let still = propose(&new, asked.iter().copied());
    let (answer, damaged) = console::rehearse(&reader.history, Some(&old), &new, None, cores())?;
    damaged.iter().for_each(warn);
    let patch: String =
        files.iter().zip(&changed).map(|(a, b)| unified(a.path(), a.text(), b.text())).collect();
    let allowed_still = still.narrow.len();
    let tried = Tried { proposal, allowed_still, patch, answer };
    let mut out = BufWriter::new(io::stdout().lock());
    match format {
        LessonFormat::Patch => out.write_all(tried.patch.as_bytes())?,
        LessonFormat::Json => write_json(&mut out, &incident, &asked, &tried)?,
        LessonFormat::Table => write_table(&mut out, &incident, &asked, &tried)?,
    }
    out.flush()?;
    Ok(if tried.proposal.narrow.is_empty() { Verdict::Bad } else { Verdict::Good })
}

/// What was asked between the incident's devices and places while it went on.
fn traffic(reader: &Reader, incident: &Incident) -> anyhow::Result<Vec<Asked>> {
    let addresses: BTreeSet<Address> =
        incident.addresses.iter().copied().filter(|address| address.ip().is_some()).collect();
    let set = Texts::Addresses(Arc::new(Addresses::new(addresses.iter().copied(), [])));
    let table = store::Table::Requests;
    let question = Question {
        from: Some(incident.began.saturating_sub(AROUND).unwrap_or(incident.began)),
        until: Some(incident.last.saturating_add(AROUND).unwrap_or(incident.last)),
        condition: Condition::either_end(table, &set),
        ..Question::new(table, usize::MAX)
    };
    // Of one device alone, nothing tells whose traffic was bad.
    if addresses.len() < 2 {
        return Ok(Vec::new());
    }
    let (found, _) = reader.history.search(
        &question,
        cores(),
        Vec::new,
        |asked: &mut Vec<Asked>, Observation { fact, .. }| {
            if let Observed::Request(request) = fact
                && let Some(protocol) = request.flow.protocol
            {
                let flow = request.conversation();
                if addresses.contains(&flow.source) && addresses.contains(&flow.destination) {
                    asked.push(Asked { flow, protocol, verb: request.verb });
                }
            }
            ControlFlow::Continue(())
        },
    )?;
    Ok(found.into_iter().flatten().collect())
}

/// The plan of a folder's files.
pub(crate) fn checked(files: &[SourceFile], folder: &Path) -> anyhow::Result<Plan> {
    plan::check(files).plan.with_context(|| {
        format!("the plan in {0} has errors; `bastide plan check {0}` shows them", folder.display())
    })
}

/// What the new plan would refuse or find that the plan of now allows, and whether it is the incident's own traffic.
fn lines<'a>(incident: &'a Incident, answer: &'a Answer) -> impl Iterator<Item = (bool, &'a Line)> {
    let own = |line: &Line| {
        let is = |end: &End| end.address.parse().is_ok_and(|address| incident.addresses.contains(&address));
        is(&line.from) && is(&line.to)
    };
    answer
        .refused
        .iter()
        .chain(&answer.watched)
        .filter(|line| line.is_change())
        .map(move |line| (own(line), line))
}

fn write_table(out: &mut impl Write, incident: &Incident, asked: &[Asked], tried: &Tried) -> io::Result<()> {
    let Proposal { narrow, outside, by_port, within } = &tried.proposal;
    writeln!(out, "Incident {}: {}", incident.number, incident.title)?;
    if asked.is_empty() {
        return writeln!(
            out,
            "Nothing is recorded that was asked between two devices of it, so that there is nothing to take out of the plan."
        );
    }
    writeln!(out, "{} requests between its devices are recorded.", asked.len())?;
    for (count, what) in [
        (
            outside,
            "were allowed by no conduit: a firewall that enforces the plan stops them, and no other plan is needed",
        ),
        (
            by_port,
            "are allowed by a port, behind which nothing is looked at: name the protocol's verbs instead",
        ),
        (within, "stayed within one zone, where no conduit stands between: divide the zone"),
    ] {
        if *count > 0 {
            writeln!(out, "{count} {what}.")?;
        }
    }
    if narrow.is_empty() {
        return writeln!(out, "There is nothing to take out of the plan.");
    }
    writeln!(out, "\nThe plan allowed the rest. It could do without:")?;
    for narrowing in narrow {
        writeln!(out, "  {narrowing}")?;
    }
    writeln!(out, "\n{}", tried.patch)?;
    let (own, others): (Vec<_>, Vec<_>) = lines(incident, &tried.answer).partition(|(own, _)| *own);
    let stopped = if tried.allowed_still == 0 { "all" } else { "part" };
    writeln!(
        out,
        "Rehearsed on what is recorded: it would have refused or found {stopped} of the incident ({} kinds of traffic)",
        own.len()
    )?;
    if others.is_empty() {
        return writeln!(out, "and nothing else.");
    }
    writeln!(out, "and {} kinds of traffic of others:", others.len())?;
    let mut table = Table::new(&["from", "to", "what", "times", "services"]);
    for (_, line) in others.iter().take(LINES_MAX) {
        let services: Vec<&str> = line.services.iter().map(|id| id.as_str()).collect();
        let verbs: Vec<&str> = line.verbs.iter().map(|verb| verb.as_str()).collect();
        let protocols: Vec<&str> = line.protocols.iter().map(|protocol| protocol.as_str()).collect();
        table.row([
            line.from.name.to_string(),
            line.to.name.to_string(),
            format!("{} {}", protocols.join(", "), verbs.join(", ")),
            (line.conversations + line.requests).to_string(),
            services.join(", "),
        ]);
    }
    table.write(out)?;
    if others.len() > LINES_MAX {
        writeln!(out, "and {} more; `--format json` shows all", others.len() - LINES_MAX)?;
    }
    Ok(())
}

fn write_json(
    out: &mut impl Write,
    incident: &Incident,
    asked: &[Asked],
    tried: &Tried,
) -> anyhow::Result<()> {
    let Proposal { narrow, outside, by_port, within } = &tried.proposal;
    let (own, others): (Vec<_>, Vec<_>) = lines(incident, &tried.answer).partition(|(own, _)| *own);
    let only =
        |lines: Vec<(bool, &Line)>| lines.into_iter().map(|(_, line)| line.clone()).collect::<Vec<_>>();
    let answer = json!({
        "incident": incident.number,
        "requests": asked.len(),
        "outside_every_conduit": outside,
        "allowed_by_port": by_port,
        "within_one_zone": within,
        "changes": narrow.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "patch": tried.patch,
        "stops_all": tried.allowed_still == 0,
        "stopped": only(own),
        "hurt": only(others),
    });
    serde_json::to_writer_pretty(&mut *out, &answer)?;
    Ok(writeln!(out)?)
}
