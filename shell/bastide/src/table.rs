//! Tables that fit a terminal.

use std::io::{self, IsTerminal, Write};

/// The width assumed where there is no terminal.
const WIDTH_ELSEWHERE: usize = 120;

/// The least width to which a column is cut.
const COLUMN_MIN: usize = 8;

/// A table for people: a header, rows of text, the widest columns cut to fit.
pub(crate) struct Table {
    header: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// An empty table.
    pub(crate) fn new(header: &[&'static str]) -> Table {
        Table { header: header.to_vec(), rows: Vec::new() }
    }

    /// Adds a row; it should have as many cells as the header.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().map(|cell| printable(&cell)).collect());
    }

    /// Writes the table, as wide as the terminal at most.
    pub(crate) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        self.write_within(out, width())
    }

    fn write_within(&self, out: &mut impl Write, width: usize) -> io::Result<()> {
        let mut widths: Vec<usize> = self.header.iter().map(|title| title.chars().count()).collect();
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        let gaps = 2 * widths.len().saturating_sub(1);
        while widths.iter().sum::<usize>() + gaps > width {
            // An id is there to be copied, and is cut last.
            let columns = self.header.iter().zip(&mut widths).filter(|(_, width)| **width > COLUMN_MIN);
            let Some((_, widest)) = columns.max_by_key(|(title, width)| (**title != "id", **width)) else {
                break;
            };
            *widest -= 1;
        }
        let header: Vec<String> = self.header.iter().map(|title| title.to_uppercase()).collect();
        for row in std::iter::once(&header).chain(&self.rows) {
            let cells = row.iter().zip(&widths).map(|(cell, width)| fit(cell, *width));
            writeln!(out, "{}", cells.collect::<Vec<_>>().join("  ").trim_end())?;
        }
        Ok(())
    }
}

/// The cell cut or padded to a width.
fn fit(cell: &str, width: usize) -> String {
    let length = cell.chars().count();
    if length <= width {
        return format!("{cell}{}", " ".repeat(width - length));
    }
    let kept: String = cell.chars().take(width.saturating_sub(1)).collect();
    format!("{kept}…")
}

/// Text from the network must not move the cursor.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// The terminal's width, or a usual one where there is no terminal.
fn width() -> usize {
    let stdout = io::stdout();
    if !stdout.is_terminal() {
        return WIDTH_ELSEWHERE;
    }
    let size = rustix::termios::tcgetwinsize(&stdout).ok();
    size.map(|size| usize::from(size.ws_col)).filter(|columns| *columns > 0).unwrap_or(WIDTH_ELSEWHERE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_widest_column_gives_way_first() {
        let mut table = Table::new(&["id", "what"]);
        table.row(["1".into(), "a long story about a pump".into()]);
        table.row(["2".into(), "bad\x1b[2Jscreen".into()]);
        let mut out = Vec::new();
        table.write_within(&mut out, 16).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text, "ID  WHAT\n1   a long stor…\n2   bad\u{fffd}[2Jscre…\n");
    }

    #[test]
    fn an_id_is_not_cut_while_another_column_can_give_way() {
        let mut table = Table::new(&["id", "what"]);
        table.row(["indicator--0001".into(), "a long story".into()]);
        let mut out = Vec::new();
        table.write_within(&mut out, 25).unwrap();
        table.write_within(&mut out, 20).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(
            text,
            "ID               WHAT\nindicator--0001  a long …\nID          WHAT\nindicator…  a long …\n"
        );
    }
}
