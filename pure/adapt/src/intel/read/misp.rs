//! Events of MISP, as they are exported in JSON (MISP core format).

use super::{Read, Said, Teller, indicator, lists, quoted};
use city::Tlp;
use jiff::Timestamp;
use serde_json::Value;

/// The most labels of an indicator.
const LABELS_MAX: usize = 32;

/// Every event of a file.
pub(super) fn events(value: &Value, teller: Teller<'_>) -> Read {
    let mut read = Read::default();
    let list = value.get("response").unwrap_or(value);
    let all = list.as_array().map_or(std::slice::from_ref(list), Vec::as_slice);
    for holder in all {
        event(holder.get("Event").unwrap_or(holder), teller, &mut read);
    }
    read
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn list<'v>(value: &'v Value, name: &str) -> impl Iterator<Item = &'v Value> {
    value.get(name).and_then(Value::as_array).into_iter().flatten()
}

fn event(event: &Value, teller: Teller<'_>, read: &mut Read) {
    let info: String = text(event, "info").chars().filter(|c| !c.is_control()).take(500).collect();
    let of_event: Vec<&str> = tags(event);
    let loose = list(event, "Attribute");
    let grouped = list(event, "Object").flat_map(|object| list(object, "Attribute"));
    for attribute in loose.chain(grouped) {
        let place = || format!("attribute {}", text(attribute, "uuid"));
        let is_sign = attribute.get("to_ids").is_some_and(|flag| flag == &Value::Bool(true) || flag == "1");
        if !is_sign || attribute.get("deleted") == Some(&Value::Bool(true)) {
            continue;
        }
        let (kind, value) = (text(attribute, "type"), text(attribute, "value"));
        let Some(pattern) = pattern(kind, value) else {
            read.skip(place(), format!("attributes of type `{kind}` are not read"));
            continue;
        };
        let mut tags = tags(attribute);
        tags.extend(&of_event);
        let tlp = tags.iter().filter_map(|tag| tlp(tag)).max();
        let mut techniques: Vec<String> = tags.iter().filter_map(|tag| technique(tag)).collect();
        techniques.sort();
        techniques.dedup();
        let labels: Vec<String> = tags.iter().take(LABELS_MAX).map(|tag| (*tag).to_owned()).collect();
        let from = moment(attribute).or_else(|| date(text(event, "date"))).unwrap_or_else(|| teller.today());
        let said = Said {
            name: &info,
            description: text(attribute, "comment"),
            from,
            tlp,
            techniques: &techniques,
            labels: &labels,
        };
        read.put(indicator(&pattern, said, teller));
    }
}

fn tags(value: &Value) -> Vec<&str> {
    list(value, "Tag").filter_map(|tag| tag.get("name")?.as_str()).collect()
}

/// When an attribute was written, in seconds since 1970.
fn moment(attribute: &Value) -> Option<Timestamp> {
    let seconds = attribute.get("timestamp")?;
    let seconds = seconds.as_i64().or_else(|| seconds.as_str()?.parse().ok())?;
    Timestamp::from_second(seconds).ok().filter(|_| seconds > 0)
}

fn date(text: &str) -> Option<Timestamp> {
    format!("{text}T00:00:00Z").parse().ok()
}

fn tlp(tag: &str) -> Option<Tlp> {
    match tag.to_ascii_lowercase().as_str() {
        "tlp:clear" | "tlp:white" => Some(Tlp::Clear),
        "tlp:green" => Some(Tlp::Green),
        "tlp:amber" => Some(Tlp::Amber),
        "tlp:amber+strict" => Some(Tlp::AmberStrict),
        "tlp:red" => Some(Tlp::Red),
        _ => None,
    }
}

/// The technique that a tag of the galaxy of ATT&CK ends with: `… - T1059.001"`.
fn technique(tag: &str) -> Option<String> {
    let id = tag.trim_end_matches('"').rsplit([' ', '"', '=']).next()?;
    let digits = id.strip_prefix('T')?;
    let fits = digits.len() >= 4 && digits.chars().all(|c| c.is_ascii_digit() || c == '.');
    fits.then(|| id.to_owned())
}

/// The pattern for an attribute.
fn pattern(kind: &str, value: &str) -> Option<String> {
    // Two values in one: what stands before the bar, and what behind.
    if let Some((first, second)) = kind.split_once('|') {
        let (before, after) = value.split_once('|')?;
        return match (first, second) {
            // An address at one port says less than the address: it is hunted with, and not watched for.
            ("ip-src" | "ip-dst", "port") => {
                let (end, port) = (first.strip_prefix("ip-")?, after.parse::<u16>().ok()?);
                let address: std::net::IpAddr = before.parse().ok()?;
                Some(format!(
                    "[network-traffic:{end}_ref.value = '{address}' AND network-traffic:{end}_port = {port}]"
                ))
            }
            ("domain" | "hostname", _) => pattern(first, before),
            ("filename", hash) => pattern(hash, after),
            _ => None,
        };
    }
    let hash = |name: &str, digits: usize| {
        let fits = value.len() == digits && value.chars().all(|c| c.is_ascii_hexdigit());
        fits.then(|| format!("[file:hashes.{name} = '{}']", value.to_ascii_lowercase()))
    };
    match kind {
        "ip-src" | "ip-dst" | "ip" | "domain" | "hostname" => lists::pattern(value),
        "url" | "uri" => Some(format!("[url:value = {}]", quoted(value))),
        "md5" => hash("MD5", 32),
        "sha1" => hash("'SHA-1'", 40),
        "sha256" => hash("'SHA-256'", 64),
        "sha512" => hash("'SHA-512'", 128),
        "filename" => Some(format!("[file:name = {}]", quoted(value))),
        "email-src" | "email" => Some(format!("[email-addr:value = {}]", quoted(value))),
        "mutex" => Some(format!("[mutex:name = {}]", quoted(value))),
        "regkey" => Some(format!("[windows-registry-key:key = {}]", quoted(value))),
        "user-agent" => Some(format!(
            "[network-traffic:extensions.'http-request-ext'.request_header.'User-Agent' = {}]",
            quoted(value)
        )),
        _ => None,
    }
}
