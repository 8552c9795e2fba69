//! JSON beside the text that it stands for.

use super::translate;
use crate::{Field, Hook, Packet, Ruleset, Verdict};
use serde_json::{Value, json};

/// What `nft -j list ruleset` prints of a small firewall.
const LISTED: &str = r#"{"nftables": [
    {"metainfo": {"version": "1.0.6", "release_name": "Lester Gooch #5", "json_schema_version": 1}},
    {"table": {"family": "inet", "name": "city", "handle": 1}},
    {"set": {"family": "inet", "table": "city", "name": "stations", "type": "ipv4_addr", "handle": 2,
        "flags": ["interval"],
        "elem": [{"prefix": {"addr": "192.0.2.0", "len": 28}}, {"range": ["198.51.100.7", "198.51.100.9"]}]}},
    {"map": {"family": "inet", "table": "city", "name": "ways", "type": ["ipv4_addr", "inet_service"], "handle": 3,
        "map": "verdict",
        "elem": [[{"elem": {"val": {"concat": ["203.0.113.5", 502]}, "comment": "the pump"}}, {"accept": null}],
                 [{"concat": ["203.0.113.6", 502]}, {"jump": {"target": "signals"}}]]}},
    {"chain": {"family": "inet", "table": "city", "name": "forward", "handle": 4,
        "type": "filter", "hook": "forward", "prio": -5, "policy": "drop"}},
    {"chain": {"family": "inet", "table": "city", "name": "signals", "handle": 5}},
    {"rule": {"family": "inet", "table": "city", "chain": "forward", "handle": 6, "expr": [
        {"match": {"op": "in", "left": {"ct": {"key": "state"}}, "right": ["established", "related"]}},
        {"accept": null}]}},
    {"rule": {"family": "inet", "table": "city", "chain": "forward", "handle": 7, "comment": "from the stations", "expr": [
        {"match": {"op": "==", "left": {"payload": {"protocol": "ip", "field": "saddr"}}, "right": "@stations"}},
        {"counter": {"packets": 12, "bytes": 720}},
        {"vmap": {"key": {"concat": [{"payload": {"protocol": "ip", "field": "daddr"}},
                                     {"payload": {"protocol": "tcp", "field": "dport"}}]}, "data": "@ways"}}]}},
    {"rule": {"family": "inet", "table": "city", "chain": "signals", "handle": 8, "expr": [
        {"match": {"op": "!=", "left": {"meta": {"key": "iifname"}}, "right": "lan0"}},
        {"match": {"op": "==", "left": {"&": [{"payload": {"protocol": "tcp", "field": "flags"}}, ["syn", "ack"]]}, "right": "syn"}},
        {"log": {"prefix": "signals: ", "group": 2}},
        {"reject": {"type": "tcp reset"}}]}}
]}"#;

/// The same, a line for each object.
const TRANSLATED: &str = r#"
add table inet city
add set inet city stations { type ipv4_addr; flags interval; elements = { 192.0.2.0/28, 198.51.100.7-198.51.100.9 }; }
add map inet city ways { type ipv4_addr . inet_service : verdict; elements = { 203.0.113.5 . 502 comment "the pump" : accept, 203.0.113.6 . 502 : jump signals }; }
add chain inet city forward { type filter hook forward priority -5; policy drop; }
add chain inet city signals
add rule inet city forward ct state established,related accept
add rule inet city forward ip saddr @stations counter packets 12 bytes 720 ip daddr . tcp dport vmap @ways comment "from the stations"
add rule inet city signals iifname != "lan0" tcp flags & (syn | ack) == syn log prefix "signals: " group 2 reject with tcp reset
"#;

fn lines(objects: Value) -> Vec<String> {
    let translated = translate(&json!({ "nftables": objects }).to_string()).unwrap();
    translated.lines().map(str::to_owned).collect()
}

/// What is wrong with a list of objects, whether the translation or the reader tells it.
fn wrong(objects: Value) -> String {
    let errors = Ruleset::parse(&json!({ "nftables": objects }).to_string()).unwrap_err();
    errors[0].to_string()
}

/// The text of a rule with such statements.
fn rule(statements: Value) -> String {
    let rule = json!({"family": "inet", "table": "t", "chain": "c", "expr": statements});
    lines(json!([{ "rule": rule }]))[0].strip_prefix("add rule inet t c ").unwrap().to_owned()
}

#[test]
fn each_object_becomes_a_line() {
    assert_eq!(translate(LISTED).unwrap(), TRANSLATED);
}

#[test]
fn a_listing_in_json_is_traced_like_one_in_text() {
    let ruleset = Ruleset::parse(LISTED).unwrap();
    let packet = Packet::default()
        .with(Field::Ethertype, 0x0800)
        .with(Field::Protocol, 6)
        .with(Field::Source, 0xc000_0203)
        .with(Field::Destination, 0xcb00_7105)
        .with(Field::DestinationPort, 502);
    assert_eq!(ruleset.trace(&packet, Hook::Forward, false).verdict, Verdict::Accept);
    let other = packet.with(Field::DestinationPort, 503);
    assert_eq!(ruleset.trace(&other, Hook::Forward, false).verdict, Verdict::Drop);
    let rule = &ruleset.tables[0].chains[0].rules[1];
    assert_eq!(rule.comment.as_deref(), Some("from the stations"));
    // The eighth object of the list.
    assert_eq!(rule.place.line, 8);
}

#[test]
fn commands_are_carried_out_in_their_order() {
    let ruleset = Ruleset::parse(
        r#"{"nftables": [
            {"add": {"table": {"family": "ip", "name": "old"}}},
            {"flush": {"ruleset": null}},
            {"add": {"table": {"family": "ip", "name": "new"}}},
            {"create": {"chain": {"family": "ip", "table": "new", "name": "c"}}},
            {"add": {"set": {"family": "ip", "table": "new", "name": "s", "type": "inet_service"}}},
            {"add": {"element": {"family": "ip", "table": "new", "name": "s", "elem": [22, 80]}}},
            {"delete": {"element": {"family": "ip", "table": "new", "name": "s", "elem": [80]}}},
            {"add": {"rule": {"family": "ip", "table": "new", "chain": "c", "expr": [{"drop": null}]}}},
            {"insert": {"rule": {"family": "ip", "table": "new", "chain": "c", "expr": [{"counter": null}]}}},
            {"add": {"rule": {"family": "ip", "table": "new", "chain": "c", "index": 0, "expr": [{"accept": null}]}}}
        ]}"#,
    )
    .unwrap();
    assert_eq!(ruleset.tables.len(), 1);
    assert_eq!(ruleset.tables[0].sets[0].elements.len(), 1);
    let rules: Vec<&str> = ruleset.tables[0].chains[0].rules.iter().map(|rule| rule.text.as_str()).collect();
    assert_eq!(rules, ["counter", "accept", "drop"]);
}

#[test]
fn statements_are_written_as_nft_shows_them() {
    let port = json!({"payload": {"protocol": "tcp", "field": "dport"}});
    let source = json!({"payload": {"protocol": "ip", "field": "saddr"}});
    let mark = json!({"meta": {"key": "mark"}});
    let table = [
        (
            json!({"match": {"op": "==", "left": port, "right": {"set": [22, {"range": [80, 90]}]}}}),
            "tcp dport { 22, 80-90 }",
        ),
        (json!({"match": {"op": "<=", "left": port, "right": 1023}}), "tcp dport <= 1023"),
        (json!({"match": {"op": "==", "left": {"ct": {"key": "state"}}, "right": "new"}}), "ct state == new"),
        (
            json!({"match": {"op": "!", "left": {"payload": {"protocol": "tcp", "field": "flags"}}, "right": ["fin", "rst"]}}),
            "tcp flags ! fin,rst",
        ),
        (
            json!({"match": {"op": "==", "left": {"ct": {"key": "ip saddr", "dir": "original"}}, "right": {"prefix": {"addr": "192.0.2.0", "len": 24}}}}),
            "ct original ip saddr 192.0.2.0/24",
        ),
        (
            json!({"match": {"op": "==", "left": {"fib": {"result": "oif", "flags": ["saddr", "iif"]}}, "right": false}}),
            "fib saddr . iif oif missing",
        ),
        (
            json!({"match": {"op": "==", "left": {"exthdr": {"name": "frag"}}, "right": true}}),
            "exthdr frag exists",
        ),
        (
            json!({"match": {"op": "==", "left": {"payload": {"base": "th", "offset": 16, "len": 16}}, "right": 80}}),
            "@th,16,16 80",
        ),
        (
            json!({"match": {"op": "==", "left": {"rt": {"key": "nexthop", "family": "ip"}}, "right": "192.0.2.1"}}),
            "rt ip nexthop 192.0.2.1",
        ),
        (
            json!({"match": {"op": "==", "left": {"numgen": {"mode": "inc", "mod": 2, "offset": 0}}, "right": 1}}),
            "numgen inc mod 2 1",
        ),
        (
            json!({"mangle": {"key": mark, "value": {"|": [{"&": [mark, 255]}, 256]}}}),
            "meta mark set meta mark & 255 | 256",
        ),
        (
            json!({"mangle": {"key": mark, "value": {"jhash": {"mod": 4, "seed": 7, "expr": source}}}}),
            "meta mark set jhash ip saddr mod 4 seed 7",
        ),
        (
            json!({"mangle": {"key": mark, "value": {"map": {"key": source, "data": {"set": [["192.0.2.1", 5]]}}}}}),
            "meta mark set ip saddr map { 192.0.2.1 : 5 }",
        ),
        (
            json!({"limit": {"rate": 5, "burst": 10, "per": "minute", "inv": true}}),
            "limit rate over 5/minute burst 10 packets",
        ),
        (
            json!({"limit": {"rate": 2, "burst": 0, "per": "second", "rate_unit": "mbytes", "burst_unit": "bytes"}}),
            "limit rate 2 mbytes/second",
        ),
        (
            json!({"quota": {"val": 5, "val_unit": "mbytes", "used": 1, "used_unit": "kbytes", "inv": true}}),
            "quota over 5 mbytes used 1 kbytes",
        ),
        (json!({"counter": "seen"}), "counter name \"seen\""),
        (
            json!({"dnat": {"family": "ip6", "addr": "2001:db8::1", "port": 80, "flags": ["random"]}}),
            "dnat ip6 to [2001:db8::1]:80 random",
        ),
        (json!({"redirect": {"port": 8080}}), "redirect to :8080"),
        (json!({"masquerade": null}), "masquerade"),
        (json!({"tproxy": {"family": "ip", "addr": "127.0.0.1", "port": 80}}), "tproxy ip to 127.0.0.1:80"),
        (
            json!({"queue": {"num": {"range": [0, 3]}, "flags": ["bypass", "fanout"]}}),
            "queue flags bypass,fanout to 0-3",
        ),
        (
            json!({"fwd": {"dev": "lo", "family": "ip", "addr": "192.0.2.1"}}),
            "fwd ip to 192.0.2.1 device \"lo\"",
        ),
        (json!({"dup": {"addr": "192.0.2.1", "dev": "lo"}}), "dup to 192.0.2.1 device \"lo\""),
        (json!({"flow": {"op": "add", "flowtable": "@fast"}}), "flow add @fast"),
        (
            json!({"set": {"op": "add", "set": "@seen", "elem": {"elem": {"val": source, "timeout": 600}}, "stmt": [{"ct count": {"val": 5, "inv": true}}]}}),
            "add @seen { ip saddr timeout 600s ct count over 5 }",
        ),
        (
            json!({"meter": {"name": "mail", "key": source, "stmt": {"limit": {"rate": 3, "per": "minute"}}}}),
            "meter mail { ip saddr limit rate 3/minute }",
        ),
        (json!({"ct helper": "ftp"}), "ct helper set \"ftp\""),
        (
            json!({"synproxy": {"mss": 1460, "wscale": 7, "flags": ["timestamp", "sack-perm"]}}),
            "synproxy mss 1460 wscale 7 timestamp sack-perm",
        ),
        (json!({"xt": {"type": "target", "name": "LOG"}}), "xt target \"LOG\""),
        (json!({"notrack": null}), "notrack"),
    ];
    for (statement, text) in table {
        assert_eq!(rule(json!([statement])), text);
        // The reader takes it.
        let declared = "table inet t { set seen { type ipv4_addr; flags dynamic; }\n chain c { ";
        let read = Ruleset::parse(&format!("{declared} {text}\n }}\n }}"));
        assert!(read.is_ok(), "{text}: {read:?}");
    }
}

#[test]
fn sets_that_rules_fill_are_dynamic_though_it_is_not_listed() {
    let source = json!({"payload": {"protocol": "ip", "field": "saddr"}});
    let objects = json!([
        {"set": {"family": "ip", "table": "t", "name": "seen", "type": "ipv4_addr", "timeout": 300, "flags": ["timeout"]}},
        {"set": {"family": "ip6", "table": "t", "name": "seen", "type": "ipv4_addr"}},
        {"rule": {"family": "ip", "table": "t", "chain": "c",
            "expr": [{"set": {"op": "update", "elem": source, "set": "@seen"}}]}},
    ]);
    assert_eq!(
        lines(objects)[..2],
        [
            "add set ip t seen { type ipv4_addr; flags timeout, dynamic; timeout 300s; }",
            "add set ip6 t seen { type ipv4_addr; }"
        ]
    );
}

#[test]
fn no_name_or_value_becomes_anything_else() {
    let objects = json!([{"table": {"family": "ip", "name": "a; add table ip b"}}, {"table": {"family": "ip", "name": "5"}}]);
    assert_eq!(lines(objects), ["add table ip \"a; add table ip b\"", "add table ip \"5\""]);
    let key = json!({"meta": {"key": "mark"}});
    assert_eq!(rule(json!([{"match": {"op": "in", "left": key, "right": "set"}}])), "meta mark \"set\"");
    assert!(wrong(json!([{"table": {"family": "ip", "name": "a\" b"}}])).contains("quote"));
    assert!(
        wrong(json!([{"table": {"family": "ip {", "name": "a"}}])).contains("`ip {` is no word of nftables")
    );
}

#[test]
fn what_cannot_be_expressed_is_told_with_its_object() {
    let rule = |statement: Value| {
        let rule =
            json!({"family": "ip", "table": "t", "chain": "c", "expr": [{"counter": null}, statement]});
        wrong(
            json!([{"table": {"family": "ip", "name": "t"}}, {"chain": {"family": "ip", "table": "t", "name": "c"}}, {"rule": rule}]),
        )
    };
    assert_eq!(
        rule(json!({"teleport": {}})),
        "line 3, column 1: object 3 of the list, `rule` ip t c: statement 2: an object with `teleport` is no statement \
         that is understood"
    );
    let inner = json!({"payload": {"tunnel": "vxlan", "protocol": "ip", "field": "saddr"}});
    assert!(rule(json!({"match": {"op": "==", "left": inner, "right": 1}})).contains("what `tunnel` means"));
    assert!(
        rule(json!({"match": {"op": "==", "left": "accept", "right": 1}})).contains("is nothing of a packet")
    );
    let port = json!({"payload": {"protocol": "tcp", "field": "dport"}});
    assert!(rule(json!({"match": {"op": "~", "left": port, "right": 1}})).contains("`~` compares nothing"));
    assert!(rule(json!({"match": {"op": "==", "left": port, "right": 1.5}})).contains("no whole number"));
    let ether_type = json!({"payload": {"protocol": "ether", "field": "type"}});
    assert!(
        rule(json!({"match": {"op": "==", "left": ether_type, "right": 8}})).contains("list without `-n`")
    );
    // The reader's own errors come with the line.
    assert!(
        rule(json!({"match": {"op": "==", "left": port, "right": 70000}})).contains(
            "object 3 of the list, `add rule ip t c counter tcp dport 70000`: `70000` is not a port"
        )
    );
    assert!(wrong(json!([{"replace": {"rule": {}}}])).contains("`replace` is not understood"));
    assert!(wrong(json!([{"metainfo": {"json_schema_version": 2}}])).contains("version 2"));
    let ingress = json!({"family": "netdev", "table": "t", "name": "c", "type": "filter", "hook": "ingress", "prio": 0});
    assert!(wrong(json!([{"chain": ingress}])).contains("`dev` is missing"));
    assert!(wrong(json!({"table": {}})).contains("has no list `nftables`"));
}

#[test]
fn what_is_no_json_or_goes_too_deep_is_told() {
    let errors = Ruleset::parse("{\n  \"nftables\": [ }").unwrap_err();
    assert_eq!(errors[0].place.line, 2);
    let mut value = json!({"meta": {"key": "mark"}});
    for _ in 0..40 {
        value = json!({"|": [value, 1]});
    }
    let rule = json!({"family": "ip", "table": "t", "chain": "c", "expr": [{"mangle": {"key": {"meta": {"key": "mark"}}, "value": value}}]});
    assert!(wrong(json!([{ "rule": rule }])).contains("lies within"));
}

/// Puts something else in the place of a value, counted from the outside in. Whether there is one of that number.
fn replace(value: &mut Value, number: &mut usize, by: &Value) -> bool {
    if *number == 0 {
        *value = by.clone();
        return true;
    }
    *number -= 1;
    match value {
        Value::Array(list) => list.iter_mut().any(|inner| replace(inner, number, by)),
        Value::Object(members) => members.values_mut().any(|inner| replace(inner, number, by)),
        _ => false,
    }
}

#[test]
fn anything_in_the_place_of_anything_is_read_or_told() {
    let listed: Value = serde_json::from_str(LISTED).unwrap();
    let others = [
        json!(null),
        json!(true),
        json!(-1),
        json!("@ways"),
        json!([]),
        json!({}),
        json!({"set": [["*", {"drop": null}]]}),
        json!({"concat": [{"payload": {"protocol": "ip", "field": "saddr"}}, 5]}),
    ];
    let mut told = 0;
    for other in &others {
        for place in 0.. {
            let mut changed = listed.clone();
            if !replace(&mut changed, &mut { place }, other) {
                assert!(place > 100);
                break;
            }
            if let Err(errors) = Ruleset::parse(&changed.to_string()) {
                assert!(!errors.is_empty() && errors.iter().all(|error| error.place.line > 0));
                told += 1;
            }
        }
    }
    assert!(told > 500, "{told}");
    for (end, _) in LISTED.char_indices().skip(1) {
        assert!(Ruleset::parse(LISTED.get(..end).unwrap()).is_err());
    }
}
