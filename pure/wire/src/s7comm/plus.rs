//! S7comm-plus: frames, and what they ask for.

use crate::cursor::Cursor;
use crate::dialogue::{Asked, Out, Side};
use crate::flow::Ends;
use crate::show::readable;
use crate::unanswered::Unanswered;
use city::{Details, Reply, Target, Text, Trait, Verb, WeaknessKind};
use compact_str::format_compact;
use std::collections::BTreeSet;

/// The first byte of every frame.
pub(super) const MAGIC: u8 = 0x72;

/// How much of a message is kept until its last frame is there.
const MESSAGE_BYTES_MAX: usize = 64 << 10;

/// Requests awaiting a reply at a time.
const PENDING_MAX: usize = 64;

/// Subscriptions remembered.
const SUBSCRIPTIONS_MAX: usize = 256;

/// The session in which a session is asked for.
const NO_SESSION: u32 = 0x120;

/// The class of objects that are subscriptions, and the attribute by which their reader says how much it may be sent.
const SUBSCRIPTION_CLASS: u32 = 1001;
const CREDIT_LIMIT: u32 = 1053;

/// What a message asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Function(u16);

impl Function {
    const EXPLORE: Self = Self(0x04bb);
    const CREATE_OBJECT: Self = Self(0x04ca);
    const DELETE_OBJECT: Self = Self(0x04d4);
    const SET_VARIABLE: Self = Self(0x04f2);
    const GET_VARIABLE: Self = Self(0x04fc);
    const SET_MULTI_VARIABLES: Self = Self(0x0542);
    const GET_MULTI_VARIABLES: Self = Self(0x054c);
    const INVOKE: Self = Self(0x056b);

    /// The name as the field writes it, the name in kebab-case, and what it does.
    fn names(self) -> (Text, Text, Verb) {
        let (title, name, verb) = match self {
            Self::EXPLORE => ("Explore", "explore", Verb::Discover),
            Self::CREATE_OBJECT => ("Create Object", "create-object", Verb::Configure),
            Self::DELETE_OBJECT => ("Delete Object", "delete-object", Verb::Configure),
            Self::SET_VARIABLE => ("Set Variable", "set-variable", Verb::Write),
            Self::GET_VARIABLE => ("Get Variable", "get-variable", Verb::Read),
            Self(0x0506) => ("Add Link", "add-link", Verb::Configure),
            Self(0x051a) => ("Remove Link", "remove-link", Verb::Configure),
            Self(0x0524) => ("Get Link", "get-link", Verb::Discover),
            Self::SET_MULTI_VARIABLES => ("Set Multi Variables", "set-multi-variables", Verb::Write),
            Self::GET_MULTI_VARIABLES => ("Get Multi Variables", "get-multi-variables", Verb::Read),
            Self(0x0556) => ("Begin Sequence", "begin-sequence", Verb::Transfer),
            Self(0x0560) => ("End Sequence", "end-sequence", Verb::Transfer),
            Self::INVOKE => ("Invoke", "invoke", Verb::Operate),
            Self(0x057c) => ("Set Var Sub Streamed", "set-var-sub-streamed", Verb::Program),
            Self(0x0586) => ("Get Var Sub Streamed", "get-var-sub-streamed", Verb::Transfer),
            Self(0x05b3) => ("Init SSL", "init-ssl", Verb::Authenticate),
            Self(other) => {
                let title = format_compact!("Unknown-0x{other:04x}");
                return (title, format_compact!("function-0x{other:04x}"), Verb::Configure);
            }
        };
        (Text::const_new(title), Text::const_new(name), verb)
    }
}

const REQUEST: u8 = 0x31;
const RESPONSE: u8 = 0x32;
const NOTIFICATION: u8 = 0x33;

/// What kind of message it is, as the field writes it.
fn opcode_title(opcode: u8) -> Text {
    Text::const_new(match opcode {
        REQUEST => "Request",
        RESPONSE => "Response",
        NOTIFICATION => "Notification",
        2 => "Response2",
        other => return format_compact!("Unknown-0x{other:02x}"),
    })
}

/// One frame.
struct Frame<'a> {
    version: u8,
    /// Behind the header, before the trailer.
    body: &'a [u8],
    /// Whether a trailer ends the message.
    last: bool,
}

/// Opens a frame.
fn parse_frame(bytes: &[u8]) -> Option<Frame<'_>> {
    let mut cursor = Cursor::new(bytes);
    let (MAGIC, version) = (cursor.u8()?, cursor.u8()?) else { return None };
    let length = cursor.u16()?;
    // A system event's or a keep-alive's second half is no length.
    if version >= 0xfe {
        return Some(Frame { version, body: cursor.rest(), last: true });
    }
    let body = cursor.take(usize::from(length))?;
    let last = matches!(cursor.rest(), [MAGIC, _, ..]);
    Some(Frame { version, body, last })
}

/// Whether it is a frame throughout.
pub(super) fn is_frame(bytes: &[u8]) -> bool {
    let Some(frame) = parse_frame(bytes) else { return false };
    let behind = bytes.len().saturating_sub(4 + frame.body.len());
    match frame.version {
        1..=3 => !frame.body.is_empty() && behind == if frame.last { 4 } else { 0 },
        0xfe | 0xff => bytes.len() >= 8,
        _ => false,
    }
}

/// A message's beginning, behind the integrity check that version 3 puts before it.
fn message_of(version: u8, body: &[u8]) -> &[u8] {
    match (version, body) {
        (3, [32, rest @ ..]) => rest.get(32..).unwrap_or_default(),
        _ => body,
    }
}

/// A number in as many bytes as it needs, seven bits in each, the highest bit saying that more follow.
fn number(cursor: &mut Cursor<'_>) -> Option<u32> {
    let mut number = 0_u32;
    for _ in 0..5 {
        let byte = cursor.u8()?;
        number = number << 7 | u32::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

/// A return value: the same in up to nine bytes, the ninth whole.
fn return_value(cursor: &mut Cursor<'_>) -> Option<u64> {
    let mut number = 0_u64;
    for _ in 0..8 {
        let byte = cursor.u8()?;
        number = number << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    Some(number << 8 | u64::from(cursor.u8()?))
}

/// What tells the reply to a request.
struct Key {
    function: Function,
    sequence: u16,
    /// Whether it asks for a subscription.
    subscribes: bool,
}

/// One conversation's messages.
#[derive(Default)]
pub(super) struct Plus {
    /// The messages that are not whole, for source and destination.
    parts: Ends<Vec<u8>>,
    pending: Unanswered<Key, PENDING_MAX>,
    subscriptions: BTreeSet<u32>,
    weakness_told: bool,
    identity_told: bool,
}

impl Plus {
    /// The conversation is over.
    pub(super) fn end(&mut self, out: &mut Out<'_>) {
        self.pending.end(out);
    }

    /// Part of what one side says is lost.
    pub(super) fn forget_parts(&mut self, side: Side) {
        self.parts.of_mut(side).clear();
    }

    /// Reads one frame.
    pub(super) fn frame(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) {
        let Some(frame) = parse_frame(bytes) else { return };
        if frame.version >= 0xfe {
            return out.message(side, "s7comm_plus", |fields| fields.show("version", frame.version));
        }
        let body = message_of(frame.version, frame.body);
        let parts = self.parts.of_mut(side);
        if parts.is_empty() && frame.last {
            return self.message(side, frame.version, body, out);
        }
        if parts.len() + body.len() <= MESSAGE_BYTES_MAX {
            parts.extend_from_slice(body);
        }
        if frame.last {
            let whole = std::mem::take(parts);
            self.message(side, frame.version, &whole, out);
        }
    }

    fn message(&mut self, side: Side, version: u8, bytes: &[u8], out: &mut Out<'_>) {
        let mut cursor = Cursor::new(bytes);
        let Some(opcode) = cursor.u8() else { return };
        let mut ahead = cursor;
        let function = match opcode {
            REQUEST | RESPONSE => ahead.u16().and_then(|_| ahead.u16()).map(Function),
            _ => None,
        };
        out.message(side, "s7comm_plus", |fields| {
            fields.show("version", version);
            fields.put("opcode", format_compact!("0x{opcode:02x}"));
            fields.put("opcode_name", opcode_title(opcode));
            if let Some(function) = function {
                fields.put("function_code", format_compact!("0x{:04x}", function.0));
                fields.put("function_name", function.names().0);
            }
        });
        // Two bytes without use, then the number that a reply repeats.
        match (opcode, function, ahead.u16().and_then(|_| ahead.u16())) {
            (REQUEST, Some(function), Some(sequence)) => self.request(side, function, sequence, ahead, out),
            (RESPONSE, Some(function), Some(sequence)) => {
                self.response(side, version, function, sequence, ahead, out);
            }
            (NOTIFICATION, ..) => {
                let target = cursor.u32().map(object).unwrap_or_default();
                let mut asked = asked(Verb::Publish, Text::const_new("notification"), target);
                asked.reply = Reply::NotExpected;
                out.request(side, asked);
            }
            _ => {}
        }
    }

    fn request(
        &mut self,
        side: Side,
        function: Function,
        sequence: u16,
        mut cursor: Cursor<'_>,
        out: &mut Out<'_>,
    ) {
        let (Some(session), Some(flags)) = (cursor.u32(), cursor.u8()) else { return };
        let (_, name, mut verb) = function.names();
        let mut subscribes = false;
        let mut target = Target::default();
        match function {
            Function::CREATE_OBJECT if session == NO_SESSION => verb = Verb::Authenticate,
            Function::CREATE_OBJECT => {
                let class = class_of(cursor);
                subscribes = class == Some(SUBSCRIPTION_CLASS);
                if subscribes {
                    verb = Verb::Subscribe;
                }
                target = class
                    .map(|class| Target::numbered("class", class.into(), class.into()))
                    .unwrap_or_default();
            }
            Function::DELETE_OBJECT => {
                let id = cursor.u32().unwrap_or_default();
                target = object(id);
                if id == session {
                    verb = Verb::Authenticate;
                } else if self.subscriptions.contains(&id) {
                    verb = Verb::Subscribe;
                }
            }
            Function::SET_VARIABLE | Function::GET_VARIABLE => {
                target = cursor.u32().map(object).unwrap_or_default();
                // One attribute.
                if let (Some(1), Some(attribute)) = (number(&mut cursor), number(&mut cursor)) {
                    target.name.push_str(&format_compact!(" attribute {attribute}"));
                    if attribute == CREDIT_LIMIT {
                        verb = Verb::Subscribe;
                    }
                }
            }
            Function::SET_MULTI_VARIABLES | Function::GET_MULTI_VARIABLES => {
                target = items(cursor).unwrap_or_default();
            }
            Function::EXPLORE | Function::INVOKE => {
                target = cursor.u32().map(object).unwrap_or_default();
            }
            _ => {}
        }
        let mut asked = asked(verb, name, target);
        // The client wants no reply.
        if flags & 0x40 != 0 {
            asked.reply = Reply::NotExpected;
            return out.request(side, asked);
        }
        self.pending.add(side, Key { function, sequence, subscribes }, asked, out);
    }

    fn response(
        &mut self,
        side: Side,
        version: u8,
        function: Function,
        sequence: u16,
        mut cursor: Cursor<'_>,
        out: &mut Out<'_>,
    ) {
        if function == Function::CREATE_OBJECT && !self.identity_told {
            self.identity_told = identify(side, cursor.rest(), out);
        }
        let answered = |key: &Key| (key.function, key.sequence) == (function, sequence);
        let (mut asked, subscribes) = match self.pending.take(side.other(), answered) {
            Some(pending) => (pending.asked, pending.key.subscribes),
            None => {
                let (_, name, verb) = function.names();
                (asked(verb, name, Target::default()), false)
            }
        };
        let _flags = cursor.u8();
        // The lower half is the error; what is negative was not done.
        asked.reply = match return_value(&mut cursor).map(|value| value as u16 as i16) {
            Some(error) if error < 0 => Reply::Refused(format_compact!("error-{}", error.unsigned_abs())),
            _ => Reply::Done,
        };
        if subscribes && asked.reply == Reply::Done {
            let count = cursor.u8().unwrap_or_default();
            for _ in 0..count {
                let Some(id) = number(&mut cursor) else { break };
                if self.subscriptions.len() < SUBSCRIPTIONS_MAX {
                    self.subscriptions.insert(id);
                }
            }
        }
        if version == 1 && asked.verb.changes() && asked.reply == Reply::Done && !self.weakness_told {
            self.weakness_told = true;
            let detail = format_compact!("{} obeyed; version 1 has no integrity check", asked.function);
            out.weakness(side, WeaknessKind::UnauthenticatedControl, detail);
        }
        out.request(side.other(), asked);
    }
}

fn asked(verb: Verb, function: Text, target: Target) -> Asked {
    Asked { verb, function, target, value: None, reply: Reply::Missing, details: Details::new() }
}

/// An object by its number.
fn object(id: u32) -> Target {
    Target { kind: Text::const_new("object"), name: format_compact!("0x{id:08x}"), ..Target::default() }
}

/// The class of the object that is asked for: behind the place where it is to be, a value, and the sign of an object.
fn class_of(mut cursor: Cursor<'_>) -> Option<u32> {
    cursor.u32()?;
    let begins = cursor.rest().iter().take(32).position(|byte| *byte == 0xa1)?;
    cursor.take(begins + 1)?;
    cursor.u32()?;
    number(&mut cursor)
}

/// The first of the variables that are read or written, and how many more.
fn items(mut cursor: Cursor<'_>) -> Option<Target> {
    let id = cursor.u32()?;
    let (count, _fields) = (number(&mut cursor)?, number(&mut cursor)?);
    if id != 0 {
        return Some(object(id));
    }
    let (_checksum, area, levels) = (number(&mut cursor)?, number(&mut cursor)?, number(&mut cursor)?);
    let mut name = match area {
        0x8a0e_0000..=0x8a0e_ffff => format_compact!("DB{}", area & 0xffff),
        0x50 => Text::const_new("I"),
        0x51 => Text::const_new("Q"),
        0x52 => Text::const_new("M"),
        0x53 => Text::const_new("C"),
        0x54 => Text::const_new("T"),
        // Anything else is an object of its own.
        0x1_0000.. => format_compact!("object 0x{area:08x}"),
        other => format_compact!("area-{other}"),
    };
    // The first level says which of the area's values; local identifiers follow.
    let _which = number(&mut cursor)?;
    for _ in 1..levels.min(8) {
        name.push_str(&format_compact!(".lid-{}", number(&mut cursor)?));
    }
    if count > 1 {
        name.push_str(&format_compact!(" and {} more", count - 1));
    }
    Some(Target::named(name))
}

/// Finds what a controller says of itself at the start of a session: `1;6ES7 214-1BG40-0XB0 ;V4.1`.
fn identify(side: Side, body: &[u8], out: &mut Out<'_>) -> bool {
    for run in body.split(|byte| !(0x20..0x7f).contains(byte)) {
        let mut parts = run.split(|byte| *byte == b';');
        let (Some(_), Some(model), Some(version)) = (parts.next(), parts.next(), parts.next()) else {
            continue;
        };
        if model.starts_with(b"6ES7") || model.starts_with(b"6AG") || model.starts_with(b"6AV") {
            out.identity(side, Trait::Model, &readable(model, 64), "session version", 90);
            out.identity(side, Trait::Firmware, &readable(version, 32), "session version", 90);
            return true;
        }
    }
    false
}
