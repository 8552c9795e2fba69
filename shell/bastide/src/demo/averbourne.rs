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
pub(super) const PLAN: &[(&str, &str)] = plan![
    "assets.csv"
    "city.toml"
    "conduits.toml"
    "feeds.toml"
    "procedures/network.md"
    "procedures/pumps-by-hand.md"
    "procedures/signal-server.md"
    "procedures/signals-on-fixed-time.md"
    "procedures/telecare-by-telephone.md"
    "procedures/telecare.md"
    "procedures/telemetry.md"
    "recovery.toml"
    "services.toml"
    "suppliers.toml"
    "zones.toml"
];

/// A quiet day, as short as ten minutes.
pub(super) const DAY: Recording = recording!("1-quiet-day/mirror.pcap.zst");

/// What then happens, each from where the one before ends.
pub(super) const INCIDENTS: [Recording; 7] = [
    recording!("2-leaked-password/mirror.pcap.gz"),
    recording!("3-rogue-laptop/mirror.pcap.gz"),
    recording!("4-scan/mirror.pcap.gz"),
    recording!("5-modbus-write/mirror.pcap.gz"),
    recording!("6-false-level/mirror.pcap.gz"),
    recording!("7-call-out/mirror.pcap.gz"),
    recording!("8-silent-controller/mirror.pcap.gz"),
];
