//! How far files were read, kept between one run and the next.

use anyhow::Context;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeMap,
    fs::{self, File},
    io,
    os::unix::fs::{FileExt, MetadataExt},
    path::{Path, PathBuf},
};

/// The file of the state directory that holds the places.
const NAME: &str = "alerts.json";

/// As many bytes of a file's beginning tell it from another that got its number.
const HEAD: usize = 256;

/// How many names of a folder are looked at for a file that was renamed.
const NAMES_MAX: usize = 10_000;

/// How far a file was read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    device: u64,
    inode: u64,
    /// Bytes that were read, to the end of a line.
    pub(super) offset: u64,
    /// Lines in them.
    pub(super) lines: u64,
    /// The digest of the file's beginning.
    head: String,
}

impl Place {
    /// A place in a file.
    pub(super) fn of(file: &File, offset: u64, lines: u64) -> io::Result<Place> {
        let metadata = file.metadata()?;
        let head = head(file, offset)?;
        Ok(Place { device: metadata.dev(), inode: metadata.ino(), offset, lines, head })
    }

    /// Whether a file is the one that was read, and still holds what was read.
    fn is_in(&self, file: &File) -> io::Result<bool> {
        let metadata = file.metadata()?;
        Ok((metadata.dev(), metadata.ino()) == (self.device, self.inode)
            && metadata.len() >= self.offset
            && head(file, self.offset)? == self.head)
    }

    /// The file of that place: at its path, or by another name beside it, as rotation leaves it.
    pub(super) fn find(&self, path: &Path) -> io::Result<Option<File>> {
        let file = File::open(path)?;
        if self.is_in(&file)? {
            return Ok(Some(file));
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        for entry in fs::read_dir(folder)?.take(NAMES_MAX).flatten() {
            if std::os::unix::fs::DirEntryExt::ino(&entry) == self.inode
                && let Ok(file) = File::open(entry.path())
                && self.is_in(&file)?
            {
                return Ok(Some(file));
            }
        }
        Ok(None)
    }
}

fn head(file: &File, offset: u64) -> io::Result<String> {
    let length = usize::try_from(offset).unwrap_or(HEAD).min(HEAD);
    let mut bytes = vec![0; length];
    let mut filled = 0;
    while let Some(rest) = bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match file.read_at(rest, filled as u64)? {
            0 => break,
            count => filled += count,
        }
    }
    bytes.truncate(filled);
    Ok(Sha256::digest(&bytes).iter().take(8).map(|byte| format!("{byte:02x}")).collect())
}

/// The places of all files, by path.
#[derive(Debug)]
pub(super) struct Places {
    at: PathBuf,
    known: BTreeMap<PathBuf, Place>,
}

impl Places {
    /// Reads the places that a run before left in the state directory.
    pub(super) fn open(state: &Path) -> anyhow::Result<Places> {
        let at = state.join(NAME);
        let known = match fs::read(&at) {
            Ok(bytes) => serde_json::from_slice(&bytes).with_context(|| {
                format!("`{}` is damaged; delete it, and files are read on from their ends", at.display())
            })?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => BTreeMap::new(),
            Err(error) => return Err(error).with_context(|| format!("cannot read `{}`", at.display())),
        };
        Ok(Places { at, known })
    }

    pub(super) fn get(&self, path: &Path) -> Option<&Place> {
        self.known.get(path)
    }

    /// Keeps a place: on the disk before this returns, whole or not at all.
    pub(super) fn keep(&mut self, path: &Path, place: Place) -> anyhow::Result<()> {
        if self.known.get(path) == Some(&place) {
            return Ok(());
        }
        self.known.insert(path.to_owned(), place);
        let text = serde_json::to_vec_pretty(&self.known)?;
        let beside = self.at.with_extension("json.new");
        fs::write(&beside, text)
            .and_then(|()| fs::rename(&beside, &self.at))
            .with_context(|| format!("cannot write `{}`", self.at.display()))
    }
}
