//! Classes and OBIS codes by name, as far as they are sure: IEC 62056-6-2 and 6-1.

use super::message::{Descriptor, Service};
use city::{Target, Text, Trait, Verb};
use compact_str::format_compact;

/// The name of an interface class.
pub fn class(class: u16) -> Text {
    Text::const_new(match class {
        1 => "data",
        3 => "register",
        4 => "extended-register",
        5 => "demand-register",
        6 => "register-activation",
        7 => "profile-generic",
        8 => "clock",
        9 => "script-table",
        10 => "schedule",
        11 => "special-days-table",
        12 => "association-sn",
        15 => "association-ln",
        17 => "sap-assignment",
        18 => "image-transfer",
        19 => "iec-local-port-setup",
        20 => "activity-calendar",
        21 => "register-monitor",
        22 => "single-action-schedule",
        23 => "iec-hdlc-setup",
        40 => "push-setup",
        41 => "tcp-udp-setup",
        42 => "ipv4-setup",
        43 => "mac-address-setup",
        44 => "ppp-setup",
        45 => "gprs-modem-setup",
        48 => "ipv6-setup",
        61 => "register-table",
        62 => "compact-data",
        63 => "status-mapping",
        64 => "security-setup",
        65 => "parameter-monitor",
        70 => "disconnect-control",
        71 => "limiter",
        72 => "m-bus-client",
        111 => "account",
        112 => "credit",
        113 => "charge",
        115 => "token-gateway",
        other => return format_compact!("class-{other}"),
    })
}

/// What an OBIS code stands for. Groups A and B are medium and channel, C to E the quantity.
fn name(obis: [u8; 6]) -> Option<&'static str> {
    let [medium, _, c, d, e, _] = obis;
    Some(match (medium, c, d, e) {
        (0, 1, 0, 0) => "clock",
        (0, 42, 0, 0) => "logical-device-name",
        (0, 40, 0, _) => "current-association",
        (0, 41, 0, 0) => "sap-assignment",
        (0, 43, 0, _) => "security-setup",
        (0, 44, 0, 0) => "image-transfer",
        (0, 96, 1, 0) => "device-id-1",
        (0, 96, 1, 1) => "device-id-2",
        (0, 96, 3, 10) => "disconnect-control",
        (0, 96, 14, 0) => "active-tariff",
        (0, 97, 97, 0) => "error-register",
        (0, 10, 0, 100) => "tariffication-script-table",
        (0, 13, 0, 0) => "activity-calendar",
        (0, 17, 0, 0) => "limiter",
        (1, 0, 0, 0) => "meter-serial-number",
        (1, 0, 2, 0) => "active-firmware-identifier",
        (1, 99, 1, 0) => "load-profile-1",
        (1, 99, 2, 0) => "load-profile-2",
        (1, 98, 1, _) => "billing-data",
        (1, 1, 7, 0) => "active-power-import",
        (1, 2, 7, 0) => "active-power-export",
        (1, 1, 8, _) => "active-energy-import",
        (1, 2, 8, _) => "active-energy-export",
        (1, 3, 8, _) => "reactive-energy-import",
        (1, 4, 8, _) => "reactive-energy-export",
        (1, 14, 7, 0) => "frequency",
        (1, 13, 7, 0) => "power-factor",
        (1, 31, 7, 0) => "current-l1",
        (1, 51, 7, 0) => "current-l2",
        (1, 71, 7, 0) => "current-l3",
        (1, 32, 7, 0) => "voltage-l1",
        (1, 52, 7, 0) => "voltage-l2",
        (1, 72, 7, 0) => "voltage-l3",
        _ => return None,
    })
}

/// The object, its attribute or method, and its name.
pub fn target(descriptor: Descriptor, device: u16) -> Target {
    let Descriptor { class: number, obis, number: member } = descriptor;
    let [a, b, c, d, e, f] = obis;
    let mut text = format_compact!("{a}.{b}.{c}.{d}.{e}.{f}/{member}");
    if let Some(name) = name(obis) {
        text.push(' ');
        text.push_str(name);
    }
    Target { unit: Some(device.into()), kind: class(number), ..Target::named(text) }
}

/// What a service does to an object.
pub fn verb(service: Service, descriptor: Descriptor) -> Verb {
    match (service, descriptor.class, descriptor.number) {
        (Service::Get, ..) => Verb::Read,
        // Answering a challenge is part of the login (IEC 62056-6-2, reply_to_HLS_authentication).
        (Service::Action, 12 | 15, 1) => Verb::Authenticate,
        (Service::Set | Service::Action, 18, _) => Verb::Program,
        (Service::Action, 70, _) | (Service::Set, 70, 2 | 3) => Verb::Operate,
        // A script does what was set up: a tariff, a relay.
        (Service::Action, 9, _) => Verb::Operate,
        (Service::Set, 1 | 3 | 4, 2) => Verb::Write,
        _ => Verb::Configure,
    }
}

/// The service with what it does, where it has a word of its own.
pub fn function(service: Service, descriptor: Descriptor) -> &'static str {
    match (service, descriptor.class, descriptor.number) {
        (Service::Action, 12 | 15, 1) => "action-reply-to-challenge",
        (Service::Action, 12 | 15, 2) => "action-change-secret",
        (Service::Action, 18, 1) => "action-image-transfer-initiate",
        (Service::Action, 18, 2) => "action-image-block-transfer",
        (Service::Action, 18, 3) => "action-image-verify",
        (Service::Action, 18, 4) => "action-image-activate",
        (Service::Action, 70, 1) => "action-remote-disconnect",
        (Service::Action, 70, 2) => "action-remote-reconnect",
        (Service::Action, 3..=5, 1) | (Service::Action, 7, 1) => "action-reset",
        (Service::Action, ..) => "action",
        (Service::Get, ..) => "get",
        (Service::Set, ..) => "set",
    }
}

/// Whether what an object holds may be a key, a password or an answer to a challenge.
pub fn is_secret(descriptor: Descriptor) -> bool {
    matches!(descriptor.class, 12 | 15 | 44 | 64 | 72 | 115)
}

/// What an attribute says of the meter.
pub fn identity(descriptor: Descriptor) -> Option<(Trait, &'static str)> {
    if (descriptor.class, descriptor.number) != (1, 2) {
        return None;
    }
    Some(match name(descriptor.obis)? {
        "logical-device-name" => (Trait::Name, "logical-device-name"),
        "device-id-1" => (Trait::Serial, "device-id-1"),
        "meter-serial-number" => (Trait::Serial, "meter-serial-number"),
        "active-firmware-identifier" => (Trait::Firmware, "active-firmware-identifier"),
        _ => return None,
    })
}
