//! Zeek's modbus.log and known_modbus.log, and ICSNPP's logs of what the messages hold.

use super::{
    log::{Head, Log},
    row::{Row, bytes_of_digits, detail, number, was_asked},
};
use city::{Reply, Request, Text};
use compact_str::format_compact;
use std::fmt::Display;

pub(super) const LOGS: &[Log] = &[
    Log {
        path: "modbus",
        head: Head::Ends,
        columns: &[
            ("tid", "count"),
            ("unit", "count"),
            ("func", "string"),
            ("pdu_type", "string"),
            ("exception", "string"),
        ],
    },
    Log {
        path: "modbus_detailed",
        head: Head::Ends,
        columns: &[
            ("tid", "count"),
            ("unit", "count"),
            ("func", "string"),
            ("address", "count"),
            ("quantity", "count"),
            ("request_values", "vector[count]"),
            ("response_values", "vector[count]"),
            ("modbus_detailed_link_id", "string"),
            ("matched", "bool"),
            ("request_subfunction_code", "string"),
            ("response_subfunction_code", "string"),
            ("request_data", "string"),
            ("response_data", "string"),
            ("exception_code", "string"),
            ("mei_type", "string"),
        ],
    },
    Log {
        path: "modbus_mask_write_register",
        head: Head::Sides,
        columns: &[
            ("modbus_detailed_link_id", "string"),
            ("tid", "count"),
            ("unit", "count"),
            ("func", "string"),
            ("request_response", "string"),
            ("address", "count"),
            ("and_mask", "count"),
            ("or_mask", "count"),
        ],
    },
    Log {
        path: "modbus_read_write_multiple_registers",
        head: Head::Sides,
        columns: &[
            ("modbus_detailed_link_id", "string"),
            ("tid", "count"),
            ("unit", "count"),
            ("func", "string"),
            ("request_response", "string"),
            ("write_start_address", "count"),
            ("write_registers", "vector[count]"),
            ("read_start_address", "count"),
            ("read_quantity", "count"),
            ("read_registers", "vector[count]"),
        ],
    },
    Log {
        path: "modbus_read_device_identification",
        head: Head::Sides,
        columns: &[
            ("modbus_detailed_link_id", "string"),
            ("tid", "count"),
            ("unit", "count"),
            ("func", "string"),
            ("request_response", "string"),
            ("mei_type", "string"),
            ("conformity_level_code", "string"),
            ("conformity_level", "string"),
            ("device_id_code", "count"),
            ("object_id_code", "string"),
            ("object_id", "string"),
            ("object_value", "string"),
        ],
    },
];

/// The rows of an exchange. `link` names it in ICSNPP's logs.
pub(super) fn rows(request: &Request, link: impl Display + Copy) -> Vec<Row> {
    let mut rows = Vec::new();
    rows.extend(was_asked(request).then(|| one_way(request, true)));
    rows.extend(was_answered(request).then(|| one_way(request, false)));
    detailed(request, link, &mut rows);
    match asked_code(request) {
        22 => mask_write(request, link, &mut rows),
        23 => read_write(request, link, &mut rows),
        43 if number(request, "mei-code").or(number(request, "response-mei-code")) == Some(14_u8) => {
            identification(request, link, &mut rows);
        }
        _ => {}
    }
    rows
}

fn was_answered(request: &Request) -> bool {
    request.reply != Reply::Missing
}

/// The function code, without the mark of an exception.
fn asked_code(request: &Request) -> u8 {
    let code = number::<u8>(request, "function-code").or(number(request, "response-function-code"));
    code.unwrap_or_default() & 0x7f
}

/// modbus.log: a message.
fn one_way(request: &Request, question: bool) -> Row {
    let mut row = Row::of(request, "modbus", true);
    let (code, kind) = if question { ("function-code", "REQ") } else { ("response-function-code", "RESP") };
    row.maybe("tid", detail(request, "transaction"));
    row.maybe("unit", detail(request, "unit"));
    row.put("func", function(number(request, code).unwrap_or_default()));
    row.put("pdu_type", kind);
    row.maybe("exception", exception(request).filter(|_| !question));
    row
}

/// modbus_detailed.log: an exchange. Of the two functions whose messages ICSNPP does not pair, a row for each message.
fn detailed(request: &Request, link: impl Display, rows: &mut Vec<Row>) {
    let code = asked_code(request);
    let (asked, answered) = (was_asked(request), was_answered(request));
    let mut row = Row::of(request, "modbus_detailed", true);
    row.maybe("tid", detail(request, "transaction"));
    row.maybe("unit", detail(request, "unit"));
    row.put("func", function(code));
    // A count of zero stands for what ICSNPP does not read.
    let (address, quantity) = match code {
        1..=6 | 15 | 16 => (detail(request, "address"), detail(request, "quantity")),
        20 | 21 => (None, Some("0")),
        22 => (detail(request, "address").or(detail(request, "response-address")), None),
        24 => (detail(request, "address"), Some(detail(request, "fifo-count").unwrap_or("0"))),
        _ => (None, None),
    };
    row.maybe("address", address);
    row.maybe("quantity", quantity);
    if matches!(code, 5 | 6 | 15 | 16) {
        row.items("request_values", detail(request, "request-values"));
    }
    if matches!(code, 1..=6) {
        row.items("response_values", detail(request, "response-values"));
    }
    if matches!(code, 22 | 23 | 43) {
        row.show("modbus_detailed_link_id", &link);
    }
    let is_paired = !matches!(code, 7 | 17);
    if is_paired {
        row.flag("matched", asked && answered);
    }
    if code == 8 {
        for (key, column) in [("request-data", "request_data"), ("response-data", "response_data")] {
            row.maybe(column, detail(request, key).map(bytes_of_digits));
        }
        row.maybe("request_subfunction_code", subfunction(request, "request-subfunction-code"));
        row.maybe("response_subfunction_code", subfunction(request, "response-subfunction-code"));
    } else {
        let padding = detail(request, "response-padding").filter(|bits| !bits.is_empty());
        row.maybe("response_data", padding);
    }
    row.maybe("exception_code", exception(request));
    row.maybe("mei_type", mei(request));
    let row = row;
    if !is_paired && asked && answered {
        rows.push(row.clone());
    }
    rows.push(row);
}

/// The two messages of an exchange, for logs that have a row for each.
fn messages<'r>(
    request: &'r Request,
    log: &'static str,
    link: impl Display + 'r,
) -> impl Iterator<Item = (bool, Row)> + 'r {
    let ways = [(true, was_asked(request)), (false, was_answered(request))];
    ways.into_iter().filter(|(_, seen)| *seen).map(move |(question, _)| {
        let mut row = Row::of(request, log, question);
        row.show("modbus_detailed_link_id", &link);
        row.maybe("tid", detail(request, "transaction"));
        row.maybe("unit", detail(request, "unit"));
        row.put("func", function(asked_code(request)));
        row.put("request_response", if question { "REQUEST" } else { "RESPONSE" });
        (question, row)
    })
}

fn mask_write(request: &Request, link: impl Display, rows: &mut Vec<Row>) {
    for (question, mut row) in messages(request, "modbus_mask_write_register", link) {
        let names = if question {
            ["address", "and-mask", "or-mask"]
        } else {
            ["response-address", "response-and-mask", "response-or-mask"]
        };
        for (column, name) in ["address", "and_mask", "or_mask"].into_iter().zip(names) {
            row.maybe(column, detail(request, name));
        }
        rows.push(row);
    }
}

fn read_write(request: &Request, link: impl Display, rows: &mut Vec<Row>) {
    for (question, mut row) in messages(request, "modbus_read_write_multiple_registers", link) {
        if question {
            row.maybe("write_start_address", detail(request, "write-address"));
            row.items("write_registers", detail(request, "write-registers"));
            row.maybe("read_start_address", detail(request, "read-address"));
            row.maybe("read_quantity", detail(request, "read-quantity"));
        } else {
            row.items("read_registers", detail(request, "response-values"));
        }
        rows.push(row);
    }
}

/// modbus_read_device_identification.log: a row for the question and for each object of the answer.
fn identification(request: &Request, link: impl Display, rows: &mut Vec<Row>) {
    for (question, mut row) in messages(request, "modbus_read_device_identification", link) {
        row.maybe("mei_type", mei(request));
        if question {
            row.maybe("device_id_code", detail(request, "identification-code"));
            if let Some(object) = number::<u8>(request, "object-id") {
                row.put("object_id_code", format!("{object:#04x}"));
                row.put("object_id", object_name(object));
            }
            rows.push(row);
            continue;
        }
        row.maybe("device_id_code", detail(request, "response-identification-code"));
        if let Some(level) = number::<u8>(request, "conformity-level") {
            row.put("conformity_level_code", format!("{level:#04x}"));
            row.put("conformity_level", conformity(level));
        }
        let mut objects = request.details.iter().filter_map(|(name, value)| Some((object(name)?, value)));
        let mut any = false;
        for (object, value) in &mut objects {
            any = true;
            let mut row = row.clone();
            let mut put = |column, value: String| row.put(column, value);
            put("object_id_code", format!("{object:#04x}"));
            put("object_id", object_name(object).to_owned());
            put("object_value", value.to_string());
            rows.push(row);
        }
        if !any {
            rows.push(row);
        }
    }
}

/// The number of an object of a device identification, by the name that its detail has.
fn object(name: &str) -> Option<u8> {
    Some(match name {
        "vendor-name" => 0,
        "product-code" => 1,
        "major-minor-revision" => 2,
        "vendor-url" => 3,
        "product-name" => 4,
        "model-name" => 5,
        "user-application-name" => 6,
        other => return other.strip_prefix("object-")?.parse().ok(),
    })
}

fn object_name(object: u8) -> &'static str {
    match object {
        0 => "VendorName",
        1 => "ProductCode",
        2 => "MajorMinorRevision",
        3 => "VendorUrl",
        4 => "ProductName",
        5 => "ModelName",
        6 => "UserApplicationName",
        7..=127 => "Reserved",
        128.. => "Private",
    }
}

fn conformity(level: u8) -> &'static str {
    match level {
        0x01 => "Basic Identification (stream access only)",
        0x02 => "Regular Identification (stream access only)",
        0x03 => "Extended Identification (stream access only)",
        0x81 => "Basic Identification (stream access and individual access)",
        0x82 => "Regular Identification (stream access and individual access)",
        0x83 => "Extended Identification (stream access and individual access)",
        _ => "unknown",
    }
}

/// What an encapsulated message holds.
fn mei(request: &Request) -> Option<Text> {
    if asked_code(request) != 43 {
        return None;
    }
    let code: u8 = number(request, "mei-code").or(number(request, "response-mei-code"))?;
    Some(match code {
        13 => Text::const_new("CANopen General Reference Request and Response PDU"),
        14 => Text::const_new("Read Device Identification"),
        other => format_compact!("unknown-{other}"),
    })
}

fn subfunction(request: &Request, name: &str) -> Option<Text> {
    let code: u16 = number(request, name)?;
    let name = match code {
        0 => "Return Query Data",
        1 => "Restart Communications Option",
        2 => "Return Diagnostic Register",
        3 => "Change ASCII Input Delimiter",
        4 => "Force Listen Only Mode",
        10 => "Clear Counters and Diagnostic Register",
        11 => "Return Bus Message Count",
        12 => "Return Bus Communication Error Count",
        13 => "Return Bus Exception Error Count",
        14 => "Return Server Message Count",
        15 => "Return Server No Response Count",
        16 => "Return Server NAK Count",
        17 => "Return Server Busy Count",
        18 => "Return Bus Character Overrun Count",
        20 => "Clear Overrun Counter and Flag",
        other => return Some(format_compact!("unknown-{other}")),
    };
    Some(Text::const_new(name))
}

/// A function as Zeek names it.
fn function(code: u8) -> Text {
    let name = match code & 0x7f {
        1 => "READ_COILS",
        2 => "READ_DISCRETE_INPUTS",
        3 => "READ_HOLDING_REGISTERS",
        4 => "READ_INPUT_REGISTERS",
        5 => "WRITE_SINGLE_COIL",
        6 => "WRITE_SINGLE_REGISTER",
        7 => "READ_EXCEPTION_STATUS",
        8 => "DIAGNOSTICS",
        9 => "PROGRAM_484",
        10 => "POLL_484",
        11 => "GET_COMM_EVENT_COUNTER",
        12 => "GET_COMM_EVENT_LOG",
        13 => "PROGRAM_584_984",
        14 => "POLL_584_984",
        15 => "WRITE_MULTIPLE_COILS",
        16 => "WRITE_MULTIPLE_REGISTERS",
        17 => "REPORT_SLAVE_ID",
        18 => "PROGRAM_884_U84",
        19 => "RESET_COMM_LINK_884_U84",
        20 => "READ_FILE_RECORD",
        21 => "WRITE_FILE_RECORD",
        22 => "MASK_WRITE_REGISTER",
        23 => "READ_WRITE_MULTIPLE_REGISTERS",
        24 => "READ_FIFO_QUEUE",
        40 => "PROGRAM_CONCEPT",
        43 => "ENCAP_INTERFACE_TRANSPORT",
        125 => "FIRMWARE_REPLACEMENT",
        126 => "PROGRAM_584_984_2",
        127 => "REPORT_LOCAL_ADDRESS",
        _ => return format_compact!("unknown-{code}"),
    };
    if code & 0x80 == 0 { Text::const_new(name) } else { format_compact!("{name}_EXCEPTION") }
}

/// Why a request was refused, as Zeek names it.
fn exception(request: &Request) -> Option<Text> {
    let code: u8 = number(request, "exception-code")?;
    let name = match code {
        1 => "ILLEGAL_FUNCTION",
        2 => "ILLEGAL_DATA_ADDRESS",
        3 => "ILLEGAL_DATA_VALUE",
        4 => "SLAVE_DEVICE_FAILURE",
        5 => "ACKNOWLEDGE",
        6 => "SLAVE_DEVICE_BUSY",
        8 => "MEMORY_PARITY_ERROR",
        10 => "GATEWAY_PATH_UNAVAILABLE",
        11 => "GATEWAY_TARGET_DEVICE_FAILED_TO_RESPOND",
        other => return Some(format_compact!("unknown-{other}")),
    };
    Some(Text::const_new(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use city::{Flow, Protocol, Target, Transport, Verb};

    fn request(details: &[(&'static str, &str)], reply: Reply) -> Request {
        Request {
            flow: Flow {
                source: city::Address::Ip([192, 0, 2, 1].into()),
                source_port: 50_000,
                destination: city::Address::Ip([192, 0, 2, 2].into()),
                destination_port: 502,
                transport: Transport::Tcp,
                protocol: Some(Protocol::Modbus),
            },
            back: false,
            verb: Verb::Read,
            function: "read-coils".into(),
            target: Target::default(),
            value: None,
            reply,
            details: details
                .iter()
                .map(|(name, value)| (Text::const_new(name), Text::from(*value)))
                .collect(),
        }
    }

    fn column<'r>(row: &'r Row, name: &str) -> Vec<&'r str> {
        let fields = row.message.fields.iter().filter(|(known, _)| known == name);
        fields.map(|(_, value)| value.as_str()).collect()
    }

    #[test]
    fn an_exchange_is_two_messages_and_one_row_of_what_they_hold() {
        let asked = [
            ("transaction", "7"),
            ("unit", "4"),
            ("function-code", "1"),
            ("address", "1"),
            ("quantity", "2"),
        ];
        let answered = [
            ("response-function-code", "1"),
            ("response-values", "1,0"),
            ("response-padding", "0,0,0,0,0,0"),
        ];
        let rows = rows(&request(&[&asked[..], &answered].concat(), Reply::Done), "link");
        let logs: Vec<&str> = rows.iter().map(|row| row.message.log.as_str()).collect();
        assert_eq!(logs, ["modbus", "modbus", "modbus_detailed"]);
        let kinds: Vec<_> = rows.iter().map(|row| column(row, "pdu_type")).collect();
        assert_eq!(kinds, [vec!["REQ"], vec!["RESP"], vec![]]);
        assert_eq!(column(&rows[2], "response_values"), ["1", "0"]);
        assert_eq!(column(&rows[2], "response_data"), ["0,0,0,0,0,0"]);
        assert_eq!(column(&rows[2], "matched"), ["T"]);
    }

    #[test]
    fn a_refusal_has_the_exception_of_its_reply_alone() {
        let details = [
            ("function-code", "3"),
            ("response-function-code", "131"),
            ("exception", "illegal-data-address"),
            ("exception-code", "2"),
        ];
        let rows = rows(&request(&details, Reply::Refused("illegal-data-address".into())), "link");
        let functions: Vec<_> = rows.iter().flat_map(|row| column(row, "func")).collect();
        assert_eq!(
            functions,
            ["READ_HOLDING_REGISTERS", "READ_HOLDING_REGISTERS_EXCEPTION", "READ_HOLDING_REGISTERS"]
        );
        let exceptions: Vec<_> = rows.iter().map(|row| column(row, "exception")).collect();
        assert_eq!(exceptions, [vec![], vec!["ILLEGAL_DATA_ADDRESS"], vec![]]);
        assert_eq!(column(&rows[2], "exception_code"), ["ILLEGAL_DATA_ADDRESS"]);
    }
}
