//! Answers about certificates that may have been withdrawn (RFC 6960), in HTTP and stapled to handshakes of TLS, as far
//! as the field's log of them goes.

use crate::ber;
use crate::cursor::Cursor;
use crate::dialogue::{Out, Side};
use crate::show::{VALUE_BYTES_MAX, hexadecimal, seconds};
use city::Text;
use jiff::civil::DateTime;
use jiff::{Timestamp, tz::TimeZone};

/// Certificates of one answer that are told of.
const ANSWERS_MAX: usize = 32;

/// The type of a body that is such an answer.
pub(crate) const CONTENT_TYPE: &[u8] = b"application/ocsp-response";

/// What is said of one certificate (section 4.2.1).
#[derive(Debug, PartialEq, Eq)]
struct Single {
    algorithm: Text,
    name_hash: Text,
    key_hash: Text,
    serial: Text,
    status: Status,
    this_update: Option<Timestamp>,
    next_update: Option<Timestamp>,
}

#[derive(Debug, PartialEq, Eq)]
enum Status {
    Good,
    Revoked(Option<Timestamp>, &'static str),
    Unknown,
}

/// The rows of an answer, which `side` sent.
pub(crate) fn tell(body: &[u8], side: Side, out: &mut Out<'_>) {
    for single in parse(body).unwrap_or_default() {
        out.message(side, "ocsp", |fields| {
            for (column, value) in [
                ("hashAlgorithm", single.algorithm),
                ("issuerNameHash", single.name_hash),
                ("issuerKeyHash", single.key_hash),
                ("serialNumber", single.serial),
            ] {
                fields.put(column, value);
            }
            match single.status {
                Status::Good => fields.put("certStatus", "good"),
                Status::Unknown => fields.put("certStatus", "unknown"),
                Status::Revoked(since, reason) => {
                    fields.put("certStatus", "revoked");
                    if let Some(since) = since {
                        fields.put("revoketime", seconds(since));
                    }
                    fields.put("revokereason", reason);
                }
            }
            for (column, time) in [("thisUpdate", single.this_update), ("nextUpdate", single.next_update)] {
                if let Some(time) = time {
                    fields.put(column, seconds(time));
                }
            }
        });
    }
}

fn parse(body: &[u8]) -> Option<Vec<Single>> {
    let response = ber::take_tag(&mut Cursor::new(body), ber::SEQUENCE)?;
    let bytes = ber::find(ber::find(response, 0xa0)?, ber::SEQUENCE)?;
    // The basic form is the only one that is in use.
    let basic = ber::take_tag(&mut Cursor::new(ber::find(bytes, 4)?), ber::SEQUENCE)?;
    let data = ber::find(basic, ber::SEQUENCE)?;
    // Behind version, responder and time, of which none is a SEQUENCE, comes the list.
    let list = ber::find(data, ber::SEQUENCE)?;
    let singles = ber::elements(list).filter(|element| element.tag == ber::SEQUENCE);
    Some(singles.filter_map(|element| single(element.content)).take(ANSWERS_MAX).collect())
}

fn single(content: &[u8]) -> Option<Single> {
    let mut cursor = Cursor::new(content);
    let mut id = Cursor::new(ber::take_tag(&mut cursor, ber::SEQUENCE)?);
    let algorithm = ber::identifier(ber::find(ber::take_tag(&mut id, ber::SEQUENCE)?, 6)?, false);
    let [name, key, serial] =
        [ber::take_tag(&mut id, 4)?, ber::take_tag(&mut id, 4)?, ber::take_tag(&mut id, 2)?];
    let status = ber::take(&mut cursor)?;
    let status = match status.tag {
        0x80 => Status::Good,
        0xa1 => {
            let reason = ber::find(status.content, 0xa0).and_then(|reason| ber::find(reason, 10));
            Status::Revoked(
                ber::find(status.content, GENERALIZED_TIME).and_then(time),
                reason.and_then(ber::integer).map_or("unspecified", reason_name),
            )
        }
        _ => Status::Unknown,
    };
    let this_update = ber::take_tag(&mut cursor, GENERALIZED_TIME).and_then(time);
    let next_update = ber::find(cursor.rest(), 0xa0).and_then(|next| ber::find(next, GENERALIZED_TIME));
    Some(Single {
        algorithm: algorithm_name(algorithm),
        name_hash: digits(name),
        key_hash: digits(key),
        serial: digits(serial.strip_prefix(&[0]).filter(|rest| !rest.is_empty()).unwrap_or(serial)),
        status,
        this_update,
        next_update: next_update.and_then(time),
    })
}

/// X.680 clause 46.
const GENERALIZED_TIME: u8 = 24;

/// A time as certificates have it (RFC 5280 clause 4.1.2.5.2): `20260102030405Z`.
fn time(content: &[u8]) -> Option<Timestamp> {
    let text = std::str::from_utf8(content).ok()?.strip_suffix('Z')?;
    let time = DateTime::strptime("%Y%m%d%H%M%S", text).ok()?;
    Some(time.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

fn digits(bytes: &[u8]) -> Text {
    let mut text = hexadecimal(bytes, VALUE_BYTES_MAX);
    text.make_ascii_uppercase();
    text
}

fn algorithm_name(identifier: Text) -> Text {
    Text::const_new(match identifier.as_str() {
        "1.3.14.3.2.26" => "sha1",
        "2.16.840.1.101.3.4.2.1" => "sha256",
        "2.16.840.1.101.3.4.2.2" => "sha384",
        "2.16.840.1.101.3.4.2.3" => "sha512",
        _ => return identifier,
    })
}

/// RFC 5280 clause 5.3.1.
fn reason_name(reason: i64) -> &'static str {
    match reason {
        1 => "keyCompromise",
        2 => "cACompromise",
        3 => "affiliationChanged",
        4 => "superseded",
        5 => "cessationOfOperation",
        6 => "certificateHold",
        8 => "removeFromCRL",
        9 => "privilegeWithdrawn",
        10 => "aACompromise",
        _ => "unspecified",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An element of less than 128 bytes.
    fn element(tag: u8, content: &[&[u8]]) -> Vec<u8> {
        let content = content.concat();
        [&[tag, content.len() as u8], content.as_slice()].concat()
    }

    #[test]
    fn what_was_withdrawn_is_told() {
        let id = element(
            0x30,
            &[
                &element(0x30, &[&[6, 5, 0x2b, 14, 3, 2, 26]]),
                &element(4, &[b"\xab"]),
                &element(4, &[b"\xcd"]),
                &element(2, &[b"\x00\x90"]),
            ],
        );
        let when = element(24, &[b"20260102030405Z"]);
        let status = element(0xa1, &[&when, &element(0xa0, &[&[10, 1, 4]])]);
        let list = element(0x30, &[&element(0x30, &[&id, &status, &when])]);
        let data = element(0x30, &[&element(0xa2, &[&element(4, &[b"x"])]), &when, &list]);
        let basic = element(0x30, &[&data]);
        let bytes = element(0x30, &[&[6, 1, 1], &element(4, &[&basic])]);
        let response = element(0x30, &[&[10, 1, 0], &element(0xa0, &[&bytes])]);
        let moment: Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
        assert_eq!(
            parse(&response).unwrap(),
            [Single {
                algorithm: "sha1".into(),
                name_hash: "AB".into(),
                key_hash: "CD".into(),
                serial: "90".into(),
                status: Status::Revoked(Some(moment), "superseded"),
                this_update: Some(moment),
                next_update: None,
            }]
        );
        for cut in 0..response.len() {
            let _ = parse(&response[..cut]);
        }
    }
}
