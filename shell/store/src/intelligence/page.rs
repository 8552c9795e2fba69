//! What a collection shows to a reader, page by page (TAXII 2.1 §3.4, §3.5).

use super::{Audience, Intelligence, IntelligenceError, UNVERSIONED, micros, time, tlp};
use crate::database::failed;
use adapt::stix::{Object, Tlp};
use jiff::Timestamp;
use sqlx::{AssertSqlSafe, Row as _, SqliteConnection, sqlite::SqliteRow};
use std::{collections::BTreeSet, fmt::Write as _};

/// The most objects of a page.
pub const PAGE_MAX: usize = 5_000;
/// The most bytes of a page's objects; a single one may be longer.
pub const PAGE_BYTES: usize = 8 << 20;
/// How many filings are looked at for one page. Where most are passed over, being old versions, a page is short and
/// another follows.
const LOOKED_AT_MAX: usize = 20_000;
/// How many ways through an index are gone side by side, one for each class and type.
const WAYS_MAX: usize = 64;

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reader {
    /// The narrowest marking that they are shown. What is marked `TLP:RED` is shown to nobody.
    pub ceiling: Tlp,
    /// The groups they belong to.
    pub groups: BTreeSet<String>,
}

/// Which version of STIX an object follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SpecVersion {
    /// 2.0: an object that names its versions but not its specification.
    Stix20,
    /// 2.1.
    Stix21,
}

/// Which versions of each object are asked for; `match[version]` (§3.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VersionMatch {
    /// Every version.
    All,
    /// This version.
    At(Timestamp),
    /// The oldest that the reader may see.
    First,
    /// The newest that the reader may see.
    Last,
}

/// What is asked for. What matches one of a list matches the list; an empty one matches everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only what was added later than this.
    pub added_after: Option<Timestamp>,
    /// Only these ids.
    pub ids: Vec<String>,
    /// Only these types.
    pub types: Vec<String>,
    /// Only these versions; if empty, the last.
    pub versions: Vec<VersionMatch>,
    /// Only these versions of STIX; if empty, each object in the newest that there is of it.
    pub specs: Vec<SpecVersion>,
}

/// A part of what matches, in the order in which it was added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The objects.
    pub items: Vec<T>,
    /// When the first of them was added, and when the last.
    pub span: Option<(Timestamp, Timestamp)>,
    /// Where the next page begins, if there may be one.
    pub next: Option<String>,
}

/// What is told of an object without the object itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its id.
    pub id: String,
    /// When it was added to the collection.
    pub added: Timestamp,
    /// Its version; of an object without versions, when it was added.
    pub version: Timestamp,
    /// Which version of STIX it follows.
    pub spec: SpecVersion,
}

/// A filing that matches.
struct Match {
    added: i64,
    kept: i64,
    object: i64,
    version: i64,
    spec: i64,
    fits: bool,
}

impl Intelligence {
    /// The objects of a page, each as JSON. `next` is what the page before gave. A collection that is not known is empty.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn objects(
        &self,
        collection: &str,
        reader: &Reader,
        filter: &Filter,
        next: Option<&str>,
        limit: usize,
    ) -> Result<Page<String>, IntelligenceError> {
        let mut work = self.pool.begin().await.map_err(failed("begin to read"))?;
        let (mut matches, mut next) = matches(&mut work, collection, reader, filter, next, limit).await?;
        let mut items = Vec::with_capacity(matches.len());
        let mut bytes = 0;
        // Not all at once: a thousand objects may have a gigabyte.
        'pages: for some in matches.chunks(128) {
            let keys: Vec<i64> = some.iter().map(|one| one.kept).collect();
            let rows = sqlx::query(
                "SELECT o.body FROM json_each($1) AS j CROSS JOIN objects AS o ON o.added = j.value ORDER BY j.key",
            )
            .bind(serde_json::Value::from(keys).to_string())
            .fetch_all(&mut *work)
            .await
            .map_err(failed("read objects"))?;
            for row in rows {
                let body: String = row.try_get(0).map_err(failed("read objects"))?;
                bytes += body.len();
                if bytes > PAGE_BYTES && !items.is_empty() {
                    break 'pages;
                }
                items.push(body);
            }
        }
        if items.len() < matches.len() {
            matches.truncate(items.len());
            next = matches.last().map(|last| cursor(last.added));
        }
        Ok(Page { items, span: span(&matches), next })
    }

    /// What is told of the objects of a page.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn manifest(
        &self,
        collection: &str,
        reader: &Reader,
        filter: &Filter,
        next: Option<&str>,
        limit: usize,
    ) -> Result<Page<Entry>, IntelligenceError> {
        let mut work = self.pool.begin().await.map_err(failed("begin to read"))?;
        let (matches, next) = matches(&mut work, collection, reader, filter, next, limit).await?;
        let keys: Vec<i64> = matches.iter().map(|one| one.object).collect();
        let rows = sqlx::query(
            "SELECT i.id FROM json_each($1) AS j CROSS JOIN ids AS i ON i.key = j.value ORDER BY j.key",
        )
        .bind(serde_json::Value::from(keys).to_string())
        .fetch_all(&mut *work)
        .await
        .map_err(failed("read ids"))?;
        let mut items = Vec::with_capacity(matches.len());
        for (row, one) in rows.iter().zip(&matches) {
            items.push(Entry {
                id: row.try_get(0).map_err(failed("read ids"))?,
                added: time(one.added),
                version: time(if one.version == UNVERSIONED { one.added } else { one.version }),
                spec: if one.spec == spec_number(SpecVersion::Stix20) {
                    SpecVersion::Stix20
                } else {
                    SpecVersion::Stix21
                },
            });
        }
        Ok(Page { items, span: span(&matches), next })
    }

    /// Whether a reader may see any version of an object in a collection.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn shows(
        &self,
        collection: &str,
        reader: &Reader,
        id: &str,
    ) -> Result<bool, IntelligenceError> {
        let filter =
            Filter { ids: vec![id.to_owned()], versions: vec![VersionMatch::All], ..Filter::default() };
        let mut work = self.pool.begin().await.map_err(failed("begin to read"))?;
        let (matches, _) = matches(&mut work, collection, reader, &filter, None, 1).await?;
        Ok(!matches.is_empty())
    }
}

/// The version of STIX as it stands in the table.
pub(super) fn spec_of(object: Object<'_>) -> i64 {
    // Objects of STIX 2.0 have versions and no `spec_version`; observables of 2.1 need neither.
    let versioned = object.created().is_some() || object.modified().is_some();
    spec_number(match object.spec_version() {
        Some("2.0") => SpecVersion::Stix20,
        None if versioned => SpecVersion::Stix20,
        _ => SpecVersion::Stix21,
    })
}

fn spec_number(spec: SpecVersion) -> i64 {
    match spec {
        SpecVersion::Stix20 => 20,
        SpecVersion::Stix21 => 21,
    }
}

fn cursor(added: i64) -> String {
    format!("{added:x}")
}

/// Where a cursor points; one that is none of ours points to the end. It needs no protection: it says where to go on,
/// and what is shown from there is decided by who asks.
fn position(cursor: &str) -> i64 {
    i64::from_str_radix(cursor, 16).unwrap_or(i64::MAX)
}

fn span(matches: &[Match]) -> Option<(Timestamp, Timestamp)> {
    Some((time(matches.first()?.added), time(matches.last()?.added)))
}

/// The classes that are a reader's, as a list in SQL.
pub(super) async fn classes(
    work: &mut SqliteConnection,
    reader: &Reader,
) -> Result<Vec<i64>, IntelligenceError> {
    let rows = sqlx::query("SELECT key, tlp, audience FROM classes").fetch_all(work).await;
    let mut theirs = Vec::new();
    for row in rows.map_err(failed("read the classes"))? {
        let read = || Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?));
        let (key, marked, audience): (i64, i64, Option<String>) =
            read().map_err(failed("read the classes"))?;
        let marked = tlp(marked);
        if marked <= reader.ceiling
            && marked < Tlp::Red
            && Audience::of(audience.as_deref()).includes(&reader.groups)
        {
            theirs.push(key);
        }
    }
    Ok(theirs)
}

/// The number of a collection.
pub(super) async fn collection_key(
    work: &mut SqliteConnection,
    collection: &str,
) -> Result<Option<i64>, IntelligenceError> {
    let row =
        sqlx::query("SELECT key FROM collections WHERE id = $1").bind(collection).fetch_optional(work).await;
    let row = row.and_then(|row| row.map(|row| row.try_get(0)).transpose());
    Ok(row.map_err(failed("look up a collection"))?)
}

/// Numbers as a list in SQL.
pub(super) fn list(numbers: impl IntoIterator<Item = i64>) -> String {
    let mut text = String::new();
    for number in numbers {
        let _ = write!(text, "{}{number}", if text.is_empty() { "" } else { ", " });
    }
    text
}

/// The numbers of ids that are known.
pub(super) async fn keys(work: &mut SqliteConnection, ids: &[String]) -> Result<Vec<i64>, IntelligenceError> {
    let rows = sqlx::query("SELECT i.key FROM json_each($1) AS j CROSS JOIN ids AS i ON i.id = j.value")
        .bind(serde_json::Value::from(ids).to_string())
        .fetch_all(work)
        .await;
    let keys = rows.and_then(|rows| rows.iter().map(|row| row.try_get(0)).collect());
    Ok(keys.map_err(failed("look up ids"))?)
}

/// A way through an index: a part of the condition that leads along it.
struct Way {
    /// The index, where the choice is not left to SQLite.
    index: &'static str,
    condition: String,
    text: Option<String>,
}

/// The filings that match, and where those behind them begin.
async fn matches(
    work: &mut SqliteConnection,
    collection: &str,
    reader: &Reader,
    filter: &Filter,
    next: Option<&str>,
    limit: usize,
) -> Result<(Vec<Match>, Option<String>), IntelligenceError> {
    let limit = limit.clamp(1, PAGE_MAX);
    let theirs = classes(work, reader).await?;
    let Some(collection) = collection_key(work, collection).await? else { return Ok((Vec::new(), None)) };
    let asked = keys(work, &filter.ids).await?;
    let ways = ways(collection, &theirs, &asked, filter);
    let fits = fits(collection, &theirs, filter);
    let each = (2 * limit / ways.len().max(1)).max(64) + 1;
    let after = filter.added_after.map_or(i64::MIN, micros);
    let mut after = next.map_or(after, |next| position(next).max(after));
    let (mut found, mut looked_at) = (Vec::new(), 0);
    let types = serde_json::Value::from(filter.types.as_slice()).to_string();
    let more = loop {
        // How far every way has been gone: behind it, one of them may have something earlier than another.
        let mut horizon = i64::MAX;
        let mut seen = Vec::new();
        for way in &ways {
            let select = format!(
                "SELECT m.added, m.kept, m.object, m.version, m.spec, {fits} FROM filed AS m {}
                 WHERE {} AND m.added > $1 ORDER BY m.added LIMIT $2",
                way.index, way.condition
            );
            let rows = sqlx::query(AssertSqlSafe(select))
                .bind(after)
                .bind(i64::try_from(each).unwrap_or(i64::MAX))
                .bind(way.text.as_deref().unwrap_or(&types))
                .fetch_all(&mut *work)
                .await
                .map_err(failed("read a page"))?;
            let rows: Vec<Match> =
                rows.iter().map(read).collect::<Result<_, _>>().map_err(failed("read a page"))?;
            if let Some(last) = rows.last().filter(|_| rows.len() == each) {
                horizon = horizon.min(last.added);
            }
            seen.extend(rows);
        }
        seen.retain(|one| one.added <= horizon);
        seen.sort_unstable_by_key(|one| one.added);
        looked_at += seen.len();
        found.extend(seen.into_iter().filter(|one| one.fits));
        after = horizon;
        if horizon == i64::MAX || found.len() > limit || looked_at >= LOOKED_AT_MAX {
            break horizon != i64::MAX;
        }
    };
    let next = if found.len() > limit {
        found.truncate(limit);
        found.last().map(|last| cursor(last.added))
    } else {
        more.then(|| cursor(after))
    };
    Ok((found, next))
}

fn read(row: &SqliteRow) -> Result<Match, sqlx::Error> {
    Ok(Match {
        added: row.try_get(0)?,
        kept: row.try_get(1)?,
        object: row.try_get(2)?,
        version: row.try_get(3)?,
        spec: row.try_get(4)?,
        fits: row.try_get(5)?,
    })
}

/// The ways on which everything lies that may match. `$3` is a type, or all types that are asked for.
fn ways(collection: i64, theirs: &[i64], asked: &[i64], filter: &Filter) -> Vec<Way> {
    let all_types =
        if filter.types.is_empty() { "" } else { " AND m.type IN (SELECT value FROM json_each($3))" };
    if !filter.ids.is_empty() {
        if asked.is_empty() {
            return Vec::new();
        }
        let condition = format!(
            "m.collection = {collection} AND m.object IN ({}) AND m.class IN ({}){all_types}",
            list(asked.iter().copied()),
            list(theirs.iter().copied())
        );
        // Left to itself, SQLite goes through all of the collection in order, to spare the sorting of a few.
        return vec![Way { index: "INDEXED BY filed_by_object", condition, text: None }];
    }
    let along = |class: &i64| format!("m.collection = {collection} AND m.class = {class}");
    if filter.types.is_empty() || theirs.len() * filter.types.len() > WAYS_MAX {
        let way = |class| Way { index: "", condition: format!("{}{all_types}", along(class)), text: None };
        return theirs.iter().map(way).collect();
    }
    let types: BTreeSet<&String> = filter.types.iter().collect();
    let way = |class, of: &String| Way {
        index: "",
        condition: format!("{} AND m.type = $3", along(class)),
        text: Some(of.clone()),
    };
    theirs.iter().flat_map(|class| types.iter().map(move |of| way(class, of))).collect()
}

/// Whether a filing is what is asked for, of all that the reader may see.
fn fits(collection: i64, theirs: &[i64], filter: &Filter) -> String {
    // Where nobody says which STIX, an object is shown in the newest that there is of it (§3.4.1).
    let specs = list(filter.specs.iter().map(|spec| spec_number(*spec)));
    let spec = if specs.is_empty() {
        " AND n.spec = m.spec".to_owned()
    } else {
        format!(" AND n.spec IN ({specs})")
    };
    let no_other = |spec: &str, which: &str| {
        format!(
            "NOT EXISTS (SELECT 1 FROM filed AS n WHERE n.collection = {collection} AND n.object = m.object \
             AND n.class IN ({}){spec} AND {which})",
            list(theirs.iter().copied())
        )
    };
    let versions =
        if filter.versions.is_empty() { &[VersionMatch::Last] } else { filter.versions.as_slice() };
    let versions: Vec<String> = versions
        .iter()
        .map(|version| match version {
            VersionMatch::All => "1".to_owned(),
            VersionMatch::First => no_other(&spec, "n.version < m.version"),
            VersionMatch::Last => no_other(&spec, "n.version > m.version"),
            VersionMatch::At(at) => {
                let at = micros(*at);
                format!("m.version = {at} OR m.version = {UNVERSIONED} AND m.added = {at}")
            }
        })
        .collect();
    // Of several readings of a version, and of one reading filed twice, the one that was there first.
    let first = no_other("", "n.version = m.version AND n.spec = m.spec AND n.added < m.added");
    let own = if specs.is_empty() { no_other("", "n.spec > m.spec") } else { format!("m.spec IN ({specs})") };
    format!("({own} AND ({}) AND {first})", versions.join(" OR "))
}
