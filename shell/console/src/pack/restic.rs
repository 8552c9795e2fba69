//! How to restore with plain restic: the commands for each repository, with where its secrets are and never a secret.

use ::city::{Repository, RepositoryPlace, SecretReference};

/// The lines for a shell that make a repository known to restic. They read the key from where it is kept.
pub(super) fn open(repository: &Repository) -> Vec<String> {
    let mut lines = Vec::new();
    let login = repository.login.as_ref();
    match &repository.at {
        RepositoryPlace::Folder(path) => lines.push(format!("export RESTIC_REPOSITORY={}", quoted(path))),
        RepositoryPlace::Rest(url) => match login {
            Some(login) => {
                lines.push(format!("LOGIN=\"{}\"   # name:password", read(login)));
                let (scheme, rest) = without_login(url);
                lines.push(format!("export RESTIC_REPOSITORY=\"rest:{scheme}$LOGIN@{rest}\""));
            }
            None => {
                let (scheme, rest) = without_login(url);
                lines.push(format!("export RESTIC_REPOSITORY={}", quoted(&format!("rest:{scheme}{rest}"))));
            }
        },
        RepositoryPlace::S3 { .. } => {
            if let Some(login) = login {
                lines.push(format!("LOGIN=\"{}\"   # access key:secret key", read(login)));
                lines.push(
                    "export AWS_ACCESS_KEY_ID=\"${LOGIN%%:*}\" AWS_SECRET_ACCESS_KEY=\"${LOGIN#*:}\""
                        .to_owned(),
                );
            }
            lines.push(format!("export RESTIC_REPOSITORY={}", quoted(&place(&repository.at))));
        }
    }
    lines.push(format!("export RESTIC_PASSWORD=\"{}\"", read(&repository.key)));
    lines
}

/// The lines that show what a repository holds and restore the newest of each backup.
pub(super) fn restore(backups: &[String]) -> Vec<String> {
    let mut lines = vec!["restic snapshots".to_owned()];
    lines.extend(
        backups.iter().map(|id| format!("restic restore latest --tag {id} --target /srv/restored/{id}")),
    );
    lines
}

/// Where a repository is, as it may be printed: a name and password that someone put into its address are left out.
pub(crate) fn place(at: &RepositoryPlace) -> String {
    match at {
        RepositoryPlace::Rest(url) => {
            let (scheme, rest) = without_login(url);
            format!("rest:{scheme}{rest}")
        }
        RepositoryPlace::S3 { endpoint, bucket, prefix } => {
            let (scheme, rest) = without_login(endpoint);
            let slash = if prefix.is_empty() { "" } else { "/" };
            format!("s3:{scheme}{rest}/{bucket}{slash}{prefix}")
        }
        RepositoryPlace::Folder(path) => path.to_string(),
    }
}

/// A URL's scheme with its slashes, and what follows without a name and password before the host.
pub(super) fn without_login(url: &str) -> (&str, &str) {
    let Some(at) = url.find("://") else { return ("", url) };
    let (scheme, rest) = url.split_at(at + 3);
    let host = rest.find('/').unwrap_or(rest.len());
    let (authority, path) = rest.split_at(host);
    match authority.rfind('@') {
        Some(sign) => (scheme, rest.split_at(sign + 1).1),
        None => {
            debug_assert!(path.is_empty() || path.starts_with('/'));
            (scheme, rest)
        }
    }
}

/// The shell's way to a secret's first line.
fn read(secret: &SecretReference) -> String {
    match secret {
        SecretReference::File(path) => format!("$(head -n 1 {})", quoted(path)),
        SecretReference::Variable(name) => format!("${name}"),
    }
}

/// A word for the shell.
pub(super) fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-:@=+,".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repository(at: RepositoryPlace, login: Option<&str>) -> Repository {
        Repository {
            id: "cellar".parse().unwrap(),
            name: "Cellar".into(),
            at,
            key: SecretReference::File("/etc/bastide/keys/the cellar".into()),
            login: login.map(|name| SecretReference::Variable(name.into())),
            asset: None,
            site: None,
            append_only: false,
            locked: None,
            offline: None,
            bandwidth: None,
        }
    }

    #[test]
    fn the_commands_say_where_secrets_are_and_hold_none() {
        let rest = |url: &str| RepositoryPlace::Rest(url.into());
        let lines =
            open(&repository(rest("https://backup:hunter2@192.0.2.9:8000/city"), Some("CELLAR_LOGIN")));
        assert_eq!(
            lines,
            [
                "LOGIN=\"$CELLAR_LOGIN\"   # name:password",
                "export RESTIC_REPOSITORY=\"rest:https://$LOGIN@192.0.2.9:8000/city\"",
                "export RESTIC_PASSWORD=\"$(head -n 1 '/etc/bastide/keys/the cellar')\"",
            ]
        );
        let s3 = |prefix: &str| RepositoryPlace::S3 {
            endpoint: "https://192.0.2.9:9000".into(),
            bucket: "city".into(),
            prefix: prefix.into(),
        };
        let lines = open(&repository(s3("a/b"), Some("KEYS")));
        assert_eq!(
            lines.iter().map(String::as_str).take(3).collect::<Vec<_>>(),
            [
                "LOGIN=\"$KEYS\"   # access key:secret key",
                "export AWS_ACCESS_KEY_ID=\"${LOGIN%%:*}\" AWS_SECRET_ACCESS_KEY=\"${LOGIN#*:}\"",
                "export RESTIC_REPOSITORY=s3:https://192.0.2.9:9000/city/a/b",
            ]
        );
        let folder = open(&repository(RepositoryPlace::Folder("/srv/it's here".into()), None));
        assert_eq!(folder.first().unwrap(), "export RESTIC_REPOSITORY='/srv/it'\\''s here'");
        assert_eq!(without_login("http://a@b@c.example/x@y"), ("http://", "c.example/x@y"));
        assert_eq!(place(&s3("")), "s3:https://192.0.2.9:9000/city");
    }
}
