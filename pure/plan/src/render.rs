//! A diagnostic as people read it in a terminal.

use crate::{Diagnostic, Place, Severity};
use std::{fmt::Write, ops::Range};
use unicode_width::UnicodeWidthChar;

/// Whether terminal colours are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colours {
    /// Plain text.
    Off,
    /// ANSI colours (ECMA-48 SGR).
    On,
}

impl Diagnostic {
    /// The diagnostic as several lines of text: what, where, the line with the offending part underlined, what to do.
    #[must_use]
    pub fn render(&self, colours: Colours) -> String {
        let paint = Paint { on: colours == Colours::On };
        let hue = match self.severity {
            Severity::Error => "1;31",
            Severity::Warning => "1;33",
        };
        let mut out = String::new();
        let severity = paint.with(hue, &format!("{}[{}]", self.severity, self.code));
        let _ = writeln!(out, "{severity}: {}", paint.with("1", &clean(&self.message)));
        let width = self.place.iter().chain(self.related.iter().map(|r| &r.place)).map(number_width).max();
        let margin = " ".repeat(width.unwrap_or(1));
        if let Some(place) = &self.place {
            show(&mut out, paint, place, &margin, "-->", '^', hue, "");
        }
        for related in &self.related {
            show(&mut out, paint, &related.place, &margin, ":::", '-', "1;34", &related.message);
        }
        if let Some(help) = &self.help {
            let _ = writeln!(out, "{margin} {} {}", paint.with("1;34", "="), clean(help));
        }
        out
    }
}

fn number_width(place: &Place) -> usize {
    place.line.to_string().len()
}

#[expect(clippy::too_many_arguments, reason = "one private place that draws both kinds of excerpt")]
fn show(
    out: &mut String,
    paint: Paint,
    place: &Place,
    margin: &str,
    arrow: &str,
    mark: char,
    hue: &str,
    label: &str,
) {
    let blue = |text: &str| paint.with("1;34", text);
    let bar = blue("|");
    let number = format!("{:>width$}", place.line, width = margin.len());
    let (line, before, marked) = lay_out(&place.excerpt, &place.underline);
    let file = clean(&place.file);
    let _ = writeln!(out, "{margin}{} {file}:{}:{}", blue(arrow), place.line, place.column);
    let _ = writeln!(out, "{margin} {bar}");
    let _ = writeln!(out, "{} {bar} {line}", blue(&number));
    let marks: String = std::iter::repeat_n(mark, marked).collect();
    let label = if label.is_empty() { String::new() } else { format!(" {}", clean(label)) };
    let _ =
        writeln!(out, "{margin} {bar} {}{}", " ".repeat(before), paint.with(hue, &format!("{marks}{label}")));
}

/// The line as a terminal shows it, and the cells before and under the marks. Tabs become four spaces and control
/// characters a question mark, so that the marks stand where they should and no text can steer the terminal.
fn lay_out(excerpt: &str, underline: &Range<usize>) -> (String, usize, usize) {
    let (mut line, mut before, mut marked) = (String::new(), 0, 0);
    for (i, c) in excerpt.chars().enumerate() {
        let cells = match c {
            '\t' => {
                line.push_str("    ");
                4
            }
            c if is_unsafe(c) => {
                line.push('?');
                1
            }
            c => {
                line.push(c);
                c.width().unwrap_or(1)
            }
        };
        if i < underline.start {
            before += cells;
        } else if i < underline.end {
            marked += cells;
        }
    }
    (line.trim_end().to_owned(), before, marked.max(1))
}

/// Text of the plan that is quoted in a message, without what could steer a terminal.
fn clean(text: &str) -> String {
    text.chars().map(|c| if is_unsafe(c) { '?' } else { c }).collect()
}

/// Control characters, and those that reorder the text around them (Unicode bidirectional controls).
pub(crate) fn is_unsafe(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[derive(Clone, Copy)]
struct Paint {
    on: bool,
}

impl Paint {
    fn with(self, sgr: &str, text: &str) -> String {
        if self.on { format!("\u{1b}[{sgr}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Code;

    #[test]
    fn marks_stand_under_wide_characters_and_tabs() {
        let place = Place {
            file: "a.toml".into(),
            span: 0..0,
            line: 7,
            column: 3,
            excerpt: "\t橋 = \"x\u{1b}[2J\"".into(),
            underline: 1..2,
        };
        let mut diagnostic = Diagnostic {
            severity: Severity::Error,
            code: Code::UnknownKey,
            message: "a zone has no `橋`".into(),
            place: Some(place),
            help: Some("did you mean `id`?".into()),
            related: Vec::new(),
        };
        let expected = "error[unknown-key]: a zone has no `橋`\n --> a.toml:7:3\n  |\n7 |     橋 = \"x?[2J\"\n  |     ^^\n  = did you mean `id`?\n";
        assert_eq!(diagnostic.render(Colours::Off), expected);
        diagnostic.severity = Severity::Warning;
        assert!(diagnostic.render(Colours::On).starts_with("\u{1b}[1;33mwarning[unknown-key]\u{1b}[0m: "));
    }
}
