//! Rows on the state of a controller, of its network and of its data links: commands 0601 to 0603.

use super::names;
use super::row::{DETAIL, LINKS, NETWORK, Row, decimals};
use crate::cursor::Cursor;
use city::Text;
use compact_str::format_compact;

/// Nodes of a network.
const NODES: usize = 62;
/// Nodes of a data link.
const LINKED: usize = 32;

/// The rows of a response, from behind its code; none if it is cut short.
pub fn of_response(command: u16, data: &[u8]) -> Option<Vec<Row>> {
    let mut cursor = Cursor::new(data);
    let cursor = &mut cursor;
    match command {
        _ if cursor.is_empty() => Some(Vec::new()),
        0x0601 => controller(cursor).map(|row| vec![row]),
        0x0602 => network(cursor),
        0x0603 => links(cursor),
        _ => Some(Vec::new()),
    }
}

/// The state of a controller (W227 section 5-3, W342 section 5-3-18).
fn controller(cursor: &mut Cursor<'_>) -> Option<Row> {
    const FATAL: [(u8, &str); 11] = [
        (0, "Watch dog timer error"),
        (6, "FALS error"),
        (7, "Fatal SFC error"),
        (8, "Cycle time over"),
        (9, "Program error"),
        (10, "I/O setting error"),
        (11, "I/O point overflow"),
        (12, "CPU bus error"),
        (13, "Duplication error"),
        (14, "I/O bus error"),
        (15, "Memory error"),
    ];
    // The peer tells of the indirect error twice and spells the power interruption so.
    const NOT_FATAL: [(u8, &str); 12] = [
        (2, "Momentary poser interruption"),
        (3, "CPU Bus Unit setting error"),
        (4, "Battery error"),
        (5, "SYSMAC BUS error"),
        (6, "SYSMAC BUS/2 error"),
        (7, "CPU Bus Unit error"),
        (9, "I/O verification error"),
        (11, "Non-fatal SFC error"),
        (12, "Indirect DM error"),
        (12, "Indirect DM error"),
        (13, "JMP error"),
        (15, "FAL error"),
    ];
    let status = match cursor.u8()? {
        0x00 => "Stop (Program Not Executing) (0x00)",
        0x01 => "Run (Program Executing) (0x01)",
        0x80 => "CPU on standby (0x80)",
        _ => names::UNKNOWN,
    };
    let mode = match cursor.u8()? {
        0 => "PROGRAM (0x00)",
        1 => "DEBUG (0x01)",
        2 => "MONITOR (0x02)",
        4 => "RUN (0x04)",
        _ => names::UNKNOWN,
    };
    let row = Row::of(DETAIL)
        .put("controller_status_data_read_status", status)
        .put("controller_status_data_read_mode", mode);
    let row = row.list("fatal_error", bits(cursor.u16()?, &FATAL));
    let row = row.list("non_fatal_error", bits(cursor.u16()?, &NOT_FATAL));
    let messages = cursor.u16()?;
    let row = row.list(
        "message_yes_no",
        (0..8).map(|number| format_compact!("Message no. {number}: {}", messages >> number & 1)),
    );
    Some(row.show("fal_fals_no", cursor.u16()?).text("error_message", cursor.take(16)?))
}

fn bits(flags: u16, names: &[(u8, &str)]) -> Vec<Text> {
    names.iter().map(|(bit, name)| format_compact!("{name}: {}", flags >> bit & 1)).collect()
}

/// The nodes of a network (W227 section 5-3): four bits of state for each, and how often it failed.
fn network(cursor: &mut Cursor<'_>) -> Option<Vec<Row>> {
    let states = cursor.take(NODES / 2)?;
    let cycle_time = decimals(2, cursor)?;
    let (polling, operation, transmission) = (cursor.u8()?, cursor.u8()?, cursor.u8()?);
    let failed = cursor.take(8)?;
    let failures = cursor.take(NODES)?;
    let halves = states.iter().flat_map(|byte| [byte & 0x0f, byte >> 4]);
    let rows = halves.zip(failures).zip(1_usize..).map(|((state, failures), node)| {
        let failed = failed.get(node / 8).is_some_and(|byte| byte >> (node % 8) & 1 != 0);
        let choose = |is: bool, yes: &'static str, no: &'static str| if is { yes } else { no };
        Row::of(NETWORK)
            .show("node_number", node)
            .put("in_network", choose(state & 1 != 0, "In network (0x01)", "Not in network (0x00)"))
            .put("exit_status", choose(state & 2 != 0, "Exited due to error (0x01)", "Normal exit (0x00)"))
            .put(
                "polling",
                choose(state & 8 != 0, "Does not respond to polling (0x01)", "Responds to polling (0x00)"),
            )
            .show("communication_cycle_time", format_args!("{cycle_time}.0"))
            .show("current_polling_node_number", polling)
            .put("cyclic_operation", choose(operation & 1 != 0, "Active (0x01)", "Stopped (0x00)"))
            .put(
                "cyclic_transmission_status",
                choose(transmission & 1 != 0, "Transmission (0x01)", "No transmission (0x00)"),
            )
            .put("non_fatal_error", choose(failed, "On (0x01)", "Off (0x00)"))
            .show("cyclic_error_count", failures)
    });
    Some(rows.collect())
}

/// The nodes of a data link: for each eight of them, a byte of errors, one of modes and one of warnings.
fn links(cursor: &mut Cursor<'_>) -> Option<Vec<Row>> {
    let (state, master) = (cursor.u8()?, cursor.u8()?);
    let mut rows = Vec::new();
    for block in 0..LINKED / 8 {
        let [errors, modes, warnings] = cursor.array()?;
        for bit in 0..8 {
            let choose = |is: u8, yes: &'static str, no: &'static str| if is & 1 != 0 { yes } else { no };
            rows.push(
                Row::of(LINKS)
                    .show("node_number", block * 8 + bit + 1)
                    .put("data_links", choose(state >> 7, "Active (0x01)", "Not active (0x00)"))
                    .put("node_setting", choose(state, "Master (0x01)", "Slave (0x00)"))
                    .show("master_node_number", master)
                    .put("error_status", choose(errors >> bit, "Error (0x01)", "Normal (0x00)"))
                    .put("mode_status", choose(modes >> bit, "Run (0x01)", "Stop (0x00)"))
                    .put("warning_status", choose(warnings >> bit, "Warning (0x01)", "Normal (0x00)")),
            );
        }
    }
    Some(rows)
}
