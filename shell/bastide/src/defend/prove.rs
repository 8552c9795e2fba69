//! `bastide defend prove`: does a ruleset mean the plan?

use super::compile::Bridge;
use crate::{
    arguments::Format,
    failure::{Verdict, warn},
    firewall::unequal,
    plan::read_plan,
    table::{Table, printable},
};
use anyhow::{Context, bail};
use city::{Unequal, ZoneId};
use clap::Args;
use defend::segmentation::{Counterexample, Policy, Proof, Question, prove};
use enforce::Client;
use plan::Plan;
use ruleset::{Field, Ruleset, State};
use serde::Serialize;
use serde_json::json;
use std::{
    io::{self, Write as _},
    net::IpAddr,
    path::{Path, PathBuf},
    time::Instant,
};

#[derive(Args, Debug)]
pub(crate) struct Prove {
    /// The folder of the plan
    #[arg(long, value_name = "DIR")]
    city: PathBuf,
    /// The rules, as `nft list ruleset` prints them (with `-j`, as JSON) or `nft -f` takes them; `-` is standard input. The
    /// live rules of the enforcer if left out
    #[arg(long, value_name = "FILE")]
    ruleset: Option<PathBuf>,
    /// The rules are those of a bridge, which knows an answer so
    #[arg(long, value_enum, value_name = "HOW")]
    bridge: Option<Bridge>,
    /// An address that is contained, so that nothing may pass to or from it; may be given several times
    #[arg(long, value_name = "ADDRESS")]
    contained: Vec<IpAddr>,
    /// The enforcer's socket
    #[arg(long, value_name = "PATH", default_value = enforce::SOCKET, env = "BASTIDE_ENFORCER")]
    socket: PathBuf,
    /// How to print the answer
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

/// A counterexample for programmes. The names of the fields are stable.
#[derive(Serialize)]
struct Shown {
    /// The zones of the ends, by their ids; none for a place in no zone.
    from: Option<ZoneId>,
    to: Option<ZoneId>,
    /// `tcp`, `udp`, `sctp`, `icmp`, `icmpv6`, or the number.
    protocol: String,
    source: Option<IpAddr>,
    destination: Option<IpAddr>,
    /// For ICMP the type and the code.
    source_port: u16,
    destination_port: u16,
    /// `new` begins a conversation.
    state: &'static str,
    /// The interface that it comes in at, where rules ask for it.
    interface: Option<String>,
    allowed_by_plan: bool,
    allowed_by_rules: bool,
    /// The rule that decided, with its line.
    rule: String,
    /// The conduits between the two zones, each with its file and line; none if there is no conduit.
    plan_line: Option<String>,
    /// Conditions of the rules that the plan does not know, and whether they hold.
    conditions: Vec<(String, bool)>,
}

impl Shown {
    fn new(plan: &Plan, ruleset: &Ruleset, one: &Counterexample) -> Shown {
        let told = unequal(plan, ruleset, one);
        let get = |field| one.packet.get(field);
        let v6 = get(Field::Ethertype) == 0x86dd;
        let address = |field| -> Option<IpAddr> {
            let value = get(field);
            match v6 {
                true => Some(std::net::Ipv6Addr::from_bits(value).into()),
                false => Some(std::net::Ipv4Addr::from_bits(u32::try_from(value).ok()?).into()),
            }
        };
        let state = State::ALL.into_iter().find(|state| state.number() == get(Field::State));
        let interface =
            usize::try_from(get(Field::InterfaceIn)).ok().and_then(|number| number.checked_sub(1));
        Shown {
            from: one.from.clone(),
            to: one.to.clone(),
            protocol: match get(Field::Protocol) {
                1 => "icmp".into(),
                6 => "tcp".into(),
                17 => "udp".into(),
                58 => "icmpv6".into(),
                132 => "sctp".into(),
                number => number.to_string(),
            },
            source: address(Field::Source),
            destination: address(Field::Destination),
            source_port: u16::try_from(get(Field::SourcePort)).unwrap_or_default(),
            destination_port: u16::try_from(get(Field::DestinationPort)).unwrap_or_default(),
            state: state.map_or("", State::as_str),
            interface: interface.and_then(|at| ruleset.interfaces.get(at)).map(ToString::to_string),
            allowed_by_plan: !one.passes,
            allowed_by_rules: one.passes,
            rule: told.rule.to_string(),
            plan_line: (!told.conduits.is_empty()).then(|| told.conduits.join(", ")),
            conditions: one.conditions.iter().map(|(words, holds)| (words.to_string(), *holds)).collect(),
        }
    }
}

pub(crate) fn run(command: &Prove) -> anyhow::Result<Verdict> {
    let plan = read_plan(&command.city)?;
    let (text, contained) = match &command.ruleset {
        Some(file) => (crate::enforce::read(file)?, command.contained.clone()),
        None => live(&command.socket)?,
    };
    let began = Instant::now();
    let mut ruleset = match Ruleset::parse(&text) {
        Ok(ruleset) => ruleset,
        Err(errors) => {
            for error in errors.iter().take(20) {
                warn(error);
            }
            bail!("the rules could not be read");
        }
    };
    let policy = Policy::new(&plan);
    let question = Question {
        bridged: command.bridge.is_some(),
        stateless: command.bridge == Some(Bridge::Stateless),
        quarantined: contained,
    };
    let proof = prove(&policy, &mut ruleset, &question)?;
    let seconds = began.elapsed().as_secs_f64();
    let told: Vec<Unequal> =
        proof.differences.iter().map(|difference| unequal(&plan, &ruleset, difference)).collect();
    match command.format {
        Format::Table => show(&policy, &proof, &told)?,
        Format::Json | Format::Csv => {
            let value = json!({
                "equal": told.is_empty(),
                "counterexamples": proof.differences.iter().map(|one| Shown::new(&plan, &ruleset, one)).collect::<Vec<_>>(),
                "more": proof.more,
                "notes": proof.notes.iter().map(|note| json!({ "line": note.place.line, "text": note.text })).collect::<Vec<_>>(),
                "watched": policy.watched.iter().map(|(conduit, allowance)| json!({
                    "conduit": conduit.id, "allowance": allowance.to_string(),
                })).collect::<Vec<_>>(),
                "gaps": policy.gaps.iter().map(ToString::to_string).collect::<Vec<_>>(),
                "seconds": seconds,
            });
            writeln!(io::stdout().lock(), "{value:#}")?;
        }
    }
    Ok(if told.is_empty() { Verdict::Good } else { Verdict::Bad })
}

fn show(policy: &Policy<'_>, proof: &Proof, told: &[Unequal]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match told.len() {
        0 => writeln!(
            out,
            "The rules let pass what the plan allows, and nothing else: proven for every packet that there can be."
        )?,
        1 => writeln!(out, "The rules are not the plan: one path between zones differs.")?,
        count => writeln!(
            out,
            "The rules are not the plan: {count}{} paths between zones differ.",
            if proof.more { " and more" } else { "" }
        )?,
    }
    for difference in told {
        writeln!(
            out,
            "\n{}: {}",
            printable(&difference.path),
            if difference.passes {
                "passes, and the plan refuses it"
            } else {
                "is refused, and the plan allows it"
            }
        )?;
        writeln!(out, "  packet   {}", printable(&difference.packet))?;
        writeln!(out, "  decided  {}", printable(&difference.rule))?;
        match difference.conduits.as_slice() {
            [] => writeln!(out, "  plan     no conduit leads there")?,
            conduits => writeln!(out, "  plan     {}", printable(&conduits.join(", ")))?,
        }
    }
    if !proof.notes.is_empty() {
        writeln!(out, "\nOf this the proof does not speak:")?;
        let mut table = Table::new(&["LINE", "WHAT"]);
        for note in proof.notes.iter().take(50) {
            table.row([note.place.line.to_string(), note.text.clone()]);
        }
        table.write(&mut out)?;
    }
    if !policy.watched.is_empty() {
        writeln!(
            out,
            "\n{} allowances are for some verbs or targets only: a firewall opens their ports, and the wire watches the \
             rest.",
            policy.watched.len()
        )?;
    }
    for gap in &policy.gaps {
        warn(gap);
    }
    Ok(())
}

fn live(socket: &Path) -> anyhow::Result<(String, Vec<IpAddr>)> {
    let shown = Client::connect(socket, "bastide defend prove")
        .and_then(|mut client| client.show(true))
        .context("give rules with --ruleset, or name the enforcer's socket with --socket")?;
    let contained = shown.quarantine.iter().map(|contained| contained.address).collect();
    Ok((shown.texts.map(|texts| texts.live).unwrap_or_default(), contained))
}
