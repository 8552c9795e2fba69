//! Where something is.

use super::Fault;
use std::fmt::{self, Write as _};
use ureq::http::Uri;

/// The longest URL that is followed.
const LENGTH_MAX: usize = 8_192;

/// An address of `http` or `https`, of which scheme, host and port never change on the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    /// `https://host:port`.
    origin: String,
    /// The path, from `/` on, and a query.
    path: String,
}

impl Address {
    /// Reads a URL. What is in the clear must stay on this machine.
    pub(super) fn parse(url: &str) -> Result<Address, Fault> {
        let bad = |why: &str| Fault::Address { url: url.chars().take(200).collect(), why: why.to_owned() };
        if url.len() > LENGTH_MAX {
            return Err(bad("it is too long"));
        }
        let uri: Uri = url.parse().map_err(|_| bad("it is no URL"))?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(bad("it has no scheme and host"));
        };
        if authority.as_str().contains('@') {
            return Err(bad("a login does not belong into a URL"));
        }
        let local = matches!(authority.host(), "localhost" | "127.0.0.1" | "[::1]");
        if scheme != "https" && !(scheme == "http" && local) {
            return Err(bad("only https leaves this machine"));
        }
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let path = if matches!(path, "" | "/") { "/taxii2/" } else { path };
        let origin = format!("{scheme}://{}", authority.as_str().to_ascii_lowercase());
        Ok(Address { origin, path: path.to_owned() })
    }

    /// Where a reference found here leads, if it stays with the same server: a login must not travel elsewhere.
    pub(super) fn follow(&self, reference: &str) -> Result<Address, Fault> {
        let elsewhere =
            || Fault::Elsewhere { url: self.to_string(), to: reference.chars().take(200).collect() };
        if reference.starts_with('/') && !reference.starts_with("//") {
            return Address::parse(&format!("{}{reference}", self.origin));
        }
        if !reference.contains("://") {
            return Err(elsewhere());
        }
        let there = Address::parse(reference).map_err(|_| elsewhere())?;
        let plain = |origin: &str| match origin.split_once("://") {
            Some(("https", host)) => {
                origin.strip_suffix(":443").filter(|_| host.ends_with(":443")).map(str::to_owned)
            }
            _ => None,
        };
        let same = |address: &Address| plain(&address.origin).unwrap_or_else(|| address.origin.clone());
        if same(&there) == same(self) { Ok(there) } else { Err(elsewhere()) }
    }

    /// Something beneath a folder.
    pub(super) fn beneath(&self, rest: &str) -> Address {
        let path = self.path.split('?').next().unwrap_or_default().trim_end_matches('/');
        Address { origin: self.origin.clone(), path: format!("{path}/{rest}") }
    }

    /// The same with parameters.
    pub(super) fn asking(&self, parameters: &[(&str, String)]) -> Address {
        let mut path = self.path.clone();
        for (name, value) in parameters {
            path.push(if path.contains('?') { '&' } else { '?' });
            path.push_str(name);
            path.push('=');
            for byte in value.bytes() {
                if byte.is_ascii_alphanumeric() || b"-._~:".contains(&byte) {
                    path.push(char::from(byte));
                } else {
                    let _ = write!(path, "%{byte:02X}");
                }
            }
        }
        Address { origin: self.origin.clone(), path }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.origin, self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_leads_to_another_server() {
        for bad in [
            "http://intel.example/",
            "ftp://intel.example/",
            "intel.example",
            "https://a:b@intel.example/",
            "/x",
        ] {
            assert!(Address::parse(bad).is_err(), "{bad}");
        }
        let here = Address::parse("https://Intel.example").unwrap();
        assert_eq!(here.to_string(), "https://intel.example/taxii2/");
        for (reference, to) in [
            ("/api/", Some("https://intel.example/api/")),
            ("https://intel.example/api/", Some("https://intel.example/api/")),
            ("https://intel.example:443/api/", Some("https://intel.example:443/api/")),
            ("https://intel.example:8443/api/", None),
            ("https://evil.example/api/", None),
            ("http://intel.example/api/", None),
            ("http://127.0.0.1/api/", None),
            ("//evil.example/api/", None),
            ("api/", None),
        ] {
            assert_eq!(here.follow(reference).ok().map(|to| to.to_string()).as_deref(), to, "{reference}");
        }
        let asking =
            here.beneath("objects/").asking(&[("next", "a b&c".to_owned()), ("limit", "5".to_owned())]);
        assert_eq!(asking.to_string(), "https://intel.example/taxii2/objects/?next=a%20b%26c&limit=5");
    }
}
