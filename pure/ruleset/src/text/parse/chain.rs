//! Chains: where packets enter them, and where their rules stand.

use super::{ParseError, Parsed, Parser, commands::missing};
use crate::{
    Base, Family, Hook, Verdict,
    text::{
        lexer::{Sort, Token},
        value::number,
    },
};

impl Parser<'_> {
    /// Reads a chain's name and block.
    pub(super) fn chain(&mut self, table: usize) -> Parsed<()> {
        let place = self.place();
        let name = self.name("the name of a chain")?;
        self.chain_of(table, name.text.into(), place);
        if !self.take_mark("{") {
            return Ok(());
        }
        self.block(|parser| parser.in_chain(table, name))
    }

    fn in_chain(&mut self, table: usize, chain: Token<'_>) -> Parsed<()> {
        let place = chain.place;
        if self.at_word("type") {
            let base = self.base(table)?;
            if let Some(chain) = self.chain_of(table, chain.text.into(), place) {
                chain.chain.base = Some(base);
            }
            return Ok(());
        }
        if self.take_word("policy") {
            let here = self.place();
            let policy = match self.name("`accept` or `drop`")?.text {
                "accept" => Verdict::Accept,
                "drop" => Verdict::Drop,
                other => {
                    return Err(ParseError::new(here, format!("`{other}` is no policy"))
                        .help("a policy is `accept` or `drop`"));
                }
            };
            return match self
                .chain_of(table, chain.text.into(), place)
                .and_then(|chain| chain.chain.base.as_mut())
            {
                Some(base) => {
                    base.policy = policy;
                    Ok(())
                }
                None => Err(ParseError::new(here, "only a chain with a hook has a policy")
                    .help("write `type … hook … priority …;` before it")),
            };
        }
        if self.at_word("devices") || self.at_word("device") {
            let devices = self.devices()?;
            if let Some(base) =
                self.chain_of(table, chain.text.into(), place).and_then(|chain| chain.chain.base.as_mut())
            {
                base.devices.extend(devices);
            }
            return Ok(());
        }
        if self.at_word("comment") && self.peek_at(1).is_some_and(|token| token.sort == Sort::Quoted) {
            self.at += 2;
            return Ok(());
        }
        if self.at_word("flags") {
            self.skip_statement(self.at);
            return Ok(());
        }
        let start = self.at;
        self.skip_statement(start);
        let span = (start, self.at);
        if let Some(chain) = self.chain_of(table, chain.text.into(), place) {
            chain.rules.push(span);
        }
        Ok(())
    }

    /// Reads the chain and rule of `add rule` or `insert rule`.
    pub(super) fn lone_rule(&mut self, table: usize, first: bool) -> Parsed<()> {
        let name = self.name("the name of a chain")?;
        if self.at_word("handle") || self.at_word("position") {
            return Err(self
                .expected("a rule")
                .help("which rule has which handle is not known here; use `index`"));
        }
        let index = if self.take_word("index") {
            let index = self.name("a number")?;
            let index = number(index.text).and_then(|index| usize::try_from(index).ok());
            Some(index.ok_or_else(|| self.expected("a number"))?)
        } else {
            None
        };
        let start = self.at;
        self.skip_statement(start);
        let span = (start, self.at);
        let chain = self.draft.tables.get_mut(table).and_then(Option::as_mut);
        let Some(chain) = chain.and_then(|table| table.chain_mut(name.text)) else {
            return Err(missing(name.place, "chain", name.text));
        };
        let at = match (index, first) {
            (None, false) => chain.rules.len(),
            (None, true) => 0,
            (Some(index), first) => index + usize::from(!first),
        };
        if at > chain.rules.len() {
            return Err(ParseError::new(name.place, "the chain has no rule of that index"));
        }
        let moved = chain.rules.len() - at;
        chain.rules.insert(at, span);
        self.count_moves(moved)
    }

    /// `type filter hook forward priority filter`
    fn base(&mut self, table: usize) -> Parsed<Base> {
        self.at += 1;
        let place = self.place();
        let kind = self.name("`filter`, `nat` or `route`")?;
        if !matches!(kind.text, "filter" | "nat" | "route") {
            return Err(ParseError::new(place, format!("there are no chains of type `{}`", kind.text))
                .help("chains are of type `filter`, `nat` or `route`"));
        }
        if !self.take_word("hook") {
            return Err(self.expected("`hook`"));
        }
        let place = self.place();
        let hook = match self.name("a hook")?.text {
            "ingress" => Hook::Ingress,
            "prerouting" => Hook::Prerouting,
            "input" => Hook::Input,
            "forward" => Hook::Forward,
            "output" => Hook::Output,
            "postrouting" => Hook::Postrouting,
            "egress" => Hook::Egress,
            other => {
                return Err(ParseError::new(place, format!("there is no hook `{other}`"))
                    .help("hooks are ingress, prerouting, input, forward, output, postrouting and egress"));
            }
        };
        let mut devices = Vec::new();
        while self.at_word("device") || self.at_word("devices") {
            devices.extend(self.devices()?);
        }
        if !self.take_word("priority") {
            return Err(self.expected("`priority`"));
        }
        let family = self.draft.tables.get(table).and_then(Option::as_ref).map(|table| table.family);
        let priority = self.priority(family.unwrap_or(Family::Ip))?;
        Ok(Base { kind: kind.text.into(), hook, priority, policy: Verdict::Accept, devices })
    }

    /// `device "eth0"`, or `devices = { eth0, eth1 }`
    fn devices(&mut self) -> Parsed<Vec<u16>> {
        self.at += 1;
        self.take_mark("=");
        let mut depth = 0;
        let mut devices = Vec::new();
        loop {
            self.skip_lines();
            if self.take_mark("{") {
                depth += 1;
            } else if depth > 0 && self.take_mark("}") {
                depth -= 1;
            } else if depth > 0 && self.take_mark(",") {
                continue;
            } else {
                let name = self.name("an interface")?;
                devices.push(self.interface(name.text)?);
            }
            if depth == 0 {
                return Ok(devices);
            }
        }
    }

    /// A number, a name, or a name with a number added.
    fn priority(&mut self, family: Family) -> Parsed<i32> {
        let place = self.place();
        let wrong = || {
            ParseError::new(place, "a priority is a number or a name")
                .help("the names are raw, mangle, dstnat, filter, security and srcnat; in bridges dstnat, filter, out and srcnat")
        };
        let negative = self.take_mark("-");
        let word = self.name("a priority")?;
        let (name, behind) = match word.text.split_once('-') {
            Some((name, behind)) if !name.is_empty() => (name, Some(behind)),
            _ => (word.text, None),
        };
        if let Ok(number) = word.text.parse::<i32>() {
            return Ok(if negative { number.saturating_neg() } else { number });
        }
        let named = named_priority(family, name).ok_or_else(wrong)?;
        let more = if let Some(behind) = behind {
            behind.parse::<i32>().map_err(|_| wrong())?.saturating_neg()
        } else if self.at_mark("+") || self.at_mark("-") {
            let minus = self.at_mark("-");
            self.at += 1;
            let more = self.name("a number")?.text.parse::<i32>().map_err(|_| wrong())?;
            if minus { more.saturating_neg() } else { more }
        } else if let Some(more) = self.peek().and_then(|token| token.text.parse::<i32>().ok()) {
            self.at += 1;
            more
        } else {
            0
        };
        Ok(named.saturating_add(more))
    }
}

/// The numbers behind the names of priorities: those of the kernel's `NF_IP_PRI_…` and `NF_BR_PRI_…`.
fn named_priority(family: Family, name: &str) -> Option<i32> {
    Some(match (family, name) {
        (Family::Bridge, "dstnat") => -300,
        (Family::Bridge, "filter") => -200,
        (Family::Bridge, "out") => 100,
        (Family::Bridge, "srcnat") => 300,
        (Family::Bridge, _) => return None,
        (_, "raw") => -300,
        (_, "mangle") => -150,
        (_, "dstnat") => -100,
        (_, "filter") => 0,
        (_, "security") => 50,
        (_, "srcnat") => 100,
        _ => return None,
    })
}
