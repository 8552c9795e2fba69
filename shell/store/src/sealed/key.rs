//! The key that signs the log's heads.

use super::LogError;
use crate::{
    ChanceError,
    durable::{self, failed},
};
use integrity::{Signer, Verifier};
use std::{fs, path::Path};

/// The name of the secret key in the state directory.
const SECRET: &str = "log.key";
/// The name of the public key beside it.
const PUBLIC: &str = "log.pub";
/// The name that a key carries: with it and eight digits of its own, keys of installations are told apart.
const NAME: &str = "bastide.log";

/// Opens the key, or makes it if the log is new.
pub(super) fn open_or_make(directory: &Path, log_is_new: bool) -> Result<Signer, LogError> {
    let path = directory.join(SECRET);
    let signer = match fs::read_to_string(&path).map_err(failed("read", &path)) {
        Ok(text) => {
            Signer::from_text(&text).map_err(|cause| LogError::KeyDamaged { path: path.clone(), cause })?
        }
        Err(error) if error.is_missing() && log_is_new => make(&path)?,
        Err(error) if error.is_missing() => return Err(LogError::KeyMissing(path)),
        Err(error) => return Err(error.into()),
    };
    // The public key is only a copy for readers; a kill may have come between the two.
    let public = directory.join(PUBLIC);
    let text = format!("{}\n", signer.verifier());
    if fs::read_to_string(&public).ok().as_ref() != Some(&text) {
        durable::write_whole(&public, text.as_bytes())?;
    }
    Ok(signer)
}

fn make(path: &Path) -> Result<Signer, LogError> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(ChanceError::from)?;
    let signer = Signer::from_seed(NAME, seed)
        .map_err(|cause| LogError::KeyDamaged { path: path.to_path_buf(), cause })?;
    durable::write_whole(path, format!("{}\n", signer.to_text()).as_bytes())?;
    Ok(signer)
}

/// Reads the public key, for those who only check.
pub(super) fn public(directory: &Path) -> Result<Verifier, LogError> {
    let path = directory.join(PUBLIC);
    let text = match fs::read_to_string(&path).map_err(failed("read", &path)) {
        Ok(text) => text,
        Err(error) if error.is_missing() => return Err(LogError::KeyMissing(path)),
        Err(error) => return Err(error.into()),
    };
    text.parse().map_err(|cause| LogError::KeyDamaged { path, cause })
}
