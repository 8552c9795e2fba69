//! OCPP as another implementation speaks it: captures of our own, in `captures/ocpp`.

use crate::reading::{self, Reading};
use city::{Protocol, WeaknessKind};
use std::path::Path;

fn read(name: &str) -> Reading {
    reading::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../captures/ocpp").join(name))
}

/// The requests of OCPP, a line each.
fn lines(reading: &Reading) -> Vec<String> {
    let requests = reading.requests().filter(|request| request.flow.protocol == Some(Protocol::Ocpp));
    requests
        .map(|request| {
            let value = request.value.as_deref().unwrap_or("-");
            let asker = if request.back { "system" } else { "station" };
            format!(
                "{asker}: {} {} [{}] {value} {}",
                request.verb,
                request.function,
                request.target,
                request.reply.as_str()
            )
        })
        .collect()
}

fn weaknesses(reading: &Reading) -> Vec<WeaknessKind> {
    reading.weaknesses().map(|weakness| weakness.kind).collect()
}

#[test]
fn a_station_of_1_6_is_commanded() {
    let reading = read("ocpp16.pcap");
    assert_eq!(
        lines(&reading),
        [
            "station: publish boot-notification [station-7] - done",
            "station: publish status-notification [connector 1 station-7] Available done",
            "station: authenticate authorize [station-7] - done",
            "station: publish meter-values [connector 1 station-7] Energy.Active.Import.Register=1200 Wh done",
            "station: publish heartbeat [station-7] - done",
            "system: operate change-availability [connector 1 station-7] Inoperative done",
            "system: operate remote-start-transaction [connector 1 station-7] - done",
            "system: configure change-configuration [HeartbeatInterval] 60 refused",
            "system: operate unlock-connector [connector 1 station-7] - done",
            "system: program update-firmware [station-7] ftp://192.0.2.9/firmware.bin done",
            "system: read trigger-message [station-7] Heartbeat refused",
            "system: restart reset [station-7] Soft done",
        ]
    );
    let kinds = weaknesses(&reading);
    assert_eq!(kinds.iter().filter(|kind| **kind == WeaknessKind::UnauthenticatedControl).count(), 5);
    assert_eq!(kinds.iter().filter(|kind| **kind == WeaknessKind::CleartextCredentials).count(), 2);
    assert!(!kinds.contains(&WeaknessKind::AnonymousLogin));
    let told: Vec<_> = reading.identities().map(|identity| identity.value.as_str()).collect();
    assert!(
        ["station-7", "Kirchgasse", "Saeule 22", "KL-000017", "4.1.0"]
            .iter()
            .all(|value| told.contains(value))
    );
    let all = format!("{:?}", reading.observations);
    assert!(!all.contains("Quittenbrot") && !all.contains("TAG-0001"));
}

#[test]
fn a_station_of_2_0_1_is_commanded() {
    let reading = read("ocpp201.pcap");
    let lines = lines(&reading);
    assert_eq!(lines.len(), 10, "{lines:#?}");
    for line in [
        "station: publish boot-notification [station-7] PowerUp done",
        "system: operate request-start-transaction [evse 1 station-7] - done",
        "system: program update-firmware [station-7] https://192.0.2.9/firmware.bin done",
        "system: read get-variables [OCPPCommCtrlr/HeartbeatInterval] - refused",
    ] {
        assert!(lines.iter().any(|found| found == line), "{line}\n{lines:#?}");
    }
    assert!(weaknesses(&reading).contains(&WeaknessKind::AnonymousLogin));
    assert!(!format!("{:?}", reading.observations).contains("TAG-0001"));
}

#[test]
fn what_is_compressed_is_known_but_not_read() {
    let reading = read("ocpp16-deflate.pcap");
    let conversation = reading.conversations().next().unwrap();
    assert_eq!(conversation.flow.protocol, Some(Protocol::Ocpp));
    assert!(lines(&reading).is_empty());
}
