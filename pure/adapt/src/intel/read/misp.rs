//! Events of MISP, as they are exported in JSON (MISP core format).

use super::{Read, Said, Teller, id, indicator, lists, quoted};
use city::Tlp;
use jiff::Timestamp;
use serde_json::Value;
use std::net::IpAddr;

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

/// Flags are true, or a `1` as text or number.
fn is_set(value: &Value, name: &str) -> bool {
    value.get(name).is_some_and(|flag| flag == &Value::Bool(true) || flag == "1" || flag == 1)
}

fn event(event: &Value, teller: Teller<'_>, read: &mut Read) {
    let info: String = text(event, "info").chars().filter(|c| !c.is_control()).take(500).collect();
    let of_event: Vec<&str> = tags(event);
    let loose = list(event, "Attribute").map(|attribute| (attribute, false));
    let grouped = list(event, "Object").flat_map(|object| {
        let gone = is_set(object, "deleted");
        list(object, "Attribute").map(move |attribute| (attribute, gone))
    });
    for (attribute, gone) in loose.chain(grouped) {
        if !is_set(attribute, "to_ids") {
            continue;
        }
        let uuid = text(attribute, "uuid");
        let (kind, value) = (text(attribute, "type"), text(attribute, "value"));
        let Some(test) = test(kind, value) else {
            let what = if readable(kind) { "what is no value of type" } else { "attributes of type" };
            read.skip(format!("attribute {uuid}"), format!("{what} `{kind}` is not read"));
            continue;
        };
        let pattern = format!("[{test}]");
        let mut tags = tags(attribute);
        tags.extend(&of_event);
        let tlp = tags.iter().filter_map(|tag| tlp(tag)).max();
        let mut techniques: Vec<String> = tags.iter().filter_map(|tag| technique(tag)).collect();
        techniques.sort();
        techniques.dedup();
        let labels: Vec<String> = tags.iter().take(LABELS_MAX).map(|tag| (*tag).to_owned()).collect();
        let dated = date(text(event, "date"));
        let from = moment(attribute).or(dated).unwrap_or_else(|| teller.today());
        // Without a UUID of its own it is known by what it says and by the event: another's of the same value is another.
        let id = own_id(uuid).unwrap_or_else(|| {
            let (event, date) = (text(event, "uuid"), text(event, "date"));
            id("indicator", &[teller.source, event, date, &info, uuid, &pattern])
        });
        let said = Said {
            id: Some(&id),
            // Every version of an object says the same of this (STIX 2.1, §3.2); only the last change is known.
            created: dated.filter(|dated| *dated < from),
            revoked: gone || is_set(attribute, "deleted"),
            name: &info,
            description: text(attribute, "comment"),
            tlp,
            techniques: &techniques,
            labels: &labels,
            ..Said::since(from)
        };
        read.put(indicator(&pattern, said, teller));
    }
}

/// The id of an attribute that has a UUID (RFC 9562 §4, of a version that STIX takes), so that the attribute's next version,
/// and the same that comes over STIX, is known.
fn own_id(uuid: &str) -> Option<String> {
    let fits = uuid.len() == 36
        && uuid.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            14 => matches!(byte, b'1'..=b'5'),
            19 => matches!(byte, b'8' | b'9' | b'a' | b'b' | b'A' | b'B'),
            _ => byte.is_ascii_hexdigit(),
        });
    fits.then(|| format!("indicator--{}", uuid.to_ascii_lowercase()))
}

fn tags(value: &Value) -> Vec<&str> {
    list(value, "Tag").filter_map(|tag| tag.get("name")?.as_str()).collect()
}

/// When an attribute was changed last, in seconds since 1970.
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

/// Whether attributes of a type are read, if their values are what the type says.
fn readable(kind: &str) -> bool {
    const SHAPED: [&str; 14] = [
        "ip-src",
        "ip-dst",
        "ip",
        "domain",
        "hostname",
        "md5",
        "sha1",
        "sha256",
        "sha512",
        "malware-sample",
        "ja3-fingerprint-md5",
        "x509-fingerprint-md5",
        "x509-fingerprint-sha1",
        "x509-fingerprint-sha256",
    ];
    let (first, second) = kind.split_once('|').unwrap_or((kind, "port"));
    (SHAPED.contains(&first) || first == "filename") && (SHAPED.contains(&second) || second == "port")
}

/// What the pattern for an attribute asks for. Where there are two values in one (`domain|ip`), both are asked for, of one
/// object.
fn test(kind: &str, value: &str) -> Option<String> {
    if kind == "malware-sample" {
        return test("filename|md5", value);
    }
    if let Some((first, second)) = kind.split_once('|') {
        // A file's name may hold a bar; a hash does not.
        let (before, after) =
            if first == "filename" { value.rsplit_once('|')? } else { value.split_once('|')? };
        return match (first, second) {
            ("ip-src" | "ip-dst", "port") => {
                let address: IpAddr = before.parse().ok()?;
                let end = first.strip_prefix("ip-")?;
                Some(lists::at_port(end, &address.to_string(), after.parse().ok()?))
            }
            ("domain" | "hostname", "port") if lists::is_name(before) => {
                Some(lists::at_port("dst", &before.to_ascii_lowercase(), after.parse().ok()?))
            }
            ("domain" | "hostname", "ip") => {
                let address: IpAddr = after.parse().ok()?;
                let name = test(first, before).filter(|_| lists::is_name(before))?;
                Some(format!("{name} AND domain-name:resolves_to_refs[*].value = '{address}'"))
            }
            ("filename", hash) => Some(format!("{} AND {}", test(first, before)?, file_hash(hash, after)?)),
            ("regkey", "value") => Some(format!(
                "{} AND windows-registry-key:values[*].data = {}",
                test(first, before)?,
                quoted(after)
            )),
            _ => None,
        };
    }
    let equal = |path: &str| (!value.is_empty()).then(|| format!("{path} = {}", quoted(value)));
    match kind {
        "ip-src" | "ip-dst" | "ip" | "domain" | "hostname" => lists::test(value),
        "url" | "uri" => equal("url:value"),
        "md5" | "sha1" | "sha256" | "sha512" => file_hash(kind, value),
        "filename" => equal("file:name"),
        "email" => equal("email-addr:value"),
        "email-src" => equal("email-message:from_ref.value"),
        "email-dst" => equal("email-message:to_refs[*].value"),
        "email-subject" => equal("email-message:subject"),
        "mutex" => equal("mutex:name"),
        "regkey" => equal("windows-registry-key:key"),
        "user-agent" => equal("network-traffic:extensions.'http-request-ext'.request_header.'User-Agent'"),
        "ja3-fingerprint-md5" => lists::ja3(value),
        "x509-fingerprint-md5" | "x509-fingerprint-sha1" | "x509-fingerprint-sha256" => {
            hash("x509-certificate", kind.strip_prefix("x509-fingerprint-")?, value)
        }
        _ => None,
    }
}

fn file_hash(kind: &str, value: &str) -> Option<String> {
    hash("file", kind, value)
}

/// A hash of an object, if it is as long as such a hash is.
fn hash(of: &str, kind: &str, value: &str) -> Option<String> {
    let (name, digits) = match kind {
        "md5" => ("MD5", 32),
        "sha1" => ("'SHA-1'", 40),
        "sha256" => ("'SHA-256'", 64),
        "sha512" => ("'SHA-512'", 128),
        _ => return None,
    };
    let fits = value.len() == digits && value.chars().all(|c| c.is_ascii_hexdigit());
    fits.then(|| format!("{of}:hashes.{name} = '{}'", value.to_ascii_lowercase()))
}
