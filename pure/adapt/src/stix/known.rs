//! The types of STIX 2.1 that are not observables (parts 4, 5 and 7): what they must and may have.

/// What kind of object a type is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A domain or relationship object, or a meta object with versions.
    Versioned,
    /// A marking definition, which never changes.
    Fixed,
}

/// A type.
pub(super) struct Known {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    /// What it must have.
    pub(super) required: &'static [&'static str],
    /// What it may have.
    pub(super) optional: &'static [&'static str],
    /// Of each of these, at least one; several names that belong together are joined by a space.
    pub(super) one_of: &'static [&'static str],
}

const fn versioned(
    name: &'static str,
    required: &'static [&'static str],
    optional: &'static [&'static str],
) -> Known {
    Known { name, kind: Kind::Versioned, required, optional, one_of: &[] }
}

/// What every one of them may have (§3.2).
pub(super) const SHARED: [&str; 15] = [
    "type",
    "spec_version",
    "id",
    "created",
    "modified",
    "created_by_ref",
    "revoked",
    "labels",
    "confidence",
    "lang",
    "external_references",
    "object_marking_refs",
    "granular_markings",
    "extensions",
    "defanged",
];

/// Every type, by name.
pub(super) const TYPES: &[Known] = &[
    versioned("attack-pattern", &["name"], &["description", "aliases", "kill_chain_phases"]),
    versioned("campaign", &["name"], &["description", "aliases", "first_seen", "last_seen", "objective"]),
    versioned("course-of-action", &["name"], &["description", "action"]),
    versioned(
        "extension-definition",
        &["created_by_ref", "name", "schema", "version", "extension_types"],
        &["description", "extension_properties"],
    ),
    versioned("grouping", &["context", "object_refs"], &["name", "description"]),
    versioned(
        "identity",
        &["name"],
        &["description", "roles", "identity_class", "sectors", "contact_information"],
    ),
    versioned("incident", &["name"], &["description"]),
    versioned(
        "indicator",
        &["pattern", "pattern_type", "valid_from"],
        &["name", "description", "indicator_types", "pattern_version", "valid_until", "kill_chain_phases"],
    ),
    versioned(
        "infrastructure",
        &["name"],
        &["description", "infrastructure_types", "aliases", "kill_chain_phases", "first_seen", "last_seen"],
    ),
    versioned(
        "intrusion-set",
        &["name"],
        &[
            "description",
            "aliases",
            "first_seen",
            "last_seen",
            "goals",
            "resource_level",
            "primary_motivation",
            "secondary_motivations",
        ],
    ),
    versioned("language-content", &["object_ref", "contents"], &["object_modified"]),
    Known {
        name: "location",
        kind: Kind::Versioned,
        required: &[],
        optional: &[
            "name",
            "description",
            "latitude",
            "longitude",
            "precision",
            "region",
            "country",
            "administrative_area",
            "city",
            "street_address",
            "postal_code",
        ],
        one_of: &["region", "country", "latitude longitude"],
    },
    versioned(
        "malware",
        &["is_family"],
        &[
            "name",
            "description",
            "malware_types",
            "aliases",
            "kill_chain_phases",
            "first_seen",
            "last_seen",
            "operating_system_refs",
            "architecture_execution_envs",
            "implementation_languages",
            "capabilities",
            "sample_refs",
        ],
    ),
    Known {
        name: "malware-analysis",
        kind: Kind::Versioned,
        required: &["product"],
        optional: &[
            "version",
            "host_vm_ref",
            "operating_system_ref",
            "installed_software_refs",
            "configuration_version",
            "modules",
            "analysis_engine_version",
            "analysis_definition_version",
            "submitted",
            "analysis_started",
            "analysis_ended",
            "result_name",
            "result",
            "analysis_sco_refs",
            "sample_ref",
        ],
        one_of: &["result", "analysis_sco_refs"],
    },
    Known {
        name: "marking-definition",
        kind: Kind::Fixed,
        required: &[],
        optional: &["name", "definition_type", "definition"],
        one_of: &["definition_type definition", "extensions"],
    },
    versioned("note", &["content", "object_refs"], &["abstract", "authors"]),
    Known {
        name: "observed-data",
        kind: Kind::Versioned,
        required: &["first_observed", "last_observed", "number_observed"],
        optional: &["objects", "object_refs"],
        one_of: &["objects", "object_refs"],
    },
    versioned("opinion", &["opinion", "object_refs"], &["explanation", "authors"]),
    versioned(
        "relationship",
        &["relationship_type", "source_ref", "target_ref"],
        &["description", "start_time", "stop_time"],
    ),
    versioned("report", &["name", "published", "object_refs"], &["description", "report_types"]),
    versioned(
        "sighting",
        &["sighting_of_ref"],
        &[
            "description",
            "first_seen",
            "last_seen",
            "count",
            "observed_data_refs",
            "where_sighted_refs",
            "summary",
        ],
    ),
    versioned(
        "threat-actor",
        &["name"],
        &[
            "description",
            "threat_actor_types",
            "aliases",
            "first_seen",
            "last_seen",
            "roles",
            "goals",
            "sophistication",
            "resource_level",
            "primary_motivation",
            "secondary_motivations",
            "personal_motivations",
        ],
    ),
    versioned(
        "tool",
        &["name"],
        &["description", "tool_types", "aliases", "kill_chain_phases", "tool_version"],
    ),
    versioned("vulnerability", &["name"], &["description"]),
];

/// What observable objects must have (part 6); several names are alternatives. A type that is not here needs no certain
/// property.
pub(super) const OBSERVABLES: &[(&str, &[&str])] = &[
    ("artifact", &["payload_bin", "url"]),
    ("autonomous-system", &["number"]),
    ("directory", &["path"]),
    ("domain-name", &["value"]),
    ("email-addr", &["value"]),
    ("email-message", &["is_multipart"]),
    ("file", &["hashes", "name"]),
    ("ipv4-addr", &["value"]),
    ("ipv6-addr", &["value"]),
    ("mac-addr", &["value"]),
    ("mutex", &["name"]),
    ("network-traffic", &["protocols"]),
    ("software", &["name"]),
    ("url", &["value"]),
];

/// Properties that hold a time.
pub(super) const TIMES: [&str; 15] = [
    "created",
    "modified",
    "first_seen",
    "last_seen",
    "first_observed",
    "last_observed",
    "valid_from",
    "valid_until",
    "published",
    "start_time",
    "stop_time",
    "submitted",
    "analysis_started",
    "analysis_ended",
    "object_modified",
];

/// Two times in their order, and whether they may be the same.
pub(super) const IN_ORDER: [(&str, &str, bool); 5] = [
    ("created", "modified", true),
    ("first_seen", "last_seen", true),
    ("first_observed", "last_observed", true),
    ("valid_from", "valid_until", false),
    ("start_time", "stop_time", false),
];

/// The type of this name.
pub(super) fn known(name: &str) -> Option<&'static Known> {
    TYPES.iter().find(|known| known.name == name)
}
