//! Tables: rows of cells, as RFC 4180 writes them, with lines of comment between.

/// The longest row, in bytes: a quote that nobody closed must not swallow the rest of the table.
const ROW_MAX: usize = 64 << 10;

/// What comes next in a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// A line that begins with `#`, without that.
    Comment(String),
    /// The cells of a row, and the line on which it begins.
    Row(usize, Vec<String>),
    /// The line on which a row begins whose quote is not closed. The line is passed over.
    Unclosed(usize),
}

/// Reads a table part by part. Empty lines are passed over.
pub(super) struct Parts<'t> {
    rest: &'t str,
    line: usize,
}

/// Where in a cell the reader is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    /// Before anything but space: a quote opens it.
    Beginning,
    Plain,
    Quoted,
    /// Behind a quote that closes it, or is the first half of a doubled one.
    Closed,
}

impl<'t> Parts<'t> {
    pub(super) fn of(text: &'t str) -> Parts<'t> {
        Parts { rest: text, line: 1 }
    }

    /// Goes on behind so many bytes.
    fn pass(&mut self, bytes: usize) {
        let (passed, rest) = self.rest.split_at_checked(bytes).unwrap_or((self.rest, ""));
        self.line += passed.matches('\n').count();
        self.rest = rest;
    }

    fn first_line(&self) -> &'t str {
        self.rest.split_inclusive('\n').next().unwrap_or_default()
    }
}

impl Iterator for Parts<'_> {
    type Item = Part;

    fn next(&mut self) -> Option<Part> {
        loop {
            let (line, first) = (self.line, self.first_line());
            if first.is_empty() {
                return None;
            }
            if first.trim().is_empty() {
                self.pass(first.len());
                continue;
            }
            if let Some(comment) = first.trim_start().strip_prefix('#') {
                self.pass(first.len());
                return Some(Part::Comment(comment.trim_start_matches('#').trim().to_owned()));
            }
            return Some(match cells(self.rest) {
                Some((cells, bytes)) => {
                    self.pass(bytes);
                    Part::Row(line, cells)
                }
                None => {
                    self.pass(first.len());
                    Part::Unclosed(line)
                }
            });
        }
    }
}

/// The cells of the row with which a text begins, and how many bytes it takes with its line end. None if a quote in it is
/// not closed. Space around a quoted cell is no part of it: many who write tables put some behind each comma.
pub(super) fn cells(text: &str) -> Option<(Vec<String>, usize)> {
    let (mut cells, mut cell, mut within) = (Vec::new(), String::new(), Within::Beginning);
    let mut end = text.len();
    for (at, c) in text.char_indices() {
        match (within, c) {
            (Within::Quoted, '"') => within = Within::Closed,
            (Within::Quoted, _) if at >= ROW_MAX => return None,
            (Within::Quoted, c) => cell.push(c),
            (_, ',') => {
                cells.push(std::mem::take(&mut cell));
                within = Within::Beginning;
            }
            (_, '\n') => {
                end = at + 1;
                break;
            }
            (Within::Beginning, '"') => {
                cell.clear();
                within = Within::Quoted;
            }
            (Within::Closed, '"') => {
                cell.push('"');
                within = Within::Quoted;
            }
            (Within::Closed, c) if c.is_whitespace() => {}
            (Within::Beginning, c) if c.is_whitespace() => cell.push(c),
            (_, c) => {
                cell.push(c);
                within = Within::Plain;
            }
        }
    }
    if within == Within::Quoted {
        return None;
    }
    if within != Within::Closed {
        cell.truncate(cell.trim_end_matches('\r').len());
    }
    cells.push(cell);
    Some((cells, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_hold_line_ends_and_one_that_is_not_closed_costs_its_line() {
        let row =
            |line, cells: &[&str]| Part::Row(line, cells.iter().map(|cell| (*cell).to_owned()).collect());
        let text = "# a \"comment\r\n\r\na,\"b \"\"c\"\"\r\nd\" , e\r\n\"\",x\"y\",\r\n\"open,1\n2,\"3\"";
        let parts: Vec<Part> = Parts::of(text).collect();
        assert_eq!(
            parts,
            [
                Part::Comment("a \"comment".into()),
                row(3, &["a", "b \"c\"\r\nd", " e"]),
                row(5, &["", "x\"y\"", ""]),
                // The next quote closes it; what stands behind is taken as it is.
                row(6, &["open,1\n2,3\""]),
            ]
        );
        let long = format!("\"open\n{}\n1,2\n", "x".repeat(ROW_MAX));
        let parts: Vec<Part> = Parts::of(&long).collect();
        assert_eq!((&parts[0], &parts[2]), (&Part::Unclosed(1), &row(3, &["1", "2"])));
    }
}
