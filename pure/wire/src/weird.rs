//! What is odd, by the names that Zeek's weird.log has for it: so that who knows that log finds in ours what is looked
//! for. Only what a reader can justify is told; that something was not understood is told as unread bytes.

use crate::dialogue::{Fields, Out, Side};
use crate::packet::{Packet, ip_number};
use city::{Message, Text, Transport};

/// The type of an ICMPv6 message that reports multicast listeners (RFC 3810 clause 5.2).
const LISTENER_REPORT: u8 = 143;

impl Out<'_> {
    /// Tells of something odd in the conversation: who found it, as Zeek names its analysers, what, and perhaps of what
    /// value. Nothing is built unless logs are wanted.
    pub(crate) fn weird(&mut self, source: &'static str, name: &'static str, value: &str) {
        self.message(Side::Source, "weird", |fields| fill(fields, source, name, value));
    }
}

impl Out<'_> {
    /// Tells that a reader as strict as Zeek's would give the conversation up: the analyser by Zeek's name, why, and
    /// what it was about.
    pub(crate) fn gives_up(&mut self, analyser: &'static str, reason: &'static str, data: &str) {
        self.message(Side::Source, "analyzer", |fields| {
            fields.put("analyzer_kind", "protocol");
            fields.put("analyzer_name", analyser);
            fields.put("failure_reason", reason);
            if !data.is_empty() {
                fields.put("failure_data", data);
            }
        });
    }
}

fn fill(fields: &mut Fields, source: &'static str, name: &'static str, value: &str) {
    fields.put("name", name);
    if !value.is_empty() {
        fields.put("addl", value);
    }
    if !source.is_empty() {
        fields.put("source", source);
    }
}

/// The row of something odd in a packet.
pub(crate) fn message(flow: city::Flow, (source, name): Odd) -> Message {
    let mut fields = Fields::default();
    fill(&mut fields, source, name, "");
    Message { flow, back: false, log: Text::const_new("weird"), fields: fields.into() }
}

/// Who found something odd, and what.
pub(crate) type Odd = (&'static str, &'static str);

/// A tunnel's packet that should have nothing in it and has (RFC 4380 section 2.8).
pub(crate) const FULL_BUBBLE: Odd = ("TEREDO", "Teredo_bubble_with_payload");

/// A packet that is left out, because its checksum is wrong.
pub(crate) fn wrong_checksum(transport: Transport) -> Option<Odd> {
    Some(match transport {
        Transport::Icmp => ("ICMP", "bad_ICMP_checksum"),
        Transport::Tcp => ("TCP", "bad_TCP_checksum"),
        Transport::Udp => ("UDP", "bad_UDP_checksum"),
        _ => return None,
    })
}

/// What is odd in what a packet carries.
pub(crate) fn in_packet(packet: &Packet<'_>) -> Option<Odd> {
    let is_report = packet.protocol == ip_number::ICMPV6 && packet.payload.first() == Some(&LISTENER_REPORT);
    let is_odd = is_report && packet.is_complete() && listeners(packet.payload).is_none();
    is_odd.then_some(("ICMP", "truncated_ICMPv6_MLDv2_record"))
}

/// Passes over the records of a report of multicast listeners (RFC 3810 clause 5.2.3).
fn listeners(report: &[u8]) -> Option<()> {
    let ([.., high, low], mut rest) = report.split_first_chunk::<8>()?;
    for _ in 0..u16::from_be_bytes([*high, *low]) {
        let ([_, words, high, low], _) = rest.split_first_chunk::<4>()?;
        let sources = usize::from(u16::from_be_bytes([*high, *low]));
        rest = rest.get(20 + sources * 16 + usize::from(*words) * 4..)?;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_has_as_many_listeners_as_it_says() {
        let mut report = vec![143, 0, 0, 0, 0, 0, 0, 1, 4, 0, 0, 0];
        report.extend([0xff; 16]);
        assert_eq!(listeners(&report), Some(()));
        for cut in 0..report.len() {
            assert_eq!(listeners(report.get(..cut).unwrap()), None);
        }
    }
}
