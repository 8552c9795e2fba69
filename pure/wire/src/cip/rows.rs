//! Rows of `cip.log`, as ICSNPP has them.

use super::message::{Request, Response, Service};
use super::names;
use crate::dialogue::{Fields, Out, Side};

const LOG: &str = "cip";

/// What stands where a code has no name.
const UNKNOWN: &str = "unknown";

fn begin(
    sequence: Option<u16>,
    direction: &'static str,
    service: Service,
    class: Option<u32>,
    fields: &mut Fields,
) {
    if let Some(sequence) = sequence {
        fields.show("cip_sequence_count", sequence);
    }
    fields.put("direction", direction);
    fields.show("cip_service_code", format_args!("{:#04x}", service.0));
    fields.put("cip_service", names::service(service.0, class).unwrap_or(UNKNOWN));
}

/// A request, or one within a packet.
pub fn request(side: Side, sequence: Option<u16>, request: &Request<'_>, out: &mut Out<'_>) {
    out.message(side, LOG, |fields| {
        let path = &request.path;
        begin(sequence, "request", request.service, path.class, fields);
        if let Some(class) = path.class {
            fields.show("class_id", format_args!("{class:#04x}"));
            fields.put("class_name", names::class(class).unwrap_or(UNKNOWN));
        }
        if let Some(instance) = path.instance {
            fields.show("instance_id", format_args!("{instance:#04x}"));
        }
        if let Some(attribute) = path.attribute {
            fields.show("attribute_id", format_args!("{attribute:#04x}"));
        }
    });
}

/// A reply, or one within a packet; the class is that of its request, where that was seen.
pub fn response(
    side: Side,
    sequence: Option<u16>,
    response: &Response<'_>,
    class: Option<u32>,
    out: &mut Out<'_>,
) {
    out.message(side, LOG, |fields| {
        begin(sequence, "response", response.service, class, fields);
        fields.show("cip_status_code", format_args!("{:#04x}", response.status.0));
        fields.put("cip_status", names::status(response.status.0).unwrap_or(UNKNOWN));
        if let Some(extended) = response.extended {
            fields.show("cip_extended_status_code", format_args!("{extended:#06x}"));
            let name = names::extended_status(extended).filter(|_| response.status.0 == 1);
            fields.put("cip_extended_status", name.unwrap_or(UNKNOWN));
        }
    });
}
