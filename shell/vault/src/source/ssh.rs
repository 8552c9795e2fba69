//! Files of another machine over SFTP, or what a command prints there, with the programs of OpenSSH.
//!
//! The host must show a key that is known, and we must have a key that it knows: no password is ever sent. Nothing of
//! ours is forwarded, and no connection of the operator's is shared.

use super::{Context, SourceError};
use crate::program::{self, Bounds, Input, Output, ProgramError};
use city::{Backup, SecretReference, Text};
use std::{
    fs, io,
    io::Write as _,
    path::{Component, Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// What is asked of a host.
pub(super) struct Asked<'a> {
    pub(super) host: &'a str,
    pub(super) files: &'a [Text],
    pub(super) command: Option<&'a str>,
}

/// How a host is reached.
#[derive(Debug, PartialEq, Eq)]
struct Host<'a> {
    user: Option<&'a str>,
    name: &'a str,
    port: u16,
}

impl<'a> Host<'a> {
    /// `name@host`, `name@host:port`, `name@[2001:db8::1]:port`.
    fn parse(text: &'a str) -> Result<Host<'a>, &'static str> {
        const FORM: &str = "write it as `name@host` or `name@host:port`";
        let (user, rest) = text.rsplit_once('@').map_or((None, text), |(user, rest)| (Some(user), rest));
        let (name, port) = match rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((name, port)) => (name, port.strip_prefix(':')),
            // More than one colon is an IPv6 address without brackets.
            None if rest.matches(':').count() == 1 => {
                rest.split_once(':').map_or((rest, None), |(name, port)| (name, Some(port)))
            }
            None => (rest, None),
        };
        let port = port.map_or(Ok(22), str::parse).map_err(|_| "its port is not a number up to 65535")?;
        let is_plain = |part: &str| {
            !part.is_empty()
                && !part.starts_with('-')
                && !part.contains(|c: char| c.is_whitespace() || c.is_control())
        };
        if !is_plain(name) || !user.is_none_or(is_plain) {
            return Err(FORM);
        }
        Ok(Host { user, name, port })
    }

    /// How `known_hosts` calls it.
    fn known_as(&self) -> String {
        if self.port == 22 { self.name.to_owned() } else { format!("'[{}]:{}'", self.name, self.port) }
    }
}

/// What both programs are told.
const OPTIONS: &[&str] = &[
    "BatchMode=yes",
    "StrictHostKeyChecking=yes",
    "UpdateHostKeys=no",
    "PreferredAuthentications=publickey",
    "PasswordAuthentication=no",
    "KbdInteractiveAuthentication=no",
    "ConnectTimeout=20",
    "ServerAliveInterval=15",
    "ServerAliveCountMax=4",
    "ClearAllForwardings=yes",
    "ForwardAgent=no",
    "ForwardX11=no",
    "PermitLocalCommand=no",
    "ControlMaster=no",
    "ControlPath=none",
];

/// Fetches the files, or what the command prints, into a folder. Files lie there by their full paths.
pub(super) fn gather(
    backup: &Backup,
    asked: &Asked,
    into: &Path,
    context: &Context,
) -> Result<(), SourceError> {
    let declared = |why: &str| SourceError::Declared { what: asked.host.to_owned(), why: why.to_owned() };
    let host = Host::parse(asked.host).map_err(declared)?;
    let key = Key::of(backup, context)?;
    let mut total = context.bounds;
    if let Some(command) = asked.command {
        let mut ssh = program::command(&program::need("ssh", "openssh-client")?);
        options(&mut ssh, &key, context);
        ssh.args(["-n", "-T", "-p"]).arg(host.port.to_string());
        if let Some(user) = host.user {
            ssh.arg("-l").arg(user);
        }
        ssh.args(["--", host.name, command]);
        let file = into.join(format!("{}.out", backup.id));
        let ran = program::run("ssh", &mut ssh, &Input::Nothing, Output::File(&file), context.bounds);
        let ran = ran.map_err(|error| explain(error, asked.host, &host))?;
        if ran.bytes == 0 {
            let why = format!("`{command}` printed nothing");
            return Err(SourceError::NotWhole { what: asked.host.to_owned(), why });
        }
        total.bytes = total.bytes.saturating_sub(ran.bytes);
    }
    if !asked.files.is_empty() {
        let batch = batch(asked.files, into).map_err(|why| declared(&why))?;
        let mut sftp = program::command(&program::need("sftp", "openssh-client")?);
        options(&mut sftp, &key, context);
        sftp.args(["-b", "-", "-P"]).arg(host.port.to_string()).arg("--");
        let bracketed =
            if host.name.contains(':') { format!("[{}]", host.name) } else { host.name.to_owned() };
        sftp.arg(host.user.map_or(bracketed.clone(), |user| format!("{user}@{bracketed}")));
        let input = Input::Bytes(batch.as_bytes());
        let mut growth = Growth::new(into, total);
        // What it prints is its own batch, line by line.
        let talk = Bounds { bytes: 64 << 20, ..total };
        program::run_watched("sftp", &mut sftp, &input, Output::Lines, talk, || growth.look())
            .map_err(|error| explain(error, asked.host, &host))?;
        growth.measure()?;
        for file in asked.files {
            let path = place_of(file, into).map_err(|why| declared(&why))?;
            if let Err(cause) = fs::symlink_metadata(&path) {
                let why = format!("`{file}` did not arrive: {cause}");
                return Err(SourceError::NotWhole { what: asked.host.to_owned(), why });
            }
        }
    }
    Ok(())
}

fn options(command: &mut Command, key: &Key, context: &Context) {
    for option in OPTIONS {
        command.arg("-o").arg(option);
    }
    if let Some(path) = key.path() {
        command.arg("-o").arg("IdentitiesOnly=yes").arg("-i").arg(path);
    }
    if let Some(path) = context.known_hosts {
        // As in a configuration file, a name with blanks in it stands in quotes.
        command.arg("-o").arg(format!("UserKnownHostsFile=\"{}\"", path.display()));
        command.arg("-o").arg("GlobalKnownHostsFile=/dev/null");
    }
}

/// The private key that we show: none of ours if the operator's own are to be tried.
enum Key {
    Operators,
    File(PathBuf),
    /// From a variable; in a file for as long as it is needed, beside what is gathered and not within it.
    Written(TempDir),
}

impl Key {
    const NAME: &str = "key";

    fn of(backup: &Backup, context: &Context) -> Result<Key, SourceError> {
        let refused = |why: &str| SourceError::Login { backup: backup.id.to_string(), why: why.to_owned() };
        match (&backup.login, context.login) {
            (None, _) => Ok(Key::Operators),
            (Some(SecretReference::File(path)), _) => {
                let path = PathBuf::from(path.as_str());
                match fs::metadata(&path) {
                    Ok(_) => Ok(Key::File(path)),
                    Err(cause) => Err(SourceError::Unreadable { path, cause }),
                }
            }
            (Some(SecretReference::Variable(_)), Some(key)) if key.contains("PRIVATE KEY-----") => {
                let folder = context.scratch.folder("key-")?;
                let path = folder.path().join(Key::NAME);
                let write = program::new_private_file(&path)
                    .and_then(|mut file| write!(file, "{}\n", key.trim_end()));
                write.map_err(super::not_kept(&path))?;
                Ok(Key::Written(folder))
            }
            (Some(SecretReference::Variable(_)), _) => Err(refused(
                "it is not a private key; a login over SSH is the file of a private key, or a variable that holds \
                 one: passwords are not sent",
            )),
        }
    }

    fn path(&self) -> Option<PathBuf> {
        match self {
            Key::Operators => None,
            Key::File(path) => Some(path.clone()),
            Key::Written(folder) => Some(folder.path().join(Key::NAME)),
        }
    }
}

/// Where a file of the host lies within what is gathered.
fn place_of(file: &str, into: &Path) -> Result<PathBuf, String> {
    let mut place = into.to_path_buf();
    for part in Path::new(file).components() {
        match part {
            Component::Normal(name) => place.push(name),
            Component::RootDir | Component::CurDir => {}
            Component::ParentDir | Component::Prefix(_) => {
                return Err(format!("`{file}` leads upwards; give its full path"));
            }
        }
    }
    if place == into { Err(format!("`{file}` is everything; name what is wanted")) } else { Ok(place) }
}

/// The batch that fetches files, each into its place. Their folders are made.
fn batch(files: &[Text], into: &Path) -> Result<String, String> {
    let mut batch = String::new();
    for file in files {
        if file.contains(char::is_control) {
            return Err("a name in it has a character that moves the cursor".to_owned());
        }
        let place = place_of(file, into)?;
        // What lies within another one comes with it.
        if files
            .iter()
            .any(|other| place_of(other, into).is_ok_and(|other| other != place && place.starts_with(other)))
        {
            continue;
        }
        let folder = place.parent().unwrap_or(into);
        fs::create_dir_all(folder)
            .map_err(|cause| format!("could not make `{}`: {cause}", folder.display()))?;
        // Without a mark before it, a line's failure ends the batch, and the program says which.
        let from = quoted(file.trim_end_matches('/'));
        batch.push_str(&format!("get -R -p {from} {}\n", quoted(&place.to_string_lossy())));
    }
    Ok(batch)
}

/// A name as `sftp(1)` reads it: within quotes, what would be a pattern stands for itself.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Looks now and then how much has arrived.
struct Growth<'a> {
    into: &'a Path,
    bounds: Bounds,
    next: Instant,
}

impl Growth<'_> {
    fn new(into: &Path, bounds: Bounds) -> Growth<'_> {
        Growth { into, bounds, next: Instant::now() + Duration::from_secs(1) }
    }

    fn look(&mut self) -> Result<(), ProgramError> {
        let begin = Instant::now();
        if begin < self.next {
            return Ok(());
        }
        self.measure()?;
        // Looking at many files takes a while; it may take a tenth of the time.
        self.next = Instant::now() + Duration::from_secs(1) + begin.elapsed() * 9;
        Ok(())
    }

    fn measure(&self) -> Result<(), ProgramError> {
        let bytes = size_of(self.into).unwrap_or(0);
        if bytes <= self.bounds.bytes {
            return Ok(());
        }
        Err(ProgramError::TooLarge { program: "sftp".to_owned(), limit: self.bounds.bytes })
    }
}

fn size_of(folder: &Path) -> io::Result<u64> {
    let mut total = 0;
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let metadata = entry.metadata()?;
            if metadata.is_dir() {
                folders.push(entry.path());
            } else {
                total += metadata.len();
            }
        }
    }
    Ok(total)
}

/// What the program said of the host's key, in our words and with what to do.
fn explain(error: ProgramError, asked: &str, host: &Host) -> SourceError {
    if let ProgramError::Failed { said, .. } = &error {
        if said.contains("has changed and you have requested strict checking") {
            return SourceError::HostKeyChanged { host: asked.to_owned(), known_as: host.known_as() };
        }
        if said.contains("Host key verification failed") || said.contains("host key is known for") {
            let name = host.name.to_owned();
            return SourceError::HostKeyUnknown { host: asked.to_owned(), name, port: host.port };
        }
    }
    error.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_read_as_the_plan_writes_them() {
        let host = Host::parse("backup@192.0.2.7:2222").unwrap();
        assert_eq!(host, Host { user: Some("backup"), name: "192.0.2.7", port: 2222 });
        assert_eq!(host.known_as(), "'[192.0.2.7]:2222'");
        assert_eq!(Host::parse("backup@[2001:db8::7]:22").unwrap().name, "2001:db8::7");
        assert_eq!(Host::parse("backup@2001:db8::7").unwrap().known_as(), "2001:db8::7");
        for text in ["backup@", "-oProxyCommand=x", "a@-b", "a b@c", "a@b:99999"] {
            assert!(Host::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn files_lie_by_their_full_paths_and_never_outside() {
        let into = Path::new("/scratch");
        assert_eq!(
            place_of("/etc/bind/named.conf", into).unwrap(),
            Path::new("/scratch/etc/bind/named.conf")
        );
        assert!(place_of("/etc/../../root", into).is_err() && place_of("/", into).is_err());
    }

    #[test]
    fn names_are_quoted_for_sftp() {
        assert_eq!(quoted("/a b/\"c\""), r#""/a b/\"c\"""#);
        assert_eq!(quoted("/a*\\b"), r#""/a*\\b""#);
    }
}
