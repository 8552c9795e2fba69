//! What others told, object by object: in a list, and one with why it is believed as far as it is.

use crate::{
    Watching, reference,
    view::{SightingView, TechniqueView, intelligence},
    words::{counted, list},
};
use ::city::{Doubt, DoubtKind};
use adapt::{
    intel::watch::{Belief, Ground, Kind, LooksFor, Standing, Watched, Watchlist},
    stix::{Object, Pattern},
};
use cycle::City;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::RwLockReadGuard;
use store::intelligence::Kept;

/// The types of objects that are listed, with what people call them.
pub const TYPES: [(&str, &str); 8] = [
    ("indicator", "Signs to watch for"),
    ("vulnerability", "Vulnerabilities"),
    ("course-of-action", "Defences"),
    ("malware", "Malware"),
    ("attack-pattern", "Ways of attack"),
    ("report", "Reports"),
    ("threat-actor", "Attackers"),
    ("identity", "Who says so"),
];

/// The most values of a pattern, readings of a version and sightings that are shown.
const SHOWN_MAX: usize = 20;

/// An object that others told, in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct KnownRow {
    /// Its STIX id.
    pub id: String,
    /// Its STIX type.
    #[serde(rename = "type")]
    pub object_type: String,
    /// What it is called, in its author's words; may be empty.
    pub name: String,
    /// What it says, in plain words; may be empty.
    pub says: String,
    /// Who told it first.
    pub source: String,
    /// What people call them.
    pub source_name: String,
    /// How far it may be passed on.
    pub tlp: &'static str,
    /// What its author says it is to be believed, from 0 to 100.
    pub confidence: Option<u8>,
    /// When it was added here.
    pub added: Timestamp,
    /// Of an indicator: `watched`, `covered` (by another that is believed more), `hunted` (it can only be hunted with),
    /// `doubted`, `over`, `early` (not valid yet), `withdrawn` (somebody here took it out) or `waiting`.
    pub state: Option<&'static str>,
}

/// An object with everything known of it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct KnownView {
    /// What the list shows.
    #[serde(flatten)]
    pub row: KnownRow,
    /// What it says and how it stands, in a few sentences.
    pub summary: String,
    /// Its description, in its author's words; may be empty.
    pub description: String,
    /// Its pattern, as it came.
    pub pattern: Option<String>,
    /// What of it is watched for, in plain words.
    pub values: Vec<String>,
    /// The command that hunts with it.
    pub command: Option<String>,
    /// How far it is believed, and why.
    pub belief: Option<BeliefView>,
    /// From when on it holds.
    pub valid_from: Option<Timestamp>,
    /// Until when.
    pub valid_until: Option<Timestamp>,
    /// When this version of it was made.
    pub version: Option<Timestamp>,
    /// Whether its author no longer stands by it.
    pub revoked: bool,
    /// Techniques of ATT&CK that it names.
    pub techniques: Vec<TechniqueView>,
    /// What was seen of it here, what was seen last first.
    pub sightings: Vec<SightingView>,
    /// Everybody who told this version in a text of their own.
    pub told_by: Vec<ToldBy>,
    /// The object as it is kept.
    pub object: Value,
}

/// Somebody who told an object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ToldBy {
    /// Who.
    pub source: String,
    /// What people call them.
    pub source_name: String,
    /// When it was added here.
    pub added: Timestamp,
}

/// How far an indicator is believed, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct BeliefView {
    /// Now, from 0 to 100.
    pub now: u8,
    /// What its author says; none if they say nothing, which counts as 50.
    pub said: Option<u8>,
    /// How far the source is believed.
    pub trust: u8,
    /// Since when it is said to hold.
    pub from: Timestamp,
    /// After how many days it is believed half as much.
    pub half_life_days: i64,
    /// How that comes about, in a sentence.
    pub why: String,
}

/// Some of what others told, and where to go on.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct KnownList {
    /// What was added last first. May be short, or empty, and others follow all the same.
    pub objects: Vec<KnownRow>,
    /// What to give as `before` for those that were added earlier; none if there are none.
    pub before: Option<Timestamp>,
}

/// Which objects are wanted. Every field may be left out.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct KnownFilter {
    /// The STIX type; `indicator` if left out.
    #[serde(rename = "type")]
    pub object_type: Option<String>,
    /// A source: a peer's id, or the name under which a file was taken in.
    pub source: Option<String>,
    /// Only those that were added before this time (RFC 3339).
    #[schemars(with = "Option<String>")]
    pub before: Option<Timestamp>,
}

impl KnownRow {
    /// What to call it where it stands alone.
    pub(crate) fn title(&self) -> &str {
        [&self.name, &self.says].into_iter().find(|text| !text.is_empty()).unwrap_or(&self.id)
    }

    /// The mark and the colour of how it stands.
    pub(crate) fn mark(&self) -> &'static str {
        match self.state {
            Some("watched" | "covered") => "well",
            Some("doubted") => "at-risk",
            Some("hunted") => "observed",
            Some("over" | "withdrawn") => "unused",
            _ => "unknown",
        }
    }

    /// How it stands, in a few words; empty if there is nothing to say.
    pub(crate) fn state_words(&self) -> &'static str {
        match self.state {
            Some("watched") => "watched for",
            Some("covered") => "watched for, by another’s word",
            Some("hunted") => "to hunt with only",
            Some("doubted") => "not acted on",
            Some("over") => "over",
            Some("early") => "not valid yet",
            Some("withdrawn") => "withdrawn here",
            Some(_) => "not watched for yet",
            None => "",
        }
    }
}

/// What is needed to say how an indicator stands.
pub(crate) struct Stand<'s> {
    city: &'s City,
    list: RwLockReadGuard<'s, Watchlist>,
    now: Timestamp,
}

impl<'s> Stand<'s> {
    pub(crate) fn new(city: &'s City, watching: &'s Watching, now: Timestamp) -> Stand<'s> {
        Stand { city, list: watching.list(), now }
    }

    /// An object as a list shows it.
    pub(crate) fn row(&self, kept: &Kept) -> KnownRow {
        let value: Value = serde_json::from_str(&kept.body).unwrap_or_default();
        let object = Object::of(&value);
        let looks_for = object.and_then(LooksFor::of);
        let values = looks_for.as_ref().map(|looks_for| looks_for.values.as_slice()).unwrap_or_default();
        let state = object.and_then(|object| self.state(object, values, kept));
        KnownRow {
            id: kept.id.clone(),
            object_type: kept.object_type.clone(),
            name: object.and_then(|object| object.name()).unwrap_or_default().to_owned(),
            says: object.map(|object| says(object, looks_for.as_ref())).unwrap_or_default(),
            source: kept.source.clone(),
            source_name: intelligence::source_name(self.city, &kept.source),
            tlp: kept.tlp.as_str(),
            confidence: object.and_then(|object| object.confidence()),
            added: kept.added,
            state,
        }
    }

    fn state(&self, object: Object<'_>, values: &[Watched], kept: &Kept) -> Option<&'static str> {
        let standing = Standing::of(object, &kept.source, self.list.ground(), self.now)?;
        Some(match standing {
            _ if kept.set_aside => "withdrawn",
            Standing::Over => "over",
            Standing::Hunted => "hunted",
            Standing::Doubted(Doubt { kind: DoubtKind::WrongTime, .. }) => "early",
            Standing::Doubted(_) => "doubted",
            Standing::Watched => {
                let id = object.id().unwrap_or_default();
                let by: Vec<_> =
                    values.iter().filter_map(|value| self.list.watches(value, self.now)).collect();
                match by.as_slice() {
                    [] => "waiting",
                    by if by.iter().any(|by| by.indicator == id) => "watched",
                    _ => "covered",
                }
            }
        })
    }

    /// An object with everything known of it, from all readings of its newest version.
    pub(crate) fn known(&self, readings: &[Kept]) -> Option<KnownView> {
        let kept = readings.first()?;
        let value: Value = serde_json::from_str(&kept.body).ok()?;
        let object = Object::of(&value)?;
        let row = self.row(kept);
        let looks_for = LooksFor::of(object);
        let values = looks_for.as_ref().map(|looks_for| looks_for.values.as_slice()).unwrap_or_default();
        let trust = intelligence::trust(self.city, &kept.source);
        let belief = values.first().map(|value| belief(Belief::of(object, value, trust, self.now), &row));
        let mut seen: Vec<_> = self.city.seen_of(&kept.id).collect();
        seen.sort_by_key(|seen| std::cmp::Reverse(seen.last));
        let sightings: Vec<SightingView> =
            seen.into_iter().take(SHOWN_MAX).map(|seen| intelligence::sighting(self.city, seen)).collect();
        let pattern = object.pattern().map(str::to_owned);
        Some(KnownView {
            summary: self.summary(&row, looks_for.as_ref(), &sightings),
            description: value.get("description").and_then(Value::as_str).unwrap_or_default().to_owned(),
            command: pattern
                .as_deref()
                .filter(|_| object.pattern_type() == Some("stix"))
                .map(|pattern| format!("bastide hunt {}", quoted(pattern))),
            values: values
                .iter()
                .take(SHOWN_MAX)
                .map(|value| in_words(value, self.list.ground(), &kept.source))
                .collect(),
            pattern,
            belief,
            valid_from: object.valid_from(),
            valid_until: object.valid_until(),
            version: kept.version,
            revoked: kept.revoked,
            techniques: techniques(object),
            sightings,
            told_by: readings
                .iter()
                .take(SHOWN_MAX)
                .map(|kept| ToldBy {
                    source: kept.source.clone(),
                    source_name: intelligence::source_name(self.city, &kept.source),
                    added: kept.added,
                })
                .collect(),
            row,
            object: value,
        })
    }

    fn summary(&self, row: &KnownRow, looks_for: Option<&LooksFor>, sightings: &[SightingView]) -> String {
        if row.object_type != "indicator" {
            return format!("{} told of it.", row.source_name);
        }
        let what = match looks_for {
            Some(LooksFor { values, suffices: true }) => {
                format!("says that {} is a sign of an attack", one_of(values, "`"))
            }
            _ => "told of a pattern that is a sign of an attack".to_owned(),
        };
        let stands = match row.state {
            Some("watched") => "It is watched for",
            Some("covered") => "It is watched for, by the word of somebody who is believed more",
            Some("hunted") => {
                "It asks for what traffic does not show, so that it can be hunted with and is not watched for"
            }
            Some("doubted") => "It is kept and not acted on",
            Some("over") => "It no longer holds, and is not watched for",
            Some("early") => "It does not hold yet, and is not watched for",
            Some("withdrawn") => {
                "It is kept and not acted on: somebody here took it, or all that this source tells, out"
            }
            _ => "It will be watched for when the list is made anew, in a moment",
        };
        let seen = match sightings {
            [] => "It was not seen here".to_owned(),
            [one] => format!("It was seen here at {}", one.subject.name),
            many => format!("It was seen here at {}", counted(many.len() as u64, "device", "devices")),
        };
        format!("{} {what}. {stands}. {seen}.", row.source_name)
    }
}

/// What an object says, in plain words.
fn says(object: Object<'_>, looks_for: Option<&LooksFor>) -> String {
    if let Some(LooksFor { values, suffices: true }) = looks_for {
        return one_of(values, "");
    }
    let text = match object.pattern() {
        Some(pattern) => {
            Pattern::parse(pattern).map_or_else(|_| pattern.to_owned(), |pattern| pattern.to_string())
        }
        None => object.value().get("description").and_then(Value::as_str).unwrap_or_default().to_owned(),
    };
    let mut short: String = text.chars().take(160).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

/// Values as people say them, each between marks: `198.51.100.7 or red.example`.
fn one_of(values: &[Watched], mark: &str) -> String {
    let said: Vec<String> = values.iter().take(3).map(|value| format!("{mark}{value}{mark}")).collect();
    let beyond = values.len().saturating_sub(said.len());
    if beyond > 0 {
        return format!("any of {} and {beyond} more", said.join(", "));
    }
    list(said.iter().map(String::as_str), 3).replace(" and ", " or ")
}

/// One value, and what is wrong with it, if anything is.
fn in_words(value: &Watched, ground: &Ground, source: &str) -> String {
    let what = match value {
        Watched::Address(address) => format!("the address `{address}`"),
        Watched::Network(network) => format!("any address of the network `{network}`"),
        Watched::Asked(network) => format!("`{network}`, asked of by HTTP or TLS"),
        Watched::Text(Kind::Name, name) => format!("the name `{name}`, asked for or said in a hello"),
        Watched::Text(Kind::Url, url) => format!("the URL `{url}`"),
        Watched::Text(Kind::Path, path) => format!("the path `{path}` of a URL"),
        Watched::Text(Kind::Agent, agent) => format!("a client of HTTP that calls itself `{agent}`"),
        Watched::Text(Kind::Certificate, hash) => format!("the certificate `{hash}`"),
        Watched::Text(Kind::Mac, mac) => format!("the device `{mac}` on its link"),
        Watched::Text(Kind::Ja3 | Kind::Ja4, print) => format!("the fingerprint `{print}` of a hello"),
    };
    match ground.doubt(value, source) {
        Some(doubt) => format!("{what}. It is not acted on: {}", lower(intelligence::doubt_words(doubt))),
        None => what,
    }
}

fn lower(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

fn belief(belief: Belief, row: &KnownRow) -> BeliefView {
    let said = match belief.said {
        Some(said) => format!("Its author says {said} of 100"),
        None => "Its author does not say, which counts as 50 of 100".to_owned(),
    };
    let days = belief.half_life.as_hours() / 24;
    let kind = if days > 60 { "names are given up slowly" } else { "addresses change hands" };
    BeliefView {
        now: belief.now,
        said: belief.said,
        trust: belief.trust,
        from: belief.from,
        half_life_days: days,
        why: format!(
            "{said}; {} is believed by {} of 100. It counts half as much every {days} days, for {kind}.",
            row.source_name, belief.trust
        ),
    }
}

/// The techniques of ATT&CK that an object names.
fn techniques(object: Object<'_>) -> Vec<TechniqueView> {
    let named = object.techniques().take(SHOWN_MAX);
    named.map(|id| TechniqueView { id: id.to_owned(), name: reference::technique(id) }).collect()
}

/// Text as one word of a shell (POSIX, 2.2.2 and 2.2.3), in which nothing means anything. Patterns are full of single
/// quotation marks, so that double ones read better; within those, some shells still take a `!` for their own.
pub(crate) fn quoted(text: &str) -> String {
    if text.contains('!') {
        return format!("'{}'", text.replace('\'', "'\\''"));
    }
    let mut word = String::with_capacity(text.len() + 2);
    word.push('"');
    for letter in text.chars() {
        if matches!(letter, '"' | '\\' | '$' | '`') {
            word.push('\\');
        }
        word.push(letter);
    }
    word.push('"');
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_one_word_of_a_shell() {
        assert_eq!(quoted("[file:name = 'a']"), "\"[file:name = 'a']\"");
        assert_eq!(quoted("$(x) \"y\" \\"), "\"\\$(x) \\\"y\\\" \\\\\"");
        assert_eq!(quoted("a != 'b'"), "'a != '\\''b'\\'''");
    }
}
