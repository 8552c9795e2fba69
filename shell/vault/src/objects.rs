//! A storage as `rustic_core` sees it.

use crate::storage::{Fault, Storage};
use bytes::Bytes;
use rustic_core::{BytesList, ErrorKind, FileType, Id, ReadBackend, RusticError, RusticResult, WriteBackend};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

/// How many bytes of packs with folders are kept in memory, where the storage is far away.
const NEAR: usize = 64 * 1024 * 1024;

/// A storage as `rustic_core` sees it, with what it does not tell: what the storage said first when something failed,
/// how much was sent, and which snapshot was written.
pub(crate) struct Objects {
    pub(crate) storage: Arc<dyn Storage>,
    place: String,
    fault: Mutex<Option<Fault>>,
    sent: AtomicU64,
    /// Packs and indexes that were sent, with their sizes.
    sent_objects: Mutex<Vec<(FileType, String, u64)>>,
    /// Whether snapshots are kept back: it is decided later with which marks they are written. The config is too, which
    /// is only ever another one for a while.
    keeps_back: AtomicBool,
    /// The snapshot that was kept back last.
    kept_back: Mutex<Option<(Id, Bytes)>>,
    written_snapshot: Mutex<Option<String>>,
    /// Packs that shall not be seen, because no index tells of them.
    hidden: Mutex<BTreeSet<Id>>,
    /// Parts of packs that were read ahead: by pack, from an offset.
    held: Mutex<BTreeMap<(Id, u32), Bytes>>,
    /// Packs with folders, where the storage is far away, the least used first. A walk asks for one folder after the
    /// other, and those of a snapshot lie in few packs.
    near: Option<Mutex<Vec<(Id, Bytes)>>>,
}

impl std::fmt::Debug for Objects {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Objects").field("place", &self.place).finish_non_exhaustive()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An object's name.
pub(crate) fn name(kind: FileType, id: &Id) -> String {
    match kind {
        FileType::Config => "config".to_owned(),
        _ => id.to_hex().as_str().to_owned(),
    }
}

impl Objects {
    pub(crate) fn new(storage: Arc<dyn Storage>, place: String, far: bool) -> Objects {
        Objects {
            storage,
            place,
            fault: Mutex::new(None),
            sent: AtomicU64::new(0),
            sent_objects: Mutex::new(Vec::new()),
            keeps_back: AtomicBool::new(false),
            kept_back: Mutex::new(None),
            written_snapshot: Mutex::new(None),
            hidden: Mutex::new(BTreeSet::new()),
            held: Mutex::new(BTreeMap::new()),
            near: far.then(|| Mutex::new(Vec::new())),
        }
    }

    /// Forgets what an earlier operation left.
    pub(crate) fn begin(&self) {
        self.forget_fault();
        *lock(&self.written_snapshot) = None;
        self.sent.store(0, Ordering::Relaxed);
        self.keep_back(false);
        lock(&self.sent_objects).clear();
        lock(&self.hidden).clear();
        lock(&self.held).clear();
    }

    /// Forgets what the storage said.
    pub(crate) fn forget_fault(&self) {
        *lock(&self.fault) = None;
    }

    /// What the storage said first when it did not do something.
    pub(crate) fn fault(&self) -> Option<Fault> {
        lock(&self.fault).clone()
    }

    /// How many bytes were sent since [`Objects::begin`].
    pub(crate) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// The packs, and the indexes, that were sent since [`Objects::begin`], with their sizes.
    pub(crate) fn sent_objects(&self) -> Vec<(FileType, Vec<(String, u64)>)> {
        let sent = lock(&self.sent_objects);
        [FileType::Pack, FileType::Index]
            .into_iter()
            .map(|wanted| {
                let of_kind = sent.iter().filter(|(kind, ..)| *kind == wanted);
                (wanted, of_kind.map(|(_, name, size)| (name.clone(), *size)).collect::<Vec<_>>())
            })
            .filter(|(_, objects)| !objects.is_empty())
            .collect()
    }

    /// Whether snapshots and the config are to be kept back from now on. The last one that was is read as if it were
    /// written, until then.
    pub(crate) fn keep_back(&self, keep: bool) {
        self.keeps_back.store(keep, Ordering::SeqCst);
        *lock(&self.kept_back) = None;
    }

    /// The name of the snapshot that was written last.
    pub(crate) fn written_snapshot(&self) -> Option<String> {
        lock(&self.written_snapshot).clone()
    }

    /// Lets these packs not be seen any more.
    pub(crate) fn hide(&self, packs: impl IntoIterator<Item = Id>) {
        lock(&self.hidden).extend(packs);
    }

    /// Reads a part of a pack, and holds it so that its pieces are not asked for one by one.
    pub(crate) fn hold(&self, pack: Id, offset: u32, length: u32) -> Result<(), Fault> {
        let range = u64::from(offset)..u64::from(offset) + u64::from(length);
        let part = self.storage.read(FileType::Pack, &name(FileType::Pack, &pack), Some(range))?;
        lock(&self.held).insert((pack, offset), part);
        Ok(())
    }

    /// Lets a held part go.
    pub(crate) fn release(&self, pack: Id, offset: u32) {
        lock(&self.held).remove(&(pack, offset));
    }

    fn held(&self, pack: Id, offset: u32, length: u32) -> Option<Bytes> {
        let held = lock(&self.held);
        let ((_, begin), part) = held.range((pack, 0)..=(pack, offset)).next_back()?;
        let start = usize::try_from(offset.checked_sub(*begin)?).ok()?;
        let end = start.checked_add(usize::try_from(length).ok()?)?;
        (end <= part.len()).then(|| part.slice(start..end))
    }

    /// A pack with folders, from memory if it was asked for not long ago.
    fn near(&self, near: &Mutex<Vec<(Id, Bytes)>>, pack: &Id) -> Result<Bytes, Fault> {
        let mut kept = lock(near);
        if let Some(at) = kept.iter().position(|(id, _)| id == pack) {
            let found = kept.remove(at);
            let content = found.1.clone();
            kept.push(found);
            return Ok(content);
        }
        // Others wait meanwhile: they would most likely ask for the same.
        let content = self.storage.read(FileType::Pack, &name(FileType::Pack, pack), None)?;
        kept.push((*pack, content.clone()));
        let mut bytes: usize = kept.iter().map(|(_, content)| content.len()).sum();
        while bytes > NEAR && kept.len() > 1 {
            bytes -= kept.remove(0).1.len();
        }
        Ok(content)
    }

    fn failed(&self, fault: Fault) -> Box<RusticError> {
        let error = RusticError::new(ErrorKind::Backend, fault.to_string());
        lock(&self.fault).get_or_insert(fault);
        error
    }
}

impl ReadBackend for Objects {
    fn location(&self) -> String {
        self.place.clone()
    }

    fn list_with_size(&self, kind: FileType) -> RusticResult<Vec<(Id, u32)>> {
        let objects = self.storage.list(kind).map_err(|fault| self.failed(fault))?;
        if kind == FileType::Config {
            return Ok(objects.into_iter().map(|_| (Id::default(), 0)).collect());
        }
        let hidden = lock(&self.hidden);
        Ok(objects
            .into_iter()
            .filter_map(|(name, size)| Some((name.parse().ok()?, u32::try_from(size).ok()?)))
            .filter(|(id, _)| !hidden.contains(id))
            .collect())
    }

    fn read_full(&self, kind: FileType, id: &Id) -> RusticResult<Bytes> {
        if kind == FileType::Snapshot
            && let Some((kept, content)) = &*lock(&self.kept_back)
            && kept == id
        {
            return Ok(content.clone());
        }
        self.storage.read(kind, &name(kind, id), None).map_err(|fault| self.failed(fault))
    }

    fn read_partial(
        &self,
        kind: FileType,
        id: &Id,
        cacheable: bool,
        offset: u32,
        length: u32,
    ) -> RusticResult<Bytes> {
        if let Some(part) = self.held(*id, offset, length) {
            return Ok(part);
        }
        if let Some(near) = self.near.as_ref().filter(|_| cacheable && kind == FileType::Pack) {
            let pack = self.near(near, id).map_err(|fault| self.failed(fault))?;
            let end = offset as usize + length as usize;
            if end <= pack.len() {
                return Ok(pack.slice(offset as usize..end));
            }
            return Err(self.failed(Fault::Missing(format!("the end of {}", name(kind, id)))));
        }
        let range = u64::from(offset)..u64::from(offset) + u64::from(length);
        self.storage.read(kind, &name(kind, id), Some(range)).map_err(|fault| self.failed(fault))
    }

    fn warmup_path(&self, kind: FileType, id: &Id) -> String {
        name(kind, id)
    }
}

impl WriteBackend for Objects {
    fn create(&self) -> RusticResult<()> {
        self.storage.create().map_err(|fault| self.failed(fault))
    }

    fn write_bytes(&self, kind: FileType, id: &Id, _cacheable: bool, content: BytesList) -> RusticResult<()> {
        let name = name(kind, id);
        if matches!(kind, FileType::Snapshot | FileType::Config) && self.keeps_back.load(Ordering::SeqCst) {
            if kind == FileType::Snapshot {
                *lock(&self.kept_back) = Some((*id, content.slice().concat().into()));
            }
            return Ok(());
        }
        if kind == FileType::Snapshot {
            *lock(&self.written_snapshot) = Some(name.clone());
        }
        self.storage.write(kind, &name, content.slice()).map_err(|fault| self.failed(fault))?;
        let size = content.size() as u64;
        self.sent.fetch_add(size, Ordering::Relaxed);
        if matches!(kind, FileType::Pack | FileType::Index) {
            lock(&self.sent_objects).push((kind, name, size));
        }
        Ok(())
    }

    fn remove(&self, kind: FileType, id: &Id, _cacheable: bool) -> RusticResult<()> {
        self.storage.remove(kind, &name(kind, id)).map_err(|fault| self.failed(fault))
    }
}
