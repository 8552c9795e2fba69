//! What rulesets mean, in cases that can be read.
#![cfg(test)]

use ruleset::{
    Diagram, FORWARDED, Fate, Field, Hook, Leaf, Meaning, Packet, Range, Ruleset, Space, State, TooLarge,
    Unclear, Way,
};
use std::net::Ipv4Addr;

fn meaning(space: &mut Space, text: &str) -> Meaning {
    Ruleset::parse(text).unwrap().meaning(space, Way::Routed, &FORWARDED).unwrap()
}

/// A packet that begins a connection by TCP.
fn tcp(source: &str, destination: &str, port: u128) -> Packet {
    let address = |text: &str| u128::from(text.parse::<Ipv4Addr>().unwrap().to_bits());
    Packet::default()
        .with(Field::Ethertype, 0x0800)
        .with(Field::State, State::New.number())
        .with(Field::Source, address(source))
        .with(Field::Destination, address(destination))
        .with(Field::Protocol, 6)
        .with(Field::DestinationPort, port)
}

fn fate(space: &Space, meaning: &Meaning, packet: &Packet) -> Fate {
    Fate::of(space.leaf_of(meaning.fates, packet)).unwrap()
}

/// The packets that exist and come to different fates.
fn difference(space: &mut Space, a: &Meaning, b: &Meaning) -> Diagram {
    let sensible = space.sensible(Way::Routed, 0).unwrap();
    let differs = space.apply(a.fates, b.fates, |a, b| Leaf::from(a != b)).unwrap();
    space.only(sensible, differs, 0).unwrap()
}

const SIGNALS: &str = r#"
table inet city {
    set controllers { type ipv4_addr; flags interval; elements = { 192.0.2.0/27 } }
    chain forward {
        type filter hook forward priority filter; policy drop;
        ct state vmap { established : accept, related : accept, invalid : drop }
        ip saddr 198.51.100.10 ip daddr @controllers tcp dport 502 accept
        ip daddr @controllers reject
    }
}"#;

#[test]
fn what_a_rule_allows_passes_and_nothing_else() {
    let mut space = Space::new(1 << 16);
    let city = meaning(&mut space, SIGNALS);
    let request = tcp("198.51.100.10", "192.0.2.5", 502);
    assert_eq!(fate(&space, &city, &request), Fate::Accept);
    assert_eq!(fate(&space, &city, &tcp("198.51.100.11", "192.0.2.5", 502)), Fate::Reject);
    assert_eq!(fate(&space, &city, &tcp("198.51.100.10", "192.0.2.40", 502)), Fate::Drop);
    let answer = tcp("192.0.2.5", "198.51.100.10", 40_000);
    assert_eq!(fate(&space, &city, &answer), Fate::Drop);
    let answer = answer.with(Field::State, State::Established.number());
    assert_eq!(fate(&space, &city, &answer), Fate::Accept);
    // Of what begins a connection this is all that passes.
    let ip = space.fix(city.fates, Field::Ethertype, 0x0800).unwrap();
    let new = space.fix(ip, Field::State, State::New.number()).unwrap();
    let accepted = space.regions(new, |leaf| leaf == Fate::Accept.leaf(), 10);
    let first = u128::from(Ipv4Addr::new(192, 0, 2, 0).to_bits());
    assert_eq!(accepted.len(), 1);
    assert_eq!(
        accepted[0].ranges,
        [
            (Field::Source, Range::one(u128::from(Ipv4Addr::new(198, 51, 100, 10).to_bits()))),
            (Field::Destination, Range { first, last: first + 31 }),
            (Field::Protocol, Range::one(6)),
            (Field::DestinationPort, Range::one(502)),
        ]
    );
    assert_eq!(city.notes, []);
}

/// A list of rules and a map of chains say the same, and so they are the same diagram.
#[test]
fn rulesets_that_say_the_same_are_the_same() {
    let mut space = Space::new(1 << 16);
    let list = meaning(
        &mut space,
        "table ip t { chain f { type filter hook forward priority 0; policy drop;
            ip saddr 192.0.2.0/28 tcp dport 80 accept
            ip saddr 192.0.2.0/28 tcp dport 443 accept
            ip saddr 192.0.2.16/28 udp dport 123 accept
        } }",
    );
    let map = meaning(
        &mut space,
        "table inet other {
            map zones { type ipv4_addr : verdict; flags interval
                elements = { 192.0.2.16-192.0.2.31 : jump clocks, 192.0.2.0-192.0.2.15 : jump web } }
            chain web { meta l4proto . th dport { tcp . 443, tcp . 80 } accept; }
            chain clocks { meta l4proto udp th dport { 123 } counter accept; }
            chain f { type filter hook forward priority -10; policy accept;
                ip saddr vmap @zones
                meta nfproto ipv4 drop
            } }",
    );
    assert_eq!(list.fates, map.fates);
}

/// Who goes to a chain does not come back: behind its end there is the base chain's policy, and not its next rule.
#[test]
fn the_policy_decides_behind_a_chain_that_was_gone_to() {
    let mut space = Space::new(1 << 16);
    let of = |how: &str| {
        format!(
            "table inet t {{ chain f {{ type filter hook forward priority 0; policy accept;
                {how} web
                drop
            }}
            chain web {{ tcp dport 80 accept; }} }}"
        )
    };
    let (goto, jump) = (meaning(&mut space, &of("goto")), meaning(&mut space, &of("jump")));
    let telnet = tcp("192.0.2.1", "192.0.2.2", 23);
    assert_eq!(fate(&space, &goto, &telnet), Fate::Accept);
    assert_eq!(fate(&space, &jump, &telnet), Fate::Drop);
}

#[test]
fn a_difference_is_shown_by_a_packet() {
    let mut space = Space::new(1 << 16);
    let wanted = meaning(&mut space, SIGNALS);
    let ruleset = Ruleset::parse(&SIGNALS.replace("tcp dport 502", "tcp dport 500-502")).unwrap();
    let found = ruleset.meaning(&mut space, Way::Routed, &FORWARDED).unwrap();
    let differs = difference(&mut space, &wanted, &found);
    let packet = space.witness(differs, |leaf| leaf == 1).unwrap().packet();
    assert_eq!(packet.get(Field::DestinationPort), 500);
    assert_eq!(fate(&space, &found, &packet), Fate::Accept);
    assert_ne!(fate(&space, &wanted, &packet), Fate::Accept);
    // The trace of that packet names the rule.
    let trace = ruleset.trace_forwarded(&packet, false);
    assert_eq!(trace.decision().unwrap().place.line, 7);
}

/// IPv4 has no addresses beyond 32 bits, and GRE no ports: what rules say of those is no difference.
#[test]
fn what_cannot_be_is_no_difference() {
    let mut space = Space::new(1 << 16);
    let base = "chain f { type filter hook forward priority 0; policy drop;";
    let all = meaning(&mut space, &format!("table ip t {{ {base} meta l4proto 47 accept; }} }}"));
    let spelt = meaning(
        &mut space,
        &format!("table ip t {{ {base} meta l4proto 47 ip saddr 0.0.0.0-255.255.255.255 accept; }} }}"),
    );
    assert_eq!(difference(&mut space, &all, &spelt), Diagram::NO);
}

#[test]
fn a_packet_must_pass_every_base_chain() {
    let mut space = Space::new(1 << 16);
    let both = meaning(
        &mut space,
        "table inet early { chain p { type filter hook prerouting priority raw; policy accept;
            iifname \"street\" ip saddr != 192.0.2.0/24 drop
            oifname \"street\" drop comment \"no packet has an interface to leave by here\"
        } }
        table inet late { chain f { type filter hook forward priority 0; policy drop;
            iifname \"street\" oifname \"control\" accept
        } }",
    );
    let from = |source| {
        // Interfaces are numbered from one, in the order in which rules name them.
        tcp(source, "198.51.100.1", 80).with(Field::InterfaceIn, 1).with(Field::InterfaceOut, 2)
    };
    assert_eq!(fate(&space, &both, &from("192.0.2.1")), Fate::Accept);
    assert_eq!(fate(&space, &both, &from("203.0.113.1")), Fate::Drop);
    assert_eq!(fate(&space, &both, &from("192.0.2.1").with(Field::InterfaceIn, 0)), Fate::Drop);
    assert_eq!(fate(&space, &both, &from("192.0.2.1").with(Field::InterfaceOut, 1)), Fate::Drop);
}

#[test]
fn routers_and_bridges_have_tables_of_their_own() {
    let mut space = Space::new(1 << 16);
    let ruleset = Ruleset::parse(
        "table bridge b { chain f { type filter hook forward priority 0; policy drop; ether type arp accept; } }
         table inet i { chain f { type filter hook forward priority 0; policy accept; tcp dport 23 drop; } }",
    )
    .unwrap();
    let telnet = tcp("192.0.2.1", "192.0.2.2", 23);
    let routed = ruleset.meaning(&mut space, Way::Routed, &FORWARDED).unwrap();
    let bridged = ruleset.meaning(&mut space, Way::Bridged, &FORWARDED).unwrap();
    assert_eq!(fate(&space, &routed, &telnet), Fate::Drop);
    assert_eq!(fate(&space, &routed, &tcp("192.0.2.1", "192.0.2.2", 22)), Fate::Accept);
    assert_eq!(fate(&space, &bridged, &tcp("192.0.2.1", "192.0.2.2", 22)), Fate::Drop);
    assert_eq!(fate(&space, &bridged, &Packet::default().with(Field::Ethertype, 0x0806)), Fate::Accept);
}

/// What is not understood may hold or not: the meaning has a fate for each.
#[test]
fn conditions_that_are_not_understood_have_a_name() {
    let mut space = Space::new(1 << 16);
    let marked = meaning(
        &mut space,
        "table inet t { chain f { type filter hook forward priority 0; policy drop; meta mark 7 accept; } }",
    );
    assert_eq!(marked.unknowns.len(), 1);
    assert!(marked.unknowns[0].contains("meta mark"), "{}", marked.unknowns[0]);
    let packet = tcp("192.0.2.1", "192.0.2.2", 22);
    assert_eq!(fate(&space, &marked, &packet), Fate::Drop);
    assert_eq!(fate(&space, &marked, &packet.with(Field::Unknown(0), 1)), Fate::Accept);
}

#[test]
fn sets_that_packets_fill_are_unknown_and_noted() {
    let mut space = Space::new(1 << 16);
    let banned = meaning(
        &mut space,
        "table inet t {
            set banned { type ipv4_addr; flags dynamic,timeout; timeout 1h; elements = { 192.0.2.66 } }
            chain f { type filter hook forward priority 0; policy accept;
                ip saddr @banned drop
                tcp dport 23 add @banned { ip saddr } drop
            } }",
    );
    assert_eq!(banned.unknowns, ["source in set banned"]);
    assert_eq!(banned.notes.len(), 1);
    assert_eq!(banned.notes[0].place.line, 2);
    let packet = tcp("192.0.2.66", "198.51.100.1", 80);
    assert_eq!(fate(&space, &banned, &packet), Fate::Accept, "its time may be over");
    assert_eq!(fate(&space, &banned, &packet.with(Field::Unknown(0), 1)), Fate::Drop);
}

#[test]
fn changed_addresses_are_noted_and_out_of_scope() {
    let mut space = Space::new(1 << 16);
    let text = "table ip nat { chain pre { type nat hook prerouting priority dstnat; policy accept;
            tcp dport 8080 dnat to 192.0.2.80:80
        } }
        table inet t {
            chain raw { type filter hook prerouting priority raw; policy accept; udp dport 53 notrack; }
            chain f { type filter hook forward priority 0; policy drop; ip daddr 192.0.2.80 tcp dport 80 accept; }
        }";
    let changed = meaning(&mut space, text);
    let lines: Vec<u32> = changed.notes.iter().map(|note| note.place.line).collect();
    assert_eq!(lines, [1, 5]);
    assert!(changed.notes[1].text.contains("`notrack` changes the packet"), "{}", changed.notes[1].text);
    // The packet as it arrives is dropped by the filter, which in truth sees another address.
    assert_eq!(fate(&space, &changed, &tcp("198.51.100.1", "203.0.113.1", 8080)), Fate::Drop);
}

/// Long lists are put in front of what follows in another way than short ones; it must not show.
#[test]
fn long_lists_decide_like_short_ones() {
    let mut space = Space::new(1 << 20);
    let refused: Vec<String> =
        (0..4000).map(|host| format!("198.51.{}.{}", host / 100, host % 100 * 2)).collect();
    let mut text = format!(
        "table ip t {{ set refused {{ type ipv4_addr; elements = {{ {} }} }}
            chain f {{ type filter hook forward priority 0; policy accept;
                tcp dport 22 return
                ip daddr @refused ip saddr != 192.0.2.1 drop
                ip saddr 192.0.2.64/26 jump listed
                ip saddr vmap {{ 192.0.2.0/26 : goto listed, 203.0.113.0/24 : accept }}
                tcp dport 80 accept
                drop
            }}\n",
        refused.join(", ")
    );
    text += "chain listed { tcp dport 1 return\n";
    for port in 1..600 {
        text += &format!("tcp dport {} ip daddr 198.51.{}.{} reject\n", port * 3, port % 50, port % 250);
    }
    text += "} }";
    let ruleset = Ruleset::parse(&text).unwrap();
    let listed = ruleset.meaning(&mut space, Way::Routed, &FORWARDED).unwrap();
    let mut met = [0; 4];
    for source in ["192.0.2.1", "192.0.2.2", "192.0.2.70", "203.0.113.5", "198.51.100.1"] {
        for number in 0..600 {
            let port = [1, 22, 80, number / 3 * 3, number][number as usize % 5];
            let destination = format!("198.51.{}.{}", port / 3 % 50, (port / 3 + number % 2) % 250);
            let packet = tcp(source, &destination, port);
            let fate = fate(&space, &listed, &packet);
            let trace = ruleset.trace_forwarded(&packet, false);
            assert_eq!(format!("{fate:?}"), format!("{:?}", trace.verdict), "{packet:?}");
            met[fate.leaf() as usize] += 1;
        }
    }
    assert!(met[0] > 100 && met[1] > 100 && met[2] > 100, "{met:?}");
}

#[test]
fn chains_that_jump_in_circles_have_no_meaning() {
    let circle = Ruleset::parse(
        "table inet t { chain f { type filter hook forward priority 0; jump a; }
            chain a { tcp dport 1 jump b; }
            chain b { goto a; } }",
    );
    let unclear = circle.unwrap().meaning(&mut Space::new(1 << 16), Way::Routed, &FORWARDED).unwrap_err();
    assert!(matches!(&unclear, Unclear::TooDeep { name, .. } if name == "a"), "{unclear}");
}

/// The kernel refuses a seventeenth chain behind another, however it is reached first.
#[test]
fn chains_stand_sixteen_deep_at_most() {
    let deep = |chains: usize| {
        let mut text = String::from(
            "table inet t { chain f { type filter hook forward priority 0; jump c9; jump c2; }\n",
        );
        for at in (2..chains).rev() {
            text += &format!("chain c{at} {{ jump c{}; }}\n", at + 1);
        }
        text += &format!("chain c{chains} {{ counter; }} }}");
        Ruleset::parse(&text).unwrap().meaning(&mut Space::new(1 << 16), Way::Routed, &[Hook::Forward])
    };
    assert!(deep(16).is_ok());
    assert!(matches!(deep(17), Err(Unclear::TooDeep { .. })));
}

#[test]
fn a_space_that_is_too_small_is_said_to_be() {
    let city = Ruleset::parse(SIGNALS).unwrap();
    let unclear = city.meaning(&mut Space::new(20), Way::Routed, &FORWARDED).unwrap_err();
    assert_eq!(unclear, Unclear::TooLarge(TooLarge::Intervals(20)));
    assert_eq!(unclear.to_string(), "this takes more than 20 intervals to tell apart");
}
