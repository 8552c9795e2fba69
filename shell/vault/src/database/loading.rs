//! What loads a restored database into the server where it belongs, in words for a shell.

use super::Kind;
use crate::source::mariadb;
use city::{Backup, Source};
use std::path::Path;

impl Kind {
    /// The file beside a dump with the roles that own what is in it.
    pub(crate) fn roles_file(backup: &Backup) -> String {
        format!("{}.roles.sql", backup.id)
    }
}

/// The commands that load a database that was restored to a folder, in this order; none if the backup is of no database.
/// PostgreSQL's are for a superuser of the server. What is there already is not written over, but for SQLite, whose file
/// is given its old content as a whole.
pub(crate) fn commands(backup: &Backup, into: &Path, has_roles: bool) -> Vec<String> {
    let Some(kind) = Kind::of(backup) else { return Vec::new() };
    let at = |file: String| quoted(&into.join(file).display().to_string());
    let dump = at(kind.file(backup));
    match &backup.source {
        Source::Postgresql(_) if has_roles => vec![
            // A role that is there already is said to be, and keeps its password.
            format!("psql -X --dbname=postgres < {}", at(Kind::roles_file(backup))),
            format!("pg_restore --create --exit-on-error --dbname=postgres < {dump}"),
        ],
        // Of an older backup: everything belongs to whoever loads it.
        Source::Postgresql(_) => vec![format!(
            "pg_restore --create --no-owner --no-privileges --exit-on-error --dbname=postgres < {dump}"
        )],
        Source::Mariadb(uri) => {
            let name = mariadb::database(uri).unwrap_or_default();
            let create = format!("CREATE DATABASE `{}` CHARACTER SET utf8mb4", name.replace('`', "``"));
            let options = "--binary-mode --max-allowed-packet=1G --default-character-set=utf8mb4";
            vec![
                format!("mariadb --execute={}", quoted(&create)),
                format!("mariadb {options} {} < {dump}", quoted(&name)),
            ]
        }
        Source::Sqlite(file) => {
            let from = into.join(kind.file(backup)).display().to_string();
            let from = from.replace('\\', "\\\\").replace('"', "\\\"");
            vec![format!("sqlite3 {} {}", quoted(file), quoted(&format!(".restore \"{from}\"")))]
        }
        _ => Vec::new(),
    }
}

/// A word as a shell takes it literally.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', "'\\''"))
}
