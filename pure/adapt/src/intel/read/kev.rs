//! CISA's catalogue of Known Exploited Vulnerabilities.

use super::{Read, Teller, id, time};
use crate::stix::marking_id;
use city::Tlp;
use jiff::Timestamp;
use serde_json::{Value, json};

/// The extension in which the catalogue says what is to be done about a vulnerability, and by when; and who defined it.
const EXTENSION: &str = "extension-definition--b2f1c8a6-3d4e-4f70-9a15-6c8e2d7b9014";
const DEFINED_BY: &str = "identity--5a0c7d19-84be-4c63-b1f2-0e9d36a7c845";

/// Every vulnerability, as an object of its own with what is to be done and by when. The catalogue is in the public
/// domain, so that it may go to everybody.
pub(super) fn catalogue(value: &Value, teller: Teller<'_>) -> Read {
    let mut read = Read::default();
    let marking = marking_id(teller.tlp.unwrap_or(Tlp::Clear));
    for object in definition(marking) {
        read.put(object);
    }
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
            "object_marking_refs": [marking],
            "labels": ["known-exploited"],
            "extensions": { EXTENSION: {
                "extension_type": "property-extension",
                "vendor": text("vendorProject"),
                "product": text("product"),
                "required_action": text("requiredAction"),
                "due_date": text("dueDate"),
                "known_ransomware_use": text("knownRansomwareCampaignUse"),
            } },
        }));
    }
    read
}

/// What the extension is (STIX 2.1, §7.3), which whoever makes one must tell, and who says so. The same everywhere.
fn definition(marking: &str) -> [Value; 2] {
    const WHEN: &str = "2026-11-27T00:00:00.000Z";
    [
        json!({
            "type": "identity", "spec_version": "2.1", "id": DEFINED_BY, "created": WHEN, "modified": WHEN,
            "name": "Bastide", "identity_class": "system", "object_marking_refs": [marking],
        }),
        json!({
            "type": "extension-definition", "spec_version": "2.1", "id": EXTENSION, "created_by_ref": DEFINED_BY,
            "created": WHEN, "modified": WHEN, "name": "Known exploited vulnerability",
            "description": "What the catalogue of Known Exploited Vulnerabilities wants done about a vulnerability, and by when.",
            "schema": "https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities_schema.json",
            "version": "1.0.0", "extension_types": ["property-extension"], "object_marking_refs": [marking],
        }),
    ]
}
