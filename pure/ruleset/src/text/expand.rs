//! Variables: `define x = …` taken out, and `$x` filled in.

use super::{
    DEFINED_MAX, ParseError, TOKENS_MAX,
    lexer::{Sort, Token},
};
use std::collections::BTreeMap;

/// The same tokens without definitions and variables.
pub(super) fn expand<'a>(tokens: Vec<Token<'a>>, errors: &mut Vec<ParseError>) -> Vec<Token<'a>> {
    let concerned = |token: &Token<'_>| {
        token.is_mark("$")
            || token.sort == Sort::Word
                && matches!(token.text, "define" | "redefine" | "undefine" | "include")
    };
    if !tokens.iter().any(concerned) {
        return bounded(tokens, errors);
    }
    let mut known: BTreeMap<&'a str, Vec<Token<'a>>> = BTreeMap::new();
    let mut kept: usize = 0;
    let mut out: Vec<Token<'a>> = Vec::with_capacity(tokens.len());
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let begins = out.last().is_none_or(|last| last.sort == Sort::Separator || last.is_mark("{"));
        if begins && token.is_word("include") {
            errors.push(
                ParseError::new(token.place, "other files are not read")
                    .help("put the included text in the place of `include`, or read the loaded rules instead: `nft list ruleset`"),
            );
            while tokens.next_if(|token| token.sort != Sort::Separator).is_some() {}
        } else if begins && (token.is_word("define") || token.is_word("redefine")) {
            let name = tokens.next_if(|token| token.sort == Sort::Word);
            let equals = tokens.next_if(|token| token.is_mark("="));
            let mut depth = 0;
            let mut value = Vec::new();
            while let Some(part) =
                tokens.next_if(|token| depth > 0 || token.sort != Sort::Separator && !token.is_mark("}"))
            {
                depth += part.step();
                value.push(part);
            }
            let value = filled(value, &known, errors);
            kept += value.len();
            match (name, equals) {
                (Some(name), Some(_)) if !value.is_empty() && kept <= DEFINED_MAX => {
                    known.insert(name.text, value);
                }
                (Some(_), Some(_)) if kept > DEFINED_MAX => return too_long(token, DEFINED_MAX, errors),
                _ => errors.push(
                    ParseError::new(token.place, "a definition has a name and a value")
                        .help("define NAME = VALUE"),
                ),
            }
        } else if begins && token.is_word("undefine") {
            if let Some(name) = tokens.next_if(|token| token.sort == Sort::Word) {
                known.remove(name.text);
            }
        } else if token.is_mark("$") {
            let name = tokens.next_if(|token| token.sort == Sort::Word);
            fill(token, name, &known, &mut out, errors);
        } else {
            out.push(token);
        }
        if out.len() > TOKENS_MAX {
            return too_long(token, TOKENS_MAX, errors);
        }
    }
    out
}

/// A definition's value with the variables in it filled in.
fn filled<'a>(
    value: Vec<Token<'a>>,
    known: &BTreeMap<&'a str, Vec<Token<'a>>>,
    errors: &mut Vec<ParseError>,
) -> Vec<Token<'a>> {
    let mut out = Vec::with_capacity(value.len());
    let mut value = value.into_iter().peekable();
    while let Some(token) = value.next() {
        if token.is_mark("$") {
            let name = value.next_if(|token| token.sort == Sort::Word);
            fill(token, name, known, &mut out, errors);
        } else {
            out.push(token);
        }
        if out.len() > DEFINED_MAX {
            break;
        }
    }
    out
}

/// Puts a variable's value in its place.
fn fill<'a>(
    dollar: Token<'a>,
    name: Option<Token<'a>>,
    known: &BTreeMap<&'a str, Vec<Token<'a>>>,
    out: &mut Vec<Token<'a>>,
    errors: &mut Vec<ParseError>,
) {
    match name.and_then(|name| Some((name, known.get(name.text)?))) {
        Some((name, value)) => {
            let (start, end, place) = (dollar.start, name.end, dollar.place);
            out.extend(value.iter().map(|token| Token { start, end, place, ..*token }));
        }
        None => {
            let name = name.map_or("", |name| name.text);
            errors.push(
                ParseError::new(dollar.place, format!("`${name}` is not defined"))
                    .help(format!("define it above: define {name} = …")),
            );
        }
    }
}

fn bounded<'a>(tokens: Vec<Token<'a>>, errors: &mut Vec<ParseError>) -> Vec<Token<'a>> {
    match tokens.get(TOKENS_MAX) {
        Some(token) => too_long(*token, TOKENS_MAX, errors),
        None => tokens,
    }
}

fn too_long<'a>(token: Token<'a>, most: usize, errors: &mut Vec<ParseError>) -> Vec<Token<'a>> {
    let message = format!("the text up to here stands for more than {most} words");
    errors.push(ParseError::new(token.place, message).help("variables in variables multiply; shorten them"));
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::{super::lexer::lex, *};

    fn expanded(text: &str) -> Result<String, String> {
        let mut errors = Vec::new();
        let tokens = lex(text, &mut errors);
        let tokens = expand(tokens, &mut errors);
        match errors.first() {
            Some(error) => Err(error.message.clone()),
            None => {
                Ok(tokens.iter().map(|token| token.text).collect::<Vec<_>>().join(" ").replace("\n ", ""))
            }
        }
    }

    #[test]
    fn variables_are_filled_in() {
        assert_eq!(
            expanded("define a = { 1,\n 2 }\ndefine b = { $a, 3 }\nx $b y").unwrap(),
            "x { { 1 , 2 } , 3 } y"
        );
        assert_eq!(expanded("define a = 1; redefine a = 2; $a").unwrap(), "; ; 2");
    }

    #[test]
    fn what_is_not_defined_and_what_is_elsewhere_is_told() {
        assert!(expanded("$a").unwrap_err().contains("`$a` is not defined"));
        assert!(expanded("include \"/etc/rules.nft\"").unwrap_err().contains("other files"));
        assert!(expanded("define = 5").is_err());
    }

    #[test]
    fn variables_that_multiply_are_stopped() {
        let mut text = String::from("define a0 = { 1, 2, 3, 4, 5, 6, 7, 8 }\n");
        for n in 1..12 {
            let before = format!("$a{}, ", n - 1).repeat(8);
            text += &format!("define a{n} = {{ {before} 1 }}\n");
        }
        assert!(expanded(&text).unwrap_err().contains("more than"));
    }
}
