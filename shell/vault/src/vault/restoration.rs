//! What a restoration writes: worked out whole from the snapshot before the first file is made.

use crate::{
    error::VaultError,
    walk::{Step, Walk},
};
use jiff::Timestamp;
use rustic_core::{
    BlobId, DataId, Id, IndexedFullStatus,
    repofile::{Metadata, Node, NodeType},
};
use rustix::fs::{OFlags, XattrFlags};
use sha2::{Digest, Sha256};
use std::{
    fs::{self, DirBuilder, File, FileTimes, OpenOptions},
    io::{self, ErrorKind, Read, Seek},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt, fchown, lchown, symlink},
    path::{Component, Path, PathBuf},
};

/// What is written, in the order of the walk.
#[derive(Default)]
pub(super) struct Restoration {
    pub(super) files: Vec<PlannedFile>,
    pub(super) folders: Vec<(PathBuf, Attributes)>,
    pub(super) links: Vec<(PathBuf, PathBuf, Attributes)>,
    pub(super) pieces: Vec<Piece>,
    pub(super) bytes: u64,
    pub(super) left_out: Vec<String>,
}

pub(super) struct PlannedFile {
    pub(super) path: PathBuf,
    pub(super) attributes: Attributes,
    pub(super) content: Vec<(DataId, u32)>,
}

/// What a file has beside its content, as far as it is restored.
pub(super) struct Attributes {
    mode: Option<u32>,
    owner: Option<u32>,
    group: Option<u32>,
    modified: Option<Timestamp>,
    accessed: Option<Timestamp>,
    /// The users' own extended attributes, and access lists. Others are the kernel's, and some of them rights.
    extended: Vec<(String, Vec<u8>)>,
}

impl From<Metadata> for Attributes {
    fn from(metadata: Metadata) -> Attributes {
        let ours = |name: &str| name.starts_with("user.") || name.starts_with("system.posix_acl_");
        let extended = metadata.extended_attributes.into_iter().filter(|attribute| ours(&attribute.name));
        let extended =
            extended.map(|attribute| (attribute.name, attribute.value.unwrap_or_default())).collect();
        Attributes {
            // Without the bits that let a program run as its owner or group: a forged snapshot could hold one of root's.
            mode: metadata.mode.map(|mode| mode & 0o1777),
            owner: metadata.uid,
            group: metadata.gid,
            modified: metadata.mtime,
            accessed: metadata.atime,
            extended,
        }
    }
}

impl Attributes {
    fn set(&self, file: &File) -> io::Result<()> {
        if is_root() {
            fchown(file, self.owner, self.group)?;
        }
        if let Some(mode) = self.mode {
            file.set_permissions(fs::Permissions::from_mode(mode))?;
        }
        for (name, value) in &self.extended {
            // Where the file system knows none, the content still counts.
            let _ = rustix::fs::fsetxattr(file, name.as_str(), value, XattrFlags::empty());
        }
        if let Some(modified) = self.modified {
            let accessed = self.accessed.unwrap_or(modified);
            let times = FileTimes::new().set_modified(modified.into()).set_accessed(accessed.into());
            file.set_times(times)?;
        }
        Ok(())
    }
}

/// A piece of a file, and where it is in a pack.
#[derive(Clone, Copy)]
pub(super) struct Piece {
    pub(super) pack: Id,
    pub(super) offset: u32,
    pub(super) length: u32,
    pub(super) blob: DataId,
    pub(super) file: usize,
    pub(super) position: u64,
}

/// A path in a snapshot, with a slash at its beginning and without `.` and `..`.
pub(super) fn absolute(path: &Path) -> PathBuf {
    let names = path.components().filter(|part| matches!(part, Component::Normal(_)));
    std::iter::once(Component::RootDir).chain(names).collect()
}

pub(super) fn plan_all(
    repository: &rustic_core::Repository<IndexedFullStatus>,
    tree: rustic_core::TreeId,
    only: Option<&[PathBuf]>,
    into: &Path,
    plan: &mut Restoration,
) -> rustic_core::RusticResult<Result<(), VaultError>> {
    let mut walk = Walk::new(repository, tree)?;
    while let Some(step) = walk.step()? {
        let (path, node) = match step {
            Step::Entry(path, node) => (path, node),
            Step::Forged(what) => return Ok(Err(VaultError::Forged { what })),
        };
        if let Some(only) = only {
            let below = only.iter().any(|only| path.starts_with(only));
            let above = node.is_dir() && only.iter().any(|only| only.starts_with(&path));
            if !below && !above {
                continue;
            }
        }
        let Ok(relative) = path.strip_prefix("/") else { continue };
        if let Err(error) = plan.add(repository, &path, into.join(relative), *node)? {
            return Ok(Err(error));
        }
    }
    Ok(Ok(()))
}

impl Restoration {
    fn add(
        &mut self,
        repository: &rustic_core::Repository<IndexedFullStatus>,
        named: &Path,
        path: PathBuf,
        node: Node,
    ) -> rustic_core::RusticResult<Result<(), VaultError>> {
        match &node.node_type {
            NodeType::Dir => self.folders.push((path, node.meta.into())),
            NodeType::Symlink { .. } => {
                let to = node.node_type.to_link().to_owned();
                self.links.push((path, to, node.meta.into()));
            }
            NodeType::File => {
                let mut content = Vec::new();
                let mut position = 0;
                for id in node.content.iter().flatten() {
                    let entry = repository.get_index_entry(id)?;
                    let at = entry.location;
                    // 32 bytes are the cipher's own: a forged index may tell less.
                    if at.length < 32 {
                        let what = format!("a part of {} is {} bytes long", named.display(), at.length);
                        return Ok(Err(VaultError::Forged { what }));
                    }
                    self.pieces.push(Piece {
                        pack: *entry.pack,
                        offset: at.offset,
                        length: at.length,
                        blob: *id,
                        file: self.files.len(),
                        position,
                    });
                    content.push((*id, at.data_length()));
                    position += u64::from(at.data_length());
                }
                self.bytes = self.bytes.saturating_add(position);
                self.files.push(PlannedFile { path, attributes: node.meta.into(), content });
            }
            NodeType::Dev { .. } | NodeType::Chardev { .. } | NodeType::Fifo | NodeType::Socket => {
                self.leave_out(format!("{}: it is no file ({})", named.display(), node.node_type));
            }
        }
        Ok(Ok(()))
    }

    fn leave_out(&mut self, what: String) {
        if self.left_out.len() < city::Snapshot::NAMES_MAX {
            self.left_out.push(what);
        }
    }

    /// Whether something was planned for a path of the snapshot.
    pub(super) fn holds(&self, into: &Path, path: &Path) -> bool {
        let Ok(relative) = path.strip_prefix("/") else { return false };
        let wanted = into.join(relative);
        self.files.iter().any(|file| file.path.starts_with(&wanted))
            || self.folders.iter().any(|(folder, _)| folder.starts_with(&wanted))
            || self.links.iter().any(|(link, ..)| link.starts_with(&wanted))
    }

    pub(super) fn make_folders(&self, replace: bool) -> Result<(), VaultError> {
        for (path, _) in &self.folders {
            match DirBuilder::new().mode(0o700).create(path) {
                // `symlink_metadata`, so that a link to a folder is none.
                Err(error)
                    if error.kind() == ErrorKind::AlreadyExists
                        && replace
                        && fs::symlink_metadata(path).is_ok_and(|there| there.is_dir()) => {}
                made => made.map_err(VaultError::local(path))?,
            }
        }
        Ok(())
    }

    /// Makes every file that is not written in one step, empty: what has the name already is not written into, but
    /// replaced.
    pub(super) fn make_files(&self, replace: bool) -> Result<(), VaultError> {
        for file in &self.files {
            clear(&file.path, replace)?;
            if file.content.len() != 1 {
                file.create().map_err(VaultError::local(&file.path))?;
            }
        }
        Ok(())
    }

    pub(super) fn make_links(&self, replace: bool) -> Result<(), VaultError> {
        for (path, to, attributes) in &self.links {
            clear(path, replace)?;
            symlink(to, path).map_err(VaultError::local(path))?;
            if is_root() {
                lchown(path, attributes.owner, attributes.group).map_err(VaultError::local(path))?;
            }
        }
        Ok(())
    }

    /// Gives every folder its owner, rights and times, the innermost first.
    pub(super) fn finish_folders(&self) -> Result<(), VaultError> {
        for (path, attributes) in self.folders.iter().rev() {
            let folder = File::open(path).map_err(VaultError::local(path))?;
            attributes.set(&folder).map_err(VaultError::local(path))?;
        }
        Ok(())
    }
}

/// Removes a file or link that stands where something is to be restored, if that is allowed.
fn clear(path: &Path, replace: bool) -> Result<(), VaultError> {
    if !replace {
        return Ok(());
    }
    match fs::remove_file(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        other => other.map_err(VaultError::local(path)),
    }
}

/// Whether a file holds what it should; if so it gets its owner, rights and times.
pub(super) fn finish_file(planned: &PlannedFile, mut file: File) -> io::Result<bool> {
    file.rewind()?;
    let mut content = Vec::new();
    for (id, length) in &planned.content {
        content.clear();
        Read::by_ref(&mut file).take(u64::from(*length)).read_to_end(&mut content)?;
        if DataId::from(BlobId::from(Id::new(Sha256::digest(&content).into()))) != *id {
            return Ok(false);
        }
    }
    let whole = file.read(&mut [0])? == 0;
    planned.attributes.set(&file)?;
    Ok(whole)
}

impl PlannedFile {
    /// Makes it; what has the name already is an error.
    pub(super) fn create(&self) -> io::Result<File> {
        OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&self.path)
    }

    /// Opens it as it was made. A link in its place is not followed.
    pub(super) fn open(&self, write: bool) -> io::Result<File> {
        let mut how = OpenOptions::new();
        how.read(true).write(write).custom_flags(OFlags::NOFOLLOW.bits().cast_signed());
        how.open(&self.path)
    }
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}
