//! Logins that cross the network readable. What is kept of one is who, how, and whether anybody knows the password
//! already; the password itself is looked at here and goes no further.

use crate::show::{VALUE_BYTES_MAX, cut, readable};
use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use city::Text;

/// A login that was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// How it was sent, in words.
    pub means: &'static str,
    /// The user's name, if it was there.
    pub user: Option<Text>,
    /// Whether name and password are those that a maker ships its devices with.
    pub is_default: bool,
}

impl Login {
    /// In words, for the reason of a weakness.
    pub fn words(&self) -> Text {
        match &self.user {
            Some(user) => format!("{}, user name {user}", self.means).into(),
            None => Text::const_new(self.means),
        }
    }
}

/// Names and passwords in makers' own manuals, as installers leave them: cameras, recorders, controllers, gateways,
/// printers, power supplies.
const DEFAULTS: &[(&str, &str)] = &[
    ("666666", "666666"),
    ("888888", "888888"),
    ("Admin", "Admin"),
    ("Admin", "admin"),
    ("ADMIN", "ADMIN"),
    ("Administrator", "admin"),
    ("USER", "USER"),
    ("admin", ""),
    ("admin", "1111"),
    ("admin", "111111"),
    ("admin", "1234"),
    ("admin", "12345"),
    ("admin", "123456"),
    ("admin", "4321"),
    ("admin", "9999"),
    ("admin", "Admin"),
    ("admin", "admin"),
    ("admin", "admin123"),
    ("admin", "admin1234"),
    ("admin", "default"),
    ("admin", "meinsm"),
    ("admin", "password"),
    ("admin", "private"),
    ("admin", "system"),
    ("admin", "wago"),
    ("apc", "apc"),
    ("guest", "guest"),
    ("operator", "operator"),
    ("pi", "raspberry"),
    ("root", ""),
    ("root", "admin"),
    ("root", "default"),
    ("root", "pass"),
    ("root", "root"),
    ("root", "system"),
    ("service", "service"),
    ("supervisor", "supervisor"),
    ("tridium", "niagara"),
    ("ubnt", "ubnt"),
    ("user", "user"),
    ("webadmin", "webadmin"),
];

/// Whether a maker ships devices with this name and password.
pub(crate) fn is_default(user: &str, password: &str) -> bool {
    DEFAULTS.contains(&(user, password))
}

/// What a header of authorization says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authorization {
    /// The scheme, in lower case.
    pub scheme: Text,
    /// The user's name, if it can be read.
    pub user: Option<Text>,
    /// The login, if whoever listens could use it.
    pub login: Option<Login>,
}

/// Reads a header of authorization (RFC 9110 clause 11.6.2): Basic (RFC 7617), Digest (RFC 7616), Bearer (RFC 6750).
pub fn parse_authorization(value: &[u8]) -> Option<Authorization> {
    let space = value.iter().position(|byte| *byte == b' ')?;
    let (scheme, rest) = value.split_at_checked(space)?;
    let mut scheme = readable(scheme, 32);
    scheme.make_ascii_lowercase();
    let rest = rest.trim_ascii();
    Some(match scheme.as_str() {
        "basic" => {
            let login = pair(&from_base64(rest)?, "basic authorization");
            Authorization { scheme, user: login.user.clone(), login: Some(login) }
        }
        "bearer" => {
            let login = Login { means: "bearer token", user: None, is_default: false };
            Authorization { scheme, user: None, login: Some(login) }
        }
        "digest" => Authorization { scheme, user: digest_user(rest), login: None },
        _ => Authorization { scheme, user: None, login: None },
    })
}

/// What a header has in base64. Some clients leave the padding away.
pub(super) fn from_base64(base64: &[u8]) -> Option<Vec<u8>> {
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    GeneralPurpose::new(&STANDARD, config).decode(base64).ok()
}

/// A name and a password with a colon between them (RFC 7617 clause 2: only the first counts).
fn pair(decoded: &[u8], means: &'static str) -> Login {
    let text = String::from_utf8_lossy(decoded);
    let (user, password) = text.split_once(':').unwrap_or((&text, ""));
    Login {
        means,
        user: Some(readable(user.as_bytes(), VALUE_BYTES_MAX)),
        is_default: is_default(user, password),
    }
}

fn digest_user(parameters: &[u8]) -> Option<Text> {
    parameters.split(|byte| *byte == b',').find_map(|parameter| {
        let parameter = parameter.trim_ascii();
        let value = parameter.strip_prefix(b"username=")?;
        let value = value.strip_prefix(b"\"").unwrap_or(value);
        let value = value.strip_suffix(b"\"").unwrap_or(value);
        Some(readable(value, VALUE_BYTES_MAX))
    })
}

/// Whether a field of this name holds what must stay secret.
fn is_secret(key: &str) -> bool {
    const WITHIN: [&str; 14] = [
        "accesskey",
        "apikey",
        "authkey",
        "credential",
        "kennwort",
        "motdepasse",
        "passcode",
        "passphrase",
        "passw",
        "passwort",
        "privatekey",
        "pwd",
        "secret",
        "token",
    ];
    const WHOLE: [&str; 15] = [
        "auth",
        "jwt",
        "key",
        "otp",
        "pass",
        "passwd",
        "pin",
        "psk",
        "psw",
        "pw",
        "sessionid",
        "sid",
        "sig",
        "signature",
        "userpass",
    ];
    let key = plain(key);
    WITHIN.iter().any(|part| key.contains(part)) || WHOLE.contains(&key.as_str()) || key.ends_with("pass")
}

/// Whether a secret field is one that a person types in to log in.
fn is_password(key: &str) -> bool {
    let key = plain(key);
    ["kennwort", "motdepasse", "passcode", "passphrase", "passw", "pwd"].iter().any(|part| key.contains(part))
        || ["adminpass", "dbpass", "loginpass", "pass", "pin", "psw", "pw", "userpass"]
            .contains(&key.as_str())
}

fn is_user(key: &str) -> bool {
    const NAMES: [&str; 12] = [
        "account",
        "benutzer",
        "email",
        "login",
        "loginname",
        "name",
        "uid",
        "uname",
        "user",
        "userid",
        "username",
        "usr",
    ];
    NAMES.contains(&plain(key).as_str())
}

/// A field's name in lower case with its letters and digits only.
fn plain(key: &str) -> String {
    key.chars()
        .filter(|character| character.is_ascii_alphanumeric())
        .map(|c| c.to_ascii_lowercase())
        .collect()
}

/// A login among fields with their values.
fn login_among<'f>(fields: impl Iterator<Item = (&'f str, &'f str)>, means: &'static str) -> Option<Login> {
    let (mut user, mut password) = (None, None);
    for (key, value) in fields {
        if is_password(key) {
            password = password.or((!value.is_empty()).then_some(value));
        } else if is_user(key) {
            user = user.or(Some(value));
        }
    }
    let password = password?;
    let is_default = user.is_some_and(|user| is_default(user, password));
    Some(Login { means, user: user.map(|user| readable(user.as_bytes(), VALUE_BYTES_MAX)), is_default })
}

/// A target or an address as it may be shown: the values of secret fields of its query and the password before a host
/// are `***`. Also gives the login that was in it.
pub fn mask(target: &[u8], length: usize) -> (Text, Option<Login>) {
    let text = String::from_utf8_lossy(target);
    let (address, query) = match text.find(['?', '#']).and_then(|at| text.split_at_checked(at)) {
        Some((address, query)) => (address, query),
        None => (text.as_ref(), ""),
    };
    let (mut shown, mut login) = mask_host(address);
    // Some devices put parameters behind a semicolon of the path.
    let (path, parameters) = match shown.find(';').and_then(|at| shown.split_at_checked(at)) {
        Some((path, parameters)) => (path.to_owned(), parameters.to_owned()),
        None => (shown, String::new()),
    };
    shown = path;
    for part in [parameters.as_str(), query] {
        let (masked, found) = mask_fields(part);
        shown.push_str(&masked);
        login = login.or(found);
    }
    (cut(&readable(shown.as_bytes(), length), length), login)
}

/// `http://name:password@host/` (RFC 3986 clause 3.2.1).
fn mask_host(address: &str) -> (String, Option<Login>) {
    let start = address.find("//").map_or(0, |at| at + 2);
    let (scheme, rest) = address.split_at_checked(start).unwrap_or(("", address));
    let end = rest.find('/').unwrap_or(rest.len());
    let (host, path) = rest.split_at_checked(end).unwrap_or((rest, ""));
    match host.rsplit_once('@').and_then(|(user, host)| Some((user.split_once(':')?, user, host))) {
        Some(((name, _), user, host)) if start > 0 => {
            (format!("{scheme}{name}:***@{host}{path}"), Some(pair(decode(user).as_bytes(), "address")))
        }
        _ => (address.to_owned(), None),
    }
}

fn mask_fields(fields: &str) -> (String, Option<Login>) {
    let mut shown = String::with_capacity(fields.len());
    let mut decoded = Vec::new();
    // Each field is kept with the character before it.
    for field in fields.split_inclusive(['?', '&', ';', '#']) {
        let (field, separator) = match field.char_indices().next_back() {
            Some((at, '?' | '&' | ';' | '#')) => field.split_at_checked(at).unwrap_or((field, "")),
            _ => (field, ""),
        };
        match field.split_once('=') {
            Some((key, value)) => {
                let name = decode(key);
                if is_secret(&name) && !value.is_empty() {
                    shown.push_str(key);
                    shown.push_str("=***");
                } else {
                    shown.push_str(field);
                }
                decoded.push((name, decode(value)));
            }
            None => shown.push_str(field),
        }
        shown.push_str(separator);
    }
    let fields = decoded.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    (shown, login_among(fields, "address"))
}

/// A login in the body of a request.
pub fn parse_form(body: &[u8], content_type: &[u8]) -> Option<Login> {
    let text = String::from_utf8_lossy(body);
    let kind = content_type.to_ascii_lowercase();
    let holds = |part: &str| kind.windows(part.len()).any(|window| window == part.as_bytes());
    if holds("json") {
        let fields = json_fields(&text);
        return login_among(
            fields.iter().map(|(key, value)| (key.as_str(), value.as_str())),
            "login in JSON",
        );
    }
    if holds("xml") {
        // WS-Security (OASIS UsernameToken Profile 1.1 clause 3.1), as cameras have it by way of ONVIF.
        let user = text.split("Username>").nth(1).and_then(|rest| rest.split('<').next());
        return text.contains("#PasswordText").then(|| Login {
            means: "WS-Security password text",
            user: user.map(|user| readable(user.as_bytes(), VALUE_BYTES_MAX)),
            is_default: false,
        });
    }
    let fields: Vec<_> = text
        .split('&')
        .filter_map(|field| field.split_once('='))
        .map(|(key, value)| (decode(key), decode(value)))
        .collect();
    login_among(fields.iter().map(|(key, value)| (key.as_str(), value.as_str())), "form")
}

/// Whether a body of this type is looked into.
pub fn may_hold_login(content_type: &[u8]) -> bool {
    let kind = content_type.to_ascii_lowercase();
    ["urlencoded", "json", "xml"]
        .iter()
        .any(|part| kind.windows(part.len()).any(|window| window == part.as_bytes()))
}

/// The fields of JSON whose values are text, at any depth.
fn json_fields(text: &str) -> Vec<(String, String)> {
    let mut fields = Vec::new();
    let mut key: Option<String> = None;
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            '"' => {
                let mut string = String::new();
                while let Some(character) = rest.next().filter(|character| *character != '"') {
                    string.push(if character == '\\' { rest.next().unwrap_or('\\') } else { character });
                }
                while rest.next_if(|character| character.is_whitespace()).is_some() {}
                match key.take() {
                    _ if rest.next_if_eq(&':').is_some() => key = Some(string),
                    Some(key) => fields.push((key, string)),
                    None => {}
                }
            }
            character if character.is_whitespace() => {}
            _ => key = None,
        }
    }
    fields
}

/// Undoes percent encoding, and a plus for a space.
fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, behind @ ..] = rest {
        rest = behind;
        match (first, behind) {
            (b'+', _) => bytes.push(b' '),
            (b'%', [high, low, behind @ ..]) => {
                let digit = |byte: &u8| char::from(*byte).to_digit(16);
                match (digit(high), digit(low)) {
                    (Some(high), Some(low)) => {
                        bytes.push((high << 4 | low) as u8);
                        rest = behind;
                    }
                    _ => bytes.push(b'%'),
                }
            }
            _ => bytes.push(*first),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The realm of a challenge (RFC 9110 clause 11.5).
pub fn realm(value: &[u8]) -> Option<Text> {
    let at = value.windows(7).position(|window| window.eq_ignore_ascii_case(b"realm=\""))?;
    let quoted = value.get(at + 7..)?;
    Some(readable(quoted.split(|byte| *byte == b'"').next()?, VALUE_BYTES_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_basic_login_is_known_by_its_user_only() {
        // operator:s3cret
        let authorization = parse_authorization(b"Basic b3BlcmF0b3I6czNjcmV0").unwrap();
        assert_eq!(authorization.user.as_deref(), Some("operator"));
        let login = authorization.login.unwrap();
        assert_eq!(login.words(), "basic authorization, user name operator");
        assert!(!login.is_default && !format!("{login:?}").contains("s3cret"));
        // admin:admin, without padding
        assert!(parse_authorization(b"basic YWRtaW46YWRtaW4").unwrap().login.unwrap().is_default);
        let digest = parse_authorization(b"Digest realm=\"x\", username=\"guard\", response=\"00\"").unwrap();
        assert_eq!((digest.user.as_deref(), digest.login), (Some("guard"), None));
    }

    #[test]
    fn secrets_in_an_address_are_masked() {
        for (target, shown, user) in [
            ("/login?user=guard&password=hunter2&x=1", "/login?user=guard&password=***&x=1", Some("guard")),
            ("/a?pass%77ord=hunter2", "/a?pass%77ord=***", None),
            (
                "http://guard:hunter2@cam.example/v?x=hunted",
                "http://guard:***@cam.example/v?x=hunted",
                Some("guard"),
            ),
            ("/v;usr=guard;pwd=hunter2?y", "/v;usr=guard;pwd=***?y", Some("guard")),
            ("/v?api_key=hunter2", "/v?api_key=***", None),
            ("/v#access_token=hunter2", "/v#access_token=***", None),
        ] {
            let (masked, login) = mask(target.as_bytes(), 300);
            assert_eq!(masked, shown);
            assert!(!masked.contains("hunter2"));
            assert_eq!(login.and_then(|login| login.user).as_deref(), user, "{target}");
        }
        // Rather too much is masked than too little, but a compass is no login.
        assert_eq!(mask(b"/plain?compass=north", 300), ("/plain?compass=***".into(), None));
    }

    #[test]
    fn logins_are_found_in_forms() {
        let form = parse_form(b"uname=root&pwd=pass", b"application/x-www-form-urlencoded").unwrap();
        assert!(form.is_default);
        let json =
            parse_form(br#"{"a": {"username" : "guard", "n": 1, "password":"x\"y"}}"#, b"application/json")
                .unwrap();
        assert_eq!((json.user.as_deref(), json.means), (Some("guard"), "login in JSON"));
        let soap = b"<w:Username>guard</w:Username><w:Password Type=\"http://x#PasswordText\">x</w:Password>";
        assert_eq!(parse_form(soap, b"application/soap+xml").unwrap().user.as_deref(), Some("guard"));
        assert_eq!(parse_form(b"a=b&passwords_allowed=", b"application/x-www-form-urlencoded"), None);
        assert_eq!(parse_form(br#"{"password": null}"#, b"application/json"), None);
    }
}
