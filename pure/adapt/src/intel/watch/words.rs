//! Texts that many indicators share.

use super::{NONE, index::Map};
use city::Text;
use std::sync::Arc;

/// Texts that many share, each kept once and as long as somebody needs it.
#[derive(Clone, Debug, Default)]
pub(super) struct Words {
    texts: Vec<(Arc<str>, u32)>,
    places: Map<Arc<str>, u32>,
    free: Vec<u32>,
}

impl Words {
    pub(super) fn put(&mut self, text: &str) -> u32 {
        let known = self.places.get(text).copied();
        if let Some(place) = known
            && let Some((_, uses)) = at_mut(&mut self.texts, place)
        {
            *uses += 1;
            return place;
        }
        let text: Arc<str> = text.into();
        let place = match self.free.pop() {
            Some(place) => {
                if let Some(slot) = at_mut(&mut self.texts, place) {
                    *slot = (Arc::clone(&text), 1);
                }
                place
            }
            None => {
                self.texts.push((Arc::clone(&text), 1));
                u32::try_from(self.texts.len() - 1).unwrap_or(NONE)
            }
        };
        self.places.insert(text, place);
        place
    }

    pub(super) fn take(&mut self, place: u32) {
        let Some((text, uses)) = at_mut(&mut self.texts, place) else { return };
        *uses = uses.saturating_sub(1);
        if *uses == 0 {
            self.places.swap_remove(&**text);
            *text = "".into();
            self.free.push(place);
        }
    }

    pub(super) fn get(&self, place: u32) -> Option<&Arc<str>> {
        self.texts.get(usize::try_from(place).ok()?).map(|(text, _)| text)
    }

    pub(super) fn text(&self, place: u32) -> Text {
        self.get(place).map(|text| Text::from(&**text)).unwrap_or_default()
    }
}

/// What stands at a place.
pub(super) fn at_mut<T>(list: &mut [T], place: u32) -> Option<&mut T> {
    list.get_mut(usize::try_from(place).ok()?)
}
