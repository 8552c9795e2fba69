//! What is shown: plain values with stable field names, made from the city's types.
//!
//! Pages, the HTTP API and `--format json` of the command line all show these, so that no stored or inner form leaks
//! into a reader's script. Times are RFC 3339 in UTC; durations are seconds; words for states are lower case with
//! hyphens.

mod activity;
mod asset;
mod baseline;
mod course;
mod exchange;
mod finding;
mod firewall;
mod gone;
mod hunt;
mod incident;
mod intelligence;
mod known;
mod log;
mod notice;
mod past;
mod people;
mod plan;
mod recovery;
mod rehearsal;
mod responding;
mod response;
mod restoration;
mod run;
mod set_aside;
mod share;
mod summary;
mod zones;

pub use activity::{ActivityView, Bucket, activity};
pub(crate) use asset::roles_and_vendors;
pub use asset::{
    AssetFilter, AssetList, AssetRow, AssetView, ComparedView, FactView, Presence, ServesView, TalkView,
    asset, assets, busiest,
};
pub use baseline::{
    BaselineList, BaselineView, HabitView, HoursView, RateView, RefuseSaid, RefusedView, baselines,
};
pub(crate) use course::{CourseLine, course};
pub use exchange::{ExchangeView, OfferResponse, OfferView, PeerView};
pub(crate) use exchange::{exchange, offered_ids, readers};
pub use finding::{
    FindingFilter, FindingList, FindingRow, FindingView, OutcomeView, RULES, ReasonView, SEVERITIES,
    TechniqueView, finding, findings, latest, rule_title,
};
pub use firewall::{DifferenceView, FirewallView, WatchedView, firewall};
pub use gone::{LossView, UnreadView, losses, unread};
pub use hunt::{BegunView, EndedView, HitView, HuntList, HuntSaid, HuntView, HuntedView, HuntingView};
pub(crate) use hunt::{hunt, hunting, hunts};
pub(crate) use incident::pressing;
pub use incident::{
    HandleSaid, IncidentCounts, IncidentFilter, IncidentList, IncidentRow, IncidentTimes, IncidentView,
    LessonView, TakenView, TimelineView, incident, incident_row, incidents,
};
pub use intelligence::{
    AskedView, DoubtView, IntelligenceView, IntelligenceWanted, SightingList, SightingView, TellerView,
    marking, marking_words,
};
pub(crate) use intelligence::{intelligence, sightings, source_name};
pub(crate) use known::Stand;
pub use known::{BeliefView, KnownFilter, KnownList, KnownRow, KnownView, TYPES, ToldBy};
pub use log::{HeadView, RecordView, VerifiedView, head, record, verified};
pub use notice::{NoticeView, NoticeWanted, PartView, SaidView, notice};
pub use past::{ConversationList, ConversationView, RequestList, RequestView};
pub(crate) use past::{Past, PastFilter, VerbFilter, conversations, is_between, place, requests};
pub use people::{PersonChangeSaid, PersonSaid, PersonView, TokenSaid, TokenView};
pub use plan::{AdoptedView, ConduitView, DiagnosticView, PlanText, PlanView, SourceView, plan};
pub(crate) use recovery::proof;
pub use recovery::{
    BackupView, CopyView, PackView, ProofView, RecoveryStateView, RepositoryView, SnapshotView, recovery,
};
pub(crate) use rehearsal::rehearsal;
pub use rehearsal::{
    AnswerView, LineEndView, LineView, NoticingView, RehearsalView, RehearseSaid, RehearsedView, RunningView,
    UnusedView,
};
pub(crate) use responding::{Responding, responding, responding_to, target, targets};
pub use response::{
    AnsweredView, ByHandView, ConsequenceView, ContainSaid, ReasonSaid, ResponseCounts, ResponseFilter,
    ResponseList, ResponseRow, ResponseView, StepView, response, responses,
};
pub(crate) use restoration::Promise;
pub use restoration::{
    DecisionView, GainView, ImprovementView, LoadView, RestorationView, ReturnView, SpanView, TellView,
    WayStepView,
};
pub use run::{NextView, RunReturnView, RunRow, RunSaid, RunStepView, RunView, TickSaid, TickView};
pub(crate) use run::{run, run_row, state_of};
pub use set_aside::{SetAsideSaid, SetAsideView};
pub use share::{
    LeakView, ReplacedView, ShareSaid, ShareView, SharedList, SharedView, ShownToView, WithdrawSaid,
    WithdrawnView,
};
pub use summary::{CityView, CountsView, RecoveryView, ServiceView, Standings, city, services};
pub use zones::{MatrixView, PairState, PairView, ProtocolVerbsView, VerbView, ZoneView, matrix, pair};

use ::city::{Address, Text};
use cycle::City;
use schemars::JsonSchema;
use serde::Serialize;

/// The name of places that lie in no zone, and their id in addresses.
const NOWHERE: &str = "-";

/// Something with an id and a name for people.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Named {
    /// The id.
    pub id: String,
    /// The name.
    pub name: String,
}

impl Named {
    pub(crate) fn new(id: impl ToString, name: Option<&Text>) -> Named {
        let id = id.to_string();
        Named { name: name.map_or_else(|| id.clone(), Text::to_string), id }
    }
}

/// One end of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct End {
    /// The address.
    pub address: String,
    /// What people call the device there.
    pub name: String,
    /// Under which the asset is found: its id if it is declared, its address if not; none if it was never seen.
    pub asset: Option<String>,
}

impl End {
    pub(crate) fn new(city: &City, address: Address) -> End {
        let declared = city.plan().and_then(|plan| plan.asset_at(address)).map(|asset| asset.id.to_string());
        let seen = || {
            let device = city.device(address)?;
            Some(device.asset.as_ref().map_or_else(|| address.to_string(), ToString::to_string))
        };
        End {
            address: address.to_string(),
            name: city.name(address).to_string(),
            asset: declared.or_else(seen),
        }
    }
}

/// Which part of a list is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// How many are left out before it.
    pub offset: usize,
    /// How many it holds at most.
    pub limit: usize,
}

/// What a filter's field says: nothing, if it was left empty.
fn given(field: &Option<String>) -> Option<&str> {
    field.as_deref().map(str::trim).filter(|text| !text.is_empty())
}

/// Whether any of the texts holds the words sought, whatever their case. `sought` is in lower case.
fn mentions<'a>(sought: &str, texts: impl IntoIterator<Item = &'a str>) -> bool {
    texts.into_iter().any(|text| text.to_lowercase().contains(sought))
}
