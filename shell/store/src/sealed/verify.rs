//! Checking the whole log against what was signed.

use super::{
    Head, LogError, SealedLog, heads,
    read::{next_row, number, sealed},
    write::leaf_of,
};
use crate::database::failed;
use integrity::{Checkpoint, Hash, Tree};
use sqlx::{Row as _, TypeInfo as _, ValueRef as _, sqlite::SqliteRow};
use std::{collections::BTreeMap, fmt, pin::pin};

/// The most damages that are listed; more are counted.
const DAMAGE_MAX: usize = 100;

/// Something in the log that is not as it was signed, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Damage {
    /// An entry of the copy of the signed heads was changed.
    Copy {
        /// Which, from 1.
        entry: u64,
        /// What is wrong with it.
        why: String,
    },
    /// Records are missing at the end: more were signed than there are.
    CutShort {
        /// How many there are.
        records: u64,
        /// How many were signed.
        signed: u64,
    },
    /// The records do not lead to a signed head, although each fits its own hash: someone changed both.
    Head {
        /// The records up to here lead to the head before.
        after: u64,
        /// How many records the head covers.
        size: u64,
    },
    /// Records are missing in between, or were put out of their order.
    Missing {
        /// The first.
        from: u64,
        /// The last.
        to: u64,
    },
    /// What a record says and its hash do not belong together.
    Record {
        /// Its place.
        sequence: u64,
    },
    /// A signed head was changed, or is not signed by this log's key.
    Signature {
        /// How many records it says that it covers, as far as that can be read.
        size: Option<u64>,
        /// What is wrong with it.
        why: String,
    },
    /// The database itself is damaged: what follows a place cannot be read.
    Unreadable {
        /// The last record before.
        after: u64,
        /// What SQLite said.
        why: String,
    },
    /// Records at the end that no signed head covers. They were added by another hand.
    Unsigned {
        /// The first.
        from: u64,
        /// The last.
        to: u64,
    },
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Damage::Copy { entry, why } => {
                write!(f, "entry {entry} of the copy of the signed heads (`{}`): {why}", heads::FILE)
            }
            Damage::CutShort { records, signed } => {
                write!(f, "{signed} records were signed and only {records} are there: the end was cut off")
            }
            Damage::Head { after: 0, size } => {
                write!(f, "records 1 to {size} do not lead to the signed head")
            }
            Damage::Head { after, size } => {
                write!(
                    f,
                    "records {} to {size} do not lead to the signed head, those before them do",
                    after + 1
                )
            }
            Damage::Missing { from, to } if from == to => write!(f, "record {from} is missing"),
            Damage::Missing { from, to } => write!(f, "records {from} to {to} are missing"),
            Damage::Record { sequence } => {
                write!(f, "record {sequence} was changed: what it says and its hash do not belong together")
            }
            Damage::Signature { size: Some(size), why } => {
                write!(f, "the signed head over {size} records: {why}")
            }
            Damage::Signature { size: None, why } => write!(f, "the latest signed head: {why}"),
            Damage::Unreadable { after, why } => {
                write!(f, "the database cannot be read behind record {after}: {why}")
            }
            Damage::Unsigned { from, to } => write!(f, "records {from} to {to} are under no signed head"),
        }
    }
}

/// What checking the whole log showed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// How many records there are.
    pub records: u64,
    /// How many signed heads there are.
    pub heads: u64,
    /// The last head, if its signature holds.
    pub head: Option<Head>,
    /// What is not as it was signed, at most 100; nothing if all is well.
    pub damage: Vec<Damage>,
    /// How many more damages there are.
    pub more: u64,
    /// Heads that a kill kept from being copied, which the next start copies: not acknowledged, and no damage.
    pub not_copied: u64,
}

impl Verified {
    /// Whether everything is as it was signed.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.damage.is_empty()
    }

    fn note(&mut self, damage: Damage) {
        if self.damage.len() < DAMAGE_MAX {
            self.damage.push(damage);
        } else {
            self.more += 1;
        }
    }
}

/// The records read so far, as a tree over what they say and as one over the hashes stored with them. They part where
/// one of the two was changed; the next signed head tells which is right.
struct Trees {
    said: Tree,
    stored: Tree,
    /// The records up to here led to a signed head.
    good: u64,
    /// Whether a head was missed already: every later one is missed for the same reason.
    lost: bool,
}

impl SealedLog {
    /// Checks everything: each record against its hash, the hashes against every signed head, every signature, the
    /// order, and the copy of the heads against the table.
    ///
    /// # Errors
    /// The copy of the heads could not be read. What is wrong with the log is no error but the answer.
    pub async fn verify(&self) -> Result<Verified, LogError> {
        let mut verified = Verified::default();
        // The copy first: what is sealed meanwhile is then in the table and not in it, which is as it should be.
        let copies = heads::read(&self.heads)?;
        let heads = self.verify_heads(&mut verified).await;
        let mut copied = 0;
        for (entry, note) in copies.notes.iter().enumerate() {
            let entry = entry as u64 + 1;
            match Checkpoint::verify(note, &self.verifier) {
                Err(cause) => verified.note(Damage::Copy { entry, why: cause.to_string() }),
                Ok(copy) => {
                    let agrees = heads.get(&copy.size).is_none_or(|root| *root == copy.root);
                    if copy.size <= copied || !agrees {
                        let why = "it is not the head that the table holds".to_owned();
                        verified.note(Damage::Copy { entry, why });
                    }
                    copied = copied.max(copy.size);
                }
            }
        }
        verified.not_copied = heads.range(copied + 1..).count() as u64;
        self.verify_records(&heads, copied, &mut verified).await;
        Ok(verified)
    }

    /// The roots of all heads in the table whose signature holds, by size.
    async fn verify_heads(&self, verified: &mut Verified) -> BTreeMap<u64, Hash> {
        let mut heads = BTreeMap::new();
        let mut rows = pin!(sqlx::query("SELECT size, note FROM heads ORDER BY size").fetch(&self.pool));
        while let Some(row) = next_row(&mut rows).await {
            let read = row.and_then(|row| {
                let is_text = row.try_get_raw("note")?.type_info().name() == "TEXT";
                let note = if is_text { row.try_get::<String, _>("note")? } else { String::new() };
                Ok((number(&row, "size")?, note))
            });
            let (size, note) = match read {
                Ok(read) => read,
                Err(cause) => {
                    let why = failed("read the signed heads")(cause).to_string();
                    verified.note(Damage::Signature { size: None, why });
                    break;
                }
            };
            verified.heads += 1;
            match Checkpoint::verify(&note, &self.verifier) {
                Ok(head) if head.size == size => {
                    heads.insert(size, head.root);
                    verified.head = Some(Head::of(head));
                }
                Ok(head) => {
                    let why = format!("it was signed over {} records", head.size);
                    verified.note(Damage::Signature { size: Some(size), why });
                }
                Err(cause) => verified.note(Damage::Signature { size: Some(size), why: cause.to_string() }),
            }
        }
        heads
    }

    /// `copied` is the greatest size of a head in the copy.
    async fn verify_records(&self, heads: &BTreeMap<u64, Hash>, copied: u64, verified: &mut Verified) {
        let question = "SELECT sequence, time, kind, schema, body, leaf FROM sealed ORDER BY sequence";
        let mut rows = pin!(sqlx::query(question).fetch(&self.pool));
        let mut trees = Trees { said: Tree::new(), stored: Tree::new(), good: 0, lost: false };
        let mut last = 0;
        while let Some(row) = next_row(&mut rows).await {
            let row = match row {
                Ok(row) => row,
                Err(cause) => {
                    verified.note(Damage::Unreadable { after: last, why: cause.to_string() });
                    break;
                }
            };
            let Ok(sequence) = number(&row, "sequence") else {
                verified.note(Damage::Missing { from: last + 1, to: last + 1 });
                break;
            };
            verified.records += 1;
            if sequence != last + 1 {
                verified.note(Damage::Missing { from: last + 1, to: sequence.saturating_sub(1) });
                trees.lost = true;
            }
            last = sequence;
            let stored = row.try_get::<&[u8], _>("leaf").ok().and_then(|leaf| Hash::try_from(leaf).ok());
            let said = sealed(&row).ok().filter(|_| has_types(&row)).map(|record| leaf_of(&record));
            if said.is_none() || said != stored {
                verified.note(Damage::Record { sequence });
            }
            let Some(known) = stored.or(said) else {
                trees.lost = true;
                continue;
            };
            trees.said.push(said.unwrap_or(known));
            trees.stored.push(known);
            trees.compare(heads, verified);
        }
        let signed = heads.last_key_value().map_or(0, |(size, _)| *size);
        if last > signed {
            verified.note(Damage::Unsigned { from: signed + 1, to: last });
        }
        let signed = signed.max(copied);
        if last < signed {
            verified.note(Damage::CutShort { records: last, signed });
        }
    }
}

/// Whether each value of a record has the type it was stored with. SQLite keeps the type beside each value, and would
/// read the same bytes as text or as a blob.
fn has_types(row: &SqliteRow) -> bool {
    [("time", "TEXT"), ("kind", "TEXT"), ("schema", "INTEGER"), ("body", "TEXT"), ("leaf", "BLOB")]
        .iter()
        .all(|(column, name)| row.try_get_raw(*column).is_ok_and(|value| value.type_info().name() == *name))
}

impl Trees {
    /// Where a signed head covers just the records read so far: do they lead to it?
    fn compare(&mut self, heads: &BTreeMap<u64, Hash>, verified: &mut Verified) {
        let size = self.said.size();
        let Some(root) = heads.get(&size).filter(|_| !self.lost) else { return };
        if self.stored.root() == *root {
            self.said = self.stored.clone();
            self.good = size;
        } else if self.said.root() == *root {
            self.stored = self.said.clone();
            self.good = size;
        } else {
            verified.note(Damage::Head { after: self.good, size });
            self.lost = true;
        }
    }
}
