//! Serves the console for a made-up day in Averbourne, for work on the pages themselves:
//! `cargo run -p console --example town -- 127.0.0.1:8460`. State goes to a directory that ends with the process.

#[expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "the day is made up here; a mistake in it should stop the example at once"
)]
#[path = "../tests/town/mod.rs"]
mod town;

use console::{Ask, Config, FIRST_SIGN_IN, PlanText, Shared};
use jiff::{SignedDuration, Timestamp};
use std::sync::{Arc, PoisonError, RwLock};
use store::{Intelligence, Kind, Link, PlanFile, PlanRecord, Record, Store};
use tokio::sync::{mpsc, watch};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listen = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8460".to_owned()).parse()?;
    let now = Timestamp::now();
    let directory = tempfile::tempdir()?;
    let (mut store, _) =
        Store::open(&directory.path().join("state"), Kind::Demo, "town", store::Limits::default()).await?;
    let (mut city, events) = town::averbourne(now);
    for event in &events {
        store.journal.append(event)?;
    }
    store.journal.sync()?;
    store.compact()?;
    let link = Link { purpose: FIRST_SIGN_IN.to_owned(), person: None };
    let secret = store.people.create_link(&link, now + SignedDuration::from_hours(1)).await?;
    let (_changes, changes) = watch::channel(1);
    let adopted = town::sources();
    let file = |file: &plan::SourceFile| PlanFile { name: file.path().into(), text: file.text().into() };
    let record = PlanRecord::new(adopted.iter().map(file).collect(), None, "Ada".to_owned());
    store.log.seal(now, vec![Record::Plan(record)]).await?;
    // The folder has a text that nobody adopted yet, so that there is something to rehearse.
    let edited = |file: &plan::SourceFile| {
        let text = file.text().replace("\"modbus: discover, read\", ", "");
        plan::SourceFile::new(file.path(), text)
    };
    let folder: Vec<plan::SourceFile> = adopted.iter().map(edited).collect();
    let (_plan, plan) = watch::channel(Arc::new(PlanText::of(&folder)));
    town::look_at_firewall(&mut city, now);
    let city = Arc::new(RwLock::new(city));
    let (_watching, watching) = watch::channel(Arc::default());
    let intelligence = Intelligence::open(store.directory()).await?;
    let (asks, mut asked) = mpsc::channel(1);
    let deciding = city.clone();
    tokio::spawn(async move {
        while let Some(ask) = asked.recv().await {
            let mut city = deciding.write().unwrap_or_else(PoisonError::into_inner);
            let (by, decision, answer) = match ask {
                Ask::Decide { by, decision, answer } => (by, decision, answer),
                Ask::Refuse { by, device, habit, answer, .. } => {
                    let refused = town::refuse(&mut city, device, habit, &by, Timestamp::now());
                    let _ = answer.send(refused);
                    continue;
                }
                Ask::Handle { by, incident, act, answer } => {
                    let _ = answer.send(town::handle(&mut city, incident, &act, &by, Timestamp::now()));
                    continue;
                }
                Ask::Told { observation, answer } => {
                    city.handle(&cycle::Event::Observed(*observation), &mut Vec::new());
                    let _ = answer.send(Ok(()));
                    continue;
                }
                Ask::Hunt { by, asked, answer } => {
                    let _ = answer.send(town::hunt(&mut city, &by, &asked, Timestamp::now()));
                    continue;
                }
                Ask::AdoptPlan { .. }
                | Ask::Share { .. }
                | Ask::SetAside { .. }
                | Ask::Shared { .. }
                | Ask::Withdraw { .. } => {
                    continue;
                }
            };
            let decided = town::decide(&mut city, &decision, &by, Timestamp::now());
            if let Ok(response) = &decided {
                let why = Some("no firewall is connected to Bastide");
                town::answer(&mut city, response.number, why, Timestamp::now());
            }
            // Nobody may be waiting any more.
            let _ = answer.send(decided);
        }
    });
    let shared = Shared {
        city,
        people: store.people.clone(),
        log: store.log.clone(),
        history: store.history.clone(),
        packets: store.packets.clone(),
        runs: store::Runs::of(store.directory()),
        intelligence,
        watching,
        directory: store.directory().to_path_buf(),
        changes,
        plan,
        asks,
    };
    let config = Config {
        listen: vec![listen],
        city_name: "Averbourne".to_owned(),
        time_zone: "Europe/London".to_owned(),
        source: "A made-up day".to_owned(),
        ..Config::default()
    };
    let console = console::open(config, shared).await?;
    println!("{}/welcome/{}", console.url().unwrap_or_default(), secret.reveal());
    console.run(std::future::pending()).await;
    Ok(())
}
