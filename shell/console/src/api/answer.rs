//! What answers each address of the API.

use crate::{
    door::{Peer, Right, Visitor, Way},
    pages::{self, log::unread, people as acts},
    refusal::Refusal,
    state::State,
    view::{
        self, ActivityView, AssetFilter, AssetList, AssetView, CityView, FindingFilter, FindingList,
        FindingView, HeadView, LossView, MatrixView, PairView, PersonChangeSaid, PersonSaid, PersonView,
        PlanView, RecordView, ServiceView, TalkView, TokenSaid, TokenView, UnreadView, VerifiedView, Window,
    },
};
use axum::{
    Json,
    extract::{Path, Query, State as Reached},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{NewPerson, PersonChange, PersonId, Role};

/// How many entries of a list are given if nobody says how many, and the most that are given at once.
const LIMIT: usize = 100;
const LIMIT_MAX: usize = 1_000;

pub(super) type Answer<T> = Result<Json<T>, Refusal>;

/// Which part of a list is wanted.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
pub(crate) struct Part {
    /// How many to leave out before the first.
    offset: Option<usize>,
    /// How many to give: 100 if left out, 1,000 at most.
    limit: Option<usize>,
}

impl Part {
    /// The window asked for. The command line, which comes through the socket, may ask for all at once.
    pub(super) fn window(self, visitor: &Visitor) -> Window {
        let most = if visitor.way == Way::Socket { usize::MAX } else { LIMIT_MAX };
        Window { offset: self.offset.unwrap_or(0), limit: self.limit.unwrap_or(LIMIT).min(most) }
    }
}

/// How much of a list is wanted that goes on by a time.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
pub(crate) struct Limit {
    /// How many to give: 100 if left out, 1,000 at most.
    limit: Option<usize>,
}

impl Limit {
    pub(super) fn get(self) -> usize {
        self.limit.unwrap_or(LIMIT).clamp(1, LIMIT_MAX)
    }
}

/// The services.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Services {
    /// In the order of the plan.
    services: Vec<ServiceView>,
}

/// Who talks to whom.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Talks {
    /// The busiest first.
    talks: Vec<TalkView>,
}

/// What was not seen, not kept or not understood.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Losses {
    /// What was not seen or could not be kept, by kind.
    losses: Vec<LossView>,
    /// What no reader understood, the most frequent first.
    unread: Vec<UnreadView>,
}

/// Records of the log.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Records {
    /// The head under which they stand.
    head: HeadView,
    /// The records.
    records: Vec<RecordView>,
}

/// Which records of the log are wanted.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct RecordsWanted {
    /// The first record; if left out, the latest are given, newest first.
    from: Option<u64>,
    /// Only records of this kind, where the latest are given.
    kind: Option<String>,
    /// How many to give: 100 if left out, 1,000 at most.
    limit: Option<u32>,
}

/// Everyone.
#[derive(Serialize, JsonSchema)]
pub(crate) struct People {
    /// In the order of their names.
    people: Vec<PersonView>,
}

/// A person, with the link by which they sign in.
#[derive(Serialize, JsonSchema)]
pub(crate) struct PersonWithLink {
    /// The person.
    person: PersonView,
    /// The one-time link. It is not shown again. Over the Unix socket only its path is known.
    link: String,
}

/// Every token.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Tokens {
    /// In the order of their names.
    tokens: Vec<TokenView>,
}

/// A token, with its secret.
#[derive(Serialize, JsonSchema)]
pub(crate) struct TokenWithSecret {
    /// The token.
    token: TokenView,
    /// Its secret. It is not shown again.
    secret: String,
}

/// The plan that was adopted.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Adopted {
    /// SHA-256 of its content, in hexadecimal.
    version: String,
}

/// Whether Bastide works.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Health {
    /// `well`, as long as this is answered at all.
    status: &'static str,
    /// The version of the program.
    version: &'static str,
    /// The number of the latest change.
    change: u64,
    /// Observations handled.
    observations: u64,
}

pub(super) async fn city(Reached(state): Reached<State>, visitor: Visitor) -> Answer<CityView> {
    visitor.must(Right::Look)?;
    let config = state.config();
    Ok(Json(view::city(&state.city(), &config.city_name, &config.time_zone)))
}

pub(super) async fn activity(Reached(state): Reached<State>, visitor: Visitor) -> Answer<ActivityView> {
    visitor.must(Right::Look)?;
    Ok(Json(view::activity(&state.city())))
}

pub(super) async fn services(Reached(state): Reached<State>, visitor: Visitor) -> Answer<Services> {
    visitor.must(Right::Look)?;
    Ok(Json(Services { services: view::services(&state.city()) }))
}

pub(super) async fn service(
    Reached(state): Reached<State>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Answer<ServiceView> {
    visitor.must(Right::Look)?;
    let found = view::services(&state.city()).into_iter().find(|service| service.id == id);
    found.map(Json).ok_or_else(|| Refusal::NotFound(format!("The plan declares no service `{id}`.")))
}

pub(super) async fn assets(
    Reached(state): Reached<State>,
    visitor: Visitor,
    Query(filter): Query<AssetFilter>,
    Query(part): Query<Part>,
) -> Answer<AssetList> {
    visitor.must(Right::Look)?;
    Ok(Json(view::assets(&state.city(), &filter, part.window(&visitor))))
}

pub(super) async fn asset(
    Reached(state): Reached<State>,
    visitor: Visitor,
    Path(key): Path<String>,
) -> Answer<AssetView> {
    visitor.must(Right::Look)?;
    let found = view::asset(&state.city(), &key);
    found.map(Json).ok_or_else(|| Refusal::NotFound(format!("No asset `{key}` is declared or was seen.")))
}

pub(super) async fn findings(
    Reached(state): Reached<State>,
    visitor: Visitor,
    Query(filter): Query<FindingFilter>,
    Query(part): Query<Part>,
) -> Answer<FindingList> {
    visitor.must(Right::Look)?;
    Ok(Json(view::findings(&state.city(), &filter, part.window(&visitor))))
}

pub(super) async fn finding(
    Reached(state): Reached<State>,
    visitor: Visitor,
    Path(number): Path<u64>,
) -> Answer<FindingView> {
    visitor.must(Right::Look)?;
    view::finding(&state.city(), number).map(Json).ok_or_else(|| pages::findings::unknown(number))
}

pub(super) async fn matrix(Reached(state): Reached<State>, visitor: Visitor) -> Answer<MatrixView> {
    visitor.must(Right::Look)?;
    Ok(Json(view::matrix(&state.city())))
}

pub(super) async fn pair(
    Reached(state): Reached<State>,
    visitor: Visitor,
    Path((from, to)): Path<(String, String)>,
) -> Answer<PairView> {
    visitor.must(Right::Look)?;
    let found = view::pair(&state.city(), &from, &to);
    found.map(Json).ok_or_else(|| Refusal::NotFound("The plan has no such pair of zones.".to_owned()))
}

pub(super) async fn talks(
    Reached(state): Reached<State>,
    visitor: Visitor,
    Query(part): Query<Part>,
) -> Answer<Talks> {
    visitor.must(Right::Look)?;
    Ok(Json(Talks { talks: view::busiest(&state.city(), part.window(&visitor).limit) }))
}

pub(super) async fn losses(Reached(state): Reached<State>, visitor: Visitor) -> Answer<Losses> {
    visitor.must(Right::Look)?;
    let city = state.city();
    Ok(Json(Losses { losses: view::losses(&city), unread: view::unread(&city, LIMIT_MAX) }))
}

pub(super) async fn plan(Reached(state): Reached<State>, visitor: Visitor) -> Answer<PlanView> {
    visitor.must(Right::Look)?;
    let adopted = pages::plan::adopted(&state).await?;
    let text = state.plan_text();
    Ok(Json(view::plan(&state.city(), &text, adopted)))
}

pub(super) async fn adopt(Reached(state): Reached<State>, visitor: Visitor) -> Answer<Adopted> {
    let version = pages::plan::adopt_as(&state, &visitor).await?;
    Ok(Json(Adopted { version }))
}

pub(super) async fn log(
    Reached(state): Reached<State>,
    visitor: Visitor,
    Query(wanted): Query<RecordsWanted>,
) -> Answer<Records> {
    visitor.must(Right::Look)?;
    let limit = wanted.limit.unwrap_or(LIMIT as u32).min(LIMIT_MAX as u32);
    let head = view::head(state.log());
    let records = match wanted.from {
        Some(from) => state.log().records(from, limit).await,
        None => state.log().latest(wanted.kind.as_deref().filter(|kind| !kind.is_empty()), limit).await,
    };
    let records = records.map_err(unread)?.iter().map(view::record).collect();
    Ok(Json(Records { head, records }))
}

pub(super) async fn log_head(Reached(state): Reached<State>, visitor: Visitor) -> Answer<HeadView> {
    visitor.must(Right::Look)?;
    Ok(Json(view::head(state.log())))
}

pub(super) async fn log_verify(Reached(state): Reached<State>, visitor: Visitor) -> Answer<VerifiedView> {
    visitor.must(Right::Look)?;
    Ok(Json(view::verified(&state.log().verify().await.map_err(unread)?)))
}

pub(super) async fn health(Reached(state): Reached<State>, visitor: Visitor) -> Answer<Health> {
    if visitor.way != Way::Socket {
        return Err(Refusal::Forbidden("Health is told over the Unix socket only."));
    }
    let change = *state.changes().borrow();
    let observations = state.city().counts().observations;
    Ok(Json(Health { status: "well", version: env!("CARGO_PKG_VERSION"), change, observations }))
}

pub(super) async fn people(Reached(state): Reached<State>, visitor: Visitor) -> Answer<People> {
    visitor.must(Right::ManagePeople)?;
    let all = state.people().all().await.map_err(Refusal::internal("list people"))?;
    Ok(Json(People { people: all.iter().map(PersonView::from).collect() }))
}

pub(super) async fn add_person(
    Reached(state): Reached<State>,
    visitor: Visitor,
    peer: Peer,
    Json(said): Json<PersonSaid>,
) -> Answer<PersonWithLink> {
    visitor.must(Right::ManagePeople)?;
    let PersonSaid { name, role, opens_packets, wall_screen } = said;
    let role = if wall_screen { Role::Viewer } else { acts::role(&role)? };
    let new = NewPerson { name, role, opens_packets: opens_packets && !wall_screen, wall_screen };
    let (person, secret) = acts::add_as(&state, &visitor, peer, &new).await?;
    Ok(Json(PersonWithLink {
        person: PersonView::from(&person),
        link: acts::link_address(&state, peer, &secret),
    }))
}

pub(super) async fn change_person(
    Reached(state): Reached<State>,
    visitor: Visitor,
    peer: Peer,
    Path(id): Path<i64>,
    Json(said): Json<PersonChangeSaid>,
) -> Answer<PersonView> {
    visitor.must(Right::ManagePeople)?;
    let change = PersonChange {
        role: said.role.as_deref().map(acts::role).transpose()?,
        opens_packets: said.opens_packets,
        disabled: said.disabled,
    };
    let person = acts::change_as(&state, &visitor, peer, id, &change).await?;
    Ok(Json(PersonView::from(&person)))
}

pub(super) async fn link_person(
    Reached(state): Reached<State>,
    visitor: Visitor,
    peer: Peer,
    Path(id): Path<i64>,
) -> Answer<PersonWithLink> {
    visitor.must(Right::ManagePeople)?;
    let person = acts::person(&state, id).await?;
    let secret = acts::make_link(&state, &visitor, peer, &person).await?;
    Ok(Json(PersonWithLink {
        person: PersonView::from(&person),
        link: acts::link_address(&state, peer, &secret),
    }))
}

pub(super) async fn tokens(Reached(state): Reached<State>, visitor: Visitor) -> Answer<Tokens> {
    visitor.must(Right::ManagePeople)?;
    let all = state.people().tokens().await.map_err(Refusal::internal("list tokens"))?;
    Ok(Json(Tokens { tokens: all.iter().map(TokenView::from).collect() }))
}

pub(super) async fn make_token(
    Reached(state): Reached<State>,
    visitor: Visitor,
    peer: Peer,
    Json(said): Json<TokenSaid>,
) -> Answer<TokenWithSecret> {
    visitor.must(Right::ManagePeople)?;
    let holder = acts::person(&state, PersonId(said.person).0).await?;
    let role = acts::role(&said.role)?;
    let (secret, token) = acts::make_token_as(&state, &visitor, peer, &said.name, &holder, role).await?;
    Ok(Json(TokenWithSecret { token: TokenView::from(&token), secret: secret.reveal().to_owned() }))
}

pub(super) async fn revoke_token(
    Reached(state): Reached<State>,
    visitor: Visitor,
    peer: Peer,
    Path(name): Path<String>,
) -> Answer<Tokens> {
    acts::revoke_token_as(&state, &visitor, peer, &name).await?;
    tokens(Reached(state), visitor).await
}
