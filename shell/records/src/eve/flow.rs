//! `flow`: every conversation, when it ends. `netflow`, which Suricata can write beside it, is not written.

use super::event::{Event, Object, Value, detail, number};
use super::head::{Stamp, app_proto};
use city::{Conversation, Details, Flow, Protocol, Transport};

/// TCP's flags in the order in which Suricata names them, each with its bit.
const FLAGS: &[(u64, &str)] = &[
    (0x02, "syn"),
    (0x01, "fin"),
    (0x04, "rst"),
    (0x08, "psh"),
    (0x10, "ack"),
    (0x20, "urg"),
    (0x40, "ecn"),
    (0x80, "cwr"),
];

/// The event of a conversation; none for what is no IP, of which Suricata keeps no flows. `inside` is the protocol that
/// was begun within the first, as TLS is behind HTTP's `CONNECT`.
pub(super) fn event(conversation: &Conversation, inside: Option<Protocol>) -> Option<Event> {
    let flow = conversation.flow;
    if matches!(flow.transport, Transport::Ethernet(_)) {
        return None;
    }
    let details = &conversation.details;
    let mut fields = Object::default();
    if flow.transport == Transport::Icmp && is_question(&flow) && conversation.packets_in > 0 {
        fields.put("response_icmp_type", u64::from(flow.destination_port));
        fields.put("response_icmp_code", 0_u64);
    }
    let state = detail(details, "tcp-state");
    let said = conversation.bytes_out + conversation.bytes_in > 0;
    if matches!(flow.transport, Transport::Tcp | Transport::Udp) && said {
        let named = flow.protocol.and_then(app_proto).unwrap_or("failed");
        if inside.is_some_and(|inside| Some(inside) != flow.protocol) {
            fields.put("app_proto", inside.and_then(app_proto).unwrap_or("failed"));
            fields.put("app_proto_orig", named);
        } else {
            fields.put("app_proto", named);
        }
    }
    // Where nobody knows who serves whom, Suricata takes who spoke first for the client. A history that begins so says
    // that the ends were told apart by their ports.
    let is_turned = flow.protocol.is_none() && conversation.history.starts_with('^');
    fields.put("flow", counts(conversation, state, is_turned));
    if let Some(state) = state {
        fields.put("tcp", tcp(details, state, is_turned));
    }
    let flow = if is_turned { flow.reversed() } else { flow };
    Some(Event { kind: "flow", time: None, flow, fields })
}

fn counts(conversation: &Conversation, state: Option<&str>, is_turned: bool) -> Object {
    let details = &conversation.details;
    let mut counts = Object::default();
    let mut packets = [conversation.packets_out, conversation.packets_in];
    let mut bytes =
        [("frame-bytes-out", conversation.ip_bytes_out), ("frame-bytes-in", conversation.ip_bytes_in)]
            .map(|(key, bytes)| number(details, key).unwrap_or(bytes));
    if is_turned {
        packets.reverse();
        bytes.reverse();
    }
    for (name, number) in ["pkts_toserver", "pkts_toclient"].into_iter().zip(packets) {
        counts.put(name, number);
    }
    for (name, number) in ["bytes_toserver", "bytes_toclient"].into_iter().zip(bytes) {
        counts.put(name, number);
    }
    let end = conversation.start.saturating_add(conversation.duration).unwrap_or(conversation.start);
    counts.put("start", Stamp(conversation.start));
    counts.put("end", Stamp(end));
    // Whole seconds of the clock, as Suricata counts them.
    let age = end.as_second().saturating_sub(conversation.start.as_second());
    counts.put("age", u64::try_from(age).unwrap_or(0));
    counts.put(
        "state",
        match state {
            Some("last_ack" | "time_wait" | "closed") => "closed",
            Some("established" | "fin_wait1" | "fin_wait2" | "close_wait") => "established",
            Some(_) => "new",
            None if conversation.packets_out > 0 && conversation.packets_in > 0 => "established",
            None => "new",
        },
    );
    counts.put(
        "reason",
        match detail(details, "ended-by") {
            Some("silence") => "timeout",
            Some("input") => "shutdown",
            Some("successor") if state.is_some() => "tcp_reuse",
            Some("successor") => "timeout",
            _ => "forced",
        },
    );
    // Nothing here compares traffic with rules.
    counts.put("alerted", false);
    counts
}

fn tcp(details: &Details, state: &str, is_turned: bool) -> Object {
    let flags = |key| detail(details, key).and_then(|flags| u64::from_str_radix(flags, 16).ok()).unwrap_or(0);
    let (mut out, mut back) = (flags("tcp-flags-out"), flags("tcp-flags-in"));
    if is_turned {
        std::mem::swap(&mut out, &mut back);
    }
    let mut tcp = Object::default();
    tcp.put("tcp_flags", format!("{:02x}", out | back));
    tcp.put("tcp_flags_ts", format!("{out:02x}"));
    tcp.put("tcp_flags_tc", format!("{back:02x}"));
    for (bit, name) in FLAGS {
        if (out | back) & bit != 0 {
            tcp.put(*name, true);
        }
    }
    if state != "none" {
        tcp.put("state", state);
    }
    tcp
}

/// The type and code of an ICMP conversation, and of its answer: for what has an answer the wire keeps the two types
/// instead of ports, and otherwise type and code.
pub(super) fn icmp(flow: &Flow) -> [(&'static str, Value); 2] {
    let code = if is_question(flow) { 0 } else { flow.destination_port };
    [("icmp_type", Value::Number(u64::from(flow.source_port))), ("icmp_code", Value::Number(u64::from(code)))]
}

/// Whether an ICMP conversation is of what has an answer.
fn is_question(flow: &Flow) -> bool {
    matches!(
        (flow.source_port.min(flow.destination_port), flow.source_port.max(flow.destination_port)),
        (0, 8)
            | (9, 10)
            | (13, 14)
            | (15, 16)
            | (17, 18)
            | (128, 129)
            | (130, 131)
            | (133, 134)
            | (135, 136)
            | (139, 140)
            | (144, 145)
    )
}
