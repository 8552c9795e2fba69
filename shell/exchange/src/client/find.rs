//! From a server to its collections (§4.1, §4.2, §5.1).

use super::{Client, Fault, address::Address, fetch::Fetched};
use serde_json::Value;
use std::time::Instant;

/// The most API roots of a server, and collections of a root, that are looked at.
const ROOTS_MAX: usize = 32;
const COLLECTIONS_MAX: usize = 1_024;

/// A collection of another's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remote {
    /// Where it is.
    pub(super) address: Address,
    /// Its id.
    pub id: String,
    /// Its name for people.
    pub title: String,
    /// Whether we may read it.
    pub can_read: bool,
    /// Whether we may add to it.
    pub can_write: bool,
}

/// What a server offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// What it calls itself; empty where the URL leads past that.
    pub title: String,
    /// Its API roots; the one that the URL names, or that of the collection that it names.
    pub roots: Vec<Root>,
}

/// An API root of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Root {
    /// Where it is.
    pub url: String,
    /// Its name for people; empty if it does not say.
    pub title: String,
    /// Its collections, or why they cannot be listed.
    pub collections: Result<Vec<Remote>, Fault>,
}

impl Remote {
    /// Where it is, as a URL.
    #[must_use]
    pub fn url(&self) -> String {
        self.address.to_string()
    }
}

impl Client {
    /// The collections of the server, of all its API roots, or of the one root that the URL names; or the one collection.
    ///
    /// # Errors
    /// The server cannot be read.
    pub fn collections(&self) -> Result<Vec<Remote>, Fault> {
        let until = Instant::now() + self.limits.time;
        let top = message(&self.fetcher.fetch(&self.address, until)?)?;
        if top.get("can_read").is_some() {
            return Ok(remote(&top, self.address.clone()).into_iter().collect());
        }
        let Some(roots) = top.get("api_roots").and_then(Value::as_array) else {
            return self.of_root(&self.address, until);
        };
        let mut collections = Vec::new();
        let (mut fault, mut read) = (None, false);
        for root in roots.iter().filter_map(Value::as_str).take(ROOTS_MAX) {
            // A root that is not ours to see, or is elsewhere, keeps nobody from the others.
            match self.address.follow(root).and_then(|root| self.of_root(&root, until)) {
                Ok(found) => {
                    read = true;
                    collections.extend(found);
                }
                Err(cause) => fault = fault.or(Some(cause)),
            }
        }
        match fault {
            Some(fault) if !read => Err(fault),
            _ => Ok(collections),
        }
    }

    /// What the server offers, with the names that it has for people. Asks more than [`Client::collections`] does.
    ///
    /// # Errors
    /// The server cannot be read.
    pub fn offer(&self) -> Result<Offer, Fault> {
        let until = Instant::now() + self.limits.time;
        let top = message(&self.fetcher.fetch(&self.address, until)?)?;
        let alone = |title, collections| {
            let url = self.address.to_string();
            Offer { title: String::new(), roots: vec![Root { url, title, collections }] }
        };
        if top.get("can_read").is_some() {
            return Ok(alone(String::new(), Ok(remote(&top, self.address.clone()).into_iter().collect())));
        }
        let Some(roots) = top.get("api_roots").and_then(Value::as_array) else {
            return Ok(alone(title(&top), self.of_root(&self.address, until)));
        };
        let root = |named: &str| {
            let address = match self.address.follow(named) {
                Ok(address) => address,
                Err(fault) => {
                    let url = named.chars().filter(|c| !c.is_control()).take(200).collect();
                    return Root { url, title: String::new(), collections: Err(fault) };
                }
            };
            let said = self.fetcher.fetch(&address, until).and_then(|fetched| message(&fetched));
            Root {
                url: address.to_string(),
                title: said.as_ref().map(title).unwrap_or_default(),
                collections: self.of_root(&address, until),
            }
        };
        let roots = roots.iter().filter_map(Value::as_str).take(ROOTS_MAX).map(root).collect();
        Ok(Offer { title: title(&top), roots })
    }

    fn of_root(&self, root: &Address, until: Instant) -> Result<Vec<Remote>, Fault> {
        let fetched = self.fetcher.fetch(&root.beneath("collections/"), until)?;
        let list = message(&fetched)?;
        let list = list.get("collections").and_then(Value::as_array).into_iter().flatten();
        let collection = |value: &Value| {
            let id = value.get("id")?.as_str().filter(|id| is_identifier(id))?;
            remote(value, root.beneath(&format!("collections/{id}/")))
        };
        Ok(list.filter_map(collection).take(COLLECTIONS_MAX).collect())
    }
}

fn remote(value: &Value, address: Address) -> Option<Remote> {
    let flag = |name: &str| value.get(name).and_then(Value::as_bool).unwrap_or(false);
    let text = |name: &str| value.get(name).and_then(Value::as_str);
    Some(Remote {
        address,
        id: text("id").filter(|id| is_identifier(id))?.to_owned(),
        title: title(value),
        can_read: flag("can_read"),
        can_write: flag("can_write"),
    })
}

/// The name for people of a server, a root or a collection, on one line and not at length.
fn title(value: &Value) -> String {
    let text = value.get("title").and_then(Value::as_str).unwrap_or_default();
    text.chars().filter(|c| !c.is_control()).take(200).collect()
}

/// Whether an id can stand in a path. The standard has UUIDs; an alias may be anything that needs no escaping (§5.2.1).
fn is_identifier(id: &str) -> bool {
    (1..=128).contains(&id.len())
        && id != "."
        && id != ".."
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
}

fn message(fetched: &Fetched) -> Result<Value, Fault> {
    let read = serde_json::from_slice::<Value>(&fetched.body).map_err(|cause| cause.to_string());
    let read =
        read.and_then(|value| if value.is_object() { Ok(value) } else { Err("no JSON object".to_owned()) });
    read.map_err(|why| Fault::Unreadable { url: fetched.url.clone(), why })
}
