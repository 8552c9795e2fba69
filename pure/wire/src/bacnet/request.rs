//! What a request is about: the data of each service (clauses 13 to 17, productions in clause 21).

use super::message::{ObjectId, PropertyId, Service, object_type, reinitialized_state};
use super::names::{
    self, AUDIT_OPERATIONS, ENABLE_DISABLE, EVENT_STATES, EVENT_TYPES, LIFE_SAFETY_OPERATIONS, NOTIFY_TYPES,
    SEGMENTATIONS, VT_CLASSES,
};
use super::part::{PARTS_MAX, Part};
use super::value::{Place, Tags, character_string, date, signed, time, values};
use super::vendors::VENDORS;
use crate::show::{VALUE_BYTES_MAX, hexadecimal, listed};
use city::{Target, Text};
use compact_str::{CompactString, ToCompactString, format_compact};

/// The name of a maker, or `vendor-999`.
pub fn vendor(number: u32) -> Text {
    names::name(VENDORS, number, "vendor")
}

/// Reads what a request is about: at least one part, the raw data in it where they are not understood.
pub fn parse_request(service: Service, data: &[u8], detailed: bool) -> Vec<Part> {
    let mut parts = Vec::new();
    let tags = Tags::new(data);
    let understood = match service {
        Service::Confirmed(14) => read_multiple(tags, detailed, &mut parts),
        Service::Confirmed(16) => write_multiple(tags, detailed, &mut parts),
        Service::Confirmed(30) => subscribe_multiple(tags, detailed, &mut parts),
        Service::Confirmed(31) | Service::Unconfirmed(11) => cov_multiple(tags, detailed, &mut parts),
        Service::Confirmed(32) | Service::Unconfirmed(12) => audit(tags, detailed, &mut parts),
        Service::Confirmed(choice) => confirmed(choice, tags, detailed).map(|part| parts.push(part)),
        Service::Unconfirmed(choice) => unconfirmed(choice, tags, detailed).map(|part| parts.push(part)),
    };
    if understood.is_none() || parts.is_empty() {
        parts.push(Part::new(detailed).with_data("request-data", data));
    }
    parts
}

fn confirmed(choice: u8, mut tags: Tags<'_>, detailed: bool) -> Option<Part> {
    let part = match choice {
        0 => {
            let process = tags.number(0)?;
            let part = Part::of(tags.object(1)?, detailed).with("process-id", process);
            let state = tags.number(2)?;
            let _ = tags.inside(3)?;
            let source = tags.context(4).and_then(character_string);
            part.with("event-state", names::name(EVENT_STATES, state, "event-state"))
                .with_some("acknowledgment-source", source)
        }
        1 => cov(tags, detailed)?,
        2 => event(tags, detailed)?,
        3 => Part::new(detailed),
        4 => {
            let part = Part::new(detailed).with("acknowledgment-filter", tags.number(0)?);
            let _enrollment = tags.inside(1);
            let (state, kind) = (tags.number(2), tags.number(3));
            let _priority = tags.inside(4);
            part.with_some("event-state-filter", state)
                .with_some("event-type-filter", kind.map(|kind| names::name(EVENT_TYPES, kind, "event-type")))
                .with_some("notification-class-filter", tags.number(5))
        }
        5 => {
            let process = tags.number(0)?;
            let part = Part::of(tags.object(1)?, detailed).with("process-id", process);
            let part = part.with_some("confirmed-notifications", tags.number(2).map(|flag| flag != 0));
            part.with_some("lifetime", tags.number(3))
        }
        6 | 7 => file(choice, tags, detailed)?,
        8 | 9 => {
            let part = Part::of(tags.object(0)?, detailed);
            let part = part.property(PropertyId(tags.number(1)?), tags.number(2));
            part.with_values(tags.inside(3)?)
        }
        10 => create(tags, detailed)?,
        11 => Part::of(ObjectId(tags.application_number(12)?), detailed),
        12 => Part::of(tags.object(0)?, detailed).property(PropertyId(tags.number(1)?), tags.number(2)),
        15 => {
            let part = Part::of(tags.object(0)?, detailed);
            let part = part.property(PropertyId(tags.number(1)?), tags.number(2));
            part.with_values(tags.inside(3)?).with_some("priority", tags.number(4))
        }
        17 => {
            let duration = tags.number(0);
            let state = names::name(ENABLE_DISABLE, tags.number(1)?, "state");
            control(state, tags.context(2), detailed).with_some("time-duration", duration)
        }
        18 => private_transfer(tags, detailed)?,
        19 => text_message(tags, detailed)?,
        20 => {
            let state = tags.number(0)?;
            control(reinitialized_state(state), tags.context(1), detailed).with("state-number", state)
        }
        21 => {
            let class = names::name(VT_CLASSES, tags.application_number(9)?, "vt-class");
            Part::new(detailed).valued(class).with("local-session", tags.application_number(2)?)
        }
        22 => Part::new(detailed).with("session", tags.application_number(2)?),
        23 => {
            let part = Part::new(detailed).with("session", tags.application_number(2)?);
            part.with("data-length", tags.application(6)?.len())
        }
        26 => read_range(tags, detailed)?,
        27 => {
            let process = tags.number(0)?;
            let source = tags.context(1).and_then(character_string);
            let operation = names::name(LIFE_SAFETY_OPERATIONS, tags.number(2)?, "operation");
            let part =
                tags.object(3).map_or_else(|| Part::new(detailed), |object| Part::of(object, detailed));
            part.valued(operation.clone())
                .with("operation", operation)
                .with("process-id", process)
                .with_some("requesting-source", source)
        }
        28 => {
            let process = tags.number(0)?;
            let object = tags.object(1)?;
            let confirmed = tags.number(2).map(|flag| flag != 0);
            let lifetime = tags.number(3);
            let mut reference = Tags::new(tags.inside(4)?);
            let part = Part::of(object, detailed)
                .property(PropertyId(reference.number(0)?), reference.number(1))
                .with("process-id", process)
                .with_some("confirmed-notifications", confirmed)
                .with_some("lifetime", lifetime);
            part.with_some("cov-increment", tags.context(5).and_then(real))
        }
        29 => match tags.object(0) {
            Some(object) => Part::of(object, detailed),
            None => Part::new(detailed),
        },
        _ => return None,
    };
    Some(part)
}

fn unconfirmed(choice: u8, mut tags: Tags<'_>, detailed: bool) -> Option<Part> {
    let part = match choice {
        0 => {
            let object = ObjectId(tags.application_number(12)?);
            let max_apdu = tags.application_number(2)?;
            let segmentation = names::name(SEGMENTATIONS, tags.application_number(9)?, "segmentation");
            let maker = tags.application_number(2)?;
            Part::of(object, detailed)
                .valued(vendor(maker))
                .with("max-apdu-length", max_apdu)
                .with("segmentation-supported", segmentation)
                .with("vendor-id", maker)
                .with("vendor", vendor(maker))
        }
        1 => {
            let device = ObjectId(tags.application_number(12)?);
            let object = ObjectId(tags.application_number(12)?);
            let name = character_string(tags.application(7)?)?;
            Part::of(object, detailed)
                .valued(name.clone())
                .with("device-type", device.kind_text())
                .with("device-instance", device.instance())
                .with("object-name", name)
        }
        2 => cov(tags, detailed)?,
        3 => event(tags, detailed)?,
        4 => private_transfer(tags, detailed)?,
        5 => text_message(tags, detailed)?,
        6 | 9 => {
            let (date, time) = (date(tags.application(10)?)?, time(tags.application(11)?)?);
            Part::new(detailed)
                .valued(format_compact!("{date} {time}"))
                .with("date", &date)
                .with("time", &time)
        }
        7 => {
            let limits = tags.number(0).zip(tags.number(1));
            let object = tags.object(2);
            let name = tags.context(3).and_then(character_string);
            if object.is_none() && name.is_none() {
                return None;
            }
            let mut part = object.map_or_else(|| Part::new(detailed), |object| Part::of(object, detailed));
            if let Some(name) = &name {
                part.target = Target::named(name.clone());
            }
            limited(part, limits).with_some("object-name", name)
        }
        8 => {
            let limits = tags.number(0).zip(tags.number(1));
            let mut part = Part::new(detailed);
            part.target = match limits {
                Some((low, high)) => Target::numbered("device", u64::from(low), u64::from(high)),
                None => Target { kind: "device".into(), ..Target::default() },
            };
            limited(part, limits)
        }
        10 => write_group(tags, detailed)?,
        13 | 14 => {
            let maker = tags.application_number(2)?;
            let (model, serial) =
                (character_string(tags.application(7)?)?, character_string(tags.application(7)?)?);
            let device = tags.application_number(12).map(ObjectId);
            let mac = tags.application(6).map(|bytes| hexadecimal(bytes, VALUE_BYTES_MAX));
            let part = device.map_or_else(|| Part::new(detailed), |device| Part::of(device, detailed));
            part.valued(format_compact!("{model} {serial}"))
                .with("vendor-id", maker)
                .with("vendor", vendor(maker))
                .with("model-name", model)
                .with("serial-number", serial)
                .with_some("mac-address", mac)
        }
        _ => return None,
    };
    Some(part)
}

fn limited(part: Part, limits: Option<(u32, u32)>) -> Part {
    match limits {
        Some((low, high)) => part.with("low-limit", low).with("high-limit", high),
        None => part,
    }
}

/// A command to the device itself. Its password is a credential: that there was one is all that is told.
fn control(state: CompactString, password: Option<&[u8]>, detailed: bool) -> Part {
    let mut part = Part::new(detailed).valued(state.clone()).with("state", state);
    part.target = Target { kind: "device".into(), ..Target::default() };
    part.with("has-password", password.is_some_and(|password| password.len() > 1))
}

fn real(data: &[u8]) -> Option<f32> {
    data.try_into().ok().map(f32::from_be_bytes)
}

fn read_multiple(mut tags: Tags<'_>, detailed: bool, parts: &mut Vec<Part>) -> Option<()> {
    while !tags.is_empty() && parts.len() < PARTS_MAX {
        let object = tags.object(0)?;
        let mut references = Tags::new(tags.inside(1)?);
        while !references.is_empty() && parts.len() < PARTS_MAX {
            let property = PropertyId(references.number(0)?);
            parts.push(Part::of(object, detailed).property(property, references.number(1)));
        }
    }
    Some(())
}

fn write_multiple(mut tags: Tags<'_>, detailed: bool, parts: &mut Vec<Part>) -> Option<()> {
    while !tags.is_empty() && parts.len() < PARTS_MAX {
        let object = tags.object(0)?;
        let mut writes = Tags::new(tags.inside(1)?);
        while !writes.is_empty() && parts.len() < PARTS_MAX {
            let property = PropertyId(writes.number(0)?);
            let part = Part::of(object, detailed).property(property, writes.number(1));
            parts.push(part.with_values(writes.inside(2)?).with_some("priority", writes.number(3)));
        }
    }
    Some(())
}

fn subscribe_multiple(mut tags: Tags<'_>, detailed: bool, parts: &mut Vec<Part>) -> Option<()> {
    let process = tags.number(0)?;
    let confirmed = tags.number(1).map(|flag| flag != 0);
    let lifetime = tags.number(2);
    let _max_delay = tags.number(3);
    let mut specifications = Tags::new(tags.inside(4)?);
    while !specifications.is_empty() && parts.len() < PARTS_MAX {
        let object = specifications.object(0)?;
        let mut references = Tags::new(specifications.inside(1)?);
        while !references.is_empty() && parts.len() < PARTS_MAX {
            let mut reference = Tags::new(references.inside(0)?);
            let increment = references.context(1).and_then(real);
            let timestamped = references.number(2).map(|flag| flag != 0);
            let part =
                Part::of(object, detailed).property(PropertyId(reference.number(0)?), reference.number(1));
            parts.push(
                part.with("process-id", process)
                    .with_some("confirmed-notifications", confirmed)
                    .with_some("lifetime", lifetime)
                    .with_some("cov-increment", increment)
                    .with_some("timestamped", timestamped),
            );
        }
    }
    Some(())
}

/// One object's values, each with the name of its property.
fn cov(mut tags: Tags<'_>, detailed: bool) -> Option<Part> {
    let process = tags.number(0)?;
    let device = tags.object(1)?;
    let part = Part::of(tags.object(2)?, detailed)
        .with("process-id", process)
        .with("device-instance", device.instance())
        .with("time-remaining", tags.number(3)?);
    property_values(Tags::new(tags.inside(4)?), part)
}

/// A list of properties with their values, as one part's value.
fn property_values(mut list: Tags<'_>, mut part: Part) -> Option<Part> {
    let mut shown = Vec::new();
    while !list.is_empty() && shown.len() < PARTS_MAX {
        let property = PropertyId(list.number(0)?);
        let index = list.number(1);
        let place = Place { object_type: part.object.map(ObjectId::kind), property: Some(property) };
        let value = listed(values(list.inside(2)?, place).iter().map(|value| &value.text), VALUE_BYTES_MAX);
        let _priority = list.context(3);
        let _time_of_change = list.inside(3);
        part = part.with("property", property.text()).with_some("array-index", index).with("value", &value);
        shown.push(format_compact!("{}={value}", property.text()));
    }
    Some(part.valued(listed(shown, VALUE_BYTES_MAX)))
}

fn cov_multiple(mut tags: Tags<'_>, detailed: bool, parts: &mut Vec<Part>) -> Option<()> {
    let process = tags.number(0)?;
    let device = tags.object(1)?;
    let remaining = tags.number(2)?;
    let _time = tags.inside(3);
    let mut notifications = Tags::new(tags.inside(4)?);
    while !notifications.is_empty() && parts.len() < PARTS_MAX {
        let part = Part::of(notifications.object(0)?, detailed)
            .with("process-id", process)
            .with("device-instance", device.instance())
            .with("time-remaining", remaining);
        parts.push(property_values(Tags::new(notifications.inside(1)?), part)?);
    }
    Some(())
}

fn event(mut tags: Tags<'_>, detailed: bool) -> Option<Part> {
    let process = tags.number(0)?;
    let device = tags.object(1)?;
    let part = Part::of(tags.object(2)?, detailed)
        .with("process-id", process)
        .with("device-instance", device.instance());
    let _time = tags.inside(3)?;
    let part = part.with("notification-class", tags.number(4)?).with("priority", tags.number(5)?);
    let kind = names::name(EVENT_TYPES, tags.number(6)?, "event-type");
    let text = tags.context(7).and_then(character_string);
    let notify = names::name(NOTIFY_TYPES, tags.number(8)?, "notify-type");
    let acknowledgement = tags.number(9).map(|flag| flag != 0);
    let from = tags.number(10).map(|state| names::name(EVENT_STATES, state, "event-state"));
    let to = names::name(EVENT_STATES, tags.number(11)?, "event-state");
    let value = match &text {
        Some(text) => format_compact!("{to}: {text}"),
        None => to.clone(),
    };
    Some(
        part.valued(value)
            .with("event-type", kind)
            .with("notify-type", notify)
            .with_some("message-text", text)
            .with_some("acknowledgment-required", acknowledgement)
            .with_some("from-state", from)
            .with("to-state", to),
    )
}

fn file(choice: u8, mut tags: Tags<'_>, detailed: bool) -> Option<Part> {
    let part = Part::of(ObjectId(tags.application_number(12)?), detailed);
    let (method, inner) = match tags.inside(0) {
        Some(inner) => ("stream-access", inner),
        None => ("record-access", tags.inside(1)?),
    };
    let mut inner = Tags::new(inner);
    let part = part.with("file-access-method", method).with("file-start", inner.signed()?);
    Some(match (choice, method) {
        (6, _) => part.with("file-count", inner.application_number(2)?),
        (_, "stream-access") => part.with("data-length", inner.application(6)?.len()),
        _ => part.with("file-count", inner.application_number(2)?),
    })
}

fn create(mut tags: Tags<'_>, detailed: bool) -> Option<Part> {
    let mut specifier = Tags::new(tags.inside(0)?);
    let mut part = match specifier.number(0) {
        Some(kind) => {
            let mut part = Part::new(detailed).with("object-type", object_type(kind));
            part.target = Target { kind: object_type(kind), ..Target::default() };
            part
        }
        None => Part::of(specifier.object(1)?, detailed),
    };
    if let Some(list) = tags.inside(1) {
        part = property_values(Tags::new(list), part)?;
    }
    Some(part)
}

fn private_transfer(mut tags: Tags<'_>, detailed: bool) -> Option<Part> {
    let (maker, number) = (tags.number(0)?, tags.number(1)?);
    let mut part = Part::new(detailed)
        .with("vendor-id", maker)
        .with("vendor", vendor(maker))
        .with("service-number", number);
    part.target = Target::named(format_compact!("{} service {number}", vendor(maker)));
    Some(match tags.inside(2) {
        Some(parameters) => part.with_data("parameters", parameters),
        None => part,
    })
}

fn text_message(mut tags: Tags<'_>, detailed: bool) -> Option<Part> {
    let source = tags.object(0)?;
    let _class = tags.inside(1);
    let priority = tags.number(2)?;
    let message = character_string(tags.context(3)?)?;
    Some(
        Part::new(detailed)
            .valued(message.clone())
            .with("device-instance", source.instance())
            .with("message-priority", if priority == 0 { "normal" } else { "urgent" })
            .with("message-text", message),
    )
}

fn read_range(mut tags: Tags<'_>, detailed: bool) -> Option<Part> {
    let part = Part::of(tags.object(0)?, detailed).property(PropertyId(tags.number(1)?), tags.number(2));
    for (tag, name) in [(3, "by-position"), (6, "by-sequence-number")] {
        if let Some(range) = tags.inside(tag) {
            let mut range = Tags::new(range);
            let (first, count) = (range.application_number(2)?, range.signed()?);
            return Some(part.with("range", name).with("range-start", first).with("range-count", count));
        }
    }
    if let Some(range) = tags.inside(7).or_else(|| tags.inside(4)) {
        let mut range = Tags::new(range);
        let (day, hour) = (date(range.application(10)?)?, time(range.application(11)?)?);
        let count = range.application(3).and_then(signed);
        let part = part.with("range", "by-time").with("range-start", format_compact!("{day} {hour}"));
        return Some(part.with_some("range-count", count));
    }
    Some(part)
}

fn write_group(mut tags: Tags<'_>, detailed: bool) -> Option<Part> {
    let group = tags.number(0)?;
    let priority = tags.number(1)?;
    let mut channels = Tags::new(tags.inside(2)?);
    let mut part = Part::new(detailed).with("group-number", group).with("priority", priority);
    part.target = Target::numbered("group", u64::from(group), u64::from(group));
    let mut shown = Vec::new();
    while !channels.is_empty() && shown.len() < PARTS_MAX {
        let channel = channels.number(0)?;
        let _overriding_priority = channels.number(1);
        let rest = channels.rest();
        channels.skip()?;
        let taken = rest.len() - channels.rest().len();
        let found = values(rest.get(..taken)?, Place::default());
        let value = listed(found.iter().map(|value| &value.text), VALUE_BYTES_MAX);
        part = part.with("channel", channel).with("value", &value);
        shown.push(format_compact!("{channel}={value}"));
    }
    Some(part.valued(listed(shown, VALUE_BYTES_MAX)))
}

fn audit(mut tags: Tags<'_>, detailed: bool, parts: &mut Vec<Part>) -> Option<()> {
    // Each notification follows the last without a group of its own (21, BACnetAuditNotification): the source device
    // [2], the operation [4] and the target device [10] are never left out, so they mark where one ends.
    let mut list = Tags::new(tags.inside(0)?);
    while !list.is_empty() && parts.len() < PARTS_MAX {
        let _source_time = list.inside(0);
        let _target_time = list.inside(1);
        let source = recipient(list.inside(2)?);
        let source_object = list.object(3);
        let operation = names::name(AUDIT_OPERATIONS, list.number(4)?, "audit-operation");
        let source_comment = list.context(5).and_then(character_string);
        let target_comment = list.context(6).and_then(character_string);
        let invoke = list.number(7);
        let (_user, _role) = (list.number(8), list.number(9));
        let target = recipient(list.inside(10)?);
        let target_object = list.object(11);
        let property = list.inside(12).and_then(|reference| Tags::new(reference).number(0)).map(PropertyId);
        let _priority = list.number(13);
        let target_value = list.inside(14);
        let _current_value = list.inside(15);
        let result = list.inside(16);
        let mut part = target_object.map_or_else(|| Part::new(detailed), |object| Part::of(object, detailed));
        if let Some(property) = property {
            part = part.property(property, None);
        }
        if let Some(data) = target_value {
            part = part.with_values(data);
        }
        let value = format_compact!("{operation} by {source}");
        parts.push(
            part.valued(value)
                .with("audit-operation", operation)
                .with("source-device", source)
                .with("target-device", target)
                .with_some("source-object", source_object.map(|object| object.0.to_compact_string()))
                .with_some("source-comment", source_comment)
                .with_some("target-comment", target_comment)
                .with_some("audited-invoke-id", invoke)
                .with("audit-result", if result.is_some() { "error" } else { "success" }),
        );
    }
    Some(())
}

/// A device named by number or by address (21, BACnetRecipient).
fn recipient(data: &[u8]) -> Text {
    let mut tags = Tags::new(data);
    if let Some(device) = tags.object(0) {
        return format_compact!("device {}", device.instance());
    }
    let address = tags.inside(1).map(|address| values(address, Place::default())).unwrap_or_default();
    listed(address.iter().map(|value| &value.text), VALUE_BYTES_MAX)
}
