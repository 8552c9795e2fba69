//! Which snapshots were made after somebody may have got in.

use crate::{Cause, History, Taken, words};
use city::{AssetId, Backup, BackupId, RepositoryId, ServiceId, Text};
use jiff::{SignedDuration, Timestamp};
use plan::Plan;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt};

/// For how long after somebody acted what is backed up there is in doubt. Whoever got in may wait before the next step;
/// after a month without any sign the machine counts as clean again.
pub const STAYS: SignedDuration = SignedDuration::from_hours(30 * 24);

/// What became of each backup in each repository.
pub(crate) type Histories = BTreeMap<(BackupId, RepositoryId), History>;

/// The most signs of a backup that are kept; the earliest go first.
const SIGNS_MAX: usize = 16;

/// Something that was found and says that somebody acted: what, when, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clue {
    /// What, so that a reader can look it up.
    pub what: Text,
    /// When it was first seen.
    pub first: Timestamp,
    /// Until when what is backed up there is in doubt: [`STAYS`] after it was last seen, or when somebody put it right.
    pub until: Timestamp,
    /// The asset that it was at.
    pub asset: Option<AssetId>,
    /// The services that it bears on.
    pub services: Vec<ServiceId>,
}

/// That somebody acted where a backup's data is from, from when and until when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sign {
    /// What was found first.
    pub what: Text,
    /// When it was first seen.
    pub first: Timestamp,
    /// Until when it counts.
    pub until: Timestamp,
}

impl Sign {
    /// Whether a snapshot was made while, or soon after, somebody acted.
    #[must_use]
    pub fn bears_on(&self, taken: &Taken) -> bool {
        let end = taken.start.checked_add(taken.duration).unwrap_or(taken.start);
        self.first <= end && taken.start < self.until
    }
}

impl fmt::Display for Sign {
    /// In words that follow the snapshot's name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "made after {}: {}", words::moment(self.first), self.what)
    }
}

/// What is thought of a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Verdict {
    /// Nothing speaks against it.
    Clean,
    /// Something does: what, in words that follow its name.
    Suspect(Vec<Text>),
}

/// The signs that bear on each backup: those at its asset, and at the service that it is for. A backup of an asset that is
/// for no service of its own is for those of the asset.
pub(crate) fn signs(plan: &Plan, clues: &[Clue], histories: &Histories) -> BTreeMap<BackupId, Vec<Sign>> {
    let noise = noise(plan, histories);
    let told = clues.iter().map(|clue| (None, clue));
    let mut by_time: Vec<(Option<&BackupId>, &Clue)> =
        told.chain(noise.iter().map(|(backup, clue)| (Some(backup), clue))).collect();
    by_time.sort_by(|(_, a), (_, b)| (a.first, a.until, &a.what).cmp(&(b.first, b.until, &b.what)));
    let mut signs = BTreeMap::new();
    for backup in plan.backups() {
        let mut of_backup: Vec<Sign> = Vec::new();
        // A backup's own figures speak for themselves, in each repository.
        let others = by_time.iter().filter(|(of, _)| *of != Some(&backup.id)).map(|(_, clue)| clue);
        for clue in others.filter(|clue| concerns(plan, clue, backup)) {
            match of_backup.last_mut() {
                // It went on, or came back before the place counted as clean: one story.
                Some(sign) if clue.first <= sign.until => sign.until = sign.until.max(clue.until),
                _ => of_backup.push(Sign { what: clue.what.clone(), first: clue.first, until: clue.until }),
            }
        }
        let over = of_backup.len().saturating_sub(SIGNS_MAX);
        of_backup.drain(..over);
        if !of_backup.is_empty() {
            signs.insert(backup.id.clone(), of_backup);
        }
    }
    signs
}

/// What backups say of one another: where one shows ransomware, the others from there are in doubt until that one is
/// right again.
fn noise(plan: &Plan, histories: &Histories) -> Vec<(BackupId, Clue)> {
    let mut clues = Vec::new();
    for ((id, _), history) in histories {
        let Some(backup) = plan.backup(id) else { continue };
        let mut began: Option<Timestamp> = None;
        let mut clue = |first: Timestamp, until: Timestamp| {
            let clue = Clue {
                what: format!("the backup {id} turned to noise").into(),
                first,
                until,
                asset: backup.asset.clone(),
                services: services_of(plan, backup),
            };
            clues.push((id.clone(), clue));
        };
        for taken in &history.snapshots {
            let spoilt = taken.doubt.as_ref().is_some_and(|doubt| doubt.cause() == Cause::Noise);
            match began {
                None if spoilt && !taken.is_sound() => began = Some(taken.start),
                Some(first) if taken.is_sound() => {
                    clue(first, taken.start);
                    began = None;
                }
                _ => {}
            }
        }
        if let (Some(first), Some(last)) = (began, history.snapshots.last()) {
            clue(first, last.start.checked_add(STAYS).unwrap_or(Timestamp::MAX));
        }
    }
    clues
}

/// The services that a backup is for: its own, or else those of its asset.
pub(crate) fn services_of(plan: &Plan, backup: &Backup) -> Vec<ServiceId> {
    match &backup.service {
        Some(service) => vec![service.clone()],
        None => {
            let asset = backup.asset.as_ref().and_then(|asset| plan.asset(asset));
            asset.map(|asset| asset.services.clone()).unwrap_or_default()
        }
    }
}

fn concerns(plan: &Plan, clue: &Clue, backup: &Backup) -> bool {
    let at_asset = backup.asset.is_some() && clue.asset == backup.asset;
    let at_service = services_of(plan, backup).iter().any(|service| clue.services.contains(service));
    at_asset || at_service
}
