//! The rows of values, whatever holds them.

use super::access_rows::data_value;
use super::names;
use super::node_id::guid_text;
use super::rows::{NodeColumns, Rows, Source, bytes, double, expanded, node, text, when};
use super::session_rows::set;
use super::variant::{Value, Variant};
use crate::dialogue::Fields;
use city::Text;
use compact_str::{ToCompactString, format_compact};

/// How many values of one list are told.
const VALUES_MAX: usize = 1_024;

/// How many levels of values within values are told.
const LEVELS_MAX: u8 = 4;

const NODE: NodeColumns = [
    "variant_data_node_id_encoding_mask",
    "variant_data_node_id_namespace_idx",
    "variant_data_node_id_numeric",
    "variant_data_node_id_string",
    "variant_data_node_id_guid",
    "variant_data_node_id_opaque",
];

const OBJECT: NodeColumns = [
    "ext_obj_node_id_encoding_mask",
    "ext_obj_node_id_namespace_idx",
    "ext_obj_node_id_numeric",
    "ext_obj_node_id_string",
    "ext_obj_node_id_guid",
    "ext_obj_node_id_opaque",
];

/// What holds a value, by the field's number and name, and what a status code within it is of.
#[derive(Clone, Copy, Debug)]
pub struct Holder {
    number: u32,
    name: &'static str,
    source: Source,
}

impl Holder {
    pub const READ: Holder = Holder { number: 0, name: "Read", source: Source::READ };
    pub const WRITE: Holder = Holder { number: 1, name: "Write", source: Source::WRITE };
}

impl Rows<'_, '_> {
    /// The rows of a value and of all that is in it.
    pub fn variant(&mut self, link: &Text, holder: Holder, variant: &Variant<'_>) {
        self.variant_within(link, holder, variant, LEVELS_MAX);
    }

    fn variant_within(&mut self, link: &Text, holder: Holder, variant: &Variant<'_>, levels: u8) {
        if !self.out.wants_details() {
            return;
        }
        let dimensions = variant.dimensions();
        let dimension_link = self.link_for(&dimensions);
        let data_link = (variant.count > 0).then(|| self.next_link());
        self.row("opcua_binary_variant_metadata", |fields| {
            fields.put("variant_source_data_link_id", link.clone());
            fields.show("variant_data_source", holder.number);
            fields.put("variant_data_source_str", holder.name);
            fields.put("dara_variant_encoding_mask", format_compact!("{:#04x}", variant.encoding));
            let shape = u8::from(variant.is_list()) + u8::from(!dimensions.is_empty());
            fields.show("data_variant_data_type", shape);
            let shapes = ["Value", "Array", "MultiDimensionalArray"];
            super::rows::named(fields, "data_variant_data_type_str", &shapes, u32::from(shape));
            fields.show("built_in_data_type", variant.kind());
            if let Some(name) = names::built_in(variant.kind()) {
                fields.put("built_in_data_type_str", name);
            }
            if variant.is_list() {
                fields.show("variant_data_array_dim", variant.count);
            }
            set(fields, "variant_data_array_multi_dim_link_id", dimension_link.as_ref());
            set(fields, "variant_data_link_id", data_link.as_ref());
        });
        if let Some(link) = dimension_link {
            for dimension in dimensions.iter().take(VALUES_MAX) {
                self.row("opcua_binary_variant_array_dims", |fields| {
                    fields.put("array_dim_link_id", link.clone());
                    fields.show("dimension", dimension);
                });
            }
        }
        if let Some(link) = data_link {
            for value in variant.values().take(VALUES_MAX) {
                self.value(&link, holder, &value, levels);
            }
        }
    }

    fn value(&mut self, link: &Text, holder: Holder, value: &Value<'_>, levels: u8) {
        let inner = self.next_link();
        self.row("opcua_binary_variant_data", |fields| {
            fields.put("variant_data_link_id", link.clone());
            put_value(fields, value, &inner);
        });
        let below = levels.checked_sub(1);
        match (value, below) {
            (Value::Status(status), _) => self.status(&inner, holder.source, 0, *status),
            (Value::Diagnostic(said), _) => self.diagnostic(&inner, holder.source, said, &[]),
            (Value::Object(object), _) => self.row("opcua_binary_variant_extension_object", |fields| {
                fields.put("ext_obj_link_id", inner.clone());
                node(fields, &OBJECT, &object.type_id);
                if let Some(name) = object.type_id.standard().and_then(names::structure) {
                    fields.put("ext_obj_type_id_str", name);
                }
                fields.put("ext_obj_encoding", format_compact!("{:#04x}", object.encoding));
            }),
            (Value::Variant(variant), Some(below)) => self.variant_within(&inner, holder, variant, below),
            (Value::Data(data), Some(below)) => {
                let status = data.status.map(|status| (self.next_link(), status));
                let variant = data.value.map(|variant| (self.next_link(), variant));
                self.row("opcua_binary_variant_data_value", |fields| {
                    fields.put("variant_data_value_source_link_id", inner.clone());
                    data_value(fields, data);
                    set(fields, "status_code_link_id", status.as_ref().map(|(link, _)| link));
                    set(fields, "variant_data_value_link_id", variant.as_ref().map(|(link, _)| link));
                });
                if let Some((link, status)) = status {
                    self.status(&link, holder.source, 0, status);
                }
                if let Some((link, variant)) = variant {
                    self.variant_within(&link, holder, &variant, below);
                }
            }
            _ => {}
        }
    }
}

/// The columns of one value; `link` names the rows of what it holds.
fn put_value(fields: &mut Fields, value: &Value<'_>, link: &Text) {
    match value {
        Value::Boolean(value) => {
            fields.put("variant_data_value_unsigned_numeric", u8::from(*value).to_compact_string())
        }
        Value::Unsigned(value) => fields.show("variant_data_value_unsigned_numeric", value),
        Value::Signed(value) => fields.show("variant_data_value_signed_numeric", value),
        Value::Float(value) => fields.put("variant_data_value_decimal", double(f64::from(*value))),
        Value::Double(value) => fields.put("variant_data_value_decimal", double(*value)),
        Value::Text(value) => text(fields, "variant_data_value_string", *value),
        Value::Bytes(value) => bytes(fields, "variant_data_value_string", *value),
        Value::Guid(value) => fields.put("variant_data_value_string", guid_text(*value)),
        Value::Time(value) => fields.put("variant_data_value_time", when(*value)),
        Value::Node(value) => expanded(
            fields,
            &NODE,
            "variant_data_node_id_namespace_uri",
            "variant_data_node_id_server_idx",
            value,
        ),
        Value::Name(value) => {
            fields.show("variant_data_encoding_name_idx", value.namespace);
            text(fields, "variant_data_encoding_name", value.name);
        }
        Value::Localized(value) => {
            fields.put("variant_data_mask", format_compact!("{:#04x}", value.mask));
            super::rows::localized(fields, "variant_data_locale", "variant_data_text", value);
        }
        Value::Status(_) => fields.put("variant_data_status_code_link_id", link.clone()),
        Value::Diagnostic(_) => fields.put("variant_data_diag_info_link_id", link.clone()),
        Value::Object(_) => fields.put("variant_data_ext_obj_link_id", link.clone()),
        Value::Variant(_) => fields.put("variant_metadata_data_link_id", link.clone()),
        Value::Data(_) => fields.put("variant_data_value_source_link_id", link.clone()),
    }
}
