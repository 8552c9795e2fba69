//! Tells a city what a command did: through the process that watches it, or else in its files.

use crate::{engine::Engine, live, socket};
use anyhow::bail;
use city::Observation;
use std::{fs, path::Path};
use store::{Kind, Limits};

/// Whether a city's state is kept in a directory.
pub(crate) fn is_kept(state: &Path) -> bool {
    kind(state).is_some()
}

/// Lets a city take note of what came of a backup, a drill or a look at a repository, or that a pack was issued. It is
/// sealed when this returns.
///
/// # Errors
///
/// No city is kept there, or it could not be told.
pub(crate) fn tell(state: &Path, observation: Observation) -> anyhow::Result<()> {
    let body = serde_json::json!({ "observations": [observation] });
    if socket::post(state, "/api/v1/observations", &body)?.is_some() {
        return Ok(());
    }
    let Some(kind) = kind(state) else { bail!("no city's state is kept in {}", state.display()) };
    let runtime = live::runtime()?;
    let mut opened = Engine::open(state, kind, Limits::default(), None, runtime.handle().clone())?;
    let told = opened.engine.tell(observation)?;
    opened.engine.close()?;
    told.map_err(anyhow::Error::msg)
}

/// What kind of city is kept in a directory.
fn kind(state: &Path) -> Option<Kind> {
    let text = fs::read_to_string(state.join("kind")).ok()?;
    [Kind::Live, Kind::Replay, Kind::Demo].into_iter().find(|kind| kind.as_str() == text.trim())
}
