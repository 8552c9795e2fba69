//! What is wrong with a plan's text: where, why, and what to do.

use crate::source::{Lines, SourceFile, Span};
use serde::Serialize;
use std::{borrow::Cow, collections::BTreeMap, fmt, ops::Range};

/// How much a flaw matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// There is no plan until it is put right.
    Error,
    /// The plan holds, but probably not as meant.
    Warning,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        })
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $code:ident $name:literal)*) => {
        /// The kinds of flaw.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Code { $($(#[$doc])* $code,)* }

        impl Code {
            /// Every kind, in the order of their names.
            pub const ALL: &[Code] = &[$(Code::$code),*];

            /// The stable name in output.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Code::$code => $name,)* }
            }
        }
    };
}

codes! {
    /// An address that does not name one station.
    BadAddress "bad-address"
    /// What a conduit allows is not in the language of allowances.
    BadAllowance "bad-allowance"
    /// A text that is not a length of time.
    BadDuration "bad-duration"
    /// A text that cannot be an id.
    BadId "bad-id"
    /// A text that is not a network, or has bits set beyond its prefix.
    BadNetwork "bad-network"
    /// A table of one form where another is meant: `[zone]` for `[[zone]]`.
    BadTable "bad-table"
    /// A value of the wrong form.
    BadValue "bad-value"
    /// A backup that would be made into what it is made of.
    BackupCircle "backup-circle"
    /// Services that need one another in a circle.
    Circle "circle"
    /// Keys of a table that do not go together.
    Conflict "conflict"
    /// A spreadsheet that cannot be read.
    Csv "csv"
    /// The same address for two assets.
    DuplicateAddress "duplicate-address"
    /// Two things of a kind with one id.
    DuplicateId "duplicate-id"
    /// The same entry twice in a list.
    DuplicateEntry "duplicate-entry"
    /// Bytes that are not UTF-8.
    Encoding "encoding"
    /// A backup that is made too seldom for the service that needs it.
    LateBackup "late-backup"
    /// A service that cannot be back in time because of what it needs.
    LateNeed "late-need"
    /// Backups that are lost with what they are for.
    LostTogether "lost-together"
    /// A thing without which the plan says nothing.
    Missing "missing"
    /// A file that is named but not there.
    MissingFile "missing-file"
    /// A critical service without a whole recovery target.
    MissingRecovery "missing-recovery"
    /// A value beyond its bounds, or bounds in the wrong order.
    OutOfRange "out-of-range"
    /// An address that lies in no network of its asset's zone.
    OutsideZone "outside-zone"
    /// Networks that overlap.
    Overlap "overlap"
    /// A written procedure that cannot be followed.
    Procedure "procedure"
    /// A port that is allowed although Bastide could tell the verbs of what runs there.
    ReadablePort "readable-port"
    /// A secret where only the place of one may stand.
    Secret "secret"
    /// Text that is not TOML.
    Syntax "syntax"
    /// More flaws than are listed.
    TooMany "too-many"
    /// Something that could never be seen, reached or told.
    Unreachable "unreachable"
    /// A reference to what is not declared.
    UnknownId "unknown-id"
    /// A key that the table does not have.
    UnknownKey "unknown-key"
    /// A table that the language does not have.
    UnknownTable "unknown-table"
    /// Something that is declared and used by nothing.
    Unused "unused"
    /// A verb that the protocol does not have, or a protocol that is not known.
    UnknownWord "unknown-word"
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A flaw in the text of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// How much it matters.
    pub severity: Severity,
    /// Its kind.
    pub code: Code,
    /// What is wrong, and why, in one sentence.
    pub message: String,
    /// Where; `None` for what is missing from the whole.
    pub place: Option<Place>,
    /// What to do about it.
    pub help: Option<String>,
    /// Other places that have to do with it.
    pub related: Vec<Related>,
}

/// Another place that has to do with a flaw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Related {
    /// Where.
    pub place: Place,
    /// What is there.
    pub message: String,
}

/// A part of a file's text, with what is needed to show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The file's path, relative to the plan's folder.
    pub file: String,
    /// The bytes of the text (behind a byte order mark).
    pub span: Range<usize>,
    /// The line, from 1.
    pub line: usize,
    /// The column, in characters, from 1.
    pub column: usize,
    /// The line's text; of a very long line, the part around the place.
    pub excerpt: String,
    /// The characters of the excerpt that are meant.
    pub underline: Range<usize>,
}

/// The most characters of a line that an excerpt shows.
const EXCERPT_MAX: usize = 160;

/// The most flaws that are listed.
pub(crate) const DIAGNOSTICS_MAX: usize = 5_000;

/// A flaw whose places are still spans.
#[derive(Debug)]
pub(crate) struct Flaw {
    severity: Severity,
    code: Code,
    message: String,
    span: Option<Span>,
    help: Option<String>,
    related: Vec<(Span, String)>,
}

impl Flaw {
    pub fn error(code: Code, span: Span, message: impl Into<String>) -> Flaw {
        let message = message.into();
        Flaw { severity: Severity::Error, code, message, span: Some(span), help: None, related: Vec::new() }
    }

    pub fn warning(code: Code, span: Span, message: impl Into<String>) -> Flaw {
        Flaw { severity: Severity::Warning, ..Flaw::error(code, span, message) }
    }

    /// A flaw of the whole plan.
    pub fn of_all(code: Code, message: impl Into<String>) -> Flaw {
        Flaw { span: None, ..Flaw::error(code, Span::default(), message) }
    }

    pub fn help(mut self, help: impl Into<String>) -> Flaw {
        self.help = Some(help.into());
        self
    }

    pub fn maybe_help(mut self, help: Option<String>) -> Flaw {
        self.help = help.or(self.help);
        self
    }

    pub fn related(mut self, span: Span, message: impl Into<String>) -> Flaw {
        self.related.push((span, message.into()));
        self
    }
}

/// Where flaws are gathered.
#[derive(Debug, Default)]
pub(crate) struct Flaws {
    list: Vec<Flaw>,
    /// What is not shown of any line, for it may be a secret.
    hidden: Vec<Span>,
    errors: usize,
    omitted: usize,
}

impl Flaws {
    pub fn push(&mut self, flaw: Flaw) {
        self.errors += usize::from(flaw.severity == Severity::Error);
        if self.list.len() < DIAGNOSTICS_MAX {
            self.list.push(flaw);
        } else {
            self.omitted += 1;
        }
    }

    /// Keeps a part of a text out of everything that is shown.
    pub fn hide(&mut self, span: Span) {
        self.hidden.push(span);
    }

    /// Takes over those flaws of others whose kind is wanted.
    pub fn append(&mut self, others: Flaws, wanted: impl Fn(Code) -> bool) {
        self.omitted += others.omitted;
        self.hidden.extend(others.hidden);
        others.list.into_iter().filter(|flaw| wanted(flaw.code)).for_each(|flaw| self.push(flaw));
    }

    pub fn errors(&self) -> usize {
        self.errors
    }

    /// The flaws in the order of the files and of their places in them.
    pub fn into_diagnostics(self, files: &[SourceFile]) -> Vec<Diagnostic> {
        let Flaws { mut list, omitted, hidden, .. } = self;
        list.sort_by_key(|flaw| flaw.span.map(|span| (span.file, span.start)));
        let mut places = Places { hidden, ..Places::new(files) };
        let mut diagnostics: Vec<_> = list
            .into_iter()
            .map(|flaw| Diagnostic {
                severity: flaw.severity,
                code: flaw.code,
                message: flaw.message,
                place: flaw.span.and_then(|span| places.place(span)),
                help: flaw.help,
                related: flaw
                    .related
                    .into_iter()
                    .filter_map(|(span, message)| Some(Related { place: places.place(span)?, message }))
                    .collect(),
            })
            .collect();
        if omitted > 0 {
            diagnostics.push(Diagnostic {
                severity: Severity::Error,
                code: Code::TooMany,
                message: format!("{omitted} more flaws are not listed"),
                place: None,
                help: Some("put the first ones right and check again".into()),
                related: Vec::new(),
            });
        }
        diagnostics
    }
}

/// Turns spans into places.
pub(crate) struct Places<'a> {
    files: &'a [SourceFile],
    lines: BTreeMap<u32, Lines<'a>>,
    /// What is not shown.
    hidden: Vec<Span>,
}

impl<'a> Places<'a> {
    pub fn new(files: &'a [SourceFile]) -> Places<'a> {
        Places { files, lines: BTreeMap::new(), hidden: Vec::new() }
    }

    pub fn place(&mut self, span: Span) -> Option<Place> {
        let file = self.files.get(span.file as usize)?;
        let lines = self.lines.entry(span.file).or_insert_with(|| Lines::new(file.text()));
        let bytes = span.bytes();
        let (line, line_start) = lines.line_of(bytes.start);
        let text = lines.line(line);
        let offset = bytes.start.saturating_sub(line_start).min(text.len());
        let until = bytes.end.saturating_sub(line_start).clamp(offset, text.len());
        let before = text.get(..offset).unwrap_or(text).chars().count();
        let meant = text.get(offset..until).unwrap_or_default().chars().count().max(1);
        let hidden = self.hidden.iter().filter(|hidden| hidden.file == span.file);
        let (excerpt, underline) = window(&without(text, line_start, hidden), before, meant);
        Some(Place {
            file: file.path().to_owned(),
            span: bytes,
            line: line + 1,
            column: before + 1,
            excerpt,
            underline,
        })
    }
}

/// A line with every character of its hidden parts as a star.
fn without<'t>(text: &'t str, line_start: usize, hidden: impl Iterator<Item = &'t Span>) -> Cow<'t, str> {
    let mut shown = Cow::Borrowed(text);
    for span in hidden.map(|span| span.bytes()) {
        if span.start < line_start + text.len() && span.end > line_start {
            let star = |(at, c): (usize, char)| if span.contains(&(line_start + at)) { '*' } else { c };
            // Places are those of the text as it was written.
            let stars = text.char_indices().zip(shown.chars()).map(|((at, _), c)| star((at, c)));
            shown = Cow::Owned(stars.collect());
        }
    }
    shown
}

/// The part of a line around `meant` characters that begin behind `before` others.
fn window(text: &str, before: usize, meant: usize) -> (String, Range<usize>) {
    let meant = meant.min(EXCERPT_MAX);
    let start =
        if before + meant > EXCERPT_MAX { (before + meant / 2).saturating_sub(EXCERPT_MAX / 2) } else { 0 };
    let start = start.min(before);
    let excerpt: String = text.chars().skip(start).take(EXCERPT_MAX).collect();
    let from = before - start;
    (excerpt, from..(from + meant).min(from.max(EXCERPT_MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_their_names() {
        for code in Code::ALL {
            assert_eq!(serde_json::to_string(code).unwrap(), format!("\"{code}\""));
        }
    }

    #[test]
    fn a_place_counts_characters_and_survives_long_lines() {
        let text = format!("é = \"x\"\r\n{}bad{}", "a".repeat(1000), "b".repeat(1000));
        let files = [SourceFile::new("a.toml", text)];
        let mut places = Places::new(&files);
        let value = places.place(Span::new(0, 5..8)).unwrap();
        assert_eq!((value.line, value.column, value.underline), (1, 5, 4..7));
        let long = places.place(Span::new(0, 1010..1013)).unwrap();
        assert_eq!((long.line, long.column), (2, 1001));
        let shown: String =
            long.excerpt.chars().skip(long.underline.start).take(long.underline.len()).collect();
        assert_eq!((shown.as_str(), long.excerpt.len()), ("bad", EXCERPT_MAX));
        let beyond = places.place(Span::new(0, 5000..6000)).unwrap();
        assert_eq!(beyond.line, 2);
    }
}
