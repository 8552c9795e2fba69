//! What objects have: the properties of STIX's cyber-observable objects (part 6), so that a path to none of them is named.

/// What a property holds.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shape {
    /// One value.
    Value,
    /// A list of values.
    List,
    /// Keys that nobody foresees.
    Dictionary,
    /// Hashes, by the names of algorithms.
    Hashes,
    /// A reference to an object of one of these types.
    Reference(&'static [&'static str]),
    /// References to objects of these types.
    References(&'static [&'static str]),
    /// An object with these properties.
    Object(&'static [Property]),
    /// A list of objects with these properties.
    Objects(&'static [Property]),
    /// Extensions, by their names.
    Extensions,
}

/// A property's name, and what it holds.
pub(super) type Property = (&'static str, Shape);

use Shape::{Dictionary, Extensions, Hashes, List, Object, Objects, Reference, References, Value};

/// The algorithms of `hash-algorithm-ov` (§10.7).
pub(super) const HASHES: [&str; 8] =
    ["MD5", "SHA-1", "SHA-256", "SHA-512", "SHA3-256", "SHA3-512", "SSDEEP", "TLSH"];

/// What every object has (§3.2, and §6 for observables).
pub(super) const EVERYWHERE: &[Property] = &[
    ("type", Value),
    ("id", Value),
    ("spec_version", Value),
    ("defanged", Value),
    ("object_marking_refs", List),
    ("granular_markings", Objects(&[("lang", Value), ("marking_ref", Value), ("selectors", List)])),
    ("extensions", Extensions),
];

const ARTIFACT: &[&str] = &["artifact"];
const FILE: &[&str] = &["file"];
const FILE_OR_FOLDER: &[&str] = &["file", "directory"];
const MAIL: &[&str] = &["email-addr"];
const ADDRESS: &[&str] = &["ipv4-addr", "ipv6-addr", "mac-addr", "domain-name"];
const TRAFFIC: &[&str] = &["network-traffic"];
const ACCOUNT: &[&str] = &["user-account"];
const PROCESS: &[&str] = &["process"];
const MAC: &[&str] = &["mac-addr"];
const SYSTEM: &[&str] = &["autonomous-system"];
const RESOLVED: &[&str] = &["ipv4-addr", "ipv6-addr", "domain-name"];
const BODY: &[&str] = &["artifact", "file"];

/// The types of observable objects, in the order of the standard, with their properties.
pub(super) const TYPES: &[(&str, &[Property])] = &[
    (
        "artifact",
        &[
            ("mime_type", Value),
            ("payload_bin", Value),
            ("url", Value),
            ("hashes", Hashes),
            ("encryption_algorithm", Value),
            ("decryption_key", Value),
        ],
    ),
    ("autonomous-system", &[("number", Value), ("name", Value), ("rir", Value)]),
    (
        "directory",
        &[
            ("path", Value),
            ("path_enc", Value),
            ("ctime", Value),
            ("mtime", Value),
            ("atime", Value),
            ("contains_refs", References(FILE_OR_FOLDER)),
        ],
    ),
    ("domain-name", &[("value", Value), ("resolves_to_refs", References(RESOLVED))]),
    ("email-addr", &[("value", Value), ("display_name", Value), ("belongs_to_ref", Reference(ACCOUNT))]),
    (
        "email-message",
        &[
            ("is_multipart", Value),
            ("date", Value),
            ("content_type", Value),
            ("from_ref", Reference(MAIL)),
            ("sender_ref", Reference(MAIL)),
            ("to_refs", References(MAIL)),
            ("cc_refs", References(MAIL)),
            ("bcc_refs", References(MAIL)),
            ("message_id", Value),
            ("subject", Value),
            ("received_lines", List),
            ("additional_header_fields", Dictionary),
            ("body", Value),
            (
                "body_multipart",
                Objects(&[
                    ("body", Value),
                    ("body_raw_ref", Reference(BODY)),
                    ("content_type", Value),
                    ("content_disposition", Value),
                ]),
            ),
            ("raw_email_ref", Reference(ARTIFACT)),
        ],
    ),
    (
        "file",
        &[
            ("hashes", Hashes),
            ("size", Value),
            ("name", Value),
            ("name_enc", Value),
            ("magic_number_hex", Value),
            ("mime_type", Value),
            ("ctime", Value),
            ("mtime", Value),
            ("atime", Value),
            ("parent_directory_ref", Reference(&["directory"])),
            ("contains_refs", References(&[])),
            ("content_ref", Reference(ARTIFACT)),
        ],
    ),
    (
        "ipv4-addr",
        &[("value", Value), ("resolves_to_refs", References(MAC)), ("belongs_to_refs", References(SYSTEM))],
    ),
    (
        "ipv6-addr",
        &[("value", Value), ("resolves_to_refs", References(MAC)), ("belongs_to_refs", References(SYSTEM))],
    ),
    ("mac-addr", &[("value", Value)]),
    ("mutex", &[("name", Value)]),
    (
        "network-traffic",
        &[
            ("start", Value),
            ("end", Value),
            ("is_active", Value),
            ("src_ref", Reference(ADDRESS)),
            ("dst_ref", Reference(ADDRESS)),
            ("src_port", Value),
            ("dst_port", Value),
            ("protocols", List),
            ("src_byte_count", Value),
            ("dst_byte_count", Value),
            ("src_packets", Value),
            ("dst_packets", Value),
            ("ipfix", Dictionary),
            ("src_payload_ref", Reference(ARTIFACT)),
            ("dst_payload_ref", Reference(ARTIFACT)),
            ("encapsulates_refs", References(TRAFFIC)),
            ("encapsulated_by_ref", Reference(TRAFFIC)),
        ],
    ),
    (
        "process",
        &[
            ("is_hidden", Value),
            ("pid", Value),
            ("created_time", Value),
            ("cwd", Value),
            ("command_line", Value),
            ("environment_variables", Dictionary),
            ("opened_connection_refs", References(TRAFFIC)),
            ("creator_user_ref", Reference(ACCOUNT)),
            ("image_ref", Reference(FILE)),
            ("parent_ref", Reference(PROCESS)),
            ("child_refs", References(PROCESS)),
        ],
    ),
    (
        "software",
        &[
            ("name", Value),
            ("cpe", Value),
            ("swid", Value),
            ("languages", List),
            ("vendor", Value),
            ("version", Value),
        ],
    ),
    ("url", &[("value", Value)]),
    (
        "user-account",
        &[
            ("user_id", Value),
            ("credential", Value),
            ("account_login", Value),
            ("account_type", Value),
            ("display_name", Value),
            ("is_service_account", Value),
            ("is_privileged", Value),
            ("can_escalate_privs", Value),
            ("is_disabled", Value),
            ("account_created", Value),
            ("account_expires", Value),
            ("credential_last_changed", Value),
            ("account_first_login", Value),
            ("account_last_login", Value),
        ],
    ),
    (
        "windows-registry-key",
        &[
            ("key", Value),
            ("values", Objects(&[("name", Value), ("data", Value), ("data_type", Value)])),
            ("modified_time", Value),
            ("creator_user_ref", Reference(ACCOUNT)),
            ("number_of_subkeys", Value),
        ],
    ),
    (
        "x509-certificate",
        &[
            ("is_self_signed", Value),
            ("hashes", Hashes),
            ("version", Value),
            ("serial_number", Value),
            ("signature_algorithm", Value),
            ("issuer", Value),
            ("validity_not_before", Value),
            ("validity_not_after", Value),
            ("subject", Value),
            ("subject_public_key_algorithm", Value),
            ("subject_public_key_modulus", Value),
            ("subject_public_key_exponent", Value),
            (
                "x509_v3_extensions",
                Object(&[
                    ("basic_constraints", Value),
                    ("name_constraints", Value),
                    ("policy_constraints", Value),
                    ("key_usage", Value),
                    ("extended_key_usage", Value),
                    ("subject_key_identifier", Value),
                    ("authority_key_identifier", Value),
                    ("subject_alternative_name", Value),
                    ("issuer_alternative_name", Value),
                    ("subject_directory_attributes", Value),
                    ("crl_distribution_points", Value),
                    ("inhibit_any_policy", Value),
                    ("private_key_usage_period_not_before", Value),
                    ("private_key_usage_period_not_after", Value),
                    ("certificate_policies", Value),
                    ("policy_mappings", Value),
                ]),
            ),
        ],
    ),
];

/// The extensions that the standard itself defines, with whose they are.
pub(super) const EXTENSIONS: &[(&str, &str, &[Property])] = &[
    ("file", "archive-ext", &[("contains_refs", References(FILE_OR_FOLDER)), ("comment", Value)]),
    (
        "file",
        "ntfs-ext",
        &[
            ("sid", Value),
            ("alternate_data_streams", Objects(&[("name", Value), ("hashes", Hashes), ("size", Value)])),
        ],
    ),
    (
        "file",
        "pdf-ext",
        &[
            ("version", Value),
            ("is_optimized", Value),
            ("document_info_dict", Dictionary),
            ("pdfid0", Value),
            ("pdfid1", Value),
        ],
    ),
    (
        "file",
        "raster-image-ext",
        &[
            ("image_height", Value),
            ("image_width", Value),
            ("bits_per_pixel", Value),
            ("exif_tags", Dictionary),
        ],
    ),
    (
        "file",
        "windows-pebinary-ext",
        &[
            ("pe_type", Value),
            ("imphash", Value),
            ("machine_hex", Value),
            ("number_of_sections", Value),
            ("time_date_stamp", Value),
            ("pointer_to_symbol_table_hex", Value),
            ("number_of_symbols", Value),
            ("size_of_optional_header", Value),
            ("characteristics_hex", Value),
            ("file_header_hashes", Hashes),
            (
                "optional_header",
                Object(&[
                    ("magic_hex", Value),
                    ("major_linker_version", Value),
                    ("minor_linker_version", Value),
                    ("size_of_code", Value),
                    ("size_of_initialized_data", Value),
                    ("size_of_uninitialized_data", Value),
                    ("address_of_entry_point", Value),
                    ("base_of_code", Value),
                    ("base_of_data", Value),
                    ("image_base", Value),
                    ("section_alignment", Value),
                    ("file_alignment", Value),
                    ("major_os_version", Value),
                    ("minor_os_version", Value),
                    ("major_image_version", Value),
                    ("minor_image_version", Value),
                    ("major_subsystem_version", Value),
                    ("minor_subsystem_version", Value),
                    ("win32_version_value_hex", Value),
                    ("size_of_image", Value),
                    ("size_of_headers", Value),
                    ("checksum_hex", Value),
                    ("subsystem_hex", Value),
                    ("dll_characteristics_hex", Value),
                    ("size_of_stack_reserve", Value),
                    ("size_of_stack_commit", Value),
                    ("size_of_heap_reserve", Value),
                    ("size_of_heap_commit", Value),
                    ("loader_flags_hex", Value),
                    ("number_of_rva_and_sizes", Value),
                    ("hashes", Hashes),
                ]),
            ),
            (
                "sections",
                Objects(&[("name", Value), ("size", Value), ("entropy", Value), ("hashes", Hashes)]),
            ),
        ],
    ),
    (
        "network-traffic",
        "http-request-ext",
        &[
            ("request_method", Value),
            ("request_value", Value),
            ("request_version", Value),
            ("request_header", Dictionary),
            ("message_body_length", Value),
            ("message_body_data_ref", Reference(ARTIFACT)),
        ],
    ),
    ("network-traffic", "icmp-ext", &[("icmp_type_hex", Value), ("icmp_code_hex", Value)]),
    (
        "network-traffic",
        "socket-ext",
        &[
            ("address_family", Value),
            ("is_blocking", Value),
            ("is_listening", Value),
            ("options", Dictionary),
            ("socket_type", Value),
            ("socket_descriptor", Value),
            ("socket_handle", Value),
        ],
    ),
    ("network-traffic", "tcp-ext", &[("src_flags_hex", Value), ("dst_flags_hex", Value)]),
    (
        "process",
        "windows-process-ext",
        &[
            ("aslr_enabled", Value),
            ("dep_enabled", Value),
            ("priority", Value),
            ("owner_sid", Value),
            ("window_title", Value),
            ("startup_info", Dictionary),
            ("integrity_level", Value),
        ],
    ),
    (
        "process",
        "windows-service-ext",
        &[
            ("service_name", Value),
            ("descriptions", List),
            ("display_name", Value),
            ("group_name", Value),
            ("start_type", Value),
            ("service_dll_refs", References(FILE)),
            ("service_type", Value),
            ("service_status", Value),
        ],
    ),
    (
        "user-account",
        "unix-account-ext",
        &[("gid", Value), ("groups", List), ("home_dir", Value), ("shell", Value)],
    ),
];

/// The properties of a type of observable object.
pub(super) fn properties(object_type: &str) -> Option<&'static [Property]> {
    TYPES.iter().find(|(known, _)| *known == object_type).map(|(_, properties)| *properties)
}

/// A property of one of these types, or of every object.
pub(super) fn property(types: &[&str], name: &str) -> Option<Shape> {
    let own = types.iter().filter_map(|object_type| properties(object_type)).flatten();
    own.chain(EVERYWHERE).find(|(known, _)| *known == name).map(|(_, shape)| *shape)
}
