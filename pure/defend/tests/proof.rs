//! What is compiled is proven to mean the plan, for routers and for bridges.
#![cfg(test)]

mod plans;

use defend::segmentation::{
    Policy, Question,
    nftables::{Bridge, Settings, compile},
    prove,
};
use ruleset::Ruleset;

fn differences(
    seed: u64,
    settings: Settings,
    question: &Question,
    change: impl Fn(String) -> String,
) -> Vec<String> {
    let Some(plan) = plans::plan(&plans::text(seed, seed % 2 == 1)) else { return Vec::new() };
    let policy = Policy::new(&plan);
    let text = change(compile(&policy, settings));
    let mut ruleset =
        Ruleset::parse(&text).unwrap_or_else(|errors| panic!("seed {seed}: {errors:?}\n{text}"));
    let proof = prove(&policy, &mut ruleset, question).unwrap();
    proof.differences.iter().map(|one| ruleset.show(&one.packet).to_string()).collect()
}

#[test]
fn a_bridge_s_rules_mean_the_plan_with_and_without_connection_tracking() {
    for seed in 0..200 {
        for (bridge, stateless) in [(Bridge::Tracked, false), (Bridge::Stateless, true)] {
            let settings = Settings { observe: false, bridge: Some(bridge) };
            let question = Question { bridged: true, stateless, ..Question::default() };
            assert_eq!(
                differences(seed, settings, &question, |text| text),
                [""; 0],
                "seed {seed}, {bridge:?}"
            );
        }
    }
}

#[test]
fn who_is_contained_is_part_of_what_is_proven() {
    let contained: std::net::IpAddr = "192.0.2.1".parse().unwrap();
    let put = |text: String| {
        text.replacen(
            "set quarantine4 {\n\t\ttype ipv4_addr\n",
            "set quarantine4 {\n\t\ttype ipv4_addr\n\t\telements = { 192.0.2.1 }\n",
            1,
        )
    };
    let settings = Settings::default();
    let known = Question { quarantined: vec![contained], ..Question::default() };
    let mut told = 0;
    for seed in 0..50 {
        assert_eq!(differences(seed, settings, &known, put), [""; 0], "seed {seed}");
        told += usize::from(!differences(seed, settings, &known, |text| text).is_empty());
        told += usize::from(!differences(seed, settings, &Question::default(), put).is_empty());
    }
    assert!(told > 50, "what is cut off in the rules or in the question alone is told");
}

#[test]
fn what_only_observes_is_not_the_plan() {
    let settings = Settings { observe: true, bridge: None };
    let told =
        (0..20).filter(|seed| !differences(*seed, settings, &Question::default(), |text| text).is_empty());
    assert_eq!(told.count(), 20);
}
