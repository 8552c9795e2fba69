//! The store: what Bastide keeps, and what it promises of it.
//!
//! One city, one process, one state directory, locked. In it:
//!
//! | what | where | promise |
//! |---|---|---|
//! | [`Journal`] | `journal/` | every event, in order; a kill loses at most what came after the last [`Journal::sync`], and [`Opening`] says so |
//! | [`Checkpoints`] | `checkpoints/` | the city's state at a place in the journal; state is a checkpoint and the events after it: rebuilt, never repaired |
//! | [`SealedLog`] | `bastide.db`, `heads.log`, `log.key` | findings, decisions, people's acts; what [`SealedLog::seal`] acknowledged is there, and one changed bit is found |
//! | [`History`] | `history/` | conversations, requests, identities, weaknesses as Parquet by day; forgotten by age and bytes, never before a checkpoint holds what they taught |
//! | [`Packets`] | `packets/` | raw frames around findings, bounded by age and bytes |
//! | [`Runs`] | `runs/` | restorations that people work through, a file each, to which lines are only added; what was ticked is there |
//! | [`Intelligence`] | `intelligence.db` | objects of STIX with who told them, how far they may go and for whom; none is ever changed |
//! | [`PeerReading`] | `peers/` | when each peer was read last; replaced whole, and not waited for |
//! | [`People`], [`Settings`] | `bastide.db` | who may do what; no token or passphrase |
//!
//! **The loop.** Open with [`Store::open`]; give the checkpoint's city its plan and let it handle the events of
//! [`Start::position`] on; put [`Opening::loss`] in as an observation. Then, for each event, [`Journal::append`] before
//! the city handles it. Before an effect is carried out, [`Journal::sync`] and then [`SealedLog::seal`]: in this order
//! a finding never outlives the events that led to it, so that no number is given twice. Every second
//! [`Journal::sync`]; every few minutes [`Store::compact`], [`Store::checkpoint`] and [`Store::tend`]. At the end
//! [`Store::close`].
//!
//! **Effects again.** Events handled again after a start give their effects again. The findings that were sealed
//! already are in the log behind the checkpoint's [`Checkpoint::sealed`]; the rest were not shown yet.
//!
//! Without the lock, beside a running process, [`Reader`] reads it all and changes nothing.

mod checkpoint;
mod database;
mod durable;
mod history;
pub mod intelligence;
mod journal;
mod key;
mod packets;
mod people;
mod readings;
mod runs;
mod sealed;
mod secret;
mod store;

pub use crate::{
    checkpoint::{Checkpoint, CheckpointError, Checkpoints, Restored},
    database::DatabaseError,
    durable::FileError,
    history::{
        Addresses, Answer, Batch, Coded, Compacted, Condition, Conversations, History, HistoryError, Looked,
        Passed, Place, Pruned, Question, Requests, Retention, Sweep, Swept, Table, Targets, TextSet, Texts,
    },
    intelligence::{Intelligence, IntelligenceError},
    journal::{Events, Journal, JournalError, Opening, Position},
    key::KeyFileError,
    packets::{Kept, PacketLimits, Packets},
    people::{Link, NewPerson, People, PeopleError, Person, PersonChange, PersonId, Role, Session, Token},
    readings::PeerReading,
    runs::{Runs, RunsError},
    sealed::{
        Act, ActRecord, BackupRecord, Damage, DrillRecord, DrillStepRecord, EvidenceRecord, FindingRecord,
        Head, IncidentRecord, IncidentStepRecord, LogError, PlanFile, PlanRecord, ReasonRecord, Receipt,
        Record, ResponseRecord, Sealed, SealedLog, SnapshotRecord, StartRecord, Verified,
    },
    secret::{ChanceError, Secret},
    store::{Kind, Limits, Reader, SCRATCH, Settings, Start, Store, StoreError, Tended},
};

#[cfg(test)]
#[path = "../tests/sample/mod.rs"]
mod sample;
