//! Sharing with peers: what this city tells them, and what they tell it.
//!
//! ```text
//! incident ─► share: redacted, signed, shown ─► store::Intelligence ─► host: TAXII 2.1 ─► peers
//! peers ─► read ─┬► store::Intelligence ─► judge: whose key? ─► try_out: on our history ─► the loop
//! peers ─► host ─┴► pushed
//! ```
//!
//! Who may read what, and whom we read, is the adopted plan's; when another is adopted, it is its.

mod denied;
mod host;
mod judge;
mod known;
mod pushed;
mod read;
mod share;
mod try_narrow;
mod try_out;
mod turns;

pub(crate) use share::Sharing;
pub(crate) use try_narrow::{Narrowed, found_bad, narrow_plan};
pub(crate) use try_out::rehearse;
pub(crate) use turns::Turns;

use crate::engine::Message;
use anyhow::Context;
use city::{Peer, PeerId};
use cycle::City;
use listen::{Listening, Tls};
use plan::Plan;
use read::Reading;
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::PathBuf,
    sync::{
        Arc, PoisonError, RwLock,
        mpsc::{self, SyncSender},
    },
    thread,
    time::Duration,
};
use store::{History, Intelligence};
use tokio::{runtime::Handle, sync::watch};

/// How often it is looked whether another plan was adopted.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Where others read from us.
#[derive(Clone, Debug)]
pub(crate) struct Hosting {
    pub(crate) listen: Vec<SocketAddr>,
    pub(crate) tls: Option<Tls>,
}

/// What an exchange with peers works on.
#[derive(Clone)]
pub(crate) struct Ground {
    /// The state directory.
    pub(crate) directory: PathBuf,
    pub(crate) city: Arc<RwLock<City>>,
    pub(crate) store: Intelligence,
    pub(crate) history: History,
    pub(crate) runtime: Handle,
    pub(crate) messages: SyncSender<Message>,
    /// Whose turn it is to judge, and how much was tried today.
    pub(crate) turns: Turns,
}

impl Ground {
    fn plan(&self) -> Option<Arc<Plan>> {
        self.city.read().unwrap_or_else(PoisonError::into_inner).plan().cloned()
    }
}

/// Begins to read peers, and to let them read, until the process ends. Returns the address at which they read.
pub(crate) fn begin(ground: Ground, hosting: Option<Hosting>) -> anyhow::Result<Option<String>> {
    let plan = ground.plan();
    let (sharing, shared) = watch::channel(Arc::new(host::sharing(plan.as_deref())));
    let mut url = None;
    if let Some(hosting) = hosting {
        let opened = listen::open(&hosting.listen, hosting.tls.as_ref(), None);
        let listening: Listening = ground.runtime.block_on(opened)?;
        url = listening.url();
        let router = exchange::server::router(ground.store.clone(), shared, Some(host::given(&ground)?));
        let router = denied::watched(router, &ground);
        ground.runtime.spawn(listening.run(router, std::future::pending()));
    }
    thread::Builder::new()
        .name("peers".into())
        .spawn(move || follow(&ground, plan, &sharing))
        .context("no thread could be made")?;
    Ok(url)
}

/// Lets peers read, and reads them, by the plan of the moment.
fn follow(ground: &Ground, mut plan: Option<Arc<Plan>>, sharing: &watch::Sender<Arc<exchange::Sharing>>) {
    let mut readings = BTreeMap::new();
    adopt(ground, plan.as_deref(), &mut readings);
    loop {
        thread::sleep(LOOK_EVERY);
        let now = ground.plan();
        let same = match (&now, &plan) {
            (Some(now), Some(before)) => Arc::ptr_eq(now, before),
            (None, None) => true,
            _ => false,
        };
        if !same {
            plan = now;
            sharing.send_replace(Arc::new(host::sharing(plan.as_deref())));
            adopt(ground, plan.as_deref(), &mut readings);
        }
    }
}

/// Reads whom a plan names, and nobody else any more. The end of a channel ends its thread.
fn adopt(ground: &Ground, plan: Option<&Plan>, readings: &mut BTreeMap<PeerId, (Peer, mpsc::Sender<()>)>) {
    let named = |id: &PeerId| plan.and_then(|plan| plan.peers().find(|peer| peer.id == *id));
    readings.retain(|id, (peer, _)| named(id) == Some(peer));
    for peer in plan.into_iter().flat_map(Plan::peers) {
        if peer.taxii.is_none() || readings.contains_key(&peer.id) {
            continue;
        }
        let (over, ends) = mpsc::channel();
        let mut reading = Reading::new(ground.clone(), peer.clone());
        let begun = thread::Builder::new().name("peer".into()).spawn(move || reading.keep_on(&ends));
        match begun {
            Ok(_) => drop(readings.insert(peer.id.clone(), (peer.clone(), over))),
            Err(cause) => crate::failure::warn(format_args!("`{}` is not read: {cause}", peer.id.as_str())),
        }
    }
}
