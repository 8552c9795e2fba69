//! What others know and tell: their alerts, their indicators, the defences that worked for them.

use crate::{Address, AssetId, Flow, PeerId, SecretReference, ServiceId, Severity, Text};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// How far something may be passed on: the Traffic Light Protocol 2.0 of FIRST. Ordered: what may go furthest is the
/// least.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tlp {
    /// With everybody.
    Clear,
    /// Within the community.
    Green,
    /// Within the recipients' organisations and with their clients, where they need to know.
    Amber,
    /// Within the recipients' organisations only, where they need to know.
    AmberStrict,
    /// With the recipients themselves only.
    Red,
}

impl Tlp {
    /// Every marking, what may go furthest first.
    pub const ALL: [Tlp; 5] = [Tlp::Clear, Tlp::Green, Tlp::Amber, Tlp::AmberStrict, Tlp::Red];

    /// The word used in plans and records; on paper it is `TLP:AMBER+STRICT` and so on.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Tlp::Clear => "clear",
            Tlp::Green => "green",
            Tlp::Amber => "amber",
            Tlp::AmberStrict => "amber-strict",
            Tlp::Red => "red",
        }
    }
}

/// Another tool, such as an intrusion detection system, raised an alert.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// The tool: `suricata`, `zeek`, `wazuh`.
    pub tool: Text,
    /// What it calls its rule, by number or name.
    pub rule: Text,
    /// What the rule says, in its words.
    pub title: Text,
    /// How much it matters, in our steps.
    pub severity: Severity,
    /// The device that it is about: of the two ends the one in the city, where that can be told.
    pub subject: Address,
    /// The other end, if there is one.
    pub peer: Option<Address>,
    /// The conversation, if it is about one.
    pub flow: Option<Flow>,
    /// Techniques of ATT&CK that it names.
    pub techniques: Vec<Text>,
}

/// What was seen matches an indicator. A fact of its own behind what was seen, so that what was known at the time need
/// not be known again for it to be judged again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sighting {
    /// The indicator's STIX id.
    pub indicator: Text,
    /// What the indicator is about, in its author's words.
    pub name: Text,
    /// Who told it: a peer's id, or the name of a file.
    pub source: Text,
    /// How much it is to be believed, from 0 to 100: the author's confidence, the source's standing and its age.
    pub confidence: u8,
    /// How far it may be passed on.
    pub tlp: Tlp,
    /// The device of the city that is concerned: of two ends the one inside.
    pub subject: Address,
    /// The other end, if there is one.
    pub peer: Option<Address>,
    /// What matched: the address, name, or the pattern's words.
    pub value: Text,
    /// The conversation, if it was one.
    pub flow: Option<Flow>,
    /// Techniques of ATT&CK that the indicator names.
    pub techniques: Vec<Text>,
    /// Whether it was found by looking back through the history rather than as it happened.
    pub looking_back: bool,
}

/// Intelligence was taken in, or could not be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Received {
    /// Who told it: a peer's id, or the name of a file.
    pub source: Text,
    /// Objects that were new here, or newer.
    pub new: u64,
    /// Objects that were known here.
    pub known: u64,
    /// Indicators that are matched from now on because of it.
    pub watched: u64,
    /// Indicators that are no longer matched because of it: revoked, or replaced.
    pub withdrawn: u64,
    /// What was wrong with it, each kind once with an example; at most [`Received::DOUBTS_MAX`].
    pub doubts: Vec<Doubt>,
}

impl Received {
    /// The most doubts that are told.
    pub const DOUBTS_MAX: usize = 16;
}

/// Something wrong with what a source tells. What is in doubt is kept, but not acted on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Doubt {
    /// What is wrong.
    pub kind: DoubtKind,
    /// How often.
    pub count: u64,
    /// An example, in plain words.
    pub example: Text,
}

/// What can be wrong with intelligence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DoubtKind {
    /// It names an address that the city's own plan declares.
    OwnAddress,
    /// It names addresses that are nobody's in particular: private, of documentation, of a link, multicast.
    NobodysAddress,
    /// It names what everybody uses and nobody should block: a public resolver, a time server, a large provider.
    WellKnown,
    /// It names so much that it says nothing: a very short prefix, a top-level domain.
    TooBroad,
    /// It is larger than what is taken.
    TooLarge,
    /// It is not what it says: not STIX, or a pattern that cannot be read.
    Malformed,
    /// Its pattern cannot be decided in reasonable time.
    TooHard,
    /// Its times cannot be: from the future, or running backwards.
    WrongTime,
    /// It was signed by nobody we know, or it was changed after it was signed.
    Forged,
    /// It is older than what the same source told before, or told a second time.
    Replayed,
    /// It is passed on against its own marking.
    Marking,
    /// The source could not be reached, or sent something else than it should.
    Unreachable,
    /// It asked here for what it may not have, or without being known.
    Denied,
}

impl DoubtKind {
    /// The word used in records.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            DoubtKind::OwnAddress => "own-address",
            DoubtKind::NobodysAddress => "nobodys-address",
            DoubtKind::WellKnown => "well-known",
            DoubtKind::TooBroad => "too-broad",
            DoubtKind::TooLarge => "too-large",
            DoubtKind::Malformed => "malformed",
            DoubtKind::TooHard => "too-hard",
            DoubtKind::WrongTime => "wrong-time",
            DoubtKind::Forged => "forged",
            DoubtKind::Replayed => "replayed",
            DoubtKind::Marking => "marking",
            DoubtKind::Unreachable => "unreachable",
            DoubtKind::Denied => "denied",
        }
    }
}

/// The history was searched for signs of something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hunted {
    /// What the hunt is called; for one without a name, its pattern.
    pub hunt: Text,
    /// Who hunted.
    pub by: Text,
    /// The technique of ATT&CK that it looks for, if one.
    pub technique: Option<Text>,
    /// The beginning of the time that was searched.
    pub from: Timestamp,
    /// Its end.
    pub until: Timestamp,
    /// How many records were in that time.
    pub searched: u64,
    /// How many matched.
    pub found: u64,
    /// The device that the first match is about.
    pub subject: Option<Address>,
}

/// Another city's defence was received and rehearsed here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offered {
    /// Who offers it: its author, who signed it.
    pub peer: PeerId,
    /// Who handed it on, if not its author.
    pub relay: Option<PeerId>,
    /// Its STIX id.
    pub defence: Text,
    /// When that version of it was made, as its author says.
    pub version: Timestamp,
    /// What it does, in its author's words.
    pub title: Text,
    /// What kind of thing it does.
    pub kind: DefenceKind,
    /// The addresses outside that it would block, if that is what it does.
    pub blocks: Vec<IpAddr>,
    /// What a rehearsal on what was recorded here says.
    pub rehearsed: Rehearsed,
    /// Whether the plan lets the peer's defence of this kind be put in force without asking.
    pub standing: bool,
    /// What else there is to know of it, in plain words: what of the plan it takes out, why it could not be tried; may be
    /// empty.
    pub note: Text,
}

/// Another city took back a defence that was received from it, or replaced it by one that was not taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withdrawn {
    /// Whose defence it is.
    pub peer: PeerId,
    /// Its STIX id.
    pub defence: Text,
    /// When it was taken back, as its author says.
    pub version: Timestamp,
    /// What it was called, in its author's words.
    pub title: Text,
    /// Why, in plain words, beginning with who did it: `its author withdrew it: …`.
    pub reason: Text,
}

/// What a defence would have meant for what was recorded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rehearsed {
    /// Conversations that were looked at; of a narrower conduit requests too, of a detection all records.
    pub conversations: u64,
    /// Of these, how many it would have stopped or reported, that no conduit allows or that were found to be bad.
    pub caught: u64,
    /// Of these, how many it would have stopped that the plan allows.
    pub cut: u64,
    /// Services that would have been hurt.
    pub services: Vec<ServiceId>,
    /// Assets that would have been hurt; at most a few.
    pub assets: Vec<AssetId>,
}

/// An organisation with which intelligence is exchanged: another city, an agency, a supplier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Peer {
    /// Names it.
    pub id: PeerId,
    /// What people call it.
    pub name: Text,
    /// The TAXII 2.1 server that we read from: its discovery, an API root or a collection.
    pub taxii: Option<Text>,
    /// Where the certificate of the authority that vouches for that server is kept, if it is not one that everybody
    /// trusts.
    pub authority: Option<Text>,
    /// How often it is asked.
    pub every: SignedDuration,
    /// Where the name and password with which we read are kept, as `name:password`.
    pub login: Option<SecretReference>,
    /// Where the name and password with which it may read from us are kept, as `name:password`; it may not if absent.
    pub admit: Option<SecretReference>,
    /// Up to which marking it may read from us.
    pub shown: Tlp,
    /// Whether it may also add to what we have.
    pub may_write: bool,
    /// Its public key, in the form of signed notes, with which it signs defences; those of others are not believed.
    pub key: Option<Text>,
    /// How far it is believed before it has shown what it is worth, from 0 to 100.
    pub trust: u8,
    /// What of its defences is put in force without asking.
    pub adopt: Vec<DefenceKind>,
}

/// What a defence does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DefenceKind {
    /// It blocks addresses outside the city.
    Block,
    /// It reports what matches a pattern.
    Detect,
    /// It narrows what conduits allow.
    Narrow,
    /// It is something that people do.
    Procedure,
}

impl DefenceKind {
    /// Every kind.
    pub const ALL: [DefenceKind; 4] =
        [DefenceKind::Block, DefenceKind::Detect, DefenceKind::Narrow, DefenceKind::Procedure];

    /// The word used in plans and records.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            DefenceKind::Block => "block",
            DefenceKind::Detect => "detect",
            DefenceKind::Narrow => "narrow",
            DefenceKind::Procedure => "procedure",
        }
    }
}
