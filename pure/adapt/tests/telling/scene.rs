//! An incident in a small city.

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

pub(super) fn plan() -> Plan {
    let checked = check(&[SourceFile::new("city.toml", CITY)]);
    checked.plan.ok_or(checked.diagnostics).unwrap()
}

pub(super) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(super) fn finding() -> Finding {
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

pub(super) fn incident() -> Incident {
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
        lesson: None,
        steps: vec![IncidentStep {
            time: at("2026-03-02T09:03:00Z"),
            by: Some("Rowan".into()),
            text: "Rang the depot".into(),
        }],
    }
}

pub(super) fn response() -> Response {
    Response {
        number: 2,
        target: "203.0.113.9".parse().unwrap(),
        asset: None,
        name: "203.0.113.9".into(),
        findings: vec![12],
        defences: Vec::new(),
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
