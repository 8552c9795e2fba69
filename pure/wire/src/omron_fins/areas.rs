//! Memory areas: what a code stands for, and how its items are laid out (W227 section 4-2 for CV controllers, W342
//! section 5-2-2 for CS, CJ and later ones).

use crate::cursor::Cursor;
use city::Text;
use compact_str::format_compact;

/// A memory area.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Area(pub u8);

/// Where in an area something begins: a word and a bit within it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address {
    pub word: u16,
    pub bit: u8,
}

impl Address {
    /// Takes an address off the front.
    pub fn take(cursor: &mut Cursor<'_>) -> Option<Address> {
        Some(Address { word: cursor.u16()?, bit: cursor.u8()? })
    }

    /// All three bytes as a number.
    pub fn number(self) -> u32 {
        u32::from(self.word) << 8 | u32::from(self.bit)
    }
}

impl Area {
    /// The name in small letters with hyphens, as the kind of a target.
    pub fn kind(self) -> Text {
        Text::const_new(match self.0 {
            0x00 | 0x30 | 0x40 | 0x70 | 0x80 | 0xb0 | 0xc0 | 0xf0 => "cio",
            0x31 | 0x71 | 0xb1 | 0xf1 => "work",
            0x32 | 0x72 | 0xb2 | 0xf2 => "holding",
            0x33 | 0xb3 => "auxiliary",
            0x01 | 0x09 | 0x41 | 0x49 => "timer-counter-flag",
            0x81 | 0x89 => "timer-counter",
            0x02 | 0x82 => "dm",
            0x03 | 0x43 => "transition",
            0x04 | 0x44 => "step",
            0x84 => "step-timer",
            0x05 | 0x85 => "forced-status",
            0x06 | 0x46 => "task",
            0x07 => "clock-pulse",
            0x0a | 0x98 => "expansion-dm",
            0x1b => "action",
            0x9c => "register",
            0xbc => "data-register",
            0xdc => "index-register",
            0xdd => "interrupt",
            0x20..=0x2c => return format_compact!("expansion-dm-{}", self.0 - 0x20),
            0x90..=0x97 => return format_compact!("expansion-dm-{}", self.0 - 0x90),
            0xa0..=0xac => return format_compact!("expansion-dm-{}", self.0 - 0xa0),
            _ => return format_compact!("area-{:#04x}", self.0),
        })
    }

    /// Bytes of one item; none of an area that is not known.
    pub fn width(self) -> Option<usize> {
        Some(match self.0 {
            0x00..=0x07 | 0x09 | 0x0a | 0x1b | 0x20..=0x2c | 0x30..=0x33 => 1,
            0x40 | 0x41 | 0x43 | 0x44 | 0x46 | 0x49 | 0x70..=0x72 => 1,
            0x80..=0x82 | 0x84 | 0x85 | 0x89 | 0x90..=0x98 | 0x9c | 0xa0..=0xac | 0xb0..=0xb3 | 0xbc => 2,
            0xc0 | 0xdc | 0xdd | 0xf0..=0xf2 => 4,
            _ => return None,
        })
    }

    /// Whether items are bits or flags.
    pub fn is_bits(self) -> bool {
        self.width() == Some(1)
    }

    /// Whether it stands for inputs and outputs, so that a change of it moves something.
    pub fn is_process(self) -> bool {
        self.is_bits() || matches!(self.0, 0x80 | 0xb0 | 0xc0 | 0xf0)
    }

    /// The name in the peer's words. Those of CS and CJ areas are this reader's own.
    pub fn label(self) -> Text {
        let name = match self.0 {
            0x00 => "CIO, TR, CPU Bus Link, and Auxiliary: Bit Status",
            0x40 => "CIO, TR, CPU Bus Link, and Auxiliary: Bit Status Forced Status",
            0x80 => "CIO, TR, CPU Bus Link, and Auxiliary: Word Contents",
            0xc0 => "CIO, TR, CPU Bus Link, and Auxiliary: Word Contents Forced Status",
            0x01 => "Timer/Counter: Completion Flag Status",
            0x41 => "Timer/Counter: Completion Flag Status Forced Status",
            0x81 => "Timer/Counter: PV",
            0x82 => "DM: Word Contents",
            0x03 => "Transition: Flag Status",
            0x43 => "Transition: Flag Status Forced Status",
            0x04 => "Step: Flag Status",
            0x44 => "Step: Status",
            0x84 => "Step: Step timer PV",
            0x05 => "Forced Status: Bit Status",
            0x85 => "Forced Status: Word Contents",
            0x98 => "Expansion DM: Word Contents, current bank",
            0x9c => "Register: Register Contents",
            0x1b => "Action: Flag Status",
            0xdd => "Interrupt Status: Scheduled interrupt interval",
            0x02 => "DM: Bit Status",
            0x06 => "Task: Flag Status",
            0x46 => "Task: Status",
            0x07 => "Clock Pulses and Condition Flags: Bit Status",
            0x09 => "Timer/Counter: Completion Flag",
            0x49 => "Timer/Counter: Completion Flag Forced Status",
            0x89 => "Timer/Counter: PV",
            0x0a => "Expansion DM: Bit Status, current bank",
            0x30 => "CIO: Bit Status",
            0x31 => "Work: Bit Status",
            0x32 => "Holding: Bit Status",
            0x33 => "Auxiliary: Bit Status",
            0x70 => "CIO: Bit Status Forced Status",
            0x71 => "Work: Bit Status Forced Status",
            0x72 => "Holding: Bit Status Forced Status",
            0xb0 => "CIO: Word Contents",
            0xb1 => "Work: Word Contents",
            0xb2 => "Holding: Word Contents",
            0xb3 => "Auxiliary: Word Contents",
            0xf0 => "CIO: Word Contents Forced Status",
            0xf1 => "Work: Word Contents Forced Status",
            0xf2 => "Holding: Word Contents Forced Status",
            0xbc => "Data Register: PV",
            0xdc => "Index Register: PV",
            0x90..=0x97 => return self.bank("Word Contents", 0x90),
            0x20..=0x2c => return self.bank("Bit Status", 0x20),
            0xa0..=0xac => return self.bank("Word Contents", 0xa0),
            _ => return Text::const_new(super::names::UNKNOWN),
        };
        format_compact!("{name} ({:#04x})", self.0)
    }

    fn bank(self, what: &str, first: u8) -> Text {
        format_compact!("Expansion DM: {what}, bank E{:X} ({:#04x})", self.0 - first, self.0)
    }
}
