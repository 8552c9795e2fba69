//! A ruleset as it is written, with names and numbers made plain.

use crate::{Field, Range};
use city::Text;

/// Everything that `nft list ruleset` prints.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ruleset {
    /// The tables, in the order of the text.
    pub tables: Vec<Table>,
    /// The interfaces that rules name; the number of one is its place here, counted from 1, and 0 is any other. A name
    /// that ends with `*` stands for all that begin so and are not named themselves; a rule that asks for such a name has
    /// an element for each name here that begins so.
    pub interfaces: Vec<Text>,
    /// Conditions that are not understood, in their own words; the number of one is its place here, counted from 0. What
    /// may differ from one rule to the next, as a rate does, is here once for each rule that decides by it.
    pub unknowns: Vec<Text>,
}

/// Where something stands in the text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
}

/// Which packets a table sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// IPv4.
    Ip,
    /// IPv6.
    Ip6,
    /// Both.
    Inet,
    /// ARP.
    Arp,
    /// Frames that a bridge passes on.
    Bridge,
    /// Frames at one interface.
    Netdev,
}

/// A table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Which packets it sees.
    pub family: Family,
    /// Its name.
    pub name: Text,
    /// Named sets and maps.
    pub sets: Vec<Set>,
    /// The chains.
    pub chains: Vec<Chain>,
    /// Whether it is kept but not in force (`flags dormant`).
    pub dormant: bool,
}

/// A named set or map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Set {
    /// Its name.
    pub name: Text,
    /// Its elements, of which the first that admits a packet counts; for a map to something else than verdicts, without
    /// what they map to.
    pub elements: Vec<Element>,
    /// Whether packets themselves add elements, so that what is listed is not all there may be.
    pub dynamic: bool,
    /// Where it is declared.
    pub place: Place,
}

/// An element of a set or map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Element {
    /// A range for each part of the key.
    pub key: Vec<Range>,
    /// What becomes of a packet that it admits, in a verdict map.
    pub verdict: Option<Verdict>,
    /// Where it stands.
    pub place: Place,
}

/// A chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// Its name.
    pub name: Text,
    /// Where packets enter it from the network's stack; `None` for a chain that is only jumped to.
    pub base: Option<Base>,
    /// Its rules, in order.
    pub rules: Vec<Rule>,
    /// Where it is declared.
    pub place: Place,
}

/// Where packets enter a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Base {
    /// `filter`, `nat` or `route`.
    pub kind: Text,
    /// The hook.
    pub hook: Hook,
    /// The lower, the earlier among chains at one hook.
    pub priority: i32,
    /// What becomes of a packet that no rule decided: [`Verdict::Accept`] or [`Verdict::Drop`].
    pub policy: Verdict,
    /// The interfaces whose packets it sees, by their numbers; at ingress and egress only, and empty elsewhere.
    pub devices: Vec<u16>,
}

/// A place in the network's stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Hook {
    /// At an interface, before everything.
    Ingress,
    /// Before routing.
    Prerouting,
    /// To the machine itself.
    Input,
    /// Through the machine.
    Forward,
    /// From the machine itself.
    Output,
    /// After routing.
    Postrouting,
    /// At an interface, after everything.
    Egress,
}

/// A rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// What it says, in order.
    pub statements: Vec<Statement>,
    /// As it is written, without its comment, in one line.
    pub text: Text,
    /// Its comment.
    pub comment: Option<Text>,
    /// Where it stands.
    pub place: Place,
}

/// A part of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Statement {
    /// The rule goes on only where this holds.
    Match(Condition),
    /// The verdict of the first element that admits the packet; without one the rule ends here, as with a condition
    /// that does not hold.
    Map(Key, Values),
    /// Decides.
    Verdict(Verdict),
    /// Does nothing to the packet's fate: a counter, a log, a comment, an element added to a set.
    Passive,
    /// Changes the packet (`dnat`, `snat`, `masquerade`, `redirect`, `… set …`), in its own words. What rules see after
    /// it is another packet.
    Changes(Text),
}

/// What of a packet is compared: one field, or several joined with ` . `.
pub type Key = Vec<Field>;

/// A condition: the packet's values of some fields lie in a set. What nftables implies is written out as conditions of
/// their own before it: `tcp dport` has the protocol TCP before it, `ip saddr` the EtherType of IPv4.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// What is compared.
    pub key: Key,
    /// With what.
    pub values: Values,
    /// Whether it holds where the values do not lie in the set.
    pub negated: bool,
}

/// The elements of a set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Values {
    /// Written in the rule.
    Here(Vec<Element>),
    /// A named set or map of the rule's table.
    Named(Text),
}

/// What becomes of a packet.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// It passes this base chain.
    Accept,
    /// It is gone.
    Drop,
    /// It is gone, and its sender is told.
    Reject,
    /// A programme decides (`queue`).
    Queue,
    /// What follows: the rest of the rule, and then the next rule. So the kernel reads it.
    Continue,
    /// Back to the rule after the jump; at the end of a base chain, its policy.
    Return,
    /// Another chain, and then back.
    Jump(Text),
    /// Another chain, and not back to this one.
    Goto(Text),
}
