//! What changed since the snapshot before: files that are gone, and files that noise took the place of.
//!
//! A form that is packed anyway, a picture or an archive, is noise to look at, and whoever encrypts files may give them
//! any beginning. So what counts is what a file *was*: one that was something else before and is noise now counts
//! whatever it begins with, and so does one that is gone when noise appears beside it.

use super::Vault;
use crate::{
    error::VaultError,
    noise::{BLOCK, Nature, judge},
    reading::{Noticed, Suspect, lock, path_number},
    walk::{Step, Walk},
};
use city::{Snapshot, Text};
use rustic_core::{
    BlobId, DataId, IndexedFullStatus,
    repofile::{BlobType, Node, SnapshotFile},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

/// How many files of the snapshot before are read to see what they were, and how many that are gone are remembered.
const LOOKS_MAX: usize = 512;
const GONE_MAX: usize = 100_000;

/// A file of the snapshot before: what its content begins with.
type Before = Option<DataId>;

/// What the snapshot before tells about what is suspected now.
#[derive(Default)]
struct Earlier {
    /// Suspects that were there before, under the same path.
    was: BTreeMap<PathBuf, Before>,
    /// Files that are gone from folders with suspects that are new, by folder.
    gone: BTreeMap<PathBuf, Vec<(OsString, Before)>>,
}

impl Vault {
    /// Completes what is told of a snapshot by comparing it with the one before.
    pub(super) fn compare(
        &self,
        parent: Option<&SnapshotFile>,
        noticed: &Noticed,
        made: &mut Snapshot,
    ) -> Result<(), VaultError> {
        let suspects = std::mem::take(&mut *lock(&noticed.suspects));
        let paths: BTreeSet<u64> = std::mem::take(&mut *lock(&noticed.paths)).into_iter().collect();
        for suspect in suspects.values() {
            made.sampled += suspect.looked_at;
        }
        let earlier = match parent {
            Some(parent) => match self.earlier(parent, &paths, &suspects, made) {
                // A backup is made also where the one before is damaged; a check tells that.
                Err(VaultError::Damaged { .. } | VaultError::Other { .. }) => Earlier::default(),
                earlier => earlier?,
            },
            None => Earlier::default(),
        };
        self.judge_suspects(&suspects, &earlier, made)
    }

    /// Walks through the snapshot before.
    fn earlier(
        &self,
        parent: &SnapshotFile,
        paths: &BTreeSet<u64>,
        suspects: &BTreeMap<PathBuf, Suspect>,
        made: &mut Snapshot,
    ) -> Result<Earlier, VaultError> {
        let folders: BTreeSet<&Path> = suspects.keys().filter_map(|path| path.parent()).collect();
        let mut earlier = Earlier::default();
        let mut remembered = 0;
        self.run(|| {
            let repository = self.reopened()?.to_indexed_ids()?;
            let mut walk = Walk::new(&repository, parent.tree)?;
            while let Some(step) = walk.step()? {
                let Step::Entry(path, node) = step else { break };
                if !node.is_file() {
                    continue;
                }
                if paths.contains(&path_number(&path)) {
                    if suspects.contains_key(&path) {
                        earlier.was.insert(path, first_blob(&node));
                    }
                    continue;
                }
                made.gone_files += 1;
                if made.gone.len() < Snapshot::NAMES_MAX {
                    made.gone.push(text(&path));
                }
                if let (Some(folder), Some(name)) = (path.parent(), path.file_name())
                    && folders.contains(folder)
                    && remembered < GONE_MAX
                {
                    remembered += 1;
                    let gone = earlier.gone.entry(folder.to_owned()).or_default();
                    gone.push((name.to_owned(), first_blob(&node)));
                }
            }
            Ok(())
        })?;
        Ok(earlier)
    }

    fn judge_suspects(
        &self,
        suspects: &BTreeMap<PathBuf, Suspect>,
        earlier: &Earlier,
        made: &mut Snapshot,
    ) -> Result<(), VaultError> {
        if earlier.was.is_empty() && earlier.gone.is_empty() {
            // Nothing to compare with: what says that it is packed is believed.
            made.noise += suspects
                .values()
                .filter(|suspect| suspect.nature == Nature::Noise)
                .map(|s| s.noise)
                .sum::<u64>();
            return Ok(());
        }
        let repository = self.run(|| self.reopened()?.to_indexed())?;
        let mut looks = 0;
        let mut spoilt = |before: &Before, now: Nature| {
            looks += 1;
            let before = if looks > LOOKS_MAX { None } else { nature(&repository, before.as_ref()) };
            before.map(|before| was_spoilt(before, now))
        };
        let mut used: BTreeSet<(&Path, &OsString)> = BTreeSet::new();
        for (path, suspect) in suspects {
            let by_itself = suspect.nature == Nature::Noise;
            if let Some(before) = earlier.was.get(path) {
                match spoilt(before, suspect.nature) {
                    Some(true) => noisy(made, suspect, path),
                    // It was noise already, or is packed as it was: nothing happened to it.
                    Some(false) => {}
                    None if by_itself => made.noise += suspect.noise,
                    None => {}
                }
                continue;
            }
            let folder = path.parent().unwrap_or(path);
            let gone = earlier.gone.get_key_value(folder);
            let replaced = gone.and_then(|(folder, gone)| {
                let free = |(name, _): &&(OsString, Before)| !used.contains(&(folder.as_path(), name));
                let own = gone
                    .iter()
                    .find(|(name, before)| takes_place_of(path, name) && free(&&(name.clone(), *before)));
                own.or_else(|| by_itself.then(|| gone.iter().find(free)).flatten()).map(|one| (folder, one))
            });
            match replaced {
                Some((folder, (name, before))) if spoilt(before, suspect.nature) == Some(true) => {
                    used.insert((folder, name));
                    noisy(made, suspect, &folder.join(name));
                }
                _ if by_itself => made.noise += suspect.noise,
                _ => {}
            }
        }
        Ok(())
    }
}

fn noisy(made: &mut Snapshot, suspect: &Suspect, path: &Path) {
    made.noise += suspect.noise;
    if made.noisy.len() < Snapshot::NAMES_MAX {
        made.noisy.push(text(path));
    }
}

/// Whether a new file took the place of one that is gone, by its name: `ledger.csv.locked`, `ledger.enc`.
fn takes_place_of(new: &Path, gone: &OsString) -> bool {
    let Some(new) = new.file_name() else { return false };
    let gone = Path::new(gone);
    let stem = gone.file_stem().unwrap_or_default();
    new.as_bytes().starts_with(gone.as_os_str().as_bytes())
        || (stem.len() >= 3 && Path::new(new).file_stem() == Some(stem))
}

fn first_blob(node: &Node) -> Before {
    node.content.as_ref()?.first().copied()
}

/// What a file was by its beginning; none if that cannot be told.
fn nature(
    repository: &rustic_core::Repository<IndexedFullStatus>,
    before: Option<&DataId>,
) -> Option<Nature> {
    let content = repository.get_blob_cached(&BlobId::from(*before?), BlobType::Data).ok()?;
    let beginning = content.get(..BLOCK.min(content.len()))?;
    Some(judge(&[beginning]).nature)
}

/// Whether something happened to a file that now is mostly noise: there was something to be seen in it, or it was in a
/// packed form that it has lost.
fn was_spoilt(before: Nature, now: Nature) -> bool {
    match before {
        Nature::Plain => true,
        Nature::Unpacks | Nature::SaysPacked => now == Nature::Noise,
        Nature::Noise => false,
    }
}

fn text(path: &Path) -> Text {
    path.to_string_lossy().as_ref().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_name_tells_whose_place_was_taken() {
        let takes = |new: &str, gone: &str| takes_place_of(Path::new(new), &OsString::from(gone));
        assert!(takes("/srv/ledger.csv.locked", "ledger.csv"));
        assert!(takes("/srv/ledger.enc", "ledger.csv"));
        assert!(!takes("/srv/minutes.enc", "ledger.csv"));
        assert!(!takes("/srv/a.gz", "a.txt"), "too short a stem to tell");
    }
}
