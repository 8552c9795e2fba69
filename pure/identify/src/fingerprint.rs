//! Fingerprints, and the databases that hold them.

use crate::{Attributes, Kind, pattern::Pattern};
use city::Text;

/// The longest saying that is looked at, in bytes. What devices say of themselves is shorter.
const SAID_MAX: usize = 16 << 10;

/// Where a fingerprint comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The table that is part of Bastide.
    BuiltIn,
    /// A database that the operator gave, by the name of its file.
    Recog(Text),
}

/// A fingerprint: a pattern, and what is known of whoever says what matches it.
#[derive(Debug)]
pub(crate) struct Fingerprint {
    pattern: Pattern,
    description: Text,
    given: Vec<(Text, Text)>,
    /// Attributes with the number of the group that holds each one's value.
    taken: Vec<(Text, usize)>,
    /// Whether others may add to it.
    goes_on: bool,
}

impl Fingerprint {
    pub(crate) fn new(pattern: Pattern, description: &str) -> Fingerprint {
        Fingerprint {
            pattern,
            description: description.into(),
            given: Vec::new(),
            taken: Vec::new(),
            goes_on: false,
        }
    }

    /// Gives an attribute a value.
    pub(crate) fn give(&mut self, name: &str, value: &str) {
        self.given.push((name.into(), value.into()));
    }

    /// Lets an attribute have what a group of the pattern takes out.
    pub(crate) fn take(&mut self, name: &str, group: usize) {
        self.taken.push((name.into(), group));
    }

    /// Lets fingerprints that come later add to this one.
    pub(crate) fn go_on(&mut self) {
        self.goes_on = true;
    }

    /// Whether its pattern can be made ready.
    pub(crate) fn is_usable(&self) -> bool {
        self.pattern.regex().is_some()
    }

    /// Whether every attribute that is named like a group has that group.
    fn fill(&self, said: &str, attributes: &mut Attributes) -> bool {
        let Some(regex) = self.pattern.for_saying(said) else { return false };
        let Some(captures) = regex.captures(said) else { return false };
        for (name, group) in &self.taken {
            attributes.fill(name, captures.get(*group).map_or("", |found| found.as_str()));
        }
        for name in regex.capture_names().flatten() {
            attributes.fill(name, captures.name(name).map_or("", |found| found.as_str()));
        }
        for (name, value) in &self.given {
            attributes.fill(name, value);
        }
        true
    }
}

/// What a saying tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identification {
    /// The kind of saying for which it was recognised.
    pub kind: Kind,
    /// Whose fingerprint it was.
    pub source: Source,
    /// What the fingerprint is for, in words. Empty if it does not say.
    pub description: Text,
    /// What is known.
    pub attributes: Attributes,
}

/// Fingerprints for one kind of saying, in the order in which they are tried.
#[derive(Debug)]
pub struct Database {
    kind: Kind,
    source: Source,
    preference: f64,
    fingerprints: Vec<Fingerprint>,
}

impl Database {
    pub(crate) fn new(
        kind: Kind,
        source: Source,
        preference: f64,
        fingerprints: Vec<Fingerprint>,
    ) -> Database {
        Database { kind, source, preference, fingerprints }
    }

    /// The kind of saying it is for.
    #[must_use]
    pub fn kind(&self) -> &Kind {
        &self.kind
    }

    /// How far what it says goes before what others say of a saying of unknown kind: 0 to 1.
    #[must_use]
    pub fn preference(&self) -> f64 {
        self.preference
    }

    /// How many fingerprints it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.fingerprints.len()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fingerprints.is_empty()
    }

    /// How many of its fingerprints cannot be used: their patterns need what ours have not, such as look-around. Makes
    /// every pattern ready, so ask seldom.
    #[must_use]
    pub fn unusable(&self) -> usize {
        self.fingerprints.iter().filter(|fingerprint| !fingerprint.is_usable()).count()
    }

    /// What a saying tells, if one of its fingerprints knows it.
    #[must_use]
    pub fn identify(&self, said: &str) -> Option<Identification> {
        if said.len() > SAID_MAX {
            return None;
        }
        let mut attributes = Attributes::default();
        let mut description = None;
        for fingerprint in &self.fingerprints {
            if !fingerprint.fill(said, &mut attributes) {
                continue;
            }
            description.get_or_insert_with(|| fingerprint.description.clone());
            if !fingerprint.goes_on {
                break;
            }
        }
        let description = description?;
        attributes.interpolate();
        Some(Identification { kind: self.kind.clone(), source: self.source.clone(), description, attributes })
    }
}

/// Everything that databases know of a saying. Of a saying of a known kind, in the order of the databases; without a kind
/// every kind is tried, and the most certain stands first.
#[must_use]
pub fn identify<'d>(
    databases: impl IntoIterator<Item = &'d Database>,
    kind: Option<&Kind>,
    said: &str,
) -> Vec<Identification> {
    let shown = Kind::shown_by(said);
    let kind = kind.or(shown.as_ref());
    let mut known: Vec<(u8, f64, Identification)> = Vec::new();
    for database in databases {
        if kind.is_some_and(|kind| kind != database.kind()) {
            continue;
        }
        let bare = database.kind().bare(said);
        // What looks like the words of the protocol may belong to the saying.
        let found = database.identify(bare).or_else(|| database.identify(said).filter(|_| bare != said));
        if let Some(found) = found {
            let certain = ["service", "os", "hw"].iter().map(|part| found.confidence(part)).min();
            known.push((certain.unwrap_or(0), database.preference(), found));
        }
    }
    // Of one kind, who was given first is asked first; of many kinds, the most certain guess is the best.
    if kind.is_none() {
        known.sort_by(|(certain, preference, one), (also, other, another)| {
            let much = |known: &Identification| known.attributes.iter().len();
            also.cmp(certain).then(other.total_cmp(preference)).then(much(another).cmp(&much(one)))
        });
    }
    let mut distinct: Vec<Identification> = Vec::new();
    for (.., found) in known {
        // Fields of several protocols share a table: what is the same is said once.
        if distinct.iter().all(|one| one.attributes != found.attributes || one.source != found.source) {
            distinct.push(found);
        }
    }
    distinct
}
