//! Addresses and sockets to listen on.

use crate::accept::{FAREWELL, Places, accept_locally, accept_network};
use axum::Router;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use std::{
    io,
    net::SocketAddr,
    os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::{
    net::{TcpListener, UnixListener},
    sync::watch,
    task::JoinSet,
};
use tokio_rustls::TlsAcceptor;

/// Why something could not listen.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// An address is taken, or not ours.
    #[error("cannot listen on {address}: {cause}; choose another address, or stop what holds it")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        cause: io::Error,
    },
    /// An address beyond this machine was given without a certificate.
    #[error(
        "refusing to listen on {address} without TLS: give a certificate and its key, or listen on 127.0.0.1 and let \
         others come through SSH"
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

/// The files of the certificate chain and its key, in PEM.
#[derive(Clone, Debug)]
pub struct Tls {
    /// The certificate, followed by those that vouch for it.
    pub certificate: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

/// What listens and does not answer yet.
pub struct Listening {
    network: Vec<(TcpListener, SocketAddr)>,
    socket: Option<(UnixListener, PathBuf, u32)>,
    tls: Option<TlsAcceptor>,
}

/// Begins to listen. With `tls` every address is served over it; without, only loopback is served.
///
/// # Errors
/// [`ListenError`]: an address is taken, or is not loopback and there is no certificate; a file cannot be used.
pub async fn open(
    listen: &[SocketAddr],
    tls: Option<&Tls>,
    socket: Option<&Path>,
) -> Result<Listening, ListenError> {
    let tls = tls.map(acceptor).transpose()?;
    let mut network = Vec::new();
    for address in listen {
        let address = *address;
        if !address.ip().is_loopback() && tls.is_none() {
            return Err(ListenError::Naked { address });
        }
        let failed = |cause| ListenError::Listen { address, cause };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let here = listener.local_addr().map_err(failed)?;
        network.push((listener, here));
    }
    let socket = socket.map(listen_locally).transpose()?;
    Ok(Listening { network, socket, tls })
}

impl Listening {
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

    /// Answers with `router` until `stop` is done, and then for a moment longer, so that answers under way end well.
    pub async fn run(self, router: Router, stop: impl Future<Output = ()>) {
        let (told, stopping) = watch::channel(false);
        let places = Places::default();
        let mut tasks = JoinSet::new();
        for (listener, here) in self.network {
            let (router, tls, places) = (router.clone(), self.tls.clone(), places.clone());
            tasks.spawn(accept_network(listener, here, tls, router, places, stopping.clone()));
        }
        let mut path = None;
        if let Some((listener, at, owner)) = self.socket {
            tasks.spawn(accept_locally(listener, owner, router.clone(), places.clone(), stopping.clone()));
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

fn acceptor(tls: &Tls) -> Result<TlsAcceptor, ListenError> {
    let unusable = |path: &Path, cause: &dyn std::fmt::Display| ListenError::Certificate {
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
fn listen_locally(path: &Path) -> Result<(UnixListener, PathBuf, u32), ListenError> {
    let failed = |cause| ListenError::Socket { path: path.to_owned(), cause };
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
