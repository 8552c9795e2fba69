//! What was not seen, could not be kept or was not understood: counted, and told now and then.

use crate::flood::Floods;
use city::{Loss, LossKind, Observation, Observed, Protocol, Text, Transport, Unread};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Kinds of unread bytes told apart at a time.
const UNREAD_MAX: usize = 1_024;

/// The counts since they were last told.
///
/// Tallies of several readers are put together with [`Tally::add`] and then told once.
#[derive(Debug, Default)]
pub struct Tally {
    /// The number of the frame that is read.
    pub(crate) frame: u64,
    /// Frames cut short when captured, or shorter than their headers say.
    pub(crate) truncated: u64,
    /// Frames whose time ran backwards.
    pub(crate) reversed: u64,
    /// Frames with a wrong checksum.
    pub(crate) checksums: u64,
    /// Conversations that a full table put out.
    pub(crate) put_out: u64,
    /// Bytes of streams that could not be held until a gap closed or a message was whole.
    pub(crate) not_held: u64,
    /// Conversations that came to nothing.
    pub(crate) floods: Floods,
    unread: BTreeMap<(Transport, u16, Option<Protocol>), Sampled>,
}

#[derive(Debug)]
struct Sampled {
    count: u64,
    /// The frame that the sample is from.
    frame: u64,
    first: [u8; 16],
    length: usize,
}

impl Tally {
    /// Counts a message that nobody understood.
    pub(crate) fn unread(
        &mut self,
        transport: Transport,
        port: u16,
        protocol: Option<Protocol>,
        bytes: &[u8],
        count: u64,
    ) {
        let mut key = (transport, port, protocol);
        if !self.unread.contains_key(&key) && self.unread.len() >= UNREAD_MAX {
            // Too many to tell apart: the port is let go of, then the rest.
            key.1 = 0;
            if self.unread.len() >= 2 * UNREAD_MAX && !self.unread.contains_key(&key) {
                key = (Transport::Ethernet(0), 0, None);
            }
        }
        let sampled = self.unread.entry(key).or_insert_with(|| {
            let mut first = [0; 16];
            for (to, from) in first.iter_mut().zip(bytes) {
                *to = *from;
            }
            Sampled { count: 0, frame: self.frame, first, length: bytes.len().min(16) }
        });
        sampled.count += count;
    }

    /// Adds what another reader counted.
    pub fn add(&mut self, other: Tally) {
        self.truncated += other.truncated;
        self.reversed += other.reversed;
        self.checksums += other.checksums;
        self.put_out += other.put_out;
        self.not_held += other.not_held;
        self.floods.add(other.floods);
        for (key, sampled) in other.unread {
            match self.unread.get_mut(&key) {
                None => drop(self.unread.insert(key, sampled)),
                Some(known) => {
                    let count = known.count + sampled.count;
                    if sampled.frame < known.frame {
                        *known = sampled;
                    }
                    known.count = count;
                }
            }
        }
    }

    /// Tells of everything counted.
    pub fn tell(self, time: Timestamp, sensor: &Text, out: &mut Vec<Observation>) {
        let told = self;
        let mut tell = |fact| out.push(Observation { time, sensor: sensor.clone(), fact });
        let losses = [
            (
                LossKind::BadChecksum,
                told.checksums,
                "checksums that are wrong, of packets or of what they carry; read all the same. Where the capturing machine itself sent them, its \
                 network card adds the checksum later, and nothing is wrong",
            ),
            (
                LossKind::TableFull,
                told.put_out,
                "conversations told of before their end, because more were going on than the limit allows",
            ),
            (
                LossKind::TableFull,
                told.not_held,
                "bytes of streams that came out of order or in messages larger than the limit allows",
            ),
            (
                LossKind::TimeReversed,
                told.reversed,
                "frames older than the one before them; conversations keep the order of the frames",
            ),
            (
                LossKind::Truncated,
                told.truncated,
                "frames that were cut short; capture whole frames (snap length 0) to see what is in them",
            ),
        ];
        for (kind, count, detail) in losses {
            if count > 0 {
                tell(Observed::Loss(Loss { kind, count, detail: Text::const_new(detail) }));
            }
        }
        told.floods.tell(time, sensor, out);
        let mut tell = |fact| out.push(Observation { time, sensor: sensor.clone(), fact });
        for ((transport, port, protocol), sampled) in told.unread {
            let sample = hexadecimal(sampled.first.get(..sampled.length).unwrap_or_default());
            let count = sampled.count;
            tell(Observed::Unread(Unread { transport, port, protocol, count, sample }));
        }
    }
}

/// Two digits a byte; two dots where it is a letter, digit or sign, which might be part of a password. What is left is
/// enough to tell one binary protocol from another, and that it is text.
fn hexadecimal(bytes: &[u8]) -> Text {
    let mut text = Text::with_capacity(2 * bytes.len());
    for byte in bytes {
        // Writing to a text cannot fail.
        let _ = match byte {
            b' '..=b'~' => write!(text, ".."),
            _ => write!(text, "{byte:02x}"),
        };
    }
    text
}
