//! `bastide defend …`: what the plan asks of firewalls.

mod compile;

use crate::failure::Verdict;
use clap::Subcommand;

/// What to do with the plan's segmentation.
#[derive(Debug, Subcommand)]
pub(crate) enum DefendCommand {
    /// Print the plan's conduits as the rules of a firewall
    Compile(compile::Compile),
}

/// Carries out a command.
pub(crate) fn run(command: &DefendCommand) -> anyhow::Result<Verdict> {
    match command {
        DefendCommand::Compile(command) => compile::run(command),
    }
}
