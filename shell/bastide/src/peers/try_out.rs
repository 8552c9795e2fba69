//! Another city's block, tried on what was recorded here.

use adapt::{
    defence::redact::is_private,
    intel::watch::{self, Watched},
};
use city::{Address, DoubtKind, Flow, Observation, Observed, Rehearsed};
use defend::block::{Trial, Unblockable};
use jiff::Timestamp;
use plan::Plan;
use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    ops::ControlFlow,
    sync::Arc,
};
use store::{Addresses, Condition, History, HistoryError, Question, Table, Texts};

/// The most conversations that are held against a block one by one; a block that bears on more is not tried to the end.
const CONVERSATIONS_MAX: usize = 200_000;

/// Why a block was not tried.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Untried {
    /// It names what nobody may block.
    #[error("{0}")]
    Unblockable(#[from] Unblockable),
    /// It names an address that is nobody's in particular.
    #[error("{0} is an address of private networks")]
    Private(IpAddr),
    /// It names what everybody uses.
    #[error("{0} is what everybody uses, such as a public resolver: to block it would harm the city itself")]
    WellKnown(IpAddr),
    /// It bears on too much.
    #[error("it bears on more than {CONVERSATIONS_MAX} recorded conversations")]
    TooMuch,
    /// What was recorded could not be read.
    #[error(transparent)]
    History(#[from] HistoryError),
}

impl Untried {
    /// What kind of doubt it casts on whoever sent it; none if the fault is ours.
    pub(super) fn doubt(&self) -> Option<DoubtKind> {
        match self {
            Untried::Unblockable(Unblockable::Inside(_) | Unblockable::Declared(_)) => {
                Some(DoubtKind::OwnAddress)
            }
            Untried::Unblockable(Unblockable::NoStation(_)) | Untried::Private(_) => {
                Some(DoubtKind::NobodysAddress)
            }
            Untried::WellKnown(_) => Some(DoubtKind::WellKnown),
            Untried::TooMuch => Some(DoubtKind::TooBroad),
            Untried::History(_) => None,
        }
    }
}

/// Tries a block on everything that was recorded: conversations, and requests of those that are not over yet.
pub(crate) fn rehearse(history: &History, plan: &Plan, addresses: &[IpAddr]) -> Result<Rehearsed, Untried> {
    let mut trial = Trial::new(plan, addresses)?;
    if let Some(private) = addresses.iter().find(|address| is_private(**address)) {
        return Err(Untried::Private(*private));
    }
    let doubts = watch::Ground::of(Some(plan));
    let is_everybodys = |address: &&IpAddr| {
        doubts.doubt(&Watched::Address(address.to_canonical()), "") == Some(DoubtKind::WellKnown)
    };
    if let Some(known) = addresses.iter().find(is_everybodys) {
        return Err(Untried::WellKnown(*known));
    }
    let (conversations, recorded) = seen(history, Table::Conversations, addresses)?;
    let (requests, _) = seen(history, Table::Requests, addresses)?;
    let told: BTreeSet<Flow> = conversations.keys().map(|(_, flow)| *flow).collect();
    for (_, spoke, flow) in conversations.values() {
        trial.see(flow, *spoke);
    }
    for ((_, which), (_, spoke, flow)) in &requests {
        if !told.contains(which) {
            trial.see(flow, *spoke);
        }
    }
    Ok(Rehearsed { conversations: recorded, ..trial.answer() })
}

/// Conversations by when they began and between whom: whether it had ended, whether anything was said, and in what.
type Seen = BTreeMap<(Timestamp, Flow), (bool, bool, Flow)>;

/// What a table holds of some addresses, each conversation once, and how many rows it has at all.
fn seen(history: &History, table: Table, addresses: &[IpAddr]) -> Result<(Seen, u64), Untried> {
    let named = addresses.iter().map(|address| Address::Ip(address.to_canonical()));
    let texts = Texts::Addresses(Arc::new(Addresses::new(named, [])));
    let end = |column| Condition::Text { column, texts: texts.clone() };
    let condition = Condition::Any(vec![end("source"), end("destination")]);
    let question = Question { condition, ..Question::new(table, usize::MAX) };
    let fold = |seen: &mut Seen, row: Observation| {
        let (start, told) = match row.fact {
            Observed::Conversation(one) => {
                (one.start, (one.ended, one.bytes_in + one.bytes_out > 0, one.flow))
            }
            // Of one conversation there may be many.
            Observed::Request(one) => (Timestamp::UNIX_EPOCH, (false, true, one.conversation())),
            _ => return ControlFlow::Continue(()),
        };
        keep(seen, (start, Flow { protocol: None, ..told.2 }), told);
        if seen.len() > CONVERSATIONS_MAX { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let (parts, looked) = history.search(&question, crate::reading::cores(), Seen::new, fold)?;
    if looked.stopped {
        return Err(Untried::TooMuch);
    }
    let mut all = Seen::new();
    for (which, told) in parts.into_iter().flatten() {
        keep(&mut all, which, told);
    }
    Ok((all, looked.rows))
}

/// One that goes on is told of several times, the last time with everything.
fn keep(seen: &mut Seen, which: (Timestamp, Flow), told: (bool, bool, Flow)) {
    let kept = seen.entry(which).or_insert(told);
    *kept = told.max(*kept);
}
