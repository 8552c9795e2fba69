//! Sessions and what they carry.

use super::message::{Command, HEADER_BYTES, Header, Item, Message, status_name};
use super::parse::{self, Found, Listed};
use super::whole;
use crate::cip::{self, Carrier, Explicit};
use crate::cursor::Cursor;
use crate::dialogue::{Asked, Dialogue, Out, Progress, Side};
use crate::footing::{Footing, Walk};
use crate::show::{VALUE_BYTES_MAX, escaped};
use city::{Details, Reply, Target, Text, Verb};
use compact_str::format_compact;
use std::collections::VecDeque;

/// Commands awaiting a reply at a time.
const PENDING_MAX: usize = 32;

/// What stands where a code has no name.
const UNKNOWN: &str = "unknown";

/// Opens a reader.
pub(super) fn open() -> Box<dyn Dialogue> {
    Box::new(Conversation::default())
}

/// One conversation between an originator and a device.
#[derive(Default)]
struct Conversation {
    explicit: Explicit,
    /// Lists and registrations whose reply is awaited: who asked, what, under which context.
    pending: VecDeque<(Side, Command, u64)>,
    /// Whether messages are read where they begin.
    footing: Footing,
}

impl Dialogue for Conversation {
    fn datagram(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) -> bool {
        match parse::parse_message(bytes) {
            Found::Message(message) if HEADER_BYTES + message.data.len() == bytes.len() => {
                self.message(side, &message, out);
                true
            }
            _ => false,
        }
    }

    fn stream(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) -> Progress {
        let mut walk = Walk::of(bytes);
        while let Some(rest) = self.footing.next(side, &mut walk, find_message) {
            match parse::parse_message(rest) {
                Found::Message(message) => {
                    self.message(side, &message, out);
                    walk.step(HEADER_BYTES + message.data.len());
                }
                Found::More => return walk.rests(),
                Found::Nothing if !self.footing.slip(side) => return Progress::Lost,
                Found::Nothing => {}
            }
        }
        walk.rests()
    }

    fn gap(&mut self, side: Side, _missing: u64, _out: &mut Out<'_>) {
        self.footing.lose(side);
    }

    fn holds(&self) -> usize {
        crate::dialogue::held::<(Side, Command, u64)>(self.pending.len())
    }

    fn end(&mut self, out: &mut Out<'_>) {
        while let Some((side, command, _)) = self.pending.pop_front() {
            tell(side, command, None, Reply::Missing, out);
        }
        self.explicit.end(out);
    }
}

/// Finds the next message by its structure: how many bytes lie before it, and whether it was found. Without it, the last
/// bytes are kept, since they may be the beginning of a header.
fn find_message(bytes: &[u8]) -> (usize, bool) {
    let begins = |offset: &usize| {
        let rest = bytes.get(*offset..).unwrap_or_default();
        let data = rest.get(HEADER_BYTES..).unwrap_or_default();
        parse::parse_header(rest).is_some_and(|header| {
            let data = data.get(..usize::from(header.length)).unwrap_or(data);
            parse::is_plausible(&header, data)
        })
    };
    match (0..bytes.len()).find(begins) {
        Some(offset) => (offset, true),
        None => (bytes.len().saturating_sub(HEADER_BYTES - 1), false),
    }
}

impl Conversation {
    fn message(&mut self, side: Side, message: &Message<'_>, out: &mut Out<'_>) {
        let Message { header, data } = message;
        row(side, header, out);
        whole::tell(side, message, out);
        match header.command {
            command if command.is_list() => {
                if data.is_empty() && header.status == 0 {
                    self.asked(side, header, out);
                } else {
                    let value = self.listed(side, message, out);
                    self.answered(side, header, value, out);
                }
            }
            Command::REGISTER_SESSION => {
                if header.session == 0 && header.status == 0 {
                    self.asked(side, header, out);
                } else {
                    self.answered(side, header, None, out);
                }
            }
            Command::SEND_RR_DATA | Command::SEND_UNIT_DATA => self.carried(side, message, out),
            _ => {}
        }
    }

    fn asked(&mut self, side: Side, header: &Header, out: &mut Out<'_>) {
        if self.pending.len() >= PENDING_MAX
            && let Some((side, command, _)) = self.pending.pop_front()
        {
            tell(side, command, None, Reply::Missing, out);
        }
        self.pending.push_back((side, header.command, header.context));
    }

    fn answered(&mut self, side: Side, header: &Header, value: Option<Text>, out: &mut Out<'_>) {
        let asked = (side.other(), header.command, header.context);
        if let Some(place) = self.pending.iter().position(|pending| *pending == asked) {
            self.pending.remove(place);
        }
        let reply = match header.status {
            0 => Reply::Done,
            status => Reply::Refused(
                status_name(status).map_or_else(|| format_compact!("status-{status:#x}"), cip::hyphened),
            ),
        };
        tell(side.other(), header.command, value, reply, out);
    }

    /// The items of a list. Says what was told, in short.
    fn listed(&mut self, side: Side, message: &Message<'_>, out: &mut Out<'_>) -> Option<Text> {
        let mut value = None;
        for item in parse::parse_items(message.data)? {
            match (message.header.command, item.kind) {
                (Command::LIST_IDENTITY, Item::IDENTITY) => {
                    let Some(listed) = parse::parse_listed(item.data) else { continue };
                    identity_row(side, &listed, out);
                    listed.identity.tell(side, out);
                    value = listed.identity.value();
                }
                // Version and capabilities, then the service's name, in zeros (clause 2-4.6).
                (Command::LIST_SERVICES, _) => {
                    let name = item.data.get(4..).unwrap_or_default();
                    let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
                    value = Some(escaped(name, VALUE_BYTES_MAX));
                }
                _ => {}
            }
        }
        value
    }

    /// CIP, connected or not.
    fn carried(&mut self, side: Side, message: &Message<'_>, out: &mut Out<'_>) {
        let Some(items) = parse::parse_carried(message.data) else { return };
        let mut connection = None;
        for item in items {
            let mut cursor = Cursor::new(item.data);
            match item.kind {
                Item::CONNECTED_ADDRESS => connection = cursor.array().map(u32::from_le_bytes),
                Item::CONNECTED_DATA => {
                    let sequence = cursor.array().map(u16::from_le_bytes);
                    let carrier = Carrier { context: 0, sequence, connection };
                    self.explicit.message(side, carrier, cursor.rest(), out);
                }
                Item::UNCONNECTED_DATA => {
                    let context = message.header.context;
                    let carrier = Carrier { context, sequence: None, connection: None };
                    self.explicit.message(side, carrier, item.data, out);
                }
                _ => {}
            }
        }
    }
}

fn tell(asker: Side, command: Command, value: Option<Text>, reply: Reply, out: &mut Out<'_>) {
    out.request(
        asker,
        Asked {
            verb: Verb::Discover,
            function: cip::hyphened(command.name().unwrap_or(UNKNOWN)),
            target: Target::default(),
            value,
            reply,
            details: Details::new(),
        },
    );
}

/// A row of `enip.log`.
fn row(side: Side, header: &Header, out: &mut Out<'_>) {
    out.message(side, "enip", |fields| {
        fields.show("enip_command_code", format_args!("{:#04x}", header.command.0));
        fields.put("enip_command", header.command.name().unwrap_or(UNKNOWN));
        fields.show("length", header.length);
        fields.show("session_handle", format_args!("{:#010x}", header.session));
        fields.put("enip_status", status_name(header.status).unwrap_or(UNKNOWN));
        fields.show("sender_context", format_args!("{:#018x}", header.context));
        fields.show("options", format_args!("{:#010x}", header.options));
    });
}

/// A row of `cip_identity.log`.
fn identity_row(side: Side, listed: &Listed<'_>, out: &mut Out<'_>) {
    out.message(side, "cip_identity", |fields| {
        let identity = &listed.identity;
        fields.show("encapsulation_version", listed.version);
        fields.show("socket_address", listed.address);
        fields.show("socket_port", listed.port);
        if let Some(vendor) = identity.vendor {
            fields.show("vendor_id", vendor);
            fields.put("vendor_name", cip::vendor(vendor).unwrap_or(UNKNOWN));
        }
        if let Some(kind) = identity.device_type {
            fields.show("device_type_id", kind);
            fields.put("device_type_name", cip::device_type(kind).unwrap_or(UNKNOWN));
        }
        if let Some(code) = identity.product_code {
            fields.show("product_code", code);
        }
        if let Some((major, minor)) = identity.revision {
            fields.show("revision", format_args!("{major}.{minor}"));
        }
        if let Some(status) = identity.status {
            fields.show("device_status", format_args!("{status:#06x}"));
        }
        if let Some(serial) = identity.serial {
            fields.show("serial_number", format_args!("{serial:#010x}"));
        }
        if let Some(name) = identity.name {
            fields.put("product_name", escaped(name, VALUE_BYTES_MAX * 2));
        }
        if let Some(state) = identity.state {
            fields.show("device_state", format_args!("{state:#06x}"));
        }
    });
}
