//! Requests that nobody has answered yet.
//!
//! What is kept is bounded three times: by number and by bytes for each conversation, and by bytes over all of them.
//! What a bound puts out is told as it is, unanswered, the oldest first.

use crate::dialogue::{Asked, Out, Side};
use jiff::{SignedDuration, Timestamp};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes kept for one conversation, roughly, so that one cannot use up what is there for all.
const BYTES_MAX: usize = 512 << 10;

/// What can be asked in one message: one request, or several that are answered together.
pub(crate) trait Question {
    /// Roughly how many bytes it takes to keep.
    fn weight(&self) -> usize;

    /// Tells of it as it is: nobody has answered.
    fn tell(self, asker: Side, out: &mut Out<'_>);
}

impl Question for Asked {
    fn weight(&self) -> usize {
        self.weight()
    }

    fn tell(self, asker: Side, out: &mut Out<'_>) {
        out.request(asker, self);
    }
}

/// A request with what only its reader needs to know of it.
impl<T> Question for (T, Asked) {
    fn weight(&self) -> usize {
        size_of::<T>() + self.1.weight()
    }

    fn tell(self, asker: Side, out: &mut Out<'_>) {
        out.request(asker, self.1);
    }
}

impl<Q: Question> Question for Option<Q> {
    fn weight(&self) -> usize {
        self.as_ref().map_or(0, Question::weight)
    }

    fn tell(self, asker: Side, out: &mut Out<'_>) {
        if let Some(question) = self {
            question.tell(asker, out);
        }
    }
}

impl<Q: Question> Question for Vec<Q> {
    fn weight(&self) -> usize {
        self.iter().map(Question::weight).sum()
    }

    fn tell(self, asker: Side, out: &mut Out<'_>) {
        self.into_iter().for_each(|question| question.tell(asker, out));
    }
}

/// What all conversations together may keep.
#[derive(Clone, Debug)]
pub(crate) struct Allowance {
    used: Arc<AtomicUsize>,
    limit: usize,
}

impl Allowance {
    pub(crate) fn new(limit: usize) -> Allowance {
        Allowance { used: Arc::default(), limit }
    }

    /// How many bytes are kept now.
    #[cfg(test)]
    pub(crate) fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }
}

/// A request that waits. `K` is what tells the answer that belongs to it.
#[derive(Debug)]
pub(crate) struct Waiting<K, Q = Asked> {
    pub(crate) asker: Side,
    pub(crate) key: K,
    /// When it was asked.
    pub(crate) time: Timestamp,
    pub(crate) asked: Q,
    weight: usize,
}

/// The unanswered requests of one conversation, the oldest first, `MAX` at the most.
#[derive(Debug)]
pub(crate) struct Unanswered<K, const MAX: usize, Q: Question = Asked> {
    waiting: VecDeque<Waiting<K, Q>>,
    weight: usize,
    /// What all conversations share; unknown before the first request.
    allowance: Option<Allowance>,
}

impl<K, const MAX: usize, Q: Question> Default for Unanswered<K, MAX, Q> {
    fn default() -> Self {
        Unanswered { waiting: VecDeque::new(), weight: 0, allowance: None }
    }
}

impl<K, const MAX: usize, Q: Question> Unanswered<K, MAX, Q> {
    /// Keeps a request until it is answered; tells of those for which there is no more room.
    pub(crate) fn add(&mut self, asker: Side, key: K, asked: Q, out: &mut Out<'_>) {
        let weight = size_of::<Waiting<K, Q>>() + asked.weight();
        self.waiting.push_back(Waiting { asker, key, time: out.time, asked, weight });
        self.weight += weight;
        if self.allowance.is_none() {
            self.allowance = out.unanswered.cloned();
        }
        let all = self.allowance.as_ref().map(|allowance| {
            (allowance.used.fetch_add(weight, Ordering::Relaxed) + weight).saturating_sub(allowance.limit)
        });
        let mut too_much = all.unwrap_or(0);
        while (self.waiting.len() > MAX || self.weight > BYTES_MAX || too_much > 0)
            && let Some(oldest) = self.remove(0)
        {
            too_much = too_much.saturating_sub(oldest.weight);
            oldest.asked.tell(oldest.asker, out);
        }
    }

    /// Takes out the oldest request of one side with such a key.
    pub(crate) fn take(&mut self, asker: Side, is_it: impl Fn(&K) -> bool) -> Option<Waiting<K, Q>> {
        self.remove(self.place(asker, is_it)?)
    }

    /// The oldest request of one side with such a key, left where it is.
    pub(crate) fn find(&mut self, asker: Side, is_it: impl Fn(&K) -> bool) -> Option<&mut Waiting<K, Q>> {
        let place = self.place(asker, is_it)?;
        self.waiting.get_mut(place)
    }

    /// Whether one side awaits an answer with such a key.
    pub(crate) fn has(&self, asker: Side, is_it: impl Fn(&K) -> bool) -> bool {
        self.place(asker, is_it).is_some()
    }

    /// All of them, the oldest first.
    pub(crate) fn each(&mut self) -> impl Iterator<Item = &mut Waiting<K, Q>> {
        self.waiting.iter_mut()
    }

    fn place(&self, asker: Side, is_it: impl Fn(&K) -> bool) -> Option<usize> {
        self.waiting.iter().position(|waiting| waiting.asker == asker && is_it(&waiting.key))
    }

    /// All of them, the oldest first: for those who choose in a way of their own.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &Waiting<K, Q>> + ExactSizeIterator {
        self.waiting.iter()
    }

    /// Takes out the request at a place among [`Unanswered::iter`].
    pub(crate) fn remove(&mut self, place: usize) -> Option<Waiting<K, Q>> {
        let removed = self.waiting.remove(place)?;
        self.give_back(removed.weight);
        Some(removed)
    }

    /// Tells of those that have waited for longer.
    pub(crate) fn give_up(&mut self, patience: SignedDuration, out: &mut Out<'_>) {
        while self.waiting.front().is_some_and(|oldest| out.time.duration_since(oldest.time) > patience)
            && let Some(oldest) = self.remove(0)
        {
            oldest.asked.tell(oldest.asker, out);
        }
    }

    /// Tells of all: no answer will come.
    pub(crate) fn end(&mut self, out: &mut Out<'_>) {
        while let Some(oldest) = self.remove(0) {
            oldest.asked.tell(oldest.asker, out);
        }
    }

    fn give_back(&mut self, weight: usize) {
        self.weight -= weight;
        if let Some(allowance) = &self.allowance {
            allowance.used.fetch_sub(weight, Ordering::Relaxed);
        }
    }
}

/// A conversation that is forgotten gives back what it kept, even where nobody told of its end.
impl<K, const MAX: usize, Q: Question> Drop for Unanswered<K, MAX, Q> {
    fn drop(&mut self) {
        self.give_back(self.weight);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rehearse;
    use city::{Details, Observation, Observed, Reply, Target, Transport, Verb};
    use compact_str::format_compact;

    fn question(number: usize) -> Asked {
        Asked {
            verb: Verb::Read,
            function: format_compact!("{number}"),
            target: Target::default(),
            value: None,
            reply: Reply::Missing,
            details: Details::new(),
        }
    }

    /// Lets something happen so long after the beginning; says which requests were told.
    fn told(allowance: &Allowance, seconds: i64, act: impl FnOnce(&mut Out<'_>)) -> Vec<String> {
        let mut observations: Vec<Observation> = Vec::new();
        act(&mut Out {
            config: &rehearse::config(),
            observations: &mut observations,
            expected: None,
            unanswered: Some(allowance),
            time: rehearse::START + SignedDuration::from_secs(seconds),
            flow: rehearse::flow(&crate::modbus::READER, Transport::Tcp, 502),
        });
        let functions = observations.into_iter().map(|observation| match observation.fact {
            Observed::Request(request) => {
                assert_eq!(request.reply, Reply::Missing);
                request.function.to_string()
            }
            other => panic!("{other:?}"),
        });
        functions.collect()
    }

    #[test]
    fn the_oldest_goes_when_there_are_too_many() {
        let all = Allowance::new(1 << 20);
        let mut unanswered = Unanswered::<usize, 2>::default();
        let add = |unanswered: &mut Unanswered<usize, 2>, number| {
            told(&all, 0, |out| unanswered.add(Side::Source, number, question(number), out))
        };
        assert_eq!(add(&mut unanswered, 1), [""; 0]);
        assert_eq!(add(&mut unanswered, 2), [""; 0]);
        assert_eq!(add(&mut unanswered, 3), ["1"]);
        assert!(unanswered.take(Side::Destination, |key| *key == 3).is_none(), "the other side asked");
        assert_eq!(unanswered.take(Side::Source, |key| *key == 3).unwrap().asked.function, "3");
        assert_eq!(told(&all, 0, |out| unanswered.end(out)), ["2"]);
        assert_eq!(all.used(), 0);
    }

    #[test]
    fn what_has_waited_too_long_is_told() {
        let all = Allowance::new(1 << 20);
        let mut unanswered = Unanswered::<usize, 8>::default();
        for (number, seconds) in [(1, 0), (2, 5)] {
            told(&all, seconds, |out| unanswered.add(Side::Source, number, question(number), out));
        }
        let patience = SignedDuration::from_secs(5);
        assert_eq!(told(&all, 5, |out| unanswered.give_up(patience, out)), [""; 0]);
        assert_eq!(told(&all, 6, |out| unanswered.give_up(patience, out)), ["1"]);
        assert!(unanswered.has(Side::Source, |key| *key == 2));
    }

    #[test]
    fn what_all_conversations_keep_is_bounded() {
        let each = size_of::<Waiting<usize>>() + question(0).weight();
        let all = Allowance::new(3 * each);
        let mut conversations: Vec<Unanswered<usize, 64>> = (0..8).map(|_| Unanswered::default()).collect();
        let mut missing = Vec::new();
        for (number, conversation) in conversations.iter_mut().enumerate() {
            let add = |out: &mut Out<'_>| conversation.add(Side::Source, number, question(number), out);
            missing.extend(told(&all, 0, add));
            assert!(all.used() <= 3 * each);
        }
        // Whoever comes too late is told of at once; nobody else's requests are touched.
        assert_eq!(missing, ["3", "4", "5", "6", "7"]);
        conversations.truncate(2);
        assert_eq!(all.used(), 2 * each, "what is forgotten is given back");
    }

    #[test]
    fn long_values_count_for_what_they_are() {
        let all = Allowance::new(usize::MAX);
        let mut unanswered = Unanswered::<usize, 64, Vec<Asked>>::default();
        let long = || Asked { value: Some("v".repeat(BYTES_MAX / 3).into()), ..question(0) };
        let add = |out: &mut Out<'_>| {
            for number in 0..4 {
                unanswered.add(Side::Source, number, vec![long()], out);
            }
        };
        assert_eq!(told(&all, 0, add), ["0"; 2]);
    }
}
