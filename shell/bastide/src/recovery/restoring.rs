//! `bastide restore`: the real thing.

use super::{
    arguments::{Form, Restore},
    bar::Bar,
    known, make, select,
    words::bytes,
};
use crate::{failure::Verdict, plan::read_plan, show::local, table::Table};
use anyhow::Context;
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use plan::Plan;
use serde_json::{Value, json};
use std::io::{self, BufWriter, Write};
use vault::{Restorable, Restoring, plan_restore};

/// Restores, or says what would be restored.
pub(crate) fn run(command: &Restore) -> anyhow::Result<Verdict> {
    let of = &command.city;
    let plan = read_plan(&of.city)?;
    let backups = select::backups(&plan, std::slice::from_ref(&command.of))?;
    let record = known::record(&of.state)?.unwrap_or_default();
    let spoilt = known::spoilt(&record);
    let at = command.at.as_deref().map(|text| moment(text, &plan)).transpose()?;
    let restoring = Restoring { to: &command.to, at, overwrite: command.overwrite, spoilt: &spoilt };
    let rows: Vec<Restorable> = if command.dry_run {
        plan_restore(&plan, &backups, &restoring)?
    } else {
        let bar = Bar::new(format!("restoring {}", command.of));
        let restored = vault::restore(&plan, &backups, &restoring, &bar);
        bar.end();
        restored?.into_iter().map(|(restorable, _)| restorable).collect()
    };
    let mut out = BufWriter::new(io::stdout().lock());
    if of.format == Form::Json {
        let list: Vec<Value> = rows.iter().map(|one| row(one, !command.dry_run)).collect();
        serde_json::to_writer_pretty(&mut out, &list)?;
        writeln!(out)?;
    } else {
        show(&mut out, &rows, command.dry_run)?;
    }
    out.flush()?;
    Ok(Verdict::Good)
}

/// A moment: with its zone, or in the city's.
fn moment(text: &str, plan: &Plan) -> anyhow::Result<Timestamp> {
    if let Ok(time) = text.parse() {
        return Ok(time);
    }
    let civil: DateTime = text
        .parse()
        .with_context(|| format!("`{text}` is no time; write 2026-11-20T02:00 or 2026-11-20T02:00:00Z"))?;
    let zone = TimeZone::get(&plan.settings().time_zone)?;
    Ok(civil.to_zoned(zone)?.timestamp())
}

fn row(one: &Restorable, restored: bool) -> Value {
    json!({
        "backup": one.backup, "repository": one.repository, "snapshot": one.snapshot.id, "time": one.snapshot.time,
        "into": one.into, "files": one.files, "bytes": one.bytes, "overwrites": one.overwrites,
        "overwritten": one.overwritten, "passed_over": one.passed_over, "restored": restored,
        "to_load": one.to_load,
    })
}

fn show(out: &mut impl Write, rows: &[Restorable], dry: bool) -> io::Result<()> {
    let first = if dry {
        "Nothing was written. This would be restored:"
    } else {
        "Restored, and compared with what was backed up:"
    };
    writeln!(out, "{first}")?;
    let mut table = Table::new(&["backup", "as at", "snapshot", "files", "size", "there already", "into"]);
    for one in rows {
        table.row([
            one.backup.to_string(),
            local(one.snapshot.time),
            format!("{} in {}", make::short(&one.snapshot.id), one.repository),
            one.files.to_string(),
            bytes(one.bytes),
            one.overwrites.to_string(),
            one.into.display().to_string(),
        ]);
    }
    table.write(out)?;
    for one in rows.iter().filter(|one| !one.to_load.is_empty()) {
        writeln!(
            out,
            "\n{} is a file so far. To load it where it belongs, with all rights there:",
            one.backup
        )?;
        for command in &one.to_load {
            writeln!(out, "  {command}")?;
        }
    }
    rows.iter()
        .flat_map(|one| one.passed_over.iter().map(move |why| (one, why)))
        .try_for_each(|(one, why)| writeln!(out, "  {}: passed over: {why}", one.backup))
}
