//! The rows of channels, endpoints and sessions.

use super::binary::Chars;
use super::message::{Activation, Application, Endpoint, NewSession, Session, Token, TokenPolicy};
use super::names;
use super::rows::{
    HIDDEN, NodeColumns, Rows, Source, bytes, bytes_text, item, localized, node, secret_node, text, when,
    whole,
};
use super::status::Status;
use super::variant::Diagnostic;
use crate::dialogue::Fields;
use city::Text;

/// The logs of one place where endpoints are listed.
struct EndpointLogs {
    endpoint: &'static str,
    link: &'static str,
    url: &'static str,
    discovery: &'static str,
    token: &'static str,
}

const OF_GET_ENDPOINTS: EndpointLogs = EndpointLogs {
    endpoint: "opcua_binary_get_endpoints_description",
    link: "endpoint_description_link_id",
    url: "endpoint_uri",
    discovery: "opcua_binary_get_endpoints_discovery",
    token: "opcua_binary_get_endpoints_user_token",
};

const OF_CREATE_SESSION: EndpointLogs = EndpointLogs {
    endpoint: "opcua_binary_create_session_endpoints",
    link: "endpoint_link_id",
    url: "endpoint_url",
    discovery: "opcua_binary_create_session_discovery",
    token: "opcua_binary_create_session_user_token",
};

const SESSION: NodeColumns = [
    "session_id_encoding_mask",
    "session_id_namespace_idx",
    "session_id_numeric",
    "session_id_string",
    "session_id_guid",
    "session_id_opaque",
];

const SECRET: NodeColumns = [
    "auth_token_encoding_mask",
    "auth_token_namespace_idx",
    "auth_token_numeric",
    "auth_token_string",
    "auth_token_guid",
    "auth_token_opaque",
];

const TOKEN: NodeColumns = [
    "ext_obj_type_id_encoding_mask",
    "ext_obj_type_id_namespace_idx",
    "ext_obj_type_id_numeric",
    "ext_obj_type_id_string",
    "ext_obj_type_id_guid",
    "ext_obj_type_id_opaque",
];

impl Rows<'_, '_> {
    /// A wish for a secure channel.
    pub fn open_request(&mut self, version: u32, kind: u32, mode: u32, nonce: Chars<'_>, lifetime: u32) {
        let link = self.link.clone();
        self.row("opcua_binary_opensecure_channel", |fields| {
            fields.put("opcua_link_id", link);
            fields.show("client_proto_ver", version);
            fields.show("sec_token_request_type", kind);
            fields.show("message_security_mode", mode);
            fields.put("client_nonce", bytes_text(nonce).unwrap_or_default());
            fields.show("req_lifetime", lifetime);
        });
    }

    /// A secure channel.
    pub fn open_response(
        &mut self,
        version: u32,
        ids: (u32, u32),
        created: i64,
        lifetime: u32,
        nonce: Chars<'_>,
    ) {
        let link = self.link.clone();
        self.row("opcua_binary_opensecure_channel", |fields| {
            fields.put("opcua_link_id", link);
            fields.show("server_proto_ver", version);
            fields.show("sec_token_sec_channel_id", ids.0);
            fields.show("sec_token_id", ids.1);
            fields.put("sec_token_created_at", when(created));
            fields.show("sec_token_revised_time", lifetime);
            fields.put("server_nonce", bytes_text(nonce).unwrap_or_default());
        });
    }

    /// A question for endpoints.
    pub fn get_endpoints(&mut self, url: Chars<'_>, locales: &[Chars<'_>], profiles: &[Chars<'_>]) {
        let link = self.link.clone();
        let (locale_link, profile_link) = (self.link_for(locales), self.link_for(profiles));
        self.row("opcua_binary_get_endpoints", |fields| {
            fields.put("opcua_link_id", link);
            text(fields, "endpoint_url", url);
            set(fields, "locale_link_id", locale_link.as_ref());
            set(fields, "profile_uri_link_id", profile_link.as_ref());
        });
        self.items(
            "opcua_binary_get_endpoints_locale_id",
            "locale_link_id",
            locale_link,
            "local_id",
            locales,
        );
        self.items(
            "opcua_binary_get_endpoints_profile_uri",
            "profile_uri_link_id",
            profile_link,
            "profile_uri",
            profiles,
        );
    }

    /// The endpoints of a server.
    pub fn got_endpoints(&mut self, endpoints: &[Endpoint<'_>]) {
        let link = self.link.clone();
        let endpoint_link = self.link_for(endpoints);
        self.row("opcua_binary_get_endpoints", |fields| {
            fields.put("opcua_link_id", link);
            set(fields, "endpoint_description_link_id", endpoint_link.as_ref());
        });
        if let Some(link) = endpoint_link {
            self.endpoints(&OF_GET_ENDPOINTS, &link, endpoints);
        }
    }

    /// A wish for a session.
    pub fn create_session(&mut self, asked: &NewSession<'_>) {
        let link = self.link.clone();
        let discovery = self.link_for(&asked.client.urls);
        self.row("opcua_binary_create_session", |fields| {
            fields.put("opcua_link_id", link);
            application(fields, &asked.client, discovery.as_ref());
            text(fields, "server_uri", asked.server);
            text(fields, "endpoint_url", asked.url);
            text(fields, "session_name", asked.name);
            bytes(fields, "client_nonce", asked.nonce);
            certificate(fields, "client_cert_size", "client_cert", asked.certificate);
            fields.put("req_session_timeout", whole(asked.timeout));
            fields.show("max_res_msg_size", asked.limit);
        });
        self.discovery(&OF_CREATE_SESSION, discovery, &asked.client);
    }

    /// A session.
    pub fn created_session(&mut self, session: &Session<'_>) {
        let link = self.link.clone();
        let endpoint_link = self.link_for(&session.endpoints);
        self.row("opcua_binary_create_session", |fields| {
            fields.put("opcua_link_id", link);
            node(fields, &SESSION, &session.id);
            secret_node(fields, &SECRET, &session.secret);
            fields.put("revised_session_timeout", whole(session.timeout));
            bytes(fields, "server_nonce", session.nonce);
            certificate(fields, "server_cert_size", "server_cert", session.certificate);
            set(fields, "endpoint_link_id", endpoint_link.as_ref());
            text(fields, "algorithm", session.signature.algorithm);
            bytes(fields, "signature", session.signature.bytes);
            fields.show("max_req_msg_size", session.limit);
        });
        if let Some(link) = endpoint_link {
            self.endpoints(&OF_CREATE_SESSION, &link, &session.endpoints);
        }
    }

    /// Who a user says that they are.
    pub fn activate_session(&mut self, asked: &Activation<'_>) {
        let link = self.link.clone();
        let (software, locales) = (self.link_for(&asked.software), self.link_for(&asked.locales));
        self.row("opcua_binary_activate_session", |fields| {
            fields.put("opcua_link_id", link);
            text(fields, "client_algorithm", asked.signature.algorithm);
            bytes(fields, "client_signature", asked.signature.bytes);
            set(fields, "client_software_cert_link_id", software.as_ref());
            set(fields, "opcua_locale_link_id", locales.as_ref());
            node(fields, &TOKEN, &asked.object.type_id);
            if let Some(name) = asked.object.type_id.standard().and_then(names::structure) {
                fields.put("ext_obj_type_id_str", name);
            }
            fields.put("ext_obj_encoding", compact_str::format_compact!("{:#04x}", asked.object.encoding));
            text(fields, "ext_obj_policy_id", asked.policy);
            token(fields, &asked.token);
            text(fields, "user_token_algorithm", asked.token_signature.algorithm);
            bytes(fields, "user_token_signature", asked.token_signature.bytes);
        });
        if let Some(link) = software {
            for (data, signature) in &asked.software {
                self.row("opcua_binary_activate_session_client_software_cert", |fields| {
                    fields.put("client_software_cert_link_id", link.clone());
                    bytes(fields, "cert_data", *data);
                    bytes(fields, "cert_signature", *signature);
                });
            }
        }
        self.items(
            "opcua_binary_activate_session_locale_id",
            "opcua_locale_link_id",
            locales,
            "local_id",
            &asked.locales,
        );
    }

    /// What the server thought of that.
    pub fn activated_session(
        &mut self,
        nonce: Chars<'_>,
        results: &[Status],
        diagnostics: &[Diagnostic<'_>],
        strings: &[Chars<'_>],
    ) {
        let link = self.link.clone();
        let (status_link, diagnostic_link) = (self.link_for(results), self.link_for(diagnostics));
        self.row("opcua_binary_activate_session", |fields| {
            fields.put("opcua_link_id", link);
            bytes(fields, "server_nonce", nonce);
            set(fields, "status_code_link_id", status_link.as_ref());
            set(fields, "activate_session_diag_info_link_id", diagnostic_link.as_ref());
        });
        if let Some(link) = status_link {
            results.iter().for_each(|status| self.status(&link, Source::ACTIVATE, 0, *status));
        }
        self.diagnostics(
            ("opcua_binary_activate_session_diagnostic_info", "activate_session_diag_info_link_id"),
            diagnostic_link,
            Source::ACTIVATE,
            diagnostics,
            strings,
        );
    }

    /// The end of a session.
    pub fn close_session(&mut self, delete: bool) {
        let link = self.link.clone();
        self.row("opcua_binary_close_session", |fields| {
            fields.put("opcua_link_id", link);
            fields.flag("del_subscriptions", delete);
        });
    }

    /// What is added to each of several status codes: a row that names it, and its own rows.
    pub fn diagnostics(
        &mut self,
        log: (&'static str, &'static str),
        link: Option<Text>,
        source: Source,
        diagnostics: &[Diagnostic<'_>],
        strings: &[Chars<'_>],
    ) {
        let Some(link) = link else { return };
        for diagnostic in diagnostics {
            let own = self.next_link();
            self.row(log.0, |fields| {
                fields.put(log.1, link.clone());
                fields.put("diag_info_link_id", own.clone());
            });
            self.diagnostic(&own, source, diagnostic, strings);
        }
    }

    /// A row for each text of a list.
    fn items(
        &mut self,
        log: &'static str,
        link_column: &'static str,
        link: Option<Text>,
        column: &'static str,
        items: &[Chars<'_>],
    ) {
        let Some(link) = link else { return };
        for chars in items {
            self.row(log, |fields| {
                fields.put(link_column, link.clone());
                fields.put(column, item(*chars));
            });
        }
    }

    fn discovery(&mut self, logs: &EndpointLogs, link: Option<Text>, application: &Application<'_>) {
        let Some(link) = link else { return };
        for url in &application.urls {
            self.row(logs.discovery, |fields| {
                fields.put("discovery_profile_link_id", link.clone());
                text(fields, "discovery_profile_uri", application.profile);
                fields.put("discovery_profile_url", item(*url));
            });
        }
    }

    fn endpoints(&mut self, logs: &EndpointLogs, link: &Text, endpoints: &[Endpoint<'_>]) {
        for endpoint in endpoints {
            let discovery = self.link_for(&endpoint.server.urls);
            let tokens = self.link_for(&endpoint.tokens);
            self.row(logs.endpoint, |fields| {
                fields.put(logs.link, link.clone());
                text(fields, logs.url, endpoint.url);
                application(fields, &endpoint.server, discovery.as_ref());
                certificate(fields, "cert_size", "server_cert", endpoint.certificate);
                fields.show("message_security_mode", endpoint.mode);
                text(fields, "security_policy_uri", endpoint.policy);
                set(fields, "user_token_link_id", tokens.as_ref());
                text(fields, "transport_profile_uri", endpoint.transport);
                fields.show("security_level", endpoint.level);
            });
            self.discovery(logs, discovery, &endpoint.server);
            if let Some(link) = tokens {
                endpoint.tokens.iter().for_each(|policy| self.token_policy(logs.token, &link, policy));
            }
        }
    }

    fn token_policy(&mut self, log: &'static str, link: &Text, policy: &TokenPolicy<'_>) {
        self.row(log, |fields| {
            fields.put("user_token_link_id", link.clone());
            text(fields, "user_token_policy_id", policy.id);
            fields.show("user_token_type", policy.kind);
            text(fields, "user_token_issued_type", policy.issued);
            text(fields, "user_token_endpoint_url", policy.issuer);
            text(fields, "user_token_sec_policy_uri", policy.policy);
        });
    }
}

/// Puts a link if there is one.
pub fn set(fields: &mut Fields, column: &'static str, link: Option<&Text>) {
    if let Some(link) = link {
        fields.put(column, link.clone());
    }
}

fn application(fields: &mut Fields, application: &Application<'_>, discovery: Option<&Text>) {
    text(fields, "application_uri", application.uri);
    text(fields, "product_uri", application.product);
    fields.show("encoding_mask", application.name.mask);
    localized(fields, "locale", "text", &application.name);
    fields.show("application_type", application.kind);
    text(fields, "gateway_server_uri", application.gateway);
    text(fields, "discovery_profile_uri", application.profile);
    set(fields, "discovery_profile_link_id", discovery);
}

fn certificate(fields: &mut Fields, size: &'static str, column: &'static str, data: Chars<'_>) {
    if let Some(data) = data.filter(|data| !data.is_empty()) {
        fields.show(size, data.len());
    }
    bytes(fields, column, data);
}

/// What a user shows. A password and an issued token are credentials; a certificate is none without its key.
fn token(fields: &mut Fields, token: &Token<'_>) {
    match token {
        Token::UserName { name, algorithm, .. } => {
            text(fields, "ext_obj_user_name", *name);
            fields.put("ext_obj_password", HIDDEN);
            text(fields, "ext_obj_encryption_algorithom", *algorithm);
        }
        Token::Certificate { data } => bytes(fields, "ext_obj_certificate_data", *data),
        Token::Issued { algorithm } => {
            fields.put("ext_obj_token_data", HIDDEN);
            text(fields, "ext_obj_encryption_algorithom", *algorithm);
        }
        Token::Anonymous | Token::Other => {}
    }
}
