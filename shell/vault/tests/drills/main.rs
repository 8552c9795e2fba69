//! Drills and restorations of a small town's services, from real databases and real repositories.
#![cfg(test)]

#[path = "../parts/mod.rs"]
mod parts;

mod killed;
mod restoring;
mod trying;

use city::{Drill, DrillStep, RepositoryId, ServiceId};
use jiff::Timestamp;
use plan::{Plan, SourceFile};
use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};
use vault::{Bounds, Context, Drilling, Isolation, Scratch, SnapshotInfo, Vault, stage};

const PASSWORD: &str = "seven blue herons";

/// A town with data, repositories in two folders, and a plan.
struct Town {
    folder: tempfile::TempDir,
    plan: Plan,
}

/// Nothing is spoilt.
fn all_clean(_: &RepositoryId, _: &SnapshotInfo) -> Option<String> {
    None
}

fn time(second: i64) -> Timestamp {
    // 2026-01-02T03:00:00Z.
    Timestamp::from_second(1_767_322_800 + second).unwrap()
}

impl Town {
    /// A town whose plan has these backups and checks. In the text, `TOWN` stands for its folder.
    fn new(text: &str) -> Town {
        let folder = tempfile::Builder::new().prefix("town-").tempdir_in("/tmp").unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("key"), "two grey geese\n").unwrap();
        fs::set_permissions(at("key"), fs::Permissions::from_mode(0o600)).unwrap();
        fs::create_dir_all(at("web/static")).unwrap();
        fs::write(at("web/index.html"), "<p>Telecare answers</p>\n").unwrap();
        fs::write(at("web/homes.csv"), "home,street\n1,Mill Lane\n2,Weir\n").unwrap();
        let text = format!("{PLAN}{text}").replace("TOWN", folder.path().to_str().unwrap());
        let checked = plan::check(&[SourceFile::new("city.toml", text)]);
        let plan = checked.plan.unwrap_or_else(|| panic!("{:#?}", checked.diagnostics));
        for repository in plan.repositories() {
            Vault::init(repository).unwrap();
        }
        Town { folder, plan }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn vault(&self, repository: &str) -> Vault {
        Vault::open(self.plan.repository(&repository.parse().unwrap()).unwrap()).unwrap()
    }

    /// Makes every backup into each of its repositories.
    fn back_up(&self, at: Timestamp) {
        let scratch = Scratch::new(&self.at("scratch")).unwrap();
        for backup in self.plan.backups() {
            let (plan, state) = (self.folder.path(), self.folder.path());
            let context = Context {
                scratch: &scratch,
                login: backup.login.as_ref().map(|_| PASSWORD),
                plan,
                state,
                known_hosts: None,
                bounds: Bounds::within(Duration::from_secs(120), 1 << 30),
            };
            let staged = stage(backup, &context).unwrap();
            for repository in &backup.to {
                self.vault(repository.as_str()).backup(&backup.id, &staged, at, &()).unwrap();
            }
        }
    }

    fn drill(&self, service: &str) -> Drill {
        self.drill_with(service, &all_clean)
    }

    fn drill_with(&self, service: &str, spoilt: vault::Spoilt) -> Drill {
        let scratch = Scratch::new(&self.at("scratch")).unwrap();
        let isolation = Isolation::Required;
        let check_time = Duration::from_secs(120);
        let drilling = Drilling { scratch: &scratch, isolation, check_time, spoilt };
        let service: ServiceId = service.parse().unwrap();
        let drill = vault::drill(&self.plan, &service, &drilling);
        assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 0, "the drill left something");
        drill
    }
}

/// The failures of a drill, each with what was done.
fn failures(drill: &Drill) -> Vec<(String, String)> {
    let failed = |step: &DrillStep| {
        Some((format!("{}: {}", step.backup, step.what), step.failure.clone()?.to_string()))
    };
    drill.steps.iter().filter_map(failed).collect()
}

const PLAN: &str = r#"
[city]
name = "Wexcombe"
time-zone = "Europe/London"

[[contact]]
id = "care"
name = "Asha Okafor"
role = "Answers the telecare desk"
telephone = "+44 1632 960123"

[[service]]
id = "directory"
name = "Directory of homes"
owner = "care"
impact = "high"

[[service]]
id = "telecare"
name = "Telecare"
owner = "care"
impact = "high"
needs = ["directory"]

[[repository]]
id = "cellar"
name = "Cellar of the town hall"
at = "TOWN/cellar"
key = "file:TOWN/key"

[[repository]]
id = "shelf"
name = "Shelf in the library"
at = "TOWN/shelf"
key = "file:TOWN/key"

[[backup]]
id = "telecare-web"
service = "telecare"
folders = ["TOWN/web"]
to = ["cellar", "shelf"]
every = "1d"
"#;
