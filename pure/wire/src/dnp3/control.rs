//! Control relay output blocks and analogue outputs (IEEE 1815-2012 annex A.8 and A.23), and what came of them.

use super::objects::{Item, Number, Piece};
use super::value;
use crate::cursor::Cursor;
use city::Text;
use compact_str::format_compact;

/// What a control relay output block asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Control {
    /// The operation in the lower four bits, then queue, clear, and trip or close.
    pub code: u8,
    /// How many times.
    pub count: u8,
    /// For how many milliseconds it is on.
    pub on: u32,
    /// For how many milliseconds it is off.
    pub off: u32,
    /// What came of it; nothing yet in a request.
    pub status: Status,
}

impl Control {
    /// Reads group 12, variation 1 or 2.
    pub fn read(item: &Item<'_>) -> Option<Control> {
        let Piece::Bytes(bytes) = item.piece else { return None };
        let mut cursor = Cursor::new(bytes);
        Some(Control {
            code: cursor.u8()?,
            count: cursor.u8()?,
            on: u32::from_le_bytes(cursor.array()?),
            off: u32::from_le_bytes(cursor.array()?),
            status: Status(cursor.u8()? & 0x7f),
        })
    }

    /// Whether commands that wait are to be dropped.
    pub fn clears(self) -> bool {
        self.code & 0x20 != 0
    }

    /// The operation, in ICSNPP's words.
    pub fn operation(self) -> Text {
        Text::const_new(match self.code & 0x0f {
            0 => "Nul",
            1 => "Pulse On",
            2 => "Pulse Off",
            3 => "Latch On",
            4 => "Latch Off",
            other => return format_compact!("unknown-{other}"),
        })
    }

    /// Trip, close or neither, in ICSNPP's words.
    pub fn trip_close(self) -> &'static str {
        match self.code >> 6 {
            0 => "Nul",
            1 => "Close",
            2 => "Trip",
            _ => "Reserved",
        }
    }

    /// What is asked for in one line: `close pulse-on, 1 time, 500 ms on, 0 ms off`.
    pub fn text(self) -> Text {
        let Control { count, on, off, .. } = self;
        let direction = match self.trip_close() {
            "Nul" => Text::default(),
            word => format_compact!("{} ", word.to_ascii_lowercase()),
        };
        let clear = if self.clears() { " clear" } else { "" };
        let times = if count == 1 { "time" } else { "times" };
        let operation = dashed(&self.operation());
        format_compact!("{direction}{operation}{clear}, {count} {times}, {on} ms on, {off} ms off")
    }
}

/// What came of a control (annex A.8.1.3, table 11-12).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status(pub u8);

impl Status {
    /// The status in ICSNPP's words.
    pub fn label(self) -> Text {
        Text::const_new(match self.0 {
            0 => "Success",
            1 => "Timeout",
            2 => "No Select",
            3 => "Format Error",
            4 => "Not Supported",
            5 => "Already Active",
            6 => "Hardware Error",
            7 => "Local",
            8 => "Too Many Ops",
            9 => "Not Authorized",
            10 => "Automation Inhibit",
            11 => "Processing Limited",
            12 => "Out Of Range",
            13 => "Downstream Local",
            14 => "Already Complete",
            15 => "Blocked",
            16 => "Canceled",
            17 => "Blocked Other Master",
            18 => "Downstream Fail",
            126 => "Non Participating",
            127 => "Undefined",
            other => return format_compact!("unknown-{other}"),
        })
    }

    /// Why it was refused, if it was.
    pub fn refusal(self) -> Option<Text> {
        (self.0 != 0).then(|| dashed(&self.label()))
    }
}

/// Words in lower case with dashes between them.
fn dashed(words: &str) -> Text {
    words.to_ascii_lowercase().replace(' ', "-").into()
}

/// Reads an analogue output block: its value and what came of it.
pub fn setpoint(item: &Item<'_>, number: Number) -> Option<(Text, Status)> {
    let Piece::Bytes(bytes) = item.piece else { return None };
    let mut cursor = Cursor::new(bytes);
    let value = value::number(&mut cursor, number)?;
    Some((value, Status(cursor.u8()? & 0x7f)))
}
