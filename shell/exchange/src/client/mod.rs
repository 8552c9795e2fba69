//! The client: reads a collection of another's server, from where it stopped, in bounded steps.

mod address;
mod fault;
mod fetch;
mod find;
mod poll;
mod progress;

pub use fault::Fault;
pub use find::{Offer, Remote, Root};
pub use poll::{Poll, Taken, take_in};
pub use progress::{Resume, Stop};

use address::Address;
use fetch::Fetcher;
use std::{path::Path, time::Duration};

/// How much of a server is taken at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How many objects of a page are asked for. A server may send more or fewer.
    pub page_objects: usize,
    /// The most bytes of an answer.
    pub page_bytes: usize,
    /// How long an answer may take.
    pub page_time: Duration,
    /// The most pages of a poll.
    pub pages: usize,
    /// The most objects of a poll, to the end of a page.
    pub objects: usize,
    /// How long a poll may take, to the end of a page.
    pub time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            page_objects: 1_000,
            page_bytes: 64 << 20,
            page_time: Duration::from_secs(60),
            pages: 2_000,
            objects: 2_000_000,
            time: Duration::from_secs(600),
        }
    }
}

/// A client of one server.
pub struct Client {
    fetcher: Fetcher,
    address: Address,
    limits: Limits,
}

impl Client {
    /// A client of the server, API root or collection at a URL; a URL without a path means `/taxii2/` there. The login is
    /// `name:password`. Without an authority the server is believed by the certificates that the machine trusts.
    ///
    /// # Errors
    /// The URL is none, or would carry a login over the network in the clear; the authority cannot be read.
    pub fn new(
        url: &str,
        login: Option<&str>,
        authority: Option<&Path>,
        limits: Limits,
    ) -> Result<Client, Fault> {
        let address = Address::parse(url)?;
        let fetcher = Fetcher::new(login, authority, limits)?;
        Ok(Client { fetcher, address, limits })
    }
}
