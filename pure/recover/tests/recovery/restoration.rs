//! The way back of a town that a person can follow.

use crate::town;

use recover::{LossError, Lost, Work, plan_restoration, verify};

#[test]
fn look() {
    let plan = town::small();
    let lost = Lost::parse(&["data-centre"], &plan).unwrap();
    println!("{lost:#?}");
    let way = plan_restoration(&plan, &lost, &town::small_measured(), town::at());
    for step in &way.steps {
        println!(
            "{:>6} {:>6} {:>5} {} {} | {} | {:?} <- {:?}",
            step.start.as_mins(),
            step.end.as_mins(),
            step.slack.as_mins(),
            if step.critical { "*" } else { " " },
            step.id,
            step.hands,
            step.why,
            step.needs
        );
    }
    println!("{:#?}", way.services);
    println!("{:#?}", way.improvements);
    println!("{:#?}", way.decisions);
    println!("{:#?}", way.tell);
    println!("{:#?}", verify(&plan, &lost, &way));
    assert!(matches!(way.steps[0].work, Work::Deliver { .. } | Work::Replace { .. }));
    assert_eq!(Lost::parse(&[], &plan), Err(LossError::Nothing));
}
