//! Defences that cities hand one another: what worked there, to be tried here before it is adopted.
//!
//! ```text
//! Defence ─► sign ─► course-of-action (STIX 2.1) ─► … ─► open ─► Defence, or why it is not believed
//! ```
//!
//! A defence travels as a `course-of-action`, which everybody's tools can show, with an extension of ours that holds a
//! signed note (C2SP signed-note): the text that was signed, byte for byte, and the signature. What is believed is the
//! text and nothing around it, so that nobody need agree how JSON is written down anew.

mod apply;
mod open;
pub mod redact;
mod sign;
mod withdraw;

pub use apply::{indicator, is_taken_out, narrowings, procedure_files};
pub use open::{Refusal, open};
pub(crate) use sign::time;
pub use sign::{extension_definition, sign};
pub use withdraw::{Withdrawal, open_withdrawal, withdraw};

use crate::stix::Object;
use city::{DefenceKind, Protocol, Text, Tlp, Verb};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// The id of the extension.
pub const EXTENSION: &str = "extension-definition--6f3f0c5e-7a0b-5d0e-9f5d-3a1c2be4d7a1";

/// What a signed text begins with, so that nothing signed for another purpose is taken for a defence.
const BEGINS: &str = "bastide-defence/1\n";

/// The longest note, in bytes.
const NOTE_MAX: usize = 64 << 10;

/// The most addresses that one defence blocks.
pub const BLOCKS_MAX: usize = 1_000;

/// A defence, as its author signed it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Defence {
    /// Its STIX id: `course-of-action--` and a UUID.
    pub id: Text,
    /// When this version of it was made. A later version replaces an earlier one.
    pub version: Timestamp,
    /// Until when it is good: then its author would have to say again that it is needed.
    pub until: Timestamp,
    /// What it does, in plain words.
    pub title: Text,
    /// What it was good against, and how that is known.
    pub reason: String,
    /// How far it may be passed on.
    pub tlp: Tlp,
    /// What it does.
    pub does: Does,
}

/// What a defence does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Does {
    /// To block addresses outside the city.
    Block {
        /// The addresses; at most [`BLOCKS_MAX`].
        addresses: Vec<IpAddr>,
    },
    /// To report what matches a pattern.
    Detect {
        /// The pattern, in the language of STIX 2.1.
        pattern: String,
    },
    /// To take verbs of a protocol out of what conduits allow.
    Narrow {
        /// The protocol.
        protocol: Protocol,
        /// The verbs that are no longer allowed.
        verbs: Vec<Verb>,
        /// Where those stand that may no longer ask.
        from: End,
    },
    /// What people do, step by step.
    Procedure {
        /// The steps, in Markdown as the plan's procedures are.
        markdown: String,
    },
}

/// Where those stand that a defence is against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    /// In zones that are outside the city.
    Outside,
    /// Anywhere.
    Anywhere,
}

impl Does {
    /// The kind, by which a plan says what may be put in force without asking.
    #[must_use]
    pub fn kind(&self) -> DefenceKind {
        match self {
            Does::Block { .. } => DefenceKind::Block,
            Does::Detect { .. } => DefenceKind::Detect,
            Does::Narrow { .. } => DefenceKind::Narrow,
            Does::Procedure { .. } => DefenceKind::Procedure,
        }
    }
}

/// The signed note of a `course-of-action`, if it has one.
fn note_of(object: Object<'_>) -> Option<&str> {
    let extensions = object.value().get("extensions").filter(|_| object.object_type() == "course-of-action");
    extensions.and_then(|all| all.get(EXTENSION)?.get("note")?.as_str())
}
