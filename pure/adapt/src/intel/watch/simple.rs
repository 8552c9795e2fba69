//! Patterns that ask for one thing, or for one of several.

use crate::stix::{
    Pattern,
    pattern::{Comparison, Constant, Observation, PatternError, Relation, Step, Test},
};
use ipnet::IpNet;
use std::{fmt, net::IpAddr};

/// Something that is watched for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Watched {
    /// An address.
    Address(IpAddr),
    /// The addresses of a network.
    Network(IpNet),
    /// A domain name, in lower case and without the full stop at its end.
    Name(String),
}

impl fmt::Display for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Watched::Address(address) => address.fmt(f),
            Watched::Network(network) => network.fmt(f),
            Watched::Name(name) => name.fmt(f),
        }
    }
}

/// What a pattern asks for, if each alternative asks for one thing that can be watched for; none if it asks for more.
///
/// # Errors
/// It is not a pattern.
pub fn watched(pattern: &str) -> Result<Option<Vec<Watched>>, PatternError> {
    let pattern = Pattern::parse(pattern)?;
    let mut values = Vec::new();
    Ok(of_observation(pattern.root(), &mut values).map(|()| values))
}

fn of_observation(observation: &Observation, values: &mut Vec<Watched>) -> Option<()> {
    match observation {
        Observation::One(comparison) => of_comparison(comparison, values),
        Observation::Or(any) => any.iter().try_for_each(|one| of_observation(one, values)),
        Observation::And(_) | Observation::FollowedBy(_) | Observation::Qualified(..) => None,
    }
}

fn of_comparison(comparison: &Comparison, values: &mut Vec<Watched>) -> Option<()> {
    match comparison {
        Comparison::Or(any) => any.iter().try_for_each(|one| of_comparison(one, values)),
        Comparison::Test(test) => of_test(test, values),
        Comparison::And(_) => None,
    }
}

fn of_test(test: &Test, values: &mut Vec<Watched>) -> Option<()> {
    if test.negated {
        return None;
    }
    let keys: Option<Vec<&str>> = test
        .path
        .steps
        .iter()
        .map(|step| match step {
            Step::Key(key) => Some(key.as_str()),
            Step::Index(_) | Step::Any => None,
        })
        .collect();
    let is_address = match (test.path.object_type.as_str(), keys?.as_slice()) {
        ("ipv4-addr" | "ipv6-addr", ["value"]) | ("network-traffic", ["src_ref" | "dst_ref", "value"]) => {
            true
        }
        ("domain-name", ["value"]) => false,
        _ => return None,
    };
    let mut put = |constant: &Constant| {
        let Constant::Text(text) = constant else { return None };
        values.push(if is_address {
            // STIX writes a network as an address with a prefix (§6.7, §6.8).
            let address = text.parse::<IpAddr>().map(|ip| Watched::Address(ip.to_canonical()));
            address.or_else(|_| text.parse().map(network)).ok()?
        } else {
            Watched::Name(text.trim_end_matches('.').to_ascii_lowercase())
        });
        Some(())
    };
    match &test.relation {
        Relation::Equal(constant) => put(constant),
        Relation::In(constants) => constants.iter().try_for_each(put),
        Relation::Subset(subset) if is_address => {
            values.push(network(*subset));
            Some(())
        }
        _ => None,
    }
}

/// A network of one address is that address.
fn network(network: IpNet) -> Watched {
    if network.prefix_len() == network.max_prefix_len() {
        Watched::Address(network.addr())
    } else {
        Watched::Network(network.trunc())
    }
}
