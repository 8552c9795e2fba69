//! What matters in the parameters of a call.

use crate::http::credentials::mask;
use crate::show::{VALUE_BYTES_MAX, listed, readable};
use city::{Target, Text};
use compact_str::format_compact;
use serde_json::Value;

/// The longest text of a list, in bytes.
const LIST_MAX: usize = 512;

/// The most items of a list that are looked at.
const ITEMS_MAX: usize = 64;

/// What is shown in place of a secret.
const HIDDEN: &str = "(hidden)";

/// The text or number at a path such as `firmware/location`.
pub fn text(payload: &Value, path: &str) -> Option<Text> {
    scalar(path.split('/').try_fold(payload, |value, key| value.get(key))?)
}

fn scalar(value: &Value) -> Option<Text> {
    match value {
        Value::String(text) if !text.is_empty() => Some(readable(text.as_bytes(), VALUE_BYTES_MAX)),
        Value::Number(number) => Some(format_compact!("{number}")),
        Value::Bool(truth) => Some(format_compact!("{truth}")),
        _ => None,
    }
}

fn first(payload: &Value, paths: &[&str]) -> Option<Text> {
    paths.iter().find_map(|path| text(payload, path))
}

fn items<'a>(payload: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    payload.get(key).and_then(Value::as_array).into_iter().flatten().take(ITEMS_MAX)
}

/// Whether a configuration's key or a variable holds a password (OCPP 1.6 security whitepaper clause 2.2, and the
/// older `AuthorizationKey` of OCPP-J 1.6 clause 6.2).
fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["authorizationkey", "passphrase", "passwd", "password", "privatekey", "secret"]
        .iter()
        .any(|part| name.contains(part))
}

/// Whether parameters of a call bring a password.
pub fn brings_password(action: &str, payload: &Value) -> bool {
    match action {
        "ChangeConfiguration" => text(payload, "key").is_some_and(|key| is_secret(&key)),
        "SetVariables" => items(payload, "setVariableData").any(|item| is_secret(&variable(item))),
        "SetNetworkProfile" => ["connectionData/vpn/password", "connectionData/apn/apnPassword"]
            .iter()
            .any(|path| text(payload, path).is_some()),
        _ => location(payload).is_some_and(|location| mask(location.as_bytes(), LIST_MAX).1.is_some()),
    }
}

/// Whether a call carries the token by which a customer is known, such as the number of a card. Whoever has it can
/// charge for that customer's money.
pub fn brings_token(payload: &Value) -> bool {
    first(payload, &["idTag", "idToken/idToken"]).is_some()
}

/// The address of a file, with whatever password is in it.
fn location(payload: &Value) -> Option<&str> {
    let at = |path: &str| path.split('/').try_fold(payload, |value, key| value.get(key))?.as_str();
    ["location", "firmware/location", "log/remoteLocation"].into_iter().find_map(at)
}

/// `component.instance/variable` of one item of a list of variables (OCPP 2.0.1 part 2, GetVariableDataType).
fn variable(item: &Value) -> Text {
    let component = text(item, "component/name").unwrap_or_default();
    let variable = text(item, "variable/name").unwrap_or_default();
    format_compact!("{component}/{variable}")
}

/// What a call is about.
pub fn target(payload: &Value, action: &str, station: &Text) -> Target {
    let number = |path: &str| path.split('/').try_fold(payload, |value, key| value.get(key))?.as_u64();
    let connector = number("connectorId").map(|number| ("connector", number));
    let evse = ["evseId", "evse/id"].into_iter().find_map(number).map(|number| ("evse", number));
    let name = match action {
        "ChangeConfiguration" => text(payload, "key"),
        "DataTransfer" => text(payload, "vendorId").map(|vendor| match text(payload, "messageId") {
            Some(message) => format_compact!("{vendor}/{message}"),
            None => vendor,
        }),
        "GetConfiguration" => Some(listed(items(payload, "key").filter_map(scalar), LIST_MAX)),
        "GetVariables" => Some(listed(items(payload, "getVariableData").map(variable), LIST_MAX)),
        "SetVariables" => Some(listed(items(payload, "setVariableData").map(variable), LIST_MAX)),
        _ => None,
    };
    let name = name.filter(|name| !name.is_empty()).unwrap_or_else(|| station.clone());
    match evse.or(connector) {
        Some((kind, number)) => Target { name, ..Target::numbered(kind, number, number) },
        None => Target::named(name),
    }
}

/// What was sent that matters most.
pub fn value(payload: &Value, action: &str) -> Option<Text> {
    match action {
        "BootNotification" => first(payload, &["reason"]),
        "ChangeAvailability" => first(payload, &["type", "operationalStatus"]),
        "ChangeConfiguration" => {
            let key = text(payload, "key").unwrap_or_default();
            if is_secret(&key) { Some(Text::const_new(HIDDEN)) } else { text(payload, "value") }
        }
        "GetDiagnostics" | "GetLog" | "PublishFirmware" | "SignedUpdateFirmware" | "UpdateFirmware" => {
            location(payload).map(|location| mask(location.as_bytes(), LIST_MAX).0)
        }
        "MeterValues" => Some(meter_values(payload)).filter(|values| !values.is_empty()),
        "RemoteStopTransaction" | "RequestStopTransaction" => text(payload, "transactionId"),
        "Reset" | "SecurityEventNotification" => text(payload, "type"),
        "SetChargingProfile" => {
            limits(payload, "csChargingProfiles").or_else(|| limits(payload, "chargingProfile"))
        }
        "RemoteStartTransaction" | "RequestStartTransaction" => limits(payload, "chargingProfile"),
        "SetNetworkProfile" => {
            let address = payload.get("connectionData")?.get("ocppCsmsUrl")?.as_str()?;
            Some(mask(address.as_bytes(), LIST_MAX).0)
        }
        "SetVariables" => Some(listed(items(payload, "setVariableData").map(sent), LIST_MAX)),
        "StartTransaction" => text(payload, "meterStart"),
        "StatusNotification" => {
            match (first(payload, &["status", "connectorStatus"]), text(payload, "errorCode")) {
                (Some(status), Some(error)) if error != "NoError" => {
                    Some(format_compact!("{status} {error}"))
                }
                (status, _) => status,
            }
        }
        "StopTransaction" => text(payload, "meterStop"),
        "TransactionEvent" => match (text(payload, "eventType"), text(payload, "triggerReason")) {
            (Some(event), Some(reason)) => Some(format_compact!("{event} {reason}")),
            (event, _) => event,
        },
        "ExtendedTriggerMessage" | "TriggerMessage" => text(payload, "requestedMessage"),
        _ => first(payload, &["status", "uploadStatus"]),
    }
}

/// The value of one item of a list of variables.
fn sent(item: &Value) -> Text {
    if is_secret(&variable(item)) {
        return Text::const_new(HIDDEN);
    }
    text(item, "attributeValue").unwrap_or_default()
}

/// `Voltage=230.1 V` for each value sampled.
fn meter_values(payload: &Value) -> Text {
    let samples = items(payload, "meterValue").flat_map(|value| items(value, "sampledValue"));
    let samples = samples.filter_map(|sample| {
        // OCPP 1.6 clause 7.43: nothing said means the energy that was imported.
        let measurand = text(sample, "measurand").unwrap_or(Text::const_new("Energy.Active.Import.Register"));
        let value = text(sample, "value")?;
        let unit = first(sample, &["unit", "unitOfMeasure/unit"]).unwrap_or(Text::const_new("Wh"));
        Some(format_compact!("{measurand}={value} {unit}"))
    });
    listed(samples, LIST_MAX)
}

/// `32 A` for each period of a profile's schedules.
fn limits(payload: &Value, key: &str) -> Option<Text> {
    let schedules = payload.get(key)?.get("chargingSchedule")?;
    let schedules = match schedules {
        Value::Array(schedules) => schedules.as_slice(),
        one => std::slice::from_ref(one),
    };
    let limits = schedules.iter().take(ITEMS_MAX).flat_map(|schedule| {
        let unit = text(schedule, "chargingRateUnit").unwrap_or_default();
        items(schedule, "chargingSchedulePeriod")
            .filter_map(move |period| Some(format_compact!("{} {unit}", text(period, "limit")?)))
    });
    Some(listed(limits, LIST_MAX)).filter(|limits| !limits.is_empty())
}

/// Why a result says that it was not done, in the standard's word; nothing if it was done.
pub fn refusal(payload: &Value) -> Option<Text> {
    const DONE: [&str; 7] = [
        "Accepted",
        "AcceptedCanceled",
        "EmptyResultSet",
        "Processing",
        "RebootRequired",
        "Scheduled",
        "Unlocked",
    ];
    let is_not_done = |status: &Text| !DONE.contains(&status.as_str());
    let of_items = ["setVariableResult", "getVariableResult", "setMonitoringResult", "clearMonitoringResult"]
        .into_iter()
        .flat_map(|key| items(payload, key))
        .find_map(|item| first(item, &["attributeStatus", "status"]).filter(is_not_done));
    first(payload, &["status", "idTagInfo/status", "idTokenInfo/status"]).filter(is_not_done).or(of_items)
}
