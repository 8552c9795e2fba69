//! Bytes to synchrophasor frames, configurations and values.

use super::message::{
    AnalogScale, Command, Configuration, Format, Frame, Kind, PhasorScale, Place, Shape, Unit, Values,
};
use crate::cursor::Cursor;

/// Bytes before the body, and of the check word behind it.
const HEAD_BYTES: u16 = 14;
const CHECK_BYTES: u16 = 2;
/// Bytes of a name in configurations 1 and 2.
const NAME_BYTES: usize = 16;

/// What stands at the beginning of some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found<'a> {
    /// A frame.
    Frame(Frame<'a>),
    /// The beginning of a frame.
    More,
    /// No frame.
    Nothing,
}

/// Reads one frame.
pub fn parse_frame(bytes: &[u8]) -> Found<'_> {
    let kind = match bytes {
        [] | [0xaa] => return Found::More,
        [0xaa, second, ..] if second & 0x80 == 0 && second & 0x0f != 0 => Kind::of(second >> 4),
        _ => None,
    };
    let Some(kind) = kind else { return Found::Nothing };
    match bytes {
        [_, _, high, low, ..] if u16::from_be_bytes([*high, *low]) < HEAD_BYTES + CHECK_BYTES => {
            Found::Nothing
        }
        [_, _, high, low, ..] => {
            let size = usize::from(u16::from_be_bytes([*high, *low]));
            let whole = bytes.get(..size).and_then(|frame| parse_whole(kind, frame));
            whole.map_or(Found::More, Found::Frame)
        }
        _ => Found::More,
    }
}

fn parse_whole(kind: Kind, frame: &[u8]) -> Option<Frame<'_>> {
    let (guarded, check) = frame.split_last_chunk::<2>()?;
    let mut cursor = Cursor::new(guarded);
    let [_, second] = cursor.array()?;
    Some(Frame {
        kind,
        version: second & 0x0f,
        size: cursor.u16()?,
        stream: cursor.u16()?,
        seconds: cursor.u32()?,
        fraction: cursor.u32()?,
        body: cursor.rest(),
        is_sound: crc(guarded) == u16::from_be_bytes(*check),
    })
}

/// CRC-CCITT as annex B has it: beginning with ones, the generator x¹⁶ + x¹² + x⁵ + 1.
pub fn crc(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xffff, |crc: u16, byte| {
        let [high, low] = crc.to_be_bytes();
        let turned = CRC.get(usize::from(high ^ byte)).copied().unwrap_or_default();
        u16::from(low) << 8 ^ turned
    })
}

/// What each byte does to the sum.
const CRC: [u16; 256] = {
    let mut table = [0; 256];
    let mut rest: &mut [u16] = &mut table;
    let mut byte = 0;
    while let [first, tail @ ..] = rest {
        let mut sum = byte << 8;
        let mut bit = 0;
        while bit < 8 {
            sum = if sum & 0x8000 != 0 { sum << 1 ^ 0x1021 } else { sum << 1 };
            bit += 1;
        }
        *first = sum;
        rest = tail;
        byte += 1;
    }
    table
};

/// Reads a command, with the data of an extended one.
pub fn parse_command(body: &[u8]) -> Option<(Command, &[u8])> {
    let mut cursor = Cursor::new(body);
    Some((Command(cursor.u16()?), cursor.rest()))
}

/// Reads a configuration frame: as many of its PMUs as are whole.
pub fn parse_configuration<'a>(kind: Kind, body: &'a [u8]) -> Option<Configuration<'a>> {
    let mut cursor = Cursor::new(body);
    let third = kind == Kind::Configuration3;
    let piece = if third { cursor.u16()? } else { 0 };
    let (time_base, expected) = (cursor.u32()? & 0x00ff_ffff, cursor.u16()?);
    let mut units = Vec::new();
    for _ in 0..expected {
        let unit = if third { parse_unit_3(&mut cursor) } else { parse_unit(&mut cursor) };
        match unit {
            Some(unit) => units.push(unit),
            None => break,
        }
    }
    let whole = units.len() == usize::from(expected);
    let rate = if whole { cursor.u16().map(u16::cast_signed) } else { None };
    Some(Configuration { piece, time_base, expected, units, rate })
}

/// So many pieces of equal length.
fn pieces<'a>(cursor: &mut Cursor<'a>, count: usize, bytes: usize) -> Option<Vec<&'a [u8]>> {
    Some(cursor.take(count * bytes)?.chunks_exact(bytes).collect())
}

/// So many words.
fn words(cursor: &mut Cursor<'_>, count: u16) -> Option<Vec<u32>> {
    let bytes = cursor.take(usize::from(count) * 4)?;
    Some(bytes.as_chunks::<4>().0.iter().map(|word| u32::from_be_bytes(*word)).collect())
}

fn masks(cursor: &mut Cursor<'_>, count: u16) -> Option<Vec<(u16, u16)>> {
    let split = |word: u32| ((word >> 16) as u16, word as u16);
    Some(words(cursor, count)?.into_iter().map(split).collect())
}

fn parse_unit<'a>(cursor: &mut Cursor<'a>) -> Option<Unit<'a>> {
    let station = cursor.take(NAME_BYTES)?;
    let (stream, format) = (cursor.u16()?, Format(cursor.u16()?));
    let (phasors, analogs, digitals) = (cursor.u16()?, cursor.u16()?, cursor.u16()?);
    Some(Unit {
        station,
        stream,
        global: None,
        format,
        phasors,
        analogs,
        digitals,
        phasor_names: pieces(cursor, usize::from(phasors), NAME_BYTES)?,
        analog_names: pieces(cursor, usize::from(analogs), NAME_BYTES)?,
        digital_names: pieces(cursor, usize::from(digitals) * 16, NAME_BYTES)?,
        scales: words(cursor, phasors)?.into_iter().map(PhasorScale::Unit).collect(),
        analog_scales: words(cursor, analogs)?.into_iter().map(AnalogScale::Unit).collect(),
        masks: masks(cursor, digitals)?,
        place: None,
        nominal: cursor.u16()?,
        changes: cursor.u16()?,
    })
}

/// A name with its length before it.
fn name<'a>(cursor: &mut Cursor<'a>) -> Option<&'a [u8]> {
    let length = usize::from(cursor.u8()?);
    cursor.take(length)
}

/// So many names; room is made only for what is there.
fn names<'a>(cursor: &mut Cursor<'a>, count: usize) -> Option<Vec<&'a [u8]>> {
    if count > cursor.len() {
        return None;
    }
    (0..count).map(|_| name(cursor)).collect()
}

fn float(cursor: &mut Cursor<'_>) -> Option<f32> {
    cursor.u32().map(f32::from_bits)
}

fn parse_unit_3<'a>(cursor: &mut Cursor<'a>) -> Option<Unit<'a>> {
    let station = name(cursor)?;
    let stream = cursor.u16()?;
    let global = cursor.array()?;
    let format = Format(cursor.u16()?);
    let (phasors, analogs, digitals) = (cursor.u16()?, cursor.u16()?, cursor.u16()?);
    let phasor_names = names(cursor, usize::from(phasors))?;
    let analog_names = names(cursor, usize::from(analogs))?;
    let digital_names = names(cursor, usize::from(digitals) * 16)?;
    let scales = (0..phasors).map(|_| phasor_factors(cursor)).collect::<Option<_>>()?;
    let analog_scales = (0..analogs)
        .map(|_| Some(AnalogScale::Factors { scale: float(cursor)?, offset: float(cursor)? }))
        .collect::<Option<_>>()?;
    let masks = masks(cursor, digitals)?;
    let place = Place {
        latitude: float(cursor)?,
        longitude: float(cursor)?,
        elevation: float(cursor)?,
        class: cursor.u8()?,
        window: cursor.u32()?.cast_signed(),
        delay: cursor.u32()?.cast_signed(),
    };
    let (nominal, changes) = (cursor.u16()?, cursor.u16()?);
    Some(Unit {
        station,
        stream,
        global: Some(global),
        format,
        phasors,
        analogs,
        digitals,
        phasor_names,
        analog_names,
        digital_names,
        scales,
        analog_scales,
        masks,
        place: Some(place),
        nominal,
        changes,
    })
}

fn phasor_factors(cursor: &mut Cursor<'_>) -> Option<PhasorScale> {
    Some(PhasorScale::Factors {
        flags: cursor.u16()?,
        phasor: cursor.u8()?,
        user: cursor.u8()?,
        scale: float(cursor)?,
        angle: float(cursor)?,
    })
}

/// Reads the values of one PMU off the front of a data frame's body.
pub fn parse_values(cursor: &mut Cursor<'_>, shape: Shape) -> Option<Values> {
    let Shape { format, phasors, analogs, digitals } = shape;
    let status = cursor.u16()?;
    let width = if format.has_float_phasors() { 8 } else { 4 };
    let mut data = Cursor::new(cursor.take(usize::from(phasors) * width)?);
    let phasors = (0..phasors).map_while(|_| phasor(&mut data, format)).collect();
    let number = |cursor: &mut Cursor<'_>, is_float| {
        if is_float {
            float(cursor).map(f64::from)
        } else {
            cursor.u16().map(|it| f64::from(it.cast_signed()))
        }
    };
    let frequency = number(cursor, format.has_float_frequency())?;
    let rate = number(cursor, format.has_float_frequency())?;
    let width = if format.has_float_analogs() { 4 } else { 2 };
    let mut data = Cursor::new(cursor.take(usize::from(analogs) * width)?);
    let analogs = (0..analogs).map_while(|_| number(&mut data, format.has_float_analogs())).collect();
    let mut data = Cursor::new(cursor.take(usize::from(digitals) * 2)?);
    let digitals = (0..digitals).map_while(|_| data.u16()).collect();
    Some(Values { status, phasors, frequency, rate, analogs, digitals })
}

fn phasor(cursor: &mut Cursor<'_>, format: Format) -> Option<(f64, f64)> {
    if format.has_float_phasors() {
        return Some((f64::from(float(cursor)?), f64::from(float(cursor)?)));
    }
    let (first, second) = (cursor.u16()?, f64::from(cursor.u16()?.cast_signed()));
    // A magnitude has no sign.
    let first = if format.is_polar() { f64::from(first) } else { f64::from(first.cast_signed()) };
    Some((first, second))
}

#[test]
fn the_check_word_is_that_of_annex_b() {
    assert_eq!(crc(b"123456789"), 0x29b1);
}
