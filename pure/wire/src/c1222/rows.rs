//! Messages in the columns of the field's logs.

use super::message::{Authentication, Code, Element, Epsem, Proof};
use super::parse::{Message, Service, TEXT_BYTES_MAX, number, raw, take_title};
use super::service;
use crate::cursor::Cursor;
use crate::dialogue::{Fields, Out, Side};
use crate::show::readable;
use city::Text;
use compact_str::format_compact;

/// What is written where a credential was.
const HIDDEN: &str = "(hidden)";

/// A message: its elements, its authentication and its envelope.
pub(super) fn message(side: Side, message: &Message<'_>, services: &[Service<'_>], out: &mut Out<'_>) {
    let authentication = message.authentication();
    out.message(side, "c1222", |fields| {
        summary(fields, message, services, authentication);
    });
    if let Some(authentication) = authentication {
        out.message(side, "c1222_authentication_value", |fields| proof(fields, &authentication));
    }
    if let Some(epsem) = &message.epsem {
        out.message(side, "c1222_user_information", |fields| envelope(fields, epsem, services));
    }
}

fn summary(
    fields: &mut Fields,
    message: &Message<'_>,
    services: &[Service<'_>],
    authentication: Option<Authentication<'_>>,
) {
    fields.list("elements", message.elements.iter().filter_map(|element| element.title()));
    if let Some(epsem) = &message.epsem {
        fields.flag("is_encrypted_epsem", !epsem.is_open());
    }
    put_services(fields, services);
    for (column, tag) in [
        ("aso_context", Element::ASO_CONTEXT),
        ("called_ap_title", Element::CALLED_AP_TITLE),
        ("calling_ap_title", Element::CALLING_AP_TITLE),
    ] {
        if let Some(title) = message.title(tag) {
            fields.put(column, title);
        }
    }
    if let Some(qualifier) = message.integer(Element::CALLING_AE_QUALIFIER) {
        let flags = qualifier.last().copied().unwrap_or_default();
        let names = [(1, "TEST"), (2, "URGENT"), (4, "NOTIFICATION")];
        fields.list(
            "calling_ae_qualifier",
            names.into_iter().filter(|(mask, _)| flags & mask != 0).map(|(_, name)| name),
        );
    }
    if let Some(name) = message.get(Element::MECHANISM_NAME) {
        fields.put("mechanism_name", crate::ber::identifier(name, false));
    }
    if let Some(Authentication { proof, .. }) = authentication {
        match proof {
            Proof::C1222 { .. } => fields.put("calling_auth_value", "C1222"),
            Proof::C1221 { .. } => fields.put("calling_auth_value", "C1221"),
            Proof::Other => {}
        }
    }
    for (column, tag) in [
        ("called_ap_invocation_id", Element::CALLED_AP_INVOCATION_ID),
        ("calling_ap_invocation_id", Element::CALLING_AP_INVOCATION_ID),
    ] {
        if let Some(id) = message.integer(tag) {
            fields.put(column, raw(id));
        }
    }
}

fn put_services(fields: &mut Fields, services: &[Service<'_>]) {
    for service in services {
        fields.put("services", service.code.title());
    }
}

fn proof(fields: &mut Fields, authentication: &Authentication<'_>) {
    let name = match authentication.proof {
        Proof::C1222 { .. } => "C12.22",
        Proof::C1221 { .. } => "C12.21",
        Proof::Other => "Octet Aligned",
    };
    fields.put("authentication_mechanism", name);
    fields.flag("indirect_reference", authentication.indirect);
    match authentication.proof {
        Proof::C1222 { key, vector } => {
            fields.show("c1222_key_id", key);
            fields.show("c1222_iv", vector);
        }
        Proof::C1221 { algorithm, request, response } => {
            if let Some(algorithm) = algorithm {
                fields.put("c1221_ident", raw(algorithm));
            }
            for (column, there) in [("c1221_req", request), ("c1221_resp", response)] {
                if there {
                    fields.put(column, HIDDEN);
                }
            }
        }
        Proof::Other => fields.put("octet_aligned", HIDDEN),
    }
}

fn envelope(fields: &mut Fields, epsem: &Epsem<'_>, services: &[Service<'_>]) {
    if let Some(reference) = epsem.reference {
        fields.put("indirect_reference_encoding", number(reference));
    }
    if let Some(check) = epsem.check {
        // The peer has padding, of no length, where there is a check.
        fields.put("padding", "");
        fields.put("mac", format_compact!("0x{check:08x}"));
    }
    fields.list("epsem_control", epsem.control.titles());
    if let Some(class) = epsem.class {
        fields.put("ed_class", raw(&class));
    }
    if !epsem.is_open() {
        fields.put("encrypted_epsem", raw(epsem.body));
    }
    put_services(fields, services);
}

/// A request that has a log of its own.
pub(super) fn request(side: Side, asked: &Service<'_>, out: &mut Out<'_>) {
    let data = asked.data;
    match asked.code {
        Code::IDENTIFICATION => {
            out.message(side, "c1222_identification_service", |fields| fields.put("req_resp", "Req"));
        }
        Code::LOGON => out.message(side, "c1222_logon_security_service", |fields| {
            fields.put("req_resp", "Req");
            fields.put("service_type", "Logon");
            if let Some(logon) = service::parse_logon(data) {
                fields.show("user_id", logon.user_id);
                fields.put("user", raw(logon.user));
                if let Some(idle) = logon.idle {
                    fields.show("session_idle_timeout", idle);
                }
            }
        }),
        Code::SECURITY => out.message(side, "c1222_logon_security_service", |fields| {
            fields.put("req_resp", "Req");
            fields.put("service_type", "Security");
            if let Some(user) = service::security_user(data) {
                fields.show("user_id", user);
            }
            fields.put("password", HIDDEN);
        }),
        Code::RESOLVE => out.message(side, "c1222_resolve_service", |fields| {
            fields.put("req_resp", "Req");
            if let Some(title) = take_title(&mut Cursor::new(data)) {
                fields.put("ap_title", title);
            }
        }),
        Code::TRACE => out.message(side, "c1222_trace_service", |fields| titles(fields, "Req", data)),
        _ => {}
    }
}

fn titles(fields: &mut Fields, side: &'static str, data: &[u8]) {
    fields.put("req_resp", side);
    let mut cursor = Cursor::new(data);
    let mut found: Vec<Text> = Vec::new();
    while let Some(title) = take_title(&mut cursor) {
        found.push(title);
    }
    fields.list("ap_titles", found);
}

/// A response to a request of this code.
pub(super) fn response(side: Side, asked: Option<Code>, answer: &Service<'_>, out: &mut Out<'_>) {
    if answer.code != Code::OK {
        return out.message(side, "c1222_service_error", |fields| {
            if let Some(asked) = asked {
                fields.put("service", asked.title());
            }
            refusal(fields, answer);
        });
    }
    let data = answer.data;
    match asked {
        Some(Code::IDENTIFICATION) => out.message(side, "c1222_identification_service", |fields| {
            fields.put("req_resp", "Resp");
            identification(fields, data);
        }),
        Some(Code::LOGON) => out.message(side, "c1222_logon_security_service", |fields| {
            fields.put("req_resp", "Resp");
            fields.put("service_type", "Logon");
            if let Some(idle) = Cursor::new(data).u16() {
                fields.show("session_idle_timeout", idle);
            }
        }),
        Some(Code::SECURITY) => out.message(side, "c1222_logon_security_service", |fields| {
            fields.put("req_resp", "Resp");
            fields.put("service_type", "Security");
        }),
        Some(Code::RESOLVE) => out.message(side, "c1222_resolve_service", |fields| {
            fields.put("req_resp", "Resp");
            if let Some((length, address)) = data.split_first() {
                let address = address.get(..usize::from(*length)).unwrap_or(address);
                fields.put("local_address", raw(address));
            }
        }),
        Some(Code::TRACE) => out.message(side, "c1222_trace_service", |fields| titles(fields, "Resp", data)),
        _ => {}
    }
}

fn refusal(fields: &mut Fields, answer: &Service<'_>) {
    fields.put("error_code", answer.code.title());
    let size = |data: &[u8]| number(data.get(..data.len().min(8)).unwrap_or_default());
    match answer.code {
        _ if answer.data.is_empty() => {}
        Code::REQUEST_TOO_LARGE => fields.put("rqtl_max_request_size", size(answer.data)),
        Code::RESPONSE_TOO_LARGE => fields.put("rstl_max_response_size", size(answer.data)),
        Code::SEGMENTATION_ERROR => fields.put("sigerr_resp", raw(answer.data)),
        _ => {}
    }
}

fn identification(fields: &mut Fields, data: &[u8]) {
    /// In the session control byte: whether services are taken without a session.
    const SESSIONLESS: u8 = 0x80;
    let Some(found) = service::parse_identification(data) else { return };
    fields.put("standard", found.standard_title());
    fields.show("version", found.version);
    fields.show("revision", found.revision);
    if let Some(mechanism) = found.security_mechanism {
        fields.put("security_mechanism", mechanism);
    }
    if let Some(sessions) = found.sessions {
        fields.flag("nbr_session_supported", sessions & !SESSIONLESS != 0);
        fields.flag("sessionless_supported", sessions & SESSIONLESS != 0);
    }
    if let Some(class) = found.device_class {
        fields.put("device_class", class);
    }
    if let Some((form, identity)) = found.identity {
        fields.show("device_identity_format", form);
        fields.put("device_identity", raw(identity));
    }
}

/// A user's name, or whatever stands in its place, without the padding.
pub(super) fn user(bytes: &[u8]) -> Text {
    let end = bytes.iter().rposition(|byte| !matches!(byte, 0 | b' ')).map_or(0, |last| last + 1);
    readable(bytes.get(..end).unwrap_or_default(), TEXT_BYTES_MAX)
}
