//! Which paths of STIX traffic shows, and what they lead to.

use super::value::Kind;
use crate::{
    hunt::{Kept, VOCABULARY, Way},
    stix::pattern::{Comparison, ObjectPath},
};

/// What a path leads to, of what can be looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// The address of an object.
    Address,
    /// The address of one end of traffic.
    End,
    Url,
    Text(Kind),
}

impl Shape {
    pub(super) fn of(path: &ObjectPath) -> Option<Shape> {
        Some(match (path.object_type.as_str(), path.general().as_str()) {
            ("ipv4-addr" | "ipv6-addr", "value") => Shape::Address,
            ("network-traffic", "src_ref.value" | "dst_ref.value") => Shape::End,
            ("domain-name", "value") => Shape::Text(Kind::Name),
            ("mac-addr", "value") => Shape::Text(Kind::Mac),
            ("url", "value") => Shape::Url,
            ("x509-certificate", "hashes.SHA-1" | "hashes.SHA-256") => Shape::Text(Kind::Certificate),
            ("network-traffic", "extensions.http-request-ext.request_value") => Shape::Text(Kind::Path),
            ("network-traffic", AGENT | AGENT_LISTED) => Shape::Text(Kind::Agent),
            ("network-traffic", "x_ja3") => Shape::Text(Kind::Ja3),
            ("network-traffic", "x_ja4") => Shape::Text(Kind::Ja4),
            _ => return None,
        })
    }

    pub(super) fn is_address(self) -> bool {
        matches!(self, Shape::Address | Shape::End)
    }
}

const AGENT: &str = "extensions.http-request-ext.request_header.User-Agent";
const AGENT_LISTED: &str = "extensions.http-request-ext.request_header.User-Agent[*]";

/// What traffic shows that history does not keep.
const SIGNS: &[(&str, &str)] = &[
    ("network-traffic", AGENT),
    ("network-traffic", AGENT_LISTED),
    ("network-traffic", "x_ja3"),
    ("network-traffic", "x_ja4"),
    ("url", "value"),
    ("x509-certificate", "hashes.SHA-1"),
    ("x509-certificate", "hashes.SHA-256"),
];

/// What is told of the traffic of a request.
const BESIDE_REQUEST: &[&str] = &[
    "dst_port",
    "dst_ref.value",
    "extensions.http-request-ext.request_method",
    "extensions.http-request-ext.request_value",
    "protocols[*]",
    "src_port",
    "src_ref.value",
    "x_ja3",
    "x_ja4",
    AGENT,
    AGENT_LISTED,
];

/// Whether traffic shows what a path leads to.
pub(super) fn is_seen(path: &ObjectPath, of_request: bool) -> bool {
    let (of, steps) = (path.object_type.as_str(), path.general());
    if of == "network-traffic" && of_request {
        return BESIDE_REQUEST.contains(&steps.as_str());
    }
    let kept = |(known, path, table, way, _): &(&str, &str, Kept, Way, &str)| {
        *known == of
            && *path == steps
            && matches!(table, Kept::Conversations | Kept::Requests)
            && !matches!(way, Way::ByPlan | Way::Zone(_))
    };
    SIGNS.contains(&(of, steps.as_str())) || VOCABULARY.iter().any(kept)
}

/// Whether a comparison asks for what only a request shows of its traffic.
pub(super) fn asks_for_request(comparison: &Comparison) -> bool {
    match comparison {
        Comparison::And(parts) | Comparison::Or(parts) => parts.iter().any(asks_for_request),
        Comparison::Test(test) => {
            let steps = test.path.general();
            test.path.object_type == "network-traffic"
                && (steps.starts_with("extensions.http-request-ext.")
                    || matches!(steps.as_str(), "x_ja3" | "x_ja4"))
        }
    }
}
