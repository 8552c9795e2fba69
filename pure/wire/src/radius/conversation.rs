//! Pairs requests with replies.

use super::message::{self, Code};
use super::parse::{self, Packet};
use crate::dialogue::{Asked, Dialogue, Out, Progress, Side};
use crate::show::{VALUE_BYTES_MAX, escaped, readable};
use city::{Address, Details, Reply, Target, Text, Trait};
use compact_str::format_compact;
use jiff::Timestamp;
use std::collections::VecDeque;

/// Requests awaiting a reply at a time. There are 256 numbers for each port.
const PENDING_MAX: usize = 256;

/// The longest text in a column, in bytes; an attribute has at most 253.
const COLUMN_BYTES_MAX: usize = 253;

/// Opens a reader.
pub(super) fn open() -> Box<dyn Dialogue> {
    Box::new(Conversation::default())
}

/// One access server and one server.
#[derive(Default)]
struct Conversation {
    pending: VecDeque<Pending>,
    row: Option<Row>,
    server_told: bool,
}

/// A request whose reply is awaited.
struct Pending {
    asker: Side,
    identifier: u8,
    code: Code,
    asked: Asked,
}

/// What is gathered for a row of the field's log, over challenges, until somebody is let in or not.
struct Row {
    begun: Timestamp,
    columns: [(&'static str, Option<Text>); 6],
}

const COLUMNS: [(u8, &str); 6] = [
    (message::USER_NAME, "username"),
    (message::CALLING_STATION, "mac"),
    (message::FRAMED_ADDRESS, "framed_addr"),
    (message::TUNNEL_CLIENT, "tunnel_client"),
    (message::CONNECT_INFO, "connect_info"),
    (message::REPLY_MESSAGE, "reply_msg"),
];

impl Dialogue for Conversation {
    fn datagram(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) -> bool {
        let Some(packet) = parse::parse_packet(bytes).filter(|packet| packet.code.is_known()) else {
            return false;
        };
        if packet.code.is_request() {
            self.request(side, &packet, out);
        } else {
            self.reply(side, &packet, out);
        }
        self.gather(&packet, out);
        true
    }

    fn stream(&mut self, _side: Side, _bytes: &[u8], _out: &mut Out<'_>) -> Progress {
        Progress::Lost
    }

    fn gap(&mut self, _side: Side, _missing: u64, _out: &mut Out<'_>) {}

    fn holds(&self) -> usize {
        crate::dialogue::held::<Pending>(self.pending.len())
    }

    fn end(&mut self, out: &mut Out<'_>) {
        while let Some(pending) = self.pending.pop_front() {
            out.request(pending.asker, pending.asked);
        }
        if let Some(row) = self.row.take() {
            tell(row, "unknown", out);
        }
    }
}

impl Conversation {
    fn request(&mut self, side: Side, packet: &Packet<'_>, out: &mut Out<'_>) {
        if let Some(name) = packet.first(message::NAS_IDENTIFIER) {
            let name = readable(name, VALUE_BYTES_MAX);
            // Changes of authorisation come from the server, and name the access server that is to make them.
            let station = if packet.code.0 < 40 { side } else { side.other() };
            out.identity(station, Trait::Name, &name, "NAS-Identifier", 70);
        }
        let shown = |kind| packet.first(kind).map(|value| readable(value, VALUE_BYTES_MAX));
        let status = packet.first(message::ACCOUNTING_STATUS).and_then(|value| value.first_chunk::<4>());
        let value = match status {
            Some(status) => Some(message::accounting(u32::from_be_bytes(*status))),
            None if packet.first(message::EAP_MESSAGE).is_some() => Some("eap".into()),
            None => None,
        };
        let asked = Asked {
            verb: packet.code.verb(),
            function: packet.code.text(),
            target: Target::named(shown(message::USER_NAME).unwrap_or_default()),
            value,
            reply: Reply::Missing,
            details: Details::new(),
        };
        let same = |pending: &Pending| pending.asker == side && pending.identifier == packet.identifier;
        // The same again is sent when a reply is late.
        if let Some(place) =
            self.pending.iter().position(|pending| same(pending) && pending.code == packet.code)
        {
            self.pending.remove(place);
        }
        if self.pending.len() >= PENDING_MAX
            && let Some(oldest) = self.pending.pop_front()
        {
            out.request(oldest.asker, oldest.asked);
        }
        self.pending.push_back(Pending {
            asker: side,
            identifier: packet.identifier,
            code: packet.code,
            asked,
        });
    }

    fn reply(&mut self, side: Side, packet: &Packet<'_>, out: &mut Out<'_>) {
        let place = self.pending.iter().position(|pending| {
            pending.asker != side
                && pending.identifier == packet.identifier
                && packet.code.answers(pending.code)
        });
        if matches!(packet.code.0, 2 | 3 | 5 | 11) && !self.server_told {
            self.server_told = true;
            out.identity(side, Trait::Role, "authentication server", "RADIUS reply", 90);
        }
        let Some(mut pending) = place.and_then(|place| self.pending.remove(place)) else { return };
        pending.asked.reply = match packet.code.accepts() {
            Some(true) => Reply::Done,
            _ => Reply::Refused(packet.code.text()),
        };
        out.request(pending.asker, pending.asked);
    }

    fn gather(&mut self, packet: &Packet<'_>, out: &mut Out<'_>) {
        if !out.wants_details() {
            return;
        }
        let row = self.row.get_or_insert_with(|| Row {
            begun: out.time,
            columns: COLUMNS.map(|(_, column)| (column, None)),
        });
        let said = match packet.code {
            Code::ACCESS_REQUEST => {
                &[message::USER_NAME, message::CALLING_STATION, message::TUNNEL_CLIENT, message::CONNECT_INFO]
                    [..]
            }
            Code::ACCESS_CHALLENGE | Code::ACCESS_ACCEPT => {
                &[message::FRAMED_ADDRESS, message::REPLY_MESSAGE]
            }
            Code::ACCESS_REJECT => &[message::REPLY_MESSAGE],
            _ => &[],
        };
        for ((kind, _), (_, value)) in COLUMNS.iter().zip(&mut row.columns) {
            if value.is_none() && said.contains(kind) {
                *value = packet.first(*kind).map(|bytes| column(*kind, bytes));
            }
        }
        let result = match packet.code {
            Code::ACCESS_ACCEPT => "success",
            Code::ACCESS_REJECT => "failed",
            _ => return,
        };
        if let Some(row) = self.row.take() {
            tell(row, result, out);
        }
    }
}

fn tell(row: Row, result: &'static str, out: &mut Out<'_>) {
    let micros = out.time.duration_since(row.begun).as_micros();
    out.message(Side::Source, "radius", |fields| {
        for (column, value) in row.columns {
            if let Some(value) = value {
                fields.put(column, value);
            }
        }
        fields.put("result", result);
        if micros > 0 && result != "unknown" {
            fields.show("ttl", format_args!("{}.{:06}", micros / 1_000_000, micros % 1_000_000));
        }
    });
}

/// A column's value.
fn column(kind: u8, bytes: &[u8]) -> Text {
    match (kind, bytes) {
        (message::FRAMED_ADDRESS, bytes) => match bytes.first_chunk::<4>() {
            Some(address) => format_compact!("{}", Address::Ip((*address).into())),
            None => Text::default(),
        },
        (message::CALLING_STATION, bytes) => station(bytes),
        _ => escaped(bytes, COLUMN_BYTES_MAX),
    }
}

/// A MAC address in whatever way an access server writes it, in one way; nothing if it is none.
fn station(bytes: &[u8]) -> Text {
    let digits: String =
        bytes.iter().map(|byte| char::from(*byte)).filter(char::is_ascii_hexdigit).take(17).collect();
    let mut text = Text::default();
    if matches!(digits.len(), 12 | 16) {
        for (place, digit) in digits.chars().enumerate() {
            if place > 0 && place % 2 == 0 {
                text.push(':');
            }
            text.push(digit.to_ascii_lowercase());
        }
    }
    text
}
