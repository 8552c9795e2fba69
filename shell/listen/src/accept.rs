//! Connections in: their places, their time, and who is at the other end.

use axum::{
    Router,
    extract::{FromRequestParts, Request},
    http::{StatusCode, request::Parts},
};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, UnixListener},
    sync::{Semaphore, watch},
};
use tokio_rustls::TlsAcceptor;
use tower_service::Service as _;

/// The most connections at a time, and the most from one address that is not this machine.
const CONNECTIONS_MAX: usize = 512;
const CONNECTIONS_PER_ADDRESS_MAX: usize = 48;
/// How long a connection may take to say what it wants, from its beginning and between requests.
const HEAD_TIME: Duration = Duration::from_secs(15);
/// How long a TLS handshake may take.
const HANDSHAKE_TIME: Duration = Duration::from_secs(10);
/// The most header lines of a request, and the most bytes held for reading one.
const HEADERS_MAX: usize = 64;
const BUFFER_MAX: usize = 32 * 1024;
/// How long open answers may take to end when it is told to stop.
pub(crate) const FAREWELL: Duration = Duration::from_secs(2);

/// The other end of the connection.
#[derive(Clone, Copy, Debug)]
pub enum Peer {
    /// Over the network, perhaps with TLS.
    Network {
        /// Its address.
        address: IpAddr,
        /// Whether over TLS.
        tls: bool,
        /// The port on which we were reached.
        port: u16,
        /// The address on which we were reached.
        here: IpAddr,
    },
    /// Over the Unix socket, by our own user or root.
    Socket,
}

/// A request that nobody says the other end of is refused: it did not come through [`Listening::run`](crate::Listening::run).
impl<S: Sync> FromRequestParts<S> for Peer {
    type Rejection = StatusCode;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        parts.extensions.get::<Peer>().copied().ok_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

/// Room for connections.
#[derive(Clone)]
pub(crate) struct Places {
    all: Arc<Semaphore>,
    by_address: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

impl Default for Places {
    fn default() -> Self {
        Places { all: Arc::new(Semaphore::new(CONNECTIONS_MAX)), by_address: Arc::default() }
    }
}

/// A connection's place; dropping it gives it back.
struct Place {
    _one: tokio::sync::OwnedSemaphorePermit,
    address: Option<(IpAddr, Places)>,
}

impl Places {
    /// A place for a connection, or none if there is no room.
    fn take(&self, address: Option<IpAddr>) -> Option<Place> {
        let one = self.all.clone().try_acquire_owned().ok()?;
        let Some(address) = address.filter(|address| !address.is_loopback()) else {
            return Some(Place { _one: one, address: None });
        };
        let mut held = self.by_address.lock().unwrap_or_else(PoisonError::into_inner);
        let count = held.entry(address).or_default();
        if *count >= CONNECTIONS_PER_ADDRESS_MAX {
            return None;
        }
        *count += 1;
        Some(Place { _one: one, address: Some((address, self.clone())) })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some((address, places)) = &self.address {
            let mut held = places.by_address.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(count) = held.get_mut(address) {
                *count = count.saturating_sub(1);
                if *count == 0 {
                    held.remove(address);
                }
            }
        }
    }
}

pub(crate) async fn accept_network(
    listener: TcpListener,
    here: SocketAddr,
    tls: Option<TlsAcceptor>,
    router: Router,
    places: Places,
    mut stopping: watch::Receiver<bool>,
) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = told_to_stop(&mut stopping) => return,
        };
        let Ok((stream, from)) = accepted else {
            // Out of file descriptors, most likely: wait for some to be given back.
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        // The address reached, where we listen on all of them.
        let reached = stream.local_addr().map_or(here.ip(), |address| address.ip());
        let Some(place) = places.take(Some(from.ip())) else { continue };
        let peer = Peer::Network { address: from.ip(), tls: tls.is_some(), port: here.port(), here: reached };
        let _ = stream.set_nodelay(true);
        let (router, tls, stopping) = (router.clone(), tls.clone(), stopping.clone());
        tokio::spawn(async move {
            let _place = place;
            match tls {
                None => answer(stream, peer, router, stopping).await,
                Some(tls) => {
                    if let Ok(Ok(stream)) = tokio::time::timeout(HANDSHAKE_TIME, tls.accept(stream)).await {
                        answer(stream, peer, router, stopping).await;
                    }
                }
            }
        });
    }
}

pub(crate) async fn accept_locally(
    listener: UnixListener,
    owner: u32,
    router: Router,
    places: Places,
    mut stopping: watch::Receiver<bool>,
) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = told_to_stop(&mut stopping) => return,
        };
        let Ok((stream, _)) = accepted else {
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        // The file's mode keeps others out already; a mode can be changed, a user cannot.
        let known = stream.peer_cred().is_ok_and(|peer| peer.uid() == owner || peer.uid() == 0);
        let Some(place) = places.take(None).filter(|_| known) else { continue };
        let (router, stopping) = (router.clone(), stopping.clone());
        tokio::spawn(async move {
            let _place = place;
            answer(stream, Peer::Socket, router, stopping).await;
        });
    }
}

/// Done when it is told to stop.
async fn told_to_stop(stopping: &mut watch::Receiver<bool>) {
    // The sender is gone only when the console is.
    let _ = stopping.wait_for(|stop| *stop).await;
}

/// Answers the requests of one connection.
async fn answer<S>(stream: S, peer: Peer, router: Router, mut stopping: watch::Receiver<bool>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let mut request: Request = request.map(axum::body::Body::new);
        request.extensions_mut().insert(peer);
        router.clone().call(request)
    });
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .max_headers(HEADERS_MAX)
        .max_buf_size(BUFFER_MAX);
    let connection = http.serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    tokio::select! {
        // A connection that breaks is the other end's to notice.
        _ = &mut connection => {}
        () = told_to_stop(&mut stopping) => {
            connection.as_mut().graceful_shutdown();
            let _ = tokio::time::timeout(FAREWELL, connection).await;
        }
    }
}
