//! Who asks, and whether they understand our answers.

use super::{Shelf, refusal::Refusal, unanswered::Asked};
use crate::{
    sharing::{Requester, Sharing, digest},
    taxii::is_ours,
};
use axum::{
    extract::{FromRequestParts, Request, State},
    http::{HeaderMap, HeaderValue, header, request::Parts},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use listen::Peer;
use std::sync::Arc;

/// A requester who proved who they are, and what was shared at that moment.
#[derive(Clone)]
pub(super) struct Known {
    pub(super) requester: Arc<Requester>,
    pub(super) sharing: Arc<Sharing>,
}

impl<S: Sync> FromRequestParts<S> for Known {
    type Rejection = Refusal;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        parts.extensions.get::<Known>().cloned().ok_or(Refusal::LogInFirst)
    }
}

/// Lets a request in, or refuses it.
pub(super) async fn pass(State(shelf): State<Arc<Shelf>>, mut request: Request, next: Next) -> Response {
    let mut response = match known(&shelf, &request)
        .and_then(|known| if accepts(request.headers()) { Ok(known) } else { Err(Refusal::NotAcceptable) })
    {
        Ok(known) => {
            let asked = Asked::new(&known.requester.id, &request);
            request.extensions_mut().insert(known);
            let mut response = next.run(request).await;
            asked.note(&mut response);
            response
        }
        Err(refusal) => refusal.into_response(),
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// What somebody shows of themselves.
enum Shown {
    /// A name and its secret.
    Basic(String, String),
    /// A secret.
    Bearer(String),
}

fn shown(headers: &HeaderMap) -> Option<Shown> {
    let text = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, rest) = text.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(Shown::Bearer(rest.trim().to_owned()));
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let pair = String::from_utf8(STANDARD.decode(rest.trim()).ok()?).ok()?;
    let (name, secret) = pair.split_once(':')?;
    Some(Shown::Basic(name.to_owned(), secret.to_owned()))
}

fn known(shelf: &Shelf, request: &Request) -> Result<Known, Refusal> {
    let peer = request.extensions().get::<Peer>().ok_or(Refusal::Failed)?;
    let address = match peer {
        Peer::Network { address, .. } => Some(*address),
        Peer::Socket => None,
    };
    let shown = shown(request.headers()).ok_or(Refusal::LogInFirst)?;
    let sharing = shelf.sharing.borrow().clone();
    let now = Timestamp::now();
    // Tries are counted by name and address together: who guesses from elsewhere locks nobody out. Secrets are long
    // enough that many addresses do not help.
    let name = match &shown {
        Shown::Basic(name, _) => name.chars().take(32).collect(),
        Shown::Bearer(_) => String::new(),
    };
    let counted = format!("{} {name}", address.map(|address| address.to_string()).unwrap_or_default());
    shelf.patience.ask(&counted, address, now).map_err(Refusal::Wait)?;
    let found = match &shown {
        Shown::Basic(name, secret) => {
            let digest = digest(secret);
            sharing.requesters.iter().fold(None, |found, one| {
                if one.login.is(&digest) && one.login.name() == name { Some(one) } else { found }
            })
        }
        Shown::Bearer(secret) => {
            let digest = digest(secret);
            sharing
                .requesters
                .iter()
                .fold(None, |found, one| if one.login.is(&digest) { Some(one) } else { found })
        }
    };
    match found {
        Some(requester) => {
            shelf.patience.succeeded(&counted);
            Ok(Known { requester: Arc::new(requester.clone()), sharing })
        }
        None => {
            shelf.patience.failed(&counted, address, now);
            Err(Refusal::LogInFirst)
        }
    }
}

/// Whether they take our media type (§1.6.8). Who does not say takes anything (RFC 9110 §12.5.1).
fn accepts(headers: &HeaderMap) -> bool {
    let mut said = headers.get_all(header::ACCEPT).iter().peekable();
    said.peek().is_none()
        || said.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(',')).any(|range| {
            let (media, parameters) = range.split_once(';').unwrap_or((range, ""));
            match media.trim().to_ascii_lowercase().as_str() {
                "*/*" | "application/*" => !refuses(parameters),
                media => is_ours(media, parameters) && !refuses(parameters),
            }
        })
}

/// Whether a range says that it is not wanted.
fn refuses(parameters: &str) -> bool {
    parameters.split(';').filter_map(|parameter| parameter.split_once('=')).any(|(name, value)| {
        name.trim().eq_ignore_ascii_case("q") && value.trim().parse::<f32>().is_ok_and(|weight| weight <= 0.0)
    })
}
