//! `bastide replay`: a capture through the same eyes as live traffic.

use crate::{
    alerts,
    arguments::{Format, Replay},
    engine::{Batch, Engine},
    failure::{Verdict, warn},
    intel::watching,
    plan::read_folder,
    reading::{Purpose, Read, Reading},
    ring::Frames,
    show::{self, column},
};
use adapt::intel::watch::{Held, Recent, Watchlist};
use anyhow::{Context, bail};
use city::{Observation, Observed};
use console::view;
use cycle::{City, Event};
use plan::Plan;
use serde_json::{Value, json};
use std::{
    io::{self, BufWriter, Write},
    path::Path,
    sync::{Arc, PoisonError, RwLock},
};
use store::{Kind, Limits};

/// How many rows of each list people are shown; JSON has all of them.
const ROWS: usize = 20;

/// Replays captures and tells what they show.
pub(crate) fn run(command: &Replay) -> anyhow::Result<Verdict> {
    let reading = Reading::open(&command.input.captures, Purpose::City)?.with_progress();
    let report = match &command.state {
        Some(state) => kept(reading, command, state)?,
        None => passing(reading, command)?,
    };
    if command.follow {
        return Ok(Verdict::Good);
    }
    let mut out = BufWriter::new(io::stdout().lock());
    match command.format {
        Format::Json => {
            serde_json::to_writer_pretty(&mut out, &report)?;
            writeln!(out)?;
        }
        Format::Csv => show::rows(&mut out, part(&report, "/findings"), &show::FINDINGS, Format::Csv)?,
        Format::Table => tell(&mut out, &report)?,
    }
    out.flush()?;
    Ok(Verdict::Good)
}

/// Replays into a state directory of its own, where everything can be looked at again.
fn kept(reading: Reading, command: &Replay, state: &Path) -> anyhow::Result<Value> {
    let runtime = crate::live::runtime()?;
    let files = command.city.as_deref().map(read_folder).transpose()?;
    if let Some(files) = &files {
        checked(files)?;
    }
    let opened = Engine::open(state, Kind::Replay, Limits::default(), files, runtime.handle().clone())?;
    opened.warnings.iter().for_each(warn);
    if opened.differs {
        bail!("`{}` holds a replay against another plan; choose another `--state`", state.display());
    }
    let mut engine = opened.engine;
    if command.follow {
        engine.tell_found(|finding| {
            let record = store::FindingRecord::new(finding, false);
            let line = serde_json::to_string(&record).unwrap_or_default();
            // Whoever read along may have gone; the replay goes on.
            let _ = writeln!(io::stdout().lock(), "{line}");
        });
    }
    let plan = engine.city().read().unwrap_or_else(PoisonError::into_inner).plan().cloned();
    if let Some(list) = watchlist(command, plan.as_deref())? {
        engine.watch(Arc::new(RwLock::new(list)));
    }
    let mut others = alerts::Files::open(&command.alerts, plan)?;
    let read = {
        let frames = std::cell::RefCell::new(Frames::default());
        reading.read(
            |frame| frames.borrow_mut().push(frame),
            |observations| {
                let observations = others.merge(std::mem::take(observations))?;
                engine.take(Batch { frames: frames.take(), observations, time: None })?;
                engine.beat()
            },
        )?
    };
    while let Some(observations) = others.rest()? {
        engine.take(Batch { observations, ..Batch::default() })?;
    }
    let report = {
        let city = engine.city();
        let city = city.read().unwrap_or_else(PoisonError::into_inner);
        report(&city, read)
    };
    engine.close()?;
    Ok(report)
}

/// Replays in memory, and keeps nothing.
fn passing(reading: Reading, command: &Replay) -> anyhow::Result<Value> {
    let files = command.city.as_deref().map(read_folder).transpose()?;
    let plan = files.as_deref().map(checked).transpose()?.map(Arc::new);
    let mut others = alerts::Files::open(&command.alerts, plan.clone())?;
    let list = watchlist(command, plan.as_deref())?.unwrap_or_default();
    let (mut held, mut recent, mut sightings) = (Held::default(), Recent::default(), Vec::new());
    let mut city = City::new(plan);
    let mut effects = Vec::new();
    let mut handle = |observations: Vec<Observation>| {
        for observation in observations {
            list.see(&observation, &mut held, &mut sightings);
            let (time, sensor) = (observation.time, observation.sensor.clone());
            city.handle(&Event::Observed(observation), &mut effects);
            for sighting in sightings.drain(..).filter(|sighting| recent.is_new(sighting, time)) {
                let fact = Observed::Sighting(Box::new(sighting));
                city.handle(
                    &Event::Observed(Observation { time, sensor: sensor.clone(), fact }),
                    &mut effects,
                );
            }
            effects.clear();
        }
    };
    let read = reading.read(
        |_| (),
        |observations| {
            handle(others.merge(std::mem::take(observations))?);
            Ok(())
        },
    )?;
    while let Some(observations) = others.rest()? {
        handle(observations);
    }
    Ok(report(&city, read))
}

/// What a city knows, to be held against the capture, if it is asked for.
fn watchlist(command: &Replay, plan: Option<&Plan>) -> anyhow::Result<Option<Watchlist>> {
    let Some(directory) = &command.intelligence else { return Ok(None) };
    if directory.is_dir() && !directory.join("intelligence.db").is_file() {
        bail!(
            "nothing of what others know is kept in `{}`; `bastide intel import` takes it in",
            directory.display()
        );
    }
    let (list, _) = crate::live::runtime()?
        .block_on(watching::made(directory, plan, jiff::Timestamp::now()))
        .with_context(|| format!("what `{}` keeps of others cannot be read", directory.display()))?;
    Ok(Some(list))
}

/// The plan of a folder, if it has no errors.
fn checked(files: &[plan::SourceFile]) -> anyhow::Result<Plan> {
    match plan::check(files).plan {
        Some(plan) => Ok(plan),
        None => bail!("the plan has errors; `bastide plan check` shows them"),
    }
}

/// All that a replay shows, as one value.
fn report(city: &City, read: Read) -> Value {
    let all = view::Window { offset: 0, limit: usize::MAX };
    let summary = view::city(city, "The capture", &crate::serving::zone());
    json!({
        "frames": read.frames,
        "bytes": read.bytes,
        "city": summary,
        "findings": view::findings(city, &view::FindingFilter::default(), all).findings,
        "assets": view::assets(city, &view::AssetFilter::default(), all).assets,
        "talks": talks(city),
        "losses": view::losses(city),
        "unread": view::unread(city, usize::MAX),
    })
}

/// Who talks to whom, the busiest first.
fn talks(city: &City) -> Vec<Value> {
    let mut pairs: Vec<_> = city.talks().collect();
    pairs.sort_by(|(a, x), (b, y)| {
        (y.requests, y.conversations, y.bytes).cmp(&(x.requests, x.conversations, x.bytes)).then(a.cmp(b))
    });
    pairs
        .into_iter()
        .map(|(talkers, talk)| {
            json!({
                "source": talkers.source.to_string(),
                "source_name": city.name(talkers.source).as_str(),
                "destination": talkers.destination.to_string(),
                "destination_name": city.name(talkers.destination).as_str(),
                "transport": talkers.transport.to_string(),
                "port": talkers.port,
                "protocol": talk.protocol.map(city::Protocol::as_str),
                "conversations": talk.conversations,
                "requests": talk.requests,
                "verbs": talk.verbs.iter().map(city::Verb::as_str).collect::<Vec<_>>(),
                "bytes": talk.bytes,
                "first": talk.first,
                "last": talk.last,
            })
        })
        .collect()
}

const TALKS: [show::Column; 7] = [
    column("From", "source", "/source"),
    column("To", "destination", "/destination"),
    column("Port", "port", "/port"),
    column("Protocol", "protocol", "/protocol"),
    column("Conversations", "conversations", "/conversations"),
    column("Requests", "requests", "/requests"),
    column("Verbs", "verbs", "/verbs"),
];

const LOSSES: [show::Column; 3] = [
    column("What", "kind", "/kind"),
    column("Count", "count", "/count"),
    column("Detail", "detail", "/detail"),
];

const UNREAD: [show::Column; 4] = [
    column("Carried by", "transport", "/transport"),
    column("Port", "port", "/port"),
    column("Messages", "count", "/count"),
    column("Begins with", "sample", "/sample"),
];

/// The report for people: what matters first.
fn tell(out: &mut impl Write, report: &Value) -> io::Result<()> {
    let text = |pointer: &str| report.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let number = |pointer: &str| report.pointer(pointer).and_then(Value::as_u64).unwrap_or_default();
    writeln!(out, "{}", text("/city/headline"))?;
    let times = ["/city/began", "/city/now"].map(|pointer| text(pointer).parse().ok().map(show::local));
    if let [Some(began), Some(now)] = times {
        writeln!(
            out,
            "{}, {}, {}; from {began} to {now}.",
            counted(number("/frames"), "frame"),
            counted(number("/city/counts/conversations"), "conversation"),
            counted(number("/city/counts/requests"), "request"),
        )?;
    }
    section(out, "Services", part(report, "/city/services"), &show::SERVICES, false)?;
    section(out, "Findings, the gravest first", part(report, "/findings"), &show::FINDINGS, true)?;
    section(out, "Devices", part(report, "/assets"), &show::ASSETS, true)?;
    section(out, "Who talks to whom, the busiest first", part(report, "/talks"), &TALKS, true)?;
    section(out, "Not seen or not kept", part(report, "/losses"), &LOSSES, false)?;
    section(out, "Not understood", part(report, "/unread"), &UNREAD, false)
}

fn counted(number: u64, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// A part of the report.
fn part<'a>(report: &'a Value, pointer: &str) -> &'a Value {
    report.pointer(pointer).unwrap_or(&Value::Null)
}

fn section(
    out: &mut impl Write,
    title: &str,
    list: &Value,
    columns: &[show::Column],
    always: bool,
) -> io::Result<()> {
    let count = list.as_array().map_or(0, Vec::len);
    if count == 0 && !always {
        return Ok(());
    }
    writeln!(out, "\n{title} ({count})")?;
    let shown: Value =
        list.as_array().map(|list| list.iter().take(ROWS).cloned().collect()).unwrap_or_default();
    show::rows(out, &shown, columns, Format::Table)?;
    if count > ROWS {
        writeln!(out, "… and {} more: `--format json` shows all.", count - ROWS)?;
    }
    Ok(())
}
