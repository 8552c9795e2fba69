//! `bastide backup`: backups made, listed and tried, repositories made.

use super::{
    arguments::{Backups, Form, Of, OtherThanMake},
    bar::Bar,
    known, select, tell,
    words::{amount, bytes, time},
};
use crate::{
    failure::{Verdict, warn},
    plan::{read_folder, read_plan},
    show::local,
    table::Table,
};
use city::{Backup, BackupMade, Observation, Observed, Repository, RepositoryId, RepositoryTried, Text};
use jiff::{SignedDuration, Timestamp};
use plan::Plan;
use recover::Record;
use serde_json::{Value, json};
use std::{
    fmt::Display,
    io::{self, BufWriter, Write},
    time::{Duration, Instant},
};
use vault::{Bounds, Context, Repositories, Scratch, Secret, Share, Staged, Vault, VaultError};

/// How long gathering one source may take: a bound against what never ends.
const GATHER_TIME: Duration = Duration::from_secs(12 * 3_600);

/// How many bytes it may bring.
const GATHER_BYTES: u64 = 4 << 40;

/// Runs the command.
pub(crate) fn run(command: &Backups) -> anyhow::Result<Verdict> {
    match (&command.other, command.of_city()) {
        (Some(OtherThanMake::List { of, city }), _) => list(of, city),
        (Some(OtherThanMake::Init { repositories, city }), _) => init(repositories, city),
        (Some(OtherThanMake::Check { repositories, read, city }), _) => check(repositories, *read, city),
        (None, Some(city)) => make(command, &city),
        (None, None) => anyhow::bail!("say of which city with --city DIR"),
    }
}

fn make(command: &Backups, of: &Of) -> anyhow::Result<Verdict> {
    let made = make_all(&command.of, &command.into, command.due, of)?;
    show_made(&made, of.format)?;
    let failed = made.iter().any(|made| made.outcome.is_err());
    Ok(if failed { Verdict::Bad } else { Verdict::Good })
}

/// Makes the backups that words mean into the repositories named, all that they go to if none is; only those whose time
/// has come if so wished. Tells the city.
pub(super) fn make_all(
    words: &[String],
    into: &[String],
    only_due: bool,
    of: &Of,
) -> anyhow::Result<Vec<BackupMade>> {
    let files = read_folder(&of.city)?;
    let plan = read_plan(&of.city)?;
    select::repositories_if_named(&plan, into)?;
    let wanted =
        |repository: &RepositoryId| into.is_empty() || into.iter().any(|id| id == repository.as_str());
    let mut opened = Repositories::new(&plan);
    let mut made: Vec<BackupMade> = Vec::new();
    let scratch = Scratch::new(&of.state.directory().join(store::SCRATCH))?;
    for backup in select::backups(&plan, words)? {
        let mut to: Vec<&RepositoryId> = backup.to.iter().filter(|id| wanted(id)).collect();
        if only_due {
            let now = Timestamp::now();
            to.retain(|id| is_due(&mut opened, backup, id, now));
        }
        if !to.is_empty() {
            made.extend(make_one(backup, &to, &mut opened, &scratch, of));
        }
    }
    // What is told first is what the repositories already hold.
    let observations: Vec<Observation> = made.iter().map(observed).collect();
    tell::tell(&of.state, Some(&files), &observations);
    let record = known::record(&of.state)?.unwrap_or_default();
    made.iter().for_each(|made| forget_old(&plan, made, &record, &mut opened));
    Ok(made)
}

/// Whether a backup's time has come in a repository: by the repository's own newest snapshot, whatever else is known. One
/// that cannot be asked is tried, so that its failure is told.
fn is_due(opened: &mut Repositories<'_>, backup: &Backup, repository: &RepositoryId, now: Timestamp) -> bool {
    let Ok(vault) = opened.open(repository) else { return true };
    let Ok(snapshots) = vault.snapshots(Some(&backup.id)) else { return true };
    let newest = snapshots.iter().filter(|snapshot| snapshot.complete).map(|snapshot| snapshot.time).max();
    newest.is_none_or(|newest| now.duration_since(newest) >= backup.every)
}

/// Gathers a backup once, and makes a snapshot of it in each repository.
fn make_one(
    backup: &Backup,
    to: &[&RepositoryId],
    opened: &mut Repositories<'_>,
    scratch: &Scratch,
    of: &Of,
) -> Vec<BackupMade> {
    let start = Timestamp::now();
    let since = Instant::now();
    let staged = stage(backup, scratch, of);
    let gathered = since.elapsed();
    to.iter()
        .map(|repository| {
            let since = Instant::now();
            let outcome = staged
                .as_ref()
                .map_err(|error| Text::from(format!("{error:#}")))
                .and_then(|staged| into_repository(backup, repository, staged, start, opened));
            let took = gathered + since.elapsed();
            BackupMade {
                backup: backup.id.clone(),
                repository: (*repository).clone(),
                start,
                duration: SignedDuration::try_from(took).unwrap_or(SignedDuration::MAX),
                outcome,
            }
        })
        .collect()
}

fn stage(backup: &Backup, scratch: &Scratch, of: &Of) -> anyhow::Result<Staged> {
    let login = backup.login.as_ref().map(Secret::read).transpose()?;
    let state = of.state.directory();
    let context = Context {
        scratch,
        login: login.as_ref().map(Secret::reveal),
        plan: &of.city,
        state: &state,
        known_hosts: None,
        bounds: Bounds::within(GATHER_TIME, GATHER_BYTES),
    };
    Ok(vault::stage(backup, &context)?)
}

fn into_repository(
    backup: &Backup,
    repository: &RepositoryId,
    staged: &Staged,
    start: Timestamp,
    opened: &mut Repositories<'_>,
) -> Result<city::Snapshot, Text> {
    let vault = opened.open(repository).map_err(Text::from)?;
    let bar = Bar::new(format!("{} into {repository}", backup.id));
    let snapshot = vault.backup(&backup.id, staged, start, &bar);
    bar.end();
    snapshot.map_err(|error| Text::from(error.to_string()))
}

/// Deletes the snapshots that no rule keeps any more, unless something speaks against the one just made: an older one may
/// then be the last that is clean.
fn forget_old(plan: &Plan, made: &BackupMade, record: &Record, opened: &mut Repositories<'_>) {
    let declared = plan.repository(&made.repository);
    let Some(backup) = plan.backup(&made.backup).filter(|backup| !backup.keep.is_empty()) else { return };
    if made.outcome.is_err() || declared.is_none_or(|declared| declared.append_only) {
        return;
    }
    let stay = |why: &dyn Display| {
        warn(format_args!("old snapshots of {} stay in {}: {why}", made.backup, made.repository));
    };
    if !is_clean(made, record) {
        return stay(&"the one just made is not known to be clean");
    }
    let Ok(vault) = opened.open(&made.repository) else { return };
    if let Err(error) = vault.forget(&backup.id, &backup.keep, Timestamp::now()) {
        stay(&error);
    }
}

/// Whether the city knows of a snapshot, and nothing speaks against it.
fn is_clean(made: &BackupMade, record: &Record) -> bool {
    let Ok(snapshot) = &made.outcome else { return false };
    let history = record.history(&made.backup, &made.repository);
    let taken =
        history.and_then(|history| history.snapshots.iter().find(|taken| taken.snapshot.id == snapshot.id));
    taken.is_some_and(|taken| record.verdict(&made.backup, taken) == recover::Verdict::Clean)
}

fn observed(made: &BackupMade) -> Observation {
    let time = made.start.checked_add(made.duration).unwrap_or(made.start);
    Observation { time, sensor: Text::const_new("backup"), fact: Observed::Backup(Box::new(made.clone())) }
}

fn show_made(made: &[BackupMade], format: Form) -> anyhow::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    if format == Form::Json {
        let rows: Vec<Value> = made.iter().map(made_row).collect();
        serde_json::to_writer_pretty(&mut out, &rows)?;
        writeln!(out)?;
        return Ok(out.flush()?);
    }
    if made.is_empty() {
        writeln!(out, "Nothing is due.")?;
        return Ok(out.flush()?);
    }
    let failed = made.iter().filter(|made| made.outcome.is_err()).count();
    match failed {
        0 => writeln!(out, "{} made.", amount(made.len(), "backup", "backups"))?,
        failed => {
            writeln!(out, "{failed} of {} could not be made.", amount(made.len(), "backup", "backups"))?
        }
    }
    let mut table = Table::new(&["backup", "repository", "snapshot", "files", "size", "new", "took"]);
    for made in made {
        let (snapshot, files, size, new) = match &made.outcome {
            Ok(snapshot) => (
                short(&snapshot.id),
                snapshot.files.to_string(),
                bytes(snapshot.bytes),
                bytes(snapshot.added),
            ),
            Err(_) => ("not made".to_owned(), String::new(), String::new(), String::new()),
        };
        let took = time(made.duration);
        table.row([made.backup.to_string(), made.repository.to_string(), snapshot, files, size, new, took]);
    }
    table.write(&mut out)?;
    for made in made {
        if let Err(why) = &made.outcome {
            writeln!(out, "\n{} into {}: {why}", made.backup, made.repository)?;
        }
    }
    Ok(out.flush()?)
}

fn made_row(made: &BackupMade) -> Value {
    let mut row = json!({
        "backup": made.backup,
        "repository": made.repository,
        "start": made.start,
        "seconds": made.duration.as_secs_f64(),
    });
    if let Some(row) = row.as_object_mut() {
        match &made.outcome {
            Ok(snapshot) => {
                row.insert("made".into(), true.into());
                row.insert("snapshot".into(), json!(snapshot));
            }
            Err(why) => {
                row.insert("made".into(), false.into());
                row.insert("failure".into(), json!(why));
            }
        }
    }
    row
}

/// As much of a snapshot's id as people need to name it.
pub(crate) fn short(id: &str) -> String {
    id.chars().take(8).collect()
}

fn list(words: &[String], of: &Of) -> anyhow::Result<Verdict> {
    let plan = read_plan(&of.city)?;
    let backups = select::backups(&plan, words)?;
    let meant: Vec<&Repository> =
        plan.repositories().filter(|one| backups.iter().any(|backup| backup.to.contains(&one.id))).collect();
    let mut opened = Repositories::new(&plan);
    let (mut rows, mut failures) = (Vec::new(), Vec::new());
    for repository in meant {
        let listed = opened
            .open(&repository.id)
            .and_then(|vault| vault.snapshots(None).map_err(|error| error.to_string()));
        match listed {
            Ok(snapshots) => {
                let ours = snapshots.into_iter().filter(|snapshot| {
                    words.is_empty()
                        || backups.iter().any(|backup| snapshot.backup.as_ref() == Some(&backup.id))
                });
                rows.extend(ours.map(|snapshot| (repository.id.clone(), snapshot)));
            }
            Err(why) => failures.push((repository.id.clone(), why)),
        }
    }
    rows.sort_by(|(_, a), (_, b)| b.time.cmp(&a.time).then_with(|| a.id.cmp(&b.id)));
    let mut out = BufWriter::new(io::stdout().lock());
    if of.format == Form::Json {
        let list: Vec<Value> = rows
            .iter()
            .map(|(repository, snapshot)| {
                json!({
                    "repository": repository, "snapshot": snapshot.id, "backup": snapshot.backup,
                    "time": snapshot.time, "files": snapshot.files, "bytes": snapshot.bytes,
                    "complete": snapshot.complete, "host": snapshot.host,
                })
            })
            .collect();
        serde_json::to_writer_pretty(&mut out, &list)?;
        writeln!(out)?;
    } else if rows.is_empty() && failures.is_empty() {
        writeln!(out, "No snapshot yet: `bastide backup` makes them.")?;
    } else {
        let mut table = Table::new(&["time", "backup", "repository", "snapshot", "files", "size", ""]);
        for (repository, snapshot) in &rows {
            table.row([
                local(snapshot.time),
                snapshot.backup.as_ref().map_or_else(|| format!("({})", snapshot.host), ToString::to_string),
                repository.to_string(),
                short(&snapshot.id),
                snapshot.files.map(|files| files.to_string()).unwrap_or_default(),
                snapshot.bytes.map(bytes).unwrap_or_default(),
                if snapshot.complete { "" } else { "incomplete" }.to_owned(),
            ]);
        }
        table.write(&mut out)?;
    }
    out.flush()?;
    failures.iter().for_each(|(repository, why)| warn(format_args!("{repository}: {why}")));
    Ok(if failures.is_empty() { Verdict::Good } else { Verdict::Bad })
}

/// Makes one repository of a plan.
pub(super) fn make_repository(word: &str, of: &Of) -> anyhow::Result<()> {
    let plan = read_plan(&of.city)?;
    for repository in select::repositories(&plan, &[word.to_owned()])? {
        Vault::init(repository)?;
    }
    Ok(())
}

fn init(words: &[String], of: &Of) -> anyhow::Result<Verdict> {
    let plan = read_plan(&of.city)?;
    let mut rows = Vec::new();
    for repository in select::repositories(&plan, words)? {
        let (done, text) = match Vault::init(repository) {
            Ok(_) => (true, "made".to_owned()),
            Err(VaultError::Exists { .. }) => (true, "was there".to_owned()),
            Err(error) => (false, error.to_string()),
        };
        rows.push((repository, done, text));
    }
    let mut out = BufWriter::new(io::stdout().lock());
    if of.format == Form::Json {
        let list: Vec<Value> = rows
            .iter()
            .map(|(repository, done, text)| {
                json!({ "repository": repository.id, "at": repository.at.to_string(), "there": done, "text": text })
            })
            .collect();
        serde_json::to_writer_pretty(&mut out, &list)?;
        writeln!(out)?;
    } else {
        for (repository, _, text) in &rows {
            writeln!(out, "{}: {text} ({})", repository.id, repository.at)?;
        }
        writeln!(
            out,
            "\nWithout its key nobody can read a repository, you included: keep a copy of each key away from here, on paper."
        )?;
    }
    out.flush()?;
    let all = rows.iter().all(|(_, done, _)| *done);
    Ok(if all { Verdict::Good } else { Verdict::Bad })
}

fn check(words: &[String], read: u8, of: &Of) -> anyhow::Result<Verdict> {
    let files = read_folder(&of.city)?;
    let plan = read_plan(&of.city)?;
    let mut tried = Vec::new();
    for repository in select::repositories(&plan, words)? {
        tried.push(try_one(repository, read));
    }
    let now = Timestamp::now();
    let observations: Vec<Observation> = tried
        .iter()
        .map(|tried| Observation {
            time: now,
            sensor: Text::const_new("backup check"),
            fact: Observed::Repository(Box::new(tried.clone())),
        })
        .collect();
    tell::tell(&of.state, Some(&files), &observations);
    let mut out = BufWriter::new(io::stdout().lock());
    if of.format == Form::Json {
        serde_json::to_writer_pretty(&mut out, &tried)?;
        writeln!(out)?;
    } else {
        for tried in &tried {
            writeln!(out, "{}: {}", tried.repository, verdict(&plan, tried))?;
        }
    }
    out.flush()?;
    let good = tried.iter().all(|tried| is_sound(&plan, tried));
    Ok(if good { Verdict::Good } else { Verdict::Bad })
}

/// Looks at a repository: whether what is in it is whole, and whether it can be destroyed.
fn try_one(repository: &Repository, read: u8) -> RepositoryTried {
    let now = Timestamp::now();
    let vault = match Vault::open(repository) {
        Ok(vault) => vault,
        Err(_) => return Vault::tried(repository, now),
    };
    let mut tried = vault.prove(now);
    let mut damage: Vec<String> = Vec::new();
    match vault.check() {
        Ok(found) => damage.extend(found),
        Err(error) => tried.unreachable = Some(error.to_string().into()),
    }
    if read > 0 {
        match vault.read_back(share(read, now), 0) {
            Ok(back) => {
                tried.read_back = back.bytes;
                damage.extend(back.damage);
            }
            Err(error) => tried.unreachable = Some(error.to_string().into()),
        }
    }
    damage.sort();
    damage.dedup();
    tried.damage = damage.iter().take(city::Snapshot::NAMES_MAX).map(Text::from).collect();
    tried
}

/// The share that a day's turn has, so that with one look a day everything is read within as many days as there are
/// parts.
fn share(percent: u8, now: Timestamp) -> Share {
    let of = 100_u32.div_ceil(u32::from(percent).max(1));
    let day = u64::try_from(now.as_second().max(0) / 86_400).unwrap_or_default();
    Share { part: u32::try_from(day % u64::from(of)).unwrap_or_default(), of }
}

fn is_sound(plan: &Plan, tried: &RepositoryTried) -> bool {
    let declared = plan.repository(&tried.repository);
    let guarded = declared.is_some_and(|declared| declared.append_only || declared.locked.is_some());
    tried.unreachable.is_none()
        && tried.damage.is_empty()
        && !(guarded && (tried.refuses_delete == Some(false) || tried.refuses_change == Some(false)))
}

fn verdict(plan: &Plan, tried: &RepositoryTried) -> String {
    if let Some(why) = &tried.unreachable {
        return format!("out of reach: {why}");
    }
    if !tried.damage.is_empty() {
        return format!("DAMAGED: {}", tried.damage.join("; "));
    }
    let declared = plan.repository(&tried.repository);
    let guarded = declared.is_some_and(|declared| declared.append_only || declared.locked.is_some());
    let kept = match (tried.refuses_delete, tried.refuses_change, guarded) {
        (Some(true), Some(true), _) => "refuses to have anything deleted or changed".to_owned(),
        (Some(true), Some(false), true) => "NOT GUARDED: lets a snapshot be changed".to_owned(),
        (_, _, true) => "NOT GUARDED: lets a snapshot be deleted, though the plan says otherwise".to_owned(),
        (_, _, false) => "whoever has its key can delete what is in it, as the plan says".to_owned(),
    };
    let locked =
        tried.locked_until.map(|until| format!(", locked until {}", local(until))).unwrap_or_default();
    let newest = tried.newest.map_or_else(|| "none yet".to_owned(), local);
    let read =
        if tried.read_back > 0 { format!(", {} read back", bytes(tried.read_back)) } else { String::new() };
    format!(
        "sound, {kept}{locked}; {} (newest {newest}){read}",
        amount(tried.snapshots as usize, "snapshot", "snapshots")
    )
}
