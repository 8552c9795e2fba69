//! The events of Suricata: EVE JSON, one object a line, with the names and the nesting of Suricata 8.
//!
//! Events come of what the protocols' readers tell: a `flow` for every conversation, and for each protocol a module
//! here that makes its events. What is not read has a `flow` and nothing else. There are no alerts, for nothing here
//! compares traffic with rules, and no `pcap_cnt`, for observations are of messages and not of packets.
//!
//! An event depends on what one conversation shows and on nothing else, so that several readers, each with the
//! conversations that it reads and with [`Events`] of its own, write the events that one reader would.
//!
//! A credential's value is never written: where Suricata has one, there stands `(hidden)`.

mod arp;
mod dhcp;
mod dnp3;
mod dns;
mod enip;
mod event;
mod flow;
mod flow_ids;
mod ftp;
mod head;
mod http;
mod ike;
mod krb5;
mod ldap;
mod modbus;
mod mqtt;
mod pgsql;
mod quic;
mod rdp;
mod rfb;
mod sip;
mod smb;
mod smtp;
mod snmp;
mod ssh;
mod tftp;
mod tls;

use city::{Flow, Message, Observation, Observed, Protocol, Request};
use event::{Event, detail, number};
use flow_ids::FlowIds;
use foldhash::fast::RandomState;
use jiff::Timestamp;
use std::collections::HashMap;

/// The protocols of which an event is made of a request and its details; those of the others come as messages.
pub const PROTOCOLS: &[Protocol] = &[
    Protocol::Dhcp,
    Protocol::Dns,
    Protocol::Http,
    Protocol::Mdns,
    Protocol::Modbus,
    Protocol::Mqtt,
    Protocol::Tls,
];

/// Makes events of the observations of conversations, from their beginnings to their ends.
#[derive(Debug, Default)]
pub struct Events {
    flow_ids: FlowIds,
    enip: enip::Pairs,
    /// Of each conversation in which a message has several requests, those that were told, until the last of them.
    parts: HashMap<Flow, Parts, RandomState>,
}

/// Requests of one message.
#[derive(Debug)]
struct Parts {
    requests: Vec<Request>,
    /// When the first of them was told.
    time: Timestamp,
}

impl Parts {
    /// Whether a request is of the same message, and comes next.
    fn are_continued_by(&self, request: &Request) -> bool {
        self.requests.last().is_some_and(|last| {
            let part = |request: &Request| number(&request.details, "part").unwrap_or(0);
            (last.flow, last.back, &last.function) == (request.flow, request.back, &request.function)
                && part(request) == part(last) + 1
        })
    }

    fn are_whole(&self) -> bool {
        self.requests.last().is_some_and(|last| {
            let (part, parts) = (detail(&last.details, "part"), detail(&last.details, "parts"));
            part == parts
        })
    }
}

impl Events {
    /// Appends the events that an observation has, a line each.
    pub fn write(&mut self, out: &mut Vec<u8>, observation: &Observation) {
        let time = observation.time;
        match &observation.fact {
            Observed::Opened(flow) => self.flow_ids.open(flow, time),
            Observed::Conversation(conversation) if conversation.ended => {
                self.write_parts(&conversation.flow, out);
                self.flow_ids.tag(&conversation.flow, conversation.vlan);
                for event in self.enip.close(&conversation.flow) {
                    self.event(event, time, out);
                }
                let inside = self.flow_ids.of(&conversation.flow).and_then(|known| known.inside);
                if let Some(event) = flow::event(conversation, inside) {
                    self.event(event, time, out);
                }
                self.flow_ids.close(&conversation.flow);
            }
            Observed::Message(message) => {
                self.write_parts(&message.flow, out);
                self.message(message, time, out);
            }
            Observed::Recognised(flow) => self.flow_ids.recognised(flow),
            Observed::Request(request) => self.request(request, time, out),
            _ => {}
        }
    }

    fn request(&mut self, request: &Request, time: Timestamp, out: &mut Vec<u8>) {
        let conversation = flow_ids::key(&request.conversation());
        if !self.parts.is_empty()
            && let Some(parts) = self.parts.get_mut(&conversation)
            && parts.are_continued_by(request)
        {
            parts.requests.push(request.clone());
            if parts.are_whole() {
                self.write_parts(&conversation, out);
            }
            return;
        }
        self.write_parts(&conversation, out);
        if number(&request.details, "parts") > Some(1) {
            self.parts.insert(conversation, Parts { requests: vec![request.clone()], time });
        } else {
            self.requests(std::slice::from_ref(request), time, out);
        }
    }

    /// Writes what waits in a conversation for more of its message.
    fn write_parts(&mut self, flow: &Flow, out: &mut Vec<u8>) {
        if self.parts.is_empty() {
            return;
        }
        if let Some(Parts { requests, time }) = self.parts.remove(&flow_ids::key(flow)) {
            self.requests(&requests, time, out);
        }
    }

    /// One request, or all of one message.
    fn requests(&mut self, requests: &[Request], time: Timestamp, out: &mut Vec<u8>) {
        let Some(first) = requests.first() else { return };
        let events = match first.flow.protocol {
            Some(Protocol::Dhcp) => vec![dhcp::event(first)],
            Some(Protocol::Dns) => dns::events(requests),
            Some(Protocol::Http) => http::events(first),
            Some(Protocol::Mdns) => dns::multicast_event(requests).into_iter().collect(),
            Some(Protocol::Modbus) => vec![modbus::event(first)],
            Some(Protocol::Mqtt) => mqtt::events(requests).into_iter().collect(),
            Some(Protocol::Tls) => {
                let conversation = first.conversation();
                match self.flow_ids.begins_tls(&conversation) {
                    Some(Protocol::Rdp) => {
                        let place = self.flow_ids.count(&conversation);
                        rdp::handshake(first, place).into_iter().collect()
                    }
                    outside => vec![tls::event(first, outside)],
                }
            }
            _ => return,
        };
        for event in events {
            self.event(event, time, out);
        }
    }

    fn message(&mut self, message: &Message, time: Timestamp, out: &mut Vec<u8>) {
        match message.log.as_str() {
            "eve_arp" => self.event(arp::event(message), time, out),
            "eve_dnp3" => {
                if let Some(event) = dnp3::event(message) {
                    self.event(event, time, out);
                }
            }
            "eve_enip" => {
                for event in self.enip.events(message, time) {
                    self.event(event, time, out);
                }
            }
            "eve_ftp" => self.event(ftp::event(message), time, out),
            "eve_ike" => self.event(ike::event(message), time, out),
            "eve_krb5" => self.event(krb5::event(message), time, out),
            "eve_ldap" => self.event(ldap::event(message), time, out),
            "eve_link" => {
                let vlan = detail(&message.fields, "vlan").and_then(|vlan| vlan.parse().ok());
                self.flow_ids.tag(&message.flow, vlan);
            }
            "eve_mqtt" => self.event(mqtt::notice(message), time, out),
            "eve_pgsql" => self.event(pgsql::event(message), time, out),
            "eve_quic" => self.event(quic::event(message), time, out),
            "eve_rdp" => {
                let place = self.flow_ids.count(&message.flow);
                self.event(rdp::event(message, place), time, out);
            }
            "eve_rfb" => self.event(rfb::event(message), time, out),
            "eve_sip" => self.event(sip::event(message), time, out),
            "eve_smb" => self.event(smb::event(message), time, out),
            "eve_smtp" => self.event(smtp::event(message), time, out),
            "eve_snmp" => self.event(snmp::event(message), time, out),
            "eve_ssh" => self.event(ssh::event(message), time, out),
            "eve_tftp" => self.event(tftp::event(message), time, out),
            _ => {}
        }
    }

    fn event(&self, event: Event, time: Timestamp, out: &mut Vec<u8>) {
        head::write(&event, time, self.flow_ids.of(&event.flow), out);
    }
}
