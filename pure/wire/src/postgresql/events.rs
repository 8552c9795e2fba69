//! What Suricata tells of each transaction: a request with its response.

use super::message::Report;
use crate::dialogue::{Fields, Out, Side};
use crate::show::{escaped, readable};

/// The longest text of a report.
const TEXT_MAX: usize = 1 << 10;

/// The transactions of a conversation, of which one goes on at a time. Nothing is kept unless events are wanted.
#[derive(Default)]
pub struct Transactions {
    open: Option<Fields>,
    count: u64,
}

impl Transactions {
    /// A request begins one.
    pub fn begin(&mut self, client: Side, out: &mut Out<'_>, fill: impl FnOnce(&mut Fields)) {
        self.finish(client, out);
        self.put(out, fill);
    }

    /// Adds to the one that goes on; what comes unasked begins one.
    pub fn put(&mut self, out: &Out<'_>, fill: impl FnOnce(&mut Fields)) {
        if !out.wants_events() {
            return;
        }
        let fields = self.open.get_or_insert_with(|| {
            self.count += 1;
            let mut fields = Fields::default();
            fields.show("tx_id", self.count);
            fields
        });
        fill(fields);
    }

    /// Tells of the one that goes on.
    pub fn finish(&mut self, client: Side, out: &mut Out<'_>) {
        if let Some(open) = self.open.take() {
            out.event(client, "eve_pgsql", |fields| fields.append(&open));
        }
    }

    /// An error in the one that goes on.
    pub fn error(&mut self, report: &Report<'_>, out: &Out<'_>) {
        // The documentation's section "Error and Notice Message Fields".
        const FIELDS: [(u8, &str); 7] = [
            (b'S', "severity_localizable"),
            (b'V', "severity_non_localizable"),
            (b'C', "code"),
            (b'M', "message"),
            (b'F', "file"),
            (b'L', "line"),
            (b'R', "routine"),
        ];
        self.put(out, |fields| {
            for (letter, column) in FIELDS {
                if let Some(value) = report.field(letter) {
                    fields.put(column, readable(value, TEXT_MAX));
                }
            }
        });
    }

    /// A parameter that was sent or reported: `name=value`.
    pub fn parameter(fields: &mut Fields, column: &'static str, name: &[u8], value: &[u8]) {
        let (name, value) = (escaped(name, TEXT_MAX), escaped(value, TEXT_MAX));
        fields.put(column, format!("{name}={value}"));
    }
}
