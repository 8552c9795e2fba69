//! The difference of two texts, line by line, in the unified form that `patch` and `git apply` read.

use std::fmt::Write;

/// Lines shown around a change.
const AROUND: usize = 3;

/// Beyond so many changed lines the rest is taken out and put in whole.
const CHANGES_MAX: usize = 4_000;

/// What becomes of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Keep,
    Out,
    In,
}

/// The difference between the text of a file before and after, as `patch` reads it. Empty if there is none.
#[must_use]
pub fn unified(path: &str, before: &str, after: &str) -> String {
    if before == after {
        return String::new();
    }
    let (old, new): (Vec<&str>, Vec<&str>) =
        (before.split_inclusive('\n').collect(), after.split_inclusive('\n').collect());
    let steps = steps(&old, &new);
    let from = if before.is_empty() { "/dev/null".to_owned() } else { format!("a/{path}") };
    let mut out = format!("--- {from}\n+++ b/{path}\n");
    let mut at = 0;
    while let Some(first) = (at..steps.len()).find(|i| steps.get(*i) != Some(&Step::Keep)) {
        // A hunk goes on as long as the next change is near enough for what is shown around both to touch.
        let mut last = first;
        while let Some(next) =
            (last + 1..steps.len().min(last + 2 * AROUND + 2)).find(|i| steps.get(*i) != Some(&Step::Keep))
        {
            last = next;
        }
        let range = first.saturating_sub(AROUND).max(at)..(last + AROUND + 1).min(steps.len());
        at = range.end;
        write_hunk(&mut out, &steps, range, &old, &new);
    }
    out
}

fn write_hunk(out: &mut String, steps: &[Step], range: std::ops::Range<usize>, old: &[&str], new: &[&str]) {
    let count = |part: &[Step], without: Step| part.iter().filter(|step| **step != without).count();
    let ahead = steps.get(..range.start).unwrap_or_default();
    let part = steps.get(range).unwrap_or_default();
    let (mut a, mut b) = (count(ahead, Step::In), count(ahead, Step::Out));
    let (a_count, b_count) = (count(part, Step::In), count(part, Step::Out));
    // Of an empty side the line before it is named.
    let begin = |at: usize, count: usize| if count == 0 { at } else { at + 1 };
    let _ = writeln!(out, "@@ -{},{a_count} +{},{b_count} @@", begin(a, a_count), begin(b, b_count));
    for step in part {
        let (sign, line) = match step {
            Step::Keep => (' ', old.get(a)),
            Step::Out => ('-', old.get(a)),
            Step::In => ('+', new.get(b)),
        };
        a += usize::from(*step != Step::In);
        b += usize::from(*step != Step::Out);
        let line = line.copied().unwrap_or_default();
        let _ = write!(out, "{sign}{line}");
        if !line.ends_with('\n') {
            out.push_str("\n\\ No newline at end of file\n");
        }
    }
}

/// The fewest steps from one list of lines to another (Myers, "An O(ND) Difference Algorithm", 1986).
fn steps(old: &[&str], new: &[&str]) -> Vec<Step> {
    let (n, m) = (old.len() as isize, new.len() as isize);
    // How far along the old lines each diagonal has come after each number of changes.
    let mut furthest: Vec<Vec<isize>> = Vec::new();
    let reach = |row: Option<&Vec<isize>>, depth: isize, k: isize| -> isize {
        let place = usize::try_from(k + depth).ok();
        place.and_then(|place| row?.get(place).copied()).unwrap_or(-1)
    };
    let same = |x: isize, y: isize| {
        let places = usize::try_from(x).ok().zip(usize::try_from(y).ok());
        places.is_some_and(|(x, y)| old.get(x).is_some() && old.get(x) == new.get(y))
    };
    let most = usize::try_from(n + m).unwrap_or(0).min(CHANGES_MAX);
    for depth in 0..=most as isize {
        let mut row = Vec::with_capacity(2 * depth as usize + 1);
        for k in -depth..=depth {
            if (k + depth) % 2 != 0 {
                row.push(-1);
                continue;
            }
            let before = furthest.last();
            let (left, right) = (reach(before, depth - 1, k - 1), reach(before, depth - 1, k + 1));
            let mut x = if depth == 0 {
                0
            } else if k == -depth || (k != depth && left < right) {
                right
            } else {
                left + 1
            };
            while x < n && x - k < m && same(x, x - k) {
                x += 1;
            }
            row.push(x);
            if x >= n && x - k >= m {
                furthest.push(row);
                return back(&furthest, n, m);
            }
        }
        furthest.push(row);
    }
    [vec![Step::Out; old.len()], vec![Step::In; new.len()]].concat()
}

/// The way back from the end, turned round.
fn back(furthest: &[Vec<isize>], n: isize, m: isize) -> Vec<Step> {
    let reach = |depth: isize, k: isize| -> isize {
        let row = usize::try_from(depth).ok().and_then(|depth| furthest.get(depth));
        let place = usize::try_from(k + depth).ok();
        row.zip(place).and_then(|(row, place)| row.get(place).copied()).unwrap_or(-1)
    };
    let (mut x, mut y) = (n, m);
    let mut steps = Vec::new();
    for depth in (0..furthest.len() as isize).rev() {
        let k = x - y;
        let (left, right) = (reach(depth - 1, k - 1), reach(depth - 1, k + 1));
        let is_in = k == -depth || (k != depth && left < right);
        let (begin_x, begin_y) = match (depth, is_in) {
            (0, _) => (0, 0),
            (_, true) => (right, right - (k + 1)),
            (_, false) => (left, left - (k - 1)),
        };
        let (after_x, after_y) = match (depth, is_in) {
            (0, _) => (0, 0),
            (_, true) => (begin_x, begin_y + 1),
            (_, false) => (begin_x + 1, begin_y),
        };
        while x > after_x && y > after_y {
            steps.push(Step::Keep);
            (x, y) = (x - 1, y - 1);
        }
        if depth > 0 {
            steps.push(if is_in { Step::In } else { Step::Out });
        }
        (x, y) = (begin_x, begin_y);
    }
    steps.reverse();
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_shown_with_what_stands_around_it() {
        let before = "a\nb\nc\nd\ne\nf\ng\n";
        let after = "a\nb\nc\nd\nD\ne\nf\ng\nh\n";
        let shown = unified("x.toml", before, after);
        assert_eq!(shown, "--- a/x.toml\n+++ b/x.toml\n@@ -2,6 +2,8 @@\n b\n c\n d\n+D\n e\n f\n g\n+h\n");
        assert_eq!(unified("x", before, before), "");
    }

    #[test]
    fn a_file_may_be_new_or_lack_its_last_line_feed() {
        assert_eq!(unified("x", "", "a\n"), "--- /dev/null\n+++ b/x\n@@ -0,0 +1,1 @@\n+a\n");
        assert_eq!(
            unified("x", "a", "a\nb\n"),
            "--- a/x\n+++ b/x\n@@ -1,1 +1,2 @@\n-a\n\\ No newline at end of file\n+a\n+b\n"
        );
    }

    #[test]
    fn patch_makes_the_one_of_the_other() {
        let words = ["a\n", "b\n", "c\n", "a\n", "d\n"];
        let text = |mut seed: usize| {
            let mut lines = Vec::new();
            for _ in 0..seed % 23 {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                lines.push(words[(seed >> 33) % words.len()]);
            }
            lines
        };
        for seed in 0..500 {
            let (old, new) = (text(seed), text(seed * 31 + 7));
            let (mut a, mut b, mut made) = (0, 0, Vec::new());
            for step in steps(&old, &new) {
                match step {
                    Step::Keep => {
                        assert_eq!(old[a], new[b]);
                        made.push(old[a]);
                        (a, b) = (a + 1, b + 1);
                    }
                    Step::Out => a += 1,
                    Step::In => {
                        made.push(new[b]);
                        b += 1;
                    }
                }
            }
            assert_eq!((a, made), (old.len(), new));
        }
    }
}
