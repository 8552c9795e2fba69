//! The words for codes: HCF_SPEC-183, Common Tables, as ICSNPP spells those that its cases show.
//!
//! The tables have more entries than stand here; a code without a word is shown as `unknown-0x…`.

use city::Text;
use compact_str::format_compact;

/// Table 1, in part: the expanded device type.
pub fn device_type(code: u16) -> Text {
    match code {
        0xf9fd => Text::const_new("FieldComm Group HART-IP FlowDevice"),
        code => format_compact!("unknown-{code:#x}"),
    }
}

/// The words that most tables end with.
fn special(code: u8) -> Option<&'static str> {
    Some(match code {
        250 => "Not Used",
        251 => "None",
        252 => "Unknown",
        253 => "Special",
        _ => return None,
    })
}

/// Table 57: the device profile.
pub fn profile(code: u8) -> Option<&'static str> {
    Some(match code {
        1 => "HART PROCESS AUTOMATION DEVICE",
        2 => "HART DISCRETE DEVICE",
        3 => "HYBRID PROCESS AUTOMATION AND DISCRETE",
        4 => "IO SYSTEM",
        5 => "WIRELESSHART PROCESS AUTOMATION DEVICE",
        6 => "WIRELESSHART DISCRETE DEVICE",
        7 => "HYBRID WIRELESSHART PROCESS AUTOMATION AND DISCRETE",
        8 => "WIRELESSHART GATEWAY",
        9 => "WIRELESSHART ACCESS POINT",
        10 => "WIRELESSHART PROCESS ADAPTER",
        11 => "WIRELESSHART DISCRETE ADAPTER",
        12 => "WIRELESSHART ENABLED HANDHELD MAINTENANCE TOOL",
        65 => "HART IP PROCESS AUTOMATION DEVICE",
        66 => "HART IP DISCRETE DEVICE",
        _ => return None,
    })
}

/// Table 10: physical signalling.
pub fn signaling(code: u8) -> Option<&'static str> {
    Some(match code {
        0 => "BELL 202 CURRENT",
        1 => "BELL 202 VOLTAGE",
        2 => "RS 485",
        3 => "RS 232",
        4 => "WIRELESS",
        6 => "SPECIAL",
        _ => return None,
    })
}

/// Table 21: the classification of a device variable.
pub fn classification(code: u8) -> Option<&'static str> {
    Some(match code {
        0 => "DEVICE VARIABLE NOT CLASSIFIED",
        64 => "TEMPERATURE",
        65 => "PRESSURE",
        66 => "VOLUMETRIC FLOW",
        67 => "VELOCITY",
        68 => "VOLUME",
        69 => "LENGTH",
        70 => "TIME",
        71 => "MASS",
        72 => "MASS FLOW",
        73 => "MASS PER VOLUME",
        74 => "VISCOSITY",
        75 => "ANGULAR VELOCITY",
        76 => "AREA",
        77 => "ENERGY WORK",
        78 => "FORCE",
        79 => "POWER",
        80 => "FREQUENCY",
        81 => "ANALYTICAL",
        82 => "CAPACITANCE",
        83 => "EMF",
        84 => "CURRENT",
        85 => "RESISTANCE",
        86 => "ANGLE",
        87 => "CONDUCTANCE",
        88 => "VOLUME PER VOLUME",
        89 => "VOLUME PER MASS",
        90 => "CONCENTRATION",
        91 => "VALVE ACTUATOR",
        96 => "ACCELERATION",
        97 => "TURBIDITY",
        98 => "TEMPERATURE DIFFERENCE",
        99 => "VOLUMETRIC GAS FLOW PER SECOND",
        100 => "VOLUMETRIC GAS FLOW PER MINUTE",
        101 => "VOLUMETRIC GAS FLOW PER HOUR",
        102 => "VOLUMETRIC GAS FLOW PER DAY",
        103 => "VOLUMETRIC LIQUID FLOW PER SECOND",
        104 => "VOLUMETRIC LIQUID FLOW PER MINUTE",
        105 => "VOLUMETRIC LIQUID FLOW PER HOUR",
        106 => "VOLUMETRIC LIQUID FLOW PER DAY",
        _ => return None,
    })
}

/// Table 20: the family of a device variable.
pub fn family(code: u8) -> Option<&'static str> {
    Some(match code {
        4 => "Temperature",
        5 => "Pressure",
        6 => "Valve Actuator",
        7 => "Simple PID Control",
        8 => "pH",
        9 => "Conductivity",
        10 => "Totalizer",
        11 => "Level",
        12 => "Vortex Flow",
        13 => "Mag Flow",
        14 => "Coriolis Flow",
        other => return special(other),
    })
}

/// Table 6: what the output does when the device fails.
pub fn alarm(code: u8) -> Option<&'static str> {
    Some(match code {
        0 => "High",
        1 => "Low",
        239 => "Hold Last Output Value",
        other => return special(other),
    })
}

/// Table 3: the transfer function.
pub fn transfer(code: u8) -> Option<&'static str> {
    Some(match code {
        0 => "Linear",
        1 => "Square Root",
        2 => "Square Root Third Power",
        3 => "Square Root Fifth Power",
        4 => "Special Curve",
        5 => "Square",
        230 => "Discrete Switch",
        231 => "Square Root Plus Special Curve",
        232 => "Square Root Third Power Plus Special Curve",
        233 => "Square Root Fifth Power Plus Special Curve",
        other => return special(other),
    })
}

/// Table 7: the write protection.
pub fn write_protect(code: u8) -> Option<&'static str> {
    Some(match code {
        0 => "No",
        1 => "Yes",
        other => return special(other),
    })
}

/// Table 16: whether the loop current follows the process.
pub fn loop_current(code: u8) -> Option<&'static str> {
    Some(match code {
        0 => "Disabled",
        1 => "Enabled",
        other => return special(other),
    })
}

/// Table 14: the operating mode, all of which are reserved.
pub fn operating_mode(code: u8) -> Option<&'static str> {
    (code == 0).then_some("Reserved")
}

/// Table 5: what to do with the EEPROM.
pub fn eeprom(code: u8) -> Option<&'static str> {
    Some(match code {
        0 => "Burn EEPROM",
        1 => "Restore Shadow RAM",
        _ => return None,
    })
}

/// Table 18: how far a device is locked.
pub fn lock(code: u8) -> Option<&'static str> {
    Some(match code {
        0 => "Unlocked",
        1 => "Lock Temporary",
        2 => "Lock Permanent",
        3 => "Lock All",
        other => return special(other),
    })
}

/// Table 66: whether to squawk.
pub fn squawk(code: u8) -> Option<&'static str> {
    Some(match code {
        0 => "Squawk Off",
        1 => "Squawk On",
        2 => "Squawk Once",
        _ => return None,
    })
}

/// Which master an I/O system is to its devices.
pub fn master_mode(code: u8) -> Option<&'static str> {
    Some(match code {
        0 => "Secondary Master",
        1 => "Primary Master",
        _ => return None,
    })
}

/// Table 19: whether a device variable is measured or was set by hand.
pub fn write_mode(code: u8) -> Option<&'static str> {
    Some(match code {
        0 => "Normal",
        1 => "Fixed Value",
        other => return special(other),
    })
}

/// Which trim point.
pub fn trim_point(code: u8) -> Option<&'static str> {
    Some(match code {
        1 => "Lower",
        2 => "Upper",
        _ => return None,
    })
}

/// Table 41: when a clock is set.
pub fn time_set(code: u8) -> Option<&'static str> {
    Some(match code {
        0 => "Receipt of this Command",
        1 => "Clock Set at Date and Time",
        _ => return None,
    })
}

/// Command 9: how good a variable's value is.
pub fn process_status(code: u8) -> Option<&'static str> {
    Some(match code {
        0 => "Bad",
        1 => "Poor Accuracy",
        2 => "Manual Fixed",
        3 => "Good",
        _ => return None,
    })
}

/// Command 9: whether a variable's value is at a limit.
pub fn limit_status(code: u8) -> Option<&'static str> {
    Some(match code {
        0 => "Not Limited",
        1 => "Low Limited",
        2 => "High Limited",
        3 => "Constant",
        _ => return None,
    })
}

/// A month of the year.
pub fn month(code: u8) -> Option<&'static str> {
    let names = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    names.get(usize::from(code).checked_sub(1)?).copied()
}
