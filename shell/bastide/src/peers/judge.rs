//! Judging another city's defence: whose it is, whether it is believed, and what it would have meant here.

use super::{
    Ground,
    known::{self, Known},
    read::{Came, tell},
    try_out::{Untried, rehearse},
};
use adapt::{
    defence::{Defence, Does, Refusal, Withdrawal, open, open_withdrawal},
    stix::Object,
};
use city::{DefenceKind, DoubtKind, Observed, Offered, Peer, PeerId, Rehearsed, Text, Withdrawn};
use integrity::Verifier;
use jiff::Timestamp;
use plan::Plan;
use std::sync::PoisonError;

/// What an author says.
enum Said {
    /// Here is a defence.
    Defence(Defence),
    /// It no longer holds.
    Withdrawal(Withdrawal),
}

impl Said {
    fn open(
        object: Object<'_>,
        key: &Verifier,
        known: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Said, Refusal> {
        if object.revoked() {
            open_withdrawal(object, key, known, now).map(Said::Withdrawal)
        } else {
            open(object, key, known, now).map(Said::Defence)
        }
    }
}

/// Judges a `course-of-action` that a peer handed over, and tells the loop what it means. `kept_before` says whether it
/// was in the store already, word for word.
pub(super) fn judge(
    ground: &Ground,
    from: &PeerId,
    object: Object<'_>,
    kept_before: bool,
    came: &mut Came,
) -> anyhow::Result<()> {
    let (Some(plan), Some(id)) = (ground.plan(), object.id()) else { return Ok(()) };
    let Some((author, key)) = author(&plan, from) else { return Ok(()) };
    // What is known of a defence is read, judged by and written again: by one at a time.
    let _turn = ground.judging.lock().unwrap_or_else(PoisonError::into_inner);
    let mark = known::mark(author.id.as_str(), id);
    let mut known = Known::of_mark(ground.runtime.block_on(ground.store.mark(&mark))?.as_deref());
    let version = known.version(id);
    // Word for word what was judged before: a server may well show it again.
    if kept_before && version.is_some() && version == object.modified() {
        return Ok(());
    }
    let now = Timestamp::now();
    let said = match Said::open(object, &key, version, now) {
        Ok(said) => said,
        Err(Refusal::Plain) if object.revoked() && version.is_some() => {
            let why = format!("{id}: it is said to be taken back, and its author did not sign that");
            came.doubt(DoubtKind::Forged, 1, &why);
            return Ok(());
        }
        Err(refusal) => {
            if let Some(kind) = refusal.doubt() {
                came.doubt(kind, 1, &format!("{id}: {refusal}"));
            }
            return Ok(());
        }
    };
    if !known.has_room(id, now) {
        let why = format!("{id}: more defences are published than are kept count of");
        came.doubt(DoubtKind::TooLarge, 1, &why);
        return Ok(());
    }
    let taken_back = |title: &Text, version, reason: String| {
        Observed::Withdrawn(Box::new(Withdrawn {
            peer: author.id.clone(),
            defence: id.into(),
            version,
            title: title.clone(),
            reason: reason.into(),
        }))
    };
    match &said {
        Said::Defence(defence) => {
            match offer(ground, author, defence, &plan)? {
                Ok(offered) => {
                    tell(&ground.messages, Observed::Offered(Box::new(offered)))?;
                    came.defences += 1;
                }
                Err((kind, why)) => {
                    came.doubt(kind, 1, &format!("{id}: {why}"));
                    // Its author no longer says what the earlier version said.
                    if version.is_some() {
                        let reason = "its author replaced it by what is in doubt".to_owned();
                        tell(&ground.messages, taken_back(&defence.title, defence.version, reason))?;
                    }
                }
            }
            known.note(id, defence.version, defence.until);
        }
        Said::Withdrawal(withdrawal) => {
            // Of what was never judged nothing can be undone.
            if version.is_some() {
                let reason = match withdrawal.reason.as_str() {
                    "" => "its author withdrew it".to_owned(),
                    why => format!("its author withdrew it: {why}"),
                };
                tell(&ground.messages, taken_back(&withdrawal.title, withdrawal.version, reason))?;
            }
            known.note(id, withdrawal.version, withdrawal.until);
        }
    }
    ground.runtime.block_on(ground.store.put_mark(&mark, &known.to_mark()?))?;
    Ok(())
}

/// Whose defences a peer may hand over, and the key with which they are checked.
fn author<'p>(plan: &'p Plan, from: &PeerId) -> Option<(&'p Peer, Verifier)> {
    let peer = plan.peer(from)?;
    Some((peer, peer.key.as_ref()?.parse().ok()?))
}

/// What a defence would have meant; or the doubt that it casts.
fn offer(
    ground: &Ground,
    author: &Peer,
    defence: &Defence,
    plan: &Plan,
) -> anyhow::Result<Result<Offered, (DoubtKind, String)>> {
    let (blocks, rehearsed) = match &defence.does {
        Does::Block { addresses } => match rehearse(&ground.history, plan, addresses) {
            Ok(rehearsed) => (addresses.clone(), rehearsed),
            Err(Untried::History(cause)) => return Err(cause.into()),
            Err(untried) => {
                let kind = untried.doubt().unwrap_or(DoubtKind::Malformed);
                return Ok(Err((kind, untried.to_string())));
            }
        },
        Does::Detect { .. } | Does::Narrow { .. } | Does::Procedure { .. } => {
            (Vec::new(), Rehearsed::default())
        }
    };
    // Nothing but a block is put in force without a person, whatever the plan says.
    let kind = defence.does.kind();
    let standing = kind == DefenceKind::Block && author.adopt.contains(&kind);
    Ok(Ok(Offered {
        peer: author.id.clone(),
        defence: defence.id.clone(),
        version: defence.version,
        title: defence.title.clone(),
        blocks,
        rehearsed,
        standing,
    }))
}
