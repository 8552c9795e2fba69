//! The second copy of the signed heads: a text file that is only ever appended to.
//!
//! Each entry is a signed note followed by an empty line, so a note's text, its signatures and the next note are all
//! told apart by empty lines, and people can read the file.

use crate::durable::{FileError, failed};
use std::{
    fs::{self, File},
    io::{Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
};

pub(super) const FILE: &str = "heads.log";

/// The notes in a file, and how many bytes of it they are; what follows was torn by a kill.
pub(super) struct Copies {
    pub(super) notes: Vec<String>,
    pub(super) whole: usize,
}

/// Reads the notes. Bytes that are no text stand for themselves as a note that nothing vouches for.
pub(super) fn read(path: &Path) -> Result<Copies, FileError> {
    let bytes = fs::read(path).map_err(failed("read", path))?;
    let text = String::from_utf8_lossy(&bytes);
    let mut parts: Vec<&str> = text.split_inclusive("\n\n").collect();
    // A whole entry is two parts, each ending with an empty line.
    let ended = |part: &&str| part.ends_with("\n\n");
    while parts.len() % 2 == 1 || parts.last().is_some_and(|part| !ended(part)) {
        parts.pop();
    }
    // Counted from the end, for what is no text has another length once it is replaced.
    let rest: usize = text.len() - parts.iter().map(|part| part.len()).sum::<usize>();
    let notes = parts
        .chunks_exact(2)
        .map(|entry| {
            let entry = entry.concat();
            entry.strip_suffix('\n').map(str::to_owned).unwrap_or(entry)
        })
        .collect();
    Ok(Copies { notes, whole: bytes.len().saturating_sub(rest) })
}

/// The file, open for appending.
pub(super) struct HeadsFile {
    path: PathBuf,
    file: File,
    written: u64,
    /// Notes that are in the table and not yet here.
    waiting: String,
}

impl HeadsFile {
    /// Opens the file behind its last whole entry.
    pub(super) fn open(path: PathBuf, whole: usize) -> Result<HeadsFile, FileError> {
        let mut file = File::options().write(true).open(&path).map_err(failed("open", &path))?;
        let written = whole as u64;
        file.set_len(written)
            .and_then(|()| file.seek(SeekFrom::Start(written)))
            .map_err(failed("cut the torn end off", &path))?;
        Ok(HeadsFile { path, file, written, waiting: String::new() })
    }

    /// Puts a note in line.
    pub(super) fn put(&mut self, note: &str) {
        self.waiting.push_str(note);
        self.waiting.push('\n');
    }

    /// Puts everything in line on the disk.
    pub(super) fn sync(&mut self) -> Result<(), FileError> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let result = self.file.write_all(self.waiting.as_bytes()).and_then(|()| self.file.sync_data());
        if let Err(cause) = result {
            // Whatever was taken is written again the next time.
            let _ = self.file.set_len(self.written);
            let _ = self.file.seek(SeekFrom::Start(self.written));
            return Err(failed("append to", &self.path)(cause));
        }
        self.written += self.waiting.len() as u64;
        self.waiting.clear();
        Ok(())
    }
}
