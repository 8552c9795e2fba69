//! `bastide recover run`: a way back that people are on, ticked off step by step.

use super::{
    arguments::{Form, Walk},
    known,
    words::{amount, time},
};
use crate::{
    failure::{Verdict, warn},
    plan::read_plan,
    table::{Table, printable},
};
use anyhow::{Context, bail};
use city::Text;
use jiff::{Timestamp, tz::TimeZone};
use plan::Plan;
use recover::{Hands, Lost, Measured, Progress, Run, Standing, StepId, Tick, TickState, checked_restoration};
use serde_json::json;
use std::{
    io::{self, BufWriter, Write},
    path::Path,
    process::Command,
};
use store::Runs;

/// Begins a run, ticks steps off, or shows how it stands.
pub(crate) fn run(command: &Walk) -> anyhow::Result<Verdict> {
    let of = &command.city;
    let plan = read_plan(&of.city)?;
    let runs = Runs::of(&of.state.directory());
    let now = Timestamp::now();
    let measured = known::measured(&of.state, &plan, now)?;
    let id = if command.lost.is_empty() {
        which(&runs, command)?
    } else {
        begin(&runs, &plan, &measured, &command.lost, now)?
    };
    if let Some(copy) = &command.merge {
        let new = runs.merge(&id, copy)?;
        warn(format_args!("took in {} from {}", amount(new, "tick", "ticks"), copy.display()));
    }
    let before = read(&runs, &id)?;
    let way = before.restoration(&plan, &measured)?;
    let by = command.by.clone().map_or_else(signed_in, Text::from);
    for (steps, state) in [
        (&command.begin, TickState::Begun),
        (&command.done, TickState::Done),
        (&command.skip, TickState::Skipped),
        (&command.failed, TickState::Failed),
        (&command.undo, TickState::Undone),
    ] {
        for step in steps {
            let step = StepId::from(step.as_str());
            if way.step(&step).is_none() {
                bail!("this run has no step `{step}`; `bastide recover run --id {id}` lists them");
            }
            let note = command.note.as_deref().map(Text::from);
            runs.tick(&id, &Tick { time: now, by: by.clone(), step, state, note })?;
        }
    }
    if let Some(step) = &command.execute {
        return execute(&runs, &id, &before, &plan, &measured, &StepId::from(step.as_str()), &by, command);
    }
    let run = read(&runs, &id)?;
    let progress = run.progress(&plan, &measured, Timestamp::now())?;
    let mut out = BufWriter::new(io::stdout().lock());
    match of.format {
        Form::Json => {
            let answer = json!({
                "run": id, "lost": run.lost, "started": run.started, "file": runs.path(&id)?, "progress": progress,
            });
            serde_json::to_writer_pretty(&mut out, &answer)?;
            writeln!(out)?;
        }
        Form::Table => show(&mut out, &plan, &id, &run, &progress, &runs.path(&id)?)?,
    }
    out.flush()?;
    Ok(Verdict::Good)
}

/// The run that is meant: the one named, or the latest.
fn which(runs: &Runs, command: &Walk) -> anyhow::Result<String> {
    match (&command.id, &command.merge) {
        (Some(id), _) => Ok(id.clone()),
        // A copy that came from elsewhere brings its name with it.
        (None, Some(copy)) => {
            let name = copy.file_stem().and_then(|name| name.to_str());
            Ok(name.with_context(|| format!("{} has no name to go by; say --id", copy.display()))?.to_owned())
        }
        (None, None) => {
            runs.list()?.into_iter().next().context(
                "no run was begun yet; say what is lost: `bastide recover run --lost WHAT --city DIR`",
            )
        }
    }
}

/// Begins a run, named after its moment in UTC.
fn begin(
    runs: &Runs,
    plan: &Plan,
    measured: &Measured,
    words: &[String],
    now: Timestamp,
) -> anyhow::Result<String> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let lost = Lost::parse(&words, plan)?;
    if lost.is_nothing() {
        bail!("nothing rests on that: no service is down, and nothing has to be replaced");
    }
    checked_restoration(plan, &lost, measured, now)?;
    let id = now.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d-%H%M%S").to_string();
    runs.begin(&id, &Run::new(&lost, now))?;
    Ok(id)
}

/// A run, with a word on what of it could not be read.
fn read(runs: &Runs, id: &str) -> anyhow::Result<Run> {
    let read = runs.read(id)?;
    if read.torn {
        warn(
            "the last tick was being written when the machine stopped, and is lost: look whether it is to be made again",
        );
    } else if !read.unread.is_empty() {
        warn(format_args!(
            "{} of the run's file cannot be read; what they said is not known",
            amount(read.unread.len(), "line", "lines")
        ));
    }
    Ok(read.run)
}

/// Shows what Bastide would run for a step; runs it if that was said, and ticks it off.
#[expect(clippy::too_many_arguments, reason = "one step of one run, by one person")]
fn execute(
    runs: &Runs,
    id: &str,
    run: &Run,
    plan: &Plan,
    measured: &Measured,
    step: &StepId,
    by: &Text,
    command: &Walk,
) -> anyhow::Result<Verdict> {
    let way = run.restoration(plan, measured)?;
    let found = way.step(step).with_context(|| format!("this run has no step `{step}`"))?;
    let Some(lines) = &found.run else {
        bail!("`{step}` is for people: no `run` block stands in its procedure");
    };
    println_lines(step, lines)?;
    if !command.yes {
        writeln!(io::stdout(), "\nNothing was run. To run it: add --yes.")?;
        return Ok(Verdict::Good);
    }
    let tick = |state, note: Option<String>| {
        let note = note.or_else(|| command.note.clone()).map(Text::from);
        runs.tick(id, &Tick { time: Timestamp::now(), by: by.clone(), step: step.clone(), state, note })
    };
    tick(TickState::Begun, None)?;
    let status = Command::new("sh")
        .args(["-eu", "-c", lines.as_str()])
        .current_dir(folder(&command.city.city))
        .status();
    match status {
        Ok(status) if status.success() => {
            tick(TickState::Done, None)?;
            writeln!(io::stdout(), "\n{step} is done.")?;
            Ok(Verdict::Good)
        }
        Ok(status) => {
            tick(TickState::Failed, Some(format!("ended with {status}")))?;
            writeln!(io::stdout(), "\n{step} did not succeed: {status}. It stays to be done.")?;
            Ok(Verdict::Bad)
        }
        Err(error) => {
            tick(TickState::Failed, Some(error.to_string()))?;
            Err(error).context("no shell could be started")
        }
    }
}

/// Where a procedure's lines run: in the plan's folder, so that they can name what lies beside them.
fn folder(city: &Path) -> &Path {
    if city.is_dir() { city } else { Path::new(".") }
}

fn println_lines(step: &StepId, lines: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{step} would run, in the plan's folder:\n")?;
    lines.lines().try_for_each(|line| writeln!(out, "  {}", printable(line)))
}

/// Whoever is signed in on this machine.
fn signed_in() -> Text {
    let name = ["SUDO_USER", "USER", "LOGNAME"].iter().filter_map(|name| std::env::var(name).ok());
    name.map(Text::from).find(|name| !name.is_empty()).unwrap_or_else(|| Text::const_new("command line"))
}

fn show(
    out: &mut impl Write,
    plan: &Plan,
    id: &str,
    run: &Run,
    progress: &Progress,
    file: &Path,
) -> io::Result<()> {
    let lost: Vec<&str> = run.lost.iter().map(Text::as_str).collect();
    writeln!(
        out,
        "Run {id} ({} lost): {} of {} done after {}; all is likely back after {}{}.",
        lost.join(", "),
        progress.done,
        amount(progress.of, "step", "steps"),
        time(progress.elapsed),
        time(progress.services.iter().map(|back| back.likely).max().unwrap_or(progress.end)),
        drift(progress)
    )?;
    writeln!(out, "\nServices:")?;
    let mut table = Table::new(&["service", "stands", "likely", "nine in ten by", "target"]);
    for service in &progress.services {
        let back = progress.back.contains(&service.service);
        table.row([
            service.name.to_string(),
            if back { "runs" } else { "down" }.to_owned(),
            time(service.likely),
            time(service.p90),
            service.target.map(|target| time(target.rto)).unwrap_or_default(),
        ]);
    }
    table.write(out)?;
    if !progress.next.is_empty() {
        writeln!(out, "\nCan begin now:")?;
        for doing in &progress.next {
            let who = hands(plan, &doing.hands);
            for step in &doing.steps {
                let what = progress.steps.iter().find(|one| one.id == *step).map(|one| one.what.as_str());
                let what = what.unwrap_or_default().lines().next().unwrap_or_default().to_owned();
                writeln!(out, "  {who}: {step}  {}", printable(&what))?;
            }
            if doing.waiting > 0 {
                writeln!(out, "  {who}: {} more when hands are free", doing.waiting)?;
            }
        }
    }
    let mut table = Table::new(&["", "from", "to", "who", "step", "by"]);
    for step in progress.steps.iter().filter(|step| !matches!(step.standing, Standing::Waiting)) {
        table.row([
            standing(step.standing, step.late).to_owned(),
            time(step.start),
            time(step.end),
            hands(plan, &step.hands),
            step.id.to_string(),
            step.by.as_ref().map(ToString::to_string).unwrap_or_default(),
        ]);
    }
    writeln!(out, "\nSteps begun, over or ready:")?;
    table.write(out)?;
    if progress.strange_times > 0 {
        writeln!(
            out,
            "\n{} a time that cannot be: some clock is wrong.",
            amount(progress.strange_times, "tick bears", "ticks bear")
        )?;
    }
    writeln!(out, "\nThe run is kept in {}", file.display())
}

fn drift(progress: &Progress) -> String {
    let late = progress.end.saturating_sub(progress.planned_end);
    match late.as_secs() {
        60.. => format!(", {} later than planned", time(late)),
        ..=-60 => format!(", {} sooner than planned", time(late.abs())),
        _ => String::new(),
    }
}

fn hands(plan: &Plan, hands: &Hands) -> String {
    match hands {
        Hands::Crew(crew) => plan.crew(crew).map_or_else(|| crew.to_string(), |crew| crew.name.to_string()),
        Hands::Anyone => "anyone".to_owned(),
        Hands::Nobody => "nobody".to_owned(),
    }
}

fn standing(standing: Standing, late: bool) -> &'static str {
    match (standing, late) {
        (Standing::Begun, true) => "begun, late",
        (Standing::Begun, false) => "begun",
        (Standing::Done, _) => "done",
        (Standing::Failed, _) => "failed",
        (Standing::Ready, true) => "ready, late",
        (Standing::Ready, false) => "ready",
        (Standing::Skipped, _) => "skipped",
        (Standing::Waiting, _) => "waits",
    }
}
