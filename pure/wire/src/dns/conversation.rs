//! From messages to observations.

use super::message::{Class, Data, Header, Kind, Message, Opcode, Question, Rcode, Record};
use super::parse::{parse_header, parse_message};
use super::{is_readable, multicast};
use crate::dialogue::{Asked, Dialogue, Out, Progress, Side};
use crate::flow::Ends;
use crate::show::{VALUE_BYTES_MAX, hexadecimal, listed, seconds};
use crate::unanswered::{Question as Asks, Unanswered};
use city::{Address, Details, Reply, Target, Text, Trait, Verb};
use compact_str::{CompactString, ToCompactString};
use jiff::{SignedDuration, Timestamp};
use smallvec::SmallVec;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The most questions of one conversation that wait for their replies.
const PENDING_MAX: usize = 128;

/// How long a question waits. Resolvers give up after 5 seconds or ask again (RFC 1035 clause 7.2 leaves it open).
const WAIT: SignedDuration = SignedDuration::from_secs(10);

/// The most names for addresses that are taken from one message.
const NAMES_MAX: usize = 32;

/// The most records of a section that are put into details.
const DETAILED_MAX: usize = 256;

/// Two ends that ask and answer.
#[derive(Debug)]
pub struct Conversation {
    multicast: bool,
    /// Messages that ask, by transaction.
    pending: Unanswered<u16, PENDING_MAX, Pending>,
    /// The transaction whose zone is being transferred, in one message after another (RFC 5936 clause 2.2).
    transfer: Option<u16>,
    /// How many messages there were.
    messages: u32,
    /// Whether the answerer has been called a name server.
    introduced: bool,
    /// After a gap: which side's next message has still to be found.
    searching: Ends<bool>,
}

/// A message that asks, until it is answered.
#[derive(Debug)]
struct Pending {
    side: Side,
    /// When it was seen; nothing, if only the reply was.
    asked: Option<Timestamp>,
    /// Which message of the conversation it is, from 0.
    number: u32,
    header: Header,
    questions: SmallVec<[Question; 1]>,
    /// What an update or a notification brings.
    value: Option<Text>,
    /// The record that extends the question's header (RFC 6891), if details are wanted.
    extension: Option<Extension>,
}

/// The number in place of a time to live, and the options.
type Extension = (u32, Text);

fn extension(message: &Message) -> Option<Extension> {
    let record = message.additional.iter().find(|record| record.kind == Kind::OPT)?;
    Some((record.ttl, record.data.to_compact_string()))
}

fn put_extension(details: &mut Details, keys: [&'static str; 2], extension: Option<Extension>) {
    if let Some((ttl, data)) = extension {
        let [ttl_key, data_key] = keys;
        details.push((Text::const_new(ttl_key), ttl.to_compact_string()));
        details.push((Text::const_new(data_key), data));
    }
}

impl Conversation {
    /// At the beginning; of multicast DNS or not.
    pub fn new(multicast: bool) -> Conversation {
        Conversation {
            multicast,
            pending: Unanswered::default(),
            transfer: None,
            messages: 0,
            introduced: false,
            searching: Ends::default(),
        }
    }

    fn message(&mut self, side: Side, message: &Message, out: &mut Out<'_>) {
        self.pending.give_up(WAIT, out);
        if out.wants_logs() {
            let odd = message.answers.iter().filter_map(|record| record.odd);
            odd.for_each(|name| out.weird("DNS", name, ""));
        }
        let number = self.messages;
        self.messages = self.messages.saturating_add(1);
        if self.multicast {
            multicast_message(side, message, out);
        } else if message.header.is_response() {
            self.reply(side, message, number, out);
        } else {
            self.ask(side, message, number, out);
        }
    }

    fn ask(&mut self, side: Side, message: &Message, number: u32, out: &mut Out<'_>) {
        let mut pending = Pending::new(side, message, Some(out.time), number);
        pending.extension = if out.wants_events() { extension(message) } else { None };
        if out.address(side.other()).is_station() {
            self.pending.add(side, message.header.id, pending, out);
        } else {
            // Link-local multicast name resolution: whoever knows replies in a conversation of its own.
            pending.answered(Reply::NotExpected, None, out);
        }
    }

    fn reply(&mut self, side: Side, message: &Message, number: u32, out: &mut Out<'_>) {
        if !self.introduced && message.header.opcode() == Opcode::QUERY {
            self.introduced = true;
            out.identity(side, Trait::Role, "name server", "reply", 60);
        }
        name_addresses(message, out);
        let asked = self.pending.iter().position(|waiting| waiting.asked.is_answered_by(side, message));
        let pending = match asked.and_then(|at| self.pending.remove(at)) {
            Some(waiting) => waiting.asked,
            None if self.transfer == Some(message.header.id) => return,
            // The question was not seen.
            None => Pending::new(side.other(), message, None, number),
        };
        if pending.questions.iter().any(|question| matches!(question.kind, Kind::AXFR | Kind::IXFR)) {
            self.transfer = Some(message.header.id);
        }
        let reply = match message.rcode() {
            Rcode(0) => Reply::Done,
            refused => Reply::Refused(refused.to_compact_string()),
        };
        pending.answered(reply, Some((message, number)), out);
    }

    /// Whether the next message of a stream may begin here.
    fn begins(bytes: &[u8]) -> bool {
        match bytes.split_first_chunk::<2>() {
            Some((length, rest)) => {
                usize::from(u16::from_be_bytes(*length)) >= Header::LENGTH
                    && parse_header(rest).is_none_or(|header| header.opcode().name().is_some())
            }
            None => true,
        }
    }
}

impl Dialogue for Conversation {
    fn datagram(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) -> bool {
        match parse_message(bytes) {
            Some(message) if is_readable(&message) => {
                self.message(side, &message, out);
                true
            }
            _ => false,
        }
    }

    fn stream(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) -> Progress {
        let searching = self.searching.of_mut(side);
        if *searching && !Conversation::begins(bytes) {
            return Progress::Used(bytes.len());
        }
        *searching = false;
        let mut rest = bytes;
        // RFC 1035 clause 4.2.2: every message has its length before it.
        while let Some((length, behind)) = rest.split_first_chunk::<2>() {
            if !Conversation::begins(rest) {
                return Progress::Lost;
            }
            let length = usize::from(u16::from_be_bytes(*length));
            let Some((message, behind)) = behind.split_at_checked(length) else { break };
            match parse_message(message) {
                Some(message) if is_readable(&message) => self.message(side, &message, out),
                _ => return Progress::Lost,
            }
            rest = behind;
        }
        Progress::Used(bytes.len() - rest.len())
    }

    fn gap(&mut self, side: Side, _missing: u64, _out: &mut Out<'_>) {
        *self.searching.of_mut(side) = true;
    }

    fn end(&mut self, out: &mut Out<'_>) {
        self.pending.end(out);
    }
}

impl Asks for Pending {
    fn weight(&self) -> usize {
        let value = self.value.as_ref().map_or(0, |value| value.len());
        let extension = self.extension.as_ref().map_or(0, |(_, options)| options.len());
        let questions = self.questions.iter().map(|question| size_of::<Question>() + question.name.len());
        value + extension + questions.sum::<usize>()
    }

    fn tell(self, _asker: Side, out: &mut Out<'_>) {
        self.answered(Reply::Missing, None, out);
    }
}

impl Pending {
    fn new(side: Side, message: &Message, asked: Option<Timestamp>, number: u32) -> Pending {
        let value = match message.header.opcode() {
            // RFC 2136 clause 2.2: the changes stand where answers have their authority.
            Opcode::UPDATE => shown(&message.authority),
            Opcode::NOTIFY => shown(&message.answers),
            _ => None,
        };
        let questions = message.questions.clone();
        Pending { side, asked, number, header: message.header, questions, value, extension: None }
    }

    /// Whether a message of a side answers this: the identifier is returned, and so is the question.
    fn is_answered_by(&self, side: Side, reply: &Message) -> bool {
        self.side != side
            && self.header.id == reply.header.id
            && (reply.questions.is_empty()
                || self.questions.is_empty()
                || self.questions.iter().zip(&reply.questions).all(|(asked, returned)| {
                    asked.kind == returned.kind && asked.name.eq_ignore_ascii_case(&returned.name)
                }))
    }

    /// Tells of every question of the message.
    fn answered(self, reply: Reply, answer: Option<(&Message, u32)>, out: &mut Out<'_>) {
        let header = answer.map_or(self.header, |(message, _)| message.header);
        let questions =
            if self.questions.is_empty() { vec![None] } else { self.questions.iter().map(Some).collect() };
        let parts = questions.len();
        for (part, question) in questions.into_iter().enumerate() {
            let (verb, function) = act(self.header.opcode(), question.map(|question| question.kind));
            let mut details = Details::new();
            if out.wants_details() {
                details.reserve(32);
                put_header(&mut details, self.asked, header, question);
                if self.asked.is_some() {
                    details.push(("question-flags".into(), hexadecimal(&self.header.flags.to_be_bytes(), 4)));
                }
                put_part(&mut details, part, parts);
                if let Some((answer, _)) = answer {
                    put_reply(&mut details, answer);
                }
                if out.wants_events() {
                    if self.asked.is_some() {
                        details.push(("question-number".into(), self.number.to_compact_string()));
                    }
                    put_extension(
                        &mut details,
                        ["question-edns-ttl", "question-edns"],
                        self.extension.clone(),
                    );
                    if let Some((answer, number)) = answer {
                        details.push(("reply-number".into(), number.to_compact_string()));
                        put_extension(&mut details, ["edns-ttl", "edns"], extension(answer));
                    }
                }
            }
            let value =
                self.value.clone().or_else(|| answer.and_then(|(message, _)| shown(&message.answers)));
            let verb = if out.address(self.side.other()).is_station() || verb != Verb::Read {
                verb
            } else {
                Verb::Discover
            };
            let target = question.map(target).unwrap_or_default();
            out.request(self.side, Asked { verb, function, target, value, reply: reply.clone(), details });
        }
    }
}

/// The verb and the function of an operation.
fn act(opcode: Opcode, kind: Option<Kind>) -> (Verb, Text) {
    let verb = match opcode {
        Opcode::NOTIFY => Verb::Publish,
        Opcode::QUERY if matches!(kind, Some(Kind::AXFR | Kind::IXFR)) => Verb::Transfer,
        Opcode::QUERY => Verb::Read,
        Opcode::UPDATE => Verb::Configure,
        _ => Verb::Discover,
    };
    (verb, lower(&opcode.to_compact_string()))
}

fn lower(text: &str) -> Text {
    let mut text = Text::from(text);
    text.make_ascii_lowercase();
    text
}

fn target(question: &Question) -> Target {
    Target { kind: lower(&question.kind.text()), name: lower(&question.name), ..Target::default() }
}

fn shown(records: &[Record]) -> Option<Text> {
    (!records.is_empty()).then(|| listed(records.iter().map(Shown), VALUE_BYTES_MAX))
}

/// A record as one item of a value: its data, or its name where there is none, as in a deletion.
struct Shown<'a>(&'a Record);

impl std::fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0.data {
            Data::Empty => f.write_str(&self.0.name),
            data => data.fmt(f),
        }
    }
}

/// Multicast DNS: who asks does not wait for an answer from anyone in particular, and who announces was often not
/// asked (RFC 6762 clauses 6 and 8.3), so that every message stands for itself.
fn multicast_message(side: Side, message: &Message, out: &mut Out<'_>) {
    let header = message.header;
    if header.is_response() {
        multicast::introduce(side, message, out);
        let mut details = Details::new();
        if out.wants_details() {
            put_header(&mut details, None, header, message.questions.first());
            put_reply(&mut details, message);
        }
        if out.wants_events() {
            put_extension(&mut details, ["edns-ttl", "edns"], extension(message));
        }
        let target = match (message.answers.first(), message.questions.first()) {
            (Some(answer), _) => Target {
                kind: lower(&answer.kind.to_compact_string()),
                name: lower(&answer.name),
                ..Target::default()
            },
            (None, Some(question)) => target(question),
            (None, None) => Target::default(),
        };
        let value = shown(&message.answers);
        let function = CompactString::const_new("announce");
        out.request(
            side,
            Asked { verb: Verb::Publish, function, target, value, reply: Reply::NotExpected, details },
        );
    } else {
        for (part, question) in message.questions.iter().enumerate() {
            let mut details = Details::new();
            if out.wants_details() {
                details.reserve(32);
                put_header(&mut details, Some(out.time), header, Some(question));
                details.push(("question-flags".into(), hexadecimal(&header.flags.to_be_bytes(), 4)));
                put_part(&mut details, part, message.questions.len());
                if part == 0 {
                    // Of a probe: what it is about to claim (RFC 6762 clause 8.2).
                    put_records(&mut details, AUTHORITY, &message.authority);
                    put_records(&mut details, ADDITIONAL, &message.additional);
                    put_extension(&mut details, ["edns-ttl", "edns"], extension(message));
                }
            }
            let (target, function) = (target(question), CompactString::const_new("query"));
            out.request(
                side,
                Asked {
                    verb: Verb::Discover,
                    function,
                    target,
                    value: None,
                    reply: Reply::NotExpected,
                    details,
                },
            );
        }
    }
}

/// The names that a reply gives to addresses.
fn name_addresses(message: &Message, out: &mut Out<'_>) {
    for record in message.answers.iter().take(NAMES_MAX) {
        match &record.data {
            Data::Address(address) => {
                let field = if address.is_ipv4() { "A" } else { "AAAA" };
                out.identity_of((*address).into(), Trait::Name, &lower(&record.name), field, 60);
            }
            Data::Name(name) if record.kind == Kind::PTR => {
                if let Some(address) = reverse(&record.name) {
                    out.identity_of(address, Trait::Name, &lower(name), "PTR", 60);
                }
            }
            _ => {}
        }
    }
}

/// The address of which a name is the reverse (RFC 1035 clause 3.5, RFC 3596 clause 2.5).
fn reverse(name: &str) -> Option<Address> {
    let name = lower(name);
    if let Some(octets) = name.strip_suffix(".in-addr.arpa") {
        let mut address = [0; 4];
        let mut labels = octets.split('.');
        for octet in address.iter_mut().rev() {
            *octet = labels.next()?.parse().ok()?;
        }
        return labels.next().is_none().then(|| IpAddr::from(Ipv4Addr::from(address)).into());
    }
    let nibbles = name.strip_suffix(".ip6.arpa")?;
    let mut address = 0_u128;
    let mut count = 0;
    for label in nibbles.split('.').rev() {
        let nibble = u128::from_str_radix(label, 16).ok().filter(|_| label.len() == 1 && count < 32)?;
        address = address << 4 | nibble;
        count += 1;
    }
    (count == 32).then(|| IpAddr::from(Ipv6Addr::from(address)).into())
}

fn put_header(details: &mut Details, asked: Option<Timestamp>, header: Header, question: Option<&Question>) {
    let mut put = |key: &'static str, value: Text| details.push((Text::const_new(key), value));
    if let Some(asked) = asked {
        put("asked", seconds(asked));
    }
    put("id", header.id.to_compact_string());
    put("opcode", header.opcode().text());
    if let Some(question) = question {
        let class: Class = question.class;
        put("query", question.name.clone());
        put("qtype", question.kind.0.to_compact_string());
        put("qtype-name", question.kind.text());
        put("qclass", class.0.to_compact_string());
        put("qclass-name", class.without_multicast_bit().text());
    }
    put("flags", hexadecimal(&header.flags.to_be_bytes(), 4));
    put("aa", header.authoritative().to_compact_string());
    put("tc", header.truncated().to_compact_string());
    put("rd", header.recursion_desired().to_compact_string());
    put("ra", header.recursion_available().to_compact_string());
    put("z", header.reserved().to_compact_string());
}

/// Of several questions in one message, which one it is, from 1.
fn put_part(details: &mut Details, part: usize, parts: usize) {
    if parts > 1 {
        details.push(("part".into(), (part + 1).to_compact_string()));
        details.push(("parts".into(), parts.to_compact_string()));
    }
}

/// The names of a section's details: how many, and of each record the name, the type, the time to live and the data.
type Section = [&'static str; 5];
const ANSWER: Section = ["answer-count", "answer-name", "answer-type", "answer-ttl", "answer"];
const AUTHORITY: Section =
    ["authority-count", "authority-name", "authority-type", "authority-ttl", "authority"];
const ADDITIONAL: Section =
    ["additional-count", "additional-name", "additional-type", "additional-ttl", "additional"];

fn put_records(details: &mut Details, section: Section, records: &[Record]) {
    let [_, name, kind, ttl, data] = section;
    let mut put = |key: &'static str, value: Text| details.push((Text::const_new(key), value));
    for record in records.iter().filter(|record| record.kind != Kind::OPT).take(DETAILED_MAX) {
        put(name, record.name.clone());
        put(kind, record.kind.text());
        put(ttl, record.ttl.to_compact_string());
        put(data, record.data.to_compact_string());
    }
}

fn put_reply(details: &mut Details, message: &Message) {
    let mut put = |key: &'static str, value: Text| details.push((Text::const_new(key), value));
    let rcode = message.rcode();
    put("rcode", rcode.0.to_compact_string());
    put("rcode-name", rcode.text());
    put("question-count", message.header.counts[0].to_compact_string());
    let [_, counts @ ..] = message.header.counts;
    let records = [&message.answers, &message.authority, &message.additional];
    for ((section, count), records) in [ANSWER, AUTHORITY, ADDITIONAL].into_iter().zip(counts).zip(records) {
        let [count_key, ..] = section;
        details.push((Text::const_new(count_key), count.to_compact_string()));
        put_records(details, section, records);
    }
    if let Some(damage) = message.damage {
        details.push((Text::const_new("damage"), Text::const_new(damage)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns::{MULTICAST_READER, READER};
    use crate::rehearse;
    use city::{Observed, Transport};

    fn name(text: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        for label in text.split('.').filter(|label| !label.is_empty()) {
            bytes.push(label.len() as u8);
            bytes.extend(label.as_bytes());
        }
        bytes.push(0);
        bytes
    }

    fn message(id: u16, flags: u16, questions: &[(&str, u16)], answers: &[(&str, u16, &[u8])]) -> Vec<u8> {
        let mut bytes =
            [id, flags, questions.len() as u16, answers.len() as u16, 0, 0].map(u16::to_be_bytes).concat();
        for (asked, kind) in questions {
            bytes.extend(name(asked));
            bytes.extend([*kind, 1].map(u16::to_be_bytes).concat());
        }
        for (owner, kind, data) in answers {
            bytes.extend(name(owner));
            bytes.extend([*kind, 1, 0, 120, data.len() as u16].map(u16::to_be_bytes).concat());
            bytes.extend(*data);
        }
        bytes
    }

    fn framed(message: &[u8]) -> Vec<u8> {
        [&(message.len() as u16).to_be_bytes(), message].concat()
    }

    fn names(facts: &[Observed]) -> Vec<(String, String)> {
        facts
            .iter()
            .filter_map(|fact| match fact {
                Observed::Identity(i) if i.about == Trait::Name => {
                    Some((i.address.to_string(), i.value.to_string()))
                }
                _ => None,
            })
            .collect()
    }

    #[test]
    fn a_question_is_told_with_its_answer() {
        let question = message(7, 0x0100, &[("Pump.Example", 1)], &[]);
        let answer = message(7, 0x8180, &[("pump.example", 1)], &[("pump.example", 1, &[192, 0, 2, 7])]);
        let facts =
            rehearse::datagrams(&READER, 53, &[(Side::Source, &question), (Side::Destination, &answer)]);
        let [request] = rehearse::requests(&facts)[..] else { panic!("{facts:?}") };
        assert_eq!((request.verb, request.function.as_str()), (Verb::Read, "query"));
        assert_eq!(request.target.to_string(), "a pump.example");
        assert_eq!(request.value.as_deref(), Some("192.0.2.7"));
        assert_eq!(request.reply, Reply::Done);
        for expected in [
            ("query", "Pump.Example"),
            ("id", "7"),
            ("answer", "192.0.2.7"),
            ("answer-ttl", "120"),
            ("ra", "true"),
        ] {
            assert!(
                request.details.iter().any(|(k, v)| (k.as_str(), v.as_str()) == expected),
                "{expected:?}"
            );
        }
        assert_eq!(names(&facts), [("192.0.2.7".into(), "pump.example".into())]);
    }

    #[test]
    fn a_refusal_and_a_silence_are_told_apart() {
        let first = message(1, 0x0100, &[("a.example", 28)], &[]);
        let refusal = message(1, 0x8183, &[("a.example", 28)], &[]);
        let second = message(2, 0x0100, &[("b.example", 1)], &[]);
        let facts = rehearse::datagrams(
            &READER,
            53,
            &[(Side::Source, &first), (Side::Source, &second), (Side::Destination, &refusal)],
        );
        let replies: Vec<_> = rehearse::requests(&facts).iter().map(|r| r.reply.clone()).collect();
        assert_eq!(replies, [Reply::Refused("NXDOMAIN".into()), Reply::Missing]);
    }

    #[test]
    fn an_answer_to_another_question_is_not_taken_for_the_answer() {
        let question = message(9, 0x0100, &[("bank.example", 1)], &[]);
        let forged = message(9, 0x8180, &[("other.example", 1)], &[("other.example", 1, &[203, 0, 113, 1])]);
        let facts =
            rehearse::datagrams(&READER, 53, &[(Side::Source, &question), (Side::Destination, &forged)]);
        let told: Vec<_> =
            rehearse::requests(&facts).iter().map(|r| (r.target.name.to_string(), r.reply.clone())).collect();
        assert_eq!(told, [("other.example".into(), Reply::Done), ("bank.example".into(), Reply::Missing)]);
    }

    #[test]
    fn a_reverse_name_names_its_address() {
        assert_eq!(reverse("7.2.0.192.in-addr.arpa"), "192.0.2.7".parse().ok());
        let six = "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.B.D.0.1.0.0.2.ip6.arpa";
        assert_eq!(reverse(six), "2001:db8::1".parse().ok());
        for bad in [
            "2.0.192.in-addr.arpa",
            "1.7.2.0.192.in-addr.arpa",
            "x.ip6.arpa",
            "example",
            "256.2.0.192.in-addr.arpa",
        ] {
            assert_eq!(reverse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_zone_transfer_is_one_request_however_many_messages_it_takes() {
        let soa = [name("ns.example"), name("root.example"), vec![0; 20]].concat();
        let question = framed(&message(3, 0, &[("example", 252)], &[]));
        let first = framed(&message(3, 0x8400, &[("example", 252)], &[("example", 6, &soa)]));
        let last = framed(&message(3, 0x8400, &[], &[("example", 6, &soa)]));
        let said =
            [(Side::Source, &question[..]), (Side::Destination, &first[..]), (Side::Destination, &last[..])];
        let facts = rehearse::stream(&READER, 53, &said);
        let [request] = rehearse::requests(&facts)[..] else { panic!("{facts:?}") };
        assert_eq!((request.verb, request.target.to_string()), (Verb::Transfer, "axfr example".into()));
        for size in 1..40 {
            let pieces = rehearse::stream_in_pieces(&READER, 53, &said, size);
            assert_eq!(rehearse::requests(&pieces).len(), 1, "{size}");
        }
    }

    #[test]
    fn updates_and_notifications_are_what_they_do() {
        let mut update = message(4, 0x2800, &[("example", 6)], &[]);
        update[9] = 1;
        update.extend(name("pump.example"));
        update.extend([1_u16, 1, 0, 60, 4].map(u16::to_be_bytes).concat());
        update.extend([192, 0, 2, 9]);
        let notify = message(5, 0x2400, &[("example", 6)], &[]);
        let facts = rehearse::datagrams(&READER, 53, &[(Side::Source, &update), (Side::Source, &notify)]);
        let told: Vec<_> = rehearse::requests(&facts)
            .iter()
            .map(|r| (r.verb, r.function.to_string(), r.value.clone()))
            .collect();
        assert_eq!(
            told,
            [
                (Verb::Configure, "update".into(), Some("192.0.2.9".into())),
                (Verb::Publish, "notify".into(), None)
            ]
        );
    }

    #[test]
    fn a_gap_is_survived() {
        let question = framed(&message(3, 0, &[("a.example", 1)], &[]));
        let mut rehearsal = rehearse::Rehearsal::new(&READER, Transport::Tcp, 53);
        rehearsal.say(Side::Source, &question[..10]);
        rehearsal.gap(Side::Source, 30);
        rehearsal.say(Side::Source, b"\x00\x01\xff\xff");
        rehearsal.say(Side::Source, &question);
        assert!(!rehearsal.lost);
        assert_eq!(rehearse::requests(&rehearsal.end()).len(), 1);
    }

    #[test]
    fn a_device_that_announces_itself_is_known_by_its_words() {
        let instance = "Lift Printer._ipp._tcp.local";
        let service = [&[0, 0, 0, 0, 2, 0x77][..], &name("printer-3.local")].concat();
        let text = b"\x10ty=Laserwriter 9\x0dusb_MFG=Acorn";
        let announcement = message(
            0,
            0x8400,
            &[],
            &[
                ("_ipp._tcp.local", 12, &name(instance)),
                (instance, 33, &service),
                (instance, 16, text),
                ("printer-3.local", 1, &[192, 0, 2, 10]),
            ],
        );
        let mut query = message(0, 0, &[("_ipp._tcp.local", 12)], &[]);
        let last = query.len() - 2;
        query[last] = 0x80;
        let facts = rehearse::datagrams(
            &MULTICAST_READER,
            5353,
            &[(Side::Source, &query), (Side::Source, &announcement)],
        );
        let requests = rehearse::requests(&facts);
        assert_eq!(
            requests.iter().map(|r| (r.verb, r.target.to_string())).collect::<Vec<_>>(),
            [(Verb::Discover, "ptr _ipp._tcp.local".into()), (Verb::Publish, "ptr _ipp._tcp.local".into())]
        );
        let told: Vec<_> = facts
            .iter()
            .filter_map(|fact| match fact {
                Observed::Identity(i) => Some((i.about, i.value.as_str())),
                _ => None,
            })
            .collect();
        for expected in [
            (Trait::Name, "Lift Printer"),
            (Trait::Name, "printer-3.local"),
            (Trait::Model, "Laserwriter 9"),
            (Trait::Vendor, "Acorn"),
            (Trait::Role, "printer"),
        ] {
            assert!(told.contains(&expected), "{expected:?} in {told:?}");
        }
    }
}
