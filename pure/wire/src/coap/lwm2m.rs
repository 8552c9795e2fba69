//! Lightweight Machine to Machine: OMA LwM2M Core 1.0 to 1.2 with its Transport Bindings, and the objects of the
//! OMA and IPSO registries.

use super::message::{Code, Message, OptionNumber};
use crate::cursor::Cursor;
use crate::json::{self, Value};
use crate::show;
use city::{Text, Trait, Verb};
use compact_str::{ToCompactString, format_compact};

/// Content formats (IANA's CoAP registry); TLV and JSON have an older number each, which early clients use.
const TEXT: u32 = 0;
const LINKS: u32 = 40;
const SENML_JSON: u32 = 110;
const TLV: [u32; 2] = [11_542, 1_542];
const JSON: [u32; 2] = [11_543, 1_543];

/// Resources told of one payload.
const RESOURCES_MAX: usize = 16;

/// Object, instance, resource and resource instance, as far as a path names them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Path {
    numbers: [u16; 4],
    parts: usize,
}

impl Path {
    /// A path of one to four numbers.
    pub fn of<'a>(parts: impl Iterator<Item = &'a [u8]>) -> Option<Path> {
        let mut path = Path::default();
        for part in parts {
            let digits = std::str::from_utf8(part).ok()?;
            if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            path = path.below(digits.parse().ok()?)?;
        }
        (path.parts > 0).then_some(path)
    }

    fn below(mut self, number: u16) -> Option<Path> {
        *self.numbers.get_mut(self.parts)? = number;
        self.parts += 1;
        Some(self)
    }

    fn object(self) -> u16 {
        let [object, ..] = self.numbers;
        object
    }

    fn resource(self) -> Option<u16> {
        let [_, _, resource, _] = self.numbers;
        (self.parts >= 3).then_some(resource)
    }

    /// Whether the object is one that has a name here.
    pub fn is_known(self) -> bool {
        object_name(self.object()).is_some()
    }

    /// Whether what it holds may be a key or a password: security, OSCORE, access points and wireless networks.
    pub fn is_secret(self) -> bool {
        matches!(self.object(), 0 | 11 | 12 | 21)
    }

    /// `3/0/0 manufacturer`.
    pub fn text(self) -> Text {
        let numbers = self.numbers.iter().take(self.parts);
        let path = numbers.map(ToCompactString::to_compact_string).collect::<Vec<_>>().join("/");
        let name = match self.resource() {
            Some(resource) => resource_name(self.object(), resource),
            None => object_name(self.object()),
        };
        match name {
            Some(name) => format_compact!("{path} {name}"),
            None => path.into(),
        }
    }
}

fn object_name(object: u16) -> Option<&'static str> {
    Some(match object {
        0 => "security",
        1 => "server",
        2 => "access-control",
        3 => "device",
        4 => "connectivity-monitoring",
        5 => "firmware-update",
        6 => "location",
        7 => "connectivity-statistics",
        8 => "lock-and-wipe",
        9 => "software-management",
        10 => "cellular-connectivity",
        11 => "apn-connection-profile",
        12 => "wlan-connectivity",
        13 => "bearer-selection",
        16 => "portfolio",
        19 => "binary-app-data-container",
        20 => "event-log",
        21 => "oscore",
        3200 => "digital-input",
        3201 => "digital-output",
        3202 => "analogue-input",
        3203 => "analogue-output",
        3300 => "generic-sensor",
        3301 => "illuminance",
        3302 => "presence",
        3303 => "temperature",
        3304 => "humidity",
        3305 => "power-measurement",
        3306 => "actuation",
        3308 => "set-point",
        3310 => "load-control",
        3311 => "light-control",
        3312 => "power-control",
        3313 => "accelerometer",
        3314 => "magnetometer",
        3315 => "barometer",
        3316 => "voltage",
        3317 => "current",
        3318 => "frequency",
        3319 => "depth",
        3320 => "percentage",
        3321 => "altitude",
        3322 => "load",
        3323 => "pressure",
        3324 => "loudness",
        3325 => "concentration",
        3326 => "acidity",
        3327 => "conductivity",
        3328 => "power",
        3329 => "power-factor",
        3330 => "distance",
        3331 => "energy",
        3332 => "direction",
        3333 => "time",
        3334 => "gyrometer",
        3335 => "colour",
        3336 => "gps-location",
        3337 => "positioner",
        3338 => "buzzer",
        3339 => "audio-clip",
        3340 => "timer",
        3341 => "addressable-text-display",
        3342 => "on-off-switch",
        3343 => "level-control",
        3344 => "up-down-control",
        3345 => "multiple-axis-joystick",
        3346 => "rate",
        3347 => "push-button",
        3348 => "multi-state-selector",
        _ => return None,
    })
}

fn resource_name(object: u16, resource: u16) -> Option<&'static str> {
    Some(match (object, resource) {
        (0, 0) => "server-uri",
        (0, 1) => "bootstrap-server",
        (0, 2) => "security-mode",
        (0, 3) => "public-key-or-identity",
        (0, 4) => "server-public-key",
        (0, 5) => "secret-key",
        (0, 10) | (1, 0) => "short-server-id",
        (1, 1) => "lifetime",
        (1, 2) => "default-minimum-period",
        (1, 3) => "default-maximum-period",
        (1, 4) => "disable",
        (1, 5) => "disable-timeout",
        (1, 6) => "notification-storing",
        (1, 7) => "binding",
        (1, 8) => "registration-update-trigger",
        (1, 9) => "bootstrap-request-trigger",
        (3, 0) => "manufacturer",
        (3, 1) => "model-number",
        (3, 2) => "serial-number",
        (3, 3) => "firmware-version",
        (3, 4) => "reboot",
        (3, 5) => "factory-reset",
        (3, 6) => "available-power-sources",
        (3, 7) => "power-source-voltage",
        (3, 8) => "power-source-current",
        (3, 9) => "battery-level",
        (3, 10) => "memory-free",
        (3, 11) => "error-code",
        (3, 12) => "reset-error-code",
        (3, 13) => "current-time",
        (3, 14) => "utc-offset",
        (3, 15) => "timezone",
        (3, 16) => "supported-binding",
        (3, 17) => "device-type",
        (3, 18) => "hardware-version",
        (3, 19) => "software-version",
        (3, 20) => "battery-status",
        (3, 21) => "memory-total",
        (4, 0) => "network-bearer",
        (4, 2) => "radio-signal-strength",
        (4, 4) => "ip-addresses",
        (4, 8) => "cell-id",
        (5, 0) => "package",
        (5, 1) => "package-uri",
        (5, 2) => "update",
        (5, 3) => "state",
        (5, 5) => "update-result",
        (5, 6) => "package-name",
        (5, 7) => "package-version",
        (6, 0) => "latitude",
        (6, 1) => "longitude",
        (6, 2) => "altitude",
        (9, 0) => "package-name",
        (9, 1) => "package-version",
        (9, 2) => "package",
        (9, 3) => "package-uri",
        (9, 4) => "install",
        (9, 6) => "uninstall",
        (9, 10) => "activate",
        (9, 11) => "deactivate",
        (3200.., 5500) => "digital-input-state",
        (3200.., 5550) => "digital-output-state",
        (3200.., 5600) => "analogue-input-value",
        (3200.., 5601) => "minimum-measured-value",
        (3200.., 5602) => "maximum-measured-value",
        (3200.., 5605) => "reset-minimum-and-maximum",
        (3200.., 5650) => "analogue-output-value",
        (3200.., 5700) => "sensor-value",
        (3200.., 5701) => "units",
        (3200.., 5706) => "colour",
        (3200.., 5750) => "application-type",
        (3200.., 5805) => "cumulative-active-power",
        (3200.., 5850) => "on-off",
        (3200.., 5851) => "dimmer",
        (3200.., 5852) => "on-time",
        (3200.., 5900) => "set-point-value",
        _ => return None,
    })
}

/// What a method does to a path, in LwM2M's own words (Transport Bindings, clause 6.4). Observing is CoAP's.
pub fn operation(message: &Message<'_>, path: Path) -> Option<(Verb, &'static str)> {
    let (object, resource) = (path.object(), path.resource());
    Some(match message.code {
        Code::GET if message.number(OptionNumber::ACCEPT) == Some(LINKS) => (Verb::Discover, "discover"),
        Code::GET | Code::FETCH => (Verb::Read, "read"),
        Code::PUT
            if message.payload.is_empty() && message.values(OptionNumber::URI_QUERY).next().is_some() =>
        {
            (Verb::Configure, "write-attributes")
        }
        Code::POST if path.parts == 1 => (Verb::Configure, "create"),
        Code::DELETE => (Verb::Configure, "delete"),
        Code::POST if path.parts == 3 => (execute_verb(object, resource), "execute"),
        Code::POST | Code::PUT | Code(6 | 7) => (write_verb(object, resource), "write"),
        _ => return None,
    })
}

fn execute_verb(object: u16, resource: Option<u16>) -> Verb {
    match (object, resource) {
        (3, Some(4 | 5)) => Verb::Restart,
        (5 | 9, _) => Verb::Program,
        (0..=13, _) | (_, Some(5605)) => Verb::Configure,
        _ => Verb::Operate,
    }
}

fn write_verb(object: u16, resource: Option<u16>) -> Verb {
    match (object, resource) {
        (5 | 9, _) => Verb::Program,
        (0..=31, _) => Verb::Configure,
        // What a controlled object does at once: output, switch, level, colour, set-point.
        (3200..=3499, Some(5550 | 5650 | 5706 | 5850 | 5851 | 5900)) => Verb::Operate,
        _ => Verb::Write,
    }
}

/// A request of a client about itself: registration (clause 6.4.2) and bootstrapping (6.4.1).
pub fn about_itself<'a>(message: &Message<'a>) -> Option<(&'static str, &'a [u8])> {
    let mut path = message.values(OptionNumber::URI_PATH);
    let (first, second) = (path.next()?, path.next());
    let endpoint = message
        .values(OptionNumber::URI_QUERY)
        .find_map(|query| query.strip_prefix(b"ep="))
        .filter(|endpoint| !endpoint.is_empty());
    let location = second.filter(|_| path.next().is_none());
    match (message.code, first, second, endpoint) {
        (Code::POST, b"rd", None, Some(endpoint)) => Some(("register", endpoint)),
        (Code::POST, b"rd", Some(_), _) => location.map(|location| ("update", location)),
        (Code::DELETE, b"rd", Some(_), _) => location.map(|location| ("deregister", location)),
        (Code::POST, b"bs", None, Some(endpoint)) => Some(("bootstrap-request", endpoint)),
        (Code::GET, b"bspack", None, Some(endpoint)) => Some(("bootstrap-pack-request", endpoint)),
        _ => None,
    }
}

/// Whether a registration says that it is LwM2M's rather than a CoRE resource directory's (RFC 9176).
pub fn says_lwm2m(message: &Message<'_>) -> bool {
    message.values(OptionNumber::URI_QUERY).any(|query| query.starts_with(b"lwm2m="))
}

/// The resources that a payload holds, each with its value as text.
pub fn resources(message: &Message<'_>, path: Path) -> Vec<(Path, Text)> {
    let payload = message.payload;
    let mut found = match message.number(OptionNumber::CONTENT_FORMAT) {
        None | Some(TEXT) if path.resource().is_some() => {
            vec![(path, show::readable(payload, show::VALUE_BYTES_MAX))]
        }
        Some(format) if TLV.contains(&format) => type_length_values(payload, path),
        Some(format) if JSON.contains(&format) => {
            json::parse_value(payload).map_or_else(Vec::new, |value| json_entries(value, path))
        }
        Some(SENML_JSON) => json::parse_value(payload).map_or_else(Vec::new, |value| senml(value)),
        _ => Vec::new(),
    };
    found.retain(|(path, _)| !path.is_secret());
    found.truncate(RESOURCES_MAX);
    found
}

/// Entries of type, length and value (Core, clause 7.4.3), those within others after them.
fn type_length_values(bytes: &[u8], path: Path) -> Vec<(Path, Text)> {
    let mut found = Vec::new();
    // Instance, resource, instance of a resource: no deeper can it go.
    let mut levels = vec![(bytes, path)];
    while let Some((bytes, path)) = levels.pop() {
        let mut cursor = Cursor::new(bytes);
        while let Some((kind, id, value)) = entry(&mut cursor) {
            if found.len() >= RESOURCES_MAX {
                return found;
            }
            // A read of one resource repeats its number (clause 7.4.3.1).
            let below = if path.resource() == Some(id) && kind != 1 { Some(path) } else { path.below(id) };
            match (kind, below) {
                (0 | 2, Some(below)) => levels.push((value, below)),
                (1 | 3, Some(below)) => found.push((below, value_text(below, value))),
                _ => {}
            }
        }
    }
    found
}

fn entry<'a>(cursor: &mut Cursor<'a>) -> Option<(u8, u16, &'a [u8])> {
    let head = cursor.u8()?;
    let id = if head & 0x20 == 0 { u16::from(cursor.u8()?) } else { cursor.u16()? };
    let length = match head >> 3 & 3 {
        0 => u64::from(head & 7),
        bytes => cursor.unsigned(usize::from(bytes))?,
    };
    Some((head >> 6, id, cursor.take(usize::try_from(length).ok()?)?))
}

/// TLV does not say what a value is: text where it is text and the resource is one that holds it, else digits.
fn value_text(path: Path, value: &[u8]) -> Text {
    let is_text = value.len() > 1 && value.iter().all(|byte| (0x20..0x7f).contains(byte));
    if is_text || (path.object(), path.resource()) == (3, Some(0)) {
        return show::readable(value, show::VALUE_BYTES_MAX);
    }
    match value {
        [one] => one.to_compact_string(),
        _ => format_compact!("0x{}", show::hexadecimal(value, show::VALUE_BYTES_MAX)),
    }
}

fn path_of(base: &[u8], name: &[u8]) -> Option<Path> {
    let whole = [base, name].concat();
    Path::of(whole.split(|byte| *byte == b'/').filter(|part| !part.is_empty()))
}

fn scalar(record: Value<'_>, names: &[&str]) -> Option<Text> {
    let value = names.iter().find_map(|name| record.member(name))?.bytes()?;
    Some(show::readable(value, show::VALUE_BYTES_MAX))
}

/// SenML (RFC 8428), where a base name holds until the next.
fn senml(value: Value<'_>) -> Vec<(Path, Text)> {
    let mut base: &[u8] = b"";
    let mut found = Vec::new();
    for record in value.items().take(RESOURCES_MAX) {
        if let Some(name) = record.member("bn").and_then(Value::bytes) {
            base = name;
        }
        let name = record.member("n").and_then(Value::bytes).unwrap_or_default();
        if let (Some(path), Some(text)) = (path_of(base, name), scalar(record, &["vs", "v", "vb", "vlo"])) {
            found.push((path, text));
        }
    }
    found
}

/// LwM2M 1.0's own JSON (Core 1.0, clause 6.4.4).
fn json_entries(value: Value<'_>, path: Path) -> Vec<(Path, Text)> {
    let base = value.member("bn").and_then(Value::bytes);
    let own = path.numbers.iter().take(path.parts).map(ToCompactString::to_compact_string);
    let own = own.collect::<Vec<_>>().join("/") + "/";
    let base = base.unwrap_or(own.as_bytes());
    let entries = value.member("e").into_iter().flat_map(Value::items).take(RESOURCES_MAX);
    entries
        .filter_map(|record| {
            let name = record.member("n").and_then(Value::bytes).unwrap_or_default();
            Some((path_of(base, name)?, scalar(record, &["sv", "v", "bv", "ov"])?))
        })
        .collect()
}

/// What a resource says of the device.
pub fn identity(path: Path) -> Option<(Trait, &'static str)> {
    Some(match (path.object(), path.resource()?) {
        (3, 0) => (Trait::Vendor, "3/0/0 manufacturer"),
        (3, 1) => (Trait::Model, "3/0/1 model-number"),
        (3, 2) => (Trait::Serial, "3/0/2 serial-number"),
        (3, 3) => (Trait::Firmware, "3/0/3 firmware-version"),
        (3, 17) => (Trait::Product, "3/0/17 device-type"),
        _ => return None,
    })
}

/// Whether a payload for the security object holds a secret key that is not empty.
pub fn holds_key(message: &Message<'_>, path: Path) -> bool {
    if path.object() != 0 || message.payload.is_empty() {
        return false;
    }
    match message.number(OptionNumber::CONTENT_FORMAT) {
        Some(format) if TLV.contains(&format) => type_length_values(message.payload, path)
            .iter()
            .any(|(path, value)| path.resource() == Some(5) && value != "0x" && !value.is_empty()),
        _ => path.resource() == Some(5),
    }
}
