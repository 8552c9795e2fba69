//! That a hunt was made, whether it found anything or not.

use super::{Ground, Task, found::Found};
use city::{Hunted, Text};
use jiff::Timestamp;

/// The longest pattern that stands for a hunt without a name, in characters.
const NAME_MAX: usize = 200;

/// What is put on record of a hunt.
pub(super) fn of(
    ground: &Ground,
    task: &Task,
    found: &Found,
    by: Text,
    now: Timestamp,
) -> anyhow::Result<Hunted> {
    let until = ground.until.unwrap_or(now);
    let from = match ground.from {
        Some(from) => from,
        None => ground.history.oldest()?.unwrap_or(until),
    };
    // The device that was spoken to; where hits are of a source alone, that.
    let first = found.hits.iter().min_by_key(|(_, hit)| hit.first).map(|(key, _)| key);
    let name = task.saved.as_ref().map_or_else(|| task.pattern.to_string(), |hunt| hunt.name.clone());
    Ok(Hunted {
        hunt: name.chars().take(NAME_MAX).collect::<String>().into(),
        by,
        technique: task.saved.as_ref().map(|hunt| hunt.technique.as_str().into()),
        from: from.min(until),
        until,
        searched: found.looked.rows,
        found: found.rows,
        subject: first.and_then(|key| key.destination.or(key.source)),
    })
}

/// Who runs the command, as the system knows them.
pub(super) fn hunter() -> Text {
    let name = std::env::var("SUDO_USER").or_else(|_| std::env::var("USER")).ok();
    let name = name.filter(|name| !name.is_empty() && name.len() <= 64);
    name.map_or_else(|| format!("user {}", rustix::process::getuid().as_raw()).into(), Text::from)
}
