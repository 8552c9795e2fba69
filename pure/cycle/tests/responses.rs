//! From a finding to a device cut off and connected again, as stories.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use city::{
    Address, Decision, Firewall, FirewallMode, Flow, Observation, Observed, Protocol, Reply, Request,
    Response, ResponseState, Rule, Target, Transport, Unequal, Verb,
};
use cycle::{City, Effect, Event};
use jiff::Timestamp;
use plan::SourceFile;
use std::{net::IpAddr, sync::Arc};

const PLAN: &str = r#"
[city]
name = "Testwick"
time-zone = "Europe/London"

[[service]]
id = "signals"
name = "Signal control"
impact = "high"
fallback = "junctions run fixed-time plans"

[[service]]
id = "bridge"
name = "Lifting bridge"
impact = "high"
needs = ["signals"]
must-run = true

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

[[zone]]
id = "depot"
name = "Depot"
networks = ["198.51.100.0/24"]
security-level = 1

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
services = ["signals"]

[[asset]]
id = "junction"
name = "Junction at Mill Lane"
zone = "street"
addresses = ["192.0.2.130"]
services = ["signals"]
"#;

const STANDING: &str = r#"
[[response]]
id = "no-strangers"
rules = ["verb-not-allowed"]
zones = ["street"]
severity = "high"
reason = "Nobody but the server commands a junction"
"#;

struct Story {
    city: City,
    effects: Vec<Effect>,
    second: i64,
}

impl Story {
    fn new(standing: bool) -> Story {
        let text = if standing { format!("{PLAN}{STANDING}") } else { PLAN.to_owned() };
        let plan = plan::check(&[SourceFile::new("city.toml", text)]).plan.unwrap();
        Story { city: City::new(Some(Arc::new(plan))), effects: Vec::new(), second: 0 }
    }

    fn now(&mut self) -> Timestamp {
        self.second += 1;
        Timestamp::from_second(1_767_225_600 + self.second).unwrap()
    }

    /// Somebody operates a coil of the junction.
    fn operate(&mut self, source: &str) -> &Response {
        let ip = |text: &str| Address::Ip(text.parse().unwrap());
        let flow = Flow {
            source: ip(source),
            source_port: 50_000,
            destination: ip("192.0.2.130"),
            destination_port: 502,
            transport: Transport::Tcp,
            protocol: Some(Protocol::Modbus),
        };
        let request = Request {
            back: false,
            flow,
            verb: Verb::Operate,
            function: "write-single-coil".into(),
            target: Target::numbered("coil", 1, 1),
            value: None,
            reply: Reply::Done,
            details: Vec::new(),
        };
        let (time, fact) = (self.now(), Observed::Request(Box::new(request)));
        self.handle(Event::Observed(Observation { time, sensor: "test".into(), fact }))
    }

    fn handle(&mut self, event: Event) -> &Response {
        self.effects.clear();
        self.city.handle(&event, &mut self.effects);
        self.city.responses().last().unwrap()
    }

    fn decide(&mut self, by: &str, decision: Decision) -> Result<ResponseState, &'static str> {
        self.city.may(&decision, by)?;
        let time = self.now();
        Ok(self.handle(Event::Decided { time, by: by.into(), decision }).state)
    }

    fn answer(&mut self, failure: Option<&str>) -> ResponseState {
        let (time, number) = (self.now(), self.city.responses().last().unwrap().number);
        self.handle(Event::Answered { time, response: number, failure: failure.map(Into::into) }).state
    }
}

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn why() -> city::Text {
    "the laptop was found and taken away".into()
}

#[test]
fn a_person_is_asked_before_a_stranger_is_cut_off() {
    let mut story = Story::new(false);
    let response = story.operate("198.51.100.66");
    assert_eq!((response.state, response.target), (ResponseState::Proposed, address("198.51.100.66")));
    assert!(response.consequences.is_empty(), "the plan knows of nothing there");
    assert!(story.effects.iter().any(|effect| matches!(effect, Effect::Responded(_))));

    story.operate("198.51.100.66");
    assert!(story.effects.is_empty(), "the same again is neither a finding nor a proposal");

    assert_eq!(story.decide("ada", Decision::Agree { response: 1 }), Ok(ResponseState::Ordered));
    assert_eq!(story.answer(None), ResponseState::Contained);
    let release = || Decision::Release { target: address("198.51.100.66"), reason: why() };
    assert_eq!(story.decide("ben", release()), Ok(ResponseState::Releasing));
    assert_eq!(story.answer(None), ResponseState::Released);
    assert_eq!(story.decide("ben", release()), Err("that device is not contained"));
    let said: Vec<&str> =
        story.city.responses().last().unwrap().steps.iter().map(|step| step.text.as_str()).collect();
    assert_eq!(said.len(), 5);
    assert_eq!(said[3], "Release: the laptop was found and taken away");
}

#[test]
fn the_plan_may_say_to_act_without_asking() {
    let mut story = Story::new(true);
    let response = story.operate("198.51.100.66");
    assert_eq!(response.state, ResponseState::Ordered);
    assert_eq!(response.steps[0].by, None);
    assert_eq!(
        response.steps[0].text,
        "Ordered, as the plan says: Nobody but the server commands a junction"
    );
    assert_eq!(story.answer(Some("nothing here enforces")), ResponseState::Failed);
    // What failed can be tried again.
    assert_eq!(story.decide("ada", Decision::Agree { response: 1 }), Ok(ResponseState::Ordered));
}

#[test]
fn what_must_run_is_never_cut_off_by_one_alone() {
    let mut story = Story::new(true);
    let response = story.operate("192.0.2.10");
    assert_eq!(response.state, ResponseState::Proposed, "a bridge that must run needs this server");
    let told: Vec<&str> = response.consequences.iter().map(|cost| cost.text.as_str()).collect();
    assert_eq!(
        told,
        [
            "Lifting bridge needs Signal control, which is affected. What it falls back to, the plan does not say.",
            "Signal control would be without Signal server; one other device supports it. Without it: junctions run fixed-time \
             plans.",
        ]
    );
    assert_eq!(story.decide("ada", Decision::Agree { response: 1 }), Ok(ResponseState::Agreed));
    let second = "a second person must agree: a service that must run is at stake";
    assert_eq!(story.decide("ada", Decision::Agree { response: 1 }), Err(second));
    let contain = Decision::Contain { target: address("192.0.2.10"), reason: "now".into() };
    assert_eq!(story.decide("ada", contain), Err(second));
    assert_eq!(story.decide("ben", Decision::Agree { response: 1 }), Ok(ResponseState::Ordered));
}

#[test]
fn a_proposal_can_be_dismissed_and_a_device_contained_without_one() {
    let mut story = Story::new(false);
    story.operate("198.51.100.66");
    let dismiss = Decision::Dismiss { response: 1, reason: "planned work".into() };
    assert_eq!(story.decide("ada", dismiss.clone()), Ok(ResponseState::Dismissed));
    assert_eq!(
        story.decide("ada", dismiss),
        Err("that response waits for nobody; release the device to undo it")
    );
    let contain = Decision::Contain { target: address("198.51.100.7"), reason: "lost".into() };
    assert_eq!(story.decide("ada", contain), Ok(ResponseState::Ordered));
    assert_eq!(story.city.responses().last().unwrap().number, 2);
    let nobody = Decision::Contain { target: address("224.0.0.1"), reason: "lost".into() };
    assert_eq!(story.decide("ada", nobody), Err("that address is not one device's"));
    assert_eq!(story.decide("ada", Decision::Agree { response: 9 }), Err("there is no such response"));
}

#[test]
fn what_is_done_at_the_firewall_itself_is_known_and_told() {
    let mut story = Story::new(false);
    story.operate("198.51.100.66");
    let look = |contained: &[&str], drift: &[&str]| Firewall {
        mode: FirewallMode::Enforcing,
        contained: contained.iter().map(|text| address(text)).collect(),
        drift: drift.iter().map(|line| (*line).into()).collect(),
        ..Firewall::default()
    };
    let time = story.now();
    let firewall = Box::new(look(&["198.51.100.66", "198.51.100.7"], &[]));
    story.handle(Event::Firewall { time, firewall });
    let states: Vec<ResponseState> = story.city.responses().map(|response| response.state).collect();
    assert_eq!(states, [ResponseState::Contained, ResponseState::Contained]);

    let time = story.now();
    let unequal = Unequal {
        passes: true,
        path: "Depot to Street".into(),
        packet: "tcp 198.51.100.66:50000 → 192.0.2.130:502, new".into(),
        rule: "line 12: tcp dport 502 accept".into(),
        conduits: Vec::new(),
    };
    let drift = "+ tcp dport 502 accept";
    let firewall = Box::new(Firewall { unequal: vec![unequal], ..look(&["198.51.100.7"], &[drift]) });
    story.handle(Event::Firewall { time, firewall: firewall.clone() });
    let rules: Vec<Rule> = story.city.findings().map(|finding| finding.key.rule).collect();
    assert_eq!(rules[2..], [Rule::FirewallDrift, Rule::NotEnforced]);
    assert_eq!(story.city.responses().next().unwrap().state, ResponseState::Released);

    let time = story.now();
    story.handle(Event::Firewall { time, firewall });
    assert_eq!(story.city.findings().map(|finding| finding.count).collect::<Vec<_>>()[2..], [1, 1]);
}

#[test]
fn the_wire_tells_whether_cutting_off_took_effect() {
    let mut story = Story::new(false);
    story.operate("198.51.100.66");
    story.decide("ada", Decision::Agree { response: 1 }).unwrap();
    story.answer(Some("nothing here enforces"));
    let before = story.now();
    assert_eq!(story.city.responses().last().unwrap().heard, None);
    let begun = |start: Timestamp, packets_in: u64| {
        let ip = |text: &str| Address::Ip(text.parse().unwrap());
        Observed::Conversation(Box::new(city::Conversation {
            flow: Flow {
                source: ip("198.51.100.66"),
                source_port: 50_001,
                destination: ip("192.0.2.130"),
                destination_port: 502,
                transport: Transport::Tcp,
                protocol: Some(Protocol::Modbus),
            },
            source_mac: None,
            destination_mac: None,
            vlan: None,
            start,
            duration: jiff::SignedDuration::ZERO,
            packets_out: 1,
            packets_in,
            bytes_out: 12,
            bytes_in: 12,
            ip_bytes_out: 52,
            ip_bytes_in: 52,
            missed_bytes: 0,
            details: Vec::new(),
            history: city::Text::default(),
            state: city::ConnectionState::Sf,
            ended: true,
        }))
    };
    let ago = before - jiff::SignedDuration::from_secs(60);
    for (start, packets_in, heard) in [(ago, 5, false), (before, 0, false), (before, 5, true)] {
        let (time, fact) = (story.now(), begun(start, packets_in));
        let response = story.handle(Event::Observed(Observation { time, sensor: "test".into(), fact }));
        assert_eq!(response.heard.is_some(), heard, "{start} {packets_in}");
    }
    // Tried again, now at a firewall that does it: what is heard after that is told.
    story.decide("ada", Decision::Agree { response: 1 }).unwrap();
    assert_eq!(story.answer(None), ResponseState::Contained);
    let (start, time) = (story.now(), story.now());
    let response =
        story.handle(Event::Observed(Observation { time, sensor: "test".into(), fact: begun(start, 5) }));
    assert_eq!(
        response.steps.last().unwrap().text,
        "Heard in an answered conversation although it is cut off"
    );
}
