//! `bastide recover plan`: the way back from a loss, for people.

use super::{
    arguments::{Form, Of},
    known,
    words::{amount, time},
};
use crate::{
    failure::Verdict,
    plan::read_plan,
    table::{Table, printable},
};
use city::Impact;
use jiff::Timestamp;
use plan::Plan;
use recover::{Because, Hands, Lost, Restoration, Return, Step, checked_restoration};
use serde_json::json;
use std::io::{self, BufWriter, Write};

/// Works out the way back, has it checked, and shows it.
pub(crate) fn run(words: &[String], of: &Of) -> anyhow::Result<Verdict> {
    let plan = read_plan(&of.city)?;
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let lost = Lost::parse(&words, &plan)?;
    let now = Timestamp::now();
    let measured = known::measured(&of.state, &plan, now)?;
    let way = checked_restoration(&plan, &lost, &measured, now)?;
    let mut out = BufWriter::new(io::stdout().lock());
    match of.format {
        Form::Json => {
            let answer = json!({
                "lost": lost, "time": now, "restoration": way,
            });
            serde_json::to_writer_pretty(&mut out, &answer)?;
            writeln!(out)?;
        }
        Form::Table => {
            show(&mut out, &plan, &lost, &way)?;
            if way.assumed {
                writeln!(
                    out,
                    "\nNo record of any backup was found in `{}`: each is taken to have been made as the plan says.",
                    of.state.directory().display()
                )?;
            }
        }
    }
    out.flush()?;
    let hopeless = way.services.iter().any(|service| service.unrecoverable);
    Ok(if hopeless { Verdict::Bad } else { Verdict::Good })
}

/// Everything, the first line for whoever has one minute.
fn show(out: &mut impl Write, plan: &Plan, lost: &Lost, way: &Restoration) -> io::Result<()> {
    writeln!(out, "{}", headline(lost, way))?;
    if lost.is_nothing() {
        return Ok(());
    }
    services(out, way)?;
    steps(out, plan, way)?;
    if !way.critical_path.is_empty() {
        writeln!(out, "\nWhat decides when it ends (nothing else shortens it):")?;
        for link in &way.critical_path {
            let why = match link.because {
                Because::First => "at once",
                Because::Needs => "needs what is above",
                Because::Busy => "the same people are busy with what is above",
            };
            writeln!(out, "  {}  ({why})", link.step)?;
        }
    }
    rest(out, way)
}

fn headline(lost: &Lost, way: &Restoration) -> String {
    let down = way.services.len();
    if down == 0 {
        return format!("No service is down: {} assets are to be replaced.", lost.assets.len());
    }
    let last = way.services.iter().map(|service| service.likely).max().unwrap_or_default();
    let late = way.services.iter().filter(|service| service.rto_met == Some(false)).count();
    let gone = way.services.iter().filter(|service| service.unrecoverable).count();
    let services = if down == 1 { "One service is".to_owned() } else { format!("{down} services are") };
    let mut text = format!("{services} down; the last is likely back after {}.", time(last));
    match late {
        0 => {}
        1 => text.push_str(" One is back later than its target."),
        late => text.push_str(&format!(" {late} are back later than their targets.")),
    }
    if gone > 0 {
        text.push_str(&format!(" Of {gone} there is data that cannot be recovered."));
    }
    text
}

fn services(out: &mut impl Write, way: &Restoration) -> io::Result<()> {
    writeln!(out, "\nWhen services run again, from the moment of loss:")?;
    let mut table = Table::new(&["service", "impact", "likely", "nine in ten by", "target", "data lost", ""]);
    for service in &way.services {
        table.row([
            service.name.to_string(),
            impact(service.impact).to_owned(),
            time(service.likely),
            time(service.p90),
            service.target.map(|target| time(target.rto)).unwrap_or_default(),
            data(service),
            remark(service).to_owned(),
        ]);
    }
    table.write(out)
}

fn data(service: &Return) -> String {
    match (service.unrecoverable, service.data_lost) {
        (true, _) => "cannot be recovered".to_owned(),
        (false, Some(lost)) => time(lost),
        (false, None) => "none".to_owned(),
    }
}

fn remark(service: &Return) -> &'static str {
    match (service.mtpd_met, service.rto_met, service.guessed) {
        (Some(false), _, _) => "TOO LATE: harm is not acceptable by then",
        (_, Some(false), _) => "later than its target",
        (_, _, true) => "rests on guesses",
        _ => "",
    }
}

fn steps(out: &mut impl Write, plan: &Plan, way: &Restoration) -> io::Result<()> {
    writeln!(out, "\nWhat is done (* decides when it ends):")?;
    let mut table = Table::new(&["", "from", "to", "who", "step", "what"]);
    for step in &way.steps {
        table.row([
            if step.critical { "*" } else { "" }.to_owned(),
            time(step.start),
            time(step.end),
            who(plan, step),
            step.id.to_string(),
            step.what.lines().next().unwrap_or_default().to_owned(),
        ]);
    }
    table.write(out)
}

/// Who does a step.
pub(crate) fn who(plan: &Plan, step: &Step) -> String {
    match &step.hands {
        Hands::Crew(crew) => plan.crew(crew).map_or_else(|| crew.to_string(), |crew| crew.name.to_string()),
        Hands::Anyone => "anyone".to_owned(),
        Hands::Nobody => String::new(),
    }
}

/// What is decided, done meanwhile and told, and what would help most.
fn rest(out: &mut impl Write, way: &Restoration) -> io::Result<()> {
    if !way.decisions.is_empty() {
        writeln!(out, "\nTo be decided:")?;
        for decision in &way.decisions {
            writeln!(out, "  by {}: {}", time(decision.by), printable(&decision.what))?;
            for choice in &decision.choices {
                writeln!(out, "    - {}", printable(choice))?;
            }
        }
    }
    if !way.fallbacks.is_empty() {
        writeln!(out, "\nMeanwhile:")?;
        for fallback in &way.fallbacks {
            let words = fallback.words.as_ref().map(|words| printable(words)).unwrap_or_default();
            let procedures: Vec<&str> = fallback.procedures.iter().map(|id| id.as_str()).collect();
            let by =
                if procedures.is_empty() { String::new() } else { format!(" [{}]", procedures.join(", ")) };
            writeln!(out, "  {} (until {}): {words}{by}", fallback.service, time(fallback.until))?;
        }
    }
    if !way.tell.is_empty() {
        writeln!(out, "\nTell, in this order:")?;
        for tell in &way.tell {
            let reach = tell.telephone.as_ref().or(tell.mail.as_ref()).map(|at| printable(at));
            let why = tell.why.first().map(|why| printable(why)).unwrap_or_default();
            writeln!(out, "  {}, {}: {why}", printable(&tell.name), reach.unwrap_or_default())?;
        }
    }
    if let Some(best) = way.best() {
        writeln!(out, "\nWhat would help most: {}", printable(&best.what))?;
        for gain in &best.gains {
            writeln!(out, "  {} {} sooner", gain.service, time(gain.sooner))?;
        }
    }
    writeln!(out, "\n{}, checked.", amount(way.steps.len(), "step", "steps"))
}

fn impact(impact: Impact) -> &'static str {
    match impact {
        Impact::Low => "low",
        Impact::Medium => "medium",
        Impact::High => "high",
        Impact::Critical => "critical",
    }
}
