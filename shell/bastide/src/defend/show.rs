//! A rehearsal for people: the sentence first, then who would notice, then line by line.

use crate::{
    show::local,
    table::{Table, printable},
};
use city::{ConduitId, ContactId, ServiceId};
use defend::rehearsal::{Answer, Line};
use jiff::SignedDuration;
use plan::Plan;
use std::{
    collections::{BTreeMap, BTreeSet},
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
    let part = |lines: &'_ [Line], wanted: &dyn Fn(&Line) -> bool| -> Vec<Line> {
        lines.iter().filter(|line| wanted(line)).cloned().collect()
    };
    let is_outside = |line: &Line| line.ran && !line.is_change();
    let found = "a firewall cannot know protocols and verbs, the wire does";
    for (title, lines) in [
        ("Would be refused, by address and port".to_owned(), part(&answer.refused, &Line::is_change)),
        (format!("Would be found, not refused: {found}"), part(&answer.watched, &Line::is_change)),
        (
            "Would be refused, and is outside the plan of now too".to_owned(),
            part(&answer.refused, &is_outside),
        ),
        ("Would be found, and is outside the plan of now too".to_owned(), part(&answer.watched, &is_outside)),
    ] {
        write_lines(out, plan, &title, &lines)?;
    }
    write_vain(out, answer)?;
    write_lines(out, plan, "Newly possible", &answer.opened)?;
    write_unused(out, answer)
}

/// What nobody answered, by who tried: one that scans makes hundreds of lines.
fn write_vain(out: &mut impl Write, answer: &Answer) -> io::Result<()> {
    let mut tried: BTreeMap<(&str, &str, &str), (u64, u64)> = BTreeMap::new();
    for line in answer.refused.iter().chain(&answer.watched).filter(|line| !line.ran) {
        let key = (line.from.name.as_str(), line.from.zone_name.as_str(), line.to.zone_name.as_str());
        let (doors, times) = tried.entry(key).or_default();
        *doors += 1;
        *times += line.unanswered;
    }
    if tried.is_empty() {
        return Ok(());
    }
    writeln!(out, "\nWould be refused, and nobody answered it anyway ({})", tried.len())?;
    let mut table = Table::new(&["From", "Zone", "Into", "Addresses and ports", "Times"]);
    for ((from, zone, into), (doors, times)) in tried.iter().take(ROWS) {
        let texts = [*from, *zone, *into].map(str::to_owned);
        table.row(texts.into_iter().chain([doors.to_string(), times.to_string()]));
    }
    table.write(out)?;
    and_more(out, tried.len())
}

fn and_more(out: &mut impl Write, count: usize) -> io::Result<()> {
    if count > ROWS {
        writeln!(out, "… and {} more: `--format json` shows all.", count - ROWS)?;
    }
    Ok(())
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
    writeln!(out, "\nServices at the ends of what ran ({})", answer.services.len())?;
    let mut table =
        Table::new(&["Service", "Impact", "Refused", "Found", "Outside now", "Owner", "Telephone"]);
    for service in &answer.services {
        let owner = service.owner.as_ref().and_then(|id| contact(plan, id));
        table.row([
            service.name.to_string(),
            format!("{:?}", service.impact).to_lowercase(),
            service.refused.to_string(),
            service.watched.to_string(),
            service.outside.to_string(),
            owner.map_or_else(String::new, |owner| owner.name.to_string()),
            owner.and_then(|owner| owner.telephone.as_deref()).unwrap_or_default().to_owned(),
        ]);
    }
    table.write(out)
}

/// Lines, by the way they take from zone to zone.
fn write_lines(out: &mut impl Write, plan: &Plan, title: &str, lines: &[Line]) -> io::Result<()> {
    if lines.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{title} ({})", lines.len())?;
    let shown = lines.get(..ROWS).unwrap_or(lines);
    for way in shown.chunk_by(|a, b| ends(a) == ends(b)) {
        let Some(first) = way.first() else { continue };
        let conduits: Vec<&str> = first.conduits.iter().map(ConduitId::as_str).collect();
        let conduits = if conduits.is_empty() { "no conduit".to_owned() } else { conduits.join(", ") };
        let (from, to) = ends(first);
        writeln!(out, "\n{} to {} ({conduits})", printable(from), printable(to))?;
        let mut table =
            Table::new(&["Id", "From", "To", "Port", "What", "Times", "Last", "Who would notice"]);
        for line in way {
            table.row([
                line.id.to_string(),
                line.from.name.to_string(),
                line.to.name.to_string(),
                line.port
                    .map_or_else(|| line.transport.to_string(), |port| format!("{}/{port}", line.transport)),
                what(line),
                times(line),
                local(line.last).chars().take(16).collect(),
                who(plan, line),
            ]);
        }
        table.write(out)?;
        let reasons: BTreeSet<&str> = way.iter().map(|line| line.why.as_str()).collect();
        for reason in reasons.into_iter().take(3) {
            writeln!(out, "  because {}", printable(reason))?;
        }
    }
    and_more(out, lines.len())
}

fn ends(line: &Line) -> (&str, &str) {
    (&line.from.zone_name, &line.to.zone_name)
}

/// What was spoken, and what was asked.
fn what(line: &Line) -> String {
    let protocols: Vec<&str> = line.protocols.iter().map(|protocol| protocol.as_str()).collect();
    let verbs: Vec<&str> = line.verbs.iter().map(|verb| verb.as_str()).collect();
    match (protocols.is_empty(), verbs.is_empty()) {
        (true, _) => "not recognised".to_owned(),
        (false, true) => protocols.join(", "),
        (false, false) => format!("{}: {}", protocols.join(", "), verbs.join(", ")),
    }
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
    and_more(out, unused.len())
}

fn contact<'p>(plan: &'p Plan, id: &ContactId) -> Option<&'p city::Contact> {
    plan.contacts().find(|contact| contact.id == *id)
}

fn counted(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
