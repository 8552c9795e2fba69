//! Signing in: the first time by a one-time link, from then on by name and passphrase.

use crate::{
    acts::Deed,
    door::{
        Fields, Peer, Theme, Visitor, Way,
        hashing::{self, CHARACTERS_MIN},
        headers,
        pass::{SESSION, WALL_SESSION},
    },
    pages::{self, Page},
    refusal::Refusal,
    state::State,
};
use askama::Template;
use axum::{
    extract::{Path, Query, State as Reached},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use jiff::Timestamp;
use serde::Deserialize;
use std::net::IpAddr;
use store::{Act, Link, NewPerson, Person, Role, Secret};

/// The purpose of a link by which the first person signs in, and becomes an approver.
pub const FIRST_SIGN_IN: &str = "first-sign-in";
/// The purpose of a link by which a person chooses a passphrase.
pub const SET_PASSPHRASE: &str = "set-passphrase";
/// The purpose of a link by which a browser becomes a wall screen.
pub const WALL_SCREEN: &str = "wall-screen";

/// Ties a form that is shown before anyone signed in to the browser that it was shown to.
const FORM_COOKIE: &str = "bastide-form";

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage {
    page: Page,
    form: String,
    name: String,
    to: String,
    error: String,
}

#[derive(Template)]
#[template(path = "welcome.html")]
struct WelcomePage {
    page: Page,
    form: String,
    secret: String,
    purpose: String,
    name: String,
    error: String,
    characters_min: usize,
}

#[derive(Deserialize)]
pub(crate) struct Return {
    to: Option<String>,
}

/// The page on which to sign in.
pub(crate) async fn sign_in_page(
    Reached(state): Reached<State>,
    peer: Peer,
    theme: Theme,
    headers: HeaderMap,
    Query(Return { to }): Query<Return>,
) -> Result<Response, Refusal> {
    let to = ours(to.as_deref().unwrap_or("/")).to_owned();
    show_sign_in(&state, peer, theme, &headers, StatusCode::OK, "", &to, "")
}

#[expect(clippy::too_many_arguments, reason = "one private place that shows the page for each outcome")]
fn show_sign_in(
    state: &State,
    peer: Peer,
    theme: Theme,
    headers: &HeaderMap,
    status: StatusCode,
    name: &str,
    to: &str,
    error: &str,
) -> Result<Response, Refusal> {
    let (form, fresh) = form_secret(headers)?;
    let page = Page::new(state, None, theme, "Sign in", "");
    let body = pages::html(&SignInPage {
        page,
        form: form.clone(),
        name: name.to_owned(),
        to: to.to_owned(),
        error: error.to_owned(),
    });
    Ok(with_form_cookie((status, body).into_response(), peer, &form, fresh))
}

/// Someone says who they are.
pub(crate) async fn sign_in(
    Reached(state): Reached<State>,
    peer: Peer,
    theme: Theme,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Refusal> {
    check_form(&headers, &fields)?;
    let (name, to) = (fields.text("name"), ours(fields.text("to")));
    let (address, now) = (address_of(peer), Timestamp::now());
    state.patience().ask(name, address, now).map_err(Refusal::TooMany)?;
    let people = state.people();
    let person = people.by_name(name).await.map_err(Refusal::internal("find a person"))?;
    let usable = person.filter(|person| !person.disabled && !person.wall_screen);
    let text = match &usable {
        Some(person) => people.passphrase(person.id).await.map_err(Refusal::internal("read a passphrase"))?,
        None => None,
    };
    let fits = state.hashing().fits(fields.exact("passphrase").to_owned(), text).await?;
    let Some(person) = usable.filter(|_| fits) else {
        let failed = state.patience().failed(name, address, now);
        if state.patience().ask(name, address, now).is_err() {
            // A name that nobody has may be a passphrase typed into the wrong field: it is not kept.
            let known = people.by_name(name).await.map_err(Refusal::internal("find a person"))?;
            let subject = known.map(|person| person.name);
            let detail = Some(format!("{failed} tries failed; the next has to wait"));
            state.seal(Deed { by: None, peer, act: Act::SignInFailed, subject, detail }).await?;
        }
        let error = "That name and passphrase do not belong together.";
        return show_sign_in(&state, peer, theme, &headers, StatusCode::UNAUTHORIZED, name, to, error);
    };
    let detail = match state.patience().succeeded(name) {
        0 => None,
        1 => Some("after 1 try that failed".to_owned()),
        failed => Some(format!("after {failed} tries that failed")),
    };
    state.seal(Deed { by: Some(&person.name), peer, act: Act::SignIn, subject: None, detail }).await?;
    open(&state, peer, &person, to).await
}

/// Begins a session and goes where they wanted to.
async fn open(state: &State, peer: Peer, person: &Person, to: &str) -> Result<Response, Refusal> {
    let now = Timestamp::now();
    let length = if person.wall_screen { WALL_SESSION } else { SESSION };
    let opened = state.people().open_session(person.id, now, now.saturating_add(length).unwrap_or(now)).await;
    let (secret, _) = opened.map_err(Refusal::internal("begin a session"))?;
    let mut response = Redirect::to(to).into_response();
    // A person's cookie ends with the browser, a wall screen's outlives it.
    let seconds = person.wall_screen.then(|| WALL_SESSION.as_secs());
    let cookie = headers::set_cookie(peer, &headers::session_cookie(peer), secret.reveal(), seconds);
    response.headers_mut().append(header::SET_COOKIE, cookie.ok_or(Refusal::Internal)?);
    Ok(response)
}

/// Someone leaves.
pub(crate) async fn leave(
    Reached(state): Reached<State>,
    peer: Peer,
    visitor: Visitor,
    _: Fields,
) -> Result<Response, Refusal> {
    if let Way::Cookie { secret, .. } = &visitor.way {
        let by = Some(visitor.name.as_str());
        state.seal(Deed { by, peer, act: Act::SignOut, subject: None, detail: None }).await?;
        state.people().close_session(secret).await.map_err(Refusal::internal("end a session"))?;
    }
    let mut response = Redirect::to("/sign-in").into_response();
    if let Some(cookie) = headers::set_cookie(peer, &headers::session_cookie(peer), "", Some(0)) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// What a one-time link leads to. Looking does not use it up, for programmes that preview links look too.
pub(crate) async fn welcome_page(
    Reached(state): Reached<State>,
    peer: Peer,
    theme: Theme,
    headers: HeaderMap,
    Path(secret): Path<String>,
) -> Result<Response, Refusal> {
    let link = state.people().link(&secret, Timestamp::now()).await;
    let link = link.map_err(Refusal::internal("find a link"))?.ok_or(Refusal::Gone)?;
    show_welcome(&state, peer, theme, &headers, &secret, &link, StatusCode::OK, "", "").await
}

#[expect(clippy::too_many_arguments, reason = "one private place that shows the page for each outcome")]
async fn show_welcome(
    state: &State,
    peer: Peer,
    theme: Theme,
    headers: &HeaderMap,
    secret: &str,
    link: &Link,
    status: StatusCode,
    name: &str,
    error: &str,
) -> Result<Response, Refusal> {
    let (form, fresh) = form_secret(headers)?;
    let name = match link.person {
        Some(id) => {
            let person = state.people().by_id(id).await.map_err(Refusal::internal("find a person"))?;
            person.ok_or(Refusal::Gone)?.name
        }
        None => name.to_owned(),
    };
    let body = pages::html(&WelcomePage {
        page: Page::new(state, None, theme, "Welcome", ""),
        form: form.clone(),
        secret: secret.to_owned(),
        purpose: link.purpose.clone(),
        name,
        error: error.to_owned(),
        characters_min: CHARACTERS_MIN,
    });
    Ok(with_form_cookie((status, body).into_response(), peer, &form, fresh))
}

/// Someone follows a one-time link.
pub(crate) async fn welcome(
    Reached(state): Reached<State>,
    peer: Peer,
    theme: Theme,
    headers: HeaderMap,
    Path(secret): Path<String>,
    fields: Fields,
) -> Result<Response, Refusal> {
    check_form(&headers, &fields)?;
    let now = Timestamp::now();
    let people = state.people();
    let link =
        people.link(&secret, now).await.map_err(Refusal::internal("find a link"))?.ok_or(Refusal::Gone)?;
    if link.purpose == WALL_SCREEN {
        let person = take(&state, &secret, now).await?.ok_or(Refusal::Gone)?;
        seal(&state, peer, &person, &[Act::LinkUsed, Act::SignIn]).await?;
        return open(&state, peer, &person, "/wall").await;
    }
    let name = fields.text("name").to_owned();
    let (passphrase, again) = (fields.exact("passphrase"), fields.exact("again"));
    let known = match link.person {
        Some(id) => people.by_id(id).await.map_err(Refusal::internal("find a person"))?,
        None => None,
    };
    let spoken = known.as_ref().map_or(name.as_str(), |person| person.name.as_str());
    let mut problem = hashing::check(passphrase, again, spoken).err();
    if known.is_none() && problem.is_none() {
        // Said before the link is used up, so that a name that is taken costs nothing.
        let taken = people.by_name(&name).await.map_err(Refusal::internal("find a person"))?.is_some();
        let fits = (1..=64).contains(&name.chars().count()) && !name.chars().any(char::is_control);
        problem = match (fits, taken) {
            (false, _) => Some("A name has 1 to 64 characters.".to_owned()),
            (true, true) => Some("That name is taken. Choose another.".to_owned()),
            (true, false) => None,
        };
    }
    if let Some(problem) = problem {
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        return show_welcome(&state, peer, theme, &headers, &secret, &link, status, &name, &problem).await;
    }
    let hash = state.hashing().hash(passphrase.to_owned()).await?;
    let person = match take(&state, &secret, now).await? {
        Some(person) => person,
        None if link.purpose == FIRST_SIGN_IN => {
            // The first person can make everyone else, so nothing is gained by holding a right back.
            let first = NewPerson { name, role: Role::Approver, opens_packets: true, wall_screen: false };
            people.create(&first, now).await.map_err(Refusal::internal("add a person"))?
        }
        None => return Err(Refusal::Gone),
    };
    if person.disabled {
        return Err(Refusal::Gone);
    }
    people.set_passphrase(person.id, &hash).await.map_err(Refusal::internal("keep a passphrase"))?;
    seal(&state, peer, &person, &[Act::LinkUsed, Act::PassphraseSet, Act::SignIn]).await?;
    open(&state, peer, &person, "/").await
}

async fn seal(state: &State, peer: Peer, person: &Person, acts: &[Act]) -> Result<(), Refusal> {
    for act in acts {
        let by = Some(person.name.as_str());
        state.seal(Deed { by, peer, act: *act, subject: None, detail: None }).await?;
    }
    Ok(())
}

/// Uses a link up, and returns whose it is.
async fn take(state: &State, secret: &str, now: Timestamp) -> Result<Option<Person>, Refusal> {
    let link = state.people().use_link(secret, now).await.map_err(Refusal::internal("use a link"))?;
    match link.ok_or(Refusal::Gone)?.person {
        Some(id) => state.people().by_id(id).await.map_err(Refusal::internal("find a person")),
        None => Ok(None),
    }
}

/// Light or dark.
pub(crate) async fn theme(peer: Peer, fields: Fields) -> Response {
    let theme = Theme::parse(fields.text("theme"));
    let mut response = Redirect::to(ours(fields.text("to"))).into_response();
    let year = Some(365 * 24 * 3_600);
    if let Some(cookie) = headers::set_cookie(peer, headers::THEME_COOKIE, theme.as_str(), year) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// A place on this console to go to, and never one elsewhere.
fn ours(to: &str) -> &str {
    let plain = to.bytes().all(|byte| (0x21..0x7f).contains(&byte) && byte != b'\\');
    if plain && to.starts_with('/') && !to.starts_with("//") && to.len() <= 2_048 { to } else { "/" }
}

fn address_of(peer: Peer) -> Option<IpAddr> {
    match peer {
        Peer::Network { address, .. } => Some(address),
        Peer::Socket => None,
    }
}

/// The secret that ties a form to this browser, and whether it is new.
fn form_secret(headers: &HeaderMap) -> Result<(String, bool), Refusal> {
    match headers::cookie(headers, FORM_COOKIE) {
        Some(known)
            if known.len() == 43
                && known.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)) =>
        {
            Ok((known.to_owned(), false))
        }
        _ => Ok((Secret::new().map_err(|_| Refusal::Internal)?.reveal().to_owned(), true)),
    }
}

fn with_form_cookie(mut response: Response, peer: Peer, form: &str, fresh: bool) -> Response {
    if fresh && let Some(cookie) = headers::set_cookie(peer, FORM_COOKIE, form, None) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

fn check_form(headers: &HeaderMap, fields: &Fields) -> Result<(), Refusal> {
    let known = headers::cookie(headers, FORM_COOKIE).unwrap_or_default();
    let fits = !known.is_empty() && super::fields::same(known, fields.exact("form"));
    if fits { Ok(()) } else { Err(Refusal::Forged) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_in_never_leads_elsewhere() {
        for (to, place) in [
            ("/findings/3?order=latest", "/findings/3?order=latest"),
            ("", "/"),
            ("https://evil.example/", "/"),
            ("//evil.example/", "/"),
            ("/\\evil.example", "/"),
            ("/a\r\nSet-Cookie: x", "/"),
        ] {
            assert_eq!(ours(to), place, "{to}");
        }
    }
}
