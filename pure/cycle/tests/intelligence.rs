//! What others tell: each kind becomes the finding, the evidence or the response that it should, and no more.
#![cfg(test)]

use city::{
    Alert, DefenceKind, Doubt, DoubtKind, Finding, Hunted, IncidentAct, Observation, Observed, Offered,
    Received, Rehearsed, Response, ResponseState, Rule, Severity, Sighting, Tlp, Withdrawn,
};
use cycle::{City, Effect, Event};
use jiff::Timestamp;
use plan::{SourceFile, check};
use std::{net::IpAddr, sync::Arc};

const CITY: &str = r#"[city]
name = "Wexcombe"
time-zone = "Europe/London"

[[zone]]
id = "pumps"
name = "Pumps"
networks = ["192.0.2.0/24"]
security-level = 2

[[zone]]
id = "internet"
name = "Everybody else"
outside = true
security-level = 0

[[asset]]
id = "pump"
name = "Pump"
zone = "pumps"
addresses = ["192.0.2.7"]

[[peer]]
id = "port-ellery"
name = "Port Ellery Council"
admit = "env:ELLERY"
"#;

struct Story {
    city: City,
    effects: Vec<Effect>,
}

impl Story {
    fn new() -> Story {
        let plan = check(&[SourceFile::new("city.toml", CITY)]).plan.unwrap();
        Story { city: City::new(Some(Arc::new(plan))), effects: Vec::new() }
    }

    fn tell(&mut self, time: &str, fact: Observed) -> &mut Story {
        let time = at(time);
        let event = Event::Observed(Observation { time, sensor: "test".into(), fact });
        self.city.handle(&event, &mut self.effects);
        self
    }

    fn of(&self, rule: Rule) -> Vec<&Finding> {
        self.city.findings().filter(|finding| finding.key.rule == rule).collect()
    }

    fn evidence(&self, outcome: &str) -> usize {
        let is =
            |effect: &&Effect| matches!(effect, Effect::Measured(evidence) if evidence.outcome.0 == outcome);
        self.effects.iter().filter(is).count()
    }

    fn responses(&self) -> Vec<&Response> {
        self.city.responses().collect()
    }
}

fn at(time: &str) -> Timestamp {
    format!("2026-03-02T{time}Z").parse().unwrap()
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn sighting(confidence: u8) -> Observed {
    Observed::Sighting(Box::new(Sighting {
        indicator: "indicator--00000000-0000-4000-8000-000000000001".into(),
        name: "Restarts controllers".into(),
        source: "port-ellery".into(),
        confidence,
        tlp: Tlp::Green,
        subject: ip("192.0.2.7").into(),
        peer: Some(ip("203.0.113.9").into()),
        value: "203.0.113.9".into(),
        flow: None,
        techniques: vec!["T0816".into()],
        looking_back: false,
    }))
}

fn offered(standing: bool, cut: u64, blocks: &[&str]) -> Observed {
    Observed::Offered(Box::new(Offered {
        peer: "port-ellery".parse().unwrap(),
        relay: None,
        defence: "course-of-action--00000000-0000-4000-8000-000000000001".into(),
        version: at("08:00:00"),
        title: "Block 203.0.113.9".into(),
        kind: DefenceKind::Block,
        blocks: blocks.iter().map(|text| ip(text)).collect(),
        rehearsed: Rehearsed { conversations: 900, caught: 3, cut, ..Rehearsed::default() },
        standing,
        note: "".into(),
    }))
}

fn withdrawn() -> Observed {
    Observed::Withdrawn(Box::new(Withdrawn {
        peer: "port-ellery".parse().unwrap(),
        defence: "course-of-action--00000000-0000-4000-8000-000000000001".into(),
        version: at("09:30:00"),
        title: "Block 203.0.113.9".into(),
        reason: "its author withdrew it".into(),
    }))
}

#[test]
fn a_sighting_and_an_alert_are_findings_with_the_techniques_that_others_name() {
    let mut story = Story::new();
    story.tell("09:00:00", sighting(80)).tell("09:00:01", sighting(80));
    let [seen] = story.of(Rule::IndicatorSeen)[..] else { panic!() };
    assert_eq!(
        (seen.severity, seen.count, seen.asset.as_ref().unwrap().as_str()),
        (Severity::High, 2, "pump")
    );
    assert_eq!(seen.techniques, ["T0816"]);
    assert!(seen.reasons[0].text.contains("port-ellery") && seen.reasons[0].text.contains("80 of 100"));
    let alert = Alert {
        tool: "suricata".into(),
        rule: "1:2100366".into(),
        title: "Odd echo".into(),
        severity: Severity::Medium,
        subject: ip("192.0.2.7").into(),
        peer: Some(ip("203.0.113.9").into()),
        flow: None,
        techniques: vec!["T0846".into()],
    };
    story.tell("09:01:00", Observed::Alert(Box::new(alert)));
    assert_eq!(story.of(Rule::AlertedElsewhere)[0].title, "suricata: Odd echo (Pump, with 203.0.113.9)");
    // Both are about the pump and the same stranger: one incident.
    assert_eq!(story.city.incidents().count(), 1);
    // What is hardly believed is no incident.
    let mut faint = Story::new();
    faint.tell("09:00:00", sighting(20));
    assert_eq!(
        (faint.of(Rule::IndicatorSeen)[0].severity, faint.city.incidents().count()),
        (Severity::Low, 0)
    );
}

#[test]
fn what_is_taken_in_is_evidence_and_what_is_doubted_a_finding_once() {
    let mut story = Story::new();
    let doubt = |kind, example: &str| Doubt { kind, count: 2, example: example.into() };
    let received = Received {
        source: "port-ellery".into(),
        new: 3,
        known: 1,
        watched: 2,
        withdrawn: 0,
        doubts: vec![
            doubt(DoubtKind::OwnAddress, "192.0.2.7 in an indicator"),
            doubt(DoubtKind::Denied, "a wrong password"),
        ],
    };
    story.tell("09:00:00", Observed::Received(Box::new(received.clone())));
    story.tell("10:00:00", Observed::Received(Box::new(received)));
    let [doubted] = story.of(Rule::IntelligenceDoubted)[..] else { panic!() };
    assert_eq!((doubted.count, doubted.severity), (2, Severity::Medium));
    assert_eq!(story.of(Rule::IntelligenceDenied).len(), 1);
    assert_eq!(story.evidence("csf:ID.RA-02"), 1);
    // What others get wrong is nobody's attack on this city.
    assert_eq!((story.city.incidents().count(), story.city.began()), (0, None));
}

#[test]
fn a_hunt_is_evidence_whether_or_not_it_finds_anything() {
    let mut story = Story::new();
    let hunted = |found| {
        Observed::Hunted(Box::new(Hunted {
            hunt: "controllers restarted".into(),
            by: "Rowan".into(),
            technique: Some("T0816".into()),
            from: at("00:00:00"),
            until: at("08:00:00"),
            searched: 1_000,
            found,
            subject: (found > 0).then(|| ip("192.0.2.7").into()),
        }))
    };
    story.tell("09:00:00", hunted(0));
    assert_eq!((story.of(Rule::HuntFound).len(), story.evidence("caf:C2.a")), (0, 1));
    story.tell("09:30:00", hunted(4));
    assert_eq!(
        (story.of(Rule::HuntFound)[0].techniques.as_slice(), story.evidence("caf:C2.a")),
        (&["T0816".into()][..], 2)
    );
}

#[test]
fn a_defence_stands_only_if_the_plan_and_the_rehearsal_say_so() {
    let states = |fact| {
        let mut story = Story::new();
        story.tell("09:00:00", fact);
        let states: Vec<ResponseState> = story.responses().iter().map(|response| response.state).collect();
        (states, story.of(Rule::DefenceOffered).len())
    };
    use ResponseState::{Ordered, Proposed};
    assert_eq!(states(offered(true, 0, &["203.0.113.9", "203.0.113.10"])), (vec![Ordered, Ordered], 0));
    assert_eq!(states(offered(false, 0, &["203.0.113.9"])), (vec![Proposed], 1));
    // It would cut what the plan allows: nothing is proposed, and a person is told.
    assert_eq!(states(offered(true, 1, &["203.0.113.9"])), (vec![], 1));
    let many: Vec<String> = (0..65).map(|last| format!("203.0.113.{last}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(states(offered(true, 0, &many)), (vec![], 1));
    assert_eq!(states(offered(true, 0, &[])), (vec![], 1));
    // Once it is cut off, the same again changes nothing.
    let mut story = Story::new();
    story.tell("09:00:00", offered(true, 0, &["203.0.113.9"]));
    let response = story.responses()[0].number;
    story.city.handle(&Event::Answered { time: at("09:00:01"), response, failure: None }, &mut story.effects);
    story.tell("09:00:02", offered(true, 0, &["203.0.113.9"]));
    assert_eq!((story.responses().len(), story.responses()[0].state), (1, ResponseState::Contained));
    let said = &story.responses()[0].steps[0].text;
    assert!(said.contains("Port Ellery Council") && said.contains("900 conversations"), "{said}");
}

#[test]
fn what_people_say_of_incidents_says_how_far_a_source_is_believed() {
    let mut story = Story::new();
    let act = |story: &mut Story, incident: u64, act: IncidentAct| {
        let event = Event::Handled { time: at("12:00:00"), by: "Ada".into(), incident, act };
        story.city.handle(&event, &mut story.effects);
    };
    let believed = |story: &Story| {
        let believed = story.city.believed("port-ellery", 80);
        (believed.trust, believed.tally.right, believed.tally.wrong)
    };
    // Two devices see the same: one incident, and one verdict.
    let at_another = |subject: &str| {
        let Observed::Sighting(mut told) = sighting(80) else { panic!() };
        told.subject = ip(subject).into();
        Observed::Sighting(told)
    };
    story.tell("09:00:00", sighting(80)).tell("09:00:01", at_another("192.0.2.8"));
    assert_eq!((story.city.incidents().count(), believed(&story)), (1, (80, 0, 0)));
    let text = "it was the supplier's new server";
    act(&mut story, 1, IncidentAct::Dismiss { reason: text.into(), until: at("18:00:00") });
    assert_eq!(believed(&story), (72, 0, 1));
    act(&mut story, 1, IncidentAct::Reopen { text: "it was not".into() });
    assert_eq!(believed(&story), (80, 0, 0));
    act(&mut story, 1, IncidentAct::Contain { text: "pulled the cable".into() });
    assert_eq!(believed(&story), (80, 0, 0));
    act(&mut story, 1, IncidentAct::Recover { text: "restored".into() });
    act(&mut story, 1, IncidentAct::Review { text: "an open port".into() });
    assert_eq!(believed(&story), (81, 1, 0));
    // It is part of the state, and says nothing of others.
    let kept = postcard::to_allocvec(&story.city).unwrap();
    let again: City = postcard::from_bytes(&kept).unwrap();
    assert_eq!(again.believed("port-ellery", 80), story.city.believed("port-ellery", 80));
    assert_eq!(again.believed("agency", 80).trust, 80);
}

#[test]
fn a_verdict_counts_for_every_source_also_of_findings_that_were_rolled_up() {
    let mut story = Story::new();
    // So many signs at one device that the last are one finding.
    for number in 0..20 {
        let Observed::Sighting(mut told) = sighting(80) else { panic!() };
        told.indicator = format!("indicator--00000000-0000-4000-8000-{number:012}").into();
        told.source = if number < 18 { "port-ellery" } else { "agency" }.into();
        story.tell("09:00:00", Observed::Sighting(told));
    }
    assert!(story.of(Rule::IndicatorSeen).len() < 20);
    let act = IncidentAct::Dismiss { reason: "a drill".into(), until: at("18:00:00") };
    let event = Event::Handled { time: at("12:00:00"), by: "Ada".into(), incident: 1, act };
    story.city.handle(&event, &mut story.effects);
    for source in ["port-ellery", "agency"] {
        assert_eq!(story.city.believed(source, 80).tally.wrong, 1, "{source}");
    }
}

#[test]
fn a_defence_that_is_taken_back_is_undone_unless_something_else_speaks_for_it() {
    use ResponseState::{Contained, Dismissed, Ordered, Proposed, Releasing};
    let states = |story: &Story| story.responses().iter().map(|one| one.state).collect::<Vec<_>>();
    let last = |story: &Story| story.responses()[0].steps.last().unwrap().text.clone();
    let contained = |story: &mut Story| {
        let response = story.responses()[0].number;
        let answered = Event::Answered { time: at("09:00:01"), response, failure: None };
        story.city.handle(&answered, &mut story.effects);
    };
    // A block is released and a proposal withdrawn, and both are told of.
    for (standing, before, after) in [(true, Contained, Releasing), (false, Proposed, Dismissed)] {
        let mut story = Story::new();
        story.tell("09:00:00", offered(standing, 0, &["203.0.113.9"]));
        contained(&mut story);
        assert_eq!(states(&story), [before]);
        story.tell("09:30:00", withdrawn());
        assert_eq!(states(&story), [after]);
        assert!(last(&story).contains("its author withdrew it"), "{}", last(&story));
        assert_eq!(story.of(Rule::DefenceWithdrawn).len(), 1);
        assert_eq!(story.city.incidents().count(), 0);
    }
    // A later version releases what it does not name, and the same again changes nothing.
    let mut story = Story::new();
    story.tell("09:00:00", offered(true, 0, &["203.0.113.9", "203.0.113.10"]));
    story.tell("09:10:00", offered(true, 0, &["203.0.113.10", "203.0.113.11"]));
    story.tell("09:20:00", offered(true, 0, &["203.0.113.10", "203.0.113.11"]));
    assert_eq!(states(&story), [Releasing, Ordered, Ordered]);
    assert_eq!(story.of(Rule::DefenceWithdrawn)[0].count, 1);
    // A person agreed to it: it is theirs to undo.
    let mut story = Story::new();
    story.tell("09:00:00", offered(false, 0, &["203.0.113.9"]));
    let decision = city::Decision::Agree { response: story.responses()[0].number };
    let decided = Event::Decided { time: at("09:05:00"), by: "Rowan".into(), decision };
    story.city.handle(&decided, &mut story.effects);
    story.tell("09:30:00", withdrawn());
    assert_eq!(states(&story), [Ordered]);
    assert!(last(&story).starts_with("Kept, because something else speaks for it"), "{}", last(&story));
    // What nobody here knows of is undone by nobody.
    let mut story = Story::new();
    story.tell("09:30:00", withdrawn());
    assert_eq!((states(&story).len(), story.of(Rule::DefenceWithdrawn)[0].severity), (0, Severity::Low));
}
