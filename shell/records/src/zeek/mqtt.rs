//! Zeek's logs of MQTT.

use super::{
    log::{Head, Log},
    row::{Row, detail, flag, number},
};
use city::{Reply, Request};

pub(super) const LOGS: &[Log] = &[
    Log {
        path: "mqtt_connect",
        head: Head::Ends,
        columns: &[
            ("proto_name", "string"),
            ("proto_version", "string"),
            ("client_id", "string"),
            ("connect_status", "string"),
            ("will_topic", "string"),
            ("will_payload", "string"),
        ],
    },
    Log {
        path: "mqtt_publish",
        head: Head::Ends,
        columns: &[
            ("from_client", "bool"),
            ("retain", "bool"),
            ("qos", "string"),
            ("status", "string"),
            ("topic", "string"),
            ("payload", "string"),
            ("payload_len", "count"),
        ],
    },
    Log {
        path: "mqtt_subscribe",
        head: Head::Ends,
        columns: &[
            ("action", "enum"),
            ("topics", "vector[string]"),
            ("qos_levels", "vector[count]"),
            ("granted_qos_level", "count"),
            ("ack", "bool"),
        ],
    },
];

/// Bytes of a payload that Zeek logs (`MQTT::max_payload_size`).
const PAYLOAD_BYTES_MAX: usize = 100;

/// The subscription whose filters are being told, one after another.
#[derive(Debug, Default)]
pub(super) struct Subscribing(Option<Row>);

impl Subscribing {
    /// The rows of a request.
    pub(super) fn rows(&mut self, request: &Request) -> Vec<Row> {
        match request.function.as_str() {
            "connect" => vec![connect(request)],
            "publish" => vec![publish(request)],
            "subscribe" | "unsubscribe" => self.subscribe(request),
            _ => Vec::new(),
        }
    }

    /// The row that is not finished, at the end.
    pub(super) fn finish(&mut self) -> Option<Row> {
        self.0.take()
    }

    /// mqtt_subscribe.log has a row for a packet, which may hold several filters.
    fn subscribe(&mut self, request: &Request) -> Vec<Row> {
        let mut rows = Vec::new();
        let (part, parts) = (number(request, "part").unwrap_or(1), number(request, "parts").unwrap_or(1));
        if part == 1_u32 {
            rows.extend(self.0.take());
        }
        let row = self.0.get_or_insert_with(|| {
            let mut row = Row::of(request, "mqtt_subscribe", true);
            let subscribes = request.function == "subscribe";
            row.put("action", if subscribes { "MQTT::SUBSCRIBE" } else { "MQTT::UNSUBSCRIBE" });
            row.maybe("granted_qos_level", detail(request, "granted-qos"));
            row.flag("ack", request.reply != Reply::Missing);
            row
        });
        row.text("topics", &request.target.name);
        row.maybe("qos_levels", detail(request, "qos"));
        if part >= parts {
            rows.extend(self.0.take());
        }
        rows
    }
}

fn connect(request: &Request) -> Row {
    let mut row = Row::of(request, "mqtt_connect", true);
    row.maybe_text("proto_name", detail(request, "protocol-name"));
    row.maybe("proto_version", detail(request, "protocol-version"));
    row.maybe_text("client_id", detail(request, "client-id"));
    let status = match detail(request, "return-code") {
        Some("0") => Some("Connection Accepted"),
        Some("1") => Some("Refused: unacceptable protocol version"),
        Some("2") => Some("Refused: identifier rejected"),
        Some("3") => Some("Refused: server unavailable"),
        Some("4") => Some("Refused: bad user name or password"),
        Some("5") => Some("Refused: not authorized"),
        _ => None,
    };
    row.maybe("connect_status", status);
    row.maybe_text("will_topic", detail(request, "will-topic"));
    row.maybe("will_payload", detail(request, "will-payload"));
    row
}

fn publish(request: &Request) -> Row {
    let mut row = Row::of(request, "mqtt_publish", true);
    row.flag("from_client", flag(request, "from-client"));
    row.flag("retain", flag(request, "retain"));
    row.put(
        "qos",
        match detail(request, "qos") {
            Some("0") => "at most once",
            Some("1") => "at least once",
            _ => "exactly once",
        },
    );
    let done = matches!(request.reply, Reply::Done | Reply::NotExpected);
    row.put("status", if done { "ok" } else { "incomplete_qos" });
    row.text("topic", &request.target.name);
    row.maybe("payload", detail(request, "payload").map(|payload| beginning(payload, PAYLOAD_BYTES_MAX)));
    row.maybe("payload_len", detail(request, "payload-length"));
    row
}

/// So much of escaped text as stands for so many bytes.
fn beginning(escaped: &str, bytes: usize) -> &str {
    let mut left = bytes;
    let mut rest = escaped;
    while let Some(first) = rest.chars().next() {
        let (shown, meant) = match first {
            '\\' if rest.starts_with("\\x") => (4, 1),
            '\\' => (2, 1),
            first => (first.len_utf8(), first.len_utf8()),
        };
        if meant > left {
            break;
        }
        left -= meant;
        rest = rest.get(shown..).unwrap_or_default();
    }
    escaped.get(..escaped.len() - rest.len()).unwrap_or(escaped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_is_cut_by_the_bytes_that_it_had() {
        assert_eq!(beginning("a\\x00\\\\bc", 4), "a\\x00\\\\b");
        assert_eq!(beginning("äöü", 3), "ä");
        assert_eq!(beginning("ab", 9), "ab");
    }
}
