//! What a fragment asks, header by header, and what a response says to it.

use super::control::{self, Control, Status};
use super::file::FileObject;
use super::message::{Fragment, FunctionCode, verb};
use super::objects::{self, Form, Item, Objects, Range, headers};
use super::value;
use crate::dialogue::{Asked, Out, Side};
use crate::show::{self, VALUE_BYTES_MAX};
use crate::unanswered::Question;
use city::{Details, Reply, Target, Text};
use compact_str::format_compact;

/// Pieces of one fragment that are told; those beyond are in the logs only.
const PIECES_MAX: usize = 256;

/// Values that are put together before they are cut.
const VALUES_MAX: usize = 128;

/// One thing that a fragment asks.
pub struct Piece {
    pub asked: Asked,
    /// The group of its objects.
    group: Option<u8>,
    /// The index of a control.
    index: Option<u32>,
}

impl Question for Piece {
    fn weight(&self) -> usize {
        size_of::<Piece>() - size_of::<Asked>() + self.asked.weight()
    }

    fn tell(self, asker: Side, out: &mut Out<'_>) {
        out.request(asker, self.asked);
    }
}

/// What a fragment asks of a station: a piece for each header, or, of controls, for each object; classes of data are
/// one piece together.
pub fn pieces(station: u16, fragment: &Fragment<'_>) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut classes: Option<(u64, u64)> = None;
    let mut assigned: Option<u64> = None;
    for objects in headers(fragment.function, fragment.objects) {
        if pieces.len() >= PIECES_MAX {
            break;
        }
        if let Some(class) = objects.class() {
            assigned = Some(class);
            classes = Some(classes.map_or((class, class), |(low, high)| (low.min(class), high.max(class))));
        } else if matches!(objects.form, Form::Control | Form::Setpoint(_))
            && objects.items().next().is_some()
        {
            let room = PIECES_MAX - pieces.len();
            pieces.extend(objects.items().take(room).map(|item| control(station, fragment, &objects, &item)));
        } else if is_proof(&objects) && fragment.function != FunctionCode::AUTHENTICATE_REQUEST {
            // Proves what the rest of the fragment asks; nothing is asked with it.
        } else {
            let mut piece = whole(station, fragment, &objects);
            // The class stands before the points that are put into it.
            if let (FunctionCode::ASSIGN_CLASS, Some(class)) = (fragment.function, assigned) {
                piece.asked.value = Some(format_compact!("class {class}"));
            }
            pieces.push(piece);
        }
    }
    if let Some((low, high)) = classes
        && (fragment.function != FunctionCode::ASSIGN_CLASS || pieces.is_empty())
    {
        let target = Target { unit: Some(station.into()), ..Target::numbered("class", low, high) };
        pieces.insert(0, piece(fragment, None, target, None));
    }
    if pieces.is_empty() {
        let target = Target { unit: Some(station.into()), ..Target::default() };
        pieces.push(piece(fragment, None, target, None));
    }
    pieces
}

/// Whether objects prove who asks: the parts of an aggressive-mode request (clause 7.4).
pub fn is_proof(objects: &Objects<'_>) -> bool {
    objects.group == 120 && matches!(objects.variation, 3 | 9)
}

fn piece(
    fragment: &Fragment<'_>,
    objects: Option<&Objects<'_>>,
    target: Target,
    value: Option<Text>,
) -> Piece {
    let asked = Asked {
        verb: verb(fragment.function, objects),
        function: fragment.function.text(),
        target,
        value,
        reply: Reply::Missing,
        details: Details::new(),
    };
    Piece { asked, group: objects.map(|objects| objects.group), index: None }
}

fn control(station: u16, fragment: &Fragment<'_>, objects: &Objects<'_>, item: &Item<'_>) -> Piece {
    let numbers = item.index.map(|index| (u64::from(index), u64::from(index)));
    let target = Target { numbers, ..bare_target(station, objects) };
    let value = value::text(objects, item);
    Piece { index: item.index, ..piece(fragment, Some(objects), target, value) }
}

fn whole(station: u16, fragment: &Fragment<'_>, objects: &Objects<'_>) -> Piece {
    let mut target = bare_target(station, objects);
    let mut told = values(objects);
    match objects.group {
        // Which one of the attributes is in the variation.
        0 if objects.variation < 254 => {
            target.numbers = Some((objects.variation.into(), objects.variation.into()))
        }
        0 => {}
        70 => {
            let file = objects.items().next().and_then(|item| FileObject::read(objects.variation, &item));
            if let Some(file) = file {
                (target.name, told) = (file.name(), file.value());
            }
        }
        120 => target.name = authentication(objects.variation),
        _ => target.numbers = numbers(objects),
    }
    piece(fragment, Some(objects), target, told)
}

fn bare_target(station: u16, objects: &Objects<'_>) -> Target {
    let group = objects.group;
    let kind = objects::kind(group).map_or_else(|| format_compact!("group-{group}"), Text::const_new);
    Target { unit: Some(station.into()), kind, ..Target::default() }
}

/// The first and the last number of the objects.
fn numbers(objects: &Objects<'_>) -> Option<(u64, u64)> {
    match objects.range {
        Range::Indexes(first, last) | Range::Addresses(first, last) => Some((first.into(), last.into())),
        Range::Count(_) => objects.items().filter_map(|item| item.index).fold(None, |range, index| {
            let index = u64::from(index);
            Some(range.map_or((index, index), |(low, high): (u64, u64)| (low.min(index), high.max(index))))
        }),
        Range::All => None,
    }
}

/// What an authentication object is.
fn authentication(variation: u8) -> Text {
    Text::const_new(match variation {
        1 => "challenge",
        2 => "reply",
        3 => "aggressive-mode-request",
        4 => "session-key-status-request",
        5 => "session-key-status",
        6 => "session-key-change",
        7 => "error",
        8 => "user-certificate",
        9 => "message-authentication-code",
        10 => "user-status-change",
        11 => "update-key-change-request",
        12 => "update-key-change-reply",
        13 => "update-key-change",
        14 => "update-key-change-signature",
        15 => "update-key-change-confirmation",
        other => return format_compact!("variation-{other}"),
    })
}

/// The values of objects, with commas between them. What is typed at a virtual terminal may be a password.
fn values(objects: &Objects<'_>) -> Option<Text> {
    if matches!(objects.group, 70 | 112 | 113 | 120) {
        return None;
    }
    let values: Vec<Text> =
        objects.items().take(VALUES_MAX).filter_map(|item| value::text(objects, &item)).collect();
    (!values.is_empty()).then(|| show::listed(values, VALUE_BYTES_MAX))
}

/// Lets a response say to each piece what came of it.
pub fn answer(pieces: &mut [Piece], fragment: &Fragment<'_>) {
    let refusal = fragment.indications.and_then(|indications| indications.refusal());
    for piece in &mut *pieces {
        piece.asked.reply = refusal.map_or(Reply::Done, |word| Reply::Refused(Text::const_new(word)));
    }
    let mut others: Vec<Text> = Vec::new();
    for objects in headers(fragment.function, fragment.objects) {
        match (objects.group, objects.form) {
            (_, Form::Control | Form::Setpoint(_)) => {
                for item in objects.items() {
                    if let Some(status) = status(&objects, &item)
                        && let Some(piece) = pieces
                            .iter_mut()
                            .find(|piece| piece.group == Some(objects.group) && piece.index == item.index)
                    {
                        piece.asked.reply = status.refusal().map_or(Reply::Done, Reply::Refused);
                    }
                }
            }
            (70, _) => {
                let file = objects.items().next().and_then(|item| FileObject::read(objects.variation, &item));
                if let Some(file) = file
                    && let Some(piece) = pieces.iter_mut().find(|piece| piece.group == Some(70))
                {
                    if let Some(word) = file.refusal() {
                        piece.asked.reply = Reply::Refused(word);
                    } else if piece.asked.value.is_none() || matches!(file, FileObject::Block { .. }) {
                        piece.asked.value = file.value();
                    }
                }
            }
            (120, _) => {
                if objects.variation == 7 {
                    let word = Reply::Refused(Text::const_new("authentication-error"));
                    pieces.iter_mut().for_each(|piece| piece.asked.reply = word.clone());
                }
            }
            (group, _) => {
                let asked = pieces.iter_mut().find(|piece| {
                    piece.group == Some(group)
                        && piece.asked.value.is_none()
                        && piece.asked.function == "read"
                });
                match asked {
                    Some(piece) => piece.asked.value = values(&objects),
                    None if others.len() < PIECES_MAX => {
                        if let Some(values) = values(&objects) {
                            let Target { kind, numbers: range, .. } =
                                Target { numbers: numbers(&objects), ..bare_target(0, &objects) };
                            let target = Target { kind, numbers: range, ..Target::default() };
                            others.push(format_compact!("{target}={values}"));
                        }
                    }
                    None => {}
                }
            }
        }
    }
    // What nobody asked for by its group was asked for by its class, or is what was measured.
    if let Some(piece) = pieces.first_mut()
        && piece.asked.value.is_none()
        && !others.is_empty()
    {
        piece.asked.value = Some(show::listed(others, VALUE_BYTES_MAX));
    }
}

fn status(objects: &Objects<'_>, item: &Item<'_>) -> Option<Status> {
    match objects.form {
        Form::Control => Control::read(item).map(|control| control.status),
        Form::Setpoint(number) => control::setpoint(item, number).map(|(_, status)| status),
        _ => None,
    }
}
