//! The rehearsal that runs and the last one that ended, with what people chose about its lines: in memory only.

use crate::{refusal::Refusal, state::State, view::Named};
use ::city::{ServiceId, SupplierId, ZoneId};
use defend::rehearsal::{Answer, Proposal, Unfit, propose};
use jiff::{SignedDuration, Timestamp};
use plan::{Plan, SourceFile};
use std::{
    collections::BTreeMap,
    num::NonZeroUsize,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
};
use tokio::sync::watch;

/// The rehearsal that runs, and the last one that ended. One runs at a time, on one core: the loop needs the others.
pub(crate) struct Rehearsals {
    kept: Mutex<Kept>,
    /// Grows whenever something here changes, so that open pages show it.
    changes: watch::Sender<u64>,
}

#[derive(Default)]
struct Kept {
    running: Option<Running>,
    last: Option<Rehearsed>,
}

/// A rehearsal that was asked for.
#[derive(Clone, Debug)]
pub(crate) struct Running {
    pub by: String,
    pub since_days: u32,
    pub began: Timestamp,
}

/// A plan to be rehearsed.
#[derive(Debug)]
pub(crate) struct Subject {
    /// Its text.
    pub files: Vec<SourceFile>,
    pub version: Option<String>,
    /// Whether it is the plan of now itself.
    pub is_adopted: bool,
    pub new: Plan,
    /// The plan of now.
    pub old: Option<Arc<Plan>>,
}

/// What a rehearsal came to.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub answer: Answer,
    /// What of history could not be read.
    pub unread: Vec<String>,
}

/// A rehearsal that ended. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Rehearsed {
    pub asked: Running,
    pub ended: Timestamp,
    pub subject: Arc<Subject>,
    pub outcome: Arc<Result<Outcome, String>>,
    /// By the ids of lines.
    pub choices: BTreeMap<String, Choice>,
    /// What the amendments among the choices come to; none without any. Made when something is chosen, for a large plan
    /// takes seconds to check.
    pub patch: Option<Arc<Result<Proposal, Unfit>>>,
}

/// What a person chooses about something that would be refused or found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    /// So it shall be.
    Accept,
    /// The plan should allow it.
    Amend,
}

impl Subject {
    fn plans(&self) -> impl Iterator<Item = &Plan> {
        [Some(&self.new), self.old.as_deref()].into_iter().flatten()
    }

    pub fn zone(&self, id: &ZoneId) -> Named {
        Named::new(id, self.plans().find_map(|plan| plan.zone(id)).map(|zone| &zone.name))
    }

    pub fn service(&self, id: &ServiceId) -> Named {
        Named::new(id, self.plans().find_map(|plan| plan.service(id)).map(|service| &service.name))
    }

    pub fn supplier(&self, id: &SupplierId) -> Named {
        let find = |plan: &'_ Plan| {
            let found = plan.suppliers().find(|supplier| supplier.id == *id);
            found.map(|supplier| supplier.name.clone())
        };
        Named::new(id, self.plans().find_map(find).as_ref())
    }
}

impl Rehearsed {
    /// The amendments chosen, as a patch of the text that was rehearsed. None if none was chosen.
    fn proposed(&self) -> Option<Result<Proposal, Unfit>> {
        let outcome = self.outcome.as_ref().as_ref().ok()?;
        let wanted = |id: &str| self.choices.get(id) == Some(&Choice::Amend);
        if !outcome.answer.against().any(|line| wanted(&line.id)) {
            return None;
        }
        Some(propose(&self.subject.files, &outcome.answer, |line| wanted(&line.id)))
    }
}

impl Rehearsals {
    pub fn new() -> Rehearsals {
        Rehearsals { kept: Mutex::default(), changes: watch::Sender::new(0) }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // Whoever panicked left what was kept before, or what came after: either is whole.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What runs, and what ended last.
    pub fn now(&self) -> (Option<Running>, Option<Rehearsed>) {
        let kept = self.kept();
        (kept.running.clone(), kept.last.clone())
    }

    /// A number that grows with every change.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    fn changed(&self) {
        self.changes.send_modify(|number| *number += 1);
    }

    /// Begins to rehearse, if nothing is being rehearsed.
    pub fn begin(state: &State, asked: Running, subject: Subject) -> Result<(), Refusal> {
        let rehearsals = state.rehearsals();
        {
            let mut kept = rehearsals.kept();
            if let Some(running) = &kept.running {
                return Err(Refusal::Conflict(format!(
                    "A rehearsal is running already, begun by {}. One runs at a time.",
                    running.by
                )));
            }
            kept.running = Some(asked.clone());
        }
        rehearsals.changed();
        let turn = Turn { state: state.clone(), asked, subject: Arc::new(subject), outcome: None };
        // A thread of its own, which the end of Bastide does not wait for.
        thread::Builder::new().name("rehearsal".into()).spawn(move || turn.run()).map(drop).map_err(|cause| {
            tracing::error!(%cause, "no thread could be made for a rehearsal");
            Refusal::Internal
        })
    }

    /// Notes choices about lines of the last rehearsal, and makes the patch anew; none takes a choice back. Not for a
    /// thread that others wait for.
    pub fn choose(&self, ids: &[String], choice: Option<Choice>) {
        let chosen = {
            let mut kept = self.kept();
            let Some(last) = &mut kept.last else { return };
            for id in ids {
                match choice {
                    Some(choice) => drop(last.choices.insert(id.clone(), choice)),
                    None => drop(last.choices.remove(id)),
                }
            }
            last.patch = None;
            last.clone()
        };
        let patch = chosen.proposed().map(Arc::new);
        if let Some(last) = &mut self.kept().last
            && last.choices == chosen.choices
            && Arc::ptr_eq(&last.outcome, &chosen.outcome)
        {
            last.patch = patch;
        }
        self.changed();
    }
}

/// The turn of a rehearsal. However it ends, another can begin after it.
struct Turn {
    state: State,
    asked: Running,
    subject: Arc<Subject>,
    outcome: Option<Result<Outcome, String>>,
}

impl Turn {
    fn run(mut self) {
        let back = SignedDuration::from_hours(i64::from(self.asked.since_days) * 24);
        let Subject { new, old, .. } = self.subject.as_ref();
        let rehearsed =
            super::rehearse(self.state.history(), old.as_deref(), new, Some(back), NonZeroUsize::MIN);
        self.outcome = Some(match rehearsed {
            Ok((answer, unread)) => Ok(Outcome { answer, unread }),
            Err(cause) => {
                tracing::error!(%cause, "history could not be read for a rehearsal");
                Err("History could not be read; the cause is in Bastide’s own messages.".to_owned())
            }
        });
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let fault = || Err("It was broken off by a fault of Bastide’s own; see its messages.".to_owned());
        let rehearsed = Rehearsed {
            asked: self.asked.clone(),
            ended: Timestamp::now(),
            subject: self.subject.clone(),
            outcome: Arc::new(self.outcome.take().unwrap_or_else(fault)),
            choices: BTreeMap::new(),
            patch: None,
        };
        let rehearsals = self.state.rehearsals();
        *rehearsals.kept() = Kept { running: None, last: Some(rehearsed) };
        rehearsals.changed();
    }
}
