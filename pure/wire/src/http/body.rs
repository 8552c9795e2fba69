//! Bodies: where they end, how long they are, what they begin with. They are never held.

use super::inflate::{Inflated, inflate};
use super::message::Headers;
use super::parse::{parse_chunk_size, parse_content_length};
use smallvec::SmallVec;

/// How many bytes of a body are looked at to guess what it is.
const START_MAX: usize = 64;

/// How many bytes show that content is text; Zeek wants as many.
const TEXT_MIN: usize = 10;

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

/// A body that is being passed.
#[derive(Clone, Debug, Default)]
pub struct Body {
    /// How many bytes of it were there.
    pub length: u64,
    /// How many bytes of it were not seen.
    pub missed: u64,
    /// Its first bytes.
    start: SmallVec<[u8; START_MAX]>,
    /// All of it, if it may be a form and is short.
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

    /// All of it, if it may be a form and is short enough.
    pub fn held(&self) -> Option<&[u8]> {
        self.form.as_deref()
    }

    /// The form, if it was one and short enough.
    pub fn take_form(&mut self) -> Option<Vec<u8>> {
        self.form.take()
    }

    fn count(&mut self, bytes: &[u8]) {
        self.length += bytes.len() as u64;
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
        if self.start.is_empty() {
            return None;
        }
        /// How content of a type begins.
        const BEGINNINGS: [(&[u8], &str); 19] = [
            (b"%PDF-", "application/pdf"),
            (b"MZ", "application/x-dosexec"),
            (b"\x7fELF", "application/x-executable"),
            (b"PK\x03\x04", "application/zip"),
            (b"\x1f\x8b", "application/x-gzip"),
            (b"BZh", "application/x-bzip2"),
            (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
            (b"\xfd7zXZ\x00", "application/x-xz"),
            (b"\x89PNG\r\n\x1a\n", "image/png"),
            (b"\xff\xd8\xff", "image/jpeg"),
            (b"GIF8", "image/gif"),
            (b"BM", "image/x-ms-bmp"),
            (b"\x00\x00\x01\x00", "image/x-icon"),
            (b"\x00\x00\x00\x18ftyp", "video/mp4"),
            (b"CWS", "application/x-shockwave-flash"),
            (b"FWS", "application/x-shockwave-flash"),
            (b"ID3", "audio/mpeg"),
            (b"OggS", "application/ogg"),
            (b"wOFF", "application/font-woff"),
        ];
        if let Some((_, mime)) = BEGINNINGS.iter().find(|(start, _)| self.start.starts_with(start)) {
            return Some(mime);
        }
        let text = self.start.trim_ascii_start();
        let lower = text.to_ascii_lowercase();
        // A page of XHTML begins as XML.
        let prolog = lower.strip_prefix(b"<?xml").and_then(|rest| {
            let end = rest.windows(2).position(|pair| pair == b"?>")?;
            rest.get(end + 2..)
        });
        let page = prolog.unwrap_or(&lower).trim_ascii_start();
        if ["<!doctype html", "<html", "<head", "<body", "<title"]
            .iter()
            .any(|tag| page.starts_with(tag.as_bytes()))
        {
            return Some("text/html");
        }
        if lower.starts_with(b"<?xml") || lower.starts_with(b"<soap") {
            return Some("application/xml");
        }
        if matches!(text, [b'{' | b'[', ..]) {
            return Some("text/json");
        }
        // Fewer bytes do not show that it is text.
        if self.start.len() < TEXT_MIN {
            return None;
        }
        let printable = |byte: &u8| matches!(byte, b'\t' | b'\n' | b'\r' | 0x20..=0x7e | 0x80..);
        let is_text =
            self.start.iter().all(printable) && self.start.utf8_chunks().all(|c| c.invalid().len() < 3);
        is_text.then_some("text/plain")
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

    #[test]
    fn content_is_guessed_by_its_beginning() {
        for (bytes, mime) in [
            (&b"<!DOCTYPE html><html>"[..], Some("text/html")),
            (b"\x89PNG\r\n\x1a\nxyz", Some("image/png")),
            (b"<?xml version=\"1.0\"?>\n<!DOCTYPE html>", Some("text/html")),
            (b"<?xml version=\"1.0\"?>\n<plan>", Some("application/xml")),
            (b"plain words", Some("text/plain")),
            (b"short", None),
            (b"\x00\x01\x02", None),
            (b"", None),
        ] {
            let mut body = Body::default();
            body.read(&mut Framing::UntilClose, bytes);
            assert_eq!(body.mime(), mime);
        }
    }
}
