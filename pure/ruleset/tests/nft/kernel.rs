//! What the kernel does with real datagrams is what a trace says of them.

use crate::{Numbers, skipped};
use ruleset::{Field, Hook, Packet, Ruleset, State, Verdict};
use std::{
    io::Write,
    process::{Command, Stdio},
};

/// Rules whose fate turns on what a verdict does to the rest of its rule and chain.
const RULES: &str = r#"
table inet first {
    map ways {
        type inet_service : verdict
        flags interval
        elements = { 1000-1009 : drop, 1010 : continue, 1011 : jump back, 1012 : goto back, 1013 : return, 1014-1015 : accept }
    }
    map joined { type ipv4_addr . inet_service : verdict; flags interval; elements = { 127.0.0.0/30 . 1200-1299 : jump joined_to, 127.0.0.2 . 1300 : accept }; }
    set far { type ipv4_addr . inet_service; flags interval; elements = { 127.0.0.2 . 1400-1402, 127.0.0.4/30 . 1403 }; }
    chain back {
        udp dport 1011 return
        udp dport 1012 counter
    }
    chain joined_to {
        ip daddr 127.0.0.1 udp dport 1200-1219 drop
        udp dport & 0xff01 == 0x0401 return
        udp dport 1230-1239 accept
        udp dport 1240 goto deeper
        udp dport 1250 jump deeper
        udp dport 1260-1270 drop
    }
    chain deeper { udp dport 1250 return; udp dport 1240 continue; udp dport 1251 drop; }
    chain out {
        type filter hook output priority 0; policy accept;
        meta l4proto != udp accept
        udp dport vmap { 1500 : continue, 1501 : drop, * : continue } udp dport 1500-1510 drop
        udp dport vmap { 1520 : accept } drop
        udp dport vmap @ways
        udp dport 1010-1012 drop
        ip daddr . udp dport vmap @joined
        ip daddr . udp dport @far drop
        ip daddr & 255.255.255.3 == 127.0.0.3 udp dport 1600 drop
        udp sport < 6000 udp dport 1610 drop
        udp dport != { 1000-1999 } drop
        ct state new udp dport 1620 drop
        ip6 daddr ::1 udp dport 1630-1640 drop
        oifname "l*" udp dport 1650 drop
        iifname "lo" udp dport 1660 drop
        meta nfproto ipv4 udp dport 1670 drop
    }
}
table ip second {
    chain out {
        type filter hook output priority 5; policy drop;
        udp dport 1014 drop
        ip daddr != 127.0.0.9 accept
    }
}
table inet raw {
    chain out { type filter hook output priority raw; udp dport 1700 ct state new drop; udp dport 1701 ct state invalid drop; udp dport 1702 notrack
    }
    chain late { type filter hook output priority 10; udp dport 1702-1703 ct state untracked drop; }
}
"#;

/// Sends a datagram for each line of an address and port, from one port, and prints whether the kernel let it.
const SENDER: &str = r#"
import socket, sys
four = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
six = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
four.bind(("0.0.0.0", 5000))
six.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
six.bind(("::", 5000))
for line in open("/dev/stdin").read().split("----")[1].split("\n"):
    if not line: continue
    address, port = line.split()
    try:
        (six if ":" in address else four).sendto(b"x", (address, int(port)))
        print("passed")
    except PermissionError:
        print("dropped")
    except ConnectionRefusedError:
        print("passed")
"#;

#[test]
fn the_kernel_does_what_a_trace_says() {
    let test = "the_kernel_does_what_a_trace_says";
    let ruleset = Ruleset::parse(RULES).unwrap();
    let mut numbers = Numbers(4);
    let edges = [
        1000, 1009, 1013, 1200, 1220, 1231, 1240, 1250, 1260, 1300, 1400, 1403, 1500, 1510, 1520, 1600, 1610,
        1620, 1630, 1640, 1650, 1660, 1670, 1700,
    ];
    let sent: Vec<(Option<u8>, u16)> = (0..600)
        .map(|_| {
            let last = (numbers.below(4) > 0).then(|| numbers.of(&[1, 2, 3, 5, 9]));
            (last, numbers.of(&edges) + numbers.below(6) as u16 - 2)
        })
        .collect();
    let lines: String = sent
        .iter()
        .map(|(last, port)| match last {
            Some(last) => format!("127.0.0.{last} {port}\n"),
            None => format!("::1 {port}\n"),
        })
        .collect();
    let script = "ip link set lo up || exit 77; python3 -c '' || exit 77; nft list ruleset || exit 77; printf '%s' \"$RULES\" | nft -f - || exit 1; exec python3 -c \"$SENDER\"";
    let child = Command::new("unshare")
        .args(["--net", "sh", "-c", script])
        .env("RULES", RULES)
        .env("SENDER", SENDER)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut child) = child else {
        return skipped(1, test, "it needs root, nft (nftables), python3 and unshare");
    };
    let _ = child.stdin.take().unwrap().write_all(format!("----{lines}").as_bytes());
    let output = child.wait_with_output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.code() != Some(0) {
        let missing = output.status.code() == Some(77)
            || errors.contains("unshare")
            || errors.contains("not supported");
        assert!(missing, "{errors}");
        return skipped(1, test, "it needs root, nft (nftables), python3, iproute2 and unshare");
    }
    let done: Vec<&str> = str::from_utf8(&output.stdout).unwrap().lines().collect();
    assert_eq!(done.len(), sent.len());
    let mut dropped = 0;
    let mut seen = std::collections::BTreeSet::new();
    for ((last, port), done) in sent.iter().zip(done) {
        let packet = Packet::default()
            .with(Field::Protocol, 17)
            .with(Field::SourcePort, 5000)
            .with(Field::DestinationPort, (*port).into())
            .with(Field::InterfaceOut, ruleset.interface("lo").into());
        let packet = match last {
            // A socket without an address of its own sends from that of the way out.
            Some(last) => packet
                .with(Field::Ethertype, 0x0800)
                .with(Field::Source, 0x7f00_0001)
                .with(Field::Destination, 0x7f00_0000 + u128::from(*last)),
            None => packet.with(Field::Ethertype, 0x86dd).with(Field::Source, 1).with(Field::Destination, 1),
        };
        // Nobody answers, so whatever is sent again is new; what was dropped never was tracked.
        let trace =
            ruleset.trace(&packet.clone().with(Field::State, State::New.number()), Hook::Output, false);
        let expected = if trace.verdict == Verdict::Accept { "passed" } else { "dropped" };
        assert_eq!(done, expected, "{}: {trace:#?}", ruleset.show(&packet));
        dropped += usize::from(done == "dropped");
        seen.extend(trace.decision().map(|step| step.place));
    }
    assert!(dropped > 100 && dropped < sent.len() - 100, "{dropped}");
    assert!(seen.len() > 15, "{seen:?}");
}
