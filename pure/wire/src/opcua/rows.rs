//! Rows of the logs that the field keeps, and what many of them share: links, nodes, status codes, diagnostics.

use super::binary::Chars;
use super::message::time;
use super::node_id::{ExpandedNodeId, Identifier, LocalizedText, NodeId};
use super::status::Status;
use super::variant::Diagnostic;
use crate::dialogue::{Fields, Out, Side};
use crate::show::{escaped, seconds};
use city::Text;
use compact_str::{ToCompactString, format_compact};

/// The longest text of a column.
const COLUMN_BYTES_MAX: usize = 4_096;

/// How many bytes of a key, nonce or certificate the field's logs show.
const HEX_BYTES_MAX: usize = 24;

/// How many levels of diagnostics within diagnostics are told.
const LEVELS_MAX: u64 = 8;

/// What stands where a column would hold a credential.
pub const HIDDEN: &str = "(hidden)";

/// Makes the names by which rows of two logs belong together.
#[derive(Debug, Default)]
pub struct Links(u64);

impl Links {
    /// The next name: unlike any other of a reading, since no two conversations have both the time and the port of
    /// this one in common with one of them.
    pub fn next(&mut self, out: &Out<'_>) -> Text {
        self.0 += 1;
        let (from, to) = (out.port(Side::Source), out.port(Side::Destination));
        format_compact!("{:x}-{from:x}-{to:x}-{}", out.time.as_nanosecond(), self.0)
    }
}

/// Where the rows of one message go.
pub struct Rows<'r, 'o> {
    pub out: &'r mut Out<'o>,
    pub links: &'r mut Links,
    /// Who said it.
    pub side: Side,
    /// The name of the message's row in the main log.
    pub link: Text,
}

impl Rows<'_, '_> {
    /// A row.
    pub fn row(&mut self, log: &'static str, fill: impl FnOnce(&mut Fields)) {
        self.out.message(self.side, log, fill);
    }

    /// A new name for what belongs together.
    pub fn next_link(&mut self) -> Text {
        self.links.next(self.out)
    }

    /// A new name if there is anything to name.
    pub fn link_for<T>(&mut self, items: &[T]) -> Option<Text> {
        (!items.is_empty()).then(|| self.next_link())
    }

    /// The row of a status code.
    pub fn status(&mut self, link: &Text, source: Source, level: u64, status: Status) {
        self.row("opcua_binary_status_code_detail", |fields| {
            let Status(code) = status;
            fields.put("status_code_link_id", link.clone());
            fields.show("source", source.status.0);
            fields.put("source_str", source.status.1);
            fields.show("source_level", level);
            fields.put("status_code", format_compact!("{code:#010x}"));
            fields.show("severity", status.severity());
            let severity = ["Severity_Good", "Severity_Uncertain", "Severity_Bad", "Severity_Reserved"];
            named(fields, "severity_str", &severity, status.severity());
            fields.show("sub_code", status.sub_code());
            fields.put(
                "sub_code_str",
                status.name().map_or_else(|| format_compact!("{code:#010x}"), Into::into),
            );
            fields.flag("structure_changed", code & 0x8000 != 0);
            fields.flag("semantics_changed", code & 0x4000 != 0);
            let info = code >> 10 & 3;
            fields.show("info_type", info);
            named(
                fields,
                "info_type_str",
                &["InfoType_NotUsed", "InfoType_DataValue", "InfoType_Reserved"],
                info,
            );
            if !status.is_about_value() {
                return;
            }
            let limit = code >> 8 & 3;
            fields.show("limit_bits", limit);
            let limits = ["LimitBits_None", "LimitBits_Low", "LimitBits_High", "LimitBits_Constant"];
            named(fields, "limit_bits_str", &limits, limit);
            fields.flag("overflow", code & 0x80 != 0);
            let historian = code & 3;
            fields.show("historian_bits", historian);
            let kinds = [
                "HistorianBits_Raw",
                "HistorianBits_Calculated",
                "HistorianBits_Interpolated",
                "HistorianBits_Reserved",
            ];
            named(fields, "historian_bits_str", &kinds, historian);
            fields.flag("historianPartial", code & 4 != 0);
            fields.flag("historianExtraData", code & 8 != 0);
            fields.flag("historianMultiValue", code & 0x10 != 0);
        });
    }

    /// The rows of a diagnostic and of those within it.
    pub fn diagnostic(&mut self, link: &Text, source: Source, said: &Diagnostic<'_>, strings: &[Chars<'_>]) {
        let mut next = Some(*said);
        for level in 0..LEVELS_MAX {
            let Some(said) = next else { return };
            let inner = said.inner_status.map(|status| (self.next_link(), status));
            self.row("opcua_binary_diag_info_detail", |fields| {
                fields.put("diag_info_link_id", link.clone());
                fields.show("source", source.diagnostic.0);
                fields.put("source_str", source.diagnostic.1);
                fields.show("inner_diag_level", level);
                let mut place =
                    |has: &'static str, number: &'static str, name: &'static str, at: Option<i32>| {
                        fields.flag(has, at.is_some());
                        let Some(at) = at else { return };
                        fields.show(number, at);
                        text(
                            fields,
                            name,
                            usize::try_from(at).ok().and_then(|at| strings.get(at).copied()).flatten(),
                        );
                    };
                place("has_symbolic_id", "symbolic_id", "symbolic_id_str", said.symbolic_id);
                place("has_namespace_uri", "namespace_uri", "namespace_uri_str", said.namespace);
                place("has_locale", "locale", "locale_str", said.locale);
                place("has_locale_txt", "locale_txt", "locale_txt_str", said.text);
                fields.flag("has_addl_info", said.mask & 0x10 != 0);
                text(fields, "addl_info", said.more);
                fields.flag("has_inner_stat_code", inner.is_some());
                if let Some((link, _)) = &inner {
                    fields.put("inner_stat_code_link_id", link.clone());
                }
                fields.flag("has_inner_diag_info", said.mask & 0x40 != 0);
            });
            if let Some((link, status)) = inner {
                self.status(&link, source, level, status);
            }
            next = said.inner();
        }
    }
}

/// Which part of a message a status code or a diagnostic is of, by the numbers and names of the field's logs.
#[derive(Clone, Copy, Debug)]
pub struct Source {
    status: (u32, &'static str),
    diagnostic: (u32, &'static str),
}

impl Source {
    pub const HEADER: Source =
        Source { status: (0, "ResponseHeader"), diagnostic: (1, "ResponseHeader_DiagInfo") };
    pub const BROWSE: Source = Source { status: (2, "Browse"), diagnostic: (3, "Browse_DiagInfo") };
    pub const ACTIVATE: Source =
        Source { status: (4, "ActivateSession"), diagnostic: (5, "ActivateSession_DiagInfo") };
    pub const READ: Source = Source { status: (6, "Read"), diagnostic: (7, "Read_DiagInfo") };
    pub const MONITOR: Source =
        Source { status: (8, "CreateMonitoredItems"), diagnostic: (9, "CreateMonitoredItems_DiagInfo") };
    pub const WRITE: Source = Source { status: (18, "Write"), diagnostic: (19, "Write_DiagInfo") };
}

/// Text; unset where it is null or empty.
pub fn text(fields: &mut Fields, column: &'static str, chars: Chars<'_>) {
    if let Some(chars) = chars.filter(|chars| !chars.is_empty()) {
        fields.put(column, escaped(chars, COLUMN_BYTES_MAX));
    }
}

/// Text for a list.
pub fn item(chars: Chars<'_>) -> Text {
    escaped(chars.unwrap_or_default(), COLUMN_BYTES_MAX)
}

/// Bytes as the field's logs show them: in hexadecimal, the first of many; unset where there are none.
pub fn bytes(fields: &mut Fields, column: &'static str, chars: Chars<'_>) {
    if let Some(shown) = bytes_text(chars) {
        fields.put(column, shown);
    }
}

/// The same as a value.
pub fn bytes_text(chars: Chars<'_>) -> Option<Text> {
    let chars = chars.filter(|chars| !chars.is_empty())?;
    let shown = chars.get(..HEX_BYTES_MAX).unwrap_or(chars);
    let mut text = Text::const_new("0x");
    text.push_str(&crate::show::hexadecimal(shown, 2 * HEX_BYTES_MAX));
    if shown.len() < chars.len() {
        text.push_str("...");
    }
    Some(text)
}

/// The name of a small number; the number itself where there is none.
pub fn named(fields: &mut Fields, column: &'static str, names: &[&'static str], number: u32) {
    match names.get(number as usize) {
        Some(name) => fields.put(column, *name),
        None => fields.show(column, number),
    }
}

/// A time.
pub fn when(ticks: i64) -> Text {
    time(ticks).map_or(Text::const_new("0.000000"), seconds)
}

/// A number with a fraction, as Zeek writes a `double`: at most six digits after the point, at least one.
pub fn double(value: f64) -> Text {
    let text = format_compact!("{value:.6}");
    let kept = text.trim_end_matches('0');
    if kept.ends_with('.') { format_compact!("{kept}0") } else { kept.into() }
}

/// A number of milliseconds, whole.
pub fn whole(value: f64) -> Text {
    // A cast of what is out of range ends at the range's end.
    (value as i64).to_compact_string()
}

/// The columns of a node: its encoding, its namespace, and the four kinds of identifier.
pub type NodeColumns = [&'static str; 6];

/// The columns of a node.
pub fn node(fields: &mut Fields, columns: &NodeColumns, id: &NodeId<'_>) {
    node_or_hidden(fields, columns, id, false);
}

/// The columns of a node that is the secret of a session: only how it is encoded is shown.
pub fn secret_node(fields: &mut Fields, columns: &NodeColumns, id: &NodeId<'_>) {
    node_or_hidden(fields, columns, id, !id.is_null());
}

fn node_or_hidden(fields: &mut Fields, columns: &NodeColumns, id: &NodeId<'_>, hidden: bool) {
    let [encoding, namespace, numeric, string, guid, opaque] = *columns;
    fields.put(encoding, format_compact!("{:#04x}", id.encoding));
    if id.form() != 0 {
        fields.show(namespace, id.namespace);
    }
    match id.identifier {
        Identifier::Numeric(_) if hidden => fields.put(numeric, HIDDEN),
        Identifier::String(_) if hidden => fields.put(string, HIDDEN),
        Identifier::Guid(_) if hidden => fields.put(guid, HIDDEN),
        Identifier::Opaque(_) if hidden => fields.put(opaque, HIDDEN),
        Identifier::Numeric(number) => fields.show(numeric, number),
        Identifier::String(chars) => text(fields, string, chars),
        Identifier::Guid(bytes) => fields.put(guid, plain_guid(bytes)),
        Identifier::Opaque(chars) => bytes(fields, opaque, chars),
    }
}

/// The columns of a node that may be on another server, with those of its namespace's URI and of the server's number.
pub fn expanded(
    fields: &mut Fields,
    columns: &NodeColumns,
    uri: &'static str,
    server: &'static str,
    id: &ExpandedNodeId<'_>,
) {
    node(fields, columns, &id.node);
    text(fields, uri, id.uri);
    if let Some(number) = id.server {
        fields.show(server, number);
    }
}

/// The columns of a text in a language.
pub fn localized(fields: &mut Fields, locale: &'static str, column: &'static str, said: &LocalizedText<'_>) {
    text(fields, locale, said.locale);
    text(fields, column, said.text);
}

/// A GUID with its bytes in the order of the wire, as the field's logs have it.
pub fn plain_guid(guid: [u8; 16]) -> Text {
    let mut text = Text::default();
    for (place, byte) in guid.iter().enumerate() {
        if matches!(place, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text.push_str(&format_compact!("{byte:02x}"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_bytes_look_as_in_the_field_s_logs() {
        for (value, text) in [(250.0, "250.0"), (0.0, "0.0"), (0.5, "0.5"), (1.0 / 3.0, "0.333333")] {
            assert_eq!(double(value), text);
        }
        assert_eq!(whole(1_200_000.0), "1200000");
        assert_eq!(whole(f64::NAN), "0");
        assert_eq!(when(0), "0.000000");
        assert_eq!(when(132_248_064_000_000_010), "1580332800.000001");
        assert_eq!(bytes_text(Some(&[0xab; 24])).unwrap().len(), 50);
        assert!(bytes_text(Some(&[0xab; 25])).unwrap().ends_with("abab..."));
        assert_eq!(bytes_text(Some(&[])), None);
    }
}
