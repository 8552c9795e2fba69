//! Plans made from a seed: small cities with everything that segmentation has to know.

use plan::{Plan, SourceFile, check};
use std::fmt::Write;

/// Numbers from a seed (xorshift64*).
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Dice {
        Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below another.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % limit
    }

    pub fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    pub fn of<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len() as u64) as usize]
    }
}

const ALLOWANCES: [&str; 14] = [
    "modbus: read",
    "modbus: any",
    "dns: any",
    "ntp: read",
    "http: read on tcp/8088",
    "tls: any",
    "snmp: read",
    "icmp: any",
    "tcp/4059",
    "udp/5000..5010",
    "tcp/1..1023",
    "sctp/2905",
    "ip/47",
    "arp: any",
];

/// The text of a plan. Zones have four addresses for assets each; some have IPv6 too. With `interfaces`, each zone lies
/// behind one of its own, `z0`, `z1` and so on, and everywhere else behind `out`.
pub fn text(seed: u64, interfaces: bool) -> String {
    let mut dice = Dice::new(seed);
    let zones = 2 + dice.below(5);
    let mut text = String::from("[city]\nname = \"Testwick\"\ntime-zone = \"Europe/London\"\n");
    let mut names = Vec::new();
    for zone in 0..zones {
        let mut networks = vec![format!("\"192.0.2.{}/28\"", zone * 16)];
        if dice.one_in(3) {
            networks.push(format!("\"198.51.100.{}/{}\"", zone * 32, 27 + dice.below(3)));
        }
        if dice.one_in(2) {
            networks.push(format!("\"2001:db8:0:{zone}::/64\""));
        }
        let outside = zone > 1 && dice.one_in(6);
        let _ = writeln!(
            text,
            "[[zone]]\nid = \"z{zone}\"\nname = \"Zone {zone}\"\nnetworks = [{}]\nsecurity-level = 1",
            networks.join(", ")
        );
        if outside {
            text.push_str("outside = true\n");
        }
        if interfaces {
            let _ = writeln!(text, "interfaces = [\"z{zone}\"]");
        }
        for asset in 1..=4 {
            let _ = writeln!(
                text,
                "[[asset]]\nid = \"a{zone}-{asset}\"\nzone = \"z{zone}\"\naddresses = [\"192.0.2.{}\"]",
                zone * 16 + asset
            );
        }
        names.push(format!("z{zone}"));
    }
    if dice.one_in(2) {
        text.push_str("[[zone]]\nid = \"world\"\nname = \"Everywhere else\"\noutside = true\n");
        if interfaces {
            text.push_str("interfaces = [\"out\"]\n");
        }
        names.push("world".to_owned());
    }
    for _ in 0..dice.below(30) {
        let (from, to) = (dice.of(&names).clone(), dice.of(&names).clone());
        let _ = writeln!(text, "[[conduit]]\nfrom = \"{from}\"\nto = \"{to}\"\nreason = \"A test\"");
        for (key, zone) in [("from-assets", &from), ("to-assets", &to)] {
            if zone != "world" && dice.one_in(4) {
                let first = 1 + dice.below(4);
                let second = 1 + dice.below(4);
                let number = zone.trim_start_matches('z');
                let mut assets = vec![format!("\"a{number}-{first}\"")];
                if second != first {
                    assets.push(format!("\"a{number}-{second}\""));
                }
                let _ = writeln!(text, "{key} = [{}]", assets.join(", "));
            }
        }
        let mut allow: Vec<&str> = (0..1 + dice.below(3)).map(|_| *dice.of(&ALLOWANCES)).collect();
        allow.sort_unstable();
        allow.dedup();
        let _ = writeln!(text, "allow = {allow:?}");
    }
    text
}

/// The plan of a text; none if it is not one, which some random plans are not.
pub fn plan(text: &str) -> Option<Plan> {
    check(&[SourceFile::new("city.toml", text)]).plan
}
