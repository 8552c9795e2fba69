//! From patterns to what must be looked for.
//!
//! A pattern is watched for if each of its `[ ]` has an *anchor*: values of which one must be seen, whatever else the `[ ]`
//! asks for. Of several conditions that must all hold, the rarest is the anchor. Where the anchors say all, nothing more
//! is asked; else the pattern itself decides, once one of them was seen.

use super::value::{Kind, Url, Watched, name, network};
use crate::{
    hunt::{Kept, VOCABULARY, Way},
    stix::{
        Pattern,
        pattern::{
            Comparison, Constant, ObjectPath, Observation, PatternError, Qualifier, Relation, Step, Test,
        },
    },
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
        Observation::Qualified(inner, qualifiers) => {
            let times = qualifiers.iter().find_map(|qualifier| match qualifier {
                Qualifier::Repeats(times) => Some(*times),
                _ => None,
            });
            needs(inner).saturating_mul(times.unwrap_or(1))
        }
    }
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

/// What a path leads to, of what can be looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// The address of an object.
    Address,
    /// The address of one end of traffic.
    End,
    Url,
    Text(Kind),
}

impl Shape {
    fn of(path: &ObjectPath) -> Option<Shape> {
        Some(match (path.object_type.as_str(), steps(path).as_str()) {
            ("ipv4-addr" | "ipv6-addr", "value") => Shape::Address,
            ("network-traffic", "src_ref.value" | "dst_ref.value") => Shape::End,
            ("domain-name", "value") => Shape::Text(Kind::Name),
            ("url", "value") => Shape::Url,
            ("x509-certificate", "hashes.SHA-1" | "hashes.SHA-256") => Shape::Text(Kind::Certificate),
            ("network-traffic", "extensions.http-request-ext.request_value") => Shape::Text(Kind::Path),
            ("network-traffic", AGENT | AGENT_LISTED) => Shape::Text(Kind::Agent),
            ("network-traffic", "x_ja3") => Shape::Text(Kind::Ja3),
            ("network-traffic", "x_ja4") => Shape::Text(Kind::Ja4),
            _ => return None,
        })
    }

    fn is_address(self) -> bool {
        matches!(self, Shape::Address | Shape::End)
    }
}

const AGENT: &str = "extensions.http-request-ext.request_header.User-Agent";
const AGENT_LISTED: &str = "extensions.http-request-ext.request_header.User-Agent[*]";

/// What traffic shows that history does not keep.
const SIGNS: &[(&str, &str)] = &[
    ("network-traffic", AGENT),
    ("network-traffic", AGENT_LISTED),
    ("network-traffic", "x_ja3"),
    ("network-traffic", "x_ja4"),
    ("url", "value"),
    ("x509-certificate", "hashes.SHA-1"),
    ("x509-certificate", "hashes.SHA-256"),
];

/// What is told of the traffic of a request.
const BESIDE_REQUEST: &[&str] = &[
    "dst_port",
    "dst_ref.value",
    "extensions.http-request-ext.request_method",
    "extensions.http-request-ext.request_value",
    "protocols[*]",
    "src_port",
    "src_ref.value",
    "x_ja3",
    "x_ja4",
    AGENT,
    AGENT_LISTED,
];

/// A path's steps; any element of a list is written as all of them.
fn steps(path: &ObjectPath) -> String {
    let mut steps = String::new();
    for step in &path.steps {
        match step {
            Step::Key(key) => {
                if !steps.is_empty() {
                    steps.push('.');
                }
                steps.push_str(key);
            }
            Step::Index(_) | Step::Any => steps.push_str("[*]"),
        }
    }
    steps
}

/// Whether traffic shows what a path leads to.
fn is_seen(path: &ObjectPath, of_request: bool) -> bool {
    let (of, steps) = (path.object_type.as_str(), steps(path));
    if of == "network-traffic" && of_request {
        return BESIDE_REQUEST.contains(&steps.as_str());
    }
    let kept = |(known, path, table, way, _): &(&str, &str, Kept, Way, &str)| {
        *known == of
            && *path == steps
            && matches!(table, Kept::Conversations | Kept::Requests)
            && !matches!(way, Way::ByPlan | Way::Zone(_))
    };
    SIGNS.contains(&(of, steps.as_str())) || VOCABULARY.iter().any(kept)
}

/// Whether a comparison asks for what only a request shows of its traffic.
fn asks_for_request(comparison: &Comparison) -> bool {
    match comparison {
        Comparison::And(parts) | Comparison::Or(parts) => parts.iter().any(asks_for_request),
        Comparison::Test(test) => {
            let steps = steps(&test.path);
            test.path.object_type == "network-traffic"
                && (steps.starts_with("extensions.http-request-ext.")
                    || matches!(steps.as_str(), "x_ja3" | "x_ja4"))
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

/// A pattern with its constants in the form in which what is seen is compared: names in lower case, URLs without their
/// scheme, and networks, which STIX writes as addresses with a prefix (§6.7, §6.8), as such.
fn in_form(observation: &Observation) -> Observation {
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
        Shape::Text(_) => text.clone(),
    };
    Relation::Equal(Constant::Text(text))
}
