//! `bastide notify test`: whether a receiver can be told.

use super::send::{Sender, Sent};
use crate::{arguments::NotifyCommand, failure::Verdict, plan::read_folder, state};
use anyhow::{Context, bail};
use jiff::{Timestamp, tz::TimeZone};
use records::notice::Notice;
use std::io::{self, Write};

/// Sends a notice that is marked as a test, and says what came back.
pub(crate) fn run(command: &NotifyCommand) -> anyhow::Result<Verdict> {
    let NotifyCommand::Test { id, city, state } = command;
    let plan = match city {
        Some(folder) => plan::check(&read_folder(folder)?)
            .plan
            .context("the plan has errors; `bastide plan check` shows them")?
            .into(),
        None => state::read(&state.directory())?
            .plan()
            .cloned()
            .context("no plan was adopted; say with `--city` where one is")?,
    };
    let Some(to) = plan.notify().find(|to| to.id.as_str() == id) else {
        let known: Vec<&str> = plan.notify().map(|to| to.id.as_str()).collect();
        match known.as_slice() {
            [] => bail!("the plan names nobody to tell; write `[[notify]]`"),
            known => bail!("the plan has no receiver `{id}`; it has {}", known.join(", ")),
        }
    };
    let zone = TimeZone::get(&plan.settings().time_zone).unwrap_or(TimeZone::UTC);
    let notice = Notice::test(to, &plan.settings().name, Timestamp::now());
    let mut sender = Sender::new(to.clone(), zone);
    let Sent { failure, .. } = sender.send(&[notice]);
    let mut out = io::stdout().lock();
    match failure {
        None => {
            writeln!(out, "{} was told: {}", to.name, sender.answer)?;
            Ok(Verdict::Good)
        }
        Some(failure) => {
            writeln!(out, "{} could not be told: {failure}", to.name)?;
            Ok(Verdict::Bad)
        }
    }
}
