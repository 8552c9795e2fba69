//! Makes one large capture of several small ones, for measuring.
//!
//! `mixed_capture OUT MEGABYTES CAPTURE…` repeats the Ethernet frames of the captures, each round later than the one
//! before and with other addresses, until the file has its size. Prints how many packets it wrote.

use capture::{CaptureFile, OpenError};
use jiff::{SignedDuration, Timestamp};
use std::{
    env,
    error::Error,
    fs::File,
    io::{BufWriter, Write},
    path::Path,
};
use wire::LinkType;

const ETHERNET: LinkType = LinkType(1);

/// A capture of which nothing is left when it is read again and again would end the loop never.
const ROUNDS_MAX: u32 = 1_000_000;

struct Kept {
    /// Since the first packet of its capture.
    after: SignedDuration,
    bytes: Vec<u8>,
    length: u32,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let (Some(into), Some(megabytes)) = (arguments.next(), arguments.next()) else {
        return Err("usage: mixed_capture OUT MEGABYTES CAPTURE…".into());
    };
    let size: u64 = megabytes.parse::<u64>()? << 20;
    let mut frames = Vec::new();
    for path in arguments {
        read(Path::new(&path), &mut frames)?;
    }
    if frames.is_empty() {
        return Err("no Ethernet frames in these captures".into());
    }
    // All captures begin at once: that is what makes the mixture.
    frames.sort_by_key(|frame| frame.after);
    let span =
        frames.last().map_or(SignedDuration::ZERO, |frame| frame.after) + SignedDuration::from_secs(600);
    let mut out = BufWriter::with_capacity(1 << 20, File::create(into)?);
    let header = [0xa1b2_3c4d_u32, 0x0004_0002, 0, 0, 262_144, 1];
    header.iter().try_for_each(|field| out.write_all(&field.to_le_bytes()))?;
    let (mut written, mut packets, mut begin) = (24_u64, 0_u64, Timestamp::new(1_700_000_000, 0)?);
    for round in 0..ROUNDS_MAX {
        for frame in &mut frames {
            let time = begin + frame.after;
            let fields = [
                time.as_second() as u32,
                time.subsec_nanosecond() as u32,
                frame.bytes.len() as u32,
                frame.length,
            ];
            fields.iter().try_for_each(|field| out.write_all(&field.to_le_bytes()))?;
            let moved = moved(&frame.bytes, round);
            out.write_all(moved.as_deref().unwrap_or(&frame.bytes))?;
            written += 16 + frame.bytes.len() as u64;
            packets += 1;
            if written >= size {
                out.flush()?;
                println!("{packets}");
                return Ok(());
            }
        }
        begin += span;
    }
    Err("the captures are too small".into())
}

fn read(path: &Path, frames: &mut Vec<Kept>) -> Result<(), OpenError> {
    let mut file = CaptureFile::open(path)?;
    let mut first = None;
    // A damaged capture gives what it holds before its damage.
    while let Ok(Some(frame)) = file.next() {
        let first = *first.get_or_insert(frame.time);
        if frame.link == ETHERNET {
            let after = frame.time.duration_since(first).max(SignedDuration::ZERO);
            frames.push(Kept { after, bytes: frame.bytes.to_vec(), length: frame.length });
        }
    }
    Ok(())
}

/// The frame with its IPv4 addresses moved to other networks, both by the same step in the second octet, so that
/// every round has conversations of its own. Checksums stay right: what one address gains, a made-up identification
/// field cannot undo, so the header's sum is put right and TCP's and UDP's with it.
fn moved(bytes: &[u8], round: u32) -> Option<Vec<u8>> {
    let step = u16::from((round % 251) as u8);
    if step == 0 || bytes.get(12..14)? != [8, 0] || bytes.get(14)? >> 4 != 4 {
        return None;
    }
    let header = usize::from(bytes.get(14)? & 15) * 4;
    let first_fragment = u16::from_be_bytes([bytes.get(20)? & 0x1f, *bytes.get(21)?]) == 0;
    let mut moved = bytes.to_vec();
    let mut change = 0_u32;
    for address in [26, 30] {
        let old = u16::from_be_bytes([*bytes.get(address)?, *bytes.get(address + 1)?]);
        let new = (old & 0xff00) | ((old.wrapping_add(step)) & 0xff);
        moved.get_mut(address..address + 2)?.copy_from_slice(&new.to_be_bytes());
        // RFC 1624: the sum changes by the complement of the old and by the new.
        change += u32::from(!old) + u32::from(new);
    }
    let mut sums = vec![24];
    match *bytes.get(23)? {
        6 if first_fragment => sums.push(14 + header + 16),
        17 if first_fragment => sums.push(14 + header + 6),
        _ => {}
    }
    for at in sums {
        let Some(field) = moved.get_mut(at..at + 2) else { continue };
        let old = u16::from_be_bytes([*field.first()?, *field.get(1)?]);
        // A UDP sum of zero says that there is none.
        if old == 0 && at != 24 {
            continue;
        }
        let mut sum = u32::from(!old) + change;
        while sum > 0xffff {
            sum = (sum & 0xffff) + (sum >> 16);
        }
        field.copy_from_slice(&(!(sum as u16)).to_be_bytes());
    }
    Some(moved)
}
