//! One request to one object, and what its reply says.

use super::identity::Identity;
use super::message::{Request, Response, Service, Triad};
use super::parse::parse_forward_open;
use super::{names, pccc, values, verbs};
use crate::cursor::Cursor;
use crate::dialogue::{Asked, Out, Side};
use crate::show::{VALUE_BYTES_MAX, hexadecimal, listed, readable};
use crate::unanswered::Question;
use city::{Details, Reply, Target, Text, Trait, Verb};
use compact_str::format_compact;

/// The classes that hold keys, passwords and who may do what: their data is never shown (volume 8).
const SECRETS: std::ops::RangeInclusive<u32> = 0x5d..=0x62;
/// The class through which older controllers are asked.
const PCCC: u32 = 0x67;
/// The class of the network settings.
const TCP_IP: u32 = 0xf5;

/// Where a message goes from the device that got it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The number of the last hop, such as a slot in a rack.
    pub slot: Option<u32>,
    /// Whether it is passed on, so that another device answers.
    pub routed: bool,
}

/// A request to an object.
#[derive(Debug)]
pub struct Call {
    pub service: Service,
    pub class: Option<u32>,
    pub attribute: Option<u32>,
    pub place: Place,
    /// The connection that it opens.
    pub opens: Option<Triad>,
    pub asked: Asked,
}

impl Question for Call {
    fn weight(&self) -> usize {
        size_of::<Call>() - size_of::<Asked>() + self.asked.weight()
    }

    fn tell(self, asker: Side, out: &mut Out<'_>) {
        out.request(asker, self.asked);
    }
}

impl Call {
    /// What a request asks.
    pub fn of(request: &Request<'_>, place: Place) -> Call {
        let path = &request.path;
        let mut asked = Asked {
            verb: verbs::verb(request),
            function: request.service.text(path.class),
            target: target(request),
            value: sent(request),
            reply: Reply::Missing,
            details: Details::new(),
        };
        let mut opens = None;
        if path.class == Some(PCCC)
            && request.service == Service::EXECUTE_PCCC
            && let Some(command) = pccc::parse_command(request.data)
        {
            (asked.function, asked.verb) = command.function();
            asked.target = command.target();
            asked.value = command.value().filter(|_| asked.verb == Verb::Write);
        }
        if path.class == Some(6)
            && matches!(request.service, Service::FORWARD_OPEN | Service::LARGE_FORWARD_OPEN)
            && let Some(open) =
                parse_forward_open(request.data, request.service == Service::LARGE_FORWARD_OPEN)
        {
            asked.verb = verbs::of_open(&open);
            asked.target = opened(&open);
            opens = Some(open.triad);
        }
        if place.slot.is_some() {
            asked.target.unit = place.slot;
        }
        Call { service: request.service, class: path.class, attribute: path.attribute, place, opens, asked }
    }

    /// A reply whose request was not seen tells what was asked, though not of what.
    pub fn unasked(response: &Response<'_>) -> Call {
        let request = Request { service: response.service, path: super::path::Path::default(), data: &[] };
        Call::of(&request, Place::default())
    }

    /// Takes in a reply, and says how it went.
    pub fn answered(&mut self, response: &Response<'_>) -> Reply {
        if !response.status.is_success() {
            return Reply::Refused(response.status.text(response.extended));
        }
        let data = response.data;
        if self.class == Some(PCCC) && self.service == Service::EXECUTE_PCCC {
            return match pccc::parse_status(data) {
                Some(0) | None => Reply::Done,
                Some(status) => Reply::Refused(format_compact!("pccc-status-{status:#04x}")),
            };
        }
        let reads = matches!(self.asked.verb, Verb::Read | Verb::Discover);
        if self.asked.value.is_none() && reads && !data.is_empty() {
            self.asked.value = self.returned(data);
        }
        Reply::Done
    }

    fn returned(&self, data: &[u8]) -> Option<Text> {
        let is_tag = verbs::is_tag_service(self.service) && matches!(self.class, None | Some(0x6b | 0xb2));
        match self.class {
            Some(class) if SECRETS.contains(&class) || self.opens.is_some() => None,
            Some(1) => self.identity(data).value().or_else(|| Some(hexadecimal(data, VALUE_BYTES_MAX))),
            _ if is_tag => values::typed(data),
            Some(_) => Some(hexadecimal(data, VALUE_BYTES_MAX)),
            None => None,
        }
    }

    fn identity<'a>(&self, data: &'a [u8]) -> Identity<'a> {
        match (self.service, self.attribute) {
            (Service::GET_ATTRIBUTES_ALL, _) => Identity::of_all(data),
            (Service::GET_ATTRIBUTE_LIST, _) => Identity::of_list(data),
            (Service::GET_ATTRIBUTE_SINGLE, Some(attribute)) => Identity::of_attribute(attribute, data),
            _ => Identity::default(),
        }
    }

    /// Tells what a device said of itself. A device behind it that was asked through it has another address.
    pub fn identify(&self, side: Side, response: &Response<'_>, out: &mut Out<'_>) {
        if self.place.routed || self.asked.target.numbers.is_none_or(|(instance, _)| instance != 1) {
            return;
        }
        match (self.class, self.service, self.attribute) {
            (Some(1), _, _) => self.identity(response.data).tell(side, out),
            (Some(TCP_IP), Service::GET_ATTRIBUTE_SINGLE, Some(6)) => {
                let mut cursor = Cursor::new(response.data);
                if let Some(length) = cursor.array().map(u16::from_le_bytes)
                    && let Some(name) = cursor.take(usize::from(length))
                {
                    out.identity(side, Trait::Name, &readable(name, VALUE_BYTES_MAX), "host-name", 90);
                }
            }
            _ => {}
        }
    }
}

/// The object, attribute or tag.
fn target(request: &Request<'_>) -> Target {
    let path = &request.path;
    let Some(class) = path.class else {
        if path.symbol.is_empty() {
            return Target::default();
        }
        return Target { kind: "tag".into(), ..Target::named(path.symbol.clone()) };
    };
    let numbers = path.instance.map(|instance| (u64::from(instance), u64::from(instance)));
    let attributes = match request.service {
        Service::GET_ATTRIBUTE_LIST => attribute_list(path.class, request.data),
        // Values stand between the numbers of the attributes, so that only the first is sure.
        Service::SET_ATTRIBUTE_LIST => attribute_list(path.class, request.data.get(..4).unwrap_or_default()),
        _ => Text::default(),
    };
    let name = match path.attribute {
        Some(attribute) => names::attribute(path.class, attribute),
        None if !attributes.is_empty() => attributes,
        None => path.symbol.clone(),
    };
    Target { unit: None, kind: names::kind(class), numbers, name }
}

/// The attributes of a list: a count, then their numbers.
fn attribute_list(class: Option<u32>, data: &[u8]) -> Text {
    let mut cursor = Cursor::new(data);
    let word = |cursor: &mut Cursor<'_>| cursor.array().map(u16::from_le_bytes);
    let count = word(&mut cursor).map_or(0, usize::from);
    let numbers = std::iter::from_fn(|| word(&mut cursor)).take(count);
    listed(numbers.map(|number| names::attribute(class, u32::from(number))), VALUE_BYTES_MAX)
}

/// What a connection leads to: the object of its path, with the connection points as its numbers.
fn opened(open: &super::message::ForwardOpen) -> Target {
    let path = &open.path;
    let kind = path.class.map(names::kind).unwrap_or_default();
    let points = path.points.map(|(first, last)| (u64::from(first.min(last)), u64::from(first.max(last))));
    let instance = path.instance.map(|instance| (u64::from(instance), u64::from(instance)));
    let name = match open.transport {
        0 | 1 => format_compact!("class-{}", open.transport),
        _ => path.symbol.clone(),
    };
    Target { unit: path.slot, kind, numbers: points.or(instance), name }
}

/// The value that a request sends. Data of services and classes that only makers know stays untold: nobody can say
/// whether it is a password.
fn sent(request: &Request<'_>) -> Option<Text> {
    let class = request.path.class;
    if class.is_some_and(|class| SECRETS.contains(&class)) || request.data.is_empty() {
        return None;
    }
    match request.service.0 {
        0x02 | 0x04 | 0x10 | 0x19 => Some(hexadecimal(request.data, VALUE_BYTES_MAX)),
        0x05 => request.data.first().map(|kind| format_compact!("type {kind}")),
        _ if matches!(class, None | Some(0x6b | 0xb2)) => values::sent(request),
        _ => None,
    }
}
