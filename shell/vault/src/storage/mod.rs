//! Where a repository lies: a folder, a server that speaks restic's REST protocol, or a bucket.
//!
//! A repository is made of objects. An object has a kind and a name, and is written once, as a whole. The names are
//! those of restic's default layout: `config`, `keys/…`, `snapshots/…`, `index/…`, and `data/ab/ab…`.

mod folder;
pub(crate) mod http;
mod limit;
mod rest;
mod s3;
mod signature;

use crate::{error::VaultError, secret::Secret};
use bytes::Bytes;
use city::{Repository, RepositoryPlace};
use jiff::Timestamp;
use rustic_core::FileType;
use std::{ops::Range, sync::Arc};

pub(crate) use limit::Limit;
pub(crate) use signature::hexadecimal;

/// What a storage says when it does not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Fault {
    /// There is no such object: its name.
    #[error("{0} is not there")]
    Missing(String),
    /// It refuses: because of who asks, or because what is written there stays.
    #[error("refused: {0}")]
    Refused(String),
    /// There is no room.
    #[error("no room: {0}")]
    Full(String),
    /// It does not answer, or not sensibly.
    #[error("{0}")]
    Unreachable(String),
}

/// What came of trying to destroy an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Destruction {
    /// Whether deleting it was refused.
    pub(crate) refuses_delete: bool,
    /// Whether changing it was refused.
    pub(crate) refuses_change: bool,
    /// Until when the storage says that it keeps it.
    pub(crate) locked_until: Option<Timestamp>,
}

/// A place for objects.
pub(crate) trait Storage: Send + Sync {
    /// Makes what must be there before the first object is written.
    fn create(&self) -> Result<(), Fault>;
    /// The objects of a kind, with their sizes in bytes.
    fn list(&self, kind: FileType) -> Result<Vec<(String, u64)>, Fault>;
    /// An object, or a range of its bytes.
    fn read(&self, kind: FileType, name: &str, range: Option<Range<u64>>) -> Result<Bytes, Fault>;
    /// Writes an object as a whole. When this returns, it is there to stay, or the fault is told.
    fn write(&self, kind: FileType, name: &str, content: &[Bytes]) -> Result<(), Fault>;
    /// Deletes an object.
    fn remove(&self, kind: FileType, name: &str) -> Result<(), Fault>;
    /// Tries to change and to delete an object that was written for this and has that content. What could be changed is
    /// written as it was; what could be deleted is gone.
    fn destroy(&self, kind: FileType, name: &str, content: &[u8]) -> Result<Destruction, Fault>;
    /// Whether plain restic says that it is at work there.
    fn restic_at_work(&self) -> Result<bool, Fault>;
    /// Keeps others from pruning, or from everything while this prunes, where the place can do that.
    fn lock(&self, alone: bool) -> Result<Option<Lock>, Fault>;
}

/// A lock that is held until it is dropped.
#[derive(Debug)]
pub(crate) struct Lock(#[expect(dead_code, reason = "the open file is the lock")] std::fs::File);

/// The storage of a declared repository.
pub(crate) fn open(repository: &Repository) -> Result<Arc<dyn Storage>, VaultError> {
    let login = repository.login.as_ref().map(Secret::read_pair).transpose()?;
    let limit = Limit::new(repository.bandwidth);
    if let RepositoryPlace::Rest(url) | RepositoryPlace::S3 { endpoint: url, .. } = &repository.at
        && url.contains('@')
    {
        // Without the URL: there may be a password in it.
        return Err(VaultError::NotARepository {
            place: format!("the URL of {}", repository.id),
            why: "a login does not belong into a URL: say with `login` where it is kept".to_owned(),
        });
    }
    Ok(match &repository.at {
        RepositoryPlace::Folder(path) => Arc::new(folder::Folder::new(path.as_str(), limit)),
        RepositoryPlace::Rest(url) => Arc::new(rest::Rest::new(url, login, limit)?),
        RepositoryPlace::S3 { endpoint, bucket, prefix } => {
            Arc::new(s3::Bucket::new(endpoint, bucket, prefix, login, limit)?)
        }
    })
}

/// The path of an object within its repository.
fn path(kind: FileType, name: &str) -> String {
    match (kind, name.get(..2)) {
        (FileType::Config, _) => "config".to_owned(),
        (FileType::Pack, Some(start)) => format!("data/{start}/{name}"),
        _ => format!("{}/{name}", kind.dirname()),
    }
}

/// Whether this can be an object's name: 64 hexadecimal digits. Others are passed over, as restic does.
fn is_name(name: &str) -> bool {
    name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}
