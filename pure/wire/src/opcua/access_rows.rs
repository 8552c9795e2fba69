//! The rows of reading and writing.

use super::binary::Chars;
use super::meaning::is_secret;
use super::message::{ReadValue, WriteValue};
use super::names;
use super::rows::{NodeColumns, Rows, Source, named, node, text, when, whole};
use super::session_rows::set;
use super::status::Status;
use super::variant::{DataValue, Diagnostic};
use super::variant_rows::Holder;
use crate::dialogue::Fields;
use city::Text;
use compact_str::{ToCompactString, format_compact};

const NODE: NodeColumns = [
    "node_id_encoding_mask",
    "node_id_namespace_idx",
    "node_id_numeric",
    "node_id_string",
    "node_id_guid",
    "node_id_opaque",
];

/// The words for which times a reply is to have.
pub const TIMESTAMPS: [&str; 5] = ["Source", "Server", "Both", "Neither", "Invalid"];

impl Rows<'_, '_> {
    /// A question for values.
    pub fn read(&mut self, max_age: f64, timestamps: u32, nodes: &[ReadValue<'_>]) {
        let link = self.link.clone();
        let node_link = self.link_for(nodes);
        self.row("opcua_binary_read", |fields| {
            fields.put("opcua_link_id", link);
            fields.put("max_age", whole(max_age));
            fields.show("timestamps_to_return", timestamps);
            named(fields, "timestamps_to_return_str", &TIMESTAMPS, timestamps);
            set(fields, "nodes_to_read_link_id", node_link.as_ref());
        });
        let Some(link) = node_link else { return };
        for asked in nodes {
            self.row("opcua_binary_read_nodes_to_read", |fields| {
                fields.put("nodes_to_read_link_id", link.clone());
                attribute(fields, &asked.node, asked.attribute, asked.range);
                fields.show("data_encoding_name_idx", asked.encoding.namespace);
                text(fields, "data_encoding_name", asked.encoding.name);
            });
        }
    }

    /// Values; `hidden` are the places of those that may be credentials.
    pub fn got_values(
        &mut self,
        results: &[DataValue<'_>],
        hidden: &[usize],
        diagnostics: &[Diagnostic<'_>],
        strings: &[Chars<'_>],
    ) {
        let link = self.link.clone();
        let (result_link, diagnostic_link) = (self.link_for(results), self.link_for(diagnostics));
        self.row("opcua_binary_read", |fields| {
            fields.put("opcua_link_id", link);
            set(fields, "read_results_link_id", result_link.as_ref());
            set(fields, "diag_info_link_id", diagnostic_link.as_ref());
        });
        if let Some(link) = result_link {
            for (place, result) in results.iter().enumerate() {
                self.read_result(&link, result, hidden.contains(&place));
            }
        }
        self.diagnostics(
            ("opcua_binary_read_diagnostic_info", "read_diag_info_link_id"),
            diagnostic_link,
            Source::READ,
            diagnostics,
            strings,
        );
    }

    fn read_result(&mut self, link: &Text, result: &DataValue<'_>, hidden: bool) {
        let status = result.status.map(|status| (self.next_link(), status));
        let variant = result.value.map(|variant| (self.next_link(), variant));
        self.row("opcua_binary_read_results", |fields| {
            fields.put("results_link_id", link.clone());
            fields.put("level", "0");
            data_value(fields, result);
            set(fields, "status_code_link_id", status.as_ref().map(|(link, _)| link));
            set(fields, "read_results_variant_data_link_id", variant.as_ref().map(|(link, _)| link));
        });
        if let Some((link, status)) = status {
            self.status(&link, Source::READ, 0, status);
        }
        if let Some((link, variant)) = variant.filter(|_| !hidden) {
            self.variant(&link, Holder::READ, &variant);
        }
    }

    /// Values to be put in.
    pub fn write(&mut self, nodes: &[WriteValue<'_>]) {
        for asked in nodes {
            let link = self.link.clone();
            let status = asked.value.status.map(|status| (self.next_link(), status));
            let variant = asked.value.value.map(|variant| (self.next_link(), variant));
            self.row("opcua_binary_write", |fields| {
                fields.put("opcua_link_id", link);
                attribute(fields, &asked.node, asked.attribute, asked.range);
                data_value(fields, &asked.value);
                set(fields, "req_status_code_link_id", status.as_ref().map(|(link, _)| link));
                set(fields, "write_results_variant_data_link_id", variant.as_ref().map(|(link, _)| link));
            });
            if let Some((link, status)) = status {
                self.status(&link, Source::WRITE, 0, status);
            }
            if let Some((link, variant)) = variant.filter(|_| !is_secret(&asked.node)) {
                self.variant(&link, Holder::WRITE, &variant);
            }
        }
    }

    /// What became of them.
    pub fn wrote(&mut self, results: &[Status], diagnostics: &[Diagnostic<'_>], strings: &[Chars<'_>]) {
        let link = self.link.clone();
        let (status_link, diagnostic_link) = (self.link_for(results), self.link_for(diagnostics));
        self.row("opcua_binary_write", |fields| {
            fields.put("opcua_link_id", link);
            set(fields, "res_status_code_link_id", status_link.as_ref());
            set(fields, "diag_info_link_id", diagnostic_link.as_ref());
        });
        if let Some(link) = status_link {
            results.iter().for_each(|status| self.status(&link, Source::WRITE, 0, *status));
        }
        if let Some(link) = diagnostic_link {
            diagnostics.iter().for_each(|said| self.diagnostic(&link, Source::WRITE, said, strings));
        }
    }
}

/// The columns of an attribute of a node.
fn attribute(fields: &mut Fields, id: &super::node_id::NodeId<'_>, number: u32, range: Chars<'_>) {
    node(fields, &NODE, id);
    fields.show("attribute_id", number);
    fields.put(
        "attribute_id_str",
        names::attribute(number).map_or_else(|| number.to_compact_string(), Into::into),
    );
    text(fields, "index_range", range);
}

/// The columns of a value's parts, apart from the value itself and how good it is.
pub fn data_value(fields: &mut Fields, value: &DataValue<'_>) {
    fields.put("data_value_encoding_mask", format_compact!("{:#04x}", value.mask));
    if let Some(time) = value.source_time {
        fields.put("source_timestamp", when(time));
    }
    if let Some(picoseconds) = value.source_picoseconds {
        fields.show("source_pico_sec", picoseconds);
    }
    if let Some(time) = value.server_time {
        fields.put("server_timestamp", when(time));
    }
    if let Some(picoseconds) = value.server_picoseconds {
        fields.show("server_pico_sec", picoseconds);
    }
}
