//! What a rehearsal comes to: values that a person is shown, in a terminal or in the console.

use super::{Rehearsal, judging, lines::Lines, uses::Uses, words};
use city::{ConduitId, Contact, ContactId, Impact, Protocol, ServiceId, SupplierId, Text, Verb, ZoneId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How something stands with a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stand {
    /// The plan allows it.
    Allowed,
    /// A firewall would let it pass, but the plan does not allow it: the wire would find it.
    Watched,
    /// A firewall would refuse it, by address and port.
    Refused,
}

/// What is not allowed of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Refusal {
    /// The address and port: a firewall refuses it.
    Port,
    /// The protocol: the port is open, for another.
    Protocol,
    /// The verb, or what it is about.
    Verb,
}

/// One end of a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// What people call it.
    pub name: Text,
    /// Its address; the least of them where several ends outside the city stand together.
    pub address: Text,
    /// How many addresses; 100 stands for at least as many.
    pub addresses: u64,
    /// The declared asset that it is.
    pub asset: Option<Text>,
    /// Its zone in the new plan.
    pub zone: Option<ZoneId>,
    /// The name of the zone.
    pub zone_name: Text,
}

/// Traffic between two ends that stands together: what is refused, or newly possible.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// The same for the same traffic in every rehearsal.
    pub id: Text,
    /// What is not allowed of it.
    pub refusal: Refusal,
    /// Who began.
    pub from: End,
    /// Who was spoken to.
    pub to: End,
    /// The new plan's conduits between the two zones.
    pub conduits: Vec<ConduitId>,
    /// What carried it: `tcp`, `udp`, `icmp`, `ip-47`.
    pub transport: Text,
    /// The port spoken to, where there are ports.
    pub port: Option<u16>,
    /// What was spoken, as far as it was recognised.
    pub protocols: Vec<Protocol>,
    /// What was asked.
    pub verbs: Vec<Verb>,
    /// The same in the protocol's own words; the first few.
    pub functions: Vec<Text>,
    /// Conversations that ended and were answered.
    pub conversations: u64,
    /// Requests that were answered, or needed no answer.
    pub requests: u64,
    /// Conversations and requests that nobody answered, or that were refused by whom they reached.
    pub unanswered: u64,
    /// Whether any of it was answered. What only knocked in vain would not be missed.
    pub ran: bool,
    /// When it was first recorded.
    pub first: Timestamp,
    /// When it was last recorded.
    pub last: Timestamp,
    /// How it stands with the plan that holds now, if there is one.
    pub now: Option<Stand>,
    /// Why, in plain words.
    pub why: Text,
    /// The services that either end supports.
    pub services: Vec<ServiceId>,
    /// The services that cannot run without those.
    pub needed_by: Vec<ServiceId>,
    /// Who makes or runs either end.
    pub suppliers: Vec<SupplierId>,
    /// Whom to ask: the owners of the services, and the suppliers' contacts.
    pub contacts: Vec<ContactId>,
    /// What the plan would have to allow, in its own language. Empty if no conduit can allow it.
    pub allow: Vec<Text>,
}

impl Line {
    /// Whether it is something that the new plan changes: it ran, and the plan of now does not refuse it already.
    #[must_use]
    pub fn is_change(&self) -> bool {
        self.ran && matches!(self.now, None | Some(Stand::Allowed))
    }
}

/// A service that would notice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Noticing {
    /// The service.
    pub service: ServiceId,
    /// Its name.
    pub name: Text,
    /// How much it hurts when it fails.
    pub impact: Impact,
    /// Who answers for it.
    pub owner: Option<ContactId>,
    /// How many lines of traffic that ran would be refused, and are not outside the plan of now.
    pub refused: u64,
    /// How many more of those would be findings.
    pub watched: u64,
    /// How many lines of traffic that ran would be refused or found, and are outside the plan of now too.
    pub outside: u64,
}

/// An allowance of the new plan, and how it was used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Use {
    /// The conduit.
    pub conduit: ConduitId,
    /// The zone that begins.
    pub from: ZoneId,
    /// The zone that is spoken to.
    pub to: ZoneId,
    /// The allowance, as the plan writes it.
    pub allowance: Text,
    /// Whether the plan that holds now has it not.
    pub added: bool,
    /// Conversations that it admitted.
    pub conversations: u64,
    /// Requests that it admitted.
    pub requests: u64,
    /// The verbs of those requests.
    pub verbs: Vec<Verb>,
    /// When it was last used; none if never.
    pub last: Option<Timestamp>,
}

impl Use {
    /// Whether nothing that was recorded needed it.
    #[must_use]
    pub fn is_unused(&self) -> bool {
        self.last.is_none()
    }
}

/// How far what was recorded reaches.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reach {
    /// The time of the first record.
    pub first: Option<Timestamp>,
    /// The time of the last record.
    pub last: Option<Timestamp>,
    /// Conversations that ended.
    pub conversations: u64,
    /// Requests.
    pub requests: u64,
    /// Records read: long conversations are told of again and again.
    pub records: u64,
    /// How many kinds of conversation and request were told apart, and judged.
    pub kinds: u64,
    /// Records that were not judged, because there were more kinds than are told apart.
    pub left_out: u64,
    /// Records of what is refused or newly possible that stand in no line, because there were too many lines.
    pub unlisted: u64,
    /// Records of conversations that had not said what they are, on a way where a protocol may be allowed.
    pub undecided: u64,
}

/// What a new plan would have meant for what was recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The answer in a sentence.
    pub headline: String,
    /// How far what was recorded reaches.
    pub reach: Reach,
    /// What a firewall would refuse, by address and port.
    pub refused: Vec<Line>,
    /// What a firewall would let pass, and the wire would find: protocols and verbs that the plan does not allow.
    pub watched: Vec<Line>,
    /// What the plan of now does not allow, and the new one does.
    pub opened: Vec<Line>,
    /// Every allowance of the new plan, and how it was used.
    pub allowances: Vec<Use>,
    /// The services at the ends of what ran and would be refused or found, those that would notice a change first, the
    /// gravest of them first.
    pub services: Vec<Noticing>,
    /// The people named in the lines.
    pub contacts: Vec<Contact>,
}

impl Answer {
    /// Whether anything that ran would be refused, or be a finding.
    #[must_use]
    pub fn would_refuse(&self) -> bool {
        self.refused.iter().chain(&self.watched).any(|line| line.ran)
    }

    /// The allowances that nothing needed.
    pub fn unused(&self) -> impl Iterator<Item = &Use> {
        self.allowances.iter().filter(|allowance| allowance.is_unused())
    }
}

/// Judges every kind once, and gathers what is alike to people.
pub(super) fn answer(rehearsal: Rehearsal<'_>) -> Answer {
    let Rehearsal { old, new, conversations, requests, .. } = rehearsal;
    let (conversations, mut left_out) = conversations.into_sorted();
    let (requests, left_out_requests) = requests.into_sorted();
    left_out.add(left_out_requests);
    let mut span = left_out;
    let mut reach = Reach {
        kinds: (conversations.len() + requests.len()) as u64,
        left_out: left_out.records,
        ..Reach::default()
    };
    let mut uses = Uses::new(old, new);
    let mut lines = Lines::new(old, new);
    // What was answered first: it must not want for room because of what knocked in vain.
    for answered in [true, false] {
        for (spoken, times) in conversations.iter().filter(|(spoken, _)| spoken.answered == answered) {
            let stand = judging::conversation(new, spoken);
            let was = old.map(|old| judging::conversation(old, spoken));
            lines.conversation(spoken, *times, stand, was);
            if answered {
                uses.conversation(spoken, *times);
            }
            if !spoken.ended && spoken.protocol.is_none() && stand == Stand::Allowed {
                reach.undecided += times.records;
            }
            reach.conversations += times.count;
            span.add(*times);
        }
        for (asked, times) in requests.iter().filter(|(asked, _)| asked.answered == answered) {
            let stand = judging::request(new, asked);
            let was = old.map(|old| judging::request(old, asked));
            lines.request(asked, *times, stand, was);
            if answered {
                uses.request(asked, *times);
            }
            reach.requests += times.count;
            span.add(*times);
        }
    }
    reach.records = span.records;
    (reach.first, reach.last) = span.span().unzip();
    let told = lines.tell();
    reach.unlisted = told.unlisted;
    let mut answer = Answer {
        headline: String::new(),
        reach,
        refused: told.refused,
        watched: told.watched,
        opened: told.opened,
        allowances: uses.tell(),
        services: told.services,
        contacts: told.contacts,
    };
    answer.headline = words::headline(&answer);
    answer
}
