//! Random plans, and packets that mean something to them.

use crate::packet::{Carried, Packet};
use plan::Plan;
use std::{
    fmt::Write,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

/// A generator of chance: splitmix64.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Dice {
        Dice(seed)
    }

    pub fn number(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % below
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.number(100) < percent
    }

    pub fn one_of<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[usize::try_from(self.number(of.len() as u64)).unwrap()]
    }

    /// The text of a plan.
    pub fn town(&mut self) -> String {
        let mut out = String::from("[city]\nname = \"Wexcombe\"\ntime-zone = \"Europe/London\"\n");
        let zones = 2 + self.number(4);
        let mut ids = Vec::new();
        for zone in 0..zones {
            let id = format!("zone-{zone}");
            let mut networks = vec![format!("\"192.0.2.{}/27\"", zone * 32)];
            if self.chance(40) {
                networks.push(format!("\"198.51.100.{}/28\"", zone * 32));
            }
            if self.chance(60) {
                networks.push(format!("\"2001:db8:{zone}::/64\""));
            }
            self.zone(&mut out, &id, &networks, false);
            for asset in 0..3 {
                let addresses = match (asset, self.chance(50)) {
                    (2, _) => String::new(),
                    (_, true) => format!("\"192.0.2.{}\"", zone * 32 + 2 + asset),
                    (_, false) => {
                        format!(
                            "\"192.0.2.{}\", \"192.0.2.{}\"",
                            zone * 32 + 2 + asset,
                            zone * 32 + 9 + asset
                        )
                    }
                };
                let _ = writeln!(
                    out,
                    "[[asset]]\nid = \"{id}-{asset}\"\nzone = \"{id}\"\naddresses = [{addresses}]\nmacs = [\"02:00:00:00:0{zone}:0{asset}\"]"
                );
            }
            ids.push(id);
        }
        if self.chance(50) {
            self.zone(&mut out, "supplier", &["\"203.0.113.0/24\"".to_owned()], true);
            ids.push("supplier".to_owned());
        }
        if self.chance(70) {
            self.zone(&mut out, "internet", &[], true);
            ids.push("internet".to_owned());
        }
        for conduit in 0..self.number(9) {
            let (from, to) = (self.one_of(&ids).clone(), self.one_of(&ids).clone());
            let _ = writeln!(
                out,
                "[[conduit]]\nid = \"c{conduit}\"\nfrom = \"{from}\"\nto = \"{to}\"\nreason = \"a reason\""
            );
            for (key, zone) in [("from-assets", &from), ("to-assets", &to)] {
                if zone.starts_with("zone-") && self.chance(30) {
                    let assets: Vec<String> = (0..=self.number(3))
                        .filter(|asset| *asset < 3)
                        .map(|asset| format!("\"{zone}-{asset}\""))
                        .collect();
                    let _ = writeln!(out, "{key} = [{}]", assets.join(", "));
                }
            }
            let allow: Vec<String> =
                (0..=self.number(4)).map(|_| format!("{:?}", self.one_of(&ALLOW))).collect();
            let _ = writeln!(out, "allow = [{}]", allow.join(", "));
        }
        out
    }

    fn zone(&mut self, out: &mut String, id: &str, networks: &[String], outside: bool) {
        let _ = writeln!(
            out,
            "[[zone]]\nid = \"{id}\"\nname = \"{id}\"\nnetworks = [{}]\nsecurity-level = 1",
            networks.join(", ")
        );
        if outside {
            out.push_str("outside = true\n");
        }
        let interfaces = match self.number(5) {
            0 => String::new(),
            1 => "\"trunk\"".to_owned(),
            2 => format!("\"{id}\", \"trunk\""),
            3 => format!("\"{id}\", \"{id}.20\""),
            _ => format!("\"{id}\""),
        };
        let _ = writeln!(out, "interfaces = [{interfaces}]");
    }

    fn address(&mut self, plan: &Plan, v6: bool) -> IpAddr {
        let networks: Vec<_> =
            plan.zones().flat_map(|zone| &zone.networks).filter(|net| net.addr().is_ipv6() == v6).collect();
        if networks.is_empty() || self.chance(15) {
            let host = u8::try_from(self.number(4)).unwrap();
            return match v6 {
                true => Ipv6Addr::new(0x2001, 0xdb8, 0xff, 0, 0, 0, 0, u16::from(host)).into(),
                false => Ipv4Addr::new(203, 0, 112, host).into(),
            };
        }
        let host = self.number(14);
        match self.one_of(&networks).network() {
            IpAddr::V4(first) => Ipv4Addr::from(u32::from(first) + u32::try_from(host).unwrap()).into(),
            IpAddr::V6(first) => Ipv6Addr::from(u128::from(first) + u128::from(host)).into(),
        }
    }

    fn port(&mut self) -> u16 {
        *self.one_of(&[53, 502, 1883, 4999, 5000, 5005, 5010, 5011, 8088, 8291, 40_000, 1, 65_535])
    }

    /// A packet of which lists can say something.
    pub fn packet(&mut self, plan: &Plan) -> Packet {
        let v6 = self.chance(35);
        let (source, destination) = (self.address(plan, v6), self.address(plan, v6));
        let carried = match self.number(9) {
            0..=2 => Carried::Tcp { source: self.port(), destination: self.port(), answers: self.chance(50) },
            3..=5 => Carried::Udp { source: self.port(), destination: self.port() },
            6 if v6 => Carried::Icmp(*self.one_of(&[1, 2, 3, 4, 128, 129, 130])),
            6 => Carried::Icmp(*self.one_of(&[0, 3, 5, 8, 11, 12, 13])),
            7 => Carried::Other(*self.one_of(&[47, 50, 112])),
            _ => Carried::Sctp,
        };
        Packet { source, destination, carried }
    }
}

const ALLOW: [&str; 14] = [
    "modbus: read",
    "modbus: any",
    "mqtt: publish town/*",
    "dns: any",
    "icmp: any",
    "icmp: discover",
    "http: read on tcp/8088",
    "tcp/8291",
    "udp/5000..5010",
    "udp/5005..5011",
    "tcp/1..65535",
    "sctp/2905",
    "ip/47",
    "vrrp: any",
];
