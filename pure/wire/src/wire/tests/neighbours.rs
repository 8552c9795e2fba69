//! ARP, neighbour discovery and ICMP.

use super::*;
use crate::rehearse::MACS;
use city::Binding;
use etherparse::{ArpHardwareId, ArpOperation, ArpPacket, EtherType, PacketBuilder};

fn arp(operation: ArpOperation, sender: (u8, u8), target: (u8, u8)) -> Vec<u8> {
    let mac = |last: u8| if last == 0 { [0; 6] } else { [0, 0, 0x5e, 0, 0x53, last] };
    let packet = ArpPacket::new(
        ArpHardwareId::ETHERNET,
        EtherType::IPV4,
        operation,
        &mac(sender.0),
        &[192, 0, 2, sender.1],
        &mac(target.0),
        &[192, 0, 2, target.1],
    )
    .unwrap();
    let mut frame = Vec::new();
    PacketBuilder::ethernet2(mac(sender.0), [0xff; 6]).arp(packet).write(&mut frame).unwrap();
    frame
}

fn at(milliseconds: i64, frame: Vec<u8>) -> (Timestamp, Vec<u8>) {
    (START + SignedDuration::from_millis(milliseconds), frame)
}

fn bindings(observations: &[Observation]) -> Vec<String> {
    observations
        .iter()
        .filter_map(|it| match &it.fact {
            Observed::Binding(Binding { address, mac, .. }) => Some(format!("{address} {mac}")),
            _ => None,
        })
        .collect()
}

#[test]
fn a_question_and_its_answer() {
    let frames = [
        at(0, arp(ArpOperation::REQUEST, (1, 1), (0, 2))),
        at(1, arp(ArpOperation::REPLY, (2, 2), (1, 1))),
        at(2, arp(ArpOperation::REQUEST, (1, 1), (0, 3))),
    ];
    let out = watch(&frames);
    assert_eq!(bindings(&out), ["192.0.2.1 00:00:5e:00:53:01", "192.0.2.2 00:00:5e:00:53:02"]);
    let [answered, unanswered] = requests(&out)[..] else { panic!("{out:?}") };
    assert_eq!(answered.value.as_deref(), Some("00:00:5e:00:53:02"));
    assert_eq!((&answered.reply, answered.target.name.as_str()), (&Reply::Done, "192.0.2.2"));
    assert_eq!((&unanswered.reply, unanswered.target.name.as_str()), (&Reply::Missing, "192.0.2.3"));
    assert_eq!(conversations(&out).len(), 0);
}

#[test]
fn a_claim_by_another_is_told_and_repeats_are_not() {
    let mut frames = Vec::new();
    for round in 0..1_000 {
        frames.push(at(round, arp(ArpOperation::REPLY, (1, 1), (1, 1))));
        frames.push(at(round, arp(ArpOperation::REPLY, (9, 1), (9, 1))));
    }
    let out = watch(&frames);
    assert_eq!(bindings(&out), ["192.0.2.1 00:00:5e:00:53:01", "192.0.2.1 00:00:5e:00:53:09"]);
    frames.push(at(301_000, arp(ArpOperation::REPLY, (1, 1), (1, 1))));
    assert_eq!(bindings(&watch(&frames)).len(), 3);
}

#[test]
fn a_flood_of_questions_stays_within_bounds() {
    let mut wire = Wire::with_readers(config(), LINES);
    let mut out = Vec::new();
    let mut bytes = arp(ArpOperation::REQUEST, (1, 1), (0, 2));
    for number in 0..100_000_u32 {
        bytes[38..42].copy_from_slice(&(0x0a00_0000 + number).to_be_bytes());
        let time = START + SignedDuration::from_micros(i64::from(number));
        wire.see(&Frame { time, link: LinkType(1), bytes: &bytes, length: 42 }, &mut out);
        out.clear();
    }
    assert!(wire.neighbours.remembered() < 50_000, "{}", wire.neighbours.remembered());
}

#[test]
fn an_echo_is_one_conversation() {
    let echo = |reply: bool| {
        let (from, to) =
            if reply { ([192, 0, 2, 2], [192, 0, 2, 1]) } else { ([192, 0, 2, 1], [192, 0, 2, 2]) };
        let builder = PacketBuilder::ethernet2(MACS.0.0, MACS.1.0).ipv4(from, to, 64);
        let builder = if reply { builder.icmpv4_echo_reply(7, 1) } else { builder.icmpv4_echo_request(7, 1) };
        let mut frame = Vec::new();
        builder.write(&mut frame, &[1; 56]).unwrap();
        frame
    };
    let out = watch(&[at(0, echo(false)), at(1, echo(true)), at(1_000, echo(false)), at(1_001, echo(true))]);
    let told = only(&out);
    assert_eq!((told.flow.source_port, told.flow.destination_port), (8, 0));
    assert_eq!((told.packets_out, told.packets_in, told.bytes_out), (2, 2, 112));
    assert_eq!(told.flow.protocol, Some(Protocol::Icmp));
    assert_eq!(losses(&out), []);
}
