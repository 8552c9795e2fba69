//! `dhcp`: each message, with all that Suricata writes in its extended form.

use super::event::{Event, Object, Value, all, detail};
use city::{Address, Request};

/// The event of a message.
pub(super) fn event(request: &Request) -> Event {
    let details = &request.details;
    let is_reply = matches!(request.function.as_str(), "offer" | "ack" | "nak");
    let mut body = Object::default();
    body.put("type", if is_reply { "reply" } else { "request" });
    let id = detail(details, "id").and_then(|id| u64::from_str_radix(id, 16).ok());
    body.maybe("id", id);
    body.text("client_mac", details, "client-mac");
    let address = |key: &str| detail(details, key).unwrap_or("0.0.0.0");
    body.put("assigned_ip", address("assigned-address"));
    body.put("client_ip", address("client-address"));
    if is_reply {
        body.put("relay_ip", address("relay-address"));
        body.put("next_server_ip", address("next-server-address"));
    }
    body.put("dhcp_type", request.function.as_str());
    body.maybe("client_id", detail(details, "client-identifier").map(super::event::with_colons));
    for (field, key) in
        [("lease_time", "lease-time"), ("renewal_time", "renewal-time"), ("rebinding_time", "rebinding-time")]
    {
        body.number(field, details, key);
    }
    for (field, key) in [
        ("requested_ip", "requested-address"),
        ("subnet_mask", "subnet-mask"),
        ("hostname", "host-name"),
        ("vendor_class_identifier", "vendor-class"),
    ] {
        body.text(field, details, key);
    }
    if let Some(list) = detail(details, "parameter-list") {
        let names = list.split(',').filter_map(parameter);
        body.put("params", names.map(Value::from).collect::<Vec<_>>());
    }
    for (field, key) in [("dns_servers", "name-server"), ("routers", "router")] {
        let addresses: Vec<Value> = all(details, key).map(Value::from).collect();
        if !addresses.is_empty() {
            body.put(field, addresses);
        }
    }
    let mut event = Event::of("dhcp", request, body);
    // The packet's own ends: a request is told under the address that the client is given.
    let end = |key: &str| detail(details, key).and_then(|address| address.parse::<Address>().ok());
    if let (Some(sender), Some(receiver)) = (end("sender"), end("receiver")) {
        let ports = if is_reply {
            (request.flow.destination_port, request.flow.source_port)
        } else {
            (request.flow.source_port, request.flow.destination_port)
        };
        (event.flow.source, event.flow.destination) = (sender, receiver);
        (event.flow.source_port, event.flow.destination_port) = ports;
    }
    event
}

/// The options asked for that Suricata has a name for.
fn parameter(code: &str) -> Option<&'static str> {
    Some(match code {
        "1" => "subnet_mask",
        "3" => "router",
        "6" => "dns_server",
        "15" => "domain",
        "35" => "arp_timeout",
        "42" => "ntp_server",
        "66" => "tftp_server_name",
        "150" => "tftp_server_ip",
        _ => return None,
    })
}
