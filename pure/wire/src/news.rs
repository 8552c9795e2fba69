//! What was told a short while ago need not be told again: a flood of the same does not become a flood of observations.

use city::Text;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

/// Facts remembered: a dozen of each of some thousand devices.
pub(crate) const REMEMBERED: usize = 32_768;

/// What was told, by what it is about, and when.
#[derive(Debug)]
pub(crate) struct News<K> {
    told: BTreeMap<K, (Timestamp, Text)>,
    /// For how long the same is no news.
    again_after: SignedDuration,
}

impl<K: Ord> News<K> {
    /// Nothing told yet. The same is news again after that time.
    pub(crate) fn new(again_after: SignedDuration) -> News<K> {
        News { told: BTreeMap::new(), again_after }
    }

    /// Whether this is to be told: it is another than what was told of the same thing, or that was long ago. Then it
    /// counts as told.
    pub(crate) fn is_news(&mut self, about: K, value: &str, now: Timestamp) -> bool {
        if let Some((then, said)) = self.told.get(&about)
            && said == value
            && now.duration_since(*then) < self.again_after
        {
            return false;
        }
        // Who fills the table makes things be told again, and hides nothing.
        if self.told.len() >= REMEMBERED {
            self.told.clear();
        }
        self.told.insert(about, (now, value.into()));
        true
    }

    /// How much is remembered.
    #[cfg(test)]
    pub(crate) fn remembered(&self) -> usize {
        self.told.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rehearse::START;

    #[test]
    fn the_same_is_news_once_within_a_while() {
        let mut news = News::new(SignedDuration::from_mins(5));
        let at = |seconds| START + SignedDuration::from_secs(seconds);
        assert!(news.is_news(1, "a", at(0)));
        assert!(!news.is_news(1, "a", at(299)));
        assert!(news.is_news(2, "a", at(299)));
        assert!(news.is_news(1, "b", at(299)));
        assert!(news.is_news(1, "a", at(299)));
        assert!(news.is_news(1, "a", at(599)));
    }

    #[test]
    fn it_is_bounded() {
        let mut news = News::new(SignedDuration::from_mins(5));
        (0..100_000).for_each(|number| assert!(news.is_news(number, "", START)));
        assert!(news.remembered() <= REMEMBERED);
    }
}
