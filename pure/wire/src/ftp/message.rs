//! What the standards say: commands and what they do.

use city::Verb;

/// What a command asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asks {
    /// Something of the server, with a path or without.
    Of(Verb),
    /// To prove who asks: `PASS`, `ACCT`.
    Proof,
    /// Who asks: `USER`.
    User,
    /// TLS or another protection: `AUTH`.
    Protection,
    /// Something of the connection alone.
    Nothing,
    /// Nobody defined it.
    Unknown,
}

/// What a command asks for (RFC 959 clause 4.1, RFC 2228, RFC 2389, RFC 2428, RFC 3659, RFC 7151).
pub(super) fn asks(command: &[u8]) -> Asks {
    match command {
        b"USER" => Asks::User,
        b"PASS" | b"ACCT" => Asks::Proof,
        b"AUTH" => Asks::Protection,
        b"RETR" | b"STOR" | b"STOU" | b"APPE" => Asks::Of(Verb::Transfer),
        b"DELE" | b"MFMT" | b"MKD" | b"RMD" | b"RNFR" | b"RNTO" | b"XMKD" | b"XRMD" => Asks::Of(Verb::Write),
        b"SITE" => Asks::Of(Verb::Configure),
        b"FEAT" | b"HELP" | b"LIST" | b"MDTM" | b"MLSD" | b"MLST" | b"NLST" | b"SIZE" | b"STAT" | b"SYST" => {
            Asks::Of(Verb::Discover)
        }
        b"ABOR" | b"ADAT" | b"ALLO" | b"CCC" | b"CDUP" | b"CLNT" | b"CWD" | b"EPRT" | b"EPSV" | b"HOST"
        | b"LANG" | b"MODE" | b"NOOP" | b"OPTS" | b"PASV" | b"PBSZ" | b"PORT" | b"PROT" | b"PWD"
        | b"QUIT" | b"REIN" | b"REST" | b"SMNT" | b"STRU" | b"TYPE" | b"XCUP" | b"XCWD" | b"XPWD" => {
            Asks::Nothing
        }
        _ => Asks::Unknown,
    }
}

/// Whether what follows a command is a path.
pub(super) fn has_path(command: &[u8]) -> bool {
    matches!(
        command,
        b"APPE"
            | b"DELE"
            | b"LIST"
            | b"MDTM"
            | b"MKD"
            | b"MLSD"
            | b"MLST"
            | b"NLST"
            | b"RETR"
            | b"RMD"
            | b"RNFR"
            | b"RNTO"
            | b"SIZE"
            | b"STOR"
            | b"STOU"
            | b"XMKD"
            | b"XRMD"
    )
}

/// The commands of which Zeek writes rows if nobody says otherwise.
pub(super) fn is_logged(command: &[u8]) -> bool {
    matches!(
        command,
        b"ACCT" | b"APPE" | b"DELE" | b"EPRT" | b"EPSV" | b"PASV" | b"PORT" | b"RETR" | b"STOR" | b"STOU"
    )
}

/// The protections that `AUTH` can ask for (RFC 4217 clause 4, RFC 2228); what else follows it is not shown.
pub(super) fn protection(name: &[u8]) -> Option<&'static str> {
    Some(match name.to_ascii_uppercase().as_slice() {
        b"TLS" => "TLS",
        b"TLS-C" => "TLS-C",
        b"TLS-P" => "TLS-P",
        b"SSL" => "SSL",
        b"GSSAPI" => "GSSAPI",
        b"KERBEROS_V4" => "KERBEROS_V4",
        _ => return None,
    })
}

/// Names by which one logs in without naming oneself (RFC 1635).
pub(super) fn is_guest(user: &str) -> bool {
    ["anonymous", "ftp", "ftpuser", "guest"].iter().any(|guest| guest.eq_ignore_ascii_case(user))
}

/// Words with which clients begin and others do not.
const OPENING: [&[u8]; 4] = [b"USER", b"AUTH", b"FEAT", b"CLNT"];

/// Whether a client begins so.
pub(super) fn opens(command: &[u8], rest: &[u8]) -> bool {
    match command {
        b"AUTH" => protection(rest).is_some(),
        command => OPENING.contains(&command),
    }
}

/// Whether this may become a client's first line.
pub(super) fn may_open(bytes: &[u8]) -> bool {
    let word = bytes.split(|byte| *byte == b' ').next().unwrap_or_default().to_ascii_uppercase();
    OPENING.iter().any(|opening| opening.starts_with(&word))
}
