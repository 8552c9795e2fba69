//! Bodies: where they end, how long they are, what they begin with. They are never held.

use super::inflate::{Inflated, inflate};
use super::message::Headers;
use super::parse::{parse_chunk_size, parse_content_length};
use crate::content::{self, START_MAX};
use city::Text;
use jiff::Timestamp;
use smallvec::SmallVec;

/// The longest form in which a login is looked for.
pub const FORM_MAX: usize = 8 << 10;

/// The longest compressed body whose length without compression is looked for.
const PACKED_MAX: usize = 64 << 10;

/// The longest line with the size of a chunk, or of a trailer.
const LINE_MAX: usize = 4 << 10;

/// How the end of a body is told (RFC 9112 clause 6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// In chunks, each with its length: what comes next.
    Chunked(Chunk),
    /// So many bytes are to come.
    Length(u64),
    /// It goes on until the connection ends.
    UntilClose,
}

/// What comes next in a chunked body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chunk {
    /// The rest of a chunk, of so many bytes.
    Data(u64),
    /// The end of the line behind a chunk.
    End,
    /// The size of a chunk.
    Size,
    /// The lines behind the last chunk.
    Trailer,
}

/// What reading some bytes of a body came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// So many bytes are done with, and the body is over.
    Done(usize),
    /// So many bytes are done with; the body goes on.
    More(usize),
    /// It does not keep to its framing.
    Broken,
}

impl Framing {
    /// What the headers say; `None` where they say nothing.
    pub fn declared(headers: Headers<'_>) -> Option<Framing> {
        let chunked = headers
            .iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case(b"transfer-encoding"))
            .any(|(_, value)| value.to_ascii_lowercase().ends_with(b"chunked"));
        if chunked {
            return Some(Framing::Chunked(Chunk::Size));
        }
        headers.first("content-length").and_then(parse_content_length).map(Framing::Length)
    }
}

impl Framing {
    /// How long a body is, if that is said before it comes.
    pub fn length(self) -> Option<u64> {
        match self {
            Framing::Length(length) => Some(length),
            Framing::Chunked(_) | Framing::UntilClose => None,
        }
    }
}

/// Where a body lies in something longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// Where it begins.
    pub start: u64,
    /// How long the whole is, if that is known.
    pub whole: Option<u64>,
}

/// A body that is being passed.
#[derive(Clone, Debug, Default)]
pub struct Body {
    /// How many bytes of it were there.
    pub length: u64,
    /// How many bytes of it were not seen.
    pub missed: u64,
    /// How many bytes it was to have, if it was said.
    pub declared: Option<u64>,
    /// What it is called, if it was said.
    pub filename: Option<Text>,
    /// Where it lies in something longer, if it does.
    pub range: Option<Range>,
    /// When its first and its last bytes came, if anybody wants to know.
    pub span: Option<(Timestamp, Timestamp)>,
    /// How many of those that were not seen lie before others that were.
    pub missed_within: u64,
    /// Its first bytes.
    start: SmallVec<[u8; START_MAX]>,
    /// All of it, if it may be a form or is looked at otherwise, and is short.
    form: Option<Vec<u8>>,
    /// How it is compressed, and all of it, if it is short.
    packed: Option<(Vec<u8>, Vec<u8>)>,
}

impl Body {
    /// One that may be a form.
    pub fn form() -> Body {
        Body { form: Some(Vec::new()), ..Body::default() }
    }

    /// One that is compressed in a way that is understood.
    pub fn packed(encoding: &[u8]) -> Body {
        Body { packed: Some((encoding.to_vec(), Vec::new())), ..Body::default() }
    }

    /// What it is without its compression, if it has one and is short enough.
    pub fn unpacked(&self) -> Option<Body> {
        let (encoding, bytes) = self.packed.as_ref()?;
        let Inflated { length, start } = inflate(encoding, bytes)?;
        Some(Body { length, start, ..Body::default() })
    }

    /// How many bytes of it are held.
    pub fn holds(&self) -> usize {
        let form = self.form.as_ref().map_or(0, Vec::capacity);
        form + self.packed.as_ref().map_or(0, |(_, bytes)| bytes.capacity())
    }

    /// One that is all there.
    pub fn of(bytes: &[u8]) -> Body {
        let mut body = Body::default();
        body.count(bytes);
        body
    }

    /// Has all of it held, if it is short enough.
    pub fn hold(&mut self) {
        self.form = Some(Vec::new());
    }

    /// All of it, if it may be a form and is short enough.
    pub fn held(&self) -> Option<&[u8]> {
        self.form.as_deref()
    }

    /// The form, if it was one and short enough.
    pub fn take_form(&mut self) -> Option<Vec<u8>> {
        self.form.take()
    }

    /// Takes note that bytes of it come.
    pub fn comes(&mut self, now: Timestamp) {
        self.span = Some((self.span.map_or(now, |(first, _)| first), now));
    }

    fn count(&mut self, bytes: &[u8]) {
        self.length += bytes.len() as u64;
        if !bytes.is_empty() {
            self.missed_within = self.missed;
        }
        let room = START_MAX.saturating_sub(self.start.len());
        self.start.extend(bytes.iter().take(room).copied());
        if let Some(form) = &mut self.form {
            form.extend_from_slice(bytes);
            if form.len() > FORM_MAX {
                self.form = None;
            }
        }
        if let Some((_, packed)) = &mut self.packed {
            packed.extend_from_slice(bytes);
            if packed.len() > PACKED_MAX {
                self.packed = None;
            }
        }
    }

    /// Reads on.
    pub fn read(&mut self, framing: &mut Framing, bytes: &[u8]) -> Step {
        match framing {
            Framing::UntilClose => {
                self.count(bytes);
                Step::More(bytes.len())
            }
            Framing::Length(left) => match self.pass(left, bytes) {
                used if *left == 0 => Step::Done(used),
                used => Step::More(used),
            },
            Framing::Chunked(chunk) => self.read_chunk(chunk, bytes),
        }
    }

    /// Passes over bytes of which so many are left: how many that were there.
    fn pass(&mut self, left: &mut u64, bytes: &[u8]) -> usize {
        let here = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
        self.count(bytes.get(..here).unwrap_or_default());
        *left -= here as u64;
        here
    }

    fn read_chunk(&mut self, chunk: &mut Chunk, bytes: &[u8]) -> Step {
        if let Chunk::Data(left) = chunk {
            let used = self.pass(left, bytes);
            if *left == 0 {
                *chunk = Chunk::End;
            }
            return Step::More(used);
        }
        let Some(newline) = bytes.iter().position(|byte| *byte == b'\n') else {
            return if bytes.len() > LINE_MAX { Step::Broken } else { Step::More(0) };
        };
        let line = bytes.get(..newline).unwrap_or_default().trim_ascii();
        let used = newline + 1;
        *chunk = match (*chunk, parse_chunk_size(line)) {
            (Chunk::End, _) if line.is_empty() => Chunk::Size,
            (Chunk::Size, Some(0)) => Chunk::Trailer,
            (Chunk::Size, Some(size)) => Chunk::Data(size),
            (Chunk::Trailer, _) if line.is_empty() => return Step::Done(used),
            (Chunk::Trailer, _) => Chunk::Trailer,
            _ => return Step::Broken,
        };
        Step::More(used)
    }

    /// Bytes of the body that were never seen.
    pub fn miss(&mut self, framing: &mut Framing, missing: u64) -> Step {
        // A part of a form is none.
        self.form = None;
        self.missed = self.missed.saturating_add(missing);
        self.packed = None;
        match framing {
            Framing::UntilClose => Step::More(0),
            Framing::Length(left) if missing < *left => {
                *left -= missing;
                Step::More(0)
            }
            Framing::Length(left) if missing == *left => Step::Done(0),
            Framing::Chunked(chunk @ Chunk::Data(_)) if *chunk == Chunk::Data(missing) => {
                *chunk = Chunk::End;
                Step::More(0)
            }
            Framing::Chunked(Chunk::Data(left)) if missing < *left => {
                *left -= missing;
                Step::More(0)
            }
            _ => Step::Broken,
        }
    }

    /// What it is, by its first bytes.
    pub fn mime(&self) -> Option<&'static str> {
        content::mime(&self.start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a body in pieces of a size; its length and how many bytes it took.
    fn read(framing: Framing, bytes: &[u8], size: usize) -> (u64, usize, bool) {
        let (mut body, mut framing) = (Body::default(), framing);
        let (mut at, mut end) = (0, size.min(bytes.len()));
        loop {
            match body.read(&mut framing, &bytes[at..end]) {
                Step::Done(used) => return (body.length, at + used, true),
                Step::More(used) => {
                    at += used;
                    if used == 0 || at == end {
                        if end == bytes.len() {
                            return (body.length, at, false);
                        }
                        end = (end + size).min(bytes.len());
                    }
                }
                Step::Broken => return (body.length, at, false),
            }
        }
    }

    #[test]
    fn a_chunked_body_ends_where_it_says() {
        let bytes = b"5;x=y\r\nhello\r\n3\r\nabc\r\n0\r\nTrailer: x\r\n\r\nHTTP/1.1";
        for size in 1..bytes.len() {
            assert_eq!(read(Framing::Chunked(Chunk::Size), bytes, size), (8, 39, true), "{size}");
        }
    }

    #[test]
    fn a_body_with_a_length_is_passed_over() {
        let bytes = vec![b'x'; 500_000];
        for size in [1_000, 65_536, 500_000] {
            assert_eq!(read(Framing::Length(400_000), &bytes, size), (400_000, 400_000, true));
        }
        assert_eq!(read(Framing::Length(1 << 40), &bytes, 1_500), (500_000, 500_000, false));
    }

    #[test]
    fn what_breaks_its_framing_is_broken() {
        let mut framing = Framing::Chunked(Chunk::Size);
        assert_eq!(Body::default().read(&mut framing, b"not a size\r\n"), Step::Broken);
    }
}
