//! A run as text: JSON, a line for what was lost and a line for each tick.

use super::{Run, Tick};
use city::Text;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Why a text is no run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RunError {
    /// There is a header of another run in it.
    #[error("line {line} is of another run: something else was lost, or at another time; keep the two apart")]
    Another {
        /// The line, from 1.
        line: usize,
    },
    /// Two runs that are not the same cannot be merged.
    #[error("these are two runs: something else was lost, or at another time; keep them apart")]
    Apart,
    /// There is no header in it.
    #[error("no line says what was lost and when: the file is no run, or its beginning is gone")]
    NoHeader,
}

/// A run as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunRead {
    /// The run.
    pub run: Run,
    /// The lines that could not be read, from 1, at most [`RunRead::UNREAD_MAX`]: what they said is not known. A line that
    /// was being written when the power went is one.
    pub unread: Vec<usize>,
    /// Whether the only line that could not be read is the last one, without an end: it was torn while it was written.
    pub torn: bool,
    /// How many ticks were left out because there were more than a run keeps.
    pub left_out: usize,
}

impl RunRead {
    /// The most lines that are told.
    pub const UNREAD_MAX: usize = 100;
}

/// The longest line that is read, in bytes.
const LINE_MAX: usize = 32_768;

/// What was lost, and when.
#[derive(Serialize, Deserialize)]
struct Header {
    lost: Vec<Text>,
    started: Timestamp,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Line {
    Tick(Tick),
    Header(Header),
}

impl Run {
    /// The line that a run's file begins with, with its end.
    #[must_use]
    pub fn header_line(&self) -> String {
        line(&Header { lost: self.lost.clone(), started: self.started })
    }

    /// The line of a tick, with its end: what is written behind the others.
    ///
    /// A line that was torn before may lack its end. Whoever writes begins with a line's end if the file has none.
    #[must_use]
    pub fn tick_line(tick: &Tick) -> String {
        line(tick)
    }

    /// The whole run as text.
    #[must_use]
    pub fn to_lines(&self) -> String {
        let mut text = self.header_line();
        for tick in &self.ticks {
            text += &line(tick);
        }
        text
    }

    /// Reads a run: one file, or several of the same run behind one another, torn where the power went.
    ///
    /// # Errors
    ///
    /// No header, or headers of two runs.
    pub fn parse(text: &str) -> Result<RunRead, RunError> {
        let mut header: Option<Header> = None;
        let mut ticks: Vec<Tick> = Vec::new();
        let (mut unread, mut left_out) = (Vec::new(), 0);
        let mut last_line = 0;
        for (number, line) in (1..).zip(text.lines()) {
            last_line = number;
            if line.trim().is_empty() {
                continue;
            }
            let read = if line.len() <= LINE_MAX { serde_json::from_str::<Line>(line).ok() } else { None };
            match (read, &header) {
                (Some(Line::Header(new)), None) => header = Some(new),
                (Some(Line::Header(new)), Some(old))
                    if new.lost != old.lost || new.started != old.started =>
                {
                    return Err(RunError::Another { line: number });
                }
                (Some(Line::Header(_)), _) => {}
                (Some(Line::Tick(tick)), _) if fits(&tick) => {
                    if ticks.len() < Run::TICKS_MAX {
                        ticks.push(tick)
                    } else {
                        left_out += 1
                    }
                }
                _ => unread.push(number),
            }
        }
        let header = header.ok_or(RunError::NoHeader)?;
        let torn = unread == [last_line] && !text.ends_with('\n');
        unread.truncate(RunRead::UNREAD_MAX);
        ticks.sort();
        ticks.dedup();
        Ok(RunRead { run: Run { lost: header.lost, started: header.started, ticks }, unread, torn, left_out })
    }
}

fn fits(tick: &Tick) -> bool {
    tick.by.len() <= Tick::NAME_MAX && tick.note.as_ref().is_none_or(|note| note.len() <= Tick::NOTE_MAX)
}

fn line(value: &impl Serialize) -> String {
    // Texts and times always have a form in JSON.
    let mut text = serde_json::to_string(value).unwrap_or_default();
    text.push('\n');
    text
}
