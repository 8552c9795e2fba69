//! `bastide enforcer`, `defend`, `contain` and `release`: the process that holds the firewall, and asking it.

mod ask;
mod process;
mod status;

pub(crate) use ask::{contain, read, release, run};
pub(crate) use process::run as run_process;

use crate::arguments::Format;
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// What to do with the rules of the firewall.
#[derive(Debug, Subcommand)]
pub(crate) enum FirewallCommand {
    /// Show what is live, what should be, what waits for a confirmation, and who is in quarantine
    #[command(after_help = "Exit code 1 if what is live is something else than what should be.")]
    Status {
        #[command(flatten)]
        ask: Ask,
        /// Print the rules that are live, as nft prints them, and nothing else
        #[arg(long)]
        live: bool,
        /// Print the staged rules and nothing else
        #[arg(long, conflicts_with = "live")]
        staged: bool,
    },
    /// Check rules with nft and keep them, to be applied later; nothing is put in force
    #[command(
        after_help = "Examples:\n  bastide defend stage --city ./city\n  bastide defend stage rules.nft --observing rules-that-log.nft"
    )]
    Stage {
        /// The rules, in nft's language: tables inet bastide and bridge bastide alone; `-` is standard input
        #[arg(value_name = "FILE", required_unless_present = "city")]
        file: Option<PathBuf>,
        /// The same rules, but they only log what they would refuse; for `apply --observe`
        #[arg(long, value_name = "FILE", requires = "file")]
        observing: Option<PathBuf>,
        /// The folder of a plan whose rules are to be written and staged, both those that refuse and those that log
        #[arg(long, value_name = "DIR", conflicts_with = "file")]
        city: Option<PathBuf>,
        #[command(flatten)]
        ask: Ask,
    },
    /// Put the staged rules in force; they are reverted unless `bastide defend confirm` follows in time
    #[command(
        after_help = "Examples:\n  bastide defend apply --city ./city --stage --confirm-within 10m   (only logs what it would \
                      refuse)\n  bastide defend apply --city ./city --confirm-within 60s\n  bastide defend apply --seconds 120"
    )]
    Apply {
        /// Within what time the change must be confirmed: `60s`, `10m`
        #[arg(long, visible_alias = "seconds", value_name = "TIME", default_value = "60s", value_parser = seconds)]
        confirm_within: u32,
        /// Put the rules in force that only log
        #[arg(long, visible_alias = "stage")]
        observe: bool,
        /// The folder of a plan whose rules are to be written and staged first
        #[arg(long, value_name = "DIR", conflicts_with = "digest")]
        city: Option<PathBuf>,
        /// The digest that staging gave; what is staged now if left out
        #[arg(long, value_name = "DIGEST")]
        digest: Option<String>,
        #[command(flatten)]
        ask: Ask,
    },
    /// Keep the change that was applied
    Confirm {
        /// The digest of the change; the one that waits if left out
        #[arg(long, value_name = "DIGEST")]
        digest: Option<String>,
        #[command(flatten)]
        ask: Ask,
    },
    /// Give up the change that waits, or return to what held before the last one
    #[command(
        after_help = "Examples:\n  bastide defend revert\n  bastide defend revert --to 3\n  bastide defend revert --to 0"
    )]
    Revert {
        /// The number of a confirmed state, as the status shows it; 0 for no rules at all
        #[arg(long, value_name = "N")]
        to: Option<u32>,
        #[command(flatten)]
        ask: Ask,
    },
}

/// A time in which a change is confirmed, in seconds; a number alone is seconds.
fn seconds(text: &str) -> Result<u32, String> {
    let (number, unit) = text.split_at(text.bytes().take_while(u8::is_ascii_digit).count());
    let factor = match unit {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3_600,
        _ => return Err("write it as `60s`, `10m` or `1h`".to_owned()),
    };
    let number: u32 = number.parse().map_err(|_| "write it as `60s`, `10m` or `1h`".to_owned())?;
    number.checked_mul(factor).ok_or_else(|| "that is too long".to_owned())
}

/// Runs the process that holds the firewall.
#[derive(Args, Debug)]
#[command(
    after_help = "It needs CAP_NET_ADMIN and gives up every other right. Whoever may open its socket may change the firewall: \
                  its user and its group.\nExample: bastide enforcer --state /var/lib/bastide-enforcer"
)]
pub(crate) struct Enforcer {
    /// The state directory, for nobody else
    #[arg(long, value_name = "DIR", default_value = enforce::STATE)]
    state: PathBuf,
    /// The socket that it is asked through
    #[arg(long, value_name = "PATH", default_value = enforce::SOCKET)]
    socket: PathBuf,
    /// The absolute path of nft; the usual places are looked at if left out
    #[arg(long, value_name = "PATH")]
    nft: Option<PathBuf>,
    /// Revert what an enforcer that was stopped left pending, and end
    #[arg(long)]
    settle: bool,
}

/// Whom to ask, in whose name.
#[derive(Args, Debug)]
pub(crate) struct Ask {
    /// The enforcer's socket
    #[arg(long, value_name = "PATH", default_value = enforce::SOCKET, env = "BASTIDE_ENFORCER")]
    socket: PathBuf,
    /// Who asks, for its log; the user that is signed in if left out
    #[arg(long, value_name = "NAME")]
    who: Option<String>,
    /// How to print the answer
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}
