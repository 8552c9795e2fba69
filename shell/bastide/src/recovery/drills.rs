//! `bastide drill`: a service's backups restored to a place with no way out, checked and timed.

use super::{
    arguments::{Drills, Form, Of},
    known, select, tell,
    words::{amount, bytes, time},
};
use crate::{
    failure::Verdict,
    plan::{read_folder, read_plan},
    show::local,
    table::Table,
};
use city::{Drill, Observation, Observed, Service, Text};
use jiff::Timestamp;
use plan::{Plan, SourceFile};
use recover::Record;
use serde_json::json;
use std::{
    io::{self, BufWriter, Write},
    path::Path,
    time::Duration,
};
use vault::{Drilling, Isolation, Scratch};

/// How long one check may take.
const CHECK_TIME: Duration = Duration::from_secs(600);

/// Runs the command.
pub(crate) fn run(command: &Drills) -> anyhow::Result<Verdict> {
    let of = &command.city;
    let files = read_folder(&of.city)?;
    let plan = read_plan(&of.city)?;
    let record = known::record(&of.state)?.unwrap_or_default();
    let services = if command.due {
        due(&plan, &record, Timestamp::now())
    } else {
        command.services.iter().map(|word| select::service(&plan, word)).collect::<Result<_, _>>()?
    };
    let base = command.scratch.clone().unwrap_or_else(|| of.state.directory().join(store::SCRATCH));
    let isolation = if command.without_isolation { Isolation::Waived } else { Isolation::Required };
    let held = Held { files: &files, plan: &plan, record: &record, of };
    let drills = hold(&services, &held, &base, isolation)?;
    show_all(&drills, &plan, of.format)?;
    let good = drills.iter().all(|drill| drill.passed() && in_time(&plan, drill) != Some(false));
    Ok(if good { Verdict::Good } else { Verdict::Bad })
}

/// Holds the drills of services, isolated, and tells the city.
pub(super) fn hold_isolated(services: &[&str], of: &Of) -> anyhow::Result<Vec<Drill>> {
    let files = read_folder(&of.city)?;
    let plan = read_plan(&of.city)?;
    let record = known::record(&of.state)?.unwrap_or_default();
    let services: Vec<&Service> =
        services.iter().map(|word| select::service(&plan, word)).collect::<Result<_, _>>()?;
    let base = of.state.directory().join(store::SCRATCH);
    let held = Held { files: &files, plan: &plan, record: &record, of };
    hold(&services, &held, &base, Isolation::Required)
}

/// Of which city drills are held, and what is known of it.
struct Held<'a> {
    files: &'a [SourceFile],
    plan: &'a Plan,
    record: &'a Record,
    of: &'a Of,
}

fn hold(
    services: &[&Service],
    held: &Held<'_>,
    base: &Path,
    isolation: Isolation,
) -> anyhow::Result<Vec<Drill>> {
    let scratch = Scratch::new(base)?;
    let spoilt = known::spoilt(held.record);
    let drilling = Drilling { scratch: &scratch, isolation, check_time: CHECK_TIME, spoilt: &spoilt };
    let mut drills = Vec::new();
    for service in services {
        let drill = vault::drill(held.plan, &service.id, &drilling);
        let observation = Observation {
            time: drill.start.checked_add(drill.duration).unwrap_or(drill.start),
            sensor: Text::const_new("drill"),
            fact: Observed::Drill(Box::new(drill.clone())),
        };
        // Each at once: a drill may take hours, and what is proven should count.
        tell::tell(&held.of.state, Some(held.files), &[observation]);
        drills.push(drill);
    }
    Ok(drills)
}

fn show_all(drills: &[Drill], plan: &Plan, format: Form) -> anyhow::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    if format == Form::Json {
        let rows: Vec<_> = drills.iter().map(|drill| row(plan, drill)).collect();
        serde_json::to_writer_pretty(&mut out, &rows)?;
        writeln!(out)?;
    } else if drills.is_empty() {
        writeln!(out, "No drill is due.")?;
    } else {
        drills.iter().try_for_each(|drill| show(&mut out, plan, drill))?;
    }
    Ok(out.flush()?)
}

/// The services with backups that are not proven now, the worst impact first.
fn due<'p>(plan: &'p Plan, record: &Record, now: Timestamp) -> Vec<&'p Service> {
    let mut services: Vec<&Service> = plan
        .services()
        .filter(|service| plan.backups_of(&service.id).next().is_some())
        .filter(|service| {
            record
                .proof(plan, &service.id)
                .is_none_or(|proof| !proof.passed || proof.expires.is_none_or(|until| until <= now))
        })
        .collect();
    services.sort_by(|a, b| b.impact.cmp(&a.impact).then_with(|| a.id.cmp(&b.id)));
    services
}

/// Whether it took no longer than the service's recovery time objective; none without one.
fn in_time(plan: &Plan, drill: &Drill) -> Option<bool> {
    let target = plan.service(&drill.service)?.recovery?;
    Some(drill.duration <= target.rto)
}

fn row(plan: &Plan, drill: &Drill) -> serde_json::Value {
    let target = plan.service(&drill.service).and_then(|service| service.recovery);
    let lost = recover::rpo(drill);
    json!({
        "service": drill.service,
        "passed": drill.passed(),
        "start": drill.start,
        "seconds": drill.duration.as_secs_f64(),
        "recovered_to": drill.recovered_to,
        "data_lost_seconds": lost.map(|lost| lost.as_secs_f64()),
        "rto_seconds": target.map(|target| target.rto.as_secs()),
        "rpo_seconds": target.map(|target| target.rpo.as_secs()),
        "rto_met": in_time(plan, drill),
        "rpo_met": target.zip(lost).map(|(target, lost)| lost <= target.rpo),
        "steps": drill.steps,
    })
}

fn show(out: &mut impl Write, plan: &Plan, drill: &Drill) -> io::Result<()> {
    let service = plan.service(&drill.service);
    let name = service.map_or_else(|| drill.service.to_string(), |service| service.name.to_string());
    let target = service.and_then(|service| service.recovery);
    let took = time(drill.duration);
    let failed = drill.steps.iter().filter(|step| step.failure.is_some()).count();
    if drill.passed() {
        let against = target.map(|target| {
            let met = if drill.duration <= target.rto { "within" } else { "LONGER THAN" };
            format!(", {met} its target of {}", time(target.rto))
        });
        writeln!(out, "{name}: restored and checked in {took}{}.", against.unwrap_or_default())?;
    } else {
        writeln!(
            out,
            "{name}: NOT restored: {} of {} failed.",
            failed,
            amount(drill.steps.len(), "step", "steps")
        )?;
    }
    if let Some(to) = drill.recovered_to {
        let lost =
            recover::rpo(drill).map(|lost| format!("; {} would be lost", time(lost))).unwrap_or_default();
        let target = target.map(|target| format!(" (target {})", time(target.rpo))).unwrap_or_default();
        writeln!(out, "It would be as at {}{lost}{target}.", local(to))?;
    }
    let slowest = drill.steps.iter().map(|step| step.duration).max();
    let mut table = Table::new(&["backup", "what", "took", "read", "from", ""]);
    for step in &drill.steps {
        let from = step.from.as_ref();
        let slow = drill.steps.len() > 2 && Some(step.duration) == slowest;
        table.row([
            step.backup.to_string(),
            step.what.to_string(),
            time(step.duration),
            if step.bytes > 0 { bytes(step.bytes) } else { String::new() },
            from.map(|(repository, snapshot)| format!("{} in {repository}", super::make::short(snapshot)))
                .unwrap_or_default(),
            match &step.failure {
                Some(_) => "FAILED".to_owned(),
                None if slow => "the slowest".to_owned(),
                None => String::new(),
            },
        ]);
    }
    table.write(out)?;
    for step in &drill.steps {
        if let Some(why) = &step.failure {
            writeln!(out, "  {}: {}: {why}", step.backup, step.what)?;
        }
    }
    writeln!(out)
}
