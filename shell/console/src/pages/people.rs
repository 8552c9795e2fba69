//! People and their tokens, for approvers.

use crate::{
    acts::Deed,
    door::{Fields, Peer, Right, SET_PASSPHRASE, Theme, Visitor, WALL_SCREEN},
    pages::{Page, html},
    refusal::Refusal,
    state::State,
};
use askama::Template;
use axum::{
    extract::{Path, State as Reached},
    response::{IntoResponse, Redirect, Response},
};
use jiff::{SignedDuration, Timestamp};
use store::{Act, Link, NewPerson, Person, PersonChange, PersonId, Role, Secret, Token};

/// How long a one-time link works.
pub(crate) const LINK: SignedDuration = SignedDuration::from_hours(48);

#[derive(Template)]
#[template(path = "people.html")]
struct PeoplePage {
    page: Page,
    people: Vec<Person>,
    tokens: Vec<(Token, String)>,
    roles: [Role; 3],
    /// What is shown once: a title, the secret, and what to do with it.
    once: Option<(String, String, &'static str)>,
    me: i64,
}

pub(crate) async fn people(
    Reached(state): Reached<State>,
    visitor: Visitor,
    theme: Theme,
) -> Result<Response, Refusal> {
    show(&state, visitor, theme, None).await
}

async fn show(
    state: &State,
    visitor: Visitor,
    theme: Theme,
    once: Option<(String, String, &'static str)>,
) -> Result<Response, Refusal> {
    visitor.must(Right::ManagePeople)?;
    let people = state.people().all().await.map_err(Refusal::internal("list people"))?;
    let tokens = state.people().tokens().await.map_err(Refusal::internal("list tokens"))?;
    let name = |id: PersonId| {
        people.iter().find(|person| person.id == id).map(|person| person.name.clone()).unwrap_or_default()
    };
    let tokens = tokens.into_iter().map(|token| (token.clone(), name(token.person))).collect();
    let me = visitor.person.map_or(-1, |id| id.0);
    let page = Page::new(state, Some(visitor), theme, "People", "/people").at("/people");
    Ok(html(&PeoplePage { page, people, tokens, roles: Role::ALL, once, me }))
}

/// Adds a person, and makes the link by which they sign in first.
pub(crate) async fn add(
    Reached(state): Reached<State>,
    visitor: Visitor,
    peer: Peer,
    theme: Theme,
    fields: Fields,
) -> Result<Response, Refusal> {
    let wall_screen = fields.text("role") == "wall-screen";
    let role = if wall_screen { Role::Viewer } else { role(fields.text("role"))? };
    let opens_packets = fields.ticked("opens_packets") && !wall_screen;
    let new = NewPerson { name: fields.text("name").to_owned(), role, opens_packets, wall_screen };
    let (person, secret) = add_as(&state, &visitor, peer, &new).await?;
    let once = shown_once(&state, peer, &person, &secret);
    show(&state, visitor, theme, Some(once)).await
}

/// Adds a person, and returns the secret of their link.
pub(crate) async fn add_as(
    state: &State,
    visitor: &Visitor,
    peer: Peer,
    new: &NewPerson,
) -> Result<(Person, Secret), Refusal> {
    visitor.must(Right::ManagePeople)?;
    let person =
        state.people().create(new, Timestamp::now()).await.map_err(Refusal::internal("add a person"))?;
    let detail = Some(match (new.wall_screen, new.opens_packets) {
        (true, _) => "a wall screen".to_owned(),
        (false, true) => format!("{}, opens packets", new.role.as_str()),
        (false, false) => new.role.as_str().to_owned(),
    });
    let subject = Some(person.name.clone());
    state.seal(Deed { by: Some(&visitor.name), peer, act: Act::PersonAdded, subject, detail }).await?;
    let secret = make_link(state, visitor, peer, &person).await?;
    Ok((person, secret))
}

/// Makes a one-time link for a person: to set a passphrase, or to start a wall screen.
pub(crate) async fn make_link(
    state: &State,
    visitor: &Visitor,
    peer: Peer,
    person: &Person,
) -> Result<Secret, Refusal> {
    visitor.must(Right::ManagePeople)?;
    if person.disabled {
        return Err(Refusal::Unfit(format!("{} may not sign in. Let them in again first.", person.name)));
    }
    let purpose = if person.wall_screen { WALL_SCREEN } else { SET_PASSPHRASE };
    let link = Link { purpose: purpose.to_owned(), person: Some(person.id) };
    let now = Timestamp::now();
    let expires = now.saturating_add(LINK).unwrap_or(now);
    let secret =
        state.people().create_link(&link, expires).await.map_err(Refusal::internal("make a link"))?;
    let subject = Some(person.name.clone());
    state.seal(Deed { by: Some(&visitor.name), peer, act: Act::LinkMade, subject, detail: None }).await?;
    Ok(secret)
}

fn shown_once(state: &State, peer: Peer, person: &Person, secret: &Secret) -> (String, String, &'static str) {
    let then = if person.wall_screen {
        "Open it in the browser of the wall screen. It works once, within 48 hours, and keeps that screen signed in."
    } else {
        "Hand it to them in person or by a channel you trust. It works once, within 48 hours, and lets them choose a \
         passphrase."
    };
    (format!("A one-time link for {}", person.name), link_address(state, peer, secret), then)
}

/// The address of a one-time link, as seen from where it was asked for.
pub(crate) fn link_address(state: &State, peer: Peer, secret: &Secret) -> String {
    let path = format!("/welcome/{}", secret.reveal());
    match (peer, state.config().names.first()) {
        (Peer::Network { tls: true, port, .. }, Some(name)) => match port {
            443 => format!("https://{name}{path}"),
            port => format!("https://{name}:{port}{path}"),
        },
        (Peer::Network { tls, port, here, .. }, _) => {
            let scheme = if tls { "https" } else { "http" };
            format!("{scheme}://{}{path}", std::net::SocketAddr::new(here, port))
        }
        (Peer::Socket, _) => path,
    }
}

pub(crate) async fn person(state: &State, id: i64) -> Result<Person, Refusal> {
    let person = state.people().by_id(PersonId(id)).await.map_err(Refusal::internal("find a person"))?;
    person.ok_or_else(|| Refusal::NotFound("There is no such person.".to_owned()))
}

/// Changes what a person may do.
pub(crate) async fn change(
    Reached(state): Reached<State>,
    visitor: Visitor,
    peer: Peer,
    Path(id): Path<i64>,
    fields: Fields,
) -> Result<Response, Refusal> {
    let change = PersonChange {
        role: if fields.text("role").is_empty() { None } else { Some(role(fields.text("role"))?) },
        opens_packets: Some(fields.ticked("opens_packets")),
        disabled: Some(fields.ticked("disabled")),
    };
    change_as(&state, &visitor, peer, id, &change).await?;
    Ok(Redirect::to("/people").into_response())
}

/// Changes what a person may do. Nobody can shut themselves out, so an approver is always left.
pub(crate) async fn change_as(
    state: &State,
    visitor: &Visitor,
    peer: Peer,
    id: i64,
    change: &PersonChange,
) -> Result<Person, Refusal> {
    visitor.must(Right::ManagePeople)?;
    let before = person(state, id).await?;
    let lessens = change.disabled == Some(true) || change.role.is_some_and(|role| role < Role::Approver);
    if visitor.person == Some(before.id) && lessens {
        return Err(Refusal::Unfit(
            "You cannot take your own rights away. Ask another approver to do it, so that one is always left.".to_owned(),
        ));
    }
    let change = if before.wall_screen {
        PersonChange { role: None, opens_packets: None, ..*change }
    } else {
        *change
    };
    let after =
        state.people().change(before.id, &change).await.map_err(Refusal::internal("change a person"))?;
    let detail = Some(format!(
        "{}{}{}",
        after.role.as_str(),
        if after.opens_packets { ", opens packets" } else { "" },
        if after.disabled { ", may not sign in" } else { "" }
    ));
    let subject = Some(after.name.clone());
    state.seal(Deed { by: Some(&visitor.name), peer, act: Act::PersonChanged, subject, detail }).await?;
    Ok(after)
}

/// Makes a new one-time link, for someone who lost a passphrase or a wall screen that was changed.
pub(crate) async fn link(
    Reached(state): Reached<State>,
    visitor: Visitor,
    peer: Peer,
    theme: Theme,
    Path(id): Path<i64>,
    _: Fields,
) -> Result<Response, Refusal> {
    visitor.must(Right::ManagePeople)?;
    let person = person(&state, id).await?;
    let secret = make_link(&state, &visitor, peer, &person).await?;
    let once = shown_once(&state, peer, &person, &secret);
    show(&state, visitor, theme, Some(once)).await
}

/// Makes a token for a programme.
pub(crate) async fn make_token(
    Reached(state): Reached<State>,
    visitor: Visitor,
    peer: Peer,
    theme: Theme,
    fields: Fields,
) -> Result<Response, Refusal> {
    visitor.must(Right::ManagePeople)?;
    let id = fields.text("person").parse().map_err(|_| Refusal::Bad("Choose a person.".to_owned()))?;
    let holder = person(&state, id).await?;
    let (secret, token) =
        make_token_as(&state, &visitor, peer, fields.text("name"), &holder, role(fields.text("role"))?)
            .await?;
    let once = (
        format!("The token {}", token.name),
        secret.reveal().to_owned(),
        "Put it where the programme reads it. It is not shown again, and Bastide itself keeps only its fingerprint.",
    );
    show(&state, visitor, theme, Some(once)).await
}

pub(crate) async fn make_token_as(
    state: &State,
    visitor: &Visitor,
    peer: Peer,
    name: &str,
    holder: &Person,
    role: Role,
) -> Result<(Secret, Token), Refusal> {
    visitor.must(Right::ManagePeople)?;
    if holder.wall_screen {
        return Err(Refusal::Unfit("A wall screen has no tokens.".to_owned()));
    }
    let made = state.people().create_token(name, holder.id, role, Timestamp::now()).await;
    let (secret, token) = made.map_err(Refusal::internal("make a token"))?;
    let detail = Some(format!("{}, in the name of {}", role.as_str(), holder.name));
    let subject = Some(token.name.clone());
    state.seal(Deed { by: Some(&visitor.name), peer, act: Act::TokenMade, subject, detail }).await?;
    Ok((secret, token))
}

/// Revokes a token.
pub(crate) async fn revoke_token(
    Reached(state): Reached<State>,
    visitor: Visitor,
    peer: Peer,
    fields: Fields,
) -> Result<Response, Refusal> {
    revoke_token_as(&state, &visitor, peer, fields.text("name")).await?;
    Ok(Redirect::to("/people").into_response())
}

pub(crate) async fn revoke_token_as(
    state: &State,
    visitor: &Visitor,
    peer: Peer,
    name: &str,
) -> Result<(), Refusal> {
    visitor.must(Right::ManagePeople)?;
    let revoked = state.people().revoke_token(name, Timestamp::now()).await;
    revoked.map_err(Refusal::internal("revoke a token"))?;
    let subject = Some(name.to_owned());
    state.seal(Deed { by: Some(&visitor.name), peer, act: Act::TokenRevoked, subject, detail: None }).await
}

/// A role by its word.
pub(crate) fn role(word: &str) -> Result<Role, Refusal> {
    word.parse().map_err(|()| Refusal::Unfit("A role is viewer, operator or approver.".to_owned()))
}
