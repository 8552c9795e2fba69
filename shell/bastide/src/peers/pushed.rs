//! What peers push to this city: their defences are judged like those that are read from them.
//!
//! A mark in the store says up to where a peer's collection was looked through, so that a stop costs no defence.

use super::{
    Ground,
    host::own_collection,
    judge::judge,
    read::{Came, DOUBT_EVERY, tell},
};
use crate::failure::warn;
use adapt::stix::Document;
use anyhow::Context;
use city::{Doubt, DoubtKind, Observed, PeerId, Received, Text, Tlp};
use jiff::Timestamp;
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Instant,
};
use store::intelligence::{Filter, Reader, VersionMatch};

/// How many defences are taken from the store at a time.
const PAGE: usize = 64;

/// What peers pushed.
pub(super) struct Pushed {
    ground: Ground,
    /// When a doubt of a kind about a peer was told.
    told: BTreeMap<(PeerId, DoubtKind), Instant>,
}

impl Pushed {
    pub(super) fn new(ground: Ground) -> Pushed {
        Pushed { ground, told: BTreeMap::new() }
    }

    /// Judges what peers that may write pushed since this was asked last.
    pub(super) fn look(&mut self) {
        let Some(plan) = self.ground.plan() else { return };
        for peer in plan.peers().filter(|peer| peer.may_write && peer.admit.is_some()) {
            if let Err(cause) = self.look_at(&peer.id) {
                // Looked at again the next time, from where it was.
                warn(format_args!("what `{}` sent was not judged: {cause:#}", peer.id.as_str()));
            }
        }
    }

    fn look_at(&mut self, peer: &PeerId) -> anyhow::Result<()> {
        let Ground { store, runtime, .. } = &self.ground;
        let mark = format!("pushed {}", peer.as_str());
        let mut from: Option<Timestamp> = match runtime.block_on(store.mark(&mark))? {
            Some(mark) => Some(mark.parse().context("where to go on cannot be read")?),
            None => None,
        };
        let collection = own_collection(peer.as_str());
        let groups = BTreeSet::from([peer.as_str().to_owned()]);
        let reader = Reader { ceiling: Tlp::AmberStrict, groups };
        let mut came = Came::default();
        loop {
            let filter = Filter {
                added_after: from,
                types: vec!["course-of-action".to_owned()],
                versions: vec![VersionMatch::All],
                ..Filter::default()
            };
            let page = runtime.block_on(store.objects(&collection, &reader, &filter, None, PAGE))?;
            for body in &page.items {
                let document = Document::read(body.as_bytes())?;
                let Some(object) = document.objects().next() else { continue };
                judge(&self.ground, peer, object, &mut came)?;
            }
            let Some((_, last)) = page.span else { break };
            from = Some(last);
            runtime.block_on(store.put_mark(&mark, &last.to_string()))?;
            if page.next.is_none() {
                break;
            }
        }
        self.report(peer, &came)
    }

    /// Tells what is in doubt, each kind once in a while.
    fn report(&mut self, peer: &PeerId, came: &Came) -> anyhow::Result<()> {
        let now = Instant::now();
        self.told.retain(|_, at| now.duration_since(*at) < DOUBT_EVERY);
        let told = &mut self.told;
        let fresh = |doubt: &&Doubt| told.insert((peer.clone(), doubt.kind), now).is_none();
        let doubts: Vec<Doubt> =
            came.doubts.iter().filter(fresh).take(Received::DOUBTS_MAX).cloned().collect();
        if doubts.is_empty() {
            return Ok(());
        }
        let source = Text::from(peer.as_str());
        let received = Received { source, new: 0, known: 0, watched: 0, withdrawn: 0, doubts };
        tell(&self.ground.messages, Observed::Received(Box::new(received)))
    }
}
