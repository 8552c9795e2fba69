//! Secrets: read from where the plan says that they are kept, and never shown.

use city::SecretReference;
use std::{
    fmt, fs, io,
    io::{BufRead, BufReader, Read},
    os::unix::fs::MetadataExt,
};

/// The longest secret that is read, in bytes.
const LENGTH_MAX: u64 = 64 * 1024;

/// A secret's value. It is not shown by `Debug`, and there is no `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Why a secret could not be read. Its value is in none of them.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The file cannot be read.
    #[error("the secret {reference} cannot be read: {source}")]
    File {
        /// Where it is kept.
        reference: SecretReference,
        /// Why not.
        source: io::Error,
    },
    /// Everybody on this machine may read the file.
    #[error(
        "everybody on this machine may read the secret {reference} (mode {mode:03o}): chmod 600, and change the secret"
    )]
    Open {
        /// Where it is kept.
        reference: SecretReference,
        /// The permissions that the file has.
        mode: u32,
    },
    /// The environment has no such variable, or it is not UTF-8.
    #[error("there is no secret {reference}: the environment has no such variable")]
    Unset {
        /// Where it should be.
        reference: SecretReference,
    },
    /// There is nothing in it.
    #[error("the secret {reference} is empty")]
    Empty {
        /// Where it is kept.
        reference: SecretReference,
    },
    /// It should be a name and a password.
    #[error("the secret {reference} should be `name:password`")]
    NoPair {
        /// Where it is kept.
        reference: SecretReference,
    },
}

impl Secret {
    /// Reads a secret: the first line of a file, or a variable of the environment.
    ///
    /// # Errors
    ///
    /// If it is not there, is empty, or lies in a file that everybody may read.
    pub fn read(reference: &SecretReference) -> Result<Secret, SecretError> {
        let value = match reference {
            SecretReference::File(path) => first_line(path, reference)?,
            SecretReference::Variable(name) => std::env::var(name.as_str())
                .map_err(|_| SecretError::Unset { reference: reference.clone() })?,
        };
        let value = value.trim_end_matches(['\r', '\n']);
        if value.is_empty() {
            return Err(SecretError::Empty { reference: reference.clone() });
        }
        Ok(Secret(value.to_owned()))
    }

    /// Reads a secret of the form `name:password`.
    ///
    /// # Errors
    ///
    /// As [`Secret::read`], and if it has no colon.
    pub fn read_pair(reference: &SecretReference) -> Result<(String, Secret), SecretError> {
        let Secret(value) = Secret::read(reference)?;
        let (name, password) =
            value.split_once(':').ok_or_else(|| SecretError::NoPair { reference: reference.clone() })?;
        Ok((name.to_owned(), Secret(password.to_owned())))
    }

    /// A secret for a test.
    #[cfg(test)]
    pub(crate) fn invented(value: &str) -> Secret {
        Secret(value.to_owned())
    }

    /// The value itself, for whoever must pass it on.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

fn first_line(path: &str, reference: &SecretReference) -> Result<String, SecretError> {
    let unread = |source| SecretError::File { reference: reference.clone(), source };
    let file = fs::File::open(path).map_err(unread)?;
    // Of the open file, so that it cannot be another one by now.
    let mode = file.metadata().map_err(unread)?.mode() & 0o777;
    if mode & 0o007 != 0 {
        return Err(SecretError::Open { reference: reference.clone(), mode });
    }
    let mut line = String::new();
    BufReader::new(file.take(LENGTH_MAX)).read_line(&mut line).map_err(unread)?;
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn file(content: &str, mode: u32) -> (tempfile::TempDir, SecretReference) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let reference = SecretReference::File(path.to_str().unwrap().into());
        (folder, reference)
    }

    #[test]
    fn the_first_line_is_the_secret() {
        let (_folder, reference) = file("blue heron\nnothing else\n", 0o600);
        assert_eq!(Secret::read(&reference).unwrap().reveal(), "blue heron");
        let (_folder, reference) = file("cellar:blue heron:7", 0o640);
        let (name, password) = Secret::read_pair(&reference).unwrap();
        assert_eq!((name.as_str(), password.reveal()), ("cellar", "blue heron:7"));
    }

    #[test]
    fn a_secret_that_everybody_may_read_is_refused_and_not_shown() {
        let (_folder, reference) = file("blue heron\n", 0o644);
        let error = Secret::read(&reference).unwrap_err();
        assert!(error.to_string().contains("644"), "{error}");
        assert!(!format!("{error} {error:?}").contains("heron"));
    }

    #[test]
    fn nothing_shows_a_secret() {
        let (_folder, reference) = file("blue heron\n", 0o600);
        let secret = Secret::read(&reference).unwrap();
        assert_eq!(format!("{secret:?}"), "Secret(…)");
        let error = Secret::read_pair(&reference).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("heron"));
    }

    #[test]
    fn what_is_missing_is_named() {
        let error = Secret::read(&SecretReference::Variable("BASTIDE_NO_SUCH_KEY".into())).unwrap_err();
        assert!(error.to_string().contains("env:BASTIDE_NO_SUCH_KEY"), "{error}");
        let (_folder, reference) = file("\n", 0o600);
        assert!(matches!(Secret::read(&reference), Err(SecretError::Empty { .. })));
    }
}
