use super::*;
use crate::graph::{Goal, Node};
use proptest::prelude::*;

/// Steps that need only earlier ones; each may take a hand of one of the crews.
fn graphs(steps: usize, crews: usize) -> impl Strategy<Value = Graph> {
    let step = (prop::collection::vec(any::<bool>(), steps), prop::option::of(0..crews.max(1)), 0_i64..20);
    let people = prop::collection::vec(1_u32..4, crews);
    (prop::collection::vec(step, 1..=steps), people).prop_map(move |(steps, people)| {
        let nodes = steps.into_iter().enumerate().map(|(number, (needs, crew, time))| {
            let crew = crew.filter(|_| crews > 0);
            let likely = if crew.is_some() { time.max(1) } else { time };
            let needs = (0..number).filter(|need| needs[*need]).collect();
            Node { crew, needs, low: likely / 2, likely, high: likely * 2 }
        });
        Graph::new(nodes.collect(), people)
    })
}

fn planned(graph: &Graph) -> Times {
    let seconds = graph.likely();
    let goals = [Goal { node: graph.nodes.len() - 1, urgency: 3, due: Some(30) }];
    schedule(graph, &seconds, &graph.ranks(&seconds, &goals), &Begun::default())
}

/// How many of a crew are at work at a time.
fn at_work(graph: &Graph, times: &Times, crew: usize, time: i64) -> u32 {
    let own = (0..graph.nodes.len()).filter(|step| graph.nodes[*step].crew == Some(crew));
    own.filter(|step| times.start[*step] <= time && time < times.end[*step]).count() as u32
}

/// Every way through a graph that ends with a step, with its length.
fn ways_to(graph: &Graph, step: usize) -> Vec<(Vec<usize>, i64)> {
    let own = graph.nodes[step].likely;
    if graph.nodes[step].needs.is_empty() {
        return vec![(vec![step], own)];
    }
    let before = graph.nodes[step].needs.iter().flat_map(|need| ways_to(graph, *need));
    before
        .map(|(mut way, length)| {
            way.push(step);
            (way, length + own)
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn nothing_is_before_what_it_needs_and_no_crew_over_its_limit(graph in graphs(24, 3)) {
        let times = planned(&graph);
        for (step, node) in graph.nodes.iter().enumerate() {
            prop_assert_eq!(times.end[step] - times.start[step], node.likely);
            for need in &node.needs {
                prop_assert!(times.end[*need] <= times.start[step]);
            }
            if let Some(crew) = node.crew {
                prop_assert!(at_work(&graph, &times, crew, times.start[step]) <= graph.crews[crew]);
            }
            // Nobody idles: just before it begins, something it needs is going on, or all hands are busy.
            let before = times.start[step] - 1;
            let needed = node.needs.iter().any(|need| times.end[*need] == times.start[step]);
            let busy = node.crew.is_some_and(|crew| at_work(&graph, &times, crew, before) == graph.crews[crew]);
            prop_assert!(before < 0 || needed || busy, "step {step} begins late: {times:?}");
        }
    }

    #[test]
    fn the_critical_path_is_the_longest_way_where_hands_are_not_short(graph in graphs(8, 0)) {
        let times = planned(&graph);
        let mut longest = 0;
        for step in 0..graph.nodes.len() {
            let ways = ways_to(&graph, step);
            let most = ways.iter().map(|(_, length)| *length).max().unwrap();
            longest = longest.max(most);
            prop_assert_eq!(times.end[step], most);
            let path: Vec<usize> = path_to(&graph, &times, step, usize::MAX).into_iter().map(|(step, _)| step).collect();
            // Steps at the front that take no time may be left out of a longest way without shortening it.
            let length: i64 = path.iter().map(|step| graph.nodes[*step].likely).sum();
            prop_assert_eq!(length, most);
            prop_assert!(ways.iter().any(|(way, _)| way.ends_with(&path)));
        }
        prop_assert_eq!(times.last(), longest);
    }

    #[test]
    fn with_crews_the_path_has_no_gap_and_its_length_is_the_end(graph in graphs(24, 2)) {
        let times = planned(&graph);
        for step in 0..graph.nodes.len() {
            let path = path_to(&graph, &times, step, usize::MAX);
            let length: i64 = path.iter().map(|(step, _)| graph.nodes[*step].likely).sum();
            prop_assert_eq!(length, times.end[step]);
            prop_assert_eq!(path[0].1, Because::First);
        }
    }

    #[test]
    fn using_slack_up_makes_nothing_else_late(graph in graphs(16, 2), late in 0_usize..16) {
        let times = planned(&graph);
        let late = late % graph.nodes.len();
        let slack = slack(&graph, &times);
        // Every other pair of hands keeps its order; what follows is put off as far as it must.
        let mut start = times.start.clone();
        let mut order: Vec<usize> = (0..graph.nodes.len()).collect();
        let place = |step: &usize| graph.order.iter().position(|other| other == step);
        order.sort_by_key(|step| (times.start[*step], place(step)));
        let duration = |step: usize| graph.nodes[step].likely + if step == late { slack[late] } else { 0 };
        for step in order {
            let needs = graph.nodes[step].needs.iter().copied().chain(times.before[step]);
            start[step] = needs.map(|need| start[need] + duration(need)).max().unwrap_or(0).max(times.start[step]);
        }
        let last = (0..graph.nodes.len()).map(|step| start[step] + duration(step)).max().unwrap();
        prop_assert_eq!(last, times.last());
    }

    #[test]
    fn what_was_done_stays_and_the_rest_comes_after_now(graph in graphs(16, 2), now in 0_i64..100) {
        let first = planned(&graph);
        // All that ended by now went as planned, and what was going on goes on.
        let steps = (0..graph.nodes.len())
            .map(|step| (first.start[step] < now || first.end[step] <= now).then(|| (first.start[step], first.end[step])));
        let begun = Begun { now, steps: steps.collect() };
        let seconds = graph.likely();
        let goals = [Goal { node: graph.nodes.len() - 1, urgency: 3, due: Some(30) }];
        let again = schedule(&graph, &seconds, &graph.ranks(&seconds, &goals), &begun);
        prop_assert_eq!(first.start, again.start);
        prop_assert_eq!(first.end, again.end);
    }
}

#[test]
fn the_worst_service_goes_first_where_hands_are_short() {
    let node = |likely| Node { crew: Some(0), likely, low: likely, high: likely, ..Node::default() };
    let graph = Graph::new(vec![node(10), node(10), node(10)], vec![1]);
    let goals = [
        Goal { node: 0, urgency: 1, due: Some(5) },
        Goal { node: 1, urgency: 3, due: Some(90) },
        Goal { node: 2, urgency: 3, due: Some(20) },
    ];
    let seconds = graph.likely();
    let times = schedule(&graph, &seconds, &graph.ranks(&seconds, &goals), &Begun::default());
    assert_eq!(times.start, [20, 10, 0]);
    assert_eq!(path_to(&graph, &times, 0, 9), [(2, Because::First), (1, Because::Busy), (0, Because::Busy)]);
}
