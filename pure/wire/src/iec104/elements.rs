//! The information elements that objects are made of (IEC 60870-5-101 clause 7.2.6).

use crate::cursor::Cursor;
use crate::show;
use city::Text;
use compact_str::format_compact;

/// An information element, named as the standard does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Element {
    /// Acknowledge file or section.
    Afq,
    /// The association of a security statistic (IEC 60870-5-7).
    Aid,
    /// A binary counter reading.
    Bcr,
    /// 32 bits.
    Bsi,
    /// The checksum of a file.
    Chs,
    /// Why a station began anew.
    Coi,
    /// Milliseconds.
    Cp16,
    /// A time within the hour.
    Cp24,
    /// A time with its date.
    Cp56,
    /// A double command.
    Dco,
    /// A double point with its quality.
    Diq,
    /// A fixed pattern.
    Fbp,
    /// File ready.
    Frq,
    /// The length of a file.
    Lof,
    /// Last section or segment.
    Lsq,
    /// The name of a file: a number.
    Nof,
    /// The name of a section: a number.
    Nos,
    /// A normalized value.
    Nva,
    /// What a protection switched.
    Oci,
    /// A counter interrogation.
    Qcc,
    /// Quality.
    Qds,
    /// Quality of a protection's event.
    Qdp,
    /// An interrogation.
    Qoi,
    /// A set-point's command.
    Qos,
    /// Activation of a parameter.
    Qpa,
    /// A parameter of measured values.
    Qpm,
    /// A reset.
    Qrp,
    /// A short floating-point number.
    R32,
    /// A step command.
    Rco,
    /// Sixteen points with their changes.
    Scd,
    /// A single command.
    Sco,
    /// Select and call.
    Scq,
    /// A segment of a file.
    Segment,
    /// A protection's event.
    Sep,
    /// A single point with its quality.
    Siq,
    /// The state of a file.
    Sof,
    /// What started a protection.
    Spe,
    /// Section ready.
    Srq,
    /// From when on a log is asked for.
    Start,
    /// Until when a log is asked for.
    Stop,
    /// A scaled value.
    Sva,
    /// The number of a test.
    Tsc,
    /// A step position.
    Vti,
}

/// Reads an element and puts what it holds, by column, the value first. Nothing is returned if it is not all there.
pub fn read(
    element: Element,
    cursor: &mut Cursor<'_>,
    put: &mut dyn FnMut(&'static str, Text),
) -> Option<()> {
    match element {
        Element::Siq => {
            let byte = cursor.u8()?;
            put("spi", bit(byte, 0x01));
            quality(byte, put);
        }
        Element::Diq => {
            let byte = cursor.u8()?;
            put("dpi", shown(byte & 3));
            quality(byte, put);
        }
        Element::Qds => {
            let byte = cursor.u8()?;
            put("ov", bit(byte, 0x01));
            quality(byte, put);
        }
        Element::Qdp => {
            let byte = cursor.u8()?;
            put("ei", bit(byte, 0x08));
            quality(byte, put);
        }
        Element::Vti => {
            let byte = cursor.u8()?;
            // Seven bits with a sign.
            put("vti", shown((byte << 1).cast_signed() >> 1));
            put("transient", bit(byte, 0x80));
        }
        Element::Bsi => put("bsi", shown(u32::from_le_bytes(cursor.array()?))),
        Element::Nva => {
            // From -1 to just below 1.
            put("nva", shown(f64::from(i16::from_le_bytes(cursor.array()?)) / 32_768.0));
        }
        Element::Sva => put("sva", shown(i16::from_le_bytes(cursor.array()?))),
        Element::R32 => put("r32", shown(f32::from_le_bytes(cursor.array()?))),
        Element::Bcr => {
            put("bcr", shown(i32::from_le_bytes(cursor.array()?)));
            let byte = cursor.u8()?;
            put("bcr_sequence", shown(byte & 0x1f));
            put("cy", bit(byte, 0x20));
            put("ca", bit(byte, 0x40));
            put("iv", bit(byte, 0x80));
        }
        Element::Sep => {
            let byte = cursor.u8()?;
            put("es", shown(byte & 3));
            put("ei", bit(byte, 0x08));
            quality(byte, put);
        }
        Element::Spe => put("spe", shown(cursor.u8()? & 0x3f)),
        Element::Oci => put("oci", shown(cursor.u8()? & 0x0f)),
        Element::Scd => {
            put("st", shown(u16::from_le_bytes(cursor.array()?)));
            put("cd", shown(u16::from_le_bytes(cursor.array()?)));
        }
        Element::Sco => command("scs", 0x01, cursor.u8()?, put),
        Element::Dco => command("dcs", 0x03, cursor.u8()?, put),
        Element::Rco => command("rcs", 0x03, cursor.u8()?, put),
        Element::Qos => {
            let byte = cursor.u8()?;
            put("ql", shown(byte & 0x7f));
            put("se", bit(byte, 0x80));
        }
        Element::Coi => {
            let byte = cursor.u8()?;
            put("coi", shown(byte & 0x7f));
            put("lpc", bit(byte, 0x80));
        }
        Element::Qoi => put("qoi", shown(cursor.u8()?)),
        Element::Qcc => {
            let byte = cursor.u8()?;
            put("rqt", shown(byte & 0x3f));
            put("frz", shown(byte >> 6));
        }
        Element::Qrp => put("qrp", shown(cursor.u8()?)),
        Element::Qpm => {
            let byte = cursor.u8()?;
            put("kpa", shown(byte & 0x3f));
            put("lpc", bit(byte, 0x40));
            put("pop", bit(byte, 0x80));
        }
        Element::Qpa => put("qpa", shown(cursor.u8()?)),
        Element::Fbp => put("fbp", shown(u16::from_le_bytes(cursor.array()?))),
        Element::Tsc => put("tsc", shown(u16::from_le_bytes(cursor.array()?))),
        Element::Aid => put("aid", shown(u16::from_le_bytes(cursor.array()?))),
        Element::Nof => put("nof", shown(u16::from_le_bytes(cursor.array()?))),
        Element::Nos => put("nos", shown(cursor.u8()?)),
        Element::Lof => {
            let [low, middle, high] = cursor.array()?;
            put("lof", shown(u32::from_le_bytes([low, middle, high, 0])));
        }
        Element::Frq => put("frq", shown(cursor.u8()?)),
        Element::Srq => put("srq", shown(cursor.u8()?)),
        Element::Scq => put("scq", shown(cursor.u8()?)),
        Element::Lsq => put("lsq", shown(cursor.u8()?)),
        Element::Afq => put("afq", shown(cursor.u8()?)),
        Element::Sof => put("sof", shown(cursor.u8()?)),
        Element::Chs => put("chs", shown(cursor.u8()?)),
        Element::Segment => {
            let length = cursor.u8()?;
            cursor.take(length.into())?;
            put("los", shown(length));
        }
        Element::Cp16 => put("elapsed", shown(u16::from_le_bytes(cursor.array()?))),
        Element::Cp24 => {
            put("ms", shown(u16::from_le_bytes(cursor.array()?)));
            let minute = cursor.u8()?;
            put("minute", shown(minute & 0x3f));
            put("time_iv", bit(minute, 0x80));
        }
        Element::Cp56 => {
            let time = Time::take(cursor)?;
            put("ms", shown(time.milliseconds));
            put("minute", shown(time.minute));
            put("time_iv", truth(time.invalid));
            put("hour", shown(time.hour));
            put("su", truth(time.summer));
            put("day", shown(time.day));
            put("dow", shown(time.weekday));
            put("month", shown(time.month));
            put("year", shown(time.year));
        }
        Element::Start => put("start", Time::take(cursor)?.text()),
        Element::Stop => put("stop", Time::take(cursor)?.text()),
    }
    Some(())
}

/// A time of seven bytes: CP56Time2a (IEC 60870-5-101 clause 7.2.6.18). Of which zone, the standard leaves open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Time {
    /// With the seconds, from 0 to 59999.
    milliseconds: u16,
    minute: u8,
    invalid: bool,
    hour: u8,
    /// Whether it is summer time.
    summer: bool,
    day: u8,
    /// From 1 for Monday; 0 where it is not used.
    weekday: u8,
    month: u8,
    /// Within the century.
    year: u8,
}

impl Time {
    /// Takes a time.
    pub fn take(cursor: &mut Cursor<'_>) -> Option<Time> {
        let milliseconds = u16::from_le_bytes(cursor.array()?);
        let [minute, hour, day, month, year] = cursor.array()?;
        Some(Time {
            milliseconds,
            minute: minute & 0x3f,
            invalid: minute & 0x80 != 0,
            hour: hour & 0x1f,
            summer: hour & 0x80 != 0,
            day: day & 0x1f,
            weekday: day >> 5,
            month: month & 0x0f,
            year: year & 0x7f,
        })
    }

    /// The time in one word: `2023-12-05T13:30:52.165`.
    pub fn text(self) -> Text {
        let Time { milliseconds, minute, hour, day, month, year, .. } = self;
        let (second, rest) = (milliseconds / 1_000, milliseconds % 1_000);
        format_compact!("20{year:02}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{rest:03}")
    }
}

fn shown(value: impl std::fmt::Display) -> Text {
    show::cut(&format_compact!("{value}"), show::VALUE_BYTES_MAX)
}

fn truth(value: bool) -> Text {
    Text::const_new(if value { "T" } else { "F" })
}

fn bit(byte: u8, mask: u8) -> Text {
    truth(byte & mask != 0)
}

/// The bits of quality that most elements share: blocked, substituted, not topical, invalid.
fn quality(byte: u8, put: &mut dyn FnMut(&'static str, Text)) {
    put("bl", bit(byte, 0x10));
    put("sb", bit(byte, 0x20));
    put("nt", bit(byte, 0x40));
    put("iv", bit(byte, 0x80));
}

/// A command: its state, a qualifier, and whether it is only a selection.
fn command(column: &'static str, mask: u8, byte: u8, put: &mut dyn FnMut(&'static str, Text)) {
    put(column, shown(byte & mask));
    put("qu", shown(byte >> 2 & 0x1f));
    put("se", bit(byte, 0x80));
}
