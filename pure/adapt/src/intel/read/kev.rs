//! CISA's catalogue of Known Exploited Vulnerabilities.

use super::{Read, Teller, id, time};
use crate::stix::marking_id;
use city::Tlp;
use jiff::Timestamp;
use serde_json::{Value, json};

/// Every vulnerability, as an object of its own with what is to be done and by when. The catalogue is in the public
/// domain, so that it may go to everybody.
pub(super) fn catalogue(value: &Value, teller: Teller<'_>) -> Read {
    let mut read = Read::default();
    for (number, entry) in
        value.get("vulnerabilities").and_then(Value::as_array).into_iter().flatten().enumerate()
    {
        let text = |name: &str| entry.get(name).and_then(Value::as_str).unwrap_or_default();
        let cve = text("cveID");
        if !cve.starts_with("CVE-") {
            read.skip(format!("vulnerability {}", number + 1), "it has no `cveID`");
            continue;
        }
        let added: Timestamp =
            format!("{}T00:00:00Z", text("dateAdded")).parse().unwrap_or_else(|_| teller.today());
        read.put(json!({
            "type": "vulnerability",
            "spec_version": "2.1",
            "id": id("vulnerability", &[teller.source, cve]),
            "created": time(added),
            "modified": time(added),
            "name": cve,
            "description": format!("{}: {}", text("vulnerabilityName"), text("shortDescription")),
            "external_references": [{ "source_name": "cve", "external_id": cve }],
            "object_marking_refs": [marking_id(teller.tlp.unwrap_or(Tlp::Clear))],
            "labels": ["known-exploited"],
            "x_kev_vendor": text("vendorProject"),
            "x_kev_product": text("product"),
            "x_kev_required_action": text("requiredAction"),
            "x_kev_due_date": text("dueDate"),
            "x_kev_ransomware": text("knownRansomwareCampaignUse"),
        }));
    }
    read
}
