//! The steps of a way back as people read them: many devices that one crew orders or puts in place one after the other
//! are one line.

use crate::{
    view::{RestorationView, WayStepView},
    words::span,
};
use plan::Plan;

/// One line of a course: a step, or several of a kind.
#[derive(Clone, Debug)]
pub(crate) struct CourseLine {
    /// The numbers of its steps.
    pub numbers: Vec<usize>,
    /// The first of its steps.
    pub step: WayStepView,
    /// The devices, with how long each takes, where there are several.
    pub devices: Vec<(String, i64)>,
    /// The steps before it, other than its own.
    pub after: Vec<usize>,
    /// When the first of its steps begins, in seconds from the loss.
    pub starts: i64,
    /// When the last of them ends.
    pub ends: i64,
    /// Whether a delay of one of them delays the whole.
    pub critical: bool,
}

/// The lines of a way back, by their beginning.
pub(crate) fn course(plan: &Plan, way: &RestorationView) -> Vec<CourseLine> {
    let mut lines: Vec<CourseLine> = Vec::new();
    for step in &way.steps {
        let device = device(plan, step);
        // The last line of the same hands goes on, if it is of the same kind.
        let last =
            lines.iter_mut().rev().find(|line| line.step.hands == step.hands && !line.step.is_return());
        match (device, last) {
            (Some(device), Some(line)) if line.step.kind == step.kind => {
                line.numbers.push(step.number);
                line.devices.push((device, step.takes.likely));
                line.after.extend(&step.after);
                line.ends = line.ends.max(step.ends);
                line.critical |= step.critical;
            }
            (device, _) => lines.push(CourseLine {
                numbers: vec![step.number],
                devices: device.into_iter().map(|device| (device, step.takes.likely)).collect(),
                after: step.after.clone(),
                starts: step.starts,
                ends: step.ends,
                critical: step.critical,
                step: step.clone(),
            }),
        }
    }
    for line in &mut lines {
        let own = &line.numbers;
        line.after.retain(|number| !own.contains(number));
        line.after.sort_unstable();
        line.after.dedup();
    }
    lines
}

/// The device that a step orders or puts in place.
fn device(plan: &Plan, step: &WayStepView) -> Option<String> {
    let (kind, id) = step.id.split_once(':')?;
    if !matches!(kind, "deliver" | "replace") {
        return None;
    }
    Some(plan.asset(&id.parse().ok()?).map_or_else(|| id.to_owned(), |asset| asset.name.to_string()))
}

impl CourseLine {
    /// Its numbers: `7`, `3–9, 12`.
    pub fn numbers_words(&self) -> String {
        ranges(&self.numbers)
    }

    /// The number of its first step.
    pub fn first(&self) -> usize {
        self.step.number
    }

    /// The steps before it: `1–5`.
    pub fn after_words(&self) -> String {
        ranges(&self.after)
    }

    /// Whether it is of several devices.
    pub fn is_of_many(&self) -> bool {
        self.devices.len() > 1
    }

    /// What is to be done with its devices.
    pub fn title(&self) -> String {
        let many = self.devices.len();
        match self.step.kind {
            "deliver" => format!("Order another of each of these {many} devices, and wait for them"),
            _ => format!("Put another in the place of each of these {many} devices"),
        }
    }

    /// Its devices by how long each takes, the quickest first.
    pub fn by_time(&self) -> Vec<(String, Vec<&str>)> {
        let mut devices: Vec<(i64, &str)> =
            self.devices.iter().map(|(name, takes)| (*takes, name.as_str())).collect();
        devices.sort_by_key(|(takes, _)| *takes);
        let mut groups: Vec<(String, Vec<&str>)> = Vec::new();
        for (takes, name) in devices {
            let time = span(takes);
            match groups.last_mut() {
                Some((known, names)) if *known == time => names.push(name),
                _ => groups.push((time, vec![name])),
            }
        }
        groups
    }

    /// When the last of its steps ends at worst, as far as its own times say.
    pub fn at_worst(&self) -> i64 {
        if self.is_of_many() { self.ends } else { self.starts.saturating_add(self.step.takes.most) }
    }
}

/// Numbers in order, with those that follow one another as a range: `1–3, 7`.
pub(crate) fn ranges(numbers: &[usize]) -> String {
    let mut parts: Vec<(usize, usize)> = Vec::new();
    for number in numbers {
        match parts.last_mut() {
            Some((_, last)) if *last + 1 == *number => *last = *number,
            _ => parts.push((*number, *number)),
        }
    }
    let words = parts.into_iter().map(|(first, last)| match last - first {
        0 => first.to_string(),
        1 => format!("{first}, {last}"),
        _ => format!("{first}–{last}"),
    });
    words.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_follow_one_another_are_a_range() {
        for (numbers, words) in [
            (vec![], ""),
            (vec![4], "4"),
            (vec![4, 5], "4, 5"),
            (vec![1, 2, 3, 7, 9, 10, 11], "1–3, 7, 9–11"),
        ] {
            assert_eq!(ranges(&numbers), words);
        }
    }
}
