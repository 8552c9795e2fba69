//! The rows of browsing.

use super::binary::Chars;
use super::message::{BrowseNode, Browsed, Reference};
use super::names;
use super::node_id::NodeId;
use super::rows::{NodeColumns, Rows, Source, bytes, expanded, localized, named, node, text, when};
use super::session_rows::set;
use super::variant::Diagnostic;
use city::Text;
use compact_str::{ToCompactString, format_compact};

const VIEW: NodeColumns = [
    "browse_view_id_encoding_mask",
    "browse_view_id_namespace_idx",
    "browse_view_id_numeric",
    "browse_view_id_string",
    "browse_view_id_guid",
    "browse_view_id_opaque",
];

const START: NodeColumns = [
    "browse_description_encoding_mask",
    "browse_description_namespace_idx",
    "browse_description_numeric",
    "browse_description_string",
    "browse_description_guid",
    "browse_description_opaque",
];

const START_REFERENCE: NodeColumns = [
    "browse_description_ref_encoding_mask",
    "browse_description_ref_namespace_idx",
    "browse_description_ref_numeric",
    "browse_description_ref_string",
    "browse_description_ref_guid",
    "browse_description_ref_opaque",
];

const REFERENCE: NodeColumns = [
    "browse_response_ref_encoding_mask",
    "browse_response_ref_namespace_idx",
    "browse_response_ref_numeric",
    "browse_response_ref_string",
    "browse_response_ref_guid",
    "browse_response_ref_opaque",
];

const TARGET: NodeColumns = [
    "browse_response_ref_type_encoding_mask",
    "browse_response_ref_type_namespace_idx",
    "browse_response_ref_type_numeric",
    "browse_response_ref_type_string",
    "browse_response_ref_type_guid",
    "browse_response_ref_type_opaque",
];

const DEFINITION: NodeColumns = [
    "browse_response_type_def_encoding_mask",
    "browse_response_type_def_namespace_idx",
    "browse_response_type_def_numeric",
    "browse_response_type_def_string",
    "browse_response_type_def_guid",
    "browse_response_type_def_opaque",
];

impl Rows<'_, '_> {
    /// A question for the references of nodes.
    pub fn browse(
        &mut self,
        view: &NodeId<'_>,
        time: i64,
        version: u32,
        limit: u32,
        nodes: &[BrowseNode<'_>],
    ) {
        let link = self.link.clone();
        let node_link = self.link_for(nodes);
        self.row("opcua_binary_browse", |fields| {
            fields.put("opcua_link_id", link);
            fields.put("browse_service_type", "BrowseRequest");
            node(fields, &VIEW, view);
            fields.put("browse_view_description_timestamp", when(time));
            fields.show("browse_view_description_view_version", version);
            fields.show("req_max_ref_nodes", limit);
            set(fields, "browse_description_link_id", node_link.as_ref());
        });
        let Some(link) = node_link else { return };
        for asked in nodes {
            self.row("opcua_binary_browse_description", |fields| {
                fields.put("browse_description_link_id", link.clone());
                node(fields, &START, &asked.node);
                named(fields, "browse_direction", &["FWD", "INV", "BOTH"], asked.direction);
                node(fields, &START_REFERENCE, &asked.reference);
                fields.flag("browse_description_include_subtypes", asked.subtypes);
                fields.put("browse_node_class_mask", classes(asked.classes));
                fields.put("browse_result_mask", format_compact!("{:#010x}", asked.results));
            });
        }
    }

    /// A question for what an earlier answer had no room for.
    pub fn browse_next(&mut self, release: bool, points: &[Chars<'_>]) {
        let link = self.link.clone();
        let point_link = self.link_for(points);
        self.row("opcua_binary_browse", |fields| {
            fields.put("opcua_link_id", link);
            fields.put("browse_service_type", "BrowseNextRequest");
            fields.flag("browse_next_release_continuation_point", release);
            set(fields, "browse_next_link_id", point_link.as_ref());
        });
        let Some(link) = point_link else { return };
        for point in points {
            self.row("opcua_binary_browse_request_continuation_point", |fields| {
                fields.put("browse_next_link_id", link.clone());
                bytes(fields, "continuation_point", *point);
            });
        }
    }

    /// What browsing gave; `kind` is the field's word for which of the two services answers.
    pub fn browsed(
        &mut self,
        kind: &'static str,
        results: &[Browsed<'_>],
        diagnostics: &[Diagnostic<'_>],
        strings: &[Chars<'_>],
    ) {
        let link = self.link.clone();
        let (result_link, diagnostic_link) = (self.link_for(results), self.link_for(diagnostics));
        self.row("opcua_binary_browse", |fields| {
            fields.put("opcua_link_id", link);
            fields.put("browse_service_type", kind);
            set(fields, "browse_response_link_id", result_link.as_ref());
            set(fields, "browse_diag_info_link_id", diagnostic_link.as_ref());
        });
        if let Some(link) = result_link {
            results.iter().for_each(|result| self.browse_result(&link, result));
        }
        self.diagnostics(
            ("opcua_binary_browse_diagnostic_info", "browse_diag_info_link_id"),
            diagnostic_link,
            Source::BROWSE,
            diagnostics,
            strings,
        );
    }

    fn browse_result(&mut self, link: &Text, result: &Browsed<'_>) {
        let status_link = self.next_link();
        let reference_link = self.link_for(&result.references);
        self.row("opcua_binary_browse_result", |fields| {
            fields.put("browse_response_link_id", link.clone());
            fields.put("status_code_link_id", status_link.clone());
            bytes(fields, "browse_result_continuation_point", result.point);
            set(fields, "browse_reference_link_id", reference_link.as_ref());
        });
        self.status(&status_link, Source::BROWSE, 0, result.status);
        if let Some(link) = reference_link {
            result.references.iter().for_each(|reference| self.reference(&link, reference));
        }
    }

    fn reference(&mut self, link: &Text, reference: &Reference<'_>) {
        self.row("opcua_binary_browse_response_references", |fields| {
            fields.put("browse_reference_link_id", link.clone());
            node(fields, &REFERENCE, &reference.kind);
            fields.flag("browse_response_is_forward", reference.forward);
            expanded(
                fields,
                &TARGET,
                "browse_response_ref_type_namespace_uri",
                "browse_response_ref_type_server_idx",
                &reference.node,
            );
            if reference.name.namespace != 0 {
                fields.show("browse_response_ref_name_idx", reference.name.namespace);
            }
            text(fields, "browse_response_ref_name", reference.name.name);
            fields
                .put("browse_response_display_name_mask", format_compact!("{:#04x}", reference.display.mask));
            localized(
                fields,
                "browse_response_display_name_locale",
                "browse_response_display_name_text",
                &reference.display,
            );
            fields.put("browse_response_node_class", class(reference.class));
            expanded(
                fields,
                &DEFINITION,
                "browse_response_type_def_namespace_uri",
                "browse_response_type_def_server_idx",
                &reference.definition,
            );
        });
    }
}

/// The class of a node in the field's words.
fn class(number: u32) -> Text {
    names::node_class(number)
        .map_or_else(|| number.to_compact_string(), |name| format_compact!("{name}NodeClass"))
}

/// The classes of a mask; none of its bits means all of them (OPC 10000-4 clause 5.9.2).
fn classes(mask: u32) -> Text {
    if mask == 0 {
        return Text::const_new("All");
    }
    let mut text = Text::default();
    for bit in (0..32).map(|place| 1 << place).filter(|bit| mask & bit != 0) {
        if !text.is_empty() {
            text.push(',');
        }
        text.push_str(&class(bit));
    }
    text
}
