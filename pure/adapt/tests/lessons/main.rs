//! Lessons: what an attack used is taken out of the plan, and the plan then holds the lesson.
#![cfg(test)]

use adapt::lesson::{Asked, Proposal, is_held, propose};
use city::{Flow, Narrowing, Protocol, Transport, Verb, VerbSet};
use plan::{Plan, SourceFile, check, narrow};
use std::net::IpAddr;

const CITY: &str = r#"[city]
name = "Wexcombe"
time-zone = "Europe/London"

[[zone]]
id = "office"
name = "Office"
networks = ["198.51.100.0/24"]
security-level = 1

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

[[conduit]]
from = "office"
to = "pumps"
reason = "Levels are read, and set points written"
allow = [
    "modbus: read, write", # the engineers
    "tcp/4059",
]

[[conduit]]
from = "internet"
to = "pumps"
reason = "The supplier looks after the pumps"
allow = ["modbus: any"]
"#;

fn plan(files: &[SourceFile]) -> Plan {
    let checked = check(files);
    checked.plan.ok_or(checked.diagnostics).unwrap()
}

fn asked(source: &str, destination: &str, protocol: Protocol, verb: Verb) -> Asked {
    let ip = |text: &str| text.parse::<IpAddr>().unwrap().into();
    let flow = Flow {
        source: ip(source),
        destination: ip(destination),
        source_port: 50_000,
        destination_port: 502,
        transport: Transport::Tcp,
        protocol: Some(protocol),
    };
    Asked { flow, protocol, verb }
}

#[test]
fn what_the_plan_allowed_is_taken_out_and_nothing_else() {
    let files = [SourceFile::new("city.toml", CITY)];
    let before = plan(&files);
    let proposal = propose(
        &before,
        [
            asked("203.0.113.9", "192.0.2.7", Protocol::Modbus, Verb::Write),
            asked("203.0.113.9", "192.0.2.8", Protocol::Modbus, Verb::Program),
            asked("198.51.100.5", "192.0.2.7", Protocol::Modbus, Verb::Write),
            asked("198.51.100.5", "192.0.2.7", Protocol::Dnp3, Verb::Operate),
            asked("203.0.113.9", "198.51.100.5", Protocol::Http, Verb::Read),
            asked("192.0.2.7", "192.0.2.8", Protocol::Modbus, Verb::Write),
        ],
    );
    let id = |text: &str| text.parse().unwrap();
    let narrowing = |from, verbs: &[Verb]| Narrowing {
        from: id(from),
        to: id("pumps"),
        protocol: Protocol::Modbus,
        verbs: VerbSet::of(verbs),
    };
    let narrow_to =
        vec![narrowing("internet", &[Verb::Program, Verb::Write]), narrowing("office", &[Verb::Write])];
    assert_eq!(proposal, Proposal { narrow: narrow_to, outside: 1, by_port: 1, within: 1 });
    assert!(proposal.narrow.iter().all(|narrowing| !is_held(&before, narrowing)));

    let changed = narrow(&files, &proposal.narrow);
    let after = plan(&changed);
    assert!(proposal.narrow.iter().all(|narrowing| is_held(&after, narrowing)));
    let text = changed[0].text();
    assert!(text.contains("\"modbus: read\", # the engineers"), "{text}");
    assert!(text.contains("\"tcp/4059\""), "{text}");
    assert_eq!(after.conduits().len(), 2);
    // What is learned twice changes nothing more.
    assert_eq!(narrow(&changed, &proposal.narrow)[0].text(), text);
}
