//! What a message of NTP is: RFC 5905 clause 7.3, RFC 9327 (mode 6), and mode 7 as `ntpd` has it.

use city::{Text, Verb};
use compact_str::format_compact;

/// The modes that tell or ask for the time (RFC 5905 figure 10).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    SymmetricActive,
    SymmetricPassive,
    Client,
    Server,
    Broadcast,
}

impl Mode {
    pub(super) fn from_number(number: u8) -> Option<Mode> {
        Some(match number {
            1 => Mode::SymmetricActive,
            2 => Mode::SymmetricPassive,
            3 => Mode::Client,
            4 => Mode::Server,
            5 => Mode::Broadcast,
            _ => return None,
        })
    }

    pub(super) fn number(self) -> u8 {
        match self {
            Mode::SymmetricActive => 1,
            Mode::SymmetricPassive => 2,
            Mode::Client => 3,
            Mode::Server => 4,
            Mode::Broadcast => 5,
        }
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Mode::SymmetricActive => "symmetric-active",
            Mode::SymmetricPassive => "symmetric-passive",
            Mode::Client => "client",
            Mode::Server => "server",
            Mode::Broadcast => "broadcast",
        }
    }
}

/// A message that tells or asks for the time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Time<'a> {
    pub(super) version: u8,
    pub(super) mode: Mode,
    pub(super) stratum: u8,
    pub(super) poll: i8,
    pub(super) precision: i8,
    pub(super) root_delay: u32,
    pub(super) root_dispersion: u32,
    pub(super) reference: &'a [u8; 4],
    pub(super) reference_time: Stamp,
    pub(super) origin: Stamp,
    pub(super) receive: Stamp,
    pub(super) transmit: Stamp,
    pub(super) extensions: u32,
}

/// Seconds since 1900 and a fraction of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp(pub(super) u64);

impl Stamp {
    /// Seconds since 1970, in the era that ends in 2036; nothing for a clock that was never set.
    pub(super) fn seconds(self) -> f64 {
        const FROM_1900_TO_1970: f64 = 2_208_988_800.0;
        let (whole, part) = (self.0 >> 32, self.0 & 0xffff_ffff);
        if whole == 0 { 0.0 } else { whole as f64 - FROM_1900_TO_1970 + part as f64 / 4_294_967_296.0 }
    }
}

/// A message of control (mode 6) or of the older private control (mode 7).
#[derive(Clone, Copy, Debug)]
pub(super) struct Control<'a> {
    pub(super) kind: ControlKind,
    pub(super) is_response: bool,
    pub(super) error: u8,
    pub(super) operation: u8,
    /// Tells which response belongs to which request.
    pub(super) sequence: u16,
    pub(super) association: u16,
    pub(super) data: &'a [u8],
}

/// The two protocols of control.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ControlKind {
    Control,
    Private,
}

impl Control<'_> {
    pub(super) fn function(&self) -> Text {
        let name = match self.kind {
            ControlKind::Control => match self.operation {
                1 => "read-status",
                2 => "read-variables",
                3 => "write-variables",
                4 => "read-clock-variables",
                5 => "write-clock-variables",
                6 => "set-trap",
                7 => "trap",
                8 => "configure",
                9 => "save-configuration",
                10 => "read-most-recently-used",
                11 => "read-ordered-list",
                12 => "request-nonce",
                31 => "unset-trap",
                other => return format_compact!("control-{other}"),
            },
            ControlKind::Private => {
                let name = PRIVATE.get(usize::from(self.operation)).copied().filter(|name| !name.is_empty());
                let Some(name) = name else { return format_compact!("private-{}", self.operation) };
                name
            }
        };
        Text::const_new(name)
    }

    /// What it does to the server.
    pub(super) fn verb(&self) -> Verb {
        match (self.kind, self.operation) {
            (ControlKind::Control, 3 | 5 | 8 | 9) => Verb::Configure,
            (ControlKind::Control, 6 | 31) => Verb::Subscribe,
            (ControlKind::Control, 7) => Verb::Publish,
            (ControlKind::Control, 12) => Verb::Authenticate,
            (ControlKind::Private, 10..=15 | 17..=19 | 21..=27 | 32 | 33 | 37 | 41 | 45) => Verb::Configure,
            (ControlKind::Private, 30 | 31) => Verb::Subscribe,
            _ => Verb::Read,
        }
    }

    /// Why it was refused.
    pub(super) fn refusal(&self) -> Option<Text> {
        let name = match (self.kind, self.error) {
            (_, 0) => return None,
            (ControlKind::Control, 1) => "authentication-failure",
            (ControlKind::Control, 2) => "bad-message",
            (ControlKind::Control, 3) => "bad-operation",
            (ControlKind::Control, 4) => "unknown-association",
            (ControlKind::Control, 5) => "unknown-variable",
            (ControlKind::Control, 6) => "bad-value",
            (ControlKind::Control, 7) => "prohibited",
            (ControlKind::Private, 1) => "bad-implementation",
            (ControlKind::Private, 2) => "bad-request",
            (ControlKind::Private, 3) => "bad-format",
            (ControlKind::Private, 4) => "no-data",
            (ControlKind::Private, 7) => "authentication-failure",
            (_, other) => return Some(format_compact!("error-{other}")),
        };
        Some(Text::const_new(name))
    }
}

/// The requests of mode 7, by number.
#[rustfmt::skip]
const PRIVATE: &[&str] = &[
    "peer-list", "peer-list-summary", "peer-information", "peer-statistics", "system-information", "system-statistics",
    "io-statistics", "memory-statistics", "loop-information", "timer-statistics", "configure-peer", "unconfigure-peer",
    "set-system-flag", "clear-system-flag", "monitor", "stop-monitor", "get-restrictions", "add-restriction",
    "remove-restriction-flags", "remove-restriction", "monitor-list", "reset-statistics", "reset-peer", "reread-keys",
    "", "", "trust-key", "untrust-key", "authentication-information", "traps", "add-trap", "clear-trap", "request-key",
    "control-key", "control-statistics", "leap-information", "clock-information", "set-clock-fudge",
    "kernel-information", "clock-bug-information", "", "set-precision", "monitor-list-1", "host-name-associations",
    "interface-statistics", "reload-interfaces",
];
