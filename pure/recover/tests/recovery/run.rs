//! A run: ticks of several people, torn files, and what becomes of the prediction.

use crate::town::{self, Town, at};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use recover::{Hands, Lost, Run, RunError, Standing, StepId, Tick, TickState, plan_restoration};

fn minutes(minutes: i64) -> Timestamp {
    at() + SignedDuration::from_mins(minutes)
}

fn tick(step: &str, state: TickState, after: i64, by: &str) -> Tick {
    Tick { time: minutes(after), by: by.into(), step: step.into(), state, note: None }
}

fn small_run(ticks: &[Tick]) -> Run {
    let plan = town::small();
    let lost = Lost::parse(&["data-centre"], &plan).unwrap();
    Run { ticks: ticks.to_vec(), ..Run::new(&lost, at()) }
}

#[test]
fn what_is_done_frees_what_needs_it() {
    let (plan, measured) = (town::small(), town::small_measured());
    let run = small_run(&[]);
    let progress = run.progress(&plan, &measured, at()).unwrap();
    assert_eq!((progress.done, progress.of), (0, 9));
    assert_eq!(progress.end, progress.planned_end);
    let begin: Vec<(&Hands, Vec<&str>)> = progress
        .next
        .iter()
        .map(|doing| (&doing.hands, doing.steps.iter().map(StepId::as_str).collect()))
        .collect();
    let servers = Hands::Crew("servers".parse().unwrap());
    assert_eq!(
        begin,
        [(&Hands::Nobody, vec!["deliver:careline-server"]), (&servers, vec!["replace:core-switch"])]
    );

    let run = small_run(&[
        tick("replace:core-switch", TickState::Begun, 5, "Ada"),
        tick("replace:core-switch", TickState::Done, 30, "Ada"),
        tick("deliver:careline-server", TickState::Done, 200, "Ben"),
        tick("switch-restore/1", TickState::Skipped, 31, "Ada"),
        tick("check:network", TickState::Done, 35, "Cy"),
    ]);
    let progress = run.progress(&plan, &measured, minutes(210)).unwrap();
    assert_eq!(progress.back.iter().map(|id| id.as_str()).collect::<Vec<_>>(), ["network"]);
    let network = progress.services.iter().find(|back| back.service.as_str() == "network").unwrap();
    assert_eq!((network.likely.as_mins(), network.p10, network.p90), (35, network.likely, network.likely));
    // The delivery came 20 minutes late and was noticed after another 10: so much later is telecare.
    let telecare = progress.services.iter().find(|back| back.service.as_str() == "telecare").unwrap();
    assert_eq!(telecare.scheduled.as_mins(), 307 + 30);
    assert!(telecare.likely > network.likely && telecare.likely <= telecare.p90);
    let delivery = progress.steps.iter().find(|step| step.id.as_str() == "deliver:careline-server").unwrap();
    assert!(delivery.late && delivery.standing == Standing::Done && delivery.by.as_deref() == Some("Ben"));
    assert_eq!(progress.next.len(), 1);
    assert_eq!(progress.next[0].steps, [StepId::from("replace:careline-server")]);
}

#[test]
fn a_step_may_fail_be_taken_back_and_be_done_out_of_order() {
    let (plan, measured) = (town::small(), town::small_measured());
    let standing = |ticks: &[Tick], step: &str| {
        let progress = small_run(ticks).progress(&plan, &measured, minutes(60)).unwrap();
        let step = progress.steps.into_iter().find(|other| other.id.as_str() == step).unwrap();
        (step.standing, step.out_of_order)
    };
    let begun = tick("replace:core-switch", TickState::Begun, 1, "Ada");
    let failed = tick("replace:core-switch", TickState::Failed, 9, "Ada");
    let undone = tick("replace:core-switch", TickState::Undone, 10, "Ben");
    let early = tick("switch-restore/1", TickState::Done, 20, "Ben");
    assert_eq!(standing(std::slice::from_ref(&begun), "replace:core-switch"), (Standing::Begun, false));
    assert_eq!(standing(&[failed.clone(), begun.clone()], "replace:core-switch"), (Standing::Failed, false));
    assert_eq!(standing(&[failed, undone, begun], "replace:core-switch"), (Standing::Ready, false));
    assert_eq!(standing(std::slice::from_ref(&early), "switch-restore/1"), (Standing::Done, true));
    assert_eq!(standing(&[early], "runs:network"), (Standing::Waiting, false));
    let mut run = small_run(&[]);
    let other = Run { started: minutes(1), ..run.clone() };
    assert_eq!(run.merge(&other), Err(RunError::Apart));
}

#[test]
fn what_lasts_too_long_is_late_and_expected_to_last() {
    let (plan, measured) = (town::small(), town::small_measured());
    let run = small_run(&[tick("replace:core-switch", TickState::Begun, 0, "Ada")]);
    let at_minute = |minute: i64| {
        let progress = run.progress(&plan, &measured, minutes(minute)).unwrap();
        let step = progress.steps.into_iter().find(|step| step.id.as_str() == "replace:core-switch").unwrap();
        (step.end.as_mins(), step.late)
    };
    assert_eq!(at_minute(60), (120, false));
    assert_eq!(at_minute(200), (250, true));
}

#[test]
fn strange_ticks_are_told() {
    let (plan, measured) = (town::small(), town::small_measured());
    let run = small_run(&[
        tick("restore:nothing", TickState::Done, 5, "Ada"),
        tick("replace:core-switch", TickState::Done, 5_000, "Ada"),
        tick("deliver:careline-server", TickState::Begun, -5, "Ada"),
    ]);
    let progress = run.progress(&plan, &measured, minutes(60)).unwrap();
    assert_eq!(progress.unknown.iter().map(StepId::as_str).collect::<Vec<_>>(), ["restore:nothing"]);
    assert_eq!(progress.strange_times, 2);
    assert!(progress.steps.iter().all(|step| step.start >= SignedDuration::ZERO));
}

#[test]
fn a_run_is_read_though_it_was_torn() {
    let run = small_run(&[
        tick("replace:core-switch", TickState::Begun, 1, "Ada \u{1f980}"),
        tick("replace:core-switch", TickState::Done, 2, "Ben"),
    ]);
    let text = run.to_lines();
    assert_eq!(
        text.lines().nth(2),
        Some(r#"{"time":"2026-03-02T08:02:00Z","by":"Ben","step":"replace:core-switch","state":"done"}"#)
    );
    let read = Run::parse(&text).unwrap();
    assert_eq!((read.run, read.unread, read.torn), (run.clone(), vec![], false));
    let header = run.header_line().len();
    for cut in (0..text.len()).filter(|cut| text.is_char_boundary(*cut)) {
        let torn = text.get(..cut).unwrap();
        let read = Run::parse(torn);
        if cut < header - 1 {
            assert_eq!(read, Err(RunError::NoHeader), "{cut}");
            continue;
        }
        let read = read.unwrap();
        // A whole line without its end counts.
        let whole = torn.lines().filter(|line| line.ends_with('}')).count() - 1;
        assert_eq!((read.run.ticks.len(), read.torn), (whole, !read.unread.is_empty()), "{cut}");
        assert!(read.unread.len() <= 1 && (read.unread.is_empty() || !torn.ends_with('\n')));
    }
    // Two laptops, of which one was torn: the line in between is told, and nothing else is lost.
    let both = format!("{}{text}", text.get(..text.len() - 9).unwrap());
    let read = Run::parse(&both).unwrap();
    assert_eq!((read.run, read.unread, read.torn), (run.clone(), vec![3], false));
    let other = text.replace("data-centre", "everything");
    assert_eq!(Run::parse(&(text.clone() + &other)), Err(RunError::Another { line: 4 }));
    assert_eq!(Run::parse(""), Err(RunError::NoHeader));
    let long = tick("a/1", TickState::Done, 1, &"x".repeat(Tick::NAME_MAX + 1));
    assert_eq!(Run::parse(&(text + &Run::tick_line(&long))).unwrap().unread, [4]);
}

fn ticks() -> impl Strategy<Value = Vec<Tick>> {
    let step = prop::sample::select(vec![
        "replace:core-switch",
        "switch-restore/1",
        "deliver:careline-server",
        "x/9",
    ]);
    let state = prop::sample::select(vec![
        TickState::Begun,
        TickState::Done,
        TickState::Failed,
        TickState::Skipped,
        TickState::Undone,
    ]);
    let name = prop::sample::select(vec!["Ada", "Ben", "Cy"]);
    let tick =
        (step, state, 0_i64..9, name).prop_map(|(step, state, after, by)| tick(step, state, after, by));
    prop::collection::vec(tick, 0..14)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn merging_is_the_same_in_any_order_and_any_number_of_times(a in ticks(), b in ticks(), c in ticks()) {
        let (a, b, c) = (small_run(&a), small_run(&b), small_run(&c));
        let merged = |runs: &[&Run]| {
            let mut all = small_run(&[]);
            for run in runs {
                all.merge(run).unwrap();
            }
            all
        };
        let all = merged(&[&a, &b, &c]);
        prop_assert_eq!(&all, &merged(&[&c, &b, &a]));
        prop_assert_eq!(&all, &merged(&[&b, &a, &c, &b, &a]));
        prop_assert_eq!(&all, &merged(&[&all, &all]));
        let text = c.to_lines() + &a.to_lines() + &b.to_lines() + &a.to_lines();
        prop_assert_eq!(&all, &Run::parse(&text).unwrap().run);
        // What stands is the same too, whether sorted before or not.
        let mut jumbled = small_run(&[]);
        jumbled.ticks = [&b, &c, &a].into_iter().flat_map(|run| run.ticks.iter().rev().cloned()).collect();
        let (plan, measured) = (town::small(), town::small_measured());
        prop_assert_eq!(
            all.progress(&plan, &measured, minutes(20)).unwrap(),
            jumbled.progress(&plan, &measured, minutes(20)).unwrap()
        );
    }

    #[test]
    fn any_text_is_read_or_refused(lines in prop::collection::vec("[ -~\\x00]{0,40}|\\{\"lost\":\\[\\],\"started\":\"2026-03-02T08:00:00Z\"\\}", 0..6)) {
        if let Ok(read) = Run::parse(&lines.join("\n")) {
            prop_assert!(read.run.ticks.is_empty() && read.run.lost.is_empty());
        }
    }

    #[test]
    fn a_run_that_goes_as_planned_ends_as_predicted(
        bytes in prop::collection::vec(any::<u8>(), 0..220),
        share in 0.0_f64..1.0,
    ) {
        let town = Town::new(&bytes);
        let lost = town.lost();
        let way = plan_restoration(&town.plan, &lost, &town.measured, at());
        let now = SignedDuration::from_secs((way.end.as_secs() as f64 * share) as i64);
        let mut run = Run::new(&lost, at());
        for step in way.steps.iter().filter(|step| step.estimate.likely > SignedDuration::ZERO) {
            let mut say = |state, time| {
                run.ticks.push(Tick { time: at() + time, by: "Ada".into(), step: step.id.clone(), state, note: None });
            };
            if step.start < now {
                say(TickState::Begun, step.start);
            }
            if step.end <= now {
                say(TickState::Done, step.end);
            }
        }
        let progress = run.progress(&town.plan, &town.measured, at() + now).unwrap();
        prop_assert_eq!(progress.end, way.end);
        prop_assert!(progress.unknown.is_empty() && progress.strange_times == 0);
        for step in &progress.steps {
            let planned = way.step(&step.id).unwrap();
            prop_assert_eq!((step.start, step.end), (planned.start, planned.end), "{}", step.id);
            prop_assert!(!step.late && !step.out_of_order);
        }
        for back in &progress.services {
            let planned = way.service(&back.service).unwrap();
            prop_assert_eq!(back.scheduled, planned.scheduled);
            prop_assert_eq!(progress.back.contains(&back.service), back.scheduled <= now);
        }
    }
}
