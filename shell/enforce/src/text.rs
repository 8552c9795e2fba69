//! Rulesets as text: whether one keeps to Bastide's own two tables, and what of it nft is given.

use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::{self, Display, Write as _},
    net::IpAddr,
};

/// The longest ruleset that is taken, in bytes.
pub const TEXT_MAX: usize = 8 << 20;

/// The name of both tables.
const TABLE: &str = "bastide";

/// How many elements one command to nft holds.
const ELEMENTS_AT_ONCE: usize = 1_000;

/// The two tables, by their family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// `table bridge bastide`: frames inside a switch.
    Bridge,
    /// `table inet bastide`: what is routed, IPv4 and IPv6.
    Inet,
}

impl Family {
    /// Both.
    pub(crate) const ALL: [Family; 2] = [Family::Inet, Family::Bridge];

    /// The family that nft calls so.
    pub(crate) fn named(name: &str) -> Option<Family> {
        Family::ALL.into_iter().find(|family| family.to_string() == name)
    }
}

impl Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Family::Bridge => "bridge",
            Family::Inet => "inet",
        })
    }
}

/// A set of quarantined addresses: `quarantine4` or `quarantine6` in one of the tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Quarantine {
    /// The table.
    pub family: Family,
    /// Whether it holds IPv6 addresses rather than IPv4.
    pub six: bool,
}

impl Quarantine {
    /// The set of this name in a table.
    pub(crate) fn named(family: Family, name: &str) -> Option<Quarantine> {
        let six = match name {
            "quarantine4" => false,
            "quarantine6" => true,
            _ => return None,
        };
        Some(Quarantine { family, six })
    }

    /// Whether an address belongs in it.
    #[must_use]
    pub fn takes(self, address: IpAddr) -> bool {
        address.is_ipv6() == self.six
    }
}

impl Display for Quarantine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Quarantine { family, six } = self;
        write!(f, "{family} {TABLE} quarantine{}", if *six { 6 } else { 4 })
    }
}

/// Why a text is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct TextError {
    /// The line, from 1.
    pub line: u32,
    /// What is wrong there, and what to do.
    pub what: String,
}

/// Checks that a text declares the two tables and nothing else, and says which quarantine sets it has.
///
/// The check is stricter than nft: no `include`, no `define`, no `$`, no backslash, so that words and braces mean to
/// both the same. What it lets pass may still be no ruleset; that nft says.
///
/// # Errors
///
/// If the text touches anything else or declares no table, is too long, or fills a quarantine set itself.
pub fn check(text: &str) -> Result<BTreeSet<Quarantine>, TextError> {
    if text.len() > TEXT_MAX {
        let what = format!("the ruleset has {} bytes; no more than {TEXT_MAX} are taken", text.len());
        return Err(TextError { line: 1, what });
    }
    let mut reader = Reader { tokens: tokens(text)?.into_iter(), line: 1 };
    let (mut sets, mut filled) = (BTreeSet::new(), BTreeSet::new());
    while let Some(token) = reader.next() {
        let verb = match token {
            Token::End => continue,
            Token::Word(verb) => verb,
            _ => {
                return reader
                    .wrong("a ruleset here is `table inet bastide { … }` and `table bridge bastide { … }`");
            }
        };
        let declares = match verb {
            "table" => true,
            "add" | "delete" | "flush" if reader.next() == Some(Token::Word("table")) => verb == "add",
            _ => {
                return reader.wrong(&format!(
                    "`{verb}` is refused: only tables inet bastide and bridge bastide may be declared"
                ));
            }
        };
        let family = match reader.next() {
            Some(Token::Word(family)) => Family::named(family),
            _ => None,
        };
        let Some(family) = family else {
            return reader.wrong("a table of another family than inet or bridge is not ours");
        };
        if reader.next() != Some(Token::Word(TABLE)) {
            return reader.wrong("a table that is not called `bastide` is not ours");
        }
        match reader.next() {
            None | Some(Token::End) if declares || !filled.contains(&family) => {}
            Some(Token::Open) if declares => {
                let begin = reader.line;
                if reader.table(family, &mut sets)? && !filled.insert(family) {
                    let what = format!("table {family} bastide is declared a second time; put both together");
                    return Err(TextError { line: begin, what });
                }
                if !matches!(reader.next(), None | Some(Token::End)) {
                    return reader.wrong("something stands behind a table on its line");
                }
            }
            _ => {
                return reader
                    .wrong("a table is removed behind its declaration, or something stands behind its name");
            }
        }
    }
    if filled.is_empty() {
        reader.wrong("no table is declared; to remove all rules, revert to nothing")
    } else {
        Ok(sets)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token<'t> {
    Close,
    /// A new line or a semicolon.
    End,
    Open,
    Other,
    Word(&'t str),
}

/// Cuts a text as nft does: comments and quoted text hold no words and no braces.
fn tokens(text: &str) -> Result<Vec<(u32, Token<'_>)>, TextError> {
    let mut tokens = Vec::new();
    for (line, number) in text.split('\n').zip(1..) {
        let wrong = |what: &str| Err(TextError { line: number, what: what.to_owned() });
        if line.chars().any(|letter| letter.is_control() && letter != '\t') {
            return wrong("a control character, which no ruleset needs");
        }
        let mut rest = line;
        while let Some(letter) = rest.chars().next() {
            let mut length = letter.len_utf8();
            let token = match letter {
                '#' => break,
                ' ' | '\t' => None,
                ';' => Some(Token::End),
                '{' => Some(Token::Open),
                '}' => Some(Token::Close),
                '"' => {
                    let Some((quoted, _)) = rest.get(1..).and_then(|behind| behind.split_once('"')) else {
                        return wrong("quoted text must end on its line");
                    };
                    length = quoted.len() + 2;
                    Some(Token::Other)
                }
                '\\' | '$' | '`' => return wrong(&format!("`{letter}` is refused; write out what is meant")),
                'a'..='z' | 'A'..='Z' | '0'..='9' | '_' => {
                    length =
                        rest.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count();
                    rest.get(..length).map(Token::Word)
                }
                letter if letter.is_ascii() => Some(Token::Other),
                _ => return wrong("letters beyond ASCII may only stand in comments and quoted text"),
            };
            if matches!(token, Some(Token::Word("include" | "define" | "redefine" | "undefine"))) {
                return wrong("`include` and `define` are refused; write out what is meant");
            }
            tokens.extend(token.map(|token| (number, token)));
            rest = rest.get(length..).unwrap_or_default();
        }
        tokens.push((number, Token::End));
    }
    Ok(tokens)
}

struct Reader<'t> {
    tokens: std::vec::IntoIter<(u32, Token<'t>)>,
    line: u32,
}

impl<'t> Reader<'t> {
    fn next(&mut self) -> Option<Token<'t>> {
        let (line, token) = self.tokens.next()?;
        self.line = line;
        Some(token)
    }

    fn wrong<T>(&self, what: &str) -> Result<T, TextError> {
        Err(TextError { line: self.line, what: what.to_owned() })
    }

    /// Reads a table's block behind its opening brace, and says whether anything is in it.
    fn table(&mut self, family: Family, sets: &mut BTreeSet<Quarantine>) -> Result<bool, TextError> {
        let mut filled = false;
        loop {
            let word = match self.next() {
                Some(Token::End) => continue,
                Some(Token::Close) => return Ok(filled),
                Some(Token::Word(word)) => word,
                Some(_) => return self.wrong("a table holds chains, sets and maps"),
                None => return self.wrong("the last table is not closed"),
            };
            filled = true;
            // No `flags`: a table that is dormant, or ends with the programme that made it, would not be in force.
            match word {
                "chain" | "comment" | "counter" | "ct" | "flowtable" | "limit" | "map" | "quota"
                | "secmark" | "set" | "synproxy" => {}
                _ => {
                    return self
                        .wrong(&format!("`{word}` is refused in a table; chains, sets and maps are taken"));
                }
            }
            let set = match self.next() {
                Some(Token::Word(name)) if word == "set" => Quarantine::named(family, name),
                Some(Token::End | Token::Open | Token::Close) | None => {
                    return self.wrong(&format!("`{word}` is not followed by a name"));
                }
                Some(_) => None,
            };
            sets.extend(set);
            if self.statement(set.is_some())? {
                return Ok(true);
            }
        }
    }

    /// Reads to the end of a statement in a table, and says whether the table ended with it.
    fn statement(&mut self, quarantine: bool) -> Result<bool, TextError> {
        let mut depth = 0_u32;
        loop {
            match self.next() {
                Some(Token::Open) => depth += 1,
                Some(Token::Close) if depth == 0 => return Ok(true),
                Some(Token::Close) if depth == 1 => return Ok(false),
                Some(Token::Close) => depth -= 1,
                Some(Token::End) if depth == 0 => return Ok(false),
                // Single addresses come and go on request, and must not run into one another.
                Some(Token::Word("elements" | "auto" | "timeout" | "dynamic" | "constant")) if quarantine => {
                    return self.wrong("a quarantine set has a type, and may have `flags interval`; addresses are contained on request");
                }
                Some(_) => {}
                None => return self.wrong("the last table is not closed"),
            }
        }
    }
}

/// What nft is given to replace the tables that are there by those of a text, in one transaction; by none without one.
pub(crate) fn replacement(
    there: &BTreeSet<Family>,
    text: &str,
    sets: &BTreeSet<Quarantine>,
    contained: &BTreeSet<IpAddr>,
) -> String {
    let mut out = String::with_capacity(text.len() + 1_024);
    for family in there {
        // Declared first: one that is gone meanwhile is no error.
        let _ = writeln!(out, "table {family} {TABLE} {{\n}}\ndelete table {family} {TABLE}");
    }
    out.push_str(text);
    out.push('\n');
    let elements = sets.iter().map(|set| (*set, contained.clone())).collect();
    out.push_str(&additions(&elements));
    out
}

/// Commands that add addresses to the sets that take them. Those that are in a set already stay.
pub(crate) fn additions(elements: &BTreeMap<Quarantine, BTreeSet<IpAddr>>) -> String {
    let mut out = String::new();
    for (set, addresses) in elements {
        let addresses: Vec<String> =
            addresses.iter().filter(|address| set.takes(**address)).map(ToString::to_string).collect();
        for some in addresses.chunks(ELEMENTS_AT_ONCE) {
            let _ = writeln!(out, "add element {set} {{ {} }}", some.join(", "));
        }
    }
    out
}

/// Commands that take addresses out of the sets. Each is added first: one that is gone already is no error.
pub(crate) fn removals(elements: &BTreeMap<Quarantine, BTreeSet<IpAddr>>) -> String {
    let add = additions(elements);
    let delete =
        add.lines().filter_map(|line| line.strip_prefix("add")).map(|line| format!("delete{line}\n"));
    let delete: String = delete.collect();
    add + &delete
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> String {
        check(text).unwrap_err().to_string()
    }

    #[test]
    fn the_two_tables_are_taken_with_their_quarantine_sets() {
        let text = "# rules of a town\ntable inet bastide {}\ndelete table inet bastide\n\
            table inet bastide {\n\tcomment \"of } Ö\"\n\tset quarantine4 {\n\t\ttype ipv4_addr\n\t\tflags interval\n\t}\n\
            \tset ports { type inet_service; elements = { 80, 443 } }\n\
            \tchain forward {\n\t\ttype filter hook forward priority 0; policy drop;\n\
            \t\tip saddr @quarantine4 drop # { not a brace\n\t\ttcp dport { 80, 443 } log prefix \"a { b\" accept\n\t}\n}\n\
            add table bridge bastide { set quarantine6 { type ipv6_addr; }; chain c { } }";
        let sets = check(text).unwrap();
        let expected = [
            Quarantine { family: Family::Inet, six: false },
            Quarantine { family: Family::Bridge, six: true },
        ];
        assert_eq!(sets, BTreeSet::from(expected));
    }

    #[test]
    fn whatever_touches_something_else_is_refused() {
        let ours = "table inet bastide { chain c { } }\n";
        for (foreign, why) in [
            ("flush ruleset", "`flush`"),
            ("table ip bastide { }", "family"),
            ("table bastide { }", "family"),
            ("table inet filter { chain c { } }", "not called"),
            ("delete table inet filter", "not called"),
            ("delete table inet bastide", "behind its declaration"),
            ("add rule inet filter input drop", "`add`"),
            ("add element inet bastide quarantine4 { 192.0.2.1 }", "`add`"),
            ("create table inet bastide", "`create`"),
            ("include \"/etc/nftables.conf\"", "include"),
            ("define x = 1", "define"),
            ("list ruleset", "`list`"),
            ("{ }", "a ruleset here"),
            ("table bridge bastide { chain c { }", "not closed"),
            ("table bridge bastide { chain c { } } }", "something stands behind"),
            ("table bridge bastide { flags dormant; }", "`flags`"),
            ("table bridge bastide { include \"x\" }", "include"),
            ("table bridge bastide { chain c { include \"x\" } }", "include"),
            ("table inet bastide { chain d { } }", "second time"),
            ("table bridge bastide { chain c { } } table ip x { }", "something stands behind"),
            ("table bridge bastide { chain c { } } ; delete table ip x", "family"),
            ("table bridge bastide { chain \\\n c { } }", "`\\`"),
            (
                "table bridge bastide { chain c { log prefix \"a\n} } flush ruleset\" } }",
                "must end on its line",
            ),
            ("table bridge bastide { chain c { tcp dport $x drop } }", "`$`"),
            ("table bridge bastide { chain Ö { } }", "beyond ASCII"),
            ("table bridge bastide {\r\n}", "control"),
            (
                "table bridge bastide { set quarantine4 { type ipv4_addr; elements = { 192.0.2.1 } } }",
                "on request",
            ),
            (
                "table bridge bastide { set quarantine4 { type ipv4_addr; flags interval; auto-merge; } }",
                "on request",
            ),
        ] {
            let said = problem(&format!("{ours}{foreign}"));
            assert!(said.contains(why), "{foreign}: {said}");
        }
        assert!(problem("").contains("no table"));
        assert!(problem("table inet bastide { }").contains("no table"));
        assert!(problem(&"#".repeat(TEXT_MAX + 1)).contains("no more than"));
    }

    #[test]
    fn comments_and_quotes_hide_nothing_that_nft_would_see() {
        let hidden = "table inet bastide { chain c { } } # }\n#\" \nflush ruleset #\"";
        assert!(problem(hidden).contains("line 3: `flush`"), "{}", problem(hidden));
        let quoted = "table inet bastide { chain c { log prefix \"#\" } }\nflush ruleset";
        assert!(problem(quoted).contains("line 2: `flush`"));
    }

    #[test]
    fn a_replacement_is_one_text_with_every_contained_address() {
        let text = "table inet bastide {\n}";
        let sets = BTreeSet::from([Quarantine { family: Family::Inet, six: false }]);
        let contained = BTreeSet::from(["192.0.2.7".parse().unwrap(), "2001:db8::7".parse().unwrap()]);
        assert_eq!(
            replacement(&BTreeSet::from([Family::Inet]), text, &sets, &contained),
            "table inet bastide {\n}\ndelete table inet bastide\ntable inet bastide {\n}\n\
            add element inet bastide quarantine4 { 192.0.2.7 }\n"
        );
        let one = BTreeMap::from([(Quarantine { family: Family::Inet, six: true }, contained)]);
        assert_eq!(
            removals(&one),
            "add element inet bastide quarantine6 { 2001:db8::7 }\ndelete element inet bastide quarantine6 { 2001:db8::7 }\n"
        );
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_judged_without_panic(text in "[ \\n\"#{};a-z\\\\$é]{0,200}") {
            let _ = check(&text);
        }
    }
}
