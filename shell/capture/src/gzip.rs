//! gzip (RFC 1952), unpacked up to the very byte where it is damaged.
//!
//! The usual readers drop what they unpacked last when the data behind it turns out to be damaged; here it is kept.

use flate2::{Crc, Decompress, FlushDecompress, Status};
use std::io::{self, BufRead, ErrorKind, Read};

/// Twice what deflate looks back on, so that whatever was unpacked before an error fits.
const UNPACKED_BYTES: usize = 64 << 10;

/// Unpacks the members of a gzip file, one after another.
pub(crate) struct Gzip<R> {
    source: R,
    inflate: Decompress,
    check: Crc,
    /// What was unpacked last, and which part of it was not yet given away.
    unpacked: Box<[u8]>,
    start: usize,
    end: usize,
    state: State,
}

enum State {
    /// A member begins here, or the file ends unless it is the first.
    Begins {
        first: bool,
    },
    Inside,
    Failed(io::Error),
    Over,
}

fn cut_short() -> io::Error {
    io::Error::new(ErrorKind::UnexpectedEof, "the packed data ends too soon")
}

impl<R: BufRead> Gzip<R> {
    pub(crate) fn new(source: R) -> Gzip<R> {
        Gzip {
            source,
            inflate: Decompress::new(false),
            check: Crc::new(),
            unpacked: vec![0; UNPACKED_BYTES].into(),
            start: 0,
            end: 0,
            state: State::Begins { first: true },
        }
    }

    fn take<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.source.read_exact(&mut bytes).map_err(|error| match error.kind() {
            ErrorKind::UnexpectedEof => cut_short(),
            _ => error,
        })?;
        Ok(bytes)
    }

    /// Passes over a name or comment, which ends in a zero byte.
    fn pass_text(&mut self) -> io::Result<()> {
        while self.take()? != [0] {}
        Ok(())
    }

    /// Reads a member's header (clause 2.3).
    fn begin(&mut self, first: bool) -> io::Result<State> {
        if !first {
            // Tapes and disks fill up with zeros behind the last member.
            loop {
                let zeros = self.source.fill_buf()?.iter().take_while(|byte| **byte == 0).count();
                if zeros == 0 {
                    break;
                }
                self.source.consume(zeros);
            }
            if self.source.fill_buf()?.is_empty() {
                return Ok(State::Over);
            }
        }
        let [0x1f, 0x8b, 8, flags, ..] = self.take::<10>()? else {
            let message =
                if first { "not gzip's method of packing" } else { "something else follows the gzip data" };
            return Err(io::Error::new(ErrorKind::InvalidData, message));
        };
        let has = |bit: u8| flags & (1 << bit) != 0;
        if has(2) {
            let length = u64::from(u16::from_le_bytes(self.take()?));
            let passed = io::copy(&mut self.source.by_ref().take(length), &mut io::sink())?;
            if passed < length {
                return Err(cut_short());
            }
        }
        for text in [3, 4] {
            if has(text) {
                self.pass_text()?;
            }
        }
        if has(1) {
            self.take::<2>()?;
        }
        self.inflate.reset(false);
        self.check.reset();
        Ok(State::Inside)
    }

    /// Unpacks a little more, and says what is next. What was unpacked counts even if an error follows.
    fn unpack(&mut self) -> io::Result<State> {
        let packed = self.source.fill_buf()?;
        let (at_end, before_in, before_out) =
            (packed.is_empty(), self.inflate.total_in(), self.inflate.total_out());
        let result = self.inflate.decompress(packed, &mut self.unpacked, FlushDecompress::None);
        let used = (self.inflate.total_in() - before_in) as usize;
        let made = ((self.inflate.total_out() - before_out) as usize).min(self.unpacked.len());
        self.source.consume(used);
        (self.start, self.end) = (0, made);
        self.check.update(self.unpacked.get(..made).unwrap_or_default());
        match result {
            Ok(Status::StreamEnd) => {
                let (sum, length) = (u32::from_le_bytes(self.take()?), u32::from_le_bytes(self.take()?));
                if (sum, length) != (self.check.sum(), self.check.amount()) {
                    let message = "what it unpacks to does not agree with its checksum";
                    return Err(io::Error::new(ErrorKind::InvalidData, message));
                }
                Ok(State::Begins { first: false })
            }
            Ok(_) if made == 0 && at_end => Err(cut_short()),
            Ok(_) => Ok(State::Inside),
            Err(_) => Err(io::Error::new(ErrorKind::InvalidData, "what is packed is damaged")),
        }
    }
}

impl<R: BufRead> Read for Gzip<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.start == self.end {
            let next = match std::mem::replace(&mut self.state, State::Over) {
                State::Over => return Ok(0),
                State::Failed(error) => return Err(error),
                State::Begins { first } => self.begin(first),
                State::Inside => self.unpack(),
            };
            self.state = next.unwrap_or_else(State::Failed);
        }
        let ready = self.unpacked.get(self.start..self.end).unwrap_or_default();
        let count = ready.len().min(buffer.len());
        for (to, from) in buffer.iter_mut().zip(ready) {
            *to = *from;
        }
        self.start += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Cursor, Write};

    fn pack(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::GzBuilder::new()
            .filename("street.pcap")
            .comment("made up")
            .extra(vec![1, 2, 3])
            .write(Vec::new(), flate2::Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn unpack(packed: Vec<u8>) -> (Vec<u8>, Option<String>) {
        let mut unpacked = Vec::new();
        let result = Gzip::new(Cursor::new(packed)).read_to_end(&mut unpacked);
        (unpacked, result.err().map(|error| error.to_string()))
    }

    /// Bytes that pack to about a quarter.
    fn content() -> Vec<u8> {
        let mut state = 1_u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            b"abcd"[(state >> 30) as usize]
        };
        std::iter::repeat_with(&mut next).take(300_000).collect()
    }

    #[test]
    fn members_follow_one_another_and_zeros_may_follow_them() {
        let (a, b) = (content(), b"the end".to_vec());
        let packed = [pack(&a), pack(&b), vec![0; 700]].concat();
        assert_eq!(unpack(packed), ([a, b].concat(), None));
        assert_eq!(unpack(pack(b"")), (Vec::new(), None));
    }

    #[test]
    fn everything_before_the_damage_is_kept() {
        let whole = content();
        let packed = pack(&whole);
        for cut in [packed.len() - 1, packed.len() - 9, packed.len() / 2] {
            let (unpacked, error) = unpack(packed[..cut].to_vec());
            assert!(error.is_some());
            assert!(whole.starts_with(&unpacked));
            // Every symbol takes about two bits: what the packed bytes tell is there, but for a last few.
            assert!(
                unpacked.len() * (packed.len() - 60) / whole.len() > cut - 200,
                "{cut}: {}",
                unpacked.len()
            );
        }
        let mut torn = packed.clone();
        let last = torn.len() - 8;
        torn[last] ^= 1;
        let (unpacked, error) = unpack(torn);
        assert_eq!(unpacked, whole);
        assert_eq!(error.unwrap(), "what it unpacks to does not agree with its checksum");
        let (unpacked, error) = unpack([packed, b"garbage at the end".to_vec()].concat());
        assert_eq!(unpacked, whole);
        assert_eq!(error.unwrap(), "something else follows the gzip data");
    }
}
