//! Where a city's state is kept, and how to look into it.

use crate::{past, socket};
use anyhow::Context;
use console::view;
use cycle::City;
use jiff::Timestamp;
use serde_json::Value;
use std::path::{Path, PathBuf};
use store::Reader;

/// The state directory where none is given: the system's for root, the user's own otherwise.
pub(crate) fn default_directory() -> PathBuf {
    if rustix::process::geteuid().is_root() {
        return PathBuf::from("/var/lib/bastide");
    }
    let home = || std::env::var_os("HOME").map(|home| Path::new(&home).join(".local/state"));
    let base = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from).or_else(home);
    base.unwrap_or_else(|| PathBuf::from(".")).join("bastide")
}

/// A question that a running process and the files on disk both can answer.
#[derive(Clone, Debug)]
pub(crate) enum Question {
    /// Every asset, declared or seen.
    Assets,
    /// Every finding.
    Findings,
    /// Every incident that is kept.
    Incidents,
    /// How each public service stands.
    Services,
    /// Every response: what waits for a person first.
    Responses,
}

/// Answers a question about the city in a state directory: by the process that has it open, or else from its files.
pub(crate) fn ask(state: &Path, question: &Question) -> anyhow::Result<Value> {
    let (path, list) = match question {
        Question::Assets => ("/api/v1/assets?limit=1000000", "/assets"),
        Question::Findings => ("/api/v1/findings?limit=1000000", "/findings"),
        Question::Incidents => ("/api/v1/incidents?limit=1000000", "/incidents"),
        Question::Services => ("/api/v1/services", "/services"),
        Question::Responses => ("/api/v1/responses?limit=1000000", "/responses"),
    };
    if let Some(mut answer) = socket::get(state, path)? {
        return Ok(answer.pointer_mut(list).map(Value::take).unwrap_or_default());
    }
    let city = read(state)?;
    let all = view::Window { offset: 0, limit: usize::MAX };
    let answer = match question {
        Question::Assets => {
            serde_json::to_value(view::assets(&city, &view::AssetFilter::default(), all).assets)
        }
        Question::Findings => {
            serde_json::to_value(view::findings(&city, &view::FindingFilter::default(), all).findings)
        }
        Question::Incidents => {
            let list = view::incidents(&city, &view::IncidentFilter::default(), all);
            serde_json::to_value(list.map(|list| list.incidents).unwrap_or_default())
        }
        Question::Services => serde_json::to_value(view::services(&city)),
        Question::Responses => {
            let list = view::responses(&city, &view::ResponseFilter::default(), all);
            serde_json::to_value(list.map(|list| list.responses).unwrap_or_default())
        }
    };
    Ok(answer?)
}

/// One incident with everything known of it: by the process that has the state directory open, or else from its files.
pub(crate) fn incident(state: &Path, number: u64) -> anyhow::Result<Value> {
    if let Some(answer) = socket::get(state, &format!("/api/v1/incidents/{number}"))? {
        return Ok(answer);
    }
    let city = read(state)?;
    let incident = city.incident(number).with_context(|| {
        format!(
            "there is no incident {number} in this city, or it is no longer kept; `bastide log` has them all"
        )
    })?;
    Ok(serde_json::to_value(view::incident(&city, incident))?)
}

/// A notice of an incident, `first` or `full`: by the process that has the state directory open, or else from its files.
pub(crate) fn notice(state: &Path, number: u64, kind: &str) -> anyhow::Result<Value> {
    if let Some(answer) = socket::get(state, &format!("/api/v1/incidents/{number}/notice?kind={kind}"))? {
        return Ok(answer);
    }
    let city = read(state)?;
    let incident =
        city.incident(number).with_context(|| format!("there is no incident {number} in this city"))?;
    let wanted = view::NoticeWanted { kind: Some(kind.to_owned()) };
    let kind = wanted.kind().context("a notice is `first` or `full`")?;
    let zone = city.plan().map(|plan| plan.settings().time_zone.to_string());
    let clock = console::Clock::in_zone(zone.as_deref().unwrap_or("UTC"), Timestamp::now());
    Ok(serde_json::to_value(view::notice(&city, incident, kind, &clock))?)
}

/// The city as its files have it, without disturbing anything.
pub(crate) fn read(state: &Path) -> anyhow::Result<City> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("no runtime could be made")?;
    runtime.block_on(async {
        let reader = Reader::open(state).await?;
        let restored = reader.checkpoint()?;
        restored.passed_over.iter().for_each(crate::failure::warn);
        let from = restored.checkpoint.as_ref().map_or(store::Position(0), |checkpoint| checkpoint.position);
        let plans = past::plans(&reader.log).await?;
        let past = past::rebuild(restored.checkpoint, reader.events(from)?, &plans)?;
        past.damage.iter().for_each(crate::failure::warn);
        Ok(past.city)
    })
}
