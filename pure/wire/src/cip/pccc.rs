//! PCCC within CIP: what older Allen-Bradley controllers (PLC-5, SLC 500, MicroLogix) are asked, after the DF1 protocol
//! and command set reference (1770-RM516).

use crate::cursor::Cursor;
use crate::show::{VALUE_BYTES_MAX, hexadecimal};
use city::{Target, Text, Verb};
use compact_str::format_compact;

/// A command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Command<'a> {
    /// The command; its fifth bit marks a reply.
    command: u8,
    /// The function within, of commands that have several.
    function: u8,
    data: &'a [u8],
}

/// Reads the data of an Execute PCCC request: who asks, with its length before it, and the command.
pub fn parse_command(data: &[u8]) -> Option<Command<'_>> {
    let mut cursor = Cursor::new(data);
    let length = usize::from(cursor.u8()?);
    cursor.take(length.checked_sub(1)?)?;
    let (command, _status, _transaction) = (cursor.u8()?, cursor.u8()?, cursor.u16()?);
    let function = if command & 0x0f == 0x0f || command & 0x0f == 6 { cursor.u8()? } else { 0 };
    Some(Command { command, function, data: cursor.take_rest() })
}

/// The status in the reply to an Execute PCCC request; 0 is success.
pub fn parse_status(data: &[u8]) -> Option<u8> {
    let mut cursor = Cursor::new(data);
    let length = usize::from(cursor.u8()?);
    cursor.take(length.checked_sub(1)?)?;
    let _command = cursor.u8()?;
    cursor.u8()
}

impl Command<'_> {
    /// What it asks, and the verb of that.
    pub fn function(&self) -> (Text, Verb) {
        let (name, verb) = match (self.command & 0x0f, self.function) {
            (0x00, _) => ("protected-write", Verb::Write),
            (0x01, _) => ("unprotected-read", Verb::Read),
            (0x02, _) => ("protected-bit-write", Verb::Write),
            (0x05, _) => ("unprotected-bit-write", Verb::Write),
            (0x06, 0x00) => ("echo", Verb::Discover),
            (0x06, 0x01) => ("read-diagnostic-counters", Verb::Read),
            (0x06, 0x03) => ("diagnostic-status", Verb::Discover),
            (0x06, 0x07) => ("reset-diagnostic-counters", Verb::Configure),
            (0x08, _) => ("unprotected-write", Verb::Write),
            (0x0f, 0x00) => ("word-range-write", Verb::Write),
            (0x0f, 0x01) => ("word-range-read", Verb::Read),
            (0x0f, 0x02) => ("bit-write", Verb::Write),
            (0x0f, 0x11) => ("get-edit-resource", Verb::Program),
            (0x0f, 0x12) => ("return-edit-resource", Verb::Program),
            (0x0f, 0x17) => ("read-bytes-physical", Verb::Transfer),
            (0x0f, 0x18) => ("write-bytes-physical", Verb::Program),
            (0x0f, 0x26) => ("read-modify-write", Verb::Write),
            (0x0f, 0x29) => ("read-section-size", Verb::Discover),
            (0x0f, 0x3a) => ("set-cpu-mode", Verb::Restart),
            (0x0f, 0x41) => ("disable-forces", Verb::Operate),
            (0x0f, 0x50) => ("download-all-request", Verb::Program),
            (0x0f, 0x52) => ("download-completed", Verb::Program),
            (0x0f, 0x53) => ("upload-all-request", Verb::Transfer),
            (0x0f, 0x55) => ("upload-completed", Verb::Transfer),
            (0x0f, 0x57) => ("initialize-memory", Verb::Program),
            (0x0f, 0x5e) => ("modify-plc-2-compatibility-file", Verb::Configure),
            (0x0f, 0x67) => ("typed-write", Verb::Write),
            (0x0f, 0x68) => ("typed-read", Verb::Read),
            (0x0f, 0x79) => ("read-modify-write-n", Verb::Write),
            (0x0f, 0x80) => ("change-mode", Verb::Restart),
            (0x0f, 0x81) => ("open-file", Verb::Transfer),
            (0x0f, 0x82) => ("close-file", Verb::Transfer),
            (0x0f, 0x88) => ("execute-multiple-commands", Verb::Configure),
            (0x0f, 0x8f) => ("apply-port-configuration", Verb::Configure),
            (0x0f, 0xa1) => ("protected-typed-logical-read-2", Verb::Read),
            (0x0f, 0xa2) => ("protected-typed-logical-read-3", Verb::Read),
            (0x0f, 0xa7) => ("protected-typed-file-read", Verb::Transfer),
            (0x0f, 0xa9) => ("protected-typed-logical-write-2", Verb::Write),
            (0x0f, 0xaa) => ("protected-typed-logical-write-3", Verb::Write),
            (0x0f, 0xab) => ("protected-typed-logical-write-with-mask", Verb::Write),
            (0x0f, 0xaf) => ("protected-typed-file-write", Verb::Program),
            (0x0f, function) => return (format_compact!("pccc-function-{function:#04x}"), Verb::Configure),
            (command, _) => return (format_compact!("pccc-command-{command:#04x}"), Verb::Configure),
        };
        (Text::const_new(name), verb)
    }

    /// The file and element that a logical read or write is about: `N7:3` is file 7, element 3.
    pub fn target(&self) -> Target {
        let parse = || {
            let mut cursor = Cursor::new(self.data);
            let _size = cursor.u8()?;
            let number = |cursor: &mut Cursor<'_>| match cursor.u8()? {
                0xff => cursor.array().map(u16::from_le_bytes),
                short => Some(u16::from(short)),
            };
            let file = number(&mut cursor)?;
            let kind = cursor.u8()?;
            let element = u64::from(number(&mut cursor)?);
            let letter = letter(kind);
            Some(Target {
                name: format_compact!("{letter}{file}"),
                ..Target::numbered("data-file", element, element)
            })
        };
        let logical =
            self.command & 0x0f == 0x0f && matches!(self.function, 0xa1 | 0xa2 | 0xa9 | 0xaa | 0xab);
        logical.then(parse).flatten().unwrap_or_default()
    }

    /// What it sends along.
    pub fn value(&self) -> Option<Text> {
        (!self.data.is_empty()).then(|| hexadecimal(self.data, VALUE_BYTES_MAX))
    }
}

/// The letter by which people name a kind of data file; `F` stands for floating point there.
fn letter(kind: u8) -> &'static str {
    match kind {
        0x82 | 0x8b => "O",
        0x83 | 0x8c => "I",
        0x84 => "S",
        0x85 => "B",
        0x86 => "T",
        0x87 => "C",
        0x88 => "R",
        0x89 => "N",
        0x8a => "F",
        0x8d => "ST",
        0x8e => "A",
        0x91 => "L",
        _ => "file-",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rehearse::hex;

    #[test]
    fn a_logical_read_names_its_file() {
        let data = hex("07 4d00 78563412 0f 00 0100 a2 02 07 89 03 00");
        let command = parse_command(&data).unwrap();
        assert_eq!(command.function(), ("protected-typed-logical-read-3".into(), Verb::Read));
        assert_eq!(command.target().to_string(), "data-file 3 N7");
        assert_eq!(parse_status(&hex("07 4d00 78563412 4f 10 0100")), Some(0x10));
        assert_eq!(parse_command(&hex("00 0f")), None);
    }
}
