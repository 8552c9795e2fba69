//! `bastide intel …`: what others know of attacks.

mod import;
mod pattern;
mod peers;
pub(crate) mod watching;

pub(crate) use import::take_in;

use crate::{arguments::Look, failure::Verdict};
use clap::{Subcommand, ValueEnum};

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
        after_help = "Exit codes: 0 taken in; 1 something in it was passed over; 2 it could not be read.\nExamples:\n  \
                      bastide intel import feed.json --source agency\n  bastide intel import addresses.txt --dry-run"
    )]
    Import(import::Import),
    /// List what is kept of what others know
    List(import::List),
    /// Show one object that is kept: what it says, who told it, and when
    Show(import::Show),
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
        IntelCommand::List(command) => import::list(command),
        IntelCommand::Show(command) => import::show_one(command),
        IntelCommand::Peers(look) => peers::run(look),
    }
}
