//! Announcements and searches to what they tell.

use super::VERSION;
use crate::dialogue::{Asked, Dialogue, Out, Side};
use crate::http::mask;
use crate::show::{VALUE_BYTES_MAX, readable};
use crate::text_head::{First, parse_whole};
use city::{Details, Reply, Target, Text, Trait, Verb};

/// How many kinds of things and names are remembered, so that each is told once; a device repeats all in minutes.
const TOLD_MAX: usize = 64;

/// Opens a reader.
pub(super) fn open() -> Box<dyn Dialogue> {
    Box::new(Conversation::default())
}

#[derive(Default)]
struct Conversation {
    told: Vec<(Side, Text)>,
}

impl Dialogue for Conversation {
    fn datagram(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) -> bool {
        let Some(head) = parse_whole(bytes, VERSION) else { return false };
        let text = |name: &str| head.headers.first(name).map(|value| readable(value, VALUE_BYTES_MAX));
        let place = || head.headers.first("location").map(|place| mask(place, VALUE_BYTES_MAX).0);
        let (verb, function, about, value) = match head.first {
            First::Request { method: b"M-SEARCH", .. } => (Verb::Discover, "search", text("st"), None),
            First::Request { method: b"NOTIFY", .. } => {
                let function = match text("nts").as_deref() {
                    Some("ssdp:byebye") => "farewell",
                    Some("ssdp:update") => "update",
                    _ => "announce",
                };
                (Verb::Publish, function, text("nt"), place())
            }
            First::Request { .. } => return false,
            First::Reply { .. } => (Verb::Publish, "found", text("st"), place()),
        };
        if let Some(server) = text("server")
            && self.is_new(side, &server)
        {
            out.identity(side, Trait::Product, &server, "SERVER", 50);
        }
        let asked = Asked {
            verb,
            function: Text::const_new(function),
            target: Target::named(about.unwrap_or_default()),
            value,
            reply: Reply::NotExpected,
            details: Details::new(),
        };
        out.request(side, asked);
        true
    }

    fn end(&mut self, _out: &mut Out<'_>) {}
}

impl Conversation {
    fn is_new(&mut self, side: Side, what: &Text) -> bool {
        let known = self.told.iter().any(|(of, told)| *of == side && told == what);
        if !known && self.told.len() < TOLD_MAX {
            self.told.push((side, what.clone()));
        }
        !known
    }
}
