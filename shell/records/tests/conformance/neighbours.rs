//! ARP, against what Zeek and Suricata read. They tell of every packet, we of every new claim and question; so sets are
//! compared.

use crate::{cases, reading};
use city::{Observed, Protocol, Transport};
use std::collections::BTreeSet;

/// How many cases are about ARP.
const CASES: usize = 5;

/// Pairs of texts: an IP and a MAC address, or who asks and for whom.
type Pairs = BTreeSet<(String, String)>;

fn ours(reading: &reading::Reading) -> (Pairs, Pairs) {
    let claims = reading.observations.iter().filter_map(|it| match &it.fact {
        Observed::Binding(binding) => Some((binding.address.to_string(), binding.mac.to_string())),
        _ => None,
    });
    let questions = reading
        .requests()
        .filter(|request| request.flow.protocol == Some(Protocol::Arp))
        .map(|request| (request.flow.source.to_string(), request.target.name.to_string()));
    (claims.collect(), questions.collect())
}

#[test]
fn arp_is_read_as_zeek_and_suricata_read_it() {
    let Some(cases) = cases::all() else {
        return cases::skipped(CASES, "arp_is_read_as_zeek_and_suricata_read_it");
    };
    let cases: Vec<_> = cases.into_iter().filter(|case| case.protocol == "arp").collect();
    assert_eq!(cases.len(), CASES);
    let mut compared = 0;
    for case in cases {
        let reading = reading::read(&case.capture);
        let (claims, questions) = ours(&reading);
        let (mut expected_claims, mut expected_questions) = (Pairs::new(), Pairs::new());
        // Zeek: sender's and receiver's MAC, then of the packet the sender's IP and MAC, the target's IP and MAC.
        let text = case.text(".stdout").unwrap_or_default();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let fields: Vec<&str> = line.split(", ").collect();
            if let [_, _, sender, mac, target, target_mac] = fields[..] {
                if line.starts_with("BAD") {
                    continue;
                }
                expected_claims.insert((sender.into(), mac.into()));
                // A question does not know the target's MAC address.
                if sender != target && target_mac == "00:00:00:00:00:00" {
                    expected_questions.insert((sender.into(), target.into()));
                }
                compared += 1;
            }
        }
        // Suricata: one event a packet.
        for filter in case.filters() {
            let field = |name: &str| filter.matches.get(name).cloned();
            let (Some(sender), Some(target), Some(opcode)) =
                (field("arp.src_ip"), field("arp.dest_ip"), field("arp.opcode"))
            else {
                continue;
            };
            expected_claims.insert((sender.clone(), field("arp.src_mac").unwrap()));
            if opcode == "request" {
                expected_questions.insert((sender, target));
            }
            compared += 1;
        }
        if case.suite == "zeek" {
            assert_eq!((&claims, &questions), (&expected_claims, &expected_questions), "{}", case.name);
        } else {
            // Its filters name only some of the packets.
            assert!(claims.is_superset(&expected_claims), "{}: {claims:?}", case.name);
            assert!(questions.is_superset(&expected_questions), "{}: {questions:?}", case.name);
        }
        if text.contains("corrupt-arp-header") {
            let unread = reading.observations.iter().filter_map(|it| match &it.fact {
                Observed::Unread(unread) if unread.transport == Transport::Ethernet(0x0806) => {
                    Some(unread.count)
                }
                _ => None,
            });
            let corrupt = text.lines().filter(|line| line.contains("corrupt-arp-header")).count() as u64;
            assert_eq!(unread.sum::<u64>(), corrupt, "{}", case.name);
            compared += 1;
        }
    }
    assert!(compared >= 14, "{compared}");
}
