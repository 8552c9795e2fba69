//! A page, fetched over HTTP or HTTPS.
//!
//! Where the certificate of a device is its own, it is installed on this machine as one that is trusted. A redirect is
//! not followed: what a device shows instead of its configuration, a page to sign in, is no backup of it.

use super::{Context, SourceError, not_kept};
use crate::{program, storage::http::trusted};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use std::{
    io::{self, Read as _, Write as _},
    path::Path,
    sync::Arc,
    time::Duration,
};
use ureq::{
    Agent,
    tls::{RootCerts, TlsConfig},
};

/// How long a device may take to take a connection.
const CONNECTING: Duration = Duration::from_secs(20);

/// Fetches the page; with a login, `name:password`, by basic authentication (RFC 7617).
pub(super) fn gather(url: &str, into: &Path, context: &Context) -> Result<(), SourceError> {
    let failed = |why: String| SourceError::Fetch { url: url.to_owned(), why };
    let authority =
        url.split_once("://").map_or(url, |(_, rest)| rest.split(['/', '?']).next().unwrap_or_default());
    if authority.contains('@') {
        let what = url.replace(authority, authority.rsplit('@').next().unwrap_or_default());
        let why =
            "it has a name or password in it; take it out and say with `login` where it is kept".to_owned();
        return Err(SourceError::Declared { what, why });
    }
    let tls = TlsConfig::builder()
        .root_certs(RootCerts::Specific(trusted()))
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .build();
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .timeout_connect(Some(CONNECTING))
        .timeout_global(Some(context.bounds.left()))
        .user_agent("bastide")
        .tls_config(tls)
        .build();
    let agent: Agent = config.into();
    let mut request = agent.get(url);
    if let Some(login) = context.login {
        request = request.header("Authorization", format!("Basic {}", STANDARD.encode(login)));
    }
    let mut response = request.call().map_err(|error| failed(error.to_string()))?;
    let status = response.status();
    match status.as_u16() {
        200..=299 => {}
        401 | 403 => {
            return Err(failed(format!("it answered {status}; look at the login that the plan names")));
        }
        300..=399 => {
            return Err(failed(format!("it answered {status}: it sends us elsewhere; name that page")));
        }
        _ => return Err(failed(format!("it answered {status}"))),
    }
    let mut file = program::new_private_file(into).map_err(not_kept(into))?;
    let mut body = response
        .body_mut()
        .with_config()
        .limit(u64::MAX)
        .reader()
        .take(context.bounds.bytes.saturating_add(1));
    let mut buffer = vec![0; 64 << 10];
    let mut bytes = 0;
    loop {
        let count = match body.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(failed(format!("it broke off after {bytes} bytes: {error}"))),
        };
        bytes += count as u64;
        if bytes > context.bounds.bytes {
            return Err(failed(format!("it has more than {} bytes", context.bounds.bytes)));
        }
        file.write_all(buffer.get(..count).unwrap_or_default()).map_err(not_kept(into))?;
    }
    if bytes == 0 {
        return Err(failed("it is empty".to_owned()));
    }
    file.sync_all().map_err(not_kept(into))
}
