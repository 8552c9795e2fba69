//! What a reply tells: the data of each acknowledgement, and errors (clauses 13 to 18, productions in clause 21).

use super::message::{ObjectId, PropertyId};
use super::names::{self, ERROR_CLASSES, ERROR_CODES, EVENT_STATES, EVENT_TYPES};
use super::part::{PARTS_MAX, Part};
use super::value::{Place, Tags, values};
use crate::show::VALUE_BYTES_MAX;
use crate::show::listed;
use city::Text;
use compact_str::{ToCompactString, format_compact};

/// Why a request was refused (18.1 and 18.8 to 18.10).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub class: u32,
    pub code: u32,
}

impl Refusal {
    pub fn class_text(self) -> Text {
        names::name(ERROR_CLASSES, self.class, "error-class")
    }

    pub fn code_text(self) -> Text {
        names::name(ERROR_CODES, self.code, "error-code")
    }
}

/// Reads an error. Some services put it into a group, with more behind it.
pub fn parse_error(data: &[u8]) -> Option<Refusal> {
    let mut tags = Tags::new(data);
    let mut inner = match tags.inside(0) {
        Some(inner) => Tags::new(inner),
        None => tags,
    };
    Some(Refusal { class: inner.application_number(9)?, code: inner.application_number(9)? })
}

/// Reads the data of an acknowledgement; the raw data where they are not understood.
pub fn parse_reply(service: u8, data: &[u8], detailed: bool) -> Vec<Part> {
    let mut parts = Vec::new();
    let tags = Tags::new(data);
    let understood = match service {
        3 => alarm_summary(tags, detailed, &mut parts),
        4 => enrollment_summary(tags, detailed, &mut parts),
        14 => read_multiple(tags, detailed, &mut parts),
        29 => event_information(tags, detailed, &mut parts),
        _ => single(service, tags, detailed).map(|part| parts.push(part)),
    };
    if understood.is_none() || (parts.is_empty() && !data.is_empty()) {
        parts.push(Part::new(detailed).with_data("reply-data", data));
    }
    parts
}

fn single(service: u8, mut tags: Tags<'_>, detailed: bool) -> Option<Part> {
    let part = match service {
        6 => {
            let part = Part::new(detailed).with("end-of-file", tags.boolean()?);
            match tags.inside(0) {
                Some(stream) => {
                    let mut stream = Tags::new(stream);
                    let part = part.with("reply-file-start", stream.signed()?);
                    let length = stream.application(6)?.len();
                    part.with("reply-data-length", length).valued(format_compact!("{length} bytes"))
                }
                None => {
                    let mut records = Tags::new(tags.inside(1)?);
                    let part = part.with("reply-file-start", records.signed()?);
                    let count = records.application_number(2)?;
                    part.with("reply-file-count", count).valued(format_compact!("{count} records"))
                }
            }
        }
        7 => {
            let start = tags.context(0).or_else(|| tags.context(1))?;
            Part::new(detailed).with_some("reply-file-start", super::value::signed(start))
        }
        10 => {
            let object = ObjectId(tags.application_number(12)?);
            Part::of(object, detailed).valued(format_compact!("{} {}", object.kind_text(), object.instance()))
        }
        12 => {
            let part = Part::of(tags.object(0)?, detailed);
            let part = part.property(PropertyId(tags.number(1)?), tags.number(2));
            part.with_values(tags.inside(3)?)
        }
        18 => {
            let part = Part::new(detailed)
                .with("vendor-id", tags.number(0)?)
                .with("service-number", tags.number(1)?);
            match tags.inside(2) {
                Some(result) => part.with_data("result-data", result),
                None => part,
            }
        }
        21 => Part::new(detailed).with("remote-session", tags.application_number(2)?),
        23 => Part::new(detailed).with("all-data-accepted", tags.number(0)?),
        26 => {
            let part = Part::of(tags.object(0)?, detailed);
            let part = part.property(PropertyId(tags.number(1)?), tags.number(2));
            let flags = tags.context(3)?;
            let count = tags.number(4)?;
            let part =
                part.with("result-flags", flags.last().map_or(0, |bits| bits >> 5)).with("item-count", count);
            let part = match tags.inside(5) {
                Some(items) => part.with_values(items),
                None => part,
            };
            part.with_some("first-sequence-number", tags.number(6))
        }
        _ => return None,
    };
    Some(part)
}

fn read_multiple(mut tags: Tags<'_>, detailed: bool, parts: &mut Vec<Part>) -> Option<()> {
    while !tags.is_empty() && parts.len() < PARTS_MAX {
        let object = tags.object(0)?;
        let mut results = Tags::new(tags.inside(1)?);
        while !results.is_empty() && parts.len() < PARTS_MAX {
            let property = PropertyId(results.number(2)?);
            let part = Part::of(object, detailed).property(property, results.number(3));
            parts.push(match results.inside(4) {
                Some(value) => part.with_values(value),
                None => {
                    let refusal = parse_error(results.inside(5)?)?;
                    let mut part = part
                        .with("error-class", refusal.class_text())
                        .with("error-code", refusal.code_text());
                    part.refused = Some(refusal.code_text());
                    part
                }
            });
        }
    }
    Some(())
}

/// The objects that are in alarm, in one value.
fn alarm_summary(mut tags: Tags<'_>, detailed: bool, parts: &mut Vec<Part>) -> Option<()> {
    let mut part = Part::new(detailed);
    let mut shown = Vec::new();
    while !tags.is_empty() && shown.len() < PARTS_MAX {
        let object = ObjectId(tags.application_number(12)?);
        let state = names::name(EVENT_STATES, tags.application_number(9)?, "event-state");
        let _acknowledged = tags.application(8)?;
        let line = format_compact!("{} {} {state}", object.kind_text(), object.instance());
        part = part.with("alarm", &line);
        shown.push(line);
    }
    parts.push(part.valued(listed(shown, VALUE_BYTES_MAX)));
    Some(())
}

fn enrollment_summary(mut tags: Tags<'_>, detailed: bool, parts: &mut Vec<Part>) -> Option<()> {
    let mut part = Part::new(detailed);
    let mut shown = Vec::new();
    while !tags.is_empty() && shown.len() < PARTS_MAX {
        let object = ObjectId(tags.application_number(12)?);
        let kind = names::name(EVENT_TYPES, tags.application_number(9)?, "event-type");
        let state = names::name(EVENT_STATES, tags.application_number(9)?, "event-state");
        let priority = tags.application_number(2)?;
        let _class = tags.application_number(2);
        let line = format_compact!("{} {} {kind} {state} {priority}", object.kind_text(), object.instance());
        part = part.with("enrollment", &line);
        shown.push(line);
    }
    parts.push(part.valued(listed(shown, VALUE_BYTES_MAX)));
    Some(())
}

fn event_information(mut tags: Tags<'_>, detailed: bool, parts: &mut Vec<Part>) -> Option<()> {
    let mut list = Tags::new(tags.inside(0)?);
    let mut part = Part::new(detailed);
    let mut shown = Vec::new();
    while !list.is_empty() && shown.len() < PARTS_MAX {
        let object = list.object(0)?;
        let state = names::name(EVENT_STATES, list.number(1)?, "event-state");
        let _acknowledged = list.context(2)?;
        let _times = list.inside(3)?;
        let (_notify, _enable) = (list.context(4)?, list.context(5)?);
        let priorities = values(list.inside(6)?, Place::default());
        let line = format_compact!("{} {} {state}", object.kind_text(), object.instance());
        let priorities = listed(priorities.iter().map(|value| &value.text), VALUE_BYTES_MAX);
        part = part.with("event", &line).with("event-priorities", priorities);
        shown.push(line);
    }
    let more = tags.number(1).map(|flag| flag != 0);
    parts.push(
        part.with_some("more-events", more.map(|more| more.to_compact_string()))
            .valued(listed(shown, VALUE_BYTES_MAX)),
    );
    Some(())
}
