//! A dialogue that goes on as TLS (RFC 4217 for FTP, RFC 3207 for SMTP).

use crate::dialogue::{Dialogue, Out, Progress, Side};
use crate::tls;
use city::Protocol;

/// What is left of a stream that says no more.
const REST: u64 = u64::MAX >> 1;

/// What is said after the ends have agreed to go on with TLS.
#[derive(Default)]
pub(crate) struct Upgrade {
    inside: Option<Box<dyn Dialogue>>,
}

impl Upgrade {
    /// Reads a stream. Only what begins as a handshake (RFC 8446 clause 5.1) is read.
    pub(crate) fn stream(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) -> Progress {
        if self.inside.is_none() {
            match bytes {
                [22, 3, ..] => self.inside = Some((tls::READER.open)()),
                [22] => return Progress::Used(0),
                _ => return Progress::Skip(REST),
            }
        }
        match self.with(out, |inside, out| inside.stream(side, bytes, out)) {
            Some(Progress::Lost) | None => Progress::Skip(REST),
            Some(progress) => progress,
        }
    }

    /// Part of a stream was not seen.
    pub(crate) fn gap(&mut self, side: Side, missing: u64, out: &mut Out<'_>) {
        self.with(out, |inside, out| inside.gap(side, missing, out));
    }

    /// The conversation is over.
    pub(crate) fn end(&mut self, out: &mut Out<'_>) {
        self.with(out, |inside, out| inside.end(out));
    }

    fn with<R>(
        &mut self,
        out: &mut Out<'_>,
        act: impl FnOnce(&mut dyn Dialogue, &mut Out<'_>) -> R,
    ) -> Option<R> {
        let inside = self.inside.as_mut()?;
        let outside = out.flow.protocol.replace(Protocol::Tls);
        let result = act(inside.as_mut(), out);
        out.flow.protocol = outside;
        Some(result)
    }
}
