//! Notices of Zeek, from `notice.log`: in its own form with columns, or as JSON. Of its other logs nothing is taken.

use super::{
    Told, Without,
    value::{address, bounded, named, port, text, time},
};
use city::{Alert, Flow, Severity, Text, Transport};
use jiff::Timestamp;
use serde_json::{Map, Value};

/// The most columns that a log may have.
const COLUMNS_MAX: usize = 256;

/// What a log of Zeek's says of itself in the lines that begin with `#`.
#[derive(Debug, Default)]
pub(super) struct Header {
    separator: Option<u8>,
    unset: Text,
    path: Text,
    fields: Vec<Text>,
}

impl Header {
    pub(super) fn is_there(&self) -> bool {
        !self.fields.is_empty()
    }

    /// Reads a line that begins with `#`.
    pub(super) fn read(&mut self, line: &[u8]) {
        let line = String::from_utf8_lossy(line);
        if let Some(separator) = line.strip_prefix("#separator ") {
            let code = separator.trim().strip_prefix("\\x").map(|hex| u8::from_str_radix(hex, 16));
            *self = Header { separator: code.and_then(Result::ok), ..Header::default() };
            return;
        }
        let separator = char::from(self.separator.unwrap_or(b'\t'));
        match line.split_once(separator) {
            Some(("#unset_field", unset)) => self.unset = unset.into(),
            Some(("#path", path)) => self.path = path.into(),
            Some(("#fields", fields)) => {
                self.fields = fields.split(separator).take(COLUMNS_MAX).map(Text::from).collect();
            }
            _ => {}
        }
    }

    /// Reads a row by the columns.
    pub(super) fn row(&self, line: &[u8]) -> Result<Told, Without> {
        if self.path != "notice" {
            return Err(Without::Nothing);
        }
        let line = String::from_utf8_lossy(line);
        let values = line.split(char::from(self.separator.unwrap_or(b'\t')));
        let mut row = Map::new();
        for (name, value) in self.fields.iter().zip(values) {
            if !value.is_empty() && self.unset != value {
                row.insert(name.to_string(), value.into());
            }
        }
        read(&Value::Object(row))
    }
}

pub(super) fn read(row: &Value) -> Result<Told, Without> {
    // Names of columns hold dots, and pointers take them as they are.
    let Some(note) = text(row, "/note") else { return Err(Without::Nothing) };
    let time = when(row)?;
    let flow = flow(row);
    let source = address(row, "/src").or(flow.map(|flow| flow.source));
    let destination = address(row, "/dst").or(flow.map(|flow| flow.destination));
    let Some(subject) = source.or(destination) else {
        return Err(Without::Broken(format!("the notice `{}` names no device", bounded(note))));
    };
    let mut techniques = Vec::new();
    // Packages that look for techniques of ATT&CK, such as MITRE's BZAR, name them in the notice's texts.
    if note.starts_with("ATTACK") {
        for part in ["/note", "/msg", "/sub"].into_iter().filter_map(|part| text(row, part)) {
            named(part, &mut techniques);
        }
    }
    let alert = Alert {
        tool: Text::const_new("zeek"),
        rule: bounded(note),
        title: bounded(text(row, "/msg").unwrap_or(note)),
        severity: severity(row),
        subject,
        peer: destination.filter(|destination| *destination != subject),
        flow,
        techniques,
    };
    Ok(Told { time, alert, named: false })
}

/// Zeek's notices have no severity. What somebody is to be paged or written to for is grave.
fn severity(row: &Value) -> Severity {
    let urgent =
        |text: &str| ["ACTION_ALARM", "ACTION_EMAIL", "ACTION_PAGE"].iter().any(|a| text.contains(a));
    let grave = match row.pointer("/actions") {
        Some(Value::Array(actions)) => actions.iter().filter_map(Value::as_str).any(urgent),
        Some(Value::String(actions)) => urgent(actions),
        _ => false,
    };
    if grave { Severity::High } else { Severity::Medium }
}

/// Zeek writes seconds since 1970 with a fraction, or, if told to, RFC 3339.
fn when(row: &Value) -> Result<Timestamp, Without> {
    let seconds = match row.pointer("/ts") {
        Some(Value::Number(number)) => number.as_f64(),
        Some(Value::String(text)) => text.parse().ok(),
        _ => None,
    };
    let Some(seconds) = seconds else { return time(row, "/ts") };
    jiff::SignedDuration::try_from_secs_f64(seconds)
        .ok()
        .and_then(|since| Timestamp::from_duration(since).ok())
        .ok_or_else(|| Without::Broken("its `ts` is not a time".to_owned()))
}

fn flow(row: &Value) -> Option<Flow> {
    let transport = match text(row, "/proto")? {
        "tcp" => Transport::Tcp,
        "udp" => Transport::Udp,
        "icmp" => Transport::Icmp,
        _ => return None,
    };
    Some(Flow {
        source: address(row, "/id.orig_h")?,
        source_port: port(row, "/id.orig_p"),
        destination: address(row, "/id.resp_h")?,
        destination_port: port(row, "/id.resp_p"),
        transport,
        protocol: None,
    })
}
