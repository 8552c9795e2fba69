//! Messages in the columns of the field's logs.

use super::data_base::{Answer, Query};
use super::message::{DataBaseFunction, Function, IpMessage, Packet, SerialMessage, SerialRest};
use crate::dialogue::{Fields, Out, Side};
use crate::show::escaped;
use city::Text;
use compact_str::format_compact;
use std::fmt::Write;

/// The longest data put into a column.
const TEXT_BYTES_MAX: usize = 4_096;

/// A packet's header.
pub(super) fn packet(side: Side, packet: &Packet<'_>, out: &mut Out<'_>) {
    out.message(side, "bsap_ip_header", |fields| {
        fields.show("num_msg", packet.count);
        fields.put("type_name", packet.kind.title());
    });
}

/// A request to the data base over IP.
pub(super) fn ip_query(
    side: Side,
    message: &IpMessage<'_>,
    node_status: u8,
    query: &Query<'_>,
    out: &mut Out<'_>,
) {
    out.message(side, "bsap_ip_rdb", |fields| {
        fields.show("mes_seq", message.sequence);
        fields.show("res_seq", message.sequence);
        fields.show("data_len", message.length);
        fields.put("app_func_code", Function::RDB.title());
        fields.show("node_status", node_status);
        fields.put("func_code", query.function.title());
        asked(fields, query);
    });
}

/// A reply of the data base over IP. The peer writes the reply's function as the node's state.
pub(super) fn ip_answer(
    side: Side,
    message: &IpMessage<'_>,
    answer: &Answer,
    asked: Option<(DataBaseFunction, &[Text])>,
    out: &mut Out<'_>,
) {
    out.message(side, "bsap_ip_rdb", |fields| {
        fields.show("header_size", message.length);
        fields.show("mes_seq", message.sequence);
        fields.show("res_seq", message.sequence);
        fields.show("data_len", message.length);
        fields.show("sequence", message.sequence);
        fields.put("app_func_code", Function::RDB.title());
        if let Some((function, _)) = asked {
            let (title, code) = function.answer_title();
            fields.show("node_status", code);
            fields.put("func_code", title);
        }
        answered(fields, answer, asked);
    });
}

/// A message over IP that is not of the data base.
pub(super) fn ip_unknown(side: Side, data: &[u8], out: &mut Out<'_>) {
    out.message(side, "bsap_ip_unknown", |fields| fields.put("data", escaped(data, TEXT_BYTES_MAX)));
}

fn asked(fields: &mut Fields, query: &Query<'_>) {
    fields.show("variable_count", query.count);
    fields.list("variables", query.signals.iter().map(|signal| signal.title()));
    fields.list(
        "variable_value",
        query.writes.iter().map(|write| {
            let mut text = Text::default();
            for byte in *write {
                // Writing to a string cannot fail.
                let _ = write!(text, "{byte:02X}");
            }
            text
        }),
    );
}

/// A reply repeats what was written, since it does not say it itself.
fn answered(fields: &mut Fields, answer: &Answer, asked: Option<(DataBaseFunction, &[Text])>) {
    fields.show("variable_count", answer.count);
    match asked {
        Some((function, signals)) if function.verb().changes() => {
            fields.list("variables", signals.iter().cloned());
        }
        _ => fields.list("variables", answer.elements.iter().map(|element| element.title())),
    }
    fields.list("variable_value", std::iter::empty::<Text>());
}

/// A serial message's header.
pub(super) fn serial(side: Side, message: &SerialMessage<'_>, out: &mut Out<'_>) {
    out.message(side, "bsap_serial_header", |fields| {
        fields.show("ser", message.serial);
        if let Some((to, from, control)) = message.way {
            fields.show("dadd", to);
            fields.show("sadd", from);
            fields.show("ctl", control);
        } else {
            fields.show("dadd", message.address);
        }
        fields.put("dfun", message.destination_function.title());
        if let Some(rest) = message.rest {
            fields.show("seq", rest.sequence);
            fields.put("sfun", rest.source_function.title());
            fields.show("nsb", rest.node_status);
        }
        fields.put("type_name", if message.way.is_some() { "Global Message" } else { "Local Message" });
    });
}

/// A serial request to the data base.
pub(super) fn serial_query(side: Side, query: &Query<'_>, out: &mut Out<'_>) {
    out.message(side, "bsap_serial_rdb", |fields| {
        fields.put("func_code", query.function.title());
        asked(fields, query);
    });
}

/// A serial reply of the data base.
pub(super) fn serial_answer(
    side: Side,
    answer: &Answer,
    asked: Option<(DataBaseFunction, &[Text])>,
    out: &mut Out<'_>,
) {
    out.message(side, "bsap_serial_rdb", |fields| {
        if let Some((function, _)) = asked {
            fields.put("func_code", function.answer_title().0);
        }
        answered(fields, answer, asked);
    });
}

/// A serial message to or from the data base's extension.
pub(super) fn serial_extension(
    side: Side,
    message: &SerialMessage<'_>,
    rest: &SerialRest<'_>,
    out: &mut Out<'_>,
) {
    out.message(side, "bsap_serial_rdb_ext", |fields| {
        fields.put("dfun", message.destination_function.title());
        fields.show("seq", rest.sequence);
        fields.put("sfun", rest.source_function.title());
        fields.show("nsb", rest.node_status);
        let (data, asks) = (rest.data, message.destination_function == Function::RDB_EXTENSION);
        match data {
            [low, high, further @ ..] if asks => {
                fields.put("extfun", extension(u16::from_le_bytes([*low, *high])));
                fields.put("data", escaped(further, TEXT_BYTES_MAX));
            }
            _ => fields.put("data", escaped(data, TEXT_BYTES_MAX)),
        }
    });
}

/// A function of the data base's extension.
pub(super) fn extension(code: u16) -> Text {
    format_compact!("Unknown-0x{code:04x}")
}

/// A serial message whose data have no form that is read.
pub(super) fn serial_unknown(side: Side, data: &[u8], out: &mut Out<'_>) {
    out.message(side, "bsap_serial_unknown", |fields| fields.put("data", escaped(data, TEXT_BYTES_MAX)));
}
