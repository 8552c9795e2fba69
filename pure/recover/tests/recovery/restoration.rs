//! The way back of a town that a person can follow.

use crate::town::{self, at};
use jiff::SignedDuration;
use plan::{Plan, SourceFile};
use recover::{
    Basis, Because, Change, DecisionKind, LossError, Lost, Measured, Restoration, StepId, Work,
    plan_restoration, verify,
};

fn way(words: &[&str], measured: &Measured) -> Restoration {
    let plan = town::small();
    let lost = Lost::parse(words, &plan).unwrap();
    let way = plan_restoration(&plan, &lost, measured, at());
    assert_eq!(verify(&plan, &lost, measured, &way), []);
    way
}

/// Each step with its start and end in minutes.
fn steps(way: &Restoration) -> Vec<(&str, i64, i64)> {
    way.steps.iter().map(|step| (step.id.as_str(), step.start.as_mins(), step.end.as_mins())).collect()
}

fn lost(words: &[&str]) -> Result<Lost, String> {
    Lost::parse(words, &town::small()).map_err(|error| error.to_string())
}

fn ids<'a, Id: AsRef<str> + 'a>(ids: impl IntoIterator<Item = &'a Id>) -> Vec<&'a str> {
    ids.into_iter().map(AsRef::as_ref).collect()
}

#[test]
fn a_lost_data_centre_comes_back_in_order() {
    let way = way(&["site:data-centre"], &town::small_measured());
    assert_eq!(
        steps(&way),
        [
            ("replace:core-switch", 0, 120),
            ("deliver:careline-server", 0, 180),
            ("switch-restore/1", 120, 140),
            ("check:network", 140, 145),
            ("runs:network", 145, 145),
            ("replace:careline-server", 180, 240),
            ("restore:telecare-database", 240, 287),
            ("careline-restore/1", 287, 297),
            ("careline-restore/2", 297, 302),
            ("check:telecare", 302, 307),
            ("runs:telecare", 307, 307),
            ("runs:bookings", 307, 307),
        ]
    );
    let path: Vec<(&str, Because)> =
        way.critical_path.iter().map(|link| (link.step.as_str(), link.because)).collect();
    assert_eq!(path.first(), Some(&("deliver:careline-server", Because::First)));
    assert_eq!(path.last(), Some(&("runs:telecare", Because::Needs)));
    assert_eq!(way.end.as_mins(), 307);

    let restore = way.step(&StepId::from("restore:telecare-database")).unwrap();
    assert_eq!(
        restore.what,
        "Restore telecare-database from Library cellar, the snapshot of 2026-03-01 23:00 UTC"
    );
    assert_eq!(restore.estimate.basis, Basis::Measured(1));
    assert_eq!(
        restore.why,
        [
            "it was on careline-server, which is lost",
            "cellar holds its newest clean snapshot of all repositories that are left",
            "not from near: lost",
            "not sooner: it needs replace:careline-server",
        ]
    );
    let first = way.step(&StepId::from("careline-restore/1")).unwrap();
    assert_eq!(
        (first.what.as_str(), first.run.as_deref()),
        ("Start the service", Some("systemctl start careline"))
    );

    let telecare = way.service(&"telecare".parse().unwrap()).unwrap();
    assert_eq!(telecare.data_lost, Some(SignedDuration::from_hours(9)));
    assert_eq!((telecare.rto_met, telecare.rpo_met, telecare.mtpd_met), (Some(true), Some(true), Some(true)));
    assert!(!telecare.unrecoverable && telecare.p10 < telecare.p90 && way.simulated == 200);
    assert_eq!(way.fallbacks[1].words.as_deref(), Some("Wardens call on everybody twice a day"));
    assert_eq!(ids(&way.fallbacks[1].procedures), ["wardens"]);
    // The one who answers for telecare leads the server team too.
    assert_eq!(ids(way.tell.iter().map(|tell| &tell.contact)), ["duty", "makers"]);
    assert_eq!(way.tell[0].why[0], "Telecare is down, likely for 5 h 38 min");
    assert_eq!(
        way.decisions.iter().map(|point| point.kind).collect::<Vec<_>>(),
        [DecisionKind::RepositoryLost]
    );
    let best = way.best().unwrap();
    assert_eq!(best.change, Change::Spare { step: StepId::from("deliver:careline-server") });
    assert_eq!((best.gains[0].service.as_str(), best.gains[0].sooner.as_mins()), ("telecare", 95));
}

#[test]
fn data_of_which_nothing_is_left_is_said_loudly() {
    let way = way(&["asset:careline-server", "cellar", "near"], &town::small_measured());
    let telecare = way.service(&"telecare".parse().unwrap()).unwrap();
    assert!(telecare.unrecoverable);
    assert_eq!(
        (telecare.data_lost, telecare.rpo_met, telecare.data[0].snapshot.clone()),
        (None, Some(false), None)
    );
    let step = way.steps.iter().find(|step| matches!(step.work, Work::Rebuild { .. })).unwrap();
    assert!(step.what.contains("CANNOT be restored"), "{}", step.what);
    assert_eq!(step.estimate.basis, Basis::Guessed);
    let kinds: Vec<DecisionKind> = way.decisions.iter().map(|point| point.kind).collect();
    assert!(kinds.contains(&DecisionKind::Unrecoverable) && kinds.contains(&DecisionKind::BackTooLate));
    assert_eq!(way.unrecoverable().count(), 1);
    // Nobody ever measured anything: no snapshot is known anywhere.
    let unknown = self::way(&["careline-server"], &Measured::default());
    let step = unknown.steps.iter().find(|step| matches!(step.work, Work::Rebuild { .. })).unwrap();
    assert!(
        step.why.contains(&"no clean snapshot of it is known in near and cellar".into()),
        "{:?}",
        step.why
    );
}

#[test]
fn a_supplier_that_is_gone_is_a_decision() {
    let way = way(&["supplier:makers", "careline-server"], &town::small_measured());
    let point = way.decisions.iter().find(|point| point.kind == DecisionKind::SupplierGone).unwrap();
    assert_eq!(point.what, "Makers Ltd is gone; careline-server and hosted-calls must come from elsewhere");
    let delivery = way.step(&StepId::from("deliver:careline-server")).unwrap();
    assert_eq!((delivery.estimate.basis, delivery.estimate.likely.as_hours()), (Basis::Guessed, 7 * 24));
    // Nobody there can be told.
    assert_eq!(ids(way.tell.iter().map(|tell| &tell.contact)), ["duty"]);
}

#[test]
fn a_service_that_was_hit_is_restored_where_it_stands() {
    let way = way(&["service:telecare"], &town::small_measured());
    let names: Vec<&str> = way.steps.iter().map(|step| step.id.as_str()).collect();
    assert_eq!(
        names,
        [
            "restore:telecare-database",
            "careline-restore/1",
            "careline-restore/2",
            "check:telecare",
            "runs:telecare",
            "runs:bookings"
        ]
    );
    assert!(matches!(&way.steps[0].work, Work::Restore { from, .. } if from.as_str() == "near"));
}

#[test]
fn what_a_word_means() {
    let assets = |words: &[&str]| lost(words).map(|lost| ids(lost.assets.keys()).join(" "));
    for (word, expected) in [
        ("zone:hall", "careline-server core-switch"),
        ("data-centre", "careline-server core-switch"),
        ("role:SERVER", "careline-server"),
        ("product:*windows*", "careline-server"),
        ("windows", "careline-server"),
        ("core-switch", "core-switch"),
        ("everything", "careline-server core-switch hosted-calls"),
        ("supplier:makers", "hosted-calls"),
    ] {
        assert_eq!(assets(&[word]).as_deref(), Ok(expected), "{word}");
    }
    let everything = lost(&["everything"]).unwrap();
    assert_eq!(ids(everything.repositories.keys()), ["cellar", "near"]);
    assert_eq!(ids(everything.services.keys()), ["bookings", "network", "telecare"]);
    let indirect = lost(&["core-switch"]).unwrap();
    assert_eq!(ids(&indirect.services[&"telecare".parse().unwrap()].needs), ["network"]);
    assert!(lost(&["cellar"]).unwrap().is_nothing());
    for (word, expected) in [
        ("site:data-center", "the plan has no site `data-center`; did you mean `data-centre`?"),
        ("telecar", "did you mean `telecare`?"),
        ("role:pump", "the plan has no role `pump`"),
        ("colour:red", "`colour:` is nothing that can be lost"),
        ("e", "the plan has no"),
    ] {
        let said = lost(&[word]).unwrap_err();
        assert!(said.contains(expected), "{said}");
    }
    let double = Plan::clone(&town::plan_of(&[SourceFile::new(
        "city.toml",
        "[city]\nname = \"A\"\ntime-zone = \"UTC\"\n[[zone]]\nid = \"hall\"\nname = \"H\"\nnetworks = [\"192.0.2.0/24\"]\n\
         security-level = 1\n[[site]]\nid = \"hall\"\nname = \"H\"\n",
    )]));
    let error = Lost::parse(&["hall"], &double).unwrap_err();
    assert_eq!(
        error,
        LossError::Ambiguous { word: "hall".into(), choices: vec!["site:hall".into(), "zone:hall".into()] }
    );
    assert_eq!(error.to_string(), "`hall` may be `site:hall` or `zone:hall`: say which");
}

#[test]
fn it_is_written_and_read_as_json() {
    let way = way(&["everything"], &town::small_measured());
    let text = serde_json::to_string(&way).unwrap();
    assert_eq!(serde_json::from_str::<Restoration>(&text).unwrap(), way);
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    let step = &value["steps"][0];
    assert_eq!(step["work"]["kind"], "replace");
    assert_eq!(step["start"], 0);
    assert_eq!(step["hands"]["crew"], "servers");
}
