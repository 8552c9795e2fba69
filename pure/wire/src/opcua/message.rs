//! What the standard says a message is: OPC 10000-6 clauses 6.7 and 7.1, OPC 10000-4 clauses 5 and 7.

use super::binary::Chars;
use super::node_id::{ExpandedNodeId, ExtensionObject, LocalizedText, NodeId, QualifiedName};
use super::status::Status;
use super::variant::{DataValue, Diagnostic, Variant};
use city::Text;
use compact_str::{ToCompactString, format_compact};
use jiff::Timestamp;

/// What a chunk is: the first three bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Acknowledge,
    Close,
    Error,
    Hello,
    Message,
    Open,
    ReverseHello,
}

impl Kind {
    /// As it stands on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Acknowledge => "ACK",
            Kind::Close => "CLO",
            Kind::Error => "ERR",
            Kind::Hello => "HEL",
            Kind::Message => "MSG",
            Kind::Open => "OPN",
            Kind::ReverseHello => "RHE",
        }
    }
}

/// One chunk with its header (6.7.2.2, 7.1.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chunk<'a> {
    pub kind: Kind,
    /// `F` for the last of a message, `C` for one before it, `A` where the sender gave up.
    pub end: u8,
    /// The length in the header, which is that of the whole chunk.
    pub size: u32,
    pub body: &'a [u8],
}

/// What the ends agree on before anything else (7.1.2.3 to 7.1.2.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handshake<'a> {
    Hello { limits: Limits, url: Chars<'a> },
    Acknowledge { limits: Limits },
    Error { error: Status, reason: Chars<'a> },
    ReverseHello { server: Chars<'a>, url: Chars<'a> },
}

/// The version and the lengths that one end takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    pub version: u32,
    pub receive: u32,
    pub send: u32,
    pub message: u32,
    pub chunks: u32,
}

/// The headers of a chunk in a secure channel, as far as they are never encrypted (6.7.2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Secured<'a> {
    pub channel: u32,
    /// Of an `OPN`.
    pub policy: Option<Policy<'a>>,
    /// What follows: encrypted, or the sequence header and the body.
    pub rest: &'a [u8],
}

/// By what the opening of a channel is guarded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy<'a> {
    pub uri: Chars<'a>,
    pub sender: Chars<'a>,
    /// The SHA-1 fingerprint of the hearer's certificate.
    pub receiver: Chars<'a>,
}

impl Policy<'_> {
    /// Whether what follows can be read.
    pub fn is_none(&self) -> bool {
        self.uri.is_none_or(|uri| uri.is_empty() || super::names::policy(uri) == b"None")
    }
}

/// The numbers of a chunk (6.7.2.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sequence {
    pub number: u32,
    /// The number that a reply shares with its request.
    pub request: u32,
}

/// The header of every request (OPC 10000-4 clause 7.33).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RequestHeader<'a> {
    /// The secret by which the server knows the session.
    pub session: NodeId<'a>,
    pub time: i64,
    pub handle: u32,
    pub diagnostics: u32,
    pub audit: Chars<'a>,
    pub timeout: u32,
    pub more: ExtensionObject<'a>,
}

/// The header of every reply (7.34).
#[derive(Clone, Debug, PartialEq)]
pub struct ResponseHeader<'a> {
    pub time: i64,
    pub handle: u32,
    pub result: Status,
    pub diagnostic: Diagnostic<'a>,
    /// The strings to which diagnostics point.
    pub strings: Vec<Chars<'a>>,
    pub more: ExtensionObject<'a>,
}

/// An application as it describes itself (7.2).
#[derive(Clone, Debug, PartialEq)]
pub struct Application<'a> {
    pub uri: Chars<'a>,
    pub product: Chars<'a>,
    pub name: LocalizedText<'a>,
    pub kind: u32,
    pub gateway: Chars<'a>,
    pub profile: Chars<'a>,
    pub urls: Vec<Chars<'a>>,
}

/// One way to reach a server (7.14).
#[derive(Clone, Debug, PartialEq)]
pub struct Endpoint<'a> {
    pub url: Chars<'a>,
    pub server: Application<'a>,
    pub certificate: Chars<'a>,
    pub mode: u32,
    pub policy: Chars<'a>,
    pub tokens: Vec<TokenPolicy<'a>>,
    pub transport: Chars<'a>,
    pub level: u8,
}

/// One way to say who one is (7.42).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TokenPolicy<'a> {
    pub id: Chars<'a>,
    pub kind: u32,
    pub issued: Chars<'a>,
    pub issuer: Chars<'a>,
    pub policy: Chars<'a>,
}

/// A signature (7.37).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Signature<'a> {
    pub algorithm: Chars<'a>,
    pub bytes: Chars<'a>,
}

/// Who a user says that they are (7.41).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Token<'a> {
    Anonymous,
    /// Of the password only whether there was one, and by what it was encrypted.
    UserName {
        name: Chars<'a>,
        has_password: bool,
        algorithm: Chars<'a>,
    },
    Certificate {
        data: Chars<'a>,
    },
    Issued {
        algorithm: Chars<'a>,
    },
    Other,
}

/// One node to be browsed (5.9.2).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BrowseNode<'a> {
    pub node: NodeId<'a>,
    pub direction: u32,
    pub reference: NodeId<'a>,
    pub subtypes: bool,
    pub classes: u32,
    pub results: u32,
}

/// What browsing one node gave (7.6).
#[derive(Clone, Debug, PartialEq)]
pub struct Browsed<'a> {
    pub status: Status,
    pub point: Chars<'a>,
    pub references: Vec<Reference<'a>>,
}

/// One reference of a node (7.30).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reference<'a> {
    pub kind: NodeId<'a>,
    pub forward: bool,
    pub node: ExpandedNodeId<'a>,
    pub name: QualifiedName<'a>,
    pub display: LocalizedText<'a>,
    pub class: u32,
    pub definition: ExpandedNodeId<'a>,
}

/// An attribute of a node (7.29).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReadValue<'a> {
    pub node: NodeId<'a>,
    pub attribute: u32,
    pub range: Chars<'a>,
    pub encoding: QualifiedName<'a>,
}

/// A value for an attribute of a node (5.11.4).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WriteValue<'a> {
    pub node: NodeId<'a>,
    pub attribute: u32,
    pub range: Chars<'a>,
    pub value: DataValue<'a>,
}

/// How an item is watched (7.21).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Monitoring<'a> {
    pub handle: u32,
    pub interval: f64,
    pub filter: ExtensionObject<'a>,
    pub queue: u32,
    pub discard_oldest: bool,
}

/// A method and what it is given (5.12.2).
#[derive(Clone, Debug, PartialEq)]
pub struct Method<'a> {
    pub object: NodeId<'a>,
    pub method: NodeId<'a>,
    pub inputs: Vec<Variant<'a>>,
}

/// A node to be made (5.8.2).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NewNode<'a> {
    pub parent: ExpandedNodeId<'a>,
    pub wanted: ExpandedNodeId<'a>,
    pub name: QualifiedName<'a>,
    pub class: u32,
}

/// How often a subscription is to be told (5.14.2).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pace {
    pub interval: f64,
    pub lifetime: u32,
    pub keep_alive: u32,
}

/// What a client asks.
#[derive(Clone, Debug, PartialEq)]
pub enum Request<'a> {
    ActivateSession(Box<Activation<'a>>),
    AddNodes {
        nodes: Vec<NewNode<'a>>,
    },
    Browse {
        view: NodeId<'a>,
        time: i64,
        version: u32,
        limit: u32,
        nodes: Vec<BrowseNode<'a>>,
    },
    BrowseNext {
        release: bool,
        points: Vec<Chars<'a>>,
    },
    Call {
        methods: Vec<Method<'a>>,
    },
    CloseSession {
        delete: bool,
    },
    CreateMonitoredItems {
        subscription: u32,
        timestamps: u32,
        items: Vec<(ReadValue<'a>, u32, Monitoring<'a>)>,
    },
    CreateSession(Box<NewSession<'a>>),
    CreateSubscription {
        pace: Pace,
        limit: u32,
        enabled: bool,
        priority: u8,
    },
    /// Servers are looked for at this URL, or endpoints of one.
    Find {
        url: Chars<'a>,
        locales: Vec<Chars<'a>>,
        profiles: Vec<Chars<'a>>,
    },
    HistoryRead {
        nodes: Vec<NodeId<'a>>,
    },
    HistoryUpdate {
        nodes: Vec<(NodeId<'a>, Option<&'static str>)>,
    },
    /// Subscriptions, or monitored items of one.
    Numbered {
        kind: &'static str,
        numbers: Vec<u32>,
        value: Option<Text>,
    },
    /// Nodes, or references from them.
    Nodes {
        nodes: Vec<NodeId<'a>>,
    },
    OpenSecureChannel {
        version: u32,
        kind: u32,
        mode: u32,
        nonce: Chars<'a>,
        lifetime: u32,
    },
    Paths {
        paths: Vec<(NodeId<'a>, Vec<QualifiedName<'a>>)>,
    },
    Read {
        max_age: f64,
        timestamps: u32,
        nodes: Vec<ReadValue<'a>>,
    },
    RegisterServer {
        uri: Chars<'a>,
        product: Chars<'a>,
        name: Chars<'a>,
        online: bool,
    },
    Write {
        nodes: Vec<WriteValue<'a>>,
    },
    /// What has nothing to be told of, or could not be read.
    Other,
}

/// What is said to begin a session (5.7.2).
#[derive(Clone, Debug, PartialEq)]
pub struct NewSession<'a> {
    pub client: Application<'a>,
    pub server: Chars<'a>,
    pub url: Chars<'a>,
    pub name: Chars<'a>,
    pub nonce: Chars<'a>,
    pub certificate: Chars<'a>,
    pub timeout: f64,
    pub limit: u32,
}

/// What is said to prove who one is (5.7.3).
#[derive(Clone, Debug, PartialEq)]
pub struct Activation<'a> {
    pub signature: Signature<'a>,
    pub software: Vec<(Chars<'a>, Chars<'a>)>,
    pub locales: Vec<Chars<'a>>,
    pub object: ExtensionObject<'a>,
    pub policy: Chars<'a>,
    pub token: Token<'a>,
    pub token_signature: Signature<'a>,
}

/// What a server answers.
#[derive(Clone, Debug, PartialEq)]
pub enum Response<'a> {
    ActivateSession {
        nonce: Chars<'a>,
        results: Vec<Status>,
        diagnostics: Vec<Diagnostic<'a>>,
    },
    AddNodes {
        results: Vec<(Status, NodeId<'a>)>,
    },
    Browse {
        results: Vec<Browsed<'a>>,
        diagnostics: Vec<Diagnostic<'a>>,
    },
    Call {
        results: Vec<(Status, Vec<Variant<'a>>)>,
    },
    CreateMonitoredItems {
        results: Vec<NewItem<'a>>,
        diagnostics: Vec<Diagnostic<'a>>,
    },
    CreateSession(Box<Session<'a>>),
    CreateSubscription {
        id: u32,
        pace: Pace,
    },
    Endpoints {
        endpoints: Vec<Endpoint<'a>>,
    },
    OpenSecureChannel {
        version: u32,
        channel: u32,
        token: u32,
        created: i64,
        lifetime: u32,
        nonce: Chars<'a>,
    },
    Paths {
        results: Vec<(Status, Vec<ExpandedNodeId<'a>>)>,
    },
    Publish {
        subscription: u32,
        data: Vec<ExtensionObject<'a>>,
    },
    Read {
        results: Vec<DataValue<'a>>,
        diagnostics: Vec<Diagnostic<'a>>,
    },
    Servers {
        servers: Vec<Application<'a>>,
    },
    /// One status for each thing asked.
    Statuses {
        results: Vec<Status>,
        diagnostics: Vec<Diagnostic<'a>>,
    },
    Other,
}

/// What a server made of a wish to watch something (5.13.2).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NewItem<'a> {
    pub status: Status,
    pub id: u32,
    pub interval: f64,
    pub queue: u32,
    pub filter: ExtensionObject<'a>,
}

/// A session that has begun (5.7.2).
#[derive(Clone, Debug, PartialEq)]
pub struct Session<'a> {
    pub id: NodeId<'a>,
    /// The secret by which the server will know the session.
    pub secret: NodeId<'a>,
    pub timeout: f64,
    pub nonce: Chars<'a>,
    pub certificate: Chars<'a>,
    pub endpoints: Vec<Endpoint<'a>>,
    pub signature: Signature<'a>,
    pub limit: u32,
}

/// Steps of 100 ns from 1601 to 1970.
const EPOCH: i64 = 116_444_736_000_000_000;

/// A time, if it lies within what a calendar has. 0 is no time (OPC 10000-6 clause 5.2.2.5).
pub fn time(ticks: i64) -> Option<Timestamp> {
    Timestamp::from_microsecond(ticks.checked_sub(EPOCH)? / 10).ok().filter(|_| ticks > 0)
}

/// A time for people.
pub fn time_text(ticks: i64) -> Text {
    time(ticks).map_or_else(|| format_compact!("{ticks}"), |time| time.to_compact_string())
}
