//! IEC 60870-5-104, against the cases of a Zeek analyser: bytes of APDUs, each with what must be read in it.
//!
//! The bytes go over the wire as a TCP conversation. What is told becomes words in the order in which that analyser
//! prints its fields, and every assertion must be among them, in its order. `c_rd_na_1-sq` announces four bytes more
//! than it has; they are added, since an APDU is read when it is whole (IEC 60870-5-104 clause 5).
//!
//! | field there | here |
//! |---|---|
//! | `tag` | the format of the APDU |
//! | `raw_data` | bytes of an ASDU that belong to no object: a read command has no elements (IEC 60870-5-101 clause 7.3.4.3) |
//! | `r32` | all of its digits; six are compared |
//! | `iv` of a time | `time_iv` |

use crate::{
    cases::{self, Case},
    reading,
};
use city::{Message, Observed};
use jiff::{SignedDuration, Timestamp};
use std::fs;
use wire::{Frame, LinkType, Wire};

/// Raw IP (`LINKTYPE_RAW`).
const RAW: LinkType = LinkType(101);

/// The bytes and the assertions of a case.
fn parse(text: &str) -> (Vec<u8>, Vec<String>) {
    let (mut bytes, mut assertions) = (Vec::new(), Vec::new());
    for line in text.lines() {
        let (digits, comment) = line.split_once(';').unwrap_or((line, ""));
        let digits: Vec<u8> = digits.bytes().filter(|digit| !digit.is_ascii_whitespace()).collect();
        let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
        bytes.extend(digits.chunks(2).map(pair));
        // Two semicolons and more begin a remark.
        if !comment.starts_with(';') {
            let words = comment.split(";;").next().unwrap_or_default().split_whitespace();
            assertions.extend(words.map(str::to_owned));
        }
    }
    (bytes, assertions)
}

/// Fills up the last APDU where it announces more bytes than the case has.
fn fill(bytes: &mut Vec<u8>) {
    let mut at = 0;
    while let Some(length) = bytes.get(at + 1) {
        at += usize::from(*length) + 2;
    }
    bytes.resize(bytes.len().max(at), 0);
}

/// A TCP segment in IPv4, without checksums; they are read all the same.
fn segment(sequence: u32, flags: u8, payload: &[u8], back: bool) -> Vec<u8> {
    let (client, server) = ([192, 0, 2, 10], [192, 0, 2, 20]);
    let (from, to, ports) =
        if back { (server, client, [2_404_u16, 49_152]) } else { (client, server, [49_152, 2_404]) };
    let mut frame = vec![0x45, 0];
    frame.extend((40 + payload.len() as u16).to_be_bytes());
    frame.extend([0, 0, 0x40, 0, 64, 6, 0, 0]);
    frame.extend(from);
    frame.extend(to);
    ports.iter().for_each(|port| frame.extend(port.to_be_bytes()));
    frame.extend(sequence.to_be_bytes());
    frame.extend([0, 0, 0, 1, 0x50, flags, 0x20, 0, 0, 0, 0, 0]);
    frame.extend(payload);
    frame
}

/// What is told of bytes that the server sends in one conversation.
fn told(bytes: &[u8]) -> Vec<Observed> {
    const SYN: u8 = 2;
    const SYN_ACK: u8 = 0x12;
    const PUSH_ACK: u8 = 0x18;
    let mut frames = vec![segment(0, SYN, &[], false), segment(0, SYN_ACK, &[], true)];
    let mut sequence = 1;
    for piece in bytes.chunks(1_000) {
        frames.push(segment(sequence, PUSH_ACK, piece, true));
        sequence += piece.len() as u32;
    }
    let mut wire = Wire::new(reading::config());
    let mut observations = Vec::new();
    let mut time = Timestamp::constant(1_750_000_000, 0);
    for bytes in &frames {
        time = time.checked_add(SignedDuration::from_millis(1)).unwrap();
        wire.see(&Frame { time, link: RAW, bytes, length: bytes.len() as u32 }, &mut observations);
    }
    wire.finish(&mut observations);
    observations.into_iter().map(|observation| observation.fact).collect()
}

/// The words of messages, as the analyser of the cases prints them.
fn words(facts: &[Observed]) -> Vec<String> {
    let mut words = Vec::new();
    let mut raw: Vec<String> = Vec::new();
    for fact in facts {
        let Observed::Message(message) = fact else { continue };
        let first = |column: &str| {
            message.fields.iter().find(|(name, _)| name == column).map(|(_, value)| value.as_str())
        };
        match message.log.as_str() {
            "iec104" => {
                words.append(&mut raw);
                words.push("iec104::Apdu".into());
                let tag = match first("format").unwrap() {
                    "I" => "0",
                    "S" => "1",
                    _ => "3",
                };
                let format = first("format").unwrap().to_lowercase();
                words.extend([format!("len={}", first("len").unwrap()), format!("iec104::Ctrl_{format}")]);
                words.push(format!("tag={tag}"));
                let put = |words: &mut Vec<String>, column: &str| {
                    words.extend(first(column).map(|value| format!("{column}={}", plain(value))));
                };
                ["ssn", "rsn"].iter().for_each(|column| put(&mut words, column));
                let Some(type_id) = first("type_id") else { continue };
                words.extend(["iec104::AsduIdent".into(), format!("type_id=TypeID::{type_id}")]);
                ["nobj", "sq"].iter().for_each(|column| put(&mut words, column));
                words.push(format!("cot=CoT::{}", first("cot").unwrap()));
                for column in ["pn", "test", "originator_address", "common_address"] {
                    put(&mut words, column);
                }
                words.push("iec104::AsduIOs".into());
                put(&mut words, "base_addr");
                let bytes = message.fields.iter().filter(|(name, _)| name == "raw_data");
                raw = bytes.map(|(_, value)| format!("raw_data={value}")).collect();
            }
            "iec104_objects" => object(message, first("type_id").unwrap(), &mut words),
            _ => {}
        }
    }
    words.append(&mut raw);
    words
}

/// The words of an information object.
fn object(message: &Message, type_id: &str, words: &mut Vec<String>) {
    words.push(format!("iec104::{type_id}_io"));
    for (column, value) in &message.fields {
        // The element that a column begins.
        let element = match column.as_str() {
            "type_id" | "cot" | "pn" | "common_address" => continue,
            "spi" => Some("SIQ"),
            "dpi" => Some("DIQ"),
            "ov" => Some("QDS"),
            "ms" => Some("CP56Time2a"),
            _ => None,
        };
        words.extend(element.map(|element| format!("iec104::{element}")));
        match column.as_str() {
            "time_iv" => words.push(format!("iv={}", plain(value))),
            "r32" => words.push(format!("r32={}", six_digits(value))),
            column => words.push(format!("{column}={}", plain(value))),
        }
    }
}

/// A number in the six digits that the analyser prints.
fn six_digits(value: &str) -> f64 {
    let value: f64 = value.parse().unwrap();
    format!("{value:.5e}").parse().unwrap()
}

/// A truth as 1 or 0.
fn plain(value: &str) -> &str {
    match value {
        "T" => "1",
        "F" => "0",
        value => value,
    }
}

/// How many of the assertions are among the words, in their order; the first that is not, if one is not.
fn found(assertions: &[String], words: &[String]) -> (usize, Option<String>) {
    let mut rest = words.iter();
    for (number, assertion) in assertions.iter().enumerate() {
        // The short names of causes are written in upper and lower case.
        if !rest.any(|word| word.eq_ignore_ascii_case(assertion)) {
            return (number, Some(assertion.clone()));
        }
    }
    (assertions.len(), None)
}

fn check(case: &Case) -> usize {
    let (mut bytes, assertions) = parse(&fs::read_to_string(&case.capture).unwrap());
    fill(&mut bytes);
    let words = words(&told(&bytes));
    let (number, missing) = found(&assertions, &words);
    assert_eq!(missing, None, "{}: assertion {number} of {} among {words:?}", case.name, assertions.len());
    let count = |words: &[String]| words.iter().filter(|word| *word == "iec104::Apdu").count();
    assert_eq!(count(&words), count(&assertions), "{}: how many APDUs", case.name);
    number
}

#[test]
fn every_assertion_is_told() {
    let Some(cases) = cases::of("zeek-iec104", "iec104") else {
        return cases::skipped(10, "every_assertion_is_told");
    };
    let assertions: usize = cases.iter().map(check).sum();
    println!("{assertions} assertions in {} cases", cases.len());
    assert!(cases.len() >= 10 && assertions > 1_000);
}

#[test]
fn a_wrong_assertion_is_not_found() {
    let (bytes, assertions) =
        parse("68 04 ; iec104::Apdu len=4\n01 00 7e 14 ;; a remark\n;;; another\n; rsn=2622\n");
    assert_eq!(bytes, [0x68, 4, 1, 0, 0x7e, 0x14]);
    assert_eq!(found(&assertions, &words(&told(&bytes))), (2, Some("rsn=2622".into())));
}
