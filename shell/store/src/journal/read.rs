//! Reading the journal back, and finding where a kill tore it.

use super::{
    JournalError, Position,
    frame::{self, Header, SCHEMA, Tag},
};
use crate::durable::{self, failed};
use cycle::Event;
use jiff::Timestamp;
use std::{
    fs,
    path::{Path, PathBuf},
    vec,
};

const EXTENSION: &str = ".journal";

/// A file of the journal.
#[derive(Clone, Debug)]
pub(crate) struct Segment {
    pub(crate) path: PathBuf,
    pub(crate) first: Position,
    pub(crate) bytes: u64,
}

pub(super) fn name_of(first: Position) -> String {
    format!("{:020}{EXTENSION}", first.0)
}

/// The segments in a folder, in order.
pub(crate) fn segments(directory: &Path) -> Result<Vec<Segment>, JournalError> {
    let mut found = Vec::new();
    for name in durable::names(directory)? {
        let Some(first) = name.strip_suffix(EXTENSION).and_then(|digits| digits.parse().ok()) else {
            continue;
        };
        let path = directory.join(&name);
        match fs::metadata(&path) {
            Ok(about) => found.push(Segment { path, first: Position(first), bytes: about.len() }),
            // Removed meanwhile by the process that owns it.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed("read", &path)(error).into()),
        }
    }
    found.sort_unstable_by_key(|segment| segment.first);
    Ok(found)
}

/// What stands at the end of the last segment.
pub(super) struct End {
    pub(super) schema: u32,
    pub(super) next: Position,
    pub(super) last: Option<Timestamp>,
    pub(super) closed: bool,
    /// Bytes up to the end of the last frame that can be believed.
    pub(super) good: u64,
    /// Bytes behind it.
    pub(super) torn: u64,
}

/// Finds the end of the last segment. `None` if its header is damaged.
pub(super) fn end_of(segment: &Segment) -> Result<Option<End>, JournalError> {
    let bytes = fs::read(&segment.path).map_err(failed("read", &segment.path))?;
    let Some((header, mut rest)) = header(segment, &bytes)? else { return Ok(None) };
    let (mut next, mut closed, mut last) = (header.first, false, None);
    while let Some(frame) = frame::read(&mut rest, next) {
        closed = frame.tag == Tag::Closed;
        if frame.tag == Tag::Event {
            next.0 += 1;
            last = Some(frame.body);
        }
    }
    let torn = rest.len() as u64;
    Ok(Some(End {
        schema: header.schema,
        next,
        last: last.and_then(decode).map(|event| event.time()),
        closed,
        good: bytes.len() as u64 - torn,
        torn,
    }))
}

/// The header of a segment and what follows; `None` if it is damaged.
fn header<'a>(segment: &Segment, bytes: &'a [u8]) -> Result<Option<(Header, &'a [u8])>, JournalError> {
    match Header::parse(bytes) {
        Some((header, _)) if header.schema > SCHEMA => {
            Err(JournalError::Newer { path: segment.path.clone(), found: header.schema })
        }
        Some((header, rest)) if header.first == segment.first => Ok(Some((header, rest))),
        _ => Ok(None),
    }
}

/// Reads an event of any schema up to ours; there has been one.
fn decode(body: &[u8]) -> Option<Event> {
    postcard::from_bytes(body).ok()
}

/// The events on disk from a place on, in order.
///
/// Where a segment is damaged an error comes in its place, and the next segment follows. Behind the last event that
/// can be believed there is nothing, be it the end or a frame that is still being written.
#[derive(Debug)]
pub struct Events {
    segments: vec::IntoIter<Segment>,
    /// The segment being read: its path, its bytes, how many were read, and where the next segment begins.
    open: Option<(PathBuf, Vec<u8>, usize, Option<Position>)>,
    next: Position,
    from: Position,
}

impl Events {
    pub(super) fn new(directory: &Path, from: Position) -> Result<Events, JournalError> {
        let mut segments = segments(directory)?;
        // The last segment that begins at or before the place, and those after it.
        let skip = segments.partition_point(|segment| segment.first <= from).saturating_sub(1);
        segments.drain(..skip);
        Ok(Events { segments: segments.into_iter(), open: None, next: from, from })
    }

    /// The place behind the last event that was read.
    #[must_use]
    pub fn position(&self) -> Position {
        self.next.max(self.from)
    }

    /// Opens the next segment. `None` if there is none.
    fn open_next(&mut self) -> Option<Result<(), JournalError>> {
        let segment = self.segments.next()?;
        let follows = self.segments.as_slice().first().map(|next| next.first);
        let bytes = match fs::read(&segment.path).map_err(failed("read", &segment.path)) {
            Ok(bytes) => bytes,
            Err(error) => return Some(Err(error.into())),
        };
        // Places that no segment covers: one was lost whole.
        let missing = segment.first.0.saturating_sub(self.next.0);
        let at = self.next;
        let read = match header(&segment, &bytes) {
            Err(error) => return Some(Err(error)),
            Ok(Some((_, rest))) => bytes.len() - rest.len(),
            Ok(None) => bytes.len(),
        };
        self.next = segment.first;
        let path = segment.path.clone();
        self.open = Some((segment.path, bytes, read, follows));
        if missing > 0 && at >= self.from {
            return Some(Err(JournalError::Damaged { path, at, lost: missing }));
        }
        Some(Ok(()))
    }

    /// The next event of the open segment.
    fn next_frame(&mut self) -> Option<Result<(Position, Event), JournalError>> {
        let (path, bytes, read, follows) = self.open.as_mut()?;
        loop {
            let mut rest = bytes.get(*read..)?;
            let Some(frame) = frame::read(&mut rest, self.next) else { break };
            *read = bytes.len() - rest.len();
            if frame.tag == Tag::Closed {
                continue;
            }
            let place = self.next;
            if place < self.from {
                self.next.0 += 1;
                continue;
            }
            self.next.0 += 1;
            let event =
                decode(frame.body).ok_or_else(|| JournalError::Unreadable { path: path.clone(), at: place });
            return Some(event.map(|event| (place, event)));
        }
        // Nothing more can be believed here. If the next segment begins further on, events are missing.
        let next = follows.filter(|next| *next > self.next)?;
        let error = JournalError::Damaged { path: path.clone(), at: self.next, lost: next.0 - self.next.0 };
        self.next = next;
        Some(Err(error))
    }
}

impl Iterator for Events {
    type Item = Result<(Position, Event), JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(item) = self.next_frame() {
                return Some(item);
            }
            self.open = None;
            if let Err(error) = self.open_next()? {
                return Some(Err(error));
            }
        }
    }
}
