//! Whether a snapshot is as the ones before it let expect.
//!
//! Only figures are looked at: how many files and bytes there are, how many are new, changed and gone, and how much of
//! what is new cannot be told from noise. Each is compared with what is usual for this backup, so that a folder of
//! photographs, which is noise throughout, is not taken for one that was encrypted.

use crate::{Taken, words};
use city::{Snapshot, Text};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Fewer snapshots than these are no habit.
const HABIT_MIN: usize = 3;

/// The newest clean snapshots whose middle is what is usual.
const USUAL: usize = 16;

/// After so many snapshots in a row that are only smaller than before, smaller is what is usual. They were told of.
const ACCEPTED: usize = 7;

/// Fewer files than these are not many.
const MANY: u64 = 16;

/// So many bytes looked at say something about the rest.
const SAMPLE_MIN: u64 = 4_096;

/// Why a snapshot may not be what should be restored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Doubt {
    /// Files that could be read are noise now.
    Encrypted {
        /// Some of them.
        files: Vec<Text>,
        /// How many files have other content than before.
        replaced: u64,
        /// How much of what is new is noise, in hundredths, if enough was looked at.
        noise: Option<u8>,
    },
    /// Many files have other content than before, and it is noise.
    Noise {
        /// How many files have other content than before.
        replaced: u64,
        /// How many files there were.
        of: u64,
        /// How much of what is new is noise, in hundredths.
        noise: u8,
        /// How much is usual.
        usual: u8,
    },
    /// Files are gone.
    LostFiles {
        /// How many.
        gone: u64,
        /// How many there were.
        of: u64,
        /// Some of them.
        files: Vec<Text>,
    },
    /// There is much less than before.
    Shrank {
        /// How many files and bytes there are.
        now: (u64, u64),
        /// How many are usual.
        usual: (u64, u64),
    },
    /// It was made after one in doubt, and nothing has set right what that one was doubted for.
    Follows {
        /// The id of that one.
        snapshot: Text,
        /// When that one was made.
        made: Timestamp,
        /// What that one is doubted for.
        cause: Cause,
        /// How many files that was about.
        files: u64,
    },
}

/// What a snapshot can be doubted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cause {
    /// It is noise.
    Noise,
    /// Files are gone.
    Loss,
    /// It is small.
    Size,
}

impl Doubt {
    /// What it is about.
    #[must_use]
    pub fn cause(&self) -> Cause {
        match self {
            Doubt::Encrypted { .. } | Doubt::Noise { .. } => Cause::Noise,
            Doubt::LostFiles { .. } => Cause::Loss,
            Doubt::Shrank { .. } => Cause::Size,
            Doubt::Follows { cause, .. } => *cause,
        }
    }

    /// How many files it is about.
    fn files(&self) -> u64 {
        match self {
            Doubt::Encrypted { replaced, .. } | Doubt::Noise { replaced, .. } => *replaced,
            Doubt::LostFiles { gone, .. } => *gone,
            Doubt::Shrank { usual: (usual, _), now: (now, _) } => usual.saturating_sub(*now),
            Doubt::Follows { files, .. } => *files,
        }
    }
}

impl fmt::Display for Doubt {
    /// In words that follow the snapshot's name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Doubt::Encrypted { files, replaced, noise } => {
                write!(f, "files that could be read are noise now: {}", words::some(files, 4))?;
                write!(f, "; {replaced} files have other content than before")?;
                match noise {
                    Some(noise) => write!(f, ", {noise} % of what is new is noise"),
                    None => Ok(()),
                }
            }
            Doubt::Noise { replaced, of, noise, usual } => write!(
                f,
                "{replaced} of {of} files have other content than before, and {noise} % of it is noise; usual are {usual} %"
            ),
            Doubt::LostFiles { gone, of, files } if files.is_empty() => {
                write!(f, "{gone} of {of} files are gone")
            }
            Doubt::LostFiles { gone, of, files } => {
                write!(f, "{gone} of {of} files are gone, among them {}", words::some(files, 4))
            }
            Doubt::Shrank { now: (files, bytes), usual: (usual_files, usual_bytes) } => write!(
                f,
                "it has {files} files and {}; usual are {usual_files} and {}",
                words::amount(*bytes),
                words::amount(*usual_bytes)
            ),
            Doubt::Follows { snapshot, made, .. } => write!(
                f,
                "made after {} of {}, which is in doubt, and nothing has set that right since",
                words::short(snapshot),
                words::moment(*made)
            ),
        }
    }
}

/// Why a snapshot that comes after these is in doubt; nothing if it is not. One reason at most is its own: the gravest.
pub(crate) fn doubt(before: &[Taken], now: &Snapshot) -> Option<Doubt> {
    let habit = Habit::of(before);
    noise(&habit, now)
        .or_else(|| lost(&habit, now))
        .or_else(|| shrank(&habit, now))
        .or_else(|| follows(before, &habit, now))
}

/// What is usual for a backup.
struct Habit {
    /// How many clean snapshots there are to learn from.
    known: usize,
    files: u64,
    bytes: u64,
    files_min: u64,
    bytes_min: u64,
    /// The most files that were replaced at once.
    replaced_max: u64,
    /// The greatest share of files that were gone at once, in hundredths.
    gone_max: u64,
    /// The most readable files that turned to noise at once.
    noisy_max: usize,
    /// How much of what was new was noise, in hundredths.
    noise: u8,
}

impl Habit {
    fn of(before: &[Taken]) -> Habit {
        let smaller = before.iter().rev().take_while(|taken| {
            taken.doubt.as_ref().is_some_and(|doubt| doubt.cause() != Cause::Noise) && taken.proven.is_none()
        });
        let accepted = smaller.count() >= ACCEPTED;
        let newest = before.len().saturating_sub(ACCEPTED);
        let clean: Vec<&Snapshot> = before
            .iter()
            .enumerate()
            .filter(|(at, taken)| if accepted { *at >= newest } else { taken.is_sound() })
            .map(|(_, taken)| &taken.snapshot)
            .collect();
        // The first snapshot has only new files, and says nothing of how many are usual.
        let later = || clean.iter().filter(|snapshot| prior(snapshot) > 0);
        let newest = clean.get(clean.len().saturating_sub(USUAL)..).unwrap_or_default();
        let usual = |figure: fn(&Snapshot) -> u64| middle(newest.iter().map(|s| figure(s)).collect());
        Habit {
            known: clean.len(),
            files: usual(|snapshot| snapshot.files),
            bytes: usual(|snapshot| snapshot.bytes),
            files_min: clean.iter().map(|snapshot| snapshot.files).min().unwrap_or_default(),
            bytes_min: clean.iter().map(|snapshot| snapshot.bytes).min().unwrap_or_default(),
            replaced_max: later().map(|snapshot| replaced(snapshot)).max().unwrap_or_default(),
            gone_max: later().map(|s| percent(s.gone_files, prior(s))).max().unwrap_or_default(),
            noisy_max: later().map(|snapshot| unlogged(snapshot).len()).max().unwrap_or_default(),
            noise: u8::try_from(middle(newest.iter().filter_map(|s| noise_of(s)).map(u64::from).collect()))
                .unwrap_or(100),
        }
    }
}

/// Whether what was readable is noise now, or many files at once became noise.
fn noise(habit: &Habit, now: &Snapshot) -> Option<Doubt> {
    let (prior, replaced, noise) = (prior(now), replaced(now), noise_of(now));
    let noisy = unlogged(now);
    let count = noisy.len();
    let most_of_few = count > habit.noisy_max && count as u64 * 2 > prior;
    let many = count >= 8 && count > 2 * habit.noisy_max;
    let some = count >= 4 && count > 2 * habit.noisy_max + 2 && noise.is_some_and(|noise| noise >= 50);
    if prior > 0 && (most_of_few || many || some) {
        let files = noisy.into_iter().cloned().collect();
        return Some(Doubt::Encrypted { files, replaced, noise });
    }
    let noise = noise.filter(|noise| *noise >= 80)?;
    // A file that only has another name adds nothing to the repository. Encryption that skips parts of a file leaves
    // those as they were, so that a part of what the files hold is enough.
    let written = percent(now.added, now.bytes) * 4 >= percent(replaced, prior);
    if habit.known < HABIT_MIN || replaced < MANY || !written {
        return None;
    }
    let unusual = replaced * 10 >= prior
        && replaced > 2 * habit.replaced_max
        && noise >= habit.noise.saturating_add(30);
    let wholesale = replaced * 2 >= prior && habit.replaced_max * 10 < prior;
    (unusual || wholesale).then_some(Doubt::Noise { replaced, of: prior, noise, usual: habit.noise })
}

/// Whether the usual files are gone, or have other names and other content.
fn lost(habit: &Habit, now: &Snapshot) -> Option<Doubt> {
    let prior = prior(now);
    let found = || Some(Doubt::LostFiles { gone: now.gone_files, of: prior, files: now.gone.clone() });
    if prior >= 2 && now.files == 0 {
        return found();
    }
    let gone = percent(now.gone_files, prior);
    let many = now.gone_files >= MANY && gone >= 50 && gone > habit.gone_max * 2;
    let renamed = now.new_files * 5 >= now.gone_files * 4 && now.added <= now.bytes / 10;
    if habit.known >= HABIT_MIN && many && !renamed { found() } else { None }
}

/// Whether there is much less than usual, and less than there ever was.
fn shrank(habit: &Habit, now: &Snapshot) -> Option<Doubt> {
    let less = |now: u64, usual: u64, least: u64, floor: u64| {
        usual >= floor && now.saturating_mul(2) < usual && now.saturating_mul(5) < least.saturating_mul(4)
    };
    let nothing = habit.known > 0 && now.bytes == 0 && habit.bytes_min > 0;
    let much = habit.known >= HABIT_MIN
        && (less(now.bytes, habit.bytes, habit.bytes_min, SAMPLE_MIN)
            || less(now.files, habit.files, habit.files_min, MANY));
    (nothing || much)
        .then_some(Doubt::Shrank { now: (now.files, now.bytes), usual: (habit.files, habit.bytes) })
}

/// Whether the snapshot before was in doubt, and what it was doubted for still holds.
fn follows(before: &[Taken], habit: &Habit, now: &Snapshot) -> Option<Doubt> {
    let last = before.last().filter(|last| !last.is_sound())?;
    let doubt = last.doubt.as_ref()?;
    let (cause, files) = (doubt.cause(), doubt.files());
    let (snapshot, made) = match doubt {
        Doubt::Follows { snapshot, made, .. } => (snapshot.clone(), *made),
        _ => (last.snapshot.id.clone(), last.start),
    };
    let back = now.bytes.saturating_mul(5) >= habit.bytes.saturating_mul(4)
        && now.files.saturating_mul(5) >= habit.files.saturating_mul(4);
    let in_doubt = before.iter().rev().take_while(|taken| !taken.is_sound()).count();
    let right = match cause {
        // As many files again have other content, which is more than on any ordinary day, and it can be read: they were
        // put back. Where every day changes as many, only a drill can tell.
        Cause::Noise => {
            replaced(now) * 2 >= files.max(1)
                && replaced(now) > 2 * habit.replaced_max
                && noise_of(now).is_none_or(|noise| noise < 50)
        }
        Cause::Loss => back && now.new_files * 2 >= files || in_doubt >= ACCEPTED,
        Cause::Size => back || in_doubt >= ACCEPTED,
    };
    (!right).then_some(Doubt::Follows { snapshot, made, cause, files })
}

/// How many files the snapshot before had.
fn prior(snapshot: &Snapshot) -> u64 {
    snapshot.files.saturating_add(snapshot.gone_files).saturating_sub(snapshot.new_files)
}

/// How many files have other content than before, be it under other names.
fn replaced(snapshot: &Snapshot) -> u64 {
    snapshot.changed_files.saturating_add(snapshot.new_files.min(snapshot.gone_files))
}

/// How much of what is new is noise, in hundredths, if enough was looked at.
fn noise_of(snapshot: &Snapshot) -> Option<u8> {
    let share = percent(snapshot.noise, snapshot.sampled).min(100);
    (snapshot.sampled >= SAMPLE_MIN).then(|| u8::try_from(share).unwrap_or(100))
}

/// Files that could be read and are noise now, without old logs, which are packed every night.
fn unlogged(snapshot: &Snapshot) -> Vec<&Text> {
    snapshot.noisy.iter().filter(|name| !is_old_log(name)).collect()
}

/// Whether a name is that of a log that was put aside: `syslog.1`, `access.log.3.gz`, `boot.log-20260105`.
fn is_old_log(name: &str) -> bool {
    let file = name.rsplit('/').next().unwrap_or(name);
    let packed = [".gz", ".xz", ".zst", ".bz2"].iter().find_map(|ending| file.strip_suffix(ending));
    let file = packed.unwrap_or(file);
    let number = file.rsplit(['.', '-']).next().unwrap_or(file);
    number.len() < file.len() && number.bytes().all(|byte| byte.is_ascii_digit()) && !number.is_empty()
}

fn percent(part: u64, whole: u64) -> u64 {
    if whole == 0 { 0 } else { u64::try_from(u128::from(part) * 100 / u128::from(whole)).unwrap_or(u64::MAX) }
}

/// The middle of some figures; of two middles the smaller.
fn middle(mut figures: Vec<u64>) -> u64 {
    figures.sort_unstable();
    figures.get(figures.len().saturating_sub(1) / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests;
