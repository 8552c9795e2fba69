//! How an indicator stands: for whoever looks at one.

use super::{Gathered, Ground, Origin, Watchlist};
use crate::stix::Object;
use city::{Doubt, Tlp};
use jiff::Timestamp;

/// How an indicator stands on the ground of what is known of the city, whatever others say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// At least one thing that it asks for is watched for.
    Watched,
    /// It asks for what is not watched for, and can be hunted with.
    Hunted,
    /// It is revoked, or no longer valid.
    Over,
    /// It is not acted on.
    Doubted(Doubt),
}

impl Standing {
    /// How an object of a source stands at a time; none if it is no indicator.
    #[must_use]
    pub fn of(object: Object<'_>, source: &str, ground: &Ground, now: Timestamp) -> Option<Standing> {
        if object.object_type() != "indicator" {
            return None;
        }
        let origin = Origin { source, trust: 0, tlp: Tlp::Red };
        let mut alone = Gathered::default();
        Watchlist::default().add(object, origin, ground, now, &mut alone);
        Some(match alone.told().into_iter().next() {
            _ if alone.watched > 0 => Standing::Watched,
            _ if alone.over > 0 => Standing::Over,
            Some(doubt) => Standing::Doubted(doubt),
            None => Standing::Hunted,
        })
    }
}
