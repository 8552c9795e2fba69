//! The parts of a rule.

use super::{
    ParseError, Parsed, Parser,
    key::{IPV4, IPV6, Implied, Part, implied_by},
    rule::RuleDraft,
};
use crate::{Statement, Verdict, text::lexer::Sort};

/// Targets of iptables that change nothing which rules see.
const PASSIVE_TARGETS: [&str; 12] = [
    "AUDIT",
    "CLASSIFY",
    "CONNMARK",
    "CONNSECMARK",
    "DSCP",
    "LOG",
    "MARK",
    "NFLOG",
    "SECMARK",
    "TCPMSS",
    "TRACE",
    "TTL",
];

impl Parser<'_> {
    /// Reads one statement of a rule.
    pub(super) fn statement(&mut self, rule: &mut RuleDraft) -> Parsed<()> {
        let Some(token) = self.peek() else { return Ok(()) };
        let start = self.at;
        if self.at_key() {
            let parts = self.key(rule.family)?;
            return self.behind_key(rule, parts, start);
        }
        if token.sort == Sort::Mark {
            return Err(self.expected("a statement"));
        }
        if let Some(verdict) = self.verdict()? {
            rule.push(Statement::Verdict(verdict));
            return Ok(());
        }
        self.at += 1;
        match token.text {
            "comment" => {
                let text = self.name("a text")?;
                rule.comment = Some(text.text.into());
                rule.comment_at = Some((token.start, text.end));
                return Ok(());
            }
            "counter" => self.counter(rule)?,
            "log" => self.log()?,
            "last" => {
                if self.take_word("used") {
                    self.name("a time")?;
                    self.take_word("ago");
                }
            }
            "limit" | "quota" => return self.rate(rule, start),
            "queue" => {
                self.skip_rest();
                rule.push(Statement::Verdict(Verdict::Queue));
                return Ok(());
            }
            "reject" => return self.reject(rule),
            "notrack" => {
                rule.push(Statement::Changes("notrack".into()));
                return Ok(());
            }
            "snat" | "dnat" | "masquerade" | "redirect" => {
                self.family_implied(rule);
                self.skip_rest();
                rule.push(Statement::Changes(self.words(start)));
                rule.push(Statement::Verdict(Verdict::Accept));
                return Ok(());
            }
            "fwd" => {
                // It leaves by another way and is seen no more.
                self.skip_rest();
                rule.push(Statement::Changes(self.words(start)));
                rule.push(Statement::Verdict(Verdict::Drop));
                return Ok(());
            }
            "tproxy" => {
                self.family_implied(rule);
                self.take_word("to");
                self.skip_value()?;
                rule.push(Statement::Changes(self.words(start)));
                return Ok(());
            }
            "synproxy" => {
                while let Some(option) = self.next_if(|token| {
                    matches!(token.text, "mss" | "wscale" | "name" | "timestamp" | "sack-perm")
                }) {
                    if matches!(option.text, "mss" | "wscale" | "name") {
                        self.name("a value")?;
                    }
                }
                rule.push(Statement::Changes(self.words(start)));
                return Ok(());
            }
            "dup" => {
                self.take_word("to");
                self.skip_computed(rule)?;
                if self.take_word("device") {
                    self.skip_computed(rule)?;
                }
            }
            "flow" => {
                self.name("`add`")?;
                self.skip_value()?;
                if rule.decides {
                    // A flow that cannot be taken over ends the rule.
                    return self.unknown_condition(rule, self.words(start), true, false);
                }
            }
            "add" | "update" | "delete" if self.at_mark("@") => return self.set_statement(rule, start),
            "set" | "map" => return self.old_set_statement(rule, start),
            "meter" => return self.meter(rule, start),
            "reset" => {
                let parts = self.key(rule.family)?;
                parts.iter().for_each(|part| rule.imply(implied_by(part)));
            }
            "xt" => return self.xtables(rule, start),
            _ => {
                self.at -= 1;
                return Err(ParseError::new(token.place, format!("`{}` begins no statement", token.text)));
            }
        }
        rule.push(Statement::Passive);
        Ok(())
    }

    /// What stands behind a key: a comparison, a map, or what the key is set to.
    fn behind_key(&mut self, rule: &mut RuleDraft, parts: Vec<Part>, start: usize) -> Parsed<()> {
        if !self.take_word("set") {
            return self.relation(rule, parts, start);
        }
        parts.iter().for_each(|part| rule.imply(implied_by(part)));
        let key = self.words(start);
        let value = self.at;
        if self.skip_computed(rule)? && rule.decides {
            // Without an element there is nothing to set, and the rule ends.
            self.unknown_condition(rule, format!("there is {}", self.words(value)).into(), true, false)?;
        }
        let seen = parts.iter().any(|part| !matches!(part, Part::Unknown(_))) || key.contains("broute");
        rule.push(if seen { Statement::Changes(self.words(start)) } else { Statement::Passive });
        Ok(())
    }

    /// A verdict, if one stands here.
    pub(super) fn verdict(&mut self) -> Parsed<Option<Verdict>> {
        let Some(token) = self.peek().filter(|token| token.sort == Sort::Word) else { return Ok(None) };
        self.at += 1;
        Ok(Some(match token.text {
            "accept" => Verdict::Accept,
            "drop" => Verdict::Drop,
            "continue" => Verdict::Continue,
            "return" => Verdict::Return,
            "jump" => Verdict::Jump(self.name("the name of a chain")?.text.into()),
            "goto" => Verdict::Goto(self.name("the name of a chain")?.text.into()),
            _ => {
                self.at -= 1;
                return Ok(None);
            }
        }))
    }

    /// Where a statement names a family, it is for that family's packets.
    fn family_implied(&mut self, rule: &mut RuleDraft) {
        if self.take_word("ip") {
            rule.imply(&[Implied::Ether(IPV4)]);
        } else if self.take_word("ip6") {
            rule.imply(&[Implied::Ether(IPV6)]);
        }
    }

    fn counter(&mut self, rule: &mut RuleDraft) -> Parsed<()> {
        if self.take_word("name") {
            return self.skip_computed(rule).map(|_| ());
        }
        while self.at_word("packets") || self.at_word("bytes") {
            self.at += 1;
            self.name("a number")?;
        }
        Ok(())
    }

    fn log(&mut self) -> Parsed<()> {
        while let Some(option) = self.next_if(|token| {
            matches!(token.text, "flags" | "group" | "level" | "prefix" | "queue-threshold" | "snaplen")
                && token.sort == Sort::Word
        }) {
            let value = self.name("a value")?;
            if option.text == "flags" && matches!(value.text, "ip" | "tcp") {
                self.name("what to log")?;
            }
            while self.take_mark(",") {
                self.name("what to log")?;
            }
        }
        Ok(())
    }

    /// `limit rate over 5/minute burst 10 packets`, `quota over 10 mbytes used 2 kbytes`
    fn rate(&mut self, rule: &mut RuleDraft, start: usize) -> Parsed<()> {
        if self.take_word("name") {
            self.skip_computed(rule)?;
        } else {
            self.rate_words()?;
        }
        self.unknown_condition(rule, self.words(start), true, false)
    }

    fn rate_words(&mut self) -> Parsed<()> {
        self.take_word("rate");
        if !self.take_word("over") {
            self.take_word("until");
        }
        loop {
            let count = self.name("a number")?;
            if self.take_mark("/") || !count.text.contains('/') {
                // `10 mbytes/second`
                self.name("a unit")?;
                if self.take_mark("/") {
                    self.name("a unit")?;
                }
            }
            if !self.take_word("burst") && !self.take_word("used") {
                return Ok(());
            }
        }
    }

    fn reject(&mut self, rule: &mut RuleDraft) -> Parsed<()> {
        if self.take_word("with") {
            let with = self.name("`tcp reset`, `icmp`, `icmpv6` or `icmpx`")?;
            match with.text {
                "icmp" => rule.imply(&[Implied::Ether(IPV4)]),
                "icmpv6" => rule.imply(&[Implied::Ether(IPV6)]),
                "tcp" => rule.imply(&[Implied::Protocol(6)]),
                _ => {}
            }
            self.skip_rest();
        }
        rule.push(Statement::Verdict(Verdict::Reject));
        Ok(())
    }

    /// `add @blocked { ip saddr timeout 5m limit rate over 5/second }`
    fn set_statement(&mut self, rule: &mut RuleDraft, start: usize) -> Parsed<()> {
        self.expect_mark("@")?;
        self.name("the name of a set")?;
        self.expect_mark("{")?;
        self.skip_lines();
        self.set_key(rule)?;
        self.set_rest(rule, start, "}")
    }

    /// `set add ip saddr timeout 5m @blocked`
    fn old_set_statement(&mut self, rule: &mut RuleDraft, start: usize) -> Parsed<()> {
        self.name("`add`, `update` or `delete`")?;
        self.set_key(rule)?;
        self.set_rest(rule, start, "@")?;
        self.name("the name of a set").map(|_| ())
    }

    /// `meter talkers size 65535 { ip saddr limit rate 10/second }`
    fn meter(&mut self, rule: &mut RuleDraft, start: usize) -> Parsed<()> {
        self.name("a name")?;
        if self.take_word("size") {
            self.name("a number")?;
        }
        self.expect_mark("{")?;
        self.skip_lines();
        self.set_key(rule)?;
        self.set_rest(rule, start, "}")
    }

    /// What is put into a set; whoever has no such key, the rule ends for.
    fn set_key(&mut self, rule: &mut RuleDraft) -> Parsed<()> {
        for part in self.key(rule.family)? {
            rule.imply(implied_by(&part));
        }
        Ok(())
    }

    /// What else is done with an element; a rate makes it a condition.
    fn set_rest(&mut self, rule: &mut RuleDraft, start: usize, end: &str) -> Parsed<()> {
        let mut depth = 0;
        let mut limits = false;
        loop {
            let Some(token) = self.next() else { return Err(self.expected(&format!("`{end}`"))) };
            depth += token.step();
            if token.is_mark(end) && depth <= 0 {
                break;
            }
            limits |= matches!(token.text, "limit" | "quota" | "ct") && token.sort == Sort::Word;
        }
        if limits {
            return self.unknown_condition(rule, self.words(start), true, false);
        }
        rule.push(Statement::Passive);
        Ok(())
    }

    /// What iptables put there and nft has no words for.
    fn xtables(&mut self, rule: &mut RuleDraft, start: usize) -> Parsed<()> {
        let sort = self.name("`match` or `target`")?;
        let name = self.name("a name")?;
        match (sort.text, name.text) {
            ("target", name) if PASSIVE_TARGETS.contains(&name) => rule.push(Statement::Passive),
            ("target", "REJECT") => rule.push(Statement::Verdict(Verdict::Reject)),
            ("target", "DNAT" | "MASQUERADE" | "NETMAP" | "REDIRECT" | "SNAT") => {
                rule.push(Statement::Changes(self.words(start)));
                rule.push(Statement::Verdict(Verdict::Accept));
            }
            ("target", _) => {
                let words = self.words(start);
                let mut may = |verdict: &str| self.unknown(format!("{words} {verdict}").into(), true);
                let alternatives = vec![(may("drops")?, Verdict::Drop), (may("accepts")?, Verdict::Accept)];
                rule.alternatives = Some((rule.statements.len(), alternatives));
            }
            _ => {
                let words = self.words(start);
                // What is listed does not say what is asked.
                self.unknown_condition(rule, words, true, false)?;
            }
        }
        Ok(())
    }
}
