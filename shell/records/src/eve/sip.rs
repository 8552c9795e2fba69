//! `sip`: each request and each reply, with the description of a session (SDP, RFC 8866) in it. Keys are `(hidden)`.

use super::event::{Event, Object, Value, all, plain};
use city::Message;

/// The event of a message.
pub(super) fn event(message: &Message) -> Event {
    let fields = &message.fields;
    let mut body = Object::default();
    for (name, key) in [
        ("method", "method"),
        ("uri", "uri"),
        ("version", "version"),
        ("code", "code"),
        ("reason", "reason"),
        ("request_line", "request-line"),
        ("response_line", "response-line"),
    ] {
        body.plain(name, fields, key);
    }
    body.unless_empty("sdp", session(all(fields, "sdp")));
    Event::by_sender("sip", message, body)
}

/// What may be said of a session and of each of its media (clause 5).
#[derive(Default)]
struct Part {
    single: Object,
    bandwidths: Vec<Value>,
    attributes: Vec<Value>,
}

impl Part {
    fn line(&mut self, kind: &str, value: &str, information: &'static str) {
        match kind {
            "i" => self.single.put(information, plain(value)),
            "c" => self.single.put("connection_data", plain(value)),
            "k" => self.single.put("encryption_key", plain(value)),
            "b" => self.bandwidths.push(Value::Text(plain(value))),
            "a" => self.attributes.push(Value::Text(plain(value))),
            _ => {}
        }
    }

    fn whole(self) -> Object {
        let mut object = self.single;
        for (name, values) in [("bandwidths", self.bandwidths), ("attributes", self.attributes)] {
            if !values.is_empty() {
                object.put(name, values);
            }
        }
        object
    }
}

fn session<'l>(lines: impl Iterator<Item = &'l str>) -> Object {
    let mut session = Part::default();
    let mut times: Vec<Object> = Vec::new();
    let mut media: Vec<Part> = Vec::new();
    for (kind, value) in lines.filter_map(|line| line.split_once('=')) {
        if kind == "m" {
            let mut part = Part::default();
            part.single.put("media", plain(value));
            media.push(part);
            continue;
        }
        if let Some(part) = media.last_mut() {
            part.line(kind, value, "media_info");
            continue;
        }
        let single = &mut session.single;
        match kind {
            "v" => single.maybe("version", value.parse::<u64>().ok()),
            "o" => single.put("origin", plain(value)),
            "s" => single.put("session_name", plain(value)),
            "u" => single.put("uri", plain(value)),
            "e" => single.put("email", plain(value)),
            "p" => single.put("phone_number", plain(value)),
            "z" => single.put("timezone", plain(value)),
            "t" => {
                let mut time = Object::default();
                time.put("time", plain(value));
                times.push(time);
            }
            "r" => times.last_mut().into_iter().for_each(|time| time.put("repeat_time", plain(value))),
            _ => session.line(kind, value, "session_info"),
        }
    }
    let mut whole = session.whole();
    let objects = |objects: Vec<Object>| objects.into_iter().map(Value::Object).collect::<Vec<_>>();
    for (name, list) in [
        ("time_descriptions", objects(times)),
        ("media_descriptions", objects(media.into_iter().map(Part::whole).collect())),
    ] {
        if !list.is_empty() {
            whole.put(name, list);
        }
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_behind_a_medium_are_its_own() {
        let lines =
            ["v=0", "s=Gate", "i=of the depot", "t=0 0", "r=1 2", "a=x", "m=audio 9 RTP/AVP 0", "i=bell"];
        let text = super::super::event::rendered(&session(lines.into_iter()));
        let expected = [
            r#"{"version":0,"session_name":"Gate","session_info":"of the depot","attributes":["x"],"#,
            r#""time_descriptions":[{"time":"0 0","repeat_time":"1 2"}],"#,
            r#""media_descriptions":[{"media":"audio 9 RTP/AVP 0","media_info":"bell"}]}"#,
        ];
        assert_eq!(text, expected.concat());
    }
}
