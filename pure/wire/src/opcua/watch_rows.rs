//! The rows of subscriptions and of what they watch.

use super::access_rows::TIMESTAMPS;
use super::binary::{Binary, Chars};
use super::message::{Monitoring, NewItem, Pace, ReadValue};
use super::names;
use super::node_id::{ExtensionObject, parse_node_id};
use super::rows::{NodeColumns, Rows, Source, double, named, node, text, when, whole};
use super::session_rows::set;
use super::variant::Diagnostic;
use crate::dialogue::Fields;
use city::Text;
use compact_str::{ToCompactString, format_compact};

const NODE: NodeColumns = [
    "item_to_monitor_node_id_encoding_mask",
    "item_to_monitor_node_id_namespace_idx",
    "item_to_monitor_node_id_numeric",
    "item_to_monitor_node_id_string",
    "item_to_monitor_node_id_guid",
    "item_to_monitor_node_id_opaque",
];

const FILTER: NodeColumns = [
    "monitoring_parameters_filter_info_type_id_node_id_encoding_mask",
    "monitoring_parameters_filter_info_type_id_node_id_namespace_idx",
    "monitoring_parameters_filter_info_type_id_node_id_numeric",
    "monitoring_parameters_filter_info_type_id_node_id_string",
    "monitoring_parameters_filter_info_type_id_node_id_guid",
    "monitoring_parameters_filter_info_type_id_node_id_opaque",
];

const AGGREGATE: NodeColumns = [
    "aggregate_type_encoding_mask",
    "aggregate_type_namespace_idx",
    "aggregate_type_numeric",
    "aggregate_type_string",
    "aggregate_type_guid",
    "aggregate_type_opaque",
];

const ITEM_LOG: &str = "opcua_binary_create_monitored_items_create_item";

impl Rows<'_, '_> {
    /// A wish for a subscription.
    pub fn create_subscription(&mut self, pace: &Pace, limit: u32, enabled: bool, priority: u8) {
        let link = self.link.clone();
        self.row("opcua_binary_create_subscription", |fields| {
            fields.put("opcua_link_id", link);
            fields.put("requested_publishing_interval", whole(pace.interval));
            fields.show("requested_lifetime_count", pace.lifetime);
            fields.show("requested_max_keep_alive_count", pace.keep_alive);
            fields.show("max_notifications_per_publish", limit);
            fields.flag("publishing_enabled", enabled);
            fields.show("priority", priority);
        });
    }

    /// A subscription.
    pub fn created_subscription(&mut self, id: u32, pace: &Pace) {
        let link = self.link.clone();
        self.row("opcua_binary_create_subscription", |fields| {
            fields.put("opcua_link_id", link);
            fields.show("subscription_id", id);
            fields.put("revised_publishing_interval", whole(pace.interval));
            fields.show("revised_lifetime_count", pace.lifetime);
            fields.show("revised_max_keep_alive_count", pace.keep_alive);
        });
    }

    /// A wish to watch something.
    pub fn create_items(
        &mut self,
        subscription: u32,
        timestamps: u32,
        items: &[(ReadValue<'_>, u32, Monitoring<'_>)],
    ) {
        let link = self.link.clone();
        let item_link = self.link_for(items);
        self.row("opcua_binary_create_monitored_items", |fields| {
            fields.put("opcua_link_id", link);
            fields.show("subscription_id", subscription);
            fields.show("timestamps_to_return", timestamps);
            named(fields, "timestamps_to_return_str", &TIMESTAMPS, timestamps);
            set(fields, "create_item_link_id", item_link.as_ref());
        });
        let Some(link) = item_link else { return };
        for (watched, mode, monitoring) in items {
            let filter = (!monitoring.filter.type_id.is_null()).then(|| self.next_link());
            self.row(ITEM_LOG, |fields| {
                fields.put("create_item_link_id", link.clone());
                node(fields, &NODE, &watched.node);
                let name = names::attribute(watched.attribute);
                fields.put(
                    "item_to_monitor_attribute_id",
                    name.map_or_else(|| watched.attribute.to_compact_string(), Into::into),
                );
                text(fields, "item_to_monitor_index_range", watched.range);
                if watched.encoding.namespace != 0 {
                    fields.show("item_to_monitor_namespace_idx", watched.encoding.namespace);
                }
                text(fields, "item_to_monitor_name", watched.encoding.name);
                let mode_name = names::monitoring_mode(*mode);
                fields.put("monitoring_mode", mode_name.map_or_else(|| mode.to_compact_string(), Into::into));
                fields.show("monitoring_parameters_client_handle", monitoring.handle);
                fields.put("monitoring_parameters_sampling_interval", double(monitoring.interval));
                fields.show("monitoring_parameters_queue_size", monitoring.queue);
                fields.flag("monitoring_parameters_discard_oldest", monitoring.discard_oldest);
                filter_type(fields, &monitoring.filter);
                set(fields, "monitoring_parameters_filter_info_details_link_id", filter.as_ref());
            });
            if let Some(link) = filter {
                self.filter(&link, &monitoring.filter);
            }
        }
    }

    /// What became of it.
    pub fn created_items(
        &mut self,
        results: &[NewItem<'_>],
        diagnostics: &[Diagnostic<'_>],
        strings: &[Chars<'_>],
    ) {
        let link = self.link.clone();
        let (item_link, diagnostic_link) = (self.link_for(results), self.link_for(diagnostics));
        self.row("opcua_binary_create_monitored_items", |fields| {
            fields.put("opcua_link_id", link);
            set(fields, "create_item_link_id", item_link.as_ref());
            set(fields, "diag_info_link_id", diagnostic_link.as_ref());
        });
        if let Some(link) = item_link {
            for result in results {
                let status_link = self.next_link();
                self.row(ITEM_LOG, |fields| {
                    fields.put("create_item_link_id", link.clone());
                    filter_type(fields, &result.filter);
                    fields.put("monitoring_parameters_status_code_link_id", status_link.clone());
                    fields.show("monitored_item_index_id", result.id);
                    fields.put("monitoring_parameters_revised_sampling_interval", double(result.interval));
                    fields.show("monitoring_parameters_revised_queue_size", result.queue);
                });
                self.status(&status_link, Source::MONITOR, 0, result.status);
            }
        }
        if let Some(link) = diagnostic_link {
            diagnostics.iter().for_each(|said| self.diagnostic(&link, Source::MONITOR, said, strings));
        }
    }

    /// By what changes are picked (OPC 10000-4 clause 7.22), apart from events.
    fn filter(&mut self, link: &Text, filter: &ExtensionObject<'_>) {
        let mut from = Binary::new(filter.body);
        let read = match filter.type_id.standard() {
            Some(724) => self.data_change_filter(link, &mut from),
            Some(730) => self.aggregate_filter(link, &mut from),
            _ => None,
        };
        // What is cut short has no row.
        let _ = read;
    }

    fn data_change_filter(&mut self, link: &Text, from: &mut Binary<'_>) -> Option<()> {
        let (trigger, kind, value) = (from.u32()?, from.u32()?, from.f64()?);
        self.row("opcua_binary_data_change_filter", |fields| {
            fields.put("monitored_parameters_link_id", link.clone());
            named(fields, "trigger", &["Status", "StatusValue", "StatusValueTimestamp"], trigger);
            named(fields, "deadband_type", &["None", "Absolute", "Percent"], kind);
            fields.put("deadband_value", double(value));
        });
        Some(())
    }

    fn aggregate_filter(&mut self, link: &Text, from: &mut Binary<'_>) -> Option<()> {
        let (start, kind, interval) = (from.i64()?, parse_node_id(from)?, from.f64()?);
        let (default, bad) = (from.flag()?, from.flag()?);
        let (percent_bad, percent_good, sloped) = (from.u8()?, from.u8()?, from.flag()?);
        self.row("opcua_binary_aggregate_filter", |fields| {
            fields.put("monitored_parameters_link_id", link.clone());
            fields.put("start_time", when(start));
            node(fields, &AGGREGATE, &kind);
            fields.put("processing_interval", double(interval));
            fields.flag("use_server_cap_default", default);
            fields.flag("treat_uncertain_as_bad", bad);
            fields.show("percent_data_bad", percent_bad);
            fields.show("percent_data_good", percent_good);
            fields.flag("use_sloped_extrapolation", sloped);
        });
        Some(())
    }
}

/// The columns of a filter's type; unset where there is no filter.
fn filter_type(fields: &mut Fields, filter: &ExtensionObject<'_>) {
    if filter.type_id.is_null() {
        return;
    }
    node(fields, &FILTER, &filter.type_id);
    if let Some(name) = filter.type_id.standard().and_then(names::structure) {
        fields.put("monitoring_parameters_filter_info_type_id_string", name);
    }
    fields.put(
        "monitoring_parameters_filter_info_type_id_encoding",
        format_compact!("{:#04x}", filter.encoding),
    );
}
