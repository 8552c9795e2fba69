//! Objects in.

use super::{
    Audience, Intelligence, IntelligenceError, NAMES_MAX, UNVERSIONED, checked, json, level, micros,
    page::spec_of,
};
use crate::database::failed;
use adapt::stix::{Object, Tlp, marking_of};
use jiff::Timestamp;
use serde_json::Value;
use sqlx::{AssertSqlSafe, QueryBuilder, Row as _, Sqlite, SqliteConnection};
use std::collections::{HashMap, HashSet};

/// The largest object that is kept, in bytes of JSON.
pub const OBJECT_MAX: usize = 1 << 20;
/// How deep an object may be nested; the deepest of the standard's own examples has 8.
const DEPTH_MAX: usize = 64;
/// How large the file may become, in bytes, before nothing new is kept: some 30 million indicators.
const FILE_MAX: i64 = 64 << 30;
/// The most readings and versions of one id that are taken from one source. Others' are not counted: who adds learns
/// nothing of what is there.
const VERSIONS_MAX: usize = 1_000;
/// How many are put in by one statement. SQLite takes 32,766 values in one.
const CHUNK: usize = 500;
/// The longest id and type that are kept; those of the standard have 287 and 250 characters at most (§2.9, §3.1).
const ID_MAX: usize = 300;

/// How an object counts that carries no marking of the Traffic Light Protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unmarked(pub Tlp);

impl Default for Unmarked {
    /// As `TLP:AMBER`: who did not say that it may go further did not allow it.
    fn default() -> Self {
        Unmarked(Tlp::Amber)
    }
}

/// Where objects come from, and where they are put.
#[derive(Clone, Debug)]
pub struct Filing {
    /// Who told them: a peer's id, the name of a file, or `here`.
    pub source: String,
    /// The collections into which they are put; none for what is only kept.
    pub collections: Vec<String>,
    /// For whom, within the marking of each.
    pub audience: Audience,
    /// How those count that carry no marking.
    pub unmarked: Unmarked,
}

/// What became of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Added {
    /// It was not known, and is kept.
    New {
        /// When it was added.
        added: Timestamp,
        /// Whether another text of the same id and version was known, which is kept too: one of them is wrong.
        differs: bool,
    },
    /// It is known, word for word.
    Known,
    /// It is not kept.
    Refused(Refused),
}

/// Why an object is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It has no type or no id, or they are too long.
    #[error("it has no `type` and `id` as STIX wants them")]
    Nameless,
    /// It is larger than [`OBJECT_MAX`].
    #[error("it is larger than 1 MiB")]
    Large,
    /// It is nested too deeply.
    #[error("it is nested more than {DEPTH_MAX} deep")]
    Deep,
    /// Its `modified` or `created` is no time.
    #[error("its `modified` or `created` is no time of STIX")]
    Timeless,
    /// There are too many versions of it.
    #[error("{VERSIONS_MAX} versions of it are kept from there already")]
    Versions,
    /// The file holds as many objects as it may.
    #[error("the store holds as many objects as it may")]
    Full,
}

/// An object that is fit to be kept.
struct Fit {
    id: String,
    object_type: String,
    version: i64,
    spec: i64,
    tlp: Tlp,
    revoked: bool,
    digest: Vec<u8>,
    body: String,
}

impl Intelligence {
    /// Keeps objects and files them, all of them or none: where an error is returned, nothing was changed. What became of
    /// each is told in their order.
    ///
    /// An object's marking is the narrowest of those that it or a part of it carries: by the ids that OASIS gave them, or
    /// by definitions that come with it or are known. A marking that nobody defined counts as `unmarked`.
    ///
    /// # Errors
    /// A name is no good, there are too many, or the database does not answer.
    pub async fn add(
        &self,
        objects: &[&Value],
        filing: &Filing,
        now: Timestamp,
    ) -> Result<Vec<Added>, IntelligenceError> {
        let source = checked(&filing.source)?;
        let mut work = self.pool.begin_with("BEGIN IMMEDIATE").await.map_err(failed("begin to add"))?;
        let source = named(&mut work, "sources", "name", source).await?;
        let mut collections = Vec::new();
        for collection in &filing.collections {
            collections.push(named(&mut work, "collections", "id", checked(collection)?).await?);
        }
        let mut clock = Clock::wound(&mut work, now).await?;
        let mut room = FILE_MAX - bytes(&mut work).await?;
        let mut markings = Markings::default();
        objects.iter().for_each(|value| markings.learn(value));
        let mut classes = HashMap::new();
        let mut outcome = Vec::with_capacity(objects.len());
        for chunk in objects.chunks(CHUNK) {
            markings.ask(&mut work, chunk).await?;
            let fit: Vec<Result<Fit, Refused>> =
                chunk.iter().map(|value| Fit::of(value, &markings, filing.unmarked)).collect();
            let keys = ids(&mut work, fit.iter().flatten()).await?;
            let mut known = known(&mut work, keys.values().copied()).await?;
            let mut new = Vec::new();
            let mut to_file = Vec::new();
            for fit in &fit {
                let (fit, key) = match fit {
                    Ok(fit) => (fit, keys.get(fit.id.as_str()).copied().unwrap_or_default()),
                    Err(refused) => {
                        outcome.push(Added::Refused(*refused));
                        continue;
                    }
                };
                let readings = known.entry(key).or_default();
                if let Some(kept) = readings.iter().find(|kept| kept.digest == fit.digest) {
                    to_file.push((fit, key, kept.added, kept.tlp));
                    outcome.push(Added::Known);
                } else if readings.iter().filter(|kept| kept.source == source).count() >= VERSIONS_MAX {
                    outcome.push(Added::Refused(Refused::Versions));
                } else if room <= 0 {
                    outcome.push(Added::Refused(Refused::Full));
                } else {
                    // The row and its places in the indexes beside it.
                    room -= fit.body.len() as i64 + 512;
                    let added = clock.next();
                    let differs = readings.iter().any(|kept| kept.version == fit.version);
                    readings.push(Reading {
                        added,
                        version: fit.version,
                        tlp: level(fit.tlp),
                        source,
                        digest: fit.digest.clone(),
                    });
                    new.push((fit, key, added));
                    to_file.push((fit, key, added, level(fit.tlp)));
                    outcome.push(Added::New { added: super::time(added), differs });
                }
            }
            keep(&mut work, &new, source).await?;
            for collection in &collections {
                let mut rows = Vec::with_capacity(to_file.len());
                let mut filed = filed(&mut work, *collection, &to_file).await?;
                for (fit, key, kept, tlp) in &to_file {
                    let class = match classes.get(tlp) {
                        Some(class) => *class,
                        None => {
                            let class = class(&mut work, *tlp, &filing.audience).await?;
                            classes.insert(*tlp, class);
                            class
                        }
                    };
                    if filed.insert((*kept, class)) {
                        let added = clock.next();
                        rows.push(Filed { added, class, kept: *kept, key: *key, fit });
                    }
                }
                file(&mut work, *collection, source, &rows).await?;
            }
        }
        work.commit().await.map_err(failed("finish adding"))?;
        Ok(outcome)
    }
}

impl Fit {
    fn of(value: &Value, markings: &Markings, unmarked: Unmarked) -> Result<Fit, Refused> {
        let object = Object::of(value).ok_or(Refused::Nameless)?;
        let id = object.id().ok_or(Refused::Nameless)?;
        let begins = id.strip_prefix(object.object_type()).is_some_and(|rest| rest.starts_with("--"));
        if !begins || id.len() > ID_MAX || id.chars().any(char::is_control) {
            return Err(Refused::Nameless);
        }
        if !json::is_within(value, DEPTH_MAX) {
            return Err(Refused::Deep);
        }
        let body = value.to_string();
        if body.len() > OBJECT_MAX {
            return Err(Refused::Large);
        }
        let has = |name: &str| value.get(name).is_some();
        let version = match (object.modified().or(object.created()), has("modified") || has("created")) {
            (Some(version), _) if !has("modified") || object.modified().is_some() => micros(version),
            (None, false) => UNVERSIONED,
            _ => return Err(Refused::Timeless),
        };
        Ok(Fit {
            id: id.to_owned(),
            object_type: object.object_type().to_owned(),
            version,
            spec: spec_of(object),
            tlp: markings.of(value).unwrap_or(unmarked.0),
            revoked: object.revoked(),
            digest: json::digest(value),
            body,
        })
    }
}

/// What marking definitions stand for.
#[derive(Default)]
struct Markings {
    defined: HashMap<String, Option<Tlp>>,
}

impl Markings {
    /// Takes note of a definition that comes with the rest. The ids that OASIS gave cannot be defined anew, and of two
    /// definitions of one id the narrower counts.
    fn learn(&mut self, value: &Value) {
        let Some(object) = Object::of(value) else { return };
        if let (Some(tlp), Some(id)) = (object.tlp(), object.id()) {
            let known = self.defined.entry(id.to_owned()).or_default();
            *known = (*known).max(Some(tlp));
        }
    }

    /// Looks up in the store what objects refer to and nothing that came with them defines.
    async fn ask(&mut self, work: &mut SqliteConnection, chunk: &[&Value]) -> Result<(), IntelligenceError> {
        for id in chunk.iter().flat_map(|value| references(value)) {
            if marking_of(id).is_some() || self.defined.contains_key(id) || id.len() > ID_MAX {
                continue;
            }
            let bodies = sqlx::query(
                "SELECT body FROM objects WHERE object = (SELECT key FROM ids WHERE id = $1) LIMIT 16",
            )
            .bind(id)
            .fetch_all(&mut *work)
            .await
            .map_err(failed("look up a marking"))?;
            self.defined.entry(id.to_owned()).or_default();
            for row in bodies {
                let body: String = row.try_get(0).map_err(failed("look up a marking"))?;
                if let Ok(value) = serde_json::from_str::<Value>(&body) {
                    self.learn(&value);
                }
            }
        }
        Ok(())
    }

    /// The narrowest marking that something carries. One that is not known is passed over: it says something else.
    fn of(&self, value: &Value) -> Option<Tlp> {
        let of = |id: &str| marking_of(id).or_else(|| self.defined.get(id).copied().flatten());
        let own = Object::of(value).and_then(|object| object.tlp());
        references(value).filter_map(of).chain(own).max()
    }
}

/// The markings of all of an object, and those of its parts.
fn references(value: &Value) -> impl Iterator<Item = &str> {
    let list = |name: &str| value.get(name).and_then(Value::as_array).into_iter().flatten();
    let whole = list("object_marking_refs").filter_map(Value::as_str);
    whole.chain(list("granular_markings").filter_map(|part| part.get("marking_ref")?.as_str()))
}

/// Gives out times that grow.
struct Clock {
    last: i64,
    now: i64,
}

impl Clock {
    /// Whoever writes holds the only lock on writing, so what is the latest now stays so.
    async fn wound(work: &mut SqliteConnection, now: Timestamp) -> Result<Clock, IntelligenceError> {
        let row = sqlx::query(
            "SELECT max(ifnull((SELECT max(added) FROM objects), 0), ifnull((SELECT max(added) FROM filed), 0),
             ifnull((SELECT max(added) FROM withdrawn), 0))",
        )
        .fetch_one(work)
        .await
        .and_then(|row| row.try_get(0))
        .map_err(failed("read the latest time"))?;
        Ok(Clock { last: row, now: micros(now) })
    }

    fn next(&mut self) -> i64 {
        self.last = self.now.max(self.last.saturating_add(1));
        self.last
    }
}

/// The number of a name, given to it if it has none.
async fn named(
    work: &mut SqliteConnection,
    table: &'static str,
    column: &'static str,
    name: &str,
) -> Result<i64, IntelligenceError> {
    let select = format!("SELECT key FROM {table} WHERE {column} = $1");
    let found = sqlx::query(AssertSqlSafe(select)).bind(name).fetch_optional(&mut *work).await;
    if let Some(row) = found.map_err(failed("look up a name"))? {
        return Ok(row.try_get(0).map_err(failed("look up a name"))?);
    }
    let insert = format!(
        "INSERT INTO {table} ({column}) SELECT $1 WHERE (SELECT count(*) FROM {table}) < $2 RETURNING key"
    );
    let row = sqlx::query(AssertSqlSafe(insert)).bind(name).bind(NAMES_MAX).fetch_optional(work).await;
    let full = if table == "sources" { "source" } else { "collection" };
    let row = row.map_err(failed("write a name"))?.ok_or(IntelligenceError::Full(full))?;
    Ok(row.try_get(0).map_err(failed("write a name"))?)
}

/// The number of a class, given to it if it has none.
async fn class(work: &mut SqliteConnection, tlp: i64, audience: &Audience) -> Result<i64, IntelligenceError> {
    if let Audience::Groups(groups) = audience {
        groups.iter().try_for_each(|group| checked(group).map(|_| ()))?;
    }
    let text = audience.text();
    let found = sqlx::query("SELECT key FROM classes WHERE tlp = $1 AND audience IS $2")
        .bind(tlp)
        .bind(&text)
        .fetch_optional(&mut *work)
        .await;
    if let Some(row) = found.map_err(failed("look up a class"))? {
        return Ok(row.try_get(0).map_err(failed("look up a class"))?);
    }
    let row = sqlx::query(
        "INSERT INTO classes (tlp, audience) SELECT $1, $2 WHERE (SELECT count(*) FROM classes) < $3 RETURNING key",
    )
    .bind(tlp)
    .bind(text)
    .bind(NAMES_MAX)
    .fetch_optional(work)
    .await;
    let row = row.map_err(failed("write a class"))?.ok_or(IntelligenceError::Full("audience"))?;
    Ok(row.try_get(0).map_err(failed("write a class"))?)
}

/// How large the file is.
async fn bytes(work: &mut SqliteConnection) -> Result<i64, IntelligenceError> {
    let row = sqlx::query("SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()");
    let row = row.fetch_one(work).await.and_then(|row| row.try_get(0));
    Ok(row.map_err(failed("read its size"))?)
}

/// The numbers of ids, given to those that have none.
async fn ids<'f>(
    work: &mut SqliteConnection,
    fit: impl Iterator<Item = &'f Fit>,
) -> Result<HashMap<String, i64>, IntelligenceError> {
    let mut names: Vec<&str> = fit.map(|fit| fit.id.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    if names.is_empty() {
        return Ok(HashMap::new());
    }
    let mut insert = QueryBuilder::<Sqlite>::new("INSERT INTO ids (id) ");
    insert.push_values(&names, |mut row, id| {
        row.push_bind(*id);
    });
    insert.push(" ON CONFLICT (id) DO NOTHING");
    insert.build().execute(&mut *work).await.map_err(failed("write ids"))?;
    let mut select = QueryBuilder::<Sqlite>::new("SELECT id, key FROM ids WHERE id IN (");
    let mut list = select.separated(", ");
    names.iter().for_each(|id| {
        list.push_bind(*id);
    });
    select.push(")");
    let rows = select.build().fetch_all(work).await.map_err(failed("read ids"))?;
    let pair = |row: sqlx::sqlite::SqliteRow| Ok((row.try_get(0)?, row.try_get(1)?));
    Ok(rows.into_iter().map(pair).collect::<Result<_, _>>().map_err(failed("read ids"))?)
}

/// A reading that is kept.
struct Reading {
    added: i64,
    version: i64,
    tlp: i64,
    source: i64,
    digest: Vec<u8>,
}

/// What is kept of these ids.
async fn known(
    work: &mut SqliteConnection,
    keys: impl Iterator<Item = i64>,
) -> Result<HashMap<i64, Vec<Reading>>, IntelligenceError> {
    let mut select = QueryBuilder::<Sqlite>::new(
        "SELECT object, added, version, tlp, source, digest FROM objects WHERE object IN (",
    );
    let mut list = select.separated(", ");
    keys.for_each(|key| {
        list.push_bind(key);
    });
    select.push(")");
    let rows = select.build().fetch_all(work).await.map_err(failed("look up objects"))?;
    let mut known: HashMap<i64, Vec<Reading>> = HashMap::new();
    for row in rows {
        let reading = || {
            Ok(Reading {
                added: row.try_get(1)?,
                version: row.try_get(2)?,
                tlp: row.try_get(3)?,
                source: row.try_get(4)?,
                digest: row.try_get(5)?,
            })
        };
        let key = row.try_get(0).map_err(failed("look up objects"))?;
        known.entry(key).or_default().push(reading().map_err(failed("look up objects"))?);
    }
    Ok(known)
}

async fn keep(
    work: &mut SqliteConnection,
    new: &[(&Fit, i64, i64)],
    source: i64,
) -> Result<(), IntelligenceError> {
    if new.is_empty() {
        return Ok(());
    }
    let mut insert = QueryBuilder::<Sqlite>::new(
        "INSERT INTO objects (added, object, version, type, spec, tlp, revoked, source, digest, body) ",
    );
    insert.push_values(new, |mut row, (fit, key, added)| {
        row.push_bind(*added)
            .push_bind(*key)
            .push_bind(fit.version)
            .push_bind(&fit.object_type)
            .push_bind(fit.spec)
            .push_bind(level(fit.tlp))
            .push_bind(fit.revoked)
            .push_bind(source)
            .push_bind(&fit.digest)
            .push_bind(&fit.body);
    });
    insert.build().execute(work).await.map_err(failed("write objects"))?;
    Ok(())
}

/// Which of these are in a collection already, and for whom.
async fn filed(
    work: &mut SqliteConnection,
    collection: i64,
    of: &[(&Fit, i64, i64, i64)],
) -> Result<HashSet<(i64, i64)>, IntelligenceError> {
    let mut select = QueryBuilder::<Sqlite>::new("SELECT kept, class FROM filed WHERE collection = ");
    select.push_bind(collection).push(" AND object IN (");
    let mut list = select.separated(", ");
    of.iter().for_each(|(_, key, ..)| {
        list.push_bind(*key);
    });
    select.push(")");
    let rows = select.build().fetch_all(work).await.map_err(failed("look up what is filed"))?;
    let pair = |row: sqlx::sqlite::SqliteRow| Ok((row.try_get(0)?, row.try_get(1)?));
    Ok(rows.into_iter().map(pair).collect::<Result<_, _>>().map_err(failed("look up what is filed"))?)
}

struct Filed<'f> {
    added: i64,
    class: i64,
    kept: i64,
    key: i64,
    fit: &'f Fit,
}

async fn file(
    work: &mut SqliteConnection,
    collection: i64,
    source: i64,
    rows: &[Filed<'_>],
) -> Result<(), IntelligenceError> {
    if rows.is_empty() {
        return Ok(());
    }
    let mut insert = QueryBuilder::<Sqlite>::new(
        "INSERT INTO filed (added, collection, class, kept, object, version, type, spec, source) ",
    );
    insert.push_values(rows, |mut values, row| {
        values
            .push_bind(row.added)
            .push_bind(collection)
            .push_bind(row.class)
            .push_bind(row.kept)
            .push_bind(row.key)
            .push_bind(row.fit.version)
            .push_bind(&row.fit.object_type)
            .push_bind(row.fit.spec)
            .push_bind(source);
    });
    insert.build().execute(work).await.map_err(failed("file objects"))?;
    Ok(())
}
