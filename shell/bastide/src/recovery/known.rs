//! What backups and drills have told the city so far.

use crate::{arguments::State, state};
use city::{RepositoryId, Text};
use cycle::City;
use jiff::Timestamp;
use plan::Plan;
use recover::{Measured, Record, Verdict};
use vault::SnapshotInfo;

/// What was measured, for predictions.
pub(crate) struct Known {
    pub(crate) measured: Measured,
    /// Nothing was ever told of a backup: each is taken to have been made as the plan says.
    pub(crate) assumed: bool,
}

/// What was measured of backups and drills.
///
/// # Errors
///
/// There is a state directory, and it cannot be read.
pub(crate) fn measured(state: &State, plan: &Plan, now: Timestamp) -> anyhow::Result<Known> {
    let record = record(state)?;
    let measured = record.map(|record| record.measured()).unwrap_or_default();
    if !measured.newest.is_empty() || !measured.drills.is_empty() {
        return Ok(Known { measured, assumed: false });
    }
    let made = plan.backups().flat_map(|backup| {
        let taken = now.checked_sub(backup.every).unwrap_or(now);
        backup.to.iter().map(move |repository| ((backup.id.clone(), repository.clone()), taken))
    });
    Ok(Known { measured: Measured { newest: made.collect(), ..measured }, assumed: true })
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
