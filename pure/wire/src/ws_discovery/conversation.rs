//! Messages to what they tell.

use super::xml::{decoded, texts};
use crate::dialogue::{Asked, Dialogue, Out, Side};
use crate::http::mask;
use crate::show::{VALUE_BYTES_MAX, listed, readable};
use city::{Details, Reply, Target, Text, Trait, Verb};

/// How many facts are remembered, so that each is told once.
const TOLD_MAX: usize = 64;

/// How many scopes and addresses of a message are looked at.
const ITEMS_MAX: usize = 64;

/// Opens a reader.
pub(super) fn open() -> Box<dyn Dialogue> {
    Box::new(Conversation::default())
}

#[derive(Default)]
struct Conversation {
    told: Vec<(Side, Trait, Text)>,
}

/// What a message does: the last part of its action's address.
pub(super) fn action(bytes: &[u8]) -> Option<(Verb, &'static str)> {
    let document = std::str::from_utf8(bytes).ok()?;
    let start = document.trim_start_matches(['\u{feff}', ' ', '\r', '\n', '\t']);
    if !start.starts_with('<') {
        return None;
    }
    let action = texts(document, "Action").next()?;
    let (of, name) = action.rsplit_once('/')?;
    if !of.contains("/ws/2005/04/discovery") && !of.contains("/ws-dd/ns/discovery/") {
        return None;
    }
    Some(match name {
        "Hello" => (Verb::Publish, "hello"),
        "Bye" => (Verb::Publish, "bye"),
        "Probe" => (Verb::Discover, "probe"),
        "ProbeMatches" => (Verb::Publish, "probe-match"),
        "Resolve" => (Verb::Discover, "resolve"),
        "ResolveMatches" => (Verb::Publish, "resolve-match"),
        _ => return None,
    })
}

impl Dialogue for Conversation {
    fn datagram(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) -> bool {
        let Some((verb, function)) = action(bytes) else { return false };
        let document = std::str::from_utf8(bytes).unwrap_or_default();
        let types = texts(document, "Types").next().unwrap_or_default();
        let places = texts(document, "XAddrs").flat_map(str::split_ascii_whitespace).take(ITEMS_MAX);
        let places = listed(places.map(|place| mask(place.as_bytes(), VALUE_BYTES_MAX).0), VALUE_BYTES_MAX);
        if verb == Verb::Publish && function != "bye" {
            for scope in texts(document, "Scopes").flat_map(str::split_ascii_whitespace).take(ITEMS_MAX) {
                self.scope(side, scope, out);
            }
            if types.contains("NetworkVideoTransmitter") {
                self.fact(side, Trait::Role, "camera", "Types", out);
            }
        }
        let asked = Asked {
            verb,
            function: Text::const_new(function),
            target: Target::named(readable(types.as_bytes(), VALUE_BYTES_MAX)),
            value: (!places.is_empty()).then_some(places),
            reply: Reply::NotExpected,
            details: Details::new(),
        };
        out.request(side, asked);
        true
    }

    fn end(&mut self, _out: &mut Out<'_>) {}
}

impl Conversation {
    /// What one of ONVIF's scopes says: `onvif://www.onvif.org/hardware/C5` (ONVIF Core clause 7.3.2.2).
    fn scope(&mut self, side: Side, scope: &str, out: &mut Out<'_>) {
        let Some((kind, value)) =
            scope.strip_prefix("onvif://www.onvif.org/").and_then(|scope| scope.split_once('/'))
        else {
            return;
        };
        let (about, field) = match kind {
            "name" => (Trait::Name, "scope name"),
            "hardware" => (Trait::Model, "scope hardware"),
            "manufacturer" | "mfr" => (Trait::Vendor, "scope manufacturer"),
            _ => return,
        };
        self.fact(side, about, &decoded(value), field, out);
    }

    fn fact(&mut self, side: Side, about: Trait, value: &str, field: &'static str, out: &mut Out<'_>) {
        let value = readable(value.as_bytes(), VALUE_BYTES_MAX);
        let known = self.told.iter().any(|(of, what, told)| *of == side && *what == about && *told == value);
        if known {
            return;
        }
        out.identity(side, about, &value, field, 80);
        if self.told.len() < TOLD_MAX {
            self.told.push((side, about, value));
        }
    }
}
