//! What a synchrophasor message is: IEEE C37.118.2-2011, clause 6; IEEE C37.118-2005 has the same frames but for
//! configuration 3.

use city::{Text, Verb};
use compact_str::format_compact;

/// The six kinds of frame (table 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Data,
    Header,
    Configuration1,
    Configuration2,
    Command,
    Configuration3,
}

impl Kind {
    /// The kind of bits 6 to 4 of the second byte.
    pub fn of(number: u8) -> Option<Kind> {
        Some(match number {
            0 => Kind::Data,
            1 => Kind::Header,
            2 => Kind::Configuration1,
            3 => Kind::Configuration2,
            4 => Kind::Command,
            5 => Kind::Configuration3,
            _ => return None,
        })
    }

    /// The name in logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Data => "Data",
            Kind::Header => "Header",
            Kind::Configuration1 => "CFG1",
            Kind::Configuration2 => "CFG2",
            Kind::Command => "Command",
            Kind::Configuration3 => "CFG3",
        }
    }
}

/// One frame (table 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    pub kind: Kind,
    /// 1 for the standard of 2005, 2 for that of 2011.
    pub version: u8,
    /// How long it is, check word included.
    pub size: u16,
    /// The stream: of a PMU, or of a PDC that gathers several.
    pub stream: u16,
    /// Seconds since 1970.
    pub seconds: u32,
    /// Quality in the highest byte, the fraction of the second in the others.
    pub fraction: u32,
    /// What lies between the head and the check word.
    pub body: &'a [u8],
    /// Whether the check word is right.
    pub is_sound: bool,
}

/// What a command asks for (table 15).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Command(pub u16);

impl Command {
    pub const DATA_OFF: Self = Self(1);
    pub const DATA_ON: Self = Self(2);
    pub const SEND_HEADER: Self = Self(3);
    pub const SEND_CONFIGURATION_1: Self = Self(4);
    pub const SEND_CONFIGURATION_2: Self = Self(5);
    pub const SEND_CONFIGURATION_3: Self = Self(6);
    pub const EXTENDED: Self = Self(8);

    /// The name in logs.
    pub fn in_log(self) -> Text {
        Text::const_new(match self {
            Self::DATA_OFF => "Data off",
            Self::DATA_ON => "Data on",
            Self::SEND_HEADER => "Send HDR",
            Self::SEND_CONFIGURATION_1 => "Send CFG-1",
            Self::SEND_CONFIGURATION_2 => "Send CFG-2",
            Self::SEND_CONFIGURATION_3 => "Send CFG-3",
            Self::EXTENDED => "Extended frame",
            Self(other) => return format_compact!("unknown-{other}"),
        })
    }

    /// The name of the function.
    pub fn function(self) -> Text {
        Text::const_new(match self {
            Self::DATA_OFF => "data-off",
            Self::DATA_ON => "data-on",
            Self::SEND_HEADER => "send-header",
            Self::SEND_CONFIGURATION_1 => "send-configuration-1",
            Self::SEND_CONFIGURATION_2 => "send-configuration-2",
            Self::SEND_CONFIGURATION_3 => "send-configuration-3",
            Self::EXTENDED => "extended-frame",
            Self(other) => return format_compact!("command-{other}"),
        })
    }

    /// The letter in a log's history of a conversation.
    pub fn letter(self) -> char {
        match self {
            Self::DATA_OFF => 'd',
            Self::DATA_ON => 'D',
            Self::SEND_HEADER => 'h',
            Self::SEND_CONFIGURATION_1 => '1',
            Self::SEND_CONFIGURATION_2 => '2',
            Self::SEND_CONFIGURATION_3 => '3',
            Self::EXTENDED => 'e',
            _ => 'u',
        }
    }

    /// What it does. Codes that users define may do anything.
    pub fn verb(self) -> Verb {
        match self {
            Self::DATA_OFF | Self::DATA_ON => Verb::Subscribe,
            Self::SEND_HEADER
            | Self::SEND_CONFIGURATION_1
            | Self::SEND_CONFIGURATION_2
            | Self::SEND_CONFIGURATION_3 => Verb::Discover,
            _ => Verb::Write,
        }
    }

    /// The kind of frame that answers it.
    pub fn answer(self) -> Option<Kind> {
        Some(match self {
            Self::DATA_ON => Kind::Data,
            Self::SEND_HEADER => Kind::Header,
            Self::SEND_CONFIGURATION_1 => Kind::Configuration1,
            Self::SEND_CONFIGURATION_2 => Kind::Configuration2,
            Self::SEND_CONFIGURATION_3 => Kind::Configuration3,
            _ => return None,
        })
    }
}

/// A configuration (clause 6.4 for 1 and 2, clause 6.6 for 3).
#[derive(Clone, Debug, PartialEq)]
pub struct Configuration<'a> {
    /// Of configuration 3, where a long one is sent in pieces: which piece.
    pub piece: u16,
    /// Into how many parts a second is divided for the fraction.
    pub time_base: u32,
    /// How many PMUs it says it has.
    pub expected: u16,
    /// Those that could be read.
    pub units: Vec<Unit<'a>>,
    /// Frames a second, or seconds a frame if negative.
    pub rate: Option<i16>,
}

/// How one PMU's values are sent (table 9, `FORMAT`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Format(pub u16);

impl Format {
    /// Magnitude and angle, rather than real and imaginary part.
    pub fn is_polar(self) -> bool {
        self.0 & 1 != 0
    }

    /// Phasors as floating-point numbers, rather than integers.
    pub fn has_float_phasors(self) -> bool {
        self.0 & 2 != 0
    }

    /// Analogue values as floating-point numbers.
    pub fn has_float_analogs(self) -> bool {
        self.0 & 4 != 0
    }

    /// Frequency and its rate as floating-point numbers.
    pub fn has_float_frequency(self) -> bool {
        self.0 & 8 != 0
    }
}

/// One PMU of a configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct Unit<'a> {
    pub station: &'a [u8],
    pub stream: u16,
    /// Of configuration 3: the PMU's own number, the same in the whole world.
    pub global: Option<[u8; 16]>,
    pub format: Format,
    pub phasors: u16,
    pub analogs: u16,
    /// Words of sixteen digital states each.
    pub digitals: u16,
    pub phasor_names: Vec<&'a [u8]>,
    pub analog_names: Vec<&'a [u8]>,
    pub digital_names: Vec<&'a [u8]>,
    pub scales: Vec<PhasorScale>,
    pub analog_scales: Vec<AnalogScale>,
    /// Normal states and valid inputs of each digital word.
    pub masks: Vec<(u16, u16)>,
    pub place: Option<Place>,
    /// The nominal frequency: bit 0 is set for 50 Hz.
    pub nominal: u16,
    /// How often the configuration was changed.
    pub changes: u16,
}

/// How a phasor is to be scaled.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PhasorScale {
    /// Configuration 1 and 2: voltage or current in the highest byte, then the factor in 10 µV or 10 µA.
    Unit(u32),
    /// Configuration 3: what was done to it, which phasor it is, and factors.
    Factors { flags: u16, phasor: u8, user: u8, scale: f32, angle: f32 },
}

/// How an analogue value is to be scaled.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum AnalogScale {
    /// Configuration 1 and 2: its kind in the highest byte, then the user's factor.
    Unit(u32),
    /// Configuration 3.
    Factors { scale: f32, offset: f32 },
}

/// Of configuration 3: where a PMU stands and how it measures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    pub latitude: f32,
    pub longitude: f32,
    pub elevation: f32,
    /// `M` or `P`.
    pub class: u8,
    /// The measuring window in µs.
    pub window: i32,
    /// The group delay in µs.
    pub delay: i32,
}

/// How the values of one PMU lie in a data frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    pub format: Format,
    pub phasors: u16,
    pub analogs: u16,
    pub digitals: u16,
}

/// The values of one PMU in a data frame (clause 6.3).
#[derive(Clone, Debug, PartialEq)]
pub struct Values {
    pub status: u16,
    /// Magnitude and angle, or real and imaginary part, as they were sent.
    pub phasors: Vec<(f64, f64)>,
    /// The deviation from nominal in mHz, or the frequency in Hz if it is a floating-point number.
    pub frequency: f64,
    /// The rate of change in Hz/s, a hundredfold if it is an integer.
    pub rate: f64,
    pub analogs: Vec<f64>,
    pub digitals: Vec<u16>,
}
