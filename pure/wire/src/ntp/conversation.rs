//! Pairs questions with answers.

use super::message::{Control, ControlKind, Mode, Stamp, Time};
use super::parse::{self, Found};
use crate::dialogue::{Asked, Dialogue, Out, Progress, Side};
use crate::show::{VALUE_BYTES_MAX, escaped, readable};
use city::{Details, Reply, Target, Text, Trait, Verb, WeaknessKind};
use compact_str::format_compact;
use std::collections::VecDeque;

/// Questions awaiting an answer at a time; a client asks again after many seconds.
const PENDING_MAX: usize = 16;

/// Opens a reader.
pub(super) fn open() -> Box<dyn Dialogue> {
    Box::new(Conversation::default())
}

#[derive(Default)]
struct Conversation {
    pending: VecDeque<Pending>,
    has_role: bool,
    has_weakness: bool,
    products: Vec<Text>,
}

/// What tells the answer to a question.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Key {
    /// The time of sending, which the answer repeats.
    Time(Stamp),
    Control(ControlKind, u8, u16),
}

struct Pending {
    asker: Side,
    key: Key,
    asked: Asked,
}

impl Dialogue for Conversation {
    fn datagram(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) -> bool {
        match parse::parse_message(bytes) {
            Some(Found::Time(time)) => self.time(side, &time, out),
            Some(Found::Control(control)) => self.control(side, &control, out),
            None => return false,
        }
        true
    }

    fn stream(&mut self, _side: Side, _bytes: &[u8], _out: &mut Out<'_>) -> Progress {
        Progress::Lost
    }

    fn gap(&mut self, _side: Side, _missing: u64, _out: &mut Out<'_>) {}

    fn holds(&self) -> usize {
        crate::dialogue::held::<Pending>(self.pending.len())
    }

    fn end(&mut self, out: &mut Out<'_>) {
        while let Some(pending) = self.pending.pop_front() {
            out.request(pending.asker, pending.asked);
        }
    }
}

impl Conversation {
    fn time(&mut self, side: Side, time: &Time<'_>, out: &mut Out<'_>) {
        row(side, time, out);
        match time.mode {
            Mode::Client => {
                self.await_answer(
                    side,
                    Key::Time(time.transmit),
                    asked(Verb::Read, Text::const_new("time")),
                    out,
                );
            }
            Mode::Server => {
                let reply = match time.stratum {
                    // A stratum of 0 refuses, and says why (RFC 5905 clause 7.4).
                    0 => Reply::Refused(readable(time.reference, VALUE_BYTES_MAX)),
                    _ => Reply::Done,
                };
                let pending = self.answered(side, Key::Time(time.origin));
                let asked = pending.map_or_else(|| asked(Verb::Read, Text::const_new("time")), |p| p.asked);
                let value = Some(source(time)).filter(|_| time.stratum > 0);
                out.request(side.other(), Asked { reply, value, ..asked });
                self.role(side, out);
            }
            Mode::SymmetricActive | Mode::SymmetricPassive | Mode::Broadcast => {
                let asked = asked(Verb::Publish, Text::const_new(time.mode.as_str()));
                let value = Some(source(time));
                out.request(side, Asked { reply: Reply::NotExpected, value, ..asked });
                self.role(side, out);
            }
        }
    }

    fn control(&mut self, side: Side, control: &Control<'_>, out: &mut Out<'_>) {
        let key = Key::Control(control.kind, control.operation, control.sequence);
        let mut asked = asked(control.verb(), control.function());
        if control.association != 0 {
            let number = u64::from(control.association);
            asked.target = Target::numbered("association", number, number);
        }
        if !control.is_response {
            return self.await_answer(side, key, asked, out);
        }
        let refusal = control.refusal();
        if refusal.is_none() {
            self.identify(side, control.data, out);
        }
        // An answer may come in many pieces; the first one tells.
        let Some(pending) = self.answered(side, key) else { return };
        let changed = pending.asked.verb.changes() && refusal.is_none();
        if changed
            && !self.has_weakness
            && !pending.asked.function.is_empty()
            && control.kind == ControlKind::Private
        {
            self.has_weakness = true;
            let detail = format_compact!("{} obeyed by mode 7", pending.asked.function);
            out.weakness(side, WeaknessKind::UnauthenticatedControl, detail);
        }
        let reply = refusal.map_or(Reply::Done, Reply::Refused);
        out.request(pending.asker, Asked { reply, ..pending.asked });
    }

    fn await_answer(&mut self, asker: Side, key: Key, asked: Asked, out: &mut Out<'_>) {
        if self.pending.len() >= PENDING_MAX
            && let Some(oldest) = self.pending.pop_front()
        {
            out.request(oldest.asker, oldest.asked);
        }
        self.pending.push_back(Pending { asker, key, asked });
    }

    fn answered(&mut self, side: Side, key: Key) -> Option<Pending> {
        let place = self.pending.iter().position(|pending| pending.asker != side && pending.key == key)?;
        self.pending.remove(place)
    }

    fn role(&mut self, side: Side, out: &mut Out<'_>) {
        if !self.has_role {
            self.has_role = true;
            out.identity(side, Trait::Role, "time server", "mode", 90);
        }
    }

    /// What a server says of itself in its variables: `version="ntpd 4.2.8p15", system="Linux"`.
    fn identify(&mut self, side: Side, data: &[u8], out: &mut Out<'_>) {
        for (variable, about) in [("version", Trait::Product), ("system", Trait::Firmware)] {
            let Some(value) = quoted(data, variable) else { continue };
            let value = readable(value, VALUE_BYTES_MAX);
            if self.products.len() < 4 && !self.products.contains(&value) {
                out.identity(side, about, &value, variable, 70);
                self.products.push(value);
            }
        }
    }
}

/// The value of a variable among those with commas between them.
fn quoted<'a>(data: &'a [u8], variable: &str) -> Option<&'a [u8]> {
    data.split(|byte| *byte == b'"').collect::<Vec<_>>().windows(2).find_map(|pair| {
        let [name, value] = pair else { return None };
        let name = name.strip_suffix(b"=")?;
        let name = name.rsplit(|byte| *byte == b',').next()?.trim_ascii();
        (name == variable.as_bytes()).then_some(*value)
    })
}

fn asked(verb: Verb, function: Text) -> Asked {
    Asked {
        verb,
        function,
        target: Target::default(),
        value: None,
        reply: Reply::Missing,
        details: Details::new(),
    }
}

/// How far from a clock a sender is, and what it follows.
fn source(time: &Time<'_>) -> Text {
    format_compact!("stratum {} {}", time.stratum, reference(time))
}

/// What a sender follows: a kind of clock, or the address of another sender.
fn reference(time: &Time<'_>) -> Text {
    match (time.stratum, time.reference) {
        (0 | 1, name) => {
            let end = name.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
            readable(name.get(..end).unwrap_or_default(), VALUE_BYTES_MAX)
        }
        (_, [a, b, c, d]) => format_compact!("{a}.{b}.{c}.{d}"),
    }
}

fn row(side: Side, time: &Time<'_>, out: &mut Out<'_>) {
    out.message(side, "ntp", |fields| {
        let mut interval = |name, value: f64| fields.show(name, format_args!("{value:.6}"));
        interval("poll", 2_f64.powi(i32::from(time.poll)));
        interval("precision", 2_f64.powi(i32::from(time.precision)));
        interval("root_delay", f64::from(time.root_delay) / 65_536.0);
        interval("root_disp", f64::from(time.root_dispersion) / 65_536.0);
        interval("ref_time", time.reference_time.seconds());
        interval("org_time", time.origin.seconds());
        interval("rec_time", time.receive.seconds());
        interval("xmt_time", time.transmit.seconds());
        fields.show("version", time.version);
        fields.show("mode", time.mode.number());
        fields.show("stratum", time.stratum);
        let reference = if time.stratum < 2 { escaped(time.reference, 16) } else { reference(time) };
        fields.put("ref_id", reference);
        fields.show("num_exts", time.extensions);
    });
}
