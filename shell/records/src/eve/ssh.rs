//! `ssh`: each connection, with the versions and the software of both ends and the fingerprints of their lists (HASSH).

use super::event::{Event, Object, detail};
use city::Message;

/// The event of a connection.
pub(super) fn event(message: &Message) -> Event {
    let fields = &message.fields;
    let mut body = Object::default();
    for [side, text_key, hash_key] in
        [["client", "client-hassh", "client-hassh-hash"], ["server", "server-hassh", "server-hassh-hash"]]
    {
        let mut end = Object::default();
        if let Some((version, software)) = detail(fields, side).and_then(parts) {
            end.put("proto_version", version);
            end.put("software_version", super::event::plain(software));
        }
        let mut hassh = Object::default();
        hassh.text("hash", fields, hash_key);
        hassh.plain("string", fields, text_key);
        end.unless_empty("hassh", hassh);
        body.unless_empty(side, end);
    }
    Event::by_sender("ssh", message, body)
}

/// The version and the software of a banner, `SSH-version-software SP comments` (RFC 4253 clause 4.2).
fn parts(banner: &str) -> Option<(&str, &str)> {
    let (version, software) = banner.strip_prefix("SSH-")?.split_once('-')?;
    Some((version, software.split(' ').next().unwrap_or(software)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_are_no_software() {
        assert_eq!(parts("SSH-2.0-OpenSSH_9.6 Lamp-7"), Some(("2.0", "OpenSSH_9.6")));
        assert_eq!(parts("SSH-1.99-Gate-2"), Some(("1.99", "Gate-2")));
        assert_eq!(parts("HTTP/1.1"), None);
    }
}
