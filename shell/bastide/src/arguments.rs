//! The command line's words.

use crate::failure::Verdict;
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use std::{ffi::OsString, path::PathBuf};

/// Keeps a city's public services running through cyber attack.
#[derive(Debug, Parser)]
#[command(
    name = "bastide",
    version,
    propagate_version = true,
    after_help = "Exit codes: 0 done (damage in input is only warned of); 1 done, and the answer is no; 2 could not."
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Print what captures hold: conversations, requests, identities, weaknesses, one JSON object a line
    Records(Records),
    /// Print completions for a shell
    #[command(after_help = "Example: bastide completions bash > /etc/bash_completion.d/bastide")]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Write the manual pages
    #[command(after_help = "Example: bastide manual --into /usr/local/share/man/man1")]
    Manual {
        /// The folder to write them into
        #[arg(long, value_name = "DIR")]
        into: PathBuf,
    },
}

/// Captures to read.
#[derive(Args, Debug)]
pub(crate) struct Captures {
    /// Capture files: pcap or pcapng, plain or packed with gzip or zstd; `-` is standard input
    #[arg(value_name = "CAPTURE", required = true)]
    pub(crate) captures: Vec<OsString>,
}

#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  bastide records monday.pcap\n  bastide records monday.pcap.zst --kind request \
                        | jq 'select(.verb == \"write\")'"
)]
pub(crate) struct Records {
    #[command(flatten)]
    pub(crate) input: Captures,
    /// How to print them
    #[arg(long, value_enum, default_value_t = RecordFormat::Ndjson)]
    pub(crate) format: RecordFormat,
    /// Only these kinds; all if left out
    #[arg(long, value_enum, value_name = "KIND", value_delimiter = ',')]
    pub(crate) kind: Vec<RecordKind>,
}

/// How records are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RecordFormat {
    /// One JSON object a line
    Ndjson,
}

/// The kinds of record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum RecordKind {
    /// An IP and a MAC address said to belong together
    Binding,
    /// A conversation between two ends, when it ends
    Conversation,
    /// Something a device told of itself
    Identity,
    /// Something not seen or not kept
    Loss,
    /// Something asked of a device, with what it answered
    Request,
    /// Bytes that no reader understood
    Unread,
    /// Something insecure
    Weakness,
}

/// How an answer is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// A table for people
    Table,
    /// JSON with stable field names
    Json,
    /// Comma-separated values with a header line
    Csv,
}

/// Prints completions for a shell.
pub(crate) fn print_completions(shell: clap_complete::Shell) -> anyhow::Result<Verdict> {
    clap_complete::generate(shell, &mut Arguments::command(), "bastide", &mut std::io::stdout());
    Ok(Verdict::Good)
}

/// Writes one manual page for each command.
pub(crate) fn write_manual(into: &std::path::Path) -> anyhow::Result<Verdict> {
    clap_mangen::generate_to(Arguments::command(), into)?;
    Ok(Verdict::Good)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }
}
