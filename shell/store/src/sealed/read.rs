//! Reading the log.

use super::{Damage, Head, LogError, Sealed, SealedLog};
use crate::database::{DatabaseError, failed};
use futures_core::Stream;
use integrity::{Checkpoint, Hash, Tree, Verifier};
use sqlx::{
    Row as _, Sqlite, SqlitePool,
    query::Query,
    sqlite::{SqliteArguments, SqliteRow},
};
use std::{future::poll_fn, pin::pin};

/// The most records given at once.
const PAGE_MAX: u32 = 10_000;

impl SealedLog {
    /// The records from a place on, oldest first; at most `limit`, and never more than 10,000.
    ///
    /// # Errors
    /// The database failed.
    pub async fn records(&self, from: u64, limit: u32) -> Result<Vec<Sealed>, LogError> {
        let rows = sqlx::query(
            "SELECT sequence, time, kind, schema, body FROM sealed WHERE sequence >= $1
             ORDER BY sequence LIMIT $2",
        )
        .bind(i64::try_from(from).unwrap_or(i64::MAX))
        .bind(limit.min(PAGE_MAX))
        .fetch_all(&self.pool)
        .await;
        Ok(rows.and_then(|rows| rows.iter().map(sealed).collect()).map_err(failed("read the sealed log"))?)
    }

    /// The latest records, newest first; of one kind if `kind` is given; at most `limit`, and never more than 10,000.
    ///
    /// # Errors
    /// The database failed.
    pub async fn latest(&self, kind: Option<&str>, limit: u32) -> Result<Vec<Sealed>, LogError> {
        self.latest_before(kind, u64::MAX, limit).await
    }

    /// The latest records before a place, newest first; of one kind if `kind` is given; at most `limit`, and never more
    /// than 10,000. Reads no record that it does not give, however long the log.
    ///
    /// # Errors
    /// The database failed.
    pub async fn latest_before(
        &self,
        kind: Option<&str>,
        before: u64,
        limit: u32,
    ) -> Result<Vec<Sealed>, LogError> {
        let question = if kind.is_some() { LATEST_OF_KIND } else { LATEST };
        self.ask(sqlx::query(question).bind(signed(before)).bind(limit.min(PAGE_MAX)).bind(kind)).await
    }

    /// The last record about each finding, incident or response with a number below `below`, the highest number first;
    /// at most `limit`, and never more than 10,000.
    ///
    /// # Errors
    /// The database failed.
    pub async fn last_of_each(&self, kind: &str, below: u64, limit: u32) -> Result<Vec<Sealed>, LogError> {
        self.ask(sqlx::query(LAST_OF_EACH).bind(signed(below)).bind(limit.min(PAGE_MAX)).bind(kind)).await
    }

    async fn ask(&self, question: Query<'_, Sqlite, SqliteArguments>) -> Result<Vec<Sealed>, LogError> {
        let rows = question.fetch_all(&self.pool).await;
        Ok(rows.and_then(|rows| rows.iter().map(sealed).collect()).map_err(failed("read the sealed log"))?)
    }
}

/// Questions whose first value is a place or number, whose second is a limit, and whose third is a kind.
pub(super) const LATEST: &str = "SELECT sequence, time, kind, schema, body FROM sealed
     WHERE sequence < $1 AND ($3 IS NULL) ORDER BY sequence DESC LIMIT $2";
pub(super) const LATEST_OF_KIND: &str = "SELECT sequence, time, kind, schema, body FROM sealed
     WHERE kind = $3 AND sequence < $1 ORDER BY sequence DESC LIMIT $2";
pub(super) const LAST_OF_EACH: &str = "SELECT sequence, time, kind, schema, body FROM sealed
     WHERE sequence IN (SELECT max(sequence) FROM sealed WHERE kind = $3 AND number < $1
                        GROUP BY number ORDER BY number DESC LIMIT $2)
     ORDER BY number DESC";

/// A place or number as the database has it.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A record from the columns `sequence, time, kind, schema, body`.
pub(super) fn sealed(row: &SqliteRow) -> Result<Sealed, sqlx::Error> {
    Ok(Sealed {
        sequence: number(row, "sequence")?,
        time: row.try_get("time")?,
        kind: row.try_get("kind")?,
        schema: u32::try_from(row.try_get::<i64, _>("schema")?).map_err(out_of_range)?,
        body: row.try_get("body")?,
    })
}

pub(super) fn number(row: &SqliteRow, column: &str) -> Result<u64, sqlx::Error> {
    u64::try_from(row.try_get::<i64, _>(column)?).map_err(out_of_range)
}

fn out_of_range(error: std::num::TryFromIntError) -> sqlx::Error {
    sqlx::Error::Decode(Box::new(error))
}

/// The next row of a question that is too long to hold all its rows.
pub(super) async fn next_row(
    rows: &mut (impl Stream<Item = Result<SqliteRow, sqlx::Error>> + Unpin),
) -> Option<Result<SqliteRow, sqlx::Error>> {
    poll_fn(|context| std::pin::Pin::new(&mut *rows).poll_next(context)).await
}

/// The tree over the hashes in the table.
pub(super) async fn tree(pool: &SqlitePool) -> Result<Tree, LogError> {
    let read = |cause| LogError::Database(failed("read the sealed log")(cause));
    let mut rows = pin!(sqlx::query("SELECT sequence, leaf FROM sealed ORDER BY sequence").fetch(pool));
    let mut tree = Tree::new();
    while let Some(row) = next_row(&mut rows).await {
        let row = row.map_err(read)?;
        let sequence = number(&row, "sequence").map_err(read)?;
        let expected = tree.size() + 1;
        if sequence != expected {
            return Err(LogError::Changed(Damage::Missing {
                from: expected,
                to: sequence.saturating_sub(1),
            }));
        }
        let leaf = row.try_get::<&[u8], _>("leaf").ok().and_then(|leaf| Hash::try_from(leaf).ok());
        tree.push(leaf.ok_or(LogError::Changed(Damage::Record { sequence }))?);
    }
    Ok(tree)
}

/// The note of the latest head in the table.
pub(super) async fn last_note(pool: &SqlitePool) -> Result<Option<String>, DatabaseError> {
    sqlx::query("SELECT note FROM heads ORDER BY size DESC LIMIT 1")
        .fetch_optional(pool)
        .await
        .and_then(|row| row.map(|row| row.try_get(0)).transpose())
        .map_err(failed("read the latest signed head"))
}

/// The notes of the heads over more than `size` records, in order.
pub(super) async fn notes_after(pool: &SqlitePool, size: u64) -> Result<Vec<String>, DatabaseError> {
    sqlx::query("SELECT note FROM heads WHERE size > $1 ORDER BY size")
        .bind(i64::try_from(size).unwrap_or(i64::MAX))
        .fetch_all(pool)
        .await
        .and_then(|rows| rows.iter().map(|row| row.try_get(0)).collect())
        .map_err(failed("read the signed heads"))
}

/// Reads a head from the table.
pub(super) fn read_head(note: &str, verifier: &Verifier) -> Result<Head, Damage> {
    Checkpoint::verify(note, verifier)
        .map(Head::of)
        .map_err(|cause| Damage::Signature { size: None, why: cause.to_string() })
}
