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

/// Everything that says that somebody acted, in the order of time.
pub(crate) struct Clues(Vec<(Option<BackupId>, Clue)>);

impl Clues {
    /// What was found, and what backups say of one another.
    pub(crate) fn new(plan: &Plan, found: &[Clue], histories: &Histories) -> Clues {
        let found = found.iter().map(|clue| (None, clue.clone()));
        let mut clues: Vec<(Option<BackupId>, Clue)> = found.chain(noise(plan, histories)).collect();
        clues.sort_by(|(_, a), (_, b)| (a.first, a.until, &a.what).cmp(&(b.first, b.until, &b.what)));
        Clues(clues)
    }

    /// The signs that bear on a backup: those at its asset, and at the service that it is for. A backup of an asset that
    /// is for no service of its own is for those of the asset.
    pub(crate) fn on(&self, plan: &Plan, backup: &Backup) -> Vec<Sign> {
        let services = services_of(plan, backup);
        let mut signs: Vec<Sign> = Vec::new();
        for (of, clue) in &self.0 {
            let at_asset = backup.asset.is_some() && clue.asset == backup.asset;
            let bears = at_asset || services.iter().any(|service| clue.services.contains(service));
            // A backup's own figures speak for themselves, in each repository.
            if !bears || of.as_ref() == Some(&backup.id) {
                continue;
            }
            match signs.last_mut() {
                // It went on, or came back before the place counted as clean: one story.
                Some(sign) if clue.first <= sign.until => sign.until = sign.until.max(clue.until),
                _ => signs.push(Sign { what: clue.what.clone(), first: clue.first, until: clue.until }),
            }
        }
        let over = signs.len().saturating_sub(SIGNS_MAX);
        signs.drain(..over);
        signs
    }
}

/// What backups say of one another: where one shows ransomware, the others from there are in doubt until that one is
/// right again.
fn noise(plan: &Plan, histories: &Histories) -> Vec<(Option<BackupId>, Clue)> {
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
            clues.push((Some(id.clone()), clue));
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
