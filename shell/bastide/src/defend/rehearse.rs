//! `bastide defend rehearse`: a new plan against recorded traffic.

use super::show;
use crate::{
    arguments::State,
    failure::{Verdict, warn},
    past,
    plan::read_folder,
    reading::{Purpose, Reading, cores},
};
use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use defend::rehearsal::{Answer, Line, Rehearsal, propose, unknown_id};
use jiff::{SignedDuration, Span, SpanRelativeTo};
use plan::{Plan, SourceFile};
use std::{
    ffi::OsString,
    io::{self, BufWriter, Write},
    num::NonZeroUsize,
    path::{Path, PathBuf},
};
use store::Reader;

#[derive(Args, Debug)]
pub(crate) struct Rehearse {
    /// The folder of the new plan
    #[arg(long, value_name = "DIR")]
    plan: PathBuf,
    /// The folder of the plan of now; with a state directory, the plan adopted there if left out
    #[arg(long, value_name = "DIR")]
    city: Option<PathBuf>,
    #[command(flatten)]
    state: State,
    /// Captures to rehearse against instead of a state directory
    #[arg(long, value_name = "FILE", num_args = 1..)]
    capture: Vec<OsString>,
    /// How far back to look from the last record: `30d`, `12h`; all there is if left out. Captures are taken whole
    #[arg(long, value_name = "TIME", value_parser = time_back, conflicts_with = "capture")]
    since: Option<SignedDuration>,
    /// How many cores read history; all if left out. The answer is the same for any number
    #[arg(long, value_name = "NUMBER")]
    threads: Option<NonZeroUsize>,
    /// Print a patch of the new plan that would allow what ran and would be refused, but for what is outside the plan of
    /// now already; no file is changed
    #[arg(long)]
    propose: bool,
    /// Print a patch that would allow these lines and no others
    #[arg(long, value_name = "ID", num_args = 1.., value_delimiter = ',')]
    amend: Vec<String>,
    /// How to print the answer
    #[arg(long, value_enum, default_value_t = RehearsalFormat::Table)]
    format: RehearsalFormat,
}

/// How the answer is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum RehearsalFormat {
    /// For people
    Table,
    /// One JSON object with stable field names
    Json,
}

/// A length of time, with days of 24 hours.
fn time_back(text: &str) -> Result<SignedDuration, String> {
    let span: Span = text.parse().map_err(|_| "write it as `30d` or `12h`".to_owned())?;
    let length = span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|error| error.to_string())?;
    if length.is_positive() { Ok(length) } else { Err("it must be longer than nothing".to_owned()) }
}

/// Rehearses, and shows the answer or the patch.
pub(crate) fn run(command: &Rehearse) -> anyhow::Result<Verdict> {
    let files = read_folder(&command.plan)?;
    let new = checked(&files, &command.plan)?;
    let given = match &command.city {
        Some(folder) => Some(checked(&read_folder(folder)?, folder)?),
        None => None,
    };
    let (answer, notes) = if command.capture.is_empty() {
        recorded(command, given, &new)?
    } else {
        (captured(command, given.as_ref(), &new)?, Vec::new())
    };
    notes.iter().for_each(warn);
    let mut out = BufWriter::new(io::stdout().lock());
    if command.propose || !command.amend.is_empty() {
        out.write_all(patch(&command.plan, &files, &answer, &command.amend)?.as_bytes())?;
    } else {
        match command.format {
            RehearsalFormat::Json => {
                serde_json::to_writer_pretty(&mut out, &answer)?;
                writeln!(out)?;
            }
            RehearsalFormat::Table => show::write(&mut out, &new, &answer, command.since)?,
        }
    }
    out.flush()?;
    Ok(if answer.would_refuse() { Verdict::Bad } else { Verdict::Good })
}

/// The plan of a folder, if it has no errors.
fn checked(files: &[SourceFile], folder: &Path) -> anyhow::Result<Plan> {
    match plan::check(files).plan {
        Some(plan) => Ok(plan),
        None => bail!(
            "the plan in {} has errors; `bastide plan check {}` shows them",
            folder.display(),
            folder.display()
        ),
    }
}

/// Rehearses against the history of a state directory, beside the process that may have it open.
fn recorded(command: &Rehearse, given: Option<Plan>, new: &Plan) -> anyhow::Result<(Answer, Vec<String>)> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("no runtime could be made")?;
    let directory = command.state.directory();
    let (reader, plans) = runtime.block_on(async {
        let reader = Reader::open(&directory).await?;
        let plans = past::plans(&reader.log).await?;
        anyhow::Ok((reader, plans))
    })?;
    let adopted = || plans.last().and_then(|record| plan::check(&past::files_of(record)).plan);
    let old = given.or_else(adopted);
    let mut notes = Vec::new();
    if old.is_none() {
        notes.push("there is no plan of now to compare with; `--city` gives one".to_owned());
    }
    let threads = command.threads.unwrap_or_else(cores);
    let (answer, damaged) = console::rehearse(&reader.history, old.as_ref(), new, command.since, threads)?;
    notes.extend(damaged);
    Ok((answer, notes))
}

/// Rehearses against captures, by the path that every capture takes.
fn captured(command: &Rehearse, old: Option<&Plan>, new: &Plan) -> anyhow::Result<Answer> {
    let mut rehearsal = Rehearsal::new(old, new);
    Reading::open(&command.capture, Purpose::City)?.with_progress().read(
        |_| (),
        |observations| {
            observations.iter().for_each(|observation| rehearsal.see(observation));
            Ok(())
        },
    )?;
    Ok(rehearsal.answer())
}

/// The patch that would allow the lines named; or, where none is named, everything that the new plan would refuse or
/// find and the plan of now does not. What is outside the plan of now may be an attack: that is allowed only by its name.
fn patch(folder: &Path, files: &[SourceFile], answer: &Answer, amended: &[String]) -> anyhow::Result<String> {
    if let Some(unknown) = unknown_id(answer, amended.iter().map(String::as_str)) {
        bail!("no line of this rehearsal has the id `{unknown}`; `--format json` shows all of them");
    }
    let wanted = |line: &Line| {
        if amended.is_empty() { line.is_change() } else { amended.iter().any(|id| *id == line.id) }
    };
    let left = answer.against().filter(|line| line.ran && !wanted(line)).count();
    if amended.is_empty() && left > 0 {
        warn(format_args!(
            "{left} lines that are outside the plan of now too are not in the patch; `--amend ID` puts one in"
        ));
    }
    let Ok(proposal) = propose(files, answer, wanted) else {
        bail!(
            "the plan in {} would have errors with these additions; add them by hand, as `--format json` shows them",
            folder.display()
        );
    };
    proposal.left_out.iter().for_each(warn);
    Ok(proposal.patch)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_back_is_a_length() {
        assert_eq!(time_back("30d"), Ok(SignedDuration::from_hours(720)));
        assert_eq!(time_back("12h"), Ok(SignedDuration::from_hours(12)));
        for wrong in ["30", "yesterday", "-3d", "0d"] {
            assert!(time_back(wrong).is_err(), "{wrong}");
        }
    }
}
