//! Timestamps as STIX writes them.

use jiff::Timestamp;

/// How many digits of a fraction are kept: nanoseconds.
const FRACTION_MAX: usize = 9;

/// A timestamp (§2.16): RFC 3339, in UTC, `T` and `Z` in capitals. Digits beyond nanoseconds are left off.
pub(super) fn timestamp(text: &str) -> Option<Timestamp> {
    const FORM: &[u8] = b"0000-00-00T00:00:00";
    let (whole, rest) = text.split_at_checked(FORM.len())?;
    let as_formed = |(byte, form): (u8, u8)| if form == b'0' { byte.is_ascii_digit() } else { byte == form };
    if !whole.bytes().zip(FORM.iter().copied()).all(as_formed) {
        return None;
    }
    let fraction = match rest.strip_suffix('Z')? {
        "" => "",
        rest => rest.strip_prefix('.').filter(|digits| !digits.is_empty())?,
    };
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    if fraction.is_empty() {
        return text.parse().ok();
    }
    let kept = fraction.get(..FRACTION_MAX).unwrap_or(fraction);
    format!("{whole}.{kept}Z").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::timestamp;

    #[test]
    fn only_the_form_of_the_standard_is_a_timestamp() {
        for (text, is) in [
            ("2014-01-13T07:03:17Z", true),
            ("2014-01-13T07:03:17.1Z", true),
            ("2014-01-13T07:03:17.123456789123Z", true),
            ("2016-12-31T23:59:60Z", true),
            ("2014-01-13T07:03:17.Z", false),
            ("2014-01-13T07:03:17", false),
            ("2014-01-13t07:03:17z", false),
            ("2014-01-13 07:03:17Z", false),
            ("2014-01-13T07:03:17+01:00", false),
            ("2014-02-31T07:03:17Z", false),
            ("2014-01-13T24:03:17Z", false),
            ("", false),
        ] {
            assert_eq!(timestamp(text).is_some(), is, "{text}");
        }
    }
}
