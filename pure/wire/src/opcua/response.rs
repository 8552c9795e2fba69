//! Bytes to what a server answers: the parameters of OPC 10000-4 clause 5, behind the header.

use super::binary::Binary;
use super::message::{Browsed, Endpoint, NewItem, Pace, Reference, Response, Session, TokenPolicy};
use super::names::Service;
use super::node_id::{
    ExpandedNodeId, parse_expanded, parse_localized, parse_node_id, parse_object, parse_qualified,
};
use super::request::{parse_application, parse_signature, parse_software};
use super::status::Status;
use super::variant::{Diagnostic, Variant, parse_data_value, parse_diagnostic, parse_variant};

/// Reads what a server answers to a service; the rest of the bytes is left in `from`.
pub fn parse_response<'a>(service: &Service, from: &mut Binary<'a>) -> Option<Response<'a>> {
    Some(match service.name {
        "ActivateSession" => Response::ActivateSession {
            nonce: from.chars()?,
            results: from.list(status)?,
            diagnostics: from.list(parse_diagnostic)?,
        },
        "AddNodes" => {
            let results = from.list(|item| Some((status(item)?, parse_node_id(item)?)))?;
            diagnostics(from)?;
            Response::AddNodes { results }
        }
        "Browse" | "BrowseNext" => {
            Response::Browse { results: from.list(browsed)?, diagnostics: diagnostics(from)? }
        }
        "Call" => {
            let results = from.list(called)?;
            diagnostics(from)?;
            Response::Call { results }
        }
        "CreateMonitoredItems" => Response::CreateMonitoredItems {
            results: from.list(|item| {
                Some(NewItem {
                    status: status(item)?,
                    id: item.u32()?,
                    interval: item.f64()?,
                    queue: item.u32()?,
                    filter: parse_object(item)?,
                })
            })?,
            diagnostics: diagnostics(from)?,
        },
        "CreateSession" => Response::CreateSession(Box::new(session(from)?)),
        "CreateSubscription" => Response::CreateSubscription {
            id: from.u32()?,
            pace: Pace { interval: from.f64()?, lifetime: from.u32()?, keep_alive: from.u32()? },
        },
        "DeleteMonitoredItems"
        | "SetMonitoringMode"
        | "DeleteSubscriptions"
        | "SetPublishingMode"
        | "DeleteNodes"
        | "AddReferences"
        | "DeleteReferences"
        | "Write" => Response::Statuses { results: from.list(status)?, diagnostics: diagnostics(from)? },
        "FindServers" => Response::Servers { servers: from.list(parse_application)? },
        "GetEndpoints" => Response::Endpoints { endpoints: from.list(endpoint)? },
        "HistoryRead" => Response::Statuses {
            results: from.list(|item| {
                let status = status(item)?;
                item.chars()?;
                parse_object(item)?;
                Some(status)
            })?,
            diagnostics: diagnostics(from)?,
        },
        "HistoryUpdate" => Response::Statuses {
            results: from.list(|item| {
                let result = status(item)?;
                item.list(status)?;
                diagnostics(item)?;
                Some(result)
            })?,
            diagnostics: diagnostics(from)?,
        },
        "ModifyMonitoredItems" => Response::Statuses {
            results: from.list(|item| {
                let status = status(item)?;
                item.take(12)?;
                parse_object(item)?;
                Some(status)
            })?,
            diagnostics: diagnostics(from)?,
        },
        "OpenSecureChannel" => Response::OpenSecureChannel {
            version: from.u32()?,
            channel: from.u32()?,
            token: from.u32()?,
            created: from.i64()?,
            lifetime: from.u32()?,
            nonce: from.chars()?,
        },
        "Publish" => publish(from)?,
        "Read" => Response::Read { results: from.list(parse_data_value)?, diagnostics: diagnostics(from)? },
        "TranslateBrowsePathsToNodeIds" => {
            let results = from.list(|item| Some((status(item)?, item.list(target)?)))?;
            diagnostics(from)?;
            Response::Paths { results }
        }
        _ => {
            from.take(from.rest().len())?;
            Response::Other
        }
    })
}

fn status(from: &mut Binary<'_>) -> Option<Status> {
    from.u32().map(Status)
}

/// Most lists of results are followed by what is added to them.
fn diagnostics<'a>(from: &mut Binary<'a>) -> Option<Vec<Diagnostic<'a>>> {
    from.list(parse_diagnostic)
}

fn browsed<'a>(from: &mut Binary<'a>) -> Option<Browsed<'a>> {
    let (status, point) = (status(from)?, from.chars()?);
    let references = from.list(|item| {
        Some(Reference {
            kind: parse_node_id(item)?,
            forward: item.flag()?,
            node: parse_expanded(item)?,
            name: parse_qualified(item)?,
            display: parse_localized(item)?,
            class: item.u32()?,
            definition: parse_expanded(item)?,
        })
    })?;
    Some(Browsed { status, point, references })
}

fn called<'a>(from: &mut Binary<'a>) -> Option<(Status, Vec<Variant<'a>>)> {
    let result = status(from)?;
    from.list(status)?;
    diagnostics(from)?;
    Some((result, from.list(parse_variant)?))
}

fn target<'a>(from: &mut Binary<'a>) -> Option<ExpandedNodeId<'a>> {
    let node = parse_expanded(from)?;
    from.u32()?;
    Some(node)
}

fn endpoint<'a>(from: &mut Binary<'a>) -> Option<Endpoint<'a>> {
    Some(Endpoint {
        url: from.chars()?,
        server: parse_application(from)?,
        certificate: from.chars()?,
        mode: from.u32()?,
        policy: from.chars()?,
        tokens: from.list(|item| {
            Some(TokenPolicy {
                id: item.chars()?,
                kind: item.u32()?,
                issued: item.chars()?,
                issuer: item.chars()?,
                policy: item.chars()?,
            })
        })?,
        transport: from.chars()?,
        level: from.u8()?,
    })
}

fn session<'a>(from: &mut Binary<'a>) -> Option<Session<'a>> {
    let (id, secret) = (parse_node_id(from)?, parse_node_id(from)?);
    let timeout = from.f64()?;
    let (nonce, certificate) = (from.chars()?, from.chars()?);
    let endpoints = from.list(endpoint)?;
    parse_software(from)?;
    let signature = parse_signature(from)?;
    Some(Session { id, secret, timeout, nonce, certificate, endpoints, signature, limit: from.u32()? })
}

fn publish<'a>(from: &mut Binary<'a>) -> Option<Response<'a>> {
    let subscription = from.u32()?;
    from.list(Binary::u32)?;
    from.flag()?;
    // The number and the time of what is told.
    from.take(12)?;
    let data = from.list(parse_object)?;
    from.list(status)?;
    diagnostics(from)?;
    Some(Response::Publish { subscription, data })
}
