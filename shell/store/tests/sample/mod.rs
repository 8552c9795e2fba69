//! Events of every kind, made from a number.

use ::city::{
    Address, BackupMade, Binding, ConnectionState, Conversation, Drill, DrillStep, Flow, Identity, Loss,
    LossKind, Mac, Observation, Observed, PackIssued, Protocol, Reply, RepositoryTried, Request, Snapshot,
    Target, Text, Trait, Transport, Unread, Verb, Weakness, WeaknessKind, Witness,
};
use cycle::Event;
use jiff::{SignedDuration, Timestamp};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// 2026-01-02T03:00:00Z.
pub const BEGAN: i64 = 1_767_322_800;

/// The time of the event with a number: a bit more than a second after the one before.
pub fn time(n: u64) -> Timestamp {
    Timestamp::from_second(BEGAN).unwrap() + SignedDuration::from_micros(n as i64 * 1_037_001)
}

fn ip(n: u64) -> IpAddr {
    match n % 5 {
        0 => Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, (n % 11) as u16).into(),
        1 => Ipv4Addr::new(198, 51, 100, (n % 13) as u8).into(),
        _ => Ipv4Addr::new(192, 0, 2, (n % 200) as u8).into(),
    }
}

fn mac(n: u64) -> Mac {
    Mac([0, 0, 0x5e, 0, 0x53, n as u8])
}

fn flow(n: u64) -> Flow {
    let transport = match n % 6 {
        0 => Transport::Udp,
        1 => Transport::Icmp,
        2 => Transport::Ethernet(0x88b8),
        3 => Transport::Ip(47),
        4 => Transport::Sctp,
        _ => Transport::Tcp,
    };
    let ends = match transport {
        Transport::Ethernet(_) => (Address::Mac(mac(n)), Address::Mac(mac(n / 7))),
        _ => (Address::Ip(ip(n)), Address::Ip(ip(n / 3 + 1))),
    };
    Flow {
        source: ends.0,
        source_port: (40_000 + n % 20_000) as u16,
        destination: ends.1,
        destination_port: [502, 47808, 1883, 53][n as usize % 4],
        transport,
        protocol: [Some(Protocol::Modbus), Some(Protocol::Bacnet), None][n as usize % 3],
    }
}

const STATES: [ConnectionState; 4] =
    [ConnectionState::Sf, ConnectionState::S0, ConnectionState::Rstos0, ConnectionState::Oth];

/// The fact with a number; nine kinds take turns.
pub fn fact(n: u64) -> Observed {
    match n % 9 {
        0 => Observed::Opened(flow(n)),
        1 | 2 => Observed::Conversation(Box::new(Conversation {
            flow: flow(n),
            source_mac: n.is_multiple_of(2).then(|| mac(n)),
            destination_mac: n.is_multiple_of(3).then(|| mac(n + 1)),
            vlan: n.is_multiple_of(4).then_some(120),
            start: time(n) - SignedDuration::from_micros(987_654),
            duration: SignedDuration::from_micros(987_654),
            packets_out: n,
            packets_in: n / 2,
            bytes_out: n * 101,
            bytes_in: n * 7,
            ip_bytes_out: n * 141,
            ip_bytes_in: n * 47,
            missed_bytes: n % 2,
            details: Vec::new(),
            history: ["ShADadFf", "S", ""][n as usize % 3].into(),
            state: STATES[n as usize % 4],
            ended: !n.is_multiple_of(5),
        })),
        3 | 4 => Observed::Request(Box::new(Request {
            back: false,
            flow: flow(n),
            verb: Verb::ALL[n as usize % 11],
            function: "write-single-register".into(),
            target: match n % 3 {
                0 => Target::default(),
                1 => Target { unit: Some(1), ..Target::numbered("holding-register", 40, n) },
                _ => Target::named("city/pump/7/level"),
            },
            value: n.is_multiple_of(2).then(|| Text::from(format!("{n}"))),
            reply: match n % 4 {
                0 => Reply::Done,
                1 => Reply::Missing,
                2 => Reply::NotExpected,
                _ => Reply::Refused("illegal-data-address".into()),
            },
            details: if n.is_multiple_of(7) {
                vec![("transaction".into(), "9 \"x\"".into())]
            } else {
                Vec::new()
            },
        })),
        5 => Observed::Identity(Identity {
            address: Address::Ip(ip(n)),
            about: [Trait::Vendor, Trait::Model, Trait::Firmware][n as usize % 3],
            value: format!("Example Works {n} \u{e9}").into(),
            witness: Witness { protocol: Protocol::Bacnet, field: "vendor-name".into() },
            confidence: (n % 100) as u8,
        }),
        6 => Observed::Weakness(Weakness {
            address: Address::Ip(ip(n)),
            port: 502,
            protocol: Protocol::Modbus,
            kind: [WeaknessKind::UnauthenticatedControl, WeaknessKind::ObsoleteTls][n as usize % 2],
            detail: "write-single-register".into(),
            peer: n.is_multiple_of(2).then(|| Address::Ip(ip(n + 1))),
        }),
        7 => Observed::Binding(Binding { address: ip(n), mac: mac(n), protocol: Protocol::Arp }),
        _ if n.is_multiple_of(2) => {
            Observed::Loss(Loss { kind: LossKind::Dropped, count: n, detail: "the ring".into() })
        }
        _ => Observed::Unread(Unread {
            transport: Transport::Tcp,
            port: 4059,
            protocol: None,
            count: n,
            sample: "0a0b".into(),
        }),
    }
}

/// An act of recovery with a number; four kinds take turns.
fn act(n: u64) -> Observed {
    let (backup, repository) = ("telecare-database".parse().unwrap(), "cellar".parse().unwrap());
    let snapshot = Snapshot {
        id: format!("{n:064x}").into(),
        files: n,
        bytes: n * 4_096,
        gone: vec!["a.txt".into()],
        noisy: vec!["b.txt".into()],
        ..Snapshot::default()
    };
    match n / 20 % 4 {
        0 => Observed::Backup(Box::new(BackupMade {
            backup,
            repository,
            start: time(n),
            duration: SignedDuration::from_secs(61),
            outcome: if n.is_multiple_of(3) { Ok(snapshot) } else { Err("connection refused".into()) },
        })),
        1 => Observed::Drill(Box::new(Drill {
            service: "telecare".parse().unwrap(),
            start: time(n),
            duration: SignedDuration::from_mins(47),
            recovered_to: Some(time(n / 2)),
            steps: vec![DrillStep {
                backup,
                from: Some((repository, snapshot.id)),
                check: Some("residents".parse().unwrap()),
                what: "query returns rows".into(),
                duration: SignedDuration::from_millis(1_500),
                bytes: n,
                failure: Some("0 rows".into()),
            }],
        })),
        2 => Observed::Repository(Box::new(RepositoryTried {
            repository,
            unreachable: None,
            refuses_delete: Some(true),
            refuses_change: Some(false),
            locked_until: Some(time(n + 9)),
            newest: Some(time(n)),
            snapshots: n,
            damage: vec!["data/1a/1a2b".into()],
            read_back: n * 9,
        })),
        _ => Observed::Pack(PackIssued { time: time(n), plan: "d1".into() }),
    }
}

/// The event with a number.
pub fn event(n: u64) -> Event {
    if n % 10 == 9 {
        return Event::Tick(time(n));
    }
    if n % 20 == 18 {
        return Event::Observed(Observation { time: time(n), sensor: "bastide".into(), fact: act(n) });
    }
    Event::Observed(Observation { time: time(n), sensor: "mirror-0".into(), fact: fact(n) })
}
