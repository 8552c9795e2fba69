//! What access lists decide, read back by each vendor's rules, is what the plan says.
#![cfg(test)]

mod cisco;
mod docs;
mod juniper;
mod packet;
mod town;

use defend::segmentation::{Device, ListSettings, Policy, cisco as ios, juniper as junos};
use packet::{Carried, Packet, expected};
use plan::{Plan, SourceFile, check};
use proptest::prelude::*;
use std::{net::IpAddr, path::Path};
use town::Dice;

/// What a device does with a packet that comes in at a place.
trait Decides {
    fn permits(&self, place: &Place, packet: &Packet) -> bool;
}

/// Where a packet comes in: an interface, or a zone whose list is attached nowhere.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Interface(String),
    Zone(String),
}

impl Place {
    fn all(plan: &Plan) -> Vec<Place> {
        let mut places: Vec<Place> = plan
            .zones()
            .flat_map(|zone| {
                let interfaces = zone.interfaces.iter().map(|name| Place::Interface(name.to_string()));
                let loose = zone.interfaces.is_empty().then(|| Place::Zone(zone.id.to_string()));
                interfaces.chain(loose)
            })
            .collect();
        places.sort();
        places.dedup();
        places
    }

    /// The ids of the zones behind it.
    fn zones(&self, plan: &Plan) -> Vec<String> {
        let behind = plan.zones().filter(|zone| match self {
            Place::Interface(name) => zone.interfaces.iter().any(|known| known == name),
            Place::Zone(id) => zone.id.as_str() == id,
        });
        behind.map(|zone| zone.id.to_string()).collect()
    }
}

fn plan_of(text: &str) -> Plan {
    let checked = check(&[SourceFile::new("city.toml", text)]);
    checked.plan.unwrap_or_else(|| {
        let said: Vec<&str> = checked.diagnostics.iter().map(|said| said.message.as_str()).collect();
        panic!("{said:?}\n{text}")
    })
}

#[expect(clippy::disallowed_methods, reason = "the test reads the city that it compiles")]
fn averbourne() -> Plan {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../cities/averbourne/plan");
    let mut files = Vec::new();
    for folder in ["", "procedures/"] {
        for entry in std::fs::read_dir(root.join(folder)).unwrap() {
            let entry = entry.unwrap();
            if entry.path().is_file() {
                let name = format!("{folder}{}", entry.file_name().to_string_lossy());
                files.push(SourceFile::new(name, std::fs::read_to_string(entry.path()).unwrap()));
            }
        }
    }
    check(&files).plan.unwrap()
}

/// Throws packets at a device and compares.
fn compare(policy: &Policy<'_>, device: &impl Decides, dice: &mut Dice, packets: usize, what: &str) {
    let places = Place::all(policy.plan);
    for _ in 0..packets {
        let place = dice.one_of(&places).clone();
        let packet = dice.packet(policy.plan);
        let zones = place.zones(policy.plan);
        let expected = expected(policy, &zones, &packet);
        assert_eq!(device.permits(&place, &packet), expected, "{packet:?} at {place:?}\n{what}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_lists_of_a_random_plan_decide_as_it_says(seed in any::<u64>()) {
        let mut dice = Dice::new(seed);
        let text = dice.town();
        let plan = plan_of(&text);
        let policy = Policy::new(&plan);
        let settings = ListSettings::default();
        let lists = ios::compile(&policy, settings);
        compare(&policy, &cisco::Config::read(&lists), &mut dice, 200, &lists);
        let filters = junos::compile(&policy, settings);
        compare(&policy, &juniper::Config::read(&filters), &mut dice, 200, &filters);
        prop_assert_eq!(lists, ios::compile(&policy, settings));
        prop_assert_eq!(filters, junos::compile(&policy, settings));
    }

    #[test]
    fn a_contained_device_speaks_to_nobody_until_it_is_released(seed in any::<u64>()) {
        let mut dice = Dice::new(seed);
        let plan = plan_of(&dice.town());
        let policy = Policy::new(&plan);
        let packet = dice.packet(&plan);
        let lists = ios::compile(&policy, ListSettings::default());
        let filters = junos::compile(&policy, ListSettings::default());
        for address in [packet.source, packet.destination] {
            let contained = format!("{lists}{}", Device::Cisco.contain(&policy, address));
            let released = format!("{contained}{}", Device::Cisco.release(&policy, address));
            let contained_too = format!("{filters}{}", Device::Juniper.contain(&policy, address));
            let released_too = format!("{contained_too}{}", Device::Juniper.release(&policy, address));
            let (contained, contained_too) =
                (cisco::Config::read(&contained), juniper::Config::read(&contained_too));
            let (released, released_too) = (cisco::Config::read(&released), juniper::Config::read(&released_too));
            for place in Place::all(&plan) {
                prop_assert!(!contained.permits(&place, &packet), "{:?} {:?}", place, packet);
                prop_assert!(!contained_too.permits(&place, &packet), "{:?} {:?}", place, packet);
                let expected = expected(&policy, &place.zones(&plan), &packet);
                prop_assert_eq!(released.permits(&place, &packet), expected);
                prop_assert_eq!(released_too.permits(&place, &packet), expected);
            }
        }
    }
}

#[test]
fn the_demo_city_is_decided_as_its_plan_says() {
    let plan = averbourne();
    let policy = Policy::new(&plan);
    let mut dice = Dice::new(7);
    let lists = ios::compile(&policy, ListSettings::default());
    compare(&policy, &cisco::Config::read(&lists), &mut dice, 20_000, "averbourne for Cisco");
    let filters = junos::compile(&policy, ListSettings::default());
    compare(&policy, &juniper::Config::read(&filters), &mut dice, 20_000, "averbourne for Junos");
}

#[test]
fn what_is_observed_passes_unless_it_is_contained() {
    let mut dice = Dice::new(11);
    let plan = plan_of(&dice.town());
    let policy = Policy::new(&plan);
    let settings = ListSettings { observe: true };
    let lists = ios::compile(&policy, settings);
    let filters = junos::compile(&policy, settings);
    let address: IpAddr = "192.0.2.2".parse().unwrap();
    let contained = format!("{lists}{}", Device::Cisco.contain(&policy, address));
    let contained_too = format!("{filters}{}", Device::Juniper.contain(&policy, address));
    let observing = (cisco::Config::read(&contained), juniper::Config::read(&contained_too));
    for _ in 0..500 {
        let packet = dice.packet(&plan);
        let touched = [packet.source, packet.destination].contains(&address);
        for place in Place::all(&plan) {
            assert_eq!(observing.0.permits(&place, &packet), !touched, "{packet:?}");
            assert_eq!(observing.1.permits(&place, &packet), !touched, "{packet:?}");
        }
    }
}

#[test]
fn what_stays_on_the_link_passes() {
    let plan = plan_of(&Dice::new(3).town());
    let policy = Policy::new(&plan);
    let lists = ios::compile(&policy, ListSettings::default());
    let filters = junos::compile(&policy, ListSettings::default());
    let (lists, filters) = (cisco::Config::read(&lists), juniper::Config::read(&filters));
    let packet = |source: &str, destination: &str, carried| Packet {
        source: source.parse().unwrap(),
        destination: destination.parse().unwrap(),
        carried,
    };
    for link in [
        packet("0.0.0.0", "255.255.255.255", Carried::Udp { source: 68, destination: 67 }),
        packet("192.0.2.9", "224.0.0.18", Carried::Other(112)),
        packet("fe80::1", "fe80::2", Carried::Icmp(135)),
        packet("::", "ff02::1:ff00:1", Carried::Icmp(135)),
        packet("fe80::1", "ff02::1:2", Carried::Udp { source: 546, destination: 547 }),
    ] {
        for place in Place::all(&plan) {
            assert!(lists.permits(&place, &link) && filters.permits(&place, &link), "{link:?} at {place:?}");
        }
    }
}

const SMALL: &str = r#"
[city]
name = "Wexcombe"
time-zone = "Europe/London"
[[zone]]
id = "centre"
name = "Control centre"
networks = ["192.0.2.0/27", "2001:db8:1::/64"]
security-level = 2
interfaces = ["vlan10"]
[[zone]]
id = "signals"
name = "Traffic signals"
networks = ["192.0.2.32/27", "2001:db8:2::/64"]
security-level = 2
interfaces = ["vlan20"]
[[zone]]
id = "internet"
name = "Everywhere else"
security-level = 0
outside = true
[[asset]]
id = "signal-server"
zone = "centre"
addresses = ["192.0.2.5"]
[[conduit]]
from = "centre"
to = "signals"
from-assets = ["signal-server"]
reason = "Plans are set"
allow = ["modbus: read", "udp/5000..5010", "sctp/2905", "modbus-rtu: read"]
[[conduit]]
from = "centre"
to = "internet"
reason = "Names"
allow = ["dns: any"]
"#;

#[test]
fn the_text_is_for_people() {
    let plan = plan_of(SMALL);
    let policy = Policy::new(&plan);
    let lists = ios::compile(&policy, ListSettings::default());
    for line in [
        "!   centre-to-signals-1: modbus: read",
        "!   centre-to-signals-1: sctp/2905",
        "!   FROM-INTERNET: internet",
        "ip access-list extended FROM-SIGNALS",
        " remark centre-to-signals-1: answers",
        " permit tcp object-group ZONE-SIGNALS eq 502 host 192.0.2.5 established",
        " permit udp object-group ZONE-SIGNALS range 5000 5010 host 192.0.2.5",
        " permit udp object-group ZONE-CENTRE any eq 53",
        " deny ip object-group ZONE-CENTRE object-group CITY log",
        " deny ip any any log",
        "interface vlan20",
        " ip access-group FROM-SIGNALS in",
        " ipv6 traffic-filter FROM-SIGNALS-V6 in",
    ] {
        assert!(lists.lines().any(|known| known == line), "{line}\n{lists}");
    }
    let filters = junos::compile(&policy, ListSettings::default());
    for line in [
        "#   FROM-INTERNET: internet",
        "set policy-options prefix-list ZONE-SIGNALS 192.0.2.32/27",
        "set firewall family inet filter FROM-SIGNALS term ANSWERS-CENTRE-TO-SIGNALS-1 from source-port 502",
        "set firewall family inet filter FROM-SIGNALS term ANSWERS-CENTRE-TO-SIGNALS-1 from tcp-established",
        "set firewall family inet filter FROM-SIGNALS term REFUSED then discard",
        "set interfaces vlan20 unit 0 family inet filter input FROM-SIGNALS",
    ] {
        assert!(filters.lines().any(|known| known == line), "{line}\n{filters}");
    }
}
