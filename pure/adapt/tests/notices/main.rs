//! Notices: what is on record is told with what supports it, and what is not is asked.
#![cfg(test)]

use adapt::notice::{Answer, Kind, Notice, Page, Record, draft, html, markdown};
use city::{
    Finding, FindingKey, Incident, IncidentState, IncidentStep, Reason, Response, ResponseState, Rule,
    Severity, Step,
};
use jiff::Timestamp;
use plan::{Plan, SourceFile, check};
use std::net::IpAddr;

const CITY: &str = r#"
[city]
name = "Wexcombe"
time-zone = "Europe/London"

[[zone]]
id = "signals"
name = "Traffic signals"
networks = ["192.0.2.0/24"]
security-level = 2

[[zone]]
id = "internet"
name = "Everybody else"
outside = true
security-level = 0

[[site]]
id = "harbour"
name = "Harbour cabinet"
address = "Harbour Street"

[[contact]]
id = "duty"
name = "Rowan Ashdown"
role = "Duty engineer"
telephone = "+44 1632 960123"

[[service]]
id = "traffic"
name = "Traffic signals"
owner = "duty"
impact = "high"
fallback = "junctions fall back to fixed time"

[[asset]]
id = "controller-1"
name = "Controller 1"
zone = "signals"
addresses = ["192.0.2.7"]
services = ["traffic"]
site = "harbour"
"#;

fn plan() -> Plan {
    let checked = check(&[SourceFile::new("city.toml", CITY)]);
    checked.plan.ok_or(checked.diagnostics).unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn finding() -> Finding {
    let time = at("2026-03-02T09:00:00Z");
    Finding {
        number: 12,
        key: FindingKey {
            rule: Rule::OutsideConduit,
            subject: "192.0.2.7".parse::<IpAddr>().unwrap().into(),
            distinction: "203.0.113.9 modbus".into(),
        },
        title: "203.0.113.9 spoke <b>Modbus</b> to Controller 1".into(),
        severity: Severity::High,
        reasons: vec![Reason { time, text: "No conduit leads there.".into() }],
        remedy: "Cut it off.".into(),
        asset: Some("controller-1".parse().unwrap()),
        zone: Some("signals".parse().unwrap()),
        services: vec!["traffic".parse().unwrap()],
        peer: Some("203.0.113.9".parse::<IpAddr>().unwrap().into()),
        techniques: vec!["T0855".into()],
        outcomes: Vec::new(),
        count: 3,
        first: time,
        last: time,
    }
}

fn incident() -> Incident {
    Incident {
        number: 4,
        title: "203.0.113.9 spoke <b>Modbus</b> to Controller 1".into(),
        severity: Severity::High,
        state: IncidentState::Contained,
        owner: Some("Rowan".into()),
        findings: vec![12],
        more: 0,
        addresses: vec![
            "192.0.2.7".parse::<IpAddr>().unwrap().into(),
            "203.0.113.9".parse::<IpAddr>().unwrap().into(),
        ],
        assets: vec!["controller-1".parse().unwrap()],
        services: vec!["traffic".parse().unwrap()],
        techniques: vec!["T0855".into()],
        responses: vec![2],
        began: at("2026-03-02T08:59:00Z"),
        detected: at("2026-03-02T09:00:00Z"),
        last: at("2026-03-02T09:10:00Z"),
        contained: Some(at("2026-03-02T09:05:00Z")),
        recovered: None,
        reviewed: None,
        steps: vec![IncidentStep {
            time: at("2026-03-02T09:03:00Z"),
            by: Some("Rowan".into()),
            text: "Rang the depot".into(),
        }],
    }
}

fn response() -> Response {
    Response {
        number: 2,
        target: "203.0.113.9".parse().unwrap(),
        asset: None,
        name: "203.0.113.9".into(),
        findings: vec![12],
        consequences: Vec::new(),
        standing: None,
        state: ResponseState::Contained,
        heard: None,
        steps: vec![Step {
            time: at("2026-03-02T09:05:00Z"),
            by: Some("Rowan".into()),
            text: "Cut off".into(),
        }],
    }
}

fn drafted(kind: Kind) -> Notice {
    let (plan, finding, incident, response) = (plan(), finding(), incident(), response());
    let record =
        Record { incident: &incident, findings: &[&finding], responses: &[&response], plan: Some(&plan) };
    draft(kind, record, at("2026-03-02T11:30:00Z"))
}

fn said(notice: &Notice, question: &str) -> String {
    let part = notice.parts.iter().find(|part| part.question == question).unwrap();
    match &part.answer {
        Answer::Unknown { ask } => format!("? {ask}"),
        Answer::Known { lines, .. } => {
            lines.iter().map(|line| line.text.as_str()).collect::<Vec<_>>().join("; ")
        }
    }
}

#[test]
fn a_notice_says_what_is_on_record_and_asks_for_the_rest() {
    let first = drafted(Kind::First);
    assert_eq!((first.due, first.unknown()), (at("2026-03-03T09:00:00Z"), 0));
    assert_eq!(said(&first, "Who gives notice?"), "Wexcombe; Rowan Ashdown, Duty engineer (+44 1632 960123)");
    assert_eq!(said(&first, "Which essential services are affected?"), "Traffic signals");
    let full = drafted(Kind::Full);
    assert_eq!((full.due, full.parts.len(), full.unknown()), (at("2026-03-05T09:00:00Z"), 13, 3));
    assert_eq!(said(&full, "How long did it last?"), "2 h 31 min so far; it goes on");
    assert_eq!(said(&full, "Which area is affected?"), "Harbour cabinet, Harbour Street");
    assert_eq!(said(&full, "What was done?"), "Rang the depot; 203.0.113.9: Cut off");
    assert_eq!(said(&full, "What may help others?"), "203.0.113.9");
    assert!(said(&full, "How many people are affected?").starts_with("? "));
    assert!(said(&full, "Of what nature is it?").contains("T0855"));
}

#[test]
fn without_a_plan_nothing_is_made_up() {
    let incident = Incident { services: Vec::new(), assets: Vec::new(), addresses: Vec::new(), ..incident() };
    let record = Record { incident: &incident, findings: &[], responses: &[], plan: None };
    let full = draft(Kind::Full, record, at("2026-03-02T11:30:00Z"));
    let asked: Vec<_> = full
        .parts
        .iter()
        .filter(|p| matches!(p.answer, Answer::Unknown { .. }))
        .map(|p| p.question)
        .collect();
    assert_eq!(asked.len(), 8, "{asked:?}");
}

#[test]
fn what_came_from_the_network_is_no_markup() {
    let page = Page { time: &|time| time.to_string() };
    let notice = drafted(Kind::Full);
    let text = markdown(&notice, page);
    assert!(text.contains("\\<b\\>Modbus"), "{text}");
    assert_eq!(text.matches("**UNKNOWN.**").count(), 3);
    let text = html(&notice, page);
    assert!(text.contains("&lt;b&gt;Modbus") && !text.contains("<b>"), "{text}");
    assert!(text.contains("<time datetime=\"2026-03-02T09:00:00Z\">"));
}
