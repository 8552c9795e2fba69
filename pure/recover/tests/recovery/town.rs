//! Towns for tests: one that a person can follow, and any number that are made of a tape of bytes.

use city::{BackupId, RepositoryId};
use jiff::{SignedDuration, Timestamp};
use plan::{Plan, SourceFile, check};
use recover::Measured;
use std::fmt::Write;

/// The moment of loss in all tests.
pub fn at() -> Timestamp {
    "2026-03-02T08:00:00Z".parse().unwrap()
}

/// A plan that must be sound.
pub fn plan_of(files: &[SourceFile]) -> Plan {
    let checked = check(files);
    let errors: Vec<_> = checked.diagnostics.iter().filter(|d| d.severity == plan::Severity::Error).collect();
    checked.plan.unwrap_or_else(|| panic!("{errors:#?}\n{}", files[0].text()))
}

/// A town in which telecare needs the network, and both have something in the data centre.
pub fn small() -> Plan {
    let city = r#"
[city]
name = "Averbourne"
time-zone = "Europe/London"

[[zone]]
id = "hall"
name = "Town hall"
networks = ["192.0.2.0/25"]
security-level = 2
site = "data-centre"

[[zone]]
id = "cloud"
name = "Elsewhere"
networks = ["203.0.113.0/24"]
security-level = 1
outside = true

[[site]]
id = "data-centre"
name = "Data centre"

[[site]]
id = "library"
name = "Library cellar"

[[contact]]
id = "duty"
name = "Duty officer"
role = "Emergency duty"
telephone = "+44 1632 960001"

[[contact]]
id = "makers"
name = "Makers' desk"
role = "Support"
telephone = "+44 1632 960002"

[[supplier]]
id = "makers"
name = "Makers Ltd"
contact = "makers"

[[crew]]
id = "servers"
name = "Server team"
people = 2
contact = "duty"

[[service]]
id = "network"
name = "City network"
impact = "critical"
rto = "8h"
rpo = "1d"
mtpd = "1d"

[[service]]
id = "telecare"
name = "Telecare"
impact = "critical"
owner = "duty"
needs = ["network"]
rto = "8h"
rpo = "1d"
mtpd = "2d"
fallback = "Wardens call on everybody twice a day"

[[service]]
id = "bookings"
name = "Room bookings"
impact = "low"
needs = ["telecare"]

[[asset]]
id = "core-switch"
name = "Core switch"
zone = "hall"
services = ["network"]
replace = "2h"
crew = "servers"

[[asset]]
id = "careline-server"
name = "Careline server"
product = "Windows Server 2022"
role = "server"
zone = "hall"
services = ["telecare"]
supplier = "makers"
replace = "4h"
crew = "servers"

[[asset]]
id = "hosted-calls"
name = "Hosted call handling"
zone = "cloud"
services = ["telecare"]
supplier = "makers"

[[repository]]
id = "cellar"
name = "Library cellar"
at = "/srv/backups"
key = "file:/etc/bastide/keys/cellar"
site = "library"

[[repository]]
id = "near"
name = "Beside the servers"
at = "/srv/near"
key = "file:/etc/bastide/keys/near"
site = "data-centre"

[[backup]]
id = "telecare-database"
service = "telecare"
asset = "careline-server"
folders = ["/srv/telecare"]
to = ["near", "cellar"]
every = "1d"

[[procedure]]
id = "careline-restore"
name = "Bring careline back"
services = ["telecare"]
crew = "servers"
owner = "duty"
reviewed = 2026-01-05
file = "careline.md"

[[procedure]]
id = "switch-restore"
name = "Set up the core switch"
assets = ["core-switch"]
owner = "duty"
reviewed = 2026-01-05
file = "switch.md"

[[procedure]]
id = "wardens"
name = "Do without telecare"
purpose = "fallback"
services = ["telecare"]
owner = "duty"
reviewed = 2026-01-05
file = "wardens.md"
"#;
    let careline = "# Careline\n\n1. Start the service (10m)\n\n   ```run\n   systemctl start careline\n   ```\n\n2. Ring a test line (5m)\n";
    plan_of(&[
        SourceFile::new("city.toml", city),
        SourceFile::new("careline.md", careline),
        SourceFile::new("switch.md", "1. Load the configuration (20m, servers)\n"),
        SourceFile::new("wardens.md", "1. Call the wardens\n"),
    ])
}

/// What was measured in that town: one drill, a newer snapshot beside the servers and an older one in the cellar.
pub fn small_measured() -> Measured {
    let backup: BackupId = "telecare-database".parse().unwrap();
    let taken = |repository: &str, hours: i64| {
        let repository: RepositoryId = repository.parse().unwrap();
        ((backup.clone(), repository), at() - SignedDuration::from_hours(hours))
    };
    Measured {
        drills: [(backup.clone(), vec![SignedDuration::from_mins(47)])].into(),
        newest: [taken("near", 3), taken("cellar", 9)].into(),
        assumed: false,
    }
}

/// Choices, one byte each; nothing but zeros when it is at its end, so that short tapes make small towns.
pub struct Tape<'t>(pub &'t [u8]);

impl Tape<'_> {
    pub fn pick(&mut self, below: usize) -> usize {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        usize::from(*first) % below.max(1)
    }

    pub fn chance(&mut self, one_in: usize) -> bool {
        self.pick(one_in) == one_in - 1
    }

    fn some(&mut self, of: usize, name: &str) -> String {
        let chosen: Vec<String> =
            (0..of).filter(|_| self.chance(3)).map(|number| format!("\"{name}{number}\"")).collect();
        format!("[{}]", chosen.join(", "))
    }
}

/// A town, what is lost in it, and what was measured.
#[derive(Debug)]
pub struct Town {
    pub plan: Plan,
    pub lost: Vec<String>,
    pub measured: Measured,
}

impl Town {
    pub fn new(bytes: &[u8]) -> Town {
        let mut tape = Tape(bytes);
        let tape = &mut tape;
        let (services, assets) = (1 + tape.pick(7), 1 + tape.pick(9));
        let (backups, procedures, crews) = (tape.pick(7), tape.pick(5), tape.pick(3));
        let mut text = String::from("[city]\nname = \"T\"\ntime-zone = \"UTC\"\n");
        for zone in 0..2 {
            let outside = if zone == 1 { "outside = true" } else { "site = \"site0\"" };
            writeln!(
                text,
                "[[zone]]\nid = \"zone{zone}\"\nname = \"Z\"\nnetworks = [\"192.0.2.{}/25\"]\nsecurity-level = 1\n{outside}",
                zone * 128
            )
            .unwrap();
        }
        for site in 0..2 {
            writeln!(text, "[[site]]\nid = \"site{site}\"\nname = \"S\"").unwrap();
        }
        text += "[[contact]]\nid = \"desk\"\nname = \"D\"\nrole = \"R\"\ntelephone = \"+44 1632 960003\"\n";
        text += "[[supplier]]\nid = \"maker\"\nname = \"M\"\ncontact = \"desk\"\n";
        for crew in 0..crews {
            let people = 1 + tape.pick(2);
            writeln!(
                text,
                "[[crew]]\nid = \"crew{crew}\"\nname = \"C\"\npeople = {people}\ncontact = \"desk\""
            )
            .unwrap();
        }
        let crew = |tape: &mut Tape<'_>| match tape.pick(crews + 1) {
            0 => String::new(),
            number => format!("crew{}", number - 1),
        };
        for service in 0..services {
            let impact = ["low", "medium", "high", "critical"][tape.pick(4)];
            writeln!(text, "[[service]]\nid = \"service{service}\"\nname = \"S\"\nimpact = \"{impact}\"")
                .unwrap();
            // Needs lead to services declared before, so that there is no circle.
            writeln!(text, "needs = {}", tape.some(service, "service")).unwrap();
            if impact == "critical" || tape.chance(2) {
                let hours = 1 + tape.pick(40);
                writeln!(text, "rto = \"{hours}h\"\nrpo = \"{hours}h\"\nmtpd = \"{}h\"", hours * 2).unwrap();
            }
            if tape.chance(2) {
                text += "owner = \"desk\"\n";
            }
        }
        for asset in 0..assets {
            let zone = tape.pick(2);
            writeln!(text, "[[asset]]\nid = \"asset{asset}\"\nname = \"A\"\nzone = \"zone{zone}\"").unwrap();
            writeln!(text, "services = {}", tape.some(services, "service")).unwrap();
            let crew = crew(tape);
            if !crew.is_empty() {
                writeln!(text, "crew = \"{crew}\"").unwrap();
            }
            if tape.chance(2) {
                writeln!(text, "replace = \"{}m\"", tape.pick(200)).unwrap();
            }
            if tape.chance(2) {
                text += "supplier = \"maker\"\n";
            }
        }
        let key = "key = \"env:KEY\"";
        writeln!(
            text,
            "[[repository]]\nid = \"near\"\nname = \"N\"\nat = \"/near\"\n{key}\nasset = \"asset0\""
        )
        .unwrap();
        writeln!(text, "[[repository]]\nid = \"far\"\nname = \"F\"\nat = \"/far\"\n{key}\nsite = \"site1\"")
            .unwrap();
        let mut measured = Measured::default();
        for backup in 0..backups {
            writeln!(text, "[[backup]]\nid = \"backup{backup}\"\nevery = \"1d\"\nto = [\"near\", \"far\"]")
                .unwrap();
            writeln!(text, "folders = [\"/srv/{backup}\"]").unwrap();
            let whose = tape.pick(3);
            if whose != 1 {
                writeln!(text, "service = \"service{}\"", tape.pick(services)).unwrap();
            }
            if whose != 0 {
                writeln!(text, "asset = \"asset{}\"", tape.pick(assets)).unwrap();
            }
            let id: BackupId = format!("backup{backup}").parse().unwrap();
            let drills = (0..tape.pick(4)).map(|_| SignedDuration::from_secs(1 + 60 * tape.pick(250) as i64));
            measured.drills.insert(id.clone(), drills.collect());
            for repository in ["near", "far"] {
                if tape.chance(2) {
                    let age = SignedDuration::from_hours(tape.pick(60) as i64);
                    measured.newest.insert((id.clone(), repository.parse().unwrap()), at() - age);
                }
            }
        }
        let mut files = Vec::new();
        for procedure in 0..procedures {
            writeln!(text, "[[procedure]]\nid = \"procedure{procedure}\"\nname = \"P\"\nowner = \"desk\"")
                .unwrap();
            writeln!(text, "reviewed = 2026-01-01\nfile = \"p{procedure}.md\"").unwrap();
            let (mut of, mut on) = (tape.some(services, "service"), "[]".to_owned());
            if tape.chance(2) || of == "[]" {
                on = tape.some(assets, "asset");
            }
            if of == "[]" && on == "[]" {
                of = "[\"service0\"]".into();
            }
            let purpose = if tape.chance(5) && of != "[]" { "fallback" } else { "restore" };
            writeln!(text, "services = {of}\nassets = {on}\npurpose = \"{purpose}\"").unwrap();
            let by = crew(tape);
            if !by.is_empty() {
                writeln!(text, "crew = \"{by}\"").unwrap();
            }
            let mut steps = String::new();
            for _ in 0..=tape.pick(3) {
                let (minutes, by) = (1 + tape.pick(90), crew(tape));
                match (tape.pick(3), by.is_empty()) {
                    (0, _) => steps += "1. Do it\n",
                    (_, true) => writeln!(steps, "1. Do it ({minutes}m)").unwrap(),
                    (_, false) => writeln!(steps, "1. Do it ({minutes}m, {by})").unwrap(),
                }
            }
            files.push(SourceFile::new(format!("p{procedure}.md"), steps));
        }
        let mut lost: Vec<String> = Vec::new();
        for _ in 0..=tape.pick(2) {
            lost.push(match tape.pick(8) {
                0 => "everything".into(),
                1 => "site:site0".into(),
                2 => format!("service:service{}", tape.pick(services)),
                3 => "supplier:maker".into(),
                4 => format!("repository:{}", ["near", "far"][tape.pick(2)]),
                5 => format!("zone:zone{}", tape.pick(2)),
                _ => format!("asset:asset{}", tape.pick(assets)),
            });
        }
        files.insert(0, SourceFile::new("city.toml", text));
        Town { plan: plan_of(&files), lost, measured }
    }

    pub fn lost(&self) -> recover::Lost {
        let words: Vec<&str> = self.lost.iter().map(String::as_str).collect();
        recover::Lost::parse(&words, &self.plan).unwrap()
    }
}
