//! What a whole conversation asked and answered, as the field counts it in `snmp.log`.

use super::message::{Content, Kind, Message, Value, Version};
use super::objects::Object;
use crate::dialogue::{Out, Side};
use crate::show::{escaped, seconds};
use city::Text;
use jiff::{SignedDuration, Timestamp};

/// The longest description told.
const DESCRIPTION_MAX: usize = 1024;

#[derive(Default)]
pub(super) struct Summary {
    begun: Option<Begun>,
    gets: u64,
    bulks: u64,
    responses: u64,
    sets: u64,
    description: Option<Text>,
    up_since: Option<Timestamp>,
}

struct Begun {
    time: Timestamp,
    last: Timestamp,
    version: Version,
    /// The user of version 3, or that there was a community.
    community: Option<Text>,
}

impl Summary {
    pub(super) fn message(&mut self, message: &Message<'_>, time: Timestamp) {
        let version = message.version;
        let begun = self.begun.get_or_insert(Begun { time, last: time, version, community: None });
        begun.last = time;
        if begun.community.is_none() {
            begun.community = match &message.secured {
                None => Some(Text::const_new("(hidden)")),
                Some(secured) if secured.user.is_empty() => None,
                Some(secured) => Some(escaped(secured.user, DESCRIPTION_MAX)),
            };
        }
        let Content::Pdu(pdu) = &message.content else { return };
        let count = pdu.bindings.len() as u64;
        match pdu.kind {
            Kind::Get | Kind::GetNext => self.gets += count,
            Kind::GetBulk => self.bulks += 1,
            Kind::Set => self.sets += count,
            Kind::Response => self.responses += count,
            _ => {}
        }
        if pdu.kind != Kind::Response {
            return;
        }
        for binding in &pdu.bindings {
            match (Object::find(binding.oid.arcs()).name, binding.value) {
                ("sysDescr", Value::Octets(octets)) => {
                    self.description = Some(escaped(octets, DESCRIPTION_MAX));
                }
                ("sysUpTime", Value::Ticks(ticks)) => {
                    let up = i64::try_from(ticks)
                        .ok()
                        .map(|ticks| SignedDuration::from_millis(ticks.saturating_mul(10)));
                    self.up_since = up.and_then(|up| time.checked_sub(up).ok());
                }
                _ => {}
            }
        }
    }

    /// Tells the row, once.
    pub(super) fn tell(&mut self, out: &mut Out<'_>) {
        let Some(begun) = self.begun.take() else { return };
        let summary = &*self;
        out.message(Side::Source, "snmp", |fields| {
            let micros = begun.last.duration_since(begun.time).as_micros();
            fields.show("duration", format_args!("{}.{:06}", micros / 1_000_000, (micros % 1_000_000).abs()));
            fields.put("version", Text::const_new(begun.version.as_str()));
            if let Some(community) = begun.community {
                fields.put("community", community);
            }
            fields.show("get_requests", summary.gets);
            fields.show("get_bulk_requests", summary.bulks);
            fields.show("get_responses", summary.responses);
            fields.show("set_requests", summary.sets);
            if let Some(description) = &summary.description {
                fields.put("display_string", description.clone());
            }
            if let Some(up_since) = summary.up_since {
                fields.put("up_since", seconds(up_since));
            }
        });
    }
}
