//! Facts with a time and a source.

use crate::{
    Address, Alert, BackupMade, Drill, Flow, Hunted, Mac, Offered, PackIssued, Protocol, Received,
    RepositoryTried, Sighting, Target, Text, Transport, Verb, Withdrawn,
};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// A fact, when it became true, and who saw it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Observation {
    /// When it happened: the time of the packet that completed it.
    pub time: Timestamp,
    /// What saw it: an interface, a capture's name, a programme.
    pub sensor: Text,
    /// The fact.
    pub fact: Observed,
}

/// The kinds of fact.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Observed {
    /// An IP address and a MAC address were said to belong together.
    Binding(Binding),
    /// A conversation ended, fell silent, or has gone on for long enough to be told of.
    Conversation(Box<Conversation>),
    /// A device told something of itself, or another told it.
    Identity(Identity),
    /// Something was not seen, or could not be kept.
    Loss(Loss),
    /// A message in the field's own words: for records, never for judgement.
    Message(Box<Message>),
    /// A conversation began. Told at its first packet, so that what must not be is known at once.
    Opened(Flow),
    /// A conversation's application protocol became known.
    Recognised(Flow),
    /// Something was asked of a device, with what it answered.
    Request(Box<Request>),
    /// Bytes that no reader understood.
    Unread(Unread),
    /// Something insecure was seen.
    Weakness(Weakness),
    // Journals store the place of a kind in this list, so that new ones come last.
    /// Conversations were begun in great number and came to nothing.
    Flood(Box<Flood>),
    /// A backup was made, or could not be.
    Backup(Box<BackupMade>),
    /// A service's backups were restored to an isolated place, or could not be.
    Drill(Box<Drill>),
    /// A place where backups go was looked at.
    Repository(Box<RepositoryTried>),
    /// The pack for when nothing else works was issued.
    Pack(PackIssued),
    /// Another tool raised an alert.
    Alert(Box<Alert>),
    /// What was seen matches an indicator.
    Sighting(Box<Sighting>),
    /// Intelligence was taken in, or could not be.
    Received(Box<Received>),
    /// The history was searched for signs of something.
    Hunted(Box<Hunted>),
    /// Another city's defence was received and rehearsed here.
    Offered(Box<Offered>),
    /// Another city's defence was taken back by its author.
    Withdrawn(Box<Withdrawn>),
}

impl Observed {
    /// Whether it is of intelligence: what was taken in, searched for, offered or taken back. Such facts have the time of people, too.
    #[must_use]
    pub fn is_of_intelligence(&self) -> bool {
        matches!(
            self,
            Observed::Received(_) | Observed::Hunted(_) | Observed::Offered(_) | Observed::Withdrawn(_)
        )
    }

    /// Whether it is an act of recovery that Bastide or a person did, rather than something that a sensor saw: a backup,
    /// a drill, a look at a repository, a pack. Such facts have the time of people, which is not that of the traffic.
    #[must_use]
    pub fn is_of_recovery(&self) -> bool {
        matches!(self, Observed::Backup(_) | Observed::Drill(_) | Observed::Repository(_) | Observed::Pack(_))
    }
}

/// A conversation between two ends, from its first packet to its last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Conversation {
    /// Who speaks to whom.
    pub flow: Flow,
    /// The source's MAC address on the link where it was seen; a router's, if the source is behind one.
    pub source_mac: Option<Mac>,
    /// The destination's MAC address on the link where it was seen.
    pub destination_mac: Option<Mac>,
    /// The innermost VLAN identifier (IEEE 802.1Q), if tagged.
    pub vlan: Option<u16>,
    /// The time of its first packet.
    pub start: Timestamp,
    /// From the first packet to the last. TCP: to the one with which both ends had closed; what is late does not count.
    pub duration: SignedDuration,
    /// Packets from the source.
    pub packets_out: u64,
    /// Packets from the destination.
    pub packets_in: u64,
    /// Bytes of payload from the source, above the transport header. For TCP: by sequence numbers, so without repeats.
    pub bytes_out: u64,
    /// Bytes of payload from the destination.
    pub bytes_in: u64,
    /// Bytes from the source including the IP header.
    pub ip_bytes_out: u64,
    /// Bytes from the destination including the IP header.
    pub ip_bytes_in: u64,
    /// Bytes of payload that the ends exchanged but no packet showed.
    pub missed_bytes: u64,
    /// How it went.
    pub state: ConnectionState,
    /// What happened, a letter each, as Zeek's `history` has it: `ShADadFf`. Empty without TCP or UDP.
    pub history: Text,
    /// `false` if it goes on and will be told of again, with totals from its start.
    pub ended: bool,
    /// Further facts by name, for records; empty unless the reader was asked for them, and until the end.
    pub details: Details,
}

/// How a conversation went, in the terms of Zeek's `conn_state`, which the field knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ConnectionState {
    /// No beginning was seen, only traffic in the middle. Without TCP or UDP: always.
    Oth,
    /// Refused: a SYN answered by RST.
    Rej,
    /// The source sent SYN then RST; the destination never answered.
    Rstos0,
    /// Established, reset by the source.
    Rsto,
    /// Established, reset by the destination.
    Rstr,
    /// The destination sent SYN-ACK then RST; the source's SYN was not seen.
    Rstrh,
    /// A SYN and no answer. UDP: the source spoke and nobody answered.
    S0,
    /// Established, not closed.
    S1,
    /// Established, the source asked to close and the destination did not.
    S2,
    /// Established, the destination asked to close and the source did not.
    S3,
    /// Established and closed by both. UDP: both spoke.
    Sf,
    /// The source sent SYN then FIN; the destination never answered.
    Sh,
    /// The destination sent SYN-ACK then FIN; the source's SYN was not seen. UDP: only the destination spoke.
    Shr,
}

impl ConnectionState {
    /// The field's short name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            ConnectionState::Oth => "OTH",
            ConnectionState::Rej => "REJ",
            ConnectionState::Rstos0 => "RSTOS0",
            ConnectionState::Rsto => "RSTO",
            ConnectionState::Rstr => "RSTR",
            ConnectionState::Rstrh => "RSTRH",
            ConnectionState::S0 => "S0",
            ConnectionState::S1 => "S1",
            ConnectionState::S2 => "S2",
            ConnectionState::S3 => "S3",
            ConnectionState::Sf => "SF",
            ConnectionState::Sh => "SH",
            ConnectionState::Shr => "SHR",
        }
    }

    /// Whether both ends were heard.
    #[must_use]
    pub fn answered(self) -> bool {
        !matches!(self, ConnectionState::S0 | ConnectionState::Rstos0 | ConnectionState::Sh)
    }
}

/// Something asked of a device, with what it answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// The conversation it is part of. The source is the end that asked.
    pub flow: Flow,
    /// Whether the end that was spoken to asked it of the end that began: a broker's publication to a subscriber, a
    /// device's notification. Such a request belongs to the path on which the conversation was begun.
    pub back: bool,
    /// What was asked, in the common vocabulary.
    pub verb: Verb,
    /// What was asked, in the protocol's own words: `write-single-register`, `who-is`, `PUT`.
    pub function: Text,
    /// What it was about.
    pub target: Target,
    /// The value sent or returned, as text; a credential's value is never here.
    pub value: Option<Text>,
    /// What came back.
    pub reply: Reply,
    /// Further fields of the protocol, by name, for records; empty unless the reader was asked for them.
    pub details: Details,
}

impl Request {
    /// The flow of the conversation: its source is the end that began.
    #[must_use]
    pub fn conversation(&self) -> Flow {
        if self.back { self.flow.reversed() } else { self.flow }
    }
}

/// Further fields of a protocol, in the order in which it gives them.
pub type Details = Vec<(Text, Text)>;

/// What came back to a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reply {
    /// It was carried out.
    Done,
    /// The protocol has no reply to it, or the reply was not awaited.
    NotExpected,
    /// No reply was seen before the conversation ended or the wait was over.
    Missing,
    /// It was refused; the protocol's own word for why.
    Refused(Text),
}

impl Reply {
    /// One word for the outcome.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Reply::Done => "done",
            Reply::NotExpected => "not-expected",
            Reply::Missing => "missing",
            Reply::Refused(_) => "refused",
        }
    }
}

/// One message of a protocol, or one part of one, in the words that the field has for it.
///
/// Other tools keep such rows in logs, and where Zeek or one of CISA's ICSNPP parsers has such a log, the log's name
/// and its columns' names are used here. What a message means is told by [`Request`], [`Identity`] and [`Weakness`];
/// this is told beside them to those who want every field. The value of a credential is never in it.
///
/// What only Suricata's events have a place for is in a log named `eve_` and the type of the event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// The conversation it is part of. The source is the end that began.
    pub flow: Flow,
    /// Whether the end that was spoken to said it.
    pub back: bool,
    /// The log in which the field keeps such rows: `dnp3_objects`.
    pub log: Text,
    /// The columns that have a value. A name that comes more than once has a list of values; a list without items
    /// has one empty value. Bytes that are not text are written `\xNN`, and a backslash twice.
    pub fields: Details,
}

/// One fact about one device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The device.
    pub address: Address,
    /// What is said of it.
    pub about: Trait,
    /// The value, as the device gave it.
    pub value: Text,
    /// Who said it.
    pub witness: Witness,
    /// How far it is to be believed, in percent: 90 for what a device reports of itself by design, 50 for a banner.
    pub confidence: u8,
}

/// What a piece of identity is about. Journals name it by its place, so a new one stands at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Trait {
    /// Version of the software inside.
    Firmware,
    /// Model or order number.
    Model,
    /// The name by which people or other devices know it.
    Name,
    /// Product or product family.
    Product,
    /// What it does: `controller`, `broker`, `name server`.
    Role,
    /// Serial number.
    Serial,
    /// Who made it.
    Vendor,
    /// A programme that runs on it, with its version.
    Software,
    /// The operating system, with its version.
    System,
}

impl Trait {
    /// The word used in records.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Trait::Firmware => "firmware",
            Trait::Model => "model",
            Trait::Name => "name",
            Trait::Product => "product",
            Trait::Role => "role",
            Trait::Serial => "serial",
            Trait::Software => "software",
            Trait::System => "system",
            Trait::Vendor => "vendor",
        }
    }
}

/// Who said a thing: by which protocol, in which field.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Witness {
    /// The protocol.
    pub protocol: Protocol,
    /// The field or message: `vendor-identifier`, `Server`, `option 12`.
    pub field: Text,
}

/// An IP address and a MAC address said to belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binding {
    /// The IP address.
    pub address: IpAddr,
    /// The MAC address that claims it.
    pub mac: Mac,
    /// The protocol in which it was said: ARP, ICMP (neighbour discovery), DHCP or PROFINET DCP.
    pub protocol: Protocol,
}

/// Something insecure that was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Weakness {
    /// The device that has it.
    pub address: Address,
    /// The port on which it serves, if it serves.
    pub port: u16,
    /// The protocol in which it showed.
    pub protocol: Protocol,
    /// What it is.
    pub kind: WeaknessKind,
    /// In words, for the reason shown: `user name operator`, `TLS 1.0`, `expired 2019-03-01`. Never a secret.
    pub detail: Text,
    /// The other end, if the weakness showed in a conversation.
    pub peer: Option<Address>,
}

/// The kinds of weakness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WeaknessKind {
    /// Someone logged in without naming themselves.
    AnonymousLogin,
    /// A certificate could be read whose time is over.
    CertificateExpired,
    /// A certificate signed by nobody but itself.
    CertificateSelfSigned,
    /// A certificate whose key or signature is too weak to trust: RSA below 2048 bits, SHA-1, MD5.
    CertificateWeak,
    /// A password or equivalent crossed the network readable.
    CleartextCredentials,
    /// A login with a name and password that a maker is known to ship.
    DefaultCredentials,
    /// TLS older than 1.2, or SSL (RFC 8996).
    ObsoleteTls,
    /// A device was told to change something and nothing proved who asked.
    UnauthenticatedControl,
    // Checkpoints know a kind by its place here, so that later ones come last.
    /// A version of a protocol is spoken that its authors have given up: SMB 1, SSH 1, NTLM 1, RDP without TLS.
    ObsoleteProtocol,
    /// A cipher or a key exchange is agreed that can be broken, or none: RC4, DES, export ciphers, short groups
    /// (RFC 6649, RFC 8247, RFC 8429, RFC 9325).
    WeakCipher,
}

impl WeaknessKind {
    /// The word used in records.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            WeaknessKind::AnonymousLogin => "anonymous-login",
            WeaknessKind::CertificateExpired => "certificate-expired",
            WeaknessKind::CertificateSelfSigned => "certificate-self-signed",
            WeaknessKind::CertificateWeak => "certificate-weak",
            WeaknessKind::CleartextCredentials => "cleartext-credentials",
            WeaknessKind::DefaultCredentials => "default-credentials",
            WeaknessKind::ObsoleteProtocol => "obsolete-protocol",
            WeaknessKind::ObsoleteTls => "obsolete-tls",
            WeaknessKind::UnauthenticatedControl => "unauthenticated-control",
            WeaknessKind::WeakCipher => "weak-cipher",
        }
    }
}

/// Something that was not seen, or could not be kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loss {
    /// What.
    pub kind: LossKind,
    /// How many: frames, bytes or entries, as the kind says.
    pub count: u64,
    /// Where, and what to do about it.
    pub detail: Text,
}

/// The kinds of loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LossKind {
    /// Checksums that were wrong, of packets or of what they carry. What they guard was read all the same.
    BadChecksum,
    /// Bytes of a capture that could not be read.
    Damage,
    /// Frames that the kernel or the ring dropped.
    Dropped,
    /// Observations that were not yet on disk when Bastide itself was stopped; their number cannot be known.
    Interrupted,
    /// Entries that a full table put out before their time.
    TableFull,
    /// Frames whose time ran backwards.
    TimeReversed,
    /// Frames that were cut short when captured, or shorter than their headers say.
    Truncated,
}

impl LossKind {
    /// The word used in records.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            LossKind::BadChecksum => "bad-checksum",
            LossKind::Damage => "damage",
            LossKind::Dropped => "dropped",
            LossKind::Interrupted => "interrupted",
            LossKind::TableFull => "table-full",
            LossKind::TimeReversed => "time-reversed",
            LossKind::Truncated => "truncated",
        }
    }
}

/// Bytes that no reader understood, counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unread {
    /// What carried them.
    pub transport: Transport,
    /// The server's port, or 0 where there is none.
    pub port: u16,
    /// The protocol whose reader gave up, if one had begun.
    pub protocol: Option<Protocol>,
    /// How many messages or packets.
    pub count: u64,
    /// The first bytes of the first of them, at most 16, in hexadecimal; `..` where a byte is a letter, digit or sign,
    /// since nobody knows whether it belongs to a credential.
    pub sample: Text,
}

/// Conversations that were begun in great number within a minute and came to nothing: nobody answered, or whoever began
/// did not go on after the answer. Each of them costs the device that is spoken to, and whoever forges addresses can
/// send millions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flood {
    /// Whom they were aimed at; none if at more devices than are told apart.
    pub destination: Option<Address>,
    /// What carried them.
    pub transport: Transport,
    /// The port they were aimed at, if it was one.
    pub port: Option<u16>,
    /// How many conversations.
    pub attempts: u64,
    /// From about how many addresses; exact as long as there are few.
    pub sources: u64,
    /// To about how many addresses; exact as long as there are few.
    pub destinations: u64,
    /// When the first of them began.
    pub start: Timestamp,
    /// Until the last of them began.
    pub duration: SignedDuration,
}
