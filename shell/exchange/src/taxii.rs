//! What the standard fixes: names, media types, times and the shapes of messages.

use jiff::{Timestamp, fmt::temporal::DateTimePrinter};
use serde::Serialize;

/// The media type of every message (§1.6.8).
pub const MEDIA_TYPE: &str = "application/taxii+json;version=2.1";
/// The media type of objects of STIX 2.1.
pub(crate) const STIX_21: &str = "application/stix+json;version=2.1";
/// The media type of objects of STIX 2.0.
pub(crate) const STIX_20: &str = "application/stix+json;version=2.0";

/// The largest envelope that is taken, in bytes; `max_content_length` of the API root.
pub const CONTENT_MAX: usize = 10 << 20;

/// When the first and the last object of an answer were added (§3.4).
pub(crate) const DATE_ADDED_FIRST: &str = "x-taxii-date-added-first";
pub(crate) const DATE_ADDED_LAST: &str = "x-taxii-date-added-last";

/// A time as TAXII writes it: RFC 3339, in UTC. Whole milliseconds have three digits, as they mostly have where they
/// come from, so that programmes that compare text find them equal; all else has six.
pub(crate) fn timestamp(time: Timestamp) -> String {
    const MILLISECONDS: DateTimePrinter = DateTimePrinter::new().precision(Some(3));
    const MICROSECONDS: DateTimePrinter = DateTimePrinter::new().precision(Some(6));
    let whole = time.as_microsecond().rem_euclid(1_000) == 0;
    let printer = if whole { MILLISECONDS } else { MICROSECONDS };
    printer.timestamp_to_string(&time)
}

/// Whether a media type is ours. Without a version it is the newest we have.
pub(crate) fn is_ours(media: &str, parameters: &str) -> bool {
    media.trim().eq_ignore_ascii_case("application/taxii+json")
        && parameters.split(';').filter_map(|parameter| parameter.split_once('=')).all(|(name, value)| {
            !name.trim().eq_ignore_ascii_case("version") || value.trim().trim_matches('"') == "2.1"
        })
}

/// An error message (§3.6.1).
#[derive(Debug, Serialize)]
pub(crate) struct ErrorMessage<'m> {
    pub(crate) title: &'m str,
    pub(crate) description: &'m str,
    pub(crate) http_status: String,
}

/// What a server offers (§4.1.1).
#[derive(Debug, Serialize)]
pub(crate) struct Discovery<'m> {
    pub(crate) title: &'m str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(crate) description: &'m str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(crate) contact: &'m str,
    pub(crate) default: &'m str,
    pub(crate) api_roots: [&'m str; 1],
}

/// What an API root offers (§4.2.1).
#[derive(Debug, Serialize)]
pub(crate) struct ApiRoot<'m> {
    pub(crate) title: &'m str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(crate) description: &'m str,
    pub(crate) versions: [&'m str; 1],
    pub(crate) max_content_length: usize,
}

/// A collection (§5.2.1).
#[derive(Debug, Serialize)]
pub(crate) struct CollectionMessage<'m> {
    pub(crate) id: &'m str,
    pub(crate) title: &'m str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(crate) description: &'m str,
    pub(crate) can_read: bool,
    pub(crate) can_write: bool,
    pub(crate) media_types: [&'m str; 2],
}

/// Collections (§5.1.1).
#[derive(Debug, Serialize)]
pub(crate) struct Collections<'m> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) collections: Vec<CollectionMessage<'m>>,
}

/// A manifest (§5.3.1), or the versions of an object (§5.8.1).
#[derive(Debug, Serialize)]
pub(crate) struct Listed<T> {
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) more: bool,
    /// The standard has it for envelopes. A client that reads on by it elsewhere too needs no times.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next: Option<String>,
    #[serde(flatten)]
    pub(crate) list: T,
}

/// The objects of a manifest.
#[derive(Debug, Serialize)]
pub(crate) struct ManifestRecords {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) objects: Vec<ManifestRecord>,
}

/// An object in a manifest (§5.3.2).
#[derive(Debug, Serialize)]
pub(crate) struct ManifestRecord {
    pub(crate) id: String,
    pub(crate) date_added: String,
    pub(crate) version: String,
    pub(crate) media_type: &'static str,
}

/// The versions of an object.
#[derive(Debug, Serialize)]
pub(crate) struct Versions {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) versions: Vec<String>,
}

/// What became of an envelope (§4.3.1).
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Status {
    pub(crate) id: String,
    pub(crate) status: &'static str,
    pub(crate) request_timestamp: String,
    pub(crate) total_count: usize,
    pub(crate) success_count: usize,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) successes: Vec<StatusDetails>,
    pub(crate) failure_count: usize,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) failures: Vec<StatusDetails>,
    pub(crate) pending_count: usize,
}

/// What became of one object (§4.3.2).
#[derive(Clone, Debug, Serialize)]
pub(crate) struct StatusDetails {
    pub(crate) id: String,
    pub(crate) version: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) message: String,
}
