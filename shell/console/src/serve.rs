//! The listeners: loopback, TLS elsewhere, and a Unix socket for the command line.

use crate::{
    config::{Config, Shared, Tls},
    door::Peer,
    routes,
    state::State,
};
use axum::{Router, extract::Request};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use std::{
    collections::HashMap,
    io,
    net::{IpAddr, SocketAddr},
    os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, UnixListener},
    sync::{Semaphore, watch},
    task::JoinSet,
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
/// How long open answers may take to end when the console is told to stop.
const FAREWELL: Duration = Duration::from_secs(2);

/// Why the console could not listen.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// An address is taken, or not ours.
    #[error(
        "cannot listen on {address}: {cause}; choose another address with --listen, or stop what holds it"
    )]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        cause: io::Error,
    },
    /// An address beyond this machine was given without a certificate.
    #[error(
        "refusing to listen on {address} without TLS: give a certificate and its key, or listen on 127.0.0.1 and let \
         people come through SSH"
    )]
    Naked {
        /// The address.
        address: SocketAddr,
    },
    /// The certificate or key could not be read.
    #[error("cannot use `{path}` for TLS: {cause}")]
    Certificate {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        cause: String,
    },
    /// The Unix socket could not be made.
    #[error("cannot make the socket `{path}`: {cause}")]
    Socket {
        /// Where.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
}

/// A console that listens and does not answer yet.
pub struct Console {
    network: Vec<(TcpListener, SocketAddr)>,
    socket: Option<(UnixListener, PathBuf, u32)>,
    tls: Option<TlsAcceptor>,
    router: Router,
}

/// Begins to listen.
///
/// # Errors
/// [`ServeError`]: an address is taken, or is not loopback and there is no certificate; a file cannot be used.
pub async fn open(config: Config, shared: Shared) -> Result<Console, ServeError> {
    let tls = config.tls.as_ref().map(acceptor).transpose()?;
    let mut network = Vec::new();
    for address in &config.listen {
        let address = *address;
        if !address.ip().is_loopback() && tls.is_none() {
            return Err(ServeError::Naked { address });
        }
        let failed = |cause| ServeError::Listen { address, cause };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let here = listener.local_addr().map_err(failed)?;
        network.push((listener, here));
    }
    let socket = config.socket.as_deref().map(listen_locally).transpose()?;
    Ok(Console { network, socket, tls, router: router(config, shared) })
}

/// Listens and answers until the process ends.
///
/// # Errors
/// As for [`open`].
pub async fn serve(config: Config, shared: Shared) -> Result<(), ServeError> {
    open(config, shared).await?.run(std::future::pending()).await;
    Ok(())
}

/// The console as a router. Requests must come through [`Console::run`], which says who is at the other end; a request
/// that does not is refused.
pub fn router(config: Config, shared: Shared) -> Router {
    routes::router(State::new(config, shared))
}

impl Console {
    /// The addresses it listens on, with the ports that the system chose.
    #[must_use]
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.network.iter().map(|(_, address)| *address).collect()
    }

    /// The address to show to people.
    #[must_use]
    pub fn url(&self) -> Option<String> {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        self.network.first().map(|(_, address)| format!("{scheme}://{address}"))
    }

    /// Answers until `stop` is done, and then for a moment longer, so that answers under way end well.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let (told, stopping) = watch::channel(false);
        let places = Places::default();
        let mut tasks = JoinSet::new();
        for (listener, here) in self.network {
            let (router, tls, places) = (self.router.clone(), self.tls.clone(), places.clone());
            tasks.spawn(accept_network(listener, here, tls, router, places, stopping.clone()));
        }
        let mut path = None;
        if let Some((listener, at, owner)) = self.socket {
            tasks.spawn(accept_locally(
                listener,
                owner,
                self.router.clone(),
                places.clone(),
                stopping.clone(),
            ));
            path = Some(at);
        }
        drop(stopping);
        stop.await;
        let _ = told.send(true);
        let _ = tokio::time::timeout(FAREWELL, async {
            while tasks.join_next().await.is_some() {}
            told.closed().await;
        })
        .await;
        if let Some(path) = path {
            let _ = std::fs::remove_file(path);
        }
    }
}

/// Room for connections.
#[derive(Clone)]
struct Places {
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

async fn accept_network(
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

async fn accept_locally(
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

/// Done when the console is told to stop.
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

fn acceptor(tls: &Tls) -> Result<TlsAcceptor, ServeError> {
    let unusable = |path: &Path, cause: &dyn std::fmt::Display| ServeError::Certificate {
        path: path.to_owned(),
        cause: cause.to_string(),
    };
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(&tls.certificate)
        .and_then(Iterator::collect)
        .map_err(|cause| unusable(&tls.certificate, &cause))?;
    if chain.is_empty() {
        return Err(unusable(&tls.certificate, &"it holds no certificate in PEM"));
    }
    let key = PrivateKeyDer::from_pem_file(&tls.key).map_err(|cause| unusable(&tls.key, &cause))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
        .map_err(|cause| unusable(&tls.certificate, &cause))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// Makes the Unix socket, for our own user alone, and says who that is. A socket that a dead process left is replaced.
fn listen_locally(path: &Path) -> Result<(UnixListener, PathBuf, u32), ServeError> {
    let failed = |cause| ServeError::Socket { path: path.to_owned(), cause };
    if let Ok(found) = std::fs::symlink_metadata(path) {
        let alive = std::os::unix::net::UnixStream::connect(path).is_ok();
        if alive || !found.file_type().is_socket() {
            return Err(failed(io::Error::new(io::ErrorKind::AddrInUse, "something else is there")));
        }
        std::fs::remove_file(path).map_err(failed)?;
    }
    let listener = UnixListener::bind(path).map_err(failed)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).map_err(failed)?;
    let owner = std::fs::metadata(path).map_err(failed)?.uid();
    Ok((listener, path.to_owned(), owner))
}
