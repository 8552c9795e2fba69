//! Repositories, backups, checks and procedures: that each says one thing, and whether what it says helps on the day.

use crate::{
    diagnostic::{Code, Flaw, Flaws},
    recovery::show,
    source::{At, Span},
    suggest::Suggestions,
    tree::{
        BackupTable, CheckTable, List, Optional, ProcedureTable, RepositoryTable, ServiceTable, Table, Tree,
    },
    value::{NO_SECRETS, names_a_secret},
};
use city::{AssetId, BackupId, RepositoryId, RepositoryPlace, ServiceId, SiteId, Text};
use std::collections::BTreeMap;

pub(crate) fn check_backups(tree: &Tree, flaws: &mut Flaws) {
    check_repositories(tree, flaws);
    let grounds = Grounds::of(tree);
    for backup in &tree.backups {
        check_source(backup, flaws);
        check_late(backup, &grounds, flaws);
        check_lost_together(backup, &grounds, flaws);
        check_circle(backup, &grounds, flaws);
    }
    let backups = tree.backups.iter().rev().filter_map(|backup| Some((&backup.id.get()?.value, backup)));
    let backups = backups.collect();
    for check in &tree.checks {
        check_check(check, &backups, flaws);
    }
    for procedure in &tree.procedures {
        check_procedure(procedure, flaws);
    }
}

/// A key that is written, and where its value stands, if it could be read.
#[derive(Clone, Copy)]
struct Given {
    key: &'static str,
    span: Option<Span>,
}

fn one<T>(key: &'static str, field: &Optional<T>) -> Option<Given> {
    (!field.is_left_out()).then(|| Given { key, span: field.get().map(|at| at.span) })
}

fn some<T>(key: &'static str, field: &List<T>) -> Option<Given> {
    (!field.is_surely_empty()).then(|| Given { key, span: field.iter().next().map(|at| at.span) })
}

/// Where a table is shown: its id, or else its first line.
fn place<T, Id>(table: &T, id: Option<&At<Id>>) -> Span
where
    T: Table,
{
    id.map_or(table.header(), |id| id.span)
}

/// Tells unless exactly one of the keys is written. Returns its name.
fn check_one(
    given: &[Given],
    what: &str,
    choice: &str,
    whole: Span,
    flaws: &mut Flaws,
) -> Option<&'static str> {
    match given {
        [] => {
            let flaw = Flaw::error(Code::Missing, whole, format!("{what} needs {choice}"));
            flaws.push(flaw.help("write one of them"));
            None
        }
        [one] => Some(one.key),
        [first, others @ ..] => {
            for other in others {
                let why = format!(
                    "`{}` and `{}` do not go together: {what} has one of {choice}",
                    first.key, other.key
                );
                let flaw = Flaw::error(Code::Conflict, other.span.unwrap_or(whole), why);
                let flaw = match first.span {
                    Some(span) => flaw.related(span, format!("here is `{}`", first.key)),
                    None => flaw,
                };
                flaws.push(flaw.help("make it two, or leave one of them out"));
            }
            None
        }
    }
}

/// Tells of a key that says nothing without another.
fn check_goes_with(key: Option<Given>, with: &[&str], chosen: Option<&str>, whole: Span, flaws: &mut Flaws) {
    let Some((key, chosen)) = key.zip(chosen) else { return };
    if with.contains(&chosen) {
        return;
    }
    let with: Vec<_> = with.iter().map(|name| format!("`{name}`")).collect();
    let with = match with.as_slice() {
        [first @ .., last] if !first.is_empty() => format!("{} or {last}", first.join(", ")),
        _ => with.concat(),
    };
    let why = format!("`{}` goes with {with}, not with `{chosen}`", key.key);
    flaws.push(Flaw::error(Code::Conflict, key.span.unwrap_or(whole), why).help("take it out"));
}

fn check_repositories(tree: &Tree, flaws: &mut Flaws) {
    let mut seen: BTreeMap<&RepositoryPlace, Span> = BTreeMap::new();
    for repository in &tree.repositories {
        check_repository(repository, flaws);
        let Some(at) = repository.at.get() else { continue };
        if let Some(first) = seen.get(&at.value) {
            let why = format!("two repositories lie at `{}`, and one copy is no more than one", at.value);
            let flaw = Flaw::error(Code::DuplicateEntry, at.span, why).related(*first, "here is the first");
            flaws.push(flaw.help("give each a place of its own"));
        } else {
            seen.insert(&at.value, at.span);
        }
    }
}

fn check_repository(repository: &RepositoryTable, flaws: &mut Flaws) {
    let span = place(repository, repository.id.get());
    if let (Some(asset), Some(site)) = (repository.asset.get(), repository.site.get()) {
        let why = "the asset that a repository lies on stands somewhere already";
        let flaw = Flaw::error(Code::Conflict, site.span, why).related(asset.span, "here is the asset");
        flaws.push(flaw.help("leave `site` out here, and write it for the asset"));
    }
    let Some(at) = repository.at.get() else { return };
    let is_folder = matches!(at.value, RepositoryPlace::Folder(_));
    if is_folder && repository.asset.is_left_out() && repository.site.is_left_out() {
        let why = "a folder lies on some machine, and nothing says which, so it would never count as lost";
        let help = "write `asset`, or `site` for a disk that is kept somewhere";
        flaws.push(Flaw::warning(Code::Missing, span, why).help(help));
    }
    if let Some(login) = repository.login.get().filter(|_| is_folder) {
        let why = "nobody asks for a name and password at a folder";
        flaws.push(Flaw::warning(Code::Unused, login.span, why).help("take `login` out"));
    }
    if let Some(locked) = repository.locked.get().filter(|_| !matches!(at.value, RepositoryPlace::S3 { .. }))
    {
        let why = "only S3 storage can refuse to delete for a time";
        let flaw = Flaw::error(Code::Conflict, locked.span, why).related(at.span, "here is what it is");
        flaws.push(flaw.help("write `append-only = true` if the server refuses to delete at all"));
    }
}

/// The keys of which a backup has one.
const SOURCES: &str =
    "`folders`, `command`, `postgresql`, `mariadb`, `sqlite`, `ssh`, `http` or `bastide = true`";

/// What is backed up, as it is written.
fn sources(backup: &BackupTable) -> Vec<Given> {
    let bastide = one("bastide", &backup.bastide).filter(|_| backup.bastide.get().is_none_or(|at| at.value));
    let all = [
        some("folders", &backup.folders),
        some("command", &backup.command),
        one("postgresql", &backup.postgresql),
        one("mariadb", &backup.mariadb),
        one("sqlite", &backup.sqlite),
        one("ssh", &backup.ssh),
        one("http", &backup.http),
        bastide,
    ];
    all.into_iter().flatten().collect()
}

fn check_source(backup: &BackupTable, flaws: &mut Flaws) {
    let span = place(backup, backup.id.get());
    if backup.service.is_left_out() && backup.asset.is_left_out() {
        let flaw = Flaw::error(Code::Missing, span, "nothing says what the backup is for");
        flaws.push(flaw.help("write `service`, `asset` or both"));
    }
    if backup.to.is_surely_empty() {
        let flaw = Flaw::error(Code::Missing, span, "the backup goes nowhere");
        flaws.push(flaw.help("write `to = [\"…\"]` with the ids of repositories"));
    }
    let chosen = check_one(&sources(backup), "a backup", SOURCES, span, flaws);
    let files = some("files", &backup.files);
    let remote = one("remote-command", &backup.remote_command);
    check_goes_with(some("exclude", &backup.exclude), &["folders"], chosen, span, flaws);
    check_goes_with(files, &["ssh"], chosen, span, flaws);
    check_goes_with(remote, &["ssh"], chosen, span, flaws);
    check_goes_with(
        one("login", &backup.login),
        &["postgresql", "mariadb", "ssh", "http"],
        chosen,
        span,
        flaws,
    );
    if chosen == Some("ssh") {
        let what: Vec<_> = [files, remote].into_iter().flatten().collect();
        let place = backup.ssh.get().map_or(span, |ssh| ssh.span);
        check_one(&what, "a backup over SSH", "`files` or `remote-command`", place, flaws);
    }
    check_arguments(&backup.command, flaws);
    let mut kept: BTreeMap<_, Span> = BTreeMap::new();
    for entry in backup.keep.iter() {
        if let Some(first) = kept.insert(entry.value.period, entry.span) {
            let why = format!("`{}` stands here twice", entry.value.period.as_str());
            let flaw = Flaw::error(Code::DuplicateEntry, entry.span, why).related(first, "here is the first");
            flaws.push(flaw.help("leave one of them out"));
        }
    }
}

/// A password among the arguments of a program would stand in the plan, and in the list of processes.
fn check_arguments(arguments: &List<Text>, flaws: &mut Flaws) {
    for argument in arguments.iter() {
        let Some((name, value)) = argument.value.split_once('=') else { continue };
        let is_place = name.ends_with("file") || value.starts_with(['/', '{']) || value.is_empty();
        if name.starts_with('-') && names_a_secret(name) && !is_place {
            flaws.hide(argument.span);
            let flaw = Flaw::error(Code::Secret, argument.span, "this argument holds a secret");
            flaws.push(flaw.help(NO_SECRETS));
        }
    }
}

/// What the other tables say about where things are and how much may be lost.
struct Grounds<'a> {
    /// The site where each asset stands.
    sites: BTreeMap<&'a AssetId, &'a SiteId>,
    /// The services of each asset.
    supports: BTreeMap<&'a AssetId, &'a List<ServiceId>>,
    /// The assets of each service.
    assets: BTreeMap<&'a ServiceId, Vec<&'a AssetId>>,
    services: BTreeMap<&'a ServiceId, &'a ServiceTable>,
    repositories: BTreeMap<&'a RepositoryId, &'a RepositoryTable>,
}

impl<'a> Grounds<'a> {
    fn of(tree: &'a Tree) -> Grounds<'a> {
        let zones: BTreeMap<_, _> =
            tree.zones.iter().filter_map(|zone| Some((&zone.id.get()?.value, zone.site.get()?))).collect();
        let mut grounds = Grounds {
            sites: BTreeMap::new(),
            supports: BTreeMap::new(),
            assets: BTreeMap::new(),
            services: tree.services.iter().filter_map(|s| Some((&s.id.get()?.value, s))).collect(),
            repositories: tree.repositories.iter().filter_map(|r| Some((&r.id.get()?.value, r))).collect(),
        };
        for asset in &tree.assets {
            let Some(id) = asset.id.get().map(|id| &id.value) else { continue };
            let zone = || asset.zone.get().and_then(|zone| zones.get(&zone.value).copied());
            grounds.sites.extend(asset.site.get().or_else(zone).map(|site| (id, &site.value)));
            grounds.supports.insert(id, &asset.services);
            for service in asset.services.iter() {
                grounds.assets.entry(&service.value).or_default().push(id);
            }
        }
        grounds
    }

    /// The repositories that a backup goes to, if all are known.
    fn destinations(&self, backup: &BackupTable) -> Option<Vec<&'a RepositoryTable>> {
        let all: Option<Vec<_>> =
            backup.to.iter().map(|to| self.repositories.get(&to.value).copied()).collect();
        all.filter(|all| backup.to.whole && !all.is_empty())
    }

    /// Whether a repository is lost with an asset: it lies on it, or both stand at one site.
    fn is_lost_with(&self, repository: &RepositoryTable, asset: &AssetId) -> bool {
        let on = repository.asset.get().map(|on| &on.value);
        let site = repository.site.get().map(|site| &site.value).or_else(|| self.sites.get(on?).copied());
        on == Some(asset) || site.is_some() && site == self.sites.get(asset).copied()
    }
}

/// A service may not lose more than its `rpo`, and loses what was not backed up yet.
fn check_late(backup: &BackupTable, grounds: &Grounds<'_>, flaws: &mut Flaws) {
    let Some(every) = backup.every.get() else { return };
    let of_asset = || grounds.supports.get(&backup.asset.get()?.value).copied();
    let services: Vec<_> = match backup.service.get() {
        Some(service) => vec![service],
        None => of_asset().into_iter().flat_map(List::iter).collect(),
    };
    let rpo = |service: &At<ServiceId>| {
        Some((service.value.clone(), grounds.services.get(&service.value)?.rpo.get()?))
    };
    let tightest = services.into_iter().filter_map(rpo).min_by_key(|(_, rpo)| rpo.value);
    let Some((service, rpo)) = tightest.filter(|(_, rpo)| rpo.value < every.value.0) else { return };
    let why = format!(
        "a backup every {} is too seldom for `{service}`, which may lose no more than {}",
        show(every.value.0),
        show(rpo.value),
    );
    let flaw = Flaw::warning(Code::LateBackup, every.span, why).related(rpo.span, "here is its `rpo`");
    flaws.push(flaw.help("shorten `every`, or lengthen `rpo` if that is the truth"));
}

fn check_lost_together(backup: &BackupTable, grounds: &Grounds<'_>, flaws: &mut Flaws) {
    let Some(destinations) = grounds.destinations(backup) else { return };
    let assets: Vec<&AssetId> = match (backup.asset.get(), backup.service.get()) {
        (Some(asset), _) => vec![&asset.value],
        (None, Some(service)) => grounds.assets.get(&service.value).cloned().unwrap_or_default(),
        (None, None) => Vec::new(),
    };
    let lost =
        |repository: &&RepositoryTable| assets.iter().all(|asset| grounds.is_lost_with(repository, asset));
    if assets.is_empty() || !destinations.iter().all(lost) {
        return;
    }
    let Some(first) = backup.to.iter().next() else { return };
    let why = match destinations.len() {
        1 => "the only copy is lost with what it is for: both are in one place".to_owned(),
        number => {
            format!("all {number} copies are lost with what they are for: they are in one place with it")
        }
    };
    let flaw = Flaw::warning(Code::LostTogether, first.span, why);
    let stands = destinations.first().and_then(|repository| {
        repository.asset.get().map(|at| at.span).or_else(|| repository.site.get().map(|at| at.span))
    });
    let flaw = match stands {
        Some(span) => flaw.related(span, "here is where it lies"),
        None => flaw,
    };
    flaws.push(flaw.help("add a repository that lies elsewhere"));
}

/// A folder that holds the repository it is backed up to grows with every backup.
fn check_circle(backup: &BackupTable, grounds: &Grounds<'_>, flaws: &mut Flaws) {
    let holds = |outer: &str, inner: &str| {
        inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    for repository in grounds.destinations(backup).unwrap_or_default() {
        let Some(At { value: RepositoryPlace::Folder(path), span }) = repository.at.get() else { continue };
        let left_out = backup.exclude.iter().any(|pattern| holds(pattern.value.trim_end_matches('/'), path));
        let folder = backup.folders.iter().find(|folder| holds(&folder.value.0, path));
        if let Some(folder) = folder.filter(|_| !left_out) {
            let why = format!("`{path}` lies in this folder, so every backup would hold all others");
            let flaw =
                Flaw::warning(Code::BackupCircle, folder.span, why).related(*span, "here is the repository");
            flaws.push(flaw.help(format!("write `exclude = [\"{path}\"]`")));
            return;
        }
    }
}

/// The keys of which a check has one.
const TESTS: &str = "`query`, `file`, `run` or `start`";

fn check_check(check: &CheckTable, backups: &BTreeMap<&BackupId, &BackupTable>, flaws: &mut Flaws) {
    let span = place(check, check.id.get());
    let tests = [
        one("query", &check.query),
        one("file", &check.file),
        some("run", &check.run),
        some("start", &check.start),
    ];
    let tests: Vec<_> = tests.into_iter().flatten().collect();
    let chosen = check_one(&tests, "a check", TESTS, span, flaws);
    let page = one("page", &check.page);
    let contains = one("contains", &check.contains);
    check_goes_with(one("rows", &check.rows), &["query"], chosen, span, flaws);
    check_goes_with(one("parses", &check.parses), &["file"], chosen, span, flaws);
    check_goes_with(one("sha256", &check.sha256), &["file"], chosen, span, flaws);
    check_goes_with(contains, &["file", "start"], chosen, span, flaws);
    check_goes_with(page, &["start"], chosen, span, flaws);
    let place = tests.first().and_then(|test| test.span).unwrap_or(span);
    match chosen {
        Some("file") => {
            let wanted = [one("parses", &check.parses), contains, one("sha256", &check.sha256)];
            if wanted.iter().all(Option::is_none) {
                let flaw = Flaw::error(Code::Missing, place, "nothing says how the file should be");
                flaws.push(flaw.help("write `parses`, `contains` or `sha256`"));
            }
        }
        Some("start") if page.is_none() => {
            let flaw = Flaw::error(Code::Missing, place, "nothing is asked of the program that is started");
            flaws.push(
                flaw.help("write `page = \"http://127.0.0.1:8080/…\"`, or `run` for a program that ends"),
            );
        }
        Some("query") => {
            let backup = check.backup.get().and_then(|id| Some((id, *backups.get(&id.value)?)));
            let databases = ["postgresql", "mariadb", "sqlite"];
            let is_database = |source: &Given| databases.contains(&source.key);
            if let Some((id, backup)) = backup
                && let [source] = sources(backup).as_slice()
                && !is_database(source)
            {
                let why = format!("`{}` holds no database that could be asked", id.value);
                let flaw = Flaw::error(Code::Conflict, place, why);
                let flaw = flaw.related(source.span.unwrap_or(span), "here is what it holds");
                flaws.push(flaw.help("write `file`, `run` or `start`"));
            }
        }
        _ => {}
    }
    if let Some(page) = check.page.get().filter(|page| !page.value.is_local()) {
        let why = "what is restored for a check has no way out, so this page would never answer";
        let help = "write the page of the program that is started: `http://127.0.0.1:8080/…`";
        flaws.push(Flaw::error(Code::Unreachable, page.span, why).help(help));
    }
    for list in [&check.run, &check.start] {
        check_arguments(list, flaws);
        check_placeholders(list, flaws);
    }
}

/// `{place}` is the one word in braces that stands for something; what comes near to it was meant for it.
fn check_placeholders(arguments: &List<Text>, flaws: &mut Flaws) {
    for argument in arguments.iter() {
        let words = argument.value.split('{').skip(1).filter_map(|rest| Some(rest.split_once('}')?.0));
        for word in words.filter(|word| *word != "place") {
            let near = Suggestions::default().nearest(word, ["place", "folder", "path"]);
            if near.is_some() {
                let why = format!("`{{{word}}}` stands for nothing");
                let help = "write `{place}` for the folder with what was restored";
                flaws.push(Flaw::error(Code::UnknownWord, argument.span, why).help(help));
            }
        }
    }
}

fn check_procedure(procedure: &ProcedureTable, flaws: &mut Flaws) {
    if procedure.services.is_surely_empty() && procedure.assets.is_surely_empty() {
        let span = place(procedure, procedure.id.get());
        let flaw = Flaw::error(Code::Missing, span, "nothing says what the procedure is for");
        flaws.push(flaw.help("write `services`, `assets` or both"));
    }
}
