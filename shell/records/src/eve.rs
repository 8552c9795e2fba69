//! The events of Suricata: EVE JSON, one object a line, with the names and the nesting of Suricata 8.
//!
//! Events come of what the protocols' readers tell: a `flow` for every conversation, and for each protocol a module
//! here that makes its events. What is not read has a `flow` and nothing else. There are no alerts, for nothing here
//! compares traffic with rules, and no `pcap_cnt`, for observations are of messages and not of packets.
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
mod head;
mod http;
mod modbus;
mod mqtt;
mod tls;

use city::{Message, Observation, Observed, Protocol, Request};
use event::{Event, detail, number};
use flow_ids::FlowIds;
use jiff::Timestamp;
use std::io::{self, Write};

/// Writes events to one place.
#[derive(Debug)]
pub struct Events<W> {
    out: W,
    flow_ids: FlowIds,
    enip: enip::Pairs,
    /// Requests of one message that has several, until the last of them.
    parts: Vec<Request>,
    /// When the first of them was told.
    parts_time: Timestamp,
}

impl<W: Write> Events<W> {
    /// Events to be written to `out`.
    pub fn to(out: W) -> Events<W> {
        Events {
            out,
            flow_ids: FlowIds::default(),
            enip: enip::Pairs::default(),
            parts: Vec::new(),
            parts_time: Timestamp::UNIX_EPOCH,
        }
    }

    /// Writes the events that an observation has.
    ///
    /// # Errors
    /// What is written to failed.
    pub fn write(&mut self, observation: &Observation) -> io::Result<()> {
        let time = observation.time;
        if let Observed::Request(request) = &observation.fact
            && self.is_next_part(request)
        {
            self.parts.push(request.as_ref().clone());
            return self.write_parts_if_whole();
        }
        self.write_parts()?;
        match &observation.fact {
            Observed::Opened(flow) => self.flow_ids.open(flow, time),
            Observed::Conversation(conversation) if conversation.ended => {
                self.flow_ids.tag(&conversation.flow, conversation.vlan);
                let unanswered = self.enip.close(&conversation.flow);
                unanswered.into_iter().try_for_each(|event| self.event(event, time))?;
                let inside = self.flow_ids.of(&conversation.flow).and_then(|known| known.inside);
                if let Some(event) = flow::event(conversation, inside) {
                    self.event(event, time)?;
                }
                self.flow_ids.close(&conversation.flow);
            }
            Observed::Message(message) => self.message(message, time)?,
            Observed::Recognised(flow) => self.flow_ids.recognised(flow),
            Observed::Request(request) if number(&request.details, "parts") > Some(1) => {
                self.parts_time = time;
                self.parts.push(request.as_ref().clone());
            }
            Observed::Request(request) => self.requests(std::slice::from_ref(request.as_ref()), time)?,
            _ => {}
        }
        Ok(())
    }

    /// Writes what still waited for more.
    ///
    /// # Errors
    /// What is written to failed.
    pub fn finish(mut self) -> io::Result<W> {
        self.write_parts()?;
        self.out.flush()?;
        Ok(self.out)
    }

    /// Whether a request is of the same message as those that wait, and comes next.
    fn is_next_part(&self, request: &Request) -> bool {
        self.parts.last().is_some_and(|last| {
            let part = |request: &Request| number(&request.details, "part").unwrap_or(0);
            (last.flow, last.back, &last.function) == (request.flow, request.back, &request.function)
                && part(request) == part(last) + 1
        })
    }

    fn write_parts_if_whole(&mut self) -> io::Result<()> {
        let is_whole = self.parts.last().is_some_and(|last| {
            let (part, parts) = (detail(&last.details, "part"), detail(&last.details, "parts"));
            part == parts
        });
        if is_whole { self.write_parts() } else { Ok(()) }
    }

    fn write_parts(&mut self) -> io::Result<()> {
        if self.parts.is_empty() {
            return Ok(());
        }
        let parts = std::mem::take(&mut self.parts);
        self.requests(&parts, self.parts_time)
    }

    /// One request, or all of one message.
    fn requests(&mut self, requests: &[Request], time: Timestamp) -> io::Result<()> {
        let Some(first) = requests.first() else { return Ok(()) };
        let events = match first.flow.protocol {
            Some(Protocol::Dhcp) => vec![dhcp::event(first)],
            Some(Protocol::Dns) => dns::events(requests),
            Some(Protocol::Http) => http::events(first),
            Some(Protocol::Mdns) => dns::multicast_event(requests).into_iter().collect(),
            Some(Protocol::Modbus) => vec![modbus::event(first)],
            Some(Protocol::Mqtt) => mqtt::events(requests).into_iter().collect(),
            Some(Protocol::Tls) => {
                let outside = self.flow_ids.begins_tls(&first.conversation());
                vec![tls::event(first, outside)]
            }
            _ => return Ok(()),
        };
        events.into_iter().try_for_each(|event| self.event(event, time))
    }

    fn message(&mut self, message: &Message, time: Timestamp) -> io::Result<()> {
        match message.log.as_str() {
            "eve_arp" => self.event(arp::event(message), time),
            "eve_dnp3" => match dnp3::event(message) {
                Some(event) => self.event(event, time),
                None => Ok(()),
            },
            "eve_enip" => {
                let events = self.enip.events(message, time);
                events.into_iter().try_for_each(|event| self.event(event, time))
            }
            "eve_link" => {
                let vlan = detail(&message.fields, "vlan").and_then(|vlan| vlan.parse().ok());
                self.flow_ids.tag(&message.flow, vlan);
                Ok(())
            }
            "eve_mqtt" => self.event(mqtt::notice(message), time),
            _ => Ok(()),
        }
    }

    fn event(&mut self, event: Event, time: Timestamp) -> io::Result<()> {
        let known = self.flow_ids.of(&event.flow);
        let whole = head::whole(event, time, known);
        serde_json::to_writer(&mut self.out, &whole)?;
        self.out.write_all(b"\n")
    }
}
