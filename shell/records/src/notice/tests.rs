use super::*;
use city::{Carrier, IncidentStep, NoticeForm, Receiver};
use jiff::tz::TimeZone;
use std::{
    io::Write,
    process::{Command, Stdio},
};

fn receiver(detail: bool) -> Notify {
    Notify {
        id: "siem".parse().unwrap(),
        name: "The SIEM".into(),
        to: Receiver::Syslog { carrier: Carrier::Tls, server: "siem.example".into() },
        form: NoticeForm::Text,
        severity: Severity::Medium,
        what: Matter::ALL.to_vec(),
        detail,
        login: None,
        token: None,
        authority: None,
    }
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// An incident whose words hold everything that has to be escaped.
fn incident(state: city::IncidentState) -> Incident {
    Incident {
        number: 3,
        title: "A=b | c\\d \"e\" [f] at 192.0.2.9: pump".into(),
        severity: Severity::Critical,
        state,
        owner: None,
        findings: vec![4, 5],
        more: 0,
        addresses: vec!["192.0.2.9".parse().unwrap()],
        assets: vec!["pump-3".parse().unwrap()],
        services: vec!["drainage".parse().unwrap()],
        techniques: vec!["T0855".into(), "T1021.002".into()],
        responses: Vec::new(),
        began: time("2026-03-02T08:00:00Z"),
        detected: time("2026-03-02T08:00:05Z"),
        last: time("2026-03-02T08:15:00Z"),
        contained: None,
        recovered: None,
        reviewed: None,
        lesson: None,
        steps: vec![IncidentStep { time: time("2026-03-02T08:16:00Z"), by: None, text: "two\nlines".into() }],
    }
}

/// A notice of each kind and of each state that counts.
fn notices() -> Vec<Notice> {
    let to = receiver(true);
    let response = |state| Response {
        number: 1,
        target: "192.0.2.9".parse().unwrap(),
        asset: None,
        name: "Pump 3".into(),
        findings: vec![4],
        defences: Vec::new(),
        consequences: Vec::new(),
        standing: None,
        state,
        heard: None,
        steps: Vec::new(),
    };
    let states = [
        city::IncidentState::Triage,
        city::IncidentState::Contained,
        city::IncidentState::Recovered,
        city::IncidentState::Reviewed,
        city::IncidentState::Merged { into: 1 },
    ];
    let finding = Finding {
        number: 4,
        key: city::FindingKey {
            rule: Rule::VerbNotAllowed,
            subject: "192.0.2.9".parse().unwrap(),
            distinction: Text::default(),
        },
        title: "Pump 3 was told to write".into(),
        severity: Severity::High,
        reasons: vec![city::Reason { time: time("2026-03-02T08:00:00Z"), text: "level = 17".into() }],
        remedy: "Look".into(),
        asset: Some("pump-3".parse().unwrap()),
        zone: None,
        services: Vec::new(),
        peer: Some("198.51.100.7".parse().unwrap()),
        techniques: vec!["T0855".into()],
        outcomes: Vec::new(),
        count: 2,
        first: time("2026-03-02T08:00:00Z"),
        last: time("2026-03-02T08:15:00Z"),
    };
    let mut notices: Vec<Notice> = states
        .into_iter()
        .filter_map(|state| Notice::of_incident(&to, "Averbourne", &incident(state), 9))
        .collect();
    let owned = Incident { owner: Some("Ada".into()), ..incident(city::IncidentState::Triage) };
    notices.extend(Notice::of_incident(&to, "Averbourne", &owned, 9));
    notices.extend(Notice::of_finding(&to, "Averbourne", &finding, false, 7));
    notices.extend(Notice::of_finding(&to, "Averbourne", &finding, true, 8));
    for state in
        [ResponseState::Proposed, ResponseState::Contained, ResponseState::Released, ResponseState::Dismissed]
    {
        notices.extend(Notice::of_response(&to, "Averbourne", &response(state), 10));
    }
    notices.push(Notice::test(&to, "Averbourne", time("2026-03-02T08:00:00Z")));
    notices
}

/// Runs a script of Python's on lines; none if there is none, or it lacks a package.
fn python(script: &str, lines: &[String]) -> Option<String> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/python");
    let mut command = Command::new("python3");
    if std::env::var_os("PYTHONPATH").is_none() {
        command.env("PYTHONPATH", root);
    }
    let mut child = command.args(["-c", script]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().ok()?;
    child.stdin.take().unwrap().write_all(lines.join("\n").as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    if output.status.code() == Some(42) {
        let line = "1 test of notices skipped: a Python package is missing\n";
        print!("{line}");
        if let Some(path) = std::env::var_os("BASTIDE_SKIPPED") {
            let mut file = std::fs::OpenOptions::new().create(true).append(true).open(path).unwrap();
            file.write_all(line.as_bytes()).unwrap();
        }
        return None;
    }
    assert!(output.status.success());
    Some(String::from_utf8(output.stdout).unwrap())
}

#[test]
fn the_schema_of_ocsf_has_nothing_to_complain_of() {
    const SCRIPT: &str = "
import json, sys
try:
    import jsonschema
    from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema
except ImportError:
    sys.exit(42)
schema = OcsfJsonSchemaEmbedded(get_ocsf_schema(version='1.5.0'))
for line in sys.stdin:
    event = json.loads(line)
    rules = schema.get_class_schema(schema.lookup_class_name_from_uid(event['class_uid']), profiles=event['metadata']['profiles'])
    for error in jsonschema.Draft202012Validator(rules).iter_errors(event):
        print(event['metadata']['uid'], event['class_uid'], list(error.absolute_path), error.message[:300])
";
    let lines: Vec<String> = notices().iter().map(ocsf).collect();
    if let Some(complaints) = python(SCRIPT, &lines) {
        assert_eq!(complaints, "");
    }
    let first: serde_json::Value = serde_json::from_str(&lines[0]).unwrap();
    assert_eq!((&first["class_uid"], &first["type_uid"]), (&2005.into(), &200_501.into()));
    assert_eq!(first["metadata"]["version"], OCSF_VERSION);
}

#[test]
fn a_parser_of_cef_reads_back_what_was_written() {
    const SCRIPT: &str = "
import json, sys
try:
    import pycef
except ImportError:
    sys.exit(42)
for line in sys.stdin:
    print(json.dumps(pycef.parse(line.rstrip('\\n'))))
";
    let notices = notices();
    let lines: Vec<String> = notices.iter().map(cef).collect();
    assert!(lines[0].starts_with(concat!(
        "CEF:0|Bastide|Bastide|",
        env!("CARGO_PKG_VERSION"),
        "|incident|A=b \\| c\\\\d \"e\" [f] at 192.0.2.9: pump|10|rt=1772439360000 "
    )));
    assert!(
        lines[0].contains(" msg=Triage: A\\=b | c\\\\d \"e\" [f] at 192.0.2.9: pump; it bears on drainage ")
    );
    let Some(read) = python(SCRIPT, &lines) else { return };
    for (line, notice) in read.lines().zip(&notices) {
        let read: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(read["externalId"], notice.id.as_str(), "{line}");
        assert_eq!(read["city"], "Averbourne", "{line}");
        let count = read["cnt"].as_str().and_then(|count| count.parse().ok());
        assert_eq!(count, Some(notice.count), "{line}");
    }
}

#[test]
fn syslog_escapes_what_ends_a_value_and_internal_detail_stays_inside() {
    let whole = Notice::of_incident(&receiver(true), "Averbourne", &incident(city::IncidentState::Triage), 9);
    let message = syslog(&whole.unwrap(), NoticeForm::Text, "gate 1");
    assert!(
        message.starts_with(
            "<106>1 2026-03-02T08:16:00.000000Z gate1 bastide - incident [bastide@32473 id=\"incident-3-9\""
        ),
        "{message}"
    );
    assert!(message.contains("title=\"A=b | c\\\\d \\\"e\\\" [f\\] at 192.0.2.9: pump\""), "{message}");
    assert!(
        message.ends_with("] \u{feff}Triage: A=b | c\\d \"e\" [f] at 192.0.2.9: pump; it bears on drainage")
    );
    let outside =
        Notice::of_incident(&receiver(false), "Averbourne", &incident(city::IncidentState::Triage), 9)
            .unwrap();
    let (subject, text) = mail(&outside, &TimeZone::UTC);
    for form in NoticeForm::ALL {
        let told = syslog(&outside, form, "gate") + &subject + &text;
        assert!(
            !told.contains("192.0.2") && !told.contains("two\nlines") && !told.contains("two lines"),
            "{told}"
        );
    }
    for (text, without) in [
        ("Pump 3 (192.0.2.9), [2001:db8::1]:502 spoke", "Pump 3 (an address), [an address]:502 spoke"),
        ("02:00:5e:00:53:01 and 192.0.2.9:502.", "an address and an address:502."),
        ("at 08:15 to 192.0.2.0/24: no", "at 08:15 to an address/24: no"),
        ("Ada:192.0.2.9-192.0.2.20 fed up", "Ada:an address-an address fed up"),
        ("nothing: here 1.2", "nothing: here 1.2"),
    ] {
        assert_eq!(without_addresses(text), without, "{text}");
    }
}
