//! Who asks for what they may not have: a wrong name or password is a finding, once an hour for each address.

use super::{Ground, read};
use crate::failure::warn;
use axum::{
    Router,
    extract::Request,
    http::{StatusCode, header},
    middleware::{self, Next},
    response::Response,
};
use city::{Doubt, DoubtKind, Observed, Received, Text};
use std::{
    collections::BTreeMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

/// How often an address is told of.
const EVERY: Duration = Duration::from_secs(3_600);

/// The most addresses of which it is known when they were told of. With more, nobody further is told of for a while.
const ADDRESSES_MAX: usize = 256;

type Told = Arc<Mutex<BTreeMap<IpAddr, Instant>>>;

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
        && is_due(told, address)
    {
        let ground = ground.clone();
        tokio::task::spawn_blocking(move || {
            if let Err(cause) = read::tell(&ground.messages, denied(address)) {
                warn(format_args!("that {address} was refused was not told of: {cause:#}"));
            }
        });
    }
    response
}

fn is_due(told: &Told, address: IpAddr) -> bool {
    let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
    told.retain(|_, at| at.elapsed() < EVERY);
    if told.len() >= ADDRESSES_MAX || told.contains_key(&address) {
        return false;
    }
    told.insert(address, Instant::now());
    true
}

fn denied(address: IpAddr) -> Observed {
    let doubt = Doubt {
        kind: DoubtKind::Denied,
        count: 1,
        example: Text::from(format!(
            "{address} tried to read what is shared, with a name or password that nobody has"
        )),
    };
    Observed::Received(Box::new(Received {
        source: Text::from(address.to_string()),
        new: 0,
        known: 0,
        watched: 0,
        withdrawn: 0,
        doubts: vec![doubt],
    }))
}
