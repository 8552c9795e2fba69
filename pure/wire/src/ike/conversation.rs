//! From messages to exchanges.

use super::events;
use super::message::{Algorithm, Association, Exchange, Family, PayloadKind, Suite};
use super::names;
use super::parse::{self, Message, parse_association, parse_group, parse_message, parse_notification};
use super::vendors::vendor;
use crate::dialogue::{Asked, Dialogue, Out, Progress, Side};
use crate::show::{VALUE_BYTES_MAX, hexadecimal, listed, readable};
use city::{Details, Reply, Target, Text, Trait, Verb, WeaknessKind};
use compact_str::{ToCompactString, format_compact};
use std::collections::VecDeque;

/// Exchanges that wait for their answers at a time, of both sides.
const PENDING_MAX: usize = 32;

/// Exchanges that are remembered as answered, so that what follows in them is not told again.
const ANSWERED_MAX: usize = 64;

/// Vendor identifiers that are remembered.
const VENDORS_MAX: usize = 64;

/// Opens a reader.
pub(super) fn open() -> Box<dyn Dialogue> {
    Box::new(Conversation::default())
}

/// An exchange: whose association, which number, of what kind.
type Key = (u64, u32, Exchange);

/// An exchange that waits for its answer.
struct Pending {
    asker: Side,
    key: Key,
    asked: Asked,
}

/// Two gateways, or a gateway and a client.
#[derive(Default)]
struct Conversation {
    pending: VecDeque<Pending>,
    answered: VecDeque<Key>,
    vendors: Vec<(Side, Vec<u8>)>,
    /// Whether a message had the marker that tells it from ESP.
    may_carry_esp: bool,
    is_responder_told: bool,
    is_weak_group_told: bool,
    is_weakness_told: bool,
    history: events::History,
}

impl Dialogue for Conversation {
    fn datagram(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) -> bool {
        match parse_message(bytes) {
            Some(message) if message.is_sound() => {
                self.may_carry_esp |= bytes.starts_with(&[0; 4]);
                self.message(side, &message, out);
                true
            }
            // ESP beside it, and the byte that keeps a translator's table alive (RFC 3948 clauses 2.1 and 2.3).
            _ => {
                let is_kept_alive = bytes == [0xff];
                let is_esp = bytes.len() > 16 && !bytes.starts_with(&[0; 4]);
                is_kept_alive || is_esp && (self.may_carry_esp || out.port(side) == super::PORT_ESP)
            }
        }
    }

    fn stream(&mut self, _side: Side, _bytes: &[u8], _out: &mut Out<'_>) -> Progress {
        Progress::Lost
    }

    fn gap(&mut self, _side: Side, _missing: u64, _out: &mut Out<'_>) {}

    fn end(&mut self, out: &mut Out<'_>) {
        while let Some(pending) = self.pending.pop_front() {
            out.request(pending.asker, pending.asked);
        }
    }
}

impl Conversation {
    fn message(&mut self, side: Side, message: &Message<'_>, out: &mut Out<'_>) {
        let header = message.header;
        let major = header.major;
        let kind = if major == 1 { PayloadKind::SA_V1 } else { PayloadKind::SA };
        let association = message.first(kind).and_then(|body| parse_association(major, body));
        self.introduce(side, message, out);
        if out.wants_events() {
            self.history.tell(side, message, association.as_ref(), out);
        }
        let key = (header.initiator, header.id, header.exchange);
        let is_answer = match major {
            1 => self.pending.iter().any(|pending| pending.key == key && pending.asker != side),
            _ => header.is_response(),
        };
        if is_answer {
            self.answer(side, key, message, association.as_ref(), out);
        } else {
            self.question(side, key, message, association.as_ref(), out);
        }
    }

    /// A message that begins an exchange, or is a refusal in one of its own (version 1).
    fn question(
        &mut self,
        side: Side,
        key: Key,
        message: &Message<'_>,
        association: Option<&Association>,
        out: &mut Out<'_>,
    ) {
        let header = message.header;
        if header.exchange.is_informational() {
            return self.refusal(side, message, out);
        }
        let is_known = self.answered.contains(&key) || self.pending.iter().any(|pending| pending.key == key);
        if is_known {
            return;
        }
        if let Some(group) = message.first(PayloadKind::KEY).and_then(parse_group) {
            let group = Algorithm { family: Family::Group, number: group, key_bits: None };
            if group.is_weak(header.major) && !self.is_weak_group_told {
                self.is_weak_group_told = true;
                let detail = format_compact!("begins the exchange of keys with {}", group.text(header.major));
                out.weakness(side, WeaknessKind::WeakCipher, detail);
            }
        }
        let mut details = Details::new();
        if out.wants_details() {
            let mut put = |name: &'static str, value: Text| details.push((Text::const_new(name), value));
            put("version", format_compact!("{}.{}", header.major, header.minor));
            put("initiator-spi", format_compact!("{:016x}", header.initiator));
            put("message-id", header.id.to_compact_string());
            for suite in association.iter().flat_map(|association| &association.suites) {
                put("offered", suite_text(suite, header.major));
            }
        }
        let asked = Asked {
            verb: Verb::Authenticate,
            function: header.exchange.text(),
            target: Target::named(identity(message).unwrap_or_default()),
            value: None,
            reply: Reply::Missing,
            details,
        };
        if self.pending.len() >= PENDING_MAX
            && let Some(oldest) = self.pending.pop_front()
        {
            out.request(oldest.asker, oldest.asked);
        }
        self.pending.push_back(Pending { asker: side, key, asked });
    }

    fn answer(
        &mut self,
        side: Side,
        key: Key,
        message: &Message<'_>,
        association: Option<&Association>,
        out: &mut Out<'_>,
    ) {
        let header = message.header;
        let place = self.pending.iter().position(|pending| pending.key == key && pending.asker != side);
        let Some(mut pending) = place.and_then(|place| self.pending.remove(place)) else { return };
        // A cookie or another group is asked for, and the same is said again with it (RFC 7296 clauses 2.6 and 1.2).
        let says_again = message.payloads().any(|payload| {
            payload.kind == PayloadKind::NOTIFY
                && matches!(parse_notification(2, payload.body), Some(17 | 16_390))
        });
        if header.major == 1 || !says_again {
            if self.answered.len() >= ANSWERED_MAX {
                self.answered.pop_front();
            }
            self.answered.push_back(key);
        }
        if says_again {
            return self.pending.push_front(Pending { asker: pending.asker, key, asked: pending.asked });
        }
        let chosen = association.and_then(|association| association.suites.first());
        if let Some(chosen) = chosen {
            pending.asked.value = Some(suite_text(chosen, header.major));
            self.weaknesses(side, header.exchange, chosen, header.major, out);
            if !self.is_responder_told {
                self.is_responder_told = true;
                out.identity(side, Trait::Role, "VPN gateway", "security association", 60);
            }
        }
        if out.wants_details() {
            let spi = format_compact!("{:016x}", header.responder);
            pending.asked.details.push((Text::const_new("responder-spi"), spi));
        }
        pending.asked.reply = error(message).map_or(Reply::Done, Reply::Refused);
        out.request(pending.asker, pending.asked);
    }

    /// A refusal in version 1 is an exchange of its own, about the one that waits.
    fn refusal(&mut self, side: Side, message: &Message<'_>, out: &mut Out<'_>) {
        let Some(why) = error(message) else { return };
        let initiator = message.header.initiator;
        let place = self.pending.iter().position(|p| p.key.0 == initiator && p.asker != side);
        if let Some(mut pending) = place.and_then(|place| self.pending.remove(place)) {
            pending.asked.reply = Reply::Refused(why);
            out.request(pending.asker, pending.asked);
        }
    }

    /// What the chosen algorithms say of the end that chose them, once.
    fn weaknesses(&mut self, side: Side, exchange: Exchange, chosen: &Suite, major: u8, out: &mut Out<'_>) {
        if self.is_weakness_told {
            return;
        }
        let weak = chosen.algorithms.iter().filter(|algorithm| algorithm.is_weak(major));
        let mut why: Vec<Text> = weak.map(|algorithm| algorithm.text(major)).collect();
        let is_shared = chosen.of(Family::Proof).is_some_and(Algorithm::is_shared_key);
        if exchange == Exchange::AGGRESSIVE && is_shared {
            // Its hash is sent before anything is encrypted (RFC 2409 clause 5.4).
            why.push("aggressive mode with a pre-shared key, which can be guessed from what was seen".into());
        }
        if major == 1 {
            why.push("IKEv1, which RFC 9395 has retired".into());
        }
        if !why.is_empty() {
            self.is_weakness_told = true;
            out.weakness(side, WeaknessKind::WeakCipher, why.join(", "));
        }
    }

    /// What a message says of who sends it.
    fn introduce(&mut self, side: Side, message: &Message<'_>, out: &mut Out<'_>) {
        for payload in message.payloads() {
            if !matches!(payload.kind, PayloadKind::VENDOR | PayloadKind::VENDOR_V1) {
                continue;
            }
            let is_new = self.vendors.len() < VENDORS_MAX
                && !self.vendors.iter().any(|(known, id)| *known == side && id == payload.body);
            if is_new {
                self.vendors.push((side, payload.body.iter().copied().take(VALUE_BYTES_MAX).collect()));
                if let Some(vendor) = vendor(payload.body) {
                    out.identity(side, vendor.about, &vendor.value, "vendor ID", vendor.confidence);
                }
            }
        }
        if let Some([2, _, _, _, name @ ..]) = message.first(PayloadKind::IDENTITY_V1) {
            out.identity(side, Trait::Name, &readable(name, VALUE_BYTES_MAX), "identification", 60);
        }
    }
}

/// Why a message refuses, if it does.
fn error(message: &Message<'_>) -> Option<Text> {
    let major = message.header.major;
    let notifications = message
        .payloads()
        .filter(|payload| matches!(payload.kind, PayloadKind::NOTIFY | PayloadKind::NOTIFY_V1));
    let mut errors = notifications.filter_map(|payload| parse_notification(major, payload.body));
    errors.find(|number| *number < 16_384).map(|number| names::error(major, number))
}

/// Who says to be asking, where that is said in the open: in aggressive mode (RFC 2407 clause 4.6.2).
fn identity(message: &Message<'_>) -> Option<Text> {
    let [kind, _, _, _, identity @ ..] = message.first(PayloadKind::IDENTITY_V1)? else { return None };
    Some(match (kind, identity) {
        (1, [a, b, c, d]) => format_compact!("{a}.{b}.{c}.{d}"),
        (2 | 3 | 11, text) => readable(text, VALUE_BYTES_MAX),
        (_, bytes) => hexadecimal(bytes, VALUE_BYTES_MAX),
    })
}

/// A suite as one text: `aes-cbc-256,prf-hmac-sha2-256,hmac-sha2-256-128,modp-2048`.
fn suite_text(suite: &Suite, major: u8) -> Text {
    listed(suite.algorithms.iter().map(|algorithm| algorithm.text(major)), VALUE_BYTES_MAX)
}

/// Whether a datagram is a message throughout.
pub(super) fn is_message(bytes: &[u8]) -> bool {
    parse::has_header(bytes) && parse_message(bytes).is_some_and(|message| message.is_sound())
}
