//! Random patterns: they are printed and read again, and mean what they say.

use super::{
    reference,
    scene::{bundle, read},
};
use adapt::stix::{
    Pattern,
    pattern::{
        Budget, Comparison, Constant, Expression, Like, ObjectPath, Observation, Order, Qualifier, Relation,
        Step, Test, evaluate,
    },
};
use proptest::{collection::vec, prelude::*};
use serde_json::{Value, json};

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-c'\\\\%_. \n\u{e9}\u{301}]{0,6}", Just("abc".to_owned())]
}

fn constant() -> impl Strategy<Value = Constant> {
    prop_oneof![
        any::<i64>().prop_map(Constant::Integer),
        any::<f64>().prop_filter("finite", |number| number.is_finite()).prop_map(Constant::Float),
        text().prop_map(Constant::Text),
        (vec(any::<u8>(), 1..5), any::<bool>()).prop_map(|(octets, hex)| Constant::Bytes { octets, hex }),
        (0_i64..4_000_000_000, 0_i32..1_000_000_000)
            .prop_map(|(second, nano)| Constant::Time(jiff::Timestamp::new(second, nano).unwrap())),
    ]
}

fn path() -> impl Strategy<Value = ObjectPath> {
    let step = prop_oneof![
        "[a-z_]{1,4}".prop_map(Step::Key),
        "[A-Z'-]{0,4}".prop_map(Step::Key),
        (-3_i64..9).prop_map(Step::Index),
        Just(Step::Any),
    ];
    ("[a-z][a-z0-9-]{0,6}", "[a-zA-Z_-]{1,5}", vec(step, 0..4)).prop_map(|(object_type, first, rest)| {
        ObjectPath { object_type, steps: std::iter::once(Step::Key(first)).chain(rest).collect() }
    })
}

fn relation() -> impl Strategy<Value = Relation> {
    let order =
        prop_oneof![Just(Order::Less), Just(Order::AtMost), Just(Order::Greater), Just(Order::AtLeast)];
    prop_oneof![
        Just(Relation::Exists),
        constant().prop_map(Relation::Equal),
        any::<bool>().prop_map(|flag| Relation::Differs(Constant::Flag(flag))),
        (order, constant()).prop_map(|(order, constant)| Relation::Order(order, constant)),
        vec(text().prop_map(Constant::Text), 0..4).prop_map(Relation::In),
        text().prop_map(|text| Relation::Like(Like::new(&text))),
        text().prop_filter_map("an expression", |text| Expression::read(&text).ok().map(Relation::Matches)),
        (any::<u32>(), 0_u8..=32).prop_map(|(bits, length)| {
            Relation::Subset(
                ipnet::IpNet::new(std::net::Ipv4Addr::from(bits).into(), length).unwrap().trunc(),
            )
        }),
        (any::<u128>(), 0_u8..=128).prop_map(|(bits, length)| {
            Relation::Superset(
                ipnet::IpNet::new(std::net::Ipv6Addr::from(bits).into(), length).unwrap().trunc(),
            )
        }),
    ]
}

fn comparison() -> impl Strategy<Value = Comparison> {
    let test = (path(), any::<bool>(), relation())
        .prop_map(|(path, negated, relation)| Comparison::Test(Test { path, negated, relation }));
    test.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 2..4).prop_map(Comparison::And),
            vec(inner, 2..4).prop_map(Comparison::Or),
        ]
    })
}

fn qualifiers() -> impl Strategy<Value = Vec<Qualifier>> {
    let times = (0_i64..4_000_000_000, 0_i64..4_000_000_000).prop_map(|(start, stop)| {
        let time = |second| jiff::Timestamp::from_second(second).unwrap();
        Qualifier::Between(time(start), time(stop))
    });
    let all = (1_u64..1_000, 0.001_f64..1e9, times).prop_map(|(times, seconds, between)| {
        vec![Qualifier::Repeats(times), Qualifier::Within(seconds), between]
    });
    (all.prop_shuffle(), 1_usize..=3).prop_map(|(mut all, count)| {
        all.truncate(count);
        all
    })
}

fn observation() -> impl Strategy<Value = Observation> {
    comparison().prop_map(Observation::One).prop_recursive(4, 16, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 2..4).prop_map(Observation::And),
            vec(inner.clone(), 2..4).prop_map(Observation::Or),
            vec(inner.clone(), 2..4).prop_map(Observation::FollowedBy),
            (inner, qualifiers())
                .prop_map(|(inner, qualifiers)| Observation::Qualified(Box::new(inner), qualifiers)),
        ]
    })
}

/// A pattern whose brackets ask for a name out of three, and that needs few observations.
fn small() -> impl Strategy<Value = String> {
    let bracket = prop_oneof![
        prop_oneof![Just("a"), Just("b"), Just("c")].prop_map(|name| format!("[file:name = '{name}']")),
        Just("[file:name IN ('a', 'b')]".to_owned()),
        Just("[file:name != 'a']".to_owned()),
    ];
    bracket.prop_recursive(3, 5, 2, |inner| {
        let joined =
            |word: &'static str| move |(one, other): (String, String)| format!("({one} {word} {other})");
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(joined("AND")),
            (inner.clone(), inner.clone()).prop_map(joined("OR")),
            (inner.clone(), inner.clone()).prop_map(joined("FOLLOWEDBY")),
            (inner.clone(), 1_u8..3).prop_map(|(inner, times)| format!("({inner} REPEATS {times} TIMES)")),
            (inner.clone(), 1_u8..5)
                .prop_map(|(inner, seconds)| format!("({inner} WITHIN {seconds} SECONDS)")),
            (inner, 0_i64..8, 1_i64..8).prop_map(|(inner, start, length)| {
                let time = super::scene::time;
                format!("({inner} START t'{}' STOP t'{}')", time(start), time(start + length))
            }),
        ]
    })
}

fn few_observations() -> impl Strategy<Value = Vec<Value>> {
    let one = (prop_oneof![Just("a"), Just("b"), Just("c")], 0_i64..8, 0_i64..4, 1_u64..3);
    vec(one, 0..5).prop_map(|all| {
        let bundled = |(id, (name, first, length, count)): (usize, (&str, i64, i64, u64))| {
            let file = json!({"type": "file", "name": name});
            bundle(u32::try_from(id).unwrap(), &[file], first, first + length, count)
        };
        all.into_iter().enumerate().map(bundled).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn what_is_printed_reads_as_the_same(observation in observation()) {
        let printed = observation.to_string();
        let pattern = Pattern::parse(&printed);
        let pattern = pattern.map_err(|error| TestCaseError::fail(format!("{printed}: {error}")))?;
        prop_assert_eq!(pattern.root(), &observation, "{}", printed);
        prop_assert_eq!(pattern.to_string(), printed);
        let _ = pattern.notes();
    }

    #[test]
    fn no_text_is_too_strange(text in "[\\[\\]()a-c:.'= *ANDOR0-9tbh/<>!,-]{0,40}") {
        if let Ok(pattern) = Pattern::parse(&text) {
            prop_assert_eq!(Pattern::parse(&pattern.to_string()), Ok(pattern));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(3_000) })]

    /// The evaluator finds a binding where trying them all finds one, and nowhere else.
    #[test]
    fn a_pattern_matches_where_trying_everything_finds_a_way(pattern in small(), given in few_observations()) {
        let pattern = Pattern::parse(&pattern).unwrap();
        let observed = read(&given);
        let expected = reference::matches(&pattern, &observed);
        let found = evaluate(&pattern, &observed, Budget::default()).unwrap();
        prop_assert_eq!(found.is_some(), expected, "{} in {:?}", pattern, given);
        if let Some(found) = found {
            prop_assert!(!found.observations.is_empty());
            let told: Vec<_> = found.observations.iter().map(|place| observed[*place].clone()).collect();
            prop_assert!(reference::matches(&pattern, &told), "{}: {:?} alone do not match", pattern, found);
        }
    }
}
