//! Averbourne: the plan and the recordings of the demo, as part of the program.

use crate::play::Recording;

macro_rules! plan {
    ($($file:literal)*) => {
        &[$(($file, include_str!(concat!("../../../../cities/averbourne/plan/", $file)))),*]
    };
}

macro_rules! recording {
    ($name:literal) => {
        Recording {
            name: $name,
            bytes: include_bytes!(concat!("../../../../cities/averbourne/captures/", $name)),
        }
    };
}

/// The plan's files.
pub(super) const PLAN: &[(&str, &str)] = plan!["assets.csv" "city.toml" "conduits.toml" "feeds.toml" "services.toml" "suppliers.toml" "zones.toml"];

/// A quiet day, as short as a quarter of an hour.
pub(super) const DAY: Recording = recording!("day.pcap.zst");

/// What then happens, in order.
pub(super) const INCIDENTS: &[Recording] = &[];
