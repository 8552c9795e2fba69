//! What is found, what is named as unsupported, and what is no expression.

use super::Expression;

fn found(expression: &str, text: &str) -> bool {
    let read = Expression::read(expression).unwrap_or_else(|cause| panic!("{expression}: {cause}"));
    read.found_in(text).unwrap_or_else(|| panic!("{expression}: {:?}", read.unsupported()))
}

#[test]
fn what_pcre_finds_is_found() {
    for (expression, text) in [
        ("b", "abc"),
        (r"^.+\@example\.com$", "jo@example.com"),
        (r"^Final Report.+\.exe$", "Final Report 7.exe\n"),
        ("^b$", "b"),
        ("(?i)B", "abc"),
        ("(?i:B)c", "abc"),
        ("(?s)a.b", "a\nb"),
        ("(?m)^b$", "a\nb\nc"),
        (r"[[:alpha:]]+\d", "ab1"),
        ("[^[:space:]]", "x"),
        ("[]a]+$", "a]"),
        ("[a&&b]", "&"),
        ("[+--]", ","),
        ("[[a]", "["),
        (r"[\w.-]+", "a.b-c"),
        (r"[\]\\]", "\\"),
        (r"\x41\x{42}\103", "ABC"),
        (r"[\x{e0}-\x{ff}]", "é"),
        (r"\Qa.b\E+", "a.bb"),
        ("a{2}{2}", "aaaa"),
        ("a{,x", "a{,x"),
        ("a{", "a{"),
        ("{", "{"),
        ("a*?b", "aab"),
        ("(?<name>a)(?P<other>b)(?'third'c)", "abc"),
        ("(?x) a  b # and more\n c", "abc"),
        (r"(?x) a\ b", "a b"),
        ("a(?#no)b", "ab"),
        (r"a\Rb", "a\r\nb"),
        (r"\h\H\v\V", "\tx\ny"),
        (r"foo\Kbar", "foobar"),
        (r"\Aa\z", "a"),
        (r"a\Z", "a\n"),
        ("é", "é"),
        ("e\u{301}", "\u{e9}"),
        ("", ""),
        ("a|", "b"),
        ("/", "/"),
        (r"\/", "/"),
        (r"\cA", "\u{1}"),
        (r"[\b]", "\u{8}"),
    ] {
        // The octal number above is one of PCRE's references, so it is tried in a set.
        let expression = expression.replace(r"\103", r"[\103]");
        assert!(found(&expression, text), "{expression} in {text:?}");
    }
}

#[test]
fn what_pcre_does_not_find_is_not_found() {
    for (expression, text) in [
        ("^b", "abc"),
        ("a.b", "a\nb"),
        ("^b", "a\nb"),
        ("a$", "a\nb"),
        ("a$", "a\n\n"),
        (r"a\z", "a\n"),
        (r"^\w$", "é"),
        (r"^\d$", "٣"),
        ("A", "a"),
        ("(?i)a(?-i)b", "AB"),
        ("[^a]", "a"),
        (r"[\D]", "7"),
        (r"(?x) a\ b", "ab"),
    ] {
        assert!(!found(expression, text), "{expression} in {text:?}");
    }
}

#[test]
fn what_is_not_supported_is_named() {
    for (expression, word) in [
        ("(?=a)", "ahead"),
        ("(?!a)", "ahead"),
        ("(?<=a)", "back"),
        ("(?<!a)", "back"),
        (r"(a)\1", "reference"),
        (r"(?<n>a)\k<n>", "reference"),
        ("a++", "possessive"),
        ("a*+", "possessive"),
        ("a{2}+", "possessive"),
        ("(?>a)", "atomic"),
        ("(?(1)a)", "condition"),
        ("(?R)", "recursion"),
        ("(?1)", "call"),
        (r"\p{L}", "properties"),
        (r"[\p{L}]", "properties"),
        (r"\X", "X"),
        ("(*UCP)a", "verb"),
        ("(?i)é", "ASCII"),
        ("(?i)[à-ÿ]", "ASCII"),
        (r"a$\n", "$"),
        ("a{,2}", "{,n}"),
        ("((((a{60000}){60000}){60000}){60000})", "large"),
        (&"(".repeat(60), "deep"),
    ] {
        let read = Expression::read(expression).unwrap_or_else(|cause| panic!("{expression}: {cause}"));
        let what = read.unsupported().unwrap_or_else(|| panic!("{expression} is supported"));
        assert!(what.contains(word), "{expression}: {what}");
        assert_eq!(read.found_in("a"), None);
    }
}

#[test]
fn what_is_no_expression_is_refused() {
    for expression in [
        "(",
        ")",
        "[",
        "[a",
        "*",
        "a**",
        "(?",
        "(?<1a>b)",
        r"a\",
        "[z-a]",
        "a{3,2}",
        "x|+",
        r"\y",
        "[[:what:]]",
        "(?#",
        r"\x{zz}",
    ] {
        assert!(Expression::read(expression).is_err(), "{expression}");
    }
}

#[test]
fn an_expression_that_never_ends_elsewhere_ends_here() {
    let text = "a".repeat(20_000) + "b";
    assert!(!found("^(a+)+$", &text));
    assert!(!found("^(a|aa)*$", &text));
}
