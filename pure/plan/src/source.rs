//! The text of a plan, before anything is known about it.

use std::ops::Range;

/// A file of a plan's folder: `*.toml`, a `*.csv` that an `[[inventory]]` may name, or a `*.md` that a `[[procedure]]`
/// may name.
#[derive(Clone, Debug)]
pub struct SourceFile {
    path: String,
    text: String,
    damage: Option<Damage>,
}

/// Why the bytes of a file are not the text they should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Damage {
    /// The text is UTF-16, as some editors save it.
    Utf16,
    /// The byte at this place of the (repaired) text is not UTF-8.
    NotUtf8 { at: usize },
}

impl SourceFile {
    /// A file whose text is known. The path is relative to the plan's folder, with `/` between its parts. A byte order
    /// mark is dropped; places in the text count from behind it.
    #[must_use]
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> SourceFile {
        let mut text = text.into();
        if text.starts_with('\u{feff}') {
            text.drain(..'\u{feff}'.len_utf8());
        }
        SourceFile { path: path.into(), text, damage: None }
    }

    /// A file as it was read. Bytes that are not UTF-8 become U+FFFD and a diagnostic says where the first one is.
    #[must_use]
    pub fn from_bytes(path: impl Into<String>, bytes: Vec<u8>) -> SourceFile {
        if matches!(bytes.as_slice(), [0xff, 0xfe, ..] | [0xfe, 0xff, ..]) {
            return SourceFile { path: path.into(), text: String::new(), damage: Some(Damage::Utf16) };
        }
        match String::from_utf8(bytes) {
            Ok(text) => SourceFile::new(path, text),
            Err(error) => {
                let at = error.utf8_error().valid_up_to();
                let file = SourceFile::new(path, String::from_utf8_lossy(error.as_bytes()));
                let dropped = if error.as_bytes().starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
                SourceFile { damage: Some(Damage::NotUtf8 { at: at.saturating_sub(dropped) }), ..file }
            }
        }
    }

    /// Its path, relative to the plan's folder.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Its text, without a byte order mark.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn damage(&self) -> Option<Damage> {
        self.damage
    }

    /// Whether it is to be read as TOML.
    pub(crate) fn is_toml(&self) -> bool {
        self.ends_with("toml")
    }

    /// Whether it is text for people, which may be a procedure.
    pub(crate) fn is_markdown(&self) -> bool {
        self.ends_with("md")
    }

    fn ends_with(&self, wanted: &str) -> bool {
        self.path.rsplit_once('.').is_some_and(|(_, ending)| ending.eq_ignore_ascii_case(wanted))
    }
}

/// Bytes of one of the files: small, for there is one beside every value of a plan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Span {
    pub file: u32,
    pub start: u32,
    pub end: u32,
}

impl Span {
    /// Bytes of a file. Places beyond 4 GiB are cut to 4 GiB: no reader of ours accepts such a file.
    pub fn new(file: u32, bytes: Range<usize>) -> Span {
        let cut = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Span { file, start: cut(bytes.start), end: cut(bytes.end) }
    }

    pub fn bytes(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// A value and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct At<T> {
    pub value: T,
    pub span: Span,
}

/// Where the lines of a text begin.
pub(crate) struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    pub fn new(text: &'a str) -> Lines<'a> {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Lines { text, starts }
    }

    /// The line (from 0) that holds a byte, and where the line begins.
    pub fn line_of(&self, at: usize) -> (usize, usize) {
        let line = self.starts.partition_point(|start| *start <= at).saturating_sub(1);
        (line, self.starts.get(line).copied().unwrap_or(0))
    }

    /// A line without its end.
    pub fn line(&self, line: usize) -> &'a str {
        let start = self.starts.get(line).copied().unwrap_or(self.text.len());
        let end = self.starts.get(line + 1).copied().unwrap_or(self.text.len());
        let whole = self.text.get(start..end).unwrap_or_default();
        let whole = whole.strip_suffix('\n').unwrap_or(whole);
        whole.strip_suffix('\r').unwrap_or(whole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_and_damage_are_told_apart() {
        assert_eq!(SourceFile::new("a.toml", "\u{feff}x").text(), "x");
        let damaged = SourceFile::from_bytes("a.toml", b"\xef\xbb\xbfcaf\xe9".to_vec());
        assert_eq!((damaged.text(), damaged.damage()), ("caf\u{fffd}", Some(Damage::NotUtf8 { at: 3 })));
        assert_eq!(SourceFile::from_bytes("a.toml", b"\xff\xfea\0".to_vec()).damage(), Some(Damage::Utf16));
        assert!(SourceFile::new("x/A.TOML", "").is_toml() && !SourceFile::new("toml", "").is_toml());
        assert!(SourceFile::new("x/a.Md", "").is_markdown() && !SourceFile::new("a.mdx", "").is_markdown());
    }

    #[test]
    fn a_byte_has_a_line() {
        let lines = Lines::new("a\r\n\nlast");
        assert_eq!([0, 2, 3, 4, 8].map(|at| lines.line_of(at).0), [0, 0, 1, 2, 2]);
        assert_eq!([0, 1, 2, 3].map(|line| lines.line(line)), ["a", "", "last", ""]);
    }
}
