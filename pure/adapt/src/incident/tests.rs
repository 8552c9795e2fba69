use super::*;
use city::{FindingKey, IncidentAct, Reason, Response, Rule, Step};
use proptest::prelude::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_767_322_000 + second).unwrap()
}

fn ip(last: u8) -> Address {
    Address::Ip([192, 0, 2, last].into())
}

fn name(address: Address) -> Text {
    Text::from(address.to_string())
}

/// A small city: what was found in it, and the incidents that came of it.
#[derive(Default)]
struct Story {
    findings: Vec<Finding>,
    responses: Vec<Response>,
    incidents: Incidents,
    changed: Vec<Incident>,
}

impl Story {
    /// Something is found at a time: by which rule, how grave, about whom, and who is at the other end.
    fn find(&mut self, second: i64, rule: Rule, severity: Severity, subject: u8, peer: Option<u8>) -> u64 {
        let number = self.findings.len() as u64 + 1;
        let finding = Finding {
            number,
            key: FindingKey { rule, subject: ip(subject), distinction: number.to_string().into() },
            title: format!("{} {subject}", rule.as_str()).into(),
            severity,
            reasons: vec![Reason { time: at(second), text: "it was seen".into() }],
            remedy: "look".into(),
            asset: None,
            zone: Some("street".parse().unwrap()),
            services: Vec::new(),
            peer: peer.map(ip),
            techniques: Vec::new(),
            outcomes: Vec::new(),
            count: 1,
            first: at(second),
            last: at(second),
        };
        self.findings.push(finding.clone());
        let known = Known { findings: &self.findings, responses: &self.responses, name: &name };
        self.incidents.found(&finding, at(second), known, &mut self.changed);
        number
    }

    fn again(&mut self, second: i64, number: u64) {
        let finding = self.findings[number as usize - 1].clone();
        let known = Known { findings: &self.findings, responses: &self.responses, name: &name };
        self.incidents.again(&finding, at(second), known, &mut self.changed);
    }

    fn respond(&mut self, second: i64, target: u8, state: ResponseState, findings: &[u64]) {
        let response = Response {
            number: u64::from(target),
            target: [192, 0, 2, target].into(),
            asset: None,
            name: "the laptop".into(),
            findings: findings.to_vec(),
            defences: Vec::new(),
            consequences: Vec::new(),
            standing: None,
            state,
            heard: None,
            steps: vec![Step { time: at(second), by: None, text: "Cut off".into() }],
        };
        self.responses.retain(|known| known.number != response.number);
        self.responses.push(response.clone());
        let known = Known { findings: &self.findings, responses: &self.responses, name: &name };
        self.incidents.responded(&response, at(second), known, &mut self.changed);
    }

    fn act(&mut self, second: i64, number: u64, act: IncidentAct) -> Result<(), &'static str> {
        self.incidents.may(number, &act, at(second))?;
        let known = Known { findings: &self.findings, responses: &self.responses, name: &name };
        self.incidents.handle(number, &act, &"ada".into(), at(second), known, &mut self.changed);
        Ok(())
    }

    fn get(&self, number: u64) -> &Incident {
        self.incidents.get(number).unwrap()
    }

    /// The findings of each incident that is kept.
    fn groups(&self) -> Vec<Vec<u64>> {
        self.incidents.all().map(|incident| self.incidents.findings_of(incident.number).collect()).collect()
    }
}

const DAY: i64 = 86_400;

fn said(text: &str) -> Text {
    text.into()
}

#[test]
fn a_city_in_which_something_is_always_found_has_no_incident_without_end() {
    let mut story = Story::default();
    // Every ten minutes for ten days another doer at the same few devices.
    for step in 0..10 * 144_u8 as i64 {
        story.find(
            step * 600,
            Rule::VerbNotAllowed,
            Severity::High,
            (step % 200) as u8 + 50,
            Some((step % 5) as u8 + 1),
        );
    }
    let lasted = |incident: &Incident| incident.last.duration_since(incident.detected);
    let longest = story.incidents.all().map(lasted).max().unwrap();
    assert!(longest <= SignedDuration::from_hours(48), "{longest:#}");
}

#[test]
fn one_attack_is_one_incident_and_two_faults_are_two() {
    let mut story = Story::default();
    // Worth knowing only: the laptop comes into an office.
    story.find(0, Rule::UndeclaredDevice, Severity::Medium, 9, None);
    story.find(1, Rule::Weakness, Severity::High, 30, Some(9));
    assert_eq!(story.incidents.all().len(), 0, "nobody is woken for these");
    // It scans, commands one controller, then another; and that other speaks to a third by itself.
    story.find(60, Rule::Scan, Severity::High, 9, None);
    story.find(70, Rule::FirstSeenVerb, Severity::High, 20, Some(9));
    story.find(80, Rule::VerbNotAllowed, Severity::Critical, 9, Some(21));
    story.find(3 * 3_600, Rule::OutsideConduit, Severity::Medium, 21, Some(22));
    // Elsewhere, at other hours, two devices break.
    story.find(4 * 3_600, Rule::SilentDevice, Severity::High, 40, None);
    story.find(6 * 3_600, Rule::SilentDevice, Severity::High, 41, None);
    assert_eq!(story.groups(), [vec![1, 3, 4, 5, 6], vec![7], vec![8]]);
    let attack = story.get(1);
    assert_eq!((attack.severity, attack.title.as_str()), (Severity::Critical, "verb-not-allowed 9"));
    assert_eq!((attack.began, attack.detected, attack.last), (at(0), at(60), at(3 * 3_600)));
    let steps: Vec<_> = attack.steps.iter().map(|step| step.text.as_str()).collect();
    assert_eq!(
        steps,
        [
            "Begun with finding 3: scan 9",
            "Finding 1 from before joined, because both are about what 192.0.2.9 does: undeclared-device 9",
            "Finding 4 joined, because both are about what 192.0.2.9 does: first-seen-verb 20",
            "Finding 5 joined, because both are about what 192.0.2.9 does: verb-not-allowed 9",
            "Finding 6 joined, because 192.0.2.21 was reached before and now acts itself: outside-conduit 21",
        ]
    );
}

#[test]
fn a_power_cut_is_one_incident() {
    let mut story = Story::default();
    for device in 0..20 {
        story.find(i64::from(device) * 20, Rule::SilentDevice, Severity::High, 40 + device, None);
    }
    assert_eq!(story.incidents.all().len(), 1);
    assert!(
        story.get(1).steps[1].text.contains("the same befell other devices of `street` within ten minutes")
    );
    // It is sealed when it begins and when it has doubled, and not for each device.
    assert_eq!(story.changed.len(), 5);
}

#[test]
fn what_is_seen_again_after_the_end_begins_another() {
    let mut story = Story::default();
    story.find(0, Rule::Scan, Severity::High, 9, None);
    story.again(3_000, 1);
    story.act(4_000, 1, IncidentAct::Recover { text: said("the laptop is gone") }).unwrap();
    story.act(5_000, 1, IncidentAct::Review { text: said("an open socket") }).unwrap();
    let sealed = story.changed.len();
    story.again(6_000, 1);
    assert_eq!((story.incidents.all().len(), story.changed.len()), (1, sealed), "it is the tail of the same");
    story.again(6_000 + DAY + 1, 1);
    assert_eq!(story.incidents.all().len(), 2);
    assert_eq!(story.incidents.of(1), Some(2));
    let second = story.get(2);
    assert_eq!(second.began, at(6_000 + DAY + 1));
    assert!(second.steps[0].text.contains("seen again more than a day after incident 1 ended"), "{second:?}");
}

#[test]
fn responses_tell_that_it_is_contained_and_that_it_is_not() {
    let mut story = Story::default();
    story.find(0, Rule::Scan, Severity::High, 9, None);
    story.respond(10, 9, ResponseState::Proposed, &[1]);
    assert_eq!(story.get(1).state, IncidentState::Triage);
    story.respond(75, 9, ResponseState::Contained, &[1]);
    let incident = story.get(1);
    assert_eq!((&incident.state, incident.contained), (&IncidentState::Contained, Some(at(75))));
    assert_eq!(incident.responses, [9]);
    // What is cut off may still try; what another does to the same device is no attempt that came to nothing.
    story.find(80, Rule::OutsideConduit, Severity::Medium, 9, Some(20));
    assert_eq!(story.get(1).state, IncidentState::Contained);
    story.find(90, Rule::VerbNotAllowed, Severity::Critical, 8, Some(20));
    let incident = story.get(1);
    assert_eq!((&incident.state, incident.contained), (&IncidentState::Triage, None));
}

#[test]
fn a_dismissal_is_heeded_until_it_ends_and_says_so() {
    let mut story = Story::default();
    story.find(0, Rule::Scan, Severity::High, 9, None);
    let dismiss = |until| IncidentAct::Dismiss { reason: said("the yearly test"), until: at(until) };
    assert!(story.act(60, 1, dismiss(30)).is_err());
    assert!(story.act(60, 1, dismiss(2 * 366 * DAY)).is_err());
    story.act(60, 1, dismiss(10 * DAY)).unwrap();
    story.again(5 * DAY, 1);
    // The same kind, and another.
    story.find(5 * DAY, Rule::Scan, Severity::High, 9, None);
    story.find(5 * DAY, Rule::Scan, Severity::High, 8, None);
    assert_eq!(story.groups(), [vec![1, 2], vec![3]]);
    let last = story.get(1).steps.last().unwrap();
    assert!(
        last.text.starts_with("Finding 2 began no incident: it is of a kind that was dismissed until"),
        "{last:?}"
    );
    story.again(11 * DAY, 2);
    assert_eq!(story.incidents.all().len(), 3, "it holds no longer");
}

#[test]
fn acts_are_done_in_their_order_and_refused_with_a_reason() {
    let mut story = Story::default();
    story.find(0, Rule::Scan, Severity::High, 9, None);
    let review = || IncidentAct::Review { text: said("root cause") };
    assert!(story.act(1, 1, review()).unwrap_err().contains("not recovered yet"));
    assert!(story.act(1, 2, review()).unwrap_err().contains("no such incident"));
    assert!(story.act(1, 1, IncidentAct::Note { text: said(" ") }).is_err());
    assert!(story.act(1, 1, IncidentAct::Merge { into: 1 }).is_err());
    assert!(story.act(1, 1, IncidentAct::Split { findings: vec![1] }).unwrap_err().contains("must stay"));
    story.act(2, 1, IncidentAct::Assign { owner: said("ada") }).unwrap();
    story.act(3, 1, IncidentAct::Rename { title: said("The laptop in the library") }).unwrap();
    story.act(4, 1, IncidentAct::Contain { text: said("unplugged") }).unwrap();
    story.act(5, 1, IncidentAct::Recover { text: said("levels put back") }).unwrap();
    story.act(6, 1, review()).unwrap();
    let incident = story.get(1);
    assert_eq!(incident.state, IncidentState::Reviewed);
    assert_eq!(
        (incident.contained, incident.recovered, incident.reviewed),
        (Some(at(4)), Some(at(5)), Some(at(6)))
    );
    assert_eq!(
        (incident.owner.as_deref(), incident.title.as_str()),
        (Some("ada"), "The laptop in the library")
    );
    assert!(incident.steps.iter().skip(1).all(|step| step.by.as_deref() == Some("ada")));
    story.act(7, 1, IncidentAct::Reopen { text: said("it is back") }).unwrap();
    assert_eq!((&story.get(1).state, story.get(1).reviewed), (&IncidentState::Triage, None));
    // A graver finding does not take the name away that a person gave.
    story.find(8, Rule::VerbNotAllowed, Severity::Critical, 9, Some(20));
    assert_eq!(story.get(1).title, "The laptop in the library");
}

#[derive(Clone, Debug)]
enum Move {
    Find(u8, u8, Option<u8>),
    Again(u64),
    Act(u64, u8, u64),
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let find = (0..34_u8, 1..12_u8, proptest::option::of(1..12_u8));
    prop::collection::vec(
        prop_oneof![
            3 => find.prop_map(|(rule, subject, peer)| Move::Find(rule, subject, peer)),
            1 => (1..40_u64).prop_map(Move::Again),
            3 => (1..12_u64, 0..7_u8, 1..40_u64).prop_map(|(number, act, other)| Move::Act(number, act, other)),
        ],
        1..120,
    )
}

fn play(moves: &[Move], resume_at: usize) -> Story {
    let mut story = Story::default();
    let mut second = 0;
    for (n, step) in moves.iter().enumerate() {
        if n == resume_at {
            // As a checkpoint would have it.
            let kept = serde_json::to_string(&story.incidents.kept).unwrap();
            story.incidents.kept = serde_json::from_str(&kept).unwrap();
        }
        second += 600;
        match step {
            Move::Find(rule, subject, peer) => {
                let severity = Severity::ALL[usize::from(rule + subject) % 5];
                let rule = Rule::ALL[usize::from(*rule)];
                story.find(second, rule, severity, *subject, *peer);
            }
            Move::Again(number) if *number as usize <= story.findings.len() => story.again(second, *number),
            Move::Again(_) => {}
            Move::Act(number, act, other) => {
                let text = said("because");
                let act = match act {
                    0 => IncidentAct::Recover { text },
                    1 => IncidentAct::Review { text },
                    2 => IncidentAct::Reopen { text },
                    3 => IncidentAct::Dismiss { reason: text, until: at(second + 90_000) },
                    4 => IncidentAct::Merge { into: *other },
                    _ => {
                        let mine: Vec<u64> = story.incidents.findings_of(*number).collect();
                        let findings = mine.into_iter().filter(|finding| finding % 2 == other % 2).collect();
                        IncidentAct::Split { findings }
                    }
                };
                let before: Vec<u64> = story.incidents.of.keys().copied().collect();
                let _ = story.act(second, *number, act);
                let after: Vec<u64> = story.incidents.of.keys().copied().collect();
                assert_eq!(before, after, "no act makes or loses a finding");
            }
        }
    }
    story
}

proptest! {
    #[test]
    fn every_finding_of_an_incident_is_in_exactly_one_that_lives(moves in moves(), resume_at in 0..120_usize) {
        let story = play(&moves, usize::MAX);
        let mut homes: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
        for incident in story.incidents.all() {
            let merged = matches!(incident.state, IncidentState::Merged { .. });
            let members: Vec<u64> = story.incidents.findings_of(incident.number).collect();
            prop_assert!(merged == members.is_empty() || !merged, "{incident:?}");
            for finding in &members {
                homes.entry(*finding).or_default().push(incident.number);
                prop_assert!(incident.findings.contains(finding), "{finding} in {incident:?}");
            }
            if !merged && !incident.state.is_over() && incident.state != IncidentState::Recovered {
                prop_assert_eq!(incident.findings.len(), members.len());
            }
        }
        prop_assert!(homes.values().all(|of| of.len() == 1));
        for finding in story.findings.iter().filter(|finding| belong::begins(finding)) {
            prop_assert!(homes.contains_key(&finding.number), "{finding:?} is in none");
        }
        // The same again, and from a checkpoint: the same incidents.
        let again = play(&moves, resume_at);
        prop_assert_eq!(again.changed, story.changed);
        prop_assert!(again.incidents.all().eq(story.incidents.all()));
    }
}
