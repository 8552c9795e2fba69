//! What can be watched for, each in the one form in which it is compared.

use ipnet::IpNet;
use std::{fmt, net::IpAddr, sync::Arc};

/// Something that is watched for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Watched {
    /// An address, at either end of a conversation.
    Address(IpAddr),
    /// The addresses of a network, at either end of a conversation.
    Network(IpNet),
    /// The addresses of a network, at either end of a request of HTTP or the hello of TLS.
    Asked(IpNet),
    /// A text.
    Text(Kind, Arc<str>),
}

/// What a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The hash of a certificate shown in TLS: SHA-1 or SHA-256, in lower case.
    Certificate,
    /// A URL of HTTP without its scheme: `evil.example/gate?id=1`.
    Url,
    /// A domain name, in lower case and without the full stop at its end.
    Name,
    /// The address of a device on its link: `02:00:00:00:00:01`.
    Mac,
    /// The path of a URL, with its query.
    Path,
    /// What a client of HTTP calls itself.
    Agent,
    /// The fingerprint of a hello of TLS or QUIC by JA4.
    Ja4,
    /// The fingerprint of a hello of TLS or QUIC by JA3: MD5, in lower case.
    Ja3,
}

impl Kind {
    /// Every kind, in their order.
    pub(super) const ALL: [Kind; 8] =
        [Kind::Certificate, Kind::Url, Kind::Name, Kind::Mac, Kind::Path, Kind::Agent, Kind::Ja4, Kind::Ja3];
}

impl Watched {
    /// A name in the form in which it is compared.
    #[must_use]
    pub fn name(text: &str) -> Watched {
        Watched::Text(Kind::Name, name(text).into())
    }

    /// How rare it is among what is seen: of several things that must all hold, the least of these is looked for.
    pub(super) fn commonness(&self) -> u8 {
        match self {
            Watched::Text(Kind::Certificate, _) => 0,
            Watched::Text(Kind::Url, _) => 1,
            Watched::Text(Kind::Name, _) => 2,
            Watched::Address(_) | Watched::Text(Kind::Mac, _) => 3,
            Watched::Asked(network) if network.prefix_len() == network.max_prefix_len() => 3,
            Watched::Text(Kind::Path, _) => 4,
            Watched::Text(Kind::Agent, _) => 5,
            Watched::Text(Kind::Ja4, _) => 6,
            Watched::Text(Kind::Ja3, _) => 7,
            Watched::Network(_) | Watched::Asked(_) => 8,
        }
    }
}

impl fmt::Display for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Watched::Address(address) => address.fmt(f),
            Watched::Network(network) => network.fmt(f),
            Watched::Asked(network) if network.prefix_len() == network.max_prefix_len() => {
                network.addr().fmt(f)
            }
            Watched::Asked(network) => network.fmt(f),
            Watched::Text(_, text) => text.fmt(f),
        }
    }
}

/// A network of one address is that address.
pub(super) fn network(network: IpNet) -> Watched {
    if network.prefix_len() == network.max_prefix_len() {
        Watched::Address(network.addr().to_canonical())
    } else {
        Watched::Network(network.trunc())
    }
}

/// A domain name in the form in which it is compared.
pub(super) fn name(text: &str) -> String {
    text.trim_end_matches('.').to_ascii_lowercase()
}

/// A URL of HTTP in the form in which it is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Url {
    /// Host, port unless it is the usual one, path and query.
    pub(super) text: String,
    /// The host alone, without its port.
    pub(super) host: String,
    /// Whether it names nothing but the host: its host says all of it.
    pub(super) is_bare: bool,
}

impl Url {
    /// Reads a URL; none if it is none of HTTP. The scheme is not compared, for what is fetched by TLS at one end of a proxy
    /// is fetched in the clear at the other; a login in it is not, and nor is a fragment, which is never sent.
    pub(super) fn of(text: &str) -> Option<Url> {
        let (scheme, rest) = text.trim().split_once("://")?;
        if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
            return None;
        }
        let rest = rest.split('#').next().unwrap_or_default();
        let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let authority = authority.rsplit('@').next().unwrap_or_default();
        Url::at(authority, path)
    }

    /// A URL that is in this form already; none if it is none of HTTP.
    pub(super) fn in_form(text: &str) -> Option<Url> {
        let (authority, path) = text.split_at(text.find('/')?);
        if path.starts_with("//") { None } else { Url::at(authority, path) }
    }

    /// What is seen of it where the rest is encrypted.
    pub(super) fn host_alone(&self) -> Watched {
        let address = self.host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        address.map_or_else(|_| Watched::name(&self.host), |address| Watched::Address(address.to_canonical()))
    }

    /// The URL of a host, as HTTP's `Host` has it, and a path.
    pub(super) fn at(authority: &str, path: &str) -> Option<Url> {
        // An address of IPv6 has colons of its own, in brackets.
        let behind = authority.rfind(']').map_or(0, |at| at + 1);
        let colon = authority.get(behind..)?.rfind(':').map(|at| at + behind);
        let (host, port) = authority.split_at(colon.unwrap_or(authority.len()));
        let host = name(host);
        let port = port.trim_start_matches(':');
        let port = if matches!(port, "" | "80" | "443") { String::new() } else { format!(":{port}") };
        if host.is_empty() {
            return None;
        }
        let root = if path.starts_with('/') { "" } else { "/" };
        let is_bare = matches!(path, "" | "/");
        Some(Url { text: format!("{host}{port}{root}{path}"), host, is_bare })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_has_one_form() {
        let text = |url: &str| Url::of(url).map(|url| url.text);
        for same in [
            "http://Evil.example:80/a?b=1#top",
            "HTTPS://user:pw@evil.example.:443/a?b=1",
            "https://evil.example/a?b=1",
        ] {
            assert_eq!(text(same).as_deref(), Some("evil.example/a?b=1"), "{same}");
        }
        assert_eq!(text("http://evil.example?b=1").as_deref(), Some("evil.example/?b=1"));
        assert_eq!(text("http://[2001:DB8::9]:8080").as_deref(), Some("[2001:db8::9]:8080/"));
        assert_eq!(text("http://[2001:db8::9]/x").as_deref(), Some("[2001:db8::9]/x"));
        let bare = |url: &str| Url::of(url).is_some_and(|url| url.is_bare);
        assert!(
            bare("https://evil.example") && bare("https://evil.example/") && !bare("https://evil.example/?")
        );
        assert_eq!(
            [text("ftp://evil.example/a"), text("evil.example/a"), text("http:///a")],
            [None, None, None]
        );
    }
}
