//! Written procedures: the steps of a Markdown file.
//!
//! The numbered items that stand at its left edge are the steps; everything until the next one belongs to a step, nested
//! lists and blocks included. The first paragraph of a step may end with how long it takes, who does it, or both:
//! `(30m, servers)`. A fenced block `run` in a step is what Bastide can do; other blocks are part of the text. What
//! stands before the first step is the introduction.

mod ending;

use crate::{
    diagnostic::{Code, Flaw},
    render::is_unsafe,
    source::At,
    tree::Reading,
};
use city::CrewId;
use ending::{Ending, read_ending};
use jiff::SignedDuration;
use std::ops::Range;

/// The longest procedure, in bytes: a hundred pages.
const BYTES_MAX: usize = 256 << 10;

/// The most steps of one.
const STEPS_MAX: usize = 500;

/// How far something must be indented to belong to a step. Markdown wants it as far as the step's text, which is more;
/// who indents less means the same.
const INDENT_MIN: usize = 2;

/// What a procedure's file says.
#[derive(Debug, Default)]
pub(crate) struct Written {
    /// The file's path within the plan's folder.
    pub file: String,
    pub introduction: String,
    pub steps: Vec<WrittenStep>,
}

/// One step.
#[derive(Debug)]
pub(crate) struct WrittenStep {
    pub text: String,
    pub takes: Option<SignedDuration>,
    pub crew: Option<At<CrewId>>,
    pub run: Option<String>,
    /// The line where it stands, from 1.
    pub line: usize,
}

/// A line of text, and where it begins in the file.
#[derive(Clone, Copy)]
struct Line<'a> {
    at: usize,
    text: &'a str,
}

impl Line<'_> {
    fn bytes(self) -> Range<usize> {
        let lead = self.text.len() - self.text.trim_start().len();
        self.at + lead..self.at + self.text.trim_end().len()
    }
}

/// A step while it is read.
struct Open<'a> {
    line: usize,
    header: Range<usize>,
    /// The column at which its text begins.
    indent: usize,
    text: Vec<Line<'a>>,
    run: Vec<Line<'a>>,
    has_run: bool,
}

/// A fenced block that is not closed yet.
struct Fence {
    mark: char,
    length: usize,
    opening: Range<usize>,
    run: bool,
}

/// Reads a procedure's file; what is wrong with it becomes flaws.
pub(crate) fn read_procedure(reading: &mut Reading<'_>) -> Written {
    let mut written = Written::default();
    let text = reading.text;
    if text.len() > BYTES_MAX {
        let why = format!("a procedure may have {} KB, and this has {}", BYTES_MAX >> 10, text.len() >> 10);
        let flaw = Flaw::error(Code::OutOfRange, reading.span(0..0), why);
        reading.flaws.push(flaw.help("divide it: nobody follows one as long as this"));
        return written;
    }
    if let Some((at, c)) =
        text.char_indices().find(|(_, c)| is_unsafe(*c) && !matches!(c, '\n' | '\r' | '\t'))
    {
        let why = "here stands a character that is not seen, and may show other text than what is run";
        let flaw = Flaw::error(Code::Procedure, reading.span(at..at + c.len_utf8()), why);
        reading.flaws.push(flaw.help("take it out"));
    }
    let mut introduction: Vec<Line<'_>> = Vec::new();
    let mut step: Option<Open<'_>> = None;
    let mut fence: Option<Fence> = None;
    let mut at = 0;
    for (number, whole) in (1..).zip(text.split_inclusive('\n')) {
        let line = Line { at, text: whole.trim_end_matches(['\n', '\r']) };
        at += whole.len();
        let (indent, body) = indentation(line.text);
        if let Some(open) = &fence {
            let closes = open.closed_by(body);
            let is_run = open.run;
            match &mut step {
                Some(step) if is_run && !closes => step.run.push(line),
                Some(step) if !is_run => step.text.push(line),
                None if !is_run => introduction.push(line),
                _ => {}
            }
            if closes {
                fence = None;
            }
            continue;
        }
        let nested = step.as_ref().map_or(4, |step| step.indent.min(4));
        let follows_text = step.is_none()
            && introduction
                .last()
                .is_some_and(|line| !line.text.trim().is_empty() && !line.text.starts_with('#'));
        if let Some(marker) =
            marker(body).filter(|marker| indent < nested && (marker.is_first || !follows_text))
        {
            close(step.take(), &mut written, reading);
            let begin = line.text.len() - body.len() + marker.length;
            let text = Line { at: line.at + begin, text: line.text.get(begin..).unwrap_or_default() };
            step = Some(Open {
                line: number,
                header: line.bytes(),
                indent: indent + marker.length,
                text: vec![text],
                run: Vec::new(),
                has_run: false,
            });
            if let Some(open) = Fence::opened_by(text.text.trim_start(), text.bytes()) {
                open_fence(open, true, &mut step, &mut introduction, text, &mut fence, reading);
            }
            continue;
        }
        match Fence::opened_by(body, line.bytes()) {
            Some(open) => {
                let within = indent >= INDENT_MIN;
                open_fence(open, within, &mut step, &mut introduction, line, &mut fence, reading);
            }
            None => match &mut step {
                Some(step) => step.text.push(line),
                None => introduction.push(line),
            },
        }
    }
    let unclosed = fence.is_some();
    if let Some(fence) = fence {
        let flaw = Flaw::error(Code::Procedure, reading.span(fence.opening), "this block is never closed");
        let mark: String = std::iter::repeat_n(fence.mark, fence.length).collect();
        reading.flaws.push(flaw.help(format!("write {mark} on a line of its own where it ends")));
    }
    close(step, &mut written, reading);
    if written.steps.is_empty() && !unclosed {
        let flaw = Flaw::error(Code::Procedure, reading.span(0..0), "this procedure has no steps");
        reading
            .flaws
            .push(flaw.help("write them as a numbered list: a line that begins with `1. `, and so on"));
    }
    if let Some(step) = written.steps.get(STEPS_MAX) {
        let why = format!("a procedure may have {STEPS_MAX} steps, and here begins another");
        let at = step.line;
        let flaw = Flaw::error(Code::OutOfRange, reading.span(line_start(text, at)), why);
        reading.flaws.push(flaw.help("divide it: nobody follows one as long as this"));
        written.steps.truncate(STEPS_MAX);
    }
    written.introduction = join(&introduction, 0);
    written
}

/// The empty range at the beginning of a line, from 1.
fn line_start(text: &str, line: usize) -> Range<usize> {
    let start = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    start..start
}

/// Begins a fenced block. A `run` block outside of a step is a flaw, and its lines are passed over.
fn open_fence<'a>(
    open: Fence,
    within: bool,
    step: &mut Option<Open<'a>>,
    introduction: &mut Vec<Line<'a>>,
    line: Line<'a>,
    fence: &mut Option<Fence>,
    reading: &mut Reading<'_>,
) {
    match step {
        Some(step) if open.run && within => {
            // The line that begins a step may be the block's first; it is then no text.
            step.text.retain(|text| text.at != line.at);
            // One empty line before and one behind it would be two without it.
            step.text.pop_if(|text| text.text.trim().is_empty());
            if step.has_run {
                let flaw = Flaw::error(
                    Code::Procedure,
                    reading.span(open.opening.clone()),
                    "the step has a second `run` block",
                );
                reading.flaws.push(flaw.help("make it a step of its own: each is shown and confirmed alone"));
            }
            step.has_run = true;
        }
        _ if open.run => {
            let why = "a `run` block stands outside of a step";
            let flaw = Flaw::error(Code::Procedure, reading.span(open.opening.clone()), why);
            let help = "indent it as far as the text of the step that it belongs to";
            reading.flaws.push(flaw.help(help));
        }
        Some(step) if step.text.last().is_some_and(|text| text.at == line.at) => {}
        Some(step) => step.text.push(line),
        None => introduction.push(line),
    }
    *fence = Some(open);
}

impl Fence {
    fn opened_by(body: &str, opening: Range<usize>) -> Option<Fence> {
        let mark = body.chars().next().filter(|c| matches!(c, '`' | '~'))?;
        let rest = body.trim_start_matches(mark);
        let length = body.len() - rest.len();
        if length < 3 || (mark == '`' && rest.contains('`')) {
            return None;
        }
        let run = rest.split_whitespace().next().is_some_and(|word| word.eq_ignore_ascii_case("run"));
        Some(Fence { mark, length, opening, run })
    }

    fn closed_by(&self, body: &str) -> bool {
        let rest = body.trim_start_matches(self.mark);
        body.len() - rest.len() >= self.length && rest.trim().is_empty()
    }
}

/// The marker of a numbered item.
struct Marker {
    /// Its bytes, with the space behind it.
    length: usize,
    /// Whether its number is 1: in the middle of a paragraph, another is a number and no item (CommonMark 5.3).
    is_first: bool,
}

fn marker(body: &str) -> Option<Marker> {
    let digits = body.bytes().take_while(u8::is_ascii_digit).count();
    if digits == 0 || digits > 9 {
        return None;
    }
    let rest = body.get(digits..)?.strip_prefix(['.', ')'])?;
    let text = rest.trim_start_matches([' ', '\t']);
    let space = rest.len() - text.len();
    if space == 0 && !text.is_empty() {
        return None;
    }
    // More than four spaces begin code within the item.
    let space = if space > 4 || text.is_empty() { space.min(1) } else { space };
    Some(Marker {
        length: digits + 1 + space,
        is_first: body.get(..digits).is_some_and(|n| n.parse() == Ok(1)),
    })
}

/// How many columns a line is indented, and what stands there.
fn indentation(line: &str) -> (usize, &str) {
    let body = line.trim_start_matches([' ', '\t']);
    let lead = line.get(..line.len() - body.len()).unwrap_or_default();
    let columns = lead.bytes().fold(0, |column, b| if b == b'\t' { column / 4 * 4 + 4 } else { column + 1 });
    (columns, body)
}

/// A line without so many columns of indentation, or as many as it has.
fn outdented(line: &str, columns: usize) -> &str {
    let (mut column, mut at) = (0, 0);
    for b in line.bytes() {
        let next = match b {
            b' ' => column + 1,
            b'\t' => column / 4 * 4 + 4,
            _ => break,
        };
        if next > columns {
            break;
        }
        (column, at) = (next, at + 1);
    }
    line.get(at..).unwrap_or_default()
}

fn join(lines: &[Line<'_>], indent: usize) -> String {
    let lines: Vec<&str> = lines.iter().map(|line| outdented(line.text, indent).trim_end()).collect();
    lines.join("\n").trim_matches('\n').to_owned()
}

/// Ends a step.
fn close(step: Option<Open<'_>>, written: &mut Written, reading: &mut Reading<'_>) {
    let Some(mut step) = step else { return };
    let mut found = Ending::default();
    if let Some(last) = last_of_paragraph(&step.text)
        && let Some(line) = step.text.get_mut(last)
        && let Some(bracket) = read_ending(*line, reading)
    {
        line.text = line.text.get(..bracket.begin).unwrap_or_default();
        found = bracket;
    }
    let text = join(&step.text, step.indent);
    if text.trim().is_empty() {
        let flaw = Flaw::error(Code::Procedure, reading.span(step.header.clone()), "the step says nothing");
        reading.flaws.push(flaw.help("write what is to be done, also where Bastide can do it"));
    }
    let run = step.has_run.then(|| dedented(&step.run));
    if run.as_ref().is_some_and(|run| run.trim().is_empty()) {
        let flaw = Flaw::error(Code::Procedure, reading.span(step.header), "the step's `run` block is empty");
        reading.flaws.push(flaw.help("write the lines that are to be run, or take the block out"));
    }
    written.steps.push(WrittenStep { text, takes: found.takes, crew: found.crew, run, line: step.line });
}

/// The last line of a step's first paragraph.
fn last_of_paragraph(lines: &[Line<'_>]) -> Option<usize> {
    let begins_other = |line: &Line<'_>| {
        let body = line.text.trim_start();
        let is_item =
            marker(body).is_some() || ["- ", "* ", "+ "].iter().any(|bullet| body.starts_with(bullet));
        body.is_empty() || body.starts_with('#') || is_item || Fence::opened_by(body, 0..0).is_some()
    };
    let end = lines.iter().skip(1).position(begins_other).map_or(lines.len(), |at| at + 1);
    end.checked_sub(1)
}

/// Lines without what all of them are indented by.
fn dedented(lines: &[Line<'_>]) -> String {
    let lead = |line: &&Line<'_>| line.text.len() - line.text.trim_start_matches([' ', '\t']).len();
    let common = lines.iter().filter(|line| !line.text.trim().is_empty()).map(|line| lead(&line)).min();
    let lines: Vec<&str> =
        lines.iter().map(|line| line.text.get(common.unwrap_or(0)..).unwrap_or_default()).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{diagnostic::Flaws, source::SourceFile, suggest::Suggestions};

    fn read(text: &str) -> (Written, Vec<String>) {
        let (mut flaws, mut suggestions) = (Flaws::default(), Suggestions::default());
        let mut reading = Reading { file: 0, text, flaws: &mut flaws, suggestions: &mut suggestions };
        let written = read_procedure(&mut reading);
        let said = flaws.into_diagnostics(&[SourceFile::new("a.md", text)]);
        let said = said.into_iter().map(|d| format!("{}: {}", d.place.map_or(0, |p| p.line), d.message));
        (written, said.collect())
    }

    const GOOD: &str = "# Restore\n\nBefore you begin:\n\n```\n1. not a step\n```\n\n1. Take the spare\n   from the store (30m, servers)\n\
                        \n   - nested\n\n     1. deeper\n\n   ```sh\n   look at this\n   ```\n\n2. Restore it. (2h)\n\n   ```run\n     bastide restore x\n       --to /y\n   ```\n\n\
                        Then wait.\n\n12) Tell people (see the list)\n3. Ring (desk)\n4. Go.\n";

    #[test]
    fn steps_are_the_numbered_items_at_the_left() {
        let (written, said) = read(GOOD);
        assert_eq!(said, Vec::<String>::new());
        assert_eq!(written.introduction, "# Restore\n\nBefore you begin:\n\n```\n1. not a step\n```");
        let steps: Vec<_> = written
            .steps
            .iter()
            .map(|step| {
                let crew = step.crew.as_ref().map_or("", |crew| crew.value.as_str());
                (step.line, step.takes.map_or(0, |takes| takes.as_mins()), crew, step.text.as_str())
            })
            .collect();
        assert_eq!(
            steps,
            [
                (
                    9,
                    30,
                    "servers",
                    "Take the spare\nfrom the store\n\n- nested\n\n  1. deeper\n\n```sh\nlook at this\n```"
                ),
                (20, 120, "", "Restore it.\n\nThen wait."),
                (29, 0, "", "Tell people (see the list)"),
                (30, 0, "desk", "Ring"),
                (31, 0, "", "Go."),
            ]
        );
        assert_eq!(written.steps[1].run.as_deref(), Some("bastide restore x\n  --to /y"));
        let crlf = GOOD.replace('\n', "\r\n");
        assert_eq!(read(&crlf).0.steps[1].run.as_deref(), Some("bastide restore x\n  --to /y"));
        assert_eq!(read(&crlf).0.introduction, written.introduction);
    }

    #[test]
    fn what_cannot_be_followed_is_told() {
        for (text, expected) in [
            ("", "1: this procedure has no steps"),
            ("Only text, in\n1986. A good year", "1: this procedure has no steps"),
            ("```run\ntrue\n```\n1. A", "1: a `run` block stands outside of a step"),
            ("1. A\n\n```run\ntrue\n```", "3: a `run` block stands outside of a step"),
            ("1. A\n   ```\n   b\n2. C", "2: this block is never closed"),
            ("```\n1. A", "1: this block is never closed"),
            ("1. A\n   ```run\n   ```", "1: the step's `run` block is empty"),
            (
                "1. A\n   ```run\n   x\n   ```\n   ```run\n   y\n   ```",
                "5: the step has a second `run` block",
            ),
            ("1. (30m)", "1: the step says nothing"),
            ("1. ```run\n   x\n   ```", "1: the step says nothing"),
            ("1. A (30 minutes)", "1: `30 minutes` is not a length of time"),
            (
                "1. A (30m, The servers)",
                "1: behind the time a step takes stands the id of a crew, and `The servers` is none",
            ),
            (
                "1. A\u{202e}B",
                "1: here stands a character that is not seen, and may show other text than what is run",
            ),
        ] {
            assert_eq!(read(text).1, [expected], "{text}");
        }
        let long = "1. A\n".repeat(STEPS_MAX + 1);
        assert_eq!(read(&long).1, ["501: a procedure may have 500 steps, and here begins another"]);
        assert_eq!(read(&"x".repeat(BYTES_MAX + 1)).1, ["1: a procedure may have 256 KB, and this has 256"]);
    }

    #[test]
    fn brackets_that_say_something_else_are_text() {
        for text in
            ["A (see page 3)", "A (2 people)", "A (ups, firewall)", "A (UPS)", "A ()", "A (30m).", "A)"]
        {
            let (written, said) = read(&format!("1. {text}"));
            assert_eq!((written.steps[0].text.as_str(), said.len()), (text, 0));
        }
        let (written, _) = read("1. A (servers, 90s)\n\n   B (5m)");
        assert_eq!(
            (written.steps[0].text.as_str(), written.steps[0].takes.unwrap().as_secs()),
            ("A\n\nB (5m)", 90)
        );
    }
}
