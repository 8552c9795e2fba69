//! The commands: numbers, names and what they do (HCF_SPEC-127, HCF_SPEC-151 and HCF_SPEC-155).

use city::{Text, Verb};
use compact_str::format_compact;

/// The highest command whose fields ICSNPP knows. In its logs, those above it have no name.
const LOGGED_MAX: u16 = 89;

/// The command that carries another one's number, of two bytes, before its data.
pub const EXTENDED: u16 = 31;

/// A command by its number, with the name that ICSNPP gives it.
const COMMANDS: &[(u16, &str, Verb)] = &[
    (0, "Read Unique Identifier", Verb::Discover),
    (1, "Read Primary Variable", Verb::Read),
    (2, "Read Loop Current", Verb::Read),
    (3, "Read Dynamic Variable", Verb::Read),
    (6, "Write Polling Address", Verb::Configure),
    (7, "Read Loop Configuration", Verb::Read),
    (8, "Read Dynamic Variable Classifications", Verb::Read),
    (9, "Read Device Variable", Verb::Read),
    (11, "Read Unique Identifier Tag", Verb::Discover),
    (12, "Read Message", Verb::Read),
    (13, "Read Tag", Verb::Read),
    (14, "Read Primary Variable Transducer Information", Verb::Read),
    (15, "Read Device Information", Verb::Read),
    (16, "Read Final Assembly Number", Verb::Read),
    (17, "Write Message", Verb::Configure),
    (18, "Write Tag Descriptor Date", Verb::Configure),
    (19, "Write Final Assembly Number", Verb::Configure),
    (20, "Read Long Tag", Verb::Read),
    (21, "Read Unique Identifier Long Tag", Verb::Discover),
    (22, "Write Long Tag", Verb::Configure),
    (33, "Read Device Variables", Verb::Read),
    (34, "Write Primary Variable Damping Value", Verb::Configure),
    (35, "Write Primary Variable Range Values", Verb::Configure),
    (36, "Set Primary Variable Upper Range Value", Verb::Configure),
    (37, "Set Primary Variable Lower Range Value", Verb::Configure),
    (38, "Reset Configuration Changed Flag", Verb::Configure),
    (39, "EEPROM Control", Verb::Configure),
    // The loop current stops following the process.
    (40, "Enter Exit Fixed Current Mode", Verb::Operate),
    // A device may stop measuring while it tests itself.
    (41, "Perform Self Test", Verb::Operate),
    (42, "Perform Device Reset", Verb::Restart),
    (43, "Set Primary Variable Zero", Verb::Configure),
    (44, "Write Primary Variable Units", Verb::Configure),
    (45, "Trim Loop Current Zero", Verb::Configure),
    (46, "Trim Loop Current Gain", Verb::Configure),
    (47, "Write Primary Variable Transfer Function", Verb::Configure),
    (48, "Read Additional Device Status", Verb::Read),
    (49, "Write Primary Variable Transducer Serial Number", Verb::Configure),
    (50, "Read Dynamic Variable Assignments", Verb::Read),
    (51, "Write Dynamic Variable Assignments", Verb::Configure),
    (52, "Set Device Variable Zero", Verb::Configure),
    (53, "Write Device Variable Units", Verb::Configure),
    (54, "Read Device Variable Information", Verb::Read),
    (55, "Write Device Variable Damping Value", Verb::Configure),
    (56, "Write Device Variable Transducer Serial No", Verb::Configure),
    (57, "Read Unit Tag Descriptor Date", Verb::Read),
    (58, "Write Unit Tag Descriptor Date", Verb::Configure),
    (59, "Write Number Of Response Preambles", Verb::Configure),
    (60, "Read Analog Channel And Percent Of Range", Verb::Read),
    (61, "Read Dynamic Variables And Primary Variable Analog Channel", Verb::Read),
    (62, "Read Analog Channels", Verb::Read),
    (63, "Read Analog Channel Information", Verb::Read),
    (64, "Write Analog Channel Additional Damping Value", Verb::Configure),
    (65, "Write Analog Channel Range Values", Verb::Configure),
    (66, "Enter Exit Fixed Analog Channel Mode", Verb::Operate),
    (67, "Trim Analog Channel Zero", Verb::Configure),
    (68, "Trim Analog Channel Gain", Verb::Configure),
    (69, "Write Analog Channel Transfer Function", Verb::Configure),
    (70, "Read Analog Channel Endpoint Values", Verb::Read),
    (71, "Lock Device", Verb::Configure),
    (72, "Squawk", Verb::Operate),
    (73, "Find Device", Verb::Discover),
    (74, "Read IO System Capabilities", Verb::Discover),
    (75, "Poll Sub Device", Verb::Discover),
    (76, "Read Lock Device State", Verb::Read),
    // What it carries is told by its data; it may be any command.
    (77, "Send Command To Sub Device", Verb::Write),
    (78, "Read Aggregated Commands", Verb::Read),
    // The value is no longer the measured one.
    (79, "Write Device Variable", Verb::Operate),
    (80, "Read Device Variable Trim Points", Verb::Read),
    (81, "Read Device Variable Trim Guidelines", Verb::Read),
    (82, "Write Device Variable Trim Point", Verb::Configure),
    (83, "Reset Device Variable Trim", Verb::Configure),
    (84, "Read Sub Device Identity Summary", Verb::Discover),
    (85, "Read IO Channel Statistics", Verb::Read),
    (86, "Read Sub Device Statistics", Verb::Read),
    (87, "Write IO System Master Mode", Verb::Configure),
    (88, "Write IO System Retry Count", Verb::Configure),
    (89, "Set Real Time Clock", Verb::Configure),
    (90, "Read Real Time Clock", Verb::Read),
    (91, "Read Trend Configuration", Verb::Read),
    (92, "Write Trend Configuration", Verb::Configure),
    (93, "Read Trend", Verb::Read),
    (94, "Read IO System Client Side Communication Statistics", Verb::Read),
    (95, "Read Device Communications Statistics", Verb::Read),
    (96, "Read Synchronous Action", Verb::Read),
    (97, "Configure Synchronous Action", Verb::Configure),
    (98, "Read Command Action", Verb::Read),
    (99, "Configure Command Action", Verb::Configure),
    (101, "Read Sub Device To Burst Message Map", Verb::Read),
    (102, "Map Sub Device To Burst Message", Verb::Configure),
    (103, "Write Burst Period", Verb::Configure),
    (104, "Write Burst Trigger", Verb::Configure),
    (105, "Read Burst Mode Configuration", Verb::Read),
    (106, "Flush Delayed Responses", Verb::Configure),
    (107, "Write Burst Device Variables", Verb::Configure),
    (108, "Write Burst Mode Command Number", Verb::Configure),
    (109, "Burst Mode Control", Verb::Configure),
    (110, "Read All Dynamic Variables", Verb::Read),
    (111, "Transfer Service Control", Verb::Transfer),
    (112, "Transfer Service", Verb::Transfer),
    (113, "Catch Device Variable", Verb::Configure),
    (114, "Read Caught Device Variable", Verb::Read),
    (115, "Read Event Notification Summary", Verb::Read),
    (116, "Write Event Notification Bit Mask", Verb::Configure),
    (117, "Write Event Notification Timing", Verb::Configure),
    (118, "Event Notification Control", Verb::Configure),
    (119, "Acknowledge Event Notification", Verb::Configure),
    (512, "Read Country Code", Verb::Read),
    (513, "Write Country Code", Verb::Configure),
    (514, "Register Event Manager", Verb::Subscribe),
    (515, "Read Event Manager Registration Status", Verb::Read),
    (516, "Read Device Location", Verb::Read),
    (517, "Write Device Location", Verb::Configure),
    (518, "Read Location Description", Verb::Read),
    (519, "Write Location Description", Verb::Configure),
    (520, "Read Process Unit Tag", Verb::Read),
    (521, "Write Process Unit Tag", Verb::Configure),
    (522, "Write Volumetric Flow Classification", Verb::Configure),
    (523, "Read Condensed Status Mapping Array", Verb::Read),
    (524, "Write Condensed Status Mapping", Verb::Configure),
    (525, "Reset Condensed Status Map", Verb::Configure),
    (526, "Write Status Simulation Mode", Verb::Configure),
    (527, "Simulate Status Bit", Verb::Operate),
    (528, "Read Sub Device Assignment List Information", Verb::Read),
    (529, "Read Sub Device Assignment", Verb::Read),
    (530, "Write Sub Device Assignment", Verb::Configure),
    (531, "Transfer Live Sub Device List To Assignment List", Verb::Configure),
];

fn find(command: u16) -> Option<&'static (u16, &'static str, Verb)> {
    COMMANDS.get(COMMANDS.binary_search_by_key(&command, |(number, ..)| *number).ok()?)
}

/// Whether ICSNPP takes a command's data apart; it shows those of others as they are.
pub fn is_logged(command: u16) -> bool {
    command <= LOGGED_MAX && !matches!(command, EXTENDED | 77 | 78) && find(command).is_some()
}

/// A command as ICSNPP names it.
pub fn in_log(command: u16) -> Text {
    match find(command) {
        Some((_, name, _)) if is_logged(command) => Text::const_new(name),
        _ => format_compact!("unknown-{command:#x}"),
    }
}

/// A command's name as a function, or `command-140`.
pub fn function(command: u16) -> Text {
    match find(command) {
        Some((_, name, _)) => name.to_ascii_lowercase().replace(' ', "-").into(),
        None => format_compact!("command-{command}"),
    }
}

/// What a command does. Of one that only its maker knows, data in the request are taken for something put in.
pub fn verb(command: u16, has_data: bool) -> Verb {
    match find(command) {
        Some((.., verb)) => *verb,
        None if has_data => Verb::Write,
        None => Verb::Read,
    }
}

/// What the first byte of a request numbers, if it numbers something.
pub fn kind(command: u16) -> Option<&'static str> {
    match command {
        52..=56 | 79..=83 | 113 | 114 => Some("device-variable"),
        60 | 63..=70 => Some("analog-channel"),
        103 | 104 => Some("burst-message"),
        _ => None,
    }
}

/// Why a command was not carried out (HCF_SPEC-307); none if it was, perhaps with a warning.
pub fn refusal(code: u8) -> Option<Text> {
    Some(Text::const_new(match code {
        0 | 8 | 14 | 24..=27 | 30 | 31 | 96..=127 => return None,
        // The code is then a set of flags about the exchange between a gateway and the device.
        128..=255 => "communication-error",
        2 => "invalid-selection",
        3 => "passed-parameter-too-large",
        4 => "passed-parameter-too-small",
        5 => "too-few-data-bytes-received",
        6 => "device-specific-command-error",
        7 => "in-write-protect-mode",
        16 => "access-restricted",
        17 => "invalid-device-variable-index",
        18 => "invalid-units-code",
        19 => "device-variable-index-not-allowed",
        32 => "busy",
        33 => "delayed-response-initiated",
        34 => "delayed-response-running",
        35 => "delayed-response-dead",
        36 => "delayed-response-conflict",
        60 => "payload-too-long",
        61 => "no-buffers-available",
        62 => "no-alarm-or-event-buffers-available",
        63 => "priority-too-low",
        64 => "command-not-implemented",
        other => return Some(format_compact!("response-code-{other}")),
    }))
}

#[test]
fn commands_stand_in_order() {
    assert!(COMMANDS.is_sorted_by_key(|(number, ..)| *number));
    assert_eq!(in_log(54), "Read Device Variable Information");
    assert_eq!(in_log(95), "unknown-0x5f");
    assert_eq!(function(95), "read-device-communications-statistics");
    assert_eq!(function(140), "command-140");
}
