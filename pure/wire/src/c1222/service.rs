//! The data of services (IEEE 1703-2012, clause 5.3).

use super::message::Code;
use super::parse::take_title;
use crate::cursor::Cursor;
use city::{Text, Verb};
use compact_str::format_compact;

/// A table, or a part of it, that is read or written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access<'a> {
    /// The table's number with its decade's bits.
    pub table: u16,
    /// What is written; empty for reading.
    pub data: &'a [u8],
}

/// Reads which table is accessed.
pub fn parse_access(code: Code, data: &[u8]) -> Option<Access<'_>> {
    const OFFSET: u8 = 0x0f;
    let mut cursor = Cursor::new(data);
    if !code.reads() && !code.writes() {
        return None;
    }
    let (table, form) = (cursor.u16()?, code.0 & 0x0f);
    let mut access = Access { table, data: &[] };
    if code.writes() {
        // A part is found by up to nine indices of two bytes, or by an offset of three.
        cursor.take(match form {
            1..=9 => usize::from(form) * 2,
            OFFSET => 3,
            _ => 0,
        })?;
        let count = cursor.u16()?;
        access.data = cursor.take(count.into())?;
    }
    Some(access)
}

/// The table in which a procedure is begun.
const PROCEDURES: u16 = 7;

impl Access<'_> {
    /// In words: of the standard or of the maker; a pending table waits for its time.
    pub fn kind(&self) -> &'static str {
        match self.table >> 11 & 3 {
            0 => "standard-table",
            1 => "manufacturer-table",
            2 => "pending-standard-table",
            _ => "pending-manufacturer-table",
        }
    }

    /// The table's number in its decades.
    pub fn number(&self) -> u16 {
        self.table & 0x07ff
    }

    /// Whether the table holds passwords or keys: the security, key and extended key tables (IEEE 1377). A piece of a
    /// procedure may hold one as well.
    pub fn is_secret(&self, code: Code) -> bool {
        let piece = self.table == PROCEDURES && code.writes() && code != Code::FULL_WRITE;
        let standard = matches!(self.kind(), "standard-table" | "pending-standard-table");
        piece || standard && matches!(self.number(), 42 | 45 | 46)
    }

    /// The procedure that is begun, with whether it is the maker's.
    pub fn procedure(&self) -> Option<(u16, bool)> {
        match self.data {
            [low, high, ..] if self.table == PROCEDURES => {
                let code = u16::from_le_bytes([*low, *high]);
                Some((code & 0x07ff, code & 0x0800 != 0))
            }
            _ => None,
        }
    }
}

/// What a standard procedure does (IEEE 1377, table 7).
pub fn procedure(number: u16, makers: bool) -> (Text, Verb) {
    if makers {
        return (format_compact!("manufacturer-procedure-{number}"), Verb::Operate);
    }
    let (name, verb) = match number {
        0 => ("cold-start", Verb::Restart),
        1 => ("warm-start", Verb::Restart),
        2 => ("save-configuration", Verb::Configure),
        3 => ("clear-data", Verb::Configure),
        4 => ("reset-list-pointers", Verb::Configure),
        5 => ("update-last-read-entry", Verb::Configure),
        6 => ("change-end-device-mode", Verb::Configure),
        7 => ("clear-standard-status-flags", Verb::Configure),
        8 => ("clear-manufacturer-status-flags", Verb::Configure),
        9 => ("remote-reset", Verb::Operate),
        10 => ("set-date-and-time", Verb::Configure),
        11 => ("execute-diagnostics", Verb::Operate),
        12 => ("activate-all-pending-tables", Verb::Configure),
        13 => ("activate-specific-pending-table", Verb::Configure),
        14 => ("clear-all-pending-tables", Verb::Configure),
        15 => ("clear-specific-pending-table", Verb::Configure),
        16 => ("start-load-profile", Verb::Configure),
        17 => ("stop-load-profile", Verb::Configure),
        18 => ("log-in", Verb::Authenticate),
        19 => ("log-out", Verb::Authenticate),
        20 => ("initiate-immediate-call", Verb::Operate),
        21 => ("direct-load-control", Verb::Operate),
        22 => ("modify-credit", Verb::Operate),
        _ => return (format_compact!("procedure-{number}"), Verb::Operate),
    };
    (Text::const_new(name), verb)
}

/// The data in a response to reading: a count, the data, and a check.
pub fn parse_read(data: &[u8]) -> Option<&[u8]> {
    let mut cursor = Cursor::new(data);
    let count = cursor.u16()?;
    cursor.take(count.into())
}

/// A logon's request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Logon<'a> {
    pub user_id: u16,
    pub user: &'a [u8],
    pub idle: Option<u16>,
}

/// Reads a logon's request.
pub fn parse_logon(data: &[u8]) -> Option<Logon<'_>> {
    let mut cursor = Cursor::new(data);
    Some(Logon { user_id: cursor.u16()?, user: cursor.take(10)?, idle: cursor.u16() })
}

/// The user's number behind a security service's password of 20 bytes, which is not kept.
pub fn security_user(data: &[u8]) -> Option<u16> {
    let mut cursor = Cursor::new(data);
    cursor.take(20)?;
    cursor.u16()
}

/// What a node says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identification<'a> {
    pub standard: u8,
    pub version: u8,
    pub revision: u8,
    pub security_mechanism: Option<Text>,
    /// The session control byte.
    pub sessions: Option<u8>,
    pub device_class: Option<Text>,
    /// The form and the bytes of the device's identity.
    pub identity: Option<(u8, &'a [u8])>,
}

/// Reads the response to an identification: three numbers, then features until a zero.
pub fn parse_identification(data: &[u8]) -> Option<Identification<'_>> {
    let mut cursor = Cursor::new(data);
    let mut found = Identification {
        standard: cursor.u8()?,
        version: cursor.u8()?,
        revision: cursor.u8()?,
        ..Identification::default()
    };
    // A feature that is not known ends the reading, since its length is not known either.
    features(&mut found, cursor);
    Some(found)
}

fn features<'a>(found: &mut Identification<'a>, mut cursor: Cursor<'a>) -> Option<()> {
    loop {
        match cursor.u8()? {
            // C12.21's authentication: its algorithm, and in the second form a ticket.
            1 => {
                cursor.u8()?;
            }
            2 => {
                cursor.u8()?;
                let length = cursor.u8()?;
                cursor.take(length.into())?;
            }
            4 => found.security_mechanism = Some(take_title(&mut cursor)?),
            5 => found.sessions = Some(cursor.u8()?),
            6 => found.device_class = Some(take_title(&mut cursor)?),
            7 => {
                let length = cursor.u8()?;
                let (form, identity) = cursor.take(length.into())?.split_first()?;
                found.identity = Some((*form, identity));
            }
            _ => return None,
        }
    }
}

impl Identification<'_> {
    /// As the field's log has it.
    pub fn standard_title(&self) -> Text {
        Text::const_new(match self.standard {
            0 => "ANSI C12.18",
            2 => "ANSI C12.21",
            3 => "ANSI C12.22",
            code => return format_compact!("Unknown-0x{code:02x}"),
        })
    }
}
