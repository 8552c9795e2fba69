use adapt::defence::{Defence, Does, End, indicator, narrowings, procedure_files};
use city::{Protocol, Tlp, Verb};
use plan::{Plan, SourceFile, check, narrow};

const CITY: &str = r#"[city]
name = "Wexcombe"
time-zone = "Europe/London"

[[contact]]
id = "duty"
name = "Duty engineer"
role = "Answers for the pumps"
telephone = "+44 1632 960123"

[[service]]
id = "pumping"
name = "Pumping"
impact = "high"

[[zone]]
id = "office"
name = "Office"
networks = ["198.51.100.0/24"]
security-level = 1

[[zone]]
id = "pumps"
name = "Pumps"
networks = ["192.0.2.0/24"]
security-level = 2

[[zone]]
id = "internet"
name = "Everybody else"
outside = true
security-level = 0

[[conduit]]
from = "office"
to = "pumps"
reason = "Levels are read, and set points written"
allow = ["modbus: read, write"]

[[conduit]]
from = "internet"
to = "pumps"
reason = "The supplier looks after the pumps"
allow = ["modbus: any"]
"#;

fn plan(files: &[SourceFile]) -> Plan {
    let checked = check(files);
    checked.plan.ok_or(checked.diagnostics).unwrap()
}

fn defence(does: Does) -> Defence {
    Defence {
        id: "course-of-action--6e000000-0000-4000-8000-0000000000b1".into(),
        version: "2026-03-02T09:00:00Z".parse().unwrap(),
        until: "2026-04-02T09:00:00Z".parse().unwrap(),
        title: "Pumps \"by hand\"".into(),
        reason: "The supplier's station was taken over".into(),
        tlp: Tlp::Green,
        does,
    }
}

#[test]
fn a_narrower_conduit_takes_out_what_this_plan_allows_and_nothing_else() {
    let files = [SourceFile::new("city.toml", CITY)];
    let before = plan(&files);
    let takes = |from| {
        let found = narrowings(&before, Protocol::Modbus, &[Verb::Write, Verb::Restart], from);
        found.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(takes(End::Outside), ["internet to pumps: modbus restart, write"]);
    assert_eq!(
        takes(End::Anywhere),
        ["internet to pumps: modbus restart, write", "office to pumps: modbus write"]
    );
    assert_eq!(narrowings(&before, Protocol::Dnp3, &[Verb::Write], End::Anywhere), []);
    let removals = narrowings(&before, Protocol::Modbus, &[Verb::Write], End::Anywhere);
    let after = plan(&narrow(&files, &removals));
    assert_eq!(narrowings(&after, Protocol::Modbus, &[Verb::Write], End::Anywhere), []);
}

#[test]
fn a_procedure_is_added_for_review_and_its_commands_become_text() {
    let markdown = "# By hand\n\n1. Go there.\n\n   ```run\n   bastide restore pumping --to /\n   ```\n\n2. Look.\n\n   ~~~~ run\n   x\n   ~~~~\n";
    let offered = defence(Does::Procedure { markdown: markdown.to_owned() });
    let mut files = vec![SourceFile::new("city.toml", CITY)];
    files.extend(procedure_files(&offered, "port-ellery", &plan(&files)).unwrap());
    let procedures = plan(&files);
    let [procedure] = procedures.procedures().collect::<Vec<_>>()[..] else { panic!() };
    assert_eq!(procedure.id.as_str(), "from-port-ellery-6e000000");
    assert_eq!((procedure.name.as_str(), procedure.steps.len()), ("Pumps \"by hand\"", 2));
    assert!(procedure.steps.iter().all(|step| step.run.is_none()), "{:?}", procedure.steps);
    assert_eq!(procedure.reviewed.to_string(), "2000-01-01");
}

#[test]
fn a_detection_is_the_same_indicator_whoever_makes_it() {
    let pattern = "[ipv4-addr:value = '203.0.113.9']".to_owned();
    let made = indicator(&defence(Does::Detect { pattern }), false).unwrap();
    assert_eq!(made["id"], "indicator--6e000000-0000-4000-8000-0000000000b1");
    let document = adapt::stix::Document::read(made.to_string().as_bytes()).unwrap();
    assert!(adapt::stix::validate(&document).iter().all(|one| one.gravity < adapt::stix::Gravity::Refused));
}
