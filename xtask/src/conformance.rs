//! `cargo xtask conformance`: our reading of the captures of others beside theirs.
//!
//! For each suite and log: how many rows the peer has, the share of them that we write, how many rows we have, and the
//! share of those that the peer has; then the share of Suricata's filters that hold, that of the names, addresses and
//! types in tcpdump's text, and that of recog's examples of identities that are met. With a part of a case's name, only
//! those cases, with their differences.

use crate::{
    house,
    run::{End, bounded},
};
use anyhow::{Result, bail};
use std::time::Duration;

/// It takes seconds once it is built.
const LIMIT: Duration = Duration::from_secs(1_800);

/// How many differences of each log are shown when a case is named.
const DIFFERENCES: &str = "20";

pub(crate) fn run(arguments: &[&str]) -> Result<bool> {
    let mut command =
        house::cargo(&["test", "--quiet", "--locked", "--package", "records", "--test", "conformance"]);
    match arguments {
        [] => {}
        [case] => drop(command.env("BASTIDE_CASES", case).env("BASTIDE_DIFFERENCES", DIFFERENCES)),
        _ => bail!("one part of a case's name at most"),
    }
    command.args([
        "--",
        "logs::logs_are_those_of_the_peers",
        "eve::events_are_those_of_suricata",
        "tcpdump::facts_are_those_of_tcpdump",
        "asset_id::fingerprints_know_their_examples",
        "--exact",
        "--nocapture",
    ]);
    command.args(["--test-threads", "1"]);
    Ok(bounded(&mut command, LIMIT, |line| println!("{line}"))? == End::Done)
}
