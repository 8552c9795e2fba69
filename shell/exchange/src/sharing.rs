//! What is shared, and with whom.

use adapt::stix::Tlp;
use sha2::{Digest as _, Sha256};
use std::{collections::BTreeSet, fmt};
use store::intelligence::{Audience, Reader};

/// The fewest bytes of a password or token. They are made for programmes, which need not remember them, and are kept as
/// a plain hash.
pub const SECRET_MIN: usize = 16;

/// All that the server must know; when the plan changes, a new one takes its place.
#[derive(Clone, Debug, Default)]
pub struct Sharing {
    /// The server's name for people, such as the city's.
    pub title: String,
    /// What it is there for; may be empty.
    pub description: String,
    /// Whom to ask; may be empty.
    pub contact: String,
    /// What can be read and added to.
    pub collections: Vec<Collection>,
    /// Who may ask.
    pub requesters: Vec<Requester>,
}

/// A collection.
#[derive(Clone, Debug)]
pub struct Collection {
    /// A UUID (§5.2.1), by which the store knows it too.
    pub id: String,
    /// Its name for people.
    pub title: String,
    /// What is in it; may be empty.
    pub description: String,
    /// Who may know of it and read it, within what is theirs of what is in it.
    pub readers: Audience,
    /// Whether requesters who may write may add to it.
    pub takes: bool,
    /// For whom that is filed which they add.
    pub audience: Audience,
}

/// Somebody who may ask.
#[derive(Clone, Debug)]
pub struct Requester {
    /// Who they are to us: a peer's id. What they add has it as its source.
    pub id: String,
    /// How they prove it.
    pub login: Login,
    /// The narrowest marking that they are shown; `TLP:RED` is shown to nobody.
    pub ceiling: Tlp,
    /// The groups they belong to.
    pub groups: BTreeSet<String>,
    /// Whether they may add objects where that is possible, and take back their own.
    pub may_write: bool,
}

impl Requester {
    /// How the store knows them.
    #[must_use]
    pub fn reader(&self) -> Reader {
        Reader { ceiling: self.ceiling, groups: self.groups.clone() }
    }

    pub(crate) fn reads(&self, collection: &Collection) -> bool {
        collection.readers.includes(&self.groups)
    }

    pub(crate) fn writes(&self, collection: &Collection) -> bool {
        self.may_write && collection.takes && self.reads(collection)
    }
}

/// A name, and the hash of the secret that goes with it.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    name: String,
    digest: [u8; 32],
}

/// Why something is no login.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadLogin {
    /// It is not `name:secret`.
    #[error("a login is written name:secret")]
    Form,
    /// The secret can be guessed.
    #[error("a secret that programmes use has {SECRET_MIN} bytes at least")]
    Short,
}

impl Login {
    /// Reads `name:secret`, as it is kept where a plan refers to. The secret itself is not kept.
    ///
    /// # Errors
    /// It is not of that form, or the secret is shorter than [`SECRET_MIN`].
    pub fn parse(text: &str) -> Result<Login, BadLogin> {
        let (name, secret) = text.trim_end_matches(['\r', '\n']).split_once(':').ok_or(BadLogin::Form)?;
        if name.is_empty() || name.chars().any(char::is_control) {
            return Err(BadLogin::Form);
        }
        if secret.len() < SECRET_MIN {
            return Err(BadLogin::Short);
        }
        Ok(Login { name: name.to_owned(), digest: digest(secret) })
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether the secret is this one. It takes as long whatever the secret is.
    pub(crate) fn is(&self, digest: &[u8; 32]) -> bool {
        self.digest.iter().zip(digest).fold(0, |different, (a, b)| different | (a ^ b)) == 0
    }
}

/// SHA-256 of a secret: what is compared, so that time tells nothing of the secret itself.
pub(crate) fn digest(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").field("name", &self.name).finish_non_exhaustive()
    }
}
