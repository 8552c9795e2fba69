//! Addresses of pictures, in which installers leave names and passwords.

use crate::http::{Login, mask};
use city::Text;

/// The longest address told.
const SHOWN_MAX: usize = 256;

/// An address as it may be shown, and the login that was in it: before the host, whatever signs the password has, and
/// in the path, where some recorders want it: `/user=admin_password=…_channel=1.sdp`.
pub(super) fn shown(target: &[u8]) -> (Text, Option<Login>) {
    let text = String::from_utf8_lossy(target);
    let (_, login) = mask(target, SHOWN_MAX);
    let (address, in_host) = without_host_password(&text);
    let (address, in_path) = without_path_passwords(&address);
    let unnamed = |found: bool| found.then_some(Login { means: "address", user: None, is_default: false });
    let login = login.or_else(|| unnamed(in_host || in_path));
    (mask(address.as_bytes(), SHOWN_MAX).0, login)
}

/// The password of `rtsp://name:password@host/path`: all up to the last `@`, since a password may hold any sign.
fn without_host_password(text: &str) -> (String, bool) {
    let start = text.find("//").map_or(0, |at| at + 2);
    let (scheme, rest) = text.split_at_checked(start).unwrap_or(("", text));
    match rest.rsplit_once('@').and_then(|(user, host)| Some((user.split_once(':')?.0, host))) {
        Some((name, host)) => (format!("{scheme}{name}:***@{host}"), true),
        None => (text.to_owned(), false),
    }
}

/// Passwords named in a path, each up to the next sign that ends a part of an address.
fn without_path_passwords(text: &str) -> (String, bool) {
    const NAMES: [&str; 5] = ["password=", "passwd=", "pwd=", "pass=", "psw="];
    // Of the same length, so that places in one are places in the other.
    let lower = text.to_ascii_lowercase();
    let mut shown = String::with_capacity(text.len());
    let mut at = 0;
    loop {
        let rest = lower.get(at..).unwrap_or_default();
        let next = NAMES.iter().filter_map(|name| rest.find(name).map(|found| at + found + name.len())).min();
        let Some(value) = next else { break };
        shown.push_str(text.get(at..value).unwrap_or_default());
        let length =
            lower.get(value..).and_then(|rest| rest.find(['&', ';', '?', '#', '/'])).unwrap_or(usize::MAX);
        at = value.saturating_add(length).min(text.len());
        if at > value {
            shown.push_str("***");
        }
    }
    shown.push_str(text.get(at..).unwrap_or_default());
    let found = shown != text;
    (shown, found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_password_is_shown_wherever_it_stands() {
        for (address, expected) in [
            ("rtsp://192.0.2.20:554/live/1", "rtsp://192.0.2.20:554/live/1"),
            ("rtsp://a:geheim@192.0.2.20/live", "rtsp://a:***@192.0.2.20/live"),
            ("rtsp://a:ge/heim?x@y@192.0.2.20/live", "rtsp://a:***@192.0.2.20/live"),
            (
                "rtsp://192.0.2.20/user=a_Password=geheim_channel=1.sdp",
                "rtsp://192.0.2.20/user=a_Password=***",
            ),
            (
                "rtsp://192.0.2.20/live?user=a&pwd=geheim&channel=1",
                "rtsp://192.0.2.20/live?user=a&pwd=***&channel=1",
            ),
            ("*", "*"),
        ] {
            let (text, login) = shown(address.as_bytes());
            assert_eq!(text, expected);
            assert_eq!(login.is_some(), expected.contains("***"), "{address}");
        }
    }
}
