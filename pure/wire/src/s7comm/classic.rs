//! From S7 messages to observations: pairs jobs and user data with their replies.

use super::address::{Item, ItemData, Size};
use super::block;
use super::message::{Function, Message, ReturnCode, Rosctr, error_class, refusal, service_verb};
use super::parse::{self, Transfer};
use super::szl::{self, List};
use super::userdata::UserData;
use crate::cursor::Cursor;
use crate::dialogue::{Asked, Fields, Out, Side};
use crate::show::{VALUE_BYTES_MAX, listed, readable};
use city::{Details, Reply, Target, Text, Verb, WeaknessKind};
use compact_str::format_compact;
use jiff::{SignedDuration, Timestamp};
use std::collections::VecDeque;

/// Messages awaiting a reply at a time. Controllers agree to a few; gateways ask for several panels.
const PENDING_MAX: usize = 64;

/// Items of requests that await a reply at a time, over all messages.
const ITEMS_MAX: usize = 1024;

/// How long a reply is awaited.
const WAIT: SignedDuration = SignedDuration::from_secs(60);

/// How much is kept of a list that comes in several parts.
const LIST_BYTES_MAX: usize = 16 << 10;

/// One conversation's messages.
#[derive(Default)]
pub(super) struct Classic {
    /// The module that the connection was made to.
    place: Target,
    pending: VecDeque<Pending>,
    /// How many items the pending messages have together.
    items: usize,
    /// A list of which more is to come, and which side sends it.
    list: Option<Partial>,
    password_accepted: bool,
    weakness_told: bool,
}

/// A message that awaits a reply.
struct Pending {
    asker: Side,
    reference: u16,
    /// The function of a job; group and subfunction of user data.
    key: (u8, u8),
    time: Timestamp,
    /// One request for each item.
    asked: Vec<(Size, Asked)>,
}

/// The part of a list that arrived.
struct Partial {
    side: Side,
    unit: u8,
    list: List,
    body: Vec<u8>,
}

/// A request without a reply so far.
fn asked(verb: Verb, function: Text, target: Target, value: Option<Text>) -> Asked {
    Asked { verb, function, target, value, reply: Reply::Missing, details: Details::new() }
}

impl Classic {
    /// Learns which module the connection is made to.
    pub(super) fn place(&mut self, place: Target) {
        self.place = place;
    }

    /// The conversation is over.
    pub(super) fn end(&mut self, out: &mut Out<'_>) {
        while self.put_out_oldest(out) {}
    }

    /// Reads one message.
    pub(super) fn message(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) {
        let Some(message) = parse::parse_message(bytes) else { return };
        while self.pending.front().is_some_and(|oldest| out.time.duration_since(oldest.time) > WAIT) {
            self.put_out_oldest(out);
        }
        match message.rosctr {
            Rosctr::JOB => self.job(side, &message, out),
            Rosctr::ACK | Rosctr::ACK_DATA => self.reply(side, &message, out),
            Rosctr::USER_DATA => self.user_data(side, &message, out),
            _ => row(side, &message, out),
        }
    }

    /// Tells the oldest of what is unanswered; `false` if nothing is.
    fn put_out_oldest(&mut self, out: &mut Out<'_>) -> bool {
        let Some(oldest) = self.pending.pop_front() else { return false };
        self.items -= oldest.asked.len();
        for (_, asked) in oldest.asked {
            out.request(oldest.asker, asked);
        }
        true
    }

    /// About how many bytes are remembered of what is unanswered.
    pub fn holds(&self) -> usize {
        crate::dialogue::held::<(Size, Asked)>(self.items)
    }

    fn keep(&mut self, pending: Pending, out: &mut Out<'_>) {
        while self.pending.len() >= PENDING_MAX || self.items + pending.asked.len() > ITEMS_MAX {
            if !self.put_out_oldest(out) {
                break;
            }
        }
        self.items += pending.asked.len();
        self.pending.push_back(pending);
    }

    /// Takes out the message that a reply of this side answers.
    fn answered(&mut self, side: Side, reference: u16, key: Option<(u8, u8)>) -> Option<Pending> {
        let place = self.pending.iter().position(|pending| {
            pending.asker != side
                && pending.reference == reference
                && key.is_none_or(|key| key == pending.key)
        })?;
        let pending = self.pending.remove(place)?;
        self.items -= pending.asked.len();
        Some(pending)
    }

    fn job(&mut self, side: Side, message: &Message<'_>, out: &mut Out<'_>) {
        row(side, message, out);
        let Some(function) = message.function() else { return };
        let asked = match function {
            Function::READ_VAR | Function::WRITE_VAR => variables(function, message),
            _ => vec![(Size(0), self.simple_job(function, message))],
        };
        if function.moves_block() {
            transfer_row(side, message, function, out);
        }
        let (reference, time) = (message.reference, out.time);
        self.keep(Pending { asker: side, reference, key: (function.0, 0), time, asked }, out);
    }

    /// A job that asks for one thing.
    fn simple_job(&self, function: Function, message: &Message<'_>) -> Asked {
        let (mut verb, mut name) = (function.verb(), function.text());
        let (mut target, mut value) = (Target::default(), None);
        if function.moves_block() {
            let transfer = parse::parse_transfer(message);
            target = match (transfer.name, transfer.session) {
                (Some(name), _) => name.target(),
                (None, Some(session)) => Target::numbered("upload", session.into(), session.into()),
                (None, None) => target,
            };
            value = transfer.length.map(|length| format_compact!("{length} bytes"));
        }
        match function {
            Function::SETUP => {
                target = self.place.clone();
                value = pdu_size(message.parameters);
            }
            Function::PLC_CONTROL => {
                if let Some((service, argument)) = parse::parse_service(message) {
                    verb = service_verb(service);
                    (name, value) = service_name(service);
                    target = service_target(service, argument);
                }
            }
            _ => {}
        }
        asked(verb, name, target, value)
    }

    fn reply(&mut self, side: Side, message: &Message<'_>, out: &mut Out<'_>) {
        row(side, message, out);
        let function = message.function();
        if let Some(function) = function.filter(|function| function.moves_block()) {
            transfer_row(side, message, function, out);
        }
        let outcome = match message.error {
            Some((0, 0)) | None => Reply::Done,
            Some((class, code)) => Reply::Refused(refusal(class, code)),
        };
        // A reply without parameters does not repeat the function.
        let key = function.map(|function| (function.0, 0));
        let Some(pending) = self.answered(side, message.reference, key) else {
            return self.unasked(side, message, outcome, out);
        };
        match pending.key.0 {
            code @ (0x04 | 0x05) if outcome == Reply::Done => {
                let mut data = Cursor::new(message.data);
                for (size, mut asked) in pending.asked {
                    asked.reply = match Function(code) {
                        Function::READ_VAR => match ItemData::take(&mut data) {
                            Some(item) => {
                                let code = ReturnCode(item.code);
                                if code == ReturnCode::SUCCESS {
                                    asked.value = Some(size.value(item.bytes));
                                }
                                of_item(code)
                            }
                            None => Reply::Missing,
                        },
                        _ => data.u8().map_or(Reply::Missing, |code| of_item(ReturnCode(code))),
                    };
                    self.tell(pending.asker, asked, out);
                }
            }
            code => {
                for (_, mut asked) in pending.asked {
                    asked.reply = outcome.clone();
                    if Function(code) == Function::SETUP && outcome == Reply::Done {
                        asked.value = pdu_size(message.parameters).or(asked.value);
                    }
                    if let Some(length) = parse::parse_transfer(message).length.filter(|_| code == 0x1d) {
                        asked.value = Some(format_compact!("{length} bytes"));
                    }
                    self.tell(pending.asker, asked, out);
                }
            }
        }
    }

    /// A reply whose request was not seen still tells what was asked, though not of what.
    fn unasked(&mut self, side: Side, message: &Message<'_>, outcome: Reply, out: &mut Out<'_>) {
        if let Some(function) = message.function() {
            let mut asked = asked(function.verb(), function.text(), Target::default(), None);
            asked.reply = outcome;
            self.tell(side.other(), asked, out);
        }
    }

    fn user_data(&mut self, side: Side, message: &Message<'_>, out: &mut Out<'_>) {
        row(side, message, out);
        let Some(header) = UserData::parse(message.parameters) else { return };
        let mut data = Cursor::new(message.data);
        let item = ItemData::take(&mut data);
        let body = item.map_or(&[][..], |item| item.bytes);
        match header.direction() {
            UserData::REQUEST => self.user_data_request(side, message, &header, item, out),
            UserData::RESPONSE => self.user_data_response(side, message, &header, item, out),
            _ => {
                let (name, verb) = header.service();
                let mut asked = asked(verb, name, user_data_target(&header, body), None);
                asked.reply = Reply::NotExpected;
                out.request(side, asked);
            }
        }
    }

    fn user_data_request(
        &mut self,
        side: Side,
        message: &Message<'_>,
        header: &UserData,
        item: Option<ItemData<'_>>,
        out: &mut Out<'_>,
    ) {
        let body = item.map_or(&[][..], |item| item.bytes);
        if header.is_read_szl() {
            szl_row(side, message, "Request", item, out);
        }
        // Asks for the next part of what it asked for before.
        if header.error.is_some() && header.sequence != 0 {
            return;
        }
        let (name, verb) = header.service();
        let key = (header.group(), header.subfunction);
        let one = |target, value| (Size(0), asked(verb, name.clone(), target, value));
        let asked = match key {
            (2, 1 | 5) => {
                // How many, how often, and the items.
                let mut cursor = Cursor::new(body.get(4..).unwrap_or_default());
                let items = std::iter::from_fn(|| Item::take(&mut cursor));
                items.map(|item| one(item.target(), None)).collect()
            }
            (7, 2 | 4) => vec![one(Target::named("clock"), clock(body))],
            _ => vec![one(user_data_target(header, body), None)],
        };
        if header.is_password() {
            let detail = "a session's password; it is only veiled, with a sign that everyone knows";
            out.weakness(side.other(), WeaknessKind::CleartextCredentials, detail);
        }
        let (reference, time) = (message.reference, out.time);
        self.keep(Pending { asker: side, reference, key, time, asked }, out);
    }

    fn user_data_response(
        &mut self,
        side: Side,
        message: &Message<'_>,
        header: &UserData,
        item: Option<ItemData<'_>>,
        out: &mut Out<'_>,
    ) {
        let outcome = match (header.error, item) {
            (Some((class, code)), _) if (class, code) != (0, 0) => Reply::Refused(refusal(class, code)),
            (_, Some(item)) if item.code != 0xff && item.code != 0x0a => of_item(ReturnCode(item.code)),
            _ => Reply::Done,
        };
        if header.is_read_szl() {
            self.list_arrives(side, message, header, item, out);
        }
        let key = (header.group(), header.subfunction);
        let Some(pending) = self.answered(side, message.reference, Some(key)) else { return };
        if header.is_password() && outcome == Reply::Done {
            self.password_accepted = true;
        }
        for (_, mut asked) in pending.asked {
            asked.reply = outcome.clone();
            if matches!(key, (7, 1 | 3)) {
                asked.value = item.and_then(|item| clock(item.bytes));
            }
            self.tell(pending.asker, asked, out);
        }
    }

    /// A system status list, or one part of it.
    fn list_arrives(
        &mut self,
        side: Side,
        message: &Message<'_>,
        header: &UserData,
        item: Option<ItemData<'_>>,
        out: &mut Out<'_>,
    ) {
        let Some(item) = item.filter(|item| item.code == 0xff) else {
            return szl_row(side, message, "Response", item, out);
        };
        let is_next = |list: &&mut Partial| list.side == side && list.unit == header.unit && header.unit != 0;
        if let Some(partial) = self.list.as_mut().filter(is_next) {
            let room = LIST_BYTES_MAX.saturating_sub(partial.body.len());
            partial.body.extend(item.bytes.iter().take(room));
        } else {
            szl_row(side, message, "Response", Some(item), out);
            let mut cursor = Cursor::new(item.bytes);
            let Some(list) = List::take(&mut cursor) else { return };
            let body = cursor.rest().iter().take(LIST_BYTES_MAX).copied().collect();
            self.list = Some(Partial { side, unit: header.unit, list, body });
        }
        if !header.more
            && let Some(Partial { list, body, .. }) = self.list.take()
            && let Some(components) = szl::tell(list, &body, side, out)
        {
            out.message(side, "s7comm_known_devices", |fields| {
                for (column, value) in [
                    ("automation_system_name", components.system),
                    ("module_name", components.module),
                    ("plant_name", components.plant),
                    ("module_serial", components.serial),
                ] {
                    if let Some(value) = value {
                        fields.put(column, value);
                    }
                }
            });
        }
    }

    fn tell(&mut self, asker: Side, asked: Asked, out: &mut Out<'_>) {
        let obeyed = asked.verb.changes() && asked.reply == Reply::Done;
        if obeyed && !self.weakness_told && !self.password_accepted {
            self.weakness_told = true;
            let detail = format_compact!("{} obeyed; S7comm cannot prove who asks", asked.function);
            out.weakness(asker.other(), WeaknessKind::UnauthenticatedControl, detail);
        }
        out.request(asker, asked);
    }
}

/// What became of an item.
fn of_item(code: ReturnCode) -> Reply {
    if code == ReturnCode::SUCCESS { Reply::Done } else { Reply::Refused(code.text()) }
}

/// One request for each variable that is read or written.
fn variables(function: Function, message: &Message<'_>) -> Vec<(Size, Asked)> {
    let mut cursor = Cursor::new(message.parameters);
    let mut data = Cursor::new(message.data);
    let count = cursor.u16().map_or(0, |head| usize::from(head & 0xff));
    let mut found = Vec::new();
    while found.len() < count
        && let Some(item) = Item::take(&mut cursor)
    {
        let (verb, value) = if function == Function::WRITE_VAR {
            let value = ItemData::take(&mut data).map(|data| item.size().value(data.bytes));
            (item.write_verb(), value)
        } else {
            (Verb::Read, None)
        };
        found.push((item.size(), asked(verb, function.text(), item.target(), value)));
    }
    if found.is_empty() {
        found.push((Size(0), asked(function.verb(), function.text(), Target::default(), None)));
    }
    found
}

/// How large messages may be, of a setup.
fn pdu_size(parameters: &[u8]) -> Option<Text> {
    match parameters {
        [_, _, _, _, _, _, high, low, ..] => {
            Some(format_compact!("{} bytes", u16::from_be_bytes([*high, *low])))
        }
        _ => None,
    }
}

/// A service of the programme in words; its own name where there are none.
fn service_name(service: &[u8]) -> (Text, Option<Text>) {
    let known = Text::const_new(match service {
        b"P_PROGRAM" => "program-start",
        b"_INSE" | b"_INS2" => "insert-block",
        b"_DELE" | b"_DEL2" => "delete-block",
        b"_GARB" => "compress-memory",
        b"_MODU" => "copy-ram-to-rom",
        _ => return (Text::const_new("plc-control"), Some(readable(service, VALUE_BYTES_MAX))),
    });
    (known, None)
}

/// The blocks that a service is about.
fn service_target(service: &[u8], argument: &[u8]) -> Target {
    match service {
        b"_INSE" | b"_DELE" | b"_INS2" | b"_DEL2" => {
            let names = argument.get(2..).unwrap_or_default().chunks_exact(8);
            Target::named(listed(names.map(block::argument_target), VALUE_BYTES_MAX))
        }
        _ => Target::named(readable(argument, VALUE_BYTES_MAX).trim()),
    }
}

/// What a message of user data is about.
fn user_data_target(header: &UserData, body: &[u8]) -> Target {
    match (header.group(), header.subfunction) {
        (3, 2) => Target::named(block::kind_name(body)),
        (3, 3) => block::argument_target(body),
        (4, 1) => match List::take(&mut Cursor::new(body)) {
            Some(List { id, index }) => {
                let name = format_compact!("0x{id:04x} index 0x{index:04x}");
                Target { kind: Text::const_new("szl"), name, ..Target::default() }
            }
            None => Target::default(),
        },
        (7, _) => Target::named("clock"),
        _ => Target::default(),
    }
}

/// A time in binary-coded decimals: a byte without use, the century, and six more.
fn clock(body: &[u8]) -> Option<Text> {
    let [_, century, year, month, day, hour, minute, second, ..] = body else { return None };
    Some(format_compact!(
        "{century:02x}{year:02x}-{month:02x}-{day:02x} {hour:02x}:{minute:02x}:{second:02x}"
    ))
}

/// The row that others keep of every message.
fn row(side: Side, message: &Message<'_>, out: &mut Out<'_>) {
    // What only acknowledges has no function to be told.
    if message.parameters.is_empty() {
        return;
    }
    out.message(side, "s7comm", |fields| {
        fields.show("rosctr_code", message.rosctr.0);
        fields.put("rosctr_name", message.rosctr.title());
        fields.show("pdu_reference", message.reference);
        let header = match message.rosctr {
            Rosctr::USER_DATA => UserData::parse(message.parameters),
            _ => None,
        };
        let mut error = message.error;
        if let Some(header) = header {
            hexadecimal(fields, "function_code", header.kind);
            fields.put("function_name", header.title());
            hexadecimal(fields, "subfunction_code", header.subfunction);
            fields.put("subfunction_name", header.subtitle());
            error = header.error;
        } else if let Some(function) = message.function() {
            hexadecimal(fields, "function_code", function.0);
            fields.put("function_name", function.title());
        }
        if let Some((class, code)) = error {
            fields.put("error_class", error_class(class));
            hexadecimal(fields, "error_code", code);
        }
    });
}

fn hexadecimal(fields: &mut Fields, column: &'static str, code: u8) {
    fields.put(column, format_compact!("0x{code:02x}"));
}

/// The row that others keep of every list asked for or answered.
fn szl_row(
    side: Side,
    message: &Message<'_>,
    method: &'static str,
    item: Option<ItemData<'_>>,
    out: &mut Out<'_>,
) {
    let list = item.and_then(|item| List::take(&mut Cursor::new(item.bytes)));
    // What asks for the next part names no list.
    let Some(item) = item.filter(|_| list.is_some() || method == "Response") else { return };
    out.message(side, "s7comm_read_szl", |fields| {
        fields.show("pdu_reference", message.reference);
        fields.put("method", method);
        if let Some(list) = list {
            fields.put("szl_id", format_compact!("0x{:04x}", list.id));
            fields.put("szl_id_name", list.title());
            fields.put("szl_index", format_compact!("0x{:04x}", list.index));
        }
        hexadecimal(fields, "return_code", item.code);
        fields.put("return_code_name", ReturnCode(item.code).title());
    });
}

/// The row that others keep of every message that moves a block.
fn transfer_row(side: Side, message: &Message<'_>, function: Function, out: &mut Out<'_>) {
    let Transfer { status, session, name, length } = parse::parse_transfer(message);
    out.message(side, "s7comm_upload_download", |fields| {
        fields.put("rosctr", message.rosctr.title());
        fields.show("pdu_reference", message.reference);
        fields.put("function_name", function.title());
        if let Some(status) = status {
            hexadecimal(fields, "function_status", status);
        }
        if let Some(session) = session {
            fields.show("session_id", session);
        }
        if let Some(length) = length {
            fields.show("blocklength", length);
        }
        let Some(name) = name else { return };
        fields.put("filename", name.text());
        for (column, value) in [
            ("block_type", name.kind()),
            ("block_number", name.number()),
            ("destination_filesystem", name.file_system()),
        ] {
            if let Some(value) = value {
                fields.put(column, value);
            }
        }
    });
}
