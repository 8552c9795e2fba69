//! The names that the manuals have for codes. Labels are in the peer's words, spelling included, so that logs can be laid
//! side by side.

use city::Text;
use compact_str::format_compact;

/// What stands where a code has no name.
pub const UNKNOWN: &str = "Unknown";

/// A command in small letters with hyphens.
pub fn function(command: u16) -> Option<&'static str> {
    Some(match command {
        0x0101 => "memory-area-read",
        0x0102 => "memory-area-write",
        0x0103 => "memory-area-fill",
        0x0104 => "multiple-memory-area-read",
        0x0105 => "memory-area-transfer",
        0x0201 => "parameter-area-read",
        0x0202 => "parameter-area-write",
        0x0203 => "parameter-area-clear",
        0x0220 => "data-link-table-read",
        0x0221 => "data-link-table-write",
        0x0304 => "program-area-protect",
        0x0305 => "program-area-protect-clear",
        0x0306 => "program-area-read",
        0x0307 => "program-area-write",
        0x0308 => "program-area-clear",
        0x0401 => "run",
        0x0402 => "stop",
        0x0403 => "reset",
        0x0501 => "controller-data-read",
        0x0502 => "connection-data-read",
        0x0601 => "controller-status-read",
        0x0602 => "network-status-read",
        0x0603 => "data-link-status-read",
        0x0620 => "cycle-time-read",
        0x0701 => "clock-read",
        0x0702 => "clock-write",
        0x0801 => "loop-back-test",
        0x0802 => "broadcast-test-results-read",
        0x0803 => "broadcast-test-data-send",
        0x0920 => "message-read",
        0x0c01 => "access-right-acquire",
        0x0c02 => "access-right-forced-acquire",
        0x0c03 => "access-right-release",
        0x2101 => "error-clear",
        0x2102 => "error-log-read",
        0x2103 => "error-log-clear",
        0x2140 => "write-access-log-read",
        0x2141 => "write-access-log-clear",
        0x2201 => "file-name-read",
        0x2202 => "single-file-read",
        0x2203 => "single-file-write",
        0x2204 => "memory-card-format",
        0x2205 => "file-delete",
        0x2206 => "volume-label-create-or-delete",
        0x2207 => "file-copy",
        0x2208 => "file-name-change",
        0x2209 => "file-data-check",
        0x220a => "memory-area-file-transfer",
        0x220b => "parameter-area-file-transfer",
        0x220c => "program-area-file-transfer",
        0x220f => "file-memory-index-read",
        0x2210 => "file-memory-read",
        0x2211 => "file-memory-write",
        0x2215 => "directory-create-or-delete",
        0x2301 => "forced-set-reset",
        0x2302 => "forced-set-reset-cancel",
        0x230a => "multiple-forced-status-read",
        0x2601 => "name-set",
        0x2602 => "name-delete",
        0x2603 => "name-read",
        _ => return None,
    })
}

/// A command with its code. The peer counts those of the program area from 0x0301 on; on the wire they begin at 0x0304.
pub fn command(command: u16) -> Text {
    let name = match command {
        0x0101 => "Memory Area Read",
        0x0102 => "Memory Area Write",
        0x0103 => "Memory Area Fill",
        0x0104 => "Multiple Memory Area Read",
        0x0105 => "Memory Area Transfer",
        0x0201 => "Parameter Area Read",
        0x0202 => "Parameter Area Write",
        0x0203 => "Parameter Area Clear",
        0x0220 => "Data Link Table Read",
        0x0221 => "Data Link Table Write",
        0x0304 => "Program Area Protect",
        0x0305 => "Program Area Protect Clear",
        0x0306 => "Program Area Read",
        0x0307 => "Program Area Write",
        0x0308 => "Program Area Clear",
        0x0401 => "Run",
        0x0402 => "Stop",
        0x0403 => "Reset",
        0x0501 => "Controller Data Read",
        0x0502 => "Connection Data Read",
        0x0601 => "Controller Status Read",
        0x0602 => "Network Status Read",
        0x0603 => "Data Link Status Read",
        0x0620 => "Cycle Time Read",
        0x0701 => "Clock Read",
        0x0702 => "Clock Write",
        0x0801 => "Loop Back Test",
        0x0802 => "Broadcast Test Results Read",
        0x0803 => "Broadcast Test Data Send",
        0x0920 => "Message Read | Message Clear | FAL/FALS Read",
        0x0c01 => "Access Right Acquire",
        0x0c02 => "Access Right Forced Acquire",
        0x0c03 => "Access Right Release",
        0x2101 => "Error Clear",
        0x2102 => "Error Log Read",
        0x2103 => "Error Log Clear",
        0x2140 => "Write Access Log Read",
        0x2141 => "Write Access Log Clear",
        0x2201 => "File Name Read",
        0x2202 => "Single File Read",
        0x2203 => "Single File Write",
        0x2204 => "Memory Card Format",
        0x2205 => "File Delete",
        0x2206 => "Volume Label Create Delete",
        0x2207 => "File Copy",
        0x2208 => "File Name Change",
        0x2209 => "File Data Check",
        0x220a => "Memory Area File Transfer",
        0x220b => "Parameter Area File Transer",
        0x220c => "Program Area File Transfer",
        0x220f => "File Memory Index Read",
        0x2210 => "File Memory Read",
        0x2211 => "File Memory Write",
        0x2215 => "Create Delete Directory",
        0x2301 => "Forced Set Reset",
        0x2302 => "Forced Set Reset Cancel",
        0x230a => "Multiple Forced Status Read",
        0x2601 => "Name Set",
        0x2602 => "Name Delete",
        0x2603 => "Name Read",
        _ => return format_compact!("{UNKNOWN} (0x{command:04X})"),
    };
    let code = if matches!(command, 0x0304..=0x0308) { command - 3 } else { command };
    format_compact!("{name} (0x{code:04X})")
}

/// A response code (W227 section 5-1), without its number.
pub fn response(code: u16) -> Option<&'static str> {
    Some(match code {
        0x0000 => "Normal completion",
        0x0001 => "Service was interrupted",
        0x0101 => "Local node not part of Network",
        0x0102 => "Token time-out, node number to large",
        0x0103 => "Number of transmit retries exceeded",
        0x0104 => "Maximum number of frames exceeded",
        0x0105 => "Node number setting error (range)",
        0x0106 => "Node number duplication error",
        0x0201 => "Destination node not part of Network",
        0x0202 => "No node with the specified node number",
        0x0203 => "Third node not part of Network ",
        0x0204 => "Busy error, destination node busy",
        0x0205 => "Response time-out",
        0x0301 => "Error occurred",
        0x0302 => "CPU error occurred in the PC at the destination node",
        0x0303 => "A controller error has prevented a normal response",
        0x0304 => "Node number setting error",
        0x0401 => "An undefined command has been used",
        0x0402 => "Cannot process command because the specified unit model or version is wrong",
        0x0501 => "Destination node number is not set in the routing table",
        0x0502 => "Routing table isn't registered",
        0x0503 => "Routing table error",
        0x0504 => "Max relay nodes (2) was exceeded",
        0x1001 => "The command is longer than the max permissible length",
        0x1002 => "The command is shorter than the min permissible length",
        0x1003 => "The designated number of data items differs from the actual number",
        0x1004 => "An incorrect command format has been used",
        0x1005 => "An incorrect header has been used",
        0x1101 => "Memory area code invalid or DM is not available",
        0x1102 => "Access size is wrong in command",
        0x1103 => "First address in inaccessible area",
        0x1104 => "The end of specified word range exceeds acceptable range",
        0x1106 => "A non-existent program number",
        0x1109 => "The size of data items in command block are wrong",
        0x110a => "The IOM break function cannot be executed",
        0x110b => "The response block is longer than the max length",
        0x110c => "An incorrect parameter code has been specified",
        0x2002 => "The data is protected",
        0x2003 => "Registered table does not exist",
        0x2004 => "Search data does not exist",
        0x2005 => "Non-existent program number",
        0x2006 => "Non-existent file",
        0x2007 => "Verification error",
        0x2101 => "Specified area is read-only",
        0x2102 => "The data is protected",
        0x2103 => "Too many files open",
        0x2105 => "Non-existent program number",
        0x2106 => "Non-existent file",
        0x2107 => "File already exists",
        0x2108 => "Data cannot be changed",
        0x2201 => "The mode is wrong (executing)",
        0x2202 => "The mode is wrong (stopped)",
        0x2203 => "The PC is in the PROGRAM mode",
        0x2204 => "The PC is in the DEBUG mode",
        0x2205 => "The PC is in the MONITOR mode",
        0x2206 => "The PC is in the RUN mode",
        0x2207 => "The specified node is not the control node",
        0x2208 => "The mode is wrong and the step cannot be executed",
        0x2301 => "The file device does not exist where specified",
        0x2302 => "The specified memory does not exist",
        0x2303 => "No clock exists",
        0x2401 => "Data link table is incorrect",
        0x2502 => "Parity / checksum error occurred",
        0x2503 => "I/O setting error",
        0x2504 => "Too many I/O points",
        0x2505 => "CPU bus error",
        0x2506 => "I/O duplication error",
        0x2507 => "I/O bus error",
        0x2509 => "SYSMAC BUS/2 error",
        0x250a => "Special I/O Unit error",
        0x250d => "Duplication in SYSMAC BUS word allocation",
        0x250f => "A memory error has occurred",
        0x2510 => "Terminator not connected in SYSMAC BUS system",
        0x2601 => "The specified area is not protected",
        0x2602 => "An incorrect password has been specified",
        0x2604 => "The specified area is protected",
        0x2605 => "The service is being executed",
        0x2606 => "The service is not being executed",
        0x2607 => "Service cannot be execute from local node",
        0x2608 => "Service cannot be executed settings are incorrect",
        0x2609 => "Service cannot be executed incorrect settings in command data",
        0x260a => "The specified action has already been registered",
        0x260b => "Cannot clear error, error still exists",
        0x3001 => "The access right is held by another device",
        0x4001 => "Command aborted with ABORT command",
        _ => return None,
    })
}

/// A response code with its number. The peer leaves out the number of one.
pub fn response_label(code: u16) -> Text {
    match response(code) {
        Some(name) if code == 0x0203 => Text::const_new(name),
        Some(name) => format_compact!("{name} ({code:#06x})"),
        None => Text::const_new(UNKNOWN),
    }
}

/// A parameter area (W227 section 4-3), in small letters with hyphens.
pub fn parameter_area(code: u16) -> Text {
    Text::const_new(match code {
        0x8002 => "cpu-bus-unit-settings",
        0x8010 => "pc-setup",
        0x8011 => "peripheral-device-settings",
        0x8012 => "io-tables",
        0x8013 => "routing-tables",
        _ => return format_compact!("parameter-area-{code:#06x}"),
    })
}

/// A parameter area with its code.
pub fn parameter_area_label(code: u16) -> Text {
    let name = match code {
        0x8002 => "CPU Bus Unit Settings",
        0x8010 => "PC Setup",
        0x8011 => "Peripheral Device Settings",
        0x8012 => "I/O Tables",
        0x8013 => "Routing Tables",
        _ => return Text::const_new(UNKNOWN),
    };
    format_compact!("{name} ({code:#06x})")
}

/// An error in the log of errors, or one to be cleared (W227 section 5-4).
pub fn error(code: u16) -> Text {
    let name = match code {
        0xfffe => "Present error cleared",
        0xffff => "All errors cleared",
        0x0002 => "Power interruption error",
        0x00a0..=0x00a7 => "SYSMAC BUS error",
        0x00b0..=0x00b3 => "SYSMAC BUS/2 error",
        0x00e7 => "I/O verification error",
        0x00f4 => "Non-fatal SFC error",
        0x00f7 => "Battery error",
        0x00f8 => "Indirect DM error",
        0x00f9 => "JMP error",
        0x0200..=0x0215 => "CPU Bus Unit error",
        0x0400..=0x0415 => "CPU Bus Unit setting error",
        0x4101..=0x42ff => "FAL(006) executed in user program",
        0x809f => "Cycle time too long",
        0x80c0..=0x80c7 => "I/O bus error",
        0x80e0 => "I/O setting error",
        0x80e1 => "I/O points overflow",
        0x80e9 => "Duplication error",
        0x80f0 => "Program error",
        0x80f1 => "Memory error",
        0x80f3 => "Fatal SFC error",
        0x80ff => "System error",
        0x8100..=0x8115 => "CPU bus error",
        0xc101..=0xc2ff => "FALS(007) executed",
        _ => return Text::const_new(UNKNOWN),
    };
    format_compact!("{name} (0x{code:04X})")
}

/// The mode that a controller is set to (W342 section 5-3-14).
pub fn mode(mode: u8) -> Option<&'static str> {
    Some(match mode {
        0 => "program",
        1 => "debug",
        2 => "monitor",
        4 => "run",
        _ => return None,
    })
}

/// A day of the week.
pub fn day(day: u8) -> Text {
    let name = match day {
        0 => "Sun",
        1 => "Mon",
        2 => "Tues",
        3 => "Wed",
        4 => "Thur",
        5 => "Fri",
        6 => "Sat",
        _ => return Text::const_new(UNKNOWN),
    };
    format_compact!("{name} ({day})")
}

/// Why a connection over TCP is refused or closed (W421 section 7-4).
pub fn envelope_error(code: u32) -> Option<&'static str> {
    Some(match code {
        0x00 => "Normal",
        0x01 => "The header is not FINS",
        0x02 => "The data length is too long",
        0x03 => "The command is not supported",
        0x20 => "All connections are in use",
        0x21 => "The specified node is already connected",
        0x22 => "Attempt to access a protected node from an unspecified IP address",
        0x23 => "The client FINS node address is out of range",
        0x24 => "The same FINS node address is being used by the client and server",
        0x25 => "All the node addresses available for allocation have been used",
        _ => return None,
    })
}
