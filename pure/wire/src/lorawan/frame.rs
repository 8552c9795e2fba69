//! What goes over the air: PHYPayload, LoRaWAN Link Layer Specification 1.0.4 clauses 4 to 6, and 1.1 clause 6.2.4 for
//! rejoining. Numbers are sent the least significant byte first.

use crate::cursor::Cursor;
use city::Verb;

/// One frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame<'a> {
    Data(Data<'a>),
    /// Encrypted throughout.
    JoinAccept,
    JoinRequest {
        join_eui: u64,
        device_eui: u64,
        nonce: u16,
        code: u32,
    },
    /// A format that only its maker knows.
    Proprietary,
    /// 1.1, clause 6.2.4.
    Rejoin {
        kind: u8,
        device_eui: u64,
        count: u16,
    },
}

/// A data frame (clause 4.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Data<'a> {
    pub up: bool,
    pub confirmed: bool,
    pub address: u32,
    /// Whether it acknowledges the other side's last confirmed frame.
    pub acknowledges: bool,
    /// The lower sixteen bits.
    pub counter: u16,
    /// MAC commands; readable up to 1.0.
    pub options: &'a [u8],
    /// Port 0 holds MAC commands, encrypted.
    pub port: Option<u8>,
    pub payload: &'a [u8],
    /// The frame's code (MIC): tells whether two frames are the same.
    pub code: u32,
}

fn little<const N: usize>(cursor: &mut Cursor<'_>) -> Option<u64> {
    Some(cursor.array::<N>()?.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

/// Reads a PHYPayload; `None` if it breaks the format.
pub fn parse_frame(bytes: &[u8]) -> Option<Frame<'_>> {
    let (body, code) = bytes.split_last_chunk::<4>()?;
    let code = u32::from_le_bytes(*code);
    let mut cursor = Cursor::new(body);
    let header = cursor.u8()?;
    // Only the first major version is defined (4.2.2); a maker's frames are free of it.
    if header & 3 != 0 && header >> 5 != 7 {
        return None;
    }
    match header >> 5 {
        0 if body.len() == 19 => {
            let join_eui = little::<8>(&mut cursor)?;
            let device_eui = little::<8>(&mut cursor)?;
            Some(Frame::JoinRequest { join_eui, device_eui, nonce: little::<2>(&mut cursor)? as u16, code })
        }
        1 if matches!(bytes.len(), 17 | 33) => Some(Frame::JoinAccept),
        kind @ 2..=5 => {
            let address = little::<4>(&mut cursor)? as u32;
            let control = cursor.u8()?;
            let counter = little::<2>(&mut cursor)? as u16;
            let options = cursor.take(usize::from(control & 0x0f))?;
            let port = cursor.u8();
            // Commands stand in the options or at port 0, never in both (4.3.1.6).
            if port == Some(0) && !options.is_empty() {
                return None;
            }
            Some(Frame::Data(Data {
                up: kind % 2 == 0,
                confirmed: kind >= 4,
                address,
                acknowledges: control & 0x20 != 0,
                counter,
                options,
                port,
                payload: cursor.rest(),
                code,
            }))
        }
        6 => {
            let kind = cursor.u8()?;
            let before = match (kind, body.len()) {
                (0 | 2, 15) => 3,
                (1, 20) => 8,
                _ => return None,
            };
            cursor.take(before)?;
            let device_eui = little::<8>(&mut cursor)?;
            Some(Frame::Rejoin { kind, device_eui, count: little::<2>(&mut cursor)? as u16 })
        }
        7 => Some(Frame::Proprietary),
        _ => None,
    }
}

/// What a MAC command of a downlink does (clause 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Command {
    pub name: &'static str,
    pub verb: Verb,
    bytes: usize,
}

/// The commands of a downlink's options; `None` if they are none, as where 1.1 encrypts them.
pub fn parse_commands(options: &[u8]) -> Option<Vec<Command>> {
    let mut cursor = Cursor::new(options);
    let mut commands = Vec::new();
    while let Some(identifier) = cursor.u8() {
        let (name, verb, bytes) = match identifier {
            0x01 => ("reset-conf", Verb::Configure, 1),
            0x02 => ("link-check-ans", Verb::Publish, 2),
            0x03 => ("link-adr-req", Verb::Configure, 4),
            0x04 => ("duty-cycle-req", Verb::Configure, 1),
            0x05 => ("rx-param-setup-req", Verb::Configure, 4),
            0x06 => ("dev-status-req", Verb::Read, 0),
            0x07 => ("new-channel-req", Verb::Configure, 5),
            0x08 => ("rx-timing-setup-req", Verb::Configure, 1),
            0x09 => ("tx-param-setup-req", Verb::Configure, 1),
            0x0a => ("dl-channel-req", Verb::Configure, 4),
            0x0b => ("rekey-conf", Verb::Configure, 1),
            0x0c => ("adr-param-setup-req", Verb::Configure, 1),
            0x0d => ("device-time-ans", Verb::Configure, 5),
            0x0e => ("force-rejoin-req", Verb::Restart, 2),
            0x0f => ("rejoin-param-setup-req", Verb::Configure, 1),
            _ => return None,
        };
        cursor.take(bytes)?;
        commands.push(Command { name, verb, bytes });
    }
    Some(commands)
}
