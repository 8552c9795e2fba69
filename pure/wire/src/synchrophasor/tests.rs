//! Conversations as they go on the wire, and as they should not.

use super::READER;
use super::parse::crc;
use crate::dialogue::Side::{self, Destination, Source};
use crate::recognise::{Recognition, Sureness};
use crate::rehearse::{
    Rehearsal, datagrams, hex, identities, lines, recognise, requests, stream, stream_in_pieces, weaknesses,
};
use city::{Observed, Protocol, Transport, WeaknessKind};
use proptest::prelude::*;

/// A data frame with the values of annex D.
const DATA: &str = "aa01 0034 1e36 44852756 000041b1 0000 392b0000 e36ace7c e36a3183 04440000 09c4 0000 42c80000 \
                    447a0000 461c4000 3c12 deb4";

/// A frame of stream 7734, as in annex D, with its check word.
fn frame(kind: u8, body: &str) -> Vec<u8> {
    let body = hex(body);
    let mut bytes = vec![0xaa, kind << 4 | 1];
    bytes.extend((body.len() as u16 + 16).to_be_bytes());
    bytes.extend(hex("1e36 44852756 000041b1"));
    bytes.extend(body);
    let check = crc(&bytes);
    bytes.extend(check.to_be_bytes());
    bytes
}

fn command(number: u16) -> Vec<u8> {
    frame(4, &format!("{number:04x}"))
}

/// Names of sixteen bytes.
fn names(names: &[&str]) -> String {
    names
        .iter()
        .flat_map(|name| format!("{name:16}").into_bytes())
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// The configuration of annex D: one PMU with four phasors, three analogue values and a digital word.
fn configuration() -> Vec<u8> {
    let digital: Vec<String> = (1..=16).map(|number| format!("BREAKER {number}")).collect();
    let digital: Vec<&str> = digital.iter().map(String::as_str).collect();
    frame(
        3,
        &format!(
            "000f4240 0001 {} 1e36 0004 0004 0003 0001 {}{}{} 000df847 000df847 000df847 0100b2d0 00000001 01000001 \
             02000001 0000ffff 0000 0016 001e",
            names(&["Station A"]),
            names(&["VA", "VB", "VC", "I1", "ANALOG1", "ANALOG2", "ANALOG3"]),
            names(&digital),
            "",
        ),
    )
}

/// A configuration 3 of one PMU with one phasor.
fn configuration_3() -> Vec<u8> {
    frame(
        5,
        "0000 000f4240 0001 09 53746174696f6e2041 1e36 00112233445566778899aabbccddeeff 0003 0001 0000 0000 02 5641 \
         0002 04 00 3f800000 00000000 42480000 41200000 7f800000 4d 00000000 00000000 0001 0002 0032",
    )
}

fn told(said: &[(Side, Vec<u8>)]) -> Vec<Observed> {
    let said: Vec<(Side, &[u8])> = said.iter().map(|(side, bytes)| (*side, bytes.as_slice())).collect();
    stream(&READER, 4712, &said)
}

/// Everything that can be said.
fn conversation() -> Vec<(Side, Vec<u8>)> {
    vec![
        (Source, command(3)),
        (Destination, frame(1, "53616d706c65")),
        (Source, command(5)),
        (Destination, configuration()),
        (Source, command(2)),
        (Destination, hex(DATA)),
        (Destination, hex(DATA)),
        (Source, command(1)),
        (Source, command(6)),
        (Destination, configuration_3()),
        (Source, frame(4, "0008 01020304")),
        (Source, command(4)),
    ]
}

/// The fields of messages of one log, `name=value`, without those that are links.
fn rows(facts: &[Observed], log: &str) -> Vec<String> {
    let row = |fact: &Observed| match fact {
        Observed::Message(message) if message.log == log => {
            let fields = message.fields.iter().filter(|(name, _)| !name.ends_with("frame_id"));
            Some(fields.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" "))
        }
        _ => None,
    };
    facts.iter().filter_map(row).collect()
}

#[test]
fn commands_find_their_answers_and_data_are_told_once() {
    let facts = told(&conversation());
    assert_eq!(
        lines(&facts),
        [
            "> discover send-header [7734/] - done",
            "> discover send-configuration-2 [7734/] - done",
            "> subscribe data-on [7734/] - done",
            "< publish data [7734/] - not-expected",
            "> subscribe data-off [7734/] - not-expected",
            "> discover send-configuration-3 [7734/] - done",
            "> write extended-frame [7734/] - not-expected",
            "> discover send-configuration-1 [7734/] - missing",
        ]
    );
    let weaknesses = weaknesses(&facts);
    assert_eq!(weaknesses.len(), 1);
    assert_eq!((weaknesses[0].kind, weaknesses[0].port), (WeaknessKind::UnauthenticatedControl, 4712));
}

#[test]
fn values_are_read_by_the_configuration() {
    let facts = told(&conversation());
    assert_eq!(
        rows(&facts, "synchrophasor_data_detail")[0],
        "frame_type=Data header_time_stamp=1149577046.016817 pmu_idx=0 trigger_reason=0 unlocked_time=0 \
         pmu_time_quality=0 data_modified=F config_change=F pmu_trigger_pickup=F data_sorting_type=F pmu_sync_error=F \
         data_error_indicator=0 est_polar_magnitude=0.0 est_polar_magnitude=0.0 est_polar_magnitude=0.0 \
         est_polar_magnitude=0.0 est_polar_angle=0.0 est_polar_angle=0.0 est_polar_angle=0.0 est_polar_angle=0.0 \
         est_rectangular_real=14635.0 est_rectangular_real=-7318.0 est_rectangular_real=-7318.0 \
         est_rectangular_real=1092.0 est_rectangular_imaginary=0.0 est_rectangular_imaginary=-12676.0 \
         est_rectangular_imaginary=12675.0 est_rectangular_imaginary=0.0 freq_dev_mhz=2500.0 rocof=0.0 \
         analog_data=100.0 analog_data=1000.0 analog_data=10000.0 digital=15378"
    );
    assert_eq!(
        rows(&facts, "synchrophasor_data")[0],
        "frame_type=Data frame_size=52 pmu_count_expected=1 pmu_count_actual=1"
    );
    assert_eq!(rows(&facts, "synchrophasor_hdr"), ["frame_type=Header frame_size=22 data=Sample"]);
    let summary = rows(&facts, "synchrophasor");
    assert!(summary[0].contains("history=h2Dd3e1 "), "{summary:?}");
    assert!(summary[0].ends_with("data_frame_count=2 data_rate=30 data_rate=50"), "{summary:?}");
}

#[test]
fn configurations_of_both_kinds_are_read() {
    let facts = told(&conversation());
    let units = rows(&facts, "synchrophasor_cfg_detail");
    assert!(units[0].contains("station_name=Station A data_source_id=7734 global_pmuid= phasor_shape=F"));
    assert!(units[0].contains("dgnam=BREAKER 16 phasor_conv_phunit=71"), "{}", units[0]);
    assert!(units[1].contains("svc_class=M station_name=Station A"), "{}", units[1]);
    assert!(units[1].contains("phasor_conv_upsampled_interpolation=T phasor_conv_upsampled_extrapolation=F"));
    assert!(units[1].contains("pmu_lat=50.0 pmu_lon=10.0 pmu_elev=inf window=0"));
    assert_eq!(
        identities(&facts),
        [
            "192.0.2.20 role phasor measurement unit (CFG2)",
            "192.0.2.20 name Station A (station-name)",
            "192.0.2.20 role phasor measurement unit (CFG3)",
            "192.0.2.20 name Station A (station-name)",
            "192.0.2.20 serial 00112233445566778899aabbccddeeff (global-pmu-id)",
        ]
    );
}

#[test]
fn the_next_frame_is_found_after_a_hole_and_after_noise() {
    let mut rehearsal = Rehearsal::new(&READER, Transport::Tcp, 4712);
    rehearsal.say(Source, &command(1));
    rehearsal.say(Source, &command(1)[..9]);
    rehearsal.gap(Source, 9);
    rehearsal.say(Source, &command(8));
    rehearsal.say(Source, &hex("aa01ffffffff"));
    rehearsal.gap(Source, 100);
    rehearsal.say(Source, &hex("aa0100ffff"));
    rehearsal.say(Source, &command(1));
    let functions: Vec<String> =
        requests(&rehearsal.end()).iter().map(|request| request.function.to_string()).collect();
    assert_eq!(functions, ["data-off", "extended-frame", "data-off"]);
}

#[test]
fn it_is_recognised_by_its_check_word_on_any_port() {
    let sure = |sureness| Recognition::Yes(sureness);
    let asked = command(2);
    let mut spoilt = asked.clone();
    *spoilt.last_mut().unwrap() ^= 1;
    for (port, bytes, expected) in [
        (4712, &asked[..], sure(Sureness::ByStructure)),
        (20_000, &asked, sure(Sureness::ByStructure)),
        (4713, &spoilt, sure(Sureness::ByPort)),
        (20_000, &spoilt, Recognition::No),
        (20_000, &asked[..9], Recognition::More),
        (4712, &hex("474554202f20485454502f312e310d0a"), Recognition::No),
        (4712, &hex("aa0100050000"), Recognition::No),
    ] {
        assert_eq!(recognise(&READER, Transport::Tcp, port, bytes, &[]), expected, "{port} {bytes:02x?}");
    }
    assert_eq!(recognise(&READER, Transport::Udp, 4712, &asked[..9], &[]), Recognition::No);
    let facts = datagrams(&READER, 4713, &[(Source, &asked), (Destination, &hex(DATA))]);
    assert_eq!(
        lines(&facts),
        ["> subscribe data-on [7734/] - done", "< publish data [7734/] - not-expected"]
    );
}

proptest! {
    #[test]
    fn any_split_tells_the_same(size in 1_usize..40) {
        let said = conversation();
        let said: Vec<(Side, &[u8])> = said.iter().map(|(side, bytes)| (*side, bytes.as_slice())).collect();
        let (whole, split) = (stream(&READER, 4712, &said), stream_in_pieces(&READER, 4712, &said, size));
        prop_assert_eq!(lines(&split), lines(&whole));
        for log in ["synchrophasor", "synchrophasor_cfg_detail", "synchrophasor_data_detail"] {
            prop_assert_eq!(rows(&split, log), rows(&whole, log));
        }
    }

    #[test]
    fn nothing_that_arrives_makes_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..600), server: bool) {
        let mut rehearsal = Rehearsal::new(&READER, Transport::Tcp, 4712);
        let side = if server { Destination } else { Source };
        rehearsal.datagram(side, &bytes);
        rehearsal.say(side, &bytes);
        rehearsal.gap(side, 3);
        rehearsal.say(side, &bytes);
        let _ = recognise(&READER, Transport::Tcp, 4712, &bytes, &[]);
        rehearsal.end();
    }

    #[test]
    fn no_change_of_a_frame_makes_it_panic(changes in prop::collection::vec((0_usize..12, 0_usize..500, any::<u8>()), 1..12)) {
        let mut said = conversation();
        for (message, place, value) in changes {
            let bytes = &mut said[message].1;
            let place = place % bytes.len();
            bytes[place] = value;
        }
        for request in requests(&told(&said)) {
            prop_assert!(Protocol::Synchrophasor.verbs().contains(request.verb));
        }
    }
}
