//! `bastide defend status`: how the firewall stands.

use super::Ask;
use crate::{
    arguments::Format,
    failure::Verdict,
    show::{self, column, local},
    table::printable,
};
use enforce::{Kept, Shown};
use serde_json::{Value, json};
use std::io::{self, BufWriter, Write};

const HISTORY: [show::Column; 5] = [
    column("State", "number", "/number"),
    column("Rules", "rules", "/rules"),
    column("Mode", "mode", "/mode"),
    column("By", "by", "/by"),
    column("Since", "time", "/time"),
];

const QUARANTINE: [show::Column; 4] = [
    column("In quarantine", "address", "/address"),
    column("Reason", "reason", "/reason"),
    column("By", "by", "/who"),
    column("Since", "time", "/at"),
];

/// How many states of the history people are shown.
const STATES: usize = 10;

/// Asks, and prints: everything, or one of the texts.
pub(super) fn run(ask: &Ask, live: bool, staged: bool) -> anyhow::Result<Verdict> {
    let is_json = ask.format != Format::Table;
    let shown = ask.connect()?.show(live || staged || is_json)?;
    let mut out = BufWriter::new(io::stdout().lock());
    if live || staged {
        let texts = shown.texts.unwrap_or_default();
        print_text(&mut out, if live { Some(texts.live) } else { texts.staged })?;
        out.flush()?;
        return Ok(Verdict::Good);
    }
    if is_json {
        serde_json::to_writer_pretty(&mut out, &shown)?;
        writeln!(out)?;
    } else {
        for_people(&mut out, &shown)?;
    }
    out.flush()?;
    Ok(if shown.differs { Verdict::Bad } else { Verdict::Good })
}

fn print_text(out: &mut impl Write, text: Option<String>) -> io::Result<()> {
    let text = text.unwrap_or_default();
    text.lines().try_for_each(|line| writeln!(out, "{}", printable(&line.replace('\t', "    "))))
}

fn for_people(out: &mut impl Write, shown: &Shown) -> io::Result<()> {
    match &shown.confirmed {
        Some(held) => writeln!(out, "Confirmed: {held}.")?,
        None => writeln!(out, "Confirmed: no rules.")?,
    }
    if let Some(pending) = &shown.pending {
        let left = shown.seconds_left.unwrap_or_default();
        let who = printable(&pending.who);
        match left {
            0 => writeln!(out, "Pending:   {}, by {who}; it is being reverted.", pending.held)?,
            left => writeln!(
                out,
                "Pending:   {}, by {who}; reverted in {left} s unless confirmed.",
                pending.held
            )?,
        }
    }
    if let Some(staged) = &shown.staged {
        let logs = if staged.observing.is_some() { ", with rules that only log" } else { "" };
        let (digest, who, at) = (staged.digest.short(), printable(&staged.who), local(staged.at));
        writeln!(out, "Staged:    {digest}{logs}, by {who}, {at}.")?;
    }
    if shown.differs {
        writeln!(out, "Live:      differs from what should be (- missing, + besides):")?;
        shown.difference.iter().try_for_each(|line| writeln!(out, "  {}", printable(line)))?;
    } else {
        writeln!(out, "Live:      as it should be.")?;
    }
    if !shown.history.is_empty() {
        let rows: Vec<Value> = shown.history.iter().rev().take(STATES).map(row).collect();
        writeln!(out)?;
        show::rows(out, &Value::Array(rows), &HISTORY, Format::Table)?;
    }
    if !shown.quarantine.is_empty() {
        writeln!(out)?;
        show::rows(out, &json!(shown.quarantine), &QUARANTINE, Format::Table)?;
    }
    Ok(())
}

fn row(kept: &Kept) -> Value {
    let rules = kept.held.as_ref().map_or("none", |held| held.digest.short());
    let mode = kept.held.as_ref().map(|held| held.mode.to_string()).unwrap_or_default();
    let back = kept.reverted_to.map(|number| format!(", back to {number}")).unwrap_or_default();
    json!({
        "number": kept.number,
        "rules": format!("{rules}{back}"),
        "mode": mode,
        "by": kept.who,
        "time": kept.at,
    })
}
