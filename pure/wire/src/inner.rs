//! A protocol within another: what a dialogue reads of its stream by another dialogue, as behind a StartTLS.

use crate::dialogue::{Dialogue, Out, Progress, Reader, Side};
use city::Protocol;

/// Another protocol's dialogue, to which a stream was given over.
pub(crate) struct Inner {
    protocol: Protocol,
    dialogue: Box<dyn Dialogue>,
    is_lost: bool,
}

impl Inner {
    /// A stream that is of this protocol from here on.
    pub(crate) fn open(reader: &Reader) -> Inner {
        Inner { protocol: reader.protocol, dialogue: (reader.open)(), is_lost: false }
    }

    fn with<R>(&mut self, out: &mut Out<'_>, act: impl FnOnce(&mut dyn Dialogue, &mut Out<'_>) -> R) -> R {
        // What is told is told of the inner protocol.
        let outer = out.flow.protocol.replace(self.protocol);
        let told = act(self.dialogue.as_mut(), out);
        out.flow.protocol = outer;
        told
    }

    /// Reads on. What the inner protocol does not understand is passed over: the outer one has nothing to say to it.
    pub(crate) fn stream(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) -> Progress {
        if self.is_lost {
            return Progress::Used(bytes.len());
        }
        match self.with(out, |dialogue, out| dialogue.stream(side, bytes, out)) {
            Progress::Lost => {
                self.is_lost = true;
                Progress::Used(bytes.len())
            }
            progress => progress,
        }
    }

    pub(crate) fn gap(&mut self, side: Side, missing: u64, out: &mut Out<'_>) {
        self.with(out, |dialogue, out| dialogue.gap(side, missing, out));
    }

    pub(crate) fn end(&mut self, out: &mut Out<'_>) {
        self.with(out, |dialogue, out| dialogue.end(out));
    }
}
