//! Answers, shown: one JSON value, as a table, as JSON or as CSV.

use crate::{
    arguments::Format,
    table::{Table, printable},
};
use serde_json::Value;
use std::io::{self, Write};

/// A column: its title in tables, its stable name in CSV, and where in each row its value stands (RFC 6901).
#[derive(Clone, Copy)]
pub(crate) struct Column {
    pub(crate) title: &'static str,
    pub(crate) name: &'static str,
    pub(crate) pointer: &'static str,
}

/// A column whose stable name is its place in the row.
pub(crate) const fn column(title: &'static str, name: &'static str, pointer: &'static str) -> Column {
    Column { title, name, pointer }
}

/// The columns of assets.
pub(crate) const ASSETS: [Column; 8] = [
    column("Device", "name", "/name"),
    column("Addresses", "addresses", "/addresses"),
    column("Zone", "zone", "/zone"),
    column("Presence", "presence", "/presence"),
    column("Vendor", "vendor", "/vendor"),
    column("Product", "product", "/product"),
    column("Role", "role", "/role"),
    column("Findings", "findings", "/findings"),
];

/// The columns of findings.
pub(crate) const FINDINGS: [Column; 6] = [
    column("No", "number", "/number"),
    column("Severity", "severity", "/severity"),
    column("Finding", "title", "/title"),
    column("Rule", "rule", "/rule"),
    column("Times", "count", "/count"),
    column("Last seen", "last", "/last"),
];

/// The columns of incidents.
pub(crate) const INCIDENTS: [Column; 7] = [
    column("No", "number", "/number"),
    column("State", "state", "/state"),
    column("Gravity", "severity", "/severity"),
    column("Incident", "title", "/title"),
    column("Services", "services", "/services"),
    column("Seen to by", "owner", "/owner"),
    column("Detected", "detected", "/detected"),
];

/// The columns of what happened in an incident.
pub(crate) const TIMELINE: [Column; 4] = [
    column("Time", "time", "/time"),
    column("By", "by", "/by"),
    column("Finding", "finding", "/finding"),
    column("What", "text", "/text"),
];

/// The columns of services.
pub(crate) const SERVICES: [Column; 5] = [
    column("Service", "name", "/name"),
    column("Stands", "standing", "/standing"),
    column("Impact", "impact", "/impact"),
    column("Devices heard", "heard", "/heard"),
    column("Because", "because", "/because"),
];

/// The columns of responses.
pub(crate) const RESPONSES: [Column; 5] = [
    column("No", "number", "/number"),
    column("State", "state", "/state"),
    column("Address", "address", "/target/address"),
    column("Response", "headline", "/headline"),
    column("Waits for", "waits_for", "/waits_for"),
];

/// Writes rows in a format. JSON keeps everything; tables and CSV show the columns.
pub(crate) fn rows(out: &mut impl Write, rows: &Value, columns: &[Column], format: Format) -> io::Result<()> {
    let list = rows.as_array().map(Vec::as_slice).unwrap_or_default();
    match format {
        Format::Json => {
            serde_json::to_writer_pretty(&mut *out, rows)?;
            writeln!(out)
        }
        Format::Csv => {
            let names: Vec<String> = columns.iter().map(|column| column.name.to_owned()).collect();
            write_csv(out, &names)?;
            list.iter().try_for_each(|row| {
                let cells: Vec<String> =
                    columns.iter().map(|column| text(row.pointer(column.pointer))).collect();
                write_csv(out, &cells)
            })
        }
        Format::Table if list.is_empty() => writeln!(out, "None."),
        Format::Table => {
            let titles: Vec<&'static str> = columns.iter().map(|column| column.title).collect();
            let mut table = Table::new(&titles);
            for row in list {
                table.row(columns.iter().map(|column| for_people(column, row.pointer(column.pointer))));
            }
            table.write(out)
        }
    }
}

/// A value as text: lists with `;` between, nothing as an empty text.
fn text(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(list)) => list
            .iter()
            .map(|item| text(Some(item.pointer("/id").unwrap_or(item))))
            .collect::<Vec<_>>()
            .join(";"),
        Some(Value::Object(object)) => text(object.get("id").or_else(|| object.get("address"))),
        Some(other) => other.to_string(),
    }
}

/// The same for a person's eye: lists with commas, times without fractions.
fn for_people(column: &Column, value: Option<&Value>) -> String {
    let text = match value {
        Some(Value::Array(_)) => text(value).replace(';', ", "),
        _ => text(value),
    };
    let is_time = matches!(column.name, "first" | "last" | "time" | "last_heard");
    match text.parse::<jiff::Timestamp>() {
        Ok(time) if is_time => local(time),
        _ => printable(&text),
    }
}

/// A time in the machine's zone, with the zone's offset.
pub(crate) fn local(time: jiff::Timestamp) -> String {
    time.to_zoned(jiff::tz::TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S %:z").to_string()
}

/// RFC 4180, and nothing that a spreadsheet would run: a leading `=`, `+`, `-` or `@` is set in quotes behind a `'`.
fn write_csv(out: &mut impl Write, cells: &[String]) -> io::Result<()> {
    for (i, cell) in cells.iter().enumerate() {
        if i > 0 {
            out.write_all(b",")?;
        }
        let risky = cell.starts_with(['=', '+', '-', '@']) && cell.parse::<f64>().is_err();
        let guard = if risky { "'" } else { "" };
        if risky || cell.contains(['"', ',', '\n', '\r']) {
            write!(out, "\"{guard}{}\"", cell.replace('"', "\"\""))?;
        } else {
            out.write_all(cell.as_bytes())?;
        }
    }
    out.write_all(b"\r\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const COLUMNS: [Column; 3] =
        [column("No", "number", "/number"), column("What", "what", "/what"), column("Who", "who", "/who")];

    fn shown(value: &Value, format: Format) -> String {
        let mut out = Vec::new();
        rows(&mut out, value, &COLUMNS, format).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn one_value_is_shown_in_three_ways() {
        let value = json!([{"number": 1, "what": "a, \"b\"", "who": [{"id": "x"}, {"id": "y"}]}, {"number": 2, "what": "=1+1"}]);
        assert_eq!(shown(&value, Format::Table), "NO  WHAT    WHO\n1   a, \"b\"  x, y\n2   =1+1\n");
        assert_eq!(
            shown(&value, Format::Csv),
            "number,what,who\r\n1,\"a, \"\"b\"\"\",x;y\r\n2,\"'=1+1\",\r\n"
        );
        assert_eq!(serde_json::from_str::<Value>(&shown(&value, Format::Json)).unwrap(), value);
        assert_eq!(shown(&json!([]), Format::Table), "None.\n");
    }
}
