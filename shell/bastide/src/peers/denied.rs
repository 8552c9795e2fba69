//! Who asks for what they may not have: a wrong name or password is a finding, once an hour for each address; a peer that
//! asks for what is not its own, once a day for each peer.

use super::{Ground, host::own_collection, read};
use crate::failure::warn;
use axum::{
    Router,
    extract::Request,
    http::{StatusCode, header},
    middleware::{self, Next},
    response::Response,
};
use city::{Doubt, DoubtKind, Observed, Received, Text};
use exchange::server::Unanswered;
use std::{
    collections::BTreeMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// How often an address is told of.
const EVERY: Duration = Duration::from_secs(3_600);

/// The most addresses, and peers, of which it is known when they were told of. With more, nobody further is told of for a while.
const ADDRESSES_MAX: usize = 256;

/// How often a peer is told of.
const PEER_EVERY: Duration = Duration::from_secs(24 * 3_600);

/// When who was told of last.
#[derive(Default)]
struct ToldOf {
    addresses: BTreeMap<IpAddr, Instant>,
    peers: BTreeMap<String, Instant>,
}

type Told = Arc<Mutex<ToldOf>>;

/// The router, with those told of who are refused at its door.
pub(super) fn watched(router: Router, ground: &Ground) -> Router {
    let (ground, told) = (ground.clone(), Told::default());
    router.layer(middleware::from_fn(move |request: Request, next: Next| {
        let (ground, told) = (ground.clone(), told.clone());
        async move { watch(request, next, &ground, &told).await }
    }))
}

async fn watch(request: Request, next: Next, ground: &Ground, told: &Told) -> Response {
    // Who shows nothing may only not know yet that something must be shown.
    let shown = request.headers().contains_key(header::AUTHORIZATION);
    let peer = request.extensions().get::<listen::Peer>().copied();
    let response = next.run(request).await;
    let refused = matches!(response.status(), StatusCode::UNAUTHORIZED | StatusCode::TOO_MANY_REQUESTS);
    if let Some(listen::Peer::Network { address, .. }) = peer
        && shown
        && refused
        && is_due(&mut lock(told).addresses, address, EVERY)
    {
        let ground = ground.clone();
        tokio::task::spawn_blocking(move || {
            if let Err(cause) = read::tell(&ground.messages, denied(address)) {
                warn(format_args!("that {address} was refused was not told of: {cause:#}"));
            }
        });
    }
    if let Some(unanswered) = response.extensions().get::<Unanswered>().cloned() {
        let (ground, told) = (ground.clone(), Arc::clone(told));
        // Only now that the answer is on its way: how long it takes tells nothing of what there is.
        tokio::task::spawn_blocking(move || {
            if let Err(cause) = beyond(&ground, &told, &unanswered) {
                let by = &unanswered.by;
                warn(format_args!("that `{by}` asked for what it may not have was not told of: {cause:#}"));
            }
        });
    }
    response
}

fn lock(told: &Told) -> MutexGuard<'_, ToldOf> {
    told.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Tells of a peer that asked for what is here and not for it.
fn beyond(ground: &Ground, told: &Told, asked: &Unanswered) -> anyhow::Result<()> {
    if lock(told).peers.get(&asked.by).is_some_and(|at| at.elapsed() < PEER_EVERY) {
        return Ok(());
    }
    let Some(what) = what_is_not_theirs(ground, asked)? else { return Ok(()) };
    if !is_due(&mut lock(told).peers, asked.by.clone(), PEER_EVERY) {
        return Ok(());
    }
    read::tell(
        &ground.messages,
        doubt(&asked.by, &format!("{} asked for {what}, which it may not have", asked.by)),
    )
}

/// What of it is here, in words; nothing if it is only not there.
fn what_is_not_theirs(ground: &Ground, asked: &Unanswered) -> anyhow::Result<Option<String>> {
    if asked.writes {
        return Ok(Some("a change of what is shared".to_owned()));
    }
    for id in &asked.objects {
        if !ground.runtime.block_on(ground.store.object(id))?.is_empty() {
            return Ok(Some(format!("`{id}`")));
        }
    }
    let plan = ground.plan();
    let mut others = plan.iter().flat_map(|plan| plan.peers()).filter(|peer| peer.id.as_str() != asked.by);
    let whose = others.find(|peer| asked.collection.as_deref() == Some(&own_collection(peer.id.as_str())));
    Ok(whose.map(|peer| format!("what {} told", peer.id)))
}

/// Whether somebody is to be told of again, who then is.
fn is_due<K: Ord>(told: &mut BTreeMap<K, Instant>, who: K, every: Duration) -> bool {
    told.retain(|_, at| at.elapsed() < every);
    if told.len() >= ADDRESSES_MAX || told.contains_key(&who) {
        return false;
    }
    told.insert(who, Instant::now());
    true
}

fn denied(address: IpAddr) -> Observed {
    let why = format!("{address} tried to read what is shared, with a name or password that nobody has");
    doubt(&address.to_string(), &why)
}

fn doubt(source: &str, why: &str) -> Observed {
    let doubt = Doubt { kind: DoubtKind::Denied, count: 1, example: Text::from(why) };
    Observed::Received(Box::new(Received {
        source: Text::from(source),
        new: 0,
        known: 0,
        watched: 0,
        withdrawn: 0,
        doubts: vec![doubt],
    }))
}
