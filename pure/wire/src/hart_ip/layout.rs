//! How a command's data are laid out, and how each field is shown.
//!
//! The tables in `universal.rs` and `practice.rs` name the fields as ICSNPP's logs do; one walk over a table serves the
//! logs and the values of requests alike.

use super::{makers, units, words};
use crate::cursor::Cursor;
use crate::decimal::decimal;
use crate::show;
use city::Text;
use compact_str::format_compact;

/// The name of a code, if it has one.
pub type Words = fn(u8) -> Option<&'static str>;

/// The data of one command in one direction.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    /// The fields, in the order of the bytes.
    pub kinds: &'static [Kind],
    /// A field of four bytes at the very end, where the fields before it are as many as there is room for.
    pub last: Option<Kind>,
    /// The columns that the fields fill, in the same order.
    pub columns: &'static [&'static str],
}

/// What a field is.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// One byte of flags and small numbers, the highest bit first.
    Bits(&'static [Bit]),
    /// One byte that stands for a word.
    Code(Words),
    /// Day, month and year since 1900.
    Date,
    /// Two bytes: maker and type, the expanded device type.
    DeviceType,
    /// IEEE 754, four bytes.
    Float,
    /// Two bytes: a manufacturer.
    Maker,
    /// So many bytes with four characters in three bytes each.
    Packed(usize),
    /// So many bytes of the device's own meaning.
    Raw(usize),
    /// So many bytes of ISO 8859-1.
    Text(usize),
    /// A time in steps of 1/32 ms, four bytes.
    Time,
    /// A number of so many bytes.
    Unsigned(usize),
}

/// Part of a byte.
#[derive(Clone, Copy, Debug)]
pub enum Bit {
    /// So many bits that stand for a word.
    Code(u8, Words),
    Flag,
    /// A number of so many bits.
    Number(u8),
}

/// A field as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    Flag(bool),
    Value(Text),
}

/// The names of columns, which begin with the command's.
macro_rules! columns {
    ($command:literal, $($column:literal),+ $(,)?) => {
        &[$(concat!($command, "_", $column)),+]
    };
}

/// A layout, field by field, each with the columns that it fills.
macro_rules! fields {
    ($command:literal, $($kind:expr => $($column:literal)+),+ $(,)?) => {
        Layout { kinds: &[$($kind),+], last: None, columns: columns!($command, $($($column),+),+) }
    };
}

/// The layout of an identity, which several commands return.
macro_rules! identity {
    ($command:literal) => {
        Layout {
            kinds: IDENTITY,
            last: None,
            columns: columns!(
                $command,
                "_254",
                "expanded_device_type",
                "minimum_preambles_master_slave",
                "hart_protocol_major_revision",
                "device_revision_level",
                "software_revision_level",
                "hardware_revision_level_and_physical_signaling_codes_hardware_revision_level",
                "hardware_revision_level_and_physical_signaling_codes_physical_signaling_code",
                "flags_c8_psk_in_multi_drop_only",
                "flags_c8_psk_capable_field_device",
                "flags_undefined_5",
                "flags_safehart_capable_field_device",
                "flags_ieee_802_15_4_dsss_o_qpsk_modulation",
                "flags_protocol_bridge_device",
                "flags_eeprom_control",
                "flags_mutli_sensor_field_device",
                "device_id",
                "number_preambles_slave_master",
                "last_device_variable_this",
                "configuration_change_counter",
                "extended_field_device_status_undefined_bits",
                "extended_field_device_status_function_check",
                "extended_field_device_status_out_of_specification",
                "extended_field_device_status_failure",
                "extended_field_device_status_critical_power_failure",
                "extended_field_device_status_device_variable_alert",
                "extended_field_device_status_maintenance_required",
                "manufacturer_identification_code",
                "private_label_distributor_code",
                "device_profile",
            ),
        }
    };
}

pub(super) use {columns, fields, identity};

/// The fields of an identity: commands 0, 11, 21, 73 and 75.
pub const IDENTITY: &[Kind] = &[
    Kind::Unsigned(1),
    Kind::DeviceType,
    Kind::Unsigned(1),
    Kind::Unsigned(1),
    Kind::Unsigned(1),
    Kind::Unsigned(1),
    HARDWARE,
    FLAGS,
    Kind::Unsigned(3),
    Kind::Unsigned(1),
    Kind::Unsigned(1),
    Kind::Unsigned(2),
    EXTENDED_STATUS,
    Kind::Maker,
    Kind::Maker,
    Kind::Code(words::profile),
];

/// The fields of command 48.
pub const ADDITIONAL_STATUS: &[Kind] = &[
    Kind::Raw(6),
    EXTENDED_STATUS,
    Kind::Code(words::operating_mode),
    FLAGS,
    STANDARDIZED,
    SATURATED,
    STANDARDIZED,
    STANDARDIZED,
    PRIMARY_CHANNEL_FLAGS,
    Kind::Raw(11),
];

/// The fields of a reply to command 9: up to eight variables.
pub const VARIABLES: &[Kind] = &{
    const VARIABLE: [Kind; 5] = [
        Kind::Unsigned(1),
        Kind::Code(words::classification),
        Kind::Code(units::unit),
        Kind::Float,
        VARIABLE_STATUS,
    ];
    let [a, b, c, d, e] = VARIABLE;
    [
        EXTENDED_STATUS,
        a,
        b,
        c,
        d,
        e,
        a,
        b,
        c,
        d,
        e,
        a,
        b,
        c,
        d,
        e,
        a,
        b,
        c,
        d,
        e,
        a,
        b,
        c,
        d,
        e,
        a,
        b,
        c,
        d,
        e,
        a,
        b,
        c,
        d,
        e,
        a,
        b,
        c,
        d,
        e,
    ]
};

/// Hardware revision and physical signalling.
const HARDWARE: Kind = Kind::Bits(&[Bit::Number(5), Bit::Code(3, words::signaling)]);
/// Eight flags.
const FLAGS: Kind =
    Kind::Bits(&[Bit::Flag, Bit::Flag, Bit::Flag, Bit::Flag, Bit::Flag, Bit::Flag, Bit::Flag, Bit::Flag]);
/// The extended field device status.
const EXTENDED_STATUS: Kind =
    Kind::Bits(&[Bit::Number(2), Bit::Flag, Bit::Flag, Bit::Flag, Bit::Flag, Bit::Flag, Bit::Flag]);
/// Standardised status 1 to 3, and the lock status of command 76.
pub const STANDARDIZED: Kind =
    Kind::Bits(&[Bit::Number(3), Bit::Flag, Bit::Flag, Bit::Flag, Bit::Flag, Bit::Flag]);
/// Which analogue channels are at their limits.
const SATURATED: Kind = Kind::Bits(&[Bit::Number(4), Bit::Flag, Bit::Flag, Bit::Flag, Bit::Flag]);
/// The status of one device variable.
pub const VARIABLE_STATUS: Kind = Kind::Bits(&[
    Bit::Code(2, words::process_status),
    Bit::Code(2, words::limit_status),
    Bit::Flag,
    Bit::Number(3),
]);
/// The flags of an analogue channel or the properties of a device variable.
pub const CHANNEL_FLAGS: Kind = Kind::Bits(&[Bit::Flag, Bit::Number(6), Bit::Flag]);
/// The flags of the primary variable's analogue channel.
pub const PRIMARY_CHANNEL_FLAGS: Kind = Kind::Bits(&[Bit::Number(7), Bit::Flag]);

/// Shows the fields that the data hold, one by one, until they run out.
pub fn walk(layout: &Layout, data: &[u8], show: &mut dyn FnMut(&'static str, Shown)) {
    let (data, end) = match layout.last {
        Some(_) => data.split_at(data.len().saturating_sub(4)),
        None => (data, &[][..]),
    };
    let mut columns = layout.columns.iter().copied();
    let mut cursor = Cursor::new(data);
    for kind in layout.kinds {
        if field(*kind, &mut cursor, &mut columns, show).is_none() {
            break;
        }
    }
    if let Some(kind) = layout.last {
        let mut last = layout.columns.last().copied().into_iter();
        field(kind, &mut Cursor::new(end), &mut last, show);
    }
}

/// Shows one field; none if the data have run out.
fn field(
    kind: Kind,
    cursor: &mut Cursor<'_>,
    columns: &mut impl Iterator<Item = &'static str>,
    show: &mut dyn FnMut(&'static str, Shown),
) -> Option<()> {
    if let Kind::Bits(bits) = kind {
        let byte = cursor.u8()?;
        let mut left = 8;
        for bit in bits {
            let width = match bit {
                Bit::Code(width, _) | Bit::Number(width) => *width,
                Bit::Flag => 1,
            };
            left -= width.min(left);
            let value = byte >> left & (0xff_u8 >> (8 - width));
            let shown = match bit {
                Bit::Code(_, words) => Shown::Value(word(*words, value)),
                Bit::Flag => Shown::Flag(value != 0),
                Bit::Number(_) => Shown::Value(format_compact!("{value}")),
            };
            show(columns.next()?, shown);
        }
        return Some(());
    }
    show(columns.next()?, Shown::Value(value(kind, cursor)?));
    Some(())
}

fn value(kind: Kind, cursor: &mut Cursor<'_>) -> Option<Text> {
    Some(match kind {
        Kind::Bits(_) => Text::default(),
        Kind::Code(words) => word(words, cursor.u8()?),
        Kind::Date => date(cursor.array()?),
        Kind::DeviceType => words::device_type(cursor.u16()?),
        Kind::Float => float(cursor.u32()?),
        Kind::Maker => makers::maker_in_log(cursor.u16()?),
        Kind::Packed(bytes) => packed(cursor.take(bytes)?),
        Kind::Raw(bytes) | Kind::Text(bytes) => show::escaped(cursor.take(bytes)?, show::VALUE_BYTES_MAX),
        Kind::Time => time(cursor.u32()?),
        Kind::Unsigned(bytes) => format_compact!("{}", cursor.unsigned(bytes)?),
    })
}

/// The word for a code, or `unknown-0xfa`.
pub fn word(words: Words, code: u8) -> Text {
    words(code).map_or_else(|| format_compact!("unknown-{code:#x}"), Text::const_new)
}

fn float(bits: u32) -> Text {
    decimal(f64::from(f32::from_bits(bits)))
}

/// A date such as `August 123, 1910`: no field is checked, since devices that were never set send anything.
fn date([day, month, year]: [u8; 3]) -> Text {
    let name = word(words::month, month);
    format_compact!("{name} {day}, {}", 1900 + u16::from(year))
}

/// A time of day, or a period, in steps of 1/32 ms.
fn time(steps: u32) -> Text {
    let microseconds = u64::from(steps) * 125 / 4;
    let (minutes, rest) = (microseconds / 60_000_000, microseconds % 60_000_000);
    format_compact!("{minutes} minutes, {}.{:06} seconds since midnight", rest / 1_000_000, rest % 1_000_000)
}

/// Text with four characters of six bits in each three bytes. The sixth bit turned over is the seventh.
pub fn packed(bytes: &[u8]) -> Text {
    let mut text = Text::default();
    for group in bytes.chunks_exact(3) {
        let bits = group.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte));
        for place in (0..4).rev() {
            let six = (bits >> (place * 6) & 0x3f) as u8;
            let character = if six < 0x20 { six | 0x40 } else { six };
            text.push(char::from(character));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::{practice, universal};
    use super::*;

    /// How many columns a field fills.
    fn width(kind: &Kind) -> usize {
        if let Kind::Bits(bits) = kind { bits.len() } else { 1 }
    }

    #[test]
    fn every_layout_has_as_many_columns_as_its_fields_fill() {
        let tables = [universal::layout, practice::layout];
        for (command, response) in (0..=600).flat_map(|command| [(command, false), (command, true)]) {
            for layout in tables.iter().filter_map(|layout| layout(command, response)) {
                let fields: usize = layout.kinds.iter().chain(&layout.last).map(width).sum();
                assert_eq!(fields, layout.columns.len(), "{command} {response}");
            }
        }
    }

    #[test]
    fn bits_of_every_byte_are_eight() {
        let all = [HARDWARE, FLAGS, EXTENDED_STATUS, STANDARDIZED, SATURATED, VARIABLE_STATUS, CHANNEL_FLAGS];
        for kind in all {
            let Kind::Bits(bits) = kind else { panic!("{kind:?}") };
            let width = |bit: &Bit| match bit {
                Bit::Code(width, _) | Bit::Number(width) => *width,
                Bit::Flag => 1,
            };
            assert_eq!(bits.iter().map(width).sum::<u8>(), 8);
        }
    }

    #[test]
    fn text_is_unpacked() {
        assert_eq!(packed(&[0x00, 0x15, 0x09, 0x58, 0x54, 0x09]), "@ATIVEPI");
        assert_eq!(packed(&[0x04, 0x20, 0xe0, 0x82, 0x08]), "ABC ");
        assert_eq!(date([0x7b, 8, 10]), "August 123, 1910");
        assert_eq!(time(3_200), "0 minutes, 0.100000 seconds since midnight");
    }
}
