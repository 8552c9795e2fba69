//! A repository on a server that speaks restic's REST protocol, version 2: `rest-server`, `rclone serve restic`.

use super::{
    Destruction, Fault, Limit, Lock, Storage,
    http::{Answer, Ask, Client},
    is_name,
};
use crate::{error::VaultError, secret::Secret};
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use rustic_core::FileType;
use std::ops::Range;
use ureq::http::Method;

/// The form of lists that tells sizes.
const VERSION_2: &str = "application/vnd.x.restic.rest.v2";

/// A repository on such a server.
pub(super) struct Rest {
    client: Client,
    /// The URL, with a slash at its end and without a password.
    url: String,
    authorization: Option<String>,
}

impl Rest {
    pub(super) fn new(url: &str, login: Option<(String, Secret)>, limit: Limit) -> Result<Rest, VaultError> {
        let url = format!("{}/", url.trim_end_matches('/'));
        let authorization = login.map(|(name, password)| {
            format!("Basic {}", STANDARD.encode(format!("{name}:{}", password.reveal())))
        });
        Ok(Rest { client: Client::new(limit), url, authorization })
    }

    fn url(&self, kind: FileType, name: &str) -> String {
        match kind {
            FileType::Config => format!("{}config", self.url),
            other => format!("{}{}/{name}", self.url, other.dirname()),
        }
    }

    fn ask(
        &self,
        method: &Method,
        url: &str,
        headers: &[(&'static str, String)],
        content: Option<&[Bytes]>,
    ) -> Result<Answer, Fault> {
        self.client.ask(|| {
            let mut headers = headers.to_vec();
            headers.extend(self.authorization.clone().map(|value| ("authorization", value)));
            Ask { method: method.clone(), url, headers, content }
        })
    }

    fn list_folder(&self, folder: &str) -> Result<Vec<(String, u64)>, Fault> {
        let url = format!("{}{folder}/", self.url);
        let answer = self.ask(&Method::GET, &url, &[("accept", VERSION_2.to_owned())], None)?;
        if answer.status.as_u16() == 404 {
            // Nothing was written there yet.
            return Ok(Vec::new());
        }
        let answer = answer.or_fault(&url)?;
        let strange = || Fault::Unreachable(format!("{url}: the answer is not a list of objects"));
        let list: serde_json::Value = serde_json::from_slice(&answer.body).map_err(|_| strange())?;
        let list = list.as_array().ok_or_else(strange)?;
        list.iter()
            .map(|entry| {
                let name = entry.get("name")?.as_str()?;
                Some((name.to_owned(), entry.get("size")?.as_u64()?))
            })
            .collect::<Option<Vec<_>>>()
            .map(|objects| objects.into_iter().filter(|(name, _)| is_name(name)).collect())
            .ok_or_else(strange)
    }

    fn length(&self, kind: FileType, name: &str) -> Result<Option<u64>, Fault> {
        let url = self.url(kind, name);
        let answer = self.ask(&Method::HEAD, &url, &[], None)?;
        if answer.status.as_u16() == 404 {
            return Ok(None);
        }
        let answer = answer.or_fault(&url)?;
        Ok(Some(answer.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0)))
    }

    fn post(&self, kind: FileType, name: &str, content: &[Bytes]) -> Result<Answer, Fault> {
        let headers = [("content-type", "application/octet-stream".to_owned())];
        self.ask(&Method::POST, &self.url(kind, name), &headers, Some(content))
    }
}

impl Storage for Rest {
    fn create(&self) -> Result<(), Fault> {
        let url = format!("{}?create=true", self.url);
        self.ask(&Method::POST, &url, &[], Some(&[]))?.or_fault(&self.url).map(drop)
    }

    fn list(&self, kind: FileType) -> Result<Vec<(String, u64)>, Fault> {
        match kind {
            FileType::Config => {
                let config = self.length(kind, "config")?;
                Ok(config.map(|length| ("config".to_owned(), length)).into_iter().collect())
            }
            other => self.list_folder(other.dirname()),
        }
    }

    fn read(&self, kind: FileType, name: &str, range: Option<Range<u64>>) -> Result<Bytes, Fault> {
        let url = self.url(kind, name);
        let headers: Vec<_> = range
            .iter()
            .map(|range| ("range", format!("bytes={}-{}", range.start, range.end.saturating_sub(1))))
            .collect();
        let answer = self.ask(&Method::GET, &url, &headers, None)?.or_fault(&url)?;
        whole_range(answer, range, &url)
    }

    fn write(&self, kind: FileType, name: &str, content: &[Bytes]) -> Result<(), Fault> {
        let answer = self.post(kind, name, content)?;
        if answer.status.is_success() {
            return Ok(());
        }
        // An answer may be lost, and a server that only adds then refuses what it has.
        let length: u64 = content.iter().map(|part| part.len() as u64).sum();
        if matches!(answer.status.as_u16(), 403 | 409) && self.length(kind, name)? == Some(length) {
            return Ok(());
        }
        answer.or_fault(&self.url(kind, name)).map(drop)
    }

    fn remove(&self, kind: FileType, name: &str) -> Result<(), Fault> {
        let url = self.url(kind, name);
        self.ask(&Method::DELETE, &url, &[], None)?.or_fault(&url).map(drop)
    }

    fn destroy(&self, kind: FileType, name: &str, content: &[u8]) -> Result<Destruction, Fault> {
        // The same bytes: servers refuse what does not fit its name, and that would prove nothing.
        let change = self.post(kind, name, &[Bytes::copy_from_slice(content)])?;
        let refuses_change = match change.or_fault(name) {
            Ok(_) => false,
            Err(Fault::Refused(_)) => true,
            Err(other) => return Err(other),
        };
        let refuses_delete = match self.remove(kind, name) {
            Ok(()) => false,
            Err(Fault::Refused(_)) => true,
            Err(other) => return Err(other),
        };
        // A server may say one thing and do another.
        let there = self.read(kind, name, None).is_ok_and(|read| read == content);
        Ok(Destruction { refuses_delete: refuses_delete && there, refuses_change, locked_until: None })
    }

    fn restic_at_work(&self) -> Result<bool, Fault> {
        Ok(!self.list_folder("locks")?.is_empty())
    }

    fn lock(&self, _alone: bool) -> Result<Option<Lock>, Fault> {
        Ok(None)
    }
}

/// The bytes of a range, if those were what was answered.
pub(super) fn whole_range(answer: Answer, range: Option<Range<u64>>, object: &str) -> Result<Bytes, Fault> {
    let Some(range) = range else { return Ok(answer.body) };
    let length = range.end.saturating_sub(range.start);
    let body = if answer.status.as_u16() == 206 {
        answer.body
    } else {
        // The server does not know ranges and sent everything.
        let (start, end) = (usize::try_from(range.start), usize::try_from(range.end));
        match (start, end) {
            (Ok(start), Ok(end)) if start <= end && end <= answer.body.len() => answer.body.slice(start..end),
            _ => return Err(Fault::Missing(format!("the end of {object}"))),
        }
    };
    if body.len() as u64 != length {
        return Err(Fault::Missing(format!("the end of {object}")));
    }
    Ok(body)
}
