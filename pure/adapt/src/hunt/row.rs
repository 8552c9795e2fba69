//! A row of history as observed data of STIX.

use crate::stix::ObservedData;
use city::{
    Address, Conversation, Flow, Identity, Observation, Observed, Protocol, Request, Transport, Weakness,
};
use jiff::{Timestamp, tz::TimeZone};
use serde_json::{Map, Value, json};
use std::net::IpAddr;

/// Where an address belongs, by the plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Its zone, if it is in one.
    pub zone: Option<String>,
    /// Whether it is outside the city.
    pub outside: bool,
    /// The services that the asset with this address serves.
    pub services: Vec<String>,
}

/// Tells where an address belongs; none where there is no plan.
pub type Places<'a> = Option<&'a (dyn Fn(Address) -> Place + Sync)>;

/// What a row of history, or the beginning of a conversation, says as observed data; none for what history does not keep.
#[must_use]
pub fn observed(id: String, row: &Observation, places: Places<'_>) -> Option<ObservedData> {
    let mut objects = Vec::new();
    let (first, last) = match &row.fact {
        Observed::Conversation(conversation) => {
            of_conversation(conversation, row, places, &mut objects);
            let end = conversation.start.checked_add(conversation.duration);
            (conversation.start, end.unwrap_or(conversation.start))
        }
        Observed::Opened(flow) => {
            of_opened(flow, row, &mut objects);
            (row.time, row.time)
        }
        Observed::Request(request) => {
            of_request(request, row, places, &mut objects);
            (row.time, row.time)
        }
        Observed::Identity(identity) => {
            of_identity(identity, &mut objects);
            (row.time, row.time)
        }
        Observed::Weakness(weakness) => {
            of_weakness(weakness, row, places, &mut objects);
            (row.time, row.time)
        }
        _ => return None,
    };
    Some(ObservedData::once(id, first, last, objects))
}

type Objects = Vec<(&'static str, Value)>;

fn address(address: Address) -> Value {
    match address {
        Address::Ip(ip) => match ip.to_canonical() {
            IpAddr::V4(four) => json!({"type": "ipv4-addr", "value": four.to_string()}),
            IpAddr::V6(six) => json!({"type": "ipv6-addr", "value": six.to_string()}),
        },
        Address::Mac(mac) => json!({"type": "mac-addr", "value": mac.to_string()}),
    }
}

/// Puts the properties that are there.
fn put(into: &mut Map<String, Value>, properties: impl IntoIterator<Item = (&'static str, Option<Value>)>) {
    into.extend(properties.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
}

/// What conversations and requests share, each under its own names.
fn put_flow(flow: &Flow, into: &mut Map<String, Value>) {
    let ported = matches!(flow.transport, Transport::Sctp | Transport::Tcp | Transport::Udp);
    let port = |port: u16| ported.then(|| port.into());
    put(
        into,
        [
            ("src_ref", Some("source".into())),
            ("dst_ref", Some("destination".into())),
            ("src_port", port(flow.source_port)),
            ("dst_port", port(flow.destination_port)),
        ],
    );
}

fn put_places(flow: &Flow, prefix: &str, places: Places<'_>, into: &mut Map<String, Value>) {
    let Some(place) = places else { return };
    let (source, destination) = (place(flow.source), place(flow.destination));
    let crosses = source.zone != destination.zone;
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            into.insert(format!("{prefix}{name}"), value);
        }
    };
    put("src_zone", source.zone.map(Value::from));
    put("dst_zone", destination.zone.map(Value::from));
    put("src_outside", Some(source.outside.into()));
    put("dst_outside", Some(destination.outside.into()));
    put("crosses_zones", Some(crosses.into()));
    put("dst_services", Some(destination.services.into()));
}

fn hour_and_weekday(time: Timestamp) -> (Option<Value>, Option<Value>) {
    let time = time.to_zoned(TimeZone::UTC);
    (Some(time.hour().into()), Some(time.weekday().to_monday_one_offset().into()))
}

fn protocols(flow: &Flow) -> Value {
    let network = match flow.source {
        Address::Ip(ip) if ip.to_canonical().is_ipv4() => Some("ipv4"),
        Address::Ip(_) => Some("ipv6"),
        Address::Mac(_) => None,
    };
    let application = flow.protocol.map(|protocol| protocol.as_str().to_owned());
    let all = network.map(str::to_owned).into_iter().chain([flow.transport.to_string()]).chain(application);
    all.collect::<Vec<_>>().into()
}

fn of_conversation(
    conversation: &Conversation,
    row: &Observation,
    places: Places<'_>,
    objects: &mut Objects,
) {
    let flow = &conversation.flow;
    let mut traffic = Map::new();
    let end = conversation.start.checked_add(conversation.duration).ok().filter(|_| conversation.ended);
    let (hour, weekday) = hour_and_weekday(conversation.start);
    put_flow(flow, &mut traffic);
    put(
        &mut traffic,
        [
            ("type", Some("network-traffic".into())),
            ("start", Some(conversation.start.to_string().into())),
            ("end", end.map(|end| end.to_string().into())),
            ("is_active", Some((!conversation.ended).into())),
            ("protocols", Some(protocols(flow))),
            ("src_byte_count", Some(conversation.ip_bytes_out.into())),
            ("dst_byte_count", Some(conversation.ip_bytes_in.into())),
            ("src_packets", Some(conversation.packets_out.into())),
            ("dst_packets", Some(conversation.packets_in.into())),
            ("x_state", Some(conversation.state.as_str().into())),
            ("x_community_id", wire::community_id(flow).map(Value::from)),
            ("x_vlan", conversation.vlan.map(Value::from)),
            ("x_sensor", Some(row.sensor.as_str().into())),
            ("x_utc_hour", hour),
            ("x_utc_weekday", weekday),
        ],
    );
    put_places(flow, "x_", places, &mut traffic);
    objects.push(("traffic", Value::Object(traffic)));
    put_ends(flow, objects);
    let mac = |mac: city::Mac| json!({"type": "mac-addr", "value": mac.to_string()});
    objects.extend(conversation.source_mac.map(|it| ("source-mac", mac(it))));
    objects.extend(conversation.destination_mac.map(|it| ("destination-mac", mac(it))));
}

fn of_opened(flow: &Flow, row: &Observation, objects: &mut Objects) {
    let mut traffic = traffic(flow);
    let (hour, weekday) = hour_and_weekday(row.time);
    put(
        &mut traffic,
        [
            ("start", Some(row.time.to_string().into())),
            ("is_active", Some(true.into())),
            ("x_community_id", wire::community_id(flow).map(Value::from)),
            ("x_sensor", Some(row.sensor.as_str().into())),
            ("x_utc_hour", hour),
            ("x_utc_weekday", weekday),
        ],
    );
    objects.push(("traffic", Value::Object(traffic)));
    put_ends(flow, objects);
}

/// What a flow alone says of its traffic.
pub(crate) fn traffic(flow: &Flow) -> Map<String, Value> {
    let mut traffic = Map::new();
    put_flow(flow, &mut traffic);
    let of_flow = [("type", Some("network-traffic".into())), ("protocols", Some(protocols(flow)))];
    put(&mut traffic, of_flow);
    traffic
}

fn put_ends(flow: &Flow, objects: &mut Objects) {
    objects.push(("source", address(flow.source)));
    objects.push(("destination", address(flow.destination)));
}

/// The protocols in which the name of a request is a domain name.
pub(crate) const NAMED: [Protocol; 4] = [Protocol::Dns, Protocol::Mdns, Protocol::Quic, Protocol::Tls];

fn of_request(request: &Request, row: &Observation, places: Places<'_>, objects: &mut Objects) {
    let (flow, target) = (&request.flow, &request.target);
    let text = |text: &str| (!text.is_empty()).then(|| Value::from(text));
    let refusal = match &request.reply {
        city::Reply::Refused(why) => Some(why.as_str().into()),
        _ => None,
    };
    let (hour, weekday) = hour_and_weekday(row.time);
    let mut asked = Map::new();
    put_flow(flow, &mut asked);
    put(
        &mut asked,
        [
            ("type", Some("x-bastide-request".into())),
            ("back", Some(request.back.into())),
            ("function", Some(request.function.as_str().into())),
            ("outcome", Some(request.reply.as_str().into())),
            ("protocol", flow.protocol.map(|protocol| protocol.as_str().into())),
            ("refusal", refusal),
            ("sensor", Some(row.sensor.as_str().into())),
            ("target", Some(target.to_string().into())),
            ("target_first", target.numbers.map(|(first, _)| first.into())),
            ("target_kind", Some(target.kind.as_str().into())),
            ("target_last", target.numbers.map(|(_, last)| last.into())),
            ("target_name", Some(target.name.as_str().into())),
            ("target_unit", target.unit.map(Value::from)),
            ("utc_hour", hour),
            ("utc_weekday", weekday),
            ("value", request.value.as_deref().map(Value::from)),
            ("verb", Some(request.verb.as_str().into())),
        ],
    );
    put_places(flow, "", places, &mut asked);
    objects.push(("request", Value::Object(asked)));
    put_ends(flow, objects);
    if flow.protocol.is_some_and(|protocol| NAMED.contains(&protocol)) {
        objects
            .extend(text(&target.name).map(|name| ("name", json!({"type": "domain-name", "value": name}))));
    }
    if flow.protocol == Some(Protocol::Http) {
        let mut traffic = traffic(flow);
        let http =
            json!({"request_method": request.function.as_str(), "request_value": target.name.as_str()});
        put(&mut traffic, [("extensions", Some(json!({"http-request-ext": http})))]);
        objects.push(("traffic", Value::Object(traffic)));
    }
}

fn of_identity(identity: &Identity, objects: &mut Objects) {
    let said = json!({
        "type": "x-bastide-identity",
        "about": identity.about.as_str(),
        "confidence": identity.confidence,
        "device_ref": "device",
        "field": identity.witness.field.as_str(),
        "protocol": identity.witness.protocol.as_str(),
        "value": identity.value.as_str(),
    });
    objects.push(("identity", said));
    objects.push(("device", address(identity.address)));
}

fn of_weakness(weakness: &Weakness, row: &Observation, places: Places<'_>, objects: &mut Objects) {
    let (hour, weekday) = hour_and_weekday(row.time);
    let zone = places.and_then(|place| place(weakness.address).zone);
    let mut weak = Map::new();
    put(
        &mut weak,
        [
            ("type", Some("x-bastide-weakness".into())),
            ("detail", Some(weakness.detail.as_str().into())),
            ("device_ref", Some("device".into())),
            ("device_zone", zone.map(Value::from)),
            ("kind", Some(weakness.kind.as_str().into())),
            ("peer_ref", weakness.peer.map(|_| "peer".into())),
            ("port", Some(weakness.port.into())),
            ("protocol", Some(weakness.protocol.as_str().into())),
            ("utc_hour", hour),
            ("utc_weekday", weekday),
        ],
    );
    objects.push(("weakness", Value::Object(weak)));
    objects.push(("device", address(weakness.address)));
    objects.extend(weakness.peer.map(|peer| ("peer", address(peer))));
}
