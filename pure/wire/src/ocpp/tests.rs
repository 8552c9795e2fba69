//! Calls and what was answered, with the examples of the standards.

use super::{Conversation, is_message};
use crate::Config;
use crate::dialogue::{Out, Side};
use crate::rehearse;
use crate::websocket::Opening;
use city::{Observation, Observed, Protocol, Transport, WeaknessKind};
use proptest::prelude::*;

const STATION: Side = Side::Source;
const SYSTEM: Side = Side::Destination;

fn hear(is_authorized: bool, said: &[(Side, &[u8])]) -> Vec<Observed> {
    let config: Config = rehearse::config();
    let mut observations: Vec<Observation> = Vec::new();
    let mut flow = rehearse::flow(&crate::http::READER, Transport::Tcp, 80);
    flow.protocol = Some(Protocol::Ocpp);
    let mut out = Out {
        config: &config,
        observations: &mut observations,
        expected: None,
        unanswered: None,
        time: rehearse::START,
        flow,
    };
    let opening = Opening { uri: "/steve/CP-7?x=1".into(), is_authorized, ..Opening::default() };
    let mut conversation = Conversation::new(&opening, STATION, &mut out);
    for (side, bytes) in said {
        conversation.message(*side, bytes, &mut out);
    }
    conversation.end(&mut out);
    observations.into_iter().map(|observation| observation.fact).collect()
}

#[test]
fn a_station_says_what_it_is() {
    // OCPP-J 1.6 clause 4.2.1.
    let facts = hear(
        true,
        &[
            (STATION, br#"[2,"19223201","BootNotification",{"chargePointVendor":"VendorX","chargePointModel":"SingleSocketCharger","firmwareVersion":"1.2","iccid":"8949"}]"#),
            (SYSTEM, br#"[3,"19223201",{"status":"Accepted","currentTime":"2013-02-01T20:53:32.486Z","heartbeatInterval":300}]"#),
        ],
    );
    assert_eq!(rehearse::lines(&facts), ["> publish boot-notification [CP-7] - done"]);
    assert_eq!(
        rehearse::identities(&facts),
        [
            "192.0.2.10 name CP-7 (connection URL)",
            "192.0.2.10 role charging station (connection)",
            "192.0.2.20 role charging station management system (connection)",
            "192.0.2.10 vendor VendorX (chargePointVendor)",
            "192.0.2.10 model SingleSocketCharger (chargePointModel)",
            "192.0.2.10 firmware 1.2 (firmwareVersion)",
        ]
    );
    assert!(rehearse::weaknesses(&facts).is_empty());
    let facts = hear(true, &[(STATION, br#"[2,"1","BootNotification",{"reason":"PowerUp","chargingStation":{"model":"M","vendorName":"V","serialNumber":"S","firmwareVersion":"F"}}]"#)]);
    assert_eq!(rehearse::lines(&facts), ["> publish boot-notification [CP-7] PowerUp missing"]);
    assert_eq!(rehearse::identities(&facts).len(), 7);
}

#[test]
fn what_moves_something_is_told_as_such() {
    let facts = hear(
        false,
        &[
            (SYSTEM, br#"[2,"a","RemoteStartTransaction",{"connectorId":1,"idTag":"ABC04711","chargingProfile":{"chargingSchedule":{"chargingRateUnit":"A","chargingSchedulePeriod":[{"startPeriod":0,"limit":16.0}]}}}]"#),
            (STATION, br#"[3,"a",{"status":"Accepted"}]"#),
            (SYSTEM, br#"[2,"b","UnlockConnector",{"evseId":2,"connectorId":1}]"#),
            (STATION, br#"[3,"b",{"status":"OngoingAuthorizedTransaction"}]"#),
            (SYSTEM, br#"[2,"c","UpdateFirmware",{"location":"ftp://op:hunter2@192.0.2.9/fw.bin","retrieveDate":"2026-01-01T00:00:00Z"}]"#),
            (STATION, br#"[3,"c",{}]"#),
            (SYSTEM, br#"[2,"d","SetVariables",{"setVariableData":[{"component":{"name":"SecurityCtrlr"},"variable":{"name":"BasicAuthPassword"},"attributeValue":"hunter2"},{"component":{"name":"OCPPCommCtrlr"},"variable":{"name":"HeartbeatInterval"},"attributeValue":"60"}]}]"#),
            (STATION, br#"[3,"d",{"setVariableResult":[{"attributeStatus":"Accepted"},{"attributeStatus":"Rejected"}]}]"#),
            (SYSTEM, br#"[2,"e","MadeUpAction",{}]"#),
            (STATION, br#"[4,"e","NotImplemented","",{}]"#),
            (STATION, br#"[2,"f","MeterValues",{"connectorId":1,"meterValue":[{"timestamp":"t","sampledValue":[{"value":"11.5","measurand":"Current.Import","unit":"A"},{"value":"7"}]}]}]"#),
            (SYSTEM, br#"[3,"f",{}]"#),
            (STATION, br#"[2,"g","StatusNotification",{"connectorId":1,"errorCode":"GroundFailure","status":"Faulted"}]"#),
            (STATION, br#"[2,"h","Authorize",{"idTag":"ABC04711"}]"#),
            (SYSTEM, br#"[3,"h",{"idTagInfo":{"status":"Blocked"}}]"#),
        ],
    );
    assert_eq!(
        rehearse::lines(&facts),
        [
            "< operate remote-start-transaction [connector 1 CP-7] 16.0 A done",
            "< operate unlock-connector [evse 2 CP-7] - refused OngoingAuthorizedTransaction",
            "< program update-firmware [CP-7] ftp://op:***@192.0.2.9/fw.bin done",
            "< configure set-variables [SecurityCtrlr/BasicAuthPassword,OCPPCommCtrlr/HeartbeatInterval] (hidden),60 refused Rejected",
            "< operate made-up-action [CP-7] - refused NotImplemented",
            "> publish meter-values [connector 1 CP-7] Current.Import=11.5 A,Energy.Active.Import.Register=7 Wh done",
            "> authenticate authorize [CP-7] - refused Blocked",
            "> publish status-notification [connector 1 CP-7] Faulted GroundFailure missing",
        ]
    );
    let told: Vec<_> = rehearse::weaknesses(&facts).iter().map(|w| (w.kind, w.detail.to_string())).collect();
    assert_eq!(
        told,
        [
            (
                WeaknessKind::AnonymousLogin,
                "no authentication (security profile 0), charging station CP-7".into()
            ),
            (WeaknessKind::CleartextCredentials, "token of a customer in RemoteStartTransaction".into()),
            (WeaknessKind::UnauthenticatedControl, "RemoteStartTransaction".into()),
            (WeaknessKind::CleartextCredentials, "password in UpdateFirmware, charging station CP-7".into()),
            (WeaknessKind::UnauthenticatedControl, "UpdateFirmware".into()),
        ]
    );
    let text = format!("{facts:?}");
    assert!(!text.contains("hunter2") && !text.contains("ABC04711"), "{text}");
}

#[test]
fn only_calls_of_known_actions_are_taken_for_ocpp() {
    assert!(is_message(br#" [2,"1","Heartbeat",{}]"#));
    for other in [
        &br#"[2,"1","Subscribe",{}]"#[..],
        br#"[3,"1",{}]"#,
        b"{}",
        b"[1,2]",
        br#"[2,"1","Heartbeat"]"#,
        b"[[[[[",
    ] {
        assert!(!is_message(other));
    }
    let deep = "[".repeat(100_000);
    assert!(!is_message(deep.as_bytes()));
}

#[test]
fn unanswered_calls_are_bounded() {
    let calls: Vec<Vec<u8>> =
        (0..100).map(|n| format!(r#"[2,"{n}","Heartbeat",{{}}]"#).into_bytes()).collect();
    let said: Vec<_> = calls.iter().map(|call| (STATION, call.as_slice())).collect();
    let facts = hear(true, &said);
    assert_eq!(rehearse::lines(&facts).len(), 100);
}

proptest! {
    #[test]
    fn nothing_that_arrives_makes_it_panic(text in r#"\[[2-6],"a","(Reset|SetVariables|MeterValues|SetChargingProfile)",[{\[]"?(evse|key|status|meterValue)?"?:?[\[{0-9"]{0,3}[}\]]{0,3}\]"#, bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        hear(true, &[(SYSTEM, text.as_bytes()), (STATION, &bytes)]);
    }
}
