//! Spoilt ways back: the checker must find every one.

use crate::town::{Tape, Town, at};
use jiff::SignedDuration;
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use recover::{
    Basis, Because, DecisionKind, Estimate, Hands, Restoration, Step, StepId, Work, plan_restoration, verify,
};
use std::{cell::RefCell, collections::BTreeMap};

type Spoil = fn(&mut Restoration, &mut Tape<'_>);

fn step<'w>(way: &'w mut Restoration, tape: &mut Tape<'_>) -> Option<&'w mut Step> {
    let number = tape.pick(way.steps.len());
    way.steps.get_mut(number)
}

fn seconds(tape: &mut Tape<'_>) -> SignedDuration {
    SignedDuration::from_secs(1 + 60 * tape.pick(250) as i64)
}

/// Puts steps back in the order of their starts, so that it is not by their order that a spoilt plan is found.
fn sort(way: &mut Restoration) {
    way.steps.sort_by_key(|step| step.start);
}

/// Every way of spoiling that changes what a plan means.
const SPOILS: &[(&str, Spoil)] = &[
    ("swap two steps", |way, tape| {
        let (a, b) = (tape.pick(way.steps.len()), tape.pick(way.steps.len()));
        if let (Some(first), Some(second)) = (way.steps.get(a).cloned(), way.steps.get(b).cloned()) {
            way.steps[a].start = second.start;
            way.steps[a].end = second.start + first.estimate.likely;
            way.steps[b].start = first.start;
            way.steps[b].end = first.start + second.estimate.likely;
            sort(way);
        }
    }),
    ("drop a need", |way, tape| {
        let place = tape.pick(4);
        if let Some(step) = step(way, tape).filter(|step| place < step.needs.len()) {
            step.needs.remove(place);
        }
    }),
    ("add a need", |way, tape| {
        let other = way.steps.get(tape.pick(way.steps.len())).map(|step| step.id.clone());
        if let (Some(step), Some(other)) = (step(way, tape), other)
            && !step.needs.contains(&other)
        {
            step.needs.push(other);
        }
    }),
    ("begin later", |way, tape| {
        let by = seconds(tape);
        if let Some(step) = step(way, tape) {
            step.start += by;
            step.end += by;
            sort(way);
        }
    }),
    ("begin earlier", |way, tape| {
        let by = seconds(tape);
        if let Some(step) = step(way, tape) {
            let by = by.min(step.start);
            step.start -= by;
            step.end -= by;
            sort(way);
        }
    }),
    ("begin with the loss", |way, tape| {
        if let Some(step) = step(way, tape) {
            step.end -= step.start;
            step.start = SignedDuration::ZERO;
            sort(way);
        }
    }),
    ("end later", |way, tape| {
        let by = seconds(tape);
        if let Some(step) = step(way, tape) {
            step.end += by;
        }
    }),
    ("take longer", |way, tape| {
        let by = seconds(tape);
        if let Some(step) = step(way, tape) {
            step.estimate.likely += by;
            step.estimate.high = step.estimate.high.max(step.estimate.likely);
        }
    }),
    ("likely beyond the longest", |way, tape| {
        if let Some(step) = step(way, tape).filter(|step| step.estimate.likely > SignedDuration::ZERO) {
            step.estimate.high = step.estimate.likely - SignedDuration::from_secs(1);
        }
    }),
    ("measured what nobody measured", |way, tape| {
        if let Some(step) = step(way, tape).filter(|step| !matches!(step.work, Work::Restore { .. })) {
            step.estimate.basis = Basis::Measured(3);
        }
    }),
    ("other hands", |way, tape| {
        if let Some(step) = step(way, tape) {
            step.hands = if step.hands == Hands::Anyone { Hands::Nobody } else { Hands::Anyone };
        }
    }),
    ("hands from elsewhere", |way, tape| {
        let other = way.steps.get(tape.pick(way.steps.len())).map(|step| step.id.clone());
        if let Some(step) = step(way, tape).filter(|step| step.hands == Hands::Nobody) {
            step.hands_from = other;
        }
    }),
    ("more people", |way, tape| {
        let number = tape.pick(way.crews.len());
        if let Some(load) = way.crews.get_mut(number) {
            load.people += 1;
        }
    }),
    ("less busy", |way, tape| {
        let number = tape.pick(way.crews.len());
        if let Some(load) = way.crews.get_mut(number) {
            load.steps -= 1;
        }
    }),
    ("forget a step", |way, tape| {
        let number = tape.pick(way.steps.len());
        if number < way.steps.len() {
            way.steps.remove(number);
        }
    }),
    ("do a step twice", |way, tape| {
        let number = tape.pick(way.steps.len());
        if let Some(step) = way.steps.get(number).cloned() {
            way.steps.insert(number, step);
        }
    }),
    ("call a step otherwise", |way, tape| {
        if let Some(step) = step(way, tape) {
            step.id = StepId::from("replace:nothing");
        }
    }),
    ("do something nobody asked for", |way, _| {
        if let Some(mut step) = way.steps.first().cloned() {
            step.work = Work::Check { service: "nothing".parse().unwrap() };
            step.id = step.work.id();
            way.steps.insert(0, step);
        }
    }),
    ("restore from elsewhere", |way, _| {
        for step in &mut way.steps {
            if let Work::Restore { from, .. } = &mut step.work {
                *from = if from.as_str() == "near" { "far" } else { "near" }.parse().unwrap();
            }
        }
    }),
    ("restore what there is no snapshot of", |way, _| {
        for step in &mut way.steps {
            if let Work::Rebuild { backup } = step.work.clone() {
                let old = step.id.clone();
                step.work = Work::Restore { backup, from: "far".parse().unwrap(), taken: at() };
                step.id = step.work.id();
                let new = step.id.clone();
                for step in &mut way.steps {
                    for need in step.needs.iter_mut().filter(|need| **need == old) {
                        *need = new.clone();
                    }
                }
                break;
            }
        }
    }),
    ("run other lines", |way, tape| {
        if let Some(step) = step(way, tape) {
            step.run = Some("rm -r /srv".into());
        }
    }),
    ("for other services", |way, tape| {
        if let Some(step) = step(way, tape) {
            step.services.push("nothing".parse().unwrap());
        }
    }),
    ("more slack", |way, tape| {
        let by = seconds(tape);
        if let Some(step) = step(way, tape) {
            step.slack += by;
        }
    }),
    ("less slack", |way, tape| {
        let by = seconds(tape);
        if let Some(step) = step(way, tape) {
            step.slack -= by.min(step.slack);
        }
    }),
    ("critical or not", |way, tape| {
        if let Some(step) = step(way, tape) {
            step.critical = !step.critical;
        }
    }),
    ("an end too early", |way, tape| {
        way.end -= seconds(tape).min(way.end);
    }),
    ("an end too late", |way, tape| {
        way.end += seconds(tape);
    }),
    ("a gap in the critical path", |way, tape| {
        let number = tape.pick(way.critical_path.len());
        if number < way.critical_path.len() {
            way.critical_path.remove(number);
        }
    }),
    ("no critical path", |way, _| way.critical_path.clear()),
    ("another reason on the critical path", |way, tape| {
        let number = tape.pick(way.critical_path.len());
        if let Some(link) = way.critical_path.get_mut(number).filter(|link| link.because != Because::Busy) {
            link.because = if link.because == Because::First { Because::Needs } else { Because::First };
        }
    }),
    ("predict sooner", |way, tape| {
        let number = tape.pick(way.services.len());
        let by = seconds(tape);
        if let Some(back) = way.services.get_mut(number) {
            back.likely = back.p10 - by;
        }
    }),
    ("schedule sooner", |way, tape| {
        let number = tape.pick(way.services.len());
        let by = seconds(tape);
        if let Some(back) = way.services.get_mut(number) {
            back.scheduled -= by;
        }
    }),
    ("keep a target that is missed", |way, tape| {
        let number = tape.pick(way.services.len());
        if let Some(back) = way.services.get_mut(number) {
            back.rto_met = back.rto_met.map(|met| !met);
        }
    }),
    ("lose no data", |way, tape| {
        let number = tape.pick(way.services.len());
        if let Some(back) = way.services.get_mut(number).filter(|back| !back.data.is_empty()) {
            (back.data_lost, back.unrecoverable) =
                (Some(SignedDuration::ZERO - SignedDuration::from_secs(1)), false);
        }
    }),
    ("pass over what cannot be recovered", |way, tape| {
        let number = tape.pick(way.services.len());
        if let Some(back) = way.services.get_mut(number) {
            back.unrecoverable = !back.unrecoverable;
        }
    }),
    ("forget a backup", |way, tape| {
        let number = tape.pick(way.services.len());
        if let Some(back) = way.services.get_mut(number) {
            back.data.pop();
        }
    }),
    ("forget a service", |way, tape| {
        let number = tape.pick(way.services.len());
        if number < way.services.len() {
            way.services.remove(number);
        }
    }),
    ("forget the way to a service", |way, tape| {
        let number = tape.pick(way.services.len());
        if let Some(back) = way.services.get_mut(number) {
            back.path.pop();
        }
    }),
    ("forget a fallback", |way, _| {
        way.fallbacks.pop();
    }),
    ("forget what has to be decided", |way, tape| {
        let number = tape.pick(way.decisions.len());
        if way.decisions.get(number).is_some_and(|point| point.kind != DecisionKind::NoReplacement) {
            way.decisions.remove(number);
        }
    }),
    ("forget whom to tell", |way, _| {
        way.tell.pop();
    }),
    ("a guess where the plan says it", |way, tape| {
        let likely = seconds(tape);
        if let Some(step) = step(way, tape).filter(|step| step.estimate.basis == Basis::Declared) {
            step.estimate = Estimate { basis: Basis::Guessed, low: likely, likely, high: likely };
        }
    }),
];

#[test]
fn every_spoilt_plan_is_found() {
    let counts: RefCell<BTreeMap<&str, usize>> = RefCell::new(BTreeMap::new());
    let strategy =
        (prop::collection::vec(any::<u8>(), 60..220), prop::collection::vec(any::<u8>(), 3 * SPOILS.len()));
    let mut runner = TestRunner::new(Config { cases: 150, failure_persistence: None, ..Config::default() });
    let done = runner.run(&strategy, |(town, choices)| {
        let town = Town::new(&town);
        let lost = town.lost();
        let sound = plan_restoration(&town.plan, &lost, &town.measured, at());
        for ((what, spoil), choices) in SPOILS.iter().zip(choices.chunks(3)) {
            let mut way = sound.clone();
            spoil(&mut way, &mut Tape(choices));
            if way == sound {
                continue;
            }
            prop_assert!(!verify(&town.plan, &lost, &town.measured, &way).is_empty(), "{what} was not found");
            *counts.borrow_mut().entry(what).or_default() += 1;
        }
        Ok(())
    });
    done.unwrap();
    let counts = counts.into_inner();
    let all: usize = counts.values().sum();
    println!("{all} spoilt plans, all of them found: {counts:?}");
    for (what, _) in SPOILS {
        assert!(counts.contains_key(what), "{what} was never tried");
    }
}
