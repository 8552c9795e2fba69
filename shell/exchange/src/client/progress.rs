//! How a poll goes on from page to page, decided without asking anybody.
//!
//! A server's clock is its own. Its times tell where to go on next time only while they run forwards and not ahead of
//! ours; else the same is asked for again, which costs time and loses nothing. Within a poll its cursors lead on, as long
//! as no page comes a second time; some servers have one cursor for all pages and know themselves how far we are.

use city::{Doubt, DoubtKind, Text};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// How far a server's clock may be ahead of ours.
const AHEAD: SignedDuration = SignedDuration::from_mins(5);
/// The longest cursor that is taken: it goes into a URL.
const CURSOR_MAX: usize = 2_000;
/// How many pages without an object may follow one another.
const EMPTY_MAX: usize = 16;

/// Where the next poll goes on; kept as a mark in the store.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resume {
    /// Only what the server added later than this.
    pub added_after: Option<Timestamp>,
    /// The server's cursor, where the last poll stopped before the end and times are of no help.
    pub next: Option<String>,
}

impl Resume {
    /// Reads what [`Resume::to_mark`] wrote; anything else is the beginning.
    #[must_use]
    pub fn of_mark(mark: Option<&str>) -> Resume {
        mark.and_then(|mark| serde_json::from_str(mark).ok()).unwrap_or_default()
    }

    /// As text, for [`store::Intelligence::put_mark`].
    #[must_use]
    pub fn to_mark(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// Why a poll stopped before the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Page after page held nothing.
    Empty,
    /// It was enough for one poll; the next goes on.
    Enough,
    /// The server could not be read further.
    Fault(super::Fault),
    /// There is more, and the server does not say where.
    NoNext,
    /// The server leads back to where we were.
    Repeated,
}

/// What a page says of itself.
#[derive(Clone, Debug, Default)]
pub(super) struct Told {
    /// SHA-256 of all of it.
    pub(super) digest: [u8; 32],
    pub(super) objects: usize,
    pub(super) more: bool,
    pub(super) next: Option<String>,
    pub(super) first: Option<String>,
    pub(super) last: Option<String>,
}

/// What comes next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Ask for this.
    Ask(Resume),
    /// There is nothing more, or no way to it.
    Done(Option<Stop>),
}

#[derive(Debug)]
pub(super) struct Progress {
    /// What is already behind us.
    from: Option<Timestamp>,
    asked: Resume,
    /// Up to when everything was read, as far as the server's times can be believed.
    latest: Option<Timestamp>,
    /// Whether a time could not be believed; from then on none moves us on.
    astray: bool,
    /// The pages that were there.
    seen: BTreeSet<[u8; 32]>,
    empty: usize,
    doubts: Vec<Doubt>,
}

impl Progress {
    pub(super) fn new(from: Resume) -> Progress {
        let latest = from.added_after;
        Progress {
            from: latest,
            asked: from,
            latest,
            astray: false,
            seen: BTreeSet::new(),
            empty: 0,
            doubts: Vec::new(),
        }
    }

    pub(super) fn asked(&self) -> &Resume {
        &self.asked
    }

    pub(super) fn doubts(&self) -> &[Doubt] {
        &self.doubts
    }

    /// The cursor of the last poll is not known any more.
    pub(super) fn forget_cursor(&mut self) {
        self.asked.next = None;
    }

    /// Notes something wrong; each kind once, with its first example.
    pub(super) fn doubt(&mut self, kind: DoubtKind, example: &str) {
        match self.doubts.iter_mut().find(|doubt| doubt.kind == kind) {
            Some(doubt) => doubt.count = doubt.count.saturating_add(1),
            // There are fewer kinds than may be told of.
            None => self.doubts.push(Doubt { kind, count: 1, example: Text::new(example) }),
        }
    }

    /// Takes note of a page.
    pub(super) fn page(&mut self, told: &Told, now: Timestamp) -> Step {
        let before = self.latest;
        if told.objects > 0 {
            self.empty = 0;
            self.times(told, now);
        } else {
            self.empty += 1;
        }
        if !told.more {
            return Step::Done(None);
        }
        if self.empty > EMPTY_MAX {
            return Step::Done(Some(Stop::Empty));
        }
        match &told.next {
            Some(next) if next.len() > CURSOR_MAX => {
                self.doubt(DoubtKind::Malformed, "a cursor longer than a URL may be");
                return Step::Done(Some(Stop::NoNext));
            }
            Some(_) if !self.seen.insert(told.digest) => {
                self.doubt(DoubtKind::Malformed, "a page that leads back to itself");
                return Step::Done(Some(Stop::Repeated));
            }
            Some(next) => self.asked.next = Some(next.clone()),
            // Without a cursor the time leads on (§3.5), as long as it moves.
            None if !self.astray && self.latest > before => {
                self.asked = Resume { added_after: self.latest, next: None };
            }
            None => {
                self.doubt(DoubtKind::Malformed, "more is said to be there, and not where");
                return Step::Done(Some(Stop::NoNext));
            }
        }
        Step::Ask(self.asked.clone())
    }

    fn times(&mut self, told: &Told, now: Timestamp) {
        // Some say of a single object only when it was added first.
        let last = told.last.as_ref().or(told.first.as_ref().filter(|_| told.objects == 1));
        let (Some(first), Some(last)) = (&told.first, last) else {
            self.astray = true;
            return self.doubt(DoubtKind::WrongTime, "objects without the times at which they were added");
        };
        let read = |text: &str| text.parse::<Timestamp>().ok();
        let wrong = match (read(first), read(last)) {
            (Some(first), Some(last)) if last > now + AHEAD => {
                Some(format!("added at {last}, and here it is {now} (first of the page: {first})"))
            }
            (Some(first), Some(last)) if first > last || self.latest.is_some_and(|latest| last < latest) => {
                let latest = self.latest.unwrap_or(first);
                Some(format!("added from {first} to {last}, after what was added at {latest}"))
            }
            (Some(_), Some(last)) => {
                if !self.astray {
                    self.latest = Some(last);
                }
                None
            }
            _ => Some("the times at which objects were added are no times".to_owned()),
        };
        if let Some(wrong) = wrong {
            self.astray = true;
            self.doubt(DoubtKind::WrongTime, &wrong);
        }
    }

    /// Where the next poll goes on.
    pub(super) fn resume(&self, ended: bool) -> Resume {
        let added_after = self.latest;
        if self.astray && !ended {
            // Its times are of no help; its cursor may still be known.
            return Resume {
                added_after: self.asked.added_after.min(added_after),
                next: self.asked.next.clone(),
            };
        }
        // Where times are in milliseconds, several objects share one, and not all may have been there.
        let coarse = added_after.filter(|time| time.as_microsecond() % 1_000 == 0);
        let back = coarse.and_then(|time| time.checked_sub(SignedDuration::from_millis(1)).ok());
        let moved = self.latest > self.from;
        Resume { added_after: if moved { back.or(added_after) } else { added_after }, next: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn told(more: bool, next: Option<&str>, first: &str, last: &str) -> Told {
        use sha2::{Digest as _, Sha256};
        let digest = Sha256::digest(format!("{next:?} {first} {last}")).into();
        let text = |text: &str| Some(text.to_owned());
        Told { digest, objects: 2, more, next: next.and_then(text), first: text(first), last: text(last) }
    }

    const NOW: &str = "2026-06-01T12:00:00Z";

    #[test]
    fn times_lead_on_only_while_they_can_be_believed() {
        let mut progress = Progress::new(Resume::default());
        let step = progress.page(
            &told(true, Some("a"), "2026-05-01T00:00:00.000001Z", "2026-05-02T00:00:00.000001Z"),
            time(NOW),
        );
        assert_eq!(step, Step::Ask(Resume { added_after: None, next: Some("a".into()) }));
        let end = progress
            .page(&told(false, None, "2026-05-03T00:00:00Z", "2026-05-04T00:00:00.000007Z"), time(NOW));
        assert_eq!((end, progress.doubts().len()), (Step::Done(None), 0));
        let resume = progress.resume(true);
        assert_eq!(resume, Resume { added_after: Some(time("2026-05-04T00:00:00.000007Z")), next: None });
        assert_eq!(Resume::of_mark(Some(&resume.to_mark())), resume);

        for (first, last) in [
            ("2026-05-05T00:00:00Z", "2036-01-01T00:00:00Z"),
            ("2026-04-01T00:00:00Z", "2026-04-02T00:00:00Z"),
            ("2026-05-07T00:00:00Z", "2026-05-06T00:00:00Z"),
            ("soon", "2026-05-06T00:00:00Z"),
        ] {
            let mut lied_to = Progress::new(resume.clone());
            lied_to.page(&told(true, Some("a"), first, last), time(NOW));
            assert_eq!(lied_to.doubts()[0].kind, DoubtKind::WrongTime, "{last}");
            // A time that can be believed later does not make what was before it read.
            lied_to.page(&told(false, None, "2026-05-20T00:00:00Z", "2026-05-21T00:00:00Z"), time(NOW));
            assert_eq!(lied_to.resume(true), resume, "{last}");
        }
    }

    #[test]
    fn nothing_leads_round_in_a_circle() {
        let (first, last) = ("2026-05-01T00:00:00Z", "2026-05-01T00:00:00Z");
        let mut progress = Progress::new(Resume::default());
        progress.page(&told(true, Some("a"), first, last), time(NOW));
        assert_eq!(
            progress.page(&told(true, Some("a"), first, last), time(NOW)),
            Step::Done(Some(Stop::Repeated))
        );
        let mut progress = Progress::new(Resume::default());
        assert!(matches!(progress.page(&told(true, None, first, last), time(NOW)), Step::Ask(_)));
        assert_eq!(progress.page(&told(true, None, first, last), time(NOW)), Step::Done(Some(Stop::NoNext)));
        let mut progress = Progress::new(Resume::default());
        let empty = |next: u8| Told {
            digest: [next; 32],
            more: true,
            next: Some(next.to_string()),
            ..Told::default()
        };
        let steps = (0..100)
            .map(|page| progress.page(&empty(page), time(NOW)))
            .take_while(|step| matches!(step, Step::Ask(_)));
        assert_eq!(steps.count(), EMPTY_MAX);
    }
}
