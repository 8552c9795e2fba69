//! What a case itself changed in the peer's logs: columns, rows or whole logs that the peer writes only because the case
//! asks for it, so that they say nothing about us.
//!
//! Every entry has a word that stands in the case: in the arguments with which the peer was run, in the name of the
//! test it comes from, or the number of lines of its script. What the peer writes when nobody asks is in its public
//! documentation (docs.zeek.org); the reason names what was asked for. What is set apart is counted and printed.

use crate::{cases::Case, expected_log::Row};

/// What is set apart.
#[derive(Clone, Copy, Debug)]
enum Part {
    /// The log.
    Whole,
    /// These columns.
    Columns(&'static [&'static str]),
    /// The rows that have one of these values in a column.
    Rows(&'static str, &'static [&'static str]),
}

/// One entry: a part of the case's name, the log, what is set apart, what shows it, and why.
type Entry = (&'static str, &'static str, Part, &'static str, &'static str);

/// Commands that are not among `FTP::logged_commands`, whose default is APPE, DELE, RETR, STOR, STOU, ACCT, PORT, PASV,
/// EPRT and EPSV.
const UNASKED: Part = Part::Rows("command", &["<init>", "AUTH", "PASS", "SYST", "USER"]);

const ENTRIES: &[Entry] = &[
    ("capture-loss", "capture_loss", Part::Whole, "policy/misc", "a script that is not loaded by default"),
    ("capture-loss", "notice", Part::Whole, "policy/misc", "the same script"),
    (
        "certificate-request-info",
        "ssl",
        Part::Columns(&["requested_client_certificate_authorities"]),
        "policy/protocols/ssl/certificate-request-info",
        "a column of that script",
    ),
    (
        "detect-bruteforcing",
        "notice",
        Part::Whole,
        "policy/protocols/ssh",
        "a script that is not loaded by default",
    ),
    ("event-caching", "x509", Part::Whole, "7 lines", "the script writes rows of its own into the log"),
    (
        "expected-data-channel-cap",
        "weird",
        Part::Rows("name", &["FTP_too_many_expected_data_channels"]),
        "policy/protocols/ftp",
        "the bound of 499 is the script's",
    ),
    ("ftp-auth-tls", "ftp", UNASKED, "4 lines", "more commands are logged than by default"),
    (
        "ftp-max-arg-length",
        "ftp",
        Part::Columns(&["arg", "reply_msg"]),
        "5 lines",
        "arguments are cut at 13 and replies at 17 bytes; the default is 4096",
    ),
    ("ftp-max-arg-length", "ftp", UNASKED, "5 lines", "more commands are logged than by default"),
    ("ftp-max-arg-length", "weird", Part::Whole, "5 lines", "the same bounds"),
    ("ftp-max-pending-commands", "ftp", Part::Whole, "12 lines", "a bound of 5 commands; the default is 20"),
    ("ftp-max-pending-commands", "weird", Part::Whole, "12 lines", "the same bound"),
    (
        "ftp-max-user-length",
        "ftp",
        Part::Columns(&["user"]),
        "5 lines",
        "names are cut at 4 bytes; the default is 128",
    ),
    ("ftp-max-user-length", "weird", Part::Whole, "5 lines", "the same bound"),
    ("ftp-missing-", "ftp", UNASKED, "3 lines", "more commands are logged than by default"),
    ("ftp-multiline-reply", "ftp", UNASKED, "6 lines", "more commands are logged than by default"),
    (
        "gre-aruba-amsdu",
        "conn",
        Part::Whole,
        "-b",
        "run bare, the peer knows no server's ports, and takes who spoke first for the client",
    ),
    ("gre-in-gre-min-depth", "weird", Part::Whole, "Tunnel::max_depth=1", "a depth of 1; the default is 2"),
    (
        "http-basic-auth-colon",
        "http",
        Part::Columns(&["password"]),
        "2 lines",
        "HTTP::default_capture_password is F by default",
    ),
    (
        "inner_teredo",
        "conn",
        Part::Columns(&["service"]),
        "Tunnel::delay_teredo_confirmation=F",
        "Teredo counts at once; by default it is waited for",
    ),
    (
        "invalid-content-length",
        "sip",
        Part::Whole,
        "2 lines",
        "the test cut the columns out of the log, and left a line for their names",
    ),
    (
        "log-hostcerts-only",
        "x509",
        Part::Whole,
        "policy/protocols/ssl/log-hostcerts-only",
        "the script leaves out the certificates of who signed",
    ),
    (
        "max-kexinit-algorithms",
        "conn",
        Part::Whole,
        "9 lines",
        "bounds of 101 to 106 names make the peer give up",
    ),
    ("max-kexinit-algorithms", "weird", Part::Whole, "9 lines", "the same bounds"),
    (
        "mqtt-payload-cap",
        "mqtt_publish",
        Part::Columns(&["payload"]),
        "2 lines",
        "payloads are cut sooner than at 100",
    ),
    ("pending-messages-exceeded", "weird", Part::Whole, "1 lines", "a bound of 5; the default is 100"),
    ("pending-searches-exceeded", "weird", Part::Whole, "1 lines", "a bound of 5; the default is 100"),
    ("snap-cdp", "unknown_protocols", Part::Whole, "1 lines", "the log of policy/misc/unknown-protocols"),
    (
        "teredo-known-services",
        "known_services",
        Part::Rows("port_num", &["1576", "1577"]),
        "-b",
        "run bare, the peer knows no server's ports, and takes clients that are heard to close for servers",
    ),
    (
        "unknown-ip-protocol",
        "unknown_protocols",
        Part::Whole,
        "3 lines",
        "the log of policy/misc/unknown-protocols",
    ),
    (
        "validate-certs",
        "ssl",
        Part::Columns(&["validation_status"]),
        "policy/protocols/ssl/validate-certs",
        "a column of that script, with its list of whom to trust",
    ),
    (
        "vlan-logging",
        "conn",
        Part::Columns(&["vlan", "inner_vlan", "service"]),
        "policy/protocols/conn/vlan-logging",
        "columns of that script; that BACnet is spoken only ICSNPP's parser knows",
    ),
    (
        "wstunnel-ssh-configure-break",
        "conn",
        Part::Columns(&["service"]),
        "17 lines",
        "the script takes the analyser of WebSocket away",
    ),
    (
        "wstunnel-ssh-configure-wrong",
        "conn",
        Part::Columns(&["service"]),
        "9 lines",
        "the script has the peer take what is within for something else",
    ),
    (
        "wstunnel-ssh-disabled",
        "conn",
        Part::Columns(&["service"]),
        "6 lines",
        "the script switches the analyser of WebSocket off",
    ),
    (
        "x509.files",
        "files",
        Part::Whole,
        "13 lines",
        "X509::log_x509_in_files_log is F by default, and so is hashing",
    ),
];

/// What was set apart of one log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    pub rows: usize,
    pub columns: usize,
}

impl std::ops::AddAssign for Count {
    fn add_assign(&mut self, other: Count) {
        self.rows += other.rows;
        self.columns += other.columns;
    }
}

/// Takes what a case changed out of the peer's rows and ours.
pub fn set_apart(
    case: &Case,
    log: &str,
    columns: &mut Vec<&str>,
    expected: &mut Vec<Row>,
    ours: &mut Vec<Row>,
) -> Count {
    let mut count = Count::default();
    let entries = ENTRIES
        .iter()
        .filter(|(part, name, ..)| case.suite == "zeek" && case.name.contains(part) && *name == log);
    for (part, _, what, shown_by, why) in entries {
        assert!(
            case.origin().contains(shown_by),
            "{}: `{shown_by}` does not stand in the case, so that `{part}` ({why}) is not shown: {}",
            case.name,
            case.origin()
        );
        let before = (expected.len(), columns.len());
        match what {
            Part::Whole => {
                expected.clear();
                ours.clear();
            }
            Part::Columns(names) => columns.retain(|column| !names.contains(column)),
            Part::Rows(column, values) => {
                let is_apart =
                    |row: &Row| row.get(*column).is_some_and(|value| values.contains(&value.as_str()));
                expected.retain(|row| !is_apart(row));
                ours.retain(|row| !is_apart(row));
            }
        }
        count += Count { rows: before.0 - expected.len(), columns: before.1 - columns.len() };
    }
    count
}

#[test]
fn entries_are_in_order() {
    assert!(ENTRIES.is_sorted_by_key(|(part, log, ..)| (*part, *log)));
}
