//! Bytes to messages.

use super::message::{Control, ControlKind, Mode, Stamp, Time};
use crate::cursor::Cursor;

/// The length of the header of a message about the time.
pub(super) const HEADER_BYTES: usize = 48;

/// Behind the extensions there may be a key and a digest, at most so long (RFC 5905 clause 7.3).
const DIGEST_BYTES: usize = 24;

/// A message.
pub(super) enum Found<'a> {
    Time(Time<'a>),
    Control(Control<'a>),
}

pub(super) fn parse_message(bytes: &[u8]) -> Option<Found<'_>> {
    let first = *bytes.first()?;
    let version = first >> 3 & 7;
    if !(1..=4).contains(&version) {
        return None;
    }
    match first & 7 {
        6 => control(bytes).map(Found::Control),
        7 => private(bytes).map(Found::Control),
        mode => time(bytes, version, Mode::from_number(mode)?).map(Found::Time),
    }
}

fn time(bytes: &[u8], version: u8, mode: Mode) -> Option<Time<'_>> {
    let mut cursor = Cursor::new(bytes);
    let [_, stratum, poll, precision] = cursor.array()?;
    let (root_delay, root_dispersion) = (cursor.u32()?, cursor.u32()?);
    let reference = cursor.take(4)?.first_chunk()?;
    let mut stamp = || cursor.unsigned(8).map(Stamp);
    let (reference_time, origin, receive, transmit) = (stamp()?, stamp()?, stamp()?, stamp()?);
    let mut extensions = 0;
    while cursor.len() > DIGEST_BYTES {
        let (_kind, length) = (cursor.u16()?, cursor.u16()?);
        cursor.take(usize::from(length).checked_sub(4)?)?;
        extensions += 1;
    }
    Some(Time {
        version,
        mode,
        stratum,
        poll: poll.cast_signed(),
        precision: precision.cast_signed(),
        root_delay,
        root_dispersion,
        reference,
        reference_time,
        origin,
        receive,
        transmit,
        extensions,
    })
}

/// RFC 9327 clause 2.
fn control(bytes: &[u8]) -> Option<Control<'_>> {
    let mut cursor = Cursor::new(bytes);
    let [_, bits] = cursor.array()?;
    let (sequence, status, association) = (cursor.u16()?, cursor.u16()?, cursor.u16()?);
    let (_offset, count) = (cursor.u16()?, cursor.u16()?);
    let data = cursor.take(usize::from(count))?;
    let is_error = bits & 0x40 != 0;
    Some(Control {
        kind: ControlKind::Control,
        is_response: bits & 0x80 != 0,
        // The code is the high byte of the status; an error without one is told by a number that no error has.
        error: match (is_error, status.to_be_bytes()) {
            (false, _) => 0,
            (true, [0, _]) => u8::MAX,
            (true, [code, _]) => code,
        },
        operation: bits & 0x1f,
        sequence,
        association,
        data,
    })
}

/// `ntpd`'s own: flags, sequence, implementation, request, error and count, size of an item.
fn private(bytes: &[u8]) -> Option<Control<'_>> {
    let mut cursor = Cursor::new(bytes);
    let [flags, sequence, _implementation, operation] = cursor.array()?;
    let (error, _size) = (cursor.u16()?, cursor.u16()?);
    Some(Control {
        kind: ControlKind::Private,
        is_response: flags & 0x80 != 0,
        error: (error >> 12) as u8,
        operation,
        sequence: u16::from(sequence & 0x7f),
        association: 0,
        data: cursor.take_rest(),
    })
}
