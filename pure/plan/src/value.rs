//! The values that a plan's text may hold, each with what it must look like.

use crate::{allowance, diagnostic::Code};
use city::{
    Allowance, AssetId, BackupId, CheckId, ConduitId, ContactId, CrewId, FeedId, IdError, Impact, Mac,
    NotifyId, PeerId, ProcedureId, RepositoryId, ResponseId, Rule, ServiceId, Severity, SiteId, SupplierId,
    Text, ZoneId,
};
use ipnet::IpNet;
use jiff::{SignedDuration, civil::Date};
use serde_json::{Value, json};
use std::{net::IpAddr, ops::Range};

/// A value as the text gives it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Raw<'a> {
    /// Text of a TOML file.
    Text(&'a str),
    /// A cell of a spreadsheet: text that may stand for any kind of value.
    Cell(&'a str),
    Integer(i64),
    Float(f64),
    Boolean(bool),
    Date(Date),
    /// Another form, by its name.
    Other(&'static str),
}

impl<'a> Raw<'a> {
    /// What it is, in words.
    pub fn describe(self) -> &'static str {
        match self {
            Raw::Text(_) | Raw::Cell(_) => "text",
            Raw::Integer(_) | Raw::Float(_) => "a number",
            Raw::Boolean(_) => "true or false",
            Raw::Date(_) => "a date",
            Raw::Other(name) => name,
        }
    }

    fn text(self) -> Option<&'a str> {
        match self {
            Raw::Text(text) | Raw::Cell(text) => Some(text),
            _ => None,
        }
    }

    /// The text, or the flaw that it is none.
    fn want_text(self) -> Result<&'a str, Fault> {
        self.text().ok_or_else(Fault::form)
    }
}

/// What is wrong with one value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub code: Code,
    /// What is wrong; empty where the value has a wrong form altogether, for then the reader of the table says it.
    pub message: String,
    pub help: Option<String>,
    /// The part of the text that is meant, if not all.
    pub within: Option<Range<usize>>,
    /// Whether what is meant may be a secret, and is not to be shown.
    pub hidden: bool,
}

impl Fault {
    pub fn new(code: Code, message: impl Into<String>) -> Fault {
        Fault { code, message: message.into(), help: None, within: None, hidden: false }
    }

    fn form() -> Fault {
        Fault::new(Code::BadValue, "")
    }

    pub fn help(self, help: impl Into<String>) -> Fault {
        Fault { help: Some(help.into()), ..self }
    }

    pub fn maybe_help(self, help: Option<String>) -> Fault {
        Fault { help: help.or(self.help), ..self }
    }

    pub fn within(self, within: Range<usize>) -> Fault {
        Fault { within: Some(within), ..self }
    }

    pub fn hidden(self) -> Fault {
        Fault { hidden: true, ..self }
    }
}

/// A single value of the plan's text.
pub(crate) trait Scalar: Sized {
    /// What it must be, in words, behind "must be".
    const EXPECTED: &'static str;

    fn read(raw: Raw<'_>) -> Result<Self, Vec<Fault>>;

    /// Its JSON Schema.
    fn schema() -> Value;
}

macro_rules! ids {
    ($($id:ident)*) => {$(
        impl Scalar for $id {
            const EXPECTED: &'static str = "an id such as `pump-3`";

            fn read(raw: Raw<'_>) -> Result<Self, Vec<Fault>> {
                let text = raw.want_text().map_err(|fault| vec![fault])?;
                text.parse().map_err(|error| vec![bad_id(text, &error)])
            }

            fn schema() -> Value {
                json!({ "type": "string", "pattern": "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$", "maxLength": 64 })
            }
        }
    )*};
}

mod exchange;
mod notify;
mod recovery;
mod url;

pub(crate) use exchange::{Percentage, VerifyingKey};
pub(crate) use recovery::{AbsolutePath, AtLeastOne, Bandwidth, NO_SECRETS, PathWithin, Sha256};
pub(crate) use url::{MariadbUri, PageUrl, PostgresqlUri, SshHost, is_local, names_a_secret};

ids! {
    AssetId BackupId CheckId ConduitId ContactId CrewId FeedId NotifyId PeerId ProcedureId RepositoryId ResponseId ServiceId SiteId
    SupplierId ZoneId
}

fn bad_id(text: &str, error: &IdError) -> Fault {
    let slug = slug(text);
    let fault = Fault::new(Code::BadId, error.to_string());
    if slug.is_empty() || slug == text { fault } else { fault.help(format!("write `{slug}`")) }
}

/// The id nearest to a text: lower case, other characters as `-`, at most 64 bytes. Empty if nothing is left.
pub(crate) fn slug(text: &str) -> String {
    let mut slug = String::new();
    for c in text.chars() {
        let c = c.to_ascii_lowercase();
        if c.is_ascii_lowercase() || c.is_ascii_digit() {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
        if slug.len() == 64 {
            break;
        }
    }
    slug.truncate(slug.trim_end_matches('-').len());
    slug
}

/// The longest text, in characters.
const TEXT_MAX: usize = 500;

impl Scalar for Text {
    const EXPECTED: &'static str = "text in quotes";

    fn read(raw: Raw<'_>) -> Result<Self, Vec<Fault>> {
        let text = raw.want_text().map_err(|fault| vec![fault])?;
        if text.trim().is_empty() {
            return Err(vec![
                Fault::new(Code::BadValue, "the text is empty").help("write it, or leave the key out"),
            ]);
        }
        if let Some((at, c)) = text.char_indices().find(|(_, c)| c.is_control()) {
            let why = "the text holds a line break or another control character";
            return Err(vec![Fault::new(Code::BadValue, why).within(at..at + c.len_utf8())]);
        }
        let length = text.chars().count();
        if length > TEXT_MAX {
            let why = format!("the text has {length} characters, and may have {TEXT_MAX}");
            return Err(vec![Fault::new(Code::OutOfRange, why)]);
        }
        Ok(text.into())
    }

    fn schema() -> Value {
        json!({ "type": "string", "minLength": 1, "maxLength": TEXT_MAX })
    }
}

/// The longest length of time, in days: ten years.
const DAYS_MAX: i64 = 3650;

const DAY_SECONDS: i64 = 86_400;

impl Scalar for SignedDuration {
    const EXPECTED: &'static str =
        "a length of time such as `\"90s\"`, `\"15m\"`, `\"4h\"`, `\"7d\"` or `\"2w\"`";

    fn read(raw: Raw<'_>) -> Result<Self, Vec<Fault>> {
        let text = match raw {
            Raw::Integer(number) => {
                let help = format!("write `\"{number}m\"` for minutes, or s, h, d or w for another unit");
                return Err(vec![
                    Fault::new(Code::BadDuration, "a length of time needs its unit").help(help),
                ]);
            }
            _ => raw.want_text().map_err(|fault| vec![fault])?,
        };
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at_checked(digits).unwrap_or((text, ""));
        let help = "write a whole number and s, m, h, d or w, such as `15m`";
        if number.is_empty() {
            return Err(vec![Fault::new(Code::BadDuration, "this is not a length of time").help(help)]);
        }
        let seconds = match unit {
            "s" => 1,
            "m" => 60,
            "h" => 3600,
            "d" => DAY_SECONDS,
            "w" => 7 * DAY_SECONDS,
            "" => {
                let why = "a length of time needs its unit";
                return Err(vec![Fault::new(Code::BadDuration, why).help(help)]);
            }
            other => {
                let why = format!("`{}` is not a unit of time", other.trim());
                return Err(vec![Fault::new(Code::BadDuration, why).help(help).within(digits..text.len())]);
            }
        };
        let total = number.parse::<i64>().ok().and_then(|number| number.checked_mul(seconds));
        match total {
            Some(total) if total <= DAYS_MAX * DAY_SECONDS => Ok(SignedDuration::from_secs(total)),
            _ => Err(vec![Fault::new(Code::OutOfRange, format!("at most {DAYS_MAX} days are meant here"))]),
        }
    }

    fn schema() -> Value {
        json!({ "type": "string", "pattern": "^[0-9]+[smhdw]$", "examples": ["90s", "15m", "4h", "7d", "2w"] })
    }
}

/// A length of time that is not zero.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lasting(pub SignedDuration);

impl Scalar for Lasting {
    const EXPECTED: &'static str = SignedDuration::EXPECTED;

    fn read(raw: Raw<'_>) -> Result<Self, Vec<Fault>> {
        let duration = SignedDuration::read(raw)?;
        if duration.is_zero() {
            return Err(vec![Fault::new(Code::OutOfRange, "this must be longer than nothing")]);
        }
        Ok(Lasting(duration))
    }

    fn schema() -> Value {
        SignedDuration::schema()
    }
}

impl Scalar for IpNet {
    const EXPECTED: &'static str = "a network such as `\"192.0.2.0/24\"`";

    fn read(raw: Raw<'_>) -> Result<Self, Vec<Fault>> {
        let text = raw.want_text().map_err(|fault| vec![fault])?;
        let Ok(network) = text.parse::<IpNet>() else {
            let fault = Fault::new(Code::BadNetwork, "this is not a network");
            return Err(vec![match text.parse::<IpAddr>() {
                Ok(ip) => {
                    let bits = if ip.is_ipv4() { 32 } else { 128 };
                    fault.help(format!("write `{ip}/{bits}` for this address alone"))
                }
                Err(_) => fault.help("write an address, `/` and the prefix length, such as `192.0.2.0/24`"),
            }]);
        };
        if network != network.trunc() {
            let why = format!("bits are set beyond the prefix of {} bits", network.prefix_len());
            let help = format!("write `{}`", network.trunc());
            return Err(vec![Fault::new(Code::BadNetwork, why).help(help)]);
        }
        Ok(network)
    }

    fn schema() -> Value {
        json!({ "type": "string", "pattern": "^[0-9a-fA-F:.]+/[0-9]+$", "examples": ["192.0.2.0/24"] })
    }
}

impl Scalar for IpAddr {
    const EXPECTED: &'static str = "an IP address such as `\"192.0.2.5\"`";

    fn read(raw: Raw<'_>) -> Result<Self, Vec<Fault>> {
        let text = raw.want_text().map_err(|fault| vec![fault])?;
        let Ok(ip) = text.parse::<IpAddr>() else {
            let fault = Fault::new(Code::BadAddress, "this is not an IP address");
            return Err(vec![match text.split_once('/').and_then(|(ip, _)| ip.parse::<IpAddr>().ok()) {
                Some(ip) => fault.help(format!("write `{ip}`: an asset has addresses, a zone has networks")),
                None => {
                    fault.help("write four numbers from 0 to 255 with dots between them, or an IPv6 address")
                }
            }]);
        };
        if !city::Address::Ip(ip).is_station() {
            let why = "this address is for groups or for nobody, not for one device";
            return Err(vec![Fault::new(Code::BadAddress, why)]);
        }
        Ok(ip)
    }

    fn schema() -> Value {
        json!({ "type": "string", "examples": ["192.0.2.5", "2001:db8::5"] })
    }
}

impl Scalar for Mac {
    const EXPECTED: &'static str = "a MAC address such as `\"00:00:5e:00:53:0c\"`";

    fn read(raw: Raw<'_>) -> Result<Self, Vec<Fault>> {
        let text = raw.want_text().map_err(|fault| vec![fault])?;
        let mac: Mac = text
            .parse()
            .map_err(|error: city::ParseMacError| vec![Fault::new(Code::BadAddress, error.to_string())])?;
        if !city::Address::Mac(mac).is_station() {
            let why = "this MAC address is for groups or for nobody, not for one device";
            return Err(vec![Fault::new(Code::BadAddress, why)]);
        }
        Ok(mac)
    }

    fn schema() -> Value {
        json!({ "type": "string", "pattern": "^[0-9a-fA-F]{2}([:-][0-9a-fA-F]{2}){5}$" })
    }
}

impl Scalar for bool {
    const EXPECTED: &'static str = "`true` or `false`";

    fn read(raw: Raw<'_>) -> Result<Self, Vec<Fault>> {
        match raw {
            Raw::Boolean(value) => Ok(value),
            _ => Err(vec![Fault::form()]),
        }
    }

    fn schema() -> Value {
        json!({ "type": "boolean" })
    }
}

/// A word of a short list, or the flaw that it is none of them.
fn one_of<T: Copy>(
    raw: Raw<'_>,
    all: &[T],
    word: fn(T) -> &'static str,
    what: &str,
) -> Result<T, Vec<Fault>> {
    let text = raw.want_text().map_err(|fault| vec![fault])?;
    all.iter().copied().find(|one| word(*one) == text).ok_or_else(|| {
        let words: Vec<&str> = all.iter().copied().map(word).collect();
        let near = crate::suggest::Suggestions::default()
            .did_you_mean(text, words.iter().copied())
            .unwrap_or_else(|| format!("write one of {}", words.join(", ")));
        vec![Fault::new(Code::UnknownWord, format!("`{text}` is not {what}")).help(near)]
    })
}

impl Scalar for Rule {
    const EXPECTED: &'static str = "a rule such as `\"verb-not-allowed\"`";

    fn read(raw: Raw<'_>) -> Result<Self, Vec<Fault>> {
        one_of(raw, &Rule::ALL, Rule::as_str, "a rule")
    }

    fn schema() -> Value {
        json!({ "enum": Rule::ALL.iter().map(|rule| rule.as_str()).collect::<Vec<_>>() })
    }
}

impl Scalar for Severity {
    const EXPECTED: &'static str = "a severity such as `\"high\"`";

    fn read(raw: Raw<'_>) -> Result<Self, Vec<Fault>> {
        one_of(raw, &Severity::ALL, Severity::as_str, "a severity")
    }

    fn schema() -> Value {
        json!({ "enum": Severity::ALL.map(Severity::as_str) })
    }
}

impl Scalar for Impact {
    const EXPECTED: &'static str = "`\"low\"`, `\"medium\"`, `\"high\"` or `\"critical\"`";

    fn read(raw: Raw<'_>) -> Result<Self, Vec<Fault>> {
        match raw.want_text().map_err(|fault| vec![fault])? {
            "low" => Ok(Impact::Low),
            "medium" => Ok(Impact::Medium),
            "high" => Ok(Impact::High),
            "critical" => Ok(Impact::Critical),
            other => {
                let why = format!("`{other}` is not a degree of impact");
                let near = crate::suggest::Suggestions::default()
                    .did_you_mean(other, ["low", "medium", "high", "critical"])
                    .unwrap_or_else(|| format!("write {}", Self::EXPECTED));
                Err(vec![Fault::new(Code::UnknownWord, why).help(near)])
            }
        }
    }

    fn schema() -> Value {
        json!({ "enum": ["low", "medium", "high", "critical"] })
    }
}

/// A security level of IEC 62443-3-3, 0 to 4.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SecurityLevel(pub u8);

impl Scalar for SecurityLevel {
    const EXPECTED: &'static str = "a whole number from 0 to 4";

    fn read(raw: Raw<'_>) -> Result<Self, Vec<Fault>> {
        match raw {
            Raw::Integer(level @ 0..=4) => Ok(SecurityLevel(u8::try_from(level).unwrap_or_default())),
            Raw::Integer(level) => {
                let why = format!("{level} is not a security level: IEC 62443-3-3 has the levels 0 to 4");
                Err(vec![Fault::new(Code::OutOfRange, why)])
            }
            _ => Err(vec![Fault::form()]),
        }
    }

    fn schema() -> Value {
        json!({ "type": "integer", "minimum": 0, "maximum": 4 })
    }
}

impl Scalar for f64 {
    const EXPECTED: &'static str = "a number";

    fn read(raw: Raw<'_>) -> Result<Self, Vec<Fault>> {
        match raw {
            // Whole numbers of a physical quantity are far below 2^53, where the conversion would begin to round.
            #[expect(clippy::cast_precision_loss, reason = "said above")]
            Raw::Integer(number) => Ok(number as f64),
            Raw::Float(number) if number.is_finite() => Ok(number),
            Raw::Float(_) => Err(vec![Fault::new(Code::OutOfRange, "the number must be finite")]),
            _ => Err(vec![Fault::form()]),
        }
    }

    fn schema() -> Value {
        json!({ "type": "number" })
    }
}

/// The name of an IANA time zone, as far as its form tells: this crate has no time zone database.
#[derive(Clone, Debug)]
pub(crate) struct ZoneName(pub Text);

impl Scalar for ZoneName {
    const EXPECTED: &'static str = "an IANA time zone such as `\"Europe/London\"`";

    fn read(raw: Raw<'_>) -> Result<Self, Vec<Fault>> {
        let text = raw.want_text().map_err(|fault| vec![fault])?;
        // The theory of the tz database: parts of letters, digits, `-`, `+` and `_`, each at most 14 long, with `/`
        // between them, and none beginning with `-`.
        let good = |part: &str| {
            let known = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'+' | b'_');
            (1..=14).contains(&part.len()) && !part.starts_with('-') && part.bytes().all(known)
        };
        let alone = !text.contains('/') && !matches!(text, "UTC" | "GMT");
        if alone || text.split('/').count() > 3 || !text.split('/').all(good) {
            let why = format!("`{text}` is not the name of a time zone");
            let help = "write an area and a place, such as `Europe/London`, or `UTC`";
            return Err(vec![Fault::new(Code::BadValue, why).help(help)]);
        }
        Ok(ZoneName(text.into()))
    }

    fn schema() -> Value {
        json!({ "type": "string", "examples": ["Europe/London", "UTC"] })
    }
}

impl Scalar for Allowance {
    const EXPECTED: &'static str = "text such as `\"modbus: read\"` or `\"tcp/22\"`";

    fn read(raw: Raw<'_>) -> Result<Self, Vec<Fault>> {
        let text = raw.want_text().map_err(|fault| vec![fault])?;
        allowance::parse_allowance(text)
    }

    fn schema() -> Value {
        let protocols: Vec<_> = city::Protocol::ALL.iter().map(|p| p.as_str()).collect();
        let verbs: Vec<_> = city::Verb::ALL.iter().map(|v| v.as_str()).collect();
        let pattern = format!(
            "^\\s*(({})\\s*:\\s*(any|({verbs})(\\s*,\\s*({verbs}))*)(\\s.*)?|(tcp|udp|sctp|ip)/.*)$",
            protocols.join("|"),
            verbs = verbs.join("|"),
        );
        json!({ "type": "string", "pattern": pattern, "examples": ["modbus: read", "dns: any", "tcp/22"] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (text, seconds) in [
            ("90s", Some(90)),
            ("15m", Some(900)),
            ("4h", Some(14_400)),
            ("7d", Some(604_800)),
            ("2w", Some(1_209_600)),
            ("0s", Some(0)),
            ("", None),
            ("5", None),
            ("m", None),
            ("-5m", None),
            ("5 m", None),
            ("3651d", None),
            ("99999999999999999999s", None),
            ("5é", None),
        ] {
            let read = SignedDuration::read(Raw::Text(text)).ok().map(|d| d.as_secs());
            assert_eq!(read, seconds, "{text}");
        }
    }

    #[test]
    fn time_zones_by_their_form() {
        for (name, good) in [
            ("Europe/London", true),
            ("America/Argentina/Ushuaia", true),
            ("Etc/GMT+1", true),
            ("UTC", true),
            ("London", false),
            ("Europe/", false),
            ("Europe/Lon don", false),
            ("../etc/passwd", false),
        ] {
            assert_eq!(ZoneName::read(Raw::Text(name)).is_ok(), good, "{name}");
        }
    }

    #[test]
    fn a_slug_is_an_id() {
        for (text, expected) in
            [("Pump 3", "pump-3"), ("--A__b--", "a-b"), ("橋", ""), (&"x".repeat(90), &"x".repeat(64))]
        {
            assert_eq!(slug(text), expected);
        }
    }
}
