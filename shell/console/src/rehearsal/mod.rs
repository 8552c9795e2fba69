//! Plans rehearsed against what history keeps: for the command line, and for the page that shows the answer.

mod fold;
mod latest;

pub(crate) use latest::{Choice, Outcome, Rehearsals, Rehearsed, Running, Subject};

use defend::rehearsal::{Answer, Rehearsal};
use fold::Folding;
use jiff::{SignedDuration, Timestamp};
use plan::Plan;
use std::num::NonZeroUsize;
use store::{History, HistoryError, Sweep};

/// What a plan would have meant for the history of a city, and what of it could not be read, each in words.
///
/// `old` is the plan that holds now, if there is one; `back` is how far to look back from the last record, all the way
/// if it is left out. The answer is the same for any number of cores.
///
/// # Errors
/// A file or the journal could not be read.
pub fn rehearse(
    history: &History,
    old: Option<&Plan>,
    new: &Plan,
    back: Option<SignedDuration>,
    cores: NonZeroUsize,
) -> Result<(Answer, Vec<String>), HistoryError> {
    let since = match back {
        Some(back) => {
            let latest = history.latest()?;
            latest.map(|latest| latest.checked_sub(back).unwrap_or(Timestamp::MIN))
        }
        None => None,
    };
    let mut whole = Rehearsal::new(old, new);
    let sweep = Sweep { since, targets: whole.targets().clone() };
    let start = || Folding::new(whole.clone());
    let (foldings, swept) = history.sweep(&sweep, cores, start, Folding::take)?;
    foldings.into_iter().for_each(|folding| whole.absorb(folding.into_rehearsal()));
    Ok((whole.answer(), swept.damaged))
}
