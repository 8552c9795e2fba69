//! Notices: what is on record is told with what supports it, and what is not is asked.

use crate::scene::{at, finding, incident, plan, response};
use adapt::notice::{Answer, Kind, Notice, Page, Record, draft, html, markdown};
use city::Incident;

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
