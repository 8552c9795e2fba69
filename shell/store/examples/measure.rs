//! Measures the store on this machine: `cargo run --release -p store --example measure`.

#[path = "../tests/sample/mod.rs"]
#[expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "events made from numbers, as the tests make them"
)]
mod sample;

use std::time::{Duration, Instant};
use store::{Act, ActRecord, Journal, Kind, Limits, Position, Question, Record, Store, Table};

const EVENTS: u64 = 1_000_000;

fn rate(what: &str, count: u64, time: Duration) {
    println!("{what}: {count} in {time:.2?}, {:.0} a second", count as f64 / time.as_secs_f64());
}

fn size(directory: &std::path::Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(directory) else { return 0 };
    entries
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(about) if about.is_dir() => size(&entry.path()),
            Ok(about) => about.len(),
            Err(_) => 0,
        })
        .sum()
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let directory = std::env::temp_dir().join(format!("bastide-measure-{}", std::process::id()));
    let (mut store, _) = Store::open(&directory, Kind::Replay, "measure", Limits::default()).await?;
    let events: Vec<_> = (0..EVENTS).map(sample::event).collect();

    let began = Instant::now();
    for (n, event) in events.iter().enumerate() {
        store.journal.append(event)?;
        if n % 100_000 == 0 {
            store.journal.sync()?;
        }
    }
    store.journal.sync()?;
    rate("journal, appended", EVENTS, began.elapsed());
    println!("journal: {:.0} bytes an event", size(store.journal.directory()) as f64 / EVENTS as f64);

    let began = Instant::now();
    let read = Journal::read(store.journal.directory(), Position(0))?.flatten().count() as u64;
    rate("journal, read back", read, began.elapsed());

    let began = Instant::now();
    let compacted = store.compact()?;
    rate("history, rows filed", compacted.rows, began.elapsed());
    let bytes = size(store.history.directory());
    println!("history: {:.1} bytes a row in {} files", bytes as f64 / compacted.rows as f64, compacted.files);

    for (what, question) in [
        ("newest 100 requests", Question::new(Table::Requests, 100)),
        (
            "all of one address",
            Question { address: "192.0.2.7".parse().ok(), ..Question::new(Table::Requests, usize::MAX) },
        ),
        (
            "a stranger's",
            Question { address: "203.0.113.7".parse().ok(), ..Question::new(Table::Conversations, 100) },
        ),
        ("everything", Question::new(Table::Conversations, usize::MAX)),
    ] {
        let began = Instant::now();
        let answer = store.history.ask(&question)?;
        println!(
            "asked, {what}: {} rows in {:.2?}, groups {:?}",
            answer.rows.len(),
            began.elapsed(),
            answer.groups
        );
    }

    let act = || {
        Record::Act(ActRecord {
            person: Some("ada".into()),
            act: Act::SignIn,
            subject: None,
            from: None,
            detail: None,
        })
    };
    let mut latencies = Vec::new();
    for n in 0..500 {
        let began = Instant::now();
        store.log.seal(sample::time(n), vec![act()]).await?;
        latencies.push(began.elapsed());
    }
    latencies.sort();
    let at = |part: usize| latencies.get(latencies.len() * part / 100).copied().unwrap_or_default();
    println!("sealed one by one: median {:.2?}, 99th of 100 {:.2?}", at(50), at(99));
    let began = Instant::now();
    let tasks: Vec<_> = (0..5_000)
        .map(|n| {
            let log = store.log.clone();
            tokio::spawn(async move { log.seal(sample::time(n), vec![act()]).await.map(|_| ()) })
        })
        .collect();
    for task in tasks {
        task.await??;
    }
    rate("sealed, many at once", 5_000, began.elapsed());
    let began = Instant::now();
    let report = store.log.verify().await?;
    rate("verified records", report.records, began.elapsed());
    store.close().await?;

    let began = Instant::now();
    let (store, _) = Store::open(&directory, Kind::Replay, "measure", Limits::default()).await?;
    println!("opened again in {:.2?}", began.elapsed());
    store.close().await?;
    std::fs::remove_dir_all(&directory)?;
    Ok(())
}
