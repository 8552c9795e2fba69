//! Binding: every part of a pattern gets observations of its own, in an order and within the times that it asks for.
//!
//! Times are asked of parts as a whole, and parts stand within one another like boxes. So it is enough to choose, for each
//! `FOLLOWEDBY`, one moment by which all before it has begun and at which nothing behind it is over, and for each
//! `WITHIN`, one moment by which all has begun: then each observation can be judged alone, and what is left is to deal
//! observations out ([`flow`](super::flow)). Only moments at which an observation begins need be tried. What cannot be
//! dealt out with some moments open cannot be with all of them chosen, so most choices are never made.

use super::{
    candidates::{OutOfSteps, Steps},
    flow::{self, Demand},
    need::{Need, least},
};
use crate::stix::ObservedData;
use jiff::{SignedDuration, Timestamp};

/// The most moments and alternatives that are chosen for one pattern.
const CHOICES_MAX: usize = 1_000;

/// The most parts.
const PARTS_MAX: usize = 200_000;

/// Binds, if that is possible, and says which observations are bound.
pub(super) fn bind(
    need: &Need,
    observed: &[ObservedData],
    steps: &mut Steps,
) -> Result<Option<Vec<usize>>, OutOfSteps> {
    let all = observed.iter().fold(0_u64, |sum, observed| sum.saturating_add(observed.count()));
    if least(need) > all {
        return Ok(None);
    }
    let mut plan = Plan { parts: Vec::new(), choices: Vec::new(), observed };
    let root = plan.add(need, None, steps)?;
    let mut chosen = vec![None; plan.choices.len()];
    plan.search(root, 0, &mut chosen, steps)
}

/// A part of what is to be bound; other parts and choices are named by their places.
enum Part<'n> {
    From(&'n [usize], u64),
    All(Vec<usize>),
    Any { parts: Vec<usize>, choice: usize },
    Then { parts: Vec<usize>, first_choice: usize },
    Within { part: usize, duration: SignedDuration, choice: usize },
}

/// Something to choose.
struct Choice {
    options: Options,
    /// A choice before this one, beyond which this may not go back: of two moments in order, or of two copies of the
    /// same, which would otherwise be tried in each other's place.
    not_before: Option<usize>,
}

enum Options {
    /// Which of so many parts.
    Parts(usize),
    /// Which of these moments, ascending.
    Moments(Vec<Timestamp>),
}

impl Options {
    fn len(&self) -> usize {
        match self {
            Options::Parts(count) => *count,
            Options::Moments(moments) => moments.len(),
        }
    }
}

struct Plan<'n> {
    parts: Vec<Part<'n>>,
    choices: Vec<Choice>,
    observed: &'n [ObservedData],
}

impl<'n> Plan<'n> {
    fn choose(&mut self, options: Options, not_before: Option<usize>) -> Result<usize, OutOfSteps> {
        if self.choices.len() >= CHOICES_MAX {
            return Err(OutOfSteps);
        }
        self.choices.push(Choice { options, not_before });
        Ok(self.choices.len() - 1)
    }

    /// The moments at which observations of these begin.
    fn moments(&self, needs: &[Need], steps: &mut Steps) -> Result<Options, OutOfSteps> {
        let mut moments = Vec::new();
        for need in needs {
            self.collect_moments(need, &mut moments, steps)?;
        }
        moments.sort_unstable();
        moments.dedup();
        Ok(Options::Moments(moments))
    }

    fn collect_moments(
        &self,
        need: &Need,
        moments: &mut Vec<Timestamp>,
        steps: &mut Steps,
    ) -> Result<(), OutOfSteps> {
        match need {
            Need::From(candidates, _) => {
                // They are kept, and memory is dearer than time.
                steps.take(32 * candidates.len() as u64)?;
                let first = |place: &usize| self.observed.get(*place).map(ObservedData::first);
                moments.extend(candidates.iter().filter_map(first));
                Ok(())
            }
            Need::All(needs) | Need::Any(needs) | Need::Then(needs) => {
                needs.iter().try_for_each(|need| self.collect_moments(need, moments, steps))
            }
            Need::Within(need, _) | Need::Over(need, _) => self.collect_moments(need, moments, steps),
        }
    }

    /// Adds a part; its choices stand before those of the parts within. `twin` is the first choice of the copy before.
    fn add(&mut self, need: &'n Need, twin: Option<usize>, steps: &mut Steps) -> Result<usize, OutOfSteps> {
        steps.take(1)?;
        if self.parts.len() >= PARTS_MAX {
            return Err(OutOfSteps);
        }
        let part = match need {
            Need::From(candidates, times) => Part::From(candidates, *times),
            Need::All(needs) => Part::All(self.add_all(needs, steps)?),
            Need::Any(needs) => {
                let choice = self.choose(Options::Parts(needs.len()), twin)?;
                Part::Any { parts: self.add_all(needs, steps)?, choice }
            }
            Need::Then(needs) => {
                let first_choice = self.choices.len();
                let mut before = twin;
                for cut in 1..needs.len() {
                    let moments = self.moments(needs.get(..cut).unwrap_or_default(), steps)?;
                    before = Some(self.choose(moments, before)?);
                }
                Part::Then { parts: self.add_all(needs, steps)?, first_choice }
            }
            Need::Within(inner, duration) => {
                let moments = self.moments(std::slice::from_ref(inner), steps)?;
                let choice = self.choose(moments, twin)?;
                Part::Within { part: self.add(inner, None, steps)?, duration: *duration, choice }
            }
            Need::Over(inner, times) => {
                let mut copies = Vec::new();
                let mut twin = twin;
                for _ in 0..*times {
                    let first_choice = self.choices.len();
                    copies.push(self.add(inner, twin, steps)?);
                    twin = (self.choices.len() > first_choice).then_some(first_choice);
                }
                Part::All(copies)
            }
        };
        self.parts.push(part);
        Ok(self.parts.len() - 1)
    }

    fn add_all(&mut self, needs: &'n [Need], steps: &mut Steps) -> Result<Vec<usize>, OutOfSteps> {
        needs.iter().map(|need| self.add(need, None, steps)).collect()
    }

    fn moment(&self, choice: usize, chosen: &[Option<usize>]) -> Option<Timestamp> {
        let option = chosen.get(choice).copied().flatten()?;
        match &self.choices.get(choice)?.options {
            Options::Moments(moments) => moments.get(option).copied(),
            Options::Parts(_) => None,
        }
    }

    /// What a part asks for by what is chosen so far, and which choices matter to it.
    fn collect(
        &self,
        part: usize,
        chosen: &[Option<usize>],
        (begun_by, not_over_at): (Timestamp, Timestamp),
        found: &mut Found<'n>,
    ) {
        match self.parts.get(part) {
            None => {}
            Some(Part::From(candidates, times)) => {
                found.demands.push(Demand { candidates, times: *times, begun_by, not_over_at });
            }
            Some(Part::All(parts)) => {
                parts.iter().for_each(|part| self.collect(*part, chosen, (begun_by, not_over_at), found));
            }
            Some(Part::Any { parts, choice }) => {
                found.choices.push(*choice);
                let option = chosen.get(*choice).copied().flatten();
                if let Some(part) = option.and_then(|option| parts.get(option)) {
                    self.collect(*part, chosen, (begun_by, not_over_at), found);
                }
            }
            Some(Part::Then { parts, first_choice }) => {
                let cuts = *first_choice..first_choice + parts.len().saturating_sub(1);
                found.choices.extend(cuts.clone());
                // Cuts ascend, so the nearest that is chosen on either side says all.
                let mut lower = not_over_at;
                for (place, part) in parts.iter().enumerate() {
                    if let Some(cut) =
                        place.checked_sub(1).and_then(|cut| self.moment(first_choice + cut, chosen))
                    {
                        lower = lower.max(cut);
                    }
                    let next = (first_choice + place..cuts.end).find_map(|cut| self.moment(cut, chosen));
                    let upper = next.map_or(begun_by, |next| begun_by.min(next));
                    self.collect(*part, chosen, (upper, lower), found);
                }
            }
            Some(Part::Within { part, duration, choice }) => {
                found.choices.push(*choice);
                let bounds = match self.moment(*choice, chosen) {
                    Some(end) => {
                        let begin = end.checked_sub(*duration).unwrap_or(Timestamp::MIN);
                        (begun_by.min(end), not_over_at.max(begin))
                    }
                    None => (begun_by, not_over_at),
                };
                self.collect(*part, chosen, bounds, found);
            }
        }
    }

    /// Makes the choices from one on.
    fn search(
        &self,
        root: usize,
        from: usize,
        chosen: &mut [Option<usize>],
        steps: &mut Steps,
    ) -> Result<Option<Vec<usize>>, OutOfSteps> {
        steps.take(self.parts.len() as u64)?;
        let mut found = Found::default();
        self.collect(root, chosen, (Timestamp::MAX, Timestamp::MIN), &mut found);
        let Some(bound) = flow::serve(&found.demands, self.observed, steps)? else { return Ok(None) };
        // What lies in an alternative that was not taken need not be chosen.
        let Some(choice) = found.choices.iter().copied().filter(|choice| *choice >= from).min() else {
            return Ok(Some(bound));
        };
        let Some(Choice { options, not_before }) = self.choices.get(choice) else { return Ok(None) };
        let least = not_before.and_then(|before| self.moment(before, chosen));
        let least_part = not_before.and_then(|before| chosen.get(before).copied().flatten());
        for option in 0..options.len() {
            let too_early = match options {
                Options::Moments(moments) => moments.get(option).copied() < least,
                Options::Parts(_) => least_part.is_some_and(|least| option < least),
            };
            if too_early {
                continue;
            }
            if let Some(slot) = chosen.get_mut(choice) {
                *slot = Some(option);
            }
            if let Some(bound) = self.search(root, choice + 1, chosen, steps)? {
                return Ok(Some(bound));
            }
        }
        if let Some(slot) = chosen.get_mut(choice) {
            *slot = None;
        }
        Ok(None)
    }
}

#[derive(Default)]
struct Found<'n> {
    demands: Vec<Demand<'n>>,
    choices: Vec<usize>,
}
