//! The endpoints (§4, §5).

use super::{API_ROOT, Given, Shelf, ask::Ask, door::Known, refusal::Refusal, unanswered::NoneShown};
use crate::{
    envelope::Envelope,
    sharing::{Collection, Sharing},
    taxii::{
        ApiRoot, CONTENT_MAX, CollectionMessage, Collections, DATE_ADDED_FIRST, DATE_ADDED_LAST, Discovery,
        Listed, MEDIA_TYPE, ManifestRecord, ManifestRecords, STIX_20, STIX_21, Status, StatusDetails,
        Versions, is_ours, timestamp,
    },
};
use adapt::stix::{Document, Object};
use axum::{
    body::{Body, to_bytes},
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use std::{fmt::Write as _, sync::Arc, time::Duration};
use store::intelligence::{Added, Filing, Page, SpecVersion, Unmarked, VersionMatch};

/// How long a requester may take to send an envelope.
const ENVELOPE_TIME: Duration = Duration::from_secs(60);
/// How many objects of an envelope are told of one by one.
const DETAILS_MAX: usize = 100;

type Answer = Result<Response, Refusal>;
type Parameters = Query<Vec<(String, String)>>;
type Here = State<Arc<Shelf>>;

pub(super) async fn nothing() -> Refusal {
    Refusal::Nothing
}

pub(super) async fn no_such_method() -> Refusal {
    Refusal::Method
}

pub(super) async fn discovery(known: Known) -> Answer {
    let sharing = &known.sharing;
    json(&Discovery {
        title: &sharing.title,
        description: &sharing.description,
        contact: &sharing.contact,
        default: API_ROOT,
        api_roots: [API_ROOT],
    })
}

pub(super) async fn api_root(known: Known) -> Answer {
    let Sharing { title, description, .. } = &*known.sharing;
    json(&ApiRoot { title, description, versions: [MEDIA_TYPE], max_content_length: CONTENT_MAX })
}

pub(super) async fn status(known: Known, State(shelf): Here, Path(id): Path<String>) -> Answer {
    json(&shelf.statuses.find(&known.requester.id, &id).ok_or(Refusal::Nothing)?)
}

pub(super) async fn collections(known: Known) -> Answer {
    let all = &known.sharing.collections;
    let collections =
        all.iter().filter(|one| known.requester.reads(one)).map(|one| message(&known, one)).collect();
    json(&Collections { collections })
}

pub(super) async fn collection(known: Known, Path(id): Path<String>) -> Answer {
    json(&message(&known, readable(&known, &id)?))
}

pub(super) async fn manifest(
    known: Known,
    State(shelf): Here,
    Path(id): Path<String>,
    Query(parameters): Parameters,
) -> Answer {
    let id = &readable(&known, &id)?.id;
    let ask = Ask::read(&parameters)?;
    let reader = known.requester.reader();
    let page = shelf.store.manifest(id, &reader, &ask.filter, ask.next.as_deref(), ask.limit).await?;
    let record = |entry: store::intelligence::Entry| ManifestRecord {
        id: entry.id,
        date_added: timestamp(entry.added),
        version: timestamp(entry.version),
        media_type: match entry.spec {
            SpecVersion::Stix20 => STIX_20,
            SpecVersion::Stix21 => STIX_21,
        },
    };
    let span = page.span;
    let list = ManifestRecords { objects: page.items.into_iter().map(record).collect() };
    let nothing = list.objects.is_empty();
    let answer = dated(json(&Listed { more: page.next.is_some(), next: page.next, list })?, span);
    Ok(noted(answer, nothing, ask))
}

pub(super) async fn objects(
    known: Known,
    State(shelf): Here,
    Path(id): Path<String>,
    Query(parameters): Parameters,
) -> Answer {
    let id = &readable(&known, &id)?.id;
    let ask = Ask::read(&parameters)?;
    let reader = known.requester.reader();
    let page = shelf.store.objects(id, &reader, &ask.filter, ask.next.as_deref(), ask.limit).await?;
    Ok(noted(envelope(&page), page.items.is_empty(), ask))
}

/// Notes in an answer that nothing is shown of what was asked for by id.
fn noted(mut answer: Response, nothing: bool, ask: Ask) -> Response {
    if nothing && !ask.filter.ids.is_empty() {
        answer.extensions_mut().insert(NoneShown(ask.filter.ids));
    }
    answer
}

pub(super) async fn object(
    known: Known,
    State(shelf): Here,
    Path((id, object)): Path<(String, String)>,
    Query(parameters): Parameters,
) -> Answer {
    let id = &readable(&known, &id)?.id;
    let ask = Ask::read(&parameters)?.of(&object);
    let reader = known.requester.reader();
    let page = shelf.store.objects(id, &reader, &ask.filter, ask.next.as_deref(), ask.limit).await?;
    if page.items.is_empty() && !shelf.store.shows(id, &reader, &object).await? {
        return Err(Refusal::Nothing);
    }
    Ok(envelope(&page))
}

pub(super) async fn versions(
    known: Known,
    State(shelf): Here,
    Path((id, object)): Path<(String, String)>,
    Query(parameters): Parameters,
) -> Answer {
    let id = &readable(&known, &id)?.id;
    let mut ask = Ask::read(&parameters)?.of(&object);
    ask.filter.versions = vec![VersionMatch::All];
    let reader = known.requester.reader();
    let page = shelf.store.manifest(id, &reader, &ask.filter, ask.next.as_deref(), ask.limit).await?;
    if page.items.is_empty() && !shelf.store.shows(id, &reader, &object).await? {
        return Err(Refusal::Nothing);
    }
    let list = Versions { versions: page.items.iter().map(|entry| timestamp(entry.version)).collect() };
    Ok(dated(json(&Listed { more: page.next.is_some(), next: page.next, list })?, page.span))
}

pub(super) async fn withdraw(
    known: Known,
    State(shelf): Here,
    Path((id, object)): Path<(String, String)>,
    Query(parameters): Parameters,
) -> Answer {
    let collection = readable(&known, &id)?;
    let ask = Ask::read(&parameters)?;
    let reader = known.requester.reader();
    if !shelf.store.shows(&collection.id, &reader, &object).await? {
        return Err(Refusal::Nothing);
    }
    if !known.requester.writes(collection) {
        return Err(Refusal::Forbidden("you may not take anything out of this collection"));
    }
    let own = Some((&reader, known.requester.id.as_str()));
    if shelf.store.withdraw(&collection.id, &object, &ask.filter.versions, own).await? == 0 {
        return Err(Refusal::Forbidden("only who gave an object may take it back"));
    }
    json(&serde_json::Map::new())
}

pub(super) async fn add(
    known: Known,
    State(shelf): Here,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    let collection = readable(&known, &id)?;
    if !known.requester.writes(collection) {
        return Err(Refusal::Forbidden("you may not add to this collection"));
    }
    let media = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (media, parameters) = media.split_once(';').unwrap_or((media, ""));
    if !is_ours(media, parameters) || headers.contains_key(header::CONTENT_ENCODING) {
        return Err(Refusal::WrongMedia);
    }
    let length =
        headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if length.is_some_and(|length| length > CONTENT_MAX) {
        return Err(Refusal::TooLarge);
    }
    let _turn = shelf.writers.acquire().await.map_err(|_| Refusal::Failed)?;
    let text = tokio::time::timeout(ENVELOPE_TIME, to_bytes(body, CONTENT_MAX)).await;
    let text = text.map_err(|_| Refusal::Bad("it did not arrive within a minute".to_owned()))?;
    let text = text.map_err(|_| Refusal::TooLarge)?;
    let now = Timestamp::now();
    let read =
        tokio::task::spawn_blocking(move || Envelope::read(&text)).await.map_err(|_| Refusal::Failed)?;
    let read = read.map_err(Refusal::Bad)?;
    let filing = Filing {
        source: known.requester.id.clone(),
        collections: vec![collection.id.clone()],
        audience: collection.audience.clone(),
        unmarked: Unmarked::default(),
    };
    let fit: Vec<&Value> = read.objects.iter().flatten().map(Document::value).collect();
    let outcome = shelf.store.add(&fit, &filing, now).await?;
    let (status, given) = told(&read, &outcome, now, &filing.source, &collection.id)?;
    shelf.statuses.put(&filing.source, status.clone());
    if let Some(tell) = &shelf.given {
        // Nobody waits for it: what was given is in the store.
        let _ = tell.try_send(given);
    }
    let mut response = json(&status)?;
    *response.status_mut() = StatusCode::ACCEPTED;
    Ok(response)
}

/// What became of an envelope, for who sent it and for ourselves. Whether something was known already is not told: it
/// may be known from where the sender sees nothing.
fn told(
    read: &Envelope,
    outcome: &[Added],
    now: Timestamp,
    by: &str,
    collection: &str,
) -> Result<(Status, Given), Refusal> {
    let mut given =
        Given { by: by.to_owned(), collection: collection.to_owned(), new: 0, known: 0, refused: Vec::new() };
    let (mut successes, mut failures) = (Vec::new(), Vec::new());
    let (mut success_count, mut failure_count) = (0, 0);
    let mut outcome = outcome.iter();
    for object in &read.objects {
        let (id, version, why) = match object {
            Err(unfit) => (unfit.id.clone(), now, Some(unfit.why.clone())),
            Ok(document) => {
                let object = Object::of(document.value());
                let id = object.and_then(|object| object.id()).unwrap_or_default().to_owned();
                let version = object.and_then(|object| object.modified().or(object.created())).unwrap_or(now);
                let why = match outcome.next() {
                    Some(Added::New { .. }) => {
                        given.new += 1;
                        None
                    }
                    Some(Added::Known) => {
                        given.known += 1;
                        None
                    }
                    Some(Added::Refused(why)) => Some(why.to_string()),
                    None => return Err(Refusal::Failed),
                };
                (id, version, why)
            }
        };
        let (count, list) = if why.is_some() {
            (&mut failure_count, &mut failures)
        } else {
            (&mut success_count, &mut successes)
        };
        *count += 1;
        if list.len() < DETAILS_MAX {
            if let Some(why) = &why {
                given.refused.push((id.clone(), why.clone()));
            }
            list.push(StatusDetails { id, version: timestamp(version), message: why.unwrap_or_default() });
        }
    }
    let status = Status {
        id: uuid()?,
        status: "complete",
        request_timestamp: timestamp(now),
        total_count: read.objects.len(),
        success_count,
        successes,
        failure_count,
        failures,
        pending_count: 0,
    };
    Ok((status, given))
}

/// A random UUID (RFC 9562 §5.4).
fn uuid() -> Result<String, Refusal> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|_| Refusal::Failed)?;
    let bits = u128::from_be_bytes(bytes) & !(0xf << 76) & !(0x3 << 62) | 0x4 << 76 | 0x2 << 62;
    let mut text = String::with_capacity(36);
    for (place, digit) in format!("{bits:032x}").chars().enumerate() {
        if matches!(place, 8 | 12 | 16 | 20) {
            text.push('-');
        }
        text.push(digit);
    }
    Ok(text)
}

/// A collection that the requester may know of.
fn readable<'k>(known: &'k Known, id: &str) -> Result<&'k Collection, Refusal> {
    let mut all = known.sharing.collections.iter();
    all.find(|one| one.id == id && known.requester.reads(one)).ok_or(Refusal::Nothing)
}

fn message<'k>(known: &'k Known, collection: &'k Collection) -> CollectionMessage<'k> {
    CollectionMessage {
        id: &collection.id,
        title: &collection.title,
        description: &collection.description,
        can_read: true,
        can_write: known.requester.writes(collection),
        media_types: [STIX_21, STIX_20],
    }
}

fn json(message: &impl Serialize) -> Answer {
    let body = serde_json::to_string(message).map_err(|_| Refusal::Failed)?;
    Ok(([(header::CONTENT_TYPE, MEDIA_TYPE)], body).into_response())
}

/// Objects as they are kept, put between brackets.
fn envelope(page: &Page<String>) -> Response {
    let bytes: usize = page.items.iter().map(|item| item.len() + 1).sum();
    let mut body = String::with_capacity(bytes + 100);
    body.push('{');
    if let Some(next) = &page.next {
        // Our own cursors need no escaping.
        let _ = write!(body, "\"more\":true,\"next\":\"{next}\"");
    }
    if !page.items.is_empty() {
        body.push_str(if page.next.is_some() { ",\"objects\":[" } else { "\"objects\":[" });
        for (place, item) in page.items.iter().enumerate() {
            if place > 0 {
                body.push(',');
            }
            body.push_str(item);
        }
        body.push(']');
    }
    body.push('}');
    dated(([(header::CONTENT_TYPE, MEDIA_TYPE)], body).into_response(), page.span)
}

/// Says when the first and the last object were added (§3.4).
fn dated(mut response: Response, span: Option<(Timestamp, Timestamp)>) -> Response {
    if let Some((first, last)) = span {
        for (name, time) in [(DATE_ADDED_FIRST, first), (DATE_ADDED_LAST, last)] {
            if let Ok(value) = timestamp(time).parse() {
                response.headers_mut().insert(name, value);
            }
        }
    }
    response
}
