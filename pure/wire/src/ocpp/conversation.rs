//! From messages to observations.

use super::actions::{kebab, verb};
use super::fields::{brings_password, brings_token, refusal, target, text, value};
use super::message::Message;
use super::parse::parse_message;
use crate::dialogue::{Asked, Out, Side};
use crate::show::{VALUE_BYTES_MAX, cut, readable};
use crate::unanswered::{Unanswered, Waiting};
use crate::websocket::Opening;
use city::{Details, Reply, Text, Trait, WeaknessKind};
use compact_str::format_compact;
use serde_json::Value;

/// The most calls that wait for their answers. The standard allows one at a time and side.
const PENDING_MAX: usize = 64;

/// The most actions of which is remembered that they were told as a weakness.
const ACTIONS_MAX: usize = 64;

/// How far a station is believed that says of itself what it is.
const OWN_CONFIDENCE: u8 = 90;

/// A call that waits for its answer.
struct Call {
    id: String,
    action: Text,
}

/// A charging station and the system that manages it.
pub(crate) struct Conversation {
    /// The side of the charging station, which opened the connection (OCPP-J 1.6 clause 3.1).
    station: Side,
    /// By what name the station asked for its system (OCPP-J 1.6 clause 3.1.1).
    name: Text,
    pending: Unanswered<Call, PENDING_MAX>,
    /// Actions of the system that were told to come from nobody who proved himself.
    controlled: Vec<Text>,
    has_told_token: bool,
    has_told_password: bool,
}

impl Conversation {
    /// At its beginning.
    pub(crate) fn new(opening: &Opening, station: Side, out: &mut Out<'_>) -> Conversation {
        let name = readable(opening.last_part().as_bytes(), VALUE_BYTES_MAX);
        out.identity(station, Trait::Name, &name, "connection URL", OWN_CONFIDENCE);
        out.identity(station, Trait::Role, "charging station", "connection", OWN_CONFIDENCE);
        out.identity(
            station.other(),
            Trait::Role,
            "charging station management system",
            "connection",
            OWN_CONFIDENCE,
        );
        if !opening.is_authorized {
            let detail = format_compact!("no authentication (security profile 0), charging station {name}");
            out.weakness(station.other(), WeaknessKind::AnonymousLogin, detail);
        }
        Conversation {
            station,
            name,
            pending: Unanswered::default(),
            controlled: Vec::new(),
            has_told_token: false,
            has_told_password: false,
        }
    }

    /// Reads one message in text. What is none is passed over.
    pub(crate) fn message(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) {
        match parse_message(bytes) {
            Some(Message::Call { id, action, payload, is_answered }) => {
                let action = Text::from(action);
                self.secrets(side, &action, &payload, out);
                if side == self.station && action == "BootNotification" {
                    self.introduce(&payload, out);
                }
                let asked = Asked {
                    verb: verb(&action, side == self.station),
                    function: kebab(&action).into(),
                    target: target(&payload, &action, &self.name),
                    value: value(&payload, &action),
                    reply: if is_answered { Reply::Missing } else { Reply::NotExpected },
                    details: Details::new(),
                };
                if !is_answered {
                    return out.request(side, asked);
                }
                self.pending.add(side, Call { id, action }, asked, out);
            }
            Some(Message::Result { id, payload }) => {
                let reply = refusal(&payload).map_or(Reply::Done, Reply::Refused);
                self.answer(side.other(), &id, reply, out);
            }
            Some(Message::Error { id, code }) => {
                let code = readable(code.as_bytes(), VALUE_BYTES_MAX);
                self.answer(side.other(), &id, Reply::Refused(code), out);
            }
            None => {}
        }
    }

    /// The call of one side was answered.
    fn answer(&mut self, asker: Side, id: &str, reply: Reply, out: &mut Out<'_>) {
        let Some(Waiting { key: Call { action, .. }, mut asked, .. }) =
            self.pending.take(asker, |call| call.id == id)
        else {
            return;
        };
        asked.reply = reply;
        // Nothing in a connection without TLS proves to the station that it is its system that speaks.
        let is_control = asker != self.station && asked.verb.changes() && asked.reply == Reply::Done;
        if is_control && self.controlled.len() < ACTIONS_MAX && !self.controlled.contains(&action) {
            out.weakness(self.station, WeaknessKind::UnauthenticatedControl, action.clone());
            self.controlled.push(action);
        }
        out.request(asker, asked);
    }

    /// Tells that secrets of a call can be read by whoever listens.
    fn secrets(&mut self, side: Side, action: &Text, payload: &Value, out: &mut Out<'_>) {
        let server = self.station.other();
        let action = cut(action, VALUE_BYTES_MAX);
        if !self.has_told_token && brings_token(payload) {
            self.has_told_token = true;
            let detail = format_compact!("token of a customer in {action}");
            out.weakness(server, WeaknessKind::CleartextCredentials, detail);
        }
        if !self.has_told_password && side != self.station && brings_password(&action, payload) {
            self.has_told_password = true;
            let detail = format_compact!("password in {action}, charging station {}", self.name);
            out.weakness(server, WeaknessKind::CleartextCredentials, detail);
        }
    }

    /// What the station says that it is (OCPP 1.6 clause 6.3, OCPP 2.0.1 part 2, ChargingStationType).
    fn introduce(&self, payload: &Value, out: &mut Out<'_>) {
        const FIELDS: [(Trait, &str, &str); 9] = [
            (Trait::Vendor, "chargePointVendor", "chargePointVendor"),
            (Trait::Model, "chargePointModel", "chargePointModel"),
            (Trait::Serial, "chargePointSerialNumber", "chargePointSerialNumber"),
            (Trait::Serial, "chargeBoxSerialNumber", "chargeBoxSerialNumber"),
            (Trait::Firmware, "firmwareVersion", "firmwareVersion"),
            (Trait::Vendor, "chargingStation/vendorName", "chargingStation.vendorName"),
            (Trait::Model, "chargingStation/model", "chargingStation.model"),
            (Trait::Serial, "chargingStation/serialNumber", "chargingStation.serialNumber"),
            (Trait::Firmware, "chargingStation/firmwareVersion", "chargingStation.firmwareVersion"),
        ];
        for (about, path, field) in FIELDS {
            if let Some(value) = text(payload, path) {
                out.identity(self.station, about, &value, field, OWN_CONFIDENCE);
            }
        }
    }

    /// The conversation is over: tells what was not answered.
    pub(crate) fn end(&mut self, out: &mut Out<'_>) {
        self.pending.end(out);
    }
}
