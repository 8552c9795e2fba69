//! What is transferred: what it is, by its first bytes, and its row in the field's log of files.

use crate::dialogue::{Out, Side};
use crate::show::seconds;
use city::Text;
use compact_str::format_compact;
use jiff::Timestamp;

/// How many bytes are looked at to guess what content is.
pub(crate) const START_MAX: usize = 64;

/// How many bytes show that content is text; Zeek wants as many.
const TEXT_MIN: usize = 10;

/// What was transferred.
#[derive(Clone, Debug)]
pub(crate) struct File {
    /// What carried it, as Zeek names it: `HTTP`.
    pub(crate) source: &'static str,
    pub(crate) mime: Option<&'static str>,
    pub(crate) filename: Option<Text>,
    /// When its first and its last bytes came.
    pub(crate) span: (Timestamp, Timestamp),
    /// How many bytes of it were seen.
    pub(crate) seen: u64,
    /// How many it was to have, if it was said.
    pub(crate) declared: Option<u64>,
    /// How many were not seen.
    pub(crate) missed: u64,
    /// Where it lies in something longer, if it does.
    pub(crate) part: Option<Part>,
}

/// Where something lies in something longer.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) start: u64,
    /// How long the whole is, if that is known.
    pub(crate) whole: Option<u64>,
    /// What the whole is called.
    pub(crate) url: String,
}

impl File {
    /// Tells of it, sent by `side`.
    pub(crate) fn tell(self, side: Side, out: &mut Out<'_>) {
        out.message(side, "files", |fields| {
            let (first, last) = self.span;
            fields.put("began", seconds(first));
            fields.put("ended", seconds(last));
            if let Some(Part { start, whole, url }) = self.part {
                fields.show("part-start", start);
                if let Some(whole) = whole {
                    fields.show("part-of", whole);
                }
                fields.put("part-url", url);
            }
            fields.put("source", self.source);
            fields.put("depth", "0");
            fields.put("analyzers", "");
            if let Some(mime) = self.mime {
                fields.put("mime_type", mime);
            }
            if let Some(name) = self.filename {
                fields.put("filename", name);
            }
            let micros = last.duration_since(first).as_micros().max(0);
            fields.put("duration", format_compact!("{}.{:06}", micros / 1_000_000, micros % 1_000_000));
            fields.show("seen_bytes", self.seen);
            if let Some(declared) = self.declared {
                fields.show("total_bytes", declared);
            }
            fields.show("missing_bytes", self.missed);
            fields.put("overflow_bytes", "0");
            fields.flag("timedout", false);
        });
    }
}

/// The type of content that begins so.
pub(crate) fn mime(start: &[u8]) -> Option<&'static str> {
    if start.is_empty() {
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
    if let Some((_, mime)) = BEGINNINGS.iter().find(|(beginning, _)| start.starts_with(beginning)) {
        return Some(mime);
    }
    let text = start.trim_ascii_start();
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
    if start.len() < TEXT_MIN {
        return None;
    }
    let printable = |byte: &u8| matches!(byte, b'\t' | b'\n' | b'\r' | 0x20..=0x7e | 0x80..);
    let is_text = start.iter().all(printable) && start.utf8_chunks().all(|c| c.invalid().len() < 3);
    is_text.then_some("text/plain")
}

#[cfg(test)]
mod tests {
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
            assert_eq!(super::mime(bytes), mime);
        }
    }
}
