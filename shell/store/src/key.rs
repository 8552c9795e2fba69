//! Keys of the installation: files in the state directory, each with a public copy beside it.

use crate::{
    ChanceError,
    durable::{self, FileError, failed},
};
use integrity::{KeyError, Signer, Verifier};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Why a key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// It is gone, although something was signed with it.
    #[error("the key `{}` is missing; restore it from a backup, for what a new key signs would not continue what it signed", .0.display())]
    Missing(PathBuf),
    /// It is damaged.
    #[error("the key `{}` cannot be used: {cause}; restore it from a backup", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        cause: KeyError,
    },
    /// There is no chance to make one from.
    #[error(transparent)]
    Chance(#[from] ChanceError),
    /// Its file could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
}

/// A key's files.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeyFile {
    /// The name of the secret key in the state directory.
    secret: &'static str,
    /// The name of the public key beside it.
    public: &'static str,
    /// The name that the key carries: with it and eight digits of its own, keys of installations are told apart.
    name: &'static str,
}

/// The key that signs the log's heads.
pub(crate) const LOG: KeyFile = KeyFile { secret: "log.key", public: "log.pub", name: "bastide.log" };

/// The key that signs defences for other cities.
pub(crate) const EXCHANGE: KeyFile =
    KeyFile { secret: "exchange.key", public: "exchange.pub", name: "bastide.exchange" };

impl KeyFile {
    /// Opens the key, or makes it if it may be new.
    pub fn open_or_make(self, directory: &Path, may_be_new: bool) -> Result<Signer, KeyFileError> {
        let path = directory.join(self.secret);
        let signer = match fs::read_to_string(&path).map_err(failed("read", &path)) {
            Ok(text) => Signer::from_text(&text)
                .map_err(|cause| KeyFileError::Damaged { path: path.clone(), cause })?,
            Err(error) if error.is_missing() && may_be_new => self.make(&path)?,
            Err(error) if error.is_missing() => return Err(KeyFileError::Missing(path)),
            Err(error) => return Err(error.into()),
        };
        // The public key is only a copy for readers; a kill may have come between the two.
        let public = directory.join(self.public);
        let text = format!("{}\n", signer.verifier());
        if fs::read_to_string(&public).ok().as_ref() != Some(&text) {
            durable::write_whole(&public, text.as_bytes())?;
        }
        Ok(signer)
    }

    fn make(self, path: &Path) -> Result<Signer, KeyFileError> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(ChanceError::from)?;
        let signer = Signer::from_seed(self.name, seed)
            .map_err(|cause| KeyFileError::Damaged { path: path.to_path_buf(), cause })?;
        durable::write_whole(path, format!("{}\n", signer.to_text()).as_bytes())?;
        Ok(signer)
    }

    /// Reads the public key, for those who only check.
    pub fn public(self, directory: &Path) -> Result<Verifier, KeyFileError> {
        let path = directory.join(self.public);
        let text = match fs::read_to_string(&path).map_err(failed("read", &path)) {
            Ok(text) => text,
            Err(error) if error.is_missing() => return Err(KeyFileError::Missing(path)),
            Err(error) => return Err(error.into()),
        };
        text.parse().map_err(|cause| KeyFileError::Damaged { path, cause })
    }
}
