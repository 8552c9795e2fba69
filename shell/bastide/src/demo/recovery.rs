//! The demo's backups and drills: real ones, of what can be had on any machine.
//!
//! Nobody who tries the demo has Averbourne's machines. What the network core comes back from, and Bastide itself, is had
//! all the same: configurations that the demo writes stand for what the core switch, the firewall and the name server
//! would give. They are backed up, restored and checked by the same code as a city's. Everything else in the plan stays
//! untried, and the pages say so.

use crate::{
    arguments::State,
    failure::warn,
    recovery::{
        self,
        arguments::{Form, Of},
    },
};
use plan::SourceFile;
use std::{
    fs::{DirBuilder, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

/// The folder within the store's scratch folder, which Bastide's backup of itself leaves out: it would hold itself.
const FOLDER: &str = "averbourne";

/// The backups that can be had here.
const BACKUPS: [&str; 4] = ["core-switch", "firewall", "names", "bastide"];

/// The repository that can be had here.
const REPOSITORY: &str = "store";

/// The services whose backups, and those of all that they need, can be had here.
const SERVICES: [&str; 2] = ["network-core", "operations"];

/// How often it is looked whether a backup is due.
const LOOK_EVERY: Duration = Duration::from_secs(60);

const CORE_SWITCH: &str = "hostname core\n!\nvlan 10 name core\nvlan 20 name control-centre\n!\n\
                           interface vlan 10\n ip address 192.0.2.1/28\n!\nend\n";

const FIREWALL: &str = "permit office to internet tls\npermit management to edge ssh\ndeny any to any\n";

const HOSTS: &str = "127.0.0.1 localhost\n192.0.2.2 dns-1.averbourne.example\n\
                     192.0.2.21 alarm-server.averbourne.example\n";

/// Where the demo keeps what it backs up, and to where.
pub(super) struct Here {
    state: PathBuf,
    folder: PathBuf,
}

impl Here {
    /// Within a state directory.
    pub(super) fn new(state: &Path) -> io::Result<Here> {
        let state = std::path::absolute(state)?;
        let folder = state.join(store::SCRATCH).join(FOLDER);
        Ok(Here { state, folder })
    }

    /// The plan with what can be had here read from here. None if it cannot be written so, as where the path is not
    /// UTF-8.
    pub(super) fn plan(&self, files: &[(&str, &str)]) -> Option<Vec<SourceFile>> {
        files
            .iter()
            .map(|(path, text)| {
                let text = if *path == "recovery.toml" { self.moved(text)? } else { (*text).to_owned() };
                Some(SourceFile::new(*path, text))
            })
            .collect()
    }

    fn moved(&self, text: &str) -> Option<String> {
        let path = |name: &str| Some(self.folder.join(name).to_str()?.to_owned());
        // A string of JSON is one of TOML.
        let quoted = |text: String| serde_json::to_string(&text).ok();
        let hosts = path("machines/dns-1/etc/hosts")?;
        let moves = [
            (
                "at = \"/srv/backups/averbourne\"\nkey = \"file:/etc/bastide/keys/store\"",
                format!(
                    "at = {}\nkey = {}",
                    quoted(path("repository")?)?,
                    quoted(format!("file:{}", path("key")?))?
                ),
            ),
            (
                "ssh = \"backup@192.0.2.1\"\nremote-command = \"show running-config\"\nlogin = \
                 \"file:/etc/bastide/keys/core-switch-login\"",
                format!("command = [\"cat\", {}]", quoted(path("machines/core-switch")?)?),
            ),
            (
                "ssh = \"backup@198.51.100.242\"\nremote-command = \"show configuration\"\nlogin = \
                 \"file:/etc/bastide/keys/firewall-login\"",
                format!("command = [\"cat\", {}]", quoted(path("machines/firewall")?)?),
            ),
            (
                "ssh = \"backup@192.0.2.2\"\nfiles = [\"/etc/dnsmasq.conf\", \"/etc/dnsmasq.d\", \"/etc/hosts\", \
                 \"/var/lib/misc/dnsmasq.leases\"]\nlogin = \"file:/etc/bastide/keys/servers-login\"",
                format!("folders = [{}]", quoted(path("machines/dns-1/etc")?)?),
            ),
            ("file = \"etc/hosts\"", format!("file = {}", quoted(hosts.trim_start_matches('/').to_owned())?)),
        ];
        moves.iter().try_fold(text.to_owned(), |text, (from, to)| {
            text.contains(from).then(|| text.replacen(from, to, 1))
        })
    }

    /// Makes backups and drills from now on, beside everything else.
    pub(super) fn begin(self, plan: Vec<SourceFile>) {
        let run = move || {
            if let Err(error) = self.run(&plan) {
                warn(format_args!("the demo makes no backups: {error:#}"));
            }
        };
        if let Err(error) = thread::Builder::new().name("recovery".into()).spawn(run) {
            warn(format_args!("the demo makes no backups: {error}"));
        }
    }

    fn run(&self, plan: &[SourceFile]) -> anyhow::Result<()> {
        self.furnish(plan)?;
        let of =
            Of { city: self.folder.join("plan"), state: State::of(self.state.clone()), format: Form::Table };
        recovery::make_repository(REPOSITORY, &of)?;
        let backups = BACKUPS.map(str::to_owned);
        let into = [REPOSITORY.to_owned()];
        recovery::make_due(&backups, &into, &of)?;
        recovery::hold_drills(&SERVICES, &of)?;
        loop {
            thread::sleep(LOOK_EVERY);
            recovery::make_due(&backups, &into, &of)?;
        }
    }

    /// Writes the plan, what stands for the machines, and a key that nobody else has.
    fn furnish(&self, plan: &[SourceFile]) -> anyhow::Result<()> {
        let key = format!("{:016x}{:016x}\n", getrandom::u64()?, getrandom::u64()?);
        write(&self.folder.join("key"), &key)?;
        write(&self.folder.join("machines/core-switch"), CORE_SWITCH)?;
        write(&self.folder.join("machines/firewall"), FIREWALL)?;
        write(&self.folder.join("machines/dns-1/etc/hosts"), HOSTS)?;
        for file in plan {
            write(&self.folder.join("plan").join(file.path()), file.text())?;
        }
        Ok(())
    }
}

/// Writes a file that only this user reads.
fn write(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::averbourne;
    use city::Source;

    #[test]
    fn what_can_be_had_here_is_read_from_here_and_the_rest_from_where_it_was() {
        let here = Here::new(Path::new("/srv/ada lovell/\"state\"")).unwrap();
        let files = here.plan(averbourne::PLAN).unwrap();
        let plan = plan::check(&files).plan.unwrap();
        let local = plan
            .backups()
            .filter(|backup| !matches!(backup.source, Source::Ssh { .. } | Source::Http(_)))
            .filter(|backup| !matches!(backup.source, Source::Postgresql(_) | Source::Mariadb(_)))
            .map(|backup| backup.id.as_str());
        let mut local: Vec<&str> = local.collect();
        local.sort_unstable();
        let mut meant = BACKUPS;
        meant.sort_unstable();
        assert_eq!(local, meant);
        let at = plan.repositories().find(|repository| repository.id.as_str() == REPOSITORY).unwrap();
        assert!(at.at.to_string().starts_with("/srv/ada lovell/\"state\"/scratch/averbourne/"));
    }
}
