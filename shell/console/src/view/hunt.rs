//! Hunts: those that come with Bastide, when each was made last, and what it found.

use crate::{
    config::HuntHit,
    hunting::{Begun, Ended},
    pages::push_encoded,
    reference,
    view::{End, known::quoted},
    words::{capital, grouped, number},
};
use ::city::{Address, Hunted};
use adapt::{hunt::Hunt, told::Told};
use cycle::{City, Hunt as Made};
use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;

/// For how long a hunt speaks for the city; as long as its evidence.
const SPEAKS: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The hunts.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct HuntList {
    /// How it stands, in a sentence for people.
    pub headline: String,
    /// Those that come with Bastide, by technique of ATT&CK for ICS.
    pub library: Vec<HuntView>,
    /// Others that were made, what was made last first.
    pub others: Vec<HuntView>,
}

/// A hunt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct HuntView {
    /// By which it is run; of one that is not in the library, its pattern, or as much as is kept of it.
    pub name: String,
    /// What it looks for, in a few words.
    pub title: String,
    /// The technique of ATT&CK for ICS, if it looks for one.
    pub technique: Option<String>,
    /// The technique's name.
    pub technique_name: Option<String>,
    /// The question that it asks.
    pub question: String,
    /// Why it matters.
    pub why: String,
    /// What to do with a hit.
    pub next: String,
    /// What is looked for, in the patterning language of STIX.
    pub pattern: String,
    /// The command that runs it.
    pub command: String,
    /// When it was made last, and what came of it; none if it never was.
    pub last: Option<HuntedView>,
}

/// What came of a hunt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct HuntedView {
    /// When it was made.
    pub time: Timestamp,
    /// By whom.
    pub by: String,
    /// The beginning of the time that was searched.
    pub from: Timestamp,
    /// Its end.
    pub until: Timestamp,
    /// How many records were in that time.
    pub searched: u64,
    /// How many of them matched.
    pub found: u64,
    /// The device that the first match is about, by name.
    pub at: Option<String>,
    /// How often it was made so far.
    pub times: u64,
    /// The finding of it, if it ever found anything.
    pub finding: Option<u64>,
}

/// The hunt that runs, and the last one that was made from here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct HuntingView {
    /// The hunt that runs, if one does.
    pub running: Option<BegunView>,
    /// The last one that ended. Kept in memory until the next ends.
    pub last: Option<EndedView>,
}

/// A hunt that was begun here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct BegunView {
    /// A hunt of the library, by its name.
    pub name: Option<String>,
    /// What is looked for, in the patterning language of STIX.
    pub pattern: String,
    /// How many days are looked back; all the way if none are said.
    pub days: Option<u32>,
    /// By whom.
    pub by: String,
    /// When.
    pub began: Timestamp,
}

/// A hunt that was made here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct EndedView {
    /// What was asked.
    #[serde(flatten)]
    pub begun: BegunView,
    /// When it ended.
    pub ended: Timestamp,
    /// Why it came to nothing, if it did.
    pub failure: Option<String>,
    /// What came of it, in a sentence.
    pub said: String,
    /// How many records matched.
    pub found: u64,
    /// Those records, put together by their ends, the latest first.
    pub hits: Vec<HitView>,
    /// How many more there are.
    pub beyond: usize,
    /// What could not be looked for, or at.
    pub unsought: Vec<String>,
}

/// Records of the past that are alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct HitView {
    /// The time of the first.
    pub first: Timestamp,
    /// The time of the last.
    pub last: Timestamp,
    /// How many they are.
    pub rows: u64,
    /// The end that began or asked.
    pub source: Option<End>,
    /// The end that was spoken to.
    pub destination: Option<End>,
    /// The port there.
    pub port: Option<u16>,
    /// The application protocol.
    pub protocol: Option<&'static str>,
    /// The verb of a request, or else the kind of record.
    pub what: &'static str,
    /// What was asked, in the protocol’s own words.
    pub function: String,
    /// What the last was about.
    pub target: String,
    /// The last’s value.
    pub value: Option<String>,
}

/// A hunt that is to be made.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct HuntSaid {
    /// A hunt of the library, by its name.
    #[serde(default)]
    pub name: Option<String>,
    /// Or else what to look for, in the patterning language of STIX.
    #[serde(default)]
    pub pattern: Option<String>,
    /// How many days to look back; all the way if left out.
    #[serde(default)]
    pub days: Option<u32>,
}

impl HuntView {
    /// The address of its page.
    pub(crate) fn address(&self) -> String {
        let mut address = "/hunts/".to_owned();
        push_encoded(&mut address, &self.name);
        address
    }

    /// Whether it is in the library.
    pub(crate) fn is_saved(&self) -> bool {
        !self.question.is_empty()
    }

    /// The mark and the colour of what it came to.
    pub(crate) fn mark(&self) -> &'static str {
        match &self.last {
            None => "unknown",
            Some(last) if last.found > 0 => "at-risk",
            Some(_) => "well",
        }
    }

    /// What it came to, in words.
    pub(crate) fn found_words(&self) -> String {
        match &self.last {
            None => "never made".to_owned(),
            Some(last) if last.found == 0 => "found nothing".to_owned(),
            Some(last) if last.found == 1 => "found one record".to_owned(),
            Some(last) => {
                format!("found {} records", number(usize::try_from(last.found).unwrap_or(usize::MAX)))
            }
        }
    }
}

/// Every hunt of the library, and others that were made.
pub(crate) fn hunts(city: &City, library: Vec<Hunt>, now: Timestamp) -> HuntList {
    let names: Vec<String> = library.iter().map(|hunt| hunt.name.clone()).collect();
    let mut library: Vec<HuntView> = library.into_iter().map(|hunt| saved(city, hunt)).collect();
    library.sort_by(|a, b| (&a.technique, &a.name).cmp(&(&b.technique, &b.name)));
    let mut others: Vec<HuntView> = city
        .hunts()
        .filter(|made| !names.iter().any(|name| *name == *made.hunted.hunt))
        .map(|made| unsaved(city, made))
        .collect();
    others.sort_by_key(|hunt| Reverse(hunt.last.as_ref().map(|last| last.time)));
    HuntList { headline: headline(&library, &others, now), library, others }
}

/// One hunt of the library, or one that was made by its pattern.
pub(crate) fn hunt(city: &City, library: Vec<Hunt>, name: &str) -> Option<HuntView> {
    match library.into_iter().find(|hunt| hunt.name == name) {
        Some(hunt) => Some(saved(city, hunt)),
        None => city.hunt(name).map(|made| unsaved(city, made)),
    }
}

fn headline(library: &[HuntView], others: &[HuntView], now: Timestamp) -> String {
    let since = now.checked_sub(SPEAKS).unwrap_or(Timestamp::MIN);
    let made: Vec<&HuntedView> = library
        .iter()
        .chain(others)
        .filter_map(|hunt| hunt.last.as_ref())
        .filter(|last| last.time >= since)
        .collect();
    let ready = number(library.len());
    let found = made.iter().filter(|last| last.found > 0).count();
    let found = match found {
        0 => "and nothing was found".to_owned(),
        1 => "and one of them found something".to_owned(),
        many => format!("and {} of them found something", number(many)),
    };
    match made.len() {
        0 => format!("{} hunts stand ready; none was made in the last 30 days.", capital(&ready)),
        1 => format!("One hunt was made in the last 30 days, {}.", found.replace("one of them", "it")),
        many => format!("{} hunts were made in the last 30 days, {found}.", capital(&number(many))),
    }
}

fn saved(city: &City, hunt: Hunt) -> HuntView {
    HuntView {
        last: city.hunt(&hunt.name).map(|made| made_last(city, made)),
        command: format!("bastide hunt run {}", hunt.name),
        name: hunt.name,
        title: hunt.title,
        technique: Some(hunt.technique),
        technique_name: Some(hunt.technique_name),
        question: hunt.question,
        why: hunt.why,
        next: hunt.next,
        pattern: hunt.pattern.trim().to_owned(),
    }
}

fn unsaved(city: &City, made: &Made) -> HuntView {
    let pattern = made.hunted.hunt.to_string();
    let technique = made.hunted.technique.as_ref().map(ToString::to_string);
    HuntView {
        title: pattern.clone(),
        technique_name: technique.as_deref().and_then(reference::technique).map(str::to_owned),
        technique,
        question: String::new(),
        why: String::new(),
        next: String::new(),
        command: format!("bastide hunt {}", quoted(&pattern)),
        last: Some(made_last(city, made)),
        name: pattern.clone(),
        pattern,
    }
}

fn made_last(city: &City, made: &Made) -> HuntedView {
    let Hunted { by, from, until, searched, found, subject, .. } = &made.hunted;
    HuntedView {
        time: made.time,
        by: by.to_string(),
        from: *from,
        until: *until,
        searched: *searched,
        found: *found,
        at: subject.map(|subject: Address| city.name(subject).to_string()),
        times: made.times,
        // The same hunt may have found something at another device before.
        finding: city.finding_of(&Told::Found(&made.hunted)).map(|finding| finding.number),
    }
}

/// The hunt that runs, and the last one that was made from here.
pub(crate) fn hunting(city: &City, running: Option<Begun>, last: Option<Ended>) -> HuntingView {
    HuntingView { running: running.map(begun), last: last.map(|ended| ended_view(city, ended)) }
}

fn begun(begun: Begun) -> BegunView {
    let Begun { by, asked, time } = begun;
    BegunView { name: asked.name, pattern: asked.pattern, days: asked.days, by, began: time }
}

fn ended_view(city: &City, ended: Ended) -> EndedView {
    let found = ended.outcome.as_ref().as_ref();
    let (records, searched) = found.map_or((0, 0), |found| (found.hunted.found, found.hunted.searched));
    let said = match (found, records) {
        (Err(_), _) => "It came to nothing.".to_owned(),
        (Ok(_), 0) => format!("Nothing was found in {} records.", grouped(searched)),
        (Ok(_), 1) => format!("One of {} records matches.", grouped(searched)),
        (Ok(_), many) => format!("{} of {} records match.", grouped(many), grouped(searched)),
    };
    EndedView {
        failure: found.err().map(|why| capital(&format!("{}.", why.trim_end_matches('.')))),
        said,
        found: records,
        hits: found
            .map_or_else(|_| Vec::new(), |found| found.hits.iter().map(|one| hit(city, one)).collect()),
        beyond: found.map_or(0, |found| found.beyond),
        unsought: found.map_or_else(|_| Vec::new(), |found| found.unsought.clone()),
        ended: ended.time,
        begun: begun(ended.begun),
    }
}

fn hit(city: &City, hit: &HuntHit) -> HitView {
    HitView {
        first: hit.first,
        last: hit.last,
        rows: hit.rows,
        source: hit.source.map(|address| End::new(city, address)),
        destination: hit.destination.map(|address| End::new(city, address)),
        port: hit.port,
        protocol: hit.protocol,
        what: hit.what,
        function: hit.function.to_string(),
        target: hit.target.to_string(),
        value: hit.value.as_ref().map(ToString::to_string),
    }
}
