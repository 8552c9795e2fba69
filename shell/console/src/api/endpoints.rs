//! Every address of the API, described once.

use crate::{
    api::{answer, recovery},
    view::{
        ActivityView, AssetFilter, AssetList, AssetView, BaselineList, CityView, ContainSaid,
        ConversationList, ExchangeView, FindingFilter, FindingList, FindingView, FirewallView, HandleSaid,
        HeadView, HuntList, HuntSaid, HuntView, HuntingView, IncidentFilter, IncidentList, IncidentView,
        IntelligenceView, IntelligenceWanted, KnownFilter, KnownList, KnownView, MatrixView, NoticeView,
        NoticeWanted, PairView, PastFilter, PersonChangeSaid, PersonSaid, PersonView, PlanView, ReasonSaid,
        RecoveryStateView, RefuseSaid, RehearsalView, RehearseSaid, RequestList, ResponseFilter,
        ResponseList, ResponseView, RestorationView, RunSaid, RunView, ServiceView, SetAsideSaid,
        SetAsideView, ShareSaid, ShareView, SharedList, SightingList, TickSaid, TokenSaid, VerbFilter,
        VerifiedView, WithdrawSaid, WithdrawnView,
    },
};
use schemars::{JsonSchema, Schema, SchemaGenerator};

/// Makes the schema of a type.
pub(crate) type Shape = fn(&mut SchemaGenerator) -> Schema;

/// One address of the API.
pub(crate) struct Endpoint {
    pub method: &'static str,
    /// The path below `/api/v1`.
    pub path: &'static str,
    pub summary: &'static str,
    /// Who may.
    pub who: &'static str,
    /// What may stand behind `?`.
    pub query: &'static [Shape],
    /// What is sent.
    pub body: Option<Shape>,
    /// The media type of what comes back.
    pub media: &'static str,
    /// What comes back.
    pub answer: Shape,
}

fn shape<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

/// Without a reference, so that its properties can be read as parameters.
fn fields<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    T::json_schema(generator)
}

/// Of bytes a schema has nothing to say.
fn bytes(_: &mut SchemaGenerator) -> Schema {
    Schema::default()
}

const JSON: &str = "application/json";

const fn read(path: &'static str, summary: &'static str, answer: Shape) -> Endpoint {
    Endpoint { method: "GET", path, summary, who: "viewer", query: &[], body: None, media: JSON, answer }
}

const fn manage(method: &'static str, path: &'static str, summary: &'static str, answer: Shape) -> Endpoint {
    Endpoint { method, path, summary, who: "approver", query: &[], body: None, media: JSON, answer }
}

const fn decide(path: &'static str, summary: &'static str, body: Option<Shape>) -> Endpoint {
    Endpoint { method: "POST", who: "operator", body, ..read(path, summary, shape::<ResponseView>) }
}

/// Every address, in the order in which a reader meets them.
pub(crate) const ENDPOINTS: &[Endpoint] = &[
    read("/city", "The city at a glance: headline, counts, and how each service stands.", shape::<CityView>),
    read("/services", "How each public service stands, and why.", shape::<answer::Services>),
    read("/services/{id}", "One public service.", shape::<ServiceView>),
    read("/activity", "How much was said and found over the last day.", shape::<ActivityView>),
    Endpoint {
        query: &[fields::<FindingFilter>, fields::<answer::Part>],
        ..read("/findings", "Findings, the gravest first.", shape::<FindingList>)
    },
    read("/findings/{number}", "One finding, with its reasons and remedy.", shape::<FindingView>),
    Endpoint {
        who: "whoever may open packets",
        media: "application/vnd.tcpdump.pcap",
        ..read(
            "/findings/{number}/packets",
            "The packets behind a finding, as a capture file. Sealed in the log.",
            bytes,
        )
    },
    Endpoint {
        query: &[fields::<AssetFilter>, fields::<answer::Part>],
        ..read("/assets", "Assets: those declared, and those seen beside them.", shape::<AssetList>)
    },
    read(
        "/assets/{key}",
        "One asset, by its id or address, with the evidence for what is known.",
        shape::<AssetView>,
    ),
    read(
        "/assets/{key}/baseline",
        "What was learned of an asset: whom it talks with, what it is asked, when, and how much.",
        shape::<BaselineList>,
    ),
    Endpoint {
        who: "operator",
        method: "POST",
        body: Some(shape::<RefuseSaid>),
        ..read(
            "/assets/{key}/baseline/refuse",
            "Refuses a habit: it counts as never learned, and is told of when it is seen again.",
            shape::<BaselineList>,
        )
    },
    read("/matrix", "The conduit matrix: declared against observed.", shape::<MatrixView>),
    read(
        "/matrix/{from}/{to}",
        "One cell of the matrix; `-` stands for places in no zone.",
        shape::<PairView>,
    ),
    Endpoint {
        query: &[fields::<answer::Part>],
        ..read("/talks", "Who talks to whom, the busiest first.", shape::<answer::Talks>)
    },
    Endpoint {
        query: &[fields::<PastFilter>],
        ..read("/conversations", "Conversations of the past, the newest first.", shape::<ConversationList>)
    },
    Endpoint {
        query: &[fields::<PastFilter>, fields::<VerbFilter>],
        ..read(
            "/requests",
            "What was asked of devices, and what came of it, the newest first.",
            shape::<RequestList>,
        )
    },
    read("/losses", "What was not seen, not kept or not understood.", shape::<answer::Losses>),
    Endpoint {
        query: &[fields::<IncidentFilter>, fields::<answer::Part>],
        ..read("/incidents", "Incidents: those that go on first, the gravest first.", shape::<IncidentList>)
    },
    read(
        "/incidents/{number}",
        "One incident: what happened, what it bears on, what was done about it, and how long that took.",
        shape::<IncidentView>,
    ),
    Endpoint {
        query: &[fields::<NoticeWanted>],
        ..read(
            "/incidents/{number}/notice",
            "A notice of an incident, drafted from what is on record: what nobody knows is marked unknown.",
            shape::<NoticeView>,
        )
    },
    Endpoint {
        method: "POST",
        who: "operator",
        body: Some(shape::<HandleSaid>),
        ..read(
            "/incidents/{number}",
            "Takes, assigns, renames, contains, recovers, reviews, reopens, merges, splits or dismisses an incident, or \
             writes down a note or what was learned. Answers with the incident to look at now.",
            shape::<IncidentView>,
        )
    },
    Endpoint {
        query: &[fields::<IntelligenceWanted>],
        ..read(
            "/intelligence",
            "What others know: who told it, how much of it is watched for, what is doubted, and whether something is watched \
             for. What is marked TLP:RED is told of to operators only, here and below.",
            shape::<IntelligenceView>,
        )
    },
    Endpoint {
        query: &[fields::<answer::Part>],
        ..read(
            "/sightings",
            "What was seen here of what others told, what was seen last first.",
            shape::<SightingList>,
        )
    },
    Endpoint {
        query: &[fields::<KnownFilter>, fields::<answer::Limit>],
        ..read("/intelligence/known", "What others told, what was added last first.", shape::<KnownList>)
    },
    read(
        "/intelligence/known/{id}",
        "One object that others told, by its STIX id: what it says, how far it is believed and why, and what was seen of it.",
        shape::<KnownView>,
    ),
    Endpoint {
        query: &[fields::<ResponseFilter>, fields::<answer::Part>],
        ..read(
            "/responses",
            "Responses: what waits for a person first, then what is contained, then what is over.",
            shape::<ResponseList>,
        )
    },
    read(
        "/responses/{number}",
        "One response; where it could not be done, with what to enter at a firewall by hand.",
        shape::<ResponseView>,
    ),
    decide(
        "/responses",
        "Contains a device: cuts it off from every other. Waits for a second person where a service must run.",
        Some(shape::<ContainSaid>),
    ),
    decide("/responses/{number}/agree", "Agrees to a response, or tries again what failed.", None),
    decide(
        "/responses/{number}/dismiss",
        "Decides that a response shall not be done.",
        Some(shape::<ReasonSaid>),
    ),
    decide(
        "/responses/{number}/release",
        "Connects the device of a response again.",
        Some(shape::<ReasonSaid>),
    ),
    read(
        "/firewall",
        "The firewall: what its rules do, whether they are proven to mean the plan, and what only the wire watches.",
        shape::<FirewallView>,
    ),
    Endpoint {
        method: "POST",
        who: "operator",
        body: Some(shape::<RehearseSaid>),
        ..read(
            "/rehearsals",
            "Begins to run the plan in the folder, or else the plan of now, against what was recorded. One at a time.",
            shape::<RehearsalView>,
        )
    },
    read(
        "/rehearsals/latest",
        "The rehearsal that runs, and what the last one came to. Kept in memory until the next ends.",
        shape::<RehearsalView>,
    ),
    read(
        "/recovery",
        "How recovery stands: which services are proven to come back and how fast, backups, and where they lie.",
        shape::<RecoveryStateView>,
    ),
    Endpoint {
        query: &[fields::<recovery::LostSaid>],
        ..read(
            "/recovery/plan",
            "The way back from a loss: in what order services return and when, and who does what. Changes nothing.",
            shape::<RestorationView>,
        )
    },
    read("/recovery/runs", "The restorations that people work through.", shape::<recovery::RunList>),
    Endpoint {
        method: "POST",
        who: "operator",
        body: Some(shape::<RunSaid>),
        ..read("/recovery/runs", "Begins a restoration, for people to tick off.", shape::<RunView>)
    },
    read(
        "/recovery/runs/{id}",
        "How a restoration stands now: what is done, what can begin, and when services are back.",
        shape::<RunView>,
    ),
    Endpoint {
        method: "POST",
        who: "operator",
        body: Some(shape::<TickSaid>),
        ..read("/recovery/runs/{id}/ticks", "Says what became of a step.", shape::<RunView>)
    },
    Endpoint {
        method: "POST",
        who: "operator",
        body: Some(bytes),
        ..read(
            "/observations",
            "Takes note of what commands did: `observations`, a list of backups, drills, looks at repositories and packs.",
            shape::<recovery::NotedView>,
        )
    },
    Endpoint {
        method: "POST",
        who: "operator",
        body: Some(shape::<ShareSaid>),
        ..read(
            "/incidents/{number}/share",
            "Tells others of an incident, or shows what would be told.",
            shape::<ShareView>,
        )
    },
    Endpoint {
        query: &[fields::<answer::Part>],
        ..read(
            "/exchange",
            "Defences that others offered, what a rehearsal says of each and what became of it, and with whom what is known \
             is shared.",
            shape::<ExchangeView>,
        )
    },
    read(
        "/hunts",
        "Hunts through what is remembered: those that come with Bastide, when each was made last, and what it found.",
        shape::<HuntList>,
    ),
    read("/hunts/{name}", "One hunt, by its name, or else its pattern.", shape::<HuntView>),
    Endpoint {
        method: "POST",
        who: "operator",
        body: Some(shape::<HuntSaid>),
        ..read(
            "/hunts",
            "Begins to search what is remembered, by a hunt of the library or by a pattern. One at a time.",
            shape::<HuntingView>,
        )
    },
    read(
        "/hunts/latest",
        "The hunt that runs, and what the last one found that was begun here. Kept in memory until the next ends.",
        shape::<HuntingView>,
    ),
    read("/shares", "What others can read, and the key with which it is checked.", shape::<SharedList>),
    Endpoint {
        method: "POST",
        who: "operator",
        body: Some(shape::<WithdrawSaid>),
        ..read("/shares/{id}/withdraw", "Takes back something that others can read.", shape::<WithdrawnView>)
    },
    Endpoint {
        method: "POST",
        who: "operator",
        body: Some(shape::<SetAsideSaid>),
        ..read(
            "/intelligence/withdraw",
            "Acts no longer on a source or an object of what others know, or acts on it again.",
            shape::<SetAsideView>,
        )
    },
    read("/plan", "The plan: its text, what is wrong in it, and what it declares.", shape::<PlanView>),
    Endpoint {
        who: "operator",
        method: "POST",
        ..read(
            "/plan/adopt",
            "Seals the plan as it stands in its folder, and compares with it from now on.",
            shape::<answer::Adopted>,
        )
    },
    Endpoint {
        query: &[fields::<answer::RecordsWanted>],
        ..read("/log", "Records of the sealed log.", shape::<answer::Records>)
    },
    read("/log/head", "The signed head of the sealed log, and the key that checks it.", shape::<HeadView>),
    read("/log/verify", "Checks the whole sealed log against what was signed.", shape::<VerifiedView>),
    manage("GET", "/people", "Everyone who may sign in, or might once.", shape::<answer::People>),
    Endpoint {
        body: Some(shape::<PersonSaid>),
        ..manage(
            "POST",
            "/people",
            "Adds a person, and makes the link by which they sign in.",
            shape::<answer::PersonWithLink>,
        )
    },
    Endpoint {
        body: Some(shape::<PersonChangeSaid>),
        ..manage("PATCH", "/people/{id}", "Changes what a person may do.", shape::<PersonView>)
    },
    manage(
        "POST",
        "/people/{id}/link",
        "Makes a new one-time link for a person.",
        shape::<answer::PersonWithLink>,
    ),
    manage("GET", "/tokens", "Every token, without its secret.", shape::<answer::Tokens>),
    Endpoint {
        body: Some(shape::<TokenSaid>),
        ..manage(
            "POST",
            "/tokens",
            "Makes a token, and shows its secret once.",
            shape::<answer::TokenWithSecret>,
        )
    },
    manage("DELETE", "/tokens/{name}", "Revokes a token.", shape::<answer::Tokens>),
    Endpoint {
        who: "the Unix socket",
        ..read("/health", "Whether Bastide works. Over the Unix socket only.", shape::<answer::Health>)
    },
    read("/openapi.json", "This description, as OpenAPI 3.1.", shape::<serde_json::Value>),
];
