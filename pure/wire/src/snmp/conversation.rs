//! Pairs requests with responses.

use super::ber::dotted;
use super::makers::maker;
use super::message::{
    Binding, Content, Kind, Message, Pdu, Secured, Trap, Value, Version, error_name, trap_name,
};
use super::objects::Object;
use super::parse;
use super::summary::Summary;
use crate::dialogue::{Asked, Dialogue, Out, Progress, Side};
use crate::show::{VALUE_BYTES_MAX, listed, readable};
use city::{Details, Reply, Target, Text, Trait, Verb, WeaknessKind};
use compact_str::format_compact;
use jiff::{SignedDuration, Timestamp};
use std::collections::VecDeque;

/// Requests for objects awaiting a response at a time, those of one message beyond it.
const PENDING_MAX: usize = 256;

/// How many objects of one message are told of if they are only read.
const READ_MAX: usize = 64;

/// How long a response is awaited; managers ask again after seconds.
const WAIT: SignedDuration = SignedDuration::from_secs(60);

/// How many facts about one device are remembered, so that each is told once in a conversation.
const FACTS_MAX: usize = 64;

/// The longest message of a stream (RFC 3430 clause 2.1 leaves it open; no agent's is longer than a datagram).
const MESSAGE_MAX: usize = 64 << 10;

/// Opens a reader.
pub(super) fn open() -> Box<dyn Dialogue> {
    Box::new(Conversation::default())
}

#[derive(Default)]
struct Conversation {
    pending: VecDeque<Pending>,
    summary: Summary,
    facts: Vec<(&'static str, Text)>,
    weaknesses: Vec<WeaknessKind>,
}

/// A message whose response is awaited.
struct Pending {
    asker: Side,
    /// The identifier by which the response is known: of the message in version 3, of the unit before.
    id: u32,
    time: Timestamp,
    is_bulk: bool,
    asked: Vec<Asked>,
}

impl Dialogue for Conversation {
    fn datagram(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) -> bool {
        let Some((message, _)) = parse::parse_message(bytes) else { return false };
        self.message(side, &message, out);
        true
    }

    fn stream(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) -> Progress {
        let mut used = 0;
        loop {
            let rest = bytes.get(used..).unwrap_or_default();
            match parse::parse_message(rest) {
                Some((message, length)) => {
                    self.message(side, &message, out);
                    used += length;
                }
                None if parse::may_go_on(rest, MESSAGE_MAX) => return Progress::Used(used),
                None => return Progress::Lost,
            }
        }
    }

    fn gap(&mut self, _side: Side, _missing: u64, _out: &mut Out<'_>) {}

    fn holds(&self) -> usize {
        crate::dialogue::held::<Pending>(self.pending.len())
    }

    fn end(&mut self, out: &mut Out<'_>) {
        while let Some(pending) = self.pending.pop_front() {
            tell(pending, out);
        }
        self.summary.tell(out);
    }
}

/// Who asked and how it was proved: what every unit of a message shares.
#[derive(Clone, Copy)]
struct Sender {
    side: Side,
    version: Version,
    id: u32,
    /// Whether the community is one that makers ship.
    is_default: bool,
    is_authenticated: bool,
}

impl Conversation {
    fn message(&mut self, side: Side, message: &Message<'_>, out: &mut Out<'_>) {
        self.give_up_waiting(out);
        self.summary.message(message, out.time);
        let Message { version, community, secured, content } = message;
        let is_default = [&b"public"[..], b"private"].contains(community);
        let id = match (secured, content) {
            (Some(secured), _) => secured.id,
            (None, Content::Pdu(pdu)) => pdu.id,
            (None, _) => 0,
        };
        let is_authenticated = secured.is_some_and(|secured| secured.is_authenticated());
        let sender = Sender { side, version: *version, id, is_default, is_authenticated };
        let is_answer = matches!(content, Content::Pdu(Pdu { kind: Kind::Response | Kind::Report, .. }));
        if *version != Version::Three && !community.is_empty() {
            // A community that lets read is told by the protocol's name; one that lets change is a password.
            if matches!(content, Content::Pdu(Pdu { kind: Kind::Set, .. })) {
                self.weakness(side.other(), WeaknessKind::CleartextCredentials, out, || {
                    format_compact!("SNMPv{} sends readable the community that lets change", version.as_str())
                });
            }
            if is_default && is_answer {
                self.weakness(side, WeaknessKind::DefaultCredentials, out, || {
                    Text::const_new("answers to a community that makers ship")
                });
            }
        }
        match content {
            Content::Encrypted => self.encrypted(sender, secured.as_ref(), out),
            Content::Trap(trap) => old_trap(sender, trap, out),
            Content::Pdu(pdu) => match pdu.kind {
                Kind::Get | Kind::GetNext | Kind::GetBulk | Kind::Set => {
                    self.request(sender, pdu, secured, out)
                }
                Kind::Response | Kind::Report => self.response(sender, pdu, secured, out),
                Kind::Trap => out.request(side, notice(pdu, Reply::NotExpected)),
                Kind::Inform => self.await_reply(sender, false, vec![notice(pdu, Reply::Missing)], out),
            },
        }
    }

    fn request(&mut self, sender: Sender, pdu: &Pdu<'_>, secured: &Option<Secured<'_>>, out: &mut Out<'_>) {
        let kind = pdu.kind;
        if pdu.bindings.is_empty() {
            // A manager asks an agent who it is by asking for nothing (RFC 3414 clause 4).
            let is_discovery = secured.is_some_and(|secured| secured.engine.is_empty());
            let function = if is_discovery { "engine-discovery" } else { kind.as_str() };
            let asked = asked(Verb::Discover, function, Target::default(), None);
            return self.await_reply(sender, false, vec![asked], out);
        }
        let limit = match kind {
            Kind::Set => usize::MAX,
            // What comes after the first ones is of no consequence.
            Kind::GetBulk => 1,
            _ => READ_MAX,
        };
        let one = |binding: &Binding<'_>| {
            let object = Object::find(binding.oid.arcs());
            let verb = match kind {
                Kind::Set => object.on_set,
                _ if object.is_system() => Verb::Discover,
                _ => Verb::Read,
            };
            let value = if kind == Kind::Set { object.value(&binding.value) } else { None };
            asked(verb, kind.as_str(), object.target(), value)
        };
        let asked = pdu.bindings.iter().take(limit).map(one).collect();
        self.await_reply(sender, kind == Kind::GetBulk, asked, out);
    }

    fn await_reply(&mut self, sender: Sender, is_bulk: bool, asked: Vec<Asked>, out: &mut Out<'_>) {
        let held =
            |pending: &VecDeque<Pending>| pending.iter().map(|pending| pending.asked.len()).sum::<usize>();
        while held(&self.pending) >= PENDING_MAX
            && let Some(oldest) = self.pending.pop_front()
        {
            tell(oldest, out);
        }
        let Sender { side, id, .. } = sender;
        self.pending.push_back(Pending { asker: side, id, time: out.time, is_bulk, asked });
    }

    fn response(&mut self, sender: Sender, pdu: &Pdu<'_>, secured: &Option<Secured<'_>>, out: &mut Out<'_>) {
        let Sender { side, id, .. } = sender;
        if let Some(secured) = secured {
            self.engine(side, secured.engine, out);
        }
        let place = self.pending.iter().position(|pending| pending.asker != side && pending.id == id);
        let pending = place.and_then(|place| self.pending.remove(place));
        let reply = match (pdu.kind, error_name(pdu.error)) {
            (Kind::Report, _) => report(pdu, pending.as_ref()),
            (_, Some("no-error")) => Reply::Done,
            (_, Some(name)) => Reply::Refused(Text::const_new(name)),
            (_, None) => Reply::Refused(format_compact!("error-{}", pdu.error)),
        };
        let is_done = reply == Reply::Done;
        let Some(mut pending) = pending else {
            if is_done && pdu.kind == Kind::Response {
                self.identify_all(side, pdu, out);
            }
            return;
        };
        if is_done && pdu.kind == Kind::Response {
            self.identify_all(side, pdu, out);
            self.control(sender, &pending, out);
            if pending.is_bulk
                && let Some(first) = pending.asked.first_mut()
            {
                first.value = Some(format_compact!("{} objects", pdu.bindings.len()));
            } else {
                fill(&mut pending.asked, pdu);
            }
        }
        for mut asked in pending.asked {
            asked.reply = reply.clone();
            out.request(pending.asker, asked);
        }
    }

    /// A change that was carried out, asked for by somebody who proved nothing.
    fn control(&mut self, sender: Sender, pending: &Pending, out: &mut Out<'_>) {
        let proves_nothing = match sender.version {
            Version::Three => !sender.is_authenticated,
            Version::One | Version::TwoC => sender.is_default,
        };
        if proves_nothing && let Some(changed) = pending.asked.iter().find(|asked| asked.verb.changes()) {
            let what = format_compact!("{} was set; nothing proved who asked", changed.target);
            self.weakness(sender.side, WeaknessKind::UnauthenticatedControl, out, || what);
        }
    }

    /// A message of which only the sender can be read.
    fn encrypted(&mut self, sender: Sender, secured: Option<&Secured<'_>>, out: &mut Out<'_>) {
        let Sender { side, id, .. } = sender;
        let place = self.pending.iter().position(|pending| pending.asker != side && pending.id == id);
        if let Some(mut pending) = place.and_then(|place| self.pending.remove(place)) {
            pending.asked.iter_mut().for_each(|asked| asked.reply = Reply::Done);
            if let Some(secured) = secured {
                self.engine(side, secured.engine, out);
            }
            return tell(pending, out);
        }
        let user = secured.map_or(&[][..], |secured| secured.user);
        let target = Target::named(readable(user, VALUE_BYTES_MAX));
        self.await_reply(sender, false, vec![asked(Verb::Authenticate, "encrypted", target, None)], out);
    }

    /// What an agent's engine identifier says (RFC 3411 clause 5): the maker's number, if its first bit is set or not.
    fn engine(&mut self, side: Side, engine: &[u8], out: &mut Out<'_>) {
        if let Some((number, _)) = engine.split_first_chunk()
            && let Some(maker) = maker(u32::from_be_bytes(*number) & 0x7fff_ffff)
        {
            self.fact(side, Trait::Vendor, maker, "snmpEngineID", 60, out);
        }
    }

    fn identify_all(&mut self, side: Side, pdu: &Pdu<'_>, out: &mut Out<'_>) {
        for binding in &pdu.bindings {
            self.identify(side, binding, out);
        }
    }

    fn identify(&mut self, side: Side, binding: &Binding<'_>, out: &mut Out<'_>) {
        let arcs = binding.oid.arcs();
        let object = Object::find(arcs);
        if let Value::Oid(oid) = binding.value
            && object.name == "sysObjectID"
        {
            let arcs = oid.arcs();
            if let Some([number, ..]) = arcs.strip_prefix(&[1, 3, 6, 1, 4, 1])
                && let Some(maker) = maker(*number)
            {
                self.fact(side, Trait::Vendor, maker, "sysObjectID", 80, out);
            }
            return;
        }
        if matches!(binding.value, Value::NoSuchObject | Value::NoSuchInstance | Value::EndOfView) {
            return;
        }
        if let Some(role) = role(object.name) {
            self.fact(side, Trait::Role, role, "objects", 80, out);
        }
        let Value::Octets(octets) = binding.value else { return };
        let (about, field) = match object.name {
            "sysDescr" => (Trait::Product, "sysDescr"),
            "sysName" => (Trait::Name, "sysName"),
            "moduleMake" => (Trait::Vendor, "moduleMake"),
            "moduleModel" => (Trait::Model, "moduleModel"),
            "moduleVersion" => (Trait::Firmware, "moduleVersion"),
            "utcType2VendorID" => (Trait::Vendor, "utcType2VendorID"),
            "utcType2HardwareType" => (Trait::Model, "utcType2HardwareType"),
            "utcType2AppVersion" => (Trait::Firmware, "utcType2AppVersion"),
            // The first entity is the device itself as a rule.
            name if object.is_first() => match name {
                "entPhysicalSerialNum" => (Trait::Serial, "entPhysicalSerialNum"),
                "entPhysicalMfgName" => (Trait::Vendor, "entPhysicalMfgName"),
                "entPhysicalModelName" => (Trait::Model, "entPhysicalModelName"),
                "entPhysicalFirmwareRev" => (Trait::Firmware, "entPhysicalFirmwareRev"),
                "entPhysicalSoftwareRev" => (Trait::Firmware, "entPhysicalSoftwareRev"),
                _ => return,
            },
            _ => return,
        };
        let value = readable(octets, VALUE_BYTES_MAX);
        self.fact(side, about, &value, field, 90, out);
    }

    /// Tells a fact once.
    fn fact(
        &mut self,
        side: Side,
        about: Trait,
        value: &str,
        field: &'static str,
        confidence: u8,
        out: &mut Out<'_>,
    ) {
        if self.facts.iter().any(|(told, of)| *told == field && of == value) {
            return;
        }
        if self.facts.len() < FACTS_MAX {
            self.facts.push((field, value.into()));
        }
        out.identity(side, about, value, field, confidence);
    }

    /// Tells a weakness once.
    fn weakness(&mut self, side: Side, kind: WeaknessKind, out: &mut Out<'_>, detail: impl FnOnce() -> Text) {
        if !self.weaknesses.contains(&kind) {
            self.weaknesses.push(kind);
            out.weakness(side, kind, detail());
        }
    }

    fn give_up_waiting(&mut self, out: &mut Out<'_>) {
        while let Some(oldest) = self.pending.front()
            && out.time.duration_since(oldest.time) > WAIT
            && let Some(oldest) = self.pending.pop_front()
        {
            tell(oldest, out);
        }
    }
}

fn asked(verb: Verb, function: &'static str, target: Target, value: Option<Text>) -> Asked {
    let function = Text::const_new(function);
    Asked { verb, function, target, value, reply: Reply::Missing, details: Details::new() }
}

fn tell(pending: Pending, out: &mut Out<'_>) {
    for asked in pending.asked {
        out.request(pending.asker, asked);
    }
}

/// Gives each object that was asked for the value that was returned. The next object is told with its name.
fn fill(asked: &mut [Asked], pdu: &Pdu<'_>) {
    for (asked, binding) in asked.iter_mut().zip(&pdu.bindings) {
        let object = Object::find(binding.oid.arcs());
        let value = object.value(&binding.value);
        if asked.function == "get-next" {
            asked.value = Some(format_compact!("{} = {}", object.target(), value.unwrap_or_default()));
        } else if asked.value.is_none() {
            asked.value = value;
        }
    }
}

/// What a report answers (RFC 3414 clause 3.2): that the engine is not known is what a discovery asks for.
fn report(pdu: &Pdu<'_>, pending: Option<&Pending>) -> Reply {
    let is_discovery =
        pending.is_some_and(|p| p.asked.iter().any(|asked| asked.function == "engine-discovery"));
    let name = pdu.bindings.first().map(|binding| Object::find(binding.oid.arcs()).name);
    let word = match name {
        Some("usmStatsUnknownEngineIDs") if is_discovery => return Reply::Done,
        Some("usmStatsUnsupportedSecLevels") => "unsupported-security-level",
        Some("usmStatsNotInTimeWindows") => "not-in-time-window",
        Some("usmStatsUnknownUserNames") => "unknown-user-name",
        Some("usmStatsUnknownEngineIDs") => "unknown-engine-id",
        Some("usmStatsWrongDigests") => "wrong-digest",
        Some("usmStatsDecryptionErrors") => "decryption-error",
        _ => "report",
    };
    Reply::Refused(Text::const_new(word))
}

/// A notification of version 2: its name and what comes with it (RFC 3416 clause 4.2.6).
fn notice(pdu: &Pdu<'_>, reply: Reply) -> Asked {
    let mut target = Target::default();
    let mut values = Vec::new();
    for binding in pdu.bindings.iter().take(READ_MAX) {
        let object = Object::find(binding.oid.arcs());
        match (object.name, binding.value) {
            ("snmpTrapOID", Value::Oid(oid)) => target = Object::find(oid.arcs()).target(),
            ("sysUpTime", _) => {}
            _ => values.push(format_compact!(
                "{} = {}",
                object.target(),
                object.value(&binding.value).unwrap_or_default()
            )),
        }
    }
    let value = (!values.is_empty()).then(|| listed(values, VALUE_BYTES_MAX));
    Asked { reply, ..asked(Verb::Publish, pdu.kind.as_str(), target, value) }
}

fn old_trap(sender: Sender, trap: &Trap<'_>, out: &mut Out<'_>) {
    let target = match trap_name(trap.generic) {
        Some(name) => Target { kind: Text::const_new(name), ..Target::default() },
        None => Target::named(format_compact!("{}.0.{}", dotted(&trap.enterprise.arcs()), trap.specific)),
    };
    let asked = asked(Verb::Publish, "trap", target, None);
    out.request(sender.side, Asked { reply: Reply::NotExpected, ..asked });
}

/// What a device is that has such an object.
fn role(name: &str) -> Option<&'static str> {
    let begins = |starts: &[&str]| starts.iter().any(|start| name.starts_with(start));
    Some(match name {
        _ if begins(&["phaseStatus", "phaseControl", "coordPattern", "unitControl"]) => "signal controller",
        _ if begins(&["utcReply", "utcControl", "utcType2"]) => "signal outstation",
        _ if begins(&["dmsMessage", "dmsSign", "dmsControl"]) => "message sign",
        _ if begins(&["positionQuery", "systemCamera"]) => "camera",
        _ if begins(&["essNtcip", "essAirTemperature", "essLatitude"]) => "environmental sensor station",
        _ => return None,
    })
}
