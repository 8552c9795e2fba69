//! `pgsql`: each request with its response. Where Suricata has a password, a proof or a key, there stands `(hidden)`.

use super::event::{Event, Object, Value, all, detail};
use city::{Details, Message};

/// The event of a transaction.
pub(super) fn event(message: &Message) -> Event {
    let details = &message.fields;
    let mut body = Object::default();
    body.number("tx_id", details, "tx_id");
    for (name, object) in [("request", request(details)), ("response", response(details))] {
        if !object.is_empty() {
            body.put(name, object);
        }
    }
    let mut fields = Object::default();
    fields.put("pgsql", body);
    Event { kind: "pgsql", time: None, flow: message.flow, fields }
}

fn request(details: &Details) -> Object {
    let mut request = Object::default();
    request.text("protocol_version", details, "request.protocol_version");
    if let Some(user) = detail(details, "request.user") {
        let mut startup = Object::default();
        startup.put("user", user);
        let optional = parameters(details, "request.parameter", str::to_owned);
        if !optional.is_empty() {
            startup.put("optional_parameters", optional);
        }
        request.put("startup_parameters", startup);
    }
    for (field, key) in [
        ("message", "request.message"),
        ("simple_query", "request.simple_query"),
        ("sasl_authentication_mechanism", "request.sasl_authentication_mechanism"),
        ("sasl_param", "request.sasl_param"),
        ("sasl_response", "request.sasl_response"),
        ("secret_key", "request.secret_key"),
    ] {
        request.text(field, details, key);
    }
    if detail(details, "request.password_redacted").is_some() {
        request.put("password_redacted", true);
    }
    let mut copied = Object::default();
    copied.number("msg_count", details, "request.copy_count");
    copied.number("data_size", details, "request.copy_size");
    if !copied.is_empty() {
        request.put("copy_data_in", copied);
    }
    request
}

fn response(details: &Details) -> Object {
    let mut response = Object::default();
    if let Some(accepted) = detail(details, "response.ssl_accepted") {
        response.put("ssl_accepted", accepted == "T");
    }
    response.text("message", details, "response.message");
    response.text("authentication_md5_password", details, "response.authentication_md5_password");
    response.text("authentication_sasl_final", details, "response.authentication_sasl_final");
    let reported = parameters(details, "response.parameter", underscored);
    if !reported.is_empty() {
        response.put("parameter_status", reported);
    }
    response.number("process_id", details, "response.process_id");
    response.text("secret_key", details, "response.secret_key");
    for field in
        ["severity_localizable", "severity_non_localizable", "code", "message", "file", "line", "routine"]
    {
        response.text(field, details, field);
    }
    response.number("field_count", details, "response.field_count");
    response.number("data_rows", details, "response.data_rows");
    response.number("data_size", details, "response.data_size");
    for (field, key) in [("copy_in_response", "response.copy_in"), ("copy_out_response", "response.copy_out")]
    {
        let mut columns = Object::default();
        columns.number("columns", details, key);
        if !columns.is_empty() {
            response.put(field, columns);
        }
    }
    let mut copied = Object::default();
    copied.number("row_count", details, "response.copy_count");
    copied.number("data_size", details, "response.copy_size");
    if !copied.is_empty() {
        response.put("copy_data_out", copied);
    }
    response.text("command_completed", details, "response.command_completed");
    response
}

/// Pairs, each an object of its own.
fn parameters(details: &Details, key: &str, spelled: fn(&str) -> String) -> Vec<Value> {
    let pairs = all(details, key).filter_map(|pair| pair.split_once('='));
    let object = |(name, value): (&str, &str)| {
        let mut object = Object::default();
        object.put(spelled(name), value);
        Value::Object(object)
    };
    pairs.map(object).collect()
}

/// A parameter's name in small letters, with a line between its words: `DateStyle` is `date_style`, `TimeZone` is
/// `time_zone`.
fn underscored(name: &str) -> String {
    let mut text = String::new();
    for character in name.chars() {
        if character.is_ascii_uppercase() && !text.is_empty() {
            text.push('_');
        }
        text.push(character.to_ascii_lowercase());
    }
    text
}

#[test]
fn reported_parameters_are_spelled_in_one_way() {
    for (name, spelled) in
        [("DateStyle", "date_style"), ("IntervalStyle", "interval_style"), ("is_superuser", "is_superuser")]
    {
        assert_eq!(underscored(name), spelled);
    }
}
