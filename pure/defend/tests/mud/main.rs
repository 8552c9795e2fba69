//! What makers say of their devices, as conduits: read, proposed, and checked as a plan.
#![cfg(test)]

mod damage;
mod daq;
mod others;

use defend::mud::{Mud, Peers, Proposal, parse, propose};
use plan::{Plan, Severity, SourceFile, check};

const TOWN: &str = r#"
[city]
name = "Wexcombe"
time-zone = "Europe/London"

[[zone]]
id = "lights"
name = "Street lights"
networks = ["192.0.2.0/27"]
security-level = 1

[[zone]]
id = "centre"
name = "Control centre"
networks = ["192.0.2.32/27"]
security-level = 2

[[zone]]
id = "office"
name = "Offices"
networks = ["192.0.2.64/27"]
security-level = 1

[[zone]]
id = "internet"
name = "Everywhere else"
outside = true
security-level = 0

[[supplier]]
id = "example-lamps"
name = "Example Lamps Ltd"

[[asset]]
id = "lamp"
zone = "lights"
addresses = ["192.0.2.2"]
supplier = "example-lamps"

[[asset]]
id = "head-end"
zone = "centre"
addresses = ["192.0.2.34"]
supplier = "example-lamps"

[[conduit]]
from = "lights"
to = "centre"
reason = "Time"
allow = ["ntp: read"]
"#;

fn town() -> Plan {
    check(&[SourceFile::new("city.toml", TOWN)]).plan.unwrap()
}

/// A MUD file with these entries in its two lists.
fn file(from_device: &str, to_device: &str) -> String {
    format!(
        r#"{{
  "ietf-mud:mud": {{
    "mud-version": 1, "mud-url": "https://lamps.example/lamp-1.json", "last-update": "2026-01-01T00:00:00Z",
    "is-supported": true, "systeminfo": "A lamp",
    "from-device-policy": {{ "access-lists": {{ "access-list": [ {{ "name": "fr" }} ] }} }},
    "to-device-policy": {{ "access-lists": {{ "access-list": [ {{ "name": "to" }} ] }} }}
  }},
  "ietf-access-control-list:acls": {{ "acl": [
    {{ "name": "fr", "type": "ipv4-acl-type", "aces": {{ "ace": [ {from_device} ] }} }},
    {{ "name": "to", "type": "ipv4-acl-type", "aces": {{ "ace": [ {to_device} ] }} }}
  ] }}
}}"#
    )
}

fn entry(name: &str, matches: &str) -> String {
    format!(r#"{{ "name": "{name}", "matches": {{ {matches} }}, "actions": {{ "forwarding": "accept" }} }}"#)
}

fn proposed(mud: &Mud, peers: &[(&str, &str)]) -> Proposal {
    let plan = town();
    let mut named = Peers::new();
    for (word, asset) in peers {
        named.entry((*word).to_owned()).or_default().push(asset.parse().unwrap());
    }
    let asset = plan.asset(&"lamp".parse().unwrap()).unwrap();
    let proposal = propose(mud, &plan, asset, &named);
    holds(TOWN, &proposal);
    proposal
}

/// Whether the plan is still one with the proposal beside it.
fn holds(town: &str, proposal: &Proposal) {
    let text = proposal.text();
    let files = [SourceFile::new("city.toml", town), SourceFile::new("mud.toml", text.as_str())];
    let checked = check(&files);
    assert_eq!(checked.count(Severity::Error), 0, "{:?}\n{text}", checked.diagnostics);
    assert_eq!(plan::format(&text).as_deref(), Some(text.as_str()));
    let before = check(&files[..1]).plan.unwrap().conduits().len();
    let taken = proposal.conduits.iter().filter(|conduit| conduit.held_back.is_none()).count();
    assert_eq!(checked.plan.unwrap().conduits().len(), before + taken, "{text}");
}

/// The conduits in short: who begins, with whom, and what.
fn short(proposal: &Proposal) -> Vec<String> {
    let conduits = proposal.conduits.iter().map(|conduit| {
        let end = |zone: &city::ZoneId, assets: &[city::AssetId]| {
            let assets: Vec<&str> = assets.iter().map(city::AssetId::as_str).collect();
            format!("{zone}({})", assets.join(" "))
        };
        let allow: Vec<String> = conduit.allow.iter().map(ToString::to_string).collect();
        let held = if conduit.held_back.is_some() { "held back: " } else { "" };
        format!(
            "{held}{} -> {}: {}",
            end(&conduit.from, &conduit.from_assets),
            end(&conduit.to, &conduit.to_assets),
            allow.join("; ")
        )
    });
    conduits.collect()
}

#[test]
fn a_name_is_everywhere_else_and_its_answers_need_no_conduit() {
    let tcp = |side: &str| {
        format!(
            r#""ipv4": {{ "ietf-acldns:{side}-dnsname": "lamps.example", "protocol": 6 }}, "tcp": {{ "ietf-mud:direction-initiated": "from-device", "{}-port": {{ "operator": "eq", "port": 443 }} }}"#,
            if side == "dst" { "destination" } else { "source" }
        )
    };
    let mud = parse(&file(&entry("a", &tcp("dst")), &entry("b", &tcp("src")))).unwrap();
    let proposal = proposed(&mud, &[]);
    assert_eq!(short(&proposal), ["lights(lamp) -> internet(): tls: any on tcp/443"]);
    assert!(proposal.conduits[0].reason.contains("addresses, not names"), "{:?}", proposal.conduits);
    assert_eq!(
        proposal.notes,
        ["a firewall knows addresses, not names: to it lamps.example is everywhere else"]
    );
    // Named by hand, the name is an asset.
    assert_eq!(
        short(&proposed(&mud, &[("lamps.example", "head-end")])),
        ["lights(lamp) -> centre(head-end): tls: any on tcp/443"]
    );
}

#[test]
fn nobody_is_let_in_from_everywhere_without_a_thought() {
    let matches = r#""ipv4": { "ietf-acldns:src-dnsname": "lamps.example", "protocol": 6 }, "tcp": { "ietf-mud:direction-initiated": "to-device", "destination-port": { "port": 23 } }"#;
    let mud = parse(&file("", &entry("in", matches))).unwrap();
    let proposal = proposed(&mud, &[]);
    assert_eq!(short(&proposal), ["held back: internet() -> lights(lamp): telnet: any on tcp/23"]);
    assert!(proposal.text().contains("# Held back: lamps.example begins here"), "{}", proposal.text());
    assert!(proposal.notes.iter().any(|note| note.contains("lists no answers")), "{:?}", proposal.notes);
}

#[test]
fn local_networks_are_those_that_the_zone_is_joined_to() {
    let udp = |side: &str| {
        format!(
            r#""ietf-mud:mud": {{ "local-networks": [null] }}, "ipv4": {{ "protocol": 17 }}, "udp": {{ "{side}-port": {{ "operator": "eq", "port": 123 }} }}"#
        )
    };
    let mud = parse(&file(&entry("a", &udp("destination")), &entry("b", &udp("source")))).unwrap();
    let proposal = proposed(&mud, &[]);
    assert_eq!(short(&proposal), ["lights(lamp) -> centre(): ntp: any on udp/123"]);
    assert_eq!(
        proposal.notes,
        [
            "local networks, where the device begins: taken as lights, centre; no zone is joined anew, so write what is missing",
            "local networks: within zone `lights` everything is allowed already",
        ]
    );
}

#[test]
fn both_may_begin_where_both_ports_are_said() {
    let both = r#""ietf-mud:mud": { "controller": "bacnet" }, "ipv4": { "protocol": 17 }, "udp": { "source-port": { "operator": "eq", "port": 47808 }, "destination-port": { "operator": "eq", "port": 47808 } }"#;
    let mud = parse(&file(&entry("a", both), &entry("b", both))).unwrap();
    let unknown = proposed(&mud, &[]);
    assert_eq!(short(&unknown), [""; 0]);
    assert!(unknown.notes.iter().any(|note| note.contains("`--peer bacnet=ASSET`")), "{:?}", unknown.notes);
    let named = proposed(&mud, &[("bacnet", "head-end")]);
    assert_eq!(
        short(&named),
        [
            "centre(head-end) -> lights(lamp): bacnet: any on udp/47808",
            "lights(lamp) -> centre(head-end): bacnet: any on udp/47808",
        ]
    );
}

#[test]
fn makers_networks_and_whole_protocols() {
    let from = [
        entry("maker", r#""ietf-mud:mud": { "same-manufacturer": [null] }, "ipv4": { "protocol": 47 }"#),
        entry(
            "net",
            r#""ipv4": { "protocol": 6, "destination-ipv4-network": "192.0.2.34/32", "dscp": 3 }, "tcp": { "destination-port": { "lower-port": 5000, "upper-port": 5010 } }"#,
        ),
        entry(
            "neq",
            r#""ipv4": { "protocol": 17, "destination-ipv4-network": "192.0.2.64/27" }, "udp": { "destination-port": { "operator": "neq", "port": 9 } }"#,
        ),
        entry("all", r#""ietf-mud:mud": { "my-controller": [null] }"#),
        entry(
            "far",
            r#""ipv4": { "protocol": 1, "destination-ipv4-network": "198.51.100.0/24" }, "icmp": { "type": 8, "code": 0 }"#,
        ),
        entry(
            "many",
            r#""ietf-mud:mud": { "my-controller": [null], "model": "https://lamps.example/lamp-1.json" }"#,
        ),
        r#"{ "name": "no", "matches": {}, "actions": { "forwarding": "drop" } }"#.to_owned(),
    ];
    let answer = entry("late", r#""ipv4": { "protocol": 6 }, "tcp": { "source-port": { "port": 9999 } }"#);
    let mud = parse(&file(&from.join(","), &answer)).unwrap();
    let proposal = proposed(&mud, &[("my-controller", "head-end")]);
    assert_eq!(
        short(&proposal),
        [
            "lights(lamp) -> centre(head-end): tcp/1..65535; udp/1..65535; icmp: any",
            "lights(lamp) -> centre(head-end): tcp/5000..5010",
            "lights(lamp) -> office(): udp/0..8; udp/10..65535",
            "lights(lamp) -> internet(): icmp: any",
            "lights(lamp) -> centre(head-end): ip/47",
        ]
    );
    for said in [
        "`fr/many` is left out",
        "`fr/net` looks at dscp too",
        "`fr/far` looks at icmp",
        "`fr/no` refuses packets",
        "`to/late` is left out: what it answers may not begin",
        "198.51.100.0/24 lies in no zone",
        "its controller: the file sets no limit to protocols",
    ] {
        assert!(proposal.notes.iter().any(|note| note.contains(said)), "{said}\n{:#?}", proposal.notes);
    }
}

#[test]
fn what_is_allowed_already_is_not_proposed_again() {
    let matches = r#""ipv4": { "protocol": 17, "destination-ipv4-network": "192.0.2.32/27" }, "udp": { "destination-port": { "port": 123 } }"#;
    let mud = parse(&file(&entry("time", matches), "")).unwrap();
    let town = TOWN.replace("ntp: read", "ntp: any on udp/123");
    let plan = check(&[SourceFile::new("city.toml", town)]).plan.unwrap();
    let asset = plan.asset(&"lamp".parse().unwrap()).unwrap();
    let proposal = propose(&mud, &plan, asset, &Peers::new());
    assert!(proposal.conduits.is_empty());
    assert!(
        proposal.notes.iter().any(|note| note.contains("is allowed already by conduit `lights-to-centre-1`")),
        "{:?}",
        proposal.notes
    );
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    let good = file(&entry("a", r#""ipv4": { "protocol": 6 }"#), "");
    for (from, to, said) in [
        ("", "", "this is not JSON"),
        ("\"ietf-mud:mud\"", "\"other\"", "there is no `ietf-mud:mud`"),
        (
            "\"mud-version\": 1",
            "\"mud-version\": 2",
            "at ietf-mud:mud/mud-version: the file is of another version",
        ),
        (
            "\"name\": \"fr\" } ]",
            "\"name\": \"gone\" } ]",
            "there is no access list `gone`; name one of those that are there: fr, to",
        ),
        ("\"protocol\": 6", "\"protocol\": 600", "acl[0]/aces/ace[0]/matches/ipv4/protocol: 600 is too much"),
        ("\"ipv4\": {", "\"ipv6\": {", "`ipv6` stands in a list of the other family"),
        ("\"accept\"", "\"maybe\"", "`maybe` is no action; write accept, drop or reject"),
        ("ipv4-acl-type", "eth-acl-type", "a list of the type `eth-acl-type` is not read"),
        ("{ \"protocol\": 6 }", "6", "matches/ipv4: there is a number; RFC 8520 wants an object here"),
    ] {
        let text = if from.is_empty() { String::from("{") } else { good.replacen(from, to, 1) };
        let error = parse(&text).unwrap_err().to_string();
        assert!(error.contains(said), "{said}\n{error}");
    }
}
