//! What nft says is live, made comparable: without what changes by itself, and with the quarantine apart.

use crate::text::{Family, Quarantine};
use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

/// The most lines of a difference that are told.
const DIFFERENCE_MAX: usize = 100;

/// What is live of the two tables.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Live {
    /// As `nft -s list table` prints them.
    pub(crate) text: String,
    /// The same without the elements of quarantine sets, and of sets that packets fill.
    pub(crate) rules: String,
    /// Which of the tables are there.
    pub(crate) families: BTreeSet<Family>,
    /// Each quarantine set, with what it holds.
    pub(crate) quarantine: BTreeMap<Quarantine, BTreeSet<IpAddr>>,
}

impl Live {
    /// Reads what nft printed. Its form is fixed: a line for each statement, but for elements, which may go on.
    pub(crate) fn read(text: String) -> Live {
        let mut live = Live::default();
        let (mut family, mut set) = (None, None);
        let (mut fills_itself, mut within_elements) = (false, false);
        for line in text.lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            match words.as_slice() {
                ["table", name, ..] if !line.starts_with('\t') => {
                    family = Family::named(name);
                    live.families.extend(family);
                }
                ["set", name, "{"] => {
                    set = family.and_then(|family| Quarantine::named(family, name));
                    fills_itself = false;
                    live.quarantine.extend(set.map(|set| (set, BTreeSet::new())));
                }
                ["map" | "chain", _, "{"] => (set, fills_itself) = (None, false),
                ["flags", flags @ ..] => {
                    fills_itself |= flags
                        .iter()
                        .flat_map(|flag| flag.split(','))
                        .any(|flag| matches!(flag, "dynamic" | "timeout"));
                }
                ["elements", "=", ..] => within_elements = true,
                _ => {}
            }
            let mut kept = true;
            if within_elements {
                kept = set.is_none() && !fills_itself;
                if let Some(held) = set.and_then(|set| live.quarantine.get_mut(&set)) {
                    // What is no single address is nobody's request: it stays, and shows as a difference.
                    kept = !addresses(line, held);
                }
                within_elements = !line.ends_with('}');
            }
            if kept {
                live.rules.push_str(line);
                live.rules.push('\n');
            }
        }
        live.text = text;
        live
    }

    /// Whether nothing is there.
    pub(crate) fn is_empty(&self) -> bool {
        self.families.is_empty()
    }

    /// How it differs from the rules it should be and from what should be in quarantine; nothing if it does not.
    pub(crate) fn difference(&self, rules: &str, contained: &BTreeSet<IpAddr>) -> Vec<String> {
        let mut difference = Vec::new();
        if self.rules != rules {
            let mut count: BTreeMap<&str, i64> = BTreeMap::new();
            self.rules.lines().for_each(|line| *count.entry(line).or_default() += 1);
            rules.lines().for_each(|line| *count.entry(line).or_default() -= 1);
            let told = |(lines, sign): (std::str::Lines<'_>, i64)| -> Vec<String> {
                let mark = if sign > 0 { '+' } else { '-' };
                lines
                    .filter(|line| count.get(line).is_some_and(|more| more.signum() == sign))
                    .map(|line| format!("{mark} {}", line.trim()))
                    .collect()
            };
            difference.extend([(rules.lines(), -1), (self.rules.lines(), 1)].into_iter().flat_map(told));
            if difference.is_empty() {
                difference.push("the order of the rules".to_owned());
            }
        }
        for (set, add, remove) in self.astray(contained) {
            difference.extend(add.iter().map(|address| format!("- element {set} {{ {address} }}")));
            difference.extend(remove.iter().map(|address| format!("+ element {set} {{ {address} }}")));
        }
        if difference.len() > DIFFERENCE_MAX {
            let more = difference.len() - DIFFERENCE_MAX;
            difference.truncate(DIFFERENCE_MAX);
            difference.push(format!("and {more} lines more"));
        }
        difference
    }

    /// What each quarantine set lacks of the contained addresses, and what it has besides.
    pub(crate) fn astray(
        &self,
        contained: &BTreeSet<IpAddr>,
    ) -> impl Iterator<Item = (Quarantine, BTreeSet<IpAddr>, BTreeSet<IpAddr>)> {
        self.quarantine.iter().map(|(set, held)| {
            let lacks = contained.iter().filter(|address| set.takes(**address) && !held.contains(address));
            (*set, lacks.copied().collect(), held.difference(contained).copied().collect())
        })
    }
}

/// Takes the addresses out of a line of elements, and says whether nothing else is in it.
fn addresses(line: &str, into: &mut BTreeSet<IpAddr>) -> bool {
    let line = line.trim().trim_start_matches("elements = {").trim_end_matches('}');
    let mut all = true;
    for element in line.split(',').map(str::trim).filter(|element| !element.is_empty()) {
        // Behind the address may stand `counter` or a comment.
        match element.split(' ').next().map(str::parse) {
            Some(Ok(address)) => all &= into.insert(address),
            _ => all = false,
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    const LISTING: &str = "table inet bastide {\n\tset quarantine4 {\n\t\ttype ipv4_addr\n\t\telements = { 192.0.2.1, 192.0.2.2,\n\t\t\t     192.0.2.3 }\n\t}\n\n\
        \tset quarantine6 {\n\t\ttype ipv6_addr\n\t\tcounter\n\t\telements = { 2001:db8::1 counter }\n\t}\n\n\
        \tset seen {\n\t\ttype ipv4_addr\n\t\tflags dynamic,timeout\n\t\telements = { 192.0.2.9 }\n\t}\n\n\
        \tset ports {\n\t\ttype inet_service\n\t\telements = { 80, 443 }\n\t}\n\n\
        \tchain forward {\n\t\tip saddr @quarantine4 drop\n\t\tlog prefix \"elements = {\" accept\n\t}\n}\n";

    fn set(some: &[&str]) -> BTreeSet<IpAddr> {
        some.iter().map(|address| address.parse().unwrap()).collect()
    }

    #[test]
    fn a_listing_is_taken_apart() {
        let live = Live::read(LISTING.to_owned());
        assert_eq!(live.families, BTreeSet::from([Family::Inet]));
        let held: Vec<_> = live.quarantine.values().cloned().collect();
        assert_eq!(held, [set(&["192.0.2.1", "192.0.2.2", "192.0.2.3"]), set(&["2001:db8::1"])]);
        assert!(live.rules.contains("elements = { 80, 443 }") && !live.rules.contains("192.0.2."));
        assert!(live.rules.contains("log prefix"));
        assert!(Live::read(String::new()).is_empty());
    }

    #[test]
    fn a_difference_is_told_line_by_line() {
        let live = Live::read(LISTING.to_owned());
        let contained = set(&["192.0.2.1", "192.0.2.2", "192.0.2.3", "2001:db8::1"]);
        assert_eq!(live.difference(&live.rules, &contained), [""; 0]);
        let other = live.rules.replace("80, 443", "80");
        assert_eq!(
            live.difference(&other, &set(&["192.0.2.1", "192.0.2.3", "2001:db8::1", "192.0.2.8"])),
            [
                "- elements = { 80 }",
                "+ elements = { 80, 443 }",
                "- element inet bastide quarantine4 { 192.0.2.8 }",
                "+ element inet bastide quarantine4 { 192.0.2.2 }",
            ]
        );
        let mut lines: Vec<&str> = live.rules.lines().collect();
        lines.swap(1, 2);
        let swapped = lines.join("\n") + "\n";
        assert_eq!(live.difference(&swapped, &contained), ["the order of the rules"]);
    }

    #[test]
    fn what_is_no_single_address_in_quarantine_shows() {
        let live = Live::read(LISTING.replace("192.0.2.1, 192.0.2.2,", "192.0.2.0/24,"));
        assert!(live.rules.contains("192.0.2.0/24"));
        assert_eq!(live.difference("", &BTreeSet::new()).first().unwrap(), "+ table inet bastide {");
    }
}
