//! The city's pulse: how much was said, and what was found, over the last day or as long as there was something.

use crate::words::duration;
use ::city::Severity;
use cycle::City;
use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;

/// The most steps in a pulse.
const STEPS_MAX: i64 = 96;
/// The lengths a step may have, in seconds.
const STEPS: [i64; 6] = [60, 120, 300, 600, 900, 1_800];

/// How much was said and found over time.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ActivityView {
    /// How long each step is, in seconds.
    pub step: i64,
    /// The steps, oldest first, without gaps.
    pub buckets: Vec<Bucket>,
}

/// One step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Bucket {
    /// When it began.
    pub start: Timestamp,
    /// Conversations begun.
    pub conversations: u64,
    /// Requests made.
    pub requests: u64,
    /// Findings made.
    pub findings: u64,
    /// The gravest of them.
    pub gravest: Option<&'static str>,
}

impl ActivityView {
    /// What the steps are and how far they reach, in words.
    #[must_use]
    pub fn words(&self) -> String {
        let span = match self.step * self.buckets.len() as i64 {
            seconds @ 7_200.. => duration(((seconds + 1_800) / 3_600 * 3_600).min(86_400)),
            seconds => duration(seconds),
        };
        format!("The last {span}, in steps of {}", duration(self.step))
    }
}

/// The pulse of the last day, or of as much of it as was watched.
#[must_use]
pub fn activity(city: &City) -> ActivityView {
    let now = city.now();
    let day_ago = now.checked_sub(SignedDuration::from_hours(24)).unwrap_or(now);
    let from = city.began().unwrap_or(now).max(day_ago);
    let span = now.duration_since(from).as_secs().max(60);
    let step = STEPS.into_iter().find(|step| span / step < STEPS_MAX).unwrap_or(1_800);
    let first = from.as_second() - from.as_second().rem_euclid(step);
    let steps = ((now.as_second() - first) / step + 1).clamp(1, STEPS_MAX + 1);
    let mut buckets: Vec<Bucket> = (0..steps)
        .map(|index| Bucket {
            start: Timestamp::from_second(first + index * step).unwrap_or(now),
            ..Bucket::default()
        })
        .collect();
    let index = |time: Timestamp| usize::try_from((time.as_second() - first).div_euclid(step)).ok();
    for minute in city.activity() {
        if let Some(bucket) = index(minute.start).and_then(|index| buckets.get_mut(index)) {
            bucket.conversations += minute.conversations;
            bucket.requests += minute.requests;
        }
    }
    let mut gravest: Vec<Option<Severity>> = vec![None; buckets.len()];
    for finding in city.findings() {
        let Some(index) = index(finding.first) else { continue };
        if let (Some(bucket), Some(gravest)) = (buckets.get_mut(index), gravest.get_mut(index)) {
            bucket.findings += 1;
            *gravest = (*gravest).max(Some(finding.severity));
        }
    }
    for (bucket, gravest) in buckets.iter_mut().zip(gravest) {
        bucket.gravest = gravest.map(Severity::as_str);
    }
    ActivityView { step, buckets }
}
