//! What devices are in the habit of: learned, shown, told of when it is broken, and refused.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use city::{
    Address, ConnectionState, Conversation, Finding, Flow, Observation, Observed, Protocol, Reply, Request,
    Rule, Severity, Target, Transport, Verb,
};
use cycle::{City, Effect, Event};
use defend::{Habit, Rate};
use jiff::{SignedDuration, Timestamp};
use plan::SourceFile;
use std::sync::Arc;

const PLAN: &str = r#"
[city]
name = "Testwick"
time-zone = "Europe/London"
learning = "7d"

[[zone]]
id = "office"
name = "Office"
networks = ["192.0.2.0/25"]
security-level = 1

[[zone]]
id = "pumps"
name = "Pumping"
networks = ["192.0.2.128/25"]
security-level = 2

[[conduit]]
from = "office"
to = "pumps"
reason = "The office runs the pumps"
allow = ["modbus: any", "http: any"]

[[asset]]
id = "scada"
name = "SCADA server"
zone = "office"
addresses = ["192.0.2.10"]

[[asset]]
id = "pump-1"
name = "Pump controller at Mill Lane"
zone = "pumps"
addresses = ["192.0.2.130"]
"#;

const SCADA: &str = "192.0.2.10";
const PUMP: &str = "192.0.2.130";

/// A Monday, 00:00 UTC.
const MONDAY: i64 = 1_767_571_200;
const HOUR: i64 = 3_600;
const WEEK: i64 = 7 * 24 * HOUR;

fn ip(text: &str) -> Address {
    Address::Ip(text.parse().unwrap())
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(MONDAY + second).unwrap()
}

fn flow(source: &str, protocol: Protocol, port: u16) -> Flow {
    Flow {
        source: ip(source),
        source_port: 50_000,
        destination: ip(PUMP),
        destination_port: port,
        transport: Transport::Tcp,
        protocol: Some(protocol),
    }
}

struct Story {
    city: City,
    effects: Vec<Effect>,
    events: Vec<Event>,
}

impl Story {
    fn new() -> Story {
        let plan = plan::check(&[SourceFile::new("city.toml", PLAN)]).plan.unwrap();
        Story { city: City::new(Some(Arc::new(plan))), effects: Vec::new(), events: Vec::new() }
    }

    /// A quiet week: the server reads every five minutes, and in the morning of each working day it sets the pump.
    fn learned() -> Story {
        let mut story = Story::new();
        for minute in (0..7 * 24 * 60).step_by(5) {
            let second = minute * 60;
            story.ask(second, SCADA, Verb::Read);
            if second % (24 * HOUR) == 9 * HOUR && second < 5 * 24 * HOUR {
                story.ask(second, SCADA, Verb::Write);
            }
        }
        story
    }

    fn handle(&mut self, event: Event) {
        self.city.handle(&event, &mut self.effects);
        self.events.push(event);
    }

    fn see(&mut self, second: i64, fact: Observed) {
        self.handle(Event::Observed(Observation { time: at(second), sensor: "test".into(), fact }));
    }

    fn ask(&mut self, second: i64, source: &str, verb: Verb) {
        self.see(
            second,
            Observed::Request(Box::new(Request {
                back: false,
                flow: flow(source, Protocol::Modbus, 502),
                verb,
                function: format!("a-{verb}").into(),
                target: Target::numbered("coil", 1, 1),
                value: None,
                reply: Reply::Done,
                details: Vec::new(),
            })),
        );
    }

    /// Somebody opens the pages of the pump.
    fn browse(&mut self, second: i64, source: &str) {
        let flow = flow(source, Protocol::Http, 80);
        self.see(second, Observed::Opened(Flow { protocol: None, ..flow }));
        let conversation = Conversation {
            flow,
            source_mac: None,
            destination_mac: None,
            vlan: None,
            start: at(second),
            duration: SignedDuration::from_secs(1),
            packets_out: 6,
            packets_in: 5,
            bytes_out: 200,
            bytes_in: 600,
            ip_bytes_out: 440,
            ip_bytes_in: 800,
            missed_bytes: 0,
            details: Vec::new(),
            history: "ShADadFf".into(),
            state: ConnectionState::Sf,
            ended: true,
        };
        self.see(second, Observed::Conversation(Box::new(conversation)));
    }

    fn refuse(&mut self, second: i64, habit: Habit) -> Result<(), &'static str> {
        self.city.may_refuse(ip(PUMP), habit)?;
        self.handle(Event::Refused { time: at(second), by: "Ada".into(), device: ip(PUMP), habit });
        Ok(())
    }

    fn unusual(&self) -> Vec<&Finding> {
        let unusual = |finding: &&Finding| finding.key.rule == Rule::UnusualActivity;
        self.city.findings().filter(unusual).collect()
    }
}

#[test]
fn a_week_as_it_was_learned_brings_no_finding() {
    let mut story = Story::learned();
    for minute in (7 * 24 * 60..14 * 24 * 60).step_by(5) {
        let second = minute * 60;
        story.ask(second, SCADA, Verb::Read);
        // A little later or earlier each day, as people do.
        if second % (24 * HOUR) == (8 + second / (24 * HOUR) % 3) * HOUR && second < WEEK + 5 * 24 * HOUR {
            story.ask(second, SCADA, Verb::Write);
        }
    }
    assert_eq!(story.city.findings().count(), 0);
    let baseline = story.city.baseline(ip(PUMP)).unwrap();
    assert!(baseline.over && !baseline.full);
    assert_eq!((baseline.peers.len(), baseline.verbs.len()), (1, 2));
    let looking = baseline.rates.iter().find(|counted| counted.rate == Rate::Looking).unwrap();
    assert_eq!((looking.learned, looking.later, looking.limit), (2, 2, Some(30)));
}

#[test]
fn a_new_station_at_the_controller_s_pages_is_told_once() {
    let mut story = Story::learned();
    story.browse(WEEK + HOUR, "192.0.2.50");
    story.browse(WEEK + 2 * HOUR, "192.0.2.50");
    let found = story.unusual();
    assert_eq!((found.len(), found[0].count, found[0].severity), (1, 1, Severity::Low));
    assert_eq!(found[0].title, "Pump controller at Mill Lane talks with 192.0.2.50, for the first time");
    assert_eq!(found[0].peer, Some(ip("192.0.2.50")));
    assert_eq!(story.city.responses().count(), 0, "habit alone cuts nobody off");
}

#[test]
fn a_pump_set_in_the_night_is_told_although_its_server_may_set_it() {
    let mut story = Story::learned();
    story.ask(WEEK + 27 * HOUR, SCADA, Verb::Write);
    let found = story.unusual();
    assert_eq!((found.len(), found[0].severity), (1, Severity::Medium));
    assert_eq!(
        found[0].reasons[0].text,
        "Modbus/TCP a-write coil 1 in the hour from Tuesday 03:00 UTC: while behaviour was learned the device was heard at this \
         time, and was changed at others only."
    );
}

#[test]
fn a_storm_of_allowed_requests_is_told_once() {
    let mut story = Story::learned();
    for second in 0..100 {
        story.ask(WEEK + HOUR + second, SCADA, Verb::Read);
    }
    let found = story.unusual();
    assert_eq!((found.len(), found[0].count, found[0].severity), (1, 1, Severity::Low));
    assert!(
        found[0].reasons[0].text.starts_with("31 requests that only look within ten minutes, where 2 were")
    );
}

#[test]
fn what_a_person_refused_is_told_when_it_happens_again_and_after_a_restart() {
    let mut story = Story::learned();
    let write = Habit::Asked(ip(SCADA), Protocol::Modbus, Verb::Write);
    assert_eq!(story.refuse(WEEK, write), Ok(()));
    assert_eq!(story.refuse(WEEK, write), Err("that habit is refused already"));
    assert!(story.city.findings().len() == 0, "to refuse is no finding");
    let before = story.city.clone();
    story.ask(WEEK + 9 * HOUR, SCADA, Verb::Write);
    story.ask(WEEK + 33 * HOUR, SCADA, Verb::Write);
    let found = story.unusual();
    assert_eq!((found.len(), found[0].count, found[0].severity), (1, 2, Severity::High));
    assert_eq!(
        found[0].title,
        "Pump controller at Mill Lane was asked to write over Modbus/TCP by SCADA server, which was refused"
    );
    let refused = story.city.baseline(ip(PUMP)).unwrap().refused;
    assert_eq!((refused.len(), refused[0].habit, refused[0].by.as_str()), (1, write, "Ada"));

    // From the journal, and from a checkpoint.
    let mut again = Story::new();
    for event in &story.events {
        again.handle(event.clone());
    }
    let bytes = postcard::to_allocvec(&before).unwrap();
    let mut opened: City = postcard::from_bytes(&bytes).unwrap();
    opened.adopt(story.city.plan().cloned());
    for event in &story.events[story.events.len() - 2..] {
        opened.handle(event, &mut Vec::new());
    }
    let whole = postcard::to_allocvec(&story.city).unwrap();
    assert!(postcard::to_allocvec(&again.city).unwrap() == whole);
    assert!(postcard::to_allocvec(&opened).unwrap() == whole);
}
