//! What a request does, in the common vocabulary.

use super::message::{ForwardOpen, Request, Service};
use city::Verb;

/// The classes that makers use for their own things (volume 1 table 4-10). In controllers: programs, routines, tags.
const VENDOR_SPECIFIC: std::ops::RangeInclusive<u32> = 0x64..=0xc7;

/// The verb of a request; what it means beyond its service and class is looked at by others.
pub fn verb(request: &Request<'_>) -> Verb {
    let class = request.path.class;
    match (class, request.service.0) {
        // Identity and the message router tell who is there and what it can do.
        (Some(0x01 | 0x02), 0x01 | 0x03 | 0x0e) => Verb::Discover,
        (Some(0x37), 0x4b | 0x4d | 0x4f) => Verb::Transfer,
        // A file written to a device is its firmware or its description.
        (Some(0x37), 0x4c | 0x4e | 0x50 | 0x51) => Verb::Program,
        (Some(0x06), 0x56 | 0x57 | 0x59 | 0x5a) => Verb::Discover,
        (Some(0x0f), 0x4b) => Verb::Discover,
        (Some(0x6b), 0x55) | (None, 0x55) => Verb::Discover,
        (Some(0x6c), 0x4c) => Verb::Discover,
        (None | Some(0x6b | 0xb2), 0x4c | 0x52) => Verb::Read,
        (None | Some(0x6b | 0xb2), 0x4d | 0x4e | 0x53) => Verb::Write,
        (_, 0x01 | 0x03 | 0x0e | 0x18 | 0x1d) => Verb::Read,
        (_, 0x02 | 0x04 | 0x10 | 0x19) => of_set(class),
        (_, 0x05..=0x07) => Verb::Restart,
        (Some(class), 0x08 | 0x09) if VENDOR_SPECIFIC.contains(&class) => Verb::Program,
        (_, 0x11 | 0x17) => Verb::Discover,
        // What is not known is more likely to change something than not: readers use the services above.
        _ => Verb::Configure,
    }
}

/// Setting an attribute: of the objects that stand for the process it moves something, of others it configures.
fn of_set(class: Option<u32>) -> Verb {
    match class {
        // Output points and groups, position controllers, motor starters and drives, actuators, safety outputs.
        Some(0x09 | 0x0b | 0x1e | 0x21 | 0x24 | 0x25 | 0x29 | 0x2a | 0x2c | 0x2d | 0x32 | 0x33) => {
            Verb::Operate
        }
        Some(0x3b | 0x3c | 0x3f | 0x42) => Verb::Operate,
        // An assembly gathers attributes of others; registers and parameters hold whatever a maker puts there.
        None | Some(0x04 | 0x07 | 0x0f | 0x44) => Verb::Write,
        Some(class) if VENDOR_SPECIFIC.contains(&class) && class != 0x8b => Verb::Write,
        Some(_) => Verb::Configure,
    }
}

/// The verb of a request for a connection: one whose originator sends data commands the target's outputs.
pub fn of_open(open: &ForwardOpen) -> Verb {
    if open.commands() {
        Verb::Operate
    } else if open.path.configuration > 0 {
        Verb::Configure
    } else if open.is_cyclic() {
        Verb::Subscribe
    } else {
        Verb::Discover
    }
}

/// Whether a service addresses a tag.
pub fn is_tag_service(service: Service) -> bool {
    matches!(service.0, 0x4c..=0x4e | 0x52 | 0x53)
}
