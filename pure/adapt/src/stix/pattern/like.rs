//! `LIKE`: SQL's wildcards.

use super::expression::nfc;

/// A text with wildcards: `%` for any characters or none, `_` for exactly one. Neither can be escaped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Like {
    text: String,
    /// The text in NFC, in which it is compared (§9.6.1).
    normal: Vec<char>,
}

impl Like {
    /// Every text is one.
    #[must_use]
    pub fn new(text: &str) -> Like {
        Like { text: text.to_owned(), normal: nfc(text).chars().collect() }
    }

    /// The text as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// How many steps a comparison with a text takes at most.
    pub(super) fn cost(&self, value: &str) -> u64 {
        (value.len() as u64).saturating_mul(1 + self.normal.len() as u64 / 4)
    }

    /// Whether the whole of a text is like this.
    pub(super) fn holds(&self, value: &str) -> bool {
        let value: Vec<char> = nfc(value).chars().collect();
        let (mut at, mut wild) = (0, 0);
        // Where the last `%` stands, and how far what it stands for reaches.
        let mut retry: Option<(usize, usize)> = None;
        while let Some(letter) = value.get(at) {
            match self.normal.get(wild) {
                Some('%') => {
                    retry = Some((wild, at));
                    wild += 1;
                }
                Some(own) if *own == '_' || own == letter => {
                    wild += 1;
                    at += 1;
                }
                _ => {
                    let Some((star, reach)) = retry else { return false };
                    retry = Some((star, reach + 1));
                    wild = star + 1;
                    at = reach + 1;
                }
            }
        }
        self.normal.iter().skip(wild).all(|letter| *letter == '%')
    }
}

#[cfg(test)]
mod tests {
    use super::Like;

    #[test]
    fn wildcards_stand_for_characters() {
        for (like, text, holds) in [
            ("abc", "abc", true),
            ("abc", "abcd", false),
            ("a%", "a", true),
            ("a%c", "abbc", true),
            ("a%c", "ab\nc", true),
            ("a_c", "a\nc", true),
            ("%b%b%", "abab", true),
            ("%b%b%", "aba", false),
            ("_", "é", true),
            ("_", "e\u{301}", true),
            ("A%", "abc", false),
            ("", "", true),
            ("", "a", false),
            ("%", "", true),
            ("%%", "x", true),
            ("a.c", "abc", false),
        ] {
            assert_eq!(Like::new(like).holds(text), holds, "{like} {text}");
        }
    }
}
