//! Joins what was asked with what came back.

use super::message::PropertyId;
use super::part::Part;
use city::Reply;
use std::collections::VecDeque;

/// How far ahead of an answer its question is looked for: replies keep the order of the questions (15.7.3), so that it
/// is nearly always the first.
const AHEAD_MAX: usize = 64;

/// Each part with its own outcome: what was asked and answered together, what was only asked, what was only answered.
pub fn merge(asked: Vec<Part>, replied: Vec<Part>, reply: &Reply) -> Vec<(Part, Reply)> {
    let outcome = |part: &Part| part.refused.clone().map_or_else(|| reply.clone(), Reply::Refused);
    if asked.is_empty() {
        let replied = if replied.is_empty() { vec![Part::default()] } else { replied };
        return replied
            .into_iter()
            .map(|part| {
                let reply = outcome(&part);
                (part, reply)
            })
            .collect();
    }
    // One thing asked and one thing answered belong together, whatever the reply repeats of the question.
    if let ([_], [_] | []) = (asked.as_slice(), replied.as_slice()) {
        let mut replied = replied.into_iter();
        let join = |mut part: Part| {
            let mut result = reply.clone();
            if let Some(answer) = replied.next() {
                result = outcome(&answer);
                join(&mut part, answer);
            }
            (part, result)
        };
        return asked.into_iter().map(join).collect();
    }
    if replied.is_empty() {
        return asked.into_iter().map(|part| (part, reply.clone())).collect();
    }
    let mut asked: VecDeque<Part> = asked.into();
    let mut merged = Vec::with_capacity(replied.len());
    for answer in replied {
        let result = outcome(&answer);
        match asked
            .iter()
            .take(AHEAD_MAX)
            .position(|part| answer.answers(part))
            .and_then(|place| asked.remove(place))
        {
            Some(mut part) => {
                join(&mut part, answer);
                merged.push((part, result));
            }
            None => merged.push((answer, result)),
        }
    }
    // What stood for several properties was answered by them; anything else was not answered.
    let unanswered = asked.into_iter().filter(|part| !part.property.is_some_and(PropertyId::is_several));
    merged.extend(unanswered.map(|part| (part, Reply::Missing)));
    merged
}

fn join(part: &mut Part, answer: Part) {
    part.fields.extend(answer.fields);
    if answer.value.is_some() {
        part.value = answer.value;
    }
    if part.object.is_none() {
        part.target = if answer.object.is_some() { answer.target } else { std::mem::take(&mut part.target) };
        part.about.extend(answer.about);
    } else if answer.object == part.object && answer.property != part.property {
        // One question for several properties, and one of them in the answer.
        part.target = answer.target;
        part.about = answer.about;
    }
}
