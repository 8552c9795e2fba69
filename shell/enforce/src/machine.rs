//! The enforcer's decisions: state and request to state and acts, without a clock, a file or a process.
//!
//! An event begins some work; each step of it is one [`Act`], whose outcome decides the next, until there is an answer.
//! What is on disk is [`Machine::state`], always: a state that could not be written is none. Whatever the step at which
//! the process dies, [`Machine::start`] finds on disk what it must know to settle:
//!
//! | on disk | what the kernel may hold | at the next start |
//! |---|---|---|
//! | a change is pending | the confirmed rules or the new ones | the confirmed rules are loaded, the change is given up |
//! | nothing settled | the confirmed rules or others | the confirmed rules are loaded |
//! | settled | the confirmed rules; nothing after a reboot | they are loaded if nothing is there |

use crate::{
    listing::Live,
    text::{self, Quarantine},
    words::{
        Answer, Contained, Digest, Done, Held, Kept, Mode, Pending, Request, SECONDS_MAX, Shown, Staged,
        Text, Texts, To,
    },
};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    net::IpAddr,
    sync::Arc,
    time::Duration,
};

/// The most addresses in quarantine.
pub(crate) const CONTAINED_MAX: usize = 10_000;

/// How many confirmed states are kept.
pub(crate) const HISTORY_MAX: usize = 64;

/// After how long a way back that failed is tried again.
const RETRY: Duration = Duration::from_secs(2);

/// The time, by two clocks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Now {
    /// Since the machine started, sleep included: deadlines go by this one, which nobody can set.
    pub(crate) boot: Duration,
    /// For people and the history.
    pub(crate) wall: Timestamp,
}

/// What is kept on disk.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) pending: Option<Pending>,
    /// The rules that the kernel gave back after it was last given some: what should be live. Nothing while it is being
    /// given others.
    pub(crate) settled: Option<Digest>,
    pub(crate) staged: Option<Staged>,
    /// Confirmed states; the last one holds.
    pub(crate) history: VecDeque<Kept>,
    pub(crate) quarantine: BTreeMap<IpAddr, Contained>,
}

impl State {
    pub(crate) fn confirmed(&self) -> Option<&Held> {
        self.history.back()?.held.as_ref()
    }

    /// What should be live.
    pub(crate) fn should_be(&self) -> Option<&Held> {
        self.pending.as_ref().map(|pending| &pending.held).or_else(|| self.confirmed())
    }

    pub(crate) fn contained(&self) -> BTreeSet<IpAddr> {
        self.quarantine.keys().copied().collect()
    }

    /// Every text that is still needed.
    pub(crate) fn texts(&self) -> BTreeSet<&Digest> {
        let staged = self.staged.iter().flat_map(|staged| staged.observing.iter().chain([&staged.enforcing]));
        let held = self.history.iter().filter_map(|kept| kept.held.as_ref());
        held.chain(self.pending.iter().map(|pending| &pending.held))
            .map(|held| &held.text)
            .chain(staged.map(|text| &text.text))
            .chain(&self.settled)
            .collect()
    }

    fn keep(&mut self, held: Option<Held>, who: String, at: Timestamp, reverted_to: Option<u32>) -> Kept {
        let number = self.history.back().map_or(1, |last| last.number.saturating_add(1));
        let kept = Kept { number, held, who, at, reverted_to };
        self.history.push_back(kept.clone());
        while self.history.len() > HISTORY_MAX {
            self.history.pop_front();
        }
        kept
    }
}

/// Addresses by the set that they go into or out of.
pub(crate) type Elements = BTreeMap<Quarantine, BTreeSet<IpAddr>>;

/// Something to carry out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// Ask nft whether it would take a text.
    Check { text: Arc<str>, sets: BTreeSet<Quarantine> },
    /// Change the quarantine sets that are live, in one transaction.
    Elements { add: Elements, remove: Elements },
    /// Write texts and then the state, onto the disk for good; but only if the text to return to can be read.
    Keep { state: Box<State>, texts: Vec<Arc<str>>, needs: Option<Digest> },
    /// Replace what is live by these rules and the quarantine, in one transaction; then read it back.
    Load(Option<Held>),
    /// Read what is live.
    Look { texts: bool },
}

/// What came of an act that succeeded.
#[derive(Clone, Debug)]
pub(crate) enum Outcome {
    Done,
    Live(Live),
    Looked { live: Live, should_be: Option<String>, texts: Option<Texts> },
}

/// What is next.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Do(Act),
    Say(Answer),
}

/// Work whose next act is being carried out.
#[derive(Debug)]
enum Work {
    Check { staged: Staged, texts: Vec<Arc<str>>, next: usize },
    Elements(Done),
    Keep { state: Box<State>, then: Then },
    Load(Goal),
    Look,
}

/// What follows once a state is on disk.
#[derive(Debug)]
enum Then {
    Elements { add: Elements, remove: Elements, done: Done },
    Finish(Goal),
    Load(Goal),
    Say(Done),
}

/// Why rules are loaded.
#[derive(Debug)]
enum Goal {
    /// To be tried until a deadline.
    Apply { deadline: Duration },
    /// To return to an earlier state.
    Return { held: Option<Held>, who: String, number: Option<u32> },
    /// To have the confirmed rules back; and what is then answered.
    Settle(Result<Done, String>),
}

/// The state machine.
#[derive(Debug)]
pub(crate) struct Machine {
    state: State,
    work: Option<Work>,
    /// When the pending change is reverted.
    deadline: Option<Duration>,
    /// When a way back that failed is tried again.
    retry: Option<Duration>,
}

impl Machine {
    /// Begins with what is on disk and what is live, and says what must be done first.
    pub(crate) fn start(on_disk: Option<State>, live: &Live, now: Now) -> (Machine, Option<Step>) {
        let is_first = on_disk.is_none();
        let mut machine =
            Machine { state: on_disk.unwrap_or_default(), work: None, deadline: None, retry: None };
        let state = &machine.state;
        let step = if is_first {
            Some(machine.adopt(live, now))
        } else if state.pending.is_some()
            || state.settled.is_none()
            || live.is_empty() && state.confirmed().is_some()
        {
            Some(machine.settle(None))
        } else {
            let (mut add, mut remove) = (Elements::new(), Elements::new());
            for (set, lacks, besides) in live.astray(&state.contained()) {
                add.insert(set, lacks);
                remove.insert(set, besides);
            }
            let astray = add.values().chain(remove.values()).any(|addresses| !addresses.is_empty());
            let done = Done::Reverted(state.history.back().cloned());
            astray.then(|| machine.elements(add, remove, done))
        };
        (machine, step)
    }

    /// At the first start: rules that are there already, of an enforcer whose state is lost, are the ones to return to.
    fn adopt(&mut self, live: &Live, now: Now) -> Step {
        let mut state = State::default();
        let mut texts: Vec<Arc<str>> = Vec::new();
        let who = "found at the first start";
        if let Ok(sets) = text::check(&live.rules) {
            texts.push(live.rules.as_str().into());
            let digest = Digest::of(&[&live.rules]);
            let held = Held { digest: digest.clone(), text: digest, mode: Mode::Enforce, sets };
            state.keep(Some(held), who.into(), now.wall, None);
            for address in live.quarantine.values().flatten().take(CONTAINED_MAX) {
                let contained =
                    Contained { address: *address, reason: who.into(), who: who.into(), at: now.wall };
                state.quarantine.insert(*address, contained);
            }
        } else {
            texts.push("".into());
        }
        state.settled = texts.first().map(|text| Digest::of(&[text]));
        let done = Done::Reverted(state.history.back().cloned());
        self.keep(state, texts, Then::Say(done))
    }

    /// What is on disk.
    pub(crate) fn state(&self) -> &State {
        &self.state
    }

    /// When [`Machine::tick`] has something to do.
    pub(crate) fn due(&self) -> Option<Duration> {
        [self.deadline, self.retry].into_iter().flatten().min()
    }

    /// Time has passed.
    pub(crate) fn tick(&mut self, now: Now) -> Option<Step> {
        let due = self.due().is_some_and(|due| due <= now.boot);
        due.then(|| self.settle(None))
    }

    /// Takes a request.
    pub(crate) fn ask(&mut self, request: Request, who: String, now: Now) -> Step {
        match request {
            Request::Apply { digest, seconds, mode } => self.apply(&digest, seconds, mode, who, now),
            Request::Confirm { digest } => self.confirm(&digest, who, now),
            Request::Contain { address, reason } => {
                let address = address.to_canonical();
                let contained = Contained { address, reason, who, at: now.wall };
                self.contain(contained)
            }
            Request::Release { address } => self.release(address.to_canonical()),
            Request::Revert { to } => self.revert(to, who),
            Request::Show { texts } => self.begin(Work::Look, Act::Look { texts }),
            Request::Stage { text, observing } => self.stage(text, observing, who, now),
        }
    }

    fn stage(&mut self, text: Arc<str>, observing: Option<Arc<str>>, who: String, now: Now) -> Step {
        let read = |text: &Arc<str>| text::check(text).map(|sets| Text { text: Digest::of(&[text]), sets });
        let (enforcing, observed) = match (read(&text), observing.as_ref().map(read).transpose()) {
            (Ok(enforcing), Ok(observed)) => (enforcing, observed),
            (Err(error), _) => return refused(error.to_string()),
            (_, Err(error)) => return refused(format!("in the observing rules, {error}")),
        };
        let texts: Vec<Arc<str>> = [text].into_iter().chain(observing).collect();
        let parts: Vec<&str> = texts.iter().map(|text| &**text).collect();
        let digest = Digest::of(&parts);
        self.check(Staged { digest, enforcing, observing: observed, who, at: now.wall }, texts, 0)
    }

    /// Has the next of the staged texts checked, or keeps them all.
    fn check(&mut self, staged: Staged, texts: Vec<Arc<str>>, next: usize) -> Step {
        let sets = [Some(&staged.enforcing), staged.observing.as_ref()].into_iter().flatten().nth(next);
        if let (Some(text), Some(Text { sets, .. })) = (texts.get(next).cloned(), sets) {
            let act = Act::Check { text, sets: sets.clone() };
            return self.begin(Work::Check { staged, texts, next }, act);
        }
        let state = State { staged: Some(staged.clone()), ..self.state.clone() };
        self.keep(state, texts, Then::Say(Done::Staged(staged)))
    }

    fn apply(&mut self, digest: &Digest, seconds: u32, mode: Mode, who: String, now: Now) -> Step {
        if let Some(pending) = &self.state.pending {
            let digest = pending.held.digest.short();
            return refused(format!("{digest} waits for its confirmation; confirm it or revert it first"));
        }
        if !(1..=SECONDS_MAX).contains(&seconds) {
            return refused(format!("give 1 to {SECONDS_MAX} seconds for the confirmation"));
        }
        let Some(staged) = self.state.staged.as_ref().filter(|staged| staged.digest == *digest) else {
            return refused(format!("{} is not what is staged; stage the rules again", digest.short()));
        };
        let text = match mode {
            Mode::Enforce => Some(&staged.enforcing),
            Mode::Observe => staged.observing.as_ref(),
        };
        let Some(Text { text, sets }) = text.cloned() else {
            return refused("no observing rules were staged; stage them together with the others".into());
        };
        let span = SignedDuration::from_secs(seconds.into());
        let until = now.wall.checked_add(span).unwrap_or(Timestamp::MAX);
        let held = Held { digest: digest.clone(), text, mode, sets };
        let pending = Some(Pending { held, who, until, seconds });
        let state = State { pending, settled: None, ..self.state.clone() };
        let deadline = now.boot + Duration::from_secs(seconds.into());
        self.keep(state, Vec::new(), Then::Load(Goal::Apply { deadline }))
    }

    fn confirm(&mut self, digest: &Digest, who: String, now: Now) -> Step {
        let Some(pending) = self.state.pending.clone() else {
            return refused(
                "nothing waits for a confirmation; a change not confirmed in time is reverted".into(),
            );
        };
        if pending.held.digest != *digest {
            return refused(format!("what waits for its confirmation is {}", pending.held.digest.short()));
        }
        if self.deadline.is_none_or(|deadline| deadline <= now.boot) {
            return refused("it is too late: the change is being reverted".into());
        }
        let mut state = State { pending: None, ..self.state.clone() };
        let kept = state.keep(Some(pending.held), who, now.wall, None);
        self.keep(state, Vec::new(), Then::Say(Done::Confirmed(kept)))
    }

    fn revert(&mut self, to: To, who: String) -> Step {
        let history = &self.state.history;
        let to = match to {
            To::Previous if self.state.pending.is_some() => return self.settle(None),
            _ if self.state.pending.is_some() => {
                return refused("a change waits for its confirmation; confirm it or revert it first".into());
            }
            To::Nothing => None,
            To::Previous if history.is_empty() => {
                return refused("no rules were ever confirmed, so there is nothing to revert".into());
            }
            To::Previous => history.iter().rev().nth(1),
            To::Number(number) => match history.iter().find(|kept| kept.number == number) {
                Some(kept) => Some(kept),
                None => return refused(format!("no state {number} is kept; the history shows which are")),
            },
        };
        let (held, number) = (to.and_then(|kept| kept.held.clone()), to.map(|kept| kept.number));
        let state = State { settled: None, ..self.state.clone() };
        self.keep(state, Vec::new(), Then::Load(Goal::Return { held, who, number }))
    }

    fn contain(&mut self, contained: Contained) -> Step {
        let address = contained.address;
        let broadcast = IpAddr::from([255, 255, 255, 255]);
        if address.is_unspecified() || address.is_loopback() || address.is_multicast() || address == broadcast
        {
            return refused(format!("{address} is no device's address"));
        }
        let mut state = self.state.clone();
        if state.quarantine.len() >= CONTAINED_MAX && !state.quarantine.contains_key(&address) {
            return refused(format!("{CONTAINED_MAX} addresses are in quarantine, and no more can be"));
        }
        state.quarantine.entry(address).or_insert(contained);
        let add = self.sets_for(address);
        let mode = self.state.should_be().map(|held| held.mode);
        let done = Done::Contained { address, sets: add.keys().copied().collect(), mode };
        self.keep(state, Vec::new(), Then::Elements { add, remove: Elements::new(), done })
    }

    fn release(&mut self, address: IpAddr) -> Step {
        let mut state = self.state.clone();
        let was_contained = state.quarantine.remove(&address).is_some();
        let remove = self.sets_for(address);
        let done = Done::Released { address, was_contained };
        self.keep(state, Vec::new(), Then::Elements { add: Elements::new(), remove, done })
    }

    /// The quarantine sets of what should be live that take an address.
    fn sets_for(&self, address: IpAddr) -> Elements {
        let sets = self.state.should_be().into_iter().flat_map(|held| &held.sets);
        sets.filter(|set| set.takes(address)).map(|set| (*set, BTreeSet::from([address]))).collect()
    }

    /// Puts the confirmed rules back, whatever is live. Answers with the reason if there is one.
    fn settle(&mut self, because: Option<String>) -> Step {
        // From here on it is too late to confirm.
        (self.deadline, self.retry) = (None, None);
        let answer = because.map_or_else(|| Ok(Done::Reverted(self.state.history.back().cloned())), Err);
        let act = Act::Load(self.state.confirmed().cloned());
        self.begin(Work::Load(Goal::Settle(answer)), act)
    }

    fn begin(&mut self, work: Work, act: Act) -> Step {
        self.work = Some(work);
        Step::Do(act)
    }

    fn keep(&mut self, state: State, texts: Vec<Arc<str>>, then: Then) -> Step {
        let state = Box::new(state);
        let way_back = || self.state.confirmed().map(|held| held.text.clone());
        let needs = if matches!(then, Then::Load(_)) { way_back() } else { None };
        let act = Act::Keep { state: state.clone(), texts, needs };
        self.begin(Work::Keep { state, then }, act)
    }

    fn elements(&mut self, add: Elements, remove: Elements, done: Done) -> Step {
        if add.is_empty() && remove.is_empty() {
            return said(done);
        }
        self.begin(Work::Elements(done), Act::Elements { add, remove })
    }

    /// Takes the outcome of the act that was to be carried out.
    pub(crate) fn went(&mut self, outcome: Result<Outcome, String>, now: Now) -> Step {
        let Some(work) = self.work.take() else {
            return Step::Say(Answer::Failed("there was nothing to do".into()));
        };
        let outcome = match outcome {
            Ok(outcome) => outcome,
            Err(error) => return self.failed(work, &error, now),
        };
        match (work, outcome) {
            (Work::Check { staged, texts, next }, _) => self.check(staged, texts, next + 1),
            (Work::Elements(done), _) => said(done),
            (Work::Keep { state, then }, _) => {
                self.state = *state;
                self.kept(then)
            }
            (Work::Load(goal), Outcome::Live(live)) => self.loaded(goal, &live, now),
            (Work::Look, Outcome::Looked { live, should_be, texts }) => {
                said(Done::Shown(Box::new(self.shown(&live, should_be.as_deref(), texts, now))))
            }
            (work, outcome) => {
                let error = format!("{outcome:?} is no answer to that");
                self.failed(work, &error, now)
            }
        }
    }

    fn kept(&mut self, then: Then) -> Step {
        match then {
            Then::Say(done) => {
                if self.state.pending.is_none() {
                    // Confirmed: nothing will be reverted.
                    self.deadline = None;
                }
                said(done)
            }
            Then::Elements { add, remove, done } => self.elements(add, remove, done),
            Then::Load(goal) => {
                let held = match &goal {
                    Goal::Apply { .. } => self.state.should_be().cloned(),
                    Goal::Return { held, .. } => held.clone(),
                    Goal::Settle(_) => self.state.confirmed().cloned(),
                };
                self.begin(Work::Load(goal), Act::Load(held))
            }
            Then::Finish(goal) => {
                self.retry = None;
                match (goal, &self.state.pending) {
                    (Goal::Apply { deadline }, Some(pending)) => {
                        self.deadline = Some(deadline);
                        said(Done::Applied(pending.clone()))
                    }
                    (Goal::Settle(Err(because)), _) => Step::Say(Answer::Failed(format!(
                        "{because}; the rules of before are in force again"
                    ))),
                    (Goal::Settle(Ok(done)), _) => said(done),
                    _ => said(Done::Reverted(self.state.history.back().cloned())),
                }
            }
        }
    }

    /// The kernel has the rules: that goes onto the disk, with what it gave back.
    fn loaded(&mut self, goal: Goal, live: &Live, now: Now) -> Step {
        let settled = Some(Digest::of(&[&live.rules]));
        let mut state = State { settled, ..self.state.clone() };
        match &goal {
            Goal::Apply { .. } => {}
            Goal::Return { held, who, number } => {
                state.keep(held.clone(), who.clone(), now.wall, *number);
            }
            Goal::Settle(_) => state.pending = None,
        }
        self.keep(state, vec![live.rules.as_str().into()], Then::Finish(goal))
    }

    fn failed(&mut self, work: Work, error: &str, now: Now) -> Step {
        Step::Say(match work {
            Work::Check { next, .. } => {
                let which = if next == 0 { "" } else { "observing " };
                Answer::Refused(format!("nft does not take the {which}rules: {error}"))
            }
            Work::Look => Answer::Failed(format!("what is live could not be read: {error}")),
            Work::Elements(_) => {
                Answer::Failed(format!("kept on disk, but the kernel did not take it: {error}"))
            }
            Work::Load(Goal::Settle(answer))
            | Work::Keep { then: Then::Finish(Goal::Settle(answer)), .. } => {
                self.retry = Some(now.boot + RETRY);
                let because = answer.err().map(|because| format!("{because}; ")).unwrap_or_default();
                let again = format!("it is tried again every {} s", RETRY.as_secs());
                Answer::Failed(format!(
                    "{because}the confirmed rules could not be put back: {error}; {again}"
                ))
            }
            Work::Load(_) | Work::Keep { then: Then::Finish(_), .. } => {
                return self.settle(Some(error.to_owned()));
            }
            Work::Keep { .. } => {
                Answer::Failed(format!("nothing was changed, since it could not be kept on disk: {error}"))
            }
        })
    }

    fn shown(&self, live: &Live, should_be: Option<&str>, texts: Option<Texts>, now: Now) -> Shown {
        let state = &self.state;
        let difference = match should_be {
            Some(rules) => live.difference(rules, &state.contained()),
            None => vec!["the kernel did not take the rules that should be live".to_owned()],
        };
        let left = |deadline: Duration| deadline.saturating_sub(now.boot).as_secs();
        Shown {
            confirmed: state.confirmed().cloned(),
            pending: state.pending.clone(),
            seconds_left: state.pending.is_some().then(|| self.deadline.map_or(0, left)),
            staged: state.staged.clone(),
            history: state.history.iter().cloned().collect(),
            quarantine: state.quarantine.values().cloned().collect(),
            differs: !difference.is_empty(),
            difference,
            texts,
        }
    }
}

fn said(done: Done) -> Step {
    Step::Say(Answer::Done(done))
}

fn refused(why: String) -> Step {
    Step::Say(Answer::Refused(why))
}

#[cfg(test)]
mod tests;
