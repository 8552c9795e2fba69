use super::*;
use crate::{Severity, check};
use city::{Binding, ConnectionState, Target};

fn ip(text: &str) -> Address {
    text.parse().unwrap()
}

fn flow(
    source: &str,
    destination: &str,
    transport: Transport,
    port: u16,
    protocol: Option<Protocol>,
) -> Flow {
    Flow {
        source: ip(source),
        source_port: 50_000,
        destination: ip(destination),
        destination_port: port,
        transport,
        protocol,
    }
}

fn observe(draft: &mut Draft, fact: Observed) {
    let time = "2026-11-23T10:00:00Z".parse().unwrap();
    draft.see(&Observation { time, sensor: "test".into(), fact });
}

fn ask(draft: &mut Draft, flow: Flow, verb: Verb, target: Target) {
    let (function, reply) = ("test".into(), Reply::Done);
    let request =
        Request { flow, back: false, verb, function, target, value: None, reply, details: Vec::new() };
    observe(draft, Observed::Request(Box::new(request)));
}

fn converse(draft: &mut Draft, flow: Flow, answered: bool) {
    observe(
        draft,
        Observed::Conversation(Box::new(Conversation {
            flow,
            source_mac: None,
            destination_mac: None,
            vlan: None,
            start: "2026-11-23T10:00:00Z".parse().unwrap(),
            duration: jiff::SignedDuration::from_secs(1),
            packets_out: 1,
            packets_in: u64::from(answered),
            bytes_out: 10,
            bytes_in: 0,
            ip_bytes_out: 50,
            ip_bytes_in: 0,
            missed_bytes: 0,
            details: Vec::new(),
            history: Text::default(),
            state: if answered { ConnectionState::Sf } else { ConnectionState::S0 },
            ended: true,
        })),
    );
}

fn bind(draft: &mut Draft, address: &str, mac: &str) {
    let binding =
        Binding { address: address.parse().unwrap(), mac: mac.parse().unwrap(), protocol: Protocol::Arp };
    observe(draft, Observed::Binding(binding));
}

fn identify(draft: &mut Draft, address: &str, about: Trait, value: &str) {
    let witness = Witness { protocol: Protocol::Bacnet, field: "object-name".into() };
    let identity = Identity { address: ip(address), about, value: value.into(), witness, confidence: 90 };
    observe(draft, Observed::Identity(identity));
}

/// The plan that the draft's text is.
fn plan(draft: &Draft) -> (crate::Plan, String) {
    let Drafted { files, .. } = draft.answer();
    let checked = check(&files);
    let said: String = checked.diagnostics.iter().map(|d| d.render(crate::Colours::Off)).collect();
    assert_eq!(checked.count(Severity::Error), 0, "{said}");
    for file in &files {
        assert_eq!(crate::format(file.text()).as_deref(), Some(file.text()));
    }
    (checked.plan.unwrap(), files.iter().map(SourceFile::text).collect())
}

/// Two controllers, their supervisor in the same network, and the internet.
fn small_city() -> Draft {
    let mut draft = Draft::new();
    for (host, mac) in [("192.0.2.33", "00:00:5e:00:53:21"), ("192.0.2.40", "00:00:5e:00:53:28")] {
        bind(&mut draft, host, mac);
        let modbus = flow("192.0.2.10", host, Transport::Tcp, 502, Some(Protocol::Modbus));
        converse(&mut draft, modbus, true);
        for register in [40, 49, 60] {
            ask(&mut draft, modbus, Verb::Write, Target::numbered("holding-register", register, register));
        }
        ask(&mut draft, modbus, Verb::Read, Target::numbered("coil", 1, 8));
    }
    identify(&mut draft, "192.0.2.33", Trait::Name, "Market Street \"A\"\n[[asset]]\u{202e}");
    identify(&mut draft, "192.0.2.33", Trait::Vendor, "Carrick");
    identify(&mut draft, "192.0.2.33", Trait::Model, "TC4");
    converse(&mut draft, flow("192.0.2.10", "9.9.9.9", Transport::Udp, 123, None), true);
    draft
}

#[test]
fn controllers_stand_apart_with_what_they_are_asked() {
    let (plan, text) = plan(&small_city());
    let zones: Vec<_> =
        plan.zones().map(|zone| (zone.id.as_str(), zone.networks.len(), zone.outside)).collect();
    assert_eq!(
        zones,
        [("controllers-192-0-2-32-27", 1, false), ("network-192-0-2-0-24", 3, false), ("outside", 0, true)]
    );
    let conduits: Vec<_> = plan
        .conduits()
        .map(|c| {
            (c.from.as_str(), c.to.as_str(), c.allow.iter().map(ToString::to_string).collect::<Vec<_>>())
        })
        .collect();
    let modbus = vec!["modbus: read".to_owned(), "modbus: write holding-register 40..60".to_owned()];
    assert_eq!(
        conduits,
        [
            ("network-192-0-2-0-24", "outside", vec!["udp/123".to_owned()]),
            ("network-192-0-2-0-24", "controllers-192-0-2-32-27", modbus),
        ]
    );
    assert!(text.contains("# guessed: 6 requests from 192.0.2.10 to 2 ends such as 192.0.2.33\n"), "{text}");
    let controller = plan.asset_at(ip("192.0.2.33")).unwrap();
    assert_eq!(controller.id.as_str(), "market-street-a-asset");
    assert_eq!(controller.name, "Market Street \"A\" [[asset]]");
    assert_eq!(controller.product.as_deref(), Some("Carrick TC4"));
    assert_eq!(controller.role.as_deref(), Some("controller"));
    assert_eq!(controller.macs.len(), 1);
    let server =
        "# guessed: spoke Modbus/TCP as a server on tcp 502, 4 requests, the first from 192.0.2.10\n";
    assert!(text.contains(server), "{text}");
    assert_eq!(plan.assets().len(), 3, "outside is no asset of the city's");
}

#[test]
fn one_device_with_two_addresses_is_one_asset_and_a_router_is_none_of_the_others() {
    let mut draft = Draft::new();
    for host in ["192.0.2.5", "2001:db8::5", "fe80::5"] {
        bind(&mut draft, host, "00:00:5e:00:53:05");
    }
    // A router answers for another network too.
    bind(&mut draft, "192.0.2.1", "00:00:5e:00:53:01");
    bind(&mut draft, "198.51.100.7", "00:00:5e:00:53:01");
    // Two claim one address.
    bind(&mut draft, "192.0.2.9", "00:00:5e:00:53:09");
    bind(&mut draft, "192.0.2.9", "00:00:5e:00:53:0a");
    let (plan, text) = plan(&draft);
    let one = plan.asset_at(ip("192.0.2.5")).unwrap();
    assert_eq!(one.addresses.len(), 2);
    assert_eq!(plan.asset_at(ip("2001:db8::5")), Some(one));
    assert!(plan.asset_at(ip("192.0.2.1")).unwrap().macs.is_empty());
    assert!(text.contains("00:00:5e:00:53:01 claims 192.0.2.1 and 1 more"), "{text}");
    assert!(text.contains("2 MAC addresses claim 192.0.2.9"), "{text}");
    assert_eq!(plan.zone_of("fe80::5".parse().unwrap()).unwrap().id.as_str(), "link-local");
}

#[test]
fn topics_are_named_by_what_they_begin_with() {
    let mut draft = Draft::new();
    let mqtt = flow("192.0.2.5", "192.0.2.6", Transport::Tcp, 1883, Some(Protocol::Mqtt));
    for topic in ["wexcombe/river/1/level", "wexcombe/river/2/level"] {
        ask(&mut draft, mqtt, Verb::Publish, Target::named(topic));
    }
    ask(&mut draft, mqtt, Verb::Subscribe, Target::named("40"));
    let (plan, _) = plan(&draft);
    let allow: Vec<_> = plan.conduits().flat_map(|c| &c.allow).map(ToString::to_string).collect();
    // A topic that reads like a number cannot be written, and is then not named.
    assert_eq!(allow, ["mqtt: subscribe", "mqtt: publish wexcombe/river/*"]);
}

#[test]
fn a_capture_without_private_addresses_still_has_an_inside() {
    let mut draft = Draft::new();
    let bacnet = flow("8.8.4.10", "8.8.8.8", Transport::Udp, 47808, Some(Protocol::Bacnet));
    ask(&mut draft, bacnet, Verb::Read, Target::default());
    let (plan, _) = plan(&draft);
    assert_eq!(plan.zone_of("8.8.8.8".parse().unwrap()).unwrap().id.as_str(), "network-8-8-8-0-24");
    assert!(plan.asset_at(ip("8.8.8.8")).is_some());
}

#[test]
fn nothing_seen_is_a_plan_too() {
    let (plan, _) = plan(&Draft::new());
    assert_eq!((plan.zones().len(), plan.assets().len()), (1, 0));
    assert_eq!(Draft::new().answer().notes.len(), 1);
}

#[test]
fn a_flood_finds_its_bounds_and_is_still_a_plan() {
    let mut draft = small_city();
    for i in 0..260_000_u32 {
        let [_, a, b, c] = i.to_be_bytes();
        let to = format!("10.{a}.{b}.{c}");
        let from = if i % 2 == 0 { "192.0.2.66".to_owned() } else { format!("11.{c}.{b}.{a}") };
        converse(&mut draft, flow(&from, &to, Transport::Tcp, (i % 60_000) as u16, None), i % 50 == 0);
    }
    assert!(draft.stations.len() <= STATIONS_MAX && draft.traffic.len() <= TRAFFIC_MAX);
    assert!(draft.by_network && draft.only_local);
    let (plan, text) = plan(&draft);
    assert!(plan.zones().len() <= 202);
    assert!(text.contains(" unanswered"), "a scan shows in the evidence");
    assert!(!draft.answer().notes.is_empty());
}
