//! The JSON of the Open Cybersecurity Schema Framework: Detection Finding (2004) for findings and responses, Incident
//! Finding (2005) for incidents.

use super::{Kind, Notice, scale, sentence};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// The version of the schema.
pub const VERSION: &str = "1.5.0";

/// Writes a notice as one object.
#[must_use]
pub fn ocsf(notice: &Notice) -> String {
    let incident = notice.kind == Kind::Incident;
    let class: u64 = if incident { 2005 } else { 2004 };
    let activity: u64 = match notice.state.as_str() {
        "new" | "triage" | "proposed" => 1,
        _ if notice.is_over() => 3,
        _ => 2,
    };
    let severity = scale(notice.severity, [1, 2, 3, 4, 5]);
    let mut event = Map::new();
    let mut put = |name: &str, value: Value| {
        event.insert(name.to_owned(), value);
    };
    put("class_uid", class.into());
    put("class_name", if incident { "Incident Finding" } else { "Detection Finding" }.into());
    put("category_uid", 2.into());
    put("category_name", "Findings".into());
    put("activity_id", activity.into());
    put("activity_name", ["Create", "Update", "Close"].get(activity as usize - 1).copied().into());
    put("type_uid", (class * 100 + activity).into());
    put("severity_id", severity.into());
    put(
        "severity",
        ["Informational", "Low", "Medium", "High", "Critical"].get(usize::from(severity) - 1).copied().into(),
    );
    let status = match notice.state.as_str() {
        "new" | "triage" | "proposed" => (1, "New"),
        // A detection's fourth status is resolved, and its third suppressed; an incident's fourth is resolved, too, and its
        // fifth closed.
        "dismissed" | "merged" if !incident => (3, "Suppressed"),
        "reviewed" | "dismissed" | "merged" if incident => (5, "Closed"),
        "recovered" | "released" | "reviewed" => (4, "Resolved"),
        _ => (2, "In Progress"),
    };
    put("status_id", status.0.into());
    put("status", status.1.into());
    put("time", millis(notice.time));
    put("start_time", millis(notice.first));
    put("end_time", millis(notice.last));
    put("count", notice.count.into());
    put("message", sentence(notice).into());
    put(
        "metadata",
        json!({
            "version": VERSION,
            "uid": notice.id,
            "product": { "name": "Bastide", "vendor_name": "Bastide", "version": env!("CARGO_PKG_VERSION") },
            "log_name": notice.kind.as_str(),
            "labels": if notice.kind == Kind::Test { vec!["test"] } else { Vec::new() },
            "profiles": if incident { vec!["incident"] } else { Vec::new() },
        }),
    );
    let attacks: Vec<Value> = notice.techniques.iter().map(|technique| attack(technique)).collect();
    if incident {
        let infos: Vec<Value> = match notice.findings.as_slice() {
            [] => vec![json!({ "uid": notice.id, "title": notice.title })],
            findings => findings
                .iter()
                .map(|number| json!({ "uid": format!("finding-{number}"), "title": format!("Finding {number}") }))
                .collect(),
        };
        put("finding_info_list", infos.into());
        put("desc", notice.title.as_str().into());
        put("attacks", attacks.into());
        match &notice.owner {
            Some(owner) => put("assignee", json!({ "name": owner, "type_id": 1 })),
            None => put("assignee_group", json!({ "name": "nobody yet" })),
        }
    } else {
        put(
            "finding_info",
            json!({
                "uid": format!("{}-{}", notice.kind.as_str(), notice.number),
                "title": notice.title,
                "desc": notice.reasons.first().unwrap_or(&notice.title),
                "first_seen_time": notice.first.as_millisecond(),
                "last_seen_time": notice.last.as_millisecond(),
                "attacks": attacks,
                "analytic": {
                    "name": notice.rule.as_deref().unwrap_or(notice.kind.as_str()),
                    "type_id": 1,
                    "type": "Rule",
                },
            }),
        );
        if let Some(remedy) = &notice.remedy {
            put("remediation", json!({ "desc": remedy }));
        }
        let ends = [notice.subject, notice.peer].into_iter().flatten();
        let endpoint = |address: city::Address| match address {
            city::Address::Ip(ip) => json!({ "ip": ip.to_string() }),
            city::Address::Mac(mac) => json!({ "mac": mac.to_string() }),
        };
        let ends: Vec<Value> = ends.map(endpoint).collect();
        if let Some(source) = ends.first() {
            let mut evidence = json!({ "src_endpoint": source });
            if let (Some(destination), Value::Object(evidence)) = (ends.get(1), &mut evidence) {
                evidence.insert("dst_endpoint".to_owned(), destination.clone());
            }
            put("evidences", json!([evidence]));
        }
        put("is_alert", (activity == 1 && notice.kind == Kind::Finding).into());
        let resources = |list: &[city::Text], kind: &str| {
            list.iter().map(|name| json!({ "name": name, "type": kind })).collect::<Vec<_>>()
        };
        let resources = [resources(&notice.services, "service"), resources(&notice.assets, "asset")].concat();
        put("resources", resources.into());
    }
    // What the schema has no place for.
    put(
        "unmapped",
        json!({
            "city": notice.city, "state": notice.state, "number": notice.number, "services": notice.services,
            "assets": notice.assets,
        }),
    );
    Value::Object(event).to_string()
}

fn millis(time: Timestamp) -> Value {
    time.as_millisecond().into()
}

/// A technique, or a part of one.
fn attack(technique: &str) -> Value {
    match technique.split_once('.') {
        Some((whole, _)) => {
            json!({ "technique": { "uid": whole }, "sub_technique": { "uid": technique } })
        }
        None => json!({ "technique": { "uid": technique } }),
    }
}
