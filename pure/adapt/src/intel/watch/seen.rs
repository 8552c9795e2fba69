//! What an observation shows of what can be looked for.

use super::value::{Kind, Url, name};
use crate::{
    hunt::{self, NAMED},
    stix::ObservedData,
};
use city::{Address, Observation, Observed, Protocol, Request};
use serde_json::{Value, json};

/// Whether the ends of a request are looked for: what else it shows may be asked of one of them.
pub(super) fn has_ends(request: &Request) -> bool {
    matches!(request.flow.protocol, Some(Protocol::Http | Protocol::Tls | Protocol::Quic))
}

/// The texts that a request shows, of the kinds that are wanted.
pub(super) fn texts(request: &Request, wants: impl Fn(Kind) -> bool, mut put: impl FnMut(Kind, &str)) {
    match request.flow.protocol {
        Some(Protocol::Http) => of_http(request, &wants, &mut put),
        Some(protocol) if NAMED.contains(&protocol) => {
            if wants(Kind::Name) && !request.target.name.is_empty() {
                put(Kind::Name, &name(&request.target.name));
            }
        }
        _ => return,
    }
    for (key, value) in &request.details {
        let kind = match key.as_str() {
            "certificate-fingerprint" | "certificate-sha1" => Kind::Certificate,
            "ja3-hash" => Kind::Ja3,
            "ja4" => Kind::Ja4,
            "user-agent" => Kind::Agent,
            _ => continue,
        };
        if wants(kind) {
            put(kind, value);
        }
    }
}

fn of_http(request: &Request, wants: impl Fn(Kind) -> bool, mut put: impl FnMut(Kind, &str)) {
    let asked = asked(request);
    if wants(Kind::Path) && asked.starts_with('/') {
        put(Kind::Path, asked);
    }
    if !wants(Kind::Url) && !wants(Kind::Name) {
        return;
    }
    let Some(url) = url(request) else { return };
    // First what says more.
    if wants(Kind::Url) && request.function != "CONNECT" {
        put(Kind::Url, &url.text);
    }
    if wants(Kind::Name) {
        put(Kind::Name, &url.host);
    }
}

/// What an HTTP client asked for, whole if it was told so.
fn asked(request: &Request) -> &str {
    detail(request, "uri").unwrap_or(&request.target.name)
}

fn detail<'r>(request: &'r Request, wanted: &str) -> Option<&'r str> {
    request.details.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str())
}

/// The URL that an HTTP client asked for: of the host that it named, or else of the address that it asked.
fn url(request: &Request) -> Option<Url> {
    let asked = asked(request);
    if request.function == "CONNECT" {
        // Only a host and a port: what is asked of it is within TLS.
        return Url::at(asked, "");
    }
    if asked.contains("://") && !asked.starts_with('/') {
        return Url::of(asked);
    }
    if let Some(host) = detail(request, "host") {
        return Url::at(host, asked);
    }
    let Address::Ip(ip) = request.flow.destination else { return None };
    let ip = ip.to_canonical();
    let host = if ip.is_ipv6() { format!("[{ip}]") } else { ip.to_string() };
    Url::at(&format!("{host}:{}", request.flow.destination_port), asked)
}

/// An observation as observed data, with what is seen of traffic and not kept in history.
pub(super) fn observed(observation: &Observation) -> Option<ObservedData> {
    let observed = hunt::observed(String::new(), observation, None)?;
    let Observed::Request(request) = &observation.fact else { return Some(observed) };
    let mut more: Vec<(&'static str, Value)> = Vec::new();
    let named = |name: &str| json!({"type": "domain-name", "value": name});
    match request.flow.protocol {
        Some(Protocol::Http) => {
            if let Some(url) = url(request) {
                more.push(("name", named(&url.host)));
                if request.function != "CONNECT" {
                    more.push(("url", json!({"type": "url", "value": url.text})));
                }
            }
            let traffic = observed.object("traffic").cloned().unwrap_or_default();
            // STIX 2.1 has a header's values as a list, and 2.0 as a text (§6.12.2).
            let with = |header: Value| {
                let mut traffic = traffic.clone();
                let http = traffic.pointer_mut("/extensions/http-request-ext");
                if let Some(http) = http.and_then(Value::as_object_mut) {
                    http.insert("request_value".to_owned(), asked(request).into());
                    http.insert("request_header".to_owned(), header);
                }
                traffic
            };
            match detail(request, "user-agent") {
                Some(agent) => {
                    more.push(("traffic", with(json!({"User-Agent": [agent]}))));
                    more.push(("traffic-of-old", with(json!({"User-Agent": agent}))));
                }
                None => more.push(("traffic", with(json!({})))),
            }
        }
        Some(protocol) if NAMED.contains(&protocol) => {
            if !request.target.name.is_empty() {
                more.push(("name-in-form", named(&name(&request.target.name))));
            }
            let prints = [("x_ja3", "ja3-hash"), ("x_ja4", "ja4")]
                .map(|(property, key)| Some((property.to_owned(), Value::from(detail(request, key)?))));
            let mut traffic = hunt::traffic(&request.flow);
            traffic.extend(prints.into_iter().flatten());
            more.push(("traffic", Value::Object(traffic)));
            let hash = |key| detail(request, key).map(Value::from);
            // The first of a chain is its owner's.
            let hashes =
                json!({"SHA-1": hash("certificate-sha1"), "SHA-256": hash("certificate-fingerprint")});
            more.push(("certificate", json!({"type": "x509-certificate", "hashes": hashes})));
        }
        _ => {}
    }
    Some(observed.with(more))
}
