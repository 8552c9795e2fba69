//! What is read from and written to the head of a request and its answer.

use crate::door::{Peer, Theme};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use std::net::IpAddr;

/// Only what is ours, nothing in line, nothing framed, no plug-in, and no script may make markup of text unless it is
/// our own.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; \
                      trusted-types bastide";

const ALWAYS: [(HeaderName, &str); 8] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=(), payment=(), usb=(), interest-cohort=()",
    ),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-embedder-policy"), "require-corp"),
];

/// Puts the headers on an answer that keep a browser from harm.
pub(super) fn dress(headers: &mut HeaderMap, tls: bool) {
    for (name, value) in ALWAYS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    if tls {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
}

/// Whether the request names this console: an address we listen on, `localhost` on loopback, or a configured name.
/// Anything else may be a foreign site whose name was made to point here (DNS rebinding).
pub(super) fn host_is_ours(headers: &HeaderMap, peer: Peer, names: &[String]) -> bool {
    let Peer::Network { here, port, .. } = peer else { return true };
    let mut hosts = headers.get_all(header::HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else { return false };
    let Ok(host) = host.to_str() else { return false };
    let (name, said_port) = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((name, rest)) => (name, rest.strip_prefix(':')),
        None => match host.split_once(':') {
            Some((name, port)) => (name, Some(port)),
            None => (host, None),
        },
    };
    let named = names.iter().any(|known| known.eq_ignore_ascii_case(name));
    if named {
        // Behind a name the port may be another's: a forwarder's, for example.
        return true;
    }
    let port_fits = said_port.map_or(port == 80 || port == 443, |said| said.parse() == Ok(port));
    let address = name.parse::<IpAddr>().is_ok_and(|address| address == here);
    let localhost = here.is_loopback() && name.eq_ignore_ascii_case("localhost");
    port_fits && (address || localhost)
}

/// Whether a request that changes something could have been made by another site in the visitor's name.
pub(super) fn crosses_sites(method: &Method, headers: &HeaderMap) -> bool {
    if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
        return false;
    }
    let text = |name: &HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    if let Some(site) = text(&HeaderName::from_static("sec-fetch-site")) {
        return site != "same-origin";
    }
    match (text(&header::ORIGIN), text(&header::HOST)) {
        (Some(origin), Some(host)) => origin.split_once("://").is_none_or(|(_, origin)| origin != host),
        // A browser that sends neither is older than any that we support; a programme has a token instead of a cookie.
        _ => true,
    }
}

/// The value of a cookie.
pub(super) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(known, _)| *known == name)
        .map(|(_, value)| value)
}

/// The name of the session's cookie. With TLS the prefix binds it to this host; without, the port tells two consoles on
/// one machine apart, since cookies do not.
pub(super) fn session_cookie(peer: Peer) -> String {
    match peer {
        Peer::Network { tls: true, .. } => "__Host-bastide".to_owned(),
        Peer::Network { port, .. } => format!("bastide-{port}"),
        Peer::Socket => "bastide".to_owned(),
    }
}

/// A `Set-Cookie` value that only we can read and that no other site's request carries. No age ends it with the browser.
pub(super) fn set_cookie(peer: Peer, name: &str, value: &str, seconds: Option<i64>) -> Option<HeaderValue> {
    let secure = if matches!(peer, Peer::Network { tls: true, .. }) { "; Secure" } else { "" };
    let age = seconds.map(|seconds| format!("; Max-Age={seconds}")).unwrap_or_default();
    HeaderValue::from_str(&format!("{name}={value}; Path=/; HttpOnly; SameSite=Strict{secure}{age}")).ok()
}

/// Light or dark, as the reader chose.
pub(super) fn theme(headers: &HeaderMap) -> Theme {
    cookie(headers, THEME_COOKIE).map(Theme::parse).unwrap_or_default()
}

/// Remembers light or dark; no secret.
pub(super) const THEME_COOKIE: &str = "bastide-theme";

#[cfg(test)]
mod tests {
    use super::*;

    fn head(pairs: &[(HeaderName, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn only_our_own_names_are_answered() {
        let here = |text: &str| Peer::Network {
            address: "192.0.2.9".parse().unwrap(),
            tls: false,
            port: 8460,
            here: text.parse().unwrap(),
        };
        for (host, loopback, other) in [
            ("127.0.0.1:8460", true, false),
            ("localhost:8460", true, false),
            ("LOCALHOST:8460", true, false),
            ("192.0.2.1:8460", false, true),
            ("localhost", false, false),
            ("127.0.0.1:8461", false, false),
            ("evil.example:8460", false, false),
            ("127.0.0.1.evil.example:8460", false, false),
            ("bastide.council.example", true, true),
            ("", false, false),
        ] {
            let headers = HeaderMap::from_iter([(header::HOST, HeaderValue::from_str(host).unwrap())]);
            let names = ["bastide.council.example".to_owned()];
            assert_eq!(host_is_ours(&headers, here("127.0.0.1"), &names), loopback, "{host}");
            assert_eq!(host_is_ours(&headers, here("192.0.2.1"), &names), other, "{host}");
        }
        let six = head(&[(header::HOST, "[::1]:8460")]);
        assert!(host_is_ours(&six, here("::1"), &[]));
        assert!(!host_is_ours(&HeaderMap::new(), here("::1"), &[]));
    }

    #[test]
    fn another_site_cannot_act() {
        let site = HeaderName::from_static("sec-fetch-site");
        for (headers, crosses) in [
            (head(&[(site.clone(), "same-origin")]), false),
            (head(&[(site.clone(), "cross-site")]), true),
            (head(&[(site.clone(), "same-site")]), true),
            (head(&[(site, "none")]), true),
            (head(&[(header::ORIGIN, "http://localhost:1"), (header::HOST, "localhost:1")]), false),
            (head(&[(header::ORIGIN, "http://evil.example"), (header::HOST, "localhost:1")]), true),
            (head(&[(header::ORIGIN, "null"), (header::HOST, "localhost:1")]), true),
            (head(&[]), true),
        ] {
            assert_eq!(crosses_sites(&Method::POST, &headers), crosses, "{headers:?}");
            assert!(!crosses_sites(&Method::GET, &headers));
        }
    }
}
