//! A small city, and what a new plan means for what ran in it.

use super::*;
use city::{ConnectionState, Conversation, Flow, Protocol, Reply, Request, Target, Text, Transport, Verb};
use jiff::{SignedDuration, Timestamp};
use plan::SourceFile;

/// A town with an office, pumps and a tower behind them.
const TOWN: &str = r#"
[city]
name = "Wexcombe"
time-zone = "Europe/London"

[[contact]]
id = "drainage"
name = "Drainage engineer"
role = "Owner of the pumps"
telephone = "+44 1632 960103"

[[contact]]
id = "desk"
name = "Pumpmakers' desk"
role = "Mends pumps"
telephone = "+44 1632 960104"

[[service]]
id = "drainage"
name = "Flood pumps"
owner = "drainage"
impact = "high"

[[service]]
id = "warning"
name = "Flood warning"
impact = "low"
needs = ["drainage"]

[[supplier]]
id = "pumpmakers"
name = "Pumpmakers"
contact = "desk"

[[zone]]
id = "office"
name = "Office"
networks = ["192.0.2.0/28"]
security-level = 1

[[zone]]
id = "pumps"
name = "Pumps"
networks = ["192.0.2.16/28"]
security-level = 3

[[zone]]
id = "internet"
name = "Internet"
outside = true

[[asset]]
id = "pump"
name = "Pump at the mill"
zone = "pumps"
addresses = ["192.0.2.17"]
services = ["drainage"]
supplier = "pumpmakers"

[[asset]]
id = "siren"
name = "Siren"
zone = "pumps"
addresses = ["192.0.2.18"]
services = ["warning"]
"#;

fn plan(conduits: &[(&str, &str, &[&str])]) -> Plan {
    let mut text = TOWN.to_owned();
    for (from, to, allow) in conduits {
        text += &format!(
            "\n[[conduit]]\nfrom = \"{from}\"\nto = \"{to}\"\nreason = \"Work\"\nallow = {allow:?}\n"
        );
    }
    let checked = plan::check(&[SourceFile::new("city.toml", text)]);
    let said: String = checked.diagnostics.iter().map(|d| d.render(plan::Colours::Off)).collect();
    checked.plan.expect(&said)
}

fn at(minute: i64) -> Timestamp {
    Timestamp::from_second(1_767_322_800).unwrap() + SignedDuration::from_mins(minute)
}

fn flow(source: &str, destination: &str, port: u16, protocol: Option<Protocol>) -> Flow {
    Flow {
        source: source.parse().unwrap(),
        source_port: 49_152,
        destination: destination.parse().unwrap(),
        destination_port: port,
        transport: Transport::Tcp,
        protocol,
    }
}

/// A conversation that was answered, or was not.
fn conversation(flow: Flow, minute: i64, answered: bool) -> Observation {
    let fact = Observed::Conversation(Box::new(Conversation {
        flow,
        source_mac: None,
        destination_mac: None,
        vlan: None,
        start: at(minute),
        duration: SignedDuration::from_secs(1),
        packets_out: 3,
        packets_in: if answered { 3 } else { 0 },
        bytes_out: if answered { 40 } else { 0 },
        bytes_in: if answered { 40 } else { 0 },
        ip_bytes_out: 160,
        ip_bytes_in: 160,
        missed_bytes: 0,
        state: if answered { ConnectionState::Sf } else { ConnectionState::S0 },
        history: Text::const_new("ShADadFf"),
        ended: true,
        details: Vec::new(),
    }));
    Observation { time: at(minute), sensor: "mirror-0".into(), fact }
}

fn request(flow: Flow, minute: i64, verb: Verb, target: Target) -> Observation {
    let fact = Observed::Request(Box::new(Request {
        flow,
        back: false,
        verb,
        function: Text::const_new("write-multiple-registers"),
        target,
        value: None,
        reply: Reply::Done,
        details: Vec::new(),
    }));
    Observation { time: at(minute), sensor: "mirror-0".into(), fact }
}

fn rehearse(old: Option<&Plan>, new: &Plan, seen: &[Observation]) -> Answer {
    let mut rehearsal = Rehearsal::new(old, new);
    seen.iter().for_each(|observation| rehearsal.see(observation));
    rehearsal.answer()
}

const READ_PUMPS: (&str, &str, &[&str]) = ("office", "pumps", &["modbus: read", "ssh: authenticate"]);

fn polling() -> Vec<Observation> {
    let modbus = flow("192.0.2.2", "192.0.2.17", 502, Some(Protocol::Modbus));
    let registers = |minute| request(modbus, minute, Verb::Read, Target::numbered("holding-register", 0, 9));
    vec![registers(0), registers(1), conversation(modbus, 2, true)]
}

#[test]
fn what_the_plan_allows_would_go_on_and_what_nobody_used_can_be_closed() {
    let plan = plan(&[READ_PUMPS]);
    let answer = rehearse(Some(&plan), &plan, &polling());
    assert!(!answer.would_refuse());
    assert_eq!(
        answer.headline,
        "Nothing that ran in the 2 minutes on record would stop, and 1 allowance was never used."
    );
    let unused: Vec<&str> = answer.unused().map(|allowance| allowance.allowance.as_str()).collect();
    assert_eq!(unused, ["ssh: authenticate"]);
    let used = answer.allowances.first().unwrap();
    assert_eq!((used.conversations, used.requests, used.verbs.as_slice()), (1, 2, [Verb::Read].as_slice()));
}

#[test]
fn a_closed_conduit_names_those_who_would_notice() {
    let (old, new) = (plan(&[READ_PUMPS]), plan(&[]));
    let answer = rehearse(Some(&old), &new, &polling());
    assert!(answer.would_refuse());
    let [line] = answer.refused.as_slice() else { panic!("{:?}", answer.refused) };
    assert_eq!((line.from.name.as_str(), line.to.name.as_str()), ("192.0.2.2", "Pump at the mill"));
    assert_eq!((line.transport.as_str(), line.port), ("tcp", Some(502)));
    assert_eq!((line.conversations, line.requests, line.now), (1, 2, Some(Stand::Allowed)));
    assert_eq!((line.first, line.last), (at(0), at(2)));
    assert_eq!(line.why, "no conduit leads from Office to Pumps");
    assert_eq!(line.services.iter().map(|id| id.as_str()).collect::<Vec<_>>(), ["drainage"]);
    assert_eq!(line.needed_by.iter().map(|id| id.as_str()).collect::<Vec<_>>(), ["warning"]);
    let told: Vec<&str> = answer.contacts.iter().map(|contact| contact.name.as_str()).collect();
    assert_eq!(told, ["Drainage engineer", "Pumpmakers' desk"]);
    assert_eq!(line.allow, ["modbus: read"]);
    assert!(answer.headline.starts_with("1 service would notice: Flood pumps."), "{}", answer.headline);
}

#[test]
fn a_verb_is_found_and_not_refused() {
    let plan = plan(&[("office", "pumps", &["modbus: read", "modbus: write holding-register 10..13"])]);
    let modbus = flow("192.0.2.2", "192.0.2.17", 502, Some(Protocol::Modbus));
    let write = |first| request(modbus, 5, Verb::Write, Target::numbered("holding-register", first, first));
    let answer = rehearse(None, &plan, &[write(11), write(20), write(24), conversation(modbus, 6, true)]);
    assert!(answer.refused.is_empty() && answer.would_refuse());
    let [line] = answer.watched.as_slice() else { panic!("{:?}", answer.watched) };
    assert_eq!(
        (line.refusal, line.requests, line.verbs.as_slice()),
        (Refusal::Verb, 2, [Verb::Write].as_slice())
    );
    assert_eq!(line.allow, ["modbus: write holding-register 20..24"]);
    // What was asked for and allowed is used; what was never asked for is not, though Modbus was spoken.
    let unused: Vec<&str> = answer.unused().map(|allowance| allowance.allowance.as_str()).collect();
    assert_eq!(unused, ["modbus: read"]);
}

#[test]
fn a_firewall_goes_by_the_port_and_the_wire_by_what_is_said() {
    let plan = plan(&[("office", "pumps", &["modbus: any", "tls: any"])]);
    let elsewhere = conversation(flow("192.0.2.2", "192.0.2.17", 1_502, Some(Protocol::Modbus)), 0, true);
    let disguised = conversation(flow("192.0.2.2", "192.0.2.17", 443, Some(Protocol::Ssh)), 0, true);
    let answer = rehearse(None, &plan, &[elsewhere, disguised]);
    let [refused] = answer.refused.as_slice() else { panic!("{:?}", answer.refused) };
    assert_eq!(refused.allow, ["modbus: discover on tcp/1502"]);
    assert!(
        refused.why.contains("allows Modbus/TCP, which a firewall knows by port tcp/502"),
        "{}",
        refused.why
    );
    let [watched] = answer.watched.as_slice() else { panic!("{:?}", answer.watched) };
    assert_eq!(
        (watched.refusal, watched.protocols.as_slice()),
        (Refusal::Protocol, [Protocol::Ssh].as_slice())
    );
    assert!(!answer.unused().any(|allowance| allowance.allowance == "modbus: any"));
}

#[test]
fn what_the_plan_of_now_refuses_and_the_new_one_allows_is_newly_possible() {
    let (old, new) = (plan(&[]), plan(&[READ_PUMPS]));
    let answer = rehearse(Some(&old), &new, &polling());
    assert!(!answer.would_refuse() && answer.refused.is_empty());
    let [line] = answer.opened.as_slice() else { panic!("{:?}", answer.opened) };
    assert_eq!((line.port, line.now), (Some(502), Some(Stand::Refused)));
    assert!(answer.allowances.iter().all(|allowance| allowance.added));
}

#[test]
fn what_knocked_in_vain_is_listed_and_would_not_be_missed() {
    let plan = plan(&[]);
    let knocks: Vec<Observation> = (1..=9)
        .map(|last| {
            let source = format!("203.0.113.{last}");
            conversation(flow(&source, "192.0.2.17", 22, None), last.into(), false)
        })
        .collect();
    let answer = rehearse(Some(&plan), &plan, &knocks);
    assert!(!answer.would_refuse() && answer.services.is_empty());
    // Those outside the city stand together.
    let [line] = answer.refused.as_slice() else { panic!("{:?}", answer.refused) };
    assert_eq!((line.from.addresses, line.unanswered, line.ran), (9, 9, false));
    assert_eq!(line.from.name, "203.0.113.1 and 8 others");
    // An allowance that was only tried is not needed.
    let open = plan_with_ssh_from_outside();
    assert_eq!(rehearse(None, &open, &knocks).unused().count(), 1);
}

fn plan_with_ssh_from_outside() -> Plan {
    plan(&[("internet", "pumps", &["ssh: authenticate"])])
}

#[test]
fn what_goes_on_and_has_not_said_what_it_is_stays_undecided() {
    let (reading, nothing) = (plan(&[READ_PUMPS]), plan(&[]));
    let mut going_on = conversation(flow("192.0.2.2", "192.0.2.17", 502, None), 0, true);
    if let Observed::Conversation(conversation) = &mut going_on.fact {
        conversation.ended = false;
    }
    let answer = rehearse(None, &reading, &[going_on.clone()]);
    assert!(!answer.would_refuse());
    assert_eq!((answer.reach.undecided, answer.reach.conversations), (1, 0));
    // Where nothing like it is allowed, it is refused while it goes on.
    let answer = rehearse(None, &nothing, &[going_on]);
    let [line] = answer.refused.as_slice() else { panic!("{:?}", answer.refused) };
    assert!(line.ran && line.conversations == 0);
}

#[test]
fn the_order_and_the_parts_do_not_matter_and_the_answer_can_be_written_down() {
    let (old, new) = (plan(&[READ_PUMPS]), plan(&[("office", "pumps", &["modbus: discover"])]));
    let mut seen = polling();
    seen.push(conversation(flow("198.51.100.7", "192.0.2.18", 23, Some(Protocol::Telnet)), 9, true));
    let forwards = rehearse(Some(&old), &new, &seen);
    let mut parts = [Rehearsal::new(Some(&old), &new), Rehearsal::new(Some(&old), &new)];
    seen.iter().rev().enumerate().for_each(|(n, observation)| parts[n % 2].see(observation));
    let [mut all, other] = parts;
    all.absorb(other);
    let backwards = all.answer();
    assert_eq!(forwards, backwards);
    let written = serde_json::to_string(&forwards).unwrap();
    assert_eq!(serde_json::from_str::<Answer>(&written).unwrap(), forwards);
    assert_eq!(forwards.refused.len() + forwards.watched.len(), 2);
}

#[test]
fn nothing_recorded_is_said_to_say_nothing() {
    let plan = plan(&[READ_PUMPS]);
    let answer = rehearse(None, &plan, &[]);
    assert_eq!(answer.headline, "Nothing is recorded, so nothing can be said of what would stop.");
}
