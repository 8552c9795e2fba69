//! `bastide plan check`.

use super::{CheckFormat, read_folder};
use crate::failure::Verdict;
use ::plan::{Checked, Colours, Diagnostic, Place, Severity};
use serde::Serialize;
use std::{
    io::{self, BufWriter, IsTerminal, Write},
    path::Path,
};

pub(super) fn run(folder: &Path, format: CheckFormat) -> anyhow::Result<Verdict> {
    let checked = ::plan::check(&read_folder(folder)?);
    let stdout = io::stdout();
    let colours = if stdout.is_terminal() && std::env::var_os("NO_COLOR").is_none() {
        Colours::On
    } else {
        Colours::Off
    };
    let mut out = BufWriter::new(stdout.lock());
    match format {
        CheckFormat::Text => write_text(&mut out, &checked, colours)?,
        CheckFormat::Json => {
            serde_json::to_writer_pretty(&mut out, &Report::of(&checked))?;
            writeln!(out)?;
        }
    }
    out.flush()?;
    Ok(if checked.plan.is_some() { Verdict::Good } else { Verdict::Bad })
}

fn write_text(out: &mut impl Write, checked: &Checked, colours: Colours) -> io::Result<()> {
    for diagnostic in &checked.diagnostics {
        writeln!(out, "{}", diagnostic.render(colours))?;
    }
    let (errors, warnings) = (checked.count(Severity::Error), checked.count(Severity::Warning));
    match &checked.plan {
        Some(plan) => {
            write!(
                out,
                "The plan of {} holds: {}, {}, {}, {}",
                plan.settings().name,
                count(plan.services().len(), "service"),
                count(plan.zones().len(), "zone"),
                count(plan.conduits().len(), "conduit"),
                count(plan.assets().len(), "asset"),
            )?;
            if warnings > 0 {
                write!(out, "; {}", count(warnings, "warning"))?;
            }
            writeln!(out, ".")
        }
        None => {
            writeln!(out, "There is no plan: {}, {}.", count(errors, "error"), count(warnings, "warning"))
        }
    }
}

fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// What `--format json` prints. The names of the fields are stable.
#[derive(Serialize)]
struct Report<'a> {
    holds: bool,
    errors: usize,
    warnings: usize,
    diagnostics: Vec<Item<'a>>,
}

#[derive(Serialize)]
struct Item<'a> {
    severity: Severity,
    code: ::plan::Code,
    message: &'a str,
    help: Option<&'a str>,
    #[serde(flatten)]
    place: Option<Spot<'a>>,
    related: Vec<Aside<'a>>,
}

#[derive(Serialize)]
struct Spot<'a> {
    file: &'a str,
    line: usize,
    column: usize,
    /// The bytes of the text that are meant, behind a byte order mark.
    start: usize,
    end: usize,
}

#[derive(Serialize)]
struct Aside<'a> {
    message: &'a str,
    #[serde(flatten)]
    place: Spot<'a>,
}

impl<'a> Report<'a> {
    fn of(checked: &'a Checked) -> Report<'a> {
        Report {
            holds: checked.plan.is_some(),
            errors: checked.count(Severity::Error),
            warnings: checked.count(Severity::Warning),
            diagnostics: checked.diagnostics.iter().map(Item::of).collect(),
        }
    }
}

impl<'a> Item<'a> {
    fn of(diagnostic: &'a Diagnostic) -> Item<'a> {
        let related = diagnostic.related.iter();
        Item {
            severity: diagnostic.severity,
            code: diagnostic.code,
            message: &diagnostic.message,
            help: diagnostic.help.as_deref(),
            place: diagnostic.place.as_ref().map(Spot::of),
            related: related.map(|r| Aside { message: &r.message, place: Spot::of(&r.place) }).collect(),
        }
    }
}

impl<'a> Spot<'a> {
    fn of(place: &'a Place) -> Spot<'a> {
        let Place { file, span, line, column, .. } = place;
        Spot { file, line: *line, column: *column, start: span.start, end: span.end }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::plan::SourceFile;

    #[test]
    fn the_report_names_the_place() {
        let text = "[city]\nname = \"Wexcombe\"\ntime-zone = \"Europe/London\"\ncolour = 1\n";
        let checked = ::plan::check(&[SourceFile::new("city.toml", text)]);
        let report = serde_json::to_value(Report::of(&checked)).unwrap();
        let expected = serde_json::json!({
            "holds": false, "errors": 1, "warnings": 0,
            "diagnostics": [{
                "severity": "error", "code": "unknown-key", "message": "a city has no `colour`",
                "help": "its keys are name, time-zone, learning, silence",
                "file": "city.toml", "line": 4, "column": 1, "start": 53, "end": 59, "related": [],
            }],
        });
        assert_eq!(report, expected);
    }

    #[test]
    fn the_last_line_says_how_it_stands() {
        let city = "[city]\nname = \"Wexcombe\"\ntime-zone = \"Europe/London\"\n";
        for (text, last) in [
            (city, "The plan of Wexcombe holds: 0 services, 0 zones, 0 conduits, 0 assets."),
            ("", "There is no plan: 1 error, 0 warnings."),
        ] {
            let mut out = Vec::new();
            write_text(&mut out, &::plan::check(&[SourceFile::new("a.toml", text)]), Colours::Off).unwrap();
            assert_eq!(String::from_utf8(out).unwrap().lines().last(), Some(last));
        }
    }
}
