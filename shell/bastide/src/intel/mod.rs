//! `bastide intel …`: what others know of attacks.

mod import;
mod kept;
mod pattern;
mod peers;
mod sources;
mod subscribe;
pub(crate) mod watching;
mod withdraw;

pub(crate) use import::take_in;
pub(crate) use withdraw::set_aside;

use crate::{arguments::Look, failure::Verdict, past};
use anyhow::{Context, bail};
use clap::{Subcommand, ValueEnum};
use plan::Plan;
use serde_json::{Value, json};
use std::path::Path;
use store::{Reader, intelligence::SetAside};
use tokio::runtime::Runtime;

/// What to do with intelligence.
#[derive(Debug, Subcommand)]
pub(crate) enum IntelCommand {
    /// Check a STIX pattern, and say whether observed data matches it
    #[command(
        after_help = "Exit codes: 0 it matches, or is a pattern if nothing was given to match; 1 it does not match; \
                      2 it is not a pattern, or could not be decided.\nExamples:\n  bastide intel pattern \
                      \"[ipv4-addr:value = '203.0.113.9']\"\n  bastide intel pattern \"[file:hashes.'SHA-256' = '…'] \
                      FOLLOWEDBY [process:command_line LIKE '%.bin'] WITHIN 300 SECONDS\" --observed monday.json\n  bastide intel pattern \
                      - --observed monday.json --format json < pattern.txt"
    )]
    Pattern(pattern::TryPattern),
    /// Take in what others know from files: STIX, events of MISP, CISA's KEV, lists and tables
    #[command(
        after_help = "A file that cannot be read keeps none of the others out.\nExit codes: 0 taken in; 1 something in it was \
                      passed over; 2 a file could not be taken in.\nExamples:\n  \
                      bastide intel import feed.json --source agency\n  bastide intel import addresses.txt --dry-run"
    )]
    Import(import::Import),
    /// List what is kept of what others know
    List(kept::List),
    /// Show one object that is kept: what it says, who told it and when, and whether it is acted on
    Show(kept::Show),
    /// List who told what: how far each is believed, and how much of it is watched for, over or doubted
    #[command(after_help = "Example: bastide intel sources")]
    Sources(sources::Sources),
    /// Act no longer on what a source told, or on one object; nothing is deleted
    #[command(
        after_help = "Exit codes: 0 done; 1 it was so already; 2 it could not be done.\nExamples:\n  bastide intel withdraw agency \
                      --reason \"It lists our suppliers\"\n  bastide intel withdraw agency --undo --reason \"They corrected it\""
    )]
    Withdraw(withdraw::Withdraw),
    /// Propose a peer for the plan: look at what a TAXII 2.1 server offers, and write the block
    #[command(
        after_help = "No file is changed. With `--once` what is there is read now, and nothing is proposed.\nExit codes: 0 there is \
                      something to read; 1 there is nothing; 2 the server cannot be read.\nExamples:\n  bastide intel subscribe \
                      https://taxii.ellery.example/taxii2/ --login file:/etc/bastide/keys/ellery\n  bastide intel subscribe \
                      https://taxii.ellery.example/taxii2/ --city /etc/bastide/city --format patch | patch -d /etc/bastide/city -p1"
    )]
    Subscribe(subscribe::Subscribe),
    /// List those with whom intelligence is exchanged: when each was read last, and what came
    #[command(after_help = "Example: bastide intel peers")]
    Peers(Look),
}

/// How an answer is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum AnswerFormat {
    /// For people
    Table,
    /// JSON with stable field names
    Json,
}

/// Carries out a command.
pub(crate) fn run(command: &IntelCommand) -> anyhow::Result<Verdict> {
    match command {
        IntelCommand::Pattern(command) => pattern::run(command),
        IntelCommand::Import(command) => import::import(command),
        IntelCommand::List(command) => kept::list(command),
        IntelCommand::Show(command) => kept::show(command),
        IntelCommand::Sources(command) => sources::run(command),
        IntelCommand::Withdraw(command) => withdraw::run(command),
        IntelCommand::Subscribe(command) => subscribe::run(command),
        IntelCommand::Peers(look) => peers::run(look),
    }
}

fn runtime() -> anyhow::Result<Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().context("no runtime could be made")
}

/// Any other folder would be nobody's state directory afterwards.
pub(crate) fn expect_state(directory: &Path) -> anyhow::Result<()> {
    if !directory.join("kind").is_file() {
        bail!("there is no state directory at `{}`; `bastide run` makes one", directory.display());
    }
    Ok(())
}

/// The plan adopted last, if there is one and this release finds no error in it.
fn plan_of(runtime: &Runtime, directory: &Path) -> anyhow::Result<Option<Plan>> {
    runtime.block_on(async {
        let reader = Reader::open(directory).await?;
        let adopted = past::plans(&reader.log).await?.pop();
        Ok(adopted.and_then(|adopted| plan::check(&past::files_of(&adopted)).plan))
    })
}

/// That something is withdrawn, as `--format json` prints it.
fn row_of(aside: Option<&SetAside>) -> Option<Value> {
    aside.map(|SetAside { at, by, reason }| json!({ "at": at, "by": by, "reason": reason }))
}
