//! Rehearsals: what a plan would have meant for what was recorded, and what people chose about it.

use crate::{
    rehearsal::{Choice, Outcome, Rehearsals, Rehearsed, Running, Subject},
    view::Named,
};
use ::city::{ContactId, Impact};
use defend::rehearsal::{self, Answer, Refusal, Stand};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The rehearsal that runs, and the last one that ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RehearsalView {
    /// The one that runs, if one does.
    pub running: Option<RunningView>,
    /// The last one that ended; none since Bastide began.
    pub last: Option<RehearsedView>,
}

/// A rehearsal that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RunningView {
    /// Who asked for it.
    pub by: String,
    /// When it began.
    pub began: Timestamp,
    /// How many days back from the last record it looks.
    pub since_days: u32,
}

/// A rehearsal that ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RehearsedView {
    /// Who asked for it, and when.
    #[serde(flatten)]
    pub asked: RunningView,
    /// When it ended.
    pub ended: Timestamp,
    /// Which plan was rehearsed: `folder`, the text as it stood in the plan's folder, or `adopted`, the plan of now.
    pub plan: &'static str,
    /// The version that the plan would be if it were adopted.
    pub version: Option<String>,
    /// Why it came to nothing, if it did.
    pub failure: Option<String>,
    /// What it came to.
    pub answer: Option<AnswerView>,
}

/// What a rehearsal came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct AnswerView {
    /// The answer in a sentence.
    pub headline: String,
    /// The time of the first record.
    pub first: Option<Timestamp>,
    /// The time of the last record.
    pub last: Option<Timestamp>,
    /// Conversations that ended.
    pub conversations: u64,
    /// Requests.
    pub requests: u64,
    /// Records that were not judged, because there were more kinds of traffic than are told apart.
    pub left_out: u64,
    /// Records that stand in no line, because there were too many lines.
    pub unlisted: u64,
    /// Records of conversations that go on and have not said yet what they are.
    pub undecided: u64,
    /// What of history could not be read.
    pub unread: Vec<String>,
    /// The services at the ends of what ran and would be refused or found, those that would notice first.
    pub services: Vec<NoticingView>,
    /// What a firewall would refuse, by address and port.
    pub refused: Vec<LineView>,
    /// What a firewall would let pass, and the wire would find.
    pub watched: Vec<LineView>,
    /// What the plan of now does not allow, and the one rehearsed does.
    pub opened: Vec<LineView>,
    /// Allowances that nothing needed.
    pub unused: Vec<UnusedView>,
}

/// A service that would notice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct NoticingView {
    /// The service.
    pub service: Named,
    /// `low`, `medium`, `high` or `critical`.
    pub impact: &'static str,
    /// Who answers for it.
    pub owner: Option<String>,
    /// Their telephone number.
    pub telephone: Option<String>,
    /// Lines of traffic that ran, that the plan of now does not refuse, and that would be refused.
    pub refused: u64,
    /// How many more of those would be findings.
    pub watched: u64,
    /// Lines of traffic that are outside the plan of now too.
    pub outside: u64,
}

/// One end of a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LineEndView {
    /// What people call it.
    pub name: String,
    /// Its address; the least of them where several ends outside the city stand together.
    pub address: String,
    /// How many addresses; 100 stands for at least as many.
    pub addresses: u64,
    /// The declared asset that it is.
    pub asset: Option<String>,
    /// Its zone in the plan rehearsed.
    pub zone: Option<Named>,
}

/// Traffic between two ends that stands together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LineView {
    /// The same for the same traffic in every rehearsal.
    pub id: String,
    /// What is not allowed of it: `port`, `protocol` or `verb`.
    pub refusal: &'static str,
    /// Who began.
    pub from: LineEndView,
    /// Who was spoken to.
    pub to: LineEndView,
    /// The conduits between the two zones.
    pub conduits: Vec<String>,
    /// What carried it.
    pub transport: String,
    /// The port spoken to, where there are ports.
    pub port: Option<u16>,
    /// What was spoken, as far as it was recognised.
    pub protocols: Vec<&'static str>,
    /// What was asked.
    pub verbs: Vec<&'static str>,
    /// Conversations that ended and were answered.
    pub conversations: u64,
    /// Requests that were answered, or needed no answer.
    pub requests: u64,
    /// What nobody answered.
    pub unanswered: u64,
    /// Whether any of it was answered.
    pub ran: bool,
    /// Whether the plan of now allows it, so that the plan rehearsed changes it.
    pub change: bool,
    /// When it was first recorded.
    pub first: Timestamp,
    /// When it was last recorded.
    pub last: Timestamp,
    /// How it stands with the plan of now, if there is one: `allowed`, `watched` or `refused`.
    pub now: Option<&'static str>,
    /// Why, in plain words.
    pub why: String,
    /// The services that either end supports.
    pub services: Vec<Named>,
    /// Who makes or runs either end.
    pub suppliers: Vec<Named>,
    /// What the plan would have to allow. Empty if no conduit can allow it.
    pub allow: Vec<String>,
    /// What was chosen about it: `accepted`, it shall be refused, or `amended`, the plan should allow it.
    pub choice: Option<&'static str>,
}

/// An allowance that nothing needed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct UnusedView {
    /// The conduit.
    pub conduit: String,
    /// The zone that begins.
    pub from: Named,
    /// The zone that is spoken to.
    pub to: Named,
    /// The allowance, as the plan writes it.
    pub allowance: String,
    /// Whether the plan of now has it not.
    pub added: bool,
}

/// What to rehearse.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub struct RehearseSaid {
    /// How many days back from the last record to look.
    pub since_days: u32,
}

impl LineView {
    /// Where it was spoken to: `tcp/502`.
    pub(crate) fn carrier(&self) -> String {
        self.port.map_or_else(|| self.transport.clone(), |port| format!("{}/{port}", self.transport))
    }

    /// What was spoken, and what was asked.
    pub(crate) fn what(&self) -> String {
        match (self.protocols.is_empty(), self.verbs.is_empty()) {
            (true, _) => "not recognised".to_owned(),
            (false, true) => self.protocols.join(", "),
            (false, false) => format!("{}: {}", self.protocols.join(", "), self.verbs.join(", ")),
        }
    }

    /// How often.
    pub(crate) fn times(&self) -> String {
        use crate::words::counted;
        let parts: Vec<String> = [
            (self.conversations, "conversation", "conversations"),
            (self.requests, "request", "requests"),
            (self.unanswered, "attempt without an answer", "attempts without an answer"),
        ]
        .into_iter()
        .filter(|(count, ..)| *count > 0)
        .map(|(count, one, many)| counted(count, one, many))
        .collect();
        if parts.is_empty() { "it goes on".to_owned() } else { parts.join(", ") }
    }

    /// What happens to it if it is accepted.
    pub(crate) fn fate(&self) -> &'static str {
        if self.refusal == "port" { "refused" } else { "found" }
    }

    /// Whether a conduit can allow it.
    pub(crate) fn may_be_amended(&self) -> bool {
        self.from.zone.is_some() && self.to.zone.is_some() && !self.allow.is_empty()
    }
}

/// The rehearsal that runs, and the last one that ended.
pub(crate) fn rehearsal(rehearsals: &Rehearsals) -> RehearsalView {
    let (running, last) = rehearsals.now();
    RehearsalView {
        running: running.as_ref().map(RunningView::from),
        last: last.as_ref().map(RehearsedView::from),
    }
}

impl From<&Running> for RunningView {
    fn from(running: &Running) -> RunningView {
        RunningView { by: running.by.clone(), began: running.began, since_days: running.since_days }
    }
}

impl From<&Rehearsed> for RehearsedView {
    fn from(rehearsed: &Rehearsed) -> RehearsedView {
        let outcome = rehearsed.outcome.as_ref().as_ref();
        RehearsedView {
            asked: RunningView::from(&rehearsed.asked),
            ended: rehearsed.ended,
            plan: if rehearsed.subject.is_adopted { "adopted" } else { "folder" },
            version: rehearsed.subject.version.clone(),
            failure: outcome.err().cloned(),
            answer: outcome.ok().map(|outcome| answer(rehearsed, outcome)),
        }
    }
}

fn answer(rehearsed: &Rehearsed, outcome: &Outcome) -> AnswerView {
    let Outcome { answer, unread } = outcome;
    let subject = rehearsed.subject.as_ref();
    let line = |line: &rehearsal::Line| line_view(subject, line, rehearsed.choices.get(line.id.as_str()));
    AnswerView {
        headline: answer.headline.clone(),
        first: answer.reach.first,
        last: answer.reach.last,
        conversations: answer.reach.conversations,
        requests: answer.reach.requests,
        left_out: answer.reach.left_out,
        unlisted: answer.reach.unlisted,
        undecided: answer.reach.undecided,
        unread: unread.clone(),
        services: answer.services.iter().map(|service| noticing(answer, service)).collect(),
        refused: answer.refused.iter().map(line).collect(),
        watched: answer.watched.iter().map(line).collect(),
        opened: answer.opened.iter().map(line).collect(),
        unused: answer
            .unused()
            .map(|unused| UnusedView {
                conduit: unused.conduit.to_string(),
                from: subject.zone(&unused.from),
                to: subject.zone(&unused.to),
                allowance: unused.allowance.to_string(),
                added: unused.added,
            })
            .collect(),
    }
}

fn noticing(answer: &Answer, service: &rehearsal::Noticing) -> NoticingView {
    let contact = |id: &ContactId| answer.contacts.iter().find(|contact| contact.id == *id);
    let owner = service.owner.as_ref().and_then(contact);
    NoticingView {
        service: Named::new(&service.service, Some(&service.name)),
        impact: match service.impact {
            Impact::Low => "low",
            Impact::Medium => "medium",
            Impact::High => "high",
            Impact::Critical => "critical",
        },
        owner: owner.map(|owner| owner.name.to_string()),
        telephone: owner.and_then(|owner| owner.telephone.as_ref()).map(ToString::to_string),
        refused: service.refused,
        watched: service.watched,
        outside: service.outside,
    }
}

fn line_view(subject: &Subject, line: &rehearsal::Line, choice: Option<&Choice>) -> LineView {
    let protocols: BTreeSet<&'static str> = line.protocols.iter().map(|p| p.title()).collect();
    LineView {
        id: line.id.to_string(),
        refusal: match line.refusal {
            Refusal::Port => "port",
            Refusal::Protocol => "protocol",
            Refusal::Verb => "verb",
        },
        from: end(&line.from),
        to: end(&line.to),
        conduits: line.conduits.iter().map(ToString::to_string).collect(),
        transport: line.transport.to_string(),
        port: line.port,
        protocols: protocols.into_iter().collect(),
        verbs: line.verbs.iter().map(|verb| verb.as_str()).collect(),
        conversations: line.conversations,
        requests: line.requests,
        unanswered: line.unanswered,
        ran: line.ran,
        change: line.is_change(),
        first: line.first,
        last: line.last,
        now: line.now.map(|stand| match stand {
            Stand::Allowed => "allowed",
            Stand::Watched => "watched",
            Stand::Refused => "refused",
        }),
        why: line.why.to_string(),
        services: line.services.iter().map(|id| subject.service(id)).collect(),
        suppliers: line.suppliers.iter().map(|id| subject.supplier(id)).collect(),
        allow: line.allow.iter().map(ToString::to_string).collect(),
        choice: choice.map(|choice| match choice {
            Choice::Accept => "accepted",
            Choice::Amend => "amended",
        }),
    }
}

fn end(end: &rehearsal::End) -> LineEndView {
    LineEndView {
        name: end.name.to_string(),
        address: end.address.to_string(),
        addresses: end.addresses,
        asset: end.asset.as_ref().map(ToString::to_string),
        zone: end.zone.as_ref().map(|id| Named { id: id.to_string(), name: end.zone_name.to_string() }),
    }
}
