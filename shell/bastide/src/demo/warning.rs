//! What an agency warned the demo's town of, taken in as from a file, with its times moved as the town's traffic is; and
//! a few hunts, as somebody would make them then.

use crate::{arguments::State, failure::warn, hunt, intel};
use anyhow::Context;
use city::Tlp;
use jiff::Timestamp;
use serde_json::Value;
use std::{path::PathBuf, thread};

/// Who warns.
const AGENCY: &str = "Albion Cyber Watch";

/// What they tell, in STIX 2.1.
const WARNING: &str = include_str!("../../../../cities/averbourne/intelligence/albion-cyber-watch.json");

/// When the town was recorded, and the warning was new.
const RECORDED: &str = "2026-11-23T07:00:00Z";

/// The times that move.
const TIMES: [&str; 4] = ["created", "modified", "valid_from", "valid_until"];

/// The hunts that are made.
const HUNTS: [&str; 3] = ["discovery-sweep", "modbus-two-masters", "s7-stop"];

/// Takes it in and hunts, beside everything else.
pub(super) fn begin(state: PathBuf) {
    let run = move || {
        if let Err(error) = take_in(&State::of(state)) {
            warn(format_args!("the demo was warned of nothing: {error:#}"));
        }
    };
    if let Err(error) = thread::Builder::new().name("warning".into()).spawn(run) {
        warn(format_args!("the demo was warned of nothing: {error}"));
    }
}

fn take_in(state: &State) -> anyhow::Result<()> {
    let text = moved(WARNING, Timestamp::now())?;
    intel::take_in(state, AGENCY, Tlp::Green, text.as_bytes())?;
    hunt::run_of_library(state, "the demo", &HUNTS)
}

/// The warning as if it were told at a time.
fn moved(text: &str, now: Timestamp) -> anyhow::Result<String> {
    let mut bundle: Value = serde_json::from_str(text)?;
    let by = now.duration_since(RECORDED.parse()?);
    let objects = bundle.get_mut("objects").and_then(Value::as_array_mut).context("no bundle")?;
    for object in objects.iter_mut().filter_map(Value::as_object_mut) {
        for name in TIMES {
            let Some(time) = object.get_mut(name) else { continue };
            let told: Timestamp = time.as_str().context("no time")?.parse()?;
            *time = format!("{:.3}", told.checked_add(by)?.round(jiff::Unit::Millisecond)?).into();
        }
    }
    Ok(bundle.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::SignedDuration;

    #[test]
    fn the_warning_is_as_old_as_it_was_when_the_town_was_recorded() {
        let now: Timestamp = "2031-01-01T00:00:00Z".parse().unwrap();
        let moved: Value = serde_json::from_str(&moved(WARNING, now).unwrap()).unwrap();
        let told: Value = serde_json::from_str(WARNING).unwrap();
        let age = |bundle: &Value, now: Timestamp| {
            let time: Timestamp = bundle["objects"][1]["created"].as_str().unwrap().parse().unwrap();
            now.duration_since(time)
        };
        assert_eq!(age(&moved, now), age(&told, RECORDED.parse().unwrap()));
        assert!(age(&moved, now) > SignedDuration::from_hours(24));
    }
}
