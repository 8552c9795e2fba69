//! Charts of time, drawn a row at a time: each row of a table ends with its strip, so that what is drawn is also said,
//! a page may break between any two rows, and text keeps its size on a telephone. A strip has no width of its own: its
//! shapes stand at percentages.

use crate::figure::Svg;
use std::fmt::Write as _;

/// The lengths that ticks may be apart, in seconds.
const STEPS: [i64; 15] = [
    60, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 21_600, 43_200, 86_400, 172_800, 345_600, 604_800,
    1_209_600,
];

/// The times that a compressed axis names.
const LANDMARKS: [i64; 12] =
    [60, 300, 900, 3_600, 14_400, 43_200, 86_400, 259_200, 604_800, 1_209_600, 2_592_000, 7_776_000];

/// An axis of time from 0.
#[derive(Clone, Debug)]
pub(crate) struct Axis {
    end: f64,
    /// The time that is in the middle of a compressed axis's bend; none for an even one.
    bend: Option<f64>,
    ticks: Vec<i64>,
}

impl Axis {
    /// An axis on which every minute is as long as any other.
    pub fn even(end: i64) -> Axis {
        let end = end.max(60);
        let step = STEPS.into_iter().find(|step| end / step <= 4).unwrap_or(end / 4);
        let ticks = (0..=4).map(|count| count * step).take_while(|tick| *tick <= end).collect();
        Axis { end: end as f64 * 1.02, bend: None, ticks }
    }

    /// An axis on which minutes are told apart although it ends after days.
    pub fn compressed(end: i64) -> Axis {
        let end = end.max(3_600);
        let bend = (end as f64 / 60.0).clamp(300.0, 3_600.0);
        let mut axis = Axis { end: end as f64 * 1.1, bend: Some(bend), ticks: Vec::new() };
        let mut last = -1.0;
        for tick in std::iter::once(0).chain(LANDMARKS).take_while(|tick| *tick <= end) {
            let place = axis.place(tick);
            if place - last >= 11.0 {
                axis.ticks.push(tick);
                last = place;
            }
        }
        axis
    }

    /// Where a time stands, in percent of the width.
    fn place(&self, seconds: i64) -> f64 {
        let seconds = (seconds.max(0) as f64).min(self.end);
        let share = match self.bend {
            None => seconds / self.end,
            Some(bend) => (seconds / bend).ln_1p() / (self.end / bend).ln_1p(),
        };
        (share * 100.0).clamp(0.0, 100.0)
    }

    fn grid(&self) -> String {
        let mut out = String::new();
        for tick in &self.ticks {
            // Writing to a string cannot fail.
            let _ = write!(
                out,
                "<line class=\"grid\" x1=\"{0:.2}%\" x2=\"{0:.2}%\" y1=\"0\" y2=\"100%\"/>",
                self.place(*tick)
            );
        }
        out
    }

    /// The axis itself, for the head of the column.
    pub fn head(&self) -> Svg {
        let mut out = String::new();
        for (index, tick) in self.ticks.iter().enumerate() {
            let place = self.place(*tick);
            let anchor = if index == 0 {
                "start"
            } else if place > 93.0 {
                "end"
            } else {
                "middle"
            };
            let words = if *tick == 0 { "0".to_owned() } else { crate::words::span(*tick) };
            let _ = write!(out, "<text x=\"{place:.2}%\" y=\"13\" text-anchor=\"{anchor}\">{words}</text>");
        }
        Svg::drawn(format!(
            "<svg class=\"strip axis\" width=\"100%\" height=\"18\" aria-hidden=\"true\">{out}</svg>"
        ))
    }

    /// A step: from when to when, and how long it may last at worst.
    pub fn bar(&self, from: i64, to: i64, at_most: i64, class: &str) -> Svg {
        let (x, end, worst) = (self.place(from), self.place(to), self.place(at_most.max(to)));
        Svg::drawn(format!(
            "<svg class=\"strip\" width=\"100%\" height=\"18\" aria-hidden=\"true\">{}<line class=\"whisker\" \
             x1=\"{end:.2}%\" x2=\"{worst:.2}%\" y1=\"9\" y2=\"9\"/><rect class=\"bar {class}\" x=\"{x:.2}%\" y=\"3\" \
             width=\"{:.2}%\" height=\"12\" rx=\"2\"/></svg>",
            self.grid(),
            (end - x).max(0.5)
        ))
    }

    /// A step of what is under way: from when to when, and where the clock stands.
    pub fn bar_now(&self, from: i64, to: i64, now: i64, class: &str) -> Svg {
        let (x, end) = (self.place(from), self.place(to));
        Svg::drawn(format!(
            "<svg class=\"strip\" width=\"100%\" height=\"18\" aria-hidden=\"true\">{}<rect class=\"bar {class}\" x=\"{x:.2}%\" \
             y=\"3\" width=\"{:.2}%\" height=\"12\" rx=\"2\"/><line class=\"now\" x1=\"{now:.2}%\" x2=\"{now:.2}%\" y1=\"0\" \
             y2=\"18\"/></svg>",
            self.grid(),
            (end - x).max(0.5),
            now = self.place(now)
        ))
    }

    /// A return: when at best, most likely and at worst, beside when it was promised and how long it is tolerable.
    pub fn point(&self, span: (i64, i64, i64), promised: Option<i64>, tolerable: Option<i64>) -> Svg {
        let mut out = self.grid();
        if let Some(tolerable) = tolerable {
            let _ = write!(
                out,
                "<line class=\"limit\" x1=\"{0:.2}%\" x2=\"{0:.2}%\" y1=\"1\" y2=\"19\"/>",
                self.place(tolerable)
            );
        }
        if let Some(promised) = promised {
            let x = self.place(promised);
            let _ = write!(out, "<line class=\"target\" x1=\"{x:.2}%\" x2=\"{x:.2}%\" y1=\"1\" y2=\"19\"/>");
        }
        let (least, likely, most) = span;
        let (least, likely, most) = (self.place(least), self.place(likely), self.place(most));
        let _ = write!(
            out,
            "<line class=\"whisker\" x1=\"{least:.2}%\" x2=\"{most:.2}%\" y1=\"10\" y2=\"10\"/><circle class=\"dot\" \
             cx=\"{likely:.2}%\" cy=\"10\" r=\"5\"/>"
        );
        Svg::drawn(format!(
            "<svg class=\"strip\" width=\"100%\" height=\"20\" aria-hidden=\"true\">{out}</svg>"
        ))
    }
}

/// A small sample of a shape, for a legend.
pub(crate) fn sample(kind: &str) -> Svg {
    let inner = match kind {
        "target" => "<line class=\"target\" x1=\"10\" x2=\"10\" y1=\"0\" y2=\"14\"/>",
        "limit" => "<line class=\"limit\" x1=\"10\" x2=\"10\" y1=\"0\" y2=\"14\"/>",
        "point" => {
            "<line class=\"whisker\" x1=\"0\" x2=\"20\" y1=\"7\" y2=\"7\"/><circle class=\"dot\" cx=\"9\" cy=\"7\" r=\"5\"/>"
        }
        "over" => "<rect class=\"bar over\" x=\"0.5\" y=\"2\" width=\"19\" height=\"10\" rx=\"2\"/>",
        "begun" => "<rect class=\"bar begun\" x=\"0.5\" y=\"2\" width=\"19\" height=\"10\" rx=\"2\"/>",
        "now" => "<line class=\"now\" x1=\"10\" x2=\"10\" y1=\"0\" y2=\"14\"/>",
        "critical" => "<rect class=\"bar critical\" x=\"0\" y=\"2\" width=\"20\" height=\"10\" rx=\"2\"/>",
        _ => "<rect class=\"bar\" x=\"0.5\" y=\"2\" width=\"19\" height=\"10\" rx=\"2\"/>",
    };
    Svg::drawn(format!(
        "<svg class=\"strip sample\" width=\"20\" height=\"14\" aria-hidden=\"true\">{inner}</svg>"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_keeps_everything_within_its_width_and_in_order() {
        for axis in [Axis::even(7_500), Axis::compressed(604_800), Axis::even(0), Axis::compressed(0)] {
            let places: Vec<f64> =
                [0, 60, 900, 5_000, 7_500, 90_000, i64::MAX].map(|time| axis.place(time)).into();
            assert!(places.is_sorted(), "{places:?}");
            assert!(places.first() == Some(&0.0) && places.last() == Some(&100.0), "{places:?}");
            assert!(axis.ticks.len() >= 2 && axis.ticks.len() <= 9, "{:?}", axis.ticks);
        }
        assert_eq!(Axis::even(7_500).ticks, [0, 1_800, 3_600, 5_400, 7_200]);
        assert!(
            Axis::even(600)
                .bar(0, 60, 90, "critical")
                .to_string()
                .contains("class=\"bar critical\" x=\"0.00%\"")
        );
    }
}
