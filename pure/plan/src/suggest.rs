//! What was probably meant by a word that is not known.

/// Comparisons that one check may spend on suggestions, so that ten thousand misspelt ids among a hundred thousand
/// cost a moment and not a minute.
const COMPARISONS_MAX: usize = 1_000_000;

/// The longest word for which something is suggested, in bytes; no id or keyword is longer.
const WORD_MAX: usize = 64;

/// Finds near words, until its budget is spent.
#[derive(Debug)]
pub struct Suggestions {
    comparisons_left: usize,
}

impl Default for Suggestions {
    fn default() -> Self {
        Suggestions { comparisons_left: COMPARISONS_MAX }
    }
}

impl Suggestions {
    /// The help for an unknown word: ``did you mean `signals`?``
    pub fn did_you_mean<'a>(
        &mut self,
        word: &str,
        candidates: impl IntoIterator<Item = &'a str>,
    ) -> Option<String> {
        self.nearest(word, candidates).map(|near| format!("did you mean `{near}`?"))
    }

    /// The candidate nearest to a word, if one is near enough. Of equally near ones the first.
    pub fn nearest<'a>(
        &mut self,
        word: &str,
        candidates: impl IntoIterator<Item = &'a str>,
    ) -> Option<&'a str> {
        if word.is_empty() || word.len() > WORD_MAX {
            return None;
        }
        let word = word.to_lowercase();
        let mut allowed = (word.len() / 3).clamp(1, 3);
        let mut best = None;
        for candidate in candidates {
            if self.comparisons_left == 0 {
                break;
            }
            self.comparisons_left -= 1;
            if let Some(distance) = distance(word.as_bytes(), candidate.as_bytes(), allowed) {
                best = Some(candidate);
                if distance == 0 {
                    break;
                }
                // Only a nearer one is better.
                allowed = distance - 1;
            }
        }
        best
    }
}

/// The number of insertions, deletions, replacements and swaps of neighbours between two words, if it is at most
/// `most` (optimal string alignment, by bytes).
fn distance(a: &[u8], b: &[u8], most: usize) -> Option<usize> {
    if a.len().abs_diff(b.len()) > most || b.len() > WORD_MAX {
        return None;
    }
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    let mut previous_a = None;
    for (i, x) in a.iter().enumerate() {
        let mut row = Vec::with_capacity(b.len() + 1);
        row.push(i + 1);
        let mut previous_b = None;
        for (j, y) in b.iter().enumerate() {
            let at = |row: &[usize], j: usize| row.get(j).copied().unwrap_or(usize::MAX / 2);
            let mut cost =
                (at(&last, j) + usize::from(x != y)).min(at(&last, j + 1) + 1).min(at(&row, j) + 1);
            if j > 0 && previous_a == Some(y) && previous_b == Some(x) {
                cost = cost.min(at(&before, j - 1) + 1);
            }
            row.push(cost);
            previous_b = Some(y);
        }
        if row.iter().all(|cost| *cost > most) {
            return None;
        }
        previous_a = Some(x);
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().filter(|cost| *cost <= most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_found_if_near_enough() {
        let verbs = ["read", "write", "operate", "configure"];
        for (word, near) in [
            ("wirte", Some("write")),
            ("wrote", Some("write")),
            ("Read", Some("read")),
            ("configur", Some("configure")),
            ("reda", Some("read")),
            ("launch", None),
            ("", None),
        ] {
            assert_eq!(Suggestions::default().nearest(word, verbs), near, "{word}");
        }
    }

    #[test]
    fn the_budget_ends() {
        let mut suggestions = Suggestions { comparisons_left: 1 };
        assert_eq!(suggestions.nearest("reed", ["read"]), Some("read"));
        assert_eq!(suggestions.nearest("reed", ["read"]), None);
    }

    #[test]
    fn distances_are_symmetric() {
        for (a, b, expected) in [("abc", "acb", 1), ("abc", "abc", 0), ("abcd", "", 4), ("ca", "abc", 3)] {
            assert_eq!(distance(a.as_bytes(), b.as_bytes(), 5), Some(expected), "{a} {b}");
            assert_eq!(distance(b.as_bytes(), a.as_bytes(), 5), Some(expected), "{b} {a}");
        }
    }
}
