//! What the plan allows passes through a real kernel, and nothing else does.
//!
//! Without root, `ip`, `nft`, `conntrack` and `python3` these tests are skipped and counted.
#![cfg(test)]

#[path = "../../../pure/defend/tests/plans/mod.rs"]
mod plans;

use defend::segmentation::{
    Policy, Question, Wanted,
    nftables::{Bridge, Settings, compile},
    prove, specification,
};
use plan::Plan;
use plans::Dice;
use range::{Probe, Range};
use ruleset::{Field, Packet, Ruleset, Space, State};
use std::{
    env, fs,
    io::{self, Write},
    net::IpAddr,
};

/// How many random plans are tried with packets between all zones.
const PROBED: u64 = 100;

/// How many are proven, spoilt and proven to be spoilt.
const PROVEN: u64 = 500;

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
    let number =
        |name: &str| interfaces.iter().position(|known| known == name).map_or(0, |place| place as u128 + 1);
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
    let plans = PROBED;
    let (mut tried, mut passed, mut refused) = (0, 0, 0);
    for seed in 0..plans {
        let placed = seed % 2 == 1;
        let Some(plan) = plans::plan(&plans::text(seed, placed)) else { continue };
        tried += 1;
        let policy = Policy::new(&plan);
        let text = compile(&policy, Settings::default());
        range.load(&text).unwrap_or_else(|error| panic!("seed {seed}: {error}\n{text}"));
        let mut interfaces: Vec<city::Text> = (0..7).map(|zone| format!("z{zone}").into()).collect();
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

/// A probe that is the packet of a counterexample, if the range can send it.
fn probe_of(plan: &Plan, ruleset: &Ruleset, packet: &Packet) -> Option<Probe> {
    if packet.get(Field::State) != State::New.number() {
        return None;
    }
    let address = |field| -> Option<IpAddr> {
        let value = packet.get(field);
        Some(match packet.get(Field::Ethertype) {
            0x0800 => std::net::Ipv4Addr::from_bits(u32::try_from(value).ok()?).into(),
            _ => std::net::Ipv6Addr::from_bits(value).into(),
        })
    };
    let protocol = packet.get(Field::Protocol) as u8;
    let (source, destination) = (address(Field::Source)?, address(Field::Destination)?);
    let into = match packet.get(Field::InterfaceIn) {
        0 if ruleset.interfaces.is_empty() => behind(plan, source),
        // One that the range has and no rule names.
        0 => (0..7).map(|zone| format!("z{zone}")).find(|name| ruleset.interface(name) == 0)?,
        number => ruleset.interfaces[number as usize - 1].to_string(),
    };
    // The kernel routes only what comes from and goes to a place that it can route; 0.x is nobody's.
    let routable = |address: IpAddr| match address {
        IpAddr::V4(ip) => !ip.is_loopback() && ip.octets()[0] != 0 && ip.octets()[0] < 224,
        IpAddr::V6(ip) => {
            !ip.is_multicast() && !ip.is_unspecified() && !ip.is_loopback() && ip.segments()[0] != 0
        }
    };
    let sendable = matches!(protocol, 6 | 17 | 132 | 47)
        || protocol == 1 && source.is_ipv4()
        || protocol == 58 && source.is_ipv6();
    (sendable && routable(source) && routable(destination)).then(|| Probe {
        into,
        source,
        destination,
        protocol,
        source_port: match protocol {
            1 => 8,
            58 => 128,
            47 => 0,
            _ => packet.get(Field::SourcePort).max(1) as u16,
        },
        destination_port: match protocol {
            1 | 58 | 47 => 0,
            _ => packet.get(Field::DestinationPort) as u16,
        },
    })
}

/// Changes one rule or element of a ruleset.
fn spoil(text: &str, dice: &mut Dice) -> String {
    let lines: Vec<&str> = text.lines().collect();
    loop {
        let at = dice.below(lines.len() as u64) as usize;
        let line = lines[at];
        let within = |word: &str| line.contains(word);
        let new = if within(" accept comment") {
            match dice.below(3) {
                0 => String::new(),
                1 => line.replace(" accept comment", " drop comment"),
                _ => line.replace("tcp", "udp"),
            }
        } else if within("\tgoto refused") {
            "\t\taccept".to_owned()
        } else if within(" : goto path/") || within(" : accept") {
            line.replace(": accept", ": drop").replace("goto path/", "goto refused #")
        } else if within("counter drop") {
            line.replace("drop", "accept")
        } else if within("goto spoofed") {
            String::new()
        } else {
            continue;
        };
        // A comment must not take a comma with it.
        let new = match new.split_once('#') {
            Some((before, after)) => {
                format!("{before}{}", if after.trim_end().ends_with(',') { "," } else { "" })
            }
            None => new,
        };
        if new != line {
            let mut spoilt: Vec<&str> = lines.clone();
            spoilt[at] = &new;
            return spoilt.join("\n");
        }
    }
}

#[test]
fn a_proof_says_what_the_kernel_does() {
    let Some(mut range) = router() else { return skipped("a_proof_says_what_the_kernel_does") };
    let plans = PROVEN;
    let (mut tried, mut spoilt, mut shown, mut confirmed) = (0, 0, 0, 0);
    for seed in 0..plans {
        let Some(plan) = plans::plan(&plans::text(seed, seed % 2 == 1)) else { continue };
        tried += 1;
        let policy = Policy::new(&plan);
        let text = compile(&policy, Settings::default());
        range.load(&text).unwrap_or_else(|error| panic!("seed {seed}: {error}\n{text}"));
        let mut live = Ruleset::parse(&range.list().unwrap()).unwrap();
        let proof = prove(&policy, &mut live, &Question::default()).unwrap();
        let told: Vec<String> =
            proof.differences.iter().map(|one| live.show(&one.packet).to_string()).collect();
        assert!(told.is_empty() && !proof.more, "seed {seed}: {told:#?}\n{text}");

        let wrong = spoil(&text, &mut Dice::new(seed + 99));
        // What is spoilt may be no ruleset any more.
        if range.load(&wrong).is_err() {
            continue;
        }
        spoilt += 1;
        let mut live = Ruleset::parse(&range.list().unwrap()).unwrap();
        let proof = prove(&policy, &mut live, &Question::default()).unwrap();
        // What is spoilt may mean the same: two conduits may allow one thing.
        shown += u64::from(!proof.differences.is_empty());
        let sent: Vec<(Probe, bool)> = proof
            .differences
            .iter()
            .filter_map(|one| Some((probe_of(&plan, &live, &one.packet)?, one.passes)))
            .collect();
        let probes: Vec<Probe> = sent.iter().map(|(probe, _)| probe.clone()).collect();
        for ((probe, passes), out) in sent.iter().zip(range.probe(&probes).unwrap()) {
            assert_eq!(out.is_some(), *passes, "seed {seed}: {probe:?}\n{wrong}");
            confirmed += 1;
        }
    }
    println!(
        "{tried} plans proven equal; of {spoilt} spoilt ones {shown} shown to differ, by {confirmed} packets that the kernel confirmed"
    );
    assert!(tried * 10 >= plans * 8 && shown * 2 > spoilt && confirmed * 2 > shown);
}

#[test]
fn a_bridge_passes_what_the_plan_allows() {
    bridge("a_bridge_passes_what_the_plan_allows", Bridge::Stateless);
}

#[test]
fn a_bridge_that_tracks_connections_passes_what_the_plan_allows() {
    bridge("a_bridge_that_tracks_connections_passes_what_the_plan_allows", Bridge::Tracked);
}

fn bridge(test: &str, how: Bridge) {
    let ports: Vec<String> = (0..7).map(|zone| format!("z{zone}")).chain(["out".to_owned()]).collect();
    let Some(mut range) = Range::bridge(&ports) else { return skipped(test) };
    let settings = Settings { observe: false, bridge: Some(how) };
    let question = Question { bridged: true, stateless: how == Bridge::Stateless, ..Question::default() };
    let (mut passed, mut refused) = (0, 0);
    for seed in 0..40 {
        let Some(plan) = plans::plan(&plans::text(seed, false)) else { continue };
        let policy = Policy::new(&plan);
        if let Err(error) = range.load(&compile(&policy, settings)) {
            // Not every kernel tracks connections in bridges (nf_conntrack_bridge).
            assert!(how == Bridge::Tracked && error.contains("ct state"), "seed {seed}: {error}");
            return skipped(&format!("{test} needs a kernel that tracks connections in bridges; it also"));
        }
        let mut space = Space::new(1_000_000);
        let wanted = specification(&policy, &[], &question, &mut space).unwrap();
        let probes = probes(&plan, &mut Dice::new(seed + 7), false);
        for (probe, out) in probes.iter().zip(range.probe(&probes).unwrap()) {
            match Wanted::of(space.leaf_of(wanted, &packet(probe, &[]))) {
                Wanted::Pass => {
                    passed += 1;
                    assert!(out.is_some(), "seed {seed}: {probe:?}");
                }
                Wanted::Refusal => {
                    refused += 1;
                    assert_eq!(out, None, "seed {seed}: {probe:?}");
                }
                Wanted::Open => {}
            }
        }
    }
    println!("{passed} packets passed the bridge, {refused} were refused");
    assert!(passed > 100 && refused > 1_000);
}
