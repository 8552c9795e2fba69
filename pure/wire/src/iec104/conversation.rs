//! Pairs activations with their confirmations.

use super::message::{Apdu, Asdu, Cause, ControlField, TypeId, Unnumbered};
use super::parse::{self, Found, Object};
use super::{ask, rows};
use crate::dialogue::{Asked, Dialogue, Out, Progress, Side};
use crate::show::VALUE_BYTES_MAX;
use city::{Details, Reply, Target, Text, Trait, Verb, WeaknessKind};
use compact_str::format_compact;
use jiff::{SignedDuration, Timestamp};
use std::collections::VecDeque;

/// Requests awaiting a confirmation at a time. A station may leave 12 APDUs unacknowledged (IEC 60870-5-104 clause 5.5,
/// parameter k); some are set to more.
const PENDING_MAX: usize = 64;

/// How long a confirmation, or the end of an interrogation, is awaited.
const WAIT: SignedDuration = SignedDuration::from_secs(60);

/// How many runs of bytes that are no APDU a conversation may hold before it is given up.
const STRIKES_MAX: u32 = 16;

/// The common address of every station.
const EVERY_STATION: u16 = 0xffff;

/// Opens a reader.
pub(super) fn open() -> Box<dyn Dialogue> {
    Box::new(Conversation::default())
}

/// One conversation between a controlling and a controlled station.
#[derive(Default)]
struct Conversation {
    /// Whether the beginning of an APDU must be found, for source and destination.
    searching: [bool; 2],
    pending: VecDeque<Pending>,
    strikes: u32,
    /// Whether the stations prove to each other who they are.
    proven: bool,
    role_told: bool,
    weakness_told: bool,
}

/// What tells which request a reply is to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
    /// The U format that confirms it.
    Connection(Unnumbered),
    /// An ASDU's type, its station, and its first object.
    Station(TypeId, u16, u32),
}

/// A request whose reply is awaited.
struct Pending {
    asker: Side,
    key: Key,
    time: Timestamp,
    asked: Asked,
}

impl Dialogue for Conversation {
    fn datagram(&mut self, _side: Side, _bytes: &[u8], _out: &mut Out<'_>) -> bool {
        false
    }

    fn stream(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) -> Progress {
        let mut used = 0;
        loop {
            let rest = bytes.get(used..).unwrap_or_default();
            if rest.is_empty() {
                return Progress::Used(used);
            }
            if *self.searching_mut(side) {
                let (skipped, found) = find_apdu(rest);
                used += skipped;
                *self.searching_mut(side) = !found;
                if !found {
                    return Progress::Used(used);
                }
                continue;
            }
            match parse::parse_apdu(rest) {
                Found::Apdu(apdu, length) => {
                    self.apdu(side, &apdu, out);
                    used += length;
                }
                Found::More => return Progress::Used(used),
                Found::Nothing if self.strikes >= STRIKES_MAX => return Progress::Lost,
                Found::Nothing => {
                    self.strikes += 1;
                    *self.searching_mut(side) = true;
                }
            }
        }
    }

    fn gap(&mut self, side: Side, _missing: u64, _out: &mut Out<'_>) {
        *self.searching_mut(side) = true;
    }

    fn holds(&self) -> usize {
        crate::dialogue::held::<Pending>(self.pending.len())
    }

    fn end(&mut self, out: &mut Out<'_>) {
        while let Some(pending) = self.pending.pop_front() {
            self.tell(pending.asker, pending.asked, out);
        }
    }
}

/// How many bytes lie before the next APDU, and whether there is one. Without it, what may be the beginning of one is
/// kept. An APDU is found where it fits throughout, and another begins behind it or nothing does.
fn find_apdu(bytes: &[u8]) -> (usize, bool) {
    let begins = |offset: usize| {
        let rest = bytes.get(offset..).unwrap_or_default();
        let Found::Apdu(apdu, length) = parse::parse_apdu(rest) else { return false };
        let goes_on = rest.get(length).is_none_or(|next| *next == parse::START);
        goes_on && fits(&apdu)
    };
    match (0..bytes.len()).find(|offset| begins(*offset)) {
        Some(offset) => (offset, true),
        None => (bytes.len().saturating_sub(parse::APDU_BYTES_MAX - 1), false),
    }
}

/// Whether an APDU fits throughout.
pub(super) fn fits(apdu: &Apdu<'_>) -> bool {
    match apdu.control {
        ControlField::Information { asdu, .. } => {
            parse::parse_asdu(asdu).is_some_and(|asdu| parse::fits(&asdu))
        }
        ControlField::Supervisory { .. } => true,
        ControlField::Unnumbered(function) => function.name().is_some(),
    }
}

impl Conversation {
    fn searching_mut(&mut self, side: Side) -> &mut bool {
        let [source, destination] = &mut self.searching;
        match side {
            Side::Source => source,
            Side::Destination => destination,
        }
    }

    fn apdu(&mut self, side: Side, apdu: &Apdu<'_>, out: &mut Out<'_>) {
        self.give_up_waiting(out);
        match apdu.control {
            ControlField::Information { asdu: bytes, .. } => {
                let Some(asdu) = parse::parse_asdu(bytes) else { return rows::apdu(side, apdu, None, out) };
                let (objects, rest) = parse::parse_objects(&asdu);
                rows::apdu(side, apdu, Some((&asdu, &objects, rest)), out);
                self.asdu(side, &asdu, &objects, out);
            }
            ControlField::Unnumbered(function) => {
                rows::apdu(side, apdu, None, out);
                self.unnumbered(side, function, out);
            }
            ControlField::Supervisory { .. } => rows::apdu(side, apdu, None, out),
        }
    }

    fn unnumbered(&mut self, side: Side, function: Unnumbered, out: &mut Out<'_>) {
        let (word, confirmation) = match function {
            Unnumbered::START => ("start-data-transfer", Unnumbered::START_CONFIRMED),
            Unnumbered::STOP => ("stop-data-transfer", Unnumbered::STOP_CONFIRMED),
            Unnumbered::START_CONFIRMED | Unnumbered::STOP_CONFIRMED => {
                self.tell_role(side, out);
                let place = self.place(side, |key| key == Key::Connection(function));
                if let Some(mut pending) = place.and_then(|place| self.pending.remove(place)) {
                    pending.asked.reply = Reply::Done;
                    self.tell(pending.asker, pending.asked, out);
                }
                return;
            }
            // A test of the connection is asked every few seconds and asks nothing of the device.
            _ => return,
        };
        let asked = Asked {
            verb: Verb::Subscribe,
            function: Text::const_new(word),
            target: Target::default(),
            value: None,
            reply: Reply::Missing,
            details: Details::new(),
        };
        self.await_reply(side, Key::Connection(confirmation), asked, out);
    }

    fn asdu(&mut self, side: Side, asdu: &Asdu<'_>, objects: &[Object<'_>], out: &mut Out<'_>) {
        let is_new = matches!(asdu.cause, Cause::ACTIVATION | Cause::DEACTIVATION)
            || asdu.type_id == TypeId::READ && asdu.cause == Cause::REQUESTED;
        match asdu.type_id {
            type_id if type_id.is_security() => {
                self.proven = true;
                let mut asked = ask::asked(asdu, objects, Reply::NotExpected);
                asked.target.name = std::mem::take(&mut asked.function);
                asked.function = Text::const_new("authentication");
                self.tell(side, asked, out);
            }
            type_id if type_id.is_file() => {
                // Of a transfer, its beginning is told; segments and their confirmations are in the logs.
                if matches!(type_id.0, 120 | 122 | 126 | 127) {
                    self.tell(side, ask::asked(asdu, objects, Reply::NotExpected), out);
                }
            }
            type_id if type_id.is_monitored() && asdu.cause.is_interrogated() => {
                self.collect(side, asdu, objects);
            }
            type_id if type_id.is_monitored() && asdu.cause == Cause::REQUESTED => {
                self.read(side, asdu, objects, out);
            }
            type_id if type_id.is_monitored() || type_id == TypeId::END_OF_INITIALIZATION => {
                self.tell_role(side, out);
                self.tell(side, ask::asked(asdu, objects, Reply::NotExpected), out);
            }
            type_id if is_new => {
                let address = objects.first().map_or(0, |object| object.address);
                let key = Key::Station(type_id, asdu.common_address, address);
                self.await_reply(side, key, ask::asked(asdu, objects, Reply::Missing), out);
            }
            _ => self.reply(side, asdu, objects, out),
        }
    }

    /// A confirmation, a termination, or a word that something is unknown.
    fn reply(&mut self, side: Side, asdu: &Asdu<'_>, objects: &[Object<'_>], out: &mut Out<'_>) {
        let address = objects.first().map_or(0, |object| object.address);
        let refusal = match asdu.cause {
            cause if cause.is_unknown() => Some(cause.text()),
            _ if asdu.negative => Some(Text::const_new("negative-confirmation")),
            _ => None,
        };
        let Some(place) = self.place(side, |key| is_to(key, asdu, |of| of == address)) else {
            // A confirmation repeats what was asked.
            let is_confirmation =
                matches!(asdu.cause, Cause::ACTIVATION_CONFIRMED | Cause::DEACTIVATION_CONFIRMED);
            if is_confirmation || asdu.cause.is_unknown() {
                let reply = refusal.map_or(Reply::Done, Reply::Refused);
                self.tell(side.other(), ask::asked(asdu, objects, reply), out);
            }
            return;
        };
        let is_interrogation = matches!(asdu.type_id, TypeId::INTERROGATION | TypeId::COUNTER_INTERROGATION);
        let goes_on = is_interrogation && asdu.cause == Cause::ACTIVATION_CONFIRMED && refusal.is_none();
        let Some(pending) = self.pending.get_mut(place) else { return };
        pending.asked.reply = refusal.map_or(Reply::Done, Reply::Refused);
        // The values come between the confirmation of an interrogation and its end.
        if !goes_on && let Some(pending) = self.pending.remove(place) {
            self.tell(pending.asker, pending.asked, out);
        }
    }

    /// Values that an interrogation asked for.
    fn collect(&mut self, side: Side, asdu: &Asdu<'_>, objects: &[Object<'_>]) {
        let type_id = match asdu.cause.0 {
            20..=36 => TypeId::INTERROGATION,
            _ => TypeId::COUNTER_INTERROGATION,
        };
        let asked = Asdu { type_id, ..*asdu };
        let place = self.place(side, |key| is_to(key, &asked, |_| true));
        if let Some(pending) = place.and_then(|place| self.pending.get_mut(place))
            && pending.asked.value.as_ref().is_none_or(|value| !value.ends_with('…'))
            && let Some(item) = ask::item(asdu, objects)
        {
            let before = pending.asked.value.take();
            let items = before.into_iter().chain([item]);
            pending.asked.value = Some(crate::show::listed(items, VALUE_BYTES_MAX));
        }
    }

    /// A value that was read.
    fn read(&mut self, side: Side, asdu: &Asdu<'_>, objects: &[Object<'_>], out: &mut Out<'_>) {
        let asked = Asdu { type_id: TypeId::READ, ..*asdu };
        let is_read = |key| is_to(key, &asked, |of| objects.iter().any(|object| object.address == of));
        match self.place(side, is_read).and_then(|place| self.pending.remove(place)) {
            Some(mut pending) => {
                pending.asked.reply = Reply::Done;
                pending.asked.value = ask::value(asdu, objects);
                self.tell(pending.asker, pending.asked, out);
            }
            None => self.tell(side, ask::asked(asdu, objects, Reply::NotExpected), out),
        }
    }

    /// The oldest request of the other side with such a key.
    fn place(&self, side: Side, is_it: impl Fn(Key) -> bool) -> Option<usize> {
        self.pending.iter().position(|pending| pending.asker == side.other() && is_it(pending.key))
    }

    fn await_reply(&mut self, asker: Side, key: Key, asked: Asked, out: &mut Out<'_>) {
        if self.pending.len() >= PENDING_MAX
            && let Some(oldest) = self.pending.pop_front()
        {
            self.tell(oldest.asker, oldest.asked, out);
        }
        self.pending.push_back(Pending { asker, key, time: out.time, asked });
    }

    /// What has waited too long goes as it is.
    fn give_up_waiting(&mut self, out: &mut Out<'_>) {
        while let Some(oldest) = self.pending.front()
            && out.time.duration_since(oldest.time) > WAIT
            && let Some(oldest) = self.pending.pop_front()
        {
            self.tell(oldest.asker, oldest.asked, out);
        }
    }

    fn tell(&mut self, asker: Side, asked: Asked, out: &mut Out<'_>) {
        let is_selection = asked.function.ends_with("-select") || asked.function.ends_with("-deactivate");
        let is_obeyed = asked.reply == Reply::Done && asked.verb.changes() && !is_selection;
        if is_obeyed && !self.proven && !self.weakness_told {
            self.weakness_told = true;
            let detail = format_compact!("{} obeyed; nothing proved who asked", asked.function);
            out.weakness(asker.other(), WeaknessKind::UnauthenticatedControl, detail);
        }
        out.request(asker, asked);
    }

    fn tell_role(&mut self, side: Side, out: &mut Out<'_>) {
        if !std::mem::replace(&mut self.role_told, true) {
            out.identity(side, Trait::Role, "controlled station", "data transfer", 80);
        }
    }
}

/// Whether an ASDU belongs to the request with this key: the type, the station, and the object.
fn is_to(key: Key, asdu: &Asdu<'_>, is_address: impl Fn(u32) -> bool) -> bool {
    match key {
        Key::Station(type_id, station, address) => {
            type_id == asdu.type_id
                && (station == asdu.common_address || station == EVERY_STATION)
                && is_address(address)
        }
        Key::Connection(_) => false,
    }
}
