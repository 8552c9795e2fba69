//! A repository in a bucket of S3-compatible storage: addressed by path, signed with Signature Version 4.

use super::{
    Destruction, Fault, Limit, Lock, Storage,
    http::{Answer, Ask, Client},
    is_name, path,
    rest::whole_range,
    signature::{Signed, Signer, digest, encode},
};
use crate::{error::VaultError, secret::Secret};
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use jiff::Timestamp;
use md5::Md5;
use rustic_core::FileType;
use sha2::{Digest, Sha256};
use std::{
    ops::Range,
    sync::{Mutex, PoisonError},
};
use ureq::http::Method;

/// The region where the server does not tell another.
const REGION: &str = "us-east-1";
/// The most pages of a list that are read, each of a thousand objects.
const PAGES_MAX: usize = 10_000;

/// A repository in a bucket.
pub(super) struct Bucket {
    client: Client,
    signer: Signer,
    /// `https://192.0.2.9:9000`, and its host alone.
    endpoint: String,
    host: String,
    bucket: String,
    /// What stands before every name, with a slash at its end unless it is empty.
    prefix: String,
    region: Mutex<String>,
}

/// One request to the bucket.
struct Call<'a> {
    method: Method,
    /// The object's key; empty for the bucket itself.
    key: &'a str,
    /// Sorted by name, not encoded.
    query: &'a [(&'a str, String)],
    headers: Vec<(&'static str, String)>,
    content: Option<&'a [Bytes]>,
}

impl<'a> Call<'a> {
    fn new(method: Method, key: &'a str) -> Call<'a> {
        Call { method, key, query: &[], headers: Vec::new(), content: None }
    }
}

impl Bucket {
    pub(super) fn new(
        endpoint: &str,
        bucket: &str,
        prefix: &str,
        login: Option<(String, Secret)>,
        limit: Limit,
    ) -> Result<Bucket, VaultError> {
        let host =
            endpoint.split_once("://").map_or(endpoint, |(_, host)| host).trim_end_matches('/').to_owned();
        let Some((access_key, secret)) = login else {
            return Err(VaultError::Refused {
                place: format!("s3:{endpoint}/{bucket}"),
                why: "a bucket wants an access key: say with `login` where it is kept, as `key:secret`"
                    .to_owned(),
            });
        };
        // `s3.eu-west-2.amazonaws.com` tells its region.
        let region = host.strip_prefix("s3.").and_then(|rest| rest.strip_suffix(".amazonaws.com"));
        Ok(Bucket {
            client: Client::new(limit),
            signer: Signer { access_key, secret },
            endpoint: endpoint.trim_end_matches('/').to_owned(),
            region: Mutex::new(region.filter(|region| !region.is_empty()).unwrap_or(REGION).to_owned()),
            host,
            bucket: bucket.to_owned(),
            prefix: if prefix.is_empty() { String::new() } else { format!("{prefix}/") },
        })
    }

    fn key(&self, kind: FileType, name: &str) -> String {
        format!("{}{}", self.prefix, path(kind, name))
    }

    fn region(&self) -> String {
        self.region.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn call(&self, call: &Call<'_>) -> Result<Answer, Fault> {
        let answer = self.call_in_region(call)?;
        // A server that wants another region names it, and is asked once more.
        let told = String::from_utf8_lossy(&answer.body);
        let told = told.split_once("<Region>").and_then(|(_, rest)| rest.split_once("</Region>"));
        match told {
            Some((region, _)) if matches!(answer.status.as_u16(), 400 | 403) && region != self.region() => {
                *self.region.lock().unwrap_or_else(PoisonError::into_inner) = region.to_owned();
                self.call_in_region(call)
            }
            _ => Ok(answer),
        }
    }

    fn call_in_region(&self, call: &Call<'_>) -> Result<Answer, Fault> {
        let mut path = format!("/{}", encode(&self.bucket, false));
        if !call.key.is_empty() {
            path.push('/');
            path.push_str(&encode(call.key, true));
        }
        let query: Vec<String> =
            call.query.iter().map(|(name, value)| format!("{name}={}", encode(value, false))).collect();
        let query = query.join("&");
        let mut url = format!("{}{path}", self.endpoint);
        if !query.is_empty() {
            url.push('?');
            url.push_str(&query);
        }
        let content = content_digest(call.content.unwrap_or_default());
        let region = self.region();
        self.client.ask(|| {
            let signed = Signed {
                method: call.method.as_str(),
                host: &self.host,
                path: &path,
                query: &query,
                headers: &call.headers,
                content: &content,
            };
            let headers = self.signer.sign(&signed, &region, Timestamp::now());
            Ask { method: call.method.clone(), url: &url, headers, content: call.content }
        })
    }

    fn put(&self, key: &str, content: &[Bytes]) -> Result<Answer, Fault> {
        let mut md5 = Md5::new();
        for part in content {
            md5.update(part);
        }
        // Where objects are locked, an upload must carry a checksum.
        let headers = vec![("content-md5", STANDARD.encode(md5.finalize()))];
        let call = Call { headers, content: Some(content), ..Call::new(Method::PUT, key) };
        self.call(&call)?.or_fault(key)
    }

    fn head(&self, key: &str) -> Result<Answer, Fault> {
        self.call(&Call::new(Method::HEAD, key))
    }

    /// The objects whose keys start so, with what follows that start.
    fn list_below(&self, start: &str) -> Result<Vec<(String, u64)>, Fault> {
        let mut objects = Vec::new();
        let mut next: Option<String> = None;
        for _ in 0..PAGES_MAX {
            let mut query: Vec<(&str, String)> = Vec::new();
            query.extend(next.take().map(|token| ("continuation-token", token)));
            query.push(("list-type", "2".to_owned()));
            query.push(("prefix", start.to_owned()));
            let call = Call { query: &query, ..Call::new(Method::GET, "") };
            let answer = self.call(&call)?.or_fault(&format!("{}/{start}", self.bucket))?;
            next = read_page(&answer.body, start, &mut objects).ok_or_else(|| {
                Fault::Unreachable(format!("{}: the answer is not a list of objects", self.endpoint))
            })?;
            if next.is_none() {
                return Ok(objects);
            }
        }
        Err(Fault::Unreachable(format!("{}: the list of objects does not end", self.endpoint)))
    }

    /// The content of one version of an object.
    fn read_version(&self, key: &str, version: &str) -> Result<Bytes, Fault> {
        let query = [("versionId", version.to_owned())];
        let call = Call { query: &query, ..Call::new(Method::GET, key) };
        Ok(self.call(&call)?.or_fault(key)?.body)
    }

    fn remove_version(&self, key: &str, version: Option<&str>) -> Result<Answer, Fault> {
        let query: Vec<_> = version.iter().map(|version| ("versionId", (*version).to_owned())).collect();
        let call = Call { query: &query, ..Call::new(Method::DELETE, key) };
        self.call(&call)?.or_fault(key)
    }
}

/// Reads one page of a list: the objects into `objects`; given back is what asks for the next page.
#[expect(clippy::option_option, reason = "not a list; the last page; not the last page")]
fn read_page(body: &[u8], start: &str, objects: &mut Vec<(String, u64)>) -> Option<Option<String>> {
    let text = std::str::from_utf8(body).ok()?;
    let document = roxmltree::Document::parse(text).ok()?;
    let root = document.root_element();
    let child = |node: roxmltree::Node<'_, '_>, name: &str| {
        node.children()
            .find(|child| child.has_tag_name_local(name))
            .and_then(|child| child.text().map(str::to_owned))
    };
    if root.tag_name().name() != "ListBucketResult" {
        return None;
    }
    for node in root.children().filter(|node| node.has_tag_name_local("Contents")) {
        let (key, size) = (child(node, "Key")?, child(node, "Size")?.parse().ok()?);
        objects.extend(key.strip_prefix(start).map(|rest| (rest.to_owned(), size)));
    }
    let more = child(root, "IsTruncated").is_some_and(|more| more == "true");
    Some(if more { Some(child(root, "NextContinuationToken")?) } else { None })
}

/// Names of elements, whatever their namespace: servers differ in it.
trait LocalName {
    fn has_tag_name_local(&self, name: &str) -> bool;
}

impl LocalName for roxmltree::Node<'_, '_> {
    fn has_tag_name_local(&self, name: &str) -> bool {
        self.is_element() && self.tag_name().name() == name
    }
}

fn content_digest(content: &[Bytes]) -> String {
    let [part] = content else {
        let mut digest = Sha256::new();
        for part in content {
            digest.update(part);
        }
        return super::signature::hexadecimal(&digest.finalize());
    };
    digest(part)
}

impl Storage for Bucket {
    fn create(&self) -> Result<(), Fault> {
        // Who makes the bucket decides on locks and versions, which cannot be had later.
        let query = [("list-type", "2".to_owned()), ("max-keys", "1".to_owned())];
        let call = Call { query: &query, ..Call::new(Method::GET, "") };
        match self.call(&call)?.or_fault(&self.bucket) {
            Err(Fault::Missing(_)) => Err(Fault::Unreachable(format!(
                "there is no bucket {} at {}: make it first, with object lock if what is written shall stay",
                self.bucket, self.endpoint
            ))),
            other => other.map(drop),
        }
    }

    fn list(&self, kind: FileType) -> Result<Vec<(String, u64)>, Fault> {
        if kind == FileType::Config {
            let answer = self.head(&self.key(kind, "config"))?;
            if answer.status.as_u16() == 404 {
                return Ok(Vec::new());
            }
            let answer = answer.or_fault("config")?;
            let length = answer.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
            return Ok(vec![("config".to_owned(), length)]);
        }
        let objects = self.list_below(&format!("{}{}/", self.prefix, kind.dirname()))?;
        Ok(objects
            .into_iter()
            .filter_map(|(name, size)| {
                let name = name.rsplit_once('/').map_or(&*name, |(_, name)| name);
                is_name(name).then(|| (name.to_owned(), size))
            })
            .collect())
    }

    fn read(&self, kind: FileType, name: &str, range: Option<Range<u64>>) -> Result<Bytes, Fault> {
        let key = self.key(kind, name);
        let mut call = Call::new(Method::GET, &key);
        call.headers.extend(
            range
                .iter()
                .map(|range| ("range", format!("bytes={}-{}", range.start, range.end.saturating_sub(1)))),
        );
        let answer = self.call(&call)?.or_fault(&key)?;
        whole_range(answer, range, &key)
    }

    fn write(&self, kind: FileType, name: &str, content: &[Bytes]) -> Result<(), Fault> {
        self.put(&self.key(kind, name), content).map(drop)
    }

    fn remove(&self, kind: FileType, name: &str) -> Result<(), Fault> {
        self.remove_version(&self.key(kind, name), None).map(drop)
    }

    /// In a bucket that keeps versions, what counts is whether the version that was written can be destroyed: whoever
    /// deletes or overwrites without naming it only hides it.
    fn destroy(&self, kind: FileType, name: &str, content: &[u8]) -> Result<Destruction, Fault> {
        let key = self.key(kind, name);
        let before = self.head(&key)?.or_fault(&key)?;
        let version =
            before.header("x-amz-version-id").filter(|version| *version != "null").map(str::to_owned);
        let locked_until =
            before.header("x-amz-object-lock-retain-until-date").and_then(|date| date.parse().ok());

        let change = self.put(&key, &[Bytes::copy_from_slice(content)]);
        let mut newer = None;
        let refuses_change = match (change, &version) {
            (Err(Fault::Refused(_)), _) => true,
            (Err(other), _) => return Err(other),
            (Ok(_), None) => false,
            (Ok(answer), Some(version)) => {
                newer = answer.header("x-amz-version-id").map(str::to_owned).filter(|newer| newer != version);
                newer.is_some() && self.read_version(&key, version).is_ok_and(|there| there == content)
            }
        };
        let refuses_delete = match self.remove_version(&key, version.as_deref()) {
            Ok(_) => false,
            Err(Fault::Refused(_)) => true,
            Err(other) => return Err(other),
        };
        if !refuses_delete && let Some(newer) = newer {
            // What is left of the trial goes too.
            let _ = self.remove_version(&key, Some(&newer));
        }
        Ok(Destruction { refuses_delete, refuses_change, locked_until })
    }

    fn restic_at_work(&self) -> Result<bool, Fault> {
        Ok(!self.list_below(&format!("{}locks/", self.prefix))?.is_empty())
    }

    fn lock(&self, _alone: bool) -> Result<Option<Lock>, Fault> {
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_of_a_list_is_read_in_any_namespace() {
        let page = br#"<?xml version="1.0" encoding="UTF-8"?>
            <ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><IsTruncated>true</IsTruncated>
            <Contents><Key>city/keys/ab</Key><Size>17</Size></Contents>
            <NextContinuationToken>next=</NextContinuationToken></ListBucketResult>"#;
        let mut objects = Vec::new();
        assert_eq!(read_page(page, "city/keys/", &mut objects), Some(Some("next=".to_owned())));
        assert_eq!(objects, [("ab".to_owned(), 17)]);
        assert_eq!(read_page(b"<ListBucketResult/>", "", &mut objects), Some(None));
        assert_eq!(read_page(b"<html>not a list</html>", "", &mut objects), None);
        assert_eq!(read_page(b"\xff", "", &mut objects), None);
    }
}
