//! The tables of recovery: where things stand, who mends them, what is backed up, how it is tried, what people do.

use super::{Field, KEYS_MAX, List, Optional, Reading, Required, Table, field::Found};
use crate::{
    source::Span,
    value::{
        AbsolutePath, AtLeastOne, Bandwidth, Lasting, MariadbUri, PageUrl, PathWithin, PostgresqlUri, Sha256,
        SshHost,
    },
};
use city::{
    AssetId, BackupId, CheckId, ContactId, CrewId, FileForm, ProcedureId, Purpose, RepositoryId,
    RepositoryPlace, Retention, SecretReference, ServiceId, SiteId, Text,
};
use jiff::civil::Date;
use serde_json::{Value, json};

tables! {
    /// A place where equipment stands, and with which it is lost: a data centre, a library, a cabinet.
    SiteTable "site" "a site" {
        /// By what other tables refer to it.
        id "id": Required<SiteId>,
        /// Its name for people.
        name "name": Required<Text>,
        /// Where it is and how one gets in, in plain words.
        address "address": Optional<Text>,
    }

    /// People who work together, and who can do so many things at once.
    CrewTable "crew" "a crew" {
        /// By what other tables refer to it.
        id "id": Required<CrewId>,
        /// Its name for people.
        name "name": Required<Text>,
        /// How many steps it can work on at once; 1 if not given.
        people "people": Optional<AtLeastOne>,
        /// The contact to call.
        contact "contact": Optional<ContactId>,
    }

    /// Where backups go, in restic's format.
    RepositoryTable "repository" "a repository" {
        /// By what other tables refer to it.
        id "id": Required<RepositoryId>,
        /// Its name for people.
        name "name": Required<Text>,
        /// Where it is: /folder, rest:https://server/, or s3:https://server/bucket/prefix.
        at "at": Required<RepositoryPlace>,
        /// Where its passphrase is kept: file:/path or env:NAME.
        key "key": Required<SecretReference>,
        /// Where name and password for the server are kept, as name:password; file:/path or env:NAME.
        login "login": Optional<SecretReference>,
        /// The asset that it lies on and with which it is lost.
        asset "asset": Optional<AssetId>,
        /// The site that it is lost with, if it lies on no declared asset.
        site "site": Optional<SiteId>,
        /// Whether nobody who can write there may delete or change what was written; it is tried. false if not given.
        append_only "append-only": Optional<bool>,
        /// For how long the storage itself refuses to delete (S3 Object Lock); it is tried.
        locked "locked": Optional<Lasting>,
        /// For a copy that is connected only now and then: how old its newest backup may be.
        offline "offline": Optional<Lasting>,
        /// The most that is sent there, such as 20MiB/s; no limit if not given.
        bandwidth "bandwidth": Optional<Bandwidth>,
    }

    /// Something that shall be backed up.
    BackupTable "backup" "a backup" {
        /// By what other tables refer to it.
        id "id": Required<BackupId>,
        /// The service that needs it to come back.
        service "service": Optional<ServiceId>,
        /// The asset whose data it is; its services need it too.
        asset "asset": Optional<AssetId>,
        /// Folders of the machine that makes the backup.
        folders "folders": List<AbsolutePath>,
        /// What is left out of the folders: patterns as in .gitignore.
        exclude "exclude": List<Text>,
        /// A program and its arguments, whose output is kept.
        command "command": List<Text>,
        /// A PostgreSQL database, by its connection URI without a password.
        postgresql "postgresql": Optional<PostgresqlUri>,
        /// A MariaDB or MySQL database: mariadb://name@host/database, without a password.
        mariadb "mariadb": Optional<MariadbUri>,
        /// An SQLite database, by its file.
        sqlite "sqlite": Optional<AbsolutePath>,
        /// Another machine: name@host or name@host:port.
        ssh "ssh": Optional<SshHost>,
        /// The files and folders that are fetched from it over SFTP.
        files "files": List<Text>,
        /// What is run there, and its output kept.
        remote_command "remote-command": Optional<Text>,
        /// A page that is fetched over HTTP or HTTPS.
        http "http": Optional<PageUrl>,
        /// Whether it is the plan and Bastide's own store.
        bastide "bastide": Optional<bool>,
        /// Where the password for what is backed up is kept: file:/path or env:NAME.
        login "login": Optional<SecretReference>,
        /// The repositories that it goes to, the first to restore from first.
        to "to": List<RepositoryId>,
        /// How often it is made.
        every "every": Required<Lasting>,
        /// Which snapshots are kept, such as 14 daily; all if not given.
        keep "keep": List<Retention>,
    }

    /// How it is shown that something restored is good.
    CheckTable "check" "a check" {
        /// By what it is shown.
        id "id": Required<CheckId>,
        /// The backup that it is about.
        backup "backup": Required<BackupId>,
        /// A query that the restored database must answer.
        query "query": Optional<Text>,
        /// The fewest rows that it answers with; 1 if not given.
        rows "rows": Optional<AtLeastOne>,
        /// A file that must be there, by its path within what was restored.
        file "file": Optional<PathWithin>,
        /// The form that the file can be read in: csv, json, toml or xml.
        parses "parses": Optional<FileForm>,
        /// A text that is in the file, or in the page.
        contains "contains": Optional<Text>,
        /// The SHA-256 of the file.
        sha256 "sha256": Optional<Sha256>,
        /// A program and its arguments that must end well; {place} stands for the folder with what was restored.
        run "run": List<Text>,
        /// A program and its arguments that is started on what was restored; {place} stands for its folder.
        start "start": List<Text>,
        /// The page of that program that must answer.
        page "page": Optional<PageUrl>,
    }

    /// What people do step by step, written in a Markdown file beside this one.
    ProcedureTable "procedure" "a procedure" {
        /// By what it is shown.
        id "id": Required<ProcedureId>,
        /// Its name for people.
        name "name": Required<Text>,
        /// What it is for: restore, or fallback for doing without meanwhile; restore if not given.
        purpose "purpose": Optional<Purpose>,
        /// The services that it brings back or replaces.
        services "services": List<ServiceId>,
        /// The assets that it brings back.
        assets "assets": List<AssetId>,
        /// Who does it, where a step does not say otherwise.
        crew "crew": Optional<CrewId>,
        /// The contact who answers for it.
        owner "owner": Required<ContactId>,
        /// When somebody last read it through and found it right.
        reviewed "reviewed": Required<Date>,
        /// For how long a review is good; 365d if not given.
        review_every "review-every": Optional<Lasting>,
        /// The file, relative to this one.
        file "file": Required<Text>,
    }
}
