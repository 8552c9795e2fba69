//! `bastide defend compile`: the plan's conduits in the language of a firewall. It touches no firewall.

use crate::{
    failure::{Verdict, warn},
    plan::{CheckFormat, read_plan},
};
use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use defend::segmentation::{
    ListSettings, Policy, cisco, juniper, left_out_of_lists,
    nftables::{self, Settings},
};
use serde::Serialize;
use std::{
    fs,
    io::{self, Write},
    path::PathBuf,
};

#[derive(Args, Debug)]
#[command(
    after_help = "What no firewall can carry out is warned of. Nothing is applied: the text is for you to read.\n\
                  Examples:\n  bastide defend compile --city cities/wexcombe\n  bastide defend compile --city \
                  cities/wexcombe --for cisco --into wexcombe.ios"
)]
pub(crate) struct Compile {
    /// The folder of the plan
    #[arg(long, value_name = "DIR")]
    city: PathBuf,
    /// The firewall
    #[arg(long = "for", visible_alias = "target", value_enum, default_value_t = Firewall::Nftables)]
    target: Firewall,
    /// Let pass what no conduit allows, and only log it
    #[arg(long)]
    observe: bool,
    /// Enforce inside a Linux bridge too (nftables only)
    #[arg(long, value_enum)]
    bridge: Option<Bridge>,
    /// The file to write the text into, instead of standard output; written over if it is there
    #[arg(long, value_name = "FILE")]
    into: Option<PathBuf>,
    /// What to print: the text, or one JSON object with it and with what it leaves out
    #[arg(long, value_enum, default_value_t = CheckFormat::Text)]
    format: CheckFormat,
}

/// A kind of firewall.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
enum Firewall {
    /// Linux: one ruleset that knows connections
    Nftables,
    /// Cisco IOS and IOS XE: access lists, which know no connections
    #[value(alias = "ios")]
    Cisco,
    /// Juniper Junos: firewall filters, which know no connections
    #[value(alias = "junos")]
    Juniper,
}

/// How a bridge knows an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Bridge {
    /// By its own connection tracking (the kernel's `nf_conntrack_bridge`)
    Tracked,
    /// By the ports exchanged, where the kernel tracks no connections in bridges
    Stateless,
}

/// What `--format json` prints. The names of the fields are stable.
#[derive(Serialize)]
struct Report {
    #[serde(rename = "for")]
    target: Firewall,
    observe: bool,
    /// What no such firewall can carry out.
    gaps: Vec<Gap>,
    /// What it opens wider than the plan allows, so that only the wire can tell.
    watched: Vec<Watched>,
    text: String,
}

#[derive(Serialize)]
struct Gap {
    conduit: String,
    allowance: Option<String>,
    why: String,
}

#[derive(Serialize)]
struct Watched {
    conduit: String,
    allowance: String,
}

/// Writes the text of a city's plan for a firewall.
pub(super) fn run(command: &Compile) -> anyhow::Result<Verdict> {
    if command.bridge.is_some() && command.target != Firewall::Nftables {
        bail!("--bridge is for nftables; leave it out for an access list");
    }
    let plan = read_plan(&command.city)?;
    let report = compile(&Policy::new(&plan), command);
    for gap in &report.gaps {
        warn(format_args!("not enforced: {}", gap.why));
    }
    if !report.watched.is_empty() {
        let count = report.watched.len();
        warn(format_args!(
            "{count} allowances name verbs or targets, and a firewall sees ports only: the wire watches them (--format json lists them)"
        ));
    }
    if let Some(path) = &command.into {
        fs::write(path, &report.text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    let mut out = io::stdout().lock();
    match (command.format, &command.into) {
        (CheckFormat::Json, _) => {
            serde_json::to_writer_pretty(&mut out, &report)?;
            writeln!(out)?;
        }
        (CheckFormat::Text, Some(path)) => writeln!(out, "wrote {}", path.display())?,
        (CheckFormat::Text, None) => out.write_all(report.text.as_bytes())?,
    }
    Ok(Verdict::Good)
}

fn compile(policy: &Policy<'_>, command: &Compile) -> Report {
    let observe = command.observe;
    let text = match command.target {
        Firewall::Nftables => {
            let bridge = command.bridge.map(|bridge| match bridge {
                Bridge::Tracked => nftables::Bridge::Tracked,
                Bridge::Stateless => nftables::Bridge::Stateless,
            });
            nftables::compile(policy, Settings { observe, bridge })
        }
        Firewall::Cisco => cisco::compile(policy, ListSettings { observe }),
        Firewall::Juniper => juniper::compile(policy, ListSettings { observe }),
    };
    let mut gaps: Vec<Gap> = policy
        .gaps
        .iter()
        .map(|gap| Gap {
            conduit: gap.conduit.id.to_string(),
            allowance: gap.allowance.map(ToString::to_string),
            why: gap.to_string(),
        })
        .collect();
    if command.target != Firewall::Nftables {
        gaps.extend(left_out_of_lists(policy).into_iter().map(|(conduit, ports)| Gap {
            conduit: conduit.id.to_string(),
            allowance: Some(ports.to_string()),
            why: format!(
                "`{ports}` in conduit `{}`: access lists do not know the ports of SCTP everywhere",
                conduit.id
            ),
        }));
    }
    let watched = policy.watched.iter().map(|(conduit, allowance)| Watched {
        conduit: conduit.id.to_string(),
        allowance: allowance.to_string(),
    });
    Report { target: command.target, observe, gaps, watched: watched.collect(), text }
}
