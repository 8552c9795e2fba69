//! Addresses (RFC 3261 clause 19.1): `sip:user:password@host;parameter?header`.

use crate::show::escaped;
use city::Text;

/// The longest address or header told.
const SHOWN_MAX: usize = 1024;

/// A header's value or an address as it may be shown: each password in it is `***`, and what an address would put into
/// headers too. Also tells whose password was in it.
pub(super) fn mask(value: &[u8]) -> (Text, Option<Text>) {
    let shown = escaped(value, SHOWN_MAX);
    let mut text = Text::default();
    let mut login = None;
    let mut rest = shown.as_str();
    while let Some(at) = find_scheme(rest) {
        let (before, address) = rest.split_at_checked(at).unwrap_or((rest, ""));
        text.push_str(before);
        let end = address.find(['>', ' ', '"', ',']).unwrap_or(address.len());
        let (address, behind) = address.split_at_checked(end).unwrap_or((address, ""));
        text.push_str(&masked(address, &mut login));
        rest = behind;
    }
    text.push_str(rest);
    (text, login)
}

/// Where an address begins, behind its scheme.
fn find_scheme(text: &str) -> Option<usize> {
    let lower = text.to_ascii_lowercase();
    ["sip:", "sips:"].iter().filter_map(|scheme| lower.find(scheme).map(|at| at + scheme.len())).min()
}

fn masked(address: &str, login: &mut Option<Text>) -> Text {
    let (address, headers) = match address.split_once('?') {
        Some((address, _)) => (address, "?***"),
        None => (address, ""),
    };
    let mut shown = match address.rsplit_once('@') {
        Some((user, host)) => match user.split_once(':') {
            Some((name, _)) => {
                *login = Some(name.into());
                [name, ":***@", host].concat().into()
            }
            None => Text::from(address),
        },
        // It was cut before its host: what is there may be a password.
        None if address.ends_with('…') => match address.split_once(':') {
            Some((name, _)) => [name, ":***…"].concat().into(),
            None => Text::from(address),
        },
        None => Text::from(address),
    };
    shown.push_str(headers);
    shown
}

/// The address within the brackets of a header, or all of it without its parameters.
pub(super) fn bare(value: &str) -> &str {
    match value.split_once('<').and_then(|(_, rest)| rest.split_once('>')) {
        Some((address, _)) => address,
        None => value.split(';').next().unwrap_or(value).trim(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_in_an_address_is_not_shown() {
        let (shown, login) =
            mask(b"\"Gate\" <sip:gate:geheim@lamp.example;user=phone?Authorization=x>;tag=1");
        assert_eq!(shown, "\"Gate\" <sip:gate:***@lamp.example;user=phone?***>;tag=1");
        assert_eq!(login.unwrap(), "gate");
        assert_eq!(mask(b"SIPS:gate@lamp.example:5061"), ("SIPS:gate@lamp.example:5061".into(), None));
        let long = format!("sip:gate:{}@lamp.example", "geheim".repeat(200));
        assert_eq!(mask(long.as_bytes()).0, "sip:gate:***…");
        assert_eq!(bare("\"Gate\" <sip:gate@lamp.example>;tag=1"), "sip:gate@lamp.example");
        assert_eq!(bare("sip:gate@lamp.example;tag=1"), "sip:gate@lamp.example");
    }
}
