//! What a plan is said to want of every packet is what live traffic is judged by.
#![cfg(test)]

mod plans;

use city::{Address, Flow, Protocol, Transport};
use defend::{
    conduit::{self, Judgement},
    segmentation::{Policy, Question, Wanted, specification},
};
use plans::Dice;
use ruleset::{Field, Packet, Space, State};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

fn address(dice: &mut Dice) -> IpAddr {
    match dice.below(8) {
        0 => Ipv4Addr::new(198, 51, 100, dice.below(256) as u8).into(),
        1 => Ipv4Addr::new(203, 0, 113, dice.below(256) as u8).into(),
        2 => Ipv6Addr::new(0x2001, 0xdb8, 0, dice.below(8) as u16, 0, 0, 0, dice.below(4) as u16).into(),
        // Mostly devices: four at the beginning of each sixteen.
        3 => Ipv4Addr::new(192, 0, 2, dice.below(256) as u8).into(),
        _ => Ipv4Addr::new(192, 0, 2, (dice.below(7) * 16 + dice.below(6)) as u8).into(),
    }
}

fn packet(flow: &Flow) -> Packet {
    let bits = |address: Address| match address {
        Address::Ip(IpAddr::V4(ip)) => u128::from(ip.to_bits()),
        Address::Ip(IpAddr::V6(ip)) => ip.to_bits(),
        Address::Mac(_) => unreachable!("flows here are between IP addresses"),
    };
    let v6 = matches!(flow.source, Address::Ip(IpAddr::V6(_)));
    let protocol = match flow.transport {
        Transport::Tcp => 6,
        Transport::Udp => 17,
        Transport::Sctp => 132,
        Transport::Icmp => {
            if v6 {
                58
            } else {
                1
            }
        }
        Transport::Ip(number) => number.into(),
        Transport::Ethernet(_) => unreachable!("flows here are IP"),
    };
    Packet::default()
        .with(Field::Ethertype, if v6 { 0x86dd } else { 0x0800 })
        .with(Field::State, State::New.number())
        .with(Field::Source, bits(flow.source))
        .with(Field::Destination, bits(flow.destination))
        .with(Field::Protocol, protocol)
        .with(Field::SourcePort, flow.source_port.into())
        .with(Field::DestinationPort, flow.destination_port.into())
}

#[test]
fn a_packet_must_pass_where_its_conversation_may_begin() {
    let (mut plans, mut passed, mut refused) = (0, 0, 0);
    for seed in 0..300 {
        let Some(plan) = plans::plan(&plans::text(seed, false)) else { continue };
        plans += 1;
        let policy = Policy::new(&plan);
        let mut space = Space::new(1_000_000);
        let wanted = specification(&policy, &[], &Question::default(), &mut space).unwrap();
        let mut dice = Dice::new(seed + 1_000_000);
        for _ in 0..2_000 {
            let (source, destination) = (address(&mut dice), address(&mut dice));
            if source.is_ipv6() != destination.is_ipv6() {
                continue;
            }
            let ports =
                [0, 22, 53, 80, 123, 161, 443, 502, 1023, 1024, 2905, 4059, 4999, 5000, 5010, 5011, 8088];
            let transports = [
                Transport::Tcp,
                Transport::Udp,
                Transport::Sctp,
                Transport::Icmp,
                Transport::Ip(47),
                Transport::Ip(50),
            ];
            let transport = *dice.of(&transports);
            let has_ports = matches!(transport, Transport::Tcp | Transport::Udp | Transport::Sctp);
            let flow = Flow {
                source: source.into(),
                source_port: if transport == Transport::Icmp {
                    if source.is_ipv6() { 128 } else { 8 }
                } else {
                    0
                },
                destination: destination.into(),
                destination_port: if has_ports { *dice.of(&ports) } else { 0 },
                transport,
                protocol: (transport == Transport::Icmp).then_some(Protocol::Icmp),
            };
            let judgement = conduit::judge_unrecognised(&plan, &flow, false);
            match Wanted::of(space.leaf_of(wanted, &packet(&flow))) {
                Wanted::Pass => {
                    passed += 1;
                    assert_eq!(judgement, Judgement::Allowed, "seed {seed}: {flow:?}");
                }
                Wanted::Refusal => {
                    refused += 1;
                    assert_eq!(judgement, Judgement::Outside, "seed {seed}: {flow:?}");
                }
                Wanted::Open => {
                    let inside = |address| conduit::is_inside(conduit::zone_of(&plan, address));
                    let stations = flow.source.is_station() && flow.destination.is_station();
                    assert!(
                        !stations || !inside(flow.source) && !inside(flow.destination),
                        "seed {seed}: {flow:?}"
                    );
                }
            }
        }
    }
    assert!(
        plans > 250 && passed > 10_000 && refused > 10_000,
        "{plans} plans, {passed} passed, {refused} refused"
    );
}
