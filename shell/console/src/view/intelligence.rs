//! Intelligence at a glance: who told what to watch for, what of it was seen here, and what was doubted.

use crate::{
    Watching, reference,
    view::{End, TechniqueView, Window},
    words::{list, number},
};
use ::city::{Doubt, DoubtKind, PeerId, Text, Tlp};
use adapt::{
    intel::{reputation::to_begin_with, watch::Watched},
    told::Told,
};
use cycle::{City, Heard, Seen};
use ipnet::IpNet;
use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{cmp::Reverse, collections::BTreeMap, net::IpAddr};
use store::PeerReading;

/// The source under which what this city says itself is kept.
const HERE: &str = "here";

/// How long "this week" is.
const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The most doubts that are shown, the latest first.
const DOUBTS_MAX: usize = 100;

/// What others know, and what came of it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct IntelligenceView {
    /// How it stands, in a sentence for people.
    pub headline: String,
    /// How many addresses, networks and names are watched for.
    pub watched: u64,
    /// How many signs of an attack were seen here in the last seven days.
    pub seen_this_week: usize,
    /// Whether something is watched for that was asked about.
    pub asked: Option<AskedView>,
    /// Who told it: peers of the plan first.
    pub sources: Vec<TellerView>,
    /// What is kept and not acted on, the latest first.
    pub doubts: Vec<DoubtView>,
}

/// Whether something is watched for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct AskedView {
    /// What was asked about.
    pub value: String,
    /// The indicator by which it is watched for, if it is: of several, the one that is believed most.
    pub indicator: Option<String>,
    /// Who told it.
    pub source: Option<String>,
    /// How far it is believed, from 0 to 100.
    pub confidence: Option<u8>,
}

/// Somebody who tells what they know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TellerView {
    /// A peer's id, or the name under which a file was taken in.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// `peer` if the plan names it, or else `file`.
    pub kind: &'static str,
    /// Where it is read.
    pub taxii: Option<String>,
    /// How far it is believed, from 0 to 100.
    pub trust: u8,
    /// `read`, `never` or `unreachable` of a peer, `sends` of one that is not read, `taken-in` of a file.
    pub state: &'static str,
    /// When it was read or taken in last.
    pub read: Option<Timestamp>,
    /// Why it could not be read, if it could not.
    pub fault: Option<String>,
    /// Objects that were new, over all time.
    pub objects: u64,
    /// Indicators of it that are watched for.
    pub watched: u64,
    /// Indicators that can only be hunted with.
    pub hunted_only: u64,
    /// Indicators that are over: revoked, or no longer valid.
    pub over: u64,
}

/// Something wrong with what a source tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DoubtView {
    /// The source.
    pub source: String,
    /// What people call it.
    pub source_name: String,
    /// What is wrong, in a word for programmes.
    pub kind: &'static str,
    /// The same for people.
    pub said: &'static str,
    /// How often.
    pub count: u64,
    /// An example.
    pub example: String,
    /// The STIX id of the object that the example names, if it names one.
    pub about: Option<String>,
    /// When that was told last.
    pub time: Timestamp,
    /// The finding that it is.
    pub finding: Option<u64>,
}

/// A sign of an attack that others told of and that was seen here.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct SightingView {
    /// The indicator's STIX id.
    pub indicator: String,
    /// What it is about, in its author's words.
    pub name: String,
    /// Who told it.
    pub source: String,
    /// What people call them.
    pub source_name: String,
    /// How far it is believed, from 0 to 100.
    pub confidence: u8,
    /// How far it may be passed on: `clear`, `green`, `amber`, `amber-strict` or `red`.
    pub tlp: &'static str,
    /// The device that is concerned.
    pub subject: End,
    /// The other end, if there is one.
    pub peer: Option<End>,
    /// What matched.
    pub value: String,
    /// When it matched first.
    pub first: Timestamp,
    /// When it matched last.
    pub last: Timestamp,
    /// How often it was told; of one that goes on, once an hour.
    pub count: u64,
    /// Whether it was found by looking back through history.
    pub looking_back: bool,
    /// Techniques of ATT&CK that the indicator names.
    pub techniques: Vec<TechniqueView>,
    /// The finding that it is.
    pub finding: Option<u64>,
    /// How grave that is.
    pub severity: Option<&'static str>,
    /// The incident to which it belongs.
    pub incident: Option<u64>,
}

/// Some of what was seen, and how much there is.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct SightingList {
    /// How much is kept.
    pub total: usize,
    /// How much is left out before the first shown.
    pub offset: usize,
    /// What is shown, what was seen last first.
    pub sightings: Vec<SightingView>,
}

/// What is asked of what is watched for.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct IntelligenceWanted {
    /// An address, a network or a name: is it watched for?
    pub value: Option<String>,
}

impl TellerView {
    /// The mark and the colour of how it stands.
    pub(crate) fn mark(&self) -> &'static str {
        match self.state {
            "read" | "taken-in" => "well",
            "unreachable" => "at-risk",
            _ => "unknown",
        }
    }

    /// How it stands, in words.
    pub(crate) fn state_words(&self) -> &'static str {
        match self.state {
            "read" => "is read",
            "unreachable" => "cannot be read",
            "never" => "not read yet",
            "taken-in" => "taken in by hand",
            _ => "sends, is not read",
        }
    }
}

/// How far something may be passed on, as it is written on paper.
#[must_use]
pub fn marking(tlp: &str) -> &'static str {
    match tlp {
        "clear" => "TLP:CLEAR",
        "green" => "TLP:GREEN",
        "amber" => "TLP:AMBER",
        "amber-strict" => "TLP:AMBER+STRICT",
        _ => "TLP:RED",
    }
}

/// The same as what people may do (FIRST, Traffic Light Protocol 2.0).
#[must_use]
pub fn marking_words(tlp: &str) -> &'static str {
    match tlp {
        "clear" => "anybody may know",
        "green" => "for the community, and not for the public",
        "amber" => "for us and those we serve, where they need to know",
        "amber-strict" => "for us alone, where we need to know",
        _ => "for those it was sent to, and nobody else",
    }
}

/// What people call a source.
pub(crate) fn source_name(city: &City, source: &str) -> String {
    let peer = || city.plan()?.peer(&source.parse::<PeerId>().ok()?);
    if source == HERE {
        return "this city".to_owned();
    }
    peer().map_or_else(|| source.to_owned(), |peer| peer.name.to_string())
}

/// How far a source is believed, from 0 to 100.
pub(crate) fn trust(city: &City, source: &str) -> u8 {
    city.believed(source, to_begin_with(city.plan().map(AsRef::as_ref), source)).trust
}

/// What is watched for, who told it, and what of it is doubted. What is marked narrower than `narrowest` is not spoken of.
pub(crate) fn intelligence(
    city: &City,
    watching: &Watching,
    readings: &BTreeMap<String, PeerReading>,
    wanted: &IntelligenceWanted,
    narrowest: Tlp,
) -> IntelligenceView {
    let sources = sources(city, watching, readings);
    let since = city.now().checked_sub(WEEK).unwrap_or(Timestamp::MIN);
    let seen = city.seen().filter(|seen| seen.sighting.tlp <= narrowest && seen.last >= since);
    let seen_this_week =
        seen.map(|seen| &seen.sighting.indicator).collect::<std::collections::BTreeSet<_>>().len();
    let watched = watching.list().len() as u64;
    IntelligenceView {
        headline: headline(watched, &sources, seen_this_week),
        watched,
        seen_this_week,
        asked: wanted.value.as_deref().and_then(|value| asked(city, watching, value, narrowest)),
        doubts: doubts(city),
        sources,
    }
}

fn headline(watched: u64, sources: &[TellerView], seen: usize) -> String {
    let seen = match seen {
        0 => "none was seen here this week".to_owned(),
        1 => "one was seen here this week".to_owned(),
        seen => format!("{} were seen here this week", number(seen)),
    };
    let telling: Vec<&str> =
        sources.iter().filter(|source| source.watched > 0).map(|source| source.name.as_str()).collect();
    match (watched, telling.len()) {
        (0, _) if sources.is_empty() => "Nobody has told us yet what to watch for.".to_owned(),
        (0, _) => "Of what others told us there is nothing to watch for.".to_owned(),
        (1, _) => format!("We watch for one address or name that {} warned of; {seen}.", list(telling, 2)),
        (watched, 0..=2) => format!(
            "We watch for {} addresses and names that {} warned of; {seen}.",
            number(usize::try_from(watched).unwrap_or(usize::MAX)),
            list(telling, 2)
        ),
        (watched, many) => format!(
            "We watch for {} addresses and names that {} others warned of; {seen}.",
            number(usize::try_from(watched).unwrap_or(usize::MAX)),
            number(many)
        ),
    }
}

/// Whether something is watched for; none if nothing was asked.
fn asked(city: &City, watching: &Watching, value: &str, narrowest: Tlp) -> Option<AskedView> {
    let value = value.trim();
    if value.is_empty() {
        return None;
    }
    let value: String = value.chars().take(300).collect();
    // As people write what nobody should press.
    let mended = value.replace("[.]", ".");
    let sought = if let Ok(address) = mended.parse::<IpAddr>() {
        Watched::Address(address)
    } else if let Ok(network) = mended.parse::<IpNet>() {
        Watched::Network(network)
    } else {
        Watched::name(&mended)
    };
    let by = watching.list().watches(&sought, city.now()).filter(|by| by.tlp <= narrowest);
    Some(AskedView {
        value,
        source: by.as_ref().map(|by| source_name(city, &by.source)),
        confidence: by.as_ref().map(|by| by.confidence),
        indicator: by.map(|by| by.indicator.to_string()),
    })
}

fn sources(city: &City, watching: &Watching, readings: &BTreeMap<String, PeerReading>) -> Vec<TellerView> {
    let heard: BTreeMap<&str, &Heard> =
        city.heard().map(|(source, heard)| (source.as_str(), heard)).collect();
    let peers = city.plan().into_iter().flat_map(|plan| plan.peers());
    let mut sources: Vec<TellerView> = peers
        .filter(|peer| peer.taxii.is_some() || heard.contains_key(peer.id.as_str()))
        .map(|peer| {
            let reading = readings.get(peer.id.as_str()).cloned().unwrap_or_default();
            let state = match (&peer.taxii, &reading.fault, reading.read) {
                (None, ..) => "sends",
                (_, Some(_), _) => "unreachable",
                (_, None, None) => "never",
                (_, None, Some(_)) => "read",
            };
            TellerView {
                id: peer.id.to_string(),
                name: peer.name.to_string(),
                kind: "peer",
                taxii: peer.taxii.as_ref().map(Text::to_string),
                trust: trust(city, peer.id.as_str()),
                state,
                read: reading.read,
                fault: reading.fault,
                objects: reading.objects,
                watched: 0,
                hunted_only: 0,
                over: 0,
            }
        })
        .collect();
    let named: Vec<String> = sources.iter().map(|source| source.id.clone()).collect();
    // An exchange that somebody was refused at is no source: only who told something is.
    let told = |id: &&str| {
        let taken = heard.get(*id).is_some_and(|heard| heard.taken.is_some());
        taken || watching.sources.contains_key(*id)
    };
    let mut others: Vec<&str> =
        heard.keys().copied().chain(watching.sources.keys().map(String::as_str)).filter(told).collect();
    others.sort_unstable();
    others.dedup();
    for id in others.into_iter().filter(|id| *id != HERE && !named.iter().any(|named| named == id)) {
        let heard = heard.get(id);
        sources.push(TellerView {
            id: id.to_owned(),
            name: id.to_owned(),
            kind: "file",
            taxii: None,
            trust: trust(city, id),
            state: "taken-in",
            read: heard.and_then(|heard| heard.taken),
            fault: None,
            objects: heard.map_or(0, |heard| heard.new),
            watched: 0,
            hunted_only: 0,
            over: 0,
        });
    }
    let list = watching.list();
    let watched: BTreeMap<&str, u64> =
        list.by_source().map(|(source, count)| (source.as_str(), count)).collect();
    for source in &mut sources {
        if let Some(gathered) = watching.sources.get(&source.id) {
            source.watched = watched.get(source.id.as_str()).copied().unwrap_or_default();
            source.hunted_only = gathered.hunted_only;
            source.over = gathered.over;
        }
    }
    sources
}

fn doubts(city: &City) -> Vec<DoubtView> {
    let mut doubts: Vec<DoubtView> = city
        .heard()
        .flat_map(|(source, heard)| heard.doubts.iter().map(move |(kind, doubted)| (source, *kind, doubted)))
        .map(|(source, kind, doubted)| {
            let doubt = Doubt { kind, count: doubted.count, example: doubted.example.clone() };
            DoubtView {
                source: source.to_string(),
                source_name: source_name(city, source),
                kind: kind.as_str(),
                said: doubt_words(kind),
                count: doubted.count,
                example: told_without_id(&doubted.example),
                about: named_in(&doubted.example).map(str::to_owned),
                time: doubted.time,
                finding: city
                    .finding_of(&Told::Doubt { source, doubt: &doubt })
                    .map(|finding| finding.number),
            }
        })
        .collect();
    doubts.sort_by_key(|doubt| Reverse(doubt.time));
    doubts.truncate(DOUBTS_MAX);
    doubts
}

/// The id of an indicator or defence that a text names.
fn named_in(text: &str) -> Option<&str> {
    ["indicator--", "course-of-action--"].iter().find_map(|kind| {
        let from = text.find(kind)?;
        text.get(from..from + kind.len() + 36)
    })
}

/// An example without the id of what it stands in, which is a link where it is shown.
fn told_without_id(text: &str) -> String {
    named_in(text).map_or_else(|| text.to_owned(), |id| text.replace(&format!(" in `{id}`"), ""))
}

/// What is wrong, for people.
pub(crate) fn doubt_words(kind: DoubtKind) -> &'static str {
    match kind {
        DoubtKind::OwnAddress => "It names this city’s own addresses as an attacker’s",
        DoubtKind::NobodysAddress => "It names addresses that are nobody’s in particular",
        DoubtKind::WellKnown => "It names what everybody uses",
        DoubtKind::TooBroad => "It names so much that it says nothing",
        DoubtKind::TooLarge => "It is more than is taken in",
        DoubtKind::Malformed => "It could not be understood",
        DoubtKind::TooHard => "Its pattern cannot be decided in reasonable time",
        DoubtKind::WrongTime => "Its times cannot be right",
        DoubtKind::Forged => "Somebody else signed it, or it was changed since",
        DoubtKind::Replayed => "It is older than what was told before",
        DoubtKind::Marking => "It was passed on against its own marking",
        DoubtKind::Unreachable => "The source could not be read",
        DoubtKind::Denied => "Somebody asked for what they may not have",
    }
}

/// What was seen here of what others told, what was seen last first. What is marked narrower than `narrowest` is not
/// spoken of.
pub(crate) fn sightings(city: &City, narrowest: Tlp, window: Window) -> SightingList {
    let mut seen: Vec<&Seen> = city.seen().filter(|seen| seen.sighting.tlp <= narrowest).collect();
    seen.sort_by_key(|seen| Reverse(seen.last));
    SightingList {
        total: seen.len(),
        offset: window.offset,
        sightings: seen
            .into_iter()
            .skip(window.offset)
            .take(window.limit)
            .map(|seen| sighting(city, seen))
            .collect(),
    }
}

/// One thing that was seen.
pub(crate) fn sighting(city: &City, seen: &Seen) -> SightingView {
    let sighting = &seen.sighting;
    let finding = city.finding_of(&Told::Sighting(sighting));
    SightingView {
        indicator: sighting.indicator.to_string(),
        name: sighting.name.to_string(),
        source: sighting.source.to_string(),
        source_name: source_name(city, &sighting.source),
        confidence: sighting.confidence,
        tlp: sighting.tlp.as_str(),
        subject: End::new(city, sighting.subject),
        peer: sighting.peer.map(|peer| End::new(city, peer)),
        value: sighting.value.to_string(),
        first: seen.first,
        last: seen.last,
        count: seen.count,
        looking_back: sighting.looking_back,
        techniques: sighting
            .techniques
            .iter()
            .map(|id| TechniqueView { id: id.to_string(), name: reference::technique(id) })
            .collect(),
        finding: finding.map(|finding| finding.number),
        severity: finding.map(|finding| finding.severity.as_str()),
        incident: finding
            .and_then(|finding| city.incident_of(finding.number))
            .map(|incident| incident.number),
    }
}
