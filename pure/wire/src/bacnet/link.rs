//! Messages of the virtual link layer itself: between BBMDs and foreign devices (J.4, J.5).

use super::envelope::{link_title, put};
use super::message::{BvlcFunction, BvlcResult};
use crate::cursor::Cursor;
use crate::dialogue::{Asked, Out, Side};
use crate::show::{VALUE_BYTES_MAX, hexadecimal, listed};
use crate::unanswered::Unanswered;
use city::{Details, Reply, Target, Text, WeaknessKind};
use compact_str::format_compact;
use std::net::Ipv4Addr;

/// Messages awaiting a result at a time.
const PENDING_MAX: usize = 16;

/// Messages that await their result. They have no number: a result belongs to the oldest that it can belong to.
#[derive(Default)]
pub struct Link(Unanswered<BvlcFunction, PENDING_MAX>);

impl Link {
    /// A message, or the result of one. `control_told` is whether it was told already that an end obeys anyone.
    pub fn message(
        &mut self,
        side: Side,
        function: BvlcFunction,
        body: &[u8],
        control_told: &mut bool,
        out: &mut Out<'_>,
    ) {
        let answered = match function {
            BvlcFunction::RESULT => {
                let Some(code) = Cursor::new(body).u16().map(BvlcResult) else { return };
                let reply = if code.0 == 0 { Reply::Done } else { Reply::Refused(code.text()) };
                Some((code.refused(), reply, code.text()))
            }
            BvlcFunction::READ_BDT_ACK => Some((Some(BvlcFunction::READ_BDT), Reply::Done, table(body, 10))),
            BvlcFunction::READ_FDT_ACK => Some((Some(BvlcFunction::READ_FDT), Reply::Done, table(body, 10))),
            _ => None,
        };
        let Some((wanted, reply, value)) = answered else {
            self.request(side, function, body, out);
            return;
        };
        let asker = side.other();
        let answered = |function: &BvlcFunction| wanted.is_none_or(|wanted| wanted == *function);
        let mut asked = match self.0.take(asker, answered) {
            Some(pending) => pending.asked,
            None => {
                let function = wanted.unwrap_or(function);
                let mut details = Details::new();
                if out.wants_details() {
                    put(&mut details, "request-seen", "false");
                }
                Asked {
                    verb: function.verb(),
                    function: function.text(),
                    target: Target::default(),
                    value: None,
                    reply: Reply::Missing,
                    details,
                }
            }
        };
        asked.reply = reply;
        if out.wants_details() {
            put(&mut asked.details, "reply-bvlc-function", function.text());
            put(&mut asked.details, "result", value.clone());
        }
        if asked.value.is_none() && function != BvlcFunction::RESULT {
            asked.value = Some(value);
        }
        if asked.verb.changes() && asked.reply == Reply::Done && !*control_told {
            *control_told = true;
            let link = link_title(out.flow.protocol);
            let detail = format_compact!("{} obeyed; {link} did not prove who asked", asked.function);
            out.weakness(side, WeaknessKind::UnauthenticatedControl, detail);
        }
        out.request(asker, asked);
    }

    fn request(&mut self, side: Side, function: BvlcFunction, body: &[u8], out: &mut Out<'_>) {
        let value = match function {
            BvlcFunction::REGISTER_FOREIGN_DEVICE => {
                Cursor::new(body).u16().map(|seconds| format_compact!("{seconds} s"))
            }
            BvlcFunction::WRITE_BDT => Some(table(body, 10)),
            BvlcFunction::DELETE_FDT_ENTRY => Some(table(body, 6)),
            _ => None,
        };
        let mut details = Details::new();
        if out.wants_details() {
            put(&mut details, "bvlc-function", function.text());
            put(&mut details, "bvlc-data", hexadecimal(body, VALUE_BYTES_MAX));
        }
        let asked = Asked {
            verb: function.verb(),
            function: function.text(),
            target: Target::default(),
            value,
            reply: Reply::Missing,
            details,
        };
        self.0.add(side, function, asked, out);
    }

    /// The conversation is over: tells of what was not answered.
    pub fn end(&mut self, out: &mut Out<'_>) {
        self.0.end(out);
    }
}

/// The addresses in a table of the virtual link layer, each entry beginning with address and port (J.2.2, J.2.8).
fn table(body: &[u8], entry_bytes: usize) -> Text {
    let address = |entry: &[u8]| {
        let mut cursor = Cursor::new(entry);
        let address = Ipv4Addr::from(cursor.array::<4>()?);
        Some(format_compact!("{address}:{}", cursor.u16()?))
    };
    listed(body.chunks_exact(entry_bytes).filter_map(address), VALUE_BYTES_MAX)
}
