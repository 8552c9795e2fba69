//! What rules mean once they are read, each in one line; and what cannot be read.

#![cfg(test)]

use ruleset::{Condition, Element, Family, Field, Hook, Range, Rule, Ruleset, Statement, Values, Verdict};

fn read(text: &str) -> Ruleset {
    Ruleset::parse(text).unwrap_or_else(|errors| panic!("{errors:#?}\n{text}"))
}

/// A rule in a table with everything that the cases name.
fn rules(family: &str, rule: &str) -> (Ruleset, Vec<Rule>) {
    let text = format!(
        "table {family} t {{\n set s4 {{ type ipv4_addr; flags interval; elements = {{ 192.0.2.1 }}; }}\n \
         set pair {{ type ipv4_addr . inet_service; }}\n set marks {{ type mark; elements = {{ 5, 6 }}; }}\n \
         map m {{ type inet_service : verdict; }}\n map om {{ type mark : verdict; elements = {{ 1 : accept, 2 : jump c }}; }}\n \
         set dyn {{ type ipv4_addr; flags dynamic; }}\n chain c {{ }}\n chain r {{\n{rule}\n }}\n}}\n"
    );
    let ruleset = read(&text);
    let rules = ruleset.tables[0].chains[1].rules.clone();
    (ruleset, rules)
}

fn range(range: Range) -> String {
    let Range { first, last } = range;
    if first == last { format!("{first:x}") } else { format!("{first:x}-{last:x}") }
}

fn verdict(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Jump(to) => format!("jump {to}"),
        Verdict::Goto(to) => format!("goto {to}"),
        other => format!("{other:?}").to_lowercase(),
    }
}

fn values(values: &Values) -> String {
    match values {
        Values::Named(name) => format!("@{name}"),
        Values::Here(elements) => {
            let element = |element: &Element| {
                let key: Vec<String> = element.key.iter().map(|part| range(*part)).collect();
                key.join(".")
                    + &element.verdict.as_ref().map(|of| format!(":{}", verdict(of))).unwrap_or_default()
            };
            elements.iter().map(element).collect::<Vec<_>>().join(",")
        }
    }
}

fn name(field: &Field) -> String {
    match field {
        Field::Unknown(number) => format!("?{number}"),
        Field::Ethertype => "ether".into(),
        Field::Protocol => "proto".into(),
        Field::Source => "src".into(),
        Field::Destination => "dst".into(),
        Field::SourcePort => "sport".into(),
        Field::DestinationPort => "dport".into(),
        Field::TcpFlags => "flags".into(),
        other => format!("{other:?}").to_lowercase(),
    }
}

/// A rule in short: numbers in hexadecimal, conditions with `=` or `!=`.
fn says(rule: &Rule) -> String {
    let key = |key: &[Field]| key.iter().map(name).collect::<Vec<_>>().join(".");
    let says = |statement: &Statement| match statement {
        Statement::Match(Condition { key: of, values: with, negated }) => {
            format!("{}{}{}", key(of), if *negated { "!=" } else { "=" }, values(with))
        }
        Statement::Map(of, with) => format!("{}~{}", key(of), values(with)),
        Statement::Verdict(of) => verdict(of),
        Statement::Passive => "·".into(),
        Statement::Changes(what) => format!("[{what}]"),
    };
    rule.statements.iter().map(says).collect::<Vec<_>>().join(" ")
}

fn check(family: &str, cases: &[(&str, &str)]) {
    for (rule, expected) in cases {
        let (ruleset, rules) = rules(family, rule);
        let said: Vec<String> = rules.iter().map(says).collect();
        assert_eq!(said.join(" / "), *expected, "{rule} {:?}", ruleset.unknowns);
    }
}

#[test]
fn what_a_key_implies_is_written_before_it() {
    check(
        "inet",
        &[
            ("tcp dport 22 accept", "proto=6 dport=16 accept"),
            ("ip saddr 192.0.2.1 drop", "ether=800 src=c0000201 drop"),
            ("ip6 daddr ::/127", "ether=86dd dst=0-1"),
            ("tcp dport 22 tcp sport 1-2 tcp flags == syn", "proto=6 dport=16 sport=1-2 flags=2"),
            ("udp dport != { 53, 123 }", "proto=11 dport!=35,7b"),
            ("icmp type echo-request", "ether=800 proto=1 sport=8"),
            ("icmpv6 type 135 icmpv6 code 0", "ether=86dd proto=3a sport=87 dport=0"),
            ("th dport 53", "proto=6,11,21,84,88 dport=35"),
            ("@th,16,16 53", "proto=6,11,21,84,88 dport=35"),
            ("ip saddr . tcp dport @pair", "ether=800 proto=6 src.dport=@pair"),
            (
                "ip saddr . tcp dport { 192.0.2.1 . 1-2, 192.0.2.2 . { 3, 4 } }",
                "ether=800 proto=6 src.dport=c0000201.1-2,c0000202.3,c0000202.4",
            ),
            ("tcp sport . tcp dport { { 1, 2 } . 3, { 4 } . 5 }", "proto=6 sport.dport=1.3,2.3,4.5"),
            ("meta nfproto ipv6 meta l4proto { tcp, 17 }", "ether=86dd proto=6,11"),
            ("meta protocol arp", "ether=806"),
            ("reject with tcp reset", "proto=6 reject"),
            ("reject with icmp type admin-prohibited", "ether=800 reject"),
            ("reject with icmpx port-unreachable", "reject"),
            ("add @dyn { ip saddr } accept", "ether=800 · accept"),
            ("ip saddr set 192.0.2.9", "ether=800 [ip saddr set 192.0.2.9]"),
        ],
    );
    check(
        "bridge",
        &[
            ("tcp dport 22", "ether=800,86dd proto=6 dport=16"),
            ("ip saddr 192.0.2.1 tcp dport 22", "ether=800 src=c0000201 proto=6 dport=16"),
            ("ether type ip", "ether.vlan=800.0"),
            ("ether type != { arp, vlan }", "ether.vlan!=806.0,0-ffff.1-fff"),
            ("ether type vmap { ip : drop, 8021q : accept }", "ether.vlan~800.0:drop,0-ffff.1-fff:accept"),
            ("vlan id 5 vlan type arp", "vlan=1-fff vlan=5 ether=806"),
            ("ether saddr 02:00:5e:00:53:01", "sourcemac=2005e005301"),
            (
                "ether daddr & ff:00:00:00:00:00 == 02:00:00:00:00:00",
                "destinationmac=20000000000-2ffffffffff",
            ),
        ],
    );
}

#[test]
fn values_are_compared_in_every_spelling() {
    check(
        "ip",
        &[
            ("ip saddr 192.0.2.0/24", "ether=800 src=c0000200-c00002ff"),
            ("ip saddr & 255.255.0.0 == 192.0.0.0", "ether=800 src=c0000000-c000ffff"),
            ("ip saddr and 255.255.0.0 ne 192.0.0.0", "ether=800 src!=c0000000-c000ffff"),
            ("ip saddr & 255.255.0.0 == 192.0.2.0", "ether=800 src="),
            ("ip saddr & 255.255.255.0 vmap { 192.0.2.0 : drop }", "ether=800 src~c0000200-c00002ff:drop"),
            ("ip saddr { 192.0.2.1, 192.0.2.4-192.0.2.6 }", "ether=800 src=c0000201,c0000204-c0000206"),
            ("ip saddr != @s4", "ether=800 src!=@s4"),
            ("tcp dport < 3", "proto=6 dport=0-2"),
            ("tcp dport <= 3", "proto=6 dport=0-3"),
            ("tcp dport > 3", "proto=6 dport=4-ffff"),
            ("tcp dport >= 3", "proto=6 dport=3-ffff"),
            ("tcp dport < 0", "proto=6 dport="),
            ("tcp dport != 1-3", "proto=6 dport!=1-3"),
            ("tcp dport vmap @m", "proto=6 dport~@m"),
            (
                "tcp dport vmap { * : drop, 1 : accept, 2-3 : jump c }",
                "proto=6 dport~1:accept,2-3:jump c,0-ffffffffffffffffffffffffffffffff:drop",
            ),
            ("ip saddr 192.0.2.1 - 192.0.2.2", "ether=800 src=c0000201-c0000202"),
            ("ct state established,related", "state=2-3"),
            ("ct state != new", "state=0,2-4"),
            ("ct state ! new,established", "state=0,3-4"),
            ("ct state vmap { new : accept, 0x1 : drop }", "state~1:accept,0:drop"),
            ("ct state & (new|invalid) == new", "state=1"),
            ("tcp flags & 0x7f == syn|ack tcp dport 1", "proto=6 flags=12,92 dport=1"),
            ("tcp flags syn,ack / 0xfe", "proto=6 flags=12-13"),
            ("tcp flags != 0x0 / fin,syn,0xfc", "proto=6 flags=1-ff"),
            (
                "tcp flags & (0xee) vmap { syn : drop, 0x6 : accept }",
                "proto=6 flags~2-3:drop,12-13:drop,6-7:accept,16-17:accept",
            ),
        ],
    );
}

#[test]
fn statements_are_verdicts_changes_or_nothing() {
    check(
        "inet",
        &[
            ("counter packets 1 bytes 2 log prefix \"x: \" level info flags all accept", "· · accept"),
            ("counter name \"c\" continue", "· continue"),
            ("jump c", "jump c"),
            ("goto c", "goto c"),
            ("tcp dport 1 queue num 0-3 bypass,fanout", "proto=6 dport=1 queue"),
            ("meta mark set 5 ct mark set meta mark accept", "· · accept"),
            ("ip dscp set cs1", "ether=800 ·"),
            ("notrack", "[notrack]"),
            ("dnat ip to 192.0.2.1:80", "ether=800 [dnat ip to 192.0.2.1 : 80] accept"),
            (
                "oifname \"w\" masquerade random,persistent",
                "interfaceout=1 [masquerade random, persistent] accept",
            ),
            (
                "tcp dport 1 tproxy to :50080 meta mark set 1 accept",
                "proto=6 dport=1 [tproxy to : 50080] · accept",
            ),
            (
                "tcp flags == syn synproxy mss 1460 wscale 9 timestamp sack-perm counter",
                "proto=6 flags=2 [synproxy mss 1460 wscale 9 timestamp sack-perm] ·",
            ),
            ("ct helper set \"ftp\" dup to 192.0.2.1 device \"e\" flow add @f", "· · ·"),
            ("set update ip saddr timeout 5m @dyn", "ether=800 ·"),
            ("tcp option maxseg size set rt mtu reset tcp option sack-perm", "proto=6 · ·"),
            ("xt target \"LOG\" xt target \"MASQUERADE\"", "· [xt target \"MASQUERADE\"] accept"),
        ],
    );
}

#[test]
fn what_is_not_understood_may_or_may_not_hold() {
    check(
        "inet",
        &[
            ("meta mark 5 meta mark != 5 accept", "?0=1 ?0!=1 accept"),
            ("fib daddr type { local, broadcast } fib daddr type local drop", "?0=1 ?1=1 drop"),
            ("fib saddr . iif oif missing drop", "?0=1 drop"),
            ("ct helper != \"ftp\" ct helper \"ftp\" drop", "?0=1 ?1=1 drop"),
            (
                "limit rate 5/minute burst 5 packets accept\n limit rate 5/minute burst 5 packets drop",
                "?0=1 accept / ?1=1 drop",
            ),
            ("limit rate 5/minute log\n limit rate 5/minute log", "?0=1 · / ?0=1 ·"),
            ("limit rate over 10 mbytes/second burst 12000 kbytes drop", "?0=1 drop"),
            ("add @dyn { ip saddr limit rate over 3/second } drop", "ether=800 ?0=1 drop"),
            ("meter x size 9 { tcp dport ct count over 3 } drop", "proto=6 ?0=1 drop"),
            ("quota over 5 mbytes used 1 kbytes drop", "?0=1 drop"),
            ("ct count over 20 reject", "?0=1 reject"),
            ("ip ttl < 5 drop", "ether=800 ?0=1 drop"),
            ("meta mark & 0xff == 0x10 accept", "?0=1 accept"),
            ("meta mark @marks accept", "?0=1 accept"),
            ("meta mark set 1\n meta mark 1 accept\n meta mark 1 drop", "· / ?0=1 accept / ?1=1 drop"),
            ("tcp dport & 0x1 == 1 drop", "proto=6 ?0=1 drop"),
            ("numgen inc mod 2 0 drop", "?0=1 drop"),
            ("jhash ip saddr . tcp dport mod 4 seed 0xab 1 drop", "ether=800 proto=6 ?0=1 drop"),
            (
                "tcp dport 1 meta mark vmap { 1 : accept, 2 : jump c }",
                "proto=6 dport=1 ?0=1 accept / proto=6 dport=1 ?1=1 jump c",
            ),
            ("meta mark vmap @om", "?0=1 accept / ?1=1 jump c"),
            ("ip saddr . meta mark { 192.0.2.1 . 5 } drop", "ether=800 ?0=1 drop"),
            (
                "ip option lsrr exists tcp option maxseg size > 5 sctp chunk init exists exthdr hbh exists drop",
                "ether=800 ?0=1 proto=6 ?1=1 proto=84 ?2=1 ?3=1 drop",
            ),
            (
                "socket transparent 1 socket cgroupv2 level 1 \"a\" osf ttl loose name \"Linux\" ipsec in reqid 1 rt classid 5 drop",
                "?0=1 ?1=1 ?2=1 ?3=1 ?4=1 drop",
            ),
            (
                "meta hour \"08:00\"-\"17:00\" meta day { \"Monday\" } skuid 0 mark 5 drop",
                "?0=1 ?1=1 ?2=1 ?3=1 drop",
            ),
            (
                "ct original ip saddr 192.0.2.1 ct reply proto-dst 80 ct status snat,dnat drop",
                "?0=1 ?1=1 ?2=1 drop",
            ),
            ("xt match \"string\" drop", "?0=1 drop"),
            ("xt target \"TARPIT\"", "?0=1 drop / ?1=1 accept"),
        ],
    );
    let (ruleset, _) = rules("inet", "meta mark != 0x5 ip saddr 192.0.2.1 drop");
    assert_eq!(ruleset.unknowns, ["meta mark 0x5"]);
}

#[test]
fn interfaces_are_numbered_and_stand_for_those_that_begin_so() {
    let (ruleset, rules) = rules(
        "inet",
        "iifname \"eth*\" oifname { eth1, \"e*\" } drop\n iif lo meta oif \"eth0\" iifname \"*\" accept",
    );
    assert_eq!(ruleset.interfaces, ["eth*", "eth1", "e*", "lo", "eth0"]);
    assert_eq!(
        rules.iter().map(says).collect::<Vec<_>>(),
        [
            "interfacein=1,2,5 interfaceout=2,1,2,3,5 drop",
            "interfacein=4 interfaceout=5 interfacein=0-ffff accept"
        ]
    );
}

#[test]
fn rules_keep_their_words_and_comments() {
    let (_, rules) = rules(
        "inet",
        "tcp dport {\n 22,   80 } \\\n  log prefix \"a  b\" drop comment \"why; { # not\"  # handle 9\n accept;",
    );
    assert_eq!(rules[0].text, "tcp dport { 22, 80 } log prefix \"a  b\" drop");
    assert_eq!(rules[0].comment.as_deref(), Some("why; { # not"));
    assert_eq!((rules[0].place.line, rules[1].text.as_str()), (10, "accept"));
}

#[test]
fn chains_have_hooks_priorities_and_policies() {
    let priority = |family: &str, priority: &str| {
        let text = format!(
            "table {family} t {{ chain c {{ type filter hook forward priority {priority}; policy drop; }} }}"
        );
        let base = read(&text).tables[0].chains[0].base.clone().unwrap();
        assert_eq!((base.hook, base.policy), (Hook::Forward, Verdict::Drop));
        base.priority
    };
    assert_eq!(["-5", "- 5", "7", "raw", "mangle"].map(|of| priority("inet", of)), [-5, -5, 7, -300, -150]);
    assert_eq!(["dstnat", "filter", "security", "srcnat"].map(|of| priority("ip", of)), [-100, 0, 50, 100]);
    assert_eq!(
        ["filter + 10", "filter - 10", "filter -10", "mangle-5", "srcnat+1"].map(|of| priority("ip", of)),
        [10, -10, -10, -155, 101]
    );
    assert_eq!(
        ["dstnat", "filter", "out", "srcnat"].map(|of| priority("bridge", of)),
        [-300, -200, 100, 300]
    );
    let ruleset = read(
        "table netdev n { flags dormant\n chain i { type filter hook ingress devices = { a, \"b\" } priority 0; } }",
    );
    assert!(ruleset.tables[0].dormant && ruleset.tables[0].family == Family::Netdev);
    assert_eq!(ruleset.tables[0].chains[0].base.as_ref().unwrap().devices, [1, 2]);
}

#[test]
fn commands_build_what_is_in_force_after_them() {
    let ruleset = read(
        "table ip old { chain c { }\n }\nflush ruleset\nadd table t; add chain t c { type filter hook input priority 0; }\n\
         add rule t c accept\ninsert rule t c drop\nadd rule t c index 0 tcp dport 1\ntable inet gone { }\ndelete table inet gone\ndestroy table inet gone\n\
         add set t s { type ipv4_addr; }\nadd element t s { 192.0.2.1, 192.0.2.2 }\ndelete element t s { 192.0.2.1 }\nadd chain t d\nadd rule t d accept\nflush chain t d\nlist ruleset",
    );
    let [table] = &ruleset.tables[..] else { panic!("{ruleset:#?}") };
    assert_eq!(table.chains.iter().map(|chain| chain.rules.len()).collect::<Vec<_>>(), [3, 0]);
    assert_eq!(
        table.chains[0].rules.iter().map(says).collect::<Vec<_>>(),
        ["drop", "proto=6 dport=1", "accept"]
    );
    assert_eq!(table.sets[0].elements.len(), 1);
}

#[test]
fn mistakes_are_told_with_their_place() {
    for (text, line, column, message) in [
        ("table t { chain c { tcp dport 70000 accept; } }", 1, 31, "`70000` is not a port"),
        (
            "table t { chain c {\n ip saddr example.org drop\n} }",
            2,
            11,
            "`example.org` is not an IPv4 address",
        ),
        ("table t { chain c { jump nowhere; } }", 1, 21, "there is no chain `nowhere`"),
        ("table t { chain c { ip saddr @nothing drop; } }", 1, 31, "there is no set `nothing`"),
        ("table t { set s { type ipv6_addr; }\n chain c { ip saddr @s drop; } }", 2, 22, "holds other keys"),
        ("table t { chain c { frobnicate 5; } }", 1, 21, "`frobnicate` begins no statement"),
        ("table t { chain c { accept;", 1, 27, "expected `}`, found the end"),
        ("table t { chain c { tcp dport 22, 80 accept; } }", 1, 33, "found `,`"),
        ("table t { chain c { type filter hook sideways priority 0; } }", 1, 38, "no hook `sideways`"),
        ("include \"more.nft\"", 1, 1, "other files"),
        ("table t { chain c { tcp dport $x; } }", 1, 31, "`$x` is not defined"),
        ("frob", 1, 1, "found `frob`"),
        ("add rule t c accept", 1, 10, "there is no table `t`"),
        ("table t { } }", 1, 13, "found `}`"),
        ("table t { chain c { policy drop; } }", 1, 28, "only a chain with a hook"),
    ] {
        let errors = Ruleset::parse(text).expect_err(text);
        let error = &errors[0];
        assert!(error.message.contains(message), "{text}: {error}");
        assert_eq!((error.place.line, error.place.column), (line, column), "{text}: {error}");
    }
    let errors = Ruleset::parse("table t { chain c {\n tcp dport x\n udp dport y\n accept\n ip saddr z\n} }")
        .unwrap_err();
    assert_eq!(errors.iter().map(|error| error.place.line).collect::<Vec<_>>(), [2, 3, 5]);
    assert_eq!(errors[0].to_string(), "line 2, column 12: `x` is not a port");
}

#[test]
fn whatever_is_read_ends() {
    let whole = "define a = { 1, 2 }\ntable inet t { set s { type ipv4_addr . inet_service; flags interval; elements = { 192.0.2.0/24 . 1-2, * : drop } }\n\
        chain c { type filter hook input priority filter + 1; policy drop; tcp flags & (fin|syn) == syn ip saddr . tcp dport @s accept comment \"x\"\n\
        meta mark vmap { 1 : accept, 2 : jump c } limit rate 5/minute add @s { ip saddr . tcp dport timeout 5m } log prefix \"y\" tcp dport $a dnat to [2001:db8::1]:80; } }";
    let pieces = [
        "{", "}", "(", "\"", "@", "$a", ".", ",", ":", "-", "/", "&", "!=", "\\\n", ";", "vmap", "set", "*",
        "0x", "::", "é",
    ];
    let letters: Vec<char> = whole.chars().collect();
    let mut number: usize = 1;
    for _ in 0..3_000 {
        let mut text: Vec<char> = letters.clone();
        for _ in 0..3 {
            number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let at = (number >> 20) % text.len();
            let piece = pieces[(number >> 8) % pieces.len()];
            match number >> 60 & 3 {
                0 => text.truncate(at.max(1)),
                1 => drop(text.remove(at)),
                _ => drop(text.splice(at..at, piece.chars())),
            }
        }
        let text: String = text.into_iter().collect();
        match Ruleset::parse(&text) {
            Ok(_) => {}
            Err(errors) => assert!(!errors.is_empty() && errors.len() <= 100),
        }
    }
    for text in [
        "{".repeat(100_000),
        "(".repeat(100_000),
        format!("table t {{ chain c {{ tcp flags {} }} }}", "(".repeat(100_000)),
        format!("table t {{ set s {{ type ipv4_addr; elements = {} }} }}", "{ ".repeat(100_000)),
        format!("table t {{ chain c {{ {} }} }}", "jhash ".repeat(100_000)),
        format!(
            "table t {{ chain c {{ tcp dport . tcp sport {} 1 {} drop; }} }}",
            "{ ".repeat(50_000),
            "} . 1 ".repeat(50_000)
        ),
        "table t { chain c { ".repeat(10_000),
    ] {
        assert!(Ruleset::parse(&text).is_err());
    }
}

#[test]
fn what_multiplies_is_stopped() {
    let refused = |text: String, why: &str| {
        let errors = Ruleset::parse(&text).expect_err(why);
        assert!(errors.iter().any(|error| error.message.contains(why)), "{errors:#?}");
    };
    let in_chain = |rules: &str| {
        format!(
            "table t {{ map m {{ type mark : verdict; elements = {{ {} }} }}\n chain c {{ {rules} }} }}",
            (0..900).map(|n| format!("{n} : accept, ")).collect::<String>()
        )
    };
    let many = (0..60).map(|n| n.to_string()).collect::<Vec<_>>().join(", ");
    refused(
        in_chain(&format!(
            "th sport . th dport . tcp sport . tcp dport {{ {{ {many} }} . {{ {many} }} . {{ {many} }} . {{ {many} }} }} drop;"
        )),
        "elements",
    );
    refused(in_chain(&"tcp flags fin / fin drop;".repeat(20_000)), "elements");
    refused(in_chain(&"meta mark vmap @m;".repeat(400)), "elements");
    let names: String = (0..3_000).map(|n| format!("iifname e{n};")).collect();
    refused(in_chain(&(names + &"iifname \"e*\";".repeat(1_000))), "elements");
    refused(format!("table t; add chain t c; {}", "insert rule t c accept;".repeat(30_000)), "squeezed in");
    let conditions: String = (0..70_000).map(|n| format!("meta mark {n} drop;")).collect();
    refused(in_chain(&conditions), "65,536");
}

/// A city's ruleset: many chains, and many elements on few lines.
fn large(chains: usize, elements: usize) -> String {
    let mut text = String::from(
        "table inet t {\n set s {\n type ipv4_addr . inet_service\n flags interval\n elements = { ",
    );
    for n in 0..elements {
        let [_, a, b, c] = (n as u32).to_be_bytes();
        text += &format!("10.{a}.{b}.{c} . {}-{}, ", n % 60_000, n % 60_000 + 9);
    }
    text += "}\n }\n";
    for n in 0..chains {
        text += &format!(
            " chain c{n} {{\n ip saddr 192.0.2.{} tcp dport {{ 80, 443 }} ct state new accept comment \"chain {n}\"\n jump c{}\n }}\n",
            n % 250,
            (n + 1).min(chains - 1)
        );
    }
    text + "}\n"
}

#[test]
fn a_city_is_read_whole() {
    let ruleset = read(&large(4_000, 40_000));
    let [table] = &ruleset.tables[..] else { panic!() };
    assert_eq!((table.chains.len(), table.sets[0].elements.len()), (4_000, 40_000));
    assert!(table.chains.iter().all(|chain| chain.rules.len() == 2));
}
