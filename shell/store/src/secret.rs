//! Tokens that are shown once, and the hashes that are kept of them.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};
use std::fmt;

/// The system gave no random bytes.
#[derive(Debug, thiserror::Error)]
#[error("the system gave no random bytes: {0}")]
pub struct ChanceError(#[from] getrandom::Error);

/// A token of 256 bits from the system's source of chance. It is shown once and never kept; `Debug` hides it.
pub struct Secret(String);

impl Secret {
    /// A new token.
    ///
    /// # Errors
    /// The system gave no random bytes.
    pub fn new() -> Result<Secret, ChanceError> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)?;
        Ok(Secret(URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// The text to hand to its holder: 43 characters that need no escaping in a URL, cookie or header.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// What is kept of a token: SHA-256 of its text.
pub(crate) fn hash(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_new_each_time_and_never_in_debug_output() {
        let (a, b) = (Secret::new().unwrap(), Secret::new().unwrap());
        assert_ne!(a.reveal(), b.reveal());
        assert_eq!(a.reveal().len(), 43);
        assert!(!format!("{a:?}").contains(a.reveal()));
        assert_ne!(hash(a.reveal()), hash(b.reveal()));
    }
}
