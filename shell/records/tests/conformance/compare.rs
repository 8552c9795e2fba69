//! Two multisets of rows, side by side.

use crate::expected_log::Row;
use std::{collections::BTreeMap, env, fmt, fmt::Write};

/// How far two multisets of rows agree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Rows that were expected.
    pub expected: usize,
    /// Rows that we made.
    pub ours: usize,
    /// Rows in both.
    pub both: usize,
}

impl Tally {
    /// Of the expected rows, the share that we made, in percent.
    pub fn found(&self) -> f64 {
        share(self.both, self.expected)
    }

    /// Of our rows, the share that was expected, in percent.
    pub fn right(&self) -> f64 {
        share(self.both, self.ours)
    }
}

impl std::ops::AddAssign for Tally {
    fn add_assign(&mut self, other: Tally) {
        self.expected += other.expected;
        self.ours += other.ours;
        self.both += other.both;
    }
}

fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 100.0 } else { 100.0 * part as f64 / whole as f64 }
}

/// The comparisons of one test: tallies by suite and log, printed when it is dropped.
#[derive(Default)]
pub struct Report {
    tallies: BTreeMap<String, Tally>,
}

impl Report {
    /// Compares rows on some columns, as multisets, and adds the tally under a title such as `icsnpp-modbus modbus`.
    pub fn compare(&mut self, title: &str, columns: &[&str], expected: &[Row], ours: &[Row]) -> Tally {
        // For each row in the columns asked for: how many times it was expected, and how many times we made it.
        let mut counts: BTreeMap<Vec<&str>, (usize, usize)> = BTreeMap::new();
        for row in expected {
            counts.entry(project(row, columns)).or_default().0 += 1;
        }
        for row in ours {
            counts.entry(project(row, columns)).or_default().1 += 1;
        }
        let both = counts.values().map(|(expected, ours)| expected.min(ours)).sum();
        let tally = Tally { expected: expected.len(), ours: ours.len(), both };
        *self.tallies.entry(title.into()).or_default() += tally;
        print_differences(title, columns, &counts);
        tally
    }

    /// Adds a tally that was made otherwise.
    pub fn add(&mut self, title: &str, tally: Tally) {
        *self.tallies.entry(title.into()).or_default() += tally;
    }

    /// What was compared.
    pub fn titles(&self) -> impl Iterator<Item = &str> {
        self.tallies.keys().map(String::as_str)
    }

    /// The tally of a title; of nothing, if there was no such comparison.
    pub fn tally(&self, title: &str) -> Tally {
        self.tallies.get(title).copied().unwrap_or_default()
    }

    /// Asserts that rows were expected under a title, and floors on both shares, in percent.
    pub fn hold(&self, title: &str, found: f64, right: f64) {
        let tally = self.tally(title);
        assert!(tally.expected > 0, "nothing was compared under {title}");
        assert!(
            tally.found() >= found && tally.right() >= right,
            "{title}: {:.1} % of the expected rows found (at least {found} wanted), {:.1} % of ours expected (at \
             least {right} wanted)\n{self}",
            tally.found(),
            tally.right()
        );
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<48} {:>8} {:>8} {:>8} {:>8}", "", "expected", "found %", "ours", "right %")?;
        for (title, tally) in &self.tallies {
            let Tally { expected, ours, .. } = tally;
            writeln!(f, "{title:<48} {expected:>8} {:>8.1} {ours:>8} {:>8.1}", tally.found(), tally.right())?;
        }
        Ok(())
    }
}

impl Drop for Report {
    fn drop(&mut self) {
        println!("{self}");
    }
}

/// A row in some columns; `-` where it has none.
fn project<'r>(row: &'r Row, columns: &[&str]) -> Vec<&'r str> {
    columns.iter().map(|column| row.get(*column).map_or("-", String::as_str)).collect()
}

fn print_differences(title: &str, columns: &[&str], counts: &BTreeMap<Vec<&str>, (usize, usize)>) {
    let limit: usize = env::var("BASTIDE_DIFFERENCES").ok().and_then(|text| text.parse().ok()).unwrap_or(0);
    let mut text = String::new();
    let different = counts.iter().filter(|(_, (expected, ours))| expected != ours);
    for (row, (expected, ours)) in different.take(limit) {
        let _ = writeln!(text, "  expected {expected}, ours {ours}: {}", row.join(" | "));
    }
    if !text.is_empty() {
        println!("{title} ({})\n{text}", columns.join(" | "));
    }
}

#[test]
fn multisets_are_compared_on_some_columns() {
    let row = |a: &str, b: &str| Row::from([("a".into(), a.into()), ("b".into(), b.into())]);
    let expected = [row("1", "x"), row("1", "y"), row("2", "z")];
    let ours = [row("1", "p"), row("3", "q")];
    let mut report = Report::default();
    let tally = report.compare("made up", &["a"], &expected, &ours);
    assert_eq!(tally, Tally { expected: 3, ours: 2, both: 1 });
    assert_eq!(tally.right(), 50.0);
    assert_eq!(report.compare("made up", &["b"], &expected, &ours).both, 0);
    assert_eq!(report.tally("made up"), Tally { expected: 6, ours: 4, both: 1 });
    report.hold("made up", 16.0, 25.0);
}
