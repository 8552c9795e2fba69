//! APDUs and information objects as rows, in the standard's own short names.

use super::message::{Apdu, Asdu, ControlField};
use super::parse::{self, Object};
use crate::dialogue::{Fields, Out, Side};
use compact_str::format_compact;

/// Tells of an APDU, with what its ASDU says of all its objects.
pub fn apdu(side: Side, apdu: &Apdu<'_>, asdu: Option<(&Asdu<'_>, &[Object<'_>], &[u8])>, out: &mut Out<'_>) {
    out.message(side, "iec104", |fields| {
        fields.show("len", apdu.length);
        match apdu.control {
            ControlField::Information { sent, received, .. } => {
                fields.put("format", "I");
                fields.show("ssn", sent);
                fields.show("rsn", received);
            }
            ControlField::Supervisory { received } => {
                fields.put("format", "S");
                fields.show("rsn", received);
            }
            ControlField::Unnumbered(function) => {
                fields.put("format", "U");
                let unknown = format_compact!("function-{}", function.0);
                fields.put("function", function.name().map_or(unknown, Into::into));
            }
        }
        let Some((asdu, objects, rest)) = asdu else { return };
        ident(asdu, fields);
        fields.show("nobj", asdu.count);
        fields.flag("sq", asdu.is_sequence);
        fields.flag("test", asdu.test);
        fields.show("originator_address", asdu.originator);
        if let Some(first) = objects.first()
            && asdu.is_sequence
        {
            fields.show("base_addr", first.address);
        }
        // What proves who asks is no value for a log.
        if !rest.is_empty() && !asdu.type_id.is_security() {
            fields.list("raw_data", rest.iter().map(|byte| format_compact!("{byte}")));
        }
    });
    let Some((asdu, objects, _)) = asdu else { return };
    for object in objects {
        out.message(side, "iec104_objects", |fields| {
            ident(asdu, fields);
            fields.show("obj_addr", object.address);
            parse::columns(asdu, object, &mut |column, value| fields.put(column, value));
        });
    }
}

fn ident(asdu: &Asdu<'_>, fields: &mut Fields) {
    fields.put("type_id", asdu.type_id.label());
    fields.put("cot", asdu.cause.text());
    fields.flag("pn", asdu.negative);
    fields.show("common_address", asdu.common_address);
}
