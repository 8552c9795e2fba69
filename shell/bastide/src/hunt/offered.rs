//! A pattern that another city offers, hunted for in everything that is recorded here.

use super::{Ground, Task, answerable, evidence, found};
use crate::reading::cores;
use adapt::{hunt::Sought, stix::Pattern};
use city::Hunted;
use jiff::Timestamp;
use plan::Plan;
use store::Reader;

/// What a hunt for it came to.
pub(crate) struct OfferHunted {
    /// The hunt, to be put on record.
    pub(crate) hunted: Hunted,
    /// What was not looked for or at, in words.
    pub(crate) left_out: Vec<String>,
}

/// Hunts for a pattern, by a name, for somebody.
///
/// # Errors
/// History cannot answer it, or could not be read.
pub(crate) fn hunt_for(
    reader: Reader,
    plan: &Plan,
    (name, by): (&str, &str),
    pattern: &str,
) -> anyhow::Result<OfferHunted> {
    let pattern = Pattern::parse(pattern).map_err(|error| anyhow::anyhow!("not a pattern: {error}"))?;
    let (from, until) = (None, None);
    let ground = Ground {
        history: reader.history.clone(),
        plan: Some(plan.clone()),
        files: None,
        from,
        until,
        cores: cores(),
    };
    let task = Task { saved: None, pattern, spread: None };
    let sought = Sought::new(&task.pattern, true);
    answerable("the offered pattern", &sought)?;
    let found = found::search(&ground, &task, &sought)?;
    let hunted = evidence::of(&ground, &task, &found, by.into(), Timestamp::now())?;
    let hunted = Hunted { hunt: name.into(), ..hunted };
    let left_out = sought.unsupported.into_iter().chain(found.looked.damaged).collect();
    Ok(OfferHunted { hunted, left_out })
}
