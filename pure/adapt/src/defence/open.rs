//! From objects that came from somewhere to a defence that is believed, or to the reason why not.

use super::{BEGINS, BLOCKS_MAX, Defence, Does, NOTE_MAX, note_of, sign::time};
use crate::stix::{Object, Pattern};
use city::DoubtKind;
use integrity::{Note, NoteError, Verifier};
use jiff::{SignedDuration, Timestamp};
use serde::de::DeserializeOwned;

/// How far clocks of cities may be apart.
const SKEW: SignedDuration = SignedDuration::from_mins(5);

/// Why a defence is not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is a course of action without a signed note of ours: something for people, and nothing for machines.
    #[error("it says nothing that a machine can do")]
    Plain,
    /// The peer's key did not sign it, or it was changed after it was signed.
    #[error("it was not signed by {0}, or was changed since")]
    Forged(String),
    /// Nobody whose key is known signed it, or it was changed after it was signed.
    #[error("nobody whose key the plan has signed it, or it was changed since")]
    Stranger,
    /// What was signed is not a defence.
    #[error("what was signed is not a defence: {0}")]
    Malformed(String),
    /// What stands around the note is not what was signed.
    #[error("its {0} is not what was signed")]
    Differs(&'static str),
    /// It is not newer than what is known of it.
    #[error("it is no newer than the version of {0} that is known")]
    Replayed(Timestamp),
    /// It is no longer good.
    #[error("it was good until {0}")]
    Expired(Timestamp),
    /// It was made in the future.
    #[error("it says that it was made at {0}, which is yet to come")]
    FromFuture(Timestamp),
}

impl Refusal {
    /// What kind of doubt it casts on whoever sent it; none where nothing is wrong.
    #[must_use]
    pub fn doubt(&self) -> Option<DoubtKind> {
        match self {
            Refusal::Plain | Refusal::Expired(_) => None,
            Refusal::Forged(_) | Refusal::Stranger | Refusal::Differs(_) => Some(DoubtKind::Forged),
            Refusal::Malformed(_) => Some(DoubtKind::Malformed),
            Refusal::Replayed(_) => Some(DoubtKind::Replayed),
            Refusal::FromFuture(_) => Some(DoubtKind::WrongTime),
        }
    }
}

/// Opens a `course-of-action`: reads the note in it, checks that `key` signed it and that the object around it says the
/// same. `known` is the version of it that was opened before, if one was.
///
/// # Errors
/// [`Refusal`] says why it is not believed.
pub fn open(
    object: Object<'_>,
    key: &Verifier,
    known: Option<Timestamp>,
    now: Timestamp,
) -> Result<Defence, Refusal> {
    let value = object.value();
    let text = |name: &str| value.get(name).and_then(serde_json::Value::as_str);
    let defence: Defence = signed(object, key, BEGINS)?;
    check(&defence)?;
    let around = [
        ("id", text("id") == Some(defence.id.as_str())),
        ("modified", object.modified().is_some_and(|modified| time(modified) == time(defence.version))),
        ("name", text("name") == Some(defence.title.as_str())),
        ("description", text("description") == Some(defence.reason.as_str())),
        ("revoked", value.get("revoked").is_none_or(|revoked| revoked == &serde_json::Value::Bool(false))),
    ];
    if let Some((name, _)) = around.iter().find(|(_, same)| !same) {
        return Err(Refusal::Differs(name));
    }
    is_news(defence.version, known, now)?;
    if defence.until <= now {
        return Err(Refusal::Expired(defence.until));
    }
    Ok(defence)
}

/// What is in the note that an object carries, if `key` signed it and it begins with these words.
pub(super) fn signed<T: DeserializeOwned>(
    object: Object<'_>,
    key: &Verifier,
    begins: &str,
) -> Result<T, Refusal> {
    let Some(note) = note_of(object) else { return Err(Refusal::Plain) };
    if note.len() > NOTE_MAX {
        return Err(Refusal::Malformed(format!("{} bytes; the longest has {NOTE_MAX}", note.len())));
    }
    let note = Note::verify(note, key).map_err(|cause| match cause {
        NoteError::NotSigned | NoteError::BadSignature => Refusal::Forged(key.name().to_owned()),
        NoteError::Malformed => Refusal::Malformed(cause.to_string()),
    })?;
    let body = note.text().strip_prefix(begins);
    let body = body.ok_or_else(|| Refusal::Malformed("it begins with other words".to_owned()))?;
    serde_json::from_str(body).map_err(|cause| Refusal::Malformed(cause.to_string()))
}

/// Whether a version is later than the one that is known, and not from the future.
pub(super) fn is_news(version: Timestamp, known: Option<Timestamp>, now: Timestamp) -> Result<(), Refusal> {
    if let Some(known) = known.filter(|known| *known >= version) {
        return Err(Refusal::Replayed(known));
    }
    if version > now.saturating_add(SKEW).unwrap_or(Timestamp::MAX) {
        return Err(Refusal::FromFuture(version));
    }
    Ok(())
}

/// Whether what was signed makes sense.
fn check(defence: &Defence) -> Result<(), Refusal> {
    let malformed = |why: &str| Err(Refusal::Malformed(why.to_owned()));
    if !defence.id.starts_with("course-of-action--") {
        return malformed("its id is not one of a course of action");
    }
    match &defence.does {
        Does::Block { addresses } if addresses.is_empty() => malformed("it blocks nothing"),
        Does::Block { addresses } if addresses.len() > BLOCKS_MAX => {
            Err(Refusal::Malformed(format!("it blocks {}; the most is {BLOCKS_MAX}", addresses.len())))
        }
        Does::Detect { pattern } => match Pattern::parse(pattern) {
            Ok(_) => Ok(()),
            Err(cause) => Err(Refusal::Malformed(cause.to_string())),
        },
        Does::Narrow { verbs, .. } if verbs.is_empty() => malformed("it takes nothing away"),
        Does::Block { .. } | Does::Narrow { .. } | Does::Procedure { .. } => Ok(()),
    }
}
