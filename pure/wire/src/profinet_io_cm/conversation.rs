//! Pairs requests with replies, and puts fragments together.

use super::block::{self, Block, Identification, Kind, Record};
use super::message::{Operation, Packet, PacketType, Role, Status, Uuid};
use super::parse;
use crate::cursor::Cursor;
use crate::dialogue::{Asked, Dialogue, Out, Side};
use crate::profinet_dcp::vendor;
use crate::show::{VALUE_BYTES_MAX, listed, readable};
use city::{Details, Reply, Target, Text, Trait, Verb, WeaknessKind};
use compact_str::format_compact;
use jiff::{SignedDuration, Timestamp};
use std::collections::VecDeque;

/// Packets awaiting a reply at a time. An activity has one; a controller speaks to each device from one port.
const PENDING_MAX: usize = 64;

/// Records told of one request that writes several.
const RECORDS_MAX: usize = 256;

/// How long a reply is awaited; the standard's time-out is far shorter.
const WAIT: SignedDuration = SignedDuration::from_secs(60);

/// Packets in fragments at a time, and how long each may become.
const FRAGMENTED_MAX: usize = 4;
const FRAGMENTED_BYTES_MAX: usize = 64 << 10;

/// Blocks named of one packet, and how deep they may lie in each other.
const BLOCKS_MAX: usize = 64;

/// Opens a reader.
pub(super) fn open() -> Box<dyn Dialogue> {
    Box::new(Conversation::default())
}

/// One conversation between two stations.
#[derive(Default)]
struct Conversation {
    pending: VecDeque<Pending>,
    fragmented: VecDeque<Fragmented>,
    /// Whether any reply was heard here; if none, replies go another way.
    answered: bool,
    /// What was told once: of who connects, of the device, of its identification, of a weakness.
    initiator_told: bool,
    device_told: bool,
    identification_told: bool,
    annotation_told: bool,
    weakness_told: bool,
}

/// Which call a packet belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Call {
    activity: Uuid,
    sequence: u32,
}

/// A packet that awaits a reply, with one request for each record.
struct Pending {
    asker: Side,
    call: Call,
    time: Timestamp,
    asked: Vec<Asked>,
}

/// A packet of which more is to come.
struct Fragmented {
    side: Side,
    call: Call,
    kind: PacketType,
    next: u16,
    body: Vec<u8>,
}

impl Dialogue for Conversation {
    fn datagram(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) -> bool {
        let Some(packet) = parse::parse_packet(bytes) else { return false };
        let interface = packet.interface.ordered(packet.representation);
        if interface.is_endpoint_mapper() {
            self.endpoint_mapper(side, &packet, out);
            return true;
        }
        if interface.role().is_none() {
            return false;
        }
        row(side, &packet, out);
        while self.pending.front().is_some_and(|oldest| out.time.duration_since(oldest.time) > WAIT) {
            self.put_out_oldest(out);
        }
        match packet.is_fragment() {
            true => self.fragment(side, &packet, out),
            false => self.packet(side, &packet, packet.body, out),
        }
        true
    }

    fn holds(&self) -> usize {
        crate::dialogue::held::<Pending>(self.pending.len())
            + self.fragmented.iter().map(|held| held.body.capacity()).sum::<usize>()
    }

    fn end(&mut self, out: &mut Out<'_>) {
        while self.put_out_oldest(out) {}
    }
}

impl Conversation {
    /// Tells the oldest of what is unanswered; `false` if nothing is.
    fn put_out_oldest(&mut self, out: &mut Out<'_>) -> bool {
        let Some(oldest) = self.pending.pop_front() else { return false };
        for mut asked in oldest.asked {
            // Where no answer ever came back, the device answers from another port.
            if !self.answered {
                asked.reply = Reply::NotExpected;
            }
            out.request(oldest.asker, asked);
        }
        true
    }

    fn fragment(&mut self, side: Side, packet: &Packet<'_>, out: &mut Out<'_>) {
        let call = call_of(packet);
        let same = |held: &Fragmented| held.side == side && held.call == call && held.kind == packet.kind;
        let place = self.fragmented.iter().position(same);
        let mut held = match (place.and_then(|place| self.fragmented.remove(place)), packet.fragment) {
            (Some(held), number) if held.next == number => held,
            (_, 0) => Fragmented { side, call, kind: packet.kind, next: 0, body: Vec::new() },
            // Said again, or something before it is missing.
            (Some(held), number) if number < held.next => return self.fragmented.push_back(held),
            _ => return,
        };
        if held.body.len() + packet.body.len() > FRAGMENTED_BYTES_MAX {
            return;
        }
        held.body.extend_from_slice(packet.body);
        held.next = held.next.saturating_add(1);
        if packet.is_last_fragment() {
            return self.packet(side, packet, &held.body, out);
        }
        if self.fragmented.len() >= FRAGMENTED_MAX {
            self.fragmented.pop_front();
        }
        self.fragmented.push_back(held);
    }

    /// Reads a packet whose body is whole.
    fn packet(&mut self, side: Side, packet: &Packet<'_>, body: &[u8], out: &mut Out<'_>) {
        match packet.kind {
            PacketType::REQUEST => self.request(side, packet, body, out),
            PacketType::RESPONSE => self.response(side, packet, body, out),
            PacketType::FAULT | PacketType::REJECT => {
                let status = packet.representation.u32(&mut Cursor::new(body)).unwrap_or_default();
                let reply = Reply::Refused(format_compact!("fault-0x{status:08x}"));
                let asked = self.take_answered(side, packet).unwrap_or_else(|| {
                    let (name, verb) = packet.operation.names();
                    vec![asked(verb, name, device_target(packet))]
                });
                for mut asked in asked {
                    asked.reply = reply.clone();
                    self.tell(side.other(), asked, out);
                }
            }
            _ => {}
        }
    }

    fn request(&mut self, side: Side, packet: &Packet<'_>, body: &[u8], out: &mut Out<'_>) {
        let blocks =
            parse::parse_arguments(packet.representation, body).map_or(&[][..], |(_, blocks)| blocks);
        if packet.operation == Operation::CONNECT {
            self.initiator(side, blocks, out);
        }
        let (call, time) = (call_of(packet), out.time);
        // The same asked again: its reply was lost.
        if self.pending.iter().any(|pending| pending.asker == side && pending.call == call) {
            return;
        }
        if self.pending.len() >= PENDING_MAX {
            self.put_out_oldest(out);
        }
        let asked = asked_of(packet, blocks);
        self.pending.push_back(Pending { asker: side, call, time, asked });
    }

    /// The requests that a packet of this side answers.
    fn take_answered(&mut self, side: Side, packet: &Packet<'_>) -> Option<Vec<Asked>> {
        self.answered = true;
        let call = call_of(packet);
        let place = self.pending.iter().position(|pending| pending.asker != side && pending.call == call)?;
        self.pending.remove(place).map(|pending| pending.asked)
    }

    fn response(&mut self, side: Side, packet: &Packet<'_>, body: &[u8], out: &mut Out<'_>) {
        let (status, blocks) = parse::parse_arguments(packet.representation, body).unwrap_or_default();
        let outcome = match status {
            0 => Reply::Done,
            status => Reply::Refused(Status(status).text()),
        };
        let asked = self.take_answered(side, packet).unwrap_or_else(|| asked_of(packet, blocks));
        // Each record that was written has a status of its own.
        let statuses: Vec<u32> = records(blocks)
            .filter(|(block, _)| block.kind == Kind::WRITE_RESPONSE)
            .filter(|(_, record)| record.index != Record::MULTIPLE)
            .map(|(_, record)| record.status.unwrap_or_default())
            .take(RECORDS_MAX)
            .collect();
        if status == 0 {
            self.device(side, packet, blocks, out);
        }
        for (place, mut asked) in asked.into_iter().enumerate() {
            asked.reply = match (&outcome, statuses.get(place)) {
                (Reply::Done, Some(status)) if *status != 0 => Reply::Refused(Status(*status).text()),
                (outcome, _) => (*outcome).clone(),
            };
            self.tell(side.other(), asked, out);
        }
    }

    fn tell(&mut self, asker: Side, asked: Asked, out: &mut Out<'_>) {
        if asked.verb.changes() && asked.reply == Reply::Done && !self.weakness_told {
            self.weakness_told = true;
            let detail = format_compact!("{} obeyed; PROFINET cannot prove who asks", asked.function);
            out.weakness(asker.other(), WeaknessKind::UnauthenticatedControl, detail);
        }
        out.request(asker, asked);
    }

    /// What who connects says of itself.
    fn initiator(&mut self, side: Side, blocks: &[u8], out: &mut Out<'_>) {
        let relation = Block::take(&mut Cursor::new(blocks)).filter(|block| block.kind == Kind::RELATION);
        let Some((object, name)) = relation.and_then(|block| block::initiator(block.body)) else { return };
        if std::mem::replace(&mut self.initiator_told, true) {
            return;
        }
        out.identity(side, Trait::Name, &readable(name, VALUE_BYTES_MAX), "initiator station name", 90);
        out.identity(side, Trait::Role, "IO controller", "connect", 80);
        if let Some(device) = Uuid(object).device() {
            out.identity(side, Trait::Vendor, &vendor(device.vendor), "initiator object", 80);
        }
    }

    /// What a device says of itself in a reply.
    fn device(&mut self, side: Side, packet: &Packet<'_>, blocks: &[u8], out: &mut Out<'_>) {
        let of_device = packet.interface.ordered(packet.representation).role() == Some(Role::Device);
        if of_device && !self.device_told {
            self.device_told = true;
            out.identity(side, Trait::Role, "IO device", "interface", 80);
            if let Some(device) = packet.object.ordered(packet.representation).device() {
                out.identity(side, Trait::Vendor, &vendor(device.vendor), "object", 80);
                let product = format_compact!("PROFINET device 0x{:04x}", device.device);
                out.identity(side, Trait::Product, &product, "object", 50);
            }
        }
        if self.identification_told || !of_device {
            return;
        }
        for block in walk(blocks) {
            match block.kind {
                Kind::IDENTIFICATION => {
                    let Some(found) = Identification::parse(block.body) else { continue };
                    self.identification_told = true;
                    out.identity(side, Trait::Vendor, &vendor(found.vendor), "I&M0 vendor", 90);
                    out.identity(side, Trait::Model, &readable(found.order, 20), "I&M0 order", 90);
                    out.identity(side, Trait::Serial, &readable(found.serial, 16), "I&M0 serial number", 90);
                    let [letter, a, b, c] = found.software;
                    if letter.is_ascii_alphabetic() {
                        let version = format_compact!("{}{a}.{b}.{c}", char::from(letter));
                        out.identity(side, Trait::Firmware, &version, "I&M0 software revision", 90);
                    }
                    return;
                }
                Kind::INTERFACE => {
                    if let Some(name) = block::interface_name(block.body) {
                        let name = readable(name, VALUE_BYTES_MAX);
                        out.identity(side, Trait::Name, &name, "own chassis", 90);
                    }
                }
                _ => {}
            }
        }
    }

    /// Asks which interfaces there are, or answers (C706 appendix O): the answer's annotation says what the device is.
    fn endpoint_mapper(&mut self, side: Side, packet: &Packet<'_>, out: &mut Out<'_>) {
        const LOOKUP: Operation = Operation(2);
        match (packet.kind, packet.operation) {
            (PacketType::REQUEST, LOOKUP) => {
                let (call, time) = (call_of(packet), out.time);
                if self.pending.len() >= PENDING_MAX {
                    self.put_out_oldest(out);
                }
                let asked = vec![asked(Verb::Discover, "endpoint-lookup".into(), Target::default())];
                self.pending.push_back(Pending { asker: side, call, time, asked });
            }
            (PacketType::RESPONSE, LOOKUP) => {
                let asked = self.take_answered(side, packet).unwrap_or_else(|| {
                    vec![asked(Verb::Discover, "endpoint-lookup".into(), Target::default())]
                });
                if !self.annotation_told
                    && let Some(text) = annotation(packet.body)
                {
                    self.annotation_told = true;
                    annotated(side, text, out);
                }
                for mut asked in asked {
                    asked.reply = Reply::Done;
                    out.request(side.other(), asked);
                }
            }
            _ => {}
        }
    }
}

fn asked(verb: Verb, function: Text, target: Target) -> Asked {
    Asked { verb, function, target, value: None, reply: Reply::Missing, details: Details::new() }
}

/// Which call a packet belongs to, however it writes numbers.
fn call_of(packet: &Packet<'_>) -> Call {
    Call { activity: packet.activity.ordered(packet.representation), sequence: packet.sequence }
}

/// The device that is spoken to.
fn device_target(packet: &Packet<'_>) -> Target {
    match packet.object.ordered(packet.representation).device() {
        Some(found) => {
            Target::named(format_compact!("vendor 0x{:04x} device 0x{:04x}", found.vendor, found.device))
        }
        None => Target::default(),
    }
}

/// What a packet asks for, or answers.
fn asked_of(packet: &Packet<'_>, blocks: &[u8]) -> Vec<Asked> {
    let (name, verb) = packet.operation.names();
    let found: Vec<Asked> = match packet.operation {
        Operation::READ | Operation::READ_IMPLICIT | Operation::WRITE => records(blocks)
            // What writes several at once is followed by them.
            .filter(|(_, record)| record.index != Record::MULTIPLE)
            .take(RECORDS_MAX)
            .map(|(_, record)| {
                let verb = match verb {
                    Verb::Read if record.is_identification() => Verb::Discover,
                    verb => verb,
                };
                asked(verb, name.clone(), record.target())
            })
            .collect(),
        Operation::CONTROL => {
            let control = |block: Block<'_>| {
                let (name, verb) = block.kind.control()?;
                Some(asked(verb, Text::const_new(name), device_target(packet)))
            };
            walk(blocks).into_iter().filter_map(control).take(1).collect()
        }
        _ => {
            let mut one = asked(verb, name.clone(), device_target(packet));
            if packet.operation == Operation::CONNECT {
                let names = walk(blocks).into_iter().map(|block| block.kind.text());
                one.value = Some(listed(names, VALUE_BYTES_MAX)).filter(|value| !value.is_empty());
            }
            vec![one]
        }
    };
    if found.is_empty() { vec![asked(verb, name, device_target(packet))] } else { found }
}

/// The headers of records, each with what it says. What a request writes lies between them, filled up to a multiple
/// of four bytes.
fn records(blocks: &[u8]) -> impl Iterator<Item = (Block<'_>, Record)> {
    let mut cursor = Cursor::new(blocks);
    std::iter::from_fn(move || {
        let block = Block::take(&mut cursor)?;
        let kinds = [Kind::READ_REQUEST, Kind::READ_RESPONSE, Kind::WRITE_REQUEST, Kind::WRITE_RESPONSE];
        let record = kinds.contains(&block.kind).then(|| Record::parse(block.body)).flatten()?;
        let data_follow = match block.kind {
            Kind::WRITE_REQUEST => record.index != Record::MULTIPLE,
            Kind::READ_RESPONSE => true,
            _ => false,
        };
        if data_follow {
            let bytes = record.bytes as usize;
            let filled = bytes.checked_next_multiple_of(4).unwrap_or(usize::MAX);
            cursor.take(filled.min(cursor.len()));
        }
        Some((block, record))
    })
}

/// The blocks, with those that lie in others, in order; a bounded number.
fn walk(blocks: &[u8]) -> Vec<Block<'_>> {
    let mut found = Vec::new();
    let mut inside = vec![Cursor::new(blocks)];
    while let Some(cursor) = inside.last_mut() {
        if found.len() >= BLOCKS_MAX {
            break;
        }
        let Some(block) = Block::take(cursor) else {
            inside.pop();
            continue;
        };
        found.push(block);
        if block.kind == Kind::MULTIPLE && inside.len() < 4 {
            // Filling, the interface, slot and subslot come first.
            inside.push(Cursor::new(block.body.get(10..).unwrap_or_default()));
        } else if let Some(cursor) = inside.last_mut().filter(|_| inside_is_padded(block.kind)) {
            // Blocks within a record are filled up.
            let filling = block.body.len().wrapping_add(2).wrapping_neg() & 3;
            cursor.take(filling.min(cursor.len()));
        }
    }
    found
}

/// Whether what comes behind such a block begins at a multiple of four bytes.
fn inside_is_padded(kind: Kind) -> bool {
    matches!(kind.0, 0x0200..=0x0400)
}

/// The text that an endpoint mapper's answer has for a device: 64 bytes, with bounds before it.
fn annotation(body: &[u8]) -> Option<&[u8]> {
    let is_text =
        |text: &&[u8]| text.first() > Some(&b' ') && text.iter().all(|byte| matches!(byte, 0 | 0x20..0x7f));
    let bounds = |window: &[u8]| matches!(window, [0, 0, 0, 0, 64, 0, 0, 0] | [0, 0, 0, 0, 0, 0, 0, 64]);
    let mut places = body.windows(8).enumerate().filter(|(_, window)| bounds(window));
    places.find_map(|(at, _)| body.get(at + 8..at + 72).filter(is_text))
}

/// Reads an annotation: type, order number, hardware and software revision, at fixed places (IEC 61158-6-10, clause on
/// the endpoint mapper).
fn annotated(side: Side, text: &[u8], out: &mut Out<'_>) {
    let field = |from: usize, to: usize| {
        let found = text.get(from..to).unwrap_or_default();
        readable(found.split(|byte| *byte == 0).next().unwrap_or_default(), 32)
    };
    out.identity(side, Trait::Product, &field(0, 25), "annotation type", 90);
    out.identity(side, Trait::Model, &field(26, 46), "annotation order number", 90);
    let version = field(53, 63);
    let mut parts = version.split_whitespace();
    let joined = match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(letter), Some(a), Some(b), Some(c)) => format_compact!("{letter}{a}.{b}.{c}"),
        _ => Text::default(),
    };
    out.identity(side, Trait::Firmware, &joined, "annotation software revision", 90);
}

/// The row that others keep of every packet.
fn row(side: Side, packet: &Packet<'_>, out: &mut Out<'_>) {
    out.message(side, "profinet_io_cm", |fields| {
        let [first, second] = packet.flags;
        fields.show("rpc_version", packet.version);
        fields.put("packet_type", packet.kind.title());
        for (column, bit) in [
            ("reserved_for_impl_1", 0x01),
            ("last_fragment", 0x02),
            ("fragment", 0x04),
            ("no_fragment_requested", 0x08),
            ("maybe", 0x10),
            ("idempotent", 0x20),
            ("broadcast", 0x40),
            ("reserved_for_impl_2", 0x80),
        ] {
            fields.flag(column, first & bit != 0);
        }
        fields.flag("cancel_was_pending_at_call_end", second & 2 != 0);
        let representation = packet.representation;
        let integers = if representation.is_little() { "Little Endian" } else { "Big Endian" };
        fields.put("integer_encoding", integers);
        fields.put("character_encoding", if representation.integers & 0xf == 0 { "ASCII" } else { "EBCDIC" });
        let floats = match representation.floats {
            0 => "IEEE",
            1 => "VAX",
            2 => "CRAY",
            _ => "IBM",
        };
        fields.put("floating_point_encoding", floats);
        fields.show("serial_high", packet.serial.0);
        fields.put("object_uuid", packet.object.text());
        fields.put("interface_uuid", packet.interface.text());
        fields.put("activity_uuid", packet.activity.text());
        fields.show("server_boot_time", packet.boot_time);
        fields.show("interface_vers_major", packet.interface_version >> 16);
        fields.show("interface_vers_minor", packet.interface_version & 0xffff);
        fields.show("sequence_num", packet.sequence);
        fields.put("operation_num", packet.operation.title());
        fields.show("interface_hint", packet.hints.0);
        fields.show("activity_hint", packet.hints.1);
        fields.show("len_of_body", packet.body_bytes);
        fields.show("fragment_num", packet.fragment);
        fields.show("auth_protocol", packet.authentication);
        fields.show("serial_low", packet.serial.1);
        if packet.kind != PacketType::FRAGMENT_ACKNOWLEDGE {
            return;
        }
        let Some(acknowledge) = parse::parse_fragment_acknowledge(packet) else { return };
        fields.put(
            "vers_fack",
            match acknowledge.version {
                1 => Text::const_new("Default version"),
                other => format_compact!("unknown-0x{other:02x}"),
            },
        );
        fields.show("window_size", acknowledge.window);
        fields.show("max_tsdu", acknowledge.max_tsdu);
        fields.show("max_frag_size", acknowledge.max_fragment);
        fields.show("serial_number", acknowledge.serial);
        fields.show("sel_ack_len", acknowledge.selective_count);
        fields.list("array_of_sel_ack", acknowledge.selective.iter().map(|mask| format_compact!("{mask}")));
    });
}
