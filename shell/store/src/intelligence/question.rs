//! What this city itself asks of its intelligence. Nothing here goes by who may see what.

use super::{
    Intelligence, IntelligenceError, Reader, UNVERSIONED, VersionMatch, level, micros,
    page::{classes, collection_key, keys, list},
    source::{OBJECTS_ASIDE, SOURCES_ASIDE},
    time, tlp,
};
use crate::database::failed;
use adapt::stix::Tlp;
use jiff::Timestamp;
use sqlx::{AssertSqlSafe, Row as _, sqlite::SqliteRow};

/// How many objects are looked at for one page of [`Intelligence::latest`]: what is in another version or narrower than
/// wanted is passed over, and a page that would take more is given as it is.
const LOOKED_AT_MAX: i64 = 5_000;

/// The latest objects of a kind, and where to go on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Latest {
    /// The objects, what was added last first.
    pub objects: Vec<Kept>,
    /// Before which time older ones were added; none if there are none.
    pub before: Option<Timestamp>,
}

/// An object as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Its id.
    pub id: String,
    /// Its type.
    pub object_type: String,
    /// Its version; none of an object without versions.
    pub version: Option<Timestamp>,
    /// Who told it first.
    pub source: String,
    /// How far it may be passed on.
    pub tlp: Tlp,
    /// Whether its maker no longer stands by it.
    pub revoked: bool,
    /// Whether it, or its source, is set aside.
    pub set_aside: bool,
    /// When it was added.
    pub added: Timestamp,
    /// The object itself, as JSON.
    pub body: String,
}

pub(super) const COLUMNS: &str = "SELECT i.id, o.type, o.version, s.name, o.tlp, o.revoked, o.added, o.body,
     EXISTS (SELECT 1 FROM set_aside AS a WHERE a.object = o.object OR a.source = o.source) FROM objects AS o
     JOIN ids AS i ON i.key = o.object JOIN sources AS s ON s.key = o.source";

impl Intelligence {
    /// An object in its newest version: none if it is not known, several if there are several readings of that version.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn object(&self, id: &str) -> Result<Vec<Kept>, IntelligenceError> {
        let select = format!(
            "{COLUMNS} WHERE o.object = (SELECT key FROM ids WHERE id = $1)
             AND o.version = (SELECT max(version) FROM objects WHERE object = (SELECT key FROM ids WHERE id = $1))
             ORDER BY o.added"
        );
        let rows = sqlx::query(AssertSqlSafe(select)).bind(id).fetch_all(&self.pool).await;
        kept(rows)
    }

    /// Objects of a type that are acted on, in the order in which they were added, later than `after`: of each the newest
    /// version of those that no source told that is set aside. [`Kept::added`] of the last is where to go on.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn since(
        &self,
        object_type: &str,
        after: Option<Timestamp>,
        limit: usize,
    ) -> Result<Vec<Kept>, IntelligenceError> {
        let select = format!(
            "{COLUMNS} WHERE o.type = $1 AND o.added > $2
             AND o.object NOT IN {OBJECTS_ASIDE} AND o.source NOT IN {SOURCES_ASIDE} AND NOT EXISTS
             (SELECT 1 FROM objects AS n WHERE n.object = o.object AND n.version > o.version
              AND n.source NOT IN {SOURCES_ASIDE})
             ORDER BY o.added LIMIT $3"
        );
        let rows = sqlx::query(AssertSqlSafe(select))
            .bind(object_type)
            .bind(after.map_or(i64::MIN, micros))
            .bind(i64::try_from(limit).unwrap_or(i64::MAX))
            .fetch_all(&self.pool)
            .await;
        kept(rows)
    }

    /// Objects of a type, what was added last first and before `before`: of each the newest version, of one source if it
    /// is given, and nothing that is marked narrower than `narrowest`. Along an index, however many objects there are; a
    /// page may be short, or empty, and others follow.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn latest(
        &self,
        object_type: &str,
        source: Option<&str>,
        narrowest: Tlp,
        before: Option<Timestamp>,
        limit: usize,
    ) -> Result<Latest, IntelligenceError> {
        let limit = limit.max(1);
        let before = before.map_or(i64::MAX, micros);
        let along = match source {
            Some(_) => "source = (SELECT key FROM sources WHERE name = $2)",
            None => "type = $1 AND $2 IS NULL",
        };
        // The last that may be looked at: found along the index alone.
        let end = format!(
            "SELECT added FROM objects WHERE {along} AND added < $3 ORDER BY added DESC LIMIT 1 OFFSET $4"
        );
        let row = sqlx::query(AssertSqlSafe(end))
            .bind(object_type)
            .bind(source)
            .bind(before)
            .bind(LOOKED_AT_MAX)
            .fetch_optional(&self.pool)
            .await;
        let end: Option<i64> =
            row.and_then(|row| row.map(|row| row.try_get(0)).transpose()).map_err(failed("read objects"))?;
        let select = format!(
            "{COLUMNS} WHERE o.{along} AND o.type = $1 AND o.added < $3 AND o.added > $4 AND o.tlp <= $5 AND NOT EXISTS
             (SELECT 1 FROM objects AS n WHERE n.object = o.object AND n.version > o.version)
             ORDER BY o.added DESC LIMIT $6"
        );
        let rows = sqlx::query(AssertSqlSafe(select))
            .bind(object_type)
            .bind(source)
            .bind(before)
            .bind(end.unwrap_or(i64::MIN))
            .bind(level(narrowest))
            // One more, to know whether it is the last.
            .bind(i64::try_from(limit).unwrap_or(i64::MAX - 1) + 1)
            .fetch_all(&self.pool)
            .await;
        let mut objects = kept(rows)?;
        let more = objects.len() > limit;
        objects.truncate(limit);
        let before = if more {
            objects.last().map(|last| last.added)
        } else {
            // What stands at the end was not looked at yet.
            end.map(|end| time(end.saturating_add(1)))
        };
        Ok(Latest { objects, before })
    }

    /// What a source was the first to tell, in the order in which it was added, later than `after`.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn by_source(
        &self,
        source: &str,
        after: Option<Timestamp>,
        limit: usize,
    ) -> Result<Vec<Kept>, IntelligenceError> {
        let select = format!(
            "{COLUMNS} WHERE o.source = (SELECT key FROM sources WHERE name = $1) AND o.added > $2
             ORDER BY o.added LIMIT $3"
        );
        let rows = sqlx::query(AssertSqlSafe(select))
            .bind(source)
            .bind(after.map_or(i64::MIN, micros))
            .bind(i64::try_from(limit).unwrap_or(i64::MAX))
            .fetch_all(&self.pool)
            .await;
        kept(rows)
    }

    /// How many objects are kept, counting each reading of each version.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn count(&self) -> Result<u64, IntelligenceError> {
        let row = sqlx::query("SELECT count(*) FROM objects").fetch_one(&self.pool).await;
        let count: i64 = row.and_then(|row| row.try_get(0)).map_err(failed("count what is kept"))?;
        Ok(count.unsigned_abs())
    }

    /// Takes an object, or versions of it, out of a collection; the object is kept. With `by`, only what the reader may
    /// see and that source filed is taken out. Returns how many filings there were.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn withdraw(
        &self,
        collection: &str,
        id: &str,
        versions: &[VersionMatch],
        by: Option<(&Reader, &str)>,
    ) -> Result<u64, IntelligenceError> {
        let mut work = self.pool.begin_with("BEGIN IMMEDIATE").await.map_err(failed("begin to withdraw"))?;
        let Some(collection) = collection_key(&mut work, collection).await? else { return Ok(0) };
        let [key] = keys(&mut work, &[id.to_owned()]).await?[..] else { return Ok(0) };
        let own = match by {
            None => "1".to_owned(),
            Some((reader, _)) => format!(
                "class IN ({}) AND source = (SELECT key FROM sources WHERE name = $1)",
                list(classes(&mut work, reader).await?)
            ),
        };
        let of = format!("collection = {collection} AND object = {key} AND {own}");
        let which: Vec<String> = versions
            .iter()
            .map(|version| match version {
                VersionMatch::All => "1".to_owned(),
                VersionMatch::First => format!("version = (SELECT min(version) FROM filed WHERE {of})"),
                VersionMatch::Last => format!("version = (SELECT max(version) FROM filed WHERE {of})"),
                VersionMatch::At(at) => {
                    let at = micros(*at);
                    format!("version = {at} OR version = {UNVERSIONED} AND added = {at}")
                }
            })
            .collect();
        let which = if which.is_empty() { "1".to_owned() } else { which.join(" OR ") };
        sqlx::query(
            "INSERT INTO withdrawn (added) SELECT max(added) FROM filed WHERE true ON CONFLICT DO NOTHING",
        )
        .execute(&mut *work)
        .await
        .map_err(failed("note the latest time"))?;
        sqlx::query("DELETE FROM withdrawn WHERE added < (SELECT max(added) FROM withdrawn)")
            .execute(&mut *work)
            .await
            .map_err(failed("note the latest time"))?;
        let done = sqlx::query(AssertSqlSafe(format!("DELETE FROM filed WHERE {of} AND ({which})")))
            .bind(by.map(|(_, source)| source))
            .execute(&mut *work)
            .await
            .map_err(failed("withdraw an object"))?;
        work.commit().await.map_err(failed("finish withdrawing"))?;
        Ok(done.rows_affected())
    }
}

pub(super) fn kept(rows: Result<Vec<SqliteRow>, sqlx::Error>) -> Result<Vec<Kept>, IntelligenceError> {
    let kept = |row: &SqliteRow| {
        let version: i64 = row.try_get(2)?;
        Ok(Kept {
            id: row.try_get(0)?,
            object_type: row.try_get(1)?,
            version: (version != UNVERSIONED).then(|| time(version)),
            source: row.try_get(3)?,
            tlp: tlp(row.try_get(4)?),
            revoked: row.try_get(5)?,
            added: time(row.try_get(6)?),
            body: row.try_get(7)?,
            set_aside: row.try_get(8)?,
        })
    };
    let kept = rows.and_then(|rows| rows.iter().map(kept).collect());
    Ok(kept.map_err(failed("read objects"))?)
}
