//! What was said between two ends, and how often.

use city::{Protocol, Text, Transport, Verb};

/// The most ranges of ports that are told apart between two ends.
const RANGES_MAX: usize = 24;

/// A kind of traffic.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum What {
    /// Requests; the kind of target only where it matters to what is allowed.
    Asked { protocol: Protocol, verb: Verb, kind: Text },
    /// Conversations that began, of which nothing more may be known.
    Opened(Transport),
    /// Conversations in a protocol that is known.
    Spoken(Protocol),
    /// Conversations in a protocol that is not known, and whether anything was said.
    Unknown { transport: Transport, spoke: bool },
}

/// How often, and about what.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    pub count: u64,
    pub unanswered: u64,
    pub ports: Ranges,
    pub numbers: Hull,
    pub names: Names,
}

impl Tally {
    pub fn merge(&mut self, other: &Tally) {
        self.count += other.count;
        self.unanswered += other.unanswered;
        self.numbers.merge(other.numbers);
        self.names.merge(&other.names);
        for (first, last, count) in &other.ports.0 {
            self.ports.add_range(*first, *last, *count);
        }
    }
}

/// Ports with how often each was used; when there are many, near ones are taken together.
#[derive(Clone, Debug, Default)]
pub(super) struct Ranges(pub Vec<(u16, u16, u64)>);

impl Ranges {
    pub fn add(&mut self, port: u16, count: u64) {
        self.add_range(port, port, count);
    }

    fn add_range(&mut self, first: u16, last: u16, count: u64) {
        let at = self.0.partition_point(|(_, end, _)| *end < first);
        match self.0.get_mut(at) {
            Some((start, end, total)) if *start <= first && last <= *end => *total += count,
            _ => {
                self.0.insert(at, (first, last, count));
                self.join_overlaps();
            }
        }
        while self.0.len() > RANGES_MAX {
            self.join_nearest();
        }
    }

    fn join_overlaps(&mut self) {
        self.0.sort_unstable();
        self.0.dedup_by(|next, kept| {
            let overlap = next.0 <= kept.1;
            if overlap {
                kept.1 = kept.1.max(next.1);
                kept.2 += next.2;
            }
            overlap
        });
    }

    /// Joins the two neighbours with the smallest gap.
    fn join_nearest(&mut self) {
        let gaps = self.0.iter().zip(self.0.iter().skip(1)).map(|(a, b)| b.0.saturating_sub(a.1));
        let nearest = gaps.enumerate().min_by_key(|(_, gap)| *gap).map(|(at, _)| at);
        if let Some(at) = nearest
            && at + 1 < self.0.len()
        {
            let (_, last, count) = self.0.remove(at + 1);
            if let Some(kept) = self.0.get_mut(at) {
                kept.1 = last;
                kept.2 += count;
            }
        }
    }
}

/// The numbers of targets, from the least to the greatest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Hull {
    #[default]
    Nothing,
    Within(u64, u64),
    /// Some target had no numbers.
    Any,
}

impl Hull {
    pub fn add(&mut self, numbers: Option<(u64, u64)>) {
        self.merge(numbers.map_or(Hull::Any, |(first, last)| Hull::Within(first.min(last), first.max(last))));
    }

    fn merge(&mut self, other: Hull) {
        *self = match (*self, other) {
            (Hull::Nothing, other) | (other, Hull::Nothing) => other,
            (Hull::Within(a, b), Hull::Within(c, d)) => Hull::Within(a.min(c), b.max(d)),
            _ => Hull::Any,
        };
    }
}

/// The names of targets: one, or what they begin with up to a `/`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Names {
    #[default]
    Nothing,
    One(Text),
    Beginning(Text),
    Any,
}

impl Names {
    pub fn add(&mut self, name: &Text) {
        if matches!(self, Names::One(known) if known == name) {
            return;
        }
        let new = if name.is_empty() || name.len() > super::TEXT_MAX {
            Names::Any
        } else {
            Names::One(name.clone())
        };
        self.merge(&new);
    }

    fn merge(&mut self, other: &Names) {
        let joined = match (&*self, other) {
            (Names::Nothing, other) => other.clone(),
            (_, Names::Nothing) => return,
            (Names::One(a), Names::One(b)) if a == b => return,
            (Names::One(a) | Names::Beginning(a), Names::One(b) | Names::Beginning(b)) => beginning(a, b),
            _ => Names::Any,
        };
        *self = joined;
    }
}

/// What two names begin with, up to and with the last `/` that both have.
fn beginning(a: &str, b: &str) -> Names {
    let same = a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    let slash = a.as_bytes().get(..same).and_then(|same| same.iter().rposition(|byte| *byte == b'/'));
    match slash.and_then(|slash| a.get(..=slash)) {
        Some(beginning) => Names::Beginning(beginning.into()),
        None => Names::Any,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_ports_are_taken_together_and_none_is_lost() {
        let mut ranges = Ranges::default();
        let ports = [22, 80, 443].into_iter().chain((0..500).map(|i| 49152 + i * 7));
        for port in ports.clone() {
            ranges.add(port, 1);
        }
        assert!(ranges.0.len() <= RANGES_MAX);
        assert!(ports.clone().all(|port| ranges.0.iter().any(|(a, b, _)| (*a..=*b).contains(&port))));
        assert_eq!(ranges.0.iter().map(|(_, _, count)| count).sum::<u64>(), 503);
        assert!(ranges.0.contains(&(22, 22, 1)));
        let mut both = Tally::default();
        both.ports.add(500, 1);
        both.merge(&Tally { ports: ranges, ..Tally::default() });
        assert_eq!(both.ports.0.iter().map(|(_, _, count)| count).sum::<u64>(), 504);
    }

    #[test]
    fn names_share_a_beginning() {
        let mut names = Names::default();
        names.add(&"city/pump/7/level".into());
        assert_eq!(names, Names::One("city/pump/7/level".into()));
        names.add(&"city/pump/8/level".into());
        assert_eq!(names, Names::Beginning("city/pump/".into()));
        names.add(&"city/lamp".into());
        assert_eq!(names, Names::Beginning("city/".into()));
        names.add(&"other".into());
        assert_eq!(names, Names::Any);
    }

    #[test]
    fn numbers_span_from_the_least_to_the_greatest() {
        let mut hull = Hull::default();
        hull.add(Some((40, 49)));
        hull.add(Some((10, 10)));
        assert_eq!(hull, Hull::Within(10, 49));
        hull.add(None);
        assert_eq!(hull, Hull::Any);
    }
}
