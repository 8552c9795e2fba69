//! Judging another city's defence: whose it is, whether it is believed, and what it would have meant here.

use super::{
    Ground,
    known::{self, Known},
    read::{Came, tell},
    try_narrow::{Narrowed, found_bad, narrow_plan},
    try_out::{Untried, rehearse},
    turns::Turn,
};
use crate::{hunt::hunt_for, past};
use adapt::{
    defence::{Defence, Does, Refusal, Withdrawal, indicator, open, open_withdrawal},
    stix::Object,
};
use city::{
    DefenceKind, DoubtKind, Observed, Offered, Peer, PeerId, Protocol, Rehearsed, Text, Tlp, Verb, Withdrawn,
};
use integrity::Verifier;
use jiff::Timestamp;
use plan::Plan;
use std::{collections::BTreeSet, sync::PoisonError};
use store::{
    Reader,
    intelligence::{Audience, Filing, Unmarked},
};

/// How often a detection may match what was recorded and still be watched for unasked: what matches more is noise.
const MATCHES_UNASKED: u64 = 100;

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

/// A defence, whose it is, and what was known of it.
struct Opened<'p> {
    author: &'p Peer,
    said: Result<Said, Refusal>,
    mark: String,
    known: Known,
    version: Option<Timestamp>,
    key: Verifier,
}

impl<'p> Opened<'p> {
    /// Opens it again, now that nobody else judges a defence of its author.
    fn again(self, ground: &Ground, object: Object<'_>, now: Timestamp) -> anyhow::Result<Opened<'p>> {
        if matches!(self.said, Err(Refusal::Stranger)) {
            return Ok(self);
        }
        let known = Known::of_mark(ground.runtime.block_on(ground.store.mark(&self.mark))?.as_deref());
        let version = known.version(object.id().unwrap_or_default());
        let said = Said::open(object, &self.key, version, now);
        Ok(Opened { said, known, version, ..self })
    }
}

/// Judges a `course-of-action` that a peer handed over, and tells the loop what it means.
///
/// It is its author's word, and believed as its author is, whoever hands it on: a peer that only passes it on is neither
/// trusted nor asked.
pub(super) fn judge(
    ground: &Ground,
    from: &PeerId,
    object: Object<'_>,
    came: &mut Came,
) -> anyhow::Result<()> {
    let (Some(plan), Some(id)) = (ground.plan(), object.id()) else { return Ok(()) };
    let now = Timestamp::now();
    let Some(opened) = opened(ground, &plan, from, object, now)? else { return Ok(()) };
    // What is known of an author's defences is read, judged by and written again: by one at a time.
    let turn = ground.turns.of(&opened.author.id);
    let mut turn = turn.lock().unwrap_or_else(PoisonError::into_inner);
    let opened = opened.again(ground, object, now)?;
    let Opened { author, said, mark, mut known, version, .. } = opened;
    let relay = (author.id != *from).then_some(from);
    let said = match said {
        Ok(said) => said,
        // The same again: it is shown at several places, or a second time.
        Err(Refusal::Replayed(known)) if object.modified() == Some(known) => return Ok(()),
        // Who hands on what another said may be behind.
        Err(Refusal::Replayed(_)) if relay.is_some() => return Ok(()),
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
    if let (Some(relay), Said::Defence(defence)) = (relay, &said)
        && defence.tlp > Tlp::Green
    {
        let marking = defence.tlp.as_str().replace('-', "+").to_uppercase();
        let why = format!("{id}: {relay} hands on what {} marked TLP:{marking}", author.id);
        came.doubt(DoubtKind::Marking, 1, &why);
        return Ok(());
    }
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
            match offer(ground, author, relay, defence, &plan, &mut turn)? {
                Ok(offered) => {
                    // What an earlier version had watched for, and this one does not.
                    if version.is_some() && !(offered.standing && offered.kind == DefenceKind::Detect) {
                        unwatch(ground, author, id, defence.version)?;
                    }
                    tell(&ground.messages, Observed::Offered(Box::new(offered)))?;
                    came.defences += 1;
                }
                Err((kind, why)) => {
                    came.doubt(kind, 1, &format!("{id}: {why}"));
                    // Its author no longer says what the earlier version said.
                    if version.is_some() {
                        unwatch(ground, author, &defence.id, defence.version)?;
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
                unwatch(ground, author, &withdrawal.id, withdrawal.version)?;
                let reason = match withdrawal.reason.as_str() {
                    "" => "its author withdrew it".to_owned(),
                    why => format!("its author withdrew it: {why}"),
                };
                tell(&ground.messages, taken_back(&withdrawal.title, withdrawal.version, reason))?;
            } else if let Some(other) = said_by_another(ground, &plan, &author.id, id)? {
                let why = format!("{id}: it is {other}’s, and {} says that it is taken back", author.id);
                came.doubt(DoubtKind::Forged, 1, &why);
            }
            known.note(id, withdrawal.version, withdrawal.until);
        }
    }
    ground.runtime.block_on(ground.store.put_mark(&mark, &known.to_mark()?))?;
    Ok(())
}

/// Opens what a peer handed over with the key of its author: the peer itself, or else another that the plan names. None
/// if there is nothing in it to be opened, or no key to open it with.
fn opened<'p>(
    ground: &Ground,
    plan: &'p Plan,
    from: &PeerId,
    object: Object<'_>,
    now: Timestamp,
) -> anyhow::Result<Option<Opened<'p>>> {
    let id = object.id().unwrap_or_default();
    let others = plan.peers().filter(|peer| peer.id != *from);
    let mut first = None;
    for author in plan.peer(from).into_iter().chain(others) {
        let Some(Ok(key)) = author.key.as_ref().map(|key| key.parse::<Verifier>()) else { continue };
        let mark = known::mark(author.id.as_str(), id);
        let known = Known::of_mark(ground.runtime.block_on(ground.store.mark(&mark))?.as_deref());
        let version = known.version(id);
        let said = Said::open(object, &key, version, now);
        // Without a signature it is nobody's, unless it is about what somebody said.
        let is_others = match &said {
            Err(Refusal::Forged(_)) => true,
            Err(Refusal::Plain) => version.is_none(),
            _ => false,
        };
        let opened = Opened { author, said, mark, known, version, key };
        if !is_others {
            return Ok(Some(opened));
        }
        first.get_or_insert(opened);
    }
    // Signed by nobody that the plan names: the doubt is about who handed it over.
    Ok(first.map(|first| match first.said {
        Err(Refusal::Forged(_)) => Opened { said: Err(Refusal::Stranger), ..first },
        _ => first,
    }))
}

/// Another author, if there is one, of whom a defence with this id was judged.
fn said_by_another<'p>(
    ground: &Ground,
    plan: &'p Plan,
    author: &PeerId,
    id: &str,
) -> anyhow::Result<Option<&'p PeerId>> {
    for other in plan.peers().filter(|peer| peer.key.is_some() && peer.id != *author) {
        let mark = known::mark(other.id.as_str(), id);
        let mark = ground.runtime.block_on(ground.store.mark(&mark))?;
        if Known::of_mark(mark.as_deref()).version(id).is_some() {
            return Ok(Some(&other.id));
        }
    }
    Ok(None)
}

/// What a defence would have meant; or the doubt that it casts. A detection that the plan lets in is watched for from now
/// on.
fn offer(
    ground: &Ground,
    author: &Peer,
    relay: Option<&PeerId>,
    defence: &Defence,
    plan: &Plan,
    turn: &mut Turn,
) -> anyhow::Result<Result<Offered, (DoubtKind, String)>> {
    let mut offered = Offered {
        peer: author.id.clone(),
        relay: relay.cloned(),
        defence: defence.id.clone(),
        version: defence.version,
        title: defence.title.clone(),
        kind: defence.does.kind(),
        blocks: Vec::new(),
        rehearsed: Rehearsed::default(),
        standing: false,
        note: Text::default(),
    };
    // What takes long is tried so often a day, whoever wants it; a person may try it at any time.
    let takes_long = matches!(defence.does, Does::Detect { .. } | Does::Narrow { .. });
    if takes_long && !turn.take() {
        offered.note = "It was not tried: too many were today.".into();
        return Ok(Ok(offered));
    }
    match &defence.does {
        Does::Block { addresses } => match rehearse(&ground.history, plan, addresses) {
            Ok(rehearsed) => {
                offered.blocks.clone_from(addresses);
                offered.rehearsed = rehearsed;
                offered.standing = author.adopt.contains(&DefenceKind::Block);
            }
            Err(Untried::History(cause)) => return Err(cause.into()),
            Err(untried) => {
                let kind = untried.doubt().unwrap_or(DoubtKind::Malformed);
                return Ok(Err((kind, untried.to_string())));
            }
        },
        Does::Narrow { protocol, verbs, from } => {
            let tried = try_narrow(ground, plan, (*protocol, verbs, *from));
            offered.note = match tried {
                Ok(Narrowed { narrowings, rehearsed, .. }) => {
                    offered.rehearsed = rehearsed;
                    let list: Vec<String> = narrowings.iter().map(ToString::to_string).collect();
                    match list.as_slice() {
                        [] => "No conduit of the plan allows any of it.".into(),
                        list => format!("The plan would no longer allow: {}.", list.join("; ")).into(),
                    }
                }
                Err(cause) => format!("It could not be tried: {cause:#}.").into(),
            };
        }
        Does::Detect { pattern } => {
            let by = format!("bastide, for {}", author.id);
            let reader = ground.runtime.block_on(Reader::open(&ground.directory));
            let hunt = reader.map_err(anyhow::Error::from);
            let hunt = hunt.and_then(|reader| hunt_for(reader, plan, (&defence.title, &by), pattern));
            match hunt {
                Ok(hunt) => {
                    let (searched, found) = (hunt.hunted.searched, hunt.hunted.found);
                    offered.rehearsed.conversations = searched;
                    offered.rehearsed.caught = found;
                    if !hunt.left_out.is_empty() {
                        offered.note = format!("Not looked for or at: {}.", hunt.left_out.join("; ")).into();
                    }
                    // That it was hunted is evidence, and what was found a finding, as with every hunt.
                    tell(&ground.messages, Observed::Hunted(Box::new(hunt.hunted)))?;
                    offered.standing =
                        author.adopt.contains(&DefenceKind::Detect) && found <= MATCHES_UNASKED;
                }
                Err(cause) => offered.note = format!("It could not be hunted for: {cause:#}.").into(),
            }
            if offered.standing {
                watch_for(ground, author, defence)?;
            }
        }
        Does::Procedure { .. } => {}
    }
    Ok(Ok(offered))
}

/// Tries a narrower conduit on the plan in force.
fn try_narrow(
    ground: &Ground,
    plan: &Plan,
    takes: (Protocol, &[Verb], adapt::defence::End),
) -> anyhow::Result<Narrowed> {
    let reader = ground.runtime.block_on(Reader::open(&ground.directory))?;
    let plans = ground.runtime.block_on(past::plans(&reader.log))?;
    let files = plans.last().map(past::files_of).unwrap_or_default();
    let bad = found_bad(&ground.city.read().unwrap_or_else(PoisonError::into_inner));
    narrow_plan(&ground.history, (plan, &files), &bad, takes)
}

fn filed_by(author: &Peer) -> Filing {
    Filing {
        source: author.id.as_str().to_owned(),
        collections: Vec::new(),
        audience: Audience::Groups(BTreeSet::new()),
        unmarked: Unmarked::default(),
    }
}

/// Takes a detection in as an indicator of its author's.
fn watch_for(ground: &Ground, author: &Peer, defence: &Defence) -> anyhow::Result<()> {
    if let Some(indicator) = indicator(defence, false) {
        ground.runtime.block_on(ground.store.add(&[&indicator], &filed_by(author), Timestamp::now()))?;
    }
    Ok(())
}

/// Takes a detection's indicator back, if it was taken in.
fn unwatch(ground: &Ground, author: &Peer, defence: &str, version: Timestamp) -> anyhow::Result<()> {
    let id = defence.replacen("course-of-action--", "indicator--", 1);
    let kept = ground.runtime.block_on(ground.store.object(&id))?;
    let Some(kept) = kept.iter().find(|kept| kept.source == author.id.as_str() && !kept.revoked) else {
        return Ok(());
    };
    let mut indicator: serde_json::Value = serde_json::from_str(&kept.body)?;
    if let Some(map) = indicator.as_object_mut() {
        map.insert("revoked".to_owned(), true.into());
        map.insert("modified".to_owned(), format!("{version:.3}").into());
    }
    ground.runtime.block_on(ground.store.add(&[&indicator], &filed_by(author), Timestamp::now()))?;
    Ok(())
}
