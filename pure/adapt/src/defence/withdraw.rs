//! Taking a defence back. Only who signed it can: what is taken back without its author's signature still holds.

use super::{
    EXTENSION, Refusal,
    open::{is_news, signed},
    sign::time,
};
use crate::stix::Object;
use city::Text;
use integrity::{Signer, Verifier};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What a signed text begins with that takes a defence back.
const BEGINS: &str = "bastide-withdrawal/1\n";

/// The longest reason that is read, in characters.
const REASON_MAX: usize = 500;

/// That a defence no longer holds, as its author signed it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Withdrawal {
    /// The STIX id of the defence.
    pub id: Text,
    /// When it was taken back. It counts as a version, later than every version that it takes back.
    pub version: Timestamp,
    /// Until when the defence would have been good: so long it is remembered that it is not.
    pub until: Timestamp,
    /// What the defence was called.
    pub title: Text,
    /// Why it is taken back, in plain words; may be empty.
    pub reason: String,
}

/// The withdrawal as the revoked version (STIX 2.1, clause 3.6) of the `course-of-action` that it takes back.
///
/// `None` if the object is no `course-of-action`, or the withdrawal holds what cannot be signed: a control character.
#[must_use]
pub fn withdraw(object: &Value, withdrawal: &Withdrawal, key: &Signer) -> Option<Value> {
    let mut map = object.as_object()?.clone();
    if map.get("type")?.as_str()? != "course-of-action" {
        return None;
    }
    let body = serde_json::to_string(withdrawal).ok()?;
    let note = key.sign(&format!("{BEGINS}{body}\n"))?;
    let extension = json!({ "extension_type": "property-extension", "note": note });
    map.insert("modified".to_owned(), time(withdrawal.version).into());
    map.insert("revoked".to_owned(), true.into());
    map.insert("extensions".to_owned(), json!({ EXTENSION: extension }));
    Some(Value::Object(map))
}

/// Opens a revoked `course-of-action`: checks that `key` signed that it is taken back, and that the object around the
/// note says the same. `known` is the version of it that was judged before, if one was.
///
/// # Errors
/// [`Refusal`] says why it is not believed.
pub fn open_withdrawal(
    object: Object<'_>,
    key: &Verifier,
    known: Option<Timestamp>,
    now: Timestamp,
) -> Result<Withdrawal, Refusal> {
    if !object.revoked() {
        return Err(Refusal::Plain);
    }
    let mut withdrawal: Withdrawal = signed(object, key, BEGINS)?;
    if object.id() != Some(withdrawal.id.as_str()) {
        return Err(Refusal::Differs("id"));
    }
    if object.modified().is_none_or(|modified| time(modified) != time(withdrawal.version)) {
        return Err(Refusal::Differs("modified"));
    }
    is_news(withdrawal.version, known, now)?;
    let plain = withdrawal.reason.chars().filter(|c| !c.is_control()).take(REASON_MAX);
    withdrawal.reason = plain.collect();
    Ok(withdrawal)
}
