//! The hunt that runs and the last one that ended: in memory only. That it was made is on record elsewhere.

use crate::{
    config::{Ask, HuntAsked, HuntFound},
    refusal::Refusal,
    state::State,
};
use jiff::Timestamp;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// The hunt that runs, and the last one that ended. One runs at a time: each reads what is remembered, and the loop needs
/// the disk too.
#[derive(Default)]
pub(crate) struct Hunting(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    running: Option<Begun>,
    last: Option<Ended>,
}

/// A hunt that was begun.
#[derive(Clone, Debug)]
pub(crate) struct Begun {
    pub by: String,
    pub asked: HuntAsked,
    pub time: Timestamp,
}

/// A hunt that ended. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Ended {
    pub begun: Begun,
    pub time: Timestamp,
    /// What was found, or why it came to nothing.
    pub outcome: Arc<Result<Box<HuntFound>, String>>,
}

impl Hunting {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        // Whoever panicked left what was kept before, or what came after: either is whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What runs, and what ended last.
    pub fn now(&self) -> (Option<Begun>, Option<Ended>) {
        let kept = self.kept();
        (kept.running.clone(), kept.last.clone())
    }

    /// Begins a hunt, if none runs.
    pub fn begin(state: &State, begun: Begun) -> Result<(), Refusal> {
        {
            let mut kept = state.hunting().kept();
            if let Some(running) = &kept.running {
                let why = format!("A hunt is running already, begun by {}. One runs at a time.", running.by);
                return Err(Refusal::Conflict(why));
            }
            kept.running = Some(begun.clone());
        }
        state.ticked();
        let (answer, answered) = oneshot::channel();
        let ask = Ask::Hunt { by: begun.by.clone(), asked: begun.asked.clone(), answer };
        let state = state.clone();
        tokio::spawn(async move {
            let outcome = match state.asks().send(ask).await {
                Ok(()) => answered.await.unwrap_or_else(|_| Err("it was broken off".to_owned())),
                Err(_) => Err("Bastide is stopping".to_owned()),
            };
            let ended = Ended { begun, time: Timestamp::now(), outcome: Arc::new(outcome) };
            *state.hunting().kept() = Kept { running: None, last: Some(ended) };
            state.ticked();
        });
        Ok(())
    }
}
