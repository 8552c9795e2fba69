//! Suricata's events, from frames to lines.

#![cfg(test)]

use records::eve::Events;
use serde_json::Value;
use wire::{Config, Frame, Limits, LinkType, Wire};

const CLIENT: [u8; 4] = [192, 0, 2, 1];
const SERVER: [u8; 4] = [198, 51, 100, 7];

/// An Ethernet frame with a datagram, tagged with a VLAN if one is given. Without a checksum (RFC 768 allows it).
fn datagram(vlan: Option<u16>, from: ([u8; 4], u16), to: ([u8; 4], u16), payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(8 + payload.len()).unwrap();
    let mut frame = [[2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]].concat();
    if let Some(vlan) = vlan {
        frame.extend([0x81, 0x00]);
        frame.extend(vlan.to_be_bytes());
    }
    frame.extend([0x08, 0x00, 0x45, 0]);
    frame.extend((20 + length).to_be_bytes());
    frame.extend([0, 0, 0, 0, 64, 17]);
    let sum: u32 = {
        let head = [&frame[frame.len() - 10..], &from.0, &to.0].concat();
        let words = head.chunks(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]])));
        words.sum()
    };
    frame.extend((!u16::try_from((sum & 0xffff) + (sum >> 16)).unwrap()).to_be_bytes());
    frame.extend([from.0, to.0].concat());
    for number in [from.1, to.1, length, 0] {
        frame.extend(number.to_be_bytes());
    }
    frame.extend(payload);
    frame
}

/// The lines that frames give, a tenth of a second apart.
fn lines(frames: &[Vec<u8>]) -> String {
    let config = Config {
        sensor: "test".into(),
        logs: false,
        events: records::eve::PROTOCOLS,
        signs: false,
        seed: 7,
        limits: Limits::default(),
        only_whole: false,
        interim: None,
    };
    let mut wire = Wire::new(config);
    let (mut events, mut lines) = (Events::default(), Vec::new());
    let mut observations = Vec::new();
    for (number, bytes) in frames.iter().enumerate() {
        let microsecond = 1_767_225_600_000_000 + 100_000 * i64::try_from(number).unwrap() + 7;
        let time = jiff::Timestamp::from_microsecond(microsecond).unwrap();
        let length = u32::try_from(bytes.len()).unwrap();
        wire.see(&Frame { time, link: LinkType(1), bytes, length }, &mut observations);
    }
    wire.finish(&mut observations);
    observations.iter().for_each(|observation| events.write(&mut lines, observation));
    String::from_utf8(lines).unwrap()
}

fn parsed(lines: &str) -> Vec<Value> {
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A question for the address of `pump.example`, and its answer.
fn question_and_answer(vlan: Option<u16>) -> [Vec<u8>; 2] {
    let name = b"\x04pump\x07example\x00\x00\x01\x00\x01";
    let question = [&[0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0], &name[..]].concat();
    let record = [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 9];
    let answer = [&[0, 7, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0], &name[..], &record].concat();
    let (client, server) = ((CLIENT, 50_000), (SERVER, 53));
    [datagram(vlan, client, server, &question), datagram(vlan, server, client, &answer)]
}

#[test]
fn every_field_of_a_question_and_its_answer_stands_where_suricata_has_it() {
    let lines = lines(&question_and_answer(Some(12)));
    let [question, answer, flow] = &parsed(&lines)[..] else { panic!("{lines}") };
    assert_eq!(
        lines.lines().next().unwrap().replace(&question["flow_id"].to_string(), "ID"),
        r#"{"timestamp":"2026-01-01T00:00:00.000007+0000","flow_id":ID,"event_type":"dns","vlan":[12],"src_ip":"192.0.2.1","src_port":50000,"dest_ip":"198.51.100.7","dest_port":53,"proto":"UDP","ip_v":4,"pkt_src":"wire/pcap","community_id":"1:2mjwxoketVPbUAQ4SMnxu513CI4=","dns":{"version":3,"type":"request","tx_id":0,"id":7,"flags":"100","rd":true,"opcode":0,"rcode":"NOERROR","queries":[{"rrname":"pump.example","rrtype":"A"}]}}"#
    );
    assert_eq!(
        (&answer["dns"]["type"], &answer["dns"]["tx_id"], &answer["src_ip"]),
        (&"response".into(), &1.into(), &"198.51.100.7".into())
    );
    assert_eq!(answer["dns"]["grouped"], serde_json::json!({ "A": ["192.0.2.9"] }));
    assert_eq!((&flow["event_type"], &flow["app_proto"]), (&"flow".into(), &"dns".into()));
    assert_eq!(
        flow["flow"],
        serde_json::json!({
            "pkts_toserver": 1, "pkts_toclient": 1, "bytes_toserver": 76, "bytes_toclient": 92,
            "start": "2026-01-01T00:00:00.000007+0000", "end": "2026-01-01T00:00:00.100007+0000", "age": 0,
            "state": "established", "reason": "shutdown", "alerted": false
        })
    );
    for event in [question, answer, flow] {
        assert_eq!(event["flow_id"], question["flow_id"]);
        assert_eq!(event["vlan"], serde_json::json!([12]));
        assert_eq!(event["community_id"], question["community_id"]);
        assert!(event["flow_id"].as_u64().unwrap() < 1 << 53);
    }
}

#[test]
fn what_is_not_read_has_a_flow_and_nothing_else() {
    let unread = |number: u8| datagram(None, (CLIENT, 40_000), (SERVER, 40_001), &[number; 90]);
    let lines = lines(&[unread(0xe7), unread(0xe8)]);
    let [flow] = &parsed(&lines)[..] else { panic!("{lines}") };
    assert_eq!((&flow["event_type"], &flow["app_proto"]), (&"flow".into(), &"failed".into()));
    assert_eq!((&flow["flow"]["state"], &flow["flow"]["pkts_toserver"]), (&"new".into(), &2.into()));
}

#[test]
fn the_same_frames_give_the_same_lines_and_each_conversation_a_number_of_its_own() {
    let mut frames = question_and_answer(None).to_vec();
    frames.push(datagram(None, (CLIENT, 50_001), (SERVER, 40_001), &[0xe7; 90]));
    assert_eq!(lines(&frames), lines(&frames));
    let mut ids: Vec<u64> =
        parsed(&lines(&frames)).iter().map(|event| event["flow_id"].as_u64().unwrap()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 2);
}

#[test]
fn an_arp_packet_is_an_event_of_its_own_without_a_conversation() {
    let mut frame = [[0xff; 6], [2, 0, 0, 0, 0, 1]].concat();
    frame.extend([0x08, 0x06, 0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 1]);
    frame.extend(CLIENT);
    frame.extend([0; 6]);
    frame.extend([192, 0, 2, 9]);
    let lines = lines(&[frame.clone(), frame]);
    let events = parsed(&lines);
    assert_eq!(events.len(), 2, "{lines}");
    assert_eq!(
        events[0]["arp"],
        serde_json::json!({
            "hw_type": "ethernet", "proto_type": "ipv4", "opcode": "request", "src_mac": "02:00:00:00:00:01",
            "src_ip": "192.0.2.1", "dest_mac": "00:00:00:00:00:00", "dest_ip": "192.0.2.9"
        })
    );
    assert!(events[0].get("flow_id").is_none() && events[0].get("src_ip").is_none());
}
