//! What the plan declares so that services can come back: where things stand, who mends them, what is backed up to
//! where, how it is tried, and what people do by hand.

use crate::{
    AssetId, BackupId, CheckId, ContactId, CrewId, ProcedureId, RepositoryId, ServiceId, SiteId, Text,
};
use jiff::{SignedDuration, civil::Date};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A place where equipment stands, and with which it is lost: a data centre, a library, a cabinet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Site {
    /// Its id.
    pub id: SiteId,
    /// Its name for people.
    pub name: Text,
    /// Where it is and how one gets in, in plain words.
    pub address: Option<Text>,
}

/// People who work together, and who can do so many things at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Crew {
    /// Its id.
    pub id: CrewId,
    /// Its name for people.
    pub name: Text,
    /// How many steps it can work on at once; at least one.
    pub people: u32,
    /// Whom to call.
    pub contact: Option<ContactId>,
}

/// Where backups go: a repository in restic's format.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repository {
    /// Its id.
    pub id: RepositoryId,
    /// Its name for people.
    pub name: Text,
    /// Where it is.
    pub at: RepositoryPlace,
    /// Where its passphrase is kept.
    pub key: SecretReference,
    /// Where the name and password, or the access key and its secret, for the server are kept: `name:password`.
    pub login: Option<SecretReference>,
    /// The asset that it lies on and with which it is lost; none if it stands outside the city.
    pub asset: Option<AssetId>,
    /// The site that it is lost with, if it lies on no declared asset.
    pub site: Option<SiteId>,
    /// Whether nobody who can write there may delete or change what was written. It is tried, not believed.
    pub append_only: bool,
    /// For how long the storage itself refuses to delete an object (S3 Object Lock), if it does. It is tried too.
    pub locked: Option<SignedDuration>,
    /// For a copy that is connected only now and then: how old its newest backup may be.
    pub offline: Option<SignedDuration>,
    /// The most that is sent there, in bytes a second.
    pub bandwidth: Option<u64>,
}

/// Where a repository is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum RepositoryPlace {
    /// A folder: `/srv/backups`.
    Folder(Text),
    /// A server that speaks restic's REST protocol: `rest:https://192.0.2.9:8000/city`. The URL is without `rest:`.
    Rest(Text),
    /// A bucket on S3-compatible storage: `s3:https://192.0.2.9:9000/bucket/prefix`.
    S3 {
        /// The server, with its scheme: `https://192.0.2.9:9000`.
        endpoint: Text,
        /// The bucket.
        bucket: Text,
        /// What stands before every name in it, without slashes at its ends; may be empty.
        prefix: Text,
    },
}

impl fmt::Display for RepositoryPlace {
    /// As the plan writes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RepositoryPlace::Folder(path) => f.write_str(path),
            RepositoryPlace::Rest(url) => write!(f, "rest:{url}"),
            RepositoryPlace::S3 { endpoint, bucket, prefix } if prefix.is_empty() => {
                write!(f, "s3:{endpoint}/{bucket}")
            }
            RepositoryPlace::S3 { endpoint, bucket, prefix } => {
                write!(f, "s3:{endpoint}/{bucket}/{prefix}")
            }
        }
    }
}

/// Where a secret is kept. The secret itself never stands in a plan, a log or a page.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum SecretReference {
    /// The first line of a file: `file:/etc/bastide/keys/cellar`.
    File(Text),
    /// An environment variable: `env:CELLAR_KEY`.
    Variable(Text),
}

impl fmt::Display for SecretReference {
    /// As the plan writes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SecretReference::File(path) => write!(f, "file:{path}"),
            SecretReference::Variable(name) => write!(f, "env:{name}"),
        }
    }
}

/// Something that shall be backed up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backup {
    /// Its id.
    pub id: BackupId,
    /// The service that needs it to come back.
    pub service: Option<ServiceId>,
    /// The asset whose data it is. There is a service or an asset, or both; an asset's services need it too.
    pub asset: Option<AssetId>,
    /// What is backed up.
    pub source: Source,
    /// Where the password for the source is kept, if it wants one.
    pub login: Option<SecretReference>,
    /// The repositories that it goes to, the first to restore from first; at least one.
    pub to: Vec<RepositoryId>,
    /// How often.
    pub every: SignedDuration,
    /// Which snapshots are kept. None kept by rule means that all are.
    pub keep: Vec<Retention>,
}

/// What a backup is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Source {
    /// Folders of the machine that makes the backup.
    Folders {
        /// Absolute paths.
        folders: Vec<Text>,
        /// What is left out: patterns as in `.gitignore`.
        exclude: Vec<Text>,
    },
    /// What a program prints, kept as one file.
    Command {
        /// The program and its arguments; no shell.
        command: Vec<Text>,
    },
    /// A PostgreSQL database, by its connection URI without a password.
    Postgresql(Text),
    /// A MariaDB or MySQL database: `mariadb://name@host:port/database`, or `mariadb:///database?socket=/run/….sock`.
    Mariadb(Text),
    /// An SQLite database, by its file.
    Sqlite(Text),
    /// Files of another machine, over SFTP, or what a command prints there, over SSH.
    Ssh {
        /// `name@host`, `name@host:port`.
        host: Text,
        /// The files and folders to fetch.
        files: Vec<Text>,
        /// What is run there, and its output kept as one file; `show running-config`.
        command: Option<Text>,
    },
    /// A page, fetched over HTTP or HTTPS and kept as one file.
    Http(Text),
    /// The plan and Bastide's own store.
    Bastide,
}

impl Source {
    /// What kind it is, in a word or two.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Source::Folders { .. } => "folders",
            Source::Command { .. } => "command",
            Source::Postgresql(_) => "PostgreSQL",
            Source::Mariadb(_) => "MariaDB",
            Source::Sqlite(_) => "SQLite",
            Source::Ssh { .. } => "SSH",
            Source::Http(_) => "HTTP",
            Source::Bastide => "Bastide",
        }
    }
}

/// How many snapshots are kept: the newest of each of so many periods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Retention {
    /// How many.
    pub count: u32,
    /// Of what.
    pub period: Period,
}

impl fmt::Display for Retention {
    /// As the plan writes it: `14 daily`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.count, self.period.as_str())
    }
}

/// A period of which the newest snapshot is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Period {
    /// Every snapshot is a period of its own.
    Last,
    /// An hour.
    Hourly,
    /// A day.
    Daily,
    /// A week.
    Weekly,
    /// A month.
    Monthly,
    /// A year.
    Yearly,
}

impl Period {
    /// Every period, the shortest first.
    pub const ALL: [Period; 6] =
        [Period::Last, Period::Hourly, Period::Daily, Period::Weekly, Period::Monthly, Period::Yearly];

    /// The word in the plan.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Period::Last => "last",
            Period::Hourly => "hourly",
            Period::Daily => "daily",
            Period::Weekly => "weekly",
            Period::Monthly => "monthly",
            Period::Yearly => "yearly",
        }
    }
}

/// How it is shown that something restored is good.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// Its id.
    pub id: CheckId,
    /// The backup that it is about.
    pub backup: BackupId,
    /// What must be true.
    pub test: Test,
}

/// What must be true of what was restored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Test {
    /// A query to the restored database answers: with at least so many rows.
    Query {
        /// The SQL.
        query: Text,
        /// The fewest rows.
        rows: u64,
    },
    /// A file is there, as it should be.
    File {
        /// Its path within what was restored.
        path: Text,
        /// The form that it can be read in.
        parses: Option<FileForm>,
        /// A text that is in it.
        contains: Option<Text>,
        /// The SHA-256 of its content, in hexadecimal.
        sha256: Option<Text>,
    },
    /// A program runs on what was restored and ends well.
    Run {
        /// The program and its arguments; `{place}` stands for the folder with what was restored.
        command: Vec<Text>,
    },
    /// A page of a program that is started on what was restored answers.
    Page {
        /// The program and its arguments; `{place}` stands for the folder with what was restored.
        start: Vec<Text>,
        /// The page: `http://127.0.0.1:8080/health`. It is asked for inside the isolated place.
        page: Text,
        /// A text that is in it.
        contains: Option<Text>,
    },
}

/// A form that files can be read in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FileForm {
    /// Comma-separated values, every row as long as the first.
    Csv,
    /// JSON.
    Json,
    /// TOML.
    Toml,
    /// XML.
    Xml,
}

/// What people do, step by step: to bring something back, or to do without it meanwhile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Procedure {
    /// Its id.
    pub id: ProcedureId,
    /// Its name for people.
    pub name: Text,
    /// What it is for.
    pub purpose: Purpose,
    /// The services it brings back or replaces.
    pub services: Vec<ServiceId>,
    /// The assets it brings back.
    pub assets: Vec<AssetId>,
    /// Who does it, where a step does not say otherwise.
    pub crew: Option<CrewId>,
    /// Who answers for it.
    pub owner: ContactId,
    /// When somebody last read it through and found it right.
    pub reviewed: Date,
    /// For how long a review is good.
    pub review_every: SignedDuration,
    /// Its file within the plan's folder.
    pub file: Text,
    /// What it says before the first step, in Markdown.
    pub introduction: Text,
    /// Its steps, in order.
    pub steps: Vec<ProcedureStep>,
}

/// What a procedure is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Purpose {
    /// Bringing something back.
    Restore,
    /// Doing without it meanwhile.
    Fallback,
}

/// One step of a procedure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcedureStep {
    /// What is to be done, in Markdown, without number, time and crew.
    pub text: Text,
    /// How long it takes, if said.
    pub takes: Option<SignedDuration>,
    /// Who does it, if not the procedure's crew.
    pub crew: Option<CrewId>,
    /// The lines for a shell with which Bastide can do it; it shows them first, always.
    pub run: Option<Text>,
    /// The line of the file where it stands, from 1.
    pub line: usize,
}
