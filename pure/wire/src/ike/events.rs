//! What Suricata tells of each message, with what it remembers of those before.

use super::message::{Association, Attribute, Family, Header, PayloadKind, Suite};
use super::parse::{Message, parse_notification};
use crate::dialogue::{Fields, Out, Side};
use crate::flow::Ends;
use crate::show::hexadecimal;
use city::Text;

/// The longest key or nonce that is kept, in digits: twice the bytes of the longest group.
const DIGITS_MAX: usize = 2_048;

/// Vendor identifiers that are kept.
const VENDORS_MAX: usize = 64;

/// What one end has said in the open (version 1).
#[derive(Default)]
struct Said {
    key: Option<(Text, usize)>,
    nonce: Option<(Text, usize)>,
}

/// What was seen so far.
#[derive(Default)]
pub struct History {
    doi: Option<u32>,
    /// What the end that began has offered, and the other has chosen (version 1).
    offered: Vec<Vec<Attribute>>,
    granted: Vec<Vec<Attribute>>,
    chosen: Suite,
    said: Ends<Said>,
    vendors: Vec<Text>,
}

impl History {
    /// Tells of a message.
    pub fn tell(
        &mut self,
        side: Side,
        message: &Message<'_>,
        association: Option<&Association>,
        out: &mut Out<'_>,
    ) {
        let header = message.header;
        self.learn(side, message, association);
        out.event(side, "eve_ike", |fields| {
            self.head(&header, fields);
            let mut kinds: Vec<u8> = message.payloads().map(|payload| payload.kind.0).collect();
            if header.major == 1 {
                if kinds.contains(&PayloadKind::SA_V1.0) {
                    kinds.extend([PayloadKind::PROPOSAL_V1.0, PayloadKind::TRANSFORM_V1.0]);
                }
                self.version_1(&header, fields);
            } else {
                // The end of the chain is among them.
                kinds.push(PayloadKind::NONE.0);
                fields.put("role", if header.is_from_initiator() { "initiator" } else { "responder" });
                for payload in message.payloads().filter(|payload| payload.kind == PayloadKind::NOTIFY) {
                    if let Some(number) = parse_notification(2, payload.body) {
                        fields.show("notify", number);
                    }
                }
            }
            kinds.sort_unstable_by(|a, b| b.cmp(a));
            kinds.dedup();
            kinds.iter().for_each(|kind| fields.show("payload", kind));
        });
    }

    fn learn(&mut self, side: Side, message: &Message<'_>, association: Option<&Association>) {
        let header = message.header;
        let is_first = header.responder == 0;
        if let Some(association) = association {
            self.doi = association.doi.or(self.doi);
            let attributes = || association.suites.iter().map(|suite| suite.attributes.clone()).collect();
            if is_first {
                self.offered = attributes();
            } else if header.major == 1 || header.is_response() {
                self.granted = attributes();
                self.chosen = association.suites.first().cloned().unwrap_or_default();
            }
        }
        if header.major != 1 {
            return;
        }
        let said = self.said.of_mut(side);
        let kept = |body: &[u8]| Some((hexadecimal(body, DIGITS_MAX), body.len()));
        for payload in message.payloads() {
            match payload.kind {
                PayloadKind::KEY_V1 => said.key = kept(payload.body),
                PayloadKind::NONCE_V1 => said.nonce = kept(payload.body),
                PayloadKind::VENDOR_V1 => {
                    let id = hexadecimal(payload.body, DIGITS_MAX);
                    if self.vendors.len() < VENDORS_MAX && !self.vendors.contains(&id) {
                        self.vendors.push(id);
                    }
                }
                _ => {}
            }
        }
    }

    fn head(&self, header: &Header, fields: &mut Fields) {
        fields.show("version_major", header.major);
        fields.show("version_minor", header.minor);
        fields.put("init_spi", format!("{:016x}", header.initiator));
        fields.put("resp_spi", format!("{:016x}", header.responder));
        fields.show("message_id", header.id);
        fields.show("exchange_type", header.exchange.0);
        attributes("chosen", &self.chosen.attributes, fields);
        if header.major != 1 {
            for algorithm in &self.chosen.algorithms {
                let column = match algorithm.family {
                    Family::Encryption => "alg_enc",
                    Family::Prf => "alg_prf",
                    Family::Integrity => "alg_auth",
                    Family::Group => "alg_dh",
                    Family::Sequence => "alg_esn",
                    Family::Proof => continue,
                };
                fields.show(column, algorithm.number);
            }
        }
    }

    fn version_1(&self, header: &Header, fields: &mut Fields) {
        fields.flag("encrypted_payloads", header.is_encrypted());
        if let Some(doi) = self.doi {
            fields.show("doi", doi);
        }
        if header.is_encrypted() {
            return;
        }
        let (client, server) = (&self.said.source, &self.said.destination);
        for (columns, value) in [
            (["client_key", "client_key_length"], &client.key),
            (["client_nonce", "client_nonce_length"], &client.nonce),
            (["server_key", "server_key_length"], &server.key),
            (["server_nonce", "server_nonce_length"], &server.nonce),
        ] {
            if let ([digits, length], Some((value, bytes))) = (columns, value) {
                fields.put(digits, value.clone());
                fields.show(length, bytes);
            }
        }
        for (mark, suites) in [("client_proposal", &self.offered), ("server_proposal", &self.granted)] {
            suites.iter().for_each(|suite| attributes(mark, suite, fields));
        }
        self.vendors.iter().for_each(|id| fields.put("vendor_id", id.clone()));
    }
}

/// The attributes of a suite in one column: `1=7 14=256`.
fn attributes(column: &'static str, attributes: &[Attribute], fields: &mut Fields) {
    if !attributes.is_empty() {
        let pairs = attributes.iter().map(|attribute| format!("{}={}", attribute.kind, attribute.value));
        fields.put(column, pairs.collect::<Vec<_>>().join(" "));
    }
}
