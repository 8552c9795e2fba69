//! What holds for every text: nothing panics, formatting changes only space, and a valid plan is read as it was meant.

use plan::{Checked, Colours, SourceFile, check, format};
use proptest::prelude::*;
use std::fmt::Write;

const SEED: &str = r#"# A city.
[city]
name = "Wexcombe"
time-zone = "Europe/London" # where it is
learning = "7d"
[[inventory]]
file = "assets.csv"
[[service]]
id = "signal-control"
name = 'Signals "A"'
owner = "highways"
impact = "critical"
needs = ["network", ]
rto = "4h"
rpo = "24h"
mtpd = "2d"
[[service]]
id = "network"
name = "Network"
impact = "high"
[[zone]]
id = "signals"
name = "Traffic signals"
networks = ["192.0.2.0/27", "2001:db8::/64"]
security-level = 2
[[zone]]
id = "internet"
name = "The internet"
outside = true
[[conduit]]
from = "signals"
to = "internet"
reason = """Time"""
allow = ["udp/123", # clocks
  "modbus: write unit 3 holding-register 40..60", "mqtt: publish a/*"]
[[asset]]
id = "junction-1"
name = "Market Street"
zone = "signals"
addresses = ["192.0.2.5"]
macs = ["00:00:5e:00:53:0c"]
services = ["signal-control", "network"]
supplier = "carrick"
[[supplier]]
id = "carrick"
name = "Carrick"
contact = "highways"
[[feed]]
id = "level"
name = "Level"
asset = "junction-1"
topic = "a/level"
unit = "m"
minimum = -1.0
maximum = 8
[[contact]]
id = "highways"
name = "Highways"
role = "Owner"
telephone = "+44 1632 960001"
[[site]]
id = "town-hall"
name = "Town hall"
[[crew]]
id = "servers"
name = "Servers"
people = 2
contact = "highways"
[[repository]]
id = "cellar"
name = "Cellar"
at = "s3:https://192.0.2.9:9000/bucket/prefix"
key = "file:/etc/bastide/keys/cellar"
login = "env:CELLAR"
site = "town-hall"
append-only = true
locked = "30d"
bandwidth = "20MiB/s"
[[backup]]
id = "plans"
service = "signal-control"
postgresql = "postgresql://reader@192.0.2.5/signals"
to = ["cellar"]
every = "1d"
keep = ["14 daily", "8 weekly"]
[[check]]
id = "rows"
backup = "plans"
query = "select 1"
rows = 2
[[procedure]]
id = "fixed-time"
name = "Fixed time"
purpose = "fallback"
services = ["signal-control"]
crew = "servers"
owner = "highways"
reviewed = 2026-09-01
file = "fixed-time.md"
"#;

const STEPS: &str = "# Fixed time\n\nBefore:\n\n1. Go there (30m, servers)\n   - and\n2. Run it\n\n   ```run\n   true\n   ```\n\n3. Tell (5m)\n";

const SHEET: &str = "id,name,zone,addresses,macs,services\njunction-2,\"Quay, north\",signals,192.0.2.6 192.0.2.7,00:00:5e:00:53:0d,network\n";

fn check_text(toml: &str, sheet: &str) -> Checked {
    check_all(toml, sheet, STEPS)
}

fn check_all(toml: &str, sheet: &str, steps: &str) -> Checked {
    let checked = check(&[
        SourceFile::new("city.toml", toml),
        SourceFile::new("assets.csv", sheet),
        SourceFile::new("fixed-time.md", steps),
    ]);
    // Whatever is said must be shown too, and lie within its text.
    for diagnostic in &checked.diagnostics {
        assert!(!diagnostic.render(Colours::On).is_empty());
        if let Some(place) = &diagnostic.place {
            assert!(place.line >= 1 && place.column >= 1 && place.underline.end <= 200);
        }
    }
    checked
}

/// What a plan says, to compare two of them.
fn said(checked: &Checked) -> (String, Vec<plan::Code>) {
    let mut codes: Vec<_> = checked.diagnostics.iter().map(|diagnostic| diagnostic.code).collect();
    codes.sort_unstable();
    // Where something is declared is not what it means.
    let plan = format!("{:?}", checked.plan);
    let meant = plan.split_once(", places: ").zip(plan.split_once(", elsewhere: "));
    let meant =
        meant.map_or(plan.clone(), |((before, _), (_, after))| format!("{before}, elsewhere: {after}"));
    (meant, codes)
}

/// A piece that is put into the seed, or what is cut out of it.
fn piece() -> impl Strategy<Value = String> {
    const PIECES: &[&str] = &[
        "[",
        "]",
        "[[zone]]\n",
        "\"",
        "'",
        "\"\"\"",
        "#",
        "\n",
        "\r\n",
        "\t",
        "=",
        ",",
        ";",
        "..",
        "*",
        "{",
        "}",
        "é橋🚦",
        "\u{feff}",
        "\\",
        "0",
        "-1",
        "true",
        "192.0.2.0/24",
        "modbus: write",
        "signals",
        "99999999999999999999",
        "1e400",
        "2026-11-23 10:00:00",
        "\u{0}",
        "\u{202e}",
        "id = \"x\"\n",
        "needs = [\"signal-control\"]\n",
        "1. ",
        "```",
        "```run\n",
        "(1h, servers)",
        "file:",
        "env:A",
        "://",
        "@",
        "2026-09-01",
        "MiB/s",
    ];
    prop_oneof![prop::sample::select(PIECES).prop_map(str::to_owned), ".{0,12}"]
}

/// The seed with a few cuts and insertions.
fn spoilt(seed: &'static str) -> impl Strategy<Value = String> {
    prop::collection::vec((0..seed.len(), 0..8_usize, piece()), 0..6).prop_map(move |edits| {
        let mut chars: Vec<char> = seed.chars().collect();
        for (at, cut, piece) in edits {
            let at = at.min(chars.len());
            let end = (at + cut).min(chars.len());
            chars.splice(at..end, piece.chars());
        }
        chars.into_iter().collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

    #[test]
    fn nothing_panics_on_spoilt_text(toml in spoilt(SEED), sheet in spoilt(SHEET)) {
        check_text(&toml, &sheet);
    }

    #[test]
    fn nothing_panics_on_spoilt_procedures(steps in spoilt(STEPS)) {
        let checked = check_all(SEED, SHEET, &steps);
        let Some(plan) = checked.plan else { return Ok(()) };
        let procedure = plan.procedures().next().unwrap();
        prop_assert!(!procedure.steps.is_empty() && procedure.steps.iter().all(|step| !step.text.is_empty()));
        prop_assert!(procedure.steps.iter().all(|step| step.line <= steps.lines().count()));
    }

    #[test]
    fn nothing_panics_on_any_procedure(steps in any::<String>()) {
        check_all(SEED, SHEET, &steps);
    }

    #[test]
    fn a_secret_is_never_shown(secret in "[a-zA-Z0-9%/?&=:;.,_-]{8,30}", quote in "[\"']?") {
        let places = [
            ("\"file:/etc/bastide/keys/cellar\"", format!("{quote}{secret}{quote}")),
            ("reader@192.0.2.5", format!("reader:{secret}@192.0.2.5")),
            ("https://192.0.2.9:9000", format!("https://ada:{}@192.0.2.9:9000", secret.replace(['/', '?'], "-"))),
        ];
        for (reference, wrong) in places {
            let secret = if wrong.contains("https") { secret.replace(['/', '?'], "-") } else { secret.clone() };
            let checked = check_text(&SEED.replace(reference, &wrong), SHEET);
            prop_assert!(checked.plan.is_none(), "{}", wrong);
            let said: String = checked.diagnostics.iter().map(|d| d.render(Colours::Off)).collect();
            prop_assert!(!said.contains(&secret), "{}", said);
        }
    }

    #[test]
    fn nothing_panics_on_any_text(toml in any::<String>(), sheet in any::<String>()) {
        check_text(&toml, &sheet);
        let _ = format(&toml);
    }

    #[test]
    fn nothing_panics_on_any_bytes(toml in any::<Vec<u8>>(), sheet in any::<Vec<u8>>()) {
        let checked = check(&[SourceFile::from_bytes("a.toml", toml), SourceFile::from_bytes("a.csv", sheet)]);
        prop_assert!(checked.diagnostics.iter().all(|d| !d.render(Colours::Off).is_empty()));
    }

    #[test]
    fn any_allowance_is_read_or_explained(text in "[a-z:/., *0-9é-]{0,30}|(modbus|mqtt|dns): ?[a-z, ]{0,12}[a-z0-9./ *-]{0,20}") {
        let toml = SEED.replace("udp/123", &text);
        let checked = check_text(&toml, SHEET);
        match &checked.plan {
            // What was read is written so that it is read again as the same.
            Some(plan) => {
                let allowance = plan.conduits().next().unwrap().allow.first().unwrap().clone();
                let again = check_text(&SEED.replace("udp/123", &allowance.to_string()), SHEET).plan.unwrap();
                prop_assert_eq!(&allowance, again.conduits().next().unwrap().allow.first().unwrap());
            }
            None => prop_assert!(!checked.diagnostics.is_empty()),
        }
    }

    #[test]
    fn formatting_changes_only_space(toml in spoilt(SEED)) {
        if let Some(tidy) = format(&toml) {
            let again = format(&tidy);
            prop_assert_eq!(again.as_deref(), Some(tidy.as_str()));
            prop_assert_eq!(said(&check_text(&toml, SHEET)), said(&check_text(&tidy, SHEET)));
            let solid = |text: &str| text.chars().filter(|c| !c.is_whitespace() && *c != ',' && *c != '\u{feff}').collect::<String>();
            prop_assert_eq!(solid(&toml), solid(&tidy));
        }
    }

    #[test]
    fn a_valid_plan_is_read_as_it_was_meant(city in valid_city()) {
        let checked = check(&[SourceFile::new("city.toml", city.toml()), SourceFile::new("assets.csv", city.sheet())]);
        let Some(plan) = checked.plan else {
            let said: String = checked.diagnostics.iter().map(|d| d.render(Colours::Off)).collect();
            return Err(TestCaseError::fail(said));
        };
        prop_assert_eq!(plan.zones().len(), city.zones.len());
        for (i, (zone, (name, level))) in plan.zones().zip(&city.zones).enumerate() {
            prop_assert_eq!(zone.id.as_str(), format!("zone-{i}"));
            prop_assert_eq!(zone.name.as_str(), name);
            prop_assert_eq!(zone.security_level, *level);
            prop_assert_eq!(plan.zone_of(format!("192.0.2.{}", i * 16 + 3).parse().unwrap()), Some(zone));
        }
        prop_assert_eq!(plan.assets().len(), city.assets.len());
        for (i, (name, zone, in_sheet)) in city.assets.iter().enumerate() {
            let asset = plan.assets().find(|asset| asset.id.as_str() == format!("asset-{i}")).unwrap();
            // A cell of a spreadsheet loses the space around it.
            let expected = if *in_sheet { name.trim() } else { name };
            prop_assert_eq!(asset.name.as_str(), expected);
            prop_assert_eq!(asset.zone.as_str(), format!("zone-{zone}"));
            prop_assert_eq!(plan.asset_at(asset.addresses[0].into()).map(|a| &a.id), Some(&asset.id));
            prop_assert_eq!(plan.asset_at(asset.macs[0].into()).map(|a| &a.id), Some(&asset.id));
        }
        for (i, service) in plan.services().enumerate() {
            let needs: Vec<_> = service.needs.iter().map(|need| need.to_string()).collect();
            let expected: Vec<_> = (0..i).filter(|j| city.needs & (1 << (i * 4 + j)) != 0).map(|j| format!("service-{j}")).collect();
            prop_assert_eq!(needs, expected);
        }
    }
}

/// A city without mistakes.
#[derive(Clone, Debug)]
struct ValidCity {
    /// Name and security level of each.
    zones: Vec<(String, u8)>,
    /// Name, zone, and whether it stands in the spreadsheet.
    assets: Vec<(String, usize, bool)>,
    /// For four services: bit `4 i + j` says that service i needs service j.
    needs: u32,
}

fn valid_city() -> impl Strategy<Value = ValidCity> {
    let name = "[a-zA-Z0-9 é橋\"'\\\\,;#]{0,20}[a-z]";
    let zones = prop::collection::vec((name, 0_u8..=4), 1..=8);
    (zones, any::<u32>()).prop_flat_map(move |(zones, needs)| {
        let assets = prop::collection::vec((name, 0..zones.len(), any::<bool>()), 0..=12);
        (Just(zones), assets, Just(needs)).prop_map(|(zones, assets, needs)| ValidCity {
            zones,
            assets,
            needs,
        })
    })
}

impl ValidCity {
    fn toml(&self) -> String {
        let mut out = String::from(
            "[city]\nname = \"City\"\ntime-zone = \"UTC\"\n[[inventory]]\nfile = \"assets.csv\"\n",
        );
        for (i, (name, level)) in self.zones.iter().enumerate() {
            let _ = writeln!(
                out,
                "[[zone]]\nid = \"zone-{i}\"\nname = {}\nnetworks = [\"192.0.2.{}/28\"]\nsecurity-level = {level}",
                quote(name),
                i * 16
            );
        }
        for (i, (name, zone, in_sheet)) in self.assets.iter().enumerate() {
            if !in_sheet {
                let (address, mac) = addresses(i, *zone);
                let _ = writeln!(
                    out,
                    "[[asset]]\nid = \"asset-{i}\"\nname = {}\nzone = \"zone-{zone}\"\naddresses = [\"{address}\"]\nmacs = [\"{mac}\"]",
                    quote(name)
                );
            }
        }
        for i in 0..4 {
            // Only earlier ones are needed, so that there is no circle.
            let needs: Vec<_> = (0..i)
                .filter(|j| self.needs & (1 << (i * 4 + j)) != 0)
                .map(|j| format!("\"service-{j}\""))
                .collect();
            let _ = writeln!(
                out,
                "[[service]]\nid = \"service-{i}\"\nname = \"S\"\nimpact = \"low\"\nneeds = [{}]",
                needs.join(",")
            );
        }
        out
    }

    fn sheet(&self) -> String {
        let mut out = String::from("id,name,zone,addresses,macs\n");
        for (i, (name, zone, in_sheet)) in self.assets.iter().enumerate() {
            if *in_sheet {
                let (address, mac) = addresses(i, *zone);
                let _ =
                    writeln!(out, "asset-{i},\"{}\",zone-{zone},{address},{mac}", name.replace('"', "\"\""));
            }
        }
        out
    }
}

fn addresses(asset: usize, zone: usize) -> (String, String) {
    (format!("192.0.2.{}", zone * 16 + asset + 1), format!("00:00:5e:00:53:{asset:02x}"))
}

fn quote(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[test]
fn the_seed_is_a_plan() {
    let checked = check_text(SEED, SHEET);
    assert!(checked.plan.is_some(), "{:?}", checked.diagnostics);
}
