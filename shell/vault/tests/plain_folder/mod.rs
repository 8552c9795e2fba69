//! A folder for `rustic_core`, as an attacker would use it: without any of our checks.

use bytes::Bytes;
use rustic_core::{BytesList, FileType, Id, ReadBackend, RusticResult, WriteBackend};
use std::{fs, io::Read, path::PathBuf};

/// A repository in a folder.
#[derive(Debug)]
pub struct Plain(pub PathBuf);

impl Plain {
    fn path(&self, kind: FileType, id: &Id) -> PathBuf {
        let name = id.to_hex().as_str().to_owned();
        match kind {
            FileType::Config => self.0.join("config"),
            FileType::Pack => self.0.join("data").join(name.get(..2).unwrap()).join(name),
            other => self.0.join(other.dirname()).join(name),
        }
    }
}

impl ReadBackend for Plain {
    fn location(&self) -> String {
        self.0.display().to_string()
    }

    fn list_with_size(&self, kind: FileType) -> RusticResult<Vec<(Id, u32)>> {
        if kind == FileType::Config {
            return Ok(vec![(Id::default(), 1)]);
        }
        let folder = self.0.join(kind.dirname());
        let folders = if kind == FileType::Pack {
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
        } else {
            vec![folder]
        };
        let files = folders.into_iter().flat_map(|folder| fs::read_dir(folder).unwrap()).map(Result::unwrap);
        let sized = files.filter_map(|file| {
            let id = file.file_name().to_str()?.parse().ok()?;
            Some((id, u32::try_from(file.metadata().ok()?.len()).ok()?))
        });
        Ok(sized.collect())
    }

    fn read_full(&self, kind: FileType, id: &Id) -> RusticResult<Bytes> {
        Ok(fs::read(self.path(kind, id)).unwrap().into())
    }

    fn read_partial(
        &self,
        kind: FileType,
        id: &Id,
        _: bool,
        offset: u32,
        length: u32,
    ) -> RusticResult<Bytes> {
        let whole = self.read_full(kind, id)?;
        Ok(whole.slice(offset as usize..(offset + length) as usize))
    }

    fn warmup_path(&self, _: FileType, _: &Id) -> String {
        String::new()
    }
}

impl WriteBackend for Plain {
    fn write_bytes(&self, kind: FileType, id: &Id, _: bool, content: BytesList) -> RusticResult<()> {
        let mut whole = Vec::new();
        content.reader().read_to_end(&mut whole).unwrap();
        fs::write(self.path(kind, id), whole).unwrap();
        Ok(())
    }

    fn remove(&self, kind: FileType, id: &Id, _: bool) -> RusticResult<()> {
        fs::remove_file(self.path(kind, id)).unwrap();
        Ok(())
    }
}
