//! What a chain makes of packets, worked out once for each chain.

use crate::meaning::{Fate, Note, Unclear};
use crate::values::Known;
use crate::{Chain, Diagram, Leaf, Place, Rule, Ruleset, Space, Statement, Table, Verdict};
use std::collections::BTreeMap;

pub(crate) const ACCEPT: Leaf = Fate::Accept.leaf();
/// No rule decided, or one said `return`: whoever jumped here goes on.
pub(crate) const FALL: Leaf = 4;
/// While a chain is worked out: a rule said `return`, and no further rule of this chain is asked.
pub(crate) const RETURN: Leaf = 5;
/// While a rule is worked out: a condition holds.
pub(crate) const HIT: Leaf = 6;

/// How many chains may stand one behind the other, the base chain included, as the kernel has it
/// (`NFT_JUMP_STACK_SIZE`).
pub(crate) const JUMPS_MAX: usize = 16;

/// A rule with so many intervals is put in front of others alone, unless there are very many such rules.
const HEAVY: usize = 2048;
/// Into about so many blocks a chain's rules are put together.
const BLOCKS: usize = 16;

/// The chains of a ruleset, and what is known of them so far.
pub(crate) struct Chains<'a> {
    pub(crate) ruleset: &'a Ruleset,
    pub(crate) space: &'a mut Space,
    pub(crate) notes: Vec<Note>,
    pub(crate) known: Known<'a>,
    /// For each table its chains, by name.
    names: Vec<BTreeMap<&'a str, usize>>,
    stages: Vec<Vec<Stage>>,
}

#[derive(Clone, Copy)]
enum Stage {
    Untouched,
    Begun,
    Done(Transfer),
}

/// What a chain makes of packets: a [`Fate`] or [`FALL`].
#[derive(Clone, Copy)]
struct Transfer {
    diagram: Diagram,
    /// The same for who does not come back: [`RETURN`] in place of [`FALL`].
    gone_to: Diagram,
    /// How many chains stand one behind the other from this one on.
    height: usize,
}

/// A rule that is being worked out.
#[derive(Clone, Copy)]
struct At<'a> {
    table: usize,
    place: Place,
    /// How many chains stand before the one that it is in.
    level: usize,
    rule: &'a Rule,
}

impl<'a> Chains<'a> {
    pub(crate) fn new(ruleset: &'a Ruleset, space: &'a mut Space) -> Chains<'a> {
        let by_name = |table: &'a Table| {
            table.chains.iter().enumerate().map(|(at, chain)| (chain.name.as_str(), at)).collect()
        };
        Chains {
            ruleset,
            space,
            notes: Vec::new(),
            known: Known::new(ruleset),
            names: ruleset.tables.iter().map(by_name).collect(),
            stages: ruleset.tables.iter().map(|table| vec![Stage::Untouched; table.chains.len()]).collect(),
        }
    }

    /// What a base chain makes of packets, with its policy.
    pub(crate) fn base(&mut self, table: usize, chain: &'a Chain, policy: Fate) -> Result<Diagram, Unclear> {
        let policy = Diagram::leaf(policy.leaf());
        let mut rules = self.rules(table, chain, 0)?.0;
        for rule in &mut rules {
            *rule = self.space.replace(*rule, RETURN, policy)?;
        }
        self.in_front_of(policy, &rules)
    }

    /// What a chain makes of packets, with so many chains before it.
    fn transfer(&mut self, table: usize, at: usize, level: usize) -> Result<Transfer, Unclear> {
        let ruleset = self.ruleset;
        let Some(chain) = ruleset.tables.get(table).and_then(|table| table.chains.get(at)) else {
            let (diagram, gone_to) = (Diagram::leaf(FALL), Diagram::leaf(RETURN));
            return Ok(Transfer { diagram, gone_to, height: 1 });
        };
        let too_deep = Unclear::TooDeep { name: chain.name.clone(), place: chain.place };
        match self.stage(table, at).copied() {
            Some(Stage::Done(done)) if level + done.height <= JUMPS_MAX => return Ok(done),
            Some(Stage::Untouched) if level < JUMPS_MAX => {}
            _ => return Err(too_deep),
        }
        self.set_stage(table, at, Stage::Begun);
        let done = self.work_out(table, chain, level)?;
        self.set_stage(table, at, Stage::Done(done));
        Ok(done)
    }

    fn stage(&mut self, table: usize, chain: usize) -> Option<&mut Stage> {
        self.stages.get_mut(table)?.get_mut(chain)
    }

    fn set_stage(&mut self, table: usize, chain: usize, stage: Stage) {
        if let Some(at) = self.stage(table, chain) {
            *at = stage;
        }
    }

    fn work_out(&mut self, table: usize, chain: &'a Chain, level: usize) -> Result<Transfer, Unclear> {
        let (rules, height) = self.rules(table, chain, level)?;
        let diagram = self.in_front_of(Diagram::leaf(FALL), &rules)?;
        let diagram = self.space.replace(diagram, RETURN, Diagram::leaf(FALL))?;
        let gone_to = self.space.replace(diagram, FALL, Diagram::leaf(RETURN))?;
        Ok(Transfer { diagram, gone_to, height })
    }

    /// What each rule makes of packets, and how many chains stand one behind the other from this one on.
    fn rules(
        &mut self,
        table: usize,
        chain: &'a Chain,
        level: usize,
    ) -> Result<(Vec<Diagram>, usize), Unclear> {
        let mut height = 1;
        let mut rules = Vec::with_capacity(chain.rules.len());
        for rule in &chain.rules {
            rules.push(self.rule(At { table, place: rule.place, level, rule }, &mut height)?);
        }
        Ok((rules, height))
    }

    /// Rules one after another, with what comes behind them.
    ///
    /// Large ones are put in front of what is already decided behind them, one by one from the last: where a list of
    /// thousands of addresses is refused in front of a map whose chains leave most to the policy, both say "refused" then,
    /// and are not told apart. Small ones are put together first, because there may be thousands of them.
    fn in_front_of(&mut self, behind: Diagram, rules: &[Diagram]) -> Result<Diagram, Unclear> {
        let weights: Vec<usize> = rules.iter().map(|rule| self.space.intervals_of(*rule, HEAVY)).collect();
        let limit = HEAVY.max(weights.iter().sum::<usize>() / BLOCKS);
        let mut all = behind;
        let mut rest = rules;
        let mut weights = weights.as_slice();
        while let Some((last, before)) = weights.split_last() {
            let mut weight = *last;
            weights = before;
            while let Some((next, before)) = weights.split_last()
                && weight + next <= limit
            {
                weight += next;
                weights = before;
            }
            let (before, block) = rest.split_at(weights.len().min(rest.len()));
            let block = self.space.in_turn(block, FALL)?;
            all = self.space.replace(block, FALL, all)?;
            rest = before;
        }
        Ok(all)
    }

    /// What a rule makes of packets: from its last statement to its first, each put before what follows.
    fn rule(&mut self, at: At<'a>, height: &mut usize) -> Result<Diagram, Unclear> {
        let mut rest = Diagram::leaf(FALL);
        for statement in at.rule.statements.iter().rev() {
            match statement {
                Statement::Match(condition) => {
                    let holds = self.holds(at.table, condition, at.place)?;
                    rest = self.space.replace(holds, HIT, rest)?;
                }
                Statement::Map(key, values) => {
                    let map = self.verdict_map(at.table, key, values, at.place)?;
                    let mut targets = Vec::with_capacity(map.verdicts.len());
                    for verdict in map.verdicts {
                        targets.push(self.target(at, verdict, rest, height)?);
                    }
                    let missing = Diagram::leaf(FALL);
                    rest = self.space.substitute(map.which, |leaf| {
                        targets.get(leaf as usize).copied().unwrap_or(missing)
                    })?;
                }
                Statement::Verdict(verdict) => rest = self.target(at, verdict, rest, height)?,
                Statement::Passive => {}
                Statement::Changes(text) => {
                    self.notes.push(Note {
                        place: at.place,
                        text: format!(
                            "`{text}` changes the packet; the meaning speaks of the packet before it"
                        ),
                    });
                }
            }
        }
        Ok(rest)
    }

    /// What a verdict makes of packets, with `rest` of the rule behind it.
    fn target(
        &mut self,
        at: At<'a>,
        verdict: &Verdict,
        rest: Diagram,
        height: &mut usize,
    ) -> Result<Diagram, Unclear> {
        let (name, leave) = match verdict {
            Verdict::Accept => return Ok(Diagram::leaf(ACCEPT)),
            Verdict::Drop => return Ok(Diagram::leaf(Fate::Drop.leaf())),
            Verdict::Reject => return Ok(Diagram::leaf(Fate::Reject.leaf())),
            Verdict::Queue => return Ok(Diagram::leaf(Fate::Queue.leaf())),
            Verdict::Continue => return Ok(rest),
            Verdict::Return => return Ok(Diagram::leaf(RETURN)),
            Verdict::Jump(name) => (name, false),
            Verdict::Goto(name) => (name, true),
        };
        let chain = self.names.get(at.table).and_then(|names| names.get(name.as_str())).copied();
        let chain = chain.ok_or_else(|| Unclear::NoChain {
            name: name.clone(),
            table: self.ruleset.tables.get(at.table).map(|table| table.name.clone()).unwrap_or_default(),
            place: at.place,
        })?;
        let to = self.transfer(at.table, chain, at.level + 1)?;
        *height = (*height).max(to.height + 1);
        Ok(if leave { to.gone_to } else { to.diagram })
    }
}
