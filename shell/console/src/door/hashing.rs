//! Passphrases: Argon2id (RFC 9106), a few at a time.

use crate::refusal::Refusal;
use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use std::sync::{Arc, LazyLock};
use tokio::sync::Semaphore;

/// The fewest characters of a passphrase. There is no other rule: length is what counts (NIST SP 800-63B-4, 3.1.1.2).
pub(crate) const CHARACTERS_MIN: usize = 12;
/// The most bytes, so that hashing stays cheap to begin.
const BYTES_MAX: usize = 1_024;
/// Each hash takes 19 MiB, so a flood of sign-ins must queue.
const AT_ONCE: usize = 2;

/// Hashes and checks passphrases, a few at a time.
#[derive(Clone, Debug)]
pub(crate) struct Hashing {
    turns: Arc<Semaphore>,
}

impl Default for Hashing {
    fn default() -> Self {
        Hashing { turns: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}

/// What a sign-in with an unknown name is checked against, so that it takes as long as any other.
static NOBODY: LazyLock<String> = LazyLock::new(|| hash("nobody has this passphrase").unwrap_or_default());

impl Hashing {
    /// The Argon2 text of a passphrase.
    pub async fn hash(&self, passphrase: String) -> Result<String, Refusal> {
        self.run(move || hash(&passphrase)).await?.ok_or(Refusal::Internal)
    }

    /// Whether a passphrase fits an Argon2 text; with none, it takes as long and never fits.
    pub async fn fits(&self, passphrase: String, text: Option<String>) -> Result<bool, Refusal> {
        self.run(move || {
            let known = text.is_some();
            let text = text.unwrap_or_else(|| NOBODY.clone());
            let fits = PasswordHash::new(&text)
                .is_ok_and(|hash| Argon2::default().verify_password(passphrase.as_bytes(), &hash).is_ok());
            fits && known
        })
        .await
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Refusal> {
        let turn = self.turns.clone().acquire_owned().await.map_err(|_| Refusal::Internal)?;
        let done = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            work()
        });
        done.await.map_err(|_| Refusal::Internal)
    }
}

fn hash(passphrase: &str) -> Option<String> {
    let mut salt = [0; 16];
    getrandom::fill(&mut salt).ok()?;
    let text = Argon2::default().hash_password_with_salt(passphrase.as_bytes(), &salt).ok()?;
    Some(text.to_string())
}

/// Why a passphrase cannot be taken, if it cannot.
pub(crate) fn check(passphrase: &str, again: &str, name: &str) -> Result<(), String> {
    if passphrase != again {
        return Err("The two passphrases differ. Type the same one twice.".to_owned());
    }
    if passphrase.chars().count() < CHARACTERS_MIN {
        return Err(format!(
            "A passphrase has at least {CHARACTERS_MIN} characters. Four or five words that only you would put together \
             are easy to remember and hard to guess."
        ));
    }
    if passphrase.len() > BYTES_MAX {
        return Err("That passphrase is too long; a thousand characters are the most.".to_owned());
    }
    if passphrase.eq_ignore_ascii_case(name) {
        return Err("Your name is the first thing anyone would guess.".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_passphrase_fits_its_own_text_and_no_other() {
        let hashing = Hashing::default();
        let text = hashing.hash("correct horse battery".into()).await.unwrap();
        assert!(text.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{text}");
        assert!(hashing.fits("correct horse battery".into(), Some(text.clone())).await.unwrap());
        assert!(!hashing.fits("correct horse batterz".into(), Some(text)).await.unwrap());
        assert!(!hashing.fits("nobody has this passphrase".into(), None).await.unwrap());
        assert!(!hashing.fits("x".into(), Some("not a hash".into())).await.unwrap());
    }

    #[test]
    fn length_is_the_only_rule() {
        assert!(check("aaaaaaaaaaaa", "aaaaaaaaaaaa", "Ada").is_ok());
        assert!(check("elevenchars", "elevenchars", "Ada").is_err());
        assert!(check("twelve chars", "twelve Chars", "Ada").is_err());
        assert!(check("Ada Lovelace", "Ada Lovelace", "ada lovelace").is_err());
    }
}
