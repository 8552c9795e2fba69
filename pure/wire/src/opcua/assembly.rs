//! Puts messages together that came in several chunks (OPC 10000-6 clause 6.7.2.2).

use super::main_row::Envelope;
use crate::dialogue::Side;

/// Messages of one conversation that are put together at a time.
const OPEN_MAX: usize = 4;

/// The longest message that is put together. Servers set bounds of their own, mostly above it; what is longer is a bulk
/// of values that nobody looks at one by one.
const BYTES_MAX: usize = 256 << 10;

/// A message of which the last chunk has not come.
struct Assembly {
    side: Side,
    envelope: Envelope,
    body: Vec<u8>,
}

/// The messages of one conversation that are not yet whole.
#[derive(Default)]
pub struct Assemblies(Vec<Assembly>);

impl Assemblies {
    /// How many bytes are held.
    pub fn holds(&self) -> usize {
        self.0.iter().map(|open| open.body.capacity()).sum()
    }

    /// Whether earlier chunks of this message came.
    pub fn knows(&self, side: Side, channel: u32, request: u32) -> bool {
        self.place(side, channel, request).is_some()
    }

    fn place(&self, side: Side, channel: u32, request: u32) -> Option<usize> {
        self.0.iter().position(|open| {
            let number = open.envelope.sequence.map(|sequence| sequence.request);
            open.side == side && open.envelope.channel == channel && number == Some(request)
        })
    }

    /// Adds a chunk. Gives the message once it is whole; one that grew too long comes without its end.
    pub fn add(&mut self, side: Side, envelope: Envelope, body: &[u8]) -> Option<(Envelope, Vec<u8>)> {
        let request = envelope.sequence?.request;
        let is_last = envelope.end != b'C';
        let Some(place) = self.place(side, envelope.channel, request) else {
            if self.0.len() >= OPEN_MAX {
                self.0.remove(0);
            }
            self.0.push(Assembly { side, envelope, body: kept(body, BYTES_MAX).to_vec() });
            return None;
        };
        let open = self.0.get_mut(place)?;
        open.envelope.size += envelope.size;
        open.envelope.end = envelope.end;
        open.body.extend_from_slice(kept(body, BYTES_MAX.saturating_sub(open.body.len())));
        if !is_last {
            return None;
        }
        let whole = self.0.remove(place);
        Some((whole.envelope, whole.body))
    }

    /// Forgets what one side had begun to say.
    pub fn forget(&mut self, side: Side) {
        self.0.retain(|open| open.side != side);
    }
}

fn kept(bytes: &[u8], limit: usize) -> &[u8] {
    bytes.get(..limit).unwrap_or(bytes)
}
