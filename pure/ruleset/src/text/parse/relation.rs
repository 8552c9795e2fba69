//! What a key is compared with.

use super::{
    Kinds, ParseError, Parsed, Parser, element,
    key::{Opaque, Part, implied_by},
    rule::RuleDraft,
};
use crate::{
    Condition, Element, Field, Key, Range, Statement, Values, Verdict,
    text::{
        DEPTH_MAX, MASKED_MAX,
        lexer::Sort,
        value::{Kind, STATE_BITS, masked, number, ranges_where},
    },
};
use city::Text;

const TAG: u128 = 0x8100;
const TRANSFORMS: [&str; 5] = ["&", "|", "^", "<<", ">>"];

/// How values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Compared {
    Equal,
    Unequal,
    Below,
    Above,
    NotAbove,
    NotBelow,
    /// `!`: none of the bits.
    None,
    /// Nothing is written: equal, and of bits any.
    Implicit,
}

impl Parser<'_> {
    /// Reads a comparison or verdict map behind its key, which begins at a token.
    pub(super) fn relation(
        &mut self,
        rule: &mut RuleDraft,
        mut parts: Vec<Part>,
        start: usize,
    ) -> Parsed<()> {
        for part in &parts {
            rule.imply(implied_by(part));
        }
        if let [Part::FrameType] = parts[..] {
            return self.frame_type(rule, start);
        }
        for part in &mut parts {
            if matches!(part, Part::FrameType) {
                rule.imply_untagged();
                *part = Part::Known { field: Field::Ethertype, kind: Kind::EtherType, implied: Vec::new() };
            }
        }
        let known = |part: &Part| match part {
            Part::Known { field, kind, .. } => Some((*field, *kind)),
            _ => None,
        };
        let Some(fields) = parts.iter().map(known).collect::<Option<Vec<_>>>() else {
            return self.opaque_relation(rule, &parts, start);
        };
        let (key, kinds): (Key, Vec<Kind>) = fields.into_iter().unzip();
        let behind = self.at;
        if self.take_word("vmap") {
            let values = self.verdicts(rule, kinds)?;
            rule.push(Statement::Map(key, values));
            return Ok(());
        }
        let statement = match (&key[..], &kinds[..]) {
            ([field], [kind]) if kind.is_bits() => self.bits_relation(rule, *field, *kind)?,
            ([field], [kind]) => self.value_relation(rule, *field, *kind)?,
            _ => Some(Statement::Match(self.joined_relation(rule, key, kinds)?)),
        };
        match statement {
            Some(statement) => {
                rule.push(statement);
                Ok(())
            }
            // Understood up to here, and not beyond.
            None => {
                self.at = behind;
                self.opaque_relation(rule, &[Part::Unknown(Opaque::default())], start)
            }
        }
    }

    fn compared(&mut self) -> Compared {
        let compared = match self.peek() {
            Some(token) if token.sort == Sort::Mark => match token.text {
                "==" => Compared::Equal,
                "!=" => Compared::Unequal,
                "<" => Compared::Below,
                ">" => Compared::Above,
                "<=" => Compared::NotAbove,
                ">=" => Compared::NotBelow,
                "!" => Compared::None,
                _ => return Compared::Implicit,
            },
            _ => return Compared::Implicit,
        };
        self.at += 1;
        compared
    }

    fn at_transform(&self) -> bool {
        self.peek().is_some_and(|token| token.sort == Sort::Mark && TRANSFORMS.contains(&token.text))
    }

    /// One field that is not made of bits.
    fn value_relation(&mut self, rule: &RuleDraft, field: Field, kind: Kind) -> Parsed<Option<Statement>> {
        let place = self.place();
        let mut mask = None;
        if self.take_mark("&") {
            match self.part(kind)?[..] {
                [range] if range.first == range.last => mask = Some(range.first),
                _ => return Ok(None),
            }
        }
        if self.at_transform() {
            return Ok(None);
        }
        if self.take_word("vmap") {
            if self.at_mark("@") {
                return Ok(None);
            }
            let elements = self.written(&Kinds::Known(vec![kind]), true)?.in_order();
            let elements = self.unmasked(kind, mask.unwrap_or(u128::MAX), &elements)?;
            return Ok(elements.map(|elements| Statement::Map(vec![field], Values::Here(elements))));
        }
        let compared = self.compared();
        let negated = compared == Compared::Unequal;
        if self.at_mark("@") {
            if mask.is_some() {
                return Ok(None);
            }
            let values = self.set_named(rule, &[kind], false)?;
            return Ok(Some(Statement::Match(Condition { key: vec![field], values, negated })));
        }
        let elements = if self.at_mark("{") {
            self.written(&Kinds::Known(vec![kind]), false)?.in_order()
        } else {
            let ranges = self.part(kind)?;
            if self.at_mark(",") {
                return Err(self.expected("a statement").help("write several values as a set: `{ 22, 80 }`"));
            }
            ranges.into_iter().map(|range| element(range, place)).collect()
        };
        let elements = match (compared, mask) {
            (Compared::Equal | Compared::Unequal | Compared::Implicit | Compared::None, None) => elements,
            (Compared::Equal | Compared::Unequal | Compared::Implicit, Some(mask)) => {
                match self.unmasked(kind, mask, &elements)? {
                    Some(elements) => elements,
                    None => return Ok(None),
                }
            }
            (_, Some(_)) => return Ok(None),
            (_, None) => {
                let [Element { key, place, .. }] = &elements[..] else {
                    return Err(self.expected("one value").help("`<` and `>` compare with one value"));
                };
                let value = key.first().map_or(0, |range| range.first);
                let whole = Range { first: 0, last: kind.last() };
                let range = match compared {
                    Compared::Below => value.checked_sub(1).map(|last| Range { first: 0, last }),
                    Compared::NotAbove => Some(Range { first: 0, last: value }),
                    Compared::Above => (value < whole.last).then(|| Range { first: value + 1, ..whole }),
                    _ => Some(Range { first: value, ..whole }),
                };
                range.map(|range| element(range, *place)).into_iter().collect()
            }
        };
        let values = Values::Here(elements);
        Ok(Some(Statement::Match(Condition { key: vec![field], values, negated })))
    }

    /// The values that a mask makes equal to the elements.
    fn unmasked(&mut self, kind: Kind, mask: u128, elements: &[Element]) -> Parsed<Option<Vec<Element>>> {
        let mut out = Vec::new();
        for Element { key, verdict, place } in elements {
            let ranges = match key[..] {
                // The element for whatever no other is.
                [range] if range.last == u128::MAX => Some(vec![range]),
                [range] if range.first == range.last => masked(kind.bits(), mask, range.first, MASKED_MAX),
                _ => None,
            };
            let Some(ranges) = ranges else { return Ok(None) };
            self.count(ranges.len())?;
            let with = |range| Element { key: vec![range], verdict: verdict.clone(), place: *place };
            out.extend(ranges.into_iter().map(with));
        }
        Ok(Some(out))
    }

    /// Several fields joined.
    fn joined_relation(&mut self, rule: &RuleDraft, key: Key, kinds: Vec<Kind>) -> Parsed<Condition> {
        let place = self.place();
        let negated = match self.compared() {
            Compared::Unequal => true,
            Compared::Equal | Compared::Implicit => false,
            _ => {
                return Err(self.expected("`==` or `!=`").help("joined keys are only compared for equality"));
            }
        };
        let values = if self.at_mark("@") {
            self.set_named(rule, &kinds, false)?
        } else if self.at_mark("{") {
            Values::Here(self.written(&Kinds::Known(kinds), false)?.in_order())
        } else {
            let mut ranges = Vec::with_capacity(kinds.len());
            for (at, kind) in kinds.iter().enumerate() {
                if at > 0 {
                    self.expect_mark(".")?;
                }
                match self.part(*kind)?[..] {
                    [range] => ranges.push(range),
                    _ => return Err(self.expected("a set").help("write several values as a set: `{ … }`")),
                }
            }
            Values::Here(vec![Element { key: ranges, verdict: None, place }])
        };
        Ok(Condition { key, values, negated })
    }

    /// A field of bits: `new,established`, `& (fin|syn) == syn`, `syn / fin,syn`.
    fn bits_relation(&mut self, rule: &RuleDraft, field: Field, kind: Kind) -> Parsed<Option<Statement>> {
        let place = self.place();
        let mut transforms: Vec<(&str, u128)> = Vec::new();
        while self.at_transform() {
            let Some(mark) = self.next() else { break };
            // As nft has it: `flags & a|b` is `(flags & a) | b`.
            transforms.push((mark.text, self.bits_operand(kind, 0)?));
        }
        let transformed = move |bits: u128| {
            transforms.iter().fold(bits, |bits, (mark, with)| match *mark {
                "&" => bits & with,
                "|" => bits | with,
                "^" => bits ^ with,
                "<<" => bits.checked_shl(*with as u32).unwrap_or(0),
                _ => bits.checked_shr(*with as u32).unwrap_or(0),
            })
        };
        let transforming = self.place() != place;
        if self.take_word("vmap") {
            return self.bits_map(field, kind, transformed);
        }
        let compared = self.compared();
        let here = |ranges: Vec<Range>| {
            Values::Here(ranges.into_iter().map(|range| element(range, place)).collect())
        };
        if self.at_mark("@") {
            let values = self.set_named(rule, &[kind], false)?;
            let negated = compared == Compared::Unequal;
            let condition = Condition { key: vec![field], values, negated };
            return Ok((!transforming).then_some(Statement::Match(condition)));
        }
        let values = if self.at_mark("{") {
            let wanted = self.bits_set(kind)?;
            here(ranges_where(kind, |bits| {
                wanted.contains(&transformed(bits)) != (compared == Compared::Unequal)
            }))
        } else {
            let wanted = self.bits_list(kind)?;
            if self.take_mark("/") {
                let mask = self.bits_list(kind)?;
                here(ranges_where(kind, |bits| (bits & mask == wanted) != (compared == Compared::Unequal)))
            } else {
                here(ranges_where(kind, |bits| {
                    let bits = transformed(bits);
                    match compared {
                        Compared::Equal => bits == wanted,
                        Compared::Unequal => bits != wanted,
                        Compared::Below => bits < wanted,
                        Compared::Above => bits > wanted,
                        Compared::NotAbove => bits <= wanted,
                        Compared::NotBelow => bits >= wanted,
                        Compared::None => bits & wanted == 0,
                        Compared::Implicit if transforming => bits == wanted,
                        Compared::Implicit => bits & wanted != 0,
                    }
                }))
            }
        };
        if let Values::Here(elements) = &values {
            self.count(elements.len())?;
        }
        Ok(Some(Statement::Match(Condition { key: vec![field], values, negated: false })))
    }

    /// A verdict map of bits under a mask.
    fn bits_map(
        &mut self,
        field: Field,
        kind: Kind,
        transformed: impl Fn(u128) -> u128,
    ) -> Parsed<Option<Statement>> {
        if self.at_mark("@") {
            return Ok(None);
        }
        let mut out = Vec::new();
        for Element { key, verdict, place } in self.written(&Kinds::Known(vec![kind]), true)?.in_order() {
            let Some(range) = key.first() else { continue };
            let admits = |bits: u128| range.contains(number_of(kind, transformed(bits)));
            let with = |range| Element { key: vec![range], verdict: verdict.clone(), place };
            let ranges = ranges_where(kind, admits);
            self.count(ranges.len())?;
            out.extend(ranges.into_iter().map(with));
        }
        Ok(Some(Statement::Map(vec![field], Values::Here(out))))
    }

    /// Values of bits in braces, each as a number.
    fn bits_set(&mut self, kind: Kind) -> Parsed<Vec<u128>> {
        let mut wanted = Vec::new();
        let mut depth = 0;
        loop {
            self.skip_lines();
            if self.take_mark("{") {
                depth += 1;
            } else if self.take_mark("}") {
                depth -= 1;
            } else if !self.take_mark(",") {
                wanted.push(self.bits(kind)?);
            }
            if depth == 0 {
                return Ok(wanted);
            }
        }
    }

    /// Bits joined with `|`.
    pub(super) fn bits(&mut self, kind: Kind) -> Parsed<u128> {
        let mut bits = self.bits_operand(kind, 0)?;
        while self.take_mark("|") {
            bits |= self.bits_operand(kind, 0)?;
        }
        Ok(bits)
    }

    /// Bits joined with `,` or `|`.
    fn bits_list(&mut self, kind: Kind) -> Parsed<u128> {
        let mut bits = self.bits(kind)?;
        while self.take_mark(",") {
            bits |= self.bits(kind)?;
        }
        Ok(bits)
    }

    fn bits_operand(&mut self, kind: Kind, depth: usize) -> Parsed<u128> {
        self.skip_lines();
        if self.take_mark("(") {
            if depth > DEPTH_MAX {
                return Err(self.expected("a value").help("brackets within brackets go too deep"));
            }
            let mut bits = self.bits_operand(kind, depth + 1)?;
            while self.take_mark("|") || self.take_mark(",") {
                bits |= self.bits_operand(kind, depth + 1)?;
            }
            self.expect_mark(")")?;
            return Ok(bits);
        }
        let place = self.place();
        let word = self.name(kind.name())?;
        number(word.text)
            .or_else(|| kind.value(word.text))
            .ok_or_else(|| ParseError::new(place, format!("`{}` is not {}", word.text, kind.name())))
    }

    /// The EtherType of the frame, compared or mapped.
    fn frame_type(&mut self, rule: &mut RuleDraft, start: usize) -> Parsed<()> {
        let key = vec![Field::Ethertype, Field::Vlan];
        let kinds = Kinds::Known(vec![Kind::EtherType]);
        let named =
            |parser: &Self, ahead: usize| parser.peek_at(ahead).is_some_and(|token| token.is_mark("@"));
        if named(self, 0) || self.at_word("vmap") && named(self, 1) {
            rule.imply_untagged();
            let part = Part::Known { field: Field::Ethertype, kind: Kind::EtherType, implied: Vec::new() };
            return self.relation(rule, vec![part], start);
        }
        if self.take_word("vmap") {
            let elements = self.written(&kinds, true)?.in_order();
            rule.push(Statement::Map(key, Values::Here(in_frames(elements))));
            return Ok(());
        }
        let place = self.place();
        let behind = self.at;
        let compared = self.compared();
        let plain = matches!(compared, Compared::Equal | Compared::Unequal | Compared::Implicit);
        if !plain || self.at_transform() || self.at_mark("@") {
            self.at = behind;
            return self.opaque_relation(rule, &[Part::Unknown(Opaque::default())], start);
        }
        let elements = if self.at_mark("{") {
            self.written(&kinds, false)?.in_order()
        } else {
            self.part(Kind::EtherType)?.into_iter().map(|range| element(range, place)).collect()
        };
        let negated = compared == Compared::Unequal;
        rule.push(Statement::Match(Condition { key, values: Values::Here(in_frames(elements)), negated }));
        Ok(())
    }

    /// What stands behind `vmap`.
    fn verdicts(&mut self, rule: &RuleDraft, kinds: Vec<Kind>) -> Parsed<Values> {
        if self.at_mark("@") {
            return self.set_named(rule, &kinds, true);
        }
        Ok(Values::Here(self.written(&Kinds::Known(kinds), true)?.in_order()))
    }

    /// `@name`, of a set whose keys are of these kinds.
    fn set_named(&mut self, rule: &RuleDraft, kinds: &[Kind], verdicts: bool) -> Parsed<Values> {
        self.expect_mark("@")?;
        let name = self.name("the name of a set")?;
        let set =
            self.draft.tables.get(rule.table).and_then(Option::as_ref).and_then(|table| table.set(name.text));
        let Some(set) = set else {
            return Err(super::commands::missing(
                name.place,
                if verdicts { "map" } else { "set" },
                name.text,
            ));
        };
        if verdicts && !set.verdicts {
            return Err(ParseError::new(name.place, format!("`@{}` maps to no verdicts", name.text))
                .help("declare it as a map with `: verdict`"));
        }
        let same = match &set.kinds {
            Kinds::Opaque => false,
            Kinds::Known(of) => {
                // The kernel knows an interface by either of its two, and a hook's family is not in sets.
                of.len() == kinds.len() && of.iter().zip(kinds).all(|(of, kind)| of == kind)
            }
        };
        if !same {
            let message = format!("`@{}` holds other keys than those it is asked for", name.text);
            return Err(ParseError::new(name.place, message)
                .help("compare the set's `type` or `typeof` with what stands before it"));
        }
        Ok(Values::Named(name.text.into()))
    }

    /// A condition or verdict map that is not understood. Its key begins at a token.
    pub(super) fn opaque_relation(
        &mut self,
        rule: &mut RuleDraft,
        parts: &[Part],
        start: usize,
    ) -> Parsed<()> {
        let opaque = || {
            parts.iter().filter_map(|part| match part {
                Part::Unknown(opaque) => Some(opaque),
                _ => None,
            })
        };
        let words = self.words(start);
        let changed = self
            .tokens
            .get(start..self.at)
            .unwrap_or_default()
            .iter()
            .any(|token| self.draft.changed.contains(token.text));
        let fleeting = changed || opaque().any(|opaque| opaque.fleeting);
        if opaque().any(|opaque| opaque.alone) {
            return self.unknown_condition(rule, words, fleeting, false);
        }
        if self.take_word("vmap") {
            return self.opaque_map(rule, words, fleeting);
        }
        let compared = self.at;
        let unequal = self.skip_relation()?;
        let contrary = unequal && !fleeting && parts.len() == 1 && opaque().all(|opaque| opaque.total);
        let skipped = compared
            + usize::from(
                self.tokens
                    .get(compared)
                    .is_some_and(|token| token.is_mark("==") || contrary && token.is_mark("!=")),
            );
        let value = super::words(self.tokens.get(skipped..self.at).unwrap_or_default());
        self.unknown_condition(rule, format!("{words} {value}").into(), fleeting, contrary)
    }

    /// A condition that may or may not hold.
    pub(super) fn unknown_condition(
        &mut self,
        rule: &mut RuleDraft,
        words: Text,
        fleeting: bool,
        negated: bool,
    ) -> Parsed<()> {
        let number = self.unknown(words, fleeting && rule.decides)?;
        let place = rule.place;
        let values = Values::Here(vec![element(Range::one(1), place)]);
        rule.push(Statement::Match(Condition { key: vec![Field::Unknown(number)], values, negated }));
        Ok(())
    }

    /// A verdict map of something that is not understood: each of its elements may or may not admit a packet.
    fn opaque_map(&mut self, rule: &mut RuleDraft, words: Text, fleeting: bool) -> Parsed<()> {
        let place = self.place();
        let elements: Vec<(Text, Verdict)> = if self.take_mark("@") {
            let name = self.name("the name of a map")?;
            let set = self
                .draft
                .tables
                .get(rule.table)
                .and_then(Option::as_ref)
                .and_then(|table| table.set(name.text));
            match set {
                Some(set) => set.opaque.clone(),
                None => return Err(super::commands::missing(name.place, "map", name.text)),
            }
        } else {
            self.written(&Kinds::Opaque, true)?.opaque
        };
        // Each becomes a rule, which is larger than an element.
        self.count(elements.len().saturating_mul(8))?;
        if rule.alternatives.is_some() {
            return Err(ParseError::new(place, "two such verdict maps in one rule are not understood")
                .help("give each a rule of its own"));
        }
        let mut alternatives = Vec::with_capacity(elements.len());
        for (value, verdict) in elements {
            alternatives.push((self.unknown(format!("{words} {value}").into(), fleeting)?, verdict));
        }
        rule.alternatives = Some((rule.statements.len(), alternatives));
        Ok(())
    }
}

/// The field's own number for bits; a number beyond all where it has none.
fn number_of(kind: Kind, bits: u128) -> u128 {
    match kind {
        Kind::State => {
            STATE_BITS.into_iter().zip(0..).find(|(of, _)| *of == bits).map_or(u128::MAX - 1, |(_, n)| n)
        }
        _ => bits,
    }
}

/// Elements of EtherTypes of frames as elements of a packet's own EtherType and VLAN: the type of a tag stands for every
/// tagged frame, and any other only for frames without a tag.
fn in_frames(elements: Vec<Element>) -> Vec<Element> {
    let whole = Field::Ethertype.whole();
    let tagged = Range { first: 1, ..Field::Vlan.whole() };
    let mut out = Vec::with_capacity(elements.len());
    for Element { key, verdict, place } in elements {
        let Some(range) = key.first().copied() else { continue };
        if range.contains(TAG) {
            out.push(Element { key: vec![whole, tagged], verdict: verdict.clone(), place });
        }
        if range != Range::one(TAG) {
            out.push(Element { key: vec![range, Range::one(0)], verdict, place });
        }
    }
    out
}
