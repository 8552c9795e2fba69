//! Logs as Zeek writes them: a header that names the columns, then a row a line.

use std::collections::BTreeMap;

/// What one row says, by column. A column that the row leaves unset is absent.
pub type Row = BTreeMap<String, String>;

/// One log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Log {
    /// Its name, without `.log`.
    pub name: String,
    pub columns: Vec<String>,
    pub rows: Vec<Row>,
    /// Whether its columns are named by a line like those of its rows, as `zeek-cut -m` writes it.
    pub is_headed: bool,
}

/// Reads a log. `columns` are those of a log whose header was cut off.
pub fn parse(name: &str, text: &str, columns: Option<&[String]>) -> Log {
    let mut columns = columns.map(<[String]>::to_vec).unwrap_or_default();
    let mut rows = Vec::new();
    let mut is_headed = false;
    for line in text.lines() {
        if let Some(names) = line.strip_prefix("#fields\t") {
            columns = names.split('\t').map(str::to_owned).collect();
        } else if !line.is_empty() && !line.starts_with('#') {
            let values = line.split('\t').collect::<Vec<_>>();
            if columns.is_empty() && values.iter().any(|value| matches!(*value, "ts" | "uid" | "id.orig_h")) {
                columns = values.into_iter().map(str::to_owned).collect();
                is_headed = true;
                continue;
            }
            assert!(
                columns.is_empty() || values.len() == columns.len(),
                "{name}.log has {} columns and a row of {}: {line}",
                columns.len(),
                values.len()
            );
            let named = columns.iter().zip(values).filter_map(|(column, value)| match value {
                "-" => None,
                "(empty)" => Some((column.clone(), String::new())),
                value => Some((column.clone(), unescape(value))),
            });
            rows.push(named.collect());
        }
    }
    Log { name: name.into(), columns, rows, is_headed }
}

/// Turns `\xNN` back into bytes; what is then not UTF-8 becomes the replacement character.
fn unescape(value: &str) -> String {
    let mut parts = value.split("\\x");
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let byte = part.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match (byte, part.get(2..)) {
            (Some(byte), Some(rest)) => {
                bytes.push(byte);
                bytes.extend(rest.as_bytes());
            }
            _ => bytes.extend([b"\\x", part.as_bytes()].concat()),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[test]
fn a_log_names_its_columns() {
    let text = "#separator \\x09\n#fields\tid.orig_h\tnote\tlist\n192.0.2.1\ta\\x09b\\xzz\t(empty)\n192.0.2.2\t-\tx,y\n";
    let log = parse("dns", text, None);
    assert_eq!(log.columns, ["id.orig_h", "note", "list"]);
    assert_eq!(log.rows.len(), 2);
    assert_eq!(log.rows[0]["note"], "a\tb\\xzz");
    assert_eq!(log.rows[0]["list"], "");
    assert!(!log.rows[1].contains_key("note"));
}

#[test]
fn a_log_without_a_header_is_given_its_columns() {
    let columns = ["a".to_owned(), "b".to_owned()];
    let log = parse("modbus", "1\t2\n", Some(&columns));
    assert_eq!(log.rows, [Row::from([("a".into(), "1".into()), ("b".into(), "2".into())])]);
}
