//! Whether a protocol is taken for another: each of these must show in every capture made for it, and in no other.

use crate::{cases, reading};
use city::{Observed, Protocol};

/// The protocols that are looked for.
const READ: [Protocol; 22] = [
    Protocol::Bacnet,
    Protocol::Bsap,
    Protocol::C1222,
    Protocol::Coap,
    Protocol::Dlms,
    Protocol::Dnp3,
    Protocol::Enip,
    Protocol::Genisys,
    Protocol::HartIp,
    Protocol::Iec104,
    Protocol::KnxnetIp,
    Protocol::Lorawan,
    Protocol::Modbus,
    Protocol::ModbusRtu,
    Protocol::Mqtt,
    Protocol::MqttSn,
    Protocol::OmronFins,
    Protocol::Opcua,
    Protocol::ProfinetIoCm,
    Protocol::RocPlus,
    Protocol::S7comm,
    Protocol::Synchrophasor,
];

/// A capture of VLAN tags in which two building controllers happen to speak BACnet.
const BACNET_BY_CHANCE: &str = "scripts.policy.protocols.conn.vlan-logging";

#[test]
fn plant_protocols_are_seen_where_they_are_and_nowhere_else() {
    let Some(cases) = cases::all() else {
        return cases::skipped(cases::COUNT, "plant_protocols_are_seen_where_they_are_and_nowhere_else");
    };
    let (mut own, mut strange) = (0, Vec::new());
    for case in cases.iter().filter(|case| !case.is_text()) {
        let observations = reading::read(&case.capture).observations;
        let recognised = |protocol: Protocol| {
            let flow = |fact: &Observed| matches!(fact, Observed::Recognised(flow) if flow.protocol == Some(protocol));
            observations.iter().any(|observation| flow(&observation.fact))
        };
        for protocol in READ {
            let name = if protocol == Protocol::Opcua { "opcua-binary" } else { protocol.as_str() };
            let expected =
                case.protocol == name || case.name == BACNET_BY_CHANCE && protocol == Protocol::Bacnet;
            own += usize::from(expected);
            if recognised(protocol) != expected {
                strange.push(format!("{} {}: {protocol}, expected {expected}", case.suite, case.name));
            }
        }
    }
    println!("{own} captures of plant protocols recognised, and no other");
    assert!(strange.is_empty(), "{}", strange.join("\n"));
    assert!(own > 40);
}
