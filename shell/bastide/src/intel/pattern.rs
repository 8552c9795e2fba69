//! `bastide intel pattern`: whether a text is a STIX pattern, and whether observed data matches it.

use super::AnswerFormat;
use crate::{
    arguments::Format,
    failure::{self, Verdict},
    show::{self, Column, column},
};
use adapt::stix::{
    BadObservation, DOCUMENT_MAX, Document, ObservedData, Pattern, observed_data,
    pattern::{Budget, Match, Note, PatternError, TEXT_MAX, Undecided, evaluate},
};
use anyhow::{Context, anyhow, bail};
use clap::Args;
use serde::Serialize;
use serde_json::{Value, json};
use std::{
    fs,
    io::{self, BufWriter, Read, Write},
    path::{Path, PathBuf},
};

#[derive(Args, Debug)]
pub(crate) struct TryPattern {
    /// The pattern; `-` reads it from standard input
    #[arg(value_name = "PATTERN")]
    pattern: String,
    /// Files of STIX observed data: a bundle, an object, or a list of these; `-` is standard input. Without one the pattern
    /// is only checked, and printed in its canonical form
    #[arg(long, value_name = "FILE", num_args = 1..)]
    observed: Vec<PathBuf>,
    /// How to print the answer
    #[arg(long, value_enum, default_value_t = AnswerFormat::Table)]
    format: AnswerFormat,
}

const OBSERVATIONS: [Column; 4] = [
    column("Observed data", "id", "/id"),
    column("First", "first", "/first"),
    column("Last", "last", "/last"),
    column("Times", "count", "/count"),
];

/// What `--format json` prints. The names of the fields are stable.
#[derive(Serialize)]
struct Answer<'a> {
    /// The canonical form.
    pattern: Option<String>,
    /// `null` if that could not be decided; left out if nothing was given to match.
    #[serde(rename = "match", skip_serializing_if = "Option::is_none")]
    matches: Option<Option<bool>>,
    /// The ids of the observed data that matched.
    #[serde(skip_serializing_if = "Option::is_none")]
    observations: Option<Vec<&'a str>>,
    /// Paths that no object of STIX 2.1 has.
    unknown_paths: Vec<&'a str>,
    /// Everything to be known of the pattern, in words.
    notes: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Value>,
}

/// Answers in the format asked for.
pub(crate) fn run(command: &TryPattern) -> anyhow::Result<Verdict> {
    if command.pattern == "-" && command.observed.iter().any(|path| is_standard_input(path)) {
        bail!("standard input cannot be both the pattern and observed data; put one of them into a file");
    }
    let text = match command.pattern.as_str() {
        "-" => pattern_from_standard_input()?,
        text => text.to_owned(),
    };
    let pattern = match Pattern::parse(&text) {
        Ok(pattern) => pattern,
        Err(error) => return no_pattern(&text, &error, command.format),
    };
    let notes = pattern.notes();
    if command.observed.is_empty() {
        return say_pattern(&pattern, &notes, command.format);
    }
    let observed = read_observed(&command.observed)?;
    if observed.is_empty() {
        failure::warn("what was given holds no observed data (objects of the type `observed-data`)");
    }
    match evaluate(&pattern, &observed, Budget::default()) {
        Ok(found) => say_match(&pattern, &notes, &observed, found.as_ref(), command.format),
        Err(undecided) => say_undecided(&pattern, &notes, undecided, command.format),
    }
}

fn no_pattern(text: &str, error: &PatternError, format: AnswerFormat) -> anyhow::Result<Verdict> {
    let place = error.place;
    if format == AnswerFormat::Json {
        let error = json!({"kind": "not-a-pattern", "line": place.line, "column": place.column, "problem": error.problem});
        print_json(&Answer {
            pattern: None,
            matches: None,
            observations: None,
            unknown_paths: Vec::new(),
            notes: Vec::new(),
            error: Some(error),
        })?;
    }
    bail!("not a pattern: {error}{}", pointed_at(text, error))
}

/// The line that is meant, as far as it fits, and a mark beneath the place.
fn pointed_at(text: &str, error: &PatternError) -> String {
    /// How much is shown on either side.
    const SIDE: usize = 50;
    let at = |number: u32| usize::try_from(number.saturating_sub(1)).unwrap_or(0);
    let Some(line) = text.split('\n').nth(at(error.place.line)) else { return String::new() };
    let column = at(error.place.column);
    let from = column.saturating_sub(SIDE);
    let shown: String =
        line.chars().skip(from).take(2 * SIDE).map(|c| if c.is_control() { ' ' } else { c }).collect();
    format!("\n  | {}\n  | {}^", shown.trim_end(), " ".repeat(column - from))
}

fn say_pattern(pattern: &Pattern, notes: &[Note], format: AnswerFormat) -> anyhow::Result<Verdict> {
    match format {
        AnswerFormat::Json => print_json(&answer(pattern, notes, None, None))?,
        AnswerFormat::Table => {
            failure::say(show_line(&pattern.to_string()));
            warn_of(notes);
        }
    }
    Ok(Verdict::Good)
}

fn say_match(
    pattern: &Pattern,
    notes: &[Note],
    observed: &[ObservedData],
    found: Option<&Match>,
    format: AnswerFormat,
) -> anyhow::Result<Verdict> {
    let bound: Vec<&ObservedData> = found
        .into_iter()
        .flat_map(|found| &found.observations)
        .filter_map(|place| observed.get(*place))
        .collect();
    match format {
        AnswerFormat::Json => {
            let ids = bound.iter().map(|observed| observed.id()).collect();
            print_json(&answer(pattern, notes, Some(Some(found.is_some())), Some(ids)))?;
        }
        AnswerFormat::Table => {
            let mut out = BufWriter::new(io::stdout().lock());
            if found.is_some() {
                let row = |observed: &&ObservedData| json!({"id": observed.id(), "first": observed.first(), "last": observed.last(), "count": observed.count()});
                let rows = bound.iter().map(row).collect();
                show::rows(&mut out, &rows, &OBSERVATIONS, Format::Table)?;
            } else {
                let plural = if observed.len() == 1 { "" } else { "s" };
                writeln!(out, "No match in {} observation{plural}.", observed.len())?;
            }
            out.flush()?;
            warn_of(notes);
        }
    }
    Ok(if found.is_some() { Verdict::Good } else { Verdict::Bad })
}

fn say_undecided(
    pattern: &Pattern,
    notes: &[Note],
    undecided: Undecided,
    format: AnswerFormat,
) -> anyhow::Result<Verdict> {
    if format == AnswerFormat::Json {
        let kind = match undecided {
            Undecided::Unsupported(_) => "unsupported",
            Undecided::GaveUp { .. } => "gave-up",
        };
        let mut answer = answer(pattern, notes, Some(None), Some(Vec::new()));
        answer.error = Some(json!({"kind": kind, "problem": undecided.to_string()}));
        print_json(&answer)?;
    }
    Err(anyhow!(undecided).context("it is a pattern, but whether it matches could not be decided"))
}

fn answer<'a>(
    pattern: &Pattern,
    notes: &'a [Note],
    matches: Option<Option<bool>>,
    observations: Option<Vec<&'a str>>,
) -> Answer<'a> {
    let unknown_path = |note: &'a Note| match note {
        Note::UnknownPath { path, .. } => Some(path.as_str()),
        Note::NeverHolds { .. } | Note::Unsupported { .. } => None,
    };
    Answer {
        pattern: Some(pattern.to_string()),
        matches,
        observations,
        unknown_paths: notes.iter().filter_map(unknown_path).collect(),
        notes: notes.iter().map(ToString::to_string).collect(),
        error: None,
    }
}

fn print_json(answer: &Answer<'_>) -> anyhow::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    serde_json::to_writer_pretty(&mut out, answer)?;
    writeln!(out)?;
    out.flush()?;
    Ok(())
}

fn warn_of(notes: &[Note]) {
    notes.iter().for_each(|note| failure::warn(show_line(&note.to_string())));
}

/// Text of others must not move the cursor.
fn show_line(text: &str) -> String {
    crate::table::printable(text)
}

fn is_standard_input(path: &Path) -> bool {
    path.as_os_str() == "-"
}

fn pattern_from_standard_input() -> anyhow::Result<String> {
    let mut text = String::new();
    // One byte more than is read as a pattern: then it is refused, rather than cut.
    let most = TEXT_MAX as u64 + 1;
    io::stdin()
        .lock()
        .take(most)
        .read_to_string(&mut text)
        .context("cannot read the pattern from standard input")?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

fn read_observed(paths: &[PathBuf]) -> anyhow::Result<Vec<ObservedData>> {
    let mut documents = Vec::new();
    for path in paths {
        let name = if is_standard_input(path) {
            "standard input".to_owned()
        } else {
            format!("`{}`", path.display())
        };
        let mut bytes = Vec::new();
        let most = DOCUMENT_MAX as u64 + 1;
        let read = if is_standard_input(path) {
            io::stdin().lock().take(most).read_to_end(&mut bytes)
        } else {
            fs::File::open(path).and_then(|file| file.take(most).read_to_end(&mut bytes))
        };
        read.with_context(|| format!("cannot read observed data from {name}"))?;
        documents.push(Document::read(&bytes).with_context(|| format!("{name} is not STIX"))?);
    }
    observed_data(&documents).map_err(|error: BadObservation| {
        let what =
            "the observed data that was given cannot be used; correct it, or take it from where it was made";
        anyhow!(error).context(what)
    })
}
