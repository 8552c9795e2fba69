use super::*;
use city::{Severity, Transport};

const EVE: &str = r#"{"timestamp":"2026-03-02T08:15:00.250000+0000","flow_id":1,"event_type":"alert","src_ip":"198.51.100.7","src_port":502,"dest_ip":"192.0.2.9","dest_port":40000,"proto":"TCP","direction":"to_client","alert":{"action":"allowed","gid":1,"signature_id":9000001,"rev":1,"signature":"A register was \"read\"","category":"","severity":2,"metadata":{"mitre_technique_id":["T0846","T1021_002","none"],"signature_severity":["Major"]}}}"#;

const NOTICE: &str = "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tnotice\n#open\t2026-03-02-08-00-00\n#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tfuid\tproto\tnote\tmsg\tsub\tsrc\tdst\tp\tactions\n#types\ttime\tstring\taddr\tport\taddr\tport\tstring\tenum\tenum\tstring\tstring\taddr\taddr\tport\tset[enum]\n1772439300.500000\tC1\t203.0.113.4\t51000\t192.0.2.9\t22\t-\ttcp\tATTACK::Lateral_Movement\tA share was written\tT1021.002 and T1570\t203.0.113.4\t192.0.2.9\t22\tNotice::ACTION_LOG,Notice::ACTION_EMAIL\n";

const NOTICE_JSON: &str = r#"{"ts":1772439300.5,"note":"Scan::Port_Scan","msg":"203.0.113.4 tried 30 ports","src":"203.0.113.4","dst":"192.0.2.9","actions":["Notice::ACTION_LOG"]}"#;

const WAZUH: &str = r#"{"timestamp":"2026-03-02T08:15:00.123+0000","rule":{"level":12,"description":"Many failed logins, then one that worked","id":"40112","mitre":{"id":["T1078","T1110"]}},"agent":{"id":"004","name":"mailhost","ip":"192.0.2.9"},"manager":{"name":"wazuh"},"data":{"srcip":"203.0.113.4","srcport":"51000","dstuser":"root"},"full_log":"hidden"}"#;

/// The city's own network.
fn inside(address: Address) -> bool {
    address.to_string().starts_with("192.0.2.")
}

/// What is read of a file that comes in pieces of so many bytes.
fn read(text: &[u8], piece: usize) -> (Vec<(Timestamp, Alert)>, Option<Observation>) {
    let (mut reader, mut observations) = (Reader::new("others.log", 0), Vec::new());
    text.chunks(piece).for_each(|piece| reader.read(piece, &inside, &mut observations));
    reader.finish(&inside, &mut observations);
    let alerts = observations.into_iter().map(|observation| match observation.fact {
        Observed::Alert(alert) => (observation.time, *alert),
        other => panic!("{other:?}"),
    });
    (alerts.collect(), reader.broken(Timestamp::UNIX_EPOCH))
}

#[test]
fn the_alerts_of_each_tool_say_who_what_and_how_grave() {
    let all = [EVE, "\n", NOTICE, NOTICE_JSON, "\n", WAZUH].concat();
    let (alerts, broken) = read(all.as_bytes(), 7);
    assert_eq!(broken, None);
    let told: Vec<String> = alerts
        .iter()
        .map(|(time, alert)| {
            let flow = alert.flow.map(|flow| {
                assert_eq!(flow.transport, Transport::Tcp);
                format!("{}:{}>{}:{}", flow.source, flow.source_port, flow.destination, flow.destination_port)
            });
            let peer = alert.peer.map(|peer| peer.to_string());
            format!(
                "{time} {} {} [{}] {} about {} with {} in {} {}",
                alert.tool,
                alert.rule,
                alert.title,
                alert.severity.as_str(),
                alert.subject,
                peer.unwrap_or_default(),
                flow.unwrap_or_default(),
                alert.techniques.join(" "),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            "2026-03-02T08:15:00.25Z suricata 9000001 [A register was \"read\"] high about 192.0.2.9 with 198.51.100.7 in \
             192.0.2.9:40000>198.51.100.7:502 T0846 T1021.002",
            "2026-03-02T08:15:00.5Z zeek ATTACK::Lateral_Movement [A share was written] high about 192.0.2.9 with 203.0.113.4 in \
             203.0.113.4:51000>192.0.2.9:22 T1021.002 T1570",
            "2026-03-02T08:15:00.5Z zeek Scan::Port_Scan [203.0.113.4 tried 30 ports] medium about 192.0.2.9 with 203.0.113.4 in  ",
            "2026-03-02T08:15:00.123Z wazuh 40112 [Many failed logins, then one that worked] high about 192.0.2.9 with 203.0.113.4 \
             in  T1078 T1110",
        ]
    );
}

#[test]
fn what_cannot_be_read_is_counted_and_told_with_the_place_of_the_first() {
    let long = vec![b'x'; LINE_MAX + 1];
    let nobody =
        r#"{"timestamp":"2026-03-02T08:15:00.123+0000","rule":{"level":3,"id":"1"},"agent":{"id":"000"}}"#;
    let flow = r#"{"timestamp":"2026-03-02T08:15:00.123+0000","event_type":"flow","src_ip":"192.0.2.9"}"#;
    let lines: [&[u8]; 8] = [
        flow.as_bytes(),
        b"",
        EVE.as_bytes(),
        b"{\"timestamp\": ",
        &long,
        nobody.as_bytes(),
        b"\xff\xfe",
        WAZUH.as_bytes(),
    ];
    let (alerts, broken) = read(&lines.join(&b"\n"[..]), 64 << 10);
    assert_eq!(
        alerts.iter().map(|(_, alert)| alert.tool.as_str()).collect::<Vec<_>>(),
        ["suricata", "wazuh"]
    );
    let Some(Observation { time, fact: Observed::Loss(loss), .. }) = broken else { panic!("{broken:?}") };
    assert_eq!((loss.kind, loss.count, time), (LossKind::Damage, 4, alerts[1].0));
    assert!(loss.detail.starts_with("others.log, line 4: it is not JSON: EOF"), "{}", loss.detail);
}

#[test]
fn reading_goes_on_further_down_with_the_columns_of_the_beginning() {
    let (head, row) = NOTICE.split_at(NOTICE.rfind("1772").unwrap());
    let (mut reader, mut observations) = (Reader::new("notice.log", 8), Vec::new());
    reader.heading(NOTICE.as_bytes());
    reader.read(row.as_bytes(), &inside, &mut observations);
    assert_eq!((observations.len(), reader.lines(), reader.pending()), (1, 9, 0));
    assert!(head.lines().all(|line| line.starts_with('#')));
    assert_eq!(
        Severity::High,
        match &observations[0].fact {
            Observed::Alert(alert) => alert.severity,
            other => panic!("{other:?}"),
        }
    );
}
