//! From patterns to what must be looked for.
//!
//! A pattern is watched for if each of its `[ ]` has an *anchor*: values of which one must be seen, whatever else the `[ ]`
//! asks for. Of several conditions that must all hold, the rarest is the anchor. Where the anchors say all, nothing more
//! is asked; else the pattern itself decides, once one of them was seen.

use super::{
    form::in_form,
    shape::{Shape, asks_for_request, is_seen},
    value::{Kind, Url, Watched, network},
};
use crate::stix::{
    Pattern,
    pattern::{Comparison, Constant, Observation, PatternError, Qualifier, Relation, Test},
};
use ipnet::IpNet;
use std::{collections::BTreeSet, fmt, net::IpAddr, sync::Arc};

/// The longest pattern of which more must be asked than its anchors say, in bytes.
const TEXT_MAX: usize = 64 << 10;

/// The most anchors of such a pattern.
const ANCHORS_MAX: usize = 1_000;

/// The most observations that are kept of one indicator: what asks for more is not watched for.
pub(super) const KEPT_MAX: usize = 256;

/// Why an indicator, or a part of it, is not watched for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum OnlyHunted {
    /// It is not in the language of STIX.
    OtherLanguage,
    /// It asks for what does not show in traffic, such as files, processes and registry keys, or only by the plan.
    NotOnTheWire,
    /// Nothing in it must be equal to an address, network, name, URL, path, hash, fingerprint or user agent.
    NothingToLookFor,
    /// It can never hold.
    NeverHolds,
    /// It asks for more than is kept for one indicator.
    TooMuch,
}

impl OnlyHunted {
    /// The word used in records.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            OnlyHunted::OtherLanguage => "other-language",
            OnlyHunted::NotOnTheWire => "not-on-the-wire",
            OnlyHunted::NothingToLookFor => "nothing-to-look-for",
            OnlyHunted::NeverHolds => "never-holds",
            OnlyHunted::TooMuch => "too-much",
        }
    }
}

/// Why, with what it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Why {
    pub(super) reason: OnlyHunted,
    pub(super) about: String,
}

fn why(reason: OnlyHunted, about: impl fmt::Display) -> Why {
    Why { reason, about: about.to_string() }
}

/// What a pattern comes to.
#[derive(Clone, Debug)]
pub(super) struct Compiled {
    /// Values of which one must be seen; `true` for what says less than the pattern asks for.
    pub(super) anchors: Vec<(Watched, bool)>,
    /// The pattern that decides, with what is compared in the form in which it is seen; none if the values say all.
    pub(super) pattern: Option<Arc<str>>,
    /// Parts that are not watched for, although others are.
    pub(super) left_out: Vec<Why>,
}

/// What must be looked for; why not, if it cannot.
///
/// # Errors
/// It is not a pattern.
pub(super) fn compile(text: &str) -> Result<Result<Compiled, Why>, PatternError> {
    if let Some(value) = plain(text) {
        return Ok(Ok(Compiled { anchors: vec![(value, false)], pattern: None, left_out: Vec::new() }));
    }
    let pattern = Pattern::parse(text)?;
    let root = in_form(pattern.root());
    let mut compiler = Compiler { of_request: false, left_out: Vec::new() };
    Ok(compiler.observation(&root).and_then(|part| {
        let Part { mut anchors, exact, needs } = part;
        anchors.sort();
        anchors.dedup();
        let left_out = std::mem::take(&mut compiler.left_out);
        if exact {
            return Ok(Compiled { anchors, pattern: None, left_out });
        }
        anchors.retain(|(_, says_less)| !says_less);
        let text = Pattern::of(root).to_string();
        if needs > KEPT_MAX as u64 {
            let about = format!("it asks for {needs} observations, and {KEPT_MAX} are kept");
            return Err(why(OnlyHunted::TooMuch, about));
        }
        if anchors.len() > ANCHORS_MAX || text.len() > TEXT_MAX {
            let about = format!("it has {} values and {} bytes", anchors.len(), text.len());
            return Err(why(OnlyHunted::TooMuch, about));
        }
        Ok(Compiled { anchors, pattern: Some(text.into()), left_out })
    }))
}

/// What a pattern asks for that is one address or name and nothing else, as most do: they need no reader of the language.
fn plain(text: &str) -> Option<Watched> {
    let (path, value) = text.strip_prefix('[')?.strip_suffix("']")?.split_once(" = '")?;
    if value.contains(['\'', '\\']) || value.chars().any(char::is_control) {
        return None;
    }
    match path {
        "ipv4-addr:value" | "ipv6-addr:value" => {
            value.parse::<IpAddr>().map(|address| Watched::Address(address.to_canonical())).ok()
        }
        "domain-name:value" => Some(Watched::name(value)),
        _ => None,
    }
}

/// How many observations a pattern takes: one is decided at once, of several some are kept.
pub(super) fn needs(observation: &Observation) -> u64 {
    match observation {
        Observation::One(_) => 1,
        Observation::And(parts) | Observation::FollowedBy(parts) => {
            parts.iter().fold(0_u64, |sum, part| sum.saturating_add(needs(part)))
        }
        Observation::Or(parts) => parts.iter().map(needs).max().unwrap_or(1),
        Observation::Qualified(inner, qualifiers) => needs(inner).saturating_mul(repeats(qualifiers)),
    }
}

/// How many observations a pattern takes at least.
pub(super) fn least(observation: &Observation) -> u64 {
    match observation {
        Observation::One(_) => 1,
        Observation::And(parts) | Observation::FollowedBy(parts) => {
            parts.iter().fold(0_u64, |sum, part| sum.saturating_add(least(part)))
        }
        Observation::Or(parts) => parts.iter().map(least).min().unwrap_or(1),
        Observation::Qualified(inner, qualifiers) => least(inner).saturating_mul(repeats(qualifiers)),
    }
}

fn repeats(qualifiers: &[Qualifier]) -> u64 {
    let repeats = qualifiers.iter().find_map(|qualifier| match qualifier {
        Qualifier::Repeats(times) => Some(*times),
        _ => None,
    });
    repeats.unwrap_or(1)
}

/// A part of a pattern.
struct Part {
    anchors: Vec<(Watched, bool)>,
    /// Whether the anchors say all that it asks for.
    exact: bool,
    /// How many observations it takes.
    needs: u64,
}

struct Compiler {
    /// Whether the `[ ]` that is looked at asks for what only a request shows.
    of_request: bool,
    left_out: Vec<Why>,
}

impl Compiler {
    fn observation(&mut self, observation: &Observation) -> Result<Part, Why> {
        match observation {
            Observation::One(comparison) => {
                self.of_request = asks_for_request(comparison);
                self.comparison(comparison)
            }
            Observation::Or(parts) => {
                let parts = parts.iter().map(|part| self.observation(part)).collect();
                self.any(parts)
            }
            Observation::And(parts) | Observation::FollowedBy(parts) => {
                let mut all = Part { anchors: Vec::new(), exact: false, needs: 0 };
                for part in parts {
                    let part = self.observation(part)?;
                    all.anchors.extend(part.anchors);
                    all.needs = all.needs.saturating_add(part.needs);
                }
                Ok(all)
            }
            Observation::Qualified(inner, qualifiers) => {
                let mut part = self.observation(inner)?;
                for qualifier in qualifiers {
                    match qualifier {
                        Qualifier::Repeats(times) => part.needs = part.needs.saturating_mul(*times),
                        Qualifier::Between(start, stop) if start >= stop => {
                            return Err(why(OnlyHunted::NeverHolds, "it stops before it starts"));
                        }
                        Qualifier::Between(..) => part.exact = false,
                        Qualifier::Within(_) => {}
                    }
                }
                part.exact &= part.needs == 1;
                Ok(part)
            }
        }
    }

    /// One of these: those that cannot be watched for are left out.
    fn any(&mut self, parts: Vec<Result<Part, Why>>) -> Result<Part, Why> {
        let mut any = Part { anchors: Vec::new(), exact: true, needs: 0 };
        let mut left_out = Vec::new();
        for part in parts {
            match part {
                Ok(part) => {
                    any.anchors.extend(part.anchors);
                    any.exact &= part.exact;
                    any.needs = any.needs.max(part.needs);
                }
                Err(why) => left_out.push(why),
            }
        }
        if any.needs == 0 {
            return Err(left_out
                .into_iter()
                .next()
                .unwrap_or_else(|| why(OnlyHunted::NeverHolds, "nothing")));
        }
        self.left_out.extend(left_out);
        Ok(any)
    }

    fn comparison(&mut self, comparison: &Comparison) -> Result<Part, Why> {
        match comparison {
            Comparison::Or(parts) => {
                let parts = parts.iter().map(|part| self.comparison(part)).collect();
                self.any(parts)
            }
            Comparison::And(parts) => {
                if types(comparison).is_empty() {
                    return Err(why(
                        OnlyHunted::NeverHolds,
                        format!("`{comparison}` is asked of one object"),
                    ));
                }
                let mut best: Option<Part> = None;
                let mut missing = None;
                for part in parts {
                    match self.comparison(part) {
                        Ok(part) => {
                            let cost = |part: &Part| {
                                let commonest =
                                    part.anchors.iter().map(|(value, _)| value.commonness()).max();
                                (commonest, part.anchors.len())
                            };
                            if best.as_ref().is_none_or(|best| cost(&part) < cost(best)) {
                                best = Some(part);
                            }
                        }
                        Err(why) if why.reason == OnlyHunted::NothingToLookFor => missing = Some(why),
                        Err(why) => return Err(why),
                    }
                }
                match (best, missing) {
                    (Some(best), _) => Ok(Part { exact: false, ..best }),
                    (None, Some(why)) => Err(why),
                    (None, None) => Err(why(OnlyHunted::NeverHolds, "nothing")),
                }
            }
            Comparison::Test(test) => self.test(test),
        }
    }

    fn test(&mut self, test: &Test) -> Result<Part, Why> {
        let nothing = || why(OnlyHunted::NothingToLookFor, format!("`{test}`"));
        if test.negated && test.relation == Relation::Exists {
            return Err(nothing());
        }
        if !is_seen(&test.path, self.of_request) {
            return Err(why(OnlyHunted::NotOnTheWire, format!("`{}`", test.path)));
        }
        let shape = Shape::of(&test.path).filter(|_| !test.negated).ok_or_else(nothing)?;
        let mut anchors = Vec::new();
        match &test.relation {
            Relation::Equal(constant) => self.put(shape, constant, &mut anchors),
            Relation::In(constants) => {
                constants.iter().for_each(|constant| self.put(shape, constant, &mut anchors));
            }
            Relation::Subset(subset) if shape.is_address() => anchors.push((self.network(*subset), false)),
            _ => return Err(nothing()),
        }
        if anchors.is_empty() {
            return Err(why(OnlyHunted::NeverHolds, format!("`{test}` is equal to nothing that is seen")));
        }
        // What an end of traffic is, the traffic must say.
        Ok(Part { anchors, exact: shape != Shape::End, needs: 1 })
    }

    fn network(&self, subset: IpNet) -> Watched {
        if self.of_request { Watched::Asked(subset.trunc()) } else { network(subset) }
    }

    fn put(&self, shape: Shape, constant: &Constant, anchors: &mut Vec<(Watched, bool)>) {
        let Constant::Text(text) = constant else { return };
        let value = |kind| Watched::Text(kind, text.as_str().into());
        match shape {
            Shape::Address | Shape::End => {
                if let Ok(address) = text.parse::<IpAddr>() {
                    anchors.push((self.network(IpNet::from(address.to_canonical())), false));
                }
            }
            Shape::Text(kind) => anchors.push((value(kind), false)),
            Shape::Url => {
                let Some(url) = Url::in_form(text) else { return };
                anchors.push((value(Kind::Url), false));
                // Of what is encrypted only the host is seen, which says something only of a URL that is no more than that.
                anchors.extend(url.is_bare.then(|| (url.host_alone(), true)));
            }
        }
    }
}

/// The types of object of which a comparison can hold.
fn types(comparison: &Comparison) -> BTreeSet<&str> {
    match comparison {
        Comparison::Or(parts) => parts.iter().flat_map(types).collect(),
        Comparison::And(parts) => {
            let mut parts = parts.iter().map(types);
            let first = parts.next().unwrap_or_default();
            parts.fold(first, |shared, types| shared.intersection(&types).copied().collect())
        }
        Comparison::Test(test) => [test.path.object_type.as_str()].into(),
    }
}
