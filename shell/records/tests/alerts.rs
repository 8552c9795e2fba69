//! The alerts that a real Suricata raises on Averbourne's captures, read.

#![cfg(test)]

use city::{Address, Observed, Severity};
use records::alerts::Reader;
use std::{fs, io::Write, path::Path, process::Command};

/// A rule of each kind of severity and of protocol, on what the captures hold.
const RULES: &str = r#"alert tcp any any -> any 502 (msg:"A controller was spoken to, \"unasked\""; flow:to_server; metadata: mitre_technique_id T0855, signature_severity Major; classtype:misc-attack; sid:9000001; rev:1;)
alert udp any any -> any 53 (msg:"A name was asked for"; metadata: mitre_technique_id T1071_004; priority:3; sid:9000002; rev:1;)
"#;

#[test]
fn what_suricata_raises_is_read_whole() {
    let folder = tempfile::tempdir().unwrap();
    let capture = folder.path().join("mirror.pcap");
    let packed = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../cities/averbourne/captures/5-modbus-write/mirror.pcap.gz");
    let unpacked = Command::new("gzip").args(["-d", "-c"]).arg(packed).output().unwrap();
    fs::write(&capture, unpacked.stdout).unwrap();
    fs::write(folder.path().join("rules"), RULES).unwrap();
    let mut suricata = Command::new("suricata");
    suricata.arg("-r").arg(&capture).arg("-S").arg(folder.path().join("rules"));
    suricata.args(["-k", "none", "-l"]).arg(folder.path());
    let Ok(output) = suricata.output() else {
        let line = "1 test of alerts skipped: there is no suricata here\n";
        print!("{line}");
        if let Some(path) = std::env::var_os("BASTIDE_SKIPPED") {
            let mut file = fs::OpenOptions::new().create(true).append(true).open(path).unwrap();
            file.write_all(line.as_bytes()).unwrap();
        }
        return;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let eve = fs::read(folder.path().join("eve.json")).unwrap();
    let inside = |address: Address| address.to_string().starts_with("192.0.2.");
    let (mut reader, mut observations) = (Reader::new("eve.json", 0), Vec::new());
    eve.chunks(1000).for_each(|piece| reader.read(piece, &inside, &mut observations));
    assert!(reader.broken(jiff::Timestamp::UNIX_EPOCH).is_none());
    let raised = String::from_utf8(eve).unwrap().matches("\"event_type\":\"alert\"").count();
    assert_eq!(observations.len(), raised);
    let mut rules = std::collections::BTreeSet::new();
    for observation in &observations {
        let Observed::Alert(alert) = &observation.fact else { panic!("{observation:?}") };
        let flow = alert.flow.expect("a conversation");
        let ends = [flow.source, flow.destination];
        assert!(ends.contains(&alert.subject) && alert.peer.is_some_and(|peer| ends.contains(&peer)));
        assert!(inside(alert.subject) || !alert.peer.is_some_and(inside));
        assert!([53, 502].contains(&flow.destination_port), "{flow:?}");
        let (severity, technique) = match alert.rule.as_str() {
            "9000001" => (Severity::High, "T0855"),
            _ => (Severity::Low, "T1071.004"),
        };
        assert_eq!((alert.severity, alert.techniques.join(" ").as_str()), (severity, technique));
        rules.insert((alert.rule.to_string(), alert.title.to_string()));
    }
    let expected =
        [("9000001", "A controller was spoken to, \"unasked\""), ("9000002", "A name was asked for")];
    assert_eq!(rules, expected.map(|(rule, title)| (rule.to_owned(), title.to_owned())).into());
}
