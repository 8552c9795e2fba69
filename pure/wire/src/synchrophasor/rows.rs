//! Frames as the rows of ICSNPP's logs.

use super::message::{AnalogScale, Command, Configuration, Frame, PhasorScale, Unit, Values};
use crate::decimal::decimal;
use crate::dialogue::{Fields, Out, Side};
use crate::show;
use city::Text;
use compact_str::format_compact;

/// Bytes of a header's text that are shown.
const HEADER_BYTES_MAX: usize = 4_096;

/// A row for a command.
pub fn command(side: Side, frame: &Frame<'_>, command: Command, data: &[u8], out: &mut Out<'_>) {
    out.message(side, "synchrophasor_cmd", |fields| {
        fields.put("frame_type", frame.kind.as_str());
        fields.show("frame_size", frame.size);
        fields.put("command", command.in_log());
        fields.list("extframe", data.iter().map(|byte| format_compact!("{byte}")));
    });
}

/// A row for a header, which is text for people.
pub fn header(side: Side, frame: &Frame<'_>, out: &mut Out<'_>) {
    out.message(side, "synchrophasor_hdr", |fields| {
        fields.put("frame_type", frame.kind.as_str());
        fields.show("frame_size", frame.size);
        fields.put("data", show::escaped(frame.body, HEADER_BYTES_MAX));
    });
}

/// The rows of a configuration: one for the frame, one for each PMU.
pub fn configuration(
    side: Side,
    frame: &Frame<'_>,
    configuration: &Configuration<'_>,
    link: &Text,
    out: &mut Out<'_>,
) {
    out.message(side, "synchrophasor_cfg", |fields| {
        fields.put("frame_type", frame.kind.as_str());
        fields.show("frame_size", frame.size);
        fields.show("cont_idx", configuration.piece);
        fields.show("pmu_count_expected", configuration.expected);
        fields.show("pmu_count_actual", configuration.units.len());
        if let Some(rate) = configuration.rate {
            fields.show("data_rate", rate);
        }
        fields.put("cfg_frame_id", link.clone());
    });
    let time = stamp(frame, configuration.time_base);
    for (place, unit) in configuration.units.iter().enumerate() {
        out.message(side, "synchrophasor_cfg_detail", |fields| {
            fields.put("frame_type", frame.kind.as_str());
            fields.put("header_time_stamp", time.clone());
            fields.put("cfg_frame_id", link.clone());
            fields.show("pmu_idx", place);
            unit_row(unit, fields);
        });
    }
}

fn name(bytes: &[u8]) -> Text {
    show::escaped(bytes.trim_ascii_end(), show::VALUE_BYTES_MAX)
}

fn names<'a>(names: &'a [&'a [u8]]) -> impl Iterator<Item = Text> + 'a {
    names.iter().map(|bytes| name(bytes))
}

fn unit_row(unit: &Unit<'_>, fields: &mut Fields) {
    let class = unit.place.map(|place| show::escaped(&[place.class], show::VALUE_BYTES_MAX));
    fields.put("svc_class", class.unwrap_or_default());
    fields.put("station_name", name(unit.station));
    fields.show("data_source_id", unit.stream);
    let global = unit.global.map(|global| show::escaped(&global, show::VALUE_BYTES_MAX));
    fields.put("global_pmuid", global.unwrap_or_default());
    fields.flag("phasor_shape", unit.format.is_polar());
    fields.flag("phasor_format", unit.format.has_float_phasors());
    fields.flag("analog_format", unit.format.has_float_analogs());
    fields.flag("freq_format", unit.format.has_float_frequency());
    fields.show("phnmr", unit.phasors);
    fields.show("annmr", unit.analogs);
    fields.show("dgnmr", unit.digitals);
    fields.list("phnam", names(&unit.phasor_names));
    fields.list("annam", names(&unit.analog_names));
    fields.list("dgnam", names(&unit.digital_names));
    phasor_scales(&unit.scales, fields);
    analog_scales(&unit.analog_scales, fields);
    fields.list("digital_conv_normal_status_mask", unit.masks.iter().map(|(it, _)| format_compact!("{it}")));
    fields.list("digital_conv_valid_inputs_mask", unit.masks.iter().map(|(_, it)| format_compact!("{it}")));
    let place = unit.place;
    fields.put("pmu_lat", decimal(place.map_or(0.0, |place| f64::from(place.latitude))));
    fields.put("pmu_lon", decimal(place.map_or(0.0, |place| f64::from(place.longitude))));
    fields.put("pmu_elev", decimal(place.map_or(0.0, |place| f64::from(place.elevation))));
    fields.show("window", place.map_or(0, |place| place.window));
    fields.show("group_delay", place.map_or(0, |place| place.delay));
    fields.show("fnom", unit.nominal);
    fields.show("cfgcnt", unit.changes);
}

/// The parts of a phasor's scaling that are shown; what its configuration does not have is 0.
#[derive(Clone, Copy, Default)]
struct Parts {
    unit: u32,
    flags: u16,
    phasor: u8,
    user: u8,
    scale: f32,
    angle: f32,
}

fn phasor_scales(scales: &[PhasorScale], fields: &mut Fields) {
    let parts = |scale: &PhasorScale| match *scale {
        PhasorScale::Unit(unit) => Parts { unit, ..Parts::default() },
        PhasorScale::Factors { flags, phasor, user, scale, angle } => {
            Parts { unit: 0, flags, phasor, user, scale, angle }
        }
    };
    let parts: Vec<Parts> = scales.iter().map(parts).collect();
    let mut numbers = |column, number: fn(&Parts) -> u32| {
        fields.list(column, parts.iter().map(|parts| format_compact!("{}", number(parts))));
    };
    // ICSNPP takes the lowest byte for the unit and the rest for the factor; its log is kept as it is.
    numbers("phasor_conv_phunit", |parts| parts.unit & 0xff);
    numbers("phasor_conv_phvalue", |parts| parts.unit >> 8);
    numbers("phasor_conv_phasor_component", |parts| u32::from(parts.phasor & 7));
    numbers("phasor_conv_user_def", |parts| u32::from(parts.user));
    let flags = [
        ("phasor_conv_upsampled_interpolation", 1),
        ("phasor_conv_upsampled_extrapolation", 2),
        ("phasor_conv_downsampled_reselection", 3),
        ("phasor_conv_downsampled_fir_filter", 4),
        ("phasor_conv_downsampled_no_fir_filter", 5),
        ("phasor_conv_filtered_without_changing_sampling", 6),
        ("phasor_conv_calibration_mag_adj", 7),
        ("phasor_conv_calibration_phas_adj", 8),
        ("phasor_conv_rotation_phase_adj", 9),
        ("phasor_conv_pseudo_phasor_val", 10),
        ("phasor_conv_mod_appl", 15),
    ];
    for (column, bit) in flags {
        fields.list(column, parts.iter().map(|parts| truth(parts.flags >> bit & 1 != 0)));
    }
    fields.list("phasor_conv_phasor_type", parts.iter().map(|parts| truth(parts.phasor & 8 != 0)));
    fields.list("phasor_conv_scale_factor", parts.iter().map(|parts| decimal(f64::from(parts.scale))));
    fields.list("phasor_conv_angle_adj", parts.iter().map(|parts| decimal(f64::from(parts.angle))));
}

fn analog_scales(scales: &[AnalogScale], fields: &mut Fields) {
    let unit = |scale: &AnalogScale| if let AnalogScale::Unit(unit) = scale { *unit } else { 0 };
    let factors = |scale: &AnalogScale| match *scale {
        AnalogScale::Factors { scale, offset } => (f64::from(scale), f64::from(offset)),
        AnalogScale::Unit(_) => (0.0, 0.0),
    };
    // Split as the phasors' units are.
    fields.list("analog_conv_analog_flags", scales.iter().map(|it| format_compact!("{}", unit(it) & 0xff)));
    let user = scales.iter().map(|it| format_compact!("{}", unit(it) >> 8));
    fields.list("analog_conv_user_defined_scaling", user);
    fields.list("analog_conv_mag_scale", scales.iter().map(|it| decimal(factors(it).0)));
    fields.list("analog_conv_offset", scales.iter().map(|it| decimal(factors(it).1)));
}

fn truth(value: bool) -> Text {
    Text::const_new(if value { "T" } else { "F" })
}

/// When a frame says that it was made. Without a time base the fraction of the second means nothing.
pub fn stamp(frame: &Frame<'_>, time_base: u32) -> Text {
    let fraction = u64::from(frame.fraction & 0x00ff_ffff) * 1_000_000;
    let microseconds = fraction.checked_div(u64::from(time_base)).unwrap_or(0).min(999_999);
    format_compact!("{}.{microseconds:06}", frame.seconds)
}

/// The row of a data frame.
pub fn data(side: Side, frame: &Frame<'_>, counts: (usize, usize), link: &Text, out: &mut Out<'_>) {
    out.message(side, "synchrophasor_data", |fields| {
        fields.put("frame_type", frame.kind.as_str());
        fields.show("frame_size", frame.size);
        fields.show("pmu_count_expected", counts.0);
        fields.show("pmu_count_actual", counts.1);
        fields.put("data_frame_id", link.clone());
    });
}

/// The row of one PMU's values.
pub fn values(
    side: Side,
    frame: &Frame<'_>,
    (time_base, place, is_polar): (u32, usize, bool),
    values: &Values,
    link: &Text,
    out: &mut Out<'_>,
) {
    out.message(side, "synchrophasor_data_detail", |fields| {
        fields.put("frame_type", frame.kind.as_str());
        fields.put("header_time_stamp", stamp(frame, time_base));
        fields.put("data_frame_id", link.clone());
        fields.show("pmu_idx", place);
        let status = values.status;
        fields.show("trigger_reason", status & 0xf);
        fields.show("unlocked_time", status >> 4 & 3);
        fields.show("pmu_time_quality", status >> 6 & 7);
        fields.flag("data_modified", status >> 9 & 1 != 0);
        fields.flag("config_change", status >> 10 & 1 != 0);
        fields.flag("pmu_trigger_pickup", status >> 11 & 1 != 0);
        fields.flag("data_sorting_type", status >> 12 & 1 != 0);
        fields.flag("pmu_sync_error", status >> 13 & 1 != 0);
        fields.show("data_error_indicator", status >> 14);
        let columns =
            ["est_polar_magnitude", "est_polar_angle", "est_rectangular_real", "est_rectangular_imaginary"];
        for (number, column) in columns.into_iter().enumerate() {
            // What was sent in the other form is 0.
            let is_sent = is_polar == (number < 2);
            let part = |(first, second): &(f64, f64)| if number % 2 == 0 { *first } else { *second };
            let shown = values.phasors.iter().map(|it| decimal(if is_sent { part(it) } else { 0.0 }));
            fields.list(column, shown);
        }
        fields.put("freq_dev_mhz", decimal(values.frequency));
        fields.put("rocof", decimal(values.rate));
        fields.list("analog_data", values.analogs.iter().map(|it| decimal(*it)));
        fields.list("digital", values.digitals.iter().map(|it| format_compact!("{it}")));
    });
}
