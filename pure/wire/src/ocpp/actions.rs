//! The actions of OCPP 1.6, its security extension, and 2.0.1, and what each does.

use city::Verb;

/// Each action with its verb, by name.
const ACTIONS: [(&str, Verb); 75] = [
    ("Authorize", Verb::Authenticate),
    ("BootNotification", Verb::Publish),
    ("CancelReservation", Verb::Operate),
    ("CertificateSigned", Verb::Configure),
    ("ChangeAvailability", Verb::Operate),
    ("ChangeConfiguration", Verb::Configure),
    ("ClearCache", Verb::Configure),
    ("ClearChargingProfile", Verb::Configure),
    ("ClearDisplayMessage", Verb::Configure),
    ("ClearVariableMonitoring", Verb::Configure),
    ("ClearedChargingLimit", Verb::Publish),
    ("CostUpdated", Verb::Publish),
    ("CustomerInformation", Verb::Read),
    ("DataTransfer", Verb::Transfer),
    ("DeleteCertificate", Verb::Configure),
    ("DiagnosticsStatusNotification", Verb::Publish),
    ("ExtendedTriggerMessage", Verb::Read),
    ("FirmwareStatusNotification", Verb::Publish),
    ("Get15118EVCertificate", Verb::Transfer),
    ("GetBaseReport", Verb::Read),
    ("GetCertificateStatus", Verb::Read),
    ("GetChargingProfiles", Verb::Read),
    ("GetCompositeSchedule", Verb::Read),
    ("GetConfiguration", Verb::Read),
    ("GetDiagnostics", Verb::Transfer),
    ("GetDisplayMessages", Verb::Read),
    ("GetInstalledCertificateIds", Verb::Read),
    ("GetLocalListVersion", Verb::Read),
    ("GetLog", Verb::Transfer),
    ("GetMonitoringReport", Verb::Read),
    ("GetReport", Verb::Read),
    ("GetTransactionStatus", Verb::Read),
    ("GetVariables", Verb::Read),
    ("Heartbeat", Verb::Publish),
    ("InstallCertificate", Verb::Configure),
    ("LogStatusNotification", Verb::Publish),
    ("MeterValues", Verb::Publish),
    ("NotifyChargingLimit", Verb::Publish),
    ("NotifyCustomerInformation", Verb::Publish),
    ("NotifyDisplayMessages", Verb::Publish),
    ("NotifyEVChargingNeeds", Verb::Publish),
    ("NotifyEVChargingSchedule", Verb::Publish),
    ("NotifyEvent", Verb::Publish),
    ("NotifyMonitoringReport", Verb::Publish),
    ("NotifyReport", Verb::Publish),
    ("PublishFirmware", Verb::Program),
    ("PublishFirmwareStatusNotification", Verb::Publish),
    ("RemoteStartTransaction", Verb::Operate),
    ("RemoteStopTransaction", Verb::Operate),
    ("ReportChargingProfiles", Verb::Publish),
    ("RequestStartTransaction", Verb::Operate),
    ("RequestStopTransaction", Verb::Operate),
    ("ReservationStatusUpdate", Verb::Publish),
    ("ReserveNow", Verb::Operate),
    ("Reset", Verb::Restart),
    ("SecurityEventNotification", Verb::Publish),
    ("SendLocalList", Verb::Configure),
    ("SetChargingProfile", Verb::Configure),
    ("SetDisplayMessage", Verb::Configure),
    ("SetMonitoringBase", Verb::Configure),
    ("SetMonitoringLevel", Verb::Configure),
    ("SetNetworkProfile", Verb::Configure),
    ("SetVariableMonitoring", Verb::Configure),
    ("SetVariables", Verb::Configure),
    ("SignCertificate", Verb::Transfer),
    ("SignedFirmwareStatusNotification", Verb::Publish),
    ("SignedUpdateFirmware", Verb::Program),
    ("StartTransaction", Verb::Publish),
    ("StatusNotification", Verb::Publish),
    ("StopTransaction", Verb::Publish),
    ("TransactionEvent", Verb::Publish),
    ("TriggerMessage", Verb::Read),
    ("UnlockConnector", Verb::Operate),
    ("UnpublishFirmware", Verb::Program),
    ("UpdateFirmware", Verb::Program),
];

fn known(action: &str) -> Option<Verb> {
    let place = ACTIONS.binary_search_by_key(&action, |(name, _)| *name).ok()?;
    ACTIONS.get(place).map(|(_, verb)| *verb)
}

/// Whether an action is in the standards.
pub fn is_known(action: &str) -> bool {
    known(action).is_some()
}

/// What an action does. What is unknown tells something if the station sends it, and may move something if the system
/// does.
pub fn verb(action: &str, is_of_station: bool) -> Verb {
    known(action).unwrap_or(if is_of_station { Verb::Publish } else { Verb::Operate })
}

/// The name of an action in kebab-case: `RemoteStartTransaction` becomes `remote-start-transaction`, and
/// `NotifyEVChargingNeeds` `notify-ev-charging-needs`.
pub fn kebab(action: &str) -> String {
    let bytes = action.as_bytes();
    let mut name = String::with_capacity(action.len() + 8);
    for (at, byte) in bytes.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| bytes.get(at));
        let behind = bytes.get(at + 1);
        let begins = byte.is_ascii_uppercase()
            && before.is_some_and(|before| {
                before.is_ascii_lowercase()
                    || before.is_ascii_digit()
                    || before.is_ascii_uppercase() && behind.is_some_and(u8::is_ascii_lowercase)
            });
        let begins_number = byte.is_ascii_digit() && before.is_some_and(u8::is_ascii_lowercase);
        if begins || begins_number {
            name.push('-');
        }
        name.push(char::from(byte.to_ascii_lowercase()));
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_stand_in_order_and_have_readable_names() {
        assert!(ACTIONS.is_sorted_by_key(|(name, _)| *name));
        assert_eq!(verb("UnlockConnector", false), Verb::Operate);
        assert_eq!(verb("MadeUp", false), Verb::Operate);
        assert_eq!(verb("MadeUp", true), Verb::Publish);
        for (action, name) in [
            ("RemoteStartTransaction", "remote-start-transaction"),
            ("NotifyEVChargingNeeds", "notify-ev-charging-needs"),
            ("Get15118EVCertificate", "get-15118-ev-certificate"),
            ("Reset", "reset"),
        ] {
            assert_eq!(kebab(action), name);
        }
    }
}
