//! The rows of `sip.log`: a request with a reply to it, as Zeek pairs them, which is by their order.

use super::address::mask;
use crate::dialogue::{Fields, Out, Side};
use crate::http::Headers;
use crate::show::escaped;
use city::Text;
use compact_str::format_compact;

/// The longest value told.
const VALUE_MAX: usize = 1024;

/// How many hops a row may name. A request that is sent again adds its own once more.
const PATH_MAX: usize = 256;

/// What is known of the request that was asked last, and of replies to it.
#[derive(Default)]
pub(super) struct Row {
    is_begun: bool,
    method: Text,
    uri: Option<Text>,
    date: Option<Text>,
    request_from: Option<Text>,
    request_to: Option<Text>,
    response_from: Option<Text>,
    response_to: Option<Text>,
    reply_to: Option<Text>,
    call_id: Option<Text>,
    seq: Option<Text>,
    subject: Option<Text>,
    request_path: Vec<Text>,
    response_path: Vec<Text>,
    user_agent: Option<Text>,
    status: Option<(u16, Text)>,
    warning: Option<Text>,
    request_body: Option<u64>,
    response_body: Option<u64>,
    content_type: Option<Text>,
}

impl Row {
    pub(super) fn request(&mut self, method: &[u8], target: &[u8], headers: Headers<'_>) {
        self.is_begun = true;
        self.method = escaped(method, VALUE_MAX);
        self.uri = Some(mask(target).0);
        for (name, value) in headers.iter() {
            let text = || Some(escaped(value, VALUE_MAX));
            match name.to_ascii_uppercase().as_slice() {
                b"CALL-ID" | b"I" => self.call_id = text(),
                b"CONTENT-LENGTH" | b"L" => self.request_body = count(value).or(self.request_body),
                b"CSEQ" => self.seq = text(),
                b"DATE" => self.date = text(),
                b"FROM" | b"F" => self.request_from = Some(mask(before(value, b"tag=")).0),
                b"REPLY-TO" => self.reply_to = Some(mask(value).0),
                b"SUBJECT" | b"S" => self.subject = text(),
                b"TO" | b"T" => self.request_to = Some(mask(value).0),
                b"USER-AGENT" => self.user_agent = text(),
                b"VIA" | b"V" => push(&mut self.request_path, value),
                _ => {}
            }
        }
    }

    /// A reply, which makes a row. The final one is the last to its request.
    pub(super) fn reply(
        &mut self,
        side: Side,
        status: u16,
        reason: &[u8],
        headers: Headers<'_>,
        out: &mut Out<'_>,
    ) {
        self.is_begun = true;
        self.status = Some((status, escaped(reason, VALUE_MAX)));
        for (name, value) in headers.iter() {
            let text = || Some(escaped(value, VALUE_MAX));
            match name.to_ascii_uppercase().as_slice() {
                b"CONTENT-LENGTH" | b"L" => self.response_body = count(value).or(self.response_body),
                b"CONTENT-TYPE" | b"C" => self.content_type = text(),
                b"WARNING" => self.warning = text(),
                b"FROM" | b"F" => self.response_from = Some(mask(before(value, b"tag=")).0),
                b"TO" | b"T" => self.response_to = Some(mask(value).0),
                b"VIA" | b"V" => push(&mut self.response_path, value),
                _ => {}
            }
        }
        self.tell(side, out);
        if !(100..200).contains(&status) || self.method.is_empty() {
            *self = Row::default();
        }
    }

    /// Tells what is left at the end.
    pub(super) fn end(&mut self, out: &mut Out<'_>) {
        if std::mem::take(&mut self.is_begun) {
            self.tell(Side::Source, out);
        }
    }

    fn tell(&self, side: Side, out: &mut Out<'_>) {
        out.message(side, "sip", |fields| self.fill(fields));
    }

    fn fill(&self, fields: &mut Fields) {
        fields.put("trans_depth", Text::const_new("0"));
        let mut put = |name: &'static str, value: &Option<Text>| {
            if let Some(value) = value {
                fields.put(name, value.clone());
            }
        };
        put("method", &(!self.method.is_empty()).then(|| self.method.clone()));
        put("uri", &self.uri);
        put("date", &self.date);
        put("request_from", &self.request_from);
        put("request_to", &self.request_to);
        put("response_from", &self.response_from);
        put("response_to", &self.response_to);
        put("reply_to", &self.reply_to);
        put("call_id", &self.call_id);
        put("seq", &self.seq);
        put("subject", &self.subject);
        put("user_agent", &self.user_agent);
        put("warning", &self.warning);
        put("content_type", &self.content_type);
        let number = |number: Option<u64>| number.map(|number| format_compact!("{number}"));
        put("request_body_len", &number(self.request_body));
        put("response_body_len", &number(self.response_body));
        if let Some((status, reason)) = &self.status {
            put("status_code", &Some(format_compact!("{status}")));
            put("status_msg", &Some(reason.clone()));
        }
        fields.list("request_path", self.request_path.iter().cloned());
        fields.list("response_path", self.response_path.iter().cloned());
    }
}

fn push(path: &mut Vec<Text>, via: &[u8]) {
    if path.len() < PATH_MAX {
        path.push(escaped(before(via, b"branch"), VALUE_MAX));
    }
}

/// What is before a parameter, with or without a space behind its semicolon.
fn before<'a>(value: &'a [u8], parameter: &[u8]) -> &'a [u8] {
    let begins = |at: usize| {
        let rest = value.get(at..).and_then(|rest| rest.strip_prefix(b";")).unwrap_or_default();
        rest.starts_with(parameter) || rest.strip_prefix(b" ").is_some_and(|rest| rest.starts_with(parameter))
    };
    let end = (0..value.len()).find(|at| begins(*at));
    end.and_then(|end| value.get(..end)).unwrap_or(value)
}

/// A number in digits alone.
fn count(value: &[u8]) -> Option<u64> {
    std::str::from_utf8(value)
        .ok()
        .filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?
        .parse()
        .ok()
}
