//! What the plan allows passes through a real kernel, and nothing else does.
//!
//! Without root, `ip`, `nft`, `conntrack` and `python3` these tests are skipped and counted.
#![cfg(test)]

#[path = "../../../pure/defend/tests/plans/mod.rs"]
mod plans;

use defend::segmentation::{
    Policy, Question, Wanted,
    nftables::{Settings, compile},
    specification,
};
use plan::Plan;
use plans::Dice;
use range::{Probe, Range};
use ruleset::{Field, Packet, Space, State};
use std::{
    env, fs,
    io::{self, Write},
    net::IpAddr,
};

/// How many random plans are tried, unless `BASTIDE_PLANS` says otherwise.
const PLANS: u64 = 60;

/// Says that a test was skipped, past the test runner's capture and where skipped cases are counted.
fn skipped(test: &str) {
    let line =
        format!("1 test skipped: {test} needs root, ip (iproute2), nft (nftables), conntrack and python3\n");
    let _ = io::stderr().write_all(line.as_bytes());
    if let Some(path) = env::var_os("BASTIDE_SKIPPED") {
        let file = fs::OpenOptions::new().create(true).append(true).open(path);
        file.and_then(|mut file| file.write_all(line.as_bytes())).unwrap();
    }
}

/// A router for the plans of [`plans::text`].
fn router() -> Option<Range> {
    let mut interfaces: Vec<(String, Vec<String>)> = (0..7)
        .map(|zone| {
            let networks = vec![
                format!("192.0.2.{}/28", zone * 16),
                format!("198.51.100.{}/27", zone * 32),
                format!("2001:db8:0:{zone}::/64"),
            ];
            (format!("z{zone}"), networks)
        })
        .collect();
    interfaces.push(("out".into(), vec!["default".into(), "::/0".into()]));
    Range::new(&interfaces)
}

/// The interface behind which an address lies.
fn behind(plan: &Plan, address: IpAddr) -> String {
    match plan.zone_of(address) {
        Some(zone) => zone.id.to_string(),
        None => match address {
            // A network narrower in the plan than the route to it.
            IpAddr::V4(ip) if ip.octets()[0] == 198 => format!("z{}", ip.octets()[3] / 32),
            IpAddr::V4(ip) if ip.octets()[0] == 192 => format!("z{}", ip.octets()[3] / 16),
            _ => "out".into(),
        },
    }
}

fn packet(probe: &Probe, interfaces: &[city::Text]) -> Packet {
    let bits = |address: IpAddr| match address {
        IpAddr::V4(ip) => u128::from(ip.to_bits()),
        IpAddr::V6(ip) => ip.to_bits(),
    };
    let number = |name: &str| interfaces.iter().position(|known| known == name).unwrap_or(0) as u128;
    Packet::default()
        .with(Field::Ethertype, if probe.source.is_ipv6() { 0x86dd } else { 0x0800 })
        .with(Field::State, State::New.number())
        .with(Field::Source, bits(probe.source))
        .with(Field::Destination, bits(probe.destination))
        .with(Field::Protocol, probe.protocol.into())
        .with(Field::SourcePort, probe.source_port.into())
        .with(Field::DestinationPort, probe.destination_port.into())
        .with(Field::InterfaceIn, number(&probe.into))
}

/// Packets between every two zones, and to and from outside.
fn probes(plan: &Plan, dice: &mut Dice, spoof: bool) -> Vec<Probe> {
    let mut addresses: Vec<IpAddr> = Vec::new();
    for zone in plan.zones() {
        for network in &zone.networks {
            let host = network.hosts().nth(dice.below(6) as usize);
            addresses.extend(host);
        }
    }
    addresses.push("203.0.113.9".parse().unwrap());
    addresses.push("2001:db8:ff::9".parse().unwrap());
    let services: [(u8, u16); 14] = [
        (6, 22),
        (6, 502),
        (6, 443),
        (6, 8088),
        (6, 4059),
        (6, 80),
        (17, 53),
        (6, 53),
        (17, 123),
        (17, 161),
        (17, 5005),
        (132, 2905),
        (1, 0),
        (47, 0),
    ];
    let mut probes = Vec::new();
    for source in &addresses {
        for destination in
            addresses.iter().filter(|other| other.is_ipv6() == source.is_ipv6() && *other != source)
        {
            for _ in 0..5 {
                let (protocol, port) = *dice.of(&services);
                let v6 = source.is_ipv6();
                let protocol = if v6 && protocol == 1 { 58 } else { protocol };
                // Without ports, what goes the other way afterwards is an answer.
                if protocol == 47 && source > destination {
                    continue;
                }
                let own = behind(plan, *source);
                let into = if spoof && dice.one_in(5) { format!("z{}", dice.below(7)) } else { own };
                probes.push(Probe {
                    into,
                    source: *source,
                    destination: *destination,
                    protocol,
                    source_port: match protocol {
                        1 => 8,
                        58 => 128,
                        47 => 0,
                        _ => 1_024 + probes.len() as u16,
                    },
                    destination_port: port,
                });
            }
        }
    }
    probes
}

#[test]
fn what_passes_a_kernel_is_what_the_plan_allows() {
    let Some(mut range) = router() else { return skipped("what_passes_a_kernel_is_what_the_plan_allows") };
    let plans: u64 = env::var("BASTIDE_PLANS").ok().and_then(|text| text.parse().ok()).unwrap_or(PLANS);
    let (mut tried, mut passed, mut refused) = (0, 0, 0);
    for seed in 0..plans {
        let placed = seed % 2 == 1;
        let Some(plan) = plans::plan(&plans::text(seed, placed)) else { continue };
        tried += 1;
        let policy = Policy::new(&plan);
        let text = compile(&policy, Settings::default());
        range.load(&text).unwrap_or_else(|error| panic!("seed {seed}: {error}\n{text}"));
        let mut interfaces: Vec<city::Text> = vec!["".into()];
        interfaces.extend((0..7).map(|zone| format!("z{zone}").into()));
        interfaces.push("out".into());
        let mut space = Space::new(1_000_000);
        let wanted = specification(&policy, &interfaces, &Question::default(), &mut space).unwrap();
        let probes = probes(&plan, &mut Dice::new(seed + 7), placed);
        let out = range.probe(&probes).unwrap();
        for (probe, out) in probes.iter().zip(out) {
            match Wanted::of(space.leaf_of(wanted, &packet(probe, &interfaces))) {
                Wanted::Pass => {
                    passed += 1;
                    let there = behind(&plan, probe.destination);
                    assert_eq!(out.as_deref(), Some(there.as_str()), "seed {seed}: {probe:?}\n{text}");
                }
                Wanted::Refusal => {
                    refused += 1;
                    assert_eq!(out, None, "seed {seed}: {probe:?}\n{text}");
                }
                Wanted::Open => {}
            }
        }
    }
    assert!(tried * 10 >= plans * 8 && passed > tried && refused > tried, "{tried} {passed} {refused}");
    println!("{tried} plans, {passed} packets passed, {refused} were refused");
}
