//! Syslog messages, as RFC 5424 has them.

use super::{Notice, cef, ocsf, scale, sentence};
use city::NoticeForm;
use std::fmt::Write;

/// The facility of security messages (RFC 5424, table 1: "log audit" is 13).
const FACILITY: u8 = 13;

/// The enterprise number under which examples are (RFC 5612): our own names are told apart by their `@`.
const ENTERPRISE: u32 = 32_473;

/// Writes a notice as a message. `host` is this machine's name. In `text` what a tool needs stands in structured data; in
/// the other forms the message is that form.
#[must_use]
pub fn syslog(notice: &Notice, form: NoticeForm, host: &str) -> String {
    // RFC 5424, table 2: critical, error, warning, notice, informational.
    let priority = FACILITY * 8 + scale(notice.severity, [6, 5, 4, 3, 2]);
    let host: String = host.chars().filter(char::is_ascii_graphic).take(255).collect();
    let host = if host.is_empty() { "-" } else { &host };
    // Clause 6.2.3 has at most six digits of a second.
    let time = notice.time.strftime("%Y-%m-%dT%H:%M:%S.%6fZ");
    let mut message = format!("<{priority}>1 {time} {host} bastide - {} ", notice.kind.as_str());
    match form {
        NoticeForm::Text => {
            message += &structured(notice);
            message.push(' ');
            // A byte order mark says that what follows is UTF-8 (clause 6.4).
            message.push('\u{feff}');
            message += &sentence(notice);
        }
        NoticeForm::Json => message += &format!("- {}", notice.json()),
        NoticeForm::Cef => message += &format!("- {}", cef(notice)),
        NoticeForm::Ocsf => message += &format!("- {}", ocsf(notice)),
    }
    message
}

fn structured(notice: &Notice) -> String {
    let mut text = format!("[bastide@{ENTERPRISE}");
    let mut put = |name: &str, value: &str| {
        if !value.is_empty() {
            // Writing to a text cannot fail.
            let _ = write!(text, " {name}=\"{}\"", escaped(value));
        }
    };
    put("id", &notice.id);
    put("city", &notice.city);
    put("number", &notice.number.to_string());
    put("state", &notice.state);
    put("severity", notice.severity.as_str());
    put("rule", notice.rule.as_deref().unwrap_or_default());
    put("title", &notice.title);
    put("count", &notice.count.to_string());
    put("first", &notice.first.to_string());
    put("last", &notice.last.to_string());
    put("owner", notice.owner.as_deref().unwrap_or_default());
    let ends = [("subject", notice.subject), ("peer", notice.peer)];
    for (name, address) in ends {
        put(name, &address.map(|address| address.to_string()).unwrap_or_default());
    }
    // A name may come several times (clause 6.3.3).
    let lists = [("service", &notice.services), ("asset", &notice.assets), ("technique", &notice.techniques)];
    for (name, list) in lists {
        list.iter().for_each(|value| put(name, value));
    }
    text.push(']');
    text
}

/// Clause 6.3.3: the quotation mark, the backslash and the closing bracket are escaped.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' | '\\' | ']' => out.extend(['\\', c]),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}
