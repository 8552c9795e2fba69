//! What `nft` itself makes of rulesets: a file, and everything that `nft list ruleset` prints of it, mean the same.
//!
//! Each ruleset is loaded into a network namespace of its own, which ends with the programme that made it. That needs
//! root, `nft` and `unshare`; without them, or where the kernel lacks what a ruleset needs, it is skipped and counted.

#![cfg(test)]

mod kernel;
mod rulesets;

use ruleset::{
    Did, Family, Field, Hook, Packet, ParseError, Ruleset, State, Statement, Trace, Values, Verdict,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    io::{self, Write},
    process::{Command, Stdio},
};

/// The ways in which a ruleset is listed.
const LISTINGS: [&str; 10] = ["-s", "-a", "-n", "-nn", "-y", "-p", "-S", "-j", "-jn", "-jyS"];
/// So many packets are tried with each listing.
const PACKETS: usize = 1_000;
const PARTING: &str = "==== bastide ====\n";

/// Says that so many cases were skipped, past the test runner's capture and where skipped cases are counted.
fn skipped(count: usize, test: &str, why: &str) {
    let line = format!("{count} cases skipped in {test}: {why}\n");
    let _ = io::stderr().write_all(line.as_bytes());
    if let Some(path) = env::var_os("BASTIDE_SKIPPED") {
        let file = fs::OpenOptions::new().create(true).append(true).open(path);
        file.and_then(|mut file| file.write_all(line.as_bytes())).unwrap();
    }
}

/// What came of loading a ruleset.
enum Loaded {
    Listed(Vec<String>),
    Refused(String),
    /// There is no `nft`, or there are no namespaces.
    Impossible,
}

/// Loads a ruleset into a fresh namespace and lists it in every way.
fn load(text: &str) -> Loaded {
    let lists: String =
        LISTINGS.iter().map(|option| format!("printf '{PARTING}'; nft {option} list ruleset; ")).collect();
    let script = format!("nft list ruleset || exit 77; nft -f - || exit 1; nft list ruleset; {lists}");
    let child = Command::new("unshare")
        .args(["--net", "sh", "-c", &script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut child) = child else { return Loaded::Impossible };
    // A programme that ends early reads nothing.
    let _ = child.stdin.take().unwrap().write_all(text.as_bytes());
    let output = child.wait_with_output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    match output.status.code() {
        Some(0) => {
            let listed = String::from_utf8_lossy(&output.stdout).into_owned();
            Loaded::Listed(listed.split(PARTING).map(str::to_owned).collect())
        }
        Some(1) if errors.contains("unshare") => Loaded::Impossible,
        Some(77 | 126 | 127) => Loaded::Impossible,
        _ => Loaded::Refused(errors),
    }
}

/// A generator whose numbers are always the same.
struct Numbers(u64);

impl Numbers {
    /// SplitMix64, by Steele, Lea and Flood.
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, count: usize) -> usize {
        (self.next() % count as u64) as usize
    }

    fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }
}

/// The values at the edges of what rules ask for, by field.
fn edges(ruleset: &Ruleset) -> BTreeMap<Field, Vec<u128>> {
    let mut edges: BTreeMap<Field, BTreeSet<u128>> = BTreeMap::new();
    let mut see = |key: &[Field], values: &Values, table: &ruleset::Table| {
        let elements = match values {
            Values::Here(elements) => elements,
            Values::Named(name) => &table.sets.iter().find(|set| set.name == *name).unwrap().elements,
        };
        for element in elements {
            for (field, range) in key.iter().zip(&element.key) {
                let whole = field.whole();
                let near = [range.first, range.last, range.first.wrapping_sub(1), range.last.wrapping_add(1)];
                edges
                    .entry(*field)
                    .or_default()
                    .extend(near.into_iter().filter(|value| whole.contains(*value)));
            }
        }
    };
    for table in &ruleset.tables {
        for statement in table.chains.iter().flat_map(|chain| &chain.rules).flat_map(|rule| &rule.statements)
        {
            match statement {
                Statement::Match(condition) => see(&condition.key, &condition.values, table),
                Statement::Map(key, values) => see(key, values, table),
                _ => {}
            }
        }
    }
    edges.into_iter().map(|(field, values)| (field, values.into_iter().collect())).collect()
}

/// A packet near those edges, with the names of its interfaces.
fn packet(
    numbers: &mut Numbers,
    edges: &BTreeMap<Field, Vec<u128>>,
    unknowns: usize,
) -> (Packet, &'static str, &'static str) {
    const INTERFACES: [&str; 8] = ["lo", "eth0", "eth1", "eth11", "wan0", "lan0", "lan12", "tun9"];
    let v6 = numbers.below(3) == 0;
    let ether = match numbers.below(20) {
        0 => 0x0806,
        1 => 0x88cc,
        _ if v6 => 0x86dd,
        _ => 0x0800,
    };
    let is_ip = matches!(ether, 0x0800 | 0x86dd);
    let mut packet = Packet::default().with(Field::Ethertype, ether);
    let protocols: [u128; 6] = [6, 6, 17, if v6 { 58 } else { 1 }, 132, 50];
    let protocol = if is_ip { numbers.of(&protocols) } else { 0 };
    let mut near = |field: Field, below: u128| {
        let known: Vec<u128> =
            edges.get(&field).into_iter().flatten().copied().filter(|value| *value < below).collect();
        if known.is_empty() || numbers.below(10) == 0 {
            u128::from(numbers.next()) % below
        } else {
            numbers.of(&known)
        }
    };
    if is_ip {
        let addresses = if ether == 0x0800 { 1 << 32 } else { u128::MAX };
        packet = packet.with(Field::Protocol, protocol);
        for field in [Field::Source, Field::Destination] {
            packet = packet.with(field, near(field, addresses));
        }
        let ports = if matches!(protocol, 1 | 58) { 256 } else { 1 << 16 };
        if protocol != 50 {
            packet = packet
                .with(Field::SourcePort, near(Field::SourcePort, ports))
                .with(Field::DestinationPort, near(Field::DestinationPort, ports));
        }
        if protocol == 6 {
            packet = packet.with(Field::TcpFlags, near(Field::TcpFlags, 256));
        }
        packet = packet.with(Field::State, near(Field::State, 5));
    } else {
        packet = packet.with(Field::State, State::Untracked.number());
    }
    for field in [Field::SourceMac, Field::DestinationMac] {
        packet = packet.with(field, near(field, 1 << 48));
    }
    let vlan = near(Field::Vlan, 4_096);
    packet = packet.with(Field::Vlan, if vlan % 2 == 0 { 0 } else { vlan });
    for number in 0..unknowns {
        packet = packet.with(Field::Unknown(number as u16), (numbers.next() & 1).into());
    }
    (packet, numbers.of(&INTERFACES), numbers.of(&INTERFACES))
}

/// What a trace says, without places and words.
fn told(trace: &Trace) -> (Verdict, Vec<(String, String, Did)>) {
    let steps = trace.steps.iter().map(|step| {
        let did = match &step.did {
            Did::Changed(_) => Did::Changed("".into()),
            other => other.clone(),
        };
        (step.table.to_string(), step.chain.to_string(), did)
    });
    (trace.verdict.clone(), steps.collect())
}

/// How much the packets met.
#[derive(Default)]
struct Met {
    accepted: usize,
    refused: usize,
    steps: usize,
}

fn compare(name: &str, how: &str, file: &Ruleset, listed: &Ruleset, met: &mut Met) {
    const HOOKS: [Hook; 6] =
        [Hook::Ingress, Hook::Prerouting, Hook::Input, Hook::Forward, Hook::Output, Hook::Postrouting];
    assert_eq!(
        file.unknowns.len(),
        listed.unknowns.len(),
        "{name} {how}: {:?} {:?}",
        file.unknowns,
        listed.unknowns
    );
    let edges = edges(file);
    let places: Vec<(Hook, bool)> = file
        .tables
        .iter()
        .flat_map(|table| table.chains.iter().map(|chain| (chain, table.family == Family::Bridge)))
        .filter_map(|(chain, bridged)| Some((chain.base.as_ref()?.hook, bridged)))
        .collect();
    let mut numbers = Numbers(name.len() as u64);
    for _ in 0..PACKETS {
        let (packet, inward, outward) = packet(&mut numbers, &edges, file.unknowns.len());
        let with = |ruleset: &Ruleset| {
            packet
                .clone()
                .with(Field::InterfaceIn, ruleset.interface(inward).into())
                .with(Field::InterfaceOut, ruleset.interface(outward).into())
        };
        let (hook, bridged) = match numbers.below(10) {
            0 => (numbers.of(&HOOKS), numbers.below(3) == 0),
            _ => numbers.of(&places),
        };
        let traces = [file, listed].map(|ruleset| ruleset.trace(&with(ruleset), hook, bridged));
        let [one, other] = [told(&traces[0]), told(&traces[1])];
        let shown = file.show(&packet);
        assert_eq!(one, other, "{name} {how}: {shown} at {hook:?}, {inward} → {outward}\n{traces:#?}");
        met.steps += one.1.len();
        if one.0 == Verdict::Accept {
            met.accepted += 1;
        } else {
            met.refused += 1;
        }
    }
}

/// Whether an error is that `nft` leaves out or garbles in JSON what a ruleset says. Some versions do so to the devices of
/// chains, and with `-n` to EtherTypes.
fn lost(error: &ParseError) -> bool {
    ["`dev` is missing", "bytes `nft -n` has swapped"].iter().any(|lost| error.message.contains(lost))
}

#[test]
fn what_nft_lists_means_what_the_file_means() {
    let test = "what_nft_lists_means_what_the_file_means";
    let mut told = 0;
    for (name, text) in rulesets::ALL {
        let file = Ruleset::parse(text).unwrap_or_else(|errors| panic!("{name}: {errors:#?}"));
        let listings = match load(text) {
            Loaded::Listed(listings) => listings,
            Loaded::Refused(why) if why.contains("not supported") || why.contains("No such file") => {
                skipped(1, test, &format!("the kernel does not take `{name}`"));
                continue;
            }
            Loaded::Refused(why) => panic!("{name}: {why}"),
            Loaded::Impossible => {
                return skipped(rulesets::ALL.len(), test, "it needs root, nft (nftables) and unshare");
            }
        };
        assert_eq!(listings.len(), LISTINGS.len() + 1);
        let mut met = Met::default();
        for (how, listing) in std::iter::once("").chain(LISTINGS).zip(&listings) {
            let listed = match Ruleset::parse(listing) {
                Ok(listed) => listed,
                Err(errors) if how.starts_with("-j") && errors.iter().all(lost) => {
                    skipped(1, test, &format!("this nft loses parts of `{name}` as JSON with `{how}`"));
                    continue;
                }
                Err(errors) => panic!("{name} {how}: {errors:#?}\n{listing}"),
            };
            compare(name, how, &file, &listed, &mut met);
        }
        // A ruleset that decides about none of the packets compares nothing.
        assert!(met.accepted > 100 && met.refused > 100, "{name}: {} {}", met.accepted, met.refused);
        assert!(met.steps > PACKETS / 2, "{name}: {}", met.steps);
        told += 1;
    }
    println!("{told} rulesets compared");
}
