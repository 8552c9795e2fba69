//! Reading a peer: what is new is kept, its defences are judged, and what came is told to the loop.

use super::{Ground, judge::judge};
use crate::{engine::Message, failure::warn};
use adapt::stix::Document;
use anyhow::{Context, anyhow, bail};
use city::{Doubt, DoubtKind, Observation, Observed, Peer, Received, Text};
use exchange::client::{Client, Limits, Remote, Resume, Stop, Taken};
use integrity::Verifier;
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use std::{
    collections::BTreeMap,
    path::Path,
    sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    time::{Duration, Instant},
};
use store::{
    PeerReading,
    intelligence::{Added, Audience, Filing, Unmarked},
};
use vault::Secret;

/// The most collections of a peer that are read.
const COLLECTIONS_MAX: usize = 64;

/// How long the loop may take to take note of something.
const NOTED_WITHIN: Duration = Duration::from_secs(60);

/// How often the same doubt about a peer is told.
pub(super) const DOUBT_EVERY: Duration = Duration::from_secs(3_600);

/// The shortest time between two readings.
const EVERY_MIN: Duration = Duration::from_secs(1);

/// A peer that is read.
pub(super) struct Reading {
    ground: Ground,
    peer: Peer,
    /// When a doubt of a kind was told.
    told: BTreeMap<DoubtKind, Instant>,
}

/// What came of a reading.
#[derive(Default)]
pub(super) struct Came {
    new: u64,
    known: u64,
    pub(super) defences: u64,
    pub(super) doubts: Vec<Doubt>,
    fault: Option<String>,
}

impl Came {
    pub(super) fn doubt(&mut self, kind: DoubtKind, count: u64, example: &str) {
        match self.doubts.iter_mut().find(|doubt| doubt.kind == kind) {
            Some(doubt) => doubt.count += count,
            None => self.doubts.push(Doubt { kind, count, example: Text::from(example) }),
        }
    }

    fn unreachable(&mut self, why: &str) {
        self.fault = Some(why.to_owned());
        self.doubt(DoubtKind::Unreachable, 1, why);
    }
}

impl Reading {
    pub(super) fn new(ground: Ground, peer: Peer) -> Reading {
        if let Some(Err(cause)) = peer.key.as_ref().map(|key| key.parse::<Verifier>()) {
            warn(format_args!("`{}`: its key cannot be used: {cause}", peer.id.as_str()));
        }
        Reading { ground, peer, told: BTreeMap::new() }
    }

    /// Reads again and again, until nobody holds the other end.
    pub(super) fn keep_on(&mut self, ends: &Receiver<()>) {
        let every = Duration::try_from(self.peer.every).unwrap_or(EVERY_MIN).max(EVERY_MIN);
        loop {
            let mut came = Came::default();
            if let Err(cause) = self.read(&mut came) {
                // Ours to mend, and read again from where it was.
                warn(format_args!("`{}` could not be taken in: {cause:#}", self.peer.id.as_str()));
                came.fault = Some(format!("{cause:#}"));
            }
            if let Err(cause) = self.report(came) {
                warn(format_args!("what `{}` told was not told of: {cause:#}", self.peer.id.as_str()));
            }
            if ends.recv_timeout(every) != Err(RecvTimeoutError::Timeout) {
                return;
            }
        }
    }

    /// Reads what is new.
    fn read(&self, came: &mut Came) -> anyhow::Result<()> {
        let Some(url) = &self.peer.taxii else { return Ok(()) };
        let login = match self.peer.login.as_ref().map(Secret::read).transpose() {
            Ok(login) => login,
            Err(cause) => {
                came.unreachable(&cause.to_string());
                return Ok(());
            }
        };
        let authority = self.peer.authority.as_ref().map(|path| Path::new(path.as_str()));
        let client = Client::new(url, login.as_ref().map(Secret::reveal), authority, Limits::default());
        let found = client.and_then(|client| Ok((client.collections()?, client)));
        let (collections, client) = match found {
            Ok(found) => found,
            Err(fault) => {
                came.fault = Some(fault.to_string());
                came.doubt(fault.doubt(), 1, &fault.to_string());
                return Ok(());
            }
        };
        for remote in collections.iter().filter(|remote| remote.can_read).take(COLLECTIONS_MAX) {
            self.read_collection(&client, remote, came)?;
        }
        Ok(())
    }

    fn read_collection(&self, client: &Client, remote: &Remote, came: &mut Came) -> anyhow::Result<()> {
        let (store, runtime) = (&self.ground.store, &self.ground.runtime);
        let digest: [u8; 32] = Sha256::digest(remote.url().as_bytes()).into();
        let part: String = digest.iter().take(12).map(|byte| format!("{byte:02x}")).collect();
        let mark = format!("read {} {part}", self.peer.id.as_str());
        let kept = runtime.block_on(store.mark(&mark))?;
        let from = Resume::of_mark(kept.as_deref());
        let poll = client.poll(remote, &from, |documents| self.take(documents, came))?;
        came.new += poll.new;
        came.known += poll.known;
        for doubt in &poll.doubts {
            came.doubt(doubt.kind, doubt.count, &doubt.example);
        }
        if let Some(Stop::Fault(fault)) = &poll.stopped {
            came.fault = Some(fault.to_string());
        }
        // Only now: what was handed on is kept and judged.
        if poll.resume != from {
            runtime.block_on(store.put_mark(&mark, &poll.resume.to_mark()))?;
        }
        Ok(())
    }

    /// Keeps a page's objects, and judges its defences.
    fn take(&self, documents: &[Document], came: &mut Came) -> anyhow::Result<Taken> {
        if documents.is_empty() {
            return Ok(Taken::default());
        }
        let filing = Filing {
            source: self.peer.id.as_str().to_owned(),
            collections: Vec::new(),
            audience: Audience::Groups(std::collections::BTreeSet::new()),
            unmarked: Unmarked::default(),
        };
        let values: Vec<_> = documents.iter().map(Document::value).collect();
        let added = self.ground.store.add(&values, &filing, Timestamp::now());
        let added = self.ground.runtime.block_on(added)?;
        let mut taken = Taken::default();
        for (document, added) in documents.iter().zip(added) {
            let Some(object) = document.objects().next() else { continue };
            match added {
                Added::New { .. } => taken.new += 1,
                Added::Known => taken.known += 1,
                Added::Refused(why) => {
                    let id: String = object.id().unwrap_or("an object").chars().take(300).collect();
                    taken.refused.push((id, why.to_string()));
                    continue;
                }
            }
            if object.object_type() == "course-of-action" {
                judge(&self.ground, &self.peer.id, object, came)?;
            }
        }
        Ok(taken)
    }

    /// Tells of a reading what is worth it, and notes how it went.
    fn report(&mut self, came: Came) -> anyhow::Result<()> {
        let now = Instant::now();
        let told = &mut self.told;
        told.retain(|_, at| now.duration_since(*at) < DOUBT_EVERY);
        let doubts: Vec<Doubt> = came
            .doubts
            .iter()
            .filter(|doubt| told.insert(doubt.kind, now).is_none())
            .take(Received::DOUBTS_MAX)
            .cloned()
            .collect();
        let mut status = PeerReading::of(&self.ground.directory, &self.peer.id);
        status.asked = Some(Timestamp::now());
        if came.fault.is_none() {
            status.read = status.asked;
        }
        status.fault = came.fault.map(|why| why.chars().take(500).collect());
        status.objects += came.new;
        status.defences += came.defences;
        status.doubts += came.doubts.iter().map(|doubt| doubt.count).sum::<u64>();
        status.keep(&self.ground.directory, &self.peer.id)?;
        if came.new == 0 && doubts.is_empty() {
            return Ok(());
        }
        let source = Text::from(self.peer.id.as_str());
        let (new, known) = (came.new, came.known);
        let received = Received { source, new, known, watched: 0, withdrawn: 0, doubts };
        tell(&self.ground.messages, Observed::Received(Box::new(received)))
    }
}

/// Tells the loop, and waits until what it means is sealed.
pub(super) fn tell(messages: &SyncSender<Message>, fact: Observed) -> anyhow::Result<()> {
    let (sender, noted) = sync_channel(1);
    let observation = Observation { time: Timestamp::now(), sensor: Text::const_new("exchange"), fact };
    let answer = Box::new(move |outcome: Result<(), String>| {
        let _ = sender.send(outcome);
    });
    if messages.send(Message::Told(Box::new(observation), answer)).is_err() {
        bail!("Bastide is stopping");
    }
    let noted = noted.recv_timeout(NOTED_WITHIN).context("it was not taken note of in time")?;
    noted.map_err(|why| anyhow!(why))
}
