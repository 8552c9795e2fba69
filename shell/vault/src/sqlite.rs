//! SQLite databases: copied while others write to them, checked, and asked.
//!
//! `VACUUM INTO` copies within one read transaction: what is copied is the database as it was at one moment, with what
//! still lay in its write-ahead log. Row numbers stay as they are. SQLite itself is built in; no program is needed.

use crate::program::Bounds;
use sqlx::{
    AssertSqlSafe, ConnectOptions as _, Connection as _, Row as _,
    sqlite::{SqliteConnectOptions, SqliteConnection},
};
use std::{
    fs,
    future::Future,
    path::{Path, PathBuf},
    pin::Pin,
    thread,
    time::{Duration, Instant},
};

/// Why a database could not be copied or asked.
#[derive(Debug, thiserror::Error)]
pub enum SqliteError {
    /// SQLite refused.
    #[error("SQLite says of `{}`: {cause}", path.display())]
    Sqlite {
        /// The database.
        path: PathBuf,
        /// What SQLite said.
        cause: sqlx::Error,
    },
    /// It is damaged.
    #[error("the database `{}` is damaged: {what}", path.display())]
    Damaged {
        /// The database.
        path: PathBuf,
        /// What `PRAGMA integrity_check` found first.
        what: String,
    },
    /// Nothing could be run to ask it.
    #[error("could not begin to read `{}`: {cause}", path.display())]
    Begin {
        /// The database.
        path: PathBuf,
        /// Why not.
        cause: std::io::Error,
    },
}

impl SqliteError {
    /// Whether somebody else holds the database (SQLITE_BUSY, in its first byte).
    fn is_busy(&self) -> bool {
        let SqliteError::Sqlite { cause, .. } = self else { return false };
        let code = cause.as_database_error().and_then(|error| error.code()?.parse::<i32>().ok());
        code.is_some_and(|code| code & 0xff == 5)
    }
}

/// How long we wait for those who write to a database.
const PATIENCE: Duration = Duration::from_secs(5 * 60);
/// How long SQLite itself waits for them, and we between two tries.
const WAITING: Duration = Duration::from_millis(5);
const BETWEEN: Duration = Duration::from_millis(1);
/// After how many steps of SQLite's own we look at the clock.
const STEPS: i32 = 10_000;

/// Copies a database into a new file.
///
/// Without a write-ahead log a writer keeps readers out while it commits. SQLite's own waiting, up to 100 ms at a time,
/// seldom meets the moments in between when somebody writes all the time; so we look more often ourselves.
pub(crate) fn copy(file: &Path, into: &Path, bounds: Bounds) -> Result<(), SqliteError> {
    let target = into.to_string_lossy().into_owned();
    let patience = bounds.at_most(PATIENCE);
    loop {
        let target = target.clone();
        let copied = ask(file, bounds, move |database| {
            Box::pin(
                async move { sqlx::query("VACUUM INTO $1").bind(target).execute(database).await.map(drop) },
            )
        });
        match copied {
            Err(error) if error.is_busy() && !patience.left().is_zero() => {
                // A copy is only begun where there is nothing.
                let _ = fs::remove_file(into);
                thread::sleep(BETWEEN);
            }
            copied => return copied,
        }
    }
}

/// Checks that every page and index of a database is as it should be.
pub(crate) fn check(file: &Path, bounds: Bounds) -> Result<(), SqliteError> {
    let found: String = ask(file, bounds, |database| {
        Box::pin(
            async move { sqlx::query("PRAGMA integrity_check(1)").fetch_one(database).await?.try_get(0) },
        )
    })?;
    if found == "ok" { Ok(()) } else { Err(SqliteError::Damaged { path: file.to_path_buf(), what: found }) }
}

/// How many rows a query gives; it is asked no further than `enough`.
pub(crate) fn rows(file: &Path, query: &str, enough: u64, bounds: Bounds) -> Result<u64, SqliteError> {
    let query = query.to_owned();
    ask(file, bounds, move |database| {
        Box::pin(async move {
            let mut rows = sqlx::query(AssertSqlSafe(query)).fetch(database);
            let mut count = 0;
            while count < enough
                && let Some(row) = std::future::poll_fn(|context| rows.as_mut().poll_next(context)).await
            {
                row?;
                count += 1;
            }
            Ok(count)
        })
    })
}

type Asking<'a, T> = Pin<Box<dyn Future<Output = Result<T, sqlx::Error>> + 'a>>;

/// Opens a database for reading and asks it, in a thread of its own, so that a caller may be anything.
fn ask<T: Send>(
    file: &Path,
    bounds: Bounds,
    question: impl for<'a> FnOnce(&'a mut SqliteConnection) -> Asking<'a, T> + Send,
) -> Result<T, SqliteError> {
    let begin = |cause| SqliteError::Begin { path: file.to_path_buf(), cause };
    let failed = |cause| SqliteError::Sqlite { path: file.to_path_buf(), cause };
    let work = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(begin)?;
        runtime.block_on(async {
            let options = SqliteConnectOptions::new()
                .filename(file)
                .read_only(true)
                .busy_timeout(WAITING)
                .disable_statement_logging();
            let mut database = options.connect().await.map_err(failed)?;
            let deadline = bounds.deadline;
            database
                .lock_handle()
                .await
                .map_err(failed)?
                .set_progress_handler(STEPS, move || Instant::now() < deadline);
            let answer = question(&mut database).await.map_err(failed);
            // What it answered stands, however it is closed.
            let _ = database.close().await;
            answer
        })
    };
    thread::scope(|scope| scope.spawn(work).join())
        .unwrap_or_else(|_| Err(begin(std::io::Error::other("the thread that read it ended"))))
}
