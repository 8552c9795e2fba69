//! What a rehearsal says would be refused is what a real kernel refuses when the same traffic comes again.
//!
//! Averbourne's recorded day and its incidents are rehearsed on its own plan, and on the plan without one conduit; then
//! the first packet of every recorded conversation between zones is sent through the rules of that plan. Without root,
//! `ip`, `nft`, `conntrack` and `python3` the test is skipped and counted.
#![cfg(test)]

use capture::CaptureFile;
use city::{Address, Flow, Observation, Observed, Transport};
use defend::{
    conduit,
    rehearsal::{Answer, Rehearsal},
    segmentation::{
        Policy,
        nftables::{Settings, compile},
        passes_firewall,
    },
};
use plan::{Plan, SourceFile, check};
use range::{Probe, Range};
use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    io::{self, Write},
    net::IpAddr,
    path::{Path, PathBuf},
};
use wire::{Config, Limits, Wire};

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

fn town() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../cities/averbourne")
}

/// The town's plan, without one of its conduits if wanted.
fn plan(without: Option<&str>) -> Plan {
    let mut files = Vec::new();
    let root = town().join("plan");
    let entries = ["", "procedures"].map(|folder| fs::read_dir(root.join(folder)).unwrap());
    let paths = entries.into_iter().flatten().map(|entry| entry.unwrap().path());
    for path in paths.filter(|path| path.is_file()) {
        let name = path.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
        let mut text = fs::read_to_string(&path).unwrap();
        if let (Some(without), "conduits.toml") = (without, name.as_str()) {
            let id = format!("id = \"{without}\"");
            let parts: Vec<&str> = text.split("[[conduit]]").filter(|part| !part.contains(&id)).collect();
            text = parts.join("[[conduit]]");
        }
        files.push(SourceFile::new(name, text));
    }
    check(&files).plan.unwrap()
}

fn recorded() -> Vec<Observation> {
    let mut folders: Vec<PathBuf> = fs::read_dir(town().join("captures"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    let mut observations = Vec::new();
    for folder in folders {
        let file = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let Some(path) = file.into_iter().find(|path| path.to_string_lossy().contains("mirror.pcap")) else {
            continue;
        };
        let mut file = CaptureFile::open(&path).unwrap();
        let mut wire = Wire::new(Config {
            sensor: "test".into(),
            logs: false,
            events: &[],
            signs: false,
            seed: 1,
            limits: Limits::default(),
            only_whole: false,
            interim: None,
        });
        while let Ok(Some(frame)) = file.next() {
            wire.see(&frame, &mut observations);
        }
        wire.finish(&mut observations);
    }
    observations
}

/// The router's interfaces by name, each with the networks behind it.
type Interfaces = Vec<(String, Vec<String>)>;

/// The router's interfaces: one for each zone, and one for everywhere else; and the name of each zone's.
fn interfaces(plan: &Plan) -> (Interfaces, BTreeMap<String, String>) {
    let mut names = BTreeMap::new();
    let mut interfaces = Vec::new();
    for (number, zone) in plan.zones().enumerate() {
        let name = format!("z{number}");
        names.insert(zone.id.to_string(), name.clone());
        let mut networks: Vec<String> = zone.networks.iter().map(ToString::to_string).collect();
        if zone.networks.is_empty() {
            networks = vec!["default".into(), "::/0".into()];
        }
        interfaces.push((name, networks));
    }
    (interfaces, names)
}

fn probe(plan: &Plan, names: &BTreeMap<String, String>, flow: &Flow) -> Option<Probe> {
    let (Address::Ip(source), Address::Ip(destination)) = (flow.source, flow.destination) else {
        return None;
    };
    let zone = |address: IpAddr| conduit::zone_of(plan, address.into()).map(|zone| zone.id.to_string());
    let (from, to) = (zone(source)?, zone(destination)?);
    // What stays in its network never comes to the router, and what is sent to everybody is not routed.
    if from == to || !flow.source.is_station() || !flow.destination.is_station() {
        return None;
    }
    let link_local = |address: IpAddr| match address {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    };
    if link_local(source) || link_local(destination) {
        return None;
    }
    let (protocol, source_port, destination_port) = match flow.transport {
        Transport::Tcp => (6, flow.source_port, flow.destination_port),
        Transport::Udp => (17, flow.source_port, flow.destination_port),
        Transport::Icmp if source.is_ipv6() => (58, 128, 0),
        Transport::Icmp => (1, 8, 0),
        _ => return None,
    };
    Some(Probe {
        into: names.get(&from)?.clone(),
        source,
        destination,
        protocol,
        source_port,
        destination_port,
    })
}

#[test]
fn a_rehearsal_predicts_what_the_kernel_refuses() {
    let observations = recorded();
    let whole = plan(None);
    let (interfaces, names) = interfaces(&whole);
    let Some(mut range) = Range::new(&interfaces) else {
        return skipped("a_rehearsal_predicts_what_the_kernel_refuses");
    };
    let mut refused_by_answer = Vec::new();
    for without in [None, Some("centre-to-signals")] {
        let plan = plan(without);
        let mut rehearsal = Rehearsal::new(Some(&whole), &plan);
        observations.iter().for_each(|observation| rehearsal.see(observation));
        let answer: Answer = rehearsal.answer();
        let flows: BTreeSet<Flow> = observations
            .iter()
            .filter_map(|observation| match &observation.fact {
                Observed::Opened(flow) => Some(*flow),
                _ => None,
            })
            .collect();
        let policy = Policy::new(&plan);
        range.load(&compile(&policy, Settings::default())).unwrap();
        let sent: Vec<(Flow, Probe)> =
            flows.iter().filter_map(|flow| Some((*flow, probe(&plan, &names, flow)?))).collect();
        let (mut passed, mut refused) = (0, 0);
        // What runs both ways with the same ports would be an answer, so that each is tried with nothing before it.
        for chunk in sent.chunks(400) {
            range.run(&["conntrack", "-F"], "").unwrap();
            let probes: Vec<Probe> = chunk.iter().map(|(_, probe)| probe.clone()).collect();
            for ((flow, _), out) in chunk.iter().zip(range.probe(&probes).unwrap()) {
                assert_eq!(out.is_some(), passes_firewall(&plan, flow), "{without:?}: {flow:?}");
                if out.is_some() { passed += 1 } else { refused += 1 }
            }
        }
        println!(
            "{without:?}: {passed} conversations passed, {refused} were refused; {} lines",
            answer.refused.len()
        );
        assert!(passed > 100 && refused > 5);
        refused_by_answer.push(answer.refused.iter().filter(|line| line.ran).count());
    }
    assert!(
        refused_by_answer[1] > refused_by_answer[0],
        "a conduit less refuses more: {refused_by_answer:?}"
    );
}
