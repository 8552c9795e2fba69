//! Bytes to what a client asks: the parameters of OPC 10000-4 clause 5, behind the header.

use super::binary::{Binary, Chars};
use super::message::{
    Activation, Application, BrowseNode, Method, Monitoring, NewNode, NewSession, Pace, ReadValue, Request,
    Signature, Token, WriteValue,
};
use super::names::{self, Service};
use super::node_id::{
    NodeId, QualifiedName, parse_expanded, parse_localized, parse_node_id, parse_object, parse_qualified,
};
use super::variant::{parse_data_value, parse_variant};
use compact_str::{ToCompactString, format_compact};

/// Reads what a client asks of a service; the rest of the bytes is left in `from`.
pub fn parse_request<'a>(service: &Service, from: &mut Binary<'a>) -> Option<Request<'a>> {
    Some(match service.name {
        "ActivateSession" => Request::ActivateSession(Box::new(activation(from)?)),
        "AddNodes" => Request::AddNodes { nodes: from.list(new_node)? },
        "AddReferences" => Request::Nodes { nodes: from.list(added_reference)? },
        "Browse" => Request::Browse {
            view: parse_node_id(from)?,
            time: from.i64()?,
            version: from.u32()?,
            limit: from.u32()?,
            nodes: from.list(browse_node)?,
        },
        "BrowseNext" => Request::BrowseNext { release: from.flag()?, points: from.list(Binary::chars)? },
        "Call" => Request::Call {
            methods: from.list(|item| {
                Some(Method {
                    object: parse_node_id(item)?,
                    method: parse_node_id(item)?,
                    inputs: item.list(parse_variant)?,
                })
            })?,
        },
        "Cancel" => Request::Numbered { kind: "request", numbers: vec![from.u32()?], value: None },
        "CloseSession" => Request::CloseSession { delete: from.flag()? },
        "CreateMonitoredItems" => Request::CreateMonitoredItems {
            subscription: from.u32()?,
            timestamps: from.u32()?,
            items: from.list(|item| Some((parse_read_value(item)?, item.u32()?, monitoring(item)?)))?,
        },
        "CreateSession" => Request::CreateSession(Box::new(new_session(from)?)),
        "CreateSubscription" => Request::CreateSubscription {
            pace: pace(from)?,
            limit: from.u32()?,
            enabled: from.flag()?,
            priority: from.u8()?,
        },
        "DeleteMonitoredItems" => {
            from.u32()?;
            numbered("monitored-item", from)?
        }
        "DeleteNodes" => Request::Nodes {
            nodes: from.list(|item| {
                let node = parse_node_id(item)?;
                item.flag()?;
                Some(node)
            })?,
        },
        "DeleteReferences" => Request::Nodes { nodes: from.list(deleted_reference)? },
        "DeleteSubscriptions" => numbered("subscription", from)?,
        "FindServers" | "GetEndpoints" => Request::Find {
            url: from.chars()?,
            locales: from.list(Binary::chars)?,
            profiles: from.list(Binary::chars)?,
        },
        "HistoryRead" => {
            parse_object(from)?;
            from.u32()?;
            from.flag()?;
            Request::HistoryRead { nodes: from.list(history_node)? }
        }
        "HistoryUpdate" => Request::HistoryUpdate { nodes: from.list(history_details)? },
        "ModifyMonitoredItems" => {
            from.u32()?;
            from.u32()?;
            let numbers = from.list(|item| {
                let id = item.u32()?;
                monitoring(item)?;
                Some(id)
            })?;
            Request::Numbered { kind: "monitored-item", numbers, value: None }
        }
        "ModifySubscription" => {
            let id = from.u32()?;
            let pace = pace(from)?;
            from.u32()?;
            from.u8()?;
            let value = Some(super::meaning::every(pace.interval));
            Request::Numbered { kind: "subscription", numbers: vec![id], value }
        }
        "OpenSecureChannel" => Request::OpenSecureChannel {
            version: from.u32()?,
            kind: from.u32()?,
            mode: from.u32()?,
            nonce: from.chars()?,
            lifetime: from.u32()?,
        },
        "Publish" => {
            from.list(|item| Some((item.u32()?, item.u32()?)))?;
            Request::Other
        }
        "Read" => Request::Read {
            max_age: from.f64()?,
            timestamps: from.u32()?,
            nodes: from.list(parse_read_value)?,
        },
        "RegisterNodes" | "UnregisterNodes" => Request::Nodes { nodes: from.list(parse_node_id)? },
        "RegisterServer" | "RegisterServer2" => register_server(from, service.name)?,
        "Republish" => {
            let (id, sequence) = (from.u32()?, from.u32()?);
            let value = Some(format_compact!("notification {sequence}"));
            Request::Numbered { kind: "subscription", numbers: vec![id], value }
        }
        "SetMonitoringMode" => {
            from.u32()?;
            let mode = from.u32()?;
            let numbers = from.list(Binary::u32)?;
            let value = names::monitoring_mode(mode).map_or_else(|| mode.to_compact_string(), Into::into);
            Request::Numbered { kind: "monitored-item", numbers, value: Some(value) }
        }
        "SetPublishingMode" => {
            let enabled = from.flag()?;
            let numbers = from.list(Binary::u32)?;
            let value = Some(if enabled { "enabled" } else { "disabled" }.into());
            Request::Numbered { kind: "subscription", numbers, value }
        }
        "SetTriggering" => {
            from.u32()?;
            let trigger = from.u32()?;
            from.list(Binary::u32)?;
            from.list(Binary::u32)?;
            Request::Numbered { kind: "monitored-item", numbers: vec![trigger], value: None }
        }
        "TransferSubscriptions" => {
            let request = numbered("subscription", from)?;
            from.flag()?;
            request
        }
        "TranslateBrowsePathsToNodeIds" => Request::Paths { paths: from.list(path)? },
        "Write" => Request::Write { nodes: from.list(parse_write_value)? },
        _ => {
            from.take(from.rest().len())?;
            Request::Other
        }
    })
}

fn numbered<'a>(kind: &'static str, from: &mut Binary<'a>) -> Option<Request<'a>> {
    Some(Request::Numbered { kind, numbers: from.list(Binary::u32)?, value: None })
}

/// Reads which attribute of which node.
pub fn parse_read_value<'a>(from: &mut Binary<'a>) -> Option<ReadValue<'a>> {
    Some(ReadValue {
        node: parse_node_id(from)?,
        attribute: from.u32()?,
        range: from.chars()?,
        encoding: parse_qualified(from)?,
    })
}

/// Reads an application's description of itself.
pub fn parse_application<'a>(from: &mut Binary<'a>) -> Option<Application<'a>> {
    Some(Application {
        uri: from.chars()?,
        product: from.chars()?,
        name: parse_localized(from)?,
        kind: from.u32()?,
        gateway: from.chars()?,
        profile: from.chars()?,
        urls: from.list(Binary::chars)?,
    })
}

/// Reads a signature.
pub fn parse_signature<'a>(from: &mut Binary<'a>) -> Option<Signature<'a>> {
    Some(Signature { algorithm: from.chars()?, bytes: from.chars()? })
}

/// Reads a list of software certificates with their signatures.
pub fn parse_software<'a>(from: &mut Binary<'a>) -> Option<Vec<(Chars<'a>, Chars<'a>)>> {
    from.list(|item| Some((item.chars()?, item.chars()?)))
}

fn new_session<'a>(from: &mut Binary<'a>) -> Option<NewSession<'a>> {
    Some(NewSession {
        client: parse_application(from)?,
        server: from.chars()?,
        url: from.chars()?,
        name: from.chars()?,
        nonce: from.chars()?,
        certificate: from.chars()?,
        timeout: from.f64()?,
        limit: from.u32()?,
    })
}

fn activation<'a>(from: &mut Binary<'a>) -> Option<Activation<'a>> {
    let signature = parse_signature(from)?;
    let software = parse_software(from)?;
    let locales = from.list(Binary::chars)?;
    let object = parse_object(from)?;
    let token_signature = parse_signature(from)?;
    let mut body = Binary::new(object.body);
    let (policy, token) = if object.encoding == 1 {
        let policy = body.chars().flatten();
        (policy, token(&object.type_id, &mut body).unwrap_or(Token::Other))
    } else {
        // Without a token the user is anonymous (5.7.3.2).
        (None, if object.type_id.is_null() { Token::Anonymous } else { Token::Other })
    };
    Some(Activation { signature, software, locales, object, policy, token, token_signature })
}

fn token<'a>(kind: &NodeId<'_>, from: &mut Binary<'a>) -> Option<Token<'a>> {
    Some(match kind.standard() {
        Some(321) => Token::Anonymous,
        Some(324) => {
            let name = from.chars()?;
            let has_password = from.chars()?.is_some_and(|password| !password.is_empty());
            Token::UserName { name, has_password, algorithm: from.chars()? }
        }
        Some(327) => Token::Certificate { data: from.chars()? },
        Some(940) => {
            from.chars()?;
            Token::Issued { algorithm: from.chars()? }
        }
        _ => Token::Other,
    })
}

fn new_node<'a>(from: &mut Binary<'a>) -> Option<NewNode<'a>> {
    let parent = parse_expanded(from)?;
    parse_node_id(from)?;
    let node =
        NewNode { parent, wanted: parse_expanded(from)?, name: parse_qualified(from)?, class: from.u32()? };
    parse_object(from)?;
    parse_expanded(from)?;
    Some(node)
}

fn added_reference<'a>(from: &mut Binary<'a>) -> Option<NodeId<'a>> {
    let source = parse_node_id(from)?;
    parse_node_id(from)?;
    from.flag()?;
    from.chars()?;
    parse_expanded(from)?;
    from.u32()?;
    Some(source)
}

fn deleted_reference<'a>(from: &mut Binary<'a>) -> Option<NodeId<'a>> {
    let source = parse_node_id(from)?;
    parse_node_id(from)?;
    from.flag()?;
    parse_expanded(from)?;
    from.flag()?;
    Some(source)
}

fn browse_node<'a>(from: &mut Binary<'a>) -> Option<BrowseNode<'a>> {
    Some(BrowseNode {
        node: parse_node_id(from)?,
        direction: from.u32()?,
        reference: parse_node_id(from)?,
        subtypes: from.flag()?,
        classes: from.u32()?,
        results: from.u32()?,
    })
}

/// Reads a node, and by which names to go on from there.
fn path<'a>(from: &mut Binary<'a>) -> Option<(NodeId<'a>, Vec<QualifiedName<'a>>)> {
    let start = parse_node_id(from)?;
    let steps = from.list(|item| {
        parse_node_id(item)?;
        item.flag()?;
        item.flag()?;
        parse_qualified(item)
    })?;
    Some((start, steps))
}

fn history_node<'a>(from: &mut Binary<'a>) -> Option<NodeId<'a>> {
    let node = parse_node_id(from)?;
    from.chars()?;
    parse_qualified(from)?;
    from.chars()?;
    Some(node)
}

/// Every kind of change to history begins with the node (OPC 10000-11 clause 6.8).
fn history_details<'a>(from: &mut Binary<'a>) -> Option<(NodeId<'a>, Option<&'static str>)> {
    let object = parse_object(from)?;
    let node = parse_node_id(&mut Binary::new(object.body))?;
    Some((node, object.type_id.standard().and_then(names::structure)))
}

fn monitoring<'a>(from: &mut Binary<'a>) -> Option<Monitoring<'a>> {
    Some(Monitoring {
        handle: from.u32()?,
        interval: from.f64()?,
        filter: parse_object(from)?,
        queue: from.u32()?,
        discard_oldest: from.flag()?,
    })
}

fn pace(from: &mut Binary<'_>) -> Option<Pace> {
    Some(Pace { interval: from.f64()?, lifetime: from.u32()?, keep_alive: from.u32()? })
}

fn register_server<'a>(from: &mut Binary<'a>, name: &str) -> Option<Request<'a>> {
    let (uri, product) = (from.chars()?, from.chars()?);
    let names = from.list(parse_localized)?;
    from.u32()?;
    from.chars()?;
    from.list(Binary::chars)?;
    from.chars()?;
    let online = from.flag()?;
    if name == "RegisterServer2" {
        from.list(parse_object)?;
    }
    let name = names.first().and_then(|name| name.text);
    Some(Request::RegisterServer { uri, product, name, online })
}

/// Reads a value for an attribute of a node.
pub fn parse_write_value<'a>(from: &mut Binary<'a>) -> Option<WriteValue<'a>> {
    Some(WriteValue {
        node: parse_node_id(from)?,
        attribute: from.u32()?,
        range: from.chars()?,
        value: parse_data_value(from)?,
    })
}
