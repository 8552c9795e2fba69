//! What is on record, question by question.

use super::{Answer, Line, Part, Record};
use city::{Address, Severity};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;

/// The most lines of one answer; the rest is counted.
const LINES_MAX: usize = 24;

fn line(text: impl Into<String>) -> Line {
    Line { time: None, text: text.into() }
}

fn at(time: Timestamp, text: impl Into<String>) -> Line {
    Line { time: Some(time), text: text.into() }
}

/// Known if there is anything to say, and otherwise a question.
fn known(mut lines: Vec<Line>, evidence: Vec<String>, ask: &str) -> Answer {
    if lines.is_empty() {
        return Answer::Unknown { ask: ask.to_owned() };
    }
    if lines.len() > LINES_MAX {
        let more = lines.len() - LINES_MAX;
        lines.truncate(LINES_MAX);
        lines.push(line(format!("and {more} more")));
    }
    Answer::Known { lines, evidence }
}

fn unknown(ask: &str) -> Answer {
    Answer::Unknown { ask: ask.to_owned() }
}

/// The first notice: who, which services, what in brief.
pub(super) fn first(record: Record<'_>) -> Vec<Part> {
    vec![who(record), services(record), what(record), when(record)]
}

/// The full notice.
pub(super) fn full(record: Record<'_>, now: Timestamp) -> Vec<Part> {
    let mut parts = first(record);
    parts.extend([
        Part { question: "How long did it last?", clause: "11(3)(a)(iii)", answer: duration(record, now) },
        Part {
            question: "Of what nature is it?",
            clause: "11(3)(a)(iv)",
            answer: nature(record),
        },
        Part {
            question: "What does it do to the services?",
            clause: "11(3)(a)(iv)",
            answer: impact(record),
        },
        Part {
            question: "How many people are affected?",
            clause: "11(2)(a)",
            answer: unknown("how many people used the affected services while the incident lasted, and how many were without"),
        },
        Part { question: "Which area is affected?", clause: "11(2)(c)", answer: area(record) },
        Part {
            question: "Does it reach across a border?",
            clause: "11(3)(a)(v)",
            answer: unknown("whether people, organisations or systems outside the United Kingdom are affected"),
        },
        Part {
            question: "Are personal data concerned?",
            clause: "UK GDPR, article 33",
            answer: unknown("whether what was reached holds personal data; if so, the Information Commissioner is told within 72 hours"),
        },
        Part { question: "What was done?", clause: "11(3)(a)(vi)", answer: done(record) },
        Part { question: "What may help others?", clause: "11(3)(a)(vi)", answer: signs(record) },
    ]);
    parts
}

fn who(record: Record<'_>) -> Part {
    let answer = match record.plan {
        None => unknown("the organisation's name, and who can be asked"),
        Some(plan) => {
            let mut lines = vec![line(plan.settings().name.as_str())];
            let owners = record.incident.services.iter().filter_map(|id| plan.service(id)?.owner.as_ref());
            let owners: BTreeSet<_> = owners.collect();
            for contact in plan.contacts().filter(|contact| owners.contains(&contact.id)) {
                let reach = [contact.telephone.as_ref(), contact.mail.as_ref()];
                let reach: Vec<&str> = reach.into_iter().flatten().map(|text| text.as_str()).collect();
                lines.push(line(format!("{}, {} ({})", contact.name, contact.role, reach.join(", "))));
            }
            known(lines, vec!["the plan".to_owned()], "")
        }
    };
    Part { question: "Who gives notice?", clause: "11(3)(a)(i)", answer }
}

fn services(record: Record<'_>) -> Part {
    let services = record.incident.services.iter().map(|id| {
        let service = record.plan.and_then(|plan| plan.service(id));
        line(service.map_or(id.as_str(), |service| service.name.as_str()))
    });
    let ask = "which services are affected: no finding bears on one that the plan declares";
    let answer = known(services.collect(), numbers(record), ask);
    Part { question: "Which essential services are affected?", clause: "11(3)(a)(i)", answer }
}

fn what(record: Record<'_>) -> Part {
    let lines = vec![line(record.incident.title.as_str())];
    Part { question: "What happened?", clause: "11(3)(a)(iv)", answer: known(lines, numbers(record), "") }
}

fn when(record: Record<'_>) -> Part {
    let incident = record.incident;
    let mut lines = vec![
        at(incident.began, "the first of it that is on record"),
        at(incident.detected, "detected; the clock runs from here"),
    ];
    let marks = [
        (incident.contained, "contained"),
        (incident.recovered, "what it harmed was right again"),
        (incident.reviewed, "reviewed"),
    ];
    lines.extend(marks.into_iter().filter_map(|(time, what)| Some(at(time?, what))));
    if incident.contained.is_none() && !incident.state.is_over() {
        lines.push(line("not contained yet"));
    }
    Part {
        question: "When did it happen?",
        clause: "11(3)(a)(ii)",
        answer: known(lines, numbers(record), ""),
    }
}

fn duration(record: Record<'_>, now: Timestamp) -> Answer {
    let incident = record.incident;
    let until = incident.recovered.or_else(|| incident.state.is_over().then_some(incident.last));
    let text = match until {
        Some(until) => words(until.duration_since(incident.began)),
        None => format!("{} so far; it goes on", words(now.duration_since(incident.began))),
    };
    known(vec![line(text)], numbers(record), "")
}

/// A length of time to the minute.
fn words(duration: SignedDuration) -> String {
    let minutes = duration.as_mins().max(0);
    match (minutes / 1_440, minutes / 60 % 24, minutes % 60) {
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (days, hours, _) => format!("{days} d {hours} h"),
    }
}

/// What was found, the gravest first.
fn nature(record: Record<'_>) -> Answer {
    let mut findings = record.findings.to_vec();
    findings.sort_by(|a, b| b.severity.cmp(&a.severity).then(a.number.cmp(&b.number)));
    let mut lines: Vec<Line> = findings
        .iter()
        .map(|finding| {
            let reason =
                finding.reasons.first().map(|reason| format!(" {}", reason.text)).unwrap_or_default();
            let often =
                if finding.count == 1 { "once".to_owned() } else { format!("{} times", finding.count) };
            at(finding.first, format!("{} ({}, {often}).{reason}", finding.title, finding.severity.as_str()))
        })
        .collect();
    if record.incident.more > 0 {
        lines.push(line(format!("{} further findings that are not named one by one", record.incident.more)));
    }
    if !record.incident.techniques.is_empty() {
        let techniques: Vec<&str> = record.incident.techniques.iter().map(|text| text.as_str()).collect();
        lines.push(line(format!("Techniques of MITRE ATT&CK: {}", techniques.join(", "))));
    }
    known(lines, numbers(record), "what was done to which systems, and by which way in")
}

fn impact(record: Record<'_>) -> Answer {
    let grave = record.findings.iter().filter(|finding| finding.severity >= Severity::High);
    let touched: BTreeSet<_> = grave.flat_map(|finding| &finding.services).collect();
    let lines: Vec<Line> = record
        .plan
        .into_iter()
        .flat_map(|plan| record.incident.services.iter().filter_map(|id| plan.service(id)))
        .map(|service| {
            let grave =
                if touched.contains(&service.id) { "a grave finding bears on it" } else { "it is concerned" };
            let fallback = service
                .fallback
                .as_ref()
                .map(|text| format!("; without its network: {text}"))
                .unwrap_or_default();
            line(format!("{}: {grave}{fallback}", service.name))
        })
        .collect();
    known(lines, numbers(record), "what the services can and cannot do at present")
}

fn area(record: Record<'_>) -> Answer {
    let Some(plan) = record.plan else { return unknown("where the affected equipment stands") };
    let assets = record.incident.assets.iter().filter_map(|id| plan.asset(id));
    let sites: BTreeSet<_> = assets.filter_map(|asset| plan.site_of(asset)).map(|site| &site.id).collect();
    let lines = plan.sites().filter(|site| sites.contains(&site.id)).map(|site| {
        let address = site.address.as_ref().map(|text| format!(", {text}")).unwrap_or_default();
        line(format!("{}{address}", site.name))
    });
    known(
        lines.collect(),
        vec!["the plan".to_owned()],
        "where the affected equipment stands, and whom it serves there",
    )
}

fn done(record: Record<'_>) -> Answer {
    let mut lines: Vec<Line> = Vec::new();
    for response in record.responses {
        let steps = response.steps.iter();
        lines.extend(steps.map(|step| at(step.time, format!("{}: {}", response.name, step.text))));
    }
    lines.extend(
        record
            .incident
            .steps
            .iter()
            .filter(|step| step.by.is_some())
            .map(|step| at(step.time, step.text.as_str())),
    );
    lines.sort_by_key(|line| line.time);
    let evidence = record.responses.iter().map(|response| format!("response {}", response.number)).collect();
    known(lines, evidence, "what was done to contain it and to bring the services back")
}

/// Addresses outside that others can look for.
fn signs(record: Record<'_>) -> Answer {
    let outside = |address: &&Address| {
        let Address::Ip(ip) = **address else { return false };
        let declared = record.plan.and_then(|plan| plan.zone_of(ip));
        !crate::defence::redact::is_private(ip) && declared.is_none_or(|zone| zone.outside)
    };
    let lines = record.incident.addresses.iter().filter(outside).map(|address| line(address.to_string()));
    known(lines.collect(), numbers(record), "what others could look for: addresses, names, files")
}

fn numbers(record: Record<'_>) -> Vec<String> {
    record.incident.findings.iter().take(LINES_MAX).map(|number| format!("finding {number}")).collect()
}
