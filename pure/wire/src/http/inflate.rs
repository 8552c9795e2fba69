//! How long a compressed body is without its compression, and what it begins with (RFC 1950, 1951, 1952).
//!
//! What comes out is never held but for its beginning and the window to which it refers back.

use smallvec::SmallVec;

/// How many bytes of what comes out are kept.
const START_MAX: usize = 64;

/// How far back a repetition can reach (RFC 1951 clause 2).
const WINDOW: usize = 32 << 10;

/// The most that may come out: a small body can be made to grow a thousandfold.
const OUT_MAX: u64 = 16 << 20;

/// What came out of a compressed body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inflated {
    /// How many bytes.
    pub length: u64,
    /// The first of them.
    pub start: SmallVec<[u8; START_MAX]>,
}

/// Takes the compression off a body, as far as it is there. `None` if it is not compressed in this way, or too much
/// would come out.
pub fn inflate(encoding: &[u8], bytes: &[u8]) -> Option<Inflated> {
    let encoding = encoding.trim_ascii().to_ascii_lowercase();
    let data = match encoding.as_slice() {
        b"gzip" | b"x-gzip" => gzip_data(bytes)?,
        // Some servers leave out the header that belongs before it.
        b"deflate" => match bytes {
            [first, second, rest @ ..]
                if first & 15 == 8 && (u16::from(*first) << 8 | u16::from(*second)) % 31 == 0 =>
            {
                rest
            }
            _ => bytes,
        },
        _ => return None,
    };
    let mut output = Output { out: Inflated::default(), window: vec![0; WINDOW] };
    let mut bits = Bits { bytes: data.iter(), held: 0, count: 0 };
    match blocks(&mut bits, &mut output) {
        Ok(()) | Err(Stop::End) => Some(output.out),
        Err(Stop::Broken | Stop::TooMuch) => None,
    }
}

/// What lies behind the header of gzip (RFC 1952 clause 2.3).
fn gzip_data(bytes: &[u8]) -> Option<&[u8]> {
    let ([0x1f, 0x8b, 8, flags, ..], mut rest) = bytes.split_first_chunk::<10>()? else { return None };
    if flags & 4 != 0 {
        let ([low, high], behind) = rest.split_first_chunk::<2>()?;
        rest = behind.get(usize::from(u16::from_le_bytes([*low, *high]))..)?;
    }
    for text in [8, 16] {
        if flags & text != 0 {
            let end = rest.iter().position(|byte| *byte == 0)?;
            rest = rest.get(end + 1..)?;
        }
    }
    if flags & 2 != 0 {
        rest = rest.get(2..)?;
    }
    Some(rest)
}

/// Why reading stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stop {
    /// Nothing is left to read.
    End,
    /// It is not what it says.
    Broken,
    TooMuch,
}

/// Bits from the lowest of each byte up (RFC 1951 clause 3.1.1).
struct Bits<'a> {
    bytes: std::slice::Iter<'a, u8>,
    held: u32,
    count: u32,
}

impl Bits<'_> {
    fn take(&mut self, wanted: u32) -> Result<u32, Stop> {
        while self.count < wanted {
            let byte = self.bytes.next().ok_or(Stop::End)?;
            self.held |= u32::from(*byte) << self.count;
            self.count += 8;
        }
        let taken = self.held & ((1 << wanted) - 1);
        self.held >>= wanted;
        self.count -= wanted;
        Ok(taken)
    }

    fn align(&mut self) {
        self.held >>= self.count % 8;
        self.count -= self.count % 8;
    }
}

struct Output {
    out: Inflated,
    window: Vec<u8>,
}

impl Output {
    fn put(&mut self, byte: u8) -> Result<(), Stop> {
        if self.out.length >= OUT_MAX {
            return Err(Stop::TooMuch);
        }
        if self.out.start.len() < START_MAX {
            self.out.start.push(byte);
        }
        if let Some(place) = self.window.get_mut(self.out.length as usize % WINDOW) {
            *place = byte;
        }
        self.out.length += 1;
        Ok(())
    }

    fn repeat(&mut self, length: usize, distance: usize) -> Result<(), Stop> {
        if distance as u64 > self.out.length || distance > WINDOW {
            return Err(Stop::Broken);
        }
        for _ in 0..length {
            let at = (self.out.length as usize - distance) % WINDOW;
            let byte = self.window.get(at).copied().unwrap_or_default();
            self.put(byte)?;
        }
        Ok(())
    }
}

/// A prefix code: how many codes there are of each length, and their symbols in order (RFC 1951 clause 3.2.2).
struct Code {
    counts: [u16; 16],
    symbols: Vec<u16>,
}

impl Code {
    fn new(lengths: &[u8]) -> Code {
        let mut counts = [0; 16];
        let mut symbols = Vec::new();
        for length in 1..16_u8 {
            for (symbol, _) in lengths.iter().enumerate().filter(|(_, its)| **its == length) {
                if let Some(count) = counts.get_mut(usize::from(length)) {
                    *count += 1;
                }
                symbols.push(symbol as u16);
            }
        }
        Code { counts, symbols }
    }

    fn read(&self, bits: &mut Bits<'_>) -> Result<u16, Stop> {
        let (mut code, mut first, mut place) = (0_u32, 0_u32, 0_u32);
        for count in self.counts.iter().skip(1) {
            code |= bits.take(1)?;
            let count = u32::from(*count);
            if code < first + count {
                let place = place + code - first;
                return self.symbols.get(place as usize).copied().ok_or(Stop::Broken);
            }
            place += count;
            first = (first + count) << 1;
            code <<= 1;
        }
        Err(Stop::Broken)
    }
}

fn blocks(bits: &mut Bits<'_>, out: &mut Output) -> Result<(), Stop> {
    loop {
        let is_last = bits.take(1)? == 1;
        match bits.take(2)? {
            0 => stored(bits, out)?,
            1 => {
                let lengths: Vec<u8> = (0..288)
                    .map(|symbol| match symbol {
                        0..=143 => 8,
                        144..=255 => 9,
                        256..=279 => 7,
                        _ => 8,
                    })
                    .collect();
                compressed(bits, out, &Code::new(&lengths), &Code::new(&[5; 30]))?;
            }
            2 => {
                let (literals, distances) = codes(bits)?;
                compressed(bits, out, &literals, &distances)?;
            }
            _ => return Err(Stop::Broken),
        }
        if is_last {
            return Ok(());
        }
    }
}

fn stored(bits: &mut Bits<'_>, out: &mut Output) -> Result<(), Stop> {
    bits.align();
    let length = bits.take(16)?;
    if length != bits.take(16)? ^ 0xffff {
        return Err(Stop::Broken);
    }
    for _ in 0..length {
        let byte = bits.take(8)? as u8;
        out.put(byte)?;
    }
    Ok(())
}

/// The codes of a block that brings its own (RFC 1951 clause 3.2.7).
fn codes(bits: &mut Bits<'_>) -> Result<(Code, Code), Stop> {
    const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
    let literals = bits.take(5)? as usize + 257;
    let distances = bits.take(5)? as usize + 1;
    let count = bits.take(4)? as usize + 4;
    let mut lengths = [0_u8; 19];
    for place in ORDER.iter().take(count) {
        let length = bits.take(3)? as u8;
        if let Some(slot) = lengths.get_mut(*place) {
            *slot = length;
        }
    }
    let code = Code::new(&lengths);
    let mut lengths: Vec<u8> = Vec::with_capacity(literals + distances);
    while lengths.len() < literals + distances {
        let (length, times) = match code.read(bits)? {
            symbol @ 0..=15 => (symbol as u8, 1),
            16 => (*lengths.last().ok_or(Stop::Broken)?, bits.take(2)? as usize + 3),
            17 => (0, bits.take(3)? as usize + 3),
            _ => (0, bits.take(7)? as usize + 11),
        };
        lengths.extend(std::iter::repeat_n(length, times));
    }
    let (of_literals, rest) = lengths.split_at(literals);
    Ok((Code::new(of_literals), Code::new(rest.get(..distances).unwrap_or(rest))))
}

fn compressed(bits: &mut Bits<'_>, out: &mut Output, literals: &Code, distances: &Code) -> Result<(), Stop> {
    /// The shortest length and the further bits of each symbol from 257 (RFC 1951 clause 3.2.5).
    const LENGTHS: [(u16, u8); 29] = [
        (3, 0),
        (4, 0),
        (5, 0),
        (6, 0),
        (7, 0),
        (8, 0),
        (9, 0),
        (10, 0),
        (11, 1),
        (13, 1),
        (15, 1),
        (17, 1),
        (19, 2),
        (23, 2),
        (27, 2),
        (31, 2),
        (35, 3),
        (43, 3),
        (51, 3),
        (59, 3),
        (67, 4),
        (83, 4),
        (99, 4),
        (115, 4),
        (131, 5),
        (163, 5),
        (195, 5),
        (227, 5),
        (258, 0),
    ];
    loop {
        let symbol = literals.read(bits)?;
        match symbol {
            0..=255 => out.put(symbol as u8)?,
            256 => return Ok(()),
            _ => {
                let (least, more) = LENGTHS.get(usize::from(symbol) - 257).ok_or(Stop::Broken)?;
                let length = usize::from(*least) + bits.take(u32::from(*more))? as usize;
                let symbol = u32::from(distances.read(bits)?);
                let distance = match symbol {
                    0..=3 => symbol + 1,
                    4..=29 => {
                        let more = symbol / 2 - 1;
                        ((2 + symbol % 2) << more) + 1 + bits.take(more)?
                    }
                    _ => return Err(Stop::Broken),
                };
                out.repeat(length, distance as usize)?;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `pump pump pump pump pump\n` as gzip has it.
    const GZIP: &[u8] = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x2b\x28\xcd\x2d\x50\x28\xc0\x24\xb8\x00\x13\xd2\xbb\xbe\x19\x00\x00\x00";

    #[test]
    fn what_is_compressed_comes_out_whole() {
        let out = inflate(b"gzip", GZIP).unwrap();
        assert_eq!((out.length, &out.start[..]), (25, &b"pump pump pump pump pump\n"[..]));
        // Without its header, as `deflate`; and stored, with a header.
        assert_eq!(inflate(b"deflate", &GZIP[10..GZIP.len() - 8]).unwrap().length, 25);
        let stored = b"\x78\x01\x01\x03\x00\xfc\xffabc\x02\x4d\x01\x27";
        assert_eq!(&inflate(b"deflate", stored).unwrap().start[..], b"abc");
    }

    #[test]
    fn what_is_cut_or_broken_never_panics() {
        for end in 0..GZIP.len() {
            let _ = inflate(b"gzip", &GZIP[..end]);
        }
        for place in 10..GZIP.len() {
            for bit in 0..8 {
                let mut bytes = GZIP.to_vec();
                bytes[place] ^= 1 << bit;
                let _ = inflate(b"gzip", &bytes);
            }
        }
        assert_eq!(inflate(b"br", GZIP), None);
        assert_eq!(inflate(b"deflate", b"\xff\xff"), None);
    }

    #[test]
    fn what_would_grow_too_much_is_left() {
        // A zero, then one repetition of 258 after another: 65 bits for 8.
        let mut bits = vec![1, 1, 0];
        bits.extend([0, 0, 1, 1, 0, 0, 0, 0]);
        for _ in 0..70_000 {
            bits.extend([1, 1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0]);
        }
        let bytes: Vec<u8> = bits
            .chunks(8)
            .map(|eight| eight.iter().enumerate().fold(0, |byte, (place, bit)| byte | bit << place))
            .collect();
        assert_eq!(inflate(b"deflate", &bytes), None);
    }
}
