//! `modbus`: each exchange, in the words of sawp, by which Suricata reads Modbus.

use super::event::{Event, Object, bytes, detail, number, text_of};
use city::{Details, Reply, Request};

/// The events of a request.
pub(super) fn event(request: &Request) -> Event {
    let details = &request.details;
    let mut body = Object::default();
    body.number("id", details, "exchange");
    if detail(details, "request-seen") != Some("false") {
        body.put("request", message(details, Side::Request));
    }
    if request.reply != Reply::Missing {
        body.put("response", message(details, Side::Response));
    }
    Event::of("modbus", request, body)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Request,
    Response,
}

impl Side {
    /// The name of a detail of this side.
    fn key(self, request: &'static str, response: &'static str) -> &'static str {
        match self {
            Side::Request => request,
            Side::Response => response,
        }
    }
}

fn message(details: &Details, side: Side) -> Object {
    let mut message = Object::default();
    message.number("transaction_id", details, "transaction");
    message.number("protocol_id", details, "protocol-id");
    message.number("unit_id", details, "unit");
    let raw = number(details, side.key("function-code", "response-function-code")).unwrap_or(0);
    let code = raw & 0x7f;
    let access = access(code);
    message.put("function_raw", raw);
    message.put("function_code", function(code));
    message.put("access_type", access);
    message.put("category", category(details, side, code));
    message.put("error_flags", error_flags(details, side, raw));
    let raw_bytes =
        || bytes(detail(details, side.key("request-bytes", "response-bytes")).unwrap_or_default());
    let within = |name: &str, number: u64, skipped: usize| {
        let mut object = Object::default();
        object.put("raw", number);
        object.put("code", name);
        object.put("data", text_of(raw_bytes().get(skipped..).unwrap_or_default()));
        object
    };
    match code {
        _ if raw & 0x80 != 0 => {
            let mut exception = Object::default();
            let number = number(details, "exception-code").unwrap_or(0);
            exception.put("raw", number);
            exception.put("code", exception_name(number));
            message.put("exception", exception);
        }
        8 => {
            let key = side.key("request-subfunction-code", "response-subfunction-code");
            let number = number(details, key).unwrap_or(0);
            message.put("diagnostic", within(diagnostic(number), number, 2));
        }
        43 => {
            let number = raw_bytes().first().map_or(0, |first| u64::from(*first));
            message.put("mei", within(mei(number), number, 1));
        }
        1..=4 => message.put("read", read(details, side, code)),
        5 | 6 | 15 | 16 | 22 => message.put("write", write(details, side, code)),
        23 => {
            message.put("read", read(details, side, code));
            if side == Side::Request {
                let mut write = Object::default();
                write.number("address", details, "write-address");
                write.number("quantity", details, "write-quantity");
                write.put("data", text_of(&registers(detail(details, "write-registers"))));
                message.put("write", write);
            }
        }
        _ => {
            let bytes = raw_bytes();
            message.put("data", text_of(&bytes));
        }
    }
    message
}

fn read(details: &Details, side: Side, code: u64) -> Object {
    let mut read = Object::default();
    match side {
        Side::Request if code == 23 => {
            read.number("address", details, "read-address");
            read.number("quantity", details, "read-quantity");
        }
        Side::Request => {
            read.number("address", details, "address");
            read.number("quantity", details, "quantity");
        }
        Side::Response => {
            let values = detail(details, "response-values");
            let sent = match code {
                1 | 2 => bits([values, detail(details, "response-padding")].into_iter().flatten()),
                _ => registers(values),
            };
            read.put("data", text_of(&sent));
        }
    }
    read
}

fn write(details: &Details, side: Side, code: u64) -> Object {
    let mut write = Object::default();
    let values = detail(details, side.key("request-values", "response-values"));
    write.number("address", details, side.key("address", "response-address"));
    match code {
        5 | 6 => {
            // A coil that is on is sent as 0xff00 (clause 6.5).
            let value = values.and_then(|value| value.parse::<u64>().ok());
            let sent =
                if code == 5 { value.map(|value| if value == 1 { 0xff00 } else { value }) } else { value };
            write.maybe("data", sent);
        }
        22 => {
            write.number("and_mask", details, side.key("and-mask", "response-and-mask"));
            write.number("or_mask", details, side.key("or-mask", "response-or-mask"));
        }
        _ if side == Side::Request => {
            write.number("quantity", details, "quantity");
            let sent = if code == 15 { bits(values.into_iter()) } else { registers(values) };
            write.put("data", text_of(&sent));
        }
        _ => write.number("data", details, "response-quantity"),
    }
    write
}

/// Registers as they were sent, from their numbers with commas between.
fn registers(values: Option<&str>) -> Vec<u8> {
    let numbers = values.unwrap_or_default().split(',').filter_map(|value| value.parse::<u16>().ok());
    numbers.flat_map(u16::to_be_bytes).collect()
}

/// Bits as they were sent, the first in the lowest place (clause 6.1).
fn bits<'v>(values: impl Iterator<Item = &'v str>) -> Vec<u8> {
    let bits: Vec<bool> =
        values.flat_map(|list| list.split(',')).filter(|bit| !bit.is_empty()).map(|bit| bit == "1").collect();
    bits.chunks(8).map(|byte| byte.iter().rev().fold(0, |byte, bit| byte << 1 | u8::from(*bit))).collect()
}

fn function(code: u64) -> &'static str {
    match code {
        1 => "RdCoils",
        2 => "RdDiscreteInputs",
        3 => "RdHoldRegs",
        4 => "RdInputRegs",
        5 => "WrSingleCoil",
        6 => "WrSingleReg",
        7 => "RdExcStatus",
        8 => "Diagnostic",
        9 => "Program484",
        10 => "Poll484",
        11 => "GetCommEventCtr",
        12 => "GetCommEventLog",
        13 => "ProgramController",
        14 => "PollController",
        15 => "WrMultCoils",
        16 => "WrMultRegs",
        17 => "ReportServerID",
        18 => "Program884",
        19 => "ResetCommLink",
        20 => "RdFileRec",
        21 => "WrFileRec",
        22 => "MaskWrReg",
        23 => "RdWrMultRegs",
        24 => "RdFIFOQueue",
        43 => "MEI",
        _ => "Unknown",
    }
}

/// What a function does to what; the sets that hold others are named behind them.
fn access(code: u64) -> &'static str {
    match code {
        1 => "READ | COILS",
        2 => "READ | DISCRETES",
        3 => "READ | HOLDING",
        4 => "READ | INPUT",
        5 => "WRITE | COILS | SINGLE | WRITE_SINGLE",
        6 => "WRITE | HOLDING | SINGLE | WRITE_SINGLE",
        15 => "WRITE | COILS | MULTIPLE | WRITE_MULTIPLE",
        16 => "WRITE | HOLDING | MULTIPLE | WRITE_MULTIPLE",
        22 => "WRITE | HOLDING",
        23 => "READ | WRITE | HOLDING | MULTIPLE | WRITE_MULTIPLE",
        _ => "NONE",
    }
}

fn category(details: &Details, side: Side, code: u64) -> &'static str {
    let exception = side == Side::Response && detail(details, "exception-code").is_some();
    match code {
        8 | 43 if exception => "NONE",
        8 => {
            let key = side.key("request-subfunction-code", "response-subfunction-code");
            if diagnostic(number(details, key).unwrap_or(0)) == "Reserved" {
                "RESERVED"
            } else {
                "PUBLIC_ASSIGNED"
            }
        }
        43 => {
            let first = detail(details, side.key("request-bytes", "response-bytes")).and_then(|d| d.get(..2));
            if matches!(first, Some("0d" | "0e")) { "PUBLIC_ASSIGNED" } else { "RESERVED" }
        }
        code if function(code) != "Unknown" => "PUBLIC_ASSIGNED",
        0 => "NONE",
        9..=14 | 41 | 42 | 90 | 91 | 125..=127 => "RESERVED",
        65..=72 | 100..=110 => "USER_DEFINED",
        _ => "PUBLIC_UNASSIGNED",
    }
}

/// What contradicts the specification: a quantity out of bounds, an exception that the function does not have.
fn error_flags(details: &Details, side: Side, raw: u64) -> &'static str {
    let quantity = number(details, "quantity").unwrap_or(1);
    let most = |code: u64| if matches!(code, 1 | 2 | 15) { 2_000 } else { 125 };
    match raw {
        _ if raw & 0x80 != 0 => {
            let code = raw & 0x7f;
            let bare = matches!(code, 7..=14 | 17..=19);
            match number(details, "exception-code") {
                Some(2) if bare => "EXC_CODE",
                Some(3) if bare && code != 8 => "EXC_CODE",
                Some(8) if !matches!(code, 20 | 21) => "EXC_CODE",
                Some(1..=8 | 10 | 11) => "NONE",
                _ => "EXC_CODE",
            }
        }
        1..=4 if side == Side::Request && (quantity == 0 || quantity > most(raw)) => "DATA_VALUE",
        15 | 16 if side == Side::Request && quantity > most(raw) => "DATA_VALUE",
        15 | 16 if side == Side::Request && quantity == 0 => "DATA_LENGTH",
        0 if side == Side::Request => "FUNC_CODE",
        _ => "NONE",
    }
}

fn diagnostic(code: u64) -> &'static str {
    match code {
        0 => "RetQueryData",
        1 => "RestartCommOpt",
        2 => "RetDiagReg",
        3 => "ChangeInputDelimiter",
        4 => "ForceListenOnlyMode",
        10 => "ClearCtrDiagReg",
        11 => "RetBusMsgCount",
        12 => "RetBusCommErrCount",
        13 => "RetBusExcErrCount",
        14 => "RetServerMsgCount",
        15 => "RetServerNoRespCount",
        16 => "RetServerNAKCount",
        17 => "RetServerBusyCount",
        18 => "RetBusCharOverrunCount",
        19 => "RetOverrunErrCount",
        20 => "ClearOverrunCounterFlag",
        21 => "GetClearPlusStats",
        _ => "Reserved",
    }
}

fn mei(code: u64) -> &'static str {
    match code {
        13 => "CANOpenGenRefReqResp",
        14 => "RdDevId",
        _ => "Unknown",
    }
}

fn exception_name(code: u64) -> &'static str {
    match code {
        1 => "IllegalFunction",
        2 => "IllegalDataAddr",
        3 => "IllegalDataValue",
        4 => "ServerDeviceFail",
        5 => "Ack",
        6 => "ServerDeviceBusy",
        7 => "NegAck",
        8 => "MemParityErr",
        10 => "GatewayPathUnavailable",
        11 => "GatewayTargetFailToResp",
        _ => "Unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_become_the_bytes_that_were_sent() {
        assert_eq!(registers(Some("1,258")), [0, 1, 1, 2]);
        assert_eq!(bits(["1,0,1", "0,0,0,0,0"].into_iter()), [5]);
        assert_eq!(bits(["1,1,1,1,1,1,1,1,1"].into_iter()), [0xff, 1]);
        assert_eq!(bits(std::iter::empty()), Vec::<u8>::new());
    }
}
