//! What another city's defence would be here: as changes of this city's own plan, and as an indicator.

use super::{Defence, Does, End, sign::time};
use crate::lesson::Asked;
use city::{Allowance, Narrowing, Protocol, Verb, VerbSet, ZoneId};
use plan::{Plan, SourceFile};
use serde_json::{Value, json};
use std::{collections::BTreeMap, fmt::Write as _};

/// The date of a review that never was: so long ago that one is due at once.
const NEVER: &str = "2000-01-01";

/// What of a plan's conduits a defence takes out: from one zone to another, verbs that a conduit allows now. Within a zone
/// there is no conduit, and behind an open port nothing is looked at.
#[must_use]
pub fn narrowings(plan: &Plan, protocol: Protocol, verbs: &[Verb], from: End) -> Vec<Narrowing> {
    let mut found: BTreeMap<(ZoneId, ZoneId), VerbSet> = BTreeMap::new();
    let gone = VerbSet::of(verbs);
    for conduit in plan.conduits() {
        let is_outside = plan.zone(&conduit.from).is_some_and(|zone| zone.outside);
        if from == End::Outside && !is_outside {
            continue;
        }
        for allowance in &conduit.allow {
            let Allowance::Requests { protocol: allowed, verbs, .. } = allowance else { continue };
            let had = verbs.iter().filter(|verb| protocol.verbs().contains(*verb) && gone.contains(*verb));
            for verb in had.filter(|_| *allowed == protocol) {
                found.entry((conduit.from.clone(), conduit.to.clone())).or_default().insert(verb);
            }
        }
    }
    let narrowing = |((from, to), verbs)| Narrowing { from, to, protocol, verbs };
    found.into_iter().map(narrowing).collect()
}

/// Whether something that was asked is what narrowings take out.
#[must_use]
pub fn is_taken_out(plan: &Plan, narrowings: &[Narrowing], asked: &Asked) -> bool {
    let zone = |ip| plan.zone_of(ip).or_else(|| plan.everywhere_else()).map(|zone| &zone.id);
    let ends = asked.flow.source.ip().and_then(zone).zip(asked.flow.destination.ip().and_then(zone));
    let Some((from, to)) = ends else { return false };
    narrowings.iter().any(|one| {
        one.from == *from && one.to == *to && one.protocol == asked.protocol && one.verbs.contains(asked.verb)
    })
}

/// The files that put another city's procedure into a plan, for somebody to read it through: its review is due at
/// once, and it names every service and the plan's first contact, of which those are to be left whom it is for. `None` if
/// the defence is no procedure.
///
/// What a machine would run in it becomes text: another city's commands are nobody's here.
#[must_use]
pub fn procedure_files(defence: &Defence, author: &str, plan: &Plan) -> Option<[SourceFile; 2]> {
    let Does::Procedure { markdown } = &defence.does else { return None };
    let uuid = defence.id.strip_prefix("course-of-action--")?;
    let place: String = uuid.chars().filter(char::is_ascii_alphanumeric).take(8).collect();
    let name = format!("from-{author}-{}", place.to_lowercase());
    let quoted = |text: &str| Value::from(text.replace(|c: char| c.is_control(), " ")).to_string();
    let mut table = format!(
        "# {author} shared this; who shares it has signed it, and nobody here has read it through yet.\n\
         # Leave the services that it is for, say who owns it, and set `reviewed` once somebody found it right.\n\
         [[procedure]]\nid = {}\nname = {}\npurpose = \"fallback\"\nservices = [",
        quoted(&name),
        quoted(&defence.title),
    );
    for (place, service) in plan.services().enumerate() {
        let _ = write!(table, "{}{}", if place == 0 { "" } else { ", " }, quoted(service.id.as_str()));
    }
    table.push_str("]\n");
    if let Some(owner) = plan.contacts().next() {
        let _ = writeln!(table, "owner = {}", quoted(owner.id.as_str()));
    }
    let _ = writeln!(table, "reviewed = {NEVER}\nfile = \"procedures/{name}.md\"");
    let mut text = String::new();
    for line in markdown.lines() {
        let fence = line.trim_start().trim_start_matches(['`', '~']);
        let is_fence = line.trim_start().starts_with("```") || line.trim_start().starts_with("~~~");
        let kept = if is_fence && fence.trim_start().starts_with("run") {
            line.strip_suffix(fence).unwrap_or_default()
        } else {
            line
        };
        text.push_str(kept);
        text.push('\n');
    }
    Some([
        SourceFile::new(format!("{name}.toml"), table),
        SourceFile::new(format!("procedures/{name}.md"), text),
    ])
}

/// A detection as an indicator (STIX 2.1, clause 4.7), which is watched for and hunted like any other. It has the
/// defence's own UUID, so that it is the same one whoever makes it. `None` if the defence is no detection.
#[must_use]
pub fn indicator(defence: &Defence, revoked: bool) -> Option<Value> {
    let Does::Detect { pattern } = &defence.does else { return None };
    let uuid = defence.id.strip_prefix("course-of-action--")?;
    Some(json!({
        "type": "indicator",
        "spec_version": "2.1",
        "id": format!("indicator--{uuid}"),
        "created": time(defence.version),
        "modified": time(defence.version),
        "revoked": revoked,
        "name": defence.title,
        "description": defence.reason,
        "indicator_types": ["malicious-activity"],
        "pattern": pattern,
        "pattern_type": "stix",
        "valid_from": time(defence.version),
        "valid_until": time(defence.until),
        "object_marking_refs": [crate::stix::marking_id(defence.tlp)],
    }))
}
