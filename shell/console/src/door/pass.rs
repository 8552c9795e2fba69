//! The way of every request.

use crate::{
    door::{Peer, Visitor, Way, fields::same, headers},
    pages,
    refusal::Refusal,
    state::State,
};
use axum::{
    extract::{Request, State as Reached},
    http::{HeaderMap, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

/// How long a person stays signed in at most, and how long without a request.
pub(super) const SESSION: SignedDuration = SignedDuration::from_hours(12);
const IDLE: SignedDuration = SignedDuration::from_hours(2);
/// How long a wall screen stays signed in: browsers keep a cookie for 400 days at most (RFC 6265bis, 5.5).
pub(super) const WALL_SESSION: SignedDuration = SignedDuration::from_hours(24 * 400);
/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(30);
/// The longest address of a page.
const PATH_MAX: usize = 4_096;

/// Lets a request in, or says why not, and dresses the answer.
pub(crate) async fn pass(Reached(state): Reached<State>, mut request: Request, next: Next) -> Response {
    let Some(peer) = request.extensions().get::<Peer>().copied() else {
        // Only a router that is served by something other than this crate can lack it.
        return Refusal::Internal.into_response();
    };
    let theme = headers::theme(request.headers());
    request.extensions_mut().insert(theme);
    let place = request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned();
    let api = place.starts_with("/api/v1");
    let wants_page = !api && matches!(request.method().as_str(), "GET" | "HEAD");
    let mut visitor = None;
    let mut response = match admit(&state, peer, &mut request, api, &mut visitor).await {
        Err(refusal) => refusal.into_response(),
        // A stream of changes lasts as long as its page.
        Ok(()) if place == "/events" => next.run(request).await,
        Ok(()) => match tokio::time::timeout(ANSWER, next.run(request)).await {
            Ok(response) => response,
            Err(_) => {
                Refusal::Unavailable("The answer took too long. Ask for less at a time.").into_response()
            }
        },
    };
    let refusal = response.extensions_mut().remove::<Refusal>().or_else(|| unspoken(&response));
    if let Some(refusal) = refusal {
        let (head, _) = response.into_parts();
        response = match refusal {
            Refusal::SignInFirst if wants_page => Redirect::to(&sign_in_address(&place)).into_response(),
            refusal if api => refused_json(&refusal),
            refusal => pages::refused(&state, visitor, theme, &refusal),
        };
        for name in [header::RETRY_AFTER, header::WWW_AUTHENTICATE] {
            if let Some(value) = head.headers.get(&name)
                && response.status() != StatusCode::SEE_OTHER
            {
                response.headers_mut().insert(name, value.clone());
            }
        }
    }
    headers::dress(response.headers_mut(), matches!(peer, Peer::Network { tls: true, .. }));
    response
}

/// What the framework itself refused, in our words.
fn unspoken(response: &Response) -> Option<Refusal> {
    let kind =
        response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let spoken = kind.starts_with("text/html") || kind.starts_with("application/json");
    if spoken || !(response.status().is_client_error() || response.status().is_server_error()) {
        return None;
    }
    Some(match response.status() {
        StatusCode::NOT_FOUND => Refusal::NotFound("There is nothing at that address.".to_owned()),
        StatusCode::PAYLOAD_TOO_LARGE => Refusal::TooLong,
        StatusCode::UNPROCESSABLE_ENTITY => {
            Refusal::Unfit("What was sent lacks a field, or has one of the wrong form. See /api.".to_owned())
        }
        StatusCode::INTERNAL_SERVER_ERROR => Refusal::Internal,
        _ => Refusal::Bad(
            "The address or what was sent could not be read. See /api for what is understood.".to_owned(),
        ),
    })
}

/// Where to sign in, and then come back to.
fn sign_in_address(place: &str) -> String {
    if place == "/" {
        return "/sign-in".to_owned();
    }
    let mut address = "/sign-in?to=".to_owned();
    for byte in place.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            address.push(char::from(byte));
        } else {
            address.push_str(&format!("%{byte:02X}"));
        }
    }
    address
}

fn refused_json(refusal: &Refusal) -> Response {
    let body = serde_json::json!({ "status": refusal.status().as_u16(), "error": refusal.words() });
    (refusal.status(), axum::Json(body)).into_response()
}

async fn admit(
    state: &State,
    peer: Peer,
    request: &mut Request,
    api: bool,
    found: &mut Option<Visitor>,
) -> Result<(), Refusal> {
    if !headers::host_is_ours(request.headers(), peer, &state.config().names) {
        return Err(Refusal::Misdirected);
    }
    let path = request.uri().path().to_owned();
    if request.uri().to_string().len() > PATH_MAX {
        return Err(Refusal::Bad("The address is too long.".to_owned()));
    }
    let visitor = identify(state, peer, request.headers(), api).await?;
    *found = visitor.clone();
    let by_programme =
        visitor.as_ref().is_some_and(|visitor| matches!(visitor.way, Way::Bearer | Way::Socket));
    if !by_programme && headers::crosses_sites(request.method(), request.headers()) {
        return Err(Refusal::Forged);
    }
    let public = path == "/sign-in" || path.starts_with("/welcome/") || path.starts_with("/static/");
    let Some(visitor) = visitor else {
        return if public { Ok(()) } else { Err(Refusal::SignInFirst) };
    };
    if api
        && !request.method().is_safe()
        && let Way::Cookie { csrf, .. } = &visitor.way
    {
        let said = request.headers().get("x-csrf-token").and_then(|value| value.to_str().ok());
        if !said.is_some_and(|said| same(said, csrf)) {
            return Err(Refusal::Forged);
        }
    }
    let for_walls = matches!(path.as_str(), "/" | "/wall" | "/events" | "/sign-out" | "/theme");
    if visitor.wall_screen && !public && !for_walls {
        return Err(Refusal::Forbidden("A wall screen shows the city at a glance and nothing else."));
    }
    request.extensions_mut().insert(visitor);
    Ok(())
}

/// Who sends a request, if they say so truthfully.
async fn identify(
    state: &State,
    peer: Peer,
    headers: &HeaderMap,
    api: bool,
) -> Result<Option<Visitor>, Refusal> {
    if matches!(peer, Peer::Socket) {
        return Ok(Some(Visitor::local()));
    }
    let people = state.people();
    if api && let Some(value) = headers.get(header::AUTHORIZATION) {
        let secret =
            value.to_str().ok().and_then(|text| text.strip_prefix("Bearer ")).ok_or(Refusal::SignInFirst)?;
        let known = people.token(secret.trim()).await.map_err(Refusal::internal("find a token"))?;
        let (token, person) = known.ok_or(Refusal::SignInFirst)?;
        let name = format!("{} ({})", person.name, token.name);
        return Ok(Some(Visitor::of(&person, token.role, name, Way::Bearer)));
    }
    let Some(secret) = headers::cookie(headers, &headers::session_cookie(peer)) else { return Ok(None) };
    // The idle time depends on the person, who is known only afterwards.
    let known = people.session(secret, Timestamp::now(), WALL_SESSION).await;
    let Some((session, person)) = known.map_err(Refusal::internal("find a session"))? else {
        return Ok(None);
    };
    if !person.wall_screen && Timestamp::now().duration_since(session.used) > IDLE {
        people.close_session(secret).await.map_err(Refusal::internal("end a session"))?;
        return Ok(None);
    }
    let way = Way::Cookie { csrf: session.csrf, secret: secret.to_owned() };
    Ok(Some(Visitor::of(&person, person.role, person.name.clone(), way)))
}
