//! `http`: each request with its reply; and `fileinfo`: each body.
//!
//! Of a body that was sent packed the size is what it unpacks to, and is left out where it was too long to be unpacked.
//! Files in a form with parts have a `fileinfo` each, if the form is short.

use super::event::{Event, Object, all, detail, is_true, number};
use city::{Details, Flow, Reply, Request};

/// The events of a request.
pub(super) fn events(request: &Request) -> Vec<Event> {
    let details = &request.details;
    let mut fields = Object::default();
    fields.maybe("tx_id", transaction(details));
    fields.put("http", body(request));
    let http = Event { kind: "http", time: None, flow: request.flow, fields };
    let sent = file(request, request.flow, "request-length", false);
    let returned = file(request, request.flow.reversed(), "response-length", true);
    std::iter::once(http).chain(parts(request)).chain(sent).chain(returned).collect()
}

/// Which request of the conversation it is, from 0.
fn transaction(details: &Details) -> Option<u64> {
    number(details, "depth")?.checked_sub(1)
}

fn body(request: &Request) -> Object {
    let details = &request.details;
    let mut body = Object::default();
    let uri = detail(details, "uri");
    let host = detail(details, "host").or(uri.filter(|_| detail(details, "method") == Some("CONNECT")));
    if let Some(host) = host {
        let (name, port) = name_and_port(host);
        body.put("hostname", name.trim_end_matches('.').to_ascii_lowercase());
        body.maybe("http_port", port);
    }
    body.maybe("url", uri);
    body.text("http_user_agent", details, "user-agent");
    body.maybe("http_content_type", detail(details, "response-content-type").map(without_parameters));
    body.text("http_refer", details, "referrer");
    body.text("http_method", details, "method");
    body.maybe("protocol", detail(details, "version").map(|version| format!("HTTP/{version}")));
    let status = number(details, "status");
    body.maybe("status", status);
    if let Some(301 | 302) = status {
        body.text("redirect", details, "location");
    }
    body.put("length", number(details, "response-length").unwrap_or(0));
    if let Some(raw) = detail(details, "content-range") {
        let mut whole = Object::default();
        whole.put("raw", raw);
        let [start, end, size] = range(raw);
        for (name, number) in [("start", start), ("end", end), ("size", size)] {
            whole.maybe(name, number);
        }
        body.put("content_range", whole);
    }
    body
}

/// Where a part begins and ends, and how long the whole is (RFC 9110 clause 14.4): `bytes 500-999/8000`.
fn range(raw: &str) -> [Option<u64>; 3] {
    let Some((part, whole)) = raw.strip_prefix("bytes ").and_then(|rest| rest.split_once('/')) else {
        return [None; 3];
    };
    let (start, end) = part.split_once('-').unwrap_or_default();
    [start, end, whole].map(|number| number.trim().parse().ok())
}

/// A host and its port; an IPv6 address stands in brackets.
fn name_and_port(host: &str) -> (&str, Option<u64>) {
    match host.rsplit_once(':') {
        Some((name, port)) if !name.contains(':') || name.ends_with(']') => (name, port.parse().ok()),
        _ => (host, None),
    }
}

fn without_parameters(kind: &str) -> &str {
    kind.split(';').next().unwrap_or(kind).trim_end()
}

/// The files in a form with parts.
fn parts(request: &Request) -> impl Iterator<Item = Event> {
    let details = &request.details;
    all(details, "request-part").filter_map(|part| {
        let (size, name) = part.split_once(' ')?;
        let mut file = Object::default();
        file.put("filename", name);
        file.put("gaps", false);
        file.put("state", "CLOSED");
        file.put("stored", false);
        file.maybe("size", size.parse::<u64>().ok());
        file.maybe("tx_id", transaction(details));
        Some(whole(request, request.flow, file))
    })
}

fn whole(request: &Request, flow: Flow, file: Object) -> Event {
    let mut fields = Object::default();
    fields.put("http", body(request));
    fields.put("app_proto", "http");
    fields.put("fileinfo", file);
    Event { kind: "fileinfo", time: None, flow, fields }
}

fn file(request: &Request, flow: Flow, length_key: &str, is_reply: bool) -> Option<Event> {
    let details = &request.details;
    let length = number(details, length_key).filter(|length| *length > 0)?;
    let key = |request: &'static str, reply: &'static str| if is_reply { reply } else { request };
    let kind = detail(details, key("request-content-type", "response-content-type")).unwrap_or_default();
    if kind.starts_with("multipart/") {
        return None;
    }
    let mut file = Object::default();
    let path = || path(detail(details, "uri").unwrap_or_default());
    let name = detail(details, key("request-filename", "response-filename")).unwrap_or_else(path);
    file.put("filename", name);
    let missed = number(details, key("request-missed", "response-missed")).unwrap_or(0);
    let within = number(details, key("request-missed-within", "response-missed-within")).unwrap_or(0);
    file.put("gaps", within > 0);
    let is_answered = is_reply || request.reply != Reply::Missing;
    let is_whole = missed == 0 && is_answered && !is_true(details, key("request-truncated", "truncated"));
    file.put("state", if is_whole { "CLOSED" } else { "TRUNCATED" });
    file.put("stored", false);
    let [start, end, _] = detail(details, "content-range").filter(|_| is_reply).map_or([None; 3], range);
    let size = match detail(details, "response-encoding").filter(|_| is_reply) {
        Some(_) => number(details, "response-unpacked-length"),
        None => Some(length.saturating_add(within)),
    };
    file.maybe("size", size);
    file.maybe("start", start);
    file.maybe("end", end);
    file.maybe("tx_id", transaction(details));
    Some(whole(request, flow, file))
}

/// The path of a request's target, without what is asked of it.
fn path(uri: &str) -> &str {
    let behind_host =
        uri.split_once("://").and_then(|(_, rest)| rest.find('/').and_then(|at| rest.get(at..)));
    let path = behind_host.unwrap_or(uri);
    path.split(['?', '#']).next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_paths_are_taken_out() {
        assert_eq!(name_and_port("pump.example:8080"), ("pump.example", Some(8080)));
        assert_eq!(name_and_port("[2001:db8::1]:80"), ("[2001:db8::1]", Some(80)));
        assert_eq!(name_and_port("pump.example"), ("pump.example", None));
        assert_eq!(path("/a/b?c=d"), "/a/b");
        assert_eq!(path("http://pump.example/a"), "/a");
        assert_eq!(without_parameters("text/html; charset=utf-8"), "text/html");
        assert_eq!(range("bytes 500-999/8000"), [Some(500), Some(999), Some(8_000)]);
        assert_eq!(range("bytes */8000"), [None, None, Some(8_000)]);
    }

    #[test]
    fn files_in_a_form_and_holes_are_told() {
        use city::{Address, Target, Transport, Verb};
        let address = |text: &str| Address::Ip(text.parse::<std::net::IpAddr>().unwrap());
        let pairs = [
            ("method", "POST"),
            ("uri", "/upload?to=1"),
            ("depth", "1"),
            ("request-content-type", "multipart/form-data; boundary=x"),
            ("request-length", "300"),
            ("request-part", "5 gate.cfg"),
            ("response-length", "40"),
            ("response-missed", "60"),
            ("response-missed-within", "10"),
            ("content-range", "bytes 0-99/200"),
        ];
        let request = Request {
            flow: Flow {
                source: address("192.0.2.1"),
                source_port: 50_000,
                destination: address("192.0.2.2"),
                destination_port: 80,
                transport: Transport::Tcp,
                protocol: None,
            },
            back: false,
            verb: Verb::Write,
            function: "POST".into(),
            target: Target::default(),
            value: None,
            reply: Reply::Done,
            details: pairs.map(|(name, value)| (name.into(), value.into())).into(),
        };
        let events = events(&request);
        let text = |event: &Event| super::super::event::rendered(&event.fields);
        let [_, part, reply] = &events[..] else { panic!("{events:?}") };
        let file = r#""fileinfo":{"filename":"gate.cfg","gaps":false,"state":"CLOSED","stored":false,"size":5,"tx_id":0}}"#;
        assert!(text(part).ends_with(file), "{}", text(part));
        let file = r#""fileinfo":{"filename":"/upload","gaps":true,"state":"TRUNCATED","stored":false,"size":50,"start":0,"end":99,"tx_id":0}}"#;
        assert!(text(reply).ends_with(file), "{}", text(reply));
        assert!(
            text(reply).contains(r#""content_range":{"raw":"bytes 0-99/200","start":0,"end":99,"size":200}"#)
        );
    }
}
