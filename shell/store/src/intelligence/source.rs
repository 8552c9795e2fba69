//! Sources: what each told, and what of it somebody decided is not acted on.
//!
//! What is set aside stays as it is, in whatever collection it is; only what acts on intelligence passes over it
//! ([`Intelligence::since`]). Whoever tells it again does not change that: a feed that is read every night would else bring
//! back every morning what a person took out.

use super::{
    Intelligence, IntelligenceError, Kept, UNVERSIONED, checked, micros,
    question::{COLUMNS, kept},
    time,
};
use crate::database::failed;
use jiff::Timestamp;
use sqlx::{AssertSqlSafe, QueryBuilder, Row as _, Sqlite, sqlite::SqliteRow};
use std::collections::BTreeSet;

/// The most objects and sources that are set aside.
const SET_ASIDE_MAX: i64 = 1_000_000;

/// The most values that are kept because they are no signs, of all sources together, and the longest, in bytes.
pub const ALLOWED_MAX: usize = 1_000_000;
const ALLOWED_BYTES_MAX: usize = 512;

/// How many are put in by one statement.
const CHUNK: usize = 500;

/// The longest reason that is kept, in bytes.
const REASON_MAX: usize = 2_048;

/// What SQL calls the sources and objects that are set aside.
pub(super) const SOURCES_ASIDE: &str = "(SELECT source FROM set_aside WHERE source IS NOT NULL)";
pub(super) const OBJECTS_ASIDE: &str = "(SELECT object FROM set_aside WHERE object IS NOT NULL)";

/// A source, and what is kept of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Its name.
    pub name: String,
    /// What the file was that was taken in last, in a word; none where no file was.
    pub form: Option<String>,
    /// When a file was taken in last, whether or not it held anything new.
    pub taken: Option<Timestamp>,
    /// How many objects it was the first to tell, counting each reading of each version.
    pub objects: u64,
    /// When the last of them was added.
    pub added: Option<Timestamp>,
    /// That it is not acted on, if it is not.
    pub set_aside: Option<SetAside>,
}

/// What can be set aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which<'w> {
    /// An object in every version, by its id.
    Object(&'w str),
    /// Everything that a source told and will tell, by its name.
    Source(&'w str),
}

/// Why something is not acted on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetAside {
    /// When it was decided.
    pub at: Timestamp,
    /// By whom.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// What people decided about what others know, as far as it can be told whether it is as before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Decided {
    set_aside: i64,
    latest: Option<i64>,
    allowed: Option<i64>,
}

impl Decided {
    /// Whether the same values are no signs as when something else was decided.
    #[must_use]
    pub fn allows_as(&self, other: &Decided) -> bool {
        self.allowed == other.allowed
    }
}

impl Intelligence {
    /// What people decided: something else once anything was set aside or acted on again, or other values are no signs.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn decided(&self) -> Result<Decided, IntelligenceError> {
        let row = sqlx::query(
            "SELECT (SELECT count(*) FROM set_aside), (SELECT max(at) FROM set_aside), (SELECT max(allowed) FROM sources)",
        )
        .fetch_one(&self.pool)
        .await;
        let decided = row.and_then(|row| {
            Ok(Decided { set_aside: row.try_get(0)?, latest: row.try_get(1)?, allowed: row.try_get(2)? })
        });
        Ok(decided.map_err(failed("read what was decided"))?)
    }

    /// Keeps which values a source may name that are no signs of an attack, in the place of those that were said before.
    /// What is longer than 512 bytes is passed over. A source of which nothing was ever kept has none.
    ///
    /// # Errors
    /// There are too many, or the database does not answer.
    pub async fn put_allowed(
        &self,
        source: &str,
        values: &[String],
        now: Timestamp,
    ) -> Result<(), IntelligenceError> {
        let mut work = self.pool.begin_with("BEGIN IMMEDIATE").await.map_err(failed("begin to allow"))?;
        let key = sqlx::query("UPDATE sources SET allowed = $2 WHERE name = $1 RETURNING key")
            .bind(source)
            .bind(micros(now))
            .fetch_optional(&mut *work)
            .await
            .and_then(|row| row.map(|row| row.try_get::<i64, _>(0)).transpose())
            .map_err(failed("look up a source"))?;
        let Some(key) = key else { return Ok(()) };
        let forgot = sqlx::query("DELETE FROM allowed WHERE source = $1").bind(key).execute(&mut *work).await;
        forgot.map_err(failed("forget what was allowed"))?;
        let fit: Vec<&String> = values.iter().filter(|value| value.len() <= ALLOWED_BYTES_MAX).collect();
        for some in fit.chunks(CHUNK) {
            let mut insert = QueryBuilder::<Sqlite>::new("INSERT INTO allowed (source, value) ");
            insert.push_values(some, |mut row, value| {
                row.push_bind(key).push_bind(value.as_str());
            });
            insert.push(" ON CONFLICT DO NOTHING");
            insert.build().execute(&mut *work).await.map_err(failed("write what is allowed"))?;
        }
        let row = sqlx::query("SELECT count(*) FROM allowed").fetch_one(&mut *work).await;
        let count: i64 = row.and_then(|row| row.try_get(0)).map_err(failed("count what is allowed"))?;
        if usize::try_from(count).is_ok_and(|count| count > ALLOWED_MAX) {
            return Err(IntelligenceError::ManyAllowed);
        }
        Ok(work.commit().await.map_err(failed("finish allowing"))?)
    }

    /// Which values are no signs of an attack, each with the source that may name it.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn allowed(&self) -> Result<Vec<(String, String)>, IntelligenceError> {
        let rows = sqlx::query(
            "SELECT s.name, a.value FROM allowed AS a JOIN sources AS s ON s.key = a.source ORDER BY s.name, a.value",
        )
        .fetch_all(&self.pool)
        .await;
        let pair = |row: &SqliteRow| Ok((row.try_get(0)?, row.try_get(1)?));
        let allowed = rows.and_then(|rows| rows.iter().map(pair).collect());
        Ok(allowed.map_err(failed("read what is allowed"))?)
    }

    /// Every source of which something was taken in, by name.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn sources(&self) -> Result<Vec<Source>, IntelligenceError> {
        let rows = sqlx::query(
            "SELECT s.name, s.form, s.taken, a.at, a.person, a.reason,
             (SELECT count(*) FROM objects WHERE source = s.key), (SELECT max(added) FROM objects WHERE source = s.key)
             FROM sources AS s LEFT JOIN set_aside AS a ON a.source = s.key ORDER BY s.name",
        )
        .fetch_all(&self.pool)
        .await;
        let source = |row: &SqliteRow| {
            let at: Option<i64> = row.try_get(3)?;
            let set_aside = match at {
                Some(at) => Some(SetAside { at: time(at), by: row.try_get(4)?, reason: row.try_get(5)? }),
                None => None,
            };
            let objects: i64 = row.try_get(6)?;
            Ok(Source {
                name: row.try_get(0)?,
                form: row.try_get(1)?,
                taken: row.try_get::<Option<i64>, _>(2)?.map(time),
                objects: objects.unsigned_abs(),
                added: row.try_get::<Option<i64>, _>(7)?.map(time),
                set_aside,
            })
        };
        let sources = rows.and_then(|rows| rows.iter().map(source).collect());
        Ok(sources.map_err(failed("read the sources"))?)
    }

    /// Takes note that a file of a source was taken in, and what it was. A source of which nothing was ever kept has none.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn note_taken(
        &self,
        source: &str,
        form: &str,
        now: Timestamp,
    ) -> Result<(), IntelligenceError> {
        sqlx::query("UPDATE sources SET form = $2, taken = $3 WHERE name = $1")
            .bind(source)
            .bind(form)
            .bind(micros(now))
            .execute(&self.pool)
            .await
            .map_err(failed("note what was taken in"))?;
        Ok(())
    }

    /// Sets something aside, or with `None` acts on it again. Returns whether that changed anything: it does not where it
    /// is so already, and where nobody ever told of it.
    ///
    /// # Errors
    /// The reason or the name of who decided is no good, there are too many, or the database does not answer.
    pub async fn set_aside(
        &self,
        which: Which<'_>,
        why: Option<&SetAside>,
    ) -> Result<bool, IntelligenceError> {
        let (column, key, name) = which.in_sql();
        let done = match why {
            None => {
                let delete = format!("DELETE FROM set_aside WHERE {column} = ({key})");
                sqlx::query(AssertSqlSafe(delete)).bind(name).execute(&self.pool).await
            }
            Some(SetAside { at, by, reason }) => {
                let by = checked(by)?;
                if reason.is_empty() || reason.len() > REASON_MAX || reason.chars().any(char::is_control) {
                    return Err(IntelligenceError::BadReason);
                }
                let insert = format!(
                    "INSERT INTO set_aside ({column}, at, person, reason) SELECT k.key, $2, $3, $4 FROM ({key}) AS k
                     WHERE (SELECT count(*) FROM set_aside) < {SET_ASIDE_MAX} ON CONFLICT DO NOTHING"
                );
                let insert = sqlx::query(AssertSqlSafe(insert)).bind(name);
                insert.bind(micros(*at)).bind(by).bind(reason).execute(&self.pool).await
            }
        };
        Ok(done.map_err(failed("set something aside"))?.rows_affected() > 0)
    }

    /// Whether something was ever told, and that it is set aside itself, if it is.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn is_set_aside(
        &self,
        which: Which<'_>,
    ) -> Result<Option<Option<SetAside>>, IntelligenceError> {
        let (column, key, name) = which.in_sql();
        let select = format!(
            "SELECT a.at, a.person, a.reason FROM ({key}) AS k LEFT JOIN set_aside AS a ON a.{column} = k.key"
        );
        let row = sqlx::query(AssertSqlSafe(select)).bind(name).fetch_optional(&self.pool).await;
        let known = row.and_then(|row| {
            let Some(row) = row else { return Ok(None) };
            let at: Option<i64> = row.try_get(0)?;
            Ok(Some(match at {
                Some(at) => Some(SetAside { at: time(at), by: row.try_get(1)?, reason: row.try_get(2)? }),
                None => None,
            }))
        });
        Ok(known.map_err(failed("look up what is set aside"))?)
    }

    /// Objects of a type, or of every type, of a source, or of all: of each the newest version, in the order in which they
    /// were added, later than `after`; what is set aside among them.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn all(
        &self,
        object_type: Option<&str>,
        source: Option<&str>,
        after: Option<Timestamp>,
        limit: usize,
    ) -> Result<Vec<Kept>, IntelligenceError> {
        let of_type = if object_type.is_some() { "o.type = $1 AND" } else { "" };
        let of_source =
            if source.is_some() { "o.source = (SELECT key FROM sources WHERE name = $2) AND" } else { "" };
        let select = format!(
            "{COLUMNS} WHERE {of_type} {of_source} o.added > $3 AND NOT EXISTS
             (SELECT 1 FROM objects AS n WHERE n.object = o.object AND n.version > o.version)
             ORDER BY o.added LIMIT $4"
        );
        let rows = sqlx::query(AssertSqlSafe(select))
            .bind(object_type)
            .bind(source)
            .bind(after.map_or(UNVERSIONED, micros))
            .bind(i64::try_from(limit).unwrap_or(i64::MAX))
            .fetch_all(&self.pool)
            .await;
        kept(rows)
    }
}

/// Everything that is set aside.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Aside {
    /// Objects, by their ids.
    pub objects: BTreeSet<String>,
    /// Sources, by their names.
    pub sources: BTreeSet<String>,
}

impl Intelligence {
    /// Everything that is set aside.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn aside(&self) -> Result<Aside, IntelligenceError> {
        let names = async |select: &'static str| -> Result<BTreeSet<String>, IntelligenceError> {
            let rows = sqlx::query(select).fetch_all(&self.pool).await;
            let names = rows.and_then(|rows| rows.iter().map(|row| row.try_get(0)).collect());
            Ok(names.map_err(failed("read what is set aside"))?)
        };
        Ok(Aside {
            objects: names("SELECT i.id FROM set_aside AS a JOIN ids AS i ON i.key = a.object").await?,
            sources: names("SELECT s.name FROM set_aside AS a JOIN sources AS s ON s.key = a.source").await?,
        })
    }

    /// One object of a type as [`Intelligence::since`] gives it: each reading of the newest version that is acted on.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn acted_on(&self, object_type: &str, id: &str) -> Result<Vec<Kept>, IntelligenceError> {
        let select = format!(
            "{COLUMNS} WHERE o.type = $1 AND o.object = (SELECT key FROM ids WHERE id = $2)
             AND o.object NOT IN {OBJECTS_ASIDE} AND o.source NOT IN {SOURCES_ASIDE} AND NOT EXISTS
             (SELECT 1 FROM objects AS n WHERE n.object = o.object AND n.version > o.version
              AND n.source NOT IN {SOURCES_ASIDE})
             ORDER BY o.added"
        );
        let rows = sqlx::query(AssertSqlSafe(select)).bind(object_type).bind(id).fetch_all(&self.pool).await;
        kept(rows)
    }
}

impl<'w> Which<'w> {
    /// The column of `set_aside` that it stands in, a query for its number by the first parameter, and that parameter.
    fn in_sql(self) -> (&'static str, &'static str, &'w str) {
        match self {
            // An id is given a number before its object is looked at: only what is kept was told.
            Which::Object(id) => (
                "object",
                "SELECT i.key FROM ids AS i WHERE i.id = $1 AND EXISTS (SELECT 1 FROM objects AS o WHERE o.object = i.key)",
                id,
            ),
            Which::Source(name) => ("source", "SELECT s.key FROM sources AS s WHERE s.name = $1", name),
        }
    }
}
