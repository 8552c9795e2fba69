//! From a defence to objects that can be published.

use super::{BEGINS, Defence, EXTENSION};
use crate::stix::marking_id;
use integrity::Signer;
use jiff::Timestamp;
use serde_json::{Value, json};

/// The defence as a `course-of-action` (STIX 2.1, clause 4.3) with its signed note. `author` is the id of the identity
/// that publishes it; `created` the time of its first version.
///
/// `None` if the defence holds what cannot be signed: a control character.
#[must_use]
pub fn sign(defence: &Defence, author: &str, created: Timestamp, key: &Signer) -> Option<Value> {
    let body = serde_json::to_string(defence).ok()?;
    let note = key.sign(&format!("{BEGINS}{body}\n"))?;
    Some(json!({
        "type": "course-of-action",
        "spec_version": "2.1",
        "id": defence.id,
        "created_by_ref": author,
        "created": time(created),
        "modified": time(defence.version),
        "name": defence.title,
        "description": defence.reason,
        "object_marking_refs": [marking_id(defence.tlp)],
        "extensions": { EXTENSION: { "extension_type": "property-extension", "note": note } },
    }))
}

/// The definition of our extension (STIX 2.1, clause 7.3), which is published beside what uses it.
#[must_use]
pub fn extension_definition(author: &str) -> Value {
    json!({
        "type": "extension-definition",
        "spec_version": "2.1",
        "id": EXTENSION,
        "created_by_ref": author,
        "created": "2026-11-27T00:00:00.000Z",
        "modified": "2026-11-27T00:00:00.000Z",
        "name": "Signed defence",
        "description": "What a course of action does, for machines, in a note signed with Ed25519.",
        "schema": "https://github.com/C2SP/C2SP/blob/main/signed-note.md",
        "version": "1.0.0",
        "extension_types": ["property-extension"],
    })
}

/// A time as STIX has it: in UTC, with three digits of a fraction (clause 3.2 wants them of `created` and `modified`).
pub(crate) fn time(time: Timestamp) -> String {
    format!("{time:.3}")
}
