//! Writes a state directory with a long history, and the plan of the city it tells of, for `bastide defend rehearse` to
//! be measured on: `cargo run --release -p bastide --example long_history -- DIR [CONVERSATIONS]`.
//!
//! A month of a city of 250 networks and 50,000 pairs that talk: a tenth of them poll and make most of the rows, one row
//! in twenty is of a conversation that nobody answered, and for every ten conversations there is a request. Addresses
//! are those for benchmarks (RFC 2544).

use city::{
    ConnectionState, Conversation, Flow, Observation, Observed, Protocol, Reply, Request, Target, Text,
    Transport, Verb,
};
use cycle::Event;
use jiff::{SignedDuration, Timestamp};
use std::{error::Error, fmt::Write as _, fs, net::Ipv4Addr, path::Path, time::Instant};
use store::{Kind, Limits, Store};

/// Pairs of stations that talk.
const PAIRS: u64 = 50_000;

/// 2026-01-01T00:00:00Z.
const BEGAN: i64 = 1_767_225_600;

/// What the rows are spread over.
const DAYS: i64 = 30;

/// What is spoken, and where.
const SPOKEN: [(Option<Protocol>, Transport, u16); 8] = [
    (Some(Protocol::Modbus), Transport::Tcp, 502),
    (Some(Protocol::Snmp), Transport::Udp, 161),
    (Some(Protocol::Tls), Transport::Tcp, 443),
    (Some(Protocol::Mqtt), Transport::Tcp, 1_883),
    (Some(Protocol::Dns), Transport::Udp, 53),
    (Some(Protocol::Ntp), Transport::Udp, 123),
    (Some(Protocol::Bacnet), Transport::Udp, 47_808),
    (None, Transport::Tcp, 7_001),
];

/// Numbers that look like chance and are the same each time (SplitMix64).
fn mix(n: u64) -> u64 {
    let n = n.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ (n >> 31)
}

/// Stations of one network in four talk to those of the next.
fn ends(pair: u64) -> (Ipv4Addr, Ipv4Addr) {
    let chance = mix(pair);
    let network = chance % 250;
    let station = |network: u64, last: u64| Ipv4Addr::new(198, 18, network as u8, 1 + (last % 120) as u8);
    (station(network, chance >> 16), station((network + 1 + (chance >> 40) % 3) % 250, chance >> 24))
}

fn flow(pair: u64, chance: u64) -> Flow {
    let (source, destination) = ends(pair);
    let (protocol, transport, destination_port) = SPOKEN
        .get((mix(pair) >> 56) as usize % SPOKEN.len())
        .copied()
        .unwrap_or((None, Transport::Tcp, 7_001));
    Flow {
        source: std::net::IpAddr::from(source).into(),
        source_port: 32_768 + (chance >> 20) as u16 % 28_000,
        destination: std::net::IpAddr::from(destination).into(),
        destination_port,
        transport,
        protocol,
    }
}

fn observation(n: u64, time: Timestamp) -> Observation {
    let chance = mix(n ^ 0x5eed);
    let pair = if chance % 5 < 4 { (chance >> 8) % (PAIRS / 10) } else { (chance >> 8) % PAIRS };
    let flow = flow(pair, chance);
    let fact = if n % 11 == 10 {
        Observed::Request(Box::new(Request {
            flow: Flow { protocol: flow.protocol.or(Some(Protocol::Http)), ..flow },
            back: false,
            verb: Verb::Read,
            function: Text::const_new("read-holding-registers"),
            target: Target::numbered("holding-register", chance % 100, chance % 100 + 9),
            value: None,
            reply: Reply::Done,
            details: Vec::new(),
        }))
    } else {
        let answered = !(chance >> 50).is_multiple_of(20);
        let duration = SignedDuration::from_millis((chance >> 30) as i64 % 20_000);
        Observed::Conversation(Box::new(Conversation {
            flow,
            source_mac: None,
            destination_mac: None,
            vlan: Some(120),
            start: time - duration,
            duration,
            packets_out: 4 + (chance >> 12) % 30,
            packets_in: if answered { 4 + (chance >> 12) % 28 } else { 0 },
            bytes_out: if answered { 12 + (chance >> 18) % 900 } else { 0 },
            bytes_in: if answered { 12 + (chance >> 28) % 9_000 } else { 0 },
            ip_bytes_out: 200 + (chance >> 18) % 2_000,
            ip_bytes_in: 200 + (chance >> 28) % 12_000,
            missed_bytes: 0,
            state: if answered { ConnectionState::Sf } else { ConnectionState::S0 },
            history: Text::const_new("ShADadFf"),
            ended: true,
            details: Vec::new(),
        }))
    };
    Observation { time, sensor: Text::const_new("mirror-0"), fact }
}

/// A plan that allows most of it: one network in ten is left out, and one protocol.
fn plan() -> String {
    let mut text = String::from("[city]\nname = \"Benchford\"\ntime-zone = \"Etc/UTC\"\n");
    for network in 0..250 {
        let _ = write!(
            text,
            "\n[[zone]]\nid = \"n{network}\"\nname = \"Network {network}\"\nnetworks = [\"198.18.{network}.0/24\"]\nsecurity-level = 1\n"
        );
        for next in (1..=3).map(|step| (network + step) % 250).filter(|_| network % 10 != 9) {
            let _ = write!(
                text,
                "\n[[conduit]]\nfrom = \"n{network}\"\nto = \"n{next}\"\nreason = \"Benchmark\"\nallow = [\"modbus: read holding-register 0..80\", \
                 \"snmp: any\", \"tls: any\", \"mqtt: any\", \"dns: any\", \"ntp: any\", \"tcp/7001\"]\n"
            );
        }
    }
    text
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let directory = arguments.next().ok_or("which folder?")?;
    let conversations: u64 = arguments.next().map_or(Ok(1_000_000), |number| number.parse())?;
    let directory = Path::new(&directory);
    fs::create_dir_all(directory.join("plan"))?;
    fs::write(directory.join("plan/city.toml"), plan())?;
    let (mut store, _) =
        Store::open(&directory.join("state"), Kind::Replay, "bench", Limits::default()).await?;
    let events = conversations * 11 / 10;
    let began = Instant::now();
    for n in 0..events {
        let micros = (i128::from(n) * i128::from(DAYS) * 86_400_000_000 / i128::from(events)) as i64;
        let time = Timestamp::from_second(BEGAN)? + SignedDuration::from_micros(micros);
        store.journal.append(&Event::Observed(observation(n, time)))?;
        if n % 2_000_000 == 1_999_999 {
            store.compact()?;
            let compacted = store.history.compacted()?;
            store.journal.prune(compacted)?;
            println!("{n} in {:.0?}", began.elapsed());
        }
    }
    let compacted = store.compact()?;
    store.journal.prune(compacted.end)?;
    store.close().await?;
    println!("{events} events in {:.0?}", began.elapsed());
    Ok(())
}
