//! A notice as text that people send.

use super::{Answer, Kind, Notice, Part};
use jiff::Timestamp;
use std::fmt::Write as _;

/// How a page is written: with times as its readers have them.
#[derive(Clone, Copy)]
pub struct Page<'p> {
    /// A time in words, in the city's zone: `Mon 23 Nov 2026, 14:05:09 GMT`.
    pub time: &'p dyn Fn(Timestamp) -> String,
}

fn heading(kind: Kind) -> &'static str {
    match kind {
        Kind::First => "First notice of an incident (24 hours)",
        Kind::Full => "Full notice of an incident (72 hours)",
    }
}

/// What stands before the parts: name and value.
fn head(notice: &Notice, page: Page<'_>) -> [(&'static str, String); 5] {
    let unknown = match notice.unknown() {
        0 => "nothing".to_owned(),
        1 => "one part, marked UNKNOWN".to_owned(),
        many => format!("{many} parts, marked UNKNOWN"),
    };
    [
        ("Incident", format!("{}: {}", notice.incident, notice.title)),
        ("Aware since", (page.time)(notice.aware)),
        ("Due", (page.time)(notice.due)),
        ("Drafted", (page.time)(notice.drafted)),
        ("Left to find out", unknown),
    ]
}

/// The notice in Markdown (CommonMark).
#[must_use]
pub fn markdown(notice: &Notice, page: Page<'_>) -> String {
    let mut out = format!("# {}\n\n", heading(notice.kind));
    for (name, value) in head(notice, page) {
        let _ = writeln!(out, "- **{name}:** {}", plain(&value));
    }
    let _ = write!(out, "\n> {}\n", notice.scope);
    for Part { question, clause, answer } in &notice.parts {
        let _ = write!(out, "\n## {question}\n\n");
        match answer {
            Answer::Unknown { ask } => {
                let _ = writeln!(out, "**UNKNOWN.** To find out: {}.", plain(ask));
            }
            Answer::Known { lines, evidence } => {
                for line in lines {
                    let time = line.time.map(|time| format!("{}: ", (page.time)(time))).unwrap_or_default();
                    let _ = writeln!(out, "- {time}{}", plain(&line.text));
                }
                if !evidence.is_empty() {
                    let _ = write!(out, "\nOn record: {}.\n", evidence.join(", "));
                }
            }
        }
        let _ = write!(out, "\n<small>{clause}</small>\n");
    }
    out
}

/// Text that came from the network, so that nothing of it is taken for markup.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '!' => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// The notice as a page that asks for nothing from elsewhere.
#[must_use]
pub fn html(notice: &Notice, page: Page<'_>) -> String {
    let title = heading(notice.kind);
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en-GB\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title>\
         <style>body{{font:16px/1.5 system-ui,sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem;color:#111;\
         background:#fff}}dt{{font-weight:600}}dd{{margin:0 0 .5rem}}blockquote{{border-left:4px solid #767676;margin:1rem 0;\
         padding-left:1rem}}strong{{color:#a11}}small,.record{{color:#555}}</style></head><body>\n<h1>{title}</h1>\n<dl>\n"
    );
    for (name, value) in head(notice, page) {
        let _ = writeln!(out, "<dt>{name}</dt><dd>{}</dd>", escaped(&value));
    }
    let _ = write!(out, "</dl>\n<blockquote>{}</blockquote>\n", escaped(notice.scope));
    for Part { question, clause, answer } in &notice.parts {
        let _ = writeln!(out, "<h2>{question}</h2>");
        match answer {
            Answer::Unknown { ask } => {
                let _ = writeln!(out, "<p><strong>UNKNOWN.</strong> To find out: {}.</p>", escaped(ask));
            }
            Answer::Known { lines, evidence } => {
                out.push_str("<ul>\n");
                for line in lines {
                    let time = line
                        .time
                        .map(|time| format!("<time datetime=\"{time}\">{}</time>: ", (page.time)(time)));
                    let _ = writeln!(out, "<li>{}{}</li>", time.unwrap_or_default(), escaped(&line.text));
                }
                out.push_str("</ul>\n");
                if !evidence.is_empty() {
                    let _ = writeln!(
                        out,
                        "<p class=\"record\">On record: {}.</p>",
                        escaped(&evidence.join(", "))
                    );
                }
            }
        }
        let _ = writeln!(out, "<p><small>{clause}</small></p>");
    }
    out.push_str("</body></html>\n");
    out
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
    out
}
