//! What messages mean: requests in the common verbs, with targets, values and what became of them.

use super::binary::{Binary, Chars};
use super::message::{Activation, Method, Request, Response, Token};
use super::names::{self, Service};
use super::node_id::{ExtensionObject, Identifier, NodeId, QualifiedName, shown};
use super::rows::HIDDEN;
use super::status::Status;
use super::variant::{DataValue, Value, parse_data_value, parse_variant};
use crate::dialogue::Asked;
use crate::show::{VALUE_BYTES_MAX, cut, listed};
use city::{Details, Reply, Target, Text, Verb};
use compact_str::{ToCompactString, format_compact};

/// How many things of one message are told one by one.
pub const OPERATIONS_MAX: usize = 128;

/// What one message asks, and what is needed to understand the reply.
#[derive(Debug, Default)]
pub struct Questions {
    /// One for each thing asked, in the order of the message.
    pub asked: Vec<Asked>,
    /// The nodes of the standard's own namespace whose values are asked for, with their places.
    pub standard: Vec<(usize, u32)>,
    /// The places of what may be a credential.
    pub hidden: Vec<usize>,
    /// The numbers under which items will be told of, with their places.
    pub handles: Vec<(usize, u32)>,
}

/// A request that is about one thing.
pub fn single(service: &Service, target: Target, value: Option<Text>) -> Asked {
    Asked {
        verb: service.verb,
        function: Text::const_new(service.function),
        target,
        value,
        reply: Reply::Missing,
        details: Details::new(),
    }
}

/// What a request asks.
pub fn questions(service: &Service, request: &Request<'_>) -> Questions {
    let mut questions = Questions::default();
    let one = |target: Target, value: Option<Text>| vec![single(service, target, value)];
    let url = |chars: Chars<'_>| Target::named(shown(chars));
    questions.asked = match request {
        Request::ActivateSession(asked) => one(user(asked), None),
        Request::AddNodes { nodes } => several(service, nodes.len(), |place| {
            let new = nodes.get(place)?;
            let target = if new.wanted.node.is_open() { new.parent.node } else { new.wanted.node };
            let class = names::node_class(new.class).unwrap_or("node");
            Some((node(&target), Some(format_compact!("{class} {}", shown(new.name.name)))))
        }),
        Request::Browse { nodes, .. } => {
            several(service, nodes.len(), |place| Some((node(&nodes.get(place)?.node), None)))
        }
        Request::BrowseNext { release, .. } => {
            one(Target::default(), release.then(|| Text::const_new("release")))
        }
        Request::Call { methods } => {
            let mut asked = several(service, methods.len(), |place| {
                let method = methods.get(place)?;
                Some((method_target(method), inputs(method)))
            });
            for (asked, method) in asked.iter_mut().zip(methods) {
                asked.verb = method_verb(&method.method);
            }
            asked
        }
        Request::CloseSession { delete } => {
            one(Target::default(), delete.then(|| Text::const_new("with subscriptions")))
        }
        Request::CreateMonitoredItems { items, .. } => {
            let handles = items.iter().map(|(_, _, monitoring)| monitoring.handle);
            questions.handles = handles.enumerate().take(OPERATIONS_MAX).collect();
            several(service, items.len(), |place| {
                let (watched, _, monitoring) = items.get(place)?;
                let target = attribute(&watched.node, watched.attribute, watched.range);
                Some((target, Some(every(monitoring.interval))))
            })
        }
        Request::CreateSession(asked) => one(url(asked.url), Some(shown(asked.name))),
        Request::CreateSubscription { pace, .. } => one(Target::default(), Some(every(pace.interval))),
        Request::Find { url: wanted, .. } => one(url(*wanted), None),
        Request::HistoryRead { nodes } | Request::Nodes { nodes } => {
            several(service, nodes.len(), |place| Some((node(nodes.get(place)?), None)))
        }
        Request::HistoryUpdate { nodes } => several(service, nodes.len(), |place| {
            let (changed, how) = nodes.get(place)?;
            Some((node(changed), how.map(Text::const_new)))
        }),
        Request::Numbered { kind, numbers, value } => several(service, numbers.len(), |place| {
            let number = u64::from(*numbers.get(place)?);
            Some((Target::numbered(*kind, number, number), value.clone()))
        }),
        Request::OpenSecureChannel { mode, .. } => {
            one(Target::default(), Some(Text::const_new(names::security_mode(*mode))))
        }
        Request::Paths { paths } => several(service, paths.len(), |place| {
            let (start, steps) = paths.get(place)?;
            Some((node(start), Some(path(steps))))
        }),
        Request::Read { nodes, .. } => {
            for (place, asked) in nodes.iter().enumerate().take(OPERATIONS_MAX) {
                if let Some(number) = asked.node.standard().filter(|_| asked.attribute == names::VALUE) {
                    questions.standard.push((place, number));
                }
            }
            let secret = nodes.iter().enumerate().filter(|(_, asked)| is_secret(&asked.node));
            questions.hidden = secret.map(|(place, _)| place).take(OPERATIONS_MAX).collect();
            several(service, nodes.len(), |place| {
                let asked = nodes.get(place)?;
                Some((attribute(&asked.node, asked.attribute, asked.range), None))
            })
        }
        Request::RegisterServer { uri, online, .. } => {
            one(url(*uri), Some(Text::const_new(if *online { "online" } else { "offline" })))
        }
        Request::Write { nodes } => {
            let mut asked = several(service, nodes.len(), |place| {
                let write = nodes.get(place)?;
                let value =
                    if is_secret(&write.node) { Text::const_new(HIDDEN) } else { value_text(&write.value) };
                Some((attribute(&write.node, write.attribute, write.range), Some(value)))
            });
            for (asked, write) in asked.iter_mut().zip(nodes) {
                if write.attribute != names::VALUE {
                    asked.verb = Verb::Configure;
                }
            }
            asked
        }
        Request::Other => one(Target::default(), None),
    };
    if questions.asked.is_empty() {
        questions.asked = one(Target::default(), None);
    }
    questions
}

/// One request for each of several things; of very many, the last says how many more there were.
fn several(
    service: &Service,
    count: usize,
    thing: impl Fn(usize) -> Option<(Target, Option<Text>)>,
) -> Vec<Asked> {
    let things = (0..count.min(OPERATIONS_MAX)).filter_map(thing);
    let mut asked: Vec<Asked> = things.map(|(target, value)| single(service, target, value)).collect();
    if count > OPERATIONS_MAX {
        let more = Target::named(format_compact!("… and {} more", count - OPERATIONS_MAX));
        asked.push(single(service, more, None));
    }
    asked
}

/// What a reply makes of the questions.
pub fn answer(questions: &mut Questions, result: Status, response: &Response<'_>) {
    for asked in &mut questions.asked {
        asked.reply = result.reply();
    }
    if result.is_bad() {
        return;
    }
    let hidden = std::mem::take(&mut questions.hidden);
    let mut set = |place: usize, status: Status, value: Option<Text>| {
        if let Some(asked) = questions.asked.get_mut(place) {
            asked.reply = status.reply();
            if value.is_some() {
                asked.value = value;
            }
        }
    };
    match response {
        Response::AddNodes { results } => {
            for (place, (status, made)) in results.iter().enumerate() {
                let Some(asked) = questions.asked.get_mut(place) else { break };
                asked.reply = status.reply();
                if !status.is_bad() {
                    let what = asked.value.take().unwrap_or_default();
                    asked.value = Some(format_compact!("{what} as {}", made.text()));
                }
            }
        }
        Response::Browse { results, .. } => {
            for (place, result) in results.iter().enumerate() {
                let count = result.references.len();
                set(place, result.status, Some(format_compact!("{count} references")));
            }
        }
        Response::Call { results } => {
            for (place, (status, outputs)) in results.iter().enumerate() {
                let outputs = outputs.iter().map(|output| output.text());
                let text = listed(outputs, VALUE_BYTES_MAX);
                let given = questions.asked.get(place).and_then(|asked| asked.value.clone());
                let is_standard = given.as_ref().is_some_and(|given| given.starts_with('('));
                let value = (!text.is_empty() && !is_standard).then(|| {
                    let joined = format_compact!("{} -> {text}", given.unwrap_or_default());
                    cut(joined.trim_start(), 2 * VALUE_BYTES_MAX)
                });
                if let Some(asked) = questions.asked.get_mut(place) {
                    asked.reply = status.reply();
                    asked.value = value.or(asked.value.take());
                }
            }
        }
        Response::CreateMonitoredItems { results, .. } => {
            for (place, result) in results.iter().enumerate() {
                set(place, result.status, None);
            }
        }
        Response::CreateSubscription { id, pace } => {
            set(0, result, Some(format_compact!("subscription {id} {}", every(pace.interval))));
        }
        Response::Paths { results } => {
            for (place, (status, targets)) in results.iter().enumerate() {
                let Some(asked) = questions.asked.get_mut(place) else { break };
                asked.reply = status.reply();
                if let Some(target) = targets.first() {
                    let from = asked.value.take().unwrap_or_default();
                    asked.value = Some(format_compact!("{from} is {}", target.node.text()));
                }
            }
        }
        Response::Read { results, .. } => {
            for (place, result) in results.iter().enumerate() {
                let value = if hidden.contains(&place) { HIDDEN.into() } else { value_text(result) };
                set(place, result.status.unwrap_or(Status::GOOD), result.value.is_some().then_some(value));
            }
        }
        Response::Statuses { results, .. } => {
            for (place, status) in results.iter().enumerate() {
                set(place, *status, None);
            }
        }
        Response::ActivateSession { .. }
        | Response::CreateSession(_)
        | Response::Endpoints { .. }
        | Response::OpenSecureChannel { .. }
        | Response::Publish { .. }
        | Response::Servers { .. }
        | Response::Other => {}
    }
}

/// An interval in words; numbers with a fraction may have hundreds of digits.
pub fn every(milliseconds: f64) -> Text {
    cut(&format_compact!("every {milliseconds} ms"), 64)
}

/// A node as a target.
fn node(id: &NodeId<'_>) -> Target {
    Target::named(id.text())
}

/// An attribute of a node as a target; that of the value is not named.
fn attribute(id: &NodeId<'_>, number: u32, range: Chars<'_>) -> Target {
    let kind = match names::attribute(number) {
        Some(_) if number == names::VALUE => Text::default(),
        Some(name) => kebab(name),
        None => format_compact!("attribute-{number}"),
    };
    let range = shown(range);
    let name = if range.is_empty() { id.text() } else { format_compact!("{}[{range}]", id.text()) };
    Target { kind, name, ..Target::default() }
}

/// `DisplayName` as `display-name`.
fn kebab(name: &str) -> Text {
    let mut text = Text::default();
    for letter in name.chars() {
        if letter.is_uppercase() && !text.is_empty() {
            text.push('-');
        }
        text.push(letter.to_ascii_lowercase());
    }
    text
}

fn path(steps: &[QualifiedName<'_>]) -> Text {
    let mut text = Text::default();
    for step in steps.iter().take(16) {
        match step.namespace {
            0 => text.push_str(&format_compact!("/{}", shown(step.name))),
            namespace => text.push_str(&format_compact!("/{namespace}:{}", shown(step.name))),
        }
    }
    cut(&text, VALUE_BYTES_MAX)
}

fn user(asked: &Activation<'_>) -> Target {
    let named = |kind: &'static str, name: Text| Target { kind: kind.into(), name, ..Target::default() };
    match asked.token {
        Token::Anonymous => Target::named("anonymous"),
        Token::UserName { name, .. } => named("user", shown(name)),
        Token::Certificate { data } => {
            let name = data.and_then(crate::tls::certificate::parse_certificate);
            named("certificate", name.and_then(|found| found.common_name).unwrap_or_default())
        }
        Token::Issued { .. } => Target::named("issued-token"),
        Token::Other => Target::default(),
    }
}

fn method_target(method: &Method<'_>) -> Target {
    let name = format_compact!("{} {}", method.object.text(), method.method.text());
    Target { kind: Text::const_new("method"), name, ..Target::default() }
}

/// What the standard's own methods do (OPC 10000-5 clause 6.3.1 and 9); nobody knows of others.
fn method_verb(method: &NodeId<'_>) -> Verb {
    match method.standard() {
        // GetMonitoredItems, SetSubscriptionDurable, ResendData.
        Some(11_492 | 12_749 | 12_873) => Verb::Subscribe,
        // RequestServerStateChange.
        Some(12_886) => Verb::Restart,
        _ => Verb::Operate,
    }
}

/// What a method is given. The standard's own methods take passwords and private keys among other things: of those
/// only how many things they are given is told.
fn inputs(method: &Method<'_>) -> Option<Text> {
    if method.inputs.is_empty() {
        return None;
    }
    if method.method.namespace == 0 || is_secret(&method.method) {
        return Some(format_compact!("({} inputs)", method.inputs.len()));
    }
    Some(listed(method.inputs.iter().map(|input| input.text()), VALUE_BYTES_MAX))
}

/// Whether the name of a node says that its value is a credential.
pub fn is_secret(id: &NodeId<'_>) -> bool {
    let Identifier::String(Some(name)) = id.identifier else { return false };
    names_secret(&String::from_utf8_lossy(name))
}

fn names_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["password", "passwd", "pwd", "secret", "credential", "privatekey"].iter().any(|word| name.contains(word))
}

fn value_text(value: &DataValue<'_>) -> Text {
    value.value.map_or_else(|| value.status.unwrap_or(Status::GOOD).text(), |variant| variant.text())
}

/// What a server tells its subscriber; `name` knows what is watched under a number.
pub fn notifications(data: &[ExtensionObject<'_>], name: impl Fn(u32) -> Option<Text>) -> Vec<Asked> {
    let mut told = Vec::new();
    for object in data {
        // What is cut short is told as far as it goes.
        let _ = notification(object, &name, &mut told);
    }
    told
}

fn notification(
    object: &ExtensionObject<'_>,
    name: &impl Fn(u32) -> Option<Text>,
    told: &mut Vec<Asked>,
) -> Option<()> {
    let mut from = Binary::new(object.body);
    let of = |handle: u32| match name(handle) {
        Some(name) => Target::named(name),
        None => Target::numbered("client-handle", u64::from(handle), u64::from(handle)),
    };
    let mut tell = |function: &'static str, target: Target, value: Text| {
        if told.len() < OPERATIONS_MAX {
            let value = if names_secret(&target.name) { HIDDEN.into() } else { value };
            told.push(Asked {
                verb: Verb::Publish,
                function: function.into(),
                target,
                value: Some(value),
                reply: Reply::NotExpected,
                details: Details::new(),
            });
        }
    };
    match object.type_id.standard()? {
        811 => {
            for _ in 0..from.count()? {
                let handle = from.u32()?;
                let value = parse_data_value(&mut from)?;
                tell("data-change", of(handle), value_text(&value));
            }
        }
        916 => {
            for _ in 0..from.count()? {
                let handle = from.u32()?;
                let fields = from.list(parse_variant)?;
                let text = listed(fields.iter().map(|field| field.text()), VALUE_BYTES_MAX);
                tell("event", of(handle), text);
            }
        }
        820 => tell("status-change", Target::default(), Status(from.u32()?).text()),
        _ => {}
    }
    Some(())
}

/// The parts of a `BuildInfo` (OPC 10000-5 clause 12.4) that identify a server.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BuildInfo<'a> {
    pub product_uri: Chars<'a>,
    pub manufacturer: Chars<'a>,
    pub product: Chars<'a>,
    pub version: Chars<'a>,
    pub build: Chars<'a>,
}

/// Reads a `BuildInfo`, alone or within a `ServerStatusDataType` (12.10).
pub fn parse_build_info<'a>(value: &DataValue<'a>) -> Option<BuildInfo<'a>> {
    let Some(Value::Object(object)) = value.value?.values().next() else { return None };
    let mut from = Binary::new(object.body);
    match object.type_id.standard()? {
        340 => {}
        864 => {
            // When it started, its clock, and its state.
            from.take(20)?;
        }
        _ => return None,
    }
    Some(BuildInfo {
        product_uri: from.chars()?,
        manufacturer: from.chars()?,
        product: from.chars()?,
        version: from.chars()?,
        build: from.chars()?,
    })
}

/// A text value.
pub fn text_value(value: &DataValue<'_>) -> Option<Text> {
    match value.value?.values().next()? {
        Value::Text(chars) => Some(shown(chars)),
        Value::Unsigned(number) => Some(number.to_compact_string()),
        _ => None,
    }
}
