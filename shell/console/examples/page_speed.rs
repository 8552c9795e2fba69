//! Measures every kind of page over a log of so many records:
//! `cargo run --release -p console --example page_speed -- RECORDS`. Prints one JSON object a line.

#[expect(
    dead_code,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "the tests' console; what goes wrong in it should stop the measurement at once"
)]
#[path = "../tests/served/mod.rs"]
mod served;
#[expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "the day is made up here; a mistake in it should stop the measurement at once"
)]
#[path = "../tests/town/mod.rs"]
mod town;

use ::city::{
    Address, ConnectionState, Conversation, Finding, Flow, Incident, Observation, Observed, Text, Transport,
};
use cycle::Event;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use served::Served;
use std::{
    collections::{BTreeMap, VecDeque},
    error::Error,
    net::Ipv4Addr,
    time::Instant,
};
use store::{FindingRecord, IncidentRecord, Record, Role};

/// How many records are sealed at a time.
const AT_ONCE: u64 = 10_000;
/// Strangers that speak to the city, so that its tables are full.
const STRANGERS: u32 = 5_000;
/// How often each page is asked for, but no more once so many seconds are over.
const TRIES: usize = 100;
const SECONDS_MAX: f64 = 20.0;
/// The most kinds of page.
const KINDS_MAX: usize = 100;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let records: u64 = std::env::args().nth(1).ok_or("how many records?")?.parse()?;
    let served = Served::new().await;
    served.adopt().await;
    let began: Timestamp = "2026-11-23T14:05:00Z".parse()?;
    for number in 0..STRANGERS {
        served.happen(&stranger(number, began));
    }
    let (finding, incident) =
        served.look(|city| (city.findings().next().cloned(), city.incidents().last().cloned()));
    let (finding, incident) = (finding.ok_or("no finding")?, incident.ok_or("no incident")?);
    let filling = Instant::now();
    let mut number = 0;
    while number < records {
        let batch =
            (number..records.min(number + AT_ONCE)).map(|number| record(&finding, &incident, number, began));
        served.seal(batch.collect()).await;
        number += AT_ONCE;
    }
    let (findings, incidents) = served.look(|city| (city.findings().len(), city.incidents().len()));
    println!(
        "{}",
        json!({"records": records, "seconds": filling.elapsed().as_secs_f64(), "findings": findings,
            "incidents": incidents})
    );
    let cookie = served.person("Ada", Role::Approver, true).await;
    for (kind, path) in kinds(&served, &cookie).await {
        let mut times = Vec::with_capacity(TRIES);
        let mut bytes = 0;
        let begun = Instant::now();
        while times.len() < TRIES && begun.elapsed().as_secs_f64() < SECONDS_MAX {
            let started = Instant::now();
            bytes = served.get(&path, &cookie).await.body.len();
            times.push(started.elapsed().as_secs_f64() * 1e3);
        }
        times.sort_by(f64::total_cmp);
        let at = |place: usize| times.get(place).copied().unwrap_or_default();
        println!(
            "{}",
            json!({"page": kind, "median": at(times.len() / 2), "slowest": at(times.len() - 1), "bytes": bytes})
        );
    }
    Ok(())
}

/// Somebody whom no plan knows speaks to a device of the city.
fn stranger(number: u32, time: Timestamp) -> Event {
    let time = time + SignedDuration::from_secs(i64::from(number));
    let address = |first: u32| Address::Ip(Ipv4Addr::from(first + number).into());
    let flow = Flow {
        source: address(0xc612_0000),
        source_port: 40_000,
        destination: address(0x0a63_0000),
        destination_port: 502,
        transport: Transport::Tcp,
        protocol: None,
    };
    let conversation = Conversation {
        flow,
        source_mac: None,
        destination_mac: None,
        vlan: None,
        start: time,
        duration: SignedDuration::from_secs(1),
        packets_out: 4,
        packets_in: 4,
        bytes_out: 100,
        bytes_in: 100,
        ip_bytes_out: 300,
        ip_bytes_in: 300,
        missed_bytes: 0,
        state: ConnectionState::Sf,
        history: Text::const_new("ShADadFf"),
        ended: true,
        details: Vec::new(),
    };
    let fact = Observed::Conversation(Box::new(conversation));
    Event::Observed(Observation { time, sensor: Text::const_new("mirror-0"), fact })
}

/// A finding, and of every thousandth number an incident.
fn record(finding: &Finding, incident: &Incident, number: u64, began: Timestamp) -> Record {
    // A year before now, one after the other.
    let time = began - SignedDuration::from_hours(8_760) + SignedDuration::from_secs(number as i64 * 3);
    if number.is_multiple_of(1_000) {
        let mut incident = incident.clone();
        incident.number = 1_000 + number;
        incident.last = time;
        return Record::Incident(Box::new(IncidentRecord::from(&incident)));
    }
    let mut finding = finding.clone();
    finding.number = 100_000 + number;
    (finding.first, finding.last) = (time, time);
    Record::Finding(Box::new(FindingRecord::new(&finding, false)))
}

/// One path of each kind of page that links lead to: pages are of one kind if only ids and values differ.
async fn kinds(served: &Served, cookie: &str) -> BTreeMap<String, String> {
    let mut known = BTreeMap::from([("/".to_owned(), "/".to_owned())]);
    let mut queue = VecDeque::from(["/".to_owned()]);
    while let Some(path) = queue.pop_front() {
        let text = served.get(&path, cookie).await.text();
        for link in text.split("href=\"/").skip(1).filter_map(|rest| rest.split('"').next()) {
            let link = format!("/{}", link.split('#').next().unwrap_or_default().replace("&amp;", "&"));
            let kind = kind(&link);
            if !link.starts_with("/static/") && known.len() < KINDS_MAX && !known.contains_key(&kind) {
                known.insert(kind, link.clone());
                queue.push_back(link);
            }
        }
    }
    known
}

/// A link without what differs between pages of a kind: ids and values.
fn kind(link: &str) -> String {
    let (path, query) = link.split_once('?').unwrap_or((link, ""));
    let step = |(place, step): (usize, &str)| match (place, step) {
        (0, _) | (_, "notice" | "plan" | "run" | "steps") => step.to_owned(),
        _ => "…".to_owned(),
    };
    let path: Vec<_> = path.trim_start_matches('/').split('/').enumerate().map(step).collect();
    let names = query.split('&').filter_map(|pair| pair.split('=').next()).filter(|name| !name.is_empty());
    let names: Vec<_> = names.collect();
    let path = format!("/{}", path.join("/"));
    if names.is_empty() { path } else { format!("{path}?{}", names.join("&")) }
}
