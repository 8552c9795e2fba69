//! Other forms, read into objects of STIX, so that everything that others know is kept and shared in one.
//!
//! What is made here has ids that depend on nothing but what is told and by whom (UUIDv5, RFC 9562 §5.5): the same file
//! read twice is known. STIX 2.1 (§2.9) would have UUIDv4 for such objects, and allows others in a namespace that keeps
//! them apart, which must not be the one for observables; ours is `NAMESPACE`. What has a UUID of its own keeps it.

mod kev;
mod lists;
mod misp;
mod table;

use crate::stix::{Document, marking_id};
use city::Tlp;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use sha1::{Digest as _, Sha1};

/// The largest file that is read, in bytes.
pub const FILE_MAX: usize = 64 << 20;

/// The most objects of one file.
pub const OBJECTS_MAX: usize = 500_000;

/// The most parts that are named because they were passed over.
const SKIPPED_MAX: usize = 100;

/// The namespace of the ids made here: drawn by lot, and not that of observables, which are not made here.
const NAMESPACE: [u8; 16] =
    [0x8d, 0x2f, 0x63, 0x1e, 0x77, 0x40, 0x4c, 0x0b, 0x9d, 0x5e, 0x21, 0x0a, 0xc4, 0x6b, 0x90, 0xf3];

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// STIX 2.1: a bundle, an object, or a list of objects.
    Stix,
    /// An event of MISP, as it is exported in JSON.
    Misp,
    /// CISA's catalogue of Known Exploited Vulnerabilities in JSON.
    Kev,
    /// A value a line: addresses, networks, names, URLs, hashes.
    List,
    /// A table with commas, the values in a column of their own.
    Csv,
}

impl Form {
    /// What it is called.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Form::Stix => "STIX",
            Form::Misp => "MISP",
            Form::Kev => "KEV",
            Form::List => "list",
            Form::Csv => "table",
        }
    }
}

/// Who tells it, and when it is read.
#[derive(Clone, Copy, Debug)]
pub struct Teller<'t> {
    /// The source: a peer's id, or the name of a file.
    pub source: &'t str,
    /// How far it may be passed on, where the file does not say.
    pub tlp: Option<Tlp>,
    /// Now. What carries no time of its own counts from the beginning of this day (UTC), so that what is read again on the
    /// same day is known, and on a later day is said anew.
    pub now: Timestamp,
}

impl Teller<'_> {
    fn today(&self) -> Timestamp {
        const DAY: i64 = 86_400;
        let seconds = self.now.as_second();
        Timestamp::from_second(seconds - seconds.rem_euclid(DAY)).unwrap_or(self.now)
    }
}

/// What was read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Read {
    /// What the file was.
    pub form: Option<Form>,
    /// The objects.
    pub objects: Vec<Value>,
    /// What was passed over: where, and why. The first hundred.
    pub skipped: Vec<(String, String)>,
    /// How much was passed over.
    pub skipped_in_all: u64,
}

impl Read {
    fn skip(&mut self, place: impl Into<String>, why: impl Into<String>) {
        self.skipped_in_all += 1;
        if self.skipped.len() < SKIPPED_MAX {
            self.skipped.push((place.into(), why.into()));
        }
    }

    fn put(&mut self, object: Value) {
        if self.objects.len() < OBJECTS_MAX {
            self.objects.push(object);
        } else {
            self.skip("the rest", format!("{OBJECTS_MAX} objects are taken at most"));
        }
    }
}

/// Why a file cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It is too large.
    #[error("it has {0} bytes; the largest that is read has {FILE_MAX}")]
    TooLarge(usize),
    /// It is not text.
    #[error("it is not UTF-8 text")]
    NotText,
    /// It is JSON of no form that is known.
    #[error("{0}")]
    Unknown(String),
}

/// Reads a file, in the form given or else in the one that it looks like.
///
/// # Errors
/// It is too large, not text, or of no form that is known.
pub fn read(bytes: &[u8], form: Option<Form>, teller: Teller<'_>) -> Result<Read, Unreadable> {
    if bytes.len() > FILE_MAX {
        return Err(Unreadable::TooLarge(bytes.len()));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| Unreadable::NotText)?;
    let text = text.trim_start_matches('\u{feff}');
    let is_json = text.trim_start().starts_with(['{', '[']);
    let form = match form {
        None if !is_json && lists::is_table(text) => Some(Form::Csv),
        None if !is_json => Some(Form::List),
        form => form,
    };
    let (form, read) = match form {
        Some(form @ Form::List) => (form, lists::list(text, teller)),
        Some(form @ Form::Csv) => (form, lists::csv(text, teller)),
        _ => document(text, form, teller)?,
    };
    Ok(Read { form: Some(form), ..read })
}

/// Reads JSON.
fn document(text: &str, form: Option<Form>, teller: Teller<'_>) -> Result<(Form, Read), Unreadable> {
    let document = Document::read(text.as_bytes()).map_err(|cause| Unreadable::Unknown(cause.to_string()))?;
    let value = document.value();
    let form = form.or_else(|| form_of(value)).ok_or_else(|| {
        let known = "STIX 2.1, MISP events, CISA KEV, lists and tables are read";
        Unreadable::Unknown(format!("it is JSON of no form that is known: {known}"))
    })?;
    let read = match form {
        Form::Misp => misp::events(value, teller),
        Form::Kev => kev::catalogue(value, teller),
        _ => stix(&document),
    };
    Ok((form, read))
}

fn form_of(value: &Value) -> Option<Form> {
    let first = value.as_array().and_then(|list| list.first()).unwrap_or(value);
    if first.get("Event").is_some() || value.get("response").is_some() {
        Some(Form::Misp)
    } else if value.get("vulnerabilities").is_some() && value.get("catalogVersion").is_some() {
        Some(Form::Kev)
    } else {
        first.get("type").and_then(Value::as_str).map(|_| Form::Stix)
    }
}

/// Objects of STIX as they are.
fn stix(document: &Document) -> Read {
    let mut read = Read::default();
    for object in document.objects() {
        match object.id() {
            Some(_) => read.put(object.value().clone()),
            None => read.skip(object.object_type(), "it has no id"),
        }
    }
    read
}

/// An id made of what is told: the same for the same.
fn id(object_type: &str, parts: &[&str]) -> String {
    let mut hasher = Sha1::new();
    hasher.update(NAMESPACE);
    for part in parts {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part.as_bytes());
    }
    let mut uuid = [0; 16];
    uuid.iter_mut().zip(hasher.finalize()).for_each(|(byte, hash)| *byte = hash);
    let [_, _, _, _, _, _, version, _, variant, ..] = &mut uuid;
    *version = *version & 0x0f | 0x50;
    *variant = *variant & 0x3f | 0x80;
    let digits = format!("{:032x}", u128::from_be_bytes(uuid));
    let part = |from, to| digits.get(from..to).unwrap_or_default();
    format!(
        "{object_type}--{}-{}-{}-{}-{}",
        part(0, 8),
        part(8, 12),
        part(12, 16),
        part(16, 20),
        part(20, 32)
    )
}

/// A time as STIX has it.
fn time(time: Timestamp) -> String {
    format!("{time:.3}")
}

/// What is said of a value besides the value itself.
#[derive(Clone, Copy, Debug)]
struct Said<'s> {
    /// The id, where it has one of its own.
    id: Option<&'s str>,
    /// When it was said first, if that was before.
    created: Option<Timestamp>,
    /// Since when it is a sign.
    from: Timestamp,
    /// Whether its teller no longer stands by it.
    revoked: bool,
    name: &'s str,
    description: &'s str,
    tlp: Option<Tlp>,
    /// Techniques of ATT&CK.
    techniques: &'s [String],
    labels: &'s [String],
}

impl Said<'_> {
    /// Nothing but since when.
    fn since(from: Timestamp) -> Self {
        Said {
            id: None,
            created: None,
            from,
            revoked: false,
            name: "",
            description: "",
            tlp: None,
            techniques: &[],
            labels: &[],
        }
    }
}

/// An indicator for a pattern.
fn indicator(pattern: &str, said: Said<'_>, teller: Teller<'_>) -> Value {
    let mut object = Map::new();
    let mut put = |name: &str, value: Value| object.insert(name.to_owned(), value);
    put("type", "indicator".into());
    put("spec_version", "2.1".into());
    let id = said.id.map_or_else(|| id("indicator", &[teller.source, pattern]), str::to_owned);
    put("id", id.into());
    put("created", time(said.created.unwrap_or(said.from)).into());
    put("modified", time(said.from).into());
    if said.revoked {
        put("revoked", true.into());
    }
    put("pattern", pattern.into());
    put("pattern_type", "stix".into());
    put("valid_from", time(said.from).into());
    put("indicator_types", json!(["malicious-activity"]));
    if !said.name.is_empty() {
        put("name", said.name.into());
    }
    if !said.description.is_empty() {
        put("description", said.description.into());
    }
    if let Some(tlp) = said.tlp.or(teller.tlp) {
        put("object_marking_refs", json!([marking_id(tlp)]));
    }
    if !said.labels.is_empty() {
        put("labels", said.labels.into());
    }
    let references: Vec<Value> = said
        .techniques
        .iter()
        .map(|id| {
            let source = if id.starts_with("T0") { "mitre-ics-attack" } else { "mitre-attack" };
            json!({ "source_name": source, "external_id": id })
        })
        .collect();
    if !references.is_empty() {
        put("external_references", references.into());
    }
    Value::Object(object)
}

/// Text as a constant of a pattern (STIX 2.1, §9.5.2).
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}
