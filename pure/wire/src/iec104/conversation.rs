//! Pairs activations with their confirmations.

use super::message::{Apdu, Asdu, Cause, ControlField, TypeId, Unnumbered};
use super::parse::{self, Found, Object};
use super::{ask, rows};
use crate::dialogue::{Asked, Dialogue, Out, Progress, Side};
use crate::footing::{Footing, Walk};
use crate::show::VALUE_BYTES_MAX;
use crate::unanswered::Unanswered;
use city::{Details, Reply, Target, Text, Trait, Verb, WeaknessKind};
use compact_str::format_compact;
use jiff::SignedDuration;

/// Requests awaiting a confirmation at a time. A station may leave 12 APDUs unacknowledged (IEC 60870-5-104 clause 5.5,
/// parameter k); some are set to more.
const PENDING_MAX: usize = 64;

/// How long a confirmation, or the end of an interrogation, is awaited.
const WAIT: SignedDuration = SignedDuration::from_secs(60);

/// The common address of every station.
const EVERY_STATION: u16 = 0xffff;

/// Opens a reader.
pub(super) fn open() -> Box<dyn Dialogue> {
    Box::new(Conversation::default())
}

/// One conversation between a controlling and a controlled station.
#[derive(Default)]
struct Conversation {
    /// Whether messages are read where they begin.
    footing: Footing,
    pending: Unanswered<Key, PENDING_MAX>,
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

impl Dialogue for Conversation {
    fn stream(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) -> Progress {
        let mut walk = Walk::of(bytes);
        while let Some(rest) = self.footing.next(side, &mut walk, find_apdu) {
            match parse::parse_apdu(rest) {
                Found::Apdu(apdu, length) => {
                    self.apdu(side, &apdu, out);
                    walk.step(length);
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

    fn end(&mut self, out: &mut Out<'_>) {
        self.pending.end(out);
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
    fn apdu(&mut self, side: Side, apdu: &Apdu<'_>, out: &mut Out<'_>) {
        self.pending.give_up(WAIT, out);
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
                let is_it = |key: &Key| *key == Key::Connection(function);
                if let Some(mut pending) = self.pending.take(side.other(), is_it) {
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
        self.pending.add(side, Key::Connection(confirmation), asked, out);
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
                self.pending.add(side, key, ask::asked(asdu, objects, Reply::Missing), out);
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
        let is_it = |key: &Key| is_to(*key, asdu, |of| of == address);
        let Some(pending) = self.pending.find(side.other(), is_it) else {
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
        pending.asked.reply = refusal.map_or(Reply::Done, Reply::Refused);
        // The values come between the confirmation of an interrogation and its end.
        if !goes_on && let Some(pending) = self.pending.take(side.other(), is_it) {
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
        if let Some(pending) = self.pending.find(side.other(), |key| is_to(*key, &asked, |_| true))
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
        let is_read = |key: &Key| is_to(*key, &asked, |of| objects.iter().any(|object| object.address == of));
        match self.pending.take(side.other(), is_read) {
            Some(mut pending) => {
                pending.asked.reply = Reply::Done;
                pending.asked.value = ask::value(asdu, objects);
                self.tell(pending.asker, pending.asked, out);
            }
            None => self.tell(side, ask::asked(asdu, objects, Reply::NotExpected), out),
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
