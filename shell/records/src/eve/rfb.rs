//! `rfb`: each handshake of a screen. The challenge and its answer are `(hidden)`: one is made of the other and the
//! password.

use super::event::{Event, Object, detail, number};
use city::{Details, Message};

/// The event of a handshake.
pub(super) fn event(message: &Message) -> Event {
    let fields = &message.fields;
    let mut body = Object::default();
    for (name, key) in
        [("server_protocol_version", "server-version"), ("client_protocol_version", "client-version")]
    {
        if let Some((major, minor)) = detail(fields, key).and_then(|version| version.split_once('.')) {
            let mut version = Object::default();
            version.put("major", major);
            version.put("minor", minor);
            body.put(name, version);
        }
    }
    body.unless_empty("authentication", authentication(fields));
    body.plain("server_security_failure_reason", fields, "reason");
    body.maybe_truth("screen_shared", fields, "shared");
    body.unless_empty("framebuffer", screen(fields));
    Event::by_sender("rfb", message, body)
}

fn authentication(fields: &Details) -> Object {
    let mut proof = Object::default();
    proof.text("challenge", fields, "challenge");
    proof.text("response", fields, "response");
    let mut authentication = Object::default();
    authentication.number("security_type", fields, "security-type");
    authentication.unless_empty("vnc", proof);
    authentication.maybe(
        "security_result",
        number(fields, "security-result").map(|result| match result {
            0 => "OK".to_owned(),
            1 => "FAIL".to_owned(),
            2 => "TOOMANY".to_owned(),
            other => format!("UNKNOWN ({other})"),
        }),
    );
    authentication
}

fn screen(fields: &Details) -> Object {
    let mut screen = Object::default();
    screen.number("width", fields, "width");
    screen.number("height", fields, "height");
    screen.plain("name", fields, "name");
    let mut pixel = Object::default();
    pixel.number("bits_per_pixel", fields, "bits-per-pixel");
    pixel.number("depth", fields, "depth");
    pixel.maybe_truth("big_endian", fields, "big-endian");
    pixel.maybe_truth("true_color", fields, "true-colour");
    for (name, key) in [
        ("red_max", "red-max"),
        ("green_max", "green-max"),
        ("blue_max", "blue-max"),
        ("red_shift", "red-shift"),
        ("green_shift", "green-shift"),
        ("blue_shift", "blue-shift"),
    ] {
        pixel.number(name, fields, key);
    }
    screen.unless_empty("pixel_format", pixel);
    screen
}
