//! Numbers with a fraction, written as Zeek writes its type `double`.

use city::Text;
use compact_str::format_compact;

/// The largest number written out; what is larger has an exponent.
const PLAIN_MAX: f64 = 2_147_483_647.0;

/// A number with at most six digits after the point. Zeros at the end are left out, but a whole number keeps one, so
/// that it is not taken for a count.
pub(crate) fn decimal(number: f64) -> Text {
    if number.is_nan() {
        return Text::const_new("nan");
    }
    if number.is_infinite() {
        return Text::const_new(if number < 0.0 { "-inf" } else { "inf" });
    }
    if number.abs() > PLAIN_MAX {
        return exponential(number);
    }
    let number = if number == 0.0 { 0.0 } else { number };
    let text = format_compact!("{number:.6}");
    let short = text.trim_end_matches('0').trim_end_matches('.');
    let short = if short == "-0" { "0" } else { short };
    if number.fract() == 0.0 { format_compact!("{short}.0") } else { short.into() }
}

/// Seventeen digits and an exponent of at least two: `7.2686072195458847e+18`.
fn exponential(number: f64) -> Text {
    let text = format_compact!("{number:.16e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((text.as_str(), "0"));
    let digits = digits.trim_end_matches('0').trim_end_matches('.');
    format_compact!("{digits}e+{exponent:0>2}")
}

#[cfg(test)]
mod tests {
    use super::decimal;

    #[test]
    fn numbers_are_written_as_zeek_writes_them() {
        for (number, text) in [
            (0.0, "0.0"),
            (-0.0, "0.0"),
            (24_000.0, "24000.0"),
            (f64::from(50.201_63_f32), "50.20163"),
            (-1.567_345_2, "-1.567345"),
            (0.000_000_1, "0"),
            (2_141_192_192.0, "2141192192.0"),
            (5_987_321_793.0, "5.987321793e+09"),
            (7_268_607_219_545_884_609.0, "7.2686072195458847e+18"),
            (f64::NAN, "nan"),
            (f64::NEG_INFINITY, "-inf"),
        ] {
            assert_eq!(decimal(number), text);
        }
    }
}
