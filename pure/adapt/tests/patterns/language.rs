//! The language: what is a pattern, its canonical form, and what is said of what is none.

use adapt::stix::{
    Pattern,
    pattern::{DEPTH_MAX, Note, TEXT_MAX},
};

/// Patterns, and their canonical form where it is another.
const PATTERNS: &[(&str, &str)] = &[
    ("[file:size = 1]", ""),
    ("[file:size==+1]", "[file:size = 1]"),
    ("[file:size <> -1]", "[file:size != -1]"),
    ("[file:size = .5]", "[file:size = 0.5]"),
    ("[file:size = -.5]", "[file:size = -0.5]"),
    ("[file:size = 3.0]", ""),
    ("[file:size NOT != 1]", ""),
    ("[file:name = 'it\\'s \\\\ here']", ""),
    ("[file:x_a = true OR file:x_b != false]", ""),
    ("[file:name IN ('a','b')]", "[file:name IN ('a', 'b')]"),
    ("[file:size NOT IN (1,1.5)]", "[file:size NOT IN (1, 1.5)]"),
    ("[file:name IN ()]", ""),
    ("[EXISTS file:name AND NOT EXISTS file:size]", ""),
    ("[file:mtime > t'2014-01-13T07:03:17.5Z']", ""),
    ("[file:magic_number_hex = h'FFd8']", "[file:magic_number_hex = h'ffd8']"),
    ("[artifact:payload_bin = b'aGVsbG8=']", ""),
    ("[artifact:payload_bin = h'']", ""),
    ("[file:name LIKE '%a_' OR file:name NOT MATCHES '^a(b|c)+$']", ""),
    ("[ipv4-addr:value ISSUBSET '192.0.2.77/24']", "[ipv4-addr:value ISSUBSET '192.0.2.0/24']"),
    ("[ipv4-addr:value ISSUPERSET '192.0.2.77']", "[ipv4-addr:value ISSUPERSET '192.0.2.77/32']"),
    ("[ipv6-addr:value NOT ISSUBSET '2001:db8:0::/48']", "[ipv6-addr:value NOT ISSUBSET '2001:db8::/48']"),
    ("[file:hashes.'SHA-256' = 'a']", ""),
    ("[file:'name' = 'a']", "[file:name = 'a']"),
    ("[file:'IN' = 'a']", ""),
    ("[file:extensions.'windows-pebinary-ext'.sections[*].entropy > 7.0]", ""),
    ("[x-lamp:x_list[0][*][-1] = 1]", ""),
    ("[network-traffic:dst_ref.resolves_to_refs[*].value = 'a']", ""),
    ("[file : name\n=\t'a' ] // and more", "[file:name = 'a']"),
    ("/* one */[file:name = 'a']AND[file:name = 'b']", "[file:name = 'a'] AND [file:name = 'b']"),
    ("[(file:name = 'a' OR file:name = 'b') AND file:size = 1]", ""),
    (
        "[(file:name = 'a' AND file:name = 'b') OR file:size = 1]",
        "[file:name = 'a' AND file:name = 'b' OR file:size = 1]",
    ),
    ("[((file:name = 'a'))]", "[file:name = 'a']"),
    ("(([file:name = 'a']))", "[file:name = 'a']"),
    ("[a:b = 1] OR [a:b = 2] AND [a:b = 3] FOLLOWEDBY [a:b = 4]", ""),
    ("([a:b = 1] OR [a:b = 2]) AND ([a:b = 3] FOLLOWEDBY [a:b = 4])", ""),
    ("[a:b = 1] FOLLOWEDBY ([a:b = 2] FOLLOWEDBY [a:b = 3])", ""),
    ("[a:b = 1] REPEATS 5 TIMES WITHIN 1800 SECONDS", ""),
    (
        "[a:b = 1] WITHIN 0.5 SECONDS REPEATS 2 TIMES START t'2026-03-01T00:00:00Z' STOP t'2026-03-02T00:00:00Z'",
        "",
    ),
    ("([a:b = 1]) WITHIN 5 SECONDS", "[a:b = 1] WITHIN 5 SECONDS"),
    ("([a:b = 1] WITHIN 5 SECONDS) WITHIN 6 SECONDS", ""),
    ("([a:b = 1] AND [a:b = 2]) REPEATS 2 TIMES", ""),
    ("[a:b = 1] AND [a:b = 2] REPEATS 2 TIMES", ""),
];

#[test]
fn every_construct_is_read_and_printed_in_one_form() {
    for (text, canonical) in PATTERNS {
        let pattern = Pattern::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let expected = if canonical.is_empty() { text } else { canonical };
        assert_eq!(pattern.to_string(), *expected);
        assert_eq!(Pattern::parse(&pattern.to_string()).as_ref(), Ok(&pattern), "{text}");
    }
}

/// What is no pattern, where it stops being one, and a word of what is said.
const MISTAKES: &[(&str, u32, u32, &str)] = &[
    ("", 1, 1, "expected `[` or `(`, found the end"),
    ("file:name = 'a'", 1, 1, "expected `[` or `(`, found `file`"),
    ("[file:name = 'a'", 1, 17, "expected `]`"),
    ("[\n  file:name = 'a'\n  file:size = 1]", 3, 3, "expected `]`, `AND` or `OR`, found `file`"),
    ("[file:name]", 1, 11, "expected `=`"),
    ("[file = 1]", 1, 7, "expected `:`"),
    ("[file:name like 'a%']", 1, 12, "capitals: `LIKE`"),
    ("[file:x_a = True]", 1, 13, "write `true`"),
    ("[file:x_a > true]", 1, 13, "has no order"),
    ("[NOT file:name = 'a']", 1, 6, "behind the path"),
    ("[file:name LIKE 1]", 1, 17, "a string in quotes"),
    ("[file:name MATCHES '(']", 1, 20, "not a regular expression"),
    ("[file:name = \"a\"]", 1, 14, "single quotes"),
    ("[file:name = 'a]", 1, 14, "does not end"),
    ("[file:name = 'a\\n']", 1, 16, "`\\` stands only before"),
    ("[file:size = 01]", 1, 14, "superfluous"),
    ("[file:size = 5.]", 1, 16, "behind the decimal point"),
    ("[file:size = 1e5]", 1, 15, "expected `]`"),
    ("[file:size = 9223372036854775808]", 1, 14, "64 bits"),
    ("[file:size IN (1, 'a')]", 1, 19, "one kind"),
    ("[file:size IN (1,)]", 1, 18, "a constant"),
    ("[file:x = h'ffd']", 1, 11, "pairs of hexadecimal digits"),
    ("[file:x = b'aGVsbG8']", 1, 11, "base64"),
    ("[file:x = b'']", 1, 11, "base64"),
    ("[file:x = t'2014-02-31T00:00:00Z']", 1, 11, "a time that there is"),
    ("[file:x = t'2014-02-28T00:00:00']", 1, 11, "with `T` and `Z`"),
    ("[ipv4-addr:value ISSUBSET '192.0.2.0/33']", 1, 27, "address or network"),
    ("[file:x-y = 1]", 1, 7, "stands in quotes"),
    ("[file:IN = 1]", 1, 7, "write `'IN'`"),
    ("[file:x['a'] = 1]", 1, 9, "a place in a list"),
    ("[a:b = 1] [a:b = 2]", 1, 11, "expected `AND`"),
    ("[a:b = 1] and [a:b = 2]", 1, 11, "capitals: `AND`"),
    ("[a:b = 1] REPEATS 0 TIMES", 1, 19, "at least 1 time"),
    ("[a:b = 1] REPEATS 1.5 TIMES", 1, 19, "whole number"),
    ("[a:b = 1] WITHIN 0 SECONDS", 1, 18, "above 0"),
    ("[a:b = 1] WITHIN 5 SECOND", 1, 20, "expected `SECONDS`"),
    ("[a:b = 1] START '2026-03-01T00:00:00Z'", 1, 17, "expected a time"),
    ("[a:b = 1] WITHIN 5 SECONDS WITHIN 6 SECONDS", 1, 28, "one qualifier of each kind"),
    ("[a:b = 1];", 1, 10, "no meaning"),
    ("[a:b = 1] /* no end", 1, 11, "does not end"),
    ("[]", 1, 2, "expected a comparison"),
];

#[test]
fn what_is_no_pattern_is_shown_with_its_place_and_what_was_expected() {
    for (text, line, column, words) in MISTAKES {
        let error = Pattern::parse(text).expect_err(text);
        assert_eq!((error.place.line, error.place.column), (*line, *column), "{text}: {error}");
        assert!(error.problem.contains(words), "{text}: {error}");
    }
}

#[test]
fn a_pattern_that_never_ends_is_refused() {
    let deep = |depth: usize| format!("{}[a:b = 1]{}", "(".repeat(depth), ")".repeat(depth));
    assert!(Pattern::parse(&deep(DEPTH_MAX)).is_ok());
    assert!(Pattern::parse(&deep(DEPTH_MAX + 1)).unwrap_err().problem.contains("deep"));
    assert!(Pattern::parse(&"(".repeat(100_000)).unwrap_err().problem.contains("deep"));
    assert!(
        Pattern::parse(&format!("[{}a:b = 1", "(".repeat(100_000))).unwrap_err().problem.contains("deep")
    );
    assert!(Pattern::parse(&" ".repeat(TEXT_MAX + 1)).unwrap_err().problem.contains("longest"));
    let many = vec!["[a:b = 1]"; 50_000].join(" AND ");
    assert!(Pattern::parse(&many).is_ok());
}

fn notes(text: &str) -> Vec<Note> {
    Pattern::parse(text).unwrap().notes()
}

#[test]
fn paths_in_no_object_are_named() {
    for text in [
        "file:name",
        "file:extensions.'windows-pebinary-ext'.sections[*].hashes.MD5",
        "file:extensions.'windows-pebinary-ext'.optional_header.hashes.'SHA-256'",
        "file:extensions.'x-lamp-ext'.what",
        "file:x_ours.what[0]",
        "x-lamp:what",
        "file:parent_directory_ref.path",
        "network-traffic:dst_ref.resolves_to_refs[0].value",
        "network-traffic:extensions.'http-request-ext'.request_header.'User-Agent'",
        "email-message:body_multipart[*].body_raw_ref.name",
        "process:environment_variables.PATH",
        "windows-registry-key:values[*].data",
        "x509-certificate:x509_v3_extensions.key_usage",
        "file:type",
    ] {
        assert_eq!(notes(&format!("[EXISTS {text}]")), [], "{text}");
    }
    for (text, words) in [
        ("win-registry-key:key", "no type `win-registry-key`"),
        ("file:created", "`file` has no property `created`"),
        ("file:hashes.SHA256", "SHA-256"),
        ("file:name.x", "a single value"),
        ("file:name[0]", "a single value"),
        ("network-traffic:protocols.x", "write `[*]`"),
        ("network-traffic:protocols[-1]", "is 0"),
        ("network-traffic:dst_ref.path", "no property `path`"),
        ("file:extensions.'pe-ext'.x", "no extension `pe-ext`"),
        ("file:extensions.'pdf-ext'.what", "no property `what`"),
        ("file:extensions[0]", "no list"),
    ] {
        match notes(&format!("[EXISTS {text}]")).as_slice() {
            [Note::UnknownPath { path, problem }] => {
                assert_eq!(path, text);
                assert!(problem.contains(words), "{text}: {problem}");
            }
            other => panic!("{text}: {other:?}"),
        }
    }
}

#[test]
fn what_can_never_hold_is_named() {
    for (text, words) in [
        ("[file:name = 'a' AND url:value = 'b']", "no object is all of file, url"),
        ("[(file:name = 'a' OR url:value = 'b') AND mutex:name = 'c']", "file, mutex, url"),
        ("[a:b = 1] START t'2026-03-02T00:00:00Z' STOP t'2026-03-01T00:00:00Z'", "stops before"),
        ("[network-traffic:dst_ref = 'x']", "names another object"),
        ("[file:name MATCHES '(?=a)']", "not supported"),
    ] {
        let notes = notes(text);
        assert!(notes.iter().any(|note| note.to_string().contains(words)), "{text}: {notes:?}");
    }
    let fine = "[(file:name = 'a' OR url:value = 'b') AND (url:value = 'c' OR mutex:name = 'd')]";
    assert_eq!(notes(fine), []);
}
