//! What an IEC 60870-5-104 message is: APDUs (IEC 60870-5-104 clause 5) that carry ASDUs (IEC 60870-5-101 clause 7).
//!
//! Codes stay numbers with names attached, so that an unknown one is kept and shown.

use super::elements::Element;
use city::{Text, Verb};
use compact_str::format_compact;

/// One APDU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Apdu<'a> {
    /// How many bytes follow the length field.
    pub length: u8,
    pub control: ControlField<'a>,
}

/// What the control field says (clause 5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ControlField<'a> {
    /// I format: numbered, with an ASDU.
    Information { sent: u16, received: u16, asdu: &'a [u8] },
    /// S format: confirms what was received.
    Supervisory { received: u16 },
    /// U format: starts, stops and tests the connection.
    Unnumbered(Unnumbered),
}

/// The functions of the U format, by their bits (figure 8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unnumbered(pub u8);

impl Unnumbered {
    pub const START_CONFIRMED: Self = Self(0x0b);
    pub const START: Self = Self(0x07);
    pub const STOP_CONFIRMED: Self = Self(0x23);
    pub const STOP: Self = Self(0x13);

    /// The standard's name; none for what it does not know.
    pub fn name(self) -> Option<&'static str> {
        Some(match self.0 {
            0x07 => "STARTDT act",
            0x0b => "STARTDT con",
            0x13 => "STOPDT act",
            0x23 => "STOPDT con",
            0x43 => "TESTFR act",
            0x83 => "TESTFR con",
            _ => return None,
        })
    }
}

/// Why an ASDU is sent (IEC 60870-5-101 clause 7.2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cause(pub u8);

impl Cause {
    pub const REQUESTED: Self = Self(5);
    pub const ACTIVATION: Self = Self(6);
    pub const ACTIVATION_CONFIRMED: Self = Self(7);
    pub const DEACTIVATION: Self = Self(8);

    /// The standard's short name.
    pub fn text(self) -> Text {
        Text::const_new(match self.0 {
            1 => "per-cyc",
            2 => "back",
            3 => "spont",
            4 => "init",
            5 => "req",
            6 => "act",
            7 => "actcon",
            8 => "deact",
            9 => "deactcon",
            10 => "actterm",
            11 => "retrem",
            12 => "retloc",
            13 => "file",
            14 => "auth",
            15 => "seskey",
            16 => "usrkey",
            20 => "inrogen",
            group @ 21..=36 => return format_compact!("inro{}", group - 20),
            37 => "reqcogen",
            group @ 38..=41 => return format_compact!("reqco{}", group - 37),
            44 => "unknown-type",
            45 => "unknown-cause",
            46 => "unknown-common-address",
            47 => "unknown-object-address",
            other => return format_compact!("cause-{other}"),
        })
    }

    /// Whether the standard defines it.
    pub fn is_known(self) -> bool {
        matches!(self.0, 1..=16 | 20..=41 | 44..=47)
    }

    /// Whether it says that the station does not know what it is asked.
    pub fn is_unknown(self) -> bool {
        matches!(self.0, 44..=47)
    }

    /// Whether it answers an interrogation: of the station or a group, or of counters.
    pub fn is_interrogated(self) -> bool {
        matches!(self.0, 20..=41)
    }
}

/// What an ASDU is (IEC 60870-5-101 clause 7.2.1; 81 to 95: IEC 60870-5-7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TypeId(pub u8);

impl TypeId {
    pub const END_OF_INITIALIZATION: Self = Self(70);
    pub const INTERROGATION: Self = Self(100);
    pub const COUNTER_INTERROGATION: Self = Self(101);
    pub const READ: Self = Self(102);
    pub const SELECT_FILE: Self = Self(122);

    /// What is known of it: the standard's name, ours, the kind of thing it is about, and its elements.
    fn known(self) -> Option<(&'static str, &'static str, &'static str, &'static [Element])> {
        use Element as E;
        /// A time of three bytes, in which only the minute is said, and one of seven.
        const T24: E = E::Cp24;
        const T56: E = E::Cp56;
        Some(match self.0 {
            1 => ("M_SP_NA_1", "single-point", "single-point", &[E::Siq]),
            2 => ("M_SP_TA_1", "single-point", "single-point", &[E::Siq, T24]),
            3 => ("M_DP_NA_1", "double-point", "double-point", &[E::Diq]),
            4 => ("M_DP_TA_1", "double-point", "double-point", &[E::Diq, T24]),
            5 => ("M_ST_NA_1", "step-position", "step-position", &[E::Vti, E::Qds]),
            6 => ("M_ST_TA_1", "step-position", "step-position", &[E::Vti, E::Qds, T24]),
            7 => ("M_BO_NA_1", "bitstring", "bitstring", &[E::Bsi, E::Qds]),
            8 => ("M_BO_TA_1", "bitstring", "bitstring", &[E::Bsi, E::Qds, T24]),
            9 => ("M_ME_NA_1", "measured-value", "measured-value", &[E::Nva, E::Qds]),
            10 => ("M_ME_TA_1", "measured-value", "measured-value", &[E::Nva, E::Qds, T24]),
            11 => ("M_ME_NB_1", "measured-value", "measured-value", &[E::Sva, E::Qds]),
            12 => ("M_ME_TB_1", "measured-value", "measured-value", &[E::Sva, E::Qds, T24]),
            13 => ("M_ME_NC_1", "measured-value", "measured-value", &[E::R32, E::Qds]),
            14 => ("M_ME_TC_1", "measured-value", "measured-value", &[E::R32, E::Qds, T24]),
            15 => ("M_IT_NA_1", "integrated-total", "integrated-total", &[E::Bcr]),
            16 => ("M_IT_TA_1", "integrated-total", "integrated-total", &[E::Bcr, T24]),
            17 => ("M_EP_TA_1", "protection-event", "protection", &[E::Sep, E::Cp16, T24]),
            18 => ("M_EP_TB_1", "protection-start", "protection", &[E::Spe, E::Qdp, E::Cp16, T24]),
            19 => ("M_EP_TC_1", "protection-output", "protection", &[E::Oci, E::Qdp, E::Cp16, T24]),
            20 => ("M_PS_NA_1", "packed-single-points", "single-points", &[E::Scd, E::Qds]),
            21 => ("M_ME_ND_1", "measured-value", "measured-value", &[E::Nva]),
            30 => ("M_SP_TB_1", "single-point", "single-point", &[E::Siq, T56]),
            31 => ("M_DP_TB_1", "double-point", "double-point", &[E::Diq, T56]),
            32 => ("M_ST_TB_1", "step-position", "step-position", &[E::Vti, E::Qds, T56]),
            33 => ("M_BO_TB_1", "bitstring", "bitstring", &[E::Bsi, E::Qds, T56]),
            34 => ("M_ME_TD_1", "measured-value", "measured-value", &[E::Nva, E::Qds, T56]),
            35 => ("M_ME_TE_1", "measured-value", "measured-value", &[E::Sva, E::Qds, T56]),
            36 => ("M_ME_TF_1", "measured-value", "measured-value", &[E::R32, E::Qds, T56]),
            37 => ("M_IT_TB_1", "integrated-total", "integrated-total", &[E::Bcr, T56]),
            38 => ("M_EP_TD_1", "protection-event", "protection", &[E::Sep, E::Cp16, T56]),
            39 => ("M_EP_TE_1", "protection-start", "protection", &[E::Spe, E::Qdp, E::Cp16, T56]),
            40 => ("M_EP_TF_1", "protection-output", "protection", &[E::Oci, E::Qdp, E::Cp16, T56]),
            41 => ("S_IT_TC_1", "security-statistic", "integrated-total", &[E::Aid, E::Bcr, T56]),
            45 => ("C_SC_NA_1", "single-command", "single-point", &[E::Sco]),
            46 => ("C_DC_NA_1", "double-command", "double-point", &[E::Dco]),
            47 => ("C_RC_NA_1", "step-command", "step-position", &[E::Rco]),
            48 => ("C_SE_NA_1", "set-point", "set-point", &[E::Nva, E::Qos]),
            49 => ("C_SE_NB_1", "set-point", "set-point", &[E::Sva, E::Qos]),
            50 => ("C_SE_NC_1", "set-point", "set-point", &[E::R32, E::Qos]),
            51 => ("C_BO_NA_1", "bitstring-command", "bitstring", &[E::Bsi]),
            58 => ("C_SC_TA_1", "single-command", "single-point", &[E::Sco, T56]),
            59 => ("C_DC_TA_1", "double-command", "double-point", &[E::Dco, T56]),
            60 => ("C_RC_TA_1", "step-command", "step-position", &[E::Rco, T56]),
            61 => ("C_SE_TA_1", "set-point", "set-point", &[E::Nva, E::Qos, T56]),
            62 => ("C_SE_TB_1", "set-point", "set-point", &[E::Sva, E::Qos, T56]),
            63 => ("C_SE_TC_1", "set-point", "set-point", &[E::R32, E::Qos, T56]),
            64 => ("C_BO_TA_1", "bitstring-command", "bitstring", &[E::Bsi, T56]),
            70 => ("M_EI_NA_1", "end-of-initialization", "", &[E::Coi]),
            81 => ("S_CH_NA_1", "challenge", "authentication", &[]),
            82 => ("S_RP_NA_1", "reply", "authentication", &[]),
            83 => ("S_AR_NA_1", "aggressive-mode-request", "authentication", &[]),
            84 => ("S_KR_NA_1", "session-key-status-request", "authentication", &[]),
            85 => ("S_KS_NA_1", "session-key-status", "authentication", &[]),
            86 => ("S_KC_NA_1", "session-key-change", "authentication", &[]),
            87 => ("S_ER_NA_1", "authentication-error", "authentication", &[]),
            90 => ("S_US_NA_1", "user-status-change", "authentication", &[]),
            91 => ("S_UQ_NA_1", "update-key-change-request", "authentication", &[]),
            92 => ("S_UR_NA_1", "update-key-change-reply", "authentication", &[]),
            93 => ("S_UK_NA_1", "update-key-change", "authentication", &[]),
            94 => ("S_UA_NA_1", "update-key-change-asymmetric", "authentication", &[]),
            95 => ("S_UC_NA_1", "update-key-change-confirmation", "authentication", &[]),
            100 => ("C_IC_NA_1", "interrogation", "interrogation", &[E::Qoi]),
            101 => ("C_CI_NA_1", "counter-interrogation", "counters", &[E::Qcc]),
            102 => ("C_RD_NA_1", "read", "information-object", &[]),
            103 => ("C_CS_NA_1", "clock-synchronization", "clock", &[T56]),
            104 => ("C_TS_NA_1", "test-command", "", &[E::Fbp]),
            105 => ("C_RP_NA_1", "reset-process", "", &[E::Qrp]),
            106 => ("C_CD_NA_1", "delay-acquisition", "clock", &[E::Cp16]),
            107 => ("C_TS_TA_1", "test-command", "", &[E::Tsc, T56]),
            110 => ("P_ME_NA_1", "parameter-of-measured-value", "measured-value", &[E::Nva, E::Qpm]),
            111 => ("P_ME_NB_1", "parameter-of-measured-value", "measured-value", &[E::Sva, E::Qpm]),
            112 => ("P_ME_NC_1", "parameter-of-measured-value", "measured-value", &[E::R32, E::Qpm]),
            113 => ("P_AC_NA_1", "parameter-activation", "information-object", &[E::Qpa]),
            120 => ("F_FR_NA_1", "file-ready", "file", &[E::Nof, E::Lof, E::Frq]),
            121 => ("F_SR_NA_1", "section-ready", "file", &[E::Nof, E::Nos, E::Lof, E::Srq]),
            122 => ("F_SC_NA_1", "call-file", "file", &[E::Nof, E::Nos, E::Scq]),
            123 => ("F_LS_NA_1", "last-segment", "file", &[E::Nof, E::Nos, E::Lsq, E::Chs]),
            124 => ("F_AF_NA_1", "acknowledge-file", "file", &[E::Nof, E::Nos, E::Afq]),
            125 => ("F_SG_NA_1", "segment", "file", &[E::Nof, E::Nos, E::Segment]),
            126 => ("F_DR_TA_1", "directory", "file", &[E::Nof, E::Lof, E::Sof, T56]),
            127 => ("F_SC_NB_1", "query-log", "file", &[E::Nof, E::Start, E::Stop]),
            _ => return None,
        })
    }

    /// The standard's name: `M_SP_NA_1`, or `type-200` where there is none.
    pub fn label(self) -> Text {
        let unknown = || format_compact!("type-{}", self.0);
        self.known().map_or_else(unknown, |(label, ..)| Text::const_new(label))
    }

    /// The name in words, or `type-200` where there is none.
    pub fn text(self) -> Text {
        let unknown = || format_compact!("type-{}", self.0);
        self.known().map_or_else(unknown, |(_, text, ..)| Text::const_new(text))
    }

    /// The kind of thing that it is about.
    pub fn kind(self) -> &'static str {
        self.known().map_or("", |(_, _, kind, _)| kind)
    }

    /// What each of its objects holds; none where it is not known.
    pub fn elements(self) -> Option<&'static [Element]> {
        self.known().map(|(.., elements)| elements).filter(|_| !self.is_security())
    }

    /// Whether the standards define it.
    pub fn is_known(self) -> bool {
        self.known().is_some()
    }

    /// Whether it tells values: the types of the monitor direction.
    pub fn is_monitored(self) -> bool {
        matches!(self.0, 1..=41)
    }

    /// Whether it moves something: commands, set-points, bit strings.
    pub fn is_command(self) -> bool {
        matches!(self.0, 45..=51 | 58..=64)
    }

    /// Whether it belongs to the authentication of IEC 60870-5-7.
    pub fn is_security(self) -> bool {
        matches!(self.0, 81..=95)
    }

    /// Whether it is a part of a file's transfer.
    pub fn is_file(self) -> bool {
        matches!(self.0, 120..=127)
    }

    /// What it does, in the common vocabulary; a type that is not known can do anything.
    pub fn verb(self) -> Verb {
        match self.0 {
            1..=41 | 70 => Verb::Publish,
            45..=51 | 58..=64 => Verb::Operate,
            81..=95 => Verb::Authenticate,
            100..=102 => Verb::Read,
            104 | 107 => Verb::Discover,
            105 => Verb::Restart,
            120..=127 => Verb::Transfer,
            _ => Verb::Configure,
        }
    }
}

/// One ASDU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asdu<'a> {
    pub type_id: TypeId,
    /// Whether one address is given and counted on from: SQ.
    pub is_sequence: bool,
    /// How many objects, or elements of one.
    pub count: u8,
    pub cause: Cause,
    /// Whether it denies: P/N.
    pub negative: bool,
    pub test: bool,
    /// Who asked, where several do.
    pub originator: u8,
    /// The station; 65535 is every one.
    pub common_address: u16,
    /// The information objects.
    pub body: &'a [u8],
}
