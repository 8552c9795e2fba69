//! `bastide defend …`: what a plan means for the network, before and after it is enforced.

mod compile;
mod prove;
mod rehearse;
mod show;

use crate::{
    enforce::{self, FirewallCommand},
    failure::Verdict,
};
use clap::Subcommand;

/// What to do for the city's segmentation.
#[derive(Debug, Subcommand)]
pub(crate) enum DefendCommand {
    /// Run a new plan against what was recorded: what would stop, who would notice, what is newly possible or not needed
    #[command(
        after_help = "Exit codes: 0 nothing that ran would be refused; 1 something would; 2 could not.\n\
                      Examples:\n  bastide defend rehearse --plan ./new-plan --since 30d\n  bastide defend rehearse \
                      --plan ./new-plan --city ./city --capture monday.pcap tuesday.pcap\n  bastide defend rehearse \
                      --plan ./new-plan --amend r1f2e3d4c5b > amendment.patch"
    )]
    Rehearse(rehearse::Rehearse),
    /// Print the plan's conduits as the rules of a firewall
    Compile(compile::Compile),
    /// Prove that a firewall's rules mean the plan; where they do not, show a packet, the rule that decides and the plan's line
    #[command(
        after_help = "Exit codes: 0 they are equal; 1 they differ; 2 could not.\nExamples:\n  bastide defend prove --city \
                      ./city\n  nft -s list ruleset | bastide defend prove --city ./city --ruleset -"
    )]
    Prove(prove::Prove),
    #[command(flatten)]
    Firewall(FirewallCommand),
}

/// Carries out a command.
pub(crate) fn run(command: &DefendCommand) -> anyhow::Result<Verdict> {
    match command {
        DefendCommand::Compile(command) => compile::run(command),
        DefendCommand::Rehearse(command) => rehearse::run(command),
        DefendCommand::Prove(command) => prove::run(command),
        DefendCommand::Firewall(command) => enforce::run(command),
    }
}
