//! opcua_binary.log and its companions, as ICSNPP's parser of OPC UA names them.
//!
//! A companion is a row for each thing in a message's list; the columns that end in `link_id` say which rows belong
//! together. Columns that would hold the secret of a session are text here, since they say only that it is hidden.

use super::log::{Head, Log};

pub(super) const LOGS: &[Log] = &[
    Log { path: "opcua_binary", head: Head::Ends, columns: OPCUA_BINARY },
    Log { path: "opcua_binary_activate_session", head: Head::Sides, columns: OPCUA_BINARY_ACTIVATE_SESSION },
    Log {
        path: "opcua_binary_activate_session_client_software_cert",
        head: Head::Sides,
        columns: OPCUA_BINARY_ACTIVATE_SESSION_CLIENT_SOFTWARE_CERT,
    },
    Log {
        path: "opcua_binary_activate_session_diagnostic_info",
        head: Head::Sides,
        columns: OPCUA_BINARY_ACTIVATE_SESSION_DIAGNOSTIC_INFO,
    },
    Log {
        path: "opcua_binary_activate_session_locale_id",
        head: Head::Sides,
        columns: OPCUA_BINARY_ACTIVATE_SESSION_LOCALE_ID,
    },
    Log { path: "opcua_binary_aggregate_filter", head: Head::Sides, columns: OPCUA_BINARY_AGGREGATE_FILTER },
    Log { path: "opcua_binary_browse", head: Head::Sides, columns: OPCUA_BINARY_BROWSE },
    Log {
        path: "opcua_binary_browse_description",
        head: Head::Sides,
        columns: OPCUA_BINARY_BROWSE_DESCRIPTION,
    },
    Log {
        path: "opcua_binary_browse_diagnostic_info",
        head: Head::Sides,
        columns: OPCUA_BINARY_BROWSE_DIAGNOSTIC_INFO,
    },
    Log {
        path: "opcua_binary_browse_request_continuation_point",
        head: Head::Sides,
        columns: OPCUA_BINARY_BROWSE_REQUEST_CONTINUATION_POINT,
    },
    Log {
        path: "opcua_binary_browse_response_references",
        head: Head::Sides,
        columns: OPCUA_BINARY_BROWSE_RESPONSE_REFERENCES,
    },
    Log { path: "opcua_binary_browse_result", head: Head::Sides, columns: OPCUA_BINARY_BROWSE_RESULT },
    Log { path: "opcua_binary_close_session", head: Head::Sides, columns: OPCUA_BINARY_CLOSE_SESSION },
    Log {
        path: "opcua_binary_create_monitored_items",
        head: Head::Sides,
        columns: OPCUA_BINARY_CREATE_MONITORED_ITEMS,
    },
    Log {
        path: "opcua_binary_create_monitored_items_create_item",
        head: Head::Sides,
        columns: OPCUA_BINARY_CREATE_MONITORED_ITEMS_CREATE_ITEM,
    },
    Log { path: "opcua_binary_create_session", head: Head::Sides, columns: OPCUA_BINARY_CREATE_SESSION },
    Log {
        path: "opcua_binary_create_session_discovery",
        head: Head::Sides,
        columns: OPCUA_BINARY_CREATE_SESSION_DISCOVERY,
    },
    Log {
        path: "opcua_binary_create_session_endpoints",
        head: Head::Sides,
        columns: OPCUA_BINARY_CREATE_SESSION_ENDPOINTS,
    },
    Log {
        path: "opcua_binary_create_session_user_token",
        head: Head::Sides,
        columns: OPCUA_BINARY_CREATE_SESSION_USER_TOKEN,
    },
    Log {
        path: "opcua_binary_create_subscription",
        head: Head::Sides,
        columns: OPCUA_BINARY_CREATE_SUBSCRIPTION,
    },
    Log {
        path: "opcua_binary_data_change_filter",
        head: Head::Sides,
        columns: OPCUA_BINARY_DATA_CHANGE_FILTER,
    },
    Log { path: "opcua_binary_diag_info_detail", head: Head::Sides, columns: OPCUA_BINARY_DIAG_INFO_DETAIL },
    Log { path: "opcua_binary_get_endpoints", head: Head::Sides, columns: OPCUA_BINARY_GET_ENDPOINTS },
    Log {
        path: "opcua_binary_get_endpoints_description",
        head: Head::Sides,
        columns: OPCUA_BINARY_GET_ENDPOINTS_DESCRIPTION,
    },
    Log {
        path: "opcua_binary_get_endpoints_discovery",
        head: Head::Sides,
        columns: OPCUA_BINARY_GET_ENDPOINTS_DISCOVERY,
    },
    Log {
        path: "opcua_binary_get_endpoints_locale_id",
        head: Head::Sides,
        columns: OPCUA_BINARY_GET_ENDPOINTS_LOCALE_ID,
    },
    Log {
        path: "opcua_binary_get_endpoints_profile_uri",
        head: Head::Sides,
        columns: OPCUA_BINARY_GET_ENDPOINTS_PROFILE_URI,
    },
    Log {
        path: "opcua_binary_get_endpoints_user_token",
        head: Head::Sides,
        columns: OPCUA_BINARY_GET_ENDPOINTS_USER_TOKEN,
    },
    Log {
        path: "opcua_binary_opensecure_channel",
        head: Head::Sides,
        columns: OPCUA_BINARY_OPENSECURE_CHANNEL,
    },
    Log { path: "opcua_binary_read", head: Head::Sides, columns: OPCUA_BINARY_READ },
    Log {
        path: "opcua_binary_read_diagnostic_info",
        head: Head::Sides,
        columns: OPCUA_BINARY_READ_DIAGNOSTIC_INFO,
    },
    Log {
        path: "opcua_binary_read_nodes_to_read",
        head: Head::Sides,
        columns: OPCUA_BINARY_READ_NODES_TO_READ,
    },
    Log { path: "opcua_binary_read_results", head: Head::Sides, columns: OPCUA_BINARY_READ_RESULTS },
    Log {
        path: "opcua_binary_status_code_detail",
        head: Head::Sides,
        columns: OPCUA_BINARY_STATUS_CODE_DETAIL,
    },
    Log {
        path: "opcua_binary_variant_array_dims",
        head: Head::Sides,
        columns: OPCUA_BINARY_VARIANT_ARRAY_DIMS,
    },
    Log { path: "opcua_binary_variant_data", head: Head::Sides, columns: OPCUA_BINARY_VARIANT_DATA },
    Log {
        path: "opcua_binary_variant_data_value",
        head: Head::Sides,
        columns: OPCUA_BINARY_VARIANT_DATA_VALUE,
    },
    Log {
        path: "opcua_binary_variant_extension_object",
        head: Head::Sides,
        columns: OPCUA_BINARY_VARIANT_EXTENSION_OBJECT,
    },
    Log { path: "opcua_binary_variant_metadata", head: Head::Sides, columns: OPCUA_BINARY_VARIANT_METADATA },
    Log { path: "opcua_binary_write", head: Head::Sides, columns: OPCUA_BINARY_WRITE },
];

#[rustfmt::skip]
const OPCUA_BINARY: &[(&str, &str)] = &[
    ("opcua_link_id", "string"), ("msg_type", "string"), ("is_final", "string"), ("total_size", "count"),
    ("error", "count"), ("reason", "string"), ("version", "count"), ("rcv_buf_size", "count"),
    ("snd_buf_size", "count"), ("max_msg_size", "count"), ("max_chunk_cnt", "count"),
    ("endpoint_url", "string"), ("sec_channel_id", "set[count]"), ("sec_policy_uri_len", "int"),
    ("sec_policy_uri", "string"), ("snd_cert_len", "int"), ("snd_cert", "string"), ("rcv_cert_len", "int"),
    ("rcv_cert", "string"), ("request_id", "count"), ("req_msg_size", "count"), ("req_seq_number", "count"),
    ("req_encoding_mask", "count"), ("req_namespace_idx", "count"), ("req_identifier", "count"),
    ("req_identifier_str", "string"), ("req_hdr_node_id_type", "string"),
    ("req_hdr_node_id_namespace_idx", "count"), ("req_hdr_node_id_numeric", "string"),
    ("req_hdr_node_id_string", "string"), ("req_hdr_node_id_guid", "string"),
    ("req_hdr_node_id_opaque", "string"), ("req_hdr_timestamp", "time"), ("req_hdr_request_handle", "count"),
    ("req_hdr_return_diag", "count"), ("req_hdr_audit_entry_id", "string"), ("req_hdr_timeout_hint", "count"),
    ("req_hdr_add_hdr_type_id", "count"), ("req_hdr_add_hdr_enc_mask", "count"), ("res_msg_size", "count"),
    ("res_seq_number", "count"), ("res_encoding_mask", "count"), ("res_namespace_idx", "count"),
    ("res_identifier", "count"), ("res_identifier_str", "string"), ("res_hdr_timestamp", "time"),
    ("res_hdr_request_handle", "count"), ("status_code_link_id", "string"),
    ("res_hdr_service_diag_encoding", "count"), ("res_hdr_add_hdr_type_id", "count"),
    ("res_hdr_add_hdr_enc_mask", "count"),
];

#[rustfmt::skip]
const OPCUA_BINARY_ACTIVATE_SESSION: &[(&str, &str)] = &[
    ("opcua_link_id", "string"), ("client_algorithm", "string"), ("client_signature", "string"),
    ("client_software_cert_link_id", "string"), ("opcua_locale_link_id", "string"),
    ("ext_obj_type_id_encoding_mask", "string"), ("ext_obj_type_id_namespace_idx", "count"),
    ("ext_obj_type_id_numeric", "count"), ("ext_obj_type_id_string", "string"),
    ("ext_obj_type_id_guid", "string"), ("ext_obj_type_id_opaque", "string"), ("ext_obj_type_id_str", "string"),
    ("ext_obj_encoding", "string"), ("ext_obj_policy_id", "string"), ("ext_obj_user_name", "string"),
    ("ext_obj_password", "string"), ("ext_obj_encryption_algorithom", "string"),
    ("ext_obj_certificate_data", "string"), ("ext_obj_token_data", "string"),
    ("user_token_algorithm", "string"), ("user_token_signature", "string"), ("server_nonce", "string"),
    ("status_code_link_id", "string"), ("activate_session_diag_info_link_id", "string"),
];

#[rustfmt::skip]
const OPCUA_BINARY_ACTIVATE_SESSION_CLIENT_SOFTWARE_CERT: &[(&str, &str)] = &[
    ("client_software_cert_link_id", "string"), ("cert_data", "string"), ("cert_signature", "string"),
];

#[rustfmt::skip]
const OPCUA_BINARY_ACTIVATE_SESSION_DIAGNOSTIC_INFO: &[(&str, &str)] = &[
    ("activate_session_diag_info_link_id", "string"), ("diag_info_link_id", "string"),
];

#[rustfmt::skip]
const OPCUA_BINARY_ACTIVATE_SESSION_LOCALE_ID: &[(&str, &str)] = &[
    ("opcua_locale_link_id", "string"), ("local_id", "string"),
];

#[rustfmt::skip]
const OPCUA_BINARY_AGGREGATE_FILTER: &[(&str, &str)] = &[
    ("monitored_parameters_link_id", "string"), ("start_time", "time"),
    ("aggregate_type_encoding_mask", "string"), ("aggregate_type_namespace_idx", "count"),
    ("aggregate_type_numeric", "count"), ("aggregate_type_string", "string"), ("aggregate_type_guid", "string"),
    ("aggregate_type_opaque", "string"), ("processing_interval", "double"), ("use_server_cap_default", "bool"),
    ("treat_uncertain_as_bad", "bool"), ("percent_data_bad", "count"), ("percent_data_good", "count"),
    ("use_sloped_extrapolation", "bool"),
];

#[rustfmt::skip]
const OPCUA_BINARY_BROWSE: &[(&str, &str)] = &[
    ("opcua_link_id", "string"), ("browse_service_type", "string"), ("browse_view_id_encoding_mask", "string"),
    ("browse_view_id_namespace_idx", "count"), ("browse_view_id_numeric", "count"),
    ("browse_view_id_string", "string"), ("browse_view_id_guid", "string"), ("browse_view_id_opaque", "string"),
    ("browse_view_description_timestamp", "time"), ("browse_view_description_view_version", "count"),
    ("req_max_ref_nodes", "count"), ("browse_description_link_id", "string"),
    ("browse_next_release_continuation_point", "bool"), ("browse_next_link_id", "string"),
    ("browse_response_link_id", "string"), ("browse_diag_info_link_id", "string"),
];

#[rustfmt::skip]
const OPCUA_BINARY_BROWSE_DESCRIPTION: &[(&str, &str)] = &[
    ("browse_description_link_id", "string"), ("browse_description_encoding_mask", "string"),
    ("browse_description_namespace_idx", "count"), ("browse_description_numeric", "count"),
    ("browse_description_string", "string"), ("browse_description_guid", "string"),
    ("browse_description_opaque", "string"), ("browse_direction", "string"),
    ("browse_description_ref_encoding_mask", "string"), ("browse_description_ref_namespace_idx", "count"),
    ("browse_description_ref_numeric", "count"), ("browse_description_ref_string", "string"),
    ("browse_description_ref_guid", "string"), ("browse_description_ref_opaque", "string"),
    ("browse_description_include_subtypes", "bool"), ("browse_node_class_mask", "string"),
    ("browse_result_mask", "string"),
];

#[rustfmt::skip]
const OPCUA_BINARY_BROWSE_DIAGNOSTIC_INFO: &[(&str, &str)] = &[
    ("browse_diag_info_link_id", "string"), ("diag_info_link_id", "string"),
];

#[rustfmt::skip]
const OPCUA_BINARY_BROWSE_REQUEST_CONTINUATION_POINT: &[(&str, &str)] = &[
    ("browse_next_link_id", "string"), ("continuation_point", "string"),
];

#[rustfmt::skip]
const OPCUA_BINARY_BROWSE_RESPONSE_REFERENCES: &[(&str, &str)] = &[
    ("browse_reference_link_id", "string"), ("browse_response_ref_encoding_mask", "string"),
    ("browse_response_ref_namespace_idx", "count"), ("browse_response_ref_numeric", "count"),
    ("browse_response_ref_string", "string"), ("browse_response_ref_guid", "string"),
    ("browse_response_ref_opaque", "string"), ("browse_response_is_forward", "bool"),
    ("browse_response_ref_type_encoding_mask", "string"), ("browse_response_ref_type_namespace_idx", "count"),
    ("browse_response_ref_type_numeric", "count"), ("browse_response_ref_type_string", "string"),
    ("browse_response_ref_type_guid", "string"), ("browse_response_ref_type_opaque", "string"),
    ("browse_response_ref_type_namespace_uri", "string"), ("browse_response_ref_type_server_idx", "count"),
    ("browse_response_ref_name_idx", "count"), ("browse_response_ref_name", "string"),
    ("browse_response_display_name_mask", "string"), ("browse_response_display_name_locale", "string"),
    ("browse_response_display_name_text", "string"), ("browse_response_node_class", "string"),
    ("browse_response_type_def_encoding_mask", "string"), ("browse_response_type_def_namespace_idx", "count"),
    ("browse_response_type_def_numeric", "count"), ("browse_response_type_def_string", "string"),
    ("browse_response_type_def_guid", "string"), ("browse_response_type_def_opaque", "string"),
    ("browse_response_type_def_namespace_uri", "string"), ("browse_response_type_def_server_idx", "count"),
];

#[rustfmt::skip]
const OPCUA_BINARY_BROWSE_RESULT: &[(&str, &str)] = &[
    ("browse_response_link_id", "string"), ("status_code_link_id", "string"),
    ("browse_result_continuation_point", "string"), ("browse_reference_link_id", "string"),
];

#[rustfmt::skip]
const OPCUA_BINARY_CLOSE_SESSION: &[(&str, &str)] = &[
    ("opcua_link_id", "string"), ("del_subscriptions", "bool"),
];

#[rustfmt::skip]
const OPCUA_BINARY_CREATE_MONITORED_ITEMS: &[(&str, &str)] = &[
    ("opcua_link_id", "string"), ("subscription_id", "count"), ("timestamps_to_return", "count"),
    ("timestamps_to_return_str", "string"), ("create_item_link_id", "string"), ("diag_info_link_id", "string"),
];

#[rustfmt::skip]
const OPCUA_BINARY_CREATE_MONITORED_ITEMS_CREATE_ITEM: &[(&str, &str)] = &[
    ("create_item_link_id", "string"), ("item_to_monitor_node_id_encoding_mask", "string"),
    ("item_to_monitor_node_id_namespace_idx", "count"), ("item_to_monitor_node_id_numeric", "count"),
    ("item_to_monitor_node_id_string", "string"), ("item_to_monitor_node_id_guid", "string"),
    ("item_to_monitor_node_id_opaque", "string"), ("item_to_monitor_attribute_id", "string"),
    ("item_to_monitor_index_range", "string"), ("item_to_monitor_namespace_idx", "count"),
    ("item_to_monitor_name", "string"), ("monitoring_mode", "string"),
    ("monitoring_parameters_client_handle", "count"), ("monitoring_parameters_sampling_interval", "double"),
    ("monitoring_parameters_queue_size", "count"), ("monitoring_parameters_discard_oldest", "bool"),
    ("monitoring_parameters_filter_info_type_id_node_id_encoding_mask", "string"),
    ("monitoring_parameters_filter_info_type_id_node_id_namespace_idx", "count"),
    ("monitoring_parameters_filter_info_type_id_node_id_numeric", "count"),
    ("monitoring_parameters_filter_info_type_id_node_id_string", "string"),
    ("monitoring_parameters_filter_info_type_id_node_id_guid", "string"),
    ("monitoring_parameters_filter_info_type_id_node_id_opaque", "string"),
    ("monitoring_parameters_filter_info_type_id_string", "string"),
    ("monitoring_parameters_filter_info_type_id_encoding", "string"),
    ("monitoring_parameters_filter_info_details_link_id", "string"),
    ("monitoring_parameters_status_code_link_id", "string"), ("monitored_item_index_id", "count"),
    ("monitoring_parameters_revised_sampling_interval", "double"),
    ("monitoring_parameters_revised_queue_size", "count"),
];

#[rustfmt::skip]
const OPCUA_BINARY_CREATE_SESSION: &[(&str, &str)] = &[
    ("opcua_link_id", "string"), ("application_uri", "string"), ("product_uri", "string"),
    ("encoding_mask", "count"), ("locale", "string"), ("text", "string"), ("application_type", "count"),
    ("gateway_server_uri", "string"), ("discovery_profile_uri", "string"),
    ("discovery_profile_link_id", "string"), ("server_uri", "string"), ("endpoint_url", "string"),
    ("session_name", "string"), ("client_nonce", "string"), ("client_cert_size", "count"),
    ("client_cert", "string"), ("req_session_timeout", "count"), ("max_res_msg_size", "count"),
    ("session_id_encoding_mask", "string"), ("session_id_namespace_idx", "count"),
    ("session_id_numeric", "count"), ("session_id_string", "string"), ("session_id_guid", "string"),
    ("session_id_opaque", "string"), ("auth_token_encoding_mask", "string"),
    ("auth_token_namespace_idx", "count"), ("auth_token_numeric", "string"), ("auth_token_string", "string"),
    ("auth_token_guid", "string"), ("auth_token_opaque", "string"), ("revised_session_timeout", "count"),
    ("server_nonce", "string"), ("server_cert_size", "count"), ("server_cert", "string"),
    ("endpoint_link_id", "string"), ("algorithm", "string"), ("signature", "string"),
    ("max_req_msg_size", "count"),
];

#[rustfmt::skip]
const OPCUA_BINARY_CREATE_SESSION_DISCOVERY: &[(&str, &str)] = &[
    ("discovery_profile_link_id", "string"), ("discovery_profile_uri", "string"),
    ("discovery_profile_url", "string"),
];

#[rustfmt::skip]
const OPCUA_BINARY_CREATE_SESSION_ENDPOINTS: &[(&str, &str)] = &[
    ("endpoint_link_id", "string"), ("endpoint_url", "string"), ("application_uri", "string"),
    ("product_uri", "string"), ("encoding_mask", "count"), ("locale", "string"), ("text", "string"),
    ("application_type", "count"), ("gateway_server_uri", "string"), ("discovery_profile_uri", "string"),
    ("discovery_profile_link_id", "string"), ("cert_size", "count"), ("server_cert", "string"),
    ("message_security_mode", "count"), ("security_policy_uri", "string"), ("user_token_link_id", "string"),
    ("transport_profile_uri", "string"), ("security_level", "count"),
];

#[rustfmt::skip]
const OPCUA_BINARY_CREATE_SESSION_USER_TOKEN: &[(&str, &str)] = &[
    ("user_token_link_id", "string"), ("user_token_policy_id", "string"), ("user_token_type", "count"),
    ("user_token_issued_type", "string"), ("user_token_endpoint_url", "string"),
    ("user_token_sec_policy_uri", "string"),
];

#[rustfmt::skip]
const OPCUA_BINARY_CREATE_SUBSCRIPTION: &[(&str, &str)] = &[
    ("opcua_link_id", "string"), ("requested_publishing_interval", "count"),
    ("requested_lifetime_count", "count"), ("requested_max_keep_alive_count", "count"),
    ("max_notifications_per_publish", "count"), ("publishing_enabled", "bool"), ("priority", "count"),
    ("subscription_id", "count"), ("revised_publishing_interval", "count"), ("revised_lifetime_count", "count"),
    ("revised_max_keep_alive_count", "count"),
];

#[rustfmt::skip]
const OPCUA_BINARY_DATA_CHANGE_FILTER: &[(&str, &str)] = &[
    ("monitored_parameters_link_id", "string"), ("trigger", "string"), ("deadband_type", "string"),
    ("deadband_value", "double"),
];

#[rustfmt::skip]
const OPCUA_BINARY_DIAG_INFO_DETAIL: &[(&str, &str)] = &[
    ("diag_info_link_id", "string"), ("source", "count"), ("source_str", "string"),
    ("inner_diag_level", "count"), ("has_symbolic_id", "bool"), ("symbolic_id", "int"),
    ("symbolic_id_str", "string"), ("has_namespace_uri", "bool"), ("namespace_uri", "int"),
    ("namespace_uri_str", "string"), ("has_locale", "bool"), ("locale", "int"), ("locale_str", "string"),
    ("has_locale_txt", "bool"), ("locale_txt", "int"), ("locale_txt_str", "string"), ("has_addl_info", "bool"),
    ("addl_info", "string"), ("has_inner_stat_code", "bool"), ("inner_stat_code_link_id", "string"),
    ("has_inner_diag_info", "bool"),
];

#[rustfmt::skip]
const OPCUA_BINARY_GET_ENDPOINTS: &[(&str, &str)] = &[
    ("opcua_link_id", "string"), ("endpoint_url", "string"), ("locale_link_id", "string"),
    ("profile_uri_link_id", "string"), ("endpoint_description_link_id", "string"),
];

#[rustfmt::skip]
const OPCUA_BINARY_GET_ENDPOINTS_DESCRIPTION: &[(&str, &str)] = &[
    ("endpoint_description_link_id", "string"), ("endpoint_uri", "string"), ("application_uri", "string"),
    ("product_uri", "string"), ("encoding_mask", "count"), ("locale", "string"), ("text", "string"),
    ("application_type", "count"), ("gateway_server_uri", "string"), ("discovery_profile_uri", "string"),
    ("discovery_profile_link_id", "string"), ("cert_size", "count"), ("server_cert", "string"),
    ("message_security_mode", "count"), ("security_policy_uri", "string"), ("user_token_link_id", "string"),
    ("transport_profile_uri", "string"), ("security_level", "count"),
];

#[rustfmt::skip]
const OPCUA_BINARY_GET_ENDPOINTS_DISCOVERY: &[(&str, &str)] = &[
    ("discovery_profile_link_id", "string"), ("discovery_profile_uri", "string"),
    ("discovery_profile_url", "string"),
];

#[rustfmt::skip]
const OPCUA_BINARY_GET_ENDPOINTS_LOCALE_ID: &[(&str, &str)] = &[
    ("locale_link_id", "string"), ("local_id", "string"),
];

#[rustfmt::skip]
const OPCUA_BINARY_GET_ENDPOINTS_PROFILE_URI: &[(&str, &str)] = &[
    ("profile_uri_link_id", "string"), ("profile_uri", "string"),
];

#[rustfmt::skip]
const OPCUA_BINARY_GET_ENDPOINTS_USER_TOKEN: &[(&str, &str)] = &[
    ("user_token_link_id", "string"), ("user_token_policy_id", "string"), ("user_token_type", "count"),
    ("user_token_issued_type", "string"), ("user_token_endpoint_url", "string"),
    ("user_token_sec_policy_uri", "string"),
];

#[rustfmt::skip]
const OPCUA_BINARY_OPENSECURE_CHANNEL: &[(&str, &str)] = &[
    ("opcua_link_id", "string"), ("client_proto_ver", "count"), ("sec_token_request_type", "count"),
    ("message_security_mode", "count"), ("client_nonce", "string"), ("req_lifetime", "count"),
    ("server_proto_ver", "count"), ("sec_token_sec_channel_id", "count"), ("sec_token_id", "count"),
    ("sec_token_created_at", "time"), ("sec_token_revised_time", "count"), ("server_nonce", "string"),
];

#[rustfmt::skip]
const OPCUA_BINARY_READ: &[(&str, &str)] = &[
    ("opcua_link_id", "string"), ("max_age", "count"), ("timestamps_to_return", "count"),
    ("timestamps_to_return_str", "string"), ("nodes_to_read_link_id", "string"),
    ("read_results_link_id", "string"), ("diag_info_link_id", "string"),
];

#[rustfmt::skip]
const OPCUA_BINARY_READ_DIAGNOSTIC_INFO: &[(&str, &str)] = &[
    ("read_diag_info_link_id", "string"), ("diag_info_link_id", "string"),
];

#[rustfmt::skip]
const OPCUA_BINARY_READ_NODES_TO_READ: &[(&str, &str)] = &[
    ("nodes_to_read_link_id", "string"), ("node_id_encoding_mask", "string"),
    ("node_id_namespace_idx", "count"), ("node_id_numeric", "count"), ("node_id_string", "string"),
    ("node_id_guid", "string"), ("node_id_opaque", "string"), ("attribute_id", "count"),
    ("attribute_id_str", "string"), ("index_range", "string"), ("data_encoding_name_idx", "count"),
    ("data_encoding_name", "string"),
];

#[rustfmt::skip]
const OPCUA_BINARY_READ_RESULTS: &[(&str, &str)] = &[
    ("results_link_id", "string"), ("level", "count"), ("data_value_encoding_mask", "string"),
    ("status_code_link_id", "string"), ("source_timestamp", "time"), ("source_pico_sec", "count"),
    ("server_timestamp", "time"), ("server_pico_sec", "count"), ("read_results_variant_data_link_id", "string"),
];

#[rustfmt::skip]
const OPCUA_BINARY_STATUS_CODE_DETAIL: &[(&str, &str)] = &[
    ("status_code_link_id", "string"), ("source", "count"), ("source_str", "string"), ("source_level", "count"),
    ("status_code", "string"), ("severity", "count"), ("severity_str", "string"), ("sub_code", "count"),
    ("sub_code_str", "string"), ("structure_changed", "bool"), ("semantics_changed", "bool"),
    ("info_type", "count"), ("info_type_str", "string"), ("limit_bits", "count"), ("limit_bits_str", "string"),
    ("overflow", "bool"), ("historian_bits", "count"), ("historian_bits_str", "string"),
    ("historianPartial", "bool"), ("historianExtraData", "bool"), ("historianMultiValue", "bool"),
];

#[rustfmt::skip]
const OPCUA_BINARY_VARIANT_ARRAY_DIMS: &[(&str, &str)] = &[
    ("array_dim_link_id", "string"), ("dimension", "int"),
];

#[rustfmt::skip]
const OPCUA_BINARY_VARIANT_DATA: &[(&str, &str)] = &[
    ("variant_data_link_id", "string"), ("variant_data_value_signed_numeric", "int"),
    ("variant_data_value_unsigned_numeric", "count"), ("variant_data_value_string", "string"),
    ("variant_data_value_time", "time"), ("variant_data_value_decimal", "double"),
    ("variant_data_node_id_encoding_mask", "string"), ("variant_data_node_id_namespace_idx", "count"),
    ("variant_data_node_id_numeric", "count"), ("variant_data_node_id_string", "string"),
    ("variant_data_node_id_guid", "string"), ("variant_data_node_id_opaque", "string"),
    ("variant_data_node_id_namespace_uri", "string"), ("variant_data_node_id_server_idx", "count"),
    ("variant_data_encoding_name_idx", "count"), ("variant_data_encoding_name", "string"),
    ("variant_data_mask", "string"), ("variant_data_locale", "string"), ("variant_data_text", "string"),
    ("variant_data_status_code_link_id", "string"), ("variant_data_diag_info_link_id", "string"),
    ("variant_data_ext_obj_link_id", "string"), ("variant_metadata_data_link_id", "string"),
    ("variant_data_value_source_link_id", "string"),
];

#[rustfmt::skip]
const OPCUA_BINARY_VARIANT_DATA_VALUE: &[(&str, &str)] = &[
    ("variant_data_value_source_link_id", "string"), ("data_value_encoding_mask", "string"),
    ("status_code_link_id", "string"), ("source_timestamp", "time"), ("source_pico_sec", "count"),
    ("server_timestamp", "time"), ("server_pico_sec", "count"), ("variant_data_value_link_id", "string"),
];

#[rustfmt::skip]
const OPCUA_BINARY_VARIANT_EXTENSION_OBJECT: &[(&str, &str)] = &[
    ("ext_obj_link_id", "string"), ("ext_obj_node_id_encoding_mask", "string"),
    ("ext_obj_node_id_namespace_idx", "count"), ("ext_obj_node_id_numeric", "count"),
    ("ext_obj_node_id_string", "string"), ("ext_obj_node_id_guid", "string"),
    ("ext_obj_node_id_opaque", "string"), ("ext_obj_type_id_str", "string"), ("ext_obj_encoding", "string"),
];

#[rustfmt::skip]
const OPCUA_BINARY_VARIANT_METADATA: &[(&str, &str)] = &[
    ("variant_source_data_link_id", "string"), ("variant_data_source", "count"),
    ("variant_data_source_str", "string"), ("dara_variant_encoding_mask", "string"),
    ("data_variant_data_type", "count"), ("data_variant_data_type_str", "string"),
    ("built_in_data_type", "count"), ("built_in_data_type_str", "string"), ("variant_data_array_dim", "count"),
    ("variant_data_array_multi_dim_link_id", "string"), ("variant_data_link_id", "string"),
];

#[rustfmt::skip]
const OPCUA_BINARY_WRITE: &[(&str, &str)] = &[
    ("opcua_link_id", "string"), ("node_id_encoding_mask", "string"), ("node_id_namespace_idx", "count"),
    ("node_id_numeric", "count"), ("node_id_string", "string"), ("node_id_guid", "string"),
    ("node_id_opaque", "string"), ("attribute_id", "count"), ("attribute_id_str", "string"),
    ("index_range", "string"), ("data_value_encoding_mask", "string"), ("req_status_code_link_id", "string"),
    ("source_timestamp", "time"), ("source_pico_sec", "count"), ("server_timestamp", "time"),
    ("server_pico_sec", "count"), ("write_results_variant_data_link_id", "string"),
    ("res_status_code_link_id", "string"), ("diag_info_link_id", "string"),
];
