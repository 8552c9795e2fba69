//! The one canonical form of a plan's file. Only space changes: every comment, key and value stays as it is written.
//!
//! - One blank line before each table, and before the comments that stand directly above it; nowhere two together.
//! - `key = value`; nothing is indented but the entries of a list that takes more than a line.
//! - A list stands on one line if it fits in [`WIDTH`] columns and holds no comment; otherwise one entry per line, each
//!   followed by a comma. A comma and a line end before the closing bracket ask for one entry per line, however short,
//!   for such a list is easier to compare with its next version.
//! - Lines end with a line feed, without space before it.

use toml_parser::{
    Source,
    lexer::{Token, TokenKind},
};
use unicode_width::UnicodeWidthStr;

/// How wide a list on one line may be.
const WIDTH: usize = 100;

/// The deepest nesting that is laid out anew; what is deeper is no plan.
const DEPTH_MAX: usize = 32;

/// Writes a TOML file in its canonical form. `None` if the text is not TOML; it is then left alone.
#[must_use]
pub fn format(text: &str) -> Option<String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    // One mark is a habit of some editors; a second is damage, which the check tells of.
    if text.starts_with('\u{feff}') {
        return None;
    }
    let (_, errors) = toml::de::DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        return None;
    }
    let tokens = Source::new(text).lex().into_vec();
    let mut reader = Tokens { text, tokens: &tokens, at: 0 };
    let mut lines = Vec::new();
    while let Some(line) = reader.line()? {
        lines.push(line);
    }
    Some(arrange(&lines))
}

/// A line of the file, as it will stand; an entry's list may take several.
#[derive(Debug)]
enum Line {
    Blank,
    Comment(String),
    Header(String),
    Entry(String),
}

/// Puts blank lines where they belong.
fn arrange(lines: &[Line]) -> String {
    let mut out = String::new();
    let mut blank_wanted = false;
    for (i, line) in lines.iter().enumerate() {
        let text = match line {
            Line::Blank => {
                blank_wanted = true;
                continue;
            }
            Line::Comment(text) => {
                let rest = lines.get(i..).unwrap_or_default();
                let below = rest.iter().find(|line| !matches!(line, Line::Comment(_)));
                let begins = !matches!(i.checked_sub(1).and_then(|i| lines.get(i)), Some(Line::Comment(_)));
                blank_wanted |= begins && matches!(below, Some(Line::Header(_)));
                text
            }
            Line::Header(text) => {
                blank_wanted |=
                    !matches!(i.checked_sub(1).and_then(|i| lines.get(i)), Some(Line::Comment(_)));
                text
            }
            Line::Entry(text) => text,
        };
        if blank_wanted && !out.is_empty() {
            out.push('\n');
        }
        blank_wanted = false;
        out.push_str(text);
        out.push('\n');
    }
    out
}

/// A value: laid out by its parts if it is a list, as it is written otherwise.
enum Value {
    Plain(String),
    /// The entries and comments of a list, and whether it is to stay on several lines.
    List(Vec<Part>, bool),
}

enum Part {
    Entry(Value),
    /// A comment on a line of its own.
    Above(String),
    /// A comment behind the entry before it, on its line.
    Behind(String),
}

impl Value {
    /// The value on one line, or `None` if a comment in it ends the line.
    fn flat(&self) -> Option<String> {
        match self {
            Value::Plain(text) => Some(text.clone()),
            Value::List(_, true) => None,
            Value::List(parts, false) => {
                let parts: Option<Vec<String>> = parts
                    .iter()
                    .map(|part| if let Part::Entry(value) = part { value.flat() } else { None })
                    .collect();
                Some(format!("[{}]", parts?.join(", ")))
            }
        }
    }

    /// Writes the value behind `before` columns, at a depth of indentation.
    fn write(&self, out: &mut String, before: usize, indent: usize) {
        let flat = self.flat().filter(|flat| flat.contains('\n') || before + flat.width() <= WIDTH);
        match (self, flat) {
            (_, Some(flat)) => out.push_str(&flat),
            (Value::Plain(text), None) => out.push_str(text),
            (Value::List(parts, _), None) => {
                out.push('[');
                let inner = " ".repeat(4 * (indent + 1));
                for part in parts {
                    match part {
                        Part::Behind(comment) => {
                            out.push(' ');
                            out.push_str(comment);
                        }
                        Part::Above(comment) => {
                            out.push('\n');
                            out.push_str(&inner);
                            out.push_str(comment);
                        }
                        Part::Entry(value) => {
                            out.push('\n');
                            out.push_str(&inner);
                            // The comma behind it takes a column.
                            value.write(out, inner.len() + 1, indent + 1);
                            out.push(',');
                        }
                    }
                }
                out.push('\n');
                out.push_str(&" ".repeat(4 * indent));
                out.push(']');
            }
        }
    }
}

struct Tokens<'a> {
    text: &'a str,
    tokens: &'a [Token],
    at: usize,
}

impl<'a> Tokens<'a> {
    fn peek(&self) -> TokenKind {
        self.tokens.get(self.at).map_or(TokenKind::Eof, Token::kind)
    }

    /// The text of the next token, which is passed.
    fn next(&mut self) -> &'a str {
        let token = self.tokens.get(self.at);
        self.at += 1;
        token.and_then(|token| self.text.get(token.span().start()..token.span().end())).unwrap_or_default()
    }

    fn skip_space(&mut self) {
        while self.peek() == TokenKind::Whitespace {
            self.at += 1;
        }
    }

    /// The comment that may follow on the same line, and the end of the line.
    fn finish_line(&mut self, line: &mut String) -> Option<()> {
        self.skip_space();
        if self.peek() == TokenKind::Comment {
            line.push(' ');
            line.push_str(self.next().trim_end());
        }
        match self.peek() {
            TokenKind::Newline => {
                self.at += 1;
                Some(())
            }
            TokenKind::Eof => Some(()),
            _ => None,
        }
    }

    /// The next line. `None` if the tokens are not as they should be; `Some(None)` at the end.
    #[expect(clippy::option_option, reason = "the end of the text is not a mistake")]
    fn line(&mut self) -> Option<Option<Line>> {
        self.skip_space();
        match self.peek() {
            TokenKind::Eof => Some(None),
            TokenKind::Newline => {
                self.at += 1;
                Some(Some(Line::Blank))
            }
            TokenKind::Comment => {
                let comment = self.next().trim_end().to_owned();
                self.finish_line(&mut String::new())?;
                Some(Some(Line::Comment(comment)))
            }
            TokenKind::LeftSquareBracket => {
                let mut header = String::new();
                loop {
                    self.skip_space();
                    match self.peek() {
                        TokenKind::Newline | TokenKind::Eof | TokenKind::Comment => break,
                        _ => header.push_str(self.next()),
                    }
                }
                self.finish_line(&mut header)?;
                Some(Some(Line::Header(header)))
            }
            _ => {
                let mut entry = String::new();
                while self.peek() != TokenKind::Equals {
                    match self.peek() {
                        TokenKind::Newline | TokenKind::Eof => return None,
                        TokenKind::Whitespace => self.at += 1,
                        _ => entry.push_str(self.next()),
                    }
                }
                self.at += 1;
                entry.push_str(" = ");
                let value = self.value(DEPTH_MAX)?;
                let before = entry.width();
                value.write(&mut entry, before, 0);
                self.finish_line(&mut entry)?;
                Some(Some(Line::Entry(entry)))
            }
        }
    }

    fn value(&mut self, depth: usize) -> Option<Value> {
        self.skip_space();
        match self.peek() {
            TokenKind::LeftSquareBracket => {
                self.at += 1;
                self.list(depth.checked_sub(1)?)
            }
            TokenKind::LeftCurlyBracket => self.inline_table().map(Value::Plain),
            _ => self.scalar().map(Value::Plain),
        }
    }

    /// Anything else: as it is written. A number may be several tokens (`1.5`), and a date holds a space.
    fn scalar(&mut self) -> Option<String> {
        let mut text = String::new();
        loop {
            match self.peek() {
                TokenKind::Atom if text.is_empty() || text.ends_with(['.', ' ']) => {
                    text.push_str(self.next())
                }
                TokenKind::Dot => text.push_str(self.next()),
                TokenKind::Whitespace if self.is_date_and_time() => {
                    text.push(' ');
                    self.at += 1;
                }
                TokenKind::LiteralString
                | TokenKind::BasicString
                | TokenKind::MlLiteralString
                | TokenKind::MlBasicString
                    if text.is_empty() =>
                {
                    return Some(self.next().to_owned());
                }
                _ if text.is_empty() => return None,
                _ => return Some(text),
            }
        }
    }

    /// Whether the space here parts a date from its time: an atom follows.
    fn is_date_and_time(&self) -> bool {
        self.tokens.get(self.at + 1).is_some_and(|next| next.kind() == TokenKind::Atom)
    }

    /// The parts of a list, behind its opening bracket.
    fn list(&mut self, depth: usize) -> Option<Value> {
        let mut parts = Vec::new();
        let mut on_line = false;
        let mut comma = false;
        loop {
            match self.peek() {
                TokenKind::RightSquareBracket => {
                    self.at += 1;
                    return Some(Value::List(parts, comma && !on_line));
                }
                TokenKind::Whitespace => self.at += 1,
                TokenKind::Comma => {
                    comma = true;
                    self.at += 1;
                }
                TokenKind::Newline => {
                    on_line = false;
                    self.at += 1;
                }
                TokenKind::Comment => {
                    let comment = self.next().trim_end().to_owned();
                    parts.push(if on_line { Part::Behind(comment) } else { Part::Above(comment) });
                }
                TokenKind::Eof => return None,
                _ => {
                    parts.push(Part::Entry(self.value(depth)?));
                    on_line = true;
                    comma = false;
                }
            }
        }
    }

    /// An inline table: one space between its parts; if it holds a comment or a line break, as it is written.
    fn inline_table(&mut self) -> Option<String> {
        let begin = self.tokens.get(self.at)?.span().start();
        let (mut flat, mut open, mut as_written) = (String::new(), 0_usize, false);
        loop {
            let kind = self.peek();
            let piece = self.next();
            match kind {
                TokenKind::Eof => return None,
                TokenKind::Whitespace => {}
                TokenKind::Newline | TokenKind::Comment => as_written = true,
                TokenKind::Comma => flat.push_str(", "),
                TokenKind::Equals => flat.push_str(" = "),
                TokenKind::LeftCurlyBracket => {
                    open += 1;
                    flat.push_str("{ ");
                }
                TokenKind::RightCurlyBracket => {
                    open -= 1;
                    if flat.ends_with("{ ") {
                        flat.truncate(flat.len() - 1)
                    } else {
                        flat.push(' ')
                    }
                    flat.push('}');
                }
                // A date and its time would be joined.
                TokenKind::Atom if flat.ends_with(|c: char| c.is_ascii_alphanumeric()) => as_written = true,
                _ => flat.push_str(piece),
            }
            if open == 0 {
                let end = self.tokens.get(self.at - 1)?.span().end();
                return if as_written { self.text.get(begin..end).map(str::to_owned) } else { Some(flat) };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_space_changes() {
        let messy = "\u{feff}# The city.\r\n\r\n\r\n[ city ]   \r\nname=\"Wexcombe\"#why\r\n  time-zone =  'Europe/London'  # here\r\n[[zone]]\n# About\n# the next\n[[ conduit ]]\nfrom = \"a\"\n\n\n\nallow = [\"modbus: read\",\"dns: any\"  ,]\n   # last\nother=[ # why\n1,2 # two\n# three\n, [3,\n4] , { a=1,b = {}}]\nx.y . z = 1.5\nd = 2026-11-23 05:00:00Z\nm = \"\"\"\na  \n\"\"\"";
        let tidy = "# The city.\n\n[city]\nname = \"Wexcombe\" #why\ntime-zone = 'Europe/London' # here\n\n[[zone]]\n\n# About\n# the next\n[[conduit]]\nfrom = \"a\"\n\nallow = [\"modbus: read\", \"dns: any\"]\n# last\nother = [\n    # why\n    1,\n    2, # two\n    # three\n    [3, 4],\n    { a = 1, b = {} },\n]\nx.y.z = 1.5\nd = 2026-11-23 05:00:00Z\nm = \"\"\"\na  \n\"\"\"\n";
        assert_eq!(format(messy).unwrap(), tidy);
        assert_eq!(format(tidy).unwrap(), tidy);
    }

    #[test]
    fn a_second_byte_order_mark_is_left_to_the_check() {
        assert_eq!(format("\u{feff}").as_deref(), Some(""));
        assert_eq!(format("\u{feff}\u{feff}"), None);
    }

    #[test]
    fn a_long_list_takes_several_lines() {
        let entry = format!("\"{}\"", "x".repeat(40));
        let long = format!("allow = [{entry}, {entry}, {entry}]\n");
        let tidy = format!("allow = [\n    {entry},\n    {entry},\n    {entry},\n]\n");
        assert_eq!(format(&long).unwrap(), tidy);
        assert_eq!(format(&tidy).unwrap(), tidy);
        let short = format!("allow = [\n    {entry},\n    {entry}]");
        assert_eq!(format(&short).unwrap(), format!("allow = [{entry}, {entry}]\n"));
        let open = "allow = [\n    1,\n    2,\n]\n";
        assert_eq!(format(open).unwrap(), open);
        assert_eq!(format("allow = [1, 2,]").unwrap(), "allow = [1, 2]\n");
        assert_eq!(format("allow = [\n]").unwrap(), "allow = []\n");
    }

    #[test]
    fn what_is_not_toml_is_left_alone() {
        for text in ["[[zone]", "a = ", "a = [1, 2", "\u{0}"] {
            assert_eq!(format(text), None, "{text}");
        }
        assert_eq!(format("").unwrap(), "");
        assert_eq!(format("\n\n").unwrap(), "");
    }
}
