//! What devices tell of themselves by multicast DNS and DNS-based service discovery (RFC 6763).

use super::message::{Data, Message, Record};
use crate::dialogue::{Out, Side};
use city::{Text, Trait};

/// How far an announcement is believed: the device says it of itself, but anyone on the link could.
const CONFIDENCE: u8 = 60;

/// The most records of one announcement that are looked into.
const RECORDS_MAX: usize = 64;

/// What a device that offers a service is, by the service's registered name (IANA service names).
const ROLES: &[(&str, &str)] = &[
    ("_airplay", "media player"),
    ("_axis-video", "camera"),
    ("_bacnet", "building controller"),
    ("_coap", "sensor"),
    ("_ftp", "file server"),
    ("_googlecast", "media player"),
    ("_hap", "home automation"),
    ("_http", "web server"),
    ("_https", "web server"),
    ("_ipp", "printer"),
    ("_ipps", "printer"),
    ("_matter", "home automation"),
    ("_mqtt", "broker"),
    ("_nfs", "file server"),
    ("_nvstream", "media player"),
    ("_opcua-tcp", "controller"),
    ("_pdl-datastream", "printer"),
    ("_printer", "printer"),
    ("_raop", "media player"),
    ("_rtsp", "camera"),
    ("_scanner", "scanner"),
    ("_smb", "file server"),
    ("_uscan", "scanner"),
    ("_workstation", "workstation"),
];

/// Keys of TXT records that describe the device, in the common service types: printers (`ty`, `usb_MDL`, `usb_MFG`),
/// Apple's device-info and HomeKit (`model`, `md`), Google's cast (`md`), cameras and controllers (the plain words).
const KEYS: &[(&str, Trait)] = &[
    ("fw", Trait::Firmware),
    ("firmware", Trait::Firmware),
    ("manufacturer", Trait::Vendor),
    ("md", Trait::Model),
    ("mfg", Trait::Vendor),
    ("model", Trait::Model),
    ("serialnumber", Trait::Serial),
    ("sn", Trait::Serial),
    ("ty", Trait::Model),
    ("usb_mdl", Trait::Model),
    ("usb_mfg", Trait::Vendor),
    ("vendor", Trait::Vendor),
];

/// Tells what the sender of an announcement said of itself and of the addresses it has.
pub(super) fn introduce(side: Side, message: &Message, out: &mut Out<'_>) {
    // A lifetime of zero takes the record back (RFC 6762 clause 10.1).
    let records = message.answers.iter().chain(&message.additional).filter(|record| record.ttl > 0);
    for record in records.take(RECORDS_MAX) {
        match &record.data {
            Data::Address(address) => {
                let field = if address.is_ipv4() { "A" } else { "AAAA" };
                out.identity_of((*address).into(), Trait::Name, &record.name, field, CONFIDENCE);
            }
            Data::Service { .. } => offer(side, record, out),
            Data::Strings(strings) => describe(side, strings, out),
            _ => {}
        }
    }
}

fn offer(side: Side, record: &Record, out: &mut Out<'_>) {
    if let Some((instance, service)) = split_instance(&record.name) {
        out.identity(side, Trait::Name, &instance, "SRV", CONFIDENCE);
        if let Some((_, role)) = ROLES.iter().find(|(name, _)| name.eq_ignore_ascii_case(service)) {
            out.identity(side, Trait::Role, role, "SRV", CONFIDENCE);
        }
    }
}

fn describe(side: Side, strings: &[Text], out: &mut Out<'_>) {
    for (key, value) in strings.iter().filter_map(|string| string.split_once('=')) {
        if let Some((_, about)) = KEYS.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)) {
            out.identity(side, *about, value, "TXT", CONFIDENCE);
        }
    }
}

/// `Lift Printer._ipp._tcp.local` is the instance `Lift Printer` of the service `_ipp` (RFC 6763 clause 4.1).
fn split_instance(name: &str) -> Option<(String, &str)> {
    let (at, _) = name
        .match_indices("._")
        .find(|(at, _)| !name.get(..*at).is_some_and(|before| before.ends_with('\\')))?;
    let (instance, rest) = name.split_at_checked(at)?;
    let service = rest.strip_prefix('.')?.split('.').next()?;
    // The escapes are those of `parse_name`.
    Some((instance.replace("\\.", ".").replace("\\\\", "\\"), service))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_is_split_from_its_service() {
        assert_eq!(split_instance("Dock 3\\.1._http._tcp.local"), Some(("Dock 3.1".into(), "_http")));
        assert_eq!(split_instance("printer.local"), None);
    }
}
