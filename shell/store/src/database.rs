//! SQLite files: how they are opened, and how older ones are brought up; and the one behind people, settings and the
//! sealed log.

use crate::durable;
use sqlx::{
    Row, SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use std::{path::Path, time::Duration};

/// A database: its file inside the state directory, and how it came to be what it is.
pub(crate) struct Layout {
    /// The name of the file.
    pub(crate) file: &'static str,
    /// The steps from each schema to the next. The first makes an empty database schema 1. A step that was released is
    /// never changed.
    pub(crate) steps: &'static [&'static [&'static str]],
}

impl Layout {
    /// The schema number that this release writes.
    fn schema(&self) -> u32 {
        u32::try_from(self.steps.len()).unwrap_or(u32::MAX)
    }
}

/// Why the database could not be opened or asked.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// The database could not be opened.
    #[error(
        "cannot open the database `{path}`: {cause}; check that the file is there, readable and undamaged"
    )]
    Open {
        /// The file.
        path: String,
        /// What SQLite said.
        cause: sqlx::Error,
    },
    /// The database was written by a newer release.
    #[error("the database has schema {found}, this program knows {known} at most; use the newer program")]
    Newer {
        /// The schema number found.
        found: u32,
        /// The newest that this program knows.
        known: u32,
    },
    /// The database holds no schema number, so it is not one of ours.
    #[error("the database holds no schema number; it was not made by this program, or it is damaged")]
    Foreign,
    /// A question or change failed.
    #[error("the database could not {act}: {cause}")]
    Failed {
        /// What was being done, in words.
        act: &'static str,
        /// What SQLite said.
        cause: sqlx::Error,
    },
}

/// Gives a database error its context.
pub(crate) fn failed(act: &'static str) -> impl FnOnce(sqlx::Error) -> DatabaseError {
    move |cause| DatabaseError::Failed { act, cause }
}

/// People, settings and the sealed log. The statements keep to what SQLite and PostgreSQL both understand.
pub(crate) const MAIN: Layout = Layout { file: "bastide.db", steps: &[FIRST, NUMBERED] };

const FIRST: &[&str] = &[
    "CREATE TABLE sealed (
        sequence INTEGER PRIMARY KEY,
        time TEXT NOT NULL,
        kind TEXT NOT NULL,
        schema INTEGER NOT NULL,
        body TEXT NOT NULL,
        leaf BLOB NOT NULL
    )",
    "CREATE TABLE heads (
        size INTEGER PRIMARY KEY,
        note TEXT NOT NULL
    )",
    "CREATE TABLE people (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        role TEXT NOT NULL,
        passphrase TEXT,
        opens_packets INTEGER NOT NULL,
        wall_screen INTEGER NOT NULL,
        disabled INTEGER NOT NULL,
        created BIGINT NOT NULL
    )",
    "CREATE TABLE sessions (
        hash BLOB PRIMARY KEY,
        person INTEGER NOT NULL REFERENCES people (id),
        csrf TEXT NOT NULL,
        created BIGINT NOT NULL,
        used BIGINT NOT NULL,
        expires BIGINT NOT NULL
    )",
    "CREATE INDEX sessions_of ON sessions (person)",
    "CREATE TABLE tokens (
        hash BLOB PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        person INTEGER NOT NULL REFERENCES people (id),
        role TEXT NOT NULL,
        created BIGINT NOT NULL,
        revoked BIGINT
    )",
    "CREATE TABLE links (
        hash BLOB PRIMARY KEY,
        purpose TEXT NOT NULL,
        person INTEGER REFERENCES people (id),
        expires BIGINT NOT NULL,
        used BIGINT
    )",
];

/// Records of the log found by what they are about, and by their kind, however many there are. What was sealed before is
/// about what its body says; only SQLite has such rows.
const NUMBERED: &[&str] = &[
    "ALTER TABLE sealed ADD COLUMN number BIGINT",
    "UPDATE sealed SET number = CAST(body ->> 'number' AS BIGINT) WHERE kind IN ('finding', 'response')",
    "CREATE INDEX sealed_by_kind ON sealed (kind, sequence)",
    "CREATE INDEX sealed_by_number ON sealed (kind, number, sequence) WHERE number IS NOT NULL",
];

/// Opens a database for reading and writing, making it or bringing it up to the newest schema first.
pub(crate) async fn open(directory: &Path, layout: &Layout) -> Result<SqlitePool, DatabaseError> {
    let path = directory.join(layout.file);
    // SQLite makes files that others may read; its other files take the rights of this one.
    durable::private()
        .append(true)
        .create(true)
        .open(&path)
        .map_err(|cause| open_failed(&path, sqlx::Error::Io(cause)))?;
    // WAL with FULL: a commit is on disk before it is answered, and readers never wait for the writer.
    let options = SqliteConnectOptions::new()
        .filename(&path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(10));
    let pool = connect(options, 4).await.map_err(|cause| open_failed(&path, cause))?;
    migrate(&pool, layout).await?;
    Ok(pool)
}

/// Opens a database for reading only. A running process may write to it meanwhile.
pub(crate) async fn open_read_only(directory: &Path, layout: &Layout) -> Result<SqlitePool, DatabaseError> {
    let path = directory.join(layout.file);
    let options =
        SqliteConnectOptions::new().filename(&path).read_only(true).busy_timeout(Duration::from_secs(10));
    let pool = connect(options, 2).await.map_err(|cause| open_failed(&path, cause))?;
    match schema(&pool).await? {
        None => Err(DatabaseError::Foreign),
        Some(found) if found > layout.schema() => Err(DatabaseError::Newer { found, known: layout.schema() }),
        Some(_) => Ok(pool),
    }
}

/// An empty database in memory, for whoever reads where nothing was kept yet.
pub(crate) async fn empty(layout: &Layout) -> Result<SqlitePool, DatabaseError> {
    let options = SqliteConnectOptions::new().in_memory(true);
    // Each connection would have a memory of its own.
    let pool = connect(options, 1).await.map_err(|cause| open_failed(Path::new(layout.file), cause))?;
    migrate(&pool, layout).await?;
    Ok(pool)
}

/// Whether a database has the schema that this release writes.
pub(crate) async fn is_newest(pool: &SqlitePool, layout: &Layout) -> Result<bool, DatabaseError> {
    Ok(schema(pool).await? == Some(layout.schema()))
}

async fn connect(options: SqliteConnectOptions, connections: u32) -> Result<SqlitePool, sqlx::Error> {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(Duration::from_secs(30))
        .connect_with(options)
        .await
}

fn open_failed(path: &Path, cause: sqlx::Error) -> DatabaseError {
    DatabaseError::Open { path: path.display().to_string(), cause }
}

/// The schema number in the settings, or `None` where there is no such table or row.
async fn schema(pool: &SqlitePool) -> Result<Option<u32>, DatabaseError> {
    let tables = sqlx::query("SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'settings'")
        .fetch_one(pool)
        .await
        .and_then(|row| row.try_get::<i64, _>(0))
        .map_err(failed("read its schema number"))?;
    if tables == 0 {
        return Ok(None);
    }
    let value = setting(pool, "schema").await?;
    Ok(value.and_then(|text| text.parse().ok()))
}

async fn migrate(pool: &SqlitePool, layout: &Layout) -> Result<(), DatabaseError> {
    let known = layout.schema();
    let found = match schema(pool).await? {
        Some(found) if found > known => return Err(DatabaseError::Newer { found, known }),
        Some(found) => found,
        None => {
            let objects = sqlx::query("SELECT count(*) FROM sqlite_master")
                .fetch_one(pool)
                .await
                .and_then(|row| row.try_get::<i64, _>(0))
                .map_err(failed("read its schema"))?;
            if objects > 0 {
                return Err(DatabaseError::Foreign);
            }
            0
        }
    };
    let steps = layout.steps.get(found as usize..).unwrap_or_default();
    if steps.is_empty() {
        return Ok(());
    }
    let mut work = pool.begin().await.map_err(failed("begin a change of schema"))?;
    if found == 0 {
        sqlx::query("CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL)")
            .execute(&mut *work)
            .await
            .map_err(failed("make the table of settings"))?;
    }
    for statement in steps.iter().copied().flatten() {
        sqlx::query(*statement).execute(&mut *work).await.map_err(failed("change its schema"))?;
    }
    sqlx::query(PUT_SETTING)
        .bind("schema")
        .bind(known.to_string())
        .execute(&mut *work)
        .await
        .map_err(failed("write its schema number"))?;
    work.commit().await.map_err(failed("finish a change of schema"))
}

const PUT_SETTING: &str = "INSERT INTO settings (name, value) VALUES ($1, $2)
     ON CONFLICT (name) DO UPDATE SET value = excluded.value";

/// Reads one setting.
pub(crate) async fn setting(pool: &SqlitePool, name: &str) -> Result<Option<String>, DatabaseError> {
    sqlx::query("SELECT value FROM settings WHERE name = $1")
        .bind(name)
        .fetch_optional(pool)
        .await
        .and_then(|row| row.map(|row| row.try_get(0)).transpose())
        .map_err(failed("read a setting"))
}

/// Writes one setting.
pub(crate) async fn put_setting(pool: &SqlitePool, name: &str, value: &str) -> Result<(), DatabaseError> {
    sqlx::query(PUT_SETTING).bind(name).bind(value).execute(pool).await.map_err(failed("write a setting"))?;
    Ok(())
}
