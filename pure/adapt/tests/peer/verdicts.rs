//! Which observed data matches: their verdicts and ours.

use super::{chance::Chance, peer};
use adapt::stix::{
    Document, Pattern, observed_data,
    pattern::{Budget, evaluate},
};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// How many patterns are tried, each on observations of its own.
const PAIRS: usize = 4_000;

/// A difference: what in the pattern or in their answer it goes by, and why ours is right.
struct Difference {
    /// What stands in the pattern.
    pattern: &'static [&'static str],
    /// What stands in what was observed.
    observed: &'static str,
    /// What stands in their answer.
    answer: &'static str,
    why: &'static str,
}

const DIFFERENCES: &[Difference] = &[
    Difference {
        pattern: &["EXISTS"],
        observed: "",
        answer: "dict",
        why: "theirs fails where `EXISTS` stands beside `AND` or `OR`; it is a comparison like any other (§9.6)",
    },
    Difference {
        pattern: &["x_flag", "IN ("],
        observed: "x_flag",
        answer: "",
        why: "theirs takes `true` for 1 in a set; `IN` is `=` with one of the set (§9.6.1)",
    },
    Difference {
        pattern: &["NOT EXISTS"],
        observed: "",
        answer: "",
        why: "they read `NOT` before `EXISTS` and take no notice of it; it negates (§9.6)",
    },
    Difference {
        pattern: &["LIKE"],
        observed: r"a\nb",
        answer: "",
        why: "theirs does not let `%` and `_` stand for a line break, and leaves one at the end unseen; `%` is any \
              characters and `_` any one, as in SQL (§9.6.1)",
    },
    Difference {
        pattern: &["IN (h'"],
        observed: "",
        answer: "",
        why: "theirs finds no octets in a set; `IN` is `=` with one of the set (§9.6.1)",
    },
    Difference {
        pattern: &["IN (b'"],
        observed: "",
        answer: "",
        why: "theirs finds no octets in a set; `IN` is `=` with one of the set (§9.6.1)",
    },
    Difference {
        pattern: &["_bin ", "IN ('"],
        observed: "",
        answer: "",
        why: "theirs finds no octets in a set; `IN` is `=` with one of the set (§9.6.1)",
    },
    Difference {
        pattern: &["_hex ", "IN ('"],
        observed: "",
        answer: "",
        why: "theirs finds no octets in a set; `IN` is `=` with one of the set (§9.6.1)",
    },
    Difference {
        pattern: &["t'"],
        observed: "",
        answer: "Invalid timestamp in JSON",
        why: "theirs stops at text that is no time; what cannot be compared is not equal (§9.6.1)",
    },
    Difference {
        pattern: &["ISSU"],
        observed: "",
        answer: "Invalid ",
        why: "theirs knows networks of IPv4 only, of a length above 0, and stops at anything else; both kinds of address and \
              every length are networks (§9.6.1, §6.8, §6.9)",
    },
    Difference {
        pattern: &["LIKE"],
        observed: "",
        answer: "codec can't decode",
        why: "theirs reads octets as UTF-8 for `LIKE` alone; elsewhere a code point stands for an octet",
    },
    Difference {
        pattern: &["_hex"],
        observed: "",
        answer: "exadecimal",
        why: "theirs stops at what is not hexadecimal; what cannot be compared is not equal (§9.6.1)",
    },
    Difference {
        pattern: &["_bin"],
        observed: r#""x_bin":"!""#,
        answer: "",
        why: "theirs takes what is no base64 for no octets, or stops at it; what cannot be compared is not equal (§9.6.1)",
    },
];

fn time(second: usize) -> String {
    format!("2026-03-01T00:00:{second:02}Z")
}

const TEXTS: [&str; 8] = ["a", "b", "ab", "A", "", "a\nb", "e\u{301}", "\u{e9}"];

fn object(chance: &mut Chance) -> Value {
    let mut file =
        Map::from_iter([("type".to_owned(), json!("file")), ("name".to_owned(), json!(chance.of(&TEXTS)))]);
    let mut add = |name: &str, value: Value| file.insert(name.to_owned(), value);
    match chance.below(8) {
        0 => {
            add("size", json!(chance.below(4)));
            add("x_flag", json!(chance.below(2) == 0));
        }
        1 => {
            add("size", json!(1.5));
            add("x_list", json!([chance.below(3), chance.of(&TEXTS), [chance.below(3)]]));
        }
        2 => {
            add("magic_number_hex", json!(chance.of(&["ffd8", "FFD8", "61", "zz"])));
            add("x_bin", json!(chance.of(&["YQ==", "YWI=", "/9g=", "!"])));
        }
        3 => {
            add(
                "mtime",
                json!(chance.of(&[
                    "2026-03-01T00:00:01Z",
                    "2026-03-01T00:00:01.000Z",
                    "2026-03-01T00:00:02Z"
                ])),
            );
            add("hashes", json!({"MD5": chance.of(&["Aa", "aa"]), "SHA-256": "bb"}));
        }
        _ => {}
    }
    Value::Object(file)
}

/// Observed data in a bundle of its own (2.1), or with its objects inside (2.0).
fn observed(chance: &mut Chance, number: usize, new: bool) -> Value {
    let first = chance.below(8);
    let last = first + chance.below(2) * chance.below(5);
    let mut observed = json!({
        "type": "observed-data",
        "id": format!("observed-data--00000000-0000-4000-8000-{number:012}"),
        "created": time(0),
        "modified": time(0),
        "first_observed": time(first),
        "last_observed": time(last),
        "number_observed": 1 + chance.below(2) * chance.below(3),
    });
    let mut objects: Vec<Value> = (0..1 + chance.below(2)).map(|_| object(chance)).collect();
    let id = |place: usize, name: &str| {
        if new { format!("{name}--00000000-0000-4000-8000-{number:06}{place:06}") } else { place.to_string() }
    };
    if chance.below(3) == 0 {
        let place = objects.len();
        let (value, kind) =
            [("192.0.2.1", "ipv4-addr"), ("192.0.2.0/28", "ipv4-addr"), ("2001:db8::1", "ipv6-addr")]
                [chance.below(3)];
        objects.push(json!({"type": kind, "value": value}));
        objects.push(json!({
            "type": "network-traffic", "protocols": ["ipv4", chance.of(&["tcp", "udp"])],
            "dst_port": 80 + chance.below(2), "dst_ref": id(place, kind),
        }));
    }
    if !new {
        let dictionary =
            objects.into_iter().enumerate().map(|(place, object)| (place.to_string(), object)).collect();
        observed["objects"] = Value::Object(dictionary);
        return observed;
    }
    observed["spec_version"] = "2.1".into();
    for (place, object) in objects.iter_mut().enumerate() {
        object["id"] = id(place, object["type"].as_str().unwrap()).into();
    }
    observed["object_refs"] = objects.iter().map(|object| object["id"].clone()).collect();
    objects.insert(0, observed);
    json!({"type": "bundle", "id": format!("bundle--00000000-0000-4000-8000-{number:012}"), "objects": objects})
}

fn constant(chance: &mut Chance) -> String {
    match chance.below(10) {
        0..=3 => format!("'{}'", chance.of(&TEXTS)),
        4 | 5 => chance.of(&["0", "1", "2", "1.5", "1.0", "-1"]).to_owned(),
        6 => chance.of(&["true", "false"]).to_owned(),
        7 => chance.of(&["h'61'", "h'ffd8'", "b'YQ=='", "b'/9g='"]).to_owned(),
        8 => chance.of(&["t'2026-03-01T00:00:01Z'", "t'2026-03-01T00:00:01.5Z'"]).to_owned(),
        _ => chance.of(&["'2026-03-01T00:00:01Z'", "'Aa'", "'192.0.2.1'", "80"]).to_owned(),
    }
}

fn test(chance: &mut Chance, new: bool) -> String {
    let path = match chance.below(3) {
        0 => "file:name",
        1 => chance.of(&["file:size", "file:x_flag", "file:magic_number_hex", "file:x_bin", "file:mtime"]),
        _ => chance.of(&[
            "file:x_list[*]",
            "file:x_list[0]",
            "file:x_list[2][*]",
            "file:x_list",
            "file:hashes.MD5",
            "file:hashes.'SHA-256'",
            "file:nothing",
            "file:type",
            "network-traffic:dst_ref.value",
            "network-traffic:dst_ref.type",
            "network-traffic:dst_port",
            "network-traffic:protocols[*]",
            "ipv4-addr:value",
            "ipv6-addr:value",
        ]),
    };
    let not = chance.of(&["", "", "NOT "]);
    match chance.below(12) {
        0..=3 => format!("{path} {not}= {}", constant(chance)),
        4 => format!("{path} {not}!= {}", constant(chance)),
        5 | 6 => {
            let mut value = constant(chance);
            while value == "true" || value == "false" {
                value = constant(chance);
            }
            format!("{path} {not}{} {value}", chance.of(&["<", "<=", ">", ">="]))
        }
        7 => {
            let set = [
                "()",
                "('a')",
                "('a', 'b')",
                "(1, 2)",
                "(1.5, 1)",
                "(true)",
                "(h'61')",
                "(b'YQ==')",
                "('aa', 'Aa')",
            ];
            format!("{path} {not}IN {}", chance.of(&set))
        }
        8 => format!("{path} {not}LIKE '{}'", chance.of(&["%", "a%", "_", "%b", "a_", "a", "a_b", "\u{e9}"])),
        9 => {
            let expressions = [
                "a", "^a$", "^[ab]+$", "(?i)a", "^.$", "a.b", "b$", "", "^$", "a|A", "\u{e9}", "\\\\x61",
                "[^a]", "a{2}",
            ];
            format!("{path} {not}MATCHES '{}'", chance.of(&expressions))
        }
        10 if new => format!("{}EXISTS {path}", chance.of(&["", "", "", "NOT "])),
        _ => {
            let networks = ["192.0.2.0/24", "192.0.2.0/30", "192.0.2.1/32", "2001:db8::/32"];
            let operator = chance.of(&["ISSUBSET", "ISSUPERSET"]);
            format!(
                "{} {not}{operator} '{}'",
                chance.of(&["ipv4-addr:value", "ipv6-addr:value"]),
                chance.of(&networks)
            )
        }
    }
}

fn comparison(chance: &mut Chance, new: bool, depth: usize) -> String {
    if depth == 0 || chance.below(3) > 0 {
        return test(chance, new);
    }
    let word = chance.of(&["AND", "OR"]);
    let (one, other) = (comparison(chance, new, depth - 1), comparison(chance, new, depth - 1));
    if chance.below(2) == 0 { format!("({one} {word} {other})") } else { format!("{one} {word} {other}") }
}

fn observation(chance: &mut Chance, new: bool, depth: usize) -> String {
    if depth == 0 || chance.below(4) == 0 {
        return match chance.below(3) {
            0 => format!("[{}]", comparison(chance, new, 2)),
            _ => format!("[file:name = '{}']", chance.of(&["a", "b", "ab"])),
        };
    }
    match chance.below(6) {
        0 => format!("({}) REPEATS {} TIMES", observation(chance, new, depth - 1), 1 + chance.below(3)),
        1 => {
            let seconds = chance.of(&["1", "2", "0.5", "4", "1.0"]);
            format!("({}) WITHIN {seconds} SECONDS", observation(chance, new, depth - 1))
        }
        // In STIX 2.0 these times were strings.
        2 if new => {
            let (start, length) = (chance.below(8), chance.below(6));
            let inner = observation(chance, new, depth - 1);
            format!("({inner}) START t'{}' STOP t'{}'", time(start), time(start + length))
        }
        _ => {
            let word = chance.of(&["AND", "OR", "FOLLOWEDBY"]);
            let (one, other) = (observation(chance, new, depth - 1), observation(chance, new, depth - 1));
            if chance.below(2) == 0 {
                format!("({one} {word} {other})")
            } else {
                format!("{one} {word} {other}")
            }
        }
    }
}

fn ours(question: &Value) -> String {
    let pattern = match Pattern::parse(question["pattern"].as_str().unwrap()) {
        Ok(pattern) => pattern,
        Err(error) => return format!("error: {error}"),
    };
    let documents = [Document::read(question["observed"].to_string().as_bytes()).unwrap()];
    match evaluate(&pattern, &observed_data(&documents).unwrap(), Budget::default()) {
        Ok(Some(_)) => "yes".to_owned(),
        Ok(None) => "no".to_owned(),
        Err(undecided) => format!("error: {undecided}"),
    }
}

#[test]
fn verdicts_are_those_of_the_matcher_of_oasis() {
    let mut chance = Chance(20_260_301);
    let questions: Vec<Value> = (0..PAIRS)
        .map(|number| {
            let new = number % 4 != 0;
            let depth = number % 3;
            let pattern = if depth == 0 {
                format!("[{}]", comparison(&mut chance, new, 2))
            } else {
                observation(&mut chance, new, depth)
            };
            let all: Vec<Value> =
                (0..1 + chance.below(4)).map(|place| observed(&mut chance, place, new)).collect();
            json!({"pattern": pattern, "observed": all, "version": if new { "2.1" } else { "2.0" }})
        })
        .collect();
    let Some(answers) = peer::ask(questions.clone(), "verdicts_are_those_of_the_matcher_of_oasis") else {
        return;
    };
    assert_eq!(answers.len(), questions.len());
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut unexplained = Vec::new();
    for (question, theirs) in questions.iter().zip(&answers) {
        let ours = ours(question);
        if ours == *theirs {
            *counts.entry(if ours == "yes" { "both match" } else { "neither matches" }).or_default() += 1;
            continue;
        }
        let pattern = question["pattern"].as_str().unwrap();
        let explains = |difference: &&Difference| {
            difference.pattern.iter().all(|part| pattern.contains(part))
                && question["observed"].to_string().contains(difference.observed)
                && theirs.contains(difference.answer)
        };
        match DIFFERENCES.iter().find(explains) {
            Some(difference) if !ours.starts_with("error") => *counts.entry(difference.why).or_default() += 1,
            _ => unexplained
                .push(format!("{pattern}\n  theirs {theirs}, ours {ours}\n  {}", question["observed"])),
        }
    }
    println!("{counts:#?}");
    assert!(
        unexplained.is_empty(),
        "{} of {PAIRS}:\n{}",
        unexplained.len(),
        unexplained[..unexplained.len().min(5)].join("\n")
    );
    // Most must agree, in both ways, for the comparison to be one.
    assert!(counts.get("both match").is_some_and(|count| *count > PAIRS / 5), "{counts:#?}");
    assert!(counts.get("neither matches").is_some_and(|count| *count > PAIRS / 5), "{counts:#?}");
}
