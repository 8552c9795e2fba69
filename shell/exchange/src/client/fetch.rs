//! Asking a server: HTTP/1.1, bounded in bytes and time, and never led elsewhere.

use super::{Fault, Limits, address::Address};
use crate::taxii::{DATE_ADDED_FIRST, DATE_ADDED_LAST, MEDIA_TYPE};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use rustls::pki_types::{CertificateDer, pem::PemObject};
use serde_json::Value;
use std::{
    io::Read as _,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};
use ureq::{
    Agent,
    http::{HeaderMap, Request, StatusCode, header},
    tls::{Certificate, RootCerts, TlsConfig},
};

/// How long a server may take to take a connection.
const CONNECT: Duration = Duration::from_secs(15);
/// How often it may lead on to another place of its own.
const REDIRECTS_MAX: usize = 3;
/// The media type of TAXII 2.0.
const MEDIA_TYPE_20: &str = "application/vnd.oasis.taxii+json; version=2.0";

pub(super) struct Fetcher {
    agent: Agent,
    authorization: Option<String>,
    limits: Limits,
}

/// An answer that is TAXII's, not read yet.
pub(super) struct Fetched {
    pub(super) url: String,
    pub(super) body: Vec<u8>,
    /// What it says of when the first and the last of its objects were added.
    pub(super) first: Option<String>,
    pub(super) last: Option<String>,
}

impl Fetcher {
    pub(super) fn new(
        login: Option<&str>,
        authority: Option<&Path>,
        limits: Limits,
    ) -> Result<Fetcher, Fault> {
        let roots = match authority {
            None => rustls_native_certs::load_native_certs().certs,
            Some(path) => {
                let bad = |why: String| Fault::Authority { path: path.to_owned(), why };
                let certificates = CertificateDer::pem_file_iter(path).and_then(Iterator::collect);
                let certificates: Vec<_> = certificates.map_err(|cause| bad(cause.to_string()))?;
                if certificates.is_empty() {
                    return Err(bad("it holds no certificate in PEM".to_owned()));
                }
                certificates
            }
        };
        let roots: Vec<_> = roots.iter().map(|der| Certificate::from_der(der).to_owned()).collect();
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_connect(Some(CONNECT))
            .user_agent("bastide")
            .tls_config(
                TlsConfig::builder()
                    .root_certs(RootCerts::Specific(Arc::new(roots)))
                    .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
                    .build(),
            )
            .build();
        let login = login.map(|login| login.trim_end_matches(['\r', '\n']));
        let authorization = login.map(|login| format!("Basic {}", STANDARD.encode(login)));
        Ok(Fetcher { agent: config.into(), authorization, limits })
    }

    /// Asks for a message of TAXII 2.1.
    pub(super) fn fetch(&self, address: &Address, until: Instant) -> Result<Fetched, Fault> {
        let mut address = address.clone();
        for _ in 0..=REDIRECTS_MAX {
            let (status, headers, body) = self.once(&address, MEDIA_TYPE, until)?;
            let url = address.to_string();
            let text =
                |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
            match status.as_u16() {
                200 => {}
                301 | 302 | 307 | 308 => {
                    address = address.follow(&text("location").unwrap_or_default())?;
                    continue;
                }
                401 | 403 => return Err(Fault::Refused { url, why: words(status, &body) }),
                404 => return Err(Fault::Missing { url }),
                406 | 415 if self.is_old(&address, until) => return Err(Fault::Old { url }),
                408 | 429 | 500..=599 => return Err(Fault::Unreachable { url, why: words(status, &body) }),
                _ => return Err(Fault::Other { url, why: words(status, &body) }),
            }
            let media = text("content-type").unwrap_or_default();
            if media.to_ascii_lowercase().starts_with("application/vnd.oasis.taxii+json") {
                return Err(Fault::Old { url });
            }
            let (name, parameters) = media.split_once(';').unwrap_or((&media, ""));
            if !crate::taxii::is_ours(name, parameters) {
                let shown: String = media.chars().filter(|c| !c.is_control()).take(80).collect();
                return Err(Fault::Other { url, why: format!("its answer is `{shown}`") });
            }
            return Ok(Fetched { url, body, first: text(DATE_ADDED_FIRST), last: text(DATE_ADDED_LAST) });
        }
        Err(Fault::Other { url: address.to_string(), why: "it leads on and on".to_owned() })
    }

    /// Whether it answers to TAXII 2.0.
    fn is_old(&self, address: &Address, until: Instant) -> bool {
        let old = |headers: &HeaderMap| {
            let media = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
            media.is_some_and(|media| media.starts_with("application/vnd.oasis.taxii+json"))
        };
        let answer = self.once(address, MEDIA_TYPE_20, until);
        answer.is_ok_and(|(status, headers, _)| status == StatusCode::OK && old(&headers))
    }

    fn once(
        &self,
        address: &Address,
        accept: &str,
        until: Instant,
    ) -> Result<(StatusCode, HeaderMap, Vec<u8>), Fault> {
        let url = address.to_string();
        let unreachable =
            |cause: &dyn std::fmt::Display| Fault::Unreachable { url: url.clone(), why: cause.to_string() };
        let mut request = Request::get(&url).header(header::ACCEPT, accept);
        if let Some(authorization) = &self.authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        let request = request.body(()).map_err(|cause| unreachable(&cause))?;
        let time = until.saturating_duration_since(Instant::now()).min(self.limits.page_time);
        let request = self
            .agent
            .configure_request(request)
            .timeout_global(Some(time.max(Duration::from_millis(1))))
            .build();
        let response = self.agent.run(request).map_err(|cause| unreachable(&cause))?;
        let (parts, body) = response.into_parts();
        let too_large = || Fault::TooLarge { url: url.clone(), bytes: self.limits.page_bytes };
        // Nobody asked for it to be compressed, so nobody unpacks it.
        let packed = |value: &header::HeaderValue| value.as_bytes() != b"identity";
        if parts.headers.get(header::CONTENT_ENCODING).is_some_and(packed) {
            return Err(too_large());
        }
        let mut content = Vec::new();
        let most = self.limits.page_bytes as u64 + 1;
        body.into_reader().take(most).read_to_end(&mut content).map_err(|cause| unreachable(&cause))?;
        if content.len() > self.limits.page_bytes {
            return Err(too_large());
        }
        Ok((parts.status, parts.headers, content))
    }
}

/// What an error message says, on one line and not at length (§3.6.1).
fn words(status: StatusCode, body: &[u8]) -> String {
    const READ_MAX: usize = 64 << 10;
    let message: Value =
        if body.len() < READ_MAX { serde_json::from_slice(body).unwrap_or_default() } else { Value::Null };
    let title = message.get("title").and_then(Value::as_str).unwrap_or_default();
    let title: String = title.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect();
    format!("{status} {title}").trim_end().to_owned()
}
