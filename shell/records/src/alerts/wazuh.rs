//! Alerts of Wazuh, as its manager writes them into `alerts.json`.

use super::{
    Told, Without,
    value::{address, bounded, number, port, shown, techniques, text, time},
};
use city::{Address, Alert, Flow, Severity, Text, Transport};
use serde_json::Value;
use std::net::IpAddr;

pub(super) fn read(event: &Value) -> Result<Told, Without> {
    let time = time(event, "/timestamp")?;
    let first = |pointers: [&str; 3]| pointers.into_iter().find_map(|at| address(event, at));
    let source = first(["/data/srcip", "/data/src_ip", "/data/win/eventdata/ipAddress"]);
    let destination = first(["/data/dstip", "/data/dest_ip", "/data/dst_ip"]);
    // The agent is the machine on which it happened. The manager's own agent has no address, and others may have been
    // enrolled with that of their loopback.
    let agent = address(event, "/agent/ip").filter(|address| !is_loopback(*address));
    let others = || source.into_iter().chain(destination).filter(|address| !is_loopback(*address));
    let Some(subject) = agent.or(destination).or(source) else {
        return Err(Without::Broken("the alert names no device: its agent has no address".to_owned()));
    };
    let rule =
        shown(event, "/rule/id").ok_or_else(|| Without::Broken("the alert has no `rule.id`".to_owned()))?;
    let alert = Alert {
        tool: Text::const_new("wazuh"),
        rule,
        title: bounded(text(event, "/rule/description").unwrap_or("a rule without words")),
        severity: severity(number(event, "/rule/level").unwrap_or_default()),
        subject,
        peer: others().find(|address| *address != subject),
        flow: source.zip(destination).and_then(|ends| flow(event, ends)),
        techniques: techniques(event.pointer("/rule/mitre/id")),
    };
    Ok(Told { time, alert, named: agent.is_some() })
}

/// The levels of Wazuh's rules go from 0 to 15, in steps that its own pages name.
fn severity(level: u64) -> Severity {
    match level {
        0..=3 => Severity::Notice,
        4..=6 => Severity::Low,
        7..=11 => Severity::Medium,
        12..=14 => Severity::High,
        _ => Severity::Critical,
    }
}

fn flow(event: &Value, (source, destination): (Address, Address)) -> Option<Flow> {
    let first = |a, b| text(event, a).or_else(|| text(event, b));
    let transport = match first("/data/protocol", "/data/proto")?.to_ascii_uppercase().as_str() {
        "TCP" => Transport::Tcp,
        "UDP" => Transport::Udp,
        _ => return None,
    };
    Some(Flow {
        source,
        source_port: port(event, "/data/srcport").max(port(event, "/data/src_port")),
        destination,
        destination_port: port(event, "/data/dstport").max(port(event, "/data/dest_port")),
        transport,
        protocol: None,
    })
}

fn is_loopback(address: Address) -> bool {
    address.ip().is_some_and(|ip: IpAddr| ip.is_loopback())
}
