//! How long it takes to compile a plan, to load its rules, to read them back and to prove them, as cities grow.
//!
//! `cargo run --release -p range --example segmentation_speed [ZONES…]` prints a line of JSON for each size: so many
//! zones, ten conduits for each, and fifty addresses for each, half of the conduits narrowed to some of them.

#![expect(clippy::unwrap_used, reason = "what cannot be measured ends the measurement")]

use defend::segmentation::{
    Policy, Question,
    nftables::{Settings, compile},
    prove,
};
use plan::SourceFile;
use range::Range;
use ruleset::Ruleset;
use serde_json::json;
use std::{fmt::Write as _, net::Ipv4Addr, time::Instant};

/// The most zones whose rules the kernel is given.
const KERNEL_MAX: u32 = 1_000;

fn main() {
    let sizes: Vec<u32> = std::env::args().skip(1).map(|size| size.parse().unwrap()).collect();
    let sizes = if sizes.is_empty() { vec![10, 100, 1_000, 10_000] } else { sizes };
    let range = Range::new(&[("out".into(), vec!["default".into()])]);
    for zones in sizes {
        measure(zones, range.as_ref());
    }
}

fn measure(zones: u32, range: Option<&Range>) {
    let mut clock = Instant::now();
    let mut lap = || {
        let elapsed = clock.elapsed().as_secs_f64();
        clock = Instant::now();
        (elapsed * 1_000.0).round() / 1_000.0
    };
    let text = city(zones);
    lap();
    let plan = plan::check(&[SourceFile::new("city.toml", text)]).plan.unwrap();
    let check = lap();
    let policy = Policy::new(&plan);
    let rules = compile(&policy, Settings::default());
    let compile_time = lap();
    // Of more the kernel is asked too much: it looks for a name among all sets for each that is made.
    let loaded = range.filter(|_| zones <= KERNEL_MAX).map(|range| range.load(&rules));
    let load = lap();
    if let Some(Err(error)) = &loaded {
        eprintln!("{zones} zones: the kernel did not take it: {}", error.lines().next().unwrap_or_default());
    }
    let live = match (&loaded, range) {
        (Some(Ok(())), Some(range)) => range.list().unwrap(),
        _ => rules.clone(),
    };
    let list = lap();
    let mut ruleset = Ruleset::parse(&live).unwrap();
    let parse = lap();
    let proof = prove(&policy, &mut ruleset, &Question::default()).unwrap();
    let prove_time = lap();
    assert!(proof.differences.is_empty(), "{zones} zones are not proven equal");
    let element = range.filter(|_| matches!(loaded, Some(Ok(())))).map(|range| {
        lap();
        range.nft(&["add", "element", "inet", "bastide", "quarantine4", "{ 192.0.2.1 }"], "").unwrap();
        lap()
    });
    let line = json!({
        "zones": zones,
        "conduits": plan.conduits().len(),
        "addresses": plan.assets().len(),
        "bytes": rules.len(),
        "check_s": check,
        "compile_s": compile_time,
        "load_s": loaded.as_ref().filter(|loaded| loaded.is_ok()).map(|_| load),
        "list_s": loaded.as_ref().filter(|loaded| loaded.is_ok()).map(|_| list),
        "parse_s": parse,
        "prove_s": prove_time,
        "quarantine_s": element,
        "intervals": proof.intervals,
    });
    println!("{line}");
}

/// The text of a city: each zone a /26 with fifty devices, and conduits to ten others.
fn city(zones: u32) -> String {
    let base = u32::from(Ipv4Addr::new(10, 0, 0, 0));
    let mut text = String::from("[city]\nname = \"Testwick\"\ntime-zone = \"Europe/London\"\n");
    let services =
        ["modbus: read", "dns: any", "ntp: read", "tls: any", "http: read on tcp/8088", "udp/5000..5010"];
    for zone in 0..zones {
        let network = Ipv4Addr::from(base + zone * 64);
        let _ = writeln!(
            text,
            "[[zone]]\nid = \"z{zone}\"\nname = \"Zone {zone}\"\nnetworks = [\"{network}/26\"]\nsecurity-level = 1"
        );
        for host in 1..=50 {
            let address = Ipv4Addr::from(base + zone * 64 + host);
            let _ = writeln!(
                text,
                "[[asset]]\nid = \"a{zone}-{host}\"\nzone = \"z{zone}\"\naddresses = [\"{address}\"]"
            );
        }
        for way in 1..=10_u32 {
            // Spread over the city, so that what is open between two zones is nothing special.
            let to = (zone + way * way * 7 + 1) % zones;
            let mut allow: Vec<&str> = (0..1 + (zone + way) % 4)
                .map(|at| services.get(((zone * 3 + way + at) % 6) as usize).copied().unwrap_or_default())
                .collect();
            allow.dedup();
            let _ = writeln!(
                text,
                "[[conduit]]\nfrom = \"z{zone}\"\nto = \"z{to}\"\nreason = \"A test\"\nallow = {allow:?}"
            );
            if (zone + way) % 2 == 0 {
                let hosts: Vec<String> = (0..10).map(|at| format!("a{to}-{}", 1 + at * 5)).collect();
                let _ = writeln!(text, "to-assets = {hosts:?}");
            }
        }
    }
    text.push_str("[[zone]]\nid = \"world\"\nname = \"Everywhere else\"\noutside = true\n");
    text
}
