//! `ldap`: each request with its answers. No password, token or key is in it.

use super::event::{Event, Object, Value, detail, plain};
use city::{Details, Message, Text};

/// The event of a request.
pub(super) fn event(message: &Message) -> Event {
    let mut body = Object::default();
    let mut responses = Vec::new();
    for part in parts(&message.fields) {
        match part.first() {
            Some((kind, operation)) if kind == "request" => {
                body.put("request", operation_of(operation, part, request));
            }
            Some((_, operation)) => {
                responses.push(Value::Object(operation_of(operation, part, response)));
            }
            None => {}
        }
    }
    if !responses.is_empty() {
        body.put("responses", responses);
    }
    Event::by_sender("ldap", message, body)
}

/// The fields of the request and of each answer, each beginning with its operation.
fn parts(fields: &Details) -> impl Iterator<Item = &[(Text, Text)]> {
    let mut rest = fields.as_slice();
    std::iter::from_fn(move || {
        let (_, behind) = rest.split_first()?;
        let begins = |(key, _): &(Text, Text)| key == "request" || key == "response";
        let end = behind.iter().position(begins).map_or(rest.len(), |at| at + 1);
        let (part, behind) = rest.split_at_checked(end)?;
        rest = behind;
        Some(part)
    })
}

/// An operation with its number, its name, and what is in it under that name.
fn operation_of(operation: &Text, part: &[(Text, Text)], fill: fn(&str, &Details) -> Object) -> Object {
    let fields = part.to_vec();
    let mut object = Object::default();
    object.number("message_id", &fields, "message-id");
    object.put("operation", operation.clone());
    let inside = fill(operation, &fields);
    if !inside.is_empty() {
        object.put(operation, inside);
    }
    object
}

fn request(operation: &str, fields: &Details) -> Object {
    let mut object = Object::default();
    match operation {
        "bind_request" => {
            object.number("version", fields, "version");
            object.plain("name", fields, "name");
            let mut sasl = Object::default();
            sasl.plain("mechanism", fields, "mechanism");
            sasl.text("credentials", fields, "credentials");
            object.unless_empty("sasl", sasl);
        }
        "search_request" => {
            object.plain("base_object", fields, "base");
            object.number("scope", fields, "scope");
            object.number("deref_alias", fields, "aliases");
            object.number("size_limit", fields, "size-limit");
            object.number("time_limit", fields, "time-limit");
            object.maybe_truth("types_only", fields, "types-only");
            let wanted = super::event::all(fields, "attribute");
            let wanted: Vec<Value> = wanted.map(|name| Value::Text(plain(name))).collect();
            put_list(&mut object, "attributes", wanted);
        }
        "modify_request" => {
            object.plain("object", fields, "name");
            put_list(&mut object, "changes", changes(fields));
        }
        "add_request" => {
            object.plain("entry", fields, "name");
            put_list(&mut object, "attributes", attributes(fields, ["name", "values"]));
        }
        "del_request" => object.plain("dn", fields, "name"),
        "mod_dn_request" => {
            object.plain("entry", fields, "name");
            object.plain("new_rdn", fields, "new-name");
            object.maybe_truth("delete_old_rdn", fields, "delete-old");
            object.plain("new_superior", fields, "new-superior");
        }
        "compare_request" => {
            object.plain("entry", fields, "name");
            let mut assertion = Object::default();
            assertion.plain("description", fields, "attribute");
            assertion.plain("value", fields, "value");
            object.unless_empty("attribute_value_assertion", assertion);
        }
        "abandon_request" => object.number("message_id", fields, "abandoned"),
        "extended_request" => named_value(&mut object, fields),
        _ => {}
    }
    object
}

fn response(operation: &str, fields: &Details) -> Object {
    let mut object = Object::default();
    match operation {
        "search_result_entry" => {
            object.plain("base_object", fields, "base");
            put_list(&mut object, "attributes", attributes(fields, ["type", "values"]));
        }
        "intermediate_response" => named_value(&mut object, fields),
        _ => {
            object.maybe("result_code", detail(fields, "result").map(joined));
            object.plain("matched_dn", fields, "matched");
            object.plain("message", fields, "diagnostic");
            object.text("server_sasl_creds", fields, "credentials");
            named_value(&mut object, fields);
        }
    }
    object
}

/// The words of a result joined as Suricata joins them: `no such object` is `no_such_object`.
fn joined(words: &str) -> String {
    words.to_ascii_lowercase().replace([' ', '-'], "_")
}

fn named_value(object: &mut Object, fields: &Details) {
    object.plain("name", fields, "extension");
    object.plain("value", fields, "value");
}

/// Attributes with their values.
fn attributes(fields: &Details, [name, values]: [&'static str; 2]) -> Vec<Value> {
    let mut attributes: Vec<(Object, Vec<Value>)> = Vec::new();
    for (key, value) in fields {
        match (key.as_str(), attributes.last_mut()) {
            ("attribute", _) => {
                let mut attribute = Object::default();
                attribute.put(name, plain(value));
                attributes.push((attribute, Vec::new()));
            }
            ("value", Some((_, values))) => values.push(Value::Text(plain(value))),
            _ => {}
        }
    }
    let whole = |(mut attribute, list): (Object, Vec<Value>)| {
        put_list(&mut attribute, values, list);
        Value::Object(attribute)
    };
    attributes.into_iter().map(whole).collect()
}

/// The changes of a request, each with its attribute.
fn changes(fields: &Details) -> Vec<Value> {
    let begins = fields.iter().enumerate().filter(|(_, (key, _))| key == "change").map(|(at, _)| at);
    let begins: Vec<usize> = begins.collect();
    let ends = begins.iter().skip(1).copied().chain([fields.len()]);
    let one = |(begin, end): (&usize, usize)| {
        let part: Details = fields.get(*begin..end)?.to_vec();
        let mut change = Object::default();
        change.text("operation", &part, "change");
        if let Some(Value::Object(modification)) =
            attributes(&part, ["attribute_type", "attribute_values"]).into_iter().next()
        {
            change.put("modification", modification);
        }
        Some(Value::Object(change))
    };
    begins.iter().zip(ends).filter_map(one).collect()
}

fn put_list(object: &mut Object, name: &'static str, list: Vec<Value>) {
    if !list.is_empty() {
        object.put(name, list);
    }
}
