//! A dialogue that goes on as TLS (RFC 4217 for FTP, RFC 3207 for SMTP).

use crate::dialogue::{Out, Progress, Side};
use crate::inner::Inner;
use crate::tls;

/// What is left of a stream that says no more.
const REST: u64 = u64::MAX >> 1;

/// What is said after the ends have agreed to go on with TLS.
#[derive(Default)]
pub(crate) struct Upgrade {
    inside: Option<Inner>,
}

impl Upgrade {
    /// Reads a stream. Only what begins as a handshake (RFC 8446 clause 5.1) is read.
    pub(crate) fn stream(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) -> Progress {
        let inside = match (&mut self.inside, bytes) {
            (Some(inside), _) => inside,
            (inside, [22, 3, ..]) => inside.insert(Inner::open(&tls::READER)),
            (_, [22]) => return Progress::Used(0),
            _ => return Progress::Skip(REST),
        };
        inside.stream(side, bytes, out)
    }

    /// Part of a stream was not seen.
    pub(crate) fn gap(&mut self, side: Side, missing: u64, out: &mut Out<'_>) {
        if let Some(inside) = &mut self.inside {
            inside.gap(side, missing, out);
        }
    }

    /// The conversation is over.
    pub(crate) fn end(&mut self, out: &mut Out<'_>) {
        if let Some(inside) = &mut self.inside {
            inside.end(out);
        }
    }
}
