//! Words to a tree (§9.3 to §9.7 and the grammar that the standard refers to).
//!
//! Loosest first: `FOLLOWEDBY`, `OR`, `AND`, qualifiers; within brackets `OR`, `AND`.

use super::{
    DEPTH_MAX, EXPRESSIONS_MAX, Expression, Like, PatternError, Place, TEXT_MAX,
    lex::{self, Token, Word},
    tree::*,
};
use ipnet::IpNet;
use std::net::IpAddr;

type Parsed<T> = Result<T, PatternError>;

/// Reads a whole pattern.
pub(super) fn pattern(text: &str) -> Parsed<Observation> {
    let begin = Place { line: 1, column: 1 };
    if text.len() > TEXT_MAX {
        let what = format!("a pattern of {} bytes is not read; the longest has {TEXT_MAX}", text.len());
        return Err(PatternError::new(begin, what));
    }
    let words = lex::words(text)?;
    let end = words.last().cloned().unwrap_or(Word { token: Token::End, place: begin });
    let mut parser = Parser { words: words.into_iter(), end, ahead: None, depth: 0, expressions: 0 };
    let root = parser.followed_by()?;
    match parser.peek() {
        Token::End => Ok(root),
        _ => Err(parser.unexpected("`AND`, `OR`, `FOLLOWEDBY`, a qualifier, or the end")),
    }
}

struct Parser {
    words: std::vec::IntoIter<Word>,
    /// What stands behind the last word: the end.
    end: Word,
    ahead: Option<Word>,
    depth: usize,
    /// How many regular expressions were read.
    expressions: usize,
}

impl Parser {
    fn peek(&mut self) -> &Token {
        let Parser { words, end, ahead, .. } = self;
        &ahead.get_or_insert_with(|| words.next().unwrap_or_else(|| end.clone())).token
    }

    fn next(&mut self) -> Word {
        self.ahead.take().or_else(|| self.words.next()).unwrap_or_else(|| self.end.clone())
    }

    fn skip_keyword(&mut self, word: &str) -> bool {
        let follows = matches!(self.peek(), Token::Keyword(keyword) if *keyword == word);
        if follows {
            self.next();
        }
        follows
    }

    fn skip_sign(&mut self, sign: &str) -> bool {
        let follows = matches!(self.peek(), Token::Sign(found) if *found == sign);
        if follows {
            self.next();
        }
        follows
    }

    fn expect_keyword(&mut self, word: &str) -> Parsed<()> {
        if self.skip_keyword(word) { Ok(()) } else { Err(self.unexpected(&format!("`{word}`"))) }
    }

    fn expect_sign(&mut self, sign: &str, or: &str) -> Parsed<()> {
        if self.skip_sign(sign) { Ok(()) } else { Err(self.unexpected(&format!("`{sign}`{or}"))) }
    }

    /// What stands next is none of what could.
    fn unexpected(&mut self, expected: &str) -> PatternError {
        let Word { token, place } = self.next();
        let capitals = match &token {
            Token::Name(name) => Some(name.to_ascii_uppercase()),
            _ => None,
        };
        let hint = match capitals.as_deref() {
            Some(word @ ("TRUE" | "FALSE")) => format!("; write `{}`", word.to_ascii_lowercase()),
            Some(word) if lex::is_keyword(word) => {
                format!("; the words of the language are written in capitals: `{word}`")
            }
            _ => String::new(),
        };
        PatternError::new(place, format!("expected {expected}, found {token}{hint}"))
    }

    /// Goes into a parenthesis.
    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth >= DEPTH_MAX {
            let what = format!("parentheses stand more than {DEPTH_MAX} deep; join what they hold");
            return Err(PatternError::new(self.next().place, what));
        }
        self.depth += 1;
        let within = read(self)?;
        self.depth -= 1;
        Ok(within)
    }

    /// Parts with a word between them; one part stands for itself.
    fn joined<T>(
        &mut self,
        word: &str,
        part: impl Fn(&mut Self) -> Parsed<T>,
        join: impl FnOnce(Vec<T>) -> T,
    ) -> Parsed<T> {
        let first = part(self)?;
        if !self.skip_keyword(word) {
            return Ok(first);
        }
        let mut parts = vec![first, part(self)?];
        while self.skip_keyword(word) {
            parts.push(part(self)?);
        }
        Ok(join(parts))
    }

    fn followed_by(&mut self) -> Parsed<Observation> {
        self.joined("FOLLOWEDBY", Self::observation_or, Observation::FollowedBy)
    }

    fn observation_or(&mut self) -> Parsed<Observation> {
        self.joined("OR", Self::observation_and, Observation::Or)
    }

    fn observation_and(&mut self) -> Parsed<Observation> {
        self.joined("AND", Self::qualified, Observation::And)
    }

    fn qualified(&mut self) -> Parsed<Observation> {
        let inner = if self.skip_sign("[") {
            let comparison = self.comparison_or()?;
            self.expect_sign("]", ", `AND` or `OR`")?;
            Observation::One(comparison)
        } else if self.skip_sign("(") {
            let within = self.deeper(Self::followed_by)?;
            self.expect_sign(")", ", `AND`, `OR`, `FOLLOWEDBY` or a qualifier")?;
            within
        } else {
            return Err(self.unexpected("`[` or `(`"));
        };
        let mut qualifiers: Vec<Qualifier> = Vec::new();
        loop {
            self.peek();
            let place = self.ahead.as_ref().map_or(self.end.place, |word| word.place);
            let Some(qualifier) = self.qualifier()? else { break };
            let kind = std::mem::discriminant(&qualifier);
            if qualifiers.iter().any(|before| std::mem::discriminant(before) == kind) {
                let what = "an observation has one qualifier of each kind at most; put parentheses around the \
                            first, if both are meant";
                return Err(PatternError::new(place, what));
            }
            qualifiers.push(qualifier);
        }
        if qualifiers.is_empty() {
            Ok(inner)
        } else {
            Ok(Observation::Qualified(Box::new(inner), qualifiers))
        }
    }

    fn qualifier(&mut self) -> Parsed<Option<Qualifier>> {
        if self.skip_keyword("REPEATS") {
            let word = self.next();
            let Token::Integer(times) = word.token else {
                return Err(self.instead(word, "how many times, a whole number"));
            };
            let times = u64::try_from(times).ok().filter(|times| *times > 0).ok_or_else(|| {
                PatternError::new(
                    word.place,
                    "something is repeated at least 1 time; expected a number above 0",
                )
            })?;
            self.expect_keyword("TIMES")?;
            return Ok(Some(Qualifier::Repeats(times)));
        }
        if self.skip_keyword("WITHIN") {
            let word = self.next();
            let seconds = match word.token {
                // 2^53 seconds are longer than time has lasted.
                Token::Integer(seconds) => seconds as f64,
                Token::Float(seconds) => seconds,
                _ => return Err(self.instead(word, "how many seconds, a number")),
            };
            if seconds <= 0.0 {
                return Err(PatternError::new(word.place, "expected a number of seconds above 0"));
            }
            self.expect_keyword("SECONDS")?;
            return Ok(Some(Qualifier::Within(seconds)));
        }
        if self.skip_keyword("START") {
            let start = self.time()?;
            self.expect_keyword("STOP")?;
            return Ok(Some(Qualifier::Between(start, self.time()?)));
        }
        Ok(None)
    }

    fn time(&mut self) -> Parsed<jiff::Timestamp> {
        let word = self.next();
        match word.token {
            Token::Time(time) => Ok(time),
            _ => Err(self.instead(word, "a time, such as `t'2026-03-01T08:30:00Z'`")),
        }
    }

    /// The error for a word already taken.
    fn instead(&mut self, word: Word, expected: &str) -> PatternError {
        // Whatever was looked at beyond it is not needed any more.
        self.ahead = Some(word);
        self.unexpected(expected)
    }

    fn comparison_or(&mut self) -> Parsed<Comparison> {
        self.joined("OR", Self::comparison_and, Comparison::Or)
    }

    fn comparison_and(&mut self) -> Parsed<Comparison> {
        self.joined("AND", Self::test, Comparison::And)
    }

    fn test(&mut self) -> Parsed<Comparison> {
        if self.skip_sign("(") {
            let within = self.deeper(Self::comparison_or)?;
            self.expect_sign(")", ", `AND` or `OR`")?;
            return Ok(within);
        }
        let negated = self.skip_keyword("NOT");
        if self.skip_keyword("EXISTS") {
            let path = self.path("a path, such as `file:name`")?;
            return Ok(Comparison::Test(Test { path, negated, relation: Relation::Exists }));
        }
        if negated {
            let expected =
                "`EXISTS`; before other operators `NOT` stands behind the path: `file:size NOT = 1`";
            return Err(self.unexpected(expected));
        }
        let path = self.path("a comparison, such as `file:name = 'a.txt'`")?;
        let negated = self.skip_keyword("NOT");
        let relation = self.relation()?;
        Ok(Comparison::Test(Test { path, negated, relation }))
    }

    fn relation(&mut self) -> Parsed<Relation> {
        const OPERATORS: &str =
            "`=`, `!=`, `<`, `<=`, `>`, `>=`, `IN`, `LIKE`, `MATCHES`, `ISSUBSET` or `ISSUPERSET`";
        let sign = match *self.peek() {
            Token::Sign(sign) | Token::Keyword(sign) => sign,
            _ => return Err(self.unexpected(OPERATORS)),
        };
        let order = |order| move |constant| Relation::Order(order, constant);
        match sign {
            "=" | "==" => self.operand().map(Relation::Equal),
            "!=" | "<>" => self.operand().map(Relation::Differs),
            "<" => self.ordered_operand().map(order(Order::Less)),
            "<=" => self.ordered_operand().map(order(Order::AtMost)),
            ">" => self.ordered_operand().map(order(Order::Greater)),
            ">=" => self.ordered_operand().map(order(Order::AtLeast)),
            "IN" => self.set().map(Relation::In),
            "LIKE" => self.text_operand().map(|(text, _)| Relation::Like(Like::new(&text))),
            "MATCHES" => {
                let (text, place) = self.text_operand()?;
                self.expressions += 1;
                if self.expressions > EXPRESSIONS_MAX {
                    let what = format!("more than {EXPRESSIONS_MAX} regular expressions; join some with `|`");
                    return Err(PatternError::new(place, what));
                }
                let expression = Expression::read(&text);
                let what = |error: super::NotAnExpression| format!("not a regular expression: {error}");
                expression.map(Relation::Matches).map_err(|error| PatternError::new(place, what(error)))
            }
            "ISSUBSET" => self.network().map(Relation::Subset),
            "ISSUPERSET" => self.network().map(Relation::Superset),
            _ => Err(self.unexpected(OPERATORS)),
        }
    }

    fn operand(&mut self) -> Parsed<Constant> {
        self.next();
        self.constant().map(|(constant, _)| constant)
    }

    fn ordered_operand(&mut self) -> Parsed<Constant> {
        self.next();
        match self.constant()? {
            (Constant::Flag(flag), place) => Err(PatternError::new(
                place,
                format!("`{flag}` has no order; expected a number, string, octets or time"),
            )),
            (constant, _) => Ok(constant),
        }
    }

    fn constant(&mut self) -> Parsed<(Constant, Place)> {
        let word = self.next();
        let constant = match word.token {
            Token::Text(text) => Constant::Text(text),
            Token::Integer(number) => Constant::Integer(number),
            Token::Float(number) => Constant::Float(number),
            Token::Bytes(octets, hex) => Constant::Bytes { octets, hex },
            Token::Time(time) => Constant::Time(time),
            Token::Keyword(flag @ ("true" | "false")) => Constant::Flag(flag == "true"),
            _ => {
                return Err(self.instead(
                    word,
                    "a constant: a number, `'text'`, `true`, `false`, `t'…'`, `b'…'` or `h'…'`",
                ));
            }
        };
        Ok((constant, word.place))
    }

    fn set(&mut self) -> Parsed<Vec<Constant>> {
        self.next();
        self.expect_sign("(", " and constants with `,` between")?;
        let mut constants: Vec<Constant> = Vec::new();
        if self.skip_sign(")") {
            return Ok(constants);
        }
        loop {
            let (constant, place) = self.constant()?;
            if let Some(first) = constants.first()
                && first.kind() != constant.kind()
            {
                let what = format!(
                    "a set holds one kind of constant; expected {}, found {}",
                    first.kind(),
                    constant.kind()
                );
                return Err(PatternError::new(place, what));
            }
            constants.push(constant);
            if !self.skip_sign(",") {
                break;
            }
        }
        self.expect_sign(")", " or `,`")?;
        Ok(constants)
    }

    fn text_operand(&mut self) -> Parsed<(String, Place)> {
        self.next();
        let word = self.next();
        match word.token {
            Token::Text(text) => Ok((text, word.place)),
            _ => Err(self.instead(word, "a string in quotes")),
        }
    }

    fn network(&mut self) -> Parsed<IpNet> {
        let (text, place) = self.text_operand()?;
        let alone = || text.parse::<IpAddr>().ok().map(IpNet::from);
        text.parse::<IpNet>().ok().or_else(alone).map(|network| network.trunc()).ok_or_else(|| {
            let what = format!(
                "expected an address or network, such as '192.0.2.0/24', found '{}'",
                lex::cut(&text)
            );
            PatternError::new(place, what)
        })
    }

    fn path(&mut self, expected: &str) -> Parsed<ObjectPath> {
        let word = self.next();
        let object_type = match word.token {
            Token::Name(name) => name,
            _ => return Err(self.instead(word, expected)),
        };
        self.expect_sign(":", " and a property")?;
        let mut steps = vec![self.key()?];
        loop {
            if self.skip_sign(".") {
                steps.push(self.key()?);
            } else if self.skip_sign("[") {
                let word = self.next();
                steps.push(match word.token {
                    Token::Integer(index) => Step::Index(index),
                    Token::Sign("*") => Step::Any,
                    _ => return Err(self.instead(word, "a place in a list, such as `0`, or `*` for any")),
                });
                self.expect_sign("]", "")?;
            } else {
                return Ok(ObjectPath { object_type, steps });
            }
        }
    }

    fn key(&mut self) -> Parsed<Step> {
        let word = self.next();
        match word.token {
            Token::Text(key) => Ok(Step::Key(key)),
            Token::Name(name) if lex::is_plain_name(&name) => Ok(Step::Key(name)),
            Token::Name(name) => {
                let what =
                    format!("a property with a hyphen stands in quotes; write `'{}'`", lex::cut(&name));
                Err(PatternError::new(word.place, what))
            }
            Token::Keyword(name) => {
                let what = format!("`{name}` is a word of the language; as a property write `'{name}'`");
                Err(PatternError::new(word.place, what))
            }
            _ => Err(self.instead(word, "a property's name")),
        }
    }
}
