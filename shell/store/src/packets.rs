//! Packets: a bounded ring of raw frames around findings.
//!
//! The loop holds the latest frames in memory. When a finding is made, what it has of it is kept with [`Packets::keep`]
//! as a capture file that only the owner may read. The files are bounded by age and bytes. Who opens packets needs a
//! right of their own, and the console seals that they did.

use crate::durable::{self, FileError, failed};
use jiff::{SignedDuration, Timestamp};
use std::{
    fs,
    path::PathBuf,
    sync::{Arc, Mutex},
};
use wire::{Frame, LinkType};

/// How many packets are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PacketLimits {
    /// How long, by the city's time.
    pub age: SignedDuration,
    /// How many bytes of files for all findings.
    pub bytes: u64,
    /// How many bytes of files for one finding, so that one cannot drive out all others.
    pub bytes_per_finding: u64,
}

impl Default for PacketLimits {
    /// Thirty days, 1 GiB, 4 MiB for each finding.
    fn default() -> PacketLimits {
        PacketLimits { age: SignedDuration::from_hours(24 * 30), bytes: 1 << 30, bytes_per_finding: 4 << 20 }
    }
}

/// What keeping frames came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// Frames kept.
    pub frames: u64,
    /// Frames left out: the finding has its share already, or they are of another link type than the finding's first
    /// frame, which one capture file cannot hold together.
    pub left_out: u64,
}

/// The packets kept on disk. A cheap handle: clone it.
#[derive(Clone, Debug)]
pub struct Packets {
    directory: PathBuf,
    limits: PacketLimits,
    work: Arc<Mutex<()>>,
}

/// A capture file of one finding, as its name tells: `<finding>-<part>-<link type>-<second kept>.pcap`.
#[derive(Clone, Debug)]
struct Part {
    path: PathBuf,
    finding: u64,
    part: u64,
    link: LinkType,
    kept: i64,
    bytes: u64,
}

const EXTENSION: &str = ".pcap";
/// The header of a capture file (draft-ietf-opsawg-pcap section 4).
const HEADER_BYTES: usize = 24;
/// Before each frame.
const RECORD_BYTES: usize = 16;
/// Magic number of files whose times are in nanoseconds.
const MAGIC_NANOSECONDS: u32 = 0xa1b2_3c4d;
/// Said to be the longest frame; that of other tools.
const SNAPSHOT_BYTES: u32 = 262_144;

impl Packets {
    pub(crate) fn open(directory: PathBuf, limits: PacketLimits) -> Result<Packets, FileError> {
        durable::make_directory(&directory)?;
        durable::clear_unfinished(&directory)?;
        Ok(Packets { directory, limits, work: Arc::default() })
    }

    /// A handle that only reads.
    pub(crate) fn read_only(directory: PathBuf) -> Packets {
        Packets { directory, limits: PacketLimits::default(), work: Arc::default() }
    }

    /// Keeps frames for a finding, as many as its share allows, and removes the oldest files if all together are too
    /// many. `now` is the city's time.
    ///
    /// # Errors
    /// A file could not be written. Then none of these frames is kept.
    pub fn keep<'a>(
        &self,
        finding: u64,
        now: Timestamp,
        frames: impl IntoIterator<Item = Frame<'a>>,
    ) -> Result<Kept, FileError> {
        let _work = self.work.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mine: Vec<Part> = self.parts()?.into_iter().filter(|part| part.finding == finding).collect();
        let room = self.limits.bytes_per_finding.saturating_sub(mine.iter().map(|part| part.bytes).sum());
        let mut link = mine.first().map(|part| part.link);
        let mut bytes = Vec::new();
        let mut kept = Kept::default();
        for frame in frames {
            let link = *link.get_or_insert(frame.link);
            if bytes.is_empty() {
                bytes = header(link);
            }
            let length = (bytes.len() + RECORD_BYTES + frame.bytes.len()) as u64;
            if frame.link != link || length > room {
                kept.left_out += 1;
                continue;
            }
            put_frame(&mut bytes, &frame);
            kept.frames += 1;
        }
        if let (Some(link), true) = (link, kept.frames > 0) {
            let part = mine.last().map_or(1, |last| last.part + 1);
            let name = format!("{finding:010}-{part:04}-{}-{}{EXTENSION}", link.0, now.as_second());
            durable::write_whole(&self.directory.join(name), &bytes)?;
            self.remove_oldest(None)?;
        }
        Ok(kept)
    }

    /// The packets kept for a finding, as one capture file in the order of time; none if there are none.
    ///
    /// # Errors
    /// A file could not be read.
    pub fn packets(&self, finding: u64) -> Result<Option<Vec<u8>>, FileError> {
        let mut records: Vec<((u32, u32), Vec<u8>)> = Vec::new();
        let mut link = None;
        for part in self.parts()?.into_iter().filter(|part| part.finding == finding) {
            let bytes = match fs::read(&part.path).map_err(failed("read", &part.path)) {
                Ok(bytes) => bytes,
                // It was too old just now.
                Err(error) if error.is_missing() => continue,
                Err(error) => return Err(error),
            };
            if *link.get_or_insert(part.link) == part.link {
                records.extend(parse_records(&bytes));
            }
        }
        let Some(link) = link else { return Ok(None) };
        // A finding that became graver was kept twice, with frames that both had.
        records.sort();
        records.dedup();
        let mut capture = header(link);
        records.iter().for_each(|(_, record)| capture.extend_from_slice(record));
        Ok(Some(capture))
    }

    /// The findings that have packets, in order.
    ///
    /// # Errors
    /// The folder could not be read.
    pub fn findings(&self) -> Result<Vec<u64>, FileError> {
        let mut findings: Vec<u64> = self.parts()?.iter().map(|part| part.finding).collect();
        findings.dedup();
        Ok(findings)
    }

    /// Removes what is too old by the city's time, and the oldest of what is too much; returns the bytes freed.
    ///
    /// # Errors
    /// A file could not be removed.
    pub fn prune(&self, now: Timestamp) -> Result<u64, FileError> {
        let _work = self.work.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        self.remove_oldest(now.checked_sub(self.limits.age).ok())
    }

    fn remove_oldest(&self, oldest: Option<Timestamp>) -> Result<u64, FileError> {
        let mut parts = self.parts()?;
        parts.sort_by_key(|part| (part.kept, part.finding, part.part));
        let mut total: u64 = parts.iter().map(|part| part.bytes).sum();
        let mut freed = 0;
        for part in parts {
            if total > self.limits.bytes || oldest.is_some_and(|oldest| part.kept < oldest.as_second()) {
                durable::remove(&part.path)?;
                total -= part.bytes;
                freed += part.bytes;
            }
        }
        Ok(freed)
    }

    /// The files, by finding and part.
    fn parts(&self) -> Result<Vec<Part>, FileError> {
        let mut parts = Vec::new();
        for name in durable::names(&self.directory)? {
            let path = self.directory.join(&name);
            let Ok(about) = fs::metadata(&path) else { continue };
            parts.extend(parse_name(&name, path, about.len()));
        }
        parts.sort_by_key(|part| (part.finding, part.part));
        Ok(parts)
    }
}

fn parse_name(name: &str, path: PathBuf, bytes: u64) -> Option<Part> {
    // The second may be below zero, so that its `-` is one too many.
    let mut words = name.strip_suffix(EXTENSION)?.splitn(4, '-');
    Some(Part {
        path,
        finding: words.next()?.parse().ok()?,
        part: words.next()?.parse().ok()?,
        link: LinkType(words.next()?.parse().ok()?),
        kept: words.next()?.parse().ok()?,
        bytes,
    })
}

fn header(link: LinkType) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER_BYTES);
    bytes.extend_from_slice(&MAGIC_NANOSECONDS.to_le_bytes());
    bytes.extend_from_slice(&2_u16.to_le_bytes());
    bytes.extend_from_slice(&4_u16.to_le_bytes());
    bytes.extend_from_slice(&[0; 8]);
    bytes.extend_from_slice(&SNAPSHOT_BYTES.to_le_bytes());
    bytes.extend_from_slice(&u32::from(link.0).to_le_bytes());
    bytes
}

/// Appends a frame. The format knows no time before 1970 and none after 2106.
fn put_frame(bytes: &mut Vec<u8>, frame: &Frame<'_>) {
    let nanoseconds = frame.time.as_nanosecond().clamp(0, i128::from(u32::MAX) * 1_000_000_000);
    let second = u32::try_from(nanoseconds / 1_000_000_000).unwrap_or(u32::MAX);
    let rest = u32::try_from(nanoseconds % 1_000_000_000).unwrap_or_default();
    let captured = u32::try_from(frame.bytes.len()).unwrap_or(u32::MAX);
    for number in [second, rest, captured, frame.length] {
        bytes.extend_from_slice(&number.to_le_bytes());
    }
    bytes.extend_from_slice(frame.bytes);
}

/// The records of a file that this module wrote, each with its time.
fn parse_records(bytes: &[u8]) -> Vec<((u32, u32), Vec<u8>)> {
    let mut records = Vec::new();
    let mut rest = bytes.get(HEADER_BYTES..).unwrap_or_default();
    while let Some((head, _)) = rest.split_first_chunk::<RECORD_BYTES>() {
        let number = |at: usize| {
            let digits = head.get(at..at + 4).and_then(|digits| digits.try_into().ok());
            u32::from_le_bytes(digits.unwrap_or_default())
        };
        let length = RECORD_BYTES + number(8) as usize;
        let Some((record, after)) = rest.split_at_checked(length) else { break };
        records.push(((number(0), number(4)), record.to_vec()));
        rest = after;
    }
    records
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_767_322_000 + second).unwrap()
    }

    fn frame(second: i64, bytes: &[u8]) -> Frame<'_> {
        Frame { time: at(second), link: LinkType(1), bytes, length: bytes.len() as u32 + 4 }
    }

    fn opened(limits: PacketLimits) -> (tempfile::TempDir, Packets) {
        let directory = tempfile::tempdir().unwrap();
        let packets = Packets::open(directory.path().join("packets"), limits).unwrap();
        (directory, packets)
    }

    #[test]
    fn what_is_kept_reads_back_as_a_capture_in_the_order_of_time() {
        let (_directory, packets) = opened(PacketLimits::default());
        assert_eq!(packets.packets(3).unwrap(), None);
        packets.keep(3, at(9), [frame(2, b"second"), frame(3, b"third")]).unwrap();
        let kept = packets.keep(3, at(10), [frame(1, b"first"), frame(2, b"second")]).unwrap();
        assert_eq!(kept, Kept { frames: 2, left_out: 0 });
        let capture = packets.packets(3).unwrap().unwrap();
        let mut expected = header(LinkType(1));
        for frame in [frame(1, b"first"), frame(2, b"second"), frame(3, b"third")] {
            put_frame(&mut expected, &frame);
        }
        assert_eq!(capture, expected);
        assert_eq!(&capture[..4], [0x4d, 0x3c, 0xb2, 0xa1]);
        assert_eq!(packets.findings().unwrap(), [3]);
    }

    #[test]
    fn only_the_owner_may_read_them() {
        let (_directory, packets) = opened(PacketLimits::default());
        packets.keep(1, at(0), [frame(0, b"x")]).unwrap();
        let mode = |path: &PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&packets.directory), 0o700);
        for part in packets.parts().unwrap() {
            assert_eq!(mode(&part.path), 0o600);
        }
    }

    #[test]
    fn age_and_bytes_are_held_to() {
        let limits =
            PacketLimits { age: SignedDuration::from_secs(100), bytes: 4_000, bytes_per_finding: 1_500 };
        let (_directory, packets) = opened(limits);
        let bytes = [7; 1_000];
        for finding in 1..=6 {
            // The second frame is beyond the finding's share.
            let frames = [frame(finding, &bytes), frame(finding, &bytes)];
            let kept = packets.keep(finding as u64, at(finding), frames).unwrap();
            assert_eq!(kept, Kept { frames: 1, left_out: 1 });
            assert!(packets.parts().unwrap().iter().map(|part| part.bytes).sum::<u64>() <= 4_000);
        }
        assert_eq!(packets.findings().unwrap(), [4, 5, 6]);
        packets.prune(at(104)).unwrap();
        assert_eq!(packets.findings().unwrap(), [4, 5, 6]);
        packets.prune(at(105)).unwrap();
        assert_eq!(packets.findings().unwrap(), [5, 6]);
        packets.prune(at(1_000)).unwrap();
        assert!(packets.findings().unwrap().is_empty());
    }

    #[test]
    fn frames_of_another_link_are_counted_not_mixed_in() {
        let (_directory, packets) = opened(PacketLimits::default());
        let cooked = Frame { link: LinkType(113), ..frame(1, b"cooked") };
        assert_eq!(
            packets.keep(1, at(0), [frame(0, b"x"), cooked]).unwrap(),
            Kept { frames: 1, left_out: 1 }
        );
        assert_eq!(packets.keep(1, at(0), [cooked]).unwrap(), Kept { frames: 0, left_out: 1 });
        let before_1970 = Timestamp::from_second(-5).unwrap();
        packets.keep(2, before_1970, [Frame { time: before_1970, ..frame(0, b"old") }]).unwrap();
        assert_eq!(packets.findings().unwrap(), [1, 2]);
    }
}
