//! What a pattern seeks, as a question to history.

use super::{Ground, place};
use adapt::{
    hunt::{Clause, Kept, Way},
    stix::pattern::{Constant, Order, Relation, Test, may_hold},
};
use city::Address;
use serde_json::Value;
use std::{net::IpAddr, sync::Arc};
use store::{Addresses, Condition, Question, Table, Texts};

/// The question for rows of a table.
pub(super) fn question(ground: &Ground, kept: Kept, clause: &Clause) -> Question {
    let table = match kept {
        Kept::Conversations => Table::Conversations,
        Kept::Identities => Table::Identities,
        Kept::Requests => Table::Requests,
        Kept::Weaknesses => Table::Weaknesses,
    };
    let condition = condition(ground, clause);
    Question { from: ground.from, until: ground.until, condition, ..Question::new(table, usize::MAX) }
}

fn condition(ground: &Ground, clause: &Clause) -> Condition {
    match clause {
        Clause::All(all) => Condition::All(all.iter().map(|one| condition(ground, one)).collect()),
        Clause::Any(any) => Condition::Any(any.iter().map(|one| condition(ground, one)).collect()),
        Clause::Words(column, words) => {
            Condition::Text { column, texts: Texts::one_of(words.iter().cloned()) }
        }
        Clause::Test(way, test) => told(ground, *way, test),
    }
}

fn told(ground: &Ground, way: Way, test: &Test) -> Condition {
    let one_of = |columns: &[&'static str], texts: &Texts| {
        let text = |column: &&'static str| Condition::Text { column, texts: texts.clone() };
        Condition::Any(columns.iter().map(text).collect())
    };
    match way {
        Way::Addresses(columns) => one_of(columns, &addresses(test)),
        Way::Texts(columns) => one_of(columns, &texts(test)),
        Way::Number(column) => number(column, test),
        Way::Zone(column) => match &ground.plan {
            Some(plan) => {
                let (plan, test) = (plan.clone(), test.clone());
                let holds = move |text: &str| {
                    let zone = text.parse::<Address>().ok().and_then(|address| place(&plan, address).zone);
                    zone.is_some_and(|zone| may_hold(&test, &Value::String(zone)))
                };
                one_of(&[column], &Texts::Test(Arc::new(holds)))
            }
            None => Condition::NEVER,
        },
        Way::ByPlan | Way::Row => Condition::ALWAYS,
    }
}

/// The texts that a test is for by name.
fn named(test: &Test) -> Option<Vec<&str>> {
    let constants = match &test.relation {
        Relation::Equal(constant) => std::slice::from_ref(constant),
        Relation::In(constants) => constants.as_slice(),
        _ => return None,
    };
    if test.negated {
        return None;
    }
    let mut texts = Vec::with_capacity(constants.len());
    for constant in constants {
        let Constant::Text(text) = constant else { return None };
        texts.push(text.as_str());
    }
    Some(texts)
}

fn texts(test: &Test) -> Texts {
    match named(test) {
        Some(texts) => Texts::one_of(texts.into_iter().map(str::to_owned)),
        None => {
            let test = test.clone();
            Texts::Test(Arc::new(move |text| may_hold(&test, &text.into())))
        }
    }
}

fn addresses(test: &Test) -> Texts {
    // What is no address equals none.
    let parsed =
        |texts: Vec<&str>| texts.into_iter().filter_map(|text| text.parse().ok()).collect::<Vec<_>>();
    let set = match (named(test), &test.relation) {
        (Some(texts), _) => Addresses::new(parsed(texts), []),
        (None, Relation::Subset(network)) if !test.negated => Addresses::new([], [*network]),
        _ => {
            let test = test.clone();
            return Texts::Test(Arc::new(move |text| {
                let shown = match text.parse() {
                    Ok(Address::Ip(ip @ IpAddr::V6(_))) => ip.to_canonical().to_string(),
                    _ => text.to_owned(),
                };
                may_hold(&test, &Value::String(shown))
            }));
        }
    };
    Texts::Addresses(Arc::new(set))
}

/// Whole numbers are told by their spans; for anything else the row must be looked at.
fn number(column: &'static str, test: &Test) -> Condition {
    let span = |within| Condition::Number { column, within };
    let any = span((i64::MIN, i64::MAX));
    if test.negated {
        return any;
    }
    match &test.relation {
        Relation::Equal(Constant::Integer(number)) => span((*number, *number)),
        Relation::Order(order, Constant::Integer(number)) => span(match order {
            Order::Less => (i64::MIN, number.saturating_sub(1)),
            Order::AtMost => (i64::MIN, *number),
            Order::Greater => (number.saturating_add(1), i64::MAX),
            Order::AtLeast => (*number, i64::MAX),
        }),
        Relation::In(constants) => {
            let one = |constant: &Constant| match constant {
                Constant::Integer(number) => span((*number, *number)),
                _ => any.clone(),
            };
            Condition::Any(constants.iter().map(one).collect())
        }
        _ => any,
    }
}
