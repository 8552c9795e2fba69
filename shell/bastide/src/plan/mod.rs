//! `bastide plan …`: checks, formats, describes, drafts and extends plans.

mod adopt;
mod check;
mod draft;
mod folder;
mod format;
mod mud;
mod schema;

pub(crate) use folder::{read_folder, read_plan};

use crate::{arguments::State, failure::Verdict};
use clap::{Subcommand, ValueEnum};
use std::{ffi::OsString, path::PathBuf};

/// What to do with a plan.
#[derive(Debug, Subcommand)]
pub(crate) enum PlanCommand {
    /// Show every mistake in a plan, with its place, its reason and its remedy
    #[command(
        after_help = "Exit codes: 0 there is a plan (there may be warnings); 1 there are errors; 2 the folder could not be read.\n\
                      Example: bastide plan check cities/wexcombe"
    )]
    Check {
        /// The plan's folder: all its `.toml` files, and the `.csv` and `.md` files that they name
        #[arg(value_name = "DIR")]
        folder: PathBuf,
        /// How to print what is wrong
        #[arg(long, value_enum, default_value_t = CheckFormat::Text)]
        format: CheckFormat,
    },
    /// Compare the running city with its plan's folder as it now stands, and seal that
    #[command(
        after_help = "The process that watches the city adopts; see first what is wrong with `bastide plan check`.\n\
                      Example: bastide plan adopt --state /var/lib/bastide"
    )]
    Adopt {
        #[command(flatten)]
        state: State,
    },
    /// Propose a plan from traffic, each guess with its evidence
    #[command(
        after_help = "The draft allows all that the captures hold, attacks included: read it before it is adopted.\n\
                      Example: bastide plan draft monday.pcap tuesday.pcap --into cities/wexcombe"
    )]
    Draft {
        /// Capture files: pcap or pcapng, plain or packed with gzip or zstd; `-` is standard input
        #[arg(value_name = "CAPTURE", required = true)]
        captures: Vec<OsString>,
        /// The folder to write the plan into; it is made if it is not there
        #[arg(long, value_name = "DIR")]
        into: PathBuf,
        /// Write over files that are there
        #[arg(long)]
        force: bool,
    },
    /// Put a plan's files into their canonical form; only space changes
    #[command(
        after_help = "Exit codes: 0 done; 1 a file is not TOML, or with --check: a file would change.\n\
                      Example: bastide plan format cities/wexcombe --check"
    )]
    Format {
        /// The plan's folder
        #[arg(value_name = "DIR")]
        folder: PathBuf,
        /// Change nothing; name the files that would change
        #[arg(long)]
        check: bool,
    },
    /// Propose conduits from what a device's maker says of it: a MUD file (RFC 8520)
    #[command(after_help = "No file is changed: read the proposal, and take over what is right.\n\
                      Exit codes: 0 something is proposed; 1 nothing is, and the notes say why; 2 a file could not be followed.\n\
                      Example: bastide plan mud lamp.json --asset lamp-17 --city cities/wexcombe --peer my-controller=head-end")]
    Mud {
        /// The MUD file
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// The asset of the plan that it is for
        #[arg(long, value_name = "ID")]
        asset: String,
        /// The plan's folder
        #[arg(long, value_name = "DIR", default_value = ".")]
        city: PathBuf,
        /// Who is meant by a controller's class, `my-controller`, a maker, a model or a name; may be given several times
        #[arg(long = "peer", value_name = "NAME=ASSET")]
        peers: Vec<String>,
        /// How to print the proposal
        #[arg(long, value_enum, default_value_t = CheckFormat::Text)]
        format: CheckFormat,
    },
    /// Print the JSON Schema of a plan's files, with which editors complete them
    #[command(
        after_help = "Example: bastide plan schema > plan.schema.json, and `#:schema plan.schema.json` at the top of a file"
    )]
    Schema,
}

/// How diagnostics are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CheckFormat {
    /// For people
    Text,
    /// One JSON object with stable field names
    Json,
}

/// Carries out a command.
pub(crate) fn run(command: &PlanCommand) -> anyhow::Result<Verdict> {
    match command {
        PlanCommand::Check { folder, format } => check::run(folder, *format),
        PlanCommand::Adopt { state } => adopt::run(&state.directory()),
        PlanCommand::Draft { captures, into, force } => draft::run(captures, into, *force),
        PlanCommand::Format { folder, check } => format::run(folder, *check),
        PlanCommand::Mud { file, asset, city, peers, format } => mud::run(file, asset, peers, city, *format),
        PlanCommand::Schema => schema::run(),
    }
}
