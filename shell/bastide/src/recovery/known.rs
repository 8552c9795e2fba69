//! What backups and drills have told the city so far.

use crate::{arguments::State, state};
use city::{RepositoryId, Text};
use cycle::City;
use jiff::Timestamp;
use plan::Plan;
use recover::{Measured, Record, Verdict};
use vault::SnapshotInfo;

/// What was measured of backups and drills.
///
/// # Errors
///
/// There is a state directory, and it cannot be read.
pub(crate) fn measured(state: &State, plan: &Plan, now: Timestamp) -> anyhow::Result<Measured> {
    Ok(record(state)?.unwrap_or_default().measured().or_as_declared(plan, now))
}

/// Everything told of backups and drills; none if no city was ever kept in the state directory.
///
/// # Errors
///
/// There is one, and it cannot be read.
pub(crate) fn record(state: &State) -> anyhow::Result<Option<Record>> {
    Ok(city(state)?.map(|city| city.recovery().clone()))
}

/// The city kept in the state directory, if one ever was.
///
/// # Errors
///
/// There is one, and it cannot be read.
pub(crate) fn city(state: &State) -> anyhow::Result<Option<City>> {
    let directory = state.directory();
    if !directory.join("kind").is_file() {
        return Ok(None);
    }
    state::read(&directory).map(Some)
}

/// Says of a snapshot why it must not be used, if something speaks against it.
pub(crate) fn spoilt(record: &Record) -> impl Fn(&RepositoryId, &SnapshotInfo) -> Option<String> {
    move |repository, snapshot| {
        let backup = snapshot.backup.as_ref()?;
        let history = record.history(backup, repository)?;
        let taken = history.snapshots.iter().find(|taken| taken.snapshot.id == snapshot.id)?;
        match record.verdict(backup, taken) {
            Verdict::Clean => None,
            Verdict::Suspect(why) => Some(why.iter().map(Text::as_str).collect::<Vec<_>>().join("; ")),
        }
    }
}
