//! The journal: every event in order, append-only.
//!
//! A folder of segments, each named after its first event. [`Journal::append`] puts an event in line,
//! [`Journal::sync`] puts everything in line on the disk; called every second, a kill costs at most that second. What
//! a kill tore off the end is cut off at the next start, and [`Opening`] says so. Segments are closed by size and
//! removed by [`Journal::prune`] once a checkpoint holds what they taught and history holds their rows.

mod frame;
mod read;

use crate::durable::{self, FileError, failed};
use ::city::{Loss, LossKind, Text};
use cycle::Event;
use frame::{Header, Tag};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::{
    fs::File,
    io::{Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
};

pub use frame::SCHEMA;
pub use read::Events;
pub(crate) use read::segments;

/// A place in the journal: how many events come before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Position(pub u64);

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// Why the journal could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// A segment was written by a newer release.
    #[error(
        "the journal `{}` has schema {found}, this program knows {SCHEMA} at most; use the newer program",
        path.display()
    )]
    Newer {
        /// The segment.
        path: PathBuf,
        /// The schema number found.
        found: u32,
    },
    /// A segment is damaged elsewhere than at the end of the last one. Reading goes on at the next segment.
    #[error(
        "the journal `{}` is damaged at event {at}: {lost} events up to the next segment cannot be read",
        path.display()
    )]
    Damaged {
        /// The segment.
        path: PathBuf,
        /// The first event that cannot be read.
        at: Position,
        /// How many events cannot be read.
        lost: u64,
    },
    /// An event is whole, yet in a form that this program does not read. Reading goes on behind it.
    #[error(
        "event {at} in the journal `{}` has a form this program does not read; use the program that wrote it",
        path.display()
    )]
    Unreadable {
        /// The segment.
        path: PathBuf,
        /// Its place.
        at: Position,
    },
    /// An event is larger than any reader would accept.
    #[error("an event of {0} bytes is too large for the journal")]
    TooLarge(usize),
    /// Too many bytes wait to be written, because the disk refuses them.
    #[error("the journal cannot be written and {0} bytes wait; make room on the disk")]
    Behind(usize),
    /// A file could not be written or read.
    #[error(transparent)]
    File(#[from] FileError),
}

/// What was found when the journal was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// The place behind the last event kept.
    pub end: Position,
    /// When the last event kept happened, if there is one in the last segment.
    pub last: Option<Timestamp>,
    /// Whether the journal had been closed. If not, up to a second of events after `last` never reached the disk.
    pub closed: bool,
    /// Bytes of events torn by a kill that were cut off the end.
    pub torn: u64,
}

impl Opening {
    /// What was lost, to be shown at the start and put in as an observation; `None` after an orderly stop.
    #[must_use]
    pub fn loss(&self) -> Option<Loss> {
        if self.closed && self.torn == 0 {
            return None;
        }
        let since = self.last.map_or_else(|| "the start".to_owned(), |last| format!("{last:.0}"));
        let detail = format!(
            "Bastide was stopped without being able to finish: observations of up to one second after {since} are \
             lost; {} bytes at the end of the journal were torn and cut off",
            self.torn
        );
        Some(Loss { kind: LossKind::Interrupted, count: self.torn, detail: Text::from(detail) })
    }
}

/// Once a segment is this long, the next one is begun.
const SEGMENT_BYTES: u64 = 16 << 20;
/// Once this much is in line, it is handed to the system, though not yet forced onto the disk.
const BUFFER_BYTES: usize = 64 << 10;
/// The most that may wait while the disk refuses to take it.
const WAITING_BYTES_MAX: usize = 64 << 20;

/// The journal, open for appending. There is one at a time, guarded by the lock of the state directory.
#[derive(Debug)]
pub struct Journal {
    directory: PathBuf,
    sensor: String,
    segment_bytes_max: u64,
    segment: File,
    path: PathBuf,
    first: Position,
    /// Bytes of the segment that the system has taken.
    written: u64,
    /// Frames that the system has not taken yet.
    buffer: Vec<u8>,
    next: Position,
    synced: Position,
}

impl Journal {
    /// Opens the journal in a folder, making it if there is none, and cuts off what a kill tore.
    ///
    /// `at_least` is the place that a checkpoint or history already knows: should the disk have lost the journal
    /// before it, counting goes on from there, so that no place ever means two events. `sensor` says in the header of
    /// new segments who writes.
    ///
    /// # Errors
    /// The journal is of a newer release, or a file could not be read or written.
    pub fn open(
        directory: &Path,
        sensor: &str,
        at_least: Position,
    ) -> Result<(Journal, Opening), JournalError> {
        Journal::open_with(directory, sensor, at_least, SEGMENT_BYTES)
    }

    pub(crate) fn open_with(
        directory: &Path,
        sensor: &str,
        at_least: Position,
        segment_bytes_max: u64,
    ) -> Result<(Journal, Opening), JournalError> {
        durable::make_directory(directory)?;
        durable::clear_unfinished(directory)?;
        let mut opening = Opening { end: at_least, last: None, closed: true, torn: 0 };
        let mut known = segments(directory)?;
        let Some(last) = known.pop() else {
            let mut journal = Journal::begin(directory, sensor, opening.end, segment_bytes_max)?;
            // Until something is appended, nothing can be lost.
            frame::write(&mut journal.buffer, opening.end, Tag::Closed, None)?;
            journal.hand_over()?;
            return Ok((journal, opening));
        };
        let Some(end) = read::end_of(&last)? else {
            // The header is damaged, so nothing behind it can be believed. It is kept for whoever wants to look.
            durable::rename_into_place(&last.path, &last.path.with_extension("damaged"))?;
            opening = Opening { end: last.first.max(at_least), last: None, closed: false, torn: last.bytes };
            let journal = Journal::begin(directory, sensor, opening.end, segment_bytes_max)?;
            return Ok((journal, opening));
        };
        let mut last_time = end.last;
        if let (None, Some(before)) = (last_time, known.pop()) {
            last_time = read::end_of(&before)?.and_then(|end| end.last);
        }
        opening =
            Opening { end: end.next.max(at_least), last: last_time, closed: end.closed, torn: end.torn };
        let mut segment = File::options().write(true).open(&last.path).map_err(failed("open", &last.path))?;
        if end.torn > 0 {
            segment.set_len(end.good).map_err(failed("cut the torn end off", &last.path))?;
            segment.sync_all().map_err(failed("write", &last.path))?;
        }
        // A segment of an older schema, or one that is behind what is known, is left as it is.
        if end.schema != SCHEMA || end.next != opening.end {
            let journal = Journal::begin(directory, sensor, opening.end, segment_bytes_max)?;
            return Ok((journal, opening));
        }
        segment.seek(SeekFrom::Start(end.good)).map_err(failed("write", &last.path))?;
        let journal = Journal {
            directory: directory.to_path_buf(),
            sensor: sensor.to_owned(),
            segment_bytes_max,
            segment,
            path: last.path,
            first: last.first,
            written: end.good,
            buffer: Vec::with_capacity(BUFFER_BYTES * 2),
            next: opening.end,
            synced: opening.end,
        };
        Ok((journal, opening))
    }

    fn begin(
        directory: &Path,
        sensor: &str,
        first: Position,
        segment_bytes_max: u64,
    ) -> Result<Journal, JournalError> {
        let (path, segment, written) = begin_segment(directory, sensor, first)?;
        Ok(Journal {
            directory: directory.to_path_buf(),
            sensor: sensor.to_owned(),
            segment_bytes_max,
            segment,
            path,
            first,
            written,
            buffer: Vec::with_capacity(BUFFER_BYTES * 2),
            next: first,
            synced: first,
        })
    }

    /// The folder that holds the segments.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The place behind the last event appended.
    #[must_use]
    pub fn end(&self) -> Position {
        self.next
    }

    /// The place up to which every event is on the disk.
    #[must_use]
    pub fn synced(&self) -> Position {
        self.synced
    }

    /// Puts an event in line and returns its place.
    ///
    /// # Errors
    /// The event is too large, or the disk takes nothing. An event that was refused is not in the journal.
    pub fn append(&mut self, event: &Event) -> Result<Position, JournalError> {
        if self.buffer.len() >= WAITING_BYTES_MAX {
            return Err(JournalError::Behind(self.buffer.len()));
        }
        frame::write(&mut self.buffer, self.next, Tag::Event, Some(event))?;
        let place = self.next;
        self.next.0 += 1;
        if self.buffer.len() >= BUFFER_BYTES {
            self.hand_over()?;
        }
        Ok(place)
    }

    /// Puts everything in line on the disk and returns the place up to which it is there.
    ///
    /// # Errors
    /// The disk did not take it. What is in line stays in line.
    pub fn sync(&mut self) -> Result<Position, JournalError> {
        if self.synced < self.next || !self.buffer.is_empty() {
            self.hand_over()?;
            self.segment.sync_data().map_err(failed("put on disk", &self.path))?;
            self.synced = self.next;
        }
        if self.written >= self.segment_bytes_max {
            self.rotate()?;
        }
        Ok(self.synced)
    }

    /// Closes the segment and begins the next one, so that this one can be removed when its time comes.
    ///
    /// # Errors
    /// A file could not be written.
    pub fn rotate(&mut self) -> Result<(), JournalError> {
        if self.next == self.first {
            return Ok(());
        }
        self.hand_over()?;
        self.segment.sync_data().map_err(failed("put on disk", &self.path))?;
        self.synced = self.next;
        (self.path, self.segment, self.written) = begin_segment(&self.directory, &self.sensor, self.next)?;
        self.first = self.next;
        Ok(())
    }

    /// Puts everything on the disk and marks that this was an orderly stop.
    ///
    /// # Errors
    /// A file could not be written.
    pub fn close(mut self) -> Result<(), JournalError> {
        frame::write(&mut self.buffer, self.next, Tag::Closed, None)?;
        self.hand_over()?;
        self.segment.sync_all().map_err(failed("put on disk", &self.path))?;
        Ok(())
    }

    /// Removes the segments that lie wholly before a place, and says how many bytes that freed.
    ///
    /// # Errors
    /// A file could not be removed.
    pub fn prune(&mut self, before: Position) -> Result<u64, JournalError> {
        let mut freed = 0;
        let segments = segments(&self.directory)?;
        for (segment, next) in segments.iter().zip(segments.iter().skip(1)) {
            if next.first <= before {
                freed += segment.bytes;
                durable::remove(&segment.path)?;
            }
        }
        if freed > 0 {
            durable::sync_directory(&self.directory)?;
        }
        Ok(freed)
    }

    /// Reads the events on disk from a place on.
    ///
    /// # Errors
    /// The journal is of a newer release, or the folder could not be read.
    pub fn read(directory: &Path, from: Position) -> Result<Events, JournalError> {
        Events::new(directory, from)
    }

    /// Hands what is in line to the system. A kill of this process no longer loses it; a power cut may.
    fn hand_over(&mut self) -> Result<(), JournalError> {
        if let Err(cause) = self.segment.write_all(&self.buffer) {
            // Part of it may have been taken: go back, so that the next attempt does not follow half a frame.
            let _ = self.segment.set_len(self.written);
            let _ = self.segment.seek(SeekFrom::Start(self.written));
            return Err(failed("write", &self.path)(cause).into());
        }
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }
}

impl Drop for Journal {
    /// Hands over what is in line. Without [`Journal::close`] the next start will still say that this was no orderly
    /// stop.
    fn drop(&mut self) {
        let _ = self.hand_over();
    }
}

/// Begins a segment: its header is on the disk before its name is.
fn begin_segment(
    directory: &Path,
    sensor: &str,
    first: Position,
) -> Result<(PathBuf, File, u64), JournalError> {
    let path = directory.join(read::name_of(first));
    let header = Header { schema: SCHEMA, first, sensor: sensor.to_owned() }.to_bytes();
    durable::write_whole(&path, &header)?;
    let mut segment = File::options().write(true).open(&path).map_err(failed("open", &path))?;
    segment.seek(SeekFrom::End(0)).map_err(failed("write", &path))?;
    Ok((path, segment, header.len() as u64))
}

#[cfg(test)]
mod tests;
