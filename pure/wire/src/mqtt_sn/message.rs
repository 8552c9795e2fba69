//! What an MQTT-SN message is: MQTT-SN 1.2, clause 5, and how it is read.

use crate::cursor::Cursor;
use city::Text;
use compact_str::format_compact;

/// How a topic is named (clause 5.3.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic<'a> {
    Name(&'a [u8]),
    Number(u16),
    Predefined(u16),
    /// Two letters in the place of a number.
    Short([u8; 2]),
}

/// Why something was not done (clause 5.3.10).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReturnCode(pub u8);

impl ReturnCode {
    /// The word for it; `None` where it was done.
    pub fn refusal(self) -> Option<Text> {
        Some(match self.0 {
            0 => return None,
            1 => "congestion".into(),
            2 => "invalid-topic-id".into(),
            3 => "not-supported".into(),
            other => format_compact!("return-code-{other}"),
        })
    }
}

/// One message, as far as it is told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message<'a> {
    Connack {
        code: ReturnCode,
    },
    Connect {
        client: &'a [u8],
    },
    GatewayInfo,
    /// What asks for nothing of the process.
    Other,
    Puback {
        id: u16,
        code: ReturnCode,
    },
    Pubcomp {
        id: u16,
    },
    Publish {
        duplicate: bool,
        /// 0, 1, 2, or 3 for a message without a connection (QoS -1).
        quality: u8,
        topic: Topic<'a>,
        id: u16,
        payload: &'a [u8],
    },
    Regack {
        topic: u16,
        id: u16,
        code: ReturnCode,
    },
    Register {
        topic: u16,
        id: u16,
        name: &'a [u8],
    },
    SearchGateway,
    Suback {
        topic: u16,
        id: u16,
        code: ReturnCode,
    },
    Subscribe {
        leaves: bool,
        id: u16,
        topic: Topic<'a>,
    },
    Unsuback {
        id: u16,
    },
    WillUpdate {
        function: &'static str,
    },
    WillUpdated {
        function: &'static str,
        code: ReturnCode,
    },
}

fn topic<'a>(flags: u8, cursor: &mut Cursor<'a>, may_be_name: bool) -> Option<Topic<'a>> {
    match flags & 3 {
        0 if may_be_name => {
            let name = cursor.take_rest();
            (!name.is_empty()).then_some(Topic::Name(name))
        }
        0 => cursor.u16().map(Topic::Number),
        1 => cursor.u16().map(Topic::Predefined),
        2 => cursor.array().map(Topic::Short),
        _ => None,
    }
}

/// Reads a datagram; `None` if it is not one message from its beginning to its end.
pub fn parse_message(bytes: &[u8]) -> Option<Message<'_>> {
    let mut cursor = Cursor::new(bytes);
    let mut length = usize::from(cursor.u8()?);
    if length == 1 {
        length = usize::from(cursor.u16()?);
    }
    let kind = cursor.u8()?;
    if kind == 0xfe {
        // A forwarder's frame ends before the message that it carries (clause 5.4.20).
        let (frame, inner) = bytes.split_at_checked(length)?;
        return if frame.len() > 3 && inner.get(1) != Some(&0xfe) { parse_message(inner) } else { None };
    }
    if length != bytes.len() {
        return None;
    }
    let c = &mut cursor;
    let code = |c: &mut Cursor<'_>| c.u8().map(ReturnCode);
    let message = match kind {
        0x00 => {
            c.take(3)?;
            Message::Other
        }
        0x01 => {
            c.u8()?;
            Message::SearchGateway
        }
        0x02 => {
            c.u8()?;
            c.take_rest();
            Message::GatewayInfo
        }
        0x04 => {
            let flags = c.u8()?;
            let _protocol = c.u8().filter(|id| *id == 1 && flags & 0xf3 == 0)?;
            c.u16()?;
            Message::Connect { client: c.take_rest() }
        }
        0x05 => Message::Connack { code: code(c)? },
        0x06 | 0x08 | 0x17 => Message::Other,
        0x07 | 0x09 | 0x16 => {
            c.take_rest();
            Message::Other
        }
        0x0a => Message::Register { topic: c.u16()?, id: c.u16()?, name: c.take_rest() },
        0x0b => Message::Regack { topic: c.u16()?, id: c.u16()?, code: code(c)? },
        0x0c => {
            let flags = c.u8()?;
            let topic = topic(flags, c, false)?;
            let id = c.u16()?;
            let (duplicate, quality) = (flags & 0x80 != 0, flags >> 5 & 3);
            Message::Publish { duplicate, quality, topic, id, payload: c.take_rest() }
        }
        0x0d => {
            c.u16()?;
            Message::Puback { id: c.u16()?, code: code(c)? }
        }
        0x0e => Message::Pubcomp { id: c.u16()? },
        0x0f | 0x10 => {
            c.u16()?;
            Message::Other
        }
        0x12 | 0x14 => {
            let flags = c.u8()?;
            let id = c.u16()?;
            Message::Subscribe { leaves: kind == 0x14, id, topic: topic(flags, c, true)? }
        }
        0x13 => {
            c.u8()?;
            Message::Suback { topic: c.u16()?, id: c.u16()?, code: code(c)? }
        }
        0x15 => Message::Unsuback { id: c.u16()? },
        0x18 => {
            if !c.is_empty() {
                c.u16()?;
            }
            Message::Other
        }
        0x1a | 0x1c => {
            c.take_rest();
            Message::WillUpdate { function: will(kind) }
        }
        0x1b | 0x1d => Message::WillUpdated { function: will(kind - 1), code: code(c)? },
        _ => return None,
    };
    cursor.is_empty().then_some(message)
}

fn will(kind: u8) -> &'static str {
    if kind == 0x1a { "will-topic-update" } else { "will-message-update" }
}
