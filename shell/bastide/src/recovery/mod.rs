//! The way back: backups, drills, restorations, and what is needed when nothing works.

pub(crate) mod arguments;
mod bar;
mod drills;
pub(crate) mod known;
mod make;
mod restoring;
mod select;
pub(crate) mod tell;
mod walk;
mod way;
mod words;

use crate::failure::Verdict;
use arguments::{Backups, Drills, Recover, Restore};

/// Runs `bastide backup`.
pub(crate) fn backup(command: &Backups) -> anyhow::Result<Verdict> {
    make::run(command)
}

/// Runs `bastide recover`.
pub(crate) fn recover(command: &Recover) -> anyhow::Result<Verdict> {
    match command {
        Recover::Plan { lost, city } => way::run(&lost.lost, city),
        Recover::Run(command) => walk::run(command),
    }
}

/// Runs `bastide drill`.
pub(crate) fn drill(command: &Drills) -> anyhow::Result<Verdict> {
    drills::run(command)
}

/// Runs `bastide restore`.
pub(crate) fn restore(command: &Restore) -> anyhow::Result<Verdict> {
    restoring::run(command)
}
