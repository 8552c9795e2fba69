//! The Common Event Format of ArcSight, version 0, as Micro Focus documents it (revision 26).

use super::{Kind, Notice, scale, sentence};

/// Writes a notice as one line, without a syslog header.
#[must_use]
pub fn cef(notice: &Notice) -> String {
    let class = notice.rule.as_deref().unwrap_or(notice.kind.as_str());
    let severity = scale(notice.severity, [1, 3, 5, 8, 10]);
    let mut line = format!(
        "CEF:0|Bastide|Bastide|{}|{}|{}|{severity}|",
        env!("CARGO_PKG_VERSION"),
        header(class),
        header(&notice.title),
    );
    let ip = |address: Option<city::Address>| address.and_then(city::Address::ip).map(|ip| ip.to_string());
    let millis = |time: jiff::Timestamp| Some(time.as_millisecond().to_string());
    let list = |list: &[city::Text]| Some(list.join(",")).filter(|text| !text.is_empty());
    let (subject, peer) = (ip(notice.subject), ip(notice.peer));
    let extension = [
        ("rt", millis(notice.time)),
        ("start", millis(notice.first)),
        ("end", millis(notice.last)),
        ("cnt", Some(notice.count.to_string())),
        ("externalId", Some(notice.id.to_string())),
        ("cat", Some(notice.kind.as_str().to_owned())),
        ("outcome", Some(notice.state.to_string())),
        ("msg", Some(sentence(notice))),
        ("src", subject),
        ("dst", peer),
        ("suser", notice.owner.as_ref().map(ToString::to_string)),
        ("cs1Label", Some("city".to_owned())),
        ("cs1", Some(notice.city.to_string())),
        ("cs2Label", list(&notice.services).map(|_| "services".to_owned())),
        ("cs2", list(&notice.services)),
        ("cs3Label", list(&notice.techniques).map(|_| "techniques".to_owned())),
        ("cs3", list(&notice.techniques)),
        ("cs4Label", list(&notice.assets).map(|_| "assets".to_owned())),
        ("cs4", list(&notice.assets)),
        ("cn1Label", (notice.kind != Kind::Test).then(|| "number".to_owned())),
        ("cn1", (notice.kind != Kind::Test).then(|| notice.number.to_string())),
    ];
    let mut first = true;
    for (key, value) in extension {
        let Some(value) = value else { continue };
        if !std::mem::take(&mut first) {
            line.push(' ');
        }
        line.push_str(key);
        line.push('=');
        line.push_str(&extended(&value));
    }
    line
}

/// A field of the header: the bar and the backslash are escaped, and there are no lines.
fn header(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '|' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// A value of the extension: the equals sign and the backslash are escaped, and lines are written `\n`.
fn extended(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '=' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}
