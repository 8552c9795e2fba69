//! `bastide plan schema`.

use crate::failure::Verdict;
use std::io::{self, Write};

pub(super) fn run() -> anyhow::Result<Verdict> {
    let mut out = io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, &::plan::schema())?;
    writeln!(out)?;
    Ok(Verdict::Good)
}
