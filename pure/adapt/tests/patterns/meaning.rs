//! What comparisons mean, one at a time.

use super::scene::{bundle, matched, read};
use adapt::stix::{
    Document, Pattern, observed_data,
    pattern::{Budget, Undecided, evaluate},
};
use serde_json::{Value, json};

fn file() -> Value {
    json!({
        "type": "file",
        "size": 5,
        "name": "abc",
        "hashes": {"MD5": "Ab"},
        "magic_number_hex": "FFd8",
        "mtime": "2014-01-13T07:03:17Z",
        "x_flag": true,
        "x_half": 5.5,
        "x_five": "5",
        "x_list": [1, 2, "x"],
        "x_deep": [[1, 2], [3]],
        "x_none": [],
        "x_some": {"a": 1},
        "x_null": null,
        "x_bin": "aGVsbG8=",
        "x_bad_bin": "!!!",
        "x_split": "e\u{301}",
        "x_lines": "a\nb",
        "x_large": 9_007_199_254_740_993_i64,
    })
}

#[test]
fn a_property_is_compared_by_its_kind() {
    let observed = read(&[bundle(1, &[file()], 0, 0, 1)]);
    for (comparison, holds) in [
        ("file:size = 5", true),
        ("file:size = 5.0", true),
        ("file:size = '5'", false),
        ("file:size != '5'", true),
        ("file:size NOT = '5'", true),
        ("file:size NOT != '5'", false),
        ("file:x_five = 5", false),
        ("file:size > 4.5", true),
        ("file:size > '4'", false),
        ("file:size NOT > '4'", false),
        ("file:name NOT > 'b'", true),
        ("file:name > 'B'", true),
        ("file:x_half >= 5.5", true),
        ("file:x_large = 9007199254740993", true),
        ("file:x_large > 9007199254740992.0", true),
        ("file:x_flag = true", true),
        ("file:x_flag = 1", false),
        ("file:x_flag > 0", false),
        ("file:nothing = 5", false),
        ("file:nothing != 5", false),
        ("file:nothing NOT = 5", false),
        ("file:nothing NOT IN (5)", false),
        ("EXISTS file:nothing", false),
        ("NOT EXISTS file:nothing", true),
        ("EXISTS file:size", true),
        ("NOT EXISTS file:size", false),
        ("NOT EXISTS url:value", false),
        ("EXISTS file:x_none", true),
        ("EXISTS file:x_none[*]", false),
        ("EXISTS file:x_list[2]", true),
        ("EXISTS file:x_list[3]", false),
        ("file:x_list[*] = 2", true),
        ("file:x_list[*] != 2", true),
        ("file:x_list[*] = 'x'", true),
        ("file:x_list = 1", false),
        ("file:x_list != 1", true),
        ("file:x_list[-1] = 'x'", false),
        ("file:x_deep[*][*] = 3", true),
        ("file:x_deep[1][0] = 3", true),
        ("file:x_some.a = 1", true),
        ("file:x_some != 1", true),
        ("file:x_some NOT > 1", false),
        ("file:x_null != 'a'", true),
        ("file:hashes.MD5 = 'Ab'", true),
        ("file:hashes.MD5 = 'ab'", false),
        ("file:magic_number_hex = h'ffd8'", true),
        ("file:magic_number_hex = b'/9g='", true),
        ("file:magic_number_hex = 'FFd8'", false),
        ("file:magic_number_hex > h'ff'", true),
        ("file:magic_number_hex IN (h'00', h'ffd8')", true),
        ("file:magic_number_hex MATCHES '^\\\\xff\\\\xd8$'", true),
        ("file:x_bin = 'hello'", true),
        ("file:x_bin = h'68656c6c6f'", true),
        ("file:x_bin = 'aGVsbG8='", false),
        ("file:x_bin IN ('hello')", true),
        ("file:x_bin LIKE 'hel%'", true),
        ("file:x_bad_bin = '!!!'", false),
        ("file:x_bad_bin != h'00'", true),
        ("file:name = h'616263'", true),
        ("file:name IN (b'YWJj')", true),
        ("file:mtime = t'2014-01-13T07:03:17.000Z'", true),
        ("file:mtime = '2014-01-13T07:03:17.000Z'", false),
        ("file:mtime > t'2014-01-13T07:03:16Z'", true),
        ("file:name = t'2014-01-13T07:03:16Z'", false),
        ("file:name != t'2014-01-13T07:03:16Z'", true),
        ("file:name LIKE 'a_c'", true),
        ("file:name LIKE 'b'", false),
        ("file:size LIKE '5'", false),
        ("file:size NOT LIKE '5'", true),
        ("file:x_lines LIKE 'a%b'", true),
        ("file:name MATCHES 'b'", true),
        ("file:name MATCHES '^b'", false),
        ("file:size MATCHES '5'", false),
        ("file:x_lines MATCHES 'a.b'", false),
        ("file:x_split = '\u{e9}'", false),
        ("file:x_split LIKE '\u{e9}'", true),
        ("file:x_split MATCHES '^.$'", true),
        ("file:name IN ('abc', 'd')", true),
        ("file:name IN ()", false),
        ("file:name NOT IN ()", true),
        ("file:size NOT IN ('5')", true),
        ("file:type = 'file'", true),
    ] {
        assert_eq!(matched(&format!("[{comparison}]"), &observed).is_some(), holds, "{comparison}");
    }
}

#[test]
fn one_object_satisfies_a_whole_comparison() {
    let files =
        [json!({"type": "file", "name": "a", "size": 1}), json!({"type": "file", "name": "b", "size": 2})];
    let observed = read(&[bundle(1, &files, 0, 0, 1)]);
    for (comparison, holds) in [
        ("file:name = 'a' AND file:size = 1", true),
        ("file:name = 'a' AND file:size = 2", false),
        ("(file:name = 'a' OR file:name = 'b') AND file:size = 2", true),
        ("file:name = 'a' AND url:value = 'b'", false),
        ("NOT EXISTS file:mtime AND file:size = 2", true),
    ] {
        assert_eq!(matched(&format!("[{comparison}]"), &observed).is_some(), holds, "{comparison}");
    }
}

#[test]
fn references_are_followed_within_an_observation() {
    let mac = json!({"type": "mac-addr", "value": "02:00:00:00:00:01", "id": "mac-addr--00000000-0000-4000-8000-000000000001"});
    let address = json!({"type": "ipv4-addr", "value": "203.0.113.5", "resolves_to_refs": [mac["id"]],
                         "id": "ipv4-addr--00000000-0000-4000-8000-000000000002"});
    let traffic = json!({"type": "network-traffic", "protocols": ["ipv4", "tcp"], "dst_port": 80, "dst_ref": address["id"],
                         "src_ref": "ipv4-addr--00000000-0000-4000-8000-000000000009"});
    let new = bundle(1, &[mac.clone(), address.clone(), traffic.clone()], 0, 0, 1);
    // The same in the way of STIX 2.0.
    let mut old = new["objects"][0].clone();
    old.as_object_mut().unwrap().remove("object_refs");
    let (mut old_address, mut old_traffic) = (address.clone(), traffic.clone());
    old_address["resolves_to_refs"] = json!(["0"]);
    old_traffic["dst_ref"] = "1".into();
    old_traffic["src_ref"] = "9".into();
    old["objects"] = json!({"0": mac, "1": old_address, "2": old_traffic});
    for given in [new, old.clone(), json!([old])] {
        let observed = read(&[given]);
        for (comparison, holds) in [
            ("network-traffic:dst_ref.value = '203.0.113.5'", true),
            ("network-traffic:dst_ref.type = 'ipv4-addr'", true),
            ("network-traffic:dst_ref.resolves_to_refs[*].value = '02:00:00:00:00:01'", true),
            ("network-traffic:dst_ref.resolves_to_refs[0].value = '02:00:00:00:00:01'", true),
            ("network-traffic:dst_ref.resolves_to_refs[1].value = '02:00:00:00:00:01'", false),
            ("network-traffic:dst_ref.resolves_to_refs.value = '02:00:00:00:00:01'", false),
            ("EXISTS network-traffic:dst_ref", true),
            ("EXISTS network-traffic:src_ref", false),
            ("network-traffic:src_ref.value != '203.0.113.5'", false),
            ("network-traffic:protocols[*] = 'tcp' AND network-traffic:dst_port = 80", true),
            ("ipv4-addr:value ISSUBSET '203.0.113.0/24'", true),
        ] {
            assert_eq!(matched(&format!("[{comparison}]"), &observed).is_some(), holds, "{comparison}");
        }
    }
}

#[test]
fn networks_hold_one_another() {
    for (value, comparison, holds) in [
        ("198.51.100.5", "ISSUBSET '198.51.100.0/24'", true),
        ("198.51.100.0/25", "ISSUBSET '198.51.100.0/24'", true),
        ("198.51.0.0/16", "ISSUBSET '198.51.100.0/24'", false),
        ("198.51.0.0/16", "NOT ISSUBSET '198.51.100.0/24'", true),
        ("198.51.100.5", "ISSUBSET '198.51.100.5'", true),
        ("198.51.100.5", "ISSUBSET '0.0.0.0/0'", true),
        ("198.51.100.5", "ISSUBSET '2001:db8::/32'", false),
        ("198.51.100.5/24", "ISSUPERSET '198.51.100.77/24'", true),
        ("198.51.0.0/16", "ISSUPERSET '198.51.100.7'", true),
        ("198.51.100.5", "ISSUPERSET '198.51.100.0/24'", false),
        ("nonsense", "ISSUBSET '0.0.0.0/0'", false),
        ("2001:db8:dead:beef::1", "ISSUBSET '2001:0db8:dead:beef:0000:0000:0000:0000/64'", true),
        ("2001:db8::/32", "ISSUPERSET '2001:db8::1'", true),
    ] {
        let observed = read(&[bundle(1, &[json!({"type": "ipv4-addr", "value": value})], 0, 0, 1)]);
        assert_eq!(
            matched(&format!("[ipv4-addr:value {comparison}]"), &observed).is_some(),
            holds,
            "{value} {comparison}"
        );
    }
}

#[test]
fn an_unsupported_expression_is_an_answer_only_where_it_does_not_matter() {
    let observed = read(&[bundle(1, &[file()], 0, 0, 1)]);
    let answer = |text: &str| evaluate(&Pattern::parse(text).unwrap(), &observed, Budget::default());
    for text in [
        "[file:name MATCHES '(?=a)abc']",
        "[file:name NOT MATCHES '(?=a)abc']",
        "[file:name = 'b' OR file:name MATCHES '(a)\\\\1']",
        "[file:name MATCHES '(?=a)abc'] AND [file:name = 'abc'] OR [file:name MATCHES 'a++']",
    ] {
        match answer(text) {
            Err(Undecided::Unsupported(what)) => assert!(!what.is_empty(), "{text}"),
            other => panic!("{text}: {other:?}"),
        }
    }
    assert!(answer("[file:name = 'abc' OR file:name MATCHES '(?=a)abc']").unwrap().is_some());
    assert_eq!(answer("[file:name = 'b' AND file:name MATCHES '(?=a)abc']"), Ok(None));
    assert_eq!(answer("[url:value MATCHES '(?=a)abc']"), Ok(None));
}

#[test]
fn what_says_that_it_is_observed_data_must_be() {
    let good = bundle(1, &[file()], 0, 0, 1)["objects"][0].clone();
    for (name, value, words) in [
        ("first_observed", json!("yesterday"), "first_observed"),
        ("last_observed", Value::Null, "last_observed"),
        ("number_observed", json!(0), "number_observed"),
        ("number_observed", json!("1"), "number_observed"),
        ("object_refs", json!("x"), "must be a list"),
        ("objects", json!([]), "must be a dictionary"),
    ] {
        let mut bad = good.clone();
        bad[name] = value;
        let document = Document::read(bad.to_string().as_bytes()).unwrap();
        let error = observed_data(&[document]).unwrap_err();
        assert!(error.problem.contains(words) && error.of.starts_with("observed-data--"), "{error}");
    }
    // The same observation in two files is one.
    let twice = [bundle(1, &[file()], 0, 0, 1), bundle(1, &[file()], 0, 0, 1)];
    assert_eq!(read(&twice).len(), 1);
}
