//! One packet's way through a ruleset, rule by rule: what the kernel would do with it.

use crate::dynamic::{Asked, Dynamic};
use crate::{
    Chain, Condition, Element, Family, Field, Hook, Key, Packet, Place, Ruleset, State, Statement, Table,
    Values, Verdict,
};
use city::Text;
use std::{cell::OnceCell, cmp::Reverse};

/// The kernel's NFT_JUMP_STACK_SIZE: a packet that would be deeper in jumps is dropped.
const JUMPS_MAX: usize = 16;
/// So many rules are followed for one packet. A loaded ruleset has no loops, but may ask for more.
const RULES_MAX: usize = 1_000_000;
/// And so many elements of sets compared with it.
const ELEMENTS_MAX: usize = 50_000_000;
/// A trace has so many steps.
const STEPS_MAX: usize = 10_000;
/// A step has so many characters of its rule.
const TEXT_MAX: usize = 2_000;
/// From this priority on, packets before routing have their connection's state (NF_IP_PRI_CONNTRACK).
const TRACKED_FROM: i32 = -200;

/// What became of a packet, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// What became of it: [`Verdict::Accept`], [`Verdict::Drop`], [`Verdict::Reject`] or [`Verdict::Queue`].
    pub verdict: Verdict,
    /// Every rule that held for it and every policy that decided, in order.
    pub steps: Vec<Step>,
}

impl Trace {
    /// The step that decided, if any rule or policy did.
    #[must_use]
    pub fn decision(&self) -> Option<&Step> {
        self.steps.iter().rev().find(|step| {
            matches!(
                &step.did,
                Did::Decided(Verdict::Accept | Verdict::Drop | Verdict::Queue | Verdict::Reject)
                    | Did::Policy(_)
                    | Did::TooDeep
                    | Did::TooLong
            )
        })
    }
}

/// A rule that held, or the end of a base chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The hook.
    pub hook: Hook,
    /// The table's family.
    pub family: Family,
    /// The table.
    pub table: Text,
    /// The chain.
    pub chain: Text,
    /// Where the rule stands; for what is no rule, the chain.
    pub place: Place,
    /// The rule as it is written, of a very long one the beginning; empty where there is none.
    pub text: Text,
    /// What it did.
    pub did: Did,
}

/// What a rule or chain did to a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Did {
    /// Nothing: the packet was counted or logged, and went on.
    Nothing,
    /// Decided, or sent the packet elsewhere.
    Decided(Verdict),
    /// Changed the packet; rules behind it see another, which this trace does not know.
    Changed(Text),
    /// No rule decided, so the chain's policy did.
    Policy(Verdict),
    /// The chain is of type `nat`: it changes addresses of new connections and does not filter, so it was not followed.
    Translates,
    /// The packet was dropped because it came too deep into jumps.
    TooDeep,
    /// The packet met more rules than are followed, and is taken for dropped.
    TooLong,
}

/// How the walk through a chain ended.
enum End {
    /// Behind its last rule, or with `return`.
    Returned,
    /// With a verdict for the whole base chain.
    Decided(Verdict),
}

impl Ruleset {
    /// What becomes of a packet at one hook. `bridged` is one that a bridge passes on; any other is routed, and meets
    /// the tables of its IP version.
    ///
    /// The packet is taken as it is at that hook, but for what the kernel does not know there yet: the interface out
    /// before routing, and the connection's state before tracking, which is then `invalid`.
    #[must_use]
    pub fn trace(&self, packet: &Packet, hook: Hook, bridged: bool) -> Trace {
        let mut walk = Walk {
            ruleset: self,
            hook,
            packet: at_hook(packet, hook, bridged),
            steps: Vec::new(),
            rules: 0,
            elements: 0,
            dynamic: OnceCell::new(),
        };
        let verdict = walk.hook(bridged);
        Trace { verdict, steps: walk.steps }
    }

    /// What becomes of a packet on its way from one interface to another: through the hooks ingress, prerouting,
    /// forward, postrouting and egress, until one does not let it pass.
    #[must_use]
    pub fn trace_forwarded(&self, packet: &Packet, bridged: bool) -> Trace {
        const HOOKS: [Hook; 5] =
            [Hook::Ingress, Hook::Prerouting, Hook::Forward, Hook::Postrouting, Hook::Egress];
        let mut whole = Trace { verdict: Verdict::Accept, steps: Vec::new() };
        let mut packet = packet.clone();
        for hook in HOOKS {
            let Trace { verdict, steps } = self.trace(&packet, hook, bridged);
            if steps.iter().any(untracks) {
                packet = packet.with(Field::State, State::Untracked.number());
            }
            whole.steps.extend(steps);
            if verdict != Verdict::Accept {
                whole.verdict = verdict;
                break;
            }
        }
        whole
    }
}

/// The packet without what is not known of it at a hook.
fn at_hook(packet: &Packet, hook: Hook, bridged: bool) -> Packet {
    let packet = packet.clone();
    match hook {
        Hook::Ingress | Hook::Prerouting | Hook::Input => packet.with(Field::InterfaceOut, 0),
        Hook::Output => packet.with(Field::InterfaceIn, 0),
        // Bridges forget it there.
        Hook::Postrouting if bridged => packet.with(Field::InterfaceIn, 0),
        Hook::Forward | Hook::Postrouting | Hook::Egress => packet,
    }
}

fn untracks(step: &Step) -> bool {
    matches!(&step.did, Did::Changed(what) if what == "notrack")
}

struct Walk<'r> {
    ruleset: &'r Ruleset,
    hook: Hook,
    packet: Packet,
    steps: Vec<Step>,
    rules: usize,
    elements: usize,
    /// Looked for once a rule asks for such a set.
    dynamic: OnceCell<Dynamic<'r>>,
}

impl<'r> Walk<'r> {
    fn hook(&mut self, bridged: bool) -> Verdict {
        let mut chains: Vec<(i32, Reverse<usize>, &'r Table, &'r Chain)> = Vec::new();
        for table in
            self.ruleset.tables.iter().filter(|table| !table.dormant && self.meets(table.family, bridged))
        {
            for chain in &table.chains {
                // Among chains of one priority the kernel asks the younger first.
                if let Some(base) = chain.base.as_ref().filter(|base| base.hook == self.hook)
                    && self.at_device(&base.devices)
                {
                    chains.push((base.priority, Reverse(chains.len()), table, chain));
                }
            }
        }
        chains.sort_by_key(|(priority, order, ..)| (*priority, *order));
        let tracked = self.packet.get(Field::State);
        let mut untracked = false;
        for (priority, _, table, chain) in chains {
            let before = match self.hook {
                Hook::Ingress => true,
                Hook::Prerouting | Hook::Output => priority < TRACKED_FROM,
                _ => false,
            };
            let state = match (untracked, before) {
                (true, _) => State::Untracked.number(),
                (false, true) => State::Invalid.number(),
                (false, false) => tracked,
            };
            self.packet.0.insert(Field::State, state);
            let behind = self.steps.len();
            let verdict = self.base(table, chain);
            untracked |= self.steps.iter().skip(behind).any(untracks);
            if verdict != Verdict::Accept {
                return verdict;
            }
        }
        Verdict::Accept
    }

    fn meets(&self, family: Family, bridged: bool) -> bool {
        match (self.hook, family) {
            (Hook::Ingress | Hook::Egress, Family::Netdev) => true,
            (Hook::Ingress, Family::Inet) => matches!(self.packet.get(Field::Ethertype), 0x0800 | 0x86dd),
            (Hook::Ingress | Hook::Egress, _) | (_, Family::Netdev) => false,
            (_, Family::Bridge) => bridged,
            _ if bridged => false,
            _ => matches!(
                (self.packet.get(Field::Ethertype), family),
                (0x0800, Family::Ip | Family::Inet)
                    | (0x86dd, Family::Ip6 | Family::Inet)
                    | (0x0806, Family::Arp)
            ),
        }
    }

    fn at_device(&self, devices: &[u16]) -> bool {
        let field = match self.hook {
            Hook::Ingress => Field::InterfaceIn,
            Hook::Egress => Field::InterfaceOut,
            _ => return true,
        };
        devices.iter().any(|device| u128::from(*device) == self.packet.get(field))
    }

    fn step(&mut self, table: &Table, chain: &Chain, did: Did) {
        self.steps.push(Step {
            hook: self.hook,
            family: table.family,
            table: table.name.clone(),
            chain: chain.name.clone(),
            place: chain.place,
            text: Text::default(),
            did,
        });
    }

    fn base(&mut self, table: &'r Table, chain: &'r Chain) -> Verdict {
        let Some(base) = &chain.base else { return Verdict::Accept };
        if base.kind == "nat" {
            self.step(table, chain, Did::Translates);
            return Verdict::Accept;
        }
        match self.chain(table, chain, 0) {
            End::Decided(verdict) => verdict,
            End::Returned => {
                self.step(table, chain, Did::Policy(base.policy.clone()));
                base.policy.clone()
            }
        }
    }

    fn chain(&mut self, table: &'r Table, chain: &'r Chain, depth: usize) -> End {
        let mut chain = chain;
        // Each turn is a chain gone to for good.
        'chain: loop {
            for rule in &chain.rules {
                self.rules += 1;
                if self.rules > RULES_MAX || self.elements > ELEMENTS_MAX || self.steps.len() > STEPS_MAX {
                    self.step(table, chain, Did::TooLong);
                    return End::Decided(Verdict::Drop);
                }
                let Some(verdict) = self.rule(table, chain, rule) else { continue };
                match verdict {
                    Verdict::Continue => {}
                    Verdict::Return => return End::Returned,
                    Verdict::Accept | Verdict::Drop | Verdict::Queue | Verdict::Reject => {
                        return End::Decided(verdict);
                    }
                    Verdict::Jump(to) => {
                        let Some(to) = table.chains.iter().find(|chain| chain.name == to) else { continue };
                        if depth + 1 > JUMPS_MAX {
                            self.step(table, chain, Did::TooDeep);
                            return End::Decided(Verdict::Drop);
                        }
                        if let End::Decided(verdict) = self.chain(table, to, depth + 1) {
                            return End::Decided(verdict);
                        }
                    }
                    Verdict::Goto(to) => match table.chains.iter().find(|chain| chain.name == to) {
                        Some(to) => {
                            chain = to;
                            continue 'chain;
                        }
                        None => return End::Returned,
                    },
                }
            }
            return End::Returned;
        }
    }

    /// The verdict of a rule, where it holds and has one.
    fn rule(&mut self, table: &'r Table, chain: &Chain, rule: &'r crate::Rule) -> Option<Verdict> {
        let mut did = Vec::new();
        let mut decided = None;
        for statement in &rule.statements {
            let verdict = match statement {
                Statement::Match(condition) => {
                    if !self.holds(table, condition) {
                        did.clear();
                        // What came before still happened, but nothing that is told.
                        return None;
                    }
                    continue;
                }
                Statement::Map(key, values) => match self.admits(table, key, values) {
                    Some(_) if self.dynamic(table, key, values) == Some(false) => return None,
                    Some(element) => element.verdict.clone().unwrap_or(Verdict::Continue),
                    None => return None,
                },
                Statement::Verdict(verdict) => verdict.clone(),
                Statement::Passive => continue,
                Statement::Changes(what) => {
                    did.push(Did::Changed(what.clone()));
                    continue;
                }
            };
            if verdict != Verdict::Continue {
                decided = Some(verdict);
                break;
            }
        }
        match &decided {
            Some(verdict) => did.push(Did::Decided(verdict.clone())),
            None if did.is_empty() => did.push(Did::Nothing),
            None => {}
        }
        for did in did {
            self.step(table, chain, did);
            if let Some(step) = self.steps.last_mut() {
                (step.place, step.text) = (rule.place, short(&rule.text));
            }
        }
        decided
    }

    fn holds(&mut self, table: &Table, condition: &Condition) -> bool {
        let Condition { key, values, negated } = condition;
        let has = self.dynamic(table, key, values);
        has.unwrap_or_else(|| self.admits(table, key, values).is_some()) != *negated
    }

    /// Whether a set that packets fill has this one, which only the packet's own unknown tells; none for other sets.
    fn dynamic(&self, table: &Table, key: &Key, values: &Values) -> Option<bool> {
        let Values::Named(name) = values else { return None };
        let set = table.sets.iter().find(|set| set.name == *name && set.dynamic)?;
        let dynamic = self.dynamic.get_or_init(|| Dynamic::of(self.ruleset));
        let unknown = dynamic.unknown(Asked::of(table, set, key));
        Some(unknown.is_some_and(|unknown| self.packet.get(unknown) == 1))
    }

    /// The first element that admits the packet.
    fn admits<'v>(&mut self, table: &'v Table, key: &Key, values: &'v Values) -> Option<&'v Element> {
        let elements = match values {
            Values::Here(elements) => elements,
            Values::Named(name) => &table.sets.iter().find(|set| set.name == *name)?.elements,
        };
        let packet: Vec<u128> = key.iter().map(|field| self.packet.get(*field)).collect();
        let found = elements.iter().position(|element| {
            element.key.len() == packet.len()
                && element.key.iter().zip(&packet).all(|(range, value)| range.contains(*value))
        });
        self.elements += found.map_or(elements.len(), |found| found + 1);
        elements.get(found?)
    }
}

/// As much of a rule as is read at a glance.
fn short(text: &Text) -> Text {
    let Some((end, _)) = text.char_indices().nth(TEXT_MAX) else { return text.clone() };
    let mut begin = Text::from(text.get(..end).unwrap_or_default());
    begin.push_str(" …");
    begin
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(text: &str) -> Ruleset {
        Ruleset::parse(text).unwrap()
    }

    fn tcp(port: u128) -> Packet {
        Packet::default()
            .with(Field::Ethertype, 0x0800)
            .with(Field::Protocol, 6)
            .with(Field::Source, 0xc000_0201)
            .with(Field::Destination, 0xc633_6401)
            .with(Field::DestinationPort, port)
            .with(Field::State, State::New.number())
    }

    fn verdict(ruleset: &Ruleset, packet: &Packet) -> Verdict {
        ruleset.trace(packet, Hook::Forward, false).verdict
    }

    #[test]
    fn the_first_rule_that_decides_decides() {
        let ruleset = rules(
            "table inet t { chain f { type filter hook forward priority 0; policy drop\n tcp dport 22 counter accept\n tcp dport vmap { 80 : jump web, 443 : goto web }\n tcp dport 25 reject }\n chain web { tcp dport 80 log return\n accept } }",
        );
        assert_eq!(verdict(&ruleset, &tcp(22)), Verdict::Accept);
        assert_eq!(verdict(&ruleset, &tcp(23)), Verdict::Drop);
        assert_eq!(verdict(&ruleset, &tcp(80)), Verdict::Drop);
        assert_eq!(verdict(&ruleset, &tcp(443)), Verdict::Accept);
        assert_eq!(verdict(&ruleset, &tcp(25)), Verdict::Reject);
        let trace = ruleset.trace(&tcp(80), Hook::Forward, false);
        let did: Vec<_> = trace.steps.iter().map(|step| (step.chain.as_str(), step.did.clone())).collect();
        assert_eq!(
            did,
            [
                ("f", Did::Decided(Verdict::Jump("web".into()))),
                ("web", Did::Decided(Verdict::Return)),
                ("f", Did::Policy(Verdict::Drop)),
            ]
        );
        assert_eq!(trace.decision().unwrap().chain, "f");
        let step = &ruleset.trace(&tcp(22), Hook::Forward, false).steps[0];
        assert_eq!((step.place.line, step.text.as_str()), (2, "tcp dport 22 counter accept"));
    }

    #[test]
    fn accepting_ends_one_base_chain_and_dropping_all() {
        let ruleset = rules(
            "table inet late { chain f { type filter hook forward priority 10; tcp dport 22 drop; } }\n\
             table ip early { chain f { type filter hook forward priority 0; tcp dport 22 accept; tcp dport 23 drop; } }\n\
             table ip6 six { chain f { type filter hook forward priority 0; drop; } }\n\
             table inet off { flags dormant; chain f { type filter hook forward priority -5; drop; } }",
        );
        assert_eq!(verdict(&ruleset, &tcp(22)), Verdict::Drop);
        let trace = ruleset.trace(&tcp(22), Hook::Forward, false);
        assert_eq!(trace.steps.iter().map(|step| step.table.as_str()).collect::<Vec<_>>(), ["early", "late"]);
        assert_eq!(ruleset.trace(&tcp(23), Hook::Forward, false).steps.len(), 1);
        assert_eq!(verdict(&ruleset, &tcp(24)), Verdict::Accept);
    }

    #[test]
    fn bridges_have_tables_of_their_own() {
        let ruleset = rules("table bridge b { chain f { type filter hook forward priority filter; drop; } }");
        assert_eq!(verdict(&ruleset, &tcp(22)), Verdict::Accept);
        assert_eq!(ruleset.trace(&tcp(22), Hook::Forward, true).verdict, Verdict::Drop);
    }

    #[test]
    fn chains_that_translate_do_not_filter() {
        let ruleset = rules(
            "table ip n { chain p { type nat hook prerouting priority dstnat; tcp dport 80 dnat to 192.0.2.9:8080; } }",
        );
        let trace = ruleset.trace_forwarded(&tcp(80), false);
        assert_eq!(trace.verdict, Verdict::Accept);
        assert_eq!(trace.steps[0].did, Did::Translates);
    }

    #[test]
    fn a_state_is_known_once_it_is_tracked() {
        let ruleset = rules(
            "table inet t { chain raw { type filter hook prerouting priority raw; ct state new drop; tcp dport 53 notrack; }\n\
             chain p { type filter hook prerouting priority filter; ct state untracked accept; ct state new drop; } }",
        );
        assert_eq!(ruleset.trace_forwarded(&tcp(80), false).verdict, Verdict::Drop);
        let trace = ruleset.trace_forwarded(&tcp(53), false);
        assert_eq!(trace.verdict, Verdict::Accept);
        assert_eq!(trace.steps[0].did, Did::Changed("notrack".into()));
    }

    #[test]
    fn jumps_go_sixteen_deep() {
        let depth = |jumps: usize| {
            let mut text =
                String::from("table inet t { chain f { type filter hook forward priority 0; jump c1; }\n");
            for n in 1..jumps {
                text += &format!("chain c{n} {{ jump c{}; }}\n", n + 1);
            }
            rules(&format!("{text} chain c{jumps} {{ counter; }} }}"))
        };
        assert_eq!(verdict(&depth(16), &tcp(1)), Verdict::Accept);
        assert_eq!(verdict(&depth(17), &tcp(1)), Verdict::Drop);
    }

    #[test]
    fn what_would_never_end_is_given_up() {
        let ruleset = rules(
            "table inet t { chain f { type filter hook forward priority 0; goto g; }\n chain g { goto g; } }",
        );
        assert_eq!(verdict(&ruleset, &tcp(1)), Verdict::Drop);
        assert_eq!(ruleset.trace(&tcp(1), Hook::Forward, false).steps.last().unwrap().did, Did::TooLong);
    }

    #[test]
    fn ingress_sees_its_own_devices() {
        let ruleset = rules(
            "table netdev n { chain i { type filter hook ingress device \"eth1\" priority 0; policy drop; } }",
        );
        let number = ruleset.interface("eth1");
        assert_eq!(
            ruleset.trace_forwarded(&tcp(1).with(Field::InterfaceIn, number.into()), false).verdict,
            Verdict::Drop
        );
        assert_eq!(ruleset.trace_forwarded(&tcp(1), false).verdict, Verdict::Accept);
    }
}
