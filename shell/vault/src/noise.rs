//! What cannot be told from noise: encrypted, or packed so well that nothing is left to see.
//!
//! Pure decisions on bytes. A block is judged in windows of 4 KiB, since some ransomware encrypts only parts of a file
//! to be quicker. A window is noise if its bytes are spread as evenly as chance spreads them, not less and not more:
//! by Shannon's entropy, and by the chi-squared statistic of the 256 values.

use flate2::read::{DeflateDecoder, GzDecoder, ZlibDecoder};
use std::io::Read;

/// How much is looked at in one place of a file, in bytes.
pub(crate) const BLOCK: usize = 64 * 1024;
/// What is judged at once.
const WINDOW: usize = 4 * 1024;
/// Fewer bytes tell nothing.
const BYTES_MIN: usize = 256;
/// Chi-squared with 255 degrees of freedom has a mean of 255 and a deviation of 22.6: four deviations and more.
const CHI_SQUARED: std::ops::RangeInclusive<f64> = 160.0..=350.0;
/// Bits a byte, in a window of 4 KiB: chance gives 7.95 there.
const ENTROPY_MIN: f64 = 7.9;

/// What a file looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nature {
    /// Text, records, programs: something is to be seen in it.
    Plain,
    /// Packed, in a form that was recognised and unpacks to something that is not noise.
    Unpacks,
    /// It begins like a picture, a film or an archive and is noise behind that: it may be one.
    SaysPacked,
    /// Noise.
    Noise,
}

/// What was seen in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) nature: Nature,
    /// How many bytes were looked at, and how many of them are noise.
    pub(crate) looked_at: u64,
    pub(crate) noise: u64,
}

/// Judges a file by some blocks of it, the first of which is its beginning.
pub(crate) fn judge(blocks: &[&[u8]]) -> Seen {
    let (mut looked_at, mut noise, mut begins_with_noise) = (0, 0, false);
    for (number, block) in blocks.iter().enumerate() {
        for (place, window) in block.chunks(WINDOW).enumerate() {
            let length = window.len() as u64;
            looked_at += length;
            if is_noise(window) {
                noise += length;
                begins_with_noise |= number == 0 && place == 0;
            }
        }
    }
    let beginning = blocks.first().copied().unwrap_or_default();
    let nature = if noise == 0 || (noise * 2 < looked_at && !begins_with_noise) {
        Nature::Plain
    } else {
        match unpack(beginning) {
            // Noise in a wrapper is still noise.
            Some(inside) if inside.chunks(WINDOW).next().is_some_and(is_noise) => Nature::Noise,
            Some(inside) if !inside.is_empty() => Nature::Unpacks,
            _ if says_packed(beginning) => Nature::SaysPacked,
            _ => Nature::Noise,
        }
    };
    Seen { nature, looked_at, noise }
}

/// Whether some bytes cannot be told from noise.
pub(crate) fn is_noise(bytes: &[u8]) -> bool {
    if bytes.len() < BYTES_MIN {
        return false;
    }
    let mut counts = [0_u32; 256];
    for byte in bytes {
        if let Some(count) = counts.get_mut(usize::from(*byte)) {
            *count += 1;
        }
    }
    CHI_SQUARED.contains(&chi_squared(&counts, bytes.len()))
        && (bytes.len() < WINDOW || entropy(&counts, bytes.len()) >= ENTROPY_MIN)
}

fn chi_squared(counts: &[u32; 256], length: usize) -> f64 {
    let expected = length as f64 / 256.0;
    counts.iter().map(|count| (f64::from(*count) - expected).powi(2) / expected).sum()
}

/// Bits a byte.
fn entropy(counts: &[u32; 256], length: usize) -> f64 {
    let length = length as f64;
    counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| {
            let share = f64::from(*count) / length;
            -share * share.log2()
        })
        .sum()
}

/// What is inside a packed beginning, as far as it can be unpacked; none if it is in no form that we unpack.
fn unpack(beginning: &[u8]) -> Option<Vec<u8>> {
    match beginning {
        [0x1f, 0x8b, ..] => unpacked(GzDecoder::new(beginning)),
        [b'P', b'K', 3, 4, ..] => {
            // APPNOTE.TXT 4.3.7: flags at 6, method at 8, lengths of name and extra field at 26 and 28.
            let number = |at: usize| {
                let bytes = beginning.get(at..at + 2)?;
                Some(usize::from(u16::from_le_bytes(bytes.try_into().ok()?)))
            };
            let (encrypted, method) = (number(6)? & 1 == 1, number(8)?);
            let data = beginning.get(30 + number(26)? + number(28)?..)?;
            (!encrypted && method == 8).then(|| unpacked(DeflateDecoder::new(data)))?
        }
        [0x89, b'P', b'N', b'G', ..] => {
            let data = beginning.windows(4).position(|bytes| bytes == b"IDAT")?;
            unpacked(ZlibDecoder::new(beginning.get(data + 4..)?))
        }
        [0x28, 0xb5, 0x2f, 0xfd, ..] => unpacked(zstd::Decoder::new(beginning).ok()?),
        _ => None,
    }
}

/// What comes out of a decoder. It is fed the beginning of a file, so that it may end too early; what it rejects is
/// none of its form.
fn unpacked(mut decoder: impl Read) -> Option<Vec<u8>> {
    let mut out = vec![0; BLOCK];
    let mut length = 0;
    while let Some(room) = out.get_mut(length..).filter(|room| !room.is_empty()) {
        match decoder.read(room) {
            Ok(0) => break,
            Ok(count) => length += count,
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => break,
            Err(_) => return None,
        }
    }
    out.truncate(length);
    Some(out)
}

/// Whether it begins like a form that is packed, and that we do not unpack.
fn says_packed(beginning: &[u8]) -> bool {
    const BEGINNINGS: &[&[u8]] = &[
        b"PK\x03\x04",
        b"\xff\xd8\xff",
        b"%PDF-",
        b"OggS",
        b"fLaC",
        b"ID3",
        b"\xfd7zXZ\0",
        b"BZh",
        b"7z\xbc\xaf\x27\x1c",
        b"Rar!",
        b"\x1a\x45\xdf\xa3",
        b"\x04\x22\x4d\x18",
        b"GIF8",
    ];
    let riff = beginning.starts_with(b"RIFF") && beginning.get(8..12) == Some(b"WEBP");
    BEGINNINGS.iter().any(|known| beginning.starts_with(known))
        || beginning.get(4..8) == Some(b"ftyp")
        || riff
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use std::io::Write;

    /// Bytes as chance would have them, the same every time (xorshift64*).
    fn noise(seed: u64, length: usize) -> Vec<u8> {
        let mut state = seed.wrapping_mul(2).wrapping_add(1);
        (0..length)
            .map(|_| {
                state ^= state >> 12;
                state ^= state << 25;
                state ^= state >> 27;
                (state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 56) as u8
            })
            .collect()
    }

    fn text(length: usize) -> Vec<u8> {
        let words = ["meter", "42,7", "valve", "open", "2026-11-27", "north pump", "ok", "\n"];
        let order = noise(9, length);
        let text: Vec<u8> = order
            .iter()
            .flat_map(|byte| words[usize::from(*byte) % words.len()].bytes().chain([b' ']))
            .collect();
        text[..length].to_vec()
    }

    fn nature(bytes: &[u8]) -> Nature {
        judge(&[bytes]).nature
    }

    #[test]
    fn noise_is_noise_of_any_length_and_text_is_not() {
        for (seed, length) in [(1, 300), (2, 1_000), (3, 4_096), (4, BLOCK), (5, BLOCK)] {
            assert_eq!(nature(&noise(seed, length)), Nature::Noise, "{length}");
            assert_eq!(nature(&text(length)), Nature::Plain, "{length}");
        }
        assert_eq!(nature(&noise(1, 200)), Nature::Plain, "too short to tell");
        assert_eq!(nature(&[]), Nature::Plain);
    }

    #[test]
    fn what_is_too_even_for_chance_is_no_noise() {
        let ramp: Vec<u8> = (0..BLOCK).map(|number| number as u8).collect();
        assert_eq!(nature(&ramp), Nature::Plain);
        assert_eq!(nature(&vec![0; BLOCK]), Nature::Plain);
    }

    #[test]
    fn hardly_any_noise_is_missed_and_hardly_any_of_records_taken_for_it() {
        let windows = 4_000;
        let missed = (0..windows).filter(|seed| !is_noise(&noise(*seed + 100, WINDOW))).count();
        assert!(missed * 200 < windows as usize, "{missed} of {windows} windows of noise were missed");
        let records: Vec<u8> = (0_u32..400_000).flat_map(|n| (n * 7919).to_le_bytes()).collect();
        let taken = records.chunks(WINDOW).filter(|window| is_noise(window)).count();
        assert_eq!(taken, 0, "records taken for noise");
    }

    #[test]
    fn a_file_encrypted_in_parts_is_noise() {
        let mut bytes = text(BLOCK);
        bytes[..WINDOW].copy_from_slice(&noise(7, WINDOW));
        assert_eq!(nature(&bytes), Nature::Noise);
        let seen = judge(&[&bytes]);
        assert_eq!((seen.looked_at, seen.noise), (BLOCK as u64, WINDOW as u64));
    }

    fn gzip(content: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::new(6));
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn what_unpacks_to_text_is_packed_text() {
        let packed = gzip(&text(2_000_000));
        assert_eq!(nature(&packed[..BLOCK]), Nature::Unpacks);
        let packed = zstd::encode_all(&text(4_000_000)[..], 3).unwrap();
        assert_eq!(nature(&packed[..BLOCK.min(packed.len())]), Nature::Unpacks);
    }

    #[test]
    fn a_false_beginning_does_not_make_noise_a_packed_file() {
        let mut bytes = noise(11, BLOCK);
        bytes[..4].copy_from_slice(&[0x1f, 0x8b, 8, 0]);
        assert_eq!(nature(&bytes), Nature::Noise, "it says gzip and does not unpack");
        assert_eq!(nature(&gzip(&noise(12, 100_000))), Nature::Noise, "noise in a true wrapper");
        bytes[..3].copy_from_slice(&[0xff, 0xd8, 0xff]);
        // Only what it was before can tell; see `changes`.
        assert_eq!(nature(&bytes), Nature::SaysPacked);
    }
}
