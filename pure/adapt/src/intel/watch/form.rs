//! Patterns with their constants in the form in which what is seen is compared.

use super::{
    shape::Shape,
    value::{Kind, Url, name},
};
use crate::stix::pattern::{Comparison, Constant, Observation, Relation, Test};
use ipnet::IpNet;
use std::net::IpAddr;

/// A pattern with its constants in the form in which what is seen is compared: names in lower case, URLs without their
/// scheme, and networks, which STIX writes as addresses with a prefix (§6.7, §6.8), as such.
pub(super) fn in_form(observation: &Observation) -> Observation {
    let all = |parts: &[Observation]| parts.iter().map(in_form).collect();
    match observation {
        Observation::One(comparison) => Observation::One(comparison_in_form(comparison)),
        Observation::And(parts) => Observation::And(all(parts)),
        Observation::Or(parts) => Observation::Or(all(parts)),
        Observation::FollowedBy(parts) => Observation::FollowedBy(all(parts)),
        Observation::Qualified(inner, qualifiers) => {
            Observation::Qualified(Box::new(in_form(inner)), qualifiers.clone())
        }
    }
}

fn comparison_in_form(comparison: &Comparison) -> Comparison {
    let all = |parts: &[Comparison]| parts.iter().map(comparison_in_form).collect();
    match comparison {
        Comparison::And(parts) => Comparison::And(all(parts)),
        Comparison::Or(parts) => Comparison::Or(all(parts)),
        Comparison::Test(test) => test_in_form(test),
    }
}

fn test_in_form(test: &Test) -> Comparison {
    let Some(shape) = Shape::of(&test.path) else { return Comparison::Test(test.clone()) };
    let with = |relation| Comparison::Test(Test { relation, ..test.clone() });
    match &test.relation {
        Relation::Equal(constant) => with(constant_in_form(shape, constant)),
        Relation::Differs(constant) => match constant_in_form(shape, constant) {
            Relation::Equal(constant) => with(Relation::Differs(constant)),
            _ => Comparison::Test(test.clone()),
        },
        Relation::In(constants) => {
            let (mut equal, mut networks) = (Vec::new(), Vec::new());
            for constant in constants {
                match constant_in_form(shape, constant) {
                    Relation::Equal(constant) => equal.push(constant),
                    network if !test.negated => networks.push(with(network)),
                    // Outside all of several networks: said of each, not of one of them.
                    _ => return Comparison::Test(test.clone()),
                }
            }
            if networks.is_empty() {
                return with(Relation::In(equal));
            }
            if !equal.is_empty() {
                networks.push(with(Relation::In(equal)));
            }
            if networks.len() == 1 { networks.remove(0) } else { Comparison::Or(networks) }
        }
        _ => Comparison::Test(test.clone()),
    }
}

fn constant_in_form(shape: Shape, constant: &Constant) -> Relation {
    let Constant::Text(text) = constant else { return Relation::Equal(constant.clone()) };
    let text = match shape {
        Shape::Address | Shape::End => match (text.parse::<IpAddr>(), text.parse::<IpNet>()) {
            (Ok(address), _) => address.to_canonical().to_string(),
            (_, Ok(network)) if network.prefix_len() == network.max_prefix_len() => {
                network.addr().to_canonical().to_string()
            }
            (_, Ok(network)) => return Relation::Subset(network),
            _ => text.clone(),
        },
        Shape::Url => Url::of(text).map_or_else(|| text.clone(), |url| url.text),
        Shape::Text(Kind::Name) => name(text),
        Shape::Text(Kind::Certificate | Kind::Ja3) => text.to_ascii_lowercase(),
        Shape::Text(Kind::Mac) => text.to_ascii_lowercase().replace('-', ":"),
        Shape::Text(_) => text.clone(),
    };
    Relation::Equal(Constant::Text(text))
}
