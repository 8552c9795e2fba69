//! Bodies as rows of the field's log of files.

use super::body::{Body, Range};
use super::parts::parse_parts;
use crate::content::{self, File, Part, START_MAX};
use crate::dialogue::{Out, Side};
use crate::show::{VALUE_BYTES_MAX, readable};

/// The row of a body that was sent by `side`, or one for each of its parts.
pub fn tell(body: &Body, content_type: &[u8], url: &dyn Fn() -> String, side: Side, out: &mut Out<'_>) {
    let Some(span) = body.span.filter(|_| body.length > 0) else { return };
    let parts = body.held().map(|held| parse_parts(held, content_type)).unwrap_or_default();
    for part in parts.iter().filter(|part| !part.content.is_empty()) {
        let mime = content::mime(part.content.get(..START_MAX).unwrap_or(part.content));
        let filename = part.filename.map(|name| readable(name, VALUE_BYTES_MAX));
        let seen = part.content.len() as u64;
        File { source: "HTTP", mime, filename, span, seen, declared: None, missed: 0, part: None }
            .tell(side, out);
    }
    if parts.is_empty() {
        let unpacked = body.unpacked();
        let shown = unpacked.as_ref().unwrap_or(body);
        let (seen, missed, declared) = (shown.length, body.missed, body.declared);
        let (mime, filename) = (shown.mime(), body.filename.clone());
        // A browser fetches the parts of something long in several connections.
        let part = body.range.map(|Range { start, whole }| Part { start, whole, url: url() });
        File { source: "HTTP", mime, filename, span, seen, declared, missed, part }.tell(side, out);
    }
}
