//! Messages as the rows of ICSNPP's logs.

use super::commands;
use super::layout::{Layout, Shown, walk};
use super::message::{AuditLog, Command, Direct, Id, Kind, Message, Session, TokenPassing, status};
use super::parse;
use super::{practice, universal};
use crate::decimal::decimal;
use crate::dialogue::{Fields, Out, Side};
use crate::show;
use city::Text;
use compact_str::format_compact;
use std::net::{Ipv4Addr, Ipv6Addr};

/// Sessions of one audit log that are told, as many as one message can name.
const SESSIONS_MAX: usize = 255;

/// How the data of a command are laid out, and in which log its fields stand.
fn layout(command: u16, response: bool) -> Option<(&'static str, Layout)> {
    if !commands::is_logged(command) {
        return None;
    }
    let universal = universal::layout(command, response).map(|layout| ("hart_ip_universal_commands", layout));
    universal.or_else(|| practice::layout(command, response).map(|it| ("hart_ip_common_commands", it)))
}

/// The values among the fields of a command, with commas between them; raw data where the fields are not known.
pub fn values(command: u16, response: bool, data: &[u8]) -> Option<Text> {
    if data.is_empty() {
        return None;
    }
    let Some((_, layout)) = layout(command, response) else {
        return Some(show::hexadecimal(data, show::VALUE_BYTES_MAX));
    };
    let mut values = Vec::new();
    walk(&layout, data, &mut |_, shown| {
        if let Shown::Value(text) = shown {
            values.push(text);
        }
    });
    if values.is_empty() {
        return Some(show::hexadecimal(data, show::VALUE_BYTES_MAX));
    }
    // Tags are filled up with spaces or zeros.
    let trimmed = values.iter().map(|value| value.trim_end_matches("\\x00").trim());
    Some(show::listed(trimmed, show::VALUE_BYTES_MAX))
}

/// Tells every row of one message.
pub fn tell(side: Side, message: &Message<'_>, out: &mut Out<'_>) {
    if !out.wants_details() {
        return;
    }
    let response = message.kind == Kind::RESPONSE;
    out.message(side, "hart_ip_general", |fields| {
        head(message, fields);
        if response || message.kind == Kind::REQUEST {
            body(message, response, fields);
        } else {
            fields.list("message_packet_bytes", numbers(message.body));
        }
    });
    if !response && message.kind != Kind::REQUEST {
        return;
    }
    match message.id {
        Id::TOKEN_PASSING => {
            if let Some(frame) = parse::parse_token_passing(message.body) {
                command_row(side, u16::from(frame.command), response, frame.data, out);
            }
        }
        Id::DIRECT => {
            if let Some(direct) = parse::parse_direct(message.body) {
                for command in parse::commands(direct.commands, response) {
                    out.message(side, "hart_ip_direct_pdu_command", |fields| direct_row(&command, fields));
                    command_row(side, command.number, response, command.data, out);
                }
            }
        }
        Id::READ_AUDIT_LOG => {
            if let Some(log) = parse::parse_audit_log(message.body, response) {
                for session in parse::sessions(&log).take(SESSIONS_MAX) {
                    out.message(side, "hart_ip_session_record", |fields| session_row(&session, fields));
                }
            }
        }
        _ => {}
    }
}

fn numbers(bytes: &[u8]) -> impl Iterator<Item = Text> {
    bytes.iter().map(|byte| format_compact!("{byte}"))
}

fn head(message: &Message<'_>, fields: &mut Fields) {
    fields.show("header_version", message.version);
    fields.show("header_message_type_reserved", message.reserved);
    fields.put("header_message_type_message_type", message.kind.text());
    fields.put("header_message_id", message.id.text());
    fields.put("header_status_code", status(message.status));
    fields.show("header_sequence_number", message.sequence);
    fields.show("header_length", message.length);
}

fn body(message: &Message<'_>, response: bool, fields: &mut Fields) {
    match message.id {
        Id::SESSION_INITIATE => {
            if let [master, timer @ ..] = message.body
                && let Ok(timer) = <[u8; 4]>::try_from(timer)
            {
                fields.show("session_initiate_master_type", master);
                fields.show("session_initiate_inactivity_close_timer", u32::from_be_bytes(timer));
            }
        }
        Id::TOKEN_PASSING => {
            if let Some(frame) = parse::parse_token_passing(message.body) {
                token_passing(&frame, fields);
            }
        }
        Id::DIRECT => {
            if let Some(direct) = parse::parse_direct(message.body) {
                direct_status(&direct, fields);
            }
        }
        Id::READ_AUDIT_LOG => {
            if let Some(log) = parse::parse_audit_log(message.body, response) {
                audit_log(&log, fields);
            }
        }
        _ => {}
    }
}

/// Puts flags, the highest bit first.
fn flags(value: u16, columns: &[&'static str], fields: &mut Fields) {
    for (place, column) in columns.iter().rev().enumerate() {
        fields.flag(column, value >> place & 1 != 0);
    }
}

fn token_passing(frame: &TokenPassing<'_>, fields: &mut Fields) {
    let delimiter = frame.delimiter;
    let address_type = if delimiter.is_unique() { "Unique Address" } else { "Polling Address" };
    fields.put("token_passing_pdu_delimiter_address_type", address_type);
    fields.show("token_passing_pdu_delimiter_expansion_bytes", delimiter.expansion());
    let physical_layer = match delimiter.physical_layer() {
        0 => Text::const_new("Asynchronous"),
        1 => Text::const_new("Synchronous"),
        other => format_compact!("unknown-{other:#x}"),
    };
    fields.put("token_passing_pdu_delimiter_physical_layer_type", physical_layer);
    let frame_type = match delimiter.frame() {
        1 => Text::const_new("Burst Frame"),
        2 => Text::const_new("STX Master to Field"),
        6 => Text::const_new("Acknowledgement Field to Master"),
        other => format_compact!("unknown-{other:#x}"),
    };
    fields.put("token_passing_pdu_delimiter_frame_type", frame_type);
    match frame.address {
        [polling] => fields.show("token_passing_pdu_address_v4", polling),
        unique => fields.put("token_passing_pdu_address_v6", show::escaped(unique, show::VALUE_BYTES_MAX)),
    }
    fields.put("token_passing_pdu_command_number", commands::in_log(u16::from(frame.command)));
    fields.show("token_passing_pdu_byte_count", frame.count);
    fields.show("token_passing_pdu_check_byte", frame.check);
    if !commands::is_logged(u16::from(frame.command)) && !frame.data.is_empty() {
        fields.list("token_passing_pdu_contents_data_data", numbers(frame.data));
    }
    if let Some((code, device_status)) = frame.status {
        fields.show("token_passing_pdu_contents_response_response_code", code);
        let columns = [
            "token_passing_pdu_contents_response_device_status_device_malfunction",
            "token_passing_pdu_contents_response_device_status_configuration_changed",
            "token_passing_pdu_contents_response_device_status_cold_start",
            "token_passing_pdu_contents_response_device_status_more_status_available",
            "token_passing_pdu_contents_response_device_status_loop_current_fixed",
            "token_passing_pdu_contents_response_device_status_loop_current_saturated",
            "token_passing_pdu_contents_response_device_status_non_primary_variable_out_of_limits",
            "token_passing_pdu_contents_response_device_status_primary_variable_out_of_limits",
        ];
        flags(u16::from(device_status), &columns, fields);
    }
}

fn direct_status(direct: &Direct<'_>, fields: &mut Fields) {
    let columns = [
        "direct_pdu_device_status_device_malfunction",
        "direct_pdu_device_status_configuration_changed",
        "direct_pdu_device_status_cold_start",
        "direct_pdu_device_status_more_status_available",
        "direct_pdu_device_status_loop_current_fixed",
        "direct_pdu_device_status_loop_current_saturated",
        "direct_pdu_device_status_non_primary_variable_out_of_limits",
        "direct_pdu_device_status_primary_variable_out_of_limits",
    ];
    flags(u16::from(direct.device_status), &columns, fields);
    fields.show("direct_pdu_extended_status_undefined_bits", direct.extended_status >> 6);
    let columns = [
        "direct_pdu_extended_status_function_check",
        "direct_pdu_extended_status_out_of_specification",
        "direct_pdu_extended_status_failure",
        "direct_pdu_extended_status_critical_power_failure",
        "direct_pdu_extended_status_device_variable_alert",
        "direct_pdu_extended_status_maintenance_required",
    ];
    flags(u16::from(direct.extended_status), &columns, fields);
}

fn audit_log(log: &AuditLog<'_>, fields: &mut Fields) {
    fields.show("read_audit_log_start_record", log.start);
    fields.show("read_audit_log_number_of_records", log.count);
    let Some(head) = log.head else { return };
    fields.put("read_audit_log_power_up_time", decimal(head.power_up as f64));
    fields.put("read_audit_log_last_security_change", decimal(head.last_security_change as f64));
    fields.show("read_audit_log_server_status_undefined_bits", head.server_status >> 3);
    let columns = [
        "read_audit_log_server_status_insecure_syslog_connection",
        "read_audit_log_server_status_syslog_server_located_but_connection_failed",
        "read_audit_log_server_status_unable_to_locate_syslog_server",
    ];
    flags(head.server_status, &columns, fields);
    fields.show("read_audit_log_session_record_size", head.record_size);
}

fn session_row(session: &Session, fields: &mut Fields) {
    fields.show("session_log_record_client_i_pv4_address", Ipv4Addr::from(session.client_v4));
    fields.show("session_log_record_client_i_pv6_address", Ipv6Addr::from(session.client_v6));
    fields.show("session_log_record_client_port", session.client_port);
    fields.show("session_log_record_server_port", session.server_port);
    fields.put("session_log_record_connect_time", decimal(session.connected as f64));
    fields.put("session_log_record_disconnect_time", decimal(session.disconnected as f64));
    fields.show("session_log_record_session_status_summary_undefined_bits", session.summary >> 5);
    let columns = [
        "session_log_record_session_status_summary_insecure_session",
        "session_log_record_session_status_summary_session_timeout",
        "session_log_record_session_status_summary_aborted_session",
        "session_log_record_session_status_summary_bad_session_initialization",
        "session_log_record_session_status_summary_writes_occured",
    ];
    flags(session.summary, &columns, fields);
    fields.show("session_log_record_start_configuration_change_count", session.first_configuration);
    fields.show("session_log_record_end_configuration_change_count", session.last_configuration);
    fields.show("session_log_record_num_publish_pdu", session.published);
    fields.show("session_log_record_num_request_pdu", session.requests);
    fields.show("session_log_record_num_response_pdu", session.responses);
}

fn direct_row(command: &Command<'_>, fields: &mut Fields) {
    if !commands::is_logged(command.number) && !command.data.is_empty() {
        fields.list("direct_pdu_command_data_data", numbers(command.data));
    }
    fields.put("direct_pdu_command_command_number", commands::in_log(command.number));
    fields.show("direct_pdu_command_byte_count", command.count);
    if let Some(code) = command.code {
        fields.show("direct_pdu_contents_response_response_code", code);
    }
}

/// The row of one command's fields, if it has any.
fn command_row(side: Side, command: u16, response: bool, data: &[u8], out: &mut Out<'_>) {
    if data.is_empty() {
        return;
    }
    let Some((log, layout)) = layout(command, response) else { return };
    out.message(side, log, |fields| {
        walk(&layout, data, &mut |column, shown| match shown {
            Shown::Flag(flag) => fields.flag(column, flag),
            Shown::Value(text) => fields.put(column, text),
        });
    });
}
