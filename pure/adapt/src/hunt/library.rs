//! The library: hunts by technique, as data.

use crate::stix::Pattern;
use serde::Deserialize;
use std::collections::BTreeSet;

/// A saved hunt.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hunt {
    /// By which it is run.
    pub name: String,
    /// What it looks for, in a few words.
    pub title: String,
    /// The technique of ATT&CK for ICS, such as `T0843`.
    pub technique: String,
    /// The technique's name.
    pub technique_name: String,
    /// The question that it asks, in plain words.
    pub question: String,
    /// Why it matters.
    pub why: String,
    /// What to do with a hit.
    pub next: String,
    /// What is looked for, in the STIX patterning language.
    pub pattern: String,
    /// If only what is spread matters: over how much.
    pub spread: Option<Spread>,
}

/// Only hits that come from, or go to, several ends count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spread {
    /// Whose number is counted.
    pub of: End,
    /// The least number of these.
    pub least: usize,
}

/// An end of a conversation; what is counted at the one end is counted for each at the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    /// Ends that were spoken to, for each that spoke.
    Destinations,
    /// Ends that spoke, for each that was spoken to.
    Sources,
}

impl End {
    /// The word that a library has for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            End::Destinations => "destinations",
            End::Sources => "sources",
        }
    }
}

/// Why a library cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadLibrary {
    /// It is not TOML, or has other fields than a library.
    #[error("it is no library of hunts: {0}")]
    Text(String),
    /// Two hunts have one name.
    #[error("two hunts have the name `{0}`; give one another")]
    Twice(String),
    /// A hunt's pattern is none.
    #[error("the hunt `{name}` has no pattern: {problem}")]
    Pattern {
        /// The hunt.
        name: String,
        /// Where and what.
        problem: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Library {
    hunt: Vec<Hunt>,
}

/// The hunts that come with Bastide.
///
/// # Errors
/// None: a test reads it.
pub fn built_in() -> Result<Vec<Hunt>, BadLibrary> {
    read(include_str!("library.toml"))
}

/// Reads a library: TOML with a `[[hunt]]` for each.
///
/// # Errors
/// What makes it unfit, with the hunt's name.
pub fn read(text: &str) -> Result<Vec<Hunt>, BadLibrary> {
    let library: Library = toml::from_str(text).map_err(|error| BadLibrary::Text(error.to_string()))?;
    let mut names = BTreeSet::new();
    for hunt in &library.hunt {
        if !names.insert(&hunt.name) {
            return Err(BadLibrary::Twice(hunt.name.clone()));
        }
        if let Err(error) = Pattern::parse(&hunt.pattern) {
            return Err(BadLibrary::Pattern { name: hunt.name.clone(), problem: error.to_string() });
        }
    }
    Ok(library.hunt)
}
