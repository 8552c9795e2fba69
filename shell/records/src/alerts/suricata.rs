//! Alerts in Suricata's EVE JSON: <https://docs.suricata.io/en/suricata-8.0.0/output/eve/eve-json-format.html>.

use super::{
    Told, Without,
    value::{address, bounded, number, port, shown, techniques, text, time},
};
use city::{Alert, Flow, Severity, Text, Transport};
use serde_json::Value;

pub(super) fn read(event: &Value) -> Result<Told, Without> {
    if text(event, "/event_type") != Some("alert") {
        return Err(Without::Nothing);
    }
    let time = time(event, "/timestamp")?;
    let flow = flow(event);
    // The rule says who the target is, where its author did (keyword `target`).
    let (source, target) = (address(event, "/alert/source/ip"), address(event, "/alert/target/ip"));
    let (subject, peer) = match (source, target) {
        (Some(source), target) => (source, target),
        (None, _) => match (address(event, "/src_ip"), address(event, "/dest_ip")) {
            (Some(source), destination) => (source, destination),
            (None, Some(destination)) => (destination, None),
            (None, None) => return Err(Without::Broken("the alert names no device".to_owned())),
        },
    };
    let rule = match (number(event, "/alert/gid"), shown(event, "/alert/signature_id")) {
        (None | Some(1), Some(number)) => number,
        // Other generators, such as decoders, have numbers of their own.
        (Some(generator), Some(number)) => format!("{generator}:{number}").into(),
        (_, None) => return Err(Without::Broken("the alert has no `signature_id`".to_owned())),
    };
    let alert = Alert {
        tool: Text::const_new("suricata"),
        rule,
        title: bounded(text(event, "/alert/signature").unwrap_or("a rule without words")),
        severity: severity(event),
        subject,
        peer,
        flow,
        techniques: techniques(event.pointer("/alert/metadata/mitre_technique_id")),
    };
    Ok(Told { time, alert, named: false })
}

/// How much it matters: what the rule's author says of the signature, or else the priority of the rule's class, of which
/// 1 is the gravest.
fn severity(event: &Value) -> Severity {
    match text(event, "/alert/metadata/signature_severity/0") {
        Some("Critical") => return Severity::Critical,
        Some("Major") => return Severity::High,
        Some("Minor") => return Severity::Medium,
        Some("Informational" | "Audit") => return Severity::Notice,
        _ => {}
    }
    match number(event, "/alert/severity") {
        Some(1) => Severity::High,
        Some(2) => Severity::Medium,
        Some(3) => Severity::Low,
        _ => Severity::Notice,
    }
}

/// The conversation: its source is the end that began, which the packet that raised the alert need not have come from.
fn flow(event: &Value) -> Option<Flow> {
    let begun = event.pointer("/flow/src_ip").is_some();
    let at = |name: &str| if begun { format!("/flow/{name}") } else { format!("/{name}") };
    let transport = match text(event, "/proto")? {
        "TCP" => Transport::Tcp,
        "UDP" => Transport::Udp,
        "SCTP" => Transport::Sctp,
        "ICMP" | "IPv6-ICMP" => Transport::Icmp,
        _ => return None,
    };
    let (source_port, destination_port) = match transport {
        Transport::Icmp => (port(event, "/icmp_type"), port(event, "/icmp_code")),
        _ => (port(event, &at("src_port")), port(event, &at("dest_port"))),
    };
    let flow = Flow {
        source: address(event, &at("src_ip"))?,
        source_port,
        destination: address(event, &at("dest_ip"))?,
        destination_port,
        transport,
        protocol: None,
    };
    let back = !begun && text(event, "/direction") == Some("to_client");
    Some(if back { flow.reversed() } else { flow })
}
