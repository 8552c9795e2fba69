//! What `docs/plan.md` tells people is true: its city is a plan, and the mistake it shows looks as it says.

use plan::{Colours, SourceFile, check, format};
use std::path::Path;

/// The text of the manual.
#[expect(clippy::disallowed_methods, reason = "the test reads the page that it tests")]
fn page() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/plan.md");
    std::fs::read_to_string(path).unwrap_or_default()
}

/// The fenced block of a kind that follows a piece of text.
fn block(page: &str, after: &str, kind: &str) -> Option<String> {
    let (_, rest) = page.split_once(after)?;
    let (_, rest) = rest.split_once(&format!("```{kind}\n"))?;
    Some(rest.split_once("```")?.0.to_owned())
}

fn city() -> Option<[SourceFile; 2]> {
    let page = page();
    Some([
        SourceFile::new("city.toml", block(&page, "`city.toml`:", "toml")?),
        SourceFile::new("assets.csv", block(&page, "`assets.csv`:", "csv")?),
    ])
}

#[test]
fn the_city_of_the_manual_is_a_plan() {
    let files = city().unwrap();
    let checked = check(&files);
    let said: String = checked.diagnostics.iter().map(|d| d.render(Colours::Off)).collect();
    assert_eq!(said, "");
    let plan = checked.plan.unwrap();
    let counts = format!(
        "The plan of {} holds: {} services, {} zones, {} conduits, {} assets.\n",
        plan.settings().name,
        plan.services().len(),
        plan.zones().len(),
        plan.conduits().len(),
        plan.assets().len()
    );
    assert!(page().contains(&counts), "{counts}");
    assert_eq!(format(files[0].text()).as_deref(), Some(files[0].text()));
}

#[test]
fn the_recovery_of_the_manual_is_part_of_a_plan() {
    let page = page();
    let [city, sheet] = city().unwrap();
    let sections = ["## Sites and crews", "## Repositories and backups", "## Checks", "## Procedures"];
    let text: Vec<String> = sections.iter().map(|section| block(&page, section, "toml").unwrap()).collect();
    let text = text.join("\n");
    assert_eq!(format(&text).as_deref(), Some(text.as_str()));
    let (_, procedure) = page.split_once("````markdown\n").unwrap();
    let (procedure, _) = procedure.split_once("````").unwrap();
    let procedure = SourceFile::new("procedures/signal-server.md", procedure);
    let checked = check(&[city, sheet, SourceFile::new("recovery.toml", text), procedure]);
    let said: String = checked.diagnostics.iter().map(|d| d.render(Colours::Off)).collect();
    assert_eq!(said, "");
    let plan = checked.plan.unwrap();
    assert_eq!((plan.sites().len(), plan.crews().len(), plan.repositories().len()), (2, 2, 2));
    assert_eq!((plan.backups().len(), plan.checks().len()), (2, 2));
    let procedure = plan.procedures().next().unwrap();
    let takes: Vec<i64> = procedure.steps.iter().map(|step| step.takes.unwrap().as_mins()).collect();
    assert_eq!(takes, [5, 15, 20, 20]);
    assert_eq!(procedure.steps[2].run.as_deref(), Some("bastide restore signal-control --to /srv/restore"));
    assert_eq!(procedure.steps[3].crew.as_ref().map(|crew| crew.as_str()), Some("streets"));
}

#[test]
fn the_mistake_of_the_manual_looks_as_it_says() {
    let [toml, sheet] = city().unwrap();
    let wrong = toml.text().replace("modbus: write, operate", "modbus: wirte, operate");
    let checked = check(&[SourceFile::new("city.toml", wrong), sheet]);
    let said: String = checked.diagnostics.iter().map(|d| d.render(Colours::Off)).collect();
    assert_eq!(block(&page(), "## When something is wrong", "text").as_deref(), Some(said.as_str()));
}

#[test]
fn every_allowance_of_the_manual_can_be_written() {
    let page = page();
    let (_, table) = page.split_once("| line | allows |").unwrap();
    let (table, _) = table.split_once("\n\n").unwrap();
    let lines: Vec<&str> = table
        .lines()
        .skip(2)
        .flat_map(|row| row.split('|').nth(1).unwrap_or_default().split('`').skip(1).step_by(2))
        .collect();
    assert!(lines.len() >= 10, "{lines:?}");
    let [toml, sheet] = city().unwrap();
    for line in lines {
        let text = toml.text().replace("udp/123", line);
        let checked = check(&[SourceFile::new("city.toml", text), sheet.clone()]);
        assert!(checked.plan.is_some(), "{line}: {:?}", checked.diagnostics);
    }
}
