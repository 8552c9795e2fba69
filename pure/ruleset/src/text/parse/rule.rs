//! Rules, each read when everything that it may name is known.

use super::{
    ChainDraft, Parser, TableDraft, element,
    key::{IPV4, IPV6, Implied, WITH_PORTS},
};
use crate::{Condition, Family, Field, Place, Range, Rule, Statement, Values, Verdict, text::lexer::Token};
use city::Text;

/// A rule so far.
pub(super) struct RuleDraft {
    pub(super) family: Family,
    /// Its table's place in the draft.
    pub(super) table: usize,
    pub(super) place: Place,
    pub(super) statements: Vec<Statement>,
    /// Whether something in it decides about packets.
    pub(super) decides: bool,
    /// Conditions and verdicts, one of which may hold at that place among the statements.
    pub(super) alternatives: Option<(usize, Vec<(u16, Verdict)>)>,
    pub(super) comment: Option<Text>,
    /// Where the comment stands in the source.
    pub(super) comment_at: Option<(u32, u32)>,
    implied: Vec<Implied>,
}

/// Words that a rule which decides has at least one of.
const DECIDES: [&str; 18] = [
    "accept",
    "continue",
    "dnat",
    "drop",
    "fwd",
    "goto",
    "jump",
    "masquerade",
    "notrack",
    "queue",
    "redirect",
    "reject",
    "return",
    "snat",
    "synproxy",
    "tproxy",
    "vmap",
    "xt",
];

/// Words before `set` where it changes what rules see.
const CHANGED: [&str; 9] =
    ["broute", "daddr", "dport", "flags", "id", "nexthdr", "protocol", "saddr", "sport"];

impl RuleDraft {
    pub(super) fn push(&mut self, statement: Statement) {
        self.statements.push(statement);
    }

    /// Writes down what follows from a key's being there at all, unless it is already.
    pub(super) fn imply(&mut self, implied: &[Implied]) {
        for implied in implied {
            let narrower = *implied == Implied::Ip
                && self.implied.iter().any(|implied| matches!(implied, Implied::Ether(_)));
            if narrower || self.implied.contains(implied) {
                continue;
            }
            self.implied.push(*implied);
            let one = Range::one;
            let (field, ranges) = match *implied {
                Implied::Ether(number) => (Field::Ethertype, vec![one(number)]),
                Implied::Ip => (Field::Ethertype, vec![one(IPV4), one(IPV6)]),
                Implied::Protocol(number) => (Field::Protocol, vec![one(number)]),
                Implied::Ports => (Field::Protocol, WITH_PORTS.map(one).to_vec()),
                Implied::Tagged => (Field::Vlan, vec![Range { first: 1, ..Field::Vlan.whole() }]),
            };
            let place = self.place;
            let values = Values::Here(ranges.into_iter().map(|range| element(range, place)).collect());
            self.push(Statement::Match(Condition { key: vec![field], values, negated: false }));
        }
    }

    /// Writes down that the frame has no tag.
    pub(super) fn imply_untagged(&mut self) {
        let values = Values::Here(vec![element(Range::one(0), self.place)]);
        self.push(Statement::Match(Condition { key: vec![Field::Vlan], values, negated: false }));
    }
}

impl Parser<'_> {
    /// Reads the rules of every chain.
    pub(super) fn rules(&mut self) {
        let (at, end) = (self.at, self.end);
        for table in 0..self.draft.tables.len() {
            let Some(Some(TableDraft { family, chains, .. })) = self.draft.tables.get_mut(table) else {
                continue;
            };
            let family = *family;
            let spans: Vec<Vec<(usize, usize)>> = chains
                .iter_mut()
                .map(|chain| chain.as_mut().map(|chain| std::mem::take(&mut chain.rules)).unwrap_or_default())
                .collect();
            for (chain, spans) in spans.into_iter().enumerate() {
                let mut rules = Vec::with_capacity(spans.len());
                for span in spans {
                    (self.at, self.end) = span;
                    self.rule(table, family, &mut rules);
                }
                let chains =
                    self.draft.tables.get_mut(table).and_then(Option::as_mut).map(|table| &mut table.chains);
                if let Some(Some(ChainDraft { chain, .. })) = chains.and_then(|chains| chains.get_mut(chain))
                {
                    chain.rules = rules;
                }
            }
        }
        (self.at, self.end) = (at, end);
    }

    fn rule(&mut self, table: usize, family: Family, rules: &mut Vec<Rule>) {
        let (start, place) = (self.at, self.place());
        let tokens = self.tokens.get(start..self.end).unwrap_or_default();
        let changes = |window: &[Token<'_>]| matches!(window, [field, set] if set.is_word("set") && CHANGED.contains(&field.text));
        let decides =
            tokens.iter().any(|token| DECIDES.contains(&token.text)) || tokens.windows(2).any(changes);
        let mut rule = RuleDraft {
            family,
            table,
            place,
            statements: Vec::new(),
            decides,
            alternatives: None,
            comment: None,
            comment_at: None,
            implied: Vec::new(),
        };
        while self.peek().is_some() {
            if let Err(error) = self.statement(&mut rule) {
                return self.tell(error);
            }
        }
        let text = self.rule_text(start, rule.comment_at);
        let RuleDraft { mut statements, alternatives, comment, .. } = rule;
        let Some((at, alternatives)) = alternatives else {
            rules.push(Rule { statements, text, comment, place });
            return;
        };
        // Any of them may hold, so each is a rule.
        let behind = statements.split_off(at);
        for (number, verdict) in alternatives {
            let values = Values::Here(vec![element(Range::one(1), place)]);
            let condition = Condition { key: vec![Field::Unknown(number)], values, negated: false };
            let mut statements = statements.clone();
            statements.extend([Statement::Match(condition), Statement::Verdict(verdict.clone())]);
            if verdict == Verdict::Continue {
                statements.extend(behind.iter().cloned());
            }
            rules.push(Rule { statements, text: text.clone(), comment: comment.clone(), place });
        }
    }

    /// The text from a token to the end of the rule, without the comment and in one line.
    fn rule_text(&self, start: usize, comment: Option<(u32, u32)>) -> Text {
        let at = |token: Option<&Token<'_>>, end: bool| {
            token.map_or(0, |token| if end { token.end } else { token.start }) as usize
        };
        let (from, to) =
            (at(self.tokens.get(start), false), at(self.tokens.get(self.end.wrapping_sub(1)), true));
        let part = |from: usize, to: usize| self.text.get(from..to).unwrap_or_default();
        let (before, behind) = match comment {
            Some((begin, end)) => (part(from, begin as usize), part(end as usize, to)),
            None => (part(from, to), ""),
        };
        let mut out = Text::default();
        one_line(before.trim_end(), &mut out);
        if !behind.trim().is_empty() {
            out.push(' ');
            one_line(behind.trim(), &mut out);
        }
        out
    }
}

/// Adds a text with single blanks, but for what is between quotes.
fn one_line(text: &str, out: &mut Text) {
    let mut quoted = false;
    let mut blank = false;
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let broken = letter == '\\' && letters.peek().is_some_and(|next| matches!(next, '\n' | '\r'));
        if !quoted && (letter.is_whitespace() || broken) {
            blank = true;
            continue;
        }
        if std::mem::take(&mut blank) {
            out.push(' ');
        }
        quoted ^= letter == '"';
        out.push(letter);
    }
}
