//! The one task that writes the log.

use super::{
    Damage, Head, LogError, Receipt, Sealed, SealedLog, Waiting,
    heads::{self, HeadsFile},
    read::{self, read_head},
};
use crate::{database::failed, durable, key};
use integrity::{Checkpoint, Hash, Leaf, Signer, Tree, leaf_bytes, leaf_hash};
use sqlx::SqlitePool;
use std::path::Path;
use tokio::sync::{mpsc, watch};

/// How many callers may wait before the next one waits for a place in the line.
const LINE: usize = 256;
/// The most records that are put on the disk together.
const BATCH_RECORDS: usize = 4_096;

impl SealedLog {
    /// Opens the log in a state directory, making it and its key if there is none, and checks that what is there ends
    /// with the head that was last signed.
    pub(crate) async fn open(directory: &Path, pool: SqlitePool) -> Result<SealedLog, LogError> {
        let path = directory.join(heads::FILE);
        let mut tree = read::tree(&pool).await?;
        let signed = read::last_note(&pool).await?;
        let is_new = tree.size() == 0 && signed.is_none();
        // The file of heads first: whoever finds the key finds a log that can be checked.
        if is_new && !path.exists() {
            durable::write_whole(&path, &[])?;
        }
        let signer = key::LOG.open_or_make(directory, is_new)?;
        let copies = heads::read(&path)?;
        let verifier = signer.verifier();
        let head =
            check_end(&tree, signed.as_deref(), &copies.notes, &verifier).map_err(LogError::Changed)?;
        let mut file = HeadsFile::open(path.clone(), copies.whole)?;
        // A kill may have come after the table was written and before the copy was.
        let copied = copies.notes.last().and_then(|note| Checkpoint::verify(note, &verifier).ok());
        for note in read::notes_after(&pool, copied.map_or(0, |head| head.size)).await? {
            file.put(&note);
        }
        file.sync()?;
        let (latest_to, latest) = watch::channel(head);
        let (writer, line) = mpsc::channel(LINE);
        // Only what the table holds; rebuilt should a commit fail.
        let tree = std::mem::take(&mut tree);
        let task = Writer { pool: pool.clone(), tree: Some(tree), heads: file, signer, latest: latest_to };
        tokio::spawn(task.run(line));
        Ok(SealedLog { pool, heads: path, verifier, writer: Some(writer), latest })
    }

    /// Opens the log for reading only.
    pub(crate) async fn open_read_only(directory: &Path, pool: SqlitePool) -> Result<SealedLog, LogError> {
        let verifier = key::LOG.public(directory)?;
        let head = match read::last_note(&pool).await? {
            None => Head { size: 0, root: Tree::new().root(), time: None },
            Some(note) => read_head(&note, &verifier).map_err(LogError::Changed)?,
        };
        let (_, latest) = watch::channel(head);
        Ok(SealedLog { pool, heads: directory.join(heads::FILE), verifier, writer: None, latest })
    }
}

/// Checks that the table ends with the head that was last signed, in the table and in the copy.
fn check_end(
    tree: &Tree,
    signed: Option<&str>,
    copies: &[String],
    verifier: &integrity::Verifier,
) -> Result<Head, Damage> {
    let head = match signed {
        None => Head { size: 0, root: Tree::new().root(), time: None },
        Some(note) => read_head(note, verifier)?,
    };
    if let Some(note) = copies.last() {
        let copy = Checkpoint::verify(note, verifier)
            .map_err(|cause| Damage::Copy { entry: copies.len() as u64, why: cause.to_string() })?;
        if copy.size > head.size {
            return Err(Damage::CutShort { records: tree.size(), signed: copy.size });
        }
    }
    if tree.size() < head.size {
        return Err(Damage::CutShort { records: tree.size(), signed: head.size });
    }
    if tree.size() > head.size {
        return Err(Damage::Unsigned { from: head.size + 1, to: tree.size() });
    }
    if tree.root() != head.root {
        return Err(Damage::Head { after: 0, size: head.size });
    }
    Ok(head)
}

/// A record ready for the table.
struct Ready {
    sealed: Sealed,
    /// By which it is found; no part of what is signed, for its body says the same.
    number: Option<u64>,
    leaf: Hash,
}

struct Writer {
    pool: SqlitePool,
    /// The tree over what the table holds. None after a failed commit, until it was read again.
    tree: Option<Tree>,
    heads: HeadsFile,
    signer: Signer,
    latest: watch::Sender<Head>,
}

impl Writer {
    /// Takes all that waits, puts it on the disk together, and answers everyone; until nobody can ask any more.
    async fn run(mut self, mut line: mpsc::Receiver<Waiting>) {
        while let Some(first) = line.recv().await {
            let mut batch = vec![first];
            let mut records = batch.iter().map(|waiting| waiting.records.len()).sum::<usize>();
            while records < BATCH_RECORDS
                && let Ok(next) = line.try_recv()
            {
                records += next.records.len();
                batch.push(next);
            }
            self.seal(batch).await;
        }
    }

    async fn seal(&mut self, batch: Vec<Waiting>) {
        let mut rows = Vec::new();
        let mut answers = Vec::new();
        let tree = match self.tree().await {
            Ok(tree) => tree,
            Err(error) => return answer_all(batch, &error),
        };
        let mut next = tree.size() + 1;
        for waiting in batch {
            let first = next;
            let made: Result<Vec<Ready>, LogError> = waiting
                .records
                .iter()
                .map(|record| {
                    let sealed = Sealed {
                        sequence: next,
                        time: waiting.time.to_string(),
                        kind: record.kind().to_owned(),
                        schema: record.schema(),
                        body: record.body()?,
                    };
                    next += 1;
                    let leaf = leaf_of(&sealed);
                    Ok(Ready { sealed, number: record.number(), leaf })
                })
                .collect();
            match made {
                Ok(made) => {
                    rows.extend(made);
                    answers.push((first, next - 1, waiting));
                }
                Err(error) => {
                    // The places that it would have had are free again.
                    next = first;
                    let _ = waiting.answer.send(Err(error));
                }
            }
        }
        let result = self.commit(tree, &rows, answers.iter().map(|(.., waiting)| waiting.time).max()).await;
        match result {
            Ok(head) => {
                self.latest.send_replace(head.clone());
                for (first, last, waiting) in answers {
                    let _ = waiting.answer.send(Ok(Receipt { first, last, head: head.clone() }));
                }
            }
            Err(error) => answer_all(answers.into_iter().map(|(.., waiting)| waiting).collect(), &error),
        }
    }

    /// The tree over what the table holds.
    async fn tree(&mut self) -> Result<Tree, LogError> {
        match self.tree.clone() {
            Some(tree) => Ok(tree),
            None => {
                let tree = read::tree(&self.pool).await?;
                self.tree = Some(tree.clone());
                Ok(tree)
            }
        }
    }

    async fn commit(
        &mut self,
        mut tree: Tree,
        rows: &[Ready],
        time: Option<jiff::Timestamp>,
    ) -> Result<Head, LogError> {
        if rows.is_empty() {
            // An earlier batch may be in the table and not yet in the copy.
            self.heads.sync()?;
            return Ok(self.latest.borrow().clone());
        }
        rows.iter().for_each(|row| tree.push(row.leaf));
        let checkpoint = Checkpoint {
            origin: self.signer.verifier().name().to_owned(),
            size: tree.size(),
            root: tree.root(),
            time: time.map(|time| time.to_string()),
        };
        let note = checkpoint.sign(&self.signer).ok_or(LogError::Form("head"))?;
        // Whatever happens from here on, what the table holds is only known when the commit was answered.
        self.tree = None;
        let mut work = self.pool.begin().await.map_err(failed("begin to seal"))?;
        for Ready { sealed, number, leaf } in rows {
            sqlx::query(
                "INSERT INTO sealed (sequence, time, kind, schema, body, leaf, number)
                 VALUES ($1, $2, $3, $4, $5, $6, $7)",
            )
            .bind(i64::try_from(sealed.sequence).unwrap_or(i64::MAX))
            .bind(&sealed.time)
            .bind(&sealed.kind)
            .bind(i64::from(sealed.schema))
            .bind(&sealed.body)
            .bind(leaf.0.as_slice())
            .bind(number.and_then(|number| i64::try_from(number).ok()))
            .execute(&mut *work)
            .await
            .map_err(failed("seal a record"))?;
        }
        sqlx::query("INSERT INTO heads (size, note) VALUES ($1, $2)")
            .bind(i64::try_from(checkpoint.size).unwrap_or(i64::MAX))
            .bind(&note)
            .execute(&mut *work)
            .await
            .map_err(failed("keep a signed head"))?;
        work.commit().await.map_err(failed("finish sealing"))?;
        self.tree = Some(tree);
        self.heads.put(&note);
        self.heads.sync()?;
        Ok(Head::of(checkpoint))
    }
}

fn answer_all(batch: Vec<Waiting>, error: &LogError) {
    let message = error.to_string();
    for waiting in batch {
        let _ = waiting.answer.send(Err(LogError::Batch(message.clone())));
    }
}

/// The hash of a record's canonical bytes.
pub(super) fn leaf_of(sealed: &Sealed) -> Hash {
    leaf_hash(&leaf_bytes(&Leaf {
        sequence: sealed.sequence,
        time: &sealed.time,
        kind: &sealed.kind,
        schema: sealed.schema,
        body: &sealed.body,
    }))
}
