//! Measures hunting back through a year: `cargo run --release -p store --example hunt_speed -- DIR CONVERSATIONS`.
//!
//! Fills a state directory through the store's own journal and compaction, if it is not there yet, and asks it for
//! addresses that are there and that are not. Prints one JSON object a line.
#![expect(clippy::unwrap_used, reason = "a measurement that cannot be made ends")]

use ::city::{
    Address, ConnectionState, Conversation, Flow, Observation, Observed, Protocol, Text, Transport,
};
use cycle::Event;
use ipnet::IpNet;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use std::{net::Ipv4Addr, num::NonZeroUsize, ops::ControlFlow, path::Path, sync::Arc, time::Instant};
use store::{Addresses, Condition, Kind, Limits, Question, Reader, Store, Table, Texts};

/// 2025-01-01T00:00:00Z.
const BEGAN: i64 = 1_735_689_600;
const YEAR_SECONDS: u64 = 365 * 86_400;
/// Devices of the city.
const DEVICES: u64 = 5_000;
/// Addresses elsewhere; those with small numbers are spoken to often.
const OUTSIDE: u64 = 400_000;
/// How many events are journalled between two compactions.
const STEP: u64 = 1_000_000;

/// A number of which every bit depends on every bit of another.
fn mixed(n: u64) -> u64 {
    let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ (n >> 31)
}

/// 10.0.0.0/8, by hundreds in a network.
fn device(n: u64) -> Address {
    let n = n % DEVICES;
    Address::Ip(Ipv4Addr::new(10, (n / 10_000) as u8, (n / 100) as u8, (n % 100) as u8).into())
}

/// 100.64.0.0/10.
fn outside(n: u64) -> Address {
    Address::Ip(Ipv4Addr::from(0x6440_0000 + (n % OUTSIDE) as u32).into())
}

/// 100.126.0.0/15: never there, but between those that are, so that statistics do not tell.
fn stranger(n: u64) -> Address {
    Address::Ip(Ipv4Addr::from(0x647e_0000 + n as u32).into())
}

fn conversation(n: u64, all: u64) -> Event {
    let chance = mixed(n);
    let start = Timestamp::from_second(BEGAN).unwrap()
        + SignedDuration::from_micros(
            (n as u128 * u128::from(YEAR_SECONDS) * 1_000_000 / u128::from(all)) as i64,
        );
    let from = mixed(chance) % DEVICES;
    // One in twenty leaves the city, mostly for a few places.
    let leaves = chance.is_multiple_of(20);
    let far = (chance >> 8) % OUTSIDE;
    let far = if chance.is_multiple_of(60) { far } else { far % 500 };
    let (destination, destination_port, protocol) = match (leaves, chance % 7) {
        (true, _) => (outside(far), 443, Some(Protocol::Tls)),
        (_, 0..3) => (device(from / 50 * 50), 502, Some(Protocol::Modbus)),
        (_, 3 | 4) => (device(from % 40), 53, Some(Protocol::Dns)),
        (_, 5) => (device(from / 100 * 100 + 1), 161, Some(Protocol::Snmp)),
        _ => (device(chance >> 16), 44_818, Some(Protocol::Enip)),
    };
    let transport = if matches!(destination_port, 53 | 161) { Transport::Udp } else { Transport::Tcp };
    let (out, back) = (chance >> 20 & 0xfff, chance >> 32 & 0x3fff);
    let flow = Flow {
        source: device(from),
        source_port: 32_768 + (chance >> 40 & 0x6fff) as u16,
        destination,
        destination_port,
        transport,
        protocol,
    };
    let duration = SignedDuration::from_millis((chance >> 44 & 0x7fff) as i64);
    let conversation = Conversation {
        flow,
        source_mac: Some(city::Mac([2, 0, 0, 0, (from >> 8) as u8, from as u8])),
        destination_mac: Some(city::Mac([2, 0, 0, 0, 0, 1])),
        vlan: Some((from % 40) as u16),
        start,
        duration,
        packets_out: out / 100 + 1,
        packets_in: back / 400 + 1,
        bytes_out: out,
        bytes_in: back,
        ip_bytes_out: out + (out / 100 + 1) * 40,
        ip_bytes_in: back + (back / 400 + 1) * 40,
        missed_bytes: 0,
        state: ConnectionState::Sf,
        history: Text::const_new("ShADadFf"),
        ended: true,
        details: Vec::new(),
    };
    Event::Observed(Observation {
        time: start + duration,
        sensor: Text::const_new("mirror-0"),
        fact: Observed::Conversation(Box::new(conversation)),
    })
}

async fn fill(directory: &Path, all: u64) -> Result<(), Box<dyn std::error::Error>> {
    let (mut store, _) = Store::open(directory, Kind::Replay, "bench", Limits::default()).await?;
    let began = Instant::now();
    for n in 0..all {
        store.journal.append(&conversation(n, all))?;
        if (n + 1) % STEP == 0 || n + 1 == all {
            store.journal.sync()?;
            let compacted = store.compact()?;
            store.journal.prune(compacted.end)?;
            if (n + 1) % (10 * STEP) == 0 {
                eprintln!("{} conversations filed in {:.0?}", n + 1, began.elapsed());
            }
        }
    }
    store.close().await?;
    Ok(())
}

fn bytes(directory: &Path) -> u64 {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(about) if about.is_dir() => bytes(&entry.path()),
            Ok(about) => about.len(),
            Err(_) => 0,
        })
        .sum()
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (directory, all) = (arguments.next().unwrap(), arguments.next().unwrap().parse::<u64>()?);
    let directory = Path::new(&directory);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    if !directory.exists() {
        runtime.block_on(fill(directory, all))?;
    }
    let history = directory.join("history");
    println!("{}", json!({"conversations": all, "history_bytes": bytes(&history)}));
    let set = |addresses: &mut dyn Iterator<Item = Address>, networks: &[&str]| {
        let networks: Vec<IpNet> = networks.iter().map(|network| network.parse().unwrap()).collect();
        let addresses = Texts::Addresses(Arc::new(Addresses::new(addresses, networks)));
        Condition::either_end(Table::Conversations, &addresses)
    };
    // Those there have the greatest numbers, which are seldom spoken to, spread over all of them.
    let rare = |n: u64| outside(500 + mixed(n + 1) % (OUTSIDE - 500));
    let mixture = |count: u64| (0..count).map(move |n| if n % 100 == 0 { rare(n) } else { stranger(n) });
    let port = Condition::Number { column: "destination_port", within: (4_444, 4_444) };
    let questions = [
        ("1 address, not there", set(&mut (0..1).map(stranger), &[])),
        ("1 address, there", set(&mut (0..1).map(rare), &[])),
        ("1,000 addresses, none there", set(&mut (0..1_000).map(stranger), &[])),
        ("1,000 addresses, 10 there", set(&mut mixture(1_000), &[])),
        ("100,000 addresses, none there", set(&mut (0..100_000).map(stranger), &[])),
        ("100,000 addresses, 1,000 there", set(&mut mixture(100_000), &[])),
        ("a network of 256, not there", set(&mut (0..0).map(stranger), &["100.126.7.0/24"])),
        ("one of the city's own devices", set(&mut (0..1).map(|_| device(4_321)), &[])),
        ("a port, not there", port),
    ];
    for (name, condition) in questions {
        // Opened anew each time, as a command does: no file is known to be sound.
        let reader = runtime.block_on(Reader::open(directory))?;
        let question = Question { condition, ..Question::new(Table::Conversations, usize::MAX) };
        let count = |count: &mut u64, _| {
            *count += 1;
            ControlFlow::Continue(())
        };
        let mut seconds = Vec::new();
        let mut last = None;
        // The second time the files are known to be sound: as in a process that runs.
        for _ in 0..2 {
            let began = Instant::now();
            let (_, looked) = reader.history.search(&question, NonZeroUsize::new(2).unwrap(), || 0, count)?;
            seconds.push(began.elapsed().as_secs_f64());
            last = Some(looked);
        }
        let looked = last.unwrap_or_default();
        println!(
            "{}",
            json!({
                "question": name,
                "seconds": seconds.first(),
                "seconds_again": seconds.last(),
                "found": looked.found,
                "rows": looked.rows,
                "rows_read": looked.rows_read,
                "files": looked.files,
                "groups": looked.groups,
                "by_statistics": looked.passed.by_statistics,
                "by_filter": looked.passed.by_filter,
                "by_dictionary": looked.passed.by_dictionary,
            })
        );
    }
    Ok(())
}
