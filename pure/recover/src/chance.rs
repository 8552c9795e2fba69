//! How far a prediction may be off: the schedule run through with other times, drawn by a generator of our own from a
//! fixed seed, so that the same losses always give the same answer.

use crate::{
    graph::{Goal, Graph},
    schedule::{Begun, schedule},
};

/// The most runs.
const RUNS_MAX: usize = 200;

/// The fewest: with fewer, one in ten is nobody.
const RUNS_MIN: usize = 20;

/// How many steps are scheduled over all runs, so that a large city does not wait.
const STEPS_MAX: usize = 2_000_000;

/// SplitMix64 (Steele, Lea, Flood 2014): small, and good enough to draw times with.
#[derive(Clone, Debug)]
pub(crate) struct Generator(u64);

impl Generator {
    pub fn new(seed: u64) -> Generator {
        Generator(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from 0 to below 1.
    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A time from a triangle over the shortest and longest, highest at the likely one. Only additions, products and
    /// square roots, which are the same on every machine (IEEE 754-2019, 5.4.1).
    pub fn time(&mut self, low: i64, likely: i64, high: i64) -> i64 {
        let unit = self.unit();
        if high <= low {
            return likely;
        }
        let (l, m, h) = (low as f64, likely as f64, high as f64);
        let time = if unit * (h - l) < m - l {
            l + (unit * (h - l) * (m - l)).sqrt()
        } else {
            h - ((1.0 - unit) * (h - l) * (h - m)).sqrt()
        };
        (time as i64).clamp(low, high)
    }
}

/// When a goal is reached in the best tenth of the runs, in half of them and in nine tenths, in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tenths {
    pub p10: i64,
    pub p50: i64,
    pub p90: i64,
}

/// When goals are reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Spread {
    /// For each goal.
    pub tenths: Vec<Tenths>,
    /// How many runs there were.
    pub runs: usize,
}

/// Runs through a schedule many times. Each step's time is drawn for itself: a day on which everything is slow is worse.
pub(crate) fn spread(graph: &Graph, ranks: &[u32], goals: &[Goal], begun: &Begun) -> Spread {
    let runs = (STEPS_MAX / graph.nodes.len().max(1)).clamp(RUNS_MIN, RUNS_MAX);
    let mut reached: Vec<Vec<i64>> = vec![Vec::with_capacity(runs); goals.len()];
    let mut generator = Generator::new(0xba57_1de0);
    let mut seconds = vec![0; graph.nodes.len()];
    for _ in 0..runs {
        for (seconds, node) in seconds.iter_mut().zip(&graph.nodes) {
            *seconds = generator.time(node.low, node.likely, node.high);
        }
        let times = schedule(graph, &seconds, ranks, begun);
        for (reached, goal) in reached.iter_mut().zip(goals) {
            reached.push(times.end(goal.node));
        }
    }
    let tenths = reached.into_iter().map(|mut reached| {
        reached.sort_unstable();
        let at = |tenth: usize| {
            let place = (runs * tenth).div_ceil(10).saturating_sub(1);
            reached.get(place).copied().unwrap_or_default()
        };
        Tenths { p10: at(1), p50: at(5), p90: at(9) }
    });
    Spread { tenths: tenths.collect(), runs }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generator_gives_the_known_numbers() {
        // The first numbers of SplitMix64 from the seed 1234567.
        let mut generator = Generator::new(1_234_567);
        assert_eq!(generator.next(), 6_457_827_717_110_365_317);
        assert_eq!(generator.next(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn drawn_times_lie_within_and_around_the_likely_one() {
        let mut generator = Generator::new(1);
        let drawn: Vec<i64> = (0..10_000).map(|_| generator.time(100, 200, 900)).collect();
        assert!(drawn.iter().all(|time| (100..=900).contains(time)));
        let mean = drawn.iter().sum::<i64>() / 10_000;
        assert!((390..=410).contains(&mean), "{mean}");
        assert_eq!(generator.time(5, 5, 5), 5);
    }
}
