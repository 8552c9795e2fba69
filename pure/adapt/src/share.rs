//! What a city tells others of an incident: signs to look for, and what worked against them.
//!
//! Everything is written anew from the record, with the city's own addresses and names replaced, and only then signed. What
//! would leave is shown as it would leave; if anything of the city's is still found in it, it does not.

use crate::{
    defence::{
        BLOCKS_MAX, Defence, Does, extension_definition,
        redact::{Inside, Leak, Redaction},
        sign, time,
    },
    stix::marking_id,
};
use city::{Address, Finding, Incident, Text, Tlp};
use integrity::Signer;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::net::IpAddr;

/// For how long a block is good unless its author says so again: addresses change hands.
pub const BLOCK_FOR: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The most findings whose reasons are told.
const REASONS_MAX: usize = 8;

/// What is told, by whom and to whom.
#[derive(Clone, Copy, Debug)]
pub struct Share<'s> {
    /// The incident.
    pub incident: &'s Incident,
    /// Its findings, as far as they are kept.
    pub findings: &'s [&'s Finding],
    /// What is the city's own.
    pub inside: &'s Inside,
    /// The city's name, which is told.
    pub city: &'s str,
    /// How far it may be passed on.
    pub tlp: Tlp,
    /// The key with which defences are signed.
    pub key: &'s Signer,
    /// Now.
    pub now: Timestamp,
}

/// What would leave.
#[derive(Clone, Debug, PartialEq)]
pub struct Outgoing {
    /// The objects, those first that others refer to.
    pub objects: Vec<Value>,
    /// What was replaced, and by what.
    pub replaced: Vec<(String, String)>,
    /// What of the city's is in it still. Unless this is empty, nothing leaves.
    pub leaks: Vec<Leak>,
}

/// Why there is nothing to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NothingToShare {
    /// No address outside the city is concerned.
    #[error("no address outside the city is concerned, so there is nothing that others could look for")]
    NothingOutside,
    /// What is marked red stays.
    #[error("what is marked red stays here")]
    Red,
    /// A text holds what cannot be signed.
    #[error("a text holds a control character")]
    Unsignable,
}

/// Writes what others are told. `uuid` gives a new UUID each time it is asked.
///
/// # Errors
/// [`NothingToShare`] says why there is nothing.
pub fn share(share: Share<'_>, uuid: &mut dyn FnMut() -> String) -> Result<Outgoing, NothingToShare> {
    if share.tlp == Tlp::Red {
        return Err(NothingToShare::Red);
    }
    let outside = |address: &Address| address.ip().filter(|ip| is_foreign(*ip) && !share.inside.holds(*ip));
    let mut addresses: Vec<IpAddr> = share.incident.addresses.iter().filter_map(outside).collect();
    addresses.sort_unstable();
    addresses.dedup();
    addresses.truncate(BLOCKS_MAX);
    if addresses.is_empty() {
        return Err(NothingToShare::NothingOutside);
    }
    let mut redaction = Redaction::new(share.inside);
    let title = redaction.redact(&share.incident.title);
    let reason = reasons(share, &mut redaction);
    // STIX has milliseconds, and what is signed says the same as what stands around it.
    let now = Timestamp::from_millisecond(share.now.as_millisecond()).unwrap_or(share.now);
    let author = format!("identity--{}", uuid());
    let common = Common { author: &author, now, tlp: share.tlp };
    let mut objects = vec![
        json!({
            "type": "identity", "spec_version": "2.1", "id": author,
            "created": time(now), "modified": time(now),
            "name": share.city, "identity_class": "organization", "sectors": ["government-local"],
            "object_marking_refs": [marking_id(share.tlp)],
        }),
        marking(share.tlp),
        extension_definition(&author),
    ];
    let indicators: Vec<Value> = addresses
        .iter()
        .map(|address| indicator(*address, &title, &reason, share, &common, &uuid()))
        .collect();
    let defence = Defence {
        id: format!("course-of-action--{}", uuid()).into(),
        version: now,
        until: now.saturating_add(BLOCK_FOR).unwrap_or(Timestamp::MAX),
        title: Text::from(match addresses.as_slice() {
            [one] => format!("Block {one}"),
            many => format!("Block {} addresses", many.len()),
        }),
        reason,
        tlp: share.tlp,
        does: Does::Block { addresses },
    };
    let action = sign(&defence, &author, now, share.key).ok_or(NothingToShare::Unsignable)?;
    let relations = indicators.iter().filter_map(|indicator| {
        Some(common.object(
            "relationship",
            &uuid(),
            &json!({
                "relationship_type": "mitigates",
                "source_ref": defence.id,
                "target_ref": indicator.get("id")?,
            }),
        ))
    });
    let relations: Vec<Value> = relations.collect();
    objects.extend(indicators);
    objects.push(action);
    objects.extend(relations);
    let leaks = objects.iter().flat_map(|object| share.inside.leaks(object)).collect();
    let replaced = redaction.replaced().map(|(what, with)| (what.to_owned(), with.to_owned())).collect();
    Ok(Outgoing { objects, replaced, leaks })
}

/// Whether an address can be somebody else's: reachable from everywhere, and one station's.
fn is_foreign(address: IpAddr) -> bool {
    !crate::defence::redact::is_private(address)
        && !address.is_loopback()
        && Address::Ip(address).is_station()
}

/// What was found, in the words of the findings.
fn reasons(share: Share<'_>, redaction: &mut Redaction<'_>) -> String {
    let mut findings = share.findings.to_vec();
    findings.sort_by(|a, b| b.severity.cmp(&a.severity).then(a.number.cmp(&b.number)));
    let lines = findings.iter().take(REASONS_MAX).map(|finding| {
        let reason = finding.reasons.first().map(|reason| reason.text.as_str()).unwrap_or_default();
        redaction.redact(&format!("{}. {reason}", finding.title)).replace(|c: char| c.is_control(), " ")
    });
    let lines: Vec<String> = lines.collect();
    lines.join(" ")
}

/// What every object of a share has.
struct Common<'c> {
    author: &'c str,
    now: Timestamp,
    tlp: Tlp,
}

impl Common<'_> {
    fn object(&self, object_type: &str, uuid: &str, properties: &Value) -> Value {
        let mut object = json!({
            "type": object_type, "spec_version": "2.1", "id": format!("{object_type}--{uuid}"),
            "created_by_ref": self.author, "created": time(self.now), "modified": time(self.now),
            "object_marking_refs": [marking_id(self.tlp)],
        });
        if let (Some(object), Some(properties)) = (object.as_object_mut(), properties.as_object()) {
            object.extend(properties.iter().map(|(name, value)| (name.clone(), value.clone())));
        }
        object
    }
}

fn indicator(
    address: IpAddr,
    title: &str,
    reason: &str,
    share: Share<'_>,
    common: &Common<'_>,
    uuid: &str,
) -> Value {
    let kind = if address.is_ipv4() { "ipv4-addr" } else { "ipv6-addr" };
    let references = share.incident.techniques.iter().map(|id| {
        // Techniques of the ICS matrix are numbered from T0800, those of the enterprise matrix from T1000.
        let source = if id.starts_with("T0") { "mitre-ics-attack" } else { "mitre-attack" };
        json!({ "source_name": source, "external_id": id })
    });
    let mut properties = json!({
        "name": title,
        "description": reason,
        "indicator_types": ["malicious-activity"],
        "pattern": format!("[{kind}:value = '{address}']"),
        "pattern_type": "stix",
        "valid_from": time(share.incident.began),
        "valid_until": time(common.now.saturating_add(BLOCK_FOR).unwrap_or(Timestamp::MAX)),
    });
    let references: Vec<Value> = references.collect();
    if let Some(properties) = properties.as_object_mut().filter(|_| !references.is_empty()) {
        properties.insert("external_references".to_owned(), references.into());
    }
    common.object("indicator", uuid, &properties)
}

/// The marking, as OASIS published it, so that whoever reads it need not know its id.
fn marking(tlp: Tlp) -> Value {
    let word = tlp.as_str().replace('-', "+");
    json!({
        "type": "marking-definition", "spec_version": "2.1", "id": marking_id(tlp),
        "created": "2022-10-01T00:00:00.000Z",
        "name": format!("TLP:{}", word.to_uppercase()),
        "extensions": {
            "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d": {
                "extension_type": "property-extension",
                "tlp_2_0": word,
            },
        },
    })
}
