//! Small cities and what happens to them: each test is a story told in observations.

#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use city::{
    Address, Binding, ConnectionState, Conversation, Finding, Flood, Flow, Identity, Mac, Observation,
    Observed, Presence, Protocol, Reply, Request, Rule, Severity, Standing, Target, Trait, Transport, Verb,
    Weakness, WeaknessKind, Witness,
};
use cycle::{City, Effect, Event};
use jiff::{SignedDuration, Timestamp};
use plan::{Plan, SourceFile};
use std::{net::IpAddr, sync::Arc};

const PLAN: &str = r#"
[city]
name = "Testwick"
time-zone = "Europe/London"
learning = "1d"
silence = "1h"

[[service]]
id = "pumping"
name = "Pumping stations"
impact = "critical"
needs = ["network"]
rto = "4h"
rpo = "24h"
mtpd = "2d"

[[service]]
id = "network"
name = "Council network"
impact = "high"

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

[[zone]]
id = "world"
name = "Everywhere else"
outside = true

[[conduit]]
id = "office-to-pumps"
from = "office"
to = "pumps"
reason = "The SCADA server polls the pumps"
allow = ["modbus: read", "modbus: write holding-register 40..60"]

[[conduit]]
id = "office-to-world"
from = "office"
to = "world"
reason = "People browse"
allow = ["tls: any"]

[[asset]]
id = "scada"
name = "SCADA server"
zone = "office"
addresses = ["192.0.2.10"]
macs = ["00:00:5e:00:53:0a"]
services = ["network"]
role = "server"

[[asset]]
id = "pump-1"
name = "Pump controller at Mill Lane"
zone = "pumps"
addresses = ["192.0.2.130"]
macs = ["00:00:5e:00:53:01"]
services = ["pumping"]
firmware = "2.1"
role = "controller"
"#;

fn plan() -> Arc<Plan> {
    let checked = plan::check(&[SourceFile::new("city.toml", PLAN)]);
    Arc::new(checked.plan.expect("the plan of the tests is good"))
}

fn ip(text: &str) -> Address {
    Address::Ip(text.parse().unwrap())
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_767_225_600 + second).unwrap()
}

fn flow(source: &str, destination: &str, port: u16) -> Flow {
    Flow {
        source: ip(source),
        source_port: 50_000,
        destination: ip(destination),
        destination_port: port,
        transport: Transport::Tcp,
        protocol: None,
    }
}

fn modbus(source: &str, destination: &str) -> Flow {
    Flow { protocol: Some(Protocol::Modbus), ..flow(source, destination, 502) }
}

/// A city and the effects of everything that happened in it.
struct Story {
    city: City,
    effects: Vec<Effect>,
}

impl Story {
    fn new() -> Story {
        Story { city: City::new(Some(plan())), effects: Vec::new() }
    }

    fn tell(&mut self, second: i64, fact: Observed) -> &mut Story {
        let event = Event::Observed(Observation { time: at(second), sensor: "test".into(), fact });
        self.city.handle(&event, &mut self.effects);
        self
    }

    fn tick(&mut self, second: i64) -> &mut Story {
        self.city.handle(&Event::Tick(at(second)), &mut self.effects);
        self
    }

    fn request(&mut self, second: i64, flow: Flow, verb: Verb, target: Target) -> &mut Story {
        let request = Request {
            back: false,
            flow,
            verb,
            function: format!("a-{verb}").into(),
            target,
            value: None,
            reply: Reply::Done,
            details: Vec::new(),
        };
        self.tell(second, Observed::Request(Box::new(request)))
    }

    fn conversation(&mut self, second: i64, flow: Flow, state: ConnectionState, bytes: u64) -> &mut Story {
        let answered = u64::from(state.answered());
        let conversation = Conversation {
            flow,
            source_mac: None,
            destination_mac: None,
            vlan: None,
            start: at(second),
            duration: SignedDuration::ZERO,
            packets_out: 1,
            packets_in: answered,
            bytes_out: bytes,
            bytes_in: bytes,
            ip_bytes_out: bytes + 40,
            ip_bytes_in: bytes + 40,
            missed_bytes: 0,
            details: Vec::new(),
            history: city::Text::default(),
            state,
            ended: true,
        };
        self.tell(second, Observed::Conversation(Box::new(conversation)))
    }

    fn of(&self, rule: Rule) -> Vec<&Finding> {
        self.city.findings().filter(|finding| finding.key.rule == rule).collect()
    }

    fn rules(&self) -> Vec<Rule> {
        self.city.findings().map(|finding| finding.key.rule).collect()
    }
}

fn binding(address: &str, mac: &str) -> Observed {
    let address: IpAddr = address.parse().unwrap();
    let mac: Mac = mac.parse().unwrap();
    Observed::Binding(Binding { address, mac, protocol: Protocol::Arp })
}

#[test]
fn a_day_as_planned_raises_nothing() {
    let mut story = Story::new();
    let polling = modbus("192.0.2.10", "192.0.2.130");
    for second in 0..100 {
        story
            .tell(second * 60, Observed::Opened(flow("192.0.2.10", "192.0.2.130", 502)))
            .tell(second * 60, Observed::Recognised(polling))
            .request(second * 60, polling, Verb::Read, Target::numbered("holding-register", 0, 9))
            .request(second * 60, polling, Verb::Write, Target::numbered("holding-register", 40, 41))
            .conversation(second * 60 + 1, polling, ConnectionState::Sf, 100);
    }
    assert_eq!(story.rules(), []);
    let standings: Vec<_> = story.city.services().iter().map(|status| status.standing).collect();
    assert_eq!(standings, [Standing::Well, Standing::Well]);
    let cells: Vec<_> = story.city.matrix().collect();
    assert_eq!(cells.len(), 1);
    assert_eq!((cells[0].1.allowed, cells[0].1.outside, cells[0].1.bytes), (100, 0, 20_000));
}

#[test]
fn an_unknown_device_is_told_of_once_and_its_zone_is_named() {
    let mut story = Story::new();
    for second in 0..50 {
        story.tell(second, Observed::Opened(flow("192.0.2.99", "192.0.2.10", 80)));
    }
    let found = story.of(Rule::UndeclaredDevice);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].title, "Unknown device 192.0.2.99 in Office");
    assert_eq!(found[0].severity, Severity::Medium);
    assert_eq!(story.rules(), [Rule::UndeclaredDevice], "traffic inside one zone needs no conduit");
}

#[test]
fn a_link_local_address_is_judged_by_the_mac_address_behind_it() {
    let mut story = Story::new();
    story.tell(0, Observed::Opened(flow("fe80::1", "fe80::2", 80)));
    story.tell(1, binding("fe80::1", "00:00:5e:00:53:0a"));
    assert_eq!(story.rules(), [], "it is the SCADA server's second address");
    story.tell(2, Observed::Opened(flow("fe80::99", "fe80::2", 80)));
    story.tell(3, binding("fe80::99", "02:00:00:00:00:99"));
    assert_eq!(story.rules(), [Rule::UndeclaredDevice]);
}

#[test]
fn an_address_that_was_only_spoken_to_is_no_device() {
    let mut story = Story::new();
    let polled = flow("192.0.2.10", "192.0.2.200", 502);
    story.tell(0, Observed::Opened(polled)).conversation(1, polled, ConnectionState::S0, 0);
    assert!(story.city.device(ip("192.0.2.200")).is_none());
    assert_eq!(story.rules(), []);
}

#[test]
fn traffic_outside_every_conduit_is_told_at_its_first_packet_and_grows_graver_when_answered() {
    let mut story = Story::new();
    let call = flow("192.0.2.130", "192.0.2.10", 4_444);
    story.tell(0, Observed::Opened(call));
    let found = story.of(Rule::OutsideConduit);
    assert_eq!(found.len(), 1);
    assert_eq!(
        found[0].title,
        "Pump controller at Mill Lane tries to reach Office, which no conduit from Pumping allows"
    );
    story.tell(1, Observed::Recognised(Flow { protocol: Some(Protocol::Http), ..call }));
    let found = story.of(Rule::OutsideConduit);
    assert_eq!((found.len(), found[0].count, found[0].reasons.len()), (1, 2, 2));
    assert_eq!(
        found[0].title,
        "Pump controller at Mill Lane speaks to Office, which no conduit from Pumping allows"
    );
    assert!(story.effects.iter().any(|effect| matches!(effect, Effect::Worsened(_))));
}

#[test]
fn a_protocol_that_the_conduit_does_not_allow_is_outside_it() {
    let mut story = Story::new();
    let open = flow("192.0.2.10", "192.0.2.130", 502);
    story.tell(0, Observed::Opened(open));
    assert_eq!(story.rules(), []);
    story.tell(1, Observed::Recognised(Flow { protocol: Some(Protocol::Http), ..open }));
    assert_eq!(story.rules(), [Rule::OutsideConduit], "HTTP on Modbus's port is HTTP");
    let cells: Vec<_> = story.city.matrix().collect();
    assert_eq!((cells[0].1.allowed, cells[0].1.outside), (0, 1));
}

#[test]
fn a_write_where_only_reading_is_allowed_is_grave() {
    let mut story = Story::new();
    let polling = modbus("192.0.2.10", "192.0.2.130");
    story.request(0, polling, Verb::Write, Target::numbered("holding-register", 40, 61));
    let found = story.of(Rule::VerbNotAllowed);
    assert_eq!(found.len(), 1, "register 61 lies beyond what the conduit allows");
    assert_eq!(found[0].severity, Severity::Critical);
    assert_eq!(found[0].services.iter().map(|id| id.as_str()).collect::<Vec<_>>(), ["network", "pumping"]);
    let pumping = &story.city.services()[0];
    assert_eq!((pumping.standing, pumping.findings.as_slice()), (Standing::AtRisk, [1].as_slice()));
}

#[test]
fn a_write_from_a_place_without_a_conduit_is_told_for_itself() {
    let mut story = Story::new();
    let write = modbus("203.0.113.5", "192.0.2.130");
    story.tell(0, Observed::Opened(Flow { protocol: None, ..write }));
    story.request(1, write, Verb::Operate, Target::numbered("coil", 1, 1));
    assert_eq!(story.rules(), [Rule::OutsideConduit, Rule::VerbNotAllowed]);
    assert!(
        story.of(Rule::VerbNotAllowed)[0].reasons[0]
            .text
            .ends_with("there is no conduit for it between their zones.")
    );
}

#[test]
fn a_new_verb_after_learning_is_told_even_where_it_is_allowed() {
    let mut story = Story::new();
    let polling = modbus("192.0.2.10", "192.0.2.130");
    let registers = || Target::numbered("holding-register", 40, 41);
    story.request(0, polling, Verb::Read, registers());
    story.request(23 * 3_600, polling, Verb::Read, registers());
    story.request(25 * 3_600, polling, Verb::Write, registers());
    story.request(26 * 3_600, polling, Verb::Write, registers());
    let found = story.of(Rule::FirstSeenVerb);
    assert_eq!((found.len(), found[0].count), (1, 1));
}

#[test]
fn a_scan_is_one_finding_however_many_doors_it_tries() {
    let mut story = Story::new();
    for port in 1..=1_000_u16 {
        let knock = flow("192.0.2.10", "192.0.2.20", port);
        story.tell(port.into(), Observed::Opened(knock));
        story.conversation(port.into(), knock, ConnectionState::Rej, 0);
    }
    assert_eq!(story.of(Rule::Scan).len(), 1);
    assert_eq!(story.of(Rule::Scan)[0].techniques, ["T0846", "T0840"]);
    assert!(story.city.findings().len() < 5);
}

#[test]
fn a_flood_of_forged_addresses_is_one_finding_and_not_one_for_each_address() {
    let mut story = Story::new();
    for number in 0..20_000_u32 {
        let [.., a, b, c] = number.to_be_bytes();
        let knock = flow(&format!("198.{}.{b}.{c}", 51 + a), "192.0.2.130", 502);
        let second = i64::from(number / 1_000);
        story.tell(second, Observed::Opened(knock));
        story.conversation(second, knock, ConnectionState::S0, 0);
    }
    for minute in 1..=3 {
        let flood = Flood {
            destination: Some(ip("192.0.2.130")),
            transport: Transport::Tcp,
            port: Some(502),
            attempts: 20_000,
            sources: 19_000,
            destinations: 1,
            start: at(0),
            duration: SignedDuration::from_secs(20),
        };
        story.tell(60 * minute, Observed::Flood(Box::new(flood)));
    }
    let found = story.of(Rule::Flood);
    assert_eq!((found.len(), found[0].count, found[0].severity), (1, 3, Severity::Critical));
    assert_eq!(found[0].title, "Pump controller at Mill Lane is flooded with connection attempts");
    assert_eq!(
        found[0].reasons[0].text,
        "Within 20 s, 20000 conversations over tcp to port 502 were begun and came to nothing, from about 19000 \
         addresses. Nearly each has an address of its own, as if it were forged."
    );
    let outside = story.of(Rule::OutsideConduit);
    let crowd = outside.iter().find(|finding| finding.key.subject == ip("192.0.2.130")).unwrap();
    assert_eq!(
        crowd.title,
        "Many addresses outside the city try to reach Pump controller at Mill Lane, which no conduit allows"
    );
    assert_eq!((outside.len(), crowd.count), (65, 20_000 - 64));
    assert_eq!(story.city.findings().len(), 66);
}

#[test]
fn forged_addresses_of_the_city_itself_do_not_fill_the_inventory() {
    let mut story = Story::new();
    let knock =
        |number: u32| flow(&format!("10.0.{}.{}", number / 250, number % 250 + 1), "192.0.2.130", 502);
    for number in 0..5_000 {
        story.tell(0, Observed::Opened(knock(number)));
        story.conversation(5, knock(number), ConnectionState::S0, 0);
    }
    assert_eq!(story.of(Rule::UndeclaredDevice).len(), 256);
    // Who is answered is there.
    story.conversation(6, knock(4_999), ConnectionState::Sf, 100);
    assert_eq!(story.of(Rule::UndeclaredDevice).len(), 257);
}

#[test]
fn what_is_spread_over_many_devices_is_a_flood_only_if_it_comes_from_many() {
    let flood = |sources| Flood {
        destination: None,
        transport: Transport::Tcp,
        port: None,
        attempts: 50_000,
        sources,
        destinations: 40_000,
        start: at(0),
        duration: SignedDuration::from_secs(50),
    };
    let mut story = Story::new();
    story.tell(60, Observed::Flood(Box::new(flood(1))));
    assert!(story.of(Rule::Flood).is_empty(), "one source is a scan");
    story.tell(120, Observed::Flood(Box::new(flood(30_000))));
    assert_eq!(story.of(Rule::Flood)[0].title, "Many devices are flooded with connection attempts");
}

#[test]
fn an_address_claimed_by_a_second_device_is_told() {
    let mut story = Story::new();
    story.tell(0, binding("192.0.2.130", "00:00:5e:00:53:01"));
    assert_eq!(story.rules(), []);
    story.tell(1, binding("192.0.2.130", "02:00:00:00:00:66"));
    let found = story.of(Rule::AddressConflict);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].severity, Severity::Critical, "the address belongs to a critical service");
}

#[test]
fn a_device_that_reports_other_firmware_than_declared_is_told() {
    let mut story = Story::new();
    let identity = |value: &str| {
        Observed::Identity(Identity {
            address: ip("192.0.2.130"),
            about: Trait::Firmware,
            value: value.into(),
            witness: Witness { protocol: Protocol::Modbus, field: "MajorMinorRevision".into() },
            confidence: 90,
        })
    };
    story.tell(0, identity("2.1"));
    assert_eq!(story.rules(), []);
    story.tell(1, identity("9.9"));
    assert_eq!(story.rules(), [Rule::ChangedIdentity]);
    assert!(story.of(Rule::ChangedIdentity)[0].reasons[0].text.contains("the plan declares `2.1`"));
}

#[test]
fn what_a_banner_means_is_known_with_its_evidence() {
    let mut story = Story::new();
    let said = |address: &str, protocol, field: &'static str, value: &str, confidence| {
        Observed::Identity(Identity {
            address: ip(address),
            about: Trait::Product,
            value: value.into(),
            witness: Witness { protocol, field: field.into() },
            confidence,
        })
    };
    let camera = "AXIS,Network Camera,P0000,1.2.3";
    story
        .tell(0, said("192.0.2.130", Protocol::Ssh, "banner", "OpenSSH_8.9p1 Ubuntu-3ubuntu0.10", 50))
        .tell(1, said("192.0.2.131", Protocol::Dhcp, "option 60", camera, 50));
    let server = story.city.device(ip("192.0.2.130")).unwrap();
    assert_eq!(server.best(Trait::System), Some("Ubuntu Linux 22.04"));
    let software = &server.identity[&Trait::Software][0];
    assert_eq!(
        (software.value.as_str(), software.witness.field.as_str(), software.confidence),
        ("OpenSSH 8.9p1", "banner, recognised", 60)
    );
    // What it said stays as it said it.
    assert_eq!(server.best(Trait::Product), Some("OpenSSH_8.9p1 Ubuntu-3ubuntu0.10"));
    let seen = story.city.device(ip("192.0.2.131")).unwrap();
    let known =
        [Trait::Vendor, Trait::Model, Trait::Firmware, Trait::Role].map(|about| seen.best(about).unwrap());
    assert_eq!(known, ["AXIS", "P0000", "1.2.3", "IP Camera"]);
    // No finding comes of it: who reads better than before has seen no change of the device.
    assert_eq!(story.rules().iter().filter(|rule| **rule == Rule::ChangedIdentity).count(), 0);
}

#[test]
fn the_maker_of_an_interface_is_known_by_its_address_and_believed_least() {
    let mut story = Story::new();
    story
        .tell(0, binding("192.0.2.130", "00:0e:8c:00:00:01"))
        .tell(1, binding("192.0.2.131", "02:0e:8c:00:00:01"))
        .tell(2, binding("192.0.2.132", "00:00:5e:00:53:01"));
    let maker = &story.city.device(ip("192.0.2.130")).unwrap().identity[&Trait::Vendor][0];
    assert!(maker.value.starts_with("Siemens AG"), "{}", maker.value);
    assert_eq!((maker.confidence, maker.witness.field.as_str()), (30, "MAC address block"));
    for address in ["192.0.2.131", "192.0.2.132"] {
        assert_eq!(story.city.device(ip(address)).unwrap().best(Trait::Vendor), None);
    }
}

#[test]
fn a_call_to_a_new_place_outside_is_told_after_learning_even_where_allowed() {
    let mut story = Story::new();
    let call = |to: &str| Observed::Opened(flow("192.0.2.10", to, 443));
    story.tell(0, call("203.0.113.1")).tell(90_000, call("203.0.113.1")).tell(90_001, call("203.0.113.2"));
    let found = story.of(Rule::NewDestination);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].peer, Some(ip("203.0.113.2")));
    assert_eq!(story.of(Rule::OutsideConduit).len(), 0);
}

#[test]
fn a_silent_device_takes_its_service_down_and_its_return_brings_it_back() {
    let mut story = Story::new();
    let sign = |address| Observed::Opened(flow(address, "192.0.2.10", 80));
    story.tell(0, Observed::Opened(flow("192.0.2.10", "192.0.2.130", 502)));
    story.conversation(1, modbus("192.0.2.10", "192.0.2.130"), ConnectionState::Sf, 10);
    story.tell(3_000, sign("192.0.2.10"));
    story.tick(3_599);
    assert_eq!(story.rules(), []);
    story.tick(3_700);
    assert_eq!(story.rules(), [Rule::SilentDevice]);
    let statuses = story.city.services();
    assert_eq!((statuses[0].standing, statuses[1].standing), (Standing::Down, Standing::Well));
    assert_eq!(statuses[0].because[0], "1 of its 1 devices silent: Pump controller at Mill Lane");
    story.conversation(3_800, modbus("192.0.2.10", "192.0.2.130"), ConnectionState::Sf, 10);
    assert_eq!(story.city.services()[0].standing, Standing::Well);
    let pump = "pump-1".parse().unwrap();
    assert_eq!(story.city.presence(&pump).0, Presence::Heard);
    story.tick(20_000);
    assert_eq!(story.of(Rule::SilentDevice).iter().map(|f| f.count).collect::<Vec<_>>(), [2, 1], "and again");
}

#[test]
fn a_zone_that_was_never_heard_is_one_finding_about_the_sensor() {
    let mut story = Story::new();
    let sign = || Observed::Opened(flow("192.0.2.10", "192.0.2.11", 80));
    story.tell(0, sign()).tell(3_900, sign()).tick(4_000);
    let found = story.of(Rule::SilentDevice);
    let titles: Vec<_> = found.iter().map(|finding| finding.title.as_str()).collect();
    assert_eq!(titles, ["Nothing has been heard of Pumping"]);
    assert_eq!(story.city.services()[0].standing, Standing::Unknown, "not heard is not down");
}

#[test]
fn a_short_old_recording_says_nothing_of_silence() {
    let mut story = Story::new();
    story.tell(-400_000_000, Observed::Opened(flow("192.0.2.10", "192.0.2.130", 502)));
    story.tell(-400_000_000 + 600, Observed::Opened(flow("192.0.2.10", "192.0.2.130", 502)));
    assert_eq!(story.of(Rule::SilentDevice).len(), 0);
}

#[test]
fn each_weakness_is_a_finding_counted_not_repeated() {
    let mut story = Story::new();
    let weakness = |kind| {
        Observed::Weakness(Weakness {
            address: ip("192.0.2.130"),
            port: 80,
            protocol: Protocol::Http,
            kind,
            detail: "user name engineer".into(),
            peer: Some(ip("192.0.2.10")),
        })
    };
    for second in 0..1_000 {
        story.tell(second, weakness(WeaknessKind::CleartextCredentials));
    }
    story.tell(1_000, weakness(WeaknessKind::DefaultCredentials));
    let found = story.of(Rule::Weakness);
    assert_eq!(found.iter().map(|finding| finding.count).collect::<Vec<_>>(), [1_000, 1]);
    assert!(found.iter().all(|finding| !finding.outcomes.is_empty() && !finding.techniques.is_empty()));
}

#[test]
fn a_million_strange_conversations_make_few_findings_in_bounded_room() {
    let mut story = Story::new();
    for i in 0..100_000_u32 {
        let source = IpAddr::V4((0xc000_0200 + (i % 128)).into()).to_string();
        let target = IpAddr::V4((0xcb00_7100 + (i / 128) % 256).into()).to_string();
        let port = u16::try_from(i % 60_000).unwrap();
        story.tell(i.into(), Observed::Opened(flow(&source, &target, port)));
    }
    assert!(story.city.findings().len() < 128 * 20, "{}", story.city.findings().len());
}

#[test]
fn the_same_events_give_the_same_effects_and_state_also_through_a_checkpoint() {
    let events = |story: &mut Story, range: std::ops::Range<i64>| {
        for i in range {
            let source = format!("192.0.2.{}", i * 7 % 250 + 1);
            let target = format!("192.0.2.{}", i * 13 % 250 + 1);
            let port = u16::try_from(i % 2_000).unwrap();
            story.tell(i * 30, Observed::Opened(flow(&source, &target, port)));
            story.tell(i * 30 + 1, binding(&source, &format!("02:00:00:00:00:{:02x}", i % 5)));
        }
    };
    let (mut whole, mut first) = (Story::new(), Story::new());
    events(&mut whole, 0..2_000);
    events(&mut first, 0..1_000);
    let checkpoint = postcard::to_stdvec(&first.city).unwrap();
    let mut second = Story { city: postcard::from_bytes(&checkpoint).unwrap(), effects: first.effects };
    second.city.adopt(Some(plan()));
    events(&mut second, 1_000..2_000);
    assert_eq!(whole.effects.len(), second.effects.len());
    assert_eq!(whole.effects, second.effects);
    assert!(!whole.effects.is_empty());
    assert_eq!(postcard::to_stdvec(&whole.city).unwrap(), postcard::to_stdvec(&second.city).unwrap());
}
