//! Addresses of servers, databases and pages, as far as a plan must look into them: RFC 3986, without its rarer forms.

use super::{Fault, Raw, Scalar};
use crate::diagnostic::Code;
use city::Text;
use serde_json::{Value, json};
use std::ops::Range;

/// The parts of an address.
pub(super) struct Url<'a> {
    /// All of it.
    pub text: &'a str,
    pub scheme: &'a str,
    /// What stands before `@`.
    pub user: &'a str,
    /// The host and port.
    pub host: &'a str,
    /// The path, with its first slash.
    pub path: &'a str,
    /// What stands behind `?`.
    pub query: &'a str,
}

impl<'a> Url<'a> {
    /// The parts of a text; none if it is not an address, or holds what no address may hold.
    pub fn of(text: &'a str) -> Option<Url<'a>> {
        let (scheme, rest) = text.split_once("://")?;
        if text.contains(|c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '"' | '\\'))
        {
            return None;
        }
        let rest = rest.split('#').next().unwrap_or(rest);
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let end = rest.find('/').unwrap_or(rest.len());
        let (authority, path) = rest.split_at_checked(end)?;
        let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
        Some(Url { text, scheme, user, host, path, query })
    }

    /// Whether it is HTTP or HTTPS to a host that can be.
    pub fn is_web(&self) -> bool {
        matches!(self.scheme, "http" | "https") && is_host(self.host)
    }

    /// The server, with its scheme.
    pub fn server(&self) -> String {
        format!("{}://{}", self.scheme, self.host)
    }
}

/// Whether a text is a name, an IPv4 address or an IPv6 address in brackets, perhaps with a port.
pub(super) fn is_host(text: &str) -> bool {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((host, "")) => (host, None),
            Some((host, port)) => match port.strip_prefix(':') {
                Some(port) => (host, Some(port)),
                None => return false,
            },
            None => return false,
        },
        None => match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    let good_host = if text.starts_with('[') {
        host.parse::<std::net::Ipv6Addr>().is_ok()
    } else {
        let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        !host.is_empty() && host.len() <= 253 && !host.starts_with('-') && host.chars().all(known)
    };
    let good_port = port.is_none_or(|port| {
        port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port > 0)
    });
    good_host && good_port
}

/// Words in the name of a parameter whose value is a secret.
const SECRET_WORDS: [&str; 8] =
    ["password", "passwd", "passphrase", "pwd", "secret", "token", "apikey", "api_key"];

/// Whether a name is one under which people write secrets.
pub(crate) fn names_a_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRET_WORDS.iter().any(|word| name.contains(word))
}

/// Where a password stands in an address: behind the name of who logs in, or as a parameter.
pub(super) fn password_in(text: &str) -> Option<Range<usize>> {
    let begin = text.find("://").map_or(0, |at| at + 3);
    let rest = text.get(begin..)?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    if let Some((user, _)) = rest.get(..end)?.rsplit_once('@')
        && let Some(colon) = user.find(':')
        && colon + 1 < user.len()
    {
        return Some(begin + colon + 1..begin + user.len());
    }
    // The parameters of an address, and the words of a connection string.
    let mut at = 0;
    for piece in text.split(['?', '&', '#', ' ', ';']) {
        if let Some((name, value)) = piece.split_once('=')
            && !value.is_empty()
            && names_a_secret(name)
        {
            return Some(at + name.len() + 1..at + piece.len());
        }
        at += piece.len() + 1;
    }
    None
}

/// The flaw of an address in which a password stands.
fn secret(within: Range<usize>) -> Vec<Fault> {
    let why = "a password stands in this address";
    let help = "take it out, and write `login = \"file:/etc/bastide/keys/…\"`, a file that holds it, or `login = \"env:NAME\"`";
    vec![Fault::new(Code::Secret, why).help(help).within(within).hidden()]
}

/// Reads the address of a database. A password in it may hold what no address may, so it is looked for first, and with
/// less patience than elsewhere.
fn database(raw: Raw<'_>, schemes: &[&str], expected: &str) -> Result<Text, Vec<Fault>> {
    let text = raw.want_text().map_err(|fault| vec![fault])?;
    let lax = || {
        let begin = text.find("://")? + 3;
        let (user, _) = text.get(begin..)?.rsplit_once('@')?;
        let colon = user.find(':').filter(|colon| colon + 1 < user.len())?;
        Some(begin + colon + 1..begin + user.len())
    };
    if let Some(within) = password_in(text).or_else(lax) {
        return Err(secret(within));
    }
    let fault = |why: &str| vec![Fault::new(Code::BadValue, why).help(format!("write {expected}"))];
    let text = Text::read(raw)?;
    let url = Url::of(&text).filter(|url| schemes.contains(&url.scheme));
    let url = url.ok_or_else(|| fault("this is not the address of such a database"))?;
    // Several servers may stand here, or none: the database is then behind a socket that a parameter names.
    if !url.host.is_empty() && !url.host.split(',').all(|host| is_host(host) || host.starts_with("%2F")) {
        return Err(fault("the address names no server that could be"));
    }
    if url.path.trim_matches('/').is_empty() {
        return Err(fault("the address names no database"));
    }
    let first = schemes.first().copied().unwrap_or_default();
    Ok(format!("{first}{}", text.get(url.scheme.len()..).unwrap_or_default()).into())
}

/// A connection URI of PostgreSQL, without a password.
#[derive(Clone, Debug)]
pub(crate) struct PostgresqlUri(pub Text);

impl Scalar for PostgresqlUri {
    const EXPECTED: &'static str =
        "a connection URI such as `\"postgresql://reader@192.0.2.9:5432/telecare\"`";

    fn read(raw: Raw<'_>) -> Result<Self, Vec<Fault>> {
        database(raw, &["postgresql", "postgres"], Self::EXPECTED).map(PostgresqlUri)
    }

    fn schema() -> Value {
        json!({ "type": "string", "pattern": "^postgres(ql)?://", "examples": ["postgresql://reader@192.0.2.9/telecare"] })
    }
}

/// The address of a MariaDB or MySQL database, without a password.
#[derive(Clone, Debug)]
pub(crate) struct MariadbUri(pub Text);

impl Scalar for MariadbUri {
    const EXPECTED: &'static str = "an address such as `\"mariadb://reader@192.0.2.9:3306/lighting\"` or \
                                    `\"mariadb:///lighting?socket=/run/mysqld/mysqld.sock\"`";

    fn read(raw: Raw<'_>) -> Result<Self, Vec<Fault>> {
        database(raw, &["mariadb", "mysql"], Self::EXPECTED).map(MariadbUri)
    }

    fn schema() -> Value {
        json!({ "type": "string", "pattern": "^(mariadb|mysql)://", "examples": ["mariadb://reader@192.0.2.9/lighting"] })
    }
}

/// The address of a page, without a password.
#[derive(Clone, Debug)]
pub(crate) struct PageUrl(pub Text);

impl PageUrl {
    /// Whether the page is this machine's own.
    pub fn is_local(&self) -> bool {
        is_local(&self.0)
    }
}

/// Whether the server of an address is this machine.
pub(crate) fn is_local(url: &str) -> bool {
    let host = Url::of(url).map_or("", |url| url.host);
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let is_loopback = |name: &str| name.parse::<std::net::Ipv4Addr>().is_ok_and(|ip| ip.is_loopback());
    name == "localhost" || is_loopback(name) || matches!(host.split_once(']'), Some(("[::1", _)))
}

impl Scalar for PageUrl {
    const EXPECTED: &'static str = "the address of a page such as `\"https://192.0.2.9/config\"`";

    fn read(raw: Raw<'_>) -> Result<Self, Vec<Fault>> {
        let text = raw.want_text().map_err(|fault| vec![fault])?;
        if let Some(within) = password_in(text) {
            return Err(secret(within));
        }
        let text = Text::read(raw)?;
        match Url::of(&text).filter(Url::is_web) {
            Some(url) if url.user.is_empty() => Ok(PageUrl(text)),
            Some(_) => {
                let why = "the name and password of a server are kept elsewhere";
                let help = "take the name out, and write `login = \"file:/etc/bastide/keys/…\"`";
                Err(vec![Fault::new(Code::BadValue, why).help(help)])
            }
            None => {
                let why = "this is not the address of a page";
                Err(vec![Fault::new(Code::BadValue, why).help(format!("write {}", Self::EXPECTED))])
            }
        }
    }

    fn schema() -> Value {
        json!({ "type": "string", "pattern": "^https?://.+", "examples": ["https://192.0.2.9/config"] })
    }
}

/// Who logs in where: `name@host`, `name@host:port`.
#[derive(Clone, Debug)]
pub(crate) struct SshHost(pub Text);

impl Scalar for SshHost {
    const EXPECTED: &'static str =
        "a name and a host such as `\"backup@192.0.2.9\"` or `\"backup@192.0.2.9:2222\"`";

    fn read(raw: Raw<'_>) -> Result<Self, Vec<Fault>> {
        let text = raw.want_text().map_err(|fault| vec![fault])?;
        let (name, host) = text.rsplit_once('@').unwrap_or(("", text));
        if let Some((user, password)) = name.split_once(':').filter(|(_, password)| !password.is_empty()) {
            let within = user.len() + 1..user.len() + 1 + password.len();
            return Err(secret(within));
        }
        let text = Text::read(raw)?;
        let fault = |why: &str, help: String| Err(vec![Fault::new(Code::BadValue, why).help(help)]);
        if host.parse::<std::net::Ipv6Addr>().is_ok() {
            return fault("an IPv6 address stands in brackets", format!("write `{name}@[{host}]`"));
        }
        let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        if name.is_empty() || name.starts_with('-') || !name.chars().all(known) {
            return fault("who logs in stands before the `@`", format!("write {}", Self::EXPECTED));
        }
        if !is_host(host) {
            return fault("behind the `@` stands no host that could be", format!("write {}", Self::EXPECTED));
        }
        Ok(SshHost(text))
    }

    fn schema() -> Value {
        json!({ "type": "string", "pattern": "^[A-Za-z0-9._-]+@[^@\\s]+$", "examples": ["backup@192.0.2.9:22"] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<T: Scalar>(text: &str) -> Result<T, Fault> {
        T::read(Raw::Text(text)).map_err(|mut faults| faults.remove(0))
    }

    #[test]
    fn a_database_is_named_without_its_password() {
        for (text, kept) in [
            ("postgresql://reader@192.0.2.9:5432/telecare", "postgresql://reader@192.0.2.9:5432/telecare"),
            (
                "postgres://192.0.2.9/telecare?sslmode=require",
                "postgresql://192.0.2.9/telecare?sslmode=require",
            ),
            ("postgresql:///telecare?host=/run/postgresql", "postgresql:///telecare?host=/run/postgresql"),
            ("postgresql://a,b:5433/telecare", "postgresql://a,b:5433/telecare"),
        ] {
            assert_eq!(read::<PostgresqlUri>(text).unwrap().0, kept);
        }
        for bad in [
            "telecare",
            "postgresql://192.0.2.9",
            "mysql://192.0.2.9/a",
            "postgresql://a b/c",
            "postgresql://a:x/c",
        ] {
            assert_eq!(read::<PostgresqlUri>(bad).unwrap_err().code, Code::BadValue, "{bad}");
        }
        for secret in [
            "postgresql://reader:hunter2@192.0.2.9/telecare",
            "postgresql://reader:hunter2/x@192.0.2.9/telecare",
            "postgresql://reader:hunter2?@192.0.2.9/telecare",
            "postgresql://192.0.2.9/telecare?user=a&password=hunter2",
            "host=192.0.2.9 password=hunter2",
            "reader:hunter2@192.0.2.9",
        ] {
            let fault = read::<PostgresqlUri>(secret).unwrap_err();
            let within = fault.within.clone().unwrap();
            assert_eq!((fault.code, fault.hidden), (Code::Secret, true), "{secret}");
            assert!(secret.get(within).unwrap().starts_with("hunter2"), "{secret}");
        }
        assert!(read::<MariadbUri>("mariadb:///lighting?socket=/run/mysqld/mysqld.sock").is_ok());
        assert_eq!(read::<MariadbUri>("mysql://a@192.0.2.9/b").unwrap().0, "mariadb://a@192.0.2.9/b");
    }

    #[test]
    fn pages_and_hosts() {
        for (text, good) in [
            ("http://127.0.0.1:8080/health", true),
            ("https://camera-7.example/config?channel=1", true),
            ("https://[2001:db8::7]/config", true),
            ("https://192.0.2.9:99999/", false),
            ("https:///config", false),
            ("ftp://192.0.2.9/", false),
            ("https://ada@192.0.2.9/", false),
            ("https://ada:hunter2@192.0.2.9/", false),
            ("https://192.0.2.9/?token=hunter2", false),
        ] {
            assert_eq!(read::<PageUrl>(text).is_ok(), good, "{text}");
        }
        for (text, local) in [
            ("http://127.0.0.1:8080/", true),
            ("http://localhost/", true),
            ("http://[::1]:80/", true),
            ("http://192.0.2.9/", false),
        ] {
            assert_eq!(read::<PageUrl>(text).unwrap().is_local(), local, "{text}");
        }
        for (text, good) in [
            ("backup@192.0.2.9", true),
            ("backup@core-switch.example:2222", true),
            ("backup@[2001:db8::9]:22", true),
            ("backup@2001:db8::9", false),
            ("192.0.2.9", false),
            ("-oProxyCommand@192.0.2.9", false),
            ("backup@-192", false),
            ("backup:hunter2@192.0.2.9", false),
            ("backup@192.0.2.9:0", false),
        ] {
            assert_eq!(read::<SshHost>(text).is_ok(), good, "{text}");
        }
    }
}
