//! Who may do what: people, their sessions, their API tokens and one-time links.
//!
//! Nothing here can be used to sign in: of every token only its SHA-256 is kept (a token is 256 bits of chance, so a
//! fast hash is enough), and of a passphrase only the Argon2 text that the console makes and checks.

use crate::{
    database::{DatabaseError, failed},
    secret::{self, Secret},
};
use jiff::{SignedDuration, Timestamp};
use sqlx::{Row, SqlitePool, sqlite::SqliteRow};

/// What a person may do. Ordered: each role includes the ones before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// May look.
    Viewer,
    /// May act, where one person is enough.
    Operator,
    /// May act, and may be the second person where two are needed.
    Approver,
}

impl Role {
    /// Every role, the least first.
    pub const ALL: [Role; 3] = [Role::Viewer, Role::Operator, Role::Approver];

    /// The word used in the store, on the command line and in the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Viewer => "viewer",
            Role::Operator => "operator",
            Role::Approver => "approver",
        }
    }
}

impl std::str::FromStr for Role {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        Role::ALL.into_iter().find(|role| role.as_str() == text).ok_or(())
    }
}

/// Names a person in the store. Never used again for someone else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PersonId(pub i64);

/// Someone with a name and a role. People are disabled, never deleted: what they did keeps its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The id.
    pub id: PersonId,
    /// The name they sign in with; unique.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// Whether they may open packets, a right of its own.
    pub opens_packets: bool,
    /// Whether this is a wall screen: it may look and do nothing else, whatever its role.
    pub wall_screen: bool,
    /// Whether they may no longer sign in.
    pub disabled: bool,
    /// Whether a passphrase has been set.
    pub has_passphrase: bool,
    /// When they were added.
    pub created: Timestamp,
}

/// What is said of a person when adding them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPerson {
    /// The name they sign in with; 1 to 64 characters, none of them a control character.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// Whether they may open packets.
    pub opens_packets: bool,
    /// Whether this is a wall screen.
    pub wall_screen: bool,
}

/// Changes to a person. What is `None` stays as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PersonChange {
    /// What they may do from now on.
    pub role: Option<Role>,
    /// Whether they may open packets from now on.
    pub opens_packets: Option<bool>,
    /// Whether they may no longer sign in. Disabling ends their sessions at once.
    pub disabled: Option<bool>,
}

/// One sign-in, until it is closed, falls idle or expires.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Whose it is.
    pub person: PersonId,
    /// The secret that a form must return, so that other sites cannot act in the person's name.
    pub csrf: String,
    /// When it began.
    pub created: Timestamp,
    /// When it was last used, to the minute.
    pub used: Timestamp,
    /// When it ends, used or not.
    pub expires: Timestamp,
}

/// A token for programmes, as it may be shown: without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Its name; unique.
    pub name: String,
    /// In whose name it acts.
    pub person: PersonId,
    /// What it may do; never more than its person.
    pub role: Role,
    /// When it was made.
    pub created: Timestamp,
    /// When it was revoked, if it was.
    pub revoked: Option<Timestamp>,
}

/// What a one-time link was made for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The purpose, in the console's own words: `first-sign-in`, `set-passphrase`.
    pub purpose: String,
    /// The person it is for, if they are known already.
    pub person: Option<PersonId>,
}

/// Why something about people could not be done.
#[derive(Debug, thiserror::Error)]
pub enum PeopleError {
    /// The name is empty, too long or holds control characters.
    #[error("a name has 1 to 64 characters, none of them a control character")]
    BadName,
    /// The name is taken.
    #[error("the name `{name}` is taken; choose another")]
    NameTaken {
        /// The name.
        name: String,
    },
    /// There is no such person, or no such token.
    #[error("there is no {what} with that name")]
    Unknown {
        /// What was looked for: `person` or `token`.
        what: &'static str,
    },
    /// A token would be able to do more than its person.
    #[error("a token may not have a greater role than its person")]
    RoleTooGreat,
    /// The system gave no random bytes.
    #[error("the system gave no random bytes: {0}")]
    Chance(#[from] secret::ChanceError),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

/// How often the time of last use is written, so that reading a page is not a write.
const USED_EVERY: SignedDuration = SignedDuration::from_secs(60);

/// The columns of a person, followed by the rest of the question.
macro_rules! select_person {
    ($rest:literal) => {
        concat!(
            "SELECT p.id, p.name, p.role, p.opens_packets, p.wall_screen, p.disabled, ",
            "p.passphrase IS NOT NULL AS has_passphrase, p.created FROM people p ",
            $rest
        )
    };
}

/// The tables of people. A cheap handle: clone it.
#[derive(Clone, Debug)]
pub struct People {
    pool: SqlitePool,
}

impl People {
    pub(crate) fn new(pool: SqlitePool) -> People {
        People { pool }
    }

    /// Adds a person, who has no passphrase yet.
    ///
    /// # Errors
    /// [`PeopleError::BadName`], [`PeopleError::NameTaken`], or the database failed.
    pub async fn create(&self, person: &NewPerson, now: Timestamp) -> Result<Person, PeopleError> {
        check_name(&person.name)?;
        let row = sqlx::query(
            "INSERT INTO people (name, role, opens_packets, wall_screen, disabled, created)
             VALUES ($1, $2, $3, $4, 0, $5) RETURNING id",
        )
        .bind(&person.name)
        .bind(person.role.as_str())
        .bind(i64::from(person.opens_packets))
        .bind(i64::from(person.wall_screen))
        .bind(now.as_microsecond())
        .fetch_one(&self.pool)
        .await
        .map_err(|cause| taken(&person.name, "add a person", cause))?;
        Ok(Person {
            id: PersonId(row.try_get(0).map_err(failed("add a person"))?),
            name: person.name.clone(),
            role: person.role,
            opens_packets: person.opens_packets,
            wall_screen: person.wall_screen,
            disabled: false,
            has_passphrase: false,
            created: time(now.as_microsecond()),
        })
    }

    /// Everyone, in the order of their names.
    ///
    /// # Errors
    /// The database failed.
    pub async fn all(&self) -> Result<Vec<Person>, PeopleError> {
        let rows = sqlx::query(select_person!("ORDER BY p.name")).fetch_all(&self.pool).await;
        let people = rows.and_then(|rows| rows.iter().map(read_person).collect());
        Ok(people.map_err(failed("list people"))?)
    }

    /// The person with a name.
    ///
    /// # Errors
    /// The database failed.
    pub async fn by_name(&self, name: &str) -> Result<Option<Person>, PeopleError> {
        let row =
            sqlx::query(select_person!("WHERE p.name = $1")).bind(name).fetch_optional(&self.pool).await;
        Ok(row.and_then(|row| row.as_ref().map(read_person).transpose()).map_err(failed("find a person"))?)
    }

    /// The person with an id.
    ///
    /// # Errors
    /// The database failed.
    pub async fn by_id(&self, id: PersonId) -> Result<Option<Person>, PeopleError> {
        let row = sqlx::query(select_person!("WHERE p.id = $1")).bind(id.0).fetch_optional(&self.pool).await;
        Ok(row.and_then(|row| row.as_ref().map(read_person).transpose()).map_err(failed("find a person"))?)
    }

    /// Changes a person and returns them as they are from now on. Disabling ends their sessions at once.
    ///
    /// # Errors
    /// [`PeopleError::Unknown`], or the database failed.
    pub async fn change(&self, id: PersonId, change: &PersonChange) -> Result<Person, PeopleError> {
        let row = sqlx::query(
            "UPDATE people SET role = coalesce($2, role), opens_packets = coalesce($3, opens_packets),
             disabled = coalesce($4, disabled) WHERE id = $1 RETURNING id, name, role, opens_packets, wall_screen,
             disabled, passphrase IS NOT NULL AS has_passphrase, created",
        )
        .bind(id.0)
        .bind(change.role.map(Role::as_str))
        .bind(change.opens_packets.map(i64::from))
        .bind(change.disabled.map(i64::from))
        .fetch_optional(&self.pool)
        .await
        .map_err(failed("change a person"))?;
        let row = row.ok_or(PeopleError::Unknown { what: "person" })?;
        if change.disabled == Some(true) {
            self.close_sessions(id).await?;
        }
        Ok(read_person(&row).map_err(failed("change a person"))?)
    }

    /// Keeps the Argon2 text (PHC string format) of a person's passphrase, and ends their other sessions.
    ///
    /// # Errors
    /// [`PeopleError::Unknown`], or the database failed.
    pub async fn set_passphrase(&self, id: PersonId, argon2: &str) -> Result<(), PeopleError> {
        let done = sqlx::query("UPDATE people SET passphrase = $2 WHERE id = $1")
            .bind(id.0)
            .bind(argon2)
            .execute(&self.pool)
            .await
            .map_err(failed("keep a passphrase"))?;
        if done.rows_affected() == 0 {
            return Err(PeopleError::Unknown { what: "person" });
        }
        self.close_sessions(id).await
    }

    /// The Argon2 text of a person's passphrase. For checking a sign-in and for nothing else.
    ///
    /// # Errors
    /// The database failed.
    pub async fn passphrase(&self, id: PersonId) -> Result<Option<String>, PeopleError> {
        let row = sqlx::query("SELECT passphrase FROM people WHERE id = $1")
            .bind(id.0)
            .fetch_optional(&self.pool)
            .await;
        let text = row.and_then(|row| row.map(|row| row.try_get(0)).transpose());
        Ok(text.map_err(failed("read a passphrase"))?.flatten())
    }

    /// Begins a session and returns the secret for its cookie, which is not kept.
    ///
    /// # Errors
    /// There was no chance to be had, or the database failed.
    pub async fn open_session(
        &self,
        person: PersonId,
        now: Timestamp,
        expires: Timestamp,
    ) -> Result<(Secret, Session), PeopleError> {
        let (secret, csrf) = (Secret::new()?, Secret::new()?);
        sqlx::query("DELETE FROM sessions WHERE expires <= $1")
            .bind(now.as_microsecond())
            .execute(&self.pool)
            .await
            .map_err(failed("clear old sessions"))?;
        sqlx::query(
            "INSERT INTO sessions (hash, person, csrf, created, used, expires) VALUES ($1, $2, $3, $4, $4, $5)",
        )
        .bind(secret::hash(secret.reveal()))
        .bind(person.0)
        .bind(csrf.reveal())
        .bind(now.as_microsecond())
        .bind(expires.as_microsecond())
        .execute(&self.pool)
        .await
        .map_err(failed("begin a session"))?;
        let now = time(now.as_microsecond());
        let expires = time(expires.as_microsecond());
        let csrf = csrf.reveal().to_owned();
        Ok((secret, Session { person, csrf, created: now, used: now, expires }))
    }

    /// The session that a cookie belongs to, and its person: neither expired, nor unused for longer than `idle`, nor
    /// of a disabled person.
    ///
    /// # Errors
    /// The database failed.
    pub async fn session(
        &self,
        token: &str,
        now: Timestamp,
        idle: SignedDuration,
    ) -> Result<Option<(Session, Person)>, PeopleError> {
        let hash = secret::hash(token);
        let row = sqlx::query(
            "SELECT p.id, p.name, p.role, p.opens_packets, p.wall_screen, p.disabled,
             p.passphrase IS NOT NULL AS has_passphrase, p.created, s.csrf, s.created AS began, s.used, s.expires
             FROM sessions s JOIN people p ON p.id = s.person WHERE s.hash = $1",
        )
        .bind(&hash)
        .fetch_optional(&self.pool)
        .await
        .map_err(failed("find a session"))?;
        let Some(row) = row else { return Ok(None) };
        let found = read_session(&row).and_then(|session| Ok((session, read_person(&row)?)));
        let (session, person) = found.map_err(failed("find a session"))?;
        let unused = now.duration_since(session.used);
        if person.disabled || session.expires <= now || unused > idle {
            return Ok(None);
        }
        if unused >= USED_EVERY {
            sqlx::query("UPDATE sessions SET used = $2 WHERE hash = $1")
                .bind(&hash)
                .bind(now.as_microsecond())
                .execute(&self.pool)
                .await
                .map_err(failed("note the use of a session"))?;
        }
        Ok(Some((session, person)))
    }

    /// Ends the session that a cookie belongs to. Ending one that is not there does nothing.
    ///
    /// # Errors
    /// The database failed.
    pub async fn close_session(&self, token: &str) -> Result<(), PeopleError> {
        sqlx::query("DELETE FROM sessions WHERE hash = $1")
            .bind(secret::hash(token))
            .execute(&self.pool)
            .await
            .map_err(failed("end a session"))?;
        Ok(())
    }

    /// Ends every session of a person.
    ///
    /// # Errors
    /// The database failed.
    pub async fn close_sessions(&self, person: PersonId) -> Result<(), PeopleError> {
        sqlx::query("DELETE FROM sessions WHERE person = $1")
            .bind(person.0)
            .execute(&self.pool)
            .await
            .map_err(failed("end a person's sessions"))?;
        Ok(())
    }

    /// Makes a token for programmes and returns its secret, which is not kept.
    ///
    /// # Errors
    /// [`PeopleError::BadName`], [`PeopleError::NameTaken`], [`PeopleError::RoleTooGreat`], [`PeopleError::Unknown`],
    /// there was no chance to be had, or the database failed.
    pub async fn create_token(
        &self,
        name: &str,
        person: PersonId,
        role: Role,
        now: Timestamp,
    ) -> Result<(Secret, Token), PeopleError> {
        check_name(name)?;
        let holder = self.by_id(person).await?.ok_or(PeopleError::Unknown { what: "person" })?;
        if role > holder.role {
            return Err(PeopleError::RoleTooGreat);
        }
        let secret = Secret::new()?;
        sqlx::query("INSERT INTO tokens (hash, name, person, role, created) VALUES ($1, $2, $3, $4, $5)")
            .bind(secret::hash(secret.reveal()))
            .bind(name)
            .bind(person.0)
            .bind(role.as_str())
            .bind(now.as_microsecond())
            .execute(&self.pool)
            .await
            .map_err(|cause| taken(name, "make a token", cause))?;
        let created = time(now.as_microsecond());
        Ok((secret, Token { name: name.to_owned(), person, role, created, revoked: None }))
    }

    /// The token with a secret, and its person: neither revoked nor of a disabled person. Its role is cut to what its
    /// person may do now.
    ///
    /// # Errors
    /// The database failed.
    pub async fn token(&self, secret: &str) -> Result<Option<(Token, Person)>, PeopleError> {
        let row = sqlx::query(
            "SELECT p.id, p.name, p.role, p.opens_packets, p.wall_screen, p.disabled,
             p.passphrase IS NOT NULL AS has_passphrase, p.created, t.name AS token, t.person, t.role AS token_role,
             t.created AS made, t.revoked FROM tokens t JOIN people p ON p.id = t.person
             WHERE t.hash = $1 AND t.revoked IS NULL AND p.disabled = 0",
        )
        .bind(secret::hash(secret))
        .fetch_optional(&self.pool)
        .await
        .map_err(failed("find a token"))?;
        let Some(row) = row else { return Ok(None) };
        let found = read_token(&row).and_then(|token| Ok((token, read_person(&row)?)));
        let (mut token, person) = found.map_err(failed("find a token"))?;
        token.role = token.role.min(person.role);
        Ok(Some((token, person)))
    }

    /// Every token, revoked ones too, in the order of their names.
    ///
    /// # Errors
    /// The database failed.
    pub async fn tokens(&self) -> Result<Vec<Token>, PeopleError> {
        let rows = sqlx::query(
            "SELECT name AS token, person, role AS token_role, created AS made, revoked FROM tokens ORDER BY name",
        )
        .fetch_all(&self.pool)
        .await;
        let tokens = rows.and_then(|rows| rows.iter().map(read_token).collect());
        Ok(tokens.map_err(failed("list tokens"))?)
    }

    /// Revokes a token: from now on it opens nothing. Its name stays taken, for what it did carries it.
    ///
    /// # Errors
    /// [`PeopleError::Unknown`], or the database failed.
    pub async fn revoke_token(&self, name: &str, now: Timestamp) -> Result<(), PeopleError> {
        let done = sqlx::query("UPDATE tokens SET revoked = coalesce(revoked, $2) WHERE name = $1")
            .bind(name)
            .bind(now.as_microsecond())
            .execute(&self.pool)
            .await
            .map_err(failed("revoke a token"))?;
        if done.rows_affected() == 0 { Err(PeopleError::Unknown { what: "token" }) } else { Ok(()) }
    }

    /// Makes a link that works once, and returns its secret, which is not kept.
    ///
    /// # Errors
    /// There was no chance to be had, or the database failed.
    pub async fn create_link(&self, link: &Link, expires: Timestamp) -> Result<Secret, PeopleError> {
        let secret = Secret::new()?;
        sqlx::query("INSERT INTO links (hash, purpose, person, expires) VALUES ($1, $2, $3, $4)")
            .bind(secret::hash(secret.reveal()))
            .bind(&link.purpose)
            .bind(link.person.map(|id| id.0))
            .bind(expires.as_microsecond())
            .execute(&self.pool)
            .await
            .map_err(failed("make a link"))?;
        Ok(secret)
    }

    /// What a link is for, if it still works, without using it up.
    ///
    /// # Errors
    /// The database failed.
    pub async fn link(&self, secret: &str, now: Timestamp) -> Result<Option<Link>, PeopleError> {
        let row = sqlx::query(
            "SELECT purpose, person FROM links WHERE hash = $1 AND used IS NULL AND expires > $2",
        )
        .bind(secret::hash(secret))
        .bind(now.as_microsecond())
        .fetch_optional(&self.pool)
        .await;
        let link = row.and_then(|row| row.as_ref().map(read_link).transpose());
        Ok(link.map_err(failed("find a link"))?)
    }

    /// Uses a link up. Of any number of attempts, at the same time or later, one at most is given the link.
    ///
    /// # Errors
    /// The database failed.
    pub async fn use_link(&self, secret: &str, now: Timestamp) -> Result<Option<Link>, PeopleError> {
        let row = sqlx::query(
            "UPDATE links SET used = $2 WHERE hash = $1 AND used IS NULL AND expires > $2
             RETURNING purpose, person",
        )
        .bind(secret::hash(secret))
        .bind(now.as_microsecond())
        .fetch_optional(&self.pool)
        .await;
        let link = row.and_then(|row| row.as_ref().map(read_link).transpose());
        Ok(link.map_err(failed("use a link"))?)
    }
}

fn check_name(name: &str) -> Result<(), PeopleError> {
    let length = name.chars().count();
    let good = (1..=64).contains(&length) && name.trim() == name && !name.chars().any(char::is_control);
    if good { Ok(()) } else { Err(PeopleError::BadName) }
}

fn taken(name: &str, act: &'static str, cause: sqlx::Error) -> PeopleError {
    if cause.as_database_error().is_some_and(|e| e.is_unique_violation()) {
        PeopleError::NameTaken { name: name.to_owned() }
    } else {
        failed(act)(cause).into()
    }
}

/// A time kept as microseconds since 1970. Every such number that we wrote is in range.
fn time(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or_default()
}

fn role(text: &str) -> Result<Role, sqlx::Error> {
    text.parse().map_err(|()| sqlx::Error::Decode("a role that this program does not know".into()))
}

fn read_person(row: &SqliteRow) -> Result<Person, sqlx::Error> {
    Ok(Person {
        id: PersonId(row.try_get("id")?),
        name: row.try_get("name")?,
        role: role(row.try_get("role")?)?,
        opens_packets: row.try_get::<i64, _>("opens_packets")? != 0,
        wall_screen: row.try_get::<i64, _>("wall_screen")? != 0,
        disabled: row.try_get::<i64, _>("disabled")? != 0,
        has_passphrase: row.try_get::<i64, _>("has_passphrase")? != 0,
        created: time(row.try_get("created")?),
    })
}

fn read_session(row: &SqliteRow) -> Result<Session, sqlx::Error> {
    Ok(Session {
        person: PersonId(row.try_get("id")?),
        csrf: row.try_get("csrf")?,
        created: time(row.try_get("began")?),
        used: time(row.try_get("used")?),
        expires: time(row.try_get("expires")?),
    })
}

fn read_token(row: &SqliteRow) -> Result<Token, sqlx::Error> {
    Ok(Token {
        name: row.try_get("token")?,
        person: PersonId(row.try_get("person")?),
        role: role(row.try_get("token_role")?)?,
        created: time(row.try_get("made")?),
        revoked: row.try_get::<Option<i64>, _>("revoked")?.map(time),
    })
}

fn read_link(row: &SqliteRow) -> Result<Link, sqlx::Error> {
    Ok(Link {
        purpose: row.try_get("purpose")?,
        person: row.try_get::<Option<i64>, _>("person")?.map(PersonId),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database;

    async fn people(directory: &std::path::Path) -> People {
        People::new(database::open(directory, &database::MAIN).await.unwrap())
    }

    fn ada() -> NewPerson {
        NewPerson { name: "ada".into(), role: Role::Operator, opens_packets: false, wall_screen: false }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_767_322_000 + second).unwrap()
    }

    const IDLE: SignedDuration = SignedDuration::from_mins(30);

    #[tokio::test]
    async fn a_person_is_found_as_they_were_added_and_changed() {
        let directory = tempfile::tempdir().unwrap();
        let people = people(directory.path()).await;
        let person = people.create(&ada(), at(0)).await.unwrap();
        assert_eq!(people.by_name("ada").await.unwrap(), Some(person.clone()));
        assert_eq!(people.by_id(person.id).await.unwrap(), Some(person.clone()));
        assert!(matches!(people.create(&ada(), at(1)).await, Err(PeopleError::NameTaken { .. })));
        for name in ["", " ada", "a\nb", &"a".repeat(65)] {
            let bad = NewPerson { name: name.into(), ..ada() };
            assert!(matches!(people.create(&bad, at(1)).await, Err(PeopleError::BadName)), "{name}");
        }
        people.set_passphrase(person.id, "$argon2id$example").await.unwrap();
        assert_eq!(people.passphrase(person.id).await.unwrap().as_deref(), Some("$argon2id$example"));
        let change = PersonChange { opens_packets: Some(true), ..PersonChange::default() };
        let changed = people.change(person.id, &change).await.unwrap();
        assert_eq!(changed, Person { opens_packets: true, has_passphrase: true, ..person });
        assert_eq!(people.all().await.unwrap(), [changed]);
        assert!(matches!(people.change(PersonId(99), &change).await, Err(PeopleError::Unknown { .. })));
    }

    #[tokio::test]
    async fn a_session_ends_when_it_should() {
        let directory = tempfile::tempdir().unwrap();
        let people = people(directory.path()).await;
        let person = people.create(&ada(), at(0)).await.unwrap();
        let (secret, session) = people.open_session(person.id, at(0), at(7200)).await.unwrap();
        let token = secret.reveal();
        assert_eq!(people.session(token, at(1), IDLE).await.unwrap(), Some((session, person.clone())));
        assert!(people.session("guess", at(1), IDLE).await.unwrap().is_none());
        // Use keeps it alive, idleness does not, and nothing keeps it beyond its end.
        assert!(people.session(token, at(1700), IDLE).await.unwrap().is_some());
        assert!(people.session(token, at(3400), IDLE).await.unwrap().is_some());
        assert!(people.session(token, at(5300), IDLE).await.unwrap().is_none());
        let always = SignedDuration::from_hours(24);
        assert!(people.session(token, at(7200), always).await.unwrap().is_none());
        // Signing out, a new passphrase and being disabled each end it at once.
        people.close_session(token).await.unwrap();
        assert!(people.session(token, at(2), IDLE).await.unwrap().is_none());
        let (secret, _) = people.open_session(person.id, at(0), at(7200)).await.unwrap();
        people.set_passphrase(person.id, "$argon2id$other").await.unwrap();
        assert!(people.session(secret.reveal(), at(2), IDLE).await.unwrap().is_none());
        let (secret, _) = people.open_session(person.id, at(0), at(7200)).await.unwrap();
        let disabled = PersonChange { disabled: Some(true), ..PersonChange::default() };
        people.change(person.id, &disabled).await.unwrap();
        assert!(people.session(secret.reveal(), at(2), IDLE).await.unwrap().is_none());
    }

    #[tokio::test]
    async fn a_token_does_what_its_person_may_and_ends_when_revoked() {
        let directory = tempfile::tempdir().unwrap();
        let people = people(directory.path()).await;
        let person = people.create(&ada(), at(0)).await.unwrap();
        let refused = people.create_token("meter", person.id, Role::Approver, at(0)).await;
        assert!(matches!(refused, Err(PeopleError::RoleTooGreat)));
        let (secret, token) = people.create_token("meter", person.id, Role::Operator, at(0)).await.unwrap();
        assert_eq!(people.token(secret.reveal()).await.unwrap(), Some((token.clone(), person.clone())));
        let demoted = PersonChange { role: Some(Role::Viewer), ..PersonChange::default() };
        people.change(person.id, &demoted).await.unwrap();
        let (cut, _) = people.token(secret.reveal()).await.unwrap().unwrap();
        assert_eq!(cut.role, Role::Viewer);
        people.revoke_token("meter", at(5)).await.unwrap();
        people.revoke_token("meter", at(9)).await.unwrap();
        assert!(people.token(secret.reveal()).await.unwrap().is_none());
        assert_eq!(people.tokens().await.unwrap(), [Token { revoked: Some(at(5)), ..token }]);
        assert!(matches!(people.revoke_token("other", at(5)).await, Err(PeopleError::Unknown { .. })));
    }

    #[tokio::test]
    async fn of_many_who_use_a_link_one_is_given_it() {
        let directory = tempfile::tempdir().unwrap();
        let people = people(directory.path()).await;
        let link = Link { purpose: "first-sign-in".into(), person: None };
        let secret = people.create_link(&link, at(60)).await.unwrap();
        assert_eq!(people.link(secret.reveal(), at(1)).await.unwrap(), Some(link.clone()));
        let tries: Vec<_> = (0..8)
            .map(|_| {
                let (people, secret) = (people.clone(), secret.reveal().to_owned());
                tokio::spawn(async move { people.use_link(&secret, at(1)).await.unwrap() })
            })
            .collect();
        let mut given = 0;
        for attempt in tries {
            given += usize::from(attempt.await.unwrap().is_some());
        }
        assert_eq!(given, 1);
        assert!(people.link(secret.reveal(), at(1)).await.unwrap().is_none());
        let late = people.create_link(&link, at(60)).await.unwrap();
        assert!(people.use_link(late.reveal(), at(60)).await.unwrap().is_none());
    }

    #[tokio::test]
    async fn no_token_is_ever_on_disk() {
        let directory = tempfile::tempdir().unwrap();
        let people = people(directory.path()).await;
        let person = people.create(&ada(), at(0)).await.unwrap();
        let link = Link { purpose: "first-sign-in".into(), person: Some(person.id) };
        let secrets = [
            people.open_session(person.id, at(0), at(60)).await.unwrap().0,
            people.create_token("meter", person.id, Role::Viewer, at(0)).await.unwrap().0,
            people.create_link(&link, at(60)).await.unwrap(),
        ];
        for file in std::fs::read_dir(directory.path()).unwrap() {
            let bytes = std::fs::read(file.unwrap().path()).unwrap();
            for secret in &secrets {
                let text = secret.reveal().as_bytes();
                assert!(!bytes.windows(text.len()).any(|window| window == text));
            }
        }
    }
}
