//! Commands that wait for their replies, and how far these were read.

use super::message::{Capabilities, Command, Packet};
use super::parse::{number, parse_error};
use crate::cursor::Cursor;
use crate::dialogue::Asked;
use crate::show::{VALUE_BYTES_MAX, readable};
use city::{Reply, Text};
use compact_str::format_compact;

/// The status flag of a reply behind which there is another (`SERVER_MORE_RESULTS_EXISTS`).
const MORE_RESULTS: u16 = 0x8;

/// How far a reply was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Nothing yet.
    First,
    /// So many packets of no interest: the descriptions of columns and parameters.
    Descriptions(u64),
    /// Descriptions up to an end, of fields that were asked for.
    Fields,
    Rows,
}

/// A command whose reply is awaited.
#[derive(Debug)]
pub struct Pending {
    pub command: Command,
    /// What it says, as it may be shown.
    pub argument: Text,
    pub asked: Asked,
    stage: Stage,
    /// Rows that came back, or were changed.
    pub rows: u64,
    changed: u64,
    /// The number by which a statement that was prepared is carried out.
    pub prepared: Option<u32>,
    /// Why it was refused.
    pub why: Option<Text>,
}

impl Pending {
    /// A command that was just sent.
    pub fn new(command: Command, argument: Text, asked: Asked) -> Pending {
        let (stage, why) = (Stage::First, None);
        Pending { command, argument, asked, stage, rows: 0, changed: 0, prepared: None, why }
    }

    /// Reads one packet of the reply. Returns whether it was the last.
    pub fn hear(&mut self, packet: &Packet<'_>, capabilities: Capabilities) -> bool {
        let has_end_marks = !capabilities.has(Capabilities::DEPRECATE_EOF);
        if let Some((code, text)) = parse_error(packet.payload)
            && !matches!(self.stage, Stage::Descriptions(_))
        {
            let why = format_compact!("{code} {}", readable(text, VALUE_BYTES_MAX));
            self.asked.reply = Reply::Refused(why);
            self.why = Some(readable(text, 1 << 10));
            return true;
        }
        let is_end = packet.payload.first() == Some(&0xfe)
            && packet.length < if has_end_marks { 9 } else { 0x00ff_ffff };
        match self.stage {
            Stage::First => self.hear_first(packet, has_end_marks),
            Stage::Descriptions(left) => {
                let left = left.saturating_sub(1);
                self.stage = match (left, self.command) {
                    (0, Command::PREPARE) => return self.done(),
                    (0, _) => Stage::Rows,
                    _ => Stage::Descriptions(left),
                };
                false
            }
            Stage::Fields => is_end && self.done(),
            Stage::Rows if is_end => {
                // An end mark has its status behind the warnings; a reply of the other form behind two numbers.
                let status = if has_end_marks { end_status(packet.payload) } else { ok(packet.payload).2 };
                self.ended(status)
            }
            Stage::Rows => {
                self.rows += 1;
                false
            }
        }
    }

    fn hear_first(&mut self, packet: &Packet<'_>, has_end_marks: bool) -> bool {
        match (self.command, packet.payload) {
            (Command::FIELD_LIST, _) => {
                self.stage = Stage::Fields;
                false
            }
            (Command::STATISTICS, _) => self.done(),
            (Command::PREPARE, [0, a, b, c, d, columns, columns_high, parameters, parameters_high, ..]) => {
                self.prepared = Some(u32::from_le_bytes([*a, *b, *c, *d]));
                let numbers = [[*columns, *columns_high], [*parameters, *parameters_high]];
                let counts = numbers.map(|number| u64::from(u16::from_le_bytes(number)));
                let marks = counts.iter().filter(|count| has_end_marks && **count > 0).count() as u64;
                let descriptions = counts.iter().sum::<u64>() + marks;
                self.stage = Stage::Descriptions(descriptions);
                descriptions == 0 && self.done()
            }
            (_, [0, ..]) => {
                let (changed, _, status) = ok(packet.payload);
                self.changed += changed;
                self.ended(status)
            }
            (_, [0xfe, ..]) => self.ended(end_status(packet.payload)),
            // A file of the client's is asked for, which it sends before the reply.
            (_, [0xfb, ..]) => false,
            (_, payload) => {
                let columns = number(&mut Cursor::new(payload)).unwrap_or(0);
                self.stage = Stage::Descriptions(columns + u64::from(has_end_marks));
                false
            }
        }
    }

    /// One result is over; whether there is none behind it.
    fn ended(&mut self, status: u16) -> bool {
        self.stage = Stage::First;
        status & MORE_RESULTS == 0 && self.done()
    }

    fn done(&mut self) -> bool {
        self.asked.reply = Reply::Done;
        if self.rows > 0 {
            self.asked.value = Some(format_compact!("{} rows", self.rows));
        } else if self.changed > 0 {
            self.asked.value = Some(format_compact!("{} changed", self.changed));
            self.rows = self.changed;
        }
        true
    }
}

/// What a reply says that all is well: rows changed, the number of one that was put in, and the status.
fn ok(payload: &[u8]) -> (u64, u64, u16) {
    let mut cursor = Cursor::new(payload);
    cursor.u8();
    let (changed, inserted) = (number(&mut cursor).unwrap_or(0), number(&mut cursor).unwrap_or(0));
    (changed, inserted, cursor.array().map_or(0, u16::from_le_bytes))
}

/// The status of an end mark.
fn end_status(payload: &[u8]) -> u16 {
    payload
        .get(3..5)
        .and_then(|status| status.first_chunk::<2>())
        .map_or(0, |status| u16::from_le_bytes(*status))
}
