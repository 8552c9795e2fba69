//! `bastide log`: the sealed log, shown and verified.

use crate::{
    arguments::{Format, LogCommand, Look},
    failure::Verdict,
    show::{self, column},
};
use anyhow::Context;
use serde_json::{Value, json};
use std::{
    io::{self, BufWriter, Write},
    path::Path,
};
use store::Reader;

/// Runs the command.
pub(crate) fn run(command: &LogCommand) -> anyhow::Result<Verdict> {
    match command {
        LogCommand::Show { last, look } => show_latest(*last, look),
        LogCommand::Verify { look } => verify(look),
    }
}

const RECORDS: [show::Column; 4] = [
    column("No", "sequence", "/sequence"),
    column("Time", "time", "/time"),
    column("Kind", "kind", "/kind"),
    column("What", "what", "/what"),
];

fn show_latest(last: u32, look: &Look) -> anyhow::Result<Verdict> {
    let records = reading(&look.state.directory(), async |reader| Ok(reader.log.latest(None, last).await?))?;
    let rows: Vec<Value> = records
        .iter()
        .rev()
        .map(|record| {
            let body: Value = serde_json::from_str(&record.body).unwrap_or_default();
            json!({
                "sequence": record.sequence,
                "time": record.time,
                "kind": record.kind,
                "what": gist(&body),
                "schema": record.schema,
                "body": body,
            })
        })
        .collect();
    let mut out = BufWriter::new(io::stdout().lock());
    show::rows(&mut out, &Value::Array(rows), &RECORDS, look.format)?;
    out.flush()?;
    Ok(Verdict::Good)
}

/// What a record is about, in a few words.
fn gist(body: &Value) -> String {
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    let subject = text("subject").unwrap_or_default();
    if let (Some(name), Some(step)) = (text("name"), text("step")) {
        return format!("{} about {name}: {step}", text("by").unwrap_or("Bastide"));
    }
    match (text("title"), text("act"), text("adopted_by"), text("version")) {
        (Some(title), ..) => title.to_owned(),
        (_, Some(act), ..) => format!("{} {act} {subject}", text("person").unwrap_or("somebody")),
        (.., Some(by), _) => format!("{by} adopted {}", text("digest").unwrap_or_default()),
        (.., Some(version)) => format!("version {version} started"),
        _ => String::new(),
    }
}

fn verify(look: &Look) -> anyhow::Result<Verdict> {
    let verified = reading(&look.state.directory(), async |reader| Ok(reader.log.verify().await?))?;
    let damage: Vec<String> = verified.damage.iter().map(ToString::to_string).collect();
    let mut out = io::stdout().lock();
    match look.format {
        Format::Table => {
            for line in &damage {
                writeln!(out, "{line}")?;
            }
            let (records, more) = (verified.records, verified.more);
            match &verified.head {
                Some(head) if verified.is_whole() => {
                    writeln!(out, "{records} records, all as they were sealed; head {}.", head.root)?;
                }
                None if verified.is_whole() => writeln!(out, "The log is empty.")?,
                _ if more > 0 => writeln!(out, "The log was altered: these and {more} more places.")?,
                _ => writeln!(out, "The log was altered.")?,
            }
        }
        Format::Json | Format::Csv => {
            let answer =
                json!({ "whole": verified.is_whole(), "records": verified.records, "damage": damage });
            serde_json::to_writer_pretty(&mut out, &answer)?;
            writeln!(out)?;
        }
    }
    Ok(if verified.is_whole() { Verdict::Good } else { Verdict::Bad })
}

/// Opens a state directory for reading and asks it something.
fn reading<T>(state: &Path, ask: impl AsyncFnOnce(Reader) -> anyhow::Result<T>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("no runtime could be made")?;
    runtime.block_on(async { ask(Reader::open(state).await?).await })
}
