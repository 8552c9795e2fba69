//! Pairs commands with responses.

use super::asked::{asked, controller, returned};
use super::message::{Command, Envelope, Header, Message, ResponseCode};
use super::parse::{self, Found, MAGIC};
use super::row::Row;
use super::{detail, files, names, status};
use crate::cip::hyphened;
use crate::dialogue::{Asked, Dialogue, Fields, Out, Progress, Side};
use city::{Reply, Text, Trait, WeaknessKind};
use compact_str::format_compact;
use jiff::{SignedDuration, Timestamp};
use std::collections::VecDeque;

/// Commands awaiting a response at a time.
const PENDING_MAX: usize = 64;
/// How long a response is awaited. Controllers answer within seconds, over gateways as well.
const WAIT: SignedDuration = SignedDuration::from_secs(60);
/// How many runs of bytes that are no message a stream may hold before it is given up.
const STRIKES_MAX: u32 = 16;
/// How much of a command is remembered, for reading its response.
const REMEMBERED: usize = 8;

/// Opens a reader.
pub(super) fn open() -> Box<dyn Dialogue> {
    Box::new(Conversation::default())
}

/// One conversation between a client and a controller, perhaps a gateway to others.
#[derive(Default)]
struct Conversation {
    pending: VecDeque<Pending>,
    strikes: u32,
    control_told: bool,
    password_told: bool,
}

/// A command whose response is awaited.
struct Pending {
    asker: Side,
    header: Header,
    command: Command,
    time: Timestamp,
    /// The beginning of its data.
    data: Vec<u8>,
    asked: Asked,
}

impl Dialogue for Conversation {
    fn datagram(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) -> bool {
        let Some(message) = parse::parse_message(bytes) else { return false };
        self.message(side, None, &message, out);
        true
    }

    fn stream(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) -> Progress {
        let mut used = 0;
        loop {
            let rest = bytes.get(used..).unwrap_or_default();
            match parse::parse_enveloped(rest) {
                Found::Enveloped(envelope, data, length) => {
                    self.enveloped(side, &envelope, data, out);
                    used += length;
                }
                Found::More => return Progress::Used(used),
                Found::Nothing if self.strikes >= STRIKES_MAX => return Progress::Lost,
                Found::Nothing => {
                    self.strikes += 1;
                    // What has been looked at is not looked at again; the end may be a beginning.
                    let next = rest.windows(MAGIC.len()).skip(1).position(|window| window == MAGIC);
                    used += match next {
                        Some(place) => place + 1,
                        None => rest.len().saturating_sub(MAGIC.len() - 1).max(1),
                    };
                }
            }
        }
    }

    fn gap(&mut self, _side: Side, _missing: u64, _out: &mut Out<'_>) {}

    fn holds(&self) -> usize {
        crate::dialogue::held::<Pending>(self.pending.len())
    }

    fn end(&mut self, out: &mut Out<'_>) {
        while let Some(pending) = self.pending.pop_front() {
            self.tell(pending.asker, pending.asked, out);
        }
    }
}

impl Conversation {
    fn enveloped(&mut self, side: Side, envelope: &Envelope, data: &[u8], out: &mut Out<'_>) {
        match parse::parse_message(data) {
            Some(message) if envelope.command == Envelope::MESSAGE => {
                self.message(side, Some(envelope), &message, out);
            }
            _ => out.message(side, "omron_fins_general", |fields| {
                envelope_columns(envelope, data, fields);
            }),
        }
    }

    fn message(&mut self, side: Side, envelope: Option<&Envelope>, message: &Message<'_>, out: &mut Out<'_>) {
        self.give_up_waiting(out);
        let code = message.header.is_response().then(|| message.data.first_chunk::<2>()).flatten();
        let code = code.map(|code| ResponseCode(u16::from_be_bytes(*code)));
        general(side, envelope, message, code, out);
        if out.wants_details() {
            rows(side, message, code, out);
        }
        match code {
            Some(code) => self.response(side, message, code, out),
            None if message.header.is_response() => {}
            None => self.command(side, message, out),
        }
    }

    fn command(&mut self, side: Side, message: &Message<'_>, out: &mut Out<'_>) {
        let mut asked = asked(message);
        if matches!(message.command, Command::PROTECT | Command::PROTECT_CLEAR) && !self.password_told {
            self.password_told = true;
            let detail = "password that protects the program area";
            out.weakness(side.other(), WeaknessKind::CleartextCredentials, detail);
        }
        if message.header.is_final() {
            asked.reply = Reply::NotExpected;
            return self.tell(side, asked, out);
        }
        if self.pending.len() >= PENDING_MAX
            && let Some(oldest) = self.pending.pop_front()
        {
            self.tell(oldest.asker, oldest.asked, out);
        }
        self.pending.push_back(Pending {
            asker: side,
            header: message.header,
            command: message.command,
            time: out.time,
            data: message.data.iter().take(REMEMBERED).copied().collect(),
            asked,
        });
    }

    fn response(&mut self, side: Side, message: &Message<'_>, code: ResponseCode, out: &mut Out<'_>) {
        let Message { header, command, data } = message;
        let place = self.pending.iter().position(|p| {
            let ends = (p.header.destination, p.header.source) == (header.source, header.destination);
            p.asker != side && p.command == *command && p.header.service == header.service && ends
        });
        let pending = place.and_then(|place| self.pending.remove(place));
        let data = data.get(2..).unwrap_or_default();
        let (asker, seen, mut asked) = match pending {
            Some(pending) => (pending.asker, Some(pending.data), pending.asked),
            None => {
                // What was asked of whom is seen in the response; of what is not.
                let mut header = *header;
                (header.destination, header.source) = (header.source, header.destination);
                (side.other(), None, asked(&Message { header, command: *command, data: &[] }))
            }
        };
        asked.reply = if code.is_success() {
            Reply::Done
        } else {
            let name = names::response(code.plain().0);
            Reply::Refused(name.map_or_else(|| format_compact!("response-{:#06x}", code.0), hyphened))
        };
        if asked.reply == Reply::Done {
            if asked.value.is_none() {
                asked.value = returned(*command, seen.as_deref(), data).filter(|value| !value.is_empty());
            }
            identify(side, message, data, out);
        }
        self.tell(asker, asked, out);
    }

    /// Commands that have waited too long go unanswered.
    fn give_up_waiting(&mut self, out: &mut Out<'_>) {
        while let Some(oldest) = self.pending.front()
            && out.time.duration_since(oldest.time) > WAIT
            && let Some(oldest) = self.pending.pop_front()
        {
            self.tell(oldest.asker, oldest.asked, out);
        }
    }

    fn tell(&mut self, asker: Side, asked: Asked, out: &mut Out<'_>) {
        let changes = asked.verb.changes() || asked.function == "single-file-write";
        if changes && asked.reply == Reply::Done && !self.control_told {
            self.control_told = true;
            let detail = format_compact!("{} obeyed; FINS cannot prove who asks", asked.function);
            out.weakness(asker.other(), WeaknessKind::UnauthenticatedControl, detail);
        }
        out.request(asker, asked);
    }
}

/// What a controller says of itself. One behind a gateway has another address.
fn identify(side: Side, message: &Message<'_>, data: &[u8], out: &mut Out<'_>) {
    if message.header.source.network != 0 {
        return;
    }
    match message.command {
        Command::CONTROLLER_DATA => {
            if let Some((model, version)) = controller(data) {
                out.identity(side, Trait::Vendor, "Omron", "controller-data-read", 90);
                out.identity(side, Trait::Model, &model, "controller-model", 90);
                out.identity(side, Trait::Firmware, &version, "controller-version", 90);
                out.identity(side, Trait::Role, "controller", "controller-data-read", 90);
            }
        }
        Command::NAME_READ => {
            if let Some(name) = returned(message.command, None, data) {
                out.identity(side, Trait::Name, &name, "name-read", 90);
            }
        }
        _ => {}
    }
}

fn data_type(header: &Header) -> &'static str {
    if header.is_response() { "Response (1)" } else { "Command (0)" }
}

/// The rows of what a message holds.
fn rows(side: Side, message: &Message<'_>, code: Option<ResponseCode>, out: &mut Out<'_>) {
    let (command, data) = (message.command.0, message.data);
    let is_file = (0x2201..=0x22ff).contains(&command);
    let with = |rows: Option<Vec<Row>>, coded: bool| -> Vec<(Row, bool)> {
        rows.unwrap_or_default().into_iter().map(|row| (row, coded)).collect()
    };
    let rows = match (code, message.header.is_response()) {
        (None, true) => return,
        (None, false) if is_file => with(files::of_command(command, data), false),
        (None, false) => with(detail::of_command(command, data), false),
        (Some(_), _) => {
            let data = data.get(2..).unwrap_or_default();
            match command {
                _ if is_file => files::of_response(command, data).unwrap_or_default(),
                0x0601..=0x0603 => with(status::of_response(command, data), true),
                _ => with(detail::of_response(command, data), true),
            }
        }
    };
    for (row, coded) in rows {
        out.message(side, row.log, |fields| {
            *fields = row.fields;
            fields.put("command_code", names::command(command));
            fields.put("icf_data_type", data_type(&message.header));
            if let Some(code) = code.filter(|_| coded) {
                fields.put("response_code", names::response_label(code.0));
            }
        });
    }
}

/// A row of the log of all messages.
fn general(
    side: Side,
    envelope: Option<&Envelope>,
    message: &Message<'_>,
    code: Option<ResponseCode>,
    out: &mut Out<'_>,
) {
    out.message(side, "omron_fins_general", |fields| {
        let header = &message.header;
        if let Some(envelope) = envelope {
            envelope_columns(envelope, &[], fields);
        }
        fields.put("icf_gateway", if header.uses_gateway() { "Use (1)" } else { "Don't Use (0)" });
        fields.put("icf_data_type", data_type(header));
        let wanted = if header.is_final() { "Response-Not-Required (1)" } else { "Response-Required (0)" };
        fields.put("icf_response_setting", wanted);
        fields.show("gateway_count", header.gateways);
        let mut hex = |column, value: u8| fields.show(column, format_args!("{value:#04x}"));
        hex("destination_network_address", header.destination.network);
        hex("destination_node_number", header.destination.node);
        hex("destination_unit_address", header.destination.unit);
        hex("source_network_address", header.source.network);
        hex("source_node_number", header.source.node);
        hex("source_unit_address", header.source.unit);
        hex("service_id", header.service);
        fields.put("command_code", names::command(message.command.0));
        fields.put("response_code", code.map_or_else(Text::default, |code| names::response_label(code.0)));
    });
}

/// The columns of what goes around a message over TCP; nodes are told when they are agreed on.
fn envelope_columns(envelope: &Envelope, data: &[u8], fields: &mut Fields) {
    fields.put("tcp_header", "FINS");
    fields.show("tcp_length", envelope.length);
    let name = match envelope.command {
        Envelope::CLIENT_NODE => "Client to Server",
        Envelope::SERVER_NODE => "Server to Client",
        Envelope::MESSAGE => "FINS Frame Send",
        Envelope::ERROR => "FINS Frame Send Error Notification",
        Envelope::CONFIRM => "Connection Confirmation",
        _ => names::UNKNOWN,
    };
    fields.show("tcp_command", format_args!("{name} ({:#010x})", envelope.command));
    let error = names::envelope_error(envelope.error).unwrap_or(names::UNKNOWN);
    fields.show("tcp_error_code", format_args!("{error} ({:#010x})", envelope.error));
    if envelope.command <= Envelope::SERVER_NODE {
        let mut nodes = data.chunks_exact(4).filter_map(|node| node.last());
        for column in ["client_node_address", "server_node_address"] {
            if let Some(node) = nodes.next() {
                fields.show(column, format_args!("{node:#04x}"));
            }
        }
    }
}
