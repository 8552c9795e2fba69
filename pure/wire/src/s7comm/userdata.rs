//! The services for programming devices and panels: what a user data message is about.

use crate::cursor::Cursor;
use city::{Text, Verb};
use compact_str::format_compact;

/// The parameters of a user data message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct UserData {
    /// Upper half: what kind of message; lower half: which group of services.
    pub(super) kind: u8,
    pub(super) subfunction: u8,
    pub(super) sequence: u8,
    /// Of replies: which of the parts that belong together, and whether more follow.
    pub(super) unit: u8,
    pub(super) more: bool,
    /// Of replies: class and code.
    pub(super) error: Option<(u8, u8)>,
}

impl UserData {
    pub(super) const REQUEST: u8 = 4;
    pub(super) const RESPONSE: u8 = 8;

    /// Reads the parameters: `00 01 12`, a length, and that many bytes.
    pub(super) fn parse(parameters: &[u8]) -> Option<UserData> {
        let mut cursor = Cursor::new(parameters);
        let ([0, 1, 0x12], length) = (cursor.array()?, cursor.u8()?) else { return None };
        let mut cursor = Cursor::new(cursor.take(usize::from(length))?);
        let [_method, kind, subfunction, sequence] = cursor.array()?;
        let rest: Option<[u8; 4]> = cursor.array();
        let [unit, last, class, code] = rest.unwrap_or_default();
        let error = rest.map(|_| (class, code));
        Some(UserData { kind, subfunction, sequence, unit, more: last != 0, error })
    }

    /// Push, request or response: the upper half.
    pub(super) fn direction(&self) -> u8 {
        self.kind >> 4
    }

    /// The group of services: the lower half.
    pub(super) fn group(&self) -> u8 {
        self.kind & 0xf
    }

    /// Direction and group as the field writes them.
    pub(super) fn title(&self) -> Text {
        let direction = match self.direction() {
            0 => "Push",
            Self::REQUEST => "Request",
            Self::RESPONSE => "Response",
            other => return format_compact!("Unknown-0x{other:x}{:x}", self.group()),
        };
        let group = match self.group() {
            0 => "Mode-Transition",
            1 => "Programmer Commands",
            2 => "Cyclic Data",
            3 => "Block Functions",
            4 => "CPU Functions",
            5 => "Security",
            6 => "PBC",
            7 => "Time Functions",
            0xf => "NC Programming",
            _ => return format_compact!("Unknown-0x{:02x}", self.kind),
        };
        format_compact!("{direction}: {group}")
    }

    /// The subfunction as the field writes it.
    pub(super) fn subtitle(&self) -> Text {
        Text::const_new(match (self.group(), self.subfunction) {
            (0, 0x00) => "STOP",
            (0, 0x01) => "Warm Restart",
            (0, 0x02) => "RUN",
            (0, 0x03) => "Hot Restart",
            (0, 0x04) => "HOLD",
            (0, 0x06) => "Cold Restart",
            (0, 0x09) => "RUN_R (H-System redundant)",
            (0, 0x0b) => "LINK-UP",
            (0, 0x0c) => "UPDATE",
            (1, 0x01) => "Request Diag Data (Type 1)",
            (1, 0x02) => "VarTab",
            (1, 0x0c) => "Erase",
            (1, 0x0e) => "Read Diag Data",
            (1, 0x0f) => "Remove Diag Data",
            (1, 0x10) => "Forces",
            (1, 0x13) => "Request Diag Data (Type 2)",
            (2, 0x01) => "Memory",
            (2, 0x04) => "Unsubscribe",
            (3, 0x01) => "List Blocks",
            (3, 0x02) => "List Blocks of Type",
            (3, 0x03) => "Get Block Info",
            (4, 0x01) => "Read SZL",
            (4, 0x02) => "Message Service",
            (4, 0x03) => "Transition to STOP",
            (4, 0x05) => "ALARM_8 Indication",
            (4, 0x06) => "NOTIFY Indication",
            (4, 0x07) => "ALARM_8 Lock",
            (4, 0x08) => "ALARM_8 Unlock",
            (4, 0x0b) => "ALARM Ack",
            (4, 0x0c) => "ALARM Ack Indication",
            (4, 0x0d) => "ALARM_8 Lock Indication",
            (4, 0x0e) => "ALARM_8 Unlock Indication",
            (4, 0x11) => "ALARM_SQ Indication",
            (4, 0x12) => "ALARM_S Indication",
            (4, 0x13) => "ALARM Query",
            (4, 0x16) => "NOTIFY_8 Indication",
            (5, 0x01) => "PLC Password",
            (7, 0x01) => "Read Clock",
            (7, 0x02) => "Set Clock",
            (7, 0x03) => "Read Clock (Following)",
            (7, 0x04) => "Set Clock",
            (_, other) => return format_compact!("Unknown-0x{other:02x}"),
        })
    }

    /// The service in kebab-case, and what it does.
    pub(super) fn service(&self) -> (Text, Verb) {
        use Verb::{Authenticate, Configure, Discover, Operate, Program, Publish, Read, Restart, Subscribe};
        let (name, verb) = match (self.group(), self.subfunction) {
            (0, _) => ("mode-transition", Publish),
            // What people watch and change while they test a programme.
            (1, 0x01 | 0x13) => ("block-status", Read),
            (1, 0x02) => ("variable-status", Read),
            (1, 0x03) => ("output-istack", Read),
            (1, 0x04) => ("output-bstack", Read),
            (1, 0x05) => ("output-lstack", Read),
            (1, 0x06) => ("time-measurement", Read),
            (1, 0x07) => ("force-selection", Read),
            (1, 0x08) => ("modify-variable", Operate),
            (1, 0x09) => ("force", Operate),
            (1, 0x0a) => ("breakpoint", Operate),
            (1, 0x0b) => ("exit-hold", Restart),
            (1, 0x0c) => ("memory-reset", Restart),
            (1, 0x0d) => ("disable-job", Configure),
            (1, 0x0e) => ("enable-job", Configure),
            (1, 0x0f) => ("delete-job", Configure),
            (1, 0x10) => ("read-job-list", Read),
            (1, 0x11) => ("read-job", Read),
            (1, 0x12) => ("replace-job", Configure),
            (1, 0x16) => ("flash-led", Operate),
            (2, 0x01) => ("cyclic-transfer", Subscribe),
            (2, 0x04) => ("unsubscribe", Subscribe),
            (2, 0x05) => ("change-driven-transfer", Subscribe),
            (2, 0x07) => ("modify-change-driven-transfer", Subscribe),
            (2, 0x08) => ("read-record", Read),
            (2, 0x09) => ("write-record", Configure),
            (3, 0x01) => ("list-blocks", Discover),
            (3, 0x02) => ("list-blocks-of-type", Discover),
            (3, 0x03) => ("get-block-info", Discover),
            (4, 0x01) => ("read-szl", Discover),
            (4, 0x02) => ("message-service", Subscribe),
            (4, 0x03) => ("diagnostic-message", Publish),
            (4, 0x05) => ("alarm-8-indication", Publish),
            (4, 0x06) => ("notify-indication", Publish),
            (4, 0x07) => ("alarm-8-lock", Configure),
            (4, 0x08) => ("alarm-8-unlock", Configure),
            (4, 0x09) => ("scan-indication", Publish),
            (4, 0x0b) => ("alarm-acknowledge", Operate),
            (4, 0x0c) => ("alarm-acknowledge-indication", Publish),
            (4, 0x0d) => ("alarm-8-lock-indication", Publish),
            (4, 0x0e) => ("alarm-8-unlock-indication", Publish),
            (4, 0x11) => ("alarm-sq-indication", Publish),
            (4, 0x12) => ("alarm-s-indication", Publish),
            (4, 0x13) => ("alarm-query", Read),
            (4, 0x16) => ("notify-8-indication", Publish),
            (5, 0x01) => ("password", Authenticate),
            (5, 0x02) => ("log-out", Authenticate),
            (6, _) => ("block-send", Verb::Write),
            (7, 0x01) => ("read-clock", Read),
            (7, 0x03) => ("read-clock-following", Read),
            (7, 0x02 | 0x04) => ("set-clock", Configure),
            (0xf, 0x01) => ("nc-request-download", Program),
            (0xf, 0x02 | 0x03) => ("nc-download-block", Program),
            (0xf, 0x04) => ("nc-download-ended", Program),
            (0xf, 0x06) => ("nc-start-upload", Verb::Transfer),
            (0xf, 0x07 | 0x08) => ("nc-upload", Verb::Transfer),
            (group, other) => {
                let verb = if self.direction() == 0 { Publish } else { Configure };
                return (format_compact!("user-data-{group}-0x{other:02x}"), verb);
            }
        };
        // A cyclic service's pushes are the values subscribed to.
        let verb = if self.direction() == 0 && group_pushes(self.group()) { Publish } else { verb };
        (Text::const_new(name), verb)
    }

    /// Whether it is about a system status list.
    pub(super) fn is_read_szl(&self) -> bool {
        (self.group(), self.subfunction) == (4, 1)
    }

    /// Whether it carries the session's password.
    pub(super) fn is_password(&self) -> bool {
        (self.group(), self.subfunction) == (5, 1)
    }
}

/// Whether what a controller pushes of this group are values that were asked for earlier.
fn group_pushes(group: u8) -> bool {
    matches!(group, 0..=2 | 4)
}
