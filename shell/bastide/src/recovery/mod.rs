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
use arguments::{Backups, Drills, Of, Recover, Restore};

/// Runs `bastide backup`.
pub(crate) fn backup(command: &Backups) -> anyhow::Result<Verdict> {
    make::run(command)
}

/// Makes one repository of a plan.
pub(crate) fn make_repository(repository: &str, of: &Of) -> anyhow::Result<()> {
    make::make_repository(repository, of)
}

/// Makes those backups whose time has come into some repositories, tells the city, and says nothing of it otherwise.
pub(crate) fn make_due(backups: &[String], into: &[String], of: &Of) -> anyhow::Result<()> {
    make::make_all(backups, into, true, of).map(drop)
}

/// Holds the drills of services, tells the city, and says nothing of it otherwise.
pub(crate) fn hold_drills(services: &[&str], of: &Of) -> anyhow::Result<()> {
    drills::hold_isolated(services, of).map(drop)
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
