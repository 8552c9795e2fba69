//! The values that tables of recovery hold: places, references to secrets, addresses of databases and pages, dates.

use super::{
    Fault, Raw, Scalar, one_of,
    url::{Url, password_in},
};
use crate::diagnostic::Code;
use city::{FileForm, Period, Purpose, RepositoryPlace, Retention, SecretReference, Text};
use jiff::civil::Date;
use serde_json::{Value, json};

/// What to write where a secret stands.
pub(crate) const NO_SECRETS: &str =
    "secrets never stand in a plan: put it into a file and write `file:/etc/bastide/keys/…`, or `env:NAME`";

impl Scalar for SecretReference {
    const EXPECTED: &'static str =
        "where a secret is kept, such as `\"file:/etc/bastide/keys/cellar\"` or `\"env:CELLAR_KEY\"`";

    fn read(raw: Raw<'_>) -> Result<Self, Vec<Fault>> {
        // Whatever is no reference may be the secret itself: it is never quoted, and its place is not shown.
        let secret = || {
            let why = "this does not say where a secret is kept, and may be one itself";
            vec![Fault::new(Code::Secret, why).help(NO_SECRETS).hidden()]
        };
        let text = raw.text().ok_or_else(secret)?;
        let fault = |why: &str, help: &str| vec![Fault::new(Code::BadValue, why).help(help)];
        if let Some(path) = text.strip_prefix("file:") {
            return match absolute(path) {
                Ok(path) => Ok(SecretReference::File(path.into())),
                Err(_) if !path.contains('/') => Err(secret()),
                Err(why) => Err(fault(
                    &why,
                    "write `file:` and an absolute path, such as `file:/etc/bastide/keys/cellar`",
                )),
            };
        }
        let Some(name) = text.strip_prefix("env:") else { return Err(secret()) };
        let known = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
        if name.is_empty() || name.len() > 64 || !name.chars().all(known) {
            return Err(secret());
        }
        if name.starts_with(|c: char| c.is_ascii_digit()) {
            return Err(secret());
        }
        Ok(SecretReference::Variable(name.into()))
    }

    fn schema() -> Value {
        json!({
            "type": "string",
            "pattern": "^(file:/.+|env:[A-Z_][A-Z0-9_]*)$",
            "examples": ["file:/etc/bastide/keys/cellar", "env:CELLAR_KEY"],
        })
    }
}

/// A path as it should be, or what is wrong with it.
fn absolute(path: &str) -> Result<&str, String> {
    if !path.starts_with('/') {
        return Err("this is not an absolute path".into());
    }
    if path.split('/').any(|part| matches!(part, "." | "..")) {
        return Err("a path goes straight to where it leads, without `.` and `..`".into());
    }
    let path = path.trim_end_matches('/');
    if path.is_empty() { Err("this is the root of everything, not a place in it".into()) } else { Ok(path) }
}

/// A path from the root of a file system.
#[derive(Clone, Debug)]
pub(crate) struct AbsolutePath(pub Text);

impl Scalar for AbsolutePath {
    const EXPECTED: &'static str = "an absolute path such as `\"/srv/signals\"`";

    fn read(raw: Raw<'_>) -> Result<Self, Vec<Fault>> {
        let text = Text::read(raw)?;
        match absolute(&text) {
            Ok(path) => Ok(AbsolutePath(path.into())),
            Err(why) => {
                Err(vec![Fault::new(Code::BadValue, why).help("write it from the root: `/srv/signals`")])
            }
        }
    }

    fn schema() -> Value {
        json!({ "type": "string", "pattern": "^/.+", "examples": ["/srv/signals"] })
    }
}

/// A path within something that was restored.
#[derive(Clone, Debug)]
pub(crate) struct PathWithin(pub Text);

impl Scalar for PathWithin {
    const EXPECTED: &'static str = "the path of a file such as `\"srv/signals/plans.csv\"`";

    fn read(raw: Raw<'_>) -> Result<Self, Vec<Fault>> {
        let text = Text::read(raw)?;
        if text.split('/').any(|part| part == "..") || text.ends_with('/') {
            let why = "this is not the path of a file within what was restored";
            let help = "write the path as it was when it was backed up, without `..`";
            return Err(vec![Fault::new(Code::BadValue, why).help(help)]);
        }
        Ok(PathWithin(text))
    }

    fn schema() -> Value {
        json!({ "type": "string", "minLength": 1 })
    }
}

impl Scalar for RepositoryPlace {
    const EXPECTED: &'static str = "a folder such as `\"/srv/backups\"`, a REST server such as \
                                    `\"rest:https://192.0.2.9:8000/city\"`, or a bucket such as \
                                    `\"s3:https://192.0.2.9:9000/bucket/prefix\"`";

    fn read(raw: Raw<'_>) -> Result<Self, Vec<Fault>> {
        let text = raw.want_text().map_err(|fault| vec![fault])?;
        let kind =
            ["rest:", "s3:", "sftp:"].into_iter().find(|kind| text.starts_with(kind)).map_or(0, str::len);
        if let Some(password) = text.get(kind..).and_then(password_in) {
            let password = password.start + kind..password.end + kind;
            let why = "a password stands in this address";
            let help = "take it out, and write `login = \"file:/etc/bastide/keys/…\"`: a file that holds `name:password`";
            return Err(vec![Fault::new(Code::Secret, why).help(help).within(password).hidden()]);
        }
        let text = Text::read(raw)?;
        let fault =
            |why: String| vec![Fault::new(Code::BadValue, why).help(format!("write {}", Self::EXPECTED))];
        if text.starts_with('/') {
            return absolute(&text).map(|path| RepositoryPlace::Folder(path.into())).map_err(fault);
        }
        if let Some(url) = text.strip_prefix("rest:") {
            return match Url::of(url) {
                Some(url) if url.is_web() && url.user.is_empty() && url.query.is_empty() => {
                    Ok(RepositoryPlace::Rest(url.text.trim_end_matches('/').into()))
                }
                Some(url) if !url.user.is_empty() => {
                    let why = "the name and password of a server are kept elsewhere";
                    let help = "take the name out, and write `login = \"file:/etc/bastide/keys/…\"`";
                    Err(vec![Fault::new(Code::BadValue, why).help(help)])
                }
                _ => Err(fault("behind `rest:` stands the address of the server".into())),
            };
        }
        if let Some(url) = text.strip_prefix("s3:") {
            let url = Url::of(url).filter(|url| url.is_web() && url.user.is_empty() && url.query.is_empty());
            let Some(url) = url else {
                return Err(fault("behind `s3:` stand the address of the server and a bucket".into()));
            };
            let path = url.path.trim_matches('/');
            let (bucket, prefix) = path.split_once('/').unwrap_or((path, ""));
            let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
            if bucket.is_empty() || !bucket.chars().all(known) {
                return Err(fault("the address names no bucket".into()));
            }
            if prefix.split('/').any(|part| matches!(part, "." | "..")) || prefix.contains("//") {
                return Err(fault("a prefix goes straight to where it leads".into()));
            }
            return Ok(RepositoryPlace::S3 {
                endpoint: url.server().into(),
                bucket: bucket.into(),
                prefix: prefix.into(),
            });
        }
        let mut kind = text.split(':');
        Err(match kind.next().filter(|kind| kind.len() < text.len()) {
            Some("http" | "https") => {
                let why = "what is spoken to the server does not show from its address";
                let help = format!("write `rest:{text}` for a REST server, or `s3:{text}` for a bucket");
                vec![Fault::new(Code::BadValue, why).help(help)]
            }
            Some(kind) => fault(format!("Bastide writes to no `{kind}:`")),
            None => fault("this is not where a repository can be".into()),
        })
    }

    fn schema() -> Value {
        json!({
            "type": "string",
            "pattern": "^(/.+|(rest|s3):https?://.+)$",
            "examples": ["/srv/backups", "rest:https://192.0.2.9:8000/city", "s3:https://192.0.2.9:9000/bucket/prefix"],
        })
    }
}

/// Bytes a second.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bandwidth(pub u64);

impl Scalar for Bandwidth {
    const EXPECTED: &'static str = "bytes a second such as `\"20MiB/s\"` or `\"500KiB/s\"`";

    fn read(raw: Raw<'_>) -> Result<Self, Vec<Fault>> {
        let text = raw.want_text().map_err(|fault| vec![fault])?;
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at_checked(digits).unwrap_or((text, ""));
        let unit: u64 = match unit.trim() {
            "B/s" => 1,
            "kB/s" | "KB/s" => 1_000,
            "KiB/s" => 1 << 10,
            "MB/s" => 1_000_000,
            "MiB/s" => 1 << 20,
            "GB/s" => 1_000_000_000,
            "GiB/s" => 1 << 30,
            _ => {
                let why = "this is not a number of bytes a second";
                let help = "write a whole number and KiB/s, MiB/s, GiB/s, KB/s, MB/s or GB/s, such as `20MiB/s`; \
                            a byte has eight bits";
                return Err(vec![Fault::new(Code::BadValue, why).help(help)]);
            }
        };
        match number.parse::<u64>().ok().and_then(|number| number.checked_mul(unit)) {
            Some(0) => Err(vec![Fault::new(Code::OutOfRange, "nothing would ever be sent")]),
            Some(bytes) => Ok(Bandwidth(bytes)),
            None => Err(vec![
                Fault::new(Code::BadValue, "this is not a number of bytes a second")
                    .help("write a whole number and its unit, such as `20MiB/s`"),
            ]),
        }
    }

    fn schema() -> Value {
        json!({ "type": "string", "pattern": "^[0-9]+ ?([KMG]i?|k)?B/s$", "examples": ["20MiB/s", "500KiB/s"] })
    }
}

impl Scalar for Retention {
    const EXPECTED: &'static str = "how many of which period, such as `\"14 daily\"`";

    fn read(raw: Raw<'_>) -> Result<Self, Vec<Fault>> {
        let text = raw.want_text().map_err(|fault| vec![fault])?;
        let periods = Period::ALL.map(Period::as_str);
        let help = format!("write a number and one of {}, such as `14 daily`", periods.join(", "));
        let fault =
            || Fault::new(Code::BadValue, format!("`{text}` does not say what is kept")).help(help.clone());
        let (number, word) = text.trim().split_once(' ').ok_or_else(|| vec![fault()])?;
        let count: u32 = number.parse().map_err(|_| vec![fault()])?;
        let period =
            one_of(Raw::Text(word.trim()), &Period::ALL, Period::as_str, "a period of which one is kept")
                .map_err(|faults| {
                    let unknown = |f: Fault| {
                        if f.help.as_deref().is_some_and(|h| h.starts_with("did")) {
                            f
                        } else {
                            f.help(help.clone())
                        }
                    };
                    faults.into_iter().map(unknown).collect::<Vec<_>>()
                })?;
        if count == 0 {
            return Err(vec![Fault::new(Code::OutOfRange, "none would be kept").help("leave the entry out")]);
        }
        Ok(Retention { count, period })
    }

    fn schema() -> Value {
        let periods = Period::ALL.map(Period::as_str).join("|");
        json!({ "type": "string", "pattern": format!("^[0-9]+ +({periods})$"), "examples": ["14 daily", "8 weekly"] })
    }
}

/// A whole number of people, or of rows: at least one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AtLeastOne(pub u32);

impl Scalar for AtLeastOne {
    const EXPECTED: &'static str = "a whole number, at least 1";

    fn read(raw: Raw<'_>) -> Result<Self, Vec<Fault>> {
        let Raw::Integer(number) = raw else { return Err(vec![Fault::form()]) };
        match u32::try_from(number) {
            Ok(0) => Err(vec![Fault::new(Code::OutOfRange, "this must be at least 1")]),
            Ok(number) => Ok(AtLeastOne(number)),
            Err(_) => {
                Err(vec![Fault::new(Code::OutOfRange, format!("this must lie between 1 and {}", u32::MAX))])
            }
        }
    }

    fn schema() -> Value {
        json!({ "type": "integer", "minimum": 1, "maximum": u32::MAX })
    }
}

impl Scalar for Date {
    const EXPECTED: &'static str = "a date such as `2026-09-01`";

    fn read(raw: Raw<'_>) -> Result<Self, Vec<Fault>> {
        let date = match raw {
            Raw::Date(date) => date,
            _ => {
                let text = raw.want_text().map_err(|fault| vec![fault])?;
                // A date and nothing else: a time behind it would be passed over in silence.
                let date = text.parse::<Date>().ok().filter(|date| date.to_string() == text);
                date.ok_or_else(|| {
                    let why = format!("`{text}` is not a date");
                    vec![
                        Fault::new(Code::BadValue, why)
                            .help("write year, month and day, such as `2026-09-01`"),
                    ]
                })?
            }
        };
        if !(2000..2200).contains(&date.year()) {
            return Err(vec![Fault::new(Code::OutOfRange, "this year was hardly meant")]);
        }
        Ok(date)
    }

    fn schema() -> Value {
        json!({ "type": "string", "format": "date", "examples": ["2026-09-01"] })
    }
}

impl Scalar for FileForm {
    const EXPECTED: &'static str = "`\"csv\"`, `\"json\"`, `\"toml\"` or `\"xml\"`";

    fn read(raw: Raw<'_>) -> Result<Self, Vec<Fault>> {
        one_of(raw, &FORMS, form, "a form in which Bastide reads files")
    }

    fn schema() -> Value {
        json!({ "enum": FORMS.map(form) })
    }
}

const FORMS: [FileForm; 4] = [FileForm::Csv, FileForm::Json, FileForm::Toml, FileForm::Xml];

fn form(form: FileForm) -> &'static str {
    match form {
        FileForm::Csv => "csv",
        FileForm::Json => "json",
        FileForm::Toml => "toml",
        FileForm::Xml => "xml",
    }
}

impl Scalar for Purpose {
    const EXPECTED: &'static str = "`\"restore\"` or `\"fallback\"`";

    fn read(raw: Raw<'_>) -> Result<Self, Vec<Fault>> {
        one_of(raw, &[Purpose::Restore, Purpose::Fallback], purpose, "a purpose of a procedure")
    }

    fn schema() -> Value {
        json!({ "enum": ["restore", "fallback"] })
    }
}

fn purpose(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Restore => "restore",
        Purpose::Fallback => "fallback",
    }
}

/// A SHA-256 in hexadecimal, in lower case.
#[derive(Clone, Debug)]
pub(crate) struct Sha256(pub Text);

impl Scalar for Sha256 {
    const EXPECTED: &'static str = "a SHA-256 of 64 hexadecimal digits";

    fn read(raw: Raw<'_>) -> Result<Self, Vec<Fault>> {
        let text = raw.want_text().map_err(|fault| vec![fault])?;
        if text.len() != 64 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            let why = format!("this is not {}", Self::EXPECTED);
            return Err(vec![
                Fault::new(Code::BadValue, why).help("write what `sha256sum FILE` prints first"),
            ]);
        }
        Ok(Sha256(text.to_ascii_lowercase().into()))
    }

    fn schema() -> Value {
        json!({ "type": "string", "pattern": "^[0-9a-fA-F]{64}$" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<T: Scalar>(text: &str) -> Result<T, Fault> {
        T::read(Raw::Text(text)).map_err(|mut faults| faults.remove(0))
    }

    #[test]
    fn a_secret_is_named_by_its_place_and_never_quoted() {
        for text in ["file:/etc/bastide/keys/cellar", "env:CELLAR_KEY"] {
            assert_eq!(read::<SecretReference>(text).unwrap().to_string(), text);
        }
        for text in
            ["hunter2", "", "file:hunter2", "env:hunter2", "env:", "env:1A", "password:hunter2", "File:/a"]
        {
            let fault = read::<SecretReference>(text).unwrap_err();
            assert_eq!((fault.code, fault.hidden), (Code::Secret, true), "{text}");
            assert!(text.is_empty() || !format!("{}{:?}", fault.message, fault.help).contains("hunter2"));
        }
        for text in ["file:/", "file:keys/cellar", "file:/etc/../cellar"] {
            assert_eq!(read::<SecretReference>(text).unwrap_err().code, Code::BadValue, "{text}");
        }
        assert!(SecretReference::read(Raw::Integer(1234)).unwrap_err().iter().all(|fault| fault.hidden));
    }

    #[test]
    fn a_repository_is_a_folder_a_server_or_a_bucket() {
        for (text, shown) in [
            ("/srv/backups/", "/srv/backups"),
            ("rest:http://192.0.2.9:8000/city/", "rest:http://192.0.2.9:8000/city"),
            ("rest:https://[2001:db8::9]:8000", "rest:https://[2001:db8::9]:8000"),
            ("s3:https://192.0.2.9:9000/bucket", "s3:https://192.0.2.9:9000/bucket"),
            ("s3:https://store.example/bucket/a/b/", "s3:https://store.example/bucket/a/b"),
        ] {
            assert_eq!(read::<RepositoryPlace>(text).unwrap().to_string(), shown);
        }
        for bad in [
            "srv/backups",
            "/",
            "/srv/../etc",
            "rest:192.0.2.9:8000",
            "rest:https://",
            "rest:https://ada@192.0.2.9/",
            "rest:ftp://192.0.2.9/",
            "s3:https://192.0.2.9:9000",
            "s3:https://192.0.2.9:9000/buc ket",
            "s3:192.0.2.9/bucket",
            "s3:https://192.0.2.9/bucket/../other",
            "sftp:ada@192.0.2.9:/srv",
            "https://192.0.2.9/",
        ] {
            assert_eq!(read::<RepositoryPlace>(bad).unwrap_err().code, Code::BadValue, "{bad}");
        }
        let fault = read::<RepositoryPlace>("rest:https://ada:hunter2@192.0.2.9/").unwrap_err();
        assert_eq!((fault.code, fault.hidden, fault.within), (Code::Secret, true, Some(17..24)));
    }

    #[test]
    fn rates_retention_and_dates() {
        for (text, bytes) in [
            ("20MiB/s", Some(20 << 20)),
            ("500KiB/s", Some(500 << 10)),
            ("1 GB/s", Some(1_000_000_000)),
            ("7MB/s", Some(7_000_000)),
            ("0MB/s", None),
            ("MB/s", None),
            ("10Mbit/s", None),
            ("10", None),
            ("99999999999999999999MB/s", None),
        ] {
            assert_eq!(read::<Bandwidth>(text).ok().map(|rate| rate.0), bytes, "{text}");
        }
        for (text, good) in [
            ("14 daily", true),
            ("1 last", true),
            ("0 daily", false),
            ("daily", false),
            ("14 days", false),
            ("-1 daily", false),
            ("14", false),
        ] {
            let kept = read::<Retention>(text);
            assert_eq!(kept.ok().map(|kept| kept.to_string()).as_deref(), good.then_some(text));
        }
        for (text, good) in [
            ("2026-09-01", true),
            ("2026-9-1", false),
            ("2026-09-31", false),
            ("2026-09-01T10:00", false),
            ("20260901", false),
            ("0206-09-01", false),
            ("", false),
        ] {
            assert_eq!(read::<Date>(text).is_ok(), good, "{text}");
        }
    }
}
