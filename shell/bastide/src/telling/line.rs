//! Connections to servers, open or by TLS.

use anyhow::{Context, bail};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use std::{
    io::{self, Read, Write},
    net::{Shutdown, TcpStream, ToSocketAddrs},
    sync::Arc,
    time::Duration,
};

/// How long a server may take to take a connection, and to answer.
pub(super) const PATIENCE: Duration = Duration::from_secs(15);

/// How long a server that was told everything may take to hang up.
const LEAVE: Duration = Duration::from_secs(5);

/// A connection.
pub(super) enum Line {
    /// What is sent can be read on the way.
    Open(TcpStream),
    /// By TLS.
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

/// The host of `host`, `host:port` or `[address]:port`, and its port.
pub(super) fn host_and_port(server: &str, port: u16) -> (&str, u16) {
    let (host, given) = match server.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, rest)) => (host, rest.strip_prefix(':')),
        None => server.split_once(':').map_or((server, None), |(host, port)| (host, Some(port))),
    };
    (host, given.and_then(|given| given.parse().ok()).unwrap_or(port))
}

/// The certificates of those who vouch for servers: of a file in PEM, or those that the system trusts.
pub(super) fn trusted(authority: Option<&str>) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let Some(path) = authority else { return Ok(rustls_native_certs::load_native_certs().certs) };
    let read = || CertificateDer::pem_file_iter(path)?.collect::<Result<Vec<_>, _>>();
    let found =
        read().map_err(|error| anyhow::anyhow!("cannot read the certificates in `{path}`: {error}"))?;
    if found.is_empty() {
        bail!("there is no certificate in `{path}`");
    }
    Ok(found)
}

impl Line {
    /// Connects, with nothing hidden yet.
    pub(super) fn open(host: &str, port: u16) -> anyhow::Result<Line> {
        let mut last = None;
        let found = (host, port).to_socket_addrs().with_context(|| format!("there is no host `{host}`"))?;
        for address in found {
            match TcpStream::connect_timeout(&address, PATIENCE) {
                Ok(stream) => {
                    stream.set_read_timeout(Some(PATIENCE))?;
                    stream.set_write_timeout(Some(PATIENCE))?;
                    stream.set_nodelay(true)?;
                    return Ok(Line::Open(stream));
                }
                Err(error) => last = Some(error),
            }
        }
        match last {
            Some(error) => Err(error).with_context(|| format!("{host} does not answer at port {port}")),
            None => bail!("there is no host `{host}`"),
        }
    }

    /// Goes on by TLS 1.2 or 1.3 with a server whose certificate is for this name.
    pub(super) fn secure(self, host: &str, authority: Option<&str>) -> anyhow::Result<Line> {
        let Line::Open(stream) = self else { return Ok(self) };
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(trusted(authority)?);
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from(host.to_owned())?;
        let mut connection = ClientConnection::new(Arc::new(config), name)?;
        let mut stream = stream;
        while connection.is_handshaking() {
            connection
                .complete_io(&mut stream)
                .with_context(|| format!("{host} is not to be trusted by TLS"))?;
        }
        Ok(Line::Tls(Box::new(StreamOwned::new(connection, stream))))
    }

    /// Whether what is sent is hidden from those on the way.
    pub(super) fn is_hidden(&self) -> bool {
        matches!(self, Line::Tls(_))
    }

    /// Says that nothing more comes, and waits until the server hangs up: by then it has read everything. One that takes its
    /// time is believed; one that breaks the connection is not.
    pub(super) fn finish(mut self) -> io::Result<()> {
        if let Line::Tls(stream) = &mut self {
            stream.conn.send_close_notify();
        }
        self.flush()?;
        let socket = match &self {
            Line::Open(stream) => stream,
            Line::Tls(stream) => &stream.sock,
        };
        socket.shutdown(Shutdown::Write)?;
        socket.set_read_timeout(Some(LEAVE))?;
        let mut socket = socket;
        let mut rest = [0; 512];
        loop {
            match socket.read(&mut rest) {
                Ok(0) => return Ok(()),
                Ok(_) => {}
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                    return Ok(());
                }
                Err(error) => return Err(error),
            }
        }
    }
}

impl Read for Line {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Line::Open(stream) => stream.read(buffer),
            Line::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Line::Open(stream) => stream.write(bytes),
            Line::Tls(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Line::Open(stream) => stream.flush(),
            Line::Tls(stream) => stream.flush(),
        }
    }
}
