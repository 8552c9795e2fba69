//! `bastide incidents`: what belongs together of what was found, and what people do about it, through the process that
//! watches the city, which seals it.

use crate::{
    arguments::{Format, Look, State},
    failure::Verdict,
    show, socket,
    state::{self, Question},
    table::printable,
};
use anyhow::bail;
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use std::{
    io::{self, BufWriter, Write},
    path::Path,
};

/// Incidents: findings that belong together, from triage to review.
#[derive(Args, Debug)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Examples:\n  bastide incidents\n  bastide incidents show 3\n  bastide incidents take 3\n  bastide incidents \
                  contain 3 \"The laptop is unplugged\"\n  bastide incidents dismiss 3 \"The yearly test\" --days 7"
)]
pub(crate) struct Incidents {
    #[command(subcommand)]
    act: Option<IncidentCommand>,
    #[command(flatten)]
    look: Look,
}

/// What can be done about incidents.
#[derive(Debug, Subcommand)]
enum IncidentCommand {
    /// Show one: what happened, what it bears on, and how long it took
    Show {
        /// The incident's number
        number: u64,
        #[command(flatten)]
        look: Look,
    },
    /// See to it yourself, or give it to somebody
    Take {
        /// The incident's number
        number: u64,
        /// Who sees to it, by name; whoever runs this command if left out
        #[arg(long, value_name = "NAME")]
        owner: Option<String>,
        #[command(flatten)]
        state: State,
    },
    /// Write something down
    Note(Said),
    /// Give it another title
    Rename(Said),
    /// Say that it goes no further, and how that was done
    Contain(Said),
    /// Say that what it harmed is right again, and how that was done
    Recover(Said),
    /// Say what was learned: the root cause, and what else contributed
    Review(Said),
    /// Say that it is not over after all, and why
    Reopen(Said),
    /// Make it part of another
    Merge {
        /// The incident's number
        number: u64,
        /// The number of the other
        #[arg(value_name = "INTO")]
        into: u64,
        #[command(flatten)]
        state: State,
    },
    /// Make some of its findings an incident of their own
    Split {
        /// The incident's number
        number: u64,
        /// The findings' numbers
        #[arg(required = true, value_name = "FINDING")]
        findings: Vec<u64>,
        #[command(flatten)]
        state: State,
    },
    /// Say that it is none, and why; findings of the same kind begin no other for a while
    Dismiss {
        #[command(flatten)]
        said: Said,
        /// For how many days
        #[arg(long, value_name = "DAYS", default_value_t = 30)]
        days: u16,
    },
}

/// What is said of an incident.
#[derive(Args, Debug)]
struct Said {
    /// The incident's number
    number: u64,
    /// What is said; sealed with the act
    text: String,
    #[command(flatten)]
    state: State,
}

/// Runs the command.
pub(crate) fn run(command: &Incidents) -> anyhow::Result<Verdict> {
    use IncidentCommand as Act;
    let told = |said: &Said, act: &str| {
        handle(&said.state.directory(), said.number, &json!({ "act": act, "text": said.text }))
    };
    match &command.act {
        None => list(&command.look),
        Some(Act::Show { number, look }) => show_one(*number, look),
        Some(Act::Take { number, owner, state }) => {
            let said = match owner {
                Some(owner) => json!({ "act": "assign", "text": owner }),
                None => json!({ "act": "take" }),
            };
            handle(&state.directory(), *number, &said)
        }
        Some(Act::Note(said)) => told(said, "note"),
        Some(Act::Rename(said)) => told(said, "rename"),
        Some(Act::Contain(said)) => told(said, "contain"),
        Some(Act::Recover(said)) => told(said, "recover"),
        Some(Act::Review(said)) => told(said, "review"),
        Some(Act::Reopen(said)) => told(said, "reopen"),
        Some(Act::Merge { number, into, state }) => {
            handle(&state.directory(), *number, &json!({ "act": "merge", "into": into }))
        }
        Some(Act::Split { number, findings, state }) => {
            handle(&state.directory(), *number, &json!({ "act": "split", "findings": findings }))
        }
        Some(Act::Dismiss { said, days }) => {
            let body = json!({ "act": "dismiss", "text": said.text, "days": days });
            handle(&said.state.directory(), said.number, &body)
        }
    }
}

fn list(look: &Look) -> anyhow::Result<Verdict> {
    let answer = state::ask(&look.state.directory(), &Question::Incidents)?;
    let mut out = BufWriter::new(io::stdout().lock());
    show::rows(&mut out, &answer, &show::INCIDENTS, look.format)?;
    out.flush()?;
    Ok(Verdict::Good)
}

fn show_one(number: u64, look: &Look) -> anyhow::Result<Verdict> {
    let incident = state::incident(&look.state.directory(), number)?;
    let mut out = BufWriter::new(io::stdout().lock());
    match look.format {
        Format::Json => {
            serde_json::to_writer_pretty(&mut out, &incident)?;
            writeln!(out)?;
        }
        Format::Csv => {
            let timeline = incident.pointer("/timeline").cloned().unwrap_or_default();
            show::rows(&mut out, &timeline, &show::TIMELINE, look.format)?;
        }
        Format::Table => tell(&mut out, &incident)?,
    }
    out.flush()?;
    Ok(Verdict::Good)
}

/// Does something about an incident through the running process, and says how it then stands.
fn handle(state: &Path, number: u64, said: &Value) -> anyhow::Result<Verdict> {
    let Some(incident) = socket::post(state, &format!("/api/v1/incidents/{number}"), said)? else {
        bail!("no process watches the city of `{}`; start one with `bastide run`", state.display())
    };
    let mut out = io::stdout().lock();
    headline(&mut out, &incident)?;
    Ok(Verdict::Good)
}

fn headline(out: &mut impl Write, incident: &Value) -> io::Result<()> {
    let number = incident.pointer("/number").and_then(Value::as_u64).unwrap_or_default();
    writeln!(
        out,
        "Incident {number}, {}, {}: {}.\n{}",
        word(incident, "/severity"),
        word(incident, "/state"),
        printable(word(incident, "/title")),
        printable(word(incident, "/summary"))
    )
}

/// An incident for people.
fn tell(out: &mut impl Write, incident: &Value) -> io::Result<()> {
    headline(out, incident)?;
    let times = word(incident, "/times/said");
    if !times.is_empty() {
        writeln!(out, "{times}")?;
    }
    let each = |pointer| incident.pointer(pointer).and_then(Value::as_array).into_iter().flatten();
    let names = |pointer, key: &str| -> Vec<String> {
        each(pointer).map(|one| printable(word(one, key))).filter(|name| !name.is_empty()).collect()
    };
    for (title, list) in [
        ("Seen to by", vec![word(incident, "/owner").to_owned()]),
        ("Assets", names("/assets", "/name")),
        ("Devices and places", names("/places", "/address")),
        ("Responses", names("/responses", "/headline")),
    ] {
        let said: Vec<String> = list.into_iter().filter(|one| !one.is_empty()).collect();
        if !said.is_empty() {
            writeln!(out, "{title}: {}.", said.join(", "))?;
        }
    }
    let techniques: Vec<String> = each("/techniques")
        .map(|one| format!("{} {}", word(one, "/id"), word(one, "/name")).trim().to_owned())
        .collect();
    if !techniques.is_empty() {
        writeln!(out, "ATT&CK: {}.", techniques.join(", "))?;
    }
    writeln!(out)?;
    for entry in each("/timeline") {
        let finding = entry.pointer("/finding").and_then(Value::as_u64);
        let who = match (finding, word(entry, "/by")) {
            (Some(finding), _) => format!("finding {finding}"),
            (None, "") => "Bastide".to_owned(),
            (None, by) => printable(by),
        };
        writeln!(out, "{}  {who}: {}", word(entry, "/time"), printable(word(entry, "/text")))?;
    }
    Ok(())
}

fn word<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}
