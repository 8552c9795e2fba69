//! Whether what is in a repository is what was written: by name, since every object's name is the SHA-256 of its
//! content, and by what refers to what.

use super::{Vault, damaged_objects, object};
use crate::{
    error::VaultError,
    storage::{Fault, hexadecimal},
    walk::{Step, Walk},
};
use rustic_core::{
    FileType, Id, IndexedFullStatus,
    repofile::{IndexFile, SnapshotFile},
};
use sha2::{Digest, Sha256};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    thread,
};

/// A share of a repository: part `part` of `of` parts that are about as large, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// Which part.
    pub part: u32,
    /// Of how many: at least one.
    pub of: u32,
}

/// What came of reading back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadBack {
    /// How many packs were read, of how many.
    pub packs: u64,
    /// How many there are.
    pub of: u64,
    /// How many bytes were read and found whole.
    pub bytes: u64,
    /// What is damaged, by name, in order.
    pub damage: Vec<String>,
}

/// How many packs are read at once: where a server answers, most of the time is waiting.
const READERS: usize = 4;

impl Vault {
    /// Reads a share of the packs and compares them with their names. With the same seed, all parts together are every
    /// pack once; which pack is in which part goes by the seed.
    ///
    /// # Errors
    ///
    /// If the repository does not answer. What is damaged is no error but what this is for.
    pub fn read_back(&self, share: Share, seed: u64) -> Result<ReadBack, VaultError> {
        self.objects.begin();
        let packs = self.objects.storage.list(FileType::Pack).map_err(|fault| self.fault(fault))?;
        let of = packs.len() as u64;
        let mut chosen: Vec<(String, u64)> =
            packs.into_iter().filter(|(name, _)| part(name, seed, share.of) == share.part).collect();
        chosen.sort();
        let packs = chosen.len() as u64;
        let (bytes, damage) = self.read_packs(&chosen)?;
        Ok(ReadBack { packs, of, bytes, damage })
    }

    /// Looks whether everything is there and fits together, without reading the packs that hold files: keys, config,
    /// indexes and snapshots are read and compared with their names, packs with the sizes that the index tells, and
    /// every folder of every snapshot is walked through. Given back is what is damaged, by name, in order.
    ///
    /// # Errors
    ///
    /// If the repository does not answer.
    pub fn check(&self) -> Result<Vec<String>, VaultError> {
        self.objects.begin();
        let mut damage = BTreeSet::new();
        if let Err(error) = self.run(|| self.reopened().map(drop)) {
            match error {
                VaultError::Damaged { .. } | VaultError::Other { .. } => {
                    damage.insert("config is not as it was written".to_owned());
                }
                other => return Err(other),
            }
        }
        for kind in [FileType::Key, FileType::Index, FileType::Snapshot] {
            damage.extend(damaged_objects(&self.objects, kind).map_err(|fault| self.fault(fault))?);
        }
        if damage.iter().any(|what| what.starts_with("index/")) {
            // What follows would only repeat it.
            return Ok(damage.into_iter().collect());
        }
        let trees = self.check_packs(&mut damage)?;
        self.check_snapshots(&trees, &mut damage)?;
        Ok(damage.into_iter().collect())
    }

    /// Compares packs with the index, and reads those that hold folders, which are few. Given back are the packs that
    /// can be relied on.
    fn check_packs(&self, damage: &mut BTreeSet<String>) -> Result<BTreeSet<Id>, VaultError> {
        let there: BTreeMap<String, u64> = self
            .objects
            .storage
            .list(FileType::Pack)
            .map_err(|fault| self.fault(fault))?
            .into_iter()
            .collect();
        let mut indexed: BTreeMap<String, (u64, bool, Id)> = BTreeMap::new();
        self.run(|| {
            for index in self.open.stream_files::<IndexFile>()? {
                for pack in index?.1.packs {
                    let size = u64::from(pack.pack_size());
                    let trees = matches!(pack.blob_type(), rustic_core::repofile::BlobType::Tree);
                    let name = crate::objects::name(FileType::Pack, &pack.id);
                    indexed.insert(name, (size, trees, *pack.id));
                }
            }
            Ok(())
        })?;
        let mut sound = BTreeSet::new();
        let mut to_read = Vec::new();
        for (name, (size, trees, id)) in &indexed {
            match there.get(name) {
                None => drop(damage.insert(format!("{} is missing", object(FileType::Pack, name)))),
                Some(length) if length != size => {
                    damage.insert(format!(
                        "{} is {length} bytes long and should be {size}",
                        object(FileType::Pack, name)
                    ));
                }
                Some(_) if *trees => to_read.push((name.clone(), *size)),
                Some(_) => drop(sound.insert(*id)),
            }
        }
        let (_, unsound) = self.read_packs(&to_read)?;
        for (name, _) in &to_read {
            let start = object(FileType::Pack, name);
            if !unsound.iter().any(|what| what.starts_with(&start))
                && let Some((_, _, id)) = indexed.get(name)
            {
                sound.insert(*id);
            }
        }
        damage.extend(unsound);
        Ok(sound)
    }

    /// Walks through every snapshot that can be read.
    fn check_snapshots(&self, sound: &BTreeSet<Id>, damage: &mut BTreeSet<String>) -> Result<(), VaultError> {
        let whole = |name: &str| !damage.iter().any(|what| what.starts_with(&format!("snapshots/{name}")));
        let names = self.objects.storage.list(FileType::Snapshot).map_err(|fault| self.fault(fault))?;
        let names: Vec<String> = names.into_iter().map(|(name, _)| name).filter(|name| whole(name)).collect();
        let indexed = self.run(|| self.reopened()?.to_indexed())?;
        let mut seen = BTreeSet::new();
        for name in names {
            let Ok(id) = name.parse() else { continue };
            let found = self.run(|| {
                let file: SnapshotFile = indexed.get_file(&id)?;
                if !seen.insert(file.tree) {
                    return Ok(None);
                }
                walk(&indexed, &file, sound)
            });
            match found {
                Ok(None) => {}
                Ok(Some(what)) => {
                    drop(damage.insert(format!("snapshots/{name} cannot be restored whole: {what}")))
                }
                Err(error @ (VaultError::Unreachable { .. } | VaultError::Refused { .. })) => {
                    return Err(error);
                }
                Err(error) => {
                    drop(damage.insert(format!("snapshots/{name} cannot be restored whole: {error}")))
                }
            }
        }
        Ok(())
    }

    /// Reads packs and compares each with its name.
    fn read_packs(&self, packs: &[(String, u64)]) -> Result<(u64, Vec<String>), VaultError> {
        let (next, bytes) = (AtomicUsize::new(0), AtomicU64::new(0));
        let damage = Mutex::new(Vec::new());
        let fault = Mutex::new(None);
        let damaged = |name: &str, what: &str| {
            let what = format!("{} {what}", object(FileType::Pack, name));
            damage.lock().unwrap_or_else(PoisonError::into_inner).push(what);
        };
        thread::scope(|scope| {
            for _ in 0..READERS.min(packs.len()) {
                scope.spawn(|| {
                    while let Some((name, _)) = packs.get(next.fetch_add(1, Ordering::Relaxed)) {
                        match self.objects.storage.read(FileType::Pack, name, None) {
                            Ok(content) if hexadecimal(&Sha256::digest(&content)) == *name => {
                                bytes.fetch_add(content.len() as u64, Ordering::Relaxed);
                            }
                            Ok(_) => damaged(name, "is not as it was written"),
                            Err(Fault::Missing(_)) => damaged(name, "is missing"),
                            Err(other) => {
                                fault.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(other);
                                return;
                            }
                        }
                    }
                });
            }
        });
        if let Some(fault) = fault.into_inner().unwrap_or_else(PoisonError::into_inner) {
            return Err(self.fault(fault));
        }
        let mut damage = damage.into_inner().unwrap_or_else(PoisonError::into_inner);
        damage.sort();
        Ok((bytes.into_inner(), damage))
    }
}

/// What keeps a snapshot from being restored whole, if something does.
fn walk(
    repository: &rustic_core::Repository<IndexedFullStatus>,
    file: &SnapshotFile,
    sound: &BTreeSet<Id>,
) -> rustic_core::RusticResult<Option<String>> {
    let mut walk = Walk::new(repository, file.tree)?;
    while let Some(step) = walk.step()? {
        let (path, node) = match step {
            Step::Entry(path, node) => (path, node),
            Step::Forged(what) => return Ok(Some(what)),
        };
        for id in node.content.iter().flatten() {
            match repository.get_index_entry(id) {
                Ok(entry) if sound.contains(&*entry.pack) => {}
                Ok(entry) => {
                    let pack = object(FileType::Pack, &crate::objects::name(FileType::Pack, &entry.pack));
                    return Ok(Some(format!("{} is in {pack}", path.display())));
                }
                Err(_) => return Ok(Some(format!("a part of {} is in no index", path.display()))),
            }
        }
    }
    Ok(None)
}

/// The part that a pack is in.
fn part(name: &str, seed: u64, of: u32) -> u32 {
    // The names are hashes already, so that any of their bits are as good as chance.
    let start = name.get(..16).and_then(|start| u64::from_str_radix(start, 16).ok()).unwrap_or(0);
    let mixed = (start ^ seed).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(31);
    u32::try_from(mixed % u64::from(of.max(1))).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_parts_together_are_every_pack_once() {
        let names: Vec<String> =
            (0..1_000_u32).map(|n| hexadecimal(&Sha256::digest(n.to_le_bytes()))).collect();
        for seed in [0, 7, u64::MAX] {
            let mut counts = [0_u32; 13];
            for name in &names {
                counts[part(name, seed, 13) as usize] += 1;
            }
            assert_eq!(counts.iter().sum::<u32>(), 1_000);
            assert!(counts.iter().all(|count| (40..120).contains(count)), "{counts:?}");
        }
        assert_ne!(
            names.iter().map(|name| part(name, 1, 13)).collect::<Vec<_>>(),
            names.iter().map(|name| part(name, 2, 13)).collect::<Vec<_>>()
        );
        assert_eq!(part("short", 1, 0), 0);
    }
}
