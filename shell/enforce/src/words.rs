//! What is asked of the enforcer and what it answers: one JSON object a line, either way.

use crate::text::{Quarantine, TEXT_MAX};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::{
    collections::BTreeSet,
    fmt::{self, Display},
    net::IpAddr,
    sync::Arc,
};

/// The longest line that is read: two texts, with what JSON adds to them.
pub(crate) const LINE_MAX: usize = 4 * TEXT_MAX;

/// The longest name of who asks, in bytes.
const WHO_MAX: usize = 128;

/// The longest reason, in bytes.
const REASON_MAX: usize = 512;

/// For how long a change may wait for its confirmation, in seconds: a day.
pub const SECONDS_MAX: u32 = 86_400;

/// A SHA-256 in hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Digest(String);

impl Digest {
    /// The digest of texts, in order. Texts of rules hold no zero byte, so it cannot stand for others.
    #[must_use]
    pub fn of(texts: &[&str]) -> Digest {
        use fmt::Write as _;
        let bytes = Sha256::digest(texts.join("\0").as_bytes());
        let mut hex = String::with_capacity(64);
        for byte in bytes {
            let _ = write!(hex, "{byte:02x}");
        }
        Digest(hex)
    }

    /// As it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its beginning, for people.
    #[must_use]
    pub fn short(&self) -> &str {
        self.0.get(..12).unwrap_or(&self.0)
    }
}

impl TryFrom<String> for Digest {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Digest, &'static str> {
        let hex = text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if hex { Ok(Digest(text)) } else { Err("a digest has 64 digits, 0 to 9 and a to f") }
    }
}

/// Whether rules refuse, or only log what they would refuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// They refuse.
    Enforce,
    /// They only log: the observing text that was staged beside the other.
    Observe,
}

impl Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Mode::Enforce => "enforce",
            Mode::Observe => "observe",
        })
    }
}

/// To which confirmed state to return.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum To {
    /// To no rules at all.
    Nothing,
    /// To the confirmed state of this number in the history.
    Number(u32),
    /// To what held before the last change; a change that waits for confirmation is given up.
    Previous,
}

/// A request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Request {
    /// Put staged rules in force; they are reverted unless confirmed in time.
    Apply {
        /// The digest that staging gave.
        digest: Digest,
        /// Within how many seconds the change must be confirmed.
        seconds: u32,
        /// Which of the staged texts.
        mode: Mode,
    },
    /// Keep a change that was applied.
    Confirm {
        /// The digest of the change.
        digest: Digest,
    },
    /// Put an address into quarantine.
    Contain {
        /// The address.
        address: IpAddr,
        /// Why.
        reason: String,
    },
    /// Let an address out of quarantine.
    Release {
        /// The address.
        address: IpAddr,
    },
    /// Return to a confirmed state.
    Revert {
        /// Which.
        to: To,
    },
    /// Say what is live and what should be.
    Show {
        /// Whether to give the texts too.
        texts: bool,
    },
    /// Check rules with nft and keep them, to be applied later.
    Stage {
        /// The ruleset, in nft's language.
        text: Arc<str>,
        /// The same for log-only mode.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        observing: Option<Arc<str>>,
    },
}

impl Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Request::Apply { digest, seconds, mode } => {
                write!(f, "apply {} in mode {mode}, to be confirmed within {seconds} s", digest.short())
            }
            Request::Confirm { digest } => write!(f, "confirm {}", digest.short()),
            Request::Contain { address, reason } => write!(f, "contain {address}: {reason}"),
            Request::Release { address } => write!(f, "release {address}"),
            Request::Revert { to } => write!(f, "revert to {to:?}"),
            Request::Show { .. } => f.write_str("show"),
            Request::Stage { text, .. } => write!(f, "stage {} bytes", text.len()),
        }
    }
}

/// A request and who makes it: a line to the enforcer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// Who asks, for the log and the history. Not proof: the log has the user that the kernel tells beside it.
    pub who: String,
    /// What.
    pub request: Request,
}

impl Asked {
    /// Reads a line.
    pub(crate) fn read(line: &[u8]) -> Result<Asked, String> {
        let asked: Asked = serde_json::from_slice(line)
            .map_err(|error| format!("the request was not understood: {error}"))?;
        is_plain("the name of who asks", &asked.who, WHO_MAX)?;
        if let Request::Contain { reason, .. } = &asked.request {
            is_plain("the reason", reason, REASON_MAX)?;
        }
        Ok(asked)
    }
}

/// Text that goes into a log line must not begin another.
fn is_plain(what: &str, text: &str, most: usize) -> Result<(), String> {
    let plain = !text.trim().is_empty() && text.len() <= most && !text.chars().any(char::is_control);
    if plain { Ok(()) } else { Err(format!("{what} must be 1 to {most} bytes of plain text")) }
}

/// A line from the enforcer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// It was done.
    Done(Done),
    /// It could not be done, or not wholly: why, and how things stand.
    Failed(String),
    /// It was not tried: why, and what to do.
    Refused(String),
}

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Done {
    /// Rules are in force until the deadline, or for good once confirmed.
    Applied(Pending),
    /// The change is kept.
    Confirmed(Kept),
    /// An address is in quarantine.
    Contained {
        /// The address.
        address: IpAddr,
        /// The sets that hold it now. With none, no rules that have a quarantine are in force: it is kept for those that
        /// come.
        sets: Vec<Quarantine>,
        /// Which rules hold the sets. In mode observe the address is only logged.
        mode: Option<Mode>,
    },
    /// An address is out of quarantine.
    Released {
        /// The address.
        address: IpAddr,
        /// Whether it was in quarantine before.
        was_contained: bool,
    },
    /// An earlier state is in force.
    Reverted(Option<Kept>),
    /// How things stand.
    Shown(Box<Shown>),
    /// The rules are good, and kept to be applied.
    Staged(Staged),
}

impl Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Answer::Done(done) => done.fmt(f),
            Answer::Failed(why) => write!(f, "failed: {why}"),
            Answer::Refused(why) => write!(f, "refused: {why}"),
        }
    }
}

impl Display for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Done::Applied(Pending { held, seconds, .. }) => {
                write!(f, "{held} in force; reverted in {seconds} s unless confirmed")
            }
            Done::Confirmed(kept) => write!(f, "confirmed: {kept}"),
            Done::Contained { address, sets, .. } if sets.is_empty() => {
                write!(f, "{address} is kept for quarantine, but no rules that have one are in force")
            }
            Done::Contained { address, .. } => write!(f, "{address} is in quarantine"),
            Done::Released { address, was_contained: true } => write!(f, "{address} is out of quarantine"),
            Done::Released { address, was_contained: false } => write!(f, "{address} was not in quarantine"),
            Done::Reverted(Some(kept)) => write!(f, "in force again: {kept}"),
            Done::Reverted(None) => f.write_str("no rules were ever confirmed; none are in force"),
            Done::Shown(shown) => {
                write!(f, "{} states, {} in quarantine", shown.history.len(), shown.quarantine.len())
            }
            Done::Staged(staged) => write!(f, "{} is staged", staged.digest.short()),
        }
    }
}

/// Rules that are or were in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// What staging called them.
    pub digest: Digest,
    /// The digest of the one text that nft was given.
    pub text: Digest,
    /// Whether they refuse or only log.
    pub mode: Mode,
    /// The quarantine sets that they have.
    pub sets: BTreeSet<Quarantine>,
}

impl Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rules {} (mode {})", self.digest.short(), self.mode)
    }
}

/// A change that waits for its confirmation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// The rules.
    pub held: Held,
    /// Who applied them.
    pub who: String,
    /// When it is reverted, by the wall clock. For people: the deadline itself is kept by a clock that cannot be set.
    pub until: Timestamp,
    /// The seconds that were given.
    pub seconds: u32,
}

/// A confirmed state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// Its number, from 1.
    pub number: u32,
    /// The rules; none if there were to be none.
    pub held: Option<Held>,
    /// Who confirmed it or returned to it.
    pub who: String,
    /// When.
    pub at: Timestamp,
    /// The number of the earlier state that was returned to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reverted_to: Option<u32>,
}

impl Display for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.held {
            Some(held) => write!(f, "state {}, {held}", self.number),
            None => write!(f, "state {}, no rules", self.number),
        }
    }
}

/// Rules that were staged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Staged {
    /// What they are called by.
    pub digest: Digest,
    /// The text that refuses.
    pub enforcing: Text,
    /// The text that only logs.
    pub observing: Option<Text>,
    /// Who staged them.
    pub who: String,
    /// When.
    pub at: Timestamp,
}

/// A text on disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text {
    /// Its digest.
    pub text: Digest,
    /// The quarantine sets that it has.
    pub sets: BTreeSet<Quarantine>,
}

/// An address in quarantine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contained {
    /// The address.
    pub address: IpAddr,
    /// Why.
    pub reason: String,
    /// Who asked for it.
    pub who: String,
    /// When.
    pub at: Timestamp,
}

/// How things stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// What holds if nothing is pending.
    pub confirmed: Option<Held>,
    /// A change that waits for its confirmation.
    pub pending: Option<Pending>,
    /// The seconds that are left to confirm it; 0 if it is being reverted.
    pub seconds_left: Option<u64>,
    /// What could be applied.
    pub staged: Option<Staged>,
    /// Every confirmed state that is kept, the oldest first; the last one holds.
    pub history: Vec<Kept>,
    /// Every address in quarantine.
    pub quarantine: Vec<Contained>,
    /// Whether what is live is something else than what should be.
    pub differs: bool,
    /// How: `-` is missing, `+` is there besides.
    pub difference: Vec<String>,
    /// Which texts belong to that, if asked for.
    pub texts: Option<Texts>,
}

/// Texts of rules.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Texts {
    /// What is live, as `nft -s list table` prints it.
    pub live: String,
    /// What nft was last given.
    pub should_be: Option<String>,
    /// The staged rules.
    pub staged: Option<String>,
    /// The staged rules that only log.
    pub staged_observing: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_strictly() {
        let digest = Digest::of(&["x"]);
        for line in [
            r#"{"who":"ann","request":{"show":{"texts":false}}}"#.to_owned(),
            r#"{"who":"ann","request":{"revert":{"to":{"number":3}}}}"#.to_owned(),
            r#"{"who":"ann","request":{"stage":{"text":"table inet bastide {}"}}}"#.to_owned(),
            format!(r#"{{"who":"ann","request":{{"confirm":{{"digest":"{}"}}}}}}"#, digest.as_str()),
        ] {
            Asked::read(line.as_bytes()).unwrap_or_else(|error| panic!("{line}: {error}"));
        }
        for line in [
            "",
            "[]",
            "{\"who\":\"ann\"}",
            r#"{"who":"ann","request":{"erase":{}}}"#,
            r#"{"who":"ann","request":{"show":{"texts":false}},"more":1}"#,
            r#"{"who":"ann","request":{"show":{"texts":false,"more":1}}}"#,
            r#"{"who":"ann","request":{"confirm":{"digest":"../../x"}}}"#,
            r#"{"who":"ann","request":{"release":{"address":"all"}}}"#,
            r#"{"who":"","request":{"show":{"texts":false}}}"#,
            r#"{"who":"a\nb","request":{"show":{"texts":false}}}"#,
            r#"{"who":"ann","request":{"contain":{"address":"192.0.2.1","reason":"a\u001b[2J"}}}"#,
        ] {
            assert!(Asked::read(line.as_bytes()).is_err(), "{line}");
        }
    }

    #[test]
    fn a_digest_is_of_both_texts() {
        assert_eq!(Digest::of(&[""]).short(), "e3b0c44298fc");
        assert_ne!(Digest::of(&["a", "b"]), Digest::of(&["ab"]));
    }
}
