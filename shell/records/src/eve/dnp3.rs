//! `dnp3`: each fragment, with its objects and every field of these. Confirmations have no event.

use super::event::{Event, Object, Ready, Value, all, is_true, number};
use city::Message;

/// The internal indications in the order in which Suricata names them, each with its bit: those of the first byte
/// stand in the upper one here (IEEE 1815-2012 clause 4.2.6).
const INDICATIONS: &[(u64, &str)] = &[
    (0x0100, "all_stations"),
    (0x0200, "class_1_events"),
    (0x0400, "class_2_events"),
    (0x0800, "class_3_events"),
    (0x1000, "need_time"),
    (0x2000, "local_control"),
    (0x4000, "device_trouble"),
    (0x8000, "device_restart"),
    (0x0001, "no_func_code_support"),
    (0x0002, "object_unknown"),
    (0x0004, "parameter_error"),
    (0x0008, "event_buffer_overflow"),
    (0x0010, "already_executing"),
    (0x0020, "config_corrupt"),
    (0x0040, "reserved_2"),
    (0x0080, "reserved_1"),
];

/// The event of a fragment.
pub(super) fn event(message: &Message) -> Option<Event> {
    let fields = &message.fields;
    let code = number(fields, "function_code")?;
    let mut body = Object::default();
    body.put(
        "type",
        match code {
            // A confirmation.
            0 => return None,
            130 => "unsolicited_response",
            129.. => "response",
            _ => "request",
        },
    );
    body.put("control", link_control(number(fields, "link_control")?));
    body.number("src", fields, "src");
    body.number("dst", fields, "dst");
    let mut application = Object::default();
    application.put("control", application_control(number(fields, "application_control")?));
    application.put("function_code", code);
    let objects = objects(message);
    if !objects.is_empty() {
        application.put("objects", objects);
    }
    application.put("complete", is_true(fields, "complete"));
    body.put("application", application);
    if let Some(bits) = number(fields, "iin") {
        let indicators = INDICATIONS.iter().filter(|(bit, _)| bits & bit != 0);
        let indicators: Vec<_> = indicators.map(|(_, name)| Value::from(*name)).collect();
        let mut indications = Object::default();
        if !indicators.is_empty() {
            indications.put("indicators", indicators);
        }
        body.put("iin", indications);
    }
    let mut fields = Object::default();
    fields.put("dnp3", body);
    Some(Event { kind: "dnp3", time: None, flow: message.flow, fields })
}

fn link_control(byte: u64) -> Object {
    let mut control = Object::default();
    for (bit, name) in [(0x80, "dir"), (0x40, "pri"), (0x20, "fcb"), (0x10, "fcv")] {
        control.put(name, byte & bit != 0);
    }
    control.put("function_code", byte & 0x0f);
    control
}

fn application_control(byte: u64) -> Object {
    let mut control = Object::default();
    for (bit, name) in [(0x80, "fir"), (0x40, "fin"), (0x20, "con"), (0x10, "uns")] {
        control.put(name, byte & bit != 0);
    }
    control.put("sequence", byte & 0x0f);
    control
}

/// The object headers with their points.
fn objects(message: &Message) -> Vec<Ready<'_>> {
    all(&message.fields, "object").map(Ready).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use city::{Address, Flow, Transport};

    #[test]
    fn objects_hold_their_points() {
        let pairs = [
            ("link_control", "196"),
            ("src", "1"),
            ("dst", "10"),
            ("application_control", "199"),
            ("function_code", "129"),
            ("iin", "36864"),
            ("object", r#"{"group":30,"points":[{"index":3,"value":-5},{"index":4,"value":7}]}"#),
            ("object", r#"{"group":60}"#),
            ("complete", "true"),
        ];
        let message = Message {
            flow: Flow {
                source: Address::Ip([192, 0, 2, 1].into()),
                source_port: 50_000,
                destination: Address::Ip([192, 0, 2, 2].into()),
                destination_port: 20_000,
                transport: Transport::Tcp,
                protocol: None,
            },
            back: true,
            log: "eve_dnp3".into(),
            fields: pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect(),
        };
        let text = super::super::event::rendered(&event(&message).unwrap().fields);
        assert_eq!(
            text,
            r#"{"dnp3":{"type":"response","control":{"dir":true,"pri":true,"fcb":false,"fcv":false,"function_code":4},"src":1,"dst":10,"application":{"control":{"fir":true,"fin":true,"con":false,"uns":false,"sequence":7},"function_code":129,"objects":[{"group":30,"points":[{"index":3,"value":-5},{"index":4,"value":7}]},{"group":60}],"complete":true},"iin":{"indicators":["need_time","device_restart"]}}}"#
        );
    }
}
