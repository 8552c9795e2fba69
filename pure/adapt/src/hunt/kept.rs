//! Which paths of STIX history answers, and from which columns.

use crate::stix::pattern::ObjectPath;

/// The tables of history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kept {
    /// Who spoke to whom.
    Conversations,
    /// What devices said of themselves.
    Identities,
    /// What was asked of devices.
    Requests,
    /// What was seen to be insecure.
    Weaknesses,
}

impl Kept {
    /// Every table.
    pub const ALL: [Kept; 4] = [Kept::Conversations, Kept::Identities, Kept::Requests, Kept::Weaknesses];
}

/// How the columns of a table tell the value of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// One of these columns is the address.
    Addresses(&'static [&'static str]),
    /// The column is the number.
    Number(&'static str),
    /// The row tells, not a column by itself.
    Row,
    /// One of these columns is the text.
    Texts(&'static [&'static str]),
    /// The row tells, by the plan.
    ByPlan,
    /// The zone of the address in this column.
    Zone(&'static str),
}

/// A path that history answers: the type of object, the steps, the table, how, and what it is.
pub type Path = (&'static str, &'static str, Kept, Way, &'static str);

const ENDS: &[&str] = &["source", "destination"];

/// Every path that history answers. A list's elements are written `[*]`.
pub const VOCABULARY: &[Path] = &[
    (
        "domain-name",
        "value",
        Kept::Requests,
        Way::Texts(&["target_name"]),
        "a name asked for in DNS or mDNS, or in the hello of TLS or QUIC",
    ),
    ("ipv4-addr", "value", Kept::Conversations, Way::Addresses(ENDS), "either end of a conversation"),
    ("ipv6-addr", "value", Kept::Conversations, Way::Addresses(ENDS), "either end of a conversation"),
    (
        "mac-addr",
        "value",
        Kept::Conversations,
        Way::Texts(&["source_mac", "destination_mac", "source", "destination"]),
        "either end on its link; a router's, if the end is behind one",
    ),
    (
        "network-traffic",
        "dst_byte_count",
        Kept::Conversations,
        Way::Number("ip_bytes_in"),
        "bytes back, with IP headers",
    ),
    ("network-traffic", "dst_packets", Kept::Conversations, Way::Number("packets_in"), "packets back"),
    (
        "network-traffic",
        "dst_port",
        Kept::Conversations,
        Way::Number("destination_port"),
        "the port spoken to",
    ),
    (
        "network-traffic",
        "dst_ref.value",
        Kept::Conversations,
        Way::Addresses(&["destination"]),
        "the end spoken to",
    ),
    ("network-traffic", "end", Kept::Conversations, Way::Row, "the time of the last packet"),
    (
        "network-traffic",
        "extensions.http-request-ext.request_method",
        Kept::Requests,
        Way::Texts(&["function"]),
        "an HTTP method",
    ),
    (
        "network-traffic",
        "extensions.http-request-ext.request_value",
        Kept::Requests,
        Way::Texts(&["target_name"]),
        "an HTTP path with its query; secrets masked",
    ),
    (
        "network-traffic",
        "is_active",
        Kept::Conversations,
        Way::Row,
        "whether it went on when it was last told of",
    ),
    (
        "network-traffic",
        "protocols[*]",
        Kept::Conversations,
        Way::Row,
        "`ipv4`, `ipv6` or none; the transport; the application protocol",
    ),
    (
        "network-traffic",
        "src_byte_count",
        Kept::Conversations,
        Way::Number("ip_bytes_out"),
        "bytes sent, with IP headers",
    ),
    ("network-traffic", "src_packets", Kept::Conversations, Way::Number("packets_out"), "packets sent"),
    (
        "network-traffic",
        "src_port",
        Kept::Conversations,
        Way::Number("source_port"),
        "the port of the end that began",
    ),
    (
        "network-traffic",
        "src_ref.value",
        Kept::Conversations,
        Way::Addresses(&["source"]),
        "the end that began",
    ),
    ("network-traffic", "start", Kept::Conversations, Way::Row, "the time of the first packet"),
    (
        "network-traffic",
        "x_community_id",
        Kept::Conversations,
        Way::Texts(&["community_id"]),
        "the Community ID",
    ),
    (
        "network-traffic",
        "x_crosses_zones",
        Kept::Conversations,
        Way::ByPlan,
        "`true` if its ends are in different zones",
    ),
    (
        "network-traffic",
        "x_dst_outside",
        Kept::Conversations,
        Way::ByPlan,
        "`true` if the end spoken to is outside the city",
    ),
    (
        "network-traffic",
        "x_dst_services[*]",
        Kept::Conversations,
        Way::ByPlan,
        "the services that the asset spoken to serves",
    ),
    (
        "network-traffic",
        "x_dst_zone",
        Kept::Conversations,
        Way::Zone("destination"),
        "the zone of the end spoken to",
    ),
    ("network-traffic", "x_sensor", Kept::Conversations, Way::Texts(&["sensor"]), "what saw it"),
    (
        "network-traffic",
        "x_src_outside",
        Kept::Conversations,
        Way::ByPlan,
        "`true` if the end that began is outside the city",
    ),
    (
        "network-traffic",
        "x_src_zone",
        Kept::Conversations,
        Way::Zone("source"),
        "the zone of the end that began",
    ),
    (
        "network-traffic",
        "x_state",
        Kept::Conversations,
        Way::Texts(&["state"]),
        "how it went, as Zeek's `conn_state` has it",
    ),
    (
        "network-traffic",
        "x_utc_hour",
        Kept::Conversations,
        Way::Row,
        "the hour in which it began, 0 to 23, UTC",
    ),
    (
        "network-traffic",
        "x_utc_weekday",
        Kept::Conversations,
        Way::Row,
        "the day on which it began, 1 Monday to 7 Sunday, UTC",
    ),
    ("network-traffic", "x_vlan", Kept::Conversations, Way::Number("vlan"), "the VLAN"),
    (
        "x-bastide-identity",
        "about",
        Kept::Identities,
        Way::Texts(&["about"]),
        "what is said: `vendor`, `model`, `firmware`, …",
    ),
    (
        "x-bastide-identity",
        "confidence",
        Kept::Identities,
        Way::Number("confidence"),
        "how far it is to be believed, in percent",
    ),
    ("x-bastide-identity", "device_ref.value", Kept::Identities, Way::Addresses(&["address"]), "the device"),
    ("x-bastide-identity", "field", Kept::Identities, Way::Texts(&["field"]), "the field that said it"),
    (
        "x-bastide-identity",
        "protocol",
        Kept::Identities,
        Way::Texts(&["protocol"]),
        "the protocol that said it",
    ),
    ("x-bastide-identity", "value", Kept::Identities, Way::Texts(&["value"]), "what it said"),
    ("x-bastide-request", "back", Kept::Requests, Way::Row, "`true` if the end spoken to asked"),
    (
        "x-bastide-request",
        "crosses_zones",
        Kept::Requests,
        Way::ByPlan,
        "`true` if its ends are in different zones",
    ),
    (
        "x-bastide-request",
        "dst_outside",
        Kept::Requests,
        Way::ByPlan,
        "`true` if the end asked is outside the city",
    ),
    (
        "x-bastide-request",
        "dst_port",
        Kept::Requests,
        Way::Number("destination_port"),
        "the port of the end asked",
    ),
    ("x-bastide-request", "dst_ref.value", Kept::Requests, Way::Addresses(&["destination"]), "the end asked"),
    (
        "x-bastide-request",
        "dst_services[*]",
        Kept::Requests,
        Way::ByPlan,
        "the services that the asset asked serves",
    ),
    ("x-bastide-request", "dst_zone", Kept::Requests, Way::Zone("destination"), "the zone of the end asked"),
    (
        "x-bastide-request",
        "function",
        Kept::Requests,
        Way::Texts(&["function"]),
        "what was asked, in the protocol's own words",
    ),
    (
        "x-bastide-request",
        "outcome",
        Kept::Requests,
        Way::Texts(&["outcome"]),
        "`done`, `missing`, `not-expected` or `refused`",
    ),
    ("x-bastide-request", "protocol", Kept::Requests, Way::Texts(&["protocol"]), "the application protocol"),
    ("x-bastide-request", "refusal", Kept::Requests, Way::Texts(&["refusal"]), "why it was refused"),
    ("x-bastide-request", "sensor", Kept::Requests, Way::Texts(&["sensor"]), "what saw it"),
    (
        "x-bastide-request",
        "src_outside",
        Kept::Requests,
        Way::ByPlan,
        "`true` if the end that asked is outside the city",
    ),
    (
        "x-bastide-request",
        "src_port",
        Kept::Requests,
        Way::Number("source_port"),
        "the port of the end that asked",
    ),
    ("x-bastide-request", "src_ref.value", Kept::Requests, Way::Addresses(&["source"]), "the end that asked"),
    ("x-bastide-request", "src_zone", Kept::Requests, Way::Zone("source"), "the zone of the end that asked"),
    (
        "x-bastide-request",
        "target",
        Kept::Requests,
        Way::Texts(&["target"]),
        "what it was about, as `bastide records` shows it",
    ),
    (
        "x-bastide-request",
        "target_first",
        Kept::Requests,
        Way::Number("target_first"),
        "the first number addressed",
    ),
    (
        "x-bastide-request",
        "target_kind",
        Kept::Requests,
        Way::Texts(&["target_kind"]),
        "the kind of thing addressed",
    ),
    (
        "x-bastide-request",
        "target_last",
        Kept::Requests,
        Way::Number("target_last"),
        "the last number addressed",
    ),
    ("x-bastide-request", "target_name", Kept::Requests, Way::Texts(&["target_name"]), "the name addressed"),
    (
        "x-bastide-request",
        "target_unit",
        Kept::Requests,
        Way::Number("target_unit"),
        "the device behind the address",
    ),
    (
        "x-bastide-request",
        "utc_hour",
        Kept::Requests,
        Way::Row,
        "the hour in which it was asked, 0 to 23, UTC",
    ),
    (
        "x-bastide-request",
        "utc_weekday",
        Kept::Requests,
        Way::Row,
        "the day on which it was asked, 1 Monday to 7 Sunday, UTC",
    ),
    (
        "x-bastide-request",
        "value",
        Kept::Requests,
        Way::Texts(&["value"]),
        "the value sent or returned; never a credential's",
    ),
    (
        "x-bastide-request",
        "verb",
        Kept::Requests,
        Way::Texts(&["verb"]),
        "what was asked, in the common vocabulary",
    ),
    ("x-bastide-weakness", "detail", Kept::Weaknesses, Way::Texts(&["detail"]), "in words; never a secret"),
    (
        "x-bastide-weakness",
        "device_ref.value",
        Kept::Weaknesses,
        Way::Addresses(&["address"]),
        "the device that has it",
    ),
    ("x-bastide-weakness", "device_zone", Kept::Weaknesses, Way::Zone("address"), "the device's zone"),
    (
        "x-bastide-weakness",
        "kind",
        Kept::Weaknesses,
        Way::Texts(&["weakness"]),
        "what it is: `default-credentials`, `obsolete-tls`, …",
    ),
    (
        "x-bastide-weakness",
        "peer_ref.value",
        Kept::Weaknesses,
        Way::Addresses(&["peer"]),
        "the other end, if it showed in a conversation",
    ),
    ("x-bastide-weakness", "port", Kept::Weaknesses, Way::Number("port"), "the port on which it serves"),
    (
        "x-bastide-weakness",
        "protocol",
        Kept::Weaknesses,
        Way::Texts(&["protocol"]),
        "the protocol in which it showed",
    ),
    (
        "x-bastide-weakness",
        "utc_hour",
        Kept::Weaknesses,
        Way::Row,
        "the hour in which it showed, 0 to 23, UTC",
    ),
    (
        "x-bastide-weakness",
        "utc_weekday",
        Kept::Weaknesses,
        Way::Row,
        "the day on which it showed, 1 Monday to 7 Sunday, UTC",
    ),
];

/// Where history keeps what a path leads to; none if it does not.
pub(super) fn find(path: &ObjectPath) -> Option<&'static Path> {
    let steps = path.general();
    VOCABULARY.iter().find(|(of, known, ..)| *of == path.object_type && *known == steps)
}
