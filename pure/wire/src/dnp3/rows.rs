//! The rows of Zeek's `dnp3.log` and of ICSNPP's `dnp3_control.log` and `dnp3_objects.log`.

use super::control::Control;
use super::message::{Fragment, FunctionCode};
use super::names;
use super::objects::{Objects, Range, headers};
use crate::dialogue::{Out, Side};
use city::Text;

/// Rows of objects and controls told of one fragment.
const ROWS_MAX: usize = 2_048;

/// Tells of a response, with the request before it that had none yet.
pub fn exchange(side: Side, request: Option<FunctionCode>, fragment: &Fragment<'_>, out: &mut Out<'_>) {
    out.message(side, "dnp3", |fields| {
        if let Some(request) = request {
            fields.put("fc_request", request.label());
        }
        fields.put("fc_reply", fragment.function.label());
        if let Some(indications) = fragment.indications {
            fields.show("iin", indications.0);
        }
    });
}

/// Tells of the objects of a fragment.
pub fn objects(side: Side, fragment: &Fragment<'_>, out: &mut Out<'_>) {
    if !out.wants_details() {
        return;
    }
    let mut room = ROWS_MAX;
    let is_read = matches!(fragment.function, FunctionCode::READ | FunctionCode::RESPONSE);
    for objects in headers(fragment.function, fragment.objects) {
        if room == 0 {
            return;
        }
        match (objects.group, objects.variation) {
            (12, 1..=3) => room -= controls(side, fragment, &objects, room, out),
            _ if is_read => {
                room -= 1;
                header(side, fragment, &objects, out);
            }
            _ => {}
        }
    }
}

fn header(side: Side, fragment: &Fragment<'_>, objects: &Objects<'_>, out: &mut Out<'_>) {
    out.message(side, "dnp3_objects", |fields| {
        fields.put("function_code", fragment.function.label());
        fields.put("object_type", names::name(objects.group, objects.variation));
        match objects.range {
            Range::All => {}
            Range::Count(count) => fields.show("object_count", count),
            Range::Indexes(low, high) | Range::Addresses(low, high) => {
                fields.show("object_count", objects.range.count());
                fields.show("range_low", low);
                fields.show("range_high", high);
            }
        }
    });
}

/// Tells of controls; says how many rows they took.
fn controls(
    side: Side,
    fragment: &Fragment<'_>,
    objects: &Objects<'_>,
    room: usize,
    out: &mut Out<'_>,
) -> usize {
    let mut rows = 0;
    let mut row = |index: Option<u32>, control: Option<Control>| {
        out.message(side, "dnp3_control", |fields| {
            fields.put("block_type", names::name(objects.group, objects.variation));
            fields.put("function_code", fragment.function.label());
            if let Some(index) = index {
                fields.show("index_number", index);
            }
            let Some(control) = control else { return };
            fields.put("trip_control_code", Text::const_new(control.trip_close()));
            fields.put("operation_type", control.operation());
            fields.flag("clear_bit", control.clears());
            fields.show("execute_count", control.count);
            fields.show("on_time", control.on);
            fields.show("off_time", control.off);
            if fragment.function.is_response() {
                fields.put("status_code", control.status.label());
            }
        });
    };
    // A pattern mask is one row: its bits have no code of their own.
    if objects.variation == 3 {
        row(None, None);
        return 1;
    }
    for item in objects.items().take(room) {
        row(item.index, Control::read(&item));
        rows += 1;
    }
    rows
}
