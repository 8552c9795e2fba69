//! A hunt's answer, shown.

use super::{
    Task,
    found::{Found, Hit, Key},
};
use crate::{
    intel::AnswerFormat,
    show::{self, Column, column},
    table::{Table, printable},
};
use adapt::hunt::{Hunt, Sought};
use city::{Address, Hunted};
use serde_json::{Value, json};
use std::{
    cmp::Reverse,
    io::{self, BufWriter, Write},
};

const HITS: [Column; 8] = [
    column("Last", "last", "/last"),
    column("Rows", "rows", "/rows"),
    column("Source", "source", "/source"),
    column("Destination", "destination", "/destination"),
    column("Port", "port", "/port"),
    column("Protocol", "protocol", "/protocol"),
    column("What", "what", "/what"),
    column("Function", "function", "/function"),
];

/// What `--format json` prints of a hunt. The names are stable.
pub(super) fn answer(task: &Task, sought: &Sought, found: &Found, hunted: &Hunted, limit: usize) -> Value {
    let mut hits: Vec<(&Key, &Hit)> = found.hits.iter().collect();
    hits.sort_by_key(|(_, hit)| Reverse(hit.last));
    let shown: Vec<Value> = hits.iter().take(limit).map(|(key, hit)| value(key, hit)).collect();
    let looked = &found.looked;
    let saved = task.saved.as_ref();
    json!({
        "hunt": saved.map(|hunt| &hunt.name),
        "title": saved.map(|hunt| &hunt.title),
        "technique": saved.map(|hunt| &hunt.technique),
        "next": saved.map(|hunt| &hunt.next),
        "pattern": task.pattern.to_string(),
        "from": hunted.from,
        "until": hunted.until,
        "found": found.rows,
        "hits": shown,
        "hits_not_shown": hits.len() - shown.len(),
        "rows_not_told_apart": found.untold,
        "unsupported": sought.unsupported,
        "damaged": looked.damaged,
        "searched": {
            "rows": looked.rows,
            "rows_looked_at": looked.rows_read,
            "files": looked.files,
            "files_of_other_days": looked.files_passed,
            "groups_looked_at": looked.groups,
            "groups_passed_by_statistics": looked.passed.by_statistics,
            "groups_passed_by_filter": looked.passed.by_filter,
            "groups_passed_by_dictionary": looked.passed.by_dictionary,
        },
    })
}

fn value(key: &Key, hit: &Hit) -> Value {
    let text = |address: Option<Address>| address.map(|address| address.to_string());
    json!({
        "first": hit.first,
        "last": hit.last,
        "rows": hit.rows(),
        "source": text(key.source),
        "destination": text(key.destination),
        "port": key.port,
        "protocol": key.protocol,
        "what": key.what,
        "function": key.function,
        "target": hit.target,
        "value": hit.value,
    })
}

/// Prints answers.
pub(super) fn answers(answers: &[Value], format: AnswerFormat) -> anyhow::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    match format {
        AnswerFormat::Json => {
            serde_json::to_writer_pretty(&mut out, answers)?;
            writeln!(out)?;
        }
        AnswerFormat::Table => {
            for (place, answer) in answers.iter().enumerate() {
                if place > 0 {
                    writeln!(out)?;
                }
                for_people(&mut out, answer)?;
            }
        }
    }
    out.flush()?;
    Ok(())
}

fn for_people(out: &mut impl Write, answer: &Value) -> io::Result<()> {
    let text = |pointer: &str| match answer.pointer(pointer) {
        Some(Value::String(text)) => printable(text),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    };
    let title = text("/title");
    match title.as_str() {
        "" => writeln!(out, "{}", text("/pattern"))?,
        title => writeln!(out, "{title} ({}, {})", text("/hunt"), text("/technique"))?,
    }
    let found = answer.pointer("/found").and_then(Value::as_u64).unwrap_or(0);
    let plural = if found == 1 { "" } else { "s" };
    writeln!(
        out,
        "{found} row{plural} found in {}; {} looked at in {} files, the rest passed over.",
        text("/searched/rows"),
        text("/searched/rows_looked_at"),
        text("/searched/files"),
    )?;
    if found == 0 {
        return Ok(());
    }
    show::rows(out, answer.pointer("/hits").unwrap_or(&Value::Null), &HITS, crate::arguments::Format::Table)?;
    if answer.pointer("/hits_not_shown").and_then(Value::as_u64).unwrap_or(0) > 0 {
        writeln!(out, "and {} more; --limit shows them.", text("/hits_not_shown"))?;
    }
    match text("/next").as_str() {
        "" => Ok(()),
        next => writeln!(out, "What to do: {next}"),
    }
}

/// Prints the library.
pub(super) fn list(hunts: &[Hunt], format: AnswerFormat) -> anyhow::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    match format {
        AnswerFormat::Json => {
            let value = |hunt: &Hunt| {
                json!({
                    "name": hunt.name,
                    "title": hunt.title,
                    "technique": hunt.technique,
                    "technique_name": hunt.technique_name,
                    "question": hunt.question,
                    "why": hunt.why,
                    "next": hunt.next,
                    "pattern": hunt.pattern.trim(),
                    "spread": hunt.spread.map(|spread| json!({"of": spread.of.as_str(), "least": spread.least})),
                })
            };
            let all: Vec<Value> = hunts.iter().map(value).collect();
            serde_json::to_writer_pretty(&mut out, &all)?;
            writeln!(out)?;
        }
        AnswerFormat::Table => {
            let mut table = Table::new(&["name", "technique", "", "question"]);
            for hunt in hunts {
                table.row(
                    [&hunt.name, &hunt.technique, &hunt.technique_name, &hunt.question].map(Clone::clone),
                );
            }
            table.write(&mut out)?;
        }
    }
    out.flush()?;
    Ok(())
}
