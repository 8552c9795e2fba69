//! The tables of recovery, from a tree without mistakes.

use super::{list, required};
use crate::{
    procedure::{Written, WrittenStep},
    tree::{BackupTable, CheckTable, CrewTable, ProcedureTable, RepositoryTable, SiteTable},
};
use city::{Backup, Check, Crew, Procedure, ProcedureStep, Purpose, Repository, Site, Source, Test};
use jiff::SignedDuration;

/// For how long a review is good, if the plan does not say.
const REVIEW: SignedDuration = SignedDuration::from_hours(365 * 24);

pub(super) fn build_site(site: SiteTable) -> Option<Site> {
    Some(Site { id: required(site.id)?, name: required(site.name)?, address: site.address.take() })
}

pub(super) fn build_crew(crew: CrewTable) -> Option<Crew> {
    Some(Crew {
        id: required(crew.id)?,
        name: required(crew.name)?,
        people: crew.people.take().map_or(1, |people| people.0),
        contact: crew.contact.take(),
    })
}

pub(super) fn build_repository(repository: RepositoryTable) -> Option<Repository> {
    Some(Repository {
        id: required(repository.id)?,
        name: required(repository.name)?,
        at: required(repository.at)?,
        key: required(repository.key)?,
        login: repository.login.take(),
        asset: repository.asset.take(),
        site: repository.site.take(),
        append_only: repository.append_only.take().unwrap_or(false),
        locked: repository.locked.take().map(|lasting| lasting.0),
        offline: repository.offline.take().map(|lasting| lasting.0),
        bandwidth: repository.bandwidth.take().map(|bandwidth| bandwidth.0),
    })
}

pub(super) fn build_backup(backup: BackupTable) -> Option<Backup> {
    let source = if let Some(uri) = backup.postgresql.take() {
        Source::Postgresql(uri.0)
    } else if let Some(uri) = backup.mariadb.take() {
        Source::Mariadb(uri.0)
    } else if let Some(path) = backup.sqlite.take() {
        Source::Sqlite(path.0)
    } else if let Some(host) = backup.ssh.take() {
        Source::Ssh { host: host.0, files: list(backup.files), command: backup.remote_command.take() }
    } else if let Some(url) = backup.http.take() {
        Source::Http(url.0)
    } else if backup.bastide.take().unwrap_or(false) {
        Source::Bastide
    } else if !backup.command.items.is_empty() {
        Source::Command { command: list(backup.command) }
    } else {
        let folders = list(backup.folders).into_iter().map(|folder| folder.0).collect();
        Source::Folders { folders, exclude: list(backup.exclude) }
    };
    Some(Backup {
        id: required(backup.id)?,
        service: backup.service.take(),
        asset: backup.asset.take(),
        source,
        login: backup.login.take(),
        to: list(backup.to),
        every: required(backup.every)?.0,
        keep: list(backup.keep),
    })
}

pub(super) fn build_check(check: CheckTable) -> Option<Check> {
    let test = if let Some(query) = check.query.take() {
        Test::Query { query, rows: check.rows.take().map_or(1, |rows| rows.0.into()) }
    } else if let Some(path) = check.file.take() {
        Test::File {
            path: path.0,
            parses: check.parses.take(),
            contains: check.contains.take(),
            sha256: check.sha256.take().map(|digest| digest.0),
        }
    } else if let Some(page) = check.page.take() {
        Test::Page { start: list(check.start), page: page.0, contains: check.contains.take() }
    } else {
        Test::Run { command: list(check.run) }
    };
    Some(Check { id: required(check.id)?, backup: required(check.backup)?, test })
}

pub(super) fn build_procedure(procedure: ProcedureTable, written: Written) -> Option<Procedure> {
    let step = |step: WrittenStep| ProcedureStep {
        text: step.text.into(),
        takes: step.takes,
        crew: step.crew.map(|crew| crew.value),
        run: step.run.map(Into::into),
        line: step.line,
    };
    Some(Procedure {
        id: required(procedure.id)?,
        name: required(procedure.name)?,
        purpose: procedure.purpose.take().unwrap_or(Purpose::Restore),
        services: list(procedure.services),
        assets: list(procedure.assets),
        crew: procedure.crew.take(),
        owner: required(procedure.owner)?,
        reviewed: required(procedure.reviewed)?,
        review_every: procedure.review_every.take().map_or(REVIEW, |lasting| lasting.0),
        file: written.file.into(),
        introduction: written.introduction.into(),
        steps: written.steps.into_iter().map(step).collect(),
    })
}
