//! A rehearsal for people: the sentence first, then who would notice, then line by line.

use crate::{
    show::local,
    table::{Table, printable},
};
use city::{ContactId, ServiceId, VerbSet};
use defend::rehearsal::{Answer, Line, Stand};
use jiff::SignedDuration;
use plan::Plan;
use std::{
    collections::BTreeMap,
    io::{self, Write},
};

/// How many lines of each list people are shown; JSON has all of them.
const ROWS: usize = 40;

/// Writes the answer.
pub(super) fn write(
    out: &mut impl Write,
    plan: &Plan,
    answer: &Answer,
    since: Option<SignedDuration>,
) -> io::Result<()> {
    writeln!(out, "{}", answer.headline)?;
    write_reach(out, answer, since)?;
    write_services(out, plan, answer)?;
    let (refused, knocked): (Vec<&Line>, Vec<&Line>) = answer.refused.iter().partition(|line| line.ran);
    write_lines(out, plan, "Would be refused, by address and port", &refused)?;
    let (watched, asked): (Vec<&Line>, Vec<&Line>) = answer.watched.iter().partition(|line| line.ran);
    let title = "Would not be refused but found: a firewall cannot know protocols and verbs, the wire does";
    write_lines(out, plan, title, &watched)?;
    let vain: Vec<&Line> = knocked.into_iter().chain(asked).collect();
    write_lines(out, plan, "Would be refused or found, and nobody answered it anyway", &vain)?;
    let opened: Vec<&Line> = answer.opened.iter().collect();
    write_lines(out, plan, "Newly possible", &opened)?;
    write_unused(out, answer)
}

/// How far what was recorded reaches, and what was not judged.
fn write_reach(out: &mut impl Write, answer: &Answer, since: Option<SignedDuration>) -> io::Result<()> {
    let reach = &answer.reach;
    let Some((first, last)) = reach.first.zip(reach.last) else { return Ok(()) };
    writeln!(
        out,
        "{} and {} from {} to {}, {} kinds of traffic in all.",
        counted(reach.conversations, "conversation"),
        counted(reach.requests, "request"),
        local(first),
        local(last),
        reach.kinds,
    )?;
    // A tenth less is a recording that began within the time asked for, not one that falls short of it.
    if let Some(since) = since.filter(|since| last.duration_since(first) < *since * 9 / 10) {
        let asked = since.as_hours() / 24;
        let asked = if asked > 1 { format!("{asked} days") } else { format!("{since:#}") };
        writeln!(out, "History reaches no further back, though {asked} were asked for.")?;
    }
    for (count, why) in [
        (reach.left_out, "records were not judged: there were more kinds of traffic than are told apart."),
        (reach.unlisted, "records stand in no line: there were too many lines."),
        (reach.undecided, "records tell of conversations that go on and have not said yet what they are."),
    ] {
        if count > 0 {
            writeln!(out, "{count} {why}")?;
        }
    }
    Ok(())
}

fn write_services(out: &mut impl Write, plan: &Plan, answer: &Answer) -> io::Result<()> {
    if answer.services.is_empty() {
        return Ok(());
    }
    writeln!(out, "\nServices that would notice ({})", answer.services.len())?;
    let mut table = Table::new(&["Service", "Impact", "Refused", "Found", "Owner", "Telephone"]);
    for service in &answer.services {
        let owner = service.owner.as_ref().and_then(|id| contact(plan, id));
        table.row([
            service.name.to_string(),
            format!("{:?}", service.impact).to_lowercase(),
            service.refused.to_string(),
            service.watched.to_string(),
            owner.map_or_else(String::new, |owner| owner.name.to_string()),
            owner.and_then(|owner| owner.telephone.as_deref()).unwrap_or_default().to_owned(),
        ]);
    }
    table.write(out)
}

/// Lines, by the way they take from zone to zone.
fn write_lines(out: &mut impl Write, plan: &Plan, title: &str, lines: &[&Line]) -> io::Result<()> {
    if lines.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{title} ({})", lines.len())?;
    let mut ways: BTreeMap<(&str, &str), Vec<&Line>> = BTreeMap::new();
    for line in lines.iter().take(ROWS) {
        ways.entry((&line.from.zone_name, &line.to.zone_name)).or_default().push(line);
    }
    for ((from, to), lines) in ways {
        let conduits: Vec<&str> =
            lines.iter().flat_map(|line| &line.conduits).map(|conduit| conduit.as_str()).collect();
        let conduits: std::collections::BTreeSet<&str> = conduits.into_iter().collect();
        let conduits = if conduits.is_empty() {
            "no conduit".to_owned()
        } else {
            conduits.into_iter().collect::<Vec<_>>().join(", ")
        };
        writeln!(out, "\n  {} to {} ({conduits})", printable(from), printable(to))?;
        let mut table = Table::new(&["Id", "From", "To", "What", "Times", "Last", "Now", "Who would notice"]);
        for line in &lines {
            table.row([
                line.id.to_string(),
                line.from.name.to_string(),
                line.to.name.to_string(),
                what(line),
                times(line),
                local(line.last).chars().take(16).collect(),
                stands(line.now).to_owned(),
                who(plan, line),
            ]);
        }
        table.write(out)?;
        for line in lines.iter().take(3) {
            writeln!(out, "  {}: {}", line.id, printable(&line.why))?;
        }
    }
    if lines.len() > ROWS {
        writeln!(out, "… and {} more: `--format json` shows all.", lines.len() - ROWS)?;
    }
    Ok(())
}

/// What was spoken, and what was asked.
fn what(line: &Line) -> String {
    let port = line.port.map_or_else(String::new, |port| format!("/{port}"));
    let protocols: Vec<&str> = line.protocols.iter().map(|protocol| protocol.as_str()).collect();
    let verbs: VerbSet = line.verbs.iter().copied().collect();
    let verbs: Vec<&str> = verbs.iter().map(city::Verb::as_str).collect();
    let colon = if verbs.is_empty() { "" } else { ": " };
    let said = if protocols.is_empty() { "unrecognised".to_owned() } else { protocols.join(", ") };
    format!("{}{port} {said}{colon}{}", line.transport, verbs.join(", "))
}

/// How often, in the unit that says most.
fn times(line: &Line) -> String {
    match (line.conversations, line.requests, line.unanswered) {
        (0, 0, 0) => "goes on".to_owned(),
        (0, 0, unanswered) => unanswered.to_string(),
        (0, requests, _) => format!("{requests} requests"),
        (conversations, _, _) => conversations.to_string(),
    }
}

fn stands(now: Option<Stand>) -> &'static str {
    match now {
        None => "",
        Some(Stand::Allowed) => "allowed",
        Some(Stand::Watched | Stand::Refused) => "outside",
    }
}

/// The services by name, or else the suppliers.
fn who(plan: &Plan, line: &Line) -> String {
    let name = |id: &ServiceId| plan.service(id).map_or_else(|| id.to_string(), |s| s.name.to_string());
    let services: Vec<String> = line.services.iter().map(name).collect();
    if !services.is_empty() {
        return services.join(", ");
    }
    let suppliers = plan.suppliers().filter(|supplier| line.suppliers.contains(&supplier.id));
    suppliers.map(|supplier| supplier.name.to_string()).collect::<Vec<_>>().join(", ")
}

fn write_unused(out: &mut impl Write, answer: &Answer) -> io::Result<()> {
    let unused: Vec<_> = answer.unused().collect();
    if unused.is_empty() {
        return Ok(());
    }
    writeln!(out, "\nNever used in this time, and could be closed ({})", unused.len())?;
    let mut table = Table::new(&["Conduit", "From", "To", "Allowance", "New"]);
    for allowance in unused.iter().take(ROWS) {
        table.row([
            allowance.conduit.to_string(),
            allowance.from.to_string(),
            allowance.to.to_string(),
            allowance.allowance.to_string(),
            if allowance.added { "new" } else { "" }.to_owned(),
        ]);
    }
    table.write(out)?;
    if unused.len() > ROWS {
        writeln!(out, "… and {} more: `--format json` shows all.", unused.len() - ROWS)?;
    }
    Ok(())
}

fn contact<'p>(plan: &'p Plan, id: &ContactId) -> Option<&'p city::Contact> {
    plan.contacts().find(|contact| contact.id == *id)
}

fn counted(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
