//! Checkpoints: the city's state as it was at a place in the journal.
//!
//! State is a checkpoint and the events after it: rebuilt, never repaired. Each checkpoint is written whole or not at
//! all. The latest two are kept, and the journal from the earlier of them on, so that a damaged one costs nothing.

use crate::{
    durable::{self, FileError, failed},
    journal::Position,
};
use cycle::City;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// The schema number of the checkpoints that this release writes. It is raised when the form of the state changes; a
/// checkpoint of another form is passed over and the state rebuilt from the journal.
pub const SCHEMA: u32 = 1;

const MAGIC: &[u8; 16] = b"bastide-state\n\0\0";
const EXTENSION: &str = ".city";
/// How many checkpoints are kept.
const KEPT: usize = 2;

/// Why a checkpoint could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// The checkpoint was written by a newer release.
    #[error(
        "the checkpoint `{}` has schema {found}, this program knows {SCHEMA} at most; use the newer program",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// The schema number found.
        found: u32,
    },
    /// The state has no written form.
    #[error("the city's state could not be written down: {0}")]
    Form(postcard::Error),
    /// A file could not be written or read.
    #[error(transparent)]
    File(#[from] FileError),
}

/// The state at a place in the journal.
#[derive(Debug)]
pub struct Checkpoint {
    /// The city. Its plan is not part of it and must be given to it again.
    pub city: City,
    /// The place in the journal up to which the city has handled events.
    pub position: Position,
    /// How many records the sealed log had.
    pub sealed: u64,
}

/// The latest checkpoint that can be believed, and what was found wrong with later ones.
#[derive(Debug, Default)]
pub struct Restored {
    /// The checkpoint; none means to begin with an empty city at the start of the journal.
    pub checkpoint: Option<Checkpoint>,
    /// Checkpoints that were passed over, each with why, in words.
    pub passed_over: Vec<String>,
}

/// The folder of checkpoints.
#[derive(Clone, Debug)]
pub struct Checkpoints {
    directory: PathBuf,
}

impl Checkpoints {
    pub(crate) fn open(directory: PathBuf) -> Result<Checkpoints, CheckpointError> {
        durable::make_directory(&directory)?;
        durable::clear_unfinished(&directory)?;
        Ok(Checkpoints { directory })
    }

    /// A handle that only reads.
    pub(crate) fn read_only(directory: PathBuf) -> Checkpoints {
        Checkpoints { directory }
    }

    /// The places of the checkpoints kept, in order.
    pub(crate) fn positions(&self) -> Result<Vec<Position>, CheckpointError> {
        let names = durable::names(&self.directory)?;
        Ok(names.iter().filter_map(|name| name.strip_suffix(EXTENSION)?.parse().ok().map(Position)).collect())
    }

    fn path(&self, position: Position) -> PathBuf {
        self.directory.join(format!("{:020}{EXTENSION}", position.0))
    }

    /// The place before which nothing is needed any more to rebuild the state, even if the latest checkpoint is
    /// damaged. The start, as long as there are not two.
    ///
    /// # Errors
    /// The folder could not be read.
    pub fn safe(&self) -> Result<Position, CheckpointError> {
        let positions = self.positions()?;
        Ok(positions.len().checked_sub(KEPT).and_then(|at| positions.get(at)).copied().unwrap_or_default())
    }

    /// Writes a checkpoint and removes all but the latest two. Every event before `position` must be on the disk
    /// first: [`crate::Store::checkpoint`] sees to it.
    ///
    /// # Errors
    /// The file could not be written; the checkpoints there were are as they were.
    pub fn write(&self, city: &City, position: Position, sealed: u64) -> Result<(), CheckpointError> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&SCHEMA.to_le_bytes());
        bytes.extend_from_slice(&position.0.to_le_bytes());
        bytes.extend_from_slice(&sealed.to_le_bytes());
        let mut bytes = postcard::to_extend(city, bytes).map_err(CheckpointError::Form)?;
        bytes.extend_from_slice(&crc32fast::hash(&bytes).to_le_bytes());
        durable::write_whole(&self.path(position), &bytes)?;
        let positions = self.positions()?;
        for old in positions.iter().rev().skip(KEPT) {
            durable::remove(&self.path(*old))?;
        }
        Ok(())
    }

    /// The latest checkpoint that can be believed.
    ///
    /// # Errors
    /// A checkpoint is of a newer release, or a file could not be read for another reason than damage.
    pub fn read(&self) -> Result<Restored, CheckpointError> {
        let mut restored = Restored::default();
        for position in self.positions()?.into_iter().rev() {
            let path = self.path(position);
            match read(&path, position)? {
                Ok(checkpoint) => {
                    restored.checkpoint = Some(checkpoint);
                    break;
                }
                Err(why) => restored.passed_over.push(format!("the checkpoint `{}` {why}", path.display())),
            }
        }
        Ok(restored)
    }
}

/// Reads one checkpoint; the inner error says why it cannot be believed.
fn read(path: &Path, position: Position) -> Result<Result<Checkpoint, String>, CheckpointError> {
    let bytes = fs::read(path).map_err(failed("read", path))?;
    Ok(match parse(&bytes) {
        None => Err("is damaged".to_owned()),
        Some((found, ..)) if found > SCHEMA => {
            return Err(CheckpointError::Newer { path: path.to_path_buf(), found });
        }
        Some((found, ..)) if found < SCHEMA => Err(format!("has the older schema {found}")),
        Some((_, at, ..)) if at != position => Err(format!("says that it belongs at {at}")),
        Some((_, position, sealed, city)) => postcard::from_bytes(city)
            .map(|city| Checkpoint { city, position, sealed })
            .map_err(|_| "has a form that this program does not read".to_owned()),
    })
}

/// The schema, place, size of the sealed log and state in the bytes of a checkpoint. `None` if they are damaged.
fn parse(bytes: &[u8]) -> Option<(u32, Position, u64, &[u8])> {
    let (covered, check) = bytes.split_last_chunk()?;
    if crc32fast::hash(covered) != u32::from_le_bytes(*check) {
        return None;
    }
    let rest = covered.strip_prefix(MAGIC)?;
    let (schema, rest) = rest.split_first_chunk()?;
    let (position, rest) = rest.split_first_chunk()?;
    let (sealed, city) = rest.split_first_chunk()?;
    let position = Position(u64::from_le_bytes(*position));
    Some((u32::from_le_bytes(*schema), position, u64::from_le_bytes(*sealed), city))
}

#[cfg(test)]
mod tests {
    use super::*;
    use cycle::Event;
    use jiff::Timestamp;

    fn city(second: i64) -> City {
        let mut city = City::new(None);
        city.handle(&Event::Tick(Timestamp::from_second(second).unwrap()), &mut Vec::new());
        city
    }

    fn opened() -> (tempfile::TempDir, Checkpoints) {
        let directory = tempfile::tempdir().unwrap();
        let checkpoints = Checkpoints::open(directory.path().join("state")).unwrap();
        (directory, checkpoints)
    }

    #[test]
    fn the_latest_is_read_back_and_two_are_kept() {
        let (_directory, checkpoints) = opened();
        assert!(checkpoints.read().unwrap().checkpoint.is_none());
        for n in 1..=4 {
            checkpoints.write(&city(n), Position(n as u64 * 100), 7).unwrap();
        }
        let checkpoint = checkpoints.read().unwrap().checkpoint.unwrap();
        assert_eq!((checkpoint.position, checkpoint.sealed), (Position(400), 7));
        assert_eq!(checkpoint.city.now().as_second(), 4);
        assert_eq!(checkpoints.positions().unwrap(), [Position(300), Position(400)]);
        assert_eq!(checkpoints.safe().unwrap(), Position(300));
    }

    #[test]
    fn nothing_is_safe_to_forget_before_there_are_two() {
        let (_directory, checkpoints) = opened();
        assert_eq!(checkpoints.safe().unwrap(), Position(0));
        checkpoints.write(&city(1), Position(100), 0).unwrap();
        assert_eq!(checkpoints.safe().unwrap(), Position(0));
    }

    #[test]
    fn any_flipped_bit_falls_back_to_the_one_before() {
        let (_directory, checkpoints) = opened();
        checkpoints.write(&city(1), Position(100), 0).unwrap();
        checkpoints.write(&city(2), Position(200), 0).unwrap();
        let path = checkpoints.path(Position(200));
        let good = fs::read(&path).unwrap();
        for at in 0..good.len() {
            let mut bytes = good.clone();
            bytes[at] ^= 1 << (at % 8);
            fs::write(&path, &bytes).unwrap();
            let restored = checkpoints.read().unwrap();
            assert_eq!(restored.checkpoint.unwrap().position, Position(100), "byte {at}");
            assert_eq!(restored.passed_over.len(), 1);
        }
        for length in 0..good.len() {
            fs::write(&path, &good[..length]).unwrap();
            assert_eq!(checkpoints.read().unwrap().checkpoint.unwrap().position, Position(100));
        }
    }

    #[test]
    fn one_of_a_newer_release_is_refused_and_not_passed_over() {
        let (_directory, checkpoints) = opened();
        checkpoints.write(&city(1), Position(100), 0).unwrap();
        let path = checkpoints.path(Position(100));
        let mut bytes = fs::read(&path).unwrap();
        bytes.truncate(bytes.len() - 4);
        bytes[MAGIC.len()] = 2;
        let check = crc32fast::hash(&bytes).to_le_bytes();
        bytes.extend_from_slice(&check);
        fs::write(&path, &bytes).unwrap();
        assert!(matches!(checkpoints.read(), Err(CheckpointError::Newer { found: 2, .. })));
    }
}
