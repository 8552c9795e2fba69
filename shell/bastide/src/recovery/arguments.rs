//! The words of `bastide backup`, `drill`, `restore`, `recover` and `pack`.

use crate::arguments::State;
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

/// How an answer is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    /// For people
    Table,
    /// JSON with stable field names
    Json,
}

/// Which city, and how to answer.
#[derive(Args, Clone, Debug)]
pub(crate) struct Of {
    /// The folder of the plan
    #[arg(long, value_name = "DIR")]
    pub(crate) city: PathBuf,
    #[command(flatten)]
    pub(crate) state: State,
    /// How to print the answer
    #[arg(long, value_enum, default_value_t = Form::Table)]
    pub(crate) format: Form,
}

/// `bastide backup`.
#[derive(Args, Debug)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "Examples:\n  bastide backup init --city ./city\n  bastide backup --city ./city\n  bastide backup telecare --city \
                  ./city\n  bastide backup --due --city /etc/bastide/city\n  bastide backup list --city ./city\n\nExit code 1 if \
                  a backup could not be made."
)]
pub(crate) struct Backups {
    #[command(subcommand)]
    pub(crate) other: Option<OtherThanMake>,
    /// Services, assets or backups, by id; everything that the plan backs up if left out
    #[arg(value_name = "SERVICE|ASSET|BACKUP")]
    pub(crate) of: Vec<String>,
    /// Only those whose time has come: what a timer runs
    #[arg(long)]
    pub(crate) due: bool,
    /// Only into these repositories
    #[arg(long, value_name = "REPOSITORY", value_delimiter = ',')]
    pub(crate) into: Vec<String>,
    /// The folder of the plan
    // The other commands below `backup` have their own.
    #[arg(long, value_name = "DIR", required = true)]
    city: Option<PathBuf>,
    #[command(flatten)]
    state: State,
    /// How to print the answer
    #[arg(long, value_enum, default_value_t = Form::Table)]
    format: Form,
}

impl Backups {
    /// Which city, and how to answer; none where another command says it.
    pub(crate) fn of_city(&self) -> Option<Of> {
        let city = self.city.clone()?;
        Some(Of { city, state: self.state.clone(), format: self.format })
    }
}

/// What else is done with backups.
#[derive(Debug, Subcommand)]
pub(crate) enum OtherThanMake {
    /// List the snapshots that the repositories hold
    #[command(after_help = "Example: bastide backup list telecare --city ./city")]
    List {
        /// Services, assets or backups, by id; all if left out
        #[arg(value_name = "SERVICE|ASSET|BACKUP")]
        of: Vec<String>,
        #[command(flatten)]
        city: Of,
    },
    /// Make the repositories of the plan that are not there yet
    #[command(after_help = "Example: bastide backup init --city ./city")]
    Init {
        /// Repositories, by id; all if left out
        #[arg(value_name = "REPOSITORY")]
        repositories: Vec<String>,
        #[command(flatten)]
        city: Of,
    },
    /// Try whether repositories are sound, and refuse to have anything destroyed where the plan says so
    #[command(
        after_help = "Where the plan says `append-only` or `locked`, a snapshot made for the purpose is to be deleted and changed, which \
                      must be refused.\nExit code 1 if a repository is damaged, out of reach, or lets itself be destroyed.\n\
                      Example: bastide backup check --read 5 --city ./city"
    )]
    Check {
        /// Repositories, by id; all if left out
        #[arg(value_name = "REPOSITORY")]
        repositories: Vec<String>,
        /// How much of what is stored is read back and compared, in percent. Other parts are read each week
        #[arg(long, value_name = "PERCENT", default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=100))]
        read: u8,
        #[command(flatten)]
        city: Of,
    },
}

/// `bastide drill`.
#[derive(Args, Debug)]
#[command(
    after_help = "What is restored goes to a folder and a network of its own, from which nothing gets out, and is removed \
                  afterwards.\nExit code 1 if the service could not be restored, or a check failed, or it took longer than its RTO.\n\
                  Examples:\n  bastide drill telecare --city ./city\n  bastide drill --due --city /etc/bastide/city"
)]
pub(crate) struct Drills {
    /// The services, by id
    #[arg(value_name = "SERVICE", required_unless_present = "due")]
    pub(crate) services: Vec<String>,
    /// Every service whose last drill has expired or failed: what a timer runs
    #[arg(long, conflicts_with = "services")]
    pub(crate) due: bool,
    /// Where to restore to while it is tried; a folder for temporary files if left out
    #[arg(long, value_name = "DIR")]
    pub(crate) scratch: Option<PathBuf>,
    /// Where this machine cannot isolate: run what was restored with the network that there is
    #[arg(long)]
    pub(crate) without_isolation: bool,
    #[command(flatten)]
    pub(crate) city: Of,
}

/// `bastide restore`.
#[derive(Args, Debug)]
#[command(
    after_help = "Files lie afterwards in a folder for each backup, and are compared with what the repository holds.\nExit code 1 if \
                  something could not be restored.\nExamples:\n  bastide restore telecare --to /srv/restored --dry-run --city ./city\n  \
                  bastide restore telecare --to /srv/restored --at 2026-11-20T02:00 --city ./city"
)]
pub(crate) struct Restore {
    /// The service, asset or backup, by id
    #[arg(value_name = "SERVICE|ASSET|BACKUP")]
    pub(crate) of: String,
    /// The folder to restore to; made if it is not there
    #[arg(long, value_name = "PLACE")]
    pub(crate) to: PathBuf,
    /// As it was at this time, in the city's time zone if none is given; the latest that is not suspect if left out
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<String>,
    /// Only say what would be restored, and from where
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Write over files that are there
    #[arg(long)]
    pub(crate) overwrite: bool,
    #[command(flatten)]
    pub(crate) city: Of,
}

/// `bastide recover`.
#[derive(Debug, Subcommand)]
pub(crate) enum Recover {
    /// Work out the way back from a loss: in what order, by whom, and when each service runs again
    #[command(
        after_help = "WHAT is an id of a site, zone, asset, supplier, service or repository, or says which: `site:data-centre`, \
                      `supplier:carrick`, `role:server`, `product:*windows*`, `everything`.\nExit code 1 if a service cannot come back \
                      at all.\nExamples:\n  bastide recover plan --lost data-centre --city ./city\n  bastide recover plan --lost \
                      'product:*windows*' --city ./city --format json"
    )]
    Plan {
        #[command(flatten)]
        lost: Lost,
        #[command(flatten)]
        city: Of,
    },
    /// Walk the way back: tick steps off while the clock runs
    #[command(
        after_help = "A run is a file in the state directory, to which each tick adds a line. A copy of it can be worked on elsewhere, and \
                      merged.\nExamples:\n  bastide recover run --lost data-centre --city ./city\n  bastide recover run --begin \
                      replace:careline-server --by \"Ada Lovell\" --city ./city\n  bastide recover run --done replace:careline-server --city \
                      ./city\n  bastide recover run --city ./city"
    )]
    Run(Box<Walk>),
}

/// What is lost.
#[derive(Args, Debug)]
pub(crate) struct Lost {
    /// What is lost; several words if it is several things
    #[arg(long = "lost", value_name = "WHAT", required = true, num_args = 1.., value_delimiter = ',')]
    pub(crate) lost: Vec<String>,
}

/// `bastide recover run`.
#[derive(Args, Debug)]
pub(crate) struct Walk {
    /// Begin a run: what is lost
    #[arg(long, value_name = "WHAT", num_args = 1.., value_delimiter = ',')]
    pub(crate) lost: Vec<String>,
    /// Which run; the latest if left out
    #[arg(long, value_name = "RUN", conflicts_with = "lost")]
    pub(crate) id: Option<String>,
    /// Steps that are begun now
    #[arg(long, value_name = "STEP", num_args = 1.., value_delimiter = ',')]
    pub(crate) begin: Vec<String>,
    /// Steps that are done
    #[arg(long, value_name = "STEP", num_args = 1.., value_delimiter = ',')]
    pub(crate) done: Vec<String>,
    /// Steps that are not needed
    #[arg(long, value_name = "STEP", num_args = 1.., value_delimiter = ',')]
    pub(crate) skip: Vec<String>,
    /// Steps that did not succeed, and are to be done again
    #[arg(long, value_name = "STEP", num_args = 1.., value_delimiter = ',')]
    pub(crate) failed: Vec<String>,
    /// Steps that were ticked by mistake
    #[arg(long, value_name = "STEP", num_args = 1.., value_delimiter = ',')]
    pub(crate) undo: Vec<String>,
    /// Show what Bastide would run for a step; with `--yes`, run it and tick it off
    #[arg(long, value_name = "STEP", conflicts_with_all = ["begin", "done", "skip", "failed", "undo"])]
    pub(crate) execute: Option<String>,
    /// Run it, having seen it
    #[arg(long, requires = "execute")]
    pub(crate) yes: bool,
    /// Take in the ticks of a copy of this run
    #[arg(long, value_name = "FILE")]
    pub(crate) merge: Option<PathBuf>,
    /// Who says so; the name of whoever is signed in on this machine if left out
    #[arg(long, value_name = "NAME")]
    pub(crate) by: Option<String>,
    /// A remark, kept with the ticks
    #[arg(long, value_name = "TEXT")]
    pub(crate) note: Option<String>,
    #[command(flatten)]
    pub(crate) city: Of,
}
