//! What a city is, and what is true of it now.
//!
//! This crate is the vocabulary of the whole product and holds no logic beyond what its words mean.
//!
//! - A **service** is an essential public function; **assets** support it; an asset stands in a **zone**;
//!   a **conduit** is an allowed path between two zones (IEC 62443-3-2). These are *declared*, by the plan.
//! - An **observation** is a fact with a time and a source. Observations are *true*, or at least were seen.
//! - A **finding** is a difference between the two that matters, with its reasons.
//! - **Evidence** supports an outcome of a security framework and is measured, attested or unknown.
//!
//! Times are [`jiff::Timestamp`]s, always UTC. Text that comes in large numbers is a [`Text`], which holds up to 24
//! bytes without an allocation.

mod address;
mod backup;
mod declared;
mod device;
mod evidence;
mod finding;
mod firewall;
mod id;
mod incident;
mod intelligence;
mod lesson;
mod notify;
mod observation;
mod protocol;
mod recovery;
mod response;
mod target;
mod verb;

pub use address::{Address, Flow, Mac, ParseMacError, Transport};
pub use backup::{BackupMade, Drill, DrillStep, PackIssued, RepositoryTried, Snapshot};
pub use declared::{
    Allowance, Asset, Conduit, Contact, Feed, Impact, NumberRange, Ports, RecoveryTarget, Service, Settings,
    StandingResponse, Supplier, TargetPattern, Zone,
};
pub use device::{Device, Fact, Presence, Standing, Status};
pub use evidence::{Evidence, Outcome, Support};
pub use finding::{Bearing, Description, Difference, Finding, FindingKey, Reason, Rule, Severity};
pub use firewall::{Firewall, FirewallMode, Unequal};
pub use id::{
    AssetId, BackupId, CheckId, ConduitId, ContactId, CrewId, FeedId, IdError, NotifyId, PeerId, ProcedureId,
    RepositoryId, ResponseId, ServiceId, SiteId, SupplierId, ZoneId,
};
pub use incident::{Incident, IncidentAct, IncidentState, IncidentStep};
pub use intelligence::{
    Alert, DefenceKind, Doubt, DoubtKind, Hunted, Offered, Peer, Received, Rehearsed, Sighting, Tlp,
    Withdrawn,
};
pub use lesson::{Lesson, Narrowing};
pub use notify::{Carrier, Matter, NoticeForm, Notify, Receiver};
pub use observation::{
    Binding, ConnectionState, Conversation, Details, Flood, Identity, Loss, LossKind, Message, Observation,
    Observed, Reply, Request, Trait, Unread, Weakness, WeaknessKind, Witness,
};
pub use protocol::Protocol;
pub use recovery::{
    Backup, Check, Crew, FileForm, Period, Procedure, ProcedureStep, Purpose, Repository, RepositoryPlace,
    Retention, SecretReference, Site, Source, Test,
};
pub use response::{Consequence, Decision, Response, ResponseState, Step};
pub use target::Target;
pub use verb::{Verb, VerbSet};

/// Short text: up to 24 bytes are held in place.
pub type Text = compact_str::CompactString;
