//! What holds for every town, every loss and every drill.

use crate::town::{Town, at};
use proptest::prelude::*;
use recover::{Hands, Restoration, StepId, plan_restoration, verify};
use std::collections::BTreeMap;

/// Follows a plan as people would: whoever has hands free takes up the first step in the plan's order of which all needs
/// are done. Knows of a restoration only its needs, hands, limits and likely times.
fn execute(way: &Restoration) -> BTreeMap<StepId, (i64, i64)> {
    let limits: BTreeMap<&Hands, u32> = way.crews.iter().map(|load| (&load.hands, load.people)).collect();
    let mut done: BTreeMap<StepId, (i64, i64)> = BTreeMap::new();
    let mut at_work: Vec<(i64, i64, usize)> = Vec::new();
    let mut left: Vec<usize> = (0..way.steps.len()).collect();
    let mut now = 0;
    while !left.is_empty() || !at_work.is_empty() {
        // Until nothing ends or begins any more at this moment.
        loop {
            let before = (at_work.len(), done.len());
            at_work.retain(|(start, end, step)| {
                let over = *end <= now;
                if over {
                    done.insert(way.steps[*step].id.clone(), (*start, *end));
                }
                !over
            });
            // What takes no time first, for it may let something more urgent begin.
            for moments in [true, false] {
                left.retain(|number| {
                    let step = &way.steps[*number];
                    let takes = step.estimate.likely.as_secs();
                    let ready = step.needs.iter().all(|need| done.contains_key(need));
                    let busy =
                        at_work.iter().filter(|(.., other)| way.steps[*other].hands == step.hands).count();
                    let free = step.hands == Hands::Nobody || busy < limits[&step.hands] as usize;
                    if !ready || !free || moments != (takes == 0) {
                        return true;
                    }
                    if takes == 0 {
                        done.insert(step.id.clone(), (now, now));
                    } else {
                        at_work.push((now, now + takes, *number));
                    }
                    false
                });
                if moments && before.1 != done.len() {
                    break;
                }
            }
            if before == (at_work.len(), done.len()) {
                break;
            }
        }
        let Some(next) = at_work.iter().map(|(_, end, _)| *end).min() else {
            assert!(
                left.is_empty(),
                "nobody can go on: {:?}",
                left.iter().map(|n| &way.steps[*n].id).collect::<Vec<_>>()
            );
            break;
        };
        now = next;
    }
    done
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(250))]

    #[test]
    fn every_way_back_is_sound(bytes in prop::collection::vec(any::<u8>(), 0..220)) {
        let town = Town::new(&bytes);
        let lost = town.lost();
        let way = plan_restoration(&town.plan, &lost, &town.measured, at());
        prop_assert_eq!(verify(&town.plan, &lost, &town.measured, &way), vec![], "{:?} {:#?}", town.lost, way.steps);
        prop_assert_eq!(&way, &plan_restoration(&town.plan, &lost, &town.measured, at()));
    }

    #[test]
    fn the_predicted_times_are_those_of_an_execution(bytes in prop::collection::vec(any::<u8>(), 0..220)) {
        let town = Town::new(&bytes);
        let way = plan_restoration(&town.plan, &town.lost(), &town.measured, at());
        let done = execute(&way);
        for step in &way.steps {
            let expected = (step.start.as_secs(), step.end.as_secs());
            prop_assert_eq!(done[&step.id], expected, "{} of {:#?}", step.id, way.steps);
        }
        for back in &way.services {
            let runs = StepId::from(format!("runs:{}", back.service).as_str());
            prop_assert_eq!(done[&runs].1, back.scheduled.as_secs());
            prop_assert!(back.p10 <= back.likely && back.likely <= back.p90, "{back:?}");
        }
    }
}
