//! What S3 and restic's REST protocol have in common: HTTP/1.1, over TLS where the URL says so.
//!
//! Servers are believed by the certificates that the machine trusts: a council's own authority is installed there.

use super::{Fault, Limit};
use bytes::Bytes;
use std::{
    io::Read,
    sync::{Arc, OnceLock},
    time::Duration,
};
use ureq::{
    Agent, Error, SendBody,
    http::{HeaderMap, Method, Request, StatusCode},
    tls::{Certificate, RootCerts, TlsConfig},
};

/// How often something is asked for that was not answered, and how long is waited before the second time.
const ATTEMPTS: u32 = 4;
const PAUSE: Duration = Duration::from_millis(250);
/// How long a server may take to take a connection, and to begin its answer.
const CONNECT: Duration = Duration::from_secs(15);
const ANSWER: Duration = Duration::from_secs(120);
/// How long an answer may take altogether.
const WHOLE_ANSWER: Duration = Duration::from_secs(30 * 60);
/// The slowest way that is still believed to work, in bytes a second.
const SLOWEST: u64 = 16 * 1024;
/// The longest answer that is read into memory: restic's packs have at most 128 MiB, ours less.
const ANSWER_MAX: u64 = 512 * 1024 * 1024;

/// A client of one server.
pub(super) struct Client {
    agent: Agent,
    limit: Limit,
}

/// An answer, read to its end.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Answer {
    /// A header, if it is text.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// What the server says beside the number, on one line and not at length.
    fn words(&self) -> String {
        const LENGTH_MAX: usize = 200;
        let text = String::from_utf8_lossy(&self.body);
        let inner = text
            .split_once("<Message>")
            .and_then(|(_, rest)| rest.split_once("</Message>"))
            .map_or(&*text, |(message, _)| message);
        let words: String =
            inner.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LENGTH_MAX).collect();
        format!("{} {}", self.status, words.trim()).trim_end().to_owned()
    }

    /// The answer, if it says that all is well.
    pub(super) fn or_fault(self, object: &str) -> Result<Answer, Fault> {
        match self.status.as_u16() {
            200..=299 => Ok(self),
            404 => Err(Fault::Missing(object.to_owned())),
            401 | 403 | 405 | 409 | 412 | 423 => Err(Fault::Refused(format!("{object}: {}", self.words()))),
            413 | 507 => Err(Fault::Full(format!("{object}: {}", self.words()))),
            _ => Err(Fault::Unreachable(format!("{object}: {}", self.words()))),
        }
    }
}

/// What is asked for, without a body.
pub(super) struct Ask<'a> {
    pub(super) method: Method,
    pub(super) url: &'a str,
    pub(super) headers: Vec<(&'a str, String)>,
    /// What is sent; none for nothing.
    pub(super) content: Option<&'a [Bytes]>,
}

impl Client {
    pub(super) fn new(limit: Limit) -> Client {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_connect(Some(CONNECT))
            .user_agent("bastide")
            .tls_config(
                TlsConfig::builder()
                    .root_certs(RootCerts::Specific(trusted()))
                    .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
                    .build(),
            )
            .build();
        Client { agent: config.into(), limit }
    }

    /// Asks until there is an answer that is not the server's own trouble, a few times. `ask` is called anew for each
    /// attempt, since signatures tell the time.
    pub(super) fn ask<'a>(&self, ask: impl Fn() -> Ask<'a>) -> Result<Answer, Fault> {
        let mut attempt = 1;
        loop {
            let outcome = self.ask_once(&ask());
            let again = match &outcome {
                Ok(answer) => matches!(answer.status.as_u16(), 408 | 429 | 500..=506 | 508..=599),
                Err(_) => true,
            };
            if !again || attempt == ATTEMPTS {
                return outcome;
            }
            std::thread::sleep(PAUSE * 2_u32.pow(attempt - 1));
            attempt += 1;
        }
    }

    fn ask_once(&self, ask: &Ask<'_>) -> Result<Answer, Fault> {
        let unreachable = |error: Error| Fault::Unreachable(format!("{}: {error}", ask.url));
        let mut request = Request::builder().method(ask.method.clone()).uri(ask.url);
        for (name, value) in &ask.headers {
            request = request.header(*name, value);
        }
        let length: u64 = ask.content.unwrap_or_default().iter().map(|part| part.len() as u64).sum();
        let reader = self.limit.reader(ask.content.unwrap_or_default());
        let body = if ask.content.is_some() {
            request = request.header("content-length", length.to_string());
            SendBody::from_owned_reader(reader)
        } else {
            SendBody::none()
        };
        let request = request.body(body).map_err(|error| unreachable(error.into()))?;
        let takes = self.limit.takes(length) * 2 + Duration::from_secs(length / SLOWEST) + ANSWER;
        let request = self
            .agent
            .configure_request(request)
            .timeout_send_body(Some(takes))
            .timeout_recv_response(Some(takes))
            .timeout_recv_body(Some(WHOLE_ANSWER))
            .build();
        let response = self.agent.run(request).map_err(unreachable)?;
        let (parts, body) = response.into_parts();
        let mut content = Vec::new();
        body.into_reader()
            .take(ANSWER_MAX)
            .read_to_end(&mut content)
            .map_err(|error| unreachable(error.into()))?;
        // A body that ends too early is an error of its own where the length was told.
        Ok(Answer { status: parts.status, headers: parts.headers, body: content.into() })
    }
}

/// The certificates that this machine trusts.
pub(crate) fn trusted() -> Arc<Vec<Certificate<'static>>> {
    static TRUSTED: OnceLock<Arc<Vec<Certificate<'static>>>> = OnceLock::new();
    TRUSTED
        .get_or_init(|| {
            let found = rustls_native_certs::load_native_certs();
            Arc::new(found.certs.iter().map(|der| Certificate::from_der(der).to_owned()).collect())
        })
        .clone()
}
