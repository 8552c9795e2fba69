//! What others know and what this city learned: objects of STIX, in an SQLite file of their own.
//!
//! | word | meaning |
//! |---|---|
//! | object | one reading of one version of a STIX object: what a text says, kept whole |
//! | version | its `modified`, or else its `created`, in microseconds; what has neither has one version |
//! | reading | two texts of the same id and version that differ are two: who came first does not keep the other out |
//! | filing | that an object was put into a collection, for an audience; a reader is shown what was filed, nothing else |
//! | allowed | of a value that a source may name: that somebody said that it is no sign of an attack |
//! | set aside | that somebody decided that an object, or a source, is not acted on; it is kept |
//! | added | when it was kept or filed, in microseconds; no two are the same, and each is later than all before |
//!
//! **Who may see what is decided in the query.** A filing has a class: how far the object may be passed on, and for whom
//! it was filed. A reader's question goes to the classes that are theirs and to no other, by an index that begins with
//! the class; so what is not theirs is neither counted nor passed over, and takes no time.

mod add;
mod json;
mod page;
mod question;
mod source;

pub use self::{
    add::{Added, Filing, OBJECT_MAX, Refused, Unmarked},
    page::{Entry, Filter, PAGE_BYTES, PAGE_MAX, Page, Reader, SpecVersion, VersionMatch},
    question::{Kept, Latest},
    source::{ALLOWED_MAX, Aside, Decided, SetAside, Source, Which},
};

use crate::database::{self, DatabaseError, Layout, failed};
use adapt::stix::Tlp;
use jiff::Timestamp;
use sqlx::{Row as _, SqlitePool};
use std::{collections::BTreeSet, path::Path};

/// The version of what has neither `modified` nor `created`. It is shown as the time at which it was filed.
const UNVERSIONED: i64 = i64::MIN;

/// The most classes, sources and collections: each is made by what a person or the plan says, never by what arrives.
const NAMES_MAX: i64 = 4_096;
/// The most marks, and the most bytes of one.
const MARKS_MAX: i64 = 4_096;
const MARK_BYTES_MAX: usize = 4_096;

const LAYOUT: Layout = Layout { file: "intelligence.db", steps: &[FIRST, SET_ASIDE] };

const FIRST: &[&str] = &[
    "CREATE TABLE ids (key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE)",
    "CREATE TABLE sources (key INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)",
    "CREATE TABLE collections (key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE)",
    // The audience is a list of groups in order, a line each, or NULL for everybody whom the marking allows.
    "CREATE TABLE classes (key INTEGER PRIMARY KEY, tlp INTEGER NOT NULL, audience TEXT)",
    "CREATE TABLE marks (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
    "CREATE TABLE objects (
            added INTEGER PRIMARY KEY,
            object INTEGER NOT NULL REFERENCES ids (key),
            version INTEGER NOT NULL,
            type TEXT NOT NULL,
            spec INTEGER NOT NULL,
            tlp INTEGER NOT NULL,
            revoked INTEGER NOT NULL,
            source INTEGER NOT NULL REFERENCES sources (key),
            digest BLOB NOT NULL,
            body TEXT NOT NULL
        )",
    "CREATE INDEX objects_by_id ON objects (object, version)",
    "CREATE INDEX objects_by_type ON objects (type)",
    "CREATE INDEX objects_by_source ON objects (source)",
    "CREATE TABLE filed (
            added INTEGER PRIMARY KEY,
            collection INTEGER NOT NULL REFERENCES collections (key),
            class INTEGER NOT NULL REFERENCES classes (key),
            kept INTEGER NOT NULL REFERENCES objects (added),
            object INTEGER NOT NULL,
            version INTEGER NOT NULL,
            type TEXT NOT NULL,
            spec INTEGER NOT NULL,
            source INTEGER NOT NULL REFERENCES sources (key)
        )",
    // The latest time of what was withdrawn, which must not be given out again.
    "CREATE TABLE withdrawn (added INTEGER PRIMARY KEY)",
    // SQLite puts the row's number, which is the time added, at the end of each index.
    "CREATE INDEX filed_in_order ON filed (collection, class)",
    "CREATE INDEX filed_by_type ON filed (collection, class, type)",
    "CREATE INDEX filed_by_object ON filed (collection, object, version)",
];

/// What is not acted on, and what was taken in of each source.
const SET_ASIDE: &[&str] = &[
    "CREATE TABLE set_aside (
        key INTEGER PRIMARY KEY,
        object INTEGER UNIQUE REFERENCES ids (key),
        source INTEGER UNIQUE REFERENCES sources (key),
        at INTEGER NOT NULL,
        person TEXT NOT NULL,
        reason TEXT NOT NULL
    )",
    "ALTER TABLE sources ADD COLUMN form TEXT",
    "ALTER TABLE sources ADD COLUMN taken INTEGER",
    // When it was said last which of its values are no signs.
    "ALTER TABLE sources ADD COLUMN allowed INTEGER",
    "CREATE TABLE allowed (
        source INTEGER NOT NULL REFERENCES sources (key),
        value TEXT NOT NULL,
        PRIMARY KEY (source, value)
    ) WITHOUT ROWID",
];

/// For whom something is filed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Audience {
    /// Everybody whom the marking allows.
    Everybody,
    /// Members of any of these groups whom the marking allows; of none, nobody.
    Groups(BTreeSet<String>),
}

impl Audience {
    /// Whether somebody in these groups belongs to it.
    #[must_use]
    pub fn includes(&self, groups: &BTreeSet<String>) -> bool {
        match self {
            Audience::Everybody => true,
            Audience::Groups(these) => !these.is_disjoint(groups),
        }
    }

    /// The text in the table. Names hold no line ends; see [`IntelligenceError::BadName`].
    fn text(&self) -> Option<String> {
        match self {
            Audience::Everybody => None,
            Audience::Groups(groups) => {
                Some(groups.iter().map(String::as_str).collect::<Vec<_>>().join("\n"))
            }
        }
    }

    fn of(text: Option<&str>) -> Audience {
        match text {
            None => Audience::Everybody,
            Some(text) => Audience::Groups(text.lines().map(str::to_owned).collect()),
        }
    }
}

/// Why intelligence could not be kept or asked.
#[derive(Debug, thiserror::Error)]
pub enum IntelligenceError {
    /// The database could not be opened or asked.
    #[error("intelligence: {0}")]
    Database(#[from] DatabaseError),
    /// The name of a source, collection, group or mark is empty, too long or holds control characters.
    #[error("intelligence: `{0}` is no name: it has 1 to 256 characters, none of them a control character")]
    BadName(String),
    /// There is no room for another source, collection, class or mark.
    #[error("intelligence: there is no room for another {0}; {NAMES_MAX} are kept")]
    Full(&'static str),
    /// There are more values that are no signs than are kept.
    #[error("intelligence: of all sources together {ALLOWED_MAX} values are kept that are no signs")]
    ManyAllowed,
    /// The reason for setting something aside is empty, too long or holds control characters.
    #[error("intelligence: a reason has 1 to 2048 bytes, none of them a control character")]
    BadReason,
    /// A mark's value is too long.
    #[error("intelligence: a mark has {MARK_BYTES_MAX} bytes at most")]
    LongMark,
}

/// The intelligence that is kept. Cheap to clone; every clone speaks to the same file.
#[derive(Clone, Debug)]
pub struct Intelligence {
    pool: SqlitePool,
}

impl Intelligence {
    /// Opens the file in a state directory for reading and writing, making it if there is none. Several processes may:
    /// one writes at a time, and none waits in order to read.
    ///
    /// # Errors
    /// The file cannot be made or read, is of a newer release, or is none of ours.
    pub async fn open(directory: &Path) -> Result<Intelligence, IntelligenceError> {
        Ok(Intelligence { pool: database::open(directory, &LAYOUT).await? })
    }

    /// Opens it for reading only. One of an older release is brought up first; where a state directory has none, nothing
    /// is kept, and nothing is made.
    ///
    /// # Errors
    /// As for [`Intelligence::open`], and there is no such directory.
    pub async fn open_read_only(directory: &Path) -> Result<Intelligence, IntelligenceError> {
        if directory.is_dir() && !directory.join(LAYOUT.file).exists() {
            return Ok(Intelligence { pool: database::empty(&LAYOUT).await? });
        }
        let pool = database::open_read_only(directory, &LAYOUT).await?;
        if database::is_newest(&pool, &LAYOUT).await? {
            return Ok(Intelligence { pool });
        }
        pool.close().await;
        Intelligence::open(directory).await?.close().await;
        Ok(Intelligence { pool: database::open_read_only(directory, &LAYOUT).await? })
    }

    /// Writes what is open to the file and closes it.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    /// How far something has come, by a name of the caller's choice: where the reading of another's collection goes on.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn mark(&self, name: &str) -> Result<Option<String>, IntelligenceError> {
        let row = sqlx::query("SELECT value FROM marks WHERE name = $1")
            .bind(name)
            .fetch_optional(&self.pool)
            .await
            .and_then(|row| row.map(|row| row.try_get(0)).transpose());
        Ok(row.map_err(failed("read a mark"))?)
    }

    /// Sets a mark, once what it stands for is kept.
    ///
    /// # Errors
    /// The name or value is no good, there are too many, or the database does not answer.
    pub async fn put_mark(&self, name: &str, value: &str) -> Result<(), IntelligenceError> {
        let name = checked(name)?;
        if value.len() > MARK_BYTES_MAX {
            return Err(IntelligenceError::LongMark);
        }
        let done = sqlx::query(
            "INSERT INTO marks (name, value)
             SELECT $1, $2 WHERE (SELECT count(*) FROM marks) < $3 OR EXISTS (SELECT 1 FROM marks WHERE name = $1)
             ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        )
        .bind(name)
        .bind(value)
        .bind(MARKS_MAX)
        .execute(&self.pool)
        .await
        .map_err(failed("write a mark"))?;
        if done.rows_affected() == 0 { Err(IntelligenceError::Full("mark")) } else { Ok(()) }
    }
}

/// A name that is fit to be kept.
fn checked(name: &str) -> Result<&str, IntelligenceError> {
    let fits = !name.is_empty() && name.chars().count() <= 256 && !name.chars().any(char::is_control);
    if fits { Ok(name) } else { Err(IntelligenceError::BadName(name.chars().take(256).collect())) }
}

/// Microseconds since 1970: what SQLite compares.
fn micros(time: Timestamp) -> i64 {
    time.as_microsecond()
}

/// The time of so many microseconds since 1970.
fn time(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or(if micros < 0 { Timestamp::MIN } else { Timestamp::MAX })
}

fn level(tlp: Tlp) -> i64 {
    match tlp {
        Tlp::Clear => 0,
        Tlp::Green => 1,
        Tlp::Amber => 2,
        Tlp::AmberStrict => 3,
        Tlp::Red => 4,
    }
}

/// The marking of a number in the table; of one that is none, the narrowest.
fn tlp(level: i64) -> Tlp {
    match level {
        0 => Tlp::Clear,
        1 => Tlp::Green,
        2 => Tlp::Amber,
        3 => Tlp::AmberStrict,
        _ => Tlp::Red,
    }
}

#[cfg(test)]
mod tests;
