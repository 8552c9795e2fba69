//! How what came of backups, drills and hunts reaches the city: through the process that watches it, or else straight into its
//! store.

use crate::{
    arguments::State,
    engine::{Engine, Opened},
    failure::warn,
    live, socket,
};
use anyhow::Context;
use city::Observation;
use plan::SourceFile;
use serde_json::json;
use store::{Kind, Limits};

/// Tells the city. What was done is done, whether or not the city can be told, so that failing is only warned of. Returns
/// whether the city knows.
pub(crate) fn tell(state: &State, files: Option<&[SourceFile]>, observations: &[Observation]) -> bool {
    if observations.is_empty() {
        return true;
    }
    let told = try_tell(state, files, observations);
    if let Err(error) = &told {
        warn(format_args!("what came of it could not be entered in the city's records: {error:#}"));
    }
    told.is_ok()
}

fn try_tell(state: &State, files: Option<&[SourceFile]>, observations: &[Observation]) -> anyhow::Result<()> {
    let directory = state.directory();
    let body = json!({ "observations": observations });
    if socket::post(&directory, "/api/v1/observations", &body)?.is_some() {
        return Ok(());
    }
    let runtime = live::runtime()?;
    let files = files.map(<[SourceFile]>::to_vec);
    let opened = Engine::open(&directory, Kind::Live, Limits::default(), files, runtime.handle().clone());
    let Opened { mut engine, warnings, differs } =
        opened.with_context(|| format!("the state directory `{}` cannot be opened", directory.display()))?;
    warnings.iter().for_each(warn);
    if differs {
        warn("the plan in the folder is not the plan adopted; adopt it with `bastide plan adopt`");
    }
    for observation in observations {
        engine.tell(observation.clone())?.map_err(anyhow::Error::msg)?;
    }
    engine.close()
}
