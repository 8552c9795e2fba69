//! The store: what Bastide keeps, and what it promises of it.

mod checkpoint;
mod database;
mod durable;
mod history;
mod journal;
mod packets;
mod people;
mod sealed;
mod secret;
mod store;

pub use crate::{
    checkpoint::{Checkpoint, CheckpointError, Checkpoints, Restored},
    database::DatabaseError,
    durable::FileError,
    history::{Answer, Compacted, History, HistoryError, Place, Pruned, Question, Retention, Table},
    journal::{Events, Journal, JournalError, Opening, Position},
    packets::{Kept, PacketLimits, Packets, Recent},
    people::{Link, NewPerson, People, PeopleError, Person, PersonChange, PersonId, Role, Session, Token},
    sealed::{
        Act, ActRecord, Damage, EvidenceRecord, FindingRecord, Head, LogError, PlanFile, PlanRecord,
        ReasonRecord, Receipt, Record, Sealed, SealedLog, StartRecord, Verified,
    },
    secret::{ChanceError, Secret},
    store::{Kind, Limits, Reader, Settings, Start, Store, StoreError, Tended},
};

#[cfg(test)]
#[path = "../tests/sample/mod.rs"]
mod sample;
