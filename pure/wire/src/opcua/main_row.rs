//! The rows of the main log: a request and its reply are one.

use super::message::{Chunk, Handshake, Policy, RequestHeader, ResponseHeader, Sequence};
use super::names::SERVICE_FAULT;
use super::parse::Named;
use super::rows::{NodeColumns, bytes, item, secret_node, text, when};
use crate::dialogue::{Fields, Out, Side};
use city::Text;
use compact_str::{ToCompactString, format_compact};

const LOG: &str = "opcua_binary";

const SECRET: NodeColumns = [
    "req_hdr_node_id_type",
    "req_hdr_node_id_namespace_idx",
    "req_hdr_node_id_numeric",
    "req_hdr_node_id_string",
    "req_hdr_node_id_guid",
    "req_hdr_node_id_opaque",
];

/// What the chunks of one message have in common.
#[derive(Debug)]
pub struct Envelope {
    pub kind: super::message::Kind,
    pub end: u8,
    /// The length of all its chunks.
    pub size: u64,
    pub channel: u32,
    pub sequence: Option<Sequence>,
    /// By what the opening of a channel is guarded, as columns.
    policy: Fields,
}

impl Envelope {
    /// Of a message whose first chunk is this.
    pub fn of(chunk: &Chunk<'_>, channel: u32, policy: Option<&Policy<'_>>) -> Envelope {
        let policy = policy.map_or_else(Fields::default, policy_columns);
        let size = u64::from(chunk.size);
        Envelope { kind: chunk.kind, end: chunk.end, size, channel, sequence: None, policy }
    }
}

/// A message as it will stand in its row.
#[derive(Debug)]
pub struct Half {
    pub envelope: Envelope,
    /// The columns that only a request has, or only a reply.
    pub columns: Fields,
}

fn policy_columns(policy: &Policy<'_>) -> Fields {
    let mut fields = Fields::default();
    let mut length = |column: &'static str, chars: Option<&[u8]>| match chars {
        Some(chars) => fields.show(column, chars.len()),
        None => fields.put(column, "-1"),
    };
    length("sec_policy_uri_len", policy.uri);
    length("snd_cert_len", policy.sender);
    length("rcv_cert_len", policy.receiver);
    text(&mut fields, "sec_policy_uri", policy.uri);
    bytes(&mut fields, "snd_cert", policy.sender);
    bytes(&mut fields, "rcv_cert", policy.receiver);
    fields
}

/// The columns of a request.
pub fn request_columns(named: &Named<'_>, header: Option<&RequestHeader<'_>>, envelope: &Envelope) -> Fields {
    let mut fields = Fields::default();
    fields.show("req_msg_size", envelope.size);
    if let Some(sequence) = envelope.sequence {
        fields.show("req_seq_number", sequence.number);
    }
    fields.show("req_encoding_mask", named.id.encoding);
    fields.show("req_namespace_idx", named.id.namespace);
    fields.show("req_identifier", number(named));
    fields.put("req_identifier_str", name(named));
    if let Some(header) = header {
        secret_node(&mut fields, &SECRET, &header.session);
        fields.put("req_hdr_timestamp", when(header.time));
        fields.show("req_hdr_request_handle", header.handle);
        fields.show("req_hdr_return_diag", header.diagnostics);
        fields.put("req_hdr_audit_entry_id", item(header.audit));
        fields.show("req_hdr_timeout_hint", header.timeout);
        fields.show("req_hdr_add_hdr_type_id", header.more.type_id.standard().unwrap_or(0));
        fields.show("req_hdr_add_hdr_enc_mask", header.more.encoding);
    }
    fields
}

/// The columns of a reply; `status` names the row of how it went.
pub fn response_columns(
    named: &Named<'_>,
    header: Option<&ResponseHeader<'_>>,
    status: &Text,
    envelope: &Envelope,
) -> Fields {
    let mut fields = Fields::default();
    fields.show("res_msg_size", envelope.size);
    if let Some(sequence) = envelope.sequence {
        fields.show("res_seq_number", sequence.number);
    }
    fields.show("res_encoding_mask", named.id.encoding);
    fields.show("res_namespace_idx", named.id.namespace);
    fields.show("res_identifier", number(named));
    fields.put("res_identifier_str", name(named));
    if let Some(header) = header {
        fields.put("res_hdr_timestamp", when(header.time));
        fields.show("res_hdr_request_handle", header.handle);
        fields.put("status_code_link_id", status.clone());
        fields.show("res_hdr_service_diag_encoding", header.diagnostic.mask);
        fields.show("res_hdr_add_hdr_type_id", header.more.type_id.standard().unwrap_or(0));
        fields.show("res_hdr_add_hdr_enc_mask", header.more.encoding);
    }
    fields
}

fn number(named: &Named<'_>) -> u32 {
    named.id.standard().unwrap_or(SERVICE_FAULT)
}

fn name(named: &Named<'_>) -> Text {
    match named.service {
        Some(service) => {
            format_compact!("{}{}", service.name, if named.is_request { "Request" } else { "Response" })
        }
        None => Text::const_new("ServiceFault"),
    }
}

/// The row of what the ends agree on before anything else.
pub fn tell_handshake(side: Side, chunk: &Chunk<'_>, said: &Handshake<'_>, link: Text, out: &mut Out<'_>) {
    out.message(side, LOG, |fields| {
        fields.put("opcua_link_id", link);
        begin(fields, chunk.kind.as_str(), chunk.end, u64::from(chunk.size));
        match said {
            Handshake::Hello { limits, .. } | Handshake::Acknowledge { limits } => {
                fields.show("version", limits.version);
                fields.show("rcv_buf_size", limits.receive);
                fields.show("snd_buf_size", limits.send);
                fields.show("max_msg_size", limits.message);
                fields.show("max_chunk_cnt", limits.chunks);
            }
            Handshake::Error { error, reason } => {
                fields.show("error", error.0);
                text(fields, "reason", *reason);
            }
            Handshake::ReverseHello { .. } => {}
        }
        if let Handshake::Hello { url, .. } | Handshake::ReverseHello { url, .. } = said {
            text(fields, "endpoint_url", *url);
        }
    });
}

/// The row of a message that nobody but its hearer can read.
pub fn tell_sealed(side: Side, envelope: &Envelope, link: Text, out: &mut Out<'_>) {
    out.message(side, LOG, |fields| {
        fields.put("opcua_link_id", link);
        begin(fields, envelope.kind.as_str(), envelope.end, envelope.size);
        fields.show("sec_channel_id", envelope.channel);
        fields.append(&envelope.policy);
    });
}

/// The row of a request and its reply, or of one of the two.
pub fn tell_pair(
    side: Side,
    request: Option<&Half>,
    response: Option<&Half>,
    link: &Text,
    out: &mut Out<'_>,
) {
    let Some(first) = request.or(response) else { return };
    out.message(side, LOG, |fields| {
        fields.put("opcua_link_id", link.clone());
        let size = |half: Option<&Half>| half.map_or(0, |half| half.envelope.size);
        begin(fields, first.envelope.kind.as_str(), first.envelope.end, size(request) + size(response));
        let mut channels: Vec<u32> =
            [request, response].into_iter().flatten().map(|half| half.envelope.channel).collect();
        channels.dedup();
        fields.list("sec_channel_id", channels.iter().map(ToCompactString::to_compact_string));
        fields.append(&first.envelope.policy);
        if let Some(sequence) = first.envelope.sequence {
            fields.show("request_id", sequence.request);
        }
        for half in [request, response].into_iter().flatten() {
            fields.append(&half.columns);
        }
    });
}

fn begin(fields: &mut Fields, kind: &'static str, end: u8, size: u64) {
    fields.put("msg_type", kind);
    fields.put("is_final", char::from(end).to_compact_string());
    fields.show("total_size", size);
}
