//! From traffic to an incident, its response and its review: through the one function, and across a checkpoint.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use city::{
    Address, Decision, Flow, IncidentAct, IncidentState, Observation, Observed, Protocol, Reply, Request,
    Target, Transport, Verb,
};
use cycle::{City, Effect, Event};
use jiff::Timestamp;
use plan::{Plan, SourceFile};
use std::sync::Arc;

const PLAN: &str = r#"
[city]
name = "Testwick"
time-zone = "Europe/London"

[[service]]
id = "signals"
name = "Signal control"
impact = "high"

[[zone]]
id = "office"
name = "Office"
networks = ["192.0.2.0/25"]
security-level = 1

[[zone]]
id = "street"
name = "Street"
networks = ["192.0.2.128/25"]
security-level = 2

[[conduit]]
from = "office"
to = "street"
reason = "The server reads the junctions"
allow = ["modbus: read"]

[[asset]]
id = "server"
name = "Signal server"
zone = "office"
addresses = ["192.0.2.10"]

[[asset]]
id = "junction"
name = "Junction at Mill Lane"
zone = "street"
addresses = ["192.0.2.130"]
services = ["signals"]
"#;

fn plan() -> Arc<Plan> {
    Arc::new(plan::check(&[SourceFile::new("city.toml", PLAN)]).plan.unwrap())
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_767_225_600 + second).unwrap()
}

/// Somebody asks a device to do something.
fn ask(second: i64, source: &str, destination: &str, verb: Verb) -> Event {
    let ip = |text: &str| Address::Ip(text.parse().unwrap());
    let flow = Flow {
        source: ip(source),
        source_port: 50_000,
        destination: ip(destination),
        destination_port: 502,
        transport: Transport::Tcp,
        protocol: Some(Protocol::Modbus),
    };
    let request = Request {
        back: false,
        flow,
        verb,
        function: "write-single-coil".into(),
        target: Target::numbered("coil", 1, 1),
        value: None,
        reply: Reply::Done,
        details: Vec::new(),
    };
    let fact = Observed::Request(Box::new(request));
    Event::Observed(Observation { time: at(second), sensor: "test".into(), fact })
}

fn act(second: i64, incident: u64, act: IncidentAct) -> Event {
    Event::Handled { time: at(second), by: "Ada".into(), incident, act }
}

/// A laptop commands a junction; Ada has it cut off, and sees to the rest.
fn story() -> Vec<Event> {
    let text = || "as it was before".into();
    vec![
        ask(1, "192.0.2.10", "192.0.2.130", Verb::Read),
        ask(10, "192.0.2.99", "192.0.2.130", Verb::Operate),
        ask(11, "192.0.2.99", "192.0.2.130", Verb::Operate),
        ask(12, "192.0.2.99", "192.0.2.131", Verb::Operate),
        act(20, 1, IncidentAct::Assign { owner: "Ada".into() }),
        Event::Decided { time: at(30), by: "Ada".into(), decision: Decision::Agree { response: 1 } },
        Event::Answered { time: at(31), response: 1, failure: None },
        ask(40, "192.0.2.99", "192.0.2.130", Verb::Operate),
        // Nobody cuts off the other device that it commanded, and that the plan does not know.
        Event::Decided {
            time: at(50),
            by: "Ada".into(),
            decision: Decision::Dismiss { response: 2, reason: "it was done to, and did nothing".into() },
        },
        act(300, 1, IncidentAct::Review { text: text() }),
        act(301, 1, IncidentAct::Recover { text: text() }),
        act(302, 1, IncidentAct::Review { text: text() }),
        ask(400, "192.0.2.99", "192.0.2.130", Verb::Operate),
        ask(2 * 86_400, "192.0.2.99", "192.0.2.130", Verb::Operate),
        Event::Tick(at(2 * 86_400 + 60)),
    ]
}

#[test]
fn a_laptop_is_one_incident_from_its_first_command_to_its_review() {
    let mut city = City::new(Some(plan()));
    let mut effects = Vec::new();
    for event in story() {
        city.handle(&event, &mut effects);
    }
    let incidents: Vec<_> = city.incidents().collect();
    let [first, silent, again] = incidents.as_slice() else { panic!("{incidents:#?}") };
    assert_eq!(first.state, IncidentState::Reviewed);
    assert_eq!(
        (first.contained, first.recovered, first.reviewed),
        (Some(at(50)), Some(at(301)), Some(at(302)))
    );
    assert_eq!(first.services.len(), 1);
    assert_eq!(
        first.findings.len(),
        4,
        "the laptop, the junction and the device that the plan does not know"
    );
    assert_eq!(silent.title, "Signal server is silent");
    assert_eq!((again.state.as_str(), again.began), ("triage", at(2 * 86_400)), "it came back days after");
    // Each finding that matters is in one of them, and each of their changes is an effect to be sealed.
    for finding in city.findings() {
        assert!(city.incident_of(finding.number).is_some(), "{finding:?}");
    }
    let sealed: Vec<_> = effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Incident(incident) => {
                Some((incident.number, incident.state.as_str(), incident.steps.len()))
            }
            _ => None,
        })
        .collect();
    assert_eq!(sealed.first(), Some(&(1, "triage", 2)));
    assert!(sealed.iter().any(|(_, state, _)| *state == "contained"));
    // What cannot be done is not done: the review before it was recovered left no trace.
    assert_eq!(sealed.iter().filter(|(_, state, _)| *state == "reviewed").count(), 1);
}

#[test]
fn the_same_events_lead_to_the_same_incidents_across_a_checkpoint() {
    let mut whole = City::new(Some(plan()));
    let mut effects = Vec::new();
    story().iter().for_each(|event| whole.handle(event, &mut effects));
    let bytes = postcard::to_stdvec(&whole).unwrap();
    for cut in 0..story().len() {
        let mut city = City::new(Some(plan()));
        let mut again = Vec::new();
        for (n, event) in story().iter().enumerate() {
            if n == cut {
                city = postcard::from_bytes(&postcard::to_stdvec(&city).unwrap()).unwrap();
                city.adopt(Some(plan()));
            }
            city.handle(event, &mut again);
        }
        assert_eq!(again, effects, "cut at {cut}");
        assert!(postcard::to_stdvec(&city).unwrap() == bytes, "cut at {cut}");
    }
}
